//! An execution as it is now: what Step Functions says of it, and what its history tells. Prints nothing.

use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::moment;
use super::place::names;
use super::sfn::{Execution, Sfn};
use crate::history::{Event, History};
use crate::parked::{Parked, parked};
use crate::timeline::{End, SKIPPED, Source, Timeline, message, read};

pub(super) struct Look {
    pub(super) execution: Execution,
    pub(super) history: History,
    pub(super) parked: Vec<Parked>,
    pub(super) timeline: Timeline,
    /// `place_order order-17`
    pub(super) name: String,
}

impl Look {
    pub(super) async fn at(sfn: &Sfn, arn: &str) -> Result<Self, String> {
        let execution = described(sfn, arn).await?;
        let history = events(&sfn.history(&execution.arn, 0).await?);
        Ok(Self::of(execution, history))
    }

    /// The same execution, later.
    pub(super) async fn again(self, sfn: &Sfn) -> Result<Self, String> {
        // What it is called ended by must be in the history too, so the history comes second.
        let execution = described(sfn, &self.execution.arn).await?;
        let mut history = self.history;
        let news = sfn.history(&execution.arn, history.last()).await?;
        history.add(news.iter().filter_map(Event::read));
        Ok(Self::of(execution, history))
    }

    pub(super) fn of(execution: Execution, history: History) -> Self {
        let mut parked = parked(&history);
        if execution.status != "RUNNING" {
            parked.clear();
        }
        let end = end(&execution, &history, !parked.is_empty());
        let (machine, key) = names(&execution.arn);
        let source = Source {
            saga: machine,
            around: &[],
            start: execution.started,
            fault: &|_, _, _| None,
            names_executions: true,
        };
        let since_start = |time: SystemTime| {
            let since = time.duration_since(execution.started);
            since.unwrap_or_default()
        };
        let until = match end {
            End::Parked => parked.iter().map(|parked| parked.since).min(),
            _ => execution.ended,
        };
        let cause = execution.cause.as_deref().map(message);
        let timeline = Timeline {
            name: machine.to_owned(),
            entries: read(&history, &source),
            end,
            elapsed: until.map_or_else(
                || whole_seconds(since_start(SystemTime::now())),
                since_start,
            ),
            output: execution.output.clone(),
            error: execution.error.clone(),
            message: cause.filter(|cause| !cause.is_empty()),
        };
        Self {
            name: format!("{machine} {key}"),
            execution,
            history,
            parked,
            timeline,
        }
    }

    pub(super) fn end(&self) -> End {
        self.timeline.end
    }

    /// Whether it ended neither done nor compensated.
    pub(super) fn is_torn(&self) -> bool {
        matches!(self.end(), End::Failed | End::Stopped | End::TimedOut)
    }

    /// Which execution it is, for a timeline's JSON.
    pub(super) fn about(&self) -> [(&'static str, Value); 3] {
        let execution = &self.execution;
        [
            ("key", names(&execution.arn).1.into()),
            ("execution", execution.arn.as_str().into()),
            ("started", moment(execution.started).into()),
        ]
    }
}

/// Step Functions keeps what has ended for
/// [90 days](https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html#service-limits-state-machine-executions).
async fn described(sfn: &Sfn, arn: &str) -> Result<Execution, String> {
    sfn.describe(arn).await?.ok_or_else(|| {
        let (machine, key) = names(arn);
        format!(
            "there is no execution `{key}` of `{machine}` in {}; ended ones are kept for 90 days; look at `--region` and `--profile` too",
            sfn.region()
        )
    })
}

pub(super) fn events(events: &[Value]) -> History {
    History::of(events.iter().filter_map(Event::read))
}

fn whole_seconds(time: Duration) -> Duration {
    Duration::from_secs(time.as_secs())
}

fn end(execution: &Execution, history: &History, is_parked: bool) -> End {
    match execution.status.as_str() {
        "SUCCEEDED" => End::Committed,
        "ABORTED" => End::Stopped,
        "TIMED_OUT" => End::TimedOut,
        "FAILED" if !history.ended_in_fail() => End::Failed,
        "FAILED" if execution.error.as_deref() == Some(SKIPPED) => End::Skipped,
        "FAILED" => End::Compensated,
        _ if is_parked => End::Parked,
        _ => End::Running,
    }
}

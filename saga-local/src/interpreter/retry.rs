//! Retry and Catch, the same for Task, Parallel and Map: <https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html>.

use std::time::Duration;

use crate::data::Data;
use crate::execution::Execution;
use crate::failure::Failure;
use crate::history::Facts;
use saga_asl as asl;

use super::{Frame, Query, Step, events, map, parallel, task};

pub(super) async fn run<'a>(
    frame: &mut Frame, state: &'a asl::State, input: &Data,
) -> Result<Step<'a>, Failure> {
    let (retriers, catchers) = policy(state);
    let mut counts = Vec::new();
    loop {
        let outcome = match state {
            asl::State::Task(task) => task::attempt(frame, task, input).await,
            asl::State::Parallel(parallel) => {
                Box::pin(parallel::attempt(frame, parallel, input)).await
            }
            asl::State::Map(map) => Box::pin(map::attempt(frame, map, input)).await,
            // `run_state` sends only these three here.
            _ => Err(Failure::runtime("This type of state has no Retry.")),
        };
        let failure = match outcome {
            Ok(step) => return Ok(step),
            Err(failure) => failure,
        };
        let Some(delay) = delay(&frame.execution, retriers, &mut counts, &failure) else {
            return caught(frame, state, catchers, input, failure);
        };
        frame.execution.sleep(delay).await;
        frame.state.retries = frame.state.retries.map(|count| count + 1);
    }
}

fn policy(state: &asl::State) -> (&[asl::Retrier], &[asl::Catcher]) {
    match state {
        asl::State::Task(task) => (&task.retry, &task.catch),
        asl::State::Parallel(parallel) => (&parallel.retry, &parallel.catch),
        asl::State::Map(map) => (&map.retry, &map.catch),
        _ => (&[], &[]),
    }
}

/// How long to wait before the next attempt; `None` if there is none. First match wins, and each retrier counts for itself.
fn delay(
    execution: &Execution, policy: &[asl::Retrier], counts: &mut Vec<u64>, failure: &Failure,
) -> Option<Duration> {
    counts.resize(policy.len(), 0);
    let (retrier, count) = policy
        .iter()
        .zip(counts)
        .find(|(entry, _)| failure.matches_any(&entry.error_equals))?;
    if *count >= retrier.max_attempts.unwrap_or(3) {
        return None;
    }
    let interval = whole(retrier.interval_seconds.unwrap_or(1));
    let exponent = i32::try_from(*count).unwrap_or(i32::MAX);
    let backoff = interval * retrier.backoff_rate.unwrap_or(2.0).powi(exponent);
    let capped = backoff.min(whole(retrier.max_delay_seconds.unwrap_or(MAX_DELAY)));
    *count += 1;
    let seconds = match retrier.jitter_strategy {
        Some(asl::JitterStrategy::Full) => execution.random(capped),
        Some(asl::JitterStrategy::None) | None => capped,
    };
    Some(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::from_secs(MAX_DELAY)))
}

/// `MaxDelaySeconds` stays below this, and so does what a policy without it can reach within an execution's year.
const MAX_DELAY: u64 = 31_622_400;

#[allow(
    clippy::cast_precision_loss,
    reason = "seconds of a policy, far below 2^53"
)]
fn whole(seconds: u64) -> f64 {
    seconds as f64
}

/// First match wins. What a catcher itself fails with is caught no more.
fn caught<'a>(
    frame: &mut Frame, state: &asl::State, catch: &'a [asl::Catcher], input: &Data,
    failure: Failure,
) -> Result<Step<'a>, Failure> {
    let failed = match state {
        asl::State::Parallel(_) => Some("ParallelStateFailed"),
        asl::State::Map(_) => Some("MapStateFailed"),
        _ => None,
    };
    if let Some(failed) = failed {
        frame.record(failed, Facts::NONE)?;
    }
    let Some(catcher) = catch
        .iter()
        .find(|catcher| failure.matches_any(&catcher.error_equals))
    else {
        return Err(failure);
    };
    let error = Data::from(failure.error_output());
    let query = Query::of_input(input).with_error(&error);
    let fields = (&catcher.assign, catcher.output.as_ref());
    frame.complete(
        events(state).exited,
        &query,
        fields,
        &error,
        Some(&catcher.next),
    )
}

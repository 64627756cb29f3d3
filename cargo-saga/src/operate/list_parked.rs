//! `cargo saga list-parked`: every compensation that waits for an operator, from the histories of what runs. Answers none.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;

use aws_sdk_sfn::types::ExecutionStatus;
use serde_json::{Value, json};

use super::args::ListParked;
use super::each;
use super::look::events;
use super::place::{self, Machine, names};
use super::sfn::Sfn;
use super::status::{parked_json, told};
use crate::args::Format;
use crate::aws;
use crate::history::{Event, History};
use crate::parked::{Parked, Token, parked};
use crate::print::{self, Paint};

/// What was found, and what was looked at.
struct Findings {
    parked: Vec<(String, Parked)>,
    machines: usize,
    executions: usize,
    /// Whether more are running than were looked at.
    more: bool,
}

pub(crate) fn run(args: &ListParked, out: &mut impl Write) -> Result<ExitCode, String> {
    aws::block_on(async {
        let named = args.machine.as_deref().or(args.name.as_deref());
        let sfn = Arc::new(Sfn::connect(&args.aws, named).await?);
        let machines = match named {
            Some(name) => vec![place::machine(&sfn, name).await?],
            None => sfn.machines().await?,
        };
        let findings = find(&sfn, machines, args.max).await?;
        match args.shown.format() {
            Format::Json => print::json(out, &json(&sfn, &findings))?,
            Format::Text => print::text(out, &text(&sfn, &findings, Paint::for_stdout()))?,
        }
        Ok(ExitCode::SUCCESS)
    })
}

async fn find(sfn: &Arc<Sfn>, machines: Vec<Machine>, max: usize) -> Result<Findings, String> {
    let mut findings = Findings {
        parked: Vec::new(),
        machines: machines.len(),
        executions: 0,
        more: false,
    };
    let arns: Vec<String> = machines.into_iter().map(|machine| machine.arn).collect();
    let mut running = findings.running(sfn, arns, max).await?;
    while !running.is_empty() {
        let histories = each(sfn, running.clone(), |sfn, arn: String| async move {
            sfn.history(&arn, 0).await
        });
        let mut inner = Vec::new();
        for (arn, history) in running.into_iter().zip(histories.await?) {
            let history = events(&history);
            inner.extend(map_runs(&history));
            let parked = parked(&history).into_iter();
            findings
                .parked
                .extend(parked.map(|parked| (arn.clone(), parked)));
        }
        // The items of a distributed loop are executions that only their Map run lists.
        let left = max.saturating_sub(findings.executions);
        running = findings.running(sfn, inner, left).await?;
    }
    findings.parked.sort_by_key(|(_, parked)| parked.since);
    Ok(findings)
}

impl Findings {
    async fn running(
        &mut self, sfn: &Arc<Sfn>, of: Vec<String>, max: usize,
    ) -> Result<Vec<String>, String> {
        let lists = each(sfn, of, move |sfn, of: String| async move {
            let running = Some(ExecutionStatus::Running);
            sfn.executions(&of, running, max).await
        });
        let mut arns = Vec::new();
        for (listed, more) in lists.await? {
            self.more |= more;
            arns.extend(listed.into_iter().map(|listed| listed.arn));
        }
        self.more |= arns.len() > max;
        arns.truncate(max);
        self.executions += arns.len();
        Ok(arns)
    }
}

/// The Map runs that a history has begun and not ended.
fn map_runs(history: &History) -> Vec<String> {
    let arn = |event: &Event| event.text("mapRunArn").map(str::to_owned);
    let started = history.events().iter().filter(|event| {
        let over = |other: &Event| {
            matches!(
                other.kind.as_str(),
                "MapRunSucceeded" | "MapRunFailed" | "MapRunAborted"
            ) && other.previous == event.id
        };
        event.kind == "MapRunStarted" && !history.events().iter().any(over)
    });
    started.filter_map(arn).collect()
}

/// The command that resumes this one, and no other of the same execution.
fn command(sfn: &Sfn, arn: &str, parked: &Parked, is_alone: bool) -> String {
    if parked.token == Token::Untold {
        return sfn.command_by_token();
    }
    let mut command = sfn.command("resume", arn);
    if !is_alone {
        let _ = write!(command, " --step '{}'", parked.said.step);
        let item: Vec<String> = parked.said.item.iter().map(ToString::to_string).collect();
        if !item.is_empty() {
            let _ = write!(command, " --item {}", item.join(","));
        }
    }
    command
}

impl Findings {
    fn is_alone(&self, arn: &str) -> bool {
        self.parked.iter().filter(|(other, _)| other == arn).count() == 1
    }

    fn sagas(&self) -> usize {
        let arns: BTreeSet<&str> = self.parked.iter().map(|(arn, _)| arn.as_str()).collect();
        arns.len()
    }
}

fn text(sfn: &Sfn, findings: &Findings, paint: Paint) -> String {
    let mut text = String::new();
    for (arn, parked) in &findings.parked {
        let (machine, key) = names(arn);
        let command = command(sfn, arn, parked, findings.is_alone(arn));
        let _ = write!(
            text,
            "{}\n  {}\n  {}\n\n",
            paint.bold(&format!("{machine} {key}")),
            told(parked),
            paint.dim(&command)
        );
    }
    let looked = format!(
        "looked at {} of {}",
        print::count(findings.executions, "running execution"),
        print::count(findings.machines, "state machine")
    );
    let found = match findings.parked.len() {
        0 => "nothing is parked".to_owned(),
        count => format!(
            "{} parked in {}",
            print::count(count, "compensation"),
            print::count(findings.sagas(), "execution")
        ),
    };
    let more = if findings.more {
        "; more are running: `--max` looks at them too"
    } else {
        ""
    };
    let _ = writeln!(text, "{looked}: {found}{more}");
    text
}

fn json(sfn: &Sfn, findings: &Findings) -> Value {
    let parked = findings.parked.iter().map(|(arn, parked)| {
        let (machine, key) = names(arn);
        let mut json = parked_json(parked);
        json["execution"] = arn.as_str().into();
        json["machine"] = machine.into();
        json["key"] = key.into();
        json["resume"] = command(sfn, arn, parked, findings.is_alone(arn)).into();
        json
    });
    json!({
        "parked": parked.collect::<Vec<Value>>(),
        "executions_looked_at": findings.executions,
        "state_machines": findings.machines,
        "more": findings.more,
    })
}

//! `cargo saga status`: how one execution stands; `summary` tells of all of a saga's.

use std::fmt::Write as _;
use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;

use serde_json::{Value, json};

use super::args::Status;
use super::look::Look;
use super::place::{Found, names};
use super::progress::{Progress, Visit, listed};
use super::sfn::Sfn;
use super::{moment, moment_ago, summary};
use crate::args::Format;
use crate::aws;
use crate::parked::Parked;
use crate::print::{self, Paint};
use crate::timeline::{End, What, place};

pub(crate) fn run(args: &Status, out: &mut impl Write) -> Result<ExitCode, String> {
    aws::block_on(async {
        let sfn = Arc::new(Sfn::connect(&args.aws, args.which.arn()).await?);
        match args.which.find(&sfn).await? {
            Found::Machine(machine) => {
                summary::tell(&sfn, &machine, args.max, args.shown.format(), out).await?;
            }
            Found::Execution(arn) => {
                let look = Look::at(&sfn, &arn).await?;
                match args.shown.format() {
                    Format::Text => {
                        print::text(out, &text(&sfn, &look, Paint::for_stdout()))?;
                    }
                    Format::Json => print::json(out, &json(&look))?,
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    })
}

fn text(sfn: &Sfn, look: &Look, paint: Paint) -> String {
    let progress = Progress::of(&look.timeline.entries, &look.history);
    let (machine, key) = names(&look.execution.arn);
    let mut text = format!(
        "{} {key}: {}\n\n",
        paint.bold(machine),
        look.timeline.last_line(paint)
    );
    let mut line = |head: &str, rest: String| {
        let _ = writeln!(text, "  {head:9} {rest}");
    };
    if !progress.done.is_empty() {
        line("done", listed(&progress.done));
    }
    for visit in &progress.failed {
        line("failed", visit.told());
    }
    if !progress.undone.is_empty() {
        line("undone", listed(&progress.undone));
    }
    for visit in &progress.skipped {
        line("skipped", visit.told());
    }
    if look.end() == End::Running || look.end() == End::Parked {
        for visit in &progress.now {
            line("now", visit.told());
        }
    }
    if look.is_torn() {
        for visit in progress.now.iter().chain(&progress.not_undone) {
            line("left at", visit.told());
        }
    }
    for parked in &look.parked {
        line("stuck", told(parked));
    }
    line("started", moment_ago(look.execution.started));
    if let Some(ended) = look.execution.ended {
        line("ended", moment_ago(ended));
    }
    if look.execution.redrives > 0 {
        line("redriven", format!("{} ×", look.execution.redrives));
    }
    line("execution", look.execution.arn.clone());
    if let Some(hint) = hint(sfn, look) {
        let _ = write!(text, "\n{hint}\n");
    }
    text
}

/// What to do next, if anything.
fn hint(sfn: &Sfn, look: &Look) -> Option<String> {
    let arn = &look.execution.arn;
    match look.end() {
        End::Parked => {
            let all = if look.parked.len() > 1 { " --all" } else { "" };
            Some(format!(
                "when what fails is mended: {}{all}",
                sfn.command("resume", arn)
            ))
        }
        _ if look.is_torn() => Some(format!(
            "it is neither done nor compensated; to go on where it ended: {}",
            sfn.command("redrive", arn)
        )),
        _ => None,
    }
}

impl Visit<'_> {
    fn told(&self) -> String {
        let place = self.place();
        let attempts = match self.attempts {
            1 => String::new(),
            attempts => format!(", {attempts} attempts"),
        };
        let execution = self.last.execution.as_ref();
        let execution = execution.map(|execution| format!("  {execution}"));
        let rest = match &self.last.what {
            What::Failed { error, message } => {
                let message = Some(message).filter(|message| !message.is_empty());
                let message = message.map(|message| format!(": {message}"));
                let again = if self.is_over {
                    ""
                } else {
                    "; it is tried again"
                };
                format!(": {error}{}{again}", message.unwrap_or_default())
            }
            What::Skipped(reason) => format!(": {reason}"),
            _ => String::new(),
        };
        format!("{place}{attempts}{rest}{}", execution.unwrap_or_default())
    }
}

/// `the compensation of stock.reserve, parked 2026-… (3 h ago): Saga.Unknown: …`
pub(super) fn told(parked: &Parked) -> String {
    let said = &parked.said;
    let times = match parked.times {
        1 => String::new(),
        times => format!(" {times} times, last"),
    };
    let message = Some(&said.message).filter(|message| !message.is_empty());
    let message = message.map(|message| format!(": {message}"));
    format!(
        "the compensation of {}, parked{times} {}: {}{}",
        place(&said.step, &said.item),
        moment_ago(parked.since),
        said.error,
        message.unwrap_or_default()
    )
}

fn json(look: &Look) -> Value {
    let progress = Progress::of(&look.timeline.entries, &look.history);
    let execution = &look.execution;
    let (machine, key) = names(&execution.arn);
    let places = |visits: &[Visit]| visits.iter().map(Visit::place).collect::<Vec<_>>();
    let told = |visits: &[Visit]| visits.iter().map(visit_json).collect::<Vec<_>>();
    let is_over = look.end().is_over();
    let left = [told(&progress.now), told(&progress.not_undone)].concat();
    json!({
        "execution": execution.arn,
        "machine": machine,
        "key": key,
        "status": look.end(),
        "started": moment(execution.started),
        "ended": execution.ended.map(moment),
        "output": execution.output,
        "error": execution.error,
        "message": look.timeline.message,
        "redrives": execution.redrives,
        "done": places(&progress.done),
        "undone": places(&progress.undone),
        "left_at": if look.is_torn() { left } else { Vec::new() },
        "failed": told(&progress.failed),
        "skipped": told(&progress.skipped),
        "now": if is_over { Vec::new() } else { told(&progress.now) },
        "parked": look.parked.iter().map(parked_json).collect::<Vec<_>>(),
    })
}

fn visit_json(visit: &Visit) -> Value {
    let mut json = json!({ "state": visit.place(), "attempts": visit.attempts });
    if let Some((error, message)) = visit.failure() {
        json["error"] = error.into();
        json["message"] = message.into();
    }
    if let What::Skipped(reason) = &visit.last.what {
        json["reason"] = reason.as_str().into();
    }
    if let Some(execution) = &visit.last.execution {
        json["execution"] = execution.as_str().into();
    }
    json
}

pub(super) fn parked_json(parked: &Parked) -> Value {
    let said = &parked.said;
    json!({
        "step": said.step,
        "item": said.item,
        "error": said.error,
        "message": said.message,
        "since": moment(parked.since),
        "times": parked.times,
        "token": parked.token.known(),
    })
}

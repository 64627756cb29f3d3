//! What is said of a deployment: the plan, each step, what was seen, the end. As text, or as lines of JSON; decides nothing.

use std::io::Write;

use serde_json::{Value, json};

use super::changes::Changes;
use super::plan::Plan;
use super::service::Findings;
use super::state::There;
use super::watch::{Executions, Seen};
use crate::args::Format;
use crate::print::{self, Paint};

pub(super) struct Report<'a, W> {
    out: &'a mut W,
    format: Format,
    paint: Paint,
    alias: String,
    machine: String,
    /// Said once, however often it is seen.
    last: Option<Seen>,
}

/// All that is known before anything is done.
pub(super) struct Prospect<'a> {
    pub(super) there: &'a There,
    pub(super) plan: &'a Plan,
    pub(super) changes: &'a Changes,
    pub(super) findings: &'a Findings,
    pub(super) dry_run: bool,
}

impl<'a, W: Write> Report<'a, W> {
    pub(super) fn new(out: &'a mut W, format: Format, machine: &str, alias: &str) -> Self {
        Self {
            out,
            format,
            paint: Paint::for_stdout(),
            alias: alias.to_owned(),
            machine: machine.to_owned(),
            last: None,
        }
    }

    pub(super) fn plan(&mut self, prospect: &Prospect<'_>) -> Result<(), String> {
        match self.format {
            Format::Json => {
                let line = self.plan_json(prospect);
                self.event(&line)
            }
            Format::Text => {
                let text = self.plan_text(prospect);
                print::text(self.out, &text)
            }
        }
    }

    fn plan_json(&self, prospect: &Prospect<'_>) -> Value {
        let Prospect {
            there,
            plan,
            changes,
            findings,
            dry_run,
        } = prospect;
        let shares = there.alias.iter().flat_map(|alias| &alias.shares);
        let serves: Vec<Value> = shares
            .map(|share| json!({ "version": share.version.number, "percent": share.percent }))
            .collect();
        let (verdict, why, steps, notes) = match plan {
            Plan::Nothing(why) => ("nothing", Some(why), Vec::new(), &[][..]),
            Plan::Refused(why) => ("refused", Some(why), Vec::new(), &[][..]),
            Plan::Go {
                steps,
                version,
                notes,
            } => {
                let steps = steps
                    .iter()
                    .map(|step| step.says(&self.alias, *version))
                    .collect();
                (
                    if findings.refused { "refused" } else { "go" },
                    None,
                    steps,
                    notes.as_slice(),
                )
            }
        };
        json!({
            "event": "plan", "state_machine": self.machine, "alias": self.alias, "serves": serves,
            "changes": changes.lines, "breaks": changes.breaks, "findings": findings.lines,
            "verdict": verdict, "why": why, "steps": steps, "notes": notes, "dry_run": dry_run,
        })
    }

    fn plan_text(&self, prospect: &Prospect<'_>) -> String {
        let Prospect {
            there,
            plan,
            changes,
            findings,
            dry_run,
        } = prospect;
        let mut text = vec![self.paint.bold(&self.machine)];
        text.extend(part("there is", &self.there(there)));
        text.extend(part("changes", &changes.lines));
        text.extend(part("breaks", &changes.breaks));
        text.extend(part("findings", &findings.lines));
        match plan {
            Plan::Go { .. } if findings.refused => {
                text.push("refused: Step Functions does not take the definition".to_owned());
            }
            Plan::Go {
                steps,
                version,
                notes,
            } => {
                let steps = steps.iter().map(|step| step.says(&self.alias, *version));
                text.extend(part("to do", &steps.collect::<Vec<_>>()));
                text.extend(part("note", notes));
                if *dry_run {
                    text.push("nothing was done: this is a dry run".to_owned());
                }
            }
            Plan::Nothing(why) => text.push(format!("nothing to do: {why}")),
            Plan::Refused(why) => text.push(format!("refused: {why}")),
        }
        text.join("\n") + "\n"
    }

    fn there(&self, there: &There) -> Vec<String> {
        let Some(_) = &there.machine else {
            return vec!["nothing yet".to_owned()];
        };
        let mut lines = vec![match there.versions.first() {
            None => "a state machine without versions".to_owned(),
            Some(newest) => format!(
                "version {newest}, of {}",
                print::count(there.versions.len(), "version")
            ),
        }];
        match &there.alias {
            None => lines.push(format!("no alias `{}`", self.alias)),
            Some(alias) => lines.extend(alias.shares.iter().map(|share| {
                format!(
                    "`{}` sends {} % to version {}",
                    self.alias, share.percent, share.version.number
                )
            })),
        }
        lines
    }

    /// A step is done.
    pub(super) fn done(&mut self, what: &str) -> Result<(), String> {
        match self.format {
            Format::Json => self.event(&json!({ "event": "done", "step": what })),
            Format::Text => {
                let mark = self.paint.green("✓");
                print::line(self.out, &format!("{mark} {what}"))
            }
        }
    }

    /// What was seen of the new version, where it is not what was seen before.
    pub(super) fn seen(&mut self, seen: &Seen) -> Result<(), String> {
        if self.last.as_ref() == Some(seen) {
            return Ok(());
        }
        self.last = Some(seen.clone());
        let on: Vec<&String> = seen.on.iter().map(|(name, _)| name).collect();
        match (self.format, seen.executions) {
            (Format::Json, counts) => self.event(&json!({
                "event": "seen", "alarms_on": on,
                "ended": counts.map(|counts| counts.ended),
                "failed": counts.map(|counts| counts.failed),
                "running": counts.map(|counts| counts.running),
            })),
            (
                Format::Text,
                Some(Executions {
                    ended,
                    failed,
                    running,
                }),
            ) => {
                let line = format!("  {ended} ended, {failed} of them failed, {running} running");
                print::line(self.out, &self.paint.dim(&line))
            }
            (Format::Text, None) => Ok(()),
        }
    }

    /// Something that could not be looked at, this time.
    pub(super) fn unseen(&mut self, why: &str) -> Result<(), String> {
        match self.format {
            Format::Json => self.event(&json!({ "event": "unseen", "why": why })),
            Format::Text => print::line(
                self.out,
                &self.paint.yellow(&format!("  {why}; looking again")),
            ),
        }
    }

    pub(super) fn serves(&mut self, version: u32) -> Result<(), String> {
        match self.format {
            Format::Json => self.event(&json!({ "event": "serves", "version": version })),
            Format::Text => {
                let line = format!(
                    "`{0}` serves version {version}; start sagas by {1}:{0}",
                    self.alias, self.machine
                );
                print::line(self.out, &line)
            }
        }
    }

    pub(super) fn taken_back(&mut self, why: &str, from: u32, to: u32) -> Result<(), String> {
        match self.format {
            Format::Json => {
                self.event(&json!({ "event": "taken back", "why": why, "version": to }))
            }
            Format::Text => {
                let line = format!("{} {why}", self.paint.red("taken back:"));
                print::line(self.out, &line)?;
                let line = format!(
                    "`{}` serves version {to} again; sagas that began with version {from} keep it",
                    self.alias
                );
                print::line(self.out, &line)
            }
        }
    }

    fn event(&mut self, event: &Value) -> Result<(), String> {
        print::line(self.out, &event.to_string())
    }
}

/// Lines with a heading before the first.
fn part(heading: &str, lines: &[String]) -> impl Iterator<Item = String> {
    lines.iter().enumerate().map(move |(index, line)| {
        let heading = if index == 0 { heading } else { "" };
        format!("  {heading:<9} {line}")
    })
}

//! What is wrong with a case: the evidence against what must hold of every saga, whatever fails. Runs nothing.

use std::collections::{BTreeMap, BTreeSet};

use saga_runtime::Failure;

use crate::execution::Status;

use super::evidence::{Evidence, error};
use super::operator::Stuck;
use super::order::{Order, undone_too_early};
use super::report::{End, Problem};
use super::site::{Steps, step_name};
use super::witness::{Undoes, is_compensation, key};
use super::world::{Key, difference, stands};

/// What the evidence is held against.
pub(super) struct Law<'a> {
    /// The run with the same rejections and no other fault.
    pub(super) reference: Option<&'a Evidence>,
    pub(super) undoes: &'a Undoes,
    pub(super) order: &'a Order,
    /// The definition tells its client the error that began it all.
    pub(super) reports_cause: bool,
    /// The errors that flows end with by themselves.
    pub(super) own_errors: &'a BTreeSet<String>,
    pub(super) steps: &'a Steps,
}

pub(super) fn judge(evidence: &Evidence, law: &Law<'_>) -> Vec<Problem> {
    let mut problems = repeated(evidence);
    match &evidence.end {
        End::Committed => judge_committed(evidence, law, &mut problems),
        End::Compensated { .. } | End::Killed { .. } => {
            judge_failed(evidence, law, &mut problems);
        }
        End::Unfinished | End::NotStarted => problems.push(Problem::Unfinished {
            at: evidence.path().last().cloned().unwrap_or_default(),
        }),
    }
    problems.extend(undone_too_early(evidence, law.order));
    problems.extend(evidence.broken.iter().cloned());
    problems
}

/// How often each step took effect, and its compensation.
fn counts(evidence: &Evidence) -> BTreeMap<&Key, (u32, u32)> {
    let mut counts: BTreeMap<&Key, (u32, u32)> = BTreeMap::new();
    for seen in evidence.seen.iter().filter(|seen| seen.changed) {
        let (done, undone) = counts.entry(&seen.key).or_default();
        if seen.is_compensation {
            *undone += 1;
        } else {
            *done += 1;
        }
    }
    counts
}

fn repeated(evidence: &Evidence) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (key, (done, undone)) in counts(evidence) {
        if done > 1 {
            problems.push(Problem::DoneTwice { step: key.name() });
        }
        if undone > 1 {
            problems.push(Problem::UndoneTwice { step: key.name() });
        }
    }
    problems
}

/// The executions that ended otherwise than with success, as their envelopes name them.
fn failed(evidence: &Evidence) -> BTreeSet<&str> {
    let failed = evidence.executions.iter();
    let failed = failed.filter(|run| run.status() != Status::Succeeded);
    failed.map(crate::Run::arn).collect()
}

/// The steps of failed executions whose record says that there is, or may be, an effect.
fn standing(evidence: &Evidence) -> BTreeSet<&Key> {
    let failed = failed(evidence);
    let records = evidence.records.iter();
    let records = records.filter(|(key, state)| failed.contains(key.execution()) && stands(state));
    records.map(|(key, _)| key).collect()
}

/// What an operator skipped may be left behind, nothing else, and the client is told.
fn judge_skipped(evidence: &Evidence, law: &Law<'_>, problems: &mut Vec<Problem>) {
    let skipped: BTreeSet<String> = evidence.stuck.iter().map(Stuck::name).collect();
    let is_step = |stuck: &Stuck| law.steps.contains_key(&step_name(&stuck.step));
    // Of a called flow, all that it did is left, under names of its own.
    if evidence.stuck.iter().all(is_step) {
        let names: BTreeSet<String> = standing(evidence).into_iter().map(Key::name).collect();
        let differs = difference(&evidence.before, &evidence.after);
        if let Some(what) = differs.filter(|_| names.is_empty()) {
            problems.push(Problem::Differs { what });
        }
        let names = names.difference(&skipped).cloned();
        problems.extend(names.map(|step| Problem::LeftBehind { step }));
    }
    let reported = evidence.reported.as_deref().unwrap_or_default();
    if law.reports_cause && reported != Failure::SKIPPED {
        problems.push(Problem::Misreported {
            what: format!(
                "the client is told `{reported}`, and the compensation of {} was skipped",
                skipped.into_iter().collect::<Vec<_>>().join(" and ")
            ),
        });
    }
}

fn judge_failed(evidence: &Evidence, law: &Law<'_>, problems: &mut Vec<Problem>) {
    if evidence.is_skipped {
        judge_skipped(evidence, law, problems);
        return;
    }
    let difference = difference(&evidence.before, &evidence.after);
    let mut left = standing(evidence);
    if let Some(difference) = &difference {
        if is_committed(evidence, law) {
            problems.push(Problem::Misreported {
                what: format!(
                    "the client is told `{}`, and everything is done",
                    evidence.end
                ),
            });
            return;
        }
        let counts = counts(evidence).into_iter();
        left.extend(counts.filter_map(|(key, (done, undone))| (done > undone).then_some(key)));
        if left.is_empty() && problems.is_empty() {
            problems.push(Problem::Differs {
                what: difference.clone(),
            });
        }
    }
    let names: BTreeSet<String> = left.into_iter().map(Key::name).collect();
    problems.extend(names.into_iter().map(|step| Problem::LeftBehind { step }));
    problems.extend(wrong_cause(evidence, law));
}

/// Whether the world is as the saga leaves it when all is well.
fn is_committed(evidence: &Evidence, law: &Law<'_>) -> bool {
    law.reference.is_some_and(|reference| {
        reference.end == End::Committed && reference.after == evidence.after
    })
}

/// The client is told an error that is not the one that began it.
fn wrong_cause(evidence: &Evidence, law: &Law<'_>) -> Option<Problem> {
    if !law.reports_cause || !matches!(evidence.end, End::Compensated { .. }) {
        return None;
    }
    let reported = evidence.reported.as_deref().unwrap_or_default();
    let causes = causes(evidence, law.undoes);
    // Where the flow itself said no, its error is written in the definition.
    if law.own_errors.contains(reported) || causes.contains(&reported) {
        return None;
    }
    let causes: Vec<String> = causes.iter().map(|error| format!("`{error}`")).collect();
    Some(Problem::Misreported {
        what: format!(
            "the client is told `{reported}`, and what failed was {}",
            causes.join(" and ")
        ),
    })
}

/// The errors of the actions whose last delivery failed. Each of them may have begun it.
fn causes<'a>(evidence: &'a Evidence, undoes: &Undoes) -> BTreeSet<&'a str> {
    let mut last: BTreeMap<(&str, Key), Option<&str>> = BTreeMap::new();
    for delivery in &evidence.deliveries {
        if !is_compensation(delivery, undoes) && !delivery.is_late() {
            last.insert(
                (delivery.execution(), key(delivery, undoes)),
                error(delivery),
            );
        }
    }
    last.into_values().flatten().collect()
}

fn judge_committed(evidence: &Evidence, law: &Law<'_>, problems: &mut Vec<Problem>) {
    let failed = failed(evidence);
    for (key, state) in &evidence.records {
        let is_undone = ["COMPENSATED", "COMPENSATING", "TOMBSTONE"].contains(&state.as_str());
        if is_undone && !failed.contains(key.execution()) {
            problems.push(Problem::Misreported {
                what: format!(
                    "the client is told success, and `{}` was undone",
                    key.name()
                ),
            });
        }
    }
    let Some(reference) = law.reference else {
        return;
    };
    if reference.end != End::Committed {
        problems.push(Problem::Misreported {
            what: format!(
                "the client is told success, where the saga {} without the fault",
                reference.end
            ),
        });
        return;
    }
    if !problems.is_empty() {
        return;
    }
    if let Some(what) = difference(&reference.after, &evidence.after) {
        problems.push(Problem::Differs { what });
    } else if evidence.output != reference.output {
        let text = |output: &Option<serde_json::Value>| output.clone().unwrap_or_default();
        problems.push(Problem::Misreported {
            what: format!(
                "the client is told {}, and without the fault {}",
                text(&evidence.output),
                text(&reference.output)
            ),
        });
    }
}

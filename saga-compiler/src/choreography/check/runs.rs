//! What may happen when a saga fails, and when it does not: each fault of a run, once, by the simplest run that has it.

use std::collections::HashMap;

use super::graph::Sources;
use crate::choreography::contract::Kind;
use crate::choreography::ir;
use crate::choreography::runs::{Fault, Run, Seen};
use crate::errors::{Errors, choices};

pub(super) fn check_runs(errors: &mut Errors, sources: &Sources<'_>) {
    let graph = &sources.graph;
    let mut found: HashMap<Key, (usize, Fault, Run)> = HashMap::new();
    let mut reached = vec![false; graph.reactions.len()];
    let seen = graph.each_run(|run| {
        for (reached, act) in reached.iter_mut().zip(&run.acts) {
            *reached |= act.is_some();
        }
        for fault in graph.faults(run) {
            let is_simpler = |(deviations, ..): &(usize, Fault, Run)| run.deviations < *deviations;
            let known = found.get(&key(run, fault));
            if known.is_none_or(is_simpler) {
                found.insert(key(run, fault), (run.deviations, fault, run.clone()));
            }
        }
    });
    let mut found: Vec<(Key, (usize, Fault, Run))> = found.into_iter().collect();
    // A hash map has no order, and messages must.
    found.sort_by_key(|(key, _)| *key);
    for (_, (_, fault, run)) in &found {
        report(errors, sources, run, *fault);
    }
    let unreached = (0..reached.len()).filter(|index| seen == Seen::All && !reached[*index]);
    for reaction in unreached {
        let events = graph.reactions[reaction].on.iter();
        let message = format_args!(
            "no saga leads to `{}`: {} would come only from what never takes effect; let it react to another event, or remove it",
            sources.name(reaction),
            choices(events.map(|event| sources.event_name(*event)))
        );
        errors.error(&sources.reactions[reaction].ident, message);
    }
}

/// What tells faults apart: the rule, the reaction, and the event.
type Key = (usize, usize, usize);

fn key(run: &Run, fault: Fault) -> Key {
    let event = |publication: usize| run.publications[publication].event;
    match fault {
        Fault::Twice {
            reaction, second, ..
        } => (0, reaction, event(second)),
        Fault::NotUndone { reaction, failure } => (1, reaction, event(failure)),
        Fault::Stands { reaction, failure } => (2, reaction, event(failure)),
        Fault::UndoneForNothing { reaction, trigger } => (3, reaction, event(trigger)),
        Fault::ParkedForEver { reaction, .. } => (4, reaction, 0),
        Fault::LeftOut { reaction, .. } => (5, reaction, 0),
    }
}

fn report(errors: &mut Errors, sources: &Sources<'_>, run: &Run, fault: Fault) {
    let path = |publication: usize| sources.graph.path(run, publication);
    let event = |publication: usize| run.publications[publication].event;
    let by = |publication: usize| sources.name(run.publications[publication].by);
    match fault {
        Fault::Twice {
            reaction,
            first,
            second,
        } => {
            let name = sources.name(reaction);
            let told = |publication| format!("`{}` of `{}`", path(publication), by(publication));
            let (first, again) = (told(first), told(second));
            let message = if first == again {
                format!(
                    "`{name}` is reached twice in one saga, by several {first}; write `once` where the first counts, or `each` where it acts for all"
                )
            } else {
                format!(
                    "`{name}` is reached twice in one saga, by {first} and by {again}; write `once` where the first counts, or `each` where it acts for both"
                )
            };
            errors.at(sources.trigger(reaction, event(second)), message);
        }
        Fault::NotUndone { reaction, failure } => {
            report_not_undone(errors, sources, reaction, event(failure), &path(failure));
        }
        Fault::Stands { reaction, failure } => {
            report_stands(errors, sources, reaction, &path(failure));
        }
        Fault::UndoneForNothing { reaction, trigger } => {
            let action = sources.graph.reactions[reaction].counterpart;
            let message = format_args!(
                "`{}` compensates `{}`, but `{}` leads to it although nothing failed; write `#[event(failure)]` at the event that means failure, or remove it here",
                sources.name(reaction),
                action.map_or("", |action| sources.name(action)),
                path(trigger)
            );
            errors.at(sources.trigger(reaction, event(trigger)), message);
        }
        Fault::ParkedForEver { reaction, trigger } => {
            report_parked(errors, sources, run, reaction, &path(trigger));
        }
        Fault::LeftOut { reaction, trigger } => {
            let after = sources.reactions[reaction].after.as_ref();
            let Some(after) = after else { return };
            let message = format_args!(
                "`{}` may come before `{}` took effect, and the saga would go on without `{}`; write `early = park`",
                path(trigger),
                after.method,
                sources.name(reaction)
            );
            errors.error(&after.method, message);
        }
    }
}

fn report_parked(
    errors: &mut Errors, sources: &Sources<'_>, run: &Run, reaction: usize, path: &str,
) {
    let graph = &sources.graph;
    let Some(after) = sources.reactions[reaction].after.as_ref() else {
        return;
    };
    let action = graph.reactions[reaction].after;
    let undo = action.and_then(|action| graph.reactions[action].counterpart);
    let failure = graph.failures(run).first().copied();
    let hint = match (undo, failure) {
        // Its compensation leaves a tombstone, by which the wait ends.
        (Some(undo), Some(failure)) => format!(
            " when the saga fails by `{}`; write `{}` into the `#[on(..)]` of `{}`, which ends the wait",
            graph.path(run, failure),
            sources.event_name(run.publications[failure].event),
            sources.name(undo)
        ),
        (None, Some(failure)) => format!(
            " when the saga fails by `{}`; let it wait for what happens all the same",
            graph.path(run, failure)
        ),
        (_, None) if graph.reactions[reaction].kind == Kind::Observer => {
            "; write `early = refuse`, or let it wait for what does".to_owned()
        }
        (_, None) => "; let it wait for what does".to_owned(),
    };
    let message = format_args!(
        "after `{path}`, `{}` waits for `{}`, which need not happen{hint}",
        sources.name(reaction),
        after.method
    );
    errors.error(&after.method, message);
}

fn report_not_undone(
    errors: &mut Errors, sources: &Sources<'_>, reaction: usize, failure: usize, path: &str,
) {
    let undo = sources.graph.reactions[reaction].counterpart;
    let Some(undo) = undo else { return };
    let message = format_args!(
        "`{}` stays when the saga fails by `{path}`: nothing leads to `{}` then; write `{}` into this method's `#[on(..)]`",
        sources.name(reaction),
        sources.name(undo),
        sources.event_name(failure)
    );
    errors.error(&sources.reactions[undo].ident, message);
}

fn report_stands(errors: &mut Errors, sources: &Sources<'_>, reaction: usize, path: &str) {
    let source = sources.reactions[reaction];
    let word = match sources.graph.reactions[reaction].kind {
        Kind::Pivot => "a pivot",
        _ => "retriable",
    };
    let hint = match source.start {
        ir::Start::Command => "",
        ir::Start::On(_) => "let it react to what comes after all that may fail, ",
    };
    let message = format_args!(
        "`{}` is {word}, and its effect would stand although the saga fails by `{path}`; {hint}write `compensate = <method>`, or `observer` where it may stand",
        sources.name(reaction)
    );
    errors.at(source.kind_span, message);
}

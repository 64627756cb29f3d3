//! Rules that need more than one item in view. Reports, never rewrites.

mod action;
mod compensation;
mod contents;
mod contract;
mod flow;
mod loops;
mod nested;
mod phase;
mod states;
mod step;
mod undo;

use std::collections::{HashMap, HashSet};

use proc_macro2::Ident;

pub(crate) use compensation::{same, text};
pub(crate) use contract::collect_idents;

use crate::errors::Errors;
use crate::{ir, names};

pub(crate) fn check(errors: &mut Errors, saga: &ir::Saga) {
    contract::check_contract(errors, saga);
    check_error_names(errors, saga);
    if saga
        .participants
        .iter()
        .all(|participant| participant.complete)
    {
        check_transients_in_use(errors, saga);
    }
    check_participant_names(errors, saga);
    for participant in &saga.participants {
        step::check_steps(errors, saga, participant);
        compensation::check_compensations(errors, participant);
    }
    check_machine_names(errors, saga);
    nested::check_recursion(errors, saga);
    let flows = nested::Flows::of(saga);
    for flow in &saga.flows {
        undo::check_undo(errors, saga, flow);
        nested::check_first(errors, flow);
        flow::check_flow(errors, saga, &flows, flow);
    }
}

fn steps(saga: &ir::Saga) -> impl Iterator<Item = &ir::Step> {
    let participants = saga.participants.iter();
    participants.flat_map(|participant| &participant.steps)
}

/// The error enums that a step fails with, by index.
fn step_errors(saga: &ir::Saga) -> HashSet<usize> {
    let errors = steps(saga).filter_map(|step| match step.error.kind {
        ir::StepErrorKind::Enum(index) => Some(index),
        ir::StepErrorKind::Retry => None,
    });
    errors.collect()
}

/// `Catch` matches names exactly, so a participant's errors must not read like Amazon's or the runtime's.
fn check_error_names(errors: &mut Errors, saga: &ir::Saga) {
    let in_use = step_errors(saga);
    for (index, error) in saga.errors.iter().enumerate() {
        let name = names::plain(&error.ident);
        if names::RESERVED_ERROR_PREFIXES.contains(&name.as_str()) && in_use.contains(&index) {
            let message = format_args!(
                "errors named `{name}.…` are not a participant's to report, they are Step Functions', Lambda's or the runtime's; call the enum something else"
            );
            errors.error(&error.ident, message);
        }
    }
}

/// `#[transient]` on what is no step's error would promise retries that never happen.
fn check_transients_in_use(errors: &mut Errors, saga: &ir::Saga) {
    let in_use = step_errors(saga);
    for (index, error) in saga.errors.iter().enumerate() {
        let transient = error.variants.iter().find(|variant| variant.transient);
        if let Some(variant) = transient
            && !in_use.contains(&index)
        {
            let message = format_args!(
                "no step fails with `{}`, so `#[transient]` retries nothing; remove it, or write `Result<_, {0}>` at a step",
                error.ident
            );
            errors.error(&variant.ident, message);
        }
    }
}

/// Participants' names begin the names of states, and key the barrier.
fn check_participant_names(errors: &mut Errors, saga: &ir::Saga) {
    let mut seen: HashMap<&str, &Ident> = HashMap::new();
    for participant in &saga.participants {
        let ident = &participant.ident;
        if let Some(first) = seen.insert(&participant.name, ident) {
            let message = format_args!(
                "participants `{first}` and `{ident}` are both `{}` in state names; rename one",
                participant.name
            );
            errors.error(ident, message);
        }
        if !ident.to_string().is_ascii() {
            let message = format_args!(
                "the name of participant `{ident}` becomes a deployment's placeholder; write it in ASCII"
            );
            errors.error(ident, message);
        }
    }
}

/// A state machine is called as its flow, and so are its constant and its file.
fn check_machine_names(errors: &mut Errors, saga: &ir::Saga) {
    let mut seen: HashMap<String, &Ident> = HashMap::new();
    for flow in &saga.flows {
        let name = names::plain(&flow.ident);
        // File systems and constants do not tell case apart.
        if let Some(first) = seen.insert(name.to_lowercase(), &flow.ident) {
            let message =
                format_args!("two state machines are called `{name}`; rename one of the flows");
            errors.error(first, message);
            errors.error(&flow.ident, message);
        }
        if name.chars().count() > names::MAX_STATE_NAME {
            let message = format_args!(
                "the state machine's name `{name}` has {} characters; Step Functions allows {}",
                name.chars().count(),
                names::MAX_STATE_NAME
            );
            errors.error(&flow.ident, message);
        }
        if !name.is_ascii() {
            let message = format_args!(
                "the state machine's name `{name}` could not log to CloudWatch, as Step Functions says; write it in ASCII"
            );
            errors.error(&flow.ident, message);
        }
    }
}

//! Whether each flow's compensation, `#[flow(compensate = ..)]`, fits it and always succeeds.

use proc_macro2::Ident;

use super::action::Action;
use super::compensation::{same, text};
use crate::called::Kind;
use crate::errors::{Errors, nearest};
use crate::{ir, names};

pub(super) fn check_undo(errors: &mut Errors, saga: &ir::Saga, flow: &ir::Flow) {
    let Some(name) = &flow.compensation else {
        return;
    };
    let Some(undo) = saga.flows.iter().find(|candidate| candidate.ident == *name) else {
        report_missing(errors, saga, flow, name);
        return;
    };
    if undo.ident == flow.ident {
        let message = format_args!(
            "flow `{name}` cannot undo itself; name a flow that takes its output, `{}`, and undoes what it did",
            text(&flow.output)
        );
        errors.error(name, message);
        return;
    }
    check_input(errors, flow, name, undo);
    if let Some(further) = &undo.compensation {
        let message = format_args!(
            "flow `{name}` undoes `{}`, and what undoes is never undone; remove `compensate = {further}`",
            flow.ident
        );
        errors.error(further, message);
    }
}

/// The first flow that this one undoes.
pub(super) fn undone_by<'a>(saga: &'a ir::Saga, flow: &ir::Flow) -> Option<&'a ir::Flow> {
    let mut others = saga.flows.iter().filter(|other| other.ident != flow.ident);
    others.find(|other| other.compensation.as_ref() == Some(&flow.ident))
}

fn report_missing(errors: &mut Errors, saga: &ir::Saga, flow: &ir::Flow, name: &Ident) {
    let others = saga.flows.iter().filter(|other| other.ident != flow.ident);
    let candidates: Vec<String> = others.map(|other| names::plain(&other.ident)).collect();
    let hint = match nearest(&name.to_string(), candidates.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!(
            "write `pub async fn {name}(.., output: {}) -> Result<(), Rejection>`",
            text(&flow.output)
        ),
    };
    errors.error(
        name,
        format_args!(
            "this module has no flow `{name}` that could undo `{}`; {hint}",
            flow.ident
        ),
    );
}

/// Its one input is the output of the flow that it undoes. Points at both places.
fn check_input(errors: &mut Errors, flow: &ir::Flow, name: &Ident, undo: &ir::Flow) {
    let output = text(&flow.output);
    let Some(input) = &undo.input else {
        // Of `()` nothing can be told.
        if output != "()" {
            let message = format_args!(
                "flow `{name}` undoes `{}`, but does not take its output; add a parameter of type `{output}`",
                flow.ident
            );
            errors.error(&undo.ident, message);
        }
        return;
    };
    if same(&flow.output, input) {
        return;
    }
    let given = text(input);
    errors.error(
        input,
        format_args!(
            "flow `{name}` undoes `{}` and gets its output, which is no `{given}`; write `{output}`",
            flow.ident
        ),
    );
    errors.error(
        name,
        format_args!(
            "flow `{}` gives `{output}`, but `{name}`, which undoes it, takes `{given}`",
            flow.ident
        ),
    );
}

/// What undoes must be able to succeed whatever happens.
pub(super) fn check_action(
    errors: &mut Errors, flow: &ir::Flow, undone: &ir::Flow, action: &Action<'_>,
) {
    let Action { name, noun, .. } = action;
    let (flow, undone) = (&flow.ident, &undone.ident);
    match (action.kind, action.no) {
        (Kind::Retriable, _) | (Kind::ReadOnly, None) => {}
        (Kind::ReadOnly, Some(no)) => {
            let message = format_args!(
                "flow `{flow}` undoes `{undone}`, so it must always succeed, but {noun} `{name}` may be rejected{}; call one that may not",
                no.by()
            );
            errors.at(action.span, message);
        }
        (Kind::Compensatable | Kind::Pivot, _) => {
            let message = format_args!(
                "flow `{flow}` undoes `{undone}`, so it must always succeed; call only `retriable` and `read_only` steps, which `{name}` is not"
            );
            errors.at(action.span, message);
        }
    }
}

pub(super) fn check_rejection(
    errors: &mut Errors, flow: &ir::Flow, undone: &ir::Flow, rejection: &ir::Rejection,
) {
    let message = format_args!(
        "flow `{}` undoes `{}`, so it must always succeed; return `Ok(..)` instead",
        flow.ident, undone.ident
    );
    errors.at(rejection.span, message);
}

//! Rules over a flow's paths: the pivot rule, and the names of its states.

use proc_macro2::{Ident, Span};

use super::step::rejections;
use crate::errors::Errors;
use crate::{ir, names};

pub(super) fn check_flow(errors: &mut Errors, saga: &ir::Saga, flow: &ir::Flow) {
    let mut phase = Phase::Compensatable;
    check_block(errors, saga, &flow.body, &mut phase);
}

/// How far a path has come: `(compensatable | read_only)*`, at most one pivot, `(retriable | read_only)*`.
#[derive(Clone, Copy)]
enum Phase<'a> {
    Compensatable,
    /// The step after which nothing is undone, where it is called, and whether it is a pivot.
    PointOfNoReturn {
        step: &'a Ident,
        span: Span,
        pivot: bool,
    },
}

fn check_block<'a>(
    errors: &mut Errors, saga: &'a ir::Saga, block: &ir::Block, phase: &mut Phase<'a>,
) {
    for node in &block.nodes {
        match node {
            ir::Node::Call(call) => check_call(errors, saga, call, phase),
        }
    }
}

fn check_call<'a>(errors: &mut Errors, saga: &'a ir::Saga, call: &ir::Call, phase: &mut Phase<'a>) {
    let step = &saga.participants[call.participant].steps[call.step];
    check_state_names(errors, step, call);
    let name = &step.ident;
    match (&step.kind, *phase) {
        (ir::Kind::Compensatable(_) | ir::Kind::ReadOnly, Phase::Compensatable)
        | (ir::Kind::Retriable, Phase::PointOfNoReturn { .. }) => {}
        (ir::Kind::Pivot, Phase::Compensatable) => {
            *phase = Phase::PointOfNoReturn {
                step: name,
                span: call.span,
                pivot: true,
            };
        }
        (ir::Kind::Retriable, Phase::Compensatable) => {
            *phase = Phase::PointOfNoReturn {
                step: name,
                span: call.span,
                pivot: false,
            };
        }
        (ir::Kind::ReadOnly, Phase::PointOfNoReturn { step: point, .. }) => {
            check_late_read(errors, saga, step, call, point);
        }
        (
            ir::Kind::Compensatable(_),
            Phase::PointOfNoReturn {
                step: point,
                span,
                pivot,
            },
        ) => {
            let what = if pivot {
                "the pivot"
            } else {
                "the retriable step"
            };
            let message = format_args!(
                "compensatable step `{name}` comes after {what} `{point}`, when nothing is undone any more; call it before `{point}`, or make it `retriable`"
            );
            errors.at(call.span, message);
            let message = format_args!("`{name}` comes after `{point}`, the point of no return");
            errors.at(span, message);
        }
        (
            ir::Kind::Pivot,
            Phase::PointOfNoReturn {
                step: point,
                span,
                pivot,
            },
        ) => {
            errors.at(call.span, late_pivot(name, point, pivot));
            errors.at(
                span,
                format_args!("`{point}` is already the point of no return"),
            );
        }
    }
}

fn late_pivot(name: &Ident, point: &Ident, after_pivot: bool) -> String {
    if after_pivot {
        format!(
            "`{name}` is the second pivot on this path, after `{point}`; a saga has one point of no return, so make one of them `compensate = …` or `retriable`"
        )
    } else {
        format!(
            "pivot `{name}` comes after the retriable step `{point}`, which must not be undone; call it before `{point}`"
        )
    }
}

/// A rejection is the one thing that trying again does not change.
fn check_late_read(
    errors: &mut Errors, saga: &ir::Saga, step: &ir::Step, call: &ir::Call, point: &Ident,
) {
    if let Some(rejection) = rejections(saga, step).first() {
        let message = format_args!(
            "`{}` may be rejected by `{rejection}` after `{point}`, when nothing is undone any more; call it before `{point}`",
            step.ident
        );
        errors.at(call.span, message);
    }
}

/// The longest name of a step is that of its compensation's state; a point of no return has one too.
fn check_state_names(errors: &mut Errors, step: &ir::Step, call: &ir::Call) {
    let longest = match step.kind {
        ir::Kind::ReadOnly => call.state.clone(),
        _ => names::compensation_state(&call.state),
    };
    let length = longest.chars().count();
    if length > names::MAX_STATE_NAME {
        let message = format_args!(
            "the state name `{longest}` has {length} characters; Step Functions allows {}, so shorten `{}` or its trait",
            names::MAX_STATE_NAME,
            step.ident
        );
        errors.at(step.ident.span(), message);
    }
}

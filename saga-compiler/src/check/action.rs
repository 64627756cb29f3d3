//! What a path may do: call a step, or another flow, which the rules of a path treat alike.

use proc_macro2::{Ident, Span};

use super::contents::{Part, contents};
use super::nested::Flows;
use super::step::rejections;
use crate::called::{self, Kind};
use crate::ir::{self, Block, Call, Nested};

/// The call of a step or of a flow.
#[derive(Clone, Copy)]
pub(super) struct Action<'a> {
    pub(super) name: &'a Ident,
    /// `step` or `flow`
    pub(super) noun: &'static str,
    /// The name in the flow.
    pub(super) span: Span,
    pub(super) kind: Kind,
    pub(super) no: Option<No<'a>>,
}

/// How a call may say no.
#[derive(Clone, Copy)]
pub(super) enum No<'a> {
    /// By the first of a step's rejections.
    Rejection(&'a Ident),
    /// Somewhere in a flow.
    Flow,
}

impl No<'_> {
    /// As messages go on behind `may be rejected`.
    pub(super) fn by(self) -> String {
        match self {
            Self::Rejection(variant) => format!(" by `{variant}`"),
            Self::Flow => String::new(),
        }
    }
}

/// What a block does, however deep.
pub(super) fn actions<'a>(
    saga: &'a ir::Saga, flows: &Flows<'a>, block: &'a Block,
) -> Vec<Action<'a>> {
    let parts = contents(block).into_iter();
    let actions = parts.filter_map(|part| match part {
        Part::Call(call) => Some(of_call(saga, call)),
        Part::Nested(nested) => flows.action(nested),
        Part::Rejection => None,
    });
    actions.collect()
}

pub(super) fn of_call<'a>(saga: &'a ir::Saga, call: &Call) -> Action<'a> {
    let step = &saga.participants[call.participant].steps[call.step];
    Action {
        name: &step.ident,
        noun: "step",
        span: call.span,
        kind: called::of_step(step),
        no: rejections(saga, step).first().copied().map(No::Rejection),
    }
}

pub(super) fn of_flow<'a>(
    flow: &'a ir::Flow, nested: &Nested, kind: Kind, rejects: bool,
) -> Action<'a> {
    Action {
        name: &flow.ident,
        noun: "flow",
        span: nested.span,
        kind,
        no: rejects.then_some(No::Flow),
    }
}

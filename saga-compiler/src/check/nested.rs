//! Flows that call flows: of which kind each is, that none comes back to itself, and where a call may stand.

use std::collections::{HashSet, VecDeque};

use super::action::{Action, of_flow};
use super::contents::{Part, contents};
use super::loops::Around;
use crate::called::{Kind, Verdict, position, verdicts};
use crate::errors::Errors;
use crate::ir::{self, Nested};
use crate::walk;

/// What each flow means to those that call it.
pub(super) struct Flows<'a> {
    saga: &'a ir::Saga,
    /// In the order of [`ir::Saga::flows`].
    verdicts: Vec<Verdict>,
}

impl<'a> Flows<'a> {
    pub(super) fn of(saga: &'a ir::Saga) -> Self {
        Self {
            saga,
            verdicts: verdicts(saga),
        }
    }

    /// What a call does; nothing, where there is no such flow, which rustc reports.
    pub(super) fn action(&self, nested: &Nested) -> Option<Action<'a>> {
        let index = position(self.saga, nested)?;
        let verdict = self.verdicts[index];
        let flow = &self.saga.flows[index];
        Some(of_flow(flow, nested, verdict.kind, verdict.rejects))
    }
}

/// Nobody could tell the kind of a flow that depends on its own.
pub(super) fn check_recursion(errors: &mut Errors, saga: &ir::Saga) {
    for (index, flow) in saga.flows.iter().enumerate() {
        for part in contents(&flow.body) {
            let Part::Nested(nested) = part else { continue };
            let Some(way) = position(saga, nested).and_then(|called| way(saga, called, index))
            else {
                continue;
            };
            if way.len() == 1 {
                let message = format_args!(
                    "flow `{}` calls itself; a flow may not come back to itself, so loop over a list with `for`, or let a step repeat",
                    flow.ident
                );
                errors.at(nested.span, message);
                continue;
            }
            let calls: Vec<String> = way
                .iter()
                .map(|called| format!("calls `{}`", saga.flows[*called].ident))
                .collect();
            let message = format_args!(
                "flow `{}` {} again; a flow may not come back to itself, so remove one of these calls",
                flow.ident,
                calls.join(", which ")
            );
            errors.at(nested.span, message);
        }
    }
}

/// The flows from one to another by calls, both included; the shortest such way.
fn way(saga: &ir::Saga, from: usize, to: usize) -> Option<Vec<usize>> {
    let mut seen = HashSet::from([from]);
    let mut ways = VecDeque::from([vec![from]]);
    while let Some(way) = ways.pop_front() {
        let here = *way.last()?;
        if here == to {
            return Some(way);
        }
        for part in contents(&saga.flows[here].body) {
            let Part::Nested(nested) = part else { continue };
            if let Some(next) = position(saga, nested)
                && seen.insert(next)
            {
                ways.push_back([way.as_slice(), &[next]].concat());
            }
        }
    }
    None
}

/// Step Functions stops a nested execution that runs beside a failure, and stopping it compensates nothing.
pub(super) fn check_place(errors: &mut Errors, nested: &Nested, around: &[Around<'_>]) {
    let name = &nested.flow;
    let message = match around.iter().rev().find(|around| around.is_concurrent()) {
        None => return,
        Some(Around::Join(_)) => format!(
            "flow `{name}` is called in a join, where another branch's failure would stop it halfway, uncompensated; call it before or after the join"
        ),
        Some(Around::Loop(_)) => format!(
            "flow `{name}` is called in a parallel loop, where another item's failure would stop it halfway, uncompensated; remove `#[parallel(..)]`"
        ),
    };
    errors.at(nested.span, message);
}

/// What undoes a flow gets its output, which only the flow's own graph keeps.
pub(super) fn check_repeated(
    errors: &mut Errors, saga: &ir::Saga, action: &Action<'_>, around: &[Around<'_>],
) {
    if action.kind != Kind::Compensatable
        || around.is_empty()
        || around.iter().any(|around| around.is_concurrent())
    {
        return;
    }
    let called = saga.flows.iter().find(|flow| flow.ident == *action.name);
    let Some(undo) = called.and_then(|flow| flow.compensation.as_ref()) else {
        return;
    };
    let message = format_args!(
        "flow `{}` is called in a loop, and its output, which `{undo}` needs, is gone when the loop fails; call it outside, or loop over steps",
        action.name
    );
    errors.at(action.span, message);
}

/// A step's handler checks the flow's input; where a called flow acted before, what fails to evaluate over an input that
/// nobody has checked would undo nothing.
pub(super) fn check_first(errors: &mut Errors, flow: &ir::Flow) {
    if let Some(nested) = walk::unchecked(flow) {
        let message = format_args!(
            "flow `{}` is called before any step has checked the input, which `{}` looks at by itself; call a step first",
            nested.flow, flow.ident
        );
        errors.at(nested.span, message);
    }
}

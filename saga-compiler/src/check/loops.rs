//! What may stand in a loop or a join: no pivot, and no list of an inner loop that its compensation could not find again.

use super::action::{Action, actions};
use super::nested::Flows;
use crate::called::Kind;
use crate::errors::Errors;
use crate::ir::{self, Block, Join, Loop, Root};
use crate::walk;

/// A loop or a join around a node.
#[derive(Clone, Copy)]
pub(super) enum Around<'a> {
    Loop(&'a Loop),
    Join(&'a Join),
}

impl<'a> Around<'a> {
    /// As messages call it.
    pub(super) fn what(self) -> &'static str {
        match self {
            Self::Loop(_) => "loop",
            Self::Join(_) => "join",
        }
    }

    /// What runs beside a node in here may fail meanwhile.
    pub(super) fn is_concurrent(self) -> bool {
        match self {
            Self::Loop(looped) => looped.parallel.is_some() || looped.distributed,
            Self::Join(_) => true,
        }
    }

    fn blocks(self) -> Vec<&'a Block> {
        match self {
            Self::Loop(looped) => vec![&looped.body],
            Self::Join(join) => join.branches.iter().map(|branch| &branch.block).collect(),
        }
    }
}

pub(super) fn check_loop(
    errors: &mut Errors, saga: &ir::Saga, flows: &Flows<'_>, flow: &ir::Flow, looped: &Loop,
    around: &[Around<'_>],
) {
    let Some(outermost) = around.first() else {
        return;
    };
    if looped.distributed {
        let what = around.last().unwrap_or(outermost).what();
        let message = format_args!(
            "a distributed loop starts executions of its own, which a {what} around could not have undone; move it out, or remove `distributed`"
        );
        errors.at(looped.span, message);
    }
    let is_undone = actions(saga, flows, &looped.body)
        .iter()
        .any(|action| action.kind == Kind::Compensatable);
    if is_undone {
        check_items(errors, flow, looped, *outermost);
    }
}

/// The variables of an item, and of a join's branch, are gone when it fails. The compensation then goes through the same
/// list again, which it must find outside.
fn check_items(errors: &mut Errors, flow: &ir::Flow, looped: &Loop, outermost: Around<'_>) {
    let mut given = Vec::new();
    for block in outermost.blocks() {
        walk::visit(block, &mut |node| given.extend(walk::given(node)));
    }
    let mut gone = None;
    walk::places(&looped.items, &mut |root, _| {
        if let Root::Local(id) = root
            && given.contains(&id)
        {
            gone.get_or_insert(id);
        }
    });
    let Some(id) = gone else { return };
    let what = outermost.what();
    let list = match flow.locals.get(id.0).and_then(|local| local.name.as_ref()) {
        Some(name) => format!("`{name}`"),
        None => "this list".to_owned(),
    };
    let message = format_args!(
        "{list} is given inside the {what} around and gone when that fails, so that nobody could undo these items; take the list from the flow's input, get it before the {what}, or let one step take the whole list"
    );
    errors.at(looped.items_span, message);
}

/// What runs before and beside a pivot in a loop could no longer be undone.
pub(super) fn report_pivot(errors: &mut Errors, action: &Action<'_>, what: &str) {
    let name = action.name;
    let other = match what {
        "loop" => "the next item",
        _ => "another branch",
    };
    let message = match action.noun {
        "step" => format!(
            "pivot `{name}` stands in a {what}, where {other} may fail when `{name}` cannot be undone any more; call it after the {what}, or make it `compensate = …`"
        ),
        _ => format!(
            "flow `{name}` is a point of no return and stands in a {what}, where {other} may fail when `{name}` cannot be undone any more; call it after the {what}"
        ),
    };
    errors.at(action.span, message);
}

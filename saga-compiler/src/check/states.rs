//! How long the names of states become: those of steps and flows, and of what undoes them.
//!
//! Names that begin with source text, such as `if cmd.gift`, are short enough from the start.

use proc_macro2::Ident;

use super::action::Action;
use crate::called::Kind;
use crate::errors::Errors;
use crate::{ir, names};

/// The longest name of a step is that of its compensation's state; a point of no return has one too.
pub(super) fn check_call(errors: &mut Errors, saga: &ir::Saga, call: &ir::Call) {
    let step = &saga.participants[call.participant].steps[call.step];
    let is_undone = !matches!(step.kind, ir::Kind::ReadOnly);
    let way_out = format!("shorten `{}` or its trait", step.ident);
    check_length(errors, &step.ident, &call.state, is_undone, &way_out);
}

/// An alternative path has a compensation that chooses the arm, whose name is longer still.
pub(super) fn check_attempt(errors: &mut Errors, saga: &ir::Saga, call: &ir::Call) {
    let step = &saga.participants[call.participant].steps[call.step];
    if names::compensation_state(&call.state).chars().count() > names::MAX_STATE_NAME {
        // Said already.
        return;
    }
    let way_out = format!("shorten `{}` or its trait", step.ident);
    let longest = names::compensation_of_attempt(&call.state);
    check_one(errors, &step.ident, &longest, &way_out);
}

/// A flow that is called is a state as well.
pub(super) fn check_nested(errors: &mut Errors, action: &Action<'_>, nested: &ir::Nested) {
    let is_undone = action.kind != Kind::ReadOnly;
    let way_out = format!("shorten `{}`", action.name);
    check_length(errors, action.name, &nested.state, is_undone, &way_out);
}

fn check_length(errors: &mut Errors, name: &Ident, state: &str, is_undone: bool, way_out: &str) {
    let longest = if is_undone {
        names::compensation_state(state)
    } else {
        state.to_owned()
    };
    check_one(errors, name, &longest, way_out);
}

fn check_one(errors: &mut Errors, name: &Ident, longest: &str, way_out: &str) {
    let length = longest.chars().count();
    if length > names::MAX_STATE_NAME {
        let message = format_args!(
            "the state name `{longest}` has {length} characters; Step Functions allows {}, so {way_out}",
            names::MAX_STATE_NAME
        );
        errors.error(name, message);
    }
}

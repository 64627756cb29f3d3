//! Whether each method says what becomes of its effect when the saga fails, and fails itself only as that allows.

use crate::choreography::contract::{Kind, Repeat};
use crate::choreography::ir::{self, Participant, Reaction, ReactionErrorKind, Start};
use crate::choreography::parse::KINDS;
use crate::choreography::roles;
use crate::errors::{Errors, choices};

pub(super) fn check_kind(errors: &mut Errors, participant: &Participant, reaction: &Reaction) {
    let name = &reaction.ident;
    let action = roles::action_of(participant, reaction);
    match (&reaction.kind, action) {
        (None, None) if participant.complete && roles::has_all_compensations(participant) => {
            let is_command = matches!(reaction.start, Start::Command);
            let hint = if is_command {
                String::new()
            } else {
                format!(", or `compensate = {name}` at the action that it undoes")
            };
            let kinds = KINDS.map(|kind| {
                if kind == "compensate" {
                    "compensate = <method>"
                } else {
                    kind
                }
            });
            let message = format_args!(
                "`{name}` does not say what becomes of its effect when the saga fails; write one of {}{hint}",
                choices(kinds)
            );
            errors.at(reaction.kind_span, message);
        }
        (Some(_), Some(action)) => {
            let message = format_args!(
                "`{name}` compensates `{}`, which says what becomes of it; remove this",
                action.ident
            );
            errors.at(reaction.kind_span, message);
        }
        _ => {}
    }
    if let (Some((_, span)), Some(_)) = (&reaction.repeat, action) {
        let message = format_args!(
            "`{name}` compensates, which happens once whatever leads to it; remove this"
        );
        errors.at(*span, message);
    }
    if let (Some((_, span)), Some(ir::Kind::Compensatable(undo))) =
        (&reaction.repeat, &reaction.kind)
        && is_each(reaction)
    {
        let message = format_args!(
            "`{name}` acts for each event, and `{undo}` would undo one of its effects only; write `once`, or another kind"
        );
        errors.at(*span, message);
    }
}

pub(super) fn is_each(reaction: &Reaction) -> bool {
    let repeat = reaction.repeat.map(|(repeat, _)| repeat);
    repeat == Some(Repeat::Each)
}

pub(super) fn check_error(
    errors: &mut Errors, choreography: &ir::Choreography, participant: &Participant,
    reaction: &Reaction,
) {
    let name = &reaction.ident;
    let kind = roles::kind(participant, reaction);
    let span = reaction.error.span;
    if kind == Kind::Compensation {
        if !matches!(reaction.error.kind, ReactionErrorKind::Retry) {
            let message = format_args!(
                "compensation `{name}` cannot refuse, only ask to be tried again; write `Retry`"
            );
            errors.at(span, message);
        }
        return;
    }
    let Some(error) = roles::rejection(choreography, reaction) else {
        return;
    };
    let word = match &reaction.kind {
        Some(ir::Kind::Retriable) => Some("retriable"),
        Some(ir::Kind::Observer) => Some("an observer"),
        _ => None,
    };
    let error = &error.ident;
    if let Some(word) = word {
        let message = format_args!(
            "`{name}` is {word}, so nothing may reject it; write `Retry`, or `#[transient]` on every variant of `{error}`"
        );
        errors.at(span, message);
        return;
    }
    check_each(errors, reaction);
    let is_event = choreography
        .events
        .iter()
        .any(|event| event.ident == *error);
    if matches!(reaction.start, Start::On(_)) && !is_event {
        let message = format_args!(
            "nobody would hear that `{name}` was rejected by `{error}`; write `#[event]` on it, so that it is published"
        );
        errors.at(span, message);
    }
}

/// What may be rejected acts once: it is rejected, or stands, as a whole.
fn check_each(errors: &mut Errors, reaction: &Reaction) {
    if let (Some((Repeat::Each, span)), Some(ir::Kind::Pivot)) = (reaction.repeat, &reaction.kind) {
        let name = &reaction.ident;
        let message = format_args!(
            "`{name}` acts for each event, and may say yes to one and no to another: what it did for the one would stand although the saga fails; write `once`, or a reaction with `compensate = <method>` for each event"
        );
        errors.at(span, message);
    }
}

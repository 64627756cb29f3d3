//! Whether the methods of a trait that name each other may: `compensate =` and `after =`.

use proc_macro2::Ident;

use super::kind::is_each;
use crate::choreography::ir::{Kind, Participant, Reaction, Start};
use crate::choreography::roles;
use crate::errors::{Errors, nearest};
use crate::names;

pub(super) fn check_compensations(errors: &mut Errors, participant: &Participant) {
    let mut used: Vec<(&Ident, &Ident)> = Vec::new();
    for action in &participant.reactions {
        let Some(Kind::Compensatable(name)) = &action.kind else {
            continue;
        };
        if let Some((_, other)) = used.iter().find(|(used, _)| *used == name) {
            let message = format_args!(
                "compensation `{name}` already undoes `{other}`, and works on that one's record; write one for each"
            );
            errors.error(name, message);
            continue;
        }
        used.push((name, &action.ident));
        match find(participant, name) {
            Some(compensation) => check_compensation(errors, action, name, compensation),
            None if participant.complete => {
                let hint = hint(participant, name, || {
                    format!("write `#[on(Failure)] async fn {name}(..) -> Result<(), Retry>;`")
                });
                let message = format_args!(
                    "participant `{}` has no method `{name}`; {hint}",
                    participant.ident
                );
                errors.error(name, message);
            }
            None => {}
        }
    }
}

fn check_compensation(
    errors: &mut Errors, action: &Reaction, name: &Ident, compensation: &Reaction,
) {
    if compensation.ident == action.ident {
        let message = format_args!(
            "`{name}` cannot compensate itself; write a method with `#[on(Failure)]` that undoes it"
        );
        errors.error(name, message);
    } else if matches!(compensation.start, Start::Command) {
        let message = format_args!(
            "`{name}` is a command, which begins a saga, so it cannot compensate `{}`; write `#[on(Failure)]` on a method that does",
            action.ident
        );
        errors.error(name, message);
    }
}

fn find<'a>(participant: &'a Participant, name: &Ident) -> Option<&'a Reaction> {
    let mut reactions = participant.reactions.iter();
    reactions.find(|reaction| reaction.ident == *name)
}

fn hint(participant: &Participant, name: &Ident, otherwise: impl Fn() -> String) -> String {
    let known = participant.reactions.iter();
    let known: Vec<String> = known
        .map(|reaction| names::plain(&reaction.ident))
        .collect();
    match nearest(&names::plain(name), known.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => otherwise(),
    }
}

pub(super) fn check_after(errors: &mut Errors, participant: &Participant) {
    for reaction in &participant.reactions {
        let Some(after) = &reaction.after else {
            continue;
        };
        let (name, method) = (&reaction.ident, &after.method);
        if roles::action_of(participant, reaction).is_some() {
            let message = format_args!(
                "`{name}` compensates, and undoes what is there whenever it comes; remove `after = {method}`"
            );
            errors.error(method, message);
            continue;
        }
        match find(participant, method) {
            Some(before) => check_before(errors, participant, reaction, method, before),
            None if participant.complete => {
                let hint = hint(participant, method, || {
                    "write the name of one of its own methods".to_owned()
                });
                let message = format_args!(
                    "participant `{}` has no method `{method}`; {hint}",
                    participant.ident
                );
                errors.error(method, message);
            }
            None => {}
        }
    }
}

fn check_before(
    errors: &mut Errors, participant: &Participant, reaction: &Reaction, method: &Ident,
    before: &Reaction,
) {
    let name = &reaction.ident;
    if before.ident == reaction.ident {
        let message = format_args!("`{name}` cannot come after itself; name another method");
        errors.error(method, message);
    } else if is_each(before) {
        let message = format_args!(
            "`{method}` acts for each event, so when it has taken effect is not known; name a method without `each`"
        );
        errors.error(method, message);
    } else if roles::action_of(participant, before).is_some() {
        let message = format_args!(
            "`{method}` compensates, so `{name}` would wait for a failure; react to what `{method}` publishes instead"
        );
        errors.error(method, message);
    }
}

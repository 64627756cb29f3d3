//! Whether each method takes what there is for it to take.

use quote::ToTokens;

use crate::check::{same, text};
use crate::choreography::ir::{Choreography, Participant, Reaction, ReactionParam, Start};
use crate::choreography::roles::{self, Source};
use crate::errors::{Errors, choices};

pub(super) fn check_params(
    errors: &mut Errors, choreography: &Choreography, participant: &Participant,
    reaction: &Reaction,
) {
    // What is misspelt has been said, and might fit.
    let is_known = |reaction: &Reaction| roles::has_known_events(choreography, reaction);
    if !is_known(reaction) {
        return;
    }
    match (roles::action_of(participant, reaction), &reaction.start) {
        (Some(action), Start::On(_)) if is_known(action) => {
            check_compensation(errors, action, reaction);
        }
        (Some(_), _) => {}
        // It may be meant as a compensation.
        (None, _) if reaction.kind.is_none() => {}
        (None, Start::Command) => check_command(errors, reaction),
        (None, Start::On(_)) => check_reaction(errors, reaction),
    }
}

fn check_command(errors: &mut Errors, reaction: &Reaction) {
    let name = &reaction.ident;
    match reaction.params.as_slice() {
        [_] => {}
        [] => {
            let message = format_args!(
                "command `{name}` takes what the saga begins with; write `tx: &mut Tx, cmd: Input`"
            );
            errors.error(name, message);
        }
        [_, second, ..] => {
            let message = format_args!(
                "command `{name}` takes one value after `tx`; put both into one struct"
            );
            errors.error(&second.param.ident, message);
        }
    }
}

fn check_reaction(errors: &mut Errors, reaction: &Reaction) {
    let name = &reaction.ident;
    let Some(event) = roles::the_event(reaction) else {
        let has_several = matches!(&reaction.start, Start::On(events) if events.len() > 1);
        if let [param, ..] = reaction.params.as_slice()
            && has_several
        {
            let message = format_args!(
                "several events lead to `{name}`, so it takes none of them; remove this, or write a reaction for each"
            );
            errors.error(&param.param.ident, message);
        }
        return;
    };
    let [param, rest @ ..] = reaction.params.as_slice() else {
        return;
    };
    if !same(&event, &roles::local(&param.param.owned)) {
        let message = format_args!("`{name}` reacts to `{event}`; write `&{event}`");
        errors.at(param.ty_span, message);
    }
    if let [second, ..] = rest {
        let message = format_args!("`{name}` takes its event and no more; remove this");
        errors.error(&second.param.ident, message);
    }
}

/// Whether the parameter is of an event that leads to the method.
fn leads_here(reaction: &Reaction, param: &ReactionParam) -> bool {
    let Start::On(events) = &reaction.start else {
        return false;
    };
    let taken = roles::local(&param.param.owned);
    events
        .iter()
        .any(|event| same(&event.to_token_stream(), &taken))
}

/// A compensation's parameters are known by their types.
fn check_compensation(errors: &mut Errors, action: &Reaction, reaction: &Reaction) {
    let (name, action_name) = (&reaction.ident, &action.ident);
    let sources = roles::sources(action, reaction);
    let mut taken: Vec<(Source, &ReactionParam)> = Vec::new();
    for param in &reaction.params {
        let ident = &param.param.ident;
        match roles::sources_of(&sources, param).as_slice() {
            [source] => {
                if let Some((_, first)) = taken.iter().find(|(taken, _)| taken == source) {
                    let message = format_args!(
                        "`{}` and `{ident}` are both {}; remove one",
                        first.param.ident,
                        source.describe(&action_name.to_string())
                    );
                    errors.error(ident, message);
                }
                taken.push((*source, param));
            }
            [] => {
                let why = if leads_here(reaction, param) {
                    "one of several events that lead here".to_owned()
                } else {
                    format!(
                        "nothing that `{action_name}` took or published, nor the event that leads here"
                    )
                };
                let types = sources.iter().map(|(_, ty)| text(ty));
                let message = format_args!(
                    "compensation `{name}` takes `{ident}`, which is {why}; take any of {}",
                    choices(types)
                );
                errors.at(param.ty_span, message);
            }
            [one, other, ..] => {
                let message = format_args!(
                    "`{ident}` may be {} or {}, which have one type; give one of them a type of its own, or leave it out",
                    one.describe(&action_name.to_string()),
                    other.describe(&action_name.to_string())
                );
                errors.at(param.ty_span, message);
            }
        }
    }
}

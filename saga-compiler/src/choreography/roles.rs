//! What the methods of a trait are to each other: which one compensates which, and what it takes from there.

use proc_macro2::TokenStream;

use super::ir::{Kind, Participant, Reaction, ReactionErrorKind, Start};
use super::{contract, ir};
use crate::check::{same, text};
use crate::names;

/// `stock.reserve`
pub(crate) fn name(participant: &Participant, reaction: &Reaction) -> String {
    names::step_state(&participant.name, &names::plain(&reaction.ident))
}

/// The action that a method compensates.
pub(crate) fn action_of<'a>(
    participant: &'a Participant, reaction: &Reaction,
) -> Option<&'a Reaction> {
    let mut reactions = participant.reactions.iter();
    reactions.find(|action| match &action.kind {
        Some(Kind::Compensatable(name)) => *name == reaction.ident && action.ident != *name,
        _ => false,
    })
}

/// Whether every action names another method that may compensate it; one that is misspelt may mean any.
pub(crate) fn has_all_compensations(participant: &Participant) -> bool {
    participant.reactions.iter().all(|action| {
        let Some(Kind::Compensatable(name)) = &action.kind else {
            return true;
        };
        let mut reactions = participant.reactions.iter();
        reactions.any(|reaction| {
            let is_on = matches!(reaction.start, Start::On(_));
            reaction.ident == *name && action.ident != *name && is_on
        })
    })
}

/// What becomes of its effect when the saga fails, as the contract says it.
pub(crate) fn kind(participant: &Participant, reaction: &Reaction) -> contract::Kind {
    match &reaction.kind {
        Some(Kind::Compensatable(_)) => contract::Kind::Compensatable,
        Some(Kind::Pivot) => contract::Kind::Pivot,
        Some(Kind::Retriable) => contract::Kind::Retriable,
        None if action_of(participant, reaction).is_some() => contract::Kind::Compensation,
        // Where nothing was said, that is reported.
        Some(Kind::Observer) | None => contract::Kind::Observer,
    }
}

/// The type that a method's rejections have, if it can be rejected.
pub(crate) fn rejection<'a>(
    choreography: &'a ir::Choreography, reaction: &Reaction,
) -> Option<&'a ir::ErrorType> {
    let ReactionErrorKind::Type(index) = reaction.error.kind else {
        return None;
    };
    let error = &choreography.errors[index];
    let may_reject = match &error.variants {
        Some(variants) => variants.iter().any(|variant| !variant.transient),
        None => true,
    };
    may_reject.then_some(error)
}

/// What a parameter of a compensation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// The event that leads to it.
    Trigger,
    /// What its action took.
    Input,
    /// What its action returned.
    Output,
}

impl Source {
    /// As messages call it; `action` is the method's name.
    pub(crate) fn describe(self, action: &str) -> String {
        match self {
            Self::Trigger => "the event that leads to it".to_owned(),
            Self::Input => format!("what `{action}` took"),
            Self::Output => format!("what `{action}` published"),
        }
    }
}

/// What a compensation may take, each with its type.
pub(crate) fn sources(action: &Reaction, compensation: &Reaction) -> Vec<(Source, TokenStream)> {
    let trigger = the_event(compensation).map(|ty| (Source::Trigger, ty));
    let input = input(action).map(|ty| (Source::Input, ty));
    let output = output(action).map(|ty| (Source::Output, ty));
    trigger.into_iter().chain(input).chain(output).collect()
}

/// What each of a compensation's parameters is: all that its type fits, of which there must be one.
pub(crate) fn sources_of(
    sources: &[(Source, TokenStream)], param: &ir::ReactionParam,
) -> Vec<Source> {
    let taken = local(&param.param.owned);
    let fitting = sources.iter().filter(|(_, ty)| same(ty, &taken));
    fitting.map(|(source, _)| *source).collect()
}

/// Whether all events that a method names are the module's.
pub(crate) fn has_known_events(choreography: &ir::Choreography, reaction: &Reaction) -> bool {
    let triggers = match &reaction.start {
        Start::On(events) => events.as_slice(),
        Start::Command => &[],
    };
    let returned = reaction.output.published.iter();
    let mut events = triggers
        .iter()
        .chain(returned.map(|published| &published.event));
    events.all(|event| {
        let mut known = choreography.events.iter();
        known.any(|known| known.ident == *event)
    })
}

/// The one event that leads to a reaction.
pub(crate) fn the_event(reaction: &Reaction) -> Option<TokenStream> {
    match &reaction.start {
        Start::On(events) => match events.as_slice() {
            [event] => Some(quote::quote!(#event)),
            _ => None,
        },
        Start::Command => None,
    }
}

/// The type of what an action takes, as its record keeps it: its one event, or the command's input.
pub(crate) fn input(action: &Reaction) -> Option<TokenStream> {
    match &action.start {
        Start::On(_) => the_event(action),
        Start::Command => {
            let param = action.params.first()?;
            Some(local(&param.param.owned))
        }
    }
}

/// The one event that an action returns.
fn output(action: &Reaction) -> Option<TokenStream> {
    match action.output.published.as_slice() {
        [published] if !published.optional => {
            let event = &published.event;
            Some(quote::quote!(#event))
        }
        _ => None,
    }
}

/// `self::OrderPlaced` -> `OrderPlaced`
pub(crate) fn local(ty: &TokenStream) -> TokenStream {
    let text = text(ty);
    let own = text.strip_prefix("self::").map(str::parse);
    match own {
        Some(Ok(own)) => own,
        _ => ty.clone(),
    }
}

//! The IR as a contract. Decides nothing: what it does not find was reported before.

use proc_macro2::Ident;

use super::contract::{Contract, Event, FORMAT, Participant, Reaction, Repeat};
use super::ir::{self, ErrorType, Start};
use super::roles;
use crate::contract::named_types;
use crate::lower::RETRY;
use crate::names;

pub(crate) fn lower(choreography: &ir::Choreography) -> Contract {
    let participants = choreography.participants.iter();
    let mut contract = Contract {
        format: FORMAT,
        name: names::plain(&choreography.ident),
        comment: choreography.comment.clone(),
        events: choreography
            .events
            .iter()
            .map(|event| lower_event(choreography, event))
            .collect(),
        participants: participants
            .map(|participant| lower_participant(choreography, participant))
            .collect(),
        types: Vec::new(),
    };
    let names = contract.events.iter().map(|event| event.name.as_str());
    let inputs = contract.reactions();
    let inputs = inputs.filter_map(|(_, reaction)| reaction.input.as_deref());
    contract.types = named_types(&choreography.declarations, names.chain(inputs).collect());
    contract
}

fn lower_event(choreography: &ir::Choreography, event: &ir::Event) -> Event {
    Event {
        name: names::plain(&event.ident),
        comment: event.comment.clone(),
        terminal: event.terminal.is_some(),
        failure: event.failure.is_some() || rejecter(choreography, &event.ident).is_some(),
        fields: fields(choreography, &event.ident),
    }
}

/// Whose `Err` a type stands in.
pub(super) fn rejecter<'a>(
    choreography: &'a ir::Choreography, event: &Ident,
) -> Option<(&'a ir::Participant, &'a ir::Reaction)> {
    let mut reactions = reactions(choreography);
    reactions.find(|(_, reaction)| match reaction.error.kind {
        ir::ReactionErrorKind::Type(index) => choreography.errors[index].ident == *event,
        ir::ReactionErrorKind::Retry => false,
    })
}

/// Every reaction, in the order of the contract.
pub(super) fn reactions(
    choreography: &ir::Choreography,
) -> impl Iterator<Item = (&ir::Participant, &ir::Reaction)> {
    choreography.participants.iter().flat_map(|participant| {
        let reactions = participant.reactions.iter();
        reactions.map(move |reaction| (participant, reaction))
    })
}

/// Its fields, or its variants but the transient ones, which are never published.
fn fields(choreography: &ir::Choreography, event: &Ident) -> Vec<String> {
    let name = names::plain(event);
    let mut declarations = choreography.declarations.iter();
    let Some(declaration) = declarations.find(|declaration| declaration.name == name) else {
        return Vec::new();
    };
    let mut errors = choreography.errors.iter();
    let error = errors.find(|error| error.ident == *event);
    let variants = error.and_then(|error| error.variants.as_deref());
    let parts = declaration.parts.iter().enumerate();
    let published = parts.filter(|(index, _)| {
        variants.is_none_or(|variants| {
            variants
                .get(*index)
                .is_none_or(|variant| !variant.transient)
        })
    });
    published.map(|(_, part)| part.clone()).collect()
}

fn lower_participant(
    choreography: &ir::Choreography, participant: &ir::Participant,
) -> Participant {
    let reactions = participant.reactions.iter();
    Participant {
        name: names::plain(&participant.ident),
        prefix: participant.name.clone(),
        comment: participant.comment.clone(),
        reactions: reactions
            .map(|reaction| lower_reaction(choreography, participant, reaction))
            .collect(),
    }
}

fn lower_reaction(
    choreography: &ir::Choreography, participant: &ir::Participant, reaction: &ir::Reaction,
) -> Reaction {
    let of_trait = |method: &Ident| names::step_state(&participant.name, &names::plain(method));
    let (compensation, action) = match &reaction.kind {
        Some(ir::Kind::Compensatable(name)) => (Some(of_trait(name)), None),
        _ => (None, roles::action_of(participant, reaction)),
    };
    let is_command = matches!(reaction.start, Start::Command);
    let input = reaction.params.first().filter(|_| is_command);
    let rejection = roles::rejection(choreography, reaction);
    let is_event = |error: &ErrorType| {
        let mut events = choreography.events.iter();
        events.any(|event| event.ident == error.ident)
    };
    let after = reaction.after.as_ref();
    let (rejections, transients) = error_names(choreography, reaction);
    let (publishes, optional) = published(reaction);
    Reaction {
        name: roles::name(participant, reaction),
        comment: reaction.comment.clone(),
        command: is_command,
        on: match &reaction.start {
            Start::Command => Vec::new(),
            Start::On(events) => events.iter().map(names::plain).collect(),
        },
        input: input.map(|input| input_text(&input.param)),
        kind: roles::kind(participant, reaction),
        compensation,
        compensates: action.map(|action| roles::name(participant, action)),
        publishes,
        optional,
        several: several(choreography, reaction),
        rejects: rejection
            .filter(|error| is_event(error))
            .map(|error| names::plain(&error.ident))
            .into_iter()
            .collect(),
        rejections,
        transients,
        repeat: reaction.repeat.map_or(Repeat::Never, |(repeat, _)| repeat),
        after: after.map(|after| of_trait(&after.method)),
        early: after.map(|after| after.early),
    }
}

/// The decoded type, as the source has it.
fn input_text(param: &crate::ir::Param) -> String {
    let text = names::type_text(param.owned.clone());
    text.replace("::std::string::", "")
        .replace("::std::vec::", "")
}

/// What it publishes, and what of that it may leave out: whether it calls `tx.publish(..)` is its own affair.
fn published(reaction: &ir::Reaction) -> (Vec<String>, Vec<String>) {
    let mut publishes = Vec::new();
    let mut optional = Vec::new();
    for published in &reaction.output.published {
        publishes.push(names::plain(&published.event));
        if published.optional {
            optional.push(names::plain(&published.event));
        }
    }
    for event in &reaction.publishes {
        publishes.push(names::plain(event));
        optional.push(names::plain(event));
    }
    (publishes, optional)
}

/// What it may publish again and again: what it publishes by itself, and nobody takes the second for a mistake.
fn several(choreography: &ir::Choreography, reaction: &ir::Reaction) -> Vec<String> {
    let expects_one = |event: &Ident| {
        let mut others = reactions(choreography);
        others.any(|(participant, other)| {
            let reacts = matches!(&other.start, Start::On(events) if events.contains(event));
            reacts && other.repeat.is_none() && roles::action_of(participant, other).is_none()
        })
    };
    let events = reaction.publishes.iter();
    let events = events.filter(|event| !expects_one(event));
    events.map(names::plain).collect()
}

/// The names of its rejections, and of its transient errors.
fn error_names(
    choreography: &ir::Choreography, reaction: &ir::Reaction,
) -> (Vec<String>, Vec<String>) {
    let ir::ReactionErrorKind::Type(index) = reaction.error.kind else {
        return (Vec::new(), vec![RETRY.to_owned()]);
    };
    let error = &choreography.errors[index];
    let Some(variants) = &error.variants else {
        return (vec![names::plain(&error.ident)], Vec::new());
    };
    let (transients, rejections): (Vec<_>, Vec<_>) =
        variants.iter().partition(|variant| variant.transient);
    let named = |variants: Vec<&crate::ir::ErrorVariant>| {
        let variants = variants.into_iter();
        variants
            .map(|variant| names::error_name(&error.ident, &variant.ident))
            .collect()
    };
    (named(rejections), named(transients))
}

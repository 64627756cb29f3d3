//! Whether every name has a type or a trait behind it that other crates can see, and stands for one thing.

use std::collections::{HashMap, HashSet};

use proc_macro2::Ident;

use crate::check::collect_idents;
use crate::choreography::{ir, lower, roles};
use crate::errors::{Errors, nearest};
use crate::names;

/// Participants' and events' names become those of topics, queues and attributes.
pub(super) fn check_names(errors: &mut Errors, choreography: &ir::Choreography) {
    let mut seen: HashMap<&str, &Ident> = HashMap::new();
    for participant in &choreography.participants {
        let ident = &participant.ident;
        if let Some(first) = seen.insert(&participant.name, ident) {
            let message = format_args!(
                "participants `{first}` and `{ident}` are both `{}` in the names of topics; rename one",
                participant.name
            );
            errors.error(ident, message);
        }
    }
    let participants = choreography.participants.iter();
    let participants = participants.map(|participant| ("participant", &participant.ident));
    let events = choreography
        .events
        .iter()
        .map(|event| ("event", &event.ident));
    let module = [("choreography", &choreography.ident)];
    for (noun, ident) in module.into_iter().chain(participants).chain(events) {
        if !ident.to_string().is_ascii() {
            let message = format_args!(
                "the name of the {noun} `{ident}` becomes one of topics, queues and filters; write it in ASCII"
            );
            errors.error(ident, message);
        }
    }
}

/// Beside the module there is a constant for itself and one for each command.
pub(super) fn check_constants(errors: &mut Errors, choreography: &ir::Choreography) {
    let module = &choreography.ident;
    let mut seen = HashMap::from([(names::saga_const(module), names::plain(module))]);
    for (participant, reaction) in lower::reactions(choreography) {
        if !matches!(reaction.start, ir::Start::Command) {
            continue;
        }
        let constant = names::command_const(&participant.name, &reaction.ident);
        let name = roles::name(participant, reaction);
        let message = seen.get(&constant).map(|first| {
            format!(
                "the constants of `{first}` and `{name}` are both called `{constant}`; rename one"
            )
        });
        match message {
            Some(message) => errors.error(&reaction.ident, message),
            None => drop(seen.insert(constant, name)),
        }
    }
}

/// What crosses from one service to another is public, and JSON.
pub(super) fn check_types(errors: &mut Errors, choreography: &ir::Choreography) {
    for participant in &choreography.participants {
        if !participant.public {
            let name = &participant.ident;
            let message = format_args!(
                "participant `{name}` is private, but the crate that implements it must see it; write `pub trait {name}`"
            );
            errors.error(name, message);
        }
    }
    let mut sent: HashSet<String> = HashSet::new();
    sent.extend(
        choreography
            .events
            .iter()
            .map(|event| event.ident.to_string()),
    );
    let mut returned: HashSet<String> = HashSet::new();
    for (_, reaction) in lower::reactions(choreography) {
        if matches!(reaction.start, ir::Start::Command) {
            for param in &reaction.params {
                collect_idents(&param.param.owned, &mut sent);
            }
        }
        if let ir::ReactionErrorKind::Type(index) = reaction.error.kind {
            returned.insert(choreography.errors[index].ident.to_string());
        }
    }
    for ty in &choreography.types {
        let name = &ty.ident;
        let is_sent = sent.contains(&name.to_string());
        if !ty.public && (is_sent || returned.contains(&name.to_string())) {
            let message = format_args!(
                "`{name}` is private, but the crates that share the choreography must see it; write `pub` before it"
            );
            errors.error(name, message);
        }
        if is_sent && !ty.has_json {
            let message = format_args!(
                "`{name}` goes from one service to another as JSON; write `#[derive(Serialize, Deserialize)]`"
            );
            errors.error(name, message);
        }
    }
    check_errors(errors, choreography, &returned);
}

fn check_errors(errors: &mut Errors, choreography: &ir::Choreography, returned: &HashSet<String>) {
    let is_complete = choreography
        .participants
        .iter()
        .all(|participant| participant.complete);
    for error in &choreography.errors {
        let name = &error.ident;
        let is_returned = returned.contains(&name.to_string());
        if is_returned && names::RESERVED_ERROR_PREFIXES.contains(&names::plain(name).as_str()) {
            let message = format_args!(
                "errors named `{name}` are not a participant's to report, they are Lambda's or the runtime's; call the type something else"
            );
            errors.error(name, message);
        }
        let mut variants = error.variants.iter().flatten();
        if let Some(variant) = variants.find(|variant| variant.transient)
            && !is_returned
            && is_complete
        {
            let message = format_args!(
                "no method fails with `{name}`, so `#[transient]` has nothing tried again; remove it, or write `Result<_, {name}>` at a method"
            );
            errors.error(&variant.ident, message);
        }
    }
}

/// Every event that is mentioned is one, and means one thing.
pub(super) fn check_events(errors: &mut Errors, choreography: &ir::Choreography) {
    for (participant, reaction) in lower::reactions(choreography) {
        if let ir::Start::On(events) = &reaction.start {
            for event in events {
                check_event(errors, choreography, event);
            }
        }
        let mut published: Vec<&Ident> = Vec::new();
        let returned = reaction.output.published.iter();
        let returned = returned.map(|published| &published.event);
        for event in returned.chain(&reaction.publishes) {
            if published.contains(&event) {
                let message = format_args!(
                    "`{event}` is published twice here, and who reacts to it would take the second for a mistake; keep one"
                );
                errors.error(event, message);
            }
            published.push(event);
            check_event(errors, choreography, event);
            if let Some((other, rejected)) = lower::rejecter(choreography, event) {
                let own = roles::name(participant, reaction);
                let message = format_args!(
                    "`{event}` means success in `{own}` and failure in `{}`, where it stands in `Err`; write an event each",
                    roles::name(other, rejected)
                );
                errors.error(event, message);
            }
        }
    }
}

fn check_event(errors: &mut Errors, choreography: &ir::Choreography, name: &Ident) {
    if choreography.events.iter().any(|event| event.ident == *name) {
        return;
    }
    if choreography.types.iter().any(|ty| ty.ident == *name) {
        let message = format_args!("`{name}` is no event; write `#[event]` on it");
        errors.error(name, message);
        return;
    }
    let known = choreography.events.iter();
    let known: Vec<String> = known.map(|event| names::plain(&event.ident)).collect();
    let hint = match nearest(&names::plain(name), known.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("write `#[event] pub struct {name} {{ .. }}` here"),
    };
    errors.error(
        name,
        format_args!("this module has no event `{name}`; {hint}"),
    );
}

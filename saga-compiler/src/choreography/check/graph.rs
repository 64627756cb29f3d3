//! The shape of the graph: every event has a beginning and an end, nothing goes round, and a command leads everywhere.

use std::collections::HashSet;

use proc_macro2::{Ident, Span};

use crate::choreography::contract::Contract;
use crate::choreography::ir::{self, Reaction, ReactionErrorKind, Start};
use crate::choreography::lower;
use crate::choreography::runs::Graph;
use crate::errors::{Errors, choices};

/// The graph, with the places in the source of what its indices mean.
pub(super) struct Sources<'a> {
    pub(super) choreography: &'a ir::Choreography,
    pub(super) graph: Graph,
    pub(super) reactions: Vec<&'a Reaction>,
}

impl<'a> Sources<'a> {
    pub(super) fn of(choreography: &'a ir::Choreography, contract: &Contract) -> Self {
        let reactions = lower::reactions(choreography);
        Self {
            choreography,
            graph: Graph::of(contract),
            reactions: reactions.map(|(_, reaction)| reaction).collect(),
        }
    }

    fn event(&self, event: usize) -> &'a ir::Event {
        &self.choreography.events[event]
    }

    pub(super) fn event_name(&self, event: usize) -> &str {
        &self.graph.events[event].name
    }

    pub(super) fn name(&self, reaction: usize) -> &str {
        &self.graph.reactions[reaction].name
    }

    /// The first variant of an event that methods fail with, if all of them are tried again.
    fn never_published(&self, event: &Ident) -> Option<&'a Ident> {
        let errors = &self.choreography.errors;
        let index = errors.iter().position(|error| error.ident == *event)?;
        let mut reactions = self.reactions.iter();
        reactions.find(
            |each| matches!(each.error.kind, ReactionErrorKind::Type(kind) if kind == index),
        )?;
        let variants = errors[index].variants.as_ref()?;
        let are_all = variants.iter().all(|variant| variant.transient);
        variants
            .first()
            .filter(|_| are_all)
            .map(|variant| &variant.ident)
    }

    /// Where a reaction's `#[on(..)]` names an event.
    pub(super) fn trigger(&self, reaction: usize, event: usize) -> Span {
        let name = &self.event(event).ident;
        let reaction = self.reactions[reaction];
        let same = |word: &&Ident| *word == name;
        match &reaction.start {
            Start::On(events) => events.iter().find(same).unwrap_or(&reaction.ident).span(),
            Start::Command => reaction.ident.span(),
        }
    }

    fn names(&self, reactions: impl Iterator<Item = usize>) -> String {
        choices(reactions.map(|reaction| self.name(reaction)))
    }
}

/// What is consumed is published, and what is published is consumed, or terminal.
pub(super) fn check_ends(errors: &mut Errors, sources: &Sources<'_>) {
    let graph = &sources.graph;
    for index in 0..graph.events.len() {
        let event = sources.event(index);
        let name = &event.ident;
        let is_published = graph.publishers(index).next().is_some();
        let consumers: Vec<usize> = graph.consumers(index).collect();
        if !is_published && let Some(transient) = sources.never_published(name) {
            let message = format_args!(
                "all variants of `{name}` are `#[transient]`, so it is tried again and never published; remove `#[transient]` from what is final"
            );
            errors.error(transient, message);
            continue;
        }
        for consumer in consumers.iter().filter(|_| !is_published) {
            let message = format_args!(
                "`{}` reacts to `{name}`, which nobody publishes; return it from a method, or remove it here",
                sources.name(*consumer)
            );
            errors.at(sources.trigger(*consumer, index), message);
        }
        match (event.terminal, consumers.as_slice()) {
            (None, []) if is_published => {
                let message = format_args!(
                    "nobody reacts to `{name}`, which {} publishes; write `#[on({name}, ..)]` on a method, or `#[event(terminal)]` here",
                    sources.names(graph.publishers(index))
                );
                errors.error(name, message);
            }
            (_, []) if !is_published => {
                let message = format_args!(
                    "nobody publishes `{name}`, and nobody reacts to it; return it from a method, or remove it"
                );
                errors.error(name, message);
            }
            (Some(terminal), [_, ..]) => {
                let message = format_args!(
                    "`{name}` is terminal, but {} reacts to it; remove `terminal`",
                    sources.names(consumers.iter().copied())
                );
                errors.at(terminal, message);
            }
            _ => {}
        }
    }
}

/// Whether there is a command, without which nothing else needs to be said.
pub(super) fn has_command(errors: &mut Errors, sources: &Sources<'_>) -> bool {
    let mut reactions = sources.reactions.iter();
    let has_command = reactions.any(|reaction| matches!(reaction.start, Start::Command));
    if !has_command {
        let name = &sources.choreography.ident;
        let message = format_args!(
            "choreography `{name}` has no command, so nothing begins a saga; write `#[command(..)]` on a method of a participant"
        );
        errors.error(name, message);
    }
    has_command
}

pub(super) fn check_cycles(errors: &mut Errors, sources: &Sources<'_>) {
    let graph = &sources.graph;
    if let Some(cycle) = graph.cycle() {
        report_cycle(errors, sources, &cycle);
    } else if let Err(cycle) = graph.order() {
        let first = cycle.first().copied().unwrap_or_default();
        let message = format_args!(
            "{} wait for each other, through events, `after = ..` or a compensation that comes after its action; remove one of these",
            sources.names(cycle.iter().copied())
        );
        errors.error(&sources.reactions[first].ident, message);
    }
}

fn report_cycle(errors: &mut Errors, sources: &Sources<'_>, cycle: &[usize]) {
    let graph = &sources.graph;
    let mut events = Vec::new();
    for (place, reaction) in cycle.iter().enumerate() {
        let next = cycle[(place + 1) % cycle.len()];
        let on = &graph.reactions[next].on;
        events.extend(graph.published(*reaction).find(|event| on.contains(event)));
    }
    let Some((&last, &first)) = events.last().zip(cycle.first()) else {
        return;
    };
    let mut names = vec![sources.event_name(last)];
    names.extend(events.iter().map(|event| sources.event_name(*event)));
    let names = names.join(" -> ");
    let span = sources.trigger(first, last);
    if is_reached(sources, first) {
        let message = format_args!(
            "`{names}` goes round for ever; publish another event at one of these, or remove one of the reactions"
        );
        errors.at(span, message);
    } else {
        let message = format_args!(
            "no command leads to `{names}`, of which each is published because of the one before; let a command publish one, and another event end the round"
        );
        errors.at(span, message);
    }
}

/// Whether a command leads there.
fn is_reached(sources: &Sources<'_>, reaction: usize) -> bool {
    let graph = &sources.graph;
    let is_command = |index: &usize| matches!(sources.reactions[*index].start, Start::Command);
    let mut next: Vec<usize> = (0..graph.reactions.len()).filter(is_command).collect();
    let mut reached: HashSet<usize> = next.iter().copied().collect();
    while let Some(index) = next.pop() {
        for event in graph.published(index) {
            next.extend(
                graph
                    .consumers(event)
                    .filter(|index| reached.insert(*index)),
            );
        }
    }
    reached.contains(&reaction)
}

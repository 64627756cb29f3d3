//! A choreography as a graph: who reacts to which event, and what follows from what. Knows no store and no message.

use std::collections::BTreeSet;

use saga_runtime::{Choreography, ReactionInfo};
use serde::Deserialize;

/// Who reacts to what.
#[derive(Clone, Debug)]
pub(crate) struct Graph {
    pub(crate) name: &'static str,
    pub(crate) reactions: &'static [ReactionInfo],
    failures: BTreeSet<String>,
}

/// What only the contract says of an event.
#[derive(Deserialize)]
struct Contract {
    #[serde(default)]
    events: Vec<EventOf>,
}

#[derive(Deserialize)]
struct EventOf {
    name: String,
    #[serde(default)]
    failure: bool,
}

impl Graph {
    pub(crate) fn of(choreography: &Choreography) -> Self {
        let reactions = choreography.reactions();
        let mut failures: BTreeSet<String> = BTreeSet::new();
        for info in reactions {
            failures.extend(info.rejects.iter().map(|event| (*event).to_owned()));
        }
        // An event that is published as an output may mean failure too; a contract that does not say so says nothing.
        let contract: Contract = serde_json::from_str(choreography.contract())
            .unwrap_or(Contract { events: Vec::new() });
        let declared = contract.events.into_iter().filter(|event| event.failure);
        failures.extend(declared.map(|event| event.name));
        Self {
            name: choreography.name(),
            reactions,
            failures,
        }
    }

    pub(crate) fn reaction(&self, name: &str) -> Option<&'static ReactionInfo> {
        self.reactions.iter().find(|info| info.name == name)
    }

    /// The reactions to an event, in the order of their declaration.
    pub(crate) fn reacting(&self, event: &str) -> impl Iterator<Item = &'static ReactionInfo> {
        let on = move |info: &&ReactionInfo| info.on.contains(&event);
        self.reactions.iter().filter(on)
    }

    /// Whether the event means that the saga fails.
    pub(crate) fn is_failure(&self, event: &str) -> bool {
        self.failures.contains(event)
    }

    /// Whether the compensation can only be due after another one, where these events came to be: those that lead to it are
    /// published by that one alone.
    pub(crate) fn waits_for(
        &self, compensation: &ReactionInfo, other: &ReactionInfo, came: impl Fn(&str) -> bool,
    ) -> bool {
        let by_other = |event: &&'static str| {
            let mut sources = self
                .reactions
                .iter()
                .filter(|info| info.publishes.contains(event) || info.rejects.contains(event));
            sources.all(|source| source.name == other.name)
        };
        let mut led = compensation
            .on
            .iter()
            .filter(|event| came(event))
            .peekable();
        compensation.name != other.name && led.peek().is_some() && led.all(by_other)
    }
}

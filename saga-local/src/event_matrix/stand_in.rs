//! Participants made of a choreography's graph alone: each reaction leaves a mark and publishes what it declares, and its
//! compensation takes the mark away. They know no business, so that what runs is the choreography and the barrier.

use std::collections::{BTreeMap, BTreeSet};
use std::future::{Ready, ready};
use std::iter::repeat_n;

use saga_runtime::__private::{ConsumerBuilder, Outgoing, React};
use saga_runtime::{
    Choreography, Consumer, MemoryStore, Publish, ReactionInfo, ReactionKind, Retry, Table, Tx,
};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use super::sample::sample;
use crate::bus::{check_optional, check_published};
use crate::error::Error;
use crate::matrix::World;

/// Participants made of a choreography's graph alone, for one that nobody has written services for yet.
///
/// Each reaction leaves a mark in its participant's database and publishes every event that it declares, and twice what it may
/// publish several times; its compensation takes the mark away. The events' data is the simplest that their schemas allow, or what [`event`](Self::event) gives.
///
/// # Example
///
/// ```
/// # use saga_local::{Error, EventMatrix, EventStandIns};
/// # use saga_runtime::{Choreography, Command};
/// # async fn test(events: Choreography, place: Command<String>) -> Result<(), Error> {
/// let participants = EventStandIns::of(events);
/// let matrix = EventMatrix::new(events, participants.worlds()?).send("an order", &place, &"o-1".to_owned());
/// matrix.run().await.assert_consistent();
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct EventStandIns {
    choreography: Choreography,
    data: BTreeMap<String, Value>,
    /// Those whose data was given.
    given: BTreeSet<String>,
    without: BTreeSet<String>,
}

impl EventStandIns {
    /// Stand-ins for every participant of the choreography.
    pub fn of(choreography: Choreography) -> Self {
        let asyncapi: Value = serde_json::from_str(choreography.asyncapi()).unwrap_or_default();
        let mut data = BTreeMap::new();
        for info in choreography.reactions() {
            for event in info.publishes {
                data.insert((*event).to_owned(), sample(&asyncapi, event));
            }
        }
        Self {
            choreography,
            data,
            given: BTreeSet::new(),
            without: BTreeSet::new(),
        }
    }

    /// What an event says, always: as its participant would write it in JSON.
    #[must_use]
    pub fn event(mut self, event: &str, data: Value) -> Self {
        self.data.insert(event.to_owned(), data);
        self.given.insert(event.to_owned());
        self
    }

    /// Leaves out an event that its method may do without: an `Option` that is `None`.
    #[must_use]
    pub fn without(mut self, event: &str) -> Self {
        self.without.insert(event.to_owned());
        self
    }

    /// Makes a fresh world for each case, for [`EventMatrix::new`](crate::EventMatrix::new).
    ///
    /// # Errors
    ///
    /// [`event`](Self::event) or [`without`](Self::without) names an event that nobody publishes, or that nobody may do without.
    pub fn worlds(self) -> Result<impl Fn() -> Ready<World>, Error> {
        self.check()?;
        Ok(move || ready(World::of(self.participants())))
    }

    /// The participants by themselves, for a [`Bus`](crate::Bus).
    ///
    /// # Errors
    ///
    /// As of [`worlds`](Self::worlds).
    pub fn consumers(&self) -> Result<Vec<Consumer>, Error> {
        self.check()?;
        Ok(self.participants())
    }

    fn check(&self) -> Result<(), Error> {
        let reactions = self.choreography.reactions();
        for event in &self.given {
            check_published(reactions, event)?;
        }
        for event in &self.without {
            check_optional(reactions, event)?;
        }
        Ok(())
    }

    fn participants(&self) -> Vec<Consumer> {
        let reactions = self.choreography.reactions();
        let mut named: Vec<&str> = Vec::new();
        let mut consumers = Vec::new();
        for info in reactions {
            if !named.contains(&info.participant) {
                named.push(info.participant);
                consumers.push(self.participant(info));
            }
        }
        consumers
    }

    fn participant(&self, of: &'static ReactionInfo) -> Consumer {
        let prefix = of
            .name
            .split_once('.')
            .map_or(of.name, |(prefix, _)| prefix);
        let mut builder = ConsumerBuilder::new(of.participant, prefix, MemoryStore::new());
        let own = self.choreography.reactions().iter();
        for info in own.filter(|info| info.participant == of.participant) {
            builder = builder.reaction(info, self.react(info));
        }
        builder.build()
    }

    fn react(&self, info: &'static ReactionInfo) -> React {
        let says = self.says(info);
        // In their places, or else the closures' lifetimes are not inferred.
        if info.kind == ReactionKind::Compensation {
            let undone = info.counterpart.unwrap_or(info.name);
            return React::compensation::<IgnoredAny, IgnoredAny, IgnoredAny, Says>(
                move |tx: &mut Tx, _, _, _| {
                    let mark = format!("{} {undone}", tx.saga());
                    tx.delete(&MARKS, mark);
                    let says = says.clone();
                    Box::pin(ready(Ok(says)))
                },
            );
        }
        if info.on.is_empty() {
            return React::command::<Value, Says, Retry>(move |tx: &mut Tx, _| {
                let says = mark(tx, info.name, &says);
                Box::pin(ready(Ok(says)))
            });
        }
        React::event::<IgnoredAny, Says, Retry>(move |tx: &mut Tx, _| {
            let says = mark(tx, info.name, &says);
            Box::pin(ready(Ok(says)))
        })
    }

    fn says(&self, info: &ReactionInfo) -> Says {
        let published = info
            .publishes
            .iter()
            .filter(|event| !(info.optional.contains(event) && self.without.contains(**event)));
        let says = published.flat_map(|event| {
            let data = self.data.get(*event).cloned().unwrap_or_default();
            let times = if info.several.contains(event) { 2 } else { 1 };
            repeat_n(((*event).to_owned(), data), times)
        });
        Says(says.collect())
    }
}

/// Counts how often it was done: a reaction that is done twice leaves another mark.
fn mark(tx: &mut Tx, reaction: &str, says: &Says) -> Says {
    let mark = format!("{} {reaction}", tx.saga());
    tx.update(&MARKS, mark).add("times", 1);
    says.clone()
}

#[derive(Serialize, Deserialize)]
struct Mark {
    step: String,
    times: u32,
}

const MARKS: Table<Mark> = Table::new("marks", "step");

/// Events without a type of Rust's.
#[derive(Clone, Debug)]
struct Says(Vec<(String, Value)>);

impl Publish for Says {
    fn publish(&self, tx: &mut Tx) {
        for (event, data) in &self.0 {
            tx.publish_raw(Outgoing::raw(event, data.clone()));
        }
    }
}

impl Serialize for Says {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [(_, data)] => data.serialize(serializer),
            _ => serializer.serialize_unit(),
        }
    }
}

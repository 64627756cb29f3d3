//! Runs one case of a choreography in a world of its own, and gathers what is known of it afterwards. Judges nothing.

use std::sync::Arc;

use saga_runtime::{Choreography, Failure};
use serde_json::Value;

use super::site::{Injection, Site, sites};
use crate::bus::{Bus, Happening, Letter, Outcome, Records, end, report};
use crate::error::Error;
use crate::matrix::{End, Problem, Snapshot, World};

/// The saga's id in every case.
pub(super) const SAGA: &str = "case";

/// What all cases of a matrix have in common.
pub(super) struct Subject {
    pub(super) choreography: Choreography,
    pub(super) ignored: Vec<String>,
    /// Events that do not get to a participant.
    pub(super) cuts: Vec<(String, String)>,
    pub(super) max_receives: Option<u32>,
}

/// A command, and the payload that it is sent with.
#[derive(Clone, Debug)]
pub(super) struct Sending {
    pub(super) command: &'static str,
    pub(super) payload: Value,
}

/// An event that was committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Committed {
    pub(super) id: String,
    pub(super) name: String,
    /// The event that led to it, or the command.
    pub(super) cause: String,
}

/// What is known of a case that was run.
pub(super) struct Evidence {
    pub(super) end: End,
    pub(super) events: Vec<Committed>,
    pub(super) records: Records,
    pub(super) log: Vec<Happening>,
    pub(super) letters: Vec<Letter>,
    pub(super) before: Snapshot,
    pub(super) after: Snapshot,
    pub(super) sites: Vec<Site>,
    /// How many dead letters were redriven, once the faults were gone.
    pub(super) redriven: usize,
    pub(super) broken: Vec<Problem>,
}

impl Subject {
    pub(super) async fn run(
        &self, world: World, sending: &Sending, injections: &[Injection], seed: u64,
    ) -> Result<Evidence, Error> {
        let before = world.look(&self.ignored);
        let mut bus = self.bus(&world, injections, seed);
        match bus
            .send_payload(sending.command, sending.payload.clone())
            .await
        {
            Err(error) if !error.is_command_failed() => return Err(error),
            Ok(_) | Err(_) => {}
        }
        bus.settle().await;
        let mut redriven = 0;
        if bus.dead_letters() > 0 && is_worn_out(&bus, injections) {
            redriven = bus.redrive();
            bus.settle().await;
        }
        let end = end(&bus, SAGA);
        let text = |event: &Value, name: &str| {
            let text = event.get(name).and_then(Value::as_str);
            text.unwrap_or_default().to_owned()
        };
        let events = bus.events().map(|event| Committed {
            id: text(event, "id"),
            name: text(event, "type"),
            cause: text(event, "causationid"),
        });
        Ok(Evidence {
            events: events.collect(),
            records: bus.records(),
            letters: bus.letters(),
            before,
            after: world.look(&self.ignored),
            sites: sites(bus.log(), bus.graph()),
            log: bus.log().to_vec(),
            redriven,
            broken: world.broken(&end),
            end,
        })
    }

    fn bus(&self, world: &World, injections: &[Injection], seed: u64) -> Bus {
        let mut bus = Bus::new(self.choreography).seed(seed);
        if let Some(count) = self.max_receives {
            bus = bus.max_receives(count);
        }
        for consumer in &world.consumers {
            bus = bus.with(consumer.clone());
        }
        for topic in &world.topics {
            bus = bus.listen(topic);
        }
        for (event, participant) in &self.cuts {
            bus = bus.cut(event, participant);
        }
        for injection in injections {
            bus = bus.fault(injection.site.place(), injection.plan());
        }
        let (world, ignored) = (Arc::new(world.clone()), self.ignored.clone());
        bus.watched(move || world.look(&ignored))
    }
}

/// Whether the faults alone are enough for a dead letter, with the waiting for what they held up.
fn is_worn_out(bus: &Bus, injections: &[Injection]) -> bool {
    let strikes = injections.iter().map(Injection::strikes);
    let strikes = strikes.fold(0, u32::saturating_add);
    let waits = bus.log().iter().filter(|happening| {
        happening.fault.is_none() && happening.outcome == Outcome::Failed(Failure::BUSY.to_owned())
    });
    let waits = u32::try_from(waits.count()).unwrap_or(u32::MAX);
    strikes > 0 && strikes.saturating_add(waits) >= bus.receives()
}

impl Evidence {
    /// Whether the rejection took place. It does not where the reaction was met by another fault first, and took effect, or where
    /// its compensation came before.
    pub(super) fn was_rejected(&self, injection: &Injection) -> bool {
        let moves = self.log.iter().flat_map(|happening| &happening.moves);
        let mut rejected = moves.filter(|moved| moved.to == "REJECTED");
        rejected.any(|moved| moved.key.reaction == injection.site.place())
    }

    /// What happened, in order.
    pub(super) fn path(&self) -> Vec<String> {
        let steps = self.log.iter().filter(|happening| !happening.to.is_empty());
        let steps = steps
            .map(|happening| format!("{}: {}", report::place(happening), report::what(happening)));
        steps.collect()
    }
}

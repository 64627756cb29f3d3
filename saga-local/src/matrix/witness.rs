//! Looks on while deliveries are at work, and notes which of them changed something. Judges nothing.

use std::sync::{Arc, Mutex};

use crate::delivery::Delivery;
use crate::lock;
use crate::services::Witness;

use super::world::{Key, Snapshot, World, stands};

/// What a delivery did to the world.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) key: Key,
    pub(super) is_compensation: bool,
    /// Something other than the barrier's record is not as it was.
    pub(super) changed: bool,
    /// There was an effect to undo when it came: its record said so.
    pub(super) was_done: bool,
    pub(super) state: String,
}

/// The states that undo others, in a definition that does not say so itself.
pub(super) type Undoes = Vec<(String, String)>;

pub(super) struct Onlooker {
    world: World,
    ignored: Vec<String>,
    undoes: Undoes,
    before: Mutex<Vec<(Key, Arc<Snapshot>, bool)>>,
    /// The world after the latest delivery. Only deliveries change it.
    latest: Mutex<Option<Arc<Snapshot>>>,
    seen: Mutex<Vec<Seen>>,
}

impl Onlooker {
    pub(super) fn new(world: World, ignored: Vec<String>, undoes: Undoes) -> Self {
        Self {
            world,
            ignored,
            undoes,
            before: Mutex::default(),
            latest: Mutex::default(),
            seen: Mutex::default(),
        }
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        lock(&self.seen).clone()
    }
}

impl Witness for Onlooker {
    fn before(&self, delivery: &Delivery) {
        let key = key(delivery, &self.undoes);
        let is_done = || {
            self.world
                .records()
                .get(&key)
                .is_some_and(|state| stands(state))
        };
        let was_done = is_compensation(delivery, &self.undoes) && is_done();
        let mut pending = lock(&self.before);
        // Another delivery that is at work may have changed something since.
        let known = lock(&self.latest).clone().filter(|_| pending.is_empty());
        let before = known.unwrap_or_else(|| Arc::new(self.world.look(&self.ignored)));
        pending.push((key, before, was_done));
    }

    fn after(&self, delivery: &Delivery) {
        let key = key(delivery, &self.undoes);
        let mut pending = lock(&self.before);
        let Some(place) = pending.iter().rposition(|(known, ..)| *known == key) else {
            return;
        };
        let (_, before, was_done) = pending.remove(place);
        let after = Arc::new(self.world.look(&self.ignored));
        lock(&self.seen).push(Seen {
            key,
            is_compensation: is_compensation(delivery, &self.undoes),
            changed: before != after,
            was_done,
            state: delivery.state().to_owned(),
        });
        *lock(&self.latest) = Some(after);
    }
}

/// The step instance that a delivery is about.
pub(super) fn key(delivery: &Delivery, undoes: &Undoes) -> Key {
    let undone = undoes.iter().find(|(state, _)| state == delivery.state());
    let step = undone.map_or(delivery.state(), |(_, step)| step);
    let saga = delivery
        .payload()
        .get("saga")
        .and_then(|saga| saga.as_str());
    Key {
        saga: saga.unwrap_or(delivery.execution_arn()).to_owned(),
        step: delivery.step().unwrap_or(step).to_owned(),
        item: delivery.item(),
    }
}

pub(super) fn is_compensation(delivery: &Delivery, undoes: &Undoes) -> bool {
    delivery.is_compensation() || undoes.iter().any(|(state, _)| state == delivery.state())
}

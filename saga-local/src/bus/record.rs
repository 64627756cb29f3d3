//! What the barrier's records say of reactions: which stand, which were undone, and what each published. Writes nothing.

use std::collections::BTreeMap;

use saga_runtime::MemoryStore;
use serde_json::Value;

/// Which reaction of which saga, and for `each` event of its kind, which event.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RecordKey {
    pub(crate) saga: String,
    pub(crate) reaction: String,
    pub(crate) event: Option<String>,
}

/// The states of all of the participants' records.
pub(crate) type Records = BTreeMap<RecordKey, String>;

/// A record's way from one state to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Move {
    pub(crate) key: RecordKey,
    pub(crate) to: String,
}

pub(crate) fn records<'a>(stores: impl Iterator<Item = &'a MemoryStore>) -> Records {
    let mut records = Records::new();
    for store in stores {
        for record in store.barrier_records() {
            let text = |name| record.get(name).and_then(Value::as_str);
            if let (Some(key), Some(state)) = (text("pk").and_then(read_key), text("st")) {
                records.insert(key, state.to_owned());
            }
        }
    }
    records
}

/// `order-42|stock.reserve`, or `order-42|stock.count|EVENT` for each event.
fn read_key(text: &str) -> Option<RecordKey> {
    let mut parts = text.splitn(3, '|').map(str::to_owned);
    Some(RecordKey {
        saga: parts.next()?,
        reaction: parts.next()?,
        event: parts.next(),
    })
}

/// What is other after than before.
pub(crate) fn moves(before: &Records, after: &Records) -> Vec<Move> {
    let changed = after
        .iter()
        .filter(|(key, state)| before.get(*key) != Some(state));
    let moved = changed.map(|(key, state)| Move {
        key: key.clone(),
        to: state.clone(),
    });
    moved.collect()
}

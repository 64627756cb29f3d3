//! The barrier's record as a store in memory keeps it: typed, and an item only where somebody reads it as one. Decides nothing.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::{Number, Value};

use crate::json::Fingerprint;
use crate::outbox::{self, Origin};

use super::limits::{ITEM_LIMIT, number_size};
use super::{BARRIER_KEY, BARRIER_TABLE, Change, Item, Key, Operation, Write, field};

/// The record of an action that committed its effects with it.
#[derive(Clone, Debug)]
pub struct StoredRecord {
    pub(crate) key: Arc<str>,
    pub(crate) state: &'static str,
    /// The fingerprint of the input.
    pub(crate) inh: Fingerprint,
    /// What the compensation will need of the input, as JSON text.
    pub(crate) args: String,
    /// The output, as JSON text.
    pub(crate) out: String,
    /// What it published. Boxed, because the records of most sagas have nothing of it.
    pub(crate) outboxes: Option<Box<Outboxes>>,
    /// When the record may be dropped, in seconds since 1970.
    pub(crate) ttl: u64,
}

/// What a record published, each as JSON text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outboxes {
    action: Option<String>,
    compensation: Option<String>,
}

impl Outboxes {
    /// An action's, whose compensation has not come.
    pub(crate) fn of_action(text: String) -> Self {
        Self {
            action: Some(text),
            compensation: None,
        }
    }

    fn of(&self, origin: Origin) -> Option<&str> {
        match origin {
            Origin::Action => self.action.as_deref(),
            Origin::Compensation => self.compensation.as_deref(),
        }
    }
}

/// What a transaction does to the record.
#[derive(Clone, Debug)]
pub enum RecordWrite {
    /// Makes one where there is none.
    Put(StoredRecord),
    /// Moves one from a state to another.
    Move(RecordMove),
}

/// A record's way from one state to another.
#[derive(Clone, Debug)]
pub struct RecordMove {
    pub(crate) key: Arc<str>,
    pub(crate) from: &'static str,
    pub(crate) to: &'static str,
    /// What the compensation publishes.
    pub(crate) outbox: Option<String>,
    pub(crate) ttl: u64,
}

/// What a store keeps under a key.
#[derive(Clone, Debug)]
pub enum Stored {
    /// A document, or a record as one.
    Item(Item),
    /// A record.
    Record(Arc<StoredRecord>),
}

/// The length of a fingerprint's text.
const INH: usize = 64;

impl StoredRecord {
    /// As an item, attributes in the order in which they are written.
    pub(crate) fn item(&self) -> Item {
        let inh = self.inh.text();
        let texts = [
            (BARRIER_KEY, &*self.key),
            ("st", self.state),
            ("inh", &*inh),
            ("args", &*self.args),
            ("out", &*self.out),
        ];
        let mut item = Item::with_capacity(texts.len() + 3);
        for (name, text) in texts {
            item.insert(name.to_owned(), Value::from(text));
        }
        for (name, text) in self.outboxes() {
            item.insert(name.to_owned(), Value::from(text));
        }
        item.insert("ttl".to_owned(), Value::from(self.ttl));
        item
    }

    /// The item's size.
    pub(super) fn size(&self) -> usize {
        let names = "stinhargsout".len();
        let texts = self.state.len() + INH + self.args.len() + self.out.len();
        let outboxes = self.outboxes().map(|(name, text)| name.len() + text.len());
        key_size(&self.key) + names + texts + outboxes.sum::<usize>() + ttl_size(self.ttl)
    }

    /// What was published with one of its moves, as JSON text.
    pub(crate) fn outbox(&self, origin: Origin) -> Option<&str> {
        self.outboxes.as_ref()?.of(origin)
    }

    /// The attributes of what was published.
    fn outboxes(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let outboxes = self.outboxes.as_deref();
        Origin::ALL.into_iter().filter_map(move |origin| {
            let text = outboxes?.of(origin)?;
            Some((origin.attribute(), text))
        })
    }

    /// Whether it would still be within its limit after the move.
    pub(super) fn has_room(&self, by: &RecordMove) -> bool {
        self.size() + by.to.len() + by.outbox_size() + ttl_size(by.ttl) <= ITEM_LIMIT
    }

    pub(super) fn apply(&mut self, by: RecordMove) {
        self.state = by.to;
        self.ttl = by.ttl;
        if let Some(text) = by.outbox {
            self.outboxes.get_or_insert_default().compensation = Some(text);
        }
    }
}

impl RecordMove {
    fn outbox_size(&self) -> usize {
        let text = self.outbox.as_ref();
        text.map_or(0, |text| outbox::COMPENSATION.len() + text.len())
    }
}

fn key_size(key: &str) -> usize {
    BARRIER_KEY.len() + key.len()
}

fn ttl_size(ttl: u64) -> usize {
    "ttl".len() + number_size(&Number::from(ttl))
}

impl RecordWrite {
    pub(super) fn key(&self) -> &Arc<str> {
        match self {
            Self::Put(record) => &record.key,
            Self::Move(by) => &by.key,
        }
    }

    /// Whether its condition holds of what there is.
    pub(super) fn is_expected(&self, found: Option<&Stored>) -> bool {
        match (self, found) {
            (Self::Put(_), None) => true,
            (Self::Move(by), Some(Stored::Record(found))) => found.state == by.from,
            _ => false,
        }
    }

    /// What it counts for in a transaction.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Put(record) => record.size(),
            Self::Move(by) => {
                let size = key_size(&by.key) + "st".len() + by.to.len();
                size + by.outbox_size() + ttl_size(by.ttl)
            }
        }
    }

    /// As any store takes it.
    pub(crate) fn into_write(self) -> Write {
        let key = record_key(self.key());
        let (operation, condition) = match self {
            Self::Put(record) => (
                Operation::Put(record.item()),
                field(BARRIER_KEY).is_absent(),
            ),
            Self::Move(RecordMove {
                from,
                to,
                outbox,
                ttl,
                ..
            }) => {
                let set = |name: &str, value| Change::Set(name.to_owned(), value);
                let mut changes = vec![set("st", Value::from(to)), set("ttl", Value::from(ttl))];
                changes.extend(outbox.map(|text| set(outbox::COMPENSATION, Value::from(text))));
                (Operation::Update(changes), field("st").equals(from))
            }
        };
        Write {
            key,
            operation,
            condition: Some(condition),
        }
    }
}

/// Where a record is.
pub(crate) fn record_key(key: &str) -> Key {
    Key {
        table: BARRIER_TABLE.to_owned(),
        partition: (BARRIER_KEY.to_owned(), Value::from(key)),
        sort: None,
    }
}

impl Stored {
    /// As an item.
    pub(crate) fn into_item(self) -> Item {
        match self {
            Self::Item(item) => item,
            Self::Record(record) => record.item(),
        }
    }

    /// As an item, of which the record is made one first.
    pub(super) fn to_item(&self) -> Cow<'_, Item> {
        match self {
            Self::Item(item) => Cow::Borrowed(item),
            Self::Record(record) => Cow::Owned(record.item()),
        }
    }
}

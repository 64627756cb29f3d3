//! The barrier's record: its states, its attributes, and what it answers a delivery with. Reads no store.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;

use crate::failure::Failure;
use crate::json::Fingerprint;
use crate::store::{BARRIER_KEY, Change, Condition, Item, Key, Operation, Stored, Write, field};

/// Records outlive the longest execution, which is
/// [a year](https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html), and the
/// [14 days](https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html) in which it may be redriven.
const LIFETIME: Duration = Duration::from_hours(400 * 24);

/// A lease that ran out before any clock began: the holder let go.
pub(super) const RELEASED: i64 = -1;

/// Where a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// An action with an outside effect is under way, or was cut off.
    Running,
    /// The action took effect.
    Done,
    /// The action had no effect, and never will.
    Rejected,
    /// A compensation with an outside effect is under way, or was cut off.
    Compensating,
    /// The action's effect is undone.
    Compensated,
    /// The compensation came, and there was nothing to undo.
    Tombstone,
}

impl State {
    const ALL: [Self; 6] = [
        Self::Running,
        Self::Done,
        Self::Rejected,
        Self::Compensating,
        Self::Compensated,
        Self::Tombstone,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Done => "DONE",
            Self::Rejected => "REJECTED",
            Self::Compensating => "COMPENSATING",
            Self::Compensated => "COMPENSATED",
            Self::Tombstone => "TOMBSTONE",
        }
    }

    /// The condition that a record is in this state.
    pub(super) fn holds(self) -> Condition {
        field("st").equals(self.name())
    }

    fn read(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A record as it was read.
///
/// Arguments, output and error are kept as JSON text: a repeated delivery then gets the very same answer, whatever a database
/// makes of numbers, and the size is known before the write.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) state: State,
    stored: Stored,
}

/// What a record answers an action with.
#[derive(Debug)]
pub(super) enum Answer {
    /// This, whoever asks and however often.
    Settled(Result<Value, Failure>),
    /// Nothing yet: an earlier delivery of the same input is open.
    Open,
}

impl Record {
    /// Reads an item of the barrier's table.
    ///
    /// # Errors
    ///
    /// `Saga.Unknown` where the item is no record, so that an operator sees it.
    pub(super) fn read(stored: Stored) -> Result<Self, Failure> {
        let state = text(&stored, "st").and_then(State::read);
        let record = Self {
            state: state.ok_or_else(|| damaged("st"))?,
            stored,
        };
        if matches!(record.stored, Stored::Item(_)) {
            record.json::<Failure>("err")?;
            record.json::<IgnoredAny>("args")?;
            record.json::<IgnoredAny>("out")?;
        }
        Ok(record)
    }

    /// What the compensation needs of the action's input, as JSON text.
    pub(super) fn args(&self) -> &str {
        text(&self.stored, "args").unwrap_or("null")
    }

    /// The action's output, as JSON text.
    pub(super) fn out(&self) -> Option<&str> {
        text(&self.stored, "out")
    }

    /// The number of the latest claim.
    pub(super) fn epoch(&self) -> i64 {
        match &self.stored {
            Stored::Item(item) => item.get("ep").and_then(Value::as_i64).unwrap_or_default(),
            Stored::Record(_) => 0,
        }
    }

    /// The delivery that made the latest claim.
    pub(super) fn owner(&self) -> Option<&str> {
        text(&self.stored, "own")
    }

    fn json<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Failure> {
        let text = text(&self.stored, name);
        text.map(serde_json::from_str)
            .transpose()
            .map_err(|_| damaged(name))
    }

    /// What the record answers an action of the input with the fingerprint `inh`.
    pub(super) fn answer(&self, inh: Fingerprint) -> Answer {
        let same_input = match &self.stored {
            Stored::Item(_) => text(&self.stored, "inh") == Some(&*inh.text()),
            Stored::Record(record) => record.inh == inh,
        };
        let answer = match (self.state, same_input) {
            (State::Running, true) => return Answer::Open,
            (State::Done, true) => self
                .json("out")
                .and_then(|out| out.ok_or_else(|| lost("output"))),
            (State::Rejected, true) => Err(match self.json("err") {
                Ok(err) => err.unwrap_or_else(|| lost("error")),
                Err(failure) => failure,
            }),
            // Refusing would promise that nothing happened, but the other input may have taken effect: it has to be undone.
            (State::Running | State::Done, false) => Err(Failure::unknown(
                "another input was already taken under the same key; this one is not executed",
            )),
            (State::Rejected, false) => Err(Failure::refused(
                "another input was already rejected under the same key; this one is not executed",
            )),
            (State::Compensating | State::Compensated | State::Tombstone, _) => {
                Err(Failure::refused(format!(
                    "the action comes too late: its compensation was here already, and the record says {}",
                    self.state
                )))
            }
        };
        #[cfg(feature = "lambda")]
        crate::lambda::note_recorded();
        Answer::Settled(answer)
    }
}

/// An attribute that is text.
fn text<'a>(stored: &'a Stored, name: &str) -> Option<&'a str> {
    match stored {
        Stored::Item(item) => item.get(name).and_then(Value::as_str),
        Stored::Record(record) => match name {
            "st" => Some(record.state),
            "args" => Some(&record.args),
            "out" => Some(&record.out),
            _ => None,
        },
    }
}

fn damaged(name: &str) -> Failure {
    Failure::unknown(format!(
        "attribute `{name}` of the barrier's record is damaged"
    ))
}

pub(super) fn lost(what: &str) -> Failure {
    Failure::unknown(format!("the barrier's record lost its {what}"))
}

/// The condition that there is no record.
pub(super) fn absent() -> Condition {
    field(BARRIER_KEY).is_absent()
}

/// The condition that the claim of this epoch stands.
pub(super) fn claimed(state: State, epoch: i64) -> Condition {
    state.holds().and(field("ep").equals(epoch))
}

/// A new record.
pub(super) fn put(
    key: Key, state: State, inh: &str, more: &[(&str, &str)], now: SystemTime,
) -> Write {
    let mut item = Item::with_capacity(4 + more.len());
    item.insert(key.partition.0.clone(), key.partition.1.clone());
    item.insert("st".to_owned(), Value::from(state.name()));
    item.insert("inh".to_owned(), Value::from(inh));
    for (name, text) in more {
        item.insert((*name).to_owned(), Value::from(*text));
    }
    item.insert("ttl".to_owned(), Value::from(expiry(now)));
    Write {
        key,
        operation: Operation::Put(item),
        condition: Some(absent()),
    }
}

/// A record's move to another state.
pub(super) fn update(
    key: Key, state: State, more: Vec<Change>, condition: Condition, now: SystemTime,
) -> Write {
    let mut changes = vec![set("st", state.name()), set("ttl", expiry(now))];
    changes.extend(more);
    Write {
        key,
        operation: Operation::Update(changes),
        condition: Some(condition),
    }
}

/// Sets an attribute.
pub(super) fn set(name: &str, value: impl Into<Value>) -> Change {
    Change::Set(name.to_owned(), value.into())
}

/// Milliseconds since 1970, as leases are written.
pub(super) fn millis(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// When the database may delete the record: seconds since 1970, as
/// [DynamoDB expects](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-before-you-start.html).
pub(super) fn expiry(now: SystemTime) -> u64 {
    now.duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .saturating_add(LIFETIME)
        .as_secs()
}

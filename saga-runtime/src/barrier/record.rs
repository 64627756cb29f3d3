//! The barrier's record: its states, its attributes, and what it answers a delivery with. Reads no store.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;

use crate::choreography::{ReactionInfo, Repeat};
use crate::failure::Failure;
use crate::json::Fingerprint;
use crate::outbox::{self, Origin};
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
            record.json::<IgnoredAny>(outbox::ACTION)?;
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

    /// What the action published, as JSON text.
    pub(super) fn outbox(&self) -> Option<&str> {
        text(&self.stored, outbox::ACTION)
    }

    fn has_input(&self, inh: Fingerprint) -> bool {
        match &self.stored {
            Stored::Item(_) => text(&self.stored, "inh") == Some(&*inh.text()),
            Stored::Record(record) => record.inh == inh,
        }
    }

    /// What the record answers a reaction to the event with the fingerprint `inh`: what it published, as JSON text.
    pub(super) fn answer_reaction(&self, inh: Fingerprint, info: &ReactionInfo) -> Answer {
        let answer = match (self.state, self.has_input(inh)) {
            (State::Running, _) => return Answer::Open,
            (State::Done, true) => Ok(Value::from(self.outbox())),
            (State::Rejected, true) => self.error(),
            (State::Done | State::Rejected, false) => Err(other_event(info)),
            (State::Compensating | State::Compensated | State::Tombstone, _) => {
                Err(self.too_late())
            }
        };
        #[cfg(feature = "lambda")]
        crate::lambda::note_recorded();
        Answer::Settled(answer)
    }

    fn error(&self) -> Result<Value, Failure> {
        Err(match self.json("err") {
            Ok(err) => err.unwrap_or_else(|| lost("error")),
            Err(failure) => failure,
        })
    }

    fn too_late(&self) -> Failure {
        Failure::refused(format!(
            "the action comes too late: its compensation was here already, and the record says {}",
            self.state
        ))
    }

    /// What the record answers an action of the input with the fingerprint `inh`.
    pub(super) fn answer(&self, inh: Fingerprint) -> Answer {
        let answer = match (self.state, self.has_input(inh)) {
            (State::Running, true) => return Answer::Open,
            (State::Done, true) => self
                .json("out")
                .and_then(|out| out.ok_or_else(|| lost("output"))),
            (State::Rejected, true) => self.error(),
            // Refusing would promise that nothing happened, but the other input may have taken effect: it has to be undone.
            (State::Running | State::Done, false) => Err(Failure::unknown(
                "another input was already taken under the same key; this one is not executed",
            )),
            (State::Rejected, false) => Err(Failure::refused(
                "another input was already rejected under the same key; this one is not executed",
            )),
            (State::Compensating | State::Compensated | State::Tombstone, _) => {
                Err(self.too_late())
            }
        };
        #[cfg(feature = "lambda")]
        crate::lambda::note_recorded();
        Answer::Settled(answer)
    }
}

/// Another event, or another command, came first under the record's key.
fn other_event(info: &ReactionInfo) -> Failure {
    let name = info.name;
    match info.repeat {
        Repeat::Once => Failure::refused(format!(
            "another event of the saga led to `{name}` before, and the first counts"
        )),
        Repeat::Never | Repeat::Each if info.on.is_empty() => Failure::unknown(format!(
            "`{name}` was called with another input for this saga before; this one is not executed"
        )),
        Repeat::Never | Repeat::Each => Failure::unknown(format!(
            "another event led to `{name}` for this saga before; this one is not acted on"
        )),
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
            outbox::ACTION => record.outbox(Origin::Action),
            _ => None,
        },
    }
}

fn damaged(name: &str) -> Failure {
    Failure::unknown(format!(
        "attribute `{name}` of the barrier's record is damaged"
    ))
}

fn lost(what: &str) -> Failure {
    Failure::unknown(lost_words(what))
}

pub(super) fn lost_words(what: &str) -> String {
    format!("the barrier's record lost its {what}")
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

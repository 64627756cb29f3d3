//! One write of a transaction while it is being described: its changes, its conditions and what to report when they fail.

use serde_json::Value;

use crate::error::StepError;
use crate::event::Outgoing;
use crate::failure::Failure;
use crate::store::{Change, Condition, Item, Key, Operation, Write};

/// A step's error, kept by value: what to answer, and whether it is a rejection.
#[derive(Clone, Debug)]
pub(crate) struct StepFailure {
    pub(crate) failure: Failure,
    pub(crate) transient: bool,
    /// What it publishes, if it is a rejection that is an event. Boxed, because hardly any is.
    pub(crate) event: Option<Box<Outgoing>>,
}

impl<E: StepError> From<&E> for StepFailure {
    fn from(error: &E) -> Self {
        let transient = error.is_transient();
        let event = if transient { None } else { error.event() };
        Self {
            failure: Failure::from(error),
            transient,
            event: event.map(Box::new),
        }
    }
}

/// A write, and what each of its conditions means when it does not hold.
#[derive(Debug)]
pub(crate) struct Planned {
    pub(crate) write: Write,
    conditions: Conditions,
}

/// The conditions of one write, each with the error to report when it does not hold.
#[derive(Debug)]
pub(crate) struct Conditions(Vec<(Condition, StepFailure)>);

impl Planned {
    pub(super) fn new(key: Key, operation: Operation) -> Self {
        Self {
            write: Write {
                key,
                operation,
                condition: None,
            },
            conditions: Conditions(Vec::new()),
        }
    }

    /// The write as the store takes it, and what its refusal will mean.
    pub(crate) fn into_write(self) -> (Write, Conditions) {
        let Self {
            mut write,
            conditions,
        } = self;
        let mut own = conditions.0.iter().map(|(condition, _)| condition.clone());
        write.condition = match own.len() {
            0 => None,
            1 => own.next(),
            _ => Some(Condition::All(own.collect())),
        };
        (write, conditions)
    }

    fn only_if(&mut self, condition: Condition, otherwise: &impl StepError) {
        self.conditions
            .0
            .push((condition, StepFailure::from(otherwise)));
    }
}

impl Conditions {
    /// Which error to report, given the item that the store found: the first condition's that does not hold of it.
    pub(crate) fn failure(&self, found: Option<&Item>) -> Option<StepFailure> {
        let broken = self.0.iter().find(|(condition, _)| !condition.holds(found));
        // A store that judges otherwise than `holds` still refused this write, so that some error must be told.
        broken.or(self.0.last()).map(|(_, failure)| failure.clone())
    }
}

/// A write that conditions may be added to.
#[derive(Debug)]
pub struct Pending<'a>(Option<&'a mut Planned>);

impl<'a> Pending<'a> {
    pub(super) fn new(planned: Option<&'a mut Planned>) -> Self {
        Self(planned)
    }

    /// Makes the whole transaction depend on this; if it does not hold, the step fails with `otherwise`.
    ///
    /// Several conditions must all hold; the first that does not names the error.
    #[expect(
        clippy::return_self_not_must_use,
        reason = "the write is complete without another condition"
    )]
    #[expect(
        clippy::needless_pass_by_value,
        reason = "the error is written in place, as in `Err(…)`"
    )]
    pub fn only_if(mut self, condition: Condition, otherwise: impl StepError) -> Self {
        if let Some(planned) = &mut self.0 {
            planned.only_if(condition, &otherwise);
        }
        self
    }
}

/// An update that changes and conditions may be added to.
///
/// # Example
///
/// ```
/// use saga_runtime::prelude::*;
///
/// #[derive(Serialize, Deserialize)]
/// struct Room { id: String, free: u64, note: Option<String> }
/// const ROOMS: Table<Room> = Table::new("rooms", "id");
///
/// async fn free(tx: &mut Tx) -> Result<(), Retry> {
///     tx.update(&ROOMS, "sea-view")
///         .add("free", 1)
///         .remove("note")
///         .only_if(field("id").exists(), Retry::new("the room is being moved"));
///     Ok(())
/// }
/// ```
#[derive(Debug)]
pub struct Update<'a>(Option<&'a mut Planned>);

#[expect(
    clippy::return_self_not_must_use,
    reason = "the update is complete without another change"
)]
impl<'a> Update<'a> {
    pub(super) fn new(planned: Option<&'a mut Planned>) -> Self {
        Self(planned)
    }

    /// Gives a field this value.
    pub fn set(self, field: impl Into<String>, value: impl Into<Value>) -> Self {
        self.change(Change::Set(field.into(), value.into()))
    }

    /// Adds to an integer; a field that is not there counts as 0.
    pub fn add(self, field: impl Into<String>, amount: impl Into<i64>) -> Self {
        self.change(Change::Add(field.into(), amount.into()))
    }

    /// Subtracts from an integer; a field that is not there counts as 0.
    pub fn subtract(self, field: impl Into<String>, amount: impl Into<i64>) -> Self {
        self.change(Change::Add(field.into(), amount.into().saturating_neg()))
    }

    /// Removes a field.
    pub fn remove(self, field: impl Into<String>) -> Self {
        self.change(Change::Remove(field.into()))
    }

    /// Makes the whole transaction depend on this; if it does not hold, the step fails with `otherwise`.
    ///
    /// Several conditions must all hold; the first that does not names the error.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "the error is written in place, as in `Err(…)`"
    )]
    pub fn only_if(mut self, condition: Condition, otherwise: impl StepError) -> Self {
        if let Some(planned) = &mut self.0 {
            planned.only_if(condition, &otherwise);
        }
        self
    }

    fn change(mut self, change: Change) -> Self {
        if let Some(Planned {
            write:
                Write {
                    operation: Operation::Update(changes),
                    ..
                },
            ..
        }) = &mut self.0
        {
            changes.push(change);
        }
        self
    }
}

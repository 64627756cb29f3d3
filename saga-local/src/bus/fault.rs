//! What goes wrong on a bus, and where. Acts nothing out.

use std::fmt;

use serde_json::Value;

/// What goes wrong with a message, with its consumer, or with the relay that publishes an event.
///
/// A fault by itself happens once, to the first that it fits, and a rejection whenever it is asked for; [`times`](Self::times) makes it happen several times in a row.
///
/// # Example
///
/// ```
/// use saga_local::BusFault;
///
/// assert_eq!(BusFault::CrashBeforeCommit.to_string(), "crash before the commit");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BusFault {
    /// The message comes twice, one right after the other.
    Duplicate,
    /// The message comes twice at the same time, and the two take turns at the store.
    DuplicateAtOnce,
    /// The message comes once more, after everything else.
    DuplicateLate,
    /// The message comes after everything else: others overtake it.
    Delayed,
    /// The message comes at the same time as the next one of its service, and the two take turns at the store.
    WithNext,
    /// The consumer's process ends before it looks at the message, which comes again.
    CrashBeforeEffect,
    /// The reaction's code has run, and the process ends before the database hears of it.
    CrashBeforeCommit,
    /// The reaction has taken effect, and the process ends before it says so.
    CrashAfterCommit,
    /// The reaction has taken effect, and the queue does not hear that the message is done with.
    LostDelete,
    /// The database has no capacity left.
    Throttled,
    /// The database does not answer.
    Unavailable,
    /// The database commits, and its reply is lost.
    LostReply,
    /// The reaction's code does its work and then panics.
    Panic,
    /// The reaction's code is not called, and asks for another try.
    Transient,
    /// The reaction's code is not called, and rejects with this event.
    Rejected {
        /// The event's type: `CardDeclined`.
        event: String,
        /// Its data.
        data: Value,
    },
    /// The command's code is not called, and rejects with an error that no event tells of.
    Refused,
    /// The topic does not take the event; the relay begins again with it.
    PublishFailure,
    /// The relay's process ends before it publishes; the stream begins again where it was.
    RelayCrashBefore,
    /// The relay's process ends after it published; the stream begins again where it was, and all is published again.
    RelayCrashAfter,
}

impl BusFault {
    /// Happens this many times in a row.
    pub fn times(self, count: u32) -> BusFaultPlan {
        BusFaultPlan { fault: self, count }
    }

    /// Whether it is a business's no.
    pub(crate) fn is_rejection(&self) -> bool {
        matches!(self, Self::Rejected { .. } | Self::Refused)
    }

    /// Whether the reaction that it hits fails by it, and needs no other reason.
    pub(crate) fn is_reason(&self) -> bool {
        matches!(
            self,
            Self::Throttled | Self::Unavailable | Self::LostReply | Self::Panic | Self::Transient
        ) || self.is_rejection()
    }

    /// Whether it happens to the relay.
    pub(crate) fn is_of_relay(&self) -> bool {
        matches!(
            self,
            Self::PublishFailure | Self::RelayCrashBefore | Self::RelayCrashAfter
        )
    }
}

impl fmt::Display for BusFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Duplicate => "duplicate",
            Self::DuplicateAtOnce => "two at once",
            Self::DuplicateLate => "late duplicate",
            Self::Delayed => "overtaken by all others",
            Self::WithNext => "together with the next",
            Self::CrashBeforeEffect => "crash before the effect",
            Self::CrashBeforeCommit => "crash before the commit",
            Self::CrashAfterCommit => "crash after the commit",
            Self::LostDelete => "lost delete",
            Self::Throttled => "store throttled",
            Self::Unavailable => "store unavailable",
            Self::LostReply => "store's reply lost",
            Self::Panic => "panic",
            Self::Transient => "transient",
            Self::Rejected { event, .. } => return write!(f, "rejected with {event}"),
            Self::Refused => "refused",
            Self::PublishFailure => "publish failure",
            Self::RelayCrashBefore => "relay crash before publishing",
            Self::RelayCrashAfter => "relay crash after publishing",
        })
    }
}

/// A fault, and how often it happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BusFaultPlan {
    fault: BusFault,
    count: u32,
}

impl From<BusFault> for BusFaultPlan {
    fn from(fault: BusFault) -> Self {
        let count = if fault.is_rejection() { u32::MAX } else { 1 };
        Self { fault, count }
    }
}

/// All the plans of a bus, each with how often it is still to happen.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<(String, BusFaultPlan)>);

impl Faults {
    pub(crate) fn add(&mut self, place: String, plan: BusFaultPlan) {
        self.0.push((place, plan));
    }

    /// From now on nothing goes wrong. A business's no is no fault, and stays.
    pub(crate) fn lift(&mut self) {
        self.0.retain(|(_, plan)| plan.fault.is_rejection());
    }

    /// The fault of a delivery that goes to these reactions, and which of them it hits: of several plans the one that ends first.
    pub(crate) fn of_delivery(&mut self, reactions: &[&str]) -> Option<(String, BusFault)> {
        self.take(|place, fault| !fault.is_of_relay() && reactions.contains(&place))
    }

    /// The fault of an event's publication.
    pub(crate) fn of_publication(&mut self, event: &str) -> Option<BusFault> {
        let found = self.take(|place, fault| fault.is_of_relay() && place == event);
        found.map(|(_, fault)| fault)
    }

    fn take(&mut self, hits: impl Fn(&str, &BusFault) -> bool) -> Option<(String, BusFault)> {
        let plans = self.0.iter_mut();
        let (place, plan) = plans
            .filter(|(place, plan)| plan.count > 0 && hits(place, &plan.fault))
            .min_by_key(|(_, plan)| plan.count)?;
        plan.count -= 1;
        Some((place.clone(), plan.fault.clone()))
    }

    /// The places that faults are planned for.
    pub(crate) fn places(&self) -> impl Iterator<Item = (&str, &BusFault)> {
        let plans = self.0.iter();
        plans.map(|(place, plan)| (place.as_str(), &plan.fault))
    }
}

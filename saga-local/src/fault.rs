//! Faults between the engine and a handler, and the plan of which delivery they hit. `services.rs` acts them out.

use std::fmt;
use std::ops::Range;

use serde_json::Value;

/// What goes wrong with a delivery.
///
/// A fault by itself hits the first delivery of the state in each execution, nested executions included (the items of a
/// distributed Map count together, as those of an inline Map do); [`times`](Self::times) makes it hit several in
/// a row, so that retries can be exhausted, and [`from_delivery`](Self::from_delivery) makes it begin later.
///
/// # Example
///
/// ```
/// use saga_local::{Fault, FaultPlan};
///
/// let plan: FaultPlan = Fault::Throttled.times(3);
/// assert_eq!(plan, FaultPlan::from(Fault::Throttled).times(3));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The delivery is lost on its way; the state fails with `States.Timeout`.
    TimeoutBeforeEffect,
    /// The handler does its work, but its reply is lost; the state fails with `States.Timeout`.
    TimeoutAfterEffect,
    /// The function's process ends before the handler runs: `Runtime.ExitError`.
    CrashBeforeEffect,
    /// The function's process ends after the handler's work, before its reply: `Runtime.ExitError`.
    CrashAfterEffect,
    /// Lambda turns the delivery away: `Lambda.TooManyRequestsException`.
    Throttled,
    /// The handler gets the delivery twice, one after the other; the second answer counts.
    Duplicate,
    /// The state fails with `States.Timeout` and the delivery arrives late: after the step's compensation,
    /// or after the saga's end. What became of it stands in [`Engine::deliveries`](crate::Engine::deliveries).
    LateDelivery,
    /// The handler gets the delivery twice at the same time, and the two take turns at the store; the first answer counts.
    DuplicateAtOnce,
    /// The step's code does its work, and the process ends before the database hears of it: `Runtime.ExitError`. In mode X
    /// the outside effect has taken place, and the claim on the record stays until its lease ends.
    CrashBeforeCommit,
    /// The step's code does its work and then panics: `Saga.Unknown`.
    Panic,
    /// The step's code does its work, and its output is larger than Step Functions takes.
    OversizeOutput,
    /// Before the delivery, time passes until the saga's deadline is over.
    PastDeadline,
    /// The step's code is not called, and rejects with this error of its enum.
    Rejected {
        /// The error's name: `StockError.OutOfStock`.
        error: String,
        /// The fields of the error's variant, for flows that look at them; null is fine otherwise.
        data: Value,
    },
    /// The step's code is not called, and says this transient error: `StockError.Busy`, or `Saga.Retry`.
    Transient {
        /// The error's name.
        error: String,
    },
    /// Not delivered; the state fails with this error.
    Error {
        /// What `ErrorEquals` is compared with.
        name: String,
        /// The explanation.
        cause: String,
    },
}

impl Fault {
    /// What can happen between the engine and a function, for tests that try it all. Faults within a function are not here.
    pub const ALL: [Self; 7] = [
        Self::TimeoutBeforeEffect,
        Self::TimeoutAfterEffect,
        Self::CrashBeforeEffect,
        Self::CrashAfterEffect,
        Self::Throttled,
        Self::Duplicate,
        Self::LateDelivery,
    ];

    /// Hits this many deliveries in a row.
    pub fn times(self, count: u64) -> FaultPlan {
        FaultPlan::from(self).times(count)
    }

    /// Begins with this delivery of the state; the first is 1.
    pub fn from_delivery(self, number: u64) -> FaultPlan {
        FaultPlan::from(self).from_delivery(number)
    }

    /// Hits this item of a loop alone: `&[2]` is the third item, `&[2, 0]` the first of a loop in it.
    pub fn item(self, path: &[u64]) -> FaultPlan {
        FaultPlan::from(self).item(path)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TimeoutBeforeEffect => "timeout before the effect",
            Self::TimeoutAfterEffect => "timeout after the effect",
            Self::CrashBeforeEffect => "crash before the effect",
            Self::CrashAfterEffect => "crash after the effect",
            Self::Throttled => "throttled",
            Self::Duplicate => "duplicate delivery",
            Self::LateDelivery => "late delivery",
            Self::DuplicateAtOnce => "two deliveries at once",
            Self::CrashBeforeCommit => "crash before the commit",
            Self::Panic => "panic",
            Self::OversizeOutput => "oversize output",
            Self::PastDeadline => "past the deadline",
            Self::Rejected { error, .. } | Self::Transient { error } => error,
            Self::Error { name, .. } => name,
        })
    }
}

/// A fault, and which deliveries of a state it hits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultPlan {
    fault: Fault,
    first: u64,
    count: u64,
    item: Option<Vec<u64>>,
}

impl FaultPlan {
    /// Hits this many deliveries in a row.
    #[must_use]
    pub fn times(self, count: u64) -> Self {
        Self { count, ..self }
    }

    /// Begins with this delivery of the state; the first is 1.
    #[must_use]
    pub fn from_delivery(self, number: u64) -> Self {
        Self {
            first: number,
            ..self
        }
    }

    /// Hits this item of a loop alone, and counts its deliveries: `&[2]` is the third item, `&[2, 0]` the first of a loop in it.
    #[must_use]
    pub fn item(self, path: &[u64]) -> Self {
        Self {
            item: Some(path.to_vec()),
            ..self
        }
    }

    /// Whether it hits this delivery, by its number among those of the state, and among those of its item.
    fn hits(&self, of_state: u64, item: &[u64], of_item: u64) -> bool {
        match &self.item {
            None => self.deliveries().contains(&of_state),
            Some(path) => path == item && self.deliveries().contains(&of_item),
        }
    }

    fn deliveries(&self) -> Range<u64> {
        self.first..self.first.saturating_add(self.count)
    }
}

impl From<Fault> for FaultPlan {
    fn from(fault: Fault) -> Self {
        Self {
            fault,
            first: 1,
            count: 1,
            item: None,
        }
    }
}

/// All the plans of an engine, by state.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<(String, FaultPlan)>);

impl Faults {
    pub(crate) fn add(&mut self, state: String, plan: FaultPlan) {
        self.0.push((state, plan));
    }

    /// From now on nothing goes wrong.
    pub(crate) fn lift(&mut self) {
        self.0.clear();
    }

    /// The fault of this delivery, by its number among those of the state and of its item; the plan that was added first
    /// wins.
    pub(crate) fn of(
        &self, state: &str, of_state: u64, (item, of_item): (&[u64], u64),
    ) -> Option<Fault> {
        let mut plans = self.0.iter();
        let plan = plans.find(|(name, plan)| name == state && plan.hits(of_state, item, of_item));
        plan.map(|(_, plan)| plan.fault.clone())
    }

    /// The states that faults are planned for.
    pub(crate) fn states(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(state, _)| state.as_str())
    }
}

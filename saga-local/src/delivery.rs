//! The log of what was delivered to handlers, for tests and timelines.

use std::sync::{Arc, LazyLock};
use std::time::SystemTime;

use serde_json::{Value, json};

use crate::data::Data;
use crate::fault::Fault;
use crate::shape::View;

/// What became of a delivery at the handler, whatever the state machine saw of it.
#[derive(Clone, Debug, PartialEq)]
pub enum DeliveryOutcome {
    /// A fault kept it from the handler.
    NotDelivered,
    /// The handler's reply.
    Answered(Value),
    /// The handler's error.
    Failed {
        /// The error's name, which `Catch` matches.
        error: String,
        /// Lambda's `errorMessage`.
        message: String,
    },
}

/// One delivery to a handler.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    pub(crate) execution: Arc<str>,
    pub(crate) execution_arn: Arc<str>,
    pub(crate) state: Arc<str>,
    /// All arguments of the call; the payload is one of them.
    pub(crate) arguments: Data,
    pub(crate) attempt: u64,
    pub(crate) at: SystemTime,
    pub(crate) fault: Option<Fault>,
    pub(crate) late: bool,
    pub(crate) outcome: DeliveryOutcome,
}

impl Delivery {
    /// The name of the execution: the child's, where a nested execution or an item of a distributed Map sent it.
    pub fn execution(&self) -> &str {
        &self.execution
    }

    /// The ARN of the execution, which holds the state machine's name as well.
    pub fn execution_arn(&self) -> &str {
        &self.execution_arn
    }

    /// The name of the state that sent it.
    pub fn state(&self) -> &str {
        &self.state
    }

    /// The step that the envelope names.
    pub fn step(&self) -> Option<&str> {
        self.view().member("step")?.as_str()
    }

    /// Which item of a loop it is for: `[2, 0]` for the first of a loop in the third; empty outside of loops.
    pub fn item(&self) -> Vec<u64> {
        item(self.view())
    }

    /// Whether it asks for the step's compensation.
    pub fn is_compensation(&self) -> bool {
        is_compensation(self.view())
    }

    /// The payload, as it was sent.
    pub fn payload(&self) -> &Value {
        self.arguments.get("Payload").unwrap_or(&EMPTY)
    }

    /// As [`payload`](Self::payload), perhaps in parts.
    pub(crate) fn view(&self) -> View<'_> {
        payload(&self.arguments)
    }

    /// Which delivery of this state it is in its execution; the first is 1. A duplicate has its original's number.
    /// The items of a distributed Map count together, as deliveries of the execution that has the Map.
    pub fn attempt(&self) -> u64 {
        self.attempt
    }

    /// When it reached the handler, or was lost; in virtual time.
    pub fn at(&self) -> SystemTime {
        self.at
    }

    /// The fault that it met.
    pub fn fault(&self) -> Option<&Fault> {
        self.fault.as_ref()
    }

    /// Whether it reached the handler long after it was sent.
    pub fn is_late(&self) -> bool {
        self.late
    }

    /// What became of it.
    pub fn outcome(&self) -> &DeliveryOutcome {
        &self.outcome
    }
}

static EMPTY: LazyLock<Value> = LazyLock::new(|| json!({}));

/// What a function gets: the argument `Payload`, or an empty object.
pub(crate) fn payload(arguments: &Data) -> View<'_> {
    let payload = arguments.view().member("Payload");
    payload.unwrap_or(View::Json(&EMPTY))
}

pub(crate) fn is_compensation(payload: View<'_>) -> bool {
    payload.member("phase").and_then(View::as_str) == Some("compensation")
}

/// The index path in an envelope. JSONata computes in doubles, so an index may be one.
pub(crate) fn item(payload: View<'_>) -> Vec<u64> {
    let path = payload.member("item").map(View::value);
    let path = path.as_deref().and_then(Value::as_array);
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an index is small; a cast saturates"
    )]
    let index = |value: &Value| {
        value
            .as_u64()
            .or_else(|| value.as_f64().map(|index| index as u64))
    };
    path.into_iter().flatten().filter_map(index).collect()
}

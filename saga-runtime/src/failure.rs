//! The error that a delivery answers with, and its bounded form on the wire. Decides nothing.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::StepError;

/// What `errorMessage` may take once it is quoted into the `Cause` of a failed execution, which
/// [Step Functions bounds](https://docs.aws.amazon.com/step-functions/latest/dg/state-fail.html) at 32,768 characters.
const WIRE_LIMIT: usize = 31 * 1024;

/// A message cut to this many bytes fits [`WIRE_LIMIT`] however much of it must be escaped.
const CUT_MESSAGE: usize = 4 * 1024;

/// The error that a delivery answers with.
///
/// [`error_type`](Self::error_type) is exactly the name that `Catch` and `Retry` match: a participant's own error, or
/// one of the runtime's three; [`Saga.Retry`](Self::RETRY) is what a participant's [`Retry`](crate::Retry) is called.
/// Message and data together are bounded, because Step Functions keeps at most 32,768 characters of a cause: where they
/// are too long, the data is left out, and then the message is cut.
///
/// # Example
///
/// ```
/// use saga_runtime::{Failure, Retry};
///
/// let failure = Failure::from(&Retry::new("the warehouse is closed"));
/// assert_eq!(failure.error_type(), Failure::RETRY);
/// assert_eq!(failure.error_message(), r#"{"message":"the warehouse is closed","data":null}"#);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    #[serde(rename = "type")]
    error_type: String,
    message: String,
    /// Boxed, so that an answer stays small.
    #[serde(default)]
    data: Box<Value>,
    /// Of the participant's own; never recorded.
    #[serde(skip)]
    transient: bool,
    /// What comes behind it may be what it waits for.
    #[serde(skip)]
    early: bool,
}

impl Failure {
    /// Definite: nothing happened and nothing will. Said only once no other delivery can take effect.
    pub const REFUSED: &str = "Saga.Refused";
    /// Try again: in progress, in conflict, or the store is unavailable. While a delivery that died still holds its claim,
    /// this is the answer until the claim ends.
    pub const BUSY: &str = "Saga.Busy";
    /// Try again: a participant said so, by [`Retry`](crate::Retry). Nothing holds a claim.
    pub const RETRY: &str = "Saga.Retry";
    /// Indeterminate: the step must be compensated, or tried again.
    pub const UNKNOWN: &str = "Saga.Unknown";
    /// A saga ends so, not a step: an operator skipped compensations that were stuck, so that effects stay. The cause says which
    /// and why, and what the saga had failed with. `SendTaskFailure` with this error, and the reason as the cause, is how to skip one.
    pub const SKIPPED: &str = "Saga.Skipped";

    /// The name that the state machine's `Catch` matches.
    pub fn error_type(&self) -> &str {
        &self.error_type
    }

    /// What went wrong, for people.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The fields of the error's variant, or null.
    pub fn data(&self) -> &Value {
        &self.data
    }

    /// Whether it asks for another try: a transient error of the participant's own, or [`Saga.Busy`](Self::BUSY).
    pub fn is_transient(&self) -> bool {
        self.transient || self.error_type == Self::BUSY
    }

    /// What a host puts into Lambda's `errorMessage`: JSON, `{ "message", "data" }`.
    pub fn error_message(&self) -> String {
        // Made of values that are JSON already: quoting a string and printing a `Value` cannot fail.
        format!(
            r#"{{"message":{},"data":{}}}"#,
            Value::from(self.message.as_str()),
            self.data
        )
    }

    pub(crate) fn refused(message: impl Into<String>) -> Self {
        Self::bounded(Self::REFUSED, message.into(), Value::Null)
    }

    pub(crate) fn busy(message: impl Into<String>) -> Self {
        Self::bounded(Self::BUSY, message.into(), Value::Null)
    }

    /// Busy until something else has happened.
    pub(crate) fn early(message: impl Into<String>) -> Self {
        Self {
            early: true,
            ..Self::busy(message)
        }
    }

    /// Whether it waits for something else to happen.
    #[cfg(feature = "lambda")]
    pub(crate) fn is_early(&self) -> bool {
        self.early
    }

    pub(crate) fn unknown(message: impl Into<String>) -> Self {
        Self::bounded(Self::UNKNOWN, message.into(), Value::Null)
    }

    /// An error that a test says in a step's place.
    pub(crate) fn rehearsed(error_type: &str, data: Value) -> Self {
        Self::bounded(error_type, "injected by a test".to_owned(), data)
    }

    fn bounded(error_type: &str, message: String, data: Value) -> Self {
        let mut failure = Self {
            error_type: error_type.to_owned(),
            message,
            data: Box::new(data),
            transient: false,
            early: false,
        };
        if failure.data.is_null() && failure.message.len() <= CUT_MESSAGE {
            return failure;
        }
        if failure.wire_size() > WIRE_LIMIT {
            *failure.data = Value::Null;
        }
        if failure.wire_size() > WIRE_LIMIT {
            let end = failure.message.floor_char_boundary(CUT_MESSAGE);
            failure.message.truncate(end);
            failure.message.push('…');
        }
        failure
    }

    /// The size of the error message inside the cause, where it is quoted once more.
    fn wire_size(&self) -> usize {
        Value::from(self.error_message()).to_string().len()
    }
}

impl<E: StepError> From<&E> for Failure {
    fn from(error: &E) -> Self {
        // The error itself is worth more than its data: what does not serialize is left out.
        Self {
            transient: error.is_transient(),
            ..Self::bounded(
                error.error_type(),
                error.message(),
                error.data().unwrap_or_default(),
            )
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.error_type, self.message)
    }
}

impl std::error::Error for Failure {}

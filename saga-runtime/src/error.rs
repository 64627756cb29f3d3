//! How a step says no: `StepError`, `Retry` and the `Rejection` a saga ends with. Records nothing.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::event::Outgoing;
use crate::failure::Failure;

/// What a participant's method may fail with.
///
/// `#[saga]` implements it for the error enums of its module: a variant marked `#[transient]` is tried again by
/// the step's policy; every other is a *rejection*, a definite "no" that promises the action had no effect.
///
/// The definition of a saga names the errors of each step's own type, and no others. What a step says beyond them, by a
/// condition of its [`Tx`](crate::Tx) that carries an error of another type, is therefore told in the runtime's words, with
/// the error's name in the message: a rejection as [`Saga.Refused`](Failure::REFUSED), and a transient error as
/// [`Saga.Busy`](Failure::BUSY). So is a rejection by a retriable step, which must succeed in the end: as `Saga.Busy`.
///
/// # Example
///
/// ```
/// use saga_runtime::StepError;
///
/// struct Full;
///
/// impl StepError for Full {
///     const TYPES: &'static [&'static str] = &["HotelError.Full"];
///     fn error_type(&self) -> &'static str { "HotelError.Full" }
///     fn is_transient(&self) -> bool { false }
///     fn message(&self) -> String { "no room is left".to_owned() }
///     fn data(&self) -> Result<serde_json::Value, serde_json::Error> { Ok(serde_json::Value::Null) }
/// }
///
/// let rejection = saga_runtime::Rejection::from(Full);
/// assert_eq!(rejection.to_string(), "HotelError.Full: no room is left");
/// ```
pub trait StepError {
    /// Every error type it may have; what the definition's retriers and catchers are made from.
    const TYPES: &'static [&'static str];

    /// The name that the state machine's `Retry` and `Catch` match: `StockError.OutOfStock`. One of [`TYPES`](Self::TYPES).
    fn error_type(&self) -> &'static str;

    /// Whether another try is worth it. A transient error is never recorded.
    fn is_transient(&self) -> bool;

    /// What went wrong, for people.
    fn message(&self) -> String;

    /// The variant's fields, for the flow.
    ///
    /// # Errors
    ///
    /// Those of the fields' own serialization; the error is then reported without data.
    fn data(&self) -> Result<Value, serde_json::Error>;

    /// The event that a rejection is, where it is one.
    #[doc(hidden)]
    fn event(&self) -> Option<Outgoing> {
        None
    }
}

/// "Not now": the only thing that a compensation or a retriable step may fail with.
///
/// Any error converts into it, so `?` works on the calls of other libraries. It reaches Step Functions as
/// [`Saga.Retry`](Failure::RETRY) and is tried again. It promises nothing about the effect: an outside call that timed out may have worked.
///
/// # Example
///
/// ```
/// use saga_runtime::Retry;
///
/// fn parse(text: &str) -> Result<u32, Retry> {
///     let number: u32 = text.parse()?;
///     if number == 0 { return Err(Retry::new("the counter is not up yet")); }
///     Ok(number)
/// }
/// assert!(parse("x").is_err());
/// ```
// `Retry` must not implement `Error`: the conversion from every error would then overlap `From<T> for T`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retry {
    reason: String,
}

impl Retry {
    /// Asks for another try, and says why.
    pub fn new(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
        }
    }
}

impl fmt::Display for Retry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl<E: std::error::Error> From<E> for Retry {
    fn from(error: E) -> Self {
        let mut reason = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            reason.push_str(": ");
            reason.push_str(&cause.to_string());
            source = cause.source();
        }
        Self { reason }
    }
}

impl StepError for Retry {
    const TYPES: &'static [&'static str] = &[Failure::RETRY];

    fn error_type(&self) -> &'static str {
        Failure::RETRY
    }

    fn is_transient(&self) -> bool {
        true
    }

    fn message(&self) -> String {
        self.reason.clone()
    }

    fn data(&self) -> Result<Value, serde_json::Error> {
        Ok(Value::Null)
    }
}

/// The failure that a saga ends with, after everything was compensated.
///
/// A flow's `?` makes one of any step's error, and a flow makes one of its own by [`new`](Self::new); the engine makes
/// one of Step Functions' `Error` and `Cause`.
///
/// # Example
///
/// ```
/// use saga_runtime::Rejection;
///
/// let cause = r#"{ "errorType": "StockError.OutOfStock",
///                  "errorMessage": "{\"message\":\"no tea\",\"data\":{\"sku\":\"tea\"}}" }"#;
/// let rejection = Rejection::from_failure("StockError.OutOfStock", cause);
/// assert_eq!(rejection.message(), "no tea");
/// assert_eq!(rejection.data()["sku"], "tea");
///
/// let of_a_called_flow = r#"{ "ExecutionArn": "arn:aws:states:eu-west-1:123456789012:execution:open_account:42",
///                             "Status": "FAILED", "Error": "Bank.Closed", "Cause": "come back on Monday" }"#;
/// let rejection = Rejection::from_failure("States.TaskFailed", of_a_called_flow);
/// assert_eq!(rejection.to_string(), "Bank.Closed: come back on Monday");
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rejection {
    error: String,
    message: String,
    data: Value,
}

impl Rejection {
    /// A failure by its error's name and explanation: what a flow itself says no with, and what tests of clients need.
    ///
    /// In a flow, `return Err(Rejection::new("Order.Closed", "the shop is closed"));` ends the saga with what was done so far
    /// compensated. The execution's
    /// [`Error`](https://docs.aws.amazon.com/step-functions/latest/dg/state-fail.html) is then the name, and its `Cause`
    /// the text, which [`from_failure`](Self::from_failure) reads back. There the name is a literal of two ASCII words with a
    /// point between them, `Word.Word`, and the first is none of Amazon's or ours: `States`, `Lambda`, `Sandbox`, `Runtime`,
    /// `Saga`. The text is a literal, or a value that is a string.
    ///
    /// # Example
    ///
    /// ```
    /// use saga_runtime::Rejection;
    ///
    /// let rejection = Rejection::new("Order.Closed", "the shop is closed");
    /// assert_eq!(rejection, Rejection::from_failure("Order.Closed", "the shop is closed"));
    /// ```
    pub fn new(error: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            error: error.into(),
            message: message.into(),
            data: Value::Null,
        }
    }

    /// Reads the `Error` and the `Cause` that an execution failed with.
    ///
    /// The cause of a participant's error is JSON, `{ "errorType", "errorMessage" }`, with JSON in the message; a cause of
    /// any other shape, such as a timeout's text or that of a flow's own rejection, becomes the message whole.
    /// Where a called flow failed, Step Functions says `States.TaskFailed` and, in the cause, how the called execution ended:
    /// its rejection is the answer then.
    pub fn from_failure(error: &str, cause: &str) -> Self {
        /// [What `startExecution.sync:2` fails with](https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html).
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Called {
            execution_arn: String,
            error: String,
            #[serde(default)]
            cause: String,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Cause {
            error_message: String,
        }
        #[derive(Deserialize)]
        struct Message {
            message: String,
            #[serde(default)]
            data: Value,
        }
        if error == "States.TaskFailed"
            && let Ok(called) = serde_json::from_str::<Called>(cause)
            && !called.execution_arn.is_empty()
        {
            return Self::from_failure(&called.error, &called.cause);
        }
        let said = match serde_json::from_str::<Cause>(cause) {
            Ok(cause) => cause.error_message,
            Err(_) => cause.to_owned(),
        };
        match serde_json::from_str::<Message>(&said) {
            Ok(Message { message, data }) => Self {
                error: error.to_owned(),
                message,
                data,
            },
            Err(_) => Self::new(error, said),
        }
    }

    /// The error's name: `StockError.OutOfStock`.
    pub fn error(&self) -> &str {
        &self.error
    }

    /// What went wrong, for people.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The fields of the error's variant, or null.
    pub fn data(&self) -> &Value {
        &self.data
    }
}

impl<E: StepError> From<E> for Rejection {
    fn from(error: E) -> Self {
        Self {
            error: error.error_type().to_owned(),
            message: error.message(),
            // The error itself is worth more than its data: what does not serialize is left out.
            data: error.data().unwrap_or_default(),
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.message.as_str() {
            // A timeout has nothing to add to its name.
            "" => f.write_str(&self.error),
            message => write!(f, "{}: {message}", self.error),
        }
    }
}

impl std::error::Error for Rejection {}

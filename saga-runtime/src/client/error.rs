//! Why a client could not start, find or await a saga. What a saga itself was rejected with is no error here.

use std::error::Error as StdError;
use std::fmt;

use aws_sdk_sfn::error::{ProvideErrorMetadata, SdkError};

/// Why a saga could not be started, found, described or awaited.
///
/// # Example
///
/// ```no_run
/// use saga_runtime::client::{Client, Error, Execution};
///
/// async fn start(sagas: &Client<u64, ()>) -> Result<Execution<()>, Error> {
///     loop {
///         match sagas.start("order-42", &1).await {
///             // It may have started: the same key and input again gives that one.
///             Err(error) if error.is_unavailable() => continue,
///             answer => return answer,
///         }
///     }
/// }
/// ```
#[derive(Debug)]
pub struct Error {
    kind: Kind,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    InvalidArn { arn: String },
    Express { arn: String },
    InvalidName { name: String, why: &'static str },
    InvalidInput { name: String, why: String },
    OtherInput { name: String },
    NoExecution { arn: String },
    TimedOut { name: String },
    Aborted { name: String, why: String },
    OtherOutput { name: String },
    Unreadable { arn: String, what: &'static str },
    Unavailable { call: &'static str },
    Refused { call: &'static str },
}

/// What Step Functions says of a call that another try may bring through.
/// <https://docs.aws.amazon.com/step-functions/latest/apireference/CommonErrors.html>
const PASSING: [&str; 7] = [
    "ThrottlingException",
    "Throttling",
    "KmsThrottlingException",
    "RequestExpired",
    "ServiceUnavailable",
    "InternalFailure",
    "ExecutionLimitExceeded",
];

impl Error {
    pub(super) fn new(kind: Kind) -> Self {
        Self { kind, source: None }
    }

    pub(super) fn with_source(kind: Kind, source: impl StdError + Send + Sync + 'static) -> Self {
        Self {
            kind,
            source: Some(Box::new(source)),
        }
    }

    pub(super) fn of_call<E>(call: &'static str, error: SdkError<E>) -> Self
    where
        E: StdError + ProvideErrorMetadata + Send + Sync + 'static,
    {
        let refused = match &error {
            SdkError::ServiceError(reply) => {
                let passing = reply
                    .err()
                    .code()
                    .is_some_and(|code| PASSING.contains(&code));
                !passing && reply.raw().status().is_client_error()
            }
            SdkError::ConstructionFailure(_) => true,
            _ => false,
        };
        let kind = if refused {
            Kind::Refused { call }
        } else {
            Kind::Unavailable { call }
        };
        Self::with_source(kind, error)
    }

    /// The state machine's ARN is none, or that of an express workflow.
    pub fn is_invalid_state_machine(&self) -> bool {
        matches!(self.kind, Kind::InvalidArn { .. } | Kind::Express { .. })
    }

    /// Step Functions does not allow this key as a name.
    pub fn is_invalid_name(&self) -> bool {
        matches!(self.kind, Kind::InvalidName { .. })
    }

    /// The input does not serialize, is too large, or has an integer that Step Functions would round.
    pub fn is_invalid_input(&self) -> bool {
        matches!(self.kind, Kind::InvalidInput { .. })
    }

    /// The saga of this key was started with another input.
    pub fn is_other_input(&self) -> bool {
        matches!(self.kind, Kind::OtherInput { .. })
    }

    /// There is no such execution, or no longer: Step Functions forgets it 90 days after its end.
    pub fn is_no_execution(&self) -> bool {
        matches!(self.kind, Kind::NoExecution { .. })
    }

    /// Step Functions ended the execution as a whole, uncompensated.
    pub fn is_timed_out(&self) -> bool {
        matches!(self.kind, Kind::TimedOut { .. })
    }

    /// Somebody stopped the execution, uncompensated.
    pub fn is_aborted(&self) -> bool {
        matches!(self.kind, Kind::Aborted { .. })
    }

    /// The saga succeeded with an output of another type than the flow's: this program and the deployment are of different
    /// versions.
    pub fn is_other_output(&self) -> bool {
        matches!(self.kind, Kind::OtherOutput { .. })
    }

    /// A call was throttled, got no answer, or met a fault of the service. It may have taken effect; try again under the same key.
    pub fn is_unavailable(&self) -> bool {
        matches!(self.kind, Kind::Unavailable { .. })
    }

    /// A call was refused, and will be until something else changes: a permission, the state machine. The source says what.
    pub fn is_refused(&self) -> bool {
        matches!(self.kind, Kind::Refused { .. })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::InvalidArn { arn } => write!(
                f,
                "`{arn}` is not the ARN of a state machine; write `arn:aws:states:REGION:ACCOUNT:stateMachine:NAME`"
            ),
            Kind::Express { arn } => write!(
                f,
                "`{arn}` is an express workflow, whose executions run more than once and cannot be found by name; deploy a standard one"
            ),
            Kind::InvalidName { name, why } => write!(f, "key `{}` {why}", name.escape_debug()),
            Kind::InvalidInput { name, why } => write!(f, "the input of saga `{name}` {why}"),
            Kind::OtherInput { name } => write!(
                f,
                "saga `{name}` exists with another input; choose another key"
            ),
            Kind::NoExecution { arn } => write!(f, "there is no execution `{arn}`"),
            Kind::TimedOut { name } => write!(
                f,
                "saga `{name}` timed out as a whole, and nothing was compensated; remove `TimeoutSeconds` from its state machine"
            ),
            Kind::Aborted { name, why } if why.is_empty() => {
                write!(f, "saga `{name}` was stopped, and nothing was compensated")
            }
            Kind::Aborted { name, why } => write!(
                f,
                "saga `{name}` was stopped, and nothing was compensated: {why}"
            ),
            Kind::OtherOutput { name } => write!(
                f,
                "the output of saga `{name}` is not of the flow's type; deploy the state machine and this program from one source"
            ),
            Kind::Unreadable { arn, what } => write!(
                f,
                "the {what} of execution `{arn}` cannot be read from what Step Functions says"
            ),
            Kind::Unavailable { call } => write!(
                f,
                "Step Functions did not answer `{call}`; try again, under the same key"
            ),
            Kind::Refused { call } => write!(f, "Step Functions refused `{call}`"),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn StdError + 'static))
    }
}

//! Why an engine refuses a request. What a saga itself fails with stands in its run.

use std::fmt;

/// Why the engine could not start, resume or fail an execution.
///
/// # Example
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let asl = r#"{ "QueryLanguage": "JSONata", "StartAt": "a", "States": { "a": { "Type": "Succeed" } } }"#;
/// let engine = saga_local::Engine::from_asl("one", asl);
/// engine.start("order-42", &serde_json::json!(1)).await.unwrap();
/// let error = engine.start("order-42", &serde_json::json!(2)).await.unwrap_err();
/// assert!(error.is_name_taken());
/// assert_eq!(error.to_string(), "execution `order-42` exists with another input; choose another name");
/// # });
/// ```
#[derive(Debug)]
pub struct Error {
    kind: Kind,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    InvalidDefinition {
        machine: String,
    },
    UnsupportedTask {
        state: String,
        what: String,
    },
    MissingHandler {
        state: String,
        function: String,
    },
    HandlerTwice {
        function: String,
    },
    MissingFlow {
        state: String,
        arn: String,
    },
    FlowTwice {
        flow: String,
    },
    UnknownState {
        state: String,
    },
    InvalidName {
        name: String,
        why: &'static str,
    },
    NameTaken {
        name: String,
    },
    InvalidInput {
        name: String,
        why: String,
    },
    UnknownExecution {
        name: String,
    },
    UnknownToken {
        token: String,
    },
    InvalidAnswer {
        why: String,
    },
    MissingSample {
        step: String,
    },
    MissingParticipant {
        participant: String,
        choreography: String,
    },
    ParticipantTwice {
        participant: String,
    },
    UnknownPlace {
        place: String,
    },
    UnknownName {
        /// What is wrong.
        problem: String,
        /// What there is instead.
        known: String,
    },
    CommandFailed {
        command: String,
        saga: String,
    },
}

impl Error {
    pub(crate) fn new(kind: Kind) -> Self {
        Self { kind, source: None }
    }

    pub(crate) fn with_source(
        kind: Kind, source: impl std::error::Error + Send + Sync + 'static,
    ) -> Self {
        Self {
            kind,
            source: Some(Box::new(source)),
        }
    }

    /// The definition does not parse, or breaks a rule of the language; the source says which.
    pub fn is_invalid_definition(&self) -> bool {
        matches!(self.kind, Kind::InvalidDefinition { .. })
    }

    /// A state calls a service that this engine does not imitate.
    pub fn is_unsupported(&self) -> bool {
        matches!(self.kind, Kind::UnsupportedTask { .. })
    }

    /// A state calls a function that no handler answers to.
    pub fn is_missing_handler(&self) -> bool {
        matches!(self.kind, Kind::MissingHandler { .. })
    }

    /// Two handlers answer to one function.
    pub fn is_handler_twice(&self) -> bool {
        matches!(self.kind, Kind::HandlerTwice { .. })
    }

    /// A stand-in has no sample of an output that the flow looks into.
    pub fn is_missing_sample(&self) -> bool {
        matches!(self.kind, Kind::MissingSample { .. })
    }

    /// A participant of a choreography was not added to its bus.
    pub fn is_missing_participant(&self) -> bool {
        matches!(self.kind, Kind::MissingParticipant { .. })
    }

    /// A command was rejected, or not answered; the source says with what.
    pub fn is_command_failed(&self) -> bool {
        matches!(self.kind, Kind::CommandFailed { .. })
    }

    /// A state starts a state machine that was not added.
    pub fn is_missing_flow(&self) -> bool {
        matches!(self.kind, Kind::MissingFlow { .. })
    }

    /// Two flows have one name.
    pub fn is_flow_twice(&self) -> bool {
        matches!(self.kind, Kind::FlowTwice { .. })
    }

    /// A fault is planned for a state that does not exist.
    pub fn is_unknown_state(&self) -> bool {
        matches!(self.kind, Kind::UnknownState { .. })
    }

    /// A test says a name that the choreography does not have there: of a place for a fault, of an event, of a participant.
    pub fn is_unknown_name(&self) -> bool {
        matches!(
            self.kind,
            Kind::UnknownPlace { .. } | Kind::UnknownName { .. }
        )
    }

    /// Step Functions does not allow this name for an execution.
    pub fn is_invalid_name(&self) -> bool {
        matches!(self.kind, Kind::InvalidName { .. })
    }

    /// An execution of that name has another input.
    pub fn is_name_taken(&self) -> bool {
        matches!(self.kind, Kind::NameTaken { .. })
    }

    /// The input does not serialize, or is too large.
    pub fn is_invalid_input(&self) -> bool {
        matches!(self.kind, Kind::InvalidInput { .. })
    }

    /// There is no execution of that name.
    pub fn is_unknown_execution(&self) -> bool {
        matches!(self.kind, Kind::UnknownExecution { .. })
    }

    /// No task waits for this token; perhaps it was answered before, or timed out.
    pub fn is_unknown_token(&self) -> bool {
        matches!(self.kind, Kind::UnknownToken { .. })
    }

    /// The answer to a token is too large.
    pub fn is_invalid_answer(&self) -> bool {
        matches!(self.kind, Kind::InvalidAnswer { .. })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::InvalidDefinition { machine } => {
                write!(f, "the definition of `{machine}` is not valid")
            }
            Kind::UnsupportedTask { state, what } => {
                write!(
                    f,
                    "state `{state}` needs {what}, which the embedded engine does not imitate; add a host for it"
                )
            }
            Kind::MissingHandler { state, function } => {
                write!(
                    f,
                    "no handler answers to `{function}`, which state `{state}` calls; add it with `Engine::with`"
                )
            }
            Kind::HandlerTwice { function } => write!(
                f,
                "two handlers answer to `{function}`; add one of them only"
            ),
            Kind::MissingFlow { state, arn } => write!(
                f,
                "no flow answers to `{arn}`, which state `{state}` starts; add it with `Engine::with_flow`"
            ),
            Kind::FlowTwice { flow } => {
                write!(f, "two flows are named `{flow}`; add one of them only")
            }
            Kind::UnknownState { state } => {
                write!(
                    f,
                    "a fault is planned for state `{state}`, which does not call a function in this definition"
                )
            }
            Kind::InvalidName { name, why } => {
                write!(f, "execution name `{}` {why}", name.escape_debug())
            }
            Kind::NameTaken { name } => write!(
                f,
                "execution `{name}` exists with another input; choose another name"
            ),
            Kind::InvalidInput { name, why } => write!(f, "the input of execution `{name}` {why}"),
            Kind::UnknownExecution { name } => write!(f, "there is no execution `{name}`"),
            Kind::UnknownToken { token } => write!(f, "no task waits for token `{token}`"),
            Kind::MissingParticipant {
                participant,
                choreography,
            } => write!(
                f,
                "participant `{participant}` of `{choreography}` is missing; add its consumer"
            ),
            Kind::ParticipantTwice { participant } => write!(
                f,
                "two consumers are for participant `{participant}`; add one of them only"
            ),
            Kind::UnknownPlace { place } => write!(
                f,
                "the choreography has no `{place}`; write a command, a reaction such as `stock.reserve`, or, for a fault of its publication, an event"
            ),
            Kind::UnknownName { problem, known } => write!(f, "{problem}; {known}"),
            Kind::CommandFailed { command, saga } => {
                write!(f, "command `{command}` of saga `{saga}` failed")
            }
            Kind::InvalidAnswer { why } => write!(f, "the answer {why}"),
            Kind::MissingSample { step } => write!(
                f,
                "the flow looks into the output of `{step}`; give the stand-in a sample of it: `.output(\"{step}\", json!(…))`"
            ),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn std::error::Error + 'static))
    }
}

//! The history of an execution, event by event, with Step Functions' names. Which event comes when is the interpreter's affair.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use serde_json::{Map, Value, json};

use crate::data::Data;
use crate::execution::{REGION, role_arn};
use crate::failure::Failure;
use crate::host::Resource;

/// Step Functions closes an execution that reaches this many events:
/// <https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html>.
pub(crate) const MAX_EVENTS: usize = 25_000;

/// One entry of an execution's history, as `GetExecutionHistory` would list it.
///
/// The names are Amazon's: <https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html>.
///
/// # Example
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let asl = r#"{ "QueryLanguage": "JSONata", "StartAt": "a", "States": { "a": { "Type": "Succeed" } } }"#;
/// let run = saga_local::Engine::from_asl("one", asl).start("r", &serde_json::json!(1)).await.unwrap();
/// let kinds: Vec<&str> = run.history().iter().map(|event| event.kind()).collect();
/// assert_eq!(kinds, ["ExecutionStarted", "SucceedStateEntered", "SucceedStateExited", "ExecutionSucceeded"]);
/// # });
/// ```
#[derive(Clone)]
pub struct Event {
    pub(crate) id: u64,
    pub(crate) previous: u64,
    pub(crate) timestamp: SystemTime,
    pub(crate) kind: &'static str,
    pub(crate) facts: Facts,
    /// Written out when somebody asks; most events of most runs are never looked at.
    details: OnceLock<Box<Map<String, Value>>>,
}

/// The details of an event before they are JSON. What is shared with the execution is not copied.
#[derive(Clone, Debug)]
pub(crate) enum Facts {
    /// Few events, or small ones.
    Fields(Vec<(&'static str, Value)>),
    /// An execution starts.
    Started { input: Data, machine_name: Arc<str> },
    /// A state is entered with this input.
    Entered { state: Arc<str>, input: Data },
    /// A state is left with this output.
    Exited {
        state: Arc<str>,
        output: Data,
        assigned: Option<Arc<Map<String, Value>>>,
    },
    /// A task is sent on its way.
    Scheduled(Scheduled),
    /// What else happens to a task.
    Task {
        resource: Arc<Resource>,
        output: Option<Data>,
    },
    /// The end of an execution that succeeded.
    Output(Data),
}

impl Facts {
    pub(crate) const NONE: Self = Self::Fields(Vec::new());

    /// How a task failed.
    pub(crate) fn failed(resource: &Resource, failure: &Failure) -> Self {
        let mut fields = about(resource);
        fields.extend(failure.parts());
        Self::Fields(fields)
    }

    fn to_json(&self) -> Map<String, Value> {
        let fields = self.fields().into_iter();
        fields
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        let text = |text: &str| Value::from(text);
        let json = |data: &Data| data.value().clone();
        match self {
            Self::Fields(fields) => fields.clone(),
            Self::Started {
                input,
                machine_name,
            } => vec![
                ("input", json(input)),
                ("roleArn", role_arn(machine_name).into()),
            ],
            Self::Entered { state, input } => vec![("name", text(state)), ("input", json(input))],
            Self::Exited {
                state,
                output,
                assigned,
            } => {
                let mut fields = vec![("name", text(state)), ("output", json(output))];
                let assigned = assigned.as_deref().cloned().map(Value::Object);
                fields.extend(assigned.map(|assigned| ("assignedVariables", assigned)));
                fields
            }
            Self::Scheduled(scheduled) => scheduled.fields(),
            Self::Task { resource, output } => {
                let mut fields = about(resource);
                fields.extend(output.as_ref().map(|output| ("output", json(output))));
                fields
            }
            Self::Output(output) => vec![("output", json(output))],
        }
    }
}

/// A task's arguments, whose they are, and how long it has.
#[derive(Clone, Debug)]
pub(crate) struct Scheduled {
    pub(crate) resource: Arc<Resource>,
    pub(crate) parameters: Data,
    pub(crate) role: Option<Arc<str>>,
    pub(crate) timeout: Option<u64>,
    pub(crate) heartbeat: Option<u64>,
}

impl Scheduled {
    fn fields(&self) -> Vec<(&'static str, Value)> {
        let parameters = self.parameters.value().clone();
        let mut fields = about(&self.resource);
        if let Some(function) = &self.resource.function {
            fields.push(("resource", (**function).into()));
            fields.push(("input", parameters));
        } else {
            fields.push(("region", REGION.into()));
            fields.push(("parameters", parameters));
        }
        if let Some(role) = &self.role {
            fields.push(("taskCredentials", json!({ "roleArn": **role })));
        }
        let seconds = [
            ("timeoutInSeconds", self.timeout),
            ("heartbeatInSeconds", self.heartbeat),
        ];
        let given = seconds
            .into_iter()
            .filter_map(|(name, seconds)| Some((name, seconds?.into())));
        fields.extend(given);
        fields
    }
}

/// What an event says about the resource; where a function itself is the resource, only its first event does.
fn about(resource: &Resource) -> Vec<(&'static str, Value)> {
    match resource.function {
        Some(_) => Vec::new(),
        None => vec![
            ("resourceType", (*resource.service).into()),
            ("resource", (*resource.action).into()),
        ],
    }
}

impl Event {
    pub(crate) fn new(
        id: u64, previous: u64, timestamp: SystemTime, kind: &'static str, facts: Facts,
    ) -> Self {
        Self {
            id,
            previous,
            timestamp,
            kind,
            facts,
            details: OnceLock::new(),
        }
    }

    /// Numbered from 1, without gaps.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The event that led to this one; 0 for the first two, as Step Functions reports them.
    pub fn previous(&self) -> u64 {
        self.previous
    }

    /// When it happened, in virtual time.
    pub fn timestamp(&self) -> SystemTime {
        self.timestamp
    }

    /// Step Functions' type of event, such as `TaskScheduled`.
    pub fn kind(&self) -> &str {
        self.kind
    }

    /// What `GetExecutionHistory` puts into the event's `…EventDetails`, in its spelling.
    /// `input`, `output`, `parameters` and assigned variables are JSON here, where Amazon sends text that holds JSON.
    pub fn details(&self) -> &Map<String, Value> {
        self.details.get_or_init(|| Box::new(self.facts.to_json()))
    }

    /// The name of the state that an event of entering or leaving speaks of.
    pub fn state(&self) -> Option<&str> {
        match &self.facts {
            Facts::Entered { state, .. } | Facts::Exited { state, .. } => Some(state),
            _ => None,
        }
    }
}

impl PartialEq for Event {
    fn eq(&self, other: &Self) -> bool {
        let head = |event: &Self| (event.id, event.previous, event.timestamp, event.kind);
        head(self) == head(other) && self.details() == other.details()
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("id", &self.id)
            .field("previous", &self.previous)
            .field("timestamp", &self.timestamp)
            .field("kind", &self.kind)
            .field("details", self.details())
            .finish_non_exhaustive()
    }
}

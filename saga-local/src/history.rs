//! The history of an execution, event by event, with Step Functions' names. Which event comes when is the interpreter's affair.

use std::time::SystemTime;

use serde_json::{Map, Value};

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
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub(crate) id: u64,
    pub(crate) previous: u64,
    pub(crate) timestamp: SystemTime,
    pub(crate) kind: &'static str,
    pub(crate) details: Map<String, Value>,
}

impl Event {
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
        &self.details
    }

    /// The name of the state that an event of entering or leaving speaks of.
    pub fn state(&self) -> Option<&str> {
        let speaks_of_state =
            self.kind.ends_with("StateEntered") || self.kind.ends_with("StateExited");
        self.details
            .get("name")
            .and_then(Value::as_str)
            .filter(|_| speaks_of_state)
    }
}

//! What stands behind a Task: the trait that the interpreter calls, and a call's description. `services.rs` answers for sagas.

use std::time::SystemTime;

use saga_asl as asl;
use serde_json::Value;

use crate::BoxFuture;

/// What Tasks reach beyond the state machine. An engine brings its own, which knows handlers and the parking queue;
/// [`Engine::with_host`](crate::Engine::with_host) puts another before it.
///
/// # Example
///
/// ```
/// use saga_local::{Answer, BoxFuture, Call, Engine, TaskHost};
///
/// struct Weather;
///
/// impl TaskHost for Weather {
///     fn answers(&self, service: &str, _: &str) -> bool {
///         service == "http"
///     }
///
///     fn call(&self, _: Call) -> BoxFuture<'static, Answer> {
///         Box::pin(async { Answer::Output(serde_json::json!("sunny")) })
///     }
/// }
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let asl = r#"{ "QueryLanguage": "JSONata", "StartAt": "ask", "States": {
///     "ask": { "Type": "Task", "Resource": "arn:aws:states:::http:invoke", "End": true } } }"#;
/// let run = Engine::from_asl("weather", asl).with_host(Weather).start("today", &serde_json::json!({})).await.unwrap();
/// assert_eq!(run.result().unwrap().unwrap(), serde_json::json!("sunny"));
/// # });
/// ```
pub trait TaskHost: Send + Sync {
    /// Whether this host takes calls of that service and action, such as `lambda` and `invoke`. The engine takes the others.
    fn answers(&self, service: &str, action: &str) -> bool;

    /// Makes the call. The future runs to its end even if the state machine no longer waits for it,
    /// as a Lambda function does when the branch that called it was aborted.
    fn call(&self, call: Call) -> BoxFuture<'static, Answer>;
}

/// One request of a Task to a service.
#[derive(Clone, Debug)]
pub struct Call {
    pub(crate) resource: Resource,
    pub(crate) arguments: Value,
    pub(crate) state: String,
    pub(crate) execution: String,
    pub(crate) execution_arn: String,
    pub(crate) deadline: SystemTime,
    pub(crate) token: Option<String>,
}

impl Call {
    /// The service, such as `lambda`.
    pub fn service(&self) -> &str {
        &self.resource.service
    }

    /// The action, such as `invoke`, or `sendMessage.waitForTaskToken`.
    pub fn action(&self) -> &str {
        &self.resource.action
    }

    /// The evaluated `Arguments`.
    pub fn arguments(&self) -> &Value {
        &self.arguments
    }

    /// The name of the state that calls.
    pub fn state(&self) -> &str {
        &self.state
    }

    /// The name of the execution that calls.
    pub fn execution(&self) -> &str {
        &self.execution
    }

    /// The ARN of the execution that calls. Executions of different flows may have the same name.
    pub fn execution_arn(&self) -> &str {
        &self.execution_arn
    }

    /// The token that a `.waitForTaskToken` call hands out.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// When the state's `TimeoutSeconds` are over.
    pub fn deadline(&self) -> SystemTime {
        self.deadline
    }
}

/// How a [`Call`] ends.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// The service's response.
    Output(Value),
    /// The service reports an error: what `Retry` and `Catch` match, and its explanation.
    Error {
        /// What `ErrorEquals` is compared with.
        error: String,
        /// The explanation; for Lambda, JSON text with `errorMessage` and `errorType`.
        cause: String,
    },
    /// No answer ever comes; the state waits until its `TimeoutSeconds` are over.
    Lost,
}

/// `arn:aws:states:::SERVICE:ACTION`, as history events split it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Resource {
    pub(crate) service: String,
    pub(crate) action: String,
}

impl Resource {
    /// `None` if the resource is no service integration, such as an activity.
    pub(crate) fn parse(resource: &str) -> Option<Self> {
        let rest = resource.strip_prefix("arn:aws:states:::")?;
        // `aws-sdk:sns:publish` has a service of two words, `states:startExecution.sync:2` an action with a version.
        let sdk = if rest.starts_with("aws-sdk:") {
            "aws-sdk:".len()
        } else {
            0
        };
        let colon = sdk + rest.get(sdk..)?.find(':')?;
        let (service, action) = (rest.get(..colon)?, rest.get(colon + 1..)?);
        Some(Self {
            service: service.to_owned(),
            action: action.to_owned(),
        })
    }

    pub(crate) fn waits_for_token(&self) -> bool {
        self.action.ends_with(".waitForTaskToken")
    }
}

/// All Tasks of the graph with their names, those of nested graphs included.
pub(crate) fn tasks(graph: &asl::Graph) -> Vec<(&str, &asl::Task)> {
    let mut tasks = Vec::new();
    for (name, state) in &graph.states {
        match state {
            asl::State::Task(task) => tasks.push((name.as_str(), task)),
            asl::State::Parallel(parallel) => {
                tasks.extend(parallel.branches.iter().flat_map(self::tasks));
            }
            asl::State::Map(map) => tasks.extend(self::tasks(&map.item_processor.graph)),
            _ => {}
        }
    }
    tasks
}

#[cfg(test)]
mod tests {
    use super::Resource;

    #[test]
    fn resources_split_as_in_the_history() {
        let split =
            |text| Resource::parse(text).map(|resource| (resource.service, resource.action));
        let pair = |service: &str, action: &str| Some((service.to_owned(), action.to_owned()));
        assert_eq!(
            split("arn:aws:states:::lambda:invoke"),
            pair("lambda", "invoke")
        );
        assert_eq!(
            split("arn:aws:states:::aws-sdk:sns:publish"),
            pair("aws-sdk:sns", "publish")
        );
        assert_eq!(
            split("arn:aws:states:::states:startExecution.sync:2"),
            pair("states", "startExecution.sync:2")
        );
        assert_eq!(split("arn:aws:states:::lambda"), None);
        assert_eq!(
            split("arn:aws:states:us-east-1:123456789012:activity:x"),
            None
        );
    }
}

//! What stands behind a Task: the trait that the interpreter calls, and a call's description. `services.rs` answers for sagas.

use std::sync::Arc;
use std::time::SystemTime;

use saga_asl as asl;
use serde_json::Value;

use crate::BoxFuture;
use crate::data::Data;

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
    pub(crate) resource: Arc<Resource>,
    pub(crate) arguments: Data,
    pub(crate) state: Arc<str>,
    pub(crate) execution: Arc<str>,
    pub(crate) execution_arn: Arc<str>,
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

    /// The evaluated `Arguments`. Where a Task's resource is a function's ARN, they are those of `lambda:invoke`: `FunctionName` and
    /// `Payload`, and the answer is that of `lambda:invoke` as well.
    pub fn arguments(&self) -> &Value {
        self.arguments.value()
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

/// How a call ends, as the interpreter takes it: an [`Answer`] whose output is shared.
pub(crate) enum Reply {
    Output(Data),
    Error { error: String, cause: String },
    Lost,
}

impl From<Answer> for Reply {
    fn from(answer: Answer) -> Self {
        match answer {
            Answer::Output(output) => Self::Output(output.into()),
            Answer::Error { error, cause } => Self::Error { error, cause },
            Answer::Lost => Self::Lost,
        }
    }
}

/// `arn:aws:states:::SERVICE:ACTION`, as history events split it; or a function's own ARN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Resource {
    pub(crate) service: Arc<str>,
    pub(crate) action: Arc<str>,
    /// The ARN, where a function itself is the resource: its arguments are the payload, its result the payload that comes back.
    pub(crate) function: Option<Arc<str>>,
}

impl Resource {
    /// `None` if the resource is no service integration, such as an activity.
    pub(crate) fn parse(resource: &str) -> Option<Self> {
        if is_function(resource) {
            return Some(Self {
                service: "lambda".into(),
                action: "invoke".into(),
                function: Some(resource.into()),
            });
        }
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
            service: service.into(),
            action: action.into(),
            function: None,
        })
    }

    pub(crate) fn waits_for_token(&self) -> bool {
        self.action.ends_with(".waitForTaskToken")
    }
}

/// `arn:aws:lambda:REGION:ACCOUNT:function:NAME`, or the placeholder of one.
/// <https://docs.aws.amazon.com/step-functions/latest/dg/connect-lambda.html>, "Specifying a function ARN directly in the Resource field"
fn is_function(resource: &str) -> bool {
    let is_placeholder = resource.starts_with("${") && resource.ends_with('}');
    is_placeholder || resource.starts_with("arn:aws:lambda:") && resource.contains(":function:")
}

/// All Tasks of the graph with their names, those of nested graphs included.
pub(crate) fn tasks(graph: &asl::Graph) -> Vec<(&str, &asl::Task)> {
    let states = graph.all_states().into_iter();
    let tasks = states.filter_map(|(name, state)| match state {
        asl::State::Task(task) => Some((name, task)),
        _ => None,
    });
    tasks.collect()
}

#[cfg(test)]
mod tests {
    use super::Resource;

    #[test]
    fn resources_split_as_in_the_history() {
        let split =
            |text| Resource::parse(text).map(|resource| (resource.service, resource.action));
        let pair = |service: &str, action: &str| Some((service.into(), action.into()));
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
        let function = "arn:aws:lambda:us-east-1:123456789012:function:stock";
        assert_eq!(split(function), pair("lambda", "invoke"));
        assert_eq!(split("arn:aws:states:::lambda"), None);
        assert_eq!(
            split("arn:aws:states:us-east-1:123456789012:activity:x"),
            None
        );
    }
}

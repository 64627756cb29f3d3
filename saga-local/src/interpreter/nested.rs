//! Nested executions: a Task that starts another state machine and, in `.sync`, waits for it.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html>

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use saga_runtime::__private::check_execution_name;
use serde_json::{Map, Value, json};

use crate::clock::Waits;
use crate::data::Data;
use crate::execution::{Child, Execution, Status};
use crate::failure::Failure;
use crate::host::Resource;
use crate::lock;
use crate::race::{Either, race};
use crate::registry::{Birth, Origin};

use super::{Frame, task};

/// How a Task waits for the execution that it starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// `startExecution`: not at all.
    Only,
    /// `startExecution.sync`: its input and output come back as text.
    Sync,
    /// `startExecution.sync:2`: its input and output come back as JSON.
    SyncJson,
}

impl Start {
    pub(super) fn of(resource: &Resource) -> Option<Self> {
        match (&*resource.service, &*resource.action) {
            ("states", "startExecution") => Some(Self::Only),
            ("states", "startExecution.sync") => Some(Self::Sync),
            ("states", "startExecution.sync:2") => Some(Self::SyncJson),
            _ => None,
        }
    }
}

/// Starts the execution and, unless the Task only starts it, waits for its end or the Task's own.
pub(super) async fn perform(
    frame: &Frame, start: Start, resource: &Arc<Resource>, arguments: &Value, deadline: SystemTime,
) -> Result<Value, Failure> {
    let execution = &frame.execution;
    let request_id = execution.services.next_request_id();
    let child = begin(frame, start, arguments, &request_id)?;
    let answer = response(&child, &request_id);
    if start == Start::Only {
        return Ok(answer);
    }
    let answer = Data::from(answer);
    let child = Child(child);
    task::submitted(frame, resource, &answer)?;
    // Another execution may have started it, with the same name and input.
    let _link = execution.clock.link(execution.root, child.0.root);
    let timer = execution
        .clock
        .timer(execution.root, deadline, Waits::ForAnswer);
    match race(child.0.ended(), timer).await {
        Either::First(()) => outcome(&child.0, start),
        // Dropping the child stops it.
        Either::Second(()) => Err(Failure::timeout()),
    }
}

/// `StartExecution`: <https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html>.
fn begin(
    frame: &Frame, start: Start, arguments: &Value, request_id: &str,
) -> Result<Arc<Execution>, Failure> {
    let refuse = |code: &str, message: String| {
        let cause = format!(
            "{message} (Service: AWSStepFunctions; Status Code: 400; Error Code: {code}; Request ID: {request_id}; Proxy: null)"
        );
        Failure::new(format!("StepFunctions.{code}Exception"), cause)
    };
    let execution = &frame.execution;
    let text = |name: &str| arguments.get(name).and_then(Value::as_str);
    let arn = text("StateMachineArn").unwrap_or_default();
    let registry = execution.registry.upgrade();
    let Some((registry, flow)) =
        registry.and_then(|registry| registry.flow(arn).map(|flow| (registry, flow)))
    else {
        let message = format!("State Machine Does Not Exist: '{arn}'");
        return Err(refuse("StateMachineDoesNotExist", message));
    };
    let Ok(machine) = flow.machine else {
        let message = format!("State Machine Does Not Exist: '{arn}'");
        return Err(refuse("StateMachineDoesNotExist", message));
    };
    let name = text("Name").map_or_else(|| execution.uuid(), str::to_owned);
    if check_execution_name(&name).is_err() {
        return Err(refuse("InvalidName", format!("Invalid Name: '{name}'")));
    }
    let Some(input) = input(arguments.get("Input")).map(Data::from) else {
        let message = "Invalid State Machine Execution Input: 'The input is no JSON text'";
        return Err(refuse("InvalidExecutionInput", message.to_owned()));
    };
    if !execution.has_room_for_child() {
        let message = "The maximum number of running executions has been reached";
        return Err(refuse("ExecutionLimitExceeded", message.to_owned()));
    }
    let origin = match start {
        Start::Only => Origin::Detached(execution),
        Start::Sync | Start::SyncJson => Origin::Task(execution),
    };
    let birth = Birth {
        name: name.into(),
        machine_name: flow.name,
        machine,
        input: input.clone(),
        seed: execution.seed,
        origin,
    };
    match registry.begin(birth, &execution.services) {
        Ok(child) => Ok(child),
        // "If you call StartExecution with the same name and input as a running execution, the call succeeds."
        Err(child) if child.is_running() && child.input == input => Ok(child),
        Err(child) => {
            let message = format!("Execution Already Exists: '{}'", child.arn);
            Err(refuse("ExecutionAlreadyExists", message))
        }
    }
}

/// The API takes text: a string is that text, and any other JSON is written out for it. Without an input it is `{}`, as it is
/// for `null`.
fn input(argument: Option<&Value>) -> Option<Value> {
    match argument {
        None | Some(Value::Null) => Some(json!({})),
        Some(Value::String(text)) => serde_json::from_str(text).ok(),
        Some(value) => Some(value.clone()),
    }
}

/// What `StartExecution` answers.
fn response(child: &Execution, request_id: &str) -> Value {
    json!({
        "ExecutionArn": *child.arn,
        "SdkHttpMetadata": { "HttpStatusCode": 200 },
        "SdkResponseMetadata": { "RequestId": request_id },
        "StartDate": millis(child.started),
    })
}

fn outcome(child: &Execution, start: Start) -> Result<Value, Failure> {
    let progress = lock(&child.progress).clone();
    let payload = |value: &Value| match start {
        Start::SyncJson => value.clone(),
        Start::Only | Start::Sync => Value::String(value.to_string()),
    };
    let mut description = Map::new();
    let mut add = |key: &str, value: Value| {
        description.insert(key.to_owned(), value);
    };
    // A child that timed out has its error in its history alone.
    let failure = progress
        .failure
        .filter(|_| progress.status != Status::TimedOut);
    if let Some(failure) = failure {
        for (key, part) in [("Cause", failure.cause), ("Error", failure.error)] {
            if let Some(part) = part {
                add(key, Value::String(part));
            }
        }
    }
    add("ExecutionArn", (*child.arn).into());
    add("Input", payload(child.input.value()));
    add("InputDetails", json!({ "Included": true }));
    add("Name", (*child.name).into());
    if let Some(output) = &progress.output {
        add("Output", payload(output.value()));
        add("OutputDetails", json!({ "Included": true }));
    }
    add("RedriveCount", 0.into());
    if progress.status == Status::Succeeded {
        add("RedriveStatus", "NOT_REDRIVABLE".into());
        add(
            "RedriveStatusReason",
            "Execution is SUCCEEDED and cannot be redriven".into(),
        );
    } else {
        add("RedriveStatus", "REDRIVABLE".into());
    }
    add("StartDate", millis(child.started));
    add("StateMachineArn", child.machine_arn().into());
    add("Status", progress.status.name().into());
    add("StopDate", progress.ended.map_or(Value::Null, millis));
    let description = Value::Object(description);
    match progress.status {
        Status::Succeeded => Ok(description),
        _ => Err(Failure::new(
            "States.TaskFailed",
            cut(description.to_string()),
        )),
    }
}

/// <https://docs.aws.amazon.com/step-functions/latest/apireference/API_TaskFailedEventDetails.html>
const MAX_CAUSE: usize = 32_768;

/// A cause quotes the whole input, which may be longer than a cause can be.
fn cut(cause: String) -> String {
    match cause.char_indices().nth(MAX_CAUSE) {
        Some((end, _)) => cause[..end].to_owned(),
        None => cause,
    }
}

fn millis(time: SystemTime) -> Value {
    let elapsed = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(elapsed.as_millis())
        .unwrap_or_default()
        .into()
}

//! Task: one attempt, from its arguments to its result. Retry and Catch stand around it in `retry.rs`.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use saga_asl as asl;
use serde_json::{Value, json};

use crate::clock::Waits;
use crate::data::Data;
use crate::failure::{Failure, MAX_PAYLOAD};
use crate::history::{Facts, Scheduled};
use crate::host::{Call, Reply, Resource};
use crate::race::{Either, race};

use super::nested::{self, Start};
use super::{Frame, Query, Rejected, Step, target};

/// The default and the longest `TimeoutSeconds`.
const MAX_TIMEOUT: u64 = 99_999_999;

pub(super) async fn attempt<'a>(
    frame: &mut Frame, task: &'a asl::Task, input: &Data,
) -> Result<Step<'a>, Failure> {
    let Some(resource) = frame.execution.services.resource(&task.resource) else {
        return Err(Failure::runtime(format!(
            "The resource '{}' is not supported by the embedded engine.",
            task.resource
        )));
    };
    frame.state.token = resource
        .waits_for_token()
        .then(|| frame.execution.next_token());
    let query = Query::of_input(input);
    let request = request(frame, task, &query)?;
    schedule(frame, &resource, &request)?;
    let result = perform(frame, resource, request).await?;
    let query = query.with_result(&result);
    frame.complete(
        "TaskStateExited",
        &query,
        (&task.assign, task.output.as_ref()),
        &result,
        target(&task.next),
    )
}

/// What the state sends, and how long it waits.
struct Request {
    arguments: Data,
    role: Option<String>,
    timeout: Option<u64>,
    heartbeat: Option<u64>,
}

fn request(frame: &mut Frame, task: &asl::Task, query: &Query<'_>) -> Result<Request, Failure> {
    let number = |field, number: &Option<asl::Number>| {
        number
            .as_ref()
            .map(|number| query.number(frame, field, number, MAX_TIMEOUT))
            .transpose()
    };
    let evaluated = match &task.arguments {
        Some(template) => arguments(frame, template, query),
        None => Ok(query.input.clone()),
    }
    .and_then(|arguments| {
        let role = task.credentials.as_ref();
        let role = role
            .map(|role| query.text(frame, "Credentials/RoleArn", &role.role_arn))
            .transpose()?;
        let timeout = number("TimeoutSeconds", &task.timeout_seconds)?;
        let heartbeat = number("HeartbeatSeconds", &task.heartbeat_seconds)?;
        Ok(Request {
            arguments,
            role,
            timeout,
            heartbeat,
        })
    });
    let request = evaluated.map_err(|rejected| frame.reject(rejected))?;
    if request.arguments.size() > MAX_PAYLOAD {
        return Err(Failure::too_large(&frame.state.name));
    }
    Ok(request)
}

fn arguments(frame: &Frame, template: &asl::Template, query: &Query<'_>) -> Result<Data, Rejected> {
    let machine = &frame.execution.machine;
    match machine.arguments(&frame.state.name, template) {
        Some(shape) => {
            let leaves = query.leaves(frame, shape)?;
            Ok(Data::evaluated(Arc::clone(shape), leaves))
        }
        None => query.template(frame, "Arguments", template).map(Data::from),
    }
}

fn schedule(frame: &Frame, resource: &Arc<Resource>, request: &Request) -> Result<(), Failure> {
    let [scheduled, started] = match resource.function {
        Some(_) => ["LambdaFunctionScheduled", "LambdaFunctionStarted"],
        None => ["TaskScheduled", "TaskStarted"],
    };
    let facts = Facts::Scheduled(Scheduled {
        resource: Arc::clone(resource),
        parameters: request.arguments.clone(),
        role: request.role.as_deref().map(Arc::from),
        timeout: request.timeout,
        heartbeat: request.heartbeat,
    });
    frame.record(scheduled, facts)?;
    let facts = Facts::Task {
        resource: Arc::clone(resource),
        output: None,
    };
    frame.record(started, facts)?;
    Ok(())
}

/// Calls the service and, in a callback task, waits for the token to come back.
async fn perform(
    frame: &Frame, resource: Arc<Resource>, request: Request,
) -> Result<Data, Failure> {
    let execution = &frame.execution;
    let deadline = execution
        .clock
        .after(Duration::from_secs(request.timeout.unwrap_or(MAX_TIMEOUT)));
    if let Some(start) = Start::of(&resource)
        && execution
            .services
            .host(&resource.service, &resource.action)
            .is_none()
    {
        let arguments = request.arguments.value();
        // Boxed, as is all that hardly any state does: those that do not are not to carry room for it.
        let child = nested::perform(frame, start, &resource, arguments, deadline);
        let outcome = Box::pin(child).await;
        return conclude(frame, &resource, outcome.map(Data::from));
    }
    let call = Call {
        resource: Arc::clone(&resource),
        arguments: match &resource.function {
            Some(function) => {
                let payload = request.arguments.value();
                json!({ "FunctionName": **function, "Payload": payload }).into()
            }
            None => request.arguments,
        },
        state: Arc::clone(&frame.state.name),
        execution: Arc::clone(&execution.name),
        execution_arn: Arc::clone(&execution.arn),
        deadline,
        token: frame.state.token.clone(),
    };
    // Expected before the message is out: its receiver may answer at once.
    let waiting = frame.state.token.as_deref().map(|token| {
        execution
            .services
            .tokens
            .expect(execution.root, &call, token)
    });
    let answer = execution.call(call).await;
    let outcome = match (answer, waiting) {
        (Reply::Output(output), Some(waiting)) => {
            submitted(frame, &resource, &output)?;
            let heartbeat = request.heartbeat.map(Duration::from_secs);
            let answer = Box::pin(await_token(frame, waiting, deadline, heartbeat)).await;
            answer.map(Data::from)
        }
        (Reply::Output(output), None) if resource.function.is_some() => {
            let payload = output.get("Payload").cloned();
            Ok(payload.unwrap_or_default().into())
        }
        (Reply::Output(output), None) => Ok(output),
        (Reply::Error { error, cause }, _) => Err(Failure::new(error, cause)),
        (Reply::Lost, _) => {
            execution.sleep_until(deadline).await;
            Err(Failure::timeout())
        }
    };
    conclude(frame, &resource, outcome)
}

pub(super) fn submitted(
    frame: &Frame, resource: &Arc<Resource>, output: &Data,
) -> Result<(), Failure> {
    let facts = Facts::Task {
        resource: Arc::clone(resource),
        output: Some(output.clone()),
    };
    frame.record("TaskSubmitted", facts)?;
    Ok(())
}

async fn await_token(
    frame: &Frame, waiting: crate::parking::Waiting, deadline: SystemTime,
    heartbeat: Option<Duration>,
) -> Result<Value, Failure> {
    let execution = &frame.execution;
    loop {
        let next_beat = heartbeat.map(|heartbeat| execution.clock.after(heartbeat));
        let until = next_beat.map_or(deadline, |beat| beat.min(deadline));
        let timer = execution
            .clock
            .timer(execution.root, until, Waits::ForAnswer);
        match race(waiting.answer(), timer).await {
            Either::First(Some(answer)) => return answer,
            // A heartbeat came: the wait begins anew.
            Either::First(None) => {}
            Either::Second(()) if until < deadline => return Err(Failure::heartbeat()),
            Either::Second(()) => return Err(Failure::timeout()),
        }
    }
}

/// `TaskSucceeded`, `TaskFailed` or `TaskTimedOut`, or what stands for them where a function itself is the resource.
fn conclude(
    frame: &Frame, resource: &Arc<Resource>, outcome: Result<Data, Failure>,
) -> Result<Data, Failure> {
    let outcome = outcome.and_then(|result| {
        if result.size() > MAX_PAYLOAD {
            let what = resource.function.as_ref().unwrap_or(&resource.service);
            Err(Failure::too_large(what))
        } else {
            Ok(result)
        }
    });
    let [succeeded, failed, timed_out] = match resource.function {
        Some(_) => [
            "LambdaFunctionSucceeded",
            "LambdaFunctionFailed",
            "LambdaFunctionTimedOut",
        ],
        None => ["TaskSucceeded", "TaskFailed", "TaskTimedOut"],
    };
    match outcome {
        Ok(result) => {
            let facts = Facts::Task {
                resource: Arc::clone(resource),
                output: Some(result.clone()),
            };
            frame.record(succeeded, facts)?;
            Ok(result)
        }
        Err(failure) => {
            let kind = match failure.error.as_deref() {
                Some("States.Timeout") => timed_out,
                _ => failed,
            };
            frame.record(kind, Facts::failed(resource, &failure))?;
            Err(failure)
        }
    }
}

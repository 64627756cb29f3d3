//! Task: one attempt, from its arguments to its result. Retry and Catch stand around it in `retry.rs`.

use std::time::{Duration, SystemTime};

use saga_asl as asl;
use serde_json::{Value, json};

use crate::clock::Waits;
use crate::execution::REGION;
use crate::failure::{Failure, MAX_PAYLOAD, json_size};
use crate::host::{Answer, Call, Resource};
use crate::race::{Either, race};

use super::nested::{self, Start};
use super::{Frame, Query, Step, target};

/// The default and the longest `TimeoutSeconds`.
const MAX_TIMEOUT: u64 = 99_999_999;

pub(super) async fn attempt<'a>(
    frame: &mut Frame, task: &'a asl::Task, input: &Value,
) -> Result<Step<'a>, Failure> {
    let Some(resource) = Resource::parse(&task.resource) else {
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
    arguments: Value,
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
        Some(template) => query.template(frame, "Arguments", template),
        None => Ok(query.input.clone()),
    }
    .and_then(|arguments| {
        let timeout = number("TimeoutSeconds", &task.timeout_seconds)?;
        let heartbeat = number("HeartbeatSeconds", &task.heartbeat_seconds)?;
        Ok(Request {
            arguments,
            timeout,
            heartbeat,
        })
    });
    let request = evaluated.map_err(|rejected| frame.reject(rejected))?;
    if json_size(&request.arguments) > MAX_PAYLOAD {
        return Err(Failure::too_large(&frame.state.name));
    }
    Ok(request)
}

fn schedule(frame: &Frame, resource: &Resource, request: &Request) -> Result<(), Failure> {
    let mut details = json!({
        "resourceType": resource.service,
        "resource": resource.action,
        "region": REGION,
        "parameters": request.arguments,
    });
    for (name, seconds) in [
        ("timeoutInSeconds", request.timeout),
        ("heartbeatInSeconds", request.heartbeat),
    ] {
        if let Some(seconds) = seconds {
            details[name] = seconds.into();
        }
    }
    frame.record("TaskScheduled", details)?;
    frame.record(
        "TaskStarted",
        json!({ "resourceType": resource.service, "resource": resource.action }),
    )?;
    Ok(())
}

/// Calls the service and, in a callback task, waits for the token to come back.
async fn perform(frame: &Frame, resource: Resource, request: Request) -> Result<Value, Failure> {
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
        let outcome = nested::perform(frame, start, &resource, &request.arguments, deadline).await;
        return conclude(frame, &resource, outcome);
    }
    let call = Call {
        resource: resource.clone(),
        arguments: request.arguments,
        state: frame.state.name.clone(),
        execution: execution.name.clone(),
        execution_arn: execution.arn(),
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
        (Answer::Output(output), Some(waiting)) => {
            submitted(frame, &resource, &output)?;
            let heartbeat = request.heartbeat.map(Duration::from_secs);
            await_token(frame, waiting, deadline, heartbeat).await
        }
        (Answer::Output(output), None) => Ok(output),
        (Answer::Error { error, cause }, _) => Err(Failure::new(error, cause)),
        (Answer::Lost, _) => {
            execution.sleep_until(deadline).await;
            Err(Failure::timeout())
        }
    };
    conclude(frame, &resource, outcome)
}

pub(super) fn submitted(frame: &Frame, resource: &Resource, output: &Value) -> Result<(), Failure> {
    let details =
        json!({ "resourceType": resource.service, "resource": resource.action, "output": output });
    frame.record("TaskSubmitted", details)?;
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

/// `TaskSucceeded`, `TaskFailed` or `TaskTimedOut`.
fn conclude(
    frame: &Frame, resource: &Resource, outcome: Result<Value, Failure>,
) -> Result<Value, Failure> {
    let outcome = outcome.and_then(|result| {
        if json_size(&result) > MAX_PAYLOAD {
            Err(Failure::too_large(&resource.service))
        } else {
            Ok(result)
        }
    });
    let mut details = json!({ "resourceType": resource.service, "resource": resource.action });
    match outcome {
        Ok(result) => {
            details["output"] = result.clone();
            frame.record("TaskSucceeded", details)?;
            Ok(result)
        }
        Err(failure) => {
            for (key, value) in failure.details() {
                details[key] = value;
            }
            let timed_out = failure.error.as_deref() == Some("States.Timeout");
            frame.record(
                if timed_out {
                    "TaskTimedOut"
                } else {
                    "TaskFailed"
                },
                details,
            )?;
            Err(failure)
        }
    }
}

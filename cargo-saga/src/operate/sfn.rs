//! The calls of Step Functions that operating takes: paged, with what went wrong in words. Decides nothing.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use aws_sdk_sfn::Client;
use aws_sdk_sfn::config::interceptors::AfterDeserializationInterceptorContextRef;
use aws_sdk_sfn::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_sfn::error::{BoxError, ProvideErrorMetadata, SdkError};
use aws_sdk_sfn::operation::describe_execution::{DescribeExecutionError, DescribeExecutionOutput};
use aws_sdk_sfn::operation::start_execution::StartExecutionError;
use aws_sdk_sfn::primitives::DateTime;
use aws_sdk_sfn::types::{ExecutionStatus, StateMachineType};
use serde_json::Value;

use super::place::Machine;
use crate::args::Aws;
use crate::aws::Cloud;
use crate::timeline::SKIPPED;

/// The most that a page may have:
/// <https://docs.aws.amazon.com/step-functions/latest/apireference/API_GetExecutionHistory.html>.
const PAGE: i32 = 1_000;
/// A page of what is new in a history that has been read before.
const NEWS: i32 = 100;

/// A token that nobody waits for any more.
/// <https://docs.aws.amazon.com/step-functions/latest/apireference/API_SendTaskSuccess.html#API_SendTaskSuccess_Errors>
const OVER: [&str; 3] = ["TaskTimedOut", "TaskDoesNotExist", "InvalidToken"];

pub(super) struct Sfn {
    cloud: Cloud,
    client: Client,
    /// What commands that are printed must repeat.
    pub(super) options: String,
}

/// An execution as `DescribeExecution` tells it.
#[derive(Clone, Debug)]
pub(super) struct Execution {
    pub(super) arn: String,
    pub(super) status: String,
    pub(super) started: SystemTime,
    pub(super) ended: Option<SystemTime>,
    pub(super) input: Option<Value>,
    pub(super) output: Option<Value>,
    pub(super) error: Option<String>,
    pub(super) cause: Option<String>,
    pub(super) redrives: i32,
    /// Why it cannot be redriven, if it cannot.
    pub(super) not_redrivable: Option<String>,
}

/// An execution in a list.
#[derive(Clone, Debug)]
pub(super) struct Listed {
    pub(super) arn: String,
    pub(super) status: String,
    pub(super) started: SystemTime,
    pub(super) ended: Option<SystemTime>,
}

/// What became of an answer to a task token.
#[derive(Debug, PartialEq)]
pub(super) enum Answer {
    Taken,
    /// The token is over, or somebody answered before.
    TooLate,
}

impl Sfn {
    /// An execution's or state machine's ARN says which region is meant, if no option does.
    pub(super) async fn connect(aws: &Aws, arn: Option<&str>) -> Result<Self, String> {
        let of_arn = arn.filter(|arn| arn.starts_with("arn:"));
        let of_arn = of_arn.and_then(|arn| arn.split(':').nth(3));
        let aws = Aws {
            region: aws.region.clone().or_else(|| of_arn.map(str::to_owned)),
            profile: aws.profile.clone(),
            endpoint_url: aws.endpoint_url.clone(),
        };
        let mut options = String::new();
        for (name, value) in [
            ("--profile", &aws.profile),
            ("--endpoint-url", &aws.endpoint_url),
        ] {
            if let Some(value) = value {
                options = format!("{options} {name} {value}");
            }
        }
        let cloud = Cloud::connect(&aws).await?;
        let client = cloud.sfn();
        Ok(Self {
            cloud,
            client,
            options,
        })
    }

    /// Where all this is.
    pub(super) fn region(&self) -> &str {
        self.cloud.region()
    }

    /// Nothing where there is no such execution.
    pub(super) async fn describe(&self, arn: &str) -> Result<Option<Execution>, String> {
        let call = self.client.describe_execution().execution_arn(arn);
        match call.send().await {
            Ok(reply) => Ok(Some(execution(reply))),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(DescribeExecutionError::is_execution_does_not_exist) =>
            {
                Ok(None)
            }
            Err(error) => Err(self.cloud.fault("states:DescribeExecution", arn, &error)),
        }
    }

    /// The events after one, oldest first, in Amazon's own JSON: so that no field and no type of event is lost that the SDK does
    /// not know yet.
    pub(super) async fn history(&self, arn: &str, after: u64) -> Result<Vec<Value>, String> {
        let mut events: Vec<Value> = Vec::new();
        let mut page = None;
        loop {
            let body = Body::default();
            let call = self.client.get_execution_history().execution_arn(arn);
            let call = match after {
                0 => call.max_results(PAGE),
                // What is new is at the end, and is all that is wanted.
                _ => call.max_results(NEWS).reverse_order(true),
            };
            let call = call.set_next_token(page).customize();
            let reply = call.interceptor(body.clone()).send().await;
            // The SDK refuses a whole page for one field of another type than it knows.
            let Some((read, next)) = body.page() else {
                let error = reply.err();
                let fault =
                    error.map(|error| self.cloud.fault("states:GetExecutionHistory", arn, &error));
                return Err(fault.unwrap_or_else(|| format!("the history of {arn} has no events")));
            };
            let id = |event: &Value| event.get("id").and_then(Value::as_u64).unwrap_or_default();
            let seen = read.iter().any(|event| id(event) <= after);
            events.extend(read.into_iter().filter(|event| id(event) > after));
            page = next;
            if page.is_none() || (seen && after > 0) {
                events.sort_by_key(id);
                return Ok(events);
            }
        }
    }

    /// The standard state machines of the account and region.
    pub(super) async fn machines(&self) -> Result<Vec<Machine>, String> {
        let mut machines = Vec::new();
        let mut pages = self
            .client
            .list_state_machines()
            .into_paginator()
            .page_size(PAGE)
            .send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| {
                let place = format!("all state machines in {}", self.region());
                self.cloud.fault("states:ListStateMachines", &place, &error)
            })?;
            for machine in page.state_machines {
                if machine.r#type == StateMachineType::Standard {
                    machines.extend(Machine::of(&machine.state_machine_arn));
                }
            }
        }
        machines.sort_by(|left, right| left.arn.cmp(&right.arn));
        Ok(machines)
    }

    /// The ARNs of a state machine's aliases.
    pub(super) async fn aliases(&self, machine: &str) -> Result<Vec<String>, String> {
        let mut aliases = Vec::new();
        let mut page = None;
        loop {
            let call = self.client.list_state_machine_aliases();
            let call = call.state_machine_arn(machine).set_next_token(page);
            let reply = call.send().await.map_err(|error| {
                self.cloud
                    .fault("states:ListStateMachineAliases", machine, &error)
            })?;
            let arns = reply.state_machine_aliases.into_iter();
            aliases.extend(arns.map(|alias| alias.state_machine_alias_arn));
            page = reply.next_token;
            if page.is_none() {
                return Ok(aliases);
            }
        }
    }

    /// The newest executions of a state machine, so many, and whether there are more. With an ARN of a Map run: its items.
    pub(super) async fn executions(
        &self, of: &str, status: Option<ExecutionStatus>, max: usize,
    ) -> Result<(Vec<Listed>, bool), String> {
        let call = self.client.list_executions().set_status_filter(status);
        let call = if of.contains(":mapRun:") {
            call.map_run_arn(of)
        } else {
            call.state_machine_arn(of)
        };
        let size = i32::try_from(max.saturating_add(1)).unwrap_or(PAGE);
        let mut pages = call.into_paginator().page_size(size.min(PAGE)).send();
        let mut listed = Vec::new();
        while listed.len() <= max
            && let Some(page) = pages.next().await
        {
            let page =
                page.map_err(|error| self.cloud.fault("states:ListExecutions", of, &error))?;
            for execution in page.executions {
                listed.push(Listed {
                    arn: execution.execution_arn,
                    status: execution.status.as_str().to_owned(),
                    started: time(&execution.start_date).unwrap_or(SystemTime::UNIX_EPOCH),
                    ended: execution.stop_date.as_ref().and_then(time),
                });
            }
        }
        let more = listed.len() > max;
        listed.truncate(max);
        Ok((listed, more))
    }

    /// The definition that an execution runs, whatever was deployed since.
    pub(super) async fn definition(&self, arn: &str) -> Result<String, String> {
        let call = self
            .client
            .describe_state_machine_for_execution()
            .execution_arn(arn);
        let reply = call.send().await.map_err(|error| {
            self.cloud
                .fault("states:DescribeStateMachineForExecution", arn, &error)
        })?;
        Ok(reply.definition)
    }

    /// The new execution's ARN; nothing where the name is taken.
    pub(super) async fn start(
        &self, machine: &str, key: &str, input: &Value,
    ) -> Result<Option<String>, String> {
        let call = self.client.start_execution().state_machine_arn(machine);
        match call.name(key).input(input.to_string()).send().await {
            Ok(reply) => Ok(Some(reply.execution_arn)),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(StartExecutionError::is_execution_already_exists) =>
            {
                Ok(None)
            }
            Err(error) => Err(self.cloud.fault("states:StartExecution", machine, &error)),
        }
    }

    /// Has the parked task succeed, so that its compensation is tried again.
    pub(super) async fn resume(&self, token: &str) -> Result<Answer, String> {
        let call = self.client.send_task_success().task_token(token);
        let reply = call.output("{}").send().await.map(|_| ());
        self.answered("states:SendTaskSuccess", reply)
    }

    /// Has the parked task fail, so that the definition goes on without its compensation.
    pub(super) async fn skip(&self, token: &str, reason: &str) -> Result<Answer, String> {
        let call = self.client.send_task_failure().task_token(token);
        let reply = call.error(SKIPPED).cause(reason).send().await.map(|_| ());
        self.answered("states:SendTaskFailure", reply)
    }

    fn answered<E>(
        &self, permission: &str, reply: Result<(), SdkError<E>>,
    ) -> Result<Answer, String>
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        match reply {
            Ok(()) => Ok(Answer::Taken),
            Err(error) if error.code().is_some_and(|code| OVER.contains(&code)) => {
                Ok(Answer::TooLate)
            }
            Err(error) => Err(self.cloud.fault(permission, "the parked task", &error)),
        }
    }

    pub(super) async fn redrive(&self, arn: &str) -> Result<(), String> {
        let call = self.client.redrive_execution().execution_arn(arn);
        let reply = call.send().await;
        reply
            .map(|_| ())
            .map_err(|error| self.cloud.fault("states:RedriveExecution", arn, &error))
    }

    /// A command to print, where only the message in the parking queue has the token.
    pub(super) fn command_by_token(&self) -> String {
        format!(
            "cargo saga resume --token TOKEN --region {}{}",
            self.region(),
            self.options
        )
    }

    /// A command to print: `cargo saga resume arn:…`. The ARN says which region.
    pub(super) fn command(&self, subcommand: &str, arn: &str) -> String {
        format!("cargo saga {subcommand} {arn}{}", self.options)
    }
}

fn execution(reply: DescribeExecutionOutput) -> Execution {
    let json = |text: Option<String>| text.and_then(|text| serde_json::from_str(&text).ok());
    let redrivable = reply.redrive_status.as_ref();
    let not_redrivable = redrivable.filter(|status| status.as_str() != "REDRIVABLE");
    let why = reply.redrive_status_reason;
    Execution {
        status: reply.status.as_str().to_owned(),
        started: time(&reply.start_date).unwrap_or(SystemTime::UNIX_EPOCH),
        ended: reply.stop_date.as_ref().and_then(time),
        input: json(reply.input),
        output: json(reply.output),
        error: reply.error,
        cause: reply.cause,
        redrives: reply.redrive_count.unwrap_or_default(),
        not_redrivable: not_redrivable.map(|status| why.unwrap_or_else(|| status.to_string())),
        arn: reply.execution_arn,
    }
}

fn time(time: &DateTime) -> Option<SystemTime> {
    SystemTime::try_from(*time).ok()
}

/// Keeps a reply as it came.
#[derive(Clone, Debug, Default)]
struct Body(Arc<Mutex<Vec<u8>>>);

impl Body {
    /// The events, and where the next page begins; nothing of what is no history.
    fn page(&self) -> Option<(Vec<Value>, Option<String>)> {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut reply: Value = serde_json::from_slice(&bytes).ok()?;
        let next = reply.get("nextToken").and_then(Value::as_str);
        let next = next.map(str::to_owned);
        match reply.get_mut("events").map(Value::take) {
            Some(Value::Array(events)) => Some((events, next)),
            _ => None,
        }
    }
}

impl Intercept for Body {
    fn name(&self) -> &'static str {
        "Body"
    }

    fn read_after_deserialization(
        &self, context: &AfterDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents, _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(bytes) = context.response().body().bytes() {
            bytes.clone_into(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
        }
        Ok(())
    }
}

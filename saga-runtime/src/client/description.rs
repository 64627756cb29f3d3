//! An execution as Step Functions described it at one moment. Calls nothing.

use std::time::SystemTime;

use aws_sdk_sfn::operation::describe_execution::DescribeExecutionOutput;
use serde_json::Value;

use super::error::{Error, Kind};

/// How an execution stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Status {
    /// Under way. A saga that waits for an operator to free a compensation that is stuck is running, too.
    Running,
    /// The flow returned.
    Succeeded,
    /// It ended with an error, after everything was compensated.
    Failed,
    /// Step Functions ended it as a whole, uncompensated. No definition of ours asks for that.
    TimedOut,
    /// Somebody stopped it, uncompensated.
    Aborted,
    /// It failed, and is about to be [redriven](https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html).
    PendingRedrive,
}

/// An execution as it stood when it was looked at.
///
/// It is a picture, not a handle: [`Execution::describe`](super::Execution::describe) answers with a new one.
#[derive(Clone, Debug)]
pub struct Description {
    status: Status,
    started: SystemTime,
    ended: Option<SystemTime>,
    input: Option<Value>,
    pub(super) output: Option<String>,
    error: Option<String>,
    cause: Option<String>,
}

impl Description {
    pub(super) fn read(reply: DescribeExecutionOutput) -> Result<Self, Error> {
        let arn = reply.execution_arn().to_owned();
        let unreadable = |what| {
            Error::new(Kind::Unreadable {
                arn: arn.clone(),
                what,
            })
        };
        let status = match reply.status().as_str() {
            "RUNNING" => Status::Running,
            "SUCCEEDED" => Status::Succeeded,
            "FAILED" => Status::Failed,
            "TIMED_OUT" => Status::TimedOut,
            "ABORTED" => Status::Aborted,
            "PENDING_REDRIVE" => Status::PendingRedrive,
            _ => return Err(unreadable("status")),
        };
        let input = reply.input.as_deref().map(serde_json::from_str);
        let started = SystemTime::try_from(reply.start_date).ok();
        Ok(Self {
            status,
            started: started.ok_or_else(|| unreadable("start"))?,
            ended: reply.stop_date.and_then(|end| end.try_into().ok()),
            input: input.and_then(Result::ok),
            output: reply.output,
            error: reply.error,
            cause: reply.cause,
        })
    }

    /// How it stands.
    pub fn status(&self) -> Status {
        self.status
    }

    /// When it started.
    pub fn started(&self) -> SystemTime {
        self.started
    }

    /// When it ended, if it has.
    pub fn ended(&self) -> Option<SystemTime> {
        self.ended
    }

    /// What it was started with, if Step Functions tells.
    pub fn input(&self) -> Option<&Value> {
        self.input.as_ref()
    }

    /// `Error`, if it ended badly with one.
    pub fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }

    /// `Cause`, if it ended badly with one.
    pub fn cause(&self) -> Option<&str> {
        self.cause.as_deref()
    }
}

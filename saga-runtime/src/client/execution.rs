//! One execution in Step Functions: describing it, and awaiting its result. Starts nothing.

use std::fmt;
use std::marker::PhantomData;

use aws_sdk_sfn::operation::describe_execution::DescribeExecutionError;
use serde::de::DeserializeOwned;

use super::description::{Description, Status};
use super::error::{Error, Kind};
use super::pauses::Pauses;
use crate::error::Rejection;

/// How many looks in a row may fail, each after the SDK's own retries.
const PATIENCE: u32 = 8;

/// A handle on one saga in Step Functions. `O` is what its flow returns.
///
/// # Example
///
/// ```no_run
/// use saga_runtime::client::{Error, Execution, Status};
/// use std::time::Duration;
///
/// async fn receipt(saga: Execution<String>) -> Result<(), Error> {
///     match tokio::time::timeout(Duration::from_secs(60), saga.result()).await {
///         Ok(result) => match result? {
///             Ok(receipt) => println!("{receipt}"),
///             Err(rejection) => println!("nothing happened: {rejection}"),
///         },
///         Err(_) => assert_eq!(saga.describe().await?.status(), Status::Running),
///     }
///     Ok(())
/// }
/// ```
pub struct Execution<O> {
    sfn: aws_sdk_sfn::Client,
    arn: String,
    name: String,
    pauses: Pauses,
    output: PhantomData<fn() -> O>,
}

impl<O> Execution<O> {
    pub(super) fn new(sfn: aws_sdk_sfn::Client, arn: String, name: String, pauses: Pauses) -> Self {
        Self {
            sfn,
            arn,
            name,
            pauses,
            output: PhantomData,
        }
    }

    /// The execution's ARN: what participants see as [`Context::saga`](crate::Context::saga).
    pub fn arn(&self) -> &str {
        &self.arn
    }

    /// The key that the saga was started under.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Looks at the execution.
    ///
    /// Step Functions may not show an execution that has just started; that is waited for, a few seconds long.
    ///
    /// # Errors
    ///
    /// There is no such execution, not any more; or the call failed.
    pub async fn describe(&self) -> Result<Description, Error> {
        self.look_patiently(&mut self.pauses.clone()).await
    }

    /// Looks once.
    pub(super) async fn look(&self) -> Result<Description, Error> {
        match self
            .sfn
            .describe_execution()
            .execution_arn(&self.arn)
            .send()
            .await
        {
            Ok(reply) => Description::read(reply),
            Err(error) => {
                let gone = error
                    .as_service_error()
                    .is_some_and(DescribeExecutionError::is_execution_does_not_exist);
                Err(if gone {
                    let arn = self.arn.clone();
                    Error::with_source(Kind::NoExecution { arn }, error)
                } else {
                    Error::of_call("DescribeExecution", error)
                })
            }
        }
    }

    /// Looks until there is an answer, or an error that another look would meet again.
    async fn look_patiently(&self, pauses: &mut Pauses) -> Result<Description, Error> {
        let mut failed = 0;
        loop {
            match self.look().await {
                Err(error) if error.is_no_execution() || error.is_unavailable() => {
                    failed += 1;
                    if failed == PATIENCE {
                        return Err(error);
                    }
                    pauses.wait().await;
                }
                answer => return answer,
            }
        }
    }
}

impl<O: DeserializeOwned> Execution<O> {
    /// What the flow returned, or the rejection that everything was compensated for. Waits until the saga ended, by
    /// [looking again and again](super::Client::poll_every); that may be long, so wrap it in a timeout of your own. Dropping the
    /// future stops nothing but the waiting.
    ///
    /// The rejection is the `Error` and the `Cause` that the execution failed with. Where a saga says `on_stuck = fail`, that
    /// is also how a compensation that is stuck shows; an operator then redrives the execution.
    ///
    /// # Errors
    ///
    /// The execution was stopped, or timed out as a whole, so that nothing was compensated; its output is no `O`; there is no such
    /// execution any more; or eight calls in a row failed.
    #[must_use = "the saga may have been rejected"]
    pub async fn result(&self) -> Result<Result<O, Rejection>, Error> {
        let mut pauses = self.pauses;
        loop {
            let there = self.look_patiently(&mut pauses).await?;
            match there.status() {
                Status::Running | Status::PendingRedrive => pauses.wait().await,
                Status::Succeeded => return self.output(&there).map(Ok),
                Status::Failed => {
                    let error = there.error().unwrap_or_default();
                    let cause = there.cause().unwrap_or_default();
                    return Ok(Err(Rejection::from_failure(error, cause)));
                }
                Status::TimedOut => {
                    return Err(Error::new(Kind::TimedOut {
                        name: self.name.clone(),
                    }));
                }
                Status::Aborted => {
                    return Err(Error::new(Kind::Aborted {
                        name: self.name.clone(),
                        why: reason(&there),
                    }));
                }
            }
        }
    }

    fn output(&self, there: &Description) -> Result<O, Error> {
        let output = there.output.as_deref().unwrap_or("null");
        serde_json::from_str(output).map_err(|error| {
            let name = self.name.clone();
            Error::with_source(Kind::OtherOutput { name }, error)
        })
    }
}

/// What whoever stopped an execution said: `Operator: wrong price`.
fn reason(there: &Description) -> String {
    let said = [there.error(), there.cause()];
    let said: Vec<&str> = said.into_iter().flatten().collect();
    said.join(": ")
}

// Derives would ask `O` for traits that no field of it needs.
impl<O> Clone for Execution<O> {
    fn clone(&self) -> Self {
        Self::new(
            self.sfn.clone(),
            self.arn.clone(),
            self.name.clone(),
            self.pauses,
        )
    }
}

impl<O> fmt::Debug for Execution<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Execution")
            .field("arn", &self.arn)
            .finish_non_exhaustive()
    }
}

//! Handlers as Lambda functions: takes deliveries from the runtime API, stops them in time and logs them. The handler does
//! the rest.
//!
//! A participant's service and its store make a whole `main`:
//!
//! ```no_run
//! # use saga_runtime::prelude::*;
//! # #[saga]
//! # pub mod place_order {
//! #     use saga_runtime::prelude::*;
//! #     pub trait Stock {
//! #         #[step(retriable)]
//! #         async fn reserve(&self, tx: &mut Tx) -> Result<(), Retry>;
//! #     }
//! #     pub async fn place_order(stock: &impl Stock) -> Result<(), Rejection> {
//! #         stock.reserve().await?;
//! #         Ok(())
//! #     }
//! # }
//! # struct StockService;
//! # impl place_order::Stock for StockService {
//! #     async fn reserve(&self, _tx: &mut Tx) -> Result<(), Retry> { Ok(()) }
//! # }
//! # use saga_runtime::MemoryStore as DynamoDbStore;
//! # trait FromEnv { fn from_env() -> DynamoDbStore { DynamoDbStore::new() } }
//! # impl FromEnv for DynamoDbStore {}
//! #[tokio::main(flavor = "current_thread")]
//! async fn main() -> Result<(), saga_runtime::lambda::Error> {
//!     place_order::serve_stock(StockService, DynamoDbStore::from_env()).await
//! }
//! ```
//!
//! One function may serve several participants: `Handler::join([stock, shipping]).await`.
//!
//! # When a delivery is stopped
//!
//! A delivery has until the function's own deadline, or until its task's `TimeoutSeconds` are over, counted from its arrival,
//! whichever comes first; less a tenth of that, but at most 500 ms, so that the answer still gets out. What has not ended by then is
//! dropped and answered with [`Saga.Unknown`](crate::Failure::UNKNOWN), and the barrier lets nobody else act for another
//! five seconds. Give the function a timeout below that of its tasks, so that Lambda stops what cannot be dropped:
//! a participant that blocks its thread, with `std::thread::sleep` or a synchronous client, is not seen to overrun. A standard
//! function is killed at its deadline; on
//! [Managed Instances](https://docs.aws.amazon.com/lambda/latest/dg/lambda-managed-instances-execution-environment.html) nothing
//! stops such a participant, so do not block there.
//!
//! # What a delivery costs
//!
//! Most of what a function computes is the SDK's work for its one call. Two things of the examples make it a third less: the crates
//! that every call goes through are built for speed, and the rest for size (`[profile.lambda]` in the workspace's `Cargo.toml`); and
//! `main` has the allocator [`mimalloc`](https://docs.rs/mimalloc), by two lines of `examples/src/lambda/place_order_stock.rs`.
//!
//! # Panics of a participant
//!
//! They are caught and answered with `Saga.Unknown`. This needs unwinding, so a profile with `panic = "abort"` does not compile.
//!
//! # Many deliveries at once, and snapshots
//!
//! On Managed Instances one process serves as many deliveries at once as `AWS_LAMBDA_MAX_CONCURRENCY` says. A service is
//! shared by all of them (`&self`), as it is by the embedded engine; where it computes for long, leave `flavor = "current_thread"` out,
//! so that all of the instance's processors serve. Nothing that must be unique is made while the function
//! starts, so that many functions may start from one SnapStart snapshot: a claim is owned by request id and deadline.
//!
//! # Logs
//!
//! Each delivery ends with one line of JSON on stdout; what a participant logs by [`tracing`](https://docs.rs/tracing)
//! within a step carries the same fields. `AWS_LAMBDA_LOG_LEVEL` says from which level on, [`INFO` if it is not
//! set](https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-advanced.html). A subscriber that `main` set before stays.
//! Inputs and outputs are never logged.
//!
//! | field | |
//! |---|---|
//! | `saga`, `step`, `item` | the execution's ARN, the step (`stock.reserve`), and in loops the index path (`[2,0]`) |
//! | `phase` | `action` or `compensation` |
//! | `attempt` | how often the state machine has retried the delivery: 0 for the first |
//! | `request_id` | Lambda's |
//! | `outcome` | `done`, `compensated`; `rejected` or `refused`: a definite no; `try_again` by the participant's word, `busy` by the runtime's; `unknown` |
//! | `error_type`, `error_message` | of all outcomes but the first two |
//! | `recorded` | `true` where an action is answered by what an earlier delivery left in the record |
//! | `duration_ms` | from the payload's arrival to the answer |
//! | `timestamp`, `level`, `target`, `message` | `WARN` for `try_again` and `busy`, `ERROR` for `unknown`, `INFO` for the rest |
//!
//! # Consumers
//!
//! What `#[choreography]` makes of a participant is a whole `main` as well: `order_events::serve_stock(service, store).await`. It
//! serves an [event source mapping of an SQS queue](https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html)
//! that has `ReportBatchItemFailures` set, and commands by which it is invoked directly or which come by the queue
//! ([`Command::payload`](crate::Command::payload)).
//!
//! - A message is a CloudEvent in JSON, as it is or in what SNS or EventBridge wrap it into. Each reaction that it leads to is a
//!   delivery: stopped before the function's deadline, and logged with one line. The messages of a batch are taken one after the
//!   other, and those that must come again are reported.
//! - In a FIFO queue nothing that follows a failed message of its group is tried.
//! - A message that still fails at its fifth receive (`SAGA_MAX_RECEIVES`) is sent to the queue `SAGA_DEAD_LETTER_URL`, with the
//!   reason in its attribute `reason`, and is acknowledged; with the feature `sqs`. Without that variable the queue's own redrive
//!   policy takes it. An event that comes before its time (`after`) fails until then, so leave it receives enough.
//! - A rejected command that came by a queue is logged, and nobody else hears of it unless it is rejected with an event.
//!
//! | field of a reaction's line | |
//! |---|---|
//! | `saga`, `reaction`, `event`, `event_id` | `order-42`, `stock.reserve`, `OrderPlaced` and its id |
//! | `message_id`, `receives` | SQS's, and how often it has handed the message out |
//! | `outcome`, `error_type`, `error_message`, `recorded`, `duration_ms`, `request_id` | as above |
//!
//! | call | allows |
//! |---|---|
//! | each reaction: one transaction | `dynamodb:PutItem`, `UpdateItem`, `DeleteItem`, `ConditionCheckItem` on the participant's tables |
//! | a compensation reads its record first | `dynamodb:GetItem` |
//! | the queue, by its mapping | `sqs:ReceiveMessage`, `DeleteMessage`, `GetQueueAttributes` on it |
//! | a message that cannot be taken | `sqs:SendMessage` on the dead-letter queue |

mod consume;
mod dead_letters;
mod host;
mod log;

use std::env;
use std::future::IntoFuture;
use std::sync::Arc;

#[cfg(any(feature = "eventbridge", feature = "sns"))]
pub(crate) use self::dead_letters::from_env as dead_letters;
#[cfg(any(feature = "eventbridge", feature = "sns", feature = "sqs"))]
pub(crate) use self::dead_letters::{DeadLetters, Letter};
#[cfg(any(feature = "sns", feature = "sqs"))]
pub(crate) use self::dead_letters::{fifo_name, is_fifo};
pub(crate) use self::log::note_recorded;

use lambda_runtime::{Diagnostic, LambdaEvent, Runtime, service_fn};

use crate::{BoxFuture, Consumer, Failure, Handler};

/// Why a function cannot go on polling: its environment is not Lambda's, or the runtime API is gone.
pub use lambda_runtime::Error;

#[cfg(panic = "abort")]
compile_error!(
    "feature `lambda` of saga-runtime reports panics, which `panic = \"abort\"` keeps it from; write `panic = \"unwind\"` in the profile"
);

/// Serves a handler's deliveries until Lambda ends the process. `handler.await` does the same.
///
/// Wants to be called within a tokio runtime that has timers and I/O, as `#[tokio::main]` makes it.
///
/// # Errors
///
/// One of Lambda's variables is missing from the environment, or the runtime API answers no more.
///
/// # Example
///
/// ```no_run
/// use saga_runtime::{Handler, lambda};
///
/// async fn serve(stock: Handler, shipping: Handler) -> Result<(), lambda::Error> {
///     lambda::run(Handler::join([stock, shipping])).await
/// }
/// ```
pub async fn run(handler: Handler) -> Result<(), Error> {
    prepare()?;
    let handler = Arc::new(handler);
    let serve = service_fn(move |event: LambdaEvent<host::Body>| {
        let handler = Arc::clone(&handler);
        async move { host::deliver(&handler, event).await }
    });
    // One delivery after the other, unless Lambda asks for more at once.
    Runtime::new(serve).run_concurrent().await
}

impl IntoFuture for Handler {
    type Output = Result<(), Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    /// Serves as a Lambda function: see [`lambda::run`](run).
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(run(self))
    }
}

/// Serves a consumer's messages and commands until Lambda ends the process. `consumer.await` does the same; see
/// [above](self#consumers).
///
/// # Errors
///
/// One of Lambda's variables is missing from the environment, one of the consumer's cannot be used, or the runtime API answers no
/// more.
pub async fn consume(consumer: Consumer) -> Result<(), Error> {
    prepare()?;
    let host = Arc::new(consume::Host {
        consumer,
        max_receives: consume::max_receives()?,
        dead_letters: dead_letters::from_env("SAGA_DEAD_LETTER_URL")?,
    });
    let serve = service_fn(move |event: LambdaEvent<host::Body>| {
        let host = Arc::clone(&host);
        async move { host.deliver(event).await }
    });
    Runtime::new(serve).run_concurrent().await
}

impl IntoFuture for Consumer {
    type Output = Result<(), Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    /// Serves as a Lambda function: see [`lambda::consume`](consume).
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(consume(self))
    }
}

impl From<Failure> for Diagnostic {
    fn from(failure: Failure) -> Self {
        Self {
            error_type: failure.error_type().to_owned(),
            error_message: failure.error_message(),
        }
    }
}

/// What a function does before it serves.
pub(crate) fn prepare() -> Result<(), Error> {
    check_environment()?;
    log::init();
    Ok(())
}

/// Says what `Runtime::new` would panic about.
fn check_environment() -> Result<(), Error> {
    let names = [
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    ];
    match names.into_iter().find(|name| env::var_os(name).is_none()) {
        None => Ok(()),
        Some(name) => Err(format!(
            "this is a Lambda function, and `{name}` is not set; run it on Lambda, or its handler on the embedded engine of saga-local"
        )
        .into()),
    }
}

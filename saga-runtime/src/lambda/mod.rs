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

mod host;
mod log;

use std::env;
use std::future::IntoFuture;
use std::sync::Arc;

pub(crate) use self::log::note_recorded;

use lambda_runtime::{Diagnostic, LambdaEvent, Runtime, service_fn};

use crate::{BoxFuture, Failure, Handler};

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
    check_environment()?;
    log::init();
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

impl From<Failure> for Diagnostic {
    fn from(failure: Failure) -> Self {
        Self {
            error_type: failure.error_type().to_owned(),
            error_message: failure.error_message(),
        }
    }
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

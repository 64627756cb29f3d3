//! Calls of user code: what it may end with, panics and reads that cannot be answered included. Records nothing.

use std::any::Any;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use serde_json::Value;

use crate::BoxFuture;
use crate::failure::Failure;
use crate::tx::StepFailure;

/// What user code returned, or why it did not.
#[derive(Debug)]
pub(crate) enum Ended {
    /// Its output, as JSON; null for a compensation.
    Output(Value),
    /// Its own error.
    Failed(StepFailure),
    /// An output that is no JSON.
    NotJson(String),
    /// A panic.
    Panicked(String),
    /// A read that could not be answered, so that the code was stopped.
    Stopped(Failure),
}

/// Where a transaction reports a read that cannot be answered. Shared with whoever polls the step.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trouble(Arc<Mutex<Option<Failure>>>);

impl Trouble {
    /// Notes a failure; the first one stays.
    pub(crate) fn report(&self, failure: Failure) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_or_insert(failure);
    }

    fn take(&self) -> Option<Failure> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Runs synchronous user code, such as a type's `Deserialize`.
pub(crate) fn guard<T>(code: impl FnOnce() -> T) -> Result<T, String> {
    // Whatever a panic left broken belongs to the code that panicked, and is dropped with it.
    catch_unwind(AssertUnwindSafe(code)).map_err(|panic| describe(panic.as_ref()))
}

/// Runs a step to its end, to its panic, or to the first read that cannot be answered.
pub(crate) async fn run<'a>(
    step: impl FnOnce() -> BoxFuture<'a, Ended>, trouble: &Trouble,
) -> Ended {
    let mut future = match guard(step) {
        Ok(future) => Some(future),
        Err(panic) => return Ended::Panicked(panic),
    };
    let ended = poll_fn(|context| {
        let Some(running) = &mut future else {
            return Poll::Pending;
        };
        let polled = guard(|| running.as_mut().poll(context));
        // A step can give up waiting for a read, but it cannot know that the read failed: it must not commit.
        if let Some(failure) = trouble.take() {
            return Poll::Ready(Ended::Stopped(failure));
        }
        match polled {
            Ok(polled) => polled,
            Err(panic) => Poll::Ready(Ended::Panicked(panic)),
        }
    })
    .await;
    // Dropping what is left of the step runs user code once more.
    match guard(|| drop(future.take())) {
        Ok(()) => ended,
        Err(panic) => Ended::Panicked(panic),
    }
}

fn describe(panic: &(dyn Any + Send)) -> String {
    if let Some(message) = panic.downcast_ref::<&str>() {
        (*message).to_owned()
    } else if let Some(message) = panic.downcast_ref::<String>() {
        message.clone()
    } else {
        "a panic without a message".to_owned()
    }
}

//! One delivery on Lambda: read, stopped in time, answered, logged. Talks to no network.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::{Duration, SystemTime};

use lambda_runtime::{Context, LambdaEvent};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use tokio::time::{Instant, timeout_at};
use tracing::Instrument as _;

use super::log;
use crate::envelope::Envelope;
use crate::failure::Failure;
use crate::guard::guard;
use crate::handler::Handler;
use crate::invocation::{Clock, Invocation};

/// What an answer may take to get out, at most.
const MARGIN: Duration = Duration::from_millis(500);

/// A payload, or why it is none.
///
/// Reading it never fails, because the runtime would answer for us, under a name that no state machine knows.
#[derive(Debug)]
pub(super) struct Body(pub(super) Result<Value, String>);

impl<'de> Deserialize<'de> for Body {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer);
        Ok(Self(value.map_err(|error| {
            format!("the payload is no JSON: {error}")
        })))
    }
}

/// Serves a delivery, and logs how it ended.
pub(super) async fn deliver(handler: &Handler, event: LambdaEvent<Body>) -> Result<Value, Failure> {
    let arrived = Instant::now();
    let (Body(body), context) = event.into_parts();
    let envelope = match &body {
        Ok(body) => Envelope::read(body),
        Err(reason) => Err(reason.clone()),
    };
    let line = log::Delivery::new(envelope.as_ref().ok(), &context.request_id);
    let answer = match envelope {
        Ok(envelope) => {
            let serving = serve(handler, envelope, &context);
            serving.instrument(line.span().clone()).await
        }
        Err(reason) => Err(Failure::unknown(reason)),
    };
    line.end(&answer, arrived.elapsed());
    answer
}

/// Serves a delivery until it must be stopped.
async fn serve(
    handler: &Handler, envelope: Envelope<'_>, context: &Context,
) -> Result<Value, Failure> {
    let now = SystemTime::now();
    let left = context.deadline().duration_since(now).unwrap_or_default();
    let timeout = handler.timeout(&envelope);
    let time = time_for(left, timeout);
    // A request id comes again when Lambda retries an asynchronous call, but then with another deadline.
    let owner = format!("{} until {}", context.request_id, context.deadline);
    let invocation = Invocation::new(owner, now + time, Clock::system());
    let end = Instant::now() + time;

    let running = Box::pin(handler.serve(envelope, &invocation));
    stopped_at(end, running, || {
        let whose = match timeout {
            Some(timeout) if timeout < left => "its task's `TimeoutSeconds`",
            _ => "the function's deadline",
        };
        Failure::unknown(format!(
            "the step was stopped just before {whose}, and its outcome is not known"
        ))
    })
    .await
}

/// What a delivery ends with, or `late` if it has not ended by then.
pub(super) async fn stopped_at<T>(
    end: Instant, mut running: Pin<Box<impl Future<Output = Result<T, Failure>>>>,
    late: impl FnOnce() -> Failure,
) -> Result<T, Failure> {
    let answer = timeout_at(
        end,
        poll_fn(|cx| {
            // The barrier catches what a step panics with; whatever else does must not end the process either.
            let polled = guard(|| running.as_mut().poll(cx));
            polled.unwrap_or_else(|panic| Poll::Ready(Err(panicked(&panic))))
        }),
    )
    .await;
    let answer = answer.unwrap_or_else(|_| Err(late()));
    // Dropping what is left of the step runs the participant's code once more.
    match guard(|| drop(running)) {
        Ok(()) => answer,
        Err(panic) => Err(panicked(&panic)),
    }
}

/// How long a delivery may take, of what the function and the task leave it.
pub(super) fn time_for(left: Duration, timeout: Option<Duration>) -> Duration {
    let left = timeout.map_or(left, |timeout| left.min(timeout));
    left.saturating_sub(MARGIN.min(left / 10))
}

fn panicked(panic: &str) -> Failure {
    Failure::unknown(format!("the handler panicked: {panic}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_stops_before_the_earlier_end() {
        let millis = Duration::from_millis;
        for (left, timeout, time) in [
            // The function's deadline, with at most half a second for the answer.
            (3_000, None, 2_700),
            (60_000, None, 59_500),
            (3_000, Some(10_000), 2_700),
            // The task's timeout.
            (60_000, Some(2_000), 1_800),
            (900_000, Some(30_000), 29_500),
            // It came too late.
            (0, Some(10_000), 0),
        ] {
            let found = time_for(millis(left), timeout.map(millis));
            assert_eq!(found, millis(time), "{left} {timeout:?}");
        }
    }

    #[test]
    fn a_body_that_is_no_json_is_read_as_the_reason() {
        let read = |text: &[u8]| serde_json::from_slice::<Body>(text).map(|Body(body)| body);
        assert_eq!(read(b"[1]").ok(), Some(Ok(serde_json::json!([1]))));
        let Ok(Err(reason)) = read(b"{") else {
            panic!("a broken body is read as a value");
        };
        assert!(
            reason.starts_with("the payload is no JSON: EOF"),
            "{reason}"
        );
        assert!(matches!(read(b"\"\xff\""), Ok(Err(_))));
    }
}

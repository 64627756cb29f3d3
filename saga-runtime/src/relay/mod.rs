//! Relays as Lambda functions: what a participant's records publish, from its table's stream to a topic of SNS or to a bus of
//! EventBridge. Writes nothing to the table.
//!
//! An event stands in the record of the step that published it, so it is there if, and only if, the step took effect. The relay
//! sends it on, at least once and under the same id each time; consumers act on it once. One function serves one participant's
//! barrier table, whose [stream](https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html) has new and old images and whose
//! mapping has `ReportBatchItemFailures`:
//!
//! ```no_run
//! # #[cfg(feature = "sns")]
//! # mod example {
//! use saga_runtime::relay::{SnsTopic, serve_relay};
//!
//! # async fn example() -> Result<(), saga_runtime::lambda::Error> {
//! serve_relay(SnsTopic::from_env()?).await
//! # }
//! # }
//! ```
//!
//! # What is sent, and in which order
//!
//! What a record's new image publishes and its old one did not, in the order of the stream, up to ten messages and 262,144 bytes a
//! call, one call after the other. What expired or was removed publishes nothing. The first record that does not get out is
//! reported, and the stream comes again from there: what was sent after it in the same call is sent again, under the same id.
//!
//! A message has the attributes `type`, `saga`, `id` and, in a choreography, `cause`, for subscriptions to filter by. In a FIFO topic
//! the events of a saga are a group and an event's id is its deduplication id; no call has two events of one saga then, because one
//! that fails would be overtaken. That orders what one record publishes. Different records of a saga have no order: a stream
//! orders [by item](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html).
//!
//! # What cannot be sent
//!
//! An outbox that cannot be read, or a message that is refused as the sender's fault, goes to the queue
//! `SAGA_RELAY_FAILURES_URL` with the reason in its attribute `reason` (feature `sqs`), once all before it is out, and the stream goes
//! on. Without that queue the record is reported until the mapping gives it to its own on-failure destination. So is one whose
//! stream has no new images, which is nobody's fault but the table's: give it a stream of new and old images.
//!
//! # Publishing anew
//!
//! A stream keeps its records for 24 hours, the table keeps them for 400 days. The same function, invoked with
//! `{ "redrive": { "saga": "order-42", "after": "2026-01-31T12:00:00Z" } }`, each of them optional, publishes from the table, and
//! answers `{ "records": 7, "events": 9, "poison": 0 }`; with a `failure`, if it stopped at one, and with `from` if there is more: put it
//! into the next call. The whole table is read for it, a saga's too, because its records' keys begin with its id and only
//! a scan finds them.
//!
//! # What it costs, and what it needs
//!
//! | | calls |
//! |---|---|
//! | up to ten events | 1 `PublishBatch` or `PutEvents` |
//! | a message that cannot be sent | 1 `SendMessage` |
//! | publishing anew | 1 `Scan` for each megabyte of the table, and the above |
//!
//! | environment variable | |
//! |---|---|
//! | `SAGA_TOPIC_ARN` | the topic of [`SnsTopic::from_env`] |
//! | `SAGA_EVENT_BUS` | the bus of [`EventBus::from_env`], by name or ARN |
//! | `SAGA_RELAY_FAILURES_URL` | the queue for what cannot be sent; none if not set |
//! | `SAGA_TABLE_PREFIX` | what stands before `saga_barrier` in the table's name, for publishing anew |
//! | `AWS_REGION`, `AWS_ENDPOINT_URL…` | as the SDK has them |
//!
//! | allow its role | on |
//! |---|---|
//! | `dynamodb:DescribeStream`, `GetRecords`, `GetShardIterator`, `ListStreams` | the table's stream |
//! | `sns:Publish` or `events:PutEvents` | the topic or the bus |
//! | `sqs:SendMessage` | the queue for failures |
//! | `dynamodb:Scan` | the barrier's table, for publishing anew |
#![cfg_attr(
    not(all(feature = "sns", feature = "eventbridge")),
    allow(
        rustdoc::broken_intra_doc_links,
        reason = "each stands behind a feature"
    )
)]

#[cfg(feature = "eventbridge")]
mod eventbridge;
mod message;
mod publish;
mod redrive;
#[cfg(feature = "sns")]
mod sns;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use lambda_runtime::{Context, LambdaEvent, Runtime, service_fn};
use serde_json::{Value, json};
use tokio::time::Instant;

#[cfg(feature = "eventbridge")]
pub use self::eventbridge::{EventBus, aws_sdk_eventbridge};
pub use self::message::Message;
use self::publish::Relay;
pub use self::publish::{PublishError, Publisher};
use self::redrive::{Redrive, redrive};
#[cfg(feature = "sns")]
pub use self::sns::{SnsTopic, aws_sdk_sns};
use crate::dynamodb::DynamoDbStore;
use crate::failure::Failure;
use crate::lambda::{Error, dead_letters, prepare};

use self::message::Due;

/// What is left of an invocation's time for its answer.
const MARGIN: Duration = Duration::from_millis(500);

/// Serves a table's stream, and calls to publish anew, until Lambda ends the process.
///
/// Wants to be called within a tokio runtime that has timers and I/O, as `#[tokio::main]` makes it.
///
/// # Errors
///
/// A variable is missing from the environment or cannot be used, or the runtime API answers no more.
pub async fn serve_relay(publisher: impl Publisher) -> Result<(), Error> {
    prepare()?;
    let host = Arc::new(Host {
        relay: Relay {
            publisher: Box::new(publisher),
            failures: dead_letters("SAGA_RELAY_FAILURES_URL")?,
        },
        store: DynamoDbStore::from_env(),
    });
    let serve = service_fn(move |event: LambdaEvent<Value>| {
        let host = Arc::clone(&host);
        async move { host.deliver(event).await }
    });
    // Shards are served one batch after the other; their order is the stream's.
    Runtime::new(serve).run_concurrent().await
}

struct Host {
    relay: Relay,
    store: DynamoDbStore,
}

impl Host {
    async fn deliver(&self, event: LambdaEvent<Value>) -> Result<Value, Failure> {
        let (body, context) = event.into_parts();
        let left = time_left(&context);
        let now = Instant::now();
        if let Some(asked) = body.get("redrive") {
            let asked: Redrive = serde_json::from_value(asked.clone())
                .map_err(|error| Failure::unknown(format!("`redrive` is none: {error}")))?;
            let redriven = redrive(&self.relay, &self.store, asked, now + left / 2, now + left);
            let redriven = redriven.await?;
            return serde_json::to_value(redriven)
                .map_err(|error| Failure::unknown(error.to_string()));
        }
        match body.get("Records").and_then(Value::as_array) {
            Some(records) => Ok(self.take(records, now + left).await),
            None => Err(Failure::unknown(
                "the payload is neither a stream's batch nor a `redrive`",
            )),
        }
    }

    /// Answers with the
    /// [first record that failed](https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html) alone.
    async fn take(&self, records: &[Value], end: Instant) -> Value {
        let records: Vec<Due> = records.iter().map(Due::of_stream).collect();
        let begun = Instant::now();
        let relayed = self.relay.relay(&records, end).await;
        let failed = relayed.failed.as_ref();
        let sequence = failed.map(|(index, _)| records[*index].sequence.as_str());
        let error_message = failed.map(|(_, reason)| reason.as_str());
        let (events, poison) = (relayed.events, relayed.poison);
        let duration_ms = (begun.elapsed().as_secs_f64() * 1e6).round() / 1e3;
        let count = records.len();
        match error_message {
            None => tracing::info!(
                target: "saga_runtime", records = count, events, poison, duration_ms, "relayed"
            ),
            Some(error_message) => tracing::warn!(
                target: "saga_runtime", records = count, events, poison, sequence, error_message, duration_ms,
                "relayed"
            ),
        }
        let failures = sequence.map(|sequence| json!({ "itemIdentifier": sequence }));
        json!({ "batchItemFailures": Vec::from_iter(failures) })
    }
}

fn time_left(context: &Context) -> Duration {
    let left = context.deadline().duration_since(SystemTime::now());
    let left = left.unwrap_or_default();
    left.saturating_sub(MARGIN.min(left / 10))
}

//! Messages of an SQS queue, and commands, on Lambda: read, taken in time, reported, logged. What cannot be taken goes to the dead
//! letters.

use std::collections::BTreeSet;
use std::env;
use std::time::SystemTime;

use lambda_runtime::{Context, LambdaEvent};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout_at};
use tracing::Instrument as _;

use super::Error;
use super::dead_letters::{DeadLetters, Letter, is_fifo};
use super::host::{Body, stopped_at, time_for};
use super::log;
use crate::consumer::{Called, Consumer, Received, is_settled};
use crate::failure::Failure;
use crate::invocation::{Clock, Invocation};

/// How often a message is received before it is given up.
const RECEIVES: u64 = 5;

/// What serves a function's invocations.
pub(super) struct Host {
    pub(super) consumer: Consumer,
    pub(super) max_receives: u64,
    pub(super) dead_letters: Option<Box<dyn DeadLetters>>,
}

/// How long an invocation's messages may take.
struct Time {
    end: Instant,
    invocation: Invocation,
    request_id: String,
}

pub(super) fn max_receives() -> Result<u64, Error> {
    let Ok(text) = env::var("SAGA_MAX_RECEIVES") else {
        return Ok(RECEIVES);
    };
    match text.parse() {
        Ok(count) if count > 0 => Ok(count),
        _ => Err(format!("`SAGA_MAX_RECEIVES` is `{text}`; write a number from 1 on").into()),
    }
}

impl Host {
    /// Serves an invocation: a batch of a queue's, or a command.
    pub(super) async fn deliver(&self, event: LambdaEvent<Body>) -> Result<Value, Failure> {
        let (Body(body), context) = event.into_parts();
        let time = Time::of(&context);
        match body {
            Ok(body) if is_batch(&body) => Ok(self.take_batch(&body, &time).await),
            Ok(body) => self.call(&body, log::Message::default(), &time).await,
            Err(reason) => {
                let failure = Failure::unknown(reason);
                note(&failure, log::Message::default(), &time);
                Err(failure)
            }
        }
    }

    /// Takes the messages one after the other, and answers with
    /// [those that must come again](https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting).
    async fn take_batch(&self, batch: &Value, time: &Time) -> Value {
        let mut failed: Vec<Value> = Vec::new();
        let mut stopped: BTreeSet<&str> = BTreeSet::new();
        let mut given_up: BTreeSet<&str> = BTreeSet::new();
        let records = batch.get("Records").and_then(Value::as_array);
        for record in records.into_iter().flatten() {
            let message = Message::of(record);
            // Only in a FIFO queue does a message have a group that counts.
            let group = message.group.filter(|_| message.is_fifo);
            let is_in = |groups: &BTreeSet<&str>| group.is_some_and(|group| groups.contains(group));
            let mut holds_up = true;
            // What there is no time for is not tried, and never given up for it.
            if !is_in(&stopped) && Instant::now() < time.end {
                let Err(failure) = self.try_take(&message, time).await else {
                    continue;
                };
                // It came as often as what it stood behind, and may be tried for the first time.
                let may_give_up = !is_in(&given_up);
                if may_give_up && self.is_given_up(&message, &failure, time).await {
                    given_up.extend(group);
                    continue;
                }
                // What waits for something else to happen does not hold up what may be just that.
                holds_up = !failure.is_early();
            }
            failed.push(json!({ "itemIdentifier": message.id }));
            if holds_up {
                stopped.extend(group);
            }
        }
        json!({ "batchItemFailures": failed })
    }

    /// Whether the message came so often that it went to the dead letters. The time for that is the time for taking it: what was
    /// stopped by the deadline comes again.
    async fn is_given_up(&self, message: &Message<'_>, failure: &Failure, time: &Time) -> bool {
        let Some(dead_letters) = &self.dead_letters else {
            return false;
        };
        let is_often = message.receives.unwrap_or_default() >= self.max_receives;
        if !is_often || Instant::now() >= time.end {
            return false;
        }
        let reason = failure.to_string();
        let letter = Letter {
            body: message.body,
            reason: &reason,
            group: message.group.unwrap_or("-"),
            id: message.id,
        };
        let put = timeout_at(time.end, dead_letters.put(letter)).await;
        match put.unwrap_or_else(|_| Err("the function's time was over".to_owned())) {
            Ok(()) => {
                tracing::error!(target: "saga_runtime", message_id = message.id, error_message = letter.reason, "given up");
                true
            }
            Err(reason) => {
                tracing::error!(target: "saga_runtime", message_id = message.id, error_message = reason, "not given up");
                false
            }
        }
    }

    async fn try_take(&self, message: &Message<'_>, time: &Time) -> Result<(), Failure> {
        let line = log::Message {
            id: Some(message.id),
            receives: message.receives,
            ..log::Message::default()
        };
        let said = match unwrapped(message.body) {
            Ok(said) => said,
            Err(reason) => {
                let failure = Failure::unknown(reason);
                note(&failure, line, time);
                return Err(failure);
            }
        };
        if said.get("command").is_some() {
            return match self.call(&said, line, time).await {
                Err(failure) if !is_settled(&failure) => Err(failure),
                Ok(_) | Err(_) => Ok(()),
            };
        }
        self.receive(&said, line, time).await
    }

    async fn call(
        &self, payload: &Value, line: log::Message<'_>, time: &Time,
    ) -> Result<Value, Failure> {
        let called = Called::read(payload).ok();
        let line = log::Message {
            saga: called.map(|called| called.saga),
            ..line
        };
        let info = called.and_then(|called| self.consumer.command_info(called.name));
        let line = log::Reaction::new(info, &line, &time.request_id);
        let begun = Instant::now();
        let calling = Box::pin(self.consumer.command(payload, &time.invocation));
        let answer = time.limit(calling).instrument(line.span().clone()).await;
        line.end(answer.as_ref(), begun.elapsed());
        answer
    }

    /// Takes an event to each reaction, and gives the first failure after which it must come again; of those that wait for something
    /// else to happen, only if there is no other.
    async fn receive(
        &self, event: &Value, line: log::Message<'_>, time: &Time,
    ) -> Result<(), Failure> {
        let received = Received::read(event).map_err(Failure::unknown);
        let due = received.and_then(|received| {
            let due = self.consumer.reactions_to(&received)?;
            Ok((received, due))
        });
        let (received, due) = match due {
            Ok(due) => due,
            Err(failure) => {
                note(&failure, line, time);
                return Err(failure);
            }
        };
        let line = log::Message {
            saga: Some(received.saga),
            event: Some(received.name),
            event_id: Some(received.id),
            ..line
        };
        let mut ended = Ok(());
        for due in due {
            let line = log::Reaction::new(Some(due.info()), &line, &time.request_id);
            let begun = Instant::now();
            let reacting = Box::pin(due.react(&received, &time.invocation));
            let outcome = time.limit(reacting).instrument(line.span().clone()).await;
            line.end(outcome.as_ref(), begun.elapsed());
            if let Err(failure) = outcome
                && !is_settled(&failure)
                && ended.as_ref().map_or_else(Failure::is_early, |()| true)
            {
                ended = Err(failure);
            }
        }
        ended
    }
}

impl Time {
    fn of(context: &Context) -> Self {
        let now = SystemTime::now();
        let left = context.deadline().duration_since(now).unwrap_or_default();
        let time = time_for(left, None);
        let owner = format!("{} until {}", context.request_id, context.deadline);
        Self {
            end: Instant::now() + time,
            invocation: Invocation::new(owner, now + time, Clock::system()),
            request_id: context.request_id.clone(),
        }
    }

    async fn limit(
        &self, running: std::pin::Pin<Box<impl Future<Output = Result<Value, Failure>>>>,
    ) -> Result<Value, Failure> {
        stopped_at(self.end, running, || {
            Failure::unknown(
                "the reaction was stopped just before the function's deadline, and its outcome is not known",
            )
        })
        .await
    }
}

/// Logs what leads to no reaction.
fn note(failure: &Failure, line: log::Message<'_>, time: &Time) {
    let line = log::Reaction::new(None, &line, &time.request_id);
    line.end(Err(failure), std::time::Duration::ZERO);
}

/// A message as
/// [a queue's mapping hands it over](https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html#example-standard-queue-message-event).
struct Message<'a> {
    id: &'a str,
    body: &'a str,
    receives: Option<u64>,
    group: Option<&'a str>,
    is_fifo: bool,
}

impl<'a> Message<'a> {
    fn of(record: &'a Value) -> Self {
        let text = |value: Option<&'a Value>| value.and_then(Value::as_str);
        let attribute = |name| text(record.get("attributes").and_then(|all| all.get(name)));
        let queue = text(record.get("eventSourceARN")).unwrap_or_default();
        Self {
            id: text(record.get("messageId")).unwrap_or_default(),
            body: text(record.get("body")).unwrap_or_default(),
            receives: attribute("ApproximateReceiveCount").and_then(|count| count.parse().ok()),
            group: attribute("MessageGroupId"),
            is_fifo: is_fifo(queue),
        }
    }
}

fn is_batch(body: &Value) -> bool {
    body.get("Records").is_some_and(Value::is_array)
}

/// What a message says: its body, or what [SNS](https://docs.aws.amazon.com/sns/latest/dg/sns-sqs-as-subscriber.html) or
/// [EventBridge](https://docs.aws.amazon.com/eventbridge/latest/ref/events-structure.html) wrapped into it.
fn unwrapped(body: &str) -> Result<Value, String> {
    let no_json = |error| format!("the message is no JSON: {error}");
    let mut said: Value = serde_json::from_str(body).map_err(no_json)?;
    if said.get("Type").and_then(Value::as_str) == Some("Notification")
        && let Some(Value::String(wrapped)) = said.get("Message")
    {
        return serde_json::from_str(wrapped).map_err(no_json);
    }
    if said.get("detail-type").is_some()
        && let Some(detail) = said.get_mut("detail")
    {
        return Ok(detail.take());
    }
    Ok(said)
}

#[cfg(test)]
mod tests;

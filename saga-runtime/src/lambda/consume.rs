//! Messages of an SQS queue, and commands, on Lambda: read, taken in time, reported, logged. What cannot be taken goes to the dead
//! letters.

use std::collections::BTreeSet;
use std::env;
use std::time::SystemTime;

use lambda_runtime::{Context, LambdaEvent};
use serde_json::{Value, json};
use tokio::time::Instant;
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
        let records = batch.get("Records").and_then(Value::as_array);
        for record in records.into_iter().flatten() {
            let message = Message::of(record);
            let waits = message.group.is_some_and(|group| stopped.contains(group));
            // What there is no time for is not tried, and never given up for it.
            let too_late = Instant::now() >= time.end;
            if waits || too_late || !self.take(&message, time).await {
                failed.push(json!({ "itemIdentifier": message.id }));
                // Only in a FIFO queue does a message have a group that counts.
                stopped.extend(message.group.filter(|_| message.is_fifo));
            }
        }
        json!({ "batchItemFailures": failed })
    }

    /// Whether the message need not come again.
    async fn take(&self, message: &Message<'_>, time: &Time) -> bool {
        let Err(failure) = self.try_take(message, time).await else {
            return true;
        };
        let Some(dead_letters) = &self.dead_letters else {
            return false;
        };
        if message.receives.unwrap_or_default() < self.max_receives {
            return false;
        }
        let reason = failure.to_string();
        let letter = Letter {
            body: message.body,
            reason: &reason,
            group: message.group.unwrap_or("-"),
            id: message.id,
        };
        match dead_letters.put(letter).await {
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

    /// Takes an event to each reaction, and gives the first failure after which it must come again.
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
                && ended.is_ok()
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
mod tests {
    use std::sync::{Arc, Mutex};
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;
    use crate::__private::{ConsumerBuilder, React};
    use crate::{BoxFuture, Early, MemoryStore, ReactionInfo, ReactionKind, Repeat, Retry};

    /// A dead-letter queue that can be away.
    #[derive(Clone, Default)]
    struct Letters(Arc<Mutex<Vec<String>>>);

    impl DeadLetters for Letters {
        fn put<'a>(&'a self, letter: Letter<'a>) -> BoxFuture<'a, Result<(), String>> {
            let text = format!(
                "{} {} {}: {}",
                letter.group, letter.id, letter.body, letter.reason
            );
            let away = letter.body.contains("away");
            self.0.lock().unwrap().push(text);
            Box::pin(async move { if away { Err("away".to_owned()) } else { Ok(()) } })
        }
    }

    static LOG: ReactionInfo = ReactionInfo {
        name: "shop.log",
        participant: "Shop",
        on: &["Seen"],
        kind: ReactionKind::Observer,
        counterpart: None,
        publishes: &[],
        optional: &[],
        rejects: &[],
        repeat: Repeat::Each,
        after: None,
        early: Early::Park,
    };
    static PLACE: ReactionInfo = ReactionInfo {
        name: "shop.place",
        on: &[],
        repeat: Repeat::Never,
        ..LOG
    };

    fn host(letters: &Letters) -> Host {
        let react = || {
            React::event::<String, (), Retry>(|_, how| {
                Box::pin(async move {
                    match &*how {
                        "ok" => Ok(()),
                        how => Err(Retry::new(how)),
                    }
                })
            })
        };
        let consumer = ConsumerBuilder::new("Shop", "shop", MemoryStore::new())
            .reaction(&LOG, react())
            .reaction(&PLACE, react())
            .build();
        Host {
            consumer,
            max_receives: 3,
            dead_letters: Some(Box::new(letters.clone())),
        }
    }

    fn seen(how: &str) -> Value {
        json!({ "specversion": "1.0", "id": "1", "type": "Seen", "subject": how, "data": how })
    }

    fn record(id: &str, body: &str, receives: u64, group: Option<&str>) -> Value {
        let queue = if group.is_some() { "q.fifo" } else { "q" };
        json!({
            "messageId": id, "body": body, "eventSourceARN": format!("arn:aws:sqs:eu-west-1:1:{queue}"),
            "attributes": { "ApproximateReceiveCount": receives.to_string(), "MessageGroupId": group },
        })
    }

    async fn failures(host: &Host, records: Vec<Value>) -> Value {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let mut context = Context::default();
        context.deadline = u64::try_from((now + Duration::from_mins(1)).as_millis()).unwrap();
        let body = Body(Ok(json!({ "Records": records })));
        let answer = host.deliver(LambdaEvent::new(body, context)).await.unwrap();
        let failed = answer["batchItemFailures"].as_array().unwrap();
        failed
            .iter()
            .map(|one| one["itemIdentifier"].clone())
            .collect()
    }

    #[tokio::test]
    async fn what_fails_comes_again_however_it_is_wrapped() {
        let host = host(&Letters::default());
        let wrapped = |how| json!({ "Type": "Notification", "Message": seen(how).to_string() });
        let bus = |how| json!({ "version": "0", "detail-type": "Seen", "detail": seen(how) });
        let command = |how| json!({ "saga": how, "command": "shop.place", "input": how });
        let records = [
            seen("ok"),
            seen("no"),
            wrapped("ok"),
            wrapped("no"),
            bus("ok"),
            bus("no"),
            command("ok"),
            command("no"),
            json!("no event"),
        ];
        let records = records.iter().enumerate();
        let records = records.map(|(id, body)| record(&id.to_string(), &body.to_string(), 1, None));
        let failed = failures(&host, records.collect()).await;
        assert_eq!(failed, json!(["1", "3", "5", "7", "8"]));
    }

    #[tokio::test]
    async fn in_a_fifo_queue_nothing_overtakes_a_failed_message_of_its_group() {
        let host = host(&Letters::default());
        let (ok, no) = (seen("ok").to_string(), seen("no").to_string());
        let in_order = [
            ("1", &ok, "a"),
            ("2", &no, "a"),
            ("3", &ok, "b"),
            ("4", &ok, "a"),
        ];
        let records = in_order.map(|(id, body, group)| record(id, body, 1, Some(group)));
        assert_eq!(failures(&host, records.to_vec()).await, json!(["2", "4"]));
        let unordered = [("1", &no), ("2", &ok)].map(|(id, body)| record(id, body, 1, None));
        assert_eq!(failures(&host, unordered.to_vec()).await, json!(["1"]));
    }

    #[tokio::test]
    async fn what_there_is_no_time_for_is_not_given_up() {
        let letters = Letters::default();
        let host = host(&letters);
        let body = json!({ "Records": [record("1", "{", 9, None)] });
        let event = LambdaEvent::new(Body(Ok(body)), Context::default());
        let answer = host.deliver(event).await.unwrap();
        assert_eq!(
            answer,
            json!({ "batchItemFailures": [{ "itemIdentifier": "1" }] })
        );
        assert!(letters.0.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn what_fails_too_often_goes_to_the_dead_letters_with_the_reason() {
        let letters = Letters::default();
        let host = host(&letters);
        let no = seen("no").to_string();
        let records = vec![
            record("1", &no, 2, None),
            record("2", &no, 3, Some("g")),
            record("3", "{", 7, None),
            record("4", "away", 7, None),
        ];
        assert_eq!(failures(&host, records).await, json!(["1", "4"]));
        let letters = letters.0.lock().unwrap().clone();
        assert_eq!(
            letters,
            [
                format!("g 2 {no}: Saga.Retry: no"),
                "- 3 {: Saga.Unknown: the message is no JSON: EOF while parsing an object at line 1 column 1".to_owned(),
                "- 4 away: Saga.Unknown: the message is no JSON: expected value at line 1 column 1".to_owned(),
            ]
        );
    }
}

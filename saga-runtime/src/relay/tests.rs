//! The relay's core over a topic in memory: what gets out, in which calls, and what is reported.

use std::sync::{Arc, Mutex};

use lambda_runtime::{Context, LambdaEvent};
use serde_json::{Value, json};

#[cfg(feature = "sns")]
use std::time::Duration;
#[cfg(feature = "sns")]
use tokio::time::Instant;

#[cfg(feature = "sns")]
use super::Due;
use super::{Host, Message, PublishError, Publisher, Relay};
use crate::BoxFuture;
use crate::dynamodb::DynamoDbStore;
use crate::lambda::{DeadLetters, Letter};

/// A topic that notes its calls. It refuses what says `bad`, is away for what says `away`, and takes no call whole that says
/// `worse` beside others.
#[derive(Clone, Default)]
struct Topic(Arc<Mutex<Vec<String>>>);

impl Publisher for Topic {
    fn publish<'a>(
        &'a self, batch: &'a [&'a Message],
    ) -> BoxFuture<'a, Result<Vec<Result<(), PublishError>>, PublishError>> {
        let said: Vec<&str> = batch.iter().map(|message| message.event()).collect();
        self.0.lock().unwrap().push(said.join(" "));
        Box::pin(async move {
            if said.contains(&"gone") {
                return Err(PublishError::passing("gone"));
            }
            if said.contains(&"worse") {
                return Err(PublishError::senders_fault("worse"));
            }
            let outcome = |name: &&str| match *name {
                "bad" => Err(PublishError::senders_fault("bad")),
                "away" => Err(PublishError::passing("away")),
                _ => Ok(()),
            };
            Ok(said.iter().map(outcome).collect())
        })
    }
}

#[derive(Clone, Default)]
struct Failures(Arc<Mutex<Vec<String>>>);

impl DeadLetters for Failures {
    fn put<'a>(&'a self, letter: Letter<'a>) -> BoxFuture<'a, Result<(), String>> {
        let text = format!("{} {}", letter.id, letter.reason);
        self.0.lock().unwrap().push(text);
        Box::pin(async { Ok(()) })
    }
}

fn outbox(events: &[&str]) -> Value {
    let events: Vec<Value> = events.iter().map(|name| json!({ "type": name })).collect();
    json!({ "S": json!({ "at": "2026-01-01T00:00:00.000Z", "events": events }).to_string() })
}

/// A record's change, in the words of a stream. Each image is what it publishes.
fn record(sequence: &str, old: Option<Value>, new: Option<Value>) -> Value {
    let name = match (&old, &new) {
        (_, None) => "REMOVE",
        (None, Some(_)) => "INSERT",
        (Some(_), Some(_)) => "MODIFY",
    };
    let mut images = json!({ "SequenceNumber": sequence, "Keys": { "pk": { "S": format!("s|shop.{sequence}") } } });
    for (name, image) in [("OldImage", old), ("NewImage", new)] {
        if let Some(image) = image {
            images[name] = image;
        }
    }
    json!({ "eventName": name, "dynamodb": images })
}

fn inserted(sequence: usize, events: &[&str]) -> Value {
    record(
        &sequence.to_string(),
        None,
        Some(json!({ "ob": outbox(events) })),
    )
}

/// The calls, the failed sequence numbers, and the failures.
async fn relayed(records: &[Value], with_failures: bool) -> (Vec<String>, Value, Vec<String>) {
    let (topic, failures) = (Topic::default(), Failures::default());
    let queue: Box<dyn DeadLetters> = Box::new(failures.clone());
    let host = Host {
        relay: Relay {
            publisher: Box::new(topic.clone()),
            failures: with_failures.then_some(queue),
        },
        store: DynamoDbStore::from_env(),
    };
    let mut context = Context::default();
    context.deadline = u64::MAX / 2;
    let event = LambdaEvent::new(json!({ "Records": records }), context);
    let answer = host.deliver(event).await.unwrap();
    let failed = answer["batchItemFailures"].as_array().unwrap();
    let failed = failed.iter().map(|one| one["itemIdentifier"].clone());
    let calls = topic.0.lock().unwrap().clone();
    let failures = failures.0.lock().unwrap().clone();
    (calls, failed.collect(), failures)
}

#[tokio::test]
async fn what_a_change_adds_is_sent_in_order_and_nothing_else() {
    let done = json!({ "ob": outbox(&["a", "b"]) });
    let undone = json!({ "ob": outbox(&["a", "b"]), "obc": outbox(&["c"]) });
    let silent = json!({ "st": { "S": "DONE" } });
    let records = [
        record("1", None, Some(done.clone())),
        record("2", Some(done.clone()), Some(undone.clone())),
        record("3", None, Some(silent.clone())),
        record("4", Some(silent), Some(done)),
        record("5", Some(undone), None),
    ];
    let (calls, failed, _) = relayed(&records, false).await;
    assert_eq!(calls, ["a b c a b"]);
    assert_eq!(failed, json!([]));
}

#[tokio::test]
async fn a_call_takes_ten_messages_of_so_many_bytes() {
    let many: Vec<Value> = (0..12).map(|index| inserted(index, &["a", "b"])).collect();
    let (calls, _, _) = relayed(&many, false).await;
    let sizes: Vec<usize> = calls.iter().map(|call| call.split(' ').count()).collect();
    assert_eq!(sizes, [10, 10, 4]);
    // Their type stands in them twice: in the body, and as an attribute.
    let large = "x".repeat(60_000);
    let large: Vec<Value> = (0..5).map(|index| inserted(index, &[&large])).collect();
    let (calls, _, _) = relayed(&large, false).await;
    let sizes: Vec<usize> = calls.iter().map(|call| call.split(' ').count()).collect();
    assert_eq!(sizes, [2, 2, 1]);
}

#[tokio::test]
async fn only_the_first_record_that_fails_is_reported_and_no_call_follows() {
    let mut records: Vec<Value> = (0..9).map(|index| inserted(index, &["a"])).collect();
    records.extend([inserted(9, &["away", "b"]), inserted(10, &["c"])]);
    let (calls, failed, _) = relayed(&records, true).await;
    assert_eq!(calls, ["a a a a a a a a a away", "b c"][..1]);
    assert_eq!(failed, json!(["9"]));
    let (calls, failed, _) =
        relayed(&[inserted(1, &["a", "gone"]), inserted(2, &["away"])], true).await;
    assert_eq!((calls.len(), failed), (1, json!(["1"])));
}

#[tokio::test]
async fn what_cannot_be_sent_goes_to_the_failures_and_the_others_on() {
    let broken = record("2", None, Some(json!({ "ob": { "S": "{" } })));
    let records = [inserted(1, &["a", "bad"]), broken, inserted(3, &["c"])];
    let (calls, failed, failures) = relayed(&records, true).await;
    assert_eq!(calls, ["a bad c"]);
    assert_eq!(failed, json!([]));
    assert_eq!(failures.len(), 2);
    assert!(
        failures[0].starts_with("2 the outbox cannot be read"),
        "{failures:?}"
    );
    assert!(failures[1].ends_with("-1 bad"), "{failures:?}");
    // Nobody takes them: the stream stops there, after what came before.
    let (calls, failed, _) = relayed(&records[1..], false).await;
    assert_eq!((calls.len(), failed), (0, json!(["2"])));
    let (_, failed, _) = relayed(&records, false).await;
    assert_eq!(failed, json!(["1"]));
}

#[tokio::test]
async fn a_call_that_is_refused_as_a_whole_is_made_again_message_by_message() {
    let records = [inserted(1, &["a", "worse"]), inserted(2, &["b"])];
    let (calls, failed, failures) = relayed(&records, true).await;
    assert_eq!(calls, ["a worse b", "a", "worse", "b"]);
    assert_eq!(failed, json!([]));
    assert_eq!(failures.len(), 1);
}

#[cfg(feature = "sns")]
mod wire {
    //! What SNS is asked, by a client whose HTTP side answers by itself.

    use aws_sdk_sns::config::http::{HttpRequest, HttpResponse};
    use aws_sdk_sns::config::{BehaviorVersion, Credentials, Region};
    use aws_sdk_sns::{Client, Config};
    use aws_smithy_runtime_api::client::http::{
        HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
    };

    use super::*;
    use crate::relay::SnsTopic;

    /// Answers that the messages of the even numbers got out, and the others are at fault.
    #[derive(Clone, Debug, Default)]
    struct Sns(Arc<Mutex<Vec<String>>>);

    impl HttpConnector for Sns {
        fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
            let body = String::from_utf8_lossy(request.body().bytes().unwrap()).into_owned();
            let count = body.matches(".Message=").count();
            self.0.lock().unwrap().push(body);
            let (mut done, mut failed) = (Vec::new(), Vec::new());
            for id in 0..count {
                if id % 2 == 0 {
                    done.push(format!(
                        "<member><Id>{id}</Id><MessageId>m</MessageId></member>"
                    ));
                } else {
                    failed.push(format!(
                        "<member><Id>{id}</Id><Code>Bad</Code><SenderFault>true</SenderFault></member>"
                    ));
                }
            }
            let (done, failed) = (done.concat(), failed.concat());
            let reply = format!(
                "<PublishBatchResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><PublishBatchResult><Successful>{done}</Successful><Failed>{failed}</Failed></PublishBatchResult></PublishBatchResponse>"
            );
            HttpConnectorFuture::ready(Ok(HttpResponse::new(200.try_into().unwrap(), reply.into())))
        }
    }

    #[tokio::test]
    async fn ten_events_are_one_call_and_each_has_an_answer_of_its_own() {
        let (sns, failures) = (Sns::default(), Failures::default());
        let connector = SharedHttpConnector::new(sns.clone());
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("eu-west-1"))
            .credentials_provider(Credentials::new("id", "secret", None, None, "stub"))
            .http_client(http_client_fn(move |_, _| connector.clone()));
        let topic = SnsTopic::new(
            Client::from_conf(config.build()),
            "arn:aws:sns:eu-west-1:1:t.fifo",
        );
        let host = Host {
            relay: Relay {
                publisher: Box::new(topic),
                failures: Some(Box::new(failures.clone())),
            },
            store: DynamoDbStore::from_env(),
        };
        let records: Vec<Due> = (0..10)
            .map(|index| Due::of_stream(&inserted(index, &["a"])))
            .collect();
        let relayed = host
            .relay
            .relay(&records, Instant::now() + Duration::from_mins(1))
            .await;
        assert_eq!(
            (relayed.events, relayed.poison, relayed.failed),
            (5, 5, None)
        );
        let calls = sns.0.lock().unwrap().clone();
        assert_eq!(calls.len(), 1);
        for part in [
            "Action=PublishBatch",
            ".member.10.MessageGroupId=s",
            "Name=type",
            "Name=saga",
            "Name=id",
        ] {
            assert!(calls[0].contains(part), "{part}");
        }
        assert_eq!(failures.0.lock().unwrap().len(), 5);
    }
}

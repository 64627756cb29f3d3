//! The relay's core over a topic in memory: what gets out, in which calls, and what is reported.

use std::sync::{Arc, Mutex};

use lambda_runtime::{Context, LambdaEvent};
use serde_json::{Value, json};

use std::time::Duration;

use tokio::time::Instant;

use super::Due;
use super::{Host, Message, PublishError, Publisher, Relay};
use crate::BoxFuture;
use crate::dynamodb::DynamoDbStore;
use crate::lambda::{DeadLetters, Letter};

/// A topic that notes its calls. It refuses what says `bad`, is away for what says `away`, and takes no call whole that says
/// `worse` beside others. It may keep each saga's events in order.
#[derive(Clone, Default)]
struct Topic(Arc<Mutex<Vec<String>>>, bool);

impl Publisher for Topic {
    fn is_ordered(&self) -> bool {
        self.1
    }

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
    assert!(failures[0].ends_with("-1 bad"), "{failures:?}");
    assert!(
        failures[1].starts_with("2 the outbox cannot be read"),
        "{failures:?}"
    );
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

fn relay(topic: &Topic, failures: &Failures) -> Relay {
    Relay {
        publisher: Box::new(topic.clone()),
        failures: Some(Box::new(failures.clone())),
    }
}

fn in_a_minute() -> Instant {
    Instant::now() + Duration::from_mins(1)
}

#[tokio::test]
async fn where_a_sagas_events_are_ordered_no_call_has_two_of_them() {
    let topic = Topic(Arc::default(), true);
    let relay = relay(&topic, &Failures::default());
    let other = json!({ "eventName": "INSERT", "dynamodb": {
        "SequenceNumber": "2", "Keys": { "pk": { "S": "t|shop.2" } }, "NewImage": { "ob": outbox(&["d"]) } } });
    let records = [inserted(1, &["a", "away", "c"]), other];
    let mut records: Vec<Due> = records.iter().map(Due::of_stream).collect();
    let relayed = relay.relay(&records, in_a_minute()).await;
    assert_eq!(relayed.failed, Some((0, "away".to_owned())));
    assert_eq!(*topic.0.lock().unwrap(), ["a", "away"]);
    records.remove(0);
    records.insert(0, Due::of_stream(&inserted(1, &["a", "b", "c"])));
    relay.relay(&records, in_a_minute()).await;
    assert_eq!(topic.0.lock().unwrap()[2..], ["a", "b", "c d"]);
}

#[tokio::test]
async fn a_stream_that_does_not_show_what_is_published_goes_no_further() {
    let blind = json!({ "eventName": "INSERT", "dynamodb": { "SequenceNumber": "2", "Keys": { "pk": { "S": "s|shop.1" } } } });
    let records = [inserted(1, &["a"]), blind, inserted(3, &["b"])];
    let (calls, failed, failures) = relayed(&records, true).await;
    assert_eq!((calls, failed), (vec!["a".to_owned()], json!(["2"])));
    assert!(failures.is_empty());
}

#[tokio::test]
async fn what_comes_again_is_given_up_only_once_what_is_before_it_is_out() {
    let (topic, failures) = (Topic::default(), Failures::default());
    let relay = relay(&topic, &failures);
    let broken = record("2", None, Some(json!({ "ob": { "S": "{" } })));
    let records = [inserted(1, &["away", "bad"]), broken];
    let mut records: Vec<Due> = records.iter().map(Due::of_stream).collect();
    for _ in 0..3 {
        let relayed = relay.relay(&records, in_a_minute()).await;
        assert_eq!((relayed.failed.unwrap().0, relayed.poison), (0, 0));
    }
    assert!(failures.0.lock().unwrap().is_empty());
    records[0] = Due::of_stream(&inserted(1, &["a", "bad"]));
    let relayed = relay.relay(&records, in_a_minute()).await;
    assert_eq!((relayed.failed, relayed.poison), (None, 2));
    assert_eq!(failures.0.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn a_tables_record_that_cannot_be_read_is_told_by_its_key() {
    let (topic, failures) = (Topic::default(), Failures::default());
    let records = [
        Due::of_table("s|shop.1".to_owned(), [Some(Ok("{".to_owned())), None]),
        Due::of_table(
            "s|shop.2".to_owned(),
            [None, Some(Err("no text".to_owned()))],
        ),
    ];
    let relayed = relay(&topic, &failures)
        .relay(&records, in_a_minute())
        .await;
    assert_eq!((relayed.failed, relayed.poison), (None, 2));
    let failures = failures.0.lock().unwrap().clone();
    assert!(
        failures[0].starts_with("s|shop.1 the outbox cannot be read"),
        "{failures:?}"
    );
    assert_eq!(failures[1], "s|shop.2 no text");
}

#[test]
fn numbers_come_out_as_they_went_in() {
    let mut random = fastrand::Rng::with_seed(1);
    for _ in 0..10_000 {
        let number = random.f64() * 1_000.0;
        let text = json!({ "at": "2026-01-01T00:00:00.000Z", "events": [{ "type": "a", "data": number }] }).to_string();
        let record = record("1", None, Some(json!({ "ob": { "S": text } })));
        let messages = Due::of_stream(&record).messages.unwrap();
        let body: Value = serde_json::from_str(messages[0].body()).unwrap();
        assert_eq!(body["data"].as_f64(), Some(number));
        assert!(
            messages[0].body().contains(&format!("\"data\":{number}")),
            "{number}"
        );
    }
}

/// A table of two pages, of which the second cannot be read.
#[tokio::test]
async fn publishing_anew_says_how_far_it_came() {
    use aws_sdk_dynamodb::config::http::{HttpRequest, HttpResponse};
    use aws_sdk_dynamodb::config::retry::RetryConfig;
    use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
    use aws_smithy_runtime_api::client::http::{
        HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
    };

    #[derive(Debug, Default)]
    struct Pages(Mutex<usize>);

    impl HttpConnector for Pages {
        fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
            let mut calls = self.0.lock().unwrap();
            *calls += 1;
            let (status, body) = match *calls {
                1 => (
                    200,
                    json!({ "Items": [], "LastEvaluatedKey": { "pk": { "S": "half" } } }),
                ),
                _ => (
                    400,
                    json!({ "__type": "com.amazonaws.dynamodb.v20120810#AccessDeniedException" }),
                ),
            };
            let status = u16::try_from(status).unwrap().try_into().unwrap();
            HttpConnectorFuture::ready(Ok(HttpResponse::new(status, body.to_string().into())))
        }
    }

    let connector = SharedHttpConnector::new(Pages::default());
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("eu-west-1"))
        .credentials_provider(Credentials::new("id", "secret", None, None, "stub"))
        .retry_config(RetryConfig::disabled())
        .http_client(http_client_fn(move |_, _| connector.clone()));
    let host = Host {
        relay: relay(&Topic::default(), &Failures::default()),
        store: DynamoDbStore::new(aws_sdk_dynamodb::Client::from_conf(config.build())),
    };
    let mut context = Context::default();
    context.deadline = u64::MAX / 2;
    let answer = host.deliver(LambdaEvent::new(json!({ "redrive": {} }), context));
    let answer = answer.await.unwrap();
    assert_eq!(answer["from"], "half");
    assert!(
        answer["failure"].as_str().unwrap().contains("AccessDenied"),
        "{answer}"
    );
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
    use crate::relay::publish::Relayed;

    /// Answers that the messages of the even numbers got out, and the others are at fault, with this code.
    #[derive(Clone, Debug)]
    struct Sns(Arc<Mutex<Vec<String>>>, &'static str);

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
                        "<member><Id>{id}</Id><Code>{}</Code><SenderFault>true</SenderFault></member>",
                        self.1
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

    fn topic(sns: &Sns) -> SnsTopic {
        let connector = SharedHttpConnector::new(sns.clone());
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("eu-west-1"))
            .credentials_provider(Credentials::new("id", "secret", None, None, "stub"))
            .http_client(http_client_fn(move |_, _| connector.clone()));
        let client = Client::from_conf(config.build());
        SnsTopic::new(client, "arn:aws:sns:eu-west-1:1:t.fifo")
    }

    /// The calls, what became of ten events of as many sagas, and how many went to the failures.
    async fn ten_relayed(code: &'static str) -> (Vec<String>, Relayed, usize) {
        let (sns, failures) = (Sns(Arc::default(), code), Failures::default());
        let relay = Relay {
            publisher: Box::new(topic(&sns)),
            failures: Some(Box::new(failures.clone())),
        };
        let of_saga = |saga: usize| {
            let mut record = inserted(1, &["a"]);
            record["dynamodb"]["Keys"]["pk"]["S"] = json!(format!("saga-{saga}|shop.act"));
            Due::of_stream(&record)
        };
        let records: Vec<Due> = (0..10).map(of_saga).collect();
        let relayed = relay.relay(&records, in_a_minute()).await;
        let calls = sns.0.lock().unwrap().clone();
        let failures = failures.0.lock().unwrap().len();
        (calls, relayed, failures)
    }

    #[tokio::test]
    async fn ten_events_are_one_call_and_each_has_an_answer_of_its_own() {
        let (calls, relayed, failures) = ten_relayed("InvalidParameterValue").await;
        assert_eq!(
            (relayed.events, relayed.poison, relayed.failed, failures),
            (5, 5, None, 5)
        );
        assert_eq!(calls.len(), 1);
        for part in [
            "Action=PublishBatch",
            ".member.10.MessageGroupId=saga-9",
            "Name=type",
            "Name=saga",
            "Name=id",
        ] {
            assert!(calls[0].contains(part), "{part}");
        }
    }

    #[tokio::test]
    async fn no_event_is_at_fault_for_what_the_topic_lacks() {
        for code in ["Throttled", "KMSDisabled", "AuthorizationError"] {
            let (_, relayed, failures) = ten_relayed(code).await;
            let failed = relayed.failed.map(|(index, _)| index);
            assert_eq!(
                (relayed.events, failed, failures),
                (5, Some(1), 0),
                "{code}"
            );
        }
    }
}

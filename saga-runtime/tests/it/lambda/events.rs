//! Events from a table to a topic or a bus, to a queue and to a consumer: each function in a process of its own, against an
//! emulator of AWS. What the emulator has no part in is the stream, whose records the test makes.

use std::collections::HashMap;

use aws_sdk_eventbridge::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_sqs::types::{MessageSystemAttributeName, QueueAttributeName};
use saga_runtime::relay::{EventBus, SnsTopic, serve_relay};
use saga_runtime::store::BARRIER_TABLE;
use saga_runtime::{DynamoDbStore, Store, lambda};
use serde_json::{Value, json};

use super::api::Function;
use super::{MINUTE, ROLE, shown};
use crate::choreography::shop::{How, consumer};
use crate::deliveries::at;
use crate::dynamodb::emulator::{endpoint, fresh_with_prefix};

/// The function's `main`.
pub(super) async fn serve(role: &str) -> Result<(), lambda::Error> {
    match role {
        "relay" => serve_relay(SnsTopic::from_env()?).await,
        "bus" => serve_relay(EventBus::from_env()?).await,
        _ => consumer(DynamoDbStore::from_env(), &How::default()).await,
    }
}

/// What the functions share, and the clients that look at it.
struct Stage {
    prefix: String,
    endpoint: String,
    sns: aws_sdk_sns::Client,
    sqs: aws_sdk_sqs::Client,
    events: aws_sdk_eventbridge::Client,
}

macro_rules! client {
    ($sdk:ident, $endpoint:expr) => {
        $sdk::Client::from_conf(
            $sdk::Config::builder()
                .behavior_version(BehaviorVersion::latest())
                .region(Region::from_static("us-east-1"))
                .credentials_provider(Credentials::new("test", "test", None, None, "test"))
                .endpoint_url($endpoint)
                .http_client(saga_runtime::__private::http_client())
                .build(),
        )
    };
}

impl Stage {
    fn new(prefix: &str, endpoint: String) -> Self {
        Self {
            prefix: prefix.to_owned(),
            sns: client!(aws_sdk_sns, &endpoint),
            sqs: client!(aws_sdk_sqs, &endpoint),
            events: client!(aws_sdk_eventbridge, &endpoint),
            endpoint,
        }
    }

    fn function(&self, role: &str, more: &[(&str, &str)]) -> Function {
        let mut variables = vec![
            (ROLE, role),
            ("AWS_ENDPOINT_URL", &self.endpoint),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("SAGA_TABLE_PREFIX", &self.prefix),
        ];
        variables.extend(more);
        Function::start(&variables)
    }

    /// A queue's URL and its ARN.
    async fn queue(&self, name: &str, fifo: bool) -> (String, String) {
        let name = format!("{}{name}{}", self.prefix, if fifo { ".fifo" } else { "" });
        let mut call = self.sqs.create_queue().queue_name(name);
        if fifo {
            call = call.attributes(QueueAttributeName::FifoQueue, "true");
        }
        let url = call.send().await.unwrap().queue_url.unwrap();
        let asked = self.sqs.get_queue_attributes().queue_url(&url);
        let asked = asked.attribute_names(QueueAttributeName::QueueArn);
        let attributes = asked.send().await.unwrap().attributes.unwrap();
        (url, attributes[&QueueAttributeName::QueueArn].clone())
    }

    /// A topic's ARN, and the URL of a queue that gets what it sends.
    async fn topic(&self, name: &str, fifo: bool) -> (String, String) {
        let (url, queue) = self.queue(name, fifo).await;
        let topic = format!("{}{name}{}", self.prefix, if fifo { ".fifo" } else { "" });
        let mut call = self.sns.create_topic().name(topic);
        if fifo {
            call = call.attributes("FifoTopic", "true");
        }
        let arn = call.send().await.unwrap().topic_arn.unwrap();
        let subscription = self
            .sns
            .subscribe()
            .topic_arn(&arn)
            .protocol("sqs")
            .endpoint(queue)
            .attributes("RawMessageDelivery", "true");
        subscription.send().await.unwrap();
        (arn, url)
    }

    /// Everything in a queue: each message's body, its attributes, and its group.
    async fn drain(&self, url: &str) -> Vec<(Value, HashMap<String, String>, Option<String>)> {
        let mut all = Vec::new();
        loop {
            let call = self
                .sqs
                .receive_message()
                .queue_url(url)
                .max_number_of_messages(10)
                .message_attribute_names("All")
                .message_system_attribute_names(MessageSystemAttributeName::All);
            let messages = call.send().await.unwrap().messages.unwrap_or_default();
            if messages.is_empty() {
                return all;
            }
            for message in messages {
                let delete = self.sqs.delete_message().queue_url(url);
                let delete = delete.receipt_handle(message.receipt_handle.unwrap());
                delete.send().await.unwrap();
                let body = message.body.unwrap();
                let attributes = message.message_attributes.unwrap_or_default().into_iter();
                let attributes = attributes
                    .map(|(name, value)| (name, value.string_value.unwrap_or_default()))
                    .collect();
                let group = message.attributes.unwrap_or_default();
                let group = group
                    .get(&MessageSystemAttributeName::MessageGroupId)
                    .cloned();
                let body = serde_json::from_str(&body).unwrap_or(Value::String(body));
                all.push((body, attributes, group));
            }
        }
    }
}

fn invoke(function: &Function, payload: &Value) -> Value {
    function.send("1", MINUTE, payload.to_string().as_bytes());
    let answer = function.answer();
    assert_eq!(answer.kind, "response", "{}", shown(&answer));
    answer.body
}

/// A record of the barrier's as its table's stream tells of it.
async fn inserted(store: &DynamoDbStore, name: &str) -> Value {
    let key = format!("order-1#7|shop.{name}");
    let item = store.get(&at(BARRIER_TABLE, "pk", &key)).await.unwrap();
    let outbox = item.unwrap()["ob"].clone();
    json!({
        "eventName": "INSERT",
        "dynamodb": {
            "SequenceNumber": name, "Keys": { "pk": { "S": key } }, "NewImage": { "ob": { "S": outbox } },
        },
    })
}

fn message(id: &str, body: &str, receives: u64) -> Value {
    json!({
        "messageId": id, "body": body, "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:q",
        "attributes": { "ApproximateReceiveCount": receives.to_string() },
    })
}

fn types(messages: &[(Value, HashMap<String, String>, Option<String>)]) -> Vec<&str> {
    messages
        .iter()
        .map(|(body, ..)| body["type"].as_str().unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn events_travel_from_a_table_to_a_consumer() {
    let Some((store, prefix)) = fresh_with_prefix().await else {
        return;
    };
    let stage = Stage::new(&prefix, endpoint().unwrap());
    let (topic, queue) = stage.topic("shop", false).await;
    let (dead_letters, _) = stage.queue("dead", false).await;
    let shop = stage.function("consumer", &[("SAGA_DEAD_LETTER_URL", &dead_letters)]);
    let relay = stage.function("relay", &[("SAGA_TOPIC_ARN", &topic)]);

    let command =
        json!({ "saga": "order-1#7", "command": "shop.place", "input": { "order": "a" } });
    let answer = invoke(&shop, &command);
    let change = json!({ "Records": [inserted(&store, "place").await] });
    let failed = invoke(&relay, &change);
    assert_eq!(failed, json!({ "batchItemFailures": [] }));
    let sent = stage.drain(&queue).await;
    assert_eq!(json!({ "events": [sent[0].0] }), answer);
    let placed = &answer["events"][0];
    for (attribute, field) in [
        ("type", "type"),
        ("saga", "subject"),
        ("id", "id"),
        ("cause", "causationid"),
    ] {
        assert_eq!(sent[0].1[attribute], placed[field].as_str().unwrap());
    }

    let batch = json!({ "Records": [
        message("1", &placed.to_string(), 1), message("2", "{", 4), message("3", "{", 5),
    ] });
    let failed = invoke(&shop, &batch);
    assert_eq!(
        failed,
        json!({ "batchItemFailures": [{ "itemIdentifier": "2" }] })
    );
    let dead = stage.drain(&dead_letters).await;
    assert_eq!((dead.len(), &dead[0].0), (1, &json!("{")));
    assert!(dead[0].1["reason"].starts_with("Saga.Unknown: the message is no JSON"));

    let change = json!({ "Records": [inserted(&store, "reserve").await] });
    invoke(&relay, &change);
    let redriven = invoke(&relay, &json!({ "redrive": { "saga": "order-1#7" } }));
    assert_eq!(redriven, json!({ "records": 2, "events": 2, "poison": 0 }));
    let later = json!({ "redrive": { "after": "2999-01-01T00:00:00Z" } });
    assert_eq!(
        invoke(&relay, &later),
        json!({ "records": 0, "events": 0, "poison": 0 })
    );
    let another = json!({ "redrive": { "saga": "order-1" } });
    assert_eq!(
        invoke(&relay, &another),
        json!({ "records": 0, "events": 0, "poison": 0 })
    );
    let again = stage.drain(&queue).await;
    let mut names = types(&again);
    names.sort_unstable();
    assert_eq!(names, ["Placed", "Reserved", "Reserved"]);
    assert!(
        again.iter().any(|(body, ..)| body == placed),
        "the same at every publication"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_fifo_topic_a_sagas_events_are_a_group_and_a_repetition_is_one() {
    let Some((store, prefix)) = fresh_with_prefix().await else {
        return;
    };
    let stage = Stage::new(&prefix, endpoint().unwrap());
    let (topic, queue) = stage.topic("shop", true).await;
    let shop = stage.function("consumer", &[]);
    let relay = stage.function("relay", &[("SAGA_TOPIC_ARN", &topic)]);
    let command =
        json!({ "saga": "order-1#7", "command": "shop.place", "input": { "order": "a" } });
    invoke(&shop, &command);
    let change = json!({ "Records": [inserted(&store, "place").await] });
    for _ in 0..2 {
        invoke(&relay, &change);
    }
    let sent = stage.drain(&queue).await;
    assert_eq!(types(&sent), ["Placed"]);
    assert_eq!(sent[0].2.as_deref(), Some("order-1#7"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bus_takes_events_as_a_topic_does() {
    let Some((store, prefix)) = fresh_with_prefix().await else {
        return;
    };
    let stage = Stage::new(&prefix, endpoint().unwrap());
    let (queue, arn) = stage.queue("bus", false).await;
    let bus = format!("{prefix}bus");
    stage
        .events
        .create_event_bus()
        .name(&bus)
        .send()
        .await
        .unwrap();
    let rule = stage.events.put_rule().name("all").event_bus_name(&bus);
    let pattern = json!({ "detail-type": ["Placed"] }).to_string();
    rule.event_pattern(pattern).send().await.unwrap();
    let target = aws_sdk_eventbridge::types::Target::builder()
        .id("queue")
        .arn(arn);
    let targets = stage.events.put_targets().rule("all").event_bus_name(&bus);
    targets
        .targets(target.build().unwrap())
        .send()
        .await
        .unwrap();

    let shop = stage.function("consumer", &[]);
    let relay = stage.function("bus", &[("SAGA_EVENT_BUS", &bus)]);
    let command =
        json!({ "saga": "order-1#7", "command": "shop.place", "input": { "order": "a" } });
    invoke(&shop, &command);
    let change = json!({ "Records": [inserted(&store, "place").await] });
    assert_eq!(invoke(&relay, &change), json!({ "batchItemFailures": [] }));
    let sent = stage.drain(&queue).await;
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].0["source"], "shop.place");
    let batch = json!({ "Records": [message("1", &sent[0].0.to_string(), 1)] });
    assert_eq!(invoke(&shop, &batch), json!({ "batchItemFailures": [] }));
    inserted(&store, "reserve").await;
}

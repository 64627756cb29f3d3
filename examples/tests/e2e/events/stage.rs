//! The four services of `order_events`, deployed on the emulator: tables with streams, topics, queues, consumers and relays.
//! What is sent to them is the tests' business.

use std::collections::BTreeMap;

use examples::order_events::order_events;
use saga_runtime::ReactionInfo;
use serde_json::{Value, json};

use crate::emulator::Emulator;
use crate::proxy::Proxy;
use crate::stage::{CREATE_TABLE, create_table, seed, table_of_items, zip};

/// Seconds that a function has.
const FUNCTION_TIMEOUT: u32 = 3;

/// After so many seconds a message that was not acknowledged comes back.
const VISIBILITY: u32 = 4;

/// How often the queue itself hands a message out, before it gives it up: well above what the consumer allows.
const MAX_RECEIVES: u32 = 100;

/// The services, by their participants' prefixes.
pub const SERVICES: [&str; 4] = ["orders", "stock", "payments", "shipping"];

/// A service's program, and its table beside the barrier's, with its key.
fn program(service: &str) -> (&'static str, &'static str, &'static str) {
    match service {
        "orders" => (
            env!("CARGO_BIN_EXE_order_events_orders"),
            "orders",
            "order_id",
        ),
        "stock" => (env!("CARGO_BIN_EXE_order_events_stock"), "shelves", "sku"),
        "payments" => (
            env!("CARGO_BIN_EXE_order_events_payments"),
            "payments",
            "order_id",
        ),
        _ => (
            env!("CARGO_BIN_EXE_order_events_shipping"),
            "parcels",
            "order_id",
        ),
    }
}

/// What is deployed.
pub struct EventStage {
    pub emulator: Emulator,
    /// Between the functions, and DynamoDB and SNS.
    pub proxy: Proxy,
    /// The stream of each participant's records, and the function that it goes to.
    pub streams: Vec<(String, String)>,
    queues: BTreeMap<&'static str, String>,
}

impl EventStage {
    pub async fn deploy(emulator: Emulator) -> Self {
        let proxy = Proxy::start(emulator.address(), seed());
        let mut stage = Self {
            proxy,
            emulator,
            streams: Vec::new(),
            queues: BTreeMap::new(),
        };
        let relay = zip(env!("CARGO_BIN_EXE_order_events_relay"));
        for service in SERVICES {
            let (program, table, key) = program(service);
            let topic = stage.create_topic(service).await;
            stage.create_tables(service, table, key).await;
            stage.deploy_consumer(service, &zip(program)).await;
            stage.deploy_relay(service, &topic, &relay).await;
        }
        for service in SERVICES {
            stage.subscribe(service).await;
        }
        stage
    }

    /// What the functions of a service have in common.
    fn settings(&self, service: &str) -> BTreeMap<&'static str, String> {
        BTreeMap::from([
            ("AWS_ENDPOINT_URL_DYNAMODB", self.proxy.url()),
            ("AWS_ENDPOINT_URL_SNS", self.proxy.url()),
            ("AWS_ENDPOINT_URL_SQS", self.emulator.url()),
            ("SAGA_TABLE_PREFIX", prefix(service)),
        ])
    }

    async fn create_tables(&mut self, service: &str, table: &str, key: &str) {
        create_table(&self.emulator, &format!("{}{table}", prefix(service)), key).await;
        let mut barrier = table_of_items(&format!("{}saga_barrier", prefix(service)), "pk");
        barrier["StreamSpecification"] =
            json!({ "StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES" });
        let made = self.emulator.call(CREATE_TABLE, &barrier).await;
        let stream = made["TableDescription"]["LatestStreamArn"].as_str();
        self.streams.push((
            stream.unwrap().to_owned(),
            format!("events-{service}-relay"),
        ));
    }

    async fn create_topic(&self, service: &str) -> String {
        let name = format!("events-{service}");
        let answer = self
            .emulator
            .query("sns", &[("Action", "CreateTopic"), ("Name", &name)])
            .await;
        let (_, rest) = answer.split_once("<TopicArn>").unwrap();
        rest.split('<').next().unwrap().to_owned()
    }

    async fn deploy_consumer(&mut self, service: &'static str, code: &str) {
        let dead = self
            .emulator
            .create_queue(&format!("events-{service}-dead"), &json!({}))
            .await;
        let redrive = json!({
            "deadLetterTargetArn": queue_arn(&format!("events-{service}-dead")),
            "maxReceiveCount": MAX_RECEIVES,
        });
        let attributes = json!({
            "VisibilityTimeout": VISIBILITY.to_string(),
            "RedrivePolicy": redrive.to_string(),
        });
        let queue = self
            .emulator
            .create_queue(&format!("events-{service}"), &attributes)
            .await;
        self.queues.insert(service, queue);
        let mut settings = self.settings(service);
        settings.insert("SAGA_DEAD_LETTER_URL", dead);
        settings.insert("SAGA_MAX_RECEIVES", "50".to_owned());
        let name = format!("events-{service}");
        self.emulator
            .create_function(&name, code, FUNCTION_TIMEOUT, &settings)
            .await;
        let mapping = json!({
            "FunctionName": name,
            "EventSourceArn": queue_arn(&name),
            "BatchSize": 10,
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
        });
        self.emulator.create_mapping(&mapping).await;
    }

    async fn deploy_relay(&mut self, service: &str, topic: &str, code: &str) {
        let name = format!("events-{service}-relay");
        let mut settings = self.settings(service);
        settings.insert("SAGA_TOPIC_ARN", topic.to_owned());
        self.emulator
            .create_function(&name, code, FUNCTION_TIMEOUT, &settings)
            .await;
    }

    /// Each service hears what its reactions are for, and nothing else, from the topics of those who say it.
    async fn subscribe(&self, service: &str) {
        let reactions = order_events::ORDER_EVENTS.reactions();
        let own = reactions.iter().filter(|info| prefix_of(info) == service);
        let wanted: Vec<&str> = own.flat_map(|info| info.on.iter().copied()).collect();
        for publisher in SERVICES {
            let said = reactions
                .iter()
                .filter(|info| prefix_of(info) == publisher)
                .flat_map(|info| info.publishes.iter().chain(info.rejects));
            let mut heard: Vec<&str> = said.copied().filter(|said| wanted.contains(said)).collect();
            heard.sort_unstable();
            heard.dedup();
            if heard.is_empty() {
                continue;
            }
            let policy = json!({ "type": heard }).to_string();
            let topic = format!("arn:aws:sns:us-east-1:000000000000:events-{publisher}");
            let endpoint = queue_arn(&format!("events-{service}"));
            let request = [
                ("Action", "Subscribe"),
                ("TopicArn", topic.as_str()),
                ("Protocol", "sqs"),
                ("Endpoint", endpoint.as_str()),
                ("Attributes.entry.1.key", "FilterPolicy"),
                ("Attributes.entry.1.value", policy.as_str()),
                ("Attributes.entry.2.key", "RawMessageDelivery"),
                // Both forms are to be understood.
                ("Attributes.entry.2.value", raw_delivery(service)),
            ];
            self.emulator.query("sns", &request).await;
        }
    }

    /// Sends a message to a service's queue.
    pub async fn send(&self, service: &str, body: &Value) {
        let request = json!({ "QueueUrl": self.queues[service], "MessageBody": body.to_string() });
        self.emulator.call("AmazonSQS.SendMessage", &request).await;
    }

    /// How many messages the dead-letter queues hold.
    pub async fn dead_letters(&self) -> usize {
        let mut count = 0;
        for service in SERVICES {
            let queue = self.queues[service].clone() + "-dead";
            let request = json!({ "QueueUrl": queue, "AttributeNames": ["All"] });
            let answer = self
                .emulator
                .call("AmazonSQS.GetQueueAttributes", &request)
                .await;
            let messages = answer["Attributes"]["ApproximateNumberOfMessages"].as_str();
            count += messages.unwrap().parse::<usize>().unwrap();
        }
        count
    }

    /// Every item of a service's table.
    pub async fn table(&self, service: &str, table: &str) -> Vec<Value> {
        self.emulator
            .scan(&format!("{}{table}", prefix(service)))
            .await
    }

    /// Puts so many of a kind on its shelf.
    pub async fn stock(&self, sku: &str, on_hand: u64) {
        let item = json!({ "sku": { "S": sku }, "on_hand": { "N": on_hand.to_string() } });
        let request = json!({ "TableName": format!("{}shelves", prefix("stock")), "Item": item });
        let target = "DynamoDB_20120810.PutItem";
        self.emulator.call(target, &request).await;
    }
}

/// `stock.reserve` -> `stock`
fn prefix_of(info: &ReactionInfo) -> &'static str {
    info.name.split('.').next().unwrap_or_default()
}

fn raw_delivery(service: &str) -> &'static str {
    if service == "stock" { "false" } else { "true" }
}

fn prefix(service: &str) -> String {
    format!("events-{service}-")
}

fn queue_arn(name: &str) -> String {
    format!("arn:aws:sqs:us-east-1:000000000000:{name}")
}

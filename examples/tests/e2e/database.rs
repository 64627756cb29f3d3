//! A participant's database on the emulator, behind a proxy of its own, for handlers that run in this process.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use saga_runtime::dynamodb::aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use saga_runtime::dynamodb::{DynamoDbStore, aws_sdk_dynamodb};
use saga_runtime::{Clock, Failure, Handler, Invocation};
use serde_json::{Value, json};

use crate::emulator::Emulator;
use crate::proxy::Proxy;
use crate::stage::create_table;

/// Tables with this prefix, and the barrier's, which nobody else uses.
pub struct Database {
    pub emulator: Emulator,
    pub proxy: Proxy,
    pub store: DynamoDbStore,
    prefix: &'static str,
}

impl Database {
    pub async fn create(
        emulator: Emulator, prefix: &'static str, tables: &[(&str, &str)], seed: u64,
    ) -> Self {
        for (table, key) in tables.iter().chain(&[("saga_barrier", "pk")]) {
            create_table(&emulator, &format!("{prefix}{table}"), key).await;
        }
        let proxy = Proxy::start(emulator.address(), seed);
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("test", "test", None, None, "e2e"))
            .endpoint_url(proxy.url())
            .build();
        let client = aws_sdk_dynamodb::Client::from_conf(config);
        let store = DynamoDbStore::new(client).with_prefix(prefix);
        Self {
            emulator,
            proxy,
            store,
            prefix,
        }
    }

    /// So many of a kind, on its shelf.
    pub async fn stock(&self, sku: &str, on_hand: u64) {
        let item = json!({ "sku": { "S": sku }, "on_hand": { "N": on_hand.to_string() } });
        let table = format!("{}shelves", self.prefix);
        let request = json!({ "TableName": table, "Item": item });
        self.emulator
            .call("DynamoDB_20120810.PutItem", &request)
            .await;
    }

    /// Every item of a table.
    pub async fn table(&self, name: &str) -> Vec<Value> {
        self.emulator.scan(&format!("{}{name}", self.prefix)).await
    }
}

/// The payload of an action.
pub fn action(saga: &str, step: &str, input: &Value) -> Value {
    json!({ "saga": saga, "step": step, "input": input })
}

/// The payload of its compensation.
pub fn compensation(saga: &str, step: &str) -> Value {
    json!({ "saga": saga, "step": step, "phase": "compensation" })
}

/// One delivery, by a clock that is this much ahead. None if it has not ended after `limit`: then it is cut off, as if its
/// process had died.
pub async fn deliver(
    handler: &Handler, payload: &Value, ahead: Duration, limit: Duration,
) -> Option<Result<Value, Failure>> {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let id = format!("delivery-{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let system = Clock::system();
    let clock = Clock::new(move || system.now() + ahead);
    let deadline = clock.now() + limit;
    let invocation = Invocation::new(id, deadline, clock);
    let delivery = handler.invoke(payload.clone(), &invocation);
    tokio::time::timeout(limit, delivery).await.ok()
}

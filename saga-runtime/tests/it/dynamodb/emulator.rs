//! The cases that every store has to pass, on the emulator whose address is in `SAGA_EMULATOR`; `.ci/emulator` starts one.

use std::sync::atomic::{AtomicU32, Ordering};

use saga_runtime::dynamodb::KeyType::{Number, String as Text};
use saga_runtime::dynamodb::aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use saga_runtime::dynamodb::aws_sdk_dynamodb::{Client, Config};
use saga_runtime::{DynamoDbStore, Table};
use serde_json::Value;

use crate::{choreography, conformance, deliveries};

const STRINGS: Table<Value> = Table::new("t", "id");
const NUMBERED: Table<Value> = Table::new("numbered", "id");
const SORTED: Table<Value> = Table::with_sort("sorted", "id", "at");
const ACCOUNTS: Table<Value> = Table::new("accounts", "id");
const SHELVES: Table<Value> = Table::new("shelves", "id");

/// The emulator's address; none where there is no emulator, which only a run that has to have one takes for a failure.
pub(crate) fn endpoint() -> Option<String> {
    let Ok(endpoint) = std::env::var("SAGA_EMULATOR") else {
        assert!(
            std::env::var_os("CI").is_none(),
            "`SAGA_EMULATOR` is not set; run this by `.ci/emulator`"
        );
        eprintln!("not run: `SAGA_EMULATOR` is not set; run this by `.ci/emulator`");
        return None;
    };
    Some(endpoint)
}

async fn fresh() -> Option<DynamoDbStore> {
    let (store, _) = fresh_with_prefix().await?;
    Some(store)
}

/// Tables of a test's own, and what their names begin with.
pub(crate) async fn fresh_with_prefix() -> Option<(DynamoDbStore, String)> {
    static STORES: AtomicU32 = AtomicU32::new(0);
    let endpoint = endpoint()?;
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .endpoint_url(endpoint);
    let number = STORES.fetch_add(1, Ordering::Relaxed);
    let prefix = format!("{}-{number}-", std::process::id());
    let store = DynamoDbStore::new(Client::from_conf(config.build())).with_prefix(&prefix);
    let tables = [
        STRINGS.layout(Text),
        NUMBERED.layout(Number),
        SORTED.layout((Text, Number)),
        ACCOUNTS.layout(Text),
        SHELVES.layout(Text),
    ];
    store.create_tables(&tables).await.unwrap();
    Some((store, prefix))
}

macro_rules! on_the_emulator {
    ($($name:ident: $cases:path;)*) => {$(
        #[tokio::test]
        async fn $name() {
            if let Some(store) = fresh().await {
                $cases(&store).await;
            }
        }
    )*};
}

on_the_emulator! {
    conditions_hold_as_in_memory: conformance::check_conditions;
    numbers_come_back_as_from_memory: conformance::check_numbers;
    writes_are_answered_as_in_memory: conformance::check_writes;
    transactions_are_whole_or_nothing: conformance::check_transactions;
    limits_are_those_of_the_store_in_memory: conformance::check_limits;
}

#[tokio::test]
async fn deliveries_are_answered_and_leave_what_they_do_in_memory() {
    if fresh().await.is_some() {
        let text = deliveries::play(async || fresh().await.unwrap()).await;
        deliveries::expected().assert_eq(&text);
    }
}

#[tokio::test]
async fn events_are_answered_and_leave_what_they_do_in_memory() {
    if fresh().await.is_some() {
        let text = choreography::play(async || fresh().await.unwrap()).await;
        choreography::expected().assert_eq(&text);
    }
}

#[tokio::test]
async fn tables_are_made_once() {
    let Some(store) = fresh().await else { return };
    store.create_tables(&[STRINGS.layout(Text)]).await.unwrap();
    let one = store
        .create_tables(&[SORTED.layout(Text)])
        .await
        .unwrap_err();
    assert_eq!(
        one.to_string(),
        "table `sorted` has the sort key `at`; write its layout's types as a pair"
    );
    let two = store
        .create_tables(&[STRINGS.layout((Text, Number))])
        .await
        .unwrap_err();
    assert_eq!(
        two.to_string(),
        "table `t` has no sort key; write its layout's type as one"
    );
}

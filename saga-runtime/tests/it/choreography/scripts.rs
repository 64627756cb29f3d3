//! Events and commands in turn, on a store of one's own: what each was answered, and what it left behind, the same on every store.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use expect_test::{ExpectFile, expect_file};
use saga_runtime::__private::receive_each;
use saga_runtime::store::{BARRIER_TABLE, Item};
use saga_runtime::{Clock, Consumer, Invocation, MemoryStore, Store};
use serde_json::{Value, json};

use super::shop::{How, consumer, cut, event};
use crate::conformance::text;
use crate::deliveries::at;
use crate::world::Items;

/// `place` is the command; everything else an event, with its id and what the code does; `order=b` says other data. Every event
/// comes twice, and the second time it is told whether it is taken or comes back.
const SCRIPTS: [&[&str]; 20] = [
    &["place whose"],
    // One event, and a reaction that stands after another.
    &["Both 1 ok"],
    // A command, again, and with another input.
    &["place ok", "place panic", "place ok order=b", "place no"],
    &["place no", "place ok", "Short 1 ok", "place ok"],
    &["place later", "place ok"],
    // A compensation, whose input and output are the action's.
    &[
        "place note",
        "Short 1 later",
        "Short 1 ok",
        "Short 1 ok",
        "Declined 2 ok",
        "place ok",
    ],
    &["place ok", "Short 1 undeclared"],
    // Before its action.
    &["Declined 1 ok", "Placed 2 ok"],
    // A reaction, a duplicate, and another event where there can be one only.
    &[
        "Placed 1 ok",
        "Placed 1 panic",
        "Placed 2 ok",
        "Placed 1 ok order=b",
    ],
    &["Placed 1 note", "Declined 2 ok order=b", "Declined 2 ok"],
    &["Placed 1 ok", "Declined 2 ok order=silence"],
    // Rejected: by itself, and by a condition.
    &["Placed 1 no", "Placed 1 ok", "Placed 2 ok", "Declined 3 ok"],
    &["Placed 1 short", "Placed 1 ok"],
    // Nothing is recorded of what another try may mend.
    &[
        "Placed 1 short-later",
        "Placed 1 odd",
        "Placed 1 later",
        "Placed 1 panic",
        "Placed 1 ok",
    ],
    &[
        "Placed 1 undeclared",
        "Placed 1 twice",
        "Placed 1 garbled",
        "Placed 1 huge",
        "Placed 1 huge-no",
        "Placed 1 bare",
    ],
    // `each` and `once`, of one event.
    &["Seen 1 ok", "Seen 1 ok", "Seen 2 ok"],
    &["Paid 1 twice"],
    &[
        "Reserved 1 no",
        "Reserved 1 ok",
        "Paid 2 ok",
        "Reserved 1 panic",
    ],
    // Before its time: it comes back, also if it is of a mind to say no; and then takes effect.
    &[
        "Wrapped 1 ok",
        "Wrapped 1 no",
        "Placed 2 ok",
        "Wrapped 1 ok",
        "Wrapped 1 no",
    ],
    // Before its time: refused for good. And after something that will never be.
    &[
        "Unwrapped 1 no",
        "Placed 2 no",
        "Unwrapped 1 ok",
        "Wrapped 3 ok",
        "Wrapped 3 no",
    ],
];

/// Plays every script on a store of its own.
pub(crate) async fn play<S: Store + Clone>(fresh: impl AsyncFn() -> S) -> String {
    let mut text = String::new();
    for script in SCRIPTS {
        let store = fresh().await;
        let how = How::default();
        let consumer = consumer(store.clone(), &how);
        for line in script {
            text.push_str(&format!(
                "{line} -> {}\n",
                play_line(&consumer, &how, line).await
            ));
        }
        text.push_str(&left(&store).await);
        text.push('\n');
    }
    text
}

async fn play_line(consumer: &Consumer, how: &How, line: &str) -> String {
    let words: Vec<&str> = line.split_whitespace().collect();
    let order = words
        .iter()
        .find_map(|word| word.strip_prefix("order="))
        .unwrap_or("a");
    if words[0] == "place" {
        how.set(words[1]);
        let payload =
            json!({ "saga": "order-1#7", "command": "shop.place", "input": { "order": order } });
        return match consumer.command(&payload, &delivery()).await {
            Ok(answer) => text(&answer),
            Err(failure) => failure.to_string(),
        };
    }
    how.set(words[2]);
    let mut event = event(words[0], words[1], order);
    if words[2] == "bare" {
        event["data"] = json!("no order");
    }
    let outcomes = receive_each(consumer, &event, &delivery()).await;
    let outcomes = outcomes.map(|outcomes| outcomes.into_iter().map(show).collect::<String>());
    let again = match consumer.receive(&event, &delivery()).await {
        Ok(()) => "taken",
        Err(_) => "comes back",
    };
    format!(
        "{again}{}",
        outcomes.unwrap_or_else(|failure| failure.to_string())
    )
}

fn show((name, outcome): (&str, Result<Value, saga_runtime::Failure>)) -> String {
    match outcome {
        Ok(Value::String(text)) => format!("\n    {name}: {}", cut(&text)),
        Ok(answer) => format!("\n    {name}: {}", text(&answer)),
        Err(failure) => format!("\n    {name}: {}", cut(&failure.to_string())),
    }
}

/// What is in the store.
async fn left(store: &impl Store) -> String {
    let mut text = String::new();
    for name in [
        "place", "reserve", "log|1", "log|2", "ship", "pack", "gift", "count",
    ] {
        let key = at(BARRIER_TABLE, "pk", &format!("order-1#7|shop.{name}"));
        if let Some(record) = store.get(&key).await.unwrap() {
            text.push_str(&show_record(name, &record));
        }
    }
    for id in ["a", "b"] {
        if let Some(account) = store.get(&at("accounts", "id", id)).await.unwrap() {
            text.push_str(&format!(
                "account {id}: done {} undone {}\n",
                account["done"],
                account.get("undone").unwrap_or(&Value::Null)
            ));
        }
    }
    text
}

fn show_record(name: &str, record: &Item) -> String {
    let mut text = format!("record {name}: {}", record["st"].as_str().unwrap());
    for attribute in ["args", "out", "err", "ob", "obc"] {
        if let Some(value) = record.get(attribute) {
            text.push_str(&format!(" {attribute}={}", cut(value.as_str().unwrap())));
        }
    }
    text.push('\n');
    text
}

/// At 2026-01-01T00:00:00Z.
pub(crate) fn delivery() -> Invocation {
    let now: SystemTime = UNIX_EPOCH + Duration::from_hours(490_896);
    Invocation::new("1", now + Duration::from_secs(10), Clock::new(move || now))
}

#[tokio::test]
async fn events_in_memory_are_answered_and_leave_what_they_should() {
    let text = play(async || MemoryStore::new()).await;
    expected().assert_eq(&text);
}

#[tokio::test]
async fn events_on_a_store_of_items_are_answered_as_in_memory() {
    let text = play(async || Items(MemoryStore::new())).await;
    expected().assert_eq(&text);
}

/// What every store comes to.
pub(crate) fn expected() -> ExpectFile {
    expect_file!["expected.txt"]
}

//! What an event may have, so that all who have to can read it, and so that what took effect can be undone.

use expect_test::expect;
use saga_runtime::__private::{ConsumerBuilder, React, receive_each};
use saga_runtime::{
    Consumer, Early, Event, MemoryStore, ReactionInfo, ReactionKind, Repeat, Retry,
};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::scripts::delivery;

#[derive(Serialize, Deserialize)]
struct Told(Value);

impl Event for Told {
    const TYPE: &'static str = "Told";
}

static TELL: ReactionInfo = ReactionInfo {
    name: "shop.tell",
    participant: "Shop",
    on: &["Asked"],
    kind: ReactionKind::Compensatable,
    counterpart: Some("shop.untell"),
    publishes: &["Told"],
    optional: &[],
    several: &[],
    rejects: &[],
    repeat: Repeat::Never,
    after: None,
    early: Early::Park,
};
static UNTELL: ReactionInfo = ReactionInfo {
    name: "shop.untell",
    on: &["Undone"],
    kind: ReactionKind::Compensation,
    counterpart: Some("shop.tell"),
    ..TELL
};

/// Tells what it is asked, and when it is undone, what it is told then.
fn shop(store: &MemoryStore) -> Consumer {
    let tell =
        React::event::<Value, Told, Retry>(|_, said| Box::pin(async move { Ok(Told(said)) }));
    let untell = React::compensation::<Value, IgnoredAny, IgnoredAny, Told>(|_, said, _, _| {
        Box::pin(async move { Ok(Told(said)) })
    });
    ConsumerBuilder::new("Shop", "shop", store.clone())
        .reaction(&TELL, tell)
        .reaction(&UNTELL, untell)
        .build()
}

/// What each event was answered, and how many records published something.
async fn answered(events: &[(&str, Value)]) -> String {
    let store = MemoryStore::new();
    let shop = shop(&store);
    let mut text = String::new();
    for (name, data) in events {
        let event =
            json!({ "specversion": "1.0", "id": name, "type": name, "subject": "s", "data": data });
        let outcomes = receive_each(&shop, &event, &delivery()).await.unwrap();
        for (reaction, outcome) in outcomes {
            let ended = outcome.map_or_else(|failure| failure.to_string(), |_| "done".to_owned());
            text.push_str(&format!("{reaction}: {ended}\n"));
        }
    }
    let published = store.outbox_since(0).len();
    text + &format!("{published} published")
}

fn nested(depth: usize) -> Value {
    (0..depth).fold(Value::Null, |inner, _| json!([inner]))
}

fn large(size: usize) -> Value {
    Value::from("x".repeat(size))
}

#[tokio::test]
async fn what_is_nested_too_deep_to_be_read_is_not_published() {
    expect![[r#"
        shop.tell: done
        1 published"#]]
    .assert_eq(&answered(&[("Asked", nested(100))]).await);
    expect![[r#"
        shop.tell: Saga.Unknown: event `Told` is nested deeper than 100 arrays and objects
        0 published"#]]
    .assert_eq(&answered(&[("Asked", nested(101))]).await);
}

#[tokio::test]
async fn an_action_leaves_its_compensation_room() {
    let most = large(200_000);
    expect![[r#"
        shop.tell: done
        shop.untell: done
        2 published"#]]
    .assert_eq(&answered(&[("Asked", most.clone()), ("Undone", most.clone())]).await);
    expect![[r#"
        shop.tell: Saga.Unknown: what `shop.tell` publishes, and what is kept for a compensation, has 210090 bytes; there is room for 202752
        0 published"#]]
    .assert_eq(&answered(&[("Asked", large(210_000))]).await);
    expect![[r#"
        shop.tell: done
        shop.untell: Saga.Unknown: what `shop.untell` publishes, and what is kept for a compensation, has 210110 bytes; there is room for 202752
        1 published"#]]
    .assert_eq(&answered(&[("Asked", most), ("Undone", large(210_000))]).await);
}

//! What leaves: the messages of a store in memory, in the order of the commits; of an orchestrated step too.

use expect_test::expect;
use saga_runtime::__private::{
    Action, CodeFault, Compensation, HandlerBuilder, Rehearsal, receive_each,
};
use saga_runtime::{Consumer, Kind, MemoryStore, Retry};
use serde_json::{Value, json};

use super::scripts::delivery;
use super::shop::{How, Noted, consumer, event};

fn lines(store: &MemoryStore, since: u64) -> String {
    let mut text = String::new();
    for (number, messages) in store.outbox_since(since) {
        for message in messages {
            text.push_str(&format!(
                "{number} {}\n",
                crate::conformance::text(&message)
            ));
        }
    }
    text
}

#[tokio::test]
async fn what_records_publish_is_told_in_the_order_of_the_commits() {
    let (store, how) = (MemoryStore::new(), How::default());
    let shop = consumer(store.clone(), &how);
    let command =
        json!({ "saga": "order-1#7", "command": "shop.place", "input": { "order": "a" } });
    how.set("note");
    let answer = shop.command(&command, &delivery()).await.unwrap();
    how.set("no");
    shop.receive(&event("Placed", "1", "a"), &delivery())
        .await
        .unwrap();
    how.set("ok");
    for _ in 0..2 {
        shop.receive(&event("Short", "2", "a"), &delivery())
            .await
            .unwrap();
        shop.receive(&event("Wrapped", "3", "a"), &delivery())
            .await
            .unwrap();
    }
    expect![[r#"
        1 {"causationid":"81f49e96f606ee86538c08c0c573b12f","data":{"order":"a"},"datacontenttype":"application/json","id":"64ad9b4aa242fb7707f386a98b60820c-0","source":"shop.place","specversion":"1.0","subject":"order-1#7","time":"2026-01-01T00:00:00.000Z","type":"Noted"}
        1 {"causationid":"81f49e96f606ee86538c08c0c573b12f","data":{"order":"a"},"datacontenttype":"application/json","id":"64ad9b4aa242fb7707f386a98b60820c-1","source":"shop.place","specversion":"1.0","subject":"order-1#7","time":"2026-01-01T00:00:00.000Z","type":"Placed"}
        2 {"causationid":"1","data":{"Out":{"order":"a"}},"datacontenttype":"application/json","id":"739364c3f8d965e5957ba447960544a6-0","source":"shop.reserve","specversion":"1.0","subject":"order-1#7","time":"2026-01-01T00:00:00.000Z","type":"Short"}
        3 {"causationid":"2","data":{"order":"a"},"datacontenttype":"application/json","id":"6962e1fd28aca444fb10f8ec02850a81-0","source":"shop.cancel","specversion":"1.0","subject":"order-1#7","time":"2026-01-01T00:00:00.000Z","type":"Cancelled"}
    "#]].assert_eq(&lines(&store, 0));
    expect![[r#"
        3 {"causationid":"2","data":{"order":"a"},"datacontenttype":"application/json","id":"6962e1fd28aca444fb10f8ec02850a81-0","source":"shop.cancel","specversion":"1.0","subject":"order-1#7","time":"2026-01-01T00:00:00.000Z","type":"Cancelled"}
    "#]].assert_eq(&lines(&store, 2));
    let first: Vec<Value> = store.outbox_since(0).remove(0).1;
    assert_eq!(answer, json!({ "events": first }));
}

#[tokio::test]
async fn an_orchestrated_step_publishes_with_its_record_and_its_compensation_too() {
    let store = MemoryStore::new();
    let action = Action::tx::<Value, (), Retry>(Kind::Compensatable, &[], |tx, _| {
        tx.publish(&noted("a"));
        Box::pin(async { Ok(()) })
    });
    let undo = Compensation::tx::<Value, ()>(|tx, _, ()| {
        tx.publish(&noted("b"));
        Box::pin(async { Ok(()) })
    });
    let look = Action::tx::<Value, (), Retry>(Kind::ReadOnly, &[], |tx, _| {
        tx.publish(&noted("c"));
        Box::pin(async { Ok(()) })
    });
    let handler = HandlerBuilder::new("Test", "test", "TestFunctionArn", store.clone())
        .step("note", action, Some(undo))
        .step("look", look, None)
        .build();
    let saga = "arn:run#2026-01-01T00:00:00.000Z";
    for phase in [None, None, Some("compensation"), Some("compensation")] {
        let mut payload = json!({ "saga": saga, "step": "test.note" });
        if let Some(phase) = phase {
            payload["phase"] = json!(phase);
        }
        handler.invoke(payload, &delivery()).await.unwrap();
    }
    expect![[r#"
        1 {"data":{"order":"a"},"datacontenttype":"application/json","id":"8a8d5293d89b4edaf9741f6f9e346df5-0","source":"test.note","specversion":"1.0","subject":"arn:run#2026-01-01T00:00:00.000Z","time":"2026-01-01T00:00:00.000Z","type":"Noted"}
        2 {"data":{"order":"b"},"datacontenttype":"application/json","id":"891fb1bbb8db98b9c25b4e9f72d23f49-0","source":"test.note","specversion":"1.0","subject":"arn:run#2026-01-01T00:00:00.000Z","time":"2026-01-01T00:00:00.000Z","type":"Noted"}
    "#]].assert_eq(&lines(&store, 0));
    let looked = json!({ "saga": saga, "step": "test.look" });
    let refusal = handler.invoke(looked, &delivery()).await.unwrap_err();
    expect!["Saga.Refused: the step is `read_only` and yet it publishes; make it `compensate = …`, `pivot` or `retriable`"].assert_eq(&refusal.to_string());
}

#[tokio::test]
async fn a_rehearsed_rejection_is_published_by_the_reaction_that_it_is_meant_for() {
    let (store, how) = (MemoryStore::new(), How::default());
    let shop = consumer(store.clone(), &how);
    let rehearsed = |reaction: &str| {
        delivery().rehearse(Rehearsal {
            code: Some(CodeFault::Rejects {
                event: "Short".to_owned(),
                data: json!({ "Out": { "order": "a" } }),
            }),
            only: Some(reaction.to_owned()),
            ..Rehearsal::default()
        })
    };
    let placed = event("Placed", "1", "a");
    let outcomes = receive_each(&shop, &placed, &rehearsed("shop.reserve"))
        .await
        .unwrap();
    assert_eq!(outcomes[0].1.as_ref().unwrap_err().error_type(), "Short");
    let seen = event("Seen", "2", "a");
    let outcomes = receive_each(&shop, &seen, &rehearsed("shop.log"))
        .await
        .unwrap();
    let ended: Vec<bool> = outcomes
        .iter()
        .map(|(_, outcome)| outcome.is_ok())
        .collect();
    assert_eq!(
        ended,
        [false, true],
        "an observer may not be rejected, and the other is not meant"
    );
    expect![[r#"
        1 {"causationid":"1","data":{"Out":{"order":"a"}},"datacontenttype":"application/json","id":"739364c3f8d965e5957ba447960544a6-0","source":"shop.reserve","specversion":"1.0","subject":"order-1#7","time":"2026-01-01T00:00:00.000Z","type":"Short"}
    "#]].assert_eq(&lines(&store, 0));
}

#[tokio::test]
async fn what_is_no_event_or_no_command_here_is_said() {
    let shop = consumer(MemoryStore::new(), &How::default());
    let mut text = String::new();
    for change in [
        json!({ "specversion": "0.3" }),
        json!({ "id": "a|b" }),
        json!({ "subject": "" }),
        json!({ "subject": "x".repeat(2_040) }),
        json!({ "type": null }),
        json!({ "type": "Forgotten" }),
    ] {
        let mut event = event("Placed", "1", "a");
        for (name, value) in change.as_object().unwrap() {
            event[name] = value.clone();
        }
        let failure = shop.receive(&event, &delivery()).await.unwrap_err();
        text.push_str(&format!("{failure}\n"));
    }
    for payload in [
        json!([]),
        json!({ "saga": "a", "command": "shop.reserve" }),
        json!({ "saga": "x".repeat(1_025), "command": "shop.place", "input": { "order": "a" } }),
        json!({ "saga": "a", "command": "shop.place", "input": 7 }),
    ] {
        let failure = shop.command(&payload, &delivery()).await.unwrap_err();
        text.push_str(&format!("{failure}\n"));
    }
    let both = Consumer::join([shop.clone(), shop]);
    let failure = both
        .receive(&event("Placed", "1", "a"), &delivery())
        .await
        .unwrap_err();
    text.push_str(&format!("{failure}\n"));
    expect![[r#"
        Saga.Unknown: the message is no CloudEvent in JSON: its `specversion` is not "1.0"
        Saga.Unknown: `id` of the message is no text without `|`, or is empty
        Saga.Unknown: `subject` of the message is no text without `|`, or is empty
        Saga.Unknown: the saga's id makes a record's key of 2053 bytes, which has at most 2048
        Saga.Unknown: `type` of the message is no text without `|`, or is empty
        Saga.Unknown: nobody here reacts to `Forgotten`; there are reactions to `Both`, `Declined`, `Paid`, `Placed`, `Reserved`, `Seen`, `Short`, `Unwrapped`, `Wrapped`
        Saga.Unknown: `command` of the message is missing
        Saga.Unknown: no command here is called `shop.reserve`
        Saga.Unknown: `saga` has 1025 bytes; the id of a choreographed saga has at most 1024
        Saga.Unknown: the event is not what the step's types say: invalid type: integer `7`, expected struct Said
        Saga.Unknown: two participants here have a `shop.reserve`; serve them by functions of their own
    "#]].assert_eq(&text);
}

fn noted(order: &str) -> Noted {
    serde_json::from_value(json!({ "order": order })).unwrap()
}

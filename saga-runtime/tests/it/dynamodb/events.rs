//! The very calls that a choreography's deliveries make, and how many.

use expect_test::expect;
use serde_json::{Value, json};

use super::stub::{Reply, Stub, cancelled, done};
use crate::choreography::delivery;
use crate::choreography::shop::{How, consumer, event};
use crate::conformance::text;

/// Takes an event or the command, with these replies to come; adds the calls to the text.
async fn take(
    stub: &Stub, message: &Value, how: &str, replies: Vec<Reply>, told: &mut String,
) -> Value {
    let behaviour = How::default();
    behaviour.set(how);
    let shop = consumer(stub.store(), &behaviour);
    // What the code reads for itself.
    for reply in replies {
        stub.reply(reply);
    }
    let taken = match message.get("command") {
        Some(_) => shop.command(message, &delivery()).await.map(drop),
        None => shop.receive(message, &delivery()).await,
    };
    let requests = stub.requests();
    let name = message.get("command").unwrap_or(&message["type"]);
    told.push_str(&format!("{name} {how} -> {taken:?}\n"));
    for (operation, body) in &requests {
        told.push_str(&format!("  {operation}"));
        for write in body["TransactItems"].as_array().into_iter().flatten() {
            let (kind, write) = write.as_object().unwrap().iter().next().unwrap();
            told.push_str(&format!(" {kind} {}", text(&write["TableName"])));
            for attribute in ["ob", "obc"] {
                if let Some(outbox) = write["Item"].get(attribute) {
                    told.push_str(&format!(" {attribute} {}", outbox["S"].as_str().unwrap()));
                }
            }
            if let Some(values) = write.get("ExpressionAttributeValues") {
                told.push_str(&format!(" {}", text(values)));
            }
        }
        if let Some(item) = body.get("Item") {
            told.push_str(&format!(" {}", text(item)));
        }
        told.push('\n');
    }
    requests
        .into_iter()
        .map(|(_, body)| body)
        .next_back()
        .unwrap_or_default()
}

fn nothing() -> Reply {
    Reply::Http(200, "{}".to_owned())
}

#[tokio::test]
async fn an_event_costs_one_call_with_what_it_writes_and_publishes() {
    let (stub, mut told) = (Stub::default(), String::new());
    let told = &mut told;
    let placed = event("Placed", "1", "a");
    // The first reply of each is to the read that the code makes.
    let call = take(&stub, &placed, "note", vec![nothing(), done()], told).await;
    let record = call["TransactItems"][0]["Put"]["Item"].clone();
    let failed = [("ConditionalCheckFailed", Some(&record)), ("None", None)];
    take(
        &stub,
        &placed,
        "ok",
        vec![nothing(), cancelled(&failed)],
        told,
    )
    .await;
    take(&stub, &placed, "no", vec![done()], told).await;
    let wrapped = event("Wrapped", "2", "a");
    take(&stub, &wrapped, "ok", vec![nothing(), done()], told).await;
    let early = [
        ("None", None),
        ("ConditionalCheckFailed", None),
        ("None", None),
    ];
    take(
        &stub,
        &wrapped,
        "ok",
        vec![nothing(), cancelled(&early)],
        told,
    )
    .await;
    take(&stub, &wrapped, "no", vec![done()], told).await;
    let found = || Reply::Http(200, json!({ "Item": record }).to_string());
    let declined = event("Declined", "3", "a");
    let absent = vec![nothing(), done(), found(), done()];
    take(&stub, &declined, "ok", absent, told).await;
    let command =
        json!({ "saga": "order-1#7", "command": "shop.place", "input": { "order": "a" } });
    take(&stub, &command, "ok", vec![nothing(), done()], told).await;
    expect![[r#"
        "Placed" note -> Ok(())
          GetItem
          TransactWriteItems Put "saga_barrier" ob {"at":"2026-01-01T00:00:00.000Z","cause":"1","events":[{"type":"Noted","data":{"order":"a"}},{"type":"Reserved","data":{"order":"a"}}]} Update "accounts" {":0":{"N":"1"}}
        "Placed" ok -> Ok(())
          GetItem
          TransactWriteItems Put "saga_barrier" ob {"at":"2026-01-01T00:00:00.000Z","cause":"1","events":[{"type":"Reserved","data":{"order":"a"}}]} Update "accounts" {":0":{"N":"1"}}
        "Placed" no -> Ok(())
          PutItem {"err":{"S":"{\"type\":\"Short.Out\",\"message\":\"said the test\",\"data\":null}"},"inh":{"S":"ce3f1ddea5a78099af95ba494770988cb7f57380392c61b8d3bde38fb1f7ac2a"},"ob":{"S":"{\"at\":\"2026-01-01T00:00:00.000Z\",\"cause\":\"1\",\"events\":[{\"type\":\"Short\",\"data\":{\"Out\":{\"order\":\"a\"}}}]}"},"pk":{"S":"order-1#7|shop.reserve"},"st":{"S":"REJECTED"},"ttl":{"N":"1801785600"}}
        "Wrapped" ok -> Ok(())
          GetItem
          TransactWriteItems Put "saga_barrier" ob {"at":"2026-01-01T00:00:00.000Z","cause":"2","events":[{"type":"Sent","data":{"order":"a"}}]} ConditionCheck "saga_barrier" {":0":{"S":"DONE"}} Update "accounts" {":0":{"N":"1"}}
        "Wrapped" ok -> Err(Failure { error_type: "Saga.Busy", message: "`shop.reserve` has not taken effect for this saga yet", data: Null, transient: false, early: true })
          GetItem
          TransactWriteItems Put "saga_barrier" ob {"at":"2026-01-01T00:00:00.000Z","cause":"2","events":[{"type":"Sent","data":{"order":"a"}}]} ConditionCheck "saga_barrier" {":0":{"S":"DONE"}} Update "accounts" {":0":{"N":"1"}}
        "Wrapped" no -> Ok(())
          TransactWriteItems Put "saga_barrier" ob {"at":"2026-01-01T00:00:00.000Z","cause":"2","events":[{"type":"Short","data":{"Out":{"order":"a"}}}]} ConditionCheck "saga_barrier" {":0":{"S":"DONE"}}
        "Declined" ok -> Ok(())
          GetItem
          UpdateItem
          GetItem
          TransactWriteItems Update "saga_barrier" {":0":{"S":"COMPENSATED"},":1":{"N":"1801785600"},":2":{"S":"{\"at\":\"2026-01-01T00:00:00.000Z\",\"cause\":\"3\",\"source\":\"shop.release\",\"events\":[{\"type\":\"Released\",\"data\":{\"order\":\"a for a\"}}]}"},":3":{"S":"DONE"}} Update "accounts" {":0":{"N":"1"}}
        "shop.place" ok -> Ok(())
          GetItem
          TransactWriteItems Put "saga_barrier" ob {"at":"2026-01-01T00:00:00.000Z","cause":"81f49e96f606ee86538c08c0c573b12f","events":[{"type":"Placed","data":{"order":"a"}}]} Update "accounts" {":0":{"N":"1"}}
    "#]].assert_eq(told);
}

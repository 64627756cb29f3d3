//! What the barrier answers and writes is the same on every store: deliveries in turn, awaited, and what they leave behind.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use expect_test::{Expect, expect};
use saga_runtime::store::{BARRIER_TABLE, Key};
use saga_runtime::{MemoryStore, Store};
use serde_json::json;

use crate::world::{Delivery, Reply, SAGA, World, show, show_record};
use crate::{external, transactional};

/// Steps whose effects are writes.
const TRANSACTIONAL: [&[&str]; 6] = [
    &[
        "reserve ok",
        "reserve ok",
        "reserve no",
        "reserve ok order=b",
    ],
    &["reserve no", "reserve ok", "undo reserve ok", "reserve ok"],
    &[
        "reserve ok",
        "undo reserve ok",
        "undo reserve ok",
        "reserve ok",
    ],
    &["undo reserve ok", "undo reserve ok", "reserve ok"],
    &["reserve short", "reserve ok", "settle ok", "settle short"],
    &[
        "pack short-later",
        "pack ok",
        "reserve read",
        "reserve#2 panic",
        "reserve#2 ok",
    ],
];

/// Steps with an effect outside.
const EXTERNAL: [&[&str]; 8] = [
    &[
        "charge ok",
        "charge no",
        "undo charge ok",
        "undo charge ok",
        "charge ok",
    ],
    &["begin z: charge gate", "charge ok", "end z", "charge ok"],
    &["begin z: charge gate", "charge ok id=delivery-1", "end z"],
    &[
        "begin z: charge gate",
        "tick 20",
        "charge ok",
        "end z",
        "charge ok",
    ],
    &[
        "begin z: charge gate",
        "undo charge ok",
        "kill z",
        "tick 20",
        "undo charge ok",
        "charge ok",
    ],
    &[
        "charge ok",
        "begin z: undo charge gate",
        "undo charge ok",
        "kill z",
        "tick 20",
        "undo charge ok",
    ],
    &["undo charge ok", "charge ok"],
    &[
        "charge no",
        "charge ok",
        "capture later",
        "capture ok",
        "undo charge ok",
    ],
];

/// Plays every script on a store of its own.
pub(crate) async fn play<S: Store + Clone>(fresh: impl AsyncFn() -> S) -> String {
    let mut text = String::new();
    for script in TRANSACTIONAL {
        let store = fresh().await;
        let world = World::on(store.clone(), transactional::steps);
        text.push_str(&play_script(world, &store, script).await);
    }
    for script in EXTERNAL {
        let store = fresh().await;
        let world = World::on(store.clone(), external::steps);
        text.push_str(&play_script(world, &store, script).await);
    }
    text
}

async fn play_script(mut world: World, store: &impl Store, script: &[&str]) -> String {
    let mut open = BTreeMap::new();
    let mut text = String::new();
    for line in script {
        let answer = play_line(&mut world, &mut open, line).await;
        text.push_str(&format!("{line} -> {answer}\n"));
    }
    for step in [
        "reserve",
        "reserve#2",
        "settle",
        "pack",
        "charge",
        "capture",
    ] {
        let key = format!("{SAGA}|test.{step}");
        if let Some(record) = store.get(&at(BARRIER_TABLE, "pk", &key)).await.unwrap() {
            text.push_str(&show_record(step, &record));
        }
    }
    if let Some(account) = store.get(&at("accounts", "id", "a")).await.unwrap() {
        // In the order of the names, whatever `serde_json` keeps.
        let account: BTreeMap<_, _> = account.into_iter().collect();
        text.push_str(&format!("accounts: {}\n", json!(account)));
    }
    for line in world.shared.logged() {
        text.push_str(&format!("outside: {line}\n"));
    }
    text.push('\n');
    text
}

async fn play_line(world: &mut World, open: &mut BTreeMap<String, Delivery>, line: &str) -> String {
    if let Some((name, words)) = line
        .strip_prefix("begin ")
        .and_then(|rest| rest.split_once(": "))
    {
        let mut delivery = world.deliver(words);
        if let Some(reply) = reach_the_gate(world, &mut delivery).await {
            return show(&reply);
        }
        open.insert(name.to_owned(), delivery);
        return "open".to_owned();
    }
    match line.split_whitespace().collect::<Vec<_>>()[..] {
        ["tick", seconds] => {
            let seconds = Duration::from_secs(seconds.parse().unwrap());
            world.shared.tick(seconds);
        }
        ["kill", name] => drop(open.remove(name).unwrap()),
        ["end", name] => return show(&finish(open.remove(name).unwrap()).await),
        _ => return show(&finish(world.deliver(line)).await),
    }
    "-".to_owned()
}

async fn reach_the_gate(world: &World, delivery: &mut Delivery) -> Option<Reply> {
    poll_fn(|context| match delivery.poll_in(context, false) {
        Poll::Ready(reply) => Poll::Ready(Some(reply)),
        Poll::Pending if world.shared.waits() => Poll::Ready(None),
        Poll::Pending => Poll::Pending,
    })
    .await
}

pub(crate) async fn finish(mut delivery: Delivery) -> Reply {
    poll_fn(|context| delivery.poll_in(context, true)).await
}

pub(crate) fn at(table: &str, name: &str, value: &str) -> Key {
    Key {
        table: table.to_owned(),
        partition: (name.to_owned(), json!(value)),
        sort: None,
    }
}

#[tokio::test]
async fn deliveries_in_memory_are_answered_and_leave_what_they_should() {
    let text = play(async || MemoryStore::new()).await;
    expected().assert_eq(&text);
}

/// What every store comes to.
pub(crate) fn expected() -> Expect {
    expect![[r#"
        reserve ok -> {"hold":"a"}
        reserve ok -> {"hold":"a"}
        reserve no -> {"hold":"a"}
        reserve ok order=b -> Saga.Unknown: another input was already taken under the same key; this one is not executed
        record reserve: DONE args={"order":"a"} out={"hold":"a"}
        accounts: {"done":1,"id":"a"}

        reserve no -> TestError.No: said the test
        reserve ok -> TestError.No: said the test
        undo reserve ok -> null
        reserve ok -> Saga.Refused: the action comes too late: its compensation was here already, and the record says TOMBSTONE
        record reserve: TOMBSTONE err={"type":"TestError.No","message":"said the test","data":{"sk

        reserve ok -> {"hold":"a"}
        undo reserve ok -> null
        undo reserve ok -> null
        reserve ok -> Saga.Refused: the action comes too late: its compensation was here already, and the record says COMPENSATED
        record reserve: COMPENSATED args={"order":"a"} out={"hold":"a"}
        accounts: {"done":1,"id":"a","undone":1}

        undo reserve ok -> null
        undo reserve ok -> null
        reserve ok -> Saga.Refused: the action comes too late: its compensation was here already, and the record says TOMBSTONE
        record reserve: TOMBSTONE

        reserve short -> TestError.No: said the test
        reserve ok -> TestError.No: said the test
        settle ok -> {"hold":"a"}
        settle short -> {"hold":"a"}
        record reserve: REJECTED err={"type":"TestError.No","message":"said the test","data":{"sk
        record settle: DONE args={"order":"a"} out={"hold":"a"}
        accounts: {"done":1,"id":"a"}

        pack short-later -> TestError.Later: said the test
        pack ok -> {"hold":"a"}
        reserve read -> {"done":1}
        reserve#2 panic -> Saga.Unknown: the step panicked: a step of a
        reserve#2 ok -> {"hold":"a"}
        record reserve: DONE args={"order":"a"} out={"done":1}
        record reserve#2: DONE args={"order":"a"} out={"hold":"a"}
        record pack: DONE args={"order":"a"} out={"hold":"a"}
        accounts: {"done":2,"id":"a"}

        charge ok -> {"charge":"a"}
        charge no -> {"charge":"a"}
        undo charge ok -> null
        undo charge ok -> null
        charge ok -> Saga.Refused: the action comes too late: its compensation was here already, and the record says COMPENSATED
        record charge: COMPENSATED ep=2 own=delivery-3 args={"order":"a"} out={"charge":"a"}
        outside: charge 1755
        outside: refund 1755 {"charge":"a"} of a

        begin z: charge gate -> open
        charge ok -> Saga.Busy: an earlier delivery of the step may still be at work
        end z -> {"charge":"a"}
        charge ok -> {"charge":"a"}
        record charge: DONE ep=1 own=delivery-1 args={"order":"a"} out={"charge":"a"}
        outside: charge 1755

        begin z: charge gate -> open
        charge ok id=delivery-1 -> {"charge":"a"}
        end z -> {"charge":"a"}
        record charge: DONE ep=1 own=delivery-1 args={"order":"a"} out={"charge":"a"}
        outside: charge 1755
        outside: charge 1755

        begin z: charge gate -> open
        tick 20 -> -
        charge ok -> {"charge":"a"}
        end z -> {"charge":"a"}
        charge ok -> {"charge":"a"}
        record charge: DONE ep=2 own=delivery-2 args={"order":"a"} out={"charge":"a"}
        outside: charge 1755
        outside: charge 1755

        begin z: charge gate -> open
        undo charge ok -> Saga.Busy: another delivery of the step may still be at work
        kill z -> -
        tick 20 -> -
        undo charge ok -> null
        charge ok -> Saga.Refused: the action comes too late: its compensation was here already, and the record says COMPENSATED
        record charge: COMPENSATED ep=2 own=delivery-3 args={"order":"a"}
        outside: refund 1755 what is unknown of a

        charge ok -> {"charge":"a"}
        begin z: undo charge gate -> open
        undo charge ok -> Saga.Busy: another delivery of the step may still be at work
        kill z -> -
        tick 20 -> -
        undo charge ok -> null
        record charge: COMPENSATED ep=3 own=delivery-4 args={"order":"a"} out={"charge":"a"}
        outside: charge 1755
        outside: refund 1755 {"charge":"a"} of a

        undo charge ok -> null
        charge ok -> Saga.Refused: the action comes too late: its compensation was here already, and the record says TOMBSTONE
        record charge: TOMBSTONE

        charge no -> TestError.No: said the test
        charge ok -> TestError.No: said the test
        capture later -> TestError.Later: said the test
        capture ok -> {"charge":"a"}
        undo charge ok -> null
        record charge: TOMBSTONE ep=1 own=delivery-1 args={"order":"a"} err={"type":"TestError.No","message":"said the test","data":{"sk
        record capture: DONE ep=2 own=delivery-4 args={"order":"a"} out={"charge":"a"}
        outside: charge 9029

    "#]]
}

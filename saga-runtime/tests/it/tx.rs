//! The transaction's typed API: reads, each kind of write, conditions with their errors, and mistakes.

use expect_test::{Expect, expect};
use saga_runtime::__private::{Action, HandlerBuilder};
use saga_runtime::{Kind, Table, Tx, field};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::transactional::{TestError, no};
use crate::world::{World, check};

#[derive(Serialize, Deserialize, Clone)]
struct Stock {
    sku: String,
    on_hand: i64,
}

#[derive(Serialize, Deserialize)]
#[expect(clippy::struct_field_names, reason = "lines are numbered by `line`")]
struct Line {
    order: String,
    line: u32,
    note: Option<String>,
}

const STOCK: Table<Stock> = Table::new("stock", "sku");
const LINES: Table<Line> = Table::with_sort("lines", "order", "line");
const BARRIER: Table<Stock> = Table::new("saga_barrier", "sku");
const NUMBERS: Table<u64> = Table::new("numbers", "id");
const NAMELESS: Table<Stock> = Table::new("nameless", "name");

fn tea(on_hand: i64) -> Stock {
    Stock {
        sku: "tea".to_owned(),
        on_hand,
    }
}

/// Delivers a step for each name; the step's code is chosen by it.
fn script(names: &[&str], expected: &Expect) {
    let world = World::new(|builder: HandlerBuilder, shared| {
        let shared = shared.clone();
        let action = Action::tx(Kind::Compensatable, &[], move |tx: &mut Tx, _: Value| {
            let behaviour = shared.behaviour();
            Box::pin(async move { act(&behaviour, tx).await })
        });
        builder.step("act", action, None)
    });
    let lines: Vec<String> = names
        .iter()
        .enumerate()
        .map(|(index, name)| format!("act#{} {name}", index + 2))
        .collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    check(world, &lines, expected);
}

async fn act(behaviour: &str, tx: &mut Tx) -> Result<Value, TestError> {
    match behaviour {
        "put" => {
            tx.put(&STOCK, &tea(3));
            tx.put(
                &LINES,
                &Line {
                    order: "o".to_owned(),
                    line: 1,
                    note: None,
                },
            );
        }
        "put-if" => {
            tx.put(&STOCK, &tea(9))
                .only_if(field("on_hand").equals(3), no());
        }
        "insert" => tx.insert(&STOCK, &tea(7), no()),
        "update" => {
            tx.update(&STOCK, "tea")
                .subtract("on_hand", 2)
                .set("seen", true)
                .remove("gone")
                .add("times", 1);
        }
        "update-if" => {
            tx.update(&STOCK, "tea")
                .subtract("on_hand", 2)
                .only_if(field("sku").exists(), no())
                .only_if(field("on_hand").at_least(2), TestError::Later);
        }
        "update-missing" => {
            tx.update(&STOCK, "salt")
                .add("on_hand", 1)
                .only_if(field("sku").exists(), no());
        }
        "delete" => {
            tx.delete(&LINES, ("o", 1))
                .only_if(field("note").equals(Value::Null), no());
        }
        "check" => {
            tx.put(
                &LINES,
                &Line {
                    order: "o".to_owned(),
                    line: 2,
                    note: Some("checked".to_owned()),
                },
            );
            tx.check(&STOCK, "tea", field("on_hand").at_least(3), no());
        }
        "get" | "who" => return Ok(read(behaviour, tx).await),
        mistake => mistaken(mistake, tx).await,
    }
    Ok(json!("ok"))
}

async fn read(behaviour: &str, tx: &Tx) -> Value {
    match behaviour {
        "get" => {
            let stock = tx.get(&STOCK, "tea").await.map(|stock| stock.on_hand);
            let line = tx.get(&LINES, ("o", 1)).await.map(|line| line.line);
            let missing = tx.get(&STOCK, &"salt".to_owned()).await.is_some();
            json!([stock, line, missing])
        }
        "who" => {
            json!([
                tx.saga(),
                tx.step(),
                humantime::format_rfc3339(tx.now()).to_string()
            ])
        }
        other => unreachable!("{other}"),
    }
}

async fn mistaken(mistake: &str, tx: &mut Tx) {
    // Whatever else the step writes must not be written without the rest.
    tx.put(&STOCK, &tea(100));
    match mistake {
        "twice" => {
            tx.update(&STOCK, "tea").add("on_hand", 1);
        }
        "many" | "large-item" | "large-transaction" => oversized(mistake, tx),
        "barrier" => {
            tx.delete(&BARRIER, "x");
        }
        "number" => {
            tx.put(&NUMBERS, &7);
        }
        "nameless" => {
            tx.put(&NAMELESS, &tea(1));
        }
        "one-key" => {
            tx.delete(&LINES, "o");
        }
        "two-keys" => tx.check(&STOCK, ("tea", 1), field("sku").exists(), no()),
        "empty-key" => {
            tx.delete(&STOCK, "");
        }
        "key-change" => {
            tx.update(&LINES, ("o", 1)).set("line", 2);
        }
        "same-field" => {
            tx.update(&LINES, ("o", 1)).set("note", 2).remove("note");
        }
        "bool-order" => {
            tx.delete(&LINES, ("o", 1))
                .only_if(field("note").less_than(true), no());
        }
        "not-a-number" => {
            tx.update(&LINES, ("p", 1)).add("note", 1);
        }
        "get-barrier" => {
            tx.get(&BARRIER, "x").await;
        }
        "get-one-key" => {
            tx.get(&LINES, "o").await;
        }
        other => unreachable!("{other}"),
    }
}

fn oversized(mistake: &str, tx: &mut Tx) {
    match mistake {
        "many" => {
            for line in 1..100 {
                tx.put(
                    &LINES,
                    &Line {
                        order: "o".to_owned(),
                        line,
                        note: None,
                    },
                );
            }
        }
        "large-item" => {
            tx.put(
                &LINES,
                &Line {
                    order: "o".to_owned(),
                    line: 1,
                    note: Some("x".repeat(400 * 1024)),
                },
            );
        }
        "large-transaction" => {
            for line in 1..12 {
                tx.put(
                    &LINES,
                    &Line {
                        order: "o".to_owned(),
                        line,
                        note: Some("x".repeat(390 * 1024)),
                    },
                );
            }
        }
        other => unreachable!("{other}"),
    }
}

#[test]
fn documents_are_read_and_written_by_their_own_keys() {
    script(
        &[
            "get", "put", "get", "update", "update", "get", "delete", "get",
        ],
        &expect![[r#"
            act#2 get -> [null,null,false]
            act#3 put -> "ok"
            act#4 get -> [3,1,false]
            act#5 update -> "ok"
            act#6 update -> "ok"
            act#7 get -> [-1,1,false]
            act#8 delete -> "ok"
            act#9 get -> [-1,null,false]
            record test.act#2: DONE args={} out=[null,null,false]
            record test.act#3: DONE args={} out="ok"
            record test.act#4: DONE args={} out=[3,1,false]
            record test.act#5: DONE args={} out="ok"
            record test.act#6: DONE args={} out="ok"
            record test.act#7: DONE args={} out=[-1,1,false]
            record test.act#8: DONE args={} out="ok"
            record test.act#9: DONE args={} out=[-1,null,false]
            stock: {"on_hand":-1,"seen":true,"sku":"tea","times":2}
        "#]],
    );
}

#[test]
fn a_condition_that_fails_names_the_error_declared_with_it() {
    script(
        &[
            "insert",
            "insert",
            "put-if",
            "update-if",
            "update-if",
            "update-if",
            "update-if",
            "update-missing",
            "delete",
            "check",
        ],
        &expect![[r#"
            act#2 insert -> "ok"
            act#3 insert -> TestError.No: said the test
            act#4 put-if -> TestError.No: said the test
            act#5 update-if -> "ok"
            act#6 update-if -> "ok"
            act#7 update-if -> "ok"
            act#8 update-if -> TestError.Later: said the test
            act#9 update-missing -> TestError.No: said the test
            act#10 delete -> TestError.No: said the test
            act#11 check -> TestError.No: said the test
            record test.act#10: REJECTED err={"type":"TestError.No","message":"said the test","data":{"sk
            record test.act#11: REJECTED err={"type":"TestError.No","message":"said the test","data":{"sk
            record test.act#2: DONE args={} out="ok"
            record test.act#3: REJECTED err={"type":"TestError.No","message":"said the test","data":{"sk
            record test.act#4: REJECTED err={"type":"TestError.No","message":"said the test","data":{"sk
            record test.act#5: DONE args={} out="ok"
            record test.act#6: DONE args={} out="ok"
            record test.act#7: DONE args={} out="ok"
            record test.act#9: REJECTED err={"type":"TestError.No","message":"said the test","data":{"sk
            stock: {"on_hand":1,"sku":"tea"}
        "#]],
    );
}

#[test]
fn a_check_guards_what_others_write() {
    script(
        &["put", "check", "update", "check"],
        &expect![[r#"
        act#2 put -> "ok"
        act#3 check -> "ok"
        act#4 update -> "ok"
        act#5 check -> TestError.No: said the test
        record test.act#2: DONE args={} out="ok"
        record test.act#3: DONE args={} out="ok"
        record test.act#4: DONE args={} out="ok"
        record test.act#5: REJECTED err={"type":"TestError.No","message":"said the test","data":{"sk
        lines: {"line":1,"note":null,"order":"o"}
        lines: {"line":2,"note":"checked","order":"o"}
        stock: {"on_hand":1,"seen":true,"sku":"tea","times":1}
    "#]],
    );
}

#[test]
fn a_step_knows_whom_it_acts_for() {
    script(
        &["who"],
        &expect![[r#"
        act#2 who -> ["arn:run","test.act#2","2026-01-01T00:00:00Z"]
        record test.act#2: DONE args={} out=["arn:run","test.act#2","2026-01-01T00:00:00Z"]
    "#]],
    );
}

#[test]
fn a_transaction_that_cannot_be_made_is_refused_and_writes_nothing() {
    script(
        &[
            "twice",
            "many",
            "large-item",
            "large-transaction",
            "barrier",
            "number",
            "nameless",
            "one-key",
            "two-keys",
            "empty-key",
            "key-change",
            "same-field",
            "bool-order",
        ],
        &expect![[r#"
            act#2 twice -> Saga.Refused: two writes go to one item of table `stock`; DynamoDB allows one a transaction: combine them
            act#3 many -> Saga.Refused: the transaction has 101 writes; DynamoDB allows 100, of which the barrier's record is one
            act#4 large-item -> Saga.Refused: an item of table `lines` has 409616 bytes; DynamoDB allows 409600
            act#5 large-transaction -> Saga.Refused: the transaction has 4393295 bytes; DynamoDB allows 4194304
            act#6 barrier -> Saga.Refused: table `saga_barrier` is the barrier's own; call yours something else
            act#7 number -> Saga.Refused: a document of table `numbers` is not a struct with named fields
            act#8 nameless -> Saga.Refused: a document of table `nameless` lacks the field `name`, which is part of its key
            act#9 one-key -> Saga.Refused: table `lines` has the sort key `line`; write the key as a pair: `(partition, sort)`
            act#10 two-keys -> Saga.Refused: table `stock` has no sort key; write the key as one value
            act#11 empty-key -> Saga.Refused: key `sku` of table `stock` is an empty string
            act#12 key-change -> Saga.Refused: `line` is part of the key of table `lines`, which an update cannot change
            act#13 same-field -> Saga.Refused: an update of table `lines` changes `note` twice; DynamoDB allows it once
            act#14 bool-order -> Saga.Refused: `note` is compared by order with a value that has none; only numbers and strings do
            record test.act#10: REJECTED err={"type":"Saga.Refused","message":"table `stock` has no sort 
            record test.act#11: REJECTED err={"type":"Saga.Refused","message":"key `sku` of table `stock`
            record test.act#12: REJECTED err={"type":"Saga.Refused","message":"`line` is part of the key 
            record test.act#13: REJECTED err={"type":"Saga.Refused","message":"an update of table `lines`
            record test.act#14: REJECTED err={"type":"Saga.Refused","message":"`note` is compared by orde
            record test.act#2: REJECTED err={"type":"Saga.Refused","message":"two writes go to one item 
            record test.act#3: REJECTED err={"type":"Saga.Refused","message":"the transaction has 101 wr
            record test.act#4: REJECTED err={"type":"Saga.Refused","message":"an item of table `lines` h
            record test.act#5: REJECTED err={"type":"Saga.Refused","message":"the transaction has 439329
            record test.act#6: REJECTED err={"type":"Saga.Refused","message":"table `saga_barrier` is th
            record test.act#7: REJECTED err={"type":"Saga.Refused","message":"a document of table `numbe
            record test.act#8: REJECTED err={"type":"Saga.Refused","message":"a document of table `namel
            record test.act#9: REJECTED err={"type":"Saga.Refused","message":"table `lines` has the sort
        "#]],
    );
}

#[test]
fn a_write_that_the_store_finds_impossible_is_refused() {
    let world = World::new(|builder: HandlerBuilder, shared| {
        let shared = shared.clone();
        let action = Action::tx(Kind::Compensatable, &[], move |tx: &mut Tx, _: Value| {
            let behaviour = shared.behaviour();
            Box::pin(async move {
                if behaviour == "text" {
                    tx.put(
                        &LINES,
                        &Line {
                            order: "p".to_owned(),
                            line: 1,
                            note: Some("text".to_owned()),
                        },
                    );
                    return Ok(());
                }
                mistaken(&behaviour, tx).await;
                Ok::<_, TestError>(())
            })
        });
        builder.step("act", action, None)
    });
    check(
        world,
        &["act text", "act#2 not-a-number"],
        &expect![[r#"
        act text -> null
        act#2 not-a-number -> Saga.Refused: `note` is not a number, so nothing can be added to it
        record test.act: DONE args={} out=null
        record test.act#2: REJECTED err={"type":"Saga.Refused","message":"`note` is not a number, so
        lines: {"line":1,"note":"text","order":"p"}
    "#]],
    );
}

#[test]
fn a_read_by_a_key_that_is_none_is_unknown() {
    script(
        &["get-barrier", "get-one-key"],
        &expect![[r#"
        act#2 get-barrier -> Saga.Unknown: table `saga_barrier` is the barrier's own; call yours something else
        act#3 get-one-key -> Saga.Unknown: table `lines` has the sort key `line`; write the key as a pair: `(partition, sort)`
    "#]],
    );
}

//! The store in memory: DynamoDB's conditions, changes, transactions and limits, and the faults that tests ask for.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use expect_test::{Expect, expect};
use saga_runtime::store::{
    BARRIER_TABLE, Change, Item, Key, Operation, Reason, StoreError, Transacted, Write, Written,
};
use saga_runtime::{Condition, MemoryStore, Store, field};
use serde_json::{Value, json};

/// The store in memory answers at the first poll.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the store waits"),
    }
}

fn key(value: impl Into<Value>) -> Key {
    Key {
        table: "t".to_owned(),
        partition: ("id".to_owned(), value.into()),
        sort: None,
    }
}

fn write(key: Key, operation: Operation) -> Write {
    Write {
        key,
        operation,
        condition: None,
    }
}

fn put(item: Value) -> Write {
    let Value::Object(item) = item else {
        panic!("an item is an object")
    };
    write(key(item["id"].clone()), Operation::Put(item))
}

fn update(changes: Vec<Change>) -> Write {
    write(key("a"), Operation::Update(changes))
}

fn set(name: &str, value: Value) -> Change {
    Change::Set(name.to_owned(), value)
}

fn add(name: &str, amount: i64) -> Change {
    Change::Add(name.to_owned(), amount)
}

fn only_if(mut write: Write, condition: Condition) -> Write {
    write.condition = Some(condition);
    write
}

fn object(value: &Value) -> Item {
    value.as_object().unwrap().clone()
}

fn invalid<T: std::fmt::Debug>(result: Result<T, StoreError>) -> String {
    let error = result.unwrap_err();
    assert!(error.is_invalid() && !error.is_worth_retrying());
    error.to_string()
}

#[test]
fn conditions_mean_what_dynamodb_means() {
    let item = object(&json!({
        "n": 2, "f": 2.5, "i": 3.0, "s": "b", "nothing": null, "yes": true, "list": [1, { "x": 2 }], "max": 18_446_744_073_709_551_615_u64,
    }));
    let n = || field("n");
    let cases = [
        (n().equals(2), true),
        (n().equals(2.0), true),
        (n().equals("2"), false),
        (n().not_equals("2"), true),
        (n().not_equals(2), false),
        (n().at_least(2), true),
        (n().at_most(2), true),
        (n().less_than(2), false),
        (n().greater_than(2), false),
        (n().greater_than(1.5), true),
        (n().less_than("3"), false),
        (n().at_least("1"), false),
        (field("f").greater_than(2), true),
        (field("f").less_than(3), true),
        (field("i").equals(3), true),
        (
            field("max").greater_than(18_446_744_073_709_551_614_u64),
            true,
        ),
        (field("max").greater_than(-1), true),
        (field("s").less_than("c"), true),
        (field("s").greater_than("B"), true),
        (field("nothing").exists(), true),
        (field("nothing").equals(Value::Null), true),
        (field("yes").equals(true), true),
        (field("list").equals(json!([1.0, { "x": 2.0 }])), true),
        (field("list").equals(json!([1])), false),
        (field("list").equals(json!([1, { "x": 2, "y": 3 }])), false),
        // An attribute that is not there is unequal to anything, and not comparable by order.
        (field("gone").not_equals(1), true),
        (field("gone").equals(1), false),
        (field("gone").less_than(1), false),
        (field("gone").at_most(1), false),
        (field("gone").at_least(1), false),
        (field("gone").greater_than(1), false),
        (field("gone").is_absent(), true),
        (field("gone").exists(), false),
        (n().exists(), true),
        (n().is_absent(), false),
        (n().equals(2).and(field("s").equals("b")), true),
        (n().equals(2).and(field("s").equals("c")), false),
        (n().equals(1).or(field("s").equals("b")), true),
        (n().equals(1).or(field("s").equals("c")), false),
        (!n().equals(1), true),
        (!field("gone").less_than(1), true),
    ];
    for (condition, holds) in cases {
        assert_eq!(condition.holds(Some(&item)), holds, "{condition:?}");
    }
    assert!(field("id").is_absent().holds(None));
    assert!(!field("id").exists().holds(None));
    assert!(field("id").not_equals(1).holds(None));
}

#[test]
fn a_write_tells_the_new_item_or_the_one_that_refused_it() {
    let store = MemoryStore::new();
    let new = only_if(put(json!({ "id": "a", "n": 1 })), field("id").is_absent());
    let item = object(&json!({ "id": "a", "n": 1 }));
    assert_eq!(
        now(store.write(&new)).unwrap(),
        Written::Done(Some(item.clone()))
    );
    assert_eq!(
        now(store.write(&new)).unwrap(),
        Written::Refused(Some(item.clone()))
    );
    assert_eq!(now(store.get(&key("a"))).unwrap(), Some(item));
    assert_eq!(now(store.get(&key("b"))).unwrap(), None);
    assert_eq!(
        now(store.write(&write(key("a"), Operation::Delete))).unwrap(),
        Written::Done(None)
    );
    let missing = only_if(write(key("a"), Operation::Delete), field("id").exists());
    assert_eq!(now(store.write(&missing)).unwrap(), Written::Refused(None));
}

#[test]
fn an_update_changes_single_attributes() {
    let store = MemoryStore::new();
    let changes = [
        vec![set("s", json!("x")), add("n", 2)],
        vec![
            add("n", -5),
            Change::Remove("s".to_owned()),
            Change::Remove("gone".to_owned()),
        ],
        vec![set("f", json!(0.5))],
        vec![add("f", 1), set("big", json!(9_007_199_254_740_993_i64))],
        vec![add("big", 1)],
    ];
    for changes in changes {
        assert!(matches!(
            now(store.write(&update(changes))).unwrap(),
            Written::Done(Some(_))
        ));
    }
    let item = now(store.get(&key("a"))).unwrap().unwrap();
    assert_eq!(
        Value::Object(item),
        json!({ "id": "a", "n": -3, "f": 1.5, "big": 9_007_199_254_740_994_i64 })
    );
}

#[test]
fn a_refused_update_makes_no_item() {
    let store = MemoryStore::new();
    let refused = only_if(update(vec![add("n", 1)]), field("n").at_least(1));
    assert_eq!(now(store.write(&refused)).unwrap(), Written::Refused(None));
    assert!(store.tables().is_empty());
}

#[test]
fn a_transaction_takes_effect_whole_or_not_at_all() {
    let store = MemoryStore::new();
    let writes = |least: i64| {
        [
            put(json!({ "id": "new" })),
            only_if(
                write(key("checked"), Operation::Check),
                field("n").at_least(least),
            ),
            only_if(update(vec![add("n", 1)]), field("n").is_absent()),
        ]
    };
    now(store.write(&put(json!({ "id": "checked", "n": 1 })))).unwrap();
    let before = store.tables();
    let found = Reason::ConditionFailed(Some(object(&json!({ "id": "checked", "n": 1 }))));
    let refused = Transacted::Refused(vec![Reason::None, found, Reason::None]);
    assert_eq!(now(store.transact(&writes(2))).unwrap(), refused);
    assert_eq!(store.tables(), before);

    assert_eq!(now(store.transact(&writes(1))).unwrap(), Transacted::Done);
    let ids: Vec<String> = store.tables()["t"]
        .iter()
        .map(|item| item["id"].to_string())
        .collect();
    assert_eq!(ids, [r#""a""#, r#""checked""#, r#""new""#]);
}

#[test]
fn a_transaction_says_of_each_write_why_it_cannot_be() {
    let store = MemoryStore::new();
    now(store.write(&put(json!({ "id": "a", "n": "text" })))).unwrap();
    let writes = [put(json!({ "id": "b" })), update(vec![add("n", 1)])];
    let reason = Reason::Invalid("`n` is not a number, so nothing can be added to it".to_owned());
    assert_eq!(
        now(store.transact(&writes)).unwrap(),
        Transacted::Refused(vec![Reason::None, reason])
    );
}

#[test]
fn a_snapshot_is_in_the_order_of_keys_and_leaves_the_barrier_out() {
    let store = MemoryStore::new();
    for id in [json!("b"), json!(10), json!("a"), json!(9), json!(-1)] {
        now(store.write(&put(json!({ "id": id })))).unwrap();
    }
    let mut record = put(json!({ "id": "r" }));
    record.key.table = BARRIER_TABLE.to_owned();
    now(store.write(&record)).unwrap();
    let text = serde_json::to_string(&store.clone().tables()).unwrap();
    assert_eq!(
        text,
        r#"{"t":[{"id":-1},{"id":9},{"id":10},{"id":"a"},{"id":"b"}]}"#
    );
    assert_eq!(store.barrier_records(), [object(&json!({ "id": "r" }))]);
}

#[test]
fn faults_come_when_asked_for() {
    let store = MemoryStore::new();
    store.fail_next(2, &StoreError::throttled("slow down"));
    store.lose_replies(1);
    let item = put(json!({ "id": "a" }));
    assert!(now(store.get(&key("a"))).unwrap_err().is_throttled());
    assert!(now(store.write(&item)).unwrap_err().is_throttled());
    assert_eq!(now(store.get(&key("a"))).unwrap(), None);
    assert!(now(store.write(&item)).unwrap_err().is_unavailable());
    assert!(now(store.get(&key("a"))).unwrap().is_some());
}

#[test]
fn an_error_of_a_store_tells_its_kind_and_its_cause() {
    let error = StoreError::conflict("busy").with_source(std::io::Error::other("the cause"));
    assert!(error.is_conflict() && error.is_worth_retrying());
    assert_eq!(
        std::error::Error::source(&error).unwrap().to_string(),
        "the cause"
    );
}

fn check_invalid(store: &MemoryStore, writes: &[Write], expected: &Expect) {
    let lines: Vec<String> = writes
        .iter()
        .map(|write| invalid(now(store.write(write))))
        .collect();
    expected.assert_eq(&lines.join("\n"));
}

#[test]
fn what_dynamodb_refuses_is_invalid() {
    let store = MemoryStore::new();
    now(store.write(&put(
        json!({ "id": "a", "n": 1, "max": u64::MAX, "s": "x" }),
    )))
    .unwrap();
    let mut other_attribute = put(json!({ "id": "a" }));
    other_attribute.key.partition.0 = "name".to_owned();
    let mut sorted = put(json!({ "id": "a", "at": "s".repeat(1025) }));
    sorted.key.sort = Some(("at".to_owned(), json!("s".repeat(1025))));
    let deep = (0..33).fold(json!(1), |value, _| json!([value]));
    let writes = [
        put(json!({ "id": "" })),
        put(json!({ "id": 1.5 })),
        put(json!({ "id": true })),
        put(json!({ "id": "k".repeat(2049) })),
        sorted,
        write(key("b"), Operation::Put(object(&json!({ "id": "a" })))),
        other_attribute,
        write(
            Key {
                partition: ("name".to_owned(), json!("a")),
                ..key("a")
            },
            Operation::Delete,
        ),
        put(json!({ "id": "a", "text": "x".repeat(400 * 1024) })),
        put(json!({ "id": "a", "n": 1e126 })),
        put(json!({ "id": "a", "n": { "deep": [1e-131] } })),
        put(json!({ "id": "a", "deep": deep })),
    ];
    check_invalid(
        &store,
        &writes,
        &expect![[r#"
        key `id` of table `t` is an empty string
        key `id` of table `t` is neither a string nor an integer
        key `id` of table `t` is neither a string nor an integer
        key `id` of table `t` has 2049 bytes; DynamoDB allows 2048
        key `at` of table `t` has 1025 bytes; DynamoDB allows 1024
        the item's `id` differs from its key's
        the item's `name` differs from its key's
        table `t` was first used with other key attributes; declare it once, as a constant
        an item of table `t` has 409607 bytes; DynamoDB allows 409600
        the number 1e+126 is outside of DynamoDB's range
        the number 1e-131 is outside of DynamoDB's range
        a document is nested deeper than DynamoDB's 32 levels"#]],
    );
}

#[test]
fn what_dynamodb_refuses_of_updates_and_conditions_is_invalid() {
    let store = MemoryStore::new();
    now(store.write(&put(
        json!({ "id": "a", "n": 1, "max": u64::MAX, "s": "x" }),
    )))
    .unwrap();
    let writes = [
        update(vec![set("id", json!("b"))]),
        update(vec![set("n", json!(1)), add("n", 1)]),
        update(vec![add("s", 1)]),
        update(vec![add("max", 1)]),
        update(vec![set("text", json!("x".repeat(400 * 1024)))]),
        only_if(put(json!({ "id": "a" })), field("n").less_than(true)),
        only_if(
            put(json!({ "id": "a" })),
            !field("n").equals(1).or(field("n").at_least(json!([]))),
        ),
        only_if(write(key("a"), Operation::Check), field("n").exists()),
    ];
    check_invalid(
        &store,
        &writes,
        &expect![[r#"
        `id` is part of the key of table `t`, which an update cannot change
        an update of table `t` changes `n` twice; DynamoDB allows it once
        `s` is not a number, so nothing can be added to it
        `max` would leave the range of 64 bits
        an item of table `t` has 409627 bytes; DynamoDB allows 409600
        `n` is compared by order with a value that has none; only numbers and strings do
        `n` is compared by order with a value that has none; only numbers and strings do
        a check stands in a transaction alone"#]],
    );
    assert!(invalid(now(store.get(&key("")))).contains("empty string"));
}

#[test]
fn what_dynamodb_refuses_of_a_transaction_is_invalid() {
    let store = MemoryStore::new();
    let many = |count: usize, size: usize| -> Vec<Write> {
        (0..count)
            .map(|id| put(json!({ "id": id, "text": "x".repeat(size) })))
            .collect()
    };
    assert_eq!(
        now(store.transact(&many(100, 1))).unwrap(),
        Transacted::Done
    );
    let mut two_schemas = many(2, 1);
    two_schemas[1].key.sort = Some(("text".to_owned(), json!("x")));
    let transactions = [
        many(101, 1),
        many(11, 390 * 1024),
        vec![put(json!({ "id": "a" })), update(vec![add("n", 1)])],
        two_schemas,
        vec![write(key("a"), Operation::Check)],
    ];
    let lines: Vec<String> = transactions
        .iter()
        .map(|writes| invalid(now(store.transact(writes))))
        .collect();
    expect![[r#"
        the transaction has 101 writes; DynamoDB allows 100, of which the barrier's record is one
        the transaction has 4393049 bytes; DynamoDB allows 4194304
        two writes go to one item of table `t`; DynamoDB allows one a transaction: combine them
        table `t` is used with two sets of key attributes; declare it once, as a constant
        a check needs a condition"#]]
    .assert_eq(&lines.join("\n"));
}

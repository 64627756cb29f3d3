//! What a store does, case by case: the one in memory in every test run, DynamoDB's where there is an emulator to run it on.
//!
//! Where an emulator differs from AWS, the case says so; the expectation is what AWS does.

use expect_test::{Expect, expect};
use saga_runtime::store::{
    Change, Item, Key, Operation, Reason, StoreError, Transacted, Write, Written,
};
use saga_runtime::{Condition, MemoryStore, Store, field};
use serde_json::{Value, json};

pub(crate) fn key(value: impl Into<Value>) -> Key {
    let value = value.into();
    let table = if value.is_number() { "numbered" } else { "t" };
    Key {
        table: table.to_owned(),
        partition: ("id".to_owned(), value),
        sort: None,
    }
}

/// A key of table `sorted`.
fn pair(id: &str, at: i64) -> Key {
    Key {
        table: "sorted".to_owned(),
        partition: ("id".to_owned(), json!(id)),
        sort: Some(("at".to_owned(), json!(at))),
    }
}

pub(crate) fn write(key: Key, operation: Operation) -> Write {
    Write {
        key,
        operation,
        condition: None,
    }
}

pub(crate) fn put(item: Value) -> Write {
    let item = object(item);
    let key = match item.get("at") {
        Some(at) => pair(item["id"].as_str().unwrap(), at.as_i64().unwrap()),
        None => key(item["id"].clone()),
    };
    write(key, Operation::Put(item))
}

pub(crate) fn update(changes: Vec<Change>) -> Write {
    write(key("a"), Operation::Update(changes))
}

pub(crate) fn set(name: &str, value: Value) -> Change {
    Change::Set(name.to_owned(), value)
}

pub(crate) fn add(name: &str, amount: i64) -> Change {
    Change::Add(name.to_owned(), amount)
}

fn remove(name: &str) -> Change {
    Change::Remove(name.to_owned())
}

pub(crate) fn only_if(mut write: Write, condition: Condition) -> Write {
    write.condition = Some(condition);
    write
}

pub(crate) fn object(value: Value) -> Item {
    match value {
        Value::Object(item) => item,
        other => panic!("an item is an object, not {other}"),
    }
}

/// A JSON value's text with names in order, whatever order a map keeps.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::Object(item) => {
            let mut fields: Vec<_> = item.iter().collect();
            fields.sort_unstable_by_key(|(name, _)| *name);
            let fields: Vec<String> = fields
                .into_iter()
                .map(|(name, value)| format!("{}:{}", json!(name), text(value)))
                .collect();
            format!("{{{}}}", fields.join(","))
        }
        Value::Array(values) => {
            let values: Vec<String> = values.iter().map(text).collect();
            format!("[{}]", values.join(","))
        }
        other => other.to_string(),
    }
}

fn item_text(item: Option<Item>) -> String {
    item.map_or("nothing".to_owned(), |item| text(&Value::Object(item)))
}

/// An answer in words; the text of a store's own refusals is its own.
pub(crate) fn show_written(answer: Result<Written, StoreError>) -> String {
    match answer {
        Ok(Written::Done(item)) => format!("done, {}", item_text(item)),
        Ok(Written::Refused(item)) => format!("refused by {}", item_text(item)),
        Err(error) if error.is_invalid() => "invalid".to_owned(),
        Err(error) => panic!("{error:?}"),
    }
}

pub(crate) fn show_transacted(answer: Result<Transacted, StoreError>) -> String {
    match answer {
        Ok(Transacted::Done) => "done".to_owned(),
        Ok(Transacted::Refused(reasons)) => {
            let reasons: Vec<String> = reasons.into_iter().map(show_reason).collect();
            format!("refused: {}", reasons.join("; "))
        }
        Err(error) if error.is_invalid() => format!("invalid: {error}"),
        Err(error) => panic!("{error:?}"),
    }
}

fn show_reason(reason: Reason) -> String {
    match reason {
        Reason::None => "-".to_owned(),
        Reason::ConditionFailed(item) => format!("condition, of {}", item_text(item)),
        Reason::Invalid(_) => "invalid".to_owned(),
        other => format!("{other:?}"),
    }
}

/// What the conditions below are about.
fn subject() -> Value {
    json!({
        "id": "subject", "n": 2, "f": 2.5, "i": 3.0, "s": "b", "nothing": null, "yes": true, "no": false, "list": [1, { "x": 2 }],
        "empty": "", "none": [], "bare": {}, "max": u64::MAX, "min": i64::MIN, "a.b": 1, "size": 7, "é": "é", "big": "\u{ffff}",
    })
}

fn conditions() -> Vec<(Condition, bool)> {
    let n = || field("n");
    vec![
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
        (field("max").greater_than(u64::MAX - 1), true),
        (field("max").equals(u64::MAX), true),
        (field("max").greater_than(-1), true),
        (field("min").less_than(i64::MIN + 1), true),
        (field("s").less_than("c"), true),
        (field("s").greater_than("B"), true),
        (field("s").less_than("ba"), true),
        (field("é").greater_than("z"), true),
        // Strings are ordered by their UTF-8, in which this plane comes later.
        (field("big").less_than("\u{10000}"), true),
        (field("nothing").exists(), true),
        (field("nothing").equals(Value::Null), true),
        (field("nothing").not_equals(0), true),
        (n().equals(Value::Null), false),
        (field("yes").equals(true), true),
        (field("yes").equals(false), false),
        (field("no").not_equals(true), true),
        (field("no").equals(0), false),
        (field("list").equals(json!([1.0, { "x": 2.0 }])), true),
        (field("list").equals(json!([1])), false),
        (field("list").equals(json!([1, { "x": 2, "y": 3 }])), false),
        (field("empty").equals(""), true),
        (field("none").equals(json!([])), true),
        (field("bare").equals(json!({})), true),
        (field("bare").equals(json!([])), false),
        // A dot is part of the name, and a reserved word is a name.
        (field("a.b").equals(1), true),
        (field("size").at_least(7), true),
        // An attribute that is not there is unequal to anything, and not comparable by order.
        (field("gone").not_equals(1), true),
        (field("gone").equals(1), false),
        (field("gone").equals(Value::Null), false),
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
        (n().equals(1).and(n().equals(1)).or(n().equals(2)), true),
        (n().equals(2).or(n().equals(1)).and(n().equals(1)), false),
        (!n().equals(1), true),
        (!field("gone").less_than(1), true),
        (!n().equals(2).or(n().equals(1)), false),
        (!!n().equals(2).and(n().exists()), true),
        (Condition::All(Vec::new()), true),
        (Condition::Any(Vec::new()), false),
        (
            Condition::All(vec![Condition::Any(Vec::new()), n().exists()]),
            false,
        ),
        (
            Condition::Any(vec![Condition::All(vec![n().equals(2)])]),
            true,
        ),
    ]
}

/// Conditions hold, and do not, of an item that there is; of one that there is not, only absence and inequality do.
pub(crate) async fn check_conditions(store: &dyn Store) {
    let item = subject();
    store.write(&put(item.clone())).await.unwrap();
    let item = object(item);
    for (condition, holds) in conditions() {
        assert_eq!(condition.holds(Some(&item)), holds, "{condition:?}");
        let check = only_if(write(key("subject"), Operation::Check), condition.clone());
        let checked = store.transact(&[check]).await.unwrap();
        assert_eq!(checked == Transacted::Done, holds, "{condition:?}");
        let touch = write(key("subject"), Operation::Update(Vec::new()));
        let touched = store
            .write(&only_if(touch, condition.clone()))
            .await
            .unwrap();
        assert_eq!(matches!(touched, Written::Done(_)), holds, "{condition:?}");

        let nothing = condition.holds(None);
        let check = only_if(write(key("nobody"), Operation::Check), condition.clone());
        let checked = store.transact(&[check]).await.unwrap();
        assert_eq!(
            checked == Transacted::Done,
            nothing,
            "of no item: {condition:?}"
        );
    }
}

/// Numbers come back as they went in, except that an integral float comes back as an integer.
pub(crate) async fn check_numbers(store: &dyn Store) {
    let numbers = json!([
        0,
        -1,
        u64::MAX,
        i64::MIN,
        i64::MAX,
        9_007_199_254_740_993_u64,
        0.1,
        -2.5,
        1e-7,
        1e-130,
        1.5e100,
        1e20,
        123_456_789.123_456_78,
        f64::MIN_POSITIVE.sqrt().sqrt(),
        2.0_f64.powi(63),
        1.0 / 3.0
    ]);
    let integral = json!([3.0, -0.0, 1e3, 1e15, -4e0]);
    let item = json!({ "id": "numbers", "numbers": numbers, "integral": integral });
    store.write(&put(item)).await.unwrap();
    let item = store.get(&key("numbers")).await.unwrap().unwrap();
    let expected = json!([3, 0, 1000, 1_000_000_000_000_000_u64, -4]);
    assert_eq!(item["integral"], expected);
    let Value::Array(read) = &item["numbers"] else {
        panic!("{item:?}")
    };
    for (read, number) in read.iter().zip(numbers.as_array().unwrap()) {
        assert_eq!(read.as_f64(), number.as_f64());
        // 2^63 as a float is 9223372036854776000 in its shortest words, and an integer of 64 bits.
        assert!(read == number || read.is_u64(), "{read} is not {number}");
    }
    let one: f64 = serde_json::from_value(item["integral"][0].clone()).unwrap();
    assert!((one - 3.0).abs() < f64::EPSILON);
}

/// Single writes, one after the other on the same items.
pub(crate) async fn check_writes(store: &dyn Store) {
    let absent = || field("id").is_absent();
    let delete = || write(key("a"), Operation::Delete);
    let writes = [
        only_if(put(json!({ "id": "a", "n": 1 })), absent()),
        only_if(put(json!({ "id": "a", "n": 9 })), absent()),
        put(json!({ "id": "a", "float": 2.0, "deep": { "list": [[], {}, ""] } })),
        update(vec![set("s", json!("x")), add("n", 2), remove("deep")]),
        update(vec![add("n", -5), remove("s"), remove("gone")]),
        update(vec![set("f", json!(0.5)), set("SET", json!(null))]),
        update(vec![
            add("f", 1),
            set("big", json!(9_007_199_254_740_993_i64)),
        ]),
        update(vec![
            add("big", 1),
            set("a.b", json!([1])),
            set("#0", json!(":0")),
        ]),
        update(vec![add("f", 1), add("n", 1), set("f2", json!(1))]),
        update(vec![add("SET", 1)]),
        only_if(update(vec![add("n", 1)]), field("n").at_least(100)),
        only_if(update(Vec::new()), field("n").equals(-2)),
        only_if(delete(), field("n").equals(0)),
        only_if(delete(), field("n").equals(-2)),
        delete(),
        only_if(delete(), field("id").exists()),
        only_if(update(vec![add("n", 1)]), field("n").at_least(1)),
        only_if(update(vec![add("n", 1), set("t", json!(true))]), absent()),
        delete(),
        update(Vec::new()),
        put(json!({ "id": 7, "n": 1 })),
        write(key(-7), Operation::Update(vec![add("n", 1)])),
        write(key(7), Operation::Delete),
        put(json!({ "id": "p", "at": 1, "n": 1 })),
        put(json!({ "id": "p", "at": -2, "n": 2 })),
        only_if(
            write(pair("p", 1), Operation::Update(vec![add("n", 1)])),
            field("at").equals(1),
        ),
        only_if(write(pair("p", 3), Operation::Delete), field("at").exists()),
    ];
    let mut transcript = String::new();
    for write in &writes {
        let answer = show_written(store.write(write).await);
        transcript.push_str(&format!("{answer}\n"));
    }
    for key in [
        key("a"),
        key("b"),
        key(7),
        key(-7),
        pair("p", 1),
        pair("p", -2),
        pair("p", 3),
    ] {
        let item = item_text(store.get(&key).await.unwrap());
        transcript.push_str(&format!("{item}\n"));
    }
    writes_expected().assert_eq(&transcript);
}

fn writes_expected() -> Expect {
    expect![[r##"
        done, {"id":"a","n":1}
        refused by {"id":"a","n":1}
        done, {"deep":{"list":[[],{},""]},"float":2,"id":"a"}
        done, {"float":2,"id":"a","n":2,"s":"x"}
        done, {"float":2,"id":"a","n":-3}
        done, {"SET":null,"f":0.5,"float":2,"id":"a","n":-3}
        done, {"SET":null,"big":9007199254740993,"f":1.5,"float":2,"id":"a","n":-3}
        done, {"#0":":0","SET":null,"a.b":[1],"big":9007199254740994,"f":1.5,"float":2,"id":"a","n":-3}
        done, {"#0":":0","SET":null,"a.b":[1],"big":9007199254740994,"f":2.5,"f2":1,"float":2,"id":"a","n":-2}
        invalid
        refused by {"#0":":0","SET":null,"a.b":[1],"big":9007199254740994,"f":2.5,"f2":1,"float":2,"id":"a","n":-2}
        done, {"#0":":0","SET":null,"a.b":[1],"big":9007199254740994,"f":2.5,"f2":1,"float":2,"id":"a","n":-2}
        refused by {"#0":":0","SET":null,"a.b":[1],"big":9007199254740994,"f":2.5,"f2":1,"float":2,"id":"a","n":-2}
        done, nothing
        done, nothing
        refused by nothing
        refused by nothing
        done, {"id":"a","n":1,"t":true}
        done, nothing
        done, {"id":"a"}
        done, {"id":7,"n":1}
        done, {"id":-7,"n":1}
        done, nothing
        done, {"at":1,"id":"p","n":1}
        done, {"at":-2,"id":"p","n":2}
        done, {"at":1,"id":"p","n":2}
        refused by nothing
        {"id":"a"}
        nothing
        nothing
        {"id":-7,"n":1}
        {"at":1,"id":"p","n":2}
        {"at":-2,"id":"p","n":2}
        nothing
    "##]]
}

/// Transactions take effect whole or not at all, and say of each write why not.
pub(crate) async fn check_transactions(store: &dyn Store) {
    let writes = |least: i64| {
        vec![
            put(json!({ "id": "new" })),
            only_if(
                write(key("checked"), Operation::Check),
                field("n").at_least(least),
            ),
            only_if(
                write(key("counted"), Operation::Update(vec![add("n", 1)])),
                field("n").is_absent().or(field("n").less_than(2)),
            ),
            only_if(
                write(key("doomed"), Operation::Delete),
                field("id").exists(),
            ),
            put(json!({ "id": 1, "n": u64::MAX })),
            put(json!({ "id": "p", "at": 5 })),
        ]
    };
    let prepared = [
        put(json!({ "id": "checked", "n": 1 })),
        put(json!({ "id": "doomed" })),
        put(json!({ "id": "text", "n": "text" })),
    ];
    let transactions = vec![
        prepared.to_vec(),
        writes(2),
        writes(1),
        writes(1),
        vec![
            put(json!({ "id": "other" })),
            write(key("text"), Operation::Update(vec![add("n", 1)])),
        ],
        vec![
            put(json!({ "id": "doomed" })),
            write(key("new"), Operation::Delete),
        ],
    ];
    let mut transcript = String::new();
    for writes in &transactions {
        let answer = show_transacted(store.transact(writes).await);
        transcript.push_str(&format!("{answer}\n"));
    }
    for id in ["new", "checked", "counted", "doomed", "text", "other"] {
        let item = item_text(store.get(&key(id)).await.unwrap());
        transcript.push_str(&format!("{id}: {item}\n"));
    }
    transactions_expected().assert_eq(&transcript);
}

fn transactions_expected() -> Expect {
    expect![[r#"
        done
        refused: -; condition, of {"id":"checked","n":1}; -; -; -; -
        done
        refused: -; -; -; condition, of nothing; -; -
        refused: -; invalid
        done
        new: nothing
        checked: {"id":"checked","n":1}
        counted: {"id":"counted","n":1}
        doomed: {"id":"doomed"}
        text: {"id":"text","n":"text"}
        other: nothing
    "#]]
}

async fn invalid(store: &dyn Store, write: &Write) -> String {
    let error = store.write(write).await.unwrap_err();
    assert!(error.is_invalid() && !error.is_worth_retrying());
    error.to_string()
}

/// What DynamoDB refuses is invalid, before any call and in the same words.
pub(crate) async fn check_limits(store: &dyn Store) {
    let mut other_attribute = put(json!({ "id": "a" }));
    "name".clone_into(&mut other_attribute.key.partition.0);
    let mut sorted = put(json!({ "id": "a", "name": "s".repeat(1025) }));
    sorted.key.sort = Some(("name".to_owned(), json!("s".repeat(1025))));
    let typed = |id: Value| {
        write(
            Key {
                partition: ("id".to_owned(), id),
                ..key("a")
            },
            Operation::Delete,
        )
    };
    let deep = (0..33).fold(json!(1), |value, _| json!([value]));
    let writes = [
        put(json!({ "id": "" })),
        typed(json!(1.5)),
        typed(json!(true)),
        put(json!({ "id": "k".repeat(2049) })),
        sorted,
        write(key("b"), Operation::Put(object(json!({ "id": "a" })))),
        other_attribute,
        put(json!({ "id": "a", "text": "x".repeat(400 * 1024) })),
        put(json!({ "id": "a", "n": 1e126 })),
        put(json!({ "id": "a", "n": { "deep": [1e-131] } })),
        put(json!({ "id": "a", "deep": deep })),
        update(vec![set("id", json!("b"))]),
        update(vec![set("n", json!(1)), add("n", 1)]),
        only_if(put(json!({ "id": "a" })), field("n").less_than(true)),
        only_if(
            put(json!({ "id": "a" })),
            !field("n").equals(1).or(field("n").at_least(json!([]))),
        ),
        only_if(write(key("a"), Operation::Check), field("n").exists()),
    ];
    let mut transcript = String::new();
    for write in &writes {
        transcript.push_str(&format!("{}\n", invalid(store, write).await));
    }
    let many = |count: usize, size: usize| -> Vec<Write> {
        (0..count)
            .map(|id| put(json!({ "id": format!("many-{id}"), "text": "x".repeat(size) })))
            .collect()
    };
    let mut two_schemas = many(2, 1);
    two_schemas[1].key.sort = Some(("text".to_owned(), json!("x")));
    let transactions = [
        many(100, 1),
        many(101, 1),
        many(11, 390 * 1024),
        vec![put(json!({ "id": "a" })), update(vec![add("n", 1)])],
        two_schemas,
        vec![write(key("a"), Operation::Check)],
        vec![only_if(update(Vec::new()), field("n").exists())],
    ];
    for writes in &transactions {
        let answer = show_transacted(store.transact(writes).await);
        transcript.push_str(&format!("{answer}\n"));
    }
    let empty = store.get(&key("")).await.unwrap_err();
    transcript.push_str(&format!("{empty}\n"));
    limits_expected().assert_eq(&transcript);
}

fn limits_expected() -> Expect {
    expect![[r#"
        key `id` of table `t` is an empty string
        key `id` of table `t` is neither a string nor an integer
        key `id` of table `t` is neither a string nor an integer
        key `id` of table `t` has 2049 bytes; DynamoDB allows 2048
        key `name` of table `t` has 1025 bytes; DynamoDB allows 1024
        the item's `id` differs from its key's
        the item's `name` differs from its key's
        an item of table `t` has 409607 bytes; DynamoDB allows 409600
        the number 1e+126 is outside of DynamoDB's range
        the number 1e-131 is outside of DynamoDB's range
        a document is nested deeper than DynamoDB's 32 levels
        `id` is part of the key of table `t`, which an update cannot change
        an update of table `t` changes `n` twice; DynamoDB allows it once
        `n` is compared by order with a value that has none; only numbers and strings do
        `n` is compared by order with a value that has none; only numbers and strings do
        a check stands in a transaction alone
        done
        invalid: the transaction has 101 writes; DynamoDB allows 100, of which the barrier's record is one
        invalid: the transaction has 4393093 bytes; DynamoDB allows 4194304
        invalid: two writes go to one item of table `t`; DynamoDB allows one a transaction: combine them
        invalid: table `t` is used with two sets of key attributes; declare it once, as a constant
        invalid: a check needs a condition
        invalid: an update of table `t` changes nothing; write `check` for a condition alone
        key `id` of table `t` is an empty string
    "#]]
}

macro_rules! in_memory {
    ($($name:ident: $cases:ident;)*) => {$(
        #[tokio::test]
        async fn $name() {
            $cases(&MemoryStore::new()).await;
        }
    )*};
}

in_memory! {
    conditions_in_memory_mean_what_dynamodb_means: check_conditions;
    numbers_in_memory_come_back_as_from_dynamodb: check_numbers;
    writes_in_memory_are_answered_as_by_dynamodb: check_writes;
    transactions_in_memory_are_whole_or_nothing: check_transactions;
    limits_in_memory_are_those_of_dynamodb: check_limits;
}

//! What comes of each reply: another try, within one budget, or an error that says whether anything took effect.

use expect_test::{Expect, expect};
use saga_runtime::field;
use saga_runtime::store::{Operation, Store, StoreError, Write};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::stub::{Reply, Stub, cancelled, done, error, refused};
use crate::conformance::{add, key, only_if, put, update, write};

/// Replies enough for any budget.
const FOREVER: usize = 20;

fn kind(error: &StoreError) -> &'static str {
    match () {
        () if error.is_unavailable() => "unavailable",
        () if error.is_conflict() => "conflict",
        () if error.is_throttled() => "throttled",
        () => "invalid",
    }
}

fn show<T: std::fmt::Debug>(answer: Result<T, StoreError>) -> String {
    match answer {
        Ok(done) => format!("{done:?}"),
        Err(error) => {
            let cause = std::error::Error::source(&error).is_some();
            format!(
                "{}: {error}{}",
                kind(&error),
                if cause { " (…)" } else { "" }
            )
        }
    }
}

/// How often the call was made, and whether with one token; and that its pauses stayed within the budget.
fn count(stub: &Stub, begin: Instant) -> String {
    assert!(begin.elapsed().as_millis() <= 2000);
    let requests = stub.requests();
    let first = requests[0].1.get("ClientRequestToken");
    assert!(
        requests
            .iter()
            .all(|(_, body)| body.get("ClientRequestToken") == first)
    );
    format!("{} calls", requests.len())
}

fn writes() -> Vec<Write> {
    vec![
        only_if(put(json!({ "id": "a" })), field("id").is_absent()),
        update_of("b"),
    ]
}

fn update_of(id: &str) -> Write {
    write(key(id), Operation::Update(vec![add("n", 1)]))
}

async fn check_transaction(cases: &[(&str, Vec<Reply>)], expected: &Expect) {
    let mut text = String::new();
    for (name, replies) in cases {
        let stub = Stub::default();
        for reply in replies {
            stub.reply(reply.clone());
        }
        let begin = Instant::now();
        let answer = show(stub.store().transact(&writes()).await);
        let count = count(&stub, begin);
        text.push_str(&format!("{name}: {count}, {answer}\n"));
    }
    expected.assert_eq(&text);
}

#[tokio::test(start_paused = true)]
async fn a_transaction_is_tried_again_under_one_token() {
    let conflict = || cancelled(&[("TransactionConflict", None), ("None", None)]);
    let throttled = || cancelled(&[("None", None), ("ThrottlingError", None)]);
    let busy = || error(400, "TransactionInProgressException");
    let found = json!({ "id": { "S": "a" } });
    let failed = [
        ("ConditionalCheckFailed", Some(&found)),
        ("TransactionConflict", None),
    ];
    check_transaction(
        &[
            ("conflict, then done", vec![conflict(), conflict(), done()]),
            ("conflict for ever", vec![conflict(); FOREVER]),
            ("throttled table, then done", vec![throttled(), done()]),
            (
                "throttled for ever",
                vec![error(400, "ThrottlingException"); FOREVER],
            ),
            (
                "lost reply, still at work, then done",
                vec![Reply::Lost, busy(), done()],
            ),
            ("lost for ever", vec![Reply::Lost; FOREVER]),
            (
                "lost reply, then conflict for ever",
                [vec![Reply::Lost], vec![conflict(); FOREVER]].concat(),
            ),
            (
                "DynamoDB's own fault, then done",
                vec![error(500, "InternalServerError"), done()],
            ),
            (
                "no JSON, then done",
                vec![Reply::Http(502, "<html>".to_owned()), done()],
            ),
            ("conflict beside a condition", vec![cancelled(&failed)]),
        ],
        &expect![[r#"
            conflict, then done: 3 calls, Done
            conflict for ever: 6 calls, conflict: other transactions keep writing the same items
            throttled table, then done: 2 calls, Done
            throttled for ever: 6 calls, throttled: `TransactWriteItems` on `t`: ThrottlingException: said of ThrottlingException
            lost reply, still at work, then done: 3 calls, Done
            lost for ever: 6 calls, unavailable: `TransactWriteItems` did not reach DynamoDB, or its connection broke (…)
            lost reply, then conflict for ever: 6 calls, unavailable: an earlier try of the call was not answered (…)
            DynamoDB's own fault, then done: 2 calls, Done
            no JSON, then done: 2 calls, Done
            conflict beside a condition: 1 calls, Refused([ConditionFailed(Some({"id": String("a")})), Conflict])
        "#]],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_no_other_try_helps_is_reported_at_once() {
    let found = json!({ "id": { "S": "a" }, "binary": { "B": "AAAA" }, "huge": { "N": "1E+40" } });
    check_transaction(
        &[
            (
                "reasons in order",
                vec![cancelled(&[
                    ("None", None),
                    ("ConditionalCheckFailed", Some(&found)),
                ])],
            ),
            (
                "no item",
                vec![cancelled(&[
                    ("ConditionalCheckFailed", None),
                    ("ProvisionedThroughputExceeded", None),
                ])],
            ),
            (
                "never possible",
                vec![cancelled(&[
                    ("ValidationError", Some(&found)),
                    ("ItemCollectionSizeLimitExceeded", None),
                ])],
            ),
            (
                "a reason from the future",
                vec![cancelled(&[("Gravity", Some(&found)), ("None", None)])],
            ),
            (
                "another's token",
                vec![error(400, "IdempotentParameterMismatchException")],
            ),
            ("no table", vec![error(400, "ResourceNotFoundException")]),
            ("no permission", vec![error(400, "AccessDeniedException")]),
            ("old credentials", vec![error(400, "ExpiredTokenException")]),
            ("no valid request", vec![error(400, "ValidationException")]),
            (
                "an error from the future",
                vec![error(400, "GravityException")],
            ),
        ],
        &expect![[r#"
            reasons in order: 1 calls, Refused([None, ConditionFailed(Some({"binary": Null, "huge": Number(1e+40), "id": String("a")}))])
            no item: 1 calls, Refused([ConditionFailed(None), Throttled])
            never possible: 1 calls, Refused([Invalid("said"), Invalid("")])
            a reason from the future: 1 calls, conflict: the transaction was cancelled: Gravity: said
            another's token: 1 calls, conflict: `TransactWriteItems` on `t`: IdempotentParameterMismatchException: said of IdempotentParameterMismatchException
            no table: 1 calls, invalid: `TransactWriteItems` on `t`: ResourceNotFoundException: said of ResourceNotFoundException; one of the tables `t` is missing: deploy it, or call `DynamoDbStore::create_tables` in a test
            no permission: 1 calls, unavailable: `TransactWriteItems` on `t`: AccessDeniedException: said of AccessDeniedException; allow the function's role `dynamodb:PutItem`, `dynamodb:UpdateItem`, `dynamodb:DeleteItem` and `dynamodb:ConditionCheckItem` on `t`
            old credentials: 1 calls, unavailable: `TransactWriteItems` on `t`: ExpiredTokenException: said of ExpiredTokenException
            no valid request: 1 calls, invalid: `TransactWriteItems` on `t`: ValidationException: said of ValidationException
            an error from the future: 1 calls, unavailable: `TransactWriteItems` on `t`: GravityException: said of GravityException
        "#]],
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_single_write_is_tried_again_too() {
    let found = json!({ "id": { "S": "a" }, "n": { "N": "1" } });
    let conflict = || error(400, "TransactionConflictException");
    let cases = [
        (
            "conflict, then done",
            update_of("a"),
            vec![conflict(), done()],
        ),
        (
            "conflict for ever",
            update_of("a"),
            vec![conflict(); FOREVER],
        ),
        (
            "no capacity, then done",
            put(json!({ "id": "a" })),
            vec![error(400, "ProvisionedThroughputExceededException"), done()],
        ),
        (
            "lost reply, refused by itself",
            only_if(update(vec![add("n", 1)]), field("n").is_absent()),
            vec![Reply::Lost, refused(Some(&found))],
        ),
        (
            "deletion refused",
            only_if(write(key("a"), Operation::Delete), field("n").is_absent()),
            vec![refused(None)],
        ),
        (
            "no number any more",
            update_of("a"),
            vec![Reply::Http(
                200,
                json!({ "Attributes": { "n": { "N": "18446744073709551616" } } }).to_string(),
            )],
        ),
    ];
    let mut text = String::new();
    for (name, write, replies) in cases {
        let stub = Stub::default();
        for reply in replies {
            stub.reply(reply);
        }
        let begin = Instant::now();
        let answer = show(stub.store().write(&write).await);
        text.push_str(&format!("{name}: {}, {answer}\n", count(&stub, begin)));
    }
    expect![[r#"
        conflict, then done: 2 calls, Done(None)
        conflict for ever: 6 calls, conflict: `UpdateItem` on `t`: TransactionConflictException: said of TransactionConflictException
        no capacity, then done: 2 calls, Done(Some({"id": String("a")}))
        lost reply, refused by itself: 2 calls, Refused(Some({"id": String("a"), "n": Number(1)}))
        deletion refused: 1 calls, Refused(None)
        no number any more: 1 calls, unavailable: the item was updated, but cannot be read (…)
    "#]].assert_eq(&text);
}

#[tokio::test(start_paused = true)]
async fn without_credentials_nothing_is_called() {
    let stub = Stub::default();
    let store = saga_runtime::DynamoDbStore::new(stub.client(None));
    let error = store.get(&key("a")).await.unwrap_err();
    assert!(error.is_unavailable(), "{error:?}");
    assert!(stub.requests().is_empty());
}

/// What other software may have written.
#[tokio::test]
async fn an_item_is_read_exactly_or_not_at_all() {
    let cases = [
        json!({ "S": "text" }),
        json!({ "SS": ["b", "a"] }),
        json!({ "NS": ["2", "1.50"] }),
        json!({ "L": [{ "NULL": true }, { "M": { "deep": { "BOOL": false } } }] }),
        json!({ "N": "18446744073709551615" }),
        json!({ "N": "-9223372036854775808" }),
        json!({ "N": "100E-1" }),
        json!({ "N": "0.0" }),
        json!({ "N": "1E+100" }),
        json!({ "N": "0.1" }),
        json!({ "N": "18446744073709551616" }),
        json!({ "N": "0.1000000000000000055511151231257827" }),
        json!({ "B": "AAAA" }),
        json!({ "M": { "deep": { "BS": ["AAAA"] } } }),
    ];
    let mut text = String::new();
    for attribute in cases {
        let stub = Stub::default();
        let item = json!({ "Item": { "x": attribute } });
        stub.reply(Reply::Http(200, item.to_string()));
        let answer = match stub.store().get(&key("a")).await {
            Ok(item) => Value::Object(item.unwrap()).to_string(),
            Err(error) => format!("{}: {error}", kind(&error)),
        };
        text.push_str(&format!("{attribute} -> {answer}\n"));
    }
    expect![[r#"
        {"S":"text"} -> {"x":"text"}
        {"SS":["b","a"]} -> {"x":["b","a"]}
        {"NS":["2","1.50"]} -> {"x":[2,1.5]}
        {"L":[{"NULL":true},{"M":{"deep":{"BOOL":false}}}]} -> {"x":[null,{"deep":false}]}
        {"N":"18446744073709551615"} -> {"x":18446744073709551615}
        {"N":"-9223372036854775808"} -> {"x":-9223372036854775808}
        {"N":"100E-1"} -> {"x":10}
        {"N":"0.0"} -> {"x":0}
        {"N":"1E+100"} -> {"x":1e+100}
        {"N":"0.1"} -> {"x":0.1}
        {"N":"18446744073709551616"} -> invalid: attribute `x` holds the number 18446744073709551616, which 64 bits do not hold exactly; keep it as a string
        {"N":"0.1000000000000000055511151231257827"} -> invalid: attribute `x` holds the number 0.1000000000000000055511151231257827, which 64 bits do not hold exactly; keep it as a string
        {"B":"AAAA"} -> invalid: attribute `x` holds binary data, which JSON has no value for; keep it in an item of its own
        {"M":{"deep":{"BS":["AAAA"]}}} -> invalid: attribute `x` holds binary data, which JSON has no value for; keep it in an item of its own
    "#]].assert_eq(&text);
}

#[tokio::test]
async fn a_prefix_stands_before_every_table() {
    let stub = Stub::default();
    let store = stub.store().with_prefix("staging-");
    stub.reply(done());
    stub.reply(done());
    stub.reply(error(400, "ResourceNotFoundException"));
    store.get(&key("a")).await.unwrap();
    store.transact(&writes()).await.unwrap();
    let error = store.transact(&writes()).await.unwrap_err();
    assert!(error.to_string().contains("`staging-t`"), "{error}");
    let requests = stub.requests();
    assert_eq!(requests[0].1["TableName"], "staging-t");
    assert_eq!(
        requests[1].1["TransactItems"][1]["Update"]["TableName"],
        "staging-t"
    );
}

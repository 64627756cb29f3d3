//! A handler as a Lambda function: what it answers and logs, in a process of its own against a runtime API.

#![allow(
    unreachable_pub,
    reason = "a contract is public, and this module is not"
)]

mod api;
#[cfg(all(feature = "eventbridge", feature = "sns", feature = "sqs"))]
mod events;

use std::future::pending;

use expect_test::{Expect, expect};
use saga_runtime::prelude::*;
use saga_runtime::{Handler, MemoryStore, lambda};
use serde_json::{Value, json};
use tokio::sync::Notify;

use self::api::{Answer, Function, MARK};
use crate::choreography::shop;
use crate::conformance::text;

/// Says which function a process is, if not the participant below.
const ROLE: &str = "SAGA_TEST_ROLE";

#[saga]
mod hold_goods {
    use saga_runtime::prelude::*;

    #[derive(Debug, thiserror::Error)]
    pub enum StockError {
        #[error("{sku} is out of stock")]
        OutOfStock { sku: String },
        #[transient]
        #[error("the warehouse is busy")]
        Busy,
    }

    pub trait Stock {
        #[step(compensate = release, timeout = "1s")]
        async fn reserve(&self, tx: &mut Tx, how: &str) -> Result<String, StockError>;
        #[compensation]
        async fn release(&self, tx: &mut Tx, hold: String) -> Result<(), Retry>;
        #[step(pivot, timeout = "30s")]
        async fn pack(&self, cx: &Context, how: &str) -> Result<String, StockError>;
    }

    pub async fn hold_goods(stock: &impl Stock, how: String) -> Result<String, Rejection> {
        stock.reserve(&how).await?;
        Ok(stock.pack(&how).await?)
    }
}

/// Behaves as each delivery asks for.
struct StockService;

static MET: Notify = Notify::const_new();

async fn behave(how: &str) -> Result<String, hold_goods::StockError> {
    match how {
        "reject" => Err(hold_goods::StockError::OutOfStock {
            sku: "tea".to_owned(),
        }),
        "busy" => Err(hold_goods::StockError::Busy),
        "panic" => panic!("no shelf"),
        "never" => pending().await,
        "never, and panic when dropped" => {
            let _drop = PanicsWhenDropped;
            pending().await
        }
        "meet" => {
            MET.notified().await;
            Ok("met".to_owned())
        }
        "log" => {
            tracing::info!(shelf = 7, "looking");
            Ok("found".to_owned())
        }
        how => {
            MET.notify_one();
            Ok(how.to_owned())
        }
    }
}

struct PanicsWhenDropped;

impl Drop for PanicsWhenDropped {
    fn drop(&mut self) {
        panic!("dropped");
    }
}

impl hold_goods::Stock for StockService {
    async fn reserve(&self, _tx: &mut Tx, how: &str) -> Result<String, hold_goods::StockError> {
        behave(how).await
    }

    async fn release(&self, _tx: &mut Tx, _hold: String) -> Result<(), Retry> {
        Ok(())
    }

    async fn pack(&self, _cx: &Context, how: &str) -> Result<String, hold_goods::StockError> {
        behave(how).await
    }
}

/// The function that the tests start: this binary once more. As a test it does nothing.
#[test]
fn function() {
    if std::env::var_os(MARK).is_some() {
        match std::env::var(ROLE).as_deref() {
            Ok("memory") => {
                let shop = shop::consumer(MemoryStore::new(), &shop::How::default());
                let served = runtime().block_on(async { shop.await });
                return served.expect("the runtime API");
            }
            #[cfg(all(feature = "eventbridge", feature = "sns", feature = "sqs"))]
            Ok(role) => {
                let served = runtime().block_on(events::serve(role));
                return served.expect("the runtime API");
            }
            _ => {}
        }
        let handler = hold_goods::serve_stock(StockService, MemoryStore::new());
        runtime()
            .block_on(async { handler.await })
            .expect("the runtime API");
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

/// An action of the step for the order of that name.
fn action(step: &str, order: &str, how: &str) -> Value {
    json!({
        "saga": format!("arn:run:{order}#2026-01-01T00:00:00.000Z"), "step": format!("stock.{step}"),
        "attempt": 1, "input": { "how": how },
    })
}

fn compensation(step: &str, order: &str) -> Value {
    json!({
        "saga": format!("arn:run:{order}#2026-01-01T00:00:00.000Z"), "step": format!("stock.{step}"),
        "attempt": 0, "phase": "compensation",
    })
}

fn shown(answer: &Answer) -> String {
    format!(
        "{} {} {}",
        answer.request_id,
        answer.kind,
        text(&answer.body)
    )
}

/// Hands deliveries over, one after the other, each with that many milliseconds, and shows what came of them.
fn check(variables: &[(&str, &str)], deliveries: &[(&str, u64, Value)], expected: &Expect) {
    let function = Function::start(variables);
    let mut seen = Vec::new();
    for (request_id, millis, payload) in deliveries {
        function.send(request_id, *millis, payload.to_string().as_bytes());
        seen.push(shown(&function.answer()));
    }
    expected.assert_eq(&(seen.join("\n") + "\n"));
}

const MINUTE: u64 = 60_000;

#[test]
fn answers_are_the_state_machines_own_words() {
    check(
        &[],
        &[
            ("1", MINUTE, action("reserve", "a", "ok")),
            ("2", MINUTE, action("reserve", "b", "reject")),
            ("3", MINUTE, action("reserve", "c", "busy")),
            ("4", MINUTE, compensation("reserve", "a")),
            ("5", MINUTE, action("reserve", "a", "ok")),
            ("6", MINUTE, action("sell", "a", "ok")),
            ("7", MINUTE, json!([])),
        ],
        &expect![[r#"
            1 response "ok"
            2 error {"errorMessage":"{\"message\":\"tea is out of stock\",\"data\":{\"sku\":\"tea\"}}","errorType":"StockError.OutOfStock"}
            3 error {"errorMessage":"{\"message\":\"the warehouse is busy\",\"data\":null}","errorType":"StockError.Busy"}
            4 response null
            5 error {"errorMessage":"{\"message\":\"the action comes too late: its compensation was here already, and the record says COMPENSATED\",\"data\":null}","errorType":"Saga.Refused"}
            6 error {"errorMessage":"{\"message\":\"participant `Stock` has no step `sell`\",\"data\":null}","errorType":"Saga.Unknown"}
            7 error {"errorMessage":"{\"message\":\"the payload is not a JSON object\",\"data\":null}","errorType":"Saga.Unknown"}
        "#]],
    );
}

#[test]
fn a_panic_does_not_end_the_process() {
    check(
        &[],
        &[
            ("1", MINUTE, action("reserve", "a", "panic")),
            ("2", MINUTE, action("pack", "a", "panic")),
            (
                "3",
                300,
                action("reserve", "b", "never, and panic when dropped"),
            ),
            ("4", MINUTE, action("reserve", "c", "ok")),
        ],
        &expect![[r#"
            1 error {"errorMessage":"{\"message\":\"the step panicked: no shelf\",\"data\":null}","errorType":"Saga.Unknown"}
            2 error {"errorMessage":"{\"message\":\"the step panicked: no shelf\",\"data\":null}","errorType":"Saga.Unknown"}
            3 error {"errorMessage":"{\"message\":\"the handler panicked: dropped\",\"data\":null}","errorType":"Saga.Unknown"}
            4 response "ok"
        "#]],
    );
}

#[test]
fn a_body_that_is_no_json_is_answered() {
    let function = Function::start(&[]);
    let mut seen = String::new();
    for body in [&b"{"[..], b"\"\xff\"", b"", &[b'['; 1000]] {
        function.send("1", MINUTE, body);
        let answer = function.answer();
        assert_eq!(answer.body["errorType"], "Saga.Unknown");
        seen += &format!("{}\n", answer.body["errorMessage"]);
    }
    expect![[r#"
        "{\"message\":\"the payload is no JSON: EOF while parsing an object at line 1 column 1\",\"data\":null}"
        "{\"message\":\"the payload is no JSON: invalid unicode code point at line 1 column 2\",\"data\":null}"
        "{\"message\":\"the payload is no JSON: EOF while parsing a value at line 1 column 0\",\"data\":null}"
        "{\"message\":\"the payload is no JSON: recursion limit exceeded at line 1 column 128\",\"data\":null}"
    "#]].assert_eq(&seen);
}

#[test]
fn a_participant_that_never_ends_is_stopped_at_the_functions_deadline() {
    check(
        &[],
        &[
            ("1", 1_000, action("pack", "a", "never")),
            ("2", MINUTE, action("pack", "b", "ok")),
        ],
        &expect![[r#"
            1 error {"errorMessage":"{\"message\":\"the step was stopped just before the function's deadline, and its outcome is not known\",\"data\":null}","errorType":"Saga.Unknown"}
            2 response "ok"
        "#]],
    );
}

#[test]
fn a_participant_that_never_ends_is_stopped_at_its_tasks_timeout() {
    check(
        &[],
        &[("1", 15 * MINUTE, action("reserve", "a", "never"))],
        &expect![[r#"
            1 error {"errorMessage":"{\"message\":\"the step was stopped just before its task's `TimeoutSeconds`, and its outcome is not known\",\"data\":null}","errorType":"Saga.Unknown"}
        "#]],
    );
}

/// Lambda's own retries of an asynchronous call have the request id of the first.
#[test]
fn a_claim_is_not_taken_for_that_of_another_delivery_with_the_same_request_id() {
    check(
        &[],
        &[
            ("1", 300, action("pack", "a", "never")),
            ("1", MINUTE, action("pack", "a", "never")),
        ],
        &expect![[r#"
            1 error {"errorMessage":"{\"message\":\"the step was stopped just before the function's deadline, and its outcome is not known\",\"data\":null}","errorType":"Saga.Unknown"}
            1 error {"errorMessage":"{\"message\":\"an earlier delivery of the step may still be at work\",\"data\":null}","errorType":"Saga.Busy"}
        "#]],
    );
}

#[test]
fn deliveries_are_served_at_once_where_lambda_asks_for_it() {
    let function = Function::start(&[("AWS_LAMBDA_MAX_CONCURRENCY", "2")]);
    let first = action("pack", "a", "meet").to_string();
    let second = action("pack", "b", "ok").to_string();
    function.send("1", MINUTE, first.as_bytes());
    function.send("2", MINUTE, second.as_bytes());
    let mut seen = [shown(&function.answer()), shown(&function.answer())];
    seen.sort();
    expect![[r#"
        1 response "met"
        2 response "ok""#]]
    .assert_eq(&seen.join("\n"));
}

/// The lines that a list of deliveries leaves.
fn check_lines(variables: &[(&str, &str)], deliveries: &[Value], lines: usize, expected: &Expect) {
    let function = Function::start(variables);
    for (index, payload) in deliveries.iter().enumerate() {
        function.send(&index.to_string(), MINUTE, payload.to_string().as_bytes());
        function.answer();
    }
    let lines: Vec<String> = (0..lines).map(|_| function.line()).collect();
    expected.assert_eq(&(lines.join("\n") + "\n"));
}

#[test]
fn each_reaction_ends_with_one_line_and_a_batch_with_what_must_come_again() {
    let function = Function::start(&[(ROLE, "memory")]);
    let message = |id: &str, body: &Value| {
        let attributes = json!({ "ApproximateReceiveCount": "2" });
        json!({ "messageId": id, "body": body.to_string(), "attributes": attributes })
    };
    let event = shop::event("Seen", "7", "a");
    let forgotten = shop::event("Forgotten", "8", "a");
    let place =
        |saga: &str| json!({ "saga": saga, "command": "shop.place", "input": { "order": "a" } });
    let batch = json!({ "Records": [
        message("1", &event), message("2", &event), message("3", &forgotten), message("4", &json!(7)),
        message("5", &place("order-2")),
    ] });
    let mut seen = String::new();
    for payload in [batch, place("order-1"), place("a|b")] {
        function.send("1", MINUTE, payload.to_string().as_bytes());
        let mut answer = function.answer();
        if let Some(event) = answer.body.pointer_mut("/events/0") {
            event["time"] = json!("…");
        }
        seen.push_str(&format!("{}\n", shown(&answer)));
    }
    for _ in 0..9 {
        seen.push_str(&format!("{}\n", function.line()));
    }
    expect![[r#"
        1 response {"batchItemFailures":[{"itemIdentifier":"3"},{"itemIdentifier":"4"}]}
        1 response {"events":[{"causationid":"2b363e21911c58eb4ccab32f0acde86b","data":{"order":"a"},"datacontenttype":"application/json","id":"7541324aa1f72e517a4c26a843388600-0","source":"shop.place","specversion":"1.0","subject":"order-1","time":"…","type":"Placed"}]}
        1 error {"errorMessage":"{\"message\":\"`saga` of the message is no text without `|`, or is empty\",\"data\":null}","errorType":"Saga.Unknown"}
        {"event":"Seen","event_id":"7","level":"INFO","message":"reaction","message_id":"1","outcome":"done","reaction":"shop.log","receives":2,"request_id":"1","saga":"order-1#7","target":"saga_runtime"}
        {"event":"Seen","event_id":"7","level":"INFO","message":"reaction","message_id":"1","outcome":"done","reaction":"shop.count","receives":2,"request_id":"1","saga":"order-1#7","target":"saga_runtime"}
        {"event":"Seen","event_id":"7","level":"INFO","message":"reaction","message_id":"2","outcome":"done","reaction":"shop.log","receives":2,"recorded":true,"request_id":"1","saga":"order-1#7","target":"saga_runtime"}
        {"event":"Seen","event_id":"7","level":"INFO","message":"reaction","message_id":"2","outcome":"done","reaction":"shop.count","receives":2,"recorded":true,"request_id":"1","saga":"order-1#7","target":"saga_runtime"}
        {"error_message":"nobody here reacts to `Forgotten`; there are reactions to `Both`, `Declined`, `Paid`, `Placed`, `Reserved`, `Seen`, `Short`, `Unwrapped`, `Wrapped`","error_type":"Saga.Unknown","level":"ERROR","message":"reaction","message_id":"3","outcome":"unknown","receives":2,"request_id":"1","target":"saga_runtime"}
        {"error_message":"the message is no CloudEvent in JSON: its `specversion` is not \"1.0\"","error_type":"Saga.Unknown","level":"ERROR","message":"reaction","message_id":"4","outcome":"unknown","receives":2,"request_id":"1","target":"saga_runtime"}
        {"level":"INFO","message":"reaction","message_id":"5","outcome":"done","reaction":"shop.place","receives":2,"request_id":"1","saga":"order-2","target":"saga_runtime"}
        {"level":"INFO","message":"reaction","outcome":"done","reaction":"shop.place","request_id":"1","saga":"order-1","target":"saga_runtime"}
        {"error_message":"`saga` of the message is no text without `|`, or is empty","error_type":"Saga.Unknown","level":"ERROR","message":"reaction","outcome":"unknown","request_id":"1","target":"saga_runtime"}
    "#]].assert_eq(&seen);
}

#[test]
fn each_delivery_ends_with_one_line() {
    let mut in_a_loop = action("reserve", "d", "ok");
    in_a_loop["item"] = json!([2, 0]);
    let mut twice = action("reserve", "a", "ok");
    twice["attempt"] = json!(2);
    let deliveries = [
        action("reserve", "a", "ok"),
        twice,
        action("reserve", "b", "reject"),
        action("reserve", "c", "busy"),
        action("reserve", "c", "panic"),
        in_a_loop,
        compensation("reserve", "a"),
        action("reserve", "a", "ok"),
        json!({}),
    ];
    check_lines(
        &[],
        &deliveries,
        deliveries.len(),
        &expect![[r#"
        {"attempt":1,"level":"INFO","message":"delivery","outcome":"done","phase":"action","request_id":"0","saga":"arn:run:a","step":"stock.reserve","target":"saga_runtime"}
        {"attempt":2,"level":"INFO","message":"delivery","outcome":"done","phase":"action","recorded":true,"request_id":"1","saga":"arn:run:a","step":"stock.reserve","target":"saga_runtime"}
        {"attempt":1,"error_message":"tea is out of stock","error_type":"StockError.OutOfStock","level":"INFO","message":"delivery","outcome":"rejected","phase":"action","request_id":"2","saga":"arn:run:b","step":"stock.reserve","target":"saga_runtime"}
        {"attempt":1,"error_message":"the warehouse is busy","error_type":"StockError.Busy","level":"WARN","message":"delivery","outcome":"try_again","phase":"action","request_id":"3","saga":"arn:run:c","step":"stock.reserve","target":"saga_runtime"}
        {"attempt":1,"error_message":"the step panicked: no shelf","error_type":"Saga.Unknown","level":"ERROR","message":"delivery","outcome":"unknown","phase":"action","request_id":"4","saga":"arn:run:c","step":"stock.reserve","target":"saga_runtime"}
        {"attempt":1,"item":"[2,0]","level":"INFO","message":"delivery","outcome":"done","phase":"action","request_id":"5","saga":"arn:run:d","step":"stock.reserve","target":"saga_runtime"}
        {"attempt":0,"level":"INFO","message":"delivery","outcome":"compensated","phase":"compensation","request_id":"6","saga":"arn:run:a","step":"stock.reserve","target":"saga_runtime"}
        {"attempt":1,"error_message":"the action comes too late: its compensation was here already, and the record says COMPENSATED","error_type":"Saga.Refused","level":"INFO","message":"delivery","outcome":"refused","phase":"action","recorded":true,"request_id":"7","saga":"arn:run:a","step":"stock.reserve","target":"saga_runtime"}
        {"error_message":"`saga` is missing","error_type":"Saga.Unknown","level":"ERROR","message":"delivery","outcome":"unknown","request_id":"8","target":"saga_runtime"}
    "#]],
    );
}

#[test]
fn a_participants_own_lines_carry_the_deliverys_fields() {
    check_lines(
        &[],
        &[action("reserve", "a", "log")],
        2,
        &expect![[r#"
        {"attempt":1,"level":"INFO","message":"looking","phase":"action","request_id":"0","saga":"arn:run:a","shelf":7,"step":"stock.reserve","target":"it::lambda"}
        {"attempt":1,"level":"INFO","message":"delivery","outcome":"done","phase":"action","request_id":"0","saga":"arn:run:a","step":"stock.reserve","target":"saga_runtime"}
    "#]],
    );
}

#[test]
fn the_level_is_lambdas() {
    check_lines(
        &[("AWS_LAMBDA_LOG_LEVEL", "WARN")],
        &[
            action("reserve", "a", "log"),
            action("reserve", "b", "reject"),
            action("reserve", "c", "busy"),
        ],
        1,
        &expect![[r#"
            {"attempt":1,"error_message":"the warehouse is busy","error_type":"StockError.Busy","level":"WARN","message":"delivery","outcome":"try_again","phase":"action","request_id":"2","saga":"arn:run:c","step":"stock.reserve","target":"saga_runtime"}
        "#]],
    );
}

#[test]
fn outside_of_lambda_it_says_so() {
    let error = runtime().block_on(lambda::run(Handler::join([])));
    expect![[r#"this is a Lambda function, and `AWS_LAMBDA_RUNTIME_API` is not set; run it on Lambda, or its handler on the embedded engine of saga-local"#]]
        .assert_eq(&error.unwrap_err().to_string());
}

//! The client against scripted replies: what it asks Step Functions, and what it makes of each answer.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use expect_test::{Expect, expect};
use saga_runtime::client::aws_sdk_sfn::config::retry::RetryConfig;
use saga_runtime::client::aws_sdk_sfn::config::{BehaviorVersion, Credentials, Region};
use saga_runtime::client::{Client, Error, Status, aws_sdk_sfn};
use saga_runtime::{Rejection, Saga};
use serde_json::{Value, json};

const MACHINE: &str = "arn:aws:states:eu-west-1:123456789012:stateMachine:greet";
const EXECUTION: &str = "arn:aws:states:eu-west-1:123456789012:execution:greet:order-42";
const GREET: Saga<Value, u64> = Saga::new("greet", "{}", &[], &[]);

/// Step Functions as a script: one reply after the other, and every request noted.
struct Script {
    address: String,
    asked: Arc<Mutex<String>>,
}

impl Script {
    fn of(replies: impl IntoIterator<Item = (u16, Value)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::<Mutex<String>>::default();
        let script = Self {
            address,
            asked: Arc::clone(&asked),
        };
        let mut replies: Vec<(u16, Value)> = replies.into_iter().collect();
        replies.reverse();
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                let (status, reply) = replies.pop().unwrap_or((400, json!({ "__type": "Over" })));
                answer(connection.unwrap(), status, &reply, &asked);
            }
        });
        script
    }

    fn client(&self) -> Client<Value, u64> {
        self.client_of(MACHINE)
    }

    fn client_of(&self, arn: &str) -> Client<Value, u64> {
        let config = aws_sdk_sfn::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .credentials_provider(Credentials::new("id", "secret", None, None, "test"))
            .retry_config(RetryConfig::disabled())
            .endpoint_url(&self.address)
            .build();
        let sfn = aws_sdk_sfn::Client::from_conf(config);
        let pause = Duration::from_millis(1);
        Client::new(sfn, GREET, arn).poll_every(pause, pause)
    }

    fn check_asked(&self, expected: &Expect) {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        expected.assert_eq(&asked);
    }
}

/// One request, one reply, and the connection is over.
fn answer(connection: TcpStream, status: u16, reply: &Value, asked: &Mutex<String>) {
    let mut reader = BufReader::new(connection);
    let (mut operation, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let line = line.trim_end();
        match line.split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("x-amz-target") => {
                value.clone_into(&mut operation);
            }
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.parse().unwrap();
            }
            _ => {}
        }
        if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let body = String::from_utf8(body).unwrap();
    let operation = operation.rsplit('.').next().unwrap_or_default();
    asked
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push_str(&format!("{operation} {body}\n"));
    let reply = reply.to_string();
    let head = format!(
        "HTTP/1.1 {status} Scripted\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        reply.len()
    );
    let mut connection = reader.into_inner();
    connection.write_all(head.as_bytes()).unwrap();
    connection.write_all(reply.as_bytes()).unwrap();
}

fn started() -> (u16, Value) {
    (200, json!({ "executionArn": EXECUTION, "startDate": 1.5 }))
}

fn error(name: &str) -> (u16, Value) {
    (400, json!({ "__type": name, "message": "so it is" }))
}

/// A reply of `DescribeExecution`, with these fields beside those that always are there.
fn described(status: &str, more: &Value) -> (u16, Value) {
    let mut reply = json!({
        "executionArn": EXECUTION, "stateMachineArn": MACHINE, "name": "order-42", "startDate": 1.5,
        "status": status, "input": r#"{"b":2.0,"a":1}"#,
    });
    for (name, value) in more.as_object().unwrap() {
        reply[name] = value.clone();
    }
    (200, reply)
}

fn input() -> Value {
    json!({ "a": 1, "b": 2 })
}

/// An error, and what it stems from, as a log would show it.
fn text(error: &Error) -> String {
    error.to_string()
}

#[tokio::test]
async fn a_saga_is_started_under_its_key_and_awaited() {
    let script = Script::of([
        started(),
        described("RUNNING", &json!({})),
        described("PENDING_REDRIVE", &json!({})),
        described("SUCCEEDED", &json!({ "output": "7" })),
    ]);
    let saga = script.client().start("order-42", &input()).await.unwrap();
    assert_eq!((saga.name(), saga.arn()), ("order-42", EXECUTION));
    assert_eq!(saga.result().await.unwrap(), Ok(7));
    script.check_asked(&expect![[r#"
        StartExecution {"stateMachineArn":"arn:aws:states:eu-west-1:123456789012:stateMachine:greet","name":"order-42","input":"{\"a\":1,\"b\":2}"}
        DescribeExecution {"executionArn":"arn:aws:states:eu-west-1:123456789012:execution:greet:order-42"}
        DescribeExecution {"executionArn":"arn:aws:states:eu-west-1:123456789012:execution:greet:order-42"}
        DescribeExecution {"executionArn":"arn:aws:states:eu-west-1:123456789012:execution:greet:order-42"}
    "#]]);
}

#[tokio::test]
async fn the_same_key_and_input_is_the_saga_that_ended() {
    let script = Script::of([
        error("ExecutionAlreadyExists"),
        described("SUCCEEDED", &json!({ "output": "7" })),
        described("SUCCEEDED", &json!({ "output": "7" })),
    ]);
    // A version and an alias share their keys with the machine.
    let sagas = script.client_of(&format!("{MACHINE}:live"));
    let saga = sagas.start("order-42", &input()).await.unwrap();
    assert_eq!(saga.result().await.unwrap(), Ok(7));
    script.check_asked(&expect![[r#"
        StartExecution {"stateMachineArn":"arn:aws:states:eu-west-1:123456789012:stateMachine:greet:live","name":"order-42","input":"{\"a\":1,\"b\":2}"}
        DescribeExecution {"executionArn":"arn:aws:states:eu-west-1:123456789012:execution:greet:order-42"}
        DescribeExecution {"executionArn":"arn:aws:states:eu-west-1:123456789012:execution:greet:order-42"}
    "#]]);
}

#[tokio::test]
async fn the_same_key_with_another_input_is_refused() {
    let script = Script::of([
        error("ExecutionAlreadyExists"),
        described("RUNNING", &json!({})),
    ]);
    let error = script
        .client()
        .start("order-42", &json!({ "a": 1 }))
        .await
        .unwrap_err();
    assert!(error.is_other_input());
    expect!["saga `order-42` exists with another input; choose another key"]
        .assert_eq(&text(&error));
}

#[tokio::test]
async fn an_execution_that_is_not_shown_yet_is_waited_for() {
    let script = Script::of([
        error("ExecutionAlreadyExists"),
        error("ExecutionDoesNotExist"),
        error("ThrottlingException"),
        described("RUNNING", &json!({})),
    ]);
    assert!(script.client().start("order-42", &input()).await.is_ok());
}

#[tokio::test]
async fn an_execution_that_never_shows_is_an_error() {
    let script = Script::of(
        std::iter::once(started()).chain(std::iter::repeat_n(error("ExecutionDoesNotExist"), 8)),
    );
    let saga = script.client().start("order-42", &input()).await.unwrap();
    let error = saga.result().await.unwrap_err();
    assert!(error.is_no_execution());
    expect![
        "there is no execution `arn:aws:states:eu-west-1:123456789012:execution:greet:order-42`"
    ]
    .assert_eq(&text(&error));
}

#[tokio::test]
async fn waiting_goes_on_after_throttling_and_faults_that_pass() {
    let script = Script::of([
        started(),
        error("ThrottlingException"),
        (503, json!({})),
        described("RUNNING", &json!({})),
        error("ThrottlingException"),
        described("SUCCEEDED", &json!({ "output": "7" })),
    ]);
    let saga = script.client().start("order-42", &input()).await.unwrap();
    assert_eq!(saga.result().await.unwrap(), Ok(7));
}

#[tokio::test]
async fn waiting_ends_with_an_error_that_stays() {
    let script = Script::of([started(), error("AccessDeniedException")]);
    let saga = script.client().start("order-42", &input()).await.unwrap();
    let error = saga.result().await.unwrap_err();
    assert!(error.is_refused() && !error.is_unavailable());
    expect!["Step Functions refused `DescribeExecution`"].assert_eq(&text(&error));
}

#[tokio::test]
async fn a_failed_saga_ends_with_its_rejection() {
    let cause = json!({
        "errorType": "StockError.OutOfStock",
        "errorMessage": json!({ "message": "no tea", "data": { "sku": "tea" } }).to_string(),
    });
    let more = json!({ "error": "StockError.OutOfStock", "cause": cause.to_string() });
    let script = Script::of([started(), described("FAILED", &more)]);
    let saga = script.client().start("order-42", &input()).await.unwrap();
    let rejection: Rejection = saga.result().await.unwrap().unwrap_err();
    assert_eq!(rejection.to_string(), "StockError.OutOfStock: no tea");
    assert_eq!(rejection.data()["sku"], "tea");
}

#[tokio::test]
async fn what_was_not_compensated_is_no_rejection() {
    let stopped = json!({ "error": "Operator", "cause": "wrong price" });
    let ends = [
        described("TIMED_OUT", &json!({ "error": "States.Timeout" })),
        described("ABORTED", &stopped),
        described("ABORTED", &json!({})),
        described("SUCCEEDED", &json!({ "output": "\"seven\"" })),
        described("SUCCEEDED", &json!({})),
        described("LOST", &json!({})),
    ];
    let mut transcript = String::new();
    for end in ends {
        let script = Script::of([started(), end]);
        let saga = script.client().start("order-42", &input()).await.unwrap();
        let error = saga.result().await.unwrap_err();
        let kind = [
            (error.is_timed_out(), "timed out"),
            (error.is_aborted(), "aborted"),
            (error.is_other_output(), "other output"),
        ];
        let kind = kind.into_iter().find_map(|(is, name)| is.then_some(name));
        transcript.push_str(&format!("{kind:?} {}\n", text(&error)));
    }
    expect![[r#"
        Some("timed out") saga `order-42` timed out as a whole, and nothing was compensated; remove `TimeoutSeconds` from its state machine
        Some("aborted") saga `order-42` was stopped, and nothing was compensated: Operator: wrong price
        Some("aborted") saga `order-42` was stopped, and nothing was compensated
        Some("other output") the output of saga `order-42` is not of the flow's type; deploy the state machine and this program from one source
        Some("other output") the output of saga `order-42` is not of the flow's type; deploy the state machine and this program from one source
        None the status of execution `arn:aws:states:eu-west-1:123456789012:execution:greet:order-42` cannot be read from what Step Functions says
    "#]].assert_eq(&transcript);
}

#[tokio::test]
async fn a_description_says_since_when() {
    let ended = json!({ "stopDate": 3, "error": "Saga.Refused", "cause": "too late" });
    let script = Script::of([started(), described("FAILED", &ended)]);
    let saga = script.client().start("order-42", &input()).await.unwrap();
    let there = saga.describe().await.unwrap();
    assert_eq!(there.status(), Status::Failed);
    assert_eq!(
        there.ended(),
        Some(there.started() + Duration::from_millis(1500))
    );
    assert_eq!(there.input(), Some(&json!({ "a": 1, "b": 2.0 })));
    assert_eq!(
        (there.error(), there.cause()),
        (Some("Saga.Refused"), Some("too late"))
    );
}

#[tokio::test]
async fn a_saga_is_found_by_its_key() {
    let script = Script::of([
        error("ExecutionDoesNotExist"),
        described("RUNNING", &json!({})),
        error("ThrottlingException"),
    ]);
    let sagas = script.client_of(&format!("{MACHINE}:3"));
    assert!(sagas.find("order-42").await.unwrap().is_none());
    let saga = sagas.find("order-42").await.unwrap().unwrap();
    assert_eq!(saga.arn(), EXECUTION);
    assert!(sagas.find("order-42").await.unwrap_err().is_unavailable());
}

#[tokio::test]
async fn what_cannot_be_started_is_said_before_any_call() {
    let script = Script::of([]);
    let long = "x".repeat(81);
    let large = json!("x".repeat(262_143));
    let cases = [
        (MACHINE, "", input()),
        (MACHINE, long.as_str(), input()),
        (MACHINE, "order 42", input()),
        (MACHINE, "order/42\n", input()),
        (MACHINE, "order-42", large),
        (
            MACHINE,
            "order-42",
            json!({ "cents": 9_007_199_254_740_993_u64 }),
        ),
        ("greet", "order-42", input()),
        (EXECUTION, "order-42", input()),
        (
            "arn:aws:states:eu-west-1:1:stateMachine:greet/item",
            "order-42",
            input(),
        ),
        (
            "arn:aws:states:eu-west-1:1:stateMachine:greet:3:4",
            "order-42",
            input(),
        ),
    ];
    let mut transcript = String::new();
    for (arn, key, input) in cases {
        let error = script.client_of(arn).start(key, &input).await.unwrap_err();
        transcript.push_str(&format!("{}\n", text(&error)));
    }
    expect![[r#"
        key `` has a length that Step Functions does not allow; write 1 to 80 characters
        key `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx` has a length that Step Functions does not allow; write 1 to 80 characters
        key `order 42` has a character that Step Functions does not allow; write letters, digits, `-` and `_`
        key `order/42\n` has a character that Step Functions does not allow; write letters, digits, `-` and `_`
        the input of saga `order-42` has 262145 bytes, and Step Functions allows 262144; keep large things in a store and pass their keys
        the input of saga `order-42` does not fit: `input.cents` is 9007199254740993, and Step Functions rounds integers beyond 9007199254740991; send a string
        `greet` is not the ARN of a state machine; write `arn:aws:states:REGION:ACCOUNT:stateMachine:NAME`
        `arn:aws:states:eu-west-1:123456789012:execution:greet:order-42` is not the ARN of a state machine; write `arn:aws:states:REGION:ACCOUNT:stateMachine:NAME`
        `arn:aws:states:eu-west-1:1:stateMachine:greet/item` is not the ARN of a state machine; write `arn:aws:states:REGION:ACCOUNT:stateMachine:NAME`
        `arn:aws:states:eu-west-1:1:stateMachine:greet:3:4` is not the ARN of a state machine; write `arn:aws:states:REGION:ACCOUNT:stateMachine:NAME`
    "#]].assert_eq(&transcript);
    script.check_asked(&expect![""]);
}

#[tokio::test]
async fn a_start_that_fails_says_whether_another_try_may_help() {
    let replies = [
        error("ThrottlingException"),
        error("ExecutionLimitExceeded"),
        (500, json!({})),
        error("StateMachineDoesNotExist"),
        error("AccessDeniedException"),
    ];
    let mut transcript = String::new();
    for reply in replies {
        let script = Script::of([reply]);
        let error = script
            .client()
            .start("order-42", &input())
            .await
            .unwrap_err();
        assert_ne!(error.is_unavailable(), error.is_refused());
        transcript.push_str(&format!("{}\n", text(&error)));
    }
    expect![[r#"
        Step Functions did not answer `StartExecution`; try again, under the same key
        Step Functions did not answer `StartExecution`; try again, under the same key
        Step Functions did not answer `StartExecution`; try again, under the same key
        Step Functions refused `StartExecution`
        Step Functions refused `StartExecution`
    "#]]
    .assert_eq(&transcript);
}

#[tokio::test]
async fn an_express_workflow_is_no_saga() {
    let arn = "arn:aws:states:eu-west-1:123456789012:express:greet:order-42:c0ffee";
    let reply = json!({ "executionArn": arn, "startDate": 1.5 });
    let script = Script::of([(200, reply)]);
    let error = script
        .client()
        .start("order-42", &input())
        .await
        .unwrap_err();
    assert!(error.is_invalid_state_machine());
    expect!["`arn:aws:states:eu-west-1:123456789012:stateMachine:greet` is an express workflow, whose executions run more than once and cannot be found by name; deploy a standard one"].assert_eq(&text(&error));
}

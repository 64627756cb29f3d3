//! What errors look like on the wire and back, and what the public types promise by themselves.

use std::fmt;

use expect_test::expect;
use saga_runtime::{
    Clock, Failure, Handler, Invocation, Outcome, Rejection, Retry, Saga, StepError, Tx,
};
use serde_json::{Value, json};

struct Loud {
    message: String,
    data: Value,
}

impl StepError for Loud {
    const TYPES: &'static [&'static str] = &["LoudError.Loud"];

    fn error_type(&self) -> &'static str {
        "LoudError.Loud"
    }

    fn is_transient(&self) -> bool {
        false
    }

    fn message(&self) -> String {
        self.message.clone()
    }

    fn data(&self) -> Result<Value, serde_json::Error> {
        if self.data.is_null() {
            serde_json::from_str("no JSON")
        } else {
            Ok(self.data.clone())
        }
    }
}

#[test]
fn a_failure_comes_back_as_the_rejection_it_was() {
    let error = Loud {
        message: "no \"tea\"\n".to_owned(),
        data: json!({ "sku": "tea" }),
    };
    let failure = Failure::from(&error);
    let cause =
        json!({ "errorType": failure.error_type(), "errorMessage": failure.error_message() })
            .to_string();
    assert_eq!(
        Rejection::from_failure(failure.error_type(), &cause),
        Rejection::from(error)
    );
}

#[test]
fn a_cause_of_another_shape_becomes_the_message() {
    let mut text = String::new();
    for cause in [
        "",
        "timed out",
        "7",
        r#"{ "errorType": "Runtime.ExitError", "errorMessage": "exit status 1" }"#,
        r#"{ "errorMessage": "{\"message\":\"all\",\"data\":null}" }"#,
        r#"{ "errorMessage": "{\"message\":\"no data\"}" }"#,
        r#"{ "errorMessage": 7 }"#,
        r#"{"message":"at the top","data":{"a":1}}"#,
    ] {
        let rejection = Rejection::from_failure("E", cause);
        text.push_str(&serde_json::to_string(&rejection).unwrap());
        text.push('\n');
    }
    expect![[r#"
        {"error":"E","message":"","data":null}
        {"error":"E","message":"timed out","data":null}
        {"error":"E","message":"7","data":null}
        {"error":"E","message":"exit status 1","data":null}
        {"error":"E","message":"all","data":null}
        {"error":"E","message":"no data","data":null}
        {"error":"E","message":"{ \"errorMessage\": 7 }","data":null}
        {"error":"E","message":"at the top","data":{"a":1}}
    "#]]
    .assert_eq(&text);
}

#[test]
fn an_error_whose_data_is_no_json_is_told_without() {
    let failure = Failure::from(&Loud {
        message: "m".to_owned(),
        data: Value::Null,
    });
    assert_eq!(failure.error_message(), r#"{"message":"m","data":null}"#);
}

#[test]
fn an_error_is_bounded_on_the_wire() {
    // Four bytes a character, and the worst that quoting can make of one.
    for unit in ["x", "🍵", "\u{1}", "\\", "\""] {
        for (message, data) in [
            (100_000, 10),
            (10, 100_000),
            (100_000, 100_000),
            (1000, 1000),
        ] {
            let error = Loud {
                message: unit.repeat(message),
                data: json!({ "of": unit.repeat(data) }),
            };
            let failure = Failure::from(&error);
            let cause = json!({ "errorType": failure.error_type(), "errorMessage": failure.error_message() });
            assert!(
                cause.to_string().len() <= 32_768,
                "{unit:?} {message} {data}: {}",
                cause.to_string().len()
            );
            let kept = failure.message().trim_end_matches('…');
            assert!(error.message.starts_with(kept) && kept.len() >= 1000.min(error.message.len()));
            assert_eq!(failure.data().is_null(), data > 1000 || (message > 1000));
        }
    }
}

#[derive(Debug)]
struct Layer(Option<Box<Layer>>);

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "outer" } else { "inner" })
    }
}

impl std::error::Error for Layer {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.as_ref().map(|layer| layer.as_ref() as _)
    }
}

#[test]
fn any_error_becomes_a_retry_with_its_causes() {
    let retry = Retry::from(Layer(Some(Box::new(Layer(None)))));
    assert_eq!(
        (
            retry.to_string().as_str(),
            retry.error_type(),
            retry.is_transient()
        ),
        ("outer: inner", "Saga.Retry", true)
    );
    assert_eq!(Retry::TYPES, [Failure::RETRY]);
}

#[test]
fn a_saga_is_a_constant_whatever_its_types() {
    struct NoTraits;
    const SAGA: Saga<NoTraits, NoTraits> = Saga::new("name", "{}", &[], &["other"]);
    let copy = SAGA;
    assert_eq!(
        (
            SAGA.name(),
            copy.definition(),
            copy.steps().len(),
            copy.flows()
        ),
        ("name", "{}", 0, ["other"].as_slice())
    );
    assert_eq!(
        format!("{copy:?}"),
        r#"Saga { name: "name", steps: [], flows: ["other"], .. }"#
    );
}

#[test]
fn what_crosses_threads_may() {
    fn check<T: Send + Sync>() {}
    check::<Handler>();
    check::<Tx>();
    check::<saga_runtime::Context>();
    check::<Saga<Value, Value>>();
}

fn future(
    handler: &Handler, invocation: &Invocation,
) -> impl Future<Output = Result<Value, Failure>> + Send {
    handler.invoke(Value::Null, invocation)
}

#[test]
fn a_delivery_may_move_between_threads() {
    // The signature above is the test; what it says here is only that nothing happens before the first poll.
    let clock = Clock::system();
    drop(future(
        &Handler::join([]),
        &Invocation::new("1", clock.now(), clock),
    ));
}

#[test]
fn an_outcome_may_be_asked_for_the_output() {
    assert_eq!(
        (Outcome::Done(1).done(), Outcome::<u8>::Unknown.done()),
        (Some(1), None)
    );
}

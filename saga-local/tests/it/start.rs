//! What keeps an execution from starting, and which names are the same execution.

use std::error::Error as _;

use expect_test::expect;
use saga_local::{Engine, Error, Fault, Status};
use serde_json::{Value, json};

use crate::faults::stock;
use crate::support::{block_on, engine};

const TASK: &str =
    "'a': { 'Type': 'Task', 'Resource': 'arn:aws:states:::lambda:invoke', 'TimeoutSeconds': 10,
    'Arguments': { 'FunctionName': '${StockFunctionArn}' }, 'End': true }";

const SUCCEED: &str = "'a': { 'Type': 'Succeed' }";

fn refused(engine: &Engine<Value, Value>) -> Error {
    block_on(engine.start("run", &json!({}))).unwrap_err()
}

#[test]
fn the_same_name_and_input_is_the_same_execution() {
    let engine = engine(SUCCEED);
    block_on(async {
        let first = engine
            .start("order-42", &json!({ "a": 1, "b": 2 }))
            .await
            .unwrap();
        let second = engine
            .start("order-42", &json!({ "b": 2, "a": 1 }))
            .await
            .unwrap();
        assert_eq!(first.history(), second.history());
        let error = engine
            .start("order-42", &json!({ "a": 2 }))
            .await
            .unwrap_err();
        assert!(error.is_name_taken());
        expect!["execution `order-42` exists with another input; choose another name"]
            .assert_eq(&error.to_string());
        assert_eq!(
            engine
                .start("order-43", &json!({ "a": 2 }))
                .await
                .unwrap()
                .status(),
            Status::Succeeded
        );
    });
}

#[test]
fn names_are_those_that_step_functions_allows() {
    let engine = engine(SUCCEED);
    let start = |name: &str| block_on(engine.start(name, &json!({})));
    let longest = "x".repeat(80);
    for name in ["a", "order-42_b.c=d@e(f)!", "größe", &longest] {
        assert!(start(name).is_ok(), "{name}");
    }
    for name in [
        "",
        "a b",
        "a\tb",
        "a/b",
        "a:b",
        "a#b",
        "a\"b",
        "a\u{7f}",
        "{a}",
        "a*",
        "\u{FFFE}",
        &"x".repeat(81),
    ] {
        assert!(start(name).unwrap_err().is_invalid_name(), "{name}");
    }
    expect![[r#"execution name `a\nb` has a character that Step Functions does not allow; write letters, digits, `-` and `_`"#]].assert_eq(&start("a\nb").unwrap_err().to_string());
}

#[test]
fn a_missing_handler_is_reported_before_anything_runs() {
    let error = refused(&engine(TASK));
    assert!(error.is_missing_handler());
    expect!["no handler answers to `StockFunctionArn`, which state `a` calls; add it with `Engine::with`"].assert_eq(&error.to_string());
}

#[test]
fn handlers_services_and_faults_are_checked() {
    let (handler, _) = stock();
    let error = refused(&engine(TASK).with(handler.clone()).with(handler.clone()));
    assert!(error.is_handler_twice(), "{error}");
    let error = refused(
        &engine(TASK)
            .with(handler.clone())
            .fault("b", Fault::Throttled),
    );
    assert!(error.is_unknown_state(), "{error}");
    let error = refused(&engine(&TASK.replace("lambda:invoke", "sns:publish")).with(handler));
    assert!(error.is_unsupported(), "{error}");
    expect!["state `a` needs arn:aws:states:::sns:publish, which the embedded engine does not imitate; add a host for it"].assert_eq(&error.to_string());
}

#[test]
fn a_definition_that_is_not_valid_is_reported_with_its_problems() {
    let error = refused(&Engine::from_asl("broken", "{}"));
    assert!(error.is_invalid_definition());
    expect!["the definition of `broken` is not valid"].assert_eq(&error.to_string());
    assert!(
        error
            .source()
            .unwrap()
            .to_string()
            .contains("`StartAt` is missing")
    );
}

#[test]
fn an_input_may_be_too_large() {
    let error = block_on(engine(SUCCEED).start("run", &json!("x".repeat(300_000)))).unwrap_err();
    assert!(error.is_invalid_input());
    expect!["the input of execution `run` is larger than 262144 bytes, which is what Step Functions allows"].assert_eq(&error.to_string());
}

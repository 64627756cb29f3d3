//! The functions that Step Functions adds to JSONata or changes.

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use crate::support::{block_on, ending, engine};

fn evaluate(expression: &str) -> String {
    let states = format!("'a': {{ 'Type': 'Succeed', 'Output': '{{% {expression} %}}' }}");
    let run =
        block_on(engine(&states).start("run", &json!({ "text": "{\"a\":[1,null]}" }))).unwrap();
    match run.output() {
        Some(output) => output.to_string(),
        None => ending(&run),
    }
}

fn check(expression: &str, expected: &Expect) {
    expected.assert_eq(&evaluate(expression));
}

#[test]
fn partition_range_parse_and_hash() {
    check("$partition([1,2,3,4,5], 2)", &expect!["[[1,2],[3,4],[5]]"]);
    check("$range(1, 9, 3)", &expect!["[1,4,7]"]);
    check(
        "$range(1, 5000, 1)",
        &expect![[r#"
        Failed after 0ns: States.QueryEvaluationError: An error occurred while executing the state 'a' (entered at the event id #2). The JSONata expression '$range(1, 5000, 1)' specified for the field 'Output' threw an error during evaluation. $range gives at most 1000 items
    "#]],
    );
    check(
        "$parse($states.input.text)",
        &expect![[r#"{"a":[1,null]}"#]],
    );
    check(
        r#"$hash(\"abc\", \"SHA-1\")"#,
        &expect![[r#""a9993e364706816aba3e25717850c26c9cd0d89d""#]],
    );
    check(
        r#"$hash(\"abc\", \"CRC\")"#,
        &expect![[r#"
        Failed after 0ns: States.QueryEvaluationError: An error occurred while executing the state 'a' (entered at the event id #2). The JSONata expression '$hash("abc", "CRC")' specified for the field 'Output' threw an error during evaluation. $hash knows MD5, SHA-1, SHA-256, SHA-384 and SHA-512
    "#]],
    );
}

#[test]
fn random_numbers_come_from_the_seed() {
    let uuid: Value = serde_json::from_str(&evaluate("$uuid()")).unwrap();
    let uuid = uuid.as_str().unwrap();
    assert_eq!((uuid.len(), &uuid[14..15]), (36, "4"), "{uuid}");
    assert_eq!(evaluate("$uuid()"), evaluate("$uuid()"));
    assert_eq!(evaluate("$random()"), evaluate("$random()"));
    assert_eq!(evaluate("$random(5) = $random(5)"), "true");
    assert_eq!(evaluate("$random() = $random()"), "false");
}

#[test]
fn time_is_virtual() {
    check(
        "[$now(), $millis()]",
        &expect![[r#"["2025-01-01T00:00:00.000Z",1735689600000]"#]],
    );
    check("$now(\\\"[Y0001]\\\")", &expect![[r#""2025""#]]);
}

#[test]
fn integers_stay_integers() {
    check(
        "[1e15, 0.1 + 0.2, 7 / 2, 8 / 2, -0]",
        &expect!["[1000000000000000,0.30000000000000004,3.5,4,0]"],
    );
}

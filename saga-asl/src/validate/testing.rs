//! The one way in which the rules' tests call the validator.

use expect_test::Expect;

use crate::parse;

/// Reads a definition whose header is written for it, and compares its problems; none is `ok`.
pub(crate) fn check(start_at: &str, states: &str, expected: Expect) {
    let json = format!(
        r#"{{"QueryLanguage": "JSONata", "StartAt": "{start_at}", "States": {{{states}}}}}"#
    );
    let found = match parse(&json) {
        Ok(_) => "ok".to_owned(),
        Err(problems) => problems
            .iter()
            .map(|problem| format!("{} [{}]", problem, problem.rule()))
            .collect::<Vec<_>>()
            .join("\n"),
    };
    expected.assert_eq(&found);
}

/// One Pass that ends the execution, with this output.
pub(crate) fn check_output(output: &str, expected: Expect) {
    let output = serde_json::Value::from(output);
    check(
        "a",
        &format!(r#""a": {{"Type": "Pass", "Output": {output}, "End": true}}"#),
        expected,
    );
}

/// One Task that ends the execution, with these fields besides.
pub(crate) fn check_task(fields: &str, expected: Expect) {
    let states = format!(
        r#""a": {{"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", {fields}, "Next": "b"}},
           "b": {{"Type": "Succeed"}}"#
    );
    check("a", &states, expected);
}

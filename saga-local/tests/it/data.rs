//! Data: Assign, Output, Choice, Wait, the context, and the limits.

use expect_test::expect;
use serde_json::json;

use crate::support::{Script, block_on, check, check_ending, engine, trace};

#[test]
fn assign_and_output_see_the_variables_as_they_were() {
    let states = "
        'a': { 'Type': 'Pass', 'Assign': { 'x': 1, 'y': 2 }, 'Next': 'b' },
        'b': { 'Type': 'Pass', 'Assign': { 'x': '{% $y %}', 'y': '{% $x %}' }, 'Output': '{% $x %}', 'Next': 'c' },
        'c': { 'Type': 'Succeed', 'Output': '{% [$x, $y, $states.input] %}' }";
    check(
        states,
        Script::default(),
        &json!({}),
        &expect![[r#"
        1 0 ExecutionStarted input={}
        2 0 PassStateEntered name="a" input={}
        3 2 PassStateExited name="a" output={} assignedVariables={"x":1,"y":2}
        4 3 PassStateEntered name="b" input={}
        5 4 PassStateExited name="b" output=1 assignedVariables={"x":2,"y":1}
        6 5 SucceedStateEntered name="c" input=1
        7 6 SucceedStateExited name="c" output=[2,1,1]
        8 7 ExecutionSucceeded output=[2,1,1]
        Succeeded after 0ns: [2,1,1]
    "#]],
    );
}

#[test]
fn assign_is_all_or_nothing() {
    let states = "
        'a': { 'Type': 'Pass', 'Assign': { 'x': 1 }, 'Next': 'b' },
        'b': { 'Type': 'Task', 'Resource': 'arn:aws:states:::lambda:invoke', 'TimeoutSeconds': 10, 'Arguments': { 'FunctionName': 'f' },
               'Assign': { 'x': 2, 'y': '{% $states.input.none %}' }, 'Next': 'c',
               'Catch': [{ 'ErrorEquals': ['States.ALL'], 'Next': 'c' }] },
        'c': { 'Type': 'Succeed', 'Output': '{% $x %}' }";
    check_ending(
        states,
        Script::default(),
        &expect![[r#"
        Succeeded after 0ns: 1
    "#]],
    );
}

#[test]
fn null_is_a_value_and_undefined_is_an_error() {
    check_ending(
        "'a': { 'Type': 'Succeed', 'Output': '{% null %}' }",
        Script::default(),
        &expect![[r#"
        Succeeded after 0ns: null
    "#]],
    );
    check_ending(
        "'a': { 'Type': 'Succeed', 'Output': { 'x': ['{% $states.input.none %}'] } }",
        Script::default(),
        &expect![[r#"
        Failed after 0ns: States.QueryEvaluationError: An error occurred while executing the state 'a' (entered at the event id #2). The JSONata expression '$states.input.none' specified for the field 'Output/x[0]' returned nothing (undefined).
    "#]],
    );
    check_ending(
        "'a': { 'Type': 'Succeed', 'Output': '{% $sum %}' }",
        Script::default(),
        &expect![[r#"
        Failed after 0ns: States.QueryEvaluationError: An error occurred while executing the state 'a' (entered at the event id #2). The JSONata expression '$sum' specified for the field 'Output' returned a function, which is not JSON.
    "#]],
    );
    check_ending(
        "'a': { 'Type': 'Succeed', 'Output': '{% 1 + $states.context.State.Name %}' }",
        Script::default(),
        &expect![[r#"
        Failed after 0ns: States.QueryEvaluationError: An error occurred while executing the state 'a' (entered at the event id #2). The JSONata expression '1 + $states.context.State.Name' specified for the field 'Output' threw an error during evaluation. T2002: The right side of the + operator must evaluate to a number
    "#]],
    );
}

#[test]
fn endless_recursion_is_an_evaluation_error() {
    let states = "'a': { 'Type': 'Succeed', 'Output': '{% ($f := function($n) { 1 + $f($n + 1) }; $f(1)) %}' }";
    let run = block_on(engine(states).start("run", &json!({}))).unwrap();
    assert_eq!(run.error(), Some("States.QueryEvaluationError"));
    assert!(run.cause().unwrap().contains("D1011"), "{:?}", run.cause());
}

#[test]
fn choice_takes_the_first_rule_with_its_own_assign() {
    let states = "
        'a': { 'Type': 'Choice', 'Assign': { 'arm': 'default' }, 'Default': 'z', 'Choices': [
            { 'Condition': '{% $states.input.n > 10 %}', 'Assign': { 'arm': 'large' }, 'Next': 'z' },
            { 'Condition': '{% $states.input.n > 5 %}', 'Assign': { 'arm': 'middle' }, 'Output': 'm', 'Next': 'z' } ] },
        'z': { 'Type': 'Succeed', 'Output': '{% [$arm, $states.input] %}' }";
    check(
        states,
        Script::default(),
        &json!({ "n": 7 }),
        &expect![[r#"
        1 0 ExecutionStarted input={"n":7}
        2 0 ChoiceStateEntered name="a" input={"n":7}
        3 2 ChoiceStateExited name="a" output="m" assignedVariables={"arm":"middle"}
        4 3 SucceedStateEntered name="z" input="m"
        5 4 SucceedStateExited name="z" output=["middle","m"]
        6 5 ExecutionSucceeded output=["middle","m"]
        Succeeded after 0ns: ["middle","m"]
    "#]],
    );
    check(
        states,
        Script::default(),
        &json!({ "n": 1 }),
        &expect![[r#"
        1 0 ExecutionStarted input={"n":1}
        2 0 ChoiceStateEntered name="a" input={"n":1}
        3 2 ChoiceStateExited name="a" output={"n":1} assignedVariables={"arm":"default"}
        4 3 SucceedStateEntered name="z" input={"n":1}
        5 4 SucceedStateExited name="z" output=["default",{"n":1}]
        6 5 ExecutionSucceeded output=["default",{"n":1}]
        Succeeded after 0ns: ["default",{"n":1}]
    "#]],
    );
    check(
        states,
        Script::default(),
        &json!({ "n": 11 }),
        &expect![[r#"
        1 0 ExecutionStarted input={"n":11}
        2 0 ChoiceStateEntered name="a" input={"n":11}
        3 2 ChoiceStateExited name="a" output={"n":11} assignedVariables={"arm":"large"}
        4 3 SucceedStateEntered name="z" input={"n":11}
        5 4 SucceedStateExited name="z" output=["large",{"n":11}]
        6 5 ExecutionSucceeded output=["large",{"n":11}]
        Succeeded after 0ns: ["large",{"n":11}]
    "#]],
    );
}

#[test]
fn choice_without_a_match_fails() {
    let rule = |condition| {
        format!(
            "'a': {{ 'Type': 'Choice', 'Choices': [{{ 'Condition': '{condition}', 'Next': 'b' }}] }}, 'b': {{ 'Type': 'Succeed' }}"
        )
    };
    check_ending(
        &rule("{% false %}"),
        Script::default(),
        &expect![[r#"
        Failed after 0ns: States.NoChoiceMatched: 
    "#]],
    );
    check_ending(
        &rule("{% 1 %}"),
        Script::default(),
        &expect![[r#"
        Failed after 0ns: States.QueryEvaluationError: An error occurred while executing the state 'a' (entered at the event id #2). The JSONata expression '1' specified for the field 'Choices[0]/Condition' returned an unexpected result type. Expected 'boolean', but was 'number' for value: 1
    "#]],
    );
}

#[test]
fn wait_takes_seconds_or_a_time_in_any_zone() {
    let wait = |until| format!("'a': {{ 'Type': 'Wait', {until}, 'End': true }}");
    check_ending(
        &wait("'Seconds': 90"),
        Script::default(),
        &expect![[r#"
        Succeeded after 90s: {}
    "#]],
    );
    check_ending(
        &wait("'Seconds': '{% 3 * 4 %}'"),
        Script::default(),
        &expect![[r#"
        Succeeded after 12s: {}
    "#]],
    );
    check_ending(
        &wait("'Seconds': '{% -1 %}'"),
        Script::default(),
        &expect![[r#"
        Failed after 0ns: States.QueryEvaluationError: An error occurred while executing the state 'a' (entered at the event id #2). The JSONata expression '-1' specified for the field 'Seconds' returned an unexpected result type. Expected 'non-negative integer', but was 'number' for value: -1
    "#]],
    );
    check_ending(
        &wait("'Timestamp': '2025-01-01T00:00:30Z'"),
        Script::default(),
        &expect![[r#"
        Succeeded after 30s: {}
    "#]],
    );
    check_ending(
        &wait("'Timestamp': '2025-01-01T01:00:30+01:00'"),
        Script::default(),
        &expect![[r#"
        Succeeded after 30s: {}
    "#]],
    );
    check_ending(
        &wait("'Timestamp': '2020-01-01T00:00:00Z'"),
        Script::default(),
        &expect![[r#"
        Succeeded after 0ns: {}
    "#]],
    );
}

#[test]
fn a_wait_until_no_time_at_all_fails() {
    let wait = |until| format!("'a': {{ 'Type': 'Wait', 'Timestamp': '{until}', 'End': true }}");
    for text in [
        "tomorrow",
        "2025-13-01T00:00:00Z",
        "2025-01-01T00:00:00",
        "2025-01-01",
    ] {
        let states = wait(format!("{{% \\\"{text}\\\" %}}"));
        let run = block_on(engine(&states).start("run", &json!({}))).unwrap();
        let cause = format!(
            "An error occurred while executing the state 'a' (entered at the event id #2). The Timestamp field cannot be parsed \
             as an ISO-8601 extended offset date-time format string: {text}"
        );
        assert_eq!(
            (run.error(), run.cause()),
            (Some("States.QueryEvaluationError"), Some(cause.as_str()))
        );
        assert_eq!(run.history()[2].kind(), "EvaluationFailed");
    }
    check_ending(
        &wait("{% 5 %}".to_owned()),
        Script::default(),
        &expect![[r#"
            Failed after 0ns: States.QueryEvaluationError: An error occurred while executing the state 'a' (entered at the event id #2). The JSONata expression '5' specified for the field 'Timestamp' returned an unexpected result type. Expected 'string', but was 'number' for value: 5
        "#]],
    );
    check_ending(
        &wait("{% $fromMillis($millis() + 1500) %}".to_owned()),
        Script::default(),
        &expect![[r#"
            Succeeded after 1.5s: {}
        "#]],
    );
}

#[test]
fn the_context_names_execution_state_and_machine() {
    check_ending(
        "'a': { 'Type': 'Succeed', 'Output': '{% $states.context %}' }",
        Script::default(),
        &expect![[r#"
        Succeeded after 0ns: {"Execution":{"Id":"arn:aws:states:us-east-1:123456789012:execution:machine:run","Input":{},"StartTime":"2025-01-01T00:00:00.000Z","Name":"run","RoleArn":"arn:aws:iam::123456789012:role/machine","RedriveCount":0},"StateMachine":{"Id":"arn:aws:states:us-east-1:123456789012:stateMachine:machine","Name":"machine"},"State":{"Name":"a","EnteredTime":"2025-01-01T00:00:00.000Z"}}
    "#]],
    );
}

#[test]
fn payloads_are_limited() {
    let large = "x".repeat(300_000);
    let output = format!("'a': {{ 'Type': 'Pass', 'Output': '{large}', 'End': true }}");
    check_ending(
        &output,
        Script::default(),
        &expect![[r#"
        Failed after 0ns: States.DataLimitExceeded: The state/task 'a' returned a result with a size exceeding the maximum number of bytes service limit.
    "#]],
    );
    let arguments = format!(
        "'a': {{ 'Type': 'Task', 'Resource': 'arn:aws:states:::lambda:invoke', 'TimeoutSeconds': 10, 'Arguments': '{large}', 'End': true }}"
    );
    check_ending(
        &arguments,
        Script::default(),
        &expect![[r#"
        Failed after 0ns: States.DataLimitExceeded: The state/task 'a' returned a result with a size exceeding the maximum number of bytes service limit.
    "#]],
    );
}

#[test]
fn a_history_holds_25000_events() {
    let states = "'a': { 'Type': 'Pass', 'Next': 'b' }, 'b': { 'Type': 'Choice', 'Default': 'a', 'Choices': [{ 'Condition': '{% false %}', 'Next': 'c' }] },
        'c': { 'Type': 'Succeed' }";
    let run = block_on(engine(states).start("run", &json!({}))).unwrap();
    assert_eq!(run.history().len(), 25_000);
    let trace = trace(&run);
    let last: Vec<&str> = trace.lines().rev().take(2).collect();
    expect![[r#"
        Failed after 0ns: States.Runtime: The execution reached the maximum number of history events (25000).
        25000 24999 ExecutionFailed error="States.Runtime" cause="The execution reached the maximum number of history events (25000).""#]].assert_eq(&last.join("\n"));
}

#[test]
fn fail_takes_expressions_and_may_name_nothing() {
    check_ending(
        "'a': { 'Type': 'Fail' }",
        Script::default(),
        &expect![[r#"
        Failed after 0ns: 
    "#]],
    );
    check_ending(
        "'a': { 'Type': 'Fail', 'Error': 'E', 'Cause': '{% $states.context.Execution.Name %}' }",
        Script::default(),
        &expect![[r#"
        Failed after 0ns: E: run
    "#]],
    );
    check_ending(
        "'a': { 'Type': 'Fail', 'Error': '{% 1 %}' }",
        Script::default(),
        &expect![[r#"
        Failed after 0ns: States.QueryEvaluationError: An error occurred while executing the state 'a' (entered at the event id #2). The JSONata expression '1' specified for the field 'Error' returned an unexpected result type. Expected 'string', but was 'number' for value: 1
    "#]],
    );
}

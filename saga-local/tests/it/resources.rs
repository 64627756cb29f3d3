//! What a Task may call, and as whom: a function by its own ARN, a service in another account.

use expect_test::expect;
use saga_local::Answer;
use serde_json::json;

use crate::support::{Script, check, error, payload};

#[test]
fn a_function_by_its_arn_gets_the_arguments_and_gives_the_result() {
    check(
        r"'a': { 'Type': 'Task', 'End': true, 'Assign': { 'x': '{% $states.result.n %}' },
            'Resource': 'arn:aws:lambda:us-east-1:123456789012:function:stock',
            'Arguments': { 'n': '{% $states.input.n + 1 %}' }, 'TimeoutSeconds': 10 }",
        Script::default(),
        &json!({ "n": 1 }),
        &expect![[r#"
            1 0 ExecutionStarted input={"n":1}
            2 0 TaskStateEntered name="a" input={"n":1}
            3 2 LambdaFunctionScheduled input={"n":2} timeoutInSeconds=10
            4 3 LambdaFunctionStarted
            5 4 LambdaFunctionSucceeded output={"n":2}
            6 5 TaskStateExited name="a" output={"n":2} assignedVariables={"x":2}
            7 6 ExecutionSucceeded output={"n":2}
            Succeeded after 0ns: {"n":2}
        "#]],
    );
}

#[test]
fn a_function_by_its_arn_fails_and_is_lost_in_events_of_its_own() {
    let script = Script::default().on("a", [error("Busy"), Answer::Lost, payload(1)]);
    check(
        r"'a': { 'Type': 'Task', 'Resource': '${StockFunctionArn}', 'TimeoutSeconds': 10, 'End': true,
            'Retry': [{ 'ErrorEquals': ['Busy', 'States.Timeout'] }] }",
        script,
        &json!({}),
        &expect![[r#"
            1 0 ExecutionStarted input={}
            2 0 TaskStateEntered name="a" input={}
            3 2 LambdaFunctionScheduled input={} timeoutInSeconds=10
            4 3 LambdaFunctionStarted
            5 4 LambdaFunctionFailed error="Busy" cause="Busy happened"
            6 5 LambdaFunctionScheduled input={} timeoutInSeconds=10
            7 6 LambdaFunctionStarted
            8 7 LambdaFunctionTimedOut error="States.Timeout"
            9 8 LambdaFunctionScheduled input={} timeoutInSeconds=10
            10 9 LambdaFunctionStarted
            11 10 LambdaFunctionSucceeded output=1
            12 11 TaskStateExited name="a" output=1
            13 12 ExecutionSucceeded output=1
            Succeeded after 13s: 1
        "#]],
    );
}

#[test]
fn a_role_is_evaluated_and_recorded() {
    check(
        r"'a': { 'Type': 'Task', 'Resource': 'arn:aws:states:::lambda:invoke', 'End': true,
            'Credentials': { 'RoleArn': '{% $states.input.role %}' }, 'Arguments': { 'Payload': 1 } }",
        Script::default(),
        &json!({ "role": "arn:aws:iam::210987654321:role/other" }),
        &expect![[r#"
            1 0 ExecutionStarted input={"role":"arn:aws:iam::210987654321:role/other"}
            2 0 TaskStateEntered name="a" input={"role":"arn:aws:iam::210987654321:role/other"}
            3 2 TaskScheduled parameters={"Payload":1} taskCredentials={"roleArn":"arn:aws:iam::210987654321:role/other"}
            4 3 TaskStarted
            5 4 TaskSucceeded output={"Payload":1}
            6 5 TaskStateExited name="a" output={"Payload":1}
            7 6 ExecutionSucceeded output={"Payload":1}
            Succeeded after 0ns: {"Payload":1}
        "#]],
    );
    check(
        r"'a': { 'Type': 'Task', 'Resource': 'arn:aws:states:::lambda:invoke', 'End': true,
            'Credentials': { 'RoleArn': '{% $states.input.role %}' }, 'Arguments': { 'Payload': 1 } }",
        Script::default(),
        &json!({}),
        &expect![[r#"
            1 0 ExecutionStarted input={}
            2 0 TaskStateEntered name="a" input={}
            3 0 EvaluationFailed state="a" error="States.QueryEvaluationError" cause="An error occurred while executing the state 'a' (entered at the event id #2). The JSONata expression '$states.input.role' specified for the field 'Credentials/RoleArn' returned nothing (undefined)." location="Credentials/RoleArn"
            4 3 ExecutionFailed error="States.QueryEvaluationError" cause="An error occurred while executing the state 'a' (entered at the event id #2). The JSONata expression '$states.input.role' specified for the field 'Credentials/RoleArn' returned nothing (undefined)."
            Failed after 0ns: States.QueryEvaluationError: An error occurred while executing the state 'a' (entered at the event id #2). The JSONata expression '$states.input.role' specified for the field 'Credentials/RoleArn' returned nothing (undefined).
        "#]],
    );
}

//! Nested executions: a Task that starts another flow and waits for it.

use std::time::Duration;

use expect_test::expect;
use saga_local::{Answer, BoxFuture, Call, Engine, Fault, Status, TaskHost};
use serde_json::{Value, json};

use crate::faults::stock;
use crate::nested::Slow;
use crate::support::{Script, block_on, definition, ending, trace};

const START: &str = "'Type': 'Task', 'Resource': 'arn:aws:states:::states:startExecution.sync:2'";

const LAMBDA: &str =
    "'Type': 'Task', 'Resource': 'arn:aws:states:::lambda:invoke', 'TimeoutSeconds': 10,
    'Arguments': { 'FunctionName': 'f', 'Payload': 1 }";

/// Starts the flow `open_account` under the name `child`.
fn start(more: &str) -> String {
    format!(
        "{START}, {more}, 'Arguments': {{ 'StateMachineArn': '${{OpenAccountStateMachineArn}}', 'Name': 'child',
                       'Input': {{ 'n': '{{% $states.input.n %}}' }} }}"
    )
}

fn parent(states: &str, child: &str, script: Script) -> Engine<Value, Value> {
    Engine::from_asl("onboard", &definition(states))
        .with_flow_asl("open_account", &definition(child))
        .with_host(script)
}

#[test]
fn a_child_has_its_own_history_context_and_variables() {
    let states = format!(
        "'a': {{ 'Type': 'Pass', 'Assign': {{ 'x': 'outer' }}, 'Next': 'b' }},
         'b': {{ {}, 'Next': 'c' }},
         'c': {{ 'Type': 'Succeed', 'Output': {{ 'x': '{{% $x %}}', 'child': '{{% $states.input %}}' }} }}",
        start("'Output': '{% $states.result.Output %}'")
    );
    let child = "'a': { 'Type': 'Pass', 'Assign': { 'x': 'inner' }, 'Next': 'w' },
        'w': { 'Type': 'Wait', 'Seconds': 30, 'Next': 'z' },
        'z': { 'Type': 'Succeed', 'Output': ['{% $x %}', '{% $states.context.Execution.Id %}', '{% $states.context.Execution.StartTime %}',
                                             '{% $states.context.StateMachine.Name %}'] }";
    let engine = parent(&states, child, Script::default());
    let run = block_on(engine.start("run", &json!({ "n": 5 }))).unwrap();
    expect![[r#"
        1 0 ExecutionStarted input={"n":5}
        2 0 PassStateEntered name="a" input={"n":5}
        3 2 PassStateExited name="a" output={"n":5} assignedVariables={"x":"outer"}
        4 3 TaskStateEntered name="b" input={"n":5}
        5 4 TaskScheduled parameters={"StateMachineArn":"${OpenAccountStateMachineArn}","Name":"child","Input":{"n":5}}
        6 5 TaskStarted
        7 6 TaskSubmitted output={"ExecutionArn":"arn:aws:states:us-east-1:123456789012:execution:open_account:child","SdkHttpMetadata":{"HttpStatusCode":200},"SdkResponseMetadata":{"RequestId":"00000000-0000-4000-8000-000000000001"},"StartDate":1735689600000}
        8 7 TaskSucceeded output={"ExecutionArn":"arn:aws:states:us-east-1:123456789012:execution:open_account:child","Input":{"n":5},"InputDetails":{"Included":true},"Name":"child","Output":["inner","arn:aws:states:us-east-1:123456789012:execution:open_account:child","2025-01-01T00:00:00.000Z","open_account"],"OutputDetails":{"Included":true},"RedriveCount":0,"RedriveStatus":"NOT_REDRIVABLE","RedriveStatusReason":"Execution is SUCCEEDED and cannot be redriven","StartDate":1735689600000,"StateMachineArn":"arn:aws:states:us-east-1:123456789012:stateMachine:open_account","Status":"SUCCEEDED","StopDate":1735689630000}
        9 8 TaskStateExited name="b" output=["inner","arn:aws:states:us-east-1:123456789012:execution:open_account:child","2025-01-01T00:00:00.000Z","open_account"]
        10 9 SucceedStateEntered name="c" input=["inner","arn:aws:states:us-east-1:123456789012:execution:open_account:child","2025-01-01T00:00:00.000Z","open_account"]
        11 10 SucceedStateExited name="c" output={"x":"outer","child":["inner","arn:aws:states:us-east-1:123456789012:execution:open_account:child","2025-01-01T00:00:00.000Z","open_account"]}
        12 11 ExecutionSucceeded output={"x":"outer","child":["inner","arn:aws:states:us-east-1:123456789012:execution:open_account:child","2025-01-01T00:00:00.000Z","open_account"]}
        Succeeded after 30s: {"x":"outer","child":["inner","arn:aws:states:us-east-1:123456789012:execution:open_account:child","2025-01-01T00:00:00.000Z","open_account"]}
    "#]].assert_eq(&trace(&run));
    let children = engine.children(&run);
    assert_eq!(children.len(), 1);
    assert_eq!(children[0].state_machine(), "open_account");
    assert_eq!(children[0].input(), &json!({ "n": 5 }));
    assert!(engine.children(&children[0]).is_empty());
    expect![[r#"
        1 0 ExecutionStarted input={"n":5}
        2 0 PassStateEntered name="a" input={"n":5}
        3 2 PassStateExited name="a" output={"n":5} assignedVariables={"x":"inner"}
        4 3 WaitStateEntered name="w" input={"n":5}
        5 4 WaitStateExited name="w" output={"n":5}
        6 5 SucceedStateEntered name="z" input={"n":5}
        7 6 SucceedStateExited name="z" output=["inner","arn:aws:states:us-east-1:123456789012:execution:open_account:child","2025-01-01T00:00:00.000Z","open_account"]
        8 7 ExecutionSucceeded output=["inner","arn:aws:states:us-east-1:123456789012:execution:open_account:child","2025-01-01T00:00:00.000Z","open_account"]
        Succeeded after 30s: ["inner","arn:aws:states:us-east-1:123456789012:execution:open_account:child","2025-01-01T00:00:00.000Z","open_account"]
    "#]].assert_eq(&trace(&children[0]));
}

#[test]
fn the_first_version_gives_text_and_a_plain_start_goes_on_at_once() {
    let child = "'a': { 'Type': 'Wait', 'Seconds': 30, 'Output': { 'm': '{% $states.input.n + 1 %}' }, 'End': true }";
    let output = "'Output': '{% $type($states.result.Output) & $states.result.Output & $states.result.Input %}', 'End': true";
    let states = format!("'a': {{ {} }}", start(output)).replace("sync:2", "sync");
    let run = block_on(parent(&states, child, Script::default()).start("run", &json!({ "n": 1 })));
    expect![[r#"
        Succeeded after 30s: "string{\"m\":2}{\"n\":1}"
    "#]]
    .assert_eq(&ending(&run.unwrap()));

    let output = "'Output': '{% $keys($states.result) %}', 'End': true";
    let states = format!("'a': {{ {} }}", start(output)).replace(".sync:2", "");
    let engine = parent(&states, child, Script::default());
    let run = block_on(engine.start("run", &json!({ "n": 1 }))).unwrap();
    expect![[r#"
        Succeeded after 0ns: ["ExecutionArn","SdkHttpMetadata","SdkResponseMetadata","StartDate"]
    "#]]
    .assert_eq(&ending(&run));
    assert_eq!(engine.children(&run)[0].status(), Status::Running);
    block_on(engine.advance(Duration::from_secs(30)));
    assert_eq!(engine.children(&run)[0].output(), Some(&json!({ "m": 2 })));
}

#[test]
fn a_child_that_fails_fails_the_task_with_its_description() {
    let states = format!(
        "'a': {{ {} }}, 'z': {{ 'Type': 'Succeed' }}",
        start("'End': true, 'Catch': [{ 'ErrorEquals': ['States.TaskFailed'], 'Next': 'z' }]")
    );
    let child = "'a': { 'Type': 'Fail', 'Error': 'Account.Refused', 'Cause': 'no' }";
    let run = |child: &str| {
        let engine = parent(&states, child, Script::default());
        block_on(engine.start("run", &json!({ "n": 1 }))).unwrap()
    };
    expect![[r#"
        Succeeded after 0ns: {"Error":"States.TaskFailed","Cause":"{\"Cause\":\"no\",\"Error\":\"Account.Refused\",\"ExecutionArn\":\"arn:aws:states:us-east-1:123456789012:execution:open_account:child\",\"Input\":{\"n\":1},\"InputDetails\":{\"Included\":true},\"Name\":\"child\",\"RedriveCount\":0,\"RedriveStatus\":\"REDRIVABLE\",\"StartDate\":1735689600000,\"StateMachineArn\":\"arn:aws:states:us-east-1:123456789012:stateMachine:open_account\",\"Status\":\"FAILED\",\"StopDate\":1735689600000}"}
    "#]].assert_eq(&ending(&run(child)));
    // Its own timeout is in its history alone.
    let timed_out = definition("'a': { 'Type': 'Wait', 'Seconds': 99, 'End': true }")
        .replace(r#""StartAt""#, r#""TimeoutSeconds": 5, "StartAt""#);
    let engine =
        Engine::from_asl("onboard", &definition(&states)).with_flow_asl("open_account", &timed_out);
    let run = block_on(engine.start("run", &json!({ "n": 1 }))).unwrap();
    expect![[r#"
        Succeeded after 5s: {"Error":"States.TaskFailed","Cause":"{\"ExecutionArn\":\"arn:aws:states:us-east-1:123456789012:execution:open_account:child\",\"Input\":{\"n\":1},\"InputDetails\":{\"Included\":true},\"Name\":\"child\",\"RedriveCount\":0,\"RedriveStatus\":\"REDRIVABLE\",\"StartDate\":1735689600000,\"StateMachineArn\":\"arn:aws:states:us-east-1:123456789012:stateMachine:open_account\",\"Status\":\"TIMED_OUT\",\"StopDate\":1735689605000}"}
    "#]].assert_eq(&ending(&run));
}

#[test]
fn a_cause_is_cut_where_step_functions_allows_no_more() {
    let states = format!("'a': {{ {} }}", start("'End': true"));
    let child = "'a': { 'Type': 'Fail', 'Error': 'E' }";
    let engine = parent(&states, child, Script::default());
    let run = block_on(engine.start("run", &json!({ "n": "ö".repeat(100_000) }))).unwrap();
    assert_eq!(run.error(), Some("States.TaskFailed"));
    assert_eq!(run.cause().unwrap().chars().count(), 32_768);
}

#[test]
fn a_name_is_one_execution() {
    // Both branches start the same name: while it runs, the same input is the same child, and another one is refused.
    let branch = |state: &str, n: &str| {
        format!(
            "{{ 'StartAt': '{state}', 'States': {{ '{state}': {{ {}, 'End': true }} }} }}",
            start("'Output': '{% $states.result.Output %}'").replace("{% $states.input.n %}", n)
        )
    };
    let both = |n: &str| {
        let branches = [branch("l", "1"), branch("r", n)].join(",");
        format!("'a': {{ 'Type': 'Parallel', 'Branches': [{branches}], 'End': true }}")
    };
    let child = "'a': { 'Type': 'Wait', 'Seconds': 5, 'Output': '{% $states.context.Execution.Name %}', 'End': true }";
    let engine = parent(&both("1"), child, Script::default());
    let run = block_on(engine.start("run", &json!({}))).unwrap();
    expect![[r#"
        Succeeded after 5s: ["child","child"]
    "#]]
    .assert_eq(&ending(&run));
    assert_eq!(engine.executions().len(), 2);
    let engine = parent(&both("2"), child, Script::default());
    let run = block_on(engine.start("run", &json!({}))).unwrap();
    expect![[r#"
        Failed after 0ns: StepFunctions.ExecutionAlreadyExistsException: Execution Already Exists: 'arn:aws:states:us-east-1:123456789012:execution:open_account:child' (Service: AWSStepFunctions; Status Code: 400; Error Code: ExecutionAlreadyExists; Request ID: 00000000-0000-4000-8000-000000000002; Proxy: null)
    "#]].assert_eq(&ending(&run));
    assert_eq!(engine.children(&run)[0].status(), Status::Aborted);

    // Once it ended, the name is taken.
    let again = format!(
        "'a': {{ {0}, 'Next': 'b' }}, 'b': {{ {0}, 'End': true }}",
        start("'Output': { 'n': 1 }")
    );
    let run = block_on(parent(&again, child, Script::default()).start("run", &json!({ "n": 1 })));
    expect![[r#"
        Failed after 5s: StepFunctions.ExecutionAlreadyExistsException: Execution Already Exists: 'arn:aws:states:us-east-1:123456789012:execution:open_account:child' (Service: AWSStepFunctions; Status Code: 400; Error Code: ExecutionAlreadyExists; Request ID: 00000000-0000-4000-8000-000000000002; Proxy: null)
    "#]].assert_eq(&ending(&run.unwrap()));
}

#[test]
fn two_executions_may_wait_for_one_child() {
    let states = format!("'a': {{ {} }}", start("'Output': 'done', 'End': true"));
    let child = "'a': { 'Type': 'Wait', 'Seconds': 60, 'End': true }";
    let engine = parent(&states, child, Script::default());
    let input = json!({ "n": 1 });
    let (first, second) =
        block_on(async { tokio::join!(engine.start("x", &input), engine.start("y", &input)) });
    for run in [first.unwrap(), second.unwrap()] {
        assert_eq!(ending(&run), "Succeeded after 60s: \"done\"\n");
    }
    assert_eq!(engine.executions().len(), 3);
}

#[test]
fn a_request_that_step_functions_refuses_fails_the_task() {
    let ask = |arguments: &str| {
        let states = format!("'a': {{ {START}, 'Arguments': {arguments}, 'End': true }}");
        let child = "'a': { 'Type': 'Succeed' }";
        let engine = parent(&states, child, Script::default());
        let run = block_on(engine.start("run", &json!({}))).unwrap();
        let input = engine.children(&run).first().map(|run| run.input().clone());
        format!("{}{:?}", ending(&run), input).replace("00000000-0000-4000-8000-", "")
    };
    let failing = |arguments: &str| {
        let text = ask(arguments);
        text.split(" (Service")
            .next()
            .unwrap_or_default()
            .to_owned()
    };
    let arn = "'StateMachineArn': '{% \\'arn:aws:states:us-east-1:123456789012:stateMachine:\\' & \\'NAME\\' %}'";
    let arn = arn.replace("\\'", "\\\"");
    expect![[r#"
        Failed after 0ns: StepFunctions.StateMachineDoesNotExistException: State Machine Does Not Exist: 'arn:aws:states:us-east-1:123456789012:stateMachine:nobody' (Service: AWSStepFunctions; Status Code: 400; Error Code: StateMachineDoesNotExist; Request ID: 000000000001; Proxy: null)
        None"#]].assert_eq(&ask(&format!("{{ {} }}", arn.replace("NAME", "nobody"))));
    let arn = arn.replace("NAME", "open_account");
    expect!["Failed after 0ns: StepFunctions.InvalidNameException: Invalid Name: 'a b'"]
        .assert_eq(&failing(&format!("{{ {arn}, 'Name': 'a b' }}")));
    expect!["Failed after 0ns: StepFunctions.InvalidExecutionInputException: Invalid State Machine Execution Input: 'The input is no JSON text'"].assert_eq(&failing(&format!("{{ {arn}, 'Input': 'Ada' }}")));
    // A string is the JSON text itself, and nothing or `null` is `{}`.
    let input = |input: &str| {
        let text = ask(&format!("{{ {arn}{input} }}"));
        text.lines().last().unwrap_or_default().to_owned()
    };
    assert_eq!(input(", 'Input': '[1]'"), "Some(Array [Number(1)])");
    assert_eq!(input(", 'Input': null"), "Some(Object {})");
    assert_eq!(input(""), "Some(Object {})");
    assert_eq!(input(", 'Input': 7"), "Some(Number(7))");
}

#[test]
fn handlers_and_faults_are_shared_with_children() {
    let reserve = "'x': { 'Type': 'Task', 'Resource': 'arn:aws:states:::lambda:invoke', 'TimeoutSeconds': 10, 'End': true,
        'Retry': [{ 'ErrorEquals': ['Runtime.ExitError'] }],
        'Arguments': { 'FunctionName': '${StockFunctionArn}', 'Payload': {
            'saga': '{% $states.context.Execution.Id %}', 'step': 'stock.reserve', 'input': { 'sku': 'tea' } } } }";
    let states = format!(
        "'a': {{ {}, 'Next': 'x' }}, {reserve}",
        start("'Output': 1")
    );
    let child = definition(reserve).replace(r#""StartAt": "a""#, r#""StartAt": "x""#);
    let (handler, store) = stock();
    let engine = Engine::from_asl("onboard", &definition(&states))
        .with_flow_asl("open_account", &child)
        .with(handler)
        .fault("x", Fault::CrashAfterEffect);
    let run = block_on(engine.start("run", &json!({ "n": 1 }))).unwrap();
    assert_eq!(run.status(), Status::Succeeded, "{}", ending(&run));
    let deliveries = engine.deliveries();
    let log: Vec<_> = deliveries
        .iter()
        .map(|delivery| {
            (
                delivery.execution(),
                delivery.attempt(),
                delivery.fault().is_some(),
            )
        })
        .collect();
    // Each execution counts for itself, so each meets the fault once.
    let expected = [
        ("child", 1, true),
        ("child", 2, false),
        ("run", 1, true),
        ("run", 2, false),
    ];
    assert_eq!(log, expected);
    assert_eq!(
        deliveries[0].execution_arn(),
        engine.children(&run)[0].arn()
    );
    assert_eq!(store.tables()["shelves"][0]["held"], json!(2));
}

#[test]
fn a_call_of_a_child_outlives_its_parent() {
    let branches = format!(
        "'a': {{ 'Type': 'Parallel', 'End': true, 'Branches': [
            {{ 'StartAt': 'n', 'States': {{ 'n': {{ {} }} }} }},
            {{ 'StartAt': 'r', 'States': {{ 'r': {{ {LAMBDA}, 'End': true }} }} }} ] }}",
        start("'End': true")
    );
    let child = format!("'l': {{ {LAMBDA}, 'End': true }}");
    let child = definition(&child).replace(r#""StartAt": "a""#, r#""StartAt": "l""#);
    let slow = Slow::default();
    // The branch `r` fails while the child's call is out, which goes on; the engine waits for it.
    let engine = Engine::from_asl("onboard", &definition(&branches))
        .with_flow_asl("open_account", &child)
        .with_host(LambdaOnly(slow.clone()));
    let run = block_on(engine.start("run", &json!({ "n": 1 }))).unwrap();
    assert_eq!(run.status(), Status::Failed);
    assert_eq!(engine.children(&run)[0].status(), Status::Aborted);
    assert_eq!(slow.ended(), ["r", "l"]);
}

/// Leaves nested executions to the engine.
struct LambdaOnly(Slow);

impl TaskHost for LambdaOnly {
    fn answers(&self, service: &str, _: &str) -> bool {
        service == "lambda"
    }

    fn call(&self, call: Call) -> BoxFuture<'static, Answer> {
        self.0.call(call)
    }
}

const PARK: &str = "'a': { 'Type': 'Task', 'Resource': 'arn:aws:states:::sqs:sendMessage.waitForTaskToken', 'TimeoutSeconds': 1000,
    'Arguments': { 'QueueUrl': 'q', 'MessageBody': '{% $states.context.Task.Token %}' }, 'End': true }";

#[test]
fn a_child_that_is_parked_is_resumed_by_its_token() {
    let states = format!(
        "'a': {{ {} }}",
        start("'Output': '{% $states.result.Output %}', 'End': true")
    );
    let engine = parent(&states, PARK, Script::default());
    let run = block_on(engine.start("run", &json!({ "n": 1 }))).unwrap();
    assert_eq!(run.status(), Status::Running);
    let parked = engine.parked();
    assert_eq!(parked.len(), 1);
    assert_eq!(
        (parked[0].execution(), parked[0].execution_arn()),
        ("child", engine.children(&run)[0].arn())
    );
    let run = block_on(engine.resume(parked[0].token(), json!({ "by": "hand" }))).unwrap();
    assert_eq!(
        (run.name(), ending(&run).as_str()),
        ("run", "Succeeded after 0ns: {\"by\":\"hand\"}\n")
    );
    // A child that nobody waits for is resumed as well; the answer is about the run that began it all.
    let states = format!("'a': {{ {} }}", start("'End': true")).replace(".sync:2", "");
    let engine = parent(&states, PARK, Script::default());
    let run = block_on(engine.start("run", &json!({ "n": 1 }))).unwrap();
    assert_eq!(run.status(), Status::Succeeded);
    let token = engine.parked()[0].token().to_owned();
    let run = block_on(engine.resume(&token, json!(1))).unwrap();
    assert_eq!(run.name(), "run");
    assert_eq!(engine.children(&run)[0].status(), Status::Succeeded);
}

#[test]
fn a_parent_that_no_longer_waits_stops_its_child() {
    let aborted = |engine: &Engine<Value, Value>| {
        let runs = engine.executions();
        let child = runs.iter().find(|run| run.name() == "child").unwrap();
        assert!(engine.parked().is_empty());
        (
            child.status(),
            child.history().last().unwrap().kind().to_owned(),
            child.elapsed().as_secs(),
        )
    };
    let expected = |seconds| (Status::Aborted, "ExecutionAborted".to_owned(), seconds);
    let input = json!({ "n": 1 });

    // Stopped by hand.
    let waits = format!("'a': {{ {} }}", start("'End': true"));
    let engine = parent(&waits, PARK, Script::default());
    block_on(async {
        engine.start("run", &input).await.unwrap();
        engine.stop("run", "Operator.Stopped", "").await.unwrap();
    });
    assert_eq!(aborted(&engine), expected(0));

    // Its own time is over.
    let limited = definition(&waits).replace(r#""StartAt""#, r#""TimeoutSeconds": 50, "StartAt""#);
    let engine =
        Engine::from_asl("onboard", &limited).with_flow_asl("open_account", &definition(PARK));
    block_on(async {
        engine.start("run", &input).await.unwrap();
        engine.advance(Duration::from_secs(50)).await;
    });
    assert_eq!(engine.run("run").unwrap().status(), Status::TimedOut);
    assert_eq!(aborted(&engine), expected(50));

    // The Task's time is over.
    let limited = format!("'a': {{ {} }}", start("'TimeoutSeconds': 40, 'End': true"));
    let engine = parent(&limited, PARK, Script::default());
    block_on(async {
        engine.start("run", &input).await.unwrap();
        engine.advance(Duration::from_secs(40)).await;
    });
    assert_eq!(engine.run("run").unwrap().error(), Some("States.Timeout"));
    assert_eq!(aborted(&engine), expected(40));

    // A sibling failed.
    let branches = format!(
        "'a': {{ 'Type': 'Parallel', 'End': true, 'Branches': [
            {{ 'StartAt': 'l', 'States': {{ 'l': {{ {} }} }} }},
            {{ 'StartAt': 'w', 'States': {{ 'w': {{ 'Type': 'Wait', 'Seconds': 7, 'Next': 'f' }}, 'f': {{ 'Type': 'Fail' }} }} }} ] }}",
        start("'End': true")
    );
    let engine = parent(&branches, PARK, Script::default());
    let run = block_on(engine.start("run", &input)).unwrap();
    assert_eq!(run.status(), Status::Failed);
    assert_eq!(aborted(&engine), expected(7));
}

#[test]
fn a_grandchild_is_stopped_as_well() {
    let start = |flow: &str| {
        format!(
            "'a': {{ {START}, 'Arguments': {{ 'StateMachineArn': '${{{flow}StateMachineArn}}', 'Name': 'n' }}, 'End': true }}"
        )
    };
    let engine = Engine::from_asl("top", &definition(&start("Middle")))
        .with_flow_asl("middle", &definition(&start("Leaf")))
        .with_flow_asl("leaf", &definition(PARK));
    block_on(async {
        engine.start("run", &json!({})).await.unwrap();
        engine.stop("run", "Operator.Stopped", "").await.unwrap();
    });
    let statuses: Vec<Status> = engine
        .executions()
        .iter()
        .map(saga_local::Run::status)
        .collect();
    assert_eq!(statuses, [Status::Aborted; 3]);
}

#[test]
fn flows_are_checked_before_anything_runs() {
    let states = format!("'a': {{ {} }}", start("'End': true"));
    let child = "'a': { 'Type': 'Succeed' }";
    let error = Engine::from_asl("onboard", &definition(&states))
        .check()
        .unwrap_err();
    assert!(error.is_missing_flow());
    expect!["no flow answers to `${OpenAccountStateMachineArn}`, which state `a` starts; add it with `Engine::with_flow`"].assert_eq(&error.to_string());
    let engine = parent(&states, child, Script::default());
    assert!(engine.check().is_ok());
    let error = engine
        .with_flow_asl("open_account", &definition(child))
        .check()
        .unwrap_err();
    assert!(error.is_flow_twice());
    expect!["two flows are named `open_account`; add one of them only"]
        .assert_eq(&error.to_string());
    // What is wrong with a child's definition or handlers counts as well.
    let error = parent(&states, "", Script::default()).check().unwrap_err();
    assert!(error.is_invalid_definition());
    expect!["the definition of `open_account` is not valid"].assert_eq(&error.to_string());
    let calls = format!("'a': {{ {LAMBDA}, 'End': true }}");
    let engine = Engine::from_asl("onboard", &definition(&states))
        .with_flow_asl("open_account", &definition(&calls));
    assert!(engine.check().unwrap_err().is_missing_handler());
}

//! Distributed Map: an execution for each item, and how many of them may fail.

use expect_test::expect;
use saga_local::{Engine, Fault, Status};
use serde_json::{Value, json};

use crate::faults::stock;
use crate::support::{Script, block_on, ending, engine, error, trace};

/// A Map of `items` in distributed mode; `n` is an item's number.
fn map(items: &str, more: &str, states: &str) -> String {
    format!(
        "'a': {{ 'Type': 'Map', 'Items': {items}, {more}, 'End': true, 'Label': 'each',
                 'ItemSelector': {{ 'n': '{{% $states.context.Map.Item.Value %}}' }},
                 'ItemProcessor': {{ 'ProcessorConfig': {{ 'Mode': 'DISTRIBUTED', 'ExecutionType': 'STANDARD' }},
                                    'StartAt': 'i', 'States': {{ {states} }} }} }}"
    )
}

fn run(states: &str, script: Script) -> (Engine<Value, Value>, saga_local::Run<Value>) {
    let engine = engine(states).with_host(script);
    let run = block_on(engine.start("run", &json!({}))).unwrap();
    (engine, run)
}

const WAIT: &str = "'i': { 'Type': 'Wait', 'Seconds': '{% $states.input.n %}', 'Next': 'j' },
    'j': { 'Type': 'Succeed', 'Output': { 'input': '{% $states.context.Execution.Input %}', 'id': '{% $states.context.Execution.Id %}',
                                         'machine': '{% $states.context.StateMachine.Id %}' } }";

#[test]
fn every_item_is_an_execution_of_its_own() {
    let (engine, run) = run(
        &map("[3, 1]", "'MaxConcurrency': 0", WAIT),
        Script::default(),
    );
    expect![[r#"
        1 0 ExecutionStarted input={}
        2 0 MapStateEntered name="a" input={}
        3 2 MapStateStarted length=2
        4 3 MapRunStarted mapRunArn="arn:aws:states:us-east-1:123456789012:mapRun:machine/each:a631fb8a-b65e-42b2-bb76-515df4fd9077"
        5 4 MapRunSucceeded
        6 5 MapStateSucceeded
        7 5 MapStateExited name="a" output=[{"input":{"n":3},"id":"arn:aws:states:us-east-1:123456789012:execution:machine/each:2c27dc4d-160d-417b-9660-3d46466b42d2","machine":"arn:aws:states:us-east-1:123456789012:stateMachine:machine/each"},{"input":{"n":1},"id":"arn:aws:states:us-east-1:123456789012:execution:machine/each:65042569-5aa4-488f-8c00-76fef071084a","machine":"arn:aws:states:us-east-1:123456789012:stateMachine:machine/each"}]
        8 7 ExecutionSucceeded output=[{"input":{"n":3},"id":"arn:aws:states:us-east-1:123456789012:execution:machine/each:2c27dc4d-160d-417b-9660-3d46466b42d2","machine":"arn:aws:states:us-east-1:123456789012:stateMachine:machine/each"},{"input":{"n":1},"id":"arn:aws:states:us-east-1:123456789012:execution:machine/each:65042569-5aa4-488f-8c00-76fef071084a","machine":"arn:aws:states:us-east-1:123456789012:stateMachine:machine/each"}]
        Succeeded after 3s: [{"input":{"n":3},"id":"arn:aws:states:us-east-1:123456789012:execution:machine/each:2c27dc4d-160d-417b-9660-3d46466b42d2","machine":"arn:aws:states:us-east-1:123456789012:stateMachine:machine/each"},{"input":{"n":1},"id":"arn:aws:states:us-east-1:123456789012:execution:machine/each:65042569-5aa4-488f-8c00-76fef071084a","machine":"arn:aws:states:us-east-1:123456789012:stateMachine:machine/each"}]
    "#]].assert_eq(&trace(&run));
    let children = engine.children(&run);
    assert_eq!(children.len(), 2);
    assert_eq!(
        (children[1].input(), children[1].state_machine()),
        (&json!({ "n": 1 }), "machine")
    );
    assert!(
        children[0]
            .arn()
            .starts_with("arn:aws:states:us-east-1:123456789012:execution:machine/each:")
    );
    assert_ne!(children[0].arn(), children[1].arn());
    expect![[r#"
        1 0 ExecutionStarted input={"n":1}
        2 0 WaitStateEntered name="i" input={"n":1}
        3 2 WaitStateExited name="i" output={"n":1}
        4 3 SucceedStateEntered name="j" input={"n":1}
        5 4 SucceedStateExited name="j" output={"input":{"n":1},"id":"arn:aws:states:us-east-1:123456789012:execution:machine/each:NAME","machine":"arn:aws:states:us-east-1:123456789012:stateMachine:machine/each"}
        6 5 ExecutionSucceeded output={"input":{"n":1},"id":"arn:aws:states:us-east-1:123456789012:execution:machine/each:NAME","machine":"arn:aws:states:us-east-1:123456789012:stateMachine:machine/each"}
        Succeeded after 1s: {"input":{"n":1},"id":"arn:aws:states:us-east-1:123456789012:execution:machine/each:NAME","machine":"arn:aws:states:us-east-1:123456789012:stateMachine:machine/each"}
    "#]].assert_eq(&trace(&children[1]).replace(children[1].name(), "NAME"));
}

#[test]
fn concurrency_is_what_the_map_says_up_to_10000() {
    let seconds = |more: &str, items: &str| {
        let states = "'i': { 'Type': 'Wait', 'Seconds': 1, 'End': true }";
        run(&map(items, more, states), Script::default())
            .1
            .elapsed()
            .as_secs()
    };
    assert_eq!(seconds("'MaxConcurrency': 1", "[1, 2, 3]"), 3);
    assert_eq!(seconds("'MaxConcurrency': 2", "[1, 2, 3]"), 2);
    // An inline Map runs 40 at once.
    assert_eq!(seconds("'MaxConcurrency': 0", "'{% [1..100] %}'"), 1);
    assert_eq!(seconds("'MaxConcurrency': 60", "'{% [1..100] %}'"), 2);
    assert_eq!(seconds("'MaxConcurrency': 5", "[]"), 0);
}

const FAIL: &str = "'i': { 'Type': 'Choice', 'Choices': [{ 'Condition': '{% $states.input.n = 2 %}', 'Next': 'f' }], 'Default': 'w' },
    'f': { 'Type': 'Fail', 'Error': 'E', 'Cause': 'two' },
    'w': { 'Type': 'Wait', 'Seconds': 9, 'Output': 'done', 'End': true }";

#[test]
fn the_first_failure_stops_the_others() {
    let (engine, run) = run(
        &map("[1, 2, 3]", "'MaxConcurrency': 0", FAIL),
        Script::default(),
    );
    expect![[r#"
        1 0 ExecutionStarted input={}
        2 0 MapStateEntered name="a" input={}
        3 2 MapStateStarted length=3
        4 3 MapRunStarted mapRunArn="arn:aws:states:us-east-1:123456789012:mapRun:machine/each:a631fb8a-b65e-42b2-bb76-515df4fd9077"
        5 4 MapRunFailed error="States.ExceedToleratedFailureThreshold" cause="The specified tolerated failure threshold was exceeded"
        6 5 MapStateFailed
        7 6 ExecutionFailed error="States.ExceedToleratedFailureThreshold" cause="The specified tolerated failure threshold was exceeded"
        Failed after 0ns: States.ExceedToleratedFailureThreshold: The specified tolerated failure threshold was exceeded
    "#]].assert_eq(&trace(&run));
    let statuses: Vec<Status> = engine
        .children(&run)
        .iter()
        .map(saga_local::Run::status)
        .collect();
    assert_eq!(statuses, [Status::Aborted, Status::Failed, Status::Aborted]);
}

#[test]
fn failures_may_be_tolerated() {
    let end = |more: &str| ending(&run(&map("[1, 2, 2, 3]", more, FAIL), Script::default()).1);
    let tolerated = "Succeeded after 9s: [\"done\",{\"Status\":\"FAILED\",\"Error\":\"E\",\"Cause\":\"two\"},\
        {\"Status\":\"FAILED\",\"Error\":\"E\",\"Cause\":\"two\"},\"done\"]\n";
    assert_eq!(end("'ToleratedFailureCount': 2"), tolerated);
    assert_eq!(end("'ToleratedFailurePercentage': 50"), tolerated);
    assert_eq!(
        end("'ToleratedFailureCount': '{% 2 %}', 'ToleratedFailurePercentage': '{% 50 %}'",),
        tolerated
    );
    let exceeded = "Failed after 0ns: States.ExceedToleratedFailureThreshold: \
        The specified tolerated failure threshold was exceeded\n";
    assert_eq!(end("'ToleratedFailureCount': 1"), exceeded);
    assert_eq!(end("'ToleratedFailurePercentage': 49"), exceeded);
    assert_eq!(
        end("'ToleratedFailureCount': 2, 'ToleratedFailurePercentage': 49",),
        exceeded
    );
    assert_eq!(
        end("'ToleratedFailureCount': 1, 'ToleratedFailurePercentage': 100",),
        exceeded
    );
    expect![[r#"
        Failed after 0ns: States.QueryEvaluationError: An error occurred while executing the state 'a' (entered at the event id #2). The JSONata expression '101' specified for the field 'ToleratedFailurePercentage' returned 101, more than 100.
    "#]].assert_eq(&end("'ToleratedFailurePercentage': '{% 101 %}'"));
}

#[test]
fn a_failed_map_can_be_caught_and_retried() {
    let task = "'i': { 'Type': 'Task', 'Resource': 'arn:aws:states:::lambda:invoke', 'TimeoutSeconds': 10,
        'Arguments': { 'FunctionName': 'f', 'Payload': '{% $states.input.n %}' }, 'Output': '{% $states.result.Payload %}', 'End': true }";
    let retry = "'Retry': [{ 'ErrorEquals': ['States.ExceedToleratedFailureThreshold'], 'MaxAttempts': 1 }]";
    let (engine, run) = run(
        &map("[1, 2]", retry, task),
        Script::default().on("i", [error("E")]),
    );
    expect![[r#"
        Succeeded after 1s: [1,2]
    "#]]
    .assert_eq(&ending(&run));
    // Both items of the first attempt, and both of the second.
    assert_eq!(engine.children(&run).len(), 4);
}

#[test]
fn the_children_of_a_map_that_is_aborted_are_stopped() {
    let branches = format!(
        "'a': {{ 'Type': 'Parallel', 'End': true, 'Branches': [
            {{ 'StartAt': 'm', 'States': {{ {} }} }},
            {{ 'StartAt': 'w', 'States': {{ 'w': {{ 'Type': 'Wait', 'Seconds': 2, 'Next': 'f' }}, 'f': {{ 'Type': 'Fail' }} }} }} ] }}",
        map("[1, 5]", "'MaxConcurrency': 0", WAIT).replacen("'a'", "'m'", 1)
    );
    let (engine, run) = run(&branches, Script::default());
    assert_eq!(run.elapsed().as_secs(), 2);
    let statuses: Vec<Status> = engine
        .children(&run)
        .iter()
        .map(saga_local::Run::status)
        .collect();
    assert_eq!(statuses, [Status::Succeeded, Status::Aborted]);
}

#[test]
fn an_express_child_lives_five_minutes() {
    let express = map(
        "[299, 301]",
        "'ToleratedFailureCount': 1, 'Output': '{% $states.result[1] %}'",
        WAIT,
    )
    .replace("STANDARD", "EXPRESS");
    expect![[r#"
        Succeeded after 300s: {"Status":"TIMED_OUT","Error":"States.Timeout"}
    "#]]
    .assert_eq(&ending(&run(&express, Script::default()).1));
}

#[test]
fn many_children_at_once_are_no_trouble() {
    let states =
        "'i': { 'Type': 'Wait', 'Seconds': 1, 'Output': '{% $states.input.n %}', 'End': true }";
    let all = map(
        "'{% [1..2000] %}'",
        "'Output': '{% $sum($states.result) %}'",
        states,
    );
    let (_, run) = run(&all, Script::default());
    assert_eq!(ending(&run), "Succeeded after 1s: 2001000\n");
    assert_eq!(run.history().len(), 8);
}

/// Reserves or, in the phase of compensation, releases the item that `n` says.
fn stock_call(phase: &str) -> String {
    format!(
        "'i': {{ 'Type': 'Task', 'Resource': 'arn:aws:states:::lambda:invoke', 'TimeoutSeconds': 10, 'End': true,
            'Arguments': {{ 'FunctionName': '${{StockFunctionArn}}', 'Payload': {{
                'saga': 'run', 'step': 'stock.reserve', 'item': '{{% [$states.input.n] %}}', {phase} }} }} }}"
    )
}

#[test]
fn items_count_their_deliveries_together_and_late_ones_outlive_their_child() {
    let forward = map(
        "[0, 1]",
        "'MaxConcurrency': 0",
        &stock_call("'input': { 'sku': 'tea' }"),
    );
    let undo = map(
        "[0, 1]",
        "'MaxConcurrency': 0",
        &stock_call("'phase': 'compensation'"),
    );
    let catch = "'Catch': [{ 'ErrorEquals': ['States.ALL'], 'Next': 'u' }], 'Label': 'each'";
    let forward = forward.replacen("'Label': 'each'", catch, 1);
    let undo = undo
        .replacen("'a'", "'u'", 1)
        .replace("'i'", "'j'")
        .replace("'each'", "'undo'");
    let (handler, store) = stock();
    // The second delivery of the first Map is lost for now: its item fails, and the other child is done by then.
    let engine = engine(&format!("{forward}, {undo}"))
        .with(handler)
        .fault("i", Fault::LateDelivery.from_delivery(2));
    let run = block_on(engine.start("run", &json!({}))).unwrap();
    assert_eq!(run.status(), Status::Succeeded, "{}", ending(&run));
    let log: Vec<String> = engine
        .deliveries()
        .iter()
        .map(|delivery| {
            let item = &delivery.payload()["item"];
            let late = if delivery.is_late() { " late" } else { "" };
            format!("{} {item} {}{late}", delivery.state(), delivery.attempt())
        })
        .collect();
    // The late one arrives only after the compensation of its item, which another child asked for.
    expect![[r#"
        i [0] 1
        i [1] 2
        j [0] 1
        j [1] 2
        i [1] 2 late"#]]
    .assert_eq(&log.join("\n"));
    assert_eq!(store.tables()["shelves"][0]["held"], json!(0));
}

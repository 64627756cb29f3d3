//! Parallel and Map: scopes, order, concurrency, abort.

use std::sync::{Arc, Mutex};

use expect_test::expect;
use saga_local::{Answer, BoxFuture, Call, TaskHost};
use serde_json::json;

use crate::support::{Script, block_on, check, check_ending, ending, engine, error, payload};

const TASK: &str = "'Type': 'Task', 'Resource': 'arn:aws:states:::lambda:invoke', 'TimeoutSeconds': 10, 'Arguments': { 'FunctionName': 'f', 'Payload': 1 }";

#[test]
fn branches_read_outer_variables_and_keep_their_own() {
    let states = "
        'a': { 'Type': 'Pass', 'Assign': { 'outer': 1 }, 'Next': 'b' },
        'b': { 'Type': 'Parallel', 'Arguments': { 'n': '{% $outer + 1 %}' }, 'Next': 'c', 'Assign': { 'both': '{% $states.result %}' },
               'Branches': [
            { 'StartAt': 'l', 'States': { 'l': { 'Type': 'Pass', 'Assign': { 'inner': 5 }, 'Next': 'l2' },
                                          'l2': { 'Type': 'Succeed', 'Output': '{% $inner + $outer + $states.input.n %}' } } },
            { 'StartAt': 'r', 'States': { 'r': { 'Type': 'Wait', 'Seconds': 2, 'Output': 'slow', 'End': true } } } ] },
        'c': { 'Type': 'Succeed', 'Output': '{% $both %}' }";
    check(
        states,
        Script::default(),
        &json!({}),
        &expect![[r#"
        1 0 ExecutionStarted input={}
        2 0 PassStateEntered name="a" input={}
        3 2 PassStateExited name="a" output={} assignedVariables={"outer":1}
        4 3 ParallelStateEntered name="b" input={}
        5 4 ParallelStateStarted
        6 5 PassStateEntered name="l" input={"n":2}
        7 6 PassStateExited name="l" output={"n":2} assignedVariables={"inner":5}
        8 7 SucceedStateEntered name="l2" input={"n":2}
        9 8 SucceedStateExited name="l2" output=8
        10 5 WaitStateEntered name="r" input={"n":2}
        11 10 WaitStateExited name="r" output="slow"
        12 11 ParallelStateSucceeded
        13 11 ParallelStateExited name="b" output=[8,"slow"] assignedVariables={"both":[8,"slow"]}
        14 13 SucceedStateEntered name="c" input=[8,"slow"]
        15 14 SucceedStateExited name="c" output=[8,"slow"]
        16 15 ExecutionSucceeded output=[8,"slow"]
        Succeeded after 2s: [8,"slow"]
    "#]],
    );
}

#[test]
fn a_failing_branch_aborts_its_siblings() {
    let states = format!(
        "'a': {{ 'Type': 'Parallel', 'End': true, 'Catch': [{{ 'ErrorEquals': ['E'], 'Next': 'z' }}], 'Branches': [
            {{ 'StartAt': 'l', 'States': {{ 'l': {{ 'Type': 'Wait', 'Seconds': 100, 'End': true }} }} }},
            {{ 'StartAt': 'r', 'States': {{ 'r': {{ {TASK}, 'End': true }} }} }} ] }},
         'z': {{ 'Type': 'Succeed' }}"
    );
    check(
        &states,
        Script::default().on("r", [error("E")]),
        &json!({}),
        &expect![[r#"
        1 0 ExecutionStarted input={}
        2 0 ParallelStateEntered name="a" input={}
        3 2 ParallelStateStarted
        4 3 WaitStateEntered name="l" input={}
        5 3 TaskStateEntered name="r" input={}
        6 5 TaskScheduled parameters={"FunctionName":"f","Payload":1} timeoutInSeconds=10
        7 6 TaskStarted
        8 7 TaskFailed error="E" cause="E happened"
        9 4 WaitStateAborted
        10 8 ParallelStateFailed
        11 10 ParallelStateExited name="a" output={"Error":"E","Cause":"E happened"}
        12 11 SucceedStateEntered name="z" input={"Error":"E","Cause":"E happened"}
        13 12 SucceedStateExited name="z" output={"Error":"E","Cause":"E happened"}
        14 13 ExecutionSucceeded output={"Error":"E","Cause":"E happened"}
        Succeeded after 0ns: {"Error":"E","Cause":"E happened"}
    "#]],
    );
}

#[test]
fn a_parallel_is_retried_as_a_whole() {
    let states = format!(
        "'a': {{ 'Type': 'Parallel', 'End': true, 'Retry': [{{ 'ErrorEquals': ['E'] }}], 'Output': '{{% $states.result.Payload %}}', 'Branches': [
            {{ 'StartAt': 'l', 'States': {{ 'l': {{ {TASK}, 'End': true }} }} }},
            {{ 'StartAt': 'r', 'States': {{ 'r': {{ {TASK}, 'End': true }} }} }} ] }}"
    );
    check_ending(
        &states,
        Script::default().on("r", [error("E"), payload(json!(2))]),
        &expect![[r#"
        Succeeded after 1s: [1,2]
    "#]],
    );
}

#[test]
fn map_keeps_order_and_knows_index_and_value() {
    let states = "
        'a': { 'Type': 'Map', 'Items': '{% [30, 10, 20] %}', 'End': true,
               'ItemSelector': { 'index': '{% $states.context.Map.Item.Index %}', 'value': '{% $states.context.Map.Item.Value %}' },
               'ItemProcessor': { 'ProcessorConfig': { 'Mode': 'INLINE' }, 'StartAt': 'w', 'States': {
                   'w': { 'Type': 'Wait', 'Seconds': '{% $states.input.value %}',
                          'Output': '{% [$states.input.index, $states.context.Map.Item.Value] %}', 'End': true } } } }";
    check_ending(
        states,
        Script::default(),
        &expect![[r#"
        Succeeded after 30s: [[0,30],[1,10],[2,20]]
    "#]],
    );
    // One at a time, the waits add up.
    check_ending(
        &states.replace("'Items'", "'MaxConcurrency': 1, 'Items'"),
        Script::default(),
        &expect![[r#"
        Succeeded after 60s: [[0,30],[1,10],[2,20]]
    "#]],
    );
    check_ending(
        &states.replace("'Items'", "'MaxConcurrency': 2, 'Items'"),
        Script::default(),
        &expect![[r#"
        Succeeded after 30s: [[0,30],[1,10],[2,20]]
    "#]],
    );
    check_ending(
        &states.replace("[30, 10, 20]", "[]"),
        Script::default(),
        &expect![[r#"
        Succeeded after 0ns: []
    "#]],
    );
}

#[test]
fn a_failing_item_fails_the_map() {
    let states = format!(
        "'a': {{ 'Type': 'Map', 'Items': [1, 2, 3], 'MaxConcurrency': 2, 'End': true,
                 'ItemProcessor': {{ 'StartAt': 'x', 'States': {{ 'x': {{ {TASK}, 'End': true }} }} }} }}"
    );
    check(
        &states,
        Script::default().on("x", [Answer::Lost, error("E")]),
        &json!({}),
        &expect![[r#"
        1 0 ExecutionStarted input={}
        2 0 MapStateEntered name="a" input={}
        3 2 MapStateStarted length=3
        4 3 MapIterationStarted index=0 name="a"
        5 3 MapIterationStarted index=1 name="a"
        6 4 TaskStateEntered name="x" input=1
        7 6 TaskScheduled parameters={"FunctionName":"f","Payload":1} timeoutInSeconds=10
        8 7 TaskStarted
        9 5 TaskStateEntered name="x" input=2
        10 9 TaskScheduled parameters={"FunctionName":"f","Payload":1} timeoutInSeconds=10
        11 10 TaskStarted
        12 11 TaskFailed error="E" cause="E happened"
        13 8 TaskStateAborted
        14 12 MapIterationFailed index=1 name="a"
        15 12 MapStateFailed
        16 15 ExecutionFailed error="E" cause="E happened"
        Failed after 0ns: E: E happened
    "#]],
    );
}

/// Every call takes some rounds of the executor, those of `l` more; each end is noted.
#[derive(Clone, Default)]
pub(crate) struct Slow(Arc<Mutex<Vec<String>>>);

impl Slow {
    pub(crate) fn ended(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl TaskHost for Slow {
    fn answers(&self, _: &str, _: &str) -> bool {
        true
    }

    fn call(&self, call: Call) -> BoxFuture<'static, Answer> {
        let ended = Arc::clone(&self.0);
        Box::pin(async move {
            for _ in 0..if call.state() == "l" { 9 } else { 4 } {
                tokio::task::yield_now().await;
            }
            ended.lock().unwrap().push(call.state().to_owned());
            if call.state() == "r" {
                error("E")
            } else {
                payload(json!(null))
            }
        })
    }
}

#[test]
fn a_call_outlives_the_branch_that_made_it() {
    let states = format!(
        "'a': {{ 'Type': 'Parallel', 'End': true, 'Branches': [
            {{ 'StartAt': 'l', 'States': {{ 'l': {{ {TASK}, 'End': true }} }} }},
            {{ 'StartAt': 'r', 'States': {{ 'r': {{ {TASK}, 'End': true }} }} }} ] }}"
    );
    let slow = Slow::default();
    let run = block_on(
        engine(&states)
            .with_host(slow.clone())
            .start("run", &json!({})),
    )
    .unwrap();
    expect![[r#"
        Failed after 0ns: E: E happened
    "#]]
    .assert_eq(&ending(&run));
    assert_eq!(slow.ended(), ["r", "l"]);
}

/// What stands in an item of a Map over `items`, and the Map's result.
fn map(name: &str, items: &str, more: &str, states: &str) -> String {
    format!(
        "'{name}': {{ 'Type': 'Map', 'Items': {items}, {more} 'End': true, 'ItemProcessor': {{ {states} }} }}"
    )
}

#[test]
fn a_map_in_a_map_has_its_own_item_and_sees_the_outer_variables() {
    let inner = map(
        "inner",
        "'{% $rows[$states.input.row].cells %}'",
        "'ItemSelector': { 'cell': '{% $states.context.Map.Item.Index %}', 'row': '{% $states.input.row %}', 'place': '{% $place %}' },",
        "'StartAt': 'p', 'States': {
            'p': { 'Type': 'Pass', 'Assign': { 'mine': '{% $place & \\'/\\' & $states.input.cell %}' }, 'Next': 'q' },
            'q': { 'Type': 'Wait', 'Seconds': '{% 3 - $states.input.cell %}', 'Output': '{% $mine & \\'=\\' & $states.context.Map.Item.Value %}', 'End': true } }",
    );
    let outer = map(
        "b",
        "'{% $rows %}'",
        "'ItemSelector': { 'row': '{% $states.context.Map.Item.Index %}' },",
        &format!(
            "'StartAt': 's', 'States': {{
                's': {{ 'Type': 'Pass', 'Assign': {{ 'place': '{{% \\'row \\' & $states.context.Map.Item.Index %}}' }}, 'Next': 'inner' }}, {inner} }}"
        ),
    );
    let states = format!(
        "'a': {{ 'Type': 'Pass', 'Assign': {{ 'rows': [{{ 'cells': ['x', 'y'] }}, {{ 'cells': [] }}, {{ 'cells': ['z'] }}] }}, 'Next': 'b' }}, {outer}"
    )
    .replace("\\'", "\\\"");
    check_ending(
        &states,
        Script::default(),
        &expect![[r#"
        Succeeded after 3s: [["row 0/0=x","row 0/1=y"],[],["row 2/0=z"]]
    "#]],
    );
}

#[test]
fn the_item_is_known_in_a_parallel_inside_of_a_map() {
    let branch = |state: &str, field: &str| {
        format!(
            "{{ 'StartAt': '{state}', 'States': {{ '{state}': {{ 'Type': 'Pass', 'Assign': {{ 'mine': '{{% $states.context.Map.Item.{field} %}}' }}, 'Next': '{state}2' }},
               '{state}2': {{ 'Type': 'Succeed', 'Output': '{{% $mine %}}' }} }} }}"
        )
    };
    let branches = [branch("l", "Index"), branch("r", "Value")].join(",");
    let states = map(
        "a",
        "['x', 'y']",
        "",
        &format!(
            "'StartAt': 'p', 'States': {{ 'p': {{ 'Type': 'Parallel', 'Branches': [{branches}], 'End': true }} }}"
        ),
    );
    check_ending(
        &states,
        Script::default(),
        &expect![[r#"
        Succeeded after 0ns: [[0,"x"],[1,"y"]]
    "#]],
    );
}

#[test]
fn a_retried_branch_begins_without_the_variables_of_its_last_attempt() {
    let states = format!(
        "'a': {{ 'Type': 'Parallel', 'End': true, 'Retry': [{{ 'ErrorEquals': ['E'] }}], 'Branches': [
            {{ 'StartAt': 'c', 'States': {{
                'c': {{ 'Type': 'Choice', 'Choices': [{{ 'Condition': '{{% $exists($x) %}}', 'Next': 'w' }}], 'Default': 'l' }},
                'l': {{ 'Type': 'Pass', 'Assign': {{ 'x': 1 }}, 'Next': 'r' }},
                'r': {{ {TASK}, 'Output': 'clean', 'End': true }},
                'w': {{ 'Type': 'Fail', 'Error': 'Kept' }} }} }} ] }}"
    );
    check_ending(
        &states,
        Script::default().on("r", [error("E")]),
        &expect![[r#"
            Succeeded after 1s: ["clean"]
        "#]],
    );
}

#[test]
fn an_inline_map_runs_40_items_at_once() {
    for (items, seconds) in [("'{% [1..40] %}'", 1), ("'{% [1..41] %}'", 2)] {
        for limit in ["", "'MaxConcurrency': 0,", "'MaxConcurrency': 1000,"] {
            let states = map(
                "a",
                items,
                limit,
                "'StartAt': 'w', 'States': { 'w': { 'Type': 'Wait', 'Seconds': 1, 'Output': 1, 'End': true } }",
            );
            let run = block_on(engine(&states).start("run", &json!({}))).unwrap();
            assert_eq!(run.elapsed().as_secs(), seconds, "{items} {limit}");
        }
    }
}

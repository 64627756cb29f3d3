//! What the compiler counts is what a run costs.

use saga_compiler::{Budget, Count};
use saga_local::Status;
use serde_json::json;

use crate::support::{Script, block_on, definition, engine, error};

const TASK: &str = "'Type': 'Task', 'Resource': 'arn:aws:states:::lambda:invoke', 'TimeoutSeconds': 10, 'Arguments': { 'FunctionName': 'f', 'Payload': 1 }";

/// Every kind of state once, a loop in a loop, and what undoes them; `{% [1, 2] %}` is each loop's list.
fn states() -> String {
    let catch = "'Catch': [{ 'ErrorEquals': ['E'], 'Next': 'compensate for x in xs' }]";
    let undo = format!(
        "'compensate for x in xs': {{ 'Type': 'Map', 'Items': '{{% [1, 2] %}}', 'Next': 'compensated', 'ItemProcessor': {{
            'StartAt': 'compensate t', 'States': {{ 'compensate t': {{ {TASK}, 'End': true }} }} }} }},
         'compensated': {{ 'Type': 'Fail', 'Error': 'E' }}"
    );
    format!(
        "'a': {{ {TASK}, 'Next': 'if x' }},
         'if x': {{ 'Type': 'Choice', 'Choices': [{{ 'Condition': '{{% true %}}', 'Next': 'wait' }}], 'Default': 'for x in xs' }},
         'wait': {{ 'Type': 'Wait', 'Seconds': 1, 'Next': 'for x in xs' }},
         'for x in xs': {{ 'Type': 'Map', 'Items': '{{% [1, 2] %}}', 'MaxConcurrency': 1, {catch}, 'Next': 'join', 'ItemProcessor': {{
            'StartAt': 'for y in x', 'States': {{
                'for y in x': {{ 'Type': 'Map', 'Items': '{{% [1, 2] %}}', 'MaxConcurrency': 1, 'Next': 't', 'ItemProcessor': {{
                    'StartAt': 'u', 'States': {{ 'u': {{ {TASK}, 'End': true }} }} }} }},
                't': {{ {TASK}, 'End': true }} }} }} }},
         'join': {{ 'Type': 'Parallel', {catch}, 'Next': 'end', 'Branches': [
            {{ 'StartAt': 'v', 'States': {{ 'v': {{ {TASK}, 'Next': 'w' }}, 'w': {{ {TASK}, 'End': true }} }} }},
            {{ 'StartAt': 'z', 'States': {{ 'z': {{ {TASK}, 'End': true }} }} }} ] }},
         'end': {{ 'Type': 'Succeed' }}, {undo}"
    )
}

fn budget() -> Budget {
    let json = definition(&states());
    Budget::of(&saga_asl::parse(&json).unwrap(), json.len())
}

/// The events of a run and the states that it entered.
fn costs(script: Script, status: Status) -> (u64, u64) {
    let run = block_on(engine(&states()).with_host(script).start("run", &json!({}))).unwrap();
    assert_eq!(run.status(), status);
    let entered = run
        .history()
        .iter()
        .filter(|event| event.kind().ends_with("StateEntered"));
    (run.history().len() as u64, entered.count() as u64)
}

#[test]
fn a_run_that_succeeds() {
    let (events, transitions) = costs(Script::default(), Status::Succeeded);
    assert_eq!(budget().events.at(2), events);
    assert_eq!(budget().transitions.at(2), transitions);
}

/// The last task of a branch fails, so that nothing that can happen is left out.
#[test]
fn a_run_that_is_compensated() {
    let (events, _) = costs(Script::default().on("w", [error("E")]), Status::Failed);
    let count = budget().compensated_events.map(|count: Count| count.at(2));
    // Of all branches the longest end counts: the one that fails does not leave its last state.
    assert_eq!(count, Some(events + 1));
}

//! Step Functions' limits: what a state may take, hand on and remember, and how long a history may be.

use expect_test::expect;
use saga_local::{Engine, Run, Status};
use serde_json::{Value, json};

use crate::support::{Script, block_on, definition, ending, engine};

/// Text of this many bytes, as an expression over the input `large`, which has 200,000.
const LARGE: &str = "{% $states.input.large %}";

fn run(states: &str) -> Run<Value> {
    let input = json!({ "large": "x".repeat(200_000) });
    let engine = engine(states).with_host(Script::default());
    block_on(engine.start("run", &input)).unwrap()
}

/// What is too large for one state.
fn refused_by(states: &str) -> String {
    let run = run(states);
    assert_eq!(
        run.error(),
        Some("States.DataLimitExceeded"),
        "{}",
        ending(&run)
    );
    let cause = run.cause().unwrap();
    cause.split('\'').nth(1).unwrap_or_default().to_owned()
}

#[test]
fn what_a_state_hands_on_is_limited() {
    let twice = format!("'Output': ['{LARGE}', '{LARGE}']");
    let once = format!("'Output': ['{LARGE}']");
    for fields in [
        "'Type': 'Pass', 'End': true",
        "'Type': 'Wait', 'Seconds': 1, 'End': true",
        "'Type': 'Succeed'",
        "'Type': 'Choice', 'Choices': [{ 'Condition': false, 'Next': 'b' }], 'Default': 'b'",
    ] {
        let next = if fields.contains("Choice") {
            ", 'b': { 'Type': 'Succeed' }"
        } else {
            ""
        };
        let states = |output: &str| format!("'a': {{ {fields}, {output} }}{next}");
        assert_eq!(refused_by(&states(&twice)), "a", "{fields}");
        assert_eq!(run(&states(&once)).status(), Status::Succeeded, "{fields}");
    }
    let rule = format!(
        "'a': {{ 'Type': 'Choice', 'Choices': [{{ 'Condition': true, 'Next': 'b', {twice} }}], 'Default': 'b' }}, 'b': {{ 'Type': 'Succeed' }}"
    );
    assert_eq!(refused_by(&rule), "a");
}

#[test]
fn what_branches_and_items_get_and_give_is_limited() {
    let parallel = |arguments: &str, output: &str| {
        format!(
            "'a': {{ 'Type': 'Parallel', {arguments} 'Output': 'small', 'End': true, 'Branches': [
                {{ 'StartAt': 'l', 'States': {{ 'l': {{ 'Type': 'Succeed', 'Output': '{output}' }} }} }},
                {{ 'StartAt': 'r', 'States': {{ 'r': {{ 'Type': 'Succeed', 'Output': '{output}' }} }} }} ] }}"
        )
    };
    assert_eq!(run(&parallel("", "small")).status(), Status::Succeeded);
    assert_eq!(
        refused_by(&parallel(
            &format!("'Arguments': ['{LARGE}', '{LARGE}'],"),
            "small"
        )),
        "a"
    );
    assert_eq!(refused_by(&parallel("", LARGE)), "a");

    for mode in [
        "",
        "'ProcessorConfig': { 'Mode': 'DISTRIBUTED', 'ExecutionType': 'STANDARD' },",
    ] {
        let map = |selector: &str, output: &str| {
            format!(
                "'a': {{ 'Type': 'Map', 'Items': [1, 2], 'ItemSelector': {selector}, 'Output': 'small', 'End': true,
                         'ItemProcessor': {{ {mode} 'StartAt': 'i', 'States': {{ 'i': {{ 'Type': 'Succeed', 'Output': '{output}' }} }} }} }}"
            )
        };
        let once = format!("{{ 'large': '{LARGE}' }}");
        assert_eq!(run(&map(&once, "small")).status(), Status::Succeeded);
        assert_eq!(
            refused_by(&map(&format!("['{LARGE}', '{LARGE}']"), "small")),
            "a"
        );
        assert_eq!(refused_by(&map(&once, LARGE)), "a");
    }
}

#[test]
fn a_nested_execution_gets_and_gives_no_more_than_a_state() {
    let task = |input: &str| {
        format!(
            "'a': {{ 'Type': 'Task', 'Resource': 'arn:aws:states:::states:startExecution.sync:2', 'Output': 'small', 'End': true,
                     'Arguments': {{ 'StateMachineArn': '${{ChildStateMachineArn}}', 'Input': {input} }} }}"
        )
    };
    let run = |input: &str, child: &str| {
        let engine = Engine::from_asl("parent", &definition(&task(input)))
            .with_flow_asl("child", &definition(child));
        block_on(engine.start("run", &json!({ "large": "x".repeat(200_000) }))).unwrap()
    };
    let small = "'a': { 'Type': 'Succeed', 'Output': 1 }";
    let once = format!("{{ 'large': '{LARGE}' }}");
    assert_eq!(run(&once, small).status(), Status::Succeeded);
    let twice = run(&format!("['{LARGE}', '{LARGE}']"), small);
    assert_eq!(twice.error(), Some("States.DataLimitExceeded"));
    // Its input and its output come back in one result.
    let echo = run(&once, "'a': { 'Type': 'Succeed' }");
    expect![[r#"
        Failed after 0ns: States.DataLimitExceeded: The state/task 'states' returned a result with a size exceeding the maximum number of bytes service limit.
    "#]].assert_eq(&ending(&echo));
}

#[test]
fn the_variables_of_one_state_and_of_all_are_limited() {
    let both = format!(
        "'a': {{ 'Type': 'Pass', 'Assign': {{ 'x': '{LARGE}', 'y': '{LARGE}' }}, 'End': true }}"
    );
    expect![[r#"
        Failed after 0ns: States.QueryEvaluationError: An error occurred while executing the state 'a' (entered at the event id #2). The variables assigned by one state exceed the limit of 262144 bytes.
    "#]].assert_eq(&ending(&run(&both)));

    expect![[r#"
        Failed after 0ns: States.QueryEvaluationError: An error occurred while executing the state 's52' (entered at the event id #106). The variables of the execution exceed the limit of 10485760 bytes in total.
    "#]].assert_eq(&ending(&end(&filled(53, "'End': true"))));
    // 10 MiB hold 52 variables of 200,002 bytes each, and not 53.
    assert_eq!(end(&filled(52, "'End': true")).status(), Status::Succeeded);
}

fn end(states: &str) -> Run<Value> {
    block_on(engine(states).start("run", &json!({}))).unwrap()
}

/// States that assign that many variables of 200,002 bytes each, `$v0` and so on, and then go on.
fn filled(count: usize, next: &str) -> String {
    let state = |n: usize| {
        let name = if n == 0 {
            "a".to_owned()
        } else {
            format!("s{n}")
        };
        let value = if n == 0 {
            "$pad(\\'\\', 200000)"
        } else {
            "$v0"
        };
        let next = if n + 1 == count {
            next.to_owned()
        } else {
            format!("'Next': 's{}'", n + 1)
        };
        format!("'{name}': {{ 'Type': 'Pass', 'Assign': {{ 'v{n}': '{{% {value} %}}' }}, {next} }}")
    };
    let states: Vec<String> = (0..count).map(state).collect();
    states.join(",").replace("\\'", "\\\"")
}

#[test]
fn variables_of_branches_count_until_these_end_and_assigning_again_counts_once() {
    // Beside 40 variables there is room for 12. Every item assigns one, and assigns it again.
    let states = |limit: u64| {
        format!(
            "{}, 'm': {{ 'Type': 'Map', 'Items': '{{% [1..14] %}}', 'MaxConcurrency': {limit}, 'End': true,
                'ItemProcessor': {{ 'StartAt': 'p', 'States': {{
                    'p': {{ 'Type': 'Pass', 'Assign': {{ 'v': '{{% $v0 %}}' }}, 'Next': 'q' }},
                    'q': {{ 'Type': 'Wait', 'Seconds': 1, 'Assign': {{ 'v': '{{% $v0 %}}' }}, 'End': true }} }} }} }}",
            filled(40, "'Next': 'm'")
        )
    };
    assert_eq!(end(&states(12)).status(), Status::Succeeded);
    assert_eq!(
        end(&states(13)).error(),
        Some("States.QueryEvaluationError")
    );
}

#[test]
fn children_have_histories_of_their_own() {
    // 5,000 items of 5 events and more are too many for one history, and no matter for 5,000.
    let map = |mode: &str| {
        format!(
            "'a': {{ 'Type': 'Map', 'Items': '{{% [1..5000] %}}', 'Output': 'done', 'End': true, 'ItemProcessor': {{ {mode}
                'StartAt': 'i', 'States': {{ 'i': {{ 'Type': 'Pass', 'Output': 1, 'Next': 'j' }}, 'j': {{ 'Type': 'Succeed' }} }} }} }}"
        )
    };
    let inline = run(&map(""));
    assert_eq!(
        (inline.error(), inline.history().len()),
        (Some("States.Runtime"), 25_000)
    );
    let distributed = run(&map(
        "'ProcessorConfig': { 'Mode': 'DISTRIBUTED', 'ExecutionType': 'STANDARD' },",
    ));
    assert_eq!(
        (distributed.status(), distributed.history().len()),
        (Status::Succeeded, 8)
    );
}

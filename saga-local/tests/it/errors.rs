//! Retry and Catch: which entry matches, how often and after how long, and what a catcher hands on.

use expect_test::{Expect, expect};
use saga_local::Answer;
use serde_json::json;

use crate::support::{Script, block_on, check, check_ending, ending, engine, error, payload};

/// A Task `a` with these fields, and a state for every catcher to go to.
fn task(fields: &str) -> String {
    let caught = if fields.contains("caught") {
        "'caught': { 'Type': 'Succeed' }, "
    } else {
        ""
    };
    format!(
        "'a': {{ 'Type': 'Task', 'Resource': 'arn:aws:states:::lambda:invoke', 'TimeoutSeconds': 10,
                'Arguments': {{ 'FunctionName': 'f', 'Payload': 1 }}, {fields} 'Next': 'done' }},
         {caught}'done': {{ 'Type': 'Succeed', 'Output': 'done' }}"
    )
}

/// A Task with one retrier and a catcher of its own for `States.ALL`.
fn retried(retrier: &str, answers: impl IntoIterator<Item = Answer>, expected: &Expect) {
    let fields = format!(
        "'Retry': [{{ {retrier} }}], 'Catch': [{{ 'ErrorEquals': ['States.ALL'], 'Next': 'caught' }}],"
    );
    check_ending(&task(&fields), Script::default().on("a", answers), expected);
}

#[test]
fn a_retrier_gives_three_retries_after_one_two_and_four_seconds() {
    retried(
        "'ErrorEquals': ['E']",
        [error("E"), error("E"), error("E")],
        &expect![[r#"
        Succeeded after 7s: "done"
    "#]],
    );
    retried(
        "'ErrorEquals': ['E']",
        [error("E"), error("E"), error("E"), error("E")],
        &expect![[r#"
        Succeeded after 7s: {"Error":"E","Cause":"E happened"}
    "#]],
    );
}

#[test]
fn max_attempts_of_zero_gives_no_retry() {
    retried(
        "'ErrorEquals': ['E'], 'MaxAttempts': 0",
        [error("E")],
        &expect![[r#"
        Succeeded after 0ns: {"Error":"E","Cause":"E happened"}
    "#]],
    );
}

#[test]
fn backoff_grows_by_its_rate_up_to_the_cap() {
    let errors = || vec![error("E"); 5];
    retried(
        "'ErrorEquals': ['E'], 'IntervalSeconds': 3, 'BackoffRate': 1.5, 'MaxAttempts': 5",
        errors(),
        &expect![[r#"
        Succeeded after 39.5625s: "done"
    "#]],
    );
    retried(
        "'ErrorEquals': ['E'], 'IntervalSeconds': 3, 'BackoffRate': 3, 'MaxAttempts': 5, 'MaxDelaySeconds': 10",
        errors(),
        &expect![[r#"
            Succeeded after 42s: "done"
        "#]],
    );
}

#[test]
fn the_first_retrier_that_matches_counts_for_itself() {
    let fields = "'Retry': [
        { 'ErrorEquals': ['A'], 'MaxAttempts': 1, 'IntervalSeconds': 5 },
        { 'ErrorEquals': ['A', 'B'], 'MaxAttempts': 2, 'IntervalSeconds': 100, 'BackoffRate': 1 } ],";
    // The second `A` is the first retrier's to refuse, although the second one names it too.
    let script = || Script::default().on("a", [error("A"), error("B"), error("B"), error("A")]);
    check_ending(
        &task(fields),
        script(),
        &expect![[r#"
        Failed after 205s: A: A happened
    "#]],
    );
}

#[test]
fn full_jitter_stays_below_the_delay_and_repeats_with_the_seed() {
    let fields = "'Retry': [{ 'ErrorEquals': ['E'], 'IntervalSeconds': 100, 'MaxAttempts': 1, 'JitterStrategy': 'FULL' }],";
    let elapsed = |seed| {
        let engine = engine(&task(fields))
            .with_host(Script::default().on("a", [error("E")]))
            .seed(seed);
        block_on(engine.start("run", &json!({}))).unwrap().elapsed()
    };
    let delays: Vec<_> = (0..20).map(elapsed).collect();
    assert!(
        delays.iter().all(|delay| delay.as_secs() < 100),
        "{delays:?}"
    );
    assert!(delays.iter().any(|delay| *delay != delays[0]), "{delays:?}");
    assert_eq!(elapsed(7), elapsed(7));
}

#[test]
fn names_match_exactly_and_wildcards_have_their_exceptions() {
    let caught_by = |name: &str, answer: Answer| {
        let fields = format!("'Catch': [{{ 'ErrorEquals': ['{name}'], 'Next': 'caught' }}],");
        let engine = engine(&task(&fields)).with_host(Script::default().on("a", [answer]));
        ending(&block_on(engine.start("run", &json!({}))).unwrap()).starts_with("Succeeded")
    };
    let large = || payload(json!("x".repeat(262_144)));
    let table = [
        ("E", error("E"), true),
        ("E", error("Ee"), false),
        ("States.ALL", error("E"), true),
        ("States.ALL", Answer::Lost, true),
        ("States.ALL", large(), false),
        ("States.ALL", error("States.Runtime"), false),
        ("States.Runtime", error("States.Runtime"), false),
        ("States.DataLimitExceeded", large(), true),
        ("States.TaskFailed", error("E"), true),
        ("States.TaskFailed", Answer::Lost, false),
        ("States.Timeout", Answer::Lost, true),
        ("States.HeartbeatTimeout", Answer::Lost, false),
    ];
    for (name, answer, expected) in table {
        let shown: String = format!("{answer:?}").chars().take(80).collect();
        assert_eq!(caught_by(name, answer), expected, "{name} and {shown}");
    }
}

#[test]
fn a_catcher_assigns_and_hands_on_the_error() {
    let states = "
        'a': { 'Type': 'Task', 'Resource': 'arn:aws:states:::lambda:invoke', 'TimeoutSeconds': 10,
               'Arguments': { 'FunctionName': 'f' }, 'Assign': { 'failure': { 'Error': 'none' } }, 'Next': 'b',
               'Catch': [{ 'ErrorEquals': ['E'], 'Assign': { 'failure': '{% $states.errorOutput %}' },
                           'Output': '{% $states.input.keep %}', 'Next': 'b' }] },
        'b': { 'Type': 'Fail', 'Error': '{% $failure.Error %}', 'Cause': '{% $failure.Cause & $states.input %}' }";
    check(
        states,
        Script::default().on("a", [error("E")]),
        &json!({ "keep": "!" }),
        &expect![[r#"
        1 0 ExecutionStarted input={"keep":"!"}
        2 0 TaskStateEntered name="a" input={"keep":"!"}
        3 2 TaskScheduled parameters={"FunctionName":"f"} timeoutInSeconds=10
        4 3 TaskStarted
        5 4 TaskFailed error="E" cause="E happened"
        6 5 TaskStateExited name="a" output="!" assignedVariables={"failure":{"Error":"E","Cause":"E happened"}}
        7 6 FailStateEntered name="b" input="!"
        8 7 ExecutionFailed error="E" cause="E happened!"
        Failed after 0ns: E: E happened!
    "#]],
    );
}

#[test]
fn a_timeout_is_waited_for_and_has_an_empty_cause() {
    let fields = "'Catch': [{ 'ErrorEquals': ['States.Timeout'], 'Next': 'caught' }],";
    check(
        &task(fields),
        Script::default().on("a", [Answer::Lost]),
        &json!({}),
        &expect![[r#"
        1 0 ExecutionStarted input={}
        2 0 TaskStateEntered name="a" input={}
        3 2 TaskScheduled parameters={"FunctionName":"f","Payload":1} timeoutInSeconds=10
        4 3 TaskStarted
        5 4 TaskTimedOut error="States.Timeout"
        6 5 TaskStateExited name="a" output={"Error":"States.Timeout","Cause":""}
        7 6 SucceedStateEntered name="caught" input={"Error":"States.Timeout","Cause":""}
        8 7 SucceedStateExited name="caught" output={"Error":"States.Timeout","Cause":""}
        9 8 ExecutionSucceeded output={"Error":"States.Timeout","Cause":""}
        Succeeded after 10s: {"Error":"States.Timeout","Cause":""}
    "#]],
    );
    check_ending(
        &task(""),
        Script::default().on("a", [Answer::Lost]),
        &expect![[r#"
        Failed after 10s: States.Timeout: 
    "#]],
    );
}

#[test]
fn evaluation_errors_of_a_task_are_retried_and_caught() {
    let states = |field: &str| {
        task(&format!(
            "{field} 'Retry': [{{ 'ErrorEquals': ['States.QueryEvaluationError'], 'MaxAttempts': 1 }}],
             'Catch': [{{ 'ErrorEquals': ['States.QueryEvaluationError'], 'Next': 'caught' }}],"
        ))
    };
    let script = Script::default;
    check(
        &states("'Output': '{% $states.result.Payload + \\'1\\' %}',"),
        script(),
        &json!({}),
        &expect![[r#"
        1 0 ExecutionStarted input={}
        2 0 TaskStateEntered name="a" input={}
        3 2 TaskScheduled parameters={"FunctionName":"f","Payload":1} timeoutInSeconds=10
        4 3 TaskStarted
        5 4 TaskSucceeded output={"Payload":1}
        6 5 EvaluationFailed state="a" error="States.QueryEvaluationError" cause="An error occurred while executing the state 'a' (entered at the event id #2). The JSONata expression '$states.result.Payload + \"1\"' specified for the field 'Output' threw an error during evaluation. T2002: The right side of the + operator must evaluate to a number" location="Output"
        7 6 TaskScheduled parameters={"FunctionName":"f","Payload":1} timeoutInSeconds=10
        8 7 TaskStarted
        9 8 TaskSucceeded output={"Payload":1}
        10 9 EvaluationFailed state="a" error="States.QueryEvaluationError" cause="An error occurred while executing the state 'a' (entered at the event id #2). The JSONata expression '$states.result.Payload + \"1\"' specified for the field 'Output' threw an error during evaluation. T2002: The right side of the + operator must evaluate to a number" location="Output"
        11 10 TaskStateExited name="a" output={"Error":"States.QueryEvaluationError","Cause":"An error occurred while executing the state 'a' (entered at the event id #2). The JSONata expression '$states.result.Payload + \"1\"' specified for the field 'Output' threw an error during evaluation. T2002: The right side of the + operator must evaluate to a number"}
        12 11 SucceedStateEntered name="caught" input={"Error":"States.QueryEvaluationError","Cause":"An error occurred while executing the state 'a' (entered at the event id #2). The JSONata expression '$states.result.Payload + \"1\"' specified for the field 'Output' threw an error during evaluation. T2002: The right side of the + operator must evaluate to a number"}
        13 12 SucceedStateExited name="caught" output={"Error":"States.QueryEvaluationError","Cause":"An error occurred while executing the state 'a' (entered at the event id #2). The JSONata expression '$states.result.Payload + \"1\"' specified for the field 'Output' threw an error during evaluation. T2002: The right side of the + operator must evaluate to a number"}
        14 13 ExecutionSucceeded output={"Error":"States.QueryEvaluationError","Cause":"An error occurred while executing the state 'a' (entered at the event id #2). The JSONata expression '$states.result.Payload + \"1\"' specified for the field 'Output' threw an error during evaluation. T2002: The right side of the + operator must evaluate to a number"}
        Succeeded after 1s: {"Error":"States.QueryEvaluationError","Cause":"An error occurred while executing the state 'a' (entered at the event id #2). The JSONata expression '$states.result.Payload + \"1\"' specified for the field 'Output' threw an error during evaluation. T2002: The right side of the + operator must evaluate to a number"}
    "#]],
    );
    check_ending(
        &states("'Assign': { 'x': '{% $states.result.none %}' },"),
        script(),
        &expect![[r#"
        Succeeded after 1s: {"Error":"States.QueryEvaluationError","Cause":"An error occurred while executing the state 'a' (entered at the event id #2). The JSONata expression '$states.result.none' specified for the field 'Assign/x' returned nothing (undefined)."}
    "#]],
    );
}

#[test]
fn arguments_that_do_not_evaluate_schedule_nothing() {
    let states = "
        'a': { 'Type': 'Task', 'Resource': 'arn:aws:states:::lambda:invoke', 'TimeoutSeconds': 10,
               'Arguments': { 'FunctionName': 'f', 'Payload': { 'list': [1, '{% $states.input.none %}'] } }, 'End': true,
               'Catch': [{ 'ErrorEquals': ['States.ALL'], 'Next': 'b' }] },
        'b': { 'Type': 'Succeed' }";
    check(
        states,
        Script::default(),
        &json!({}),
        &expect![[r#"
        1 0 ExecutionStarted input={}
        2 0 TaskStateEntered name="a" input={}
        3 0 EvaluationFailed state="a" error="States.QueryEvaluationError" cause="An error occurred while executing the state 'a' (entered at the event id #2). The JSONata expression '$states.input.none' specified for the field 'Arguments/Payload/list[1]' returned nothing (undefined)." location="Arguments/Payload/list[1]"
        4 3 TaskStateExited name="a" output={"Error":"States.QueryEvaluationError","Cause":"An error occurred while executing the state 'a' (entered at the event id #2). The JSONata expression '$states.input.none' specified for the field 'Arguments/Payload/list[1]' returned nothing (undefined)."}
        5 4 SucceedStateEntered name="b" input={"Error":"States.QueryEvaluationError","Cause":"An error occurred while executing the state 'a' (entered at the event id #2). The JSONata expression '$states.input.none' specified for the field 'Arguments/Payload/list[1]' returned nothing (undefined)."}
        6 5 SucceedStateExited name="b" output={"Error":"States.QueryEvaluationError","Cause":"An error occurred while executing the state 'a' (entered at the event id #2). The JSONata expression '$states.input.none' specified for the field 'Arguments/Payload/list[1]' returned nothing (undefined)."}
        7 6 ExecutionSucceeded output={"Error":"States.QueryEvaluationError","Cause":"An error occurred while executing the state 'a' (entered at the event id #2). The JSONata expression '$states.input.none' specified for the field 'Arguments/Payload/list[1]' returned nothing (undefined)."}
        Succeeded after 0ns: {"Error":"States.QueryEvaluationError","Cause":"An error occurred while executing the state 'a' (entered at the event id #2). The JSONata expression '$states.input.none' specified for the field 'Arguments/Payload/list[1]' returned nothing (undefined)."}
    "#]],
    );
}

#[test]
fn what_a_catcher_fails_with_is_not_caught() {
    let fields = "'Catch': [{ 'ErrorEquals': ['States.ALL'], 'Output': '{% $states.input.none %}', 'Next': 'caught' }],";
    check_ending(
        &task(fields),
        Script::default().on("a", [error("E")]),
        &expect![[r#"
        Failed after 0ns: States.QueryEvaluationError: An error occurred while executing the state 'a' (entered at the event id #2). The JSONata expression '$states.input.none' specified for the field 'Output' returned nothing (undefined).
    "#]],
    );
}

#[test]
fn retry_count_is_in_the_context() {
    let states = "
        'a': { 'Type': 'Task', 'Resource': 'arn:aws:states:::lambda:invoke', 'TimeoutSeconds': 10,
               'Arguments': { 'FunctionName': 'f', 'Payload': '{% $states.context.State.RetryCount %}' },
               'Retry': [{ 'ErrorEquals': ['E'] }], 'Output': '{% $states.result.Payload %}', 'End': true }";
    check_ending(
        states,
        Script::default().on("a", [error("E"), error("E")]),
        &expect![[r#"
        Succeeded after 3s: 2
    "#]],
    );
}

//! Whatever a definition asks for, the engine answers: no panic, no exhausted stack, no memory without bound.

use saga_local::{Engine, Run, Status};
use serde_json::{Value, json};

use crate::support::block_on;

fn engine(states: &Value) -> Engine<Value, Value> {
    let text = json!({ "QueryLanguage": "JSONata", "StartAt": "a", "States": states }).to_string();
    Engine::from_asl("self", &text).with_flow_asl("self", &text)
}

fn run(states: &Value) -> Run<Value> {
    block_on(engine(states).start("run", &json!({}))).unwrap()
}

/// Why the expression failed; it must have.
fn refused(expression: &str) -> String {
    let output = format!("{{% {expression} %}}");
    let run = run(&json!({ "a": { "Type": "Succeed", "Output": output } }));
    assert_eq!(
        run.error(),
        Some("States.QueryEvaluationError"),
        "{expression}"
    );
    let cause = run.cause().unwrap();
    let (_, why) = cause.rsplit_once("evaluation. ").unwrap();
    why.to_owned()
}

const TOO_LARGE: &str = "the expression builds more than Step Functions could hold";

#[test]
fn a_range_between_numbers_that_no_integer_holds_is_refused() {
    for range in [
        "[-1e300..1e300]",
        "[0..$number('1e300')]",
        "($a := -1e19; [$a..-$a])",
        "[1, 2][[-1e300..1e300][0]]",
        "$sum($map([1, 2], function($n) { 1e300..-1e300 }))",
    ] {
        assert_eq!(
            refused(range),
            "D2014: a bound of the range is out of range",
            "{range}"
        );
    }
}

#[test]
fn a_width_that_fills_the_memory_is_refused() {
    for pad in [
        "$pad('', 100000000)",
        "'a' ~> $pad(-100000000)",
        "$pad('a', $power(10, 8), 'b')",
    ] {
        assert_eq!(
            refused(pad),
            "D3010: the width of $pad is out of range",
            "{pad}"
        );
    }
}

#[test]
fn numerals_without_end_are_refused() {
    for format in [
        "$formatInteger(1e300, 'I')",
        "$formatInteger(1e12, 'i')",
        "1e300 ~> $formatInteger($lowercase('I'))",
    ] {
        let why = refused(format);
        assert_eq!(
            why, "the number is too large for Roman numerals",
            "{format}"
        );
    }
}

#[test]
fn comparisons_without_end_are_refused() {
    for compare in [
        "$distinct([1..999999])",
        "[1..999999] ~> $distinct",
        "[1..999999] ~> $distinct()",
    ] {
        let why = refused(compare);
        assert_eq!(
            why, "$distinct takes at most 30000 values here",
            "{compare}"
        );
    }
}

#[test]
fn values_that_double_are_refused() {
    for double in [
        "$s & $s",
        "$join([$s, $s])",
        "$string([$s, $s])",
        "$replace($s, 'a', 'aa')",
        "[$s, $s]",
        "[[$s], [$s]]",
        "{'a': $s, 'b': $s}",
        "($x := 1; [$s, $s])",
        "$count($s) > 0 ? [[$s], [$s]]",
    ] {
        let expression = format!(
            "($f := function($s, $n) {{ $n = 0 ? $s : $f({double}, $n - 1) }}; $f('a', 26))"
        );
        assert_eq!(refused(&expression), TOO_LARGE, "{double}");
    }
}

#[test]
fn a_result_of_many_levels_is_refused() {
    assert_eq!(
        refused("$reduce([1..1000], function($a, $x) { [[$a]] }, [])"),
        "the result is larger or more deeply nested than Step Functions could hold"
    );
}

#[test]
fn large_values_are_computed_where_the_result_is_small() {
    let output = "{% $length($join($map([1..20000], function($n) { 'number ' & $n }), ', ')) + $sum([1..100000]) %}";
    let run = run(&json!({ "a": { "Type": "Succeed", "Output": output } }));
    // 20,000 words of 7 characters, 88,894 digits and 19,999 commas with a blank; and the sum.
    assert_eq!(run.output(), Some(&json!(5_000_318_892_u64)));
}

/// A state that starts its own state machine.
fn start_itself(resource: &str) -> Value {
    json!({
        "Type": "Task",
        "Resource": format!("arn:aws:states:::states:{resource}"),
        "Arguments": { "StateMachineArn": "${SelfStateMachineArn}", "Input": {} },
        "End": true,
    })
}

/// How the first and the last of these executions end, and how many there are.
fn ends(resource: &str) -> (Status, Status, usize) {
    let engine = engine(&json!({ "a": start_itself(resource) }));
    let first = block_on(engine.start("run", &json!({}))).unwrap();
    let all = engine.executions();
    let last = all.last().unwrap();
    assert!(
        last.error().unwrap().contains("ExecutionLimitExceeded"),
        "{:?}",
        last.error()
    );
    (first.status(), last.status(), all.len())
}

#[test]
fn an_execution_that_starts_itself_without_end_fails() {
    assert_eq!(
        ends("startExecution.sync:2"),
        (Status::Failed, Status::Failed, 1_001)
    );
    assert_eq!(
        ends("startExecution"),
        (Status::Succeeded, Status::Failed, 1_001)
    );
}

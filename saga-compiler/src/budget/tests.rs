//! Definitions as they are written, and what they cost.

use std::fmt::Write as _;

use expect_test::{Expect, expect};
use quote::format_ident;

use super::{Budget, check, warnings};
use crate::errors::Errors;

/// A task, whatever it calls, and what it catches.
fn task(resource: &str, catch: &str, next: &str) -> String {
    let catchers: Vec<String> = catch
        .split_whitespace()
        .map(|to| format!(r#"{{ "ErrorEquals": ["E.{to}"], "Next": "{to}" }}"#))
        .collect();
    format!(
        r#"{{ "Type": "Task", "Resource": "arn:aws:states:::{resource}", "Catch": [{}], {} }}"#,
        catchers.join(","),
        towards(next)
    )
}

fn step(catch: &str, next: &str) -> String {
    task("lambda:invoke", catch, next)
}

fn towards(next: &str) -> String {
    match next {
        "" => r#""End": true"#.to_owned(),
        next => format!(r#""Next": "{next}""#),
    }
}

fn map(config: &str, body: &str, catch: &str, next: &str) -> String {
    step(catch, next).replacen(
        r#""Type": "Task", "Resource": "arn:aws:states:::lambda:invoke""#,
        &format!(r#""Type": "Map", "ItemProcessor": {{ {config} {body} }}"#),
        1,
    )
}

const INLINE: &str = "";
const DISTRIBUTED: &str =
    r#""ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" },"#;

fn parallel(branches: &[String], catch: &str, next: &str) -> String {
    let branches: Vec<String> = branches
        .iter()
        .map(|graph| format!("{{ {graph} }}"))
        .collect();
    step(catch, next).replacen(
        r#""Type": "Task", "Resource": "arn:aws:states:::lambda:invoke""#,
        &format!(
            r#""Type": "Parallel", "Branches": [{}]"#,
            branches.join(",")
        ),
        1,
    )
}

/// `StartAt` is the first.
fn graph(states: &[(&str, String)]) -> String {
    let mut text = format!(r#""StartAt": "{}", "States": {{"#, states[0].0);
    for (index, (name, state)) in states.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        write!(text, r#"{comma} "{name}": {state}"#).unwrap();
    }
    text + "}"
}

const FAIL: &str = r#"{ "Type": "Fail" }"#;

fn budget(graph: &str) -> Budget {
    let json = format!(
        r#"{{ "QueryLanguage": "JSONata", {} }}"#,
        graph.replace(r#""Catch": [], "#, "")
    );
    let machine = saga_asl::parse(&json).unwrap_or_else(|problems| panic!("{problems}\n{json}"));
    Budget::of(&machine, json.len())
}

fn counts(graph: &str, expect: Expect) {
    let budget = budget(graph);
    let mut text = format!(
        "transitions: {}\nevents: {}\n",
        budget.transitions, budget.events
    );
    if let Some(compensated) = &budget.compensated_events {
        writeln!(text, "compensated: {compensated}").unwrap();
    }
    for (state, child) in &budget.children {
        writeln!(text, "an item of {state}: {child}").unwrap();
    }
    if let Some(items) = budget.items() {
        writeln!(text, "items: {items}").unwrap();
    }
    expect.assert_eq(&text);
}

#[test]
fn a_chain_and_its_compensation() {
    let states = [
        ("a", step("compensated", "b")),
        ("b", step("undo", "")),
        ("undo", step("", "compensated")),
        ("compensated", FAIL.to_owned()),
    ];
    counts(
        &graph(&states),
        expect![[r#"
        transitions: 2
        events: 12
        compensated: 18
    "#]],
    );
}

#[test]
fn what_somebody_else_does_is_submitted() {
    counts(
        &graph(&[("a", task("states:startExecution.sync:2", "", ""))]),
        expect![[r#"
            transitions: 1
            events: 8
        "#]],
    );
}

#[test]
fn the_dearest_arm_counts() {
    let choice = r#"{ "Type": "Choice", "Choices": [{ "Condition": "{% true %}", "Next": "a" }], "Default": "end" }"#;
    let states = [
        ("if x", choice.to_owned()),
        ("a", step("other", "b")),
        ("b", step("", "end")),
        (
            "other",
            r#"{ "Type": "Wait", "Seconds": 1, "Next": "c" }"#.to_owned(),
        ),
        ("c", step("", "b")),
        ("end", r#"{ "Type": "Succeed" }"#.to_owned()),
    ];
    counts(
        &graph(&states),
        expect![[r#"
        transitions: 6
        events: 23
    "#]],
    );
}

#[test]
fn what_an_operator_does_is_not_counted() {
    let states = [
        ("a", step("undo", "")),
        ("undo", step("park", "compensated")),
        ("park", task("sqs:sendMessage.waitForTaskToken", "", "resume")),
        ("resume", r#"{ "Type": "Choice", "Choices": [{ "Condition": "{% true %}", "Next": "undo" }], "Default": "park" }"#.to_owned()),
        ("compensated", FAIL.to_owned()),
    ];
    counts(
        &graph(&states),
        expect![[r#"
        transitions: 1
        events: 7
        compensated: 13
    "#]],
    );
}

#[test]
fn a_join_is_all_of_its_branches() {
    let branches = [
        graph(&[("a", step("", "b")), ("b", step("", ""))]),
        graph(&[("c", step("", ""))]),
    ];
    let states = [
        ("join", parallel(&branches, "compensated", "")),
        ("compensated", FAIL.to_owned()),
    ];
    counts(
        &graph(&states),
        expect![[r#"
        transitions: 4
        events: 21
        compensated: 22
    "#]],
    );
}

#[test]
fn a_loop_and_its_compensation_have_the_same_items() {
    let body = graph(&[("a", step("", "b")), ("b", step("", ""))]);
    let undo = graph(&[("undo b", step("", "undo a")), ("undo a", step("", ""))]);
    let states = [
        ("for x in xs", map(INLINE, &body, "undo", "")),
        (
            "undo",
            r#"{ "Type": "Pass", "Next": "compensate for x in xs" }"#.to_owned(),
        ),
        (
            "compensate for x in xs",
            map(INLINE, &undo, "", "compensated"),
        ),
        ("compensated", FAIL.to_owned()),
    ];
    counts(
        &graph(&states),
        expect![[r#"
        transitions: 1 + 2 an item of `for x in xs`
        events: 6 + 12 an item of `for x in xs`
        compensated: 13 + 24 an item of `for x in xs`
        items: 1041
    "#]],
    );
}

#[test]
fn loops_in_loops_and_one_behind_the_other() {
    let inner = map(INLINE, &graph(&[("a", step("", ""))]), "", "");
    let outer = graph(&[("b", step("", "for y in x")), ("for y in x", inner)]);
    let states = [
        ("for x in xs", map(INLINE, &outer, "", "for z in zs")),
        (
            "for z in zs",
            map(INLINE, &graph(&[("c", step("", ""))]), "", ""),
        ),
    ];
    counts(
        &graph(&states),
        expect![[r#"
        transitions: 2 + (2 + 1 an item of `for y in x`) an item of `for x in xs` + 1 an item of `for z in zs`
        events: 10 + (11 + 7 an item of `for y in x`) an item of `for x in xs` + 7 an item of `for z in zs`
        items: 58
    "#]],
    );
}

#[test]
fn a_distributed_loop_has_its_own_histories() {
    let inner = map(INLINE, &graph(&[("a", step("", ""))]), "", "");
    let item = graph(&[("b", step("", "for y in x")), ("for y in x", inner)]);
    counts(
        &graph(&[("for x in xs", map(DISTRIBUTED, &item, "", ""))]),
        expect![[r#"
            transitions: 1 + (2 + 1 an item of `for y in x`) an item of `for x in xs`
            events: 8
            an item of for x in xs: 11 + 7 an item of `for y in x`
            items: 3569
        "#]],
    );
}

/// So many waits, one after the other; a wait is the smallest of states.
fn waits(number: usize) -> String {
    let names: Vec<String> = (0..number).map(|index| format!("w{index}")).collect();
    let wait = |index: usize| {
        let next = names.get(index + 1).map_or("", String::as_str);
        format!(r#"{{ "Type": "Wait", "Seconds": 1, {} }}"#, towards(next))
    };
    let states: Vec<(&str, String)> = names
        .iter()
        .enumerate()
        .map(|(index, name)| (name.as_str(), wait(index)))
        .collect();
    graph(&states)
}

fn says(budget: &Budget, expect: Expect) {
    let flow = format_ident!("shop");
    let mut text = String::new();
    let mut errors = Errors::default();
    check(&mut errors, &flow, budget);
    if let Err(error) = errors.finish() {
        writeln!(text, "error: {error}").unwrap();
    }
    for warning in warnings(&flow, budget) {
        writeln!(text, "warning: {warning}").unwrap();
    }
    expect.assert_eq(&text);
}

#[test]
fn bytes_near_the_limit_and_past_it() {
    let of = |bytes| Budget {
        bytes,
        ..budget(&waits(1))
    };
    says(&of(838_859), expect![[""]]);
    says(
        &of(838_860),
        expect![[r#"
        warning: the definition of `shop` has 838860 bytes of the 1048576 that Step Functions allows; let a flow of its own do a part of it
    "#]],
    );
    says(
        &of(1_048_576),
        expect![[r#"
        warning: the definition of `shop` has 1048576 bytes of the 1048576 that Step Functions allows; let a flow of its own do a part of it
    "#]],
    );
    says(
        &of(1_048_577),
        expect![[r#"
        error: the definition of `shop` has 1048577 bytes; Step Functions allows 1048576, so split the flow
        warning: the definition of `shop` has 1048577 bytes of the 1048576 that Step Functions allows; let a flow of its own do a part of it
    "#]],
    );
}

#[test]
fn events_near_the_limit_and_past_it() {
    says(&budget(&waits(9_998)), expect![[""]]);
    says(
        &budget(&waits(9_999)),
        expect![[r#"
        warning: the history of `shop` has up to 20000 events, retries not counted, of the 25000 that Step Functions allows; let a flow of its own do a part of it
    "#]],
    );
    says(
        &budget(&waits(12_498)),
        expect![[r#"
        warning: the history of `shop` has up to 24998 events, retries not counted, of the 25000 that Step Functions allows; let a flow of its own do a part of it
    "#]],
    );
    says(
        &budget(&waits(12_499)),
        expect![[r#"
        error: the history of `shop` has up to 25000 events; Step Functions ends an execution that reaches 25000, so split the flow
        warning: the history of `shop` has up to 25000 events, retries not counted, of the 25000 that Step Functions allows; let a flow of its own do a part of it
    "#]],
    );
}

#[test]
fn loops_for_few_items() {
    let steps = |number: usize, name: &str| {
        let names: Vec<String> = (0..number).map(|index| format!("{name}{index}")).collect();
        let next = |index: usize| names.get(index + 1).map_or("", String::as_str);
        let states: Vec<(&str, String)> = names
            .iter()
            .enumerate()
            .map(|(index, name)| (name.as_str(), step("", next(index))))
            .collect();
        graph(&states)
    };
    let looped = |body: &str| graph(&[("for x in xs", map(INLINE, body, "", ""))]);
    says(&budget(&looped(&steps(49, "a"))), expect![[""]]);
    says(
        &budget(&looped(&steps(50, "a"))),
        expect![[r#"
        warning: with 100 items in `for x in xs` the history of `shop` is full: Step Functions ends an execution that reaches 25000 events, uncompensated; write `#[parallel(max = …, distributed)]`, or let one step take the whole list
    "#]],
    );
    let inner = |number| graph(&[("for y in x", map(INLINE, &steps(number, "a"), "", ""))]);
    says(&budget(&looped(&inner(40))), expect![[""]]);
    says(
        &budget(&looped(&inner(50))),
        expect![[r#"
        warning: with 10 items in each of `for x in xs` and `for y in x` the history of `shop` is full: Step Functions ends an execution that reaches 25000 events, uncompensated; write `#[parallel(max = …, distributed)]`, or let one step take the whole list
    "#]],
    );
    let distributed = graph(&[("for x in xs", map(DISTRIBUTED, &inner(50), "", ""))]);
    says(
        &budget(&distributed),
        expect![[r#"
        warning: with 100 items in `for y in x` the history of an item of `for x in xs` is full: Step Functions ends an execution that reaches 25000 events, uncompensated; let one step take the whole list
    "#]],
    );
}

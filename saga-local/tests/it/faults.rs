//! Faults between the engine and a real handler with its barrier: what the state machine sees, and what the store keeps.

use std::fmt::Write as _;
use std::time::SystemTime;

use expect_test::{Expect, expect};
use saga_local::{Delivery, DeliveryOutcome, Engine, Fault, FaultPlan, Run};
use saga_runtime::__private::{Action, Compensation, HandlerBuilder};
use saga_runtime::{Handler, Kind, MemoryStore, Retry, Table, Tx};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::support::{block_on, ending, engine};

#[derive(Serialize, Deserialize)]
struct Shelf {
    sku: String,
    held: i64,
}

#[derive(Deserialize)]
struct Reserve {
    sku: String,
}

const SHELVES: Table<Shelf> = Table::new("shelves", "sku");

/// A participant `Stock` whose `reserve` holds one piece, and whose compensation gives it back.
pub(crate) fn stock() -> (Handler, MemoryStore) {
    let store = MemoryStore::default();
    let reserve = Action::tx(
        Kind::Compensatable,
        &["sku"],
        |tx: &mut Tx, input: Reserve| {
            Box::pin(async move {
                tx.update(&SHELVES, input.sku.as_str()).add("held", 1);
                Ok::<_, Retry>(json!({ "piece": input.sku }))
            })
        },
    );
    let release = Compensation::tx(|tx: &mut Tx, kept: Reserve, _: Value| {
        Box::pin(async move {
            tx.update(&SHELVES, kept.sku.as_str()).subtract("held", 1);
            Ok(())
        })
    });
    let handler = HandlerBuilder::new("Stock", "stock", "StockFunctionArn", store.clone())
        .step("reserve", reserve, Some(release))
        .build();
    (handler, store)
}

fn call(fields: &str, phase: &str) -> String {
    format!(
        "{{ 'Type': 'Task', 'Resource': 'arn:aws:states:::lambda:invoke', 'TimeoutSeconds': 10, {fields},
            'Arguments': {{ 'FunctionName': '${{StockFunctionArn}}', 'Payload': {{
                'saga': '{{% $states.context.Execution.Id %}}', 'started': '{{% $states.context.Execution.StartTime %}}',
                'step': 'stock.reserve', {phase} }} }} }}"
    )
}

/// Reserves; whatever fails is compensated, with two retries for either.
fn saga() -> String {
    let retry = "'Retry': [{ 'ErrorEquals': ['Lambda.TooManyRequestsException', 'Saga.Busy'], 'MaxAttempts': 2 }]";
    let action = format!(
        "{retry}, 'Next': 'done', 'Catch': [{{ 'ErrorEquals': ['States.ALL'], 'Assign': {{ 'failure': '{{% $states.errorOutput %}}' }}, 'Next': 'undo' }}]"
    );
    format!(
        "'a': {}, 'undo': {}, 'nap': {{ 'Type': 'Wait', 'Seconds': 100, 'Next': 'failed' }}, 'failed': {{ 'Type': 'Fail', 'Error': '{{% $failure.Error %}}' }},
         'done': {{ 'Type': 'Succeed', 'Output': '{{% $states.input.Payload %}}' }}",
        call(&action, "'input': { 'sku': 'tea' }"),
        call(
            &format!("{retry}, 'Next': 'nap'"),
            "'phase': 'compensation'"
        )
    )
}

fn describe(delivery: &Delivery, started: SystemTime) -> String {
    let outcome = match delivery.outcome() {
        DeliveryOutcome::NotDelivered => "not delivered".to_owned(),
        DeliveryOutcome::Answered(reply) => reply.to_string(),
        DeliveryOutcome::Failed { error, message } => format!("{error} {message}"),
    };
    let fault = delivery
        .fault()
        .map(|fault| format!(" ({fault})"))
        .unwrap_or_default();
    let late = if delivery.is_late() { " late" } else { "" };
    format!(
        "{} {} at {:?}{late}{fault}: {outcome}",
        delivery.state(),
        delivery.attempt(),
        delivery.at().duration_since(started).unwrap(),
    )
}

fn report(engine: &Engine<Value, Value>, run: &Run<Value>, store: &MemoryStore) -> String {
    let mut text = ending(run);
    for delivery in engine.deliveries() {
        writeln!(
            text,
            "{}",
            describe(&delivery, run.history()[0].timestamp())
        )
        .unwrap();
    }
    let held = store
        .tables()
        .get("shelves")
        .and_then(|items| items.first())
        .map_or(0, |item| item["held"].as_i64().unwrap());
    writeln!(text, "held: {held}").unwrap();
    text
}

fn check(state: &str, plan: impl Into<FaultPlan>, expected: &Expect) {
    check_all(&[(state, plan.into())], expected);
}

fn check_all(plans: &[(&str, FaultPlan)], expected: &Expect) {
    let (handler, store) = stock();
    let mut engine = engine(&saga()).with(handler);
    for (state, plan) in plans {
        engine = engine.fault(*state, plan.clone());
    }
    let run = block_on(engine.start("run", &json!({}))).unwrap();
    expected.assert_eq(&report(&engine, &run, &store));
}

#[test]
fn without_faults_the_step_is_done() {
    check_all(
        &[],
        &expect![[r#"
            Succeeded after 0ns: {"piece":"tea"}
            a 1 at 0ns: {"piece":"tea"}
            held: 1
        "#]],
    );
}

#[test]
fn a_lost_delivery_leaves_nothing_to_undo() {
    check(
        "a",
        Fault::TimeoutBeforeEffect,
        &expect![[r#"
            Failed after 110s: States.Timeout: 
            a 1 at 0ns (timeout before the effect): not delivered
            undo 1 at 10s: null
            held: 0
        "#]],
    );
    check(
        "a",
        Fault::CrashBeforeEffect,
        &expect![[r#"
            Failed after 100s: Runtime.ExitError: 
            a 1 at 0ns (crash before the effect): not delivered
            undo 1 at 0ns: null
            held: 0
        "#]],
    );
}

#[test]
fn a_lost_reply_is_compensated() {
    check(
        "a",
        Fault::TimeoutAfterEffect,
        &expect![[r#"
            Failed after 110s: States.Timeout: 
            a 1 at 0ns (timeout after the effect): {"piece":"tea"}
            undo 1 at 10s: null
            held: 0
        "#]],
    );
    check(
        "a",
        Fault::CrashAfterEffect,
        &expect![[r#"
            Failed after 100s: Runtime.ExitError: 
            a 1 at 0ns (crash after the effect): {"piece":"tea"}
            undo 1 at 0ns: null
            held: 0
        "#]],
    );
}

#[test]
fn throttling_is_retried_until_the_retries_are_exhausted() {
    check(
        "a",
        Fault::Throttled.times(2),
        &expect![[r#"
            Succeeded after 3s: {"piece":"tea"}
            a 1 at 0ns (throttled): not delivered
            a 2 at 1s (throttled): not delivered
            a 3 at 3s: {"piece":"tea"}
            held: 1
        "#]],
    );
    check(
        "a",
        Fault::Throttled.times(3),
        &expect![[r#"
            Failed after 103s: Lambda.TooManyRequestsException: 
            a 1 at 0ns (throttled): not delivered
            a 2 at 1s (throttled): not delivered
            a 3 at 3s (throttled): not delivered
            undo 1 at 3s: null
            held: 0
        "#]],
    );
}

#[test]
fn a_duplicate_gets_the_same_answer_and_has_no_effect() {
    check(
        "a",
        Fault::Duplicate,
        &expect![[r#"
            Succeeded after 0ns: {"piece":"tea"}
            a 1 at 0ns (duplicate delivery): {"piece":"tea"}
            a 1 at 0ns (duplicate delivery): {"piece":"tea"}
            held: 1
        "#]],
    );
}

#[test]
fn a_delivery_after_its_compensation_is_refused() {
    check(
        "a",
        Fault::LateDelivery,
        &expect![[r#"
            Failed after 110s: States.Timeout: 
            a 1 at 0ns (late delivery): not delivered
            undo 1 at 10s: null
            a 1 at 10s late (late delivery): Saga.Refused {"message":"the action comes too late: its compensation was here already, and the record says TOMBSTONE","data":null}
            held: 0
        "#]],
    );
}

#[test]
fn a_late_compensation_arrives_after_the_end() {
    let plans = [
        ("a", Fault::TimeoutAfterEffect.into()),
        ("undo", Fault::LateDelivery.into()),
    ];
    check_all(
        &plans,
        &expect![[r#"
            Failed after 20s: States.Timeout: 
            a 1 at 0ns (timeout after the effect): {"piece":"tea"}
            undo 1 at 10s (late delivery): not delivered
            undo 1 at 20s late (late delivery): null
            held: 0
        "#]],
    );
}

#[test]
fn a_fault_may_begin_later_and_be_any_error() {
    let custom = Fault::Error {
        name: "Custom".into(),
        cause: "why".into(),
    };
    check_all(
        &[
            ("a", Fault::Throttled.into()),
            ("a", custom.from_delivery(2)),
        ],
        &expect![[r#"
            Failed after 101s: Custom: 
            a 1 at 0ns (throttled): not delivered
            a 2 at 1s (Custom): not delivered
            undo 1 at 1s: null
            held: 0
        "#]],
    );
}

#[test]
fn a_fault_may_hit_one_item_of_a_loop() {
    let each = format!(
        "'a': {{ 'Type': 'Map', 'Items': ['x', 'y', 'z'], 'End': true,
            'ItemSelector': {{ 'item': ['{{% $states.context.Map.Item.Index %}}'] }},
            'ItemProcessor': {{ 'StartAt': 'b', 'States': {{ 'b': {} }} }} }}",
        call(
            "'Retry': [{ 'ErrorEquals': ['States.ALL'], 'IntervalSeconds': 1 }], 'End': true",
            "'item': '{% $states.input.item %}', 'input': { 'sku': 'tea' }"
        )
    );
    let (handler, _) = stock();
    let engine = engine(&each)
        .with(handler)
        .fault("b", Fault::Throttled.item(&[1]).times(2));
    let run = block_on(engine.start("run", &json!({}))).expect("the saga starts");
    assert_eq!(run.status(), saga_local::Status::Succeeded);
    let hit = engine.deliveries().into_iter();
    let hit: Vec<Vec<u64>> = hit
        .filter(|delivery| delivery.fault().is_some())
        .map(|delivery| delivery.item())
        .collect();
    assert_eq!(hit, [[1], [1]]);
}

#[test]
fn counts_begin_anew_with_each_execution() {
    let (handler, _) = stock();
    let engine = engine(&saga()).with(handler).fault("a", Fault::Throttled);
    for name in ["x", "y"] {
        let run = block_on(engine.start(name, &json!({}))).unwrap();
        assert_eq!(run.elapsed().as_secs(), 1);
    }
}

#[test]
fn two_engines_with_one_seed_have_one_history() {
    let history = |seed| {
        let jitter = saga().replace(
            "'MaxAttempts': 2",
            "'MaxAttempts': 2, 'JitterStrategy': 'FULL'",
        );
        let engine = engine(&jitter)
            .with(stock().0)
            .seed(seed)
            .fault("a", Fault::Throttled.times(2));
        let engine = engine.fault("undo", Fault::Throttled.times(2));
        block_on(engine.start("run", &json!({})))
            .unwrap()
            .history()
            .to_vec()
    };
    assert_eq!(history(1), history(1));
    assert_ne!(history(1), history(2));
}

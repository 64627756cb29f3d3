//! Expressions that the engine answers without an evaluator: whatever they meet, the evaluator would have said the same.

use std::cell::Cell;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use saga_local::{Answer, BoxFuture, Call, Engine, Run, TaskHost};
use serde_json::{Value, json};

use crate::support::{block_on, definition};

/// JSON whose objects share few names, so that a path of them often leads somewhere.
fn json_values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        Just(json!(-0.0)),
        Just(json!(2.0)),
        "[a-c\u{e9}\"]{0,3}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let member = ("[a-c]", inner.clone());
        prop_oneof![
            1 => prop::collection::vec(inner, 0..4).prop_map(Value::from),
            3 => prop::collection::vec(member, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// A path, or paths and texts put together.
fn expressions() -> impl Strategy<Value = String> {
    let root = prop_oneof![
        Just("$states.input"),
        Just("$states.result"),
        Just("$states.context.Execution.Input"),
        Just("$states.context.Execution"),
        Just("$states.context"),
        Just("$states"),
        Just("$x"),
    ];
    let names = prop::collection::vec(
        "[a-c]|Name|Id|StartTime|State|RetryCount|Input|Payload",
        0..4,
    );
    let path = (root, names).prop_map(|(root, names)| {
        names
            .iter()
            .fold(root.to_owned(), |path, name| format!("{path}.{name}"))
    });
    let of = (path.clone(), "[a-c]|Name|Id", "[a-c]|Name|StartTime");
    prop_oneof![
        4 => path.clone(),
        1 => (path.clone(), path.clone()).prop_map(|(left, right)| format!("{left} & '#' & {right}")),
        1 => of.prop_map(|(path, left, right)| format!("{path}.({left} & '#' & {right})")),
        1 => path.prop_map(|path| format!("$exists({path}) ? {path} : null")),
    ]
}

/// Assigns the input's `b` where there is one, and then evaluates the expression over a task's result, its own input.
/// `None` where the validator knows that it would not evaluate.
fn evaluate(expression: &str, input: &Value) -> Option<Run<Value>> {
    let expression = Value::from(format!("{{% {expression} %}}"));
    let states = "'a': { 'Type': 'Pass', 'Next': 'b',
                         'Assign': { 'x': '{% $exists($states.input.b) ? $states.input.b : 1 %}' } },
                  'b': { 'Type': 'Task', 'Resource': 'arn:aws:states:::http:invoke', 'Next': 'c' },
                  'c': { 'Type': 'Succeed' }";
    let mut machine: Value = serde_json::from_str(&definition(states)).unwrap();
    machine["States"]["b"]["Output"] = expression;
    let engine = Engine::from_asl("machine", &machine.to_string()).with_host(Echo);
    engine.check().ok()?;
    Some(block_on(engine.start("run", input)).unwrap())
}

/// Answers with what it was asked.
struct Echo;

impl TaskHost for Echo {
    fn answers(&self, _: &str, _: &str) -> bool {
        true
    }

    fn call(&self, call: Call) -> BoxFuture<'static, Answer> {
        let arguments = call.arguments().clone();
        Box::pin(std::future::ready(Answer::Output(arguments)))
    }
}

#[test]
fn a_path_is_what_the_evaluator_makes_of_it() {
    let cases = (expressions(), json_values());
    let config = Config {
        cases: 4_000,
        failure_persistence: None,
        ..Config::default()
    };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let found = Cell::new(0);
    let checked = runner.run(&cases, |(expression, input)| {
        let Some(direct) = evaluate(&expression, &input) else {
            return Ok(());
        };
        // In brackets it is no path to the engine, and means the same to JSONata.
        let evaluated = evaluate(&format!("({expression})"), &input).unwrap();
        prop_assert_eq!(direct.output(), evaluated.output(), "{}", expression);
        prop_assert_eq!(direct.error(), evaluated.error(), "{}", expression);
        found.set(found.get() + usize::from(direct.output().is_some()));
        Ok(())
    });
    checked.unwrap();
    // Paths that all lead nowhere would show nothing.
    assert!(found.get() > 1_000, "{} of 4000 found a value", found.get());
}

//! Runs the executions recorded from Step Functions that lie within the model, and compares how they ended and every event.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::sync::Mutex;

use expect_test::expect;
use saga_asl as asl;
use saga_local::{Answer, BoxFuture, Call, Engine, Event, Run, Status, TaskHost};
use serde_json::{Map, Value, json};

use crate::support::block_on;

/// Recorded under one account, run under another.
const RECORDED_ACCOUNT: &str = "111111111111";
const ENGINE_ACCOUNT: &str = "123456789012";

/// Answers each state's calls as they were answered when the execution was recorded.
struct Recorded(Mutex<BTreeMap<String, VecDeque<Answer>>>);

impl Recorded {
    fn of(record: &Value) -> Self {
        let mut answers: BTreeMap<String, VecDeque<Answer>> = BTreeMap::new();
        for mock in record["mocks"].as_array().into_iter().flatten() {
            let outcome = &mock["outcome"];
            let text = |name: &str| outcome[name].as_str().unwrap_or_default().to_owned();
            let answer = if let Some(output) = outcome.get("output") {
                Answer::Output(output.clone())
            } else if outcome.get("error").is_some() {
                Answer::Error {
                    error: text("error"),
                    cause: text("cause"),
                }
            } else {
                Answer::Lost
            };
            answers
                .entry(mock["state"].as_str().unwrap().to_owned())
                .or_default()
                .push_back(answer);
        }
        Self(Mutex::new(answers))
    }
}

impl TaskHost for Recorded {
    fn answers(&self, service: &str, _: &str) -> bool {
        service == "lambda" || service == "sqs"
    }

    fn call(&self, call: Call) -> BoxFuture<'static, Answer> {
        let answer = self
            .0
            .lock()
            .unwrap()
            .get_mut(call.state())
            .and_then(VecDeque::pop_front);
        let none = || Answer::Error {
            error: "Test".into(),
            cause: "a call that was not recorded".into(),
        };
        Box::pin(std::future::ready(answer.unwrap_or_else(none)))
    }
}

/// Equal, where `<any:…>` in the record stands for anything and a cause may be JSON in another spelling.
fn agrees(recorded: &Value, actual: &Value) -> bool {
    match (recorded, actual) {
        (Value::String(text), _) if text.starts_with("<any:") && text.ends_with('>') => true,
        // Roles are named by whoever recorded.
        (Value::String(text), Value::String(_)) if text.starts_with("arn:aws:iam::") => true,
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| agrees(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(key, a)| b.get(key).is_some_and(|b| agrees(a, b)))
        }
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        _ => recorded == actual,
    }
}

fn outcome(run: &Run<Value>) -> Value {
    let status = match run.status() {
        Status::Running => "RUNNING",
        Status::Succeeded => "SUCCEEDED",
        Status::Failed => "FAILED",
        Status::TimedOut => "TIMED_OUT",
        Status::Aborted => "ABORTED",
    };
    json!({ "status": status, "output": run.output(), "error": run.error(), "cause": run.cause() })
}

fn event(event: &Event) -> Value {
    let mut value: Map<String, Value> = event.details().clone();
    if let Some(assigned) = value.remove("assignedVariables") {
        value.insert("assigned".into(), assigned);
    }
    value.insert("id".into(), event.id().into());
    value.insert("prev".into(), event.previous().into());
    value.insert("type".into(), event.kind().into());
    Value::Object(value)
}

/// What kept the engine from agreeing; empty if nothing did.
fn differences(record: &Value, run: &Run<Value>) -> Vec<String> {
    let expected = &record["expected"];
    let mut differences = Vec::new();
    let expected_outcome = json!({
        "status": expected["status"], "output": expected["output"], "error": expected["error"], "cause": expected["cause"],
    });
    if !agrees(&expected_outcome, &outcome(run)) {
        differences.push(format!(
            "outcome: recorded {expected_outcome}, here {}",
            outcome(run)
        ));
    }
    if expected["order"] == "exact" {
        let events: Vec<Value> = run.history().iter().map(event).collect();
        let recorded = expected["events"].as_array().unwrap();
        if let Some((recorded, here)) = recorded.iter().zip(&events).find(|(a, b)| !agrees(a, b)) {
            differences.push(format!("event: recorded {recorded}, here {here}"));
        } else if recorded.len() != events.len() {
            differences.push(format!(
                "events: recorded {}, here {}",
                recorded.len(),
                events.len()
            ));
        }
    }
    differences
}

/// States that say no language are JSONPath's, but what uses none of its fields means the same in JSONata.
fn in_jsonata(definition: &Value) -> Value {
    const NEUTRAL: [&str; 7] = [
        "Type",
        "Comment",
        "Next",
        "End",
        "Error",
        "Cause",
        "QueryLanguage",
    ];
    let mut definition = definition.clone();
    let is_neutral = |state: &Value| {
        state["QueryLanguage"] == "JSONata"
            || state
                .as_object()
                .unwrap()
                .keys()
                .all(|key| NEUTRAL.contains(&&**key))
    };
    let states = definition["States"].as_object().unwrap();
    if definition.get("QueryLanguage").is_none() && states.values().all(is_neutral) {
        definition["QueryLanguage"] = "JSONata".into();
    }
    definition
}

/// A variable that is assigned nowhere is an error to our validator, not to Step Functions. It passes under the name of an
/// input's field, and gets its own back in the model.
fn read(definition: &Value) -> Result<asl::StateMachine, asl::Problems> {
    const ASSIGNED_NOWHERE: [&str; 3] = ["$doesNotExist", "$stateError", "$stateResult"];
    let stand_in = |name: &str| format!("$states.input.stand_in_for_{}", &name[1..]);
    let mut text = in_jsonata(definition).to_string();
    for name in ASSIGNED_NOWHERE {
        text = text.replace(name, &stand_in(name));
    }
    let mut machine = asl::parse(&text)?;
    restore(&mut machine.graph, &|expression: &mut String| {
        for name in ASSIGNED_NOWHERE {
            *expression = expression.replace(&stand_in(name), name);
        }
    });
    Ok(machine)
}

fn restore(graph: &mut asl::Graph, rename: &impl Fn(&mut String)) {
    fn template(tree: &mut asl::Template, rename: &impl Fn(&mut String)) {
        match tree {
            asl::Template::Expression(expression) => rename(&mut expression.0),
            asl::Template::Object(members) => members
                .iter_mut()
                .for_each(|(_, value)| template(value, rename)),
            _ => {}
        }
    }
    for (_, state) in &mut graph.states {
        match state {
            asl::State::Pass(pass) => pass
                .output
                .iter_mut()
                .for_each(|output| template(output, rename)),
            asl::State::Map(map) => restore(&mut map.item_processor.graph, rename),
            _ => {}
        }
    }
}

#[test]
fn recorded_executions_end_as_they_did_on_step_functions() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../shared/asl-corpus/executions.jsonl"
    );
    let Ok(text) = std::fs::read_to_string(path) else {
        assert!(
            std::env::var_os("CI").is_none(),
            "the corpus is not at {path}"
        );
        println!("the corpus is not at {path}; nothing was compared");
        return;
    };
    let mut tally: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let mut report = String::new();
    let mut outside = Vec::new();
    for line in text.replace(RECORDED_ACCOUNT, ENGINE_ACCOUNT).lines() {
        let record: Value = serde_json::from_str(line).unwrap();
        if record["jsonata"] != true || record["runnable"] != true {
            continue;
        }
        let context = |name: &str| record["context"][name].as_str().unwrap();
        let machine = match read(&record["definition"]) {
            Ok(machine) => machine,
            Err(problems) => {
                outside.push(format!(
                    "{}: {}",
                    record["name"],
                    problems.to_string().lines().next().unwrap_or_default()
                ));
                continue;
            }
        };
        let engine = Engine::from_machine(context("state_machine_name"), machine)
            .with_host(Recorded::of(&record));
        if let Err(error) = engine.check() {
            outside.push(format!("{}: {error}", record["name"]));
            continue;
        }
        let run = block_on(engine.start(context("execution_name"), &record["input"])).unwrap();
        let differences = differences(&record, &run);
        let category = record["category"]
            .as_str()
            .unwrap()
            .split('/')
            .next()
            .unwrap();
        let (passed, total) = tally.entry(category.to_owned()).or_default();
        *total += 1;
        *passed += usize::from(differences.is_empty());
        for difference in differences {
            writeln!(report, "differs: {}: {difference}", record["name"]).unwrap();
        }
    }
    println!("{report}outside of the model:\n{}", outside.join("\n"));
    let mut table = String::new();
    for (category, (passed, total)) in &tally {
        writeln!(table, "{category}: {passed} of {total}").unwrap();
    }
    writeln!(table, "outside of the model: {}", outside.len()).unwrap();
    expect![[r#"
        assign: 3 of 3
        evaluate_jsonata: 7 of 7
        intrinsic_functions: 15 of 15
        local_mocking: 1 of 1
        outputdecl: 5 of 5
        query_language: 2 of 2
        scenarios: 24 of 24
        states_variables: 5 of 5
        outside of the model: 10
    "#]]
    .assert_eq(&table);
}

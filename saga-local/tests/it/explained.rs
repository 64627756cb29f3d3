//! What `saga_asl::explain` says of the emitted definitions is what the engine does: each error is answered to each state.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use saga_asl as asl;
use saga_local::{Answer, BoxFuture, Call, Engine, Run, Status, TaskHost};
use serde_json::{Value, json};

use crate::support::block_on;

/// Retries that are too few to be endless, and enough to be no one's last.
const A_WHILE: usize = 30;

/// Fails some states with an error, the first so many times, and answers the others with what the flows look for.
#[derive(Clone)]
struct Failing {
    states: Vec<(String, String)>,
    times: Arc<Mutex<usize>>,
    verdict: &'static str,
}

impl TaskHost for Failing {
    fn answers(&self, _: &str, _: &str) -> bool {
        true
    }

    fn call(&self, call: Call) -> BoxFuture<'static, Answer> {
        let failing = self.states.iter().find(|(state, _)| state == call.state());
        let mut left = self.times.lock().unwrap();
        let answer = match failing {
            Some((_, error)) if *left > 0 => {
                *left -= 1;
                Answer::Error {
                    error: error.clone(),
                    cause: String::new(),
                }
            }
            _ if call.state() == "fraud.check" => {
                Answer::Output(json!({ "Payload": match self.verdict {
                    "Clear" => json!("Clear"),
                    verdict => json!({ verdict: { "score": 1 } }),
                } }))
            }
            _ => Answer::Output(json!({ "Payload": { "cents": 1, "depot": "d" }, "Output": {} })),
        };
        Box::pin(std::future::ready(answer))
    }
}

struct Subject {
    name: &'static str,
    machine: asl::StateMachine,
}

impl Subject {
    fn read(name: &'static str) -> Self {
        let path = format!("{}/../out/{name}.asl.json", env!("CARGO_MANIFEST_DIR"));
        let machine = asl::parse(&std::fs::read_to_string(path).unwrap()).unwrap();
        Self { name, machine }
    }

    fn run(&self, states: &[(&str, &str)], times: usize, way: (bool, &'static str)) -> Run<Value> {
        let host = Failing {
            states: states
                .iter()
                .map(|(state, error)| ((*state).to_owned(), error_name(error)))
                .collect(),
            times: Arc::new(Mutex::new(times)),
            verdict: way.1,
        };
        let input = json!({
            "order_id": "o", "id": "o", "customer": "c", "name": "c", "city": "x", "address": "x", "card": "1", "total": 1,
            "income": 1, "deposit": 1, "gift": way.0, "lines": [{ "sku": "a", "quantity": 1 }, { "sku": "b", "quantity": 1 }],
        });
        let engine = Engine::from_machine(self.name, self.machine.clone()).with_host(host);
        block_on(engine.start("run", &input)).unwrap()
    }

    /// The states of the outermost graph that work, in the order in which they were entered after the one that fails.
    fn undone(&self, run: &Run<Value>, steps: &BTreeSet<&str>) -> Vec<String> {
        let works = |name: &&str| {
            let state = self.machine.graph.get(name);
            !steps.contains(name)
                && *name != "park"
                && matches!(
                    state,
                    Some(asl::State::Task(_) | asl::State::Map(_) | asl::State::Parallel(_))
                )
        };
        let entered = run.states_entered();
        entered
            .into_iter()
            .filter(works)
            .map(str::to_owned)
            .collect()
    }
}

fn error_name(error: &str) -> String {
    let known = if error == asl::OTHER {
        "Unheard.Of"
    } else {
        error
    };
    known.to_owned()
}

fn name(undone: &asl::Undone) -> &str {
    match undone {
        asl::Undone::Task(name) => name,
        asl::Undone::Items { state, .. } | asl::Undone::Branches { state, .. } => state,
    }
}

/// Whether the run went as the case says.
fn is_as(case: &asl::Case, undone: &[String], run: &Run<Value>) -> bool {
    let entered = run.states_entered();
    let told: Vec<&str> = case.undone.iter().map(name).collect();
    let ends = match &case.end {
        asl::End::Fails { state, .. } => {
            run.status() == Status::Failed && entered.last() == Some(&state.as_str())
        }
        asl::End::NotCaught => {
            run.status() == Status::Failed && entered.last() != Some(&"compensated")
        }
        asl::End::Parked { state, .. } => {
            run.status() == Status::Running && entered.last() == Some(&state.as_str())
        }
        asl::End::GoesOn { at } => entered.contains(&at.as_str()),
        asl::End::Retried => run.status() == Status::Succeeded,
        asl::End::Succeeds { .. } | asl::End::Unknown | asl::End::Loops { .. } => false,
    };
    ends && (told == undone || matches!(case.end, asl::End::GoesOn { .. } | asl::End::Retried))
}

const SAGAS: [&str; 4] = [
    "place_order",
    "book_trip",
    "fulfil_order",
    "onboard_customer",
];

fn is_task(subject: &Subject, state: &str) -> bool {
    matches!(subject.machine.graph.get(state), Some(asl::State::Task(_)))
}

/// Whether the state can be made to fail by itself, wherever it stands.
fn fails_by_itself(subject: &Subject, state: &str) -> bool {
    let found = subject.machine.graph.get(state);
    !matches!(found, Some(asl::State::Map(_) | asl::State::Parallel(_)))
}

#[test]
fn every_failure_of_a_step_goes_as_explained() {
    let mut checked = 0;
    let mut differences = Vec::new();
    for subject in SAGAS.map(Subject::read) {
        let explanation = asl::explain(&subject.machine);
        let steps: BTreeSet<&str> = explanation.steps.iter().map(|step| &*step.state).collect();
        let failing = explanation.steps.iter();
        for step in failing.filter(|step| fails_by_itself(&subject, &step.state)) {
            let errors: BTreeSet<&String> =
                step.cases.iter().flat_map(|case| &case.errors).collect();
            let runs = errors.into_iter();
            for (error, way) in runs.flat_map(|error| ways(&subject).map(move |way| (error, way))) {
                let cases = step.cases.iter();
                let cases: Vec<_> = cases.filter(|case| case.errors.contains(error)).collect();
                let is_endless = cases.iter().any(|case| case.end == asl::End::Retried);
                let times = if is_endless { A_WHILE } else { usize::MAX };
                let run = subject.run(&[(&step.state, error)], times, way);
                if !run.states_entered().contains(&step.state.as_str()) {
                    continue;
                }
                checked += 1;
                let undone = subject.undone(&run, &steps);
                if !cases.iter().any(|case| is_as(case, &undone, &run)) {
                    let (name, state, status) = (subject.name, &step.state, run.status());
                    differences.push(format!(
                        "{name} {state} {error} {way:?}: {status:?}, {undone:?}, but told {cases:?}"
                    ));
                }
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    assert!(checked > 100, "only {checked} failures were compared");
}

/// Only one of the examples asks for more than one way.
fn ways(subject: &Subject) -> impl Iterator<Item = (bool, &'static str)> + use<> {
    let count = if subject.name == "fulfil_order" { 4 } else { 1 };
    WAYS.into_iter().take(count)
}

/// Gift or not, and what the fraud check says.
const WAYS: [(bool, &str); 4] = [
    (true, "Clear"),
    (false, "Clear"),
    (true, "Unsure"),
    (false, "Unsure"),
];

/// Failures of steps, by state and error, that lead to the compensation.
fn lead_to<'a>(
    compensation: &str, subject: &Subject, explanation: &'a asl::Explanation,
) -> Vec<(&'a str, &'a str)> {
    let mut failures = Vec::new();
    let steps = explanation.steps.iter();
    for step in steps.filter(|step| step.inside.is_empty() && is_task(subject, &step.state)) {
        for case in &step.cases {
            let undoes = case
                .undone
                .iter()
                .any(|undone| name(undone) == compensation);
            if let Some(error) = case.errors.first().filter(|_| undoes) {
                failures.push((&*step.state, &**error));
            }
        }
    }
    failures
}

#[test]
fn every_failure_of_a_compensation_goes_as_explained() {
    let mut checked = 0;
    for subject in SAGAS.map(Subject::read) {
        let explanation = asl::explain(&subject.machine);
        let compensations = explanation.compensations.iter();
        for compensation in compensations.filter(|one| one.inside.is_empty()) {
            let state = &*compensation.state;
            let cases = compensation.cases.iter();
            let own: Vec<_> = cases
                .flat_map(|case| case.errors.iter().map(|error| (&**error, &case.end)))
                .collect();
            for first in lead_to(state, &subject, &explanation) {
                for (error, end) in &own {
                    let failing = [first, (state, *error)];
                    let mut runs = ways(&subject).map(|way| subject.run(&failing, usize::MAX, way));
                    // What stands on an alternative path is reached only after another failure.
                    let Some(run) = runs.find(|run| run.states_entered().contains(&state)) else {
                        continue;
                    };
                    let is_parked = matches!(end, asl::End::Parked { .. });
                    assert_eq!(
                        run.status() == Status::Running,
                        is_parked,
                        "{state} {error}"
                    );
                    checked += 1;
                }
            }
        }
    }
    assert!(checked > 20, "only {checked} failures were compared");
}

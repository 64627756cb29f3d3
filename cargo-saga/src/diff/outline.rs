//! What a definition does, read from its states: steps called, what they are sent, how they are tried again. Compares nothing.

use std::collections::BTreeMap;

use saga_asl::{Catcher, Graph, Number, Retrier, State, StateMachine, Task};
use saga_compiler::Kind;
use serde_json::Value;

use crate::timeline::undoes;

/// As often as a retrier may say, which the compiler writes for "without end".
const ENDLESS: u64 = 99_999_999;

/// A delivery that the definition makes.
#[derive(Clone, Debug)]
pub(super) struct Call {
    /// `stock.reserve#2`
    pub(super) state: String,
    /// The loops and joins around it.
    pub(super) inside: Vec<String>,
    /// The step's name in the envelope, which keys its record: `stock.reserve#2`.
    pub(super) step: String,
    /// `${StockFunctionArn}`, or an ARN.
    pub(super) function: String,
    /// The arguments by name, each as its template.
    pub(super) input: BTreeMap<String, Value>,
    /// How the envelope names the execution, which keys the records.
    pub(super) saga: Value,
    pub(super) timeout: Option<u64>,
    pub(super) retry: Vec<Retrier>,
    pub(super) catch: Vec<Catcher>,
}

impl Call {
    /// `stock.reserve` of `stock.reserve#2`
    pub(super) fn method(&self) -> &str {
        method(&self.step)
    }

    /// The errors that another try would not help: those of the retriers that allow none.
    pub(super) fn definite(&self) -> impl Iterator<Item = &String> {
        let retry = self.retry.iter();
        let none = retry.filter(|retrier| retrier.max_attempts == Some(0));
        none.flat_map(|retrier| &retrier.error_equals)
    }

    /// Whether it is tried again until it succeeds, or says a definite no.
    pub(super) fn is_endless(&self) -> bool {
        let mut retry = self.retry.iter();
        retry.any(|retrier| retrier.max_attempts == Some(ENDLESS))
    }

    /// Where the error leads, if a catcher names it.
    pub(super) fn caught(&self, error: &str) -> Option<&str> {
        let mut catch = self.catch.iter();
        let catcher = catch.find(|catcher| catcher.error_equals.iter().any(|name| name == error));
        catcher.map(|catcher| catcher.next.as_str())
    }
}

pub(super) fn method(step: &str) -> &str {
    step.split_once('#').map_or(step, |(method, _)| method)
}

/// What is no call of a step: a Choice, a loop, a join, a wait, a started flow.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Other {
    pub(super) state: String,
    pub(super) kind: &'static str,
    /// What of it matters, without its inner graphs and its way on.
    pub(super) content: Value,
}

/// What a definition does, in the order in which it is written.
#[derive(Clone, Debug, Default)]
pub(super) struct Outline {
    pub(super) actions: Vec<Call>,
    pub(super) compensations: Vec<Call>,
    pub(super) others: Vec<Other>,
    /// It waits for an operator where a compensation is stuck.
    pub(super) parks: bool,
    /// Seconds after which no action begins.
    pub(super) deadline: Option<u64>,
}

impl Outline {
    pub(super) fn of(machine: &StateMachine) -> Self {
        let mut outline = Self::default();
        outline.read(&machine.graph, &[]);
        outline
    }

    /// The first call of a method.
    pub(super) fn action(&self, method: &str) -> Option<&Call> {
        self.actions.iter().find(|call| call.method() == method)
    }

    /// What the retriers and the compensations say of a step's kind.
    pub(super) fn kind(&self, call: &Call) -> Kind {
        let is_undone = |undo: &Call| undo.step == call.step;
        match (call.is_endless(), call.definite().next()) {
            (true, Some(_)) => Kind::Pivot,
            (true, None) => Kind::Retriable,
            (false, _) if self.compensations.iter().any(is_undone) => Kind::Compensatable,
            (false, _) => Kind::ReadOnly,
        }
    }

    fn read(&mut self, graph: &Graph, around: &[String]) {
        for (name, state) in &graph.states {
            match state {
                State::Task(task) => self.read_task(name, task, around),
                State::Fail(_) | State::Succeed(_) | State::Pass(_) => {}
                _ if is_of_failure(name) => {}
                _ => self.others.push(other(name, state)),
            }
            let mut around = around.to_vec();
            around.push(name.clone());
            for graph in state.graphs() {
                self.read(graph, &around);
            }
        }
    }

    fn read_task(&mut self, name: &str, task: &Task, around: &[String]) {
        if task.waits_for_token() {
            self.parks = true;
            return;
        }
        let arguments = serde_json::to_value(&task.arguments).unwrap_or_default();
        let payload = &arguments["Payload"];
        let Some(step) = payload["step"].as_str() else {
            if !is_of_failure(name) {
                self.others.push(Other {
                    state: name.to_owned(),
                    kind: "started flow",
                    content: arguments,
                });
            }
            return;
        };
        self.deadline = self.deadline.or(payload["deadline"].as_u64());
        let input = payload["input"].as_object().cloned().unwrap_or_default();
        let function = arguments["FunctionName"].as_str().unwrap_or_default();
        let call = Call {
            state: name.to_owned(),
            inside: around.to_vec(),
            step: step.to_owned(),
            function: function.to_owned(),
            input: input.into_iter().collect(),
            saga: payload["saga"].clone(),
            timeout: match &task.timeout_seconds {
                Some(Number::Literal(seconds)) => Some(*seconds),
                _ => None,
            },
            retry: task.retry.clone(),
            catch: task.catch.clone(),
        };
        if payload["phase"] == "compensation" {
            self.compensations.push(call);
        } else {
            self.actions.push(call);
        }
    }
}

/// States on the ways back are told with the steps that they undo.
fn is_of_failure(state: &str) -> bool {
    undoes(state).is_some()
        || state.starts_with("outcome of ")
        || ["resume", "skip"].contains(&state)
}

fn other(name: &str, state: &State) -> Other {
    let kind = match state {
        State::Choice(_) => "branch",
        State::Map(_) => "loop",
        State::Parallel(_) => "join",
        _ => "wait",
    };
    let mut content = serde_json::to_value(state).unwrap_or_default();
    if let Some(fields) = content.as_object_mut() {
        // What is inside, where it goes and what it hands on are told elsewhere, or by nobody.
        let told = [
            "ItemProcessor",
            "Branches",
            "Next",
            "End",
            "Default",
            "Retry",
            "Catch",
            "Comment",
            "Assign",
            "Output",
        ];
        for field in told {
            fields.remove(field);
        }
        if let Some(rules) = fields.get_mut("Choices").and_then(Value::as_array_mut) {
            for rule in rules.iter_mut().filter_map(Value::as_object_mut) {
                rule.retain(|field, _| field == "Condition");
            }
        }
    }
    Other {
        state: name.to_owned(),
        kind,
        content,
    }
}

//! One recorded execution: what to run, the answers that its tasks got, and whether a run agrees with it. Knows no query language.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;

use saga_local::{Answer, BoxFuture, Call, Event, Run, Status, TaskHost};
use serde_json::{Map, Value, json};

/// What a case needs, read before anything runs.
pub(super) struct Record {
    pub(super) name: String,
    pub(super) category: String,
    pub(super) is_jsonata: bool,
    pub(super) is_runnable: bool,
    pub(super) definition: Value,
    pub(super) input: Value,
    pub(super) machine_name: String,
    pub(super) execution_name: String,
    expected: Value,
    answers: BTreeMap<String, VecDeque<Answer>>,
}

impl Record {
    /// The record on a line, or why it cannot be read.
    pub(super) fn read(line: &str) -> Result<Self, String> {
        let record: Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
        let text = |pointer: &str| {
            record
                .pointer(pointer)
                .and_then(Value::as_str)
                .map(str::to_owned)
                .ok_or_else(|| format!("`{pointer}` is no text"))
        };
        let flag = |pointer: &str| record.pointer(pointer).and_then(Value::as_bool);
        let category = text("/category")?;
        let expected = record.get("expected").cloned().unwrap_or_default();
        if !expected["status"].is_string() {
            return Err("`/expected/status` is no text".to_owned());
        }
        Ok(Self {
            name: text("/name")?,
            category: category.split('/').next().unwrap_or_default().to_owned(),
            is_jsonata: flag("/jsonata").ok_or("`/jsonata` is no boolean")?,
            is_runnable: flag("/runnable").ok_or("`/runnable` is no boolean")?,
            definition: record.get("definition").cloned().unwrap_or_default(),
            input: record.get("input").cloned().unwrap_or_default(),
            machine_name: text("/context/state_machine_name")?,
            execution_name: text("/context/execution_name")?,
            expected,
            answers: answers(&record["mocks"]),
        })
    }

    /// Answers each state's calls as they were answered when the execution was recorded.
    pub(super) fn host(&self) -> impl TaskHost + 'static {
        Recorded(Mutex::new(self.answers.clone()))
    }

    /// How the ends differ; `None` if they agree.
    pub(super) fn end_differs(&self, run: &Run<Value>) -> Option<String> {
        let part = |name: &str| self.expected.get(name).cloned().unwrap_or_default();
        let recorded = json!({
            "status": part("status"), "output": part("output"), "error": part("error"), "cause": part("cause"),
        });
        let here = end(run);
        (!agrees(&recorded, &here))
            .then(|| format!("recorded {}, here {}", short(&recorded), short(&here)))
    }

    /// Whether every event was recorded, in the order in which they happened.
    pub(super) fn has_history(&self) -> bool {
        self.expected["order"] == "exact" && self.expected["events"].is_array()
    }

    /// The first event that differs; `None` if all agree.
    pub(super) fn history_differs(&self, run: &Run<Value>) -> Option<String> {
        let recorded = self.expected["events"].as_array()?;
        let here: Vec<Value> = run.history().iter().map(event).collect();
        let pair = recorded.iter().zip(&here).find(|(a, b)| !agrees(a, b));
        match pair {
            Some((a, b)) => Some(format!("recorded {}, here {}", short(a), short(b))),
            None if recorded.len() != here.len() => Some(format!(
                "recorded {} events, here {}",
                recorded.len(),
                here.len()
            )),
            None => None,
        }
    }
}

fn answers(mocks: &Value) -> BTreeMap<String, VecDeque<Answer>> {
    let mut answers: BTreeMap<String, VecDeque<Answer>> = BTreeMap::new();
    for mock in mocks.as_array().into_iter().flatten() {
        let state = mock["state"].as_str().unwrap_or_default();
        let is_function = mock["resource"]
            .as_str()
            .is_some_and(|resource| resource.starts_with("arn:aws:lambda:"));
        let outcome = &mock["outcome"];
        let text = |name: &str| outcome[name].as_str().unwrap_or_default().to_owned();
        let answer = match (outcome.get("output"), outcome.get("error")) {
            // What a function answers is the payload of a response.
            (Some(output), _) if is_function => Answer::Output(json!({ "Payload": output })),
            (Some(output), _) => Answer::Output(output.clone()),
            (None, Some(_)) => Answer::Error {
                error: text("error"),
                cause: text("cause"),
            },
            (None, None) => Answer::Lost,
        };
        answers
            .entry(state.to_owned())
            .or_default()
            .push_back(answer);
    }
    answers
}

struct Recorded(Mutex<BTreeMap<String, VecDeque<Answer>>>);

impl TaskHost for Recorded {
    fn answers(&self, _: &str, _: &str) -> bool {
        true
    }

    fn call(&self, call: Call) -> BoxFuture<'static, Answer> {
        let mut answers = self.0.lock().unwrap();
        let answer = answers.get_mut(call.state()).and_then(VecDeque::pop_front);
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
        (Value::String(text), _) if is_placeholder(text) => true,
        // Roles are named by whoever recorded.
        (Value::String(text), Value::String(_)) if text.starts_with("arn:aws:iam::") => true,
        (Value::String(a), Value::String(b)) => a == b || same_json(a, b),
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

fn is_placeholder(text: &str) -> bool {
    text.starts_with("<any:") && text.ends_with('>') && text[1..].find('<').is_none()
}

/// Text that holds JSON: an object or an array, as Lambda's causes are. Text with a placeholder in its middle agrees piece by piece.
fn same_json(recorded: &str, actual: &str) -> bool {
    let read = |text: &str| serde_json::from_str(text).ok();
    if let (Some(a @ (Value::Object(_) | Value::Array(_))), Some(b)) =
        (read(recorded), read(actual))
    {
        return agrees(&a, &b);
    }
    recorded.contains("<any:") && matches_pieces(recorded, actual)
}

fn matches_pieces(recorded: &str, actual: &str) -> bool {
    let mut rest = actual;
    let mut pieces = recorded.split("<any:");
    let first = pieces.next().unwrap_or_default();
    let Some(after) = rest.strip_prefix(first) else {
        return false;
    };
    rest = after;
    for piece in pieces {
        let literal = piece.split_once('>').map_or("", |(_, literal)| literal);
        if literal.is_empty() {
            continue;
        }
        let Some((_, after)) = rest.split_once(literal) else {
            return false;
        };
        rest = after;
    }
    rest.is_empty() || recorded.ends_with('>')
}

fn end(run: &Run<Value>) -> Value {
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

/// A reader of a failing test wants the difference, not a megabyte.
fn short(value: &Value) -> String {
    const MOST: usize = 400;
    let text = value.to_string();
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

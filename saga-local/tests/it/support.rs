//! What several tests share: an executor, a scripted host, and histories as text.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::future::Future;
use std::sync::{Arc, Mutex};

use expect_test::Expect;
use saga_local::{Answer, BoxFuture, Call, Engine, MatrixReport, Run, TaskHost};
use serde_json::{Value, json};

/// Runs a future to its end on this thread.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(future)
}

/// Answers `lambda:invoke` as told, state by state; a state without an answer left gets its payload back.
#[derive(Clone, Default)]
pub(crate) struct Script(Arc<Mutex<BTreeMap<String, VecDeque<Answer>>>>);

impl Script {
    pub(crate) fn on(self, state: &str, answers: impl IntoIterator<Item = Answer>) -> Self {
        self.0
            .lock()
            .unwrap()
            .entry(state.to_owned())
            .or_default()
            .extend(answers);
        self
    }
}

impl TaskHost for Script {
    fn answers(&self, service: &str, _: &str) -> bool {
        service == "lambda"
    }

    fn call(&self, call: Call) -> BoxFuture<'static, Answer> {
        let answer = self
            .0
            .lock()
            .unwrap()
            .get_mut(call.state())
            .and_then(VecDeque::pop_front);
        let echo = || payload(call.arguments().get("Payload").cloned().unwrap_or_default());
        Box::pin(std::future::ready(answer.unwrap_or_else(echo)))
    }
}

pub(crate) fn payload(value: impl Into<Value>) -> Answer {
    let value: Value = value.into();
    Answer::Output(json!({ "Payload": value }))
}

pub(crate) fn error(name: &str) -> Answer {
    Answer::Error {
        error: name.into(),
        cause: format!("{name} happened"),
    }
}

/// A definition that begins at `a`; single quotes stand for double ones.
pub(crate) fn definition(states: &str) -> String {
    format!(
        r#"{{ "QueryLanguage": "JSONata", "StartAt": "a", "States": {{ {} }} }}"#,
        states.replace('\'', "\"")
    )
}

pub(crate) fn engine(states: &str) -> Engine<Value, Value> {
    let engine = Engine::from_asl("machine", &definition(states));
    if let Err(error) = engine.check() {
        let source = std::error::Error::source(&error);
        assert!(
            !error.is_invalid_definition(),
            "{}",
            source.unwrap_or(&error)
        );
    }
    engine
}

/// One line an event, without what every event repeats, and a last line with the end.
pub(crate) fn trace(run: &Run<Value>) -> String {
    let mut text = String::new();
    for event in run.history() {
        write!(text, "{} {} {}", event.id(), event.previous(), event.kind()).unwrap();
        for (key, value) in event.details() {
            if !["resourceType", "resource", "region", "roleArn"].contains(&&**key) {
                write!(text, " {key}={value}").unwrap();
            }
        }
        text.push('\n');
    }
    text + &ending(run)
}

/// How it ended, and how long it took.
pub(crate) fn ending(run: &Run<Value>) -> String {
    let result = match (run.output(), run.error()) {
        (Some(output), _) => output.to_string(),
        (None, Some(error)) => format!("{error}: {}", run.cause().unwrap_or_default()),
        (None, None) => String::new(),
    };
    format!("{:?} after {:?}: {result}\n", run.status(), run.elapsed())
}

/// Runs the states on `input`, and compares the whole history.
pub(crate) fn check(states: &str, script: Script, input: &Value, expected: &Expect) {
    let run = block_on(engine(states).with_host(script).start("run", input)).unwrap();
    expected.assert_eq(&trace(&run));
}

/// Runs the states on `{}`, and compares the end alone.
pub(crate) fn check_ending(states: &str, script: Script, expected: &Expect) {
    let run = block_on(engine(states).with_host(script).start("run", &json!({}))).unwrap();
    expected.assert_eq(&ending(&run));
}

/// The line is one of the report's.
#[track_caller]
pub(crate) fn finds(report: &MatrixReport, line: &str) {
    assert!(!report.is_consistent(), "nothing was found");
    let text = report.to_string();
    let start: String = text.lines().take(40).collect::<Vec<_>>().join("\n");
    assert!(
        text.lines().any(|known| known == line),
        "no line is `{line}`:\n{start}"
    );
}

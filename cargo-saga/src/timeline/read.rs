//! Reads one history into the lines of a timeline. Follows no execution that it started.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::SKIPPED;
use super::entry::{Entry, What};
use crate::history::{Event, History};
use crate::parked;

/// What was asked to go wrong in an attempt: by state, its number, and item.
pub(crate) type Faults<'a> = dyn Fn(&str, u64, &[u64]) -> Option<String> + 'a;

/// Whose history it is, and what it does not say itself.
pub(crate) struct Source<'a> {
    /// The state machine's name.
    pub(crate) saga: &'a str,
    /// The events that started it and the executions around it.
    pub(crate) around: &'a [u64],
    /// When the outermost execution started.
    pub(crate) start: SystemTime,
    pub(crate) fault: &'a Faults<'a>,
    /// Whether the executions that it started are to be named, because their stories are told elsewhere.
    pub(crate) names_executions: bool,
}

pub(crate) fn read(history: &History, source: &Source) -> Vec<Entry> {
    let mut reader = Reader {
        history,
        source,
        attempts: HashMap::new(),
        open: HashMap::new(),
        entries: Vec::new(),
    };
    for event in history.events() {
        reader.read(event);
    }
    reader.entries
}

struct Reader<'h> {
    history: &'h History,
    source: &'h Source<'h>,
    /// How often each state has sent something.
    attempts: HashMap<String, u64>,
    /// The entry of a Task that was scheduled, or of a Wait, by event.
    open: HashMap<u64, usize>,
    entries: Vec<Entry>,
}

impl<'h> Reader<'h> {
    fn read(&mut self, event: &'h Event) {
        match event.kind.as_str() {
            "TaskScheduled" | "LambdaFunctionScheduled" | "ActivityScheduled" => {
                self.scheduled(event);
            }
            "TaskSubmitted" => {
                let output = event.detail("output");
                self.starts(event, output.and_then(|output| output.get("ExecutionArn")));
            }
            "MapRunStarted" => self.starts(event, event.detail("mapRunArn")),
            "WaitStateEntered" => self.entered(event, What::Waits),
            "MapStateStarted" => {
                let length = event.detail("length").and_then(Value::as_u64);
                self.entered(event, What::Items(length.unwrap_or_default()));
            }
            "TaskSucceeded" | "LambdaFunctionSucceeded" | "ActivitySucceeded" => {
                self.ended(event, What::Done);
            }
            "MapRunSucceeded" | "WaitStateExited" => self.ended(event, What::Done),
            "ExecutionRedriven" => self.redriven(event),
            kind if kind.ends_with("StateAborted") => self.ended(event, What::Stopped),
            kind if kind.ends_with("Failed") || kind.ends_with("TimedOut") => {
                self.ended(event, failure(event));
            }
            _ => {}
        }
    }

    fn since_start(&self, event: &Event) -> Duration {
        let since = event.at.duration_since(self.source.start);
        since.unwrap_or_default()
    }

    fn order(&self, event: &Event) -> Vec<u64> {
        [self.source.around, &[event.id]].concat()
    }

    fn scheduled(&mut self, event: &'h Event) {
        let Some(entered) = self.history.entry(event) else {
            return;
        };
        let state = entered.state().to_owned();
        let attempt = self.attempts.entry(state.clone()).or_default();
        *attempt += 1;
        let attempt = *attempt;
        let item = item(event);
        let stuck = parked::announcement(self.history, entered, event).map(|said| said.step);
        let what = match stuck {
            Some(_) => What::Parked,
            None => What::Open,
        };
        self.open.insert(event.id, self.entries.len());
        self.entries.push(Entry {
            at: self.since_start(event),
            order: self.order(event),
            saga: self.source.saga.to_owned(),
            fault: (self.source.fault)(&state, attempt, &item),
            state,
            item,
            attempt,
            stuck,
            what,
            execution: None,
            entered: self.order(entered),
            ended: None,
            end_event: None,
        });
    }

    /// A state that calls nothing.
    fn entered(&mut self, event: &'h Event, what: What) {
        if let Some(entered) = self.history.entry(event) {
            self.open.insert(event.id, self.entries.len());
            self.entries.push(self.plain(event, entered, what));
        }
    }

    fn redriven(&mut self, event: &'h Event) {
        let mut entry = self.plain(event, event, What::Redriven);
        "redrive".clone_into(&mut entry.state);
        self.entries.push(entry);
    }

    fn plain(&self, event: &Event, entered: &Event, what: What) -> Entry {
        Entry {
            at: self.since_start(event),
            order: self.order(event),
            saga: self.source.saga.to_owned(),
            state: entered.state().to_owned(),
            item: Vec::new(),
            attempt: 1,
            stuck: None,
            what,
            fault: None,
            execution: None,
            entered: self.order(entered),
            ended: None,
            end_event: None,
        }
    }

    /// The entry of what the nearest event before this one has begun.
    fn begun(&self, event: &'h Event) -> Option<(u64, usize)> {
        let mut before = self.history.before(event);
        before.find_map(|event| Some((event.id, *self.open.get(&event.id)?)))
    }

    /// The task or the loop has started executions of its own.
    fn starts(&mut self, event: &'h Event, arn: Option<&Value>) {
        if !self.source.names_executions {
            return;
        }
        let begun = self.begun(event);
        if let Some(entry) = begun.and_then(|(_, index)| self.entries.get_mut(index)) {
            entry.execution = arn.and_then(Value::as_str).map(str::to_owned);
        }
    }

    /// The end of what the nearest event before it has begun.
    fn ended(&mut self, event: &'h Event, end: What) {
        let Some((id, index)) = self.begun(event) else {
            return;
        };
        self.open.remove(&id);
        let ended = self.since_start(event);
        let Some(entry) = self.entries.get_mut(index) else {
            return;
        };
        match (&entry.what, end) {
            (What::Parked, What::Done) => entry.what = What::Resumed,
            (What::Parked, What::Failed { error, message }) if error == SKIPPED => {
                entry.what = What::Skipped(message);
            }
            (What::Open | What::Parked, end) => entry.what = end,
            _ => {}
        }
        entry.ended = Some(ended);
        entry.end_event = Some(event.id);
    }
}

fn failure(event: &Event) -> What {
    What::Failed {
        error: event.text("error").unwrap_or("States.Timeout").to_owned(),
        message: event.text("cause").map(message).unwrap_or_default(),
    }
}

/// Which item of the loops around it an event's task is of: of a delivery, or of what tells the parking queue.
fn item(event: &Event) -> Vec<u64> {
    let parameters = event.detail("parameters").or_else(|| event.detail("input"));
    let item = parameters.and_then(|parameters| {
        let of_parked = || parameters.pointer("/MessageBody/item");
        parameters.pointer("/Payload/item").or_else(of_parked)
    });
    item.map(indices).unwrap_or_default()
}

/// `[2, 0]`
pub(crate) fn indices(item: &Value) -> Vec<u64> {
    let index = |index: &Value| index.as_u64().or_else(|| whole(index.as_f64()?));
    let item = item.as_array().into_iter().flatten();
    item.filter_map(index).collect()
}

/// `JSONata` computes in doubles, so an index may be one.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an index is small; a cast saturates"
)]
fn whole(number: f64) -> Option<u64> {
    (number >= 0.0).then_some(number as u64)
}

/// What a cause says to people: Lambda's is JSON with `errorMessage`, which the runtime fills with JSON that has a `message`; that
/// of a nested execution is all that `DescribeExecution` says of it.
pub(crate) fn message(cause: &str) -> String {
    let json: Option<Value> = serde_json::from_str(cause).ok();
    let part = |key: &str| json.as_ref().and_then(|json| json.get(key)?.as_str());
    if part("ExecutionArn").is_some() {
        let error = part("Error").unwrap_or("no error is given");
        return match part("Cause").map(message) {
            Some(cause) if !cause.is_empty() => format!("{error}: {cause}"),
            _ => error.to_owned(),
        };
    }
    match part("errorMessage") {
        Some(text) => message(text),
        None => part("message").unwrap_or(cause).to_owned(),
    }
}

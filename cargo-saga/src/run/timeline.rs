//! What happened in a run, in virtual time: read from the histories, and told. Runs nothing.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use saga_local::{Delivery, Engine, Event, Fault, Run, Status};
use serde::Serialize;
use serde_json::{Value, json};

use super::fault::word;
use crate::print::{self, Paint};

pub(super) struct Timeline {
    name: String,
    entries: Vec<Entry>,
    pub(super) end: End,
    elapsed: Duration,
    output: Option<Value>,
    error: Option<String>,
    message: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum End {
    Committed,
    Compensated,
    Parked,
    Failed,
}

/// One attempt of a Task, or another state that takes time or items.
struct Entry {
    /// Since the start.
    at: Duration,
    /// The event, behind those that started the executions around it.
    order: Vec<u64>,
    saga: String,
    state: String,
    item: Vec<u64>,
    attempt: u64,
    what: What,
    fault: Option<Fault>,
    /// The event that entered the state: attempts of one entry share it.
    entered: Vec<u64>,
    ended: Option<Duration>,
}

enum What {
    Done,
    Failed {
        error: String,
        message: String,
    },
    /// A task that has no answer yet.
    Open,
    Waits,
    Items(u64),
}

impl Timeline {
    pub(super) fn of(engine: &Engine<Value, Value>, run: &Run<Value>, name: &str) -> Self {
        let start = run.history().first().map(Event::timestamp);
        let story = Story {
            engine,
            deliveries: engine.deliveries(),
            start: start.unwrap_or(SystemTime::UNIX_EPOCH),
        };
        let mut entries = Vec::new();
        if let Some(first) = engine.executions().first() {
            story.tell(first, &[], &mut entries);
        }
        // What happens at one time stands in the order in which one thing led to another.
        entries.sort_by(|left, right| (left.at, &left.order).cmp(&(right.at, &right.order)));
        let asked_for = |error: &str| {
            let mut faults = entries.iter().filter(|entry| entry.fault.is_some());
            faults.any(
                |entry| matches!(&entry.what, What::Failed { error: named, .. } if named == error),
            )
        };
        // What was asked for has nothing more to say.
        let message = run.cause().map(message).filter(|text| !text.is_empty());
        let message = message.filter(|_| !run.error().is_some_and(asked_for));
        let end = match run.status() {
            Status::Succeeded => End::Committed,
            Status::Running => End::Parked,
            _ if ended_in_fail(run) => End::Compensated,
            _ => End::Failed,
        };
        Self {
            name: name.to_owned(),
            end,
            elapsed: run.elapsed(),
            output: run.output().cloned(),
            error: run.error().map(str::to_owned),
            message,
            entries,
        }
    }

    pub(super) fn to_json(&self, seed: u64, missing: &[String]) -> Value {
        let entries: Vec<Value> = self.entries.iter().map(Entry::to_json).collect();
        json!({
            "saga": self.name,
            "seed": seed,
            "end": self.end,
            "seconds": self.elapsed.as_secs_f64(),
            "output": self.output,
            "error": self.error,
            "message": self.message,
            "outputs_left_null": missing,
            "timeline": entries,
        })
    }

    pub(super) fn to_text(&self, seed: u64, paint: Paint) -> String {
        let mut text = format!("{}, seed {seed}\n\n", paint.bold(&self.name));
        let names: Vec<String> = self.entries.iter().map(Entry::shown).collect();
        let times: Vec<String> = self
            .entries
            .iter()
            .map(|entry| print::time(entry.at))
            .collect();
        let width = |texts: &[String]| texts.iter().map(|text| text.chars().count()).max();
        let (wide, late) = (
            width(&names).unwrap_or(0),
            width(&times).unwrap_or(0).max(8),
        );
        for (index, entry) in self.entries.iter().enumerate() {
            let time = format!("{:>late$}", times[index]);
            let again = self.again(index);
            let _ = writeln!(
                text,
                "{}  {}  {:wide$}  {}",
                paint.dim(&time),
                entry.sign(paint),
                names[index],
                entry.told(again, paint)
            );
        }
        let after = print::time(self.elapsed);
        let (end, rest) = self.ending();
        let end = match self.end {
            End::Committed => paint.green(&paint.bold(end)),
            End::Compensated => paint.yellow(&paint.bold(end)),
            End::Parked | End::Failed => paint.red(&paint.bold(end)),
        };
        text + &format!("\n{end} after {after}{rest}\n")
    }

    fn ending(&self) -> (&'static str, String) {
        let error = self.error.clone().unwrap_or_default();
        let message = self.message.as_ref().map(|message| format!(": {message}"));
        let error = format!(": {error}{}", message.unwrap_or_default());
        match self.end {
            End::Committed => {
                let output = self.output.as_ref().filter(|output| !output.is_null());
                let output = output.map(|output| format!(": {output}"));
                ("committed", output.unwrap_or_default())
            }
            End::Compensated => ("compensated", error),
            End::Failed => ("failed, not compensated,", error),
            End::Parked => (
                "parked",
                ": a compensation is stuck, and the saga waits for an operator".to_owned(),
            ),
        }
    }

    /// How long after its end the state of an attempt is tried again, if it is.
    fn again(&self, index: usize) -> Option<Duration> {
        let entry = &self.entries[index];
        let later = &self.entries[index + 1..];
        let next = later.iter().find(|other| {
            other.entered == entry.entered
                && other.item == entry.item
                && other.attempt > entry.attempt
        })?;
        Some(next.at.saturating_sub(entry.ended?))
    }
}

/// Whether a Fail state ended it, which stands behind the last compensation.
fn ended_in_fail(run: &Run<Value>) -> bool {
    let events = run.history().iter().rev();
    let mut entered = events.filter(|event| event.kind().ends_with("StateEntered"));
    entered
        .next()
        .is_some_and(|event| event.kind() == "FailStateEntered")
}

impl Entry {
    fn is_compensation(&self) -> bool {
        self.state.starts_with("compensate ")
    }

    fn shown(&self) -> String {
        let indent = "  ".repeat(self.order.len() - 1);
        let items: Vec<String> = self.item.iter().map(ToString::to_string).collect();
        let item = if items.is_empty() {
            String::new()
        } else {
            format!("[{}]", items.join(","))
        };
        format!("{indent}{}{item}", self.state)
    }

    fn sign(&self, paint: Paint) -> String {
        match &self.what {
            What::Done if self.is_compensation() => paint.yellow("↩"),
            What::Done => paint.green("✓"),
            What::Failed { .. } => paint.red("✗"),
            What::Open | What::Waits => paint.yellow("…"),
            What::Items(_) => paint.dim("⋮"),
        }
    }

    fn told(&self, again: Option<Duration>, paint: Paint) -> String {
        let fault = self.fault.as_ref().map(word);
        let mut text = match &self.what {
            What::Done if self.is_compensation() => "undone".to_owned(),
            What::Done => "done".to_owned(),
            What::Failed { error, message } if message.is_empty() || fault.is_some() => {
                error.clone()
            }
            What::Failed { error, message } => format!("{error}: {message}"),
            What::Open => "waits for an operator".to_owned(),
            What::Waits => {
                let ended = self.ended.map(|ended| ended.saturating_sub(self.at));
                format!("waits {}", print::time(ended.unwrap_or_default()))
            }
            What::Items(count) => print::count(usize::try_from(*count).unwrap_or(0), "item"),
        };
        // A declared error is told by its name already.
        if let Some(fault) = fault.filter(|fault| !text.starts_with(fault.as_str())) {
            text.push(' ');
            text.push_str(&paint.dim(&format!("({fault})")));
        }
        if let Some(again) = again {
            text.push_str(", again after ");
            text.push_str(&print::time(again));
        }
        text
    }

    fn to_json(&self) -> Value {
        let (outcome, error, message) = match &self.what {
            What::Done => ("done", None, None),
            What::Failed { error, message } => ("failed", Some(error), Some(message)),
            What::Open => ("open", None, None),
            What::Waits => ("waited", None, None),
            What::Items(_) => ("items", None, None),
        };
        let mut json = json!({
            "seconds": self.at.as_secs_f64(),
            "saga": self.saga,
            "state": self.state,
            "outcome": outcome,
        });
        let mut add = |key: &str, value: Value| json[key] = value;
        if !self.item.is_empty() {
            add("item", json!(self.item));
        }
        if self.attempt > 1 {
            add("attempt", self.attempt.into());
        }
        if let Some(fault) = &self.fault {
            add("fault", word(fault).into());
        }
        if let Some(error) = error {
            add("error", error.as_str().into());
        }
        let message = message.filter(|message| !message.is_empty() && self.fault.is_none());
        if let Some(message) = message {
            add("message", message.as_str().into());
        }
        if let Some(ended) = self.ended {
            add("ended", ended.as_secs_f64().into());
        }
        if let What::Items(count) = self.what {
            add("count", count.into());
        }
        json
    }
}

/// What all executions share.
struct Story<'e> {
    engine: &'e Engine<Value, Value>,
    deliveries: Vec<Delivery>,
    start: SystemTime,
}

impl Story<'_> {
    /// An execution's entries, and those of the executions that it started, each behind what started it.
    fn tell(&self, execution: &Run<Value>, around: &[u64], entries: &mut Vec<Entry>) {
        let mut reader = Reader {
            execution,
            around,
            story: self,
            attempts: HashMap::new(),
            open: HashMap::new(),
            entries: Vec::new(),
        };
        reader.read();
        entries.extend(reader.entries);
        for child in self.engine.children(execution) {
            let mut events = execution.history().iter();
            let starts = |event: &&Event| {
                let parameters = event.details().get("parameters");
                let name = parameters.and_then(|parameters| parameters.get("Name")?.as_str());
                name == Some(child.name()) || event.kind() == "MapRunStarted"
            };
            let event = events.find(starts).map_or(u64::MAX, Event::id);
            self.tell(&child, &[around, &[event]].concat(), entries);
        }
    }
}

/// Reads one history.
struct Reader<'e> {
    execution: &'e Run<Value>,
    /// The events that started it and the executions around it.
    around: &'e [u64],
    story: &'e Story<'e>,
    /// How often each state has sent something.
    attempts: HashMap<String, u64>,
    /// The entry of a Task that was scheduled, or of a Wait, by event.
    open: HashMap<u64, usize>,
    entries: Vec<Entry>,
}

impl<'e> Reader<'e> {
    fn read(&mut self) {
        let history = self.execution.history();
        for event in history {
            match event.kind() {
                "TaskScheduled" | "LambdaFunctionScheduled" => self.scheduled(event),
                "WaitStateEntered" => self.entered(event, What::Waits),
                "MapStateStarted" => {
                    let length = event.details().get("length").and_then(Value::as_u64);
                    self.entered(event, What::Items(length.unwrap_or_default()));
                }
                "TaskSucceeded" | "LambdaFunctionSucceeded" | "WaitStateExited" => {
                    self.ended(event, None);
                }
                kind if kind.ends_with("Failed") || kind.ends_with("TimedOut") => {
                    let text = |key: &str| event.details().get(key).and_then(Value::as_str);
                    let error = text("error").unwrap_or("States.Timeout").to_owned();
                    let message = text("cause").map(message).unwrap_or_default();
                    self.ended(event, Some((error, message)));
                }
                _ => {}
            }
        }
    }

    /// The events that led to this one, itself first.
    fn before(&self, event: &'e Event) -> impl Iterator<Item = &'e Event> + use<'e> {
        let history = self.execution.history();
        std::iter::successors(Some(event), |event| {
            let previous = usize::try_from(event.previous()).ok()?;
            history.get(previous.checked_sub(1)?)
        })
    }

    /// The event that entered the state in which this one happened.
    fn entry(&self, event: &'e Event) -> Option<&'e Event> {
        let mut before = self.before(event);
        before.find(|event| event.kind().ends_with("StateEntered"))
    }

    fn since_start(&self, event: &Event) -> Duration {
        let since = event.timestamp().duration_since(self.story.start);
        since.unwrap_or_default()
    }

    fn order(&self, event: &Event) -> Vec<u64> {
        [self.around, &[event.id()]].concat()
    }

    fn scheduled(&mut self, event: &'e Event) {
        let Some(entered) = self.entry(event) else {
            return;
        };
        let state = entered.state().unwrap_or_default().to_owned();
        let attempt = self.attempts.entry(state.clone()).or_default();
        *attempt += 1;
        let attempt = *attempt;
        let details = event.details();
        let parameters = details.get("parameters").or_else(|| details.get("input"));
        let item = parameters.and_then(|parameters| parameters.pointer("/Payload/item"));
        let index = |index: &Value| index.as_u64().or_else(|| whole(index.as_f64()?));
        let item = item.and_then(Value::as_array).into_iter().flatten();
        let item: Vec<u64> = item.filter_map(index).collect();
        let mut deliveries = self.story.deliveries.iter();
        let delivery = deliveries.find(|delivery| {
            delivery.execution_arn() == self.execution.arn()
                && delivery.state() == state
                && delivery.attempt() == attempt
                && delivery.item() == item
                && delivery.fault().is_some()
        });
        self.open.insert(event.id(), self.entries.len());
        self.entries.push(Entry {
            at: self.since_start(event),
            order: self.order(event),
            saga: self.execution.state_machine().to_owned(),
            state,
            item,
            attempt,
            what: What::Open,
            fault: delivery.and_then(Delivery::fault).cloned(),
            entered: self.order(entered),
            ended: None,
        });
    }

    /// A state that calls nothing.
    fn entered(&mut self, event: &'e Event, what: What) {
        let Some(entered) = self.entry(event) else {
            return;
        };
        self.open.insert(event.id(), self.entries.len());
        self.entries.push(Entry {
            at: self.since_start(event),
            order: self.order(event),
            saga: self.execution.state_machine().to_owned(),
            state: entered.state().unwrap_or_default().to_owned(),
            item: Vec::new(),
            attempt: 1,
            what,
            fault: None,
            entered: self.order(entered),
            ended: None,
        });
    }

    /// The end of what the nearest event before it has begun; with an error and its message, where it failed.
    fn ended(&mut self, event: &'e Event, failure: Option<(String, String)>) {
        let mut before = self.before(event).map(Event::id);
        let begun = before.find(|id| self.open.contains_key(id));
        let index = begun.and_then(|id| self.open.remove(&id));
        let ended = self.since_start(event);
        let Some(entry) = index.and_then(|index| self.entries.get_mut(index)) else {
            return;
        };
        match (&entry.what, failure) {
            (What::Open, None) => entry.what = What::Done,
            (What::Open, Some((error, message))) => entry.what = What::Failed { error, message },
            _ => {}
        }
        entry.ended = Some(ended);
    }
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

/// What a cause says to people: Lambda's is JSON with `errorMessage`, which the runtime fills with JSON that has a `message`.
fn message(cause: &str) -> String {
    let part = |text: &str, key: &str| {
        let json: Option<Value> = serde_json::from_str(text).ok();
        json.and_then(|json| Some(json.get(key)?.as_str()?.to_owned()))
    };
    let text = part(cause, "errorMessage").unwrap_or_else(|| cause.to_owned());
    part(&text, "message").unwrap_or(text)
}

//! What happened in an execution, as text and as JSON: for `run`, `history` and `start --wait` alike. Fetches and runs nothing.

mod entry;
mod read;

use std::fmt::Write as _;
use std::time::Duration;

use saga_runtime::Failure;
use serde::Serialize;
use serde_json::{Value, json};

use crate::print::{self, Paint};
pub(crate) use entry::{Entry, What, place, undoes};
pub(crate) use read::{Source, indices, message, read};

/// What an operator's skip ends a saga with, in place of the error that began its end.
pub(crate) const SKIPPED: &str = Failure::SKIPPED;

pub(crate) struct Timeline {
    pub(crate) name: String,
    pub(crate) entries: Vec<Entry>,
    pub(crate) end: End,
    pub(crate) elapsed: Duration,
    pub(crate) output: Option<Value>,
    pub(crate) error: Option<String>,
    pub(crate) message: Option<String>,
}

/// How an execution stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum End {
    Running,
    Committed,
    Compensated,
    /// Compensated, but for what an operator went past.
    Skipped,
    Parked,
    Failed,
    /// Ended from outside.
    Stopped,
    TimedOut,
}

impl End {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Committed => "committed",
            Self::Compensated => "compensated",
            Self::Skipped => "compensated, but for what was skipped,",
            Self::Parked => "parked",
            Self::Failed => "failed, not compensated,",
            Self::Stopped => "stopped, not compensated,",
            Self::TimedOut => "timed out, not compensated,",
        }
    }

    pub(crate) fn painted(self, paint: Paint) -> String {
        let word = paint.bold(self.word());
        match self {
            Self::Committed => paint.green(&word),
            Self::Compensated | Self::Running => paint.yellow(&word),
            _ => paint.red(&word),
        }
    }

    pub(crate) fn is_over(self) -> bool {
        !matches!(self, Self::Running | Self::Parked)
    }
}

impl Timeline {
    /// All of it, with more to say about the whole.
    pub(crate) fn to_json(&self, more: &[(&str, Value)]) -> Value {
        let entries: Vec<Value> = self.entries.iter().map(Entry::to_json).collect();
        let mut json = self.end_json(more);
        json["timeline"] = entries.into();
        json
    }

    /// How it ended, without what happened before.
    pub(crate) fn end_json(&self, more: &[(&str, Value)]) -> Value {
        let mut json = json!({ "saga": self.name });
        for (name, value) in more {
            json[*name] = value.clone();
        }
        let end = json!({
            "end": self.end,
            "seconds": self.elapsed.as_secs_f64(),
            "output": self.output,
            "error": self.error,
            "message": self.message,
        });
        if let (Some(json), Value::Object(end)) = (json.as_object_mut(), end) {
            json.extend(end);
        }
        json
    }

    /// A line for each entry.
    pub(crate) fn lines(&self, paint: Paint) -> String {
        let mut columns = Columns::default();
        for entry in &self.entries {
            columns.widen(entry);
        }
        let mut text = String::new();
        for (index, entry) in self.entries.iter().enumerate() {
            let again = self.again(index);
            let _ = writeln!(text, "{}", columns.line(entry, again, paint));
        }
        text
    }

    /// `committed after 3 s: …`
    pub(crate) fn last_line(&self, paint: Paint) -> String {
        let after = print::time(self.elapsed);
        format!("{} after {after}{}", self.end.painted(paint), self.rest())
    }

    fn rest(&self) -> String {
        let error = self.error.clone().unwrap_or_default();
        let message = self.message.as_ref().map(|message| format!(": {message}"));
        let error = format!(": {error}{}", message.unwrap_or_default());
        match self.end {
            End::Running => String::new(),
            End::Committed => {
                let output = self.output.as_ref().filter(|output| !output.is_null());
                let output = output.map(|output| format!(": {output}"));
                output.unwrap_or_default()
            }
            End::Parked => {
                ": a compensation is stuck, and the saga waits for an operator".to_owned()
            }
            // Whoever stops an execution need not say why.
            _ if error == ": " => String::new(),
            _ => error,
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

/// How wide times and names are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Columns {
    time: usize,
    name: usize,
}

impl Columns {
    /// Where names are not known beforehand: most are no longer.
    pub(crate) const ROOMY: Self = Self { time: 11, name: 24 };
}

impl Default for Columns {
    fn default() -> Self {
        Self { time: 8, name: 0 }
    }
}

impl Columns {
    pub(crate) fn widen(&mut self, entry: &Entry) {
        let width = |text: &str| text.chars().count();
        self.time = self.time.max(width(&print::time(entry.at)));
        self.name = self.name.max(width(&entry.shown()));
    }

    pub(crate) fn line(self, entry: &Entry, again: Option<Duration>, paint: Paint) -> String {
        let Self { time, name } = self;
        let at = format!("{:>time$}", print::time(entry.at));
        format!(
            "{}  {}  {:name$}  {}",
            paint.dim(&at),
            entry.sign(paint),
            entry.shown(),
            entry.told(again, paint)
        )
    }
}

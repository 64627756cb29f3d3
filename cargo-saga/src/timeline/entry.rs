//! One line of a timeline: what is written for it, and its JSON. Reads no history.

use std::time::Duration;

use serde_json::{Value, json};

use crate::print::{self, Paint};

/// One attempt of a Task, or another state that takes time or items.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Since the start.
    pub(crate) at: Duration,
    /// The event, behind those that started the executions around it.
    pub(crate) order: Vec<u64>,
    pub(crate) saga: String,
    pub(crate) state: String,
    pub(crate) item: Vec<u64>,
    pub(crate) attempt: u64,
    /// The step whose compensation is parked.
    pub(crate) stuck: Option<String>,
    pub(crate) what: What,
    /// What was asked to go wrong.
    pub(crate) fault: Option<String>,
    /// The execution that it started, if its own story is told elsewhere.
    pub(crate) execution: Option<String>,
    /// The event that entered the state: attempts of one entry share it.
    pub(crate) entered: Vec<u64>,
    pub(crate) ended: Option<Duration>,
    /// The event that ended it.
    pub(crate) end_event: Option<u64>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum What {
    Done,
    Failed {
        error: String,
        message: String,
    },
    /// A task that has no answer yet.
    Open,
    /// A compensation that is stuck, until an operator answers.
    Parked,
    Resumed,
    /// An operator went on without the compensation, for this reason.
    Skipped(String),
    /// Given up, because what stands beside it failed.
    Stopped,
    Waits,
    Items(u64),
    Redriven,
}

impl Entry {
    pub(crate) fn is_compensation(&self) -> bool {
        undoes(&self.state).is_some()
    }

    /// Whether nothing more will be said of it.
    pub(crate) fn is_settled(&self) -> bool {
        match self.what {
            What::Open => false,
            What::Waits => self.ended.is_some(),
            _ => true,
        }
    }

    pub(super) fn shown(&self) -> String {
        let indent = "  ".repeat(self.order.len().saturating_sub(1));
        format!("{indent}{}", place(&self.state, &self.item))
    }

    pub(super) fn sign(&self, paint: Paint) -> String {
        match &self.what {
            What::Done if self.is_compensation() => paint.yellow("↩"),
            What::Done | What::Resumed => paint.green("✓"),
            What::Failed { .. } => paint.red("✗"),
            What::Open | What::Waits | What::Parked => paint.yellow("…"),
            What::Skipped(_) => paint.red("»"),
            What::Stopped => paint.dim("⊘"),
            What::Items(_) => paint.dim("⋮"),
            What::Redriven => paint.yellow("↻"),
        }
    }

    pub(super) fn told(&self, again: Option<Duration>, paint: Paint) -> String {
        let fault = self.fault.as_deref();
        let mut text = match &self.what {
            What::Done if self.is_compensation() => "undone".to_owned(),
            What::Done => "done".to_owned(),
            What::Failed { error, message } if message.is_empty() || fault.is_some() => {
                error.clone()
            }
            What::Failed { error, message } => format!("{error}: {message}"),
            What::Open => "under way".to_owned(),
            What::Parked => "waits for an operator".to_owned(),
            What::Resumed => "resumed".to_owned(),
            What::Skipped(reason) => format!("skipped: {reason}"),
            What::Stopped => "given up".to_owned(),
            What::Waits => match self.ended {
                Some(ended) => format!("waits {}", print::time(ended.saturating_sub(self.at))),
                None => "waits".to_owned(),
            },
            What::Items(count) => print::count(usize::try_from(*count).unwrap_or(0), "item"),
            What::Redriven => "tried again from where it failed".to_owned(),
        };
        // A declared error is told by its name already.
        if let Some(fault) = fault.filter(|fault| !text.starts_with(fault)) {
            text.push(' ');
            text.push_str(&paint.dim(&format!("({fault})")));
        }
        if let Some(again) = again {
            text.push_str(", again after ");
            text.push_str(&print::time(again));
        }
        if let Some(execution) = &self.execution {
            text.push_str("  ");
            text.push_str(&paint.dim(execution));
        }
        text
    }

    pub(crate) fn to_json(&self) -> Value {
        let outcome = match &self.what {
            What::Done => "done",
            What::Failed { .. } => "failed",
            What::Open => "open",
            What::Parked => "parked",
            What::Resumed => "resumed",
            What::Skipped(_) => "skipped",
            What::Stopped => "stopped",
            What::Waits => "waited",
            What::Items(_) => "items",
            What::Redriven => "redriven",
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
            add("fault", fault.as_str().into());
        }
        if let What::Failed { error, message } = &self.what {
            add("error", error.as_str().into());
            if !message.is_empty() && self.fault.is_none() {
                add("message", message.as_str().into());
            }
        }
        if let What::Skipped(reason) = &self.what {
            add("reason", reason.as_str().into());
        }
        if let Some(step) = &self.stuck {
            add("step", step.as_str().into());
        }
        if let Some(execution) = &self.execution {
            add("execution", execution.as_str().into());
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

/// `compensate stock.reserve` undoes `stock.reserve`.
pub(crate) fn undoes(state: &str) -> Option<&str> {
    state.strip_prefix("compensate ")
}

/// `warehouse.reserve[2]`, `warehouse.reserve[2,0]`
pub(crate) fn place(state: &str, item: &[u64]) -> String {
    if item.is_empty() {
        return state.to_owned();
    }
    let items: Vec<String> = item.iter().map(ToString::to_string).collect();
    format!("{state}[{}]", items.join(","))
}

//! The timeline of a run on the embedded engine: of all its executions, with the faults that were asked for. Runs nothing.

use std::time::SystemTime;

use saga_local::{Delivery, Engine, Event, Run, Status};
use serde_json::Value;

use super::fault::word;
use crate::history::History;
use crate::timeline::{End, Entry, Source, Timeline, What, message, read};

pub(super) fn of(engine: &Engine<Value, Value>, run: &Run<Value>, name: &str) -> Timeline {
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
        faults
            .any(|entry| matches!(&entry.what, What::Failed { error: named, .. } if named == error))
    };
    // What was asked for has nothing more to say.
    let message = run.cause().map(message).filter(|text| !text.is_empty());
    let message = message.filter(|_| !run.error().is_some_and(asked_for));
    let end = match run.status() {
        Status::Succeeded => End::Committed,
        Status::Running => End::Parked,
        _ if history(run).ended_in_fail() => End::Compensated,
        _ => End::Failed,
    };
    Timeline {
        name: name.to_owned(),
        end,
        elapsed: run.elapsed(),
        output: run.output().cloned(),
        error: run.error().map(str::to_owned),
        message,
        entries,
    }
}

fn history(run: &Run<Value>) -> History {
    History::of(run.history().iter().map(Into::into))
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
        let source = Source {
            saga: execution.state_machine(),
            around,
            start: self.start,
            fault: &|state, attempt, item| self.fault(execution.arn(), state, attempt, item),
            names_executions: false,
        };
        entries.extend(read(&history(execution), &source));
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

    fn fault(&self, arn: &str, state: &str, attempt: u64, item: &[u64]) -> Option<String> {
        let mut deliveries = self.deliveries.iter();
        let delivery = deliveries.find(|delivery| {
            delivery.execution_arn() == arn
                && delivery.state() == state
                && delivery.attempt() == attempt
                && delivery.item() == item
                && delivery.fault().is_some()
        });
        delivery.and_then(Delivery::fault).map(word)
    }
}

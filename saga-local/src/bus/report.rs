//! What happened to one saga on a bus, for people and for machines. Judges nothing.

use std::fmt;

use serde::Serialize;

use super::message::{Happening, Outcome, Reason};
use super::{Bus, end};
use crate::matrix::End;

/// What happened to one saga on a [`Bus`](crate::Bus), in order, and how it ended.
///
/// Its text has a line for each thing that happened, and one for the end. Where something did not work, the reason stands below it
/// the first time:
///
/// ```text
///     0.0s  orders.place          OrderPlaced
///     0.1s  stock.reserve         StockReserved
///     0.2s  payments.charge       rejected, CardDeclined
///     0.3s  stock.release         Saga.Retry
///             the warehouse is closed
///     0.3s  orders.cancel         compensated, OrderCancelled
///    60.3s  stock.release         compensated, StockReleased
///    60.3s  failed with CardDeclined
/// ```
#[derive(Clone, Debug, Serialize)]
pub struct BusReport {
    saga: String,
    #[serde(flatten)]
    end: End,
    seconds: f64,
    happened: Vec<Line>,
}

#[derive(Clone, Debug, Serialize)]
struct Line {
    seconds: f64,
    place: String,
    /// The event that led to it; none for a command.
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<String>,
    what: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reasons: Vec<Why>,
}

/// Why a reaction did not do its work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Why {
    reaction: String,
    message: String,
}

impl BusReport {
    pub(super) fn of(bus: &Bus, saga: &str) -> Self {
        let own = bus.log().iter().filter(|happening| happening.saga == saga);
        let happened: Vec<Line> = own.map(Line::of).collect();
        Self {
            saga: saga.to_owned(),
            end: end(bus, saga),
            seconds: happened.last().map_or(0.0, |line| line.seconds),
            happened,
        }
    }

    /// The saga's id.
    pub fn saga(&self) -> &str {
        &self.saga
    }

    /// How it ended.
    pub fn end(&self) -> &End {
        &self.end
    }

    /// What happened, a line each, without times.
    pub fn lines(&self) -> Vec<String> {
        let lines = self.happened.iter();
        lines
            .map(|line| format!("{}: {}", line.place, line.words()))
            .collect()
    }
}

impl Line {
    fn of(happening: &Happening) -> Self {
        let place = if happening.to.is_empty() {
            format!("publish {}", happening.what)
        } else {
            place(happening)
        };
        let is_event = !happening.id.is_empty();
        Self {
            seconds: Bus::since_start(happening.at).as_secs_f64(),
            place,
            event: is_event.then(|| happening.what.clone()),
            fault: happening.fault.as_ref().map(ToString::to_string),
            what: what(happening),
            reasons: happening
                .reasons
                .iter()
                .filter(|reason| !reason.is_planned)
                .map(Why::of)
                .collect(),
        }
    }

    fn words(&self) -> String {
        match &self.fault {
            Some(fault) => format!("{fault} ({})", self.what),
            None => self.what.clone(),
        }
    }
}

impl Why {
    fn of(reason: &Reason) -> Self {
        Self {
            reaction: reason.reaction.clone(),
            message: reason.message.clone(),
        }
    }
}

/// The reactions that a message is for, by name.
pub(crate) fn place(happening: &Happening) -> String {
    happening.reactions.join(" and ")
}

/// What came of it: what was undone, what was published.
pub(crate) fn what(happening: &Happening) -> String {
    let mut words: Vec<String> = match &happening.outcome {
        Outcome::Done | Outcome::NoAnswer => Vec::new(),
        Outcome::Failed(error) => failures(happening, error),
        Outcome::Held => vec!["comes later".to_owned()],
        Outcome::NotPublished => vec!["not published".to_owned()],
    };
    let refusals = happening.reasons.iter().filter(|reason| reason.is_refusal);
    let is_refused = |reaction: &str| {
        let mut refusals = refusals.clone();
        refusals.any(|reason| reason.reaction == reaction)
    };
    for moved in &happening.moves {
        match moved.to.as_str() {
            "COMPENSATED" => words.push("compensated".to_owned()),
            "TOMBSTONE" => words.push("nothing to compensate".to_owned()),
            "REJECTED" if !is_refused(&moved.key.reaction) => words.push("rejected".to_owned()),
            _ => {}
        }
    }
    words.extend(refusals.map(|_| "refused".to_owned()));
    words.extend(happening.published.iter().cloned());
    match (
        words.is_empty(),
        happening.moves.is_empty(),
        &happening.outcome,
    ) {
        (false, ..) => words.join(", "),
        (true, false, _) => "done".to_owned(),
        (true, true, Outcome::Done) => "nothing new".to_owned(),
        (true, true, _) => "no answer".to_owned(),
    }
}

/// The errors' names, and of several reactions whose they are.
fn failures(happening: &Happening, error: &str) -> Vec<String> {
    let mut failed = happening
        .reasons
        .iter()
        .filter(|reason| !reason.is_refusal && !reason.reaction.is_empty())
        .peekable();
    if happening.reactions.len() < 2 || failed.peek().is_none() {
        return vec![error.to_owned()];
    }
    failed
        .map(|reason| format!("{} of {}", reason.error, reason.reaction))
        .collect()
}

impl fmt::Display for BusReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.happened.iter().map(|line| line.place.len());
        let width = width.max().unwrap_or_default();
        let mut told = Vec::new();
        for line in &self.happened {
            let (seconds, place) = (line.seconds, &line.place);
            writeln!(f, "{seconds:7.1}s  {place:width$}  {}", line.words())?;
            for why in &line.reasons {
                // A message that fails comes again, and mostly for the same reason.
                if told.contains(&why) {
                    continue;
                }
                told.push(why);
                for text in why.message.lines() {
                    writeln!(f, "            {text}")?;
                }
            }
        }
        write!(f, "{:7.1}s  {}", self.seconds, self.end)
    }
}

//! What a delivery did, and why its reactions did not do more. Delivers nothing.

use saga_runtime::__private::is_settled;
use saga_runtime::Failure;
use serde_json::Value;

use super::fault::BusFault;
use super::message::{Body, Reason};
use super::record::{Move, RecordKey, Records};
use super::relay::Commit;
use super::service::Answer;

/// What a delivery did.
#[derive(Debug, Default)]
pub(super) struct Effects {
    /// Whether anything but the barrier's records is not as it was.
    pub(super) changed: bool,
    pub(super) moves: Vec<Move>,
    pub(super) published: Commit,
}

impl Effects {
    /// Takes out what is the other saga's, if it is another.
    pub(super) fn split_off(&mut self, saga: &str, other: &str) -> Self {
        let is_others = |of: &str| saga != other && of == other;
        let moves = self
            .moves
            .extract_if(.., |moved| is_others(&moved.key.saga));
        let moves = moves.collect();
        let published = self
            .published
            .extract_if(.., |event| is_others(text(event, "subject")));
        Self {
            changed: self.changed && saga != other,
            moves,
            published: published.collect(),
        }
    }

    /// The types of the events.
    pub(super) fn types(&self) -> Vec<String> {
        let events = self.published.iter();
        events.map(|event| text(event, "type").to_owned()).collect()
    }
}

fn text<'a>(event: &'a Value, name: &str) -> &'a str {
    event.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// Why reactions did not do their work. `records` is what they are after the delivery.
pub(super) fn reasons(
    answer: &Answer, body: &Body, fault: Option<&(String, BusFault)>, records: &Records,
) -> Vec<Reason> {
    let mut reasons = Vec::new();
    for (reaction, failure) in &answer.failures {
        let is_command = matches!(body, Body::Command(_));
        let is_refusal = !is_command && is_refused(failure, reaction, body, records);
        // A rejection is told by its event.
        if is_settled(failure) && !is_refusal && !is_command {
            continue;
        }
        let planned = fault.filter(|(place, fault)| place == reaction && fault.is_reason());
        reasons.push(Reason {
            reaction: (*reaction).to_owned(),
            error: failure.error_type().to_owned(),
            message: failure.message().to_owned(),
            is_refusal,
            is_planned: planned.is_some(),
        });
    }
    reasons
}

/// Whether the event came too early or too late: then it has no effect, and the record says so. A reaction that took effect
/// refuses too what comes again.
fn is_refused(failure: &Failure, reaction: &str, body: &Body, records: &Records) -> bool {
    let record = |event: Option<&str>| {
        records.get(&RecordKey {
            saga: body.saga().to_owned(),
            reaction: reaction.to_owned(),
            event: event.map(str::to_owned),
        })
    };
    let state = record(None).or_else(|| record(Some(body.id())));
    failure.error_type() == Failure::REFUSED
        && state.is_some_and(|state| ["REJECTED", "TOMBSTONE"].contains(&state.as_str()))
}

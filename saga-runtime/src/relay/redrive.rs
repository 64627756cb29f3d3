//! Publishing anew from the table's records, because a stream keeps them for a day. Reads the barrier's table page by page, and
//! writes nothing.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::message::Due;
use super::publish::Relay;
use crate::dynamodb::DynamoDbStore;
use crate::failure::Failure;
use crate::outbox::Outbox;

/// What is to be published anew: `{ "redrive": { "saga": "order-42", "after": "2026-01-31T12:00:00Z" } }`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Redrive {
    /// Of this saga alone.
    pub(super) saga: Option<String>,
    /// Published at this time or later.
    pub(super) after: Option<String>,
    /// Where an earlier call stopped.
    pub(super) from: Option<String>,
}

/// What was published anew.
#[derive(Debug, Default, Serialize, PartialEq, Eq)]
pub(super) struct Redriven {
    records: usize,
    events: usize,
    poison: usize,
    /// Where to go on; none at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    /// Why it stopped before the end. What follows `from` may be out in part.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
}

/// Publishes page after page, as long as there is time to begin one.
pub(super) async fn redrive(
    relay: &Relay, store: &DynamoDbStore, asked: Redrive, begin_until: Instant, end: Instant,
) -> Result<Redriven, Failure> {
    let after = asked.after.as_deref().map(read_time).transpose()?;
    let mut redriven = Redriven {
        from: asked.from,
        ..Redriven::default()
    };
    let mut is_begun = false;
    loop {
        let saga = asked.saga.as_deref();
        let page = store.outboxes(saga, redriven.from.as_deref()).await;
        let (records, next) = match page {
            Ok(page) => page,
            // What came before is not to be published once more.
            Err(error) if is_begun => {
                redriven.failure = Some(error.to_string());
                return Ok(redriven);
            }
            Err(error) => return Err(Failure::busy(error.to_string())),
        };
        let records: Vec<Due> = records
            .into_iter()
            .filter_map(|(key, outboxes)| {
                let outboxes = outboxes.map(|text| {
                    text.filter(|text| text.as_ref().map_or(true, |text| is_after(text, after)))
                });
                let due = outboxes.iter().any(Option::is_some);
                due.then(|| Due::of_table(key, outboxes))
            })
            .collect();
        let relayed = relay.relay(&records, end).await;
        redriven.events += relayed.events;
        redriven.poison += relayed.poison;
        if let Some((index, reason)) = relayed.failed {
            redriven.records += index;
            redriven.failure = Some(reason);
            return Ok(redriven);
        }
        redriven.records += records.len();
        redriven.from = next;
        is_begun = true;
        if redriven.from.is_none() || Instant::now() >= begin_until {
            return Ok(redriven);
        }
    }
}

fn read_time(text: &str) -> Result<SystemTime, Failure> {
    humantime::parse_rfc3339_weak(text).map_err(|error| {
        Failure::unknown(format!(
            "`after` is `{text}`, which is no time ({error}); write one such as `2026-01-31T12:00:00Z`"
        ))
    })
}

/// What cannot be read is due, so that it is told.
fn is_after(outbox: &str, after: Option<SystemTime>) -> bool {
    let Some(after) = after else { return true };
    let at = Outbox::read(outbox)
        .ok()
        .and_then(|outbox| humantime::parse_rfc3339_weak(&outbox.at).ok());
    at.is_none_or(|at| at >= after)
}

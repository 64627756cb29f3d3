//! The core of a relay: the messages of records in their order, batch by batch, up to the first that does not get out. Knows no
//! topic and no queue.

use std::collections::BTreeSet;

use serde_json::json;
use tokio::time::{Instant, timeout_at};

use super::message::{Due, Message, batches};
use crate::BoxFuture;
use crate::lambda::{DeadLetters, Letter};

/// Sends messages on, to a topic or to a bus.
pub trait Publisher: Send + Sync + 'static {
    /// Sends up to ten messages with one call, and says what became of each, in their order.
    ///
    /// # Errors
    ///
    /// The call failed as a whole: none of them is known to have got out.
    fn publish<'a>(
        &'a self, batch: &'a [&'a Message],
    ) -> BoxFuture<'a, Result<Vec<Result<(), PublishError>>, PublishError>>;
}

/// Why a message did not get out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishError {
    message: String,
    is_senders_fault: bool,
}

impl PublishError {
    /// Another try may help: no answer, no capacity, no permission yet.
    pub fn passing(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            is_senders_fault: false,
        }
    }

    /// The message itself is at fault, and would be at every other try.
    pub fn senders_fault(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            is_senders_fault: true,
        }
    }

    /// Whether the message itself is at fault.
    pub fn is_senders_fault(&self) -> bool {
        self.is_senders_fault
    }
}

impl std::fmt::Display for PublishError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for PublishError {}

/// What became of a list of records.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Relayed {
    /// How many events got out.
    pub(super) events: usize,
    /// How many records went to the failures, whole or in part.
    pub(super) poison: usize,
    /// The first record that has to come again with all that follow it, and why.
    pub(super) failed: Option<(usize, String)>,
}

/// Where messages go, and where those that cannot.
pub(super) struct Relay {
    pub(super) publisher: Box<dyn Publisher>,
    pub(super) failures: Option<Box<dyn DeadLetters>>,
}

impl Relay {
    /// Publishes what the records have to, in their order, until one fails or the time is over.
    pub(super) async fn relay(&self, records: &[Due], end: Instant) -> Relayed {
        let mut relayed = Relayed::default();
        let mut poisoned = BTreeSet::new();
        // What comes after a record that has to come again is not sent.
        let mut until = records.len();
        for (index, due) in records.iter().enumerate() {
            if let Err(reason) = &due.messages {
                if let Err(reason) = self.give_up(due, None, reason).await {
                    relayed.failed = Some((index, reason));
                    until = index;
                    break;
                }
                poisoned.insert(index);
            }
        }
        let messages = records[..until].iter().enumerate();
        let messages = messages.flat_map(|(index, due)| {
            let messages = due.messages.as_deref().unwrap_or_default();
            messages.iter().map(move |message| (index, message))
        });
        for batch in batches(messages) {
            let outcomes = self.send(&batch, end).await;
            let mut failed = None;
            for ((index, message), outcome) in batch.iter().zip(outcomes) {
                match self.settle(&records[*index], message, outcome).await {
                    Ok(true) => relayed.events += 1,
                    Ok(false) => drop(poisoned.insert(*index)),
                    Err(reason) => drop(failed.get_or_insert((*index, reason))),
                }
            }
            if failed.is_some() {
                relayed.failed = failed;
                break;
            }
        }
        relayed.poison = poisoned.len();
        relayed
    }

    /// One call; or one for each message where they were refused as a whole, to find the one at fault.
    async fn send(
        &self, batch: &[(usize, &Message)], end: Instant,
    ) -> Vec<Result<(), PublishError>> {
        let messages: Vec<&Message> = batch.iter().map(|(_, message)| *message).collect();
        match self.call(&messages, end).await {
            Ok(outcomes) => outcomes,
            Err(error) if error.is_senders_fault && messages.len() > 1 => {
                let mut outcomes = Vec::with_capacity(messages.len());
                for message in messages {
                    let outcome = self.call(&[message], end).await;
                    outcomes.push(outcome.and_then(|mut one| one.pop().unwrap_or(Ok(()))));
                }
                outcomes
            }
            Err(error) => vec![Err(error); messages.len()],
        }
    }

    async fn call(
        &self, messages: &[&Message], end: Instant,
    ) -> Result<Vec<Result<(), PublishError>>, PublishError> {
        let late = || PublishError::passing("the function's time was over");
        if Instant::now() >= end {
            return Err(late());
        }
        let outcomes = timeout_at(end, self.publisher.publish(messages)).await;
        let mut outcomes = outcomes.unwrap_or_else(|_| Err(late()))?;
        // A message that nothing is said of may not be out.
        outcomes.resize_with(messages.len(), || {
            Err(PublishError::passing("the answer says nothing of it"))
        });
        Ok(outcomes)
    }

    /// Whether the message is out, or given up; why it has to be sent again otherwise.
    async fn settle(
        &self, due: &Due, message: &Message, outcome: Result<(), PublishError>,
    ) -> Result<bool, String> {
        match outcome {
            Ok(()) => Ok(true),
            Err(error) if error.is_senders_fault => {
                let given_up = self.give_up(due, Some(message), &error.message).await;
                given_up.map(|()| false)
            }
            Err(error) => Err(error.message),
        }
    }

    /// Sends what cannot be published to the failures, if there is a queue for them.
    async fn give_up(
        &self, due: &Due, message: Option<&Message>, reason: &str,
    ) -> Result<(), String> {
        let Some(failures) = &self.failures else {
            return Err(reason.to_owned());
        };
        // The record stays in the table, from where it can be published anew.
        let body = match message {
            Some(message) => message.body().to_owned(),
            None => json!({ "record": due.key, "sequenceNumber": due.sequence }).to_string(),
        };
        let letter = Letter {
            body: &body,
            reason,
            group: message.map_or("-", Message::saga),
            id: message.map_or(&due.sequence, Message::id),
        };
        failures.put(letter).await
    }
}

//! The core of a relay: the messages of records in their order, batch by batch, up to the first that does not get out. Knows no
//! topic and no queue.

use std::collections::BTreeSet;

use tokio::time::{Instant, timeout_at};

use super::message::{Due, Message, Unread, batches};
use crate::BoxFuture;
use crate::lambda::{DeadLetters, Letter};

const OUT_OF_TIME: &str = "the function's time was over";

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

    /// Whether the events of a saga are delivered in the order in which they are sent, as by a FIFO topic. No call has two of them
    /// then: if the first did not get out, the second would come before it.
    fn is_ordered(&self) -> bool {
        false
    }
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

impl Relayed {
    /// How many records come before the one that has to come again, of so many.
    fn until(&self, all: usize) -> usize {
        self.failed.as_ref().map_or(all, |(index, _)| *index)
    }
}

/// Where messages go, and where those that cannot.
pub(super) struct Relay {
    pub(super) publisher: Box<dyn Publisher>,
    pub(super) failures: Option<Box<dyn DeadLetters>>,
}

impl Relay {
    /// Publishes what the records have to, in their order, until one fails or the time is over. What can never be sent is given up
    /// once all before it is out: earlier, it would be given up again each time that its record comes again.
    pub(super) async fn relay(&self, records: &[Due], end: Instant) -> Relayed {
        let mut relayed = Relayed::default();
        let mut poisoned = BTreeSet::new();
        let readable = records.iter().enumerate();
        let messages = readable.flat_map(|(index, due)| {
            let messages = due.messages.as_deref().unwrap_or_default();
            messages.iter().map(move |message| (index, message))
        });
        // What comes after a record that has to come again is not sent.
        relayed.failed = records.iter().enumerate().find_map(|(index, due)| {
            let unread = due.messages.as_ref().err()?;
            let stays = *unread == Unread::Blind || self.failures.is_none();
            stays.then(|| (index, unread.reason().to_owned()))
        });
        let until = relayed.until(records.len());
        let messages = messages.take_while(|(index, _)| *index < until);
        for batch in batches(messages, self.publisher.is_ordered()) {
            let outcomes = self.send(&batch, end).await;
            let mut failed = None;
            for ((index, message), outcome) in batch.iter().zip(outcomes) {
                match outcome {
                    Ok(()) => relayed.events += 1,
                    Err(_) if failed.is_some() => {}
                    Err(error) => match self.settle(message, error, end).await {
                        Ok(()) => drop(poisoned.insert(*index)),
                        Err(reason) => failed = Some((*index, reason)),
                    },
                }
            }
            if failed.is_some() {
                relayed.failed = failed;
                break;
            }
        }
        for (index, due) in records[..relayed.until(records.len())].iter().enumerate() {
            let Err(unread) = &due.messages else { continue };
            match self.give_up(due.letter(), unread.reason(), end).await {
                Ok(()) => drop(poisoned.insert(index)),
                Err(reason) => {
                    relayed.failed = Some((index, reason));
                    break;
                }
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
        let late = || PublishError::passing(OUT_OF_TIME);
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

    /// Gives up the message if it is at fault itself; why it has to be sent again otherwise.
    async fn settle(
        &self, message: &Message, error: PublishError, end: Instant,
    ) -> Result<(), String> {
        if !error.is_senders_fault {
            return Err(error.message);
        }
        let letter = (message.body().to_owned(), message.saga(), message.id());
        self.give_up(letter, &error.message, end).await
    }

    /// Sends what cannot be published to the failures, if there is a queue for them. The record stays in the table, from where it
    /// can be published anew.
    async fn give_up(
        &self, (body, group, id): (String, &str, &str), reason: &str, end: Instant,
    ) -> Result<(), String> {
        let Some(failures) = &self.failures else {
            return Err(reason.to_owned());
        };
        let letter = Letter {
            body: &body,
            reason,
            group,
            id,
        };
        let put = timeout_at(end, failures.put(letter)).await;
        put.unwrap_or_else(|_| Err(OUT_OF_TIME.to_owned()))
    }
}

//! A participant of a choreography, put together reaction by reaction.

use std::any::TypeId;
use std::sync::Arc;

use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;

use super::ended;
use crate::BoxFuture;
use crate::choreography::ReactionInfo;
use crate::consumer::{ActionCode, Code, Consumer, Participant, Reaction, UndoCode};
use crate::error::{Retry, StepError};
use crate::event::Publish;
use crate::failure::Failure;
use crate::invocation::Invocation;
use crate::store::Store;
use crate::tx::Tx;

/// [`Consumer::receive`], told reaction by reaction: the text of what each published, or null. For the in-memory bus.
pub async fn receive_each(
    consumer: &Consumer, event: &Value, invocation: &Invocation,
) -> Result<Vec<(&'static str, Result<Value, Failure>)>, Failure> {
    consumer.react(event, invocation).await
}

/// Puts a participant's consumer together.
pub struct ConsumerBuilder {
    participant: Participant,
}

impl ConsumerBuilder {
    /// Begins the consumer of a participant: `Stock`, `stock`.
    pub fn new(participant: &'static str, prefix: &'static str, store: impl Store) -> Self {
        let participant = Participant {
            name: participant,
            prefix,
            store: Arc::new(store),
            reactions: Vec::new(),
        };
        Self { participant }
    }

    /// Adds a command, a reaction or a compensation.
    #[must_use]
    pub fn reaction(mut self, info: &'static ReactionInfo, react: React) -> Self {
        self.participant.reactions.push(Reaction {
            info,
            code: react.0,
            keeps_input: false,
        });
        self
    }

    /// Ends the description.
    pub fn build(mut self) -> Consumer {
        let takes_input = |reaction: &Reaction| match &reaction.code {
            Code::Undo(code) if code.takes_input => reaction.info.counterpart,
            Code::Undo(_) | Code::Action(_) => None,
        };
        let reactions = &mut self.participant.reactions;
        let kept: Vec<&str> = reactions.iter().filter_map(takes_input).collect();
        for reaction in reactions {
            reaction.keeps_input = kept.contains(&reaction.info.name);
        }
        Consumer::of(self.participant)
    }
}

/// The code of a command, a reaction or a compensation.
pub struct React(Code);

impl React {
    /// A command.
    pub fn command<I, O, E>(
        command: impl for<'a> Fn(&'a mut Tx, I) -> BoxFuture<'a, Result<O, E>> + Send + Sync + 'static,
    ) -> Self
    where
        I: DeserializeOwned + Send + 'static,
        O: Publish + Send + Sync + 'static,
        E: StepError + Send + 'static,
    {
        Self::event(command)
    }

    /// A reaction to an event, whose data is `IgnoredAny` where it is not looked at.
    pub fn event<I, O, E>(
        reaction: impl for<'a> Fn(&'a mut Tx, I) -> BoxFuture<'a, Result<O, E>> + Send + Sync + 'static,
    ) -> Self
    where
        I: DeserializeOwned + Send + 'static,
        O: Publish + Send + Sync + 'static,
        E: StepError + Send + 'static,
    {
        let reaction = Arc::new(reaction);
        let decode = move |data: &Value| {
            let input = I::deserialize(data)?;
            let reaction = Arc::clone(&reaction);
            let call: super::TxCall = Box::new(move |tx| {
                Box::pin(async move {
                    let returned = reaction(&mut *tx, input).await;
                    ended(publish(tx, returned))
                })
            });
            Ok(call)
        };
        Self(Code::Action(ActionCode {
            types: E::TYPES,
            decode: Box::new(decode),
        }))
    }

    /// A compensation, which is called with its own event, with what its action was called with, and with what that published.
    /// Each is `IgnoredAny` where it is not looked at.
    pub fn compensation<T, I, O, P>(
        compensation: impl for<'a> Fn(&'a mut Tx, T, I, O) -> BoxFuture<'a, Result<P, Retry>>
        + Send
        + Sync
        + 'static,
    ) -> Self
    where
        T: DeserializeOwned + Send + 'static,
        I: DeserializeOwned + Send + 'static,
        O: DeserializeOwned + Send + 'static,
        P: Publish + Send + Sync + 'static,
    {
        let compensation = Arc::new(compensation);
        let decode = move |data: &Value, input: &str, output: Value| {
            let trigger = T::deserialize(data)?;
            let input: I = serde_json::from_str(input)?;
            let output = O::deserialize(output)?;
            let compensation = Arc::clone(&compensation);
            let call: super::TxCall = Box::new(move |tx| {
                Box::pin(async move {
                    let returned = compensation(&mut *tx, trigger, input, output).await;
                    ended(publish(tx, returned))
                })
            });
            Ok(call)
        };
        Self(Code::Undo(UndoCode {
            takes_input: is_taken::<I>(),
            takes_output: is_taken::<O>(),
            decode: Box::new(decode),
        }))
    }

    /// Makes it known by these errors, whatever its code says. For stand-ins in a test, which are few: the table stays in memory.
    #[must_use]
    pub fn known_by(mut self, types: &[&'static str]) -> Self {
        if let Code::Action(code) = &mut self.0 {
            code.types = Box::leak(types.into());
        }
        self
    }
}

/// Publishes what a method returned; its answer is what was published, which the record knows.
fn publish<P: Publish, E>(tx: &mut Tx, returned: Result<P, E>) -> Result<(), E> {
    returned.map(|published| published.publish(tx))
}

fn is_taken<T: 'static>() -> bool {
    TypeId::of::<T>() != TypeId::of::<IgnoredAny>()
}

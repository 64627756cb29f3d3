//! A service on the bus: its consumer and what of the choreography it is for, and one delivery to it with what goes wrong
//! within. Keeps no message.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use saga_runtime::__private::{CodeFault, Rehearsal, is_settled, receive_each};
use saga_runtime::{Consumer, Failure, Invocation};
use serde_json::Value;

use super::fault::BusFault;
use super::graph::Graph;
use super::message::Body;
use super::store::wrapper;
use crate::rehearse::{Within, both};

/// A consumer, as one function serves it: one participant, or several that were joined.
pub(super) struct Service {
    /// The participants: `Stock`, or `Stock and Shipping`.
    pub(super) name: String,
    pub(super) consumer: Consumer,
    reactions: Vec<&'static str>,
}

/// What came of a delivery.
pub(super) struct Answer {
    pub(super) end: AnswerEnd,
    /// What each reaction failed with, also where it is settled by that.
    pub(super) failures: Vec<(&'static str, Failure)>,
}

/// How a delivery ended.
pub(super) enum AnswerEnd {
    Done(Value),
    Failed(Failure),
    /// The process ended.
    Died,
}

impl Service {
    /// `None`, where nothing of the choreography is for it.
    pub(super) fn of(consumer: Consumer, graph: &Graph) -> Option<Self> {
        let names = consumer.reactions();
        let own = graph.reactions.iter();
        let own: Vec<_> = own.filter(|info| names.contains(&info.name)).collect();
        let mut participants: Vec<&str> = own.iter().map(|info| info.participant).collect();
        participants.dedup();
        (!own.is_empty()).then(|| Self {
            name: participants.join(" and "),
            reactions: own.iter().map(|info| info.name).collect(),
            consumer,
        })
    }

    pub(super) fn has(&self, reaction: &str) -> bool {
        self.reactions.contains(&reaction)
    }

    /// Whether its queue is subscribed to the event.
    pub(super) fn takes(&self, event: &str, graph: &Graph) -> bool {
        graph.reacting(event).any(|info| self.has(info.name))
    }

    /// Which reactions here the message is for.
    pub(super) fn addressed(&self, body: &Body, graph: &Graph) -> Vec<&'static str> {
        match body {
            Body::Command(_) => {
                let command = graph.reaction(body.what()).map(|info| info.name);
                command.into_iter().collect()
            }
            Body::Event(_) => {
                let reacting = graph.reacting(body.what()).map(|info| info.name);
                reacting.filter(|name| self.has(name)).collect()
            }
        }
    }

    /// Delivers a message, with a fault that hits one of its reactions.
    pub(super) async fn deliver(
        &self, body: &Body, fault: Option<&(String, BusFault)>, invocation: &[Invocation; 2],
    ) -> Answer {
        let [first, second] = invocation;
        let Some((reaction, fault)) = fault else {
            return self.receive(body, first).await;
        };
        if *fault == BusFault::CrashBeforeEffect {
            return Answer::died();
        }
        let within = within(Some(reaction), fault);
        let invocation = first.clone().rehearse(within.rehearsal());
        if *fault == BusFault::DuplicateAtOnce {
            let other = second.clone().rehearse(within.rehearsal());
            let (first, _) =
                both(self.receive(body, &invocation), self.receive(body, &other)).await;
            return first;
        }
        let answer = within.live(self.receive(body, &invocation)).await;
        answer.unwrap_or_else(Answer::died)
    }

    /// Delivers two messages at the same time.
    pub(super) async fn deliver_both(
        &self, bodies: [&Body; 2], invocations: &[Invocation; 2],
    ) -> [Answer; 2] {
        let within = within(None, &BusFault::DuplicateAtOnce);
        let [first, second] = invocations.clone();
        let first = first.rehearse(within.rehearsal());
        let second = second.rehearse(within.rehearsal());
        let answers = both(
            self.receive(bodies[0], &first),
            self.receive(bodies[1], &second),
        )
        .await;
        answers.into()
    }

    async fn receive(&self, body: &Body, invocation: &Invocation) -> Answer {
        match body {
            Body::Event(event) => match receive_each(&self.consumer, event, invocation).await {
                Ok(each) => Answer::of_reactions(each),
                Err(failure) => Answer::failed("", failure),
            },
            Body::Command(payload) => {
                let name = self.reactions.iter().find(|name| **name == body.what());
                match self.consumer.command(payload, invocation).await {
                    Ok(value) => Answer::done(value),
                    Err(failure) => Answer::failed(name.copied().unwrap_or_default(), failure),
                }
            }
        }
    }
}

impl Answer {
    fn done(value: Value) -> Self {
        Self {
            end: AnswerEnd::Done(value),
            failures: Vec::new(),
        }
    }

    fn failed(reaction: &'static str, failure: Failure) -> Self {
        Self {
            end: AnswerEnd::Failed(failure.clone()),
            failures: vec![(reaction, failure)],
        }
    }

    fn died() -> Self {
        Self {
            end: AnswerEnd::Died,
            failures: Vec::new(),
        }
    }

    /// As [`Consumer::receive`] answers: the event comes again for the first reaction that has to be tried again.
    fn of_reactions(each: Vec<(&'static str, Result<Value, Failure>)>) -> Self {
        let failures: Vec<(&'static str, Failure)> = each
            .into_iter()
            .filter_map(|(reaction, result)| Some((reaction, result.err()?)))
            .collect();
        let open = failures.iter().find(|(_, failure)| !is_settled(failure));
        let end = match open {
            Some((_, failure)) => AnswerEnd::Failed(failure.clone()),
            None => AnswerEnd::Done(Value::Null),
        };
        Self { end, failures }
    }
}

fn within(reaction: Option<&str>, fault: &BusFault) -> Within {
    let dead = Arc::<AtomicBool>::default();
    let says = |error: &str, transient| CodeFault::Says {
        error: error.to_owned(),
        data: Value::Null,
        transient,
    };
    let code = match fault {
        BusFault::Panic => Some(CodeFault::Panics),
        BusFault::Transient => Some(says(Failure::RETRY, true)),
        BusFault::Refused => Some(says(Failure::REFUSED, false)),
        BusFault::Rejected { event, data } => Some(CodeFault::Rejects {
            event: event.clone(),
            data: data.clone(),
        }),
        _ => None,
    };
    let rehearsal = Rehearsal {
        code,
        store: wrapper(fault, &dead),
        only: reaction.map(str::to_owned),
    };
    Within::new(rehearsal, dead)
}

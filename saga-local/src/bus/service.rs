//! A service on the bus: its consumer and what of the choreography it is for, and one delivery to it with what goes wrong
//! within. Keeps no message.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use saga_runtime::__private::{CodeFault, Rehearsal};
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
    /// Events that do not get here although something here reacts to them.
    pub(super) cut_off: Vec<String>,
}

/// What came of a delivery.
pub(super) enum Answer {
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
            cut_off: Vec::new(),
        })
    }

    pub(super) fn has(&self, reaction: &str) -> bool {
        self.reactions.contains(&reaction)
    }

    /// Whether its queue is subscribed to the event.
    pub(super) fn takes(&self, event: &str, graph: &Graph) -> bool {
        let is_cut_off = self.cut_off.iter().any(|name| name == event);
        !is_cut_off && graph.reacting(event).any(|info| self.has(info.name))
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
            return answer(self.receive(body, first).await);
        };
        if *fault == BusFault::CrashBeforeEffect {
            return Answer::Died;
        }
        let within = within(Some(reaction), fault);
        let invocation = first.clone().rehearse(within.rehearsal());
        if *fault == BusFault::DuplicateAtOnce {
            let other = second.clone().rehearse(within.rehearsal());
            let (first, _) =
                both(self.receive(body, &invocation), self.receive(body, &other)).await;
            return answer(first);
        }
        match within.live(self.receive(body, &invocation)).await {
            Some(result) => answer(result),
            None => Answer::Died,
        }
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
        [answer(answers.0), answer(answers.1)]
    }

    async fn receive(&self, body: &Body, invocation: &Invocation) -> Result<Value, Failure> {
        match body {
            Body::Event(event) => {
                let received = self.consumer.receive(event, invocation).await;
                received.map(|()| Value::Null)
            }
            Body::Command(payload) => self.consumer.command(payload, invocation).await,
        }
    }
}

fn answer(result: Result<Value, Failure>) -> Answer {
    match result {
        Ok(value) => Answer::Done(value),
        Err(failure) => Answer::Failed(failure),
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

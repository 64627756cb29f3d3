//! What moves on the bus: relays publish, queues deliver, clients try again. Decides what happens next; judges nothing.

use std::sync::Arc;
use std::time::Duration;

use saga_runtime::__private::is_settled;
use saga_runtime::{Failure, Invocation};
use serde_json::Value;

use super::Bus;
use super::effects::{Effects, reasons};
use super::fault::BusFault;
use super::message::{Body, DeadLetter, Happening, Message, Outcome};
use super::record::{Records, moves};
use super::relay::{Commit, Relay};
use super::service::{Answer, AnswerEnd};
use crate::error::{Error, Kind};
use crate::matrix::Snapshot;

/// How long a message stays invisible once it was received: six times what the function may take, as
/// [Lambda asks for](https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html).
const VISIBILITY: Duration = Duration::from_mins(1);

/// How long a function may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// How long a relay, or a client, waits before it tries again.
const PAUSE: Duration = Duration::from_secs(1);

/// A message is on its way for at most this many milliseconds.
const LATENCY: u64 = 100;

/// How often a client sends a command.
const TRIES: u32 = 20;

/// More deliveries than this are a choreography that does not end.
const MOST: u64 = 10_000;

/// How things stood before a delivery.
struct Before {
    world: Option<Snapshot>,
    records: Records,
}

/// Whom a message is for: the service, and which reactions there.
type Addressee = (usize, Vec<&'static str>);

/// What happens next.
enum Next {
    Relay(usize),
    Delivery(usize),
}

impl Bus {
    pub(super) async fn run(&mut self) {
        while let Some(next) = self.next() {
            match next {
                Next::Relay(relay) => {
                    self.clock.move_to(self.relays[relay].due);
                    self.relay(relay);
                }
                Next::Delivery(place) => {
                    self.clock.move_to(self.queue[place].due);
                    let message = self.queue.swap_remove(place);
                    self.receive(message).await;
                }
            }
            if self.deliveries > MOST {
                return;
            }
        }
    }

    /// The relay or the message that is due first.
    fn next(&mut self) -> Option<Next> {
        let relays = self.relays.iter().enumerate();
        let relay = relays
            .filter(|(_, relay)| !relay.stream.is_empty())
            .min_by_key(|(_, relay)| relay.due);
        let relay = relay.map(|(place, relay)| (relay.due, place));
        // What came back again and again waits for something: perhaps for what is held.
        let is_fresh = |message: &&Message| !message.held && message.receives < 2;
        if relay.is_none() && !self.queue.iter().any(|message| is_fresh(&message)) {
            let now = self.clock.now();
            let held = self.queue.iter_mut().filter(|message| message.held);
            if let Some(message) = held.min_by_key(|message| message.serial) {
                (message.held, message.meets, message.due) = (false, false, now);
            }
        }
        let messages = self.queue.iter().enumerate();
        let message = messages
            .filter(|(_, message)| !message.held)
            .min_by_key(|(_, message)| (message.due, message.serial));
        match (relay, message) {
            (Some((due, relay)), Some((_, message))) if due <= message.due => {
                Some(Next::Relay(relay))
            }
            (_, Some((place, _))) => Some(Next::Delivery(place)),
            (Some((_, relay)), None) => Some(Next::Relay(relay)),
            (None, None) => None,
        }
    }

    /// Publishes what a stream has, up to the first event that cannot be.
    fn relay(&mut self, place: usize) {
        let commits: Vec<Commit> = self.relays[place].stream.iter().cloned().collect();
        let mut done = 0;
        let mut again = false;
        'commits: for commit in &commits {
            for event in commit {
                let body = Body::Event(Arc::clone(event));
                let fault = self.faults.of_publication(body.what());
                if fault.is_some() {
                    self.note_relay(&body, fault.clone());
                }
                if matches!(
                    fault,
                    Some(BusFault::PublishFailure | BusFault::RelayCrashBefore)
                ) {
                    again = true;
                    break 'commits;
                }
                self.publish(&body);
                again |= fault.is_some();
            }
            if again {
                break;
            }
            done += 1;
        }
        let due = self.clock.after(PAUSE);
        let relay = &mut self.relays[place];
        relay.stream.drain(..done);
        if again {
            relay.due = due;
        }
    }

    /// Puts an event into the queue of each service that it is for.
    fn publish(&mut self, body: &Body) {
        for to in 0..self.services.len() {
            if self.services[to].takes(body.what(), &self.graph) && !self.is_cut(body.what(), to) {
                self.enqueue(to, body.clone(), false);
            }
        }
    }

    fn enqueue(&mut self, to: usize, body: Body, held: bool) {
        let latency = Duration::from_millis(self.random.u64(1..=LATENCY));
        self.serial += 1;
        self.queue.push(Message {
            serial: self.serial,
            to,
            body,
            due: self.clock.after(latency),
            receives: 0,
            held,
            meets: false,
        });
    }

    /// Delivers a message, and deletes it, lets it come again, or gives it up.
    async fn receive(&mut self, mut message: Message) {
        let reactions = self.services[message.to].addressed(&message.body, &self.graph);
        let fault = self.faults.of_delivery(&reactions);
        let kind = fault.as_ref().map(|(_, fault)| fault);
        let (to, body) = (message.to, message.body.clone());
        match kind {
            Some(fault @ (BusFault::Delayed | BusFault::WithNext)) => {
                message.meets = *fault == BusFault::WithNext;
                self.note_held(to, &body, reactions, fault.clone());
                message.held = true;
                self.queue.push(message);
                return;
            }
            Some(BusFault::Duplicate) => self.enqueue(to, body, false),
            Some(BusFault::DuplicateLate) => self.enqueue(to, body, true),
            None => {
                let mut waiting = self.queue.iter();
                if let Some(place) = waiting.position(|other| other.meets && other.to == to) {
                    let other = self.queue.swap_remove(place);
                    self.receive_both(other, message).await;
                    return;
                }
            }
            _ => {}
        }
        let is_deaf = matches!(
            kind,
            Some(BusFault::CrashAfterCommit | BusFault::LostDelete)
        );
        let answer = self.deliver(to, &message.body, fault, reactions).await;
        self.finish(message, answer, is_deaf);
    }

    /// Delivers two messages of one service at the same time; they take turns at its store.
    async fn receive_both(&mut self, first: Message, second: Message) {
        let to = first.to;
        let before = self.before();
        let invocations = [self.invocation(), self.invocation()];
        let service = &self.services[to];
        let bodies = [&first.body, &second.body];
        let [one, other] = service.deliver_both(bodies, &invocations).await;
        let addressed = bodies.map(|body| (to, service.addressed(body, &self.graph)));
        // What both did of one saga is noted with the first.
        let mut done = self.effects(&before);
        let others = done.split_off(first.body.saga(), second.body.saga());
        let [to_first, to_second] = addressed;
        self.note_answer(&first.body, to_first, None, &one, done);
        self.note_answer(&second.body, to_second, None, &other, others);
        self.finish(first, one, false);
        self.finish(second, other, false);
    }

    /// Deletes a message, lets it come again, or gives it up. Of a delivery that was deaf, nobody heard that it was done.
    fn finish(&mut self, mut message: Message, answer: Answer, is_deaf: bool) {
        (message.held, message.meets) = (false, false);
        message.receives += 1;
        message.due = self.clock.after(VISIBILITY);
        let is_command = matches!(message.body, Body::Command(_));
        let reason = match answer.end {
            AnswerEnd::Done(_) if !is_deaf => return,
            // The client was told, or will be by its own.
            AnswerEnd::Failed(failure) if is_command && is_settled(&failure) => return,
            AnswerEnd::Done(_) | AnswerEnd::Died => "the consumer's process ended".to_owned(),
            AnswerEnd::Failed(failure) => failure.to_string(),
        };
        if message.receives >= self.max_receives {
            self.dead.push(DeadLetter { message, reason });
        } else {
            self.queue.push(message);
        }
    }

    /// Delivers to a service, looks on, and notes what came of it.
    async fn deliver(
        &mut self, to: usize, body: &Body, fault: Option<(String, BusFault)>,
        reactions: Vec<&'static str>,
    ) -> Answer {
        let before = self.before();
        let invocations = [self.invocation(), self.invocation()];
        let service = &self.services[to];
        let answer = service.deliver(body, fault.as_ref(), &invocations).await;
        let done = self.effects(&before);
        self.note_answer(body, (to, reactions), fault, &answer, done);
        answer
    }

    fn look(&self) -> Option<Snapshot> {
        self.look.as_ref().map(|look| look())
    }

    fn before(&mut self) -> Before {
        // What others committed since the last delivery is not this one's.
        self.relays.iter_mut().for_each(Relay::skip);
        Before {
            world: self.look(),
            records: self.records(),
        }
    }

    /// What a delivery did, now that it is over.
    fn effects(&mut self, before: &Before) -> Effects {
        Effects {
            changed: before.world != self.look(),
            moves: moves(&before.records, &self.records()),
            published: self.collect(),
        }
    }

    /// Notes what came of a delivery, and what it did.
    fn note_answer(
        &mut self, body: &Body, to: Addressee, fault: Option<(String, BusFault)>, answer: &Answer,
        done: Effects,
    ) {
        let reasons = reasons(answer, body, fault.as_ref(), &self.records());
        let fault = fault.map(|(_, fault)| fault);
        let outcome = outcome(&answer.end, fault.as_ref());
        let happening = self.note(body, Some(to), fault, outcome);
        happening.reasons = reasons;
        happening.published = done.types();
        happening.moves = done.moves;
        happening.changed = done.changed;
    }

    fn invocation(&mut self) -> Invocation {
        self.deliveries += 1;
        let id = format!("delivery-{}", self.deliveries);
        Invocation::new(id, self.clock.after(TIMEOUT), self.handler_clock())
    }

    /// Shows the relays what was committed, and brings on what services published by themselves; gives the events.
    fn collect(&mut self) -> Commit {
        let mut published = Commit::new();
        for place in 0..self.relays.len() {
            let latency = Duration::from_millis(self.random.u64(1..=LATENCY));
            let due = self.clock.after(latency);
            published.extend(self.relays[place].collect(due));
        }
        self.events.extend(published.iter().cloned());
        let beside: Vec<Value> = self.topics.iter().flat_map(super::Topic::take).collect();
        for event in beside {
            self.publish(&Body::Event(Arc::new(event)));
        }
        published
    }

    /// Sends a command, as a client does that waits for its answer.
    pub(crate) async fn send_payload(
        &mut self, command: &str, payload: Value,
    ) -> Result<Vec<Value>, Error> {
        self.check()?;
        let service = self
            .services
            .iter()
            .position(|service| service.has(command));
        let Some(to) = service else {
            return Err(Error::new(Kind::UnknownPlace {
                place: command.to_owned(),
            }));
        };
        let body = Body::Command(Arc::new(payload));
        let mut last = None;
        for _ in 0..TRIES {
            match self.try_command(to, &body).await {
                Some(AnswerEnd::Done(answer)) => return Ok(events(&answer)),
                Some(AnswerEnd::Failed(failure)) if is_settled(&failure) => {
                    let refusal = (body.saga().to_owned(), failure.error_type().to_owned());
                    self.refusals.push(refusal);
                    return Err(refused(&body, failure));
                }
                Some(AnswerEnd::Failed(failure)) => last = Some(failure),
                Some(AnswerEnd::Died) | None => {}
            }
            self.clock.move_to(self.clock.after(PAUSE));
        }
        let silent = || Failure::from(&saga_runtime::Retry::new("the participant does not answer"));
        Err(refused(&body, last.unwrap_or_else(silent)))
    }

    /// Sends a command once; no answer, where it is lost.
    async fn try_command(&mut self, to: usize, body: &Body) -> Option<AnswerEnd> {
        let reactions = self.services[to].addressed(body, &self.graph);
        let fault = self.faults.of_delivery(&reactions);
        match fault.as_ref().map(|(_, fault)| fault) {
            Some(BusFault::Duplicate) => self.enqueue(to, body.clone(), false),
            Some(BusFault::DuplicateLate) => self.enqueue(to, body.clone(), true),
            Some(BusFault::Delayed) => {
                // The client hears nothing, and sends it again: this one arrives when all is over.
                self.note_held(to, body, reactions, BusFault::Delayed);
                self.enqueue(to, body.clone(), true);
                return None;
            }
            Some(BusFault::CrashAfterCommit | BusFault::LostDelete) => {
                self.deliver(to, body, fault, reactions).await;
                return None;
            }
            _ => {}
        }
        Some(self.deliver(to, body, fault, reactions).await.end)
    }

    fn note_held(&mut self, to: usize, body: &Body, reactions: Vec<&'static str>, fault: BusFault) {
        self.note(body, Some((to, reactions)), Some(fault), Outcome::Held);
    }

    fn note_relay(&mut self, body: &Body, fault: Option<BusFault>) {
        let outcome = match &fault {
            Some(BusFault::RelayCrashAfter) => Outcome::NoAnswer,
            _ => Outcome::NotPublished,
        };
        self.note(body, None, fault, outcome);
    }

    fn note(
        &mut self, body: &Body, to: Option<Addressee>, fault: Option<BusFault>, outcome: Outcome,
    ) -> &mut Happening {
        let (to, reactions) = match to {
            Some((place, reactions)) => (self.services[place].name.clone(), reactions),
            None => (String::new(), Vec::new()),
        };
        self.log.push_mut(Happening {
            at: self.clock.now(),
            saga: body.saga().to_owned(),
            what: body.what().to_owned(),
            id: body.id().to_owned(),
            to,
            reactions,
            fault,
            outcome,
            reasons: Vec::new(),
            moves: Vec::new(),
            published: Vec::new(),
            changed: false,
        })
    }
}

fn outcome(end: &AnswerEnd, fault: Option<&BusFault>) -> Outcome {
    match end {
        AnswerEnd::Done(_) if fault == Some(&BusFault::CrashAfterCommit) => Outcome::NoAnswer,
        AnswerEnd::Done(_) => Outcome::Done,
        AnswerEnd::Failed(failure) => Outcome::Failed(failure.error_type().to_owned()),
        AnswerEnd::Died => Outcome::NoAnswer,
    }
}

fn refused(body: &Body, failure: Failure) -> Error {
    let (command, saga) = (body.what().to_owned(), body.saga().to_owned());
    Error::with_source(Kind::CommandFailed { command, saga }, failure)
}

/// The events of a command's answer.
fn events(answer: &Value) -> Vec<Value> {
    let events = answer.get("events").and_then(Value::as_array);
    events.cloned().unwrap_or_default()
}

//! The embedded bus: topics, relays and queues between the participants of a choreography, in memory, with virtual time and
//! faults. Interprets no contract and judges nothing; `event_matrix` does.

mod effects;
mod fault;
mod graph;
mod message;
mod names;
mod outcome;
mod record;
mod relay;
pub(crate) mod report;
mod service;
mod store;
mod topic;
mod transport;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use saga_runtime::{Choreography, Clock, Command, Consumer, MemoryStore};
use serde::Serialize;
use serde_json::Value;

pub use self::fault::{BusFault, BusFaultPlan};
pub(crate) use self::graph::Graph;
pub(crate) use self::message::{Happening, Letter, Outcome};
pub(crate) use self::names::{check_optional, check_published};
pub(crate) use self::outcome::end;
pub(crate) use self::record::{Move, Records, records};
pub use self::report::BusReport;
pub use self::topic::Topic;

use self::fault::Faults;
use self::message::{DeadLetter, Message};
use self::relay::Relay;
use self::service::Service;
use crate::clock::VirtualClock;
use crate::error::{Error, Kind};
use crate::matrix::Snapshot;

/// How often a message is received before it becomes a dead letter, unless [`Bus::max_receives`] says otherwise: what the consumer on
/// Lambda does by itself.
const MAX_RECEIVES: u32 = 5;

/// Runs a choreography in memory, as DynamoDB Streams, SNS, SQS and Lambda would.
///
/// Each participant's records are its outbox: a relay publishes what they newly hold, in the order in which it was committed, to
/// every participant that reacts. Messages arrive at least once, in an order that the seed settles: a message whose delivery
/// fails comes again after its visibility timeout, until it has been received too often and is a dead letter. The clock is
/// virtual, so that none of this takes time, and the same seed gives the same run.
///
/// # Example
///
/// ```
/// # use saga_local::{Bus, Error};
/// # use saga_runtime::{Choreography, Command, Consumer};
/// # async fn test(events: Choreography, place: Command<u64>, orders: Consumer, stock: Consumer) -> Result<(), Error> {
/// let mut bus = Bus::new(events).with(orders).with(stock);
/// bus.send(&place, "order-42", &990).await?;
/// bus.settle().await;
/// println!("{}", bus.report("order-42"));
/// # Ok(())
/// # }
/// ```
pub struct Bus {
    graph: Graph,
    services: Vec<Service>,
    relays: Vec<Relay>,
    clock: Arc<VirtualClock>,
    random: fastrand::Rng,
    serial: u64,
    faults: Faults,
    /// Events that do not get to a participant, although it reacts to them.
    cuts: Vec<(String, String)>,
    max_receives: u32,
    queue: Vec<Message>,
    dead: Vec<DeadLetter>,
    topics: Vec<Topic>,
    log: Vec<Happening>,
    /// Every event that was committed, as it is published.
    events: Vec<Arc<Value>>,
    /// What the commands were answered with, by saga.
    refusals: Vec<(String, String)>,
    /// What is looked at before and after each delivery.
    look: Option<Look>,
    deliveries: u64,
}

type Look = Box<dyn Fn() -> Snapshot + Send + Sync>;

impl Bus {
    /// A bus for a choreography. A participant that is missing is reported by [`send`](Self::send).
    pub fn new(choreography: Choreography) -> Self {
        Self {
            graph: Graph::of(&choreography),
            services: Vec::new(),
            relays: Vec::new(),
            clock: VirtualClock::new(),
            random: fastrand::Rng::with_seed(0),
            serial: 0,
            faults: Faults::default(),
            cuts: Vec::new(),
            max_receives: MAX_RECEIVES,
            queue: Vec::new(),
            dead: Vec::new(),
            topics: Vec::new(),
            log: Vec::new(),
            events: Vec::new(),
            refusals: Vec::new(),
            look: None,
            deliveries: 0,
        }
    }

    /// Adds a participant, or several that were [joined](Consumer::join): they then have one queue.
    #[must_use]
    pub fn with(mut self, consumer: Consumer) -> Self {
        let now = self.clock.now();
        for (prefix, store) in consumer.memory_stores() {
            self.relays.push(Relay::new(prefix, store, now));
        }
        self.services.extend(Service::of(consumer, &self.graph));
        self
    }

    /// Where random numbers begin: how long each message is on its way, and so the order of deliveries; 0 by default.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.random = fastrand::Rng::with_seed(seed);
        self
    }

    /// How often a message is received before it becomes a dead letter; 5 by default.
    #[must_use]
    pub fn max_receives(self, count: u32) -> Self {
        Self {
            max_receives: count.max(1),
            ..self
        }
    }

    /// Plans a fault at a place: a reaction or a command, such as `stock.reserve`, or an event for what goes wrong with its
    /// publication, such as `StockReserved`.
    ///
    /// ```
    /// # use saga_local::{Bus, BusFault};
    /// # fn test(bus: Bus) -> Bus {
    /// bus.fault("stock.reserve", BusFault::CrashAfterCommit).fault("StockReserved", BusFault::PublishFailure.times(3))
    /// # }
    /// ```
    #[must_use]
    pub fn fault(mut self, place: impl Into<String>, plan: impl Into<BusFaultPlan>) -> Self {
        self.faults.add(place.into(), plan.into());
        self
    }

    /// Keeps an event from reaching a participant that reacts to it, as a subscription does whose filter forgot it: the participant's
    /// trait, such as `Stock`.
    #[must_use]
    pub fn cut(mut self, event: &str, participant: &str) -> Self {
        self.cuts.push((event.to_owned(), participant.to_owned()));
        self
    }

    /// Delivers what a service publishes by itself, past the outbox.
    #[must_use]
    pub fn listen(mut self, topic: &Topic) -> Self {
        self.topics.push(topic.clone());
        self
    }

    pub(crate) fn watched(mut self, look: impl Fn() -> Snapshot + Send + Sync + 'static) -> Self {
        self.look = Some(Box::new(look));
        self
    }

    /// Whether anything can be sent at all; [`send`](Self::send) checks the same.
    ///
    /// # Errors
    ///
    /// A participant that is missing or that was added twice, a fault planned for a place that does not exist, or a cut where there is
    /// nothing to cut.
    pub fn check(&self) -> Result<(), Error> {
        self.check_participants()?;
        for (place, fault) in self.faults.places() {
            self.graph.check_fault(place, fault)?;
        }
        for (event, participant) in &self.cuts {
            self.graph.check_cut(event, participant)?;
        }
        Ok(())
    }

    fn check_participants(&self) -> Result<(), Error> {
        for info in self.graph.reactions {
            let able = self
                .services
                .iter()
                .filter(|service| service.has(info.name));
            let participant = info.participant.to_owned();
            match able.count() {
                1 => {}
                0 => {
                    let choreography = self.graph.name.to_owned();
                    return Err(Error::new(Kind::MissingParticipant {
                        participant,
                        choreography,
                    }));
                }
                _ => return Err(Error::new(Kind::ParticipantTwice { participant })),
            }
        }
        Ok(())
    }

    /// Sends a command that begins the saga of that id, as a client does: once more where no answer came. Gives the events that it
    /// published, as they are on the wire.
    ///
    /// # Errors
    ///
    /// What [`check`](Self::check) finds; an input that does not serialize; or the command's own rejection, which is the error's
    /// source.
    pub async fn send<I: Serialize>(
        &mut self, command: &Command<I>, saga: &str, input: &I,
    ) -> Result<Vec<Value>, Error> {
        let payload = command.payload(saga, input).map_err(|error| {
            Error::new(Kind::InvalidInput {
                name: saga.to_owned(),
                why: format!("does not serialize: {error}"),
            })
        })?;
        self.send_payload(command.name(), payload).await
    }

    /// Delivers, publishes and moves the clock until nothing is under way.
    pub async fn settle(&mut self) {
        self.run().await;
    }

    /// The time on the bus's clock.
    pub fn now(&self) -> SystemTime {
        self.clock.now()
    }

    /// Every event that was committed so far, as it is on the wire, in the order in which the relays saw them.
    pub fn events(&self) -> impl Iterator<Item = &Value> {
        self.events.iter().map(|event| &**event)
    }

    /// How many messages were received too often, and wait for somebody.
    pub fn dead_letters(&self) -> usize {
        self.dead.len()
    }

    /// Sends the dead letters to their queues again, as an operator does once the cause is gone. Faults are lifted: from now on nothing
    /// goes wrong, and only rejections are left. Says how many there were.
    pub fn redrive(&mut self) -> usize {
        self.faults.lift();
        let dead = std::mem::take(&mut self.dead);
        let count = dead.len();
        let now = self.clock.now();
        self.queue.extend(dead.into_iter().map(|letter| Message {
            receives: 0,
            due: now,
            ..letter.message
        }));
        count
    }

    /// What happened to one saga so far, and how it ended.
    pub fn report(&self, saga: &str) -> BusReport {
        BusReport::of(self, saga)
    }

    /// How often a message is received before it becomes a dead letter.
    pub(crate) fn receives(&self) -> u32 {
        self.max_receives
    }

    pub(crate) fn graph(&self) -> &Graph {
        &self.graph
    }

    pub(crate) fn log(&self) -> &[Happening] {
        &self.log
    }

    /// The participants' stores, each by the name of its participant.
    pub(crate) fn stores(&self) -> Vec<(&'static str, MemoryStore)> {
        let stores = self
            .services
            .iter()
            .map(|service| service.consumer.memory_stores());
        stores.flatten().collect()
    }

    pub(crate) fn records(&self) -> Records {
        let stores = self.stores();
        records(stores.iter().map(|(_, store)| store))
    }

    pub(crate) fn letters(&self) -> Vec<Letter> {
        let letters = self.dead.iter().map(|DeadLetter { message, reason }| {
            let service = &self.services[message.to];
            Letter {
                id: message.body.id().to_owned(),
                what: message.body.what().to_owned(),
                to: service.name.clone(),
                reactions: service.addressed(&message.body, &self.graph),
                why: reason.clone(),
            }
        });
        letters.collect()
    }

    /// What the command of a saga was refused with.
    pub(crate) fn refusal(&self, saga: &str) -> Option<&str> {
        let mut refusals = self.refusals.iter();
        let found = refusals.find(|(refused, _)| refused == saga)?;
        Some(&found.1)
    }

    /// Whether something of the saga is still under way, or will never arrive.
    pub(crate) fn is_open(&self, saga: &str) -> bool {
        let of_saga = |message: &Message| message.body.saga() == saga;
        self.queue.iter().any(of_saga)
            || self.dead.iter().any(|letter| of_saga(&letter.message))
            || self.relays.iter().any(|relay| !relay.stream.is_empty())
    }

    /// Whether the event does not get to the service.
    fn is_cut(&self, event: &str, to: usize) -> bool {
        let mut cuts = self.cuts.iter().filter(|(cut, _)| cut == event);
        cuts.any(|(_, participant)| {
            let mut reacting = self.graph.reacting(event);
            reacting.any(|info| info.participant == participant && self.services[to].has(info.name))
        })
    }

    /// How long it is since the bus began.
    pub(crate) fn since_start(time: SystemTime) -> Duration {
        time.duration_since(VirtualClock::new().now())
            .unwrap_or_default()
    }

    fn handler_clock(&self) -> Clock {
        let clock = Arc::clone(&self.clock);
        Clock::new(move || clock.now())
    }
}

impl fmt::Debug for Bus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let services = self.services.iter().map(|service| &service.name);
        f.debug_struct("Bus")
            .field("choreography", &self.graph.name)
            .field("services", &services.collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

//! The fault matrix of a choreography: it is run once for each thing that can go wrong at each of its messages, and looked at
//! afterwards. What a user meets; the cases are gone through in `explore`, run in `evidence` and judged in `judge`.

mod evidence;
mod explore;
mod judge;
mod sample;
mod site;
mod stand_in;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::future::Future;

use saga_runtime::{Choreography, Command};
use serde::Serialize;
use serde_json::Value;

pub use self::stand_in::EventStandIns;

use self::evidence::{SAGA, Sending, Subject};
use self::explore::{Explorer, Plan};
use crate::bus::Graph;
use crate::error::Error;
use crate::matrix::{MatrixReport, World};

/// How many pairs of faults are tried, unless [`EventMatrix::pairs`] says otherwise.
const PAIRS: usize = 200;

/// How many orders of delivery are tried, unless [`EventMatrix::orders`] says otherwise.
const ORDERS: u64 = 10;

/// Runs a choreography once for each fault that can meet each of its messages, and tells which runs did not end as they should.
///
/// `world` makes a fresh world for each case: its consumers, or a [`World`]. The whole of it in a test is one line; further
/// commands and the like are [`EventMatrix`]'s.
///
/// # Example
///
/// ```
/// # use saga_runtime::{Choreography, Command, Consumer};
/// # async fn test(events: Choreography, place: Command<u64>, open_shop: impl Fn() -> Vec<Consumer>) {
/// saga_local::event_matrix(events, &place, 990, || async { open_shop() }).await.assert_consistent();
/// # }
/// ```
pub async fn event_matrix<I, F, Fut, W>(
    choreography: Choreography, command: &Command<I>, input: I, world: F,
) -> MatrixReport
where
    I: Serialize,
    F: Fn() -> Fut,
    Fut: Future<Output = W>,
    W: Into<World>,
{
    let matrix = EventMatrix::new(choreography, world);
    matrix.send("input", command, &input).run().await
}

/// A choreography, its commands and its world, to be run once for each fault.
///
/// For each command there is a run without faults. Then, at each message and each publication that any run made, each of these:
/// duplicates (right after, at the same time, after everything else), being overtaken by all others, crashes of the consumer
/// before the effect, before the commit and after it, a lost delete, a store that is throttled, away, or whose reply is lost,
/// a panic, a transient error, each rejection that the reaction declares; publish failures, and crashes of the relay before and
/// after it published: once, several times, and until the message is a dead letter, which the matrix then redrives. Last come
/// other orders of delivery, and pairs of faults. [The guide](crate::event_matrix_guide) shows what is checked.
///
/// A case is exact and repeatable: virtual time, a world of its own, and a seed where the order of deliveries is another.
///
/// # Example
///
/// ```
/// # use saga_local::{EventMatrix, World};
/// # use saga_runtime::{Choreography, Command, Consumer};
/// # async fn test(events: Choreography, place: Command<u64>, open_shop: impl Fn() -> Vec<Consumer>) {
/// let report = EventMatrix::new(events, || async { open_shop() })
///     .send("an order", &place, &990)
///     .send("an order that is too large", &place, &1_000_000)
///     .pairs(500)
///     .run()
///     .await;
/// report.assert_complete();
/// # }
/// ```
#[must_use = "nothing happens until `run` is awaited"]
pub struct EventMatrix<F> {
    subject: Subject,
    inputs: Vec<(String, Result<Sending, String>)>,
    world: F,
    pairs: usize,
    orders: u64,
    data: BTreeMap<String, Value>,
    /// The events whose data was given.
    rejections: Vec<String>,
}

impl<F> EventMatrix<F> {
    /// The matrix of a choreography. `world` makes a fresh world for each case.
    pub fn new(choreography: Choreography, world: F) -> Self {
        let asyncapi: Value = serde_json::from_str(choreography.asyncapi()).unwrap_or_default();
        let mut data = BTreeMap::new();
        for info in choreography.reactions() {
            for event in info.rejects {
                data.insert((*event).to_owned(), sample::sample(&asyncapi, event));
            }
        }
        Self {
            subject: Subject {
                choreography,
                ignored: Vec::new(),
                cuts: Vec::new(),
                max_receives: None,
            },
            inputs: Vec::new(),
            world,
            pairs: PAIRS,
            orders: ORDERS,
            data,
            rejections: Vec::new(),
        }
    }

    /// Adds a command with its input, by a name for the report. Each is a saga of its own.
    pub fn send<I: Serialize>(mut self, name: &str, command: &Command<I>, input: &I) -> Self {
        let payload = command
            .payload(SAGA, input)
            .map_err(|error| error.to_string());
        let sending = payload.map(|payload| Sending {
            command: command.name(),
            payload,
        });
        self.inputs.push((name.to_owned(), sending));
        self
    }

    /// Tries about this many pairs of faults, evenly spread over the commands and over all the pairs that there are; 200 by default.
    pub fn pairs(mut self, count: usize) -> Self {
        self.pairs = count;
        self
    }

    /// Tries this many orders of delivery for the run without faults and for each rejection; 10 by default.
    pub fn orders(mut self, count: u64) -> Self {
        self.orders = count;
        self
    }

    /// Leaves a field out wherever it stands, in the stores: a time, a random number.
    pub fn ignore(mut self, field: &str) -> Self {
        self.subject.ignored.push(field.to_owned());
        self
    }

    /// Gives the data of an event that a reaction rejects with, for reactions that look at it. Otherwise it is the simplest that
    /// the event's schema allows.
    pub fn rejection(mut self, event: &str, data: Value) -> Self {
        self.rejections.push(event.to_owned());
        self.data.insert(event.to_owned(), data);
        self
    }

    /// How often a message is received before it becomes a dead letter, as [`Bus::max_receives`](crate::Bus::max_receives).
    pub fn max_receives(mut self, count: u32) -> Self {
        self.subject.max_receives = Some(count);
        self
    }

    /// Keeps an event from reaching a participant, as [`Bus::cut`](crate::Bus::cut) does.
    pub fn cut(mut self, event: &str, participant: &str) -> Self {
        let cut = (event.to_owned(), participant.to_owned());
        self.subject.cuts.push(cut);
        self
    }
}

impl<F, Fut, W> EventMatrix<F>
where
    F: Fn() -> Fut,
    Fut: Future<Output = W>,
    W: Into<World>,
{
    /// Whether the choreography has every name that was said.
    fn check(&self, graph: &Graph) -> Result<(), Error> {
        for event in &self.rejections {
            graph.check_rejection(event)?;
        }
        for (event, participant) in &self.subject.cuts {
            graph.check_cut(event, participant)?;
        }
        Ok(())
    }

    /// Runs every case. A case that cannot be run is in the report as such.
    pub async fn run(&self) -> MatrixReport {
        let graph = Graph::of(&self.subject.choreography);
        let plan = Plan {
            subject: &self.subject,
            graph: &graph,
            data: &self.data,
        };
        let mut report = MatrixReport::new(graph.name);
        report.shows_way = true;
        if let Err(error) = self.check(&graph) {
            report.not_run("", error.to_string());
            return report;
        }
        let mut reached = BTreeSet::new();
        let pairs = self.pairs.div_ceil(self.inputs.len().max(1));
        for (name, sending) in &self.inputs {
            let sending = match sending {
                Ok(sending) => sending,
                Err(why) => {
                    report.not_run(name, format!("the input does not serialize: {why}"));
                    continue;
                }
            };
            let case = (name.as_str(), sending);
            let mut explorer = Explorer::new(&plan, &self.world, case, &mut report, &mut reached);
            explorer.single().await;
            explorer.orders(self.orders).await;
            explorer.pairs(pairs).await;
        }
        if self.inputs.is_empty() {
            report.not_run("", "there is no command; add one with `send`".to_owned());
        }
        let names = graph.reactions.iter().map(|info| info.name.to_owned());
        report.unreached = names.filter(|name| !reached.contains(name)).collect();
        report
    }
}

impl<F> fmt::Debug for EventMatrix<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventMatrix")
            .field("choreography", &self.subject.choreography.name())
            .finish_non_exhaustive()
    }
}

//! The world of one case: the participants and everything that is compared before and after. Runs nothing.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use saga_runtime::{Consumer, Handler, MemoryStore, Rejection};
use serde_json::Value;

use super::report::{End, Problem};
use crate::bus::Topic;
use crate::services::PlainFunction;

type Look = Arc<dyn Fn() -> Value + Send + Sync>;
type Check = Arc<dyn Fn(&End) -> Result<(), String> + Send + Sync>;

/// The participants of one case, fresh, and what is looked at before and after it.
///
/// A list of handlers, or of a choreography's consumers, is enough: the stores in memory that they were made with are compared table by table. What the
/// participants keep elsewhere, such as a partner's books, is named by [`watch`](Self::watch) or
/// [`watch_store`](Self::watch_store), and rules of your own by [`invariant`](Self::invariant).
///
/// # Example
///
/// ```
/// use saga_local::{End, World};
/// use saga_runtime::{Handler, MemoryStore};
///
/// fn shop(stock: Handler, payments: Handler, books: MemoryStore) -> World {
///     let bank = books.clone();
///     World::new([stock, payments]).watch_store("bank", books).invariant("a charge for each order", move |end| {
///         let charges = bank.tables().get("charges").map_or(0, Vec::len);
///         match (end, charges) {
///             (End::Committed, 1) | (End::Compensated { .. }, 0) => Ok(()),
///             _ => Err(format!("there are {charges} charges")),
///         }
///     })
/// }
/// ```
#[derive(Clone, Default)]
pub struct World {
    pub(super) handlers: Vec<Handler>,
    pub(super) functions: Vec<(String, PlainFunction)>,
    pub(crate) consumers: Vec<Consumer>,
    pub(crate) topics: Vec<Topic>,
    stores: Vec<(String, MemoryStore)>,
    watched: Vec<(String, Look)>,
    invariants: Vec<(String, Check)>,
}

/// A participant of a saga or of a choreography, for lists of either.
#[doc(hidden)]
#[derive(Debug)]
pub enum Participant {
    /// Of a saga.
    Handler(Handler),
    /// Of a choreography.
    Consumer(Consumer),
}

impl From<Handler> for Participant {
    fn from(handler: Handler) -> Self {
        Self::Handler(handler)
    }
}

impl From<Consumer> for Participant {
    fn from(consumer: Consumer) -> Self {
        Self::Consumer(consumer)
    }
}

/// All that a world holds, by the name of its place: what is compared.
pub(crate) type Snapshot = BTreeMap<String, Value>;

/// Where the steps stand, by execution, step and item.
pub(super) type Records = BTreeMap<Key, String>;

/// A step instance: the execution and when it began, the step, the item of a loop.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) saga: String,
    pub(super) step: String,
    pub(super) item: Vec<u64>,
}

impl Key {
    /// `stock.reserve`, or `stock.reserve [2]` in a loop.
    pub(super) fn name(&self) -> String {
        name(&self.step, &self.item)
    }

    /// The ARN of the execution, without when it began.
    pub(super) fn execution(&self) -> &str {
        let parts = self.saga.rsplit_once('#');
        parts.map_or(self.saga.as_str(), |(arn, _)| arn)
    }
}

/// Whether a record in that state says that there is, or may be, an effect.
pub(super) fn stands(state: &str) -> bool {
    ["DONE", "RUNNING", "COMPENSATING"].contains(&state)
}

/// `stock.reserve`, or `stock.reserve [2]` in a loop.
pub(super) fn name(state: &str, item: &[u64]) -> String {
    if item.is_empty() {
        state.to_owned()
    } else {
        format!("{state} {item:?}")
    }
}

impl World {
    /// A world of these participants, as they would be on Lambda.
    pub fn new(handlers: impl IntoIterator<Item = Handler>) -> Self {
        Self {
            handlers: handlers.into_iter().collect(),
            ..Self::default()
        }
    }

    /// A world of a choreography's participants, as they would be on Lambda.
    pub fn of(consumers: impl IntoIterator<Item = Consumer>) -> Self {
        Self {
            consumers: consumers.into_iter().collect(),
            ..Self::default()
        }
    }

    /// Delivers what a service of a choreography publishes by itself, past the outbox.
    #[must_use]
    pub fn listen(mut self, topic: &Topic) -> Self {
        self.topics.push(topic.clone());
        self
    }

    /// Adds a function without a barrier, as [`Engine::with_function`](crate::Engine::with_function) does.
    #[must_use]
    pub fn function(
        mut self, name: &str,
        function: impl Fn(Value) -> Result<Value, Rejection> + Send + Sync + 'static,
    ) -> Self {
        self.functions.push((name.to_owned(), Arc::new(function)));
        self
    }

    /// Compares also what is in this store. Those that the handlers were made with are known already.
    #[must_use]
    pub fn watch_store(mut self, name: &str, store: MemoryStore) -> Self {
        self.stores.push((name.to_owned(), store));
        self
    }

    /// Compares also what `look` sees: what a participant keeps outside of any store.
    #[must_use]
    pub fn watch(mut self, name: &str, look: impl Fn() -> Value + Send + Sync + 'static) -> Self {
        self.watched.push((name.to_owned(), Arc::new(look)));
        self
    }

    /// Adds a rule of your own, checked at the end of each case. It says what is wrong.
    #[must_use]
    pub fn invariant(
        mut self, name: &str, check: impl Fn(&End) -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        self.invariants.push((name.to_owned(), Arc::new(check)));
        self
    }

    /// What is there now, without the fields that are not compared.
    pub(crate) fn look(&self, ignored: &[String]) -> Snapshot {
        let mut snapshot = Snapshot::new();
        let mut of_participants = self.handler_stores();
        of_participants.extend(self.consumers.iter().flat_map(Consumer::memory_stores));
        let own = self
            .stores
            .iter()
            .map(|(name, store)| (name.as_str(), store));
        let all = of_participants.iter().map(|(name, store)| (*name, store));
        for (name, store) in all.chain(own) {
            for (table, items) in store.tables() {
                let items = items.into_iter().map(Value::Object).collect();
                snapshot.insert(format!("{name}: {table}"), items);
            }
        }
        for (name, look) in &self.watched {
            snapshot.insert(name.clone(), look());
        }
        for value in snapshot.values_mut() {
            strip(value, ignored);
            if let Value::Object(places) = value {
                places.retain(|_, value| !is_empty(value));
            }
        }
        // A table that was emptied is as one that never was.
        snapshot.retain(|_, value| !is_empty(value));
        snapshot
    }

    /// The rules of the user's that do not hold, with what they say.
    pub(crate) fn broken(&self, end: &End) -> Vec<Problem> {
        let broken = self.invariants.iter().filter_map(|(name, check)| {
            let what = check(end).err()?;
            Some(Problem::Broken {
                invariant: name.clone(),
                what,
            })
        });
        broken.collect()
    }

    /// What the barrier's records say.
    pub(super) fn records(&self) -> Records {
        let mut records = Records::new();
        for (_, store) in self.handler_stores() {
            for record in store.barrier_records() {
                let text = |name| record.get(name).and_then(Value::as_str);
                if let (Some(key), Some(state)) = (text("pk").and_then(read_key), text("st")) {
                    records.insert(key, state.to_owned());
                }
            }
        }
        records
    }

    fn handler_stores(&self) -> Vec<(&'static str, MemoryStore)> {
        self.handlers
            .iter()
            .flat_map(Handler::memory_stores)
            .collect()
    }
}

/// `ARN#start|stock.reserve|2,0`, as the barrier writes keys.
fn read_key(text: &str) -> Option<Key> {
    let mut parts = text.split('|');
    let (saga, step) = (parts.next()?, parts.next()?);
    let item = parts.next().unwrap_or_default();
    let item = item.split(',').filter_map(|index| index.parse().ok());
    Some(Key {
        saga: saga.to_owned(),
        step: step.to_owned(),
        item: item.collect(),
    })
}

fn is_empty(value: &Value) -> bool {
    value.as_array().is_some_and(Vec::is_empty)
}

/// Takes these fields out, wherever they are.
pub(super) fn strip(value: &mut Value, fields: &[String]) {
    match value {
        Value::Object(object) => {
            object.retain(|name, _| !fields.contains(name));
            object.values_mut().for_each(|value| strip(value, fields));
        }
        Value::Array(items) => items.iter_mut().for_each(|value| strip(value, fields)),
        _ => {}
    }
}

/// What is other in `after`, in a line; `None` if nothing is.
pub(crate) fn difference(before: &Snapshot, after: &Snapshot) -> Option<String> {
    let mut places = Vec::new();
    let names = before
        .keys()
        .chain(after.keys().filter(|name| !before.contains_key(*name)));
    for name in names {
        let (old, new) = (before.get(name), after.get(name));
        if old != new {
            places.push(format!("{name} {}", change(old, new)));
        }
    }
    (!places.is_empty()).then(|| places.join("; "))
}

fn change(old: Option<&Value>, new: Option<&Value>) -> String {
    fn items(value: Option<&Value>) -> Vec<&Value> {
        match value {
            None => Vec::new(),
            Some(Value::Array(items)) => items.iter().collect(),
            Some(value) => vec![value],
        }
    }
    let (old, new) = (items(old), items(new));
    let list = |sign: char, from: &[&Value], other: &[&Value]| {
        let only = from.iter().filter(|item| !other.contains(item));
        only.map(|item| format!("{sign}{item}")).collect::<Vec<_>>()
    };
    let mut parts = list('-', &old, &new);
    parts.extend(list('+', &new, &old));
    if parts.is_empty() {
        // The same items, another number of times.
        parts.push(format!("{} items instead of {}", new.len(), old.len()));
    }
    parts.join(" ")
}

impl<I> From<I> for World
where
    I: IntoIterator,
    I::Item: Into<Participant>,
{
    fn from(participants: I) -> Self {
        let mut world = Self::default();
        for participant in participants {
            match participant.into() {
                Participant::Handler(handler) => world.handlers.push(handler),
                Participant::Consumer(consumer) => world.consumers.push(consumer),
            }
        }
        world
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World")
            .field("handlers", &self.handlers)
            .field("consumers", &self.consumers.len())
            .finish_non_exhaustive()
    }
}

//! The transaction that a step collects its effects in: typed reads, and writes with conditions. Commits nothing;
//! the barrier does.

mod direct;
mod table;
mod write;

use std::fmt;
use std::future::pending;
use std::sync::Arc;
use std::time::SystemTime;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use self::table::{KeyValue, Table};
pub(crate) use self::write::{Conditions, Planned, StepFailure};
pub use self::write::{Pending, Update};
use crate::barrier::persisted;
use crate::error::StepError;
use crate::event::{Event, Outgoing};
use crate::failure::Failure;
use crate::guard::Trouble;
use crate::identity::Identity;
use crate::invocation::Invocation;
use crate::store::{Condition, Operation, Store, Write, field};

/// The second parameter of a step whose effects are writes to the participant's own database.
///
/// Writes are collected, and committed after the step returned `Ok`, in one database transaction with the record that makes
/// the step happen once. If it returns an error, or if a condition does not hold, nothing is written.
///
/// # Reads
///
/// A read is consistent, but no part of the transaction: what a step decided by it must be said again as a condition of a
/// write (`only_if`, [`check`](Self::check)), so that the transaction fails where it is no longer true. Reads do not see the
/// writes that are still being collected.
///
/// A read that cannot be answered is not an error that a step could handle: [`get`](Self::get) then never returns. The
/// runtime sees the failure, drops the step where it stands, writes nothing and answers `Saga.Busy` where the store was
/// unavailable, or `Saga.Unknown` where the stored document is not of the table's type or the key is no key.
///
/// # Conditions
///
/// The error of a condition is best one of the step's own type. One of another type is not known to the saga's definition, so
/// that it ends the step in the runtime's words: see [`StepError`].
///
/// # Limits
///
/// [DynamoDB's](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html) hold with every
/// store: 100 items in a transaction, of which the barrier's record is one; one write for each item; 400 KB an item and 4 MB
/// a transaction. The output, and the arguments that the compensation takes, are kept in the record, which is an item too:
/// together, and with the events that it publishes, they may have 405,504 bytes of JSON; what a choreography's compensation may undo
/// has half of that, and the compensation's own events the other half. One event may have 245,760 bytes, and be nested 100 deep. A step
/// that breaks one of these writes nothing, and is refused; a retriable step, which may not fail, is tried again.
///
/// # Example
///
/// ```
/// use saga_runtime::prelude::*;
/// use saga_runtime::StepError;
///
/// #[derive(Serialize, Deserialize)]
/// struct Stock { sku: String, on_hand: u64 }
/// const STOCK: Table<Stock> = Table::new("stock", "sku");
///
/// async fn reserve<E: StepError>(tx: &mut Tx, sku: &str, count: u32, out_of_stock: E) -> Result<(), Retry> {
///     tx.update(&STOCK, sku)
///         .subtract("on_hand", count)
///         .only_if(field("on_hand").at_least(count), out_of_stock);
///     Ok(())
/// }
/// ```
pub struct Tx {
    store: Arc<dyn Store>,
    identity: Arc<Identity>,
    invocation: Invocation,
    trouble: Trouble,
    writes: Vec<Planned>,
    events: Vec<Outgoing>,
    /// The first write that could not be built. A later one's failure would often only follow from it.
    mistake: Option<String>,
}

/// What a step collected in its transaction.
pub(crate) struct Collected {
    pub(crate) writes: Vec<Planned>,
    pub(crate) events: Vec<Outgoing>,
}

impl Tx {
    pub(crate) fn new(
        store: Arc<dyn Store>, identity: Arc<Identity>, invocation: Invocation, trouble: Trouble,
    ) -> Self {
        Self {
            store,
            identity,
            invocation,
            trouble,
            writes: Vec::new(),
            events: Vec::new(),
            mistake: None,
        }
    }

    /// What was collected, or the reason why there is a write that cannot be made.
    pub(crate) fn into_collected(self) -> Result<Collected, String> {
        match self.mistake {
            None => Ok(Collected {
                writes: self.writes,
                events: self.events,
            }),
            Some(mistake) => Err(mistake),
        }
    }

    /// Reads a document, consistently. See [above](Self#reads) for what happens where that is impossible.
    pub async fn get<T: DeserializeOwned>(
        &self, table: &Table<T>, key: impl Into<KeyValue>,
    ) -> Option<T> {
        let failure = match self.read(table, key.into()).await {
            Ok(document) => return document,
            Err(failure) => failure,
        };
        self.trouble.report(failure);
        pending().await
    }

    /// Writes a document whole, whether or not there is one of its key.
    pub fn put<T: Serialize>(&mut self, table: &Table<T>, document: &T) -> Pending<'_> {
        let planned = table
            .document(document)
            .map(|(key, item)| Planned::new(key, Operation::Put(item)));
        Pending::new(self.plan(planned))
    }

    /// Writes a new document; if there is one of its key already, the step fails with `exists`.
    pub fn insert<T: Serialize>(&mut self, table: &Table<T>, document: &T, exists: impl StepError) {
        let absent = field(table.partition()).is_absent();
        self.put(table, document).only_if(absent, exists);
    }

    /// Changes fields of a document; where there is none of this key, one that has only these fields is made.
    ///
    /// Add `only_if(field("…").exists(), …)` to change only what is there.
    pub fn update<T>(&mut self, table: &Table<T>, key: impl Into<KeyValue>) -> Update<'_> {
        let planned = table
            .key(key.into())
            .map(|key| Planned::new(key, Operation::Update(Vec::new())));
        Update::new(self.plan(planned))
    }

    /// Removes a document, if there is one of this key.
    pub fn delete<T>(&mut self, table: &Table<T>, key: impl Into<KeyValue>) -> Pending<'_> {
        let planned = table
            .key(key.into())
            .map(|key| Planned::new(key, Operation::Delete));
        Pending::new(self.plan(planned))
    }

    /// Makes the transaction depend on a document that it does not write.
    pub fn check<T>(
        &mut self, table: &Table<T>, key: impl Into<KeyValue>, condition: Condition,
        otherwise: impl StepError,
    ) {
        let planned = table
            .key(key.into())
            .map(|key| Planned::new(key, Operation::Check));
        Pending::new(self.plan(planned)).only_if(condition, otherwise);
    }

    /// Publishes an event: it leaves if this transaction commits, and then always.
    ///
    /// It is kept in the barrier's record, which commits with the writes, and the relay of the participant's table sends it on:
    /// at least once, with the same id each time. After an error or a rejection nothing of it is left.
    ///
    /// In a choreography, what a method returns is published anyhow, and what it publishes beyond that is declared:
    /// `publishes(StockLow)`. It may publish several such events if all that react to them say `once` or `each`; otherwise a second
    /// one is an error, and nothing is committed. In an orchestrated saga nothing is declared.
    pub fn publish<E: Event>(&mut self, event: &E) {
        self.publish_raw(Outgoing::of(event));
    }

    /// As [`publish`](Self::publish), of an event that is no type of Rust's.
    #[doc(hidden)]
    pub fn publish_raw(&mut self, event: Outgoing) {
        self.events.push(event);
    }

    /// The execution's ARN; in a choreography, the saga's id. A key of a document that is to be one for each call needs [`step`](Self::step) and, in loops,
    /// [`item`](Self::item) as well.
    pub fn saga(&self) -> &str {
        self.identity.arn()
    }

    /// The step: `stock.reserve`, or `stock.reserve#2` for a flow's second call of it. In a loop all items share it.
    pub fn step(&self) -> &str {
        self.identity.step()
    }

    /// Which item of the flow's loops it is: an index from 0 for each loop around the call, the outermost first; empty
    /// outside of loops. A compensation has that of its action.
    pub fn item(&self) -> &[u64] {
        &self.identity.item
    }

    /// The time, by the host's clock.
    pub fn now(&self) -> SystemTime {
        self.invocation.now()
    }

    async fn read<T: DeserializeOwned>(
        &self, table: &Table<T>, key: KeyValue,
    ) -> Result<Option<T>, Failure> {
        let key = table.key(key).map_err(Failure::unknown)?;
        let Some(item) = persisted(self.store.get(&key).await)? else {
            return Ok(None);
        };
        let document = serde_json::from_value(Value::Object(item)).map_err(|error| {
            Failure::unknown(format!(
                "a document of table `{}` is not what its type says: {error}",
                table.name()
            ))
        })?;
        Ok(Some(document))
    }

    /// Adds a write, or notes why it cannot be built.
    fn plan(&mut self, planned: Result<Planned, String>) -> Option<&mut Planned> {
        match planned {
            Ok(planned) => {
                self.writes.push(planned);
                self.writes.last_mut()
            }
            Err(mistake) => {
                self.mistake.get_or_insert(mistake);
                None
            }
        }
    }
}

impl fmt::Debug for Tx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let writes: Vec<&Write> = self.writes.iter().map(|planned| &planned.write).collect();
        f.debug_struct("Tx")
            .field("identity", &self.identity)
            .field("writes", &writes)
            .field("events", &self.events)
            .finish_non_exhaustive()
    }
}

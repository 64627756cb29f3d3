//! The database that a participant's writes and the barrier's records go to: the trait, and the plain data it takes.
//! Implements none; `memory` does, and the feature `dynamodb`.
//!
//! The model is DynamoDB's: tables of items, each addressed by a partition key and perhaps a sort key, single writes
//! with a condition, and transactions of up to 100 writes that take effect together or not at all. Service code meets
//! it through [`Tx`](crate::Tx); this module is for those who write a store or look into one in a test.

mod condition;
mod error;
mod limits;
mod memory;
mod number;
mod record;

use std::sync::Arc;

use serde_json::Value;

pub use self::condition::{Comparison, Condition, Field, field};
pub use self::error::StoreError;
pub(crate) use self::limits::{ITEM_LIMIT, PARTITION_KEY_LIMIT};
#[cfg(feature = "dynamodb")]
pub(crate) use self::limits::{check_key, check_transaction, check_write};
pub use self::memory::MemoryStore;
#[cfg(feature = "dynamodb")]
pub(crate) use self::number::{decimal, normalized_item, read_decimal};
pub(crate) use self::record::{Outboxes, RecordMove, StoredRecord, record_key};
#[doc(hidden)]
pub use self::record::{RecordWrite, Stored};
use crate::BoxFuture;

/// The table of the barrier's own records. Its partition key is the string attribute `pk`, and it has no sort key.
///
/// An expiry on the number attribute `ttl` may be enabled: no condition mentions it.
pub const BARRIER_TABLE: &str = "saga_barrier";

/// The attribute that is its key.
pub(crate) const BARRIER_KEY: &str = "pk";

/// One document: attributes by name. A JSON number is DynamoDB's `N`, null its `NULL`, an array `L`, an object `M`.
///
/// Integers of 64 bits and floats are kept exactly. DynamoDB has one type of numbers, so that what is written as `3.0` is
/// read as `3`, which serde takes for a float as well.
pub type Item = serde_json::Map<String, Value>;

/// Where an item lives: its table, and the attributes that its key is made of.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    /// The table's name.
    pub table: String,
    /// The partition key: the attribute's name and its value, a string or an integer.
    pub partition: (String, Value),
    /// The sort key, where the table has one.
    pub sort: Option<(String, Value)>,
}

/// One write, and what must hold of the item for it to take place.
#[derive(Clone, Debug, PartialEq)]
pub struct Write {
    /// The item to write.
    pub key: Key,
    /// What to do with it.
    pub operation: Operation,
    /// What must hold of the item as it stands; an item that does not exist has no attributes.
    pub condition: Option<Condition>,
}

/// What a write does to its item.
#[derive(Clone, Debug, PartialEq)]
pub enum Operation {
    /// Replaces the item whole, or creates it. The document holds the key's attributes too.
    Put(Item),
    /// Changes single attributes, and creates the item where there is none, unless the changes only remove.
    ///
    /// In a transaction there is at least one change.
    Update(Vec<Change>),
    /// Removes the item, if there is one.
    Delete,
    /// Only checks the condition. Stands in transactions alone.
    Check,
}

/// One attribute's change in an update. No two changes of an update may name the same attribute.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Gives the attribute this value.
    Set(String, Value),
    /// Adds to an integer; an absent attribute counts as 0.
    ///
    /// DynamoDB lets a sum leave the 64 bits that JSON's integers have here, and the item can then no longer be read.
    Add(String, i64),
    /// Removes the attribute.
    Remove(String),
}

/// What became of a single write.
#[derive(Clone, Debug, PartialEq)]
pub enum Written {
    /// It took place; here is the item as it now stands.
    Done(Option<Item>),
    /// Its condition did not hold of this item, and nothing was written.
    Refused(Option<Item>),
}

/// What became of a transaction.
#[derive(Clone, Debug, PartialEq)]
pub enum Transacted {
    /// Every write took place.
    Done,
    /// None did; one reason for each write, in their order.
    Refused(Vec<Reason>),
}

/// Why a transaction did not take place, as far as one of its writes is concerned.
#[derive(Clone, Debug, PartialEq)]
pub enum Reason {
    /// Not because of this write.
    None,
    /// The write's condition did not hold of this item.
    ConditionFailed(Option<Item>),
    /// Another write or transaction was at the same item.
    Conflict,
    /// The table had no capacity left.
    Throttled,
    /// The write can never take place, such as adding to a string.
    Invalid(String),
}

/// A database with DynamoDB's model.
///
/// Reads are consistent. A write or a transaction takes effect whole or not at all, and as if alone. The limits are
/// DynamoDB's own, and a store reports what breaks them as [`StoreError::invalid`].
///
/// # Who tries again
///
/// The store alone: what fails by conflict, by throttling or without an answer, it tries again as often as it sees fit, with
/// pauses, before it reports the error. The barrier makes each call once and answers `Saga.Busy`, so that the tries of one
/// do not multiply those of the other, and Step Functions delivers anew.
///
/// A single write that is tried again after a lost reply may then be refused by its own effect, which the barrier expects. A
/// transaction that is tried again takes effect once.
///
/// # Errors
///
/// Each method fails with [`StoreError::unavailable`] where it is not known whether the call had an effect, and with
/// one of the other kinds only where it had none.
pub trait Store: Send + Sync + 'static {
    /// Reads an item, consistently.
    fn get<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Item>, StoreError>>;

    /// Makes one write if its condition holds.
    fn write<'a>(&'a self, write: &'a Write) -> BoxFuture<'a, Result<Written, StoreError>>;

    /// Makes all of the writes, if all of their conditions hold, or none.
    fn transact<'a>(&'a self, writes: &'a [Write])
    -> BoxFuture<'a, Result<Transacted, StoreError>>;

    /// As [`transact`](Self::transact), for a caller that needs the writes no more: a store in memory then keeps what it is given.
    #[doc(hidden)]
    fn transact_owned(&self, writes: Vec<Write>) -> BoxFuture<'_, Result<Transacted, StoreError>> {
        Box::pin(async move { self.transact(&writes).await })
    }

    /// Makes a record's write and a step's, as [`transact`](Self::transact) does: a store in memory keeps the record as it is.
    #[doc(hidden)]
    fn commit(
        &self, record: RecordWrite, writes: Vec<Write>,
    ) -> BoxFuture<'_, Result<Transacted, StoreError>> {
        let writes = std::iter::once(record.into_write()).chain(writes);
        self.transact_owned(writes.collect())
    }

    /// Reads a record of the barrier, as [`get`](Self::get) does: a store in memory gives it as it is kept.
    #[doc(hidden)]
    fn record<'a>(
        &'a self, key: &'a Arc<str>,
    ) -> BoxFuture<'a, Result<Option<Stored>, StoreError>> {
        Box::pin(async move {
            let item = self.get(&record_key(key)).await?;
            Ok(item.map(Stored::Item))
        })
    }

    /// The store itself, where it is one in memory: what a fault matrix looks into.
    #[doc(hidden)]
    fn as_memory(&self) -> Option<&MemoryStore> {
        None
    }
}

impl<S: Store + ?Sized> Store for Arc<S> {
    fn get<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Item>, StoreError>> {
        (**self).get(key)
    }

    fn write<'a>(&'a self, write: &'a Write) -> BoxFuture<'a, Result<Written, StoreError>> {
        (**self).write(write)
    }

    fn transact<'a>(
        &'a self, writes: &'a [Write],
    ) -> BoxFuture<'a, Result<Transacted, StoreError>> {
        (**self).transact(writes)
    }

    fn transact_owned(&self, writes: Vec<Write>) -> BoxFuture<'_, Result<Transacted, StoreError>> {
        (**self).transact_owned(writes)
    }

    fn commit(
        &self, record: RecordWrite, writes: Vec<Write>,
    ) -> BoxFuture<'_, Result<Transacted, StoreError>> {
        (**self).commit(record, writes)
    }

    fn record<'a>(
        &'a self, key: &'a Arc<str>,
    ) -> BoxFuture<'a, Result<Option<Stored>, StoreError>> {
        (**self).record(key)
    }

    fn as_memory(&self) -> Option<&MemoryStore> {
        (**self).as_memory()
    }
}

//! A store in memory with DynamoDB's semantics and limits, for the embedded engine and for tests. Keeps nothing on disk.

use std::borrow::Cow;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use serde_json::{Number, Value};

use super::condition::integer;
use super::limits::{check_item, check_key, check_transaction, check_write, has_room};
use super::number::{normalize, normalized};
use super::record::{RecordWrite, Stored, StoredRecord, record_key};
use super::{
    BARRIER_KEY, BARRIER_TABLE, Change, Condition, Item, Key, Operation, Reason, Store, StoreError,
    Transacted, Write, Written,
};
use crate::BoxFuture;
use crate::json::sorted;
use crate::outbox::{Origin, messages};

/// A store in memory, with DynamoDB's semantics and limits.
///
/// Clones share the same tables. Calls take effect one after the other, so transactions are serializable. A table
/// comes to be by its first use, which also settles the names of its key's attributes.
///
/// # Example
///
/// ```
/// use saga_runtime::MemoryStore;
///
/// let store = MemoryStore::new();
/// assert!(store.tables().is_empty());
/// ```
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    tables: BTreeMap<String, MemoryTable>,
    faults: VecDeque<Fault>,
    /// Which records published, in the order of the commits.
    published: Vec<(Arc<str>, Origin)>,
}

#[derive(Debug)]
struct MemoryTable {
    key: (String, Option<String>),
    items: HashMap<Place, Stored>,
}

/// Where in its table an item is: the values of its key's attributes.
type Place = (KeyPart, Option<KeyPart>);

/// A key's value, in the order in which a snapshot lists items.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum KeyPart {
    Integer(i128),
    Text(Arc<str>),
}

/// What a write makes of its item.
type Planned = (Key, Place, Option<Item>);

#[derive(Clone, Debug)]
enum Fault {
    Fail(StoreError),
    LoseReply,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// The participants' tables as they stand, each in the order of its keys, attributes in that of their names. The barrier's own is not among them.
    pub fn tables(&self) -> BTreeMap<String, Vec<Item>> {
        let inner = self.lock();
        let business = inner
            .tables
            .iter()
            .filter(|(name, _)| *name != BARRIER_TABLE);
        business
            .map(|(name, table)| (name.clone(), table.items()))
            .collect()
    }

    /// The barrier's records, in the order of their keys.
    pub fn barrier_records(&self) -> Vec<Item> {
        let inner = self.lock();
        inner
            .tables
            .get(BARRIER_TABLE)
            .map(MemoryTable::items)
            .unwrap_or_default()
    }

    /// Drops the barrier's records whose time was over before `now`, as DynamoDB's expiry does: 400 days after they were last
    /// written, when their execution can neither run nor be redriven any more. Says how many there were.
    ///
    /// A load test that moves its engine's clock on now and then keeps its memory so.
    ///
    /// # Example
    ///
    /// ```
    /// use saga_runtime::MemoryStore;
    /// use std::time::SystemTime;
    ///
    /// assert_eq!(MemoryStore::new().expire(SystemTime::now()), 0);
    /// ```
    pub fn expire(&self, now: SystemTime) -> usize {
        let now = now
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        let mut inner = self.lock();
        let Some(table) = inner.tables.get_mut(BARRIER_TABLE) else {
            return 0;
        };
        let before = table.items.len();
        table.items.retain(|_, stored| {
            let ttl = match stored {
                Stored::Item(item) => item.get("ttl").and_then(Value::as_u64),
                Stored::Record(record) => Some(record.ttl),
            };
            ttl.is_none_or(|ttl| ttl >= now.as_secs())
        });
        before - table.items.len()
    }

    /// What records published after the commit of this number, in the order of the commits: each with its number, of which the
    /// first is 1, and its messages as CloudEvents. What a table's stream is on DynamoDB.
    #[doc(hidden)]
    pub fn outbox_since(&self, number: u64) -> Vec<(u64, Vec<Value>)> {
        let inner = self.lock();
        let known = usize::try_from(number).unwrap_or(usize::MAX);
        let newer = inner.published.iter().zip(1..).skip(known);
        newer
            .map(|((key, origin), number)| (number, inner.messages(key, *origin)))
            .collect()
    }

    /// Makes the next `times` calls fail with `error`, without effect. For tests.
    ///
    /// A delivery that meets one answers `Saga.Busy`.
    pub fn fail_next(&self, times: usize, error: &StoreError) {
        self.lock()
            .faults
            .extend(std::iter::repeat_n(Fault::Fail(error.clone()), times));
    }

    /// Makes the next `times` writes and transactions take place, and then fail as if their reply were lost. For tests.
    pub fn lose_replies(&self, times: usize) {
        self.lock()
            .faults
            .extend(std::iter::repeat_n(Fault::LoseReply, times));
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing panics while it holds the lock, and if it did, every change is made whole in one assignment.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    fn get<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Item>, StoreError>> {
        Box::pin(async move { self.lock().read(key) })
    }

    fn write<'a>(&'a self, write: &'a Write) -> BoxFuture<'a, Result<Written, StoreError>> {
        Box::pin(async move {
            let mut inner = self.lock();
            inner.faulty(|inner| inner.write(write))
        })
    }

    fn transact<'a>(
        &'a self, writes: &'a [Write],
    ) -> BoxFuture<'a, Result<Transacted, StoreError>> {
        self.transact_owned(writes.to_vec())
    }

    fn transact_owned(&self, writes: Vec<Write>) -> BoxFuture<'_, Result<Transacted, StoreError>> {
        Box::pin(async move {
            let mut inner = self.lock();
            inner.faulty(|inner| inner.transact(writes))
        })
    }

    fn commit(
        &self, record: RecordWrite, writes: Vec<Write>,
    ) -> BoxFuture<'_, Result<Transacted, StoreError>> {
        Box::pin(async move {
            let mut inner = self.lock();
            inner.faulty(|inner| inner.commit(record, writes))
        })
    }

    fn record<'a>(
        &'a self, key: &'a Arc<str>,
    ) -> BoxFuture<'a, Result<Option<Stored>, StoreError>> {
        Box::pin(async move {
            let mut inner = self.lock();
            inner.fail_read()?;
            match inner.tables.get(BARRIER_TABLE) {
                None => Ok(None),
                Some(table) if table.holds_records() => {
                    let place = (KeyPart::Text(Arc::clone(key)), None);
                    Ok(table.items.get(&place).cloned())
                }
                Some(table) => check_table(table, &record_key(key)).map(|()| None),
            }
        })
    }

    fn as_memory(&self) -> Option<&MemoryStore> {
        Some(self)
    }
}

impl Inner {
    /// Makes a write, unless a fault has been asked for.
    fn faulty<T>(
        &mut self, write: impl FnOnce(&mut Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        match self.faults.pop_front() {
            None => write(self),
            Some(Fault::Fail(error)) => Err(error),
            Some(Fault::LoseReply) => {
                write(self)?;
                Err(StoreError::unavailable("the store's reply was lost"))
            }
        }
    }

    /// A lost reply waits for a write: nothing tells it from a read that failed.
    fn fail_read(&mut self) -> Result<(), StoreError> {
        let is_failure = |fault: &mut Fault| matches!(fault, Fault::Fail(_));
        match self.faults.pop_front_if(is_failure) {
            Some(Fault::Fail(error)) => Err(error),
            Some(Fault::LoseReply) | None => Ok(()),
        }
    }

    fn read(&mut self, key: &Key) -> Result<Option<Item>, StoreError> {
        self.fail_read()?;
        check_key(key)?;
        let found = self.item(key, &key_parts(key)?)?;
        Ok(found.cloned().map(Stored::into_item))
    }

    fn write(&mut self, write: &Write) -> Result<Written, StoreError> {
        if write.operation == Operation::Check {
            return Err(StoreError::invalid("a check stands in a transaction alone"));
        }
        check_write(write)?;
        let place = key_parts(&write.key)?;
        let old = self.item(&write.key, &place)?.map(Stored::to_item);
        if !holds(write.condition.as_ref(), old.as_deref()) {
            return Ok(Written::Refused(old.map(Cow::into_owned)));
        }
        let new = apply(&write.key, write.operation.clone(), old)?;
        self.store(&write.key, place, new.clone())?;
        Ok(Written::Done(new))
    }

    fn transact(&mut self, writes: Vec<Write>) -> Result<Transacted, StoreError> {
        check_transaction(&writes)?;
        let (reasons, results) = self.plan(writes)?;
        if results.len() < reasons.len() {
            return Ok(Transacted::Refused(reasons));
        }
        for (key, place, new) in results {
            self.store(&key, place, new)?;
        }
        Ok(Transacted::Done)
    }

    /// As [`transact`](Self::transact), with a record that needs no item: the same limits, conditions and answers.
    fn commit(
        &mut self, record: RecordWrite, writes: Vec<Write>,
    ) -> Result<Transacted, StoreError> {
        let place = (KeyPart::Text(Arc::clone(record.key())), None);
        if !self.takes(&record, &place, &writes) {
            let writes = std::iter::once(record.into_write()).chain(writes);
            return self.transact(writes.collect());
        }
        let (mut reasons, results) = self.plan(writes)?;
        if results.len() < reasons.len() {
            reasons.insert(0, self.record_reason(&record, &place));
            return Ok(Transacted::Refused(reasons));
        }
        // The plan has looked at everything that could keep the step's own writes from taking place.
        if let Err(reason) = self.store_record(place, record) {
            reasons.insert(0, reason);
            return Ok(Transacted::Refused(reasons));
        }
        for (key, place, new) in results {
            self.store(&key, place, new)?;
        }
        Ok(Transacted::Done)
    }

    /// Whether the record can be written as it is: whatever is out of the ordinary goes the way of all items.
    fn takes(&self, record: &RecordWrite, place: &Place, writes: &[Write]) -> bool {
        let table = self.tables.get(BARRIER_TABLE);
        let fits = match record {
            RecordWrite::Put(_) => true,
            RecordWrite::Move(by) => match table.and_then(|table| table.items.get(place)) {
                None => true,
                Some(Stored::Record(found)) => found.has_room(by),
                Some(Stored::Item(_)) => false,
            },
        };
        let is_business = |write: &Write| write.key.table != BARRIER_TABLE;
        fits && table.is_none_or(MemoryTable::holds_records)
            && writes.iter().all(is_business)
            && check_transaction(writes).is_ok_and(|size| has_room(writes, size, record))
    }

    /// Why the record's write would not take place, if it would not.
    fn record_reason(&self, record: &RecordWrite, place: &Place) -> Reason {
        let table = self.tables.get(BARRIER_TABLE);
        let found = table.and_then(|table| table.items.get(place));
        if record.is_expected(found) {
            Reason::None
        } else {
            unexpected(found)
        }
    }

    /// Makes the record's write, or says why not.
    fn store_record(&mut self, place: Place, record: RecordWrite) -> Result<(), Reason> {
        if !self.tables.contains_key(BARRIER_TABLE) {
            if !record.is_expected(None) {
                return Err(unexpected(None));
            }
            let table = MemoryTable::of(&record_key(record.key()));
            self.tables.insert(BARRIER_TABLE.to_owned(), table);
        }
        let Some(table) = self.tables.get_mut(BARRIER_TABLE) else {
            return Ok(());
        };
        match (record, table.items.entry(place)) {
            (RecordWrite::Put(record), Entry::Vacant(entry)) => {
                if record.outboxes.is_some() {
                    let published = (Arc::clone(&record.key), Origin::Action);
                    self.published.push(published);
                }
                entry.insert(Stored::Record(Arc::new(record)));
                Ok(())
            }
            (RecordWrite::Move(by), Entry::Occupied(mut entry)) => match entry.get_mut() {
                Stored::Record(found) if found.state == by.from => {
                    if by.outbox.is_some() {
                        let published = (Arc::clone(&by.key), Origin::Compensation);
                        self.published.push(published);
                    }
                    Arc::make_mut(found).apply(by);
                    Ok(())
                }
                found => Err(unexpected(Some(found))),
            },
            (RecordWrite::Put(_), Entry::Occupied(entry)) => Err(unexpected(Some(entry.get()))),
            (RecordWrite::Move(_), Entry::Vacant(_)) => Err(unexpected(None)),
        }
    }

    /// For each write, why it keeps the others from taking place; and what those that do not make of their items.
    fn plan(&self, writes: Vec<Write>) -> Result<(Vec<Reason>, Vec<Planned>), StoreError> {
        let mut reasons = Vec::with_capacity(writes.len());
        let mut results = Vec::with_capacity(writes.len());
        for write in writes {
            let place = key_parts(&write.key)?;
            let old = self.item(&write.key, &place)?.map(Stored::to_item);
            if !holds(write.condition.as_ref(), old.as_deref()) {
                reasons.push(Reason::ConditionFailed(old.map(Cow::into_owned)));
                continue;
            }
            match apply(&write.key, write.operation, old) {
                Ok(new) => {
                    reasons.push(Reason::None);
                    results.push((write.key, place, new));
                }
                Err(error) => reasons.push(Reason::Invalid(error.to_string())),
            }
        }
        Ok((reasons, results))
    }

    fn item(&self, key: &Key, place: &Place) -> Result<Option<&Stored>, StoreError> {
        let Some(table) = self.tables.get(&key.table) else {
            return Ok(None);
        };
        check_table(table, key)?;
        Ok(table.items.get(place))
    }

    fn store(&mut self, key: &Key, place: Place, item: Option<Item>) -> Result<(), StoreError> {
        if !self.tables.contains_key(&key.table) {
            self.tables.insert(key.table.clone(), MemoryTable::of(key));
        }
        let Some(table) = self.tables.get_mut(&key.table) else {
            return Ok(());
        };
        check_table(table, key)?;
        if key.table == BARRIER_TABLE
            && let (Some(new), (KeyPart::Text(key), None)) = (&item, &place)
        {
            let old = table.items.get(&place);
            let origins = Origin::ALL.into_iter();
            let gained = origins.filter(|origin| {
                new.contains_key(origin.attribute())
                    && old.and_then(|old| outbox(old, *origin)).is_none()
            });
            let published = gained.map(|origin| (Arc::clone(key), origin));
            self.published.extend(published);
        }
        match item {
            Some(item) => table.items.insert(place, Stored::Item(item)),
            None => table.items.remove(&place),
        };
        Ok(())
    }

    /// What a record published; nothing if it has expired.
    fn messages(&self, key: &Arc<str>, origin: Origin) -> Vec<Value> {
        let place = (KeyPart::Text(Arc::clone(key)), None);
        let table = self.tables.get(BARRIER_TABLE);
        let record = table.and_then(|table| table.items.get(&place));
        let text = record.and_then(|record| outbox(record, origin));
        text.and_then(|text| messages(key, origin, text).ok())
            .unwrap_or_default()
    }
}

fn outbox(stored: &Stored, origin: Origin) -> Option<&str> {
    match stored {
        Stored::Item(item) => item.get(origin.attribute())?.as_str(),
        Stored::Record(record) => StoredRecord::outbox(record, origin),
    }
}

fn unexpected(found: Option<&Stored>) -> Reason {
    Reason::ConditionFailed(found.map(|found| found.to_item().into_owned()))
}

impl MemoryTable {
    fn of(key: &Key) -> Self {
        Self {
            key: (
                key.partition.0.clone(),
                key.sort.as_ref().map(|(name, _)| name.clone()),
            ),
            items: HashMap::new(),
        }
    }

    /// Whether the key's attributes are those of the barrier's table.
    fn holds_records(&self) -> bool {
        self.key.0 == BARRIER_KEY && self.key.1.is_none()
    }

    /// In the order of their keys, attributes in that of their names.
    fn items(&self) -> Vec<Item> {
        let mut items: Vec<(&Place, &Stored)> = self.items.iter().collect();
        items.sort_unstable_by_key(|(place, _)| *place);
        let items = items.into_iter();
        items.map(|(_, stored)| sorted(&stored.to_item())).collect()
    }
}

fn check_table(table: &MemoryTable, key: &Key) -> Result<(), StoreError> {
    let (partition, sort) = &table.key;
    if *partition != key.partition.0 || sort.as_ref() != key.sort.as_ref().map(|(name, _)| name) {
        return Err(StoreError::invalid(format!(
            "table `{}` was first used with other key attributes; declare it once, as a constant",
            key.table
        )));
    }
    Ok(())
}

fn key_parts(key: &Key) -> Result<Place, StoreError> {
    let sort = match &key.sort {
        Some((_, value)) => Some(key_part(value)?),
        None => None,
    };
    Ok((key_part(&key.partition.1)?, sort))
}

fn key_part(value: &Value) -> Result<KeyPart, StoreError> {
    let part = match value {
        Value::String(text) => Some(KeyPart::Text(text.as_str().into())),
        Value::Number(number) => integer(number).map(KeyPart::Integer),
        _ => None,
    };
    part.ok_or_else(|| StoreError::invalid("a key is a string or an integer"))
}

fn holds(condition: Option<&Condition>, item: Option<&Item>) -> bool {
    condition.is_none_or(|condition| condition.holds(item))
}

/// The item as it stands after the write.
fn apply(
    key: &Key, operation: Operation, old: Option<Cow<'_, Item>>,
) -> Result<Option<Item>, StoreError> {
    match operation {
        Operation::Put(mut item) => {
            item.values_mut().for_each(normalize);
            Ok(Some(item))
        }
        Operation::Delete => Ok(None),
        Operation::Check => Ok(old.map(Cow::into_owned)),
        Operation::Update(changes) => {
            if old.is_none() && only_removes(&changes) {
                return Ok(None);
            }
            let mut item = old.map(Cow::into_owned).unwrap_or_default();
            for (name, value) in [Some(&key.partition), key.sort.as_ref()]
                .into_iter()
                .flatten()
            {
                item.insert(name.clone(), normalized(value));
            }
            for change in changes {
                apply_change(&mut item, change)?;
            }
            check_item(key, &item)?;
            Ok(Some(item))
        }
    }
}

/// DynamoDB makes no item where an update has nothing to put into it.
fn only_removes(changes: &[Change]) -> bool {
    let removes = |change: &Change| matches!(change, Change::Remove(_));
    !changes.is_empty() && changes.iter().all(removes)
}

fn apply_change(item: &mut Item, change: Change) -> Result<(), StoreError> {
    match change {
        Change::Set(name, mut value) => {
            normalize(&mut value);
            item.insert(name, value)
        }
        Change::Remove(name) => item.remove(&name),
        Change::Add(name, amount) => {
            let sum = add(&name, item.get(&name), amount)?;
            item.insert(name, sum)
        }
    };
    Ok(())
}

fn add(name: &str, value: Option<&Value>, amount: i64) -> Result<Value, StoreError> {
    let number = match value {
        None => return Ok(Value::from(amount)),
        Some(Value::Number(number)) => number,
        Some(_) => {
            return Err(StoreError::invalid(format!(
                "`{name}` is not a number, so nothing can be added to it"
            )));
        }
    };
    let sum = match integer(number) {
        Some(integer) => integer
            .checked_add(i128::from(amount))
            .and_then(Number::from_i128),
        #[expect(
            clippy::cast_precision_loss,
            reason = "the attribute is a float already"
        )]
        None => number
            .as_f64()
            .and_then(|float| Number::from_f64(float + amount as f64)),
    };
    let sum = sum
        .ok_or_else(|| StoreError::invalid(format!("`{name}` would leave the range of 64 bits")))?;
    Ok(Value::Number(sum))
}

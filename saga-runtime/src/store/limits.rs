//! DynamoDB's rules and limits for single writes and for transactions. Checks them, and changes nothing.

use std::fmt::{self, Write as _};

use serde_json::{Number, Value};

use super::condition::integer;
use super::record::RecordWrite;
use super::{Change, Comparison, Condition, Item, Key, Operation, StoreError, Write};

/// The [largest item](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-items), names included.
pub(crate) const ITEM_LIMIT: usize = 400 * 1024;
/// The [most writes in a transaction](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html).
const TRANSACTION_WRITES: usize = 100;
/// The [largest transaction](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html).
const TRANSACTION_LIMIT: usize = 4 * 1024 * 1024;
/// The [longest partition key](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-partition-sort-keys).
pub(crate) const PARTITION_KEY_LIMIT: usize = 2048;
/// The [longest sort key](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-partition-sort-keys).
const SORT_KEY_LIMIT: usize = 1024;
/// How deep a [document](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-attributes) may go.
const NESTING: usize = 32;

/// Whether a transaction has room for a record's write beside these, which have this size.
pub(super) fn has_room(writes: &[Write], size: usize, record: &RecordWrite) -> bool {
    let has_key = (1..=PARTITION_KEY_LIMIT).contains(&record.key().len());
    has_key
        && record.size() <= ITEM_LIMIT
        && writes.len() < TRANSACTION_WRITES
        && size + record.size() <= TRANSACTION_LIMIT
}

/// The size of a transaction that is within the limits.
pub(crate) fn check_transaction(writes: &[Write]) -> Result<usize, StoreError> {
    if writes.len() > TRANSACTION_WRITES {
        return Err(StoreError::unfit(format!(
            "the transaction has {} writes; DynamoDB allows {TRANSACTION_WRITES}, of which the barrier's record is one",
            writes.len()
        )));
    }
    let mut size = 0;
    for (index, write) in writes.iter().enumerate() {
        check_write(write)?;
        check_changed(write)?;
        let earlier = || {
            writes[..index]
                .iter()
                .filter(|other| other.key.table == write.key.table)
        };
        if earlier().any(|other| !same_attributes(&other.key, &write.key)) {
            return Err(StoreError::unfit(format!(
                "table `{}` is used with two sets of key attributes; declare it once, as a constant",
                write.key.table
            )));
        }
        if earlier().any(|other| same_item(&other.key, &write.key)) {
            return Err(StoreError::unfit(format!(
                "two writes go to one item of table `{}`; DynamoDB allows one a transaction: combine them",
                write.key.table
            )));
        }
        size += write_size(write);
    }
    if size > TRANSACTION_LIMIT {
        return Err(StoreError::unfit(format!(
            "the transaction has {size} bytes; DynamoDB allows {TRANSACTION_LIMIT}"
        )));
    }
    Ok(size)
}

pub(crate) fn check_write(write: &Write) -> Result<(), StoreError> {
    check_key(&write.key)?;
    if let Some(condition) = &write.condition {
        check_condition(condition)?;
    }
    match &write.operation {
        Operation::Put(item) => check_put(&write.key, item),
        Operation::Update(changes) => check_changes(&write.key, changes),
        Operation::Delete => Ok(()),
        Operation::Check if write.condition.is_some() => Ok(()),
        Operation::Check => Err(StoreError::unfit("a check needs a condition")),
    }
}

pub(crate) fn check_key(key: &Key) -> Result<(), StoreError> {
    check_key_part(key, &key.partition, PARTITION_KEY_LIMIT)?;
    match &key.sort {
        Some(sort) => check_key_part(key, sort, SORT_KEY_LIMIT),
        None => Ok(()),
    }
}

/// In a transaction an update [has an expression](https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Update.html).
fn check_changed(write: &Write) -> Result<(), StoreError> {
    if write.operation == Operation::Update(Vec::new()) {
        return Err(StoreError::unfit(format!(
            "an update of table `{}` changes nothing; write `check` for a condition alone",
            write.key.table
        )));
    }
    Ok(())
}

fn check_key_part(
    key: &Key, (name, value): &(String, Value), limit: usize,
) -> Result<(), StoreError> {
    let place = format_args!("key `{name}` of table `{}`", key.table);
    match value {
        Value::String(text) if text.is_empty() => {
            Err(StoreError::unfit(format!("{place} is an empty string")))
        }
        Value::String(text) if text.len() > limit => Err(StoreError::unfit(format!(
            "{place} has {} bytes; DynamoDB allows {limit}",
            text.len()
        ))),
        Value::String(_) => Ok(()),
        Value::Number(number) if integer(number).is_some() => Ok(()),
        _ => Err(StoreError::unfit(format!(
            "{place} is neither a string nor an integer"
        ))),
    }
}

fn check_put(key: &Key, item: &Item) -> Result<(), StoreError> {
    for (name, value) in [Some(&key.partition), key.sort.as_ref()]
        .into_iter()
        .flatten()
    {
        if item.get(name) != Some(value) {
            return Err(StoreError::unfit(format!(
                "the item's `{name}` differs from its key's"
            )));
        }
    }
    check_item(key, item)
}

/// Checks an item as it would be stored, be it put whole or made by an update.
pub(super) fn check_item(key: &Key, item: &Item) -> Result<(), StoreError> {
    item.values().try_for_each(|value| check_value(value, 1))?;
    let size = item_size(item);
    if size > ITEM_LIMIT {
        return Err(StoreError::unfit(format!(
            "an item of table `{}` has {size} bytes; DynamoDB allows {ITEM_LIMIT}",
            key.table
        )));
    }
    Ok(())
}

fn check_changes(key: &Key, changes: &[Change]) -> Result<(), StoreError> {
    let mut names: Vec<&String> = Vec::new();
    for change in changes {
        let (Change::Set(name, _) | Change::Add(name, _) | Change::Remove(name)) = change;
        if *name == key.partition.0 || key.sort.as_ref().is_some_and(|(sort, _)| sort == name) {
            return Err(StoreError::unfit(format!(
                "`{name}` is part of the key of table `{}`, which an update cannot change",
                key.table
            )));
        }
        if names.contains(&name) {
            return Err(StoreError::unfit(format!(
                "an update of table `{}` changes `{name}` twice; DynamoDB allows it once",
                key.table
            )));
        }
        if let Change::Set(_, value) = change {
            check_value(value, 1)?;
        }
        names.push(name);
    }
    Ok(())
}

fn check_condition(condition: &Condition) -> Result<(), StoreError> {
    match condition {
        Condition::Compare(_, Comparison::Equal | Comparison::NotEqual, _)
        | Condition::Compare(_, _, Value::String(_) | Value::Number(_))
        | Condition::Exists(_)
        | Condition::Absent(_) => Ok(()),
        Condition::Compare(name, _, _) => Err(StoreError::unfit(format!(
            "`{name}` is compared by order with a value that has none; only numbers and strings do"
        ))),
        Condition::All(conditions) | Condition::Any(conditions) => {
            conditions.iter().try_for_each(check_condition)
        }
        Condition::Not(condition) => check_condition(condition),
    }
}

/// DynamoDB's [numbers](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html#HowItWorks.DataTypes.Number)
/// reach from 1E-130 to 9.9…E+125, less far than a float does, and its
/// [documents](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-attributes) go 32 levels deep.
fn check_value(value: &Value, depth: usize) -> Result<(), StoreError> {
    if depth > NESTING {
        return Err(StoreError::unfit(format!(
            "a document is nested deeper than DynamoDB's {NESTING} levels"
        )));
    }
    match value {
        Value::Number(number) => {
            let size = number.as_f64().unwrap_or_default().abs();
            if size != 0.0 && !(1e-130..1e126).contains(&size) {
                return Err(StoreError::unfit(format!(
                    "the number {number} is outside of DynamoDB's range"
                )));
            }
            Ok(())
        }
        Value::Array(values) => values
            .iter()
            .try_for_each(|value| check_value(value, depth + 1)),
        Value::Object(item) => item
            .values()
            .try_for_each(|value| check_value(value, depth + 1)),
        Value::Null | Value::Bool(_) | Value::String(_) => Ok(()),
    }
}

fn same_attributes(left: &Key, right: &Key) -> bool {
    left.partition.0 == right.partition.0
        && left.sort.as_ref().map(|(name, _)| name) == right.sort.as_ref().map(|(name, _)| name)
}

/// Whether two keys of one table are the same.
fn same_item(left: &Key, right: &Key) -> bool {
    left.partition.1 == right.partition.1
        && left.sort.as_ref().map(|(_, value)| value) == right.sort.as_ref().map(|(_, value)| value)
}

fn write_size(write: &Write) -> usize {
    match &write.operation {
        Operation::Put(item) => item_size(item),
        Operation::Update(changes) => {
            changes.iter().map(change_size).sum::<usize>() + key_size(&write.key)
        }
        Operation::Delete | Operation::Check => key_size(&write.key),
    }
}

fn change_size(change: &Change) -> usize {
    match change {
        Change::Set(name, value) => name.len() + value_size(value),
        Change::Add(name, amount) => name.len() + number_size(&Number::from(*amount)),
        Change::Remove(name) => name.len(),
    }
}

fn key_size(key: &Key) -> usize {
    let part = |(name, value): &(String, Value)| name.len() + value_size(value);
    part(&key.partition) + key.sort.as_ref().map_or(0, part)
}

/// An item's size by [DynamoDB's rules](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html).
fn item_size(item: &Item) -> usize {
    item.iter()
        .map(|(name, value)| name.len() + value_size(value))
        .sum()
}

fn value_size(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) => 1,
        Value::Number(number) => number_size(number),
        Value::String(text) => text.len(),
        Value::Array(values) => {
            3 + values
                .iter()
                .map(|value| value_size(value) + 1)
                .sum::<usize>()
        }
        Value::Object(item) => {
            3 + item
                .iter()
                .map(|(name, value)| name.len() + value_size(value) + 1)
                .sum::<usize>()
        }
    }
}

pub(super) fn number_size(number: &Number) -> usize {
    /// Counts what is written to it.
    struct Length(usize);
    impl fmt::Write for Length {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0 += text.len();
            Ok(())
        }
    }
    let mut digits = Length(0);
    match number.as_u64().and_then(u64::checked_ilog10) {
        Some(power) => digits.0 = power as usize + 1,
        None => {
            // Neither a number nor this writer can fail.
            let _ = write!(digits, "{number}");
        }
    }
    // About one byte for two digits, and one more.
    digits.0 / 2 + 2
}

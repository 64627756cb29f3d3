//! How tables and the keys of their items are named. Reads and writes nothing.

use std::marker::PhantomData;

use serde::Serialize;
use serde_json::Value;

use crate::store::{BARRIER_TABLE, Item, Key};

/// A table of documents of type `T`, declared once as a constant.
///
/// # Example
///
/// ```
/// use saga_runtime::Table;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// struct Stock { sku: String, on_hand: u64 }
///
/// const STOCK: Table<Stock> = Table::new("stock", "sku");
/// assert_eq!(STOCK.name(), "stock");
/// ```
#[derive(Debug)]
pub struct Table<T> {
    name: &'static str,
    partition: &'static str,
    sort: Option<&'static str>,
    documents: PhantomData<fn() -> T>,
}

impl<T> Table<T> {
    /// A table whose partition key is the document's field `key`.
    pub const fn new(name: &'static str, key: &'static str) -> Self {
        Self {
            name,
            partition: key,
            sort: None,
            documents: PhantomData,
        }
    }

    /// A table whose partition key is the document's field `key`, and its sort key `sort`.
    pub const fn with_sort(name: &'static str, key: &'static str, sort: &'static str) -> Self {
        Self {
            name,
            partition: key,
            sort: Some(sort),
            documents: PhantomData,
        }
    }

    /// The table's name.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) const fn partition(&self) -> &'static str {
        self.partition
    }

    #[cfg(feature = "dynamodb")]
    pub(crate) const fn sort(&self) -> Option<&'static str> {
        self.sort
    }

    /// The key of the item that has this key value.
    pub(super) fn key(&self, value: KeyValue) -> Result<Key, String> {
        if self.name == BARRIER_TABLE {
            return Err(format!(
                "table `{}` is the barrier's own; call yours something else",
                self.name
            ));
        }
        let sort = match (self.sort, value.sort) {
            (None, None) => None,
            (Some(name), Some(value)) => Some((name.to_owned(), value)),
            (Some(name), None) => {
                return Err(format!(
                    "table `{}` has the sort key `{name}`; write the key as a pair: `(partition, sort)`",
                    self.name
                ));
            }
            (None, Some(_)) => {
                return Err(format!(
                    "table `{}` has no sort key; write the key as one value",
                    self.name
                ));
            }
        };
        let partition = (self.partition.to_owned(), value.partition);
        Ok(Key {
            table: self.name.to_owned(),
            partition,
            sort,
        })
    }

    /// A document as an item, and its key.
    pub(super) fn document(&self, document: &T) -> Result<(Key, Item), String>
    where
        T: Serialize,
    {
        match serde_json::to_value(document) {
            Ok(Value::Object(item)) => Ok((self.key_of(&item)?, item)),
            Ok(_) => Err(format!(
                "a document of table `{}` is not a struct with named fields",
                self.name
            )),
            Err(error) => Err(format!(
                "a document of table `{}` does not serialize: {error}",
                self.name
            )),
        }
    }

    /// The key of a document, from its own fields.
    fn key_of(&self, item: &Item) -> Result<Key, String> {
        let part = |name: &str| {
            item.get(name).cloned().ok_or_else(|| {
                format!(
                    "a document of table `{}` lacks the field `{name}`, which is part of its key",
                    self.name
                )
            })
        };
        let sort = self.sort.map(part).transpose()?;
        self.key(KeyValue {
            partition: part(self.partition)?,
            sort,
        })
    }
}

/// An item's key: a string or an integer, or a pair of them where the table has a sort key.
///
/// # Example
///
/// ```
/// use saga_runtime::KeyValue;
///
/// struct Sku(String);
///
/// impl From<&Sku> for KeyValue {
///     fn from(sku: &Sku) -> Self { KeyValue::from(sku.0.as_str()) }
/// }
///
/// let _one = KeyValue::from(&Sku("tea".to_owned()));
/// let _pair = KeyValue::from(("order-7", 1));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct KeyValue {
    partition: Value,
    sort: Option<Value>,
}

macro_rules! key_values {
    ($($ty:ty),*) => {$(
        impl From<$ty> for KeyValue {
            fn from(value: $ty) -> Self {
                Self { partition: Value::from(value), sort: None }
            }
        }
    )*};
}

key_values!(&str, String, i32, i64, u32, u64);

impl From<&String> for KeyValue {
    fn from(value: &String) -> Self {
        Self::from(value.as_str())
    }
}

impl<P: Into<KeyValue>, S: Into<KeyValue>> From<(P, S)> for KeyValue {
    fn from((partition, sort): (P, S)) -> Self {
        Self {
            partition: partition.into().partition,
            sort: Some(sort.into().partition),
        }
    }
}

//! What another company keeps, outside of every transaction of ours: a bank, a carrier, a mail provider.

use std::sync::Arc;

use saga_runtime::store::{Item, Key, Operation, StoreError, Write, Written};
use saga_runtime::{Condition, MemoryStore, Store, field};
use serde_json::Value;

/// A partner's books, by the key that came with each request: the same key never acts twice.
#[derive(Clone)]
pub struct Ledger {
    name: &'static str,
    store: Arc<dyn Store>,
}

impl Ledger {
    /// The books of that name, which is their table's in a store of the partner's own. The table's key is the text `key`.
    pub fn new(name: &'static str, store: impl Store) -> Self {
        Self {
            name,
            store: Arc::new(store),
        }
    }

    /// The entry of that key, made now if there is none.
    ///
    /// # Errors
    ///
    /// The store's. Whether the entry was made is then not known; asking again under the same key is safe.
    pub async fn once(&self, key: &str, entry: &str) -> Result<String, StoreError> {
        let mut item = Item::new();
        item.insert("key".to_owned(), Value::from(key));
        item.insert("entry".to_owned(), Value::from(entry));
        let made = self
            .write(key, Operation::Put(item), Some(field("key").is_absent()))
            .await?;
        Ok(match made {
            Written::Done(_) => entry.to_owned(),
            Written::Refused(found) => found.and_then(text).unwrap_or_default(),
        })
    }

    /// Strikes out the entry of that key, if there is one.
    ///
    /// # Errors
    ///
    /// The store's.
    pub async fn void(&self, key: &str) -> Result<(), StoreError> {
        self.write(key, Operation::Delete, None).await.map(drop)
    }

    async fn write(
        &self, key: &str, operation: Operation, condition: Option<Condition>,
    ) -> Result<Written, StoreError> {
        let key = Key {
            table: self.name.to_owned(),
            partition: ("key".to_owned(), Value::from(key)),
            sort: None,
        };
        let write = Write {
            key,
            operation,
            condition,
        };
        self.store.write(&write).await
    }
}

/// What the books of that name say, in the order of the text.
pub fn entries(store: &MemoryStore, name: &str) -> Vec<String> {
    let books = store.tables().remove(name).unwrap_or_default();
    let mut entries: Vec<String> = books.into_iter().filter_map(text).collect();
    entries.sort();
    entries
}

fn text(mut item: Item) -> Option<String> {
    match item.remove("entry") {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "current_thread")]
    async fn the_same_key_never_acts_twice() -> Result<(), StoreError> {
        let store = MemoryStore::new();
        let bank = Ledger::new("bank", store.clone());
        assert_eq!(bank.once("key-1", "charge-1").await?, "charge-1");
        assert_eq!(bank.once("key-1", "charge-2").await?, "charge-1");
        assert_eq!(bank.once("key-2", "charge-3").await?, "charge-3");
        assert_eq!(entries(&store, "bank"), ["charge-1", "charge-3"]);
        bank.void("key-1").await?;
        bank.void("key-1").await?;
        assert_eq!(entries(&store, "bank"), ["charge-3"]);
        Ok(())
    }
}

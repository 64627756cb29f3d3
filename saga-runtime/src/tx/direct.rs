//! Documents read and written outside of any step: to fill a table, or to look into one.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::table::{KeyValue, Table};
use crate::store::{Operation, Store, StoreError, Write};

impl<T> Table<T> {
    /// Writes a document whole, at once and outside of any saga: to fill a table before the first one.
    ///
    /// # Errors
    ///
    /// The store's, and an invalid-write error for a document that is no struct or lacks its key.
    ///
    /// # Example
    ///
    /// ```
    /// use saga_runtime::{MemoryStore, Table};
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Debug, PartialEq, Serialize, Deserialize)]
    /// struct Shelf { sku: String, on_hand: u32 }
    /// const SHELVES: Table<Shelf> = Table::new("shelves", "sku");
    ///
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let store = MemoryStore::new();
    /// SHELVES.put(&store, &Shelf { sku: "tea".to_owned(), on_hand: 10 }).await?;
    /// assert_eq!(SHELVES.get(&store, "tea").await?.map(|shelf| shelf.on_hand), Some(10));
    /// # Ok::<(), saga_runtime::store::StoreError>(())
    /// # }).unwrap();
    /// ```
    pub async fn put(&self, store: &impl Store, document: &T) -> Result<(), StoreError>
    where
        T: Serialize,
    {
        let (key, item) = self.document(document).map_err(StoreError::invalid)?;
        let write = Write {
            key,
            operation: Operation::Put(item),
            condition: None,
        };
        store.write(&write).await.map(drop)
    }

    /// Reads a document consistently, outside of any saga.
    ///
    /// # Errors
    ///
    /// The store's, and an invalid-read error for a document of another type or a key that is none.
    pub async fn get(
        &self, store: &impl Store, key: impl Into<KeyValue>,
    ) -> Result<Option<T>, StoreError>
    where
        T: DeserializeOwned,
    {
        let key = self.key(key.into()).map_err(StoreError::invalid)?;
        let Some(item) = store.get(&key).await? else {
            return Ok(None);
        };
        let document = serde_json::from_value(serde_json::Value::Object(item));
        document.map(Some).map_err(|error| {
            StoreError::invalid(format!(
                "a document of table `{}` is not of its type: {error}",
                self.name()
            ))
        })
    }
}

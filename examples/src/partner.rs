//! What another company keeps, outside of every transaction: a bank, a carrier, a mail provider.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

/// A partner's books, by the key that came with each request: the same key never acts twice.
#[derive(Clone, Default)]
pub struct Ledger(Arc<Mutex<BTreeMap<String, String>>>);

impl Ledger {
    /// The entry of that key, made now if there is none.
    pub fn once(&self, key: String, entry: impl FnOnce() -> String) -> String {
        self.lock().entry(key).or_insert_with(entry).clone()
    }

    /// Strikes out the entry of that key, if there is one.
    pub fn void(&self, key: &str) {
        self.lock().remove(key);
    }

    /// Strikes out an entry by its text, if there is one.
    pub fn strike(&self, entry: &str) {
        self.lock().retain(|_, text| text != entry);
    }

    /// All entries, in the order of their text.
    pub fn entries(&self) -> Vec<String> {
        let mut entries: Vec<String> = self.lock().values().cloned().collect();
        entries.sort();
        entries
    }

    /// All entries, each under this name.
    pub fn named(&self, name: &str) -> impl Iterator<Item = Value> {
        let entries = self.entries().into_iter();
        entries.map(move |entry| json!({ name: entry }))
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

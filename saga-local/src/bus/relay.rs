//! A participant's relay: what its records newly publish, in the order in which they were committed, as its table's stream
//! shows them. Publishes nothing itself.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::SystemTime;

use saga_runtime::MemoryStore;
use serde_json::Value;

/// The events that one commit published.
pub(super) type Commit = Vec<Arc<Value>>;

pub(super) struct Relay {
    /// Whose events these are: `stock`. Two participants may share a store, and each has its own relay.
    prefix: &'static str,
    store: MemoryStore,
    position: u64,
    pub(super) stream: VecDeque<Commit>,
    /// When it looks at the stream next.
    pub(super) due: SystemTime,
}

impl Relay {
    /// Begins at the end of what the store has already, as a function on a stream does whose starting position is
    /// [`LATEST`](https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-eventsourcemapping.html).
    pub(super) fn new(prefix: &'static str, store: MemoryStore, now: SystemTime) -> Self {
        let mut relay = Self {
            prefix,
            store,
            position: 0,
            stream: VecDeque::new(),
            due: now,
        };
        relay.skip();
        relay
    }

    /// Takes in what was committed since, and gives the events; a relay that was idle is due at `due`.
    pub(super) fn collect(&mut self, due: SystemTime) -> Commit {
        let mut fresh = Commit::new();
        let was_idle = self.stream.is_empty();
        for (position, events) in self.store.outbox_since(self.position) {
            self.position = self.position.max(position);
            let own = events.into_iter().filter(|event| self.is_own(event));
            let commit: Commit = own.map(Arc::new).collect();
            if !commit.is_empty() {
                fresh.extend(commit.iter().cloned());
                self.stream.push_back(commit);
            }
        }
        if was_idle && !self.stream.is_empty() {
            self.due = due;
        }
        fresh
    }

    /// Goes past what was committed since, which is none of the bus's own: another bus over the same store brings it on.
    pub(super) fn skip(&mut self) {
        let unknown = self.store.outbox_since(self.position);
        let last = unknown.last().map(|(position, _)| *position);
        self.position = last.unwrap_or(self.position);
    }

    fn is_own(&self, event: &Value) -> bool {
        let source = event.get("source").and_then(Value::as_str);
        let prefix = source.and_then(|source| source.split_once('.'));
        prefix.is_some_and(|(prefix, _)| prefix == self.prefix)
    }
}

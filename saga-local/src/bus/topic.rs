//! A topic that a service publishes to by itself, past the outbox. Delivers nothing; the bus does.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::lock;

/// A topic that a service publishes to by itself, beside the transaction: what an outbox is there to prevent.
///
/// For services that are not rid of it yet. The matrix names each event that came this way, because nothing says that what
/// it tells of was committed. Clones are the same topic.
///
/// # Example
///
/// ```
/// use saga_local::Topic;
/// use serde_json::json;
///
/// let topic = Topic::new("stock");
/// topic.publish("StockReserved", "order-42", &json!({ "sku": "tea" }));
/// ```
#[derive(Clone, Debug)]
pub struct Topic {
    name: String,
    events: Arc<Mutex<(u64, Vec<Value>)>>,
}

impl Topic {
    /// A topic of that name, which nobody listens to yet.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            events: Arc::default(),
        }
    }

    /// Publishes an event of that type, about that saga.
    pub fn publish(&self, event_type: &str, saga: &str, data: &Value) {
        let (count, events) = &mut *lock(&self.events);
        *count += 1;
        events.push(json!({
            "specversion": "1.0",
            "id": format!("{}-{count}", self.name),
            "source": self.name,
            "type": event_type,
            "subject": saga,
            "datacontenttype": "application/json",
            "data": data,
        }));
    }

    /// What was published since this was last asked.
    pub(super) fn take(&self) -> Vec<Value> {
        std::mem::take(&mut lock(&self.events).1)
    }
}

//! What a record publishes: the text that it is kept as, and the messages made of it, the same at every publication. Reads no
//! store and sends nothing.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::identity::hex;

/// The attribute with what the action published, or its rejection.
pub(crate) const ACTION: &str = "ob";

/// The attribute with what the compensation published.
pub(crate) const COMPENSATION: &str = "obc";

/// What an event may say, as JSON text. SNS takes
/// [262,144 bytes](https://docs.aws.amazon.com/sns/latest/api/API_Publish.html) for a message with its attributes, in which the
/// saga's id, of up to 2 KB, stands up to three times.
pub(crate) const EVENT_LIMIT: usize = 262_144 - 16 * 1024;

/// How deep an event may be nested. Text that is nested [128 deep](https://docs.rs/serde_json/latest/serde_json/struct.Deserializer.html)
/// is not read, and an event has envelopes around it.
pub(crate) const EVENT_NESTING: usize = 100;

/// Which move of a record published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Action,
    Compensation,
}

impl Origin {
    pub(crate) const ALL: [Self; 2] = [Self::Action, Self::Compensation];

    /// The record's attribute.
    pub(crate) const fn attribute(self) -> &'static str {
        match self {
            Self::Action => ACTION,
            Self::Compensation => COMPENSATION,
        }
    }

    /// What is wrong with an attribute of another type.
    #[cfg(any(feature = "eventbridge", feature = "sns"))]
    pub(crate) fn no_text(self) -> String {
        format!("attribute `{}` is no text", self.attribute())
    }
}

/// What one move of a record publishes.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Outbox {
    /// When, in RFC 3339.
    pub(crate) at: String,
    /// The event or the command that led to it; none in an orchestrated step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cause: Option<String>,
    /// Who publishes, where the record's key does not say it: a compensation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) source: Option<String>,
    pub(crate) events: Vec<Published>,
}

/// An event in an outbox.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Published {
    #[serde(rename = "type")]
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) data: Value,
}

impl Outbox {
    /// Reads a record's attribute.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|error| format!("the outbox cannot be read: {error}"))
    }

    /// The messages, as [CloudEvents](https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md),
    /// in the order in which they were published. `key` is the record's.
    pub(crate) fn into_messages(self, key: &str, origin: Origin) -> Vec<Value> {
        let mut parts = key.split('|');
        let saga = parts.next().unwrap_or_default();
        let reaction = parts.next().unwrap_or_default();
        let source = self.source.as_deref().unwrap_or(reaction);
        let id = event_id(key, origin);
        let events = self.events.into_iter().enumerate();
        let messages = events.map(|(index, event)| {
            let mut message = json!({
                "specversion": "1.0",
                "id": format!("{id}-{index}"),
                "source": source,
                "type": event.name,
                "subject": saga,
                "time": self.at,
                "datacontenttype": "application/json",
            });
            // Put in by hand: the macro would copy it.
            message["data"] = event.data;
            if let Some(cause) = &self.cause {
                message["causationid"] = Value::from(cause.as_str());
            }
            message
        });
        messages.collect()
    }
}

/// The messages of a record's attribute.
pub(crate) fn messages(key: &str, origin: Origin, text: &str) -> Result<Vec<Value>, String> {
    Ok(Outbox::read(text)?.into_messages(key, origin))
}

/// What a command is called as the cause of what it published.
pub(crate) fn command_id(key: &str) -> String {
    digest(key, "command")
}

/// The same at every publication: 32 hexadecimal digits, to which an event adds its place.
fn event_id(key: &str, origin: Origin) -> String {
    digest(key, origin.attribute())
}

fn digest(key: &str, what: &str) -> String {
    let mut text = hex(&Sha256::digest([key, "\n", what].concat().as_bytes()).into());
    text.truncate(32);
    text
}

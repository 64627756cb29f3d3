//! From a stream's records, or a table's, to the messages that leave, and to batches of them. Sends nothing.

use serde_json::{Value, json};

use crate::outbox::{Origin, messages};

/// How many messages a call takes: [SNS](https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html) and
/// [EventBridge](https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html) alike.
const BATCH: usize = 10;

/// How many bytes they have together, by the same pages.
const BATCH_SIZE: usize = 262_144;

/// An event on its way to a topic or a bus.
///
/// The same event is the same message at every publication, its id included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    id: String,
    name: String,
    saga: String,
    source: String,
    cause: Option<String>,
    body: String,
}

impl Message {
    fn of(event: &Value) -> Self {
        let text = |name: &str| event.get(name).and_then(Value::as_str);
        let known = |name| text(name).unwrap_or_default().to_owned();
        Self {
            id: known("id"),
            name: known("type"),
            saga: known("subject"),
            source: known("source"),
            cause: text("causationid").map(str::to_owned),
            body: event.to_string(),
        }
    }

    /// The event's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The event's type: `OrderPlaced`.
    pub fn event(&self) -> &str {
        &self.name
    }

    /// The saga's id.
    pub fn saga(&self) -> &str {
        &self.saga
    }

    /// Who published it: `orders.place`.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The id of the event or of the command that led to it, in a choreography.
    pub fn cause(&self) -> Option<&str> {
        self.cause.as_deref()
    }

    /// The event as a CloudEvent in JSON.
    pub fn body(&self) -> &str {
        &self.body
    }

    /// What subscriptions filter by: each attribute's name and value.
    pub fn attributes(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let always = [
            ("type", self.event()),
            ("saga", self.saga()),
            ("id", self.id()),
        ];
        let cause = self.cause().map(|cause| ("cause", cause));
        always.into_iter().chain(cause)
    }

    /// What it counts for, attributes with their names and types included.
    pub(super) fn size(&self) -> usize {
        let attributes = self
            .attributes()
            .map(|(name, value)| name.len() + "String".len() + value.len());
        self.body.len() + attributes.sum::<usize>()
    }
}

/// What one record of a stream, or of a table, has to publish.
#[derive(Debug, PartialEq)]
pub(super) struct Due {
    /// The record's key, as far as it can be read.
    pub(super) key: String,
    /// Where it stands in its shard; empty for a table's.
    pub(super) sequence: String,
    /// Its messages, or why there are none.
    pub(super) messages: Result<Vec<Message>, Unread>,
}

/// Why it is not known what a record publishes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// It cannot be read, and never will be.
    Broken(String),
    /// The stream does not show it. That is no fault of the record's.
    Blind,
}

impl Unread {
    pub(super) fn reason(&self) -> &str {
        match self {
            Self::Broken(reason) => reason,
            Self::Blind => BLIND,
        }
    }
}

const BLIND: &str = "the stream has no new images; give the table one with `StreamViewType` `NEW_AND_OLD_IMAGES`, then publish anew by a `redrive`";

impl Due {
    /// What is told of a record that cannot be read: a body, and what a FIFO queue orders it by and tells it from others by.
    pub(super) fn letter(&self) -> (String, &str, &str) {
        let body = json!({ "record": self.key, "sequenceNumber": self.sequence });
        let id = if self.sequence.is_empty() {
            &self.key
        } else {
            &self.sequence
        };
        (body.to_string(), "-", id)
    }

    /// Of a [record of a stream](https://docs.aws.amazon.com/lambda/latest/dg/with-ddb-example.html): what its new image has and its
    /// old one has not.
    pub(super) fn of_stream(record: &Value) -> Self {
        let image = |name: &str| record.get("dynamodb").and_then(|images| images.get(name));
        let sequence = image("SequenceNumber").and_then(Value::as_str);
        let key = text(image("Keys"), "pk").unwrap_or_default().to_owned();
        let is_removal = record.get("eventName").and_then(Value::as_str) == Some("REMOVE");
        let new = image("NewImage").filter(|_| !is_removal);
        let is_blind = new.is_none() && !is_removal;
        let outboxes = Origin::ALL.into_iter().filter_map(|origin| {
            let outbox = new?.get(origin.attribute())?;
            let was = image("OldImage").and_then(|old| old.get(origin.attribute()));
            was.is_none()
                .then(|| (origin, outbox.get("S").and_then(Value::as_str)))
        });
        let messages = outboxes
            .map(|(origin, outbox)| read(&key, origin, outbox.ok_or_else(|| origin.no_text())?))
            .collect::<Result<Vec<_>, _>>();
        Self {
            sequence: sequence.unwrap_or_default().to_owned(),
            messages: match messages {
                _ if is_blind => Err(Unread::Blind),
                Ok(messages) => Ok(messages.concat()),
                Err(reason) => Err(Unread::Broken(reason)),
            },
            key,
        }
    }

    /// Of a table's record, whose outboxes these are.
    pub(super) fn of_table(key: String, outboxes: [Option<Result<String, String>>; 2]) -> Self {
        let outboxes = Origin::ALL.into_iter().zip(outboxes);
        let outboxes = outboxes.filter_map(|(origin, text)| Some((origin, text?)));
        let messages = outboxes
            .map(|(origin, text)| read(&key, origin, &text?))
            .collect::<Result<Vec<_>, _>>();
        Self {
            sequence: String::new(),
            messages: messages
                .map(|messages| messages.concat())
                .map_err(Unread::Broken),
            key,
        }
    }
}

fn text<'a>(item: Option<&'a Value>, name: &str) -> Option<&'a str> {
    item?.get(name)?.get("S")?.as_str()
}

fn read(key: &str, origin: Origin, outbox: &str) -> Result<Vec<Message>, String> {
    if key.is_empty() {
        return Err("the record has no key `pk`".to_owned());
    }
    let events = messages(key, origin, outbox)?;
    Ok(events.iter().map(Message::of).collect())
}

/// Messages with the record that each is of, in batches of what one call takes, in their order; where each saga's must stay in
/// theirs, with one of each saga.
pub(super) fn batches<'a>(
    messages: impl Iterator<Item = (usize, &'a Message)>, is_ordered: bool,
) -> Vec<Vec<(usize, &'a Message)>> {
    let mut batches: Vec<Vec<(usize, &Message)>> = Vec::new();
    let mut size = 0;
    for (record, message) in messages {
        size += message.size();
        let of_saga = |other: &(usize, &Message)| other.1.saga() == message.saga();
        match batches.last_mut() {
            Some(batch)
                if batch.len() < BATCH
                    && size <= BATCH_SIZE
                    && !(is_ordered && batch.iter().any(of_saga)) =>
            {
                batch.push((record, message));
            }
            _ => {
                batches.push(vec![(record, message)]);
                size = message.size();
            }
        }
    }
    batches
}

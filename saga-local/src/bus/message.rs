//! Messages on their way to a service, and what became of each delivery. Delivers nothing.

use std::sync::Arc;
use std::time::SystemTime;

use serde_json::Value;

use super::fault::BusFault;
use super::record::Move;

/// What a message carries.
#[derive(Clone, Debug)]
pub(super) enum Body {
    Event(Arc<Value>),
    Command(Arc<Value>),
}

impl Body {
    fn text(&self, name: &str) -> &str {
        let (Self::Event(value) | Self::Command(value)) = self;
        value.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// The event's type, or the command's name.
    pub(super) fn what(&self) -> &str {
        match self {
            Self::Event(_) => self.text("type"),
            Self::Command(_) => self.text("command"),
        }
    }

    pub(super) fn saga(&self) -> &str {
        match self {
            Self::Event(_) => self.text("subject"),
            Self::Command(_) => self.text("saga"),
        }
    }

    /// The event's; a command has none.
    pub(super) fn id(&self) -> &str {
        match self {
            Self::Event(_) => self.text("id"),
            Self::Command(_) => "",
        }
    }
}

/// A message in a service's queue.
#[derive(Clone, Debug)]
pub(super) struct Message {
    /// In the order in which they were sent.
    pub(super) serial: u64,
    /// The service.
    pub(super) to: usize,
    pub(super) body: Body,
    /// When it is visible next.
    pub(super) due: SystemTime,
    /// How often it was received.
    pub(super) receives: u32,
    /// It waits until nothing else is under way.
    pub(super) held: bool,
    /// It waits for the next one of the service, to be delivered with it.
    pub(super) meets: bool,
}

/// A message that was received too often.
#[derive(Clone, Debug)]
pub(super) struct DeadLetter {
    pub(super) message: Message,
    /// What its last delivery failed with.
    pub(super) reason: String,
}

/// A dead letter, as others see it.
#[derive(Clone, Debug)]
pub(crate) struct Letter {
    /// The event's id; empty for a command.
    pub(crate) id: String,
    /// The event's type, or the command's name.
    pub(crate) what: String,
    /// The service that could not take it.
    pub(crate) to: String,
    pub(crate) reactions: Vec<&'static str>,
    pub(crate) why: String,
}

/// What became of a delivery, or of a publication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    Failed(String),
    /// The process ended, or the reply was lost.
    NoAnswer,
    /// It comes later.
    Held,
    /// The relay begins again.
    NotPublished,
}

/// Why a reaction did not do its work. A rejection that an event tells of is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reason {
    /// Empty, where the message came to none.
    pub(crate) reaction: String,
    /// The error's name.
    pub(crate) error: String,
    pub(crate) message: String,
    /// The event came too early or too late. It is acknowledged, and has no effect for good.
    pub(crate) is_refusal: bool,
    /// A fault's doing.
    pub(crate) is_planned: bool,
}

/// One thing that happened on the bus.
#[derive(Clone, Debug)]
pub(crate) struct Happening {
    pub(crate) at: SystemTime,
    pub(crate) saga: String,
    /// The event's type, or the command's name.
    pub(crate) what: String,
    /// The event's; empty for a command.
    pub(crate) id: String,
    /// The service that received it; empty where it is the relay's.
    pub(crate) to: String,
    /// Those that it is for, in that service.
    pub(crate) reactions: Vec<&'static str>,
    pub(crate) fault: Option<BusFault>,
    pub(crate) outcome: Outcome,
    /// Why reactions did not do their work.
    pub(crate) reasons: Vec<Reason>,
    /// What it did to the barrier's records.
    pub(crate) moves: Vec<Move>,
    /// The events that it put into an outbox.
    pub(crate) published: Vec<String>,
    /// Whether anything else is not as it was.
    pub(crate) changed: bool,
}

//! What tools know of a choreography: `out/NAME.choreography.json`, as types. Both its writer and its readers use them.

use serde::{Deserialize, Serialize};

use crate::contract::{self, Type, Unreadable};

/// The format that is written. It goes up when a reader of the format before would be misled; a field more does not do that.
pub const FORMAT: u32 = 1;

/// The contract of one choreography.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contract {
    /// [`FORMAT`] of the compiler that wrote it.
    pub format: u32,
    /// The module's name: `order_events`.
    pub name: String,
    /// What the module's doc comment says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The events, in the order of the source.
    pub events: Vec<Event>,
    /// The participants, in the order of the source.
    pub participants: Vec<Participant>,
    /// The module's types that are in events and commands, the events themselves included, in the order of the source.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<Type>,
}

/// An event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The type, which is also the event's type on the wire: `OrderPlaced`.
    pub name: String,
    /// What its doc comment says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Nobody reacts to it.
    #[serde(default)]
    pub terminal: bool,
    /// It means that the saga failed.
    #[serde(default)]
    pub failure: bool,
    /// Fields (`order: PlaceOrder`), or the variants that are published; nothing where it says nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
}

/// A participant: one service, which owns its topic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Participant {
    /// The trait: `Stock`.
    pub name: String,
    /// What names of its begin with, and its topic is called: `stock`.
    pub prefix: String,
    /// What its doc comment says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Its commands, reactions and compensations, in the order of the source.
    pub reactions: Vec<Reaction>,
}

/// A command, a reaction or a compensation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reaction {
    /// `stock.reserve`
    pub name: String,
    /// What its doc comment says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// It begins a saga, and no event leads to it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub command: bool,
    /// The events that lead to it; nothing for a command.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub on: Vec<String>,
    /// The type of a command's input, as the source has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
    /// What becomes of its effect when the saga fails.
    pub kind: Kind,
    /// What compensates it: `stock.release`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compensation: Option<String>,
    /// What it compensates: `stock.reserve`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compensates: Option<String>,
    /// The events that it publishes where it takes effect.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub publishes: Vec<String>,
    /// Those of them that it may leave out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub optional: Vec<String>,
    /// Those of them that it may publish several times: whoever reacts to them says `once` or `each`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub several: Vec<String>,
    /// The event that it publishes where it is rejected.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rejects: Vec<String>,
    /// The errors that are a definite "no": `StockRefused.OutOfStock`. Where `rejects` is empty, only a command's caller hears of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rejections: Vec<String>,
    /// The errors that are worth another try.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transients: Vec<String>,
    /// What it does with a second event of the same saga.
    #[serde(default, skip_serializing_if = "is_default")]
    pub repeat: Repeat,
    /// What must have taken effect before it: `stock.note`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// What becomes of an event that comes before that; only with `after`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub early: Option<Early>,
}

/// What becomes of an effect when the saga fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// It is undone by its compensation.
    Compensatable,
    /// It may be rejected; once it took effect, the saga goes forward.
    Pivot,
    /// It is never rejected, and comes when the saga can no longer fail, or because it failed.
    Retriable,
    /// Its effect stands whatever becomes of the saga.
    Observer,
    /// It undoes another.
    Compensation,
}

/// What a reaction does with a second event of the same saga.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Repeat {
    /// There is none, the compiler saw to that.
    #[default]
    Never,
    /// The first counts, the others are acknowledged.
    Once,
    /// It acts for each.
    Each,
}

/// What becomes of an event that comes before what its reaction waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Early {
    /// It comes back until then.
    Park,
    /// It is acknowledged, without effect for good.
    Refuse,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Contract {
    /// As it stands in its file.
    #[must_use]
    pub fn to_json(&self) -> String {
        contract::write(self)
    }

    /// Reads what [`to_json`](Self::to_json) wrote.
    ///
    /// # Errors
    ///
    /// It is no contract, or one of a format that is not known here.
    pub fn from_json(json: &str) -> Result<Self, Unreadable> {
        contract::read(json, FORMAT)
    }

    /// Every reaction, participant by participant.
    pub fn reactions(&self) -> impl Iterator<Item = (&Participant, &Reaction)> {
        self.participants.iter().flat_map(|participant| {
            let reactions = participant.reactions.iter();
            reactions.map(move |reaction| (participant, reaction))
        })
    }

    /// The reaction of that name: `stock.reserve`.
    pub fn reaction(&self, name: &str) -> Option<&Reaction> {
        let mut reactions = self.reactions().map(|(_, reaction)| reaction);
        reactions.find(|reaction| reaction.name == name)
    }

    /// The event of that name: `OrderPlaced`.
    pub fn event(&self, name: &str) -> Option<&Event> {
        self.events.iter().find(|event| event.name == name)
    }
}

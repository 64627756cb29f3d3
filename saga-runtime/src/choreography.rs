//! What a compiled choreography is to a program: its events' graph as data, and its commands. Runs nothing.

use std::fmt;
use std::marker::PhantomData;

use serde::Serialize;
use serde_json::{Value, json};

/// A choreography: what the constant of a `#[choreography]` module (`ORDER_EVENTS`) is.
///
/// # Example
///
/// ```
/// use saga_runtime::Choreography;
///
/// const NOTHING: Choreography = Choreography::new("nothing", "{}", "{}", &[]);
/// assert_eq!(NOTHING.name(), "nothing");
/// assert!(NOTHING.reactions().is_empty());
/// ```
#[derive(Clone, Copy)]
pub struct Choreography {
    name: &'static str,
    contract: &'static str,
    asyncapi: &'static str,
    reactions: &'static [ReactionInfo],
}

impl Choreography {
    /// Describes a compiled choreography; `#[choreography]` writes the call.
    #[doc(hidden)]
    pub const fn new(
        name: &'static str, contract: &'static str, asyncapi: &'static str,
        reactions: &'static [ReactionInfo],
    ) -> Self {
        Self {
            name,
            contract,
            asyncapi,
            reactions,
        }
    }

    /// The module's name: `order_events`.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// What tools know it by, as JSON: `out/order_events.choreography.json`.
    pub const fn contract(&self) -> &'static str {
        self.contract
    }

    /// Its channels and messages, as an [AsyncAPI 3.0](https://www.asyncapi.com/docs/reference/specification/v3.0.0) document.
    pub const fn asyncapi(&self) -> &'static str {
        self.asyncapi
    }

    /// Commands, reactions and compensations, in the order of the source.
    pub const fn reactions(&self) -> &'static [ReactionInfo] {
        self.reactions
    }
}

impl fmt::Debug for Choreography {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Choreography")
            .field("name", &self.name)
            .field("reactions", &self.reactions)
            .finish_non_exhaustive()
    }
}

/// One command, reaction or compensation of a choreography.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReactionInfo {
    /// Participant and method: `stock.reserve`.
    pub name: &'static str,
    /// The participant's trait: `Stock`.
    pub participant: &'static str,
    /// The events that lead to it; none lead to a command.
    pub on: &'static [&'static str],
    /// What becomes of its effect when the saga fails.
    pub kind: ReactionKind,
    /// What compensates it: `stock.release`. Of a compensation, what it undoes: `stock.reserve`.
    pub counterpart: Option<&'static str>,
    /// The events that it publishes where it takes effect.
    pub publishes: &'static [&'static str],
    /// Those of them that it may do without.
    pub optional: &'static [&'static str],
    /// Those of them that it may publish several times: whoever reacts to them says [`Once`](Repeat::Once) or [`Each`](Repeat::Each).
    pub several: &'static [&'static str],
    /// The events that it is rejected with.
    pub rejects: &'static [&'static str],
    /// What it makes of a further event of the same saga.
    pub repeat: Repeat,
    /// What must have taken effect before it: `stock.note`.
    pub after: Option<&'static str>,
    /// What becomes of an event that comes before that.
    pub early: Early,
}

/// What becomes of a reaction's effect when the saga fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReactionKind {
    /// Its compensation undoes it.
    Compensatable,
    /// It is the point of no return: once it took effect, the saga goes forward.
    Pivot,
    /// It stands after the point of no return, and is tried again until it succeeds.
    Retriable,
    /// It stays whatever becomes of the saga, and is tried again until it succeeds: a log, a read model.
    Observer,
    /// It undoes what its counterpart did.
    Compensation,
}

/// What a reaction makes of a further event of the same saga.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// There is none; one that comes all the same is an error.
    Never,
    /// The first event counts, and the others are acknowledged without effect.
    Once,
    /// It acts for each.
    Each,
}

/// What becomes of an event that comes before what the reaction stands after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Early {
    /// It comes back until then.
    Park,
    /// It is acknowledged, and the reaction never takes effect.
    Refuse,
}

/// A command of a choreography, which begins a saga: what the constant of a `#[command]` method (`ORDERS_PLACE`) is.
///
/// # Example
///
/// ```
/// use saga_runtime::Command;
///
/// const PLACE: Command<String> = Command::new("orders.place");
/// let payload = PLACE.payload("order-42", &"tea".to_owned())?;
/// assert_eq!(payload, serde_json::json!({ "saga": "order-42", "command": "orders.place", "input": "tea" }));
/// # Ok::<(), serde_json::Error>(())
/// ```
pub struct Command<I> {
    name: &'static str,
    input: PhantomData<fn(I)>,
}

impl<I> Command<I> {
    /// Describes a command; `#[choreography]` writes the call.
    #[doc(hidden)]
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            input: PhantomData,
        }
    }

    /// Participant and method: `orders.place`.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// What the participant's function is invoked with, or what is sent to its queue.
    ///
    /// `saga` is a key of the business's, such as `order-42`: the same command under the same key takes effect once. It has no `|`
    /// in it, is not empty, and has at most 1,024 bytes.
    ///
    /// It is for one command: what another one under the same key does beside it, nothing has checked, neither the compiler nor the
    /// fault matrix. Give each its own: `order-42` is placed, `order-42-return` comes back.
    ///
    /// # Errors
    ///
    /// The input's own, where it does not serialize.
    pub fn payload(&self, saga: &str, input: &I) -> Result<Value, serde_json::Error>
    where
        I: Serialize,
    {
        let input = serde_json::to_value(input)?;
        Ok(json!({ "saga": saga, "command": self.name, "input": input }))
    }
}

// Derives would ask `I` for traits that no field needs.
impl<I> Clone for Command<I> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<I> Copy for Command<I> {}

impl<I> fmt::Debug for Command<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Command")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

//! Who reacts: the commands, reactions and compensations of one participant, or of several. Finds which of them an event is for;
//! the barrier does the rest.

use std::fmt;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::barrier::{Arrival, Barrier, Reacting};
use crate::choreography::{ReactionInfo, Repeat};
use crate::failure::Failure;
use crate::identity::Identity;
use crate::invocation::Invocation;
use crate::json::Fingerprint;
use crate::outbox::{Origin, command_id, messages};
use crate::store::{MemoryStore, PARTITION_KEY_LIMIT, Store};

use crate::__private::TxCall;

/// How long a saga's id may be, in bytes: whoever reacts to its events adds names of its own, and an event's id, to their records' keys.
const SAGA_LIMIT: usize = PARTITION_KEY_LIMIT / 2;

/// What Lambda serves and the in-memory bus calls: the reactions of one participant of a choreography, or of several.
///
/// `#[choreography]` writes a function that makes one of a service: `serve_stock(service, store)`.
///
/// # Example
///
/// ```
/// use saga_runtime::Consumer;
///
/// fn one_function(stock: Consumer, shipping: Consumer) -> Consumer {
///     Consumer::join([stock, shipping])
/// }
/// ```
#[derive(Clone)]
pub struct Consumer {
    participants: Vec<Arc<Participant>>,
}

/// A participant's reactions, and the store that holds their records.
pub(crate) struct Participant {
    pub(crate) name: &'static str,
    pub(crate) prefix: &'static str,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) reactions: Vec<Reaction>,
}

pub(crate) struct Reaction {
    pub(crate) info: &'static ReactionInfo,
    pub(crate) code: Code,
    /// Whether its compensation takes what it was called with.
    pub(crate) keeps_input: bool,
}

pub(crate) enum Code {
    Action(ActionCode),
    Undo(UndoCode),
}

/// A command, or a reaction that is no compensation.
pub(crate) struct ActionCode {
    /// The errors that are the participant's own.
    pub(crate) types: &'static [&'static str],
    pub(crate) decode: Decode,
}

/// Reads what a method is called with: the event's data or the command's input.
pub(crate) type Decode = Box<dyn Fn(&Value) -> Result<TxCall, serde_json::Error> + Send + Sync>;

/// A compensation.
pub(crate) struct UndoCode {
    pub(crate) takes_input: bool,
    pub(crate) takes_output: bool,
    pub(crate) decode: DecodeUndo,
}

/// Reads what a compensation is called with: its own event's data, what its action was called with as JSON text, and what that
/// published.
pub(crate) type DecodeUndo =
    Box<dyn Fn(&Value, &str, Value) -> Result<TxCall, serde_json::Error> + Send + Sync>;

/// A reaction that an event leads to.
#[derive(Clone, Copy)]
pub(crate) struct Due<'a> {
    participant: &'a Participant,
    reaction: &'a Reaction,
}

/// A reaction's name, and how it ended.
pub(crate) type Outcome = (&'static str, Result<Value, Failure>);

/// What is read of a message before anybody reacts to it. Its own values are looked at where they stand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Received<'a> {
    pub(crate) id: &'a str,
    pub(crate) name: &'a str,
    pub(crate) saga: &'a str,
    pub(crate) data: &'a Value,
}

/// What is read of a command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Called<'a> {
    pub(crate) name: &'a str,
    pub(crate) saga: &'a str,
    pub(crate) input: &'a Value,
}

impl Consumer {
    pub(crate) fn of(participant: Participant) -> Self {
        Self {
            participants: vec![Arc::new(participant)],
        }
    }

    /// One entry for several participants: an event goes to all of their reactions to it, a command to the one that has it.
    pub fn join(consumers: impl IntoIterator<Item = Consumer>) -> Self {
        let consumers = consumers.into_iter();
        Self {
            participants: consumers
                .flat_map(|consumer| consumer.participants)
                .collect(),
        }
    }

    /// What there is here, by name: `stock.reserve`.
    pub fn reactions(&self) -> Vec<&'static str> {
        self.all().map(|(_, reaction)| reaction.info.name).collect()
    }

    /// The stores in memory that hold the participants' records, each with the participant's name: `stock`.
    #[doc(hidden)]
    pub fn memory_stores(&self) -> Vec<(&'static str, MemoryStore)> {
        let stores = self.participants.iter().filter_map(|participant| {
            let store = participant.store.as_memory()?.clone();
            Some((participant.prefix, store))
        });
        stores.collect()
    }

    /// Takes an event, a [CloudEvent](https://cloudevents.io) in JSON, to every reaction here that it leads to.
    ///
    /// It succeeds where the event needs to come no more: each reaction took effect, now or before, or was rejected or refused
    /// for good. After a failure the event comes again, and whoever has taken it already changes nothing.
    ///
    /// # Errors
    ///
    /// The first failure of a reaction that has to be tried again: [`Saga.Retry`](Failure::RETRY) and the participant's own
    /// transient errors, [`Saga.Busy`](Failure::BUSY), and [`Saga.Unknown`](Failure::UNKNOWN), which is also said of what is no event and
    /// of one that nobody here reacts to.
    ///
    /// # Example
    ///
    /// ```
    /// use saga_runtime::{Clock, Consumer, Invocation};
    /// use serde_json::json;
    ///
    /// # async fn example() {
    /// let nobody = Consumer::join([]);
    /// let clock = Clock::system();
    /// let delivery = Invocation::new("1", clock.now() + std::time::Duration::from_secs(3), clock);
    /// let event = json!({ "specversion": "1.0", "id": "7", "type": "OrderPlaced", "subject": "order-42", "data": {} });
    /// let failure = nobody.receive(&event, &delivery).await.unwrap_err();
    /// assert_eq!(failure.to_string(), "Saga.Unknown: nobody here reacts to `OrderPlaced`; there are no reactions");
    /// # }
    /// ```
    pub async fn receive(&self, event: &Value, invocation: &Invocation) -> Result<(), Failure> {
        let outcomes = self.react(event, invocation).await?.into_iter();
        let mut failures = outcomes.filter_map(|(_, outcome)| outcome.err());
        match failures.find(|failure| !is_settled(failure)) {
            Some(failure) => Err(failure),
            None => Ok(()),
        }
    }

    /// Takes a command: `{ "saga": "order-42", "command": "orders.place", "input": … }`, as
    /// [`Command::payload`](crate::Command::payload) makes it.
    ///
    /// The answer is what it published: `{ "events": [ … ] }`. The same command for the same saga gets the same answer.
    ///
    /// # Errors
    ///
    /// The participant's own, and the runtime's three: [`Saga.Refused`](Failure::REFUSED) once the command is compensated,
    /// [`Saga.Busy`](Failure::BUSY), and [`Saga.Unknown`](Failure::UNKNOWN) for what is no command here, or another input for the same saga.
    pub async fn command(
        &self, payload: &Value, invocation: &Invocation,
    ) -> Result<Value, Failure> {
        let called = Called::read(payload).map_err(Failure::unknown)?;
        let (participant, reaction) = self.commanded(called.name)?;
        let Code::Action(code) = &reaction.code else {
            return Err(not_called(called.name));
        };
        let identity = identity(called.saga, reaction.info.name, None)?;
        let key = Arc::clone(identity.record_key());
        let arrival = Arrival {
            reacting: Reacting {
                info: reaction.info,
                cause: command_id(&key),
            },
            data: called.input,
            inh: Fingerprint::of(called.input),
        };
        let invocation = invocation.for_reaction(reaction.info.name);
        let barrier = Barrier::new(Arc::clone(&participant.store), identity, invocation);
        let published = barrier.react(code, reaction.keeps_input, arrival).await?;
        let events = match published.as_str() {
            None => Vec::new(),
            Some(text) => messages(&key, Origin::Action, text).map_err(Failure::unknown)?,
        };
        Ok(json!({ "events": events }))
    }

    /// Takes an event to each reaction, whatever becomes of the others, and says how each ended.
    pub(crate) async fn react(
        &self, event: &Value, invocation: &Invocation,
    ) -> Result<Vec<Outcome>, Failure> {
        let received = Received::read(event).map_err(Failure::unknown)?;
        let due = self.reactions_to(&received)?;
        let mut outcomes = Vec::with_capacity(due.len());
        for due in due {
            outcomes.push((due.info().name, due.react(&received, invocation).await));
        }
        Ok(outcomes)
    }

    /// The reactions that an event leads to; there is one at least.
    pub(crate) fn reactions_to(&self, received: &Received<'_>) -> Result<Vec<Due<'_>>, Failure> {
        let reactions = self.all().map(|(participant, reaction)| Due {
            participant,
            reaction,
        });
        let mut reactions: Vec<Due<'_>> = reactions
            .filter(|due| due.info().on.contains(&received.name))
            .collect();
        let mut names: Vec<&str> = reactions.iter().map(|due| due.info().name).collect();
        names.sort_unstable();
        if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(twice(pair[0]));
        }
        if reactions.is_empty() {
            return Err(Failure::unknown(format!(
                "nobody here reacts to `{}`; there are {}",
                received.name,
                self.known_events()
            )));
        }
        // What another stands after goes first, so that the event need not come twice.
        let all = reactions.clone();
        reactions.sort_by_key(|due| predecessors(&all, due));
        Ok(reactions)
    }

    /// What the command of this name is, if there is one.
    #[cfg(feature = "lambda")]
    pub(crate) fn command_info(&self, name: &str) -> Option<&'static ReactionInfo> {
        let (_, reaction) = self.commanded(name).ok()?;
        Some(reaction.info)
    }

    fn commanded(&self, name: &str) -> Result<(&Participant, &Reaction), Failure> {
        let mut found = self
            .all()
            .filter(|(_, one)| one.info.name == name && one.info.on.is_empty());
        match (found.next(), found.next()) {
            (Some(one), None) => Ok(one),
            (Some(_), Some(_)) => Err(twice(name)),
            (None, _) => Err(not_called(name)),
        }
    }

    fn all(&self) -> impl Iterator<Item = (&Participant, &Reaction)> {
        self.participants.iter().flat_map(|participant| {
            let reactions = participant.reactions.iter();
            reactions.map(|reaction| (&**participant, reaction))
        })
    }

    fn known_events(&self) -> String {
        let mut names: Vec<&str> = self
            .all()
            .flat_map(|(_, reaction)| reaction.info.on.iter().copied())
            .collect();
        names.sort_unstable();
        names.dedup();
        if names.is_empty() {
            "no reactions".to_owned()
        } else {
            format!("reactions to `{}`", names.join("`, `"))
        }
    }
}

impl Due<'_> {
    pub(crate) fn info(&self) -> &'static ReactionInfo {
        self.reaction.info
    }

    /// Takes the event; answers with the text of what was published, or null.
    pub(crate) async fn react(
        &self, received: &Received<'_>, invocation: &Invocation,
    ) -> Result<Value, Failure> {
        let (reaction, info) = (self.reaction, self.info());
        // A compensation is about its action's record.
        let (of, event) = match (&reaction.code, info.repeat) {
            (Code::Undo(_), _) => (info.counterpart.unwrap_or(info.name), None),
            (Code::Action(_), Repeat::Each) => (info.name, Some(received.id)),
            (Code::Action(_), Repeat::Never | Repeat::Once) => (info.name, None),
        };
        let identity = identity(received.saga, of, event)?;
        let arrival = Arrival {
            reacting: Reacting {
                info,
                cause: received.id.to_owned(),
            },
            data: received.data,
            inh: Fingerprint::of_event(received.id, received.data),
        };
        let store = Arc::clone(&self.participant.store);
        let barrier = Barrier::new(store, identity, invocation.for_reaction(info.name));
        match &reaction.code {
            Code::Action(code) => barrier.react(code, reaction.keeps_input, arrival).await,
            Code::Undo(code) => barrier.undo(code, arrival).await,
        }
    }
}

/// How many of these, one after the other, it stands after.
fn predecessors(all: &[Due<'_>], due: &Due<'_>) -> usize {
    let named = |name: &str| all.iter().find(|due| due.info().name == name);
    let first = due.info().after.and_then(named);
    let chain = std::iter::successors(first, |due| due.info().after.and_then(named));
    // There is no circle in what the compiler lets pass.
    chain.take(all.len()).count()
}

/// Whether a failure is the end: a recorded no, after which the same event would get the same answer.
pub fn is_settled(failure: &Failure) -> bool {
    let again = [Failure::BUSY, Failure::RETRY, Failure::UNKNOWN];
    !failure.is_transient() && !again.contains(&failure.error_type())
}

impl<'a> Received<'a> {
    /// Reads a CloudEvent, as far as it is needed.
    pub(crate) fn read(event: &'a Value) -> Result<Self, String> {
        let version = event.get("specversion").and_then(Value::as_str);
        if version != Some("1.0") {
            return Err(
                "the message is no CloudEvent in JSON: its `specversion` is not \"1.0\"".to_owned(),
            );
        }
        Ok(Self {
            id: name(event, "id")?,
            name: name(event, "type")?,
            saga: name(event, "subject")?,
            data: event.get("data").unwrap_or(&Value::Null),
        })
    }
}

impl<'a> Called<'a> {
    pub(crate) fn read(payload: &'a Value) -> Result<Self, String> {
        let (name, saga) = (name(payload, "command")?, name(payload, "saga")?);
        if saga.len() > SAGA_LIMIT {
            return Err(format!(
                "`saga` has {} bytes; the id of a choreographed saga has at most {SAGA_LIMIT}",
                saga.len()
            ));
        }
        Ok(Self {
            name,
            saga,
            input: payload.get("input").unwrap_or(&Value::Null),
        })
    }
}

/// A field that may become part of a record's key.
fn name<'a>(message: &'a Value, field: &str) -> Result<&'a str, String> {
    match message.get(field) {
        // The bar separates the parts of a record's key.
        Some(Value::String(text)) if !text.is_empty() && !text.contains('|') => Ok(text),
        Some(_) => Err(format!(
            "`{field}` of the message is no text without `|`, or is empty"
        )),
        None => Err(format!("`{field}` of the message is missing")),
    }
}

fn identity(saga: &str, reaction: &str, event: Option<&str>) -> Result<Identity, Failure> {
    let identity = Identity::of_reaction(saga, reaction, event);
    let size = identity.record_key().len();
    if size > PARTITION_KEY_LIMIT {
        return Err(Failure::unknown(format!(
            "the saga's id makes a record's key of {size} bytes, which has at most {PARTITION_KEY_LIMIT}"
        )));
    }
    Ok(identity)
}

fn not_called(name: &str) -> Failure {
    Failure::unknown(format!("no command here is called `{name}`"))
}

fn twice(name: &str) -> Failure {
    Failure::unknown(format!(
        "two participants here have a `{name}`; serve them by functions of their own"
    ))
}

impl fmt::Debug for Consumer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.participants.iter().map(|participant| participant.name);
        f.debug_list().entries(names).finish()
    }
}

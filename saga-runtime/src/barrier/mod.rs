//! The barrier: an action and its compensation happen at most once each, in the right order, and answer repeated
//! deliveries alike. What is common to both modes; the modes are in `transactional` and `external`.
//!
//! One record for each step instance says where it stands. Both action and compensation move it by conditional writes,
//! so that of two deliveries that race, one wins and the other answers by what the winner wrote.
//!
//! ```text
//!                     action commit                compensation
//!         +--------> DONE ----------------------> (COMPENSATING) ---> COMPENSATED
//!         |            ^                              ^  lease expired: claim again
//!  ABSENT-+-(X) RUNNING-+ finish, if the claim is still mine
//!         |        |  \__ lease expired, same input: claim again
//!         |        |______ lease expired, compensation claims
//!         +--------> REJECTED ----------------------> TOMBSTONE
//!         +-----------------------------------------> TOMBSTONE   (null compensation)
//! ```

mod external;
mod reaction;
mod read_only;
mod record;
mod transactional;
mod verdict;

use std::error::Error;
use std::sync::Arc;
use std::time::SystemTime;

use serde_json::Value;

pub(crate) use self::reaction::{Arrival, Reacting};
use self::record::{Answer, Record, State};
use crate::__private::{Action, ActionCode, Compensation, CompensationCode, CxCall, TxCall};
use crate::BoxFuture;
use crate::envelope::Request;
use crate::event::Outgoing;
use crate::failure::Failure;
use crate::guard::guard;
use crate::identity::Identity;
use crate::invocation::Invocation;
use crate::json::{Fingerprint, check_integers, write_json};
use crate::outbox::{self, EVENT_LIMIT, EVENT_NESTING, Outbox, Published};
use crate::saga::Kind;
use crate::store::{ITEM_LIMIT, Item, Key, Store, StoreError, Stored, Written, record_key};

/// How often a delivery looks again after it lost a race, before it says `Saga.Busy`.
const RACES: usize = 4;

/// What a step may return, unless the record has less room left beside the arguments. Step Functions allows
/// [262,144 bytes](https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html#service-limits-task-executions)
/// for the whole result of `lambda:invoke`, which wraps the output in the call's metadata; 4 KiB are kept for that.
const OUTPUT_LIMIT: usize = 262_144 - 4 * 1024;

/// What a record has beyond its arguments and its output: key, hash, owner, numbers and names.
const RECORD_RESERVE: usize = 4 * 1024;

/// What a record has room for: its arguments, its output and what it publishes.
const ROOM: usize = ITEM_LIMIT - RECORD_RESERVE;

/// One delivery's view of its step's record.
pub(crate) struct Barrier {
    store: Arc<dyn Store>,
    identity: Arc<Identity>,
    invocation: Invocation,
}

/// One delivery of an action.
struct Attempt {
    kind: Kind,
    /// The errors that the state machine knows the step by.
    types: &'static [&'static str],
    /// The fingerprint of the input.
    inh: Fingerprint,
    /// What the compensation will need of the input, as JSON text.
    args: String,
    /// The flow's deadline has passed.
    late: bool,
    /// What a choreography's delivery has beyond a state machine's.
    reaction: Option<Reacting>,
}

impl Barrier {
    pub(crate) fn new(store: Arc<dyn Store>, identity: Identity, invocation: Invocation) -> Self {
        Self {
            store: invocation.rehearsal().store(store),
            identity: Arc::new(identity),
            invocation,
        }
    }

    /// Where the record is.
    fn key(&self) -> Key {
        record_key(self.identity.record_key())
    }

    /// Serves an action. `start` says whether the input of the flow that begins with it is what the flow takes.
    pub(crate) async fn act(
        &self, action: &Action, request: Request<'_>, start: Result<(), String>,
    ) -> Result<Value, Failure> {
        let deadline = request.deadline.filter(|_| action.kind != Kind::Retriable);
        let attempt = Attempt {
            kind: action.kind,
            types: action.types,
            inh: Fingerprint::of(request.input),
            args: kept(action.keep, request.input),
            late: deadline.is_some_and(|deadline| self.now() > deadline),
            reaction: None,
        };
        let read_only = action.kind == Kind::ReadOnly;
        if let Err(reason) = start {
            return if read_only {
                Err(Failure::refused(reason))
            } else {
                self.refuse(&attempt, reason).await
            };
        }
        // Boxed, so that every delivery does not carry the room that the largest mode would need.
        let input = check_integers("input", request.input).map(|()| request.input);
        match &action.code {
            ActionCode::Tx(decode) => {
                let call = input.and_then(|input| decoded("input", || decode(input)));
                if read_only {
                    Box::pin(self.read_tx(&attempt, call)).await
                } else {
                    Box::pin(self.act_tx(attempt, call)).await
                }
            }
            ActionCode::Cx(decode) => {
                let call = input.and_then(|input| decoded("input", || decode(input)));
                if read_only {
                    Box::pin(self.read_cx(&attempt, call)).await
                } else {
                    Box::pin(self.act_cx(&attempt, call)).await
                }
            }
        }
    }

    /// Serves a compensation.
    pub(crate) async fn compensate(&self, compensation: &Compensation) -> Result<Value, Failure> {
        match &compensation.code {
            CompensationCode::Tx(decode) => {
                let decode = |record: &Record| {
                    let out = record.out().ok_or_else(|| record::lost_words("output"))?;
                    decoded("record", || decode((record.args(), out)))
                };
                Box::pin(self.compensate_tx(&decode, None)).await
            }
            CompensationCode::Cx(decode) => {
                let decode = |args: &str, outcome: crate::Outcome<&str>| {
                    decoded("record", || decode((args, outcome)))
                };
                Box::pin(self.compensate_cx(&decode)).await
            }
        }
    }

    /// Serves a compensation that there is no code for: it succeeds only where the record says that there is nothing to undo.
    pub(crate) async fn compensate_nothing(&self, reason: String) -> Result<Value, Failure> {
        if self.bury().await? {
            return Ok(Value::Null);
        }
        match self.read().await?.map(|record| record.state) {
            Some(State::Compensated) => Ok(Value::Null),
            // An operator has to look.
            _ => Err(Failure::unknown(reason)),
        }
    }

    fn now(&self) -> SystemTime {
        self.invocation.now()
    }

    /// What is to be published, as the record keeps it.
    fn outbox(
        &self, by: Option<&Reacting>, events: Vec<Outgoing>,
    ) -> Result<Option<String>, String> {
        if events.is_empty() {
            return Ok(None);
        }
        let publish = |event: Outgoing| {
            let name = event.name.into_owned();
            let data = event
                .data
                .map_err(|error| format!("event `{name}` is no JSON: {error}"))?;
            Ok::<_, String>(Published { name, data })
        };
        let events = events.into_iter().map(publish);
        let outbox = Outbox {
            at: humantime::format_rfc3339_millis(self.now()).to_string(),
            cause: by.map(|by| by.cause.clone()),
            source: by.and_then(Reacting::source).map(str::to_owned),
            events: events.collect::<Result<_, _>>()?,
        };
        outbox.events.iter().try_for_each(check_nesting)?;
        let text = serde_json::to_string(&outbox).map_err(|error| error.to_string())?;
        if text.len() > EVENT_LIMIT {
            outbox.events.iter().try_for_each(check_event)?;
        }
        Ok(Some(text))
    }

    async fn read(&self) -> Result<Option<Record>, Failure> {
        let found = persisted(self.store.record(self.identity.record_key()).await)?;
        found.map(Record::read).transpose()
    }

    async fn write(&self, write: &crate::store::Write) -> Result<Written, Failure> {
        persisted(self.store.write(write).await)
    }

    /// Records that the action had no effect and never will, and answers with the reason; or answers by the record there is.
    ///
    /// Boxed, as are the other ways that hardly any delivery takes: the one that most take is not to carry room for them.
    fn reject<'a>(&'a self, attempt: &'a Attempt, failure: Failure) -> BoxFuture<'a, Answer> {
        Box::pin(async move {
            let put = self.rejection(attempt, &failure, None);
            match self.write(&put).await {
                Ok(Written::Done(_)) => Answer::Settled(Err(failure)),
                Ok(Written::Refused(found)) => attempt.answer_found(found),
                Err(failure) => Answer::Settled(Err(failure)),
            }
        })
    }

    /// The record of an action that had no effect and never will, and what it publishes.
    fn rejection(
        &self, attempt: &Attempt, failure: &Failure, outbox: Option<&str>,
    ) -> crate::store::Write {
        // A failure is text and a `Value`, which always have JSON.
        let err = serde_json::to_string(failure).unwrap_or_default();
        let mut more = vec![("err", &*err)];
        more.extend(outbox.map(|outbox| (outbox::ACTION, outbox)));
        let inh = attempt.inh.text();
        record::put(self.key(), State::Rejected, &inh, &more, self.now())
    }

    /// Ends an action that cannot take place, for a reason that another delivery would meet again.
    ///
    /// It is refused for good, except where it must succeed in the end: after the point of no return only
    /// another deployment helps, and a recorded refusal would keep even that from completing the saga.
    fn decline<'a>(
        &'a self, attempt: &'a Attempt, reason: String,
    ) -> BoxFuture<'a, Result<Value, Failure>> {
        // Nobody would hear of a refusal in a choreography, so that its saga would never end.
        if attempt.kind == Kind::Retriable || attempt.reaction.is_some() {
            return self.settle(attempt, Failure::unknown(reason));
        }
        self.refuse(attempt, reason)
    }

    /// Refuses an action for good, whatever its kind.
    fn refuse<'a>(
        &'a self, attempt: &'a Attempt, reason: String,
    ) -> BoxFuture<'a, Result<Value, Failure>> {
        Box::pin(async move {
            // An earlier delivery may have taken effect, so that a refusal would promise too much.
            self.reject(attempt, Failure::refused(&reason))
                .await
                .unwrap_or_else(|| Failure::unknown(reason))
        })
    }

    /// Answers by the record, where there is an answer in it; with `failure` otherwise.
    ///
    /// A step that fails on a repeated delivery, in whatever way, still took effect if the record says so.
    fn settle<'a>(
        &'a self, attempt: &'a Attempt, failure: Failure,
    ) -> BoxFuture<'a, Result<Value, Failure>> {
        Box::pin(async move {
            match self.read().await {
                Ok(Some(record)) => attempt.answer(&record).unwrap_or_else(|| failure),
                Ok(None) | Err(_) => Err(failure),
            }
        })
    }

    /// Notes that the compensation came where there is nothing to undo. False if something came in between.
    async fn bury(&self) -> Result<bool, Failure> {
        let condition = record::absent()
            .or(State::Rejected.holds())
            .or(State::Tombstone.holds());
        let update = record::update(
            self.key(),
            State::Tombstone,
            Vec::new(),
            condition,
            self.now(),
        );
        Ok(matches!(self.write(&update).await?, Written::Done(_)))
    }
}

impl Answer {
    /// The answer; what `failure` makes, while an earlier delivery is open.
    fn unwrap_or_else(self, failure: impl FnOnce() -> Failure) -> Result<Value, Failure> {
        match self {
            Answer::Settled(answer) => answer,
            Answer::Open => Err(failure()),
        }
    }
}

impl Attempt {
    /// What a record answers it with.
    fn answer(&self, record: &Record) -> Answer {
        match &self.reaction {
            None => record.answer(self.inh),
            Some(reaction) => record.answer_reaction(self.inh, reaction.info),
        }
    }

    /// What a conditional write's old item answers it with.
    fn answer_found(&self, found: Option<Item>) -> Answer {
        match found.map(|item| Record::read(Stored::Item(item))) {
            Some(Ok(record)) => self.answer(&record),
            Some(Err(failure)) => Answer::Settled(Err(failure)),
            None => Answer::Settled(Err(lost_race())),
        }
    }
}

fn lost_race() -> Failure {
    Failure::busy("other deliveries of the step keep coming in between")
}

/// The input's fields that the compensation takes, as JSON text.
fn kept(keep: &[&str], input: &Value) -> String {
    let mut text = String::with_capacity(64);
    text.push('{');
    for name in keep {
        if let Some(value) = input.get(name) {
            text.push_str(if text.len() > 1 { ",\"" } else { "\"" });
            // A field's name is a Rust name: nothing in it is escaped.
            text.push_str(name);
            text.push_str("\":");
            write_json(value, &mut text);
        }
    }
    text.push('}');
    text
}

/// Decodes what user code takes; its types may refuse, or panic.
fn decoded<C>(
    what: &str, decode: impl FnOnce() -> Result<C, serde_json::Error>,
) -> Result<C, String> {
    guard(decode)
        .map_err(|panic| format!("the {what}'s type panicked: {panic}"))?
        .map_err(|error| format!("the {what} is not what the step's types say: {error}"))
}

/// Checks an output against what Step Functions and the record can hold beside `kept` bytes, and gives its text.
fn check_output(output: &Value, kept: usize) -> Result<String, String> {
    check_integers("output", output)?;
    let mut text = String::new();
    write_json(output, &mut text);
    let room = OUTPUT_LIMIT.min(ROOM.saturating_sub(kept));
    if text.len() > room {
        return Err(format!(
            "the output has {} bytes; there is room for {room}",
            text.len()
        ));
    }
    Ok(text)
}

/// What is nested deeper, nobody could read: not the relay, and not who reacts to it.
fn check_nesting(event: &Published) -> Result<(), String> {
    if is_nested(&event.data, EVENT_NESTING) {
        return Ok(());
    }
    Err(format!(
        "event `{}` is nested deeper than {EVENT_NESTING} arrays and objects",
        event.name
    ))
}

/// Whether a value is nested at most so deep.
fn is_nested(value: &Value, most: usize) -> bool {
    let inner = |value| most > 0 && is_nested(value, most - 1);
    match value {
        Value::Array(items) => items.iter().all(inner),
        Value::Object(fields) => fields.values().all(inner),
        _ => true,
    }
}

fn check_event(event: &Published) -> Result<(), String> {
    let size = event.data.to_string().len();
    if size > EVENT_LIMIT {
        return Err(format!(
            "event `{}` has {size} bytes; there is room for {EVENT_LIMIT}",
            event.name
        ));
    }
    Ok(())
}

/// Brings the store's error into the runtime's terms. The store has tried again by itself.
pub(crate) fn persisted<T>(answer: Result<T, StoreError>) -> Result<T, Failure> {
    answer.map_err(|error| store_failure(&error))
}

fn store_failure(error: &StoreError) -> Failure {
    let mut message = format!("the store: {error}");
    let mut source = error.source();
    while let Some(cause) = source {
        message.push_str(": ");
        message.push_str(&cause.to_string());
        source = cause.source();
    }
    if error.is_invalid() {
        Failure::unknown(message)
    } else {
        Failure::busy(message)
    }
}

/// A decoded call, or why there is none.
type Decoded<C> = Result<C, String>;
type DecodeTx<'a> = &'a (dyn Fn(&Record) -> Decoded<TxCall> + Send + Sync);
type DecodeCx<'a> = &'a (dyn Fn(&str, crate::Outcome<&str>) -> Decoded<CxCall> + Send + Sync);

//! What a choreography asks of the barrier beyond a state machine: events that are published with the record, another event under
//! the same key, an event that comes before its time. The moves themselves are `transactional`'s.

use serde_json::Value;

use super::record::{self, Answer, State};
use super::transactional::in_progress;
use super::{Attempt, Barrier, ROOM, decoded, lost_race, persisted, store_failure};
use crate::choreography::{Early, ReactionInfo, ReactionKind};
use crate::consumer::{ActionCode, UndoCode};
use crate::event::Outgoing;
use crate::failure::Failure;
use crate::json::{Fingerprint, write_json};
use crate::outbox::{Outbox, Published};
use crate::saga::Kind;
use crate::store::{Item, Operation, Reason, Transacted, Write, Written, record_key};

/// Who reacts, and to what.
#[derive(Clone, Debug)]
pub(crate) struct Reacting {
    pub(crate) info: &'static ReactionInfo,
    /// The id of the event or of the command.
    pub(crate) cause: String,
}

/// What a reaction is called with.
pub(crate) struct Arrival<'a> {
    pub(crate) reacting: Reacting,
    /// The event's data, or the command's input.
    pub(crate) data: &'a Value,
    pub(crate) inh: Fingerprint,
}

impl Barrier {
    /// Serves a command, or a reaction that is no compensation: answers with the text of what it published, or null.
    pub(crate) async fn react(
        &self, code: &ActionCode, keeps_input: bool, arrival: Arrival<'_>,
    ) -> Result<Value, Failure> {
        let mut args = String::new();
        if keeps_input {
            write_json(arrival.data, &mut args);
        } else {
            args.push_str("null");
        }
        let attempt = Attempt {
            kind: kind(arrival.reacting.info.kind),
            types: code.types,
            inh: arrival.inh,
            args,
            late: false,
            reaction: Some(arrival.reacting),
        };
        let call = decoded("event", || (code.decode)(arrival.data));
        Box::pin(self.act_tx(attempt, call)).await
    }

    /// Serves a compensation, on its action's record.
    pub(crate) async fn undo(
        &self, code: &UndoCode, arrival: Arrival<'_>,
    ) -> Result<Value, Failure> {
        let decode = |record: &record::Record| {
            let output = if code.takes_output {
                last_event(record.outbox())?.data
            } else {
                Value::Null
            };
            decoded("event", || {
                (code.decode)(arrival.data, record.args(), output)
            })
        };
        Box::pin(self.compensate_tx(&decode, Some(&arrival.reacting))).await
    }

    /// What a reaction stands after has taken effect: the check that commits with it.
    pub(super) fn predecessor(&self, attempt: &Attempt) -> Option<Write> {
        let after = attempt.reaction.as_ref()?.info.after?;
        let key = [self.identity.saga(), after].join("|");
        Some(Write {
            key: record_key(&key),
            operation: Operation::Check,
            condition: Some(State::Done.holds()),
        })
    }

    /// Ends a reaction whose event came before its time, or lets it come back. `found` is the record of what it stands after.
    pub(super) async fn come_early(
        &self, attempt: &Attempt, found: Option<Item>,
    ) -> Result<Value, Failure> {
        let Some((info, after)) = attempt
            .reaction
            .as_ref()
            .and_then(|reaction| Some((reaction.info, reaction.info.after?)))
        else {
            return Err(lost_race());
        };
        let state = found
            .as_ref()
            .and_then(|item| item.get("st"))
            .and_then(Value::as_str);
        let refusal = match (state, info.early) {
            // It was rejected, or is undone: it will not take effect any more.
            (Some(state), _) => format!("`{after}` has no effect for this saga: it is {state}"),
            (None, Early::Refuse) => format!("`{after}` has not taken effect for this saga"),
            (None, Early::Park) => {
                return Err(Failure::early(format!(
                    "`{after}` has not taken effect for this saga yet"
                )));
            }
        };
        in_progress(self.reject(attempt, Failure::refused(refusal)).await)
    }

    /// Records a rejection of the action's own, and publishes it if it is an event.
    pub(super) fn publish_rejection<'a>(
        &'a self, attempt: &'a Attempt, failure: Failure, event: Option<Box<Outgoing>>,
    ) -> crate::BoxFuture<'a, Result<Value, Failure>> {
        Box::pin(async move {
            let events = event.map(|event| vec![*event]).unwrap_or_default();
            let outbox = match self.outbox(attempt.reaction.as_ref(), events) {
                Ok(outbox) => outbox,
                Err(reason) => return self.decline(attempt, reason).await,
            };
            let put = self.rejection(attempt, &failure, outbox.as_deref());
            let written = match self.predecessor(attempt) {
                None => self.write(&put).await?,
                Some(check) => match self.reject_after(put, check).await? {
                    Ok(written) => written,
                    Err(found) => return self.come_early(attempt, found).await,
                },
            };
            in_progress(match written {
                Written::Done(_) => Answer::Settled(Err(failure)),
                Written::Refused(found) => attempt.answer_found(found),
            })
        })
    }

    /// Writes a rejection if what the reaction stands after has taken effect; gives the record of that if it has not.
    async fn reject_after(
        &self, put: Write, check: Write,
    ) -> Result<Result<Written, Option<Item>>, Failure> {
        let reasons = match persisted(self.store.transact_owned(vec![put, check]).await)? {
            Transacted::Done => return Ok(Ok(Written::Done(None))),
            Transacted::Refused(reasons) => reasons,
        };
        let mut reasons = reasons.into_iter();
        match (reasons.next(), reasons.next()) {
            (Some(Reason::ConditionFailed(found)), _) => Ok(Ok(Written::Refused(found))),
            (_, Some(Reason::ConditionFailed(found))) => Ok(Err(found)),
            (Some(Reason::Invalid(reason)), _) | (_, Some(Reason::Invalid(reason))) => {
                Err(store_failure(&crate::store::StoreError::invalid(reason)))
            }
            _ => Err(lost_race()),
        }
    }
}

impl Reacting {
    /// Who publishes, where the record's key names another.
    pub(super) fn source(&self) -> Option<&'static str> {
        (self.info.kind == ReactionKind::Compensation).then_some(self.info.name)
    }

    /// Whether the choreography's graph knows of the events, and of a second one of a type: whoever does not expect it would take it
    /// for a mistake when nothing can be done about it any more.
    pub(super) fn check_declared(&self, events: &[Outgoing]) -> Result<(), String> {
        let by = self.info.name;
        for (index, event) in events.iter().enumerate() {
            let name = &*event.name;
            if !self.info.publishes.contains(&name) {
                return Err(format!(
                    "`{by}` publishes `{name}` and does not declare it; write `publishes({name})`"
                ));
            }
            let mut before = events[..index].iter();
            let is_first = !before.any(|before| before.name == event.name);
            if !is_first && !self.info.several.contains(&name) {
                return Err(format!(
                    "`{by}` publishes `{name}` twice; write `publishes({name})`, and `once` or `each` at all that react to it, or publish one event with a list"
                ));
            }
        }
        Ok(())
    }

    /// Whether the record has room for what this keeps in it. An action leaves half of it to its compensation, which has to publish
    /// whatever the action did.
    pub(super) fn check_room(&self, size: usize) -> Result<(), String> {
        let room = match self.info.kind {
            ReactionKind::Compensatable | ReactionKind::Compensation => ROOM / 2,
            ReactionKind::Pivot | ReactionKind::Retriable | ReactionKind::Observer => ROOM,
        };
        if size <= room {
            return Ok(());
        }
        Err(format!(
            "what `{}` publishes, and what is kept for a compensation, has {size} bytes; there is room for {room}",
            self.info.name
        ))
    }
}

fn kind(kind: ReactionKind) -> Kind {
    match kind {
        ReactionKind::Compensatable => Kind::Compensatable,
        ReactionKind::Pivot => Kind::Pivot,
        ReactionKind::Retriable | ReactionKind::Observer | ReactionKind::Compensation => {
            Kind::Retriable
        }
    }
}

/// What a method returns is published after all that it published by itself.
fn last_event(outbox: Option<&str>) -> Result<Published, String> {
    let outbox = outbox.map(Outbox::read).transpose()?;
    let last = outbox.and_then(|mut outbox| outbox.events.pop());
    last.ok_or_else(|| record::lost_words("events"))
}

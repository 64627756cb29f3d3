//! Mode T: the effects are writes, and commit in one transaction with the record. So there are no claims:
//! the record is there if, and only if, the effects are.

use std::sync::Arc;

use serde_json::Value;

use super::record::{Answer, Record, State, expiry};
use super::verdict::{Verdict, try_again};
use super::{
    Attempt, Barrier, DecodeTx, Decoded, RACES, Reacting, check_output, lost_race, store_failure,
};
use crate::__private::TxCall;
use crate::failure::Failure;
use crate::guard::{Ended, Trouble};
use crate::store::{
    Item, Outboxes, Reason, RecordMove, RecordWrite, StoredRecord, Transacted, Write,
};
use crate::tx::{Collected, Conditions, Planned, StepFailure, Tx};

/// Why a transaction did not take place.
enum Refusal {
    /// The record was not as expected; this is what it was.
    Record(Option<Item>),
    /// What a reaction stands after has not taken effect; this is its record.
    Early(Option<Item>),
    /// A condition of the step's own did not hold.
    Condition(StepFailure),
    /// The writes can never take place.
    Invalid(String),
    /// The store was busy or away.
    Busy(Failure),
}

impl Barrier {
    pub(super) async fn act_tx(
        &self, attempt: Attempt, call: Decoded<TxCall>,
    ) -> Result<Value, Failure> {
        let call = match call {
            Ok(call) => call,
            Err(reason) => return self.decline(&attempt, reason).await,
        };
        if attempt.late {
            let late =
                Failure::refused("the saga's deadline has passed, and the action has not begun");
            return in_progress(self.reject(&attempt, late).await);
        }
        let (tx, ended) = self.run_tx(call).await;
        match ended {
            Ended::Output(output) => self.commit(attempt, tx.into_collected(), output).await,
            Ended::Failed(error) => match attempt.judge(error) {
                Verdict::TryAgain(failure) => self.settle(&attempt, failure).await,
                Verdict::Reject(failure, event) => {
                    self.publish_rejection(&attempt, failure, event).await
                }
            },
            Ended::NotJson(error) => {
                self.decline(&attempt, format!("the output is no JSON: {error}"))
                    .await
            }
            Ended::Panicked(panic) => self.settle(&attempt, panicked(&panic)).await,
            Ended::Stopped(failure) => self.settle(&attempt, failure).await,
        }
    }

    /// Compensates what a transaction did, in another; or leaves a tombstone where there was none.
    ///
    /// `by` is the event that leads to it, in a choreography.
    pub(super) async fn compensate_tx(
        &self, decode: DecodeTx<'_>, by: Option<&Reacting>,
    ) -> Result<Value, Failure> {
        for _ in 0..RACES {
            let record = match self.read().await? {
                Some(record) => match record.state {
                    State::Done => record,
                    State::Compensated | State::Tombstone => return Ok(Value::Null),
                    State::Running | State::Compensating => return Err(foreign(&record)),
                    State::Rejected if self.bury().await? => return Ok(Value::Null),
                    State::Rejected => continue,
                },
                None if self.bury().await? => return Ok(Value::Null),
                None => continue,
            };
            let call = decode(&record).map_err(Failure::unknown)?;
            drop(record);
            let (tx, ended) = self.run_tx(call).await;
            match ended {
                Ended::Output(_) => {}
                Ended::Failed(error) => return Err(try_again(error)),
                Ended::NotJson(error) => return Err(Failure::unknown(error)),
                Ended::Panicked(panic) => return Err(panicked(&panic)),
                Ended::Stopped(failure) => return Err(failure),
            }
            let collected = tx.into_collected().map_err(Failure::unknown)?;
            let (writes, outbox) = self.prepare(by, collected).map_err(Failure::unknown)?;
            if let (Some(by), Some(outbox)) = (by, &outbox) {
                by.check_room(outbox.len()).map_err(Failure::unknown)?;
            }
            let undone = RecordWrite::Move(RecordMove {
                key: Arc::clone(self.identity.record_key()),
                from: State::Done.name(),
                to: State::Compensated.name(),
                outbox,
                ttl: expiry(self.now()),
            });
            match self.transact(undone, None, writes).await {
                Ok(()) => return Ok(Value::Null),
                // Another delivery of the compensation came first; the record knows.
                Err(Refusal::Record(_) | Refusal::Early(_)) => {}
                Err(Refusal::Condition(error)) => return Err(try_again(error)),
                Err(Refusal::Invalid(reason)) => return Err(Failure::unknown(reason)),
                Err(Refusal::Busy(failure)) => return Err(failure),
            }
        }
        Err(lost_race())
    }

    /// Runs a step with a transaction to collect its writes in.
    pub(super) async fn run_tx(&self, call: TxCall) -> (Tx, Ended) {
        let trouble = Trouble::default();
        let mut tx = Tx::new(
            Arc::clone(&self.store),
            Arc::clone(&self.identity),
            self.invocation.clone(),
            trouble.clone(),
        );
        let rehearsal = self.invocation.rehearsal();
        let ended = rehearsal.run(|| call(&mut tx), &trouble).await;
        (tx, ended)
    }

    async fn commit(
        &self, mut attempt: Attempt, collected: Result<Collected, String>, output: Value,
    ) -> Result<Value, Failure> {
        let reaction = attempt.reaction.as_ref();
        let prepared = collected.and_then(|collected| {
            let (writes, outbox) = self.prepare(reaction, collected)?;
            let kept = attempt.args.len() + outbox.as_ref().map_or(0, String::len);
            if let Some(reaction) = reaction {
                reaction.check_room(kept)?;
            }
            Ok((writes, outbox, check_output(&output, kept)?))
        });
        let (writes, outbox, out) = match prepared {
            Ok(prepared) => prepared,
            Err(reason) => return self.decline(&attempt, reason).await,
        };
        // Whoever sent a command is told what it published.
        let answer = match &attempt.reaction {
            None => output,
            Some(_) => Value::from(outbox.as_deref()),
        };
        let done = RecordWrite::Put(StoredRecord {
            key: Arc::clone(self.identity.record_key()),
            state: State::Done.name(),
            inh: attempt.inh,
            args: std::mem::take(&mut attempt.args),
            out,
            outboxes: outbox.map(|text| Box::new(Outboxes::of_action(text))),
            ttl: expiry(self.now()),
        });
        let after = self.predecessor(&attempt);
        match self.transact(done, after, writes).await {
            Ok(()) => Ok(answer),
            Err(Refusal::Record(found)) => in_progress(attempt.answer_found(found)),
            Err(Refusal::Early(found)) => self.come_early(&attempt, found).await,
            Err(Refusal::Condition(error)) => match attempt.judge(error) {
                Verdict::TryAgain(failure) => Err(failure),
                Verdict::Reject(failure, event) => {
                    self.publish_rejection(&attempt, failure, event).await
                }
            },
            Err(Refusal::Invalid(reason)) => self.decline(&attempt, reason).await,
            Err(Refusal::Busy(failure)) => Err(failure),
        }
    }

    /// The writes that a step collected, and the text of what it publishes.
    fn prepare(
        &self, by: Option<&Reacting>, collected: Collected,
    ) -> Result<(Vec<Planned>, Option<String>), String> {
        let Collected { writes, events } = collected;
        if let Some(by) = by {
            by.check_declared(&events)?;
        }
        Ok((writes, self.outbox(by, events)?))
    }

    /// Commits the record's move together with the step's writes. The record comes first, and then the check of what a reaction
    /// stands after, as [`refusal`] expects.
    ///
    /// The call is put together here and not in the future, which has no room for its parts then.
    fn transact(
        &self, record: RecordWrite, after: Option<Write>, planned: Vec<Planned>,
    ) -> impl Future<Output = Result<(), Refusal>> + Send {
        let stands_after = after.is_some();
        let mut writes = Vec::with_capacity(planned.len() + usize::from(stands_after));
        writes.extend(after);
        let mut conditions = Vec::with_capacity(planned.len());
        for planned in planned {
            let (write, own) = planned.into_write();
            writes.push(write);
            conditions.push(own);
        }
        let answer = self.store.commit(record, writes);
        async move {
            match answer.await {
                Ok(Transacted::Done) => Ok(()),
                Ok(Transacted::Refused(reasons)) => {
                    Err(refusal(reasons, stands_after, &conditions))
                }
                Err(error) if error.is_unfit() => Err(Refusal::Invalid(error.to_string())),
                Err(error) => Err(Refusal::Busy(store_failure(&error))),
            }
        }
    }
}

/// What kept a transaction from taking place.
fn refusal(reasons: Vec<Reason>, stands_after: bool, conditions: &[Conditions]) -> Refusal {
    let mut reasons = reasons.into_iter();
    // The record comes first and counts most: where it has moved, a repeated delivery's own conditions may well fail.
    match reasons.next() {
        Some(Reason::ConditionFailed(found)) => return Refusal::Record(found),
        Some(Reason::Invalid(reason)) => return Refusal::Invalid(reason),
        Some(Reason::None | Reason::Conflict | Reason::Throttled) | None => {}
    }
    // What a step decided before its time says nothing.
    if stands_after && let Some(Reason::ConditionFailed(found)) = reasons.next() {
        return Refusal::Early(found);
    }
    let own = conditions
        .iter()
        .zip(reasons)
        .find_map(|(conditions, reason)| match reason {
            Reason::ConditionFailed(found) => {
                conditions.failure(found.as_ref()).map(Refusal::Condition)
            }
            Reason::Invalid(reason) => Some(Refusal::Invalid(reason)),
            Reason::None | Reason::Conflict | Reason::Throttled => None,
        });
    own.unwrap_or_else(|| {
        Refusal::Busy(Failure::busy(
            "other transactions keep writing the same items",
        ))
    })
}

/// In this mode no delivery leaves a record open; one that is comes from a step that had an outside effect before.
pub(super) fn in_progress(answer: Answer) -> Result<Value, Failure> {
    answer.unwrap_or_else(|| {
        Failure::busy(
            "an earlier delivery of the step, as one with an outside effect, is still open",
        )
    })
}

fn foreign(record: &Record) -> Failure {
    Failure::unknown(format!(
        "the record says {}: the action ran as a step with an outside effect, which no transaction can undo",
        record.state
    ))
}

pub(super) fn panicked(panic: &str) -> Failure {
    Failure::unknown(format!("the step panicked: {panic}"))
}

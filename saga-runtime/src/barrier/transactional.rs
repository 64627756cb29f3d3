//! Mode T: the effects are writes, and commit in one transaction with the record. So there are no claims:
//! the record is there if, and only if, the effects are.

use std::sync::Arc;

use serde_json::Value;

use super::record::{self, Answer, Record, State, expiry};
use super::verdict::{Verdict, try_again};
use super::{
    Attempt, Barrier, DecodeTx, Decoded, RACES, answer, check_output, lost_race, store_failure,
};
use crate::__private::TxCall;
use crate::failure::Failure;
use crate::guard::{Ended, Trouble};
use crate::store::{Item, Reason, RecordMove, RecordWrite, StoredRecord, Transacted};
use crate::tx::{Conditions, Planned, StepFailure, Tx};

/// Why a transaction did not take place.
enum Refusal {
    /// The record was not as expected; this is what it was.
    Record(Option<Item>),
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
            return in_progress(self.reject(attempt.inh, late).await);
        }
        let (tx, ended) = self.run_tx(call).await;
        match ended {
            Ended::Output(output) => self.commit(attempt, tx.into_writes(), output).await,
            Ended::Failed(error) => match attempt.judge(error) {
                Verdict::TryAgain(failure) => self.settle(&attempt, failure).await,
                Verdict::Reject(failure) => in_progress(self.reject(attempt.inh, failure).await),
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
    pub(super) async fn compensate_tx(&self, decode: DecodeTx<'_>) -> Result<Value, Failure> {
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
            let out = record.out().ok_or_else(|| record::lost("output"))?;
            let call = decode(record.args(), out).map_err(Failure::unknown)?;
            drop(record);
            let (tx, ended) = self.run_tx(call).await;
            match ended {
                Ended::Output(_) => {}
                Ended::Failed(error) => return Err(try_again(error)),
                Ended::NotJson(error) => return Err(Failure::unknown(error)),
                Ended::Panicked(panic) => return Err(panicked(&panic)),
                Ended::Stopped(failure) => return Err(failure),
            }
            let planned = tx.into_writes().map_err(Failure::unknown)?;
            let undone = RecordWrite::Move(RecordMove {
                key: Arc::clone(self.identity.record_key()),
                from: State::Done.name(),
                to: State::Compensated.name(),
                ttl: expiry(self.now()),
            });
            match self.transact(undone, planned).await {
                Ok(()) => return Ok(Value::Null),
                // Another delivery of the compensation came first; the record knows.
                Err(Refusal::Record(_)) => {}
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
        &self, mut attempt: Attempt, planned: Result<Vec<Planned>, String>, output: Value,
    ) -> Result<Value, Failure> {
        let planned = match planned {
            Ok(planned) => planned,
            Err(mistake) => return self.decline(&attempt, mistake).await,
        };
        let out = match check_output(&output, &attempt.args) {
            Ok(out) => out,
            Err(reason) => return self.decline(&attempt, reason).await,
        };
        let done = RecordWrite::Put(StoredRecord {
            key: Arc::clone(self.identity.record_key()),
            state: State::Done.name(),
            inh: attempt.inh,
            args: std::mem::take(&mut attempt.args),
            out,
            ttl: expiry(self.now()),
        });
        match self.transact(done, planned).await {
            Ok(()) => Ok(output),
            Err(Refusal::Record(found)) => in_progress(answer(found, attempt.inh)),
            Err(Refusal::Condition(error)) => match attempt.judge(error) {
                Verdict::TryAgain(failure) => Err(failure),
                Verdict::Reject(failure) => in_progress(self.reject(attempt.inh, failure).await),
            },
            Err(Refusal::Invalid(reason)) => self.decline(&attempt, reason).await,
            Err(Refusal::Busy(failure)) => Err(failure),
        }
    }

    /// Commits the record's move together with the step's writes. The record comes first, as [`refusal`] expects.
    ///
    /// The call is put together here and not in the future, which has no room for its parts then.
    fn transact(
        &self, record: RecordWrite, planned: Vec<Planned>,
    ) -> impl Future<Output = Result<(), Refusal>> + Send {
        let mut writes = Vec::with_capacity(planned.len());
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
                Ok(Transacted::Refused(reasons)) => Err(refusal(reasons, &conditions)),
                Err(error) if error.is_unfit() => Err(Refusal::Invalid(error.to_string())),
                Err(error) => Err(Refusal::Busy(store_failure(&error))),
            }
        }
    }
}

/// What kept a transaction from taking place.
fn refusal(reasons: Vec<Reason>, conditions: &[Conditions]) -> Refusal {
    let mut reasons = reasons.into_iter();
    // The record comes first and counts most: where it has moved, a repeated delivery's own conditions may well fail.
    match reasons.next() {
        Some(Reason::ConditionFailed(found)) => return Refusal::Record(found),
        Some(Reason::Invalid(reason)) => return Refusal::Invalid(reason),
        Some(Reason::None | Reason::Conflict | Reason::Throttled) | None => {}
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
fn in_progress(answer: Answer) -> Result<Value, Failure> {
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

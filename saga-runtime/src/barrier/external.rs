//! Mode X: an effect outside of the database, which no transaction covers. A delivery claims the record before it acts, and
//! writes what came of it under the same claim.
//!
//! A claim is a lease, which lasts until the host has stopped its holder, and an epoch, which grows with each claim: a
//! holder that comes back after another took over cannot write any more. Who takes over an action acts under the same
//! idempotency key; a compensation that takes over an action without a recorded end is told `Outcome::Unknown`.
//!
//! A holder that knows it will do no more lets go: it ends the lease and keeps the epoch. Letting go says only
//! "I am done", never "nothing happened", so that it is sound in each of these cases:
//!
//! - An error that is tried again: a transient one, or any of a retriable step. The next delivery acts under the same key.
//!   The error is no promise that the effect did not take place (an outside call that timed out makes one, too), hence a
//!   compensation is still told `Unknown`.
//! - A panic. The code that held the claim has been dropped, and the key covers what it did.
//! - An output that cannot be recorded: too large, or no JSON. The effect took place. A further delivery gets the same
//!   output for the same key and fails in the same way, and the compensation is told `Unknown` and undoes by key.
//!
//! A delivery that is dropped or dies lets nothing go; its lease runs out by itself.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::record::{self, Answer, RELEASED, Record, State, millis, set};
use super::transactional::panicked;
use super::verdict::{Verdict, try_again};
use super::{Attempt, Barrier, DecodeCx, Decoded, RACES, check_output, lost_race};
use crate::__private::CxCall;
use crate::context::Context;
use crate::failure::Failure;
use crate::guard::{Ended, Trouble};
use crate::outcome::Outcome;
use crate::store::{Change, Condition, Item, Operation, Stored, Write, Written, field};

/// How far the clocks of two hosts may be apart: a claim lasts this much longer than its holder may run.
const CLOCK_SKEW: Duration = Duration::from_secs(5);

/// What became of a wish to act.
enum Claim {
    /// Granted, under this epoch.
    Mine(i64),
    /// Not needed, or not to be had: this is the answer.
    Answered(Result<Value, Failure>),
}

/// What became of a wish to compensate.
enum Undo {
    /// Granted; this is what there is to undo.
    Mine(Record),
    /// Nothing is left to undo.
    Ended,
}

impl Barrier {
    pub(super) async fn act_cx(
        &self, attempt: &Attempt, call: Decoded<CxCall>,
    ) -> Result<Value, Failure> {
        let call = match call {
            Ok(call) => call,
            Err(reason) => return self.decline(attempt, reason).await,
        };
        if attempt.late {
            let late =
                Failure::refused("the saga's deadline has passed, and the action has not begun");
            match self.reject(attempt, late).await {
                Answer::Settled(answer) => return answer,
                // Whether the saga goes forward or back hangs on what the open delivery did: find out.
                Answer::Open if attempt.kind == crate::Kind::Pivot => {}
                Answer::Open => {
                    return Err(Failure::unknown(
                        "the saga's deadline has passed, and what an earlier delivery did is not known",
                    ));
                }
            }
        }
        let epoch = match self.claim(attempt).await? {
            Claim::Mine(epoch) => epoch,
            Claim::Answered(answer) => return answer,
        };
        match self.run_cx(call).await {
            Ended::Output(output) => self.finish(attempt, epoch, output).await,
            Ended::Failed(error) => match attempt.judge(error) {
                Verdict::TryAgain(failure) => self.let_go(State::Running, epoch, failure).await,
                Verdict::Reject(failure, _) => self.reject_claimed(attempt, epoch, failure).await,
            },
            Ended::NotJson(error) => {
                self.lose_output(epoch, format!("it is no JSON: {error}"))
                    .await
            }
            Ended::Panicked(panic) => self.let_go(State::Running, epoch, panicked(&panic)).await,
            Ended::Stopped(failure) => self.let_go(State::Running, epoch, failure).await,
        }
    }

    /// Compensates an outside effect; or leaves a tombstone where there was none.
    pub(super) async fn compensate_cx(&self, decode: DecodeCx<'_>) -> Result<Value, Failure> {
        let record = match self.claim_undo().await? {
            Undo::Mine(record) => record,
            Undo::Ended => return Ok(Value::Null),
        };
        let epoch = record.epoch();
        let outcome = record.out().map_or(Outcome::Unknown, Outcome::Done);
        let call = match decode(record.args(), outcome) {
            Ok(call) => call,
            Err(reason) => {
                return self
                    .let_go(State::Compensating, epoch, Failure::unknown(reason))
                    .await;
            }
        };
        let failure = match self.run_cx(call).await {
            Ended::Output(_) => return self.finish_undo(epoch).await,
            Ended::Failed(error) => try_again(error),
            Ended::NotJson(error) => Failure::unknown(error),
            Ended::Panicked(panic) => panicked(&panic),
            Ended::Stopped(failure) => failure,
        };
        self.let_go(State::Compensating, epoch, failure).await
    }

    async fn run_cx(&self, call: CxCall) -> Ended {
        let context = Context::new(Arc::clone(&self.identity), self.invocation.clone());
        let rehearsal = self.invocation.rehearsal();
        rehearsal.run(|| call(&context), &Trouble::default()).await
    }

    async fn claim(&self, attempt: &Attempt) -> Result<Claim, Failure> {
        for _ in 0..RACES {
            let expired = State::Running
                .holds()
                .and(self.lease_expired())
                .and(field("inh").equals(attempt.inh.text()));
            let mut changes = self.lease()?;
            changes.extend([
                set("inh", attempt.inh.text()),
                set("args", attempt.args.as_str()),
            ]);
            let claim = record::update(
                self.key(),
                State::Running,
                changes,
                record::absent().or(expired),
                self.now(),
            );
            let found = match self.write(&claim).await? {
                Written::Done(Some(item)) => return Ok(Claim::Mine(read(item)?.epoch())),
                Written::Refused(Some(item)) => read(item)?,
                // The record expired in between.
                Written::Done(None) | Written::Refused(None) => continue,
            };
            if found.state == State::Running && self.owns(&found) {
                return Ok(Claim::Mine(found.epoch()));
            }
            return Ok(Claim::Answered(attempt.answer(&found).unwrap_or_else(
                || Failure::busy("an earlier delivery of the step may still be at work"),
            )));
        }
        Err(lost_race())
    }

    async fn claim_undo(&self) -> Result<Undo, Failure> {
        for _ in 0..RACES {
            let open = State::Running.holds().or(State::Compensating.holds());
            let condition = State::Done.holds().or(open.and(self.lease_expired()));
            let claim = record::update(
                self.key(),
                State::Compensating,
                self.lease()?,
                condition,
                self.now(),
            );
            let found = match self.write(&claim).await? {
                Written::Done(Some(item)) => return Ok(Undo::Mine(read(item)?)),
                Written::Refused(Some(item)) => Some(read(item)?),
                Written::Done(None) | Written::Refused(None) => None,
            };
            match found.map(|record| (record.state, record)) {
                None | Some((State::Rejected, _)) if self.bury().await? => return Ok(Undo::Ended),
                Some((State::Compensated | State::Tombstone, _)) => return Ok(Undo::Ended),
                Some((State::Compensating, record)) if self.owns(&record) => {
                    return Ok(Undo::Mine(record));
                }
                Some((State::Running | State::Compensating, _)) => {
                    return Err(Failure::busy(
                        "another delivery of the step may still be at work",
                    ));
                }
                None | Some((State::Rejected | State::Done, _)) => {}
            }
        }
        Err(lost_race())
    }

    async fn finish(&self, attempt: &Attempt, epoch: i64, output: Value) -> Result<Value, Failure> {
        let out = match check_output(&output, attempt.args.len()) {
            Ok(out) => out,
            Err(reason) => return self.lose_output(epoch, reason).await,
        };
        match self.end_claim(State::Done, epoch, set("out", out)).await? {
            Written::Done(_) => Ok(output),
            // The claim was lost to another delivery, or this is the second try of a write whose reply was lost.
            Written::Refused(found) => overtaken(attempt.answer_found(found)),
        }
    }

    async fn reject_claimed(
        &self, attempt: &Attempt, epoch: i64, failure: Failure,
    ) -> Result<Value, Failure> {
        let err = serde_json::to_string(&failure).unwrap_or_default();
        match self
            .end_claim(State::Rejected, epoch, set("err", err))
            .await
        {
            Ok(Written::Done(_)) => Err(failure),
            Ok(Written::Refused(found)) => overtaken(attempt.answer_found(found)),
            Err(failure) => Err(failure),
        }
    }

    async fn finish_undo(&self, epoch: i64) -> Result<Value, Failure> {
        let condition = record::claimed(State::Compensating, epoch);
        let changes = vec![Change::Remove("lease".to_owned())];
        let update = record::update(
            self.key(),
            State::Compensated,
            changes,
            condition,
            self.now(),
        );
        let Written::Refused(found) = self.write(&update).await? else {
            return Ok(Value::Null);
        };
        match found.map(read).transpose()?.map(|record| record.state) {
            Some(State::Compensated) => Ok(Value::Null),
            _ => Err(lost_race()),
        }
    }

    /// Records how a claimed action ended.
    async fn end_claim(
        &self, state: State, epoch: i64, result: Change,
    ) -> Result<Written, Failure> {
        let changes = vec![result, Change::Remove("lease".to_owned())];
        let condition = record::claimed(State::Running, epoch);
        self.write(&record::update(
            self.key(),
            state,
            changes,
            condition,
            self.now(),
        ))
        .await
    }

    async fn lose_output(&self, epoch: i64, reason: String) -> Result<Value, Failure> {
        let failure = Failure::unknown(format!(
            "the step took effect, but its output cannot be recorded: {reason}"
        ));
        self.let_go(State::Running, epoch, failure).await
    }

    /// Ends the lease, for the reasons at the head of this file, and answers with `failure`.
    async fn let_go(&self, state: State, epoch: i64, failure: Failure) -> Result<Value, Failure> {
        let write = Write {
            key: self.key(),
            operation: Operation::Update(vec![set("lease", RELEASED)]),
            condition: Some(record::claimed(state, epoch)),
        };
        // If it fails, the lease runs out by itself.
        let _ = self.write(&write).await;
        Err(failure)
    }

    /// The changes by which this delivery takes hold of the record.
    fn lease(&self) -> Result<Vec<Change>, Failure> {
        let deadline = self.invocation.deadline();
        // A holder that may be stopped at any moment has nothing to hold on with.
        if self.now() >= deadline {
            return Err(Failure::busy(
                "the delivery's time was over before the step could begin",
            ));
        }
        let until = millis(deadline).saturating_add(millis(std::time::UNIX_EPOCH + CLOCK_SKEW));
        Ok(vec![
            set("own", self.invocation.request_id()),
            set("lease", until),
            Change::Add("ep".to_owned(), 1),
        ])
    }

    fn lease_expired(&self) -> Condition {
        field("lease").less_than(millis(self.now()))
    }

    fn owns(&self, record: &Record) -> bool {
        record.owner() == Some(self.invocation.request_id())
    }
}

fn read(item: Item) -> Result<Record, Failure> {
    Record::read(Stored::Item(item))
}

fn overtaken(answer: Answer) -> Result<Value, Failure> {
    answer.unwrap_or_else(|| Failure::busy("a later delivery of the step has taken over"))
}

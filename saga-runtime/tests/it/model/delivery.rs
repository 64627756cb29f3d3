//! What a delivery does next: which call, the participant's code, or its answer. The barrier's code, line by line, without its data.

use super::record::{Call, Landed, Lease, No, Record, Reply, SKEW, Sabotage, Stage};

/// How often a store makes a call that gets no answer before the delivery gives up.
pub(super) const TRIES: u8 = 3;

/// How often a compensation looks again after it lost a race.
const RACES: u8 = 4;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Mode {
    /// The effect is a write, in one transaction with the record.
    T,
    /// The effect is outside.
    X,
}

/// What is delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Action {
        input: u8,
    },
    /// An action that must not begin: the flow's deadline has passed.
    Late {
        input: u8,
    },
    Compensation,
}

/// How the participant's code ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum End {
    Output,
    /// A transient error or a panic, and no effect.
    Failed,
    /// The same after an outside effect.
    FailedAfterEffect,
    /// The participant's own no.
    No,
    /// In mode T, a write whose condition does not hold.
    Short,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Phase {
    Waiting,
    /// A call is under way, for the so-manieth time.
    Calling(Call, u8),
    /// In the participant's code, under the claim of this epoch.
    Coding(u8),
    Ended,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Delivery {
    pub(super) phase: Phase,
    /// How often it lost a race.
    pub(super) races: u8,
    /// How long it may still run; negative after its deadline.
    pub(super) left: i8,
}

/// What a delivery does next.
#[derive(Clone, Copy)]
pub(super) enum Next {
    Call(Call),
    Code(u8),
    End(Reply),
}

/// One delivery, and all that it decides by.
pub(super) struct Script {
    pub(super) mode: Mode,
    pub(super) kind: Kind,
    pub(super) by: u8,
    pub(super) left: i8,
    pub(super) sabotage: Option<Sabotage>,
}

impl Script {
    pub(super) fn begin(&self) -> Next {
        match (self.kind, self.mode) {
            (Kind::Late { input }, _) => Next::Call(Call::Reject {
                input,
                no: No::Refused,
            }),
            (Kind::Action { .. }, Mode::T) => Next::Code(0),
            (Kind::Action { input }, Mode::X) => self.claim(|lease| Call::Claim { input, lease }),
            (Kind::Compensation, Mode::T) => Next::Call(Call::Look),
            (Kind::Compensation, Mode::X) => self.claim(|lease| Call::ClaimUndo { lease }),
        }
    }

    fn claim(&self, call: impl Fn(Lease) -> Call) -> Next {
        if self.left <= 0 {
            return Next::End(Reply::Busy);
        }
        let short = self.sabotage == Some(Sabotage::ShortLease);
        Next::Call(call(Lease {
            by: self.by,
            until: self.left + if short { -SKEW } else { SKEW },
            made: 0,
        }))
    }

    /// What follows the participant's code.
    pub(super) fn coded(&self, epoch: u8, end: End) -> Next {
        let call = match (self.mode, self.kind) {
            (Mode::T, Kind::Action { input } | Kind::Late { input }) => match end {
                End::Output if self.sabotage == Some(Sabotage::NoTransaction) => Call::Write,
                End::Output | End::Short => Call::Commit {
                    input,
                    short: end == End::Short,
                },
                End::No => Call::Reject { input, no: No::Own },
                End::Failed | End::FailedAfterEffect => Call::Settle,
            },
            (Mode::X, Kind::Action { .. } | Kind::Late { .. }) => match end {
                End::Output => Call::Finish {
                    stage: Stage::Done,
                    epoch,
                },
                End::No => Call::Finish {
                    stage: Stage::Rejected,
                    epoch,
                },
                _ => Call::LetGo {
                    stage: Stage::Running,
                    epoch,
                },
            },
            (Mode::T, Kind::Compensation) if end == End::Output => Call::CommitUndo,
            (Mode::T, Kind::Compensation) => return Next::End(Reply::Transient),
            (Mode::X, Kind::Compensation) if end == End::Output => Call::FinishUndo { epoch },
            (Mode::X, Kind::Compensation) => Call::LetGo {
                stage: Stage::Compensating,
                epoch,
            },
        };
        Next::Call(call)
    }

    /// What follows a call; `landed` is none if no try of it was answered.
    pub(super) fn called(&self, call: Call, landed: Option<Landed>, races: u8) -> Next {
        match self.kind {
            Kind::Action { input } | Kind::Late { input } => self.acted(input, call, landed),
            Kind::Compensation => self.undone(call, landed, races),
        }
    }

    fn acted(&self, input: u8, call: Call, landed: Option<Landed>) -> Next {
        let answer = |found: Option<Record>, open| match found {
            Some(found) => {
                let whose = if self.sabotage == Some(Sabotage::NoInput) {
                    found.input.unwrap_or(input)
                } else {
                    input
                };
                Next::End(found.answer(whose).unwrap_or(open))
            }
            None => Next::End(Reply::Busy),
        };
        let Some(landed) = landed else {
            return Next::End(match call {
                Call::Settle | Call::LetGo { .. } => Reply::Transient,
                _ => Reply::Busy,
            });
        };
        match (call, landed) {
            (Call::Settle, Landed::Done(Some(found))) => answer(Some(found), Reply::Transient),
            (Call::Settle | Call::LetGo { .. }, _) => Next::End(Reply::Transient),
            (Call::Reject { no, .. }, Landed::Done(_)) => Next::End(Reply::No(no)),
            (Call::Reject { .. }, Landed::Refused(found)) => match self.mode {
                Mode::T => answer(found, Reply::Busy),
                Mode::X => answer(found, Reply::Unknown),
            },
            (Call::Write, _) => Next::Call(Call::Commit {
                input,
                short: false,
            }),
            (Call::Commit { .. }, Landed::Short) => Next::Call(Call::Reject { input, no: No::Own }),
            (Call::Claim { .. }, Landed::Done(Some(mine))) => Next::Code(mine.epoch),
            (Call::Claim { .. }, Landed::Refused(Some(found)))
                if found.stage == Stage::Running && self.owns(&found) =>
            {
                Next::Code(found.epoch)
            }
            (
                Call::Finish {
                    stage: Stage::Rejected,
                    ..
                },
                Landed::Done(_),
            ) => Next::End(Reply::No(No::Own)),
            (Call::Commit { .. } | Call::Finish { .. }, Landed::Done(_)) => {
                Next::End(Reply::Output)
            }
            (_, Landed::Refused(found)) => answer(found, Reply::Busy),
            (_, Landed::Done(_) | Landed::Short) => Next::End(Reply::Busy),
        }
    }

    fn undone(&self, call: Call, landed: Option<Landed>, races: u8) -> Next {
        let Some(landed) = landed else {
            return Next::End(match call {
                Call::LetGo { .. } => Reply::Transient,
                _ => Reply::Busy,
            });
        };
        match (call, landed) {
            (Call::LetGo { .. }, _) => Next::End(Reply::Transient),
            (Call::Look, Landed::Done(found)) => match found.map(|found| found.stage) {
                Some(Stage::Done) => Next::Code(0),
                Some(Stage::Compensated | Stage::Tombstone) => Next::End(Reply::Output),
                Some(Stage::Running | Stage::Compensating) => Next::End(Reply::Unknown),
                Some(Stage::Rejected) | None => Next::Call(Call::Bury),
            },
            (Call::ClaimUndo { .. }, Landed::Done(Some(mine))) => Next::Code(mine.epoch),
            (Call::ClaimUndo { .. }, Landed::Refused(Some(found))) => match found.stage {
                Stage::Rejected => Next::Call(Call::Bury),
                Stage::Compensated | Stage::Tombstone => Next::End(Reply::Output),
                Stage::Compensating if self.owns(&found) => Next::Code(found.epoch),
                Stage::Running | Stage::Compensating => Next::End(Reply::Busy),
                Stage::Done => self.again(races),
            },
            (Call::ClaimUndo { .. }, Landed::Refused(None)) => Next::Call(Call::Bury),
            (Call::Bury | Call::CommitUndo | Call::FinishUndo { .. }, Landed::Done(_)) => {
                Next::End(Reply::Output)
            }
            (Call::FinishUndo { .. }, Landed::Refused(found)) => {
                let ended = found.is_some_and(|found| found.stage == Stage::Compensated);
                Next::End(if ended { Reply::Output } else { Reply::Busy })
            }
            _ => self.again(races),
        }
    }

    fn again(&self, races: u8) -> Next {
        if races + 1 == RACES {
            Next::End(Reply::Busy)
        } else {
            self.begin()
        }
    }

    fn owns(&self, record: &Record) -> bool {
        record.owner == Some(self.by) && self.sabotage != Some(Sabotage::NoOwnClaim)
    }
}

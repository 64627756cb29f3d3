//! The record in the model, and the calls that move it: on which condition, and to what. Knows no delivery.

/// For how long a delivery may run. Time is counted from now, in units of five seconds.
pub(super) const LIFE: i8 = 2;

/// How much longer than its holder's life a lease lasts.
pub(super) const SKEW: i8 = 1;

/// How long a call may have been under way and still arrive.
const ON_ITS_WAY: i8 = 6;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Stage {
    Running,
    Done,
    Rejected,
    Compensating,
    Compensated,
    Tombstone,
}

impl Stage {
    pub(super) fn is_terminal(self) -> bool {
        matches!(self, Self::Compensated | Self::Tombstone)
    }
}

/// Whose no a rejection is: the participant's own, or the runtime's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum No {
    Own,
    Refused,
}

/// What a delivery answers. The last three are no more than "try again".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Reply {
    Output,
    No(No),
    Busy,
    Unknown,
    Transient,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Record {
    pub(super) stage: Stage,
    pub(super) input: Option<u8>,
    pub(super) has_output: bool,
    pub(super) no: Option<No>,
    pub(super) epoch: u8,
    pub(super) owner: Option<u8>,
    /// When the lease ends; none if it is over for every call that may still arrive.
    pub(super) lease: Option<i8>,
}

impl Record {
    fn new(stage: Stage, input: Option<u8>) -> Self {
        Self {
            stage,
            input,
            has_output: false,
            no: None,
            epoch: 0,
            owner: None,
            lease: None,
        }
    }

    /// What the record answers an action with; none while an earlier delivery of the same input is open.
    pub(super) fn answer(&self, input: u8) -> Option<Reply> {
        let same = self.input == Some(input);
        match self.stage {
            Stage::Running if same => None,
            Stage::Done if same => Some(Reply::Output),
            Stage::Running | Stage::Done => Some(Reply::Unknown),
            Stage::Rejected if same => Some(Reply::No(self.no.unwrap_or(No::Refused))),
            _ => Some(Reply::No(No::Refused)),
        }
    }
}

/// By whom and until when a record is claimed, and what time it was when the call was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Lease {
    pub(super) by: u8,
    pub(super) until: i8,
    pub(super) made: i8,
}

/// A call of the store, as the barrier makes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Call {
    /// A read, by an action that failed: has another delivery an answer?
    Settle,
    /// A read, by a compensation in mode T.
    Look,
    /// The record of a definite no, where there is no record.
    Reject {
        input: u8,
        no: No,
    },
    /// The business write alone: only where the transaction was taken away.
    Write,
    /// The record and the business write, in one transaction. `short`: a condition of the step's own does not hold.
    Commit {
        input: u8,
        short: bool,
    },
    /// The same for a compensation.
    CommitUndo,
    /// The tombstone.
    Bury,
    Claim {
        input: u8,
        lease: Lease,
    },
    /// The end of a claimed action: its output, or its no.
    Finish {
        stage: Stage,
        epoch: u8,
    },
    ClaimUndo {
        lease: Lease,
    },
    FinishUndo {
        epoch: u8,
    },
    /// The end of a lease whose holder does no more.
    LetGo {
        stage: Stage,
        epoch: u8,
    },
}

/// What became of a call that arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Landed {
    /// It was a read, or its condition held; this is the record now.
    Done(Option<Record>),
    /// Its condition did not hold of this record.
    Refused(Option<Record>),
    /// The record was as expected, but a condition of the step's own did not hold.
    Short,
}

/// What may be taken away from the barrier, so that the checks are seen to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sabotage {
    /// A claim's end does not ask for its epoch.
    NoFencing,
    /// A delivery does not know its own claim again.
    NoOwnClaim,
    /// A lease ends before its holder does.
    ShortLease,
    /// An action leaves no record of its effect.
    NoRecord,
    /// The business write and the record are two calls.
    NoTransaction,
    /// A compensation that finds nothing leaves nothing.
    NoTombstone,
    /// The input is no part of the question whether an action was taken already.
    NoInput,
    /// An open claim of an action is never taken over by another action.
    NoTakingOver,
    /// A compensation waits for no lease.
    NoWaiting,
}

impl Call {
    pub(super) fn is_read(self) -> bool {
        matches!(self, Self::Settle | Self::Look)
    }

    pub(super) fn lease(&mut self) -> Option<&mut Lease> {
        match self {
            Self::Claim { lease, .. } | Self::ClaimUndo { lease } => Some(lease),
            _ => None,
        }
    }

    /// Lets time go by.
    pub(super) fn tick(&mut self, time: i8) {
        if let Some(lease) = self.lease() {
            lease.until -= time;
            lease.made -= time;
        }
    }

    /// Whether it was lost for good.
    pub(super) fn is_lost(mut self) -> bool {
        self.lease().is_some_and(|lease| lease.made < -ON_ITS_WAY)
    }

    /// Whether its condition holds no more, whatever comes: a record never goes away, and an epoch never comes back.
    pub(super) fn is_moot(self, record: Option<Record>) -> bool {
        let Some(record) = record else {
            return false;
        };
        match self {
            Self::Settle | Self::Look | Self::Write => false,
            Self::Reject { .. } | Self::Commit { .. } => true,
            Self::CommitUndo => !matches!(record.stage, Stage::Running | Stage::Done),
            Self::Bury => !matches!(record.stage, Stage::Running | Stage::Rejected),
            Self::Claim { .. } => record.stage != Stage::Running,
            Self::ClaimUndo { .. } => record.stage.is_terminal() || record.stage == Stage::Rejected,
            Self::Finish { epoch, .. } => record.stage != Stage::Running || record.epoch != epoch,
            Self::FinishUndo { epoch } => {
                record.stage != Stage::Compensating || record.epoch != epoch
            }
            Self::LetGo { stage, epoch } => record.stage != stage || record.epoch != epoch,
        }
    }

    /// Takes place, if its condition holds.
    pub(super) fn land(self, record: Option<Record>, sabotage: Option<Sabotage>) -> Landed {
        if self.is_read() || self == Self::Write {
            return Landed::Done(record);
        }
        if !self.holds(record, sabotage) {
            return Landed::Refused(record);
        }
        if let Self::Commit { short: true, .. } = self {
            return Landed::Short;
        }
        let written = match (self, sabotage) {
            (Self::Commit { .. }, Some(Sabotage::NoRecord))
            | (Self::Bury, Some(Sabotage::NoTombstone)) => record,
            _ => Some(self.written(record)),
        };
        Landed::Done(written)
    }

    fn holds(self, record: Option<Record>, sabotage: Option<Sabotage>) -> bool {
        let Some(record) = record else {
            return matches!(
                self,
                Self::Reject { .. } | Self::Commit { .. } | Self::Bury | Self::Claim { .. }
            );
        };
        let mine = |epoch| record.epoch == epoch || sabotage == Some(Sabotage::NoFencing);
        let over = |lease: Lease| record.lease.is_none_or(|until| until < lease.made);
        match self {
            Self::Settle | Self::Look | Self::Write => true,
            Self::Reject { .. } | Self::Commit { .. } => false,
            Self::CommitUndo => record.stage == Stage::Done,
            Self::Bury => matches!(record.stage, Stage::Rejected | Stage::Tombstone),
            Self::Claim { input, lease } => {
                record.stage == Stage::Running
                    && over(lease)
                    && sabotage != Some(Sabotage::NoTakingOver)
                    && (record.input == Some(input) || sabotage == Some(Sabotage::NoInput))
            }
            Self::Finish { epoch, .. } => record.stage == Stage::Running && mine(epoch),
            Self::ClaimUndo { lease } => match record.stage {
                Stage::Done => true,
                Stage::Running | Stage::Compensating => {
                    over(lease) || sabotage == Some(Sabotage::NoWaiting)
                }
                Stage::Rejected | Stage::Compensated | Stage::Tombstone => false,
            },
            Self::FinishUndo { epoch } => record.stage == Stage::Compensating && mine(epoch),
            Self::LetGo { stage, epoch } => record.stage == stage && mine(epoch),
        }
    }

    /// The record after it, where its condition holds.
    fn written(self, record: Option<Record>) -> Record {
        let old = record.unwrap_or_else(|| Record::new(Stage::Tombstone, None));
        let claimed = |stage, lease: Lease| Record {
            stage,
            epoch: old.epoch + 1,
            owner: Some(lease.by),
            lease: Some(lease.until),
            ..old
        };
        match self {
            Self::Settle | Self::Look | Self::Write => old,
            Self::Reject { input, no } => Record {
                no: Some(no),
                ..Record::new(Stage::Rejected, Some(input))
            },
            Self::Commit { input, .. } => Record {
                has_output: true,
                ..Record::new(Stage::Done, Some(input))
            },
            Self::CommitUndo | Self::FinishUndo { .. } => Record {
                stage: Stage::Compensated,
                lease: None,
                ..old
            },
            Self::Bury => Record {
                stage: Stage::Tombstone,
                ..old
            },
            Self::Claim { input, lease } => Record {
                input: Some(input),
                ..claimed(Stage::Running, lease)
            },
            Self::ClaimUndo { lease } => claimed(Stage::Compensating, lease),
            Self::Finish { stage, .. } => Record {
                stage,
                has_output: stage == Stage::Done,
                no: (stage == Stage::Rejected).then_some(No::Own),
                lease: None,
                ..old
            },
            Self::LetGo { .. } => Record { lease: None, ..old },
        }
    }
}

//! What a fault matrix found, case by case, and how it reads. Judges nothing.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

/// How a case ended, as its client was told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "end", rename_all = "snake_case")]
pub enum End {
    /// The saga succeeded.
    Committed,
    /// The saga failed, and says that nothing of it is left.
    Compensated {
        /// The error that it failed with.
        error: String,
    },
    /// The execution was stopped from outside: by the state machine's own `TimeoutSeconds`, or by its length.
    Killed {
        /// What it was stopped with.
        error: String,
    },
    /// It waits, and nobody is told anything.
    Unfinished,
    /// It could not be started.
    NotStarted,
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Committed => f.write_str("committed"),
            Self::Compensated { error } if error.is_empty() => f.write_str("failed"),
            Self::Compensated { error } => write!(f, "failed with {error}"),
            Self::Killed { error } => write!(f, "killed by {error}"),
            Self::Unfinished => f.write_str("not finished"),
            Self::NotStarted => f.write_str("not started"),
        }
    }
}

/// What is wrong with how a case ended. The steps are named as `stock.reserve`, in a loop with the item: `stock.reserve [2]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Problem {
    /// The saga failed, and the step's effect is still there.
    LeftBehind {
        /// Whose effect.
        step: String,
    },
    /// The step took effect more than once.
    DoneTwice {
        /// Which.
        step: String,
    },
    /// The step's compensation took effect more than once.
    UndoneTwice {
        /// Which.
        step: String,
    },
    /// Something was undone while a later step's effect stood.
    OutOfOrder {
        /// What was undone too early.
        step: String,
        /// What should have been undone before it.
        before: String,
    },
    /// What the client is told is not what happened.
    Misreported {
        /// In a clause.
        what: String,
    },
    /// The world is neither as it was, nor as the saga leaves it without the fault.
    Differs {
        /// What is more (`+`) and what is less (`-`), by place.
        what: String,
    },
    /// Nothing failed, and the step was undone.
    Undone {
        /// Which.
        step: String,
    },
    /// Nothing failed, and the step is without effect for good: its event came too early or too late.
    Refused {
        /// Which.
        step: String,
    },
    /// The reaction took effect, and its transaction did not commit it.
    Outside {
        /// Which.
        step: String,
    },
    /// An event that was committed did not get to everybody who reacts to it.
    Lost {
        /// Its type.
        event: String,
        /// Whose reaction there is no trace of.
        step: String,
    },
    /// An event came that no transaction committed.
    Beside {
        /// Its type.
        event: String,
    },
    /// A message could not be taken, however often it came.
    DeadLetter {
        /// The event's type, or the command's name.
        event: String,
        /// Who could not take it.
        participant: String,
        /// Why, at the last try.
        why: String,
    },
    /// The saga did not come to an end.
    Unfinished {
        /// Where it stands.
        at: String,
    },
    /// A rule of the user's does not hold.
    Broken {
        /// The rule's name.
        invariant: String,
        /// What it says.
        what: String,
    },
    /// The case could not be run.
    NotRun {
        /// Why.
        why: String,
    },
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LeftBehind { step } => write!(f, "`{step}` is left behind"),
            Self::DoneTwice { step } => write!(f, "`{step}` was done twice"),
            Self::UndoneTwice { step } => write!(f, "`{step}` was undone twice"),
            Self::OutOfOrder { step, before } => {
                write!(f, "`{step}` was undone before `{before}`, which came later")
            }
            Self::Misreported { what } => write!(f, "misreported: {what}"),
            Self::Differs { what } => write!(f, "left otherwise: {what}"),
            Self::Undone { step } => write!(f, "`{step}` was undone, and nothing failed"),
            Self::Refused { step } => write!(f, "`{step}` was refused, and nothing failed"),
            Self::Outside { step } => {
                write!(f, "`{step}` took effect outside of its transaction")
            }
            Self::Lost { event, step } => {
                write!(f, "`{event}` was lost on its way to `{step}`")
            }
            Self::Beside { event } => {
                write!(f, "`{event}` was published outside of a transaction")
            }
            Self::DeadLetter {
                event,
                participant,
                why,
            } => write!(f, "`{event}` is a dead letter of `{participant}`: {why}"),
            Self::Unfinished { at } => write!(f, "the saga does not end: {at}"),
            Self::Broken { invariant, what } => write!(f, "`{invariant}` is broken: {what}"),
            Self::NotRun { why } => write!(f, "not run: {why}"),
        }
    }
}

/// One fault of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Injected {
    pub(crate) state: String,
    pub(crate) item: Vec<u64>,
    pub(crate) fault: String,
    pub(crate) every_time: bool,
    pub(crate) compensation: bool,
}

impl Injected {
    /// The state whose deliveries it hit.
    pub fn state(&self) -> &str {
        &self.state
    }

    /// The item of a loop; empty outside of loops.
    pub fn item(&self) -> &[u64] {
        &self.item
    }

    /// The fault, in words.
    pub fn fault(&self) -> &str {
        &self.fault
    }

    /// Whether it hit every delivery until the retries were used up, and not the first alone.
    pub fn is_every_time(&self) -> bool {
        self.every_time
    }

    /// Whether it hit a compensation.
    pub fn is_compensation(&self) -> bool {
        self.compensation
    }
}

impl fmt::Display for Injected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = super::world::name(&self.state, &self.item);
        let every = if self.every_time { " every time" } else { "" };
        write!(f, "{state}: {}{every}", self.fault)
    }
}

/// One run of the matrix.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Case {
    pub(crate) input: String,
    pub(crate) injected: Vec<Injected>,
    pub(crate) path: Vec<String>,
    pub(crate) parked: u32,
    pub(crate) skipped: bool,
    #[serde(flatten)]
    pub(crate) end: End,
    pub(crate) problems: Vec<Problem>,
}

impl Case {
    /// The name of the input.
    pub fn input(&self) -> &str {
        &self.input
    }

    /// What went wrong, on purpose. Nothing, in the first case of an input.
    pub fn injected(&self) -> &[Injected] {
        &self.injected
    }

    /// The states entered, in order; those of nested executions follow.
    pub fn path(&self) -> &[String] {
        &self.path
    }

    /// How often it was parked, and answered by the matrix.
    pub fn parked(&self) -> u32 {
        self.parked
    }

    /// Whether the answer was to go on without the compensation that was stuck; otherwise it was tried again.
    pub fn is_skipped(&self) -> bool {
        self.skipped
    }

    /// How it ended.
    pub fn end(&self) -> &End {
        &self.end
    }

    /// What is wrong with that; nothing, if all is well.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Whether all is well.
    pub fn is_consistent(&self) -> bool {
        self.problems.is_empty()
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let faults: Vec<String> = self.injected.iter().map(ToString::to_string).collect();
        let faults = if faults.is_empty() {
            "no fault".to_owned()
        } else {
            faults.join(", then ")
        };
        let parked = match (self.parked, self.skipped) {
            (0, _) => "",
            (_, true) => ", parked and skipped",
            (_, false) => ", parked and resumed",
        };
        write!(f, "{}: {faults} -> {}{parked}", self.input, self.end)?;
        let problems: Vec<String> = self.problems.iter().map(ToString::to_string).collect();
        if !problems.is_empty() {
            write!(f, ": {}", problems.join("; "))?;
        }
        if f.alternate() {
            write!(f, "\n    {}", self.path.join(" > "))?;
        }
        Ok(())
    }
}

/// What a fault matrix found.
///
/// Its text has one line for each broken case, then what no case reached, and a summary:
/// `place_order: 214 cases, all consistent`. With `{:#}` it has every case, each with the states that were entered.
/// [`assert_consistent`](Self::assert_consistent) is for tests.
#[derive(Clone, Debug, Serialize)]
#[must_use = "a broken case is only in the report"]
pub struct MatrixReport {
    pub(crate) saga: String,
    pub(crate) cases: Vec<Case>,
    pub(crate) unreached: Vec<String>,
    pub(crate) loops: BTreeMap<String, Vec<u64>>,
    /// Whether a broken case is shown with its way.
    #[serde(skip)]
    pub(crate) shows_way: bool,
}

impl MatrixReport {
    pub(crate) fn new(saga: &str) -> Self {
        Self {
            saga: saga.to_owned(),
            cases: Vec::new(),
            unreached: Vec::new(),
            loops: BTreeMap::new(),
            shows_way: false,
        }
    }

    pub(crate) fn not_run(&mut self, input: &str, why: String) {
        self.cases.push(Case {
            input: input.to_owned(),
            injected: Vec::new(),
            path: Vec::new(),
            parked: 0,
            skipped: false,
            end: End::NotStarted,
            problems: vec![Problem::NotRun { why }],
        });
    }

    /// The saga's name.
    pub fn saga(&self) -> &str {
        &self.saga
    }

    /// Every case, in the order in which they ran.
    pub fn cases(&self) -> &[Case] {
        &self.cases
    }

    /// The cases that did not end as they should.
    pub fn broken(&self) -> impl Iterator<Item = &Case> {
        self.cases.iter().filter(|case| !case.is_consistent())
    }

    /// The states that no case entered. A further input, or another state of the world, may lead to them.
    pub fn unreached(&self) -> &[String] {
        &self.unreached
    }

    /// How many items each loop had, over all inputs, without repetition.
    pub fn loops(&self) -> &BTreeMap<String, Vec<u64>> {
        &self.loops
    }

    /// Whether every case ended as it should.
    pub fn is_consistent(&self) -> bool {
        self.broken().next().is_none()
    }

    /// Does nothing if every case ended as it should.
    ///
    /// # Panics
    ///
    /// With the report, otherwise: it is for tests.
    #[track_caller]
    pub fn assert_consistent(&self) {
        assert!(self.is_consistent(), "{self}");
    }

    /// As [`assert_consistent`](Self::assert_consistent), and every state was entered, and every loop ran with no item, with
    /// one, and with several.
    ///
    /// # Panics
    ///
    /// With the report, otherwise: it is for tests.
    #[track_caller]
    pub fn assert_complete(&self) {
        self.assert_consistent();
        assert!(self.gaps().is_empty(), "{self}");
    }

    /// What no case did, a line each.
    fn gaps(&self) -> Vec<String> {
        let states = self.unreached.iter();
        let mut gaps: Vec<String> = states
            .map(|state| format!("no input reached `{state}`"))
            .collect();
        for (name, counts) in &self.loops {
            let kinds = [
                ("no item", counts.contains(&0)),
                ("one item", counts.contains(&1)),
                ("several items", counts.iter().any(|count| *count > 1)),
            ];
            let missing = kinds.iter().filter(|(_, had)| !had);
            gaps.extend(missing.map(|(kind, _)| format!("no input gave `{name}` {kind}")));
        }
        gaps
    }
}

impl fmt::Display for MatrixReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let every = f.alternate();
        for case in &self.cases {
            match (case.is_consistent(), self.shows_way) {
                _ if every => writeln!(f, "{case:#}")?,
                (false, true) => writeln!(f, "{case:#}")?,
                (false, false) => writeln!(f, "{case}")?,
                (true, _) => {}
            }
        }
        for gap in self.gaps() {
            writeln!(f, "{gap}")?;
        }
        let (all, broken) = (self.cases.len(), self.broken().count());
        match broken {
            0 => write!(f, "{}: {all} cases, all consistent", self.saga),
            _ => write!(f, "{}: {all} cases, {broken} broken", self.saga),
        }
    }
}

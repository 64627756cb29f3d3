//! What a state machine does when something fails, read from its definition. Runs nothing, and judges nothing.

mod env;
mod error;
mod flow;
mod route;
mod rows;
mod text;

use serde::Serialize;

use crate::model::{StateMachine, StateName};

pub use error::OTHER;

/// For each state that can fail: which errors there are, how often it is tried again, what is undone then, and how it all ends.
///
/// Its [`Display`](std::fmt::Display) is a table for people; it serialises for tools.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The states on the way to a good end, in the order in which they are written.
    pub steps: Vec<Failures>,
    /// The states that undo them: what happens when one of those fails in its turn.
    pub compensations: Vec<Failures>,
}

/// What happens when one state fails.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failures {
    /// The state.
    pub state: StateName,
    /// The Map and Parallel states around it, the outermost first.
    pub inside: Vec<StateName>,
    /// One for each different course of events.
    pub cases: Vec<Case>,
}

/// One course of events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Case {
    /// The errors that it follows, by name, and [`OTHER`] for all that no state names. Empty where a Choice chooses it.
    pub errors: Vec<String>,
    /// Where there are several ways to the state and it follows on some of them: on which.
    pub way: Option<String>,
    /// Where it depends on what cannot be told from the definition: the conditions, and where a Choice chooses it, that of the Choice.
    pub given: Option<String>,
    /// The retries before it, those of the state first and then those of the states around it.
    pub retries: Vec<Retries>,
    /// The states entered then, in this order.
    pub undone: Vec<Undone>,
    /// How it ends.
    pub end: End,
}

/// How often a state is tried again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Retries {
    /// The state that is tried again: the one that failed, or one around it.
    pub state: StateName,
    /// How often at most; `None` for as often as Step Functions allows, which is without end.
    pub attempts: Option<u64>,
    /// Seconds between the first attempt and the last, the attempts themselves not counted; the longest that jitter can make them.
    pub seconds: u64,
}

/// What a course of events enters on its way to the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Undone {
    /// One Task.
    Task(StateName),
    /// A Map.
    Items {
        /// The Map.
        state: StateName,
        /// In which order it takes its items.
        order: ItemOrder,
        /// What is done for each item.
        each: Vec<Undone>,
    },
    /// A Parallel: its branches, at the same time.
    Branches {
        /// The Parallel.
        state: StateName,
        /// What is done in each branch.
        branches: Vec<Vec<Undone>>,
    },
}

/// The order in which a Map takes its items.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemOrder {
    /// Several at the same time.
    AtOnce,
    /// One after the other.
    OneByOne,
    /// One after the other, the last one first.
    InReverse,
}

/// How a course of events ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// In a Fail state. Without an `error` of its own it is the one that began it all.
    Fails {
        /// The Fail state.
        state: StateName,
        /// `Error`, where it is a literal.
        error: Option<String>,
    },
    /// No catcher names the error: the execution fails where it stands.
    NotCaught,
    /// A Task waits for its token, until an operator gives it.
    Parked {
        /// The Task that waits.
        state: StateName,
        /// Where it goes on then.
        resumes_at: Option<StateName>,
    },
    /// On an alternative path.
    GoesOn {
        /// Where that begins.
        at: StateName,
    },
    /// The execution succeeds.
    Succeeds {
        /// Its last state.
        state: StateName,
    },
    /// It is tried again without end.
    Retried,
    /// It splits into more courses than are told apart here.
    Unknown,
    /// It comes to a state that it has passed already.
    Loops {
        /// That state.
        state: StateName,
    },
}

/// Says what the state machine does when something fails, from its definition alone.
///
/// It follows `Retry`, `Catch` and `Next`. Where a Choice asks for a variable that was given a literal on the way, or for the name of
/// the error, it knows the answer; where it does not, both answers are listed, with the condition. `States.Runtime`, which Step
/// Functions lets nobody catch, is not listed, nor are the failures that a distributed Map tolerates.
///
/// It takes any definition that can be read, also one that the validator refuses. Up to 16 ways to a state are told
/// apart, and 16 courses from a failure; past that, what differs between them counts as unknown.
///
/// # Example
///
/// A trip whose car cannot be cancelled, because `book car` catches only the error that it declares:
///
/// ```
/// let task = |catch: &str, end: &str| format!(
///     r#"{{ "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", {catch} {end} }}"#);
/// let definition = format!(
///     r#"{{ "QueryLanguage": "JSONata", "StartAt": "book room", "States": {{
///         "book room": {}, "book car": {}, "cancel room": {}, "no trip": {{ "Type": "Fail", "Error": "NoTrip" }} }} }}"#,
///     task("", r#""Next": "book car""#),
///     task(r#""Catch": [{ "ErrorEquals": ["SoldOut"], "Next": "cancel room" }],"#, r#""End": true"#),
///     task("", r#""Next": "no trip""#),
/// );
/// let explanation = saga_asl::explain(&saga_asl::parse(&definition)?);
/// assert_eq!(explanation.to_string(), "\
/// if it fails with   it is tried again  then undone  and the execution
/// book room
///   any error        no                 nothing      fails there: not caught
/// book car
///   SoldOut          no                 cancel room  fails with `NoTrip`
///   any other error  no                 nothing      fails there: not caught
///
/// if a compensation fails
/// cancel room
///   any error        no                 nothing      fails there: not caught
/// ");
/// # Ok::<(), saga_asl::Problems>(())
/// ```
pub fn explain(machine: &StateMachine) -> Explanation {
    rows::explain(machine)
}

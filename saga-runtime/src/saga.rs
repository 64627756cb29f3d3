//! What a compiled flow is to a program: its name, its definition and its steps. Runs nothing.

use std::fmt;
use std::marker::PhantomData;

/// One state machine: what a flow's constant (`PLACE_ORDER`) is.
///
/// `I` is the flow's input and `O` what it returns, so that whoever starts the saga or reads its
/// result is checked by the compiler. The `#[saga]` attribute makes these constants.
///
/// # Example
///
/// ```
/// use saga_runtime::Saga;
///
/// const GREET: Saga<String, ()> = Saga::new("greet", r#"{ "StartAt": "mail.send" }"#, &[], &[]);
/// assert_eq!(GREET.name(), "greet");
/// ```
pub struct Saga<I, O> {
    name: &'static str,
    definition: &'static str,
    steps: &'static [StepInfo],
    flows: &'static [&'static str],
    types: PhantomData<fn(I) -> O>,
}

impl<I, O> Saga<I, O> {
    /// Describes a compiled flow; `#[saga]` writes the call.
    #[doc(hidden)]
    pub const fn new(
        name: &'static str, definition: &'static str, steps: &'static [StepInfo],
        flows: &'static [&'static str],
    ) -> Self {
        Self {
            name,
            definition,
            steps,
            flows,
            types: PhantomData,
        }
    }

    /// The flow's name, which is also the state machine's: `place_order`.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The state machine as [Amazon States Language](https://docs.aws.amazon.com/step-functions/latest/dg/concepts-amazon-states-language.html) text.
    pub const fn definition(&self) -> &'static str {
        self.definition
    }

    /// The steps that the flow calls, in the order of its source: those in branches, loops and joins too, but not those of
    /// flows that it starts.
    pub const fn steps(&self) -> &'static [StepInfo] {
        self.steps
    }

    /// The flows that this one starts as executions of their own, each once, by name: those that it calls, in the order of its
    /// source, each followed by the flow that undoes it (`#[flow(compensate = ..)]`).
    ///
    /// The definition names the state machine of each by a placeholder: `open_account` by `${OpenAccountStateMachineArn}`.
    pub const fn flows(&self) -> &'static [&'static str] {
        self.flows
    }
}

// Derives would ask `I` and `O` for traits that no field of theirs needs.
impl<I, O> Clone for Saga<I, O> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<I, O> Copy for Saga<I, O> {}

impl<I, O> fmt::Debug for Saga<I, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Saga")
            .field("name", &self.name)
            .field("steps", &self.steps)
            .field("flows", &self.flows)
            .finish_non_exhaustive()
    }
}

/// One step of a flow, as its participant declares it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepInfo {
    /// Participant and method: `stock.reserve`.
    pub name: &'static str,
    /// The participant's trait: `Stock`.
    pub participant: &'static str,
    /// Where the step may stand in a flow, and what happens when it fails.
    pub kind: Kind,
    /// What the barrier guarantees of it.
    pub mode: Mode,
    /// The method that compensates it: `release`.
    pub compensation: Option<&'static str>,
    /// The errors that are a definite "no": `StockError.OutOfStock`.
    pub rejections: &'static [&'static str],
    /// The errors that are worth another try: `StockError.Busy`.
    pub transients: &'static [&'static str],
}

/// Where a step may stand in a flow, and what happens when it fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Before the point of no return: undone by its compensation.
    Compensatable,
    /// The point of no return: once it took effect, the saga goes forward.
    Pivot,
    /// After the point of no return: tried again until it succeeds.
    Retriable,
    /// Without effect, so nothing is recorded and nothing is undone.
    ReadOnly,
}

/// What the barrier guarantees of a step; the type of its second parameter chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// `tx: &mut Tx`: the effects commit in one database transaction with the barrier's record.
    Transactional,
    /// `cx: &Context`: an effect outside the database, under an idempotency key.
    External,
}

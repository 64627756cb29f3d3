//! The fault matrix: a saga is run once for each thing that can go wrong at each of its steps, and looked at afterwards.
//! What a user meets; the cases are gone through in `explore`, run in `evidence` and judged in `judge`.

mod evidence;
mod explore;
mod frontier;
mod judge;
mod looks;
mod operator;
mod order;
mod report;
mod site;
mod stand_in;
mod witness;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;

use saga_runtime::Saga;
use serde::Serialize;
use serde_json::Value;

pub(crate) use self::frontier::Frontier;
pub use self::report::{Case, End, Injected, MatrixReport, Problem};
pub use self::stand_in::StandIns;
pub use self::world::{Participant, World};
pub(crate) use self::world::{Snapshot, difference};

use self::evidence::Subject;
use self::explore::{Explorer, Plan};
use self::site::{StepFacts, Steps};
use crate::machine::Machine;
use crate::registry::Flow;

/// How many pairs of faults are tried, unless [`FaultMatrix::pairs`] says otherwise.
const PAIRS: usize = 200;

/// Runs a saga once for each fault that can meet each of its deliveries, and tells which runs did not end as they should.
///
/// `world` makes a fresh world for each case: its handlers, or a [`World`]. The whole of it in a test is one line; further
/// inputs, called flows and the like are [`FaultMatrix`]'s.
///
/// # Example
///
/// ```
/// # use saga_runtime::{Handler, Saga};
/// # async fn test(transfer: Saga<u64, ()>, open_bank: impl Fn() -> Vec<Handler>) {
/// saga_local::fault_matrix(transfer, 200, || async { open_bank() }).await.assert_consistent();
/// # }
/// ```
pub async fn fault_matrix<I, O, F, Fut, W>(saga: Saga<I, O>, input: I, world: F) -> MatrixReport
where
    I: Serialize,
    F: Fn() -> Fut,
    Fut: Future<Output = W>,
    W: Into<World>,
{
    FaultMatrix::new(saga, world)
        .input("input", &input)
        .run()
        .await
}

/// A saga, its inputs and its world, to be run once for each fault.
///
/// For each input there is a run without faults. Then, at each delivery that any run made, each of these: each rejection that
/// the step declares, transient errors, throttling, timeouts before and after the effect, crashes before the effect, before
/// the commit and after it, a panic, a repeated delivery, two at once, a late one, an output that is too large, arguments that are, and
/// the deadline: once, and until the retries are used up. Compensations meet faults too, also until they are
/// parked; the matrix then resumes them, and once skips each. Last come pairs of faults. [The guide](crate::fault_matrix_guide)
/// shows what is checked.
///
/// A case is exact and repeatable: virtual time, a world of its own, no randomness. Handlers that wait for anything but a store in memory
/// may be seen to change the world in each other's name, where they run at the same time.
///
/// # Example
///
/// ```
/// # use saga_local::{FaultMatrix, World};
/// # use saga_runtime::{Handler, Saga};
/// # async fn test(transfer: Saga<u64, ()>, open_bank: impl Fn() -> Vec<Handler>) {
/// let report = FaultMatrix::new(transfer, || async { open_bank() })
///     .input("enough money", &200)
///     .input("not enough", &1_000_000)
///     .pairs(500)
///     .run()
///     .await;
/// report.assert_complete();
/// # }
/// ```
#[must_use = "nothing happens until `run` is awaited"]
pub struct FaultMatrix<I, F> {
    flow: Flow,
    flows: Vec<Flow>,
    steps: Steps,
    inputs: Vec<(String, Result<Value, String>)>,
    world: F,
    pairs: usize,
    ignored: Vec<String>,
    data: BTreeMap<String, Value>,
    undoes: Vec<(String, String)>,
    reports_cause: bool,
    types: PhantomData<fn(I)>,
}

impl<I: Serialize, F> FaultMatrix<I, F> {
    /// The matrix of a compiled saga. `world` makes a fresh world for each case.
    pub fn new<O>(saga: Saga<I, O>, world: F) -> Self {
        let mut matrix = Self::of(Flow::read(saga.name(), saga.definition()), world);
        matrix.reports_cause = true;
        matrix.learn(saga);
        matrix
    }

    fn of(flow: Flow, world: F) -> Self {
        Self {
            flow,
            flows: Vec::new(),
            steps: Steps::new(),
            inputs: Vec::new(),
            world,
            pairs: PAIRS,
            ignored: Vec::new(),
            data: BTreeMap::new(),
            undoes: Vec::new(),
            reports_cause: false,
            types: PhantomData,
        }
    }

    fn learn<I2, O2>(&mut self, saga: Saga<I2, O2>) {
        for info in saga.steps() {
            self.steps.insert(info.name.to_owned(), StepFacts::of(info));
        }
    }

    /// Adds an input, by a name for the report. Several inputs lead down several branches, and give loops no item, one and several.
    pub fn input(mut self, name: &str, input: &I) -> Self {
        let input = serde_json::to_value(input).map_err(|error| error.to_string());
        self.inputs.push((name.to_owned(), input));
        self
    }

    /// Adds a flow that the saga calls, as [`Engine::with_flow`](crate::Engine::with_flow) does. Its steps meet faults too.
    pub fn with_flow<I2, O2>(mut self, flow: Saga<I2, O2>) -> Self {
        self.flows.push(Flow::read(flow.name(), flow.definition()));
        self.learn(flow);
        self
    }

    /// Runs this definition in place of the compiled one: an older one, or one that was edited by hand.
    pub fn definition(mut self, definition: &str) -> Self {
        self.flow = Flow::read(&self.flow.name, definition);
        self
    }

    /// Tries about this many pairs of faults, evenly spread over the inputs and over all the pairs that there are; 200 by default.
    pub fn pairs(mut self, count: usize) -> Self {
        self.pairs = count;
        self
    }

    /// Leaves a field out wherever it stands, in the stores and in outputs: a time, a random number.
    pub fn ignore(mut self, field: &str) -> Self {
        self.ignored.push(field.to_owned());
        self
    }

    /// Gives the fields of a rejection, for a flow that looks at them. They are null otherwise.
    pub fn rejection(mut self, error: &str, data: Value) -> Self {
        self.data.insert(error.to_owned(), data);
        self
    }
}

impl<F> FaultMatrix<Value, F> {
    /// The matrix of a state machine that others wrote, whose functions the runtime does not serve. What its states are to
    /// each other is told by [`rejects`](Self::rejects) and [`undoes`](Self::undoes).
    pub fn from_asl(name: &str, definition: &str, world: F) -> Self {
        Self::of(Flow::read(name, definition), world)
    }

    /// The state's function may say this error, and then has done nothing.
    pub fn rejects(mut self, state: &str, error: &str) -> Self {
        let facts = self
            .steps
            .entry(state.to_owned())
            .or_insert_with(StepFacts::plain);
        facts.rejections.push(error.to_owned());
        self
    }

    /// The state undoes another.
    pub fn undoes(mut self, state: &str, undone: &str) -> Self {
        self.undoes.push((state.to_owned(), undone.to_owned()));
        self
    }
}

impl<I, F, Fut, W> FaultMatrix<I, F>
where
    F: Fn() -> Fut,
    Fut: Future<Output = W>,
    W: Into<World>,
{
    /// Runs every case. A case that cannot be run is in the report as such.
    pub async fn run(&self) -> MatrixReport {
        let subject = Subject {
            flow: self.flow.clone(),
            flows: self.flows.clone(),
            ignored: self.ignored.clone(),
            undoes: self.undoes.clone(),
        };
        let machines = std::iter::once(&self.flow).chain(&self.flows);
        let machines: Vec<_> = machines
            .filter_map(|flow| flow.machine.as_deref().map(Machine::definition).ok())
            .collect();
        let order = order::order(&machines);
        let mut skippable = BTreeSet::new();
        for machine in &machines {
            let mut states = machine.graph.all_states();
            states.retain(|(_, state)| operator::can_be_skipped(state));
            skippable.extend(states.into_iter().map(|(name, _)| name.to_owned()));
        }
        let plan = Plan {
            subject: &subject,
            steps: &self.steps,
            data: &self.data,
            order: &order,
            reports_cause: self.reports_cause,
            skippable: &skippable,
            own_errors: &looks::own_errors(&machines),
        };
        let mut report = MatrixReport::new(&self.flow.name);
        let mut entered = BTreeSet::new();
        let pairs = self.pairs.div_ceil(self.inputs.len().max(1));
        for (name, input) in &self.inputs {
            let input = match input {
                Ok(input) => input,
                Err(why) => {
                    report.not_run(name, format!("the input does not serialize: {why}"));
                    continue;
                }
            };
            let case = (name.as_str(), input);
            let mut explorer = Explorer::new(&plan, &self.world, case, &mut report, &mut entered);
            explorer.single().await;
            explorer.pairs(pairs).await;
        }
        if self.inputs.is_empty() {
            report.not_run("", "there is no input; add one with `input`".to_owned());
        }
        let mut states = Vec::new();
        for machine in &machines {
            let all = machine.graph.all_states().into_iter();
            states.extend(all.map(|(name, _)| name.to_owned()));
        }
        states.retain(|state| !entered.contains(state));
        report.unreached = states;
        report
    }
}

impl<I, F> fmt::Debug for FaultMatrix<I, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultMatrix")
            .field("saga", &self.flow.name)
            .field("inputs", &self.inputs)
            .finish_non_exhaustive()
    }
}

//! The engine's face: one state machine and those that it starts, their handlers, their executions. Interprets nothing itself.

use std::collections::BTreeSet;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use saga_asl as asl;
use saga_runtime::__private::check_execution_name;
use saga_runtime::{Handler, Rejection, Saga};
use serde::Serialize;
use serde_json::Value;

use crate::data::Data;
use crate::delivery::Delivery;
use crate::driver::{Driver, Goal};
use crate::error::{Error, Kind};
use crate::execution::Execution;
use crate::failure::{Failure, MAX_PAYLOAD, json_size};
use crate::fault::FaultPlan;
use crate::host::TaskHost;
use crate::machine::Machine;
use crate::parking::Parked;
use crate::registry::{Birth, Flow, Origin, Registry};
use crate::run::Run;
use crate::services::{PlainFunction, Services, Witness};
use crate::{check, lock};

/// Runs one saga in memory, as Step Functions and Lambda would.
///
/// `I` is the saga's input and `O` what it returns. Handlers, seed and faults are set before the first start.
/// Several executions may run at the same time; they share the engine's clock.
///
/// # Example
///
/// ```
/// use saga_local::{Engine, Status};
/// use serde_json::json;
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let asl = r#"{
///     "QueryLanguage": "JSONata",
///     "StartAt": "nap",
///     "States": {
///         "nap": { "Type": "Wait", "Seconds": 3600, "Next": "done" },
///         "done": { "Type": "Succeed", "Output": "{% $states.input.name & ' slept well' %}" }
///     }
/// }"#;
/// let run = Engine::from_asl("sleeper", asl).start("monday", &json!({ "name": "Ada" })).await?;
/// assert_eq!(run.status(), Status::Succeeded);
/// assert_eq!(run.output(), Some(&json!("Ada slept well")));
/// assert_eq!(run.elapsed().as_secs(), 3600);
/// # Ok::<(), saga_local::Error>(())
/// # }).unwrap();
/// ```
pub struct Engine<I, O> {
    flow: Flow,
    services: Arc<Services>,
    registry: Arc<Registry>,
    driver: Driver,
    seed: u64,
    /// Functions that a second handler claimed; reported at the first start, where there is a `Result` to report in.
    claimed_twice: Vec<String>,
    /// Whether nothing was found to be wrong since something was last added.
    checked: AtomicBool,
    types: PhantomData<fn(I) -> O>,
}

impl<I, O> Engine<I, O> {
    /// An engine for a compiled saga. A definition that is not valid is reported by [`start`](Self::start).
    pub fn new(saga: Saga<I, O>) -> Self {
        Self::of(Flow::read(saga.name(), saga.definition()))
    }

    pub(crate) fn of(flow: Flow) -> Self {
        let services = Arc::new(Services::new());
        let registry = Arc::<Registry>::default();
        Self {
            flow,
            driver: Driver::new(Arc::clone(&services.clock), Arc::clone(&registry)),
            services,
            registry,
            seed: 0,
            claimed_twice: Vec::new(),
            checked: AtomicBool::new(false),
            types: PhantomData,
        }
    }

    /// Adds a handler: it is called for the functions that it answers to.
    #[must_use]
    #[allow(
        clippy::needless_pass_by_value,
        reason = "`serve_…` makes a handler, and its only place is here"
    )]
    pub fn with(mut self, handler: Handler) -> Self {
        self.claimed_twice
            .extend(self.services.add_handler(&handler));
        self.unchecked()
    }

    /// Adds the state machine of another flow, which a nested execution starts. It is known by the placeholder that the compiler
    /// writes, `${OpenAccountStateMachineArn}` for the flow `open_account`, and by any ARN that ends in its name.
    ///
    /// Its executions share the engine's clock, handlers, faults and seed; [`executions`](Self::executions) shows them.
    ///
    /// ```
    /// # use saga_local::Engine;
    /// # use saga_runtime::{Handler, Saga};
    /// # fn test(onboard_customer: Saga<String, String>, open_account: Saga<u64, String>, bank: Handler) -> Engine<String, String> {
    /// Engine::new(onboard_customer).with_flow(open_account).with(bank)
    /// # }
    /// ```
    #[must_use]
    pub fn with_flow<I2, O2>(self, flow: Saga<I2, O2>) -> Self {
        self.with_flow_asl(flow.name(), flow.definition())
    }

    /// As [`with_flow`](Self::with_flow), for a definition in hand. One that is not valid is reported by
    /// [`start`](Self::start).
    #[must_use]
    pub fn with_flow_asl(self, name: &str, definition: &str) -> Self {
        self.with_read_flow(Flow::read(name, definition))
    }

    pub(crate) fn with_read_flow(self, flow: Flow) -> Self {
        self.registry.add_flow(flow);
        self.unchecked()
    }

    /// Adds a Lambda function that the runtime does not serve, and that has no barrier: what a state machine calls by this name,
    /// or by the placeholder `${name}`. An error is what `Catch` sees by its name. For state machines that others wrote.
    ///
    /// ```
    /// # use saga_local::Engine;
    /// # use saga_runtime::Rejection;
    /// # use serde_json::{Value, json};
    /// # fn test(engine: Engine<Value, Value>) -> Engine<Value, Value> {
    /// engine.with_function("DebitFunction", |order| match order["total"].as_u64() {
    ///     Some(total) => Ok(json!({ "taken": total })),
    ///     None => Err(Rejection::new("ErrPayment", "there is nothing to take")),
    /// })
    /// # }
    /// ```
    #[must_use]
    pub fn with_function(
        self, name: &str,
        function: impl Fn(Value) -> Result<Value, Rejection> + Send + Sync + 'static,
    ) -> Self {
        self.with_plain(name, Arc::new(function))
    }

    pub(crate) fn with_plain(mut self, name: &str, function: PlainFunction) -> Self {
        if !self.services.add_function(name, function) {
            self.claimed_twice.push(name.to_owned());
        }
        self.unchecked()
    }

    /// Has somebody look on at each delivery.
    pub(crate) fn witnessed(self, witness: Arc<dyn Witness>) -> Self {
        *lock(&self.services.witness) = Some(witness);
        self
    }

    /// From now on nothing goes wrong.
    pub(crate) fn lift_faults(&self) {
        lock(&self.services.faults).lift();
    }

    /// Adds a host for services that the engine does not imitate, or to take the place of those that it does.
    /// The first host that takes a call answers it.
    #[must_use]
    pub fn with_host(self, host: impl TaskHost + 'static) -> Self {
        self.services.add_host(Arc::new(host));
        self.unchecked()
    }

    /// Where random numbers begin: jitter, `$random`, `$uuid`. The same seed gives the same history; it is 0 by default.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// Plans a fault for the deliveries of a state, such as `stock.reserve` or `compensate stock.reserve`.
    /// If several plans name one delivery, the first counts.
    ///
    /// ```
    /// # use saga_local::{Engine, Fault};
    /// # fn test(engine: Engine<String, ()>) -> Engine<String, ()> {
    /// engine.fault("payments.charge", Fault::TimeoutAfterEffect).fault("compensate stock.reserve", Fault::Throttled.times(3))
    /// # }
    /// ```
    #[must_use]
    pub fn fault(self, state: impl Into<String>, plan: impl Into<FaultPlan>) -> Self {
        lock(&self.services.faults).add(state.into(), plan.into());
        self.unchecked()
    }

    /// Every delivery to a handler so far, in the order in which they ended.
    pub fn deliveries(&self) -> Vec<Delivery> {
        lock(&self.services.deliveries).clone()
    }

    /// The tasks that wait for their token, by token.
    pub fn parked(&self) -> Vec<Parked> {
        self.services.tokens.parked()
    }

    /// Every execution so far, as it stands now, in the order in which they began: those that were started here, the nested ones,
    /// and one for each item of a distributed Map.
    ///
    /// # Example
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// # use saga_local::Engine;
    /// # use serde_json::json;
    /// let parent = r#"{ "QueryLanguage": "JSONata", "StartAt": "greet", "States": { "greet": { "Type": "Task", "End": true,
    ///     "Resource": "arn:aws:states:::states:startExecution.sync:2", "Output": "{% $states.result.Output %}",
    ///     "Arguments": { "StateMachineArn": "${GreetStateMachineArn}", "Name": "g", "Input": { "name": "Ada" } } } } }"#;
    /// let child = r#"{ "QueryLanguage": "JSONata", "StartAt": "say", "States": {
    ///     "say": { "Type": "Succeed", "Output": "{% 'hello ' & $states.input.name %}" } } }"#;
    /// let engine = Engine::from_asl("visit", parent).with_flow_asl("greet", child);
    /// let run = engine.start("v", &json!({})).await?;
    /// assert_eq!(run.output(), Some(&json!("hello Ada")));
    /// let names: Vec<_> = engine.executions().iter().map(|run| (run.state_machine().to_owned(), run.name().to_owned())).collect();
    /// assert_eq!(names, [("visit".to_owned(), "v".to_owned()), ("greet".to_owned(), "g".to_owned())]);
    /// assert_eq!(engine.children(&run)[0].states_entered(), ["say"]);
    /// # Ok::<(), saga_local::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn executions(&self) -> Vec<Run<Value>> {
        let executions = self.registry.executions();
        executions
            .iter()
            .map(|execution| Run::of(execution))
            .collect()
    }

    /// The executions that this one's Tasks and distributed Maps started, as they stand now, in the order in which they began.
    /// `run` comes from this engine.
    pub fn children<T>(&self, run: &Run<T>) -> Vec<Run<Value>> {
        let executions = self.registry.executions();
        let children = executions
            .iter()
            .filter(|execution| execution.parent == Some(run.id));
        children.map(|execution| Run::of(execution)).collect()
    }

    /// Forgets the executions that have ended, with their histories and deliveries, so that a long load test does not fill the
    /// memory; their names are free again. An execution and those that it started go together, once all of them have ended.
    /// A [`Run`] in hand stays as it is.
    ///
    /// The barrier's records stay in the participants' stores, as they do on AWS:
    /// [`MemoryStore::expire`](saga_runtime::MemoryStore::expire) drops them when their time is over.
    ///
    /// # Example
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use saga_local::Engine;
    /// # use saga_runtime::MemoryStore;
    /// # async fn test(engine: &Engine<u64, ()>, store: &MemoryStore) -> Result<(), saga_local::Error> {
    /// for number in 0..1_000_000 {
    ///     engine.start(&format!("order-{number}"), &number).await?;
    ///     if number % 1_000 == 0 {
    ///         engine.forget_finished();
    ///         engine.advance(Duration::from_hours(401 * 24)).await;
    ///         store.expire(engine.now());
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn forget_finished(&self) {
        let kept = self.registry.forget_finished();
        let kept: BTreeSet<&str> = kept.iter().map(|execution| &*execution.arn).collect();
        lock(&self.services.deliveries).retain(|delivery| kept.contains(delivery.execution_arn()));
    }

    /// The time on the engine's clock.
    pub fn now(&self) -> SystemTime {
        self.services.clock.now()
    }

    /// The execution of that name as it stands now.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub fn run(&self, name: &str) -> Result<Run<O>, Error> {
        Ok(Run::of(&*self.execution(name)?))
    }

    /// Whether executions can be started at all; [`start`](Self::start) checks the same.
    ///
    /// # Errors
    ///
    /// A definition that is not valid, a service without host, a function without handler or with two, a flow that
    /// is started and was not added, or added twice, a fault planned for a state that calls no function. The flows that were
    /// added are checked like the engine's own.
    pub fn check(&self) -> Result<(), Error> {
        self.checked_machine().map(drop)
    }

    fn unchecked(self) -> Self {
        self.checked.store(false, Ordering::Relaxed);
        self
    }

    fn checked_machine(&self) -> Result<&Arc<Machine>, Error> {
        let machine = check::machine(&self.flow)?;
        if self.checked.load(Ordering::Relaxed) {
            return Ok(machine);
        }
        if let Some(function) = self.claimed_twice.first() {
            return Err(Error::new(Kind::HandlerTwice {
                function: function.clone(),
            }));
        }
        check::flows(&self.flow, &self.registry, &self.services)?;
        self.checked.store(true, Ordering::Relaxed);
        Ok(machine)
    }

    fn execution(&self, name: &str) -> Result<Arc<Execution>, Error> {
        let unknown = || {
            Error::new(Kind::UnknownExecution {
                name: name.to_owned(),
            })
        };
        self.registry
            .find(&self.flow.name, name)
            .ok_or_else(unknown)
    }

    /// Carries on until the execution ended or waits for a token.
    async fn settle(&self, execution: &Execution) -> Run<O> {
        self.driver.drive(Goal::Settled(execution.root)).await;
        Run::of(execution)
    }

    async fn settle_owner(&self, token: &str, owner: Option<u64>) -> Result<Run<O>, Error> {
        let unknown = || {
            Error::new(Kind::UnknownToken {
                token: token.to_owned(),
            })
        };
        let owner = owner.ok_or_else(unknown)?;
        self.driver.drive(Goal::Settled(owner)).await;
        let first = self.registry.first(owner).ok_or_else(unknown)?;
        Ok(Run::of(&first))
    }

    /// Completes a parked task, as `SendTaskSuccess` does, and lets its execution carry on. A saga that was parked goes back
    /// to the compensation that was stuck, whatever the output. Where a nested execution was parked, the answer is the run that it
    /// is nested in, the one that [`start`](Self::start) began.
    ///
    /// # Errors
    ///
    /// No task waits for the token, or the output is larger than Step Functions allows.
    pub async fn resume(&self, token: &str, output: Value) -> Result<Run<O>, Error> {
        if json_size(&output) > MAX_PAYLOAD {
            return Err(Error::new(Kind::InvalidAnswer { why: too_large() }));
        }
        let owner = self.services.tokens.answer(token, Ok(output));
        self.settle_owner(token, owner).await
    }

    /// Fails a parked task, as `SendTaskFailure` does, and lets its execution carry on.
    ///
    /// # Errors
    ///
    /// No task waits for the token.
    pub async fn fail_task(&self, token: &str, error: &str, cause: &str) -> Result<Run<O>, Error> {
        let owner = self
            .services
            .tokens
            .answer(token, Err(Failure::new(error, cause)));
        self.settle_owner(token, owner).await
    }

    /// Goes on without the compensation that is parked, as an operator does who has put things right by hand: the effect of its
    /// step stays. The saga ends with `Saga.Skipped` and a cause that has the step, the reason and what had failed.
    ///
    /// # Errors
    ///
    /// No task waits for the token.
    pub async fn skip(&self, token: &str, reason: &str) -> Result<Run<O>, Error> {
        self.fail_task(token, saga_runtime::Failure::SKIPPED, reason)
            .await
    }

    /// Sends a sign of life for a parked task, as `SendTaskHeartbeat` does: its `HeartbeatSeconds` begin anew.
    ///
    /// # Errors
    ///
    /// No task waits for the token.
    pub async fn heartbeat(&self, token: &str) -> Result<Run<O>, Error> {
        let owner = self.services.tokens.beat(token);
        self.settle_owner(token, owner).await
    }

    /// Lets time pass for every execution, parked ones too: their timeouts come due.
    pub async fn advance(&self, duration: Duration) {
        self.driver
            .drive(Goal::Time(self.services.clock.after(duration)))
            .await;
    }

    /// Stops an execution, as `StopExecution` does: nothing is compensated. One that has ended is left as it is.
    ///
    /// # Errors
    ///
    /// There is no execution of that name.
    pub async fn stop(&self, name: &str, error: &str, cause: &str) -> Result<Run<O>, Error> {
        let execution = self.execution(name)?;
        execution.abort(Failure::new(error, cause));
        Ok(self.settle(&execution).await)
    }
}

impl<I: Serialize, O> Engine<I, O> {
    /// Starts an execution and runs it until it ended or only a task token can move it.
    ///
    /// The same name with the same input is the same execution, which then is answered as it stands. (Step Functions
    /// keeps to that while the execution is open, and refuses the name for 90 days afterwards.)
    ///
    /// # Errors
    ///
    /// What [`check`](Self::check) reports; a name that Step Functions does not allow; a name that belongs to an execution with another
    /// input; an input that is no JSON or too large. A saga that fails is no error here: see [`Run::result`].
    pub async fn start(&self, name: &str, input: &I) -> Result<Run<O>, Error> {
        let execution = self.begin(name, input)?;
        Ok(self.settle(&execution).await)
    }

    fn begin(&self, name: &str, input: &I) -> Result<Arc<Execution>, Error> {
        let machine = self.checked_machine()?;
        check_execution_name(name).map_err(|why| {
            Error::new(Kind::InvalidName {
                name: name.to_owned(),
                why,
            })
        })?;
        let invalid = |why| Kind::InvalidInput {
            name: name.to_owned(),
            why,
        };
        let input = serde_json::to_value(input).map_err(|error| {
            Error::with_source(invalid("does not serialize to JSON".into()), error)
        })?;
        let input = Data::from(input);
        if input.size() > MAX_PAYLOAD {
            return Err(Error::new(invalid(too_large())));
        }
        let birth = Birth {
            name: name.into(),
            machine_name: Arc::clone(&self.flow.name),
            machine: Arc::clone(machine),
            input: input.clone(),
            seed: self.seed,
            origin: Origin::Caller,
        };
        match self.registry.begin(birth, &self.services) {
            Err(execution) if execution.input != input => Err(Error::new(Kind::NameTaken {
                name: name.to_owned(),
            })),
            Ok(execution) | Err(execution) => Ok(execution),
        }
    }
}

impl Engine<Value, Value> {
    /// An engine for a definition in hand, such as a file of `out/`. One that is not valid is reported by
    /// [`start`](Self::start).
    pub fn from_asl(name: &str, definition: &str) -> Self {
        Self::of(Flow::read(name, definition))
    }

    /// An engine for a state machine that was built or read elsewhere; it is not validated again.
    pub fn from_machine(name: &str, machine: asl::StateMachine) -> Self {
        Self::of(Flow::of(name, machine))
    }
}

impl<I, O> fmt::Debug for Engine<I, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("name", &self.flow.name)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}

fn too_large() -> String {
    format!("is larger than {MAX_PAYLOAD} bytes, which is what Step Functions allows")
}

//! The engine's face: one state machine, its handlers, its executions. Interprets nothing itself.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use saga_asl as asl;
use saga_runtime::{Handler, Saga};
use serde::Serialize;
use serde_json::Value;

use crate::delivery::Delivery;
use crate::driver::{Driver, Goal};
use crate::error::{Error, Kind};
use crate::execution::{self, Execution};
use crate::failure::{Failure, MAX_PAYLOAD, json_size};
use crate::fault::FaultPlan;
use crate::host::{Resource, TaskHost, tasks};
use crate::parking::Parked;
use crate::run::Run;
use crate::services::Services;
use crate::{lambda, lock};

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
    name: Arc<str>,
    machine: Result<Arc<asl::StateMachine>, Arc<asl::Problems>>,
    services: Arc<Services>,
    driver: Driver,
    seed: u64,
    /// Functions that a second handler claimed; reported at the first start, where there is a `Result` to report in.
    claimed_twice: Vec<String>,
    executions: Mutex<BTreeMap<String, Arc<Execution>>>,
    types: PhantomData<fn(I) -> O>,
}

impl<I, O> Engine<I, O> {
    /// An engine for a compiled saga. A definition that is not valid is reported by [`start`](Self::start).
    pub fn new(saga: Saga<I, O>) -> Self {
        Self::of(saga.name(), asl::parse(saga.definition()))
    }

    fn of(name: &str, machine: Result<asl::StateMachine, asl::Problems>) -> Self {
        let services = Arc::new(Services::new());
        Self {
            name: name.into(),
            machine: machine.map(Arc::new).map_err(Arc::new),
            driver: Driver::new(Arc::clone(&services.clock)),
            services,
            seed: 0,
            claimed_twice: Vec::new(),
            executions: Mutex::default(),
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
        self
    }

    /// Adds a host for services that the engine does not imitate, or to take the place of those that it does.
    /// The first host that takes a call answers it.
    #[must_use]
    pub fn with_host(self, host: impl TaskHost + 'static) -> Self {
        self.services.add_host(Arc::new(host));
        self
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
        self
    }

    /// Every delivery to a handler so far, in the order in which they ended.
    pub fn deliveries(&self) -> Vec<Delivery> {
        lock(&self.services.deliveries).clone()
    }

    /// The tasks that wait for their token, by token.
    pub fn parked(&self) -> Vec<Parked> {
        self.services.tokens.parked()
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
    /// A definition that is not valid, a service without host, a function without handler or with two,
    /// a fault planned for a state that calls no function.
    pub fn check(&self) -> Result<(), Error> {
        self.checked_machine().map(drop)
    }

    fn checked_machine(&self) -> Result<&Arc<asl::StateMachine>, Error> {
        let machine = self.machine.as_ref().map_err(|problems| {
            let kind = Kind::InvalidDefinition {
                machine: self.name.to_string(),
            };
            Error::with_source(kind, Arc::clone(problems))
        })?;
        if let Some(function) = self.claimed_twice.first() {
            return Err(Error::new(Kind::HandlerTwice {
                function: function.clone(),
            }));
        }
        let tasks = tasks(&machine.graph);
        for (state, task) in &tasks {
            self.check_task(state, task)?;
        }
        let planned = lock(&self.services.faults);
        match planned.states().find(|state| {
            !tasks
                .iter()
                .any(|(name, task)| name == state && calls_function(task))
        }) {
            Some(state) => Err(Error::new(Kind::UnknownState {
                state: state.to_owned(),
            })),
            None => Ok(machine),
        }
    }

    fn check_task(&self, state: &str, task: &asl::Task) -> Result<(), Error> {
        let unsupported = |what: &str| {
            Error::new(Kind::UnsupportedTask {
                state: state.to_owned(),
                what: what.to_owned(),
            })
        };
        let Some(resource) = Resource::parse(&task.resource) else {
            return Err(unsupported(&task.resource));
        };
        if self
            .services
            .host(&resource.service, &resource.action)
            .is_some()
        {
            return Ok(());
        }
        match (resource.service.as_str(), resource.action.as_str()) {
            ("lambda", "invoke") => match literal_function(task) {
                Some(function) if !self.services.has_function(function) => {
                    Err(Error::new(Kind::MissingHandler {
                        state: state.to_owned(),
                        function: function.to_owned(),
                    }))
                }
                _ => Ok(()),
            },
            ("sqs", "sendMessage" | "sendMessage.waitForTaskToken") => Ok(()),
            _ => Err(unsupported(&task.resource)),
        }
    }

    fn execution(&self, name: &str) -> Result<Arc<Execution>, Error> {
        let unknown = || {
            Error::new(Kind::UnknownExecution {
                name: name.to_owned(),
            })
        };
        lock(&self.executions)
            .get(name)
            .cloned()
            .ok_or_else(unknown)
    }

    /// Carries on until the execution ended or waits for a token.
    async fn settle(&self, execution: &Execution) -> Run<O> {
        self.driver.drive(Goal::Settled(execution.id)).await;
        Run::of(execution)
    }

    async fn settle_owner(&self, token: &str, owner: Option<u64>) -> Result<Run<O>, Error> {
        let unknown = || {
            Error::new(Kind::UnknownToken {
                token: token.to_owned(),
            })
        };
        let owner = owner.ok_or_else(unknown)?;
        let execution = lock(&self.executions)
            .values()
            .find(|execution| execution.id == owner)
            .cloned();
        Ok(self.settle(&*execution.ok_or_else(unknown)?).await)
    }

    /// Completes a parked task, as `SendTaskSuccess` does, and lets its execution carry on. A saga that was parked goes back
    /// to the compensation that was stuck, whatever the output.
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
        check_name(name).map_err(|why| {
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
        if json_size(&input) > MAX_PAYLOAD {
            return Err(Error::new(invalid(too_large())));
        }
        let mut executions = lock(&self.executions);
        if let Some(execution) = executions.get(name) {
            return if execution.input == input {
                Ok(Arc::clone(execution))
            } else {
                Err(Error::new(Kind::NameTaken {
                    name: name.to_owned(),
                }))
            };
        }
        let id = executions.len() as u64 + 1;
        let execution = Arc::new(Execution::new(
            id,
            name,
            (&self.name, machine),
            input,
            &self.services,
            self.seed,
        ));
        executions.insert(name.to_owned(), Arc::clone(&execution));
        self.driver
            .start(id, Box::pin(execution::run(Arc::clone(&execution))));
        Ok(execution)
    }
}

impl Engine<Value, Value> {
    /// An engine for a definition in hand, such as a file of `out/`. One that is not valid is reported by
    /// [`start`](Self::start).
    pub fn from_asl(name: &str, definition: &str) -> Self {
        Self::of(name, asl::parse(definition))
    }

    /// An engine for a state machine that was built or read elsewhere; it is not validated again.
    pub fn from_machine(name: &str, machine: asl::StateMachine) -> Self {
        Self::of(name, Ok(machine))
    }
}

impl<I, O> fmt::Debug for Engine<I, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("name", &self.name)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}

fn too_large() -> String {
    format!("is larger than {MAX_PAYLOAD} bytes, which is what Step Functions allows")
}

/// Faults stand between the engine and a function; nothing else is delivered to.
fn calls_function(task: &asl::Task) -> bool {
    Resource::parse(&task.resource).is_some_and(|resource| resource.service == "lambda")
}

/// The function that a Task names in so many words, not by an expression.
fn literal_function(task: &asl::Task) -> Option<&str> {
    let Some(asl::Template::Object(arguments)) = &task.arguments else {
        return None;
    };
    match arguments.iter().find(|(key, _)| key == "FunctionName") {
        Some((_, asl::Template::String(name))) => Some(lambda::function_name(name)),
        _ => None,
    }
}

/// <https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html>
fn check_name(name: &str) -> Result<(), &'static str> {
    let length = name.chars().count();
    if !(1..=80).contains(&length) {
        return Err("has a length that Step Functions does not allow; write 1 to 80 characters");
    }
    let forbidden = |c: char| {
        c.is_whitespace()
            || c.is_control()
            || "<>{}[]?*\"#%\\^|~`$&,;:/".contains(c)
            || ('\u{FFFE}'..='\u{FFFF}').contains(&c)
    };
    if name.chars().any(forbidden) {
        return Err(
            "has a character that Step Functions does not allow; write letters, digits, `-` and `_`",
        );
    }
    Ok(())
}

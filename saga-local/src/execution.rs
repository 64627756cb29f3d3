//! One execution: what its branches share, and its life from `ExecutionStarted` to its last event.

use std::future::{Future, poll_fn};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::task::Poll;
use std::time::{Duration, SystemTime};

use crate::clock::{ExecutionId, VirtualClock, Waits};
use crate::data::Data;
use crate::failure::Failure;
use crate::history::{Event, Facts, MAX_EVENTS};
use crate::host::{Call, Reply};
use crate::interpreter::{self, Frame};
use crate::machine::Machine;
use crate::race::{Either, race};
use crate::registry::{Birth, Origin, Registry};
use crate::services::Services;
use crate::{BoxFuture, functions, lock};

/// A standard execution lives a year at most.
const MAX_LIFE: Duration = Duration::from_hours(365 * 24);

/// How many executions one may lead to, all together, and how deep. Step Functions has room for a million that run; here each
/// costs memory until the engine is dropped, and one that starts itself would never end.
const MAX_DESCENDANTS: usize = 100_000;
const MAX_GENERATIONS: usize = 1_000;

/// How an execution stands; Step Functions' `ExecutionStatus`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It waits for a task token, or for a child that does.
    Running,
    /// It ended with an output.
    Succeeded,
    /// It ended with an error.
    Failed,
    /// The machine's own `TimeoutSeconds`, or the year that a standard execution may take, were over.
    TimedOut,
    /// It was stopped.
    Aborted,
}

impl Status {
    /// As `DescribeExecution` spells it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::TimedOut => "TIMED_OUT",
            Self::Aborted => "ABORTED",
        }
    }
}

/// What happened so far.
#[derive(Clone, Debug)]
pub(crate) struct Progress {
    pub(crate) status: Status,
    /// Shared with the pictures of it; who appends while there is one, copies.
    pub(crate) events: Arc<Vec<Event>>,
    pub(crate) output: Option<Data>,
    pub(crate) failure: Option<Failure>,
    pub(crate) ended: Option<SystemTime>,
}

pub(crate) struct Execution {
    pub(crate) id: ExecutionId,
    /// The execution whose Task or Map started this one.
    pub(crate) parent: Option<ExecutionId>,
    /// The execution at the top of those that wait for each other. It keeps the time for all of them: they settle together.
    pub(crate) root: ExecutionId,
    /// The execution that counts this one's deliveries: its own or, for an item of a distributed Map, the Map's.
    pub(crate) sender: ExecutionId,
    pub(crate) name: Arc<str>,
    pub(crate) arn: Arc<str>,
    pub(crate) machine_name: Arc<str>,
    pub(crate) machine: Arc<Machine>,
    pub(crate) input: Data,
    pub(crate) started: SystemTime,
    /// As `$states.context.Execution.StartTime` shows it.
    pub(crate) start_time: String,
    pub(crate) clock: Arc<VirtualClock>,
    pub(crate) services: Arc<Services>,
    pub(crate) registry: Weak<Registry>,
    pub(crate) progress: Mutex<Progress>,
    pub(crate) seed: u64,
    /// How many executions led to this one.
    generation: usize,
    /// How many executions the first of them led to.
    descendants: Arc<AtomicUsize>,
    /// Bytes that the variables of all scopes hold.
    pub(crate) variables: Mutex<usize>,
    rng: Mutex<fastrand::Rng>,
    tokens: Mutex<u64>,
    stopped: AtomicBool,
    /// Calls in flight. They belong to the execution, not to the branch: a Lambda function outlives the branch that called it.
    calls: Mutex<Vec<BoxFuture<'static, ()>>>,
}

/// The account of an engine's ARNs, from Amazon's documentation.
pub(crate) const ACCOUNT: &str = "123456789012";
/// The region of an engine's ARNs and history.
pub(crate) const REGION: &str = "us-east-1";

impl Execution {
    pub(crate) fn new(
        id: ExecutionId, birth: Birth<'_>, services: &Arc<Services>, registry: Weak<Registry>,
    ) -> Self {
        let clock = Arc::clone(&services.clock);
        let progress = Progress {
            status: Status::Running,
            events: Arc::new(Vec::with_capacity(birth.machine.expected_events())),
            output: None,
            failure: None,
            ended: None,
        };
        let (parent, root, sender) = match birth.origin {
            Origin::Caller => (None, id, id),
            Origin::Detached(parent) => (Some(parent), id, id),
            Origin::Task(parent) => (Some(parent), parent.root, id),
            Origin::Item(parent) => (Some(parent), parent.root, parent.sender),
        };
        let (generation, descendants) = parent.map_or_else(Default::default, |parent| {
            (parent.generation + 1, Arc::clone(&parent.descendants))
        });
        let rng = match parent {
            // Flows may give their executions the same name.
            Some(_) => mix(mix(birth.seed, &birth.machine_name), &birth.name),
            None => mix(birth.seed, &birth.name),
        };
        let execution = Self {
            id,
            parent: parent.map(|parent| parent.id),
            root,
            sender,
            arn: execution_arn(&birth.machine_name, &birth.name),
            name: birth.name,
            machine_name: birth.machine_name,
            machine: birth.machine,
            input: birth.input,
            started: clock.now(),
            start_time: interpreter::timestamp(clock.now()),
            clock,
            services: Arc::clone(services),
            registry,
            progress: Mutex::new(progress),
            seed: birth.seed,
            generation,
            descendants,
            variables: Mutex::new(0),
            rng: Mutex::new(fastrand::Rng::with_seed(rng)),
            tokens: Mutex::new(0),
            stopped: AtomicBool::new(false),
            calls: Mutex::default(),
        };
        // Step Functions counts neither this event nor 0 as the first state's predecessor: both report 0.
        let facts = Facts::Started {
            input: execution.input.clone(),
            machine_name: Arc::clone(&execution.machine_name),
        };
        execution.append(&mut lock(&execution.progress), 0, "ExecutionStarted", facts);
        execution
    }

    /// Whether there is room for one more execution that this one starts, which then is counted.
    pub(crate) fn has_room_for_child(&self) -> bool {
        self.generation < MAX_GENERATIONS
            && self.descendants.fetch_add(1, Ordering::Relaxed) < MAX_DESCENDANTS
    }

    pub(crate) fn role_arn(&self) -> String {
        role_arn(&self.machine_name)
    }

    /// The state machine's own name, also where a distributed Map's label follows it.
    pub(crate) fn state_machine(&self) -> &str {
        state_machine(&self.machine_name)
    }

    pub(crate) fn machine_arn(&self) -> String {
        format!(
            "arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{}",
            self.machine_name
        )
    }

    /// Appends an event; the last place of a full history is kept for the event that ends the execution.
    pub(crate) fn record(
        &self, previous: u64, kind: &'static str, facts: Facts,
    ) -> Result<u64, Failure> {
        let mut progress = lock(&self.progress);
        if progress.events.len() + 1 >= MAX_EVENTS {
            return Err(Failure::history_full());
        }
        Ok(self.append(&mut progress, previous, kind, facts))
    }

    fn append(
        &self, progress: &mut Progress, previous: u64, kind: &'static str, facts: Facts,
    ) -> u64 {
        let id = progress.events.len() as u64 + 1;
        let event = Event::new(id, previous, self.clock.now(), kind, facts);
        Arc::make_mut(&mut progress.events).push(event);
        id
    }

    /// Waits in virtual time.
    pub(crate) async fn sleep(&self, duration: Duration) {
        self.clock
            .timer(self.root, self.clock.after(duration), Waits::ForTime)
            .await;
    }

    pub(crate) async fn sleep_until(&self, deadline: SystemTime) {
        self.clock.timer(self.root, deadline, Waits::ForTime).await;
    }

    /// A number below `bound`, or `bound` itself where it is 0.
    pub(crate) fn random(&self, bound: f64) -> f64 {
        lock(&self.rng).f64() * bound
    }

    pub(crate) fn random_seed(&self) -> u64 {
        lock(&self.rng).u64(..)
    }

    /// A name for an execution that was given none.
    pub(crate) fn uuid(&self) -> String {
        functions::uuid(&mut lock(&self.rng))
    }

    pub(crate) fn next_token(&self) -> String {
        let mut tokens = lock(&self.tokens);
        *tokens += 1;
        format!("{}/{}/{}", self.machine_name, self.name, *tokens)
    }

    /// Makes the call and waits for its answer. If the waiting stops, the call goes on.
    pub(crate) async fn call(&self, call: Call) -> Reply {
        let slot = Arc::new(Mutex::new(None));
        let answer = Arc::clone(&slot);
        let work = self.services.call(self.sender, call);
        self.spawn(async move {
            let reply = work.await;
            *lock(&answer) = Some(reply);
        });
        poll_fn(|_| lock(&slot).take().map_or(Poll::Pending, Poll::Ready)).await
    }

    fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let guard = self.clock.call(self.root);
        lock(&self.calls).push(Box::pin(async move {
            work.await;
            drop(guard);
        }));
    }

    /// Polls the calls in flight; says whether one of them ended.
    fn poll_calls(&self, cx: &mut std::task::Context<'_>) -> bool {
        // Taken out while polled: a call must not find the list locked when it is the one to start another.
        let mut calls = std::mem::take(&mut *lock(&self.calls));
        let before = calls.len();
        calls.retain_mut(|call| call.as_mut().poll(cx).is_pending());
        let ended = calls.len() < before;
        let mut list = lock(&self.calls);
        calls.append(&mut list);
        *list = calls;
        ended
    }

    /// Polls `work` together with the calls that it makes, until both are done.
    async fn with_calls<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = std::pin::pin!(work);
        let mut output = None;
        poll_fn(|cx| {
            loop {
                if output.is_none()
                    && let Poll::Ready(value) = work.as_mut().poll(cx)
                {
                    output = Some(value);
                }
                if self.poll_calls(cx) {
                    continue;
                }
                if lock(&self.calls).is_empty()
                    && let Some(value) = output.take()
                {
                    return Poll::Ready(value);
                }
                return Poll::Pending;
            }
        })
        .await
    }

    /// Ends the execution with its last event, unless it ended before.
    pub(crate) fn finish(
        &self, status: Status, previous: u64, output: Option<Data>, failure: Option<Failure>,
    ) {
        let mut progress = lock(&self.progress);
        if progress.status != Status::Running {
            return;
        }
        let kind = match status {
            Status::Succeeded => "ExecutionSucceeded",
            Status::TimedOut => "ExecutionTimedOut",
            Status::Aborted => "ExecutionAborted",
            Status::Failed | Status::Running => "ExecutionFailed",
        };
        let facts = match &output {
            Some(output) => Facts::Output(output.clone()),
            None => Facts::Fields(failure.iter().flat_map(Failure::parts).collect()),
        };
        self.append(&mut progress, previous, kind, facts);
        progress.status = status;
        progress.output = output;
        progress.failure = failure;
        progress.ended = Some(self.clock.now());
        self.stir();
    }

    /// Lets whoever waits for this execution look again.
    fn stir(&self) {
        if let Some(registry) = self.registry.upgrade() {
            registry.stir();
        }
    }

    pub(crate) fn is_running(&self) -> bool {
        lock(&self.progress).status == Status::Running
    }

    /// Waits until the execution ended, whatever its calls still do.
    pub(crate) async fn ended(&self) {
        poll_fn(|_| {
            if self.is_running() {
                Poll::Pending
            } else {
                Poll::Ready(())
            }
        })
        .await;
    }

    fn last_event(&self) -> u64 {
        lock(&self.progress)
            .events
            .last()
            .map_or(0, |event| event.id)
    }

    /// Stops the execution from outside. Its calls go on, as Lambda functions do.
    pub(crate) fn abort(&self, failure: Failure) {
        self.finish(Status::Aborted, self.last_event(), None, Some(failure));
        self.stopped.store(true, Ordering::SeqCst);
        self.stir();
    }

    async fn until_stopped(&self) {
        poll_fn(|_| {
            if self.stopped.load(Ordering::SeqCst) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }
}

/// The role of a state machine; a distributed Map's children have their parent's.
pub(crate) fn role_arn(machine_name: &str) -> String {
    format!(
        "arn:aws:iam::{ACCOUNT}:role/{}",
        state_machine(machine_name)
    )
}

/// The name of a state machine, without a distributed Map's label.
pub(crate) fn state_machine(name: &str) -> &str {
    name.split_once('/').map_or(name, |(name, _)| name)
}

fn execution_arn(machine: &str, name: &str) -> Arc<str> {
    format!("arn:aws:states:{REGION}:{ACCOUNT}:execution:{machine}:{name}").into()
}

/// The same name and seed always give the same numbers; two executions of one engine differ (FNV-1a).
fn mix(seed: u64, name: &str) -> u64 {
    name.bytes()
        .fold(seed ^ 0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        })
}

/// The whole life of an execution, as one future.
pub(crate) async fn run(execution: Arc<Execution>) {
    let machine = Arc::clone(&execution.machine);
    let mut frame = Frame::new(&execution);
    let outcome = execution
        .with_calls(Box::pin(live(&execution, &mut frame, &machine)))
        .await;
    let last = frame.last();
    match outcome {
        Ending::Stopped => {}
        Ending::Finished(Ok(output)) => {
            execution.finish(Status::Succeeded, last, Some(output), None);
        }
        Ending::Finished(Err(failure)) => {
            execution.finish(Status::Failed, last, None, Some(failure));
        }
        Ending::TimedOut => {
            execution.finish(Status::TimedOut, last, None, Some(Failure::timeout()));
        }
    }
    if execution.sender != execution.id {
        return;
    }
    if execution.services.has_late(execution.id) {
        execution.spawn(execution.services.late_deliveries(execution.id));
        execution.with_calls(std::future::ready(())).await;
    }
    execution.services.forget(execution.id);
}

/// A child that its parent waits for; it is stopped when the parent no longer does:
/// <https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#connect-sync>.
pub(crate) struct Child(pub(crate) Arc<Execution>);

impl Drop for Child {
    fn drop(&mut self) {
        if self.0.is_running() {
            self.0.abort(Failure::from_parts(None, None));
        }
    }
}

enum Ending {
    Finished(Result<Data, Failure>),
    TimedOut,
    /// Whoever stopped it recorded the end.
    Stopped,
}

async fn live(execution: &Arc<Execution>, frame: &mut Frame, machine: &Machine) -> Ending {
    let life = machine
        .timeout_seconds
        .map_or(MAX_LIFE, Duration::from_secs)
        .min(MAX_LIFE);
    // Nobody waits for this timer: an execution that is parked stays parked until time passes for another reason.
    let timer = execution.clock.timer(
        execution.root,
        execution.clock.after(life),
        Waits::ForAnswer,
    );
    let work = interpreter::run_graph(frame, &machine.graph, execution.input.clone());
    match race(execution.until_stopped(), race(work, timer)).await {
        Either::First(()) => Ending::Stopped,
        Either::Second(Either::First(outcome)) => Ending::Finished(outcome),
        Either::Second(Either::Second(())) => Ending::TimedOut,
    }
}

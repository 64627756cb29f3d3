//! One execution: what its branches share, and its life from `ExecutionStarted` to its last event.

use std::future::{Future, poll_fn};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::{Duration, SystemTime};

use saga_asl as asl;
use serde_json::{Map, Value, json};

use crate::clock::{ExecutionId, VirtualClock, Waits};
use crate::failure::Failure;
use crate::history::{Event, MAX_EVENTS};
use crate::host::{Answer, Call};
use crate::interpreter::{self, Frame};
use crate::race::{Either, race};
use crate::services::Services;
use crate::{BoxFuture, lock};

/// A standard execution lives a year at most.
const MAX_LIFE: Duration = Duration::from_hours(365 * 24);

/// How an execution stands; Step Functions' `ExecutionStatus`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It waits for a task token.
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

/// What happened so far.
#[derive(Clone, Debug)]
pub(crate) struct Progress {
    pub(crate) status: Status,
    pub(crate) events: Vec<Event>,
    pub(crate) output: Option<Value>,
    pub(crate) failure: Option<Failure>,
    pub(crate) ended: Option<SystemTime>,
}

pub(crate) struct Execution {
    pub(crate) id: ExecutionId,
    pub(crate) name: String,
    pub(crate) machine_name: Arc<str>,
    pub(crate) machine: Arc<asl::StateMachine>,
    pub(crate) input: Value,
    pub(crate) started: SystemTime,
    pub(crate) clock: Arc<VirtualClock>,
    pub(crate) services: Arc<Services>,
    pub(crate) progress: Mutex<Progress>,
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
        id: ExecutionId, name: &str, machine: (&Arc<str>, &Arc<asl::StateMachine>), input: Value,
        services: &Arc<Services>, seed: u64,
    ) -> Self {
        let clock = Arc::clone(&services.clock);
        let progress = Progress {
            status: Status::Running,
            events: Vec::new(),
            output: None,
            failure: None,
            ended: None,
        };
        Self {
            id,
            name: name.to_owned(),
            machine_name: Arc::clone(machine.0),
            machine: Arc::clone(machine.1),
            input,
            started: clock.now(),
            clock,
            services: Arc::clone(services),
            progress: Mutex::new(progress),
            rng: Mutex::new(fastrand::Rng::with_seed(mix(seed, name))),
            tokens: Mutex::new(0),
            stopped: AtomicBool::new(false),
            calls: Mutex::default(),
        }
    }

    pub(crate) fn arn(&self) -> String {
        format!(
            "arn:aws:states:{REGION}:{ACCOUNT}:execution:{}:{}",
            self.machine_name, self.name
        )
    }

    pub(crate) fn role_arn(&self) -> String {
        format!("arn:aws:iam::{ACCOUNT}:role/{}", self.machine_name)
    }

    pub(crate) fn machine_arn(&self) -> String {
        format!(
            "arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{}",
            self.machine_name
        )
    }

    /// Appends an event; the last place of a full history is kept for the event that ends the execution.
    pub(crate) fn record(
        &self, previous: u64, kind: &'static str, details: Map<String, Value>,
    ) -> Result<u64, Failure> {
        let mut progress = lock(&self.progress);
        if progress.events.len() + 1 >= MAX_EVENTS {
            return Err(Failure::history_full());
        }
        Ok(self.append(&mut progress, previous, kind, details))
    }

    fn append(
        &self, progress: &mut Progress, previous: u64, kind: &'static str,
        details: Map<String, Value>,
    ) -> u64 {
        let id = progress.events.len() as u64 + 1;
        progress.events.push(Event {
            id,
            previous,
            timestamp: self.clock.now(),
            kind,
            details,
        });
        id
    }

    /// Waits in virtual time.
    pub(crate) async fn sleep(&self, duration: Duration) {
        self.clock
            .timer(self.id, self.clock.after(duration), Waits::ForTime)
            .await;
    }

    pub(crate) async fn sleep_until(&self, deadline: SystemTime) {
        self.clock.timer(self.id, deadline, Waits::ForTime).await;
    }

    /// A number below `bound`, or `bound` itself where it is 0.
    pub(crate) fn random(&self, bound: f64) -> f64 {
        lock(&self.rng).f64() * bound
    }

    pub(crate) fn random_seed(&self) -> u64 {
        lock(&self.rng).u64(..)
    }

    pub(crate) fn next_token(&self) -> String {
        let mut tokens = lock(&self.tokens);
        *tokens += 1;
        format!("{}/{}/{}", self.machine_name, self.name, *tokens)
    }

    /// Makes the call and waits for its answer. If the waiting stops, the call goes on.
    pub(crate) async fn call(&self, call: Call) -> Answer {
        let slot = Arc::new(Mutex::new(None));
        let answer = Arc::clone(&slot);
        let work = self.services.call(self.id, call);
        self.spawn(async move {
            let reply = work.await;
            *lock(&answer) = Some(reply);
        });
        poll_fn(|_| lock(&slot).take().map_or(Poll::Pending, Poll::Ready)).await
    }

    fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let guard = self.clock.call(self.id);
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
        &self, status: Status, previous: u64, output: Option<Value>, failure: Option<Failure>,
    ) {
        let mut progress = lock(&self.progress);
        if progress.status != Status::Running {
            return;
        }
        let (kind, details) = match status {
            Status::Succeeded => (
                "ExecutionSucceeded",
                output
                    .iter()
                    .map(|value| ("output".to_owned(), value.clone()))
                    .collect(),
            ),
            Status::TimedOut => (
                "ExecutionTimedOut",
                failure.iter().flat_map(Failure::details).collect(),
            ),
            Status::Aborted => (
                "ExecutionAborted",
                failure.iter().flat_map(Failure::details).collect(),
            ),
            Status::Failed | Status::Running => (
                "ExecutionFailed",
                failure.iter().flat_map(Failure::details).collect(),
            ),
        };
        self.append(&mut progress, previous, kind, details);
        progress.status = status;
        progress.output = output;
        progress.failure = failure;
        progress.ended = Some(self.clock.now());
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
    let started = json!({ "input": &execution.input, "roleArn": execution.role_arn() });
    let outcome = execution
        .with_calls(live(&execution, &mut frame, &machine, started))
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
    let late = execution.services.late_deliveries(execution.id);
    execution.spawn(late);
    execution.with_calls(std::future::ready(())).await;
    execution.services.forget(execution.id);
}

enum Ending {
    Finished(Result<Value, Failure>),
    TimedOut,
    /// Whoever stopped it recorded the end.
    Stopped,
}

async fn live(
    execution: &Arc<Execution>, frame: &mut Frame, machine: &asl::StateMachine, started: Value,
) -> Ending {
    let life = machine
        .timeout_seconds
        .map_or(MAX_LIFE, Duration::from_secs)
        .min(MAX_LIFE);
    // Nobody waits for this timer: an execution that is parked stays parked until time passes for another reason.
    let timer = execution
        .clock
        .timer(execution.id, execution.clock.after(life), Waits::ForAnswer);
    let work = async {
        frame.start(started)?;
        interpreter::run_graph(frame, &machine.graph, execution.input.clone()).await
    };
    match race(execution.until_stopped(), race(work, timer)).await {
        Either::First(()) => Ending::Stopped,
        Either::Second(Either::First(outcome)) => Ending::Finished(outcome),
        Either::Second(Either::Second(())) => Ending::TimedOut,
    }
}

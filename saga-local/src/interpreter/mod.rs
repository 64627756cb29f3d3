//! Runs a graph state by state, as Step Functions does. What each type of state does stands in its own file.

mod choice;
mod distributed;
mod map;
mod nested;
mod parallel;
mod query;
mod retry;
mod simple;
mod task;
mod variables;

use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use saga_asl as asl;
use serde_json::{Map, Value, json};

use crate::data::Data;
use crate::execution::Execution;
use crate::failure::{Failure, MAX_PAYLOAD};
use crate::history::Facts;
use crate::jsonata::Variables;
use crate::{BoxFuture, lock};

use query::{Query, Rejected};
use variables::Held;

/// Where one branch of an execution stands: its variables, its place in the history, the state that it is in.
pub(crate) struct Frame {
    pub(crate) execution: Arc<Execution>,
    variables: Variables,
    held: Held,
    /// `$states.context.Map.Item`, inside of a Map.
    item: Option<Value>,
    place: Arc<Mutex<Place>>,
    state: StateContext,
}

/// Shared with whoever may abort the branch.
#[derive(Clone, Debug, Default)]
struct Place {
    /// The branch's latest event, which the next one follows.
    last: u64,
    /// `…StateAborted` of the state that the branch is in.
    aborted: Option<&'static str>,
}

/// `$states.context.State` and `Task`, and where the state was entered.
#[derive(Clone, Debug)]
struct StateContext {
    name: Arc<str>,
    entered_at: SystemTime,
    entered: u64,
    before: u64,
    retries: Option<u64>,
    token: Option<String>,
}

/// Where a state leads, and with what.
struct Step<'a> {
    next: Option<&'a str>,
    output: Data,
}

/// The events of one type of state.
struct Events {
    entered: &'static str,
    exited: &'static str,
    aborted: Option<&'static str>,
}

fn events(state: &asl::State) -> Events {
    let (entered, exited, aborted) = match state {
        asl::State::Task(_) => (
            "TaskStateEntered",
            "TaskStateExited",
            Some("TaskStateAborted"),
        ),
        asl::State::Choice(_) => ("ChoiceStateEntered", "ChoiceStateExited", None),
        asl::State::Wait(_) => (
            "WaitStateEntered",
            "WaitStateExited",
            Some("WaitStateAborted"),
        ),
        asl::State::Succeed(_) => ("SucceedStateEntered", "SucceedStateExited", None),
        // A Fail state is never left: its error leaves the graph.
        asl::State::Fail(_) => ("FailStateEntered", "ExecutionFailed", None),
        asl::State::Pass(_) => ("PassStateEntered", "PassStateExited", None),
        asl::State::Parallel(_) => (
            "ParallelStateEntered",
            "ParallelStateExited",
            Some("ParallelStateAborted"),
        ),
        asl::State::Map(_) => ("MapStateEntered", "MapStateExited", Some("MapStateAborted")),
    };
    Events {
        entered,
        exited,
        aborted,
    }
}

/// Runs from `StartAt` to an end. Boxed, because graphs nest.
pub(crate) fn run_graph<'a>(
    frame: &'a mut Frame, graph: &'a asl::Graph, input: Data,
) -> BoxFuture<'a, Result<Data, Failure>> {
    Box::pin(async move {
        let mut name = graph.start_at.as_str();
        let mut input = input;
        loop {
            let Some(state) = graph.get(name) else {
                return Err(Failure::runtime(format!(
                    "The state '{name}' does not exist."
                )));
            };
            let step = run_state(frame, name, state, &input).await?;
            let Some(next) = step.next else {
                return Ok(step.output);
            };
            (name, input) = (next, step.output);
        }
    })
}

async fn run_state<'a>(
    frame: &mut Frame, name: &str, state: &'a asl::State, input: &Data,
) -> Result<Step<'a>, Failure> {
    frame.enter(
        &events(state),
        name,
        input,
        matches!(state, asl::State::Task(_)),
    )?;
    let step = match state {
        asl::State::Task(_) | asl::State::Parallel(_) | asl::State::Map(_) => {
            retry::run(frame, state, input).await
        }
        asl::State::Choice(choice) => choice::run(frame, choice, input),
        asl::State::Wait(wait) => simple::wait(frame, wait, input).await,
        asl::State::Succeed(succeed) => simple::succeed(frame, succeed, input),
        asl::State::Fail(fail) => return Err(simple::fail(frame, fail, input)),
        asl::State::Pass(pass) => simple::pass(frame, pass, input),
    }?;
    Ok(step)
}

fn target(next: &asl::Next) -> Option<&str> {
    match next {
        asl::Next::To(name) => Some(name),
        asl::Next::End => None,
    }
}

impl Frame {
    pub(crate) fn new(execution: &Arc<Execution>) -> Self {
        let now = execution.clock.now();
        let state = StateContext {
            name: "".into(),
            entered_at: now,
            entered: 0,
            before: 0,
            retries: None,
            token: None,
        };
        let place = Arc::new(Mutex::new(Place::default()));
        Self {
            execution: Arc::clone(execution),
            variables: Variables::new(),
            held: Held::new(execution),
            item: None,
            place,
            state,
        }
    }

    /// A branch or an iteration: it sees the variables of its surroundings and keeps its own to itself.
    fn inner(&self, last: u64) -> Self {
        Self {
            execution: Arc::clone(&self.execution),
            variables: self.variables.clone(),
            held: Held::new(&self.execution),
            item: self.item.clone(),
            place: Arc::new(Mutex::new(Place {
                last,
                aborted: None,
            })),
            state: self.state.clone(),
        }
    }

    pub(crate) fn last(&self) -> u64 {
        lock(&self.place).last
    }

    fn set_last(&self, last: u64) {
        lock(&self.place).last = last;
    }

    /// Appends an event after the branch's latest one, and makes it the latest.
    fn record(&self, kind: &'static str, facts: Facts) -> Result<u64, Failure> {
        let id = self.note(self.last(), kind, facts)?;
        self.set_last(id);
        Ok(id)
    }

    /// Appends an event that nothing follows, as `MapIterationSucceeded` is.
    fn note(&self, previous: u64, kind: &'static str, facts: Facts) -> Result<u64, Failure> {
        self.execution.record(previous, kind, facts)
    }

    fn enter(
        &mut self, events: &Events, name: &str, input: &Data, is_task: bool,
    ) -> Result<(), Failure> {
        let before = self.last();
        let name = self.execution.machine.name(name);
        let facts = Facts::Entered {
            state: Arc::clone(&name),
            input: input.clone(),
        };
        let entered = self.record(events.entered, facts)?;
        lock(&self.place).aborted = events.aborted;
        self.state = StateContext {
            name,
            entered_at: self.execution.clock.now(),
            entered,
            before,
            retries: is_task.then_some(0),
            token: None,
        };
        Ok(())
    }

    /// Whether the state may hand the value on.
    fn check_size(&self, value: &Data) -> Result<(), Failure> {
        if value.size() > MAX_PAYLOAD {
            Err(Failure::too_large(&self.state.name))
        } else {
            Ok(())
        }
    }

    /// Leaves the state: checks the output's size, records the event, and only then assigns, all or nothing.
    fn exit(
        &mut self, exited: &'static str, output: &Data, assigned: Map<String, Value>,
    ) -> Result<(), Failure> {
        self.check_size(output)?;
        let facts = Facts::Exited {
            state: Arc::clone(&self.state.name),
            output: output.clone(),
            assigned: (!assigned.is_empty()).then(|| Arc::new(assigned.clone())),
        };
        self.record(exited, facts)?;
        lock(&self.place).aborted = None;
        if assigned.is_empty() {
            return Ok(());
        }
        self.held.assign(&assigned);
        self.variables.extend(
            assigned
                .into_iter()
                .map(|(name, value)| (name, Arc::new(value))),
        );
        Ok(())
    }

    /// Evaluates `Assign` and `Output`, both against the variables as they were, and leaves the state.
    fn complete<'a>(
        &mut self, exited: &'static str, query: &Query<'_>,
        fields: (&asl::Assign, Option<&asl::Template>), default: &Data, next: Option<&'a str>,
    ) -> Result<Step<'a>, Failure> {
        let assigned = query
            .assign(self, fields.0)
            .and_then(|assigned| self.held.check(assigned))
            .map_err(|rejected| self.reject(rejected))?;
        let output = match fields.1 {
            Some(template) => query
                .output(self, template)
                .map_err(|rejected| self.reject(rejected))?,
            None => default.clone(),
        };
        self.exit(exited, &output, assigned)?;
        Ok(Step { next, output })
    }

    /// `EvaluationFailed`, and the failure it stands for.
    fn reject(&mut self, rejected: Rejected) -> Failure {
        let state = &self.state;
        let cause = format!(
            "An error occurred while executing the state '{}' (entered at the event id #{}). {}",
            state.name, state.entered, rejected.message
        );
        let mut fields: Vec<(&str, Value)> = vec![
            ("state", (*state.name).into()),
            ("error", "States.QueryEvaluationError".into()),
            ("cause", cause.as_str().into()),
        ];
        if let Some(location) = rejected.location {
            fields.push(("location", location.into()));
        }
        // Where a state fails on entry, Step Functions names the event before the entry as the previous one.
        let last = self.last();
        let previous = if last == state.entered && !rejected.after_entry {
            state.before
        } else {
            last
        };
        match self.note(previous, "EvaluationFailed", Facts::Fields(fields)) {
            Ok(id) => self.set_last(id),
            Err(full) => return full,
        }
        Failure::new("States.QueryEvaluationError", cause)
    }

    /// `$states.context`: <https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html>.
    fn context(&self) -> Value {
        let execution = &self.execution;
        let state = &self.state;
        let mut context = json!({
            "Execution": {
                "Id": *execution.arn,
                "Input": execution.input.value(),
                "StartTime": execution.start_time,
                "Name": *execution.name,
                "RoleArn": execution.role_arn(),
                "RedriveCount": 0,
            },
            "StateMachine": { "Id": execution.machine_arn(), "Name": &*execution.machine_name },
            "State": { "Name": *state.name, "EnteredTime": timestamp(state.entered_at) },
        });
        if let Some(retries) = state.retries {
            context["State"]["RetryCount"] = retries.into();
        }
        if let Some(token) = &state.token {
            context["Task"] = json!({ "Token": token });
        }
        if let Some(item) = &self.item {
            context["Map"] = json!({ "Item": item });
        }
        context
    }
}

/// As Step Functions writes times: RFC 3339 with milliseconds, in UTC.
pub(crate) fn timestamp(time: SystemTime) -> String {
    humantime::format_rfc3339_millis(time).to_string()
}

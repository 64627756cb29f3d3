//! What an execution looks like from outside at one moment.

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use saga_runtime::Rejection;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::clock::ExecutionId;
use crate::data::Data;
use crate::execution::{Execution, Progress, Status, state_machine};
use crate::history::Event;
use crate::lock;

/// An execution, as it stood when the engine could go no further: ended, or waiting for a task token.
///
/// It is a picture, not a handle: [`Engine::resume`](crate::Engine::resume) answers with a new one.
#[derive(Clone, Debug)]
pub struct Run<O> {
    pub(crate) id: ExecutionId,
    name: Arc<str>,
    arn: Arc<str>,
    machine_name: Arc<str>,
    input: Data,
    elapsed: Duration,
    progress: Progress,
    output: PhantomData<fn() -> O>,
}

impl<O> Run<O> {
    pub(crate) fn of(execution: &Execution) -> Self {
        let progress = lock(&execution.progress).clone();
        let now = progress.ended.unwrap_or_else(|| execution.clock.now());
        Self {
            id: execution.id,
            name: Arc::clone(&execution.name),
            arn: Arc::clone(&execution.arn),
            machine_name: Arc::clone(&execution.machine_name),
            input: execution.input.clone(),
            elapsed: now.duration_since(execution.started).unwrap_or_default(),
            progress,
            output: PhantomData,
        }
    }

    /// The execution's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The execution's ARN: what the envelope carries as `saga`.
    pub fn arn(&self) -> &str {
        &self.arn
    }

    /// The name of the state machine: the flow's. An item of a distributed Map has that of the flow with the Map.
    pub fn state_machine(&self) -> &str {
        state_machine(&self.machine_name)
    }

    /// What it was started with.
    pub fn input(&self) -> &Value {
        self.input.value()
    }

    /// How it stands.
    pub fn status(&self) -> Status {
        self.progress.status
    }

    /// What happened, event by event.
    pub fn history(&self) -> &[Event] {
        &self.progress.events
    }

    /// The names of the states entered, in order, those of branches and iterations included.
    pub fn states_entered(&self) -> Vec<&str> {
        let entered = self
            .history()
            .iter()
            .filter(|event| event.kind().ends_with("StateEntered"));
        entered.filter_map(Event::state).collect()
    }

    /// How long it took, or has taken so far, in virtual time.
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// The output as JSON, if it succeeded.
    pub fn output(&self) -> Option<&Value> {
        self.progress.output.as_ref().map(Data::value)
    }

    /// `Error`, if it ended badly with one. A Fail state need not name any.
    pub fn error(&self) -> Option<&str> {
        self.progress.failure.as_ref()?.error.as_deref()
    }

    /// `Cause`, if it ended badly with one.
    pub fn cause(&self) -> Option<&str> {
        self.progress.failure.as_ref()?.cause.as_deref()
    }
}

impl<O: DeserializeOwned> Run<O> {
    /// What the flow returned; `None` while it runs.
    ///
    /// # Errors
    ///
    /// The rejection that the saga ended with. An execution that was stopped or timed out as a whole ends with
    /// `States.Timeout` or the error it was stopped with; an output that is no `O` is an error `Engine.Output`.
    #[must_use = "the saga may have been rejected"]
    pub fn result(&self) -> Option<Result<O, Rejection>> {
        match self.status() {
            Status::Running => None,
            Status::Succeeded => {
                let output = self.output().unwrap_or(&Value::Null);
                Some(O::deserialize(output).map_err(|error| {
                    Rejection::new(
                        "Engine.Output",
                        format!(
                            "the output of execution `{}` has another type: {error}",
                            self.name
                        ),
                    )
                }))
            }
            Status::Failed | Status::TimedOut | Status::Aborted => {
                Some(Err(Rejection::from_failure(
                    self.error().unwrap_or_default(),
                    self.cause().unwrap_or_default(),
                )))
            }
        }
    }
}

//! Which errors a state can meet, as far as its definition tells them apart, and which names answer to them.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html>

use crate::model::{Catcher, ProcessorMode, Retrier, State, Task};

/// What stands in a list of errors for every error that no state names.
pub const OTHER: &str = "any other error";

const ALL: &str = "States.ALL";
const TASK_FAILED: &str = "States.TaskFailed";
const TIMEOUT: &str = "States.Timeout";
const TOO_LARGE: &str = "States.DataLimitExceeded";

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Error {
    Named(String),
    Other,
}

impl Error {
    fn named(name: &str) -> Self {
        Self::Named(name.to_owned())
    }

    pub(super) fn name(&self) -> &str {
        match self {
            Self::Named(name) => name,
            Self::Other => OTHER,
        }
    }

    /// Whether an entry of `ErrorEquals` answers to it.
    pub(super) fn is_among(&self, names: &[String]) -> bool {
        let is = |name: &str| matches!(self, Self::Named(own) if own == name);
        names.iter().any(|name| match name.as_str() {
            ALL => !is(TOO_LARGE),
            TASK_FAILED => !is(TOO_LARGE) && !is(TIMEOUT),
            name => is(name),
        })
    }

    /// As what the error of an item or a branch leaves the state around it.
    pub(super) fn leaving(&self, around: &State) -> Self {
        match around {
            State::Map(map) if matches!(map.item_processor.mode, ProcessorMode::Distributed(_)) => {
                Self::named("States.ExceedToleratedFailureThreshold")
            }
            _ => self.clone(),
        }
    }
}

pub(super) fn policy(state: &State) -> (&[Retrier], &[Catcher]) {
    match state {
        State::Task(task) => (&task.retry, &task.catch),
        State::Parallel(parallel) => (&parallel.retry, &parallel.catch),
        State::Map(map) => (&map.retry, &map.catch),
        _ => (&[], &[]),
    }
}

/// The errors that the state may meet and somebody tells apart: `around` are the states around it.
pub(super) fn errors_of(state: &State, around: &[&State]) -> Vec<Error> {
    let mut errors = Vec::new();
    let mut add = |name: &str| {
        let error = Error::named(name);
        if !errors.contains(&error) {
            errors.push(error);
        }
    };
    // A declared error stands in `Catch`, so those come first.
    for state in std::iter::once(&state).chain(around) {
        let (retry, catch) = policy(state);
        let names = catch.iter().flat_map(|catcher| &catcher.error_equals);
        for name in names.chain(retry.iter().flat_map(|retrier| &retrier.error_equals)) {
            // For most Tasks it is no error's name, but stands for those of the task.
            if name != ALL && (name != TASK_FAILED || is_sync(state)) {
                add(name);
            }
        }
    }
    if matches!(state, State::Task(_)) {
        add(TIMEOUT);
    }
    add(TOO_LARGE);
    errors.push(Error::Other);
    errors
}

/// A Task that waits for a job: its failure is called `States.TaskFailed`.
fn is_sync(state: &State) -> bool {
    matches!(state, State::Task(Task { resource, .. }) if resource.contains(".sync"))
}

/// What the services and the runtime say, as against what a participant declares.
pub(super) fn is_general(name: &str) -> bool {
    const SERVICES: [&str; 6] = [
        "States.",
        "Saga.",
        "Lambda.",
        "Sandbox.",
        "Runtime.",
        "StepFunctions.",
    ];
    SERVICES.iter().any(|service| name.starts_with(service))
}

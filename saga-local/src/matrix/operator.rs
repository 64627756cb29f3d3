//! Who answers what is parked: tries it again, or goes on without it. Knows which tasks can be answered so.

use saga_asl as asl;
use saga_runtime::Failure;
use serde_json::{Value, json};

use super::world::name;
use crate::Error;
use crate::engine::Engine;
use crate::execution::Status;
use crate::parking::Parked;
use crate::run::Run;

/// How often a case is answered before it counts as stuck for good.
const ANSWERS: usize = 20;

/// What is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    /// Finds the cause, and resumes.
    Resumes,
    /// Leaves things as they are, and skips.
    Skips,
}

/// A task that was parked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stuck {
    /// The state that waits.
    pub(super) state: String,
    /// Whose compensation is stuck.
    pub(super) step: String,
    item: Vec<u64>,
}

impl Operator {
    /// Answers until nothing waits any more; gives the run, and what waited.
    pub(super) async fn answer(
        self, engine: &Engine<Value, Value>, mut run: Run<Value>,
    ) -> Result<(Run<Value>, Vec<Stuck>), Error> {
        let mut stuck = Vec::new();
        while run.status() == Status::Running && stuck.len() < ANSWERS {
            let parked = engine.parked();
            let Some(task) = parked.first() else { break };
            stuck.push(Stuck::of(task));
            run = match self {
                Self::Resumes => {
                    engine.lift_faults();
                    engine.resume(task.token(), json!({})).await?
                }
                Self::Skips => engine.skip(task.token(), "put right by hand").await?,
            };
        }
        Ok((run, stuck))
    }
}

impl Stuck {
    fn of(parked: &Parked) -> Self {
        let message = parked.message();
        let step = message.get("step").and_then(Value::as_str);
        let item = message.get("item").cloned().unwrap_or_default();
        Self {
            state: parked.state().to_owned(),
            step: step.unwrap_or_default().to_owned(),
            item: serde_json::from_value(item).unwrap_or_default(),
        }
    }

    /// `stock.reserve`, or `stock.reserve [2]` in a loop.
    pub(super) fn name(&self) -> String {
        name(&self.step, &self.item)
    }
}

/// Whether the state goes on when its task is failed with `Saga.Skipped`.
pub(super) fn can_be_skipped(state: &asl::State) -> bool {
    let mut errors = state.catchers().iter().flat_map(|one| &one.error_equals);
    errors.any(|error| error == Failure::SKIPPED)
}

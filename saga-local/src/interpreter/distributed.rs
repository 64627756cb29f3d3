//! Map in distributed mode: an execution of its own for every item, and a tolerance for those that fail.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html>

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use saga_asl as asl;
use serde_json::{Map, Value};

use crate::data::Data;
use crate::execution::{ACCOUNT, Child, REGION};
use crate::failure::Failure;
use crate::history::Facts;
use crate::lock;
use crate::machine::Machine;
use crate::registry::{Birth, Origin};

use super::{Frame, Query, Rejected, map};

/// The most children that run at once, and how many run where no limit is given.
pub(super) const CONCURRENCY: u64 = 10_000;

/// An Express execution lives five minutes at most: <https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html>.
const EXPRESS_LIFE: u64 = 300;

/// How many children may fail: <https://docs.aws.amazon.com/step-functions/latest/dg/maprun-fail-threshold.html>.
struct Tolerance {
    count: Option<u64>,
    percentage: Option<u64>,
}

impl Tolerance {
    fn of(frame: &Frame, map: &asl::Map, query: &Query<'_>) -> Result<Self, Rejected> {
        let number = |field, number: &Option<asl::Number>, max| {
            let number = number.as_ref();
            number
                .map(|number| query.number(frame, field, number, max))
                .transpose()
        };
        Ok(Self {
            count: number(
                "ToleratedFailureCount",
                &map.tolerated_failure_count,
                u64::MAX,
            )?,
            percentage: number(
                "ToleratedFailurePercentage",
                &map.tolerated_failure_percentage,
                100,
            )?,
        })
    }

    /// Whether one of the thresholds is passed; without any, the first failure does it.
    fn is_exceeded(&self, failed: usize, total: usize) -> bool {
        let (failed, total) = (failed as u128, total as u128);
        let by_count = self.count.is_some_and(|count| failed > u128::from(count));
        let by_percentage = self
            .percentage
            .is_some_and(|percentage| failed * 100 > u128::from(percentage) * total);
        let by_default = self.count.is_none() && self.percentage.is_none() && failed > 0;
        by_count || by_percentage || by_default
    }
}

/// What all children of one Map have in common.
struct Children {
    machine_name: Arc<str>,
    machine: Arc<Machine>,
}

impl Children {
    fn of(frame: &Frame, map: &asl::Map, execution_type: asl::ExecutionType) -> Self {
        let label = map
            .label
            .clone()
            .unwrap_or_else(|| label(&frame.state.name));
        let life = match execution_type {
            asl::ExecutionType::Standard => None,
            asl::ExecutionType::Express => Some(EXPRESS_LIFE),
        };
        let definition = asl::StateMachine {
            comment: None,
            timeout_seconds: life,
            graph: map.item_processor.graph.clone(),
        };
        Self {
            machine_name: format!("{}/{label}", frame.execution.state_machine()).into(),
            machine: Arc::new(Machine::of(definition)),
        }
    }

    fn begin(&self, frame: &Frame, input: Data) -> Result<Child, Failure> {
        let execution = &frame.execution;
        if !execution.has_room_for_child() {
            return Err(Failure::runtime(
                "The executions of the Map and of those around it are too many.",
            ));
        }
        let birth = Birth {
            name: execution.uuid().into(),
            machine_name: Arc::clone(&self.machine_name),
            machine: Arc::clone(&self.machine),
            input,
            seed: execution.seed,
            origin: Origin::Item(execution),
        };
        let begun = execution
            .registry
            .upgrade()
            .and_then(|registry| registry.begin(birth, &execution.services).ok());
        begun
            .map(Child)
            .ok_or_else(|| Failure::runtime("The child execution could not be started."))
    }
}

/// Step Functions invents a label where there is none; this one is as unique, and readable.
fn label(state: &str) -> String {
    let readable = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    state.chars().take(40).map(readable).collect()
}

/// Runs all items; the history gets the beginning and the end of the Map Run, and nothing of its children.
pub(super) async fn run(
    frame: &mut Frame, map: &asl::Map, execution_type: asl::ExecutionType, query: &Query<'_>,
    (items, limit): (Vec<Value>, usize),
) -> Result<Vec<Value>, Failure> {
    let tolerance = Tolerance::of(frame, map, query).map_err(|rejected| frame.reject(rejected))?;
    let children = Children::of(frame, map, execution_type);
    let arn = format!(
        "arn:aws:states:{REGION}:{ACCOUNT}:mapRun:{}:{}",
        children.machine_name,
        frame.execution.uuid()
    );
    frame.record(
        "MapRunStarted",
        Facts::Fields(vec![("mapRunArn", arn.into())]),
    )?;
    match run_items(frame, map, query, (items, limit), &tolerance, &children).await {
        Ok(outputs) => {
            frame.record("MapRunSucceeded", Facts::NONE)?;
            Ok(outputs)
        }
        Err(failure) => {
            frame.record("MapRunFailed", Facts::Fields(failure.parts()))?;
            Err(failure)
        }
    }
}

async fn run_items(
    frame: &mut Frame, map: &asl::Map, query: &Query<'_>, (items, limit): (Vec<Value>, usize),
    tolerance: &Tolerance, children: &Children,
) -> Result<Vec<Value>, Failure> {
    let total = items.len();
    let mut outputs = vec![Value::Null; total];
    let mut waiting = items.into_iter().enumerate();
    // Dropping a child that runs stops it.
    let mut running: Vec<(usize, Child)> = Vec::new();
    let mut failed = 0;
    loop {
        while running.len() < limit
            && let Some((index, item)) = waiting.next()
        {
            let mut inner = frame.inner(frame.last());
            let input = map::select(frame, &mut inner, map, query, (index, item))?;
            running.push((index, children.begin(frame, input)?));
        }
        let Some((index, child)) = next_ended(&mut running).await else {
            return Ok(outputs);
        };
        let (is_failure, output) = result(&child);
        outputs[index] = output;
        failed += usize::from(is_failure);
        if tolerance.is_exceeded(failed, total) {
            let cause = "The specified tolerated failure threshold was exceeded";
            return Err(Failure::new(
                "States.ExceedToleratedFailureThreshold",
                cause,
            ));
        }
    }
}

async fn next_ended(running: &mut Vec<(usize, Child)>) -> Option<(usize, Child)> {
    if running.is_empty() {
        return None;
    }
    poll_fn(
        |_| match running.iter().position(|(_, child)| !child.0.is_running()) {
            Some(position) => Poll::Ready(Some(running.remove(position))),
            None => Poll::Pending,
        },
    )
    .await
}

/// Whether the child failed, and what stands in the Map's result for it.
fn result(child: &Child) -> (bool, Value) {
    let progress = lock(&child.0.progress);
    if let Some(output) = &progress.output {
        return (false, output.value().clone());
    }
    let mut result = Map::new();
    result.insert("Status".into(), progress.status.name().into());
    if let Some(failure) = &progress.failure {
        for (key, part) in [("Error", &failure.error), ("Cause", &failure.cause)] {
            if let Some(part) = part {
                result.insert(key.into(), part.clone().into());
            }
        }
    }
    (true, Value::Object(result))
}

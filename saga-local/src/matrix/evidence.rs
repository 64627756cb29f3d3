//! Runs one case in a world of its own, and gathers what is known of it afterwards. Judges nothing.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use crate::delivery::{Delivery, DeliveryOutcome};
use crate::engine::Engine;
use crate::execution::Status;
use crate::fault::Fault;
use crate::registry::Flow;
use crate::run::Run;

use super::operator::{Operator, Stuck};
use super::report::{End, Problem};
use super::site::{Injection, Site, sites};
use super::witness::{Onlooker, Seen, Undoes};
use super::world::{Records, Snapshot, World, strip};

/// What all cases of a matrix have in common.
pub(super) struct Subject {
    pub(super) flow: Flow,
    pub(super) flows: Vec<Flow>,
    pub(super) ignored: Vec<String>,
    pub(super) undoes: Undoes,
}

/// What is known of a case that was run.
pub(super) struct Evidence {
    pub(super) end: End,
    pub(super) output: Option<Value>,
    /// The error that the client is told, with that of a called flow in its place.
    pub(super) reported: Option<String>,
    pub(super) executions: Vec<Run<Value>>,
    pub(super) deliveries: Vec<Delivery>,
    pub(super) seen: Vec<Seen>,
    pub(super) before: Snapshot,
    pub(super) after: Snapshot,
    pub(super) records: Records,
    pub(super) sites: Vec<Site>,
    /// What waited for an operator, and whether it was skipped.
    pub(super) stuck: Vec<Stuck>,
    pub(super) is_skipped: bool,
    /// Rules of the user's that do not hold.
    pub(super) broken: Vec<Problem>,
}

impl Subject {
    pub(super) async fn run(
        &self, world: World, input: &Value, injections: &[Injection], operator: Operator,
    ) -> Result<Evidence, crate::Error> {
        let before = world.look(&self.ignored);
        let onlooker = Arc::new(Onlooker::new(
            world.clone(),
            self.ignored.clone(),
            self.undoes.clone(),
        ));
        let engine = self.engine(&world, injections, Arc::clone(&onlooker));
        let run = engine.start("case", input).await?;
        let (run, stuck) = operator.answer(&engine, run).await?;
        let deliveries = engine.deliveries();
        let seen = onlooker.seen();
        let end = end(&run);
        // Whoever skips a compensation means to leave what a rule may be about.
        let is_skipped = operator == Operator::Skips && !stuck.is_empty();
        let broken = if is_skipped {
            Vec::new()
        } else {
            world.broken(&end)
        };
        let mut output = run.output().cloned();
        if let Some(output) = &mut output {
            strip(output, &self.ignored);
        }
        Ok(Evidence {
            broken,
            output,
            reported: run
                .result()
                .and_then(Result::err)
                .map(|error| error.error().to_owned()),
            executions: engine.executions(),
            sites: sites(&deliveries, &seen, &self.undoes),
            deliveries,
            seen,
            before,
            after: world.look(&self.ignored),
            records: world.records(),
            stuck,
            is_skipped,
            end,
        })
    }

    fn engine(
        &self, world: &World, injections: &[Injection], onlooker: Arc<Onlooker>,
    ) -> Engine<Value, Value> {
        let mut engine = Engine::of(self.flow.clone()).witnessed(onlooker);
        for flow in &self.flows {
            engine = engine.with_read_flow(flow.clone());
        }
        for handler in &world.handlers {
            engine = engine.with(handler.clone());
        }
        for (name, function) in &world.functions {
            engine = engine.with_plain(name, Arc::clone(function));
        }
        for injection in injections {
            engine = engine.fault(injection.site.state.clone(), injection.plan());
        }
        engine
    }
}

fn end(run: &Run<Value>) -> End {
    let error = run.error().unwrap_or_default().to_owned();
    match run.status() {
        Status::Succeeded => End::Committed,
        Status::Failed if error == "States.Runtime" => End::Killed { error },
        Status::Failed => End::Compensated { error },
        Status::TimedOut | Status::Aborted => End::Killed { error },
        Status::Running => End::Unfinished,
    }
}

impl Evidence {
    /// The states that were entered, those of nested executions after those of the one that was started.
    pub(super) fn path(&self) -> Vec<String> {
        let states = self.executions.iter().flat_map(Run::states_entered);
        states.map(str::to_owned).collect()
    }

    /// How many items the loops had.
    pub(super) fn loops(&self) -> BTreeSet<(String, u64)> {
        let mut found = BTreeSet::new();
        for run in &self.executions {
            let mut entered: Vec<(u64, &str)> = Vec::new();
            for event in run.history() {
                match (event.kind(), event.state()) {
                    ("MapStateEntered", Some(state)) => entered.push((event.id(), state)),
                    ("MapStateStarted", _) => {
                        let length = event.details().get("length").and_then(Value::as_u64);
                        let map = entered.iter().find(|(id, _)| *id == event.previous());
                        if let (Some((_, state)), Some(length)) = (map, length) {
                            found.insert(((*state).to_owned(), length));
                        }
                    }
                    _ => {}
                }
            }
        }
        found
    }
}

/// The error that a delivery was answered with, as the state machine saw it.
pub(super) fn error(delivery: &Delivery) -> Option<&str> {
    match (delivery.fault(), delivery.outcome()) {
        _ if delivery.is_late() => None,
        (Some(Fault::TimeoutBeforeEffect | Fault::TimeoutAfterEffect | Fault::LateDelivery), _) => {
            Some("States.Timeout")
        }
        (
            Some(Fault::CrashBeforeEffect | Fault::CrashAfterEffect | Fault::CrashBeforeCommit),
            _,
        ) => Some("Runtime.ExitError"),
        (Some(Fault::Throttled), _) => Some("Lambda.TooManyRequestsException"),
        (Some(Fault::Error { name, .. }), _) => Some(name),
        (_, DeliveryOutcome::Failed { error, .. }) => Some(error),
        (_, DeliveryOutcome::NotDelivered | DeliveryOutcome::Answered(_)) => None,
    }
}

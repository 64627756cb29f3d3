//! The longest ways through a definition, counted. Retries are not counted, and neither is what an operator does.

use std::collections::{HashMap, HashSet};

use saga_asl::{Graph, Map, ProcessorMode, State, Task};

use super::count::Count;
use crate::names;

type States<'a> = HashMap<&'a str, &'a State>;

/// What is counted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Measure {
    /// Of the history:
    /// <https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html>.
    Events,
    /// States entered, which are billed, also those of a distributed loop's own executions.
    Transitions,
}

/// The longest way to each end of a graph that it can come to.
#[derive(Clone, Default)]
pub(super) struct Ends {
    pub(super) success: Option<Count>,
    /// In a `Fail`: a saga that is compensated, or an item or branch with a no of its own.
    pub(super) failure: Option<Count>,
    /// In a state whose failure leaves the graph.
    pub(super) uncaught: Option<Count>,
}

/// A state by itself.
struct Own {
    done: Count,
    /// When it fails, for those states that can; leaving it afterwards is not in it.
    failed: Option<Count>,
}

impl Measure {
    fn number(self, events: u64, transitions: u64) -> Count {
        Count::of(match self {
            Self::Events => events,
            Self::Transitions => transitions,
        })
    }
}

pub(super) fn measure(graph: &Graph, measure: Measure) -> Ends {
    let states: States<'_> = graph
        .states
        .iter()
        .map(|(name, state)| (name.as_str(), state))
        .collect();
    let mut ends: HashMap<&str, Ends> = HashMap::new();
    for name in last_first(graph, &states) {
        if let Some(state) = states.get(name) {
            let own = own(name, state, measure);
            let way = from(state, &own, measure, &states, &ends);
            ends.insert(name, way);
        }
    }
    ends.remove(graph.start_at.as_str()).unwrap_or_default()
}

/// The states that are reached, each behind all that follow it; what goes back to one before is left out.
fn last_first<'a>(graph: &'a Graph, states: &States<'a>) -> Vec<&'a str> {
    let mut seen = HashSet::new();
    let mut order = Vec::new();
    let mut stack = vec![(graph.start_at.as_str(), false)];
    while let Some((name, is_done)) = stack.pop() {
        if is_done {
            order.push(name);
            continue;
        }
        if !seen.insert(name) {
            continue;
        }
        stack.push((name, true));
        if let Some(state) = states.get(name) {
            stack.extend(state.targets().into_iter().map(|next| (next, false)));
            stack.extend(caught(state, states).into_iter().map(|next| (next, false)));
        }
    }
    order
}

/// Where a state goes when it has failed, unless an operator is waited for.
fn caught<'a>(state: &'a State, states: &States<'a>) -> Vec<&'a str> {
    let targets = state.catchers().iter().map(|catcher| catcher.next.as_str());
    let is_parked = |next: &&str| {
        states
            .get(next)
            .is_some_and(|state| state.waits_for_token())
    };
    targets.filter(|next| !is_parked(next)).collect()
}

fn from<'a>(
    state: &'a State, own: &Own, measure: Measure, states: &States<'a>, ends: &HashMap<&str, Ends>,
) -> Ends {
    let mut way = Ends::default();
    let next = state.targets();
    for next in &next {
        way.go_on(&own.done, ends.get(next));
    }
    match state {
        State::Fail(_) => way.failure = Some(own.done.clone()),
        State::Choice(_) => {}
        _ if next.is_empty() => way.success = Some(own.done.clone()),
        _ => {}
    }
    if let Some(failed) = &own.failed {
        let left = failed.clone().plus(&measure.number(1, 0));
        for next in caught(state, states) {
            way.go_on(&left, ends.get(next));
        }
        way.uncaught = more(way.uncaught.take(), Some(failed.clone()));
    }
    way
}

impl Ends {
    /// Also this far, and then to one of those ends.
    fn go_on(&mut self, cost: &Count, rest: Option<&Self>) {
        let Some(rest) = rest else { return };
        let with = |end: &Option<Count>| end.as_ref().map(|end| cost.clone().plus(end));
        self.success = more(self.success.take(), with(&rest.success));
        self.failure = more(self.failure.take(), with(&rest.failure));
        self.uncaught = more(self.uncaught.take(), with(&rest.uncaught));
    }

    /// Whichever is longest.
    pub(super) fn worst(self) -> Count {
        let failure = more(self.failure, self.uncaught);
        more(self.success, failure).unwrap_or_default()
    }
}

fn more(left: Option<Count>, right: Option<Count>) -> Option<Count> {
    match (left, right) {
        (Some(left), Some(right)) => Some(left.or_more(&right)),
        (left, right) => left.or(right),
    }
}

fn own(name: &str, state: &State, measure: Measure) -> Own {
    let plain = |events| Own {
        done: measure.number(events, 1),
        failed: None,
    };
    match state {
        // Entered and exited.
        State::Choice(_) | State::Wait(_) | State::Pass(_) | State::Succeed(_) => plain(2),
        // Entered.
        State::Fail(_) => plain(1),
        State::Task(task) => own_task(task, measure),
        State::Parallel(parallel) => {
            // Entered, started, succeeded or failed, exited.
            let (mut done, mut failed) = (measure.number(4, 1), measure.number(3, 1));
            for branch in &parallel.branches {
                let ends = self::measure(branch, measure);
                done = done.plus(&ends.success.clone().unwrap_or_default());
                failed = failed.plus(&ends.worst());
            }
            Own {
                done,
                failed: Some(failed),
            }
        }
        State::Map(map) => own_map(name, map, measure),
    }
}

fn own_task(task: &Task, measure: Measure) -> Own {
    // Entered, scheduled, started, submitted if something else does the work, succeeded or failed, exited.
    let submitted = u64::from(is_submitted(task));
    Own {
        done: measure.number(5 + submitted, 1),
        failed: Some(measure.number(4 + submitted, 1)),
    }
}

fn is_submitted(task: &Task) -> bool {
    task.resource.contains(".sync") || task.waits_for_token()
}

fn own_map(name: &str, map: &Map, measure: Measure) -> Own {
    let ends = self::measure(&map.item_processor.graph, measure);
    let success = ends.success.clone().unwrap_or_default();
    // A loop's compensation goes through the same items.
    let looped = names::compensated_state(name);
    let each = |item: Count| match (map.item_processor.mode, measure) {
        // Only the executions of the items have their events.
        (ProcessorMode::Distributed(_), Measure::Events) => Count::default(),
        // Started, succeeded or failed.
        _ => item.plus(&measure.number(2, 0)).for_each(looped),
    };
    // Entered, started, the run started and ended if it is distributed, succeeded or failed, exited.
    let run = match map.item_processor.mode {
        ProcessorMode::Distributed(_) => 2,
        ProcessorMode::Inline => 0,
    };
    Own {
        done: measure.number(4 + run, 1).plus(&each(success)),
        failed: Some(measure.number(3 + run, 1).plus(&each(ends.worst()))),
    }
}

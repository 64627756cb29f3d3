//! What a definition costs: bytes, billed transitions, events of the history; and what of it is near a limit, or past it.

mod count;
mod limits;
mod measure;
#[cfg(test)]
mod tests;

use saga_asl::{Graph, ProcessorMode, State, StateMachine};

pub use count::Count;
pub(crate) use limits::{NEAR_DEFINITION, check, warnings};
use measure::{Measure, measure};

/// Events of every execution: started, and succeeded or failed.
const EXECUTION: u64 = 2;

/// What a state machine costs, at worst, when nothing is retried.
///
/// Bytes and events are limited by Step Functions, transitions are billed. Where a flow goes through a list, the numbers
/// depend on its length, which only a run knows; where one of several arms is taken, the dearest counts.
///
/// # Example
///
/// ```
/// use saga_compiler::Budget;
///
/// let json = r#"{
///   "QueryLanguage": "JSONata",
///   "StartAt": "for line in cmd.lines",
///   "States": {
///     "for line in cmd.lines": {
///       "Type": "Map",
///       "Items": "{% $states.context.Execution.Input.lines %}",
///       "ItemProcessor": {
///         "StartAt": "stock.count",
///         "States": {
///           "stock.count": { "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": true }
///         }
///       },
///       "End": true
///     }
///   }
/// }"#;
/// let budget = Budget::of(&saga_asl::parse(json).unwrap(), json.len());
/// assert_eq!(budget.events.to_string(), "6 + 7 an item of `for line in cmd.lines`");
/// assert_eq!(budget.transitions.at(100), 101);
/// assert_eq!(budget.items(), Some(3_570));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Budget {
    /// Of the definition as it is written; Step Functions allows 1,048,576.
    pub bytes: usize,
    /// States entered on the longest way to success, which is what Step Functions bills. Those of a distributed loop's
    /// items are in it, although they are executions of their own.
    pub transitions: Count,
    /// Events in the history of the longest way to success; Step Functions allows 25,000.
    pub events: Count,
    /// Events in the history of the longest way to the end of a saga that was compensated.
    pub compensated_events: Option<Count>,
    /// Events in the history of one item, for each distributed loop by the name of its state.
    pub children: Vec<(String, Count)>,
}

impl Budget {
    /// Counts a definition that is written in so many bytes.
    pub fn of(machine: &StateMachine, bytes: usize) -> Self {
        let whole = |ends: Option<Count>| ends.map(|events| events.plus(&Count::of(EXECUTION)));
        let events = measure(&machine.graph, Measure::Events);
        let transitions = measure(&machine.graph, Measure::Transitions);
        let mut children = Vec::new();
        collect_children(&machine.graph, &mut children);
        Self {
            bytes,
            transitions: transitions.success.unwrap_or_default(),
            events: whole(events.success).unwrap_or_default(),
            compensated_events: whole(events.failure),
            children,
        }
    }

    /// How many items every loop may have, inner ones each time, before a history is full; `None` if none can become so.
    pub fn items(&self) -> Option<u64> {
        let children = self.children.iter().map(|(_, count)| limits::items(count));
        let items = [limits::items(&self.longest())].into_iter().chain(children);
        items.flatten().min()
    }

    /// The longest history of the saga itself.
    fn longest(&self) -> Count {
        let compensated = self.compensated_events.clone().unwrap_or_default();
        compensated.or_more(&self.events)
    }
}

fn collect_children(graph: &Graph, children: &mut Vec<(String, Count)>) {
    for (name, state) in &graph.states {
        match state {
            State::Map(map) => {
                let inner = &map.item_processor.graph;
                if let ProcessorMode::Distributed(_) = map.item_processor.mode {
                    let item = measure(inner, Measure::Events).worst();
                    children.push((name.clone(), item.plus(&Count::of(EXECUTION))));
                }
                collect_children(inner, children);
            }
            State::Parallel(parallel) => {
                for branch in &parallel.branches {
                    collect_children(branch, children);
                }
            }
            _ => {}
        }
    }
}

//! Which steps come one after the other, by the definition, and whether what was done in an order was undone in reverse.

use std::collections::BTreeMap;

use saga_asl as asl;

use super::evidence::Evidence;
use super::report::Problem;
use super::world::Key;

/// The loops and joins that each Task stands in, the outermost first.
pub(super) type Order = BTreeMap<String, Vec<Inside>>;

/// A loop or a join, and where in it a Task stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Inside {
    Branch { join: String, index: usize },
    Item { map: String, one_by_one: bool },
}

pub(super) fn order(machines: &[&asl::StateMachine]) -> Order {
    let mut order = Order::new();
    for machine in machines {
        visit(&machine.graph, &[], &mut order);
    }
    order
}

fn visit(graph: &asl::Graph, around: &[Inside], order: &mut Order) {
    for (name, state) in &graph.states {
        let mut inside = around.to_vec();
        match state {
            asl::State::Task(_) => {
                order.insert(name.clone(), inside);
            }
            asl::State::Parallel(parallel) => {
                for (index, branch) in parallel.branches.iter().enumerate() {
                    let join = name.clone();
                    inside.truncate(around.len());
                    inside.push(Inside::Branch { join, index });
                    visit(branch, &inside, order);
                }
            }
            asl::State::Map(state) => {
                let one_by_one = state.max_concurrency == Some(asl::Number::Literal(1));
                let map = name.clone();
                inside.push(Inside::Item { map, one_by_one });
                visit(&state.item_processor.graph, &inside, order);
            }
            _ => {}
        }
    }
}

/// Where in the log a step's effect and its undoing stand.
struct Placed<'a> {
    key: &'a Key,
    state: &'a str,
    done_at: usize,
    undone_at: usize,
}

/// Steps that were undone while a later step's effect stood.
pub(super) fn undone_too_early(evidence: &Evidence, order: &Order) -> Vec<Problem> {
    let mut steps: Vec<Placed<'_>> = Vec::new();
    for (place, seen) in evidence.seen.iter().enumerate() {
        // An effect shows in the world, or in the record alone.
        if seen.is_compensation && (seen.changed || seen.was_done) {
            if let Some(step) = steps.iter_mut().find(|step| *step.key == seen.key) {
                step.undone_at = place;
            }
        } else if !seen.is_compensation && !steps.iter().any(|step| *step.key == seen.key) {
            steps.push(Placed {
                key: &seen.key,
                state: &seen.state,
                done_at: place,
                undone_at: usize::MAX,
            });
        }
    }
    steps.retain(|step| step.undone_at != usize::MAX);
    let mut problems = Vec::new();
    for later in &steps {
        let too_early = steps.iter().filter(|earlier| {
            earlier.done_at < later.done_at
                && earlier.undone_at < later.undone_at
                && earlier.key.saga == later.key.saga
                && follow(order, earlier, later)
        });
        problems.extend(too_early.map(|earlier| Problem::OutOfOrder {
            step: earlier.key.name(),
            before: later.key.name(),
        }));
    }
    problems
}

/// Whether the definition makes one wait for the other.
fn follow(order: &Order, earlier: &Placed<'_>, later: &Placed<'_>) -> bool {
    let (Some(one), Some(other)) = (order.get(earlier.state), order.get(later.state)) else {
        return true;
    };
    let mut depth = 0;
    for (one, other) in one.iter().zip(other) {
        match (one, other) {
            (
                Inside::Branch { join, index },
                Inside::Branch {
                    join: same,
                    index: there,
                },
            ) if join == same => {
                if index != there {
                    return false;
                }
            }
            (Inside::Item { map, one_by_one }, Inside::Item { map: same, .. }) if map == same => {
                if earlier.key.item.get(depth) != later.key.item.get(depth) {
                    return *one_by_one;
                }
                depth += 1;
            }
            _ => return true,
        }
    }
    true
}

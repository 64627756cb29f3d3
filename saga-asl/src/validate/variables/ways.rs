//! Whether there is a way through a scope on which a variable is not assigned.
//!
//! Every way that the transitions allow counts, except those that the scope's tags forbid. All tags at once would be too
//! many cases: the search knows two at a time, the main one and one other.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::model::State;
use crate::validate::definition::{Definition, Scope, transitions};

use super::flow::{Edge, Entry, Flow, Node, Reached};
use super::tags::{Label, Tags};

/// From where a state is entered.
#[derive(Clone, Copy)]
pub(super) enum Before {
    Start,
    State(usize),
}

/// The steps left for looking at tags in one definition. A use that is not cleared with them stays reported.
pub(super) struct Budget(usize);

impl Default for Budget {
    fn default() -> Self {
        // A thousand states with two hundred tags, and uses that each of these clears, take a third of them.
        Self(50_000_000)
    }
}

impl Budget {
    pub(super) fn spend(&mut self, steps: usize) -> bool {
        let left = self.0.checked_sub(steps);
        self.0 = left.unwrap_or(0);
        left.is_some()
    }
}

/// The ways through one scope.
pub(super) struct Ways<'d> {
    /// The main tag is known in it.
    flow: Flow,
    /// By another tag: the flow in which that is known, too.
    splits: HashMap<usize, Option<Flow>>,
    tags: Tags,
    states: usize,
    transitions: usize,
    /// By variable: the transitions that assign it.
    assigning: HashMap<&'d str, Vec<usize>>,
}

impl<'d> Ways<'d> {
    pub(super) fn new(
        definition: &'d Definition<'_>, scope: &'d Scope<'_>, budget: &mut Budget,
    ) -> Self {
        let (plain, labels) = flow(definition, scope);
        let mut assigning: HashMap<&str, Vec<usize>> = HashMap::new();
        for (transition, label) in labels.iter().enumerate() {
            for (name, _) in label.assign {
                assigning.entry(name).or_default().push(transition);
            }
        }
        let tags = Tags::new(&labels);
        let split = tags.main().and_then(|tag| tags.split(&plain, tag, budget));
        Self {
            flow: split.unwrap_or(plain),
            splits: HashMap::new(),
            tags,
            states: scope.graph.states.len(),
            transitions: labels.len(),
            assigning,
        }
    }

    /// Those of the states that can be entered while the variable is still unassigned, and from where.
    ///
    /// A state assigns on the way out: all references in it read the values that it was entered with.
    pub(super) fn unassigned(
        &mut self, name: &str, states: &BTreeSet<usize>, budget: &mut Budget,
    ) -> BTreeMap<usize, Before> {
        let mut assigns = vec![false; self.transitions];
        for &transition in self.assigning.get(name).into_iter().flatten() {
            assigns[transition] = true;
        }
        let reached = self.flow.search(&assigns, self.states);
        let mut unassigned = BTreeMap::new();
        for &state in states {
            if let Some(before) = before(&self.flow, &reached, state) {
                unassigned.insert(state, before);
            }
        }
        let mut tried = HashSet::new();
        for &state in states {
            if !unassigned.contains_key(&state) || !budget.spend(self.flow.size()) {
                continue;
            }
            let way = reached.way_to(state);
            let mut candidates = self.tags.forbidding(&self.flow, &way);
            // The nearest first: it is the one that most often decides.
            while let Some(tag) = candidates.pop() {
                if !tried.insert(tag) {
                    continue;
                }
                self.split(tag, budget);
                let Some(Some(flow)) = self.splits.get(&tag) else {
                    continue;
                };
                if !budget.spend(flow.size()) {
                    continue;
                }
                let reached = flow.search(&assigns, self.states);
                unassigned.retain(|&state, known| match before(flow, &reached, state) {
                    Some(before) => {
                        *known = before;
                        true
                    }
                    None => false,
                });
                if !unassigned.contains_key(&state) {
                    break;
                }
                // A tag that allows this way, too, cannot help.
                let forbidding = self.tags.forbidding(flow, &reached.way_to(state));
                let forbidding: HashSet<usize> = forbidding.into_iter().collect();
                candidates.retain(|tag| forbidding.contains(tag));
            }
        }
        unassigned
    }

    /// Makes the flow in which this tag is known, too.
    fn split(&mut self, tag: usize, budget: &mut Budget) {
        let split = self.splits.entry(tag);
        split.or_insert_with(|| self.tags.split(&self.flow, tag, budget));
    }
}

fn before(flow: &Flow, reached: &Reached, state: usize) -> Option<Before> {
    Some(match reached.entry(state)? {
        Entry::Start => Before::Start,
        Entry::From { node, .. } => Before::State(flow.nodes[node].state),
    })
}

/// The scope's transitions, with what is written on each.
fn flow<'d>(definition: &'d Definition<'_>, scope: &'d Scope<'_>) -> (Flow, Vec<Label<'d>>) {
    let mut nodes = Vec::new();
    let mut labels = Vec::new();
    for (number, (_, state)) in scope.graph.states.iter().enumerate() {
        let rules = match state {
            State::Choice(choice) => choice.choices.as_slice(),
            _ => &[],
        };
        let mut node = Node {
            state: number,
            edges: Vec::new(),
        };
        // A Choice's rules come first, in their order.
        for (i, transition) in transitions(state, &scope.path).into_iter().enumerate() {
            let Some(&target) = scope.index.get(transition.target) else {
                continue;
            };
            node.edges.push(Edge {
                transition: labels.len(),
                target,
            });
            labels.push(Label {
                assign: transition.assign,
                test: rules
                    .get(i)
                    .and_then(|rule| definition.equality(&rule.condition)),
            });
        }
        nodes.push(node);
    }
    let start = scope.index.get(scope.graph.start_at.as_str()).copied();
    (Flow { start, nodes }, labels)
}

#[cfg(test)]
mod tests;

//! The flow's own graph: the happy path straight down, the compensations in the order in which they run, and the end.

use std::collections::HashSet;

use saga_asl as asl;
use saga_asl::State;

use crate::{ir, names};

use super::scope::{Phase, Scope};
use super::undo::Park;
use super::{Lowering, States, task};

impl Lowering<'_> {
    pub(super) fn assemble(&self, states: States) -> Vec<(asl::StateName, asl::State)> {
        let States {
            forward,
            mut undos,
            stuck,
            ..
        } = states;
        let reached = reached(&forward, &undos, &stuck);
        undos.retain(|undo| reached.contains(undo.state.as_str()));
        let mut found = self.found.borrow_mut();
        for branch in undos.iter().filter_map(|undo| undo.branch.as_ref()) {
            found.recorded.insert(branch.clone());
        }
        drop(found);
        let can_fail = reached.contains(names::COMPENSATED);
        let parked: Vec<(String, String)> = undos
            .iter()
            .rev()
            .filter_map(|undo| Some((undo.action.clone()?, undo.state.clone())))
            .chain(stuck)
            .collect();
        let mut all = forward;
        all.extend(
            undos
                .into_iter()
                .rev()
                .map(|undo| (undo.state, undo.content)),
        );
        if !parked.is_empty() && self.saga.on_stuck == ir::OnStuck::Park {
            let scope = Scope::top(Phase::Compensation);
            let park = Park::of(&scope, "");
            all.push((park.state.clone(), State::Task(task::park(&scope, &park))));
            all.push((park.resume.clone(), task::resume(&park, &parked)));
        }
        if can_fail {
            all.push((names::COMPENSATED.to_owned(), task::compensated()));
        }
        all
    }
}

/// The states that the forward ones can lead to: a flow that cannot fail any more undoes nothing.
fn reached(
    forward: &[(String, State)], undos: &[super::Undo], stuck: &[(String, String)],
) -> HashSet<String> {
    let mut reached: HashSet<String> = HashSet::new();
    let mut open: Vec<String> = forward
        .iter()
        .flat_map(|(_, state)| targets(state))
        .chain(stuck.iter().map(|(_, undo)| undo.clone()))
        .collect();
    while let Some(name) = open.pop() {
        if !reached.insert(name.clone()) {
            continue;
        }
        if let Some(undo) = undos.iter().find(|undo| undo.state == name) {
            open.extend(targets(&undo.content));
        }
    }
    reached
}

/// The states that a state can lead to.
fn targets(state: &State) -> impl Iterator<Item = String> {
    let caught = state.catchers().iter().map(|catcher| &*catcher.next);
    let targets = state.targets().into_iter().chain(caught);
    targets.map(str::to_owned)
}

//! The flow's own graph: the happy path straight down, the compensations in the order in which they run, and the end.

use std::collections::HashSet;

use saga_asl as asl;
use saga_asl::State;

use crate::{ir, names};

use super::park::{Park, Parked};
use super::scope::{Phase, Scope};
use super::{Lowering, States, Undo, task};

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
        let parks = self.saga.on_stuck == ir::OnStuck::Park;
        let scope = Scope::top(Phase::Compensation);
        let park = Park::of(&scope, "");
        let parked: Vec<Parked> = undos.iter().rev().filter_map(parked).chain(stuck).collect();
        let skips = parks && !(undos.is_empty() && parked.is_empty());
        if skips {
            for undo in &mut undos {
                park.hand_on(&mut undo.content, false);
            }
        }
        let mut all = forward;
        all.extend(
            undos
                .into_iter()
                .rev()
                .map(|undo| (undo.state, undo.content)),
        );
        if parks && !parked.is_empty() {
            all.extend(park.states(&scope, &parked));
        }
        if can_fail {
            all.push((names::COMPENSATED.to_owned(), task::compensated(skips)));
        }
        all
    }
}

/// One that may be stuck, where it parks and what follows it.
fn parked(undo: &Undo) -> Option<Parked> {
    let mut next = undo.content.targets().into_iter();
    Some(Parked {
        action: undo.action.clone()?,
        back: undo.state.clone(),
        past: next.next().map(str::to_owned),
    })
}

/// The states that the forward ones can lead to: a flow that cannot fail any more undoes nothing.
fn reached(forward: &[(String, State)], undos: &[Undo], stuck: &[Parked]) -> HashSet<String> {
    let mut reached: HashSet<String> = HashSet::new();
    let mut open: Vec<String> = forward
        .iter()
        .flat_map(|(_, state)| targets(state))
        .chain(stuck.iter().map(|stuck| stuck.back.clone()))
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

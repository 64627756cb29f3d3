//! What undoes a loop or a join: a graph of its own that addresses every step inside, later ones first.

use saga_asl as asl;
use saga_asl::Next;

use crate::ir::{self, Block, Node};
use crate::names;

use super::exit::nothing;
use super::park::{Park, Parked};
use super::scope::Scope;
use super::{Lowering, Path, States, Undo};

/// Something that may have to be undone.
enum Effect<'a> {
    Call(&'a ir::Call),
    Loop(&'a ir::Loop),
    Join(&'a ir::Join),
}

/// Puts a state before what undoes the path so far.
pub(super) fn push_undo(
    states: &mut States, path: &mut Path, state: &str, mut content: asl::State,
) {
    let next = Next::To(path.undo.clone());
    set_next(&mut content, next);
    let undo = names::compensation_state(state);
    states.undos.push(Undo {
        state: undo.clone(),
        content,
        action: None,
        branch: None,
    });
    path.undo = undo;
}

fn set_next(state: &mut asl::State, next: Next) {
    match state {
        asl::State::Task(task) => task.next = next,
        asl::State::Map(map) => map.next = next,
        asl::State::Parallel(parallel) => parallel.next = next,
        _ => {}
    }
}

pub(super) fn set_output(state: &mut asl::State, output: asl::Template) {
    match state {
        asl::State::Task(task) => task.output = Some(output),
        asl::State::Map(map) => map.output = Some(output),
        asl::State::Parallel(parallel) => parallel.output = Some(output),
        _ => {}
    }
}

impl<'a> Lowering<'a> {
    /// The graph that undoes a block, both arms of its branches included: which one ran, the barrier knows.
    /// `None` when there is nothing to undo.
    pub(super) fn undo_graph(
        &self, scope: &Scope<'a>, name: &str, block: &'a Block,
    ) -> Option<asl::Graph> {
        let mut effects = Vec::new();
        collect(block, &mut effects);
        let mut states: Vec<(asl::StateName, asl::State)> = Vec::new();
        let mut parked = Vec::new();
        let park = Park::of(scope, name);
        let parks = self.saga.on_stuck == ir::OnStuck::Park;
        for effect in effects {
            let (of, mut state) = match effect {
                Effect::Call(call) => {
                    let ir::Kind::Compensatable(compensation) = &self.step(call).kind else {
                        continue;
                    };
                    let mut task = self.compensation(scope, call, Some(compensation));
                    if parks {
                        task.catch = vec![park.catcher(&call.state)];
                        parked.push(Parked {
                            action: call.state.clone(),
                            back: names::compensation_state(&call.state),
                            past: states.last().map(|(next, _)| next.clone()),
                        });
                    }
                    (&call.state, asl::State::Task(task))
                }
                Effect::Loop(each) => match self.undo_loop(scope, each) {
                    Some(map) => (&each.state, asl::State::Map(map)),
                    None => continue,
                },
                Effect::Join(join) => match self.undo_join(scope, join) {
                    Some(parallel) => (&join.state, asl::State::Parallel(parallel)),
                    None => continue,
                },
            };
            // The one before it in the flow is the next to be undone.
            let next = states
                .last()
                .map_or(Next::End, |(name, _)| Next::To(name.clone()));
            if parks {
                park.hand_on(&mut state, next == Next::End);
            } else if next == Next::End {
                // What all items hand on would add up.
                set_output(&mut state, nothing());
            }
            set_next(&mut state, next);
            states.push((names::compensation_state(of), state));
        }
        states.reverse();
        let start_at = states.first()?.0.clone();
        if !parked.is_empty() {
            parked.reverse();
            states.extend(park.states(scope, &parked));
        }
        Some(asl::Graph { start_at, states })
    }
}

fn collect<'a>(block: &'a Block, effects: &mut Vec<Effect<'a>>) {
    for node in &block.nodes {
        match node {
            Node::Call(call) => effects.push(Effect::Call(call)),
            Node::Branch(branch) => {
                for arm in &branch.arms {
                    collect(&arm.block, effects);
                }
            }
            Node::Attempt(attempt) => {
                effects.push(Effect::Call(&attempt.call));
                collect(&attempt.ok, effects);
                for alternative in &attempt.alternatives {
                    collect(&alternative.block, effects);
                }
            }
            Node::Loop(each) => effects.push(Effect::Loop(each)),
            Node::Join(join) => effects.push(Effect::Join(join)),
            // A called flow that can be undone stands in the flow's own graph; a wait has no effect.
            Node::Nested(_) | Node::Wait(_) => {}
        }
    }
}

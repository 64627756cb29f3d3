//! What undoes a loop or a join: a graph of its own that addresses every step inside, later ones first.

use saga_asl as asl;
use saga_asl::Next;

use crate::ir::{self, Block, Node};
use crate::names;

use super::exit::nothing;
use super::scope::Scope;
use super::{Lowering, Path, States, Undo, task};

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

fn set_output(state: &mut asl::State, output: asl::Template) {
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
        for effect in effects {
            let (of, mut state) = match effect {
                Effect::Call(call) => {
                    let ir::Kind::Compensatable(compensation) = &self.step(call).kind else {
                        continue;
                    };
                    parked.push(call.state.clone());
                    let mut task = self.compensation(scope, call, Some(compensation));
                    task::park_at(&mut task, &park);
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
            if next == Next::End {
                // What all items hand on would add up.
                set_output(&mut state, nothing());
            }
            set_next(&mut state, next);
            states.push((names::compensation_state(of), state));
        }
        states.reverse();
        let start_at = states.first()?.0.clone();
        if !parked.is_empty() && self.saga.on_stuck == ir::OnStuck::Park {
            let resume: Vec<(String, String)> = parked
                .iter()
                .rev()
                .map(|action| (action.clone(), names::compensation_state(action)))
                .collect();
            let mut task = task::park(scope, &park);
            // One that is alone needs nobody to tell where to go back to.
            if let [(_, only)] = resume.as_slice() {
                task.next = Next::To(only.clone());
                states.push((park.state.clone(), asl::State::Task(task)));
            } else {
                states.push((park.state.clone(), asl::State::Task(task)));
                states.push((park.resume.clone(), task::resume(&park, &resume)));
            }
        }
        Some(asl::Graph { start_at, states })
    }
}

/// The names under which a graph parks: inner graphs may not assign the variables of those around them.
pub(super) struct Park {
    pub(super) state: asl::StateName,
    pub(super) resume: asl::StateName,
    pub(super) stuck: String,
    pub(super) failure: String,
}

impl Park {
    pub(super) fn of(scope: &Scope<'_>, name: &str) -> Self {
        if scope.is_top {
            return Self {
                state: names::PARK.to_owned(),
                resume: names::RESUME.to_owned(),
                stuck: names::STUCK.to_owned(),
                failure: names::FAILURE.to_owned(),
            };
        }
        Self {
            state: names::park_in(name),
            resume: names::resume_in(name),
            stuck: names::at_depth(names::STUCK, scope.depth),
            failure: names::at_depth(names::FAILURE, scope.depth),
        }
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

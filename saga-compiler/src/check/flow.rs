//! Rules over a flow's paths: one walk over the graph, which knows how far it has come and what is around it.

use super::action::{Action, actions, of_call};
use super::loops::{self, Around};
use super::nested::{self, Flows};
use super::phase::Phase;
use super::{states, undo};
use crate::called::Kind;
use crate::errors::Errors;
use crate::ir::{self, Block, End, Node};

pub(super) fn check_flow(errors: &mut Errors, saga: &ir::Saga, flows: &Flows<'_>, flow: &ir::Flow) {
    let mut walk = Walk {
        errors,
        saga,
        flows,
        flow,
        around: Vec::new(),
    };
    let start = match undo::undone_by(saga, flow) {
        Some(undone) => Phase::Undoing { flow, undone },
        None => Phase::Compensatable,
    };
    walk.block(&flow.body, start);
}

struct Walk<'a, 'e> {
    errors: &'e mut Errors,
    saga: &'a ir::Saga,
    flows: &'a Flows<'a>,
    flow: &'a ir::Flow,
    /// The loops and joins around, outermost first.
    around: Vec<Around<'a>>,
}

impl<'a> Walk<'a, '_> {
    /// How far the path has come behind the block; `None` if it does not go on there.
    fn block(&mut self, block: &'a Block, before: Phase<'a>) -> Option<Phase<'a>> {
        let mut phase = before;
        for node in &block.nodes {
            // What stands behind a node that does not go on is reported where it is read.
            phase = self.node(node, phase)?;
        }
        match &block.end {
            End::Value(_) | End::Tail => Some(phase),
            End::Return(_) => None,
            End::Reject(rejection) => {
                phase.reject(self.errors, rejection);
                None
            }
        }
    }

    fn node(&mut self, node: &'a Node, before: Phase<'a>) -> Option<Phase<'a>> {
        match node {
            Node::Call(call) => Some(self.call(call, before)),
            Node::Nested(nested) => Some(self.nested(nested, before)),
            Node::Branch(branch) => {
                let arms = branch.arms.iter().map(|arm| self.block(&arm.block, before));
                Phase::merge(arms)
            }
            Node::Attempt(attempt) => self.attempt(attempt, before),
            Node::Loop(looped) => {
                loops::check_loop(
                    self.errors,
                    self.saga,
                    self.flows,
                    self.flow,
                    looped,
                    &self.around,
                );
                let inside = Around::Loop(looped);
                Some(self.inside(inside, &[&looped.body], before))
            }
            Node::Join(join) => {
                let blocks: Vec<&Block> =
                    join.branches.iter().map(|branch| &branch.block).collect();
                Some(self.inside(Around::Join(join), &blocks, before))
            }
            Node::Wait(_) => Some(before),
        }
    }

    fn call(&mut self, call: &'a ir::Call, before: Phase<'a>) -> Phase<'a> {
        states::check_call(self.errors, self.saga, call);
        self.action(&of_call(self.saga, call), before)
    }

    fn nested(&mut self, nested: &'a ir::Nested, before: Phase<'a>) -> Phase<'a> {
        nested::check_place(self.errors, nested, &self.around);
        match self.flows.action(nested) {
            Some(action) => {
                nested::check_repeated(self.errors, self.saga, &action, &self.around);
                states::check_nested(self.errors, &action, nested);
                self.action(&action, before)
            }
            None => before,
        }
    }

    fn action(&mut self, action: &Action<'a>, before: Phase<'a>) -> Phase<'a> {
        match self.around.last() {
            Some(around) if action.kind == Kind::Pivot => {
                loops::report_pivot(self.errors, action, around.what());
                before
            }
            _ => before.after(self.errors, action),
        }
    }

    /// A rejection has no effect, so the other paths begin where the call stood.
    fn attempt(&mut self, attempt: &'a ir::Attempt, before: Phase<'a>) -> Option<Phase<'a>> {
        let after = self.call(&attempt.call, before);
        states::check_attempt(self.errors, self.saga, &attempt.call);
        let ok = self.block(&attempt.ok, after);
        let alternatives = attempt.alternatives.iter();
        let others = alternatives.map(|alternative| self.block(&alternative.block, before));
        let ends: Vec<_> = [ok].into_iter().chain(others).collect();
        Phase::merge(ends)
    }

    fn inside(&mut self, around: Around<'a>, blocks: &[&'a Block], before: Phase<'a>) -> Phase<'a> {
        let actions: Vec<Action<'a>> = blocks
            .iter()
            .flat_map(|block| actions(self.saga, self.flows, block))
            .collect();
        let phase = before.around(around.what(), &actions);
        self.around.push(around);
        for block in blocks {
            // How one ends says nothing of the whole, which goes on when all have ended.
            let _ = self.block(block, phase);
        }
        self.around.pop();
        before.behind(phase)
    }
}

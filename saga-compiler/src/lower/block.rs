//! Blocks and the calls in them: each node with what follows it.

use saga_asl as asl;

use crate::ir::{self, Block, End, Node};
use crate::names;

use super::exit::{After, Exit};
use super::scope::{Own, Scope};
use super::{Lowering, Path, States, Undo};

/// What follows a node: known, or for each of its arms to find out.
enum Follow<'a> {
    Exit(Exit<'a>),
    After(After<'a>),
}

impl<'a> Lowering<'a> {
    pub(super) fn lower_block(
        &self, states: &mut States, scope: &Scope<'a>, path: &mut Path, block: &'a Block,
        after: &After<'a>,
    ) {
        for (index, node) in block.nodes.iter().enumerate() {
            let follow = match (block.nodes.get(index + 1), &block.end) {
                (Some(next), _) => Follow::Exit(Exit::to_state(entry(next))),
                (None, End::Tail) => Follow::After(after.clone()),
                (None, end) => Follow::Exit(self.complete(after, end)),
            };
            self.lower_node(states, scope, path, node, follow);
        }
    }

    fn lower_node(
        &self, states: &mut States, scope: &Scope<'a>, path: &mut Path, node: &'a Node,
        follow: Follow<'a>,
    ) {
        let arms = |output: Option<ir::LocalId>, follow: Follow<'a>| match follow {
            Follow::After(after) => after,
            Follow::Exit(exit) => After {
                takes: output,
                exit,
            },
        };
        match node {
            Node::Branch(branch) => {
                let after = arms(branch.output, follow);
                self.lower_branch(states, scope, path, branch, &after);
                return;
            }
            Node::Attempt(attempt) => {
                let after = arms(attempt.output, follow);
                self.lower_attempt(states, scope, path, attempt, &after);
                return;
            }
            _ => {}
        }
        let exit = match follow {
            Follow::Exit(exit) => exit,
            Follow::After(after) => after.exit,
        };
        match node {
            Node::Call(call) => self.lower_call(states, scope, path, call, &exit),
            Node::Nested(nested) => self.lower_nested(states, scope, path, nested, &exit),
            Node::Loop(each) => self.lower_loop(states, scope, path, each, &exit),
            Node::Join(join) => self.lower_join(states, scope, path, join, &exit),
            Node::Wait(wait) => self.lower_wait(states, scope, path, wait, &exit),
            Node::Branch(_) | Node::Attempt(_) => {}
        }
    }

    fn lower_call(
        &self, states: &mut States, scope: &Scope<'a>, path: &mut Path, call: &'a ir::Call,
        exit: &Exit<'a>,
    ) {
        let mut task = self.action(scope, call, path, &[]);
        self.pass_call(states, scope, path, call);
        let own = Own::Call(call.output);
        let mut after = States::default();
        let left = self.leave(&mut after, scope, path, own, exit);
        (task.assign, task.output, task.next) = (left.assign, left.output, left.next);
        states
            .forward
            .push((call.state.clone(), asl::State::Task(task)));
        states.forward.append(&mut after.forward);
    }

    /// Moves the path past a call: from here on, failing undoes it.
    pub(super) fn pass_call(
        &self, states: &mut States, scope: &Scope<'a>, path: &mut Path, call: &'a ir::Call,
    ) {
        if path.beyond_return {
            return;
        }
        let compensation = match &self.step(call).kind {
            ir::Kind::ReadOnly => return,
            ir::Kind::Compensatable(name) => Some(name),
            ir::Kind::Pivot | ir::Kind::Retriable => None,
        };
        path.beyond_return = compensation.is_none();
        if !scope.is_top {
            return;
        }
        let state = names::compensation_state(&call.state);
        let back = Scope::top(super::Phase::Compensation);
        let mut task = self.compensation(&back, call, compensation);
        task.next = asl::Next::To(path.undo.clone());
        states.undos.push(Undo {
            action: Some(call.state.clone()),
            state: state.clone(),
            content: asl::State::Task(task),
            branch: None,
        });
        path.undo = state;
    }
}

/// The state in which a node begins.
pub(super) fn entry(node: &Node) -> &str {
    match node {
        Node::Call(call) => &call.state,
        Node::Nested(nested) => &nested.state,
        Node::Branch(branch) => &branch.state,
        Node::Attempt(attempt) => &attempt.call.state,
        Node::Loop(each) => &each.state,
        Node::Join(join) => &join.state,
        Node::Wait(wait) => &wait.state,
    }
}

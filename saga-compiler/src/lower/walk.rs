//! What a flow is made of, seen without regard to its order.

use crate::ir::{self, Block, End, LocalId, LoopId, Node, Root, Value};
use crate::walk::{blocks, given, visit};

pub(super) fn visit_loops<'a>(block: &'a Block, seen: &mut dyn FnMut(&'a ir::Loop)) {
    visit(block, &mut |node| {
        if let Node::Loop(each) = node {
            seen(each);
        }
    });
}

/// Calls `seen` with every value in the block.
pub(super) fn visit_values<'a>(block: &'a Block, seen: &mut dyn FnMut(&'a ir::Value)) {
    for node in &block.nodes {
        match node {
            Node::Call(call) => call.args.iter().for_each(|(_, value)| seen(value)),
            Node::Attempt(attempt) => attempt.call.args.iter().for_each(|(_, value)| seen(value)),
            Node::Nested(nested) => seen(&nested.input),
            Node::Branch(branch) => {
                let conditions = branch.arms.iter().filter_map(|arm| arm.condition.as_ref());
                conditions.for_each(&mut *seen);
            }
            Node::Loop(each) => {
                seen(&each.items);
                each.collect.iter().for_each(|(_, value)| seen(value));
            }
            Node::Wait(wait) => match &wait.until {
                ir::Until::Seconds(_) => {}
                ir::Until::Delay(value) | ir::Until::Timestamp(value) => seen(value),
            },
            Node::Join(_) => {}
        }
        for inner in blocks(node) {
            visit_values(inner, seen);
        }
    }
    match &block.end {
        End::Value(value) | End::Return(value) => seen(value),
        End::Reject(rejection) => seen(&rejection.message),
        End::Tail => {}
    }
}

/// The loops around each local, by local.
pub(super) fn homes(flow: &ir::Flow) -> Vec<Vec<LoopId>> {
    let mut homes = vec![Vec::new(); flow.locals.len()];
    place(&flow.body, &mut Vec::new(), &mut homes);
    homes
}

fn place(block: &Block, around: &mut Vec<LoopId>, homes: &mut [Vec<LoopId>]) {
    for node in &block.nodes {
        for id in given(node) {
            homes[id.0].clone_from(around);
        }
        if let Node::Loop(each) = node {
            around.push(each.id);
        }
        for inner in blocks(node) {
            place(inner, around, homes);
        }
        if matches!(node, Node::Loop(_)) {
            around.pop();
        }
    }
}

/// How many graphs stand inside each other.
pub(super) fn depth(block: &Block) -> usize {
    let depths = block.nodes.iter().map(|node| {
        let inner = blocks(node).into_iter().map(depth).max().unwrap_or(0);
        inner + usize::from(matches!(node, Node::Loop(_) | Node::Join(_)))
    });
    depths.max().unwrap_or(0)
}

/// Whether what stands behind the block is reached from it.
pub(super) fn falls_through(block: &Block) -> bool {
    match &block.end {
        End::Value(_) => true,
        End::Return(_) | End::Reject(_) => false,
        End::Tail => match block.nodes.last() {
            Some(Node::Branch(branch)) => branch.arms.iter().any(|arm| falls_through(&arm.block)),
            Some(Node::Attempt(attempt)) => {
                let mut alternatives = attempt.alternatives.iter();
                falls_through(&attempt.ok)
                    || alternatives.any(|alternative| falls_through(&alternative.block))
            }
            _ => true,
        },
    }
}

/// The branches and attempts whose value is, in some arm, what a node before them gave: both locals, in source order.
pub(super) fn merges(flow: &ir::Flow) -> Vec<(LocalId, LocalId)> {
    let mut merges = Vec::new();
    visit(&flow.body, &mut |node| {
        let output = match node {
            Node::Branch(branch) => branch.output,
            Node::Attempt(attempt) => attempt.output,
            _ => None,
        };
        let Some(output) = output else { return };
        for block in blocks(node) {
            // What an arm's last state gives is at hand there.
            let at_hand = match (block.nodes.last(), node) {
                (Some(last), _) => given(last),
                (None, Node::Attempt(attempt)) => vec![attempt.call.output],
                (None, _) => Vec::new(),
            };
            if let End::Value(Value::Place(Root::Local(taken), path)) = &block.end
                && path.is_empty()
                && !at_hand.contains(taken)
            {
                merges.push((output, *taken));
            }
        }
    });
    merges
}

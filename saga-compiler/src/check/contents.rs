//! What stands in a block, however deep: for rules that ask about the whole of it.

use crate::ir::{Block, Call, End, Nested, Node};
use crate::walk::blocks;

/// Calls and rejections.
pub(super) enum Part<'a> {
    Call(&'a Call),
    Nested(&'a Nested),
    Rejection,
}

/// Everything in the block, in source order.
pub(super) fn contents(block: &Block) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    collect(block, &mut parts);
    parts
}

fn collect<'a>(block: &'a Block, parts: &mut Vec<Part<'a>>) {
    for node in &block.nodes {
        match node {
            Node::Call(call) => parts.push(Part::Call(call)),
            Node::Attempt(attempt) => parts.push(Part::Call(&attempt.call)),
            Node::Nested(nested) => parts.push(Part::Nested(nested)),
            Node::Branch(_) | Node::Loop(_) | Node::Join(_) | Node::Wait(_) => {}
        }
        for inner in blocks(node) {
            collect(inner, parts);
        }
    }
    if let End::Reject(_) = block.end {
        parts.push(Part::Rejection);
    }
}

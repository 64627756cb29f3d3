//! What stands in a block, however deep: for rules that ask about the whole of it.

use crate::ir::{Alternative, Arm, Attempt, Block, Call, End, LocalId, Nested, Node, Root, Value};

/// Calls, rejections and what nodes give.
pub(super) enum Part<'a> {
    Call(&'a Call),
    Nested(&'a Nested),
    Rejection,
    Given(LocalId),
}

/// Everything in the block, in source order.
pub(super) fn contents(block: &Block) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    collect(block, &mut parts);
    parts
}

fn collect<'a>(block: &'a Block, parts: &mut Vec<Part<'a>>) {
    for node in &block.nodes {
        collect_node(node, parts);
    }
    if let End::Reject(_) = block.end {
        parts.push(Part::Rejection);
    }
}

fn collect_node<'a>(node: &'a Node, parts: &mut Vec<Part<'a>>) {
    match node {
        Node::Call(call) => collect_call(call, parts),
        Node::Nested(nested) => {
            parts.push(Part::Nested(nested));
            parts.push(Part::Given(nested.output));
        }
        Node::Branch(branch) => {
            for Arm { block, .. } in &branch.arms {
                collect(block, parts);
            }
            parts.extend(branch.output.map(Part::Given));
        }
        Node::Attempt(Attempt {
            call,
            ok,
            alternatives,
            output,
            ..
        }) => {
            collect_call(call, parts);
            collect(ok, parts);
            for Alternative { block, .. } in alternatives {
                collect(block, parts);
            }
            parts.extend(output.map(Part::Given));
        }
        Node::Loop(looped) => {
            collect(&looped.body, parts);
            parts.extend(looped.collect.iter().map(|(id, _)| Part::Given(*id)));
        }
        Node::Join(join) => {
            for branch in &join.branches {
                collect(&branch.block, parts);
                parts.push(Part::Given(branch.output));
            }
        }
        Node::Wait(_) => {}
    }
}

fn collect_call<'a>(call: &'a Call, parts: &mut Vec<Part<'a>>) {
    parts.push(Part::Call(call));
    parts.push(Part::Given(call.output));
}

/// The places that a value is made of, by where they begin.
pub(super) fn roots(value: &Value) -> Vec<Root> {
    let mut roots = Vec::new();
    collect_roots(value, &mut roots);
    roots
}

fn collect_roots(value: &Value, roots: &mut Vec<Root>) {
    match value {
        Value::Null | Value::Bool(_) | Value::Integer(_) | Value::Float(_) | Value::String(_) => {}
        Value::Place(root, _) | Value::Has(root, _) => roots.push(*root),
        Value::Array(values) => values.iter().for_each(|value| collect_roots(value, roots)),
        Value::Object(fields) => fields
            .iter()
            .for_each(|(_, value)| collect_roots(value, roots)),
        Value::Not(value) | Value::Count(value) | Value::IsSome(value) => {
            collect_roots(value, roots);
        }
        Value::Binary(_, left, right) => {
            collect_roots(left, roots);
            collect_roots(right, roots);
        }
        Value::If(values) => values.iter().for_each(|value| collect_roots(value, roots)),
    }
}

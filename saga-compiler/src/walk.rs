//! Goes through the nodes of a flow, nested ones included: what it calls, and what it may call first. Decides nothing.

use crate::ir::{
    Alternative, Attempt, Block, Branch, Call, End, Flow, Join, LocalId, Loop, Nested, Node, Root,
    Segment, Until, Value,
};

/// The steps that a flow calls, in source order, whatever they are nested in.
pub(crate) fn calls(flow: &Flow) -> Vec<&Call> {
    let mut calls = Vec::new();
    visit(&flow.body, &mut |node| match node {
        Node::Call(call) => calls.push(call),
        Node::Attempt(attempt) => calls.push(&attempt.call),
        _ => {}
    });
    calls
}

/// The flows that a flow calls, in source order, whatever they are nested in.
pub(crate) fn nested(flow: &Flow) -> Vec<&Nested> {
    let mut nested = Vec::new();
    visit(&flow.body, &mut |node| {
        if let Node::Nested(call) = node {
            nested.push(call);
        }
    });
    nested
}

/// Calls `see` on each node of a block, in source order, a node before those that it contains.
pub(crate) fn visit<'a>(block: &'a Block, see: &mut impl FnMut(&'a Node)) {
    for node in &block.nodes {
        see(node);
        for inner in blocks(node) {
            visit(inner, see);
        }
    }
}

/// The blocks that a node contains, in source order.
pub(crate) fn blocks(node: &Node) -> Vec<&Block> {
    match node {
        Node::Call(_) | Node::Nested(_) | Node::Wait(_) => Vec::new(),
        Node::Branch(Branch { arms, .. }) => arms.iter().map(|arm| &arm.block).collect(),
        Node::Attempt(Attempt {
            ok, alternatives, ..
        }) => {
            let alternatives = alternatives.iter().map(|Alternative { block, .. }| block);
            [ok].into_iter().chain(alternatives).collect()
        }
        Node::Loop(Loop { body, .. }) => vec![body],
        Node::Join(Join { branches, .. }) => branches.iter().map(|branch| &branch.block).collect(),
    }
}

/// The locals that a node gives.
pub(crate) fn given(node: &Node) -> Vec<LocalId> {
    match node {
        Node::Call(call) => vec![call.output],
        Node::Nested(nested) => vec![nested.output],
        Node::Branch(branch) => branch.output.into_iter().collect(),
        Node::Attempt(attempt) => {
            let outputs = attempt.output.into_iter();
            outputs.chain([attempt.call.output]).collect()
        }
        Node::Loop(each) => each.collect.iter().map(|(local, _)| *local).collect(),
        Node::Join(join) => join.branches.iter().map(|branch| branch.output).collect(),
        Node::Wait(_) => Vec::new(),
    }
}

/// Calls `seen` with every place in a value: where it begins, and its path from there.
pub(crate) fn places(value: &Value, seen: &mut impl FnMut(Root, &[Segment])) {
    match value {
        Value::Place(root, path) | Value::Has(root, path) => seen(*root, path),
        Value::Array(values) => values.iter().for_each(|value| places(value, seen)),
        Value::If(parts) => parts.iter().for_each(|value| places(value, seen)),
        Value::Object(fields) => fields.iter().for_each(|(_, value)| places(value, seen)),
        Value::Not(inner) | Value::Count(inner) | Value::IsSome(inner) => places(inner, seen),
        Value::Binary(_, left, right) => {
            places(left, seen);
            places(right, seen);
        }
        Value::Null | Value::Bool(_) | Value::Integer(_) | Value::Float(_) | Value::String(_) => {}
    }
}

/// The calls before which, on some path, no step was called: nobody but their handlers has seen the flow's input then.
///
/// The branches of a join begin at once, and a loop may have no items. A flow that is called checks only its own input.
pub(crate) fn first_calls(flow: &Flow) -> Vec<&Call> {
    let mut first = First::default();
    first_of_block(&flow.body, &mut first);
    first.calls
}

/// A flow that is called before any step, where the calling one then looks at its input by itself.
pub(crate) fn unchecked(flow: &Flow) -> Option<&Nested> {
    let mut first = First::default();
    first_of_block(&flow.body, &mut first);
    first.unchecked
}

#[derive(Default)]
struct First<'a> {
    calls: Vec<&'a Call>,
    /// The first flow that is called.
    nested: Option<&'a Nested>,
    /// The same, once something behind it looks at the input.
    unchecked: Option<&'a Nested>,
}

impl First<'_> {
    /// A value that no step's handler looks at before.
    fn look(&mut self, value: &Value) {
        if self.unchecked.is_none() && looks_at_input(value) {
            self.unchecked = self.nested;
        }
    }
}

fn looks_at_input(value: &Value) -> bool {
    let mut looks = false;
    places(value, &mut |root, _| {
        looks |= matches!(root, Root::Input | Root::Item(_));
    });
    looks
}

/// How a block can end without a call, where it was reached without one.
#[derive(Clone, Copy, Default)]
struct Unchecked {
    /// What follows the block can be reached.
    goes_on: bool,
    /// Its graph can end: the flow, or the branch of a join.
    returns: bool,
}

fn first_of_block<'a>(block: &'a Block, first: &mut First<'a>) -> Unchecked {
    let mut unchecked = Unchecked {
        goes_on: true,
        returns: false,
    };
    for node in &block.nodes {
        let after = first_of_node(node, first);
        unchecked.returns |= after.returns;
        if !after.goes_on {
            unchecked.goes_on = false;
            return unchecked;
        }
    }
    match &block.end {
        End::Value(value) | End::Return(value) => first.look(value),
        End::Reject(rejection) => first.look(&rejection.message),
        End::Tail => {}
    }
    match &block.end {
        // The arms of the last node have said how they end.
        End::Value(_) | End::Tail => {}
        End::Return(_) => {
            unchecked = Unchecked {
                goes_on: false,
                returns: true,
            }
        }
        End::Reject(_) => unchecked.goes_on = false,
    }
    unchecked
}

fn first_of_node<'a>(node: &'a Node, first: &mut First<'a>) -> Unchecked {
    let going_on = Unchecked {
        goes_on: true,
        returns: false,
    };
    match node {
        Node::Call(call) | Node::Attempt(Attempt { call, .. }) => {
            first.calls.push(call);
            Unchecked::default()
        }
        Node::Nested(nested) => {
            first.nested.get_or_insert(nested);
            going_on
        }
        Node::Wait(wait) => {
            match &wait.until {
                Until::Seconds(_) => {}
                Until::Delay(value) | Until::Timestamp(value) => first.look(value),
            }
            going_on
        }
        Node::Branch(branch) => {
            let conditions = branch.arms.iter().filter_map(|arm| arm.condition.as_ref());
            conditions.for_each(|condition| first.look(condition));
            let mut any = Unchecked::default();
            for arm in &branch.arms {
                let end = first_of_block(&arm.block, first);
                any.goes_on |= end.goes_on;
                any.returns |= end.returns;
            }
            any
        }
        Node::Loop(looped) => {
            first_of_block(&looped.body, first);
            going_on
        }
        Node::Join(join) => {
            let mut all = going_on;
            for branch in &join.branches {
                let end = first_of_block(&branch.block, first);
                // A branch's graph ends with the branch, not with the flow.
                all.goes_on &= end.goes_on || end.returns;
            }
            all
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use proc_macro2::{Span, TokenStream};
    use quote::format_ident;

    use super::{calls, first_calls, nested};
    use crate::ir::{
        Alternative, Arm, Attempt, Block, Branch, Call, End, Flow, Join, JoinBranch, LocalId, Loop,
        LoopId, Nested, Node, Rejection, Until, Value, Wait,
    };

    /// A flow whose last node ends it where it decides, and which otherwise returns.
    fn check(nodes: Vec<Node>, expected: &Expect) {
        let flow = Flow {
            ident: format_ident!("flow"),
            comment: None,
            input: None,
            output: TokenStream::new(),
            compensation: None,
            body: block(nodes, End::Return(Value::Null)),
            locals: Vec::new(),
            unresolved: None,
            underived: Vec::new(),
        };
        let states = |calls: Vec<&Call>| {
            let states = calls.iter().map(|call| call.state.as_str());
            states.collect::<Vec<_>>().join(" ")
        };
        let flows: Vec<_> = nested(&flow)
            .iter()
            .map(|nested| nested.state.as_str())
            .collect();
        let (all, first) = (states(calls(&flow)), states(first_calls(&flow)));
        let flows = if flows.is_empty() {
            String::new()
        } else {
            format!("flows {}\n", flows.join(" "))
        };
        let text = format!("calls {all}\nfirst {first}\n{flows}");
        expected.assert_eq(&text);
    }

    fn block(nodes: Vec<Node>, end: End) -> Block {
        Block { nodes, end }
    }

    fn goes_on(nodes: Vec<Node>) -> Block {
        block(nodes, End::Value(Value::Null))
    }

    fn returns(nodes: Vec<Node>) -> Block {
        block(nodes, End::Return(Value::Null))
    }

    fn rejects(nodes: Vec<Node>) -> Block {
        let end = Rejection {
            error: "A.B".to_owned(),
            message: Value::Null,
            span: Span::call_site(),
        };
        block(nodes, End::Reject(end))
    }

    fn step(state: &str) -> Call {
        Call {
            participant: 0,
            step: 0,
            state: state.to_owned(),
            args: Vec::new(),
            output: LocalId(0),
            span: Span::call_site(),
        }
    }

    fn call(state: &str) -> Node {
        Node::Call(step(state))
    }

    fn branch(blocks: Vec<Block>) -> Node {
        let arm = |block| Arm {
            condition: None,
            block,
        };
        Node::Branch(Branch {
            state: "if".to_owned(),
            arms: blocks.into_iter().map(arm).collect(),
            output: None,
        })
    }

    fn attempt(state: &str, ok: Block, alternative: Block) -> Node {
        let alternative = Alternative {
            variants: Vec::new(),
            block: alternative,
        };
        Node::Attempt(Attempt {
            call: step(state),
            ok,
            alternatives: vec![alternative],
            output: None,
        })
    }

    fn each(nodes: Vec<Node>) -> Node {
        Node::Loop(Loop {
            id: LoopId(0),
            state: "for".to_owned(),
            items: Value::Null,
            item: None,
            body: goes_on(nodes),
            collect: Vec::new(),
            parallel: None,
            distributed: false,
            span: Span::call_site(),
            items_span: Span::call_site(),
        })
    }

    fn join(blocks: Vec<Block>) -> Node {
        let branch = |block| JoinBranch {
            block,
            output: LocalId(0),
        };
        Node::Join(Join {
            state: "join".to_owned(),
            branches: blocks.into_iter().map(branch).collect(),
        })
    }

    fn wait() -> Node {
        Node::Wait(Wait {
            state: "wait".to_owned(),
            until: Until::Seconds(1),
        })
    }

    fn start(state: &str) -> Node {
        Node::Nested(Nested {
            flow: format_ident!("other"),
            state: state.to_owned(),
            input: Value::Null,
            may_take_text: false,
            may_give_text: false,
            output: LocalId(0),
            span: Span::call_site(),
        })
    }

    #[test]
    fn one_call_is_first_and_the_rest_are_not() {
        check(
            vec![call("a"), call("b")],
            &expect![[r"
                calls a b
                first a
            "]],
        );
    }

    #[test]
    fn waits_and_flows_check_nothing() {
        check(
            vec![wait(), start("f"), call("a"), start("g")],
            &expect![[r"
                calls a
                first a
                flows f g
            "]],
        );
    }

    #[test]
    fn an_empty_arm_leaves_what_follows_unchecked() {
        let full = branch(vec![goes_on(vec![call("a")]), goes_on(vec![call("b")])]);
        check(
            vec![full, call("c")],
            &expect![[r"
                calls a b c
                first a b
            "]],
        );
        let empty = branch(vec![goes_on(vec![call("a")]), goes_on(vec![])]);
        check(
            vec![empty, call("c"), call("d")],
            &expect![[r"
                calls a c d
                first a c
            "]],
        );
    }

    #[test]
    fn an_arm_that_ends_the_flow_leaves_nothing_unchecked() {
        for end in [returns(vec![]), rejects(vec![])] {
            let ends = branch(vec![end, goes_on(vec![call("a")])]);
            check(
                vec![ends, call("b")],
                &expect![[r"
                    calls a b
                    first a
                "]],
            );
        }
    }

    #[test]
    fn the_arms_of_a_tail_decide() {
        let inner = branch(vec![goes_on(vec![]), goes_on(vec![call("a")])]);
        let tail = block(vec![inner], End::Tail);
        let outer = branch(vec![tail, goes_on(vec![call("b")])]);
        check(
            vec![outer, call("c")],
            &expect![[r"
                calls a b c
                first a b c
            "]],
        );
        let inner = branch(vec![returns(vec![]), goes_on(vec![call("a")])]);
        let tail = block(vec![inner], End::Tail);
        let outer = branch(vec![tail, goes_on(vec![call("b")])]);
        check(
            vec![outer, call("c")],
            &expect![[r"
                calls a b c
                first a b
            "]],
        );
    }

    #[test]
    fn an_attempt_is_checked_by_its_call() {
        let attempt = attempt("a", goes_on(vec![call("b")]), goes_on(vec![start("f")]));
        check(
            vec![attempt, call("c")],
            &expect![[r"
                calls a b c
                first a
                flows f
            "]],
        );
    }

    #[test]
    fn a_loop_may_have_no_items() {
        check(
            vec![each(vec![call("a"), call("b")]), call("c")],
            &expect![[r"
                calls a b c
                first a c
            "]],
        );
    }

    #[test]
    fn the_branches_of_a_join_begin_at_once() {
        let checked = join(vec![returns(vec![call("a"), call("b")]), returns(vec![])]);
        check(
            vec![checked, call("c")],
            &expect![[r"
                calls a b c
                first a
            "]],
        );
        let early = branch(vec![returns(vec![]), goes_on(vec![call("a")])]);
        let unchecked = join(vec![returns(vec![early, call("b")]), returns(vec![wait()])]);
        check(
            vec![unchecked, call("c")],
            &expect![[r"
                calls a b c
                first a c
            "]],
        );
        let rejecting = join(vec![rejects(vec![]), returns(vec![call("a")])]);
        check(
            vec![rejecting, call("b")],
            &expect![[r"
                calls a b
                first a
            "]],
        );
    }

    #[test]
    fn what_is_nested_is_in_source_order() {
        let inner = join(vec![
            returns(vec![call("b"), start("f")]),
            returns(vec![call("c")]),
        ]);
        check(
            vec![
                call("a"),
                each(vec![branch(vec![goes_on(vec![inner]), goes_on(vec![])])]),
                start("g"),
                call("d"),
            ],
            &expect![[r"
                calls a b c d
                first a
                flows f g
            "]],
        );
    }
}

//! Keeps an evaluation from filling the memory: where a few characters of JSONata could, what they build is counted.
//!
//! JSONata's own limits end recursion, time and sequences. They do not see text that doubles, values that hold each other many
//! times over, or a range between numbers that no integer holds. One call of `$join` or `$replace` with long text in
//! more than one argument is still counted only when it is done.

use std::cell::Cell;

use jsonata_core::ast::{AstNode, BinaryOp, Stage};
use jsonata_core::evaluator::{Evaluator, EvaluatorError};
use jsonata_core::value::JValue;

type Outcome = Result<JValue, EvaluatorError>;

/// What one evaluation may build: characters, and values in arrays and objects. A payload holds 262,144 bytes.
const BUDGET: usize = 32 * 1024 * 1024;

/// The widest `$pad`.
const MAX_WIDTH: f64 = 1_048_576.0;

/// The largest bound of a range: up to here, each integer has a number of its own.
const MAX_BOUND: f64 = 9_007_199_254_740_992.0;

/// The largest number that `$formatInteger` writes as the Romans did: with an `M` for each thousand.
const MAX_ROMAN: f64 = 1_000_000_000.0;

/// The most values of which `$distinct` compares each with all others: a matter of seconds.
const MAX_COMPARED: usize = 30_000;

/// The deepest result. What comes after, down to the last drop of it, goes down a value level by level.
const MAX_NESTING: usize = 500;

/// Names that no expression can call, because they hold a blank.
const COUNTED: &str = "what is counted";
const BOUND: &str = "a range's bound";
const WIDTH: &str = "a width";
const ROMAN: &str = "a Roman number";
const COMPARED: &str = "what is compared";

/// Functions whose text can be longer than all that they are given.
const GROWING: &[&str] = &[
    "base64encode",
    "encodeUrl",
    "encodeUrlComponent",
    "join",
    "pad",
    "replace",
    "string",
];

/// A node, and whether its value goes on to be used as a whole: as an argument, a variable, or a function's result.
type Place<'a> = (&'a mut AstNode, bool);

/// Rewrites the tree; says whether it then needs [`register`].
pub(crate) fn guard(tree: &mut AstNode) -> bool {
    let mut walk = Walk {
        waiting: vec![(tree, true)],
        is_guarded: false,
    };
    while let Some((node, is_value)) = walk.waiting.pop() {
        let node = if is_value && grows(node) {
            walk.wrap(node, COUNTED)
        } else {
            node
        };
        walk.push_children(node);
    }
    walk.is_guarded
}

struct Walk<'a> {
    waiting: Vec<Place<'a>>,
    is_guarded: bool,
}

/// Whether a node's value is counted.
fn grows(node: &AstNode) -> bool {
    match node {
        AstNode::Array(_) | AstNode::Object(_) => true,
        AstNode::Binary { op, .. } => *op == BinaryOp::Concatenate,
        AstNode::Function { name, args, .. } => {
            // With a `?` among its arguments, a call makes a function.
            let is_partial = args.iter().any(|arg| matches!(arg, AstNode::Placeholder));
            GROWING.contains(&name.as_str()) && !is_partial
        }
        _ => false,
    }
}

/// Whether a picture may ask for Roman numerals.
fn may_be_roman(args: &[AstNode]) -> bool {
    !matches!(args, [.., AstNode::String(picture)] if !picture.contains(['i', 'I']))
}

/// The check of a first argument that comes before a `~>`.
fn check_of_piped(function: &AstNode) -> Option<&'static str> {
    match function {
        AstNode::Variable(name) if name == "distinct" => Some(COMPARED),
        AstNode::Function { name, args, .. } => check_of_arguments(name, args),
        _ => None,
    }
}

fn check_of_arguments(function: &str, args: &[AstNode]) -> Option<&'static str> {
    match function {
        "distinct" => Some(COMPARED),
        "formatInteger" if may_be_roman(args) => Some(ROMAN),
        "pad" => Some(WIDTH),
        _ => None,
    }
}

impl<'a> Walk<'a> {
    /// `node` -> `check(node)`; answers with what `node` was.
    fn wrap(&mut self, node: &'a mut AstNode, check: &str) -> &'a mut AstNode {
        self.is_guarded = true;
        let inner = std::mem::replace(node, AstNode::Null);
        *node = AstNode::Function {
            name: check.to_owned(),
            args: vec![inner],
            is_builtin: true,
        };
        match node {
            AstNode::Function { args, .. } => &mut args[0],
            other => other,
        }
    }

    /// What goes through a check of its own; not the small numbers and short texts that stand there in so many words.
    fn push_checked(&mut self, node: &'a mut AstNode, check: &str) {
        let is_fine = match node {
            AstNode::Number(number) => number.abs() <= MAX_WIDTH,
            AstNode::String(_) | AstNode::Placeholder => true,
            _ => false,
        };
        let node = if is_fine {
            node
        } else {
            self.wrap(node, check)
        };
        self.waiting.push((node, false));
    }

    fn push_all_checked(&mut self, nodes: &'a mut [AstNode], check: &str) {
        for node in nodes {
            self.push_checked(node, check);
        }
    }

    fn push(&mut self, nodes: impl IntoIterator<Item = &'a mut AstNode>, is_value: bool) {
        let places = nodes.into_iter().map(|node| (node, is_value));
        self.waiting.extend(places);
    }

    fn push_children(&mut self, node: &'a mut AstNode) {
        match node {
            AstNode::Binary { op, lhs, rhs } => self.push_operands(*op, lhs, rhs),
            AstNode::Function { name, args, .. } => match check_of_arguments(name, args) {
                Some(check) => self.push_all_checked(args, check),
                None => self.push(args, true),
            },
            AstNode::Call { procedure, args } => {
                self.push([&mut **procedure], false);
                self.push(args, true);
            }
            AstNode::Lambda { body, .. } => self.push([&mut **body], true),
            AstNode::Conditional {
                condition,
                then_branch,
                else_branch,
            } => {
                self.push([&mut **condition], false);
                self.push([&mut **then_branch], true);
                self.push(else_branch.as_deref_mut(), true);
            }
            AstNode::Block(items) => {
                if let Some((last, before)) = items.split_last_mut() {
                    self.push(before, false);
                    self.push([last], true);
                }
            }
            other => self.push_parts(other),
        }
    }

    fn push_operands(&mut self, op: BinaryOp, lhs: &'a mut AstNode, rhs: &'a mut AstNode) {
        if op == BinaryOp::Range {
            self.push_checked(lhs, BOUND);
            self.push_checked(rhs, BOUND);
            return;
        }
        match check_of_piped(rhs) {
            Some(check) if op == BinaryOp::ChainPipe => self.push_checked(lhs, check),
            _ => self.push([lhs], false),
        }
        self.push([rhs], op == BinaryOp::ColonEqual);
    }

    /// Children whose place gives a form of its own a meaning, such as an array in an array: they stay as they are.
    fn push_parts(&mut self, node: &'a mut AstNode) {
        match node {
            AstNode::Path { steps } => {
                for step in steps {
                    self.push([&mut step.node], false);
                    let stages = step.stages.iter_mut();
                    let filters = stages.filter_map(|stage| match stage {
                        Stage::Filter(filter) => Some(&mut **filter),
                        Stage::KeepArray | Stage::Index(_) => None,
                    });
                    self.push(filters, false);
                }
            }
            AstNode::Unary { operand, .. } | AstNode::FunctionApplication(operand) => {
                self.push([&mut **operand], false);
            }
            AstNode::Array(items) | AstNode::ArrayGroup(items) => self.push(items, false),
            AstNode::Object(pairs) => self.push_pairs(pairs),
            AstNode::ObjectTransform { input, pattern } => {
                self.push([&mut **input], false);
                self.push_pairs(pattern);
            }
            AstNode::Sort { input, terms } => {
                self.push([&mut **input], false);
                self.push(terms.iter_mut().map(|(term, _)| term), false);
            }
            AstNode::Transform {
                location,
                update,
                delete,
            } => {
                self.push([&mut **location, &mut **update], false);
                self.push(delete.as_deref_mut(), false);
            }
            _ => {}
        }
    }

    fn push_pairs(&mut self, pairs: &'a mut [(AstNode, AstNode)]) {
        for (key, value) in pairs {
            self.push([key, value], false);
        }
    }
}

/// The checks, for one evaluation of a tree that was rewritten.
pub(crate) fn register(evaluator: &mut Evaluator) -> Result<(), EvaluatorError> {
    let left = Cell::new(BUDGET);
    evaluator.register_fn(COUNTED, move |args: &[JValue]| {
        let value = args.first().cloned().unwrap_or(JValue::Undefined);
        match left.get().checked_sub(size(&value, left.get())) {
            Some(rest) => left.set(rest),
            None => return fail("the expression builds more than Step Functions could hold"),
        }
        Ok(value)
    })?;
    evaluator.register_fn(BOUND, |args: &[JValue]| {
        at_most(
            args,
            MAX_BOUND,
            "D2014: a bound of the range is out of range",
        )
    })?;
    evaluator.register_fn(WIDTH, |args: &[JValue]| {
        at_most(args, MAX_WIDTH, "D3010: the width of $pad is out of range")
    })?;
    evaluator.register_fn(ROMAN, |args: &[JValue]| {
        at_most(
            args,
            MAX_ROMAN,
            "the number is too large for Roman numerals",
        )
    })?;
    evaluator.register_fn(COMPARED, |args: &[JValue]| match args.first() {
        Some(JValue::Array(items)) if items.len() > MAX_COMPARED => {
            fail("$distinct takes at most 30000 values here")
        }
        value => Ok(value.cloned().unwrap_or(JValue::Undefined)),
    })
}

fn fail(message: &str) -> Outcome {
    Err(EvaluatorError::EvaluationError(message.to_owned()))
}

fn at_most(args: &[JValue], limit: f64, message: &str) -> Outcome {
    match args.first() {
        Some(JValue::Number(number)) if number.abs() > limit => fail(message),
        Some(value) => Ok(value.clone()),
        None => Ok(JValue::Undefined),
    }
}

/// Whether the value can become JSON: neither too large, held many times over, nor deeper than a walk over it could bear.
pub(crate) fn is_bounded(value: &JValue) -> bool {
    if matches!(value, JValue::Array(_) | JValue::Object(_)) {
        return size(value, BUDGET) <= BUDGET && is_shallow(value);
    }
    true
}

fn is_shallow(value: &JValue) -> bool {
    let mut waiting = vec![(value, 0)];
    while let Some((value, depth)) = waiting.pop() {
        if depth > MAX_NESTING {
            return false;
        }
        match value {
            JValue::Array(items) => waiting.extend(items.iter().map(|item| (item, depth + 1))),
            JValue::Object(members) => {
                waiting.extend(members.values().map(|value| (value, depth + 1)));
            }
            _ => {}
        }
    }
    true
}

/// Characters and values in it; more than `limit` where there are more. What is held twice counts twice, as in JSON.
fn size(value: &JValue, limit: usize) -> usize {
    let mut size: usize = 0;
    let mut waiting = vec![value];
    while let Some(value) = waiting.pop() {
        size += 1;
        match value {
            JValue::String(text) => size = size.saturating_add(text.len()),
            JValue::Array(items) => waiting.extend(items.iter()),
            JValue::Object(members) => {
                size += members.keys().map(String::len).sum::<usize>();
                waiting.extend(members.values());
            }
            _ => {}
        }
        if size.saturating_add(waiting.len()) > limit {
            return limit.saturating_add(1);
        }
    }
    size
}

//! Reads `if` and `match` over values: a node where an arm does more than give a simple value, a value otherwise.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{Expr, ExprIf, ExprMatch, Pat, Token};

use super::block::{Seat, Worth, local, nothing, wrong};
use super::flow::{FlowParser, peel_expr};
use super::value::UNKNOWN;
use crate::errors::first_span;
use crate::ir::{self, Arm, Block, Branch, End, Node, Operator, Ty, Value};
use crate::names;

/// An arm and the type of what it is worth.
struct TypedArm {
    condition: Option<Value>,
    block: Block,
    ty: Ty,
}

impl FlowParser<'_> {
    pub(super) fn parse_if(&mut self, nodes: &mut Vec<Node>, expr: &ExprIf, seat: Seat) -> Worth {
        let mut arms = Vec::new();
        let mut current = expr;
        let last = loop {
            arms.push(self.parse_if_arm(nodes, current, seat.of_arm()));
            match &current.else_branch {
                Some((_, branch)) => match &**branch {
                    // Its condition needs no node, so it is one more arm.
                    Expr::If(next) if !calls_first(next) => current = next,
                    other => break self.parse_arm_body(other, seat.of_arm()),
                },
                None if seat == Seat::Result => {
                    let message = format_args!(
                        "{}; write an `else` that ends in one too",
                        self.ends_in_its_result()
                    );
                    self.errors.error(current.if_token, message);
                    return wrong(seat);
                }
                None => {
                    let (end, ty) = nothing();
                    break (
                        Block {
                            nodes: Vec::new(),
                            end,
                        },
                        ty,
                    );
                }
            }
        };
        let (block, ty) = last;
        arms.push(TypedArm {
            condition: None,
            block,
            ty,
        });
        let name = if let Expr::Let(scrutinee) = &*expr.cond {
            let (pattern, value) = (&scrutinee.pat, subject(&scrutinee.expr));
            quote!(if let #pattern = #value)
        } else {
            let condition = subject(&expr.cond);
            quote!(if #condition)
        };
        self.end_branch(nodes, arms, name, expr.if_token.span, seat)
    }

    fn parse_if_arm(&mut self, nodes: &mut Vec<Node>, expr: &ExprIf, seat: Seat) -> TypedArm {
        self.scoped(|parser| {
            let condition = parser.parse_condition(nodes, &expr.cond);
            let (block, ty) = parser.parse_block(&expr.then_branch, seat);
            TypedArm {
                condition: Some(condition),
                block,
                ty,
            }
        })
    }

    /// The condition of an `if`, with what it binds.
    fn parse_condition(&mut self, nodes: &mut Vec<Node>, expr: &Expr) -> Value {
        if let Some(among) = let_among(expr) {
            let message =
                "a `let` among other conditions is not part of a flow; write one `if` in another";
            self.errors.error(among, message);
            return Value::Null;
        }
        let Expr::Let(expr) = peel_expr(expr) else {
            return self.parse_scrutinee(nodes, expr).0;
        };
        if let Expr::Await(awaited) = peel_expr(&expr.expr)
            && let Some(name) = self.callee_name(&awaited.base)
        {
            let message = format_args!(
                "an `if let` leaves open what follows the other errors of `{name}`; write `match`, with an arm each"
            );
            self.errors.error(expr.let_token, message);
            return Value::Null;
        }
        let (value, ty) = self.parse_scrutinee(nodes, &expr.expr);
        // A pattern that always matches is rustc's to warn of.
        self.bind_pattern(&expr.pat, &value, &ty)
            .unwrap_or(Value::Bool(true))
    }

    /// What an `if` or a `match` looks at: a value, or the output of a call right before.
    fn parse_scrutinee(&mut self, nodes: &mut Vec<Node>, expr: &Expr) -> (Value, Ty) {
        match self.parse_simple(nodes, unreferenced(expr), Seat::Value) {
            (End::Value(value), ty) => (value, ty),
            _ => UNKNOWN,
        }
    }

    pub(super) fn parse_match(
        &mut self, nodes: &mut Vec<Node>, expr: &ExprMatch, seat: Seat,
    ) -> Worth {
        if let Expr::Await(awaited) = peel_expr(&expr.expr)
            && self.callee_name(&awaited.base).is_some()
        {
            return self.parse_attempt(nodes, expr, seat);
        }
        let before = self.errors.count();
        let (value, ty) = self.parse_scrutinee(nodes, &expr.expr);
        if self.errors.count() > before {
            return wrong(seat);
        }
        if let [arm] = expr.arms.as_slice() {
            // Nothing is decided.
            return self.scoped(|parser| {
                let (pattern, _) = guarded(&arm.pat);
                let _ = parser.bind_pattern(pattern, &value, &ty);
                parser.parse_end(nodes, &arm.body, seat)
            });
        }
        let mut arms: Vec<TypedArm> = Vec::new();
        for (index, arm) in expr.arms.iter().enumerate() {
            let mut parsed = self.parse_match_arm(arm, &value, &ty, seat.of_arm());
            let next = expr.arms.get(index + 1);
            // Of what is not known, or was refused, it is not known either whether it matches.
            let is_known = ty != Ty::Unknown && self.errors.count() == before;
            if let (None, Some(next), true) = (&parsed.condition, next, is_known) {
                let message = "this arm is never reached, because the one before it always matches; remove it";
                self.errors.at(first_span(next), message);
                return wrong(seat);
            }
            if next.is_none() {
                parsed.condition = None;
            }
            arms.push(parsed);
        }
        let value = subject(&expr.expr);
        self.end_branch(
            nodes,
            arms,
            quote!(match #value),
            expr.match_token.span,
            seat,
        )
    }

    fn parse_match_arm(&mut self, arm: &syn::Arm, value: &Value, ty: &Ty, seat: Seat) -> TypedArm {
        self.scoped(|parser| {
            let (pattern, guard) = guarded(&arm.pat);
            let matches = parser.bind_pattern(pattern, value, ty);
            let holds = guard.map(|guard| parser.parse_value(guard).0);
            let (block, ty) = parser.parse_arm_body(&arm.body, seat);
            TypedArm {
                condition: both(matches, holds),
                block,
                ty,
            }
        })
    }

    /// The node or the value that the arms come to.
    fn end_branch(
        &mut self, nodes: &mut Vec<Node>, mut arms: Vec<TypedArm>, name: TokenStream, span: Span,
        seat: Seat,
    ) -> Worth {
        if arms.is_empty() {
            let message = "a `match` without arms does nothing; remove it";
            self.errors.at(span, message);
            return wrong(seat);
        }
        let ty = types_of(arms.iter().map(|arm| (&arm.block, &arm.ty)), seat);
        if seat.is_unit() && arms.iter().all(|arm| is_empty(&arm.block)) {
            return nothing();
        }
        if arms.iter().all(|arm| is_simple_arm(&arm.block, seat)) {
            let value = if_value(&mut arms);
            let end = match seat {
                Seat::Result => End::Return(value),
                _ => End::Value(value),
            };
            return (end, ty);
        }
        let (output, end) = self.settle(arms.iter().map(|arm| &arm.block), seat);
        let arms = arms.into_iter().map(|arm| Arm {
            condition: arm.condition,
            block: arm.block,
        });
        nodes.push(Node::Branch(Branch {
            state: names::control_state(name),
            arms: arms.collect(),
            output,
        }));
        (end, ty)
    }

    /// Who takes what the arms are worth, and how the block goes on behind them.
    pub(super) fn settle<'b>(
        &mut self, arms: impl Iterator<Item = &'b Block>, seat: Seat,
    ) -> (Option<ir::LocalId>, End) {
        let arms: Vec<&Block> = arms.filter(|arm| goes_on(arm)).collect();
        let before_more = matches!(seat, Seat::Value | Seat::Statement);
        if !before_more || arms.is_empty() {
            return (None, End::Tail);
        }
        if seat == Seat::Statement {
            return (None, End::Value(Value::Null));
        }
        let is_answer = |arm: &&Block| match &arm.end {
            End::Value(value) => self.is_answer(value),
            _ => false,
        };
        let output = if arms.iter().all(is_answer) {
            self.give_answer()
        } else {
            self.give()
        };
        (Some(output), End::Value(local(output)))
    }

    /// `if` or `match` within an expression, where no node can stand.
    pub(super) fn parse_pure_branch(&mut self, expr: &Expr) -> (Value, Ty) {
        let before = self.errors.count();
        let mut nodes = Vec::new();
        let (end, ty) = self.parse_end(&mut nodes, expr, Seat::Value);
        match end {
            End::Value(value) if nodes.is_empty() => (value, ty),
            _ => {
                if self.errors.count() == before {
                    let message = "this does more than choose a simple value, so it stands alone; bind it first: `let name = …;`";
                    self.errors.at(first_span(expr), message);
                }
                UNKNOWN
            }
        }
    }
}

/// The `let` of a chain of conditions.
fn let_among(expr: &Expr) -> Option<Token![let]> {
    let Expr::Binary(expr) = expr else {
        return None;
    };
    let [left, right] = [&expr.left, &expr.right].map(|side| match &**side {
        Expr::Let(expr) => Some(expr.let_token),
        side => let_among(side),
    });
    left.or(right)
}

/// Whether the condition is a step's call, which must come before the `if`.
fn calls_first(expr: &ExprIf) -> bool {
    let condition = match peel_expr(&expr.cond) {
        Expr::Let(expr) => unreferenced(&expr.expr),
        expr => unreferenced(expr),
    };
    matches!(condition, Expr::Try(_) | Expr::Await(_))
}

fn unreferenced(expr: &Expr) -> &Expr {
    match peel_expr(expr) {
        Expr::Reference(expr) => unreferenced(&expr.expr),
        expr => expr,
    }
}

/// What a state's name says of a scrutinee: neither how it is borrowed nor how it is awaited.
fn subject(expr: &Expr) -> &Expr {
    match unreferenced(expr) {
        Expr::Try(expr) => subject(&expr.expr),
        Expr::Await(expr) => subject(&expr.base),
        expr => expr,
    }
}

/// A pattern and its guard.
pub(super) fn guarded(pattern: &Pat) -> (&Pat, Option<&Expr>) {
    match pattern {
        Pat::Guard(guard) => (&guard.pat, Some(&guard.guard)),
        pattern => (pattern, None),
    }
}

fn both(left: Option<Value>, right: Option<Value>) -> Option<Value> {
    match (left, right) {
        (Some(left), Some(right)) => Some(Value::Binary(
            Operator::And,
            Box::new(left),
            Box::new(right),
        )),
        (left, right) => left.or(right),
    }
}

/// Whether a path through the block comes out at its end.
pub(super) fn goes_on(block: &Block) -> bool {
    match &block.end {
        End::Value(_) => true,
        End::Return(_) | End::Reject(_) => false,
        End::Tail => match block.nodes.last() {
            Some(Node::Branch(branch)) => branch.arms.iter().any(|arm| goes_on(&arm.block)),
            Some(Node::Attempt(attempt)) => {
                let alternatives = &attempt.alternatives;
                goes_on(&attempt.ok) || alternatives.iter().any(|arm| goes_on(&arm.block))
            }
            _ => false,
        },
    }
}

/// The type of what the arms are worth, from those that are worth something.
pub(super) fn types_of<'b>(arms: impl Iterator<Item = (&'b Block, &'b Ty)>, seat: Seat) -> Ty {
    let types = arms.filter(|(block, _)| seat == Seat::Result || goes_on(block));
    types.fold(Ty::Unknown, |ty, (_, other)| unify(ty, other))
}

/// rustc sees to it that both are one type; either may say more of it.
fn unify(left: Ty, right: &Ty) -> Ty {
    match (left, right) {
        (Ty::Unknown, right) => right.clone(),
        (Ty::Opaque(name), right) if name.is_empty() => right.clone(),
        (Ty::Option(left), Ty::Option(right)) => Ty::Option(Box::new(unify(*left, right))),
        (Ty::List(left), Ty::List(right)) => Ty::List(Box::new(unify(*left, right))),
        (Ty::Tuple(left), Ty::Tuple(right)) if left.len() == right.len() => {
            let elements = left.into_iter().zip(right);
            Ty::Tuple(elements.map(|(left, right)| unify(left, right)).collect())
        }
        (left, _) => left,
    }
}

fn is_empty(block: &Block) -> bool {
    block.nodes.is_empty() && matches!(block.end, End::Value(_))
}

/// Whether the arm is no more than a value that an expression can choose.
fn is_simple_arm(block: &Block, seat: Seat) -> bool {
    let ((End::Return(value), Seat::Result) | (End::Value(value), _)) = (&block.end, seat) else {
        return false;
    };
    block.nodes.is_empty() && is_simple(value)
}

fn is_simple(value: &Value) -> bool {
    match value {
        Value::Array(_) | Value::Object(_) => false,
        Value::Not(inner) | Value::Count(inner) | Value::IsSome(inner) => is_simple(inner),
        Value::Binary(_, left, right) => is_simple(left) && is_simple(right),
        Value::If(parts) => parts.iter().all(is_simple),
        _ => true,
    }
}

/// Nested from the last arm, which always matches.
fn if_value(arms: &mut Vec<TypedArm>) -> Value {
    let mut chosen = Value::Null;
    while let Some(arm) = arms.pop() {
        let (End::Value(value) | End::Return(value)) = arm.block.end else {
            continue;
        };
        chosen = match arm.condition {
            Some(condition) => Value::If(Box::new([condition, value, chosen])),
            None => value,
        };
    }
    chosen
}

//! Reads statements into nodes, and says how each path goes on.

use syn::{Block, Expr, Local, Pat, Stmt, StmtMacro};

use super::call::Called;
use super::flow::{FlowParser, is_path, peel_expr};
use super::value::UNKNOWN;
use crate::errors::first_span;
use crate::ir::{self, End, Node, Ty, Value};

/// Where an expression stands, which decides who takes its value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Seat {
    /// At the end of a flow or of a join's branch: `Ok(..)` or `Err(..)`.
    Result,
    /// At the end of an arm whose value somebody takes.
    ArmValue,
    /// At the end of an arm whose value nobody takes.
    ArmUnit,
    /// Where somebody takes its value, before what follows.
    Value,
    /// Where nobody takes its value, before what follows.
    Statement,
}

impl Seat {
    /// The end of an arm of an expression that stands here.
    pub(super) fn of_arm(self) -> Self {
        match self {
            Self::Result => Self::Result,
            Self::Value | Self::ArmValue => Self::ArmValue,
            Self::Statement | Self::ArmUnit => Self::ArmUnit,
        }
    }

    pub(super) fn is_unit(self) -> bool {
        matches!(self, Self::Statement | Self::ArmUnit)
    }
}

/// How the path goes on behind an expression: [`End::Value`] with what it is worth, or the end of its block. The type is
/// that of the value or, at the end of a flow, of what `Ok` holds.
pub(super) type Worth = (End, Ty);

/// What a statement is worth.
pub(super) fn nothing() -> Worth {
    (End::Value(Value::Null), Ty::Tuple(Vec::new()))
}

/// What stands for an expression after a message.
pub(super) fn wrong(seat: Seat) -> Worth {
    match seat {
        Seat::Result => (End::Return(Value::Null), Ty::Unknown),
        _ => (End::Value(Value::Null), Ty::Unknown),
    }
}

impl FlowParser<'_> {
    /// A block with nodes of its own.
    pub(super) fn parse_block(&mut self, block: &Block, seat: Seat) -> (ir::Block, Ty) {
        let mut nodes = Vec::new();
        let (end, ty) = self.parse_inner_block(&mut nodes, block, seat);
        (ir::Block { nodes, end }, ty)
    }

    /// An arm's expression, with nodes of its own.
    pub(super) fn parse_arm_body(&mut self, expr: &Expr, seat: Seat) -> (ir::Block, Ty) {
        let mut nodes = Vec::new();
        let (end, ty) = self.parse_end(&mut nodes, expr, seat);
        (ir::Block { nodes, end }, ty)
    }

    /// A block whose nodes go on from those before it.
    fn parse_inner_block(&mut self, nodes: &mut Vec<Node>, block: &Block, seat: Seat) -> Worth {
        self.scoped(|parser| parser.parse_statements(nodes, block, seat))
    }

    pub(super) fn parse_statements(
        &mut self, nodes: &mut Vec<Node>, block: &Block, seat: Seat,
    ) -> Worth {
        let before = self.errors.count();
        let mut stmts = block.stmts.iter().peekable();
        while let Some(stmt) = stmts.next() {
            let (end, ty) = match (stmt, stmts.peek()) {
                (Stmt::Expr(expr, None), None) => return self.parse_end(nodes, expr, seat),
                (Stmt::Expr(Expr::Call(call), Some(semi)), None)
                    if seat == Seat::Result && is_path(&call.func, "Ok") =>
                {
                    let message = format_args!("{}; remove this `;`", self.ends_in_its_result());
                    self.errors.error(semi, message);
                    return wrong(seat);
                }
                (Stmt::Local(local), _) => self.parse_let(nodes, local),
                (Stmt::Expr(expr, _), _) => self.parse_end(nodes, expr, Seat::Statement),
                (Stmt::Item(item), _) => {
                    let message = "a flow declares nothing; move this item into the module";
                    self.errors.at(first_span(item), message);
                    nothing()
                }
                (Stmt::Macro(stmt), _) => self.parse_statement_macro(nodes, stmt),
            };
            if matches!(end, End::Value(_)) {
                continue;
            }
            if let Some(next) = stmts.peek() {
                let message = "this is never reached; remove it";
                self.errors.at(first_span(next), message);
            }
            return (end, ty);
        }
        if seat != Seat::Result {
            return nothing();
        }
        if self.errors.count() == before {
            let message = format_args!(
                "{}; write `Ok(…)` before this `}}`",
                self.ends_in_its_result()
            );
            self.errors.at(block.brace_token.span.close(), message);
        }
        wrong(seat)
    }

    fn parse_let(&mut self, nodes: &mut Vec<Node>, local: &Local) -> Worth {
        let Some(init) = &local.init else {
            self.errors.error(
                local.let_token,
                "a flow never assigns later; write `let … = …`",
            );
            return nothing();
        };
        if let Some((else_token, _)) = &init.diverge {
            let message =
                "`let … else` is not part of a flow; write `match`, with `return` in the other arm";
            self.errors.error(else_token, message);
        }
        let pattern = untyped(&local.pat);
        if self.declare_vector(pattern, &init.expr) {
            return nothing();
        }
        let seat = match pattern {
            Pat::Wild(_) => Seat::Statement,
            _ => Seat::Value,
        };
        let (end, ty) = self.parse_end(nodes, &init.expr, seat);
        let End::Value(value) = end else {
            return (end, ty);
        };
        // A name stands for its whole value wherever it is used, so that lets upon lets would grow without end.
        if !fits(&value, &mut { MAX_PARTS }) {
            let message = format_args!(
                "this value has more than {MAX_PARTS} parts, which stand wherever it is used; let a step compute it"
            );
            self.errors.at(first_span(&init.expr), message);
            let _ = self.bind_pattern(pattern, &UNKNOWN.0, &UNKNOWN.1);
            return nothing();
        }
        // A pattern that might not match is rustc's to report.
        let _ = self.bind_pattern(pattern, &value, &ty);
        nothing()
    }

    /// `join!(..);`, which must be asked, or a macro that nobody knows.
    fn parse_statement_macro(&mut self, nodes: &mut Vec<Node>, stmt: &StmtMacro) -> Worth {
        let expr = Expr::Macro(syn::ExprMacro {
            attrs: Vec::new(),
            mac: stmt.mac.clone(),
        });
        self.parse_join(nodes, &expr).unwrap_or_else(|| {
            self.refuse_macro(&stmt.mac.path);
            nothing()
        })
    }

    /// Reads an expression that may hold nodes: the one place that knows all of them.
    pub(super) fn parse_end(&mut self, nodes: &mut Vec<Node>, expr: &Expr, seat: Seat) -> Worth {
        match expr {
            Expr::Paren(expr) => self.parse_end(nodes, &expr.expr, seat),
            Expr::Group(expr) => self.parse_end(nodes, &expr.expr, seat),
            Expr::Block(expr) if expr.label.is_none() => {
                self.parse_inner_block(nodes, &expr.block, seat)
            }
            Expr::If(expr) => self.parse_if(nodes, expr, seat),
            Expr::Match(expr) => self.parse_match(nodes, expr, seat),
            Expr::Return(expr) => self.parse_return(nodes, expr),
            Expr::Try(asked) if is_err(&asked.expr) => self.parse_result(nodes, &asked.expr),
            _ if seat == Seat::Result => self.parse_result(nodes, expr),
            Expr::ForLoop(expr) => {
                self.parse_loop(nodes, expr);
                nothing()
            }
            Expr::Call(call)
                if is_path(&call.func, "Some")
                    && call.args.len() == 1
                    && may_hold_nodes(&call.args[0]) =>
            {
                match self.parse_end(nodes, &call.args[0], Seat::Value) {
                    (End::Value(_), _) if seat.is_unit() => nothing(),
                    (End::Value(value), ty) => (End::Value(value), Ty::Option(Box::new(ty))),
                    ended => ended,
                }
            }
            expr => match self.parse_simple(nodes, expr, seat) {
                (End::Value(_), _) if seat.is_unit() => nothing(),
                worth => worth,
            },
        }
    }

    /// Reads one node, or a value.
    pub(super) fn parse_simple(&mut self, nodes: &mut Vec<Node>, expr: &Expr, seat: Seat) -> Worth {
        let found = self
            .parse_join(nodes, expr)
            .or_else(|| self.parse_wait(nodes, expr))
            .or_else(|| self.parse_push(nodes, expr));
        if let Some(worth) = found {
            return worth;
        }
        let (value, ty) = match self.parse_call(expr) {
            Some(called) => push_call(nodes, called),
            None if seat.is_unit() && self.refuse_idle_result(expr) => UNKNOWN,
            // In a statement it reports what is no part of the language; a value that nobody uses does nothing.
            None => self.parse_value(expr),
        };
        (End::Value(value), ty)
    }
}

fn push_call(nodes: &mut Vec<Node>, called: Called) -> (Value, Ty) {
    let (node, output, ty) = match called {
        Called::Step(call, ty) => {
            let output = call.output;
            (Node::Call(*call), output, ty)
        }
        Called::Flow(nested, ty) => {
            let output = nested.output;
            (Node::Nested(*nested), output, ty)
        }
        Called::Wrong => return UNKNOWN,
    };
    nodes.push(node);
    (local(output), ty)
}

/// All of what a node gives.
pub(super) fn local(id: ir::LocalId) -> Value {
    Value::Place(ir::Root::Local(id), Vec::new())
}

/// The pattern without a type that stands behind it.
pub(super) fn untyped(pattern: &Pat) -> &Pat {
    match pattern {
        Pat::Type(typed) => untyped(&typed.pat),
        Pat::Paren(paren) => untyped(&paren.pat),
        pattern => pattern,
    }
}

fn is_err(expr: &Expr) -> bool {
    match peel_expr(expr) {
        Expr::Call(call) => is_path(&call.func, "Err"),
        _ => false,
    }
}

fn may_hold_nodes(expr: &Expr) -> bool {
    matches!(
        peel_expr(expr),
        Expr::Try(_) | Expr::If(_) | Expr::Match(_) | Expr::Block(_)
    )
}

/// What a `let` may hold of operators, fields and literals.
const MAX_PARTS: usize = 1_000;

/// Whether the value has no more parts than are left.
fn fits(value: &Value, left: &mut usize) -> bool {
    if *left == 0 {
        return false;
    }
    *left -= 1;
    match value {
        Value::Array(values) => values.iter().all(|value| fits(value, left)),
        Value::Object(fields) => fields.iter().all(|(_, value)| fits(value, left)),
        Value::Not(inner) | Value::Count(inner) | Value::IsSome(inner) => fits(inner, left),
        Value::Binary(_, one, other) => fits(one, left) && fits(other, left),
        Value::If(parts) => parts.iter().all(|value| fits(value, left)),
        _ => true,
    }
}

//! What is Rust but not a flow's language: each with the way out.

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::{Expr, Path};

use super::call::Called;
use super::flow::FlowParser;
use super::join::is_join;
use super::value::source;
use crate::errors::first_span;
use crate::ir::Ty;

impl FlowParser<'_> {
    /// `?` or `.await` where no statement is a step's call.
    pub(super) fn refuse_await(&mut self, expr: &Expr) {
        match self.parse_call(expr) {
            Some(Called::Wrong) => return,
            Some(called) => {
                let what = match called {
                    Called::Flow(..) => "flow",
                    _ => "step",
                };
                let message = format_args!(
                    "a {what}'s call stands alone; bind it first: `let name = ….await?;`"
                );
                self.errors.at(called.span(), message);
                return;
            }
            None => {}
        }
        let (inner, span, message) = match expr {
            Expr::Try(expr) => (
                &*expr.expr,
                expr.question_token.span(),
                "`?` stands only after a step's `.await`; remove it",
            ),
            Expr::Await(expr) => (
                &*expr.base,
                expr.await_token.span,
                "a flow awaits steps only; let a step do it",
            ),
            _ => return,
        };
        let (_, ty) = self.parse_value(inner);
        if *self.declarations.types.resolve(&ty) != Ty::Unknown {
            self.errors.at(span, message);
        }
    }

    /// Reports what is Rust but not a flow's language; false when it has nothing to say.
    pub(super) fn refuse(&mut self, expr: &Expr) -> bool {
        let Some((span, message)) = control(expr).or_else(|| computation(expr)) else {
            if let Expr::Macro(expr) = expr {
                self.refuse_macro(&expr.mac.path);
                return true;
            }
            return false;
        };
        self.errors.at(span, message);
        true
    }

    pub(super) fn refuse_macro(&mut self, path: &Path) {
        if is_join(path) {
            let message = "`join!` stands alone; bind it first: `let (a, b) = join!(..)?;`";
            self.errors.error(path, message);
            return;
        }
        let name = source(path);
        let instead = match name.rsplit("::").next().unwrap_or_default() {
            "vec" => {
                "let a step make the list, or collect one: `let mut list = Vec::new();`, and `push` in a `for`"
            }
            "format" | "concat" => "let a step make the text",
            "assert" | "assert_eq" | "panic" | "todo" | "unreachable" | "bail" | "ensure" => {
                "write `return Err(Rejection::new(..))`"
            }
            "println" | "eprintln" | "dbg" | "trace" | "debug" | "info" | "warn" | "error" => {
                "nobody runs a flow's body, so log in the participants"
            }
            _ => "write out what it stands for, or let a step do it",
        };
        let message = format_args!("a flow cannot see into the macro `{name}!`; {instead}");
        self.errors.error(path, message);
    }
}

/// What branches, repeats or ends where a flow has nothing of the kind.
fn control(expr: &Expr) -> Option<(Span, &'static str)> {
    Some(match expr {
        Expr::ForLoop(expr) => (
            expr.for_token.span,
            "a `for` is worth nothing; write it as a statement of its own",
        ),
        Expr::While(expr) => (
            expr.while_token.span,
            "`while` is not part of a flow, which must end; let a step repeat, or retry it by `retry(..)`",
        ),
        Expr::Loop(expr) => (
            expr.loop_token.span,
            "`loop` is not part of a flow, which must end; let a step repeat, or retry it by `retry(..)`",
        ),
        Expr::Break(expr) => (
            expr.break_token.span,
            "`break` is not part of a flow, whose loops do every item; let a step choose the items, or `return Err(…)`",
        ),
        Expr::Continue(expr) => (
            expr.continue_token.span,
            "`continue` is not part of a flow; write an `if` around what follows",
        ),
        Expr::Closure(closure) => (
            first_span(closure),
            "a closure is not part of a flow; let a step compute the value",
        ),
        Expr::Async(expr) => (
            expr.async_token.span,
            "an `async` block stands only in `join!`; write its statements, or `join!(async { … }, …)?`",
        ),
        Expr::Block(expr) => match &expr.label {
            Some(label) => (
                label.name.span(),
                "nothing leaves a block by its label; remove it",
            ),
            None => (
                expr.block.brace_token.span.open(),
                "a block stands alone; bind it first: `let name = { … };`",
            ),
        },
        Expr::Unsafe(expr) => (
            expr.unsafe_token.span,
            "`unsafe` is not part of a flow; let a step do it",
        ),
        Expr::Return(expr) => (
            expr.return_token.span,
            "a `return` stands alone; write it as a statement of its own",
        ),
        _ => return None,
    })
}

/// What computes where a flow only passes values on.
fn computation(expr: &Expr) -> Option<(Span, &'static str)> {
    Some(match expr {
        Expr::Assign(expr) => (
            expr.eq_token.span,
            "a flow never changes a value; write a new `let`",
        ),
        Expr::Index(expr) => (
            expr.bracket_token.span.open(),
            "indexing is not part of a flow; let a step take the whole list",
        ),
        Expr::Array(expr) => (
            expr.bracket_token.span.open(),
            "an array is not part of a flow; let a step make the list",
        ),
        _ => return None,
    })
}

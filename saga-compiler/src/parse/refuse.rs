//! What is Rust but not a flow's language: each with the way out.

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::{Expr, Path};

use super::call::Step;
use super::flow::{FlowParser, is_path};
use super::value::source;
use crate::errors::first_span;
use crate::ir::Ty;

impl FlowParser<'_> {
    /// `?` or `.await` where no statement is a step's call.
    pub(super) fn refuse_await(&mut self, expr: &Expr) {
        match self.parse_call(expr) {
            Some(Step::Call(call, _)) => {
                let message = "a step's call stands alone; bind it first: `let name = ….await?;`";
                self.errors.at(call.span, message);
                return;
            }
            Some(Step::Wrong) => return,
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
        let message = format_args!(
            "a flow cannot see into the macro `{}!`; write out what it stands for, or let a step do it",
            source(path)
        );
        self.errors.error(path, message);
    }
}

/// What branches, repeats or ends where a flow only goes straight on.
fn control(expr: &Expr) -> Option<(Span, &'static str)> {
    Some(match expr {
        Expr::If(expr) => (
            expr.if_token.span,
            "a flow has no `if` yet; let a step decide",
        ),
        Expr::Match(expr) => (
            expr.match_token.span,
            "a flow has no `match` yet; let a step decide",
        ),
        Expr::ForLoop(expr) => (
            expr.for_token.span,
            "a flow has no `for` yet; let a step take the whole list",
        ),
        Expr::While(expr) => (
            expr.while_token.span,
            "`while` is not part of a flow, which must end; let a step repeat, or retry it by `retry(..)`",
        ),
        Expr::Loop(expr) => (
            expr.loop_token.span,
            "`loop` is not part of a flow, which must end; let a step repeat, or retry it by `retry(..)`",
        ),
        Expr::Closure(closure) => (
            first_span(closure),
            "a closure is not part of a flow; let a step compute the value",
        ),
        Expr::Async(expr) => (
            expr.async_token.span,
            "an `async` block is not part of a flow; await the step",
        ),
        Expr::Block(expr) => (
            expr.block.brace_token.span.open(),
            "a block is not part of a flow; write its statements",
        ),
        Expr::Unsafe(expr) => (
            expr.unsafe_token.span,
            "`unsafe` is not part of a flow; let a step do it",
        ),
        Expr::Return(expr) => (
            expr.return_token.span,
            "a flow has no `return` yet; end it in `Ok(…)`, and let a step reject",
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
        Expr::Binary(expr) => (
            expr.op.span(),
            "a flow has no operators yet; let a step compute it",
        ),
        Expr::Index(expr) => (
            expr.bracket_token.span.open(),
            "indexing is not part of a flow; let a step take the whole list",
        ),
        Expr::Cast(expr) => (
            expr.as_token.span,
            "`as` is not part of a flow; give the step the type it takes",
        ),
        Expr::Array(expr) => (
            expr.bracket_token.span.open(),
            "an array is not part of a flow; let a step make the list",
        ),
        Expr::Call(call) if is_path(&call.func, "Err") => (
            call.func.span(),
            "a flow has no `Err(..)` yet; let a step reject",
        ),
        _ => return None,
    })
}

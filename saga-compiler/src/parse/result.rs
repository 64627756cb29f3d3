//! Reads how a flow ends: `Ok(..)`, `Err(..)`, and `return` of either.

use syn::{Expr, ExprCall, ExprLit, ExprReturn, Lit, LitStr};

use super::block::{Seat, Worth, wrong};
use super::call::Called;
use super::flow::{FlowParser, Graph, is_path, peel_expr};
use crate::errors::first_span;
use crate::ir::{self, End, Node, Ty, Value};
use crate::names;

impl FlowParser<'_> {
    /// How a message about the end of what `return` ends begins.
    pub(super) fn ends_in_its_result(&self) -> &'static str {
        match self.graph {
            Graph::Branch => "a branch of `join!` ends in its result",
            Graph::Flow | Graph::Item => "a flow ends in its result",
        }
    }

    pub(super) fn parse_return(&mut self, nodes: &mut Vec<Node>, expr: &ExprReturn) -> Worth {
        let Some(result) = &expr.expr else {
            let message = "say what the flow ends with; write `return Ok(…)` or `return Err(…)`";
            self.errors.error(expr.return_token, message);
            return wrong(Seat::Result);
        };
        self.parse_end(nodes, result, Seat::Result)
    }

    /// The end of a flow that is no control flow: `Ok(value)`, where the value may hold nodes, or `Err(..)`.
    pub(super) fn parse_result(&mut self, nodes: &mut Vec<Node>, expr: &Expr) -> Worth {
        let expr = peel_expr(expr);
        if let Expr::Call(call) = expr
            && let Some(argument) = call.args.first()
        {
            if is_path(&call.func, "Ok") {
                return self.parse_ok(nodes, call, argument);
            }
            if is_path(&call.func, "Err") {
                return self.parse_rejection(call, argument);
            }
        }
        if self.refuse(expr) {
            return wrong(Seat::Result);
        }
        let awaited = match expr {
            Expr::Try(expr) => &*expr.expr,
            expr => expr,
        };
        match self.parse_awaited(awaited) {
            Some(called @ (Called::Step(..) | Called::Flow(..))) => {
                let message = "a flow ends in its own result; write `Ok(…)` around the call, with `?` after `.await`";
                self.errors.at(called.span(), message);
            }
            Some(Called::Wrong) => {}
            None => {
                let message = format_args!("{}; write `Ok(…)`", self.ends_in_its_result());
                self.errors.at(first_span(expr), message);
            }
        }
        wrong(Seat::Result)
    }

    fn parse_ok(&mut self, nodes: &mut Vec<Node>, call: &ExprCall, argument: &Expr) -> Worth {
        if self.graph == Graph::Item {
            let message = "a loop cannot end its flow with success, because other items may be on their way; push a value, and decide after the loop";
            self.errors.error(&call.func, message);
        }
        match self.parse_end(nodes, argument, Seat::Value) {
            (End::Value(value), ty) => (End::Return(value), ty),
            ended => ended,
        }
    }

    /// `Err(Rejection::new("Order.Closed", "why"))`
    fn parse_rejection(&mut self, call: &ExprCall, argument: &Expr) -> Worth {
        let Some((name, reason)) = rejection(argument) else {
            let message = "a flow rejects with a name and a reason; write `Err(Rejection::new(\"Order.Closed\", \"why\"))`";
            self.errors.error(&call.func, message);
            return wrong(Seat::Result);
        };
        let error = self.parse_error_name(name);
        let message = self.parse_reason(reason);
        let rejection = ir::Rejection {
            error,
            message,
            span: first_span(&call.func),
        };
        (End::Reject(rejection), Ty::Unknown)
    }

    fn parse_error_name(&mut self, expr: &Expr) -> String {
        let Some(literal) = text(expr) else {
            let message = "the name of an error is part of the definition; write it as a literal, such as `\"Order.Closed\"`";
            self.errors.at(first_span(expr), message);
            return String::new();
        };
        let name = literal.value();
        let mut words = name.split('.');
        let first = words.next().unwrap_or_default();
        let second = words.next().unwrap_or_default();
        if !is_word(first) || !is_word(second) || words.next().is_some() {
            let message = "an error's name is two words in ASCII; write it as `\"Order.Closed\"`";
            self.errors.error(literal, message);
        } else if names::RESERVED_ERROR_PREFIXES.contains(&first) {
            let message = format_args!(
                "errors named `{first}.…` are not a flow's to report, they are Step Functions', Lambda's or the runtime's; call it something else"
            );
            self.errors.error(literal, message);
        }
        name
    }

    fn parse_reason(&mut self, expr: &Expr) -> Value {
        let before = self.errors.count();
        let (value, ty) = self.parse_value(expr);
        let is_text = matches!(
            self.declarations.types.resolve(&ty),
            Ty::String | Ty::Unknown
        );
        if !is_text && self.errors.count() == before {
            let message = "the reason is for people; write a text, or a `String` of the flow";
            self.errors.at(first_span(expr), message);
        }
        value
    }

    /// `Ok(..)` or `Err(..)` where it ends nothing.
    pub(super) fn refuse_idle_result(&mut self, expr: &Expr) -> bool {
        let Expr::Call(call) = expr else { return false };
        let Some(word) = ["Ok", "Err"]
            .into_iter()
            .find(|word| is_path(&call.func, word))
        else {
            return false;
        };
        let message = format_args!("this ends nothing; write `return {word}(…)`");
        self.errors.error(&call.func, message);
        true
    }
}

/// The two arguments of `Rejection::new`.
fn rejection(expr: &Expr) -> Option<(&Expr, &Expr)> {
    let Expr::Call(call) = peel_expr(expr) else {
        return None;
    };
    let Expr::Path(func) = peel_expr(&call.func) else {
        return None;
    };
    let mut reversed = func.path.segments.iter().rev();
    let is_new = reversed.next()?.ident == "new";
    let is_rejection = reversed.next()?.ident == "Rejection";
    let mut arguments = call.args.iter();
    match (arguments.next(), arguments.next(), arguments.next()) {
        (Some(name), Some(reason), None) if is_new && is_rejection => Some((name, reason)),
        _ => None,
    }
}

fn text(expr: &Expr) -> Option<&LitStr> {
    match peel_expr(expr) {
        Expr::Lit(ExprLit {
            lit: Lit::Str(literal),
            ..
        }) => Some(literal),
        _ => None,
    }
}

fn is_word(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_alphabetic())
        && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

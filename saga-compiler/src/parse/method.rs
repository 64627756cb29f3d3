//! Reads the few methods that say something about JSON, or nothing at all.

use syn::{Expr, ExprMethodCall};

use super::flow::FlowParser;
use super::operator::{binary, is_some, not};
use super::value::UNKNOWN;
use crate::ir::{Operator, Ty, Value};
use crate::names;

impl FlowParser<'_> {
    pub(super) fn parse_method(&mut self, call: &ExprMethodCall, expr: &Expr) -> (Value, Ty) {
        if self.parse_call(expr).is_some() {
            return UNKNOWN;
        }
        let method = names::plain(&call.method);
        let (value, ty) = self.parse_value(&call.receiver);
        let resolved = self.declarations.types.resolve(&ty);
        if *resolved == Ty::Unknown {
            return UNKNOWN;
        }
        if !call.args.is_empty() {
            return self.refuse_method(call, resolved);
        }
        match (method.as_str(), resolved) {
            ("clone" | "to_owned", _)
            | ("to_string" | "as_str" | "as_ref", Ty::String)
            | ("as_ref" | "as_deref" | "copied" | "cloned", Ty::Option(_))
            | ("as_slice" | "as_ref" | "to_vec", Ty::List(_)) => (value, ty),
            ("len", Ty::List(_)) => (Value::Count(Box::new(value)), Ty::Integer),
            ("is_empty", Ty::List(_)) => {
                let count = Value::Count(Box::new(value));
                (binary(Operator::Equal, count, Value::Integer(0)), Ty::Bool)
            }
            ("is_empty", Ty::String) => {
                let empty = Value::String(String::new());
                (binary(Operator::Equal, value, empty), Ty::Bool)
            }
            ("is_some", Ty::Option(inner)) => {
                self.check_option(&call.method, inner);
                (is_some(value), Ty::Bool)
            }
            ("is_none", Ty::Option(inner)) => {
                self.check_option(&call.method, inner);
                (not(is_some(value)), Ty::Bool)
            }
            (_, resolved) => self.refuse_method(call, resolved),
        }
    }

    fn refuse_method(&mut self, call: &ExprMethodCall, ty: &Ty) -> (Value, Ty) {
        let method = &call.method;
        match ty {
            Ty::String if method == "len" => {
                let message = "`len` of a string counts bytes in Rust and characters in JSONata; write `is_empty()`, or let a step count";
                self.errors.error(method, message);
            }
            Ty::Option(_) => {
                let message = format_args!(
                    "method `{method}` of an `Option` is not part of a flow; write `match` or `if let Some(..)`"
                );
                self.errors.error(method, message);
            }
            _ => {
                let instead = instead_of(&method.to_string());
                let message = format_args!("method `{method}` is not part of a flow; {instead}");
                self.errors.error(method, message);
            }
        }
        UNKNOWN
    }
}

/// What a flow writes where Rust has a method.
fn instead_of(method: &str) -> &'static str {
    const OVER_LISTS: [&str; 16] = [
        "iter",
        "into_iter",
        "map",
        "filter",
        "flat_map",
        "fold",
        "sum",
        "any",
        "all",
        "find",
        "position",
        "collect",
        "first",
        "last",
        "get",
        "contains",
    ];
    match method {
        method if OVER_LISTS.contains(&method) => {
            "write a `for` with `push`, or let a step take the whole list"
        }
        "extend" | "append" | "insert" => "write `push` in a `for`, or let a step make the list",
        "unwrap" | "expect" | "unwrap_or" | "ok" | "err" | "map_err" => {
            "write `?` after a step's `.await`, or `match` with an arm each"
        }
        _ => "let a step compute it",
    }
}

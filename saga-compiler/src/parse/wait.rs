//! Reads `sleep(..).await` and `sleep_until(..).await`.

use proc_macro2::Ident;
use syn::{Expr, ExprCall};

use super::block::{Worth, nothing};
use super::flow::{FlowParser, peel_expr};
use super::join::is_runtime;
use crate::errors::{choices, first_span};
use crate::ir::{Node, Operator, Ty, Until, Value, Wait};
use crate::names;

/// Step Functions' largest number of seconds in a Wait.
/// <https://docs.aws.amazon.com/step-functions/latest/dg/state-wait.html>
const MAX_SECONDS: i64 = 99_999_999;

/// The functions that make a duration, and how many seconds are in one of their units; milliseconds are rounded up.
const UNITS: [(&str, i64); 4] = [
    ("from_secs", 1),
    ("from_mins", 60),
    ("from_hours", 3_600),
    ("from_millis", MILLIS),
];

/// Stands for a thousandth of a second.
const MILLIS: i64 = 0;

impl FlowParser<'_> {
    /// Reads a wait; `None` when the expression is something else.
    pub(super) fn parse_wait(&mut self, nodes: &mut Vec<Node>, expr: &Expr) -> Option<Worth> {
        let (asked, expr) = match peel_expr(expr) {
            Expr::Try(expr) => (true, peel_expr(&expr.expr)),
            expr => (false, expr),
        };
        let (call, awaited) = match expr {
            Expr::Await(expr) => (&*expr.base, true),
            expr => (expr, false),
        };
        let Expr::Call(call) = peel_expr(call) else {
            return None;
        };
        let name = self.wait_named(&call.func)?;
        if !awaited {
            let message =
                format_args!("`{name}` is called but not awaited; write `{name}(..).await`");
            self.errors.error(name, message);
        }
        let Some(argument) = call.args.first().filter(|_| !asked) else {
            self.leave_to_rustc(name);
            return Some(nothing());
        };
        let until = if name == "sleep" {
            self.parse_duration(argument)
        } else {
            self.parse_timestamp(argument)
        };
        if let Some(until) = until {
            nodes.push(Node::Wait(Wait {
                state: names::WAIT.to_owned(),
                until,
            }));
        }
        Some(nothing())
    }

    /// `sleep` or `sleep_until` of the runtime.
    fn wait_named<'e>(&self, func: &'e Expr) -> Option<&'e Ident> {
        let Expr::Path(func) = peel_expr(func) else {
            return None;
        };
        let path = &func.path;
        let is_wait = is_runtime(path, "sleep") || is_runtime(path, "sleep_until");
        let last = &path.segments.last()?.ident;
        let name = names::plain(last);
        let shadowed = path.segments.len() == 1
            && (self.locals.contains_key(&name) || self.declarations.flows.contains_key(&name));
        (is_wait && !shadowed).then_some(last)
    }

    fn parse_duration(&mut self, expr: &Expr) -> Option<Until> {
        let found = match peel_expr(expr) {
            Expr::Call(call) => duration(call),
            _ => None,
        };
        let Some((seconds, argument)) = found else {
            let functions = UNITS.map(|(name, _)| name);
            let message = format_args!(
                "how long to wait stands here; write `Duration::` and one of {}",
                choices(functions)
            );
            self.errors.at(first_span(expr), message);
            return None;
        };
        let (value, _) = self.parse_value(argument);
        let Value::Integer(number) = value else {
            return Some(Until::Delay(delay(value, seconds)));
        };
        let total = match seconds {
            MILLIS => Some(number.unsigned_abs().div_ceil(1000)),
            seconds => number.unsigned_abs().checked_mul(seconds.unsigned_abs()),
        };
        let total = total.filter(|total| *total <= MAX_SECONDS.unsigned_abs());
        if total.is_none() {
            let message = format_args!(
                "this is too long; Step Functions allows {MAX_SECONDS} seconds here, so write less, or `sleep_until`"
            );
            self.errors.at(first_span(argument), message);
        }
        total.map(Until::Seconds)
    }

    fn parse_timestamp(&mut self, expr: &Expr) -> Option<Until> {
        let before = self.errors.count();
        let (value, ty) = self.parse_value(expr);
        match self.declarations.types.resolve(&ty) {
            Ty::Timestamp | Ty::Unknown => Some(Until::Timestamp(value)),
            _ => {
                if self.errors.count() == before {
                    let message = "`sleep_until` takes a `Timestamp` of the runtime; give the field that type";
                    self.errors.at(first_span(expr), message);
                }
                None
            }
        }
    }
}

/// The unit in seconds and the number of `Duration::from_secs(90)`.
fn duration(call: &ExprCall) -> Option<(i64, &Expr)> {
    let Expr::Path(func) = peel_expr(&call.func) else {
        return None;
    };
    let mut reversed = func
        .path
        .segments
        .iter()
        .rev()
        .map(|segment| &segment.ident);
    let (last, owner) = (reversed.next()?, reversed.next()?);
    let (_, seconds) = UNITS.into_iter().find(|(name, _)| last == name)?;
    let argument = call.args.first()?;
    (owner == "Duration").then_some((seconds, argument))
}

/// The seconds of a number that is only known when the flow runs.
fn delay(number: Value, seconds: i64) -> Value {
    let binary = |operator, left, right| {
        Value::Binary(operator, Box::new(left), Box::new(Value::Integer(right)))
    };
    match seconds {
        1 => number,
        MILLIS => binary(Operator::Divide, binary(Operator::Add, number, 999), 1000),
        seconds => binary(Operator::Multiply, number, seconds),
    }
}

//! Reads a flow's expressions into values. A type from elsewhere passes through whole.

use proc_macro2::Ident;
use quote::ToTokens;
use syn::{Expr, ExprLit, ExprPath, Lit, Path};

use super::flow::FlowParser;
use super::types::DataType;
use crate::errors::{first_span, nearest};
use crate::ir::{Ty, Value};
use crate::names;

/// `JSONata` computes in IEEE doubles, so this is the largest integer that arrives as it left.
const MAX_INTEGER: u64 = 9_007_199_254_740_991;

/// What stands for a value after a message.
pub(super) const UNKNOWN: (Value, Ty) = (Value::Null, Ty::Unknown);

impl FlowParser<'_> {
    /// The value of an expression without effects, and its type.
    pub(super) fn parse_value(&mut self, expr: &Expr) -> (Value, Ty) {
        match expr {
            Expr::Paren(expr) => self.parse_value(&expr.expr),
            Expr::Group(expr) => self.parse_value(&expr.expr),
            Expr::Reference(expr) => {
                if let Some(mutability) = expr.mutability {
                    self.errors
                        .error(mutability, "a flow never changes a value; write `&`");
                }
                self.parse_value(&expr.expr)
            }
            Expr::Lit(expr) => self.parse_literal(expr, false),
            Expr::Unary(unary) => self.parse_unary(unary),
            Expr::Binary(binary) => self.parse_binary(binary),
            Expr::Cast(cast) => self.parse_cast(cast),
            Expr::Path(path) => self.parse_path(path),
            Expr::Field(field) => self.parse_field(field),
            Expr::Struct(expr) => self.parse_struct(expr),
            Expr::Tuple(tuple) => {
                let (values, types): (Vec<Value>, Vec<Ty>) = tuple
                    .elems
                    .iter()
                    .map(|element| self.parse_value(element))
                    .unzip();
                // serde writes `()` as `null`.
                let value = if values.is_empty() {
                    Value::Null
                } else {
                    Value::Array(values)
                };
                (value, Ty::Tuple(types))
            }
            Expr::Call(call) => self.parse_constructor(call),
            Expr::MethodCall(call) => self.parse_method(call, expr),
            Expr::Try(_) | Expr::Await(_) => {
                self.refuse_await(expr);
                UNKNOWN
            }
            Expr::If(_) | Expr::Match(_) => self.parse_pure_branch(expr),
            other => {
                if !self.refuse(other) {
                    let message = "this is not part of a flow; let a step compute it";
                    self.errors.at(first_span(other), message);
                }
                UNKNOWN
            }
        }
    }

    /// A literal, which a pattern writes with its sign.
    pub(super) fn parse_literal(&mut self, expr: &ExprLit, negative: bool) -> (Value, Ty) {
        match &expr.lit {
            Lit::Str(text) => (Value::String(text.value()), Ty::String),
            Lit::Bool(literal) => (Value::Bool(literal.value), Ty::Bool),
            Lit::Char(literal) => (Value::String(literal.value().to_string()), Ty::String),
            // syn takes `1f64` for an integer.
            Lit::Int(literal) if matches!(literal.suffix(), "f32" | "f64") => {
                let number = literal.base10_parse::<f64>().unwrap_or_default();
                let number = if negative { -number } else { number };
                (Value::Float(number), Ty::Float)
            }
            Lit::Int(literal) => {
                let number = literal
                    .base10_parse::<i64>()
                    .ok()
                    .filter(|number| number.unsigned_abs() <= MAX_INTEGER);
                let Some(number) = number else {
                    let message = format_args!(
                        "`{literal}` is beyond 2^53 - 1, the largest integer that JSONata keeps exact; pass it as a string"
                    );
                    self.errors.error(literal, message);
                    return UNKNOWN;
                };
                let number = if negative { -number } else { number };
                (Value::Integer(number), Ty::Integer)
            }
            Lit::Float(literal) => match literal.base10_parse::<f64>() {
                Ok(number) if number.is_finite() => {
                    let number = if negative { -number } else { number };
                    (Value::Float(number), Ty::Float)
                }
                _ => {
                    let message =
                        format_args!("`{literal}` is too large for JSON; write a smaller number");
                    self.errors.error(literal, message);
                    UNKNOWN
                }
            },
            other => {
                self.errors.error(
                    other,
                    "this literal has no JSON; write a string or a number",
                );
                UNKNOWN
            }
        }
    }

    fn parse_path(&mut self, path: &ExprPath) -> (Value, Ty) {
        let Some(ident) = path.path.get_ident() else {
            return self.parse_long_path(&path.path);
        };
        let name = names::plain(ident);
        if let Some(local) = self.locals.get(&name) {
            return local.clone();
        }
        if self.participants.contains_key(&name) {
            let message = format_args!(
                "participant `{name}` is no value; call one of its steps: `{name}.step(..).await?`"
            );
            self.errors.error(ident, message);
            return UNKNOWN;
        }
        if name == "None" {
            return (Value::Null, Ty::Option(Box::new(Ty::Unknown)));
        }
        let ty = Ty::Named(name.clone());
        if let Some(DataType::Unit) = self.declarations.types.get(&ty) {
            return (Value::Null, ty);
        }
        if let Some(owner) = self.declarations.types.owner_of_variant(&name) {
            self.errors.error(
                ident,
                format_args!("a variant needs its enum's name here; write `{owner}::{name}`"),
            );
            return UNKNOWN;
        }
        if is_constant(&name) {
            self.refuse_constant(&path.path, ident);
        } else {
            self.leave_to_rustc(ident);
        }
        UNKNOWN
    }

    /// `Mode::Fast`, a variant without data, and the few other paths that are values.
    fn parse_long_path(&mut self, path: &Path) -> (Value, Ty) {
        let mut reversed = path.segments.iter().rev().map(|segment| &segment.ident);
        let (Some(last), Some(owner)) = (reversed.next(), reversed.next()) else {
            return UNKNOWN;
        };
        if let Some(named) = self.named_variant(path) {
            return self.build_unit(path, &named);
        }
        let ty = Ty::Named(names::plain(owner));
        match self.declarations.types.get(&ty) {
            Some(DataType::Enum(_)) if !is_constant(&names::plain(last)) => {
                self.leave_to_rustc(last);
                UNKNOWN
            }
            Some(DataType::Underived) => self.leave_to_contract(&ty),
            Some(DataType::Closed(reason)) => {
                let message = format_args!(
                    "`{owner}` {reason}, so the JSON of `{last}` is not known here; let a step return it"
                );
                self.errors.error(last, message);
                UNKNOWN
            }
            Some(_) => self.refuse_constant(path, last),
            None => self.parse_foreign_path(path, owner, last),
        }
    }

    fn parse_foreign_path(&mut self, path: &Path, owner: &Ident, last: &Ident) -> (Value, Ty) {
        if owner == "Option" && last == "None" {
            return (Value::Null, Ty::Option(Box::new(Ty::Unknown)));
        }
        let unit = Ty::Named(names::plain(last));
        if owner == "self" && matches!(self.declarations.types.get(&unit), Some(DataType::Unit)) {
            return (Value::Null, unit);
        }
        if owner == "Self" {
            self.leave_to_rustc(owner);
            return UNKNOWN;
        }
        if is_constant(&names::plain(last)) {
            return self.refuse_constant(path, last);
        }
        let declared = self.declarations.types.names();
        let message = match nearest(&names::plain(owner), declared.iter().map(String::as_str)) {
            Some(near) => format!("this module declares no type `{owner}`; did you mean `{near}`?"),
            None => format!(
                "`{}` is declared outside this module, where its JSON cannot be seen; declare the type here, or take the value from the input",
                source(path)
            ),
        };
        self.errors.error(owner, message);
        UNKNOWN
    }

    pub(super) fn refuse_constant(&mut self, path: &Path, last: &Ident) -> (Value, Ty) {
        let message = format_args!(
            "the value of the constant `{}` is not known here; write it as a literal, or take it from the input",
            source(path)
        );
        self.errors.error(last, message);
        UNKNOWN
    }
}

/// Rust's convention for constants, which tells them from types and variants.
pub(super) fn is_constant(name: &str) -> bool {
    let upper = |c: char| c.is_uppercase() || c.is_ascii_digit() || c == '_';
    name.chars().all(upper) && name.chars().any(char::is_uppercase)
}

/// Tokens as the user wrote them, for a message.
pub(super) fn source(tokens: impl ToTokens) -> String {
    tokens.into_token_stream().to_string().replace(' ', "")
}

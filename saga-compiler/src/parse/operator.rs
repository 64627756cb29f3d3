//! Reads operators: what compares and computes as JSON does, and nothing that could fail when the flow runs.

use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{BinOp, Expr, ExprBinary, ExprCast, ExprUnary, UnOp};

use super::data::{describe, step_into};
use super::flow::FlowParser;
use super::types::{DataType, is_named};
use super::value::UNKNOWN;
use crate::ir::{Operator, Segment, Ty, Value};

/// What `==` looks at.
enum Compared {
    Itself,
    /// The key of an enum's tag, where the value is an object.
    Tag(String),
    /// Reported.
    Nothing,
}

impl FlowParser<'_> {
    /// An integer as one of 64 bits, which has the same JSON; what is narrower might lose some.
    pub(super) fn parse_cast(&mut self, cast: &ExprCast) -> (Value, Ty) {
        let (value, ty) = self.parse_value(&cast.expr);
        let is_wide = ["u64", "i64", "usize", "isize"]
            .iter()
            .any(|wide| is_named(&cast.ty, wide));
        match self.declarations.types.resolve(&ty) {
            Ty::Unknown => UNKNOWN,
            Ty::Integer if is_wide => (value, Ty::Integer),
            _ => {
                let message = "`as` makes only integers of 64 bits in a flow; give the step the type it takes";
                self.errors.error(cast.as_token, message);
                UNKNOWN
            }
        }
    }

    pub(super) fn parse_unary(&mut self, unary: &ExprUnary) -> (Value, Ty) {
        if let (UnOp::Neg(_), Expr::Lit(literal)) = (&unary.op, &*unary.expr) {
            return self.parse_literal(literal, true);
        }
        let (value, ty) = self.parse_value(&unary.expr);
        match (&unary.op, self.declarations.types.resolve(&ty)) {
            (_, Ty::Unknown) => UNKNOWN,
            // References do not show in JSON.
            (UnOp::Deref(_), _) => (value, ty),
            (UnOp::Not(_), Ty::Bool) => (not(value), Ty::Bool),
            (UnOp::Neg(_), Ty::Integer) => (
                binary(Operator::Subtract, Value::Integer(0), value),
                Ty::Integer,
            ),
            (UnOp::Neg(_), Ty::Float) => (
                binary(Operator::Subtract, Value::Float(0.0), value),
                Ty::Float,
            ),
            (op, other) => {
                let takes = match op {
                    UnOp::Not(_) => "a `bool`",
                    _ => "a number",
                };
                let message = format_args!(
                    "`{}` takes {takes} in a flow, not {}; let a step compute it",
                    op.to_token_stream(),
                    describe(other)
                );
                self.errors.error(op, message);
                UNKNOWN
            }
        }
    }

    pub(super) fn parse_binary(&mut self, expr: &ExprBinary) -> (Value, Ty) {
        let op = &expr.op;
        if self.refuse_operator(op) {
            return UNKNOWN;
        }
        let left = self.parse_value(&expr.left);
        let right = self.parse_value(&expr.right);
        let types = &self.declarations.types;
        let unknown = [&left, &right].map(|(_, ty)| *types.resolve(ty) == Ty::Unknown);
        if unknown.contains(&true) {
            return UNKNOWN;
        }
        let value = match op {
            BinOp::And(_) => binary(Operator::And, left.0, right.0),
            BinOp::Or(_) => binary(Operator::Or, left.0, right.0),
            BinOp::Eq(_) => self.parse_equality(op, left, right),
            BinOp::Ne(_) => not(self.parse_equality(op, left, right)),
            BinOp::Lt(_) => self.parse_order(op, Operator::Less, left, right),
            BinOp::Le(_) => self.parse_order(op, Operator::LessOrEqual, left, right),
            BinOp::Gt(_) => self.parse_order(op, Operator::Less, right, left),
            BinOp::Ge(_) => self.parse_order(op, Operator::LessOrEqual, right, left),
            _ => return self.parse_arithmetic(expr, left, right),
        };
        (value, Ty::Bool)
    }

    /// What works on bits, or changes a value.
    fn refuse_operator(&mut self, op: &BinOp) -> bool {
        match op {
            BinOp::BitXor(_)
            | BinOp::BitAnd(_)
            | BinOp::BitOr(_)
            | BinOp::Shl(_)
            | BinOp::Shr(_) => {
                let message = format_args!(
                    "`{}` is not part of a flow; let a step compute it",
                    op.to_token_stream()
                );
                self.errors.at(op.span(), message);
            }
            op if op.to_token_stream().to_string().ends_with('=') && !is_comparison(op) => {
                let message = "a flow never changes a value; write a new `let`";
                self.errors.at(op.span(), message);
            }
            _ => return false,
        }
        true
    }

    fn parse_order(
        &mut self, op: &BinOp, operator: Operator, low: (Value, Ty), high: (Value, Ty),
    ) -> Value {
        for (_, ty) in [&low, &high] {
            let ty = self.declarations.types.resolve(ty);
            if !matches!(ty, Ty::Integer | Ty::Float) {
                let message = format_args!(
                    "`{}` orders numbers in a flow, not {}; let a step compare",
                    op.to_token_stream(),
                    describe(ty)
                );
                self.errors.at(op.span(), message);
                break;
            }
        }
        binary(operator, low.0, high.0)
    }

    fn parse_arithmetic(
        &mut self, expr: &ExprBinary, left: (Value, Ty), right: (Value, Ty),
    ) -> (Value, Ty) {
        let op = &expr.op;
        let name = op.to_token_stream();
        for (_, ty) in [&left, &right] {
            let ty = self.declarations.types.resolve(ty);
            if !matches!(ty, Ty::Integer | Ty::Float) {
                let message = format_args!(
                    "`{name}` computes with numbers in a flow, not {}; let a step compute it",
                    describe(ty)
                );
                self.errors.at(op.span(), message);
                return UNKNOWN;
            }
        }
        let operator = match op {
            BinOp::Add(_) => Operator::Add,
            BinOp::Sub(_) => Operator::Subtract,
            BinOp::Mul(_) => Operator::Multiply,
            BinOp::Div(_) => Operator::Divide,
            _ => Operator::Remainder,
        };
        let divides = matches!(operator, Operator::Divide | Operator::Remainder);
        let is_safe = match &right.0 {
            Value::Integer(number) => *number != 0,
            Value::Float(number) => *number != 0.0,
            _ => false,
        };
        if divides && !is_safe {
            let message = format_args!(
                "`{name}` by 0 would fail where nothing can be undone; divide by a literal that is not 0, or let a step compute it"
            );
            self.errors.error(&expr.right, message);
        }
        (binary(operator, left.0, right.0), left.1)
    }

    fn parse_equality(&mut self, op: &BinOp, left: (Value, Ty), right: (Value, Ty)) -> Value {
        let mut key = None;
        for (value, ty) in [&left, &right] {
            match self.compared(op, value, ty) {
                Compared::Itself => {}
                Compared::Tag(tag) => key = Some(tag),
                Compared::Nothing => return Value::Null,
            }
        }
        let types = &self.declarations.types;
        let optional = [&left, &right].map(|(_, ty)| matches!(types.resolve(ty), Ty::Option(_)));
        let [optional, _] = optional.map(|one| one || optional.contains(&true));
        let (left, right) = (left.0, right.0);
        let project = |value: &Value| match &key {
            Some(tag) => step_into(
                value.clone(),
                Segment::Field {
                    json: tag.clone(),
                    optional,
                },
            ),
            None => value.clone(),
        };
        let equal = |left, right| binary(Operator::Equal, project(left), project(right));
        if !optional {
            return equal(&left, &right);
        }
        match (is_some(left.clone()), is_some(right.clone())) {
            (Value::Bool(left), Value::Bool(right)) if left != right => Value::Bool(false),
            (Value::Bool(false), Value::Bool(false)) => Value::Bool(true),
            (Value::Bool(false), some) | (some, Value::Bool(false)) => not(some),
            (Value::Bool(true), _) | (_, Value::Bool(true)) => equal(&left, &right),
            // A missing key equals nothing in JSONata, not even another one.
            (left_is_some, right_is_some) => {
                let both_none = binary(Operator::And, not(left_is_some), not(right_is_some));
                binary(Operator::Or, equal(&left, &right), both_none)
            }
        }
    }

    /// What `==` looks at in a value: only what JSON compares as Rust does.
    fn compared(&mut self, op: &BinOp, value: &Value, ty: &Ty) -> Compared {
        let types = &self.declarations.types;
        let ty = match types.resolve(ty) {
            Ty::Option(inner) => inner,
            ty => ty,
        };
        let newtypes = types.newtypes(ty);
        let plain = newtypes.last().copied().unwrap_or(ty);
        let compared = match (plain, types.get(plain)) {
            (_, Some(DataType::Underived)) => {
                self.leave_to_contract(plain);
                return Compared::Nothing;
            }
            (_, Some(DataType::Enum(declared))) if !declared.has_data() => {
                for variant in &declared.variants {
                    if !self.check_variant_names(op, variant, value) {
                        return Compared::Nothing;
                    }
                }
                match declared.tag() {
                    Some(tag) => Compared::Tag(tag.to_owned()),
                    None => Compared::Itself,
                }
            }
            (Ty::Bool | Ty::Integer | Ty::Float | Ty::String | Ty::Unknown, _) => Compared::Itself,
            _ => {
                let message = format_args!(
                    "`{}` compares booleans, numbers, strings and enums without data in a flow, not {}; compare what is in it, or let a step compare",
                    op.to_token_stream(),
                    describe(plain)
                );
                self.errors.at(op.span(), message);
                return Compared::Nothing;
            }
        };
        // What implements it by hand may compare in its own way.
        let by_hand = |ty: &&&Ty| types.get(ty).is_some() && !types.derives_eq(ty);
        if let Some(ty) = newtypes.iter().find(by_hand) {
            let message = format_args!(
                "{} does not derive `PartialEq` here, so a flow cannot know what `{}` means; write `#[derive(PartialEq)]`",
                describe(ty),
                op.to_token_stream()
            );
            self.errors.at(op.span(), message);
            return Compared::Nothing;
        }
        compared
    }
}

fn is_comparison(op: &BinOp) -> bool {
    matches!(
        op,
        BinOp::Eq(_) | BinOp::Ne(_) | BinOp::Le(_) | BinOp::Ge(_)
    )
}

pub(super) fn binary(operator: Operator, left: Value, right: Value) -> Value {
    Value::Binary(operator, Box::new(left), Box::new(right))
}

pub(super) fn not(value: Value) -> Value {
    match value {
        Value::Bool(value) => Value::Bool(!value),
        Value::Not(value) => *value,
        value => Value::Not(Box::new(value)),
    }
}

/// Whether an `Option` is not `None`: what was written here is known.
pub(super) fn is_some(value: Value) -> Value {
    match value {
        Value::Null => Value::Bool(false),
        Value::Place(..) | Value::If(_) => Value::IsSome(Box::new(value)),
        _ => Value::Bool(true),
    }
}

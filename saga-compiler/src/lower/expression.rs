//! Values to `JSONata`: places, operators, texts.

use std::fmt::Write as _;

use crate::ir::{Operator, Root, Segment, Value};
use crate::names;

use super::Lowering;
use super::scope::{Cx, Mode};

/// How tightly an operator binds, loosest first; what binds less tightly than its surroundings gets parentheses.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    Ternary,
    Or,
    And,
    Comparison,
    Sum,
    Product,
    Operand,
}

impl Lowering<'_> {
    /// The expression of a value that is not an array and not an object.
    pub(super) fn expression(&self, cx: &Cx<'_>, value: &Value) -> String {
        self.nested(cx, value, Level::Ternary)
    }

    fn nested(&self, cx: &Cx<'_>, value: &Value, around: Level) -> String {
        if cx.mode == Mode::Safe
            && let Some(variable) = self.precomputed(cx, value)
        {
            return format!("${variable}");
        }
        let (text, level) = self.operation(cx, value);
        if level < around {
            format!("({text})")
        } else {
            text
        }
    }

    fn operation(&self, cx: &Cx<'_>, value: &Value) -> (String, Level) {
        match value {
            Value::Bool(value) => (value.to_string(), Level::Operand),
            Value::Integer(number) => (number.to_string(), literal_level(*number < 0)),
            Value::Float(number) => (format!("{number:?}"), literal_level(*number < 0.0)),
            Value::String(text) => quoted_text(text),
            Value::Place(root, path) => self.optional_place(cx, *root, path),
            Value::Not(inner) => self.negation(cx, inner),
            Value::Binary(operator, left, right) => self.binary(cx, *operator, left, right),
            Value::Count(list) => (
                format!("$count({})", self.operand(cx, list, Level::Ternary)),
                Level::Operand,
            ),
            // A missing place differs from nothing, not even from `null`.
            Value::IsSome(inner) => match &**inner {
                Value::Array(_) | Value::Object(_) => ("true".to_owned(), Level::Operand),
                inner => (
                    format!("{} != null", self.operand(cx, inner, Level::Sum)),
                    Level::Comparison,
                ),
            },
            Value::Has(root, path) => (self.presence(cx, *root, path), Level::Operand),
            Value::If(parts) => {
                let [condition, then, otherwise] = &**parts;
                let text = format!(
                    "{} ? {} : {}",
                    self.nested(cx, condition, Level::Or),
                    self.nested(cx, then, Level::Or),
                    self.nested(cx, otherwise, Level::Ternary)
                );
                (text, Level::Ternary)
            }
            Value::Null => ("null".to_owned(), Level::Operand),
            Value::Array(values) => {
                let values = values.iter();
                let values: Vec<String> = values.map(|value| self.expression(cx, value)).collect();
                (tuple(&values), Level::Operand)
            }
            Value::Object(fields) => {
                let fields = fields.iter();
                let fields: Vec<String> = fields
                    .map(|(name, value)| {
                        format!("{}: {}", quoted_text(name).0, self.expression(cx, value))
                    })
                    .collect();
                (format!("{{{}}}", fields.join(", ")), Level::Operand)
            }
        }
    }

    /// Whether the last key of a path is there. What an item is handed is `null` where it is missing, so the key is looked
    /// for in what is handed.
    fn presence(&self, cx: &Cx<'_>, root: Root, path: &[Segment]) -> String {
        let before = path.len().saturating_sub(1);
        let place = self.place(cx, root, &path[..before]);
        format!("$exists({})", path_of(&place, &path[before..]))
    }

    /// An operand: a place that may be missing stays missing, so that comparing it is false, and not an error.
    fn operand(&self, cx: &Cx<'_>, value: &Value, around: Level) -> String {
        match value {
            Value::Place(root, path) => {
                if cx.mode == Mode::Safe
                    && let Some(variable) = self.precomputed(cx, value)
                {
                    return format!("${variable}");
                }
                self.place(cx, *root, path)
            }
            other => self.nested(cx, other, around),
        }
    }

    /// A place, or `null` where it may be missing: nothing at all would be an error on Step Functions.
    fn optional_place(&self, cx: &Cx<'_>, root: Root, path: &[Segment]) -> (String, Level) {
        let place = self.place(cx, root, path);
        // Nobody has checked the input before the first step does.
        let unchecked = cx.mode == Mode::First
            && !path.is_empty()
            && matches!(root, Root::Input | Root::Item(_));
        if unchecked || path.iter().any(is_optional) {
            (format!("$exists({place}) ? {place} : null"), Level::Ternary)
        } else {
            (place, Level::Operand)
        }
    }

    fn negation(&self, cx: &Cx<'_>, inner: &Value) -> (String, Level) {
        match inner {
            Value::Binary(Operator::Equal, left, right) if !may_miss(left) && !may_miss(right) => (
                format!(
                    "{} != {}",
                    self.operand(cx, left, Level::Sum),
                    self.operand(cx, right, Level::Sum)
                ),
                Level::Comparison,
            ),
            inner => (
                format!("$not({})", self.nested(cx, inner, Level::Ternary)),
                Level::Operand,
            ),
        }
    }

    fn binary(
        &self, cx: &Cx<'_>, operator: Operator, left: &Value, right: &Value,
    ) -> (String, Level) {
        let (symbol, level) = match operator {
            Operator::Equal => ("=", Level::Comparison),
            Operator::Less => ("<", Level::Comparison),
            Operator::LessOrEqual => ("<=", Level::Comparison),
            Operator::And => ("and", Level::And),
            Operator::Or => ("or", Level::Or),
            Operator::Add => ("+", Level::Sum),
            Operator::Subtract => ("-", Level::Sum),
            Operator::Multiply => ("*", Level::Product),
            Operator::Remainder => ("%", Level::Product),
            Operator::Divide => return self.quotient(cx, left, right),
        };
        let tighter = match level {
            Level::Or => Level::And,
            Level::And => Level::Comparison,
            Level::Comparison => Level::Sum,
            Level::Sum => Level::Product,
            _ => Level::Operand,
        };
        // `None == None` is true, and two places that are missing are not equal.
        let both_may_miss = operator == Operator::Equal && may_miss(left) && !is_literal(right)
            || operator == Operator::Equal && may_miss(right) && !is_literal(left);
        let side = |value: &Value, around: Level| {
            if both_may_miss {
                self.nested(cx, value, around)
            } else {
                self.operand(cx, value, around)
            }
        };
        // What stands on the left may bind as loosely as the operator itself; comparisons do not chain.
        let around_left = if level == Level::Comparison {
            tighter
        } else {
            level
        };
        let text = format!(
            "{} {symbol} {}",
            side(left, around_left),
            side(right, tighter)
        );
        (text, level)
    }

    /// Rust's integer division, which truncates; `JSONata` has only the exact one.
    fn quotient(&self, cx: &Cx<'_>, left: &Value, right: &Value) -> (String, Level) {
        let divisor = self.operand(cx, right, Level::Operand);
        if let Value::Float(_) = right {
            let dividend = self.operand(cx, left, Level::Product);
            return (format!("{dividend} / {divisor}"), Level::Product);
        }
        // Named, because it stands twice.
        let dividend = self.operand(cx, left, Level::Ternary);
        let text = format!("($whole := {dividend}; ($whole - $whole % {divisor}) / {divisor})");
        (text, Level::Operand)
    }

    /// The path of a place, without regard to what may be missing.
    pub(super) fn place(&self, cx: &Cx<'_>, root: Root, path: &[Segment]) -> String {
        let (base, rest) = self.base(cx, root, path);
        path_of(&base, rest)
    }
}

/// The array of several values. An array constructor would take an array inside for its elements.
fn tuple(values: &[String]) -> String {
    let Some((last, before)) = values.split_last() else {
        return "[]".to_owned();
    };
    if before.is_empty() {
        return format!("[{last}]");
    }
    let indices: Vec<String> = (0..values.len()).map(|index| index.to_string()).collect();
    let mut cases = String::new();
    for (index, value) in before.iter().enumerate() {
        let _ = write!(cases, "$index = {index} ? ({value}) : ");
    }
    format!(
        "$map([{}], function($index) {{ {cases}({last}) }})",
        indices.join(", ")
    )
}

fn literal_level(is_negative: bool) -> Level {
    if is_negative {
        Level::Sum
    } else {
        Level::Operand
    }
}

fn is_literal(value: &Value) -> bool {
    matches!(
        value,
        Value::Bool(_) | Value::Integer(_) | Value::Float(_) | Value::String(_)
    )
}

/// Whether the value may be missing, or `null`.
fn may_miss(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Place(_, path) => path.iter().any(is_optional),
        _ => false,
    }
}

pub(super) fn is_optional(segment: &Segment) -> bool {
    matches!(segment, Segment::Field { optional: true, .. })
}

pub(super) fn path_of(root: &str, path: &[Segment]) -> String {
    let mut expression = root.to_owned();
    for segment in path {
        match segment {
            Segment::Field { json, .. } => expression = field_of(&expression, json),
            Segment::Index(index) => expression = format!("{expression}[{index}]"),
        }
    }
    expression
}

pub(super) fn field_of(base: &str, name: &str) -> String {
    let plain = name.chars().enumerate().all(|(index, c)| match c {
        'a'..='z' | 'A'..='Z' | '_' => true,
        '0'..='9' => index > 0,
        _ => false,
    });
    let word = ["and", "or", "in", "true", "false", "null", "function"].contains(&name);
    if plain && !word {
        format!("{base}.{name}")
    } else {
        format!("{base}.`{name}`")
    }
}

/// A text as an expression, safe from deployment, which replaces placeholders in the whole definition.
pub(super) fn quoted_text(text: &str) -> (String, Level) {
    if !names::is_placeholder(text) {
        return (quoted(text), Level::Operand);
    }
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("${").into_iter().chain(rest.find("%{")).min() {
        let (part, after) = rest.split_at(at + 1);
        parts.push(quoted(part));
        rest = after;
    }
    parts.push(quoted(rest));
    (parts.join(" & "), Level::Sum)
}

/// A `JSONata` string literal: in single quotes where that needs no escape, because JSON would escape double ones.
fn quoted(text: &str) -> String {
    let plain = |c: char| !c.is_control() && !matches!(c, '\'' | '\\');
    if text.chars().all(plain) {
        return format!("'{text}'");
    }
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            // JSON's own escape, which JSONata reads as well.
            c if c.is_control() => quoted.extend(format!("\\u{:04x}", u32::from(c)).chars()),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

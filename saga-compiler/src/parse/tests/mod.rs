//! What the parser makes of values and patterns, without the stages behind it.

#![allow(
    dead_code,
    unreachable_patterns,
    unused_variables,
    clippy::needless_pass_by_value,
    clippy::needless_raw_string_hashes,
    clippy::struct_field_names,
    clippy::too_many_lines,
    reason = "tests are lists of data, and `expect-test` writes its literals so"
)]

mod flows;
mod patterns;
mod values;

use std::collections::HashMap;
use std::fmt::Write as _;

use serde_json::Value as Json;

use super::Declarations;
use super::flow::FlowParser;
use super::types::Types;
use crate::errors::Errors;
use crate::ir::{LocalId, Operator, Root, Segment, Value};

/// What the parser has to say.
struct Said {
    errors: Vec<syn::Error>,
    left_to_rustc: bool,
}

impl Said {
    /// The messages about one line of source, each behind the tokens that it points at.
    fn render(&self, source: &str) -> Option<String> {
        let mut lines = String::new();
        for error in &self.errors {
            let (start, end) = (error.span().start().column, error.span().end().column);
            let place: String = source.chars().skip(start).take(end - start).collect();
            writeln!(lines, "`{place}`: {error}").unwrap();
        }
        if self.left_to_rustc {
            lines += "left to rustc\n";
        }
        (!lines.is_empty()).then_some(lines)
    }
}

/// A parser in a flow of a module with these types; its first local is a step's output.
fn with_parser<T>(module: &str, read: impl FnOnce(&mut FlowParser<'_>) -> T) -> (T, Said) {
    let items = syn::parse_file(module).unwrap().items;
    let declarations = Declarations {
        types: Types::parse(&items),
        participants: Vec::new(),
        traits: HashMap::new(),
        errors: Vec::new(),
        flows: HashMap::new(),
    };
    let mut errors = Errors::default();
    let mut parser = FlowParser::new(&mut errors, &declarations);
    parser.answers.insert(Root::Local(LocalId(0)));
    let found = read(&mut parser);
    let left_to_rustc = parser.unresolved.is_some();
    let errors = match errors.finish() {
        Ok(()) => Vec::new(),
        Err(errors) => errors.into_iter().collect(),
    };
    let said = Said {
        errors,
        left_to_rustc,
    };
    (found, said)
}

/// A value in short.
fn text(value: &Value) -> String {
    let root = |root: &Root| match root {
        Root::Input => "input".to_owned(),
        Root::Local(id) => format!("local{}", id.0),
        Root::Item(id) => format!("item{}", id.0),
        Root::Index(id) => format!("index{}", id.0),
    };
    let place = |from: &Root, path: &[Segment]| {
        let segments = path.iter().map(|segment| match segment {
            Segment::Field {
                json,
                optional: true,
            } => format!(".{json}?"),
            Segment::Field { json, .. } => format!(".{json}"),
            Segment::Index(index) => format!(".{index}"),
        });
        root(from) + &segments.collect::<String>()
    };
    match value {
        Value::Place(root, path) => place(root, path),
        Value::Has(root, path) => format!("has({})", place(root, path)),
        Value::IsSome(value) => format!("some({})", text(value)),
        Value::Not(value) => format!("!{}", text(value)),
        Value::Binary(operator, left, right) => {
            let operator = match operator {
                Operator::Equal => "=",
                Operator::Less => "<",
                Operator::LessOrEqual => "<=",
                Operator::And => "&&",
                Operator::Or => "||",
                Operator::Add => "+",
                Operator::Subtract => "-",
                Operator::Multiply => "*",
                Operator::Divide => "/",
                Operator::Remainder => "%",
            };
            format!("({} {operator} {})", text(left), text(right))
        }
        Value::If(parts) => format!(
            "({} ? {} : {})",
            text(&parts[0]),
            text(&parts[1]),
            text(&parts[2])
        ),
        Value::Count(value) => format!("count({})", text(value)),
        Value::Null => "null".to_owned(),
        Value::String(value) => format!("{value:?}"),
        Value::Integer(value) => value.to_string(),
        other => format!("{other:?}"),
    }
}

/// As Step Functions evaluates: `None` is undefined.
fn evaluate(value: &Value, input: &Json) -> Option<Json> {
    let find = |path: &[Segment]| {
        path.iter().try_fold(input, |found, segment| match segment {
            Segment::Field { json, .. } => found.get(json),
            Segment::Index(index) => found.get(index),
        })
    };
    let truth = |value: &Value| evaluate(value, input) == Some(Json::Bool(true));
    let is = |truth: bool| Some(Json::Bool(truth));
    match value {
        Value::Null => Some(Json::Null),
        Value::Bool(value) => is(*value),
        Value::Integer(number) => Some((*number).into()),
        Value::Float(number) => Some((*number).into()),
        Value::String(text) => Some(text.clone().into()),
        Value::Place(_, path) => find(path).cloned(),
        Value::Has(_, path) => is(find(path).is_some()),
        Value::IsSome(value) => is(evaluate(value, input).is_some_and(|value| !value.is_null())),
        Value::Not(value) => is(!truth(value)),
        Value::Binary(Operator::And, left, right) => is(truth(left) && truth(right)),
        Value::Binary(Operator::Or, left, right) => is(truth(left) || truth(right)),
        Value::Binary(operator, left, right) => {
            let (left, right) = (evaluate(left, input), evaluate(right, input));
            // A comparison with what is no number is an error in JSONata.
            let number = |value: &Option<Json>| value.as_ref().unwrap().as_f64().unwrap();
            match operator {
                Operator::Equal => is(left.is_some() && left == right),
                Operator::Less => is(number(&left) < number(&right)),
                Operator::LessOrEqual => is(number(&left) <= number(&right)),
                other => panic!("{other:?} is no condition"),
            }
        }
        other => panic!("{other:?} is no part of a condition"),
    }
}

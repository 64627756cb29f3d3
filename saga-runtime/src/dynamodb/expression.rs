//! Conditions and changes as DynamoDB's expressions. Every name goes through a placeholder, so that none is a reserved word
//! and a dot in one is part of it. Judges nothing.

use std::collections::HashMap;
use std::fmt::Write as _;

use aws_sdk_dynamodb::types::AttributeValue;

use super::attribute::{Attributes, to_attribute};
use crate::store::{Change, Comparison, Condition, Key};

/// What the placeholders of a call's expressions stand for: `#0`, `:0` and so on.
#[derive(Default)]
pub(super) struct Placeholders<'a> {
    names: Vec<&'a str>,
    values: Vec<AttributeValue>,
}

impl<'a> Placeholders<'a> {
    /// The names, for the call; DynamoDB takes no empty map.
    pub(super) fn names(&self) -> Option<HashMap<String, String>> {
        let names = self.names.iter().enumerate();
        let names = names.map(|(index, name)| (format!("#{index}"), (*name).to_owned()));
        (!self.names.is_empty()).then(|| names.collect())
    }

    /// The values, for the call; DynamoDB takes no empty map.
    pub(super) fn values(self) -> Option<Attributes> {
        let some = !self.values.is_empty();
        let values = self.values.into_iter().enumerate();
        let values = values.map(|(index, value)| (format!(":{index}"), value));
        some.then(|| values.collect())
    }

    fn name(&mut self, name: &'a str, text: &mut String) {
        let known = self.names.iter().position(|known| *known == name);
        let index = known.unwrap_or_else(|| {
            self.names.push(name);
            self.names.len() - 1
        });
        // Writing to a string does not fail.
        let _ = write!(text, "#{index}");
    }

    fn value(&mut self, value: AttributeValue, text: &mut String) {
        let _ = write!(text, ":{}", self.values.len());
        self.values.push(value);
    }
}

/// A [condition expression](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html).
pub(super) fn condition<'a>(
    placeholders: &mut Placeholders<'a>, key: &'a Key, condition: &'a Condition,
) -> String {
    let mut text = String::with_capacity(64);
    write_condition(placeholders, key, condition, &mut text);
    text
}

fn write_condition<'a>(
    placeholders: &mut Placeholders<'a>, key: &'a Key, condition: &'a Condition, text: &mut String,
) {
    match condition {
        Condition::Compare(name, comparison, value) => {
            placeholders.name(name, text);
            text.push_str(operator(*comparison));
            placeholders.value(to_attribute(value), text);
        }
        Condition::Exists(name) => write_function("attribute_exists", placeholders, name, text),
        Condition::Absent(name) => write_function("attribute_not_exists", placeholders, name, text),
        Condition::All(conditions) => {
            write_list(" AND ", placeholders, key, conditions, text);
        }
        Condition::Any(conditions) => {
            write_list(" OR ", placeholders, key, conditions, text);
        }
        Condition::Not(condition) => {
            text.push_str("NOT (");
            write_condition(placeholders, key, condition, text);
            text.push(')');
        }
    }
}

fn write_function<'a>(
    function: &str, placeholders: &mut Placeholders<'a>, name: &'a str, text: &mut String,
) {
    text.push_str(function);
    text.push('(');
    placeholders.name(name, text);
    text.push(')');
}

fn write_list<'a>(
    operator: &str, placeholders: &mut Placeholders<'a>, key: &'a Key, conditions: &'a [Condition],
    text: &mut String,
) {
    match conditions {
        // All of none hold, and one of none does not; an expression has no word for either.
        [] => {
            let name = &key.partition.0;
            write_function("attribute_exists", placeholders, name, text);
            text.push_str(if operator == " AND " { " OR " } else { " AND " });
            write_function("attribute_not_exists", placeholders, name, text);
        }
        // DynamoDB refuses redundant parentheses.
        [one] => write_condition(placeholders, key, one, text),
        [first, others @ ..] => {
            write_operand(placeholders, key, first, text);
            for other in others {
                text.push_str(operator);
                write_operand(placeholders, key, other, text);
            }
        }
    }
}

fn write_operand<'a>(
    placeholders: &mut Placeholders<'a>, key: &'a Key, condition: &'a Condition, text: &mut String,
) {
    let list = is_list(condition);
    if list {
        text.push('(');
    }
    write_condition(placeholders, key, condition, text);
    if list {
        text.push(')');
    }
}

/// Whether the condition's text has operands of its own side by side.
fn is_list(condition: &Condition) -> bool {
    match condition {
        Condition::All(conditions) | Condition::Any(conditions) => match conditions.as_slice() {
            [one] => is_list(one),
            _ => true,
        },
        _ => false,
    }
}

const fn operator(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Equal => " = ",
        Comparison::NotEqual => " <> ",
        Comparison::Less => " < ",
        Comparison::LessOrEqual => " <= ",
        Comparison::Greater => " > ",
        Comparison::GreaterOrEqual => " >= ",
    }
}

/// An [update expression](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html);
/// none for no changes.
pub(super) fn update<'a>(
    placeholders: &mut Placeholders<'a>, changes: &'a [Change],
) -> Option<String> {
    let mut text = String::with_capacity(64);
    let mut clause = |keyword: &str, chosen: fn(&Change) -> bool| {
        for (index, change) in changes.iter().filter(|change| chosen(change)).enumerate() {
            match (index, text.is_empty()) {
                (0, true) => text.push_str(keyword),
                (0, false) => {
                    text.push(' ');
                    text.push_str(keyword);
                }
                _ => text.push(','),
            }
            text.push(' ');
            write_change(placeholders, change, &mut text);
        }
    };
    clause("SET", |change| matches!(change, Change::Set(..)));
    clause("ADD", |change| matches!(change, Change::Add(..)));
    clause("REMOVE", |change| matches!(change, Change::Remove(_)));
    (!text.is_empty()).then_some(text)
}

fn write_change<'a>(placeholders: &mut Placeholders<'a>, change: &'a Change, text: &mut String) {
    match change {
        Change::Set(name, value) => {
            placeholders.name(name, text);
            text.push_str(" = ");
            placeholders.value(to_attribute(value), text);
        }
        Change::Add(name, amount) => {
            placeholders.name(name, text);
            text.push(' ');
            placeholders.value(AttributeValue::N(amount.to_string()), text);
        }
        Change::Remove(name) => placeholders.name(name, text),
    }
}

//! What the barrier asks of JSON: one spelling for equal values, and integers that survive Step Functions. Changes nothing.

use std::fmt::{self, Write as _};

use serde_json::{Number, Value};
use sha2::{Digest, Sha256};

use crate::identity::hex;
use crate::store::Item;

/// JSONata, which Step Functions computes with, knows floats only: beyond this an integer may come out as its neighbour.
const LARGEST_INTEGER: u64 = (1 << 53) - 1;

/// The SHA-256 of a value's canonical JSON: keys sorted, no spaces, `2.0` written `2`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Of this value.
    pub fn of(value: &Value) -> Self {
        let mut text = String::with_capacity(128);
        write_canonical(value, &mut text);
        Self(Sha256::digest(text.as_bytes()).into())
    }

    /// Of an event: the same one has the same id, and says the same.
    pub(crate) fn of_event(id: &str, data: &Value) -> Self {
        let mut text = String::with_capacity(256);
        write_string(id, &mut text);
        text.push('\n');
        write_canonical(data, &mut text);
        Self(Sha256::digest(text.as_bytes()).into())
    }

    /// In hexadecimal.
    pub(crate) fn text(&self) -> String {
        hex(&self.0)
    }
}

fn write_canonical(value: &Value, text: &mut String) {
    match value {
        Value::Array(values) => {
            text.push('[');
            for (index, value) in values.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write_canonical(value, text);
            }
            text.push(']');
        }
        Value::Object(fields) => {
            // `serde_json` keeps the order of insertion where some crate asks it to.
            if fields.keys().is_sorted() {
                write_fields(fields.iter(), text);
            } else {
                let mut fields: Vec<(&String, &Value)> = fields.iter().collect();
                fields.sort_unstable_by_key(|(name, _)| *name);
                write_fields(fields.into_iter(), text);
            }
        }
        Value::Number(number) => write_number(number, text),
        other => write_json(other, text),
    }
}

fn write_fields<'a>(fields: impl Iterator<Item = (&'a String, &'a Value)>, text: &mut String) {
    text.push('{');
    for (index, (name, value)) in fields.enumerate() {
        if index > 0 {
            text.push(',');
        }
        write_string(name, text);
        text.push(':');
        write_canonical(value, text);
    }
    text.push('}');
}

/// Writes a value as compact JSON, members in the order in which they stand.
pub(crate) fn write_json(value: &Value, text: &mut String) {
    match value {
        Value::Null => text.push_str("null"),
        Value::Bool(bool) => text.push_str(if *bool { "true" } else { "false" }),
        Value::String(string) => write_string(string, text),
        Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            // Writing to a `String` cannot fail.
            let _ = write!(text, "{value}");
        }
    }
}

fn write_string(string: &str, text: &mut String) {
    let plain = |byte: u8| byte >= 0x20 && byte != b'"' && byte != b'\\';
    if string.bytes().all(plain) {
        text.push('"');
        text.push_str(string);
        text.push('"');
    } else {
        text.push_str(&Value::from(string).to_string());
    }
}

fn write_number(number: &Number, text: &mut String) {
    // Writing to a `String` cannot fail.
    let _ = match number.as_f64() {
        // Rust prints an integral float without a point.
        Some(float) if number.is_f64() => write!(text, "{float}"),
        _ => write!(text, "{number}"),
    };
}

/// The document with its attributes in the order of their names: a store keeps no other.
pub(crate) fn sorted(item: &Item) -> Item {
    let mut fields: Vec<(&String, &Value)> = item.iter().collect();
    fields.sort_unstable_by_key(|(name, _)| *name);
    let sorted = fields
        .into_iter()
        .map(|(name, value)| (name.clone(), sorted_value(value)));
    sorted.collect()
}

fn sorted_value(value: &Value) -> Value {
    match value {
        Value::Object(fields) => Value::Object(sorted(fields)),
        Value::Array(values) => Value::Array(values.iter().map(sorted_value).collect()),
        other => other.clone(),
    }
}

/// Finds an integer that Step Functions would round, and says where it is and what to do.
pub fn check_integers(place: &str, value: &Value) -> Result<(), String> {
    check_integers_at(&Place::Root(place), value)
}

/// Where a value is; written out only for a message.
enum Place<'a> {
    Root(&'a str),
    Index(&'a Place<'a>, usize),
    Field(&'a Place<'a>, &'a str),
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root(name) => f.write_str(name),
            Self::Index(around, index) => write!(f, "{around}[{index}]"),
            Self::Field(around, name) => write!(f, "{around}.{name}"),
        }
    }
}

fn check_integers_at(place: &Place<'_>, value: &Value) -> Result<(), String> {
    match value {
        Value::Number(number) => {
            let size = number
                .as_u64()
                .or_else(|| number.as_i64().map(i64::unsigned_abs));
            if size.is_some_and(|size| size > LARGEST_INTEGER) {
                return Err(format!(
                    "`{place}` is {number}, and Step Functions rounds integers beyond {LARGEST_INTEGER}; send a string"
                ));
            }
            Ok(())
        }
        Value::Array(values) => values
            .iter()
            .enumerate()
            .try_for_each(|(index, value)| check_integers_at(&Place::Index(place, index), value)),
        Value::Object(fields) => fields
            .iter()
            .try_for_each(|(name, value)| check_integers_at(&Place::Field(place, name), value)),
        Value::Null | Value::Bool(_) | Value::String(_) => Ok(()),
    }
}

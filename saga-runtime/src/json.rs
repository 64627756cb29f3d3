//! What the barrier asks of JSON: one spelling for equal values, and integers that survive Step Functions. Changes nothing.

use serde::Serialize;
use serde_json::{Number, Value};

use crate::identity::hex;
use crate::store::Item;

/// JSONata, which Step Functions computes with, knows floats only: beyond this an integer may come out as its neighbour.
const LARGEST_INTEGER: u64 = (1 << 53) - 1;

/// The SHA-256 of a value's canonical JSON: keys sorted, no spaces, `2.0` written `2`.
pub(crate) fn fingerprint(value: &Value) -> String {
    let mut text = Vec::with_capacity(256);
    write_canonical(value, &mut text);
    hex(&text)
}

fn write_canonical(value: &Value, text: &mut Vec<u8>) {
    match value {
        Value::Array(values) => {
            text.push(b'[');
            for (index, value) in values.iter().enumerate() {
                if index > 0 {
                    text.push(b',');
                }
                write_canonical(value, text);
            }
            text.push(b']');
        }
        Value::Object(fields) => {
            // `serde_json` keeps the order of insertion where some crate asks it to.
            let mut names: Vec<&String> = fields.keys().collect();
            names.sort_unstable();
            text.push(b'{');
            for (index, name) in names.into_iter().enumerate() {
                if index > 0 {
                    text.push(b',');
                }
                write_plain(name, text);
                text.push(b':');
                write_canonical(&fields[name], text);
            }
            text.push(b'}');
        }
        Value::Number(number) => text.extend_from_slice(canonical_number(number).as_bytes()),
        Value::Null | Value::Bool(_) | Value::String(_) => write_plain(value, text),
    }
}

fn write_plain(value: &impl Serialize, text: &mut Vec<u8>) {
    // Writing text or a plain value to memory does not fail.
    let _ = serde_json::to_writer(text, value);
}

fn canonical_number(number: &Number) -> String {
    match number.as_f64() {
        // Rust prints an integral float without a point.
        Some(float) if number.is_f64() => float.to_string(),
        _ => number.to_string(),
    }
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
pub(crate) fn check_integers(place: &str, value: &Value) -> Result<(), String> {
    match large_integer(value) {
        None => Ok(()),
        Some((path, number)) => Err(format!(
            "`{place}{path}` is {number}, and Step Functions rounds integers beyond {LARGEST_INTEGER}; send a string"
        )),
    }
}

/// The first integer that Step Functions would round, and its path, such as `.lines[2].count`, which is made on the way back:
/// most values have none.
fn large_integer(value: &Value) -> Option<(String, &Number)> {
    match value {
        Value::Number(number) => {
            let size = number
                .as_u64()
                .or_else(|| number.as_i64().map(i64::unsigned_abs));
            size.is_some_and(|size| size > LARGEST_INTEGER)
                .then(|| (String::new(), number))
        }
        Value::Array(values) => values.iter().enumerate().find_map(|(index, value)| {
            let (path, number) = large_integer(value)?;
            Some((format!("[{index}]{path}"), number))
        }),
        Value::Object(fields) => fields.iter().find_map(|(name, value)| {
            let (path, number) = large_integer(value)?;
            Some((format!(".{name}{path}"), number))
        }),
        Value::Null | Value::Bool(_) | Value::String(_) => None,
    }
}

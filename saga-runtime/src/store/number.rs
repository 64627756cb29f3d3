//! Numbers as DynamoDB keeps them: one decimal type, in which `3.0` is `3`. Converts both ways, and refuses what would be rounded.

use serde_json::{Number, Value};

#[cfg(feature = "dynamodb")]
use super::Item;

/// The most digits that an integer of 64 bits has.
const INTEGER_DIGITS: usize = 20;

/// A number as DynamoDB's `N` takes it: exact for integers, and for a float the shortest text that reads back as the same float.
pub(crate) fn decimal(number: &Number) -> String {
    if number.is_f64() && number.as_f64() == Some(0.0) {
        // A decimal has no sign of zero.
        return "0".to_owned();
    }
    number.to_string()
}

/// The number that DynamoDB's text stands for: an integer where it is one of 64 bits, a float where that is the same number.
pub(crate) fn read_decimal(text: &str) -> Option<Number> {
    if let Some(integer) = read_integer(text) {
        return Some(integer);
    }
    let (negative, digits, exponent) = parts(text)?;
    if digits.is_empty() {
        return Some(Number::from(0));
    }
    if exponent >= 0 {
        let zeros = usize::try_from(exponent).ok()?;
        if digits.len() + zeros <= INTEGER_DIGITS {
            let sign = if negative { "-" } else { "" };
            let integer = format!("{sign}{digits}{}", "0".repeat(zeros));
            if let Some(integer) = read_integer(&integer) {
                return Some(integer);
            }
        }
    }
    let float = Number::from_f64(text.parse().ok()?)?;
    (parts(&float.to_string())? == (negative, digits, exponent)).then_some(float)
}

/// A value as it comes back from DynamoDB: `3.0` as `3`, at any depth.
pub(crate) fn normalized(value: &Value) -> Value {
    let mut value = value.clone();
    normalize(&mut value);
    value
}

#[cfg(feature = "dynamodb")]
pub(crate) fn normalized_item(item: &Item) -> Item {
    let mut item = item.clone();
    item.values_mut().for_each(normalize);
    item
}

/// As [`normalized`], in place.
pub(crate) fn normalize(value: &mut Value) {
    match value {
        Value::Number(number) => *number = normalized_number(number),
        Value::Array(values) => values.iter_mut().for_each(normalize),
        Value::Object(item) => item.values_mut().for_each(normalize),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

pub(super) fn normalized_number(number: &Number) -> Number {
    if number.is_f64() {
        read_decimal(&decimal(number)).unwrap_or_else(|| number.clone())
    } else {
        number.clone()
    }
}

fn read_integer(text: &str) -> Option<Number> {
    let negative = text.parse::<i64>().map(Number::from);
    negative
        .or_else(|_| text.parse::<u64>().map(Number::from))
        .ok()
}

/// A decimal's sign, its digits without zeros at either end, and the power of ten that they are multiplied by.
fn parts(text: &str) -> Option<(bool, String, i32)> {
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let significant = digits.trim_end_matches('0');
    let dropped = i32::try_from(digits.len() - significant.len()).ok()?;
    let exponent = exponent - i32::try_from(fraction.len()).ok()? + dropped;
    Some((
        negative,
        significant.trim_start_matches('0').to_owned(),
        exponent,
    ))
}

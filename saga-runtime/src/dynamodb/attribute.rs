//! JSON values as DynamoDB's attribute values, and back. Calls nothing.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Number, Value};

use crate::store::{Item, StoreError, decimal, read_decimal};

/// An item as the SDK has it.
pub(super) type Attributes = HashMap<String, AttributeValue>;

pub(super) fn to_attributes(item: &Item) -> Attributes {
    item.iter()
        .map(|(name, value)| (name.clone(), to_attribute(value)))
        .collect()
}

pub(super) fn to_attribute(value: &Value) -> AttributeValue {
    match value {
        Value::Null => AttributeValue::Null(true),
        Value::Bool(value) => AttributeValue::Bool(*value),
        Value::Number(number) => AttributeValue::N(decimal(number)),
        Value::String(text) => AttributeValue::S(text.clone()),
        Value::Array(values) => AttributeValue::L(values.iter().map(to_attribute).collect()),
        Value::Object(item) => AttributeValue::M(to_attributes(item)),
    }
}

/// Reads an item whole.
///
/// A set, which other software may have written, reads as a list.
///
/// # Errors
///
/// The attribute that no JSON value stands for: binary data, and a number that would be rounded.
pub(super) fn read_item(attributes: Attributes) -> Result<Item, StoreError> {
    let mut item = Item::new();
    for (name, attribute) in ordered(attributes) {
        let value = read_attribute(attribute)
            .map_err(|reason| StoreError::invalid(format!("attribute `{name}` {reason}")))?;
        item.insert(name, value);
    }
    Ok(item)
}

/// Reads of an item what JSON has words for, to say which condition it broke: what else there is counts as null, and a number
/// beyond JSON's as the next float.
pub(super) fn glimpse(attributes: Attributes) -> Item {
    let read = |(name, attribute): (String, AttributeValue)| {
        let rounded = match &attribute {
            AttributeValue::N(text) => text.parse().ok().and_then(Number::from_f64),
            _ => None,
        };
        let value = read_attribute(attribute).unwrap_or(rounded.map_or(Value::Null, Value::Number));
        (name, value)
    };
    ordered(attributes).into_iter().map(read).collect()
}

/// By name, as a document that keeps its order should not depend on a hash.
fn ordered(attributes: Attributes) -> Vec<(String, AttributeValue)> {
    let mut attributes: Vec<_> = attributes.into_iter().collect();
    attributes.sort_unstable_by(|(left, _), (right, _)| left.cmp(right));
    attributes
}

fn read_attribute(attribute: AttributeValue) -> Result<Value, String> {
    match attribute {
        AttributeValue::Null(_) => Ok(Value::Null),
        AttributeValue::Bool(value) => Ok(Value::Bool(value)),
        AttributeValue::N(text) => read_number(&text),
        AttributeValue::S(text) => Ok(Value::String(text)),
        AttributeValue::L(values) => values.into_iter().map(read_attribute).collect(),
        AttributeValue::M(attributes) => {
            let mut item = Item::new();
            for (name, attribute) in ordered(attributes) {
                item.insert(name, read_attribute(attribute)?);
            }
            Ok(Value::Object(item))
        }
        AttributeValue::Ss(texts) => Ok(Value::from(texts)),
        AttributeValue::Ns(texts) => texts.iter().map(|text| read_number(text)).collect(),
        AttributeValue::B(_) | AttributeValue::Bs(_) => Err(
            "holds binary data, which JSON has no value for; keep it in an item of its own"
                .to_owned(),
        ),
        _ => Err("is of a type that this version of the SDK does not know".to_owned()),
    }
}

fn read_number(text: &str) -> Result<Value, String> {
    read_decimal(text).map(Value::Number).ok_or_else(|| {
        format!("holds the number {text}, which 64 bits do not hold exactly; keep it as a string")
    })
}

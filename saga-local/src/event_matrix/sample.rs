//! A value that a JSON Schema accepts, for the data of an event that a test rejects with. Checks nothing.

use serde_json::{Map, Value};

/// Schemas that refer to themselves are followed this far.
const DEPTH: usize = 16;

/// The data of an event, as far as the choreography's AsyncAPI document describes it: its simplest.
pub(super) fn sample(asyncapi: &Value, event: &str) -> Value {
    let schemas = asyncapi.pointer("/components/schemas");
    match schemas.and_then(|schemas| schemas.get(event)) {
        Some(schema) => value(asyncapi, schema, 0),
        None => Value::Null,
    }
}

fn value(root: &Value, schema: &Value, depth: usize) -> Value {
    if depth > DEPTH {
        return Value::Null;
    }
    let inner = |schema: &Value| value(root, schema, depth + 1);
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let target = reference
            .strip_prefix('#')
            .and_then(|path| root.pointer(path));
        return target.map(inner).unwrap_or_default();
    }
    if let Some(constant) = schema.get("const") {
        return constant.clone();
    }
    for choices in ["enum", "oneOf", "anyOf"] {
        if let Some(first) = schema.get(choices).and_then(|list| list.get(0)) {
            return if choices == "enum" {
                first.clone()
            } else {
                inner(first)
            };
        }
    }
    if let Some(parts) = schema.get("allOf").and_then(Value::as_array) {
        let parts = parts.iter().map(inner).filter_map(|part| match part {
            Value::Object(members) => Some(members),
            _ => None,
        });
        return Value::Object(parts.flatten().collect());
    }
    match kind(schema) {
        "object" => Value::Object(object(schema, inner)),
        // A tuple says what each of its items is, and a list does without.
        "array" => {
            let items = schema.get("items").and_then(Value::as_array);
            items.into_iter().flatten().map(inner).collect()
        }
        "string"
            if schema
                .get("format")
                .is_some_and(|format| format == "date-time") =>
        {
            Value::from("2025-01-01T00:00:00Z")
        }
        "string" => Value::from("sample"),
        "integer" | "number" => Value::from(1),
        "boolean" => Value::from(false),
        _ => Value::Null,
    }
}

/// The schema's type, or the first of several.
fn kind(schema: &Value) -> &str {
    let kind = schema.get("type");
    let kind = kind.map(|kind| kind.get(0).unwrap_or(kind));
    let has_members = || schema.get("properties").map(|_| "object");
    kind.and_then(Value::as_str)
        .or_else(has_members)
        .unwrap_or_default()
}

fn object(schema: &Value, inner: impl Fn(&Value) -> Value) -> Map<String, Value> {
    let required = schema.get("required").and_then(Value::as_array);
    let members = schema.get("properties").and_then(Value::as_object);
    let members = members.into_iter().flatten().filter(|(name, _)| {
        required.is_some_and(|names| names.iter().any(|known| known == name.as_str()))
    });
    members
        .map(|(name, schema)| (name.clone(), inner(schema)))
        .collect()
}

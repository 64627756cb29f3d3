//! Mutations of JSON: definitions, their inputs, their tasks' answers. What stands between `{%` and `%}` is `expression.rs`'s.

use fastrand::Rng;
use serde_json::{Map, Value};

use crate::{expression, repeats};

/// Keys of the Amazon States Language, of contexts, and a few of nobody's.
const KEYS: &[&str] = &[
    "Arguments",
    "Assign",
    "BackoffRate",
    "Branches",
    "Catch",
    "Cause",
    "Choices",
    "Comment",
    "Condition",
    "Default",
    "End",
    "Error",
    "ErrorEquals",
    "ExecutionType",
    "HeartbeatSeconds",
    "Input",
    "IntervalSeconds",
    "ItemProcessor",
    "ItemSelector",
    "Items",
    "JitterStrategy",
    "Label",
    "MaxAttempts",
    "MaxConcurrency",
    "MaxDelaySeconds",
    "Mode",
    "Name",
    "Next",
    "Output",
    "Payload",
    "ProcessorConfig",
    "QueryLanguage",
    "Resource",
    "Retry",
    "Seconds",
    "StartAt",
    "StateMachineArn",
    "States",
    "TimeoutSeconds",
    "Timestamp",
    "ToleratedFailureCount",
    "ToleratedFailurePercentage",
    "Type",
    "a",
    "b",
    "error",
    "lost",
    "output",
];

/// Texts that mean something somewhere in a definition.
const TEXTS: &[&str] = &[
    "",
    "1s",
    "2025-01-01T00:00:00Z",
    "9999-12-31T23:59:59+18:00",
    "Choice",
    "DISTRIBUTED",
    "EXPRESS",
    "FULL",
    "Fail",
    "INLINE",
    "JSONata",
    "Map",
    "Parallel",
    "Pass",
    "STANDARD",
    "States.ALL",
    "States.DataLimitExceeded",
    "States.QueryEvaluationError",
    "States.TaskFailed",
    "States.Timeout",
    "Succeed",
    "Task",
    "Wait",
    "${SelfStateMachineArn}",
    "arn:aws:states:::lambda:invoke",
    "arn:aws:states:::lambda:invoke.waitForTaskToken",
    "arn:aws:states:::states:startExecution",
    "arn:aws:states:::states:startExecution.sync:2",
    "{% $states.context.Task.Token %}",
    "{% $states.input %}",
    "{% [1..10] %}",
];

/// One to three mutations; `None` where the text is no JSON.
pub fn mutate(text: &str, rng: &mut Rng) -> Option<String> {
    let mut value: Value = serde_json::from_str(text).ok()?;
    for _ in 0..rng.usize(1..4) {
        let other = pick(&value, rng).clone();
        let place = rng.usize(..count(&value));
        change(at(&mut value, place)?, other, rng);
    }
    Some(value.to_string())
}

/// A value of `one` is replaced by one of `other`'s.
pub fn cross(one: &str, other: &str, rng: &mut Rng) -> Option<String> {
    let mut value: Value = serde_json::from_str(one).ok()?;
    let donor: Value = serde_json::from_str(other).ok()?;
    let place = rng.usize(..count(&value));
    *at(&mut value, place)? = pick(&donor, rng).clone();
    Some(value.to_string())
}

fn children(value: &Value) -> Box<dyn Iterator<Item = &Value> + '_> {
    match value {
        Value::Array(items) => Box::new(items.iter()),
        Value::Object(members) => Box::new(members.values()),
        _ => Box::new(std::iter::empty()),
    }
}

/// The values in it, itself included.
fn count(value: &Value) -> usize {
    1 + children(value).map(count).sum::<usize>()
}

fn pick<'a>(value: &'a Value, rng: &mut Rng) -> &'a Value {
    let mut all = vec![value];
    let mut next = 0;
    while let Some(value) = all.get(next) {
        all.extend(children(value));
        next += 1;
    }
    all[rng.usize(..all.len())]
}

/// The value at that place, outer ones first.
fn at(value: &mut Value, place: usize) -> Option<&mut Value> {
    let Some(mut place) = place.checked_sub(1) else {
        return Some(value);
    };
    let children: Box<dyn Iterator<Item = &mut Value>> = match value {
        Value::Array(items) => Box::new(items.iter_mut()),
        Value::Object(members) => Box::new(members.values_mut()),
        _ => return None,
    };
    for child in children {
        let size = count(child);
        if place < size {
            return at(child, place);
        }
        place -= size;
    }
    None
}

fn change(value: &mut Value, other: Value, rng: &mut Rng) {
    match value {
        Value::Array(items) => change_array(items, other, rng),
        Value::Object(members) => change_object(members, other, rng),
        Value::String(text) if rng.u8(0..4) > 0 => change_text(text, rng),
        scalar => *scalar = leaf(other, rng),
    }
}

fn change_array(items: &mut Vec<Value>, other: Value, rng: &mut Rng) {
    let place = rng.usize(..=items.len());
    match rng.u8(0..4) {
        0 if place < items.len() => drop(items.remove(place)),
        1 if place < items.len() => {
            let item = items[place].clone();
            items.extend(std::iter::repeat_n(item, repeats(rng)));
        }
        2 => rng.shuffle(items),
        _ => items.insert(place, other),
    }
}

fn change_object(members: &mut Map<String, Value>, other: Value, rng: &mut Rng) {
    let keys: Vec<String> = members.keys().cloned().collect();
    let known = KEYS[rng.usize(..KEYS.len())].to_owned();
    let Some(key) = (!keys.is_empty()).then(|| &keys[rng.usize(..keys.len())]) else {
        members.insert(known, other);
        return;
    };
    match rng.u8(0..5) {
        0 => drop(members.remove(key)),
        1 => {
            let value = members.remove(key).unwrap_or_default();
            members.insert(known, value);
        }
        2 => {
            let value = members.get(key).cloned().unwrap_or_default();
            members.insert(format!("{key}{}", rng.u8(0..3)), value);
        }
        3 => drop(members.insert(key.clone(), leaf(other, rng))),
        _ => drop(members.insert(known, leaf(other, rng))),
    }
}

fn change_text(text: &mut String, rng: &mut Rng) {
    let inner = text
        .trim()
        .strip_prefix("{%")
        .and_then(|rest| rest.strip_suffix("%}"));
    if let Some(source) = inner {
        *text = format!("{{% {} %}}", expression::mutate(source.trim(), rng));
        return;
    }
    *text = match rng.u8(0..4) {
        0 => format!("{{% {} %}}", expression::grow(rng)),
        1 => text.repeat(repeats(rng)),
        _ => TEXTS[rng.usize(..TEXTS.len())].to_owned(),
    };
}

fn leaf(other: Value, rng: &mut Rng) -> Value {
    match rng.u8(0..8) {
        0 => Value::Null,
        1 => rng.bool().into(),
        2 => rng.i64(-2..100).into(),
        3 => [0, 1, 99_999_999, i64::MAX, i64::MIN, 1 << 53][rng.usize(..6)].into(),
        4 => [0.5, 1e300, -1.5, 5e-324, 1.797e308][rng.usize(..5)].into(),
        5 => TEXTS[rng.usize(..TEXTS.len())].into(),
        6 => format!("{{% {} %}}", expression::grow(rng)).into(),
        _ => other,
    }
}

//! What a definition says by itself: which outputs it looks into, and which errors it ends with. Reads text, evaluates nothing.

use std::collections::BTreeSet;

use saga_asl as asl;
use serde_json::Value;

use super::site::step_name;

/// The errors that flows end with by themselves: `return Err(Rejection::new("Order.Closed", ..))`.
pub(super) fn own_errors(machines: &[&asl::StateMachine]) -> BTreeSet<String> {
    let mut errors = BTreeSet::new();
    for machine in machines {
        let definition = serde_json::to_value(machine).unwrap_or_default();
        collect_errors(&definition, &mut errors);
    }
    errors
}

fn collect_errors(value: &Value, errors: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            let error = object.get("Output").and_then(|output| output.get("Error"));
            let error = error.and_then(Value::as_str);
            errors.extend(
                error
                    .filter(|error| !error.starts_with("{%"))
                    .map(str::to_owned),
            );
            object
                .values()
                .for_each(|value| collect_errors(value, errors));
        }
        Value::Array(items) => items.iter().for_each(|value| collect_errors(value, errors)),
        _ => {}
    }
}

/// The output of a function, whole.
const WHOLE: &str = "{% $states.result.Payload %}";

/// The steps whose output an expression looks into.
pub(super) fn looked_into(definition: &str) -> BTreeSet<String> {
    let Ok(definition) = serde_json::from_str::<Value>(definition) else {
        return BTreeSet::new();
    };
    let mut texts = Vec::new();
    collect(&definition, &mut texts);
    let mut steps = BTreeSet::new();
    visit(&definition, &texts, &mut steps);
    steps
}

fn visit(value: &Value, texts: &[&str], steps: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            let step = object
                .get("Arguments")
                .and_then(|arguments| arguments.pointer("/Payload/step"));
            if let Some(step) = step.and_then(Value::as_str)
                && looks(value, texts)
            {
                steps.insert(step_name(step));
            }
            object.values().for_each(|value| visit(value, texts, steps));
        }
        Value::Array(items) => items.iter().for_each(|value| visit(value, texts, steps)),
        _ => {}
    }
}

/// Whether a Task's result, or a variable that holds it, is looked into.
fn looks(task: &Value, all: &[&str]) -> bool {
    let mut own = Vec::new();
    for field in ["Assign", "Output"] {
        task.get(field)
            .into_iter()
            .for_each(|value| collect(value, &mut own));
    }
    if own
        .iter()
        .any(|text| **text != *WHOLE && text.contains("$states.result.Payload"))
    {
        return true;
    }
    let assigned = task.get("Assign").and_then(Value::as_object);
    let names = assigned
        .into_iter()
        .flatten()
        .filter(|(_, value)| **value == *WHOLE);
    names.into_iter().any(|(name, _)| {
        all.iter()
            .any(|text| text.contains(&format!("${name}.")) || text.contains(&format!("${name}[")))
    })
}

fn collect<'a>(value: &'a Value, texts: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => texts.push(text),
        Value::Array(items) => items.iter().for_each(|value| collect(value, texts)),
        Value::Object(object) => object.values().for_each(|value| collect(value, texts)),
        _ => {}
    }
}

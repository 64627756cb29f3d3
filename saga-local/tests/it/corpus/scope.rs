//! Which recorded definitions the engine can run at all, and why it cannot run the others.

use saga_asl as asl;
use serde_json::{Map, Value};

/// Fields that mean the same in JSONPath and in JSONata, for the types of state whose other fields may be left out.
/// <https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html>
const NEUTRAL: [&str; 17] = [
    "Type",
    "Comment",
    "QueryLanguage",
    "Next",
    "End",
    "Error",
    "Cause",
    "Resource",
    "Seconds",
    "TimeoutSeconds",
    "HeartbeatSeconds",
    "Retry",
    "Catch",
    "Branches",
    "Assign",
    "Output",
    "Arguments",
];

/// Rules that are stricter than Step Functions, which accepts such a definition and fails the execution that comes there.
const STRICTER: [&str; 2] = ["variables", "functions"];

/// Why a case is out of scope: a few words that many cases share, so that they can be counted.
pub(super) type Reason = String;

pub(super) fn machine(definition: &Value) -> Result<asl::StateMachine, Reason> {
    let definition = in_jsonata(definition)?;
    let text = definition.to_string();
    match asl::parse(&text) {
        Ok(machine) => Ok(machine),
        Err(problems)
            if problems
                .iter()
                .all(|problem| STRICTER.contains(&problem.rule())) =>
        {
            asl::read(&text).map_err(|problems| reason(&problems))
        }
        Err(problems) => Err(reason(&problems)),
    }
}

fn reason(problems: &asl::Problems) -> Reason {
    let relevant = problems
        .iter()
        .find(|problem| !STRICTER.contains(&problem.rule()));
    relevant.map_or_else(String::new, |problem| {
        let field = problem.path().rsplit('.').next().unwrap_or_default();
        format!("the validator refuses `{field}` ({})", problem.rule())
    })
}

/// The definition with its JSONPath states rewritten as the same states in JSONata, where they use nothing that JSONata has not.
fn in_jsonata(definition: &Value) -> Result<Value, Reason> {
    let mut definition = definition.clone();
    match definition.get("QueryLanguage").and_then(Value::as_str) {
        Some("JSONata") => return Ok(definition),
        None | Some("JSONPath") => {}
        Some(other) => return Err(format!("the query language {other}")),
    }
    let Some(machine) = definition.as_object_mut() else {
        return Err("unreadable: a definition that is no object".to_owned());
    };
    graph(machine.get_mut("States"))?;
    machine.insert("QueryLanguage".into(), "JSONata".into());
    Ok(definition)
}

fn graph(states: Option<&mut Value>) -> Result<(), Reason> {
    let Some(states) = states.and_then(Value::as_object_mut) else {
        return Err("unreadable: states that are no object".to_owned());
    };
    states.values_mut().try_for_each(state)
}

fn state(state: &mut Value) -> Result<(), Reason> {
    let Some(fields) = state.as_object_mut() else {
        return Err("unreadable: a state that is no object".to_owned());
    };
    if fields.get("QueryLanguage").and_then(Value::as_str) != Some("JSONata") {
        let ty = fields.get("Type").and_then(Value::as_str).unwrap_or("");
        let ty = &*ty.to_owned();
        if matches!(ty, "Choice" | "Map") {
            return Err(format!("a {ty} in JSONPath"));
        }
        rename_literals(ty == "Pass", fields);
        if let Some(field) = fields.keys().find(|field| !NEUTRAL.contains(&&***field)) {
            return Err(format!("a {ty} in JSONPath with `{field}`"));
        }
        if fields.values().any(is_path) {
            return Err(format!("a {ty} in JSONPath with a path"));
        }
        fields.insert("QueryLanguage".into(), "JSONata".into());
    }
    for branch in fields
        .get_mut("Branches")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
    {
        graph(branch.get_mut("States"))?;
    }
    match fields.get_mut("ItemProcessor") {
        Some(processor) => graph(processor.get_mut("States")),
        None => Ok(()),
    }
}

/// What JSONPath has other names for, where it holds no path: `Result` and `Parameters`; and paths that say what is so without them.
fn rename_literals(is_pass: bool, fields: &mut Map<String, Value>) {
    for path in ["InputPath", "ResultPath", "OutputPath"] {
        if fields.get(path).and_then(Value::as_str) == Some("$") {
            fields.remove(path);
        }
    }
    let name = if is_pass { "Output" } else { "Arguments" };
    for literal in ["Result", "Parameters"] {
        if !fields.contains_key(name)
            && !fields.get(literal).is_none_or(is_path)
            && let Some(value) = fields.remove(literal)
        {
            fields.insert(name.to_owned(), value);
        }
    }
}

/// Whether a key asks for a path, as `"sku.$"` and a catcher's `ResultPath` do, or a text would be an expression in JSONata.
fn is_path(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.iter().any(|(key, value)| {
            // The states of a branch are looked at one by one.
            key != "States" && (key.ends_with(".$") || key.ends_with("Path") || is_path(value))
        }),
        Value::Array(items) => items.iter().any(is_path),
        Value::String(text) => text.starts_with("{%"),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

//! Reads JSON text into the model, strictly. What the model can express but Step Functions refuses is `validate`'s.

mod fields;
mod states;
mod value;

use std::collections::HashSet;

use crate::model::{Graph, StateMachine};
use crate::problems::{Path, Problems, Short};
use crate::validate;

use fields::{Fields, string};
use value::Value;

/// Reads a state machine and checks it against the language's rules.
///
/// Comments of branches, item processors and retriers are read and dropped: the model has no place for them.
///
/// # Errors
///
/// Every broken rule, each with the JSON path of the state that breaks it.
///
/// # Example
///
/// ```
/// let problems = saga_asl::parse("{}").unwrap_err();
/// let first = problems.iter().next().unwrap();
/// assert_eq!(first.to_string(), "$: `StartAt` is missing; add the name of the first state");
/// ```
pub fn parse(json: &str) -> Result<StateMachine, Problems> {
    let mut problems = Problems::default();
    let Some(machine) = read_text(json, &mut problems) else {
        return Err(problems);
    };
    validate::run(&machine, &mut problems);
    problems.finish().map(|()| machine)
}

/// Reads a state machine that the model can say, and checks no rule that [`validate`](crate::validate()) checks.
///
/// For definitions that Step Functions accepts and [`parse`] refuses, such as one that reads a variable which is assigned nowhere:
/// the execution that comes there fails. Write new definitions by [`parse`]'s rules.
///
/// # Errors
///
/// What is missing, unknown or of the wrong kind, and what the model has no place for.
///
/// # Example
///
/// ```
/// let definition = r#"{ "QueryLanguage": "JSONata", "StartAt": "a",
///     "States": { "a": { "Type": "Pass", "Output": "{% $nowhere %}", "End": true } } }"#;
/// assert!(saga_asl::parse(definition).is_err());
/// let machine = saga_asl::read(definition)?;
/// assert_eq!(machine.graph.start_at, "a");
/// # Ok::<(), saga_asl::Problems>(())
/// ```
pub fn read(json: &str) -> Result<StateMachine, Problems> {
    let mut problems = Problems::default();
    let machine = read_text(json, &mut problems);
    match machine {
        Some(machine) => problems.finish().map(|()| machine),
        None => Err(problems),
    }
}

/// The model, as far as it could be read; `None` where there is nothing to check.
fn read_text(json: &str, problems: &mut Problems) -> Option<StateMachine> {
    let root = Path::default();
    let value: Value = match serde_json::from_str(json) {
        Ok(value) => value,
        Err(error) => {
            problems.add(
                "json",
                &root,
                format_args!("this is not JSON: {}", Short(&error.to_string())),
            );
            return None;
        }
    };
    find_duplicates(&value, &root, problems);
    read_machine(&value, root, problems)
}

/// `serde_json` silently keeps the last of two equal keys, so a copied state would vanish.
fn find_duplicates<'j>(value: &'j Value, path: &Path<'j>, problems: &mut Problems) {
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                find_duplicates(item, &path.index(index), problems);
            }
        }
        Value::Object(fields) => {
            let mut seen = HashSet::new();
            for (key, value) in fields {
                let path = path.key(key);
                if !seen.insert(key) {
                    let message = format_args!(
                        "`{}` stands twice in this object; remove or rename one",
                        Short(key)
                    );
                    problems.add("duplicate-key", &path, message);
                }
                find_duplicates(value, &path, problems);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn read_machine<'j>(
    value: &'j Value, root: Path<'j>, problems: &mut Problems,
) -> Option<StateMachine> {
    let mut fields = Fields::new("a state machine", value, root, problems)?;
    let comment = fields.string("Comment", problems);
    let top = fields.string("QueryLanguage", problems);
    let language = Language::of(top.as_deref(), value);
    let timeout_seconds = fields.integer("TimeoutSeconds", problems);
    let graph = read_graph(&mut fields, language, problems);
    if let Some((version, path)) = fields.get("Version")
        && string("Version", version, &path, problems).is_some_and(|version| version != "1.0")
    {
        problems.add(
            "schema",
            &path,
            "the only `Version` of the language is `\"1.0\"`",
        );
    }
    match language {
        Language::Nowhere => {
            let message = "`QueryLanguage` is not JSONata; write `\"QueryLanguage\": \"JSONata\"`, the only one that \
                           this validator reads";
            problems.add("query-language", &fields.path, message);
        }
        Language::Whole | Language::States => {}
    }
    fields.finish("a state machine", problems);
    Some(StateMachine {
        comment,
        timeout_seconds,
        graph,
    })
}

/// Who says that the definition is written in JSONata.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Language {
    /// The state machine, for all its states.
    Whole,
    /// States, each for itself.
    States,
    /// Nobody; reported once.
    Nowhere,
}

impl Language {
    fn of(top: Option<&str>, value: &Value) -> Self {
        match top {
            Some("JSONata") => Self::Whole,
            None | Some("JSONPath") if mentions_jsonata(value) => Self::States,
            _ => Self::Nowhere,
        }
    }
}

fn mentions_jsonata(value: &Value) -> bool {
    match value {
        Value::Object(fields) => fields.iter().any(|(key, value)| match value {
            Value::String(text) => key == "QueryLanguage" && text == "JSONata",
            value => mentions_jsonata(value),
        }),
        Value::Array(items) => items.iter().any(mentions_jsonata),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// `StartAt` and `States` of a machine, a branch or an item processor.
fn read_graph(fields: &mut Fields<'_>, language: Language, problems: &mut Problems) -> Graph {
    let start_at = fields.required_string("StartAt", "add the name of the first state", problems);
    let mut states = Vec::new();
    if let Some((value, path)) =
        fields.required("States", "add an object of states by name", problems)
        && let Some(entries) = entries(value, &path, problems)
    {
        let mut seen = HashSet::new();
        for (name, value) in entries {
            // Reported already; the first one stays, so that nothing follows from the second.
            if seen.insert(name)
                && let Some(state) =
                    states::read_state(name, value, path.key(name), language, problems)
            {
                states.push((name.clone(), state));
            }
        }
    }
    Graph { start_at, states }
}

fn entries<'j>(
    value: &'j Value, path: &Path<'j>, problems: &mut Problems,
) -> Option<&'j [(String, Value)]> {
    match value {
        Value::Object(fields) => Some(fields),
        other => {
            let message = format_args!(
                "`States` must be an object of states by name, not {}",
                other.kind()
            );
            problems.add_incomplete("schema", path, message);
            None
        }
    }
}

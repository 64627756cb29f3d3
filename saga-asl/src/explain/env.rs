//! What is known of the variables and of the state's input at one place. Everything else may be anything.

use std::collections::BTreeMap;

use crate::model::{Assign, Condition, Template};

use super::error::Error;

/// Variables that hold a literal, as JSON text, and the error that the state's input describes.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Env {
    pub(super) variables: BTreeMap<String, String>,
    pub(super) error: Option<Error>,
}

impl Env {
    pub(super) fn assign(&mut self, assign: &Assign) {
        for (name, value) in assign {
            match literal(value) {
                Some(text) => self.variables.insert(name.clone(), text),
                None => self.variables.remove(name),
            };
        }
    }

    /// A state without `Output`, or with its input as `Output`, hands the error on.
    pub(super) fn hand_on(&mut self, output: Option<&Template>, is_input_by_default: bool) {
        let hands_on = match output {
            None => is_input_by_default,
            Some(Template::Expression(expression)) => expression.0.trim() == "$states.input",
            Some(_) => false,
        };
        if !hands_on {
            self.error = None;
        }
    }

    /// What the two know alike.
    pub(super) fn and(&self, other: &Self) -> Self {
        let both = |(name, value): (&String, &String)| {
            (other.variables.get(name) == Some(value)).then(|| (name.clone(), value.clone()))
        };
        Self {
            variables: self.variables.iter().filter_map(both).collect(),
            error: self.error.clone().filter(|_| self.error == other.error),
        }
    }

    /// Whether the condition holds, if that can be told.
    pub(super) fn holds(&self, condition: &Condition) -> Option<bool> {
        let text = match condition {
            Condition::Literal(holds) => return Some(*holds),
            Condition::Expression(expression) => expression.0.trim(),
        };
        let Some((left, right)) = text.split_once(" = ") else {
            let value = self.variables.get(text.strip_prefix('$')?)?;
            return value.parse().ok();
        };
        let right = literal_text(right.trim())?;
        if left.trim() == "$states.input.Error" {
            let error = self.error.as_ref()?;
            let name = serde_json::Value::from(error.name()).to_string();
            return Some(name == right);
        }
        let value = self.variables.get(left.trim().strip_prefix('$')?)?;
        Some(*value == right)
    }
}

/// The variable that the condition asks for.
pub(super) fn asks_for(condition: &Condition) -> Option<&str> {
    let Condition::Expression(expression) = condition else {
        return None;
    };
    let text = expression.0.trim();
    let left = text.split_once(" = ").map_or(text, |(left, _)| left.trim());
    left.strip_prefix('$')
}

fn literal(value: &Template) -> Option<String> {
    match value {
        Template::Null => Some("null".to_owned()),
        Template::Bool(value) => Some(value.to_string()),
        Template::Number(number) => Some(number.to_string()),
        Template::String(text) => Some(serde_json::Value::from(text.as_str()).to_string()),
        Template::Expression(_) | Template::Array(_) | Template::Object(_) => None,
    }
}

/// A literal of JSONata as JSON text; `None` for any other expression.
fn literal_text(text: &str) -> Option<String> {
    let quoted = |mark: char| {
        let inner = text.strip_prefix(mark)?.strip_suffix(mark)?;
        (!inner.contains(['\\', mark])).then(|| serde_json::Value::from(inner).to_string())
    };
    if let Some(text) = quoted('\'').or_else(|| quoted('"')) {
        return Some(text);
    }
    match serde_json::from_str(text) {
        Ok(serde_json::Value::Number(_) | serde_json::Value::Bool(_) | serde_json::Value::Null) => {
            Some(text.to_owned())
        }
        _ => None,
    }
}

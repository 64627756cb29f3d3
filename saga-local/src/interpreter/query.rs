//! Evaluates a state's templates, and says what Step Functions would say when one does not evaluate. Records nothing.

use saga_asl as asl;
use serde_json::{Map, Value, json};

use crate::failure::{MAX_PAYLOAD, json_size};
use crate::jsonata::{self, Bindings, Unevaluated};

use super::Frame;

/// What `$states` holds at one place of a state, its context aside.
#[derive(Clone, Copy)]
pub(super) struct Query<'a> {
    pub(super) input: &'a Value,
    pub(super) result: Option<&'a Value>,
    pub(super) error: Option<&'a Value>,
}

/// An evaluation that failed. `location` is the field, as a path.
pub(super) struct Rejected {
    pub(super) location: Option<String>,
    pub(super) message: String,
    /// Whether the state had begun its work: a Wait's time is looked at only then.
    pub(super) after_entry: bool,
}

impl Rejected {
    pub(super) fn new(location: &str, message: String) -> Self {
        Self {
            location: Some(location.to_owned()),
            message,
            after_entry: false,
        }
    }

    /// The result has a type that the field does not take.
    pub(super) fn unexpected(
        location: &str, expression: &asl::Expression, expected: &str, value: &Value,
    ) -> Self {
        let message = format!(
            "The JSONata expression '{}' specified for the field '{location}' returned an unexpected result type. \
             Expected '{expected}', but was '{}' for value: {value}",
            text_of(expression),
            type_name(value)
        );
        Self::new(location, message)
    }
}

fn text_of(expression: &asl::Expression) -> &str {
    expression.0.trim()
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

impl<'a> Query<'a> {
    pub(super) fn of_input(input: &'a Value) -> Self {
        Self {
            input,
            result: None,
            error: None,
        }
    }

    pub(super) fn with_result(self, result: &'a Value) -> Self {
        Self {
            result: Some(result),
            ..self
        }
    }

    pub(super) fn with_error(self, error: &'a Value) -> Self {
        Self {
            error: Some(error),
            ..self
        }
    }

    fn states(&self, frame: &Frame) -> Value {
        let mut states = Map::new();
        states.insert("context".into(), frame.context());
        for (name, value) in [
            ("input", Some(self.input)),
            ("result", self.result),
            ("errorOutput", self.error),
        ] {
            if let Some(value) = value {
                states.insert(name.into(), value.clone());
            }
        }
        Value::Object(states)
    }

    pub(super) fn template(
        &self, frame: &Frame, field: &str, template: &asl::Template,
    ) -> Result<Value, Rejected> {
        let mut scope = Scope {
            query: self,
            frame,
            states: None,
        };
        scope.template(field, template)
    }

    pub(super) fn assign(
        &self, frame: &Frame, assign: &asl::Assign,
    ) -> Result<Map<String, Value>, Rejected> {
        let mut scope = Scope {
            query: self,
            frame,
            states: None,
        };
        let mut assigned = Map::new();
        for (name, template) in assign {
            assigned.insert(
                name.clone(),
                scope.template(&format!("Assign/{name}"), template)?,
            );
        }
        let too_large = !assigned.is_empty() && json_size(&json!(assigned)) > MAX_PAYLOAD;
        if too_large {
            let message = format!(
                "The variables assigned by one state exceed the limit of {MAX_PAYLOAD} bytes."
            );
            return Err(Rejected::new("Assign", message));
        }
        Ok(assigned)
    }

    pub(super) fn expression(
        &self, frame: &Frame, field: &str, expression: &asl::Expression,
    ) -> Result<Value, Rejected> {
        Scope {
            query: self,
            frame,
            states: None,
        }
        .expression(field, expression)
    }

    /// A whole number in `range`, or an expression of one.
    pub(super) fn number(
        &self, frame: &Frame, field: &str, number: &asl::Number, max: u64,
    ) -> Result<u64, Rejected> {
        let expression = match number {
            asl::Number::Literal(number) => return Ok(*number),
            asl::Number::Expression(expression) => expression,
        };
        let value = self.expression(frame, field, expression)?;
        match value.as_u64() {
            Some(number) if number <= max => Ok(number),
            Some(_) => {
                let text = text_of(expression);
                let message = format!(
                    "The JSONata expression '{text}' specified for the field '{field}' returned {value}, more than {max}."
                );
                Err(Rejected::new(field, message))
            }
            None => Err(Rejected::unexpected(
                field,
                expression,
                "non-negative integer",
                &value,
            )),
        }
    }

    pub(super) fn text(
        &self, frame: &Frame, field: &str, text: &asl::Text,
    ) -> Result<String, Rejected> {
        let expression = match text {
            asl::Text::Literal(text) => return Ok(text.clone()),
            asl::Text::Expression(expression) => expression,
        };
        match self.expression(frame, field, expression)? {
            Value::String(text) => Ok(text),
            other => Err(Rejected::unexpected(field, expression, "string", &other)),
        }
    }
}

/// One field's evaluation: `$states` is built once for all the expressions in it, and only if there are any.
struct Scope<'a> {
    query: &'a Query<'a>,
    frame: &'a Frame,
    states: Option<jsonata_core::value::JValue>,
}

impl Scope<'_> {
    fn template(&mut self, field: &str, template: &asl::Template) -> Result<Value, Rejected> {
        Ok(match template {
            asl::Template::Null => Value::Null,
            asl::Template::Bool(bool) => Value::Bool(*bool),
            asl::Template::Number(number) => Value::Number(number.clone()),
            asl::Template::String(text) => Value::String(text.clone()),
            asl::Template::Expression(expression) => self.expression(field, expression)?,
            asl::Template::Array(items) => {
                let items = items
                    .iter()
                    .enumerate()
                    .map(|(index, item)| self.template(&format!("{field}[{index}]"), item));
                Value::Array(items.collect::<Result<_, _>>()?)
            }
            asl::Template::Object(members) => {
                let members = members.iter().map(|(key, value)| {
                    Ok((
                        key.clone(),
                        self.template(&format!("{field}/{key}"), value)?,
                    ))
                });
                Value::Object(members.collect::<Result<_, Rejected>>()?)
            }
        })
    }

    fn expression(&mut self, field: &str, expression: &asl::Expression) -> Result<Value, Rejected> {
        let text = text_of(expression);
        let (query, frame) = (self.query, self.frame);
        let states = self
            .states
            .get_or_insert_with(|| jsonata::to_jsonata(&query.states(frame)));
        let bindings = Bindings {
            states,
            variables: &frame.variables,
            now: frame.execution.clock.now(),
            seed: frame.execution.random_seed(),
        };
        jsonata::evaluate(text, &bindings).map_err(|unevaluated| {
            let subject =
                format!("The JSONata expression '{text}' specified for the field '{field}'");
            let message = match unevaluated {
                Unevaluated::Nothing => format!("{subject} returned nothing (undefined)."),
                Unevaluated::NotJson => {
                    format!("{subject} returned a function, which is not JSON.")
                }
                Unevaluated::Threw(error) => {
                    format!("{subject} threw an error during evaluation. {error}")
                }
            };
            Rejected::new(field, message)
        })
    }
}

//! Evaluates a state's templates, and says what Step Functions would say when one does not evaluate. Records nothing.

use std::fmt;

use saga_asl as asl;
use serde_json::{Map, Value};

use crate::data::{Data, member};
use crate::failure::{MAX_PAYLOAD, object_size};
use crate::jsonata::{self, Bindings, Unevaluated};
use crate::prepared::{Expression, Part, Path, Prepared};
use crate::shape::Shape;

use super::Frame;

/// What `$states` holds at one place of a state, its context aside.
#[derive(Clone, Copy)]
pub(super) struct Query<'a> {
    pub(super) input: &'a Data,
    pub(super) result: Option<&'a Data>,
    pub(super) error: Option<&'a Data>,
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
    pub(super) fn of_input(input: &'a Data) -> Self {
        Self {
            input,
            result: None,
            error: None,
        }
    }

    pub(super) fn with_result(self, result: &'a Data) -> Self {
        Self {
            result: Some(result),
            ..self
        }
    }

    pub(super) fn with_error(self, error: &'a Data) -> Self {
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
                states.insert(name.into(), value.value().clone());
            }
        }
        Value::Object(states)
    }

    pub(super) fn template(
        &self, frame: &Frame, field: &str, template: &asl::Template,
    ) -> Result<Value, Rejected> {
        self.scope(frame).template(&Place::Field(field), template)
    }

    /// A state's `Output`. A value that is handed on whole, as a compensation's input is, is shared.
    pub(super) fn output(&self, frame: &Frame, template: &asl::Template) -> Result<Data, Rejected> {
        if let asl::Template::Expression(expression) = template
            && let Some(data) = self.whole(frame, text_of(expression))
            && data.is_same_after_jsonata()
        {
            // As for any expression: the numbers that come after are to be the same.
            frame.execution.random_seed();
            return Ok(data.clone());
        }
        self.template(frame, "Output", template).map(Data::from)
    }

    /// What an expression hands on, if it is no more than the name of it.
    fn whole(&self, frame: &Frame, text: &str) -> Option<&'a Data> {
        let expression = frame.execution.services.expressions.get(text);
        let Prepared::Path(Path { variable, names }) = &expression.prepared else {
            return None;
        };
        match names.as_slice() {
            [name] if variable == "states" => match name.as_str() {
                "input" => Some(self.input),
                "result" => self.result,
                "errorOutput" => self.error,
                _ => None,
            },
            _ => None,
        }
    }

    /// The values of a template's leaves, in their order.
    pub(super) fn leaves(&self, frame: &Frame, shape: &Shape) -> Result<Vec<Value>, Rejected> {
        let mut scope = self.scope(frame);
        let leaves = shape.leaves().iter();
        leaves
            .map(|leaf| scope.evaluate(&Place::Field(&leaf.place), &leaf.text, &leaf.expression))
            .collect()
    }

    fn scope(&'a self, frame: &'a Frame) -> Scope<'a> {
        Scope {
            query: self,
            frame,
            states: None,
        }
    }

    pub(super) fn assign(
        &self, frame: &Frame, assign: &asl::Assign,
    ) -> Result<Map<String, Value>, Rejected> {
        let mut scope = self.scope(frame);
        let mut assigned = Map::new();
        for (name, template) in assign {
            let place = Place::Key(&Place::Field("Assign"), name);
            assigned.insert(name.clone(), scope.template(&place, template)?);
        }
        if !assigned.is_empty() && object_size(&assigned) > MAX_PAYLOAD {
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
        self.scope(frame)
            .expression(&Place::Field(field), expression)
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

/// Where in a state an expression stands, as a path; written out only for a message.
enum Place<'a> {
    Field(&'a str),
    Key(&'a Place<'a>, &'a str),
    Index(&'a Place<'a>, usize),
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(name) => f.write_str(name),
            Self::Key(around, key) => write!(f, "{around}/{key}"),
            Self::Index(around, index) => write!(f, "{around}[{index}]"),
        }
    }
}

/// What a path leads to.
enum Found<'a> {
    Json(&'a Value),
    Text(&'a str),
    Count(u64),
}

/// Goes on by names, through objects only: what a name means in an array is for the evaluator to say.
fn follow<'a>(value: &'a Value, names: &[String]) -> Option<Found<'a>> {
    let mut value = value;
    for name in names {
        value = member(value, name)?;
    }
    Some(Found::Json(value))
}

/// One field's evaluation: `$states` is built once for all the expressions in it, and only if there are any.
struct Scope<'a> {
    query: &'a Query<'a>,
    frame: &'a Frame,
    states: Option<jsonata_core::value::JValue>,
}

impl Scope<'_> {
    fn template(&mut self, place: &Place<'_>, template: &asl::Template) -> Result<Value, Rejected> {
        Ok(match template {
            asl::Template::Null => Value::Null,
            asl::Template::Bool(bool) => Value::Bool(*bool),
            asl::Template::Number(number) => Value::Number(number.clone()),
            asl::Template::String(text) => Value::String(text.clone()),
            asl::Template::Expression(expression) => self.expression(place, expression)?,
            asl::Template::Array(items) => {
                let items = items
                    .iter()
                    .enumerate()
                    .map(|(index, item)| self.template(&Place::Index(place, index), item));
                Value::Array(items.collect::<Result<_, _>>()?)
            }
            asl::Template::Object(members) => {
                let mut object = Map::with_capacity(members.len());
                for (key, value) in members {
                    let value = self.template(&Place::Key(place, key), value)?;
                    object.insert(key.clone(), value);
                }
                Value::Object(object)
            }
        })
    }

    fn expression(
        &mut self, place: &Place<'_>, expression: &asl::Expression,
    ) -> Result<Value, Rejected> {
        let text = text_of(expression);
        let expression = self.frame.execution.services.expressions.get(text);
        self.evaluate(place, text, &expression)
    }

    fn evaluate(
        &mut self, place: &Place<'_>, text: &str, expression: &Expression,
    ) -> Result<Value, Rejected> {
        let (query, frame) = (self.query, self.frame);
        let execution = &frame.execution;
        let seed = execution.random_seed();
        if let Some(value) = self.look_up(&expression.prepared) {
            return Ok(value);
        }
        let states = text.contains("states").then(|| {
            &*self
                .states
                .get_or_insert_with(|| jsonata::to_jsonata(&query.states(frame)))
        });
        let bindings = Bindings {
            states,
            variables: &frame.variables,
            now: execution.clock.now(),
            seed,
            patience: &execution.services.patience,
        };
        jsonata::evaluate(text, expression, &bindings).map_err(|unevaluated| {
            let subject =
                format!("The JSONata expression '{text}' specified for the field '{place}'");
            let message = match unevaluated {
                Unevaluated::Nothing => format!("{subject} returned nothing (undefined)."),
                Unevaluated::NotJson => {
                    format!("{subject} returned a function, which is not JSON.")
                }
                Unevaluated::Threw(error) => {
                    format!("{subject} threw an error during evaluation. {error}")
                }
            };
            Rejected::new(&place.to_string(), message)
        })
    }

    /// The value of a path, or of texts put together, without an evaluator; `None` where only that one knows.
    fn look_up(&self, prepared: &Prepared) -> Option<Value> {
        match prepared {
            Prepared::Path(path) => Some(match self.find(path)? {
                Found::Json(value) => jsonata::through_jsonata(value),
                Found::Text(text) => Value::from(text),
                Found::Count(count) => Value::from(count),
            }),
            Prepared::Text(parts) => {
                // An execution's ARN and the time of its start, mostly.
                let mut whole = String::with_capacity(128);
                for part in parts {
                    match part {
                        Part::Literal(text) => whole.push_str(text),
                        Part::Path(path) => match self.find(path)? {
                            Found::Text(text) => whole.push_str(text),
                            Found::Json(value) => whole.push_str(value.as_str()?),
                            Found::Count(_) => return None,
                        },
                    }
                }
                Some(Value::String(whole))
            }
            Prepared::General => None,
        }
    }

    fn find(&self, path: &Path) -> Option<Found<'_>> {
        if path.variable != "states" {
            return follow(self.frame.variables.get(&path.variable)?, &path.names);
        }
        let (name, rest) = path.names.split_first()?;
        let data = match name.as_str() {
            "context" => return self.frame.find(rest),
            "input" => self.query.input,
            "result" => self.query.result?,
            "errorOutput" => self.query.error?,
            _ => return None,
        };
        match rest.split_first() {
            None => Some(Found::Json(data.value())),
            Some((name, rest)) => follow(data.get(name)?, rest),
        }
    }
}

impl Frame {
    /// What most definitions take of `$states.context`, which then need not be built; `None` for the rest of it.
    fn find(&self, names: &[String]) -> Option<Found<'_>> {
        let (of, rest) = names.split_first()?;
        let (name, rest) = rest.split_first()?;
        let found = match (of.as_str(), name.as_str()) {
            ("Execution", "Input") => return follow(self.execution.input.value(), rest),
            ("Map", "Item") => return follow(self.item.as_ref()?, rest),
            ("Execution", "Id") => Found::Text(&self.execution.arn),
            ("Execution", "Name") => Found::Text(&self.execution.name),
            ("Execution", "StartTime") => Found::Text(&self.execution.start_time),
            ("State", "Name") => Found::Text(&self.state.name),
            // Every emitted envelope asks for it.
            ("State", "RetryCount") => Found::Count(self.state.retries?),
            ("Task", "Token") => Found::Text(self.state.token.as_deref()?),
            _ => return None,
        };
        rest.is_empty().then_some(found)
    }
}

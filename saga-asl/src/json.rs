//! Writes the model as JSON, in one stable and readable order of fields. Reading is `read`.

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::model::{
    ExecutionType, Expression, ItemProcessor, Next, ProcessorMode, StateMachine, Template, Text,
};

/// The definition as pretty JSON: two spaces, fields in reading order, a newline at the end.
///
/// The same model always gives the same bytes, whatever features `serde_json` is built with.
///
/// # Example
///
/// ```
/// use saga_asl::{Graph, State, StateMachine, Succeed};
///
/// let machine = StateMachine {
///     comment: None,
///     timeout_seconds: None,
///     graph: Graph {
///         start_at: "done".to_owned(),
///         states: vec![("done".to_owned(), State::Succeed(Succeed { comment: None, output: None }))],
///     },
/// };
/// assert_eq!(
///     saga_asl::to_json(&machine),
///     r#"{
///   "QueryLanguage": "JSONata",
///   "StartAt": "done",
///   "States": {
///     "done": {
///       "Type": "Succeed"
///     }
///   }
/// }
/// "#
/// );
/// ```
#[expect(
    clippy::missing_panics_doc,
    reason = "a map whose keys are strings always serialises"
)]
pub fn to_json(machine: &StateMachine) -> String {
    let mut text =
        serde_json::to_string_pretty(machine).expect("a map whose keys are strings serialises");
    text.push('\n');
    text
}

/// The definition as JSON without a blank or a line break: the bytes that Step Functions' limit counts.
///
/// # Example
///
/// ```
/// # use saga_asl::{Graph, State, StateMachine, Succeed};
/// # let graph = Graph {
/// #     start_at: "done".to_owned(),
/// #     states: vec![("done".to_owned(), State::Succeed(Succeed { comment: None, output: None }))],
/// # };
/// # let machine = StateMachine { comment: None, timeout_seconds: None, graph };
/// assert_eq!(
///     saga_asl::to_json_compact(&machine),
///     r#"{"QueryLanguage":"JSONata","StartAt":"done","States":{"done":{"Type":"Succeed"}}}"#
/// );
/// ```
#[expect(
    clippy::missing_panics_doc,
    reason = "a map whose keys are strings always serialises"
)]
pub fn to_json_compact(machine: &StateMachine) -> String {
    serde_json::to_string(machine).expect("a map whose keys are strings serialises")
}

/// Pairs as an object, in their order.
pub(crate) fn object<T: Serialize, S: Serializer>(
    pairs: &[(String, T)], serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(pairs.iter().map(|(key, value)| (key, value)))
}

/// `2.0` as `2`: definitions repeat these in every state, and bytes are limited.
#[expect(clippy::ref_option, reason = "the shape that `serialize_with` calls")]
pub(crate) fn short_number<S: Serializer>(
    number: &Option<f64>, serializer: S,
) -> Result<S::Ok, S::Error> {
    /// Above it, an `f64` no longer holds every integer.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match *number {
        None => serializer.serialize_none(),
        #[expect(
            clippy::cast_possible_truncation,
            reason = "integral and within the exact range"
        )]
        Some(number) if number.fract() == 0.0 && number.abs() < EXACT => {
            serializer.serialize_i64(number as i64)
        }
        Some(number) => serializer.serialize_f64(number),
    }
}

impl Serialize for StateMachine {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(comment) = &self.comment {
            map.serialize_entry("Comment", comment)?;
        }
        map.serialize_entry("QueryLanguage", "JSONata")?;
        if let Some(seconds) = self.timeout_seconds {
            map.serialize_entry("TimeoutSeconds", &seconds)?;
        }
        map.serialize_entry("StartAt", &self.graph.start_at)?;
        map.serialize_entry("States", &States(&self.graph.states))?;
        map.end()
    }
}

impl Serialize for ItemProcessor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("ProcessorConfig", &self.mode)?;
        map.serialize_entry("StartAt", &self.graph.start_at)?;
        map.serialize_entry("States", &States(&self.graph.states))?;
        map.end()
    }
}

struct States<'a, T>(&'a [(String, T)]);

impl<T: Serialize> Serialize for States<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        object(self.0, serializer)
    }
}

impl Serialize for ProcessorMode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self {
            Self::Inline => map.serialize_entry("Mode", "INLINE")?,
            Self::Distributed(execution_type) => {
                map.serialize_entry("Mode", "DISTRIBUTED")?;
                let execution_type = match execution_type {
                    ExecutionType::Standard => "STANDARD",
                    ExecutionType::Express => "EXPRESS",
                };
                map.serialize_entry("ExecutionType", execution_type)?;
            }
        }
        map.end()
    }
}

impl Serialize for Next {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        match self {
            Self::To(name) => map.serialize_entry("Next", name)?,
            Self::End => map.serialize_entry("End", &true)?,
        }
        map.end()
    }
}

impl Serialize for Expression {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{{% {} %}}", self.0))
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Literal(text) => literal(text, serializer),
            Self::Expression(expression) => expression.serialize(serializer),
        }
    }
}

impl Serialize for Template {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(number) => number.serialize(serializer),
            Self::String(text) => literal(text, serializer),
            Self::Expression(expression) => expression.serialize(serializer),
            Self::Array(items) => serializer.collect_seq(items),
            Self::Object(fields) => object(fields, serializer),
        }
    }
}

/// A string that Step Functions would take for an expression, or for half of one, becomes the expression
/// whose value is that string.
fn literal<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    if text.starts_with("{%") || text.ends_with("%}") {
        // A JSON string is a JSONata string literal.
        let quoted = serde_json::Value::from(text);
        serializer.collect_str(&format_args!("{{% {quoted} %}}"))
    } else {
        serializer.serialize_str(text)
    }
}

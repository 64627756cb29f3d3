//! One JSON object while it is read: hands fields out by name, then reports those that nobody asked for.

use crate::model::{Expression, Number, Template, Text};
use crate::problems::{Path, Problems, Short};

use super::value::Value;

/// What stands in for a field of the other query language.
const JSONPATH: &[(&str, &str)] = &[
    (
        "InputPath",
        "read `$states.input` in `Arguments` or `Output`",
    ),
    (
        "Parameters",
        "write `Arguments`, in a Map `ItemSelector`, in a Pass `Output`",
    ),
    (
        "ResultSelector",
        "read `$states.result` in `Output` or `Assign`",
    ),
    (
        "ResultPath",
        "write `Output`, or keep the result in a variable with `Assign`",
    ),
    ("OutputPath", "write `Output`"),
    ("Result", "write `Output`"),
    (
        "TimeoutSecondsPath",
        "write `\"TimeoutSeconds\": \"{% … %}\"`",
    ),
    (
        "HeartbeatSecondsPath",
        "write `\"HeartbeatSeconds\": \"{% … %}\"`",
    ),
    ("SecondsPath", "write `\"Seconds\": \"{% … %}\"`"),
    ("TimestampPath", "write `\"Timestamp\": \"{% … %}\"`"),
    ("ItemsPath", "write `\"Items\": \"{% … %}\"`"),
    (
        "MaxConcurrencyPath",
        "write `\"MaxConcurrency\": \"{% … %}\"`",
    ),
    (
        "ToleratedFailurePercentagePath",
        "write `\"ToleratedFailurePercentage\": \"{% … %}\"`",
    ),
    (
        "ToleratedFailureCountPath",
        "write `\"ToleratedFailureCount\": \"{% … %}\"`",
    ),
    ("ErrorPath", "write `\"Error\": \"{% … %}\"`"),
    ("CausePath", "write `\"Cause\": \"{% … %}\"`"),
    ("Variable", "write `Condition`"),
    ("And", "write `and` in `Condition`"),
    ("Or", "write `or` in `Condition`"),
    ("Not", "write `$not(…)` in `Condition`"),
];

/// How the names of JSONPath's comparisons begin, as in `NumericLessThanEqualsPath`.
const COMPARISONS: &[&str] = &[
    "String",
    "Numeric",
    "Boolean",
    "Timestamp",
    "IsNull",
    "IsPresent",
    "IsNumeric",
];
const MORE_COMPARISONS: &[&str] = &["IsString", "IsBoolean", "IsTimestamp"];

/// Fields that Step Functions accepts and the model has no place for.
const UNSUPPORTED: &[&str] = &["ItemReader", "ItemBatcher", "ResultWriter", "Iterator"];

/// An object on its way into the model.
pub(super) struct Fields<'j> {
    entries: &'j [(String, Value)],
    asked: Vec<&'static str>,
    pub(super) path: Path<'j>,
}

impl<'j> Fields<'j> {
    /// The object's fields, or a problem that names `what` it should be.
    pub(super) fn new(
        what: &str, value: &'j Value, path: Path<'j>, problems: &mut Problems,
    ) -> Option<Self> {
        match value {
            Value::Object(entries) => Some(Self {
                entries,
                asked: Vec::new(),
                path,
            }),
            other => {
                problems.add_incomplete(
                    "schema",
                    &path,
                    format_args!("{what} must be an object, not {}", other.kind()),
                );
                None
            }
        }
    }

    /// The field's value, and its place.
    pub(super) fn get(&mut self, key: &'static str) -> Option<(&'j Value, Path<'j>)> {
        self.asked.push(key);
        let (_, value) = self.entries.iter().find(|(name, _)| name == key)?;
        Some((value, self.path.key(key)))
    }

    /// As [`Fields::get`], and a missing field is a problem: `advice` says what to add.
    pub(super) fn required(
        &mut self, key: &'static str, advice: &str, problems: &mut Problems,
    ) -> Option<(&'j Value, Path<'j>)> {
        let found = self.get(key);
        if found.is_none() {
            problems.add_incomplete(
                "schema",
                &self.path,
                format_args!("`{key}` is missing; {advice}"),
            );
        }
        found
    }

    /// A string that is never an expression.
    pub(super) fn string(&mut self, key: &'static str, problems: &mut Problems) -> Option<String> {
        let (value, path) = self.get(key)?;
        string(key, value, &path, problems).map(str::to_owned)
    }

    /// A string that must be there; empty when it is not.
    pub(super) fn required_string(
        &mut self, key: &'static str, advice: &str, problems: &mut Problems,
    ) -> String {
        let found = self.required(key, advice, problems);
        found
            .and_then(|(value, path)| string(key, value, &path, problems))
            .unwrap_or_default()
            .to_owned()
    }

    pub(super) fn text(&mut self, key: &'static str, problems: &mut Problems) -> Option<Text> {
        let (value, path) = self.get(key)?;
        let text = string(key, value, &path, problems)?;
        Some(match expression(text, &path, problems) {
            Some(expression) => Text::Expression(expression),
            None => Text::Literal(text.to_owned()),
        })
    }

    pub(super) fn number(&mut self, key: &'static str, problems: &mut Problems) -> Option<Number> {
        let (value, path) = self.get(key)?;
        if let Value::Number(number) = value
            && let Some(literal) = number.as_u64()
        {
            return Some(Number::Literal(literal));
        }
        if let Value::String(text) = value
            && let Some(expression) = expression(text, &path, problems)
        {
            return Some(Number::Expression(expression));
        }
        if let (Value::Number(_), "ToleratedFailurePercentage") = (value, key) {
            let message =
                format_args!("this validator does not cover fractions of a percent in `{key}`");
            problems.add("unsupported", &path, message);
            return None;
        }
        let message = format_args!(
            "`{key}` must be a whole number or a string `{{% … %}}`, not {}",
            numeric_kind(value)
        );
        problems.add("schema", &path, message);
        None
    }

    /// A whole number that is never an expression.
    pub(super) fn integer(&mut self, key: &'static str, problems: &mut Problems) -> Option<u64> {
        let (value, path) = self.get(key)?;
        if let Value::Number(number) = value
            && let Some(literal) = number.as_u64()
        {
            return Some(literal);
        }
        let message = format_args!(
            "`{key}` must be a whole number, not {}",
            numeric_kind(value)
        );
        problems.add("schema", &path, message);
        None
    }

    pub(super) fn float(&mut self, key: &'static str, problems: &mut Problems) -> Option<f64> {
        let (value, path) = self.get(key)?;
        if let Value::Number(number) = value
            && let Some(literal) = number.as_f64()
        {
            return Some(literal);
        }
        problems.add(
            "schema",
            &path,
            format_args!("`{key}` must be a number, not {}", value.kind()),
        );
        None
    }

    pub(super) fn template(
        &mut self, key: &'static str, problems: &mut Problems,
    ) -> Option<Template> {
        let (value, path) = self.get(key)?;
        Some(template(value, &path, problems))
    }

    /// `Assign`; empty when it is not there.
    pub(super) fn assign(&mut self, problems: &mut Problems) -> Vec<(String, Template)> {
        let Some((value, path)) = self.get("Assign") else {
            return Vec::new();
        };
        match value {
            Value::Object(fields) => object(fields, &path, problems),
            other => {
                let message = format_args!(
                    "`Assign` must be an object of variables, not {}",
                    other.kind()
                );
                problems.add_incomplete("schema", &path, message);
                Vec::new()
            }
        }
    }

    /// The elements of an array, with their places; none when it is not there.
    pub(super) fn array(
        &mut self, key: &'static str, problems: &mut Problems,
    ) -> Vec<(&'j Value, Path<'j>)> {
        let Some((value, path)) = self.get(key) else {
            return Vec::new();
        };
        elements(key, value, &path, problems)
    }

    /// Reports the fields that nobody asked for. `what` owns them, as in "a Pass state".
    pub(super) fn finish(self, what: &str, problems: &mut Problems) {
        for (key, _) in self.entries {
            if self.asked.contains(&key.as_str()) {
                continue;
            }
            let path = self.path.key(key);
            if let Some((_, advice)) = JSONPATH.iter().find(|(name, _)| name == key) {
                problems.add(
                    "jsonpath",
                    &path,
                    format_args!("`{key}` belongs to JSONPath; {advice}"),
                );
            } else if UNSUPPORTED.contains(&key.as_str()) {
                problems.add(
                    "unsupported",
                    &path,
                    format_args!("this validator does not cover `{key}`"),
                );
            } else if key.ends_with(".$") {
                let message = format_args!(
                    "`{}` belongs to JSONPath; drop the `.$` and write the value as `{{% … %}}`",
                    Short(key)
                );
                problems.add("jsonpath", &path, message);
            } else if COMPARISONS
                .iter()
                .chain(MORE_COMPARISONS)
                .any(|start| key.starts_with(start))
            {
                let message = format_args!(
                    "`{}` belongs to JSONPath; compare in `Condition`",
                    Short(key)
                );
                problems.add("jsonpath", &path, message);
            } else {
                let hint = problems.hint("", key, self.asked.iter().copied());
                problems.add(
                    "unknown-field",
                    &path,
                    format_args!("{what} has no field `{}`{hint}", Short(key)),
                );
            }
        }
    }
}

fn numeric_kind(value: &Value) -> String {
    match value {
        Value::Number(number) => format!("`{number}`"),
        Value::String(text) => format!("the string `{}`", Short(text)),
        other => other.kind().to_owned(),
    }
}

pub(super) fn string<'j>(
    what: &str, value: &'j Value, path: &Path<'j>, problems: &mut Problems,
) -> Option<&'j str> {
    match value {
        Value::String(text) => Some(text),
        other => {
            problems.add_incomplete(
                "schema",
                path,
                format_args!("`{what}` must be a string, not {}", other.kind()),
            );
            None
        }
    }
}

pub(super) fn elements<'j>(
    what: &str, value: &'j Value, path: &Path<'j>, problems: &mut Problems,
) -> Vec<(&'j Value, Path<'j>)> {
    match value {
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(i, item)| (item, path.index(i)))
            .collect(),
        other => {
            problems.add_incomplete(
                "schema",
                path,
                format_args!("`{what}` must be an array, not {}", other.kind()),
            );
            Vec::new()
        }
    }
}

/// The expression in `{% … %}`. Half a pair of marks is a problem, as it is for Step Functions.
///
/// <https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html>
pub(super) fn expression(
    text: &str, path: &Path<'_>, problems: &mut Problems,
) -> Option<Expression> {
    if let Some(inner) = text
        .strip_prefix("{%")
        .and_then(|rest| rest.strip_suffix("%}"))
    {
        return Some(Expression(inner.trim().to_owned()));
    }
    if text.starts_with("{%") {
        problems.add(
            "jsonata",
            path,
            "an expression that starts with `{%` must end with `%}`, the string's last characters",
        );
    } else if text.ends_with("%}") {
        problems.add(
            "jsonata",
            path,
            "an expression that ends with `%}` must start with `{%`, the string's first characters",
        );
    }
    None
}

pub(super) fn template<'j>(value: &'j Value, path: &Path<'j>, problems: &mut Problems) -> Template {
    match value {
        Value::Null => Template::Null,
        Value::Bool(value) => Template::Bool(*value),
        Value::Number(number) => Template::Number(number.clone()),
        Value::String(text) => match expression(text, path, problems) {
            Some(expression) => Template::Expression(expression),
            None => Template::String(text.clone()),
        },
        Value::Array(items) => Template::Array(
            items
                .iter()
                .enumerate()
                .map(|(i, item)| template(item, &path.index(i), problems))
                .collect(),
        ),
        Value::Object(fields) => Template::Object(object(fields, path, problems)),
    }
}

fn object<'j>(
    fields: &'j [(String, Value)], path: &Path<'j>, problems: &mut Problems,
) -> Vec<(String, Template)> {
    fields
        .iter()
        .map(|(key, value)| (key.clone(), template(value, &path.key(key), problems)))
        .collect()
}

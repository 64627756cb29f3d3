//! Evaluates one JSONata expression as Step Functions does. Values cross as JSON; JSONata's own, bound to one thread, stay inside.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use jsonata_core::evaluator::{Context, Evaluator, EvaluatorOptions};
use jsonata_core::value::JValue;
use serde::Deserialize;
use serde_json::{Map, Number, Value};

use crate::prepared::Expression;
use crate::{functions, guard};

/// The variables of one scope. An inner scope starts as a copy, so that nothing it assigns is seen outside.
pub(crate) type Variables = BTreeMap<String, Arc<Value>>;

/// Deep enough for any expression a person writes; an endless recursion ends here, not in the process's stack.
const MAX_DEPTH: usize = 5_000;

/// A tail recursion has no depth; only time ends it. Step Functions limits an evaluation too, at a time it does not publish.
const MAX_MILLIS: u64 = 5_000;

/// What an evaluation has even after many that took too long: more than any that ends by itself needs.
const MIN_MILLIS: u64 = 50;

/// How long an evaluation may take. Each one that takes too long leaves a quarter to those after it: a Task that is tried again
/// evaluates its arguments again, and would wait as long each time.
#[derive(Debug)]
pub(crate) struct Patience(AtomicU64);

impl Default for Patience {
    fn default() -> Self {
        Self(AtomicU64::new(MAX_MILLIS))
    }
}

impl Patience {
    fn millis(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn note(&self, limit: u64, took: Duration) {
        if took >= Duration::from_millis(limit) {
            self.0.store((limit / 4).max(MIN_MILLIS), Ordering::Relaxed);
        }
    }
}

/// The longest sequence that an expression may build. Far more than a payload can hold.
const MAX_SEQUENCE: usize = 1_000_000;

/// What an expression may see beyond its own text.
pub(crate) struct Bindings<'a> {
    /// `None` where the text does not mention it.
    pub(crate) states: Option<&'a JValue>,
    pub(crate) variables: &'a Variables,
    pub(crate) now: SystemTime,
    /// Where `$random` and `$uuid` begin.
    pub(crate) seed: u64,
    pub(crate) patience: &'a Patience,
}

#[derive(Debug)]
pub(crate) enum Unevaluated {
    /// The result was undefined.
    Nothing,
    /// The result is a function or a regular expression, which JSON cannot hold.
    NotJson,
    /// JSONata's message, with its code.
    Threw(String),
}

pub(crate) fn evaluate(
    text: &str, expression: &Expression, bindings: &Bindings<'_>,
) -> Result<Value, Unevaluated> {
    let tree = match &expression.tree {
        Ok(tree) => tree,
        Err(error) => return Err(Unevaluated::Threw(error.clone())),
    };
    let mut context = Context::new();
    if let Some(states) = bindings.states {
        context.bind("states".into(), states.clone());
    }
    for (name, value) in bindings.variables {
        // Converting is most of the work of a small expression; a name that the text does not hold cannot be read.
        if text.contains(name.as_str()) {
            context.bind(name.clone(), to_jsonata(value));
        }
    }
    let (limit, begun) = (bindings.patience.millis(), Instant::now());
    let options = EvaluatorOptions {
        timeout_ms: Some(limit),
        cancel: None,
        max_stack_depth: Some(MAX_DEPTH),
        max_sequence_length: Some(MAX_SEQUENCE),
    };
    let mut evaluator = Evaluator::with_options(context, options);
    let threw = |error: jsonata_core::evaluator::EvaluatorError| {
        Unevaluated::Threw(error.message().to_owned())
    };
    if expression.calls {
        functions::register(&mut evaluator, bindings.now, bindings.seed).map_err(threw)?;
    }
    if expression.is_guarded {
        guard::register(&mut evaluator).map_err(threw)?;
    }
    // Step Functions gives an expression no context value: everything is reached through `$states` and variables.
    let result = evaluator.evaluate(tree, &JValue::Undefined);
    bindings.patience.note(limit, begun.elapsed());
    let result = result.map_err(threw)?;
    if !guard::is_bounded(&result) {
        let message = "the result is larger or more deeply nested than Step Functions could hold";
        return Err(Unevaluated::Threw(message.to_owned()));
    }
    match from_jsonata(&result) {
        Some(value) => Ok(value),
        None if result.is_undefined() => Err(Unevaluated::Nothing),
        None => Err(Unevaluated::NotJson),
    }
}

pub(crate) fn to_jsonata(value: &Value) -> JValue {
    // Reading from a `Value` cannot fail: JSONata's values are a superset of JSON's.
    JValue::deserialize(value).unwrap_or(JValue::Undefined)
}

/// `None` for what JSON has no form of; inside arrays and objects such members are left out, as JSON.stringify does.
pub(crate) fn from_jsonata(value: &JValue) -> Option<Value> {
    match value {
        JValue::Null => Some(Value::Null),
        JValue::Bool(bool) => Some(Value::Bool(*bool)),
        JValue::Number(number) => Some(number_to_json(*number)),
        JValue::String(text) => Some(Value::String(text.as_ref().to_owned())),
        JValue::Array(items) => Some(Value::Array(
            items.iter().filter_map(from_jsonata).collect(),
        )),
        JValue::Object(members) => {
            let members = members
                .iter()
                .filter_map(|(key, value)| Some((key.clone(), from_jsonata(value)?)));
            Some(Value::Object(members.collect::<Map<_, _>>()))
        }
        _ => None,
    }
}

/// The value as it would come back from JSONata, if it went there and nothing happened to it.
pub(crate) fn through_jsonata(value: &Value) -> Value {
    match value {
        Value::Number(number) => match number.as_f64() {
            Some(float) => number_to_json(float),
            None => value.clone(),
        },
        Value::Array(items) => Value::Array(items.iter().map(through_jsonata).collect()),
        Value::Object(members) => {
            let members = members.iter();
            Value::Object(
                members
                    .map(|(key, value)| (key.clone(), through_jsonata(value)))
                    .collect(),
            )
        }
        Value::Null | Value::Bool(_) | Value::String(_) => value.clone(),
    }
}

/// Whether [`through_jsonata`] gives the same value.
pub(crate) fn is_same(value: &Value) -> bool {
    match value {
        Value::Number(number) => match number.as_f64() {
            Some(float) => number_to_json(float) == *value,
            None => true,
        },
        Value::Array(items) => items.iter().all(is_same),
        Value::Object(members) => members.values().all(is_same),
        Value::Null | Value::Bool(_) | Value::String(_) => true,
    }
}

/// JSONata computes in `f64`, yet an integer comes back as an integer.
fn number_to_json(number: f64) -> Value {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    #[allow(
        clippy::cast_possible_truncation,
        reason = "integers within 2^53 are exact in both types"
    )]
    if number.fract() == 0.0 && number.abs() <= EXACT {
        return Value::from(number as i64);
    }
    Number::from_f64(number).map_or(Value::Null, Value::Number)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::{Patience, is_same, through_jsonata};

    #[test]
    fn what_jsonata_leaves_as_it_is_is_known() {
        let values = [
            (
                json!({ "a": [null, true, "1.0", -7, 1.5, { "b": 9_007_199_254_740_992_u64 }] }),
                true,
            ),
            (json!([1.0]), false),
            (json!({ "a": { "b": 9_007_199_254_740_993_u64 } }), false),
            (json!([[-0.0]]), false),
        ];
        for (value, expected) in values {
            assert_eq!(is_same(&value), expected, "{value}");
            assert_eq!(through_jsonata(&value) == value, expected, "{value}");
        }
    }

    #[test]
    fn who_waited_in_vain_waits_less_the_next_time() {
        let patience = Patience::default();
        patience.note(5_000, Duration::from_millis(4_999));
        assert_eq!(patience.millis(), 5_000);
        let limits = [(); 6].map(|()| {
            let limit = patience.millis();
            patience.note(limit, Duration::from_millis(limit));
            limit
        });
        assert_eq!(limits, [5_000, 1_250, 312, 78, 50, 50]);
    }
}

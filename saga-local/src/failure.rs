//! What a state, a branch or an execution fails with, and which names in `Retry` and `Catch` it answers to.

use std::fmt::{self, Write as _};

use serde_json::{Map, Number, Value};

/// Step Functions' limit for a state's input or output and a task's arguments or result, in bytes:
/// <https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html>.
pub(crate) const MAX_PAYLOAD: usize = 262_144;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) error: Option<String>,
    pub(crate) cause: Option<String>,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Plain,
    /// Reported as `States.Timeout`, and matched by that name and by `States.HeartbeatTimeout`.
    Heartbeat,
    /// Ends the execution whatever `Catch` says.
    Fatal,
}

impl Failure {
    pub(crate) fn new(error: impl Into<String>, cause: impl Into<String>) -> Self {
        Self {
            error: Some(error.into()),
            cause: Some(cause.into()),
            kind: Kind::Plain,
        }
    }

    /// A Fail state may leave out either.
    pub(crate) fn from_parts(error: Option<String>, cause: Option<String>) -> Self {
        Self {
            error,
            cause,
            kind: Kind::Plain,
        }
    }

    pub(crate) fn timeout() -> Self {
        Self {
            error: Some("States.Timeout".into()),
            cause: None,
            kind: Kind::Plain,
        }
    }

    pub(crate) fn heartbeat() -> Self {
        Self {
            kind: Kind::Heartbeat,
            ..Self::timeout()
        }
    }

    pub(crate) fn runtime(cause: impl Into<String>) -> Self {
        Self::new("States.Runtime", cause)
    }

    /// `what` is a state's name or, for a task's result, the service's.
    pub(crate) fn too_large(what: &str) -> Self {
        let cause = format!(
            "The state/task '{what}' returned a result with a size exceeding the maximum number of bytes service limit."
        );
        Self::new("States.DataLimitExceeded", cause)
    }

    pub(crate) fn history_full() -> Self {
        let cause = "The execution reached the maximum number of history events (25000).";
        Self {
            kind: Kind::Fatal,
            ..Self::runtime(cause)
        }
    }

    /// Whether an entry of `ErrorEquals` names this failure:
    /// <https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html>.
    pub(crate) fn matches(&self, name: &str) -> bool {
        let error = self.error.as_deref().unwrap_or_default();
        // A `States.Runtime` error is not retriable and always fails the execution, even where it is named.
        if self.kind == Kind::Fatal || error == "States.Runtime" {
            return false;
        }
        match name {
            "States.ALL" => error != "States.DataLimitExceeded",
            "States.TaskFailed" => error != "States.DataLimitExceeded" && error != "States.Timeout",
            "States.HeartbeatTimeout" => self.kind == Kind::Heartbeat || error == name,
            _ => error == name,
        }
    }

    pub(crate) fn matches_any(&self, names: &[String]) -> bool {
        names.iter().any(|name| self.matches(name))
    }

    /// `$states.errorOutput`. A cause that is missing, as a timeout's is, reads as empty text there, while events leave it out.
    pub(crate) fn error_output(&self) -> Value {
        let text = |part: &Option<String>| part.clone().unwrap_or_default();
        serde_json::json!({ "Error": text(&self.error), "Cause": text(&self.cause) })
    }

    /// The `error` and `cause` of a history event.
    pub(crate) fn parts(&self) -> Vec<(&'static str, Value)> {
        let parts = [("error", &self.error), ("cause", &self.cause)];
        let given = parts
            .into_iter()
            .filter_map(|(key, part)| Some((key, part.as_deref()?.into())));
        given.collect()
    }
}

/// The length of the value as compact JSON, without writing it anywhere.
pub(crate) fn json_size(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(true) => 4,
        Value::Bool(false) => 5,
        Value::Number(number) => number_size(number),
        Value::String(text) => text_size(text),
        Value::Array(items) => {
            2 + items.len().saturating_sub(1) + items.iter().map(json_size).sum::<usize>()
        }
        Value::Object(members) => object_size(members),
    }
}

/// As [`json_size`], of an object.
pub(crate) fn object_size(members: &Map<String, Value>) -> usize {
    let member = |(name, value): (&String, &Value)| text_size(name) + 1 + json_size(value);
    2 + members.len().saturating_sub(1) + members.iter().map(member).sum::<usize>()
}

/// With its quotes; escaped is what has to be.
pub(crate) fn text_size(text: &str) -> usize {
    let byte = |byte: u8| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 2,
        0..0x20 => 6,
        _ => 1,
    };
    let is_escaped = |byte: u8| byte < 0x20 || byte == b'"' || byte == b'\\';
    // Hardly any text has one. Without an early end, the search goes many bytes at a time.
    if !text
        .bytes()
        .fold(false, |found, byte| found | is_escaped(byte))
    {
        return 2 + text.len();
    }
    2 + text.bytes().map(byte).sum::<usize>()
}

fn number_size(number: &Number) -> usize {
    /// Counts what is written to it.
    struct Count(usize);
    impl fmt::Write for Count {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0 += text.len();
            Ok(())
        }
    }
    if let Some(whole) = number.as_u64() {
        let digits = whole.checked_ilog10().map_or(1, |digits| digits + 1);
        return digits as usize;
    }
    let mut count = Count(0);
    // Neither a number nor this writer can fail.
    let _ = write!(count, "{number}");
    count.0
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::json_size;

    #[test]
    fn the_size_is_that_of_the_text() {
        for value in [
            json!(null),
            json!([
                true,
                false,
                null,
                0,
                -7,
                1.5,
                1e300,
                -0.0,
                u64::MAX,
                i64::MIN
            ]),
            json!({ "": [], "a": {}, "b\"\\/": [[1], { "c": "é\u{1f600}\u{7f}" }] }),
            json!((0..0x20_u8).map(char::from).collect::<String>()),
        ] {
            assert_eq!(json_size(&value), value.to_string().len(), "{value}");
        }
    }
}

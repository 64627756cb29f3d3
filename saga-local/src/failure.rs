//! What a state, a branch or an execution fails with, and which names in `Retry` and `Catch` it answers to.

use serde_json::{Map, Value};

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
    pub(crate) fn details(&self) -> Map<String, Value> {
        let mut details = Map::new();
        for (key, value) in [("error", &self.error), ("cause", &self.cause)] {
            if let Some(value) = value {
                details.insert(key.into(), Value::String(value.clone()));
            }
        }
        details
    }
}

/// The length of the value as compact JSON, without writing it anywhere.
pub(crate) fn json_size(value: &Value) -> usize {
    struct Count(usize);
    impl std::io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    // Neither a `Value` nor this writer can fail.
    let _ = serde_json::to_writer(&mut count, value);
    count.0
}

//! How a saga on a bus ended, by what was committed and what is still under way. Judges nothing.

use serde_json::Value;

use super::Bus;
use crate::matrix::End;

/// How the saga ended, as somebody sees it who reads the events.
pub(crate) fn end(bus: &Bus, saga: &str) -> End {
    if bus.is_open(saga) {
        return End::Unfinished;
    }
    let text = |event: &Value, name: &str| {
        let text = event.get(name).and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    };
    let own = bus.events().filter(|event| text(event, "subject") == saga);
    let types: Vec<String> = own.map(|event| text(event, "type")).collect();
    let mut failures: Vec<String> = Vec::new();
    for event in types {
        if bus.graph().is_failure(&event) && !failures.contains(&event) {
            failures.push(event);
        }
    }
    let has_begun = || bus.records().keys().any(|key| key.saga == saga);
    match bus.refusal(saga) {
        _ if !failures.is_empty() => End::Compensated {
            error: failures.join(" and "),
        },
        Some(error) => End::Compensated {
            error: error.to_owned(),
        },
        None if has_begun() => End::Committed,
        None => End::NotStarted,
    }
}

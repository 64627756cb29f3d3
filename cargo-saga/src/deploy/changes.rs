//! What a new definition changes, against the one that is served, as lines to print. `diff` finds it and judges it.

use saga_compiler::Contract;
use serde_json::{Map, Value};

use crate::diff::{self, Change, Verdict};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Changes {
    /// A line each.
    pub(super) lines: Vec<String>,
    /// What does not bear with sagas on their way, and why.
    pub(super) breaks: Vec<String>,
}

impl Changes {
    /// Both definitions have their placeholders filled, since which functions are called is a difference too.
    pub(super) fn between(served: &str, new: &str, contract: Option<&Contract>) -> Self {
        let (Ok(old), Ok(machine)) = (saga_asl::read(served), saga_asl::read(new)) else {
            return Self {
                lines: vec!["all: what is served is no saga".to_owned()],
                breaks: Vec::new(),
            };
        };
        let found = diff::between(&old, None, &machine, contract);
        let mut changes = Self::default();
        for change in found.iter() {
            let list = match change.verdict {
                Verdict::BreaksInFlight => &mut changes.breaks,
                Verdict::Look | Verdict::Safe => &mut changes.lines,
            };
            list.push(told(change));
        }
        debug_assert_eq!(found.breaks_in_flight(), !changes.breaks.is_empty());
        if found.worst().is_none() {
            changes.lines = lines(served, new);
        }
        changes
    }
}

/// A difference that has to be looked into says why.
fn told(change: &Change) -> String {
    let Change {
        of,
        what,
        why,
        remedy,
        verdict,
    } = change;
    let remedy = match remedy {
        Some(remedy) => format!("; {remedy}"),
        None => String::new(),
    };
    match verdict {
        Verdict::Safe => format!("{of}: {what}"),
        Verdict::Look | Verdict::BreaksInFlight => format!("{of}: {what}: {why}{remedy}"),
    }
}

/// The states that came, went, or are otherwise, where the saga is the same: another queue, another comment.
fn lines(old: &str, new: &str) -> Vec<String> {
    let (Some(old), Some(new)) = (object(old), object(new)) else {
        return vec!["the definition".to_owned()];
    };
    let (before, after) = (states(&old), states(&new));
    let mut lines = Vec::new();
    for (name, state) in &after {
        match before.get(name) {
            None => lines.push(format!("state `{name}` is new")),
            Some(other) if other != state => lines.push(format!("state `{name}` is otherwise")),
            Some(_) => {}
        }
    }
    let gone = before.keys().filter(|name| !after.contains_key(*name));
    lines.extend(gone.map(|name| format!("state `{name}` is gone")));
    if old.get("StartAt") != new.get("StartAt") {
        lines.push("it begins elsewhere".to_owned());
    }
    lines
}

fn object(text: &str) -> Option<Map<String, Value>> {
    serde_json::from_str(text).ok()
}

fn states(definition: &Map<String, Value>) -> Map<String, Value> {
    match definition.get("States") {
        Some(Value::Object(states)) => states.clone(),
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn states_come_go_and_change() {
        let old = r#"{"StartAt":"a","States":{"a":{"Next":"b"},"b":{},"c":{}}}"#;
        let new = r#"{"StartAt":"d","States":{"a":{"Next":"c"},"c":{},"d":{}}}"#;
        assert_eq!(
            lines(old, new),
            [
                "state `a` is otherwise",
                "state `d` is new",
                "state `b` is gone",
                "it begins elsewhere"
            ]
        );
        assert_eq!(lines(old, &old.replace("\":{", "\": {")), [""; 0]);
        assert_eq!(lines("{", new), ["the definition"]);
    }
}

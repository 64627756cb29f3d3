//! Prints a choreography as the module that a user would write. Checks nothing.

use std::fmt::Write as _;

use saga_runtime::{Early, ReactionKind, Repeat};

use super::model::{Model, NAME};

pub(super) fn render(model: &Model) -> String {
    let mut text = format!("pub mod {NAME} {{\n    use saga_runtime::prelude::*;\n");
    text.push_str("    #[derive(Clone, Debug, Serialize, Deserialize)]\n    pub struct Input { pub id: String }\n");
    for (index, event) in model.events.iter().enumerate() {
        if !model.is_published(index) {
            continue;
        }
        let terminal = if model.is_terminal(index) {
            "(terminal)"
        } else {
            ""
        };
        let error = if event.is_failure {
            ", thiserror::Error"
        } else {
            ""
        };
        let _ = writeln!(
            text,
            "    #[event{terminal}]\n    #[derive(Debug, Serialize, Deserialize{error})]"
        );
        if event.is_failure {
            text.push_str("    #[error(\"no\")]\n");
        }
        let _ = writeln!(text, "    pub struct {} {{ pub id: String }}", event.name);
    }
    for (participant, own) in model.by_participant() {
        let _ = writeln!(text, "    pub trait P{participant} {{");
        for index in own {
            method(&mut text, model, index);
        }
        text.push_str("    }\n");
    }
    text.push_str("}\n");
    text
}

fn method(text: &mut String, model: &Model, index: usize) {
    let reaction = &model.reactions[index];
    let mut options: Vec<String> = reaction
        .on
        .iter()
        .map(|event| model.events[*event].name.clone())
        .collect();
    options.extend(match reaction.kind {
        ReactionKind::Compensatable => {
            let undo = reaction.counterpart.unwrap_or_default();
            Some(format!("compensate = m{undo}"))
        }
        ReactionKind::Pivot => Some("pivot".to_owned()),
        ReactionKind::Retriable => Some("retriable".to_owned()),
        ReactionKind::Observer => Some("observer".to_owned()),
        ReactionKind::Compensation => None,
    });
    options.extend(match reaction.repeat {
        Repeat::Never => None,
        Repeat::Once => Some("once".to_owned()),
        Repeat::Each => Some("each".to_owned()),
    });
    options.extend(reaction.after.map(|other| format!("after = m{other}")));
    if reaction.early == Early::Refuse {
        options.push("early = refuse".to_owned());
    }
    let by_itself = reaction.publishes.iter().map(|(event, _)| *event);
    let by_itself = by_itself.filter(|event| model.through_tx.contains(event));
    let by_itself: Vec<&str> = by_itself
        .map(|event| model.events[event].name.as_str())
        .collect();
    if !by_itself.is_empty() {
        options.push(format!("publishes({})", by_itself.join(", ")));
    }
    let is_command = reaction.on.is_empty();
    let attribute = if is_command { "command" } else { "on" };
    let input = if is_command { ", cmd: Input" } else { "" };
    let options = options.join(", ");
    let error = match reaction.rejects {
        Some(event) => model.events[event].name.as_str(),
        None => "Retry",
    };
    let output = output(model, index);
    let _ = writeln!(text, "        #[{attribute}({options})]");
    let _ = writeln!(
        text,
        "        async fn m{index}(&self, tx: &mut Tx{input}) -> Result<{output}, {error}>;"
    );
}

/// `()`, `E1`, `Option<E1>`, or `(E1, E2)`.
fn output(model: &Model, index: usize) -> String {
    let published = model.reactions[index].publishes.iter();
    let published = published.filter(|(event, _)| !model.through_tx.contains(event));
    let types: Vec<String> = published
        .map(|(event, is_optional)| {
            let name = &model.events[*event].name;
            if *is_optional {
                format!("Option<{name}>")
            } else {
                name.clone()
            }
        })
        .collect();
    match types.as_slice() {
        [one] => one.clone(),
        many => format!("({})", many.join(", ")),
    }
}

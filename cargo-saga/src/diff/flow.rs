//! What the flow itself has otherwise: its types, its deadline, its branches and loops, the flows that it starts.

use saga_compiler::{Contract, OnStuck};

use super::change::Change;
use super::payload::told;
use super::types::{Fit, Types};
use super::version::Version;

const SAGA: &str = "saga";
const KEPT: &str = "an execution keeps its definition to the end";

pub(super) fn compare(old: &Version, new: &Version, all: &mut Vec<Change>) {
    if let (Some(old), Some(new)) = (old.contract, new.contract) {
        types(old, new, all);
    }
    deadline(old, new, all);
    others(old, new, all);
    started(old, new, all);
}

fn types(old: &Contract, new: &Contract, all: &mut Vec<Change>) {
    let words = |ty: &Option<String>| ty.clone().unwrap_or("nothing".to_owned());
    let (was, is) = (words(&old.input), words(&new.input));
    let types = Types::of(Some(old), Some(new));
    let reading = types.read(&was, &is);
    if let Some(what) = told(&reading, (&was, &is), &format!("takes `{is}`")) {
        all.push(match reading.fit {
            Fit::Reads => Change::safe(SAGA, what, "JSON of the old type is read as the new one"),
            Fit::Fails | Fit::Unknown => Change::look(
                SAGA,
                what,
                "its first step checks the input: clients, and sagas that start this one, are refused before any effect if they send the old type",
            )
            .instead("change those that start it together with it"),
        });
    }
    let reading = types.read(&old.output, &new.output);
    // It is the clients that read, and some of them know the old type.
    let back = types.reversed().read(&new.output, &old.output).fit;
    let now = format!("results in `{}`", new.output);
    if let Some(what) = told(&reading, (&old.output, &new.output), &now) {
        all.push(match back {
            Fit::Reads => Change::safe(SAGA, what, "JSON of the new type is read as the old one"),
            Fit::Fails | Fit::Unknown => Change::look(
                SAGA,
                what,
                "running sagas result in the old type; clients, and sagas that started them, have to read both",
            )
            .instead("let clients read both until no saga runs on the old definition"),
        });
    }
    if old.on_stuck != new.on_stuck {
        let word = |on_stuck| match on_stuck {
            OnStuck::Park => "waits for an operator",
            OnStuck::Fail => "fails, to be redriven",
        };
        let what = format!("{} where a compensation is stuck", word(new.on_stuck));
        all.push(Change::safe(SAGA, what, KEPT));
    }
}

fn deadline(old: &Version, new: &Version, all: &mut Vec<Change>) {
    let (before, after) = (old.outline.deadline, new.outline.deadline);
    if before != after {
        let words = |seconds: Option<u64>| match seconds {
            Some(seconds) => format!("a deadline of {seconds} s"),
            None => "no deadline".to_owned(),
        };
        let what = format!("has {} instead of {}", words(after), words(before));
        all.push(Change::safe(
            SAGA,
            what,
            "running sagas send the deadline that they began with",
        ));
    }
}

fn others(old: &Version, new: &Version, all: &mut Vec<Change>) {
    let (before, after) = (&old.outline.others, &new.outline.others);
    for other in after {
        match before.iter().find(|each| each.state == other.state) {
            None => all.push(Change::safe(
                &other.state,
                format!("added: a {}", other.kind),
                KEPT,
            )),
            Some(same) if same != other => {
                let what = match other.kind {
                    "started flow" => "is started with other arguments".to_owned(),
                    kind => format!("is another {kind}"),
                };
                all.push(Change::safe(&other.state, what, KEPT));
            }
            Some(_) => {}
        }
    }
    for other in before {
        if !after.iter().any(|each| each.state == other.state) {
            all.push(Change::safe(
                &other.state,
                format!("removed: a {}", other.kind),
                KEPT,
            ));
        }
    }
}

/// A started flow is found by its name: the newest definition runs, whichever saga starts it.
fn started(old: &Version, new: &Version, all: &mut Vec<Change>) {
    let (Some(old), Some(new)) = (old.contract, new.contract) else {
        return;
    };
    for flow in &old.flows {
        let same = new.flows.iter().find(|each| each.name == flow.name);
        let keep = |name: &str| {
            format!("keep the state machine of `{name}` until no saga runs on the old definition")
        };
        match same {
            None => all.push(
                Change::look(
                    &flow.name,
                    "is not started any more",
                    "running sagas still start it, and what undoes it",
                )
                .instead(keep(&flow.name)),
            ),
            Some(same) if same.compensation != flow.compensation => {
                let undo = |name: &Option<String>| match name {
                    Some(name) => format!("`{name}`"),
                    None => "nothing".to_owned(),
                };
                let what = format!(
                    "is undone by {} instead of {}",
                    undo(&same.compensation),
                    undo(&flow.compensation)
                );
                let change =
                    Change::look(&flow.name, what, "running sagas still start the old one");
                all.push(match &flow.compensation {
                    Some(name) => change.instead(keep(name)),
                    None => change,
                });
            }
            Some(_) => {}
        }
    }
}

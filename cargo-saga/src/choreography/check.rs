//! `cargo saga check` of a choreography's files: that the contract holds together, and that the `AsyncAPI` document beside it tells of
//! the same events. The compiler has checked the source; this is for what was edited, merged or left behind since.

use std::collections::BTreeSet;
use std::path::Path;

use saga_compiler::choreography::runs::{Fault, Graph, MAX_OPTIONAL, Run, Seen};
use saga_compiler::choreography::{Contract, Kind, Participant, Reaction, Repeat};
use serde_json::Value;

use super::published;
use crate::check::{Checked, Finding};
use crate::locate::Lines;
use crate::out::{self, ASYNCAPI, CHOREOGRAPHY};
use crate::print;

const RULE: &str = "choreography";
/// The version that the compiler writes.
const VERSION: &str = "3.0.0";

/// What is wrong in a contract's file, and in the document beside it if there is one; and whether that is all that may happen.
pub(crate) fn check(file: &Path) -> Result<Checked, String> {
    let json = out::read(file)?;
    let mut checked = Checked::default();
    let contract = match Contract::from_json(&json) {
        Ok(contract) => contract,
        Err(error) => {
            let message = format!("{error}; `cargo build` writes it anew");
            checked.findings.push(finding(file, None, message));
            return Ok(checked);
        }
    };
    let lines = Lines::of(&json);
    let mut problems = problems(&contract, &stem(file));
    if problems.is_empty() {
        let seen;
        (problems, seen) = faults(&contract);
        let note = bound(seen).map(|message| finding(file, None, message));
        checked.notes.extend(note);
    }
    let findings = problems.into_iter().map(|(path, message)| {
        let place = (lines.line(&path), path);
        finding(file, Some(place), message)
    });
    checked.findings.extend(findings);
    let beside = file.with_file_name(format!("{}{ASYNCAPI}", stem(file)));
    if beside.exists() {
        checked.findings.extend(document(&beside, &contract)?);
    }
    Ok(checked)
}

/// What is told where not every run was looked at.
fn bound(seen: Seen) -> Option<String> {
    let Seen::AtMost(most) = seen else {
        return None;
    };
    let most = print::count(most, "outcome");
    Some(format!(
        "there are too many runs to look at all: each with at most {most} other than plain success was looked at, and not each of the others"
    ))
}

fn stem(file: &Path) -> String {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let stem = name.strip_suffix(CHOREOGRAPHY);
    stem.unwrap_or(name.trim_end_matches(".json")).to_owned()
}

fn finding(file: &Path, place: Option<(usize, String)>, message: String) -> Finding {
    let (line, path) = place.unzip();
    Finding {
        file: file.display().to_string(),
        line,
        path,
        rule: RULE,
        message,
    }
}

/// JSON paths and what is wrong there.
type Problems = Vec<(String, String)>;

fn problems(contract: &Contract, stem: &str) -> Problems {
    let mut problems = Problems::new();
    if contract.name != stem {
        let message = format!(
            "the file is called `{stem}`; call it `{}{CHOREOGRAPHY}`",
            contract.name
        );
        problems.push(("$.name".to_owned(), message));
    }
    let mut names = BTreeSet::new();
    for (p, participant) in contract.participants.iter().enumerate() {
        for (r, reaction) in participant.reactions.iter().enumerate() {
            let path = format!("$.participants[{p}].reactions[{r}]");
            if !names.insert(&reaction.name) {
                let message = format!("there are two reactions `{}`", reaction.name);
                problems.push((format!("{path}.name"), message));
            }
            events_of(&mut problems, contract, reaction, &path);
            links_of(&mut problems, participant, reaction, &path);
            limits_of(&mut problems, reaction, &path);
        }
    }
    for (e, event) in contract.events.iter().enumerate() {
        if let Some(message) = way_of(contract, &event.name, event.terminal) {
            problems.push((format!("$.events[{e}].name"), message));
        }
    }
    problems
}

/// Every event that a reaction names is declared, and it leaves out only what it publishes.
fn events_of(problems: &mut Problems, contract: &Contract, reaction: &Reaction, path: &str) {
    let lists = [
        ("on", &reaction.on),
        ("publishes", &reaction.publishes),
        ("rejects", &reaction.rejects),
        ("optional", &reaction.optional),
        ("several", &reaction.several),
    ];
    for (list, events) in lists {
        for (index, event) in events.iter().enumerate() {
            let message = if contract.event(event).is_none() {
                format!("there is no event `{event}` in `events`")
            } else if ["optional", "several"].contains(&list) && !reaction.publishes.contains(event)
            {
                format!("`{}` does not publish `{event}`", reaction.name)
            } else if list == "several"
                && let Some(other) = expects_one(contract, event)
            {
                format!(
                    "`{}` may publish `{event}` several times, and `{other}` has no `repeat`",
                    reaction.name
                )
            } else {
                continue;
            };
            problems.push((format!("{path}.{list}[{index}]"), message));
        }
    }
    let name = &reaction.name;
    if reaction.command && !reaction.on.is_empty() {
        let message = format!("`{name}` is a command, and no event leads to one");
        problems.push((format!("{path}.on"), message));
    } else if !reaction.command && reaction.on.is_empty() {
        let message = format!("no event leads to `{name}`, and it is no command");
        problems.push((path.to_owned(), message));
    }
}

/// Who would take a second event of this name for a mistake.
fn expects_one<'c>(contract: &'c Contract, event: &String) -> Option<&'c str> {
    let mut reactions = contract.reactions().map(|(_, reaction)| reaction);
    let expects_one = reactions.find(|reaction| {
        let repeats = reaction.repeat != Repeat::Never || reaction.kind == Kind::Compensation;
        reaction.on.contains(event) && !repeats
    });
    expects_one.map(|reaction| reaction.name.as_str())
}

/// Actions and compensations name each other, and what a reaction waits for is there.
fn links_of(problems: &mut Problems, participant: &Participant, reaction: &Reaction, path: &str) {
    let own = |name: &str| participant.reactions.iter().find(|own| own.name == name);
    let name = &reaction.name;
    let mut wrong = |key: &str, message: String| problems.push((format!("{path}{key}"), message));
    let is_compensatable = reaction.kind == Kind::Compensatable;
    match &reaction.compensation {
        None if is_compensatable => wrong(
            ".kind",
            format!("`{name}` is compensatable, and says not by what"),
        ),
        Some(by) if own(by).is_none_or(|by| by.compensates.as_ref() != Some(name)) => wrong(
            ".compensation",
            format!("`{by}` does not say that it compensates `{name}`"),
        ),
        _ => {}
    }
    match &reaction.compensates {
        None if reaction.kind == Kind::Compensation => wrong(
            ".kind",
            format!("`{name}` is a compensation, and says not of what"),
        ),
        Some(action) if own(action).is_none_or(|of| of.compensation.as_ref() != Some(name)) => {
            wrong(
                ".compensates",
                format!("`{action}` does not say that `{name}` compensates it"),
            );
        }
        _ => {}
    }
    if let Some(after) = &reaction.after
        && own(after).is_none()
    {
        let message = format!("`{}` has no reaction `{after}`", participant.name);
        wrong(".after", message);
    }
}

/// What acts for each event is not rejected, and what may be left out is few enough for every choice of it to be looked at.
fn limits_of(problems: &mut Problems, reaction: &Reaction, path: &str) {
    let name = &reaction.name;
    let may_be_rejected = !reaction.rejects.is_empty() || !reaction.rejections.is_empty();
    if reaction.repeat == Repeat::Each && may_be_rejected {
        let message = format!(
            "`{name}` acts for each event, and may say yes to one and no to another, which has no right end"
        );
        problems.push((format!("{path}.repeat"), message));
    }
    if reaction.optional.len() > MAX_OPTIONAL {
        let message = format!(
            "`{name}` may publish or leave out more than {MAX_OPTIONAL} events, and every choice of them is looked at"
        );
        problems.push((format!("{path}.optional[{MAX_OPTIONAL}]"), message));
    }
}

/// An event comes from somebody, and goes to somebody or is terminal.
fn way_of(contract: &Contract, event: &str, terminal: bool) -> Option<String> {
    let mut reactions = contract.reactions().map(|(_, reaction)| reaction);
    let is_published = reactions.any(|reaction| published(reaction).any(|own| own == event));
    let mut reactions = contract.reactions().map(|(_, reaction)| reaction);
    let consumer = reactions.find(|reaction| reaction.on.iter().any(|on| on == event));
    match (is_published, consumer, terminal) {
        (false, ..) => Some(format!("nobody publishes `{event}`")),
        (true, None, false) => Some(format!(
            "nobody reacts to `{event}`, and it is not terminal"
        )),
        (true, Some(consumer), true) => Some(format!(
            "`{event}` is terminal, and `{}` reacts to it",
            consumer.name
        )),
        _ => None,
    }
}

/// What is wrong with some run of it, as the compiler says it of the source: each once; and which runs there were.
fn faults(contract: &Contract) -> (Problems, Seen) {
    let graph = Graph::of(contract);
    let names = |reactions: Vec<usize>| -> Vec<&str> {
        let names = reactions.into_iter();
        names
            .map(|index| graph.reactions[index].name.as_str())
            .collect()
    };
    if let Err(cycle) = graph.order() {
        let message = format!("`{}` lead to each other", names(cycle).join("`, `"));
        let problems = vec![("$.participants".to_owned(), message)];
        return (problems, Seen::Nothing);
    }
    let mut problems = Problems::new();
    let mut known = BTreeSet::new();
    let seen = graph.each_run(|run| {
        for fault in graph.faults(run) {
            let (reaction, message) = tell(&graph, run, fault);
            if known.insert((reaction, message.clone())) {
                problems.push((place(contract, reaction), message));
            }
        }
    });
    (problems, seen)
}

fn tell(graph: &Graph, run: &Run, fault: Fault) -> (usize, String) {
    let name = |reaction: usize| &graph.reactions[reaction].name;
    let path = |publication| graph.path(run, publication);
    match fault {
        Fault::Twice {
            reaction,
            first,
            second,
        } => {
            let (name, first, second) = (name(reaction), path(first), path(second));
            let message = format!(
                "`{name}` is reached twice in one saga, by `{first}` and by `{second}`, and has no `repeat`"
            );
            (reaction, message)
        }
        Fault::NotUndone { reaction, failure } => {
            let (name, path) = (name(reaction), path(failure));
            let message = format!("`{name}` takes effect and is not compensated after `{path}`");
            (reaction, message)
        }
        Fault::Stands { reaction, failure } => {
            let (name, path) = (name(reaction), path(failure));
            let message = format!("`{name}` may take effect although `{path}` ends in failure");
            (reaction, message)
        }
        Fault::UndoneForNothing { reaction, trigger } => {
            let (name, path) = (name(reaction), path(trigger));
            let message = format!("`{path}` leads to `{name}`, and nothing failed");
            (reaction, message)
        }
        Fault::ParkedForEver { reaction, trigger } => {
            let (name, path) = (name(reaction), path(trigger));
            let message = format!("`{name}` waits after `{path}` for what may not happen");
            (reaction, message)
        }
        Fault::LeftOut { reaction, trigger } => {
            let (name, path) = (name(reaction), path(trigger));
            let message =
                format!("`{name}` is left out where `{path}` comes early, and nothing failed");
            (reaction, message)
        }
    }
}

/// The JSON path of a reaction by its number.
fn place(contract: &Contract, reaction: usize) -> String {
    let participants = contract.participants.iter().enumerate();
    let mut all = participants.flat_map(|(p, participant)| {
        let reactions = 0..participant.reactions.len();
        reactions.map(move |r| format!("$.participants[{p}].reactions[{r}]"))
    });
    all.nth(reaction).unwrap_or_default()
}

/// The `AsyncAPI` document: what can be told without its whole schema, which `@asyncapi/parser` knows.
fn document(file: &Path, contract: &Contract) -> Result<Vec<Finding>, String> {
    let text = out::read(file)?;
    let document: Value = match serde_json::from_str(&text) {
        Ok(document) => document,
        Err(error) => return Ok(vec![finding(file, None, format!("it is no JSON: {error}"))]),
    };
    let lines = Lines::of(&text);
    let at = |path: &str, message: String| {
        finding(file, Some((lines.line(path), path.to_owned())), message)
    };
    if document["asyncapi"] != VERSION {
        let message = format!("`asyncapi` is not \"{VERSION}\"; `cargo build` writes it anew");
        return Ok(vec![at("$.asyncapi", message)]);
    }
    let named = messages(&document);
    let events = contract.events.iter().map(|event| event.name.as_str());
    let commands = super::commands(contract).map(|command| command.name.as_str());
    let known: BTreeSet<&str> = events.chain(commands).collect();
    let say = |name: &&str, message: &str| {
        let message = format!(
            "`{name}` {message} {}{CHOREOGRAPHY}; `cargo build` writes both anew",
            contract.name
        );
        at("$.components.messages", message)
    };
    let missing = known.difference(&named);
    let missing = missing.map(|name| say(name, "is not there, and is an event or a command of"));
    let foreign = named.difference(&known);
    let foreign = foreign.map(|name| say(name, "is neither an event nor a command of"));
    Ok(missing.chain(foreign).collect())
}

/// The names under which messages are described.
fn messages(document: &Value) -> BTreeSet<&str> {
    let messages = document["components"]["messages"].as_object();
    let names = messages.into_iter().flat_map(|messages| messages.keys());
    names.map(String::as_str).collect()
}

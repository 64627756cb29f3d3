//! What a choreography does as a whole, from its contract: in which order its participants act, and how one run of it ends.

pub(crate) mod check;
pub(crate) mod explain;
mod text;

use saga_compiler::choreography::runs::Graph;
use saga_compiler::choreography::{Contract, Kind, Reaction};

/// What does not go well in a run. Everything else does.
#[derive(Clone, Copy)]
pub(crate) enum Twist<'c> {
    Nothing,
    /// This reaction publishes this failure event.
    Fails(&'c Reaction, &'c str),
    /// What leads to this reaction never gets through.
    Stuck(&'c Reaction),
}

/// One run, from one command to where nothing happens any more.
pub(crate) struct Run<'c> {
    /// What took effect, in an order in which it may have.
    pub(crate) acts: Vec<&'c Reaction>,
    /// What was published, likewise.
    pub(crate) events: Vec<&'c str>,
}

/// What a reaction may publish.
pub(crate) fn published(reaction: &Reaction) -> impl Iterator<Item = &str> {
    let events = reaction.publishes.iter().chain(&reaction.rejects);
    events.map(String::as_str)
}

/// Whether the event means failure.
pub(crate) fn is_failure(contract: &Contract, event: &str) -> bool {
    contract.event(event).is_some_and(|event| event.failure)
}

/// The reactions, each after all that leads to it, and a compensation after its action. The compiler refuses a cycle; a file that has
/// one is shown in the order of the source.
pub(crate) fn ordered(contract: &Contract) -> Vec<&Reaction> {
    let reactions: Vec<&Reaction> = contract.reactions().map(|(_, reaction)| reaction).collect();
    match Graph::of(contract).order() {
        Ok(order) => order.into_iter().map(|index| reactions[index]).collect(),
        Err(_) => reactions,
    }
}

/// The commands, which begin sagas.
pub(crate) fn commands(contract: &Contract) -> impl Iterator<Item = &Reaction> {
    let reactions = contract.reactions().map(|(_, reaction)| reaction);
    reactions.filter(|reaction| reaction.command)
}

/// Runs a saga that the command began. What is optional is published, unless it means failure.
pub(crate) fn run<'c>(contract: &'c Contract, command: &Reaction, twist: Twist<'_>) -> Run<'c> {
    let order = ordered(contract);
    let mut run = Run {
        acts: Vec::new(),
        events: Vec::new(),
    };
    let mut done: Vec<&str> = Vec::new();
    loop {
        let before = done.len();
        for reaction in &order {
            if done.contains(&reaction.name.as_str()) || !is_due(&run, reaction, command) {
                continue;
            }
            done.push(&reaction.name);
            act(contract, &mut run, reaction, twist);
        }
        if done.len() == before {
            return run;
        }
    }
}

/// Whether something leads there by now, what it waits for has taken effect, and for a compensation, whether there is anything to undo.
fn is_due(run: &Run<'_>, reaction: &Reaction, command: &Reaction) -> bool {
    if reaction.command {
        return reaction.name == command.name;
    }
    let has_happened = |event: &String| run.events.contains(&event.as_str());
    let took_effect = |action: &String| run.acts.iter().any(|act| act.name == *action);
    let mut needs = reaction.compensates.iter().chain(&reaction.after);
    reaction.on.iter().any(has_happened) && needs.all(took_effect)
}

fn act<'c>(contract: &'c Contract, run: &mut Run<'c>, reaction: &'c Reaction, twist: Twist<'_>) {
    let mut publish = |wanted: &dyn Fn(&str) -> bool, events: &'c [String]| {
        for event in events {
            if wanted(event) && !run.events.contains(&event.as_str()) {
                run.events.push(event);
            }
        }
    };
    let says = match twist {
        Twist::Stuck(stuck) if stuck.name == reaction.name => return,
        Twist::Fails(failing, event) if failing.name == reaction.name => Some(event),
        _ => None,
    };
    if let Some(says) = says
        && reaction.rejects.iter().any(|event| event == says)
    {
        publish(&|event| event == says, &reaction.rejects);
        return;
    }
    let is_left_out = |event: &str| {
        reaction.optional.iter().any(|optional| optional == event)
            && is_failure(contract, event)
            && says != Some(event)
    };
    publish(&|event| !is_left_out(event), &reaction.publishes);
    run.acts.push(reaction);
}

/// The failure events that a reaction may publish, each once.
pub(crate) fn failures<'c>(contract: &Contract, reaction: &'c Reaction) -> Vec<&'c str> {
    let mut failures: Vec<&str> = Vec::new();
    for event in published(reaction) {
        let fails = is_failure(contract, event) || reaction.rejects.iter().any(|own| own == event);
        if fails && !failures.contains(&event) {
            failures.push(event);
        }
    }
    failures
}

/// What stands before `:`, `compensatable` and so on.
pub(crate) fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Compensatable => "compensatable",
        Kind::Pivot => "pivot",
        Kind::Retriable => "retriable",
        Kind::Observer => "observer",
        Kind::Compensation => "compensation",
    }
}

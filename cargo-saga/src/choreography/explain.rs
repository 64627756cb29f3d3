//! `cargo saga explain` of a choreography: how a saga goes when all goes well, what each failure leads to, and what waits where a
//! message cannot be dealt with. `text` prints it.

use saga_compiler::choreography::{Contract, Early, Kind, Reaction};
use serde::Serialize;

use super::{Run, Twist, commands, failures, run};

/// All that can be told from the contract.
#[derive(Serialize)]
pub(crate) struct Explanation {
    pub(super) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) comment: Option<String>,
    /// A way for each command.
    pub(super) ways: Vec<Way>,
    /// What goes wrong, by reaction.
    pub(super) reactions: Vec<Wrong>,
}

/// What may go wrong with a reaction, and what follows.
#[derive(Serialize)]
pub(super) struct Wrong {
    pub(super) reaction: String,
    pub(super) failures: Vec<Failure>,
    /// Of a command, a definite "no" that is no event: its caller alone hears of it.
    pub(super) refusals: Vec<String>,
    /// Errors that are worth another try.
    pub(super) transients: Vec<String>,
    /// What becomes of an event that comes too early.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) early: Option<TooEarly>,
    /// What stays in effect while its message is in the dead-letter queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) in_effect: Option<Vec<String>>,
}

/// An event that comes before what its reaction waits for.
#[derive(Serialize)]
pub(super) struct TooEarly {
    pub(super) before: String,
    pub(super) then: Early,
}

/// How a saga goes when all goes well.
#[derive(Serialize)]
pub(super) struct Way {
    pub(super) command: String,
    pub(super) acts: Vec<Act>,
    pub(super) ends: Vec<String>,
}

#[derive(Serialize)]
pub(super) struct Act {
    pub(super) reaction: String,
    pub(super) kind: Kind,
    /// Of a command, the type of its input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) input: Option<String>,
    pub(super) on: Vec<String>,
    /// What has taken effect before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) after: Option<String>,
    pub(super) publishes: Vec<String>,
    pub(super) optional: Vec<String>,
}

/// What follows where a reaction publishes an event that means failure.
#[derive(Clone, PartialEq, Serialize)]
pub(super) struct Failure {
    pub(super) event: String,
    /// By what such a saga may have begun.
    pub(super) commands: Vec<String>,
    pub(super) compensated: Vec<Compensated>,
    /// What else acts that would not have.
    pub(super) follows: Vec<String>,
    /// What took effect and is not compensated.
    pub(super) stays: Vec<String>,
    pub(super) ends: Vec<String>,
}

#[derive(Clone, PartialEq, Serialize)]
pub(super) struct Compensated {
    pub(super) action: String,
    pub(super) by: String,
}

/// Explains it.
pub(crate) fn explain(contract: &Contract) -> Explanation {
    let reactions = super::ordered(contract).into_iter();
    Explanation {
        name: contract.name.clone(),
        comment: contract.comment.clone(),
        ways: commands(contract).map(|each| way(contract, each)).collect(),
        reactions: reactions.map(|each| wrong(contract, each)).collect(),
    }
}

fn wrong(contract: &Contract, reaction: &Reaction) -> Wrong {
    let is_refused = reaction.command && reaction.rejects.is_empty();
    Wrong {
        reaction: reaction.name.clone(),
        failures: failures_of(contract, reaction),
        refusals: if is_refused {
            reaction.rejections.clone()
        } else {
            Vec::new()
        },
        transients: reaction.transients.clone(),
        early: reaction.after.as_ref().map(|after| TooEarly {
            before: after.clone(),
            then: reaction.early.unwrap_or(Early::Park),
        }),
        in_effect: in_effect(contract, reaction),
    }
}

fn way(contract: &Contract, command: &Reaction) -> Way {
    let well = run(contract, command, Twist::Nothing);
    let acts = well.acts.iter().map(|reaction| {
        let on = reaction.on.iter();
        let on = on.filter(|event| well.events.contains(&event.as_str()));
        Act {
            reaction: reaction.name.clone(),
            kind: reaction.kind,
            input: reaction.input.clone(),
            on: on.cloned().collect(),
            after: reaction.after.clone(),
            publishes: reaction.publishes.clone(),
            optional: reaction.optional.clone(),
        }
    });
    Way {
        command: command.name.clone(),
        acts: acts.collect(),
        ends: ends(contract, &well),
    }
}

fn ends(contract: &Contract, run: &Run<'_>) -> Vec<String> {
    let is_terminal = |event: &&&str| contract.event(event).is_some_and(|event| event.terminal);
    let events = run.events.iter().filter(is_terminal);
    events.map(|event| (*event).to_owned()).collect()
}

/// A case for each failure event; one more where it depends on the command that began the saga.
fn failures_of(contract: &Contract, reaction: &Reaction) -> Vec<Failure> {
    let mut found: Vec<Failure> = Vec::new();
    for event in failures(contract, reaction) {
        for command in commands(contract) {
            let well = run(contract, command, Twist::Nothing);
            let bad = run(contract, command, Twist::Fails(reaction, event));
            if !bad.events.contains(&event) {
                continue;
            }
            let mut case = failure(contract, event, &well, &bad);
            let alike = found.iter_mut().find(|known| {
                case.commands.clone_from(&known.commands);
                **known == case
            });
            if let Some(known) = alike {
                known.commands.push(command.name.clone());
                continue;
            }
            case.commands = vec![command.name.clone()];
            found.push(case);
        }
    }
    found
}

fn failure(contract: &Contract, event: &str, well: &Run<'_>, bad: &Run<'_>) -> Failure {
    let names = |acts: Vec<&&Reaction>| acts.iter().map(|act| act.name.clone()).collect();
    let undone: Vec<Compensated> = bad.acts.iter().filter_map(|act| compensated(act)).collect();
    let is_undone = |act: &Reaction| undone.iter().any(|undone| undone.action == act.name);
    let is_forward = |act: &&&Reaction| act.kind != Kind::Compensation;
    let would = |act: &Reaction| well.acts.iter().any(|well| well.name == act.name);
    let acts = bad.acts.iter().filter(is_forward);
    let follows = acts.clone().filter(|act| !would(act)).collect();
    let stays = acts.filter(|act| would(act) && !is_undone(act)).collect();
    Failure {
        event: event.to_owned(),
        commands: Vec::new(),
        follows: names(follows),
        stays: names(stays),
        ends: ends(contract, bad),
        compensated: undone,
    }
}

fn compensated(act: &Reaction) -> Option<Compensated> {
    let action = act.compensates.clone()?;
    let by = act.name.clone();
    Some(Compensated { action, by })
}

/// A compensation that gets no further leaves what it compensates, which needs no run to be found out. Of what acts only because
/// something failed, nothing is told.
fn in_effect(contract: &Contract, reaction: &Reaction) -> Option<Vec<String>> {
    if let Some(action) = &reaction.compensates {
        return Some(vec![action.clone()]);
    }
    let mut commands = commands(contract);
    let well = |command: &&Reaction| {
        let well = run(contract, command, Twist::Nothing);
        well.acts.iter().any(|act| act.name == reaction.name)
    };
    let command = commands.find(well)?;
    let stuck = run(contract, command, Twist::Stuck(reaction));
    Some(stuck.acts.iter().map(|act| act.name.clone()).collect())
}

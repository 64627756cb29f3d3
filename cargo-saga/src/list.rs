//! `cargo saga list`: what is there. Reads names and sizes, judges nothing.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use saga_asl::{State, StateMachine};
use saga_compiler::{Kind, choreography};
use serde::Serialize;

use crate::args::{Format, List};
use crate::out::{Out, Saga};
use crate::print;
use crate::timeline::undoes;

/// Step Functions allows definitions of 1 MiB.
/// <https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html>
const MAX_DEFINITION: usize = 1_048_576;

#[derive(Serialize)]
struct Row {
    name: String,
    comment: Option<String>,
    input: Option<String>,
    output: Option<String>,
    /// The calls of steps, as many as the definition has Tasks for.
    steps: usize,
    states: usize,
    participants: Vec<String>,
    pivots: Vec<String>,
    flows: Vec<String>,
    bytes: usize,
    max_bytes: usize,
}

/// A choreography. That it has `events` tells it from a saga.
#[derive(Serialize)]
struct Choreographed {
    name: String,
    comment: Option<String>,
    commands: Vec<String>,
    reactions: usize,
    events: usize,
    participants: Vec<String>,
    pivots: Vec<String>,
    /// The events that nobody reacts to.
    ends: Vec<String>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Listed<'r> {
    Saga(&'r Row),
    Choreography(&'r Choreographed),
}

pub(crate) fn run(
    folder: Option<&Path>, args: &List, out: &mut impl Write,
) -> Result<ExitCode, String> {
    let found = Out::find(folder)?;
    let rows = found.each(row)?;
    let mut choreographies = Vec::new();
    for name in found.choreographies()? {
        choreographies.push(choreographed(found.choreography(&name)?));
    }
    match args.format {
        Format::Json => {
            let sagas = rows.iter().map(Listed::Saga);
            let more = choreographies.iter().map(Listed::Choreography);
            print::json(out, &sagas.chain(more).collect::<Vec<_>>())?;
        }
        Format::Text => {
            let tables = [
                (!rows.is_empty()).then(|| table(&rows)),
                (!choreographies.is_empty()).then(|| more(&choreographies)),
            ];
            let tables: Vec<String> = tables.into_iter().flatten().collect();
            print::text(out, &tables.join("\n"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn choreographed(contract: choreography::Contract) -> Choreographed {
    let named = |wanted: &dyn Fn(&choreography::Reaction) -> bool| -> Vec<String> {
        let reactions = contract.reactions().map(|(_, reaction)| reaction);
        let wanted = reactions.filter(|reaction| wanted(reaction));
        wanted.map(|reaction| reaction.name.clone()).collect()
    };
    let ends = contract.events.iter().filter(|event| event.terminal);
    let participants = contract.participants.iter();
    Choreographed {
        commands: named(&|reaction| reaction.command),
        reactions: contract.reactions().count(),
        events: contract.events.len(),
        participants: participants.map(|each| each.name.clone()).collect(),
        pivots: named(&|reaction| reaction.kind == choreography::Kind::Pivot),
        ends: ends.map(|event| event.name.clone()).collect(),
        name: contract.name,
        comment: contract.comment,
    }
}

fn row(saga: &Saga) -> Result<Row, String> {
    let machine = saga.machine()?;
    let contract = saga.contract.as_ref();
    let steps = step_states(&machine);
    let is_pivot = |state: &&&str| {
        let step = contract.and_then(|contract| contract.step(state));
        step.is_some_and(|step| step.kind == Kind::Pivot)
    };
    let pivots = steps.iter().filter(is_pivot);
    Ok(Row {
        name: saga.name.clone(),
        input: contract.and_then(|contract| contract.input.clone()),
        output: contract.map(|contract| contract.output.clone()),
        steps: steps.len(),
        states: machine.graph.all_states().len(),
        participants: contract.map_or_else(Vec::new, |contract| {
            let names = contract.participants.iter();
            names.map(|participant| participant.name.clone()).collect()
        }),
        pivots: pivots.map(|state| (*state).to_owned()).collect(),
        flows: contract.map_or_else(Vec::new, |contract| {
            let flows = contract.flows.iter();
            flows.map(|flow| flow.name.clone()).collect()
        }),
        bytes: saga.definition.len(),
        max_bytes: MAX_DEFINITION,
        comment: machine.comment,
    })
}

/// The states that call a function forward: those of compensations name the step again.
fn step_states(machine: &StateMachine) -> Vec<&str> {
    let states = machine.graph.all_states().into_iter();
    let steps = states.filter(|(name, state)| match state {
        State::Task(task) => task.resource.contains("lambda") && undoes(name).is_none(),
        _ => false,
    });
    steps.map(|(name, _)| name).collect()
}

fn table(rows: &[Row]) -> String {
    let heading = [
        "saga",
        "steps",
        "participants",
        "pivot",
        "bytes",
        "of the limit",
    ];
    let mut cells = vec![heading.map(str::to_owned)];
    for row in rows {
        let share = row.bytes.saturating_mul(1_000) / row.max_bytes;
        cells.push([
            row.name.clone(),
            row.steps.to_string(),
            joined(&row.participants),
            joined(&row.pivots),
            print::grouped(row.bytes),
            format!("{}.{} %", share / 10, share % 10),
        ]);
    }
    let right = [false, true, false, false, true, true];
    format!(
        "{}\n{}, at most {} bytes each\n",
        print::table(&cells, right),
        print::count(rows.len(), "saga"),
        print::grouped(MAX_DEFINITION)
    )
}

fn more(rows: &[Choreographed]) -> String {
    let heading = [
        "choreography",
        "reactions",
        "events",
        "participants",
        "pivot",
        "begins with",
        "ends with",
    ];
    let mut cells = vec![heading.map(str::to_owned)];
    for row in rows {
        cells.push([
            row.name.clone(),
            row.reactions.to_string(),
            row.events.to_string(),
            joined(&row.participants),
            joined(&row.pivots),
            joined(&row.commands),
            joined(&row.ends),
        ]);
    }
    let right = [false, true, true, false, false, false, false];
    let count = match rows.len() {
        1 => "1 choreography".to_owned(),
        more => format!("{more} choreographies"),
    };
    format!("{}\n{count}\n", print::table(&cells, right))
}

fn joined(names: &[String]) -> String {
    match names {
        [] => "–".to_owned(),
        names => names.join(", "),
    }
}

//! `cargo saga list`: what is there. Reads names and sizes, judges nothing.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use saga_asl::{State, StateMachine};
use saga_compiler::Kind;
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

pub(crate) fn run(
    folder: Option<&Path>, args: &List, out: &mut impl Write,
) -> Result<ExitCode, String> {
    let rows = Out::find(folder)?.each(row)?;
    match args.format {
        Format::Json => print::json(out, &rows)?,
        Format::Text => print::text(out, &table(&rows))?,
    }
    Ok(ExitCode::SUCCESS)
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
    let list = |names: &[String]| match names {
        [] => "–".to_owned(),
        names => names.join(", "),
    };
    for row in rows {
        let share = row.bytes.saturating_mul(1_000) / row.max_bytes;
        cells.push([
            row.name.clone(),
            row.steps.to_string(),
            list(&row.participants),
            list(&row.pivots),
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

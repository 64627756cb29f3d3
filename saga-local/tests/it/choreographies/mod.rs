//! Random choreographies: whatever is generated right compiles, and with stand-ins every case of its fault matrix is consistent;
//! what is then broken in one place is refused by the compiler or consistent too, and what the compiler refuses is, run all the
//! same, found broken by the matrix.
//!
//! | variable | what it says | without it |
//! |---|---|---|
//! | `SAGA_SEED` | where the random numbers begin | the same in every run |
//! | `SAGA_CHOREOGRAPHIES` | how many | 25 |
//! | `SAGA_CHOREOGRAPHY` | only the one of that number, as a failure prints it | all |

mod grow;
mod model;
mod render;

use std::collections::BTreeMap;

use fastrand::Rng;
use saga_compiler::choreography::{Contract, compile};
use saga_local::{Case, EventMatrix, EventStandIns, MatrixReport, Problem};
use saga_runtime::{Command, Early};
use serde_json::{Value, json};

use self::grow::{Mutation, grow, mutate};
use self::model::Model;
use self::render::render;
use crate::support::block_on;

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// The numbers of the choreographies to look at, each with where its random numbers begin.
fn numbers() -> impl Iterator<Item = (u64, u64)> {
    let seed = setting("SAGA_SEED").unwrap_or(1);
    let only = setting("SAGA_CHOREOGRAPHY");
    let count = setting("SAGA_CHOREOGRAPHIES").unwrap_or(25);
    let numbers = only.map_or(0..count, |only| only..only + 1);
    numbers.map(move |number| (number, seed.wrapping_mul(1_000_003).wrapping_add(number)))
}

/// What the compiler makes of it, or what it says.
fn compiled(model: &Model) -> Result<Contract, String> {
    let tokens = |text: &str| {
        text.parse()
            .map_err(|error| format!("the source is no Rust: {error}"))
    };
    let compiled = compile(tokens("")?, tokens(&render(model))?).map_err(|failed| {
        let errors = failed.errors().clone().into_iter();
        errors
            .map(|error| error.to_string())
            .collect::<Vec<_>>()
            .join("\n")
    })?;
    Ok(compiled.contract().clone())
}

/// The matrix of a choreography with stand-ins: with every event that may be left out, and without all of them.
fn matrix(model: &Model, pairs: usize) -> Vec<MatrixReport> {
    let choreography = model.choreography();
    let mut reactions = choreography.reactions().iter();
    let command = reactions.find(|info| info.on.is_empty()).unwrap();
    let command: Command<Value> = Command::new(command.name);
    let full = EventStandIns::of(choreography);
    let mut few = full.clone();
    let optional = choreography
        .reactions()
        .iter()
        .flat_map(|info| info.optional);
    let optional: Vec<&str> = optional.copied().collect();
    for event in &optional {
        few = few.without(event);
    }
    let mut worlds = vec![full];
    if !optional.is_empty() {
        worlds.push(few);
    }
    let run = |world: EventStandIns| {
        let matrix = EventMatrix::new(choreography, world.worlds().unwrap())
            .send("it", &command, &json!({ "id": "1" }))
            .pairs(pairs)
            .orders(3);
        block_on(matrix.run())
    };
    worlds.into_iter().map(run).collect()
}

#[test]
fn what_compiles_is_consistent_whatever_fails() {
    let (mut cases, mut failed, mut several) = (0, 0, 0);
    let mut kinds = BTreeMap::<String, u32>::new();
    for (number, seed) in numbers() {
        let model = grow(&mut Rng::with_seed(seed));
        let contract = compiled(&model).unwrap_or_else(|errors| {
            panic!(
                "choreography {number} is refused: {errors}\n{}",
                render(&model)
            )
        });
        same_graph(&contract, &model);
        let reactions = contract.reactions();
        several += reactions.map(|(_, one)| one.several.len()).sum::<usize>();
        for report in matrix(&model, 25) {
            assert!(
                report.is_consistent(),
                "choreography {number}: {report}\n{}",
                render(&model)
            );
            cases += report.cases().len();
            let ends = report.cases().iter().map(|case| case.end().to_string());
            failed += ends.filter(|end| end.starts_with("failed")).count();
        }
        for reaction in &model.reactions {
            let after = match (reaction.after, reaction.early) {
                (None, _) => "",
                (Some(_), Early::Park) => " after",
                (Some(_), Early::Refuse) => " after or not",
            };
            let kind = format!("{:?} {:?}{after}", reaction.kind, reaction.repeat);
            *kinds.entry(kind).or_default() += 1;
        }
    }
    println!(
        "{cases} cases, of which {failed} failed sagas; {several} events come several times; {kinds:?}"
    );
    // A test in which nothing happens would pass as well.
    if setting("SAGA_CHOREOGRAPHY").is_none() {
        assert!(failed * 8 > cases, "{failed} of {cases} cases failed");
        assert!(kinds.len() >= 12, "{kinds:?}");
        assert!(several > 0);
    }
}

/// The two ways to describe the graph come to the same.
fn same_graph(contract: &Contract, model: &Model) {
    let of_model = model.choreography();
    for ((_, said), info) in contract.reactions().zip(of_model.reactions()) {
        assert_eq!(said.name, info.name);
        assert_eq!(said.on, info.on);
        assert_eq!(said.publishes, info.publishes);
        assert_eq!(said.optional, info.optional);
        assert_eq!(said.several, info.several);
        assert_eq!(said.rejects, info.rejects);
        assert_eq!(said.after.as_deref(), info.after);
        assert_eq!(format!("{:?}", said.kind), format!("{:?}", info.kind));
        assert_eq!(format!("{:?}", said.repeat), format!("{:?}", info.repeat));
        let early = said
            .early
            .unwrap_or(saga_compiler::choreography::Early::Park);
        assert_eq!(format!("{early:?}"), format!("{:?}", info.early));
        let counterpart = said.compensation.as_deref().or(said.compensates.as_deref());
        assert_eq!(counterpart, info.counterpart);
    }
    assert_eq!(contract.reactions().count(), of_model.reactions().len());
}

/// What became of broken choreographies.
#[derive(Debug, Default)]
struct Counts {
    accepted: u32,
    refused: u32,
    shown: u32,
}

#[test]
fn what_the_compiler_refuses_the_matrix_finds_broken() {
    let mut counts = BTreeMap::<Mutation, Counts>::new();
    for (number, seed) in numbers() {
        let mut random = Rng::with_seed(seed);
        let model = grow(&mut random);
        for _ in 0..3 {
            let Some((broken, mutation)) = mutate(&model, &mut random) else {
                continue;
            };
            let count = counts.entry(mutation).or_default();
            let reports = matrix(&broken, 0);
            let finding = reports.iter().find(|report| !report.is_consistent());
            match (compiled(&broken), finding) {
                (Ok(_), None) => count.accepted += 1,
                (Ok(_), Some(report)) => panic!(
                    "choreography {number}, {mutation:?}, compiles and is broken: {report}\n{}",
                    render(&broken)
                ),
                (Err(errors), finding) => {
                    assert!(
                        is_about(mutation, &errors),
                        "{number}, {mutation:?}: {errors}"
                    );
                    count.refused += 1;
                    count.shown += u32::from(finding.is_some_and(|report| names(report, mutation)));
                }
            }
        }
    }
    println!("{counts:?}");
    if setting("SAGA_CHOREOGRAPHY").is_none() {
        for (mutation, count) in counts {
            // What comes too late in one order comes in time in another, which no case may have tried.
            assert!(
                count.refused > 0 && count.shown * 10 >= count.refused * 9,
                "{mutation:?}: {count:?}"
            );
        }
    }
}

/// Whether the compiler's message is about what was broken.
fn is_about(mutation: Mutation, errors: &str) -> bool {
    let said = match mutation {
        Mutation::Unsubscribed => "stays when the saga fails by",
        Mutation::NotUndone => "its effect would stand although the saga fails by",
        Mutation::Repeated => "is reached twice in one saga",
        Mutation::Subscribed => "leads to it although nothing failed",
    };
    errors.contains(said)
}

/// Whether the matrix names what was broken.
fn names(report: &MatrixReport, mutation: Mutation) -> bool {
    let mut problems = report.broken().flat_map(Case::problems);
    problems.any(|problem| match mutation {
        Mutation::Unsubscribed | Mutation::NotUndone => {
            matches!(problem, Problem::LeftBehind { .. })
        }
        Mutation::Repeated => matches!(problem, Problem::DeadLetter { .. }),
        Mutation::Subscribed => matches!(problem, Problem::Undone { .. }),
    })
}

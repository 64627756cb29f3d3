//! Random flows of the whole language under random faults: whatever is generated compiles, is accepted by the validator, and
//! every run of it ends committed as the flow says, or fully compensated, in a legal order.
//!
//! A flow is compiled once and run many times, each time with another input, other answers and other faults. What is
//! right is not asked of the compiler: `interpret.rs` goes through the model from which the source was printed.
//!
//! | variable | what it says | without it |
//! |---|---|---|
//! | `SAGA_SEED` | where the random numbers begin | the same in every run |
//! | `SAGA_FLOWS`, `SAGA_RUNS` | how many flows, and how many runs of each | 2,000 flows, 5 runs each; CI makes 25 of each, 50,000 together |
//! | `SAGA_FLOW` | only the flow of that number, as a failure prints it | all |
//! | `SAGA_SAMPLE_DIR` | a folder for the definitions of the first 500 flows | they are not written |

mod contract;
mod drive;
mod gene;
mod grow;
mod grow_value;
mod interpret;
mod judge;
mod model;
mod place;
mod render;
mod scenario;
mod subject;
mod value;
mod world;

use std::path::PathBuf;

use drive::{Settings, drive, flow};
use subject::Subject;

/// How many definitions other validators are asked about.
const SAMPLE: u64 = 500;

#[test]
fn random_flows_end_committed_or_compensated() {
    let settings = Settings::from_env();
    let counts = drive(settings);
    if settings.only.is_some() || counts.runs < 1_000 {
        return;
    }
    // A test in which nothing happens would pass as well.
    let share =
        |part: u64, of: u64| assert!(counts.runs / of <= part, "too few of a kind: {counts:?}");
    share(counts.committed, 4);
    share(counts.undone, 12);
    share(counts.undone_several, 25);
    share(counts.parked, 500);
    share(counts.items, 10);
    let flows = counts.runs / settings.runs;
    for kind in [counts.branches, counts.loops, counts.joins, counts.attempts] {
        assert!(flows / 10 <= kind, "too few of a kind: {counts:?}");
    }
}

/// The definitions that `.ci/run` shows to validators that nobody here wrote.
#[test]
fn a_sample_of_definitions_is_valid() {
    let folder = std::env::var_os("SAGA_SAMPLE_DIR").map(PathBuf::from);
    let seed = Settings::from_env().seed;
    for number in 0..SAMPLE {
        let subject = Subject::new(flow(seed, number))
            .unwrap_or_else(|wrong| panic!("flow {number} of seed {seed}: {wrong}"));
        if let Some(folder) = &folder {
            let file = folder.join(format!("{number:03}.asl.json"));
            std::fs::write(&file, &subject.definition)
                .unwrap_or_else(|error| panic!("cannot write {}: {error}", file.display()));
        }
    }
}

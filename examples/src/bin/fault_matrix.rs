//! Runs the fault matrix of every example, or of those that are named: `fault_matrix place_order`. `--all` prints every case
//! with its path, `--json` the same for machines.

use std::process::ExitCode;

use examples::matrices;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |option: &str| arguments.iter().any(|argument| argument == option);
    let (json, all) = (has("--json"), has("--all"));
    arguments.retain(|argument| argument != "--json" && argument != "--all");
    if arguments.is_empty() {
        arguments = matrices::SAGAS.map(str::to_owned).to_vec();
    }
    let mut all_well = true;
    for saga in &arguments {
        let Some(report) = matrices::run(saga).await else {
            eprintln!(
                "no saga is called `{saga}`; there are {}",
                matrices::SAGAS.join(", ")
            );
            return ExitCode::from(2);
        };
        all_well &= report.is_consistent();
        if json {
            match serde_json::to_string(&report) {
                Ok(text) => println!("{text}"),
                Err(error) => eprintln!("{saga}: {error}"),
            }
        } else if all {
            println!("{report:#}");
        } else {
            println!("{report}");
        }
    }
    if all_well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

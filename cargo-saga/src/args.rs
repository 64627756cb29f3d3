//! The command line: subcommands and their arguments. Does nothing itself.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Cargo runs `cargo-saga saga …` when asked for `cargo saga …`.
#[derive(Debug, Parser)]
#[command(name = "cargo", bin_name = "cargo")]
pub(crate) enum Cargo {
    Saga(Saga),
}

/// Works on emitted saga definitions
#[derive(Debug, Args)]
#[command(version)]
pub(crate) struct Saga {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check definitions against the rules of Step Functions
    ///
    /// Prints a line for each problem: the file, the JSON path in it, and what to write instead.
    /// Exits with 0 when there are none, 1 when there are some, and 2 when a file cannot be read.
    Check(Check),
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// Definitions, or folders of `*.asl.json` [default: the nearest `out/`, from here upward]
    pub(crate) paths: Vec<PathBuf>,
}

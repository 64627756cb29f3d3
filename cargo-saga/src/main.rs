//! `cargo saga`: works on emitted sagas, without building user code. Reads arguments and calls one subcommand.

mod args;
mod aws;
mod check;
mod choreography;
mod committed;
mod completions;
mod cost;
mod deploy;
mod diff;
mod explain;
mod git;
mod graph;
mod history;
mod list;
mod locate;
mod operate;
mod out;
mod parallel;
mod parked;
mod print;
mod run;
mod template;
mod timeline;
mod whole;

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;

use args::{Command, Saga};

/// Bad arguments, or files that cannot be read.
const UNUSABLE: u8 = 2;

fn main() -> ExitCode {
    let saga = Saga::parse_from(arguments());
    let out = &mut io::stdout().lock();
    let folder = saga.out.as_deref();
    let named = saga.command.on_step_functions();
    let known = named.map_or(Ok(()), |name| out::check_orchestrated(folder, name));
    let result = known.and_then(|()| run(saga.command, folder, out));
    match result {
        Ok(code) => code,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::from(UNUSABLE)
        }
    }
}

fn run(command: Command, folder: Option<&Path>, out: &mut impl Write) -> Result<ExitCode, String> {
    match command {
        Command::List(args) => list::run(folder, &args, out),
        Command::Check(args) => check::run(folder, &args, out),
        Command::Explain(args) => explain::run(folder, &args, out),
        Command::Graph(args) => graph::run(folder, &args, out),
        Command::Run(args) => run::run(folder, &args, out),
        Command::Template(options) => template::run(folder, &options, out),
        Command::Deploy(options) => deploy::run(folder, &options, out),
        Command::Start(args) => operate::start(folder, &args, out),
        Command::Status(args) => operate::status(&args, out),
        Command::History(args) => operate::history(&args, out),
        Command::ListParked(args) => operate::list_parked(&args, out),
        Command::Resume(args) => operate::resume(&args, out),
        Command::Skip(args) => operate::skip(&args, out),
        Command::Redrive(args) => operate::redrive(&args, out),
        Command::Cost(options) => cost::run(folder, &options, out),
        Command::Diff(options) => diff::run(folder, &options, out),
        Command::Completions(args) => completions::run(&args, out),
    }
}

/// Cargo runs `cargo-saga saga …` for `cargo saga …`; called by its own name it is spared the word.
fn arguments() -> Vec<OsString> {
    let mut arguments: Vec<OsString> = std::env::args_os().collect();
    if arguments.get(1).is_some_and(|first| first == "saga") {
        arguments.remove(1);
    }
    arguments
}

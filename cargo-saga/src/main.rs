//! `cargo saga`: works on emitted saga definitions. Reads arguments and calls one subcommand.

mod args;
mod check;

use std::io;
use std::process::ExitCode;

use clap::Parser;

use args::{Cargo, Command};

/// Bad arguments, or files that cannot be read.
const UNUSABLE: u8 = 2;

fn main() -> ExitCode {
    let Cargo::Saga(saga) = Cargo::parse();
    let result = match saga.command {
        Command::Check(args) => check::run(&args, &mut io::stdout().lock()),
    };
    match result {
        Ok(code) => code,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::from(UNUSABLE)
        }
    }
}

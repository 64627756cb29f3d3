//! `cargo saga explain`: what each failure leads to. The analysis of a saga is `saga-asl`'s, that of a choreography `choreography`'s.

use std::fmt::Display;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use serde::Serialize;

use crate::args::{Explain, Format};
use crate::out::{Found, Out};
use crate::{choreography, print};

pub(crate) fn run(
    folder: Option<&Path>, args: &Explain, out: &mut impl Write,
) -> Result<ExitCode, String> {
    match Out::find(folder)?.any(&args.name)? {
        Found::Saga(saga) => {
            let machine = saga.machine()?;
            let explanation = saga_asl::explain(&machine);
            let comment = machine.comment.map(|comment| format!(": {comment}"));
            let head = format!("{}{}\n", saga.name, comment.unwrap_or_default());
            tell(args.format, &head, &explanation, out)?;
        }
        Found::Choreography(contract) => {
            let explanation = choreography::explain::explain(&contract);
            let comment = contract.comment.map(|comment| format!(": {comment}"));
            let head = format!("{}{}", contract.name, comment.unwrap_or_default());
            tell(args.format, &head, &explanation, out)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn tell(
    format: Format, head: &str, explanation: &(impl Serialize + Display), out: &mut impl Write,
) -> Result<(), String> {
    match format {
        Format::Json => print::json(out, explanation),
        Format::Text => {
            print::line(out, head)?;
            print::text(out, &explanation.to_string())
        }
    }
}

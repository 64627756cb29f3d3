//! `cargo saga explain`: what each failure leads to. The analysis is `saga-asl`'s.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use crate::args::{Explain, Format};
use crate::out::Out;
use crate::print;

pub(crate) fn run(
    folder: Option<&Path>, args: &Explain, out: &mut impl Write,
) -> Result<ExitCode, String> {
    let saga = Out::find(folder)?.saga(&args.name)?;
    let machine = saga.machine()?;
    let explanation = saga_asl::explain(&machine);
    match args.format {
        Format::Json => print::json(out, &explanation)?,
        Format::Text => {
            let comment = machine.comment.map(|comment| format!(": {comment}"));
            let head = format!("{}{}\n", saga.name, comment.unwrap_or_default());
            print::line(out, &head)?;
            print::text(out, &explanation.to_string())?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

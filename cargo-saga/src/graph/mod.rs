//! `cargo saga graph`: a picture of a saga. `model` says what is in it, `layout` where, `svg` and `text` write it; `lanes` does so for
//! a choreography.

mod lanes;
mod layout;
mod measure;
mod model;
mod svg;
mod text;
mod wires;

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use crate::args::{Graph, GraphFormat};
use crate::out::{Found, Out};
use crate::{print, whole};

pub(crate) fn run(
    folder: Option<&Path>, args: &Graph, out: &mut impl Write,
) -> Result<ExitCode, String> {
    let text = match Out::find(folder)?.any(&args.name)? {
        Found::Choreography(contract) => lanes::draw(&contract, args.format),
        Found::Saga(saga) => {
            let machine = saga.machine()?;
            let drawing = model::Drawing::of(&saga.name, &machine, saga.contract.as_ref());
            match args.format {
                GraphFormat::Svg => svg::write(&drawing),
                GraphFormat::Mermaid => text::mermaid(&drawing),
                GraphFormat::Dot => text::dot(&drawing),
            }
        }
    };
    match &args.output {
        None => print::text(out, &text)?,
        Some(file) => whole::write(file, &text).map_err(|error| {
            format!(
                "cannot write {}: {error}; is its folder there?",
                file.display()
            )
        })?,
    }
    Ok(ExitCode::SUCCESS)
}

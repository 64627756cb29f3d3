//! `cargo saga template`: writes a CloudFormation template or a Terraform module that deploys sagas. Deploys nothing.

mod cloudformation;
mod definition;
mod fill;
pub(crate) mod names;
mod needs;
mod options;
mod paths;
mod quotas;
mod terraform;

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

pub(crate) use self::names::pascal;
use self::needs::Needs;
use self::options::Format;
pub(crate) use self::options::Options;
use self::paths::Paths;
use crate::out::Out;
use crate::{print, whole};

pub(crate) fn run(
    folder: Option<&Path>, options: &Options, out: &mut impl Write,
) -> Result<ExitCode, String> {
    let found = Out::find(folder)?;
    let needs = Needs::read(&found, options)?;
    let paths = Paths::new(&found.folder, options.output.as_deref())?;
    let text = match options.format {
        Format::Cloudformation => cloudformation::render(&needs, &paths)?,
        Format::Terraform => terraform::render(&needs, &paths)?,
    };
    match &options.output {
        Some(file) => whole::write(file, &text)
            .map_err(|error| format!("cannot write {}: {error}", file.display()))?,
        None => print::text(out, &text)?,
    }
    Ok(ExitCode::SUCCESS)
}

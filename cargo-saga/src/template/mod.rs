//! `cargo saga template`: writes a CloudFormation template or a Terraform module that deploys sagas, or a choreography. Deploys
//! nothing.

mod cloudformation;
mod definition;
mod fill;
pub(crate) mod names;
mod needs;
mod options;
mod paths;
mod quotas;
mod services;
mod terraform;

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

pub(crate) use self::names::pascal;
use self::needs::Needs;
use self::options::Format;
pub(crate) use self::options::Options;
use self::paths::Paths;
use self::services::Deployment;
use crate::out::Out;
use crate::{print, whole};

pub(crate) fn run(
    folder: Option<&Path>, options: &Options, out: &mut impl Write,
) -> Result<ExitCode, String> {
    let found = Out::find(folder)?;
    let paths = Paths::new(&found.folder, options.output.as_deref())?;
    let text = if let Some(name) = choreography(&found, &options.names)? {
        let deployment = Deployment::read(&found.choreography(&name)?, options)?;
        match options.format {
            Format::Cloudformation => cloudformation::choreography(&deployment, &paths)?,
            Format::Terraform => terraform::choreography(&deployment, &paths),
        }
    } else {
        check_options(options)?;
        let needs = Needs::read(&found, options)?;
        match options.format {
            Format::Cloudformation => cloudformation::render(&needs, &paths)?,
            Format::Terraform => terraform::render(&needs, &paths)?,
        }
    };
    match &options.output {
        Some(file) => whole::write(file, &text)
            .map_err(|error| format!("cannot write {}: {error}", file.display()))?,
        None => print::text(out, &text)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The choreography that is meant, if it is one. It has a template of its own: nothing in it calls a saga, or the other way round.
fn choreography(out: &Out, names: &[String]) -> Result<Option<String>, String> {
    let known = out.choreographies()?;
    if names.is_empty() {
        return match (out.names()?.as_slice(), known.as_slice()) {
            ([], [one]) => Ok(Some(one.clone())),
            ([], several) => Err(format!(
                "a choreography has a template of its own; name one of {}",
                names::listed(several)
            )),
            _ => Ok(None),
        };
    }
    let sagas = out.names()?;
    let is_unknown = |name: &&String| !known.contains(name) && !sagas.contains(name);
    if let Some(unknown) = names.iter().find(is_unknown) {
        return out.any(unknown).map(|_| None);
    }
    let is_choreography = |name: &&String| known.contains(name) && !sagas.contains(name);
    match (names.iter().find(is_choreography), names) {
        (None, _) => Ok(None),
        (Some(name), [_]) => Ok(Some(name.clone())),
        (Some(name), _) => Err(format!(
            "`{name}` is a choreography, which has a template of its own; name it alone"
        )),
    }
}

fn check_options(options: &Options) -> Result<(), String> {
    let given = match (options.fifo, &options.relay) {
        (true, _) => "--fifo",
        (false, Some(_)) => "--relay",
        (false, None) => return Ok(()),
    };
    Err(format!(
        "`{given}` is for choreographies; a saga has no topics"
    ))
}

//! `cargo saga template`: writes a CloudFormation template or a Terraform module that deploys sagas. Deploys nothing.

mod cloudformation;
mod definition;
mod fill;
mod names;
mod needs;
mod options;
mod paths;
mod quotas;
mod terraform;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{self, ExitCode};

use self::needs::Needs;
use self::options::Format;
pub(crate) use self::options::Options;
use self::paths::Paths;
use crate::out::Out;
use crate::print;

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
        Some(file) => write_whole(file, &text)
            .map_err(|error| format!("cannot write {}: {error}", file.display()))?,
        None => print::text(out, &text)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Whoever reads the file finds the former text or the new one, and never a part.
fn write_whole(file: &Path, text: &str) -> io::Result<()> {
    // A link stays a link, and a device or a pipe has no parts to be seen.
    let file = &fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    if fs::metadata(file).is_ok_and(|found| !found.is_file()) {
        return fs::write(file, text);
    }
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", process::id()));
    let fresh: PathBuf = file.with_file_name(name);
    let written = fs::write(&fresh, text).and_then(|()| fs::rename(&fresh, file));
    if written.is_err() {
        _ = fs::remove_file(&fresh);
    }
    written
}

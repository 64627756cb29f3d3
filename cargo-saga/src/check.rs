//! `cargo saga check`: validates definitions and prints their problems. The rules are `saga-asl`'s.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::args::Check;

/// What the files of a folder must end in to be taken for definitions.
const SUFFIX: &str = ".asl.json";

pub(crate) fn run(args: &Check, out: &mut impl Write) -> Result<ExitCode, String> {
    let files = find(&args.paths)?;
    let mut problems = 0;
    for file in &files {
        problems += check(file, out)?;
    }
    let summary = format!(
        "{} checked, {}",
        count(files.len(), "definition"),
        count(problems, "problem")
    );
    print(out, &summary)?;
    Ok(if problems == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// How many problems the file has.
fn check(file: &Path, out: &mut impl Write) -> Result<usize, String> {
    let json = fs::read_to_string(file).map_err(|error| cannot_read(file, &error))?;
    let Err(problems) = saga_asl::parse(&json) else {
        return Ok(0);
    };
    for problem in &problems {
        print(out, &format!("{}: {problem}", file.display()))?;
    }
    Ok(problems.len())
}

fn print(out: &mut impl Write, line: &str) -> Result<(), String> {
    match writeln!(out, "{line}") {
        // Whoever reads the output has seen enough; the exit code still tells the rest.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result.map_err(|error| format!("cannot write: {error}")),
    }
}

fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

fn find(paths: &[PathBuf]) -> Result<Vec<PathBuf>, String> {
    if paths.is_empty() {
        return definitions_in(&nearest_out()?);
    }
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            files.extend(definitions_in(path)?);
        } else {
            files.push(path.clone());
        }
    }
    Ok(files)
}

/// The folder that `cargo build` writes to, which stands at the root of the workspace.
fn nearest_out() -> Result<PathBuf, String> {
    let here = std::env::current_dir()
        .map_err(|error| format!("cannot tell the current folder: {error}"))?;
    let out = here
        .ancestors()
        .map(|folder| folder.join("out"))
        .find(|out| out.is_dir());
    let out = out.ok_or_else(|| {
        format!(
            "there is no `out/` in {} or above; build a saga first, or name the definitions",
            here.display()
        )
    })?;
    // What lies below is printed as the user would type it.
    Ok(out
        .strip_prefix(&here)
        .map(Path::to_path_buf)
        .unwrap_or(out))
}

/// The definitions of a folder, in the order of their names, so that the output does not depend on the disk.
fn definitions_in(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| cannot_read(folder, &error))? {
        let entry = entry.map_err(|error| cannot_read(folder, &error))?;
        if entry.file_name().to_string_lossy().ends_with(SUFFIX) {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(files)
}

fn cannot_read(path: &Path, error: &io::Error) -> String {
    format!("cannot read {}: {error}", path.display())
}

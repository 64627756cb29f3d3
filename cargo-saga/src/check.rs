//! `cargo saga check`: validates definitions and prints what is found. The rules are `saga-asl`'s.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde::Serialize;

use crate::args::{Check, Format};
use crate::locate::Lines;
use crate::out::Out;
use crate::{committed, out, parallel, print};

/// Something to mend.
#[derive(Serialize)]
pub(crate) struct Finding {
    pub(crate) file: String,
    /// Counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) line: Option<usize>,
    /// The JSON path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) path: Option<String>,
    pub(crate) rule: &'static str,
    pub(crate) message: String,
}

#[derive(Serialize)]
struct Report {
    definitions: usize,
    findings: Vec<Finding>,
}

pub(crate) fn run(
    folder: Option<&Path>, args: &Check, out: &mut impl Write,
) -> Result<ExitCode, String> {
    let files = find(folder, &args.paths)?;
    let mut findings = Vec::new();
    for found in parallel::map(&files, |file| check(file)) {
        findings.extend(found?);
    }
    if args.committed {
        findings.extend(committed::check(&Out::find(folder)?, &args.cargo)?);
    }
    let found = !findings.is_empty();
    let definitions = files.len();
    match args.format {
        Format::Json => print::json(
            out,
            &Report {
                definitions,
                findings,
            },
        )?,
        Format::Text => print(out, definitions, &findings)?,
    }
    Ok(if found {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn print(out: &mut impl Write, definitions: usize, findings: &[Finding]) -> Result<(), String> {
    for finding in findings {
        let Finding { file, message, .. } = finding;
        let line = finding.line.map(|line| format!(":{line}"));
        let path = finding.path.as_ref().map(|path| format!(" {path}:"));
        let (line, path) = (line.unwrap_or_default(), path.unwrap_or_default());
        print::line(out, &format!("{file}{line}:{path} {message}"))?;
    }
    let summary = format!(
        "{} checked, {}",
        print::count(definitions, "definition"),
        print::count(findings.len(), "problem")
    );
    print::line(out, &summary)
}

fn check(file: &Path) -> Result<Vec<Finding>, String> {
    let json = out::read(file)?;
    let Err(problems) = saga_asl::parse(&json) else {
        return Ok(Vec::new());
    };
    let lines = Lines::of(&json);
    let findings = problems.iter().map(|problem| Finding {
        file: file.display().to_string(),
        line: Some(lines.line(problem.path())),
        path: Some(problem.path().to_owned()),
        rule: problem.rule(),
        message: problem.message().to_owned(),
    });
    Ok(findings.collect())
}

fn find(folder: Option<&Path>, paths: &[PathBuf]) -> Result<Vec<PathBuf>, String> {
    if paths.is_empty() {
        return definitions(&Out::find(folder)?);
    }
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            files.extend(definitions(&Out::at(path)?)?);
        } else {
            files.push(path.clone());
        }
    }
    Ok(files)
}

fn definitions(out: &Out) -> Result<Vec<PathBuf>, String> {
    let names = out.names()?.into_iter();
    Ok(names.map(|name| out.definition(&name)).collect())
}

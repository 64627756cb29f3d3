//! `cargo saga check`: validates definitions and choreographies, and prints what is found. The rules are `saga-asl`'s and
//! `choreography`'s.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde::Serialize;

use crate::args::{Check, Format};
use crate::locate::Lines;
use crate::out::{CHOREOGRAPHY, Out};
use crate::{choreography, committed, out, parallel, print};

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

/// What is told of a file.
#[derive(Default)]
pub(crate) struct Checked {
    pub(crate) findings: Vec<Finding>,
    /// What nobody has to mend.
    pub(crate) notes: Vec<Finding>,
}

#[derive(Serialize)]
struct Report {
    definitions: usize,
    #[serde(skip_serializing_if = "is_zero")]
    choreographies: usize,
    findings: Vec<Finding>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<Finding>,
}

pub(crate) fn run(
    folder: Option<&Path>, args: &Check, out: &mut impl Write,
) -> Result<ExitCode, String> {
    let files = find(folder, &args.paths)?;
    let (mut findings, mut notes) = (Vec::new(), Vec::new());
    for checked in parallel::map(&files, |file| check(file)) {
        let checked = checked?;
        findings.extend(checked.findings);
        notes.extend(checked.notes);
    }
    if args.committed {
        findings.extend(committed::check(&Out::find(folder)?, &args.cargo)?);
    }
    let found = !findings.is_empty();
    let choreographies = files.iter().filter(|file| is_choreography(file)).count();
    let report = Report {
        definitions: files.len() - choreographies,
        choreographies,
        findings,
        notes,
    };
    match args.format {
        Format::Json => print::json(out, &report)?,
        Format::Text => print(out, &report)?,
    }
    Ok(if found {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

fn print(out: &mut impl Write, report: &Report) -> Result<(), String> {
    let findings = report.findings.iter().map(|finding| (finding, ""));
    let notes = report.notes.iter().map(|note| (note, " note:"));
    for (finding, word) in findings.chain(notes) {
        let Finding { file, message, .. } = finding;
        let line = finding.line.map(|line| format!(":{line}"));
        let path = finding.path.as_ref().map(|path| format!(" {path}:"));
        let (line, path) = (line.unwrap_or_default(), path.unwrap_or_default());
        print::line(out, &format!("{file}{line}:{word}{path} {message}"))?;
    }
    let definitions = print::count(report.definitions, "definition");
    let choreographies = match report.choreographies {
        1 => "1 choreography".to_owned(),
        count => format!("{count} choreographies"),
    };
    let checked = match (report.definitions, report.choreographies) {
        (_, 0) => definitions,
        (0, _) => choreographies,
        _ => format!("{definitions} and {choreographies}"),
    };
    let problems = print::count(report.findings.len(), "problem");
    print::line(out, &format!("{checked} checked, {problems}"))
}

fn is_choreography(file: &Path) -> bool {
    file.to_string_lossy().ends_with(CHOREOGRAPHY)
}

fn check(file: &Path) -> Result<Checked, String> {
    if is_choreography(file) {
        return choreography::check::check(file);
    }
    let json = out::read(file)?;
    let Err(problems) = saga_asl::parse(&json) else {
        return Ok(Checked::default());
    };
    let lines = Lines::of(&json);
    let findings = problems.iter().map(|problem| Finding {
        file: file.display().to_string(),
        line: Some(lines.line(problem.path())),
        path: Some(problem.path().to_owned()),
        rule: problem.rule(),
        message: problem.message().to_owned(),
    });
    Ok(Checked {
        findings: findings.collect(),
        notes: Vec::new(),
    })
}

fn find(folder: Option<&Path>, paths: &[PathBuf]) -> Result<Vec<PathBuf>, String> {
    if paths.is_empty() {
        return emitted(&Out::find(folder)?);
    }
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            files.extend(emitted(&Out::at(path)?)?);
        } else {
            files.push(path.clone());
        }
    }
    Ok(files)
}

fn emitted(out: &Out) -> Result<Vec<PathBuf>, String> {
    let sagas = out.names()?.into_iter();
    let choreographies = out.choreographies()?.into_iter();
    let contracts = choreographies.map(|name| out.folder.join(format!("{name}{CHOREOGRAPHY}")));
    let definitions = sagas.map(|name| out.definition(&name));
    Ok(definitions.chain(contracts).collect())
}

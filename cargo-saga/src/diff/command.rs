//! The subcommand: which sagas are compared with which, and how it is told.

use std::fmt::Write as _;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use super::source::{Saga, Side};
use super::{Change, Changes, Verdict, between};
use crate::args::Format;
use crate::out::{Out, alternatives};
use crate::print::{self, Paint};

/// Compare two versions of sagas, and say whether those in flight survive the change
///
/// An execution keeps the definition that it began with, but calls the participants that are deployed. So the question is
/// whether the new code still serves the old definition, and reads the records that the old code left.
///
/// Exits with 0 when nothing breaks sagas in flight, 1 when something does, and 2 when nothing could be compared.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  cargo saga diff                          all of out/, against git's HEAD
  cargo saga diff place_order              one saga
  cargo saga diff place_order --against v1.4
  cargo saga diff v1.4:place_order v1.5:place_order
  cargo saga diff deployed/ out/           two folders
  cargo saga diff live.asl.json out/place_order.asl.json      what AWS has, against what it would get")]
pub(crate) struct Options {
    /// A saga of `out/`, or all of them, compared with what git has; with NEW, the old version
    #[arg(value_name = "NAME|OLD")]
    name: Option<String>,
    /// The new version. Versions are files, folders, and git's REV or REV:NAME
    new: Option<String>,
    /// What `out/` is compared with: a revision of git [default: HEAD]
    #[arg(long, value_name = "REV", conflicts_with = "new")]
    against: Option<String>,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Serialize)]
struct Compared {
    name: String,
    #[serde(flatten)]
    changes: Changes,
    breaks_in_flight: bool,
}

pub(crate) fn run(
    folder: Option<&Path>, options: &Options, out: &mut impl Write,
) -> Result<ExitCode, String> {
    let (old, new) = match (&options.name, &options.new) {
        (Some(old), Some(new)) => (Side::of(old, folder)?, Side::of(new, folder)?),
        (name, _) => against(folder, name.as_ref(), options.against.as_deref())?,
    };
    let compared = compare(&old, &new)?;
    match options.format {
        Format::Json => print::json(out, &compared)?,
        Format::Text => print::text(out, &text(&compared, Paint::for_stdout()))?,
    }
    let breaks = compared.iter().any(|compared| compared.breaks_in_flight);
    Ok(if breaks {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// What is in `out/`, and what git has of it.
fn against(
    folder: Option<&Path>, name: Option<&String>, revision: Option<&str>,
) -> Result<(Side, Side), String> {
    let out = Out::find(folder)?;
    let mut new = Side::folder(&out)?;
    if let Some(name) = name {
        if !new.sagas.contains_key(name) {
            let names: Vec<String> = new.sagas.into_keys().collect();
            return Err(out.unknown(name, &names));
        }
        new.sagas.retain(|known, _| known == name);
    }
    let old = Side::revision(&out.folder, revision.unwrap_or("HEAD"), None);
    let mut old = old.map_err(|error| {
        format!("{error}; commit `out/`, name a revision with `--against`, or name both versions: `cargo saga diff OLD NEW`")
    })?;
    if let Some(name) = name {
        old.sagas.retain(|known, _| known == name);
    }
    Ok((old, new))
}

/// Sagas of the same name; two that were named, whatever their names; one that was named with the other of its name.
fn compare(old: &Side, new: &Side) -> Result<Vec<Compared>, String> {
    let one = |side: &Side| {
        (side.sagas.len() == 1)
            .then(|| side.sagas.keys().next().cloned())
            .flatten()
    };
    if old.is_one
        && new.is_one
        && let (Some(before), Some(after)) = (one(old), one(new))
    {
        let changes = changes(old.sagas.get(&before), new.sagas.get(&after));
        return Ok(vec![compared(after, changes)]);
    }
    let single = [(old, new), (new, old)]
        .into_iter()
        .find(|(side, _)| side.is_one);
    let mut names: Vec<&String> = old.sagas.keys().chain(new.sagas.keys()).collect();
    names.sort();
    names.dedup();
    if let Some((file, other)) = single {
        let name = one(file).unwrap_or_default();
        if !other.sagas.contains_key(&name) {
            let known = alternatives(&name, other.sagas.keys().map(String::as_str));
            return Err(format!(
                "there is no saga `{name}` in {}{known}",
                other.shown
            ));
        }
        names.retain(|known| **known == name);
    }
    let all = names.into_iter().map(|name| {
        let changes = changes(old.sagas.get(name), new.sagas.get(name));
        compared(name.clone(), changes)
    });
    Ok(all.collect())
}

fn compared(name: String, changes: Changes) -> Compared {
    Compared {
        name,
        breaks_in_flight: changes.breaks_in_flight(),
        changes,
    }
}

fn changes(old: Option<&Saga>, new: Option<&Saga>) -> Changes {
    match (old, new) {
        (Some(old), Some(new)) => between(
            &old.machine,
            old.contract.as_ref(),
            &new.machine,
            new.contract.as_ref(),
        ),
        (None, _) => Changes::new(vec![Change::safe("saga", "added", "none runs yet")]),
        (Some(_), None) => Changes::new(vec![
            // https://docs.aws.amazon.com/step-functions/latest/apireference/API_DeleteStateMachine.html
            Change::breaks(
                "saga",
                "removed",
                "a state machine that is deleted ends its executions at their next transition, uncompensated",
            )
            .instead("keep the state machine and its participants until none of its executions runs, and none may be redriven"),
        ]),
    }
}

fn text(all: &[Compared], paint: Paint) -> String {
    let mut text = String::new();
    let mut unchanged = 0;
    for compared in all {
        if compared.changes.worst().is_none() {
            unchanged += 1;
            continue;
        }
        let _ = writeln!(text, "{}", paint.bold(&compared.name));
        for change in compared.changes.iter() {
            let verdict = match change.verdict {
                Verdict::BreaksInFlight => paint.red("breaks in-flight"),
                Verdict::Look => paint.yellow("look"),
                Verdict::Safe => paint.green("safe"),
            };
            let _ = writeln!(text, "  {verdict}  {}: {}", change.of, change.what);
            let _ = writeln!(text, "    {}", paint.dim(&change.why));
            if let Some(remedy) = &change.remedy {
                let _ = writeln!(text, "    -> {remedy}");
            }
        }
        text.push('\n');
    }
    let count = |verdict: Verdict| {
        let changes = all.iter().flat_map(|compared| compared.changes.iter());
        changes.filter(|change| change.verdict == verdict).count()
    };
    let (breaks, look, safe) = (
        count(Verdict::BreaksInFlight),
        count(Verdict::Look),
        count(Verdict::Safe),
    );
    let _ = match breaks + look + safe {
        0 => writeln!(
            text,
            "nothing has changed in {}",
            print::count(unchanged, "saga")
        ),
        changes => writeln!(
            text,
            "{}: {breaks} breaking sagas in flight, {look} to look at, {safe} safe",
            print::count(changes, "change")
        ),
    };
    text
}

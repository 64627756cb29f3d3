//! `cargo saga check --committed`: builds into a folder of its own, compares it with `out/`, and asks git about `out/`.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::check::Finding;
use crate::git::git;
use crate::out::{EMITTED, Out, cannot_read};

const RULE: &str = "committed";

pub(crate) fn check(out: &Out, cargo_args: &[String]) -> Result<Vec<Finding>, String> {
    // Before anything is built, which takes longer.
    let uncommitted = uncommitted(&out.folder)?;
    let emitted = emit(cargo_args)?;
    let mut findings = compare(&out.folder, &emitted)?;
    findings.extend(uncommitted);
    Ok(findings)
}

/// What the source emits, in a folder under cargo's own.
///
/// It is emptied first: the expanded code includes the files, so cargo expands it again wherever one is missing. Nothing is
/// built that `cargo build` would then build again, because `cargo check` keeps its artifacts apart.
fn emit(cargo_args: &[String]) -> Result<PathBuf, String> {
    let folder = target()?.join("saga-committed");
    if folder.exists() {
        let removed = fs::remove_dir_all(&folder);
        removed.map_err(|error| format!("cannot empty {}: {error}", folder.display()))?;
    }
    fs::create_dir_all(&folder)
        .map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
    let status = Command::new(cargo())
        .args(["check", "--workspace", "--quiet"])
        .args(cargo_args)
        .env("SAGA_OUT_DIR", &folder)
        .stdin(Stdio::null())
        .status()
        .map_err(|error| format!("cannot run `cargo check`: {error}"))?;
    if status.success() {
        Ok(folder)
    } else {
        Err("the workspace does not build, so nobody knows what it emits; mend what `cargo check` says above".into())
    }
}

/// Cargo says which one it is when it runs a subcommand.
fn cargo() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

fn target() -> Result<PathBuf, String> {
    let output = Command::new(cargo())
        .args(["metadata", "--format-version", "1", "--no-deps"])
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cannot run `cargo metadata`: {error}"))?;
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let folder = metadata
        .get("target_directory")
        .and_then(|folder| folder.as_str());
    folder.map(PathBuf::from).ok_or_else(|| {
        "`cargo metadata` names no target folder; run this in the workspace that has the saga"
            .into()
    })
}

fn compare(out: &Path, emitted: &Path) -> Result<Vec<Finding>, String> {
    let (here, there) = (files(out)?, files(emitted)?);
    let mut findings = Vec::new();
    for file in here.union(&there) {
        let shown = out.join(file);
        let message = if !there.contains(file) {
            "nothing in the source emits it; delete it, or say with which features it is built: `check --committed -- --all-features`"
        } else if !here.contains(file) {
            "the source emits it and it is not there; run `cargo build` and commit it"
        } else if fs::read(&shown).ok() == fs::read(emitted.join(file)).ok() {
            continue;
        } else {
            "it differs from what the source emits; run `cargo build` and commit it"
        };
        findings.push(finding(&shown, message));
    }
    Ok(findings)
}

fn files(folder: &Path) -> Result<BTreeSet<String>, String> {
    let mut files = BTreeSet::new();
    for entry in fs::read_dir(folder).map_err(|error| cannot_read(folder, &error))? {
        let entry = entry.map_err(|error| cannot_read(folder, &error))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') && is_emitted(&name) {
            files.insert(name);
        }
    }
    Ok(files)
}

fn is_emitted(name: &str) -> bool {
    EMITTED.iter().any(|suffix| name.ends_with(suffix))
}

/// What git says of the folder: a build mends it before anybody has compared, and then only git knows. Where there is no git,
/// nobody knows. What is staged counts as committed, so that this may be a hook.
fn uncommitted(out: &Path) -> Result<Vec<Finding>, String> {
    let status = ["status", "--porcelain=v1", "-z", "--no-renames"];
    let all = ["--untracked-files=all", "--ignored=matching", "--", "."];
    let text = git(out, &[&status[..], &all[..]].concat()).map_err(|error| {
        format!(
            "git cannot say whether {} is committed: {error}; run this where git has it, or leave out `--committed`",
            out.display()
        )
    })?;
    let mut findings = Vec::new();
    for entry in text.split('\0').filter(|entry| entry.len() > 3) {
        let (state, path) = entry.split_at(3);
        let name = Path::new(path).file_name().unwrap_or_default();
        let name = name.to_string_lossy();
        if !is_emitted(&name) && !path.ends_with('/') {
            continue;
        }
        let message = match state.as_bytes() {
            b"?? " => "git does not have it; `git add` and commit it",
            b"!! " => "git ignores it; take it out of .gitignore and commit it",
            [_, b' ', _] => continue,
            _ => "it has changes that are not committed; commit them",
        };
        let shown = if path.ends_with('/') {
            out.to_owned()
        } else {
            out.join(&*name)
        };
        findings.push(finding(&shown, message));
    }
    Ok(findings)
}

fn finding(file: &Path, message: &str) -> Finding {
    Finding {
        file: file.display().to_string(),
        line: None,
        path: None,
        rule: RULE,
        message: message.to_owned(),
    }
}

//! Asks git, which `diff` and `check --committed` compare with. Knows no file.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What git prints.
///
/// # Errors
///
/// The first line of what it says instead.
pub(crate) fn git(folder: &Path, args: &[&str]) -> Result<String, String> {
    let place = if folder.as_os_str().is_empty() {
        PathBuf::from(".")
    } else {
        folder.to_owned()
    };
    let output = Command::new("git")
        .args(args)
        .current_dir(place)
        // Its messages are told on, and tested.
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("cannot run git: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let error = String::from_utf8_lossy(&output.stderr);
    let first = error.lines().next().unwrap_or_default();
    Err(first.trim_start_matches("fatal: ").to_owned())
}

//! Files written whole. Knows nothing of what is in them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process;

/// Whoever reads the file finds the former text or the new one, and never a part.
pub(crate) fn write(file: &Path, text: &str) -> io::Result<()> {
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

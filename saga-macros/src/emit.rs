//! The one place that writes `out/`: each definition whole, only when its bytes differ, and so that cargo neither
//! misses a change of the file nor rebuilds because of the writing itself.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use proc_macro2::TokenStream;
use quote::quote;
use saga_compiler::Definition;

/// The files that this process has written, and whose flow each was: two sagas of one name would overwrite each other.
static WRITTEN: LazyLock<Mutex<HashMap<PathBuf, String>>> = LazyLock::new(Mutex::default);

/// Writes the definition where it belongs, and gives the expression that stands for its text.
///
/// # Errors
///
/// The message for the user: the path, and why it could not be written; or that the name is taken.
pub(crate) fn emit(definition: &Definition) -> Result<TokenStream, String> {
    let Some(folder) = folder().filter(|_| !definition.is_unresolved()) else {
        return Ok(literal(definition));
    };
    let file = folder.join(format!("{}.asl.json", definition.name()));
    claim(&file, definition)?;
    write_if_changed(&file, definition.text()).map_err(|error| {
        format!(
            "cannot write `{}`: {error}; make it writable, or set `SAGA_OUT_DIR` to another folder",
            file.display()
        )
    })?;
    let Some(path) = file.to_str() else {
        return Err(format!(
            "the path `{}` is not Unicode; set `SAGA_OUT_DIR` to one that is",
            file.display()
        ));
    };
    // Including the file makes cargo look at it: deleted or edited by hand, it is written again.
    Ok(quote!({
        const _: ::core::option::Option<&str> = ::core::option_env!("SAGA_OUT_DIR");
        ::core::include_str!(#path)
    }))
}

/// The text itself, where no file is written.
pub(crate) fn literal(definition: &Definition) -> TokenStream {
    let text = definition.text();
    quote!(#text)
}

/// Where definitions go; `None` when nothing is to be written.
fn folder() -> Option<PathBuf> {
    if is_documentation() || is_analyzer() {
        return None;
    }
    let manifest = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR")?);
    // A saga in an integration test or a benchmark is that test's own; cargo sets this variable only there.
    if is_packaged(&manifest) || std::env::var_os("CARGO_TARGET_TMPDIR").is_some() {
        return None;
    }
    let root = workspace_root(&manifest);
    match std::env::var_os("SAGA_OUT_DIR").filter(|folder| !folder.is_empty()) {
        Some(folder) => Some(root.join(folder)),
        None => Some(root.join("out")),
    }
}

/// `rustdoc` expands macros itself, for pages and, by way of `rustc`, for the examples on them.
fn is_documentation() -> bool {
    executable().is_some_and(|name| name.starts_with("rustdoc"))
        || std::env::var_os("UNSTABLE_RUSTDOC_TEST_PATH").is_some()
        || std::env::args().any(|argument| is_doctest_argument(&argument))
}

/// Merged doctests are known only by the files that `rustdoc` hands to `rustc`.
fn is_doctest_argument(argument: &str) -> bool {
    let name = Path::new(argument)
        .file_name()
        .unwrap_or_default()
        .to_string_lossy();
    name == "rustdoc-cfgs" || name.starts_with("doctest_bundle")
}

/// An editor expands what is being typed.
fn is_analyzer() -> bool {
    executable().is_some_and(|name| name.starts_with("rust-analyzer"))
}

fn executable() -> Option<String> {
    let path = std::env::current_exe().ok()?;
    Some(path.file_stem()?.to_string_lossy().into_owned())
}

/// Whether cargo took the crate from a registry, a vendored folder or a git checkout: its sagas are not ours to emit.
fn is_packaged(manifest: &Path) -> bool {
    // `cargo package` puts the original manifest beside the one it rewrites.
    manifest.join("Cargo.toml.orig").exists()
        || manifest
            .ancestors()
            .any(|folder| folder.join(".cargo-ok").exists())
}

/// The nearest folder above whose manifest has a `[workspace]`, as cargo looks for it.
fn workspace_root(manifest: &Path) -> PathBuf {
    let declares_workspace = |folder: &&Path| {
        let text = fs::read_to_string(folder.join("Cargo.toml")).unwrap_or_default();
        let mut lines = text.lines().map(str::trim_start);
        lines.any(|line| line.starts_with("[workspace]") || line.starts_with("[workspace."))
    };
    manifest
        .ancestors()
        .find(declares_workspace)
        .unwrap_or(manifest)
        .to_owned()
}

fn claim(file: &Path, definition: &Definition) -> Result<(), String> {
    let start = definition.span().start();
    let place = format!(
        "{}:{}:{}",
        definition.span().file(),
        start.line,
        start.column
    );
    let mut written = WRITTEN.lock().unwrap_or_else(PoisonError::into_inner);
    match written.insert(file.to_owned(), place.clone()) {
        // The same tokens may be expanded twice.
        Some(first) if first != place => Err(format!(
            "two state machines are called `{}` in this crate, the first at {first}; rename one of the flows",
            definition.name()
        )),
        _ => Ok(()),
    }
}

/// Whole or not at all: a build that is interrupted leaves the old file.
fn write_if_changed(file: &Path, text: &str) -> io::Result<()> {
    if fs::read_to_string(file).is_ok_and(|current| current == text) {
        return Ok(());
    }
    let folder = file.parent().ok_or(io::ErrorKind::InvalidInput)?;
    fs::create_dir_all(folder)?;
    // Two processes may emit at once: a library and its tests, or `cargo check` beside an editor's.
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let temporary = folder.join(format!(".{name}.{}", std::process::id()));
    let written = write_dated(&temporary, text).and_then(|()| fs::rename(&temporary, file));
    if written.is_err() {
        // What is left of a failed attempt helps nobody; the first error is the one to report.
        let _ = fs::remove_file(&temporary);
    }
    written
}

/// Dates the file before this build began: cargo takes anything later for a change after the build.
fn write_dated(path: &Path, text: &str) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(text.as_bytes())?;
    file.set_modified(SystemTime::now() - Duration::from_hours(24))?;
    file.sync_all()
}

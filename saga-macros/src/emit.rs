//! The one place that writes `out/`: each definition, contract and document whole, only when its bytes differ, and so that cargo neither
//! misses a change of the file nor rebuilds because of the writing itself.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use proc_macro2::{Span, TokenStream};
use quote::quote;
use saga_compiler::Definition;
use saga_compiler::choreography::Compiled;

/// The files that this process has written, and where each comes from: two sagas of one name would overwrite each other.
static WRITTEN: LazyLock<Mutex<HashMap<PathBuf, String>>> = LazyLock::new(Mutex::default);

/// Writes the definition and its contract where they belong, and gives the expression that stands for its text.
///
/// # Errors
///
/// The message for the user: the path, and why it could not be written; or that the name is taken.
pub(crate) fn emit(definition: &Definition) -> Result<TokenStream, String> {
    let Some(folder) = folder().filter(|_| !definition.is_unresolved()) else {
        return Ok(literal(definition));
    };
    let name = definition.name();
    let file = folder.join(format!("{name}.asl.json"));
    claim(&file, definition.span(), |first| {
        format!(
            "two state machines are called `{name}` in this crate, the first at {first}; rename one of the flows"
        )
    })?;
    let definition_path = write(&file, definition.text())?;
    let contract = folder.join(format!("{name}.saga.json"));
    let contract_path = write(&contract, &definition.contract().to_json())?;
    Ok(included(
        &[definition_path, contract_path],
        &literal(definition),
    ))
}

/// Writes a choreography's contract and its AsyncAPI document, and gives the expressions that stand for their texts.
///
/// # Errors
///
/// As [`emit`].
pub(crate) fn emit_choreography(compiled: &Compiled) -> Result<(TokenStream, TokenStream), String> {
    let (contract, asyncapi) = choreography_literals(compiled);
    let Some(folder) = folder() else {
        return Ok((contract, asyncapi));
    };
    let name = compiled.name();
    let file = folder.join(format!("{name}.choreography.json"));
    claim(&file, compiled.span(), |first| {
        format!(
            "two choreographies are called `{name}` in this crate, the first at {first}; rename one of the modules"
        )
    })?;
    let contract_path = write(&file, &compiled.contract().to_json())?;
    let file = folder.join(format!("{name}.asyncapi.json"));
    let asyncapi_path = write(&file, compiled.asyncapi())?;
    Ok((
        included(&[contract_path], &contract),
        included(&[asyncapi_path], &asyncapi),
    ))
}

/// The texts themselves, where no file is written.
pub(crate) fn choreography_literals(compiled: &Compiled) -> (TokenStream, TokenStream) {
    let (contract, asyncapi) = (compiled.contract().to_json(), compiled.asyncapi());
    (quote!(#contract), quote!(#asyncapi))
}

/// Including the files makes cargo look at them: deleted or edited by hand, they are written again. The program's own text does
/// not come from there, so that nothing else that writes the files can change what the program starts.
fn included(paths: &[String], text: &TokenStream) -> TokenStream {
    quote!({
        const _: ::core::option::Option<&str> = ::core::option_env!("SAGA_OUT_DIR");
        #(const _: &str = ::core::include_str!(#paths);)*
        #text
    })
}

/// Writes a file, and gives its path for `include_str!`.
fn write(file: &Path, text: &str) -> Result<String, String> {
    write_if_changed(file, text).map_err(|error| {
        format!(
            "cannot write `{}`: {error}; `SAGA_OUT_DIR` may name another folder",
            file.display()
        )
    })?;
    let path = file.to_str().ok_or_else(|| {
        format!(
            "the path `{}` is not Unicode; set `SAGA_OUT_DIR` to one that is",
            file.display()
        )
    })?;
    Ok(path.to_owned())
}

/// The text itself, where no file is written.
pub(crate) fn literal(definition: &Definition) -> TokenStream {
    let text = definition.text();
    quote!(#text)
}

/// Where files go; `None` when nothing is to be written.
fn folder() -> Option<PathBuf> {
    if is_documentation() || is_analyzer() {
        return None;
    }
    let manifest = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR")?);
    if is_packaged(&manifest) || is_test() {
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

/// A saga in a test or a benchmark is that test's own.
fn is_test() -> bool {
    // Cargo sets the variable for integration tests and benchmarks, and hands the flag to rustc for unit tests.
    std::env::var_os("CARGO_TARGET_TMPDIR").is_some()
        || std::env::args().any(|argument| argument == "--test")
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
    let is_rewritten =
        || manifest_of(manifest).starts_with("# THIS FILE IS AUTOMATICALLY GENERATED BY CARGO");
    is_rewritten()
        || manifest
            .ancestors()
            .any(|folder| folder.join(".cargo-ok").exists())
}

fn manifest_of(folder: &Path) -> String {
    fs::read_to_string(folder.join("Cargo.toml")).unwrap_or_default()
}

/// The nearest folder above whose manifest has a `[workspace]` that does not exclude the package, as cargo looks for it.
fn workspace_root(manifest: &Path) -> PathBuf {
    let is_root = |folder: &&Path| {
        let text = manifest_of(folder);
        let mut lines = text.lines().map(str::trim_start);
        lines.any(|line| line.starts_with("[workspace]") || line.starts_with("[workspace."))
            && !excluded(&text).any(|path| manifest.starts_with(folder.join(path)))
    };
    manifest
        .ancestors()
        .find(is_root)
        .unwrap_or(manifest)
        .to_owned()
}

/// The paths of `exclude = [..]` in the `[workspace]` table.
fn excluded(manifest: &str) -> impl Iterator<Item = &str> {
    let after = manifest
        .split_once("[workspace]")
        .map_or("", |(_, after)| after);
    let table = after.split("\n[").next().unwrap_or_default();
    let list = table
        .split_once("exclude")
        .map_or("", |(_, after)| after.trim_start());
    let list = list
        .strip_prefix('=')
        .and_then(|list| list.split_once(']'))
        .map_or("", |(list, _)| list);
    list.split('"').skip(1).step_by(2)
}

/// Takes a file's name; `taken` is what to say when another has it, and where that stands.
fn claim(file: &Path, span: Span, taken: impl Fn(&str) -> String) -> Result<(), String> {
    let start = span.start();
    let place = format!("{}:{}:{}", span.file(), start.line, start.column);
    let mut written = WRITTEN.lock().unwrap_or_else(PoisonError::into_inner);
    match written.insert(file.to_owned(), place.clone()) {
        // The same tokens may be expanded twice.
        Some(first) if first != place => Err(taken(&first)),
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

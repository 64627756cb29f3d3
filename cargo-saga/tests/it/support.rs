//! Folders with sagas in them, and the binary run in them.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use expect_test::{Expect, ExpectFile};

/// The workspace's own `out/`.
pub(crate) fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// An empty folder for one test, with an empty `out/`, that is a workspace of its own.
pub(crate) fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join("out")).unwrap();
    fs::write(folder.join("Cargo.toml"), "[workspace]\n").unwrap();
    folder
}

/// As `folder`, with copies of these examples.
pub(crate) fn folder_with(test: &str, names: &[&str]) -> PathBuf {
    let folder = folder(test);
    for name in names {
        for suffix in ["asl.json", "saga.json"] {
            let file = format!("out/{name}.{suffix}");
            fs::copy(examples().join(&file), folder.join(&file)).unwrap();
        }
    }
    folder
}

/// As `folder`, with the files of the choreography `order_events`.
pub(crate) fn choreographed(test: &str) -> PathBuf {
    let folder = folder(test);
    for suffix in ["asyncapi", "choreography"] {
        let file = format!("out/order_events.{suffix}.json");
        fs::copy(examples().join(&file), folder.join(&file)).unwrap();
    }
    folder
}

/// Writes what the compiler makes of a module.
pub(crate) fn emit(folder: &Path, source: &str) {
    let compiled = saga_compiler::compile("".parse().unwrap(), source.parse().unwrap());
    let compiled = compiled.unwrap_or_else(|failed| panic!("{}", failed.errors()));
    for definition in compiled.definitions() {
        let file = |suffix: &str| folder.join(format!("out/{}.{suffix}.json", definition.name()));
        fs::write(file("asl"), definition.text()).unwrap();
        fs::write(file("saga"), definition.contract().to_json()).unwrap();
    }
}

/// A module whose flow has so many steps: two thirds compensatable, each sixth of them read only, then a pivot, then retriable ones.
pub(crate) fn many(name: &str, steps: usize) -> String {
    let mut methods = String::new();
    let mut calls = String::new();
    let pivot = steps * 2 / 3;
    for index in 0..steps {
        let attribute = match index {
            index if index == pivot => "pivot".to_owned(),
            index if index > pivot => "retriable".to_owned(),
            index if index % 6 == 5 => "read_only".to_owned(),
            index => format!("compensate = undo_{index}"),
        };
        let error = if index > pivot { "Retry" } else { "Refusal" };
        let _ = write!(
            methods,
            "#[step({attribute})] async fn step_{index}(&self, tx: &mut Tx) -> Result<(), {error}>;"
        );
        if attribute.starts_with("compensate") {
            let _ = write!(
                methods,
                "#[compensation] async fn undo_{index}(&self, tx: &mut Tx) -> Result<(), Retry>;"
            );
        }
        let _ = write!(calls, "part.step_{index}().await?;");
    }
    format!(
        "/// Does a great deal.\npub mod {name} {{ use saga_runtime::prelude::*; pub enum Refusal {{ No }}
        pub trait Part {{ {methods} }}
        pub async fn {name}(part: &impl Part) -> Result<(), Rejection> {{ {calls} Ok(()) }} }}"
    )
}

/// What it printed, on both streams, and its exit code. `folder` is called HERE.
pub(crate) fn output(folder: &Path, args: &[&str]) -> String {
    output_from(folder, folder, args, &[])
}

/// As `output`, from somewhere in the folder and with these variables.
pub(crate) fn output_from(
    folder: &Path, here: &Path, args: &[&str], variables: &[(&str, &str)],
) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_cargo-saga"))
        .arg("saga")
        .args(args)
        .current_dir(here)
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let code = output.status.code().unwrap();
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    format!("{text}exit {code}\n").replace(folder.to_str().unwrap(), "HERE")
}

pub(crate) fn check(folder: &Path, args: &[&str], expected: Expect) {
    expected.assert_eq(&output(folder, args));
}

/// For long outputs: in a file of `tests/golden`.
pub(crate) fn check_file(folder: &Path, args: &[&str], expected: ExpectFile) {
    expected.assert_eq(&output(folder, args));
}

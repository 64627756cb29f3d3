//! From start to output, process and all, for a folder of 50 sagas of 30 steps each. `cargo bench -p cargo-saga`.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

const SAGAS: usize = 50;
const STEPS: usize = 30;

fn main() {
    divan::main();
}

/// The folder, written once a run.
static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("fifty/out");
    fs::create_dir_all(&folder).expect("a folder for the sagas");
    for number in 0..SAGAS {
        let source = source(&format!("saga_{number}"));
        let source = source.parse().expect("tokens");
        let compiled = saga_compiler::compile("".parse().expect("tokens"), source);
        for definition in compiled.expect("it compiles").definitions() {
            let file = |suffix: &str| folder.join(format!("{}.{suffix}.json", definition.name()));
            fs::write(file("asl"), definition.text()).expect("written");
            fs::write(file("saga"), definition.contract().to_json()).expect("written");
        }
    }
    folder
});

fn source(name: &str) -> String {
    let (mut methods, mut calls) = (String::new(), String::new());
    for step in 0..STEPS {
        let _ = write!(
            methods,
            "#[step(compensate = undo_{step})] async fn step_{step}(&self, tx: &mut Tx) -> Result<(), Refusal>;
             #[compensation] async fn undo_{step}(&self, tx: &mut Tx) -> Result<(), Retry>;"
        );
        let _ = write!(calls, "part.step_{step}().await?;");
    }
    format!(
        "pub mod {name} {{ use saga_runtime::prelude::*; pub enum Refusal {{ No }} pub trait Part {{ {methods} }}
         pub async fn {name}(part: &impl Part) -> Result<(), Rejection> {{ {calls} Ok(()) }} }}"
    )
}

fn start(args: &[&str]) {
    let output = Command::new(env!("CARGO_BIN_EXE_cargo-saga"))
        .args(args)
        .arg("--out")
        .arg(&*FOLDER)
        .output()
        .expect("it runs");
    assert!(output.status.success(), "{args:?}: {output:?}");
    divan::black_box(output);
}

#[divan::bench]
fn list(bencher: divan::Bencher<'_, '_>) {
    LazyLock::force(&FOLDER);
    bencher.bench(|| start(&["list"]));
}

#[divan::bench]
fn check(bencher: divan::Bencher<'_, '_>) {
    LazyLock::force(&FOLDER);
    bencher.bench(|| start(&["check"]));
}

#[divan::bench]
fn explain(bencher: divan::Bencher<'_, '_>) {
    LazyLock::force(&FOLDER);
    bencher.bench(|| start(&["explain", "saga_7"]));
}

#[divan::bench]
fn graph(bencher: divan::Bencher<'_, '_>) {
    LazyLock::force(&FOLDER);
    bencher.bench(|| start(&["graph", "saga_7"]));
}

#[divan::bench]
fn run(bencher: divan::Bencher<'_, '_>) {
    LazyLock::force(&FOLDER);
    bencher.bench(|| start(&["run", "saga_7"]));
}

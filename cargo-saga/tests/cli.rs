//! Runs the binary as cargo would, on files of its own.

#![allow(
    clippy::needless_raw_string_hashes,
    reason = "`UPDATE_EXPECT=1` writes them"
)]
#![allow(
    clippy::needless_pass_by_value,
    reason = "an `expect!` reads best as an argument"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use expect_test::{Expect, expect};

const GOOD: &str =
    r#"{"QueryLanguage": "JSONata", "StartAt": "a", "States": {"a": {"Type": "Succeed"}}}"#;
const BAD: &str = r#"{"QueryLanguage": "JSONata", "StartAt": "b", "States": {"a": {"Type": "Wait", "End": true}}}"#;

/// An empty folder for one test.
fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join("out")).unwrap();
    folder
}

fn check(folder: &Path, args: &[&str], expected: Expect) {
    check_from(folder, folder, args, expected);
}

/// As `check`, from somewhere in the folder.
fn check_from(folder: &Path, here: &Path, args: &[&str], expected: Expect) {
    let binary = env!("CARGO_BIN_EXE_cargo-saga");
    let output = Command::new(binary)
        .arg("saga")
        .args(args)
        .current_dir(here)
        .output()
        .unwrap();
    let code = output.status.code().unwrap();
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    expected.assert_eq(&format!("{text}exit {code}\n").replace(folder.to_str().unwrap(), "HERE"));
}

#[test]
fn good_definitions_have_no_problems() {
    let folder = folder("good");
    fs::write(folder.join("out/a.asl.json"), GOOD).unwrap();
    check(
        &folder,
        &["check"],
        expect![[r#"
        1 definition checked, 0 problems
        exit 0
    "#]],
    );
}

#[test]
fn every_problem_is_a_line() {
    let folder = folder("bad");
    fs::write(folder.join("out/b.asl.json"), BAD).unwrap();
    fs::write(folder.join("out/a.asl.json"), "{}").unwrap();
    fs::write(folder.join("out/notes.json"), "not a definition").unwrap();
    check(
        &folder,
        &["check"],
        expect![[r#"
        out/a.asl.json: $: `StartAt` is missing; add the name of the first state
        out/a.asl.json: $: `States` is missing; add an object of states by name
        out/a.asl.json: $: `QueryLanguage` is not JSONata; write `"QueryLanguage": "JSONata"`, the only one that this validator reads
        out/b.asl.json: $.States.a: a Wait needs `Seconds` or `Timestamp`; add one
        2 definitions checked, 4 problems
        exit 1
    "#]],
    );
}

#[test]
fn out_is_found_from_below() {
    let folder = folder("below");
    let below = folder.join("crate/src");
    fs::create_dir_all(&below).unwrap();
    fs::write(folder.join("out/a.asl.json"), BAD).unwrap();
    check_from(
        &folder,
        &below,
        &["check"],
        expect![[r#"
        HERE/out/a.asl.json: $.States.a: a Wait needs `Seconds` or `Timestamp`; add one
        1 definition checked, 1 problem
        exit 1
    "#]],
    );
}

#[test]
fn paths_name_files_and_folders() {
    let folder = folder("paths");
    fs::write(folder.join("out/a.asl.json"), GOOD).unwrap();
    fs::write(folder.join("b.json"), GOOD).unwrap();
    check(
        &folder,
        &["check", "out", "b.json"],
        expect![[r#"
        2 definitions checked, 0 problems
        exit 0
    "#]],
    );
}

#[test]
fn what_cannot_be_read_is_an_error() {
    let folder = folder("absent");
    check(
        &folder,
        &["check", "absent.asl.json"],
        expect![[r#"
        error: cannot read absent.asl.json: No such file or directory (os error 2)
        exit 2
    "#]],
    );
    check(
        &folder,
        &["chekc"],
        expect![[r#"
        error: unrecognized subcommand 'chekc'

          tip: a similar subcommand exists: 'check'

        Usage: cargo saga <COMMAND>

        For more information, try '--help'.
        exit 2
    "#]],
    );
}

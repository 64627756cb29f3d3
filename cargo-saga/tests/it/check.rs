//! `cargo saga check`: what it finds, where, and its exit code.

use std::fs;

use expect_test::expect;

use crate::support::{check, folder, output_from};

const GOOD: &str =
    r#"{"QueryLanguage": "JSONata", "StartAt": "a", "States": {"a": {"Type": "Succeed"}}}"#;
const BAD: &str = r#"{"QueryLanguage": "JSONata", "StartAt": "b", "States": {"a": {"Type": "Wait", "End": true}}}"#;

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
            out/a.asl.json:1: $: `StartAt` is missing; add the name of the first state
            out/a.asl.json:1: $: `States` is missing; add an object of states by name
            out/a.asl.json:1: $: `QueryLanguage` is not JSONata; write `"QueryLanguage": "JSONata"`, the only one that this validator reads
            out/b.asl.json:1: $.States.a: a Wait needs `Seconds` or `Timestamp`; add one
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
    let text = output_from(&folder, &below, &["check"], &[]);
    expect![[r#"
        HERE/out/a.asl.json:1: $.States.a: a Wait needs `Seconds` or `Timestamp`; add one
        1 definition checked, 1 problem
        exit 1
    "#]]
    .assert_eq(&text);
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

            Usage: cargo saga [OPTIONS] <COMMAND>

            For more information, try '--help'.
            exit 2
        "#]],
    );
}

#[test]
fn a_finding_has_its_line() {
    let folder = folder("lines");
    let definition = BAD.replace(", ", ",\n");
    fs::write(folder.join("out/a.asl.json"), definition).unwrap();
    check(
        &folder,
        &["check"],
        expect![[r#"
        out/a.asl.json:3: $.States.a: a Wait needs `Seconds` or `Timestamp`; add one
        1 definition checked, 1 problem
        exit 1
    "#]],
    );
    check(
        &folder,
        &["check", "--format", "json"],
        expect![[r#"
        {
          "definitions": 1,
          "findings": [
            {
              "file": "out/a.asl.json",
              "line": 3,
              "path": "$.States.a",
              "rule": "schema",
              "message": "a Wait needs `Seconds` or `Timestamp`; add one"
            }
          ]
        }
        exit 1
    "#]],
    );
}

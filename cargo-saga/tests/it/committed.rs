//! `cargo saga check --committed`, with a cargo that writes what it is told to.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use expect_test::{Expect, expect};

use crate::support::{folder_with, output_from};

/// A workspace whose source emits what stands in `emitted/`.
fn workspace(test: &str) -> PathBuf {
    let folder = folder_with(test, &["book_trip", "close_account"]);
    fs::create_dir(folder.join("emitted")).unwrap();
    for file in fs::read_dir(folder.join("out")).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), folder.join("emitted").join(file.file_name())).unwrap();
    }
    let script = format!(
        "#!/bin/sh\ncase \"$1\" in\n metadata) echo '{{ \"target_directory\": \"{0}/target\" }}';;\n \
         check) echo \"$@\" > {0}/asked; cp {0}/emitted/* \"$SAGA_OUT_DIR\";;\nesac\n",
        folder.display()
    );
    let cargo = folder.join("cargo.sh");
    fs::write(&cargo, script).unwrap();
    fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

fn git(folder: &Path, args: &[&str]) {
    let identity = ["-c", "user.name=test", "-c", "user.email=test@example.com"];
    let status = Command::new("git")
        .args(identity)
        .args(args)
        .current_dir(folder)
        .output();
    assert!(status.unwrap().status.success(), "git {args:?}");
}

fn committed(test: &str) -> PathBuf {
    let folder = workspace(test);
    fs::write(folder.join(".gitignore"), "target\n").unwrap();
    git(&folder, &["init", "--quiet"]);
    git(&folder, &["add", "."]);
    git(&folder, &["commit", "--quiet", "--message", "All"]);
    folder
}

fn check(folder: &Path, args: &[&str], expected: Expect) {
    let cargo = folder.join("cargo.sh");
    let variables = [("CARGO", cargo.to_str().unwrap())];
    let args = [&["check", "--committed"], args].concat();
    expected.assert_eq(&output_from(folder, folder, &args, &variables));
}

#[test]
fn what_is_emitted_and_committed_is_fine() {
    let folder = committed("committed_fine");
    check(
        &folder,
        &["--", "--features", "extra"],
        expect![[r#"
        2 definitions checked, 0 problems
        exit 0
    "#]],
    );
    let asked = fs::read_to_string(folder.join("asked")).unwrap();
    assert_eq!(asked, "check --workspace --quiet --features extra\n");
    // Nobody commits what they stage in a hook before the hook has run.
    fs::write(folder.join("emitted/close_account.saga.json"), "{}").unwrap();
    fs::write(folder.join("out/close_account.saga.json"), "{}").unwrap();
    git(&folder, &["add", "out"]);
    check(
        &folder,
        &[],
        expect![[r#"
        2 definitions checked, 0 problems
        exit 0
    "#]],
    );
}

#[test]
fn what_differs_from_the_source_is_found() {
    let folder = committed("committed_differs");
    fs::write(folder.join("emitted/book_trip.saga.json"), "{}").unwrap();
    fs::write(folder.join("emitted/new.asl.json"), "{}").unwrap();
    fs::remove_file(folder.join("emitted/close_account.asl.json")).unwrap();
    check(
        &folder,
        &[],
        expect![[r#"
        out/book_trip.saga.json: it differs from what the source emits; run `cargo build` and commit it
        out/close_account.asl.json: nothing in the source emits it; delete it, or say with which features it is built: `check --committed -- --all-features`
        out/new.asl.json: the source emits it and it is not there; run `cargo build` and commit it
        2 definitions checked, 3 problems
        exit 1
    "#]],
    );
}

#[test]
fn the_files_of_a_choreography_are_looked_at_too() {
    let folder = committed("committed_choreography");
    for suffix in ["choreography", "asyncapi"] {
        let file = folder.join(format!("emitted/events.{suffix}.json"));
        fs::write(file, "{ \"format\": 1 }").unwrap();
    }
    fs::write(folder.join("out/events.asyncapi.json"), "{}").unwrap();
    check(
        &folder,
        &[],
        expect![[r#"
        out/events.asyncapi.json: it differs from what the source emits; run `cargo build` and commit it
        out/events.choreography.json: the source emits it and it is not there; run `cargo build` and commit it
        out/events.asyncapi.json: git does not have it; `git add` and commit it
        2 definitions checked, 3 problems
        exit 1
    "#]],
    );
}

/// A build has mended it, and nobody committed that.
#[test]
fn what_only_git_knows_is_found() {
    let folder = committed("committed_not");
    for place in ["emitted", "out"] {
        fs::write(folder.join(place).join("book_trip.saga.json"), "{}").unwrap();
        fs::write(folder.join(place).join("new.saga.json"), "{}").unwrap();
    }
    check(
        &folder,
        &["--format", "json"],
        expect![[r#"
        {
          "definitions": 2,
          "findings": [
            {
              "file": "out/book_trip.saga.json",
              "rule": "committed",
              "message": "it has changes that are not committed; commit them"
            },
            {
              "file": "out/new.saga.json",
              "rule": "committed",
              "message": "git does not have it; `git add` and commit it"
            }
          ]
        }
        exit 1
    "#]],
    );
    fs::write(folder.join(".gitignore"), "target\nnew.*\n").unwrap();
    check(
        &folder,
        &[],
        expect![[r#"
        out/book_trip.saga.json: it has changes that are not committed; commit them
        out/new.saga.json: git ignores it; take it out of .gitignore and commit it
        2 definitions checked, 2 problems
        exit 1
    "#]],
    );
}

/// Nobody can say then that git has it.
#[test]
fn what_is_not_in_git_cannot_be_checked() {
    let folder = workspace("committed_nowhere");
    let cargo = folder.join("cargo.sh");
    let variables = [
        ("CARGO", cargo.to_str().unwrap()),
        // The tests themselves may run inside a repository.
        ("GIT_CEILING_DIRECTORIES", folder.to_str().unwrap()),
    ];
    let text = output_from(&folder, &folder, &["check", "--committed"], &variables);
    expect![[r#"
        error: git cannot say whether out is committed: not a git repository (or any of the parent directories): .git; run this where git has it, or leave out `--committed`
        exit 2
    "#]].assert_eq(&text);
    // It is said before anything is built.
    assert!(!folder.join("asked").exists());
    let text = output_from(&folder, &folder, &["diff"], &variables);
    assert!(text.ends_with("exit 2\n"), "{text}");
}

#[test]
fn a_workspace_that_does_not_build_is_no_finding() {
    let folder = committed("committed_broken");
    fs::remove_dir_all(folder.join("emitted")).unwrap();
    let text = {
        let cargo = folder.join("cargo.sh");
        let variables = [("CARGO", cargo.to_str().unwrap())];
        output_from(&folder, &folder, &["check", "--committed"], &variables)
    };
    assert!(
        text.ends_with("mend what `cargo check` says above\nexit 2\n"),
        "{text}"
    );
}

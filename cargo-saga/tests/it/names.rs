//! How the folder and a saga in it are found, and what is said when they are not.

use std::fs;

use expect_test::expect;

use crate::support::{check, folder, folder_with, output_from};

#[test]
fn an_unknown_name() {
    let folder = folder_with("names_unknown", &["place_order", "book_trip"]);
    check(
        &folder,
        &["explain", "place_ordr"],
        expect![[r#"
        error: there is no saga `place_ordr` in out; did you mean `place_order`?
               there are `book_trip`, `place_order`
        exit 2
    "#]],
    );
    check(
        &folder,
        &["graph", "zzz"],
        expect![[r#"
        error: there is no saga `zzz` in out
               there are `book_trip`, `place_order`
        exit 2
    "#]],
    );
}

#[test]
fn no_folder() {
    let folder = folder("names_none");
    fs::remove_dir(folder.join("out")).unwrap();
    check(
        &folder,
        &["list"],
        expect![[r#"
        error: there is no `out/` in HERE or above, up to the workspace's root; run `cargo build` in the workspace that has the saga, or name the folder with `--out`
        exit 2
    "#]],
    );
    check(
        &folder,
        &["list", "--out", "elsewhere"],
        expect![[r#"
        error: there is no folder elsewhere; `--out` names the one that `cargo build` writes definitions to
        exit 2
    "#]],
    );
}

#[test]
fn an_empty_folder() {
    let folder = folder("names_empty");
    check(
        &folder,
        &["check", "out"],
        expect![[r#"
        error: there is no definition in out; run `cargo build` in the workspace that has the saga
        exit 2
    "#]],
    );
    check(
        &folder,
        &["list"],
        expect![[r#"
        error: there is no definition in out; run `cargo build` in the workspace that has the saga, or name the folder with `--out`
        exit 2
    "#]],
    );
    check(
        &folder,
        &["explain", "a", "--out", "out"],
        expect![[r#"
        error: there is no definition in out; run `cargo build` in the workspace that has the saga
        exit 2
    "#]],
    );
}

/// Another `out/`, of something else, is passed over; nothing is looked for above the workspace.
#[test]
fn the_search_ends_at_the_workspace() {
    let folder = folder_with("names_nested", &["book_trip"]);
    fs::create_dir_all(folder.join("crate/src/out")).unwrap();
    let inside = folder.join("crate/src");
    let text = output_from(&folder, &inside, &["list", "--format", "json"], &[]);
    assert!(text.contains("\"name\": \"book_trip\""), "{text}");
    fs::write(folder.join("crate/Cargo.toml"), "[workspace]\n").unwrap();
    let text = output_from(&folder, &inside, &["list"], &[]);
    expect![[r#"
        error: there is no definition in out; run `cargo build` in the workspace that has the saga, or name the folder with `--out`
        exit 2
    "#]].assert_eq(&text);
}

#[test]
fn files_that_cannot_be_used() {
    let folder = folder_with("names_broken", &["book_trip"]);
    fs::write(folder.join("out/book_trip.saga.json"), "{ \"format\": 9 }").unwrap();
    check(
        &folder,
        &["list"],
        expect![[r#"
        error: out/book_trip.saga.json cannot be used: it has format 9, and this tool reads 1; use the `cargo-saga` of the `saga-runtime` that wrote it; `cargo build` writes it anew
        exit 2
    "#]],
    );
    fs::remove_file(folder.join("out/book_trip.saga.json")).unwrap();
    check(
        &folder,
        &["run", "book_trip"],
        expect![[r#"
        error: there is no book_trip.saga.json beside out/book_trip.asl.json, which says what its participants are; `cargo build` writes it
        exit 2
    "#]],
    );
    fs::write(folder.join("out/book_trip.asl.json"), "{}").unwrap();
    check(
        &folder,
        &["explain", "book_trip"],
        expect![[r#"
        error: out/book_trip.asl.json cannot be read: $: `StartAt` is missing; add the name of the first state; `cargo saga check` says it all
        exit 2
    "#]],
    );
}

//! `cargo saga diff`: where the versions come from, and the examples' own changes.

use std::fs;
use std::process::Command;

use expect_test::{ExpectFile, expect, expect_file};

use crate::diff::{SHOP, changed};
use crate::support::{check as run, check_file, emit, examples, folder, folder_with, output};

/// The module of an example, and the same with these texts replaced.
fn example(name: &str, edits: &[(&str, &str)], expected: ExpectFile) {
    let file = fs::read_to_string(examples().join(format!("examples/src/{name}.rs"))).unwrap();
    let start = file.find("\npub mod ").unwrap();
    let end = start + file[start..].find("\n}\n").unwrap() + 2;
    let old = file[start..end].to_owned();
    let mut new = old.clone();
    for (from, to) in edits {
        assert!(new.contains(from), "{from}");
        new = new.replace(from, to);
    }
    let folder = folder(&format!("diff_{name}"));
    fs::create_dir_all(folder.join("old/out")).unwrap();
    emit(&folder.join("old"), &old);
    emit(&folder, &new);
    check_file(&folder, &["diff", "old/out", "out"], expected);
}

#[test]
fn a_pivot_that_says_no_by_another_name() {
    example(
        "place_order",
        &[
            ("Declined", "Refused"),
            (
                "pub tracking: String",
                "pub tracking: String, pub carrier: String",
            ),
        ],
        expect_file!["../golden/diff/place_order.txt"],
    );
}

#[test]
fn loops_and_joins() {
    example(
        "fulfil_order",
        &[
            ("#[parallel(max = 8)]", ""),
            (
                "pub struct Authorisation(pub String)",
                "pub struct Authorisation(pub u64)",
            ),
            (
                "async fn depot(&self, cx: &Context, city: &str)",
                "async fn depot(&self, cx: &Context, city: &str, order_id: &str)",
            ),
            (
                "carrier.depot(&cmd.city)",
                "carrier.depot(&cmd.city, &cmd.order_id)",
            ),
            ("if cmd.gift {", "if cmd.gift && cmd.total > 100 {"),
        ],
        expect_file!["../golden/diff/fulfil_order.txt"],
    );
}

#[test]
fn another_way_and_started_flows() {
    example(
        "onboard_customer",
        &[
            ("Thin", "TooThin"),
            ("close_account", "shut_account"),
            (
                "pub limit: u64,\n    }\n\n    /// An account's number",
                "pub limit: u64, pub joint: Option<String>,\n    }\n\n    /// An account's number",
            ),
            (
                "            limit,\n        };\n        let account",
                "            limit, joint: None,\n        };\n        let account",
            ),
        ],
        expect_file!["../golden/diff/onboard_customer.txt"],
    );
}

/// What AWS has of a saga is its definition, with ARNs in it.
#[test]
fn what_is_deployed_has_no_contract() {
    let folder = folder("diff_deployed");
    emit(&folder, SHOP);
    let definition = fs::read_to_string(folder.join("out/shop.asl.json")).unwrap();
    let live = definition.replace(
        "${StockFunctionArn}",
        "arn:aws:lambda:eu-west-1:111122223333:function:stock:7",
    );
    fs::write(folder.join("live.asl.json"), &live).unwrap();
    let removed = [
        ("stock.reserve(&cmd.order, cmd.quantity).await?;", ""),
        ("mail.send(&cmd.order).await?;", ""),
        (
            "#[step(compensate = release, timeout = \"10s\")]\n            async fn reserve(&self, tx: &mut Tx, order: &str, quantity: u32) -> Result<u64, StockError>;",
            "",
        ),
        (
            "#[compensation]\n            async fn release(&self, tx: &mut Tx, order: &str) -> Result<(), Retry>;",
            "",
        ),
    ];
    emit(&folder, &changed(&removed));
    run(
        &folder,
        &["diff", "live.asl.json", "out/shop.asl.json"],
        expect![[r#"
            shop
              breaks in-flight  mail.send: removed
                running sagas still call it; a participant without it answers `Saga.Unknown`, and is called again without end
                -> no step of `mail` is called any more: keep its function and its table until no saga runs on the old definition
              safe  stock.reserve: removed
                running sagas call version 7 of the function, whose code does not change
                -> keep that version until no saga runs on the old definition

            2 changes: 1 breaking sagas in flight, 0 to look at, 1 safe
            exit 1
        "#]],
    );
}

fn git(folder: &std::path::Path, args: &[&str]) {
    let who = [
        "-c",
        "user.name=n",
        "-c",
        "user.email=e@example.com",
        "-c",
        "commit.gpgsign=false",
    ];
    let git = Command::new("git")
        .args(who)
        .args(args)
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(
        git.status.success(),
        "{}",
        String::from_utf8_lossy(&git.stderr)
    );
}

#[test]
fn against_git() {
    let folder = folder_with("diff_git", &["place_order", "book_trip"]);
    git(&folder, &["init", "-q"]);
    git(&folder, &["add", "."]);
    git(&folder, &["commit", "-qm", "first"]);
    git(&folder, &["tag", "v1"]);
    run(
        &folder,
        &["diff", "--against", "v9"],
        expect![[r#"
        error: Not a valid object name v9; commit `out/`, name a revision with `--against`, or name both versions: `cargo saga diff OLD NEW`
        exit 2
    "#]],
    );
    fs::remove_file(folder.join("out/book_trip.asl.json")).unwrap();
    run(
        &folder,
        &["diff"],
        expect![[r#"
            book_trip
              breaks in-flight  saga: removed
                a state machine that is deleted ends its executions at their next transition, uncompensated
                -> keep the state machine and its participants until none of its executions runs, and none may be redriven

            1 change: 1 breaking sagas in flight, 0 to look at, 0 safe
            exit 1
        "#]],
    );
    run(
        &folder,
        &["diff", "place_order", "--against", "v1"],
        expect![[r#"
            nothing has changed in 1 saga
            exit 0
        "#]],
    );
    run(
        &folder,
        &["diff", "v1:place_order", "out"],
        expect![[r#"
            nothing has changed in 1 saga
            exit 0
        "#]],
    );
    run(
        &folder,
        &["diff", "v1:place_ordr", "out"],
        expect![[r#"
        error: there is no file or folder v1:place_ordr, and as a revision of git: v1 has no saga `place_ordr` in out
        exit 2
    "#]],
    );
    run(
        &folder,
        &["diff", "book_trip"],
        expect![[r#"
        error: there is no saga `book_trip` in out
               there are `place_order`
        exit 2
    "#]],
    );
}

#[test]
fn as_json() {
    let examples = examples();
    let text = output(
        &examples,
        &[
            "diff",
            "out/place_order.asl.json",
            "out/book_trip.asl.json",
            "--format",
            "json",
        ],
    );
    let json: serde_json::Value =
        serde_json::from_str(text.strip_suffix("exit 1\n").unwrap()).unwrap();
    assert_eq!(json[0]["breaks_in_flight"], true);
    let first = &json[0]["changes"][0];
    assert_eq!(first["verdict"], "breaks_in_flight");
    assert!(
        first["of"].is_string()
            && first["what"].is_string()
            && first["why"].is_string()
            && first["do"].is_string()
    );
}

//! What `--help` says, examples included.

use expect_test::expect_file;

use crate::support::{check_file, folder};

#[test]
fn each_subcommand_explains_itself() {
    let folder = folder("help");
    check_file(
        &folder,
        &["--help"],
        expect_file!["../golden/help/saga.txt"],
    );
    check_file(
        &folder,
        &["list", "--help"],
        expect_file!["../golden/help/list.txt"],
    );
    check_file(
        &folder,
        &["check", "--help"],
        expect_file!["../golden/help/check.txt"],
    );
    check_file(
        &folder,
        &["explain", "--help"],
        expect_file!["../golden/help/explain.txt"],
    );
    check_file(
        &folder,
        &["graph", "--help"],
        expect_file!["../golden/help/graph.txt"],
    );
    check_file(
        &folder,
        &["run", "--help"],
        expect_file!["../golden/help/run.txt"],
    );
    check_file(
        &folder,
        &["cost", "--help"],
        expect_file!["../golden/help/cost.txt"],
    );
    check_file(
        &folder,
        &["diff", "--help"],
        expect_file!["../golden/help/diff.txt"],
    );
    check_file(
        &folder,
        &["template", "--help"],
        expect_file!["../golden/help/template.txt"],
    );
    check_file(
        &folder,
        &["start", "--help"],
        expect_file!["../golden/help/start.txt"],
    );
    check_file(
        &folder,
        &["status", "--help"],
        expect_file!["../golden/help/status.txt"],
    );
    check_file(
        &folder,
        &["history", "--help"],
        expect_file!["../golden/help/history.txt"],
    );
    check_file(
        &folder,
        &["list-parked", "--help"],
        expect_file!["../golden/help/list-parked.txt"],
    );
    check_file(
        &folder,
        &["resume", "--help"],
        expect_file!["../golden/help/resume.txt"],
    );
    check_file(
        &folder,
        &["skip", "--help"],
        expect_file!["../golden/help/skip.txt"],
    );
    check_file(
        &folder,
        &["redrive", "--help"],
        expect_file!["../golden/help/redrive.txt"],
    );
    check_file(
        &folder,
        &["deploy", "--help"],
        expect_file!["../golden/help/deploy.txt"],
    );
    check_file(
        &folder,
        &["completions", "--help"],
        expect_file!["../golden/help/completions.txt"],
    );
}

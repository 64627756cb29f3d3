//! What one run leaves to the next: interrupted, half-way, or to be taken back.

#[cfg(unix)]
use std::process::{Command, Stdio};

use expect_test::expect;

use super::{Case, values};

#[test]
fn what_an_interrupted_run_did_is_not_done_again() {
    let case = Case::deployed("interrupted");
    case.cloud.state().fails = Some(("PublishStateMachineVersion", "Interrupted", "here"));
    case.deploy("other", &[]);
    assert_eq!(case.cloud.calls(), ["update"]);
    case.cloud.state().fails = Some(("UpdateStateMachineAlias", "Interrupted", "here"));
    case.deploy("other", &[]);
    assert_eq!(case.cloud.calls(), ["publish 2"]);
    case.cloud.state().fails = None;
    case.check("other", &[], expect![[r#"
        arn:aws:states:us-east-1:123456789012:stateMachine:open_account
          there is  version 2, of 2 versions
                    `live` sends 100 % to version 1
          changes   ibans.assign: calls `arn:aws:lambda:us-east-1:123456789012:function:other` instead of `arn:aws:lambda:us-east-1:123456789012:function:ibans`: running sagas go on with the old function, and with the records in its table; leave the old function and its table as they are until no saga runs on the old definition
          to do     send all that `live` starts to version 2
        ✓ send all that `live` starts to version 2
        `live` serves version 2; start sagas by arn:aws:states:us-east-1:123456789012:stateMachine:open_account:live
        exit 0
        calls: ["route 2: 100 %"]
    "#]]);
}

#[test]
fn half_way_it_goes_on() {
    let case = Case::half_way("half");
    case.check("third", &[], expect![[r#"
        arn:aws:states:us-east-1:123456789012:stateMachine:open_account
          there is  version 2, of 2 versions
                    `live` sends 90 % to version 1
                    `live` sends 10 % to version 2
          changes   ibans.assign: calls `arn:aws:lambda:us-east-1:123456789012:function:third` instead of `arn:aws:lambda:us-east-1:123456789012:function:ibans`: running sagas go on with the old function, and with the records in its table; leave the old function and its table as they are until no saga runs on the old definition
        refused: `live` is on its way from version 1 to 2, which is another definition; end that first: deploy that definition again, or take it back with `--rollback`
        exit 1
        calls: []
    "#]]);
    case.check("other", &["--dry-run", "--canary=10%/5m"], expect![[r#"
        arn:aws:states:us-east-1:123456789012:stateMachine:open_account
          there is  version 2, of 2 versions
                    `live` sends 90 % to version 1
                    `live` sends 10 % to version 2
          changes   ibans.assign: calls `arn:aws:lambda:us-east-1:123456789012:function:other` instead of `arn:aws:lambda:us-east-1:123456789012:function:ibans`: running sagas go on with the old function, and with the records in its table; leave the old function and its table as they are until no saga runs on the old definition
          to do     watch it until 5 min after the shift
                    send all that `live` starts to version 2
          note      `live` sends 10 % to version 2 already; this goes on from there
                    nothing takes it back; name what does with `--alarm` and `--max-failures`
        nothing was done: this is a dry run
        exit 0
        calls: []
    "#]]);
    case.check(
        "other",
        &["--canary=10%/30s", "--max-failures=1%"],
        expect![[r#"
            arn:aws:states:us-east-1:123456789012:stateMachine:open_account
              there is  version 2, of 2 versions
                        `live` sends 90 % to version 1
                        `live` sends 10 % to version 2
              changes   ibans.assign: calls `arn:aws:lambda:us-east-1:123456789012:function:other` instead of `arn:aws:lambda:us-east-1:123456789012:function:ibans`: running sagas go on with the old function, and with the records in its table; leave the old function and its table as they are until no saga runs on the old definition
              to do     watch it until 30 s after the shift
                        send all that `live` starts to version 2
              note      `live` sends 10 % to version 2 already; this goes on from there
                        it is taken back when more than 1 % of its sagas fail
              0 ended, 0 of them failed, 0 running
            ✓ watch it until 30 s after the shift
            ✓ send all that `live` starts to version 2
            `live` serves version 2; start sagas by arn:aws:states:us-east-1:123456789012:stateMachine:open_account:live
            exit 0
            calls: ["route 2: 100 %"]
        "#]],
    );
}

#[test]
fn half_way_it_goes_back() {
    let case = Case::half_way("half_back");
    case.check_back(&[], expect![[r#"
        arn:aws:states:us-east-1:123456789012:stateMachine:open_account
          there is  version 2, of 2 versions
                    `live` sends 90 % to version 1
                    `live` sends 10 % to version 2
          to do     send all that `live` starts to version 1
          note      sagas on their way keep the version that they began with
        ✓ send all that `live` starts to version 1
        `live` serves version 1; start sagas by arn:aws:states:us-east-1:123456789012:stateMachine:open_account:live
        exit 0
        calls: ["route 1: 100 %"]
    "#]]);
}

#[test]
fn back_once_and_no_further() {
    let case = Case::twice("back");
    case.deploy("third", &[]);
    case.cloud.calls();
    case.check_back(
        &["--dry-run"],
        expect![[r#"
        arn:aws:states:us-east-1:123456789012:stateMachine:open_account
          there is  version 3, of 3 versions
                    `live` sends 100 % to version 3
          to do     send all that `live` starts to version 2
          note      sagas on their way keep the version that they began with
        nothing was done: this is a dry run
        exit 0
        calls: []
    "#]],
    );
    case.check_back(&[], expect![[r#"
        arn:aws:states:us-east-1:123456789012:stateMachine:open_account
          there is  version 3, of 3 versions
                    `live` sends 100 % to version 3
          to do     send all that `live` starts to version 2
          note      sagas on their way keep the version that they began with
        ✓ send all that `live` starts to version 2
        `live` serves version 2; start sagas by arn:aws:states:us-east-1:123456789012:stateMachine:open_account:live
        exit 0
        calls: ["route 2: 100 %"]
    "#]]);
    case.check_back(&[], expect![[r#"
        arn:aws:states:us-east-1:123456789012:stateMachine:open_account
          there is  version 3, of 3 versions
                    `live` sends 100 % to version 2
        nothing to do: `live` serves version 2 although there is 3: that was taken back already; `--force` goes on to version 1
        exit 0
        calls: []
    "#]]);
    case.check_back(&["--force"], expect![[r#"
        arn:aws:states:us-east-1:123456789012:stateMachine:open_account
          there is  version 3, of 3 versions
                    `live` sends 100 % to version 2
          to do     send all that `live` starts to version 1
          note      sagas on their way keep the version that they began with
        ✓ send all that `live` starts to version 1
        `live` serves version 1; start sagas by arn:aws:states:us-east-1:123456789012:stateMachine:open_account:live
        exit 0
        calls: ["route 1: 100 %"]
    "#]]);
    case.check_back(
        &["--force"],
        expect![[r#"
        error: `live` serves version 1, and there is none before it
        exit 2
        calls: []
    "#]],
    );
}

/// In the middle of its time, by the terminal and by a pipeline.
#[cfg(unix)]
#[test]
fn interrupted_it_leaves_the_alias() {
    for signal in ["INT", "TERM"] {
        let case = Case::deployed(&format!("signal_{signal}"));
        let values = values("other");
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        let mut command =
            case.command(&[&values, &["--canary=10%/1h", "--alarm=slow"][..]].concat());
        case.cloud.state().alarms = vec!["slow"];
        let running = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        while case.cloud.state().alias.len() < 2 {
            std::thread::yield_now();
        }
        Command::new("kill")
            .args([&format!("-{signal}"), &running.id().to_string()])
            .status()
            .unwrap();
        let output = running.wait_with_output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.starts_with("error: interrupted; "), "{error}");
        assert!(
            error.ends_with("`cargo saga deploy open_account --rollback`\n"),
            "{error}"
        );
        assert_eq!(output.status.code(), Some(2));
        assert_eq!(case.cloud.state().alias, [(1, 90), (2, 10)]);
    }
}

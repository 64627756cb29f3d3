//! A share of the sagas goes to the new version first: on, or back.

use expect_test::expect;

use super::Case;

#[test]
fn a_share_at_first() {
    let case = Case::deployed("canary");
    case.cloud.state().alarms = vec!["slow"];
    case.cloud.state().executions = vec![("RUNNING", 1), ("SUCCEEDED", 0), ("FAILED", -1)];
    case.check(
        "other",
        &["--canary=10%/1s", "--alarm=slow", "--max-failures=5%"],
        expect![[r#"
            arn:aws:states:us-east-1:123456789012:stateMachine:open_account
              there is  version 1, of 1 version
                        `live` sends 100 % to version 1
              changes   ibans.assign: calls `arn:aws:lambda:us-east-1:123456789012:function:other` instead of `arn:aws:lambda:us-east-1:123456789012:function:ibans`: running sagas go on with the old function, and with the records in its table; leave the old function and its table as they are until no saga runs on the old definition
              to do     update the definition
                        publish a version
                        send 10 % of what `live` starts to the new version, the rest to version 1
                        watch it for 1 s
                        send all that `live` starts to the new version
              note      it is taken back when alarm `slow` is on, or more than 5 % of its sagas fail
            ✓ update the definition
            ✓ publish version 2
            ✓ send 10 % of what `live` starts to version 2, the rest to version 1
              1 ended, 0 of them failed, 1 running
            ✓ watch it for 1 s
            ✓ send all that `live` starts to version 2
            `live` serves version 2; start sagas by arn:aws:states:us-east-1:123456789012:stateMachine:open_account:live
            exit 0
            calls: ["update", "publish 2", "route 1: 90 %, 2: 10 %", "route 2: 100 %"]
        "#]],
    );
}

#[test]
fn as_lines_of_json() {
    let case = Case::deployed("json");
    case.check("other", &["--canary=10%/1s", "--format=json"], expect![[r#"
        {"event":"plan","state_machine":"arn:aws:states:us-east-1:123456789012:stateMachine:open_account","alias":"live","serves":[{"version":1,"percent":100}],"changes":["ibans.assign: calls `arn:aws:lambda:us-east-1:123456789012:function:other` instead of `arn:aws:lambda:us-east-1:123456789012:function:ibans`: running sagas go on with the old function, and with the records in its table; leave the old function and its table as they are until no saga runs on the old definition"],"breaks":[],"findings":[],"verdict":"go","why":null,"steps":["update the definition","publish a version","send 10 % of what `live` starts to the new version, the rest to version 1","watch it for 1 s","send all that `live` starts to the new version"],"notes":["nothing takes it back; name what does with `--alarm` and `--max-failures`"],"dry_run":false}
        {"event":"done","step":"update the definition"}
        {"event":"done","step":"publish version 2"}
        {"event":"done","step":"send 10 % of what `live` starts to version 2, the rest to version 1"}
        {"event":"seen","alarms_on":[],"ended":null,"failed":null,"running":null}
        {"event":"done","step":"watch it for 1 s"}
        {"event":"done","step":"send all that `live` starts to version 2"}
        {"event":"serves","version":2}
        exit 0
        calls: ["update", "publish 2", "route 1: 90 %, 2: 10 %", "route 2: 100 %"]
    "#]]);
}

#[test]
fn an_alarm_takes_it_back() {
    let case = Case::deployed("alarm");
    case.cloud.state().alarms = vec!["slow", "wrong?"];
    case.check(
        "other",
        &["--canary=10%/3s", "--alarm=wrong", "--alarm=slow"],
        expect![[r#"
            arn:aws:states:us-east-1:123456789012:stateMachine:open_account
              there is  version 1, of 1 version
                        `live` sends 100 % to version 1
              changes   ibans.assign: calls `arn:aws:lambda:us-east-1:123456789012:function:other` instead of `arn:aws:lambda:us-east-1:123456789012:function:ibans`: running sagas go on with the old function, and with the records in its table; leave the old function and its table as they are until no saga runs on the old definition
              to do     update the definition
                        publish a version
                        send 10 % of what `live` starts to the new version, the rest to version 1
                        watch it for 3 s
                        send all that `live` starts to the new version
              note      it is taken back when alarm `wrong` is on, or alarm `slow` is on
            ✓ update the definition
            ✓ publish version 2
            ✓ send 10 % of what `live` starts to version 2, the rest to version 1
            taken back: alarm `wrong` is on: 3 failed, and 2 are too many
            `live` serves version 1 again; sagas that began with version 2 keep it
            exit 1
            calls: ["update", "publish 2", "route 1: 90 %, 2: 10 %", "route 1: 100 %"]
        "#]],
    );
}

#[test]
fn failures_take_it_back() {
    let case = Case::deployed("failures");
    let (good, bad) = (
        vec![("SUCCEEDED", 1); 8],
        [("TIMED_OUT", 1), ("ABORTED", 1), ("FAILED", 0)],
    );
    case.cloud.state().executions = [good, bad.to_vec(), vec![("FAILED", -1); 9]].concat();
    case.check(
        "other",
        &["--canary=10%/3s", "--max-failures=20%", "--format=json"],
        expect![[r#"
            {"event":"plan","state_machine":"arn:aws:states:us-east-1:123456789012:stateMachine:open_account","alias":"live","serves":[{"version":1,"percent":100}],"changes":["ibans.assign: calls `arn:aws:lambda:us-east-1:123456789012:function:other` instead of `arn:aws:lambda:us-east-1:123456789012:function:ibans`: running sagas go on with the old function, and with the records in its table; leave the old function and its table as they are until no saga runs on the old definition"],"breaks":[],"findings":[],"verdict":"go","why":null,"steps":["update the definition","publish a version","send 10 % of what `live` starts to the new version, the rest to version 1","watch it for 3 s","send all that `live` starts to the new version"],"notes":["it is taken back when more than 20 % of its sagas fail"],"dry_run":false}
            {"event":"done","step":"update the definition"}
            {"event":"done","step":"publish version 2"}
            {"event":"done","step":"send 10 % of what `live` starts to version 2, the rest to version 1"}
            {"event":"seen","alarms_on":[],"ended":11,"failed":3,"running":0}
            {"event":"taken back","why":"3 of 11 sagas failed, which is more than 20 %","version":1}
            exit 1
            calls: ["update", "publish 2", "route 1: 90 %, 2: 10 %", "route 1: 100 %"]
        "#]],
    );
}

#[test]
fn alarms_are_looked_at_first() {
    let case = Case::deployed("alarms");
    case.cloud.state().alarms = vec!["on!", "off"];
    case.check("other", &["--canary=10%/1h", "--alarm=on"], expect![[r#"
        error: alarm `on` is on before anything is deployed: 3 failed, and 2 are too many; wait until it is off, or leave it out to deploy what mends it
        exit 2
        calls: []
    "#]]);
    case.check(
        "other",
        &["--canary=10%/1h", "--alarm=of"],
        expect![[r#"
        error: there is no alarm `of` in us-east-1; look at its name, which is no ARN
        exit 2
        calls: []
    "#]],
    );
}

/// Who may not see how the new version fares is told so before anything is done; who cannot see it later is not led on.
#[test]
fn nobody_is_shifted_blindly() {
    let case = Case::deployed("blind");
    case.cloud.state().fails = Some(("ListExecutions", "AccessDeniedException", "you may not"));
    case.check(
        "other",
        &["--canary=10%/1h", "--max-failures=5%"],
        expect![[r#"
            error: states:ListExecutions on arn:aws:states:us-east-1:123456789012:stateMachine:open_account:1 is denied: you may not
            exit 2
            calls: []
        "#]],
    );
    let case = Case::half_way("blind_half");
    case.cloud.state().fails = Some(("ListExecutions", "AccessDeniedException", "you may not"));
    case.check(
        "other",
        &["--canary=10%/30s", "--max-failures=5%"],
        expect![[r#"
            arn:aws:states:us-east-1:123456789012:stateMachine:open_account
              there is  version 2, of 2 versions
                        `live` sends 90 % to version 1
                        `live` sends 10 % to version 2
              changes   ibans.assign: calls `arn:aws:lambda:us-east-1:123456789012:function:other` instead of `arn:aws:lambda:us-east-1:123456789012:function:ibans`: running sagas go on with the old function, and with the records in its table; leave the old function and its table as they are until no saga runs on the old definition
              to do     watch it until 30 s after the shift
                        send all that `live` starts to version 2
              note      `live` sends 10 % to version 2 already; this goes on from there
                        it is taken back when more than 5 % of its sagas fail
              states:ListExecutions on arn:aws:states:us-east-1:123456789012:stateMachine:open_account:2 is denied: you may not; looking again
              states:ListExecutions on arn:aws:states:us-east-1:123456789012:stateMachine:open_account:2 is denied: you may not; looking again
            error: states:ListExecutions on arn:aws:states:us-east-1:123456789012:stateMachine:open_account:2 is denied: you may not
                   `live` sends 10 % to version 2 and 90 % to version 1; to go on, run it again, and to take it back: `cargo saga deploy open_account --rollback`
            exit 2
            calls: []
        "#]],
    );
}

#[test]
fn somebody_else_routes() {
    let case = Case::deployed("meddler");
    case.cloud.state().meddler = Some(vec![(1, 50), (2, 50)]);
    case.check("other", &["--canary=10%/3s"], expect![[r#"
        arn:aws:states:us-east-1:123456789012:stateMachine:open_account
          there is  version 1, of 1 version
                    `live` sends 100 % to version 1
          changes   ibans.assign: calls `arn:aws:lambda:us-east-1:123456789012:function:other` instead of `arn:aws:lambda:us-east-1:123456789012:function:ibans`: running sagas go on with the old function, and with the records in its table; leave the old function and its table as they are until no saga runs on the old definition
          to do     update the definition
                    publish a version
                    send 10 % of what `live` starts to the new version, the rest to version 1
                    watch it for 3 s
                    send all that `live` starts to the new version
          note      nothing takes it back; name what does with `--alarm` and `--max-failures`
        ✓ update the definition
        ✓ publish version 2
        ✓ send 10 % of what `live` starts to version 2, the rest to version 1
        error: somebody else routed `live` meanwhile: 50 % to version 1, 50 % to version 2; see what they do, then run it again
               `live` sends 50 % to version 2 and 50 % to version 1; to go on, run it again, and to take it back: `cargo saga deploy open_account --rollback`
        exit 2
        calls: ["update", "publish 2", "route 1: 90 %, 2: 10 %"]
    "#]]);
}

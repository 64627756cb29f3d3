//! What has to be said, and what has to be allowed.

use std::path::Path;

use expect_test::{Expect, expect};

use super::{Case, said, signed_in, tool};
use crate::support::folder_with;

#[test]
fn values_that_are_missing_or_wrong() {
    let case = Case::new("values");
    let check = |args: &[&str], expected: Expect| case.expect(&said(case.command(args)), expected);
    check(
        &[],
        expect![[r#"
        error: `open_account` needs to know what it calls; add
               --function accounts=ARN
               --function ibans=ARN
               --queue URL
        exit 2
        calls: []
    "#]],
    );
    let arn = "arn:aws:lambda:us-east-1:123456789012:function:f";
    check(
        &["--function", &format!("acounts={arn}")],
        expect![[r#"
        error: `open_account` calls no participant `acounts`; did you mean `accounts`?
               there are `accounts`, `ibans`
        exit 2
        calls: []
    "#]],
    );
    check(
        &["--function", "accounts=f"],
        expect![[r#"
        error: invalid value 'accounts=f' for '--function <PARTICIPANT=ARN>': `f` is no ARN of `lambda`; write it like `stock=arn:aws:lambda:eu-central-1:123456789012:function:stock`

        For more information, try '--help'.
        exit 2
        calls: []
    "#]],
    );
    check(
        &[
            "--flow",
            "credit=arn:aws:states:us-east-1:123456789012:stateMachine:c",
        ],
        expect![[r#"
            error: `open_account` calls no flow; leave `--flow` out
            exit 2
            calls: []
        "#]],
    );
    check(
        &["--queue", "parking"],
        expect![[r#"
        error: invalid value 'parking' for '--queue <URL>': write the queue's URL, like `https://sqs.eu-central-1.amazonaws.com/123456789012/parking`

        For more information, try '--help'.
        exit 2
        calls: []
    "#]],
    );
    check(
        &["--max-failures", "5%"],
        expect![[r#"
        error: the following required arguments were not provided:
          --canary <SHARE/TIME>

        Usage: cargo saga deploy --canary <SHARE/TIME> --endpoint-url <URL> --max-failures <SHARE> <NAME>

        For more information, try '--help'.
        exit 2
        calls: []
    "#]],
    );
    check(
        &["--canary", "110%/5m"],
        expect![[r#"
        error: invalid value '110%/5m' for '--canary <SHARE/TIME>': write it like `10%/5m`, a whole percentage from 1 to 99

        For more information, try '--help'.
        exit 2
        calls: []
    "#]],
    );
}

#[test]
fn flows_are_named_like_functions() {
    let folder = folder_with("deploy_flows", &["onboard_customer"]);
    let missing = said(signed_in(tool(&folder, &["onboard_customer"])));
    expect![[r#"
        error: `onboard_customer` needs to know what it calls; add
               --function customers=ARN
               --function credit=ARN
               --function deposits=ARN
               --flow open_account=ARN
               --function cards=ARN
               --function calls=ARN
               --flow close_account=ARN
               --queue URL
        exit 2
    "#]]
    .assert_eq(&missing);
    let arn = "arn:aws:states:us-east-1:123456789012:stateMachine:open_account";
    let unknown = said(signed_in(tool(
        &folder,
        &["onboard_customer", &format!("--flow=open_acount={arn}")],
    )));
    expect![[r#"
        error: `onboard_customer` calls no flow `open_acount`; did you mean `open_account`?
               there are `open_account`, `close_account`
        exit 2
    "#]]
    .assert_eq(&unknown);
}

#[test]
fn what_the_account_does_not_allow() {
    let case = Case::deployed("denied");
    let fails =
        |operation, code, message| case.cloud.state().fails = Some((operation, code, message));
    fails(
        "UpdateStateMachine",
        "AccessDeniedException",
        "User: arn:aws:iam::123456789012:user/ci is not authorized to perform: states:UpdateStateMachine on resource: arn:aws:states:us-east-1:123456789012:stateMachine:open_account because no identity-based policy allows it",
    );
    case.check("other", &[], expect![[r#"
        arn:aws:states:us-east-1:123456789012:stateMachine:open_account
          there is  version 1, of 1 version
                    `live` sends 100 % to version 1
          changes   ibans.assign: calls `arn:aws:lambda:us-east-1:123456789012:function:other` instead of `arn:aws:lambda:us-east-1:123456789012:function:ibans`: running sagas go on with the old function, and with the records in its table; leave the old function and its table as they are until no saga runs on the old definition
          to do     update the definition
                    publish a version
                    send all that `live` starts to the new version
        error: `states:UpdateStateMachine` on arn:aws:states:us-east-1:123456789012:stateMachine:open_account is not allowed; add it to the policy of who calls, or call as somebody else with `--profile`
               AWS says: User: arn:aws:iam::123456789012:user/ci is not authorized to perform: states:UpdateStateMachine on resource: arn:aws:states:us-east-1:123456789012:stateMachine:open_account because no identity-based policy allows it
        exit 2
        calls: []
    "#]]);
    fails(
        "DescribeStateMachine",
        "ExpiredTokenException",
        "The security token included in the request is expired",
    );
    case.check("other", &["--profile=shop"], expect![[r#"
        error: the credentials have expired; sign in with `aws sso login --profile shop`, or set `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`; an emulator takes any: `AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test`
        exit 2
        calls: []
    "#]]);
}

#[test]
fn nobody_is_signed_in() {
    let case = Case::new("signed_in");
    let check = |args: &[&str], variables: &[(&str, &str)], expected: Expect| {
        let mut tool = tool(
            &case.folder,
            &[&["open_account", "--rollback"], args].concat(),
        );
        tool.envs(variables.iter().copied());
        expected.assert_eq(&said(tool));
    };
    check(
        &[],
        &[],
        expect![[r#"
        error: no region is known; name it with `--region eu-central-1`, in `AWS_REGION`, or with `aws configure set region eu-central-1`
        exit 2
    "#]],
    );
    check(
        &["--region=eu-central-1"],
        &[],
        expect![[r#"
        error: there are no credentials; sign in with `aws sso login`, or set `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`, or name a profile with `--profile`
        exit 2
    "#]],
    );
    check(
        &["--endpoint-url", &case.cloud.url],
        &[("AWS_REGION", "us-east-1")],
        expect![[r#"
            error: there are no credentials; sign in with `aws sso login`, or set `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`; an emulator takes any: `AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test`
            exit 2
        "#]],
    );
    check(
        &["--profile=shop"],
        &[("AWS_REGION", "us-east-1")],
        expect![[r#"
            error: there are no credentials; sign in with `aws sso login --profile shop`, or set `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`; `aws configure list-profiles` tells which profiles there are
            exit 2
        "#]],
    );
    check(
        &["--endpoint-url", "127.0.0.1"],
        &[],
        expect![[r#"
        error: invalid value '127.0.0.1' for '--endpoint-url <URL>': write it with its scheme: `http://127.0.0.1:4566`

        For more information, try '--help'.
        exit 2
    "#]],
    );
}

/// The policy in the documentation allows each call that is made, and no other.
#[test]
fn the_documented_permissions_are_those_that_it_needs() {
    let file = |path: &str| {
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
    };
    let docs = file("docs/deploying.md");
    let policy = docs
        .split("```json")
        .nth(1)
        .unwrap()
        .split("```")
        .next()
        .unwrap();
    let policy: serde_json::Value = serde_json::from_str(policy).unwrap();
    let statements = policy["Statement"].as_array().unwrap().iter();
    let mut allowed: Vec<&str> = statements
        .flat_map(|statement| match &statement["Action"] {
            serde_json::Value::Array(actions) => actions.iter().collect(),
            action => vec![action],
        })
        .filter_map(serde_json::Value::as_str)
        // Step Functions' own look at `--role`.
        .filter(|action| *action != "iam:PassRole")
        .collect();
    allowed.sort_unstable();
    let source = file("src/deploy/service.rs");
    let mut needed: Vec<&str> = source
        .split('"')
        .filter(|text| text.starts_with("states:") || text.starts_with("cloudwatch:"))
        .collect();
    needed.sort_unstable();
    needed.dedup();
    assert_eq!(allowed, needed);
}

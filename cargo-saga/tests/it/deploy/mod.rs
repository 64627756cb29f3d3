//! What `deploy` does with what is there, against an account in memory.

mod again;
mod asked;
mod canary;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use expect_test::{Expect, expect};
use serde_json::json;

use crate::cloud::Cloud;
use crate::support::{emit, folder, folder_with};

const ROLE: &[&str] = &["--role", "arn:aws:iam::123456789012:role/saga"];

/// All that `open_account` needs, the function of its `ibans` by this name.
fn values(ibans: &str) -> Vec<String> {
    let function = |name: &str, function: &str| {
        format!("--function={name}=arn:aws:lambda:us-east-1:123456789012:function:{function}")
    };
    vec![
        function("accounts", "accounts"),
        function("ibans", ibans),
        "--queue=https://sqs.us-east-1.amazonaws.com/123456789012/parking".to_owned(),
    ]
}

/// The tool in a folder, without any configuration of whoever runs the test.
fn tool(folder: &Path, args: &[&str]) -> Command {
    let mut tool = Command::new(env!("CARGO_BIN_EXE_cargo-saga"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("AWS_") {
            tool.env_remove(name);
        }
    }
    tool.args(["saga", "deploy"]).args(args).current_dir(folder);
    tool.env("HOME", folder)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .stdin(Stdio::null());
    tool
}

fn signed_in(mut tool: Command) -> Command {
    tool.envs([
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_REGION", "us-east-1"),
    ]);
    tool
}

fn said(mut tool: Command) -> String {
    let output = tool.output().unwrap();
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    format!("{text}exit {}\n", output.status.code().unwrap())
}

/// An account, and a folder with `open_account`.
struct Case {
    cloud: Cloud,
    folder: PathBuf,
}

impl Case {
    fn new(test: &str) -> Self {
        Self {
            cloud: Cloud::start(),
            folder: folder_with(&format!("deploy_{test}"), &["open_account"]),
        }
    }

    /// One where version 1 is served.
    fn deployed(test: &str) -> Self {
        let case = Self::new(test);
        let said = case.deploy("ibans", ROLE);
        assert!(said.ends_with("exit 0\n"), "{said}");
        case.cloud.calls();
        case
    }

    /// As `deployed`, and then version 2 was served too.
    fn twice(test: &str) -> Self {
        let case = Self::deployed(test);
        let said = case.deploy("other", &[]);
        assert!(said.ends_with("exit 0\n"), "{said}");
        case.cloud.calls();
        case
    }

    /// As `deployed`, and half-way to version 2.
    fn half_way(test: &str) -> Self {
        let case = Self::twice(test);
        let mut state = case.cloud.state();
        state.alias = vec![(1, 90), (2, 10)];
        state.routed -= 60;
        drop(state);
        case
    }

    fn command(&self, args: &[&str]) -> Command {
        signed_in(tool(
            &self.folder,
            &[&["open_account", "--endpoint-url", &self.cloud.url], args].concat(),
        ))
    }

    fn deploy(&self, ibans: &str, args: &[&str]) -> String {
        let values = values(ibans);
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        said(self.command(&[&values, args].concat()))
    }

    /// What it says and does.
    fn check(&self, ibans: &str, args: &[&str], expected: Expect) {
        self.expect(&self.deploy(ibans, args), expected);
    }

    fn check_back(&self, args: &[&str], expected: Expect) {
        self.expect(
            &said(self.command(&[&["--rollback"], args].concat())),
            expected,
        );
    }

    fn expect(&self, said: &str, expected: Expect) {
        expected.assert_eq(&format!("{said}calls: {:?}\n", self.cloud.calls()));
    }
}

#[test]
fn the_first_time() {
    let case = Case::new("first");
    case.check("ibans", &[], expect![[r#"
        error: there is no state machine yet, and a new one needs a role; add `--role ARN`, of a role that may call the functions
        exit 2
        calls: []
    "#]]);
    case.check(
        "ibans",
        &[ROLE, &["--dry-run", "--canary=10%/5m"]].concat(),
        expect![[r#"
            arn:aws:states:us-east-1:123456789012:stateMachine:open_account
              there is  nothing yet
              to do     create the state machine and its first version
                        create `live`, which serves the new version
              note      `live` is new and serves nothing to shift from; `--canary` has no effect
            nothing was done: this is a dry run
            exit 0
            calls: []
        "#]],
    );
    case.check("ibans", ROLE, expect![[r#"
        arn:aws:states:us-east-1:123456789012:stateMachine:open_account
          there is  nothing yet
          to do     create the state machine and its first version
                    create `live`, which serves the new version
        ✓ create the state machine and its first version
        ✓ create `live`, which serves version 1
        `live` serves version 1; start sagas by arn:aws:states:us-east-1:123456789012:stateMachine:open_account:live
        exit 0
        calls: ["create open_account as arn:aws:iam::123456789012:role/saga", "route 1: 100 %"]
    "#]]);
}

#[test]
fn the_same_again() {
    let case = Case::deployed("same");
    case.check(
        "ibans",
        &[],
        expect![[r#"
        arn:aws:states:us-east-1:123456789012:stateMachine:open_account
          there is  version 1, of 1 version
                    `live` sends 100 % to version 1
        nothing to do: `live` serves version 1, which is this definition
        exit 0
        calls: []
    "#]],
    );
    case.check("ibans", &["--format=json"], expect![[r#"
        {"event":"plan","state_machine":"arn:aws:states:us-east-1:123456789012:stateMachine:open_account","alias":"live","serves":[{"version":1,"percent":100}],"changes":[],"breaks":[],"findings":[],"verdict":"nothing","why":"`live` serves version 1, which is this definition","steps":[],"notes":[],"dry_run":false}
        exit 0
        calls: []
    "#]]);
}

#[test]
fn all_at_once() {
    Case::deployed("at_once").check("other", &[], expect![[r#"
        arn:aws:states:us-east-1:123456789012:stateMachine:open_account
          there is  version 1, of 1 version
                    `live` sends 100 % to version 1
          changes   ibans.assign: calls `arn:aws:lambda:us-east-1:123456789012:function:other` instead of `arn:aws:lambda:us-east-1:123456789012:function:ibans`: running sagas go on with the old function, and with the records in its table; leave the old function and its table as they are until no saga runs on the old definition
          to do     update the definition
                    publish a version
                    send all that `live` starts to the new version
        ✓ update the definition
        ✓ publish version 2
        ✓ send all that `live` starts to version 2
        `live` serves version 2; start sagas by arn:aws:states:us-east-1:123456789012:stateMachine:open_account:live
        exit 0
        calls: ["update", "publish 2", "route 2: 100 %"]
    "#]]);
}

#[test]
fn a_dry_run_does_nothing() {
    let case = Case::deployed("dry");
    let other = "--role=arn:aws:iam::123456789012:role/other";
    case.check(
        "ibans",
        &["--dry-run", "--canary=25%/1h", "--max-failures=0.5%", other],
        expect![[r#"
            arn:aws:states:us-east-1:123456789012:stateMachine:open_account
              there is  version 1, of 1 version
                        `live` sends 100 % to version 1
              changes   the role, which is arn:aws:iam::123456789012:role/saga so far
              to do     update the definition
                        publish a version
                        send 25 % of what `live` starts to the new version, the rest to version 1
                        watch it for 1 h
                        send all that `live` starts to the new version
              note      it is taken back when more than 0.5 % of its sagas fail
            nothing was done: this is a dry run
            exit 0
            calls: []
        "#]],
    );
}

#[test]
fn a_definition_that_the_service_refuses() {
    let case = Case::deployed("refused");
    let found = |severity: &str, message: &str| json!({ "severity": severity, "code": "SCHEMA", "message": message, "location": "/States/a" });
    case.cloud.state().diagnostics = vec![found("WARNING", "odd")];
    case.check("other", &["--dry-run"], expect![[r#"
        arn:aws:states:us-east-1:123456789012:stateMachine:open_account
          there is  version 1, of 1 version
                    `live` sends 100 % to version 1
          changes   ibans.assign: calls `arn:aws:lambda:us-east-1:123456789012:function:other` instead of `arn:aws:lambda:us-east-1:123456789012:function:ibans`: running sagas go on with the old function, and with the records in its table; leave the old function and its table as they are until no saga runs on the old definition
          findings  warning: /States/a: odd (SCHEMA)
          to do     update the definition
                    publish a version
                    send all that `live` starts to the new version
        nothing was done: this is a dry run
        exit 0
        calls: []
    "#]]);
    case.cloud.state().diagnostics.push(found("ERROR", "wrong"));
    case.check("other", &[], expect![[r#"
        arn:aws:states:us-east-1:123456789012:stateMachine:open_account
          there is  version 1, of 1 version
                    `live` sends 100 % to version 1
          changes   ibans.assign: calls `arn:aws:lambda:us-east-1:123456789012:function:other` instead of `arn:aws:lambda:us-east-1:123456789012:function:ibans`: running sagas go on with the old function, and with the records in its table; leave the old function and its table as they are until no saga runs on the old definition
          findings  warning: /States/a: odd (SCHEMA)
                    error: /States/a: wrong (SCHEMA)
        refused: Step Functions does not take the definition
        exit 1
        calls: []
    "#]]);
}

#[test]
fn somebody_else_updates() {
    let case = Case::deployed("conflict");
    case.cloud.state().fails = Some(("PublishStateMachineVersion", "ConflictException", "changed"));
    case.check("other", &[], expect![[r#"
        arn:aws:states:us-east-1:123456789012:stateMachine:open_account
          there is  version 1, of 1 version
                    `live` sends 100 % to version 1
          changes   ibans.assign: calls `arn:aws:lambda:us-east-1:123456789012:function:other` instead of `arn:aws:lambda:us-east-1:123456789012:function:ibans`: running sagas go on with the old function, and with the records in its table; leave the old function and its table as they are until no saga runs on the old definition
          to do     update the definition
                    publish a version
                    send all that `live` starts to the new version
        ✓ update the definition
        error: somebody else updated arn:aws:states:us-east-1:123456789012:stateMachine:open_account meanwhile; nothing was published, and the alias is as it was; see what they do, then run it again
        exit 2
        calls: ["update"]
    "#]]);
}

#[test]
fn sagas_on_their_way_would_break() {
    let saga = |steps: &str, calls: &str| {
        format!(
            "pub mod m {{ use saga_runtime::prelude::*; pub enum No {{ No }} pub trait Part {{ {steps} }}
            pub async fn m(part: &impl Part) -> Result<(), Rejection> {{ {calls} Ok(()) }} }}"
        )
    };
    let step = |name: &str| {
        format!(
            "#[step(compensate = un{name})] async fn {name}(&self, tx: &mut Tx) -> Result<(), No>;
            #[compensation] async fn un{name}(&self, tx: &mut Tx) -> Result<(), Retry>;"
        )
    };
    let folder = folder("deploy_breaks");
    let cloud = Cloud::start();
    let args = |more: &[&'static str]| {
        let url = format!("--endpoint-url={}", cloud.url);
        let part = "--function=part=arn:aws:lambda:us-east-1:123456789012:function:part";
        let all = [
            &[
                "m",
                "--name=open_account",
                url.as_str(),
                part,
                "--queue=https://q",
            ],
            ROLE,
            more,
        ]
        .concat();
        said(signed_in(tool(&folder, &all)))
    };
    emit(
        &folder,
        &saga(
            &(step("one") + &step("two")),
            "part.one().await?; part.two().await?;",
        ),
    );
    assert!(args(&[]).ends_with("exit 0\n"));
    cloud.calls();
    emit(&folder, &saga(&step("two"), "part.two().await?;"));
    let refused = args(&[]);
    assert!(refused.contains("  breaks    part.one: "), "{refused}");
    assert!(
        refused.ends_with("refused: sagas on their way would break; let them end first, or deploy all the same with `--force`\nexit 1\n"),
        "{refused}"
    );
    assert_eq!(cloud.calls(), [""; 0]);
    let forced = args(&["--force"]);
    assert!(forced.ends_with("exit 0\n"), "{forced}");
    assert_eq!(cloud.calls(), ["update", "publish 2", "route 2: 100 %"]);
}

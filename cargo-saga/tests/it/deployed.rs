//! `deploy` on the emulator whose address is in `SAGA_EMULATOR`; `.ci/emulator` starts one.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use aws_sdk_sfn::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_sfn::{Client, Config};
use aws_smithy_http_client::Builder;

use crate::support::folder_with;

/// A state machine of a test's own.
struct Deployed {
    endpoint: String,
    name: String,
    folder: PathBuf,
}

impl Deployed {
    /// None where there is no emulator: `cargo test` asks for none, and `.ci/run` has one for these tests.
    fn new(test: &str) -> Option<Self> {
        static MACHINES: AtomicU32 = AtomicU32::new(0);
        let Ok(endpoint) = std::env::var("SAGA_EMULATOR") else {
            eprintln!("not run: `SAGA_EMULATOR` is not set; run this by `.ci/emulator`");
            return None;
        };
        let number = MACHINES.fetch_add(1, Ordering::Relaxed);
        Some(Self {
            endpoint,
            name: format!("account-{}-{number}", std::process::id()),
            folder: folder_with(&format!("deployed_{test}"), &["open_account"]),
        })
    }

    /// What it says and how it ends; `ibans` is the function that serves them.
    fn deploy(&self, ibans: &str, args: &[&str]) -> String {
        let args = self.args(ibans, args);
        self.run(&args.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn args(&self, ibans: &str, args: &[&str]) -> Vec<String> {
        let function = "arn:aws:lambda:us-east-1:000000000000:function";
        let mut all = vec![
            format!("--function=accounts={function}:accounts"),
            format!("--function=ibans={function}:{ibans}"),
            format!("--queue={}/000000000000/parking", self.endpoint),
        ];
        all.extend(args.iter().map(|arg| (*arg).to_owned()));
        all
    }

    fn run(&self, args: &[&str]) -> String {
        let output = self.tool(args).output().unwrap();
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        format!("{text}exit {}\n", output.status.code().unwrap())
    }

    /// A deployment that is ended as soon as a quarter of the sagas goes to the new version.
    async fn killed(&self, ibans: &str) {
        let args = self.args(ibans, &["--canary=25%/1h"]);
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let mut running = self.tool(&args).stdout(Stdio::null()).spawn().unwrap();
        while self.routing().await.len() < 2 {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        running.kill().unwrap();
        running.wait().unwrap();
        assert_eq!(
            self.routing().await,
            [("1".to_owned(), 75), ("2".to_owned(), 25)]
        );
    }

    fn tool(&self, args: &[&str]) -> Command {
        let mut tool = Command::new(env!("CARGO_BIN_EXE_cargo-saga"));
        tool.args([
            "saga",
            "deploy",
            "open_account",
            "--name",
            &self.name,
            "--endpoint-url",
            &self.endpoint,
        ]);
        tool.env_remove("AWS_PROFILE");
        tool.args(args)
            .current_dir(&self.folder)
            .stdin(Stdio::null());
        tool.envs([
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_REGION", "us-east-1"),
        ]);
        tool
    }

    /// The versions behind the alias, with their percentages.
    async fn routing(&self) -> Vec<(String, i32)> {
        let alias = format!(
            "arn:aws:states:us-east-1:000000000000:stateMachine:{}:live",
            self.name
        );
        let found = self
            .client()
            .describe_state_machine_alias()
            .state_machine_alias_arn(alias)
            .send()
            .await
            .unwrap();
        let shares = found.routing_configuration().iter();
        shares
            .map(|share| {
                (
                    share
                        .state_machine_version_arn()
                        .rsplit(':')
                        .next()
                        .unwrap()
                        .to_owned(),
                    share.weight(),
                )
            })
            .collect()
    }

    /// The function of `ibans` in a version's definition.
    async fn serves(&self, version: u32) -> String {
        let arn = format!(
            "arn:aws:states:us-east-1:000000000000:stateMachine:{}:{version}",
            self.name
        );
        let found = self
            .client()
            .describe_state_machine()
            .state_machine_arn(arn)
            .send()
            .await
            .unwrap();
        let machine: serde_json::Value = serde_json::from_str(found.definition()).unwrap();
        let function = machine["States"]["ibans.assign"]["Arguments"]["FunctionName"]
            .as_str()
            .unwrap();
        function.rsplit(':').next().unwrap().to_owned()
    }

    fn client(&self) -> Client {
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .http_client(Builder::new().build_http())
            .endpoint_url(&self.endpoint);
        Client::from_conf(config.build())
    }
}

fn ended(said: &str, code: u32) {
    assert!(said.ends_with(&format!("exit {code}\n")), "{said}");
}

const ROLE: &str = "--role=arn:aws:iam::000000000000:role/saga";

#[tokio::test]
async fn created_changed_and_taken_back() {
    let Some(machine) = Deployed::new("changed") else {
        return;
    };
    ended(&machine.deploy("ibans", &[]), 2);
    ended(&machine.deploy("ibans", &[ROLE]), 0);
    assert_eq!(machine.routing().await, [("1".to_owned(), 100)]);
    assert_eq!(machine.serves(1).await, "ibans");

    let again = machine.deploy("ibans", &[ROLE]);
    assert!(
        again.contains("nothing to do: `live` serves version 1"),
        "{again}"
    );

    let planned = machine.deploy("other", &["--dry-run"]);
    ended(&planned, 0);
    ended(
        &machine.deploy("other", &["--canary=10%/1s", "--max-failures=5%"]),
        0,
    );
    assert_eq!(machine.routing().await, [("2".to_owned(), 100)]);
    assert_eq!(machine.serves(2).await, "other");
    assert_eq!(machine.serves(1).await, "ibans");

    ended(&machine.run(&["--rollback"]), 0);
    assert_eq!(machine.routing().await, [("1".to_owned(), 100)]);
    ended(&machine.run(&["--rollback", "--alias=beta"]), 2);

    // What was taken back is published already.
    ended(&machine.deploy("other", &[]), 0);
    assert_eq!(machine.routing().await, [("2".to_owned(), 100)]);
}

/// Killed, so that it can say and do nothing more.
#[tokio::test]
async fn killed_half_way_it_goes_on_or_back() {
    let Some(machine) = Deployed::new("killed") else {
        return;
    };
    ended(&machine.deploy("ibans", &[ROLE]), 0);
    machine.killed("other").await;
    ended(&machine.deploy("ibans", &[]), 1);
    ended(&machine.run(&["--rollback"]), 0);
    assert_eq!(machine.routing().await, [("1".to_owned(), 100)]);

    machine.killed("other").await;
    ended(&machine.deploy("other", &["--canary=25%/1ms"]), 0);
    assert_eq!(machine.routing().await, [("2".to_owned(), 100)]);
}

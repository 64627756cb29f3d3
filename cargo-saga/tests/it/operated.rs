//! Sagas operated on the emulator whose address is in `SAGA_EMULATOR`; `.ci/emulator` starts one. Their functions do not exist, so
//! that they are parked by themselves.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::{Value, json};

use crate::operate::SKIPPABLE;
use crate::support::{examples, output_from};

struct Emulator {
    endpoint: String,
}

impl Emulator {
    /// None where there is none: `cargo test` asks for none, and `.ci/run` has one for these tests.
    fn find() -> Option<Self> {
        let Ok(endpoint) = std::env::var("SAGA_EMULATOR") else {
            eprintln!("not run: `SAGA_EMULATOR` is not set; run this by `.ci/emulator`");
            return None;
        };
        Some(Self { endpoint })
    }

    fn call(&self, target: &str, body: &Value) -> Value {
        let body = body.to_string();
        let host = self.endpoint.trim_start_matches("http://");
        let mut stream = TcpStream::connect(host).unwrap();
        let request = format!(
            "POST / HTTP/1.1\r\nhost: {host}\r\nx-amz-target: {target}\r\ncontent-type: application/x-amz-json-1.0\r\n\
             authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/x/aws4_request, SignedHeaders=host, Signature=0\r\n\
             content-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(" 200 "), "{target}: {answer}");
        serde_json::from_str(body).unwrap()
    }

    fn queue(&self, name: &str) -> Value {
        let queue = self.call("AmazonSQS.CreateQueue", &json!({ "QueueName": name }));
        queue["QueueUrl"].clone()
    }

    /// The token in the queue's newest message; the emulator's history has none.
    fn token(&self, name: &str) -> String {
        loop {
            let message = json!({ "QueueUrl": self.queue(name) });
            let messages = self.call("AmazonSQS.ReceiveMessage", &message);
            if let Some(body) = messages["Messages"][0]["Body"].as_str() {
                let body: Value = serde_json::from_str(body).unwrap();
                return body["token"].as_str().unwrap().to_owned();
            }
        }
    }

    /// A state machine of this test's own, and its name.
    fn deploy(&self, name: &str, definition: &str) -> String {
        let name = format!("{name}-{}", std::process::id());
        let queue = self.queue(&name);
        let queue = queue.as_str().unwrap();
        let function = "arn:aws:lambda:us-east-1:000000000000:function:there-is-none";
        let definition = definition
            .replace("${StockFunctionArn}", function)
            .replace("${ParkingQueueUrl}", queue);
        let machine = json!({ "name": name, "definition": definition, "roleArn": "arn:aws:iam::000000000000:role/saga" });
        self.call("AWSStepFunctions.CreateStateMachine", &machine);
        name
    }

    fn run(&self, args: &[&str]) -> String {
        let args = [args, &["--endpoint-url", &self.endpoint]].concat();
        let variables = [
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_REGION", "us-east-1"),
        ];
        output_from(&examples(), &examples(), &args, &variables)
    }

    fn json(&self, args: &[&str]) -> Value {
        let said = self.run(args);
        let (json, exit) = said.split_once("exit ").unwrap();
        assert_eq!(exit, "0\n", "{said}");
        serde_json::from_str(json).unwrap()
    }

    /// How it stands, as soon as it is parked for the so manieth time.
    fn parked(&self, name: &str, times: u64) -> Value {
        loop {
            let status = self.json(&["status", name, "--key", "order-17"]);
            if status["parked"][0]["times"] == times {
                return status;
            }
            assert!(status["ended"].is_null(), "{status}");
        }
    }
}

#[test]
fn a_saga_is_started_parked_resumed_and_skipped() {
    let Some(emulator) = Emulator::find() else {
        return;
    };
    let hold = &emulator.deploy("hold", SKIPPABLE);
    let start = &["start", hold, "--key", "order-17"];
    assert_eq!(emulator.json(start)["started"], true);
    let parked = emulator.parked(hold, 1);
    assert_eq!(parked["status"], "parked");
    assert_eq!(parked["parked"][0]["step"], "stock.reserve");
    assert_eq!(parked["failed"][0]["state"], "stock.reserve");

    let again = emulator.json(start);
    assert_eq!(again["started"], false);
    assert_eq!(again["status"], "parked");

    let listed = emulator.json(&["list-parked", hold]);
    assert_eq!(listed["executions_looked_at"], 1);
    assert_eq!(listed["parked"][0]["step"], "stock.reserve");
    let said = emulator.run(&["resume", hold, "--key", "order-17"]);
    assert!(
        said.contains("`stock.reserve`") && said.contains("--token TOKEN"),
        "{said}"
    );
    let token = emulator.token(hold);
    let resumed = emulator.json(&["resume", "--token", &token]);
    assert_eq!(resumed["resumed"], true);
    let said = emulator.run(&["resume", "--token", &token]);
    assert!(said.contains("this token is over"), "{said}");
    emulator.parked(hold, 2);

    let skip = [
        "skip",
        hold,
        "--key",
        "order-17",
        "--step",
        "stock.reserve",
        "--reason",
        "by hand",
    ];
    assert!(emulator.run(&skip).contains("give `--yes`"));
    let token = emulator.token(hold);
    emulator.json(&[&skip[..], &["--yes", "--token", &token]].concat());
    let history = emulator.run(&["history", hold, "--key", "order-17", "--follow"]);
    let end: Value = serde_json::from_str(history.lines().rev().nth(1).unwrap()).unwrap();
    assert_eq!(end["end"], "skipped", "{history}");
    let summary = emulator.json(&["status", hold]);
    assert_eq!(summary["executions"][0]["status"], "skipped");
    let redrive = emulator.run(&["redrive", hold, "--key", "order-17"]);
    assert!(redrive.contains("compensation skipped"), "{redrive}");
}

#[test]
fn one_that_ended_is_not_started_again() {
    let Some(emulator) = Emulator::find() else {
        return;
    };
    let done = "{ \"QueryLanguage\": \"JSONata\", \"StartAt\": \"end\", \"States\": { \"end\": { \"Type\": \"Succeed\" } } }";
    let done = &emulator.deploy("done", done);
    let said = emulator.run(&["start", done, "--key", "order-17", "--wait"]);
    assert!(said.ends_with("exit 0\n"), "{said}");
    let again = emulator.json(&["start", done, "--key", "order-17"]);
    assert_eq!(again["status"], "committed");
    assert_eq!(again["started"], false);
    let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("operated.json");
    std::fs::write(&file, "{ \"other\": 1 }").unwrap();
    let other = [
        "start",
        done,
        "--key",
        "order-17",
        "--input",
        file.to_str().unwrap(),
    ];
    let said = emulator.run(&other);
    assert!(said.contains("with another input, succeeded"), "{said}");
}

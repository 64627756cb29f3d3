//! One state machine as AWS has it, in memory, behind HTTP on this machine: what an emulator cannot be made to answer, and what a
//! test of every day must not need one for. Runs no execution.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

pub(crate) const ARN: &str = "arn:aws:states:us-east-1:123456789012:stateMachine:open_account";

/// A server of its own for one test; its thread ends with the tests.
#[derive(Clone)]
pub(crate) struct Cloud {
    pub(crate) url: String,
    state: Arc<Mutex<State>>,
}

/// What is there, and what goes wrong.
#[derive(Default)]
pub(crate) struct State {
    /// The calls that change something, with what matters of them.
    pub(crate) calls: Vec<String>,
    pub(crate) machine: Option<Content>,
    pub(crate) versions: Vec<Content>,
    /// Versions and percentages.
    pub(crate) alias: Vec<(usize, u64)>,
    /// Seconds since 1970.
    pub(crate) routed: u64,
    /// Names; one that has a `!` behind it is on, one with `?` once something was routed.
    pub(crate) alarms: Vec<&'static str>,
    /// The statuses of the newest version's executions, each so many seconds after the routing.
    pub(crate) executions: Vec<(&'static str, i64)>,
    /// A call that is answered so, by code and message.
    pub(crate) fails: Option<(&'static str, &'static str, &'static str)>,
    /// What is found in a definition.
    pub(crate) diagnostics: Vec<Value>,
    /// Whoever routes two versions finds the alias routed so.
    pub(crate) meddler: Option<Vec<(usize, u64)>>,
}

#[derive(Clone, Default)]
pub(crate) struct Content {
    pub(crate) definition: String,
    role: String,
    revision: usize,
}

impl Cloud {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let cloud = Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            state: Arc::default(),
        };
        let served = cloud.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let served = served.clone();
                thread::spawn(move || served.serve(&stream.unwrap()));
            }
        });
        cloud
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// The calls that changed something since it was last asked.
    pub(crate) fn calls(&self) -> Vec<String> {
        std::mem::take(&mut self.state().calls)
    }

    fn serve(&self, stream: &TcpStream) {
        let mut reader = BufReader::new(stream);
        let (mut operation, mut length, mut line) = (String::new(), 0, String::new());
        loop {
            line.clear();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            let line = line.trim_end();
            if line.is_empty() {
                break;
            }
            if let Some((_, last)) = line.split_once("/operation/") {
                last.split(' ').next().unwrap().clone_into(&mut operation);
            }
            match line.to_lowercase().split_once(": ") {
                Some(("x-amz-target", _)) => {
                    line.rsplit('.').next().unwrap().clone_into(&mut operation);
                }
                Some(("content-length", bytes)) => length = bytes.parse().unwrap(),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let (status, kind, reply) = self.reply(&operation, &body);
        let head = format!(
            "HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\nsmithy-protocol: rpc-v2-cbor\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            reply.len()
        );
        // Who was interrupted reads no more.
        let mut stream = stream;
        _ = stream.write_all(&[head.into_bytes(), reply].concat());
    }

    fn reply(&self, operation: &str, body: &[u8]) -> (u32, &'static str, Vec<u8>) {
        let mut state = self.state();
        if let Some((_, code, message)) = state.fails.filter(|(failing, ..)| *failing == operation)
        {
            let error = json!({ "__type": code, "message": message });
            return (
                400,
                "application/x-amz-json-1.0",
                error.to_string().into_bytes(),
            );
        }
        if operation.is_empty() {
            return (200, "text/xml", CALLER.as_bytes().to_vec());
        }
        if operation == "DescribeAlarms" {
            return (200, "application/cbor", cbor(&state.describe_alarms()));
        }
        let input = serde_json::from_slice(body).unwrap();
        let (status, reply) = match state.answer(operation, &input) {
            Ok(reply) => (200, reply),
            Err(code) => (400, json!({ "__type": code, "message": "not so" })),
        };
        (
            status,
            "application/x-amz-json-1.0",
            reply.to_string().into_bytes(),
        )
    }
}

const CALLER: &str = "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
    <Arn>arn:aws:iam::123456789012:user/ci</Arn><UserId>CI</UserId><Account>123456789012</Account></GetCallerIdentityResult>\
    <ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></GetCallerIdentityResponse>";

impl State {
    fn answer(&mut self, operation: &str, input: &Value) -> Result<Value, &'static str> {
        let text = |key: &str| input[key].as_str().unwrap_or_default().to_owned();
        match operation {
            "DescribeStateMachine" => self.describe(&text("stateMachineArn")),
            "ListStateMachineVersions" => {
                let numbers = (1..=self.versions.len()).rev();
                let all: Vec<Value> = numbers
                    .map(|number| json!({ "stateMachineVersionArn": version(number), "creationDate": 1 }))
                    .collect();
                Ok(json!({ "stateMachineVersions": all }))
            }
            "DescribeStateMachineAlias" if self.alias.is_empty() => Err("ResourceNotFound"),
            "DescribeStateMachineAlias" => {
                let shares = self.alias.iter();
                let shares: Vec<Value> = shares
                    .map(|(number, percent)| json!({ "stateMachineVersionArn": version(*number), "weight": percent }))
                    .collect();
                Ok(
                    json!({ "name": "live", "routingConfiguration": shares, "creationDate": 1, "updateDate": self.routed }),
                )
            }
            "ValidateStateMachineDefinition" => {
                let fails = self
                    .diagnostics
                    .iter()
                    .any(|found| found["severity"] == "ERROR");
                Ok(
                    json!({ "result": if fails { "FAIL" } else { "OK" }, "diagnostics": self.diagnostics }),
                )
            }
            "ListExecutions" => Ok(self.list(&text("stateMachineArn"))),
            "CreateStateMachine" => {
                self.write(&text("definition"), &text("roleArn"));
                self.versions.extend(self.machine.clone());
                self.log(format!("create {} as {}", text("name"), text("roleArn")));
                Ok(
                    json!({ "stateMachineArn": ARN, "creationDate": 1, "stateMachineVersionArn": version(1) }),
                )
            }
            "UpdateStateMachine" => {
                self.write(&text("definition"), &text("roleArn"));
                self.log("update".to_owned());
                let revision = self.machine.as_ref().unwrap().revision;
                Ok(json!({ "updateDate": 1, "revisionId": revision.to_string() }))
            }
            "PublishStateMachineVersion" => {
                let machine = self.machine.clone().unwrap();
                let expected = revision(machine.revision).unwrap_or_else(|| "INITIAL".to_owned());
                assert_eq!(text("revisionId"), expected);
                self.versions.push(machine);
                self.log(format!("publish {}", self.versions.len()));
                Ok(
                    json!({ "stateMachineVersionArn": version(self.versions.len()), "creationDate": 1 }),
                )
            }
            "CreateStateMachineAlias" | "UpdateStateMachineAlias" => Ok(self.route(input)),
            _ => panic!("{operation} {input}"),
        }
    }

    fn log(&mut self, call: String) {
        self.calls.push(call);
    }

    fn write(&mut self, definition: &str, role: &str) {
        let before = self.machine.take();
        self.machine = Some(Content {
            definition: definition.to_owned(),
            revision: before.as_ref().map_or(0, |before| before.revision + 1),
            role: match before {
                Some(before) if role.is_empty() => before.role,
                _ => role.to_owned(),
            },
        });
    }

    fn describe(&self, arn: &str) -> Result<Value, &'static str> {
        let found = match arn.strip_prefix(ARN).unwrap() {
            "" => self.machine.as_ref(),
            number => self.versions.get(number[1..].parse::<usize>().unwrap() - 1),
        };
        let found = found.ok_or("StateMachineDoesNotExist")?;
        Ok(json!({
            "stateMachineArn": arn, "name": "open_account", "type": "STANDARD", "status": "ACTIVE", "creationDate": 1,
            "definition": found.definition, "roleArn": found.role, "revisionId": revision(found.revision),
        }))
    }

    fn route(&mut self, input: &Value) -> Value {
        let shares = input["routingConfiguration"].as_array().unwrap().iter();
        let share = |share: &Value| {
            let arn = share["stateMachineVersionArn"].as_str().unwrap();
            (
                arn.rsplit(':').next().unwrap().parse().unwrap(),
                share["weight"].as_u64().unwrap(),
            )
        };
        self.alias = shares.map(share).collect();
        let shares: Vec<String> = self
            .alias
            .iter()
            .map(|(number, percent)| format!("{number}: {percent} %"))
            .collect();
        self.log(format!("route {}", shares.join(", ")));
        if let Some(other) = self.meddler.clone().filter(|_| self.alias.len() == 2) {
            self.alias = other;
        }
        self.routed = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_secs();
        json!({ "updateDate": self.routed, "creationDate": self.routed, "stateMachineAliasArn": format!("{ARN}:live") })
    }

    fn list(&self, arn: &str) -> Value {
        assert_eq!(arn, version(self.versions.len()));
        let executions = self.executions.iter().map(|(status, after)| {
            json!({
                "executionArn": "e", "stateMachineArn": ARN, "name": "e", "status": status,
                "startDate": i64::try_from(self.routed).unwrap() + after,
            })
        });
        json!({ "executions": executions.collect::<Vec<_>>() })
    }

    fn describe_alarms(&self) -> Value {
        let alarms = self.alarms.iter().map(|alarm| {
            let on = alarm.ends_with('!') || alarm.ends_with('?') && self.alias.len() == 2;
            let state = if on { "ALARM" } else { "OK" };
            json!({
                "AlarmName": alarm.trim_end_matches(['!', '?']), "StateValue": state, "StateReason": "3 failed, and 2 are too many",
            })
        });
        json!({ "MetricAlarms": alarms.collect::<Vec<_>>(), "CompositeAlarms": [] })
    }
}

fn version(number: usize) -> String {
    format!("{ARN}:{number}")
}

/// One that was never updated has none.
fn revision(number: usize) -> Option<String> {
    (number > 0).then(|| number.to_string())
}

/// [CBOR](https://www.rfc-editor.org/rfc/rfc8949), as far as a list of alarms needs it.
fn cbor(value: &Value) -> Vec<u8> {
    let head = |kind: u8, length: usize| match u8::try_from(length).unwrap() {
        short @ ..24 => vec![kind << 5 | short],
        long => vec![kind << 5 | 0x18, long],
    };
    match value {
        Value::String(text) => [head(3, text.len()), text.clone().into_bytes()].concat(),
        Value::Array(items) => {
            let bytes = items.iter().flat_map(cbor);
            head(4, items.len()).into_iter().chain(bytes).collect()
        }
        Value::Object(fields) => {
            let pairs = fields
                .iter()
                .flat_map(|(key, value)| [cbor(&json!(key)), cbor(value)].concat());
            head(5, fields.len()).into_iter().chain(pairs).collect()
        }
        other => panic!("{other}"),
    }
}

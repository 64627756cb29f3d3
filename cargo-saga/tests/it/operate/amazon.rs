//! Step Functions as far as operating needs it: the embedded engine behind Amazon's HTTP. What an engine does not do is written
//! into its answers by the test.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use saga_local::{Engine, Run, Status};
use saga_runtime::Rejection;
use serde_json::{Map, Value, json};

use crate::support::{examples, output_from};

/// Events of one page, so that each history has several.
const PAGE: usize = 7;

/// What a delivery meets: an error and its message, by `stock.reserve` or `compensate stock.reserve`.
type Broken = Arc<Mutex<BTreeMap<String, (String, String)>>>;

/// What is done to the answer of an operation before it is sent.
type Edit = Box<dyn Fn(&mut Value) + Send>;

/// One saga on its Step Functions.
pub(super) struct Amazon {
    url: String,
    broken: Broken,
    orders: Arc<Mutex<Vec<Order>>>,
    edits: Arc<Mutex<BTreeMap<String, Edit>>>,
    requests: Arc<Mutex<Vec<(String, Value)>>>,
}

/// What a test has the engine do, between two calls.
enum Order {
    Start(String, Value),
    Advance(Duration),
    Stop(String),
    Answer(String),
}

impl Amazon {
    /// With a saga of `out/`, whose steps answer with these outputs, or null.
    pub(super) fn with(name: &str, outputs: &[(&str, Value)]) -> Self {
        let file = examples().join(format!("out/{name}.asl.json"));
        let definition = std::fs::read_to_string(file).unwrap();
        Self::with_asl(name, &definition, outputs)
    }

    pub(super) fn with_asl(name: &str, definition: &str, outputs: &[(&str, Value)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let amazon = Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            broken: Arc::default(),
            orders: Arc::default(),
            edits: Arc::default(),
            requests: Arc::default(),
        };
        let outputs: BTreeMap<String, Value> = outputs
            .iter()
            .map(|(step, output)| ((*step).to_owned(), output.clone()))
            .collect();
        let broken = Arc::clone(&amazon.broken);
        let (name, definition) = (name.to_owned(), definition.to_owned());
        let (orders, edits) = (Arc::clone(&amazon.orders), Arc::clone(&amazon.edits));
        let requests = Arc::clone(&amazon.requests);
        std::thread::spawn(move || {
            let service = Service {
                engine: engine(&name, &definition, &outputs, &broken),
                runtime: tokio::runtime::Builder::new_current_thread()
                    .build()
                    .unwrap(),
                name,
                definition,
            };
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let Some((operation, body)) = read(&stream) else {
                    continue;
                };
                for order in std::mem::take(&mut *orders.lock().unwrap()) {
                    service.obey(order);
                }
                let (status, mut answer) = service.answer(&operation, &body);
                if let Some(edit) = edits.lock().unwrap().get(&operation) {
                    edit(&mut answer);
                }
                requests.lock().unwrap().push((operation, body));
                write(&mut stream, status, &answer);
            }
        });
        amazon
    }

    /// From now on, this fails so.
    pub(super) fn break_(&self, state: &str, error: &str, message: &str) {
        let fault = (error.to_owned(), message.to_owned());
        self.broken.lock().unwrap().insert(state.to_owned(), fault);
    }

    pub(super) fn mend(&self, state: &str) {
        self.broken.lock().unwrap().remove(state);
    }

    pub(super) fn start(&self, key: &str, input: &Value) {
        self.order(Order::Start(key.to_owned(), input.clone()));
    }

    pub(super) fn advance(&self, time: Duration) {
        self.order(Order::Advance(time));
    }

    pub(super) fn stop(&self, key: &str) {
        self.order(Order::Stop(key.to_owned()));
    }

    /// Somebody else answers this token.
    pub(super) fn answer(&self, token: &str) {
        self.order(Order::Answer(token.to_owned()));
    }

    fn order(&self, order: Order) {
        self.orders.lock().unwrap().push(order);
    }

    pub(super) fn edit(&self, operation: &str, edit: impl Fn(&mut Value) + Send + 'static) {
        let mut edits = self.edits.lock().unwrap();
        edits.insert(operation.to_owned(), Box::new(edit));
    }

    /// What was sent with this operation.
    pub(super) fn sent(&self, operation: &str) -> Vec<Value> {
        let requests = self.requests.lock().unwrap();
        let of_operation = requests.iter().filter(|(name, _)| name == operation);
        of_operation.map(|(_, body)| body.clone()).collect()
    }

    /// What the tool says. What depends on the clock of the day is left out.
    pub(super) fn run(&self, args: &[&str]) -> String {
        let folder = examples();
        let args = [args, &["--endpoint-url", &self.url]].concat();
        let variables = [
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_CONFIG_FILE", "none"),
            ("AWS_SHARED_CREDENTIALS_FILE", "none"),
        ];
        let text = output_from(&folder, &folder, &args, &variables);
        timeless(&text.replace(&self.url, "URL"))
    }
}

/// `(3 days 4 h ago)` and `running after 3 days` have no time in them.
fn timeless(text: &str) -> String {
    let mut lines = String::new();
    for line in text.split_inclusive('\n') {
        let (line, end) = line
            .strip_suffix('\n')
            .map_or((line, ""), |line| (line, "\n"));
        let line = match line.find("running after ") {
            Some(at) => &line[..at + "running".len()],
            None => line,
        };
        match (line.find(" ago)"), line.rfind(" (")) {
            (Some(ago), Some(from)) if from < ago => {
                let _ = write!(lines, "{} (AGO){}{end}", &line[..from], &line[ago + 5..]);
            }
            _ => {
                let _ = write!(lines, "{line}{end}");
            }
        }
    }
    lines
}

fn engine(
    name: &str, definition: &str, outputs: &BTreeMap<String, Value>, broken: &Broken,
) -> Engine<Value, Value> {
    let mut engine = Engine::from_asl(name, definition);
    let mut names: Vec<&str> = definition.split("\"${").skip(1).collect();
    names.sort_unstable();
    names.dedup_by_key(|rest| rest.split('}').next());
    for rest in names {
        let placeholder = rest.split('}').next().unwrap();
        if placeholder.ends_with("FunctionArn") {
            let (outputs, broken) = (outputs.clone(), Arc::clone(broken));
            engine = engine.with_function(placeholder, move |payload| {
                let step = payload["step"].as_str().unwrap();
                let undoes = payload["phase"] == "compensation";
                let prefix = if undoes { "compensate " } else { "" };
                let state = format!("{prefix}{step}");
                match broken.lock().unwrap().get(&state) {
                    Some((error, message)) => Err(Rejection::new(error.clone(), message.clone())),
                    None if undoes => Ok(Value::Null),
                    None => Ok(outputs.get(step).cloned().unwrap_or_default()),
                }
            });
        }
    }
    engine
}

struct Service {
    engine: Engine<Value, Value>,
    runtime: tokio::runtime::Runtime,
    name: String,
    definition: String,
}

impl Service {
    fn obey(&self, order: Order) {
        match order {
            Order::Start(key, input) => {
                let start = self.engine.start(&key, &input);
                drop(self.runtime.block_on(start).unwrap());
            }
            Order::Advance(time) => self.runtime.block_on(self.engine.advance(time)),
            Order::Stop(key) => {
                let stop = self.engine.stop(&key, "Operator", "stopped by hand");
                drop(self.runtime.block_on(stop).unwrap());
            }
            Order::Answer(token) => {
                let resume = self.engine.resume(&token, json!({}));
                drop(self.runtime.block_on(resume).unwrap());
            }
        }
    }

    fn machine(&self) -> String {
        format!(
            "arn:aws:states:us-east-1:123456789012:stateMachine:{}",
            self.name
        )
    }

    fn answer(&self, operation: &str, body: &Value) -> (u16, Value) {
        let text = |key: &str| body[key].as_str().unwrap_or_default();
        let executions = self.engine.executions();
        let run = executions
            .iter()
            .find(|run| run.arn() == text("executionArn"));
        match (operation, run) {
            ("ListStateMachines", _) => done(json!({ "stateMachines": [{
                "stateMachineArn": self.machine(), "name": self.name, "type": "STANDARD", "creationDate": 1.0,
            }] })),
            ("ListStateMachineAliases", _) => done(json!({ "stateMachineAliases": [] })),
            ("ListExecutions", _) => {
                let listed = executions.iter().rev();
                // The items of a distributed loop have the loop's label behind the machine's name.
                let of_map_run = body.get("mapRunArn").is_some();
                let listed = listed.filter(|run| run.arn().contains('/') == of_map_run);
                let listed = listed.filter(|run| {
                    let status = body.get("statusFilter").and_then(Value::as_str);
                    status.is_none_or(|status| status == status_of(run))
                });
                let listed: Vec<Value> = listed.map(|run| self.describe(run)).collect();
                done(json!({ "executions": listed }))
            }
            ("DescribeExecution", Some(run)) => done(self.describe(run)),
            ("DescribeStateMachineForExecution", Some(_)) => done(json!({
                "stateMachineArn": self.machine(), "name": self.name, "definition": self.definition,
                "roleArn": "arn:aws:iam::123456789012:role/saga", "updateDate": 1.0,
            })),
            ("GetExecutionHistory", Some(run)) => done(history(run, body)),
            ("RedriveExecution", Some(_)) => done(json!({ "redriveDate": 1.0 })),
            ("SendTaskSuccess", _) => {
                let output = serde_json::from_str(text("output")).unwrap();
                let resume = self.engine.resume(text("taskToken"), output);
                match self.runtime.block_on(resume) {
                    Ok(_) => done(json!({})),
                    Err(_) => refused("TaskTimedOut"),
                }
            }
            ("SendTaskFailure", _) => {
                let (error, cause) = (text("error"), text("cause"));
                let fail = self.engine.fail_task(text("taskToken"), error, cause);
                match self.runtime.block_on(fail) {
                    Ok(_) => done(json!({})),
                    Err(_) => refused("TaskTimedOut"),
                }
            }
            ("StartExecution", _) => {
                let input: Value = serde_json::from_str(text("input")).unwrap();
                let start = self.engine.start(text("name"), &input);
                match self.runtime.block_on(start) {
                    Ok(run) => done(json!({ "executionArn": run.arn(), "startDate": 1.0 })),
                    Err(_) => refused("ExecutionAlreadyExists"),
                }
            }
            (_, None) => refused("ExecutionDoesNotExist"),
            _ => refused("UnknownOperationException"),
        }
    }

    fn describe(&self, run: &Run<Value>) -> Value {
        let history = run.history();
        let mut described = json!({
            "executionArn": run.arn(),
            "stateMachineArn": self.machine(),
            "name": run.name(),
            "status": status_of(run),
            "startDate": seconds(history[0].timestamp()),
            "input": run.input().to_string(),
        });
        let last = history.last().unwrap().timestamp();
        match run.status() {
            Status::Running => {}
            Status::Succeeded => {
                described["stopDate"] = seconds(last);
                described["output"] = run.output().unwrap().to_string().into();
            }
            _ => {
                described["stopDate"] = seconds(last);
                described["error"] = run.error().into();
                described["cause"] = run.cause().into();
                described["redriveStatus"] = "REDRIVABLE".into();
            }
        }
        described
    }
}

fn status_of(run: &Run<Value>) -> &'static str {
    match run.status() {
        Status::Running => "RUNNING",
        Status::Succeeded => "SUCCEEDED",
        Status::Failed => "FAILED",
        Status::TimedOut => "TIMED_OUT",
        Status::Aborted => "ABORTED",
    }
}

/// One page, from either end.
fn history(run: &Run<Value>, body: &Value) -> Value {
    let mut events: Vec<Value> = run.history().iter().map(event).collect();
    if body["reverseOrder"] == true {
        events.reverse();
    }
    let from: usize = body["nextToken"]
        .as_str()
        .map_or(0, |token| token.parse().unwrap());
    let next = from + PAGE;
    let token = (next < events.len()).then(|| next.to_string());
    let page: Vec<Value> = events.into_iter().skip(from).take(PAGE).collect();
    json!({ "events": page, "nextToken": token })
}

fn event(event: &saga_local::Event) -> Value {
    let text = |value: &Value| Value::from(value.to_string());
    let packed = |(name, value): (&String, &Value)| {
        let value = match name.as_str() {
            "input" | "output" | "parameters" => text(value),
            "assignedVariables" => {
                let variables = value.as_object().unwrap().iter();
                variables
                    .map(|(name, value)| (name.clone(), text(value)))
                    .collect()
            }
            _ => value.clone(),
        };
        (name.clone(), value)
    };
    let details: Map<String, Value> = event.details().iter().map(packed).collect();
    let kind = event.kind();
    // The events of all states have one name for their details.
    let details_name = match kind {
        kind if kind.ends_with("StateEntered") => "stateEnteredEventDetails".to_owned(),
        kind if kind.ends_with("StateExited") => "stateExitedEventDetails".to_owned(),
        kind => format!("{}{}EventDetails", kind[..1].to_lowercase(), &kind[1..]),
    };
    json!({
        "id": event.id(),
        "previousEventId": event.previous(),
        "timestamp": seconds(event.timestamp()),
        "type": kind,
        details_name: details,
    })
}

fn seconds(time: SystemTime) -> Value {
    time.duration_since(SystemTime::UNIX_EPOCH)
        .unwrap()
        .as_secs_f64()
        .into()
}

fn done(answer: Value) -> (u16, Value) {
    (200, answer)
}

fn refused(code: &str) -> (u16, Value) {
    let code = format!("com.amazonaws.states#{code}");
    (400, json!({ "__type": code, "message": "said so" }))
}

fn read(stream: &TcpStream) -> Option<(String, Value)> {
    let mut reader = BufReader::new(stream);
    let (mut operation, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap() == 0 {
            return None;
        }
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(": ").unwrap_or_default();
        match name.to_lowercase().as_str() {
            "x-amz-target" => value.rsplit('.').next().unwrap().clone_into(&mut operation),
            "content-length" => length = value.parse().unwrap(),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    Some((operation, serde_json::from_slice(&body).unwrap()))
}

fn write(stream: &mut TcpStream, status: u16, answer: &Value) {
    let answer = answer.to_string();
    let head = format!(
        "HTTP/1.1 {status} -\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        answer.len()
    );
    stream
        .write_all(format!("{head}{answer}").as_bytes())
        .unwrap();
}

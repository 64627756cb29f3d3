//! Lambda as a function sees it: a runtime API on 127.0.0.1, and the function as a process of its own. Judges nothing.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;

/// How long a test waits for what must come; only a broken host makes it wait that long.
const PATIENCE: Duration = Duration::from_mins(1);

/// What makes the test binary a function: see `function`.
pub(super) const MARK: &str = "SAGA_TEST_FUNCTION";

/// A delivery, as the runtime API hands it over.
struct Event {
    request_id: String,
    deadline: Duration,
    body: Vec<u8>,
}

/// What the function posted for a delivery.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) request_id: String,
    /// `response` or `error`.
    pub(super) kind: String,
    pub(super) body: Value,
}

/// A function in a process of its own.
pub(super) struct Function {
    child: Child,
    events: Sender<Event>,
    answers: Receiver<Answer>,
    lines: Receiver<Value>,
}

impl Function {
    /// Starts one with these further variables in its environment.
    pub(super) fn start(variables: &[(&str, &str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (events, queue) = channel();
        let (answered, answers) = channel();
        thread::spawn(move || serve(&listener, &Arc::new(Mutex::new(queue)), &answered));

        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["lambda::function", "--exact", "--nocapture"])
            .env_clear()
            .env(MARK, "1")
            .env("AWS_LAMBDA_RUNTIME_API", address)
            .env("AWS_LAMBDA_FUNCTION_NAME", "stock")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (logged, lines) = channel();
        thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                // The test harness begins a line of its own.
                let json = line
                    .find('{')
                    .map(|start| serde_json::from_str(&line[start..]));
                if let Some(line) = json {
                    let _ = logged.send(line.expect("a log line is JSON"));
                }
            }
        });
        Self {
            child,
            events,
            answers,
            lines,
        }
    }

    /// Hands a delivery over, which the function has that many milliseconds for.
    pub(super) fn send(&self, request_id: &str, millis: u64, body: &[u8]) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let event = Event {
            request_id: request_id.to_owned(),
            deadline: now + Duration::from_millis(millis),
            body: body.to_vec(),
        };
        self.events.send(event).unwrap();
    }

    pub(super) fn answer(&self) -> Answer {
        self.answers.recv_timeout(PATIENCE).expect("an answer")
    }

    /// The next line of the log, without what differs from run to run.
    pub(super) fn line(&self) -> String {
        let line = self.lines.recv_timeout(PATIENCE).expect("a log line");
        let mut line: BTreeMap<String, Value> = serde_json::from_value(line).unwrap();
        let timestamp = line.remove("timestamp").expect("a `timestamp`");
        assert!(humantime::parse_rfc3339(timestamp.as_str().unwrap()).is_ok());
        if let Some(duration) = line.remove("duration_ms") {
            assert!(duration.as_f64().is_some_and(|millis| millis >= 0.0));
        }
        serde_json::to_string(&line).unwrap()
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn serve(listener: &TcpListener, queue: &Arc<Mutex<Receiver<Event>>>, answered: &Sender<Answer>) {
    for stream in listener.incoming().map_while(Result::ok) {
        let (queue, answered) = (Arc::clone(queue), answered.clone());
        thread::spawn(move || talk(stream, &queue, &answered));
    }
}

/// Serves a connection until the function is gone or the test is over.
fn talk(
    stream: TcpStream, queue: &Mutex<Receiver<Event>>, answered: &Sender<Answer>,
) -> Option<()> {
    let mut replies = stream.try_clone().ok()?;
    let mut requests = BufReader::new(stream);
    loop {
        let (path, body) = read_request(&mut requests)?;
        let reply = if path.ends_with("/next") {
            let event = queue.lock().ok()?.recv().ok()?;
            let (id, deadline) = (event.request_id, event.deadline.as_millis());
            let head = format!(
                "HTTP/1.1 200 OK\r\nlambda-runtime-aws-request-id: {id}\r\nlambda-runtime-deadline-ms: {deadline}\r\ncontent-length: {}\r\n\r\n",
                event.body.len()
            );
            [head.into_bytes(), event.body].concat()
        } else {
            let mut parts = path.rsplit('/');
            let kind = parts.next()?.to_owned();
            let request_id = parts.next()?.to_owned();
            let body = serde_json::from_slice(&body).ok()?;
            let answer = Answer {
                request_id,
                kind,
                body,
            };
            answered.send(answer).ok()?;
            b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n".to_vec()
        };
        replies.write_all(&reply).ok()?;
    }
}

/// The path and the body of the next request on a connection.
fn read_request(requests: &mut BufReader<TcpStream>) -> Option<(String, Vec<u8>)> {
    let mut first = String::new();
    requests.read_line(&mut first).ok()?;
    let path = first.split(' ').nth(1)?.to_owned();
    let mut length = 0;
    loop {
        let mut header = String::new();
        requests.read_line(&mut header).ok()?;
        match header.trim_end().to_ascii_lowercase().split_once(": ") {
            None => break,
            Some(("content-length", value)) => length = value.parse().ok()?,
            Some(_) => {}
        }
    }
    let mut body = vec![0; length];
    requests.read_exact(&mut body).ok()?;
    Some((path, body))
}

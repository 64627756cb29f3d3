//! Stands between functions and the emulator's DynamoDB and SNS: counts requests, and makes go wrong what the rules say. Changes no data.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::http::{Message, exchange};
use crate::process::signal_caller;

/// What happens to a request.
#[derive(Clone)]
pub enum Act {
    /// It takes effect, and nobody hears of it.
    DropReply,
    /// It does not arrive.
    DropRequest,
    /// The table has no capacity left.
    Throttle,
    /// Another transaction is at one of the items.
    Conflict,
    /// The service is out of order.
    Fail,
    /// The function has no permission.
    Deny,
    /// It arrives late, and so does its reply.
    Delay(Duration),
    /// The process that sends it dies before it takes effect.
    KillBefore,
    /// The process that sends it dies after it took effect.
    KillAfter,
    /// The process that sends it hangs after it took effect.
    FreezeAfter,
    /// The process that sends it hangs, and it arrives when the gate is opened.
    FreezeBefore(Gate),
    /// It arrives when the gate is opened, whoever still waits for the answer.
    Hold(Gate),
}

impl Act {
    /// What the figures call it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::DropReply => "reply lost",
            Self::DropRequest => "request lost",
            Self::Throttle => "throttled",
            Self::Conflict => "conflict",
            Self::Fail => "failed",
            Self::Deny => "denied",
            Self::Delay(_) => "delayed",
            Self::KillBefore => "killed before",
            Self::KillAfter => "killed after",
            Self::FreezeAfter => "frozen after",
            Self::FreezeBefore(_) => "frozen before",
            Self::Hold(_) => "held",
        }
    }
}

/// Which requests something happens to.
pub struct Rule {
    /// `TransactWriteItems`; any, if empty.
    pub operation: &'static str,
    /// Texts that the body contains, all of them.
    pub contains: Vec<String>,
    /// How often it happens.
    pub times: usize,
    /// Of a thousand requests that match, how many it happens to.
    pub of_thousand: u16,
    /// What happens.
    pub act: Act,
}

impl Rule {
    /// It happens to the next request of this operation with all of these texts in it.
    pub fn once(operation: &'static str, contains: &[&str], act: Act) -> Self {
        Self {
            operation,
            contains: contains.iter().map(ToString::to_string).collect(),
            times: 1,
            of_thousand: 1000,
            act,
        }
    }

    /// It happens so often.
    pub fn times(self, times: usize) -> Self {
        Self { times, ..self }
    }

    /// It happens to so many of a thousand, for ever.
    pub fn of_thousand(self, of_thousand: u16) -> Self {
        Self {
            times: usize::MAX,
            of_thousand,
            ..self
        }
    }

    fn is_for(&self, operation: &str, body: &str) -> bool {
        self.times > 0
            && (self.operation.is_empty() || self.operation == operation)
            && self.contains.iter().all(|text| body.contains(text))
    }
}

/// Holds requests until it is opened, and tells what became of the last one.
#[derive(Clone)]
pub struct Gate {
    open: watch::Sender<bool>,
    held: watch::Sender<usize>,
    reply: watch::Sender<Option<String>>,
}

impl Gate {
    pub fn new() -> Self {
        Self {
            open: watch::Sender::new(false),
            held: watch::Sender::new(0),
            reply: watch::Sender::new(None),
        }
    }

    /// Lets everything through, now and from now on.
    pub fn open(&self) {
        self.open.send_replace(true);
    }

    /// Waits until everything that was held has been answered.
    pub async fn passed(&self) {
        let mut held = self.held.subscribe();
        let _ = held.wait_for(|held| *held == 0).await;
    }

    /// What the database said to the request that was let through last.
    pub async fn reply(&self) -> String {
        let mut reply = self.reply.subscribe();
        let said = reply.wait_for(Option::is_some).await;
        said.map(|said| said.clone().unwrap_or_default())
            .unwrap_or_default()
    }

    async fn pass(&self) {
        self.held.send_modify(|held| *held += 1);
        let mut open = self.open.subscribe();
        let _ = open.wait_for(|open| *open).await;
    }
}

/// A running proxy. It ends with the process.
#[derive(Clone)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    emulator: String,
    rules: Mutex<Vec<Rule>>,
    requests: Mutex<BTreeMap<String, usize>>,
    faults: Mutex<BTreeMap<&'static str, usize>>,
    random: Mutex<fastrand::Rng>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Proxy {
    /// Starts one in front of the emulator, on a thread of its own: it outlives the test that starts it.
    pub fn start(emulator: &str, seed: u64) -> Self {
        let shared = Arc::new(Shared {
            emulator: emulator.to_owned(),
            rules: Mutex::default(),
            requests: Mutex::default(),
            faults: Mutex::default(),
            random: Mutex::new(fastrand::Rng::with_seed(seed)),
        });
        let (tell, told) = std::sync::mpsc::channel();
        let served = Arc::clone(&shared);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                tell.send(listener.local_addr().unwrap()).unwrap();
                while let Ok((socket, peer)) = listener.accept().await {
                    let address = listener.local_addr().unwrap();
                    let proxy = Proxy {
                        address,
                        shared: Arc::clone(&served),
                    };
                    tokio::spawn(async move { proxy.serve(socket, peer).await });
                }
            });
        });
        Self {
            address: told.recv().unwrap(),
            shared,
        }
    }

    /// Where it listens: `http://127.0.0.1:4711`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Adds a rule. Of several that match, the one that was added first counts.
    pub fn add(&self, rule: Rule) {
        lock(&self.shared.rules).push(rule);
    }

    /// Forgets the rules whose texts begin with this one.
    pub fn forget(&self, text: &str) {
        lock(&self.shared.rules).retain(|rule| rule.contains.first().is_none_or(|t| t != text));
    }

    /// The requests since the last call, by operation.
    pub fn take_requests(&self) -> BTreeMap<String, usize> {
        std::mem::take(&mut *lock(&self.shared.requests))
    }

    /// What went wrong since the last call, by kind.
    pub fn take_faults(&self) -> BTreeMap<&'static str, usize> {
        std::mem::take(&mut *lock(&self.shared.faults))
    }

    async fn serve(&self, mut socket: TcpStream, peer: SocketAddr) {
        let _ = socket.set_nodelay(true);
        while let Ok(Some(request)) = Message::read(&mut socket).await {
            let body = request.text();
            let operation = operation(&request, &body).to_owned();
            *lock(&self.shared.requests)
                .entry(operation.clone())
                .or_default() += 1;
            let act = self.act_for(&operation, &body);
            let Some(reply) = self.answer(act, &request, peer).await else {
                return;
            };
            if reply.write(&mut socket).await.is_err() {
                return;
            }
        }
    }

    /// The reply that the caller gets; none where its connection ends.
    async fn answer(
        &self, act: Option<Act>, request: &Message, peer: SocketAddr,
    ) -> Option<Message> {
        match act {
            None => {}
            Some(Act::DropRequest) => return None,
            Some(Act::DropReply) => {
                self.forward(request).await;
                return None;
            }
            Some(Act::Throttle) => return Some(throttled()),
            Some(Act::Conflict) => return Some(conflict(&request.text())),
            Some(Act::Fail) => return Some(Message::reply(500, "{}")),
            Some(Act::Deny) => return Some(denied()),
            Some(Act::Delay(delay)) => {
                tokio::time::sleep(delay).await;
                let reply = self.forward(request).await;
                tokio::time::sleep(delay).await;
                return reply;
            }
            Some(Act::KillBefore) => {
                self.signal("KILL", peer);
                return None;
            }
            Some(Act::KillAfter) => {
                self.forward(request).await;
                self.signal("KILL", peer);
                return None;
            }
            Some(Act::FreezeAfter) => self.signal("STOP", peer),
            Some(Act::FreezeBefore(gate)) => {
                self.signal("STOP", peer);
                return self.hold(&gate, request).await;
            }
            Some(Act::Hold(gate)) => return self.hold(&gate, request).await,
        }
        self.forward(request).await
    }

    async fn forward(&self, request: &Message) -> Option<Message> {
        exchange(&self.shared.emulator, request).await.ok()
    }

    async fn hold(&self, gate: &Gate, request: &Message) -> Option<Message> {
        gate.pass().await;
        let reply = self.forward(request).await;
        let said = reply.as_ref().map(Message::text).unwrap_or_default();
        gate.reply.send_replace(Some(said));
        gate.held.send_modify(|held| *held -= 1);
        reply
    }

    /// To the process at the other end. One that is gone already has nothing to fear.
    fn signal(&self, signal: &str, peer: SocketAddr) {
        let setting = format!("AWS_ENDPOINT_URL_DYNAMODB={}", self.url());
        if !signal_caller(signal, peer.port(), self.address.port(), &setting) {
            *lock(&self.shared.faults).entry("gone").or_default() += 1;
        }
    }

    fn act_for(&self, operation: &str, body: &str) -> Option<Act> {
        let mut rules = lock(&self.shared.rules);
        let mut random = lock(&self.shared.random);
        let rule = rules
            .iter_mut()
            .find(|rule| rule.is_for(operation, body) && random.u16(..1000) < rule.of_thousand)?;
        rule.times -= 1;
        *lock(&self.shared.faults)
            .entry(rule.act.name())
            .or_default() += 1;
        Some(rule.act.clone())
    }
}

/// What a request asks for: by a header in Amazon's JSON protocols, in the body in the query protocol.
fn operation<'a>(request: &'a Message, body: &'a str) -> &'a str {
    let target = request.header("x-amz-target");
    if let Some((_, operation)) = target.rsplit_once('.') {
        return operation;
    }
    let mut fields = body.split('&');
    let action = fields.find_map(|field| field.strip_prefix("Action="));
    action.unwrap_or_default()
}

/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html>
fn throttled() -> Message {
    error(&json!({
        "__type": "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
        "message": "The level of configured provisioned throughput for the table was exceeded.",
    }))
}

fn denied() -> Message {
    error(&json!({
        "__type": "com.amazonaws.dynamodb.v20120810#AccessDeniedException",
        "message": "User: e2e is not authorized to perform this action",
    }))
}

/// What a transaction that met another one is answered, and what a single write that did.
fn conflict(body: &str) -> Message {
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    let Some(items) = body["TransactItems"].as_array() else {
        return error(&json!({
            "__type": "com.amazonaws.dynamodb.v20120810#TransactionConflictException",
            "message": "Transaction is ongoing for the item",
        }));
    };
    let reasons: Vec<Value> = (0..items.len())
        .map(|index| match index {
            0 => json!({ "Code": "TransactionConflict", "Message": "Transaction is ongoing for the item" }),
            _ => json!({ "Code": "None" }),
        })
        .collect();
    error(&json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "message": "Transaction cancelled, please refer cancellation reasons for specific reasons",
        "CancellationReasons": reasons,
    }))
}

fn error(body: &Value) -> Message {
    Message::reply(400, &body.to_string())
}

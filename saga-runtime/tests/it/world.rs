//! A participant whose behaviour a test names with each delivery, and a script language for deliveries. Judges nothing.
//!
//! A script is a list of lines. `reserve ok` delivers the action `reserve`, whose code behaves by `ok`; `undo reserve ok`
//! delivers its compensation; further words are `name=value` settings of the envelope. `a || b` delivers both
//! at once, step by step in turn. `begin z: …` delivers as far as the code, `end z` lets it go on, `kill z` drops it.
//! `tick 20` moves the clock, `fail 3` and `lose 1` make the store fail or lose replies.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context as TaskContext, Poll, Waker};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use expect_test::Expect;
use saga_runtime::__private::HandlerBuilder;
use saga_runtime::store::{Item, Key, RecordWrite, StoreError, Stored, Transacted, Write, Written};
use saga_runtime::{BoxFuture, Clock, Failure, Handler, Invocation, MemoryStore, Store};
use serde_json::{Value, json};

/// When the world begins: 2026-01-01T00:00:00Z.
const BEGIN: Duration = Duration::from_hours(490_896);

/// The execution that a delivery is for unless it says another: its ARN and its start.
pub(crate) const SAGA: &str = "arn:run#2026-01-01T00:00:00.000Z";

pub(crate) type Reply = Result<Value, Failure>;

/// What a test and the participant's code share.
#[derive(Clone, Default)]
pub(crate) struct Shared(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    behaviour: String,
    gate: bool,
    waits: bool,
    now: Duration,
    log: Vec<String>,
}

impl Shared {
    /// The behaviour that the delivery being polled asks for.
    pub(crate) fn behaviour(&self) -> String {
        self.0.lock().unwrap().behaviour.clone()
    }

    /// Notes an outside effect.
    pub(crate) fn log(&self, line: impl Into<String>) {
        self.0.lock().unwrap().log.push(line.into());
    }

    pub(crate) fn logged(&self) -> Vec<String> {
        self.0.lock().unwrap().log.clone()
    }

    pub(crate) fn tick(&self, time: Duration) {
        self.0.lock().unwrap().now += time;
    }

    pub(crate) fn now(&self) -> SystemTime {
        UNIX_EPOCH + self.0.lock().unwrap().now
    }

    fn set(&self, behaviour: &str, gate: bool) {
        let mut state = self.0.lock().unwrap();
        behaviour.clone_into(&mut state.behaviour);
        state.gate = gate;
        state.waits = false;
    }

    /// Whether the delivery that was polled last stands before a closed gate.
    pub(crate) fn waits(&self) -> bool {
        self.0.lock().unwrap().waits
    }

    /// Waits until the test lets the code go on.
    pub(crate) async fn gate(&self) {
        poll_fn(|_| {
            let mut state = self.0.lock().unwrap();
            state.waits = !state.gate;
            if state.gate {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }
}

/// A delivery under way.
pub(crate) struct Delivery {
    future: Pin<Box<dyn Future<Output = Reply> + Send>>,
    behaviour: String,
    shared: Shared,
    pub(crate) deadline: SystemTime,
}

impl Delivery {
    /// Goes one step on.
    pub(crate) fn poll(&mut self, gate: bool) -> Option<Reply> {
        match self.poll_in(&mut TaskContext::from_waker(Waker::noop()), gate) {
            Poll::Ready(reply) => Some(reply),
            Poll::Pending => None,
        }
    }

    /// Goes one step on, for whom an executor polls.
    pub(crate) fn poll_in(&mut self, context: &mut TaskContext, gate: bool) -> Poll<Reply> {
        self.shared.set(&self.behaviour, gate);
        self.future.as_mut().poll(context)
    }

    pub(crate) fn finish(mut self) -> Reply {
        for _ in 0..1000 {
            if let Some(reply) = self.poll(true) {
                return reply;
            }
        }
        panic!("a delivery never ends");
    }
}

pub(crate) struct World {
    pub(crate) memory: MemoryStore,
    pub(crate) shared: Shared,
    pub(crate) handler: Handler,
    deliveries: usize,
    open: BTreeMap<String, Delivery>,
}

impl World {
    /// A world with a participant `Test`, prefix `test`, to which `steps` adds what it offers.
    pub(crate) fn new(steps: impl Fn(HandlerBuilder, &Shared) -> HandlerBuilder) -> Self {
        let memory = MemoryStore::new();
        let store = Yielding(memory.clone());
        Self {
            memory,
            ..Self::on(store, steps)
        }
    }

    /// As [`new`](Self::new), on a store that knows items alone, as one on a database does.
    pub(crate) fn of_items(steps: impl Fn(HandlerBuilder, &Shared) -> HandlerBuilder) -> Self {
        let memory = MemoryStore::new();
        let store = Items(Yielding(memory.clone()));
        Self {
            memory,
            ..Self::on(store, steps)
        }
    }

    /// A world on another store, which deliveries have to be awaited on.
    pub(crate) fn on(
        store: impl Store, steps: impl Fn(HandlerBuilder, &Shared) -> HandlerBuilder,
    ) -> Self {
        let shared = Shared::default();
        shared.tick(BEGIN);
        let builder = HandlerBuilder::new("Test", "test", "TestFunctionArn", store);
        let handler = steps(builder, &shared).build();
        Self {
            memory: MemoryStore::new(),
            shared,
            handler,
            deliveries: 0,
            open: BTreeMap::new(),
        }
    }

    /// Begins a delivery of a payload, with ten seconds to live.
    pub(crate) fn send(&mut self, payload: Value, behaviour: &str, id: Option<&str>) -> Delivery {
        self.deliveries += 1;
        let id = id.map_or_else(|| format!("delivery-{}", self.deliveries), str::to_owned);
        let deadline = self.shared.now() + Duration::from_secs(10);
        let clock = self.shared.clone();
        let invocation = Invocation::new(id, deadline, Clock::new(move || clock.now()));
        let handler = self.handler.clone();
        Delivery {
            future: Box::pin(async move { handler.invoke(payload, &invocation).await }),
            behaviour: behaviour.to_owned(),
            shared: self.shared.clone(),
            deadline,
        }
    }

    /// Begins the delivery that words of a script describe.
    pub(crate) fn deliver(&mut self, words: &str) -> Delivery {
        let mut words: Vec<&str> = words.split_whitespace().collect();
        let mut payload = json!({ "saga": SAGA });
        let compensation = words[0] == "undo";
        if compensation {
            words.remove(0);
            payload["phase"] = json!("compensation");
        } else {
            payload["input"] = json!({ "order": "a", "note": "not kept" });
        }
        payload["step"] = json!(format!("test.{}", words[0]));
        let mut id = None;
        for setting in &words[2..] {
            let (name, value) = setting.split_once('=').expect("a setting is `name=value`");
            match name {
                "order" => payload["input"]["order"] = json!(value),
                "id" => id = Some(value),
                _ => {
                    payload[name] = serde_json::from_str(value).expect("a setting's value is JSON");
                }
            }
        }
        self.send(payload, words[1], id)
    }

    fn line(&mut self, line: &str) -> String {
        if let Some((name, words)) = line
            .strip_prefix("begin ")
            .and_then(|rest| rest.split_once(": "))
        {
            let mut delivery = self.deliver(words);
            for _ in 0..100 {
                if let Some(reply) = delivery.poll(false) {
                    return show(&reply);
                }
            }
            self.open.insert(name.to_owned(), delivery);
            return "open".to_owned();
        }
        if let Some((left, right)) = line.split_once(" || ") {
            let mut deliveries = [self.deliver(left), self.deliver(right)];
            let mut replies = [None, None];
            while replies.iter().any(Option::is_none) {
                for (delivery, reply) in deliveries.iter_mut().zip(&mut replies) {
                    if reply.is_none() {
                        *reply = delivery.poll(true);
                    }
                }
            }
            return replies
                .iter()
                .flatten()
                .map(show)
                .collect::<Vec<_>>()
                .join(" || ");
        }
        match line.split_whitespace().collect::<Vec<_>>()[..] {
            ["tick", seconds] => self
                .shared
                .tick(Duration::from_secs(seconds.parse().unwrap())),
            ["fail", times] => self.memory.fail_next(
                times.parse().unwrap(),
                &StoreError::unavailable("no answer"),
            ),
            ["lose", times] => self.memory.lose_replies(times.parse().unwrap()),
            ["kill", name] => drop(self.open.remove(name).unwrap()),
            ["end", name] => return show(&self.open.remove(name).unwrap().finish()),
            _ => return show(&self.deliver(line).finish()),
        }
        "-".to_owned()
    }

    /// The barrier's records, the business tables and the outside effects, one a line.
    fn show(&self) -> String {
        let mut text = String::new();
        for record in self.memory.barrier_records() {
            let key = record["pk"]
                .as_str()
                .unwrap()
                .trim_start_matches(SAGA)
                .trim_start_matches('|');
            text.push_str(&show_record(key, &record));
        }
        for (table, items) in self.memory.tables() {
            for item in items {
                text.push_str(&format!("{table}: {}\n", Value::Object(item)));
            }
        }
        for line in self.shared.logged() {
            text.push_str(&format!("outside: {line}\n"));
        }
        text
    }
}

/// Plays a script, and compares what each line answered and what is left behind.
pub(crate) fn check(mut world: World, script: &[&str], expected: &Expect) {
    let mut text = String::new();
    for line in script {
        let answer = world.line(line);
        text.push_str(&format!("{line} -> {answer}\n"));
    }
    text.push_str(&world.show());
    expected.assert_eq(&text);
}

/// A record of the barrier's, in one line.
pub(crate) fn show_record(key: &str, record: &Item) -> String {
    let mut attributes = format!("record {key}: {}", record["st"].as_str().unwrap());
    for name in ["ep", "own", "lease", "args", "out", "err"] {
        if let Some(value) = record.get(name) {
            let value = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            attributes.push_str(&format!(" {name}={value:.60}"));
        }
    }
    attributes.push('\n');
    attributes
}

pub(crate) fn show(reply: &Reply) -> String {
    let mut text = match reply {
        Ok(output) => output.to_string(),
        Err(failure) => failure.to_string(),
    };
    if text.chars().count() > 160 {
        text = text.chars().take(160).chain(['…']).collect();
    }
    text
}

/// A store as if behind a network: calls take two polls more, so that deliveries interleave between and around them, and a
/// call that is not answered is made up to three times.
struct Yielding(MemoryStore);

impl Store for Yielding {
    fn get<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Item>, StoreError>> {
        around(|| self.0.get(key))
    }

    fn write<'a>(&'a self, write: &'a Write) -> BoxFuture<'a, Result<Written, StoreError>> {
        around(|| self.0.write(write))
    }

    fn transact<'a>(
        &'a self, writes: &'a [Write],
    ) -> BoxFuture<'a, Result<Transacted, StoreError>> {
        around(|| self.0.transact(writes))
    }

    fn commit(
        &self, record: RecordWrite, writes: Vec<Write>,
    ) -> BoxFuture<'_, Result<Transacted, StoreError>> {
        around(move || self.0.commit(record.clone(), writes.clone()))
    }

    fn record<'a>(
        &'a self, key: &'a Arc<str>,
    ) -> BoxFuture<'a, Result<Option<Stored>, StoreError>> {
        around(|| self.0.record(key))
    }
}

/// A store that has only what every store must have.
#[derive(Clone)]
pub(crate) struct Items<S>(pub(crate) S);

impl<S: Store> Store for Items<S> {
    fn get<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Item>, StoreError>> {
        self.0.get(key)
    }

    fn write<'a>(&'a self, write: &'a Write) -> BoxFuture<'a, Result<Written, StoreError>> {
        self.0.write(write)
    }

    fn transact<'a>(
        &'a self, writes: &'a [Write],
    ) -> BoxFuture<'a, Result<Transacted, StoreError>> {
        self.0.transact(writes)
    }
}

fn around<'a, T: Send + 'a>(
    call: impl Fn() -> BoxFuture<'a, Result<T, StoreError>> + Send + 'a,
) -> BoxFuture<'a, Result<T, StoreError>> {
    Box::pin(async move {
        let mut tries = 1;
        loop {
            yield_now().await;
            let answer = call().await;
            yield_now().await;
            if tries == 3 || !answer.as_ref().is_err_and(StoreError::is_unavailable) {
                return answer;
            }
            tries += 1;
        }
    })
}

pub(crate) async fn yield_now() {
    let mut yielded = false;
    poll_fn(|_| {
        if std::mem::replace(&mut yielded, true) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
}

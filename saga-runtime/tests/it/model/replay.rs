//! The model held to the code: whatever the model does, the real barrier does over the store in memory, step by step, and after each
//! step the record, the effects and the answers must be the same.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context as TaskContext, Poll, Waker};
use std::time::{Duration, UNIX_EPOCH};

use saga_runtime::__private::{Action, Compensation, HandlerBuilder};
use saga_runtime::store::{Item, Key, StoreError, Transacted, Write, Written, field};
use saga_runtime::{
    BoxFuture, Clock, Context, Failure, Handler, Invocation, MemoryStore, Outcome, Retry, Store, Tx,
};
use serde_json::{Value, json};

use super::delivery::{End, Kind, Mode, Phase, TRIES};
use super::properties::Check;
use super::record::{No, Record, Reply, Stage};
use super::system::{Effects, OtherSide, Setting, State, Step};
use crate::transactional::{ACCOUNTS, Input, TestError, no};
use crate::world::{SAGA, yield_now};

/// When the deliveries begin: an hour after the execution, 2026-01-01T01:00:00Z.
const BEGIN: Duration = Duration::from_hours(490_897);

/// The model's unit of time.
const UNIT: Duration = Duration::from_secs(5);

/// What somebody sent who may not live to see it answered.
#[derive(Clone)]
enum Sent {
    Writes(Vec<Write>),
    Effect { input: u8 },
    Undo,
}

/// What the real world is told before each of its steps, and what it leaves.
struct Hand {
    now: Duration,
    /// The delivery that is polled.
    polled: u8,
    /// Its call gets no answer.
    lose: bool,
    /// How its code ends.
    end: End,
    pending: BTreeMap<u8, Sent>,
    sent: Vec<Sent>,
    other_side: OtherSide,
    effects: Effects,
}

/// A store that stops before each call, and the code's way to do the same before its effect.
#[derive(Clone)]
struct Stepped {
    memory: MemoryStore,
    hand: Arc<Mutex<Hand>>,
}

impl Stepped {
    fn hand(&self) -> MutexGuard<'_, Hand> {
        self.hand.lock().unwrap()
    }

    /// Waits for the next step, which is this one's.
    async fn pause(&self, sent: Option<Sent>) -> Result<(), StoreError> {
        let by = self.hand().polled;
        if let Some(sent) = sent {
            self.hand().pending.insert(by, sent);
        }
        yield_now().await;
        let mut hand = self.hand();
        let sent = hand.pending.remove(&by);
        if hand.lose {
            hand.sent.extend(sent);
            return Err(StoreError::unavailable("no answer"));
        }
        Ok(())
    }
}

/// Makes a call, again where it got no answer, as a store behind a network does.
async fn again<'a, T>(
    call: impl Fn() -> BoxFuture<'a, Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let mut tries = 1;
    loop {
        match call().await {
            Err(error) if error.is_unavailable() && tries < TRIES => tries += 1,
            answer => return answer,
        }
    }
}

impl Store for Stepped {
    fn get<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Item>, StoreError>> {
        Box::pin(again(move || {
            Box::pin(async move {
                self.pause(None).await?;
                self.memory.get(key).await
            })
        }))
    }

    fn write<'a>(&'a self, write: &'a Write) -> BoxFuture<'a, Result<Written, StoreError>> {
        Box::pin(again(move || {
            Box::pin(async move {
                self.pause(Some(Sent::Writes(vec![write.clone()]))).await?;
                self.memory.write(write).await
            })
        }))
    }

    fn transact<'a>(
        &'a self, writes: &'a [Write],
    ) -> BoxFuture<'a, Result<Transacted, StoreError>> {
        Box::pin(again(move || {
            Box::pin(async move {
                self.pause(Some(Sent::Writes(writes.to_vec()))).await?;
                self.memory.transact(writes).await
            })
        }))
    }
}

async fn reserve(store: Stepped, tx: &mut Tx, input: Input) -> Result<Value, TestError> {
    let _ = store.pause(None).await;
    let end = store.hand().end;
    let update = tx.update(&ACCOUNTS, "all").add("done", 1);
    match end {
        End::Output => Ok(json!(input.order)),
        End::Short => {
            update.only_if(field("done").at_least(100), no());
            Ok(json!(input.order))
        }
        End::No => Err(no()),
        End::Failed | End::FailedAfterEffect => Err(TestError::Later),
    }
}

async fn release(store: Stepped, tx: &mut Tx) -> Result<(), Retry> {
    let _ = store.pause(None).await;
    if store.hand().end != End::Output {
        return Err(Retry::new("not now"));
    }
    tx.update(&ACCOUNTS, "all").add("undone", 1);
    Ok(())
}

async fn charge(store: Stepped, input: Input) -> Result<Value, TestError> {
    let number = input.order.parse().unwrap();
    let _ = store.pause(Some(Sent::Effect { input: number })).await;
    let mut hand = store.hand();
    let (end, other_side) = (hand.end, hand.other_side);
    let made = match end {
        End::Output | End::FailedAfterEffect => other_side.make(&mut hand.effects, number),
        _ => true,
    };
    if end == End::No || !made {
        hand.effects.said_no = true;
        return Err(no());
    }
    match end {
        End::Output => Ok(json!(input.order)),
        _ => Err(TestError::Later),
    }
}

async fn refund(store: Stepped) -> Result<(), Retry> {
    let _ = store.pause(Some(Sent::Undo)).await;
    let mut hand = store.hand();
    let (end, other_side) = (hand.end, hand.other_side);
    if end != End::Failed {
        other_side.undo(&mut hand.effects);
    }
    match end {
        End::Output => Ok(()),
        _ => Err(Retry::new("not now")),
    }
}

fn handler(store: &Stepped) -> Handler {
    let (t, u, x, y) = (store.clone(), store.clone(), store.clone(), store.clone());
    let kind = saga_runtime::Kind::Compensatable;
    let reserve = Action::tx(kind, &["order"], move |tx: &mut Tx, input: Input| {
        Box::pin(reserve(t.clone(), tx, input))
    });
    let release =
        Compensation::tx(move |tx: &mut Tx, _: Input, _: Value| Box::pin(release(u.clone(), tx)));
    let charge = Action::cx(kind, &["order"], move |_: &Context, input: Input| {
        Box::pin(charge(x.clone(), input))
    });
    let refund = Compensation::cx(move |_: &Context, _: Value, _: Outcome<Value>| {
        Box::pin(refund(y.clone()))
    });
    HandlerBuilder::new("Test", "test", "TestFunctionArn", store.clone())
        .step("reserve", reserve, Some(release))
        .step("charge", charge, Some(refund))
        .build()
}

type Invoked = Pin<Box<dyn Future<Output = Result<Value, Failure>> + Send>>;

/// The model and the code, side by side.
struct Replay<'a> {
    setting: &'a Setting,
    model: State,
    store: Stepped,
    handler: Handler,
    deliveries: BTreeMap<u8, Invoked>,
    /// Which input a fingerprint is of.
    inputs: BTreeMap<String, u8>,
    trace: Vec<Step>,
}

impl<'a> Replay<'a> {
    fn new(setting: &'a Setting) -> Self {
        let hand = Hand {
            now: BEGIN,
            polled: 0,
            lose: false,
            end: End::Output,
            pending: BTreeMap::new(),
            sent: Vec::new(),
            other_side: setting.other_side,
            effects: Effects::default(),
        };
        let store = Stepped {
            memory: MemoryStore::new(),
            hand: Arc::new(Mutex::new(hand)),
        };
        Self {
            setting,
            model: State::new(setting),
            handler: handler(&store),
            store,
            deliveries: BTreeMap::new(),
            inputs: BTreeMap::new(),
            trace: Vec::new(),
        }
    }

    fn play(&mut self, step: Step) {
        self.trace.push(step);
        let (model, expected) = self.setting.step(&self.model, step);
        let reply = self.really(step);
        // Whom the host stops, the model knows.
        for (index, delivery) in (0..).zip(&model.deliveries) {
            if delivery.phase == Phase::Ended && self.deliveries.remove(&index).is_some() {
                let mut hand = self.store.hand();
                let sent = hand.pending.remove(&index);
                hand.sent.extend(sent);
            }
        }
        let name = self.setting.name;
        assert_eq!(reply, expected, "{name}: the answer after {:?}", self.trace);
        self.model = model;
        self.compare();
    }

    fn really(&mut self, step: Step) -> Option<Reply> {
        match step {
            Step::Begin(index) => {
                let invoked = self.invoke(index);
                self.deliveries.insert(index, invoked);
                self.poll(index)
            }
            Step::Call(index) => self.poll(index),
            Step::Lose(index) => {
                self.store.hand().lose = true;
                let reply = self.poll(index);
                self.store.hand().lose = false;
                reply
            }
            Step::Code(index, end) => {
                self.store.hand().end = end;
                self.poll(index)
            }
            Step::Crash(_) => None,
            Step::Arrive(index) => {
                self.arrive(usize::from(index));
                None
            }
            Step::Tick => {
                let time = UNIT * u32::try_from(self.setting.pace).unwrap();
                self.store.hand().now += time;
                None
            }
        }
    }

    fn invoke(&self, index: u8) -> Invoked {
        let method = match self.setting.mode {
            Mode::T => "reserve",
            Mode::X => "charge",
        };
        let mut payload = json!({ "saga": SAGA, "step": format!("test.{method}") });
        match self.setting.deliveries[usize::from(index)] {
            Kind::Action { input } => payload["input"] = json!({ "order": input.to_string() }),
            Kind::Late { input } => {
                payload["input"] = json!({ "order": input.to_string() });
                payload["deadline"] = json!(60);
            }
            Kind::Compensation => payload["phase"] = json!("compensation"),
        }
        let store = self.store.clone();
        let clock = Clock::new(move || UNIX_EPOCH + store.hand().now);
        let deadline = clock.now() + UNIT * 2;
        let invocation = Invocation::new(index.to_string(), deadline, clock);
        let handler = self.handler.clone();
        Box::pin(async move { handler.invoke(payload, &invocation).await })
    }

    /// Goes one step on.
    fn poll(&mut self, index: u8) -> Option<Reply> {
        self.store.hand().polled = index;
        let context = &mut TaskContext::from_waker(Waker::noop());
        let Poll::Ready(answer) = self.deliveries.get_mut(&index)?.as_mut().poll(context) else {
            return None;
        };
        self.deliveries.remove(&index);
        Some(match answer {
            Ok(_) => Reply::Output,
            Err(failure) => match failure.error_type() {
                "TestError.No" => Reply::No(No::Own),
                "Saga.Refused" => Reply::No(No::Refused),
                "Saga.Busy" => Reply::Busy,
                "Saga.Unknown" => Reply::Unknown,
                "TestError.Later" | "Saga.Retry" => Reply::Transient,
                other => panic!("no delivery answers `{other}`"),
            },
        })
    }

    fn arrive(&mut self, index: usize) {
        let sent = self.store.hand().sent.remove(index);
        let context = &mut TaskContext::from_waker(Waker::noop());
        let done = match &sent {
            Sent::Writes(writes) => {
                let mut call = self.store.memory.transact(writes);
                matches!(call.as_mut().poll(context), Poll::Ready(Ok(_)))
            }
            Sent::Effect { input } => {
                let mut hand = self.store.hand();
                let other_side = hand.other_side;
                other_side.make(&mut hand.effects, *input);
                true
            }
            Sent::Undo => {
                let mut hand = self.store.hand();
                let other_side = hand.other_side;
                other_side.undo(&mut hand.effects);
                true
            }
        };
        assert!(done, "the store in memory answers at once");
    }

    fn compare(&mut self) {
        let now = self.store.hand().now;
        let item = self.store.memory.barrier_records().into_iter().next();
        let record = item.map(|item| self.read(&item, now));
        let effects = match self.setting.mode {
            Mode::T => self.written(),
            Mode::X => self.store.hand().effects,
        };
        let (name, trace) = (self.setting.name, &self.trace);
        assert_eq!(
            record, self.model.record,
            "{name}: the record after {trace:?}"
        );
        assert_eq!(
            effects, self.model.effects,
            "{name}: the effects after {trace:?}"
        );
        for (index, delivery) in (0..).zip(&self.model.deliveries) {
            let open = !matches!(delivery.phase, Phase::Waiting | Phase::Ended);
            let really = self.deliveries.contains_key(&index);
            assert_eq!(really, open, "{name}: delivery {index} after {trace:?}");
        }
    }

    /// The effects of mode T, which are a document.
    fn written(&self) -> Effects {
        let tables = self.store.memory.tables();
        let account = tables.get("accounts").and_then(|table| table.first());
        let count = |name: &str| {
            let count = account.and_then(|account| account.get(name)?.as_u64());
            u8::try_from(count.unwrap_or(0)).unwrap()
        };
        Effects {
            made: count("done"),
            undone: count("undone"),
            ..self.model.effects
        }
    }

    /// A real record, in the model's terms.
    fn read(&mut self, item: &Item, now: Duration) -> Record {
        let text = |name: &str| item.get(name).and_then(Value::as_str);
        let stage = match text("st").unwrap() {
            "RUNNING" => Stage::Running,
            "DONE" => Stage::Done,
            "REJECTED" => Stage::Rejected,
            "COMPENSATING" => Stage::Compensating,
            "COMPENSATED" => Stage::Compensated,
            "TOMBSTONE" => Stage::Tombstone,
            other => panic!("no record is `{other}`"),
        };
        let expected = self.model.record.and_then(|record| record.input);
        let input = text("inh").map(|inh| {
            let next = u8::try_from(self.inputs.len()).unwrap();
            *self
                .inputs
                .entry(inh.to_owned())
                .or_insert(expected.unwrap_or(next))
        });
        let lease = item.get("lease").and_then(Value::as_i64).and_then(|until| {
            let left = until - i64::try_from(now.as_millis()).unwrap();
            let unit = i64::try_from(UNIT.as_millis()).unwrap();
            // One that the model has forgotten must be over, however long.
            let over = left < 0 && self.model.record?.lease.is_none();
            (!over).then(|| i8::try_from(left.div_euclid(unit)).unwrap_or(i8::MIN))
        });
        let err = text("err").map(|err| serde_json::from_str::<Value>(err).unwrap());
        let no = err.map(|err| match err["type"].as_str() {
            Some("TestError.No") => No::Own,
            Some("Saga.Refused") => No::Refused,
            _ => panic!("no rejection is {err}"),
        });
        Record {
            stage,
            input,
            has_output: item.contains_key("out"),
            no,
            epoch: u8::try_from(item.get("ep").and_then(Value::as_u64).unwrap_or(0)).unwrap(),
            owner: text("own").map(|own| own.parse().unwrap()),
            lease,
        }
    }
}

/// Replays each step from each state of a setting, by the shortest way there. Says how many those were.
pub(super) fn every_step(setting: &Setting) -> usize {
    let begin = State::new(setting);
    let mut ways: HashMap<State, Vec<Step>> = HashMap::from([(begin.clone(), Vec::new())]);
    let mut queue = VecDeque::from([begin]);
    let mut count = 0;
    while let Some(state) = queue.pop_front() {
        let mut steps = Vec::new();
        setting.steps(&state, &mut steps);
        let way = ways[&state].clone();
        for step in steps {
            let mut replay = Replay::new(setting);
            for step in &way {
                replay.play(*step);
            }
            replay.play(step);
            count += 1;
            let (next, _) = setting.step(&state, step);
            if !ways.contains_key(&next) {
                let longer = way.iter().copied().chain([step]).collect();
                ways.insert(next.clone(), longer);
                queue.push_back(next);
            }
        }
    }
    count
}

/// Replays one way through a setting that is too large to go through whole, and checks what must hold on it.
pub(super) fn a_walk(check: &Check, random: &mut fastrand::Rng) {
    let mut replay = Replay::new(&check.setting);
    for _ in 0..random.usize(10..150) {
        let mut steps = Vec::new();
        check.setting.steps(&replay.model, &mut steps);
        let progress =
            |step: &Step| matches!(step, Step::Begin(_) | Step::Call(_) | Step::Code(..));
        if random.u8(0..4) > 0 && steps.iter().any(progress) {
            steps.retain(progress);
        }
        let Some(step) = random.choice(&steps) else {
            return;
        };
        let before = replay.model.clone();
        replay.play(*step);
        check.note(&before, &replay.model);
        let broken = check.broken(&replay.model);
        assert!(broken.is_empty(), "{broken:?} after {:?}", replay.trace);
    }
}

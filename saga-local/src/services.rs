//! Answers the Tasks of an engine: handlers behind `lambda:invoke`, the parking queue behind SQS, other hosts; and acts out the faults.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use saga_runtime::__private::deliver;
use saga_runtime::{Clock, Handler, Invocation, Rejection};
use serde_json::{Value, json};

use crate::clock::{ExecutionId, VirtualClock};
use crate::data::Data;
use crate::delivery::{Delivery, DeliveryOutcome, is_compensation, item, payload};
use crate::fault::{Fault, Faults};
use crate::host::{Answer, Call, Reply, Resource, TaskHost};
use crate::jsonata::Patience;
use crate::parking::Tokens;
use crate::prepared::Expressions;
use crate::rehearse::{self, Within};
use crate::shape::View;
use crate::{BoxFuture, hash, lambda, lock};

pub(crate) struct Services {
    pub(crate) clock: Arc<VirtualClock>,
    pub(crate) tokens: Arc<Tokens>,
    pub(crate) faults: Mutex<Faults>,
    pub(crate) deliveries: Mutex<Vec<Delivery>>,
    pub(crate) witness: Mutex<Option<Arc<dyn Witness>>>,
    pub(crate) expressions: Expressions,
    pub(crate) patience: Patience,
    resources: Mutex<BTreeMap<String, Arc<Resource>>>,
    functions: Mutex<BTreeMap<String, Function>>,
    hosts: Mutex<Vec<Arc<dyn TaskHost>>>,
    /// The clock as handlers see it.
    handler_clock: Clock,
    requests: AtomicU64,
    sent: Mutex<BTreeMap<ExecutionId, Sent>>,
}

/// What one execution has sent to handlers, by itself and by the items of its distributed Maps.
#[derive(Default)]
struct Sent {
    /// Deliveries by state.
    counts: BTreeMap<Arc<str>, Counts>,
    /// Deliveries that are still under way.
    late: Vec<(Function, Box<Delivery>, Call)>,
}

/// How many deliveries a state has sent.
#[derive(Default)]
struct Counts {
    all: u64,
    /// Those for no item of a loop.
    plain: u64,
    /// Those for an item.
    by_item: BTreeMap<Vec<u64>, u64>,
}

impl Counts {
    /// Counts one more: its number among all of the state, and among those of the item.
    fn add(&mut self, item: &[u64]) -> (u64, u64) {
        self.all += 1;
        let of_item = match item {
            [] => &mut self.plain,
            item => self.by_item.entry(item.to_vec()).or_default(),
        };
        *of_item += 1;
        (self.all, *of_item)
    }
}

/// Looks on while deliveries are at work.
pub(crate) trait Witness: Send + Sync {
    /// A function is about to get the delivery.
    fn before(&self, delivery: &Delivery);
    /// The function is done with it, or dead.
    fn after(&self, delivery: &Delivery);
}

/// A witness that looks on.
struct Watch {
    witness: Arc<dyn Witness>,
    delivery: Delivery,
}

impl Watch {
    fn end(self) {
        self.witness.after(&self.delivery);
    }
}

/// A Lambda function.
#[derive(Clone)]
enum Function {
    /// One that the runtime serves.
    Handler(Arc<Handler>),
    /// One without a barrier.
    Plain(PlainFunction),
}

/// What a function without a barrier does with a payload.
pub(crate) type PlainFunction = Arc<dyn Fn(Value) -> Result<Value, Rejection> + Send + Sync>;

impl Services {
    pub(crate) fn new() -> Self {
        let clock = VirtualClock::new();
        let handler_clock = Arc::clone(&clock);
        Self {
            clock,
            tokens: Arc::default(),
            faults: Mutex::default(),
            deliveries: Mutex::default(),
            witness: Mutex::default(),
            expressions: Expressions::default(),
            patience: Patience::default(),
            resources: Mutex::default(),
            handler_clock: Clock::new(move || handler_clock.now()),
            functions: Mutex::default(),
            hosts: Mutex::default(),
            requests: AtomicU64::default(),
            sent: Mutex::default(),
        }
    }

    /// The functions that an earlier handler already answers to; the later handler gets those that are left.
    pub(crate) fn add_handler(&self, handler: &Handler) -> Vec<String> {
        let shared = Arc::new(handler.clone());
        let names = handler.functions().into_iter();
        names
            .filter(|name| !self.add(name, Function::Handler(Arc::clone(&shared))))
            .map(str::to_owned)
            .collect()
    }

    /// Adds a function without a barrier; false if another already answers to the name.
    pub(crate) fn add_function(&self, name: &str, function: PlainFunction) -> bool {
        self.add(name, Function::Plain(function))
    }

    fn add(&self, name: &str, function: Function) -> bool {
        let mut functions = lock(&self.functions);
        let is_new = !functions.contains_key(name);
        if is_new {
            functions.insert(name.to_owned(), function);
        }
        is_new
    }

    pub(crate) fn add_host(&self, host: Arc<dyn TaskHost>) {
        lock(&self.hosts).push(host);
    }

    pub(crate) fn host(&self, service: &str, action: &str) -> Option<Arc<dyn TaskHost>> {
        lock(&self.hosts)
            .iter()
            .find(|host| host.answers(service, action))
            .cloned()
    }

    /// The resource of a Task, split once for all; `None` as for [`Resource::parse`].
    pub(crate) fn resource(&self, text: &str) -> Option<Arc<Resource>> {
        let mut known = lock(&self.resources);
        if let Some(resource) = known.get(text) {
            return Some(Arc::clone(resource));
        }
        let resource = Arc::new(Resource::parse(text)?);
        known.insert(text.to_owned(), Arc::clone(&resource));
        Some(resource)
    }

    pub(crate) fn has_function(&self, function: &str) -> bool {
        lock(&self.functions).contains_key(function)
    }

    /// `00000000-0000-4000-8000-00000000002a`, written by hand: each delivery has one, and formatting takes five times as long.
    pub(crate) fn next_request_id(&self) -> Arc<str> {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = *b"00000000-0000-4000-8000-000000000000";
        let mut number = self.requests.fetch_add(1, Ordering::Relaxed) + 1;
        for place in text[24..].iter_mut().rev() {
            *place = DIGITS[(number & 15) as usize];
            number >>= 4;
        }
        // Digits are text.
        std::str::from_utf8(&text).unwrap_or_default().into()
    }

    pub(crate) fn call(
        self: &Arc<Self>, execution: ExecutionId, call: Call,
    ) -> BoxFuture<'static, Reply> {
        if let Some(host) = self.host(call.service(), call.action()) {
            let answer = host.call(call);
            return Box::pin(async move { answer.await.into() });
        }
        let services = Arc::clone(self);
        match (call.service(), call.action()) {
            ("lambda", "invoke") => Box::pin(async move { services.invoke(execution, call).await }),
            ("sqs", "sendMessage" | "sendMessage.waitForTaskToken") => {
                let answer = self.send_message(&call);
                Box::pin(std::future::ready(answer.into()))
            }
            (service, action) => {
                let cause = format!("The embedded engine has no host for {service}:{action}.");
                Box::pin(std::future::ready(Reply::Error {
                    error: "States.Runtime".into(),
                    cause,
                }))
            }
        }
    }

    fn send_message(&self, call: &Call) -> Answer {
        let request_id = self.next_request_id();
        let body = match call.arguments().get("MessageBody") {
            Some(Value::String(text)) => text.clone(),
            Some(body) => body.to_string(),
            None => {
                return Answer::Error {
                    error: "Sqs.MissingParameterException".into(),
                    cause: "MessageBody is missing".into(),
                };
            }
        };
        Answer::Output(json!({
            "MD5OfMessageBody": hash::hex("MD5", body.as_bytes()),
            "MessageId": *request_id,
            "SdkHttpMetadata": { "HttpStatusCode": 200 },
            "SdkResponseMetadata": { "RequestId": *request_id },
        }))
    }

    async fn invoke(&self, execution: ExecutionId, mut call: Call) -> Reply {
        let request_id = self.next_request_id();
        let name = lambda::function(&call.arguments).unwrap_or_default();
        let Some(function) = lock(&self.functions).get(name).cloned() else {
            return lambda::not_found(name, &request_id);
        };
        let delivery = self.prepare(execution, &call);
        let Some(fault) = delivery.fault.clone() else {
            return self
                .deliver(execution, function, delivery, &call, request_id)
                .await;
        };
        match fault {
            Fault::TimeoutAfterEffect => {
                self.deliver(execution, function, delivery, &call, request_id)
                    .await;
                Reply::Lost
            }
            Fault::CrashAfterEffect | Fault::CrashBeforeCommit => {
                self.deliver(execution, function, delivery, &call, request_id.clone())
                    .await;
                lambda::crash(&request_id)
            }
            Fault::Duplicate => {
                let (again, original) = (function.clone(), delivery.clone());
                self.deliver(execution, again, original, &call, request_id)
                    .await;
                self.deliver(execution, function, delivery, &call, self.next_request_id())
                    .await
            }
            Fault::DuplicateAtOnce => {
                self.deliver_twice(execution, function, delivery, &call, request_id)
                    .await
            }
            Fault::PastDeadline
            | Fault::Rejected { .. }
            | Fault::Transient { .. }
            | Fault::Panic
            | Fault::OversizeOutput => {
                if fault == Fault::PastDeadline {
                    self.pass_deadline(&delivery, &mut call);
                }
                self.deliver(execution, function, delivery, &call, request_id)
                    .await
            }
            Fault::LateDelivery => {
                self.log(delivery.clone());
                let mut sent = lock(&self.sent);
                let late = &mut sent.entry(execution).or_default().late;
                late.push((function, delivery, call));
                Reply::Lost
            }
            Fault::TimeoutBeforeEffect => self.lose(delivery, Reply::Lost),
            Fault::CrashBeforeEffect => self.lose(delivery, lambda::crash(&request_id)),
            Fault::Throttled => self.lose(delivery, lambda::throttled(&request_id)),
            Fault::Error { name, cause } => {
                self.lose(delivery, Reply::Error { error: name, cause })
            }
        }
    }

    /// The clock moves past the deadline in the envelope, if there is one; the state has the time that it always has.
    fn pass_deadline(&self, delivery: &Delivery, call: &mut Call) {
        let seconds = delivery.view().member("deadline").map(View::value);
        let seconds = seconds.and_then(|seconds| seconds.as_u64());
        let Some(seconds) = seconds else { return };
        let now = self.clock.now();
        let patience = call.deadline.duration_since(now).unwrap_or_default();
        let over = Duration::from_secs(seconds.saturating_add(1));
        self.clock.move_to(self.clock.after(over));
        call.deadline = self.clock.after(patience);
    }

    fn prepare(&self, execution: ExecutionId, call: &Call) -> Box<Delivery> {
        let mut sent = lock(&self.sent);
        let sent = sent.entry(execution).or_default();
        let counts = sent.counts.entry(Arc::clone(&call.state)).or_default();
        let item = item(payload(&call.arguments));
        let (number, of_item) = counts.add(&item);
        Box::new(Delivery {
            execution: Arc::clone(&call.execution),
            execution_arn: Arc::clone(&call.execution_arn),
            state: Arc::clone(&call.state),
            arguments: call.arguments.clone(),
            attempt: number,
            at: self.clock.now(),
            fault: lock(&self.faults).of(&call.state, number, (&item, of_item)),
            late: false,
            outcome: DeliveryOutcome::NotDelivered,
        })
    }

    fn log(&self, delivery: Box<Delivery>) {
        lock(&self.deliveries).push(*delivery);
    }

    fn lose(&self, delivery: Box<Delivery>, reply: Reply) -> Reply {
        self.log(delivery);
        reply
    }

    /// Boxed, so that a call has room for one delivery, not for each of those that a fault may make of it.
    fn deliver<'a>(
        &'a self, execution: ExecutionId, function: Function, delivery: Box<Delivery>,
        call: &'a Call, request_id: Arc<str>,
    ) -> BoxFuture<'a, Reply> {
        Box::pin(async move {
            let reply = self.watched(function, delivery, call, request_id).await;
            self.let_late_arrive(execution, call, &reply).await;
            reply
        })
    }

    /// As [`deliver`](Self::deliver), twice at the same time.
    fn deliver_twice<'a>(
        &'a self, execution: ExecutionId, function: Function, delivery: Box<Delivery>,
        call: &'a Call, request_id: Arc<str>,
    ) -> BoxFuture<'a, Reply> {
        Box::pin(async move {
            let watch = self.watch(&delivery);
            let (again, original) = (function.clone(), delivery.clone());
            let second = self.hand_over(function, delivery, call, self.next_request_id());
            let first = self.hand_over(again, original, call, request_id);
            let (reply, _) = rehearse::both(first, second).await;
            watch.into_iter().for_each(Watch::end);
            self.let_late_arrive(execution, call, &reply).await;
            reply
        })
    }

    /// Only once its compensation is done can a late action find it so.
    async fn let_late_arrive(&self, execution: ExecutionId, call: &Call, reply: &Reply) {
        let payload = payload(&call.arguments);
        let is_due = self.has_late(execution) && matches!(reply, Reply::Output(_));
        if is_due && is_compensation(payload) {
            Box::pin(self.deliver_late(execution, Some(payload))).await;
        }
    }

    /// Calls the function while the witness looks on.
    async fn watched(
        &self, function: Function, delivery: Box<Delivery>, call: &Call, request_id: Arc<str>,
    ) -> Reply {
        let watch = self.watch(&delivery);
        let reply = self.hand_over(function, delivery, call, request_id).await;
        watch.into_iter().for_each(Watch::end);
        reply
    }

    /// Tells the witness, if there is one, that a function is about to get the delivery.
    fn watch(&self, delivery: &Delivery) -> Option<Watch> {
        let witness = lock(&self.witness).clone()?;
        witness.before(delivery);
        Some(Watch {
            witness,
            delivery: delivery.clone(),
        })
    }

    /// Calls the function, and logs what it answers.
    async fn hand_over(
        &self, function: Function, mut delivery: Box<Delivery>, call: &Call, request_id: Arc<str>,
    ) -> Reply {
        delivery.at = self.clock.now();
        let (outcome, reply) = match function {
            Function::Handler(handler) => self.serve(handler, &delivery, call, request_id).await,
            Function::Plain(function) => self.run_plain(&function, &delivery, request_id),
        };
        delivery.outcome = outcome;
        self.log(delivery);
        reply
    }

    async fn serve(
        &self, handler: Arc<Handler>, delivery: &Delivery, call: &Call, request_id: Arc<str>,
    ) -> (DeliveryOutcome, Reply) {
        let deadline = lambda::stops_at(delivery.at, call.deadline.max(delivery.at));
        let invocation = Invocation::shared(
            Arc::clone(&request_id),
            deadline,
            self.handler_clock.clone(),
        );
        let members = delivery.view().members();
        let members = members.as_deref();
        // What arrives late meets a function that is well again.
        let fault = delivery.fault.as_ref().filter(|_| !delivery.late);
        let answer = match fault {
            None => Box::pin(deliver(&handler, members, &invocation)).await,
            Some(fault) => {
                let within = Within::of(fault);
                let invocation = invocation.rehearse(within.rehearsal());
                let answer = Box::pin(deliver(&handler, members, &invocation));
                match within.live(answer).await {
                    Some(answer) => answer,
                    None => return (DeliveryOutcome::NotDelivered, lambda::crash(&request_id)),
                }
            }
        };
        match answer {
            Ok(reply) => self.replied(reply, request_id),
            Err(failure) => failed(failure.error_type(), &failure.error_message()),
        }
    }

    /// Calls a function without a barrier. It has one seam: it is called or it is not.
    fn run_plain(
        &self, function: &PlainFunction, delivery: &Delivery, request_id: Arc<str>,
    ) -> (DeliveryOutcome, Reply) {
        let call = || function(delivery.payload().clone());
        let answer = match delivery.fault.as_ref().filter(|_| !delivery.late) {
            Some(Fault::Rejected { error, .. } | Fault::Transient { error }) => {
                return failed(error, "injected by a test");
            }
            Some(Fault::CrashBeforeCommit) => {
                return (DeliveryOutcome::NotDelivered, lambda::crash(&request_id));
            }
            Some(Fault::Panic) => {
                return match call() {
                    Ok(_) => failed("Runtime.Panic", "injected by a test, after the work"),
                    Err(error) => failed(error.error(), error.message()),
                };
            }
            Some(Fault::OversizeOutput) => {
                call().map(|_| Value::String("x".repeat(crate::failure::MAX_PAYLOAD)))
            }
            _ => call(),
        };
        match answer {
            Ok(reply) => self.replied(reply, request_id),
            Err(error) => failed(error.error(), error.message()),
        }
    }

    fn replied(&self, reply: Value, request_id: Arc<str>) -> (DeliveryOutcome, Reply) {
        let outcome = DeliveryOutcome::Answered(reply.clone());
        let response = Data::response(reply, request_id, self.clock.now());
        (outcome, Reply::Output(response))
    }

    /// Whether something of the execution is still under way.
    pub(crate) fn has_late(&self, execution: ExecutionId) -> bool {
        let sent = lock(&self.sent);
        sent.get(&execution)
            .is_some_and(|sent| !sent.late.is_empty())
    }

    /// Lets late deliveries arrive: those of the payload's step, or all.
    async fn deliver_late(&self, execution: ExecutionId, payload: Option<View<'_>>) {
        let key = |payload: View<'_>| {
            let member = |name| {
                payload
                    .member(name)
                    .map(|member| member.value().into_owned())
            };
            (member("step"), member("item"))
        };
        let arriving: Vec<_> = match lock(&self.sent).get_mut(&execution) {
            Some(sent) => {
                let arrives = |late: &Delivery| {
                    payload.is_none_or(|payload| key(payload) == key(late.view()))
                };
                sent.late
                    .extract_if(.., |(_, delivery, _)| arrives(delivery))
                    .collect()
            }
            None => Vec::new(),
        };
        for (function, mut delivery, mut call) in arriving {
            // The function starts only now, and has the time it always has.
            let patience = call
                .deadline
                .duration_since(delivery.at)
                .unwrap_or_default();
            call.deadline = self.clock.after(patience);
            delivery.late = true;
            let request_id = self.next_request_id();
            self.watched(function, delivery, &call, request_id).await;
        }
    }

    /// Everything of the execution that is still under way arrives.
    pub(crate) fn late_deliveries(
        self: &Arc<Self>, execution: ExecutionId,
    ) -> BoxFuture<'static, ()> {
        let services = Arc::clone(self);
        Box::pin(async move { services.deliver_late(execution, None).await })
    }

    pub(crate) fn forget(&self, execution: ExecutionId) {
        lock(&self.sent).remove(&execution);
    }
}

fn failed(error: &str, message: &str) -> (DeliveryOutcome, Reply) {
    let reply = lambda::function_error(error, message);
    let (error, message) = (error.to_owned(), message.to_owned());
    (DeliveryOutcome::Failed { error, message }, reply)
}

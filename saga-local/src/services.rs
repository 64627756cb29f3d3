//! Answers the Tasks of an engine: handlers behind `lambda:invoke`, the parking queue behind SQS, other hosts; and acts out the faults.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use saga_runtime::{Clock, Handler, Invocation};
use serde_json::{Value, json};

use crate::clock::{ExecutionId, VirtualClock};
use crate::delivery::{Delivery, DeliveryOutcome, is_compensation, item};
use crate::fault::{Fault, Faults};
use crate::host::{Answer, Call, TaskHost};
use crate::parking::Tokens;
use crate::{BoxFuture, hash, lambda, lock};

pub(crate) struct Services {
    pub(crate) clock: Arc<VirtualClock>,
    pub(crate) tokens: Arc<Tokens>,
    pub(crate) faults: Mutex<Faults>,
    pub(crate) deliveries: Mutex<Vec<Delivery>>,
    handlers: Mutex<BTreeMap<String, Handler>>,
    hosts: Mutex<Vec<Arc<dyn TaskHost>>>,
    requests: Mutex<u64>,
    sent: Mutex<BTreeMap<ExecutionId, Sent>>,
}

/// What one execution has sent to handlers, by itself and by the items of its distributed Maps.
#[derive(Default)]
struct Sent {
    /// Deliveries by state.
    counts: BTreeMap<String, u64>,
    /// Deliveries by state and item.
    item_counts: BTreeMap<(String, Vec<u64>), u64>,
    /// Deliveries that are still under way.
    late: Vec<(Handler, Delivery, Call)>,
}

impl Services {
    pub(crate) fn new() -> Self {
        Self {
            clock: VirtualClock::new(),
            tokens: Arc::default(),
            faults: Mutex::default(),
            deliveries: Mutex::default(),
            handlers: Mutex::default(),
            hosts: Mutex::default(),
            requests: Mutex::default(),
            sent: Mutex::default(),
        }
    }

    /// The functions that an earlier handler already answers to; the later handler gets those that are left.
    pub(crate) fn add_handler(&self, handler: &Handler) -> Vec<String> {
        let mut handlers = lock(&self.handlers);
        let mut taken = Vec::new();
        for function in handler.functions() {
            if handlers.contains_key(function) {
                taken.push(function.to_owned());
            } else {
                handlers.insert(function.to_owned(), handler.clone());
            }
        }
        taken
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

    pub(crate) fn has_function(&self, function: &str) -> bool {
        lock(&self.handlers).contains_key(function)
    }

    pub(crate) fn next_request_id(&self) -> String {
        let mut requests = lock(&self.requests);
        *requests += 1;
        format!("00000000-0000-4000-8000-{:012x}", *requests)
    }

    pub(crate) fn call(
        self: &Arc<Self>, execution: ExecutionId, call: Call,
    ) -> BoxFuture<'static, Answer> {
        if let Some(host) = self.host(call.service(), call.action()) {
            return host.call(call);
        }
        let services = Arc::clone(self);
        match (call.service(), call.action()) {
            ("lambda", "invoke") => Box::pin(async move { services.invoke(execution, call).await }),
            ("sqs", "sendMessage" | "sendMessage.waitForTaskToken") => {
                let answer = self.send_message(&call);
                Box::pin(std::future::ready(answer))
            }
            (service, action) => {
                let cause = format!("The embedded engine has no host for {service}:{action}.");
                Box::pin(std::future::ready(Answer::Error {
                    error: "States.Runtime".into(),
                    cause,
                }))
            }
        }
    }

    fn send_message(&self, call: &Call) -> Answer {
        let request_id = self.next_request_id();
        let body = match call.arguments.get("MessageBody") {
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
            "MessageId": request_id,
            "SdkHttpMetadata": { "HttpStatusCode": 200 },
            "SdkResponseMetadata": { "RequestId": request_id },
        }))
    }

    async fn invoke(&self, execution: ExecutionId, call: Call) -> Answer {
        let request_id = self.next_request_id();
        let function = lambda::function(&call.arguments).unwrap_or_default();
        let Some(handler) = lock(&self.handlers).get(function).cloned() else {
            return lambda::not_found(function, &request_id);
        };
        let delivery = self.prepare(execution, &call);
        let Some(fault) = delivery.fault.clone() else {
            return self
                .deliver(execution, handler, delivery, &call, request_id)
                .await;
        };
        match fault {
            Fault::TimeoutAfterEffect => {
                self.deliver(execution, handler, delivery, &call, request_id)
                    .await;
                Answer::Lost
            }
            Fault::CrashAfterEffect => {
                self.deliver(execution, handler, delivery, &call, request_id.clone())
                    .await;
                lambda::crash(&request_id)
            }
            Fault::Duplicate => {
                self.deliver(
                    execution,
                    handler.clone(),
                    delivery.clone(),
                    &call,
                    request_id,
                )
                .await;
                self.deliver(execution, handler, delivery, &call, self.next_request_id())
                    .await
            }
            Fault::LateDelivery => {
                self.log(delivery.clone());
                lock(&self.sent)
                    .entry(execution)
                    .or_default()
                    .late
                    .push((handler, delivery, call));
                Answer::Lost
            }
            Fault::TimeoutBeforeEffect => self.lose(delivery, Answer::Lost),
            Fault::CrashBeforeEffect => self.lose(delivery, lambda::crash(&request_id)),
            Fault::Throttled => self.lose(delivery, lambda::throttled(&request_id)),
            Fault::Error { name, cause } => {
                self.lose(delivery, Answer::Error { error: name, cause })
            }
        }
    }

    fn prepare(&self, execution: ExecutionId, call: &Call) -> Delivery {
        let payload = call.arguments.get("Payload").cloned();
        let payload = payload.unwrap_or_else(|| json!({}));
        let item = item(&payload);
        let mut sent = lock(&self.sent);
        let sent = sent.entry(execution).or_default();
        let count = sent.counts.entry(call.state.clone()).or_default();
        *count += 1;
        let of_item = (call.state.clone(), item.clone());
        let item_count = sent.item_counts.entry(of_item).or_default();
        *item_count += 1;
        Delivery {
            execution: call.execution.clone(),
            execution_arn: call.execution_arn.clone(),
            state: call.state.clone(),
            payload,
            attempt: *count,
            at: self.clock.now(),
            fault: lock(&self.faults).of(&call.state, *count, (&item, *item_count)),
            late: false,
            outcome: DeliveryOutcome::NotDelivered,
        }
    }

    fn log(&self, delivery: Delivery) {
        lock(&self.deliveries).push(delivery);
    }

    fn lose(&self, delivery: Delivery, answer: Answer) -> Answer {
        self.log(delivery);
        answer
    }

    async fn deliver(
        &self, execution: ExecutionId, handler: Handler, delivery: Delivery, call: &Call,
        request_id: String,
    ) -> Answer {
        let payload = delivery.payload.clone();
        let answer = self.hand_over(handler, delivery, call, request_id).await;
        // Only now can a late action find its compensation done.
        if matches!(answer, Answer::Output(_)) && is_compensation(&payload) {
            self.deliver_late(execution, Some(&payload)).await;
        }
        answer
    }

    /// Calls the handler, and logs what it answers.
    async fn hand_over(
        &self, handler: Handler, mut delivery: Delivery, call: &Call, request_id: String,
    ) -> Answer {
        let clock = Arc::clone(&self.clock);
        let deadline = lambda::stops_at(self.clock.now(), call.deadline.max(self.clock.now()));
        let invocation = Invocation::new(
            request_id.clone(),
            deadline,
            Clock::new(move || clock.now()),
        );
        delivery.at = self.clock.now();
        let (outcome, answer) = match handler.invoke(delivery.payload.clone(), &invocation).await {
            Ok(reply) => {
                let answer = lambda::response(&reply, &request_id, self.clock.now());
                (DeliveryOutcome::Answered(reply), answer)
            }
            Err(failure) => {
                let (error, message) = (failure.error_type().to_owned(), failure.error_message());
                let answer = lambda::function_error(&error, &message);
                (DeliveryOutcome::Failed { error, message }, answer)
            }
        };
        self.log(Delivery {
            outcome,
            ..delivery
        });
        answer
    }

    /// Lets late deliveries arrive: those of the payload's step, or all.
    async fn deliver_late(&self, execution: ExecutionId, payload: Option<&Value>) {
        let key = |payload: &Value| (payload.get("step").cloned(), payload.get("item").cloned());
        let arriving: Vec<_> = match lock(&self.sent).get_mut(&execution) {
            Some(sent) => {
                let arrives = |late: &Delivery| {
                    payload.is_none_or(|payload| key(payload) == key(&late.payload))
                };
                sent.late
                    .extract_if(.., |(_, delivery, _)| arrives(delivery))
                    .collect()
            }
            None => Vec::new(),
        };
        for (handler, delivery, mut call) in arriving {
            // The function starts only now, and has the time it always has.
            let patience = call
                .deadline
                .duration_since(delivery.at)
                .unwrap_or_default();
            call.deadline = self.clock.after(patience);
            self.hand_over(
                handler,
                Delivery {
                    late: true,
                    ..delivery
                },
                &call,
                self.next_request_id(),
            )
            .await;
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

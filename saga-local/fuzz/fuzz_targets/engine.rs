//! Any definition that the validator accepts ends on the engine, whatever its tasks answer, and ends the same way again.
//!
//! An input is `{"definition": …, "input": …, "answers": […]}`, where an answer is an output, an error, or lost.

#![no_main]

use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use libfuzzer_sys::{fuzz_crossover, fuzz_mutator, fuzz_target};
use saga_fuzz::json;
use saga_local::{Answer, BoxFuture, Call, Engine, Event, Run, Status, TaskHost};
use serde_json::Value;

fuzz_target!(|text: &str| {
    let Ok(Value::Object(mut case)) = serde_json::from_str(text) else {
        return;
    };
    case.values_mut().for_each(tame);
    let case = Value::Object(case);
    let definition = case["definition"].to_string();
    let Some(run) = execute(&definition, &case) else {
        return;
    };
    let history = run.history();
    assert!(history.len() <= 25_000, "{} events", history.len());
    for (index, event) in history.iter().enumerate() {
        assert_eq!(event.id(), index as u64 + 1);
        assert!(event.previous() < event.id(), "{event:?}");
    }
    // What is long is long for no other reason the second time.
    if history.len() < 500 {
        let again = execute(&definition, &case);
        assert_eq!(again.as_ref().map(kinds), Some(kinds(&run)));
    }
});

/// Limits the attempts: what is retried without end takes seconds to fill the history, and leaves time for little else.
fn tame(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(tame),
        Value::Object(members) => {
            for (key, value) in members {
                if key == "MaxAttempts" && value.as_u64() > Some(20) {
                    *value = 20.into();
                }
                tame(value);
            }
        }
        _ => {}
    }
}

fn kinds(run: &Run<Value>) -> Vec<&str> {
    run.history().iter().map(Event::kind).collect()
}

/// `None` where the engine refuses to start it.
fn execute(definition: &str, case: &Value) -> Option<Run<Value>> {
    let answers = case["answers"].as_array().cloned().unwrap_or_default();
    let engine = Engine::from_asl("self", definition)
        .with_flow_asl("self", definition)
        .with_host(Host {
            answers,
            next: AtomicUsize::new(0),
        });
    block_on(async {
        let mut run = engine.start("run", &case["input"]).await.ok()?;
        for _ in 0..8 {
            let parked = engine.parked();
            let Some(first) = parked.first() else {
                assert_ne!(run.status(), Status::Running, "it waits for nothing");
                break;
            };
            run = engine
                .resume(first.token(), case["input"].clone())
                .await
                .ok()?;
        }
        Some(run)
    })
}

/// Without a waker: whatever is awaited here is ready, or becomes so by being polled.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let cx = &mut Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(cx) {
            return output;
        }
    }
}

/// The calls after which a host no longer fails.
const PATIENCE: usize = 200;

/// Answers every service but `states`, which the engine imitates, in turn and from the beginning again.
struct Host {
    answers: Vec<Value>,
    next: AtomicUsize,
}

impl TaskHost for Host {
    fn answers(&self, service: &str, _: &str) -> bool {
        service != "states"
    }

    fn call(&self, call: Call) -> BoxFuture<'static, Answer> {
        let next = self.next.fetch_add(1, Ordering::Relaxed);
        let answer = match self.answers.len() {
            0 => &Value::Null,
            _ if next >= PATIENCE => &Value::Null,
            length => &self.answers[next % length],
        };
        let answer = match (
            answer.get("error"),
            answer.get("output"),
            answer.get("lost"),
        ) {
            (Some(error), _, _) => Answer::Error {
                error: error.as_str().unwrap_or("Odd").to_owned(),
                cause: answer["cause"].to_string(),
            },
            (None, Some(output), _) => Answer::Output(output.clone()),
            (None, None, Some(_)) => Answer::Lost,
            (None, None, None) => Answer::Output(call.arguments().clone()),
        };
        Box::pin(std::future::ready(answer))
    }
}

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    saga_fuzz::mutate(data, size, max_size, seed, json::mutate)
});

fuzz_crossover!(|one: &[u8], other: &[u8], out: &mut [u8], seed: u32| {
    saga_fuzz::cross(one, other, out, seed, json::cross)
});

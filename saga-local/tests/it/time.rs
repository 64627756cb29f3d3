//! Time: it jumps when everything waits for it, stands still while a call is out, and is shared by an engine's executions.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::{Duration, UNIX_EPOCH};

use expect_test::expect;
use saga_local::{Answer, BoxFuture, Call, Engine, Status, TaskHost};
use serde_json::json;

use crate::support::{Script, block_on, definition, ending, engine, payload};

const NAP: &str = "'a': { 'Type': 'Wait', 'Seconds': '{% $states.input %}', 'End': true }";

#[test]
fn executions_share_the_clock() {
    let engine = engine(NAP);
    let naps = (json!(100), json!(40));
    let (long, short) = block_on(async {
        tokio::join!(
            engine.start("long", &naps.0),
            engine.start("short", &naps.1)
        )
    });
    assert_eq!(long.unwrap().elapsed().as_secs(), 100);
    assert_eq!(short.unwrap().elapsed().as_secs(), 40);
    assert_eq!(
        engine.now().duration_since(UNIX_EPOCH).unwrap().as_secs(),
        1_735_689_700
    );
}

/// Answers after work on another thread.
struct Threaded;

impl TaskHost for Threaded {
    fn answers(&self, _: &str, _: &str) -> bool {
        true
    }

    fn call(&self, _: Call) -> BoxFuture<'static, Answer> {
        let mut begun = false;
        let done = Arc::new(AtomicBool::new(false));
        Box::pin(poll_fn(move |cx| {
            if done.load(Ordering::SeqCst) {
                return Poll::Ready(payload(json!(1)));
            }
            if !begun {
                begun = true;
                let (done, waker) = (Arc::clone(&done), cx.waker().clone());
                std::thread::spawn(move || {
                    done.store(true, Ordering::SeqCst);
                    waker.wake();
                });
            }
            Poll::Pending
        }))
    }
}

const TASK: &str =
    "'a': { 'Type': 'Task', 'Resource': 'arn:aws:states:::lambda:invoke', 'TimeoutSeconds': 10,
    'Arguments': { 'FunctionName': 'f' }, 'Output': '{% $states.result.Payload %}', 'Next': 'b' },
    'b': { 'Type': 'Wait', 'Seconds': 5, 'End': true }";

#[test]
fn a_call_may_really_wait_and_takes_no_virtual_time() {
    let engine = engine(TASK).with_host(Threaded);
    let input = json!({});
    let start = |name| engine.start(name, &input);
    let runs = block_on(async { tokio::join!(start("x"), start("y"), start("z")) });
    for run in [runs.0, runs.1, runs.2] {
        assert_eq!(ending(&run.unwrap()), "Succeeded after 5s: 1\n");
    }
}

#[test]
fn an_engine_works_from_several_threads() {
    let engine = engine(TASK).with_host(Threaded);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|n| {
                let engine = &engine;
                scope.spawn(move || {
                    block_on(engine.start(&format!("n{n}"), &json!({})))
                        .unwrap()
                        .status()
                })
            })
            .collect();
        for thread in threads {
            assert_eq!(thread.join().unwrap(), Status::Succeeded);
        }
    });
}

#[test]
fn a_start_that_is_dropped_is_carried_on_by_the_next() {
    let engine = engine(TASK).with_host(Threaded);
    let input = json!({});
    block_on(async {
        {
            let mut dropped = std::pin::pin!(engine.start("x", &input));
            let first = poll_fn(|cx| Poll::Ready(dropped.as_mut().poll(cx).is_pending())).await;
            assert!(first, "the call needs a second poll");
        }
        assert_eq!(engine.run("x").unwrap().status(), Status::Running);
        assert_eq!(
            engine.start("x", &input).await.unwrap().status(),
            Status::Succeeded
        );
    });
}

#[test]
fn a_machine_with_a_timeout_is_ended_by_it() {
    let asl = definition(NAP).replace(r#""StartAt""#, r#""TimeoutSeconds": 30, "StartAt""#);
    let run =
        |seconds: u64| block_on(Engine::from_asl("m", &asl).start("run", &json!(seconds))).unwrap();
    expect![[r#"
        Succeeded after 20s: 20
    "#]]
    .assert_eq(&ending(&run(20)));
    expect![[r#"
        TimedOut after 30s: States.Timeout: 
    "#]]
    .assert_eq(&ending(&run(40)));
}

#[test]
fn advance_lets_time_pass() {
    let engine = engine(NAP).with_host(Script::default());
    let before = engine.now();
    block_on(engine.advance(Duration::from_hours(1)));
    assert_eq!(engine.now().duration_since(before).unwrap().as_secs(), 3600);
}

#[test]
fn futures_may_move_between_threads() {
    fn check<T: Send>(_: T) {}
    let engine = engine(NAP);
    let input = json!(1);
    check(engine.start("run", &input));
    check(engine.resume("token", json!(1)));
    check(engine.advance(Duration::ZERO));
}

//! Tasks that wait for their token: parked, resumed, failed, kept alive, timed out, stopped.

use std::task::Poll;
use std::time::Duration;

use expect_test::expect;
use saga_local::{Answer, BoxFuture, Call, Engine, Status, TaskHost};
use serde_json::{Value, json};

use crate::support::{block_on, ending, engine, trace};

const PARK: &str = "
    'a': { 'Type': 'Task', 'Resource': 'arn:aws:states:::sqs:sendMessage.waitForTaskToken', 'TimeoutSeconds': 1000, 'HeartbeatSeconds': 100,
           'Arguments': { 'QueueUrl': '${ParkingQueueUrl}',
                          'MessageBody': { 'token': '{% $states.context.Task.Token %}', 'step': 'stock.release' } },
           'Output': '{% $states.result %}', 'Next': 'b', 'Catch': [{ 'ErrorEquals': ['Operator.GaveUp'], 'Next': 'c' }] },
    'b': { 'Type': 'Wait', 'Seconds': 3, 'End': true },
    'c': { 'Type': 'Fail', 'Error': 'GaveUp' }";

fn parked() -> (Engine<Value, Value>, String) {
    let engine = engine(PARK);
    let run = block_on(engine.start("run", &json!({}))).unwrap();
    assert_eq!((run.status(), run.output()), (Status::Running, None));
    let parked = engine.parked();
    assert_eq!(parked.len(), 1);
    assert_eq!((parked[0].execution(), parked[0].state()), ("run", "a"));
    assert_eq!(
        parked[0].message(),
        &json!({ "token": parked[0].token(), "step": "stock.release" })
    );
    let token = parked[0].token().to_owned();
    (engine, token)
}

#[test]
fn a_parked_execution_is_resumed_with_an_output() {
    let (engine, token) = parked();
    let run = block_on(engine.resume(&token, json!({ "by": "hand" }))).unwrap();
    expect![[r#"
        1 0 ExecutionStarted input={}
        2 0 TaskStateEntered name="a" input={}
        3 2 TaskScheduled parameters={"QueueUrl":"${ParkingQueueUrl}","MessageBody":{"token":"machine/run/1","step":"stock.release"}} timeoutInSeconds=1000 heartbeatInSeconds=100
        4 3 TaskStarted
        5 4 TaskSubmitted output={"MD5OfMessageBody":"56f648ffd54331357d7fe201b2b3b8b1","MessageId":"00000000-0000-4000-8000-000000000001","SdkHttpMetadata":{"HttpStatusCode":200},"SdkResponseMetadata":{"RequestId":"00000000-0000-4000-8000-000000000001"}}
        6 5 TaskSucceeded output={"by":"hand"}
        7 6 TaskStateExited name="a" output={"by":"hand"}
        8 7 WaitStateEntered name="b" input={"by":"hand"}
        9 8 WaitStateExited name="b" output={"by":"hand"}
        10 9 ExecutionSucceeded output={"by":"hand"}
        Succeeded after 3s: {"by":"hand"}
    "#]].assert_eq(&trace(&run));
    assert_eq!(engine.parked(), []);
    assert!(
        block_on(engine.resume(&token, json!(1)))
            .unwrap_err()
            .is_unknown_token()
    );
    assert!(
        block_on(engine.fail_task(&token, "E", ""))
            .unwrap_err()
            .is_unknown_token()
    );
}

#[test]
fn a_parked_task_can_be_failed() {
    let (engine, token) = parked();
    let run = block_on(engine.fail_task(&token, "Operator.GaveUp", "lost")).unwrap();
    expect![[r#"
        1 0 ExecutionStarted input={}
        2 0 TaskStateEntered name="a" input={}
        3 2 TaskScheduled parameters={"QueueUrl":"${ParkingQueueUrl}","MessageBody":{"token":"machine/run/1","step":"stock.release"}} timeoutInSeconds=1000 heartbeatInSeconds=100
        4 3 TaskStarted
        5 4 TaskSubmitted output={"MD5OfMessageBody":"56f648ffd54331357d7fe201b2b3b8b1","MessageId":"00000000-0000-4000-8000-000000000001","SdkHttpMetadata":{"HttpStatusCode":200},"SdkResponseMetadata":{"RequestId":"00000000-0000-4000-8000-000000000001"}}
        6 5 TaskFailed error="Operator.GaveUp" cause="lost"
        7 6 TaskStateExited name="a" output={"Error":"Operator.GaveUp","Cause":"lost"}
        8 7 FailStateEntered name="c" input={"Error":"Operator.GaveUp","Cause":"lost"}
        9 8 ExecutionFailed error="GaveUp"
        Failed after 0ns: GaveUp: 
    "#]].assert_eq(&trace(&run));
}

#[test]
fn heartbeats_keep_a_task_alive_until_its_timeout() {
    let (engine, token) = parked();
    let hours = |seconds| block_on(engine.advance(Duration::from_secs(seconds)));
    hours(99);
    assert_eq!(
        block_on(engine.heartbeat(&token)).unwrap().status(),
        Status::Running
    );
    hours(99);
    assert_eq!(engine.run("run").unwrap().status(), Status::Running);
    hours(1);
    expect![[r#"
        Failed after 199s: States.Timeout: 
    "#]]
    .assert_eq(&ending(&engine.run("run").unwrap()));
    assert!(
        block_on(engine.heartbeat(&token))
            .unwrap_err()
            .is_unknown_token()
    );

    let (engine, token) = parked();
    for _ in 0..10 {
        block_on(engine.advance(Duration::from_secs(99)));
        block_on(engine.heartbeat(&token)).unwrap();
    }
    block_on(engine.advance(Duration::from_secs(10)));
    expect![[r#"
        Failed after 1000s: States.Timeout: 
    "#]]
    .assert_eq(&ending(&engine.run("run").unwrap()));
}

#[test]
fn an_execution_can_be_stopped() {
    let (engine, token) = parked();
    let run = block_on(engine.stop("run", "Operator.Stopped", "by hand")).unwrap();
    expect![[r#"
        Aborted after 0ns: Operator.Stopped: by hand
    "#]]
    .assert_eq(&ending(&run));
    assert_eq!(run.history().last().unwrap().kind(), "ExecutionAborted");
    assert!(
        block_on(engine.resume(&token, json!(1)))
            .unwrap_err()
            .is_unknown_token()
    );
    assert!(
        block_on(engine.stop("other", "", ""))
            .unwrap_err()
            .is_unknown_execution()
    );
}

/// Answers only after it was asked ten times.
struct Slow;

impl TaskHost for Slow {
    fn answers(&self, service: &str, _: &str) -> bool {
        service == "sqs"
    }

    fn call(&self, _: Call) -> BoxFuture<'static, Answer> {
        let mut asked = 0;
        Box::pin(std::future::poll_fn(move |cx| {
            asked += 1;
            cx.waker().wake_by_ref();
            if asked < 10 {
                Poll::Pending
            } else {
                Poll::Ready(Answer::Output(json!({})))
            }
        }))
    }
}

#[test]
fn a_call_outlives_the_execution_that_was_stopped() {
    let engine = engine(PARK).with_host(Slow);
    let input = json!({});
    block_on(async {
        let (started, stopped) = tokio::join!(engine.start("run", &input), async {
            tokio::task::yield_now().await;
            engine.stop("run", "Operator.Stopped", "").await
        });
        assert_eq!(started.unwrap().status(), Status::Aborted);
        assert_eq!(stopped.unwrap().status(), Status::Aborted);
        // The engine is not held up by what was stopped.
        engine.advance(Duration::from_secs(1)).await;
    });
    assert_eq!(engine.parked(), []);
}

#[test]
fn an_answer_may_be_too_large() {
    let (engine, token) = parked();
    assert!(
        block_on(engine.resume(&token, json!("x".repeat(300_000))))
            .unwrap_err()
            .is_invalid_answer()
    );
    assert_eq!(engine.parked().len(), 1);
}

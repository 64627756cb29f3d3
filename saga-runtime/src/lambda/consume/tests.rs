//! What comes again of a batch, what is given up, and what is never.

use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use super::*;
use crate::__private::{ConsumerBuilder, React};
use crate::{BoxFuture, Early, MemoryStore, ReactionInfo, ReactionKind, Repeat, Retry};

/// A dead-letter queue that can be away.
#[derive(Clone, Default)]
struct Letters(Arc<Mutex<Vec<String>>>);

impl DeadLetters for Letters {
    fn put<'a>(&'a self, letter: Letter<'a>) -> BoxFuture<'a, Result<(), String>> {
        let text = format!(
            "{} {} {}: {}",
            letter.group, letter.id, letter.body, letter.reason
        );
        let away = letter.body.contains("away");
        self.0.lock().unwrap().push(text);
        Box::pin(async move { if away { Err("away".to_owned()) } else { Ok(()) } })
    }
}

static LOG: ReactionInfo = ReactionInfo {
    name: "shop.log",
    participant: "Shop",
    on: &["Seen"],
    kind: ReactionKind::Observer,
    counterpart: None,
    publishes: &[],
    optional: &[],
    several: &[],
    rejects: &[],
    repeat: Repeat::Each,
    after: None,
    early: Early::Park,
};
static PLACE: ReactionInfo = ReactionInfo {
    name: "shop.place",
    on: &[],
    repeat: Repeat::Never,
    ..LOG
};

fn host(letters: &Letters) -> Host {
    let react = || {
        React::event::<String, (), Retry>(|_, how| {
            Box::pin(async move {
                match &*how {
                    "ok" => Ok(()),
                    how => Err(Retry::new(how)),
                }
            })
        })
    };
    let consumer = ConsumerBuilder::new("Shop", "shop", MemoryStore::new())
        .reaction(&LOG, react())
        .reaction(&PLACE, react())
        .build();
    Host {
        consumer,
        max_receives: 3,
        dead_letters: Some(Box::new(letters.clone())),
    }
}

fn seen(how: &str) -> Value {
    json!({ "specversion": "1.0", "id": "1", "type": "Seen", "subject": how, "data": how })
}

fn record(id: &str, body: &str, receives: u64, group: Option<&str>) -> Value {
    let queue = if group.is_some() { "q.fifo" } else { "q" };
    json!({
        "messageId": id, "body": body, "eventSourceARN": format!("arn:aws:sqs:eu-west-1:1:{queue}"),
        "attributes": { "ApproximateReceiveCount": receives.to_string(), "MessageGroupId": group },
    })
}

async fn failures(host: &Host, records: Vec<Value>) -> Value {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let mut context = Context::default();
    context.deadline = u64::try_from((now + Duration::from_mins(1)).as_millis()).unwrap();
    let body = Body(Ok(json!({ "Records": records })));
    let answer = host.deliver(LambdaEvent::new(body, context)).await.unwrap();
    let failed = answer["batchItemFailures"].as_array().unwrap();
    failed
        .iter()
        .map(|one| one["itemIdentifier"].clone())
        .collect()
}

#[tokio::test]
async fn what_fails_comes_again_however_it_is_wrapped() {
    let host = host(&Letters::default());
    let wrapped = |how| json!({ "Type": "Notification", "Message": seen(how).to_string() });
    let bus = |how| json!({ "version": "0", "detail-type": "Seen", "detail": seen(how) });
    let command = |how| json!({ "saga": how, "command": "shop.place", "input": how });
    let records = [
        seen("ok"),
        seen("no"),
        wrapped("ok"),
        wrapped("no"),
        bus("ok"),
        bus("no"),
        command("ok"),
        command("no"),
        json!("no event"),
    ];
    let records = records.iter().enumerate();
    let records = records.map(|(id, body)| record(&id.to_string(), &body.to_string(), 1, None));
    let failed = failures(&host, records.collect()).await;
    assert_eq!(failed, json!(["1", "3", "5", "7", "8"]));
}

#[tokio::test]
async fn in_a_fifo_queue_nothing_overtakes_a_failed_message_of_its_group() {
    let host = host(&Letters::default());
    let (ok, no) = (seen("ok").to_string(), seen("no").to_string());
    let in_order = [
        ("1", &ok, "a"),
        ("2", &no, "a"),
        ("3", &ok, "b"),
        ("4", &ok, "a"),
    ];
    let records = in_order.map(|(id, body, group)| record(id, body, 1, Some(group)));
    assert_eq!(failures(&host, records.to_vec()).await, json!(["2", "4"]));
    let unordered = [("1", &no), ("2", &ok)].map(|(id, body)| record(id, body, 1, None));
    assert_eq!(failures(&host, unordered.to_vec()).await, json!(["1"]));
}

#[tokio::test]
async fn what_there_is_no_time_for_is_not_given_up() {
    let letters = Letters::default();
    let host = host(&letters);
    let body = json!({ "Records": [record("1", "{", 9, None)] });
    let event = LambdaEvent::new(Body(Ok(body)), Context::default());
    let answer = host.deliver(event).await.unwrap();
    assert_eq!(
        answer,
        json!({ "batchItemFailures": [{ "itemIdentifier": "1" }] })
    );
    assert!(letters.0.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_fails_too_often_goes_to_the_dead_letters_with_the_reason() {
    let letters = Letters::default();
    let host = host(&letters);
    let no = seen("no").to_string();
    let records = vec![
        record("1", &no, 2, None),
        record("2", &no, 3, Some("g")),
        record("3", "{", 7, None),
        record("4", "away", 7, None),
    ];
    assert_eq!(failures(&host, records).await, json!(["1", "4"]));
    let letters = letters.0.lock().unwrap().clone();
    assert_eq!(
        letters,
        [
            format!("g 2 {no}: Saga.Retry: no"),
            "- 3 {: Saga.Unknown: the message is no JSON: EOF while parsing an object at line 1 column 1".to_owned(),
            "- 4 away: Saga.Unknown: the message is no JSON: expected value at line 1 column 1".to_owned(),
        ]
    );
}

/// Two reactions, of which the second waits for the first.
fn parking(letters: &Letters) -> Host {
    static NOTE: ReactionInfo = ReactionInfo {
        name: "shop.note",
        on: &["Noted"],
        kind: ReactionKind::Retriable,
        repeat: Repeat::Never,
        ..LOG
    };
    static ACT: ReactionInfo = ReactionInfo {
        name: "shop.act",
        on: &["Asked"],
        after: Some("shop.note"),
        ..NOTE
    };
    let ok = || React::event::<String, (), Retry>(|_, _| Box::pin(async { Ok(()) }));
    let consumer = ConsumerBuilder::new("Shop", "shop", MemoryStore::new())
        .reaction(&NOTE, ok())
        .reaction(&ACT, ok());
    Host {
        consumer: consumer.build(),
        max_receives: 3,
        dead_letters: Some(Box::new(letters.clone())),
    }
}

fn event(name: &str, id: &str) -> String {
    json!({ "specversion": "1.0", "id": id, "type": name, "subject": "s", "data": "" }).to_string()
}

#[tokio::test]
async fn what_is_parked_does_not_hold_up_what_it_waits_for() {
    for group in [None, Some("s")] {
        let letters = Letters::default();
        let host = parking(&letters);
        let (asked, noted) = (event("Asked", "2"), event("Noted", "1"));
        let records = vec![record("2", &asked, 1, group), record("1", &noted, 1, group)];
        assert_eq!(failures(&host, records).await, json!(["2"]));
        let again = vec![record("2", &asked, 2, group)];
        assert_eq!(failures(&host, again).await, json!([]));
        assert!(letters.0.lock().unwrap().is_empty());
    }
}

#[tokio::test]
async fn what_only_stood_behind_is_tried_before_it_is_given_up() {
    let letters = Letters::default();
    let host = host(&letters);
    let (no, busy) = (seen("no").to_string(), seen("busy").to_string());
    let batch = |receives| {
        let (head, behind) = (&no, &busy);
        vec![
            record("1", head, receives, Some("g")),
            record("2", behind, receives, Some("g")),
        ]
    };
    assert_eq!(failures(&host, batch(2)).await, json!(["1", "2"]));
    // Its first try is its third receive, because the first message is given up only then.
    assert_eq!(failures(&host, batch(3)).await, json!(["2"]));
    let last = vec![record("2", &busy, 4, Some("g"))];
    assert_eq!(failures(&host, last).await, json!([]));
    assert_eq!(letters.0.lock().unwrap().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_there_was_a_moment_for_is_not_given_up() {
    let letters = Letters::default();
    let sleep = || {
        React::event::<u64, (), Retry>(|_, ms| {
            Box::pin(async move {
                tokio::time::sleep(Duration::from_millis(ms)).await;
                Ok(())
            })
        })
    };
    let consumer = ConsumerBuilder::new("Shop", "shop", MemoryStore::new()).reaction(&LOG, sleep());
    let host = Host {
        consumer: consumer.build(),
        ..host(&letters)
    };
    let body = |id: &str, ms: u64| {
        json!({ "specversion": "1.0", "id": id, "type": "Seen", "subject": "s", "data": ms })
            .to_string()
    };
    let records = vec![
        record("1", &body("1", 40_000), 1, None),
        record("2", &body("2", 30_000), 3, None),
    ];
    assert_eq!(failures(&host, records).await, json!(["2"]));
    assert!(letters.0.lock().unwrap().is_empty());
}

//! What comes too early or too late for a reaction: how a report tells of it, and where the matrix finds it wrong.

use std::future::ready;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use expect_test::expect;
use saga_local::{Bus, BusFault, Case, EventMatrix, EventStandIns, MatrixReport};
use saga_runtime::__private::{ConsumerBuilder, Outgoing, React};
use saga_runtime::prelude::*;
use saga_runtime::{Choreography, Command, Consumer, MemoryStore, Publish, ReactionKind};
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use crate::event_desk::{HALF_DONE, OBSERVED, OPEN};
use crate::event_shop::info;
use crate::support::{block_on, finds};

/// What happens where these are delayed, with the reasons.
fn report(delayed: &str, declined: bool) -> String {
    let participants = EventStandIns::of(OBSERVED).consumers().unwrap();
    let mut bus = participants.into_iter().fold(Bus::new(OBSERVED), Bus::with);
    bus = bus.fault(delayed, BusFault::Delayed);
    if declined {
        let declined = BusFault::Rejected {
            event: "Declined".to_owned(),
            data: Value::Null,
        };
        bus = bus.fault("bank.ask", declined);
    }
    block_on(async {
        bus.send(&OPEN, "case", &json!(1)).await.unwrap();
        bus.settle().await;
    });
    // The heading keeps the margin of what follows.
    format!("case\n{}", bus.report("case"))
}

#[test]
fn an_event_that_comes_too_early_is_refused_and_not_rejected() {
    expect![[r#"
        case
            0.0s  desk.open     Opened
            0.1s  cards.note    overtaken by all others (comes later)
            0.1s  credit.score  Scored
            0.1s  bank.ask      done
            0.3s  cards.tell    refused
                    `cards.note` has not taken effect for this saga
            0.3s  cards.note    done
            0.3s  committed"#]]
    .assert_eq(&report("cards.note", false));
}

#[test]
fn an_event_that_comes_after_a_compensation_is_refused_and_not_rejected() {
    expect![[r#"
        case
            0.0s  desk.open     Opened
            0.1s  cards.note    done
            0.1s  credit.score  overtaken by all others (comes later)
            0.1s  bank.ask      rejected with Declined (rejected, Declined)
            0.2s  cards.forget  compensated
            0.3s  desk.close    compensated
            0.3s  credit.score  Scored
            0.4s  cards.tell    refused
                    `cards.note` has no effect for this saga: it is COMPENSATED
            0.4s  failed with Declined"#]]
    .assert_eq(&report("credit.score", true));
}

#[test]
fn an_action_that_comes_after_its_own_compensation_is_refused() {
    expect![[r#"
        case
            0.0s  desk.open     Opened
            0.1s  cards.note    overtaken by all others (comes later)
            0.1s  credit.score  Scored
            0.1s  bank.ask      rejected with Declined (rejected, Declined)
            0.2s  desk.close    compensated
            0.3s  cards.forget  nothing to compensate
            0.3s  cards.tell    refused
                    `cards.note` has no effect for this saga: it is TOMBSTONE
            0.3s  cards.note    refused
                    the action comes too late: its compensation was here already, and the record says TOMBSTONE
            0.3s  failed with Declined"#]].assert_eq(&report("cards.note", true));
}

fn matrix(choreography: Choreography, orders: u64) -> MatrixReport {
    let worlds = EventStandIns::of(choreography).worlds().unwrap();
    let matrix = EventMatrix::new(choreography, worlds).send("it", &OPEN, &json!(1));
    block_on(matrix.orders(orders).run())
}

#[test]
fn an_observer_may_do_without_what_comes_early() {
    matrix(OBSERVED, 50).assert_complete();
}

#[test]
fn a_pivot_that_refuses_what_comes_early_is_found_in_the_plain_orders() {
    let report = matrix(HALF_DONE, 50);
    finds(
        &report,
        "it: cards.note: overtaken by all others -> committed: `cards.issue` was refused, and nothing failed",
    );
    let mut orders = report.broken().map(Case::injected);
    assert!(
        orders.any(|injected| injected.len() == 1 && injected[0].state() == "deliveries"),
        "{report}"
    );
}

const START: Command<Value> = Command::new("a.start");

/// Two branches from one event, and a third reaction where both have an end.
const BRANCHES: Choreography = {
    use ReactionKind::Retriable;
    Choreography::new(
        "branches",
        "{}",
        "{}",
        &[
            info("a.start", "A", &[], Retriable, None, &["Started"], &[]),
            info("b.count", "B", &["Started"], Retriable, None, &[], &[]),
            info("c.look", "C", &["Started"], Retriable, None, &["Seen"], &[]),
            info("d.end", "D", &["Seen"], Retriable, None, &[], &[]),
        ],
    )
};

#[derive(Serialize, Deserialize)]
struct Row {
    id: String,
    count: u32,
}

const ROWS: Table<Row> = Table::new("rows", "id");

/// Events without a type of their own.
#[derive(Clone)]
struct Says(Option<&'static str>);

impl Publish for Says {
    fn publish(&self, tx: &mut Tx) {
        if let Some(event) = self.0 {
            tx.publish_raw(Outgoing::raw(event, Value::Null));
        }
    }
}

/// Participants of which `c.look` publishes nothing where `b.count` was there before it.
fn branches() -> Vec<Consumer> {
    let counted = Arc::<AtomicBool>::default();
    let infos = BRANCHES.reactions();
    let participant = |index: usize, says: Box<dyn Fn() -> Says + Send + Sync>| {
        let info = &infos[index];
        let prefix = info.name.split('.').next().unwrap();
        ConsumerBuilder::new(info.participant, prefix, MemoryStore::new())
            .reaction(
                info,
                React::event::<IgnoredAny, Says, Retry>(move |tx, _| {
                    tx.update(&ROWS, info.name).add("count", 1);
                    Box::pin(ready(Ok(says())))
                }),
            )
            .build()
    };
    let (counts, looks) = (Arc::clone(&counted), counted);
    vec![
        participant(0, Box::new(|| Says(Some("Started")))),
        participant(
            1,
            Box::new(move || {
                counts.store(true, Ordering::SeqCst);
                Says(None)
            }),
        ),
        participant(
            2,
            Box::new(move || Says((!looks.load(Ordering::SeqCst)).then_some("Seen"))),
        ),
        participant(3, Box::new(|| Says(None))),
    ]
}

#[test]
fn what_depends_on_the_order_of_deliveries_is_found_in_the_plain_orders() {
    let matrix = EventMatrix::new(BRANCHES, || async { branches() });
    let report = block_on(matrix.send("it", &START, &json!(1)).pairs(0).run());
    let orders = report.broken().filter(|case| {
        let injected = case.injected();
        injected.len() == 1 && injected[0].state() == "deliveries"
    });
    let lines: Vec<String> = orders.map(ToString::to_string).collect();
    expect![[r#"
        it: deliveries: in the order of seed 2 -> committed: left otherwise: d: rows +{"count":1,"id":"d.end"}
        it: deliveries: in the order of seed 5 -> committed: left otherwise: d: rows +{"count":1,"id":"d.end"}
        it: deliveries: in the order of seed 9 -> committed: left otherwise: d: rows +{"count":1,"id":"d.end"}"#]].assert_eq(&lines.join("\n"));
}

//! The embedded bus: what happens in order, what happens again, and what is told of it.

use std::future::ready;

use expect_test::{Expect, expect};
use saga_local::{Bus, BusFault, BusFaultPlan, Error};
use saga_runtime::__private::{ConsumerBuilder, React};
use saga_runtime::prelude::*;
use saga_runtime::{Choreography, Command, Consumer, MemoryStore, ReactionInfo, ReactionKind};
use serde_json::Value;

use crate::event_shop::{Break, PLACE, Placed, SALE_EVENTS, Sent, Shop, info, sale};
use crate::support::block_on;

async fn bus() -> Bus {
    over(&Shop::open(Break::Nothing).await.consumers())
}

fn over(consumers: &[Consumer]) -> Bus {
    let consumers = consumers.iter().cloned();
    consumers.fold(Bus::new(SALE_EVENTS), Bus::with)
}

/// Sells by this card with these faults, and compares what happened.
fn check(card: &str, faults: &[(&str, BusFaultPlan)], expected: &Expect) {
    let report = block_on(async {
        let mut bus = bus().await;
        for (place, plan) in faults {
            bus = bus.fault(*place, plan.clone());
        }
        bus.send(&PLACE, "s-1", &sale(card)).await.unwrap();
        bus.settle().await;
        bus.report("s-1")
    });
    let text = report.to_string();
    let lines: Vec<&str> = text.lines().map(str::trim_start).collect();
    expected.assert_eq(&lines.join("\n"));
}

#[test]
fn a_sale_goes_from_service_to_service() {
    check(
        "visa",
        &[],
        &expect![[r#"
            0.0s  orders.place     Placed
            0.1s  stock.reserve    Reserved
            0.1s  books.note       done
            0.2s  bank.charge      Charged
            0.3s  mail.send        Sent
            0.4s  orders.complete  Completed
            0.4s  committed"#]],
    );
}

#[test]
fn a_card_that_is_declined_has_all_undone() {
    check(
        "expired",
        &[],
        &expect![[r#"
            0.0s  orders.place   Placed
            0.1s  stock.reserve  Reserved
            0.1s  books.note     done
            0.2s  bank.charge    rejected, Declined
            0.3s  orders.cancel  compensated, Cancelled
            0.3s  stock.release  compensated
            0.3s  failed with Declined"#]],
    );
}

#[test]
fn a_message_comes_again_after_a_crash() {
    check(
        "visa",
        &[("stock.reserve", BusFault::CrashAfterCommit.into())],
        &expect![[r#"
        0.0s  orders.place     Placed
        0.1s  stock.reserve    crash after the commit (Reserved)
        0.1s  books.note       done
        0.2s  bank.charge      Charged
        0.3s  mail.send        Sent
        0.4s  orders.complete  Completed
        60.1s  stock.reserve    nothing new
        60.1s  committed"#]],
    );
}

#[test]
fn a_relay_publishes_again_what_it_does_not_know_to_be_published() {
    let faults = [
        ("Reserved", BusFault::PublishFailure.times(2)),
        ("Charged", BusFault::RelayCrashAfter.into()),
    ];
    check(
        "visa",
        &faults,
        &expect![[r#"
            0.0s  orders.place      Placed
            0.1s  stock.reserve     Reserved
            0.1s  books.note        done
            0.2s  publish Reserved  publish failure (not published)
            1.2s  publish Reserved  publish failure (not published)
            2.2s  bank.charge       Charged
            2.2s  publish Charged   relay crash after publishing (no answer)
            2.3s  mail.send         Sent
            2.4s  orders.complete   Completed
            3.3s  mail.send         nothing new
            3.3s  committed"#]],
    );
}

#[test]
fn a_message_that_nobody_can_take_is_a_dead_letter_until_it_is_redriven() {
    block_on(async {
        let mut bus = bus().await.fault("mail.send", BusFault::Transient.times(5));
        bus.send(&PLACE, "s-1", &sale("visa")).await.unwrap();
        bus.settle().await;
        assert_eq!(bus.dead_letters(), 1);
        assert_eq!(bus.report("s-1").end().to_string(), "not finished");
        assert_eq!(bus.redrive(), 1);
        bus.settle().await;
        assert_eq!(bus.report("s-1").end().to_string(), "committed");
    });
}

#[test]
fn a_bus_over_old_stores_knows_nothing_of_their_past() {
    block_on(async {
        let shop = Shop::open(Break::Nothing).await;
        let consumers = shop.consumers();
        let mut first = over(&consumers);
        first.send(&PLACE, "s-1", &sale("visa")).await.unwrap();
        // Nothing is relayed yet, and the next bus does not do it either.
        let mut second = over(&consumers);
        second.send(&PLACE, "s-2", &sale("visa")).await.unwrap();
        second.settle().await;
        assert!(second.report("s-1").lines().is_empty());
        assert!(second.events().all(|event| event["subject"] == "s-2"));
        assert_eq!(second.report("s-2").end().to_string(), "committed");
        // What the first one collected it still brings to its end.
        first.settle().await;
        assert_eq!(first.report("s-1").end().to_string(), "committed");
    });
}

#[test]
fn a_bus_that_was_there_before_another_ran_takes_nothing_of_it() {
    block_on(async {
        let shop = Shop::open(Break::Nothing).await;
        let consumers = shop.consumers();
        let (mut first, mut second) = (over(&consumers), over(&consumers));
        first.send(&PLACE, "s-1", &sale("visa")).await.unwrap();
        first.settle().await;
        let count = first.events().count();
        second.send(&PLACE, "s-2", &sale("visa")).await.unwrap();
        second.settle().await;
        assert_eq!(second.events().count(), count);
        assert!(second.events().all(|event| event["subject"] == "s-2"));
        assert_eq!(second.report("s-2").lines(), first.report("s-1").lines());
    });
}

#[test]
fn two_sagas_at_once_are_told_apart() {
    block_on(async {
        let mut bus = bus()
            .await
            .fault("stock.reserve", BusFault::WithNext)
            .fault("bank.charge", BusFault::WithNext)
            .fault("mail.send", BusFault::WithNext);
        for saga in ["s-1", "s-2"] {
            bus.send(&PLACE, saga, &sale("visa")).await.unwrap();
        }
        bus.settle().await;
        let lines = |saga| {
            let mut lines = bus.report(saga).lines();
            lines.retain(|line| !line.contains("comes later"));
            lines.sort();
            lines.join("\n")
        };
        expect![[r#"
            bank.charge: Charged
            books.note: done
            mail.send: Sent
            orders.complete: Completed
            orders.place: Placed
            stock.reserve: Reserved"#]]
        .assert_eq(&lines("s-1"));
        assert_eq!(lines("s-2"), lines("s-1"));
    });
}

/// Says more than it declares.
fn careless() -> (Choreography, Vec<Consumer>) {
    use ReactionKind::{Observer, Retriable};
    const REACTIONS: &[ReactionInfo] = &[
        info("c.c", "C", &[], Retriable, None, &["Placed"], &[]),
        info("r.r", "R", &["Placed"], Retriable, None, &[], &[]),
        info("r.o", "R", &["Placed"], Observer, None, &[], &[]),
    ];
    let command = React::command::<Value, (), Retry>(|tx, _| {
        tx.publish(&Placed(sale("visa")));
        Box::pin(ready(Ok(())))
    });
    let says_too_much = React::event::<Placed, (), Retry>(|tx, Placed(sale)| {
        tx.publish(&Sent(sale));
        Box::pin(ready(Ok(())))
    });
    let observer = React::event::<Placed, (), Retry>(|_, _| Box::pin(ready(Ok(()))));
    let consumers = vec![
        ConsumerBuilder::new("C", "c", MemoryStore::new())
            .reaction(&REACTIONS[0], command)
            .build(),
        ConsumerBuilder::new("R", "r", MemoryStore::new())
            .reaction(&REACTIONS[1], says_too_much)
            .reaction(&REACTIONS[2], observer)
            .build(),
    ];
    (
        Choreography::new("careless", "{}", "{}", REACTIONS),
        consumers,
    )
}

#[test]
fn a_delivery_that_fails_says_which_reaction_and_why_once() {
    let (choreography, consumers) = careless();
    let mut bus = consumers
        .into_iter()
        .fold(Bus::new(choreography), Bus::with)
        .max_receives(3);
    block_on(async {
        let command: Command<u32> = Command::new("c.c");
        bus.send(&command, "s-1", &1).await.unwrap();
        bus.settle().await;
    });
    let report = bus.report("s-1");
    expect![[r#"
        s-1
            0.0s  c.c          Placed
            0.1s  r.r and r.o  Saga.Unknown of r.r
                    `r.r` publishes `Sent` and does not declare it; write `publishes(Sent)`
           60.1s  r.r and r.o  Saga.Unknown of r.r
          120.1s  r.r and r.o  Saga.Unknown of r.r
          120.1s  not finished"#]]
    .assert_eq(&format!("s-1\n{report}"));
    expect![[r#"
        {
          "saga": "s-1",
          "end": "unfinished",
          "seconds": 120.071,
          "happened": [
            {
              "seconds": 0.0,
              "place": "c.c",
              "what": "Placed"
            },
            {
              "seconds": 0.071,
              "place": "r.r and r.o",
              "event": "Placed",
              "what": "Saga.Unknown of r.r",
              "reasons": [
                {
                  "reaction": "r.r",
                  "message": "`r.r` publishes `Sent` and does not declare it; write `publishes(Sent)`"
                }
              ]
            },
            {
              "seconds": 60.071,
              "place": "r.r and r.o",
              "event": "Placed",
              "what": "Saga.Unknown of r.r",
              "reasons": [
                {
                  "reaction": "r.r",
                  "message": "`r.r` publishes `Sent` and does not declare it; write `publishes(Sent)`"
                }
              ]
            },
            {
              "seconds": 120.071,
              "place": "r.r and r.o",
              "event": "Placed",
              "what": "Saga.Unknown of r.r",
              "reasons": [
                {
                  "reaction": "r.r",
                  "message": "`r.r` publishes `Sent` and does not declare it; write `publishes(Sent)`"
                }
              ]
            }
          ]
        }"#]]
    .assert_eq(&serde_json::to_string_pretty(&report).unwrap());
}

/// What sending says, with its source.
fn refusal(bus: Bus) -> String {
    let mut bus = bus;
    let error: Error = block_on(bus.send(&PLACE, "s-1", &sale("visa"))).unwrap_err();
    match std::error::Error::source(&error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

#[test]
fn a_participant_is_missing() {
    expect!["participant `Orders` of `sale_events` is missing; add its consumer"]
        .assert_eq(&refusal(Bus::new(SALE_EVENTS)));
}

#[test]
fn a_participant_is_there_twice() {
    let bus = block_on(bus());
    let shop = block_on(Shop::open(Break::Nothing));
    let [orders, ..] = shop.consumers();
    expect!["two consumers are for participant `Orders`; add one of them only"]
        .assert_eq(&refusal(bus.with(orders)));
}

#[test]
fn a_fault_is_planned_nowhere() {
    let bus = block_on(bus());
    expect!["the choreography has no `Placed`; write a command, a reaction such as `stock.reserve`, or, for a fault of its publication, an event"].assert_eq(&refusal(bus.fault("Placed", BusFault::Duplicate)));
}

#[test]
fn the_seed_settles_the_order() {
    let run = |seed| {
        block_on(async {
            let mut bus = bus().await.seed(seed);
            bus.send(&PLACE, "s-1", &sale("expired")).await.unwrap();
            bus.settle().await;
            bus.report("s-1").to_string()
        })
    };
    assert_eq!(run(1), run(1));
    assert!(
        (2..10).any(|seed| run(seed) != run(1)),
        "one order for all seeds"
    );
}

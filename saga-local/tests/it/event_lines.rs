//! Several events of one type that one call publishes: expected by all that react to them, or declined before the commit.

#![allow(
    unreachable_pub,
    reason = "a contract is public, and this one has a single user"
)]

use std::error::Error as _;

use expect_test::expect;
use saga_local::{Bus, EventMatrix, EventStandIns};
use saga_runtime::prelude::*;
use saga_runtime::{Consumer, MemoryStore};

use self::line_events::{
    Counted, LINE_EVENTS, LineCounted, LinePlaced, Lines, Order, Picked, Picks, SHOP_PLACE, Shop,
    serve_lines, serve_picks, serve_shop,
};
use crate::support::block_on;

/// An order whose lines are picked one by one, and counted by somebody who expects one only.
#[choreography]
pub mod line_events {
    use saga_runtime::prelude::*;

    #[derive(Clone, Debug, Serialize, Deserialize)]
    pub struct Order {
        pub lines: Vec<String>,
        pub counted: usize,
    }
    #[event]
    #[derive(Clone, Debug, Serialize, Deserialize)]
    pub struct LinePlaced {
        pub sku: String,
    }
    #[event]
    #[derive(Clone, Debug, Serialize, Deserialize)]
    pub struct LineCounted {
        pub sku: String,
    }
    #[event(terminal)]
    #[derive(Clone, Debug, Serialize, Deserialize)]
    pub struct Picked {
        pub sku: String,
    }
    #[event(terminal)]
    #[derive(Clone, Debug, Serialize, Deserialize)]
    pub struct Counted;

    pub trait Shop {
        #[command(observer, publishes(LinePlaced, LineCounted))]
        async fn place(&self, tx: &mut Tx, cmd: Order) -> Result<(), Retry>;
    }
    pub trait Picks {
        #[on(LinePlaced, retriable, each)]
        async fn pick(&self, tx: &mut Tx, line: &LinePlaced) -> Result<Picked, Retry>;
    }
    pub trait Lines {
        #[on(LineCounted, retriable)]
        async fn count(&self, tx: &mut Tx) -> Result<Counted, Retry>;
    }
}

struct Services;

impl Shop for Services {
    async fn place(&self, tx: &mut Tx, cmd: Order) -> Result<(), Retry> {
        for (number, sku) in cmd.lines.into_iter().enumerate() {
            if number < cmd.counted {
                tx.publish(&LineCounted { sku: sku.clone() });
            }
            tx.publish(&LinePlaced { sku });
        }
        Ok(())
    }
}

impl Picks for Services {
    async fn pick(&self, _: &mut Tx, line: &LinePlaced) -> Result<Picked, Retry> {
        let sku = line.sku.clone();
        Ok(Picked { sku })
    }
}

impl Lines for Services {
    async fn count(&self, _: &mut Tx) -> Result<Counted, Retry> {
        Ok(Counted)
    }
}

fn consumers() -> [Consumer; 3] {
    [
        serve_shop(Services, MemoryStore::new()),
        serve_picks(Services, MemoryStore::new()),
        serve_lines(Services, MemoryStore::new()),
    ]
}

fn order(counted: usize) -> Order {
    let lines = ["tea", "milk"].map(str::to_owned).to_vec();
    Order { lines, counted }
}

/// How a saga of two lines ends of which so many are counted, and what its client is told.
fn sold(counted: usize) -> String {
    block_on(async {
        let mut bus = consumers()
            .into_iter()
            .fold(Bus::new(LINE_EVENTS), Bus::with);
        let sent = bus.send(&SHOP_PLACE, "s-1", &order(counted)).await;
        bus.settle().await;
        assert_eq!(bus.dead_letters(), 0);
        let end = bus.report("s-1").end().to_string();
        match sent {
            Ok(events) => format!("{end}, {} events", events.len()),
            Err(error) => format!("{end}, {}", error.source().unwrap()),
        }
    })
}

#[test]
fn a_second_event_is_expected_or_declined() {
    expect!["committed, 3 events"].assert_eq(&sold(1));
    expect!["not started, Saga.Unknown: `shop.place` publishes `LineCounted` twice; write `publishes(LineCounted)`, and `once` or `each` at all that react to it, or publish one event with a list"].assert_eq(&sold(2));
}

#[test]
fn several_events_are_one_for_the_matrix() {
    block_on(async {
        EventMatrix::new(LINE_EVENTS, || async { consumers() })
            .send("two lines", &SHOP_PLACE, &order(1))
            .run()
            .await
            .assert_consistent();
        EventMatrix::new(
            LINE_EVENTS,
            EventStandIns::of(LINE_EVENTS).worlds().unwrap(),
        )
        .send("any order", &SHOP_PLACE, &order(1))
        .run()
        .await
        .assert_consistent();
    });
}

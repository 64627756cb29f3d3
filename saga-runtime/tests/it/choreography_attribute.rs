//! What `#[choreography]` makes of a module: constants, and consumers that serve whoever implements its traits.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "a contract is public, and this one has a single user"
)]

use std::time::Duration;

use saga_runtime::prelude::*;
use saga_runtime::{Clock, Consumer, Invocation, MemoryStore, ReactionKind};
use serde_json::{Value, json};

use crate::conformance::text;

#[choreography]
pub mod order_events {
    use saga_runtime::prelude::*;

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct PlaceOrder {
        pub order_id: String,
        pub lines: Vec<Line>,
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct Line {
        pub sku: String,
    }

    #[event]
    #[derive(Clone, Debug, Serialize, Deserialize)]
    pub struct OrderPlaced {
        pub order: PlaceOrder,
    }

    #[event]
    #[derive(Clone, Debug, Serialize, Deserialize)]
    pub struct StockReserved {
        pub hold: String,
    }

    #[event]
    #[derive(Clone, Debug, Serialize, Deserialize)]
    pub struct CardCharged;

    #[event(terminal)]
    #[derive(Clone, Debug, Serialize, Deserialize)]
    pub struct StockReleased {
        pub hold: String,
        pub because: String,
        pub lines: usize,
    }

    #[event(terminal)]
    #[derive(Clone, Debug, Serialize, Deserialize)]
    pub struct OrderCancelled {
        pub order_id: String,
    }

    #[event(terminal)]
    #[derive(Clone, Debug, Serialize, Deserialize)]
    pub struct Noted;

    #[event]
    #[derive(Debug, thiserror::Error, Serialize, Deserialize)]
    pub enum StockRefused {
        #[error("{sku} is out of stock")]
        OutOfStock { sku: String },
        #[transient]
        #[error("the warehouse is busy")]
        Busy,
    }

    #[event]
    #[derive(Debug, thiserror::Error, Serialize, Deserialize)]
    #[error("the card was declined: {reason}")]
    pub struct CardDeclined {
        pub reason: String,
    }

    #[derive(Debug, thiserror::Error)]
    pub enum OrderError {
        #[error("no lines")]
        Empty,
    }

    pub trait Orders {
        #[command(compensate = cancel)]
        async fn place(&self, tx: &mut Tx, cmd: PlaceOrder) -> Result<OrderPlaced, OrderError>;
        #[on(StockRefused, CardDeclined)]
        async fn cancel(&self, tx: &mut Tx, placed: &OrderPlaced) -> Result<OrderCancelled, Retry>;
    }

    pub trait Stock {
        #[on(OrderPlaced, compensate = release)]
        async fn reserve(
            &self, tx: &mut Tx, placed: &OrderPlaced,
        ) -> Result<StockReserved, StockRefused>;
        #[on(CardDeclined)]
        async fn release(
            &self, tx: &mut Tx, declined: &CardDeclined, held: StockReserved, placed: OrderPlaced,
        ) -> Result<StockReleased, Retry>;
        #[on(CardCharged, CardDeclined, observer, after = reserve)]
        async fn note(&self, tx: &mut Tx) -> Result<Option<Noted>, Retry>;
    }

    pub trait Payments {
        #[on(StockReserved, pivot)]
        async fn charge(&self, tx: &mut Tx) -> Result<CardCharged, CardDeclined>;
    }
}

use order_events::*;

struct Shop {
    declines: bool,
}

impl Orders for Shop {
    async fn place(&self, _: &mut Tx, cmd: PlaceOrder) -> Result<OrderPlaced, OrderError> {
        if cmd.lines.is_empty() {
            return Err(OrderError::Empty);
        }
        Ok(OrderPlaced { order: cmd })
    }

    async fn cancel(&self, _: &mut Tx, placed: &OrderPlaced) -> Result<OrderCancelled, Retry> {
        Ok(OrderCancelled {
            order_id: placed.order.order_id.clone(),
        })
    }
}

impl Stock for Shop {
    async fn reserve(
        &self, _: &mut Tx, placed: &OrderPlaced,
    ) -> Result<StockReserved, StockRefused> {
        match placed.order.lines.iter().find(|line| line.sku == "none") {
            Some(line) => Err(StockRefused::OutOfStock {
                sku: line.sku.clone(),
            }),
            None => Ok(StockReserved {
                hold: "h1".to_owned(),
            }),
        }
    }

    async fn release(
        &self, _: &mut Tx, declined: &CardDeclined, held: StockReserved, placed: OrderPlaced,
    ) -> Result<StockReleased, Retry> {
        Ok(StockReleased {
            hold: held.hold,
            because: declined.reason.clone(),
            lines: placed.order.lines.len(),
        })
    }

    async fn note(&self, _: &mut Tx) -> Result<Option<Noted>, Retry> {
        Ok(Some(Noted))
    }
}

impl Payments for Shop {
    async fn charge(&self, _: &mut Tx) -> Result<CardCharged, CardDeclined> {
        if self.declines {
            let reason = "no money".to_owned();
            return Err(CardDeclined { reason });
        }
        Ok(CardCharged)
    }
}

/// Everything that was published, in order, each event once to everybody.
async fn run(declines: bool, lines: Value) -> Vec<String> {
    let clock = Clock::system();
    let delivery = Invocation::new("1", clock.now() + Duration::from_secs(3), clock);
    let stores = [MemoryStore::new(), MemoryStore::new(), MemoryStore::new()];
    let [orders, stock, payments] = stores.clone();
    let consumers = [
        serve_orders(Shop { declines }, orders),
        serve_stock(Shop { declines }, stock),
        serve_payments(Shop { declines }, payments),
    ];
    let all = Consumer::join(consumers);
    let payload = json!({
        "saga": "order-1",
        "command": ORDERS_PLACE.name(),
        "input": { "order_id": "order-1", "lines": lines },
    });
    if let Err(failure) = all.command(&payload, &delivery).await {
        return vec![failure.to_string()];
    }
    let mut log = Vec::new();
    let mut seen = [0; 3];
    loop {
        let mut events = Vec::new();
        for (store, seen) in stores.iter().zip(&mut seen) {
            for (position, published) in store.outbox_since(*seen) {
                *seen = position;
                events.extend(published);
            }
        }
        if events.is_empty() {
            return log;
        }
        for event in events {
            let data = text(&event["data"]);
            log.push(format!("{} {data}", event["type"]).replace('"', ""));
            if event["type"] != "Noted"
                && event["type"] != "StockReleased"
                && event["type"] != "OrderCancelled"
            {
                all.receive(&event, &delivery).await.unwrap();
            }
        }
    }
}

#[tokio::test]
async fn participants_react_to_each_others_events() {
    let lines = json!([{ "sku": "tea" }]);
    expect_test::expect![[r#"
        [
            "OrderPlaced {order:{lines:[{sku:tea}],order_id:order-1}}",
            "StockReserved {hold:h1}",
            "CardCharged null",
            "Noted null",
        ]
    "#]]
    .assert_debug_eq(&run(false, lines).await);
}

#[tokio::test]
async fn a_rejection_is_an_event_that_compensations_react_to() {
    let lines = json!([{ "sku": "tea" }]);
    expect_test::expect![[r#"
        [
            "OrderPlaced {order:{lines:[{sku:tea}],order_id:order-1}}",
            "StockReserved {hold:h1}",
            "CardDeclined {reason:no money}",
            "OrderCancelled {order_id:order-1}",
            "StockReleased {because:no money,hold:h1,lines:1}",
        ]
    "#]]
    .assert_debug_eq(&run(true, lines).await);
    let lines = json!([{ "sku": "none" }]);
    expect_test::expect![[r#"
        [
            "OrderPlaced {order:{lines:[{sku:none}],order_id:order-1}}",
            "StockRefused {OutOfStock:{sku:none}}",
            "OrderCancelled {order_id:order-1}",
        ]
    "#]]
    .assert_debug_eq(&run(false, lines).await);
}

#[tokio::test]
async fn only_the_caller_hears_of_a_plain_rejection() {
    expect_test::expect![[r#"
        [
            "OrderError.Empty: no lines",
        ]
    "#]]
    .assert_debug_eq(&run(false, json!([])).await);
}

#[test]
fn the_constant_says_what_there_is() {
    assert_eq!(ORDER_EVENTS.name(), "order_events");
    let contract: Value = serde_json::from_str(ORDER_EVENTS.contract()).unwrap();
    assert_eq!(contract["participants"][1]["prefix"], "stock");
    let asyncapi: Value = serde_json::from_str(ORDER_EVENTS.asyncapi()).unwrap();
    assert_eq!(asyncapi["asyncapi"], "3.0.0");
    let release = ORDER_EVENTS.reactions()[3];
    assert_eq!(release.name, "stock.release");
    assert_eq!(release.kind, ReactionKind::Compensation);
    assert_eq!(release.counterpart, Some("stock.reserve"));
}

/// Expanded code leans on nothing but the paths that it names: no prelude, another name for the crate, raw identifiers, and user
/// items that are called as what the expansion uses.
#[::saga_runtime::choreography(crate = ::renamed)]
#[no_implicit_prelude]
pub mod bare {
    use ::core::option::Option;
    use ::core::result::Result;
    use ::renamed::{Retry, Tx};
    use ::std::string::String;

    #[event]
    #[derive(::serde::Serialize, ::serde::Deserialize)]
    pub struct Consumer {
        pub r#type: String,
        pub service: u32,
    }

    #[event(terminal)]
    #[derive(::serde::Serialize, ::serde::Deserialize)]
    pub struct Event(pub u8, pub u8);

    #[event]
    #[derive(Debug, ::thiserror::Error, ::serde::Serialize, ::serde::Deserialize)]
    pub enum Failure {
        #[error("no {type}")]
        No {
            r#type: String,
            #[serde(skip)]
            source: Option<::std::fmt::Error>,
        },
        #[error("no pair")]
        Pair(u32, u32),
        #[transient]
        #[error("busy")]
        Busy,
    }

    #[derive(Debug, ::thiserror::Error)]
    #[error("{0}")]
    pub struct StepError(pub String);

    pub trait Store {
        #[command(compensate = r#match)]
        async fn r#type(&self, tx: &mut Tx, service: &str) -> Result<Consumer, StepError>;
        #[on(Failure)]
        async fn r#match(
            &self, tx: &mut Tx, output: &Consumer, trigger: Failure, input: String,
        ) -> Result<(), Retry>;
        #[on(Consumer, pivot)]
        async fn input(&self, tx: &mut Tx, service: Consumer) -> Result<(Event, ()), Failure>;
    }
}

#[test]
fn raw_identifiers_are_plain_names() {
    let names = bare::BARE.reactions().iter().map(|reaction| reaction.name);
    let names: Vec<&str> = names.collect();
    assert_eq!(names, ["store.type", "store.match", "store.input"]);
    assert_eq!(bare::STORE_TYPE.name(), "store.type");
    let failure = bare::Failure::No {
        r#type: "x".to_owned(),
        source: None,
    };
    assert_eq!(
        saga_runtime::StepError::data(&failure).unwrap(),
        json!({ "type": "x" })
    );
    let error = bare::StepError("closed".to_owned());
    assert_eq!(saga_runtime::StepError::error_type(&error), "StepError");
    assert_eq!(
        saga_runtime::StepError::data(&error).unwrap(),
        json!("closed")
    );
}

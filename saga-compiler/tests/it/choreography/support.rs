//! Compiles choreographies, so that every test is only input and output.

use expect_test::Expect;
use saga_compiler::Failed;
use saga_compiler::choreography::{Compiled, compile as compile_module};

use crate::support::render;

/// An order across four services; tests replace parts of it.
pub(crate) const ORDER: &str = r#"
/// An order across four services, without an orchestrator.
pub mod order_events {
    use saga_runtime::prelude::*;
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct PlaceOrder { pub order_id: String, pub lines: Vec<Line>, pub card: String, pub total: u64 }
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct Line { pub sku: String, pub quantity: u32 }
    /// Somebody wants something.
    #[event] #[derive(Clone, Debug, Serialize, Deserialize)]
    pub struct OrderPlaced { pub order: PlaceOrder }
    #[event] #[derive(Clone, Debug, Serialize, Deserialize)]
    pub struct StockReserved { pub order: PlaceOrder }
    #[event] #[derive(Clone, Debug, Serialize, Deserialize)]
    pub struct CardCharged { pub order: PlaceOrder, pub charge: String }
    #[event] #[derive(Clone, Debug, Serialize, Deserialize)]
    pub struct ParcelSent { pub order_id: String, pub tracking: String }
    #[event(terminal)] #[derive(Clone, Debug, Serialize, Deserialize)]
    pub struct OrderCompleted { pub order_id: String }
    #[event(terminal)] #[derive(Clone, Debug, Serialize, Deserialize)]
    pub struct StockReleased { pub lines: Vec<Line> }
    #[event(terminal)] #[derive(Clone, Debug, Serialize, Deserialize)]
    pub struct OrderCancelled { pub order_id: String }
    #[event] #[derive(Debug, thiserror::Error, Serialize, Deserialize)]
    pub enum StockRefused {
        #[error("{sku} is out of stock")] OutOfStock { sku: String },
        #[transient] #[error("the warehouse is busy")] Busy,
    }
    #[event] #[derive(Debug, thiserror::Error, Serialize, Deserialize)]
    #[error("the card was declined")] pub struct CardDeclined { pub order_id: String }
    #[derive(Debug, thiserror::Error)] pub enum OrderError { #[error("order {order_id} exists already")] Exists { order_id: String } }

    pub trait Orders {
        #[command(compensate = cancel)]
        async fn place(&self, tx: &mut Tx, cmd: PlaceOrder) -> Result<OrderPlaced, OrderError>;
        #[on(StockRefused, CardDeclined)]
        async fn cancel(&self, tx: &mut Tx, placed: &OrderPlaced) -> Result<OrderCancelled, Retry>;
        #[on(ParcelSent, retriable)]
        async fn complete(&self, tx: &mut Tx, sent: &ParcelSent) -> Result<OrderCompleted, Retry>;
    }
    pub trait Stock {
        /// Takes it off the shelf.
        #[on(OrderPlaced, compensate = release)]
        async fn reserve(&self, tx: &mut Tx, placed: &OrderPlaced) -> Result<StockReserved, StockRefused>;
        #[on(CardDeclined)]
        async fn release(&self, tx: &mut Tx, held: StockReserved) -> Result<StockReleased, Retry>;
    }
    pub trait Payments {
        #[on(StockReserved, pivot)]
        async fn charge(&self, tx: &mut Tx, reserved: &StockReserved) -> Result<CardCharged, CardDeclined>;
    }
    pub trait Shipping {
        #[on(CardCharged, retriable)]
        async fn ship(&self, tx: &mut Tx, charged: &CardCharged) -> Result<ParcelSent, Retry>;
    }
}
"#;

/// `ORDER` with one part replaced, which must be there.
pub(crate) fn order(from: &str, to: &str) -> String {
    assert!(ORDER.contains(from), "`{from}` is not in `ORDER`");
    ORDER.replacen(from, to, 1)
}

pub(crate) fn compile_with(options: &str, source: &str) -> Result<Compiled, Failed> {
    compile_module(options.parse().unwrap(), source.parse().unwrap())
}

/// What compiles.
pub(crate) fn compiled(source: &str) -> Compiled {
    match compile_with("", source) {
        Ok(compiled) => compiled,
        Err(failed) => panic!("{}", render(source, &failed)),
    }
}

/// The messages of a module, each behind the tokens that it points at.
pub(crate) fn check(source: &str, expect: Expect) {
    check_with("", source, expect);
}

/// `ORDER` with one part replaced by each of these, and what is said of it.
pub(crate) fn check_each(from: &str, each: &[&str], expect: Expect) {
    let mut text = String::new();
    for to in each {
        text += to;
        text += "\n";
        text += &messages("", &order(from, to));
    }
    expect.assert_eq(&text);
}

/// As `check`, with options of `#[choreography]`.
pub(crate) fn check_with(options: &str, source: &str, expect: Expect) {
    expect.assert_eq(&messages(options, source));
}

fn messages(options: &str, source: &str) -> String {
    match compile_with(options, source) {
        Ok(_) => "ok\n".to_owned(),
        Err(failed) => render(if options.is_empty() { source } else { options }, &failed),
    }
}

/// A module with these traits, and with these events: `Placed`, `Done terminal`, `Odd failure`; `Refused!` may stand in `Err`.
pub(crate) fn small(events: &str, traits: &str) -> String {
    let events: Vec<String> = events
        .split(", ")
        .map(|event| {
            let (name, option) = event.split_once(' ').unwrap_or((event, ""));
            let (name, error) = match name.strip_suffix('!') {
                Some(name) => (name, "thiserror::Error, "),
                None => (name, ""),
            };
            format!("#[event({option})] #[derive(Debug, {error}Serialize, Deserialize)] pub struct {name};")
        })
        .collect();
    format!(
        "pub mod small {{ use saga_runtime::prelude::*;\n{}\n{} }}\n",
        traits.trim(),
        events.join(" ")
    )
}

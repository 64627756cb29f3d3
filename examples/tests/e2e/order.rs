//! Orders as the tests place them, and where one stands in all of the tables. Starts nothing.

use examples::place_order::place_order::{Line, PlaceOrder};
use serde_json::Value;

use crate::stage::Stage;

/// The functions of `place_order`, in the order of its steps.
pub const FUNCTIONS: [&str; 4] = ["Orders", "Stock", "Payments", "Shipping"];

/// An order of two of one kind. Each test has a kind of its own, so that its shelf is its own.
pub fn order(id: &str, sku: &str, card: &str) -> PlaceOrder {
    PlaceOrder {
        order_id: id.to_owned(),
        lines: vec![Line {
            sku: sku.to_owned(),
            quantity: 2,
        }],
        card: card.to_owned(),
        total: 990,
    }
}

/// Ten of a kind, on its shelf.
pub async fn stock(stage: &Stage, sku: &str) {
    stage
        .put("Stock", "shelves", ["sku", sku], ("on_hand", 10))
        .await;
}

/// What is on the shelf of that kind.
pub async fn on_hand(stage: &Stage, sku: &str) -> u64 {
    let shelves = stage.table("Stock", "shelves").await;
    let shelf = shelves.iter().find(|shelf| text(shelf, "sku") == sku);
    shelf.unwrap()["on_hand"].as_u64().unwrap()
}

/// Where an order stands, in a few lines: what the four services and their two partners hold, and what the barrier says.
pub async fn ends(stage: &Stage, id: &str, sku: &str) -> String {
    let on_hand = on_hand(stage, sku).await;
    let orders = stage.mentions("Orders", "orders", id).await;
    let charges = stage.mentions("Payments", "bank", id).await;
    let parcels = stage.mentions("Shipping", "carrier", id).await;
    let mut lines = format!(
        "{on_hand} on hand, {} orders, {} charges, {} parcels\n",
        orders.len(),
        charges.len(),
        parcels.len()
    );
    for function in FUNCTIONS {
        for record in records(stage, function, id).await {
            let (_, step) = text(&record, "pk").split_once('|').unwrap_or_default();
            lines.push_str(&format!("{step} {}\n", text(&record, "st")));
        }
    }
    lines
}

/// The barrier's records of an order at a function.
pub async fn records(stage: &Stage, function: &str, id: &str) -> Vec<Value> {
    stage
        .mentions(function, "saga_barrier", &format!(":{id}#"))
        .await
}

/// A text attribute.
pub fn text<'a>(item: &'a Value, name: &str) -> &'a str {
    item[name].as_str().unwrap_or_default()
}

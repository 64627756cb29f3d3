//! Messages about the module: its types, its events and its participants, each by itself.

use expect_test::expect;

use crate::choreography::support::{ORDER, check, check_with, order};

#[test]
fn the_module_of_the_tests_is_right() {
    check(
        ORDER,
        expect![[r#"
        ok
    "#]],
    );
}

#[test]
fn a_module_and_its_body() {
    check(
        "pub struct Order;",
        expect![[r#"
        1:1 ``: `#[choreography]` stands on a module: `pub mod order_events { … }`
    "#]],
    );
    check(
        "pub mod order_events;",
        expect![[r#"
        1:21 `;`: `#[choreography]` must see the module's body; write it here, in braces
    "#]],
    );
    check(
        &ORDER.replace("    use saga_runtime::prelude::*;\n", ""),
        expect![[r#"
            3:9 `order_events`: module `order_events` does not see the names around it; write `use saga_runtime::prelude::*;` as its first line
        "#]],
    );
    check_with(
        "crate = ",
        ORDER,
        expect![[r#"
        1:1 `crate`: write the path of `saga_runtime`: `crate = path::to::it`
    "#]],
    );
    check_with(
        "on_stuck = park",
        ORDER,
        expect![[r#"
        1:1 `on_stuck`: unknown `#[choreography]` option `on_stuck`; the options are `crate`
    "#]],
    );
    check_with(
        "crate = ::other",
        ORDER,
        expect![[r#"
        ok
    "#]],
    );
}

#[test]
fn what_belongs_to_a_saga() {
    check(
        &order(
            "    pub trait Orders {",
            "    pub trait Mail { #[step(retriable)] async fn send(&self, cx: &Context) -> Result<(), Retry>; }
    pub async fn buy(mail: &impl Mail) -> Result<(), Rejection> { Ok(mail.send().await?) }
    pub trait Orders {",
        ),
        expect![[r#"
            33:15 `Mail`: the participant `Mail` has steps, which a flow calls; write `#[on(Event, ..)]` at what reacts to events, or move it to a module with `#[saga]`
            34:18 `buy`: `buy` is a flow, and a choreography has none: its participants react to events; move it to a module with `#[saga]`
        "#]],
    );
}

#[test]
fn an_event() {
    check(
        &order(
            "#[event] #[derive(Clone, Debug, Serialize, Deserialize)]\n    pub struct OrderPlaced",
            "#[event] #[event] #[derive(Clone, Debug, Serialize, Deserialize)]\n    pub struct OrderPlaced",
        ),
        expect![[r#"
            10:16 `event`: `#[event]` stands twice on `OrderPlaced`; write all options in one
        "#]],
    );
    check(
        &order("pub struct OrderPlaced {", "pub struct OrderPlaced<T> {"),
        expect![[r#"
            11:28 `T`: an event is one type, which its name on the wire tells; remove the parameters
        "#]],
    );
    check(
        &order(
            "#[event] #[derive(Clone, Debug, Serialize, Deserialize)]\n    pub struct OrderPlaced",
            "#[event] #[cfg(test)] #[derive(Clone, Debug, Serialize, Deserialize)]\n    pub struct OrderPlaced",
        ),
        expect![[r#"
            10:16 `cfg`: the graph is checked as a whole, so it is the same in every configuration; remove `cfg`
        "#]],
    );
    check(
        &ORDER.replace("OrderPlaced", "OrderPlacé"),
        expect![[r#"
        11:16 `OrderPlacé`: the name of the event `OrderPlacé` becomes one of topics, queues and filters; write it in ASCII
    "#]],
    );
    check(
        &order(
            "#[event(terminal)] #[derive(Clone, Debug, Serialize, Deserialize)]\n    pub struct OrderCompleted",
            "#[event(terminal, final, failure = true, terminal)] #[derive(Clone, Debug, Serialize, Deserialize)]\n    pub struct OrderCompleted",
        ),
        expect![[r#"
            18:23 `final`: unknown `#[event]` option `final`; the options are `terminal` and `failure`
            18:38 `=`: `failure` takes no value; write `failure` alone
            18:46 `terminal`: `terminal` stands twice in `#[event]`; remove one
        "#]],
    );
}

#[test]
fn what_crosses_is_public_and_json() {
    check(
        &order(
            "#[event] #[derive(Clone, Debug, Serialize, Deserialize)]\n    pub struct OrderPlaced",
            "#[event] #[derive(Clone, Debug, Serialize)]\n    struct OrderPlaced",
        ),
        expect![[r#"
            11:12 `OrderPlaced`: `OrderPlaced` is private, but the crates that share the choreography must see it; write `pub` before it
            11:12 `OrderPlaced`: `OrderPlaced` goes from one service to another as JSON; write `#[derive(Serialize, Deserialize)]`
        "#]],
    );
    check(
        &order(
            "#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]\n    pub struct PlaceOrder",
            "#[derive(Clone, Debug, PartialEq)]\n    struct PlaceOrder",
        ),
        expect![[r#"
            6:12 `PlaceOrder`: `PlaceOrder` is private, but the crates that share the choreography must see it; write `pub` before it
            6:12 `PlaceOrder`: `PlaceOrder` goes from one service to another as JSON; write `#[derive(Serialize, Deserialize)]`
        "#]],
    );
    check(
        &order("pub enum OrderError", "enum OrderError"),
        expect![[r#"
            31:45 `OrderError`: `OrderError` is private, but the crates that share the choreography must see it; write `pub` before it
        "#]],
    );
    check(
        &order("pub trait Stock", "trait Stock"),
        expect![[r#"
        41:11 `Stock`: participant `Stock` is private, but the crate that implements it must see it; write `pub trait Stock`
    "#]],
    );
}

#[test]
fn names_of_participants() {
    check(
        &order(
            "    pub trait Shipping {",
            "    pub trait stock {
        #[on(CardCharged, observer)]
        async fn note(&self, tx: &mut Tx) -> Result<(), Retry>;
    }
    pub trait Größe {
        #[on(CardCharged, observer)]
        async fn note(&self, tx: &mut Tx) -> Result<(), Retry>;
    }
    pub trait Shipping {",
        ),
        expect![[r#"
            52:15 `stock`: participants `Stock` and `stock` are both `stock` in the names of topics; rename one
            56:15 `Größe`: the name of the participant `Größe` becomes one of topics, queues and filters; write it in ASCII
        "#]],
    );
}

#[test]
fn an_error_type() {
    check(
        &ORDER.replace("OrderError", "Saga"),
        expect![[r#"
        31:49 `Saga`: errors named `Saga` are not a participant's to report, they are Lambda's or the runtime's; call the type something else
    "#]],
    );
    check(
        &order(
            "#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]\n    pub struct Line",
            "#[derive(Debug)] pub enum Unused { #[transient] Busy }\n    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]\n    pub struct Line",
        ),
        expect![[r#"
            7:53 `Busy`: no method fails with `Unused`, so `#[transient]` has nothing tried again; remove it, or write `Result<_, Unused>` at a method
        "#]],
    );
    check(
        &order(
            "#[transient] #[error(\"the warehouse",
            "#[transient(3)] #[transient] #[error(\"the warehouse",
        ),
        expect![[r#"
            27:11 `transient`: `#[transient]` takes no options; the queue says how often a message comes again
            27:27 `transient`: `#[transient]` stands twice; remove one
        "#]],
    );
}

#[test]
fn every_event_is_one_and_means_one_thing() {
    check(
        &order(
            "#[on(OrderPlaced, compensate",
            "#[on(OrderPlacd, compensate",
        ),
        expect![[r#"
            43:14 `OrderPlacd`: this module has no event `OrderPlacd`; did you mean `OrderPlaced`?
        "#]],
    );
    check(
        &order("#[on(OrderPlaced, compensate", "#[on(Whatever, compensate"),
        expect![[r#"
            43:14 `Whatever`: this module has no event `Whatever`; write `#[event] pub struct Whatever { .. }` here
        "#]],
    );
    check(
        &order(
            "-> Result<CardCharged, CardDeclined>",
            "-> Result<(CardCharged, Line), CardDeclined>",
        ),
        expect![[r#"
            50:95 `Line`: `Line` is no event; write `#[event]` on it
        "#]],
    );
    check(
        &order(
            "-> Result<CardCharged, CardDeclined>",
            "-> Result<(CardCharged, Option<CardCharged>), CardDeclined>",
        ),
        expect![[r#"
            50:102 `CardCharged`: `CardCharged` is published twice here, and who reacts to it would take the second for a mistake; keep one
        "#]],
    );
    check(
        &order(
            "#[on(CardCharged, retriable)]",
            "#[on(CardCharged, retriable, publishes(ParcelSent))]",
        ),
        expect![[r#"
            53:48 `ParcelSent`: `ParcelSent` is published twice here, and who reacts to it would take the second for a mistake; keep one
        "#]],
    );
    check(
        &order(
            "-> Result<ParcelSent, Retry>",
            "-> Result<(ParcelSent, CardDeclined), Retry>",
        ),
        expect![[r#"
            54:89 `CardDeclined`: `CardDeclined` means success in `shipping.ship` and failure in `payments.charge`, where it stands in `Err`; write an event each
        "#]],
    );
}

#[test]
fn constants_of_one_name() {
    check(
        &order(
            "    pub trait Orders {",
            "    pub trait Order { #[command(observer)] async fn events(&self, tx: &mut Tx, cmd: u8) -> Result<(), Retry>; }
    pub trait Orders {",
        ),
        expect![[r#"
            33:53 `events`: the constants of `order_events` and `order.events` are both called `ORDER_EVENTS`; rename one
        "#]],
    );
    check(
        &order(
            "    pub trait Orders {",
            "    pub trait OrdersPlace { #[command(observer)] async fn it(&self, tx: &mut Tx, cmd: u8) -> Result<(), Retry>; }
    pub trait Orders { #[command(observer)] async fn place_it(&self, tx: &mut Tx, cmd: u8) -> Result<(), Retry>;",
        ),
        expect![[r#"
            34:54 `place_it`: the constants of `orders_place.it` and `orders.place_it` are both called `ORDERS_PLACE_IT`; rename one
        "#]],
    );
}

#[test]
fn a_rejection_that_is_always_tried_again() {
    check(
        &order("#[error(\"{sku} is", "#[transient] #[error(\"{sku} is"),
        expect![[r#"
            26:56 `OutOfStock`: all variants of `StockRefused` are `#[transient]`, so it is tried again and never published; remove `#[transient]` from what is final
        "#]],
    );
}

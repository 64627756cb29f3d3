//! The fault matrix of each example: its world, and the inputs that lead down all of its branches.

use saga_local::{EventMatrix, FaultMatrix, MatrixReport, World};

use crate::{book_trip, fulfil_order, onboard_customer, order_events, place_order};

/// The sagas that have a matrix here, by name.
pub const SAGAS: [&str; 5] = [
    "place_order",
    "book_trip",
    "fulfil_order",
    "onboard_customer",
    "order_events",
];

/// The report on one of [`SAGAS`]; `None` for another name.
pub async fn run(saga: &str) -> Option<MatrixReport> {
    match saga {
        "place_order" => Some(place_order().await),
        "book_trip" => Some(book_trip().await),
        "fulfil_order" => Some(fulfil_order().await),
        "onboard_customer" => Some(onboard_customer().await),
        "order_events" => Some(order_events().await),
        _ => None,
    }
}

async fn place_order() -> MatrixReport {
    let world = || async {
        let shop = place_order::Shop::open()
            .await
            .expect("a store in memory takes tea");
        World::new(shop.handlers()).watch_store("partners", shop.partners)
    };
    FaultMatrix::new(place_order::place_order::PLACE_ORDER, world)
        .input("an order", &place_order::order("order-1", "visa"))
        .input(
            "an order by an expired card",
            &place_order::order("order-1", "expired"),
        )
        .run()
        .await
}

async fn book_trip() -> MatrixReport {
    let world = || async {
        let agency = book_trip::Agency::open()
            .await
            .expect("a store in memory takes offers");
        World::new(agency.handlers())
    };
    FaultMatrix::new(book_trip::book_trip::BOOK_TRIP, world)
        .input("a trip", &book_trip::trip("trip-1"))
        .run()
        .await
}

async fn fulfil_order() -> MatrixReport {
    use fulfil_order::fulfil_order::FulfilOrder;

    let world = || async {
        let shop = fulfil_order::Shop::open()
            .await
            .expect("a store in memory takes goods");
        World::new(shop.handlers()).watch_store("partners", shop.partners)
    };
    let of_bob = fulfil_order::order("order-1", "bob", 1);
    let of_ada = FulfilOrder {
        gift: false,
        lines: of_bob.lines[..1].to_vec(),
        ..fulfil_order::order("order-1", "ada", 1)
    };
    let of_nothing = FulfilOrder {
        lines: Vec::new(),
        ..of_ada.clone()
    };
    let of_mallory = fulfil_order::order("order-1", "mallory", 1);
    FaultMatrix::new(fulfil_order::fulfil_order::FULFIL_ORDER, world)
        .input("a present of three lines, by somebody to look at", &of_bob)
        .input("one line", &of_ada)
        .input("no line", &of_nothing)
        .input("three lines, by a known fraud", &of_mallory)
        .run()
        .await
}

async fn onboard_customer() -> MatrixReport {
    use onboard_customer::onboard_customer::{CLOSE_ACCOUNT, ONBOARD_CUSTOMER, OPEN_ACCOUNT};

    let world = || async {
        let bank = onboard_customer::Bank::default();
        World::new(bank.handlers()).watch_store("partners", bank.partners)
    };
    FaultMatrix::new(ONBOARD_CUSTOMER, world)
        .with_flow(OPEN_ACCOUNT)
        .with_flow(CLOSE_ACCOUNT)
        .input(
            "somebody with an income",
            &onboard_customer::application("ada"),
        )
        .input("a first job", &onboard_customer::first_job("bob"))
        .run()
        .await
}

async fn order_events() -> MatrixReport {
    use order_events::order_events::{ORDER_EVENTS, ORDERS_PLACE};

    let world = || async {
        let shop = order_events::Shop::open()
            .await
            .expect("a store in memory takes tea");
        World::from(shop.consumers().to_vec())
    };
    let mut too_much = order_events::order("order-1", "visa");
    too_much.lines[0].quantity = 11;
    EventMatrix::new(ORDER_EVENTS, world)
        .send(
            "an order",
            &ORDERS_PLACE,
            &order_events::order("order-1", "visa"),
        )
        .send(
            "an order by an expired card",
            &ORDERS_PLACE,
            &order_events::order("order-1", "expired"),
        )
        .send("an order of too much", &ORDERS_PLACE, &too_much)
        .run()
        .await
}

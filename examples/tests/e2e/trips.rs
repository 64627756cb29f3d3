//! Round trips, counted at the wire: what each move of the barrier costs on DynamoDB, its business writes and what it publishes
//! included.

use std::time::Duration;

use examples::fulfil_order::{PaymentService, fulfil_order};
use examples::order_events::{self, order_events as events};
use examples::partner::Ledger;
use examples::place_order::{StockService, place_order};
use expect_test::expect;
use saga_runtime::{Clock, Failure, Handler, Invocation, MemoryStore};
use serde_json::{Value, json};

use crate::alone;
use crate::database::{Database, action, compensation, deliver};
use crate::emulator::Emulator;

/// Makes one delivery, and adds what it asked of the database and how it was answered to the table.
async fn count(
    table: &mut String, database: &Database, handler: &Handler, what: &str, payload: Value,
) {
    database.proxy.take_requests();
    let answer = deliver(handler, &payload, Duration::ZERO, Duration::from_secs(10)).await;
    note(table, database, what, &answer.expect("no answer"));
}

/// Adds what was asked of the database, and the answer.
fn note<T>(table: &mut String, database: &Database, what: &str, answer: &Result<T, Failure>) {
    let requests = database.proxy.take_requests();
    let total: usize = requests.values().sum();
    let names: Vec<String> = requests
        .iter()
        .map(|(name, count)| match count {
            1 => name.clone(),
            _ => format!("{name} x {count}"),
        })
        .collect();
    let answer = match answer {
        Ok(_) => "done".to_owned(),
        Err(failure) => failure.error_type().to_owned(),
    };
    table.push_str(&format!(
        "{what:<20} {total}  {:<30} {answer}\n",
        names.join(", ")
    ));
}

#[tokio::test]
async fn round_trips() {
    let Some(emulator) = Emulator::from_env() else {
        return;
    };
    let _alone = alone().await;
    let tables = [("shelves", "sku")];
    let database = Database::create(emulator, "trips-", &tables, 0).await;
    database.stock("tea", 10).await;
    let stock = place_order::serve_stock(StockService, database.store.clone());
    // The bank is outside, and what it takes is not counted.
    let bank = Ledger::new("bank", MemoryStore::new());
    let payments = fulfil_order::serve_payments(PaymentService { bank }, database.store.clone());

    let reserve = |saga: &str, quantity: u32| {
        let lines = json!([{ "sku": "tea", "quantity": quantity }]);
        action(
            saga,
            "stock.reserve",
            &json!({ "order": "o", "lines": lines }),
        )
    };
    let authorise = |saga: &str, card: &str| {
        let input = json!({ "order_id": "o", "card": card, "total": 1 });
        action(saga, "payments.authorise", &input)
    };
    let release = |saga: &str| compensation(saga, "stock.reserve");
    let void = |saga: &str| compensation(saga, "payments.authorise");
    let moves = [
        ("T action", &stock, reserve("a", 2)),
        ("T duplicate", &stock, reserve("a", 2)),
        ("T rejection", &stock, reserve("b", 99)),
        ("T rejection again", &stock, reserve("b", 99)),
        ("T compensation", &stock, release("a")),
        ("T compensation again", &stock, release("a")),
        ("T null compensation", &stock, release("c")),
        ("T late action", &stock, reserve("c", 2)),
        ("X action", &payments, authorise("a", "visa")),
        ("X duplicate", &payments, authorise("a", "visa")),
        ("X rejection", &payments, authorise("b", "expired")),
        ("X rejection again", &payments, authorise("b", "expired")),
        ("X compensation", &payments, void("a")),
        ("X compensation again", &payments, void("a")),
        ("X null compensation", &payments, void("c")),
        ("X late action", &payments, authorise("c", "visa")),
    ];
    let mut table = String::new();
    for (what, handler, payload) in moves {
        count(&mut table, &database, handler, what, payload).await;
    }
    println!("round trips to DynamoDB:\n{table}");
    expect![[r#"
        T action             1  TransactWriteItems             done
        T duplicate          1  TransactWriteItems             done
        T rejection          2  PutItem, TransactWriteItems    StockError.OutOfStock
        T rejection again    1  TransactWriteItems             StockError.OutOfStock
        T compensation       2  GetItem, TransactWriteItems    done
        T compensation again 1  GetItem                        done
        T null compensation  2  GetItem, UpdateItem            done
        T late action        1  TransactWriteItems             Saga.Refused
        X action             2  UpdateItem x 2                 done
        X duplicate          1  UpdateItem                     done
        X rejection          2  UpdateItem x 2                 PaymentError.Declined
        X rejection again    1  UpdateItem                     PaymentError.Declined
        X compensation       2  UpdateItem x 2                 done
        X compensation again 1  UpdateItem                     done
        X null compensation  2  UpdateItem x 2                 done
        X late action        1  UpdateItem                     Saga.Refused
    "#]]
    .assert_eq(&table);
}

/// A command, and an event as it is on the wire.
fn placed(saga: &str, quantity: u32) -> (Value, Value) {
    let mut order = order_events::order(saga, "visa");
    order.lines[0].quantity = quantity;
    let command = events::ORDERS_PLACE.payload(saga, &order).unwrap();
    let event = json!({
        "specversion": "1.0", "id": format!("{saga}-0"), "source": "orders.place", "type": "OrderPlaced", "subject": saga,
        "data": { "order": order },
    });
    (command, event)
}

#[tokio::test]
async fn event_round_trips() {
    let Some(emulator) = Emulator::from_env() else {
        return;
    };
    let _alone = alone().await;
    let tables = [("shelves", "sku"), ("orders", "order_id")];
    let database = Database::create(emulator, "event-trips-", &tables, 0).await;
    database.stock("tea", 10).await;
    let orders = events::serve_orders(order_events::OrderService, database.store.clone());
    let stock = events::serve_stock(order_events::StockService, database.store.clone());
    let clock = Clock::system();
    let deadline = clock.now() + Duration::from_secs(10);
    let invocation = Invocation::new("trips", deadline, clock);

    let (command, event) = placed("a", 2);
    let (_, too_much) = placed("b", 99);
    let declined = |saga: &str| {
        json!({
            "specversion": "1.0", "id": format!("{saga}-1"), "source": "payments.charge", "type": "CardDeclined",
            "subject": saga, "data": { "order_id": saga },
        })
    };
    let mut table = String::new();
    for what in ["command", "command again"] {
        let answer = orders.command(&command, &invocation).await;
        note(&mut table, &database, what, &answer);
    }
    let messages = [
        ("event", event.clone()),
        ("event again", event),
        ("rejected event", too_much.clone()),
        ("rejected event again", too_much),
        ("compensation", declined("a")),
        ("compensation again", declined("a")),
        ("null compensation", declined("c")),
        ("late event", placed("c", 2).1),
    ];
    for (what, message) in messages {
        let answer = stock.receive(&message, &invocation).await;
        note(&mut table, &database, what, &answer);
    }
    println!("round trips of events to DynamoDB, with what they publish:\n{table}");
    expect![[r#"
        command              1  TransactWriteItems             done
        command again        1  TransactWriteItems             done
        event                1  TransactWriteItems             done
        event again          1  TransactWriteItems             done
        rejected event       2  PutItem, TransactWriteItems    done
        rejected event again 1  TransactWriteItems             done
        compensation         2  GetItem, TransactWriteItems    done
        compensation again   1  GetItem                        done
        null compensation    2  GetItem, UpdateItem            done
        late event           1  TransactWriteItems             done
    "#]]
    .assert_eq(&table);
}

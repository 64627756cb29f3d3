//! What is told of executions: their histories, how they stand, and lists of them.

use expect_test::expect;
use serde_json::{Value, json};

use super::amazon::Amazon;
use super::{CANCEL, check, one, order, stuck, stuck_twice, text};

#[test]
fn the_history_is_that_of_a_run() {
    let amazon = Amazon::with("place_order", &[]);
    amazon.break_(
        "stock.reserve",
        "StockError.Busy",
        r#"{ "message": "the warehouse is busy" }"#,
    );
    amazon.start("order-17", &order());
    text(
        &amazon,
        &one(&["history"]),
        expect![[r#"
            place_order order-17, started 2025-01-01T00:00:00Z

                 0 s  ✓  orders.create             done
                 0 s  ✗  stock.reserve             StockError.Busy: the warehouse is busy, again after 0.1 s
               0.1 s  ✗  stock.reserve             StockError.Busy: the warehouse is busy, again after 0.6 s
               0.7 s  ✗  stock.reserve             StockError.Busy: the warehouse is busy, again after 2.8 s
               3.5 s  ✗  stock.reserve             StockError.Busy: the warehouse is busy, again after 6.4 s
                10 s  ✗  stock.reserve             StockError.Busy: the warehouse is busy
                10 s  ↩  compensate stock.reserve  undone
                10 s  ↩  compensate orders.create  undone

            compensated after 10 s: StockError.Busy: the warehouse is busy
            exit 0
        "#]],
    );
    let raw = amazon.run(&one(&["history", "--raw"]));
    let events: Vec<Value> = serde_json::from_str(raw.trim_end_matches("exit 0\n")).unwrap();
    assert!(events.iter().zip(1..).all(|(event, id)| event["id"] == id));
    assert_eq!(events.last().unwrap()["type"], "ExecutionFailed");
    let json = amazon.run(&one(&["history"]));
    let json: Value = serde_json::from_str(json.trim_end_matches("exit 0\n")).unwrap();
    assert_eq!(json["end"], "compensated");
    assert_eq!(json["timeline"][1]["message"], "the warehouse is busy");
}

#[test]
fn a_loop_tells_its_items() {
    let amazon = stuck_twice();
    text(
        &amazon,
        &["history", "order-17"],
        expect![[r#"
            fulfil_order order-17, started 2025-01-01T00:00:00Z

                   0 s  ⋮  for line in cmd.lines             2 items
                   0 s  ✓  warehouse.reserve[0]              done
                   0 s  ✓  warehouse.reserve[1]              done
                   0 s  ✓  fraud.check                       done
                   0 s  ⋮  compensate for line in cmd.lines  2 items
                   0 s  ✗  compensate warehouse.reserve[0]   WarehouseError.Closed: come back later, again after 0.7 s
                   0 s  ✗  compensate warehouse.reserve[1]   WarehouseError.Closed: come back later, again after 0.2 s
                 0.2 s  ✗  compensate warehouse.reserve[1]   WarehouseError.Closed: come back later, again after 0.7 s
                 0.7 s  ✗  compensate warehouse.reserve[0]   WarehouseError.Closed: come back later, again after 0.2 s
                 0.9 s  ✗  compensate warehouse.reserve[0]   WarehouseError.Closed: come back later, again after 1.5 s
                   1 s  ✗  compensate warehouse.reserve[1]   WarehouseError.Closed: come back later, again after 0.7 s
                 1.7 s  ✗  compensate warehouse.reserve[1]   WarehouseError.Closed: come back later, again after 2.5 s
                 2.5 s  ✗  compensate warehouse.reserve[0]   WarehouseError.Closed: come back later, again after 0.6 s
                 3.2 s  ✗  compensate warehouse.reserve[0]   WarehouseError.Closed: come back later, again after 9.5 s
                 4.3 s  ✗  compensate warehouse.reserve[1]   WarehouseError.Closed: come back later, again after 13.4 s
                12.8 s  ✗  compensate warehouse.reserve[0]   WarehouseError.Closed: come back later, again after 22.5 s
                17.7 s  ✗  compensate warehouse.reserve[1]   WarehouseError.Closed: come back later, again after 4.1 s
                21.9 s  ✗  compensate warehouse.reserve[1]   WarehouseError.Closed: come back later, again after 8.8 s
                30.7 s  ✗  compensate warehouse.reserve[1]   WarehouseError.Closed: come back later, again after 46.1 s
                35.4 s  ✗  compensate warehouse.reserve[0]   WarehouseError.Closed: come back later, again after 9.2 s
                44.7 s  ✗  compensate warehouse.reserve[0]   WarehouseError.Closed: come back later, again after 39.3 s
            1 min 16 s  ✗  compensate warehouse.reserve[1]   WarehouseError.Closed: come back later, again after 55.1 s
            1 min 24 s  ✗  compensate warehouse.reserve[0]   WarehouseError.Closed: come back later, again after 45.4 s
             2 min 9 s  ✗  compensate warehouse.reserve[0]   WarehouseError.Closed: come back later, again after 5.1 s
            2 min 12 s  ✗  compensate warehouse.reserve[1]   WarehouseError.Closed: come back later, again after 1 min 45 s
            2 min 14 s  ✗  compensate warehouse.reserve[0]   WarehouseError.Closed: come back later, again after 4 min 46 s
            3 min 57 s  ✗  compensate warehouse.reserve[1]   WarehouseError.Closed: come back later, again after 1 min 2 s
                 5 min  ✗  compensate warehouse.reserve[1]   WarehouseError.Closed: come back later, again after 1 min 13 s
            6 min 13 s  ✗  compensate warehouse.reserve[1]   WarehouseError.Closed: come back later
            6 min 13 s  …  park for line in cmd.lines[1]     waits for an operator
             7 min 1 s  ✗  compensate warehouse.reserve[0]   WarehouseError.Closed: come back later, again after 2 min
             9 min 2 s  ✗  compensate warehouse.reserve[0]   WarehouseError.Closed: come back later
             9 min 2 s  …  park for line in cmd.lines[0]     waits for an operator

            parked after 6 min 13 s: a compensation is stuck, and the saga waits for an operator
            exit 0
        "#]],
    );
}

#[test]
fn a_status_says_what_is_done_and_undone() {
    let amazon = stuck();
    text(
        &amazon,
        &one(&["status"]),
        expect![[r#"
            place_order order-17: parked after 9 min 12 s: a compensation is stuck, and the saga waits for an operator

              done      orders.create, stock.reserve
              failed    payments.charge: PaymentError.Declined: no money
              undone    stock.reserve
              stuck     the compensation of orders.create, parked 2025-01-01T00:09:12Z (AGO): Saga.Unknown: it panicked
              started   2025-01-01T00:00:00Z (AGO)
              execution arn:aws:states:us-east-1:123456789012:execution:place_order:order-17

            when what fails is mended: cargo saga resume arn:aws:states:us-east-1:123456789012:execution:place_order:order-17 --endpoint-url URL
            exit 0
        "#]],
    );
    check(
        &amazon,
        &one(&["status"]),
        expect![[r#"
            {
              "execution": "arn:aws:states:us-east-1:123456789012:execution:place_order:order-17",
              "machine": "place_order",
              "key": "order-17",
              "status": "parked",
              "started": "2025-01-01T00:00:00Z",
              "ended": null,
              "output": null,
              "error": null,
              "message": null,
              "redrives": 0,
              "done": [
                "orders.create",
                "stock.reserve"
              ],
              "undone": [
                "stock.reserve"
              ],
              "left_at": [],
              "failed": [
                {
                  "state": "payments.charge",
                  "attempts": 1,
                  "error": "PaymentError.Declined",
                  "message": "no money"
                }
              ],
              "skipped": [],
              "now": [],
              "parked": [
                {
                  "step": "orders.create",
                  "item": [],
                  "error": "Saga.Unknown",
                  "message": "it panicked",
                  "since": "2025-01-01T00:09:12Z",
                  "times": 1,
                  "token": "place_order/order-17/1"
                }
              ]
            }
            exit 0
        "#]],
    );
    text(
        &stuck_twice(),
        &["status", "order-17"],
        expect![[r#"
            fulfil_order order-17: parked after 6 min 13 s: a compensation is stuck, and the saga waits for an operator

              done      warehouse.reserve (2 items), fraud.check
              stuck     the compensation of warehouse.reserve[1], parked 2025-01-01T00:06:13Z (AGO): WarehouseError.Closed: come back later
              stuck     the compensation of warehouse.reserve[0], parked 2025-01-01T00:09:02Z (AGO): WarehouseError.Closed: come back later
              started   2025-01-01T00:00:00Z (AGO)
              execution arn:aws:states:us-east-1:123456789012:execution:fulfil_order:order-17

            when what fails is mended: cargo saga resume arn:aws:states:us-east-1:123456789012:execution:fulfil_order:order-17 --endpoint-url URL --all
            exit 0
        "#]],
    );
}

#[test]
fn a_status_names_the_attempt_that_comes_next() {
    let amazon = Amazon::with("place_order", &[]);
    amazon.break_("shipping.ship", "Lambda.Unknown", "");
    amazon.start("order-17", &order());
    // As it was before the last of the retriable step's attempts that fit into a history.
    amazon.edit("DescribeExecution", |answer| {
        answer["status"] = "RUNNING".into();
        answer["stopDate"] = Value::Null;
    });
    amazon.edit("GetExecutionHistory", |answer| {
        let events = answer["events"].as_array_mut().unwrap();
        events.retain(|event| event["id"].as_u64().unwrap() <= 26);
        if events.len() < 7 {
            answer["nextToken"] = Value::Null;
        }
    });
    text(
        &amazon,
        &one(&["status"]),
        expect![[r#"
            place_order order-17: running

              done      orders.create, stock.reserve, payments.charge
              now       shipping.ship, 3 attempts: Lambda.Unknown; it is tried again
              started   2025-01-01T00:00:00Z (AGO)
              execution arn:aws:states:us-east-1:123456789012:execution:place_order:order-17
            exit 0
        "#]],
    );
}

#[test]
fn all_executions_of_a_saga_are_told_newest_first() {
    let amazon = stuck();
    amazon.run(&["status", "order-17"]);
    amazon.mend("payments.charge");
    amazon.start("order-18", &order());
    amazon.run(&["status", "order-18"]);
    amazon.break_("stock.reserve", "StockError.OutOfStock", "none left");
    amazon.mend(CANCEL);
    amazon.start("order-19", &order());
    text(
        &amazon,
        &["status", "place_order"],
        expect![[r#"
            place_order

            KEY       STARTED               STATUS
            order-19  2025-01-01T00:09:12Z  compensated  StockError.OutOfStock
            order-18  2025-01-01T00:09:12Z  committed
            order-17  2025-01-01T00:00:00Z  parked       orders.create

            the newest 3: 1 committed, 1 compensated, 1 parked
            exit 0
        "#]],
    );
    check(
        &amazon,
        &["status", "place_order", "--max", "1"],
        expect![[r#"
            {
              "machine": "place_order",
              "executions": [
                {
                  "execution": "arn:aws:states:us-east-1:123456789012:execution:place_order:order-19",
                  "key": "order-19",
                  "status": "compensated",
                  "started": "2025-01-01T00:09:12Z",
                  "ended": "2025-01-01T00:09:12Z",
                  "detail": "StockError.OutOfStock"
                }
              ],
              "more": true
            }
            exit 0
        "#]],
    );
}

/// A history as it is after a redrive, with a nested execution, a branch that was given up and events that nobody knows.
#[test]
fn a_history_may_have_events_of_any_type() {
    let amazon = stuck();
    amazon.edit("DescribeExecution", |answer| {
        answer["redriveCount"] = 1.into();
    });
    amazon.edit("GetExecutionHistory", |answer| {
        answer["nextToken"] = Value::Null;
        answer["events"] = strange_events();
    });
    text(
        &amazon,
        &one(&["history"]),
        expect![[r#"
            place_order order-17, started 2025-01-01T00:00:00Z

                 3 s  ✓  accounts.open  done  arn:aws:states:us-east-1:123456789012:execution:open_account:a-1
                13 s  ⊘  mail.send      given up
                15 s  ✗  stock.reserve  Lambda.Unknown: no answer, again after 5 s
                20 s  ↻  redrive        tried again from where it failed
                21 s  ✗  stock.reserve  States.Timeout

            running
            exit 0
        "#]],
    );
    text(
        &amazon,
        &one(&["status"]),
        expect![[r#"
            place_order order-17: running

              done      accounts.open
              now       stock.reserve, 2 attempts: States.Timeout; it is tried again
              started   2025-01-01T00:00:00Z (AGO)
              redriven  1 ×
              execution arn:aws:states:us-east-1:123456789012:execution:place_order:order-17
            exit 0
        "#]],
    );
}

fn strange_events() -> Value {
    let event = |id: u64, previous: u64, kind: &str, details: &Value| {
        json!({ "id": id, "previousEventId": previous, "timestamp": 1_735_689_600.0 + f64::from(u32::try_from(id).unwrap()),
            "type": kind, "someEventDetails": details })
    };
    let invoke = json!({ "resourceType": "lambda", "resource": "invoke", "parameters": "{\"Payload\": {}}" });
    let start = json!({ "resourceType": "states", "resource": "startExecution.sync:2", "parameters": "{ cut off" });
    let child = json!({ "output": "{\"ExecutionArn\": \"arn:aws:states:us-east-1:123456789012:execution:open_account:a-1\"}" });
    let failed = json!({ "error": "Lambda.Unknown", "cause": "{\"errorMessage\": \"{\\\"message\\\": \\\"no answer\\\"}\"}" });
    json!([
        event(1, 0, "ExecutionStarted", &json!({ "input": "{}" })),
        event(
            2,
            0,
            "TaskStateEntered",
            &json!({ "name": "accounts.open" })
        ),
        event(3, 2, "TaskScheduled", &start),
        event(4, 3, "TaskStarted", &json!({})),
        event(5, 4, "TaskSubmitted", &child),
        event(6, 5, "TaskSucceeded", &json!({ "output": "{}" })),
        event(7, 6, "TaskStateExited", &json!({ "name": "accounts.open" })),
        event(8, 7, "QuantumStateEntered", &json!({ "name": "cat" })),
        event(9, 8, "QuantumCollapsed", &Value::Null),
        event(10, 9, "ParallelStateEntered", &json!({ "name": "join" })),
        event(11, 10, "ParallelStateStarted", &json!({})),
        event(12, 11, "TaskStateEntered", &json!({ "name": "mail.send" })),
        event(13, 12, "TaskScheduled", &invoke),
        event(
            14,
            11,
            "TaskStateEntered",
            &json!({ "name": "stock.reserve" })
        ),
        event(15, 14, "TaskScheduled", &invoke),
        event(16, 15, "TaskFailed", &failed),
        event(17, 13, "TaskStateAborted", &json!({})),
        event(18, 16, "ParallelStateFailed", &json!({})),
        event(19, 18, "ExecutionFailed", &failed),
        event(20, 19, "ExecutionRedriven", &json!({ "redriveCount": 1 })),
        event(21, 16, "TaskScheduled", &invoke),
        event(
            22,
            21,
            "TaskTimedOut",
            &json!({ "error": "States.Timeout" })
        ),
        event(23, 99, "TaskSucceeded", &json!({})),
    ])
}

//! What is parked is listed and resumed, whichever token is its own by now.

use expect_test::expect;
use serde_json::{Value, json};
use std::time::Duration;

use super::amazon::Amazon;
use super::{CANCEL, RELEASE, check, one, stuck, stuck_twice, text, token};

const DAY: Duration = Duration::from_hours(24);

#[test]
fn what_is_parked_is_listed_with_the_command_that_resumes_it() {
    text(
        &stuck(),
        &["list-parked"],
        expect![[r#"
            place_order order-17
              the compensation of orders.create, parked 2025-01-01T00:09:12Z (AGO): Saga.Unknown: it panicked
              cargo saga resume arn:aws:states:us-east-1:123456789012:execution:place_order:order-17 --endpoint-url URL

            looked at 1 running execution of 1 state machine: 1 compensation parked in 1 execution
            exit 0
        "#]],
    );
    let amazon = stuck_twice();
    text(
        &amazon,
        &["list-parked", "fulfil_order"],
        expect![[r#"
            fulfil_order order-17
              the compensation of warehouse.reserve[1], parked 2025-01-01T00:06:13Z (AGO): WarehouseError.Closed: come back later
              cargo saga resume arn:aws:states:us-east-1:123456789012:execution:fulfil_order:order-17 --endpoint-url URL --step 'warehouse.reserve' --item 1

            fulfil_order order-17
              the compensation of warehouse.reserve[0], parked 2025-01-01T00:09:02Z (AGO): WarehouseError.Closed: come back later
              cargo saga resume arn:aws:states:us-east-1:123456789012:execution:fulfil_order:order-17 --endpoint-url URL --step 'warehouse.reserve' --item 0

            looked at 1 running execution of 1 state machine: 2 compensations parked in 1 execution
            exit 0
        "#]],
    );
    text(
        &amazon,
        &["list-parked", "place_order"],
        expect![[r#"
        error: there is no state machine `place_order` or `…-place_order` in us-east-1; look at `--region` and `--profile`, or name it with `--machine ARN`; did you mean `fulfil_order`?
               there are `fulfil_order`
        exit 2
    "#]],
    );
    text(
        &Amazon::with("place_order", &[]),
        &["list-parked"],
        expect![[r#"
            looked at 0 running executions of 1 state machine: nothing is parked
            exit 0
        "#]],
    );
}

#[test]
fn what_is_parked_is_resumed() {
    let amazon = stuck();
    text(
        &amazon,
        &one(&["resume"]),
        expect![[r#"
            the compensation of `orders.create` is tried again
            `cargo saga status arn:aws:states:us-east-1:123456789012:execution:place_order:order-17 --endpoint-url URL` says how it goes
            exit 0
        "#]],
    );
    // Nothing was mended.
    text(
        &amazon,
        &["list-parked"],
        expect![[r#"
            place_order order-17
              the compensation of orders.create, parked 2 times, last 2025-01-01T00:18:57Z (AGO): Saga.Unknown: it panicked
              cargo saga resume arn:aws:states:us-east-1:123456789012:execution:place_order:order-17 --endpoint-url URL

            looked at 1 running execution of 1 state machine: 1 compensation parked in 1 execution
            exit 0
        "#]],
    );
    amazon.mend(CANCEL);
    check(
        &amazon,
        &one(&["resume"]),
        expect![[r#"
            {
              "execution": "arn:aws:states:us-east-1:123456789012:execution:place_order:order-17",
              "compensations": [
                {
                  "step": "orders.create",
                  "item": [],
                  "resumed": true
                }
              ]
            }
            exit 0
        "#]],
    );
    text(
        &amazon,
        &one(&["history"]),
        expect![[r#"
            place_order order-17, started 2025-01-01T00:00:00Z

                    0 s  ✓  orders.create             done
                    0 s  ✓  stock.reserve             done
                    0 s  ✗  payments.charge           PaymentError.Declined: no money
                    0 s  ↩  compensate stock.reserve  undone
                    0 s  ✗  compensate orders.create  Saga.Unknown: it panicked, again after 0.8 s
                  0.8 s  ✗  compensate orders.create  Saga.Unknown: it panicked, again after 1.4 s
                  2.2 s  ✗  compensate orders.create  Saga.Unknown: it panicked, again after 2 s
                  4.3 s  ✗  compensate orders.create  Saga.Unknown: it panicked, again after 6.3 s
                 10.7 s  ✗  compensate orders.create  Saga.Unknown: it panicked, again after 12.6 s
                 23.3 s  ✗  compensate orders.create  Saga.Unknown: it panicked, again after 12.8 s
                 36.2 s  ✗  compensate orders.create  Saga.Unknown: it panicked, again after 52.1 s
             1 min 28 s  ✗  compensate orders.create  Saga.Unknown: it panicked, again after 1 min 39 s
              3 min 7 s  ✗  compensate orders.create  Saga.Unknown: it panicked, again after 1 min 39 s
             4 min 46 s  ✗  compensate orders.create  Saga.Unknown: it panicked, again after 1 min 29 s
             6 min 16 s  ✗  compensate orders.create  Saga.Unknown: it panicked, again after 49.3 s
              7 min 6 s  ✗  compensate orders.create  Saga.Unknown: it panicked, again after 2 min 6 s
             9 min 12 s  ✗  compensate orders.create  Saga.Unknown: it panicked
             9 min 12 s  ✓  park                      resumed
             9 min 12 s  ✗  compensate orders.create  Saga.Unknown: it panicked, again after 0.1 s
             9 min 13 s  ✗  compensate orders.create  Saga.Unknown: it panicked, again after 1.3 s
             9 min 14 s  ✗  compensate orders.create  Saga.Unknown: it panicked, again after 2.6 s
             9 min 16 s  ✗  compensate orders.create  Saga.Unknown: it panicked, again after 5.6 s
             9 min 22 s  ✗  compensate orders.create  Saga.Unknown: it panicked, again after 0.9 s
             9 min 23 s  ✗  compensate orders.create  Saga.Unknown: it panicked, again after 6.2 s
             9 min 29 s  ✗  compensate orders.create  Saga.Unknown: it panicked, again after 51.7 s
            10 min 21 s  ✗  compensate orders.create  Saga.Unknown: it panicked, again after 46.1 s
             11 min 7 s  ✗  compensate orders.create  Saga.Unknown: it panicked, again after 1 min 21 s
            12 min 29 s  ✗  compensate orders.create  Saga.Unknown: it panicked, again after 1 min 16 s
            13 min 45 s  ✗  compensate orders.create  Saga.Unknown: it panicked, again after 4 min 7 s
            17 min 53 s  ✗  compensate orders.create  Saga.Unknown: it panicked, again after 1 min 4 s
            18 min 57 s  ✗  compensate orders.create  Saga.Unknown: it panicked
            18 min 57 s  ✓  park                      resumed
            18 min 57 s  ↩  compensate orders.create  undone

            compensated after 18 min 57 s: PaymentError.Declined: no money
            exit 0
        "#]],
    );
    text(
        &amazon,
        &one(&["resume"]),
        expect![[r#"
            error: place_order order-17 is not parked: it has ended, and everything is compensated
            exit 2
        "#]],
    );
    let sent = amazon.sent("SendTaskSuccess");
    assert!(sent.iter().all(|sent| sent["output"] == "{}"));
}

#[test]
fn of_several_one_is_chosen_or_all() {
    let amazon = stuck_twice();
    check(
        &amazon,
        &["resume", "order-17"],
        expect![[r#"
            error: 2 compensations of fulfil_order order-17 are parked: `warehouse.reserve[1]`, `warehouse.reserve[0]`; name one with `--step` and `--item`, or take `--all`
            exit 2
        "#]],
    );
    check(
        &amazon,
        &["resume", "order-17", "--step", "mail.send"],
        expect![[r#"
            error: no such compensation of fulfil_order order-17 is parked; there is `warehouse.reserve[1]`, `warehouse.reserve[0]`
            exit 2
        "#]],
    );
    amazon.mend("compensate warehouse.reserve");
    text(
        &amazon,
        &["resume", "order-17", "--item", "1"],
        expect![[r#"
            the compensation of `warehouse.reserve[1]` is tried again
            `cargo saga status arn:aws:states:us-east-1:123456789012:execution:fulfil_order:order-17 --endpoint-url URL` says how it goes
            exit 0
        "#]],
    );
    text(
        &amazon,
        &["resume", "order-17", "--all"],
        expect![[r#"
            the compensation of `warehouse.reserve[0]` is tried again
            `cargo saga status arn:aws:states:us-east-1:123456789012:execution:fulfil_order:order-17 --endpoint-url URL` says how it goes
            exit 0
        "#]],
    );
    text(
        &amazon,
        &["status", "order-17"],
        expect![[r#"
            fulfil_order order-17: compensated after 9 min 2 s: Order.Suspicious: the fraud check says no

              done      warehouse.reserve (2 items), fraud.check
              undone    warehouse.reserve (2 items)
              started   2025-01-01T00:00:00Z (AGO)
              ended     2025-01-01T00:09:02Z (AGO)
              execution arn:aws:states:us-east-1:123456789012:execution:fulfil_order:order-17
            exit 0
        "#]],
    );
}

#[test]
fn a_token_that_is_over_is_told_and_the_newer_one_is_used() {
    let amazon = stuck();
    let first = token(&amazon);
    amazon.advance(DAY + Duration::from_mins(10));
    assert_ne!(token(&amazon), first);
    check(
        &amazon,
        &["resume", "--token", &first],
        expect![[r#"
        error: this token is over: the compensation was resumed, or parked again under another token; `cargo saga list-parked --endpoint-url URL` says what is parked now
        exit 2
    "#]],
    );
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
    amazon.mend(CANCEL);
    let second = token(&amazon);
    text(
        &amazon,
        &["resume", "--token", &second],
        expect![[r#"
        resumed: the compensation is tried again
        exit 0
    "#]],
    );

    // It ends between the look and the answer.
    let amazon = stuck();
    let first = token(&amazon);
    let stale = first.clone();
    let was_told = std::cell::Cell::new(false);
    amazon.edit("GetExecutionHistory", move |answer| {
        let text = answer.to_string();
        if text.contains(&stale) && !was_told.replace(true) {
            *answer = serde_json::from_str(&text.replace(&stale, "an-older-token")).unwrap();
        }
    });
    text(
        &amazon,
        &one(&["resume"]),
        expect![[r#"
            the compensation of `orders.create` is tried again; its first token was over, so the newer one was used
            `cargo saga status arn:aws:states:us-east-1:123456789012:execution:place_order:order-17 --endpoint-url URL` says how it goes
            exit 0
        "#]],
    );
    assert_eq!(amazon.sent("SendTaskSuccess").len(), 2);
}

#[test]
fn a_history_without_execution_data_has_no_token() {
    let amazon = stuck();
    amazon.edit("GetExecutionHistory", |answer| {
        for event in answer["events"].as_array_mut().unwrap() {
            let event = event.as_object_mut().unwrap();
            // As an emulator has it.
            event.remove("previousEventId");
            if let Some(details) = event.get_mut("taskScheduledEventDetails") {
                details.as_object_mut().unwrap().remove("parameters");
            }
        }
    });
    text(
        &amazon,
        &["list-parked"],
        expect![[r#"
        place_order order-17
          the compensation of orders.create, parked 2025-01-01T00:09:12Z (AGO): Saga.Unknown: it panicked
          cargo saga resume --token TOKEN --region us-east-1 --endpoint-url URL

        looked at 1 running execution of 1 state machine: 1 compensation parked in 1 execution
        exit 0
    "#]],
    );
    check(
        &amazon,
        &one(&["resume"]),
        expect![[r#"
        error: the history does not have the token of `orders.create`, as where execution data is not for you to see, or on an emulator; give that of the message in the parking queue: cargo saga resume --token TOKEN --region us-east-1 --endpoint-url URL
        exit 2
    "#]],
    );
    assert_eq!(amazon.sent("SendTaskSuccess").len(), 0);
}

/// Each item of a distributed loop is an execution of its own.
const DISTRIBUTED: &str = r#"{
  "QueryLanguage": "JSONata", "StartAt": "all",
  "States": { "all": { "Type": "Map", "Label": "all", "Items": [0, 1], "End": true, "ItemProcessor": {
    "ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" }, "StartAt": "compensate stock.reserve",
    "States": {
      "compensate stock.reserve": { "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": { "FunctionName": "${StockFunctionArn}", "Payload": { "step": "stock.reserve", "phase": "compensation" } },
        "Catch": [{ "ErrorEquals": ["States.ALL"], "Next": "park all" }], "End": true },
      "park all": { "Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Arguments": { "QueueUrl": "${ParkingQueueUrl}", "MessageBody": { "token": "{% $states.context.Task.Token %}",
          "saga": "{% $states.context.Execution.Id %}", "step": "stock.reserve", "error": "{% $states.input %}" } },
        "Next": "compensate stock.reserve" } } } } }
}"#;

#[test]
fn the_items_of_a_distributed_loop_are_looked_at_too() {
    let amazon = Amazon::with_asl("hold", DISTRIBUTED, &[]);
    amazon.break_(RELEASE, "Saga.Unknown", "it panicked");
    amazon.start("order-17", &json!({}));
    text(
        &amazon,
        &["status", "order-17"],
        expect![[r#"
        hold order-17: running

          now       all  arn:aws:states:us-east-1:123456789012:mapRun:hold/all:49c93898-9b0d-4aa2-a587-0f29b1ee2925
          started   2025-01-01T00:00:00Z (AGO)
          execution arn:aws:states:us-east-1:123456789012:execution:hold:order-17
        exit 0
    "#]],
    );
    let listed = amazon.run(&["list-parked"]);
    let listed: Value = serde_json::from_str(listed.trim_end_matches("exit 0\n")).unwrap();
    assert_eq!(listed["executions_looked_at"], 3);
    let parked = listed["parked"].as_array().unwrap();
    assert_eq!(parked.len(), 2);
    amazon.mend(RELEASE);
    for parked in parked {
        assert_eq!(parked["machine"], "hold/all");
        let item = parked["execution"].as_str().unwrap();
        assert!(amazon.run(&["resume", item]).ends_with("exit 0\n"));
    }
    text(
        &amazon,
        &["list-parked"],
        expect![[r#"
        looked at 0 running executions of 1 state machine: nothing is parked
        exit 0
    "#]],
    );
}

//! `cargo saga start`, `status`, `history`, `list-parked`, `resume`, `skip` and `redrive`, before an imitation of Step Functions.

mod amazon;
mod end;
mod look;
mod names;
mod parked;
mod start;

use std::fs;
use std::path::Path;

use expect_test::Expect;
use serde_json::{Value, json};

use amazon::Amazon;

const CANCEL: &str = "compensate orders.create";
const RELEASE: &str = "compensate stock.reserve";

fn order() -> Value {
    json!({ "order_id": "o-1", "lines": [], "card": "visa", "total": 4200, "gift": false })
}

fn order_file(test: &str) -> String {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{test}.json"));
    fs::write(&file, order().to_string()).unwrap();
    file.to_str().unwrap().to_owned()
}

fn check(amazon: &Amazon, args: &[&str], expected: Expect) {
    expected.assert_eq(&amazon.run(args));
}

fn text(amazon: &Amazon, args: &[&str], expected: Expect) {
    check(amazon, &[args, &["--format", "text"]].concat(), expected);
}

fn one(args: &[&'static str]) -> Vec<&'static str> {
    [args, &["place_order", "--key", "order-17"]].concat()
}

/// A saga whose charge was declined and whose order cannot be cancelled.
fn stuck() -> Amazon {
    let amazon = Amazon::with("place_order", &[]);
    amazon.break_("payments.charge", "PaymentError.Declined", "no money");
    amazon.break_(CANCEL, "Saga.Unknown", "it panicked");
    amazon.start("order-17", &order());
    amazon
}

/// Two holds of a loop that cannot be released.
fn stuck_twice() -> Amazon {
    let amazon = Amazon::with(
        "fulfil_order",
        &[("fraud.check", json!({ "verdict": "Bad" }))],
    );
    amazon.break_(
        "compensate warehouse.reserve",
        "WarehouseError.Closed",
        "come back later",
    );
    let line = json!({ "sku": "a", "quantity": 1 });
    let input = json!({ "order_id": "o-1", "customer": "c", "city": "x", "gift": false, "card": "visa", "total": 1,
        "lines": [line, line] });
    amazon.start("order-17", &input);
    amazon
}

/// The saga's first token, as the queue had it.
fn token(amazon: &Amazon) -> String {
    let listed = amazon.run(&["list-parked"]);
    let listed: Value = serde_json::from_str(listed.trim_end_matches("exit 0\n")).unwrap();
    listed["parked"][0]["token"].as_str().unwrap().to_owned()
}

/// Ends after one compensation, which an operator may go past.
pub(crate) const SKIPPABLE: &str = r#"{
  "QueryLanguage": "JSONata", "StartAt": "stock.reserve",
  "States": {
    "stock.reserve": { "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke",
      "Arguments": { "FunctionName": "${StockFunctionArn}", "Payload": { "step": "stock.reserve" } },
      "Catch": [{ "ErrorEquals": ["States.ALL"], "Next": "compensate stock.reserve" }], "End": true },
    "compensate stock.reserve": { "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke",
      "Arguments": { "FunctionName": "${StockFunctionArn}", "Payload": { "step": "stock.reserve", "phase": "compensation" } },
      "Catch": [{ "ErrorEquals": ["States.ALL"], "Next": "park" }], "Next": "compensated" },
    "park": { "Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
      "Arguments": { "QueueUrl": "${ParkingQueueUrl}", "MessageBody": { "token": "{% $states.context.Task.Token %}",
        "saga": "{% $states.context.Execution.Id %}", "step": "stock.reserve", "error": "{% $states.input %}" } },
      "Catch": [{ "ErrorEquals": ["Saga.Skipped"], "Next": "skipped" }], "Next": "compensate stock.reserve" },
    "skipped": { "Type": "Fail", "Error": "Saga.Skipped", "Cause": "{% 'stock.reserve: ' & $states.input.Cause %}" },
    "compensated": { "Type": "Fail", "Error": "Unknown", "Cause": "" }
  }
}"#;

//! One saga at a time through Step Functions and real processes, each with its own mishap; the end is read from the tables.

use std::time::Duration;

use examples::fulfil_order;
use examples::place_order::place_order::PlaceOrder;
use expect_test::{Expect, expect};
use saga_runtime::Failure;
use saga_runtime::client::Status;
use serde_json::{Value, json};

use crate::order::{ends, on_hand, order, records, stock, text};
use crate::proxy::{Act, Gate, Rule};
use crate::stage::Stage;
use crate::{alone, beside};

/// How long a saga may take, before its test fails.
const PATIENCE: Duration = Duration::from_mins(3);

/// Places an order, lets the saga end, and checks its result and where everything stands.
async fn check(stage: &Stage, cmd: &PlaceOrder, result: &Expect, end: &Expect) {
    let (id, sku) = (cmd.order_id.as_str(), cmd.lines[0].sku.as_str());
    let saga = stage.orders().start(id, cmd).await.unwrap();
    let ended = tokio::time::timeout(PATIENCE, saga.result()).await;
    let said = match ended.expect("the saga does not end").unwrap() {
        Ok(receipt) => serde_json::to_string(&receipt).unwrap(),
        Err(rejection) => format!("{rejection} {}", rejection.data()),
    };
    result.assert_eq(&said);
    end.assert_eq(&ends(stage, id, sku).await);
}

/// The errors of the execution's tasks, in order.
async fn task_errors(stage: &Stage, id: &str) -> Vec<String> {
    let saga = stage.orders().find(id).await.unwrap().unwrap();
    let history = stage
        .sfn()
        .get_execution_history()
        .execution_arn(saga.arn())
        .send()
        .await
        .unwrap();
    let failed = history.events().iter();
    failed
        .filter_map(|event| event.task_failed_event_details()?.error())
        .map(ToOwned::to_owned)
        .collect()
}

#[tokio::test]
async fn everything_works() {
    let Some(stage) = Stage::get() else { return };
    let _shared = beside().await;
    stock(stage, "tea").await;
    let cmd = order("works-1", "tea", "visa");
    check(
        stage,
        &cmd,
        &expect![[r#"{"order":"works-1","charge":{"id":"charge-works-1","amount":990},"parcel":{"tracking":"parcel-works-1"}}"#]],
        &expect![[r#"
            8 on hand, 1 orders, 1 charges, 1 parcels
            orders.create DONE
            stock.reserve DONE
            payments.charge DONE
            shipping.ship DONE
        "#]],
    )
    .await;

    // The same key and input is the saga that ended. (The emulator says so of a running one, too; AWS answers with it.)
    let again = stage.orders().start("works-1", &cmd).await.unwrap();
    assert_eq!(again.describe().await.unwrap().status(), Status::Succeeded);
    let receipt = again.result().await.unwrap().unwrap();
    assert_eq!(receipt.parcel.tracking, "parcel-works-1");
    let other = PlaceOrder { total: 1, ..cmd };
    let error = stage.orders().start("works-1", &other).await.unwrap_err();
    assert!(error.is_other_input());
    assert!(stage.orders().find("works-2").await.unwrap().is_none());
}

#[tokio::test]
async fn a_declined_card_puts_everything_back() {
    let Some(stage) = Stage::get() else { return };
    let _shared = beside().await;
    stock(stage, "coffee").await;
    check(
        stage,
        &order("declined-1", "coffee", "expired"),
        &expect!["PaymentError.Declined: the card was declined null"],
        &expect![[r#"
            10 on hand, 0 orders, 0 charges, 0 parcels
            orders.create COMPENSATED
            stock.reserve COMPENSATED
            payments.charge REJECTED
        "#]],
    )
    .await;
}

#[tokio::test]
async fn what_is_sold_out_is_not_ordered() {
    let Some(stage) = Stage::get() else { return };
    let _shared = beside().await;
    stage
        .put("Stock", "shelves", ["sku", "honey"], ("on_hand", 1))
        .await;
    check(
        stage,
        &order("sold-out-1", "honey", "visa"),
        &expect![[r#"StockError.OutOfStock: honey is out of stock {"sku":"honey"}"#]],
        &expect![[r#"
            1 on hand, 0 orders, 0 charges, 0 parcels
            orders.create COMPENSATED
            stock.reserve REJECTED
        "#]],
    )
    .await;
}

#[tokio::test]
async fn a_step_that_times_out_is_compensated_and_what_arrives_late_is_refused() {
    let Some(stage) = Stage::get() else { return };
    let _shared = beside().await;
    stock(stage, "sugar").await;
    let gate = Gate::new();
    let step = [":hangs-1#", "|stock.reserve"];
    let freeze = Rule::once("TransactWriteItems", &step, Act::FreezeBefore(gate.clone()));
    stage.proxy.add(freeze.times(4));
    check(
        stage,
        &order("hangs-1", "sugar", "visa"),
        &expect!["Sandbox.Timedout: Task timed out after 3.00 seconds null"],
        &expect![[r#"
            10 on hand, 0 orders, 0 charges, 0 parcels
            orders.create COMPENSATED
            stock.reserve TOMBSTONE
        "#]],
    )
    .await;
    let errors = task_errors(stage, "hangs-1").await;
    assert_eq!(errors, ["Sandbox.Timedout"; 4]);

    // The processes are gone and the saga is over, and now their requests arrive.
    gate.open();
    let said = gate.reply().await;
    assert!(said.contains("ConditionalCheckFailed"), "{said}");
    gate.passed().await;
    assert_eq!(on_hand(stage, "sugar").await, 10);
}

#[tokio::test]
async fn a_step_that_times_out_after_its_effect_is_undone() {
    let Some(stage) = Stage::get() else { return };
    let _shared = beside().await;
    stock(stage, "milk").await;
    // The action and its three retries; the compensation's transaction then goes through.
    let step = [":hangs-2#", "|stock.reserve"];
    let freeze = Rule::once("TransactWriteItems", &step, Act::FreezeAfter);
    stage.proxy.add(freeze.times(4));
    check(
        stage,
        &order("hangs-2", "milk", "visa"),
        &expect!["Sandbox.Timedout: Task timed out after 3.00 seconds null"],
        &expect![[r#"
            10 on hand, 0 orders, 0 charges, 0 parcels
            orders.create COMPENSATED
            stock.reserve COMPENSATED
        "#]],
    )
    .await;
}

#[tokio::test]
async fn a_crash_before_the_commit_is_tried_again() {
    let Some(stage) = Stage::get() else { return };
    let _shared = beside().await;
    stock(stage, "salt").await;
    let step = [":crash-1#", "|stock.reserve"];
    let kill = Rule::once("TransactWriteItems", &step, Act::KillBefore);
    stage.proxy.add(kill);
    check(
        stage,
        &order("crash-1", "salt", "visa"),
        &expect![[r#"{"order":"crash-1","charge":{"id":"charge-crash-1","amount":990},"parcel":{"tracking":"parcel-crash-1"}}"#]],
        &expect![[r#"
            8 on hand, 1 orders, 1 charges, 1 parcels
            orders.create DONE
            stock.reserve DONE
            payments.charge DONE
            shipping.ship DONE
        "#]],
    )
    .await;
    assert_eq!(task_errors(stage, "crash-1").await, ["Runtime.ExitError"]);
}

#[tokio::test]
async fn a_crash_after_the_commit_takes_nothing_twice() {
    let Some(stage) = Stage::get() else { return };
    let _shared = beside().await;
    stock(stage, "pepper").await;
    let step = [":crash-2#", "|stock.reserve"];
    stage
        .proxy
        .add(Rule::once("TransactWriteItems", &step, Act::KillAfter));
    check(
        stage,
        &order("crash-2", "pepper", "visa"),
        &expect![[r#"{"order":"crash-2","charge":{"id":"charge-crash-2","amount":990},"parcel":{"tracking":"parcel-crash-2"}}"#]],
        &expect![[r#"
            8 on hand, 1 orders, 1 charges, 1 parcels
            orders.create DONE
            stock.reserve DONE
            payments.charge DONE
            shipping.ship DONE
        "#]],
    )
    .await;
    assert_eq!(task_errors(stage, "crash-2").await, ["Runtime.ExitError"]);
}

#[tokio::test]
async fn a_crash_after_the_charge_charges_once() {
    let Some(stage) = Stage::get() else { return };
    let _shared = beside().await;
    stock(stage, "flour").await;
    let put = ["charge-crash-3"];
    stage.proxy.add(Rule::once("PutItem", &put, Act::KillAfter));
    // The claim of the process that died stands until its lease ends, so this one takes some seconds.
    check(
        stage,
        &order("crash-3", "flour", "visa"),
        &expect![[r#"{"order":"crash-3","charge":{"id":"charge-crash-3","amount":990},"parcel":{"tracking":"parcel-crash-3"}}"#]],
        &expect![[r#"
            8 on hand, 1 orders, 1 charges, 1 parcels
            orders.create DONE
            stock.reserve DONE
            payments.charge DONE
            shipping.ship DONE
        "#]],
    )
    .await;
    assert_eq!(task_errors(stage, "crash-3").await[0], "Runtime.ExitError");
}

/// The payload that Step Functions sent for `stock.reserve`, made again of the barrier's record.
async fn reserve_again(stage: &Stage, id: &str, sku: &str, quantity: u32) -> Value {
    let record = &records(stage, "Orders", id).await[0];
    let (saga, _) = text(record, "pk").split_once('|').unwrap();
    json!({
        "saga": saga,
        "step": "stock.reserve",
        "deadline": 900,
        "input": { "order": id, "lines": [{ "sku": sku, "quantity": quantity }] },
    })
}

#[tokio::test]
async fn a_delivery_that_is_repeated_is_answered_by_the_record() {
    let Some(stage) = Stage::get() else { return };
    let _shared = beside().await;
    stock(stage, "rice").await;
    let cmd = order("repeated-1", "rice", "visa");
    let saga = stage.orders().start("repeated-1", &cmd).await.unwrap();
    assert!(saga.result().await.unwrap().is_ok());

    let payload = reserve_again(stage, "repeated-1", "rice", 2).await;
    let hold = json!({ "lines": [{ "sku": "rice", "quantity": 2 }] });
    for _ in 0..3 {
        assert_eq!(
            stage.emulator.invoke("Stock", &payload).await,
            Ok(hold.clone())
        );
    }
    let other = reserve_again(stage, "repeated-1", "rice", 1).await;
    let error = stage.emulator.invoke("Stock", &other).await.unwrap_err();
    assert_eq!(error["errorType"], "Saga.Unknown");
    assert_eq!(on_hand(stage, "rice").await, 8);
}

#[tokio::test]
async fn deliveries_at_the_same_time_take_effect_once() {
    let Some(stage) = Stage::get() else { return };
    let _shared = beside().await;
    stock(stage, "corn").await;
    let payload = json!({
        "saga": "arn:aws:states:us-east-1:000000000000:execution:place_order:at-once-1#2026-01-01T00:00:00.000Z",
        "step": "stock.reserve",
        "input": { "order": "at-once-1", "lines": [{ "sku": "corn", "quantity": 2 }] },
    });
    let deliveries: Vec<_> = (0..8)
        .map(|_| {
            let payload = payload.clone();
            tokio::spawn(async move { stage.emulator.invoke("Stock", &payload).await })
        })
        .collect();
    let hold = json!({ "lines": [{ "sku": "corn", "quantity": 2 }] });
    for delivery in deliveries {
        match delivery.await.unwrap() {
            Ok(answer) => assert_eq!(answer, hold),
            Err(error) => assert_eq!(error["errorType"], "Saga.Busy", "{error}"),
        }
    }
    assert_eq!(stage.emulator.invoke("Stock", &payload).await, Ok(hold));
    assert_eq!(on_hand(stage, "corn").await, 8);
}

#[tokio::test]
async fn an_action_after_its_compensation_is_refused() {
    let Some(stage) = Stage::get() else { return };
    let _shared = beside().await;
    stock(stage, "oats").await;
    let cmd = order("late-1", "oats", "expired");
    let saga = stage.orders().start("late-1", &cmd).await.unwrap();
    assert!(saga.result().await.unwrap().is_err());

    let payload = reserve_again(stage, "late-1", "oats", 2).await;
    let error = stage.emulator.invoke("Stock", &payload).await.unwrap_err();
    assert_eq!(error["errorType"], "Saga.Refused");
    assert_eq!(on_hand(stage, "oats").await, 10);
}

#[tokio::test]
async fn a_compensation_that_is_stuck_waits_for_an_operator() {
    let Some(stage) = Stage::get() else { return };
    let _shared = beside().await;
    stock(stage, "beans").await;
    // The compensation reads its record first, and may not; the action does not read.
    let deny = Rule::once("GetItem", &[":stuck-1#", "|stock.reserve"], Act::Deny);
    stage.proxy.add(deny.times(usize::MAX));
    let cmd = order("stuck-1", "beans", "expired");
    let saga = stage.orders().start("stuck-1", &cmd).await.unwrap();
    let parked = parked(stage).await;
    assert_eq!(text(&parked, "saga"), saga.arn());
    assert_eq!(text(&parked, "step"), "stock.reserve");
    assert_eq!(saga.describe().await.unwrap().status(), Status::Running);
    expect![[r#"
        8 on hand, 1 orders, 0 charges, 0 parcels
        orders.create DONE
        stock.reserve DONE
        payments.charge REJECTED
    "#]]
    .assert_eq(&ends(stage, "stuck-1", "beans").await);

    stage.proxy.forget(":stuck-1#");
    let token = text(&parked, "token");
    let resume = stage.sfn().send_task_success().task_token(token);
    resume.output("{}").send().await.unwrap();
    let rejection = saga.result().await.unwrap().unwrap_err();
    assert_eq!(rejection.error(), "PaymentError.Declined");
    expect![[r#"
        10 on hand, 0 orders, 0 charges, 0 parcels
        orders.create COMPENSATED
        stock.reserve COMPENSATED
        payments.charge REJECTED
    "#]]
    .assert_eq(&ends(stage, "stuck-1", "beans").await);
}

#[tokio::test]
async fn a_compensation_that_is_skipped_is_told_at_the_end() {
    let Some(stage) = Stage::get() else { return };
    // Another test waits for a message of the one queue, too.
    let _alone = alone().await;
    stock(stage, "lentils").await;
    let deny = Rule::once("GetItem", &[":stuck-2#", "|stock.reserve"], Act::Deny);
    stage.proxy.add(deny.times(usize::MAX));
    let cmd = order("stuck-2", "lentils", "expired");
    let saga = stage.orders().start("stuck-2", &cmd).await.unwrap();
    let parked = parked(stage).await;
    assert_eq!(text(&parked, "saga"), saga.arn());
    let skip = stage
        .sfn()
        .send_task_failure()
        .task_token(text(&parked, "token"));
    let skip = skip.error(Failure::SKIPPED).cause("counted by hand");
    skip.send().await.unwrap();
    let rejection = saga.result().await.unwrap().unwrap_err();
    assert_eq!(rejection.error(), Failure::SKIPPED);
    let message = rejection.to_string();
    assert!(
        message
            .contains("stock.reserve is not compensated: counted by hand; PaymentError.Declined"),
        "{message}"
    );
    stage.proxy.forget(":stuck-2#");
    expect![[r#"
        8 on hand, 0 orders, 0 charges, 0 parcels
        orders.create COMPENSATED
        stock.reserve DONE
        payments.charge REJECTED
    "#]]
    .assert_eq(&ends(stage, "stuck-2", "lentils").await);
}

/// An order on its way out, with a number, of kinds that are on their shelves: one pot less than `pots`.
async fn dispatch(stage: &Stage, id: &str, pots: u32) -> (String, Vec<u64>) {
    for (sku, on_hand) in [("tea", 10), ("pot", 1), ("cup", 10)] {
        let sku = format!("{id}-{sku}");
        stage
            .put("Fulfil", "shelves", ["sku", &sku], ("on_hand", on_hand))
            .await;
    }
    let mut cmd = fulfil_order::order(id, "ada", pots);
    cmd.gift = false;
    for line in &mut cmd.lines {
        line.sku = format!("{id}-{}", line.sku);
    }
    let saga = stage.dispatches().start(id, &cmd).await.unwrap();
    let ended = tokio::time::timeout(PATIENCE, saga.result()).await;
    let said = match ended.expect("the saga does not end").unwrap() {
        Ok(dispatch) => format!("{} parcels, {}", dispatch.parcels.len(), dispatch.charge.0),
        Err(rejection) => rejection.to_string(),
    };
    let mut shelves = stage.mentions("Fulfil", "shelves", id).await;
    shelves.sort_by_key(|shelf| text(shelf, "sku").to_owned());
    let left = shelves.iter().filter_map(|shelf| shelf["on_hand"].as_u64());
    (said, left.collect())
}

#[tokio::test]
async fn every_line_of_an_order_is_dispatched() {
    let Some(stage) = Stage::get() else { return };
    let _shared = beside().await;
    let (said, left) = dispatch(stage, "dispatch-1", 1).await;
    assert_eq!(said, "3 parcels, charge-of-authorisation-dispatch-1");
    assert_eq!(left, [8, 0, 8]);
    let held = stage.mentions("Fulfil", "bank", "dispatch-1").await;
    assert_eq!(held.len(), 2, "an authorisation and a charge");
}

#[tokio::test]
async fn one_line_that_is_sold_out_releases_the_others() {
    let Some(stage) = Stage::get() else { return };
    let _shared = beside().await;
    let (said, left) = dispatch(stage, "dispatch-2", 2).await;
    assert_eq!(
        said,
        "StockError.OutOfStock: dispatch-2-pot is out of stock"
    );
    assert_eq!(left, [10, 1, 10]);
    let mut states: Vec<String> = records(stage, "Fulfil", "dispatch-2")
        .await
        .iter()
        .map(|record| text(record, "st").to_owned())
        .collect();
    states.sort();
    // A loop is compensated as a whole, so the rejected line's compensation came too.
    assert_eq!(states, ["COMPENSATED", "COMPENSATED", "TOMBSTONE"]);
}

/// The next message in the parking queue.
async fn parked(stage: &Stage) -> Value {
    loop {
        if let Some(parked) = stage.take_parked().await.pop() {
            return parked;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

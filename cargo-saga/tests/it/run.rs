//! `cargo saga run`.

use std::fs;

use expect_test::{Expect, expect};

use crate::support::{check as run, emit, folder, folder_with};

const ORDER: &str =
    r#"{ "order_id": "o-1", "lines": [], "card": "visa", "total": 4200, "gift": false }"#;

fn check(test: &str, args: &[&str], expected: Expect) {
    let folder = folder_with(test, &["place_order"]);
    fs::write(folder.join("order.json"), ORDER).unwrap();
    let head = ["run", "place_order", "--input", "order.json"];
    run(&folder, &[&head, args].concat(), expected);
}

#[test]
fn nothing_goes_wrong() {
    check(
        "run_well",
        &["--output", "shipping.ship={\"parcel\": 7}"],
        expect![[r#"
            place_order, seed 0

                 0 s  ✓  orders.create    done
                 0 s  ✓  stock.reserve    done
                 0 s  ✓  payments.charge  done
                 0 s  ✓  shipping.ship    done

            committed after 0 s: {"order":null,"charge":null,"parcel":{"parcel":7}}
            exit 0
        "#]],
    );
}

#[test]
fn a_rejection_undoes_what_was_done() {
    check(
        "run_rejected",
        &["--fail", "payments.charge=rejected"],
        expect![[r#"
            place_order, seed 0

                 0 s  ✓  orders.create             done
                 0 s  ✓  stock.reserve             done
                 0 s  ✗  payments.charge           PaymentError.Declined
                 0 s  ↩  compensate stock.reserve  undone
                 0 s  ↩  compensate orders.create  undone

            compensated after 0 s: PaymentError.Declined
            exit 1
        "#]],
    );
}

#[test]
fn time_is_virtual_and_the_seed_decides() {
    let fault = "stock.reserve=timeout-after-effect*4";
    check(
        "run_timeout",
        &["--fail", fault],
        expect![[r#"
        place_order, seed 0

             0 s  ✓  orders.create             done
             0 s  ✗  stock.reserve             States.Timeout (timeout-after-effect), again after 0.3 s
          10.3 s  ✗  stock.reserve             States.Timeout (timeout-after-effect), again after 0.3 s
          20.7 s  ✗  stock.reserve             States.Timeout (timeout-after-effect), again after 3.1 s
          33.8 s  ✗  stock.reserve             States.Timeout (timeout-after-effect)
          43.8 s  ↩  compensate stock.reserve  undone
          43.8 s  ↩  compensate orders.create  undone

        compensated after 43.8 s: States.Timeout
        exit 1
    "#]],
    );
    check(
        "run_seed",
        &["--fail", fault, "--seed", "7"],
        expect![[r#"
            place_order, seed 7

                 0 s  ✓  orders.create             done
                 0 s  ✗  stock.reserve             States.Timeout (timeout-after-effect), again after 0.8 s
              10.8 s  ✗  stock.reserve             States.Timeout (timeout-after-effect), again after 0.3 s
              21.1 s  ✗  stock.reserve             States.Timeout (timeout-after-effect), again after 2.1 s
              33.2 s  ✗  stock.reserve             States.Timeout (timeout-after-effect)
              43.2 s  ↩  compensate stock.reserve  undone
              43.2 s  ↩  compensate orders.create  undone

            compensated after 43.2 s: States.Timeout
            exit 1
        "#]],
    );
}

#[test]
fn a_stuck_compensation_parks() {
    check(
        "run_parked",
        &[
            "--fail",
            "stock.reserve=rejected",
            "--fail",
            "compensate orders.create=panic*13",
        ],
        expect![[r#"
            place_order, seed 0

                    0 s  ✓  orders.create             done
                    0 s  ✗  stock.reserve             StockError.OutOfStock
                    0 s  ✗  compensate orders.create  Saga.Unknown (panic), again after 0.5 s
                  0.5 s  ✗  compensate orders.create  Saga.Unknown (panic), again after 0.3 s
                  0.9 s  ✗  compensate orders.create  Saga.Unknown (panic), again after 2.8 s
                  3.7 s  ✗  compensate orders.create  Saga.Unknown (panic), again after 2.4 s
                  6.1 s  ✗  compensate orders.create  Saga.Unknown (panic), again after 11.8 s
                 17.9 s  ✗  compensate orders.create  Saga.Unknown (panic), again after 20.1 s
                 38.1 s  ✗  compensate orders.create  Saga.Unknown (panic), again after 1.9 s
                   40 s  ✗  compensate orders.create  Saga.Unknown (panic), again after 26.5 s
              1 min 6 s  ✗  compensate orders.create  Saga.Unknown (panic), again after 3 min 55 s
              5 min 2 s  ✗  compensate orders.create  Saga.Unknown (panic), again after 3 min 54 s
             8 min 56 s  ✗  compensate orders.create  Saga.Unknown (panic), again after 4 min 32 s
            13 min 28 s  ✗  compensate orders.create  Saga.Unknown (panic), again after 45.1 s
            14 min 14 s  ✗  compensate orders.create  Saga.Unknown (panic)
            14 min 14 s  …  park                      waits for an operator

            parked after 14 min 14 s: a compensation is stuck, and the saga waits for an operator
            exit 1
        "#]],
    );
}

#[test]
fn as_json() {
    check(
        "run_json",
        &[
            "--fail",
            "orders.create=OrderError.Exists",
            "--format",
            "json",
        ],
        expect![[r#"
            {
              "saga": "place_order",
              "seed": 0,
              "outputs_left_null": [],
              "end": "compensated",
              "seconds": 0.0,
              "output": null,
              "error": "OrderError.Exists",
              "message": null,
              "timeline": [
                {
                  "seconds": 0.0,
                  "saga": "place_order",
                  "state": "orders.create",
                  "outcome": "failed",
                  "fault": "OrderError.Exists",
                  "error": "OrderError.Exists",
                  "ended": 0.0
                }
              ]
            }
            exit 1
        "#]],
    );
}

#[test]
fn a_loop_waits_and_a_saga_in_a_saga() {
    let folder = folder("run_nested");
    let source = r#"
    pub mod outer {
        use saga_runtime::prelude::*;
        #[derive(Serialize, Deserialize)] pub struct Input { pub items: Vec<String> }
        pub trait Part {
            #[step(compensate = undo)]
            async fn act(&self, tx: &mut Tx, item: &str) -> Result<(), Retry>;
            #[compensation]
            async fn undo(&self, tx: &mut Tx) -> Result<(), Retry>;
            #[step(retriable)]
            async fn tell(&self, cx: &Context) -> Result<String, Retry>;
        }
        pub async fn outer(part: &impl Part, input: Input) -> Result<String, Rejection> {
            for item in &input.items { part.act(item).await?; }
            sleep(Duration::from_hours(25)).await;
            inner(part).await?;
            let told = part.tell().await?;
            Ok(told)
        }
        #[flow(compensate = uninner)]
        pub async fn inner(part: &impl Part) -> Result<(), Rejection> { part.act("one").await?; Ok(()) }
        pub async fn uninner(part: &impl Part) -> Result<(), Rejection> { part.tell().await?; Ok(()) }
    }"#;
    emit(&folder, source);
    fs::write(folder.join("input.json"), r#"{ "items": ["a", "b"] }"#).unwrap();
    let head = ["run", "outer", "--input", "input.json"];
    let output = ["--output", "part.tell=\"told\""];
    let fault = ["--fail", "part.act[1]=throttled"];
    run(
        &folder,
        &[&head[..], &output, &fault].concat(),
        expect![[r#"
            outer, seed 0

                  0 s  ⋮  for item in input.items  2 items
                  0 s  ✓  part.act[0]              done
                  0 s  ✗  part.act[1]              Lambda.TooManyRequestsException (throttled), again after 0.7 s
                0.7 s  ✓  part.act[1]              done
                0.7 s  …  wait                     waits 1 day 1 h
            1 day 1 h  ✓  inner                    done
            1 day 1 h  ✓    part.act               done
            1 day 1 h  ✓  part.tell                done

            committed after 1 day 1 h: "told"
            exit 0
        "#]],
    );
    let fault = ["--fail", "part.act[1]=panic*4"];
    run(
        &folder,
        &[&head[..], &output, &fault].concat(),
        expect![[r#"
            outer, seed 0

                 0 s  ⋮  for item in input.items             2 items
                 0 s  ✓  part.act[0]                         done
                 0 s  ✗  part.act[1]                         Saga.Unknown (panic), again after 0.7 s
               0.7 s  ✗  part.act[1]                         Saga.Unknown (panic), again after 1.4 s
               2.1 s  ✗  part.act[1]                         Saga.Unknown (panic), again after 0.1 s
               2.2 s  ✗  part.act[1]                         Saga.Unknown (panic)
               2.2 s  ⋮  compensate for item in input.items  2 items
               2.2 s  ↩  compensate part.act[1]              undone
               2.2 s  ↩  compensate part.act[0]              undone

            compensated after 2.2 s: Saga.Unknown
            exit 1
        "#]],
    );
}

#[test]
fn what_a_stand_in_leaves_null_is_named() {
    let folder = folder_with("run_missing", &["fulfil_order"]);
    fs::write(
        folder.join("input.json"),
        r#"{ "lines": [], "gift": false }"#,
    )
    .unwrap();
    run(
        &folder,
        &["run", "fulfil_order", "--input", "input.json"],
        expect![[r#"
            fulfil_order, seed 0

                 0 s  ⋮  for line in cmd.lines             0 items
                 0 s  ✓  fraud.check                       done
                 0 s  ⋮  compensate for line in cmd.lines  0 items

            compensated after 0 s: Order.Suspicious: the fraud check says no

            note: the flow looks into outputs that stand-ins leave null; say what they are with --output 'fraud.check=JSON'
            exit 1
        "#]],
    );
}

#[test]
fn mistakes_are_told_with_what_to_write() {
    check(
        "run_step",
        &["--fail", "stock.reserv=panic"],
        expect![[r#"
            error: there is no step `stock.reserv` in saga `place_order`; did you mean `stock.reserve`?
                   there are `orders.create`, `payments.charge`, `shipping.ship`, `stock.reserve`
            exit 2
        "#]],
    );
    check(
        "run_fault",
        &["--fail", "stock.reserve=throtled"],
        expect![[r#"
            error: there is no fault `throtled`; did you mean `throttled`?
                   there are `timeout-before-effect`, `timeout-after-effect`, `crash-before-effect`, `crash-before-commit`, `crash-after-effect`, `panic`, `throttled`, `duplicate`, `duplicate-at-once`, `late-delivery`, `oversize-output`, `past-deadline`, `rejected`, `transient`
            exit 2
        "#]],
    );
    check(
        "run_equals",
        &["--fail", "stock.reserve"],
        expect![[r#"
        error: `--fail stock.reserve`: there is no `=`; write `--fail STEP=FAULT`, such as `stock.reserve=throttled*3`
        exit 2
    "#]],
    );
    check(
        "run_count",
        &["--fail", "stock.reserve=panic*0"],
        expect![[r#"
            error: `--fail stock.reserve=panic*0`: `0` is no count; write `--fail STEP=FAULT`, such as `stock.reserve=throttled*3`
            exit 2
        "#]],
    );
    check(
        "run_rejection",
        &["--fail", "shipping.ship=rejected"],
        expect![[r#"
            error: `shipping.ship` declares no rejection; let it fail otherwise, such as `shipping.ship=timeout-after-effect`
            exit 2
        "#]],
    );
    check(
        "run_output",
        &["--output", "stock.reserve=hold"],
        expect![[r#"
            error: the output of `stock.reserve` is no JSON: expected value at line 1 column 1; a text stands in quotes: `--output 'stock.reserve="text"'`
            exit 2
        "#]],
    );
    check(
        "run_output_of",
        &["--output", "stok.reserve=1"],
        expect![[r#"
            error: there is no step `stok.reserve` in saga `place_order`; did you mean `stock.reserve`?
                   there are `orders.create`, `payments.charge`, `shipping.ship`, `stock.reserve`
            exit 2
        "#]],
    );
    let folder = folder_with("run_input", &["place_order"]);
    run(
        &folder,
        &["run", "place_order"],
        expect![[r#"
        error: saga `place_order` takes a `PlaceOrder`; give its JSON with `--input FILE`, or `--input -` to read it from standard input
        exit 2
    "#]],
    );
    fs::write(folder.join("order.json"), "{ order: 1 }").unwrap();
    run(
        &folder,
        &["run", "place_order", "--input", "order.json"],
        expect![[r#"
            error: order.json is no JSON: key must be a string at line 1 column 3
            exit 2
        "#]],
    );
    run(
        &folder,
        &["run", "place_order", "--input", "-"],
        expect![[r#"
            error: standard input is no JSON: EOF while parsing a value at line 1 column 0
            exit 2
        "#]],
    );
}

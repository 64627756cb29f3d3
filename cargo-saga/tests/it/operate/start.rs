//! A saga is started once for a key, and followed.

use expect_test::expect;
use serde_json::{Value, json};
use std::fs;

use super::amazon::Amazon;
use super::{CANCEL, check, one, order_file, stuck, text, token};

#[test]
fn a_saga_is_started_once() {
    let amazon = Amazon::with("place_order", &[]);
    let file = order_file("start_once");
    let start = [
        "start",
        "place_order",
        "--key",
        "order-17",
        "--input",
        &file,
    ];
    text(
        &amazon,
        &start,
        expect![[r#"
        place_order order-17 started by arn:aws:states:us-east-1:123456789012:stateMachine:place_order
        arn:aws:states:us-east-1:123456789012:execution:place_order:order-17
        exit 0
    "#]],
    );
    text(
        &amazon,
        &start,
        expect![[r#"
            place_order order-17 is there already, with the same input: committed after 0 s: {"order":null,"charge":null,"parcel":null}
            arn:aws:states:us-east-1:123456789012:execution:place_order:order-17
            exit 0
        "#]],
    );
    check(
        &amazon,
        &start,
        expect![[r#"
            {
              "execution": "arn:aws:states:us-east-1:123456789012:execution:place_order:order-17",
              "machine": "arn:aws:states:us-east-1:123456789012:stateMachine:place_order",
              "started": false,
              "status": "committed"
            }
            exit 0
        "#]],
    );
    let other = order_file("start_other");
    fs::write(&other, "{ \"order_id\": \"o-2\" }").unwrap();
    let start = [
        "start",
        "place_order",
        "--key",
        "order-17",
        "--input",
        &other,
    ];
    check(
        &amazon,
        &start,
        expect![[r#"
        error: there is an execution `order-17` of `place_order` with another input, succeeded; choose another key
               arn:aws:states:us-east-1:123456789012:execution:place_order:order-17
        exit 2
    "#]],
    );
    assert_eq!(amazon.sent("StartExecution").len(), 1);
}

#[test]
fn an_alias_that_is_live_starts_it() {
    let amazon = Amazon::with("place_order", &[]);
    let file = order_file("start_alias");
    let start = [
        "start",
        "place_order",
        "--key",
        "order-17",
        "--input",
        &file,
    ];
    let aliases = |names: &'static [&str]| {
        move |answer: &mut Value| {
            let arns = names.iter().map(|name| {
                let arn = format!(
                    "arn:aws:states:us-east-1:123456789012:stateMachine:place_order:{name}"
                );
                json!({ "stateMachineAliasArn": arn, "creationDate": 1.0 })
            });
            answer["stateMachineAliases"] = arns.collect();
        }
    };
    amazon.edit("ListStateMachineAliases", aliases(&["blue", "green"]));
    check(
        &amazon,
        &start,
        expect![[r#"
        error: `place_order` has several aliases and none is `live`; name one with `--machine`:
               arn:aws:states:us-east-1:123456789012:stateMachine:place_order:blue
               arn:aws:states:us-east-1:123456789012:stateMachine:place_order:green
        exit 2
    "#]],
    );
    amazon.edit("ListStateMachineAliases", aliases(&["blue", "live"]));
    text(
        &amazon,
        &start,
        expect![[r#"
        place_order order-17 started by arn:aws:states:us-east-1:123456789012:stateMachine:place_order:live
        arn:aws:states:us-east-1:123456789012:execution:place_order:order-17
        exit 0
    "#]],
    );
    let sent = amazon.sent("StartExecution");
    assert!(
        sent[0]["stateMachineArn"]
            .as_str()
            .unwrap()
            .ends_with("place_order:live")
    );
}

#[test]
fn what_cannot_be_started_is_not_sent() {
    let amazon = Amazon::with("place_order", &[]);
    check(
        &amazon,
        &["start", "place_order", "--key", "order 17"],
        expect![[r#"
            error: key `order 17` has a character that Step Functions does not allow; write letters, digits, `-` and `_`
            exit 2
        "#]],
    );
    check(
        &amazon,
        &["start", "place_order", "--key", "order-17"],
        expect![[r#"
            error: saga `place_order` takes a `PlaceOrder`; give its JSON with `--input FILE`, or `--input -` to read it from standard input
            exit 2
        "#]],
    );
    let file = order_file("start_large");
    fs::write(&file, "{ \"total\": 9007199254740993 }").unwrap();
    check(
        &amazon,
        &[
            "start",
            "place_order",
            "--key",
            "order-17",
            "--input",
            &file,
        ],
        expect![[r#"
            error: the input does not fit: `input.total` is 9007199254740993, and Step Functions rounds integers beyond 9007199254740991; send a string
            exit 2
        "#]],
    );
    fs::write(&file, "{}").unwrap();
    check(
        &amazon,
        &[
            "start",
            "plaice_order",
            "--key",
            "order-17",
            "--input",
            &file,
        ],
        expect![[r#"
            error: there is no state machine `plaice_order` or `…-plaice_order` in us-east-1; look at `--region` and `--profile`, or name it with `--machine ARN`; did you mean `place_order`?
                   there are `place_order`
            exit 2
        "#]],
    );
    assert_eq!(amazon.sent("StartExecution").len(), 0);
}

#[test]
fn a_saga_is_followed_to_its_end() {
    let amazon = Amazon::with("place_order", &[]);
    let file = order_file("follow");
    let start = |key| {
        [
            "start",
            "place_order",
            "--wait",
            "--input",
            file.as_str(),
            "--key",
            key,
        ]
    };
    text(
        &amazon,
        &start("order-17"),
        expect![[r#"
            place_order order-17 started by arn:aws:states:us-east-1:123456789012:stateMachine:place_order
            arn:aws:states:us-east-1:123456789012:execution:place_order:order-17

                    0 s  ✓  orders.create             done
                    0 s  ✓  stock.reserve             done
                    0 s  ✓  payments.charge           done
                    0 s  ✓  shipping.ship             done

            committed after 0 s: {"order":null,"charge":null,"parcel":null}
            exit 0
        "#]],
    );
    amazon.break_("payments.charge", "PaymentError.Declined", "no money");
    text(
        &amazon,
        &start("order-18"),
        expect![[r#"
            place_order order-18 started by arn:aws:states:us-east-1:123456789012:stateMachine:place_order
            arn:aws:states:us-east-1:123456789012:execution:place_order:order-18

                    0 s  ✓  orders.create             done
                    0 s  ✓  stock.reserve             done
                    0 s  ✗  payments.charge           PaymentError.Declined: no money
                    0 s  ↩  compensate stock.reserve  undone
                    0 s  ↩  compensate orders.create  undone

            compensated after 0 s: PaymentError.Declined: no money
            exit 1
        "#]],
    );
    check(
        &amazon,
        &start("order-19"),
        expect![[r#"
            {"execution":"arn:aws:states:us-east-1:123456789012:execution:place_order:order-19","machine":"arn:aws:states:us-east-1:123456789012:stateMachine:place_order","started":true,"status":"running"}
            {"seconds":0.0,"saga":"place_order","state":"orders.create","outcome":"done","ended":0.0}
            {"seconds":0.0,"saga":"place_order","state":"stock.reserve","outcome":"done","ended":0.0}
            {"seconds":0.0,"saga":"place_order","state":"payments.charge","outcome":"failed","error":"PaymentError.Declined","message":"no money","ended":0.0}
            {"seconds":0.0,"saga":"place_order","state":"compensate stock.reserve","outcome":"done","ended":0.0}
            {"seconds":0.0,"saga":"place_order","state":"compensate orders.create","outcome":"done","ended":0.0}
            {"saga":"place_order","key":"order-19","execution":"arn:aws:states:us-east-1:123456789012:execution:place_order:order-19","started":"2025-01-01T00:00:00Z","end":"compensated","seconds":0.0,"output":null,"error":"PaymentError.Declined","message":"no money"}
            exit 1
        "#]],
    );
}

#[test]
fn one_that_is_parked_meanwhile_is_followed_too() {
    let amazon = stuck();
    let token = token(&amazon);
    amazon.mend(CANCEL);
    std::thread::scope(|scope| {
        let follow = scope.spawn(|| {
            amazon.run(&[&one(&["history", "--follow"])[..], &["--format", "text"]].concat())
        });
        while amazon.sent("DescribeExecution").len() < 2 {
            std::thread::yield_now();
        }
        amazon.answer(&token);
        expect![[r#"
                    0 s  ✓  orders.create             done
                    0 s  ✓  stock.reserve             done
                    0 s  ✗  payments.charge           PaymentError.Declined: no money
                    0 s  ↩  compensate stock.reserve  undone
                    0 s  ✗  compensate orders.create  Saga.Unknown: it panicked
                  0.8 s  ✗  compensate orders.create  Saga.Unknown: it panicked
                  2.2 s  ✗  compensate orders.create  Saga.Unknown: it panicked
                  4.3 s  ✗  compensate orders.create  Saga.Unknown: it panicked
                 10.7 s  ✗  compensate orders.create  Saga.Unknown: it panicked
                 23.3 s  ✗  compensate orders.create  Saga.Unknown: it panicked
                 36.2 s  ✗  compensate orders.create  Saga.Unknown: it panicked
             1 min 28 s  ✗  compensate orders.create  Saga.Unknown: it panicked
              3 min 7 s  ✗  compensate orders.create  Saga.Unknown: it panicked
             4 min 46 s  ✗  compensate orders.create  Saga.Unknown: it panicked
             6 min 16 s  ✗  compensate orders.create  Saga.Unknown: it panicked
              7 min 6 s  ✗  compensate orders.create  Saga.Unknown: it panicked
             9 min 12 s  ✗  compensate orders.create  Saga.Unknown: it panicked
             9 min 12 s  …  park                      waits for an operator

            parked after 9 min 12 s: a compensation is stuck, and the saga waits for an operator; when what fails is mended: cargo saga resume arn:aws:states:us-east-1:123456789012:execution:place_order:order-17 --endpoint-url URL

             9 min 12 s  ✓  park                      resumed
             9 min 12 s  ↩  compensate orders.create  undone

            compensated after 9 min 12 s: PaymentError.Declined: no money
            exit 0
        "#]].assert_eq(&follow.join().unwrap());
    });
}

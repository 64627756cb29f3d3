//! What is skipped, and what is redriven.

use expect_test::expect;
use serde_json::{Value, json};

use super::amazon::Amazon;
use super::{RELEASE, SKIPPABLE, check, one, order, stuck, text};

#[test]
fn a_compensation_is_skipped_with_a_reason() {
    let amazon = Amazon::with_asl("hold", SKIPPABLE, &[]);
    amazon.break_("stock.reserve", "Lambda.Unknown", "no answer");
    amazon.break_(RELEASE, "Saga.Unknown", "it panicked");
    amazon.start("order-17", &json!({}));
    let skip = [
        "skip",
        "order-17",
        "--step",
        "stock.reserve",
        "--reason",
        "by hand, ticket 4711",
    ];
    check(
        &amazon,
        &skip,
        expect![[r#"
        error: what `stock.reserve` did stays as it is, and somebody else must see to it: give `--yes` if that is meant
        exit 2
    "#]],
    );
    assert_eq!(amazon.sent("SendTaskSuccess").len(), 0);
    text(
        &amazon,
        &[&skip[..], &["--yes"]].concat(),
        expect![[r#"
            skipped: what `stock.reserve` did stays as it is; the saga goes on and ends with `Saga.Skipped`
            `cargo saga status arn:aws:states:us-east-1:123456789012:execution:hold:order-17 --endpoint-url URL` says how it goes
            exit 0
        "#]],
    );
    text(
        &amazon,
        &["history", "order-17"],
        expect![[r#"
        hold order-17, started 2025-01-01T00:00:00Z

             0 s  ✗  stock.reserve             Lambda.Unknown: no answer
             0 s  ✗  compensate stock.reserve  Saga.Unknown: it panicked
             0 s  »  park                      skipped: by hand, ticket 4711

        compensated, but for what was skipped, after 0 s: Saga.Skipped: stock.reserve: by hand, ticket 4711
        exit 0
    "#]],
    );
    text(
        &amazon,
        &["status", "order-17"],
        expect![[r#"
            hold order-17: compensated, but for what was skipped, after 0 s: Saga.Skipped: stock.reserve: by hand, ticket 4711

              failed    stock.reserve: Lambda.Unknown: no answer
              skipped   stock.reserve: by hand, ticket 4711
              started   2025-01-01T00:00:00Z (AGO)
              ended     2025-01-01T00:00:00Z (AGO)
              execution arn:aws:states:us-east-1:123456789012:execution:hold:order-17
            exit 0
        "#]],
    );
    check(
        &amazon,
        &["redrive", "order-17"],
        expect![[r#"
        error: hold order-17 has ended with a compensation skipped: a redrive would only end it once more; what is left must be put right by hand
        exit 2
    "#]],
    );
}

#[test]
fn a_definition_that_knows_no_skip_is_left_alone() {
    let amazon = stuck();
    amazon.edit("DescribeStateMachineForExecution", |answer| {
        let old = answer["definition"]
            .as_str()
            .unwrap()
            .replace("Saga.Skipped", "Saga");
        answer["definition"] = old.into();
    });
    let skip = [
        "skip",
        "order-17",
        "--step",
        "orders.create",
        "--yes",
        "--reason",
        "x",
    ];
    check(
        &amazon,
        &skip,
        expect![[r#"
            error: the definition that this execution runs cannot go past a compensation (no `Saga.Skipped` in it): it would only park again; mend what fails, then: cargo saga resume arn:aws:states:us-east-1:123456789012:execution:place_order:order-17 --endpoint-url URL
            exit 2
        "#]],
    );
    check(
        &amazon,
        &[
            "skip",
            "order-17",
            "--step",
            "stock.reserve",
            "--yes",
            "--reason",
            "x",
        ],
        expect![[r#"
            error: no such compensation of place_order order-17 is parked; there is `orders.create`
            exit 2
        "#]],
    );
    check(
        &amazon,
        &[
            "skip",
            "order-17",
            "--step",
            "orders.create",
            "--yes",
            "--reason",
            " ",
        ],
        expect![[r#"
            error: `--reason` has 1 to 1000 characters: why, and who sees to what is left
            exit 2
        "#]],
    );
    assert_eq!(amazon.sent("SendTaskSuccess").len(), 0);
}

#[test]
fn what_ended_in_the_middle_is_redriven() {
    let amazon = stuck();
    check(
        &amazon,
        &one(&["redrive"]),
        expect![[r#"
            error: place_order order-17 is parked, not ended; when what fails is mended: cargo saga resume arn:aws:states:us-east-1:123456789012:execution:place_order:order-17 --endpoint-url URL
            exit 2
        "#]],
    );
    amazon.stop("order-17");
    text(
        &amazon,
        &one(&["status"]),
        expect![[r#"
            place_order order-17: stopped, not compensated, after 9 min 12 s: Operator: stopped by hand

              done      orders.create, stock.reserve
              failed    payments.charge: PaymentError.Declined: no money
              undone    stock.reserve
              left at   compensate orders.create, 13 attempts: Saga.Unknown: it panicked
              started   2025-01-01T00:00:00Z (AGO)
              ended     2025-01-01T00:09:12Z (AGO)
              execution arn:aws:states:us-east-1:123456789012:execution:place_order:order-17

            it is neither done nor compensated; to go on where it ended: cargo saga redrive arn:aws:states:us-east-1:123456789012:execution:place_order:order-17 --endpoint-url URL
            exit 0
        "#]],
    );
    text(
        &amazon,
        &one(&["redrive"]),
        expect![[r#"
            redriven: place_order order-17 goes on where it ended
            `cargo saga status arn:aws:states:us-east-1:123456789012:execution:place_order:order-17 --endpoint-url URL` says how it goes
            exit 0
        "#]],
    );
    amazon.edit("DescribeExecution", |answer| {
        answer["redriveStatus"] = "NOT_REDRIVABLE".into();
        answer["redriveStatusReason"] = "Execution has exceeded the redrivable period".into();
    });
    check(
        &amazon,
        &one(&["redrive"]),
        expect![[r#"
            error: place_order order-17 cannot be redriven: Execution has exceeded the redrivable period
                   Step Functions redrives within 14 days of the end, and at most 1,000 times
            exit 2
        "#]],
    );
    assert_eq!(amazon.sent("RedriveExecution").len(), 1);
}

#[test]
fn what_failed_uncaught_is_redriven_where_it_stands() {
    let mut uncaught: Value = serde_json::from_str(SKIPPABLE).unwrap();
    let states = uncaught["States"].as_object_mut().unwrap();
    states.retain(|name, _| name.ends_with("stock.reserve") || name == "compensated");
    states[RELEASE].as_object_mut().unwrap().remove("Catch");
    let amazon = Amazon::with_asl("hold", &uncaught.to_string(), &[]);
    amazon.break_("stock.reserve", "Lambda.Unknown", "no answer");
    amazon.break_(RELEASE, "Saga.Unknown", "it panicked");
    amazon.start("order-17", &json!({}));
    text(
        &amazon,
        &["status", "order-17"],
        expect![[r#"
            hold order-17: failed, not compensated, after 0 s: Saga.Unknown: it panicked

              failed    stock.reserve: Lambda.Unknown: no answer
              left at   compensate stock.reserve: Saga.Unknown: it panicked
              started   2025-01-01T00:00:00Z (AGO)
              ended     2025-01-01T00:00:00Z (AGO)
              execution arn:aws:states:us-east-1:123456789012:execution:hold:order-17

            it is neither done nor compensated; to go on where it ended: cargo saga redrive arn:aws:states:us-east-1:123456789012:execution:hold:order-17 --endpoint-url URL
            exit 0
        "#]],
    );
    check(
        &amazon,
        &["redrive", "order-17"],
        expect![[r#"
            {
              "execution": "arn:aws:states:us-east-1:123456789012:execution:hold:order-17",
              "redriven": true
            }
            exit 0
        "#]],
    );
}

#[test]
fn what_is_compensated_is_not_redriven() {
    let amazon = Amazon::with("place_order", &[]);
    amazon.break_("payments.charge", "PaymentError.Declined", "no money");
    amazon.start("order-17", &order());
    check(
        &amazon,
        &one(&["redrive"]),
        expect![[r#"
            error: place_order order-17 was compensated: a redrive would only end it once more; to try the saga again, start it under another key
            exit 2
        "#]],
    );
    amazon.mend("payments.charge");
    amazon.start("order-18", &order());
    check(
        &amazon,
        &["redrive", "order-18"],
        expect![[r#"
            error: place_order order-18 has committed; there is nothing to redrive
            exit 2
        "#]],
    );
    assert_eq!(amazon.sent("RedriveExecution").len(), 0);
}

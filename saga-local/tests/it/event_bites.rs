//! The matrix of choreographies bites: each way to break a participant is found, and named by a line of the report.

use expect_test::expect;
use saga_local::{End, EventMatrix, MatrixReport};
use serde_json::json;

use crate::event_shop::{Break, PLACE, SALE_EVENTS, Shop, sale};
use crate::support::{block_on, finds};

/// The matrix of the shop, with single faults and this many pairs.
fn matrix(broken: Break, pairs: usize, cut: Option<(&str, &str)>) -> MatrixReport {
    let world = || async move { Shop::open(broken).await.world() };
    let mut matrix = EventMatrix::new(broken.choreography(), world)
        .send("visa", &PLACE, &sale("visa"))
        .send("expired", &PLACE, &sale("expired"))
        .rejection("Declined", json!(sale("visa")))
        .rejection("SoldOut", json!(sale("visa")))
        .pairs(pairs);
    if let Some((event, participant)) = cut {
        matrix = matrix.cut(event, participant);
    }
    block_on(matrix.run())
}

#[track_caller]
fn breaks(broken: Break, line: &str) {
    finds(&matrix(broken, 0, None), line);
}

#[test]
fn a_sound_choreography_is_sound_in_every_case() {
    let report = matrix(Break::Nothing, 200, None);
    assert!(report.cases().len() > 500, "{}", report.cases().len());
    report.assert_complete();
}

#[test]
fn a_compensation_is_not_subscribed() {
    let report = matrix(Break::Nothing, 0, Some(("Declined", "Stock")));
    finds(
        &report,
        "visa: bank.charge: rejected with Declined -> failed with Declined: `Declined` was lost on its way to `stock.release`; `stock.reserve` is left behind",
    );
}

#[test]
fn an_event_is_published_beside_the_transaction() {
    breaks(
        Break::PublishedBeside,
        "visa: no fault -> committed: `Reserved` was published outside of a transaction",
    );
}

#[test]
fn a_consumer_without_barrier() {
    breaks(
        Break::NoBarrier,
        "visa: mail.send: duplicate -> not finished: `mail.send` was done twice; `Sent` is a dead letter of `Orders`: Saga.Unknown: another event led to `orders.complete` for this saga before; this one is not acted on",
    );
}

#[test]
fn an_effect_beside_the_transaction() {
    breaks(
        Break::WritesBeside,
        "visa: bank.charge: crash before the commit -> committed: `bank.charge` was done twice",
    );
}

#[test]
fn a_compensation_that_fails() {
    breaks(
        Break::ReleaseFails,
        "visa: bank.charge: rejected with Declined -> not finished: `Declined` is a dead letter of `Stock`: Saga.Retry: the door is shut; `stock.reserve` is left behind",
    );
}

#[test]
fn a_compensation_that_does_nothing() {
    breaks(
        Break::ReleaseForgets,
        "visa: bank.charge: rejected with Declined -> failed with Declined: `stock.reserve` is left behind",
    );
}

#[test]
fn a_rejection_that_took_effect() {
    breaks(
        Break::DeclinedButTaken,
        "expired: no fault -> failed with Declined: `bank.charge` took effect outside of its transaction",
    );
}

#[test]
fn an_effect_that_depends_on_how_often_it_was_tried() {
    breaks(
        Break::CountsTries,
        r#"visa: bank.charge: panic -> committed: left otherwise: bank: entries -{"amount":2,"id":"s-1"} +{"amount":3,"id":"s-1"}"#,
    );
}

#[test]
fn a_compensation_that_comes_before_its_turn() {
    breaks(
        Break::SaysReleased,
        "expired: no fault -> failed with Declined: `Released` was published outside of a transaction; `orders.place` was undone before `stock.reserve`, which came later",
    );
}

#[test]
fn a_rule_of_the_user() {
    let world = || async {
        let world = Shop::open(Break::Nothing).await.world();
        world.invariant("nothing is sold", |end| match end {
            End::Committed => Err("something was".to_owned()),
            _ => Ok(()),
        })
    };
    let matrix = EventMatrix::new(SALE_EVENTS, world).send("visa", &PLACE, &sale("visa"));
    finds(
        &block_on(matrix.pairs(0).orders(0).run()),
        "visa: no fault -> committed: `nothing is sold` is broken: something was",
    );
}

#[test]
fn a_broken_case_is_printed_with_its_way() {
    let text = matrix(Break::ReleaseForgets, 0, None).to_string();
    let mut lines = text
        .lines()
        .skip_while(|line| !line.starts_with("expired: no fault"));
    let ways = expect![[r#"
        [
            "expired: no fault -> failed with Declined: `stock.reserve` is left behind",
            "    orders.place: Placed > stock.reserve: Reserved > books.note: done > bank.charge: rejected, Declined > orders.cancel: compensated, Cancelled > stock.release: compensated",
        ]
    "#]];
    ways.assert_debug_eq(&[
        lines.next().unwrap_or_default(),
        lines.next().unwrap_or_default(),
    ]);
}

//! Names that a choreography does not have, or does not have there: each is an error that says which there are.

use expect_test::{Expect, expect};
use saga_local::{Bus, BusFault, Error, EventMatrix, EventStandIns, MatrixReport};
use serde_json::{Value, json};

use crate::event_desk::{OBSERVED, OPEN};
use crate::support::block_on;

fn check(result: Result<impl Sized, Error>, expected: &Expect) {
    let Err(error) = result else {
        panic!("nothing is said")
    };
    assert!(error.is_unknown_name(), "{error:?}");
    expected.assert_eq(&error.to_string());
}

fn stand_ins() -> EventStandIns {
    EventStandIns::of(OBSERVED)
}

fn bus() -> Bus {
    let participants = stand_ins().consumers().unwrap();
    participants.into_iter().fold(Bus::new(OBSERVED), Bus::with)
}

#[test]
fn an_event_is_cut_that_the_participant_does_not_react_to() {
    check(
        bus().cut("Opned", "Cards").check(),
        &expect![
            "`Cards` does not react to `Opned`, so there is nothing to cut; it reacts to `Declined`, `Opened`, `Scored`"
        ],
    );
    check(
        bus().cut("Opened", "Desk").check(),
        &expect![
            "`Desk` does not react to `Opened`, so there is nothing to cut; it reacts to `Declined`"
        ],
    );
    check(
        bus().cut("Opened", "cards").check(),
        &expect![
            "`observed` has no participant `cards`; there are `Bank`, `Cards`, `Credit`, `Desk`"
        ],
    );
    bus().cut("Opened", "Cards").check().unwrap();
}

#[test]
fn a_cut_counts_wherever_it_is_said() {
    let mut bus = Bus::new(OBSERVED).cut("Scored", "Cards");
    for participant in stand_ins().consumers().unwrap() {
        bus = bus.with(participant);
    }
    block_on(async {
        bus.send(&OPEN, "case", &json!(1)).await.unwrap();
        bus.settle().await;
    });
    let lines = bus.report("case").lines();
    assert!(
        !lines.iter().any(|line| line.starts_with("cards.tell")),
        "{lines:?}"
    );
}

#[test]
fn a_fault_is_planned_where_it_does_not_exist() {
    check(
        bus().fault("cards.tel", BusFault::Panic).check(),
        &expect![
            "the choreography has no `cards.tel`; write a command, a reaction such as `stock.reserve`, or, for a fault of its publication, an event"
        ],
    );
    let rejected = BusFault::Rejected {
        event: "Decline".to_owned(),
        data: Value::Null,
    };
    check(
        bus().fault("bank.ask", rejected).check(),
        &expect!["`bank.ask` is not rejected with `Decline`; it is rejected with `Declined`"],
    );
}

/// What a matrix says that runs nothing.
fn not_run(report: &MatrixReport) -> String {
    assert_eq!(report.cases().len(), 1, "{report}");
    assert!(!report.is_consistent());
    report.cases()[0].to_string()
}

#[test]
fn a_matrix_runs_nothing_with_wrong_names() {
    let matrix = || {
        let worlds = stand_ins().worlds().unwrap();
        EventMatrix::new(OBSERVED, worlds).send("it", &OPEN, &json!(1))
    };
    let cut = matrix().cut("Opned", "Cards");
    expect![": no fault -> not started: not run: `Cards` does not react to `Opned`, so there is nothing to cut; it reacts to `Declined`, `Opened`, `Scored`"].assert_eq(&not_run(&block_on(cut.run())));
    let rejection = matrix().rejection("Decline", json!({}));
    expect![": no fault -> not started: not run: nothing is rejected with `Decline`; rejections are `Declined`"].assert_eq(&not_run(&block_on(rejection.run())));
    // An event, and nobody is rejected with it.
    let rejection = matrix().rejection("Opened", json!({}));
    expect![": no fault -> not started: not run: nothing is rejected with `Opened`; rejections are `Declined`"].assert_eq(&not_run(&block_on(rejection.run())));
}

#[test]
fn a_stand_in_is_told_of_an_event_that_it_does_not_publish() {
    let unknown = || stand_ins().event("Nope", json!({}));
    check(
        unknown().consumers(),
        &expect!["no stand-in publishes `Nope`; they publish `Opened`, `Scored`"],
    );
    check(
        unknown().worlds(),
        &expect!["no stand-in publishes `Nope`; they publish `Opened`, `Scored`"],
    );
    check(
        stand_ins().event("Declined", json!({})).worlds(),
        &expect![
            "no stand-in publishes `Declined`, and `EventMatrix::rejection` says what a rejection does; they publish `Opened`, `Scored`"
        ],
    );
}

#[test]
fn a_stand_in_is_to_do_without_an_event_that_is_always_there() {
    check(
        stand_ins().without("Opened").worlds(),
        &expect!["`Opened` is never left out; may be left out: nothing"],
    );
    check(
        stand_ins().without("Opned").worlds(),
        &expect!["no stand-in publishes `Opned`; they publish `Opened`, `Scored`"],
    );
}

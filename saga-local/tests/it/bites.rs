//! The fault matrix bites: each way to break a participant or a definition is found, and named by a line of the report.

use saga_local::{FaultMatrix, MatrixReport};
use serde_json::{Value, json};

use crate::shop::{Break, Shop, sale, sell};
use crate::support::{block_on, finds};

/// The matrix of the saga, by its inputs, with single faults and this many pairs.
fn matrix(
    broken: Break, cards: &[&str], pairs: usize, edit: impl FnOnce(&mut Value),
) -> MatrixReport {
    let mut definition: Value = serde_json::from_str(sell::SELL.definition()).unwrap();
    edit(&mut definition);
    let world = || async move { Shop::open(broken).await.world() };
    let mut matrix = FaultMatrix::new(sell::SELL, world)
        .definition(&definition.to_string())
        .pairs(pairs);
    for card in cards {
        matrix = matrix.input(card, &sale(card));
    }
    block_on(matrix.run())
}

#[track_caller]
fn breaks(broken: Break, line: &str) {
    finds(&matrix(broken, &["visa", "expired"], 0, |_| {}), line);
}

#[track_caller]
fn edited(edit: impl FnOnce(&mut Value), line: &str) {
    finds(&matrix(Break::Nothing, &["visa"], 0, edit), line);
}

/// A state of the definition.
fn state<'a>(definition: &'a mut Value, name: &str) -> &'a mut Value {
    let state = &mut definition["States"][name];
    assert!(state.is_object(), "there is no state `{name}`");
    state
}

#[test]
fn a_sound_saga_is_sound_in_every_case() {
    let report = matrix(Break::Nothing, &["visa", "expired"], 200, |_| {});
    assert!(report.cases().len() > 300, "{}", report.cases().len());
    report.assert_complete();
}

#[test]
fn an_external_call_that_ignores_its_key() {
    breaks(
        Break::KeyIgnored,
        "visa: bank.hold: crash before the commit -> committed: `bank.hold` was done twice",
    );
}

#[test]
fn a_compensation_that_fails_where_there_is_nothing_to_undo() {
    breaks(
        Break::VoidNeedsHold,
        "expired: bank.hold: crash before the commit every time -> not finished, parked and resumed: the saga does not end: park",
    );
}

#[test]
fn a_compensation_that_does_nothing() {
    breaks(
        Break::VoidForgotten,
        "visa: bank.capture: rejected with BankError.Declined -> failed with BankError.Declined: `bank.hold` is left behind",
    );
}

#[test]
fn a_compensation_that_undoes_again_when_it_is_repeated() {
    breaks(
        Break::VoidPaysBack,
        "visa: bank.hold: timeout after the effect every time, then compensate bank.hold: crash before the commit -> failed with States.Timeout: `bank.hold` was undone twice",
    );
}

#[test]
fn a_compensation_that_gives_back_too_much() {
    breaks(
        Break::ReleaseTooMuch,
        r#"visa: bank.hold: rejected with BankError.Declined -> failed with BankError.Declined: left otherwise: stock: shelves -{"left":10,"name":"tea"} +{"left":11,"name":"tea"}"#,
    );
}

#[test]
fn an_effect_beside_the_transaction() {
    breaks(
        Break::EffectBesideTx,
        "visa: stock.reserve: crash before the commit -> committed: `stock.reserve` was done twice",
    );
}

#[test]
fn a_rejection_that_took_effect() {
    breaks(
        Break::DeclinedButTaken,
        "expired: no fault -> failed with BankError.Declined: `bank.hold` is left behind",
    );
}

#[test]
fn the_failing_step_is_not_compensated() {
    edited(
        |definition| {
            for catcher in state(definition, "bank.hold")["Catch"]
                .as_array_mut()
                .unwrap()
            {
                catcher["Next"] = json!("compensate stock.reserve");
            }
        },
        "visa: bank.hold: timeout after the effect every time -> failed with States.Timeout: `bank.hold` is left behind",
    );
}

#[test]
fn an_operator_who_skips_one_compensation_skips_another_with_it() {
    edited(
        |definition| {
            state(definition, "skip")["Choices"][1]["Next"] = json!("compensated");
        },
        "visa: bank.hold: timeout after the effect every time, then compensate bank.hold: timeout before the effect every time -> failed with Saga.Skipped, parked and skipped: `stock.reserve` is left behind",
    );
}

#[test]
fn a_skipped_compensation_is_not_told() {
    edited(
        |definition| {
            state(definition, "compensated")["Error"] = json!("{% $states.input.Error %}");
        },
        "visa: bank.hold: timeout after the effect every time, then compensate bank.hold: timeout before the effect every time -> failed with States.Timeout, parked and skipped: misreported: the client is told `States.Timeout`, and the compensation of bank.hold was skipped",
    );
}

#[test]
fn only_declared_errors_are_caught() {
    edited(
        |definition| {
            let catchers = state(definition, "bank.hold")["Catch"]
                .as_array_mut()
                .unwrap();
            catchers.truncate(1);
        },
        "visa: bank.hold: throttled every time -> failed with Lambda.TooManyRequestsException: `stock.reserve` is left behind",
    );
}

#[test]
fn the_whole_execution_has_a_timeout() {
    edited(
        |definition| definition["TimeoutSeconds"] = json!(60),
        "visa: bank.hold: timeout after the effect every time -> killed by States.Timeout: `bank.hold` is left behind; `stock.reserve` is left behind",
    );
}

#[test]
fn a_compensation_of_the_chain_is_skipped() {
    edited(
        |definition| state(definition, "compensate bank.hold")["Next"] = json!("compensated"),
        "visa: bank.capture: rejected with BankError.Declined -> failed with BankError.Declined: `stock.reserve` is left behind",
    );
}

#[test]
fn the_chain_is_in_the_wrong_order() {
    edited(
        |definition| {
            let catchers = state(definition, "bank.capture")["Catch"]
                .as_array_mut()
                .unwrap();
            catchers[0]["Next"] = json!("compensate stock.reserve");
            state(definition, "compensate stock.reserve")["Next"] = json!("compensate bank.hold");
            state(definition, "compensate bank.hold")["Next"] = json!("compensated");
        },
        "visa: bank.capture: rejected with BankError.Declined -> failed with BankError.Declined: `stock.reserve` was undone before `bank.hold`, which came later",
    );
}

#[test]
fn an_open_pivot_is_taken_for_a_no() {
    edited(
        |definition| {
            let pivot = state(definition, "bank.capture");
            pivot["Retry"] = json!([]);
            pivot["Catch"] =
                json!([{ "ErrorEquals": ["States.ALL"], "Next": "compensate bank.hold" }]);
        },
        "visa: bank.capture: timeout after the effect -> failed with States.Timeout: `bank.capture` is left behind",
    );
}

#[test]
fn a_step_after_the_pivot_is_compensated() {
    edited(
        |definition| {
            let last = state(definition, "mail.send");
            last["Retry"] = json!([]);
            last["Catch"] =
                json!([{ "ErrorEquals": ["States.ALL"], "Next": "compensate bank.hold" }]);
        },
        "visa: mail.send: throttled -> failed with Lambda.TooManyRequestsException: `bank.capture` is left behind",
    );
}

#[test]
fn a_step_after_the_pivot_is_not_tried_again() {
    edited(
        |definition| state(definition, "mail.send")["Retry"] = json!([]),
        "visa: mail.send: timeout after the effect -> failed with States.Timeout: misreported: the client is told `failed with States.Timeout`, and everything is done",
    );
}

#[test]
fn a_compensation_is_not_tried_again() {
    edited(
        |definition| {
            let undo = state(definition, "compensate stock.reserve");
            undo["Retry"] = json!([]);
            undo.as_object_mut().unwrap().remove("Catch");
        },
        "visa: stock.reserve: timeout after the effect every time, then compensate stock.reserve: timeout before the effect -> failed with States.Timeout: `stock.reserve` is left behind",
    );
}

#[test]
fn a_failure_is_told_as_a_success() {
    edited(
        |definition| *state(definition, "compensated") = json!({ "Type": "Succeed" }),
        "visa: bank.hold: rejected with BankError.Declined -> committed: misreported: the client is told success, and `stock.reserve` was undone",
    );
}

#[test]
fn a_failure_is_told_as_another() {
    edited(
        |definition| state(definition, "compensated")["Error"] = json!("Sale.Failed"),
        "visa: stock.reserve: rejected with StockError.SoldOut -> failed with Sale.Failed: misreported: the client is told `Sale.Failed`, and what failed was `StockError.SoldOut`",
    );
}

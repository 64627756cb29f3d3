//! Mode X: each move of the record, its leases and its epochs, for steps with an effect outside of the database.

use std::sync::Arc;
use std::time::Duration;

use expect_test::expect;
use saga_runtime::__private::{Action, Compensation, HandlerBuilder};
use saga_runtime::{BoxFuture, Context, Kind, Outcome, Retry};
use serde_json::{Value, json};

use crate::transactional::{Input, TestError, no};
use crate::world::{Shared, World, check, show};

fn charge<'a>(
    shared: &Shared, cx: &'a Context, input: Input,
) -> BoxFuture<'a, Result<Value, TestError>> {
    let behaviour = shared.behaviour();
    assert!(behaviour != "early", "no future");
    let shared = shared.clone();
    Box::pin(async move {
        let key = &cx.idempotency_key()[..4];
        match behaviour.as_str() {
            "ok" => {}
            "gate" => shared.gate().await,
            "no" => return Err(no()),
            "gate-no" => {
                shared.gate().await;
                return Err(no());
            }
            "later" => return Err(TestError::Later),
            "odd" => return Err(TestError::Odd),
            "odd-later" => return Err(TestError::OddLater),
            "panic" => panic!("a step of {}", input.order),
            "large" => {
                shared.log(format!("charge {key}"));
                return Ok(json!("x".repeat(258_048)));
            }
            "big" => return Ok(json!(-9_007_199_254_740_992_i64)),
            "who" => {
                let time = |time| humantime::format_rfc3339(time).to_string();
                let key = cx.idempotency_key();
                return Ok(json!([
                    key,
                    cx.saga(),
                    cx.step(),
                    cx.item(),
                    time(cx.now()),
                    time(cx.deadline())
                ]));
            }
            other => unreachable!("{other}"),
        }
        shared.log(format!("charge {key}"));
        Ok(json!({ "charge": input.order }))
    })
}

fn refund<'a>(
    shared: &Shared, cx: &'a Context, args: Input, outcome: Outcome<Value>,
) -> BoxFuture<'a, Result<(), Retry>> {
    let behaviour = shared.behaviour();
    let shared = shared.clone();
    Box::pin(async move {
        match behaviour.as_str() {
            "ok" => {}
            "gate" => shared.gate().await,
            "retry" => return Err(Retry::new("not now")),
            "panic" => panic!("a compensation"),
            other => unreachable!("{other}"),
        }
        let what = outcome
            .done()
            .map_or("what is unknown".to_owned(), |output| output.to_string());
        shared.log(format!(
            "refund {} {what} of {}",
            &cx.idempotency_key()[..4],
            args.order
        ));
        Ok(())
    })
}

pub(crate) fn steps(builder: HandlerBuilder, shared: &Shared) -> HandlerBuilder {
    let shared = Arc::new(shared.clone());
    let action = |kind| {
        let shared = Arc::clone(&shared);
        Action::cx(kind, &["order"], move |cx, input: Input| {
            charge(&shared, cx, input)
        })
    };
    let undo = {
        let shared = Arc::clone(&shared);
        Compensation::cx(move |cx, args: Input, outcome: Outcome<Value>| {
            refund(&shared, cx, args, outcome)
        })
    };
    builder
        .step("charge", action(Kind::Compensatable), Some(undo))
        .step("capture", action(Kind::Pivot), None)
        .step("ship", action(Kind::Retriable), None)
}

macro_rules! scripts {
    ($($name:ident: $script:expr => $expected:expr;)*) => {$(
        #[test]
        fn $name() {
            check(World::new(steps), &$script, &$expected);
            check(World::of_items(steps), &$script, &$expected);
        }
    )*};
}

scripts! {
    an_action_takes_effect_once_and_repeats_its_answer:
        ["charge ok", "charge ok", "charge no", "charge panic"] => expect![[r#"
            charge ok -> {"charge":"a"}
            charge ok -> {"charge":"a"}
            charge no -> {"charge":"a"}
            charge panic -> {"charge":"a"}
            record test.charge: DONE ep=1 own=delivery-1 args={"order":"a"} out={"charge":"a"}
            outside: charge 1755
        "#]];
    a_rejection_is_recorded_and_repeated: ["charge no", "charge ok", "undo charge ok", "charge ok"] => expect![[r#"
        charge no -> TestError.No: said the test
        charge ok -> TestError.No: said the test
        undo charge ok -> null
        charge ok -> Saga.Refused: the action comes too late: its compensation was here already, and the record says TOMBSTONE
        record test.charge: TOMBSTONE ep=1 own=delivery-1 args={"order":"a"} err={"type":"TestError.No","message":"said the test","data":{"sk
    "#]];
    a_transient_error_lets_go: ["charge later", "charge later", "charge ok", "charge later"] => expect![[r#"
        charge later -> TestError.Later: said the test
        charge later -> TestError.Later: said the test
        charge ok -> {"charge":"a"}
        charge later -> {"charge":"a"}
        record test.charge: DONE ep=3 own=delivery-3 args={"order":"a"} out={"charge":"a"}
        outside: charge 1755
    "#]];
    a_transient_error_promises_nothing_so_that_the_compensation_undoes_by_key:
        ["charge later", "undo charge ok", "charge ok"] => expect![[r#"
            charge later -> TestError.Later: said the test
            undo charge ok -> null
            charge ok -> Saga.Refused: the action comes too late: its compensation was here already, and the record says COMPENSATED
            record test.charge: COMPENSATED ep=2 own=delivery-2 args={"order":"a"}
            outside: refund 1755 what is unknown of a
        "#]];
    a_retriable_step_is_never_rejected: ["ship no", "ship odd", "ship later", "ship ok", "ship no"] => expect![[r#"
        ship no -> Saga.Busy: TestError.No: said the test
        ship odd -> Saga.Busy: TestError.Odd: said the test
        ship later -> TestError.Later: said the test
        ship ok -> {"charge":"a"}
        ship no -> {"charge":"a"}
        record test.ship: DONE ep=4 own=delivery-4 args={"order":"a"} out={"charge":"a"}
        outside: charge 7298
    "#]];
    a_retriable_step_whose_rejection_cannot_let_go_is_busy_until_its_lease_ends:
        ["begin z: ship gate-no", "fail 3", "end z", "ship ok", "tick 16", "ship ok"] => expect![[r#"
            begin z: ship gate-no -> open
            fail 3 -> -
            end z -> Saga.Busy: TestError.No: said the test
            ship ok -> Saga.Busy: an earlier delivery of the step may still be at work
            tick 16 -> -
            ship ok -> {"charge":"a"}
            record test.ship: DONE ep=2 own=delivery-3 args={"order":"a"} out={"charge":"a"}
            outside: charge 7298
        "#]];
    a_rejection_that_is_not_in_the_steps_table_is_refused_for_good:
        ["charge odd", "charge ok", "undo charge ok", "capture odd", "capture ok"] => expect![[r#"
            charge odd -> Saga.Refused: TestError.Odd: said the test
            charge ok -> Saga.Refused: TestError.Odd: said the test
            undo charge ok -> null
            capture odd -> Saga.Refused: TestError.Odd: said the test
            capture ok -> Saga.Refused: TestError.Odd: said the test
            record test.capture: REJECTED ep=1 own=delivery-4 args={"order":"a"} err={"type":"Saga.Refused","message":"TestError.Odd: said the te
            record test.charge: TOMBSTONE ep=1 own=delivery-1 args={"order":"a"} err={"type":"Saga.Refused","message":"TestError.Odd: said the te
        "#]];
    a_transient_error_that_is_not_in_the_steps_table_is_busy: ["charge odd-later", "charge ok"] => expect![[r#"
        charge odd-later -> Saga.Busy: TestError.OddLater: said the test
        charge ok -> {"charge":"a"}
        record test.charge: DONE ep=2 own=delivery-2 args={"order":"a"} out={"charge":"a"}
        outside: charge 1755
    "#]];
    another_execution_of_the_same_name_shares_nothing:
        ["charge ok", r#"charge ok saga="arn:run#2026-04-02T00:00:00.000Z" order=b"#, r#"undo charge ok saga="arn:run#2026-04-02T00:00:00.000Z""#, "charge ok"] => expect![[r#"
            charge ok -> {"charge":"a"}
            charge ok saga="arn:run#2026-04-02T00:00:00.000Z" order=b -> {"charge":"b"}
            undo charge ok saga="arn:run#2026-04-02T00:00:00.000Z" -> null
            charge ok -> {"charge":"a"}
            record test.charge: DONE ep=1 own=delivery-1 args={"order":"a"} out={"charge":"a"}
            record arn:run#2026-04-02T00:00:00.000Z|test.charge: COMPENSATED ep=2 own=delivery-3 args={"order":"b"} out={"charge":"b"}
            outside: charge 1755
            outside: charge 4491
            outside: refund 4491 {"charge":"b"} of b
        "#]];
    the_saga_is_what_stands_before_the_last_hash:
        [r#"charge who saga="arn:run""#, r#"charge who saga="arn:run#2#2026-01-01T00:00:00.000Z""#] => expect![[r#"
            charge who saga="arn:run" -> ["4d733f617274ab6fbb3ef1a30f7af613","arn:run","test.charge",[],"2026-01-01T00:00:00Z","2026-01-01T00:00:10Z"]
            charge who saga="arn:run#2#2026-01-01T00:00:00.000Z" -> ["49cfefd29c0be93e53da544ec9d9a5cf","arn:run#2","test.charge",[],"2026-01-01T00:00:00Z","2026-01-01T00:00:10Z"]
            record arn:run#2#2026-01-01T00:00:00.000Z|test.charge: DONE ep=1 own=delivery-2 args={"order":"a"} out=["49cfefd29c0be93e53da544ec9d9a5cf","arn:run#2","test.charge
            record arn:run|test.charge: DONE ep=1 own=delivery-1 args={"order":"a"} out=["4d733f617274ab6fbb3ef1a30f7af613","arn:run","test.charge",
        "#]];
    a_panic_lets_go: ["charge panic", "charge early", "charge ok"] => expect![[r#"
        charge panic -> Saga.Unknown: the step panicked: a step of a
        charge early -> Saga.Unknown: the step panicked: no future
        charge ok -> {"charge":"a"}
        record test.charge: DONE ep=3 own=delivery-3 args={"order":"a"} out={"charge":"a"}
        outside: charge 1755
    "#]];
    a_panic_is_compensated_as_unknown: ["charge panic", "undo charge ok", "undo charge ok", "charge ok"] => expect![[r#"
        charge panic -> Saga.Unknown: the step panicked: a step of a
        undo charge ok -> null
        undo charge ok -> null
        charge ok -> Saga.Refused: the action comes too late: its compensation was here already, and the record says COMPENSATED
        record test.charge: COMPENSATED ep=2 own=delivery-2 args={"order":"a"}
        outside: refund 1755 what is unknown of a
    "#]];
    an_output_that_is_too_large_is_unknown: ["charge large", "charge large", "undo charge ok"] => expect![[r#"
        charge large -> Saga.Unknown: the step took effect, but its output cannot be recorded: the output has 258050 bytes; there is room for 258048
        charge large -> Saga.Unknown: the step took effect, but its output cannot be recorded: the output has 258050 bytes; there is room for 258048
        undo charge ok -> null
        record test.charge: COMPENSATED ep=3 own=delivery-3 args={"order":"a"}
        outside: charge 1755
        outside: charge 1755
        outside: refund 1755 what is unknown of a
    "#]];
    an_output_with_a_large_integer_is_unknown: ["charge big", "undo charge ok"] => expect![[r#"
        charge big -> Saga.Unknown: the step took effect, but its output cannot be recorded: `output` is -9007199254740992, and Step Functions rounds integers beyond 9007199254740991…
        undo charge ok -> null
        record test.charge: COMPENSATED ep=2 own=delivery-2 args={"order":"a"}
        outside: refund 1755 what is unknown of a
    "#]];
    a_compensation_is_told_the_output: ["charge ok", "undo charge ok", "undo charge panic", "charge ok"] => expect![[r#"
        charge ok -> {"charge":"a"}
        undo charge ok -> null
        undo charge panic -> null
        charge ok -> Saga.Refused: the action comes too late: its compensation was here already, and the record says COMPENSATED
        record test.charge: COMPENSATED ep=2 own=delivery-2 args={"order":"a"} out={"charge":"a"}
        outside: charge 1755
        outside: refund 1755 {"charge":"a"} of a
    "#]];
    a_null_compensation_calls_nothing: ["undo charge panic", "charge ok", "undo charge panic"] => expect![[r#"
        undo charge panic -> null
        charge ok -> Saga.Refused: the action comes too late: its compensation was here already, and the record says TOMBSTONE
        undo charge panic -> null
        record test.charge: TOMBSTONE
    "#]];
    while_one_delivery_acts_others_are_busy:
        ["begin z: charge gate", "charge ok", "undo charge ok", "end z", "charge ok"] => expect![[r#"
            begin z: charge gate -> open
            charge ok -> Saga.Busy: an earlier delivery of the step may still be at work
            undo charge ok -> Saga.Busy: another delivery of the step may still be at work
            end z -> {"charge":"a"}
            charge ok -> {"charge":"a"}
            record test.charge: DONE ep=1 own=delivery-1 args={"order":"a"} out={"charge":"a"}
            outside: charge 1755
        "#]];
    a_delivery_that_died_is_followed_at_the_end_of_its_lease:
        ["begin z: charge gate", "kill z", "tick 15", "charge ok", "tick 1", "charge ok"] => expect![[r#"
            begin z: charge gate -> open
            kill z -> -
            tick 15 -> -
            charge ok -> Saga.Busy: an earlier delivery of the step may still be at work
            tick 1 -> -
            charge ok -> {"charge":"a"}
            record test.charge: DONE ep=2 own=delivery-3 args={"order":"a"} out={"charge":"a"}
            outside: charge 1755
        "#]];
    a_delivery_that_died_is_compensated_as_unknown_at_the_end_of_its_lease:
        ["begin z: charge gate", "kill z", "tick 15", "undo charge ok", "tick 1", "undo charge ok", "charge ok"] => expect![[r#"
            begin z: charge gate -> open
            kill z -> -
            tick 15 -> -
            undo charge ok -> Saga.Busy: another delivery of the step may still be at work
            tick 1 -> -
            undo charge ok -> null
            charge ok -> Saga.Refused: the action comes too late: its compensation was here already, and the record says COMPENSATED
            record test.charge: COMPENSATED ep=2 own=delivery-3 args={"order":"a"}
            outside: refund 1755 what is unknown of a
        "#]];
    another_input_never_takes_over:
        ["begin z: charge gate", "kill z", "tick 16", "charge ok order=b", "charge ok"] => expect![[r#"
            begin z: charge gate -> open
            kill z -> -
            tick 16 -> -
            charge ok order=b -> Saga.Unknown: another input was already taken under the same key; this one is not executed
            charge ok -> {"charge":"a"}
            record test.charge: DONE ep=2 own=delivery-3 args={"order":"a"} out={"charge":"a"}
            outside: charge 1755
        "#]];
    another_input_after_the_effect_is_unknown: ["charge ok", "charge ok order=b", "undo charge ok", "charge ok order=b"] => expect![[r#"
        charge ok -> {"charge":"a"}
        charge ok order=b -> Saga.Unknown: another input was already taken under the same key; this one is not executed
        undo charge ok -> null
        charge ok order=b -> Saga.Refused: the action comes too late: its compensation was here already, and the record says COMPENSATED
        record test.charge: COMPENSATED ep=2 own=delivery-3 args={"order":"a"} out={"charge":"a"}
        outside: charge 1755
        outside: refund 1755 {"charge":"a"} of a
    "#]];
    a_holder_that_was_overtaken_answers_by_the_record:
        ["begin z: charge gate", "tick 16", "charge ok", "end z"] => expect![[r#"
            begin z: charge gate -> open
            tick 16 -> -
            charge ok -> {"charge":"a"}
            end z -> {"charge":"a"}
            record test.charge: DONE ep=2 own=delivery-2 args={"order":"a"} out={"charge":"a"}
            outside: charge 1755
            outside: charge 1755
        "#]];
    a_holder_that_was_overtaken_cannot_reject:
        ["begin z: charge gate-no", "tick 16", "charge ok", "end z"] => expect![[r#"
            begin z: charge gate-no -> open
            tick 16 -> -
            charge ok -> {"charge":"a"}
            end z -> {"charge":"a"}
            record test.charge: DONE ep=2 own=delivery-2 args={"order":"a"} out={"charge":"a"}
            outside: charge 1755
        "#]];
    a_holder_that_was_overtaken_by_one_at_work_is_busy:
        ["begin z: charge gate", "tick 16", "begin y: charge gate", "end z", "end y"] => expect![[r#"
            begin z: charge gate -> open
            tick 16 -> -
            begin y: charge gate -> open
            end z -> Saga.Busy: a later delivery of the step has taken over
            end y -> {"charge":"a"}
            record test.charge: DONE ep=2 own=delivery-2 args={"order":"a"} out={"charge":"a"}
            outside: charge 1755
            outside: charge 1755
        "#]];
    a_holder_that_was_overtaken_by_the_compensation_is_refused:
        ["begin z: charge gate-no", "tick 16", "undo charge ok", "end z"] => expect![[r#"
            begin z: charge gate-no -> open
            tick 16 -> -
            undo charge ok -> null
            end z -> Saga.Refused: the action comes too late: its compensation was here already, and the record says COMPENSATED
            record test.charge: COMPENSATED ep=2 own=delivery-2 args={"order":"a"}
            outside: refund 1755 what is unknown of a
        "#]];
    a_compensation_that_fails_lets_go:
        ["charge ok", "undo charge retry", "undo charge panic", "undo charge ok"] => expect![[r#"
            charge ok -> {"charge":"a"}
            undo charge retry -> Saga.Retry: not now
            undo charge panic -> Saga.Unknown: the step panicked: a compensation
            undo charge ok -> null
            record test.charge: COMPENSATED ep=4 own=delivery-4 args={"order":"a"} out={"charge":"a"}
            outside: charge 1755
            outside: refund 1755 {"charge":"a"} of a
        "#]];
    a_compensation_that_died_is_followed_at_the_end_of_its_lease:
        ["charge ok", "begin z: undo charge gate", "charge ok", "undo charge ok", "kill z", "tick 15", "undo charge ok", "tick 1", "undo charge ok"] => expect![[r#"
            charge ok -> {"charge":"a"}
            begin z: undo charge gate -> open
            charge ok -> Saga.Refused: the action comes too late: its compensation was here already, and the record says COMPENSATING
            undo charge ok -> Saga.Busy: another delivery of the step may still be at work
            kill z -> -
            tick 15 -> -
            undo charge ok -> Saga.Busy: another delivery of the step may still be at work
            tick 1 -> -
            undo charge ok -> null
            record test.charge: COMPENSATED ep=3 own=delivery-6 args={"order":"a"} out={"charge":"a"}
            outside: charge 1755
            outside: refund 1755 {"charge":"a"} of a
        "#]];
    a_compensation_that_was_overtaken_is_busy_until_the_other_ends:
        ["charge ok", "begin z: undo charge gate", "tick 16", "begin y: undo charge gate", "end z", "end y", "undo charge panic"] => expect![[r#"
            charge ok -> {"charge":"a"}
            begin z: undo charge gate -> open
            tick 16 -> -
            begin y: undo charge gate -> open
            end z -> Saga.Busy: other deliveries of the step keep coming in between
            end y -> null
            undo charge panic -> null
            record test.charge: COMPENSATED ep=3 own=delivery-3 args={"order":"a"} out={"charge":"a"}
            outside: charge 1755
            outside: refund 1755 {"charge":"a"} of a
            outside: refund 1755 {"charge":"a"} of a
        "#]];
    a_compensation_that_was_overtaken_by_one_that_ended_succeeds:
        ["charge ok", "begin z: undo charge gate", "tick 16", "undo charge ok", "end z"] => expect![[r#"
            charge ok -> {"charge":"a"}
            begin z: undo charge gate -> open
            tick 16 -> -
            undo charge ok -> null
            end z -> null
            record test.charge: COMPENSATED ep=3 own=delivery-3 args={"order":"a"} out={"charge":"a"}
            outside: charge 1755
            outside: refund 1755 {"charge":"a"} of a
            outside: refund 1755 {"charge":"a"} of a
        "#]];
    a_claim_whose_reply_was_lost_is_recognised: ["lose 1", "charge ok", "lose 1", "undo charge ok"] => expect![[r#"
        lose 1 -> -
        charge ok -> {"charge":"a"}
        lose 1 -> -
        undo charge ok -> null
        record test.charge: COMPENSATED ep=2 own=delivery-2 args={"order":"a"} out={"charge":"a"}
        outside: charge 1755
        outside: refund 1755 {"charge":"a"} of a
    "#]];
    a_claim_that_was_never_answered_is_busy_to_the_end_of_its_lease:
        ["lose 3", "charge ok", "charge ok", "tick 16", "charge ok"] => expect![[r#"
            lose 3 -> -
            charge ok -> Saga.Busy: the store: the store's reply was lost
            charge ok -> Saga.Busy: an earlier delivery of the step may still be at work
            tick 16 -> -
            charge ok -> {"charge":"a"}
            record test.charge: DONE ep=2 own=delivery-3 args={"order":"a"} out={"charge":"a"}
            outside: charge 1755
        "#]];
    a_finish_whose_reply_was_lost_is_found_out:
        ["begin z: charge gate", "lose 1", "end z", "begin y: undo charge gate", "lose 1", "end y"] => expect![[r#"
            begin z: charge gate -> open
            lose 1 -> -
            end z -> {"charge":"a"}
            begin y: undo charge gate -> open
            lose 1 -> -
            end y -> null
            record test.charge: COMPENSATED ep=2 own=delivery-2 args={"order":"a"} out={"charge":"a"}
            outside: charge 1755
            outside: refund 1755 {"charge":"a"} of a
        "#]];
    a_rejection_whose_reply_was_lost_is_found_out: ["begin z: charge gate-no", "lose 1", "end z"] => expect![[r#"
        begin z: charge gate-no -> open
        lose 1 -> -
        end z -> TestError.No: said the test
        record test.charge: REJECTED ep=1 own=delivery-1 args={"order":"a"} err={"type":"TestError.No","message":"said the test","data":{"sk
    "#]];
    a_finish_that_fails_is_busy_and_the_step_is_repeated_under_its_key:
        ["begin z: charge gate", "fail 3", "end z", "charge ok", "tick 16", "charge ok"] => expect![[r#"
            begin z: charge gate -> open
            fail 3 -> -
            end z -> Saga.Busy: the store: no answer
            charge ok -> Saga.Busy: an earlier delivery of the step may still be at work
            tick 16 -> -
            charge ok -> {"charge":"a"}
            record test.charge: DONE ep=2 own=delivery-3 args={"order":"a"} out={"charge":"a"}
            outside: charge 1755
            outside: charge 1755
        "#]];
    a_rejection_that_cannot_be_recorded_is_busy:
        ["begin z: charge gate-no", "fail 3", "end z", "undo charge ok", "tick 16", "undo charge ok"] => expect![[r#"
            begin z: charge gate-no -> open
            fail 3 -> -
            end z -> Saga.Busy: the store: no answer
            undo charge ok -> Saga.Busy: another delivery of the step may still be at work
            tick 16 -> -
            undo charge ok -> null
            record test.charge: COMPENSATED ep=2 own=delivery-3 args={"order":"a"}
            outside: refund 1755 what is unknown of a
        "#]];
    two_actions_at_once: ["charge ok || charge ok"] => expect![[r#"
        charge ok || charge ok -> {"charge":"a"} || Saga.Busy: an earlier delivery of the step may still be at work
        record test.charge: DONE ep=1 own=delivery-1 args={"order":"a"} out={"charge":"a"}
        outside: charge 1755
    "#]];
    two_compensations_at_once: ["charge ok", "undo charge ok || undo charge ok"] => expect![[r#"
        charge ok -> {"charge":"a"}
        undo charge ok || undo charge ok -> null || Saga.Busy: another delivery of the step may still be at work
        record test.charge: COMPENSATED ep=2 own=delivery-2 args={"order":"a"} out={"charge":"a"}
        outside: charge 1755
        outside: refund 1755 {"charge":"a"} of a
    "#]];
    an_action_and_its_compensation_at_once: ["charge ok || undo charge ok", "undo charge ok"] => expect![[r#"
        charge ok || undo charge ok -> {"charge":"a"} || Saga.Busy: another delivery of the step may still be at work
        undo charge ok -> null
        record test.charge: COMPENSATED ep=2 own=delivery-3 args={"order":"a"} out={"charge":"a"}
        outside: charge 1755
        outside: refund 1755 {"charge":"a"} of a
    "#]];
    after_the_deadline_no_action_begins: ["tick 901", "charge ok deadline=900", "charge ok"] => expect![[r#"
        tick 901 -> -
        charge ok deadline=900 -> Saga.Refused: the saga's deadline has passed, and the action has not begun
        charge ok -> Saga.Refused: the saga's deadline has passed, and the action has not begun
        record test.charge: REJECTED err={"type":"Saga.Refused","message":"the saga's deadline has pa
    "#]];
    after_the_deadline_an_open_action_is_unknown:
        ["charge panic", "tick 901", "charge ok deadline=900", "undo charge ok"] => expect![[r#"
            charge panic -> Saga.Unknown: the step panicked: a step of a
            tick 901 -> -
            charge ok deadline=900 -> Saga.Unknown: the saga's deadline has passed, and what an earlier delivery did is not known
            undo charge ok -> null
            record test.charge: COMPENSATED ep=2 own=delivery-3 args={"order":"a"}
            outside: refund 1755 what is unknown of a
        "#]];
    after_the_deadline_what_is_done_stays_done: ["charge ok", "tick 901", "charge ok deadline=900"] => expect![[r#"
        charge ok -> {"charge":"a"}
        tick 901 -> -
        charge ok deadline=900 -> {"charge":"a"}
        record test.charge: DONE ep=1 own=delivery-1 args={"order":"a"} out={"charge":"a"}
        outside: charge 1755
    "#]];
    after_the_deadline_a_pivot_that_has_not_begun_is_refused: ["tick 901", "capture ok deadline=900"] => expect![[r#"
        tick 901 -> -
        capture ok deadline=900 -> Saga.Refused: the saga's deadline has passed, and the action has not begun
        record test.capture: REJECTED err={"type":"Saga.Refused","message":"the saga's deadline has pa
    "#]];
    after_the_deadline_an_open_pivot_is_tried_again:
        ["capture panic", "tick 901", "capture later deadline=900", "capture ok deadline=900"] => expect![[r#"
            capture panic -> Saga.Unknown: the step panicked: a step of a
            tick 901 -> -
            capture later deadline=900 -> TestError.Later: said the test
            capture ok deadline=900 -> {"charge":"a"}
            record test.capture: DONE ep=3 own=delivery-3 args={"order":"a"} out={"charge":"a"}
            outside: charge 9029
        "#]];
    after_the_deadline_an_open_pivot_may_still_be_rejected:
        ["capture panic", "tick 901", "capture no deadline=900", "capture ok deadline=900"] => expect![[r#"
            capture panic -> Saga.Unknown: the step panicked: a step of a
            tick 901 -> -
            capture no deadline=900 -> TestError.No: said the test
            capture ok deadline=900 -> TestError.No: said the test
            record test.capture: REJECTED ep=2 own=delivery-2 args={"order":"a"} err={"type":"TestError.No","message":"said the test","data":{"sk
        "#]];
    a_deadline_stops_no_retriable_step: ["tick 901", "ship ok deadline=900"] => expect![[r#"
        tick 901 -> -
        ship ok deadline=900 -> {"charge":"a"}
        record test.ship: DONE ep=1 own=delivery-1 args={"order":"a"} out={"charge":"a"}
        outside: charge 7298
    "#]];
    a_retriable_step_is_never_refused_for_what_code_can_mend: ["ship large", "ship ok"] => expect![[r#"
        ship large -> Saga.Unknown: the step took effect, but its output cannot be recorded: the output has 258050 bytes; there is room for 258048
        ship ok -> {"charge":"a"}
        record test.ship: DONE ep=2 own=delivery-2 args={"order":"a"} out={"charge":"a"}
        outside: charge 7298
        outside: charge 7298
    "#]];
    the_items_of_a_loop_share_nothing_but_each_its_key_with_its_compensation:
        ["charge ok item=[0]", "charge ok item=[0,1]", "charge no item=[1]", "undo charge ok item=[0]", "undo charge ok item=[0,1]",
         "undo charge ok item=[2]", "charge ok item=[2]", "undo charge ok"] => expect![[r#"
             charge ok item=[0] -> {"charge":"a"}
             charge ok item=[0,1] -> {"charge":"a"}
             charge no item=[1] -> TestError.No: said the test
             undo charge ok item=[0] -> null
             undo charge ok item=[0,1] -> null
             undo charge ok item=[2] -> null
             charge ok item=[2] -> Saga.Refused: the action comes too late: its compensation was here already, and the record says TOMBSTONE
             undo charge ok -> null
             record test.charge: TOMBSTONE
             record test.charge|0: COMPENSATED ep=2 own=delivery-4 args={"order":"a"} out={"charge":"a"}
             record test.charge|0,1: COMPENSATED ep=2 own=delivery-5 args={"order":"a"} out={"charge":"a"}
             record test.charge|1: REJECTED ep=1 own=delivery-3 args={"order":"a"} err={"type":"TestError.No","message":"said the test","data":{"sk
             record test.charge|2: TOMBSTONE
             outside: charge b0a3
             outside: charge 62b9
             outside: refund b0a3 {"charge":"a"} of a
             outside: refund 62b9 {"charge":"a"} of a
         "#]];
    a_step_knows_whom_it_acts_for_and_until_when:
        ["tick 1", "charge who", "charge#2 who item=[2,0]"] => expect![[r#"
            tick 1 -> -
            charge who -> ["175548470000e3d5be341687f6b3aae8","arn:run","test.charge",[],"2026-01-01T00:00:01Z","2026-01-01T00:00:11Z"]
            charge#2 who item=[2,0] -> ["7b8f630cb542b91d743fa12f506d58a4","arn:run","test.charge#2",[2,0],"2026-01-01T00:00:01Z","2026-01-01T00:00:11Z"]
            record test.charge: DONE ep=1 own=delivery-1 args={"order":"a"} out=["175548470000e3d5be341687f6b3aae8","arn:run","test.charge",
            record test.charge#2|2,0: DONE ep=1 own=delivery-2 args={"order":"a"} out=["7b8f630cb542b91d743fa12f506d58a4","arn:run","test.charge#2
        "#]];
}

#[test]
fn a_delivery_whose_time_is_over_does_not_begin() {
    let mut world = World::new(steps);
    for words in ["charge ok", "undo charge ok"] {
        world.deliver("charge ok").finish().unwrap();
        let late = world.deliver(&words.replace("charge ok", "charge#2 ok"));
        world.shared.tick(Duration::from_secs(10));
        assert_eq!(
            show(&late.finish()),
            "Saga.Busy: the delivery's time was over before the step could begin"
        );
    }
    assert_eq!(world.memory.barrier_records().len(), 1);
}

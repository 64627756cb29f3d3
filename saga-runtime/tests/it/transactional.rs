//! Mode T: each move of the record, and each promise of the barrier, for steps whose effects are writes.

use expect_test::expect;
use saga_runtime::__private::{Action, Compensation, HandlerBuilder};
use saga_runtime::{BoxFuture, Kind, Retry, StepError, Table, Tx, field};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::world::{Shared, World, check};

#[derive(Deserialize)]
pub(crate) struct Input {
    pub(crate) order: String,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Account {
    id: String,
    done: i64,
    undone: Option<i64>,
}

pub(crate) const ACCOUNTS: Table<Account> = Table::new("accounts", "id");
const SHELVES: Table<Account> = Table::new("shelves", "id");
const WRONG: Table<u64> = Table::new("accounts", "id");

/// What the test participant fails with.
pub(crate) enum TestError {
    No {
        sku: String,
    },
    Later,
    /// Not in the table, as only an implementation by hand can have it.
    Odd,
    OddLater,
}

impl StepError for TestError {
    const TYPES: &'static [&'static str] = &["TestError.No", "TestError.Later"];

    fn error_type(&self) -> &'static str {
        match self {
            Self::No { .. } => "TestError.No",
            Self::Later => "TestError.Later",
            Self::Odd => "TestError.Odd",
            Self::OddLater => "TestError.OddLater",
        }
    }

    fn is_transient(&self) -> bool {
        matches!(self, Self::Later | Self::OddLater)
    }

    fn message(&self) -> String {
        "said the test".to_owned()
    }

    fn data(&self) -> Result<Value, serde_json::Error> {
        Ok(match self {
            Self::No { sku } => json!({ "sku": sku }),
            Self::Later | Self::Odd | Self::OddLater => Value::Null,
        })
    }
}

/// Another step's errors.
enum OtherError {
    Gone,
    Away,
}

impl StepError for OtherError {
    const TYPES: &'static [&'static str] = &["OtherError.Gone", "OtherError.Away"];

    fn error_type(&self) -> &'static str {
        match self {
            Self::Gone => "OtherError.Gone",
            Self::Away => "OtherError.Away",
        }
    }

    fn is_transient(&self) -> bool {
        matches!(self, Self::Away)
    }

    fn message(&self) -> String {
        "said another".to_owned()
    }

    fn data(&self) -> Result<Value, serde_json::Error> {
        Ok(json!({ "of": "another" }))
    }
}

pub(crate) fn no() -> TestError {
    TestError::No {
        sku: "tea".to_owned(),
    }
}

/// Lets the transaction depend on what does not hold.
fn short(tx: &mut Tx, order: &str, otherwise: impl StepError) {
    tx.check(&SHELVES, order, field("id").exists(), otherwise);
}

async fn read(behaviour: &str, tx: &Tx, order: &str) -> Value {
    match behaviour {
        "item" => json!([tx.saga(), tx.step(), tx.item()]),
        "read" => {
            let account = tx.get(&ACCOUNTS, order).await;
            json!({ "done": account.map(|account| account.done) })
        }
        "impatient" => {
            // Gives up on a read that fails, and says that all is well.
            let read = tx.get(&WRONG, order);
            let mut read = std::pin::pin!(read);
            std::future::poll_fn(|context| {
                let _ = read.as_mut().poll(context);
                std::task::Poll::Ready(())
            })
            .await;
            for _ in 0..9 {
                crate::world::yield_now().await;
                std::future::poll_fn(|context| {
                    let _ = read.as_mut().poll(context);
                    std::task::Poll::Ready(())
                })
                .await;
            }
            json!("fine")
        }
        "wrong-type" => {
            json!(tx.get(&WRONG, order).await)
        }
        "bad-key" => {
            json!(tx.get(&ACCOUNTS, "").await)
        }
        other => unreachable!("{other}"),
    }
}

fn reserve<'a>(
    shared: &Shared, tx: &'a mut Tx, input: Input,
) -> BoxFuture<'a, Result<Value, TestError>> {
    let behaviour = shared.behaviour();
    assert_ne!(behaviour, "early", "no future");
    let shared = shared.clone();
    Box::pin(async move {
        match behaviour.as_str() {
            "ok" => {}
            "gate" => shared.gate().await,
            "no" => return Err(no()),
            "later" => return Err(TestError::Later),
            "panic" => panic!("a step of {}", input.order),
            "large" => return Ok(json!("x".repeat(258_048))),
            "fits" => return Ok(json!("x".repeat(258_046))),
            "big" => return Ok(json!({ "ids": [1, 9_007_199_254_740_992_u64] })),
            "short" => {
                tx.update(&ACCOUNTS, &input.order)
                    .add("done", 1)
                    .only_if(field("done").at_least(100), no());
                return Ok(json!(null));
            }
            "short-later" => short(tx, &input.order, TestError::Later),
            "short-gone" => short(tx, &input.order, OtherError::Gone),
            "short-away" => short(tx, &input.order, OtherError::Away),
            "short-retry" => short(tx, &input.order, Retry::new("too few")),
            _ => return Ok(read(&behaviour, tx, &input.order).await),
        }
        tx.update(&ACCOUNTS, &input.order).add("done", 1);
        Ok(json!({ "hold": input.order }))
    })
}

#[derive(Deserialize)]
struct Output {
    hold: String,
}

fn release<'a>(
    shared: &Shared, tx: &'a mut Tx, args: Input, output: Output,
) -> BoxFuture<'a, Result<(), Retry>> {
    let behaviour = shared.behaviour();
    Box::pin(async move {
        match behaviour.as_str() {
            "ok" => {}
            "retry" => return Err(Retry::new("not now")),
            "panic" => panic!("a compensation"),
            "short" => short(tx, &args.order, Retry::new("too few")),
            "short-no" => short(tx, &args.order, no()),
            "short-later" => short(tx, &args.order, TestError::Later),
            other => unreachable!("{other}"),
        }
        tx.update(&ACCOUNTS, output.hold).add("undone", 1);
        Ok(())
    })
}

pub(crate) fn steps(builder: HandlerBuilder, shared: &Shared) -> HandlerBuilder {
    let action = |kind| {
        let shared = shared.clone();
        Action::tx(kind, &["order"], move |tx, input: Input| {
            reserve(&shared, tx, input)
        })
    };
    let undo = {
        let shared = shared.clone();
        Compensation::tx(move |tx, args: Input, output: Output| release(&shared, tx, args, output))
    };
    builder
        .step("reserve", action(Kind::Compensatable), Some(undo))
        .step("settle", action(Kind::Pivot), None)
        .step("pack", action(Kind::Retriable), None)
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
        ["reserve ok", "reserve ok", "reserve no", "reserve later", "reserve panic", "reserve early", "reserve large"] => expect![[r#"
            reserve ok -> {"hold":"a"}
            reserve ok -> {"hold":"a"}
            reserve no -> {"hold":"a"}
            reserve later -> {"hold":"a"}
            reserve panic -> {"hold":"a"}
            reserve early -> {"hold":"a"}
            reserve large -> {"hold":"a"}
            record test.reserve: DONE args={"order":"a"} out={"hold":"a"}
            accounts: {"done":1,"id":"a"}
        "#]];
    a_rejection_is_recorded_and_repeated: ["reserve no", "reserve ok"] => expect![[r#"
        reserve no -> TestError.No: said the test
        reserve ok -> TestError.No: said the test
        record test.reserve: REJECTED err={"type":"TestError.No","message":"said the test","data":{"sk
    "#]];
    a_condition_that_fails_is_the_rejection_declared_with_it: ["settle ok", "reserve short", "reserve ok", "reserve#2 short", "pack ok"] => expect![[r#"
        settle ok -> {"hold":"a"}
        reserve short -> TestError.No: said the test
        reserve ok -> TestError.No: said the test
        reserve#2 short -> TestError.No: said the test
        pack ok -> {"hold":"a"}
        record test.pack: DONE args={"order":"a"} out={"hold":"a"}
        record test.reserve: REJECTED err={"type":"TestError.No","message":"said the test","data":{"sk
        record test.reserve#2: REJECTED err={"type":"TestError.No","message":"said the test","data":{"sk
        record test.settle: DONE args={"order":"a"} out={"hold":"a"}
        accounts: {"done":2,"id":"a"}
    "#]];
    a_transient_error_is_not_recorded: ["reserve later", "reserve short-later", "reserve ok"] => expect![[r#"
        reserve later -> TestError.Later: said the test
        reserve short-later -> TestError.Later: said the test
        reserve ok -> {"hold":"a"}
        record test.reserve: DONE args={"order":"a"} out={"hold":"a"}
        accounts: {"done":1,"id":"a"}
    "#]];
    a_retriable_step_is_never_rejected:
        ["pack no", "pack short", "pack short-gone", "pack later", "pack short-later", "pack short-away", "pack ok", "pack no"] => expect![[r#"
            pack no -> Saga.Busy: TestError.No: said the test
            pack short -> Saga.Busy: TestError.No: said the test
            pack short-gone -> Saga.Busy: OtherError.Gone: said another
            pack later -> TestError.Later: said the test
            pack short-later -> TestError.Later: said the test
            pack short-away -> Saga.Busy: OtherError.Away: said another
            pack ok -> {"hold":"a"}
            pack no -> {"hold":"a"}
            record test.pack: DONE args={"order":"a"} out={"hold":"a"}
            accounts: {"done":1,"id":"a"}
        "#]];
    a_rejection_of_another_type_is_refused_for_good:
        ["reserve short-gone", "reserve ok", "undo reserve ok", "settle short-gone", "settle ok"] => expect![[r#"
            reserve short-gone -> Saga.Refused: OtherError.Gone: said another
            reserve ok -> Saga.Refused: OtherError.Gone: said another
            undo reserve ok -> null
            settle short-gone -> Saga.Refused: OtherError.Gone: said another
            settle ok -> Saga.Refused: OtherError.Gone: said another
            record test.reserve: TOMBSTONE err={"type":"Saga.Refused","message":"OtherError.Gone: said anot
            record test.settle: REJECTED err={"type":"Saga.Refused","message":"OtherError.Gone: said anot
        "#]];
    a_transient_error_of_another_type_is_busy:
        ["reserve short-away", "reserve short-retry", "settle short-away", "reserve ok", "reserve short-away"] => expect![[r#"
            reserve short-away -> Saga.Busy: OtherError.Away: said another
            reserve short-retry -> Saga.Busy: Saga.Retry: too few
            settle short-away -> Saga.Busy: OtherError.Away: said another
            reserve ok -> {"hold":"a"}
            reserve short-away -> {"hold":"a"}
            record test.reserve: DONE args={"order":"a"} out={"hold":"a"}
            accounts: {"done":1,"id":"a"}
        "#]];
    the_items_of_a_loop_share_nothing:
        ["reserve ok item=[0]", "reserve ok item=[1,0] order=b", "reserve no item=[1]", "undo reserve ok item=[0]", "undo reserve ok item=[1,0]",
         "undo reserve ok item=[2]", "reserve ok item=[2]", "undo reserve ok", "reserve ok item=[3.0]", "reserve no item=[3]"] => expect![[r#"
             reserve ok item=[0] -> {"hold":"a"}
             reserve ok item=[1,0] order=b -> {"hold":"b"}
             reserve no item=[1] -> TestError.No: said the test
             undo reserve ok item=[0] -> null
             undo reserve ok item=[1,0] -> null
             undo reserve ok item=[2] -> null
             reserve ok item=[2] -> Saga.Refused: the action comes too late: its compensation was here already, and the record says TOMBSTONE
             undo reserve ok -> null
             reserve ok item=[3.0] -> {"hold":"a"}
             reserve no item=[3] -> {"hold":"a"}
             record test.reserve: TOMBSTONE
             record test.reserve|0: COMPENSATED args={"order":"a"} out={"hold":"a"}
             record test.reserve|1: REJECTED err={"type":"TestError.No","message":"said the test","data":{"sk
             record test.reserve|1,0: COMPENSATED args={"order":"b"} out={"hold":"b"}
             record test.reserve|2: TOMBSTONE
             record test.reserve|3: DONE args={"order":"a"} out={"hold":"a"}
             accounts: {"done":2,"id":"a","undone":1}
             accounts: {"done":1,"id":"b","undone":1}
         "#]];
    a_step_knows_which_item_it_is_for: ["reserve item", "reserve#2 item item=[2,0]"] => expect![[r#"
        reserve item -> ["arn:run","test.reserve",[]]
        reserve#2 item item=[2,0] -> ["arn:run","test.reserve#2",[2,0]]
        record test.reserve: DONE args={"order":"a"} out=["arn:run","test.reserve",[]]
        record test.reserve#2|2,0: DONE args={"order":"a"} out=["arn:run","test.reserve#2",[2,0]]
    "#]];
    another_execution_of_the_same_name_shares_nothing:
        ["reserve ok", r#"undo reserve ok saga="arn:run#2026-04-02T00:00:00.000Z""#, r#"undo reserve ok saga="arn:run""#, "reserve ok",
         r#"settle no saga="arn:run#2026-04-02T00:00:00.000Z""#, "settle ok order=b"] => expect![[r#"
             reserve ok -> {"hold":"a"}
             undo reserve ok saga="arn:run#2026-04-02T00:00:00.000Z" -> null
             undo reserve ok saga="arn:run" -> null
             reserve ok -> {"hold":"a"}
             settle no saga="arn:run#2026-04-02T00:00:00.000Z" -> TestError.No: said the test
             settle ok order=b -> {"hold":"b"}
             record test.reserve: DONE args={"order":"a"} out={"hold":"a"}
             record test.settle: DONE args={"order":"b"} out={"hold":"b"}
             record arn:run#2026-04-02T00:00:00.000Z|test.reserve: TOMBSTONE
             record arn:run#2026-04-02T00:00:00.000Z|test.settle: REJECTED err={"type":"TestError.No","message":"said the test","data":{"sk
             record arn:run|test.reserve: TOMBSTONE
             accounts: {"done":1,"id":"a"}
             accounts: {"done":1,"id":"b"}
         "#]];
    the_deadline_counts_from_the_start_in_the_saga:
        ["tick 901", r#"reserve ok deadline=900 saga="arn:run#2026-01-01T00:00:01.000Z""#, r#"reserve ok deadline=900 saga="arn:run#2026-01-01T00:00:00.999Z""#] => expect![[r#"
            tick 901 -> -
            reserve ok deadline=900 saga="arn:run#2026-01-01T00:00:01.000Z" -> {"hold":"a"}
            reserve ok deadline=900 saga="arn:run#2026-01-01T00:00:00.999Z" -> Saga.Refused: the saga's deadline has passed, and the action has not begun
            record arn:run#2026-01-01T00:00:00.999Z|test.reserve: REJECTED err={"type":"Saga.Refused","message":"the saga's deadline has pa
            record arn:run#2026-01-01T00:00:01.000Z|test.reserve: DONE args={"order":"a"} out={"hold":"a"}
            accounts: {"done":1,"id":"a"}
        "#]];
    a_panic_is_unknown_and_leaves_nothing: ["reserve panic", "reserve early", "undo reserve ok", "reserve ok"] => expect![[r#"
        reserve panic -> Saga.Unknown: the step panicked: a step of a
        reserve early -> Saga.Unknown: the step panicked: assertion `left != right` failed: no future
          left: "early"
         right: "early"
        undo reserve ok -> null
        reserve ok -> Saga.Refused: the action comes too late: its compensation was here already, and the record says TOMBSTONE
        record test.reserve: TOMBSTONE
    "#]];
    an_output_that_is_too_large_is_refused_for_good: ["reserve large", "reserve ok"] => expect![[r#"
        reserve large -> Saga.Refused: the output has 258050 bytes; there is room for 258048
        reserve ok -> Saga.Refused: the output has 258050 bytes; there is room for 258048
        record test.reserve: REJECTED err={"type":"Saga.Refused","message":"the output has 258050 byte
    "#]];
    the_largest_output_that_fits: ["reserve fits"] => expect![[r#"
        reserve fits -> "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…
        record test.reserve: DONE args={"order":"a"} out="xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
    "#]];
    an_output_with_a_large_integer_is_refused_for_good: ["reserve big", "reserve ok"] => expect![[r#"
        reserve big -> Saga.Refused: `output.ids[1]` is 9007199254740992, and Step Functions rounds integers beyond 9007199254740991; send a string
        reserve ok -> Saga.Refused: `output.ids[1]` is 9007199254740992, and Step Functions rounds integers beyond 9007199254740991; send a string
        record test.reserve: REJECTED err={"type":"Saga.Refused","message":"`output.ids[1]` is 9007199
    "#]];
    another_input_after_the_effect_is_unknown_so_that_the_effect_is_undone:
        ["reserve ok", "reserve ok order=b", "undo reserve ok"] => expect![[r#"
            reserve ok -> {"hold":"a"}
            reserve ok order=b -> Saga.Unknown: another input was already taken under the same key; this one is not executed
            undo reserve ok -> null
            record test.reserve: COMPENSATED args={"order":"a"} out={"hold":"a"}
            accounts: {"done":1,"id":"a","undone":1}
        "#]];
    another_input_after_a_rejection_is_refused: ["reserve no", "reserve ok order=b"] => expect![[r#"
        reserve no -> TestError.No: said the test
        reserve ok order=b -> Saga.Refused: another input was already rejected under the same key; this one is not executed
        record test.reserve: REJECTED err={"type":"TestError.No","message":"said the test","data":{"sk
    "#]];
    a_compensation_undoes_once: ["reserve ok", "undo reserve ok", "undo reserve ok", "reserve ok"] => expect![[r#"
        reserve ok -> {"hold":"a"}
        undo reserve ok -> null
        undo reserve ok -> null
        reserve ok -> Saga.Refused: the action comes too late: its compensation was here already, and the record says COMPENSATED
        record test.reserve: COMPENSATED args={"order":"a"} out={"hold":"a"}
        accounts: {"done":1,"id":"a","undone":1}
    "#]];
    a_null_compensation_leaves_a_tombstone: ["undo reserve ok", "reserve ok", "undo reserve panic"] => expect![[r#"
        undo reserve ok -> null
        reserve ok -> Saga.Refused: the action comes too late: its compensation was here already, and the record says TOMBSTONE
        undo reserve panic -> null
        record test.reserve: TOMBSTONE
    "#]];
    a_rejected_action_becomes_a_tombstone: ["reserve no", "undo reserve ok", "reserve ok"] => expect![[r#"
        reserve no -> TestError.No: said the test
        undo reserve ok -> null
        reserve ok -> Saga.Refused: the action comes too late: its compensation was here already, and the record says TOMBSTONE
        record test.reserve: TOMBSTONE err={"type":"TestError.No","message":"said the test","data":{"sk
    "#]];
    a_compensation_that_fails_is_tried_again:
        ["reserve ok", "undo reserve retry", "undo reserve panic", "undo reserve short", "undo reserve short-no", "undo reserve short-later", "undo reserve ok"] => expect![[r#"
            reserve ok -> {"hold":"a"}
            undo reserve retry -> Saga.Retry: not now
            undo reserve panic -> Saga.Unknown: the step panicked: a compensation
            undo reserve short -> Saga.Retry: too few
            undo reserve short-no -> Saga.Busy: TestError.No: said the test
            undo reserve short-later -> Saga.Busy: TestError.Later: said the test
            undo reserve ok -> null
            record test.reserve: COMPENSATED args={"order":"a"} out={"hold":"a"}
            accounts: {"done":1,"id":"a","undone":1}
        "#]];
    an_action_that_waited_through_its_compensation_is_refused:
        ["begin z: reserve gate", "undo reserve ok", "end z"] => expect![[r#"
            begin z: reserve gate -> open
            undo reserve ok -> null
            end z -> Saga.Refused: the action comes too late: its compensation was here already, and the record says TOMBSTONE
            record test.reserve: TOMBSTONE
        "#]];
    a_duplicate_that_waited_repeats_the_first_answer:
        ["begin z: reserve gate", "reserve ok", "end z"] => expect![[r#"
            begin z: reserve gate -> open
            reserve ok -> {"hold":"a"}
            end z -> {"hold":"a"}
            record test.reserve: DONE args={"order":"a"} out={"hold":"a"}
            accounts: {"done":1,"id":"a"}
        "#]];
    a_duplicate_that_waited_through_a_rejection_is_rejected:
        ["begin z: reserve gate", "reserve no", "end z"] => expect![[r#"
            begin z: reserve gate -> open
            reserve no -> TestError.No: said the test
            end z -> TestError.No: said the test
            record test.reserve: REJECTED err={"type":"TestError.No","message":"said the test","data":{"sk
        "#]];
    two_actions_at_once: ["reserve ok || reserve ok"] => expect![[r#"
        reserve ok || reserve ok -> {"hold":"a"} || {"hold":"a"}
        record test.reserve: DONE args={"order":"a"} out={"hold":"a"}
        accounts: {"done":1,"id":"a"}
    "#]];
    an_action_and_a_rejection_at_once: ["reserve no || reserve ok"] => expect![[r#"
        reserve no || reserve ok -> TestError.No: said the test || TestError.No: said the test
        record test.reserve: REJECTED err={"type":"TestError.No","message":"said the test","data":{"sk
    "#]];
    two_compensations_at_once: ["reserve ok", "undo reserve ok || undo reserve ok"] => expect![[r#"
        reserve ok -> {"hold":"a"}
        undo reserve ok || undo reserve ok -> null || null
        record test.reserve: COMPENSATED args={"order":"a"} out={"hold":"a"}
        accounts: {"done":1,"id":"a","undone":1}
    "#]];
    an_action_and_its_compensation_at_once: ["reserve ok || undo reserve ok"] => expect![[r#"
        reserve ok || undo reserve ok -> {"hold":"a"} || null
        record test.reserve: COMPENSATED args={"order":"a"} out={"hold":"a"}
        accounts: {"done":1,"id":"a","undone":1}
    "#]];
    a_lost_reply_of_the_commit_is_found_out: ["lose 1", "reserve ok", "lose 1", "undo reserve ok"] => expect![[r#"
        lose 1 -> -
        reserve ok -> {"hold":"a"}
        lose 1 -> -
        undo reserve ok -> null
        record test.reserve: COMPENSATED args={"order":"a"} out={"hold":"a"}
        accounts: {"done":1,"id":"a","undone":1}
    "#]];
    lost_replies_to_the_end_are_busy_and_then_answered: ["lose 3", "reserve ok", "reserve ok"] => expect![[r#"
        lose 3 -> -
        reserve ok -> Saga.Busy: the store: the store's reply was lost
        reserve ok -> {"hold":"a"}
        record test.reserve: DONE args={"order":"a"} out={"hold":"a"}
        accounts: {"done":1,"id":"a"}
    "#]];
    a_store_that_is_away_is_busy: ["fail 3", "reserve ok", "fail 2", "reserve ok", "fail 3", "undo reserve ok"] => expect![[r#"
        fail 3 -> -
        reserve ok -> Saga.Busy: the store: no answer
        fail 2 -> -
        reserve ok -> {"hold":"a"}
        fail 3 -> -
        undo reserve ok -> Saga.Busy: the store: no answer
        record test.reserve: DONE args={"order":"a"} out={"hold":"a"}
        accounts: {"done":1,"id":"a"}
    "#]];
    a_rejection_that_cannot_be_recorded_is_busy: ["fail 3", "reserve no", "reserve ok"] => expect![[r#"
        fail 3 -> -
        reserve no -> Saga.Busy: the store: no answer
        reserve ok -> {"hold":"a"}
        record test.reserve: DONE args={"order":"a"} out={"hold":"a"}
        accounts: {"done":1,"id":"a"}
    "#]];
    a_read_of_a_store_that_is_away_stops_the_step: ["fail 3", "reserve read", "reserve read"] => expect![[r#"
        fail 3 -> -
        reserve read -> Saga.Busy: the store: no answer
        reserve read -> {"done":null}
        record test.reserve: DONE args={"order":"a"} out={"done":null}
    "#]];
    a_read_that_cannot_be_answered_stops_the_step:
        ["settle ok", "reserve wrong-type", "reserve bad-key", "reserve impatient", "reserve read"] => expect![[r#"
            settle ok -> {"hold":"a"}
            reserve wrong-type -> Saga.Unknown: a document of table `accounts` is not what its type says: invalid type: map, expected u64
            reserve bad-key -> Saga.Unknown: the store: key `id` of table `accounts` is an empty string
            reserve impatient -> Saga.Unknown: a document of table `accounts` is not what its type says: invalid type: map, expected u64
            reserve read -> {"done":1}
            record test.reserve: DONE args={"order":"a"} out={"done":1}
            record test.settle: DONE args={"order":"a"} out={"hold":"a"}
            accounts: {"done":1,"id":"a"}
        "#]];
    after_the_deadline_no_action_begins: ["tick 901", "reserve ok deadline=900", "reserve ok deadline=2000"] => expect![[r#"
        tick 901 -> -
        reserve ok deadline=900 -> Saga.Refused: the saga's deadline has passed, and the action has not begun
        reserve ok deadline=2000 -> Saga.Refused: the saga's deadline has passed, and the action has not begun
        record test.reserve: REJECTED err={"type":"Saga.Refused","message":"the saga's deadline has pa
    "#]];
    at_the_deadline_an_action_may_begin: ["tick 900", "reserve ok deadline=900"] => expect![[r#"
        tick 900 -> -
        reserve ok deadline=900 -> {"hold":"a"}
        record test.reserve: DONE args={"order":"a"} out={"hold":"a"}
        accounts: {"done":1,"id":"a"}
    "#]];
    after_the_deadline_what_is_done_stays_done:
        ["reserve ok deadline=900", "settle ok deadline=900", "tick 901", "reserve ok deadline=900", "settle ok deadline=900"] => expect![[r#"
            reserve ok deadline=900 -> {"hold":"a"}
            settle ok deadline=900 -> {"hold":"a"}
            tick 901 -> -
            reserve ok deadline=900 -> {"hold":"a"}
            settle ok deadline=900 -> {"hold":"a"}
            record test.reserve: DONE args={"order":"a"} out={"hold":"a"}
            record test.settle: DONE args={"order":"a"} out={"hold":"a"}
            accounts: {"done":2,"id":"a"}
        "#]];
    a_deadline_stops_neither_retriable_steps_nor_compensations:
        ["reserve ok", "tick 901", "pack ok deadline=900", "undo reserve ok deadline=900"] => expect![[r#"
            reserve ok -> {"hold":"a"}
            tick 901 -> -
            pack ok deadline=900 -> {"hold":"a"}
            undo reserve ok deadline=900 -> null
            record test.pack: DONE args={"order":"a"} out={"hold":"a"}
            record test.reserve: COMPENSATED args={"order":"a"} out={"hold":"a"}
            accounts: {"done":2,"id":"a","undone":1}
        "#]];
    a_retriable_step_is_never_refused_for_what_code_can_mend:
        ["pack large", "pack big", "pack ok"] => expect![[r#"
            pack large -> Saga.Unknown: the output has 258050 bytes; there is room for 258048
            pack big -> Saga.Unknown: `output.ids[1]` is 9007199254740992, and Step Functions rounds integers beyond 9007199254740991; send a string
            pack ok -> {"hold":"a"}
            record test.pack: DONE args={"order":"a"} out={"hold":"a"}
            accounts: {"done":1,"id":"a"}
        "#]];
    a_second_call_and_an_item_have_records_of_their_own:
        ["reserve ok", "reserve#2 ok", "reserve ok item=[2,0]", "undo reserve#2 ok"] => expect![[r#"
            reserve ok -> {"hold":"a"}
            reserve#2 ok -> {"hold":"a"}
            reserve ok item=[2,0] -> {"hold":"a"}
            undo reserve#2 ok -> null
            record test.reserve: DONE args={"order":"a"} out={"hold":"a"}
            record test.reserve#2: COMPENSATED args={"order":"a"} out={"hold":"a"}
            record test.reserve|2,0: DONE args={"order":"a"} out={"hold":"a"}
            accounts: {"done":3,"id":"a","undone":1}
        "#]];
    a_step_without_compensation_cannot_be_compensated: ["settle ok", "undo settle ok", "undo pack ok"] => expect![[r#"
        settle ok -> {"hold":"a"}
        undo settle ok -> Saga.Unknown: participant `Test` has nothing to compensate `settle` with
        undo pack ok -> null
        record test.pack: TOMBSTONE
        record test.settle: DONE args={"order":"a"} out={"hold":"a"}
        accounts: {"done":1,"id":"a"}
    "#]];
    an_unknown_step_may_be_deployed_later: ["vanish ok", "vanish ok", "undo vanish ok"] => expect![[r#"
        vanish ok -> Saga.Unknown: participant `Test` has no step `vanish`
        vanish ok -> Saga.Unknown: participant `Test` has no step `vanish`
        undo vanish ok -> null
        record test.vanish: TOMBSTONE
    "#]];
    the_same_input_in_another_spelling_is_the_same_input:
        [r#"reserve ok input={"order":"a","n":[2,{"x":1,"y":0.5}]}"#, r#"reserve no input={"n":[2.0,{"y":0.5,"x":1.0}],"order":"a"}"#] => expect![[r#"
            reserve ok input={"order":"a","n":[2,{"x":1,"y":0.5}]} -> {"hold":"a"}
            reserve no input={"n":[2.0,{"y":0.5,"x":1.0}],"order":"a"} -> {"hold":"a"}
            record test.reserve: DONE args={"order":"a"} out={"hold":"a"}
            accounts: {"done":1,"id":"a"}
        "#]];
    an_input_that_differs_anywhere_is_another:
        [r#"reserve ok input={"order":"a","n":[2,{"x":1}]}"#, r#"reserve ok input={"order":"a","n":[2,{"x":2}]}"#] => expect![[r#"
            reserve ok input={"order":"a","n":[2,{"x":1}]} -> {"hold":"a"}
            reserve ok input={"order":"a","n":[2,{"x":2}]} -> Saga.Unknown: another input was already taken under the same key; this one is not executed
            record test.reserve: DONE args={"order":"a"} out={"hold":"a"}
            accounts: {"done":1,"id":"a"}
        "#]];
}

#[test]
fn records_outlive_the_longest_execution_and_its_redrive() {
    let day = 24 * 60 * 60;
    let mut world = World::new(steps);
    let now = || {
        world
            .shared
            .now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap()
            .as_secs()
    };
    let begin = now();
    let ttl = |world: &World| world.memory.barrier_records()[0]["ttl"].as_u64().unwrap();
    world.deliver("reserve ok").finish().unwrap();
    assert_eq!((ttl(&world) - begin) / day, 400);
    // Each move makes the record live longer.
    world.shared.tick(std::time::Duration::from_secs(day));
    world.deliver("undo reserve ok").finish().unwrap();
    assert_eq!((ttl(&world) - begin) / day, 401);
}

#[test]
fn a_record_kept_typed_reads_as_the_item_that_others_write() {
    let records = |mut world: World| {
        for words in ["reserve ok", "reserve#2 ok", "undo reserve#2 ok"] {
            world.deliver(words).finish().unwrap();
            world.shared.tick(std::time::Duration::from_secs(1));
        }
        world.memory.barrier_records()
    };
    let typed = records(World::new(steps));
    assert_eq!(typed, records(World::of_items(steps)));
    assert_eq!(typed.len(), 2);
}

//! Steps without effect leave no record, and may not write.

use expect_test::expect;
use saga_runtime::__private::{Action, HandlerBuilder};
use saga_runtime::{Context, Kind, Tx};
use serde_json::{Value, json};

use crate::transactional::{ACCOUNTS, Input, TestError, no};
use crate::world::{Shared, World, check};

fn steps(builder: HandlerBuilder, shared: &Shared) -> HandlerBuilder {
    let (inside, outside) = (shared.clone(), shared.clone());
    let peek = Action::tx(Kind::ReadOnly, &[], move |tx: &mut Tx, input: Input| {
        let behaviour = inside.behaviour();
        Box::pin(async move {
            let account = tx.get(&ACCOUNTS, &input.order).await;
            match behaviour.as_str() {
                "no" => return Err(no()),
                "panic" => panic!("a look"),
                "write" => {
                    tx.delete(&ACCOUNTS, "a");
                }
                "mistake" => {
                    tx.delete(&ACCOUNTS, ("a", 1));
                }
                _ => {}
            }
            Ok(account.is_some())
        })
    });
    let look = Action::cx(Kind::ReadOnly, &[], move |_: &Context, _: Input| {
        let behaviour = outside.behaviour();
        Box::pin(async move {
            match behaviour.as_str() {
                "later" => Err(TestError::Later),
                "odd" => Err(TestError::Odd),
                "odd-later" => Err(TestError::OddLater),
                "large" => Ok(json!("x".repeat(300_000))),
                _ => Ok::<Value, _>(json!("seen")),
            }
        })
    });
    builder.step("peek", peek, None).step("look", look, None)
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
    it_leaves_no_record: ["peek ok", "peek no", "peek panic", "look ok", "look later"] => expect![[r#"
        peek ok -> false
        peek no -> TestError.No: said the test
        peek panic -> Saga.Unknown: the step panicked: a look
        look ok -> "seen"
        look later -> TestError.Later: said the test
    "#]];
    it_may_not_write: ["peek write", "peek mistake"] => expect![[r#"
        peek write -> Saga.Refused: the step is `read_only` and yet it writes; make it `compensate = …`, `pivot` or `retriable`
        peek mistake -> Saga.Refused: table `accounts` has no sort key; write the key as one value
    "#]];
    its_refusals_are_definite_without_a_record: ["look large", "look ok"] => expect![[r#"
        look large -> Saga.Refused: the output has 300002 bytes; there is room for 258048
        look ok -> "seen"
    "#]];
    an_error_that_is_not_in_its_table_is_told_in_the_runtimes_words: ["look odd", "look odd-later", "look ok"] => expect![[r#"
        look odd -> Saga.Refused: TestError.Odd: said the test
        look odd-later -> Saga.Busy: TestError.OddLater: said the test
        look ok -> "seen"
    "#]];
    it_ends_at_the_deadline: ["tick 901", "peek ok deadline=900", "look ok deadline=900", "look ok"] => expect![[r#"
        tick 901 -> -
        peek ok deadline=900 -> Saga.Refused: the saga's deadline has passed
        look ok deadline=900 -> Saga.Refused: the saga's deadline has passed
        look ok -> "seen"
    "#]];
    a_store_that_is_away_is_busy: ["fail 3", "peek ok", "peek ok"] => expect![[r#"
        fail 3 -> -
        peek ok -> Saga.Busy: the store: no answer
        peek ok -> false
    "#]];
}

//! Messages about a compensation and its action.

use expect_test::expect;

use crate::support::{base, check};

#[test]
fn a_compensation_exists() {
    check(
        &base("compensate = release", "compensate = relase"),
        expect![[r#"
            12:29 `relase`: participant `Stock` has no compensation `relase`; did you mean `release`?
        "#]],
    );
    check(
        &base("compensate = release", "compensate = undo"),
        expect![[r#"
            12:29 `undo`: participant `Stock` has no compensation `undo`; write `#[compensation] async fn undo(..) -> Result<(), Retry>;`
        "#]],
    );
    check(
        &base("compensate = release", "compensate = reserve"),
        expect![[r#"
            12:29 `reserve`: `reserve` is itself a step, so it cannot compensate `reserve`; write a method with `#[compensation]`
        "#]],
    );
    check(&base("    pub trait Payments {", "    pub trait Other { #[compensation] async fn undo(&self, tx: &mut Tx) -> Result<(), Retry>; }
    pub trait Payments {"), expect![[r#"
        17:48 `undo`: compensation `undo` undoes no step; write `compensate = undo` at its action, or remove it
    "#]]);
}

#[test]
fn a_compensation_is_not_shared() {
    check(
        &base(
            "#[compensation]",
            "#[step(compensate = release)] async fn again(&self, tx: &mut Tx, order: &str) -> Result<Hold, StockError>; #[compensation]",
        ),
        expect![[r#"
            14:29 `release`: compensation `release` already undoes step `reserve`, and would get the arguments of either; write one a step
        "#]],
    );
}

#[test]
fn a_compensation_cannot_refuse() {
    check(
        &base(
            "async fn release(&self, tx: &mut Tx, order: &str, hold: Hold) -> Result<(), Retry>;",
            "async fn release(&self, tx: &mut Tx, order: &str, hold: Hold);",
        ),
        expect![[r#"
            15:18 `release`: compensation `release` cannot refuse, only ask to be tried again; write `-> Result<(), Retry>`
        "#]],
    );
    check(
        &base(
            "async fn release(&self, tx: &mut Tx, order: &str, hold: Hold) -> Result<(), Retry>;",
            "async fn release(&self, tx: &mut Tx, order: &str, hold: Hold) -> Result<(), StockError>;",
        ),
        expect![[r#"
            15:74 `Result<(), StockError>`: compensation `release` cannot refuse, only ask to be tried again; write `-> Result<(), Retry>`
        "#]],
    );
    check(
        &base(
            "async fn release(&self, tx: &mut Tx, order: &str, hold: Hold) -> Result<(), Retry>;",
            "async fn release(&self, tx: &mut Tx, order: &str, hold: Hold) -> Result<Hold, Retry>;",
        ),
        expect![[r#"
            15:74 `Result<Hold, Retry>`: compensation `release` cannot refuse, only ask to be tried again; write `-> Result<(), Retry>`
        "#]],
    );
    check(
        &base(
            "async fn release(&self, tx: &mut Tx, order: &str, hold: Hold) -> Result<(), Retry>;",
            "async fn release(&self, tx: &mut Tx, order: &str, hold: Hold) -> Retry;",
        ),
        expect![[r#"
            15:74 `Retry`: compensation `release` cannot refuse, only ask to be tried again; write `-> Result<(), Retry>`
        "#]],
    );
}

#[test]
fn a_compensations_parameters_are_its_actions() {
    check(
        &base(
            "async fn release(&self, tx: &mut Tx, order: &str, hold: Hold) -> Result<(), Retry>;",
            "async fn release(&self, tx: &mut Tx, order: &u64, hold: Hold) -> Result<(), Retry>;",
        ),
        expect![[r#"
            13:46 `order`: step `reserve` takes `order` as `String`, but its compensation takes `u64`
            15:53 `&u64`: `order` of compensation `release` is `u64`, but step `reserve` takes `String`; write `String`
        "#]],
    );
    check(
        &base(
            "async fn release(&self, tx: &mut Tx, order: &str, hold: Hold) -> Result<(), Retry>;",
            "async fn release(&self, tx: &mut Tx, ordr: &str, hold: Hold) -> Result<(), Retry>;",
        ),
        expect![[r#"
            13:18 `reserve`: step `reserve`, which `release` compensates, has no such parameter
            15:46 `ordr`: compensation `release` takes `ordr`, which is neither a parameter of step `reserve` nor its output; did you mean `order`?
        "#]],
    );
    check(
        &base(
            "async fn release(&self, tx: &mut Tx, order: &str, hold: Hold) -> Result<(), Retry>;",
            "async fn release(&self, tx: &mut Tx, order: &str, hold: Address) -> Result<(), Retry>;",
        ),
        expect![[r#"
            13:87 `Hold`: step `reserve` returns `Hold`, but its compensation takes another type
            15:65 `Address`: `hold` must be the output of step `reserve`; write `Hold`
        "#]],
    );
    check(
        &base(
            "async fn release(&self, tx: &mut Tx, order: &str, hold: Hold) -> Result<(), Retry>;",
            "async fn release(&self, tx: &mut Tx, order: &str, hold: Hold, why: Address) -> Result<(), Retry>;",
        ),
        expect![[r#"
            13:18 `reserve`: step `reserve`, which `release` compensates, has no such parameter
            15:71 `why`: compensation `release` takes `why`, which is neither a parameter of step `reserve` nor its output; take any of `order`, `lines` and `Hold`
        "#]],
    );
    check(
        &base(
            "async fn release(&self, tx: &mut Tx, order: &str, hold: Hold) -> Result<(), Retry>;",
            "async fn release(&self, tx: &mut Tx, line: &[String], hold: Hold) -> Result<(), Retry>;",
        ),
        expect![[r#"
            13:18 `reserve`: step `reserve`, which `release` compensates, has no such parameter
            15:46 `line`: compensation `release` takes `line`, which is neither a parameter of step `reserve` nor its output; did you mean `lines`?
        "#]],
    );
    check(
        &base(
            "async fn release(&self, tx: &mut Tx, order: &str, hold: Hold) -> Result<(), Retry>;",
            "async fn release(&self, tx: &mut Tx, hold: &Hold, lines: Vec<String>, order: String) -> Result<(), Retry>;",
        ),
        expect![[r#"
            ok
        "#]],
    );
    check(
        &base(
            "async fn release(&self, tx: &mut Tx, order: &str, hold: Hold) -> Result<(), Retry>;",
            "async fn release(&self, tx: &mut Tx) -> Result<(), Retry>;",
        ),
        expect![[r#"
            ok
        "#]],
    );
}

#[test]
fn outcome_stands_where_ambiguity_can_happen() {
    check(
        &base(
            "async fn release(&self, tx: &mut Tx, order: &str, hold: Hold) -> Result<(), Retry>;",
            "async fn release(&self, tx: &mut Tx, order: &str, hold: Outcome<Hold>) -> Result<(), Retry>;",
        ),
        expect![[r#"
            15:65 `Outcome<Hold>`: compensation `release` runs only if `reserve` took effect, because both write through `tx`; write `Hold` instead of `Outcome`
        "#]],
    );
    check(
        &base(
            "async fn release(&self, tx: &mut Tx, order: &str, hold: Hold) -> Result<(), Retry>;",
            "async fn release(&self, cx: &Context, order: &str, hold: Outcome<Hold>) -> Result<(), Retry>;",
        ),
        expect![[r#"
            15:37 `&Context`: compensation `release` must give the guarantee of its step `reserve`; write `tx: &mut Tx`
        "#]],
    );
    let external = base("reserve(&self, tx: &mut Tx", "reserve(&self, cx: &Context");
    let with = |param: &str| {
        external.replace(
            "release(&self, tx: &mut Tx, order: &str, hold: Hold",
            &format!("release(&self, cx: &Context, order: &str, {param}"),
        )
    };
    check(
        &with("hold: Hold"),
        expect![[r#"
        15:66 `Hold`: `reserve` may have taken effect without an answer, so its output may be unknown; write `Outcome<Hold>`
    "#]],
    );
    check(
        &with("hold: Outcome<Address>"),
        expect![[r#"
        13:88 `Hold`: step `reserve` returns `Hold`, but its compensation takes another type
        15:66 `Outcome<Address>`: `hold` must be the output of step `reserve`; write `Outcome<Hold>`
    "#]],
    );
    check(
        &with("hold: &Outcome<Hold>"),
        expect![[r#"
        ok
    "#]],
    );
    check(
        &with("hold: Outcome<Hold>"),
        expect![[r#"
        ok
    "#]],
    );
}

//! Messages about what may happen when a saga fails, and when it does not.

use std::fmt::Write as _;

use expect_test::expect;

use crate::choreography::support::{check, order, small};

#[test]
fn what_is_reached_twice() {
    let twice = |on: &str| {
        small(
            "Placed, Paid, Packed, Sent terminal",
            &format!(
                "pub trait A {{
#[command(observer)] async fn begin(&self, tx: &mut Tx, cmd: u8) -> Result<Placed, Retry>;
#[on(Placed, observer)] async fn pay(&self, tx: &mut Tx) -> Result<Paid, Retry>;
#[on(Placed, observer)] async fn pack(&self, tx: &mut Tx) -> Result<Packed, Retry>;
{on} async fn send(&self, tx: &mut Tx) -> Result<Sent, Retry>;
}}"
            ),
        )
    };
    check(
        &twice("#[on(Paid, Packed, observer)]"),
        expect![[r#"
            6:12 `Packed`: `a.send` is reached twice in one saga, by `Placed -> Paid` of `a.pay` and by `Placed -> Packed` of `a.pack`; write `once` where the first counts, or `each` where it acts for both
        "#]],
    );
    check(
        &twice("#[on(Paid, Packed, observer, once)]"),
        expect![[r#"
        ok
    "#]],
    );
    check(
        &twice("#[on(Paid, Packed, observer, each)]"),
        expect![[r#"
        ok
    "#]],
    );
    // By one event that two publish.
    check(
        &twice("#[on(Paid, observer)]")
            .replace("Result<Packed, Retry>", "Result<Paid, Retry>")
            .replace(
                "#[event()] #[derive(Debug, Serialize, Deserialize)] pub struct Packed;",
                "",
            ),
        expect![[r#"
            6:6 `Paid`: `a.send` is reached twice in one saga, by `Placed -> Paid` of `a.pay` and by `Placed -> Paid` of `a.pack`; write `once` where the first counts, or `each` where it acts for both
        "#]],
    );
    // What acts for each passes the second on.
    check(
        &small(
            "Placed, Paid, Packed, Told, Sent terminal",
            "pub trait A {
#[command(observer)] async fn begin(&self, tx: &mut Tx, cmd: u8) -> Result<(Placed, Paid), Retry>;
#[on(Placed, Paid, observer, each)] async fn tell(&self, tx: &mut Tx) -> Result<Told, Retry>;
#[on(Told, observer)] async fn send(&self, tx: &mut Tx) -> Result<Packed, Retry>;
#[on(Packed, observer)] async fn end(&self, tx: &mut Tx) -> Result<Sent, Retry>;
}",
        ),
        expect![[r#"
            5:6 `Told`: `a.send` is reached twice in one saga, by `Placed -> Told` of `a.tell` and by `Paid -> Told` of `a.tell`; write `once` where the first counts, or `each` where it acts for both
        "#]],
    );
    // One of two ways, not both: a rejection, or success.
    check(
        &small(
            "Placed, Paid, Declined!, Sent terminal, Undone terminal",
            "pub trait A {
#[command(compensate = undo)] async fn begin(&self, tx: &mut Tx, cmd: u8) -> Result<Placed, Retry>;
#[on(Declined)] async fn undo(&self, tx: &mut Tx) -> Result<Undone, Retry>;
#[on(Placed, pivot)] async fn pay(&self, tx: &mut Tx) -> Result<Paid, Declined>;
#[on(Paid, Declined, observer)] async fn send(&self, tx: &mut Tx) -> Result<Sent, Retry>;
}",
        ),
        expect![[r#"
            ok
        "#]],
    );
}

#[test]
fn what_is_not_undone() {
    // Upstream.
    check(
        &order("#[on(CardDeclined)]", "#[on(StockRefused)]"),
        expect![[r#"
            46:18 `release`: `stock.reserve` stays when the saga fails by `OrderPlaced -> StockReserved -> CardDeclined`: nothing leads to `stock.release` then; write `CardDeclined` into this method's `#[on(..)]`
        "#]],
    );
    check(
        &order("#[on(StockRefused, CardDeclined)]", "#[on(StockRefused)]"),
        expect![[r#"
            37:18 `cancel`: `orders.place` stays when the saga fails by `OrderPlaced -> StockReserved -> CardDeclined`: nothing leads to `orders.cancel` then; write `CardDeclined` into this method's `#[on(..)]`
        "#]],
    );
    // On a branch beside it; and by an event behind the failure.
    let beside = |undo: &str| {
        small(
            "Placed, Full!, Torn!, Undone terminal, Cleared, Kept terminal",
            &format!(
                "pub trait A {{
#[command(compensate = undo)] async fn begin(&self, tx: &mut Tx, cmd: u8) -> Result<Placed, Retry>;
#[on(Full, Torn)] async fn undo(&self, tx: &mut Tx) -> Result<Undone, Retry>;
}}
pub trait B {{
#[on(Placed, compensate = free)] async fn room(&self, tx: &mut Tx) -> Result<(), Full>;
{undo} async fn free(&self, tx: &mut Tx) -> Result<(), Retry>;
}}
pub trait C {{
#[on(Placed, compensate = sew)] async fn sail(&self, tx: &mut Tx) -> Result<Kept, Torn>;
#[on(Full)] async fn sew(&self, tx: &mut Tx) -> Result<(), Retry>;
#[on(Torn, retriable)] async fn clear(&self, tx: &mut Tx) -> Result<Cleared, Retry>;
}}
pub trait D {{ #[on(Cleared, observer)] async fn log(&self, tx: &mut Tx) -> Result<(), Retry>; }}"
            ),
        )
    };
    check(
        &beside("#[on(Torn)]"),
        expect![[r#"
        ok
    "#]],
    );
    check(
        &beside("#[on(Cleared)]"),
        expect![[r#"
        ok
    "#]],
    );
    check(
        &beside("#[on(Full)]"),
        expect![[r#"
        8:22 `free`: `b.room` stays when the saga fails by `Placed -> Torn`: nothing leads to `b.free` then; write `Torn` into this method's `#[on(..)]`
    "#]],
    );
    // By an event that may be left out.
    check(
        &beside("#[on(Cleared)]")
            .replace("Result<Cleared, Retry>", "Result<Option<Cleared>, Retry>"),
        expect![[r#"
            8:25 `free`: `b.room` stays when the saga fails by `Placed -> Torn`: nothing leads to `b.free` then; write `Torn` into this method's `#[on(..)]`
        "#]],
    );
    // By one that another compensation publishes, which has nothing to undo where it came first.
    check(
        &small(
            "Placed, Held, Full!, Undone, Freed terminal",
            "pub trait A {
#[command(compensate = undo)] async fn begin(&self, tx: &mut Tx, cmd: u8) -> Result<Placed, Retry>;
#[on(Full)] async fn undo(&self, tx: &mut Tx) -> Result<Undone, Retry>;
}
pub trait B {
#[on(Placed, compensate = free)] async fn room(&self, tx: &mut Tx) -> Result<Held, Retry>;
#[on(Undone)] async fn free(&self, tx: &mut Tx) -> Result<Freed, Retry>;
}
pub trait C { #[on(Held, pivot)] async fn fill(&self, tx: &mut Tx) -> Result<(), Full>; }",
        ),
        expect![[r#"
            ok
        "#]],
    );
    check(
        &small(
            "Placed, Full!, Undone terminal, Freed",
            "pub trait A {
#[command(compensate = undo)] async fn begin(&self, tx: &mut Tx, cmd: u8) -> Result<Placed, Retry>;
#[on(Freed)] async fn undo(&self, tx: &mut Tx) -> Result<Undone, Retry>;
}
pub trait B {
#[on(Placed, compensate = free)] async fn room(&self, tx: &mut Tx) -> Result<(), Retry>;
#[on(Full)] async fn free(&self, tx: &mut Tx) -> Result<Freed, Retry>;
}
pub trait C { #[on(Placed, pivot)] async fn fill(&self, tx: &mut Tx) -> Result<(), Full>; }",
        ),
        expect![[r#"
            4:23 `undo`: `a.begin` stays when the saga fails by `Placed -> Full`: nothing leads to `a.undo` then; write `Full` into this method's `#[on(..)]`
        "#]],
    );
}

#[test]
fn what_is_published_through_tx_may_be_left_out() {
    let through = |publishes: &str, output: &str| {
        small(
            "Placed, Full!, Cleared, Undone terminal",
            &format!(
                "pub trait A {{
#[command(compensate = undo)] async fn begin(&self, tx: &mut Tx, cmd: u8) -> Result<Placed, Retry>;
#[on(Cleared)] async fn undo(&self, tx: &mut Tx) -> Result<Undone, Retry>;
#[on(Placed, pivot)] async fn fill(&self, tx: &mut Tx) -> Result<(), Full>;
#[on(Full, retriable{publishes})] async fn clear(&self, tx: &mut Tx) -> Result<{output}, Retry>;
}}"
            ),
        )
    };
    check(
        &through("", "Cleared"),
        expect![[r#"
        ok
    "#]],
    );
    check(
        &through(", publishes(Cleared)", "()"),
        expect![[r#"
        4:25 `undo`: `a.begin` stays when the saga fails by `Placed -> Full`: nothing leads to `a.undo` then; write `Full` into this method's `#[on(..)]`
    "#]],
    );
    check(
        &through(", publishes(Cleard)", "()"),
        expect![[r#"
        6:33 `Cleard`: this module has no event `Cleard`; did you mean `Cleared`?
    "#]],
    );
}

#[test]
fn what_is_published_several_times() {
    let lines = |pick: &str, picked: &str| {
        small(
            "LinePlaced, Picked, Sent terminal",
            &format!(
                "pub trait A {{
#[command(observer, publishes(LinePlaced))] async fn place(&self, tx: &mut Tx, cmd: u8) -> Result<(), Retry>;
#[on(LinePlaced, {pick})] async fn pick(&self, tx: &mut Tx) -> Result<{picked}, Retry>;
#[on(Picked, observer)] async fn send(&self, tx: &mut Tx) -> Result<Sent, Retry>;
}}"
            ),
        )
    };
    // A second event is declined at run time, or is the first's.
    check(
        &lines("observer", "Picked"),
        expect![[r#"
            ok
        "#]],
    );
    check(
        &lines("observer, once", "Picked"),
        expect![[r#"
            ok
        "#]],
    );
    check(
        &lines("observer, each", "Picked"),
        expect![[r#"
            5:6 `Picked`: `a.send` is reached twice in one saga, by several `LinePlaced -> Picked` of `a.pick`; write `once` where the first counts, or `each` where it acts for all
        "#]],
    );
    // What one method returns, it returns once.
    check(
        &lines("observer, each", "Picked")
            .replace(", publishes(LinePlaced)", "")
            .replace(
                "cmd: u8) -> Result<()",
                "cmd: u8) -> Result<Option<LinePlaced>",
            ),
        expect![[r#"
            ok
        "#]],
    );
}

#[test]
fn what_cannot_be_undone() {
    // The pivot goes on beside what may fail.
    let beside = |kind: &str| {
        small(
            "Placed, Full!, Undone terminal, Paid terminal",
            &format!(
                "pub trait A {{
#[command(compensate = undo)] async fn begin(&self, tx: &mut Tx, cmd: u8) -> Result<Placed, Retry>;
#[on(Full)] async fn undo(&self, tx: &mut Tx) -> Result<Undone, Retry>;
#[on(Placed, {kind})] async fn pay(&self, tx: &mut Tx) -> Result<Paid, Retry>;
}}
pub trait B {{ #[on(Placed, pivot)] async fn room(&self, tx: &mut Tx) -> Result<(), Full>; }}"
            ),
        )
    };
    check(
        &beside("pivot"),
        expect![[r#"
        5:14 `pivot`: `a.pay` is a pivot, and its effect would stand although the saga fails by `Placed -> Full`; let it react to what comes after all that may fail, write `compensate = <method>`, or `observer` where it may stand
    "#]],
    );
    check(
        &beside("retriable"),
        expect![[r#"
        5:14 `retriable`: `a.pay` is retriable, and its effect would stand although the saga fails by `Placed -> Full`; let it react to what comes after all that may fail, write `compensate = <method>`, or `observer` where it may stand
    "#]],
    );
    check(
        &beside("observer"),
        expect![[r#"
        ok
    "#]],
    );
    // A command is never caused by a failure.
    check(
        &small(
            "Placed, Full!",
            "pub trait A {
#[command(retriable)] async fn begin(&self, tx: &mut Tx, cmd: u8) -> Result<Placed, Retry>;
#[on(Full, retriable)] async fn sorry(&self, tx: &mut Tx) -> Result<(), Retry>;
#[on(Placed, pivot)] async fn room(&self, tx: &mut Tx) -> Result<(), Full>; }",
        ),
        expect![[r#"
            3:11 `retriable`: `a.begin` is retriable, and its effect would stand although the saga fails by `Placed -> Full`; write `compensate = <method>`, or `observer` where it may stand
        "#]],
    );
    // An event that is published in success may mean failure.
    check(
        &small(
            "Placed, Odd failure, Told terminal",
            "pub trait A {
#[command(compensate = undo)] async fn begin(&self, tx: &mut Tx, cmd: u8) -> Result<Placed, Retry>;
#[on(Odd)] async fn undo(&self, tx: &mut Tx) -> Result<(), Retry>;
#[on(Placed, pivot)] async fn look(&self, tx: &mut Tx) -> Result<Option<Odd>, Retry>;
#[on(Odd, retriable)] async fn tell(&self, tx: &mut Tx) -> Result<Told, Retry>;
}",
        ),
        expect![[r#"
            5:14 `pivot`: `a.look` is a pivot, and its effect would stand although the saga fails by `Placed -> Odd`; let it react to what comes after all that may fail, write `compensate = <method>`, or `observer` where it may stand
        "#]],
    );
}

#[test]
fn what_is_undone_for_nothing() {
    check(
        &order("#[on(CardDeclined)]", "#[on(CardDeclined, ParcelSent)]"),
        expect![[r#"
            45:28 `ParcelSent`: `stock.release` compensates `stock.reserve`, but `OrderPlaced -> StockReserved -> CardCharged -> ParcelSent` leads to it although nothing failed; write `#[event(failure)]` at the event that means failure, or remove it here
        "#]],
    );
}

#[test]
fn the_third_event_that_is_acted_for_counts() {
    check(
        &small(
            "Placed, Full!, X1, X2, L1, L2, Late, P, Undone terminal, Sent terminal",
            "pub trait A {
#[command(compensate = undo)] async fn begin(&self, tx: &mut Tx, cmd: u8) -> Result<Placed, Retry>;
#[on(Full)] async fn undo(&self, tx: &mut Tx) -> Result<Undone, Retry>;
#[on(Placed, pivot)] async fn fill(&self, tx: &mut Tx) -> Result<(), Full>;
#[on(Full, retriable)] async fn one(&self, tx: &mut Tx) -> Result<X1, Retry>;
#[on(Full, retriable)] async fn two(&self, tx: &mut Tx) -> Result<X2, Retry>;
#[on(Placed, observer)] async fn l1(&self, tx: &mut Tx) -> Result<L1, Retry>;
#[on(L1, observer)] async fn l2(&self, tx: &mut Tx) -> Result<L2, Retry>;
#[on(L2, observer)] async fn l3(&self, tx: &mut Tx) -> Result<Late, Retry>;
#[on(X1, X2, Late, observer, each)] async fn tell(&self, tx: &mut Tx) -> Result<P, Retry>;
#[on(P, retriable, each)] async fn send(&self, tx: &mut Tx) -> Result<Sent, Retry>;
}",
        ),
        expect![[r#"
            12:9 `retriable`: `a.send` is retriable, and its effect would stand although the saga fails by `Placed -> Full`; let it react to what comes after all that may fail, write `compensate = <method>`, or `observer` where it may stand
        "#]],
    );
}

/// Beyond 4,096 runs too, one rejection is looked at with all that cannot but follow from it.
#[test]
fn what_follows_by_itself_is_no_other_outcome() {
    let mut events = "Placed, Full!, Other!, Undone terminal, Booked terminal".to_owned();
    let mut traits = "pub trait A {
#[command(compensate = undo)] async fn place(&self, tx: &mut Tx, cmd: u8) -> Result<Placed, Retry>;
#[on(Other)] async fn undo(&self, tx: &mut Tx) -> Result<Undone, Retry>;
#[on(Placed, compensate = forget)] async fn check(&self, tx: &mut Tx) -> Result<(), Full>;
#[on(Other)] async fn forget(&self, tx: &mut Tx) -> Result<(), Retry>;
#[on(Placed, observer, after = check)] async fn log0(&self, tx: &mut Tx) -> Result<(), Retry>;
#[on(Placed, observer, after = check)] async fn log1(&self, tx: &mut Tx) -> Result<(), Retry>;
#[on(Placed, observer, after = check)] async fn log2(&self, tx: &mut Tx) -> Result<(), Retry>;
}
pub trait B {
#[on(Placed, compensate = free)] async fn book(&self, tx: &mut Tx) -> Result<Booked, Other>;
#[on(Full)] async fn free(&self, tx: &mut Tx) -> Result<(), Retry>;
}
"
    .to_owned();
    for i in 0..13 {
        let _ = write!(events, ", L{i} terminal");
        let _ = writeln!(
            traits,
            "pub trait L{i}s {{ #[on(Placed, observer)] async fn log(&self, tx: &mut Tx) -> Result<Option<L{i}>, Retry>; }}"
        );
    }
    check(
        &small(&events, &traits),
        expect![[r#"
            4:23 `undo`: `a.place` stays when the saga fails by `Placed -> Full`: nothing leads to `a.undo` then; write `Full` into this method's `#[on(..)]`
        "#]],
    );
}

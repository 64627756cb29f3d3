//! Messages about what may happen when a saga fails, and when it does not.

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
fn what_waits_for_ever() {
    let waits = |after: &str| {
        small(
            "Placed, Booked, Full!, Ready, Paid terminal, Free terminal",
            &format!(
                "pub trait A {{
#[command(compensate = undo)] async fn begin(&self, tx: &mut Tx, cmd: u8) -> Result<Placed, Retry>;
#[on(Full)] async fn undo(&self, tx: &mut Tx) -> Result<(), Retry>;
#[on(Booked, compensate = forget)] async fn note(&self, tx: &mut Tx) -> Result<(), Retry>;
#[on(Full)] async fn forget(&self, tx: &mut Tx) -> Result<(), Retry>;
#[on(Placed, {after})] async fn join(&self, tx: &mut Tx) -> Result<Ready, Retry>;
#[on(Full)] async fn leave(&self, tx: &mut Tx) -> Result<(), Retry>;
#[on(Ready, pivot)] async fn pay(&self, tx: &mut Tx) -> Result<Paid, Retry>;
}}
pub trait B {{
#[on(Placed, compensate = free)] async fn room(&self, tx: &mut Tx) -> Result<Option<Booked>, Full>;
#[on(Full)] async fn free(&self, tx: &mut Tx) -> Result<Free, Retry>;
}}"
            ),
        )
    };
    check(
        &waits("compensate = leave, after = note"),
        expect![[r#"
        7:42 `note`: after `Placed`, `a.join` waits for `note`, which need not happen; write `early = refuse`, or let it wait for what does
    "#]],
    );
    check(
        &waits("compensate = leave, after = note").replace("Option<Booked>", "Booked"),
        expect![[r#"
            ok
        "#]],
    );
    check(
        &waits("compensate = leave, after = note, early = refuse"),
        expect![[r#"
            ok
        "#]],
    );
}

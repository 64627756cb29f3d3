//! Messages about what stands `after` something else, and what becomes of an event that comes before that.

use expect_test::expect;

use crate::choreography::support::{check, small};

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
            7:42 `note`: after `Placed`, `a.join` waits for `note`, which need not happen; let it wait for what does
        "#]],
    );
    check(
        &waits("compensate = leave, after = note").replace("Option<Booked>", "Booked"),
        expect![[r#"
            ok
        "#]],
    );
    // Its compensation would end the wait.
    let refused = small(
        "Placed, Known, Unknown!, Scored, NoCard!, Issued terminal, Struck terminal",
        "pub trait A {
#[command(compensate = strike)] async fn begin(&self, tx: &mut Tx, cmd: u8) -> Result<Placed, Retry>;
#[on(Unknown, NoCard)] async fn strike(&self, tx: &mut Tx) -> Result<Struck, Retry>;
}
pub trait B {
#[on(Placed, compensate = forget)] async fn check(&self, tx: &mut Tx) -> Result<Known, Unknown>;
#[on(NoCard)] async fn forget(&self, tx: &mut Tx) -> Result<(), Retry>;
}
pub trait C { #[on(Placed, observer)] async fn score(&self, tx: &mut Tx) -> Result<Scored, Retry>; }
pub trait D {
#[on(Known, compensate = unnote)] async fn note(&self, tx: &mut Tx) -> Result<(), Retry>;
#[on(NoCard)] async fn unnote(&self, tx: &mut Tx) -> Result<(), Retry>;
#[on(Scored, pivot, after = note)] async fn issue(&self, tx: &mut Tx) -> Result<Issued, NoCard>;
}",
    );
    check(
        &refused,
        expect![[r#"
        14:29 `note`: after `Placed -> Scored`, `d.issue` waits for `note`, which need not happen when the saga fails by `Placed -> Unknown`; write `Unknown` into the `#[on(..)]` of `d.unnote`, which ends the wait
    "#]],
    );
    check(
        &refused.replace(
            "#[on(NoCard)] async fn unnote",
            "#[on(NoCard, Unknown)] async fn unnote",
        ),
        expect![[r#"
            ok
        "#]],
    );
    // An observer may do without.
    check(
        &small(
            "Placed, Maybe, Seen terminal",
            "pub trait A {
#[command(observer)] async fn begin(&self, tx: &mut Tx, cmd: u8) -> Result<Placed, Retry>;
#[on(Maybe, observer)] async fn note(&self, tx: &mut Tx) -> Result<(), Retry>;
#[on(Placed, observer, after = note)] async fn see(&self, tx: &mut Tx) -> Result<Seen, Retry>;
}
pub trait B { #[on(Placed, observer)] async fn ask(&self, tx: &mut Tx) -> Result<Option<Maybe>, Retry>; }",
        ),
        expect![[r#"
            5:32 `note`: after `Placed`, `a.see` waits for `note`, which need not happen; write `early = refuse`, or let it wait for what does
        "#]],
    );
}

#[test]
fn what_a_race_leaves_out() {
    let stands = |kind: &str| {
        small(
            "Placed, Asked, Paid terminal",
            &format!(
                "pub trait A {{
#[command(observer)] async fn begin(&self, tx: &mut Tx, cmd: u8) -> Result<Placed, Retry>;
#[on(Placed, observer)] async fn note(&self, tx: &mut Tx) -> Result<(), Retry>;
#[on(Asked, {kind}, after = note, early = refuse)] async fn pay(&self, tx: &mut Tx) -> Result<Paid, Retry>;
}}
pub trait B {{ #[on(Placed, observer)] async fn ask(&self, tx: &mut Tx) -> Result<Asked, Retry>; }}"
            ),
        )
    };
    check(
        &stands("pivot"),
        expect![[r#"
            5:28 `note`: `Placed -> Asked` may come before `note` took effect, and the saga would go on without `a.pay`; write `early = park`
        "#]],
    );
    check(
        &stands("retriable"),
        expect![[r#"
            5:32 `note`: `Placed -> Asked` may come before `note` took effect, and the saga would go on without `a.pay`; write `early = park`
        "#]],
    );
    // A log may do without.
    check(
        &stands("observer"),
        expect![[r#"
        ok
    "#]],
    );
    check(
        &stands("pivot").replace("early = refuse", "early = park"),
        expect![[r#"
            ok
        "#]],
    );
}

/// What of a chain is not led to never ends the wait of what comes after it; what waits itself ends with what it waits for.
#[test]
fn what_waits_for_what_waits() {
    let chain = |on: &str| {
        small(
            "Placed, Go, Full!, Undone terminal, Got terminal",
            &format!(
                "pub trait A {{
#[command(compensate = undo)] async fn begin(&self, tx: &mut Tx, cmd: u8) -> Result<Placed, Retry>;
#[on(Full)] async fn undo(&self, tx: &mut Tx) -> Result<Undone, Retry>;
#[on(Go, compensate = forget)] async fn first(&self, tx: &mut Tx) -> Result<(), Retry>;
#[on(Full)] async fn forget(&self, tx: &mut Tx) -> Result<(), Retry>;
#[on({on}, observer, after = first)] async fn second(&self, tx: &mut Tx) -> Result<(), Retry>;
#[on(Placed, observer, after = second)] async fn third(&self, tx: &mut Tx) -> Result<Got, Retry>;
}}
pub trait B {{ #[on(Placed, pivot)] async fn fill(&self, tx: &mut Tx) -> Result<Go, Full>; }}"
            ),
        )
    };
    check(
        &chain("Placed"),
        expect![[r#"
        ok
    "#]],
    );
    check(
        &chain("Go"),
        expect![[r#"
            8:32 `second`: after `Placed`, `a.third` waits for `second`, which need not happen when the saga fails by `Placed -> Full`; let it wait for what happens all the same
        "#]],
    );
}

#[test]
fn what_may_come_too_early() {
    // Never before what it comes of.
    check(
        &small(
            "Placed, Declined!, Sorry, Undone terminal",
            "pub trait A {
#[command(compensate = cancel)] async fn place(&self, tx: &mut Tx, cmd: u8) -> Result<Placed, Retry>;
#[on(Sorry)] async fn cancel(&self, tx: &mut Tx) -> Result<Undone, Retry>;
#[on(Declined, retriable, after = place, early = refuse)] async fn sorry(&self, tx: &mut Tx) -> Result<Sorry, Retry>;
}
pub trait B { #[on(Placed, pivot)] async fn pay(&self, tx: &mut Tx) -> Result<(), Declined>; }",
        ),
        expect![[r#"
            ok
        "#]],
    );
    // One event of three may, which comes last here.
    let three = |on: &str| {
        small(
            "Placed, Full!, N1, N2, L1, L2, Late, P, Sorry, Undone terminal",
            &format!(
                "pub trait A {{
#[command(compensate = undo)] async fn begin(&self, tx: &mut Tx, cmd: u8) -> Result<Placed, Retry>;
#[on(Sorry)] async fn undo(&self, tx: &mut Tx) -> Result<Undone, Retry>;
#[on(Placed, pivot)] async fn fill(&self, tx: &mut Tx) -> Result<(), Full>;
#[on(Full, retriable)] async fn note(&self, tx: &mut Tx) -> Result<(N1, N2), Retry>;
#[on(Full, retriable)] async fn l1(&self, tx: &mut Tx) -> Result<L1, Retry>;
#[on(L1, retriable)] async fn l2(&self, tx: &mut Tx) -> Result<L2, Retry>;
#[on(L2, retriable)] async fn l3(&self, tx: &mut Tx) -> Result<Late, Retry>;
#[on({on}, observer, each)] async fn tell(&self, tx: &mut Tx) -> Result<P, Retry>;
#[on(P, retriable, once, after = note, early = refuse)] async fn sorry(&self, tx: &mut Tx) -> Result<Sorry, Retry>;
#[on(Late, observer)] async fn log(&self, tx: &mut Tx) -> Result<(), Retry>;
}}"
            ),
        )
    };
    check(
        &three("N1, N2"),
        expect![[r#"
        ok
    "#]],
    );
    check(
        &three("N1, N2, Late"),
        expect![[r#"
            4:23 `undo`: `a.begin` stays when the saga fails by `Placed -> Full`: nothing leads to `a.undo` then; write `Full` into this method's `#[on(..)]`
        "#]],
    );
}

//! Flows that call flows, and flows that undo flows.

use expect_test::expect;

use crate::support::{check, flow};

/// A flow in `shop`'s module with these statements, and `shop` with those.
fn flows(others: &str, statements: &str) -> String {
    flow(&format!("{statements} Ok(Hold {{ id: \"x\".to_owned() }})"))
        .replace(
            "    pub async fn shop(",
            &format!("    {others}\n    pub async fn shop("),
        )
        .replace(
            "pub trait Mail {",
            "pub trait Mail { #[step(read_only)] async fn look(&self, tx: &mut Tx) -> Result<(), StockError>; #[step(read_only)] async fn peek(&self, tx: &mut Tx) -> Result<(), Retry>;",
        )
}

/// A flow that takes the mail.
fn tell(statements: &str) -> String {
    format!(
        "pub async fn tell(mail: &impl Mail) -> Result<(), Rejection> {{ {statements} Ok(()) }}"
    )
}

/// A flow that holds stock, and what undoes it.
fn hold(undo: &str) -> String {
    format!(
        "#[flow(compensate = unhold)] pub async fn hold(stock: &impl Stock, cmd: Cmd) -> Result<Hold, Rejection> {{ Ok(stock.reserve(&cmd.id, &cmd.lines).await?) }} {undo}"
    )
}

const UNHOLD: &str = r#"pub async fn unhold(mail: &impl Mail, hold: Hold) -> Result<(), Rejection> { mail.send(&hold.id).await?; Ok(()) }"#;

#[test]
fn the_kind_of_a_flow() {
    let charge = "payments.charge(&cmd.id, 1).await?;";
    let late = |statements: &str| flows(&tell(statements), &format!("{charge} tell(mail).await?;"));
    check(
        &late(r#"mail.send("a").await?; mail.peek().await?;"#),
        expect![[r#"
        ok
    "#]],
    );
    check(
        &late("mail.peek().await?;"),
        expect![[r#"
        ok
    "#]],
    );
    check(
        &late("mail.look().await?;"),
        expect![[r#"
        27:37 `tell`: `tell` may be rejected after `charge`, when nothing is undone any more; call it before `charge`
    "#]],
    );
    check(
        &late(r#"mail.look().await?; mail.send("a").await?;"#),
        expect![[r#"
        27:10 `charge`: `charge` is already the point of no return
        27:37 `tell`: flow `tell` may fail after the pivot `charge`, when nothing is undone any more; call it before `charge`, or give it only `retriable` and `read_only` steps
    "#]],
    );
    let undone = hold(UNHOLD);
    check(
        &flows(
            &undone,
            &format!("{charge} hold(stock, cmd.clone()).await?;"),
        ),
        expect![[r#"
        27:10 `charge`: `hold` comes after `charge`, the point of no return
        27:37 `hold`: compensatable flow `hold` comes after the pivot `charge`, when nothing is undone any more; call it before `charge`
    "#]],
    );
    check(
        &flows(
            &undone,
            &format!("hold(stock, cmd.clone()).await?; {charge}"),
        ),
        expect![[r#"
        ok
    "#]],
    );
    let reserve = "stock.reserve(&cmd.id, &cmd.lines).await?;";
    let early =
        |statements: &str| flows(&tell(statements), &format!("tell(mail).await?; {reserve}"));
    check(
        &early("mail.look().await?;"),
        expect![[r#"
        ok
    "#]],
    );
    check(
        &early(r#"mail.send("a").await?;"#),
        expect![[r#"
        27:1 `tell`: `reserve` comes after `tell`, the point of no return
        27:26 `reserve`: compensatable step `reserve` comes after the retriable flow `tell`, when nothing is undone any more; call it before `tell`, or make it `retriable`
    "#]],
    );
    check(
        &early(r#"mail.look().await?; mail.send("a").await?;"#),
        expect![[r#"
        27:1 `tell`: `reserve` comes after `tell`, the point of no return
        27:26 `reserve`: compensatable step `reserve` comes after the flow `tell`, when nothing is undone any more; call it before `tell`, or write `#[flow(compensate = …)]` on `tell`
    "#]],
    );
}

#[test]
fn a_step_checks_the_input_before_a_flow_looks_at_it() {
    let of = |statements: &str| flows(&tell("mail.peek().await?;"), statements);
    check(
        &of("tell(mail).await?; if cmd.total > 1 { mail.peek().await?; }"),
        expect![[r#"
            27:1 `tell`: flow `tell` is called before any step has checked the input, which `shop` looks at by itself; call a step first
        "#]],
    );
    check(
        &of("mail.peek().await?; tell(mail).await?; if cmd.total > 1 { mail.peek().await?; }"),
        expect![[r#"
            ok
        "#]],
    );
}

#[test]
fn where_flows_are_called() {
    let of = |statements: &str| flows(&tell("mail.peek().await?;"), statements);
    check(
        &of("for line in &cmd.lines { tell(mail).await?; }"),
        expect![[r#"
        ok
    "#]],
    );
    check(
        &of("join!(async { tell(mail).await?; Ok(()) }, mail.peek())?;"),
        expect![[r#"
        27:15 `tell`: flow `tell` is called in a join, where another branch's failure would stop it halfway, uncompensated; call it before or after the join
    "#]],
    );
    check(
        &of("#[parallel(max = 2)] for line in &cmd.lines { tell(mail).await?; }"),
        expect![[r#"
        27:47 `tell`: flow `tell` is called in a parallel loop, where another item's failure would stop it halfway, uncompensated; remove `#[parallel(..)]`
    "#]],
    );
    check(
        &of(
            "#[parallel(max = 2, distributed)] for line in &cmd.lines { for other in &cmd.lines { tell(mail).await?; } }",
        ),
        expect![[r#"
            27:86 `tell`: flow `tell` is called in a parallel loop, where another item's failure would stop it halfway, uncompensated; remove `#[parallel(..)]`
        "#]],
    );
    let undone = flows(
        &hold(UNHOLD),
        "for line in &cmd.lines { hold(stock, cmd.clone()).await?; }",
    );
    check(
        &undone,
        expect![[r#"
        27:26 `hold`: flow `hold` is called in a loop, and its output, which `unhold` needs, is gone when the loop fails; call it outside, or loop over steps
    "#]],
    );
    let pivot = flows(
        &tell(r#"mail.look().await?; mail.send("a").await?;"#),
        "for line in &cmd.lines { tell(mail).await?; }",
    );
    check(
        &pivot,
        expect![[r#"
            27:26 `tell`: flow `tell` is a point of no return and stands in a loop, where the next item may fail when `tell` cannot be undone any more; call it after the loop
        "#]],
    );
}

#[test]
fn flows_do_not_come_back_to_themselves() {
    check(
        &flows(
            &tell("mail.peek().await?; tell(mail).await?;"),
            "tell(mail).await?;",
        ),
        expect![[r#"
        25:88 `tell`: flow `tell` calls itself; a flow may not come back to itself, so loop over a list with `for`, or let a step repeat
    "#]],
    );
    let round = "pub async fn ping(mail: &impl Mail) -> Result<(), Rejection> { pong(mail).await?; Ok(()) } pub async fn pong(mail: &impl Mail) -> Result<(), Rejection> { mail.peek().await?; ping(mail).await?; Ok(()) }";
    check(
        &flows(round, "ping(mail).await?;"),
        expect![[r#"
        25:68 `pong`: flow `ping` calls `pong`, which calls `ping` again; a flow may not come back to itself, so remove one of these calls
        25:179 `ping`: flow `pong` calls `ping`, which calls `pong` again; a flow may not come back to itself, so remove one of these calls
    "#]],
    );
}

#[test]
fn a_flow_is_undone_by_one_that_takes_its_output() {
    let of = |undo: &str| flows(&hold(undo), "hold(stock, cmd.clone()).await?;");
    check(
        &of(UNHOLD),
        expect![[r#"
        ok
    "#]],
    );
    check(
        &of(&UNHOLD.replace("unhold", "unhodl")),
        expect![[r#"
        25:25 `unhold`: this module has no flow `unhold` that could undo `hold`; did you mean `unhodl`?
    "#]],
    );
    check(
        &of(&UNHOLD.replace("unhold", "free")),
        expect![[r#"
        25:25 `unhold`: this module has no flow `unhold` that could undo `hold`; write `pub async fn unhold(.., output: Hold) -> Result<(), Rejection>`
    "#]],
    );
    check(
        &of(&UNHOLD
            .replace("hold: Hold", "hold: &[Hold]")
            .replace("&hold.id", r#""a""#)),
        expect![[r#"
        25:25 `unhold`: flow `hold` gives `Hold`, but `unhold`, which undoes it, takes `Vec<Hold>`
        25:204 `[Hold]`: flow `unhold` undoes `hold` and gets its output, which is no `Vec<Hold>`; write `Hold`
    "#]],
    );
    check(
        &of(&UNHOLD
            .replace(", hold: Hold", "")
            .replace("&hold.id", r#""a""#)),
        expect![[r#"
        25:172 `unhold`: flow `unhold` undoes `hold`, but does not take its output; add a parameter of type `Hold`
    "#]],
    );
    check(
        &of("").replace("compensate = unhold", "compensate = hold"),
        expect![[r#"
        25:25 `hold`: flow `hold` cannot undo itself; name a flow that takes its output, `Hold`, and undoes what it did
    "#]],
    );
}

#[test]
fn what_undoes_a_flow_always_succeeds() {
    let of = |statements: &str| {
        let undo = UNHOLD
            .replace("Ok(())", &format!("{statements} Ok(())"))
            .replace("(mail:", "(payments: &impl Payments, mail:");
        flows(&hold(&undo), "hold(stock, cmd.clone()).await?;")
    };
    check(
        &of("mail.peek().await?;"),
        expect![[r#"
        ok
    "#]],
    );
    check(
        &of("payments.charge(&hold.id, 1).await?;"),
        expect![[r#"
        25:299 `charge`: flow `unhold` undoes `hold`, so it must always succeed; call only `retriable` and `read_only` steps, which `charge` is not
    "#]],
    );
    check(
        &of("mail.look().await?;"),
        expect![[r#"
        25:295 `look`: flow `unhold` undoes `hold`, so it must always succeed, but step `look` may be rejected by `OutOfStock`; call one that may not
    "#]],
    );
    check(
        &of(r#"if hold.id == "a" { return Err(Rejection::new("Hold.Gone", "it is gone")); }"#),
        expect![[r#"
            25:317 `Err`: flow `unhold` undoes `hold`, so it must always succeed; return `Ok(..)` instead
        "#]],
    );
    check(
        &of("").replace(
            "pub async fn unhold",
            "pub async fn tell(mail: &impl Mail) -> Result<(), Rejection> { mail.peek().await?; Ok(()) } #[flow(compensate = tell)] pub async fn unhold",
        ),
        expect![[r#"
            25:271 `tell`: flow `unhold` undoes `hold`, and what undoes is never undone; remove `compensate = tell`
        "#]],
    );
}

#[test]
fn a_flow_that_is_called_is_a_state() {
    let named = |name: &str| {
        flows(&tell("mail.peek().await?;"), "tell(mail).await?;")
            .replace("fn tell(", &format!("fn {name}("))
            .replace(" tell(mail)", &format!(" {name}(mail)"))
            .replace("\ntell(mail)", &format!("\n{name}(mail)"))
    };
    let long = "t".repeat(75);
    check(
        &named(&long),
        expect![[r#"
        ok
    "#]],
    );
    check(
        &named(&long).replace("mail.peek().await?; Ok", r#"mail.send("a").await?; Ok"#),
        expect![[r#"
        25:18 `ttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttt`: the state name `compensate ttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttt` has 86 characters; Step Functions allows 80, so shorten `ttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttt`
    "#]],
    );
}

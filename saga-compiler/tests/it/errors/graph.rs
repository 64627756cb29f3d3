//! The pivot rule over branches, other paths, loops and joins, and what loops and joins may hold.

use std::fmt::Write as _;

use expect_test::{Expect, expect};

use crate::many::module;
use crate::support::{check, compile, flow, render};

/// Statements of a flow that returns a `Hold`; `look` may be rejected, `peek` may not.
fn body(statements: &str) -> String {
    flow(&format!("{statements} Ok(Hold {{ id: cmd.id.clone() }})")).replace(
        "pub trait Mail {",
        "pub trait Mail { #[step(read_only)] async fn look(&self, tx: &mut Tx) -> Result<Vec<String>, StockError>; #[step(read_only)] async fn peek(&self, tx: &mut Tx) -> Result<Vec<String>, Retry>;",
    )
}

#[test]
fn a_branch_is_beyond_the_point_of_no_return_if_an_arm_that_goes_on_is() {
    let after = |arm: &str, then: &str| body(&format!("if cmd.total > 1 {{ {arm} }} {then}"));
    let reserve = "stock.reserve(&cmd.id, &cmd.lines).await?;";
    let charge = "payments.charge(&cmd.id, 1).await?;";
    check(
        &after(charge, r#"mail.send("done").await?;"#),
        expect![[r#"
        ok
    "#]],
    );
    check(
        &after(charge, reserve),
        expect![[r#"
        26:29 `charge`: `reserve` comes after `charge`, the point of no return
        26:64 `reserve`: compensatable step `reserve` comes after the pivot `charge`, when nothing is undone any more; call it before `charge`, or make it `retriable`
    "#]],
    );
    check(
        &after(charge, charge),
        expect![[r#"
        26:29 `charge`: `charge` is already the point of no return
        26:67 `charge`: `charge` is the second pivot on this path, after `charge`; a saga has one point of no return, so make one of them `compensate = …` or `retriable`
    "#]],
    );
    let returns = format!("{charge} return Ok(Hold {{ id: cmd.id.clone() }});");
    check(
        &after(&returns, reserve),
        expect![[r#"
        ok
    "#]],
    );
    check(
        &body(&format!("{charge} if cmd.total > 1 {{ {reserve} }}")),
        expect![[r#"
        26:10 `charge`: `reserve` comes after `charge`, the point of no return
        26:62 `reserve`: compensatable step `reserve` comes after the pivot `charge`, when nothing is undone any more; call it before `charge`, or make it `retriable`
    "#]],
    );
}

#[test]
fn a_rejection_comes_before_the_point_of_no_return() {
    let reject =
        r#"if cmd.total > 1 { return Err(Rejection::new("Order.Closed", "it is closed")); }"#;
    check(
        &body(&format!("{reject} payments.charge(&cmd.id, 1).await?;")),
        expect![[r#"
        ok
    "#]],
    );
    check(
        &body(&format!("payments.charge(&cmd.id, 1).await?; {reject}")),
        expect![[r#"
        26:10 `charge`: a rejection comes after `charge`, the point of no return
        26:63 `Err`: this rejection comes after the pivot `charge`, when nothing is undone any more; reject before `charge`, or say in `Ok(..)` what happened
    "#]],
    );
    check(
        &body(&format!(r#"mail.send("a").await?; {reject}"#)),
        expect![[r#"
        26:6 `send`: a rejection comes after `send`, the point of no return
        26:50 `Err`: this rejection comes after the retriable step `send`, when nothing is undone any more; reject before `send`, or say in `Ok(..)` what happened
    "#]],
    );
}

#[test]
fn another_path_of_a_pivot_is_before_the_point_of_no_return() {
    let attempt = |ok: &str, other: &str, then: &str| {
        body(&format!(
            "match payments.charge(&cmd.id, 1).await {{ Ok(_) => {{ {ok} }} Err(StockError::OutOfStock {{ .. }}) => {{ {other} }} Err(other) => return Err(other.into()) }} {then}"
        ))
    };
    let reserve = "stock.reserve(&cmd.id, &cmd.lines).await?;";
    check(
        &attempt(r#"mail.send("a").await?;"#, reserve, ""),
        expect![[r#"
        ok
    "#]],
    );
    check(
        &attempt(reserve, "", ""),
        expect![[r#"
        26:16 `charge`: `reserve` comes after `charge`, the point of no return
        26:60 `reserve`: compensatable step `reserve` comes after the pivot `charge`, when nothing is undone any more; call it before `charge`, or make it `retriable`
    "#]],
    );
    check(
        &attempt("", reserve, "mail.peek().await?;"),
        expect![[r#"
        ok
    "#]],
    );
    check(
        &attempt("", reserve, "mail.look().await?;"),
        expect![[r#"
        26:188 `look`: `look` may be rejected by `OutOfStock` after `charge`, when nothing is undone any more; call it before `charge`
    "#]],
    );
}

#[test]
fn no_pivot_in_a_loop_or_a_join() {
    check(
        &body("for line in &cmd.lines { payments.charge(line, 1).await?; }"),
        expect![[r#"
        26:35 `charge`: pivot `charge` stands in a loop, where the next item may fail when `charge` cannot be undone any more; call it after the loop, or make it `compensate = …`
    "#]],
    );
    check(
        &body("join!(payments.charge(&cmd.id, 1), stock.reserve(&cmd.id, &cmd.lines))?;"),
        expect![[r#"
            26:16 `charge`: pivot `charge` stands in a join, where another branch may fail when `charge` cannot be undone any more; call it after the join, or make it `compensate = …`
        "#]],
    );
}

#[test]
fn what_is_retriable_shares_no_loop_or_join_with_what_may_fail() {
    let each = |statements: &str| body(&format!("for line in &cmd.lines {{ {statements} }}"));
    let reserve = "stock.reserve(line, &cmd.lines).await?;";
    check(
        &each("mail.peek().await?; mail.send(line).await?;"),
        expect![[r#"
        ok
    "#]],
    );
    check(
        &each(&format!("{reserve} mail.send(line).await?;")),
        expect![[r#"
        26:32 `reserve`: compensatable step `reserve` stands in one loop with the retriable step `send`, after which nothing is undone any more; call `send` after the loop, or in a loop of its own
        26:71 `send`: `send` is the point of no return of this loop, in which `reserve` would have to be undone
    "#]],
    );
    check(
        &each("mail.look().await?; mail.send(line).await?;"),
        expect![[r#"
        26:31 `look`: `look` may be rejected by `OutOfStock` in one loop with `send`, after which nothing is undone any more; call `send` after the loop, or in a loop of its own
    "#]],
    );
    let reject = r#"if cmd.total > 1 { return Err(Rejection::new("Order.Closed", "it is closed")); } mail.send(line).await?;"#;
    check(
        &each(reject),
        expect![[r#"
        26:52 `Err`: this rejection stands in one loop with the retriable step `send`, after which nothing is undone any more; call `send` after the loop, or in a loop of its own
        26:112 `send`: a rejection comes after `send`, the point of no return
    "#]],
    );
    check(
        &body(r#"join!(mail.send("a"), stock.reserve(&cmd.id, &cmd.lines))?;"#),
        expect![[r#"
            26:12 `send`: `send` is the point of no return of this join, in which `reserve` would have to be undone
            26:29 `reserve`: compensatable step `reserve` stands in one join with the retriable step `send`, after which nothing is undone any more; call `send` after the join, or in a join of its own
        "#]],
    );
    check(
        &body(&format!(
            "for line in &cmd.lines {{ mail.send(line).await?; }} for line in &cmd.lines {{ {reserve} }}"
        )),
        expect![[r#"
            26:31 `send`: `reserve` comes after `send`, the point of no return
            26:83 `reserve`: compensatable step `reserve` comes after the retriable step `send`, when nothing is undone any more; call it before `send`, or make it `retriable`
        "#]],
    );
}

#[test]
fn the_list_of_an_inner_loop_is_there_when_it_is_undone() {
    let inner = "for part in &parts { stock.reserve(part, &cmd.lines).await?; }";
    let plan = "let parts = mail.peek().await?;";
    check(
        &body(&format!("for line in &cmd.lines {{ {plan} {inner} }}")),
        expect![[r#"
        26:71 `parts`: `parts` is given inside the loop around and gone when that fails, so that nobody could undo these items; take the list from the flow's input, get it before the loop, or let one step take the whole list
    "#]],
    );
    check(
        &body(&format!(
            "join!(async {{ {plan} {inner} Ok(()) }}, stock.reserve(&cmd.id, &cmd.lines))?;"
        )),
        expect![[r#"
            26:60 `parts`: `parts` is given inside the join around and gone when that fails, so that nobody could undo these items; take the list from the flow's input, get it before the join, or let one step take the whole list
        "#]],
    );
    check(
        &body(&format!("{plan} for line in &cmd.lines {{ {inner} }}")),
        expect![[r#"
        ok
    "#]],
    );
    check(
        &body(&format!(
            "for line in &cmd.lines {{ {plan} for part in &parts {{ mail.send(part).await?; }} }}"
        )),
        expect![[r#"
            ok
        "#]],
    );
}

#[test]
fn distributed_loops_stand_alone() {
    let distributed = |statements: &str| {
        format!("#[parallel(max = 100, distributed)] for line in &cmd.lines {{ {statements} }}")
    };
    let reserve = distributed("stock.reserve(line, &cmd.lines).await?;");
    check(
        &body(&format!("if cmd.total > 1 {{ {reserve} }}")),
        expect![[r#"
        ok
    "#]],
    );
    check(
        &body(&format!("for line in &cmd.lines {{ {reserve} }}")),
        expect![[r#"
        26:62 `for`: a distributed loop starts executions of its own, which a loop around could not have undone; move it out, or remove `distributed`
    "#]],
    );
    check(
        &body(&distributed(&reserve)),
        expect![[r#"
        26:98 `for`: a distributed loop starts executions of its own, which a loop around could not have undone; move it out, or remove `distributed`
    "#]],
    );
    check(
        &body(&format!(
            "join!(async {{ {reserve} Ok(()) }}, stock.reserve(&cmd.id, &cmd.lines))?;"
        )),
        expect![[r#"
            26:51 `for`: a distributed loop starts executions of its own, which a join around could not have undone; move it out, or remove `distributed`
        "#]],
    );
}

/// So many waits, one after the other.
fn waits(number: usize) -> String {
    let mut statements = "mail.peek().await?;".to_owned();
    for _ in 0..number {
        statements.push_str(" sleep(Duration::from_secs(1)).await;");
    }
    body(&statements)
}

#[test]
fn a_history_has_a_limit() {
    check(
        &waits(12_497),
        expect![[r#"
            25:18 `shop`: the history of `shop` has up to 25001 events; Step Functions ends an execution that reaches 25000, so split the flow
        "#]],
    );
}

fn warnings(source: &str, expect: Expect) {
    let compiled = match compile(source) {
        Ok(compiled) => compiled,
        Err(failed) => panic!("{}", render(source, &failed)),
    };
    let mut text = String::new();
    for warning in compiled.definitions()[0].warnings() {
        writeln!(text, "{warning}").unwrap();
    }
    expect.assert_eq(&text);
}

#[test]
fn a_definition_near_a_limit_warns() {
    warnings(
        &module(490),
        expect![[r#"
            the definition of `fulfil` has 943592 bytes of the 1048576 that Step Functions allows; let a flow of its own do a part of it
        "#]],
    );
    warnings(
        &waits(10_000),
        expect![[r#"
            the history of `shop` has up to 20007 events, retries not counted, of the 25000 that Step Functions allows; let a flow of its own do a part of it
        "#]],
    );
}

#[test]
fn a_loop_for_few_items_warns() {
    let each = |steps: usize| {
        let steps = "stock.reserve(line, &cmd.lines).await?; ".repeat(steps);
        format!("for line in &cmd.lines {{ {steps} }}")
    };
    warnings(&body(&each(20)), expect![[""]]);
    warnings(
        &body(&each(30)),
        expect![[r#"
            with 83 items in `for line in cmd.lines` the history of `shop` is full: Step Functions ends an execution that reaches 25000 events, uncompensated; write `#[parallel(max = …, distributed)]`, or let one step take the whole list
        "#]],
    );
    let distributed = |steps: usize| {
        let each = each(steps);
        body(&format!(
            "#[parallel(max = 9, distributed)] for item in &cmd.lines {{ {each} }}"
        ))
    };
    warnings(
        &distributed(60),
        expect![[r#"
            with 83 items in `for line in cmd.lines` the history of an item of `for item in cmd.lines` is full: Step Functions ends an execution that reaches 25000 events, uncompensated; let one step take the whole list
        "#]],
    );
}

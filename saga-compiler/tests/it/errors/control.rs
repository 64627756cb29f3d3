//! Messages about what branches, waits, calls another flow and ends.

use expect_test::expect;

use crate::support::{base, check, flow};

/// Behind the body: another flow, which it may call.
pub(super) fn flows(body: &str) -> String {
    let other = "pub async fn other(stock: &impl Stock, cmd: Cmd) -> Result<Hold, Rejection> { Ok(stock.reserve(&cmd.id, &cmd.lines).await?) }";
    let source = flow(body);
    let end = source.rfind('}').unwrap();
    format!("{}{other}\n{}", &source[..end], &source[end..])
}

#[test]
fn what_comes_behind_an_end_is_never_reached() {
    check(
        &flow("return Ok(stock.reserve(&cmd.id, &cmd.lines).await?); let x = 1; Ok(x)"),
        expect![[r#"
            26:55 `let`: this is never reached; remove it
        "#]],
    );
    check(
        &flow(
            "if true { return Ok(stock.reserve(&cmd.id, &cmd.lines).await?); mail.send(&cmd.id).await?; } Ok(1)",
        ),
        expect![[r#"
            26:65 `mail`: this is never reached; remove it
        "#]],
    );
    check(
        &flow(
            r#"if true { return Err(Rejection::new("A.B", "c")); } else { return Ok(mail.send(&cmd.id).await?); } Ok(1)"#,
        ),
        expect![[r#"
            26:100 `Ok`: this is never reached; remove it
        "#]],
    );
    check(
        &flow("match cmd.note { None => {} note => { mail.send(note).await?; } _ => {} } Ok(1)"),
        expect![[r#"
            26:65 `_`: this arm is never reached, because the one before it always matches; remove it
        "#]],
    );
}

#[test]
fn an_arm_ends_as_its_flow() {
    check(
        &flow("mail.send(&cmd.id).await?; if true { Ok(1) }"),
        expect![[r#"
            26:28 `if`: a flow ends in its result; write an `else` that ends in one too
        "#]],
    );
    check(
        &flow("mail.send(&cmd.id).await?; if true { Ok(1) } else { 2 }"),
        expect![[r#"
            26:53 `2`: a flow ends in its result; write `Ok(…)`
        "#]],
    );
    check(
        &flow("mail.send(&cmd.id).await?; match cmd.note { None => { Ok(1); } Some(_) => {} }"),
        expect![[r#"
            26:60 `;`: a flow ends in its result; remove this `;`
            26:76 `}`: a flow ends in its result; write `Ok(…)` before this `}`
        "#]],
    );
    check(
        &flow("mail.send(&cmd.id).await?; if true { Ok(1) } Ok(2)"),
        expect![[r#"
            26:38 `Ok`: this ends nothing; write `return Ok(…)`
        "#]],
    );
    check(
        &flow(r#"mail.send(&cmd.id).await?; if true { Err(Rejection::new("A.B", "c")); } Ok(2)"#),
        expect![[r#"
            26:38 `Err`: this ends nothing; write `return Err(…)`
        "#]],
    );
    check(
        &flow("mail.send(&cmd.id).await?; return;"),
        expect![[r#"
        26:28 `return`: say what the flow ends with; write `return Ok(…)` or `return Err(…)`
    "#]],
    );
    check(
        &flow("mail.send(&cmd.id).await?; match cmd.note {}"),
        expect![[r#"
            26:28 `match`: a `match` without arms does nothing; remove it
        "#]],
    );
}

#[test]
fn a_branch_with_more_than_values_stands_alone() {
    check(
        &flow(
            "mail.send(if true { stock.reserve(&cmd.id, &cmd.lines).await?.id } else { cmd.id }).await?; Ok(1)",
        ),
        expect![[r#"
            26:27 `reserve`: a step's call stands alone; bind it first: `let name = ….await?;`
        "#]],
    );
    check(
        &flow(r#"mail.send(if true { mail.send("a").await? } else { cmd.id }).await?; Ok(1)"#),
        expect![[r#"
            26:11 `if`: this does more than choose a simple value, so it stands alone; bind it first: `let name = …;`
        "#]],
    );
    check(
        &flow(
            "mail.send(match cmd.note { Some(note) => note, None => return Ok(1) }).await?; Ok(1)",
        ),
        expect![[r#"
            26:11 `match`: this does more than choose a simple value, so it stands alone; bind it first: `let name = …;`
        "#]],
    );
    check(
        &flow("mail.send(if true { Address { city: cmd.id } } else { cmd.to }).await?; Ok(1)"),
        expect![[r#"
            26:11 `if`: this does more than choose a simple value, so it stands alone; bind it first: `let name = …;`
        "#]],
    );
    check(
        &flow("mail.send({ let x = 1; x }).await?; Ok(1)"),
        expect![[r#"
            26:11 `{`: a block stands alone; bind it first: `let name = { … };`
        "#]],
    );
    check(
        &flow("mail.send(return Ok(1)).await?; Ok(1)"),
        expect![[r#"
            26:11 `return`: a `return` stands alone; write it as a statement of its own
        "#]],
    );
    check(
        &flow("mail.send(for x in &cmd.lines {}).await?; Ok(1)"),
        expect![[r#"
            26:11 `for`: a `for` is worth nothing; write it as a statement of its own
        "#]],
    );
    check(
        &flow("mail.send(join!(mail.send(&cmd.id), mail.send(&cmd.id))?).await?; Ok(1)"),
        expect![[r#"
            26:11 `join`: `join!` stands alone; bind it first: `let (a, b) = join!(..)?;`
        "#]],
    );
    check(
        &flow("mail.send(&cmd.id).await?; if true && let Some(x) = cmd.note { } Ok(1)"),
        expect![[r#"
            26:39 `let`: a `let` among other conditions is not part of a flow; write one `if` in another
        "#]],
    );
    check(
        &flow("mail.send(&cmd.id).await?; if true && true && let Some(x) = cmd.note { } Ok(1)"),
        expect![[r#"
            26:47 `let`: a `let` among other conditions is not part of a flow; write one `if` in another
        "#]],
    );
    check(
        &flows("mail.send(other(stock, cmd).await?.id).await?; Ok(1)"),
        expect![[r#"
            26:11 `other`: a flow's call stands alone; bind it first: `let name = ….await?;`
        "#]],
    );
}

#[test]
fn an_alternative_names_a_rejection() {
    let attempt = |arms: &str| {
        flow(&format!(
            "match stock.reserve(&cmd.id, &cmd.lines).await {{ {arms} }} Ok(1)"
        ))
    };
    check(
        &attempt("Ok(_) => {} Err(StockError::Busy) => {} Err(e) => return Err(e.into())"),
        expect![[r#"
            26:78 `Busy`: `Busy` is transient, and after it nobody knows whether an earlier delivery of `reserve` took effect; remove it here, and the saga tries again, then compensates
        "#]],
    );
    check(
        &attempt(
            "Ok(_) => {} Err(StockError::OutOfStock { sku }) => { mail.send(sku).await?; } Err(e) => return Err(e.into())",
        ),
        expect![[r#"
            26:91 `sku`: what a rejection carries stays in the participant's answer; write the variant with `..` instead
        "#]],
    );
    check(
        &attempt(
            "Ok(_) => {} Err(e @ StockError::OutOfStock { .. }) => {} Err(e) => return Err(e.into())",
        ),
        expect![[r#"
            26:66 `e`: what a rejection carries stays in the participant's answer; write the variant with `..` instead
        "#]],
    );
    check(
        &attempt("Ok(_) => {} Err(StockError::Gone(x)) => {} Err(e) => return Err(e.into())"),
        expect![[r#"
            26:83 `x`: what a rejection carries stays in the participant's answer; write the variant with `..` instead
        "#]],
    );
    check(
        &attempt("Ok(_) => {} Err(OutOfStock { .. }) => {} Err(e) => return Err(e.into())"),
        expect![[r#"
            26:66 `OutOfStock`: a variant needs its enum's name here; write `StockError::OutOfStock`
        "#]],
    );
    check(
        &attempt("Ok(_) => {} Err(OutOfStock) => {} Err(e) => return Err(e.into())"),
        expect![[r#"
            26:66 `OutOfStock`: a variant needs its enum's name here; write `StockError::OutOfStock`
        "#]],
    );
    check(
        &attempt(
            "Ok(_) => {} Err(StockError::OutOfStok { .. }) => {} Err(e) => return Err(e.into())",
        ),
        expect![[r#"
            left to rustc
        "#]],
    );
    check(
        &attempt(
            "Ok(_) => {} Err(PayError::OutOfStock { .. }) => {} Err(e) => return Err(e.into())",
        ),
        expect![[r#"
            left to rustc
        "#]],
    );
    check(
        &attempt(
            "Ok(_) => {} Err(StockError::OutOfStock { .. }) => {} Err(StockError::OutOfStock { .. }) => {} Err(e) => return Err(e.into())",
        ),
        expect![[r#"
            26:119 `OutOfStock`: `OutOfStock` has an arm already, so this is never reached; remove it
        "#]],
    );
    check(
        &attempt("Ok(_) => {} Err(_) => {}"),
        expect![[r#"
        26:72 `{}`: every other error compensates the saga, because nobody knows what it left; write `Err(other) => return Err(other.into())`
    "#]],
    );
    check(
        &attempt("Ok(_) => {} Err(e) => return Ok(1)"),
        expect![[r#"
            26:72 `return`: every other error compensates the saga, because nobody knows what it left; write `Err(other) => return Err(other.into())`
        "#]],
    );
    check(
        &attempt(
            r#"Ok(_) => {} Err(StockError::OutOfStock { .. }) => {} Err(_) => return Err(Rejection::new("A.B", "c"))"#,
        ),
        expect![[r#"
            26:113 `return`: every other error compensates the saga, because nobody knows what it left; write `Err(other) => return Err(other.into())`
        "#]],
    );
    check(
        &attempt("Ok(_) if true => {} Ok(_) => {} Err(e) => return Err(e.into())"),
        expect![[r#"
            26:59 `true`: an arm over a step's answer takes no guard; write an `if` in the arm
        "#]],
    );
    check(
        &flow(
            r#"match payments.charge("a", 1).await { Ok("x") => {} Err(e) => return Err(e.into()) } Ok(1)"#,
        ),
        expect![[r#"
            26:42 `"x"`: this pattern need not match; write a name here, and `match` it in the arm
        "#]],
    );
    check(
        &attempt("Ok(_) => {} _ => {}"),
        expect![[r#"
        26:62 `_`: over a step's answer, each arm is for `Ok(..)` or for `Err(..)`; write them out
    "#]],
    );
    check(
        &attempt("Err(StockError::OutOfStock { .. }) => {} Err(e) => return Err(e.into())"),
        expect![[r#"
            left to rustc
        "#]],
    );
}

#[test]
fn what_cannot_be_attempted() {
    check(
        &flow(r#"match mail.send("a").await { Ok(_) => {} Err(e) => return Err(e.into()) } Ok(1)"#),
        expect![[r#"
            26:12 `send`: step `send` is never rejected, so there is nothing to match; write `.await?`
        "#]],
    );
    check(
        &flow(
            "if let Ok(hold) = stock.reserve(&cmd.id, &cmd.lines).await { mail.send(&hold.id).await?; } Ok(1)",
        ),
        expect![[r#"
            26:4 `let`: an `if let` leaves open what follows the other errors of `reserve`; write `match`, with an arm each
        "#]],
    );
    check(
        &flow("match stock.reserve(&cmd.id, &cmd.lines) { Ok(_) => {} Err(_) => {} } Ok(1)"),
        expect![[r#"
            26:13 `reserve`: step `reserve` is called but not awaited; write `.reserve(..).await?`
        "#]],
    );
    check(
        &flows("match other(stock, cmd).await { Ok(_) => {} Err(e) => return Err(e) } Ok(1)"),
        expect![[r#"
            26:7 `other`: a flow that is called ends with success or fails as a whole; write `.await?` behind the call, and `match` its output
        "#]],
    );
}

#[test]
fn a_flow_rejects_with_a_name_and_a_reason() {
    let reject = |error: &str| flow(&format!(r#"mail.send("a").await?; Err({error})"#));
    check(
        &reject("StockError::Busy.into()"),
        expect![[r#"
        26:24 `Err`: a flow rejects with a name and a reason; write `Err(Rejection::new("Order.Closed", "why"))`
    "#]],
    );
    check(
        &reject(r#"Rejection::new("A.B")"#),
        expect![[r#"
        26:24 `Err`: a flow rejects with a name and a reason; write `Err(Rejection::new("Order.Closed", "why"))`
    "#]],
    );
    check(
        &reject(r#"Rejection::new(cmd.id, "c")"#),
        expect![[r#"
            26:6 `send`: a rejection comes after `send`, the point of no return
            26:24 `Err`: this rejection comes after the retriable step `send`, when nothing is undone any more; reject before `send`, or say in `Ok(..)` what happened
            26:43 `cmd`: the name of an error is part of the definition; write it as a literal, such as `"Order.Closed"`
        "#]],
    );
    check(
        &reject(r#"Rejection::new("Closed", "c")"#),
        expect![[r#"
            26:6 `send`: a rejection comes after `send`, the point of no return
            26:24 `Err`: this rejection comes after the retriable step `send`, when nothing is undone any more; reject before `send`, or say in `Ok(..)` what happened
            26:43 `"Closed"`: an error's name is two words in ASCII; write it as `"Order.Closed"`
        "#]],
    );
    check(
        &reject(r#"Rejection::new("A.B.C", "c")"#),
        expect![[r#"
            26:6 `send`: a rejection comes after `send`, the point of no return
            26:24 `Err`: this rejection comes after the retriable step `send`, when nothing is undone any more; reject before `send`, or say in `Ok(..)` what happened
            26:43 `"A.B.C"`: an error's name is two words in ASCII; write it as `"Order.Closed"`
        "#]],
    );
    check(
        &reject(r#"Rejection::new("Ärger.Gross", "c")"#),
        expect![[r#"
            26:6 `send`: a rejection comes after `send`, the point of no return
            26:24 `Err`: this rejection comes after the retriable step `send`, when nothing is undone any more; reject before `send`, or say in `Ok(..)` what happened
            26:43 `"Ärger.Gross"`: an error's name is two words in ASCII; write it as `"Order.Closed"`
        "#]],
    );
    check(
        &reject(r#"Rejection::new("Saga.Refused", "c")"#),
        expect![[r#"
            26:6 `send`: a rejection comes after `send`, the point of no return
            26:24 `Err`: this rejection comes after the retriable step `send`, when nothing is undone any more; reject before `send`, or say in `Ok(..)` what happened
            26:43 `"Saga.Refused"`: errors named `Saga.…` are not a flow's to report, they are Step Functions', Lambda's or the runtime's; call it something else
        "#]],
    );
    check(
        &reject(r#"Rejection::new("A.B", cmd.total)"#),
        expect![[r#"
            26:6 `send`: a rejection comes after `send`, the point of no return
            26:24 `Err`: this rejection comes after the retriable step `send`, when nothing is undone any more; reject before `send`, or say in `Ok(..)` what happened
            26:50 `cmd`: the reason is for people; write a text, or a `String` of the flow
        "#]],
    );
    check(
        &reject(r#"Rejection::new("A.B", format!("{}", cmd.id))"#),
        expect![[r#"
            26:6 `send`: a rejection comes after `send`, the point of no return
            26:24 `Err`: this rejection comes after the retriable step `send`, when nothing is undone any more; reject before `send`, or say in `Ok(..)` what happened
            26:50 `format`: a flow cannot see into the macro `format!`; let a step make the text
        "#]],
    );
}

#[test]
fn a_wait_says_how_long() {
    let wait = |wait: &str| flow(&format!(r#"{wait}; mail.send("a").await?; Ok(1)"#));
    check(
        &wait("sleep(Duration::from_secs(1))"),
        expect![[r#"
        26:1 `sleep`: `sleep` is called but not awaited; write `sleep(..).await`
    "#]],
    );
    check(
        &wait("sleep(cmd.total).await"),
        expect![[r#"
        26:7 `cmd`: how long to wait stands here; write `Duration::` and one of `from_secs`, `from_mins`, `from_hours` and `from_millis`
    "#]],
    );
    check(
        &wait("sleep(Duration::from_secs_f64(1.5)).await"),
        expect![[r#"
            26:7 `Duration`: how long to wait stands here; write `Duration::` and one of `from_secs`, `from_mins`, `from_hours` and `from_millis`
        "#]],
    );
    check(
        &wait("sleep(Duration::from_hours(27778)).await"),
        expect![[r#"
            26:28 `27778`: this is too long; Step Functions allows 99999999 seconds here, so write less, or `sleep_until`
        "#]],
    );
    check(
        &wait("sleep_until(cmd.id).await"),
        expect![[r#"
        26:13 `cmd`: `sleep_until` takes a `Timestamp` of the runtime; give the field that type
    "#]],
    );
    check(
        &wait("sleep_until().await"),
        expect![[r#"
        left to rustc
    "#]],
    );
    check(
        &wait("sleep(Duration::from_secs(1)).await?"),
        expect![[r#"
            left to rustc
        "#]],
    );
}

#[test]
fn a_flow_is_called_like_a_step() {
    check(
        &flows(r#"other(stock, cmd); mail.send("a").await?; Ok(1)"#),
        expect![[r#"
            26:1 `other`: flow `other` is called but not awaited; write `other(..).await?`
        "#]],
    );
    check(
        &flows(r#"other(stock, cmd).await; mail.send("a").await?; Ok(1)"#),
        expect![[r#"
            26:19 `await`: flow `other` can fail, and the saga must then compensate; write `.await?`
        "#]],
    );
    check(
        &flows("other(stock, cmd).await"),
        expect![[r#"
        26:1 `other`: a flow ends in its own result; write `Ok(…)` around the call, with `?` after `.await`
    "#]],
    );
    check(
        &flows(r#"let other = cmd.id; other(stock, other).await?; mail.send("a").await?; Ok(1)"#),
        expect![[r#"
            26:21 `other`: `other` is not a step; a flow calls steps, and builds the types of its module; let a step compute it
            26:27 `stock`: participant `stock` is no value; call one of its steps: `stock.step(..).await?`
        "#]],
    );
    check(
        &base(
            "    pub async fn shop",
            "    #[flow] #[flow(compensate)] #[flow(undo = x)]\n pub async fn shop",
        ),
        expect![[r#"
            25:15 `flow`: `#[flow]` stands twice here; write all options in one
        "#]],
    );
    check(
        &base(
            "    pub async fn shop",
            "    #[flow(undo = x)]\n pub async fn shop",
        ),
        expect![[r#"
            25:12 `undo`: unknown `#[flow]` option `undo`; the options are `compensate`
        "#]],
    );
    check(
        &base(
            "    pub async fn shop",
            "    #[flow(compensate)]\n pub async fn shop",
        ),
        expect![[r#"
            25:12 `compensate`: write the name of the flow that undoes this one: `compensate = cancel_order`
        "#]],
    );
}

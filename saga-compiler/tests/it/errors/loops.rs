//! Messages about loops, the lists that they fill, and joins.

use expect_test::expect;

use super::control::flows;
use crate::support::{check, flow};

#[test]
fn loops_do_every_item() {
    check(
        &flow("for x in &cmd.lines { mail.send(x).await?; break; } Ok(1)"),
        expect![[r#"
            26:44 `break`: `break` is not part of a flow, whose loops do every item; let a step choose the items, or `return Err(…)`
        "#]],
    );
    check(
        &flow("for x in &cmd.lines { if true { continue } mail.send(x).await?; } Ok(1)"),
        expect![[r#"
            26:33 `continue`: `continue` is not part of a flow; write an `if` around what follows
        "#]],
    );
    check(
        &flow("'all: for x in &cmd.lines { mail.send(x).await?; } Ok(1)"),
        expect![[r#"
            26:1 `'all`: nothing leaves a loop by its label; remove it
        "#]],
    );
    check(
        &flow(r#"mail.send("a").await?; 'all: { } Ok(1)"#),
        expect![[r#"
            26:24 `'all`: nothing leaves a block by its label; remove it
        "#]],
    );
    check(
        &flow("for x in &cmd.lines { mail.send(x).await?; return Ok(1); } Ok(1)"),
        expect![[r#"
            26:51 `Ok`: a loop cannot end its flow with success, because other items may be on their way; push a value, and decide after the loop
        "#]],
    );
    check(
        &flow(
            "for x in &cmd.lines { mail.send(x).await?; if true { return if true { Ok(1) } else { Ok(2) } } } Ok(1)",
        ),
        expect![[r#"
            26:71 `Ok`: a loop cannot end its flow with success, because other items may be on their way; push a value, and decide after the loop
            26:86 `Ok`: a loop cannot end its flow with success, because other items may be on their way; push a value, and decide after the loop
        "#]],
    );
    check(
        &flow("for x in 0..3 { mail.send(x).await?; } Ok(1)"),
        expect![[r#"
            26:10 `0`: `for` goes over a list of the flow; write `for item in &list`
        "#]],
    );
    check(
        &flow("for x in &cmd.id { mail.send(x).await?; } Ok(1)"),
        expect![[r#"
            26:11 `cmd`: `for` goes over a list of the flow; write `for item in &list`
        "#]],
    );
    check(
        &flow("for x in &cmd.liness { mail.send(x).await?; } Ok(1)"),
        expect![[r#"
            left to rustc
        "#]],
    );
}

#[test]
fn a_parallel_loop_says_how_many() {
    check(
        &flow("#[parallel] for x in &cmd.lines { mail.send(x).await?; } Ok(1)"),
        expect![[r#"
            26:3 `parallel`: say how many items run at once; write `#[parallel(max = 8)]`
        "#]],
    );
    check(
        &flow("#[parallel(max = 0)] for x in &cmd.lines { mail.send(x).await?; } Ok(1)"),
        expect![[r#"
            26:18 `0`: `max` must be between 1 and 40, as Step Functions asks; write less, or write `distributed` behind it
        "#]],
    );
    check(
        &flow("#[parallel(max = 41)] for x in &cmd.lines { mail.send(x).await?; } Ok(1)"),
        expect![[r#"
            26:18 `41`: `max` must be between 1 and 40, as Step Functions asks; write less, or write `distributed` behind it
        "#]],
    );
    check(
        &flow(
            "#[parallel(max = 10001, distributed)] for x in &cmd.lines { mail.send(x).await?; } Ok(1)",
        ),
        expect![[r#"
            26:18 `10001`: `max` must be between 1 and 10000, as Step Functions asks; write less
        "#]],
    );
    check(
        &flow(
            "#[parallel(max = 99999999999999999999)] for x in &cmd.lines { mail.send(x).await?; } Ok(1)",
        ),
        expect![[r#"
            26:18 `99999999999999999999`: `max` must be between 1 and 40, as Step Functions asks; write less, or write `distributed` behind it
        "#]],
    );
    check(
        &flow(r#"#[parallel(max = "8")] for x in &cmd.lines { mail.send(x).await?; } Ok(1)"#),
        expect![[r#"
            26:18 `"8"`: write a number: `max = 8`
        "#]],
    );
    check(
        &flow(
            "#[parallel(max = 2, distributed = true)] for x in &cmd.lines { mail.send(x).await?; } Ok(1)",
        ),
        expect![[r#"
            26:33 `=`: `distributed` takes no value; write `distributed` alone
        "#]],
    );
    check(
        &flow("#[parallel(8)] for x in &cmd.lines { mail.send(x).await?; } Ok(1)"),
        expect![[r#"
            26:12 `8`: `#[parallel]` takes options by name; write one of `max` and `distributed`
        "#]],
    );
    check(
        &flow("#[parallel(maximum = 8)] for x in &cmd.lines { mail.send(x).await?; } Ok(1)"),
        expect![[r#"
            26:12 `maximum`: unknown `#[parallel]` option `maximum`; the options are `max` and `distributed`
        "#]],
    );
    check(
        &flow(
            "#[parallel(max = 2)] #[parallel(max = 3)] for x in &cmd.lines { mail.send(x).await?; } Ok(1)",
        ),
        expect![[r#"
            26:24 `parallel`: `#[parallel]` stands twice on this loop; write all options in one
        "#]],
    );
    check(
        &flow(
            r#"#[parallel(max = 2)] mail.send("a").await?; #[parallel(max = 2)] if true {} Ok(1)"#,
        ),
        expect![[r#"
            26:3 `parallel`: `#[parallel(..)]` stands on a `for`; remove it here
            26:47 `parallel`: `#[parallel(..)]` stands on a `for`; remove it here
        "#]],
    );
}

#[test]
fn a_vector_is_filled_once_by_a_loop() {
    check(
        &flow(r#"let mut v = Vec::new(); v.push(mail.send("a").await?); Ok(v)"#),
        expect![[r#"
            26:27 `push`: `v` is filled by a loop; push in the body of a `for` behind its `let`
        "#]],
    );
    check(
        &flow(
            "let mut v = Vec::new(); for x in &cmd.lines { if true { v.push(mail.send(x).await?); } } Ok(v)",
        ),
        expect![[r#"
            26:59 `push`: each item gives `v` one value; push in the loop's own body, an `Option` if need be
        "#]],
    );
    check(
        &flow(
            "let mut v = Vec::new(); for x in &cmd.lines { for y in &cmd.lines { v.push(mail.send(x).await?); } } Ok(v)",
        ),
        expect![[r#"
            26:71 `push`: `v` is filled by a loop in the block that declares it; write `let mut v = Vec::new();` right before this loop
        "#]],
    );
    check(
        &flow(
            "let mut v = Vec::new(); if true { for x in &cmd.lines { v.push(mail.send(x).await?); } } Ok(v)",
        ),
        expect![[r#"
            26:59 `push`: `v` is filled by a loop in the block that declares it; write `let mut v = Vec::new();` right before this loop
        "#]],
    );
    check(
        &flow(
            "let mut v = Vec::new(); for x in &cmd.lines { v.push(mail.send(x).await?); v.push(x); } Ok(v)",
        ),
        expect![[r#"
            26:78 `push`: `v` is filled already, and one loop fills it once; declare another `Vec`
        "#]],
    );
    check(
        &flow(
            "let mut v = Vec::new(); for x in &cmd.lines { v.push(mail.send(x).await?); } for x in &cmd.lines { v.push(x); } Ok(v)",
        ),
        expect![[r#"
            26:102 `push`: `v` is filled already, and one loop fills it once; declare another `Vec`
        "#]],
    );
    check(
        &flow(
            "let mut v = Vec::new(); for x in &cmd.lines { mail.send(&v).await?; v.push(x); } Ok(v)",
        ),
        expect![[r#"
            26:58 `v`: `v` is read while this loop fills it; use it after the loop
        "#]],
    );
    check(
        &flow(
            "let mut v = Vec::new(); for x in &cmd.lines { join!(mail.send(&v), mail.send(x))?; v.push(x); } Ok(v)",
        ),
        expect![[r#"
            26:64 `v`: `v` is read while this loop fills it; use it after the loop
        "#]],
    );
    check(
        &flow(
            "let mut v = Vec::new(); for x in &cmd.lines { v.push(mail.send(v.clone()).await?); } Ok(v)",
        ),
        expect![[r#"
            26:64 `v`: `v` is read while this loop fills it; use it after the loop
        "#]],
    );
}

#[test]
fn a_join_has_calls_and_blocks() {
    check(
        &flow(r#"join!(mail.send("a"), mail.send("b")); Ok(1)"#),
        expect![[r#"
            26:1 `join`: a branch of `join!` can fail, and the saga must then compensate; write `join!(..)?`
        "#]],
    );
    check(
        &flow(r#"let (a, b) = join!(mail.send("a"), mail.send("b")); Ok(1)"#),
        expect![[r#"
            26:14 `join`: a branch of `join!` can fail, and the saga must then compensate; write `join!(..)?`
        "#]],
    );
    check(
        &flow(r#"join!(mail.send("a"), mail.send("b")).await?; Ok(1)"#),
        expect![[r#"
            26:39 `await`: `join!` awaits its branches itself; write `join!(..)?`
        "#]],
    );
    check(
        &flow(r#"join!(mail.send("a"), mail.send("b")).await; Ok(1)"#),
        expect![[r#"
            26:1 `join`: a branch of `join!` can fail, and the saga must then compensate; write `join!(..)?`
        "#]],
    );
    check(
        &flow(r#"join!(mail.send("a"))?; Ok(1)"#),
        expect![[r#"
        26:1 `join`: `join!` of 1 has no use here; write from 2 to 40 branches
    "#]],
    );
    check(
        &flow(r#"join!(mail.send("a"); mail.send("b"))?; Ok(1)"#),
        expect![[r#"
            26:1 `join`: `join!` takes calls of steps and `async` blocks; write `join!(a.f(&x), async { … })`
        "#]],
    );
    check(
        &flow(r#"join!(mail.send("a").await?, mail.send("b").await)?; Ok(1)"#),
        expect![[r#"
            26:7 `mail`: `join!` awaits its branches itself; write `.send(..)` alone
            26:30 `mail`: `join!` awaits its branches itself; write `.send(..)` alone
        "#]],
    );
    check(
        &flow(r#"join!(mail.send("a"), cmd.id)?; Ok(1)"#),
        expect![[r#"
            26:23 `cmd`: a branch of `join!` is the call of a step, or an `async` block that ends in `Ok(…)`; write one of them
        "#]],
    );
    check(
        &flow(r#"join!(mail.send("a"), async { Ok(1) })?; Ok(1)"#),
        expect![[r#"
            26:23 `async`: this branch of `join!` calls no step; bind its value before the `join!`
        "#]],
    );
    check(
        &flow(r#"join!(mail.send("a"), async { mail.send("b").await?; })?; Ok(1)"#),
        expect![[r#"
            26:54 `}`: a branch of `join!` ends in its result; write `Ok(…)` before this `}`
        "#]],
    );
    check(
        &flow(r#"join!(mail.send("a"), async { mail.send("b").await?; 1 })?; Ok(1)"#),
        expect![[r#"
            26:54 `1`: a branch of `join!` ends in its result; write `Ok(…)`
        "#]],
    );
    check(
        &flow(
            r#"join!(mail.send("a"), async { #[cfg(test)] mail.send("b").await?; Ok(1) })?; Ok(1)"#,
        ),
        expect![[r#"
            26:33 `cfg`: a flow is one definition, whatever the configuration; put `cfg` on the whole flow
        "#]],
    );
    check(
        &flows(r#"join!(mail.send("a"), other(stock, cmd))?; Ok(1)"#),
        expect![[r#"
            26:23 `other`: flow `other` is called in a `join!`, where Step Functions would stop it without compensating when another branch fails; call it before or after
        "#]],
    );
    check(
        &flow(r#"tokio::join!(mail.send("a"), mail.send("b")); Ok(1)"#),
        expect![[r#"
            26:1 `tokio::join`: a flow cannot see into the macro `tokio::join!`; write out what it stands for, or let a step do it
        "#]],
    );
}

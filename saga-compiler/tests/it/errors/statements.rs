//! Messages about a flow's statements.

use expect_test::expect;

use crate::support::{base, check, flow};

#[test]
fn a_call_is_awaited_and_asked() {
    check(
        &flow("stock.reserve(&cmd.id, &cmd.lines); Ok(1)"),
        expect![[r#"
            26:7 `reserve`: step `reserve` is called but not awaited; write `.reserve(..).await?`
        "#]],
    );
    check(
        &flow("stock.reserve(&cmd.id, &cmd.lines).await; Ok(1)"),
        expect![[r#"
            26:36 `await`: step `reserve` can fail, and the saga must then compensate; write `.await?`
        "#]],
    );
    check(
        &flow("let h = stock.reserve(&cmd.id, &cmd.lines); let h = h.await?; Ok(h)"),
        expect![[r#"
            26:15 `reserve`: step `reserve` is called but not awaited; write `.reserve(..).await?`
        "#]],
    );
    check(
        &flow("let h = stock.reserve(&cmd.id, &cmd.lines).await; Ok(h.id)"),
        expect![[r#"
            26:44 `await`: step `reserve` can fail, and the saga must then compensate; write `.await?`
        "#]],
    );
    check(
        &flow("let h = stock.reserve(&cmd.id, &cmd.lines)?; Ok(h)"),
        expect![[r#"
            26:15 `reserve`: step `reserve` is called but not awaited; write `.reserve(..).await?`
        "#]],
    );
    check(
        &flow("let h = stock.reserve(&cmd.id, &cmd.lines).await.unwrap(); Ok(h)"),
        expect![[r#"
            26:44 `await`: step `reserve` can fail, and the saga must then compensate; write `.await?`
        "#]],
    );
    check(
        &flow("let h = stock.reserve(&cmd.id, &cmd.lines).await.map_err(Into::into)?; Ok(h)"),
        expect![[r#"
            26:44 `await`: step `reserve` can fail, and the saga must then compensate; write `.await?`
        "#]],
    );
    check(
        &flow("let h = stock.reserve(&cmd.id, &cmd.lines).map_err(f).await?; Ok(h)"),
        expect![[r#"
            26:15 `reserve`: step `reserve` is called but not awaited; write `.reserve(..).await?`
        "#]],
    );
    check(
        &flow("let h = stock.reserve(&cmd.id, &cmd.lines).await??; Ok(h)"),
        expect![[r#"
            26:15 `reserve`: a step's call stands alone; bind it first: `let name = ….await?;`
        "#]],
    );
}

#[test]
fn a_call_stands_alone() {
    check(
        &flow("Ok(Hold { id: stock.reserve(&cmd.id, &cmd.lines).await?.id })"),
        expect![[r#"
            26:21 `reserve`: a step's call stands alone; bind it first: `let name = ….await?;`
        "#]],
    );
    check(
        &flow("payments.charge(&stock.reserve(&cmd.id, &cmd.lines).await?.id, 1).await?; Ok(1)"),
        expect![[r#"
            26:24 `reserve`: a step's call stands alone; bind it first: `let name = ….await?;`
        "#]],
    );
    check(
        &flow("let id = stock.reserve(&cmd.id, &cmd.lines).await?.id; Ok(id)"),
        expect![[r#"
            26:16 `reserve`: a step's call stands alone; bind it first: `let name = ….await?;`
        "#]],
    );
    check(
        &flow("Stock::reserve(stock, &cmd.id, &cmd.lines).await?; Ok(1)"),
        expect![[r#"
            26:1 `Stock::reserve`: call a step by its participant: `participant.reserve(..).await?`
        "#]],
    );
}

#[test]
fn only_steps_are_called() {
    check(
        &flow("stock.release(&cmd.id, hold).await?; Ok(1)"),
        expect![[r#"
            26:7 `release`: `release` is a compensation, which runs by itself when the saga fails; remove the call
        "#]],
    );
    check(
        &flow("tokio::time::sleep(d).await; Ok(1)"),
        expect![[r#"
            26:1 `tokio::time::sleep`: `tokio::time::sleep` is not a step; write the prelude's `sleep(..).await` or `sleep_until(..).await`
        "#]],
    );
    check(
        &flow("let x = helper(&cmd).await?; Ok(x)"),
        expect![[r#"
            26:9 `helper`: `helper` is not a step; a flow calls steps, and builds the types of its module; let a step compute it
        "#]],
    );
    check(
        &flow("let x = helper(cmd.id); Ok(x)"),
        expect![[r#"
            26:9 `helper`: `helper` is not a step; a flow calls steps, and builds the types of its module; let a step compute it
        "#]],
    );
    check(
        &flow("let x = (cmd.f)(1); Ok(x)"),
        expect![[r#"
        26:9 `(cmd.f)`: a flow calls steps only; let a step compute it
    "#]],
    );
    check(
        &flow("let x = cmd.id?; Ok(x)"),
        expect![[r#"
        26:15 `?`: `?` stands only after a step's `.await`; remove it
    "#]],
    );
    check(
        &flow("let x = cmd.lines.await; Ok(x)"),
        expect![[r#"
        26:19 `await`: a flow awaits steps only; let a step do it
    "#]],
    );
    check(
        &flow("let x = cmd.id.into(); Ok(x)"),
        expect![[r#"
            26:16 `into`: method `into` is not part of a flow; let a step compute it
        "#]],
    );
    check(
        &flow("let x = Ok(cmd.id); Ok(x)"),
        expect![[r#"
        26:9 `Ok`: `Ok` and `Err` stand only at a flow's end; bind the value itself
    "#]],
    );
    check(
        &flow("let s = stock; s.reserve(&cmd.id, &cmd.lines).await?; Ok(1)"),
        expect![[r#"
            26:9 `stock`: participant `stock` is no value; call one of its steps: `stock.step(..).await?`
        "#]],
    );
}

#[test]
fn statements_outside_the_language() {
    check(
        &flow("while cmd.total > 0 {} Ok(1)"),
        expect![[r#"
        26:1 `while`: `while` is not part of a flow, which must end; let a step repeat, or retry it by `retry(..)`
    "#]],
    );
    check(
        &flow("loop {} Ok(1)"),
        expect![[r#"
        26:1 `loop`: `loop` is not part of a flow, which must end; let a step repeat, or retry it by `retry(..)`
    "#]],
    );
    check(
        &flow("unsafe { f() }; Ok(1)"),
        expect![[r#"
        26:1 `unsafe`: `unsafe` is not part of a flow; let a step do it
    "#]],
    );
    check(
        &flow("let f = |x| x; Ok(1)"),
        expect![[r#"
        26:9 `|`: a closure is not part of a flow; let a step compute the value
    "#]],
    );
    check(
        &flow("let f = async { 1 }; Ok(1)"),
        expect![[r#"
            26:9 `async`: an `async` block stands only in `join!`; write its statements, or `join!(async { … }, …)?`
        "#]],
    );
    check(
        &flow(r#"println!("x"); Ok(1)"#),
        expect![[r#"
            26:1 `println`: a flow cannot see into the macro `println!`; nobody runs a flow's body, so log in the participants
        "#]],
    );
    check(
        &flow(r#"let s = format!("{}", cmd.id); Ok(1)"#),
        expect![[r#"
            26:9 `format`: a flow cannot see into the macro `format!`; let a step make the text
        "#]],
    );
    check(
        &flow(
            "stock.reserve(&cmd.id, &cmd.lines).await?; let t = cmd.lines.len() as u64 + 1; payments.charge(&cmd.id, t).await?; Ok(Hold { id: cmd.id })",
        ),
        expect![[r#"
            ok
        "#]],
    );
    check(
        &flow(
            "cmd.lines.extend(cmd.lines); let n = cmd.total.unwrap(); let t = SystemTime::now(); tokio::time::sleep(1); Ok(1)",
        ),
        expect![[r#"
            26:11 `extend`: method `extend` is not part of a flow; write `push` in a `for`, or let a step make the list
            26:48 `unwrap`: method `unwrap` is not part of a flow; write `?` after a step's `.await`, or `match` with an arm each
            26:66 `SystemTime::now`: `SystemTime::now` is not a step; the time and random values are a step's to return
            26:85 `tokio::time::sleep`: `tokio::time::sleep` is not a step; write the prelude's `sleep(..).await` or `sleep_until(..).await`
        "#]],
    );
    check(
        &flow(
            "cmd.total.trailing_zeros(); vec![1]; assert!(true); info!(\"x\"); let mut n = 1; Ok(1)",
        ),
        expect![[r#"
            26:11 `trailing_zeros`: method `trailing_zeros` is not part of a flow; let a step compute it
            26:29 `vec`: a flow cannot see into the macro `vec!`; let a step make the list, or collect one: `let mut list = Vec::new();`, and `push` in a `for`
            26:38 `assert`: a flow cannot see into the macro `assert!`; write `return Err(Rejection::new(..))`
            26:53 `info`: a flow cannot see into the macro `info!`; nobody runs a flow's body, so log in the participants
            26:69 `mut`: a flow never changes a value; remove `mut`, and let a step add up what a loop collects with `push`
        "#]],
    );
    check(
        &flow("let t = cmd.total as u32; Ok(1)"),
        expect![[r#"
            26:19 `as`: `as` makes only integers of 64 bits in a flow; give the step the type it takes
        "#]],
    );
    check(
        &flow("let l = cmd.lines[0]; Ok(1)"),
        expect![[r#"
        26:18 `[`: indexing is not part of a flow; let a step take the whole list
    "#]],
    );
    check(
        &flow("let l = [1, 2]; Ok(1)"),
        expect![[r#"
        26:9 `[`: an array is not part of a flow; let a step make the list
    "#]],
    );
    check(
        &flow("let l = [0; 3]; Ok(1)"),
        expect![[r#"
        26:9 `[0; 3]`: this is not part of a flow; let a step compute it
    "#]],
    );
    check(
        &flow("let l = 0..3; Ok(1)"),
        expect![[r#"
        26:9 `0`: this is not part of a flow; let a step compute it
    "#]],
    );
    check(
        &flow("let x = &mut cmd; Ok(1)"),
        expect![[r#"
        26:10 `mut`: a flow never changes a value; write `&`
    "#]],
    );
    check(
        &flow("cmd.total = 1; Ok(1)"),
        expect![[r#"
        26:11 `=`: a flow never changes a value; write a new `let`
    "#]],
    );
    check(
        &flow("let mut x = 1; Ok(1)"),
        expect![[r#"
            26:5 `mut`: a flow never changes a value; remove `mut`, and let a step add up what a loop collects with `push`
        "#]],
    );
    check(
        &flow("let x; Ok(1)"),
        expect![[r#"
        26:1 `let`: a flow never assigns later; write `let … = …`
    "#]],
    );
    check(
        &flow("let (a, b) = cmd.pair; Ok(1)"),
        expect![[r#"
            left to rustc
        "#]],
    );
    check(
        &flow("let Some(x) = cmd.note else { return Ok(1) }; Ok(1)"),
        expect![[r#"
            26:24 `else`: `let … else` is not part of a flow; write `match`, with `return` in the other arm
        "#]],
    );
    check(
        &flow("struct Local; Ok(1)"),
        expect![[r#"
        26:1 `struct`: a flow declares nothing; move this item into the module
    "#]],
    );
    check(
        &flow("const N: u8 = 1; Ok(1)"),
        expect![[r#"
        26:1 `const`: a flow declares nothing; move this item into the module
    "#]],
    );
    check(
        &flow(r#"let x = b"bytes"; Ok(1)"#),
        expect![[r#"
        26:9 `b"bytes"`: this literal has no JSON; write a string or a number
    "#]],
    );
    check(
        &flow("let x = return; Ok(1)"),
        expect![[r#"
            26:9 `return`: say what the flow ends with; write `return Ok(…)` or `return Err(…)`
            26:17 `Ok`: this is never reached; remove it
        "#]],
    );
}

#[test]
fn a_flow_is_one_definition_whatever_the_configuration() {
    check(
        &flow("#[cfg(test)] let x = 1; Ok(x)"),
        expect![[r#"
        26:3 `cfg`: a flow is one definition, whatever the configuration; put `cfg` on the whole flow
    "#]],
    );
    check(
        &flow("#[cfg(test)] stock.reserve(&cmd.id, &cmd.lines).await?; Ok(1)"),
        expect![[r#"
            26:3 `cfg`: a flow is one definition, whatever the configuration; put `cfg` on the whole flow
        "#]],
    );
    check(
        &base("cmd: Cmd)", "#[cfg_attr(test, allow(x))] cmd: Cmd)"),
        expect![[r#"
            25:89 `cfg_attr`: a flow is one definition, whatever the configuration; put `cfg` on the whole flow
        "#]],
    );
}

//! Messages about a flow's signature and its calls.

use expect_test::expect;

use crate::support::{base, check, flow};

#[test]
fn a_flow_is_a_visible_async_fn() {
    check(
        &base("pub async fn shop", "async fn shop"),
        expect![[r#"
        25:14 `shop`: flow `shop` must be visible, as its state machine is; write `pub async fn shop`
    "#]],
    );
    check(
        &base("pub async fn shop", "pub fn shop"),
        expect![[r#"
        25:9 `fn`: flow `shop` must be async; write `pub async fn shop`
    "#]],
    );
    check(
        &base("pub async fn shop", "pub(crate) async fn shop"),
        expect![[r#"
            ok
        "#]],
    );
    check(
        &base("pub async fn shop", "pub unsafe fn shop"),
        expect![[r#"
            25:16 `fn`: flow `shop` must be async; write `pub async fn shop`
        "#]],
    );
    check(
        &base("pub async fn shop", "pub async unsafe fn shop"),
        expect![[r#"
            25:15 `unsafe`: `shop` is called with JSON, which promises nothing; remove `unsafe`
        "#]],
    );
    check(
        &base("cmd: Cmd)", "cmd: Cmd, ...)"),
        expect![[r#"
        25:97 `...`: `shop` takes one value a parameter; write a list as `&[T]`
    "#]],
    );
    check(
        &base("pub async fn shop(", "pub async fn shop<T>("),
        expect![[r#"
            25:23 `T`: flow `shop` is one state machine and takes no generics; write the types out, and participants as `&impl Trait`
        "#]],
    );
    check(
        &base(
            "Result<Hold, Rejection> {",
            "Result<Hold, Rejection> where Cmd: Sized {",
        ),
        expect![[r#"
            25:124 `where`: flow `shop` takes no generics; remove `where`
        "#]],
    );
    check(
        &base("pub async fn shop(stock", "pub async fn shop(&self, stock"),
        expect![[r#"
            25:23 `&self`: a flow belongs to no one; remove `self`
        "#]],
    );
}

#[test]
fn a_flow_borrows_participants_of_the_module() {
    check(
        &base(
            "stock: &impl Stock, payments",
            "stock: impl Stock, payments",
        ),
        expect![[r#"
            25:30 `impl`: a flow borrows its participants; write `&impl`
        "#]],
    );
    check(
        &base(
            "stock: &impl Stock, payments",
            "stock: &mut impl Stock, payments",
        ),
        expect![[r#"
            25:31 `mut`: a flow shares its participants; write `&impl`
        "#]],
    );
    check(
        &base(
            "stock: &impl Stock, payments",
            "stock: &dyn Stock, payments",
        ),
        expect![[r#"
            25:31 `dyn`: a participant is known when the saga is compiled; write `&impl`
        "#]],
    );
    check(
        &base(
            "stock: &impl Stock, payments",
            "stock: &impl Stokc, payments",
        ),
        expect![[r#"
            25:36 `Stokc`: this module has no participant `Stokc`; did you mean `Stock`?
        "#]],
    );
    check(
        &base(
            "stock: &impl Stock, payments",
            "stock: &impl Warehouse, payments",
        ),
        expect![[r#"
            25:36 `Warehouse`: this module has no participant `Warehouse`; declare `pub trait Warehouse` with its steps here
        "#]],
    );
    check(
        &base(
            "stock: &impl Stock, payments",
            "stock: &(impl Stock + Send), payments",
        ),
        expect![[r#"
            25:37 `Stock + Send`: a participant is one trait; write `&impl Stock`
        "#]],
    );
    check(
        &base("pub trait Mail {", "pub trait Stok {} pub trait Mail {"),
        expect![[r#"
            ok
        "#]],
    );
    check(
        &base("stock: &impl Stock", "stock: &impl Clone"),
        expect![[r#"
            25:36 `Clone`: this module has no participant `Clone`; declare `pub trait Clone` with its steps here
        "#]],
    );
    check(
        &base(
            "pub async fn shop(stock: &impl Stock",
            "pub async fn shop<S: Stock>(stock: &S",
        ),
        expect![[r#"
            25:23 `S: Stock`: flow `shop` is one state machine and takes no generics; write the types out, and participants as `&impl Trait`
        "#]],
    );
    check(
        &base(
            "stock: &impl Stock, payments",
            "stock: &impl Stock, other: &impl Stock, payments",
        ),
        expect![[r#"
            25:43 `other`: `Stock` is already `stock`, and a participant is one function; use `stock`, or declare a second trait
        "#]],
    );
}

#[test]
fn a_trait_without_steps_is_no_participant() {
    check(
        &base(
            "pub trait Mail {",
            "pub trait Clock { fn now(&self); } pub trait Mail {",
        )
        .replace("stock: &impl Stock", "stock: &impl Clock"),
        expect![[r#"
            25:36 `Clock`: trait `Clock` has no step, so it is no participant; write `#[step(..)]` on a method
        "#]],
    );
}

#[test]
fn a_flow_has_one_input() {
    check(
        &base("cmd: Cmd)", "cmd: Cmd, more: String)"),
        expect![[r#"
        25:97 `more`: a flow has one input, the JSON that starts the execution; put both into one struct
    "#]],
    );
    check(
        &base("cmd: Cmd)", "Cmd { id, .. }: Cmd)"),
        expect![[r#"
        25:87 `Cmd { id, .. }`: write one identifier, and use its fields in the flow
    "#]],
    );
    check(
        &base("cmd: Cmd)", "_: Cmd)"),
        expect![[r#"
        25:87 `_`: write one identifier, and use its fields in the flow
    "#]],
    );
}

#[test]
fn a_flow_is_rejected_by_rejection() {
    check(
        &base(" -> Result<Hold, Rejection> {", " {"),
        expect![[r#"
        25:18 `shop`: a saga can be rejected; write `-> Result<(), Rejection>` after `shop(..)`
    "#]],
    );
    check(
        &base(" -> Result<Hold, Rejection> {", " -> Hold {"),
        expect![[r#"
            25:100 `Hold`: a saga can be rejected; write `Result<Output, Rejection>`
        "#]],
    );
    check(
        &base(" -> Result<Hold, Rejection> {", " -> Result<Hold> {"),
        expect![[r#"
            25:100 `Result<Hold>`: a saga can be rejected; write `Result<Output, Rejection>`
        "#]],
    );
    check(
        &base(
            " -> Result<Hold, Rejection> {",
            " -> Result<Hold, StockError> {",
        ),
        expect![[r#"
            25:113 `StockError`: every flow fails with the same error; write `Rejection`
        "#]],
    );
}

#[test]
fn a_mistake_in_the_signature_does_not_hide_one_in_the_body() {
    check(
        &flow("while true {} Ok(1)").replace("-> Result<Hold, Rejection>", "-> Hold"),
        expect![[r#"
            25:100 `Hold`: a saga can be rejected; write `Result<Output, Rejection>`
            26:1 `while`: `while` is not part of a flow, which must end; let a step repeat, or retry it by `retry(..)`
        "#]],
    );
}

#[test]
fn a_flow_calls_steps() {
    check(
        &flow("Ok(())"),
        expect![[r#"
        25:18 `shop`: flow `shop` calls no step; call one with `.await?`
    "#]],
    );
    check(
        &flow("let x = cmd.id; Ok(x)"),
        expect![[r#"
        25:18 `shop`: flow `shop` calls no step; call one with `.await?`
    "#]],
    );
}

#[test]
fn a_flow_ends_in_its_result() {
    check(
        &flow("stock.reserve(&cmd.id, &cmd.lines).await?;"),
        expect![[r#"
            27:5 `}`: a flow ends in its result; write `Ok(…)` before this `}`
        "#]],
    );
    check(
        &flow("let hold = stock.reserve(&cmd.id, &cmd.lines).await?; Ok(hold);"),
        expect![[r#"
            26:63 `;`: a flow ends in its result; remove this `;`
        "#]],
    );
    check(
        &flow("let hold = stock.reserve(&cmd.id, &cmd.lines).await?; hold"),
        expect![[r#"
            26:55 `hold`: a flow ends in its result; write `Ok(…)`
        "#]],
    );
    check(
        &flow("stock.reserve(&cmd.id, &cmd.lines).await"),
        expect![[r#"
            26:7 `reserve`: a flow ends in its own result; write `Ok(…)` around the call, with `?` after `.await`
        "#]],
    );
    check(
        &flow("stock.reserve(&cmd.id, &cmd.lines).await?"),
        expect![[r#"
            26:7 `reserve`: a flow ends in its own result; write `Ok(…)` around the call, with `?` after `.await`
        "#]],
    );
    check(
        &flow("stock.reserve(&cmd.id, &cmd.lines)"),
        expect![[r#"
        26:7 `reserve`: step `reserve` is called but not awaited; write `.reserve(..).await?`
    "#]],
    );
    check(
        &flow("return Ok(stock.reserve(&cmd.id, &cmd.lines).await?);"),
        expect![[r#"
            ok
        "#]],
    );
    check(
        &flow(r#"stock.reserve(&cmd.id, &cmd.lines).await?; Err(Rejection::new("a", "b"))"#),
        expect![[r#"
            26:63 `"a"`: an error's name is two words in ASCII; write it as `"Order.Closed"`
        "#]],
    );
    check(
        &flow("Ok(stock.reserve(&cmd.id, &cmd.lines).await?)"),
        expect![[r#"
            ok
        "#]],
    );
    check(
        &flow(""),
        expect![[r#"
        27:5 `}`: a flow ends in its result; write `Ok(…)` before this `}`
    "#]],
    );
}

#[test]
fn the_pivot_rule() {
    check(
        &flow(
            "payments.charge(&cmd.id, 1).await?; let h = stock.reserve(&cmd.id, &cmd.lines).await?; Ok(h)",
        ),
        expect![[r#"
            26:10 `charge`: `reserve` comes after `charge`, the point of no return
            26:51 `reserve`: compensatable step `reserve` comes after the pivot `charge`, when nothing is undone any more; call it before `charge`, or make it `retriable`
        "#]],
    );
    check(
        &flow(r#"mail.send("a").await?; let h = stock.reserve(&cmd.id, &cmd.lines).await?; Ok(h)"#),
        expect![[r#"
            26:6 `send`: `reserve` comes after `send`, the point of no return
            26:38 `reserve`: compensatable step `reserve` comes after the retriable step `send`, when nothing is undone any more; call it before `send`, or make it `retriable`
        "#]],
    );
    check(
        &flow(
            "payments.charge(&cmd.id, 1).await?; payments.charge(&cmd.id, 2).await?; Ok(Hold { id: cmd.id })",
        ),
        expect![[r#"
            26:10 `charge`: `charge` is already the point of no return
            26:46 `charge`: `charge` is the second pivot on this path, after `charge`; a saga has one point of no return, so make one of them `compensate = …` or `retriable`
        "#]],
    );
    check(
        &flow(
            r#"mail.send("a").await?; payments.charge(&cmd.id, 2).await?; Ok(Hold { id: cmd.id })"#,
        ),
        expect![[r#"
            26:6 `send`: `send` is already the point of no return
            26:33 `charge`: pivot `charge` comes after the retriable step `send`, which must not be undone; call it before `send`
        "#]],
    );
    check(
        &flow(
            "mail.send(\"a\").await?; payments.charge(&cmd.id, 2).await?; Ok(Hold { id: cmd.id })",
        )
        .replace("#[step(pivot)]", "#[step(read_only)]"),
        expect![[r#"
            26:33 `charge`: `charge` may be rejected by `OutOfStock` after `send`, when nothing is undone any more; call it before `send`
        "#]],
    );
}

#[test]
fn no_false_followers() {
    check(
        &flow(
            "let h = stock.reserve(&cmd.id, &cmd.lines).await.unwrap(); payments.charge(&h.id, h.total).await?; mail.send(h.text.clone()).await?; Ok(h)",
        ),
        expect![[r#"
            26:44 `await`: step `reserve` can fail, and the saga must then compensate; write `.await?`
        "#]],
    );
    check(
        &base("#[step(compensate = release)]", "#[step]"),
        expect![[r#"
            12:11 `step`: step `reserve` does not say what follows when the saga fails; write one of `compensate = <method>`, `pivot`, `retriable` and `read_only`
        "#]],
    );
    check(
        &flow("let x = 1 + 1; payments.charge(&x.y, x).await?; Ok(Hold { id: x })"),
        expect![[r#"
            26:35 `y`: `y` looks into a number, whose JSON names are not known here; declare the type in this module, without generics, or pass the whole value
        "#]],
    );
    check(
        &flow(
            "let (a, b) = stock.reserve(&cmd.id, &cmd.lines).await?; payments.charge(&a, b).await?; Ok(Hold { id: a })",
        ),
        expect![[r#"
            left to rustc
        "#]],
    );
}

#[test]
fn names_that_rustc_reports_are_left_to_it() {
    check(
        &flow("let h = stock.reserv(&cmd.id).await?; Ok(h)"),
        expect![[r#"
            left to rustc
        "#]],
    );
    check(
        &flow("let h = stock.reserve(&cmd.id).await?; Ok(h)"),
        expect![[r#"
            left to rustc
        "#]],
    );
    check(
        &flow("let h = stock.reserve(&cmd.idd, &cmd.lines).await?; Ok(h)"),
        expect![[r#"
            left to rustc
        "#]],
    );
    check(
        &flow("let h = stok.reserve(&cmd.id, &cmd.lines).await?; Ok(h)"),
        expect![[r#"
            left to rustc
        "#]],
    );
    check(
        &flow("let h = stock.reserve(&ordr, &cmd.lines).await?; Ok(h)"),
        expect![[r#"
            left to rustc
        "#]],
    );
    check(
        &flow("let h = stock.reserve(&cmd.id, &cmd.lines).await?; Ok(Hold { idd: h })"),
        expect![[r#"
            left to rustc
        "#]],
    );
}

#[test]
fn two_mistakes_in_a_flow_are_two_messages() {
    check(
        &flow("while true {} let h = stock.reserve(&cmd.id, &cmd.lines).await; Ok(1)"),
        expect![[r#"
            26:1 `while`: `while` is not part of a flow, which must end; let a step repeat, or retry it by `retry(..)`
            26:58 `await`: step `reserve` can fail, and the saga must then compensate; write `.await?`
        "#]],
    );
}

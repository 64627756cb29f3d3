//! Messages about the signatures of a participant.

use expect_test::expect;

use crate::support::{base, check};

#[test]
fn a_participants_methods_say_what_they_are() {
    check(
        &base(
            "#[compensation]
",
            "",
        ),
        expect![[r#"
            14:26 `release`: method `release` is neither a step nor a compensation; write `#[step(..)]` with one of `compensate = <method>`, `pivot`, `retriable` and `read_only`, or `#[compensation]`
        "#]],
    );
    check(
        &base(
            "pub trait Mail {",
            "pub trait Mail { const N: u8; type T; fn helper();",
        ),
        expect![[r#"
            21:22 `const`: a participant has steps and compensations only; move this out of the trait
            21:35 `type`: a participant has steps and compensations only; move this out of the trait
            21:46 `helper`: method `helper` is neither a step nor a compensation; write `#[step(..)]` with one of `compensate = <method>`, `pivot`, `retriable` and `read_only`, or `#[compensation]`
        "#]],
    );
    check(
        &base("pub trait Mail", "pub trait Mail<T, U>"),
        expect![[r#"
            21:20 `T, U`: a participant takes no parameters: it is one service; remove them
        "#]],
    );
}

#[test]
fn a_methods_signature() {
    check(
        &base(
            "async fn send(&self, cx: &Context, text: &str) -> Result<(), Retry>;",
            "fn send(&self, cx: &Context, text: &str) -> Result<(), Retry>;",
        ),
        expect![[r#"
            23:9 `fn`: `send` must be async; write `async fn send`
        "#]],
    );
    check(
        &base(
            "async fn send(&self, cx: &Context, text: &str) -> Result<(), Retry>;",
            "async fn send(&self, cx: &Context, text: &str) -> Result<(), Retry> { Ok(()) }",
        ),
        expect![[r#"
            23:77 `{`: `send` is a contract, and the participant's crate implements it; end it with `;`
        "#]],
    );
    check(
        &base(
            "async fn send(&self, cx: &Context, text: &str) -> Result<(), Retry>;",
            "async fn send<T: Into<String>>(&self, cx: &Context, text: T) -> Result<(), Retry>;",
        ),
        expect![[r#"
            23:23 `T: Into<String>`: `send` is called with JSON, which knows no generics; write the types out
        "#]],
    );
    check(
        &base(
            "async fn send(&self, cx: &Context, text: &str) -> Result<(), Retry>;",
            "async fn send(&self, cx: &Context, text: &str) -> Result<(), Retry> where Self: Sized;",
        ),
        expect![[r#"
            23:77 `where`: `send` has no generics; remove `where`
        "#]],
    );
    check(
        &base(
            "async fn send(&self, cx: &Context, text: &str) -> Result<(), Retry>;",
            r#"const async unsafe extern "C" fn send(&self, cx: &Context, text: &str) -> Result<(), Retry>;"#,
        ),
        expect![[r#"
            23:9 `const`: `send` runs on Step Functions and Lambda; remove `const`
            23:21 `unsafe`: `send` is called with JSON, which promises nothing; remove `unsafe`
            23:28 `extern`: `send` is called with JSON; remove `extern`
        "#]],
    );
    check(
        &base(
            "async fn send(&self, cx: &Context, text: &str) -> Result<(), Retry>;",
            "async fn send(&mut self, cx: &Context, text: &str) -> Result<(), Retry>;",
        ),
        expect![[r#"
            23:23 `&`: the first parameter of `send` must be `&self`
        "#]],
    );
    check(
        &base(
            "async fn send(&self, cx: &Context, text: &str) -> Result<(), Retry>;",
            "async fn send(self: Arc<Self>, cx: &Context, text: &str) -> Result<(), Retry>;",
        ),
        expect![[r#"
            23:23 `self`: the first parameter of `send` must be `&self`
        "#]],
    );
    check(
        &base(
            "async fn send(&self, cx: &Context, text: &str) -> Result<(), Retry>;",
            "async fn send(cx: &Context, text: &str) -> Result<(), Retry>;",
        ),
        expect![[r#"
            23:23 `cx`: the first parameter of `send` must be `&self`
        "#]],
    );
    check(
        &base(
            "async fn send(&self, cx: &Context, text: &str) -> Result<(), Retry>;",
            "async fn send() -> Result<(), Retry>;",
        ),
        expect![[r#"
            23:18 `send`: the first parameter of `send` must be `&self`
            23:18 `send`: the second parameter of `send` chooses the guarantee; write `tx: &mut Tx` when all its effects are in the database, `cx: &Context` when some are not
        "#]],
    );
}

#[test]
fn the_second_parameter_chooses_the_guarantee() {
    check(
        &base(
            "async fn send(&self, cx: &Context, text: &str) -> Result<(), Retry>;",
            "async fn send(&self, text: &str) -> Result<(), Retry>;",
        ),
        expect![[r#"
            23:30 `text: &str`: the second parameter of `send` chooses the guarantee; write `tx: &mut Tx` when all its effects are in the database, `cx: &Context` when some are not
        "#]],
    );
    check(
        &base(
            "async fn send(&self, cx: &Context, text: &str) -> Result<(), Retry>;",
            "async fn send(&self) -> Result<(), Retry>;",
        ),
        expect![[r#"
            23:18 `send`: the second parameter of `send` chooses the guarantee; write `tx: &mut Tx` when all its effects are in the database, `cx: &Context` when some are not
        "#]],
    );
    check(
        &base(
            "async fn send(&self, cx: &Context, text: &str) -> Result<(), Retry>;",
            "async fn send(&self, tx: &Tx, text: &str) -> Result<(), Retry>;",
        ),
        expect![[r#"
            23:30 `tx: &Tx`: the second parameter of `send` chooses the guarantee; write `tx: &mut Tx` when all its effects are in the database, `cx: &Context` when some are not
        "#]],
    );
    check(
        &base(
            "async fn send(&self, cx: &Context, text: &str) -> Result<(), Retry>;",
            "async fn send(&self, cx: &mut Context, text: &str) -> Result<(), Retry>;",
        ),
        expect![[r#"
            23:30 `cx: &mut Context`: the second parameter of `send` chooses the guarantee; write `tx: &mut Tx` when all its effects are in the database, `cx: &Context` when some are not
        "#]],
    );
    check(
        &base(
            "async fn send(&self, cx: &Context, text: &str) -> Result<(), Retry>;",
            "async fn send(&self, cx: &Context, tx: &mut Tx, text: &str) -> Result<(), Retry>;",
        ),
        expect![[r#"
            23:44 `tx: &mut Tx`: a method has one guarantee, and the second parameter has chosen it; remove this one
        "#]],
    );
}

#[test]
fn a_parameter_is_data() {
    check(
        &base(
            "async fn send(&self, cx: &Context, text: &str) -> Result<(), Retry>;",
            "async fn send(&self, cx: &Context, _: &str) -> Result<(), Retry>;",
        ),
        expect![[r#"
            23:44 `_`: a parameter's name is its name in JSON; write one identifier
        "#]],
    );
    check(
        &base(
            "async fn send(&self, cx: &Context, text: &str) -> Result<(), Retry>;",
            "async fn send(&self, cx: &Context, (a, b): (u8, u8)) -> Result<(), Retry>;",
        ),
        expect![[r#"
            23:44 `(a, b)`: a parameter's name is its name in JSON; write one identifier
        "#]],
    );
    check(
        &base(
            "async fn send(&self, cx: &Context, text: &str) -> Result<(), Retry>;",
            "async fn send(&self, cx: &Context, text: &mut String) -> Result<(), Retry>;",
        ),
        expect![[r#"
            23:51 `mut`: a parameter is a copy of what the saga holds; write `&`
        "#]],
    );
    check(
        &base(
            "async fn send(&self, cx: &Context, text: &str) -> Result<(), Retry>;",
            "async fn send(&self, cx: &Context, text: &'static str) -> Result<(), Retry>;",
        ),
        expect![[r#"
            23:51 `'static`: a parameter lives as long as the call; remove the lifetime
        "#]],
    );
    check(
        &base(
            "async fn send(&self, cx: &Context, text: &str) -> Result<(), Retry>;",
            "async fn send(&self, cx: &Context, text: Option<&str>) -> Result<(), Retry>;",
        ),
        expect![[r#"
            23:57 `&`: JSON is decoded into owned values; write the owned type, such as `String` for `&str`
        "#]],
    );
    check(
        &base(
            "async fn send(&self, cx: &Context, text: &str) -> Result<(), Retry>;",
            "async fn send(&self, cx: &Context, text: Cow<'static, str>) -> Result<(), Retry>;",
        ),
        expect![[r#"
            23:54 `'static`: JSON is decoded into owned values; write a type without a lifetime
        "#]],
    );
    check(
        &base(
            "async fn send(&self, cx: &Context, text: &str) -> Result<(), Retry>;",
            "async fn send(&self, cx: &Context, text: impl Into<String>) -> Result<(), Retry>;",
        ),
        expect![[r#"
            23:50 `impl`: JSON is decoded into one type; write it instead of `impl`
        "#]],
    );
    check(
        &base(
            "async fn send(&self, cx: &Context, text: &str) -> Result<(), Retry>;",
            "async fn send(&self, cx: &Context, text: &str, r#text: &str) -> Result<(), Retry>;",
        ),
        expect![[r#"
            23:56 `r#text`: two parameters are called `r#text`; rename one
        "#]],
    );
    check(
        &base(
            "async fn send(&self, cx: &Context, text: &str) -> Result<(), Retry>;",
            "async fn send(&self, cx: &Context, #[cfg(test)] text: &str) -> Result<(), Retry>;",
        ),
        expect![[r#"
            23:46 `cfg`: a parameter is in every definition, whatever the configuration; remove it, or put `cfg` on the method
        "#]],
    );
    check(
        &base(
            "async fn send(&self, cx: &Context, text: &str) -> Result<(), Retry>;",
            "async fn send(&self, cx: &Context, ...) -> Result<(), Retry>;",
        ),
        expect![[r#"
            23:44 `...`: `send` takes one value a parameter; write a list as `&[T]`
        "#]],
    );
}

#[test]
fn a_step_says_how_it_fails() {
    check(
        &base(
            "async fn send(&self, cx: &Context, text: &str) -> Result<(), Retry>;",
            "async fn send(&self, cx: &Context, text: &str);",
        ),
        expect![[r#"
            23:18 `send`: step `send` must say how it can fail; write `-> Result<(), Error>`
        "#]],
    );
    check(
        &base(
            "async fn send(&self, cx: &Context, text: &str) -> Result<(), Retry>;",
            "async fn send(&self, cx: &Context, text: &str) -> String;",
        ),
        expect![[r#"
            23:59 `String`: step `send` must say how it can fail; write `Result<Output, Error>`
        "#]],
    );
    check(
        &base(
            "async fn send(&self, cx: &Context, text: &str) -> Result<(), Retry>;",
            "async fn send(&self, cx: &Context, text: &str) -> Result<()>;",
        ),
        expect![[r#"
            23:59 `Result<()>`: step `send` must say how it can fail; write `Result<Output, Error>`
        "#]],
    );
    check(
        &base(
            "async fn send(&self, cx: &Context, text: &str) -> Result<(), Retry>;",
            "async fn send(&self, cx: &Context, text: &str) -> Result<(), std::io::Error>;",
        ),
        expect![[r#"
            23:70 `std::io::Error`: `std::io::Error` is not an enum with variants in this module, so its errors have no names for Step Functions; declare `enum` here with one variant a rejection, or write `Retry`
        "#]],
    );
    check(
        &base(
            "async fn send(&self, cx: &Context, text: &str) -> Result<(), Retry>;",
            "async fn send(&self, cx: &Context, text: &str) -> Result<(), other::StockError>;",
        ),
        expect![[r#"
            23:70 `other::StockError`: `other::StockError` is not an enum with variants in this module, so its errors have no names for Step Functions; declare `enum` here with one variant a rejection, or write `Retry`
        "#]],
    );
    check(
        &base(
            "pub enum StockError",
            "pub enum Empty {} pub enum StockError",
        ),
        expect![[r#"
            ok
        "#]],
    );
    check(
        &base(
            "async fn send(&self, cx: &Context, text: &str) -> Result<(), Retry>;",
            "async fn send(&self, cx: &Context, text: &str) -> Result<(), self::Retry>;",
        ),
        expect![[r#"
            ok
        "#]],
    );
}

#[test]
fn an_error_enum_has_variants() {
    check(
        &base(
            "async fn send(&self, cx: &Context, text: &str) -> Result<(), Retry>;",
            "async fn send(&self, cx: &Context, text: &str) -> Result<(), Never>; } pub enum Never {} pub trait Other {",
        ),
        expect![[r#"
            23:70 `Never`: `Never` is not an enum with variants in this module, so its errors have no names for Step Functions; declare `enum` here with one variant a rejection, or write `Retry`
        "#]],
    );
    check(
        &base("pub enum StockError {", "pub enum StockError<T> {"),
        expect![[r#"
            13:93 `StockError`: `StockError` is not an enum with variants in this module, so its errors have no names for Step Functions; declare `enum` here with one variant a rejection, or write `Retry`
            19:89 `StockError`: `StockError` is not an enum with variants in this module, so its errors have no names for Step Functions; declare `enum` here with one variant a rejection, or write `Retry`
        "#]],
    );
}

#[test]
fn a_retriable_step_has_no_rejections() {
    check(
        &base(
            "async fn send(&self, cx: &Context, text: &str) -> Result<(), Retry>;",
            "async fn send(&self, cx: &Context, text: &str) -> Result<(), StockError>;",
        ),
        expect![[r#"
            23:70 `StockError`: retriable step `send` may not be rejected, because nothing can be undone any more; write `Retry`, or mark `OutOfStock` and every other variant `#[transient]`
        "#]],
    );
    check(
        &base("#[transient] Busy", "Busy"),
        expect![[r#"
        ok
    "#]],
    );
}

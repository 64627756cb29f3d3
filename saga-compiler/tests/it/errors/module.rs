//! Messages about a module and its names.

use expect_test::expect;

use crate::support::{BASE, base, check, check_with, compile, flow, render};

#[test]
fn the_base_compiles() {
    check(
        BASE,
        expect![[r#"
        ok
    "#]],
    );
}

#[test]
fn only_a_module_with_a_body_is_a_saga() {
    check(
        "fn f() {}",
        expect![[r#"
        1:1 ``: `#[saga]` stands on a module: `pub mod place_order { … }`
    "#]],
    );
    check(
        "pub mod shop;",
        expect![[r#"
        1:13 `;`: `#[saga]` must see the module's body; write it here, in braces
    "#]],
    );
    check(
        "pub mod shop {}",
        expect![[r#"
        1:9 `shop`: module `shop` has no flow; write a `pub async fn` that takes participants as `&impl Trait`
    "#]],
    );
    check(
        "pub mod shop { pub async fn helper() {} }",
        expect![[r#"
        1:9 `shop`: module `shop` has no flow; write a `pub async fn` that takes participants as `&impl Trait`
    "#]],
    );
    check(
        "pub mod shop { use saga_runtime::prelude::*; pub trait Stock {} pub async fn shop(stock: &impl Stock) -> Result<(), Rejection> { Ok(()) } }",
        expect![[r#"
            1:96 `Stock`: trait `Stock` has no step, so it is no participant; write `#[step(..)]` on a method
        "#]],
    );
}

#[test]
fn a_choreography_is_none() {
    check(
        "pub mod shop { use saga_runtime::prelude::*; pub trait Stock { #[on(Placed, observer)] async fn see(&self, tx: &mut Tx) -> Result<(), Retry>; } }",
        expect![[r#"
            1:9 `shop`: the participants of `shop` react to events, so it is no saga with a flow; write `#[choreography]` instead of `#[saga]`
        "#]],
    );
}

#[test]
fn saga_options() {
    check_with(
        r#"deadlin = "15m""#,
        BASE,
        expect![[r#"
            1:1 `deadlin`: unknown `#[saga]` option `deadlin`; did you mean `deadline`? the options are `deadline`, `on_stuck` and `crate`
        "#]],
    );
    check_with(
        "deadline = 15",
        BASE,
        expect![[r#"
        1:12 `15`: write a duration in quotes: `= "30s"`
    "#]],
    );
    check_with(
        r#"deadline "15m""#,
        BASE,
        expect![[r#"
        1:10 `"15m"`: write a duration in quotes: `= "30s"`
    "#]],
    );
    check_with(
        r#"deadline = "15 m""#,
        BASE,
        expect![[r#"
        1:12 `"15 m"`: `15 m` is not a duration; write a whole number and a unit: `"30s"`, `"15m"`, `"2h"` or `"1d"`
    "#]],
    );
    check_with(
        r#"deadline = "1h30m""#,
        BASE,
        expect![[r#"
        1:12 `"1h30m"`: `1h30m` is not a duration; write a whole number and a unit: `"30s"`, `"15m"`, `"2h"` or `"1d"`
    "#]],
    );
    check_with(
        r#"deadline = "+5s""#,
        BASE,
        expect![[r#"
        1:12 `"+5s"`: `+5s` is not a duration; write a whole number and a unit: `"30s"`, `"15m"`, `"2h"` or `"1d"`
    "#]],
    );
    check_with(
        r#"deadline = "0s""#,
        BASE,
        expect![[r#"
        1:12 `"0s"`: `0s` is too short; write at least `"1s"`
    "#]],
    );
    check_with(
        r#"deadline = "366d""#,
        BASE,
        expect![[r#"
        1:12 `"366d"`: `366d` is too long; Step Functions allows 31536000 seconds here
    "#]],
    );
    check_with(
        r#"deadline = "99999999999999999999d""#,
        BASE,
        expect![[r#"
        1:12 `"99999999999999999999d"`: `99999999999999999999d` is not a duration; write a whole number and a unit: `"30s"`, `"15m"`, `"2h"` or `"1d"`
    "#]],
    );
    check_with(
        r#"on_stuck = "park""#,
        BASE,
        expect![[r#"
        1:12 `"park"`: write `on_stuck = park` or `on_stuck = fail`
    "#]],
    );
    check_with(
        "on_stuck = wait",
        BASE,
        expect![[r#"
        1:12 `wait`: unknown `on_stuck` value `wait`; write `park` or `fail`
    "#]],
    );
    check_with(
        r#"crate = "path""#,
        BASE,
        expect![[r#"
        1:9 `"path"`: write the path of `saga_runtime`: `crate = path::to::it`
    "#]],
    );
    check_with(
        "crate = my::runtime",
        BASE,
        expect![[r#"
        ok
    "#]],
    );
    check_with(
        r#""15m""#,
        BASE,
        expect![[r#"
        1:1 `"15m"`: `#[saga]` takes options by name; write one of `deadline`, `on_stuck` and `crate`
    "#]],
    );
    check_with(
        r#"deadline = "1m", deadline = "2m""#,
        BASE,
        expect![[r#"
        1:18 `deadline`: `deadline` stands twice in `#[saga]`; remove one
    "#]],
    );
    check_with(
        r#"deadline = "1m" on_stuck = fail"#,
        BASE,
        expect![[r#"
        1:17 `on_stuck`: write `,` after the option `deadline`
    "#]],
    );
    check_with(
        r#"deadlin = "1m", on_stuck = wait"#,
        BASE,
        expect![[r#"
            1:1 `deadlin`: unknown `#[saga]` option `deadlin`; did you mean `deadline`? the options are `deadline`, `on_stuck` and `crate`
            1:28 `wait`: unknown `on_stuck` value `wait`; write `park` or `fail`
        "#]],
    );
}

#[test]
fn an_attribute_stands_once() {
    check(
        &base(
            "#[step(compensate = release)]",
            "#[step(compensate = release)] #[step(pivot)]",
        ),
        expect![[r#"
            12:41 `step`: `#[step]` stands twice on `reserve`; write all options in one
        "#]],
    );
    check(
        &base("#[compensation]", "#[compensation]#[compensation]"),
        expect![[r#"
            14:26 `compensation`: `#[compensation]` stands twice on `release`; write all options in one
        "#]],
    );
    check(
        &base(
            "#[compensation]",
            "#[step(compensate = release)]#[compensation]",
        ),
        expect![[r#"
            14:40 `compensation`: `release` is a step or a compensation, not both; remove one attribute
        "#]],
    );
    check(
        &base("#[transient]", "#[transient] #[transient]"),
        expect![[r#"
            10:70 `transient`: `#[transient]` stands twice; remove one
        "#]],
    );
    check(
        &base("#[transient]", "#[transient(3)]"),
        expect![[r#"
        10:57 `transient`: `#[transient]` takes no options; how often to retry, the step's `retry(..)` says
    "#]],
    );
}

#[test]
fn two_mistakes_are_two_messages() {
    check(
        &base(
            "#[step(compensate = release)]
        async fn reserve(&self, tx: &mut Tx",
            "#[step]
        fn reserve(&self, tx: &mut Tx",
        ),
        expect![[r#"
            12:11 `step`: step `reserve` does not say what follows when the saga fails; write one of `compensate = <method>`, `pivot`, `retriable` and `read_only`
            13:9 `fn`: `reserve` must be async; write `async fn reserve`
        "#]],
    );
    check(
        &base(
            "#[step(pivot)]
        async fn charge(&self, cx: &Context",
            "#[step(pivt)]
        async fn charge(&self, cx: &Contxt",
        ),
        expect![[r#"
            18:16 `pivt`: unknown `#[step]` option `pivt`; did you mean `pivot`? the options are `compensate`, `pivot`, `retriable`, `read_only`, `retry`, `timeout` and `heartbeat`
            19:32 `cx: &Contxt`: the second parameter of `charge` chooses the guarantee; write `tx: &mut Tx` when all its effects are in the database, `cx: &Context` when some are not
        "#]],
    );
}

#[test]
fn names_do_not_collide() {
    check(
        &base(
            "pub trait Mail {",
            "pub trait HTTPApi { #[step(pivot)] async fn a(&self, cx: &Context) -> Result<(), Retry>; } pub trait HttpApi { #[step(pivot)] async fn a(&self, cx: &Context) -> Result<(), Retry>; } pub trait Mail {",
        ),
        expect![[r#"
            21:106 `HttpApi`: participants `HTTPApi` and `HttpApi` are both `http_api` in state names; rename one
        "#]],
    );
    check(
        &base(
            "pub async fn shop(",
            r#"pub async fn Shop(stock: &impl Stock) -> Result<(), Rejection> { stock.reserve("a", &b).await?; Ok(()) } pub async fn shop("#,
        ),
        expect![[r#"
            25:18 `Shop`: two state machines are called `shop`; rename one of the flows
            25:123 `shop`: two state machines are called `shop`; rename one of the flows
        "#]],
    );
    check(
        &base(
            "pub trait Mail {",
            "pub trait Stück { #[step(pivot)] async fn a(&self, cx: &Context) -> Result<(), Retry>; } pub trait Mail {",
        ),
        expect![[r#"
            21:15 `Stück`: the name of participant `Stück` becomes a deployment's placeholder; write it in ASCII
        "#]],
    );
    check(
        &base("pub async fn shop(", "pub async fn größe("),
        expect![[r#"
            25:18 `größe`: the state machine's name `größe` could not log to CloudWatch, as Step Functions says; write it in ASCII
        "#]],
    );
    check(
        &BASE.replace("StockError", "States"),
        expect![[r#"
        10:14 `States`: errors named `States.…` are not a participant's to report, they are Step Functions', Lambda's or the runtime's; call the enum something else
    "#]],
    );
}

#[test]
fn transient_is_on_a_steps_error() {
    check(
        &base(
            "pub enum StockError",
            "pub enum Mode { #[transient] Slow } pub enum StockError",
        ),
        expect![[r#"
            10:34 `Slow`: no step fails with `Mode`, so `#[transient]` retries nothing; remove it, or write `Result<_, Mode>` at a step
        "#]],
    );
}

#[test]
fn names_fit() {
    let long = "x".repeat(70);
    check(
        &BASE.replace("reserve", &long),
        expect![[r#"
        13:18 `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx`: the state name `compensate stock.xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx` has 87 characters; Step Functions allows 80, so shorten `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx` or its trait
    "#]],
    );
    check(
        &BASE.replace("send", &"x".repeat(76)),
        expect![[r#"
            23:18 `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx`: the state name `compensate mail.xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx` has 92 characters; Step Functions allows 80, so shorten `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx` or its trait
        "#]],
    );
    let medium = "x".repeat(59);
    check(
        &flow(&format!(
            "match stock.{medium}(&cmd.id, &cmd.lines).await {{ Ok(_) => Ok(Hold {{ id: cmd.id.clone() }}), Err(StockError::OutOfStock {{ .. }}) => Ok(Hold {{ id: cmd.id }}), Err(other) => Err(other.into()) }}"
        ))
        .replace("fn reserve", &format!("fn {medium}")),
        expect![[r#"
            13:18 `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx`: the state name `compensate match stock.xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx` has 82 characters; Step Functions allows 80, so shorten `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx` or its trait
        "#]],
    );
    check(
        &base("fn shop", &format!("fn {}", "x".repeat(81))),
        expect![[r#"
            25:18 `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx`: the state machine's name `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx` has 81 characters; Step Functions allows 80
        "#]],
    );
}

#[test]
fn a_definition_fits() {
    let calls = "payments.charge(&cmd.id, 1).await?;\n"
        .repeat(2_000)
        .replace("charge", "look");
    let source = flow(&format!("{calls} Ok(Hold {{ id: cmd.id }})"))
        .replace("#[step(pivot)]", "#[step(read_only)]")
        .replace("charge", "look");
    let failed = compile(&source).err().unwrap();
    expect![[r#"
        25:18 `shop`: the definition of `shop` has 1907016 bytes; Step Functions allows 1048576, so split the flow
    "#]].assert_eq(&render(&source, &failed));
}

#[test]
fn the_contract_is_seen_and_has_json() {
    check(
        &base("    pub trait Mail", "    trait Mail"),
        expect![[r#"
            21:11 `Mail`: participant `Mail` is private, but the crate that implements it must see it; write `pub trait Mail`
        "#]],
    );
    check(
        &base("    pub struct Hold {", "    struct Hold {"),
        expect![[r#"
            9:12 `Hold`: `Hold` is private, but the crates that share the contract must see it; write `pub` before it
        "#]],
    );
    check(
        &base("    pub enum StockError {", "    enum StockError {"),
        expect![[r#"
            10:10 `StockError`: `StockError` is private, but the crates that share the contract must see it; write `pub` before it
        "#]],
    );
    check(
        &base(
            "#[derive(Serialize, Deserialize)]\n    pub struct Cmd",
            "#[derive(Serialize)]\n    pub struct Cmd",
        ),
        expect![[r#"
            5:16 `Cmd`: `Cmd` crosses the saga as JSON; write `#[derive(Serialize, Deserialize)]`
        "#]],
    );
    // Looked into by the flow as well: said once.
    check(
        &base(
            "#[derive(Serialize, Deserialize)]\n    pub struct Hold",
            "pub struct Hold",
        ),
        expect![[r#"
            8:16 `Hold`: `Hold` crosses the saga as JSON; write `#[derive(Serialize, Deserialize)]`
        "#]],
    );
}

#[test]
fn a_module_sees_no_names_around_it() {
    check(
        &base("    use saga_runtime::prelude::*;\n", ""),
        expect![[r#"
            2:9 `shop`: module `shop` does not see the names around it; write `use saga_runtime::prelude::*;` as its first line
        "#]],
    );
}

#[test]
fn what_nests_too_deeply_is_refused() {
    check(
        &flow(&format!("let x = {}1;", "!".repeat(200))),
        expect![[r#"
        26:129 `!`: this nests too deeply; put a part of it into a `let`, a type or a function of its own
    "#]],
    );
    for (open, middle, close) in [
        ("(", "1", ")"),
        ("[", "1", "]"),
        ("{", "1", "}"),
        ("f(", "1", ")"),
        ("- ", "1", ""),
        ("|x|", "1", ""),
        ("1 + ", "1", ""),
        ("true && ", "true", ""),
        ("1 as Option<", "u8", ">"),
        ("1 as F<u8, ", "u8", ">"),
        ("if a { 1 } else ", "{ 1 }", ""),
        ("{ 1 } + ", "1", ""),
        ("return ", "1", ""),
        ("if ", "a", " { 1 } else { 1 }"),
    ] {
        let deep = format!("{}{middle}{}", open.repeat(5_000), close.repeat(5_000));
        let failed = compile(&flow(&format!("let x = {deep};"))).err();
        assert!(failed.is_some(), "{open}");
    }
}

//! Messages about a flow's values and what it looks into.

use expect_test::expect;

use crate::support::{base, check, flow};

#[test]
fn numbers_that_json_cannot_hold() {
    check(
        &flow("payments.charge(&cmd.id, 9007199254740992).await?; Ok(1)"),
        expect![[r#"
            26:26 `9007199254740992`: `9007199254740992` is beyond 2^53 - 1, the largest integer that JSONata keeps exact; pass it as a string
        "#]],
    );
    check(
        &flow("payments.charge(&cmd.id, 340282366920938463463374607431768211455).await?; Ok(1)"),
        expect![[r#"
            26:26 `340282366920938463463374607431768211455`: `340282366920938463463374607431768211455` is beyond 2^53 - 1, the largest integer that JSONata keeps exact; pass it as a string
        "#]],
    );
    check(
        &flow("payments.charge(&cmd.id, 1e999).await?; Ok(1)"),
        expect![[r#"
            26:26 `1e999`: `1e999` is too large for JSON; write a smaller number
        "#]],
    );
    check(
        &flow(
            r#"payments.charge(&cmd.id, 9_007_199_254_740_991u64).await?; Ok(Hold { id: "x".to_owned() })"#,
        ),
        expect![[r#"
            ok
        "#]],
    );
}

#[test]
fn a_flow_looks_into_the_modules_types_only() {
    check(
        &flow("let x = cmd.note.len; Ok(x)"),
        expect![[r#"
            26:18 `len`: `len` looks into an `Option`, which may be `None`; write `match` or `if let Some(..)`, or pass the whole value
        "#]],
    );
    check(
        &flow("let x = cmd.id.len; Ok(x)"),
        expect![[r#"
        26:16 `len`: `len` looks into a `String`, whose JSON names are not known here; declare the type in this module, without generics, or pass the whole value
    "#]],
    );
    check(
        &flow("let x = cmd.lines.len; Ok(x)"),
        expect![[r#"
            26:19 `len`: `len` looks into a list, whose JSON names are not known here; declare the type in this module, without generics, or pass the whole value
        "#]],
    );
    check(
        &flow("let x = cmd.total.x; Ok(x)"),
        expect![[r#"
            26:19 `x`: `x` looks into a number, whose JSON names are not known here; declare the type in this module, without generics, or pass the whole value
        "#]],
    );
    check(
        &flow("let x = 1.0; let y = x.y; Ok(y)"),
        expect![[r#"
            26:24 `y`: `y` looks into a number, whose JSON names are not known here; declare the type in this module, without generics, or pass the whole value
        "#]],
    );
    check(
        &flow(r#"let x = (1, "a"); let y = x.z; Ok(y)"#),
        expect![[r#"
            left to rustc
        "#]],
    );
    check(
        &flow("let x = cmd.to.street; Ok(x)"),
        expect![[r#"
        left to rustc
    "#]],
    );
    check(
        &flow("let x = cmd.to.0; Ok(x)"),
        expect![[r#"
        left to rustc
    "#]],
    );
    check(
        &base("pub to: Address", "pub to: other::Address").replace("&hold.id", "&cmd.to.city"),
        expect![[r#"
            27:33 `city`: `city` looks into `other::Address`, whose JSON names are not known here; declare the type in this module, without generics, or pass the whole value
        "#]],
    );
}

#[test]
fn values_from_elsewhere() {
    check(
        &flow("mail.send(u64::MAX).await?; Ok(Hold { id: cmd.id })"),
        expect![[r#"
            26:16 `MAX`: the value of the constant `u64::MAX` is not known here; write it as a literal, or take it from the input
        "#]],
    );
    check(
        &flow("mail.send(LIMIT).await?; Ok(Hold { id: cmd.id })"),
        expect![[r#"
            26:11 `LIMIT`: the value of the constant `LIMIT` is not known here; write it as a literal, or take it from the input
        "#]],
    );
    check(
        &flow("mail.send(Cmd::LIMIT).await?; Ok(Hold { id: cmd.id })"),
        expect![[r#"
            26:16 `LIMIT`: the value of the constant `Cmd::LIMIT` is not known here; write it as a literal, or take it from the input
        "#]],
    );
    check(
        &flow("mail.send(std::cmp::Ordering::Less).await?; Ok(Hold { id: cmd.id })"),
        expect![[r#"
            26:21 `Ordering`: `std::cmp::Ordering::Less` is declared outside this module, where its JSON cannot be seen; declare the type here, or take the value from the input
        "#]],
    );
    check(
        &flow("mail.send(Self::X).await?; Ok(Hold { id: cmd.id })"),
        expect![[r#"
            left to rustc
        "#]],
    );
    check(
        &flow("mail.send(Option::None).await?; Ok(Hold { id: cmd.id })"),
        expect![[r#"
            ok
        "#]],
    );
    check(
        &flow("mail.send(None).await?; Ok(Hold { id: cmd.id })"),
        expect![[r#"
            ok
        "#]],
    );
    check(
        &flow("mail.send(nothing).await?; Ok(Hold { id: cmd.id })"),
        expect![[r#"
            left to rustc
        "#]],
    );
    check(
        &flow("mail.send(mail).await?; Ok(Hold { id: cmd.id })"),
        expect![[r#"
            26:11 `mail`: participant `mail` is no value; call one of its steps: `mail.step(..).await?`
        "#]],
    );
    check(
        &flow("mail.send(self::helper).await?; Ok(Hold { id: cmd.id })"),
        expect![[r#"
            26:11 `self`: `self::helper` is declared outside this module, where its JSON cannot be seen; declare the type here, or take the value from the input
        "#]],
    );
    check(
        &flow("mail.send(String::new()).await?; Ok(Hold { id: cmd.id })"),
        expect![[r#"
            26:11 `String::new`: `String::new` is not a step; a flow calls steps, and builds the types of its module; let a step compute it
        "#]],
    );
    check(
        &flow("mail.send(Outside { a: 1 }).await?; Ok(Hold { id: cmd.id })"),
        expect![[r#"
            26:11 `Outside`: `Outside` is not declared in this module without generics, so its JSON names are not known; declare it so, or let a step return it
        "#]],
    );
    check(
        &flow("mail.send(Outside(1)).await?; Ok(Hold { id: cmd.id })"),
        expect![[r#"
            26:11 `Outside`: `Outside` is not a step; a flow calls steps, and builds the types of its module; let a step compute it
        "#]],
    );
    check(
        &flow("mail.send(Hold { id: cmd.id, ..cmd }).await?; Ok(Hold { id: cmd.id })"),
        expect![[r#"
            26:30 `..`: `..` is not part of a flow; write each field
        "#]],
    );
    check(
        &flow("mail.send(Hold { id: cmd.id, more: 1 }).await?; Ok(Hold { id: cmd.id })"),
        expect![[r#"
            left to rustc
        "#]],
    );
    check(
        &flow("mail.send(Hold { }).await?; Ok(Hold { id: cmd.id })"),
        expect![[r#"
            left to rustc
        "#]],
    );
    check(
        &flow("mail.send(Self { id: 1 }).await?; Ok(Hold { id: cmd.id })"),
        expect![[r#"
            left to rustc
        "#]],
    );
    check(
        &flow("mail.send(Hold(1)).await?; Ok(Hold { id: cmd.id })"),
        expect![[r#"
            26:11 `Hold`: `Hold` is not a step; a flow calls steps, and builds the types of its module; let a step compute it
        "#]],
    );
    check(
        &flow("mail.send((|| 1)()).await?; Ok(Hold { id: cmd.id })"),
        expect![[r#"
            26:11 `(|| 1)`: a flow calls steps only; let a step compute it
        "#]],
    );
}

#[test]
fn struct_literals_write_json_that_is_known() {
    check(&flow("mail.send(\"a\").await?; Ok(Secret { id: cmd.id })").replace("pub struct Hold", "#[serde(from = \"x\")] pub struct Secret { id: String } #[derive(Serialize)] pub struct Hold"), expect![[r#"
        9:91 `Hold`: `Hold` crosses the saga as JSON; write `#[derive(Serialize, Deserialize)]`
        26:27 `Secret`: `Secret` has `#[serde(from)]`, so its JSON is not known here; let a step return it
    "#]]);
    check(
        &flow("mail.send(\"a\").await?; Ok(Secret(cmd.id))").replace(
            "pub struct Hold",
            "pub struct Secret(#[serde(skip)] String); #[derive(Serialize)] pub struct Hold",
        ),
        expect![[r#"
            9:79 `Hold`: `Hold` crosses the saga as JSON; write `#[derive(Serialize, Deserialize)]`
            26:27 `Secret`: `Secret` has `#[serde(..)]` on an unnamed field, so its JSON is not known here; let a step return it
        "#]],
    );
    check(
        &flow("mail.send(\"a\").await?; Ok(Hold { id: cmd.id })").replace(
            "pub id: String }\n    pub enum",
            "#[serde(skip)] pub id: String }\n pub enum",
        ),
        expect![[r#"
            26:34 `id`: field `id` has `#[serde(skip)]`, so a flow cannot find it in JSON; remove the attribute, or pass the whole value
        "#]],
    );
    check(
        &flow("mail.send(\"a\").await?; let x = cmd.page.items; Ok(x)")
            .replace("pub to: Address", "pub page: Page<u8>"),
        expect![[r#"
            26:41 `items`: `items` looks into `Page<u8>`, whose JSON names are not known here; declare the type in this module, without generics, or pass the whole value
        "#]],
    );
}

#[test]
fn variants_that_a_flow_cannot_build() {
    check(
        &base("mail.send(\"done\")", "mail.send(Mode::Fast)").replace(
            "pub enum StockError",
            "#[derive(Serialize)] pub enum Mode { Fast } pub enum StockError",
        ),
        expect![[r#"
            ok
        "#]],
    );
    check(
        &base("mail.send(\"done\")", "mail.send(Fast)").replace(
            "pub enum StockError",
            "#[derive(Serialize)] pub enum Mode { Fast } pub enum StockError",
        ),
        expect![[r#"
            28:19 `Fast`: a variant needs its enum's name here; write `Mode::Fast`
        "#]],
    );
    check(
        &base("mail.send(\"done\")", "mail.send(Mode::Fst)").replace(
            "pub enum StockError",
            "#[derive(Serialize)] pub enum Mode { Fast } pub enum StockError",
        ),
        expect![[r#"
            left to rustc
        "#]],
    );
    check(
        &base("mail.send(\"done\")", "mail.send(Mod::Fast)").replace(
            "pub enum StockError",
            "#[derive(Serialize)] pub enum Mode { Fast } pub enum StockError",
        ),
        expect![[r#"
            28:19 `Mod`: this module declares no type `Mod`; did you mean `Mode`?
        "#]],
    );
    check(
        &base("mail.send(\"done\")", "mail.send(Mode::DEFAULT)").replace(
            "pub enum StockError",
            "#[derive(Serialize)] pub enum Mode { Fast } pub enum StockError",
        ),
        expect![[r#"
            28:25 `DEFAULT`: the value of the constant `Mode::DEFAULT` is not known here; write it as a literal, or take it from the input
        "#]],
    );
    check(
        &base("mail.send(\"done\")", "mail.send(Mode::Fast)").replace(
            "pub enum StockError",
            "#[derive(Serialize)] pub enum Mode { Fast(u8) } pub enum StockError",
        ),
        expect![[r#"
            28:25 `Fast`: `Mode::Fast` has data; write `Mode::Fast(…)`
        "#]],
    );
    check(
        &base("mail.send(\"done\")", "mail.send(Mode::Fast(1))").replace(
            "pub enum StockError",
            "#[derive(Serialize)] pub enum Mode { Fast(u8) } pub enum StockError",
        ),
        expect![[r#"
            ok
        "#]],
    );
    check(
        &base("mail.send(\"done\")", "mail.send(Mode::Fast { x: 1 })").replace(
            "pub enum StockError",
            "#[derive(Serialize)] pub enum Mode { Fast { x: u8 } } pub enum StockError",
        ),
        expect![[r#"
            ok
        "#]],
    );
    check(&base("mail.send(\"done\")", "mail.send(Mode::Fast)").replace("pub enum StockError", r#"#[derive(Serialize)] #[serde(tag = "t")] pub enum Mode { Fast } pub enum StockError"#), expect![[r#"
        ok
    "#]]);
    check(
        &base("mail.send(\"done\")", "mail.send(Mode::Fast)").replace(
            "pub enum StockError",
            "#[derive(Serialize)] #[serde(untagged)] pub enum Mode { Fast } pub enum StockError",
        ),
        expect![[r#"
            28:25 `Fast`: `Mode` has `#[serde(untagged)]`, so the JSON of `Fast` is not known here; let a step return it
        "#]],
    );
    check(
        &base("mail.send(\"done\")", "mail.send(Mode::Fast)").replace(
            "pub enum StockError",
            "#[derive(Serialize)] pub enum Mode { #[serde(skip)] Fast } pub enum StockError",
        ),
        expect![[r#"
            28:25 `Fast`: `Mode::Fast` has `#[serde(skip)]`; let a step return it
        "#]],
    );
    check(
        &base("mail.send(\"done\")", "mail.send(Mode::Fast)").replace(
            "pub enum StockError",
            "#[derive(Serialize)] pub enum Mode { #[serde(untagged)] Fast } pub enum StockError",
        ),
        expect![[r#"
            28:25 `Fast`: `Mode::Fast` has `#[serde(untagged)]`; let a step return it
        "#]],
    );
    check(&base("mail.send(\"done\")", "mail.send(Mode::Fast)").replace("pub enum StockError", r#"#[derive(Serialize)] pub enum Mode { #[serde(rename(serialize = "f"))] Fast } pub enum StockError"#), expect![[r#"
        28:25 `Fast`: `Mode::Fast` has `#[serde(rename(..))]`; let a step return it
    "#]]);
    check(&base("mail.send(\"done\")", "mail.send(Mode::Fast)").replace("pub enum StockError", "#[derive(Serialize)] pub enum Mode { #[cfg_attr(test, serde(skip))] Fast } pub enum StockError"), expect![[r#"
        28:25 `Fast`: `Mode::Fast` has `#[cfg_attr(..)]`; let a step return it
    "#]]);
}

#[test]
fn operators() {
    let with = |value: &str| {
        flow(&format!(
            "mail.send({value}).await?; Ok(Hold {{ id: cmd.id }})"
        ))
    };
    check(
        &with("cmd.total + 1 > 2 * cmd.total && !cmd.lines.is_empty()"),
        expect![[r#"
            ok
        "#]],
    );
    check(
        &with("cmd.note.is_some() == cmd.note.is_none()"),
        expect![[r#"
            ok
        "#]],
    );
    check(
        &with("cmd.id + cmd.id"),
        expect![[r#"
        26:18 `+`: `+` computes with numbers in a flow, not a `String`; let a step compute it
    "#]],
    );
    check(
        &with("cmd.id < cmd.id"),
        expect![[r#"
        26:18 `<`: `<` orders numbers in a flow, not a `String`; let a step compare
    "#]],
    );
    check(
        &with("cmd.to == cmd.to"),
        expect![[r#"
        26:18 `==`: `==` compares booleans, numbers, strings and enums without data in a flow, not `Address`; compare what is in it, or let a step compare
    "#]],
    );
    check(
        &with("cmd.total / cmd.total"),
        expect![[r#"
        26:23 `cmd.total`: `/` by 0 would fail where nothing can be undone; divide by a literal that is not 0, or let a step compute it
    "#]],
    );
    check(
        &with("!cmd.total"),
        expect![[r#"
        26:11 `!`: `!` takes a `bool` in a flow, not a number; let a step compute it
    "#]],
    );
    check(
        &with("-cmd.id"),
        expect![[r#"
        26:11 `-`: `-` takes a number in a flow, not a `String`; let a step compute it
    "#]],
    );
    check(
        &with("cmd.total | 1"),
        expect![[r#"
        26:21 `|`: `|` is not part of a flow; let a step compute it
    "#]],
    );
    check(
        &with("cmd.id.len()"),
        expect![[r#"
        26:18 `len`: `len` of a string counts bytes in Rust and characters in JSONata; write `is_empty()`, or let a step count
    "#]],
    );
    check(
        &with("cmd.note.unwrap()"),
        expect![[r#"
        26:20 `unwrap`: method `unwrap` of an `Option` is not part of a flow; write `match` or `if let Some(..)`
    "#]],
    );
    check(
        &with("missing + 1 == 2 && cmd.missing"),
        expect![[r#"
        left to rustc
    "#]],
    );
}

#[test]
fn a_value_does_not_grow_without_end() {
    let lets: Vec<String> = (1..12)
        .map(|index| format!("let t{index} = t{0} + t{0};", index - 1))
        .collect();
    let lets = format!("let t0 = cmd.total; {}", lets.concat());
    check(
        &flow(&format!(
            "{lets} payments.charge(&cmd.id, t11).await?; Ok(Hold {{ id: cmd.id }})"
        )),
        expect![[r#"
            26:166 `t8`: this value has more than 1000 parts, which stand wherever it is used; let a step compute it
        "#]],
    );
}

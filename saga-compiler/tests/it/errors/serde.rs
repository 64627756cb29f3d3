//! Messages about types whose JSON is not known.

use expect_test::expect;

use crate::support::{base, check};

#[test]
fn fields_that_serde_hides() {
    check(
        &base(
            "pub id: String, pub lines",
            "#[serde(skip)] pub id: String, pub lines",
        ),
        expect![[r#"
            26:39 `id`: field `id` has `#[serde(skip)]`, so a flow cannot find it in JSON; remove the attribute, or pass the whole value
        "#]],
    );
    check(
        &base(
            "pub id: String, pub lines",
            "#[serde(skip_serializing)] pub id: String, pub lines",
        ),
        expect![[r#"
            26:39 `id`: field `id` has `#[serde(skip_serializing)]`, so a flow cannot find it in JSON; remove the attribute, or pass the whole value
        "#]],
    );
    check(
        &base(
            "pub id: String, pub lines",
            "#[serde(skip_deserializing)] pub id: String, pub lines",
        ),
        expect![[r#"
            26:39 `id`: field `id` has `#[serde(skip_deserializing)]`, so a flow cannot find it in JSON; remove the attribute, or pass the whole value
        "#]],
    );
    check(
        &base(
            "pub id: String, pub lines",
            "#[serde(flatten)] pub id: String, pub lines",
        ),
        expect![[r#"
            26:39 `id`: field `id` has `#[serde(flatten)]`, so a flow cannot find it in JSON; remove the attribute, or pass the whole value
        "#]],
    );
    check(
        &base(
            "pub id: String, pub lines",
            r#"#[serde(with = "hex")] pub id: String, pub lines"#,
        ),
        expect![[r#"
            26:39 `id`: field `id` has `#[serde(with)]`, so a flow cannot find it in JSON; remove the attribute, or pass the whole value
        "#]],
    );
    check(
        &base(
            "pub id: String, pub lines",
            r#"#[serde(serialize_with = "f")] pub id: String, pub lines"#,
        ),
        expect![[r#"
            26:39 `id`: field `id` has `#[serde(serialize_with)]`, so a flow cannot find it in JSON; remove the attribute, or pass the whole value
        "#]],
    );
    check(
        &base(
            "pub id: String, pub lines",
            r#"#[serde(deserialize_with = "f")] pub id: String, pub lines"#,
        ),
        expect![[r#"
            26:39 `id`: field `id` has `#[serde(deserialize_with)]`, so a flow cannot find it in JSON; remove the attribute, or pass the whole value
        "#]],
    );
    check(
        &base(
            "pub id: String, pub lines",
            r#"#[serde(rename(serialize = "a", deserialize = "b"))] pub id: String, pub lines"#,
        ),
        expect![[r#"
            26:39 `id`: field `id` has `#[serde(rename(..))]`, so a flow cannot find it in JSON; remove the attribute, or pass the whole value
        "#]],
    );
    check(
        &base(
            "pub id: String, pub lines",
            r#"#[serde(rename = "")] pub id: String, pub lines"#,
        ),
        expect![[r#"
            26:39 `id`: field `id` has `#[serde(rename)]`, so a flow cannot find it in JSON; remove the attribute, or pass the whole value
        "#]],
    );
    check(
        &base(
            "pub id: String, pub lines",
            r#"#[serde(rename = "${Id}")] pub id: String, pub lines"#,
        ),
        expect![[r#"
            26:39 `id`: field `id` has `#[serde(rename)]`, so a flow cannot find it in JSON; remove the attribute, or pass the whole value
        "#]],
    );
    check(
        &base(
            "pub id: String, pub lines",
            r#"#[serde(skip_serializing_if = "String::is_empty")] pub id: String, pub lines"#,
        ),
        expect![[r#"
            26:39 `id`: field `id` has `#[serde(skip_serializing_if)]`, so a flow cannot find it in JSON; remove the attribute, or pass the whole value
        "#]],
    );
    check(
        &base(
            "pub id: String, pub lines",
            r#"#[cfg_attr(test, serde(rename = "x"))] pub id: String, pub lines"#,
        ),
        expect![[r#"
            26:39 `id`: field `id` has `#[cfg_attr(..)]`, so a flow cannot find it in JSON; remove the attribute, or pass the whole value
        "#]],
    );
    check(
        &base(
            "pub id: String, pub lines",
            "#[serde(default)] pub id: String, pub lines",
        ),
        expect![[r#"
            26:39 `id`: field `id` has `#[serde(default)]`, so the input need not have it under this name; remove the attribute, or pass the whole value
        "#]],
    );
    check(
        &base(
            "pub id: String, pub lines",
            r#"#[serde(alias = "ID")] pub id: String, pub lines"#,
        ),
        expect![[r#"
            26:39 `id`: field `id` has `#[serde(alias)]`, so the input need not have it under this name; remove the attribute, or pass the whole value
        "#]],
    );
    check(
        &base(
            "pub id: String, pub lines",
            r#"#[serde(rename = "ID")] pub id: String, pub lines"#,
        ),
        expect![[r#"
            ok
        "#]],
    );
}

#[test]
fn types_whose_json_is_not_known() {
    check(
        &base(
            "#[derive(Serialize, Deserialize)]\n    pub struct Cmd",
            " pub struct Cmd",
        ),
        expect![[r#"
            4:17 `Cmd`: `Cmd` crosses the saga as JSON; write `#[derive(Serialize, Deserialize)]`
        "#]],
    );
    check(
        &base(
            "#[derive(Serialize, Deserialize)]\n    pub struct Cmd",
            "#[derive(Clone)] pub struct Cmd",
        ),
        expect![[r#"
            4:33 `Cmd`: `Cmd` crosses the saga as JSON; write `#[derive(Serialize, Deserialize)]`
        "#]],
    );
    check(
        &base(
            "#[derive(Serialize, Deserialize)]\n    pub struct Cmd",
            r#"#[derive(Serialize, Deserialize)] #[serde(into = "Raw")] pub struct Cmd"#,
        ),
        expect![[r#"
            25:39 `id`: the type of `cmd` has `#[serde(into)]`, so the JSON name of `id` is not known; pass the whole value
            25:48 `lines`: the type of `cmd` has `#[serde(into)]`, so the JSON name of `lines` is not known; pass the whole value
            26:39 `total`: the type of `cmd` has `#[serde(into)]`, so the JSON name of `total` is not known; pass the whole value
        "#]],
    );
    check(
        &base(
            "#[derive(Serialize, Deserialize)]\n    pub struct Cmd",
            r#"#[derive(Serialize, Deserialize)] #[serde(from = "Raw")] pub struct Cmd"#,
        ),
        expect![[r#"
            25:39 `id`: the type of `cmd` has `#[serde(from)]`, so the JSON name of `id` is not known; pass the whole value
            25:48 `lines`: the type of `cmd` has `#[serde(from)]`, so the JSON name of `lines` is not known; pass the whole value
            26:39 `total`: the type of `cmd` has `#[serde(from)]`, so the JSON name of `total` is not known; pass the whole value
        "#]],
    );
    check(
        &base(
            "#[derive(Serialize, Deserialize)]\n    pub struct Cmd",
            r#"#[derive(Serialize, Deserialize)] #[serde(try_from = "Raw")] pub struct Cmd"#,
        ),
        expect![[r#"
            25:39 `id`: the type of `cmd` has `#[serde(try_from)]`, so the JSON name of `id` is not known; pass the whole value
            25:48 `lines`: the type of `cmd` has `#[serde(try_from)]`, so the JSON name of `lines` is not known; pass the whole value
            26:39 `total`: the type of `cmd` has `#[serde(try_from)]`, so the JSON name of `total` is not known; pass the whole value
        "#]],
    );
    check(
        &base(
            "#[derive(Serialize, Deserialize)]\n    pub struct Cmd",
            r#"#[derive(Serialize, Deserialize)] #[serde(remote = "Raw")] pub struct Cmd"#,
        ),
        expect![[r#"
            25:39 `id`: the type of `cmd` has `#[serde(remote)]`, so the JSON name of `id` is not known; pass the whole value
            25:48 `lines`: the type of `cmd` has `#[serde(remote)]`, so the JSON name of `lines` is not known; pass the whole value
            26:39 `total`: the type of `cmd` has `#[serde(remote)]`, so the JSON name of `total` is not known; pass the whole value
        "#]],
    );
    check(
        &base(
            "#[derive(Serialize, Deserialize)]\n    pub struct Cmd",
            r#"#[derive(Serialize, Deserialize)] #[serde(tag = "t")] pub struct Cmd"#,
        ),
        expect![[r#"
            25:39 `id`: the type of `cmd` has `#[serde(tag)]`, so the JSON name of `id` is not known; pass the whole value
            25:48 `lines`: the type of `cmd` has `#[serde(tag)]`, so the JSON name of `lines` is not known; pass the whole value
            26:39 `total`: the type of `cmd` has `#[serde(tag)]`, so the JSON name of `total` is not known; pass the whole value
        "#]],
    );
    check(
        &base(
            "#[derive(Serialize, Deserialize)]\n    pub struct Cmd",
            "#[derive(Serialize, Deserialize)] #[serde(transparent)] pub struct Cmd",
        ),
        expect![[r#"
            25:39 `id`: the type of `cmd` has `#[serde(transparent)]`, so the JSON name of `id` is not known; pass the whole value
            25:48 `lines`: the type of `cmd` has `#[serde(transparent)]`, so the JSON name of `lines` is not known; pass the whole value
            26:39 `total`: the type of `cmd` has `#[serde(transparent)]`, so the JSON name of `total` is not known; pass the whole value
        "#]],
    );
    check(
        &base(
            "#[derive(Serialize, Deserialize)]\n    pub struct Cmd",
            r#"#[derive(Serialize, Deserialize)] #[serde(rename_all(serialize = "camelCase"))] pub struct Cmd"#,
        ),
        expect![[r#"
            25:39 `id`: the type of `cmd` has `#[serde(rename_all(..))]`, so the JSON name of `id` is not known; pass the whole value
            25:48 `lines`: the type of `cmd` has `#[serde(rename_all(..))]`, so the JSON name of `lines` is not known; pass the whole value
            26:39 `total`: the type of `cmd` has `#[serde(rename_all(..))]`, so the JSON name of `total` is not known; pass the whole value
        "#]],
    );
    check(
        &base(
            "#[derive(Serialize, Deserialize)]\n    pub struct Cmd",
            r#"#[derive(Serialize, Deserialize)] #[cfg_attr(test, serde(rename_all = "camelCase"))] pub struct Cmd"#,
        ),
        expect![[r#"
            25:39 `id`: the type of `cmd` has `#[cfg_attr(..)]`, so the JSON name of `id` is not known; pass the whole value
            25:48 `lines`: the type of `cmd` has `#[cfg_attr(..)]`, so the JSON name of `lines` is not known; pass the whole value
            26:39 `total`: the type of `cmd` has `#[cfg_attr(..)]`, so the JSON name of `total` is not known; pass the whole value
        "#]],
    );
    check(
        &base(
            "#[derive(Serialize, Deserialize)]\n    pub struct Cmd",
            "#[derive(Serialize, Deserialize)] #[serde(default)] pub struct Cmd",
        ),
        expect![[r#"
            25:39 `id`: field `id` has `#[serde(default)]`, so the input need not have it under this name; remove the attribute, or pass the whole value
            25:48 `lines`: field `lines` has `#[serde(default)]`, so the input need not have it under this name; remove the attribute, or pass the whole value
            26:39 `total`: field `total` has `#[serde(default)]`, so the input need not have it under this name; remove the attribute, or pass the whole value
        "#]],
    );
    check(
        &base(
            "#[derive(Serialize, Deserialize)]\n    pub struct Cmd",
            "#[derive(Serialize, Deserialize)] pub struct Cmd { pub id: u8 } #[derive(Serialize, Deserialize)]  pub struct Cmd",
        ),
        expect![[r#"
            25:39 `id`: the type of `cmd` is declared more than once here, so the JSON name of `id` is not known; pass the whole value
            25:48 `lines`: the type of `cmd` is declared more than once here, so the JSON name of `lines` is not known; pass the whole value
            26:39 `total`: the type of `cmd` is declared more than once here, so the JSON name of `total` is not known; pass the whole value
        "#]],
    );
}

#[test]
fn enums_whose_json_a_flow_cannot_tell() {
    let with = |item: &str, value: &str| {
        base("mail.send(\"done\")", &format!("mail.send({value})"))
            .replace(
                "pub enum StockError",
                &format!("{item} pub enum StockError"),
            )
            .replace("pub to: Address", "pub to: Address, pub mode: Mode")
    };
    check(
        &with(
            "#[derive(Serialize, Deserialize, PartialEq)] #[serde(untagged)] pub enum Mode { Fast }",
            "cmd.mode == Mode::Fast",
        ),
        expect![[r#"
            28:37 `Fast`: `Mode` has `#[serde(untagged)]`, so the JSON of `Fast` is not known here; let a step return it
        "#]],
    );
    check(
        &with(
            "#[derive(Serialize, Deserialize, PartialEq)] pub enum Mode { Fast, #[serde(other)] Slow }",
            "cmd.mode == Mode::Fast",
        ),
        expect![[r#"
            28:28 `==`: variant `Slow` has `#[serde(other)]`, so its JSON may be any text; write `_` for it, or let a step decide
        "#]],
    );
    check(
        &with(
            r#"#[derive(Serialize, Deserialize, PartialEq)] pub enum Mode { Fast, #[serde(alias = "slow")] Slow }"#,
            "cmd.mode == Mode::Fast",
        ),
        expect![[r#"
            28:28 `==`: variant `Slow` has `#[serde(alias)]`, so the input may write it otherwise; remove the attribute, or let a step decide
        "#]],
    );
    check(
        &with(
            "#[derive(Serialize, Deserialize)] pub enum Mode { Fast }",
            "cmd.mode == Mode::Fast",
        ),
        expect![[r#"
            28:28 `==`: `Mode` does not derive `PartialEq` here, so a flow cannot know what `==` means; write `#[derive(PartialEq)]`
        "#]],
    );
    check(
        &with(
            "#[derive(Serialize, Deserialize, PartialEq)] pub enum Mode { Fast, #[cfg_attr(test, serde(rename = \"x\"))] Slow }",
            "cmd.mode == Mode::Fast",
        ),
        expect![[r#"
            28:28 `==`: variant `Slow` has `#[cfg_attr(..)]`, so its JSON is not known here; write `_` for it, or let a step decide
        "#]],
    );
    check(
        &with(
            r#"#[derive(Serialize, Deserialize)] #[serde(tag = "t")] pub enum Mode { Fast(u8) }"#,
            "Mode::Fast(1)",
        ),
        expect![[r#"
            28:25 `Fast`: `Mode::Fast` keeps its data beside the tag, where a flow sees only a struct of this module without `flatten` and `deny_unknown_fields`; add `content = ".."` to `#[serde(tag = "..")]`, or let a step do it
        "#]],
    );
    check(
        &with(
            r#"#[derive(Serialize, Deserialize)] #[serde(tag = "t")] pub enum Mode { Fast(Address) }"#,
            "Mode::Fast(cmd.to)",
        ),
        expect![[r#"
            28:25 `Fast`: `Mode::Fast` keeps its data beside the tag; write out the struct here, or let a step build it
        "#]],
    );
    check(
        &with(
            r#"#[derive(Serialize, Deserialize)] #[serde(tag = "`")] pub enum Mode { Fast }"#,
            "Mode::Fast",
        ),
        expect![[r#"
            28:25 `Fast`: `Mode` has `#[serde(tag)]`, so the JSON of `Fast` is not known here; let a step return it
        "#]],
    );
    check(
        &with(
            r#"#[derive(Serialize, Deserialize)] pub enum Mode { #[serde(rename = "${x}")] Fast(u8) }"#,
            "Mode::Fast(1)",
        ),
        expect![[r#"
            28:25 `Fast`: `Mode::Fast` has `#[serde(rename)]`; let a step return it
        "#]],
    );
    check(
        &with(
            r#"#[derive(Serialize, Deserialize)] pub enum Mode { #[serde(rename_all(serialize = "UPPERCASE"))] Fast { x: u8 } }"#,
            "Mode::Fast { x: 1 }",
        ),
        expect![[r#"
            28:25 `Fast`: `Mode::Fast` has `#[serde(rename_all(..))]`; let a step return it
        "#]],
    );
    check(
        &with(
            r#"#[derive(Serialize, Deserialize)] #[serde(rename_all_fields(serialize = "UPPERCASE"))] pub enum Mode { Fast { x: u8 } }"#,
            "Mode::Fast { x: 1 }",
        ),
        expect![[r#"
            28:25 `Fast`: `Mode` has `#[serde(rename_all_fields(..))]`, so the JSON of `Fast` is not known here; let a step return it
        "#]],
    );
    check(
        &with(
            "#[derive(Serialize, Deserialize)] pub enum Mode { Fast(#[serde(skip)] u8) }",
            "Mode::Fast(1)",
        ),
        expect![[r#"
            28:25 `Fast`: `Mode::Fast` has `#[serde(..)]` on an unnamed field; let a step return it
        "#]],
    );
    check(
        &with(
            "#[derive(Serialize, Deserialize)] pub enum Mode { Fast { #[serde(flatten)] x: u8 } }",
            "Mode::Fast { x: 1 }",
        ),
        expect![[r#"
            28:32 `x`: field `x` has `#[serde(flatten)]`, so a flow cannot find it in JSON; remove the attribute, or pass the whole value
        "#]],
    );
    check(
        &with("pub enum Mode { Fast(u8) }", "Mode::Fast(1)"),
        expect![[r#"
            10:14 `Mode`: `Mode` crosses the saga as JSON; write `#[derive(Serialize, Deserialize)]`
        "#]],
    );
    check(
        &with("pub enum Mode { Fast { x: u8 } }", "Mode::Fast { x: 1 }"),
        expect![[r#"
            10:14 `Mode`: `Mode` crosses the saga as JSON; write `#[derive(Serialize, Deserialize)]`
        "#]],
    );
}

#[test]
fn what_a_step_returns_is_as_serde_writes_it() {
    check(
        &base(
            "pub struct Hold { pub id",
            "pub struct Hold { #[serde(default)] pub id",
        ),
        expect![[r#"
            ok
        "#]],
    );
    check(
        &base("mail.send(\"done\")", "mail.send(hold.mode == Mode::Old)").replace(
            "pub struct Hold { ",
            r#"#[derive(PartialEq, Serialize, Deserialize)] pub enum Mode { #[serde(alias = "past")] Old }
               #[derive(Serialize, Deserialize)] pub struct Hold { pub mode: Mode, "#,
        ),
        expect![[r#"
            ok
        "#]],
    );
}

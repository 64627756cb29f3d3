//! The definitions of small sagas, one feature each.

use expect_test::{ExpectFile, expect_file};

use crate::support::{BASE, base, definitions, flow};

/// Compares a module's only definition with its file.
fn check(options: &str, source: &str, expect: ExpectFile) {
    let texts = definitions(options, source);
    assert_eq!(texts.len(), 1, "one flow");
    expect.assert_eq(&texts[0]);
}

#[test]
fn all_or_nothing() {
    check("", BASE, expect_file!["../golden/base.asl.json"]);
}

#[test]
fn deadline_and_failing_when_stuck() {
    let file = expect_file!["../golden/deadline_and_fail.asl.json"];
    check(r#"deadline = "15m", on_stuck = fail"#, BASE, file);
}

#[test]
fn retriable_steps_alone() {
    let body =
        r#"mail.send("first").await?; mail.send("second").await?; Ok(Hold { id: cmd.id.clone() })"#;
    check(
        r#"deadline = "15m""#,
        &flow(body),
        expect_file!["../golden/retriable_alone.asl.json"],
    );
}

#[test]
fn a_compensatable_step_last() {
    let body = "let hold = stock.reserve(&cmd.id, &cmd.lines).await?; Ok(hold)";
    check(
        "",
        &flow(body),
        expect_file!["../golden/compensatable_last.asl.json"],
    );
}

#[test]
fn a_pivot_last() {
    let body = "stock.reserve(&cmd.id, &cmd.lines).await?; let id = payments.charge(&cmd.id, 7).await?; Ok(Hold { id })";
    check(
        "",
        &flow(body),
        expect_file!["../golden/pivot_last.asl.json"],
    );
}

#[test]
fn a_step_called_twice() {
    let body = "let hold = stock.reserve(&cmd.id, &cmd.lines).await?; let hold = stock.reserve(&hold.id, &cmd.lines).await?; Ok(hold)";
    check(
        "",
        &flow(body),
        expect_file!["../golden/called_twice.asl.json"],
    );
}

#[test]
fn read_only_before_and_after_the_point_of_no_return() {
    let source = flow(
        r#"let before = payments.charge(&cmd.id, 1).await?;
        mail.send(&before).await?;
        let after = payments.charge(&cmd.id, 2).await?;
        Ok(Hold { id: after })"#,
    );
    let source = source
        .replace(
            "#[step(pivot)]",
            "#[step(read_only, retry(max_attempts = 2))]",
        )
        .replace(
            "charge(&self, cx: &Context, order: &str, total: u64) -> Result<String, StockError>",
            "charge(&self, cx: &Context, order: &str, total: u64) -> Result<String, Retry>",
        );
    check("", &source, expect_file!["../golden/read_only.asl.json"]);
}

#[test]
fn every_policy() {
    let source = BASE
        .replace(
            "#[step(compensate = release)]",
            r#"#[step(compensate = release, retry(max_attempts = 4, interval = "2s", backoff = 1.5, max_delay = "1m"), timeout = "2m", heartbeat = "10s")]"#,
        )
        .replace(
            "#[compensation]",
            r#"#[compensation(retry(max_attempts = 3, interval = "1s", backoff = 2), timeout = "1h", heartbeat = "5m")]"#,
        )
        .replace("#[step(pivot)]", r#"#[step(pivot, retry(interval = "10m"), timeout = "15m", heartbeat = "1m")]"#)
        .replace("#[step(retriable)]", r#"#[step(retriable, retry(interval = "400d"))]"#);
    check("", &source, expect_file!["../golden/policies.asl.json"]);
}

#[test]
fn every_value() {
    let source = flow(
        r#"let hold = stock.reserve(&cmd.customer.id, &cmd.lines).await?;
        let _pair = stock.pair().await?;
        let address = Address { city: cmd.to.city.clone(), zip: None, kind: Kind::AtHome };
        let tuple = (1, "two", 3.5, -4, true, 'c', ());
        let key = Key("k".to_owned());
        let states = stock.values(&address, &tuple, &cmd.note, &address.zip, _pair.0, &_pair.1.city, Some(&key), key.0, "{% 1 %}", "${Secret} %{if}", Nothing, Both(1, "x".to_string())).await?;
        let unused = stock.pair().await?;
        let failure = stock.pair().await?;
        mail.send(&states.id).await?;
        Ok(Receipt { hold, address: failure.1, note: cmd.note, r#type: String::from("t"), tuple })"#,
    );
    let source = source
        .replace("pub id: String, pub lines", "pub customer: Customer, pub lines")
        .replace("-> Result<Hold, Rejection>", "-> Result<Receipt, Rejection>")
        .replace("pub struct Address { pub city: String }", r#"#[serde(rename_all = "camelCase")] pub struct Address { #[serde(rename = "the city")] pub city: String, #[serde(skip_serializing_if = "Option::is_none")] pub zip: Option<String>, pub kind: Kind }
            #[derive(Serialize, Deserialize)] #[serde(rename_all = "kebab-case")] pub enum Kind { AtHome, AtWork }
            #[derive(Serialize, Deserialize)] #[serde(rename_all = "SCREAMING_SNAKE_CASE")] pub struct Customer { pub id: Key }
            #[derive(Serialize, Deserialize)] pub struct Key(pub String);
            #[derive(Serialize, Deserialize)] pub struct Nothing;
            #[derive(Serialize, Deserialize)] pub struct Both(pub u8, pub String);
            #[derive(Serialize, Deserialize)] pub struct Receipt { pub hold: Hold, pub address: Box<Address>, pub note: Option<String>, pub r#type: String, pub tuple: (u8,) }"#)
        .replace("#[compensation]", r#"#[step(read_only)]
            async fn pair(&self, tx: &mut Tx) -> Result<(Key, Address), Retry>;
            #[step(read_only)]
            async fn values(&self, tx: &mut Tx, address: &Address, tuple: &(u8,), note: &Option<String>, zip: &Option<String>, key: Key, city: &str, some: Option<&Key>, text: String, code: &str, placeholder: &str, nothing: Nothing, both: Both) -> Result<Hold, Retry>;
            #[compensation]"#)
        .replace("some: Option<&Key>", "some: Option<Key>");
    check("", &source, expect_file!["../golden/values.asl.json"]);
}

#[test]
fn comments() {
    let source = BASE
        .replace(
            "pub trait Stock {",
            "pub trait Stock {\n/** Holds\n * the stock of ${Shop}.\n *\n * More. */",
        )
        .replace(
            "#[compensation]",
            "/// Gives it back,\n/// all of it.\n///\n/// Not here.\n#[compensation]",
        )
        .replace(
            "#[step(pivot)]",
            "#[doc = concat!(\"a\", \"b\")]\n#[step(pivot)]",
        )
        .replace(
            "pub mod shop {",
            "/// The module says it for the flow.\npub mod shop {\n#![allow(dead_code)]",
        );
    check("", &source, expect_file!["../golden/comments.asl.json"]);
}

#[test]
fn no_input_and_no_output() {
    let body = r#"mail.send("x").await?; Ok(())"#;
    let source = flow(body)
        .replace(", cmd: Cmd)", ")")
        .replace("Result<Hold, Rejection>", "Result<(), Rejection>");
    check("", &source, expect_file!["../golden/no_input.asl.json"]);
}

#[test]
fn several_flows() {
    let source = base(
        "pub async fn shop(",
        r#"/// Sends a letter.
    pub async fn letter(mail: &impl Mail, text: &str) -> Result<(), Rejection> { Ok(mail.send(text).await?) }
    pub async fn shop("#,
    );
    let texts = definitions("", &source);
    assert_eq!(texts.len(), 2);
    assert_eq!(
        texts[1],
        definitions("", BASE)[0],
        "flows of one module do not touch each other"
    );
    expect_file!["../golden/letter.asl.json"].assert_eq(&texts[0]);
}

/// Names of locals are free: what would hide a function, break a rule or be too long is called something else.
#[test]
fn variables_have_names_that_step_functions_takes() {
    for (local, variable) in [
        ("hold", "hold"),
        ("_hold", "hold"),
        ("__", "output"),
        ("states", "states_2"),
        ("failure", "failure_2"),
        ("stuck", "stuck_2"),
        ("sum", "sum_2"),
        ("r#type", "type_2"),
        ("größe", "größe"),
        (&"x".repeat(90), &"x".repeat(80)),
    ] {
        let source = flow(
            "let hold = stock.reserve(&cmd.id, &cmd.lines).await?; mail.send(&hold.id).await?; Ok(hold)",
        );
        let text = &definitions(
            "",
            &source
                .replace("hold ", &format!("{local} "))
                .replace("&hold", &format!("&{local}"))
                .replace("(hold)", &format!("({local})")),
        )[0];
        let expected = format!(r#""{variable}": "{{% $states.result.Payload %}}""#);
        assert!(text.contains(&expected), "{local}: {text}");
    }
}

/// What a long definition loses is only its blanks: beyond 500 states, and where it would not fit with them.
#[test]
fn long_definitions_are_compact() {
    for (calls, text, is_compact) in [(450, 10, false), (600, 10, true), (450, 1_790, true)] {
        let call = format!("mail.send(\"{}\").await?;", "x".repeat(text));
        let source = flow(&format!("{} Ok(Hold {{ id: cmd.id }})", call.repeat(calls)));
        let text = &definitions("", &source)[0];
        assert_eq!(
            !text.contains('\n'),
            is_compact,
            "{calls} calls, {} bytes",
            text.len()
        );
        assert!(text.len() <= 1_048_576);
    }
}

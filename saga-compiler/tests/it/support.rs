//! Calls the compiler, so that every test is only input and output.

use std::fmt::Write as _;

use expect_test::Expect;
use proc_macro2::TokenStream;
use saga_compiler::{Compiled, Failed};

/// A module that compiles; tests replace parts of it.
pub(crate) const BASE: &str = r#"
pub mod shop {
    use saga_runtime::prelude::*;
    #[derive(Serialize, Deserialize)]
    pub struct Cmd { pub id: String, pub lines: Vec<String>, pub total: u64, pub note: Option<String>, pub to: Address }
    #[derive(Serialize, Deserialize)]
    pub struct Address { pub city: String }
    #[derive(Serialize, Deserialize)]
    pub struct Hold { pub id: String }
    pub enum StockError { OutOfStock { sku: String }, #[transient] Busy }
    pub trait Stock {
        #[step(compensate = release)]
        async fn reserve(&self, tx: &mut Tx, order: &str, lines: &[String]) -> Result<Hold, StockError>;
        #[compensation]
        async fn release(&self, tx: &mut Tx, order: &str, hold: Hold) -> Result<(), Retry>;
    }
    pub trait Payments {
        #[step(pivot)]
        async fn charge(&self, cx: &Context, order: &str, total: u64) -> Result<String, StockError>;
    }
    pub trait Mail {
        #[step(retriable)]
        async fn send(&self, cx: &Context, text: &str) -> Result<(), Retry>;
    }
    pub async fn shop(stock: &impl Stock, payments: &impl Payments, mail: &impl Mail, cmd: Cmd) -> Result<Hold, Rejection> {
        let hold = stock.reserve(&cmd.id, &cmd.lines).await?;
        payments.charge(&hold.id, cmd.total).await?;
        mail.send("done").await?;
        Ok(hold)
    }
}
"#;

/// `BASE` with one part replaced, which must be there.
pub(crate) fn base(from: &str, to: &str) -> String {
    assert!(BASE.contains(from), "`{from}` is not in `BASE`");
    BASE.replacen(from, to, 1)
}

/// `BASE` with these statements as its flow's body.
pub(crate) fn flow(body: &str) -> String {
    let (before, after) = BASE.split_once("        let hold").unwrap();
    let (_, after) = after.split_once("Ok(hold)\n").unwrap();
    format!("{before}{body}\n{after}")
}

pub(crate) fn compile(source: &str) -> Result<Compiled, Failed> {
    compile_with("", source)
}

pub(crate) fn compile_with(options: &str, source: &str) -> Result<Compiled, Failed> {
    saga_compiler::compile(tokens(options), tokens(source))
}

fn tokens(source: &str) -> TokenStream {
    source.parse().unwrap()
}

/// The messages in source order, each behind its place and the tokens that stand there.
pub(crate) fn render(source: &str, failed: &Failed) -> String {
    let mut messages: Vec<_> = failed.errors().clone().into_iter().collect();
    messages.sort_by_key(|error| (error.span().start().line, error.span().start().column));
    let mut text = String::new();
    for error in messages {
        let (start, end) = (error.span().start(), error.span().end());
        let line = source.lines().nth(start.line - 1).unwrap_or_default();
        let last = if end.line == start.line {
            end.column
        } else {
            line.chars().count()
        };
        let place: String = line
            .chars()
            .skip(start.column)
            .take(last.saturating_sub(start.column))
            .collect();
        check_manners(&error.to_string());
        writeln!(
            text,
            "{}:{} `{place}`: {error}",
            start.line,
            start.column + 1
        )
        .unwrap();
    }
    text
}

/// One line, lower case, no full stop, and what to write in backticks or words.
fn check_manners(message: &str) {
    let starts_low = !message.starts_with(char::is_uppercase) || message.starts_with("JSON");
    let is_bare = !message.ends_with('.') && !message.contains('\n');
    assert!(starts_low && is_bare, "not how messages read: {message}");
}

/// The messages of a module, each behind the tokens that it points at.
pub(crate) fn check(source: &str, expect: Expect) {
    check_with("", source, expect);
}

/// As `check`, with options of `#[saga]`.
pub(crate) fn check_with(options: &str, source: &str, expect: Expect) {
    let text = match compile_with(options, source) {
        Ok(compiled) => {
            let unresolved = compiled
                .definitions()
                .iter()
                .any(saga_compiler::Definition::is_unresolved);
            if unresolved {
                "left to rustc\n".to_owned()
            } else {
                "ok\n".to_owned()
            }
        }
        Err(failed) => render(if options.is_empty() { source } else { options }, &failed),
    };
    expect.assert_eq(&text);
}

/// The definitions of a module, each accepted by the validator.
pub(crate) fn definitions(options: &str, source: &str) -> Vec<String> {
    let compiled = match compile_with(options, source) {
        Ok(compiled) => compiled,
        Err(failed) => panic!("{}", render(source, &failed)),
    };
    let mut texts = Vec::new();
    for definition in compiled.definitions() {
        assert!(
            !definition.is_unresolved(),
            "`{}` is unresolved:\n{source}",
            definition.name()
        );
        if let Err(problems) = saga_asl::parse(definition.text()) {
            panic!("{problems}\n{}", definition.text());
        }
        texts.push(definition.text().to_owned());
    }
    texts
}

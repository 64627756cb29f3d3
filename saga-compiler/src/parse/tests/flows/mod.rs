//! The nodes that flows become, as text.

#![allow(
    clippy::format_push_string,
    clippy::needless_pass_by_value,
    clippy::needless_raw_string_hashes,
    clippy::too_many_lines,
    reason = "tests are lists of data, and `expect-test` writes its literals so"
)]

mod dump;
mod loops;
mod nodes;
mod states;

use expect_test::Expect;
use quote::quote;

use crate::errors::Errors;
use dump::Dump;

const MODULE: &str = r#"
pub mod shop {
    use saga_runtime::prelude::*;
    #[derive(Serialize, Deserialize)]
    pub struct Cmd {
        pub id: String, pub gift: bool, pub rush: bool, pub note: Option<String>, pub lines: Vec<Line>,
        pub wait: u64, pub at: Timestamp, pub kind: Kind,
    }
    #[derive(Serialize, Deserialize)]
    pub struct Line { pub sku: String, pub parts: Vec<String>, pub rare: bool }
    #[derive(Serialize, Deserialize)]
    pub enum Kind { Small, Large, Huge }
    #[derive(Serialize, Deserialize)]
    pub struct Hold { pub id: String }
    pub enum StockError { OutOfStock { sku: String }, Gone, Held(String), #[transient] Busy }
    pub trait Stock {
        #[step(compensate = release)]
        async fn reserve(&self, tx: &mut Tx, sku: &str) -> Result<Hold, StockError>;
        #[compensation]
        async fn release(&self, tx: &mut Tx, hold: Hold) -> Result<(), Retry>;
    }
    pub trait Fraud {
        #[step(read_only)]
        async fn check(&self, cx: &Context, id: &str) -> Result<Kind, StockError>;
    }
    pub trait Mail {
        #[step(retriable)]
        async fn send(&self, cx: &Context, text: &str) -> Result<String, Retry>;
    }
    pub async fn shop(stock: &impl Stock, fraud: &impl Fraud, mail: &impl Mail, cmd: Cmd) -> Result<(), Rejection> {
        BODY
    }
    #[flow(compensate = shop)]
    pub async fn other(stock: &impl Stock, sku: String) -> Result<Hold, Rejection> {
        Ok(stock.reserve(&sku).await?)
    }
    pub async fn park(mail: &impl Mail) -> Result<(), Rejection> {
        mail.send("parked").await?;
        Ok(())
    }
}
"#;

/// The nodes of the flow `shop` with this body.
fn check(body: &str, expect: Expect) {
    let tokens = MODULE.replace("BODY", body).parse().unwrap();
    let item: syn::ItemMod = syn::parse2(tokens).unwrap();
    let errors = &mut Errors::default();
    let saga = crate::parse::parse(errors, quote!(), quote!(::saga_runtime), &item);
    if let Err(error) = errors.finish() {
        let messages: Vec<String> = error.into_iter().map(|error| error.to_string()).collect();
        panic!("{body}\n{}", messages.join("\n"));
    }
    let flow = saga.flows.iter().find(|flow| flow.ident == "shop").unwrap();
    let mut text = Dump::new(flow).body();
    if let Some(name) = &flow.unresolved {
        text.push_str(&format!("left to rustc: {name}\n"));
    }
    expect.assert_eq(&text);
}

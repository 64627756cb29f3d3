//! What rustc gets to see of a choreography.

use expect_test::{ExpectFile, expect_file};
use quote::quote;

use super::support::{compile_with, order, small};

fn check(source: &str, expect: ExpectFile) {
    let expanded = match compile_with("", source) {
        Ok(compiled) => compiled.expand(&quote!(CONTRACT), &quote!(ASYNCAPI)),
        Err(failed) => failed.expand(),
    };
    let file: syn::File = syn::parse2(expanded).unwrap();
    expect.assert_eq(&prettyplease::unparse(&file));
}

#[test]
fn a_command_a_reaction_and_a_compensation() {
    check(
        &small(
            "Placed, Kept terminal, Full!",
            "pub trait A {
#[command(compensate = undo)] async fn begin(&self, tx: &mut Tx, cmd: &str) -> Result<Placed, Retry>;
#[on(Full)] async fn undo(&self, tx: &mut Tx, placed: Placed, full: &Full) -> Result<(), Retry>;
}
pub trait B {
#[on(Placed, observer)] async fn log(&self, tx: &mut Tx, placed: &Placed) -> Result<(), Retry>;
#[on(Placed, pivot, after = log, early = refuse)] async fn keep(&self, tx: &mut Tx) -> Result<Option<Kept>, Full>;
}",
        ),
        expect_file!["../../golden/choreography.rs"],
    );
}

#[test]
fn a_choreography_with_mistakes() {
    check(
        &order(
            "#[on(OrderPlaced, compensate",
            "#[on(OrderPlacd, compensate",
        ),
        expect_file!["../../golden/choreography_fallback.rs"],
    );
}

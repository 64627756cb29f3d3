//! What rustc gets to see.

use expect_test::{ExpectFile, expect_file};
use quote::quote;

use crate::support::{BASE, base, compile, flow};

fn check(source: &str, expect: ExpectFile) {
    let expanded = match compile(source) {
        Ok(compiled) => compiled.expand(|definition| {
            let name = definition.name();
            quote!(include_str!(#name))
        }),
        Err(failed) => failed.expand(),
    };
    let file: syn::File = syn::parse2(expanded).unwrap();
    expect.assert_eq(&prettyplease::unparse(&file));
}

#[test]
fn one_transaction() {
    let source = flow("let hold = stock.reserve(&cmd.id, &cmd.lines).await?; Ok(hold)");
    check(&source, expect_file!["../golden/transactional.rs"]);
}

#[test]
fn an_outside_effect_with_an_outcome() {
    let source = BASE
        .replace("tx: &mut Tx", "cx: &Context")
        .replace("hold: Hold", "hold: &Outcome<Hold>");
    check(&source, expect_file!["../golden/external.rs"]);
}

#[test]
fn cfg_is_kept_on_what_stands_for_an_item() {
    let source = base(
        "pub trait Mail {",
        r#"#![allow(missing_docs)] #[cfg(feature = "audit")] pub enum AuditError { Full { #[cfg(test)] size: u64, #[source] why: std::io::Error }, Other(u8, String) }
        #[cfg(feature = "audit")]
        pub trait Audit {
            #[cfg(feature = "audit")]
            #[step(read_only)]
            async fn look(&self, tx: &mut Tx) -> Result<(), AuditError>;
        }
        #[cfg(feature = "audit")]
        pub async fn audit(audit: &impl Audit, r#type: &str) -> Result<(), Rejection> { audit.look().await?; Ok(()) }
        pub trait Mail {"#,
    );
    let source = source.replace("#![allow(missing_docs)]", "").replacen(
        "pub mod shop {",
        "pub mod shop { #![allow(missing_docs)]",
        1,
    );
    check(&source, expect_file!["../golden/cfg.rs"]);
}

#[test]
fn a_module_with_mistakes() {
    let source = base("#[step(pivot)]", "#[step(pivto)]");
    check(&source, expect_file!["../golden/fallback.rs"]);
}

#[test]
fn a_name_that_is_left_to_rustc() {
    let source = flow("let hold = stock.reserve(&ordr, &cmd.lines).await?; Ok(hold)");
    check(&source, expect_file!["../golden/unresolved.rs"]);
}

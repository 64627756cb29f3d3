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
    let source = base("#[step(pivot)]", "#[step(pivto)]").replace(
        "pub trait Mail {",
        "#[flow(compensate = nothing)] fn no_flow() {} pub trait Mail {",
    );
    check(&source, expect_file!["../golden/fallback.rs"]);
}

#[test]
fn a_name_that_is_left_to_rustc() {
    let source = flow("let hold = stock.reserve(&ordr, &cmd.lines).await?; Ok(hold)");
    check(&source, expect_file!["../golden/unresolved.rs"]);
}

#[test]
fn a_loop_and_a_join() {
    let source = flow(
        "let mut ids = Vec::new();
        #[parallel(max = 8)]
        for line in &cmd.lines {
            let hold = stock.reserve(line, &cmd.lines).await?;
            ids.push(hold.id);
        }
        let (hold, _) = join!(stock.reserve(&cmd.id, &ids), async {
            #[parallel(max = 2)]
            for line in &cmd.lines {
                stock.reserve(line, &ids).await?;
            }
            Ok(())
        })?;
        #[parallel(max = 100, distributed)]
        for line in &cmd.lines { mail.send(line).await?; }
        Ok(hold)",
    );
    check(&source, expect_file!["../golden/loop_and_join.rs"]);
}

#[test]
fn a_flow_that_calls_another() {
    let source = base(
        "pub async fn shop(",
        "#[flow(compensate = drop_hold)]
        #[allow(unused_variables)]
        pub async fn hold(stock: &impl Stock, cmd: Cmd) -> Result<Hold, Rejection> {
            let unused = cmd.total;
            Ok(stock.reserve(&cmd.id, &cmd.lines).await?)
        }
        pub async fn drop_hold(mail: &impl Mail, hold: &Hold) -> Result<(), Rejection> {
            mail.send(&hold.id).await?;
            Ok(())
        }
        pub async fn shop(",
    )
    .replace(
        "let hold = stock.reserve(&cmd.id, &cmd.lines).await?;\n        payments",
        "let total = cmd.total; let hold = hold(stock, cmd).await?;\n        payments",
    )
    .replace("cmd.total).await?;", "total).await?;");
    check(&source, expect_file!["../golden/nested.rs"]);
}

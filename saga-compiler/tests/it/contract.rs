//! The contract beside a definition.

use expect_test::{Expect, expect};
use saga_compiler::{Contract, Definition};

use crate::support::{base, compile_with, render};

fn check(options: &str, source: &str, expected: Expect) {
    let compiled = match compile_with(options, source) {
        Ok(compiled) => compiled,
        Err(failed) => panic!("{}", render(source, &failed)),
    };
    let contracts = compiled.definitions().iter().map(Definition::contract);
    let mut text = String::new();
    for contract in contracts {
        assert_eq!(
            Contract::from_json(&contract.to_json()).as_ref(),
            Ok(contract)
        );
        text += &contract.to_json();
    }
    expected.assert_eq(&text);
}

#[test]
fn what_the_definition_does_not_say() {
    let source = base(
        "-> Result<Hold, Rejection> {",
        "-> Result<(Hold, Option<Vec<(u64, String)>>), Rejection> {",
    );
    let source = source.replace("Ok(hold)\n", "Ok((hold, None))\n");
    check(
        r#"deadline = "15m", on_stuck = fail"#,
        &source,
        expect![[r#"
            {
              "format": 1,
              "name": "shop",
              "input": "Cmd",
              "output": "(Hold, Option<Vec<(u64, String)>>)",
              "deadline": 900,
              "on_stuck": "fail",
              "participants": [
                {
                  "name": "Stock",
                  "function": "StockFunctionArn",
                  "steps": [
                    {
                      "name": "stock.reserve",
                      "kind": "compensatable",
                      "mode": "T",
                      "compensation": "release",
                      "rejections": [
                        "StockError.OutOfStock"
                      ],
                      "transients": [
                        "StockError.Busy"
                      ]
                    }
                  ]
                },
                {
                  "name": "Payments",
                  "function": "PaymentsFunctionArn",
                  "steps": [
                    {
                      "name": "payments.charge",
                      "kind": "pivot",
                      "mode": "X",
                      "rejections": [
                        "StockError.OutOfStock"
                      ],
                      "transients": [
                        "StockError.Busy"
                      ]
                    }
                  ]
                },
                {
                  "name": "Mail",
                  "function": "MailFunctionArn",
                  "steps": [
                    {
                      "name": "mail.send",
                      "kind": "retriable",
                      "mode": "X",
                      "transients": [
                        "Saga.Retry"
                      ]
                    }
                  ]
                }
              ]
            }
        "#]],
    );
}

#[test]
fn a_step_called_twice_is_there_once_and_a_flow_with_what_undoes_it() {
    let source = r#"
    pub mod two {
        use saga_runtime::prelude::*;
        pub trait Part {
            #[step(compensate = undo)]
            async fn r#do(&self, tx: &mut Tx) -> Result<(), Retry>;
            #[compensation]
            async fn undo(&self, tx: &mut Tx) -> Result<(), Retry>;
            #[step(retriable)]
            async fn tell(&self, cx: &Context) -> Result<(), Retry>;
            #[step(read_only)]
            async fn never_called(&self, tx: &mut Tx) -> Result<(), Retry>;
        }
        pub async fn outer(part: &impl Part) -> Result<(), Rejection> {
            part.r#do().await?;
            inner(part).await?;
            part.r#do().await?;
            Ok(())
        }
        #[flow(compensate = uninner)]
        pub async fn inner(part: &impl Part) -> Result<(), Rejection> { part.r#do().await?; Ok(()) }
        pub async fn uninner(part: &impl Part) -> Result<(), Rejection> { part.tell().await?; Ok(()) }
    }"#;
    check(
        "",
        source,
        expect![[r#"
        {
          "format": 1,
          "name": "outer",
          "output": "()",
          "on_stuck": "park",
          "participants": [
            {
              "name": "Part",
              "function": "PartFunctionArn",
              "steps": [
                {
                  "name": "part.do",
                  "kind": "compensatable",
                  "mode": "T",
                  "compensation": "undo",
                  "transients": [
                    "Saga.Retry"
                  ]
                }
              ]
            }
          ],
          "flows": [
            {
              "name": "inner",
              "machine": "InnerStateMachineArn",
              "compensation": "uninner"
            }
          ]
        }
        {
          "format": 1,
          "name": "inner",
          "output": "()",
          "on_stuck": "park",
          "participants": [
            {
              "name": "Part",
              "function": "PartFunctionArn",
              "steps": [
                {
                  "name": "part.do",
                  "kind": "compensatable",
                  "mode": "T",
                  "compensation": "undo",
                  "transients": [
                    "Saga.Retry"
                  ]
                }
              ]
            }
          ]
        }
        {
          "format": 1,
          "name": "uninner",
          "output": "()",
          "on_stuck": "park",
          "participants": [
            {
              "name": "Part",
              "function": "PartFunctionArn",
              "steps": [
                {
                  "name": "part.tell",
                  "kind": "retriable",
                  "mode": "X",
                  "transients": [
                    "Saga.Retry"
                  ]
                }
              ]
            }
          ]
        }
    "#]],
    );
}

#[test]
fn another_format_is_refused() {
    let error = Contract::from_json(r#"{ "format": 2 }"#).unwrap_err();
    expect!["it has format 2, and this tool reads 1; use the `cargo-saga` of the `saga-runtime` that wrote it"]
        .assert_eq(&error.to_string());
    assert!(Contract::from_json("{}").is_err());
}

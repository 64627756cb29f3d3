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
                      "params": [
                        "order: String",
                        "lines: Vec<String>"
                      ],
                      "output": "Hold",
                      "compensation": "release",
                      "kept": [
                        "order"
                      ],
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
                      "params": [
                        "order: String",
                        "total: u64"
                      ],
                      "output": "String",
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
                      "params": [
                        "text: String"
                      ],
                      "transients": [
                        "Saga.Retry"
                      ]
                    }
                  ]
                }
              ],
              "types": [
                {
                  "name": "Cmd",
                  "form": "struct",
                  "parts": [
                    "id: String",
                    "lines: Vec<String>",
                    "total: u64",
                    "note: Option<String>",
                    "to: Address"
                  ]
                },
                {
                  "name": "Address",
                  "form": "struct",
                  "parts": [
                    "city: String"
                  ]
                },
                {
                  "name": "Hold",
                  "form": "struct",
                  "parts": [
                    "id: String"
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
                  ],
                  "others": [
                    {
                      "name": "part.tell",
                      "kind": "retriable",
                      "mode": "X",
                      "transients": [
                        "Saga.Retry"
                      ]
                    },
                    {
                      "name": "part.never_called",
                      "kind": "read_only",
                      "mode": "T",
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
                  ],
                  "others": [
                    {
                      "name": "part.tell",
                      "kind": "retriable",
                      "mode": "X",
                      "transients": [
                        "Saga.Retry"
                      ]
                    },
                    {
                      "name": "part.never_called",
                      "kind": "read_only",
                      "mode": "T",
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
                  ],
                  "others": [
                    {
                      "name": "part.do",
                      "kind": "compensatable",
                      "mode": "T",
                      "compensation": "undo",
                      "transients": [
                        "Saga.Retry"
                      ]
                    },
                    {
                      "name": "part.never_called",
                      "kind": "read_only",
                      "mode": "T",
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

/// Doc comments and visibility decide nothing about JSON, and types that the flow does not meet are not its business.
#[test]
fn types_as_they_decide_on_json() {
    let source = r#"
        pub mod shop {
            use saga_runtime::prelude::*;

            pub type OrderId = String;
            #[derive(Serialize, Deserialize)]
            #[serde(rename_all = "camelCase")]
            pub struct Cmd {
                /// Which.
                pub order_id: OrderId,
                #[serde(default, rename = "weights")] pub all_weights: Vec<Weight>,
            }
            #[derive(Serialize, Deserialize)] pub struct Weight(pub u32);
            #[derive(Serialize, Deserialize)]
            pub enum Verdict { Clear, Unsure { score: u32 }, #[serde(rename = "no")] Fraud(String) }
            #[derive(Serialize, Deserialize)] pub struct Elsewhere(u32);
            pub trait Fraud {
                #[step(read_only)]
                async fn check(&self, cx: &Context, order: &OrderId) -> Result<Verdict, Retry>;
            }
            pub async fn shop(fraud: &impl Fraud, cmd: Cmd) -> Result<Verdict, Rejection> {
                Ok(fraud.check(&cmd.order_id).await?)
            }
        }
    "#;
    let compiled = saga_compiler::compile("".parse().unwrap(), source.parse().unwrap());
    let compiled = compiled.unwrap_or_else(|failed| panic!("{}", failed.errors()));
    let types = &compiled.definitions()[0].contract().types;
    let types = types.iter().map(|declared| {
        let (name, form) = (&declared.name, declared.form);
        format!(
            "{form:?} {name} {:?} {:?}\n",
            declared.serde, declared.parts
        )
    });
    expect![[r##"
        Alias OrderId [] ["String"]
        Struct Cmd ["rename_all = \"camelCase\""] ["order_id: OrderId", "#[serde(default, rename = \"weights\")] all_weights: Vec<Weight>"]
        Tuple Weight [] ["u32"]
        Enum Verdict [] ["Clear", "Unsure { score: u32 }", "#[serde(rename = \"no\")] Fraud(String)"]
    "##]].assert_eq(&types.collect::<String>());
}

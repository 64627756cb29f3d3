//! The JSON names of fields and variants, against what serde really does.

use serde::Serialize;
use serde_json::Value;

use crate::support::definitions;

/// Declares types for serde and hands their very source to the compiler, with a value that a flow builds.
macro_rules! check {
    ({ $($item:item)+ } $value:expr) => {{
        $(
            #[allow(dead_code, non_snake_case, non_camel_case_types)]
            $item
        )+
        let expected = serde_json::to_value($value).unwrap();
        let items = concat!($(stringify!($item)),+);
        assert_eq!(built_by_a_flow(items, stringify!($value)), expected);
    }};
    ($item:item $value:expr) => {
        check! { { $item } $value }
    };
}

/// What the compiler makes of the value.
fn built_by_a_flow(item: &str, value: &str) -> Value {
    let source = format!(
        "pub mod probe {{ use saga_runtime::prelude::*;
            {item}
            pub trait Probe {{ #[step(read_only)] async fn probe(&self, tx: &mut Tx, value: &T) -> Result<(), Retry>; }}
            pub async fn probe(probe: &impl Probe) -> Result<(), Rejection> {{ probe.probe(&{value}).await?; Ok(()) }}
        }}"
    );
    let machine: Value = serde_json::from_str(&definitions("", &source)[0]).unwrap();
    machine["States"]["probe.probe"]["Arguments"]["Payload"]["input"]["value"].clone()
}

/// Runs a check under each rule that serde has.
macro_rules! each_rule {
    ($check:ident: $($rule:literal)*) => { $($check!($rule);)* };
}

#[test]
fn fields_under_every_rule() {
    macro_rules! rule {
        ($rule:literal) => {
            check! {
                        #[derive(Serialize)]
                        #[serde(rename_all = $rule)]
                        struct S {
                            id: u8,
                            order_id: u8,
                            a_b_c: u8,
                            _led: u8,
                            trail_: u8,
                            two__bars: u8,
                            x1_y2: u8,
                            r#type: u8,
                            Odd_Name: u8,
                            größe_x: u8,
                            #[serde(rename = "own name")]
                            own: u8,
                        }
                        S {
                            id: 1,
                            order_id: 2,
                            a_b_c: 3,
                            _led: 4,
                            trail_: 5,
                            two__bars: 6,
                            x1_y2: 7,
                            r#type: 8,
                            Odd_Name: 9,
                            größe_x: 10,
                            own: 11
                        }
            }
        };
    }
    each_rule!(rule: "lowercase" "UPPERCASE" "PascalCase" "camelCase" "snake_case" "SCREAMING_SNAKE_CASE" "kebab-case" "SCREAMING-KEBAB-CASE");
}

#[test]
fn variants_under_every_rule() {
    macro_rules! rule {
        ($rule:literal) => {
            check! {
                        #[derive(Serialize)]
                        #[serde(rename_all = $rule)]
                        enum E {
                            A,
                            OutOfStock,
                            HTTPError,
                            X1Y2,
                            Snake_Name,
                            lower,
                            #[serde(rename = "own name")]
                            Own,
                        }
                        (
                            E::A,
                            E::OutOfStock,
                            E::HTTPError,
                            E::X1Y2,
                            E::Snake_Name,
                            E::lower,
                            E::Own
                        )
            }
        };
    }
    each_rule!(rule: "lowercase" "UPPERCASE" "PascalCase" "camelCase" "snake_case" "SCREAMING_SNAKE_CASE" "kebab-case" "SCREAMING-KEBAB-CASE");
}

#[test]
fn variants_with_data_under_every_tagging() {
    macro_rules! tagging {
        ($($tagging:meta),*) => {
            check! {
                #[derive(Serialize)]
                $(#[$tagging])*
                enum E {
                    Unit,
                    FewWords { order_id: u8, #[serde(rename = "own name")] own: u8 },
                    #[serde(rename = "own variant", rename_all = "UPPERCASE")]
                    Own { order_id: u8 },
                    Empty {},
                    Nothing(()),
                }
                (
                    E::Unit,
                    E::FewWords { order_id: 1, own: 2 },
                    E::Own { order_id: 3 },
                    E::Empty {},
                    E::Nothing(())
                )
            }
        };
    }
    tagging!();
    tagging!(serde(
        rename_all = "kebab-case",
        rename_all_fields = "camelCase"
    ));
    tagging!(serde(tag = "type"));
    tagging!(serde(
        tag = "the type",
        rename_all = "SCREAMING_SNAKE_CASE",
        rename_all_fields = "PascalCase"
    ));
    tagging!(serde(tag = "t", content = "c"));
    tagging!(serde(
        tag = "t",
        content = "c",
        rename_all = "camelCase",
        rename_all_fields = "kebab-case"
    ));
}

#[test]
fn variants_of_tuples_under_every_tagging() {
    macro_rules! tagging {
        ($($tagging:meta),*) => {
            check! { {
                #[derive(Serialize)]
                $(#[$tagging])*
                enum E { One(u8), Two(u8, (bool, char)), None(Option<u8>), None_(), Nested(Inner) }
                #[derive(Serialize)]
                enum Inner { Unit, Data { x: u8 } }
                }
                (
                    E::One(1),
                    E::Two(2, (true, 'c')),
                    E::None(None),
                    E::None_(),
                    E::Nested(Inner::Unit),
                    E::Nested(Inner::Data { x: 3 })
                )
            }
        };
    }
    tagging!();
    tagging!(serde(rename_all = "snake_case"));
    tagging!(serde(tag = "t", content = "c"));
}

#[test]
fn structs_beside_a_tag() {
    check! { {
        #[derive(Serialize)]
        #[serde(tag = "t")]
        enum E { Struct(Inner), Newtype(Newtype) }
        #[derive(Serialize)]
        struct Newtype(Inner);
        #[derive(Serialize)]
        #[serde(rename_all = "UPPERCASE")]
        struct Inner { x: u8 }
        }
        (E::Struct(Inner { x: 1 }), E::Newtype(Newtype(Inner { x: 2 })))
    }
}

#[test]
fn shapes_of_structs() {
    check! {
        #[derive(Serialize)]
        struct S(u8);
        S(7)
    }
    check! {
        #[derive(Serialize)]
        #[serde(transparent)]
        struct S(u8);
        S(7)
    }
    check! {
        #[derive(Serialize)]
        struct S(u8, String);
        S(7, String::from("x"))
    }
    check! {
        #[derive(Serialize)]
        struct S();
        S()
    }
    check! {
        #[derive(Serialize)]
        struct S;
        S
    }
    check! {
        #[derive(Serialize)]
        struct S {}
        S {}
    }
    check! {
        #[derive(Serialize)]
        struct S {
            some: Option<u8>,
            none: Option<u8>,
            unit: (),
            pair: (u8, char),
        }
        S {
            some: Some(1),
            none: None,
            unit: (),
            pair: (2, 'c')
        }
    }
}

#[test]
fn literals() {
    check! {
        type Unused = u8;
        (
            1_000u64,
            -5i64,
            0xff,
            1.5,
            -0.25,
            1e3,
            true,
            "text",
            'c',
            "\u{1F600} \"quoted\" \\ \n",
            9_007_199_254_740_991u64
        )
    }
}

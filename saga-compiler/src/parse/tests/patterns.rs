//! What patterns ask and bind: as text, and against what serde really writes and Rust really matches.

use std::fmt::Write as _;

use expect_test::{Expect, expect};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use syn::parse::Parser as _;

use super::{Said, evaluate, text, with_parser};
use crate::ir::{LocalId, Root, Segment, Ty, Value};
use crate::parse::pattern::Matched;
use crate::parse::types::parse_ty;

/// Reads a pattern over a value of that type, which stands in the input.
fn read(module: &str, ty: &str, pattern: &str) -> (Matched, Said) {
    let ty = parse_ty(&syn::parse_str(ty).unwrap());
    read_over(module, &Value::Place(Root::Input, Vec::new()), &ty, pattern)
}

fn read_over(module: &str, value: &Value, ty: &Ty, pattern: &str) -> (Matched, Said) {
    let pattern = syn::Pat::parse_multi.parse_str(pattern).unwrap();
    with_parser(module, |parser| parser.parse_pattern(&pattern, value, ty))
}

/// The condition, then each binding; or the messages, each behind the tokens that it points at.
fn render(pattern: &str, (matched, said): &(Matched, Said)) -> String {
    if let Some(said) = said.render(pattern) {
        return said;
    }
    let condition = matched.condition.as_ref();
    let mut lines = condition.map_or("always".to_owned(), text) + "\n";
    for (name, value, ty) in &matched.bindings {
        writeln!(lines, "{name} is {}: {ty:?}", text(value)).unwrap();
    }
    lines
}

/// A pattern over the input, whose type stands before it.
fn check(module: &str, cases: &[&str], expect: Expect) {
    let mut rendered = String::new();
    for case in cases {
        let (ty, pattern) = case.split_once(" ~ ").unwrap();
        writeln!(rendered, "{case}").unwrap();
        for line in render(pattern, &read(module, ty, pattern)).lines() {
            writeln!(rendered, "    {line}").unwrap();
        }
    }
    expect.assert_eq(&rendered);
}

/// What a pattern binds in a value's JSON; `None` when it does not match.
fn bound(module: &str, ty: &str, pattern: &str, json: &Json) -> Option<Vec<(String, Json)>> {
    let (matched, said) = read(module, ty, pattern);
    assert_eq!(said.render(pattern), None, "{pattern}");
    let condition = matched.condition.unwrap_or(Value::Bool(true));
    if evaluate(&condition, json) != Some(Json::Bool(true)) {
        return None;
    }
    let bindings = matched.bindings.into_iter();
    // A key that is missing is a `None`.
    Some(
        bindings
            .map(|(name, value, _)| (name, evaluate(&value, json).unwrap_or_default()))
            .collect(),
    )
}

/// Declares types for serde, and compares what Rust matches and binds in values with what the parser finds in their JSON.
macro_rules! agree {
    ({ $($item:item)* } $ty:ty, [$($value:expr),* $(,)?], $($pattern:pat => [$($name:ident),*]),* $(,)?) => {{
        $($item)*
        let module = concat!($(stringify!($item), "\n"),*);
        let values: Vec<$ty> = vec![$($value),*];
        for value in &values {
            let json = serde_json::to_value(value).unwrap();
            $({
                let expected = match value {
                    $pattern => Some(vec![$((stringify!($name).to_owned(), serde_json::to_value($name).unwrap())),*]),
                    _ => None,
                };
                let pattern = stringify!($pattern);
                let found = bound(module, stringify!($ty), pattern, &json);
                assert_eq!(found, expected, "{pattern} over {json}");
            })*
        }
    }};
}

/// The same enum under each tagging.
macro_rules! each_tagging {
    ($check:ident: $([$($tagging:meta),*])*) => { $($check!($($tagging),*);)* };
}

#[test]
fn enums_under_every_tagging_match_as_in_rust() {
    macro_rules! tagging {
        ($($tagging:meta),*) => {
            agree!({
                #[derive(Serialize)]
                $(#[$tagging])*
                enum Kind {
                    Plain,
                    #[serde(rename = "a gift")]
                    Gift { to: String, wrapped_in: Option<String>, #[serde(rename = "n")] count: u8 },
                    Parcel(Parcel),
                    Nothing {},
                }
                #[derive(Serialize)]
                struct Parcel { weight: u64, size: Size }
                #[derive(Serialize)]
                enum Size { Small, Large { by: i8 } }
            }
            Kind,
            [
                Kind::Plain,
                Kind::Gift { to: "Eve".to_owned(), wrapped_in: None, count: 3 },
                Kind::Gift { to: String::new(), wrapped_in: Some("red".to_owned()), count: 7 },
                Kind::Parcel(Parcel { weight: 12, size: Size::Small }),
                Kind::Parcel(Parcel { weight: 5, size: Size::Large { by: -2 } }),
                Kind::Nothing {},
            ],
            Kind::Plain => [],
            Kind::Gift { .. } => [],
            Kind::Gift { to, count: 3, .. } => [to],
            Kind::Gift { to, wrapped_in: Some(paper), count: n @ 4..=7 } => [to, paper, n],
            Kind::Gift { wrapped_in: None, .. } | Kind::Plain => [],
            Kind::Parcel(_) => [],
            Kind::Parcel(Parcel { weight, size: Size::Small }) => [weight],
            Kind::Parcel(Parcel { weight: 6.., size }) => [size],
            Kind::Parcel(Parcel { size: Size::Large { by: -2 }, weight: w @ ..10 }) => [w],
            Kind::Parcel(Parcel { size: size @ Size::Large { by }, .. }) => [size, by],
            Kind::Nothing {} => [],
            Kind::Nothing { .. } | Kind::Parcel(Parcel { size: Size::Small, .. }) => [],
            _ => [],
        )};
    }
    each_tagging!(tagging:
        []
        [serde(rename_all = "snake_case", rename_all_fields = "SCREAMING-KEBAB-CASE")]
        [serde(tag = "type")]
        [serde(tag = "the type", rename_all = "UPPERCASE", rename_all_fields = "camelCase")]
        [serde(tag = "t", content = "c")]
        [serde(tag = "t", content = "c", rename_all = "kebab-case", rename_all_fields = "PascalCase")]
    );
}

#[test]
fn tuple_variants_match_as_in_rust() {
    macro_rules! tagging {
        ($($tagging:meta),*) => {
            agree!({
                #[derive(Serialize)]
                $(#[$tagging])*
                enum Shape { Dot, Circle(f64), Box(u8, Option<u8>, (bool, String)), Wrapped(Id), Maybe(Option<Id>), Empty() }
                #[derive(Serialize)]
                struct Id(String);
            }
            Shape,
            [
                Shape::Dot,
                Shape::Circle(1.5),
                Shape::Box(1, Some(2), (true, "x".to_owned())),
                Shape::Box(1, None, (false, "y".to_owned())),
                Shape::Wrapped(Id("a".to_owned())),
                Shape::Maybe(None),
                Shape::Maybe(Some(Id("b".to_owned()))),
                Shape::Empty(),
            ],
            Shape::Dot => [],
            Shape::Circle(radius) => [radius],
            Shape::Circle(1.5) => [],
            Shape::Circle(..) => [],
            Shape::Box(a, Some(b), (true, c)) => [a, b, c],
            Shape::Box(a, .., (flag, _)) => [a, flag],
            Shape::Box(.., (_, name)) => [name],
            Shape::Box(1 | 2, None, ..) => [],
            Shape::Box { 0: a, 1: b, .. } => [a, b],
            Shape::Box { .. } => [],
            Shape::Wrapped(Id(id)) => [id],
            Shape::Maybe(None) => [],
            Shape::Maybe(Some(Id(id))) => [id],
            Shape::Maybe(id) => [id],
            Shape::Empty() => [],
        )};
    }
    each_tagging!(tagging: [] [serde(rename_all = "camelCase")] [serde(tag = "t", content = "c")]);
}

#[test]
fn structs_tuples_and_scalars_match_as_in_rust() {
    agree!({
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Order { order_id: Id, note: Option<Text>, pair: (Id, i64), open: bool, letter: char, unit: Unit }
        #[derive(Serialize)]
        struct Id(u64);
        #[derive(Serialize)]
        struct Text(String, u8);
        #[derive(Serialize)]
        struct Unit;
    }
    Order,
    [
        Order { order_id: Id(1), note: None, pair: (Id(2), -3), open: true, letter: 'c', unit: Unit },
        Order { order_id: Id(9), note: Some(Text("n".to_owned(), 4)), pair: (Id(2), 3), open: false, letter: 'd', unit: Unit },
    ],
    Order { order_id: Id(1), .. } => [],
    Order { order_id, pair: (Id(two), three), .. } => [order_id, two, three],
    Order { note: Some(Text(text, 4)), unit: Unit, .. } => [text],
    Order { note: Some(text @ Text { 1: n, .. }), .. } => [text, n],
    Order { note: None, open: true, letter: 'c', .. } => [],
    Order { pair: (_, -3 | 4), .. } => [],
    Order { pair: pair @ (.., (-5..=-3)), .. } => [pair],
    Order { open: false | true, letter, .. } => [letter],
    );
}

#[test]
fn the_content_beside_a_tag_can_be_handed_on() {
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Parcel {
        weight: u64,
    }
    #[derive(Serialize)]
    #[serde(tag = "type")]
    enum Kind {
        Parcel(Parcel),
    }
    let module = "#[derive(Serialize)] struct Parcel { weight: u64 }
        #[derive(Serialize)] #[serde(tag = \"type\")] enum Kind { Parcel(Parcel) }";
    let json = serde_json::to_value(Kind::Parcel(Parcel { weight: 4 })).unwrap();
    let mut bindings = bound(module, "Kind", "Kind::Parcel(parcel)", &json).unwrap();
    let (_, parcel) = bindings.pop().unwrap();
    assert_eq!(
        serde_json::from_value::<Parcel>(parcel).unwrap(),
        Parcel { weight: 4 }
    );
}

const MODULE: &str = r#"
    #[derive(Serialize)] struct Cmd { id: String, kind: Kind, note: Option<Note>, pair: (Option<Note>, u64) }
    #[derive(Serialize)] struct Note { text: String, #[serde(skip)] hidden: u8, #[serde(default)] lax: u8 }
    #[derive(Serialize)] enum Kind { Plain, Gift { to: String }, #[serde(skip)] Never, #[serde(alias = "past")] Old }
    #[derive(Serialize)] #[serde(tag = "t")] enum Tagged { A { x: u8 }, B(Note), C(()), D(u8), E(Strict), #[serde(other)] F }
    #[derive(Serialize)] #[serde(deny_unknown_fields)] struct Strict { x: u8 }
    #[derive(Serialize)] #[serde(tag = "t", content = "c")] enum Adjacent { A { x: u8 } }
    #[derive(Serialize)] #[serde(untagged)] enum Untagged { A }
    #[derive(Serialize)] struct Unit;
    #[derive(Serialize)] struct Pair(u8, u8);
    #[derive(Serialize)] struct Newtype(u8);
    #[derive(Serialize)] #[serde(transparent)] struct Closed { x: u8 }
    type Alias = Kind;
    struct Underived { x: u8 }
"#;

#[test]
fn conditions_and_bindings() {
    check(
        MODULE,
        &[
            "Cmd ~ _",
            "Cmd ~ cmd",
            "Cmd ~ ref cmd",
            "Cmd ~ &(cmd)",
            "Cmd ~ Cmd { id, kind: Kind::Gift { to }, .. }",
            "Cmd ~ all @ Cmd { note: Some(Note { text, .. }), .. }",
            "Cmd ~ Cmd { pair: (Some(Note { text, .. }), 1..=3), .. }",
            "Cmd ~ Cmd { pair: (None, 4..), .. }",
            "Alias ~ Kind::Plain | Kind::Gift { .. }",
            "Kind ~ Alias::Plain",
            "Tagged ~ Tagged::A { x: 1..3 }",
            "Tagged ~ Tagged::B(note)",
            "Tagged ~ Tagged::B(Note { text, .. })",
            "Tagged ~ Tagged::C(unit)",
            "Tagged ~ Tagged::D(_) | Tagged::E(..)",
            "Option<Tagged> ~ Some(Tagged::A { x })",
            "Option<Adjacent> ~ Some(Adjacent::A { x })",
            "Option<u8> ~ Some(0) | None",
            "Option<other::Thing> ~ Some(thing)",
            "(u8, bool) ~ (0, false)",
            "(u8, bool) ~ (.., flag)",
            "() ~ ()",
            "Unit ~ Unit",
            "Unit ~ self::Unit",
            "Newtype ~ Newtype(-1)",
            "Pair ~ Pair(first, ..)",
            "String ~ \"a\" | \"b\"",
            "bool ~ true | _",
            "other::Thing ~ thing",
            "Untagged ~ _",
        ],
        expect![[r#"
            Cmd ~ _
                always
            Cmd ~ cmd
                always
                cmd is input: Named("Cmd")
            Cmd ~ ref cmd
                always
                cmd is input: Named("Cmd")
            Cmd ~ &(cmd)
                always
                cmd is input: Named("Cmd")
            Cmd ~ Cmd { id, kind: Kind::Gift { to }, .. }
                has(input.kind.Gift?)
                id is input.id: String
                to is input.kind.Gift?.to: String
            Cmd ~ all @ Cmd { note: Some(Note { text, .. }), .. }
                some(input.note?)
                all is input: Named("Cmd")
                text is input.note?.text: String
            Cmd ~ Cmd { pair: (Some(Note { text, .. }), 1..=3), .. }
                ((some(input.pair.0) && (1 <= input.pair.1)) && (input.pair.1 <= 3))
                text is input.pair.0.text?: String
            Cmd ~ Cmd { pair: (None, 4..), .. }
                (!some(input.pair.0) && (4 <= input.pair.1))
            Alias ~ Kind::Plain | Kind::Gift { .. }
                ((input = "Plain") || has(input.Gift?))
            Kind ~ Alias::Plain
                (input = "Plain")
            Tagged ~ Tagged::A { x: 1..3 }
                (((input.t = "A") && (1 <= input.x?)) && (input.x? < 3))
            Tagged ~ Tagged::B(note)
                (input.t = "B")
                note is input: Named("Note")
            Tagged ~ Tagged::B(Note { text, .. })
                (input.t = "B")
                text is input.text?: String
            Tagged ~ Tagged::C(unit)
                (input.t = "C")
                unit is null: Tuple([])
            Tagged ~ Tagged::D(_) | Tagged::E(..)
                ((input.t = "D") || (input.t = "E"))
            Option<Tagged> ~ Some(Tagged::A { x })
                (some(input) && (input.t? = "A"))
                x is input.x?: Integer
            Option<Adjacent> ~ Some(Adjacent::A { x })
                (some(input) && (input.t? = "A"))
                x is input.c?.x: Integer
            Option<u8> ~ Some(0) | None
                ((some(input) && (input = 0)) || !some(input))
            Option<other::Thing> ~ Some(thing)
                some(input)
                thing is input: Opaque("other::Thing")
            (u8, bool) ~ (0, false)
                ((input.0 = 0) && (input.1 = Bool(false)))
            (u8, bool) ~ (.., flag)
                always
                flag is input.1: Bool
            () ~ ()
                always
            Unit ~ Unit
                always
            Unit ~ self::Unit
                always
            Newtype ~ Newtype(-1)
                (input = -1)
            Pair ~ Pair(first, ..)
                always
                first is input.0: Integer
            String ~ "a" | "b"
                ((input = "a") || (input = "b"))
            bool ~ true | _
                always
            other::Thing ~ thing
                always
                thing is input: Opaque("other::Thing")
            Untagged ~ _
                always
        "#]],
    );
}

#[test]
fn patterns_over_values_that_are_no_place() {
    let kind = || Ty::Named("Kind".to_owned());
    let place = |name: &str| {
        let segment = Segment::Field {
            json: name.to_owned(),
            optional: false,
        };
        Value::Place(Root::Input, vec![segment])
    };
    let mut rendered = String::new();
    let mut show = |value: Value, ty: Ty, pattern: &str| {
        let read = read_over(MODULE, &value, &ty, pattern);
        write!(rendered, "{pattern}: {}", render(pattern, &read)).unwrap();
    };
    let chosen = Value::If(Box::new([place("gift"), place("a"), place("b")]));
    show(chosen.clone(), kind(), "Kind::Gift { to }");
    show(chosen, kind(), "Kind::Plain");
    let built = Value::Object(vec![(
        "Gift".to_owned(),
        Value::Object(vec![("to".to_owned(), place("to"))]),
    )]);
    show(built.clone(), kind(), "Kind::Gift { to: \"Eve\" }");
    show(built.clone(), kind(), "Kind::Plain");
    show(
        built,
        Ty::Option(Box::new(kind())),
        "Some(Kind::Gift { .. })",
    );
    let tuple = Value::Array(vec![place("a"), Value::Null]);
    let types = vec![
        Ty::Option(Box::new(Ty::Bool)),
        Ty::Option(Box::new(Ty::Bool)),
    ];
    show(
        tuple.clone(),
        Ty::Tuple(types.clone()),
        "(Some(true), None)",
    );
    show(tuple, Ty::Tuple(types), "(None, Some(x))");
    let answer = Value::Place(Root::Local(LocalId(0)), Vec::new());
    show(answer.clone(), kind(), "Kind::Old");
    show(answer, Ty::Named("Note".to_owned()), "Note { lax: 1, .. }");
    expect![[r#"
        Kind::Gift { to }: (input.gift ? has(input.a.Gift?) : has(input.b.Gift?))
        to is (input.gift ? input.a.Gift?.to : input.b.Gift?.to): String
        Kind::Plain: ((input.gift ? input.a : input.b) = "Plain")
        Kind::Gift { to: "Eve" }: (input.to = "Eve")
        Kind::Plain: Bool(false)
        Some(Kind::Gift { .. }): always
        (Some(true), None): (some(input.a) && (input.a = Bool(true)))
        (None, Some(x)): (!some(input.a) && Bool(false))
        x is null: Bool
        Kind::Old: (local0 = "Old")
        Note { lax: 1, .. }: (local0.lax = 1)
    "#]]
    .assert_eq(&rendered);
}

#[test]
fn patterns_that_a_flow_cannot_read() {
    check(
        MODULE,
        &[
            "Cmd ~ mut cmd",
            "Cmd ~ &mut cmd",
            "Kind ~ Plain",
            "Kind ~ Gift { to }",
            "Kind ~ Kind::Never",
            "Kind ~ Kind::Old",
            "Tagged ~ Tagged::F",
            "Tagged ~ Tagged::D(x)",
            "Tagged ~ Tagged::E(Strict { x })",
            "Untagged ~ Untagged::A",
            "Closed ~ Closed { x }",
            "Note ~ Note { hidden, .. }",
            "Note ~ Note { lax, .. }",
            "Note ~ Note { hidden: _, lax: _, text: _ }",
            "other::Thing ~ 1",
            "Elsewhere ~ Elsewhere::A",
            "Page<u8> ~ (a, b)",
            "Page<u8> ~ Some(a)",
            "Timestamp ~ \"now\"",
            "u128 ~ 1",
            "u64 ~ LIMIT",
            "u64 ~ u64::MAX",
            "u64 ~ 0..=u64::MAX",
            "char ~ 'a'..='z'",
            "u64 ~ 9007199254740993",
            "i64 ~ -9007199254740993",
            "Vec<u8> ~ [a, .., b]",
            "Vec<u8> ~ b\"bytes\"",
            "Kind ~ some!(x)",
            "Kind ~ <Kind as T>::X",
            "Result<u8, u8> ~ Ok(x)",
            "Result<u8, u8> ~ Err(_)",
            "Option<Option<u8>> ~ Some(None)",
            "Option<()> ~ None",
            "Kind ~ Kind::Gift { to } | Kind::Gift { to }",
        ],
        expect![[r#"
            Cmd ~ mut cmd
                `mut`: a flow never changes a value; remove `mut`, and let a step add up what a loop collects with `push`
            Cmd ~ &mut cmd
                `mut`: a flow never changes a value; write `&`
            Kind ~ Plain
                `Plain`: a variant needs its enum's name here; write `Kind::Plain`
            Kind ~ Gift { to }
                `Gift`: a variant needs its enum's name here; write `Kind::Gift`
            Kind ~ Kind::Never
                `Never`: variant `Never` has `#[serde(skip)]`, so its JSON is not known here; write `_` for it, or let a step decide
            Kind ~ Kind::Old
                `Old`: variant `Old` has `#[serde(alias)]`, so the input may write it otherwise; remove the attribute, or let a step decide
            Tagged ~ Tagged::F
                `F`: variant `F` has `#[serde(other)]`, so its JSON may be any text; write `_` for it, or let a step decide
            Tagged ~ Tagged::D(x)
                `D`: `Tagged::D` keeps its data beside the tag, where a flow sees only a struct of this module without `flatten` and `deny_unknown_fields`; add `content = ".."` to `#[serde(tag = "..")]`, or let a step do it
            Tagged ~ Tagged::E(Strict { x })
                `E`: `Tagged::E` keeps its data beside the tag, where a flow sees only a struct of this module without `flatten` and `deny_unknown_fields`; add `content = ".."` to `#[serde(tag = "..")]`, or let a step do it
            Untagged ~ Untagged::A
                `Untagged::A`: `Untagged` has `#[serde(untagged)]`, so a pattern cannot tell what its JSON holds; bind the value whole, or let a step decide
            Closed ~ Closed { x }
                `Closed`: `Closed` has `#[serde(transparent)]`, so a pattern cannot tell what its JSON holds; bind the value whole, or let a step decide
            Note ~ Note { hidden, .. }
                `hidden`: field `hidden` has `#[serde(skip)]`, so a flow cannot find it in JSON; remove the attribute, or pass the whole value
            Note ~ Note { lax, .. }
                `lax`: field `lax` has `#[serde(default)]`, so the input need not have it under this name; remove the attribute, or pass the whole value
            Note ~ Note { hidden: _, lax: _, text: _ }
                always
            other::Thing ~ 1
                `1`: the JSON of `other::Thing` is not known here; bind the value whole, or declare its type in this module, without generics
            Elsewhere ~ Elsewhere::A
                `Elsewhere::A`: the JSON of `Elsewhere` is not known here; bind the value whole, or declare its type in this module, without generics
            Page<u8> ~ (a, b)
                `(a, b)`: the JSON of `Page<u8>` is not known here; bind the value whole, or declare its type in this module, without generics
            Page<u8> ~ Some(a)
                `Some`: the JSON of `Page<u8>` is not known here; bind the value whole, or declare its type in this module, without generics
            Timestamp ~ "now"
                `"now"`: the JSON of a `Timestamp` is not known here; bind the value whole, or declare its type in this module, without generics
            u128 ~ 1
                `1`: the JSON of `u128` is not known here; bind the value whole, or declare its type in this module, without generics
            u64 ~ LIMIT
                `LIMIT`: the value of the constant `LIMIT` is not known here; write it as a literal, or take it from the input
            u64 ~ u64::MAX
                `MAX`: the value of the constant `u64::MAX` is not known here; write it as a literal, or take it from the input
            u64 ~ 0..=u64::MAX
                `MAX`: the value of the constant `u64::MAX` is not known here; write it as a literal, or take it from the input
            char ~ 'a'..='z'
                `'a'`: a range in a pattern has integers as its bounds; bind the value, and compare it in a guard
                `'z'`: a range in a pattern has integers as its bounds; bind the value, and compare it in a guard
            u64 ~ 9007199254740993
                `9007199254740993`: `9007199254740993` is beyond 2^53 - 1, the largest integer that JSONata keeps exact; pass it as a string
            i64 ~ -9007199254740993
                `-9007199254740993`: `-9007199254740993` is beyond 2^53 - 1, the largest integer that JSONata keeps exact; pass it as a string
            Vec<u8> ~ [a, .., b]
                `[`: a list has no pattern in a flow; write `for`, or let a step look into it
            Vec<u8> ~ b"bytes"
                `b"bytes"`: this literal has no JSON; write a string or a number
            Kind ~ some!(x)
                `some`: a flow cannot see into the macro `some!`; write out what it stands for, or let a step do it
            Kind ~ <Kind as T>::X
                `<`: this pattern is not part of a flow; bind the value, and compare it in a guard
            Result<u8, u8> ~ Ok(x)
                `Ok`: `Ok` and `Err` match only a step's call: `match participant.step(..).await { … }`
            Result<u8, u8> ~ Err(_)
                `Err`: `Ok` and `Err` match only a step's call: `match participant.step(..).await { … }`
            Option<Option<u8>> ~ Some(None)
                `Some`: an `Option` of an `Option` may hold `null`, which JSON cannot tell from `None`; let a step decide
            Option<()> ~ None
                `None`: an `Option` of `()` may hold `null`, which JSON cannot tell from `None`; let a step decide
            Kind ~ Kind::Gift { to } | Kind::Gift { to }
                `Kind`: alternatives bind nothing in a flow; write an arm for each, or `_` for the name
        "#]],
    );
}

#[test]
fn types_that_do_not_fit_are_left_to_rustc() {
    check(
        MODULE,
        &[
            "Kind ~ Kind::Missing",
            "Kind ~ Kind::Gift",
            "Kind ~ Kind::Gift(to)",
            "Kind ~ Kind::Plain(x)",
            "Kind ~ Kind::Gift {}",
            "Kind ~ Kind::Gift { from, .. }",
            "Kind ~ Tagged::A { x }",
            "Kind ~ Some(x)",
            "Kind ~ None",
            "Kind ~ 1",
            "Kind ~ 1..=2",
            "Kind ~ (a, b)",
            "Kind ~ Missing { x }",
            "Kind ~ Self::A",
            "u64 ~ \"a\"",
            "Pair ~ Pair(a)",
            "Pair ~ Pair { 0: a }",
            "Pair ~ Pair { first, .. }",
            "(u8, u8) ~ (a, b, .., c)",
            "Cmd ~ Cmd { id }",
            "Unit ~ Unit(x)",
            "Underived ~ Underived { x }",
        ],
        expect![[r#"
            Kind ~ Kind::Missing
                left to rustc
            Kind ~ Kind::Gift
                left to rustc
            Kind ~ Kind::Gift(to)
                left to rustc
            Kind ~ Kind::Plain(x)
                left to rustc
            Kind ~ Kind::Gift {}
                left to rustc
            Kind ~ Kind::Gift { from, .. }
                left to rustc
            Kind ~ Tagged::A { x }
                left to rustc
            Kind ~ Some(x)
                left to rustc
            Kind ~ None
                left to rustc
            Kind ~ 1
                left to rustc
            Kind ~ 1..=2
                left to rustc
            Kind ~ (a, b)
                left to rustc
            Kind ~ Missing { x }
                left to rustc
            Kind ~ Self::A
                left to rustc
            u64 ~ "a"
                left to rustc
            Pair ~ Pair(a)
                left to rustc
            Pair ~ Pair { 0: a }
                left to rustc
            Pair ~ Pair { first, .. }
                left to rustc
            (u8, u8) ~ (a, b, .., c)
                left to rustc
            Cmd ~ Cmd { id }
                left to rustc
            Unit ~ Unit(x)
                left to rustc
            Underived ~ Underived { x }
                always
                x is null: Unknown
        "#]],
    );
}

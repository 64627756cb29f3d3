//! What operators, methods and variants become.

use std::fmt::Write as _;

use expect_test::{Expect, expect};

use super::{text, with_parser};
use crate::ir::{LocalId, Root, Ty, Value};

const MODULE: &str = r#"
    #[derive(Serialize)] struct Cmd {
        total: u64, n: i8, price: f64, id: String, letter: char, yes: bool, lines: Vec<String>, at: Timestamp, big: u128, page: Page<u8>,
        note: Option<String>, other: Option<String>, kind: Kind, maybe: Option<Tagged>, tagged: Tagged, adjacent: Adjacent,
        amount: Amount, hand: Hand, shape: Shape, hold: Hold, pair: (u8, u8), twice: Option<Option<u8>>, lax: Lax, any: Any,
        twin: Option<Amount>, arr: [u8; 3], slice: Box<[u8]>, foreign: Foreign,
    }
    #[derive(Serialize, PartialEq)] enum Kind { Plain, #[serde(rename = "a gift")] Gift }
    #[derive(Serialize, PartialEq)] #[serde(tag = "t")] enum Tagged { A, B }
    #[derive(Serialize, PartialEq)] #[serde(tag = "t", content = "c")] enum Adjacent { A, B }
    #[derive(Serialize, PartialEq)] struct Amount(u64);
    #[derive(Serialize)] struct Hand(u64);
    #[derive(Serialize, PartialEq)] enum Shape { Dot, Circle(u8), Square { side: u8 }, Box(u8, u8) }
    #[derive(Serialize, PartialEq)] struct Hold { id: String }
    #[derive(Serialize, PartialEq)] enum Lax { A, #[serde(alias = "b")] B }
    #[derive(Serialize, PartialEq)] enum Any { A, #[serde(other)] B }
    #[derive(Serialize)] #[serde(tag = "t")] enum Inner { Unit(()), Hold(Hold), Number(u8), Fields { x: u8 }, #[serde(skip)] Never }
"#;

/// Expressions over `cmd`, the input, and `answer`, of the same type, a step's output.
fn check(cases: &[&str], expect: Expect) {
    let mut rendered = String::new();
    for case in cases {
        let expr = syn::parse_str(case).unwrap();
        let ((value, ty), said) = with_parser(MODULE, |parser| {
            for (name, root) in [("cmd", Root::Input), ("answer", Root::Local(LocalId(0)))] {
                let local = (Value::Place(root, Vec::new()), Ty::Named("Cmd".to_owned()));
                parser.locals.insert(name.to_owned(), local);
            }
            parser.parse_value(&expr)
        });
        let lines = said.render(case);
        let lines = lines.unwrap_or_else(|| format!("{}: {ty:?}\n", text(&value)));
        writeln!(rendered, "{case}").unwrap();
        for line in lines.lines() {
            writeln!(rendered, "    {line}").unwrap();
        }
    }
    expect.assert_eq(&rendered);
}

#[test]
fn numbers_are_computed() {
    check(
        &[
            "1",
            "-1",
            "1.5",
            "-0.5",
            "2f64",
            "0xff",
            "'c'",
            "true",
            "cmd.total + 1",
            "cmd.total * 2 - cmd.total",
            "-cmd.n",
            "-cmd.price",
            "-(-1)",
            "*&cmd.total",
            "cmd.total / 3",
            "cmd.n % -3",
            "cmd.price / 0.5",
            "cmd.price / -2f64",
            "cmd.lines.len() + cmd.arr.len() + cmd.slice.len()",
        ],
        expect![[r#"
            1
                1: Integer
            -1
                -1: Integer
            1.5
                Float(1.5): Float
            -0.5
                Float(-0.5): Float
            2f64
                Float(2.0): Float
            0xff
                255: Integer
            'c'
                "c": String
            true
                Bool(true): Bool
            cmd.total + 1
                (input.total + 1): Integer
            cmd.total * 2 - cmd.total
                ((input.total * 2) - input.total): Integer
            -cmd.n
                (0 - input.n): Integer
            -cmd.price
                (Float(0.0) - input.price): Float
            -(-1)
                (0 - -1): Integer
            *&cmd.total
                input.total: Integer
            cmd.total / 3
                (input.total / 3): Integer
            cmd.n % -3
                (input.n % -3): Integer
            cmd.price / 0.5
                (input.price / Float(0.5)): Float
            cmd.price / -2f64
                (input.price / Float(-2.0)): Float
            cmd.lines.len() + cmd.arr.len() + cmd.slice.len()
                ((count(input.lines) + count(input.arr)) + count(input.slice)): Integer
        "#]],
    );
}

#[test]
fn comparisons() {
    check(
        &[
            "cmd.total < 3",
            "cmd.total <= 3",
            "cmd.total > 3",
            "cmd.total >= 3",
            "cmd.total == 3",
            "cmd.total != 3",
            "1.5 < cmd.price",
            "cmd.id == \"a\"",
            "cmd.id.as_str() != cmd.letter.to_string()",
            "cmd.yes == false",
            "cmd.yes && cmd.total > 1 || !cmd.yes",
            "!!cmd.yes",
            "cmd.kind == Kind::Gift",
            "Kind::Plain != cmd.kind",
            "cmd.kind == answer.kind",
            "cmd.tagged == Tagged::A",
            "cmd.tagged != answer.tagged",
            "Adjacent::B == cmd.adjacent",
            "cmd.amount == Amount(3)",
            "cmd.amount != answer.amount",
            "answer.lax == Lax::B",
        ],
        expect![[r#"
            cmd.total < 3
                (input.total < 3): Bool
            cmd.total <= 3
                (input.total <= 3): Bool
            cmd.total > 3
                (3 < input.total): Bool
            cmd.total >= 3
                (3 <= input.total): Bool
            cmd.total == 3
                (input.total = 3): Bool
            cmd.total != 3
                !(input.total = 3): Bool
            1.5 < cmd.price
                (Float(1.5) < input.price): Bool
            cmd.id == "a"
                (input.id = "a"): Bool
            cmd.id.as_str() != cmd.letter.to_string()
                !(input.id = input.letter): Bool
            cmd.yes == false
                (input.yes = Bool(false)): Bool
            cmd.yes && cmd.total > 1 || !cmd.yes
                ((input.yes && (1 < input.total)) || !input.yes): Bool
            !!cmd.yes
                input.yes: Bool
            cmd.kind == Kind::Gift
                (input.kind = "a gift"): Bool
            Kind::Plain != cmd.kind
                !("Plain" = input.kind): Bool
            cmd.kind == answer.kind
                (input.kind = local0.kind): Bool
            cmd.tagged == Tagged::A
                (input.tagged.t = "A"): Bool
            cmd.tagged != answer.tagged
                !(input.tagged.t = local0.tagged.t): Bool
            Adjacent::B == cmd.adjacent
                ("B" = input.adjacent.t): Bool
            cmd.amount == Amount(3)
                (input.amount = 3): Bool
            cmd.amount != answer.amount
                !(input.amount = local0.amount): Bool
            answer.lax == Lax::B
                (local0.lax = "B"): Bool
        "#]],
    );
}

#[test]
fn options_are_compared() {
    check(
        &[
            "cmd.note == cmd.other",
            "cmd.note != answer.note",
            "cmd.note == None",
            "None != cmd.note",
            "cmd.note.as_deref() == Some(\"a\")",
            "Some(cmd.id.clone()) == cmd.note",
            "cmd.maybe == Some(Tagged::A)",
            "cmd.maybe == answer.maybe",
            "cmd.twin.as_ref() == Some(&Amount(1))",
            "None == Some(1)",
            "cmd.note.is_some()",
            "cmd.note.as_ref().is_none()",
            "Some(1).is_some()",
            "Some(cmd.id).is_none()",
        ],
        expect![[r#"
            cmd.note == cmd.other
                ((input.note? = input.other?) || (!some(input.note?) && !some(input.other?))): Bool
            cmd.note != answer.note
                !((input.note? = local0.note?) || (!some(input.note?) && !some(local0.note?))): Bool
            cmd.note == None
                !some(input.note?): Bool
            None != cmd.note
                some(input.note?): Bool
            cmd.note.as_deref() == Some("a")
                (input.note? = "a"): Bool
            Some(cmd.id.clone()) == cmd.note
                ((input.id = input.note?) || (!some(input.id) && !some(input.note?))): Bool
            cmd.maybe == Some(Tagged::A)
                (input.maybe?.t? = "A"): Bool
            cmd.maybe == answer.maybe
                ((input.maybe?.t? = local0.maybe?.t?) || (!some(input.maybe?) && !some(local0.maybe?))): Bool
            cmd.twin.as_ref() == Some(&Amount(1))
                (input.twin? = 1): Bool
            None == Some(1)
                Bool(false): Bool
            cmd.note.is_some()
                some(input.note?): Bool
            cmd.note.as_ref().is_none()
                !some(input.note?): Bool
            Some(1).is_some()
                Bool(true): Bool
            Some(cmd.id).is_none()
                !some(input.id): Bool
        "#]],
    );
}

#[test]
fn methods() {
    check(
        &[
            "cmd.lines.is_empty()",
            "cmd.id.is_empty()",
            "!cmd.lines.to_vec().is_empty()",
            "cmd.note.cloned()",
            "cmd.id.len()",
            "cmd.note.len()",
            "cmd.note.unwrap_or(1)",
            "cmd.note.is_some_and(|note| note == \"a\")",
            "cmd.note.unwrap()",
            "cmd.id.starts_with(\"a\")",
            "cmd.lines.first()",
            "cmd.lines.len(1)",
            "cmd.twice.is_some()",
        ],
        expect![[r#"
            cmd.lines.is_empty()
                (count(input.lines) = 0): Bool
            cmd.id.is_empty()
                (input.id = ""): Bool
            !cmd.lines.to_vec().is_empty()
                !(count(input.lines) = 0): Bool
            cmd.note.cloned()
                input.note?: Option(String)
            cmd.id.len()
                `len`: `len` of a string counts bytes in Rust and characters in JSONata; write `is_empty()`, or let a step count
            cmd.note.len()
                `len`: method `len` of an `Option` is not part of a flow; write `match` or `if let Some(..)`
            cmd.note.unwrap_or(1)
                `unwrap_or`: method `unwrap_or` of an `Option` is not part of a flow; write `match` or `if let Some(..)`
            cmd.note.is_some_and(|note| note == "a")
                `is_some_and`: method `is_some_and` of an `Option` is not part of a flow; write `match` or `if let Some(..)`
            cmd.note.unwrap()
                `unwrap`: method `unwrap` of an `Option` is not part of a flow; write `match` or `if let Some(..)`
            cmd.id.starts_with("a")
                `starts_with`: method `starts_with` is not part of a flow; let a step compute it
            cmd.lines.first()
                `first`: method `first` is not part of a flow; write a `for` with `push`, or let a step take the whole list
            cmd.lines.len(1)
                `len`: method `len` is not part of a flow; let a step compute it
            cmd.twice.is_some()
                `is_some`: an `Option` of an `Option` may hold `null`, which JSON cannot tell from `None`; let a step decide
        "#]],
    );
}

#[test]
fn what_json_does_not_compare_or_compute_as_rust_does() {
    check(
        &[
            "cmd.id < \"a\"",
            "cmd.kind >= Kind::Plain",
            "cmd.note < None",
            "cmd.id + \"a\"",
            "cmd.at + 1",
            "cmd.big * 2",
            "cmd.total / cmd.total",
            "cmd.total % 0",
            "cmd.price / 0.0",
            "cmd.total / (1 + 1)",
            "cmd.shape == Shape::Dot",
            "cmd.hold == cmd.hold",
            "cmd.pair == (1, 2)",
            "cmd.lines == cmd.lines",
            "cmd.twice == None",
            "cmd.at == cmd.at",
            "cmd.big == 1",
            "cmd.page == cmd.page",
            "cmd.foreign == cmd.foreign",
            "cmd.hand == Hand(1)",
            "cmd.lax == Lax::A",
            "answer.any == Any::A",
            "!cmd.total",
            "-cmd.id",
            "cmd.total & 1",
            "cmd.total << 1",
            "cmd.total += 1",
            "cmd.total ^= 1",
        ],
        expect![[r#"
            cmd.id < "a"
                `<`: `<` orders numbers in a flow, not a `String`; let a step compare
            cmd.kind >= Kind::Plain
                `>=`: `>=` orders numbers in a flow, not `Kind`; let a step compare
            cmd.note < None
                `<`: `<` orders numbers in a flow, not an `Option`; let a step compare
            cmd.id + "a"
                `+`: `+` computes with numbers in a flow, not a `String`; let a step compute it
            cmd.at + 1
                `+`: `+` computes with numbers in a flow, not a `Timestamp`; let a step compute it
            cmd.big * 2
                `*`: `*` computes with numbers in a flow, not `u128`; let a step compute it
            cmd.total / cmd.total
                `cmd.total`: `/` by 0 would fail where nothing can be undone; divide by a literal that is not 0, or let a step compute it
            cmd.total % 0
                `0`: `%` by 0 would fail where nothing can be undone; divide by a literal that is not 0, or let a step compute it
            cmd.price / 0.0
                `0.0`: `/` by 0 would fail where nothing can be undone; divide by a literal that is not 0, or let a step compute it
            cmd.total / (1 + 1)
                `(1 + 1)`: `/` by 0 would fail where nothing can be undone; divide by a literal that is not 0, or let a step compute it
            cmd.shape == Shape::Dot
                `==`: `==` compares booleans, numbers, strings and enums without data in a flow, not `Shape`; compare what is in it, or let a step compare
            cmd.hold == cmd.hold
                `==`: `==` compares booleans, numbers, strings and enums without data in a flow, not `Hold`; compare what is in it, or let a step compare
            cmd.pair == (1, 2)
                `==`: `==` compares booleans, numbers, strings and enums without data in a flow, not a tuple; compare what is in it, or let a step compare
            cmd.lines == cmd.lines
                `==`: `==` compares booleans, numbers, strings and enums without data in a flow, not a list; compare what is in it, or let a step compare
            cmd.twice == None
                `==`: `==` compares booleans, numbers, strings and enums without data in a flow, not an `Option`; compare what is in it, or let a step compare
            cmd.at == cmd.at
                `==`: `==` compares booleans, numbers, strings and enums without data in a flow, not a `Timestamp`; compare what is in it, or let a step compare
            cmd.big == 1
                `==`: `==` compares booleans, numbers, strings and enums without data in a flow, not `u128`; compare what is in it, or let a step compare
            cmd.page == cmd.page
                `==`: `==` compares booleans, numbers, strings and enums without data in a flow, not `Page<u8>`; compare what is in it, or let a step compare
            cmd.foreign == cmd.foreign
                `==`: `==` compares booleans, numbers, strings and enums without data in a flow, not `Foreign`; compare what is in it, or let a step compare
            cmd.hand == Hand(1)
                `==`: `Hand` does not derive `PartialEq` here, so a flow cannot know what `==` means; write `#[derive(PartialEq)]`
            cmd.lax == Lax::A
                `==`: variant `B` has `#[serde(alias)]`, so the input may write it otherwise; remove the attribute, or let a step decide
            answer.any == Any::A
                `==`: variant `B` has `#[serde(other)]`, so its JSON may be any text; write `_` for it, or let a step decide
            !cmd.total
                `!`: `!` takes a `bool` in a flow, not a number; let a step compute it
            -cmd.id
                `-`: `-` takes a number in a flow, not a `String`; let a step compute it
            cmd.total & 1
                `&`: `&` is not part of a flow; let a step compute it
            cmd.total << 1
                `<<`: `<<` is not part of a flow; let a step compute it
            cmd.total += 1
                `+=`: a flow never changes a value; write a new `let`
            cmd.total ^= 1
                `^=`: a flow never changes a value; write a new `let`
        "#]],
    );
}

#[test]
fn variants_that_are_built() {
    check(
        &[
            "Shape::Dot",
            "Shape::Circle(1)",
            "Shape::Square { side: 1 }",
            "Shape::Box(1, 2)",
            "Inner::Fields { x: 1 }",
            "Inner::Unit(())",
            "Inner::Hold(Hold { id: cmd.id })",
            "Shape::Circle",
            "Shape::Square",
            "Shape::Box(1)",
            "Shape::Circle { 0: 1 }",
            "Shape::Square { size: 1 }",
            "Shape::Missing(1)",
            "Shape::Missing { x: 1 }",
            "Inner::Hold(cmd.hold)",
            "Inner::Number(1)",
            "Inner::Never",
        ],
        expect![[r#"
            Shape::Dot
                "Dot": Named("Shape")
            Shape::Circle(1)
                Object([("Circle", Integer(1))]): Named("Shape")
            Shape::Square { side: 1 }
                Object([("Square", Object([("side", Integer(1))]))]): Named("Shape")
            Shape::Box(1, 2)
                Object([("Box", Array([Integer(1), Integer(2)]))]): Named("Shape")
            Inner::Fields { x: 1 }
                Object([("t", String("Fields")), ("x", Integer(1))]): Named("Inner")
            Inner::Unit(())
                Object([("t", String("Unit"))]): Named("Inner")
            Inner::Hold(Hold { id: cmd.id })
                Object([("t", String("Hold")), ("id", Place(Input, [Field { json: "id", optional: false }]))]): Named("Inner")
            Shape::Circle
                `Circle`: `Shape::Circle` has data; write `Shape::Circle(…)`
            Shape::Square
                `Square`: `Shape::Square` has data; write `Shape::Square { … }`
            Shape::Box(1)
                left to rustc
            Shape::Circle { 0: 1 }
                left to rustc
            Shape::Square { size: 1 }
                left to rustc
            Shape::Missing(1)
                left to rustc
            Shape::Missing { x: 1 }
                left to rustc
            Inner::Hold(cmd.hold)
                `Hold`: `Inner::Hold` keeps its data beside the tag; write out the struct here, or let a step build it
            Inner::Number(1)
                `Number`: `Inner::Number` keeps its data beside the tag, where a flow sees only a struct of this module without `flatten` and `deny_unknown_fields`; add `content = ".."` to `#[serde(tag = "..")]`, or let a step do it
            Inner::Never
                `Never`: `Inner::Never` has `#[serde(skip)]`; let a step return it
        "#]],
    );
}

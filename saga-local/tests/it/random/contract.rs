//! The participant that random flows call: its data, its steps, and what they answer. One contract for all flows.

#![allow(
    unreachable_pub,
    reason = "the types are printed into a module that others see"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;

use saga_runtime::{Kind, StepError};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Declares types twice: for this test, where serde itself says what their JSON is, and as the source of a flow's module.
macro_rules! contract {
    ($($item:item)*) => {
        $($item)*
        /// The types as the module's author would write them.
        pub(super) const TYPES: &str = concat!($(stringify!($item), "\n"),*);
    };
}

contract! {
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "camelCase")]
    pub struct Data {
        pub id: String,
        pub n: i64,
        pub is_on: bool,
        pub word: String,
        pub maybe: Option<i64>,
        pub ext: Ext,
        pub int: Int,
        pub adj: Adj,
        pub pause: u64,
        #[serde(rename = "list")]
        pub items: Vec<Data>,
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    pub enum Ext {
        Bare,
        One(i64),
        Two(i64, bool),
        Named { n: i64, #[serde(rename = "on")] flag: bool },
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "type")]
    pub enum Int {
        Bare,
        Named { n: i64, #[serde(rename = "is on")] flag: bool },
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "t", content = "c")]
    pub enum Adj {
        Bare,
        One(i64),
        Two(i64, bool),
        Named { n: i64, flag: bool },
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct Report {
        pub n: i64,
        pub on: bool,
        pub data: Data,
        pub list: Vec<Data>,
        pub numbers: Option<Vec<i64>>,
    }
}

/// What a step takes besides the ids of the items around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arg {
    Int,
    Data,
    Datas,
    Pair,
    Maybe,
    Ints,
}

/// One for each argument type.
pub(super) const ARGS: [Arg; 6] = [
    Arg::Int,
    Arg::Data,
    Arg::Datas,
    Arg::Pair,
    Arg::Maybe,
    Arg::Ints,
];

const HOLDS: [&str; 6] = ["hold0", "hold1", "hold2", "hold3", "hold4", "hold5"];
const LOOKS: [&str; 6] = ["look0", "look1", "look2", "look3", "look4", "look5"];
const PAYS: [&str; 6] = ["pay0", "pay1", "pay2", "pay3", "pay4", "pay5"];
const SHIPS: [&str; 6] = ["ship0", "ship1", "ship2", "ship3", "ship4", "ship5"];

/// A step of the participant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Method {
    pub(super) name: &'static str,
    kind: usize,
    index: usize,
}

impl Method {
    pub(super) fn new(kind: Kind, index: usize) -> Self {
        let (kind, names) = match kind {
            Kind::Compensatable => (0, HOLDS),
            Kind::ReadOnly => (1, LOOKS),
            Kind::Pivot => (2, PAYS),
            Kind::Retriable => (3, SHIPS),
        };
        let index = index % ARGS.len();
        Self {
            name: names[index],
            kind,
            index,
        }
    }

    pub(super) fn all() -> impl Iterator<Item = Self> {
        let kinds = [
            Kind::Compensatable,
            Kind::ReadOnly,
            Kind::Pivot,
            Kind::Retriable,
        ];
        kinds
            .into_iter()
            .flat_map(|kind| (0..ARGS.len()).map(move |index| Self::new(kind, index)))
    }

    pub(super) fn kind(self) -> Kind {
        match self.kind {
            0 => Kind::Compensatable,
            1 => Kind::ReadOnly,
            2 => Kind::Pivot,
            _ => Kind::Retriable,
        }
    }

    pub(super) fn arg(self) -> Arg {
        ARGS[self.index]
    }

    /// Its effect is outside of the database.
    pub(super) fn is_external(self) -> bool {
        self.index % 2 == 1
    }

    /// Half of the read-only steps fail with `Retry`, so that they may stand after the point of no return.
    pub(super) fn may_reject(self) -> bool {
        match self.kind() {
            Kind::Compensatable | Kind::Pivot => true,
            Kind::ReadOnly => self.index < 3,
            Kind::Retriable => false,
        }
    }

    pub(super) fn has_effect(self) -> bool {
        self.kind() != Kind::ReadOnly
    }

    fn declare(self, methods: &mut String) {
        let (first, output) = if self.is_external() {
            ("cx: &Context", "Outcome<Data>")
        } else {
            ("tx: &mut Tx", "Data")
        };
        let error = if self.may_reject() {
            "Problem"
        } else {
            "Retry"
        };
        let kind = match self.kind() {
            Kind::Compensatable => format!("compensate = un{}", self.name),
            Kind::Pivot => "pivot".to_owned(),
            Kind::Retriable => "retriable".to_owned(),
            Kind::ReadOnly => "read_only".to_owned(),
        };
        let arg = match self.arg() {
            Arg::Int => "i64",
            Arg::Data => "&Data",
            Arg::Datas => "&[Data]",
            Arg::Pair => "(i64, bool)",
            Arg::Maybe => "Option<i64>",
            Arg::Ints => "&[i64]",
        };
        let name = self.name;
        let _ = writeln!(
            methods,
            "        #[step({kind}, timeout = \"10s\")]\n        async fn {name}(&self, {first}, i: &str, j: &str, k: &str, arg: {arg}) -> Result<Data, {error}>;"
        );
        if self.kind() == Kind::Compensatable {
            let _ = writeln!(
                methods,
                "        #[compensation]\n        async fn un{name}(&self, {first}, i: &str, j: &str, k: &str, output: {output}) -> Result<(), Retry>;"
            );
        }
    }
}

/// The trait with these methods, and their errors.
pub(super) fn declarations(methods: &[Method]) -> String {
    let mut text = TYPES.to_owned();
    // An error enum that no step fails with would be one that nobody knows what to do with.
    if methods.iter().any(|method| method.may_reject()) {
        text.push_str("    pub enum Problem { No, Full { left: u64 }, #[transient] Busy }\n");
    }
    text.push_str("    pub trait Part {\n");
    for method in methods {
        method.declare(&mut text);
    }
    text.push_str("    }\n");
    text
}

/// Which rejection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum No {
    No,
    Full,
}

impl No {
    pub(super) fn error_type(self) -> &'static str {
        match self {
            Self::No => "Problem.No",
            Self::Full => "Problem.Full",
        }
    }
}

/// What a step fails with.
#[derive(Clone, Copy, Debug)]
pub(super) enum Problem {
    Rejected(No),
    Busy,
}

impl StepError for Problem {
    const TYPES: &'static [&'static str] = &["Problem.No", "Problem.Full", "Problem.Busy"];
    fn error_type(&self) -> &'static str {
        match self {
            Self::Rejected(no) => no.error_type(),
            Self::Busy => "Problem.Busy",
        }
    }
    fn is_transient(&self) -> bool {
        matches!(self, Self::Busy)
    }
    fn message(&self) -> String {
        "as the test wants it".to_owned()
    }
    fn data(&self) -> Result<Value, serde_json::Error> {
        Ok(Value::Null)
    }
}

/// JSON without the members that are null: a key of an `Option` may be missing, which means the same.
pub(super) fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(without_nulls).collect(),
        Value::Object(members) => members
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name.clone(), without_nulls(value)))
            .collect(),
        other => other.clone(),
    }
}

/// What a step answers: a function of its name and everything that it was given, so that a wrong argument shows.
pub(super) fn answer(step: &str, input: &Value) -> Data {
    let mut rng = fastrand::Rng::with_seed(digest(step, input));
    let mut id = step.to_owned();
    for item in ["i", "j", "k"] {
        let _ = write!(id, "/{}", input[item].as_str().unwrap_or("?"));
    }
    let mut data = leaf(id, &mut rng);
    for number in 0..rng.usize(0..3) {
        let id = format!("{}:{number}", data.id);
        data.items.push(leaf(id, &mut rng));
    }
    data
}

fn leaf(id: String, rng: &mut fastrand::Rng) -> Data {
    let (n, flag) = (rng.i64(-2..6), rng.bool());
    Data {
        id,
        n,
        is_on: flag,
        word: ["tea", "ham", ""][rng.usize(0..3)].to_owned(),
        maybe: rng.bool().then(|| rng.i64(0..4)),
        ext: match rng.usize(0..4) {
            0 => Ext::Bare,
            1 => Ext::One(n),
            2 => Ext::Two(n, flag),
            _ => Ext::Named { n, flag },
        },
        int: if rng.bool() {
            Int::Bare
        } else {
            Int::Named { n, flag }
        },
        adj: match rng.usize(0..4) {
            0 => Adj::Bare,
            1 => Adj::One(n),
            2 => Adj::Two(n, flag),
            _ => Adj::Named { n, flag },
        },
        pause: rng.u64(0..4),
        items: Vec::new(),
    }
}

/// FNV-1a over the name and the JSON, members in the order of their names.
fn digest(step: &str, input: &Value) -> u64 {
    let sorted: BTreeMap<String, Value> = match without_nulls(input) {
        Value::Object(members) => members.into_iter().collect(),
        _ => BTreeMap::new(),
    };
    let text = format!("{step}{}", canonical(&Value::from_iter(sorted)));
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn canonical(value: &Value) -> String {
    match value {
        Value::Array(items) => items.iter().map(canonical).collect::<Vec<_>>().join(","),
        Value::Object(members) => {
            let members: BTreeMap<&String, String> = members
                .iter()
                .map(|(name, value)| (name, canonical(value)))
                .collect();
            format!("{members:?}")
        }
        other => other.to_string(),
    }
}

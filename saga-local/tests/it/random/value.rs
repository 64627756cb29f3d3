//! What the flow's expressions and patterns are worth: as Rust has it, over Rust's own types.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::contract::{Adj, Data, Ext, Int};
use super::model::{Expr, Name, Pat};

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Val {
    Int(i64),
    Bool(bool),
    Word(String),
    Maybe(Option<i64>),
    MaybeInts(Option<Vec<i64>>),
    Pair(Box<Val>, Box<Val>),
    Data(Box<Data>),
    Datas(Vec<Data>),
    Ints(Vec<i64>),
    Ext(Ext),
    IntEnum(Int),
    Adj(Adj),
    Report(Vec<Val>),
    Unit,
}

/// The locals, by id.
pub(super) type Env = BTreeMap<usize, Val>;

impl Val {
    pub(super) fn to_json(&self) -> Value {
        match self {
            Self::Int(value) => json!(value),
            Self::Bool(value) => json!(value),
            Self::Word(value) => json!(value),
            Self::Maybe(value) => json!(value),
            Self::MaybeInts(value) => json!(value),
            Self::Pair(left, right) => json!([left.to_json(), right.to_json()]),
            Self::Data(value) => json!(value),
            Self::Datas(value) => json!(value),
            Self::Ints(value) => json!(value),
            Self::Ext(value) => json!(value),
            Self::IntEnum(value) => json!(value),
            Self::Adj(value) => json!(value),
            Self::Report(fields) => {
                let names = ["n", "on", "data", "list", "numbers"];
                let members = names.iter().zip(fields);
                members
                    .map(|(name, value)| ((*name).to_owned(), value.to_json()))
                    .collect()
            }
            Self::Unit => Value::Null,
        }
    }

    pub(super) fn data(&self) -> &Data {
        match self {
            Self::Data(data) => data,
            other => panic!("{other:?} is no `Data`"),
        }
    }

    pub(super) fn int(&self) -> i64 {
        match self {
            Self::Int(number) => *number,
            other => panic!("{other:?} is no number"),
        }
    }

    /// `vector.push(value)`
    pub(super) fn push(&mut self, value: Self) {
        match (self, value) {
            (Self::Datas(list), Self::Data(data)) => list.push(*data),
            (Self::Ints(list), Self::Int(number)) => list.push(number),
            (vector, other) => panic!("{other:?} is pushed to {vector:?}"),
        }
    }

    fn bool(&self) -> bool {
        match self {
            Self::Bool(bool) => *bool,
            other => panic!("{other:?} is no `bool`"),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Datas(list) => list.len(),
            Self::Ints(list) => list.len(),
            Self::Word(word) => word.len(),
            other => panic!("{other:?} has no length"),
        }
    }
}

fn field(data: &Data, name: &str) -> Val {
    match name {
        "id" => Val::Word(data.id.clone()),
        "n" => Val::Int(data.n),
        "is_on" => Val::Bool(data.is_on),
        "word" => Val::Word(data.word.clone()),
        "maybe" => Val::Maybe(data.maybe),
        "ext" => Val::Ext(data.ext.clone()),
        "int" => Val::IntEnum(data.int.clone()),
        "adj" => Val::Adj(data.adj.clone()),
        "pause" => Val::Int(i64::try_from(data.pause).unwrap_or(i64::MAX)),
        "items" => Val::Datas(data.items.clone()),
        other => panic!("`Data` has no `{other}`"),
    }
}

pub(super) fn condition(expr: &Expr, env: &Env) -> bool {
    eval(expr, env).bool()
}

pub(super) fn eval(expr: &Expr, env: &Env) -> Val {
    match expr {
        Expr::Int(number) => Val::Int(*number),
        Expr::Bool(bool) => Val::Bool(*bool),
        Expr::Word(word) => Val::Word((*word).to_owned()),
        Expr::Var(name, _) => env
            .get(&name.id)
            .cloned()
            .unwrap_or_else(|| panic!("`{}` has no value", name.text)),
        Expr::Field(base, name, _) => field(eval(base, env).data(), name),
        Expr::Binary(operator, left, right) => binary(operator, left, right, env),
        Expr::Not(inner) => Val::Bool(!condition(inner, env)),
        Expr::Negative(inner) => Val::Int(-eval(inner, env).int()),
        Expr::Len(list) => Val::Int(i64::try_from(eval(list, env).len()).unwrap_or(i64::MAX)),
        Expr::IsEmpty(list) => Val::Bool(eval(list, env).len() == 0),
        Expr::IsSome(maybe) => Val::Bool(eval(maybe, env) != Val::Maybe(None)),
        Expr::IsNone(maybe) => Val::Bool(eval(maybe, env) == Val::Maybe(None)),
        Expr::Some(inner) => match eval(inner, env) {
            Val::Ints(list) => Val::MaybeInts(Some(list)),
            other => Val::Maybe(Some(other.int())),
        },
        Expr::None => Val::Maybe(None),
        Expr::Pair(left, right) => Val::Pair(Box::new(eval(left, env)), Box::new(eval(right, env))),
        Expr::If(parts) => {
            let [condition, yes, no] = &**parts;
            eval(
                if self::condition(condition, env) {
                    yes
                } else {
                    no
                },
                env,
            )
        }
        Expr::Report(fields) => Val::Report(fields.iter().map(|field| eval(field, env)).collect()),
    }
}

fn binary(operator: &str, left: &Expr, right: &Expr, env: &Env) -> Val {
    // Rust looks at the right side of these only where it matters.
    match operator {
        "&&" => return Val::Bool(condition(left, env) && condition(right, env)),
        "||" => return Val::Bool(condition(left, env) || condition(right, env)),
        _ => {}
    }
    let (left, right) = (eval(left, env), eval(right, env));
    match operator {
        "==" => Val::Bool(left == right),
        "!=" => Val::Bool(left != right),
        "<" => Val::Bool(left.int() < right.int()),
        "<=" => Val::Bool(left.int() <= right.int()),
        ">" => Val::Bool(left.int() > right.int()),
        ">=" => Val::Bool(left.int() >= right.int()),
        "+" => Val::Int(left.int() + right.int()),
        "-" => Val::Int(left.int() - right.int()),
        "*" => Val::Int(left.int() * right.int()),
        "/" => Val::Int(left.int() / right.int()),
        "%" => Val::Int(left.int() % right.int()),
        other => panic!("no operator `{other}`"),
    }
}

/// Whether the value is of the pattern; binds what it names, perhaps also where it is not.
pub(super) fn matches(pat: &Pat, value: &Val, env: &mut Env) -> bool {
    let mut bind = |name: &Name, value: &Val| {
        env.insert(name.id, value.clone());
    };
    match (pat, value) {
        (Pat::Wild, _) => true,
        (Pat::Bind(name), value) => {
            bind(name, value);
            true
        }
        (Pat::At(name, inner), value) => {
            bind(name, value);
            matches(inner, value, env)
        }
        (Pat::Int(number), value) => value.int() == *number,
        (Pat::Range(from, to), value) => (*from..=*to).contains(&value.int()),
        (Pat::Bool(bool), value) => value.bool() == *bool,
        (Pat::Word(word), value) => *value == Val::Word((*word).to_owned()),
        (Pat::Or(pats), value) => pats.iter().any(|pat| matches(pat, value, env)),
        (Pat::None, value) => *value == Val::Maybe(None),
        (Pat::Some(inner), Val::Maybe(Some(number))) => matches(inner, &Val::Int(*number), env),
        (Pat::Tuple(pats), Val::Pair(left, right)) => {
            matches(&pats[0], left, env) && matches(&pats[1], right, env)
        }
        (Pat::Variant(variant, pats), value) => {
            let (name, fields) = variant_of(value);
            variant.name == name
                && pats
                    .iter()
                    .zip(&fields)
                    .all(|(pat, field)| matches(pat, field, env))
        }
        (Pat::Data(fields), value) => fields
            .iter()
            .all(|(name, pat)| matches(pat, &field(value.data(), name), env)),
        (Pat::Some(_) | Pat::Tuple(_), _) => false,
    }
}

fn variant_of(value: &Val) -> (&'static str, Vec<Val>) {
    let fields = |n: i64, flag: bool| vec![Val::Int(n), Val::Bool(flag)];
    match value {
        Val::Ext(Ext::Bare) | Val::IntEnum(Int::Bare) | Val::Adj(Adj::Bare) => ("Bare", Vec::new()),
        Val::Ext(Ext::One(n)) | Val::Adj(Adj::One(n)) => ("One", vec![Val::Int(*n)]),
        Val::Ext(Ext::Two(n, flag)) | Val::Adj(Adj::Two(n, flag)) => ("Two", fields(*n, *flag)),
        Val::Ext(Ext::Named { n, flag })
        | Val::IntEnum(Int::Named { n, flag })
        | Val::Adj(Adj::Named { n, flag }) => ("Named", fields(*n, *flag)),
        other => panic!("{other:?} is no enum"),
    }
}

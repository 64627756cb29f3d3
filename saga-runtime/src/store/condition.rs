//! Conditions on items: how they are written, and what they mean. Touches no store.

use std::cmp::Ordering;
use std::ops::Not;

use serde_json::{Number, Value};

use super::Item;
use super::number::normalized_number;

/// What must hold of an item for a write to take place.
///
/// Written from [`field`], and combined by [`and`](Self::and), [`or`](Self::or) and `!`. The meaning is that of
/// [DynamoDB's condition expressions](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html).
///
/// # Example
///
/// ```
/// use saga_runtime::field;
/// use serde_json::json;
///
/// let open = field("on_hand").at_least(2).and(!field("blocked").exists());
/// assert!(open.holds(json!({ "on_hand": 3 }).as_object()));
/// assert!(!open.holds(None));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// Compares an attribute with a value.
    Compare(String, Comparison, Value),
    /// The item has the attribute.
    Exists(String),
    /// The item does not have the attribute, or there is no item.
    Absent(String),
    /// All of these hold.
    All(Vec<Condition>),
    /// One of these holds.
    Any(Vec<Condition>),
    /// This does not hold.
    Not(Box<Condition>),
}

/// How an attribute is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `<>`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

/// An attribute to write a condition about. The name is taken whole: a dot in it is part of the name.
///
/// # Example
///
/// ```
/// use saga_runtime::field;
///
/// let condition = field("state").equals("open");
/// # let _ = condition;
/// ```
pub fn field(name: impl Into<String>) -> Field {
    Field(name.into())
}

/// An attribute, of which [`field`] begins a condition.
///
/// A comparison is sensitive to type: the number 1 and the string `"1"` are not equal, and neither is less than the
/// other. Only numbers and strings have an order. An attribute that the item lacks makes every comparison false but
/// [`not_equals`](Self::not_equals), as in DynamoDB.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field(String);

impl Field {
    /// The attribute is there and is this.
    pub fn equals(self, value: impl Into<Value>) -> Condition {
        self.compare(Comparison::Equal, value)
    }

    /// The attribute is something else, of another type, or not there.
    pub fn not_equals(self, value: impl Into<Value>) -> Condition {
        self.compare(Comparison::NotEqual, value)
    }

    /// The attribute is this or more.
    pub fn at_least(self, value: impl Into<Value>) -> Condition {
        self.compare(Comparison::GreaterOrEqual, value)
    }

    /// The attribute is this or less.
    pub fn at_most(self, value: impl Into<Value>) -> Condition {
        self.compare(Comparison::LessOrEqual, value)
    }

    /// The attribute is less than this.
    pub fn less_than(self, value: impl Into<Value>) -> Condition {
        self.compare(Comparison::Less, value)
    }

    /// The attribute is more than this.
    pub fn greater_than(self, value: impl Into<Value>) -> Condition {
        self.compare(Comparison::Greater, value)
    }

    /// The attribute is there, be it null.
    pub fn exists(self) -> Condition {
        Condition::Exists(self.0)
    }

    /// The attribute is not there; this also holds where there is no item.
    pub fn is_absent(self) -> Condition {
        Condition::Absent(self.0)
    }

    fn compare(self, comparison: Comparison, value: impl Into<Value>) -> Condition {
        Condition::Compare(self.0, comparison, value.into())
    }
}

impl Condition {
    /// Both hold.
    #[must_use]
    pub fn and(self, other: Condition) -> Condition {
        Condition::All(vec![self, other])
    }

    /// One of the two holds.
    #[must_use]
    pub fn or(self, other: Condition) -> Condition {
        Condition::Any(vec![self, other])
    }

    /// Whether the condition holds of an item, or of there being none.
    pub fn holds(&self, item: Option<&Item>) -> bool {
        let attribute = |name: &String| item.and_then(|item| item.get(name));
        match self {
            Self::Compare(name, comparison, value) => compares(attribute(name), *comparison, value),
            Self::Exists(name) => attribute(name).is_some(),
            Self::Absent(name) => attribute(name).is_none(),
            Self::All(conditions) => conditions.iter().all(|condition| condition.holds(item)),
            Self::Any(conditions) => conditions.iter().any(|condition| condition.holds(item)),
            Self::Not(condition) => !condition.holds(item),
        }
    }
}

impl Not for Condition {
    type Output = Condition;

    fn not(self) -> Condition {
        Condition::Not(Box::new(self))
    }
}

fn compares(attribute: Option<&Value>, comparison: Comparison, value: &Value) -> bool {
    let Some(attribute) = attribute else {
        // DynamoDB holds an attribute that is not there to be unequal to anything.
        return comparison == Comparison::NotEqual;
    };
    let order = order(attribute, value);
    match comparison {
        Comparison::Equal => equal(attribute, value),
        Comparison::NotEqual => !equal(attribute, value),
        Comparison::Less => order == Some(Ordering::Less),
        Comparison::LessOrEqual => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        Comparison::Greater => order == Some(Ordering::Greater),
        Comparison::GreaterOrEqual => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
    }
}

/// Equality by value: `1` equals `1.0` at any depth, as it does in DynamoDB's single number type.
fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right)
                    .all(|(left, right)| equal(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .all(|(name, left)| right.get(name).is_some_and(|right| equal(left, right)))
        }
        (Value::Number(_), Value::Number(_)) => order(left, right) == Some(Ordering::Equal),
        _ => left == right,
    }
}

fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::String(left), Value::String(right)) => Some(left.as_bytes().cmp(right.as_bytes())),
        (Value::Number(left), Value::Number(right)) => match (integer(left), integer(right)) {
            (Some(left), Some(right)) => Some(left.cmp(&right)),
            _ => left.as_f64()?.partial_cmp(&right.as_f64()?),
        },
        _ => None,
    }
}

/// A number's exact integer value, however it is written: `2` and `2.0` are the same.
pub(super) fn integer(number: &Number) -> Option<i128> {
    normalized_number(number).as_i128()
}

//! A template made ready once: its constant parts are made and measured, its expressions are read and numbered. Evaluates nothing.

use std::borrow::Cow;
use std::sync::Arc;

use saga_asl as asl;
use serde_json::{Map, Value};

use crate::data::member;
use crate::failure::{json_size, text_size};
use crate::prepared::Expression;

/// A template, in which leaves stand for the expressions.
#[derive(Debug)]
pub(crate) struct Shape {
    root: Node,
    leaves: Vec<Leaf>,
    /// The length as compact JSON of everything but the leaves.
    frame: usize,
}

/// An expression, and where in its state it stands, as a path.
#[derive(Debug)]
pub(crate) struct Leaf {
    pub(crate) place: String,
    pub(crate) text: String,
    pub(crate) expression: Arc<Expression>,
}

#[derive(Debug)]
enum Node {
    Constant(Value),
    Leaf(usize),
    Array(Vec<Node>),
    Object(Vec<(String, Node)>),
}

impl Shape {
    /// `None` if an object has two members of one name, which only a definition that was put together by hand can have.
    pub(crate) fn of(field: &str, template: &asl::Template) -> Option<Self> {
        let mut leaves = Vec::new();
        let root = node(field.to_owned(), template, &mut leaves)?;
        let frame = root.frame();
        Some(Self {
            root,
            leaves,
            frame,
        })
    }

    /// In the order in which they stand, which is that of their evaluation.
    pub(crate) fn leaves(&self) -> &[Leaf] {
        &self.leaves
    }

    /// The length as compact JSON, with these values in the leaves' places.
    pub(crate) fn size(&self, values: &[Value]) -> usize {
        self.frame + values.iter().map(json_size).sum::<usize>()
    }

    /// The template with these values in the leaves' places.
    pub(crate) fn view<'a>(&'a self, values: &'a [Value]) -> View<'a> {
        self.root.view(values)
    }
}

fn node(place: String, template: &asl::Template, leaves: &mut Vec<Leaf>) -> Option<Node> {
    Some(match template {
        asl::Template::Null => Node::Constant(Value::Null),
        asl::Template::Bool(bool) => Node::Constant(Value::Bool(*bool)),
        asl::Template::Number(number) => Node::Constant(Value::Number(number.clone())),
        asl::Template::String(text) => Node::Constant(Value::String(text.clone())),
        asl::Template::Expression(expression) => {
            let text = expression.0.trim();
            leaves.push(Leaf {
                place,
                text: text.to_owned(),
                expression: Arc::new(Expression::read(text)),
            });
            Node::Leaf(leaves.len() - 1)
        }
        asl::Template::Array(items) => {
            let items = items.iter().enumerate();
            let items: Option<Vec<Node>> = items
                .map(|(index, item)| node(format!("{place}[{index}]"), item, leaves))
                .collect();
            Node::Array(items?).settled()
        }
        asl::Template::Object(members) => {
            let mut nodes: Vec<(String, Node)> = Vec::with_capacity(members.len());
            for (key, value) in members {
                if nodes.iter().any(|(other, _)| other == key) {
                    return None;
                }
                nodes.push((key.clone(), node(format!("{place}/{key}"), value, leaves)?));
            }
            Node::Object(nodes).settled()
        }
    })
}

impl Node {
    /// A constant, if there is no leaf in it.
    fn settled(self) -> Self {
        let is_constant = |node: &Self| matches!(node, Self::Constant(_));
        let is_settled = match &self {
            Self::Array(items) => items.iter().all(is_constant),
            Self::Object(members) => members.iter().all(|(_, node)| is_constant(node)),
            Self::Constant(_) | Self::Leaf(_) => false,
        };
        if is_settled {
            Self::Constant(self.view(&[]).value().into_owned())
        } else {
            self
        }
    }

    fn frame(&self) -> usize {
        match self {
            Self::Constant(value) => json_size(value),
            Self::Leaf(_) => 0,
            Self::Array(items) => {
                2 + items.len().saturating_sub(1) + items.iter().map(Self::frame).sum::<usize>()
            }
            Self::Object(members) => {
                let member = |(name, node): &(String, Node)| text_size(name) + 1 + node.frame();
                2 + members.len().saturating_sub(1) + members.iter().map(member).sum::<usize>()
            }
        }
    }

    fn view<'a>(&'a self, values: &'a [Value]) -> View<'a> {
        match self {
            Self::Constant(value) => View::Json(value),
            // Whoever evaluates a shape gives a value for each of its leaves.
            Self::Leaf(index) => View::Json(values.get(*index).unwrap_or(&Value::Null)),
            Self::Array(_) | Self::Object(_) => View::Parts(Parts { node: self, values }),
        }
    }
}

/// A value to look at, be it in one piece or in parts.
#[derive(Clone, Copy, Debug)]
pub(crate) enum View<'a> {
    Json(&'a Value),
    Parts(Parts<'a>),
}

/// An array or an object with leaves in it, and the leaves' values.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parts<'a> {
    node: &'a Node,
    values: &'a [Value],
}

impl<'a> View<'a> {
    /// A member of an object.
    pub(crate) fn member(self, name: &str) -> Option<View<'a>> {
        match self {
            Self::Json(value) => member(value, name).map(View::Json),
            Self::Parts(Parts { node, values }) => match node {
                Node::Object(members) => members
                    .iter()
                    .find_map(|(key, node)| (key == name).then(|| node.view(values))),
                Node::Constant(_) | Node::Leaf(_) | Node::Array(_) => None,
            },
        }
    }

    /// A text; what is in parts is none.
    pub(crate) fn as_str(self) -> Option<&'a str> {
        match self {
            Self::Json(value) => value.as_str(),
            Self::Parts(_) => None,
        }
    }

    /// An object's members, those in parts put together; `None` if it is no object.
    pub(crate) fn members(self) -> Option<Vec<(&'a str, Cow<'a, Value>)>> {
        match self {
            Self::Json(value) => {
                let members = value.as_object()?.iter();
                let member =
                    |(name, value): (&'a String, &'a Value)| (name.as_str(), Cow::Borrowed(value));
                Some(members.map(member).collect())
            }
            Self::Parts(Parts { node, values }) => match node {
                Node::Object(members) => {
                    let member =
                        |(name, node): &'a (String, Node)| (&**name, node.view(values).value());
                    Some(members.iter().map(member).collect())
                }
                Node::Constant(_) | Node::Leaf(_) | Node::Array(_) => None,
            },
        }
    }

    /// In one piece.
    pub(crate) fn value(self) -> Cow<'a, Value> {
        let Parts { node, values } = match self {
            Self::Json(value) => return Cow::Borrowed(value),
            Self::Parts(parts) => parts,
        };
        let whole = |node: &'a Node| node.view(values).value().into_owned();
        Cow::Owned(match node {
            Node::Array(items) => Value::Array(items.iter().map(whole).collect()),
            Node::Object(members) => {
                let mut object = Map::with_capacity(members.len());
                for (name, node) in members {
                    object.insert(name.clone(), whole(node));
                }
                Value::Object(object)
            }
            Node::Constant(_) | Node::Leaf(_) => whole(node),
        })
    }
}

#[cfg(test)]
mod tests {
    use saga_asl as asl;
    use serde_json::{Value, json};

    use super::{Shape, View};

    fn shape() -> Shape {
        let definition = json!({
            "QueryLanguage": "JSONata", "StartAt": "a",
            "States": { "a": { "Type": "Succeed", "Output": {
                "name\"": [1, "{% $states.input.b %}", { "c": [], "d": null }],
                "whole": { "e": [true, "text"] },
                "f": "{% $states.input.g %}",
                "empty": {},
            } } },
        });
        let machine = asl::parse(&definition.to_string()).unwrap();
        match machine.graph.get("a") {
            Some(asl::State::Succeed(asl::Succeed {
                output: Some(template),
                ..
            })) => Shape::of("Output", template).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_template_in_parts_is_what_it_would_be_in_one_piece() {
        let shape = shape();
        let places: Vec<&str> = shape.leaves().iter().map(|leaf| &*leaf.place).collect();
        assert_eq!(places, ["Output/name\"[1]", "Output/f"]);
        let values = [json!({ "x": "\u{1f}" }), json!(-1.5)];
        let whole = json!({
            "name\"": [1, { "x": "\u{1f}" }, { "c": [], "d": null }],
            "whole": { "e": [true, "text"] },
            "f": -1.5,
            "empty": {},
        });
        let view = shape.view(&values);
        assert_eq!(*view.value(), whole);
        assert_eq!(shape.size(&values), whole.to_string().len());
        let members = view.members().unwrap();
        let members = members.iter().map(|(name, value)| (*name, &**value));
        let expected = whole.as_object().unwrap().iter();
        assert!(members.eq(expected.map(|(name, value)| (&**name, value))));
        for name in ["name\"", "whole", "f", "empty", "other"] {
            let member = view.member(name).map(View::value);
            assert_eq!(member.as_deref(), whole.get(name));
        }
        assert!(matches!(
            view.member("whole"),
            Some(View::Json(Value::Object(_)))
        ));
    }

    #[test]
    fn two_members_of_one_name_are_left_to_others() {
        let member = || ("a".to_owned(), asl::Template::Null);
        let twice = asl::Template::Object(vec![member(), member()]);
        assert!(Shape::of("Output", &twice).is_none());
    }
}

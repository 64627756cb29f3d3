//! Values to JSON templates, and what a flow takes from its input.

use std::collections::BTreeMap;

use saga_asl::{Expression, Template};

use crate::ir::{self, LoopId, Root, Segment, Value};
use crate::names;
use crate::walk::places;

use super::Lowering;
use super::expression::{is_optional, quoted_text};
use super::scope::Cx;
use super::walk;

impl Lowering<'_> {
    /// The template of what a graph returns. Others, npm's `asl-validator` among them, take a text or an object there.
    pub(super) fn output(&self, cx: &Cx<'_>, value: &Value) -> Template {
        match self.template(cx, value) {
            text @ (Template::String(_) | Template::Expression(_) | Template::Object(_)) => text,
            _ => Template::Expression(Expression(self.expression(cx, value))),
        }
    }

    /// The template of a value.
    pub(super) fn template(&self, cx: &Cx<'_>, value: &Value) -> Template {
        match value {
            Value::Null => Template::Null,
            Value::Bool(value) => Template::Bool(*value),
            Value::Integer(number) => Template::Number((*number).into()),
            Value::Float(number) => Template::float(*number),
            // An empty text is one that other validators take for a missing one.
            Value::String(text) if names::is_placeholder(text) || text.is_empty() => {
                Template::Expression(Expression(quoted_text(text).0))
            }
            Value::String(text) => Template::String(text.clone()),
            Value::Array(values) => {
                let values = values.iter();
                Template::Array(values.map(|value| self.template(cx, value)).collect())
            }
            Value::Object(fields) => {
                let fields = fields.iter();
                Template::Object(
                    fields
                        .map(|(name, value)| (name.clone(), self.template(cx, value)))
                        .collect(),
                )
            }
            computed => Template::Expression(Expression(self.expression(cx, computed))),
        }
    }
}

/// JSON pointers to what the flow takes from its input: the first handler sees that it is there, so that no later
/// expression fails to evaluate. `*` stands for every element of an array.
pub(crate) fn required_input(flow: &ir::Flow) -> Vec<String> {
    let mut lists = BTreeMap::new();
    walk::visit_loops(&flow.body, &mut |each| {
        if let Value::Place(root, path) = &each.items {
            lists.insert(each.id.0, (*root, path.clone()));
        }
    });
    let mut pointers = Vec::new();
    walk::visit_values(&flow.body, &mut |value| {
        places(value, &mut |root, path| {
            pointers.extend(pointer(&lists, root, path));
        });
    });
    // The whole input is there.
    pointers.retain(|pointer| !pointer.is_empty());
    pointers.sort_unstable();
    pointers.dedup();
    pointers
}

/// The pointer to a place in the input, as far as it must be there.
fn pointer(
    lists: &BTreeMap<usize, (Root, Vec<Segment>)>, root: Root, path: &[Segment],
) -> Option<String> {
    let base = match root {
        Root::Input => String::new(),
        Root::Item(LoopId(id)) => {
            let (root, list) = lists.get(&id)?;
            if list.iter().any(is_optional) {
                return None;
            }
            pointer(lists, *root, list)? + "/*"
        }
        Root::Local(_) | Root::Index(_) => return None,
    };
    let present = path.iter().take_while(|segment| !is_optional(segment));
    Some(present.fold(base, |pointer, segment| pointer + &pointer_segment(segment)))
}

/// RFC 6901.
fn pointer_segment(segment: &Segment) -> String {
    match segment {
        Segment::Field { json, .. } => {
            // A key that is a star is none of ours.
            let json = json.replace('~', "~0").replace('/', "~1");
            if json == "*" {
                return "/~2".to_owned();
            }
            format!("/{json}")
        }
        Segment::Index(index) => format!("/{index}"),
    }
}

/// A doc comment, safe from deployment, which replaces placeholders.
pub(super) fn comment(text: &str) -> String {
    text.replace("${", "$ {").replace("%{", "% {")
}

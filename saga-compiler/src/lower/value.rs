//! Values to JSON templates and `JSONata`, and the variables that hold outputs.

use std::collections::HashSet;

use saga_asl::{Expression, Template};

use crate::ir::{self, Call, CallId, Node, Segment, Value};
use crate::names;

const INPUT: &str = "$states.context.Execution.Input";
const RESULT: &str = "$states.result.Payload";

/// The variable of each call whose output is used after its own state, by call.
pub(super) struct Variables(Vec<Option<String>>);

impl Variables {
    pub(super) fn of(flow: &ir::Flow) -> Self {
        let mut calls = Vec::new();
        collect_calls(&flow.body, &mut calls);
        let mut used = vec![false; calls.len()];
        visit_flow(flow, &calls, &mut |value| {
            if let Value::Output(id, _) = value {
                used[id.0] = true;
            }
        });
        // The last state builds the result from its own output, which no variable holds yet.
        if let Some(Node::Call(last)) = flow.body.nodes.last() {
            used[last.id.0] = false;
        }
        let mut in_use = HashSet::new();
        let variables = calls.iter().map(|call| {
            if !used[call.id.0] {
                return None;
            }
            let name = names::variable(call.binding.as_deref().unwrap_or("output"), &in_use);
            in_use.insert(name.clone());
            Some(name)
        });
        Self(variables.collect())
    }

    pub(super) fn get(&self, id: CallId) -> Option<&str> {
        self.0[id.0].as_deref()
    }
}

fn collect_calls<'a>(block: &'a ir::Block, calls: &mut Vec<&'a Call>) {
    for node in &block.nodes {
        match node {
            Node::Call(call) => calls.push(call),
        }
    }
}

/// Calls `visit` on the value, or on all that it is made of.
fn visit_leaves(value: &Value, visit: &mut impl FnMut(&Value)) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| visit_leaves(value, visit)),
        Value::Object(fields) => fields
            .iter()
            .for_each(|(_, value)| visit_leaves(value, visit)),
        leaf => visit(leaf),
    }
}

/// Calls `visit` on the leaves of everything that the flow passes on or returns.
fn visit_flow(flow: &ir::Flow, calls: &[&Call], visit: &mut impl FnMut(&Value)) {
    for (_, value) in calls.iter().flat_map(|call| &call.args) {
        visit_leaves(value, visit);
    }
    visit_leaves(&flow.body.result, visit);
}

/// Where a template stands, which decides what it may lean on.
#[derive(Clone, Copy)]
pub(super) enum Place {
    /// The first step's arguments: nobody has checked the input yet, so what is missing is `null`.
    FirstArguments,
    Arguments,
    /// The output of a call's own state: its result is at hand, its variable is not.
    OutputOf(CallId),
}

/// The template of a value.
pub(super) fn lower_value(variables: &Variables, value: &Value, place: Place) -> Template {
    let inner = |value| lower_value(variables, value, place);
    match (value, place) {
        (Value::Null, _) => Template::Null,
        (Value::Bool(value), _) => Template::Bool(*value),
        (Value::Integer(number), _) => Template::Number((*number).into()),
        (Value::Float(number), _) => Template::float(*number),
        (Value::String(text), _) => lower_text(text),
        (Value::Input(path), Place::FirstArguments) if !path.is_empty() => {
            lower_optional(&path_of(INPUT, path))
        }
        (Value::Input(path), _) => lower_path(INPUT, path),
        (Value::Output(id, path), Place::OutputOf(own)) if own == *id => lower_path(RESULT, path),
        (Value::Output(id, path), _) => {
            let variable = variables.get(*id).unwrap_or_default();
            lower_path(&format!("${variable}"), path)
        }
        (Value::Array(values), _) => Template::Array(values.iter().map(inner).collect()),
        (Value::Object(fields), _) => {
            let fields = fields.iter();
            Template::Object(
                fields
                    .map(|(name, value)| (name.clone(), inner(value)))
                    .collect(),
            )
        }
    }
}

fn lower_path(root: &str, path: &[Segment]) -> Template {
    let expression = path_of(root, path);
    if path.iter().any(is_optional) {
        return lower_optional(&expression);
    }
    Template::Expression(Expression(expression))
}

/// An undefined result is an error on Step Functions.
fn lower_optional(expression: &str) -> Template {
    Template::Expression(Expression(format!(
        "$exists({expression}) ? {expression} : null"
    )))
}

fn path_of(root: &str, path: &[Segment]) -> String {
    let mut expression = root.to_owned();
    for segment in path {
        match segment {
            Segment::Field { json, .. } => expression = lower_field(&expression, json),
            Segment::Index(index) => expression = format!("{expression}[{index}]"),
        }
    }
    expression
}

fn is_optional(segment: &Segment) -> bool {
    matches!(segment, Segment::Field { optional: true, .. })
}

/// JSON pointers to what the flow takes from its input: the first handler sees that it is there, so that no later
/// expression fails to evaluate.
pub(crate) fn required_input(flow: &ir::Flow) -> Vec<String> {
    let mut calls = Vec::new();
    collect_calls(&flow.body, &mut calls);
    let mut pointers = Vec::new();
    visit_flow(flow, &calls, &mut |value| {
        if let Value::Input(path) = value {
            let present = path.iter().take_while(|segment| !is_optional(segment));
            let pointer: String = present.map(pointer_segment).collect();
            pointers.push(pointer);
        }
    });
    // The whole input is there.
    pointers.retain(|pointer| !pointer.is_empty());
    pointers.sort_unstable();
    pointers.dedup();
    pointers
}

/// RFC 6901.
fn pointer_segment(segment: &Segment) -> String {
    match segment {
        Segment::Field { json, .. } => format!("/{}", json.replace('~', "~0").replace('/', "~1")),
        Segment::Index(index) => format!("/{index}"),
    }
}

fn lower_field(base: &str, name: &str) -> String {
    let plain = name.chars().enumerate().all(|(index, c)| match c {
        'a'..='z' | 'A'..='Z' | '_' => true,
        '0'..='9' => index > 0,
        _ => false,
    });
    let word = ["and", "or", "in", "true", "false", "null", "function"].contains(&name);
    if plain && !word {
        format!("{base}.{name}")
    } else {
        format!("{base}.`{name}`")
    }
}

/// A text, safe from deployment, which replaces placeholders in the whole definition.
fn lower_text(text: &str) -> Template {
    if !names::is_placeholder(text) {
        return Template::String(text.to_owned());
    }
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("${").into_iter().chain(rest.find("%{")).min() {
        let (part, after) = rest.split_at(at + 1);
        parts.push(quoted(part));
        rest = after;
    }
    parts.push(quoted(rest));
    Template::Expression(Expression(parts.join(" & ")))
}

/// A doc comment, safe from deployment likewise.
pub(super) fn comment(text: &str) -> String {
    text.replace("${", "$ {").replace("%{", "% {")
}

/// A `JSONata` string literal.
fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            // JSON's own escape, which JSONata reads as well.
            c if c.is_control() => quoted.extend(format!("\\u{:04x}", u32::from(c)).chars()),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

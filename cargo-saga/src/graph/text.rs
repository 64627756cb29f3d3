//! A picture as text for others to draw: Mermaid and Graphviz.

use std::collections::HashMap;
use std::fmt::Write as _;

use super::model::{Column, Drawing, Edge, Look, Node, Way};

/// A short name for each state: theirs have blanks and dots.
struct Ids(HashMap<String, String>);

impl Ids {
    fn of(drawing: &Drawing) -> Self {
        let mut ids = Self(HashMap::new());
        let nodes = drawing.forward.nodes.iter().chain(&drawing.back);
        nodes.for_each(|node| ids.add(node));
        ids
    }

    fn add(&mut self, node: &Node) {
        let id = format!("s{}", self.0.len() + 1);
        self.0.insert(node.name.clone(), id);
        let inner = node.inner.iter().flat_map(|column| &column.nodes);
        inner.for_each(|node| self.add(node));
    }

    fn id(&self, name: &str) -> &str {
        self.0.get(name).map_or("unknown", String::as_str)
    }
}

/// All ways between states, those inside of others too.
fn edges(drawing: &Drawing) -> Vec<&Edge> {
    fn inner<'d>(nodes: &'d [Node], all: &mut Vec<&'d Edge>) {
        for column in nodes.iter().flat_map(|node| &node.inner) {
            all.extend(&column.edges);
            inner(&column.nodes, all);
        }
    }
    let mut all: Vec<&Edge> = drawing.forward.edges.iter().collect();
    inner(&drawing.forward.nodes, &mut all);
    all.extend(&drawing.failures);
    all.extend(&drawing.undo);
    inner(&drawing.back, &mut all);
    all
}

pub(super) fn colours(look: Look) -> (&'static str, &'static str) {
    match look {
        Look::Compensatable => ("#e3edfd", "#4478c8"),
        Look::Pivot => ("#ffe7ad", "#c98500"),
        Look::Retriable => ("#d8f3e2", "#2c9460"),
        Look::Choice => ("#efe8fd", "#8660cf"),
        Look::Saga => ("#e2f4f7", "#2a8fa3"),
        Look::Compensation | Look::Failure => ("#fde6e4", "#cc5348"),
        Look::Good => ("#bfe8d0", "#2c9460"),
        Look::Bad => ("#f5b8b2", "#c2453a"),
        Look::Observer | Look::Event | Look::ReadOnly | Look::Plain | Look::Wait | Look::Group => {
            ("#eef0f2", "#85909c")
        }
    }
}

const LOOKS: [Look; 12] = [
    Look::Compensatable,
    Look::Pivot,
    Look::Retriable,
    Look::ReadOnly,
    Look::Plain,
    Look::Saga,
    Look::Choice,
    Look::Wait,
    Look::Compensation,
    Look::Group,
    Look::Good,
    Look::Bad,
];

pub(super) fn mermaid(drawing: &Drawing) -> String {
    let ids = &Ids::of(drawing);
    let mut text = format!(
        "---\ntitle: {}\n---\nflowchart TD\n",
        serde_json::json!(drawing.name)
    );
    text.push_str("  start([start])\n  committed([committed])\n");
    for node in drawing.forward.nodes.iter().chain(&drawing.back) {
        mermaid_node(&mut text, ids, node, 1);
    }
    if let Some(first) = drawing.forward.nodes.first() {
        let _ = writeln!(text, "  start --> {}", ids.id(&first.name));
    }
    for edge in edges(drawing) {
        let arrow = match edge.way {
            Way::Next | Way::Undo => "-->",
            Way::Rejected => "-.->",
            Way::Failed => "==>",
        };
        let label = edge
            .label
            .as_ref()
            .map(|label| format!("|\"{}\"|", quoted(label)));
        let label = label.unwrap_or_default();
        let _ = writeln!(
            text,
            "  {} {arrow}{label} {}",
            ids.id(&edge.from),
            ids.id(&edge.to)
        );
    }
    for name in &drawing.forward.ends {
        let _ = writeln!(text, "  {} --> committed", ids.id(name));
    }
    for look in LOOKS {
        mermaid_look(&mut text, look);
    }
    text
}

/// How the boxes of a kind are drawn.
pub(super) fn mermaid_look(text: &mut String, look: Look) {
    let (fill, stroke) = colours(look);
    let width = if look == Look::Pivot {
        ",stroke-width:3px"
    } else {
        ""
    };
    let _ = writeln!(
        text,
        "  classDef {look:?} fill:{fill},stroke:{stroke},color:#1d2733{width}"
    );
}

fn mermaid_node(text: &mut String, ids: &Ids, node: &Node, depth: usize) {
    let (indent, id, name) = ("  ".repeat(depth), ids.id(&node.name), quoted(&node.name));
    if node.inner.is_empty() {
        let (open, close) = match node.look {
            Look::Choice => ("{", "}"),
            Look::Pivot => ("{{", "}}"),
            Look::Saga => ("[[", "]]"),
            Look::Good | Look::Bad => ("([", "])"),
            _ => ("[", "]"),
        };
        let _ = writeln!(
            text,
            "{indent}{id}{open}\"{name}\"{close}:::{:?}",
            node.look
        );
        return;
    }
    let _ = writeln!(
        text,
        "{indent}subgraph {id}[\"{name}: {}\"]",
        quoted(&node.note)
    );
    for column in &node.inner {
        for node in &column.nodes {
            mermaid_node(text, ids, node, depth + 1);
        }
    }
    let _ = writeln!(text, "{indent}end");
}

/// What means something in a label, by Mermaid's own names: <https://mermaid.js.org/syntax/flowchart.html#entity-codes-to-escape-characters>.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::new();
    for c in text.chars() {
        match c {
            '#' => quoted.push_str("#35;"),
            '"' => quoted.push_str("#quot;"),
            '&' => quoted.push_str("#amp;"),
            '<' => quoted.push_str("#lt;"),
            '>' => quoted.push_str("#gt;"),
            c => quoted.push(c),
        }
    }
    quoted
}

pub(super) fn dot(drawing: &Drawing) -> String {
    let ids = &Ids::of(drawing);
    let mut text = format!("digraph \"{}\" {{\n", escaped(&drawing.name));
    text.push_str("  compound=true; rankdir=TB; bgcolor=transparent;\n");
    text.push_str(
        "  node [shape=box, style=\"rounded,filled\", fontname=\"Helvetica\", fontsize=11, margin=\"0.2,0.08\"];\n",
    );
    text.push_str(
        "  edge [color=\"#737c88\", fontname=\"Helvetica\", fontsize=9, fontcolor=\"#737c88\"];\n",
    );
    text.push_str("  start [shape=oval]; committed [shape=oval];\n");
    for node in drawing.forward.nodes.iter().chain(&drawing.back) {
        dot_node(&mut text, ids, node, 1);
    }
    if let Some(first) = drawing.forward.nodes.first() {
        dot_edge(&mut text, ids, (None, Some(first)), "");
    }
    let find = |name: &str| find(drawing, name);
    for edge in edges(drawing) {
        let style = match edge.way {
            Way::Next => "weight=9",
            Way::Rejected => "style=dashed, color=\"#b7791f\", constraint=false",
            Way::Failed => "color=\"#cc5348\", constraint=false",
            // Backward, so that what comes later in time stands above, beside what it undoes.
            Way::Undo => "color=\"#cc5348\", dir=back",
        };
        let label = edge
            .label
            .as_ref()
            .map(|label| format!(", label=\"{}\"", escaped(label)));
        let style = format!("{style}{}", label.unwrap_or_default());
        let ends = match edge.way {
            Way::Undo => (find(&edge.to), find(&edge.from)),
            _ => (find(&edge.from), find(&edge.to)),
        };
        dot_edge(&mut text, ids, ends, &style);
    }
    for name in &drawing.forward.ends {
        dot_edge(&mut text, ids, (find(name), None), "weight=9");
    }
    text.push_str("}\n");
    text
}

fn find<'d>(drawing: &'d Drawing, name: &str) -> Option<&'d Node> {
    fn within<'d>(nodes: &'d [Node], name: &str) -> Option<&'d Node> {
        nodes.iter().find_map(|node| {
            let inner = || {
                node.inner
                    .iter()
                    .find_map(|column| within(&column.nodes, name))
            };
            if node.name == name {
                Some(node)
            } else {
                inner()
            }
        })
    }
    within(&drawing.forward.nodes, name).or_else(|| within(&drawing.back, name))
}

/// Graphviz draws edges between nodes alone, and cuts them where a cluster begins: `None` is the beginning, or the end.
fn dot_edge(text: &mut String, ids: &Ids, (from, to): (Option<&Node>, Option<&Node>), style: &str) {
    let end = |node: Option<&Node>, last: bool, none: &str| {
        node.map_or_else(
            || none.to_owned(),
            |node| ids.id(&leaf(node, last).name).to_owned(),
        )
    };
    let cluster = |node: Option<&Node>, word: &str| match node {
        Some(node) if !node.inner.is_empty() => format!("{word}=cluster_{}", ids.id(&node.name)),
        _ => String::new(),
    };
    let parts = [
        style.to_owned(),
        cluster(from, "ltail"),
        cluster(to, "lhead"),
    ];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    let _ = writeln!(
        text,
        "  {} -> {} [{}];",
        end(from, true, "start"),
        end(to, false, "committed"),
        parts.join(", ")
    );
}

/// A node without anything inside: the first or the last one of a group.
fn leaf(node: &Node, last: bool) -> &Node {
    let columns = &node.inner;
    let column: Option<&Column> = if last {
        columns.last()
    } else {
        columns.first()
    };
    let inner = column.and_then(|column| {
        if last {
            column.nodes.last()
        } else {
            column.nodes.first()
        }
    });
    inner.map_or(node, |inner| leaf(inner, last))
}

fn dot_node(text: &mut String, ids: &Ids, node: &Node, depth: usize) {
    let (indent, id, name) = ("  ".repeat(depth), ids.id(&node.name), escaped(&node.name));
    let (fill, stroke) = colours(node.look);
    if node.inner.is_empty() {
        let width = if node.look == Look::Pivot {
            ", penwidth=3"
        } else {
            ""
        };
        let _ = writeln!(
            text,
            "{indent}{id} [label=\"{name}\\n{}\", fillcolor=\"{fill}\", color=\"{stroke}\"{width}];",
            escaped(&node.note)
        );
        return;
    }
    let _ = writeln!(text, "{indent}subgraph cluster_{id} {{");
    let _ = writeln!(
        text,
        "{indent}  label=\"{name}: {}\"; style=rounded; color=\"{stroke}\"; fontname=\"Helvetica\"; fontsize=11; fontcolor=\"#737c88\";",
        escaped(&node.note)
    );
    for column in &node.inner {
        for node in &column.nodes {
            dot_node(text, ids, node, depth + 1);
        }
    }
    let _ = writeln!(text, "{indent}}}");
}

pub(super) fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

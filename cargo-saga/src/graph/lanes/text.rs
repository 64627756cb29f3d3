//! The picture of a choreography as text for others to draw: Mermaid and Graphviz. Events stand on the arrows.

use std::fmt::Write as _;

use super::super::layout::Stroke;
use super::super::model::Look;
use super::super::text::{colours, escaped, mermaid_look, quoted};
use super::{Block, Event, Lanes};

const RED: &str = "#cc5348";

/// An arrow's end: a reaction, or nobody.
enum To {
    Block(usize),
    End,
}

/// Every event with every end of it, and the block that publishes it.
fn arrows(lanes: &Lanes) -> Vec<(usize, &Event, To)> {
    let mut arrows = Vec::new();
    for (from, block) in lanes.blocks.iter().enumerate() {
        for event in &block.events {
            if event.targets.is_empty() {
                arrows.push((from, event, To::End));
            }
            let targets = event.targets.iter();
            arrows.extend(targets.map(|target| (from, event, To::Block(*target))));
        }
    }
    arrows
}

/// The events that nobody reacts to, each once.
fn ends(lanes: &Lanes) -> Vec<&Event> {
    let mut ends: Vec<&Event> = Vec::new();
    for event in lanes.blocks.iter().flat_map(|block| &block.events) {
        let is_known = ends.iter().any(|end| end.name == event.name);
        if event.targets.is_empty() && !is_known {
            ends.push(event);
        }
    }
    ends
}

/// The looks of what is drawn, each once.
fn looks(lanes: &Lanes) -> Vec<Look> {
    let blocks = lanes.blocks.iter().map(|block| block.node.look);
    let ends = ends(lanes).into_iter().map(|event| event.look);
    let mut looks: Vec<Look> = blocks.chain(ends).collect();
    looks.sort_unstable();
    looks.dedup();
    looks
}

fn in_lane(lanes: &Lanes, lane: usize) -> impl Iterator<Item = (usize, &Block)> {
    let blocks = lanes.blocks.iter().enumerate();
    blocks.filter(move |(_, block)| block.lane == lane)
}

pub(super) fn mermaid(lanes: &Lanes) -> String {
    let title = serde_json::json!(lanes.name);
    let mut text = format!("---\ntitle: {title}\n---\nflowchart TD\n");
    for (lane, name) in lanes.participants.iter().enumerate() {
        let _ = writeln!(text, "  subgraph p{lane}[\"{}\"]", quoted(name));
        for (index, block) in in_lane(lanes, lane) {
            mermaid_block(&mut text, index, block);
        }
        text.push_str("  end\n");
    }
    for event in ends(lanes) {
        let name = quoted(&event.name);
        let _ = writeln!(text, "  end{name}([\"{name}\"]):::{:?}", event.look);
    }
    mermaid_arrows(&mut text, lanes);
    for look in looks(lanes) {
        mermaid_look(&mut text, look);
    }
    text
}

fn mermaid_block(text: &mut String, index: usize, block: &Block) {
    let (open, close) = match block.node.look {
        Look::Pivot => ("{{", "}}"),
        _ => ("[", "]"),
    };
    let _ = writeln!(
        text,
        "    r{index}{open}\"{}<br/>{}\"{close}:::{:?}",
        quoted(&block.node.name),
        quoted(&block.node.note),
        block.node.look
    );
}

/// Colours go by the number of an arrow: <https://mermaid.js.org/syntax/flowchart.html#styling-links>.
fn mermaid_arrows(text: &mut String, lanes: &Lanes) {
    let mut red: Vec<String> = Vec::new();
    let mut count = 0;
    for (index, block) in lanes.blocks.iter().enumerate() {
        if let Some(entry) = &block.entry {
            let entry = quoted(entry);
            let _ = writeln!(text, "  start{index}([\"{entry}\"]) --> r{index}");
            count += 1;
        }
    }
    for (from, event, to) in arrows(lanes) {
        let arrow = if event.stroke == Stroke::Failure {
            "-.->"
        } else {
            "-->"
        };
        let name = quoted(&event.name);
        let _ = match to {
            To::Block(to) => writeln!(text, "  r{from} {arrow}|\"{name}\"| r{to}"),
            To::End => writeln!(text, "  r{from} {arrow} end{name}"),
        };
        if event.stroke != Stroke::Next {
            red.push(count.to_string());
        }
        count += 1;
    }
    if !red.is_empty() {
        let _ = writeln!(text, "  linkStyle {} stroke:{RED}", red.join(","));
    }
}

pub(super) fn dot(lanes: &Lanes) -> String {
    let mut text = format!("digraph \"{}\" {{\n", escaped(&lanes.name));
    text.push_str(
        "  rankdir=TB; bgcolor=transparent;\n  \
         node [shape=box, style=\"rounded,filled\", fontname=\"Helvetica\", fontsize=11, margin=\"0.2,0.08\"];\n  \
         edge [color=\"#737c88\", fontname=\"Helvetica\", fontsize=9, fontcolor=\"#737c88\"];\n",
    );
    for (lane, name) in lanes.participants.iter().enumerate() {
        let _ = writeln!(text, "  subgraph cluster_{lane} {{");
        let _ = writeln!(
            text,
            "    label=\"{}\"; style=rounded; color=\"#85909c\"; fontname=\"Helvetica\"; fontsize=11; fontcolor=\"#737c88\";",
            escaped(name)
        );
        for (index, block) in in_lane(lanes, lane) {
            dot_block(&mut text, index, block);
        }
        text.push_str("  }\n");
    }
    for event in ends(lanes) {
        let (fill, stroke) = colours(event.look);
        let name = escaped(&event.name);
        let _ = writeln!(
            text,
            "  \"{name}\" [shape=oval, fillcolor=\"{fill}\", color=\"{stroke}\"];"
        );
    }
    for (index, block) in lanes.blocks.iter().enumerate() {
        if let Some(entry) = &block.entry {
            let entry = escaped(entry);
            let _ = writeln!(text, "  start{index} [label=\"{entry}\", shape=oval];");
            let _ = writeln!(text, "  start{index} -> r{index};");
        }
    }
    for (from, event, to) in arrows(lanes) {
        let style = match event.stroke {
            Stroke::Failure => format!(" style=dashed, color=\"{RED}\","),
            Stroke::Next => String::new(),
            _ => format!(" color=\"{RED}\","),
        };
        let name = escaped(&event.name);
        let _ = match to {
            To::Block(to) => writeln!(text, "  r{from} -> r{to} [{style} label=\"{name}\"];"),
            To::End => writeln!(text, "  r{from} -> \"{name}\" [{style}];"),
        };
    }
    text.push_str("}\n");
    text
}

fn dot_block(text: &mut String, index: usize, block: &Block) {
    let (fill, stroke) = colours(block.node.look);
    let width = if block.node.look == Look::Pivot {
        ", penwidth=3"
    } else {
        ""
    };
    let _ = writeln!(
        text,
        "    r{index} [label=\"{}\\n{}\", fillcolor=\"{fill}\", color=\"{stroke}\"{width}];",
        escaped(&block.node.name),
        escaped(&block.node.note)
    );
}

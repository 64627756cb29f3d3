//! What is in the picture of a choreography: a lane for each participant, its reactions below each other in the order of what leads
//! to them, and the events that they publish. `place` says where, `route` draws the ways, `text` writes it for others to draw.

mod place;
mod route;
mod text;

use std::fmt::Write as _;

use saga_compiler::choreography::{Contract, Kind, Reaction, Repeat};

use super::layout::Stroke;
use super::model::{Look, Node};
use super::svg;
use crate::args::GraphFormat;
use crate::choreography::{is_failure, kind, ordered, published};

/// A choreography to be drawn.
struct Lanes {
    name: String,
    comment: Option<String>,
    participants: Vec<String>,
    /// The reactions, in an order in which they may act.
    blocks: Vec<Block>,
}

/// A reaction with what it publishes.
struct Block {
    lane: usize,
    /// What stands higher comes first.
    row: usize,
    node: Node,
    /// What is above a command.
    entry: Option<String>,
    events: Vec<Event>,
}

/// An event that a reaction publishes.
struct Event {
    name: String,
    look: Look,
    stroke: Stroke,
    /// The blocks that react to it.
    targets: Vec<usize>,
}

pub(super) fn draw(contract: &Contract, format: GraphFormat) -> String {
    let lanes = Lanes::of(contract);
    match format {
        GraphFormat::Mermaid => text::mermaid(&lanes),
        GraphFormat::Dot => text::dot(&lanes),
        GraphFormat::Svg => {
            let comment = lanes.comment.as_deref();
            svg::picture(&lanes.name, comment, &place::layout(&lanes))
        }
    }
}

impl Lanes {
    fn of(contract: &Contract) -> Self {
        let order = ordered(contract);
        let rows = rows(contract, &order);
        let blocks = order.iter().zip(rows).map(|(reaction, (lane, row))| {
            let events = published(reaction);
            Block {
                lane,
                row,
                node: node(reaction),
                entry: entry(reaction),
                events: events
                    .map(|event| published_by(contract, &order, reaction, event))
                    .collect(),
            }
        });
        Self {
            name: contract.name.clone(),
            comment: contract.comment.clone(),
            participants: contract
                .participants
                .iter()
                .map(|participant| participant.name.clone())
                .collect(),
            blocks: blocks.collect(),
        }
    }
}

/// The lane and the row of each reaction: below all that leads to it, and alone in its lane's row.
fn rows(contract: &Contract, order: &[&Reaction]) -> Vec<(usize, usize)> {
    let mut placed: Vec<(usize, usize)> = Vec::new();
    for (index, reaction) in order.iter().enumerate() {
        let mut participants = contract.participants.iter();
        let lane = participants.position(|each| {
            let mut own = each.reactions.iter();
            own.any(|own| own.name == reaction.name)
        });
        let lane = lane.unwrap_or(0);
        let leads = |earlier: &Reaction| {
            published(earlier).any(|event| reaction.on.iter().any(|on| on == event))
                || reaction.compensates.as_ref() == Some(&earlier.name)
        };
        let earlier = order[..index].iter().zip(&placed);
        let above = earlier.filter(|(earlier, _)| leads(earlier));
        let mut row = above.map(|(_, (_, row))| row + 1).max().unwrap_or(0);
        while placed.contains(&(lane, row)) {
            row += 1;
        }
        placed.push((lane, row));
    }
    placed
}

fn node(reaction: &Reaction) -> Node {
    let method = |name: &str| name.rsplit('.').next().unwrap_or(name).to_owned();
    let mut note = match (&reaction.compensation, &reaction.compensates) {
        (Some(by), _) => format!("compensatable: {}", method(by)),
        (_, Some(action)) => format!("compensates {}", method(action)),
        _ => kind(reaction.kind).to_owned(),
    };
    match reaction.repeat {
        Repeat::Once if reaction.kind != Kind::Compensation => note.push_str(", once"),
        Repeat::Each => note.push_str(", for each"),
        Repeat::Once | Repeat::Never => {}
    }
    if let Some(after) = &reaction.after {
        let _ = write!(note, ", after {}", method(after));
    }
    let look = match reaction.kind {
        Kind::Compensatable => Look::Compensatable,
        Kind::Pivot => Look::Pivot,
        Kind::Retriable => Look::Retriable,
        Kind::Observer => Look::Observer,
        Kind::Compensation => Look::Compensation,
    };
    Node {
        name: reaction.name.clone(),
        look,
        note,
        comment: reaction.comment.clone(),
        inner: Vec::new(),
    }
}

fn entry(reaction: &Reaction) -> Option<String> {
    let input = reaction.input.as_deref();
    reaction.command.then(|| match input {
        Some(input) => format!("command: {input}"),
        None => "command".to_owned(),
    })
}

fn published_by(
    contract: &Contract, order: &[&Reaction], reaction: &Reaction, event: &str,
) -> Event {
    let is_terminal = contract.event(event).is_some_and(|event| event.terminal);
    let fails = is_failure(contract, event) || reaction.rejects.iter().any(|own| own == event);
    let undoes = reaction.kind == Kind::Compensation;
    let look = match (is_terminal, fails || undoes) {
        (true, true) => Look::Bad,
        (true, false) => Look::Good,
        (false, _) if fails => Look::Failure,
        (false, _) => Look::Event,
    };
    let stroke = match (fails, undoes) {
        (true, _) => Stroke::Failure,
        (false, true) => Stroke::Undo,
        (false, false) => Stroke::Next,
    };
    let reacts = |later: &Reaction| later.on.iter().any(|on| on == event);
    let targets = (0..order.len()).filter(|index| reacts(order[*index]));
    Event {
        name: event.to_owned(),
        look,
        stroke,
        targets: targets.collect(),
    }
}

//! One column: boxes one below the other, and the lines beside them.

use super::super::measure::{self, LONGEST, NAME, NOTE, units};
use super::super::model::{Column, Edge, Node};
use super::super::wires::{self, MARGIN, Request, TRACK};
use super::{GAP, Label, PORT, Place, Stroke, Wire};

/// A box without anything inside.
const LEAF: f64 = 46.0;
/// Between a box's edge and its text.
const PADDING: f64 = 14.0;
/// Above what is inside of a box: its name and its note.
const HEAD: f64 = 48.0;
/// Between branches.
const BETWEEN: f64 = 24.0;

/// What the widest box without anything inside needs.
pub(super) fn leaf_width<'n>(nodes: impl Iterator<Item = &'n Node>) -> f64 {
    let leaves = nodes.filter(|node| node.inner.is_empty());
    leaves.map(text_width).fold(0.0, f64::max)
}

fn text_width(node: &Node) -> f64 {
    let name = measure::mono(&measure::short(&node.name, LONGEST), NAME);
    let below = measure::sans(&measure::short(&node.note, LONGEST), NOTE);
    name.max(below) + 2.0 * PADDING
}

/// A box with its middle at 0 and its upper edge at 0.
pub(super) fn place(node: &Node, leaf_width: f64) -> Place<'_> {
    if node.inner.is_empty() {
        return Place {
            node,
            x: -leaf_width / 2.0,
            y: 0.0,
            width: leaf_width,
            height: LEAF,
            inner: Vec::new(),
            wires: Vec::new(),
        };
    }
    let stacks: Vec<Stack<'_>> = node.inner.iter().map(stack).collect();
    let inside =
        stacks.iter().map(|stack| stack.width).sum::<f64>() + units(stacks.len() - 1) * BETWEEN;
    let width = text_width(node).max(inside + 2.0 * PADDING);
    let tallest = stacks.iter().map(|stack| stack.height).fold(0.0, f64::max);
    let (mut inner, mut wires) = (Vec::new(), Vec::new());
    let mut x = -inside / 2.0;
    for mut stack in stacks {
        // Shorter branches stand in the middle of the height.
        let y = HEAD + (tallest - stack.height) / 2.0;
        for place in &mut stack.places {
            place.shift(x, y);
        }
        for wire in &mut stack.wires {
            wire.shift(x, y);
        }
        x += stack.width + BETWEEN;
        inner.extend(stack.places);
        wires.extend(stack.wires);
    }
    Place {
        node,
        x: -width / 2.0,
        y: 0.0,
        width,
        height: HEAD + tallest + PADDING,
        inner,
        wires,
    }
}

/// A column by itself, from 0 to its width and height.
struct Stack<'d> {
    places: Vec<Place<'d>>,
    wires: Vec<Wire>,
    width: f64,
    height: f64,
}

fn stack(column: &Column) -> Stack<'_> {
    let leaf_width = leaf_width(column.nodes.iter());
    let mut places: Vec<Place<'_>> = Vec::new();
    let mut y = 0.0;
    for node in &column.nodes {
        let mut place = place(node, leaf_width);
        place.shift(0.0, y);
        y += place.height + GAP;
        places.push(place);
    }
    let half = super::half_width(&places);
    let stops: Vec<Stop<'_>> = places.iter().map(Stop::of).collect();
    let (mut wires, left) = ways(&stops, &lines(&column.edges), -half);
    for place in &mut places {
        place.shift(-left, 0.0);
    }
    for wire in &mut wires {
        wire.shift(-left, 0.0);
    }
    Stack {
        places,
        wires,
        width: half - left,
        height: (y - GAP).max(0.0),
    }
}

/// Where lines begin and end: a box, or the beginning and the end of it all.
pub(super) struct Stop<'d> {
    pub(super) name: &'d str,
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) bottom: f64,
}

impl<'d> Stop<'d> {
    pub(super) fn of(place: &Place<'d>) -> Self {
        Self {
            name: &place.node.name,
            left: place.x,
            top: place.y,
            bottom: place.y + place.height,
        }
    }

    fn middle(&self) -> f64 {
        f64::midpoint(self.top, self.bottom)
    }
}

/// A line from one stop to another.
pub(super) struct Line<'d> {
    pub(super) from: &'d str,
    pub(super) to: &'d str,
    pub(super) stroke: Stroke,
    pub(super) label: Option<&'d str>,
}

pub(super) fn lines(edges: &[Edge]) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    for edge in edges {
        lines.push(Line {
            from: &edge.from,
            to: &edge.to,
            stroke: edge.way.into(),
            label: edge.label.as_deref(),
        });
    }
    lines
}

/// The lines of a column whose middle is 0, and how far to the left they go: straight down to the next stop, and by the gutter on
/// the left to any other.
pub(super) fn ways<'d>(stops: &[Stop<'d>], lines: &[Line<'d>], left: f64) -> (Vec<Wire>, f64) {
    let (mut wires, mut requests, mut aside) = (Vec::new(), Vec::new(), Vec::new());
    let find = |name: &str| stops.iter().position(|stop| stop.name == name);
    for line in lines {
        let (Some(from), Some(to)) = (find(line.from), find(line.to)) else {
            continue;
        };
        if to == from + 1 {
            wires.push(straight(&stops[from], &stops[to], line));
            continue;
        }
        let port = if to > from { PORT } else { -PORT };
        requests.push(Request {
            key: (line.to, line.stroke),
            from: stops[from].middle() + port,
            to: stops[to].middle() - port,
        });
        aside.push((&stops[from], &stops[to], line));
    }
    let labels = aside.iter().filter_map(|(_, _, line)| line.label);
    let room = labels
        .map(|label| measure::sans(&measure::short(label, LONGEST), NOTE))
        .fold(0.0, f64::max);
    let (tracks, count) = wires::tracks(&requests);
    for ((request, (from, to, line)), track) in requests.iter().zip(&aside).zip(tracks) {
        let x = left - room - MARGIN - units(track) * TRACK;
        let points = vec![
            (from.left, request.from),
            (x, request.from),
            (x, request.to),
            (to.left, request.to),
        ];
        let mut wire = Wire::new(points, line.stroke);
        wire.label = line.label.map(|label| Label {
            text: measure::short(label, LONGEST),
            x: from.left - 5.0,
            y: request.from - 4.0,
            to_the_left: true,
        });
        wires.push(wire);
    }
    let left = match count {
        0 => left,
        count => left - room - MARGIN - units(count - 1) * TRACK - 6.0,
    };
    (wires, left)
}

fn straight(from: &Stop<'_>, to: &Stop<'_>, line: &Line<'_>) -> Wire {
    let mut wire = Wire::new(vec![(0.0, from.bottom), (0.0, to.top)], line.stroke);
    wire.label = line.label.map(|label| Label {
        text: measure::short(label, LONGEST),
        x: 7.0,
        y: f64::midpoint(from.bottom, to.top) + 2.0,
        to_the_left: false,
    });
    wire
}

//! The two columns, row by row, and the lines of each.

use super::super::measure::{self, LONGEST, NOTE, units};
use super::super::model::{Drawing, Look, Way, undoes};
use super::super::wires::{self, MARGIN, Request, TRACK};
use super::column::{self, Line, Stop};
use super::{GAP, Halves, PORT, Pill, Place, Stroke, Wire};

/// Names of no state.
const START: &str = "\0start";
const END: &str = "\0end";

const PILL: f64 = 30.0;
const PARK: &str = "stuck: waits for an operator, then tries again";

/// Puts every state into a row. The first row is the beginning, the last one the end.
pub(super) fn place(drawing: &Drawing) -> Halves<'_> {
    let rows = drawing.forward.nodes.len() + 2;
    let row_of = rows_of_back(drawing);
    let widths = [drawing.forward.nodes.iter(), drawing.back.iter()].map(column::leaf_width);
    let mut left: Vec<Place<'_>> = Vec::new();
    let mut right: Vec<Place<'_>> = Vec::new();
    let (mut start, mut end) = (
        pill(&with("start", drawing.input.as_ref()), None),
        pill(
            &with("committed", drawing.output.as_ref()),
            Some(Look::Good),
        ),
    );
    let mut top = 0.0;
    for row in 0..rows {
        let mut stack: Vec<Place<'_>> = Vec::new();
        for index in in_order(drawing, &row_of, row) {
            stack.push(column::place(&drawing.back[index], widths[1]));
        }
        let forward = row
            .checked_sub(1)
            .and_then(|row| drawing.forward.nodes.get(row));
        let forward = forward.map(|node| column::place(node, widths[0]));
        let (above, below) = around(drawing, forward.as_ref(), &stack);
        let half = forward.as_ref().map_or(PILL, |place| place.height) / 2.0;
        let middle = top + above.max(half);
        let height = above.max(half) + below.max(half);
        if let Some(mut place) = forward {
            place.shift(0.0, middle - half);
            left.push(place);
        } else {
            let pill = if row == 0 { &mut start } else { &mut end };
            pill.y = middle - half;
        }
        let mut y = middle - above;
        for mut place in stack {
            place.shift(0.0, y);
            y += place.height + GAP;
            right.push(place);
        }
        top += height + GAP;
    }
    let park = (!drawing.stuck.is_empty()).then(|| below(&right));
    if let Some(park) = &park {
        top = top.max(park.y + PILL + GAP);
    }
    Halves {
        left,
        right,
        start,
        end,
        park,
        height: top - GAP,
    }
}

/// Where the stuck ones wait.
fn below(places: &[Place<'_>]) -> Pill {
    let mut park = pill(PARK, Some(Look::Wait));
    park.y = places.last().map_or(0.0, |place| place.y + place.height) + GAP;
    park
}

fn with(word: &str, ty: Option<&String>) -> String {
    let ty = ty.filter(|ty| *ty != "()");
    let ty = ty.map(|ty| format!(": {}", measure::short(ty, LONGEST)));
    format!("{word}{}", ty.unwrap_or_default())
}

/// How far the stack of a row reaches above and below the middle of what is on the left: the line to where that goes when it
/// fails is straight.
fn around(drawing: &Drawing, forward: Option<&Place<'_>>, stack: &[Place<'_>]) -> (f64, f64) {
    let heights = stack.iter().map(|place| place.height + GAP);
    let whole = (heights.sum::<f64>() - GAP).max(0.0);
    let name = forward.map_or("", |place| place.node.name.as_str());
    let is_partner = |place: &&Place<'_>| {
        let mut edges = drawing.failures.iter();
        edges.any(|edge| edge.from == name && edge.to == place.node.name && edge.way == Way::Failed)
    };
    let mut above = whole / 2.0;
    let mut y = 0.0;
    for place in stack {
        if is_partner(&place) {
            above = y + place.height / 2.0;
        }
        y += place.height + GAP;
    }
    (above, whole - above)
}

fn pill(text: &str, look: Option<Look>) -> Pill {
    let width = measure::sans(text, NOTE) + 32.0;
    Pill {
        text: text.to_owned(),
        look,
        x: -width / 2.0,
        y: 0.0,
        width,
        height: PILL,
    }
}

/// The row of each node of `back`: beside what it undoes, but never above what comes after it.
fn rows_of_back(drawing: &Drawing) -> Vec<usize> {
    let forward = |name: &str| {
        let mut nodes = drawing.forward.nodes.iter();
        nodes
            .position(|node| node.name == name)
            .map(|index| index + 1)
    };
    let anchor = |name: &str, look: Look| {
        let own = undoes(name).into_iter().find_map(forward);
        let led = drawing.failures.iter().filter(|edge| edge.to == name);
        let led = led.filter_map(|edge| forward(&edge.from));
        let is_last = look == Look::Bad && drawing.undo.iter().any(|edge| edge.to == name);
        match own {
            _ if is_last => 0,
            Some(row) => row,
            None => led.max().unwrap_or_default(),
        }
    };
    let nodes = drawing.back.iter();
    let mut rows: Vec<usize> = nodes.map(|node| anchor(&node.name, node.look)).collect();
    let index = |name: &str| drawing.back.iter().position(|node| node.name == name);
    // Each round carries a row over one more edge; where they run in a circle, that ends it.
    for _ in 0..drawing.back.len() {
        let mut changed = false;
        for edge in &drawing.undo {
            if let (Some(from), Some(to)) = (index(&edge.from), index(&edge.to))
                && rows[from] < rows[to]
            {
                rows[from] = rows[to];
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    rows
}

/// The nodes of `back` in a row, from top to bottom: what comes later in time stands above.
fn in_order(drawing: &Drawing, rows: &[usize], row: usize) -> Vec<usize> {
    let mut left: Vec<usize> = (0..rows.len())
        .filter(|index| rows[*index] == row)
        .collect();
    let mut ordered = Vec::new();
    while !left.is_empty() {
        let leads_to_another = |index: &usize| {
            let name = &drawing.back[*index].name;
            let mut edges = drawing.undo.iter().filter(|edge| edge.from == *name);
            edges.any(|edge| {
                left.iter()
                    .any(|other| other != index && drawing.back[*other].name == edge.to)
            })
        };
        // In a circle nobody is last: the definition's order decides.
        let next = left
            .iter()
            .position(|index| !leads_to_another(index))
            .unwrap_or_default();
        ordered.push(left.remove(next));
    }
    ordered
}

/// The lines of the left column, and how far to the left they go.
pub(super) fn forward(drawing: &Drawing, halves: &Halves<'_>) -> (Vec<Wire>, f64) {
    let stop = |name, pill: &Pill| Stop {
        name,
        left: pill.x,
        top: pill.y,
        bottom: pill.y + pill.height,
    };
    let mut stops = vec![stop(START, &halves.start)];
    stops.extend(halves.left.iter().map(Stop::of));
    stops.push(stop(END, &halves.end));
    let plain = |from, to| Line {
        from,
        to,
        stroke: Stroke::Next,
        label: None,
    };
    let mut lines = column::lines(&drawing.forward.edges);
    if let Some(first) = drawing.forward.nodes.first() {
        lines.push(plain(START, first.name.as_str()));
    }
    let ends = drawing.forward.ends.iter();
    lines.extend(ends.map(|name| plain(name.as_str(), END)));
    let left = super::half_width(&halves.left);
    column::ways(&stops, &lines, -left)
}

/// The lines of the right column, whose right edge is given, and how far to the right they go: straight up to the next box, by the
/// gutter on the right to any other, and outside of all to where the stuck ones wait.
pub(super) fn undo(drawing: &Drawing, halves: &Halves<'_>, right: f64) -> (Vec<Wire>, f64) {
    let (mut wires, mut requests, mut aside) = (Vec::new(), Vec::new(), Vec::new());
    let places = &halves.right;
    let find = |name: &str| places.iter().position(|place| place.node.name == name);
    for edge in &drawing.undo {
        let (Some(from), Some(to)) = (find(&edge.from), find(&edge.to)) else {
            continue;
        };
        let (start, end) = (&places[from], &places[to]);
        if from == to + 1 {
            let x = start.middle().0;
            let points = vec![(x, start.y), (x, end.y + end.height)];
            wires.push(Wire::new(points, Stroke::Undo));
            continue;
        }
        let port = if to > from { PORT } else { -PORT };
        requests.push(Request {
            key: edge.to.as_str(),
            from: start.middle().1 + port,
            to: end.middle().1 - port,
        });
        aside.push((start, end));
    }
    let (tracks, count) = wires::tracks(&requests);
    for ((request, (start, end)), track) in requests.iter().zip(aside).zip(tracks) {
        let x = right + MARGIN + units(track) * TRACK;
        let points = vec![
            (start.x + start.width, request.from),
            (x, request.from),
            (x, request.to),
            (end.x + end.width, request.to),
        ];
        wires.push(Wire::new(points, Stroke::Undo));
    }
    let right = match count {
        0 => right,
        count => right + MARGIN + units(count - 1) * TRACK,
    };
    let bus = stuck(drawing, halves, right + MARGIN);
    let right = if bus.is_empty() {
        right
    } else {
        right + MARGIN
    };
    wires.extend(bus);
    (wires, right)
}

/// One line down the outside, which all join that may be stuck.
fn stuck(drawing: &Drawing, halves: &Halves<'_>, x: f64) -> Vec<Wire> {
    let Some(park) = &halves.park else {
        return Vec::new();
    };
    let is_stuck = |place: &&Place<'_>| drawing.stuck.contains(&place.node.name);
    let mut wires = Vec::new();
    for place in halves.right.iter().filter(is_stuck) {
        let from = (place.x + place.width, place.middle().1);
        let mut points = vec![from, (x, from.1)];
        let is_first = wires.is_empty();
        if is_first {
            let y = park.y + park.height / 2.0;
            points.extend([(x, y), (park.x + park.width, y)]);
        }
        let mut wire = Wire::new(points, Stroke::Stuck);
        wire.arrow = is_first;
        wires.push(wire);
    }
    wires
}

//! Where everything is: the way down on the left, what undoes it on the right, each compensation in the row of what it
//! undoes. Boxes first, then the lines in the gutters between them.

mod column;
mod rows;

use super::measure::units;
use super::model::{Drawing, Look, Node, Way};
use super::wires::{self, Request, TRACK};

/// Between a row and the next one.
pub(super) const GAP: f64 = 28.0;
/// Around everything.
const EDGE: f64 = 20.0;
/// Between the columns, at least.
const BETWEEN: f64 = 64.0;
/// How far from the middle of a box a line leaves or arrives that is not the straight one.
const PORT: f64 = 9.0;

/// A picture with all its places.
pub(super) struct Layout<'d> {
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) boxes: Vec<Place<'d>>,
    pub(super) pills: Vec<Pill>,
    pub(super) wires: Vec<Wire>,
    /// Behind it all, of a choreography.
    pub(super) lanes: Vec<Lane>,
}

/// What one participant does stands in it.
pub(super) struct Lane {
    pub(super) name: String,
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// A box: a state, with what is inside of it.
pub(super) struct Place<'d> {
    pub(super) node: &'d Node,
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) inner: Vec<Place<'d>>,
    pub(super) wires: Vec<Wire>,
}

/// Where the picture begins or ends.
pub(super) struct Pill {
    pub(super) text: String,
    pub(super) look: Option<Look>,
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// A line with corners.
#[derive(Clone)]
pub(super) struct Wire {
    pub(super) points: Vec<(f64, f64)>,
    pub(super) stroke: Stroke,
    pub(super) label: Option<Label>,
    /// Whether it shows where it leads; a line that joins another one does not.
    pub(super) arrow: bool,
}

#[derive(Clone)]
pub(super) struct Label {
    pub(super) text: String,
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) to_the_left: bool,
}

/// What a line is drawn as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stroke {
    Next,
    Rejected,
    Failed,
    Undo,
    Stuck,
    /// An event that means failure.
    Failure,
}

impl From<Way> for Stroke {
    fn from(way: Way) -> Self {
        match way {
            Way::Next => Self::Next,
            Way::Rejected => Self::Rejected,
            Way::Failed => Self::Failed,
            Way::Undo => Self::Undo,
        }
    }
}

impl Place<'_> {
    pub(super) fn middle(&self) -> (f64, f64) {
        (self.x + self.width / 2.0, self.y + self.height / 2.0)
    }

    fn shift(&mut self, x: f64, y: f64) {
        (self.x, self.y) = (self.x + x, self.y + y);
        self.inner.iter_mut().for_each(|inner| inner.shift(x, y));
        self.wires.iter_mut().for_each(|wire| wire.shift(x, y));
    }
}

impl Wire {
    pub(super) fn new(points: Vec<(f64, f64)>, stroke: Stroke) -> Self {
        Self {
            points,
            stroke,
            label: None,
            arrow: true,
        }
    }

    fn shift(&mut self, x: f64, y: f64) {
        for point in &mut self.points {
            *point = (point.0 + x, point.1 + y);
        }
        if let Some(label) = &mut self.label {
            (label.x, label.y) = (label.x + x, label.y + y);
        }
    }
}

/// Everything of the two columns, before the gutter between them is known.
struct Halves<'d> {
    left: Vec<Place<'d>>,
    right: Vec<Place<'d>>,
    start: Pill,
    end: Pill,
    park: Option<Pill>,
    /// From the upper edge to below the last box.
    height: f64,
}

pub(super) fn layout(drawing: &Drawing) -> Layout<'_> {
    let mut halves = rows::place(drawing);
    // The left column's middle is 0; the other gutters grow outward from there.
    let pills = [&halves.start, &halves.end].map(|pill| pill.width / 2.0);
    let left = pills.into_iter().fold(half_width(&halves.left), f64::max);
    let (requests, sources) = failures(drawing, &halves);
    let (tracks, count) = wires::tracks(&requests);
    let middle = if halves.right.is_empty() {
        left
    } else {
        left + wires::gutter(count).max(BETWEEN) + half_width(&halves.right)
    };
    for place in &mut halves.right {
        place.shift(middle, 0.0);
    }
    if let Some(park) = &mut halves.park {
        park.x += middle;
    }
    let mut lines = Vec::new();
    for ((request, source), track) in requests.iter().zip(sources).zip(tracks) {
        let x = left + wires::MARGIN + units(track) * TRACK;
        lines.push(failure(&halves, request, source, x));
    }
    let (ways, left_most) = rows::forward(drawing, &halves);
    lines.extend(ways);
    let right = halves.right.iter().map(|place| place.x + place.width);
    let right = halves
        .park
        .iter()
        .map(|park| park.x + park.width)
        .chain(right)
        .fold(left, f64::max);
    let (undo, right_most) = rows::undo(drawing, &halves, right);
    lines.extend(undo);
    let left_most = left_most.min(-left);
    finish(
        halves,
        lines,
        EDGE - left_most,
        right_most - left_most + 2.0 * EDGE,
    )
}

fn half_width(places: &[Place<'_>]) -> f64 {
    let halves = places.iter().map(|place| place.width / 2.0);
    halves.fold(0.0, f64::max)
}

/// Moves everything to where it is seen.
fn finish(halves: Halves<'_>, mut wires: Vec<Wire>, x: f64, width: f64) -> Layout<'_> {
    let height = halves.height + 2.0 * EDGE;
    let mut boxes = halves.left;
    boxes.extend(halves.right);
    for place in &mut boxes {
        place.shift(x, EDGE);
    }
    for wire in &mut wires {
        wire.shift(x, EDGE);
    }
    let mut pills = vec![halves.start, halves.end];
    pills.extend(halves.park);
    for pill in &mut pills {
        (pill.x, pill.y) = (pill.x + x, pill.y + EDGE);
    }
    Layout {
        width,
        height,
        boxes,
        pills,
        wires,
        lanes: Vec::new(),
    }
}

/// Where a line between the columns leads, and what it says: those that agree share a track.
type Failure<'d> = (&'d str, Way);

/// The lines between the columns, and where each of them comes from.
fn failures<'d>(
    drawing: &'d Drawing, halves: &Halves<'d>,
) -> (Vec<Request<Failure<'d>>>, Vec<&'d str>) {
    let (mut requests, mut sources) = (Vec::new(), Vec::new());
    for edge in &drawing.failures {
        let (from, to) = (
            find(&halves.left, &edge.from),
            find(&halves.right, &edge.to),
        );
        let (Some(from), Some(to)) = (from, to) else {
            continue;
        };
        let (leaves, arrives) = (from.middle().1, to.middle().1);
        let (leaves, arrives) = match edge.way {
            Way::Failed => (leaves, arrives),
            _ if arrives < leaves - PORT => (leaves - PORT, arrives + PORT),
            _ => (leaves + PORT, arrives - PORT),
        };
        requests.push(Request {
            key: (edge.to.as_str(), edge.way),
            from: leaves,
            to: arrives,
        });
        sources.push(edge.from.as_str());
    }
    (requests, sources)
}

fn failure(halves: &Halves<'_>, request: &Request<Failure<'_>>, from: &str, x: f64) -> Wire {
    let (to, way) = request.key;
    let start = find(&halves.left, from).map_or(0.0, |place| place.x + place.width);
    let end = find(&halves.right, to).map_or(0.0, |place| place.x);
    let is_straight = (request.from - request.to).abs() < 0.5;
    let points = if is_straight {
        vec![(start, request.from), (end, request.to)]
    } else {
        vec![
            (start, request.from),
            (x, request.from),
            (x, request.to),
            (end, request.to),
        ]
    };
    Wire::new(points, way.into())
}

fn find<'a, 'd>(places: &'a [Place<'d>], name: &str) -> Option<&'a Place<'d>> {
    places.iter().find(|place| place.node.name == name)
}

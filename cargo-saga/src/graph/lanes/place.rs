//! Where the lanes, boxes and events of a choreography are. The ways between them run in the gutters beside the lanes and in the
//! channels above the rows, where no box is; how many there are says how wide those must be.

use super::super::layout::{Lane, Layout, Pill, Place, Stroke, Wire};
use super::super::measure::{self, LONGEST, NAME, NOTE, units};
use super::super::model::{Look, Node};
use super::super::wires::{self, TRACK};
use super::route::{self, Routes};
use super::{Block, Lanes};

/// Around everything.
const EDGE: f64 = 20.0;
/// The name of a lane, above its first row.
const HEAD: f64 = 30.0;
/// Between a lane's edge and its boxes.
const INSET: f64 = 12.0;
/// Between a box's edge and its text.
const PADDING: f64 = 14.0;
const BOX: f64 = 46.0;
/// An event's height, and what is above it.
const EVENT: f64 = 20.0;
const ABOVE_EVENT: f64 = 7.0;
/// What is above a command: a pill, and the arrow from it.
const ENTRY: f64 = 24.0;
const ABOVE_COMMAND: f64 = ENTRY + 20.0;
/// A channel without any way in it, and what the head of an arrow takes.
const CHANNEL: f64 = 26.0;

/// Everything measured: where a way may turn.
pub(super) struct Places {
    /// The middle of each lane, and half of what its boxes take.
    pub(super) lanes: Vec<(f64, f64)>,
    /// Where the first track of each gutter is; gutter `n` is to the left of lane `n`.
    pub(super) gutters: Vec<f64>,
    /// The upper edge of each row.
    pub(super) rows: Vec<f64>,
}

impl Places {
    fn of(lanes: &Lanes, routes: &Routes) -> Self {
        let mut x = EDGE;
        let mut places = Self {
            lanes: Vec::new(),
            gutters: Vec::new(),
            rows: Vec::new(),
        };
        for lane in 0..=lanes.participants.len() {
            let tracks = routes.gutters.get(lane).copied().unwrap_or(0);
            places.gutters.push(x + wires::MARGIN);
            let is_outside = lane == 0 || lane == lanes.participants.len();
            x += match (tracks, is_outside) {
                (0, true) => 0.0,
                (0, false) => INSET,
                (tracks, _) => wires::gutter(tracks),
            };
            if lane < lanes.participants.len() {
                let half = lane_width(lanes, lane) / 2.0;
                places.lanes.push((x + INSET + half, half));
                x += 2.0 * (half + INSET);
            }
        }
        let count = lanes.blocks.iter().map(|block| block.row + 1).max();
        let mut y = EDGE + HEAD;
        for row in 0..count.unwrap_or(0) {
            let tracks = routes.channels.get(row).copied().unwrap_or(0);
            // Nothing leads to the first row.
            y += match tracks {
                0 if row == 0 => 0.0,
                tracks => CHANNEL + units(tracks) * TRACK,
            };
            places.rows.push(y);
            let blocks = lanes.blocks.iter().filter(|block| block.row == row);
            y += blocks.map(height).fold(0.0, f64::max);
        }
        places.rows.push(y);
        places
    }

    /// The height of the `n`th track above a row, counted from its boxes.
    pub(super) fn channel(&self, row: usize, track: usize) -> f64 {
        self.rows[row] - CHANNEL * 0.7 - units(track) * TRACK
    }

    /// The upper edge of a block's box.
    pub(super) fn top(&self, block: &Block) -> f64 {
        let above = block.entry.as_ref().map_or(0.0, |_| ABOVE_COMMAND);
        self.rows[block.row] + above
    }

    /// Half the width of an event, and the height of its middle.
    pub(super) fn event(&self, block: &Block, event: usize) -> (f64, f64) {
        let below = self.top(block) + BOX;
        let y = below + units(event + 1) * (ABOVE_EVENT + EVENT) - EVENT / 2.0;
        (pill_width(&block.events[event].name) / 2.0, y)
    }
}

fn pill_width(text: &str) -> f64 {
    measure::sans(text, NOTE) + EVENT
}

fn lane_width(lanes: &Lanes, lane: usize) -> f64 {
    let own = lanes.blocks.iter().filter(|block| block.lane == lane);
    let widths = own.map(|block| {
        let events = block.events.iter().map(|event| event.name.as_str());
        let pills = events.chain(block.entry.as_deref()).map(pill_width);
        pills.fold(box_width(&block.node), f64::max)
    });
    let name = measure::mono(&lanes.participants[lane], NAME);
    widths.fold(name, f64::max)
}

fn box_width(node: &Node) -> f64 {
    let name = measure::mono(&measure::short(&node.name, LONGEST), NAME);
    let below = measure::sans(&measure::short(&node.note, LONGEST), NOTE);
    name.max(below) + 2.0 * PADDING
}

fn height(block: &Block) -> f64 {
    let above = block.entry.as_ref().map_or(0.0, |_| ABOVE_COMMAND);
    above + BOX + units(block.events.len()) * (ABOVE_EVENT + EVENT)
}

pub(super) fn layout(lanes: &Lanes) -> Layout<'_> {
    let routes = Routes::of(lanes);
    let places = Places::of(lanes, &routes);
    let bottom = places.rows.last().copied().unwrap_or(0.0) + INSET;
    let mut layout = Layout {
        width: 0.0,
        height: bottom + EDGE,
        boxes: Vec::new(),
        pills: Vec::new(),
        wires: route::wires(lanes, &routes, &places),
        lanes: Vec::new(),
    };
    for (name, (middle, half)) in lanes.participants.iter().zip(&places.lanes) {
        layout.lanes.push(Lane {
            name: name.clone(),
            x: middle - half - INSET,
            y: EDGE,
            width: 2.0 * (half + INSET),
            height: bottom - EDGE,
        });
    }
    for block in &lanes.blocks {
        add(&mut layout, block, &places);
    }
    let right = layout.lanes.last().map_or(0.0, |lane| lane.x + lane.width);
    let last = routes.gutters.last().copied().unwrap_or(0);
    layout.width = right + wires::gutter(last) + EDGE;
    layout
}

/// The box of a block, the pills around it, and what joins them.
fn add<'d>(layout: &mut Layout<'d>, block: &'d Block, places: &Places) {
    let (middle, half) = places.lanes[block.lane];
    let top = places.top(block);
    layout.boxes.push(Place {
        node: &block.node,
        x: middle - half,
        y: top,
        width: 2.0 * half,
        height: BOX,
        inner: Vec::new(),
        wires: Vec::new(),
    });
    if let Some(text) = &block.entry {
        let y = places.rows[block.row];
        layout
            .pills
            .push(pill(text, None, (middle, y + ENTRY / 2.0), ENTRY));
        let arrow = vec![(middle, y + ENTRY), (middle, top)];
        layout.wires.push(Wire::new(arrow, Stroke::Next));
    }
    let mut from = top + BOX;
    for (index, event) in block.events.iter().enumerate() {
        let (_, y) = places.event(block, index);
        let place = (middle, y);
        layout
            .pills
            .push(pill(&event.name, Some(event.look), place, EVENT));
        let mut joint = Wire::new(
            vec![(middle, from), (middle, y - EVENT / 2.0)],
            event.stroke,
        );
        joint.arrow = false;
        layout.wires.push(joint);
        from = y + EVENT / 2.0;
    }
}

fn pill(text: &str, look: Option<Look>, (x, y): (f64, f64), height: f64) -> Pill {
    let width = pill_width(text);
    Pill {
        text: text.to_owned(),
        look,
        x: x - width / 2.0,
        y: y - height / 2.0,
        width,
        height,
    }
}

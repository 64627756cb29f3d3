//! The ways of events: out of an event to the gutter beside its lane, down there, along the channel above the row of whoever reacts,
//! and from above into the box. Gutters and channels hold nothing but ways, so none runs through a box.

use super::super::layout::{Stroke, Wire};
use super::super::measure::units;
use super::super::wires::{self, Request, TRACK};
use super::Lanes;
use super::place::Places;

/// How far from the middle of an event a way leaves, up on the right and down on the left: two that meet in a gutter stay apart.
const APART: f64 = 3.0;
/// Between two ways into a box, where there is room.
const PORTS: f64 = 16.0;
/// Farther apart than any tracks or ports are numbered: rows and lanes before they have places.
const STEP: f64 = 1_000.0;

/// One way, from an event to one of those who react.
struct Route {
    key: Key,
    target: usize,
    /// Which of the ways into the target, from the left.
    port: usize,
    gutter_track: usize,
    channel_track: usize,
}

/// An event of a block, and the gutter by which it leaves: such ways share their tracks.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Key {
    block: usize,
    event: usize,
    gutter: usize,
}

/// All ways, and how many tracks each gutter and channel has.
pub(super) struct Routes {
    all: Vec<Route>,
    pub(super) gutters: Vec<usize>,
    /// Above each row.
    pub(super) channels: Vec<usize>,
}

impl Routes {
    pub(super) fn of(lanes: &Lanes) -> Self {
        let mut all = Self {
            all: routes(lanes),
            gutters: vec![0; lanes.participants.len() + 1],
            channels: vec![0; lanes.blocks.len() + 1],
        };
        all.number_gutters(lanes);
        all.number_ports(lanes);
        all.number_channels(lanes);
        all
    }

    fn number_gutters(&mut self, lanes: &Lanes) {
        for gutter in 0..self.gutters.len() {
            let own: Vec<usize> = (0..self.all.len())
                .filter(|index| self.all[*index].key.gutter == gutter)
                .collect();
            let requests: Vec<Request<Key>> = own
                .iter()
                .map(|index| {
                    let route = &self.all[*index];
                    let row = |block: usize| units(lanes.blocks[block].row) * STEP;
                    Request {
                        key: route.key,
                        from: row(route.key.block) + units(route.key.event),
                        // Just above the row.
                        to: row(route.target) - STEP / 2.0,
                    }
                })
                .collect();
            let (tracks, count) = wires::tracks(&requests);
            for (index, track) in own.into_iter().zip(tracks) {
                self.all[index].gutter_track = track;
            }
            self.gutters[gutter] = count;
        }
    }

    /// From the left to the right by where the ways come from, so that few cross.
    fn number_ports(&mut self, lanes: &Lanes) {
        for target in 0..lanes.blocks.len() {
            let mut own: Vec<usize> = (0..self.all.len())
                .filter(|index| self.all[*index].target == target)
                .collect();
            own.sort_by_key(|index| {
                let route = &self.all[*index];
                (route.key.gutter, route.gutter_track)
            });
            for (port, index) in own.into_iter().enumerate() {
                self.all[index].port = port;
            }
        }
    }

    fn number_channels(&mut self, lanes: &Lanes) {
        for row in 0..self.channels.len() {
            let own: Vec<usize> = (0..self.all.len())
                .filter(|index| lanes.blocks[self.all[*index].target].row == row)
                .collect();
            let requests: Vec<Request<Key>> = own
                .iter()
                .map(|index| {
                    let route = &self.all[*index];
                    let lane = lanes.blocks[route.target].lane;
                    Request {
                        key: route.key,
                        from: units(route.key.gutter) * STEP - STEP / 2.0
                            + units(route.gutter_track) * 2.0,
                        to: units(lane) * STEP + units(route.port) * 2.0,
                    }
                })
                .collect();
            let (tracks, count) = wires::tracks(&requests);
            for (index, track) in own.into_iter().zip(tracks) {
                self.all[index].channel_track = track;
            }
            self.channels[row] = count;
        }
    }

    /// Where a way goes into its target.
    fn port(&self, route: &Route, places: &Places, lane: usize) -> f64 {
        let (middle, half) = places.lanes[lane];
        let others = self.all.iter().filter(|other| other.target == route.target);
        let count = others.count();
        let apart = PORTS.min((2.0 * half - PORTS) / units(count));
        middle + (units(route.port) - units(count - 1) / 2.0) * apart
    }
}

fn routes(lanes: &Lanes) -> Vec<Route> {
    let mut routes = Vec::new();
    for (index, block) in lanes.blocks.iter().enumerate() {
        for (event, published) in block.events.iter().enumerate() {
            for target in &published.targets {
                let to = lanes.blocks[*target].lane;
                let is_last = block.lane > 0 && block.lane + 1 == lanes.participants.len();
                let gutter = match to.cmp(&block.lane) {
                    std::cmp::Ordering::Less => block.lane,
                    std::cmp::Ordering::Equal if is_last => block.lane,
                    _ => block.lane + 1,
                };
                routes.push(Route {
                    key: Key {
                        block: index,
                        event,
                        gutter,
                    },
                    target: *target,
                    port: 0,
                    gutter_track: 0,
                    channel_track: 0,
                });
            }
        }
    }
    routes
}

pub(super) fn wires(lanes: &Lanes, routes: &Routes, places: &Places) -> Vec<Wire> {
    let mut wires: Vec<Wire> = routes
        .all
        .iter()
        .map(|route| wire(lanes, routes, route, places))
        .collect();
    // What fails is drawn over what goes well.
    wires.sort_by_key(|wire| wire.stroke != Stroke::Next);
    wires
}

fn wire(lanes: &Lanes, routes: &Routes, route: &Route, places: &Places) -> Wire {
    let block = &lanes.blocks[route.key.block];
    let target = &lanes.blocks[route.target];
    let (half, middle) = places.event(block, route.key.event);
    let (x, _) = places.lanes[block.lane];
    let (start, y) = if route.key.gutter > block.lane {
        (x + half, middle - APART)
    } else {
        (x - half, middle + APART)
    };
    let down = places.gutters[route.key.gutter] + units(route.gutter_track) * TRACK;
    let along = places.channel(target.row, route.channel_track);
    let into = routes.port(route, places, target.lane);
    let points = vec![
        (start, y),
        (down, y),
        (down, along),
        (into, along),
        (into, places.top(target)),
    ];
    Wire::new(points, block.events[route.key.event].stroke)
}

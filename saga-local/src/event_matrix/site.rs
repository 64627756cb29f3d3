//! Where faults are injected into a choreography, and which: the messages that a run made, and what can go wrong with each.
//! Runs nothing.

use std::collections::BTreeMap;

use saga_runtime::ReactionKind;
use serde_json::Value;

use crate::bus::{BusFault, BusFaultPlan, Graph, Happening};
use crate::matrix::Injected;

/// As often as it takes to make a dead letter of any message.
const ALWAYS: u32 = u32::MAX;

/// A place where something can go wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Site {
    Command(String),
    Reaction {
        name: String,
        /// Of the reactions that one message is for, the one that stands for the message.
        is_first: bool,
    },
    Publication(String),
}

impl Site {
    pub(super) fn place(&self) -> &str {
        match self {
            Self::Command(name) | Self::Reaction { name, .. } | Self::Publication(name) => name,
        }
    }
}

/// A fault at a site.
#[derive(Clone, Debug)]
pub(super) struct Injection {
    pub(super) site: Site,
    pub(super) fault: BusFault,
    times: u32,
    is_compensation: bool,
}

impl Injection {
    pub(super) fn plan(&self) -> BusFaultPlan {
        self.fault.clone().times(self.times)
    }

    /// How often it makes a message come again.
    pub(super) fn strikes(&self) -> u32 {
        if self.is_rejection() { 0 } else { self.times }
    }

    /// Whether it makes a dead letter, which somebody has to redrive.
    fn is_every_time(&self) -> bool {
        self.strikes() == ALWAYS
    }

    /// Whether it is a business's no, and not a fault.
    pub(super) fn is_rejection(&self) -> bool {
        self.fault.is_rejection()
    }

    pub(super) fn describe(&self) -> Injected {
        let state = match &self.site {
            Site::Publication(event) => format!("publish {event}"),
            site => site.place().to_owned(),
        };
        let fault = match self.times {
            1 | ALWAYS => self.fault.to_string(),
            times => format!("{} {times} times", self.fault),
        };
        Injected {
            state,
            item: Vec::new(),
            fault,
            every_time: self.is_every_time(),
            compensation: self.is_compensation,
        }
    }
}

/// The sites of a run, each once, in the order in which they were reached.
pub(super) fn sites(log: &[Happening], graph: &Graph) -> Vec<Site> {
    let mut sites = Vec::new();
    let mut add = |site: Site| {
        if !sites.contains(&site) {
            sites.push(site);
        }
    };
    for happening in log {
        for (place, reaction) in happening.reactions.iter().enumerate() {
            let name = (*reaction).to_owned();
            let is_command = graph
                .reaction(reaction)
                .is_some_and(|info| info.on.is_empty());
            add(if is_command {
                Site::Command(name)
            } else {
                let is_first = place == 0;
                Site::Reaction { name, is_first }
            });
        }
        for event in &happening.published {
            add(Site::Publication(event.clone()));
        }
    }
    sites
}

/// What can go wrong at a site. `data` is what rejections say, by event.
pub(super) fn faults(site: &Site, graph: &Graph, data: &BTreeMap<String, Value>) -> Vec<Injection> {
    let mut list: Vec<(BusFault, u32)> = Vec::new();
    let mut is_compensation = false;
    match site {
        Site::Publication(_) => list.extend([
            (BusFault::PublishFailure, 1),
            (BusFault::PublishFailure, 3),
            (BusFault::RelayCrashBefore, 1),
            (BusFault::RelayCrashAfter, 1),
        ]),
        Site::Command(name) | Site::Reaction { name, .. } => {
            if let Some(info) = graph.reaction(name) {
                is_compensation = info.kind == ReactionKind::Compensation;
                let rejection = |event: &&str| BusFault::Rejected {
                    event: (*event).to_owned(),
                    data: data.get(*event).cloned().unwrap_or_default(),
                };
                list.extend(info.rejects.iter().map(|event| (rejection(event), ALWAYS)));
            }
            within(&mut list);
        }
    }
    match site {
        Site::Command(_) => {
            list.push((BusFault::Refused, ALWAYS));
            message(&mut list);
        }
        Site::Reaction { is_first: true, .. } => {
            message(&mut list);
            list.push((BusFault::WithNext, 1));
        }
        Site::Reaction { .. } | Site::Publication(_) => {}
    }
    let injection = |(fault, times)| Injection {
        site: site.clone(),
        fault,
        times,
        is_compensation,
    };
    list.into_iter().map(injection).collect()
}

/// What can go wrong with one reaction.
fn within(list: &mut Vec<(BusFault, u32)>) {
    for fault in [
        BusFault::CrashBeforeCommit,
        BusFault::Transient,
        BusFault::Panic,
    ] {
        list.extend([(fault.clone(), 1), (fault, ALWAYS)]);
    }
    for fault in [
        BusFault::Throttled,
        BusFault::Unavailable,
        BusFault::LostReply,
    ] {
        list.extend([(fault.clone(), 1), (fault, 3)]);
    }
}

/// What can go wrong with the message, whatever it is for.
fn message(list: &mut Vec<(BusFault, u32)>) {
    for fault in [BusFault::CrashBeforeEffect, BusFault::CrashAfterCommit] {
        list.extend([(fault.clone(), 1), (fault, ALWAYS)]);
    }
    list.extend([
        (BusFault::LostDelete, 1),
        (BusFault::Duplicate, 1),
        (BusFault::DuplicateAtOnce, 1),
        (BusFault::DuplicateLate, 1),
        (BusFault::Delayed, 1),
    ]);
}

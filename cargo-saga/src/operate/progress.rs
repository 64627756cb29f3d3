//! How far a saga is: what is done, undone, under way, and stuck, read from its timeline. Prints nothing.

use std::collections::{BTreeMap, HashSet};

use crate::history::History;
use crate::timeline::{Entry, What, place, undoes};

/// One stay in a state: all its attempts.
pub(super) struct Visit<'t> {
    pub(super) attempts: usize,
    pub(super) last: &'t Entry,
    /// Whether it was left: otherwise, what failed is tried again.
    pub(super) is_over: bool,
}

#[derive(Default)]
pub(super) struct Progress<'t> {
    pub(super) done: Vec<Visit<'t>>,
    /// Compensations that took effect.
    pub(super) undone: Vec<Visit<'t>>,
    /// Compensations that did not, and are not under way.
    pub(super) not_undone: Vec<Visit<'t>>,
    /// Steps that did not take effect, or may have.
    pub(super) failed: Vec<Visit<'t>>,
    pub(super) skipped: Vec<Visit<'t>>,
    /// Under way, or about to be tried again.
    pub(super) now: Vec<Visit<'t>>,
}

impl<'t> Progress<'t> {
    pub(super) fn of(entries: &'t [Entry], history: &History) -> Self {
        let left = ends_that_lead_on(history);
        let mut visits: BTreeMap<&[u64], Visit> = BTreeMap::new();
        for entry in entries {
            // What happens in an inline loop stands in the same history.
            let is_inline = matches!(entry.what, What::Items(_)) && entry.execution.is_none();
            if is_inline || entry.what == What::Redriven {
                continue;
            }
            let visit = visits.entry(&entry.entered).or_insert(Visit {
                attempts: 0,
                last: entry,
                is_over: false,
            });
            visit.attempts += 1;
            visit.last = entry;
            visit.is_over = entry.end_event.is_some_and(|end| left.contains(&end));
        }
        let mut progress = Self::default();
        for visit in visits.into_values() {
            progress.sort(visit);
        }
        let Self {
            not_undone, undone, ..
        } = &mut progress;
        // What was tried again later counts by its last stay.
        not_undone.retain(|visit| undone.iter().all(|undone| !visit.is_at(undone)));
        progress
    }

    fn sort(&mut self, visit: Visit<'t>) {
        let undoes = undoes(&visit.last.state).is_some();
        match &visit.last.what {
            What::Done if undoes => self.undone.push(visit),
            What::Done => self.done.push(visit),
            What::Open | What::Waits | What::Items(_) | What::Failed { .. } if !visit.is_over => {
                self.now.push(visit);
            }
            What::Failed { .. } if undoes => self.not_undone.push(visit),
            What::Failed { .. } => self.failed.push(visit),
            What::Skipped(_) => self.skipped.push(visit),
            _ => {}
        }
    }
}

/// The events that something other than another attempt follows: what ended with one of these has left its state.
fn ends_that_lead_on(history: &History) -> HashSet<u64> {
    let events = history.events().iter();
    let others = events.filter(|event| event.kind != "TaskScheduled");
    others.map(|event| event.previous).collect()
}

impl Visit<'_> {
    /// What is done or undone here: `stock.reserve`, of `compensate stock.reserve` where that took effect.
    fn step(&self) -> &str {
        let Entry {
            state, stuck, what, ..
        } = self.last;
        let step = stuck.as_ref().unwrap_or(state);
        match what {
            What::Done => undoes(step).unwrap_or(step),
            _ => step,
        }
    }

    pub(super) fn place(&self) -> String {
        place(self.step(), &self.last.item)
    }

    fn is_at(&self, other: &Visit) -> bool {
        self.last.state == other.last.state && self.last.item == other.last.item
    }

    /// The error and its message, if the last attempt failed.
    pub(super) fn failure(&self) -> Option<(&str, &str)> {
        match &self.last.what {
            What::Failed { error, message } => Some((error, message)),
            _ => None,
        }
    }
}

/// `orders.create, warehouse.reserve (3 items)`
pub(super) fn listed(visits: &[Visit]) -> String {
    let mut names: Vec<(&str, Vec<String>)> = Vec::new();
    for visit in visits {
        let state = visit.step();
        match names.iter_mut().find(|(name, _)| *name == state) {
            Some((_, places)) => places.push(visit.place()),
            None => names.push((state, vec![visit.place()])),
        }
    }
    let names = names.into_iter().map(|(state, places)| match &places[..] {
        [place] => place.clone(),
        places => format!("{state} ({} items)", places.len()),
    });
    names.collect::<Vec<String>>().join(", ")
}

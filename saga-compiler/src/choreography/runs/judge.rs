//! What is wrong with a run.

use super::{Act, Fault, Graph, Outcome, Run};
use crate::choreography::contract::{Kind, Repeat};

impl Graph {
    /// What is wrong with a run.
    #[must_use]
    pub fn faults(&self, run: &Run) -> Vec<Fault> {
        let failures = self.failures(run);
        let mut faults = Vec::new();
        for (reaction, act) in run.acts.iter().enumerate() {
            let Some(act) = act else { continue };
            let (first, second) = (act.deliveries.first(), act.deliveries.get(1));
            let repeats = self.reactions[reaction].kind == Kind::Compensation
                || self.reactions[reaction].repeat != Repeat::Never;
            if let (Some(&first), Some(&second), false) = (first, second, repeats) {
                faults.push(Fault::Twice {
                    reaction,
                    first,
                    second,
                });
            }
            faults.extend(self.fault_of_kind(run, reaction, act, failures.first().copied()));
            if failures.is_empty() && self.is_left_out(run, reaction, act) {
                let trigger = act.deliveries.first().copied();
                faults.extend(trigger.map(|trigger| Fault::LeftOut { reaction, trigger }));
            }
            if let (Outcome::Parked, Some(&trigger)) = (act.outcome, first)
                && !self.is_refused_in_the_end(run, reaction)
            {
                faults.push(Fault::ParkedForEver { reaction, trigger });
            }
        }
        faults
    }

    /// Whether something ends the wait of what is parked: its own compensation, that of what it waits for, or what ends the wait of
    /// that. What no event leads to is never refused, and ends no wait.
    fn is_refused_in_the_end(&self, run: &Run, reaction: usize) -> bool {
        let comes_undo = |action: usize| {
            let undo = self.reactions[action].counterpart;
            undo.is_some_and(|undo| run.acts[undo].is_some())
        };
        let mut waiting = reaction;
        while !comes_undo(waiting) {
            let act = run.acts[waiting].as_ref();
            let waits = act.is_some_and(|act| act.outcome == Outcome::Parked);
            match self.reactions[waiting].after.filter(|_| waits) {
                Some(after) => waiting = after,
                None => return false,
            }
        }
        true
    }

    /// Whether a race alone kept it from taking effect. An observer may do without.
    fn is_left_out(&self, run: &Run, reaction: usize, act: &Act) -> bool {
        let node = &self.reactions[reaction];
        let after = node.after.and_then(|after| run.acts[after].as_ref());
        act.outcome == Outcome::TooEarly
            && node.kind != Kind::Observer
            && after.is_some_and(|after| after.outcome == Outcome::Done)
    }

    fn fault_of_kind(
        &self, run: &Run, reaction: usize, act: &Act, failure: Option<usize>,
    ) -> Option<Fault> {
        let is_done = act.outcome == Outcome::Done;
        let node = &self.reactions[reaction];
        match (node.kind, failure) {
            (Kind::Compensatable, Some(failure)) if is_done => {
                let undo = node.counterpart.and_then(|undo| run.acts[undo].as_ref());
                undo.is_none()
                    .then_some(Fault::NotUndone { reaction, failure })
            }
            (Kind::Pivot | Kind::Retriable, Some(failure)) if is_done => {
                let follows = follows_failure(run, &act.deliveries);
                (!follows).then_some(Fault::Stands { reaction, failure })
            }
            (Kind::Compensation, None) => {
                let trigger = act.deliveries.first().copied();
                trigger.map(|trigger| Fault::UndoneForNothing { reaction, trigger })
            }
            _ => None,
        }
    }

    /// The publications that mean failure, and follow no other.
    #[must_use]
    pub fn failures(&self, run: &Run) -> Vec<usize> {
        let is_failure = |index: &usize| {
            let publication = &run.publications[*index];
            self.events[publication.event].failure && !follows_failure(run, &publication.causes)
        };
        (0..run.publications.len()).filter(is_failure).collect()
    }

    /// The events on the way from the command to a publication: `OrderPlaced -> StockReserved -> CardDeclined`.
    #[must_use]
    pub fn path(&self, run: &Run, publication: usize) -> String {
        let mut names = Vec::new();
        let mut next = Some(publication);
        while let Some(index) = next {
            let publication = &run.publications[index];
            names.push(self.events[publication.event].name.as_str());
            next = publication.causes.first().copied();
        }
        names.reverse();
        names.join(" -> ")
    }
}

/// Whether all of these are of a failed saga; not so for nothing, which is a command.
pub(super) fn follows_failure(run: &Run, publications: &[usize]) -> bool {
    let mut publications = publications.iter().peekable();
    publications.peek().is_some()
        && publications.all(|index| run.publications[*index].follows_failure)
}

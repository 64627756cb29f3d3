//! Where faults are tried next, and which of them together: what both matrices go through. Runs nothing.

use std::collections::{BTreeSet, VecDeque};

/// What was injected in each case, the sites that it reached, and those among them that no case had reached before.
pub(crate) struct Frontier<I, S> {
    known: BTreeSet<S>,
    queue: VecDeque<(Vec<I>, S)>,
    runs: Vec<(Vec<I>, Vec<S>)>,
}

impl<I: Clone, S: Clone + Ord> Frontier<I, S> {
    pub(crate) fn new() -> Self {
        Self {
            known: BTreeSet::new(),
            queue: VecDeque::new(),
            runs: Vec::new(),
        }
    }

    /// Notes what a case led to.
    pub(crate) fn reach(&mut self, injections: Vec<I>, sites: Vec<S>) {
        for site in &sites {
            if self.known.insert(site.clone()) {
                self.queue.push_back((injections.clone(), site.clone()));
            }
        }
        self.runs.push((injections, sites));
    }

    /// A site where faults are to be tried, and what had to be injected to reach it.
    pub(crate) fn next(&mut self) -> Option<(Vec<I>, S)> {
        self.queue.pop_front()
    }

    /// What was injected in each case.
    pub(crate) fn injected(&self) -> impl Iterator<Item = &Vec<I>> {
        self.runs.iter().map(|(injections, _)| injections)
    }

    /// Two faults at once, at sites that are apart: as many as allowed, spread evenly over all that there are.
    pub(crate) fn pairs<F: IntoIterator<Item = I>>(
        &self, budget: usize, are_apart: impl Fn(&I, &S) -> bool, faults: impl Fn(&S) -> F,
    ) -> Vec<Vec<I>> {
        let mut all: Vec<(&I, I)> = Vec::new();
        for (injections, sites) in &self.runs {
            let [first] = injections.as_slice() else {
                continue;
            };
            let others = sites.iter().filter(|site| are_apart(first, site));
            let second = others.flat_map(&faults);
            all.extend(second.map(|second| (first, second)));
        }
        let count = budget.min(all.len());
        let spread = (0..count).map(|index| &all[index * all.len() / count]);
        spread
            .map(|(first, second)| vec![(*first).clone(), second.clone()])
            .collect()
    }
}

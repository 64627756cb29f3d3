//! Numbers that depend on how many items loops have.

use std::fmt;

/// A number of events or transitions, which grows with the items of the flow's loops.
///
/// It has a fixed part and, for each loop, a number an item, which may itself depend on loops inside.
/// Written out: ``17 + 14 an item of `for line in cmd.lines` ``.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Count {
    fixed: u64,
    /// By the loop's state, in the order in which they are met.
    loops: Vec<(String, Count)>,
}

impl Count {
    /// What does not depend on any list: the number when every list is empty.
    pub fn fixed(&self) -> u64 {
        self.fixed
    }

    /// What each loop adds an item, by the name of its state.
    pub fn per_item(&self) -> impl Iterator<Item = (&str, &Count)> {
        self.loops
            .iter()
            .map(|(state, count)| (state.as_str(), count))
    }

    /// The number when every loop, inner ones each time, goes through this many items.
    pub fn at(&self, items: u64) -> u64 {
        let loops = self.loops.iter();
        loops.fold(self.fixed, |sum, (_, each)| {
            sum.saturating_add(items.saturating_mul(each.at(items)))
        })
    }

    pub(super) fn of(fixed: u64) -> Self {
        Self {
            fixed,
            loops: Vec::new(),
        }
    }

    /// This number for each item of a loop.
    pub(super) fn for_each(self, state: &str) -> Self {
        Self {
            fixed: 0,
            loops: vec![(state.to_owned(), self)],
        }
    }

    pub(super) fn plus(mut self, other: &Self) -> Self {
        self.combine(other, &|left, right| left.saturating_add(right));
        self
    }

    /// The larger in every part, so that it is not below either, whatever the lists.
    pub(super) fn or_more(mut self, other: &Self) -> Self {
        self.combine(other, &u64::max);
        self
    }

    fn combine(&mut self, other: &Self, combine: &impl Fn(u64, u64) -> u64) {
        self.fixed = combine(self.fixed, other.fixed);
        for (state, theirs) in &other.loops {
            match self.loops.iter_mut().find(|(own, _)| own == state) {
                Some((_, ours)) => ours.combine(theirs, combine),
                None => self.loops.push((state.clone(), theirs.clone())),
            }
        }
    }

    /// How deep loops stand in loops.
    pub(super) fn depth(&self) -> u32 {
        let depths = self.loops.iter().map(|(_, each)| each.depth() + 1);
        depths.max().unwrap_or(0)
    }

    /// The loops that it depends on.
    pub(super) fn loops(&self) -> Vec<&str> {
        let mut all = Vec::new();
        for (state, each) in self.per_item() {
            all.push(state);
            all.extend(each.loops());
        }
        all
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        if self.fixed > 0 || self.loops.is_empty() {
            write!(f, "{}", self.fixed)?;
            separator = " + ";
        }
        for (state, each) in &self.loops {
            if each.loops.is_empty() {
                write!(f, "{separator}{each} an item of `{state}`")?;
            } else {
                write!(f, "{separator}({each}) an item of `{state}`")?;
            }
            separator = " + ";
        }
        Ok(())
    }
}

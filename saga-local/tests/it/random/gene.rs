//! What proptest draws and shrinks: a tree of numbers without meaning. `grow.rs` makes a legal flow of any such tree, so that
//! shrinking needs to know nothing of the language: fewer genes are a smaller flow, smaller numbers a simpler one.

use proptest::prelude::*;

/// One node, with what it contains.
#[derive(Clone, Debug)]
pub(super) struct Gene {
    pub(super) kind: u8,
    /// Its choices, in the order in which they are made; when they are used up, the simplest is taken.
    pub(super) picks: Vec<u8>,
    pub(super) inner: Vec<Vec<Gene>>,
}

#[derive(Clone, Debug)]
pub(super) struct Genome {
    pub(super) picks: Vec<u8>,
    pub(super) body: Vec<Gene>,
}

/// How deep nodes stand in one another.
const DEPTH: u32 = 3;

pub(super) fn genome() -> impl Strategy<Value = Genome> {
    (picks(), prop::collection::vec(gene(), 1..=4)).prop_map(|(picks, body)| Genome { picks, body })
}

fn picks() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..14)
}

fn gene() -> impl Strategy<Value = Gene> {
    let leaf = (0..100u8, picks()).prop_map(|(kind, picks)| Gene {
        kind,
        picks,
        inner: Vec::new(),
    });
    leaf.prop_recursive(DEPTH, 16, 3, |inner| {
        let blocks = prop::collection::vec(prop::collection::vec(inner, 0..=2), 1..=3);
        (40..100u8, picks(), blocks).prop_map(|(kind, picks, inner)| Gene { kind, picks, inner })
    })
}

/// The choices of one gene.
pub(super) struct Picks<'a>(std::slice::Iter<'a, u8>);

impl<'a> Picks<'a> {
    pub(super) fn new(picks: &'a [u8]) -> Self {
        Self(picks.iter())
    }

    /// A number below `count`, 0 where there is nothing to choose from.
    pub(super) fn pick(&mut self, count: usize) -> usize {
        let pick = self.0.next().copied().map_or(0, usize::from);
        pick.checked_rem(count).unwrap_or(0)
    }

    /// One of these; the first is the simplest.
    pub(super) fn one<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.pick(choices.len())]
    }

    /// True once in `times`.
    pub(super) fn rarely(&mut self, times: usize) -> bool {
        self.pick(times) == times - 1
    }
}

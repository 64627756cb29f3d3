//! The transitions of one scope as a graph, and the search for the nodes that are reached without one of some of them.

/// Nodes and the transitions between them. A state is one node, or several where they stand for what is known there.
pub(super) struct Flow {
    pub(super) start: Option<usize>,
    pub(super) nodes: Vec<Node>,
}

pub(super) struct Node {
    pub(super) state: usize,
    /// In the order in which Step Functions tries them.
    pub(super) edges: Vec<Edge>,
}

#[derive(Clone, Copy)]
pub(super) struct Edge {
    /// The number of the transition in its scope.
    pub(super) transition: usize,
    /// A node.
    pub(super) target: usize,
}

/// What a search reached.
pub(super) struct Reached {
    /// By node: the way into it.
    entries: Vec<Option<Entry>>,
    /// By state: a node of it that is reached.
    nodes: Vec<Option<usize>>,
}

#[derive(Clone, Copy)]
pub(super) enum Entry {
    Start,
    From { node: usize, transition: usize },
}

impl Flow {
    /// How many steps a search takes at most.
    pub(super) fn size(&self) -> usize {
        let edges = self.nodes.iter().map(|node| node.edges.len());
        self.nodes.len() + edges.sum::<usize>()
    }

    /// What can be reached over transitions that are not `closed`, for a scope of so many states.
    pub(super) fn search(&self, closed: &[bool], states: usize) -> Reached {
        let mut reached = Reached {
            entries: vec![None; self.nodes.len()],
            nodes: vec![None; states],
        };
        let Some(start) = self.start else {
            return reached;
        };
        reached.entries[start] = Some(Entry::Start);
        let mut open = vec![start];
        while let Some(node) = open.pop() {
            reached.nodes[self.nodes[node].state].get_or_insert(node);
            for &Edge { transition, target } in &self.nodes[node].edges {
                if !closed[transition] && reached.entries[target].is_none() {
                    reached.entries[target] = Some(Entry::From { node, transition });
                    open.push(target);
                }
            }
        }
        reached
    }
}

impl Reached {
    /// How the state is entered, if it is reached.
    pub(super) fn entry(&self, state: usize) -> Option<Entry> {
        self.entries[self.nodes[state]?]
    }

    /// The nodes on a way to the state, each with the transition taken from it; empty if it is not reached.
    pub(super) fn way_to(&self, state: usize) -> Vec<(usize, usize)> {
        let mut way = Vec::new();
        let mut entry = self.entry(state);
        while let Some(Entry::From { node, transition }) = entry {
            way.push((node, transition));
            entry = self.entries[node];
        }
        way.reverse();
        way
    }
}

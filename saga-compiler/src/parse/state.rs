//! Gives each state of a flow a name of its own: `#2`, `#3` for what is there again, in source order.

use std::collections::{HashMap, HashSet};

use crate::ir::{Block, Node};
use crate::names;

pub(super) fn number_states(body: &mut Block) {
    let taken = names::ENDS.map(str::to_owned);
    let mut numbers = Numbers {
        taken: HashSet::from(taken),
        next: HashMap::new(),
    };
    numbers.number_block(body);
}

struct Numbers {
    taken: HashSet<String>,
    /// How often each name was there.
    next: HashMap<String, usize>,
}

impl Numbers {
    fn number_block(&mut self, block: &mut Block) {
        for node in &mut block.nodes {
            match node {
                Node::Call(call) => self.number(&mut call.state),
                Node::Nested(nested) => self.number(&mut nested.state),
                Node::Wait(wait) => self.number(&mut wait.state),
                Node::Branch(branch) => {
                    self.number(&mut branch.state);
                    for arm in &mut branch.arms {
                        self.number_block(&mut arm.block);
                    }
                }
                Node::Attempt(attempt) => {
                    self.number(&mut attempt.call.state);
                    self.number_block(&mut attempt.ok);
                    for alternative in &mut attempt.alternatives {
                        self.number_block(&mut alternative.block);
                    }
                }
                Node::Loop(node) => {
                    self.number(&mut node.state);
                    self.number_block(&mut node.body);
                }
                Node::Join(join) => {
                    self.number(&mut join.state);
                    for branch in &mut join.branches {
                        self.number_block(&mut branch.block);
                    }
                }
            }
        }
    }

    fn number(&mut self, state: &mut String) {
        let count = self.next.entry(state.clone()).or_default();
        loop {
            *count += 1;
            let name = names::instance(state, *count);
            // A name that was cut may read like another's second instance.
            if self.taken.insert(name.clone()) {
                *state = name;
                return;
            }
        }
    }
}

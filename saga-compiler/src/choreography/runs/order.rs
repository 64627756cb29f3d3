//! An order of the reactions in which everything comes after what it depends on, or the cycle that keeps it from being.

use super::Graph;
use crate::choreography::contract::Kind;

impl Graph {
    /// The reactions in an order in which everything comes after what it depends on.
    ///
    /// # Errors
    ///
    /// The reactions of a cycle, each before one that depends on it.
    pub fn order(&self) -> Result<Vec<usize>, Vec<usize>> {
        let mut needs = self.sources();
        for (needs, reaction) in needs.iter_mut().zip(&self.reactions) {
            if reaction.kind == Kind::Compensation {
                needs.extend(reaction.counterpart);
            }
            needs.extend(reaction.after);
        }
        sorted(&needs)
    }

    /// Reactions whose events lead from each to the next, and from the last to the first.
    #[must_use]
    pub fn cycle(&self) -> Option<Vec<usize>> {
        sorted(&self.sources()).err()
    }

    /// By reaction, who publishes what leads to it.
    fn sources(&self) -> Vec<Vec<usize>> {
        let mut publishers = vec![Vec::new(); self.events.len()];
        for index in 0..self.reactions.len() {
            for event in self.published(index) {
                publishers[event].push(index);
            }
        }
        let reactions = self.reactions.iter();
        let sources = reactions.map(|reaction| {
            let events = reaction.on.iter();
            events
                .flat_map(|event| &publishers[*event])
                .copied()
                .collect()
        });
        sources.collect()
    }
}

/// The indices, each behind all that it needs; or those of a cycle, each before one that needs it.
fn sorted(needs: &[Vec<usize>]) -> Result<Vec<usize>, Vec<usize>> {
    let mut order: Vec<usize> = Vec::new();
    let mut is_placed = vec![false; needs.len()];
    while order.len() < needs.len() {
        let before = order.len();
        for (index, needs) in needs.iter().enumerate() {
            if !is_placed[index] && needs.iter().all(|need| is_placed[*need]) {
                is_placed[index] = true;
                order.push(index);
            }
        }
        if order.len() == before {
            return Err(cycle_of(needs, &is_placed));
        }
    }
    Ok(order)
}

/// A cycle among what could not be placed: each of it needs another one that could not.
fn cycle_of(needs: &[Vec<usize>], is_placed: &[bool]) -> Vec<usize> {
    let mut path: Vec<usize> = Vec::new();
    let mut next = (0..needs.len()).find(|index| !is_placed[*index]);
    while let Some(index) = next {
        if let Some(start) = path.iter().position(|seen| *seen == index) {
            path.drain(..start);
            break;
        }
        path.push(index);
        next = needs[index].iter().copied().find(|need| !is_placed[*need]);
    }
    path.reverse();
    path
}

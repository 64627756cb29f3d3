//! What may happen in a choreography: its graph, every run of it up to a bound, and what is wrong with a run. Knows no source.
//!
//! A *run* fixes how each reaction ends that an event leads to. Events go to all who react to them; in which order they
//! arrive shows only in two outcomes: an action may come too late, after its compensation, and an event too early, before
//! what its reaction waits for.

mod judge;
mod order;
mod walk;

use super::contract::{Contract, Early, Kind, Repeat};

/// How many events one reaction may leave out: every choice of them is looked at.
pub const MAX_OPTIONAL: usize = 6;

/// Who publishes what, and who reacts to it. Indices lead from one list to the other.
#[derive(Clone, Debug)]
pub struct Graph {
    /// The events.
    pub events: Vec<Event>,
    /// The commands, reactions and compensations.
    pub reactions: Vec<Reaction>,
}

/// An event.
#[derive(Clone, Debug)]
pub struct Event {
    /// `OrderPlaced`
    pub name: String,
    /// It means that the saga failed.
    pub failure: bool,
}

/// A command, a reaction or a compensation.
#[derive(Clone, Debug)]
pub struct Reaction {
    /// `stock.reserve`
    pub name: String,
    /// The events that lead to it; none for a command.
    pub on: Vec<usize>,
    /// What becomes of its effect when the saga fails.
    pub kind: Kind,
    /// The compensation of an action, or the action of a compensation.
    pub counterpart: Option<usize>,
    /// The events that it publishes where it takes effect.
    pub publishes: Vec<Published>,
    /// The events that it may publish where it is rejected, each alone.
    pub rejects: Vec<usize>,
    /// Whether it may be rejected without an event, which only a command may.
    pub refuses: bool,
    /// What it does with a second event.
    pub repeat: Repeat,
    /// What must have taken effect before it.
    pub after: Option<usize>,
    /// What becomes of an event that comes before that.
    pub early: Early,
}

/// An event that a reaction publishes.
#[derive(Clone, Copy, Debug)]
pub struct Published {
    /// Which.
    pub event: usize,
    /// It may be left out.
    pub optional: bool,
    /// It may be published several times.
    pub several: bool,
}

/// One run, from its command to its end.
#[derive(Clone, Debug)]
pub struct Run {
    /// Everything that was published, causes before effects.
    pub publications: Vec<Publication>,
    /// By reaction, what became of it; nothing where no event led to it.
    pub acts: Vec<Option<Act>>,
    /// How many of its outcomes are not plain success.
    pub deviations: usize,
}

/// One event that was published.
#[derive(Clone, Debug)]
pub struct Publication {
    /// Which.
    pub event: usize,
    /// The reaction that published it.
    pub by: usize,
    /// The publications that led there; any of them may have come first. None for a command.
    pub causes: Vec<usize>,
    /// It means failure, or all that led there does or follows one that does.
    pub follows_failure: bool,
}

/// What became of a reaction.
#[derive(Clone, Debug)]
pub struct Act {
    /// How it ended.
    pub outcome: Outcome,
    /// The publications that led to it.
    pub deliveries: Vec<usize>,
}

/// How a reaction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It took effect.
    Done,
    /// It said no.
    Rejected,
    /// It came after its compensation, and was refused.
    TooLate,
    /// It came before what it waits for, and was refused.
    TooEarly,
    /// It waits for what never happens.
    Parked,
    /// It undid its action.
    Undone,
    /// Its action had not taken effect, and never will.
    NothingToUndo,
}

/// Which runs were looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Every run.
    All,
    /// Those in which so many outcomes at most are not plain success, and perhaps others.
    AtMost(usize),
    /// None: the graph has a cycle.
    Nothing,
}

/// What is wrong with a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A second publication leads to a reaction that says nothing of it.
    Twice {
        /// The reaction.
        reaction: usize,
        /// The first.
        first: usize,
        /// The second.
        second: usize,
    },
    /// The saga failed, and what can be undone was not.
    NotUndone {
        /// The action.
        reaction: usize,
        /// The publication that means failure.
        failure: usize,
    },
    /// The saga failed, and what cannot be undone took effect.
    Stands {
        /// The pivot, or the retriable reaction.
        reaction: usize,
        /// The publication that means failure.
        failure: usize,
    },
    /// A compensation was led to where nothing failed.
    UndoneForNothing {
        /// The compensation.
        reaction: usize,
        /// The publication that led to it.
        trigger: usize,
    },
    /// A saga that went well goes on without a part of it, only because its event came before what it stands after.
    LeftOut {
        /// The reaction.
        reaction: usize,
        /// The publication that came too early.
        trigger: usize,
    },
    /// A reaction waits for what does not happen in this run.
    ParkedForEver {
        /// The reaction.
        reaction: usize,
        /// The publication that waits.
        trigger: usize,
    },
}

impl Graph {
    /// The graph of a contract. Names that the contract does not have lead nowhere.
    #[must_use]
    pub fn of(contract: &Contract) -> Self {
        let event = |name: &String| {
            let mut events = contract.events.iter();
            events.position(|event| event.name == *name)
        };
        let named = |name: &Option<String>| {
            let mut reactions = contract.reactions();
            reactions.position(|(_, reaction)| Some(&reaction.name) == name.as_ref())
        };
        let reactions = contract.reactions().map(|(_, reaction)| {
            let publishes = reaction.publishes.iter();
            let publishes = publishes.filter_map(|name| {
                event(name).map(|event| Published {
                    event,
                    optional: reaction.optional.contains(name),
                    several: reaction.several.contains(name),
                })
            });
            Reaction {
                name: reaction.name.clone(),
                on: reaction.on.iter().filter_map(event).collect(),
                kind: reaction.kind,
                counterpart: named(&reaction.compensation).or(named(&reaction.compensates)),
                publishes: publishes.collect(),
                rejects: reaction.rejects.iter().filter_map(event).collect(),
                refuses: reaction.rejects.is_empty() && !reaction.rejections.is_empty(),
                repeat: reaction.repeat,
                after: named(&reaction.after),
                early: reaction.early.unwrap_or(Early::Park),
            }
        });
        let events = contract.events.iter().map(|event| Event {
            name: event.name.clone(),
            failure: event.failure,
        });
        Self {
            reactions: reactions.collect(),
            events: events.collect(),
        }
    }

    /// The reactions that an event leads to.
    pub fn consumers(&self, event: usize) -> impl Iterator<Item = usize> {
        (0..self.reactions.len()).filter(move |index| self.reactions[*index].on.contains(&event))
    }

    /// The reactions that may publish an event.
    pub fn publishers(&self, event: usize) -> impl Iterator<Item = usize> {
        (0..self.reactions.len()).filter(move |index| {
            let publishes = &self.reactions[*index].publishes;
            publishes.iter().any(|each| each.event == event)
                || self.reactions[*index].rejects.contains(&event)
        })
    }

    /// The events that a reaction may publish.
    pub fn published(&self, reaction: usize) -> impl Iterator<Item = usize> {
        let reaction = &self.reactions[reaction];
        let publishes = reaction.publishes.iter().map(|published| published.event);
        publishes.chain(reaction.rejects.iter().copied())
    }

    /// Hands over every run, or says which it did: beyond a bound, they are those with few outcomes that are not plain success,
    /// and some of them twice. There is none where [`order`](Self::order) fails.
    pub fn each_run(&self, mut visit: impl FnMut(&Run)) -> Seen {
        walk::walk(self, &mut visit)
    }
}

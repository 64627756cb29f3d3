//! A choreography as data: what is grown at random, mutated, printed as a module and run with stand-ins. Decides nothing.

use std::collections::BTreeSet;

use saga_runtime::{Choreography, Early, ReactionInfo, ReactionKind, Repeat};

/// The name of the module.
pub(super) const NAME: &str = "random_events";

#[derive(Clone, Debug, Default)]
pub(super) struct Model {
    pub(super) events: Vec<Event>,
    pub(super) reactions: Vec<Reaction>,
    /// Events that a method publishes by itself, and returns not: each of them it may leave out.
    pub(super) through_tx: BTreeSet<usize>,
}

#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) name: String,
    /// It stands in `Err`.
    pub(super) is_failure: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Reaction {
    pub(super) participant: usize,
    /// Events; none for a command.
    pub(super) on: Vec<usize>,
    pub(super) kind: ReactionKind,
    /// Its compensation, or its action.
    pub(super) counterpart: Option<usize>,
    /// Events, each with whether it may be left out.
    pub(super) publishes: Vec<(usize, bool)>,
    pub(super) rejects: Option<usize>,
    pub(super) repeat: Repeat,
    pub(super) after: Option<usize>,
    pub(super) early: Early,
}

impl Model {
    pub(super) fn event(&mut self, is_failure: bool) -> usize {
        let number = self.events.len();
        let letter = if is_failure { 'F' } else { 'E' };
        let name = format!("{letter}{number}");
        self.events.push(Event { name, is_failure });
        number
    }

    pub(super) fn reaction(
        &mut self, participant: usize, on: Vec<usize>, kind: ReactionKind,
    ) -> usize {
        self.reactions.push(Reaction {
            participant,
            on,
            kind,
            counterpart: None,
            publishes: Vec::new(),
            rejects: None,
            repeat: Repeat::Never,
            after: None,
            early: Early::Park,
        });
        self.reactions.len() - 1
    }

    /// Whether nobody reacts to the event.
    pub(super) fn is_terminal(&self, event: usize) -> bool {
        !self
            .reactions
            .iter()
            .any(|reaction| reaction.on.contains(&event))
    }

    /// Whether all that react to the event say what becomes of a second one.
    fn is_expected_again(&self, event: usize) -> bool {
        let mut reacting = self.reactions.iter().filter(|one| one.on.contains(&event));
        reacting.all(|one| one.repeat != Repeat::Never || one.kind == ReactionKind::Compensation)
    }

    /// What a method publishes: first what it returns, as in the contract.
    fn published(&self, index: usize) -> Vec<(usize, bool)> {
        let mut published = self.reactions[index].publishes.clone();
        published.sort_by_key(|(event, _)| self.through_tx.contains(event));
        published
    }

    /// Whether somebody publishes the event; whoever did may be changed since.
    pub(super) fn is_published(&self, event: usize) -> bool {
        self.reactions.iter().any(|reaction| {
            let mut publishes = reaction.publishes.iter();
            reaction.rejects == Some(event) || publishes.any(|(each, _)| *each == event)
        })
    }

    /// Whether somebody publishes the event in some run, and in none for each of several others.
    pub(super) fn is_published_once(&self, event: usize) -> bool {
        let publishes = |one: &&Reaction| one.publishes.iter().any(|(each, _)| *each == event);
        let is_doubtful = |one: &Reaction| {
            // What waits for another has not taken effect where that one fails.
            let waits = |action: usize| self.reactions[action].after.is_some();
            let is_undo = one.kind == ReactionKind::Compensation;
            one.repeat == Repeat::Each || is_undo && one.counterpart.is_some_and(waits)
        };
        let mut sources = self.reactions.iter().filter(publishes);
        self.is_published(event) && !sources.any(is_doubtful)
    }

    /// The reactions that an event comes after, the one that publishes it included.
    pub(super) fn ancestors(&self, event: usize) -> BTreeSet<usize> {
        let mut all = BTreeSet::new();
        let mut events = vec![event];
        while let Some(event) = events.pop() {
            for (index, reaction) in self.reactions.iter().enumerate() {
                let publishes = reaction.publishes.iter().any(|(each, _)| *each == event);
                if (publishes || reaction.rejects == Some(event)) && all.insert(index) {
                    events.extend(&reaction.on);
                }
            }
        }
        all
    }

    /// The reactions of each participant, in the order in which a module has them.
    pub(super) fn by_participant(&self) -> Vec<(usize, Vec<usize>)> {
        let all: BTreeSet<usize> = self.reactions.iter().map(|one| one.participant).collect();
        let own = |participant| {
            let indices = 0..self.reactions.len();
            indices.filter(move |index| self.reactions[*index].participant == participant)
        };
        all.into_iter()
            .map(|participant| (participant, own(participant).collect()))
            .collect()
    }

    /// `p1.m3`
    pub(super) fn name(&self, index: usize) -> String {
        format!("p{}.m{index}", self.reactions[index].participant)
    }

    /// As the compiler would describe it, without being asked.
    pub(super) fn choreography(&self) -> Choreography {
        let order = self.by_participant().into_iter().flat_map(|(_, own)| own);
        let infos: Vec<ReactionInfo> = order.map(|index| self.info(index)).collect();
        Choreography::new(NAME, "{}", "{}", infos.leak())
    }

    fn info(&self, index: usize) -> ReactionInfo {
        let reaction = &self.reactions[index];
        let events = |list: &mut dyn Iterator<Item = usize>| {
            let names = list.map(|event| text(&self.events[event].name));
            let names: &'static [&'static str] = names.collect::<Vec<_>>().leak();
            names
        };
        let published = self.published(index);
        let optional = published.iter().filter(|(_, optional)| *optional);
        let several = published.iter().map(|(event, _)| *event);
        let several = several.filter(|event| self.through_tx.contains(event));
        let mut several = several.filter(|event| self.is_expected_again(*event));
        ReactionInfo {
            name: text(&self.name(index)),
            participant: text(&format!("P{}", reaction.participant)),
            on: events(&mut reaction.on.iter().copied()),
            kind: reaction.kind,
            counterpart: reaction.counterpart.map(|other| text(&self.name(other))),
            publishes: events(&mut published.iter().map(|(event, _)| *event)),
            optional: events(&mut optional.map(|(event, _)| *event)),
            several: events(&mut several),
            rejects: events(&mut reaction.rejects.into_iter()),
            repeat: reaction.repeat,
            after: reaction.after.map(|other| text(&self.name(other))),
            early: reaction.early,
        }
    }
}

/// Text for as long as the test runs: descriptions are constants elsewhere.
fn text(text: &str) -> &'static str {
    String::from(text).leak()
}

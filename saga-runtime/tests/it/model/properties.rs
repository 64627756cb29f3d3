//! What must always hold of a record and its effects, and the checker's view of the model. The words are DESIGN's.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use stateright::{Model, Property};

use super::delivery::{Delivery, End, Kind, Mode, Phase};
use super::record::{Call, No, Record, Reply, Stage};
use super::system::{Effects, Sent, Setting, State, Step};

/// What went wrong on the way to a state, where the state itself does not show it: one bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Flaws(u8);

impl Flaws {
    const LATE: u8 = 1;
    const ANOTHER_INPUT: u8 = 2;
    const ANSWERS: u8 = 4;
    const REOPENED: u8 = 8;
    const OWN_CLAIM: u8 = 16;
    const BROKEN_REFUSAL: u8 = 32;

    fn has(self, flaw: u8) -> bool {
        self.0 & flaw != 0
    }

    /// Lets an effect take place, and notes where it should not have.
    pub(super) fn make(state: &mut State, input: u8, make: impl FnOnce(&mut Effects)) {
        let before = state.effects.made;
        make(&mut state.effects);
        if state.effects.made == before {
            return;
        }
        let now = state.stage();
        if state.compensated || now.is_some_and(Stage::is_terminal) {
            state.flaws.0 |= Self::LATE;
        }
        // While a compensation is under way, it undoes what a refused action still did.
        if state.told.no || (state.told.refused && now != Some(Stage::Compensating)) {
            state.flaws.0 |= Self::BROKEN_REFUSAL;
        }
        if *state.effects.input.get_or_insert(input) != input {
            state.flaws.0 |= Self::ANOTHER_INPUT;
        }
    }

    pub(super) fn judge_move(state: &mut State, new: Option<Record>) {
        let old = state.stage();
        if old.is_some_and(Stage::is_terminal) && old != new.map(|record| record.stage) {
            state.flaws.0 |= Self::REOPENED;
        }
    }

    /// A delivery gives up because of the record that `call` found.
    pub(super) fn judge_busy(state: &mut State, call: Call, index: u8, found: &Record) {
        let claim = matches!(call, Call::Claim { .. } | Call::ClaimUndo { .. });
        if claim && found.owner == Some(index) && found.lease.is_some() {
            state.flaws.0 |= Self::OWN_CLAIM;
        }
    }

    pub(super) fn judge_reply(state: &mut State, kind: Kind, reply: Reply) {
        let (Kind::Action { input } | Kind::Late { input }) = kind else {
            state.compensated |= reply == Reply::Output;
            return;
        };
        let standing = state.effects.made > state.effects.undone;
        match reply {
            Reply::Output => {
                state.told.output = true;
                if state.effects.input != Some(input) {
                    state.flaws.0 |= Self::ANOTHER_INPUT;
                }
            }
            Reply::No(No::Own) => {
                state.told.no = true;
                if state.effects.made > 0 {
                    state.flaws.0 |= Self::BROKEN_REFUSAL;
                }
            }
            Reply::No(No::Refused) => {
                state.told.refused = true;
                if standing && state.stage() != Some(Stage::Compensating) {
                    state.flaws.0 |= Self::BROKEN_REFUSAL;
                }
            }
            Reply::Busy | Reply::Unknown | Reply::Transient => {}
        }
        if state.told.output && state.told.no {
            state.flaws.0 |= Self::ANSWERS;
        }
    }
}

pub(super) const ONCE: &str = "the effect takes place at most once";
pub(super) const UNDONE_ONCE: &str = "it is undone at most once, and only if it took place";
pub(super) const ALL_OR_NOTHING: &str = "what is compensated has no effect left";
pub(super) const NULL: &str = "a tombstone stands where nothing took effect";
pub(super) const HANGING: &str = "no effect follows its compensation";
pub(super) const REFUSAL: &str = "a refused action has no effect";
pub(super) const ANSWERS: &str = "nobody is told yes where another is told no";
pub(super) const OUTPUT: &str = "whoever is told an output is told of an effect";
pub(super) const INPUT: &str = "another input never takes effect";
pub(super) const TERMINAL: &str = "what has ended stays as it ended";
pub(super) const OWN_CLAIM: &str = "no delivery is kept out by its own claim";
pub(super) const UNDO_ENDS: &str = "once all is quiet, the compensation succeeds";
pub(super) const ACTION_ENDS: &str = "once all is quiet, the action has a definite answer";

type Holds = fn(&Check, &State) -> bool;

const ALL: [(&str, Holds); 13] = [
    (ONCE, |_, state| state.effects.made <= 1),
    (UNDONE_ONCE, |_, state| {
        state.effects.undone <= state.effects.made.min(1)
    }),
    (ALL_OR_NOTHING, |_, state| {
        state.stage() != Some(Stage::Compensated) || state.effects.made == state.effects.undone
    }),
    (NULL, |_, state| {
        state.stage() != Some(Stage::Tombstone) || state.effects.made == 0
    }),
    (HANGING, |_, state| !state.flaws.has(Flaws::LATE)),
    (REFUSAL, |_, state| !state.flaws.has(Flaws::BROKEN_REFUSAL)),
    (ANSWERS, |_, state| !state.flaws.has(Flaws::ANSWERS)),
    (OUTPUT, |_, state| {
        !state.told.output || state.effects.made > 0
    }),
    (INPUT, |_, state| !state.flaws.has(Flaws::ANOTHER_INPUT)),
    (TERMINAL, |_, state| !state.flaws.has(Flaws::REOPENED)),
    (OWN_CLAIM, |_, state| !state.flaws.has(Flaws::OWN_CLAIM)),
    (UNDO_ENDS, |check, state| {
        let (end, reply) = check.quietly(state, Kind::Compensation);
        reply == Reply::Output && end.stage().is_some_and(Stage::is_terminal)
    }),
    (ACTION_ENDS, |check, state| {
        let input = state.record.and_then(|record| record.input).unwrap_or(0);
        let (_, reply) = check.quietly(state, Kind::Action { input });
        matches!(reply, Reply::Output | Reply::No(_))
    }),
];

pub(super) fn all() -> Vec<&'static str> {
    ALL.map(|(name, _)| name).to_vec()
}

/// A move of the record: from where to where.
pub(super) type Move = (Option<Stage>, Option<Stage>);

/// A setting, and what of it is to be checked.
pub(super) struct Check {
    pub(super) setting: Setting,
    pub(super) properties: Vec<&'static str>,
    /// The moves that were seen, so that it shows if something is never reached.
    pub(super) moves: Arc<Mutex<BTreeSet<Move>>>,
}

impl Check {
    /// Delivers once more when nothing else is under way, no lease stands and nothing fails.
    fn quietly(&self, state: &State, kind: Kind) -> (State, Reply) {
        let setting = Setting {
            deliveries: vec![kind],
            ..self.setting.clone()
        };
        let mut state = State {
            record: state.record.map(|record| Record {
                owner: None,
                lease: None,
                ..record
            }),
            deliveries: vec![Delivery {
                phase: Phase::Waiting,
                races: 0,
                left: 0,
            }],
            sent: Vec::new(),
            ..state.clone()
        };
        let mut step = Step::Begin(0);
        loop {
            let (next, reply) = setting.step(&state, step);
            state = next;
            if let Some(reply) = reply {
                return (state, reply);
            }
            step = match state.deliveries[0].phase {
                Phase::Coding(_) => Step::Code(0, End::Output),
                _ => Step::Call(0),
            };
        }
    }
}

impl Model for Check {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        vec![State::new(&self.setting)]
    }

    fn actions(&self, state: &State, steps: &mut Vec<Step>) {
        self.setting.steps(state, steps);
    }

    fn next_state(&self, last: &State, step: Step) -> Option<State> {
        let (mut state, _) = self.setting.step(last, step);
        self.note(last, &state);
        self.simplify(&mut state);
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        self.checked()
            .map(|(name, holds)| Property::always(name, holds))
            .collect()
    }
}

impl Check {
    /// Notes a move of the record. A claim that takes over from another is one, too.
    pub(super) fn note(&self, from: &State, to: &State) {
        let claims = |state: &State| state.record.map(|record| (record.stage, record.epoch));
        if claims(from) != claims(to) {
            let mut moves = self.moves.lock().unwrap_or_else(PoisonError::into_inner);
            moves.insert((from.stage(), to.stage()));
        }
    }

    /// What does not hold of a state.
    pub(super) fn broken(&self, state: &State) -> Vec<&'static str> {
        let broken = self.checked().filter(|(_, holds)| !holds(self, state));
        broken.map(|(name, _)| name).collect()
    }

    fn checked(&self) -> impl Iterator<Item = (&'static str, Holds)> {
        ALL.into_iter()
            .filter(|(name, _)| self.properties.contains(name))
    }

    /// Drops what makes no difference any more, so that fewer states are told apart.
    fn simplify(&self, state: &mut State) {
        let record = state.record;
        state.sent.retain(|sent| match sent {
            Sent::Call(call) => self.setting.sabotage.is_some() || !call.is_moot(record),
            Sent::Effect { .. } | Sent::Undo { .. } => true,
            Sent::Lost => false,
        });
        state.sent.sort_unstable();
        if let Some(record) = &mut state.record {
            record.owner = record.owner.filter(|owner| {
                let owner = state.deliveries[usize::from(*owner)];
                matches!(owner.phase, Phase::Calling(..))
            });
        }
        if self.setting.mode == Mode::T {
            for delivery in &mut state.deliveries {
                delivery.left = 0;
            }
        }
    }
}

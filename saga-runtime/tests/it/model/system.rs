//! All that goes on around one record: deliveries, calls on their way, the other side, the host and time. Judges nothing but
//! notes what was told and done, so that `properties` can.

use super::delivery::{Delivery, End, Kind, Mode, Next, Phase, Script, TRIES};
use super::properties::Flaws;
use super::record::{Call, LIFE, Landed, Record, Reply, SKEW, Sabotage, Stage};

/// For how long a holder goes on after its lease, where nothing stops it.
const OUTLIVES: i8 = 2;

/// The world that a barrier is in, how much of it the model looks at, and what is taken away.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    pub(super) name: &'static str,
    pub(super) mode: Mode,
    pub(super) deliveries: Vec<Kind>,
    /// How many calls may go without a reply.
    pub(super) losses: u8,
    /// How many deliveries may be cut off, those that the host stops in time not counted.
    pub(super) crashes: u8,
    /// How much time goes by at once.
    pub(super) pace: i8,
    pub(super) host: Host,
    pub(super) other_side: OtherSide,
    pub(super) sabotage: Option<Sabotage>,
}

/// What a holder may still do when its lease is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Host {
    /// Nothing: it is dead, and what it sent to the other side has arrived or is lost.
    Dead,
    /// It is dead, but what it sent may still arrive.
    DeadButHeard,
    /// It goes on.
    Alive,
}

/// What the other side of an outside effect makes of a key.
#[derive(Clone, Copy, Debug)]
pub(super) struct OtherSide {
    /// A second request under the same key changes nothing.
    pub(super) honours_key: bool,
    /// After an undo, it refuses the key.
    pub(super) voids: bool,
    /// After it said no, it says no again.
    pub(super) keeps_its_no: bool,
}

/// The effect, wherever it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Effects {
    /// How often it took place, and under which input.
    pub(super) made: u8,
    pub(super) input: Option<u8>,
    pub(super) undone: u8,
    /// The other side will hear no more of the key.
    pub(super) void: bool,
    /// The other side said no.
    pub(super) said_no: bool,
}

/// The definite answers that were given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Told {
    pub(super) output: bool,
    pub(super) no: bool,
    pub(super) refused: bool,
}

/// What was sent by somebody who no longer waits for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Sent {
    Call(Call),
    /// A request to the other side, and how long its sender had left.
    Effect {
        input: u8,
        left: i8,
    },
    Undo {
        left: i8,
    },
    Lost,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct State {
    pub(super) record: Option<Record>,
    pub(super) effects: Effects,
    pub(super) deliveries: Vec<Delivery>,
    pub(super) sent: Vec<Sent>,
    pub(super) losses: u8,
    pub(super) crashes: u8,
    /// What actions answered.
    pub(super) told: Told,
    /// A compensation answered that it is over.
    pub(super) compensated: bool,
    pub(super) flaws: Flaws,
}

/// One thing that happens. Numbers are those of deliveries; for `Arrive`, of what was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Step {
    Begin(u8),
    /// A call arrives, and is answered.
    Call(u8),
    /// A call gets no answer. It arrives later, or at once, or never.
    Lose(u8),
    /// The participant's code runs to this end, its effect included.
    Code(u8, End),
    /// The delivery is cut off. What it has just sent may still arrive.
    Crash(u8),
    Arrive(u8),
    Tick,
}

impl OtherSide {
    /// Makes the effect; false if it says no.
    pub(super) fn make(self, effects: &mut Effects, input: u8) -> bool {
        if (self.voids && effects.void) || (self.keeps_its_no && effects.said_no) {
            return false;
        }
        if !(self.honours_key && effects.made > 0) {
            effects.made = effects.made.saturating_add(1).min(3);
            effects.input.get_or_insert(input);
        }
        true
    }

    pub(super) fn undo(self, effects: &mut Effects) {
        effects.void = true;
        let left = if self.honours_key {
            effects.made > effects.undone
        } else {
            effects.made > 0
        };
        if left {
            effects.undone = effects.undone.saturating_add(1).min(3);
        }
    }
}

impl State {
    pub(super) fn new(setting: &Setting) -> Self {
        let waiting = Delivery {
            phase: Phase::Waiting,
            races: 0,
            left: 0,
        };
        Self {
            record: None,
            effects: Effects::default(),
            deliveries: vec![waiting; setting.deliveries.len()],
            sent: Vec::new(),
            losses: setting.losses,
            crashes: setting.crashes,
            told: Told::default(),
            compensated: false,
            flaws: Flaws::default(),
        }
    }

    pub(super) fn stage(&self) -> Option<Stage> {
        self.record.map(|record| record.stage)
    }
}

impl Setting {
    pub(super) fn steps(&self, state: &State, steps: &mut Vec<Step>) {
        for (index, delivery) in (0_u8..).zip(&state.deliveries) {
            let place = usize::from(index);
            match delivery.phase {
                Phase::Waiting => {
                    // Two that are alike may as well begin in their order.
                    let alike = (0..place).any(|other| {
                        self.deliveries[other] == self.deliveries[place]
                            && state.deliveries[other].phase == Phase::Waiting
                    });
                    if !alike {
                        steps.push(Step::Begin(index));
                    }
                    continue;
                }
                Phase::Calling(..) => {
                    steps.push(Step::Call(index));
                    if state.losses > 0 {
                        steps.push(Step::Lose(index));
                    }
                }
                Phase::Coding(_) => {
                    let ends = self.ends(place, state);
                    steps.extend(ends.iter().map(|end| Step::Code(index, *end)));
                }
                Phase::Ended => continue,
            }
            if state.crashes > 0 {
                steps.push(Step::Crash(index));
            }
        }
        for (index, sent) in (0_u8..).zip(&state.sent) {
            if *sent != Sent::Lost {
                steps.push(Step::Arrive(index));
            }
        }
        // Mode T asks for no time.
        if self.mode == Mode::X {
            steps.push(Step::Tick);
        }
    }

    /// How the code may end that a delivery is in.
    fn ends(&self, delivery: usize, state: &State) -> &'static [End] {
        match (self.mode, self.deliveries[delivery]) {
            (Mode::T, Kind::Compensation) => &[End::Output, End::Failed],
            (Mode::X, Kind::Compensation) => &[End::Output, End::Failed, End::FailedAfterEffect],
            (Mode::T, _) => &[End::Output, End::Failed, End::No, End::Short],
            // A participant says no only if nothing took effect under the key.
            (Mode::X, _) if state.effects.made > 0 => {
                &[End::Output, End::Failed, End::FailedAfterEffect]
            }
            (Mode::X, _) => &[End::Output, End::Failed, End::FailedAfterEffect, End::No],
        }
    }

    /// What comes of a step, and what a delivery answered that ended by it.
    pub(super) fn step(&self, state: &State, step: Step) -> (State, Option<Reply>) {
        let mut state = state.clone();
        let reply = match step {
            Step::Begin(index) => {
                state.deliveries[usize::from(index)].left = LIFE;
                let next = self.script(&state, index).begin();
                self.go_on(&mut state, index, next)
            }
            Step::Call(index) => self.call(&mut state, index),
            Step::Lose(index) => self.lose(&mut state, index),
            Step::Code(index, end) => self.code(&mut state, index, end),
            Step::Crash(index) => {
                state.crashes -= 1;
                self.cut_off(&mut state, index);
                None
            }
            Step::Arrive(index) => {
                match state.sent.remove(usize::from(index)) {
                    Sent::Call(call) => drop(self.land(&mut state, call)),
                    Sent::Effect { input, .. } => drop(self.make(&mut state, input)),
                    Sent::Undo { .. } => self.undo(&mut state),
                    Sent::Lost => {}
                }
                None
            }
            Step::Tick => {
                self.tick(&mut state);
                None
            }
        };
        forget_old_leases(&mut state);
        (state, reply)
    }

    fn script(&self, state: &State, index: u8) -> Script {
        Script {
            mode: self.mode,
            kind: self.deliveries[usize::from(index)],
            by: index,
            left: state.deliveries[usize::from(index)].left,
            sabotage: self.sabotage,
        }
    }

    fn go_on(&self, state: &mut State, index: u8, next: Next) -> Option<Reply> {
        let delivery = &mut state.deliveries[usize::from(index)];
        match next {
            Next::Call(call) => delivery.phase = Phase::Calling(call, 1),
            Next::Code(epoch) => delivery.phase = Phase::Coding(epoch),
            Next::End(reply) => {
                end(delivery);
                let kind = self.deliveries[usize::from(index)];
                Flaws::judge_reply(state, kind, reply);
                return Some(reply);
            }
        }
        None
    }

    fn call(&self, state: &mut State, index: u8) -> Option<Reply> {
        let delivery = state.deliveries[usize::from(index)];
        let Phase::Calling(call, _) = delivery.phase else {
            return None;
        };
        let landed = self.land(state, call);
        let next = self
            .script(state, index)
            .called(call, Some(landed), delivery.races);
        if let (Next::End(Reply::Busy), Landed::Refused(Some(found))) = (&next, landed) {
            Flaws::judge_busy(state, call, index, &found);
        }
        // A compensation that begins again has lost a race.
        if let (Next::Call(Call::Look | Call::ClaimUndo { .. }), Kind::Compensation) =
            (&next, self.deliveries[usize::from(index)])
        {
            state.deliveries[usize::from(index)].races += 1;
        }
        self.go_on(state, index, next)
    }

    fn lose(&self, state: &mut State, index: u8) -> Option<Reply> {
        let delivery = state.deliveries[usize::from(index)];
        let Phase::Calling(call, tries) = delivery.phase else {
            return None;
        };
        state.losses -= 1;
        if !call.is_read() {
            state.sent.push(Sent::Call(call));
        }
        if tries < TRIES {
            state.deliveries[usize::from(index)].phase = Phase::Calling(call, tries + 1);
            return None;
        }
        let next = self.script(state, index).called(call, None, delivery.races);
        self.go_on(state, index, next)
    }

    fn code(&self, state: &mut State, index: u8, end: End) -> Option<Reply> {
        let Phase::Coding(epoch) = state.deliveries[usize::from(index)].phase else {
            return None;
        };
        let mut end = end;
        if self.mode == Mode::X {
            let effect = matches!(end, End::Output | End::FailedAfterEffect);
            match self.deliveries[usize::from(index)] {
                Kind::Compensation if effect => self.undo(state),
                Kind::Action { input } if effect && !self.make(state, input) => end = End::No,
                _ => {}
            }
            state.effects.said_no |= end == End::No;
        }
        let next = self.script(state, index).coded(epoch, end);
        self.go_on(state, index, next)
    }

    /// Ends a delivery without an answer. What it has just sent may still arrive.
    fn cut_off(&self, state: &mut State, index: u8) {
        let delivery = &mut state.deliveries[usize::from(index)];
        let left = delivery.left;
        match (
            delivery.phase,
            self.mode,
            self.deliveries[usize::from(index)],
        ) {
            (Phase::Calling(call, _), ..) if !call.is_read() => state.sent.push(Sent::Call(call)),
            (Phase::Coding(_), Mode::X, _) if !self.is_heard(left) => state.sent.push(Sent::Lost),
            (Phase::Coding(_), Mode::X, Kind::Action { input } | Kind::Late { input }) => {
                state.sent.push(Sent::Effect { input, left });
            }
            (Phase::Coding(_), Mode::X, Kind::Compensation) => {
                state.sent.push(Sent::Undo { left });
            }
            _ => {}
        }
        end(delivery);
    }

    /// Whether a request may still arrive whose sender has, or had, so much time left.
    fn is_heard(&self, left: i8) -> bool {
        let over = left + SKEW;
        over >= if self.host == Host::Dead {
            0
        } else {
            -OUTLIVES
        }
    }

    /// A call arrives at the store.
    fn land(&self, state: &mut State, call: Call) -> Landed {
        let landed = call.land(state.record, self.sabotage);
        let Landed::Done(record) = landed else {
            return landed;
        };
        if self.mode == Mode::T {
            let split = self.sabotage == Some(Sabotage::NoTransaction);
            match call {
                Call::Write => Flaws::make(state, 0, |effects| effects.made += 1),
                Call::Commit { input, .. } if !split => {
                    Flaws::make(state, input, |effects| effects.made += 1);
                }
                Call::CommitUndo => state.effects.undone += 1,
                _ => {}
            }
        }
        Flaws::judge_move(state, record);
        state.record = record;
        landed
    }

    fn make(&self, state: &mut State, input: u8) -> bool {
        let mut made = false;
        let other_side = self.other_side;
        Flaws::make(state, input, |effects| {
            made = other_side.make(effects, input);
        });
        made
    }

    fn undo(&self, state: &mut State) {
        self.other_side.undo(&mut state.effects);
    }

    fn tick(&self, state: &mut State) {
        for sent in &mut state.sent {
            let lost = match sent {
                Sent::Call(call) => {
                    call.tick(self.pace);
                    call.is_lost()
                }
                Sent::Effect { left, .. } | Sent::Undo { left } => {
                    *left -= self.pace;
                    !self.is_heard(*left)
                }
                Sent::Lost => false,
            };
            if lost {
                *sent = Sent::Lost;
            }
        }
        for index in 0..self.deliveries.len() {
            let delivery = &mut state.deliveries[index];
            if matches!(delivery.phase, Phase::Waiting | Phase::Ended) {
                continue;
            }
            delivery.left -= self.pace;
            if let Phase::Calling(call, _) = &mut delivery.phase {
                call.tick(self.pace);
            }
            let over = delivery.left + SKEW;
            if over
                < if self.host == Host::Alive {
                    -OUTLIVES
                } else {
                    0
                }
            {
                self.cut_off(state, u8::try_from(index).unwrap_or(u8::MAX));
            }
        }
        if let Some(Record {
            lease: Some(until), ..
        }) = &mut state.record
        {
            *until -= self.pace;
        }
    }
}

fn end(delivery: &mut Delivery) {
    *delivery = Delivery {
        phase: Phase::Ended,
        races: 0,
        left: 0,
    };
}

/// A lease that is over for each call that may still arrive counts no further, or states would never repeat.
fn forget_old_leases(state: &mut State) {
    let under_way = state
        .deliveries
        .iter()
        .filter_map(|delivery| match delivery.phase {
            Phase::Calling(call, _) => Some(call),
            _ => None,
        });
    let sent = state.sent.iter().filter_map(|sent| match sent {
        Sent::Call(call) => Some(*call),
        _ => None,
    });
    let oldest = under_way
        .chain(sent)
        .filter_map(|mut call| call.lease().map(|lease| lease.made))
        .fold(0, i8::min);
    if let Some(record) = &mut state.record {
        record.lease = record.lease.filter(|until| *until >= oldest);
    }
}

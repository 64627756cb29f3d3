//! A model of the barrier, small enough to go through every interleaving of a few deliveries, and held to the code by `replay`.
//!
//! What is modelled: one record, and deliveries of its action (repeated ones, one with another input, one after the flow's deadline)
//! and of its compensation, each of which may begin at any time. A step is one call of the store, one run of the participant's
//! code with its effect, or one of these misfortunes: a call that gets no answer, and arrives at once, later or never; a
//! delivery that is cut off, with what it has just sent still on its way; time going by, in units of five seconds.
//!
//! What bounds it: in mode T four deliveries, two calls without an answer and one crash; in mode X three deliveries, one such call
//! and one crash, with time going by ten seconds at once, and by five for two deliveries. Where a delivery may outlive its lease, or a
//! request its sender, it is by ten seconds; a call of the store that is on its way arrives within thirty. The walks of
//! `replay` go further: seven deliveries, four calls and two crashes, five seconds at once, and every property is checked on them too.
//!
//! What is not modelled: pivots and retriable steps, which differ from other actions only in what counts as a no; reads
//! in a transaction, conflicts and throttling, which end like a call without an answer; a record that is deleted after its time.
//!
//! What was learnt: an outside effect is made once, and undone if its compensation comes, in two worlds. Either a holder is dead
//! at the end of its lease, and what it sent to the other side has arrived by then or never will. Or the other
//! side remembers, for each key, whatever it answered: an effect, a void, and its *no* as well. In
//! a third world, where a holder may go on and the other side only knows the key again, the effect takes
//! place at most once, but may come after its compensation or after a rejection, and nobody undoes it.

mod delivery;
mod properties;
mod record;
mod replay;
mod system;

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError};

use stateright::{Checker, HasDiscoveries, Model};

use self::delivery::{Kind, Mode};
use self::properties::{
    ACTION_ENDS, ALL_OR_NOTHING, Check, HANGING, INPUT, Move, NULL, ONCE, OWN_CLAIM, REFUSAL,
    UNDONE_ONCE,
};
use self::record::{Sabotage, Stage};
use self::system::{Host, OtherSide, Setting};

/// How many walks through a large setting are replayed in each world.
const WALKS: u64 = 2000;

const A: Kind = Kind::Action { input: 0 };
const B: Kind = Kind::Action { input: 1 };
const LATE: Kind = Kind::Late { input: 0 };
const UNDO: Kind = Kind::Compensation;

/// Knows no key: a second request is a second effect.
const FORGETFUL: OtherSide = OtherSide {
    honours_key: false,
    voids: false,
    keeps_its_no: false,
};

/// Makes the effect of a key once.
const HONOURS_KEY: OtherSide = OtherSide {
    honours_key: true,
    ..FORGETFUL
};

/// And refuses it after an undo.
const VOIDS: OtherSide = OtherSide {
    voids: true,
    ..HONOURS_KEY
};

/// And says no again where it said no.
const REMEMBERS: OtherSide = OtherSide {
    keeps_its_no: true,
    ..VOIDS
};

fn mode_t(name: &'static str, deliveries: &[Kind]) -> Setting {
    Setting {
        name,
        mode: Mode::T,
        deliveries: deliveries.to_vec(),
        losses: 2,
        crashes: 1,
        pace: 1,
        host: Host::Alive,
        other_side: FORGETFUL,
        sabotage: None,
    }
}

fn mode_x(name: &'static str, host: Host, other_side: OtherSide, deliveries: &[Kind]) -> Setting {
    Setting {
        mode: Mode::X,
        losses: 1,
        host,
        other_side,
        ..mode_t(name, deliveries)
    }
}

fn without(sabotage: Sabotage, setting: Setting) -> Setting {
    Setting {
        sabotage: Some(sabotage),
        ..setting
    }
}

fn check(setting: &Setting, properties: &[&'static str]) -> Check {
    Check {
        setting: setting.clone(),
        properties: properties.to_vec(),
        moves: Arc::default(),
    }
}

/// Goes through every interleaving, and finds nothing that breaks one of `properties`. Gives the moves that it saw.
fn assert_sound(setting: &Setting, properties: &[&'static str]) -> BTreeSet<Move> {
    let check = check(setting, properties);
    let moves = Arc::clone(&check.moves);
    let checker = check.checker().spawn_bfs().join();
    println!(
        "{} {:?}: {} states, {} steps",
        setting.name,
        setting.deliveries,
        checker.unique_state_count(),
        checker.state_count()
    );
    if let Some((property, path)) = checker.discoveries().into_iter().next() {
        panic!(
            "{}: it does not hold that {property}: {:?}",
            setting.name,
            path.into_actions()
        );
    }
    let moves = moves.lock().unwrap_or_else(PoisonError::into_inner);
    moves.clone()
}

/// Finds an interleaving that breaks `property`, and shows it.
fn assert_unsound(setting: &Setting, property: &'static str) {
    let checker = check(setting, &[property])
        .checker()
        .finish_when(HasDiscoveries::Any)
        .spawn_bfs()
        .join();
    let path = checker.discovery(property);
    let states = checker.unique_state_count();
    let name = setting.name;
    let Some(path) = path else {
        panic!("{name}: in none of {states} states it is broken that {property}");
    };
    println!(
        "{name}: it does not hold that {property}: {:?} ({states} states)",
        path.into_actions()
    );
}

/// The diagram at the head of `barrier`, mode by mode, with the claims that take over from others.
fn diagram(mode: Mode) -> BTreeSet<Move> {
    use Stage::{Compensated, Compensating, Done, Rejected, Running, Tombstone};
    let common = [
        (None, Some(Rejected)),
        (None, Some(Tombstone)),
        (Some(Rejected), Some(Tombstone)),
    ];
    let t = [(None, Some(Done)), (Some(Done), Some(Compensated))];
    let x = [
        (None, Some(Running)),
        (Some(Running), Some(Running)),
        (Some(Running), Some(Done)),
        (Some(Running), Some(Rejected)),
        (Some(Running), Some(Compensating)),
        (Some(Done), Some(Compensating)),
        (Some(Compensating), Some(Compensating)),
        (Some(Compensating), Some(Compensated)),
    ];
    let own = match mode {
        Mode::T => &t[..],
        Mode::X => &x[..],
    };
    common.into_iter().chain(own.iter().copied()).collect()
}

/// Each of these sets of deliveries holds, and together they go through the whole diagram and through nothing else.
fn assert_world_sound(world: &Setting, deliveries: &[&[Kind]], properties: &[&'static str]) {
    let mut moves = BTreeSet::new();
    for deliveries in deliveries {
        let setting = Setting {
            deliveries: deliveries.to_vec(),
            ..world.clone()
        };
        moves.extend(assert_sound(&setting, properties));
    }
    assert_eq!(moves, diagram(world.mode), "{}", world.name);
}

const SOME: [&[Kind]; 4] = [
    &[A, A, UNDO],
    &[A, B, UNDO],
    &[A, LATE, UNDO],
    &[A, UNDO, UNDO],
];

/// The first world in which mode X is sound, the second, and the third, in which it is so in part.
fn dead_at_lease_end(deliveries: &[Kind]) -> Setting {
    let name = "in mode X, where a holder is dead at the end of its lease";
    mode_x(name, Host::Dead, HONOURS_KEY, deliveries)
}

fn remembered_by_key(deliveries: &[Kind]) -> Setting {
    let name = "in mode X, where the other side remembers what it answered";
    mode_x(name, Host::Alive, REMEMBERS, deliveries)
}

fn at_most_once(deliveries: &[Kind]) -> Setting {
    let name = "in mode X, where the other side only honours the key";
    mode_x(name, Host::Alive, HONOURS_KEY, deliveries)
}

/// What is left in the third world.
fn at_most_once_holds() -> Vec<&'static str> {
    let lost = [ALL_OR_NOTHING, NULL, HANGING, REFUSAL];
    let mut properties = properties::all();
    properties.retain(|property| !lost.contains(property));
    properties
}

#[test]
fn mode_t_is_sound() {
    let world = mode_t("in mode T", &[]);
    let deliveries = [&[A, B, UNDO][..], &[A, LATE, UNDO], &[A, A, UNDO, UNDO]];
    assert_world_sound(&world, &deliveries, &properties::all());
}

#[test]
fn mode_x_is_sound_where_a_holder_is_dead_at_the_end_of_its_lease() {
    let finer = dead_at_lease_end(&[A, UNDO]);
    assert_sound(&finer, &properties::all());
    let world = Setting { pace: 2, ..finer };
    assert_world_sound(&world, &SOME, &properties::all());
}

#[test]
fn mode_x_is_sound_where_the_other_side_remembers_each_answer_under_the_key() {
    let finer = remembered_by_key(&[A, UNDO]);
    assert_sound(&finer, &properties::all());
    let world = Setting { pace: 2, ..finer };
    assert_world_sound(&world, &SOME, &properties::all());
}

#[test]
fn mode_x_takes_effect_at_most_once_where_the_other_side_only_honours_the_key() {
    let finer = at_most_once(&[A, UNDO]);
    assert_sound(&finer, &at_most_once_holds());
    let world = Setting { pace: 2, ..finer };
    assert_world_sound(&world, &SOME, &at_most_once_holds());
}

#[test]
fn a_holder_that_outlives_its_lease_needs_an_other_side_that_remembers() {
    let world = Setting {
        pace: 2,
        ..at_most_once(&[A, A, UNDO])
    };
    for property in [ALL_OR_NOTHING, NULL, HANGING, REFUSAL] {
        assert_unsound(&world, property);
    }
}

#[test]
fn an_other_side_that_voids_must_keep_its_no_as_well() {
    let world = Setting {
        name: "in mode X, where the other side voids, but forgets its no",
        pace: 2,
        other_side: VOIDS,
        ..remembered_by_key(&[A, A, UNDO])
    };
    assert_unsound(&world, REFUSAL);
    assert_unsound(&world, NULL);
}

#[test]
fn a_dead_holder_must_not_be_heard_any_more() {
    let world = Setting {
        name: "in mode X, where a request outlives its sender's lease",
        host: Host::DeadButHeard,
        pace: 2,
        ..dead_at_lease_end(&[A, A, UNDO])
    };
    assert_unsound(&world, HANGING);
    assert_unsound(&world, REFUSAL);
    let remembered = Setting {
        other_side: REMEMBERS,
        ..world
    };
    assert_world_sound(&remembered, &SOME, &properties::all());
}

#[test]
fn an_other_side_that_knows_no_key_is_asked_again() {
    let world = Setting {
        name: "in mode X, where the other side knows no key",
        pace: 2,
        other_side: FORGETFUL,
        ..dead_at_lease_end(&[A, A, UNDO, UNDO])
    };
    assert_unsound(&world, ONCE);
    assert_unsound(&world, UNDONE_ONCE);
    // What would help is a barrier that the mode does not have: one that leaves an open claim open.
    let once = without(Sabotage::NoTakingOver, world);
    let once = Setting {
        deliveries: vec![A, A],
        host: Host::Alive,
        ..once
    };
    assert_sound(&once, &[ONCE]);
    assert_unsound(&once, ACTION_ENDS);
}

#[test]
fn what_is_taken_away_from_mode_t_is_missed() {
    let world = |name| mode_t(name, &[A, A, B, UNDO]);
    for (sabotage, name, property) in [
        (Sabotage::NoRecord, "without a record", ONCE),
        (Sabotage::NoTransaction, "without a transaction", NULL),
        (Sabotage::NoTransaction, "without a transaction", ONCE),
        (Sabotage::NoTombstone, "without a tombstone", HANGING),
        (Sabotage::NoInput, "without a look at the input", INPUT),
    ] {
        assert_unsound(&without(sabotage, world(name)), property);
    }
}

#[test]
fn what_is_taken_away_from_mode_x_is_missed() {
    let again = &[A, A, UNDO][..];
    for (sabotage, name, deliveries, property) in [
        (Sabotage::NoFencing, "without fencing", again, HANGING),
        (Sabotage::NoFencing, "without fencing", again, REFUSAL),
        (
            Sabotage::NoOwnClaim,
            "without knowing its own claim",
            again,
            OWN_CLAIM,
        ),
        (
            Sabotage::ShortLease,
            "with a lease that is too short",
            again,
            HANGING,
        ),
        (
            Sabotage::NoWaiting,
            "with a compensation that does not wait",
            again,
            HANGING,
        ),
        (Sabotage::NoTombstone, "without a tombstone", again, HANGING),
        (
            Sabotage::NoInput,
            "without a look at the input",
            &[A, B],
            INPUT,
        ),
        (
            Sabotage::NoTakingOver,
            "without taking over",
            again,
            ACTION_ENDS,
        ),
    ] {
        let world = Setting {
            name,
            pace: 2,
            ..dead_at_lease_end(deliveries)
        };
        assert_unsound(&without(sabotage, world), property);
    }
}

#[test]
fn the_code_does_what_the_model_does_in_each_step_of_one_action_and_its_compensation() {
    for setting in [
        mode_t("in mode T", &[A, UNDO]),
        Setting {
            pace: 2,
            ..dead_at_lease_end(&[A, UNDO])
        },
        Setting {
            pace: 2,
            ..remembered_by_key(&[A, UNDO])
        },
    ] {
        println!("{}: {} steps", setting.name, replay::every_step(&setting));
    }
}

#[test]
fn the_code_does_what_the_model_does_on_long_walks() {
    for setting in [
        mode_t("in mode T", &[]),
        dead_at_lease_end(&[]),
        remembered_by_key(&[]),
    ] {
        let mode = setting.mode;
        let setting = Setting {
            deliveries: vec![A, A, B, LATE, UNDO, UNDO, UNDO],
            losses: 4,
            crashes: 2,
            ..setting
        };
        let check = check(&setting, &properties::all());
        for seed in 0..WALKS {
            replay::a_walk(&check, &mut fastrand::Rng::with_seed(seed));
        }
        let moves = check.moves.lock().unwrap_or_else(PoisonError::into_inner);
        assert_eq!(*moves, diagram(mode), "{}", setting.name);
    }
}

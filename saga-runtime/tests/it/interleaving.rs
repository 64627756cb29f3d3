//! Deliveries of an action and of its compensation in thousands of random orders, interleaved call by call, with lost replies, stores
//! that are away, crashes and time going by. Each order is the seed's own, so that a failure can be played again.

use std::time::Duration;

use saga_runtime::store::StoreError;
use serde_json::Value;

use crate::world::{Delivery, World};
use crate::{external, transactional};

const SEEDS: u64 = 400;

/// What an order of events ended with, before the last compensation.
struct End {
    world: World,
    /// Each output that an action was answered with.
    outputs: Vec<Value>,
    refused: bool,
}

/// Plays a random order of deliveries, then lets everything in flight die.
fn play(
    random: &mut fastrand::Rng, mut world: World, step: &str, behaviours: &[&str], undo: bool,
) -> End {
    let mut open: Vec<(bool, Delivery)> = Vec::new();
    let (mut outputs, mut refused) = (Vec::new(), false);
    for _ in 0..random.usize(10..60) {
        match random.u8(0..20) {
            0..4 if open.len() < 4 => {
                let words = format!("{step} {}", random.choice(behaviours).unwrap());
                open.push((true, world.deliver(&words)));
            }
            4..6 if undo && open.len() < 4 => {
                let words = format!(
                    "undo {step} {}",
                    random.choice(&["ok", "ok", "retry", "panic"]).unwrap()
                );
                open.push((false, world.deliver(&words)));
            }
            6 => world.memory.lose_replies(random.usize(1..4)),
            7 => world
                .memory
                .fail_next(random.usize(1..4), &StoreError::unavailable("away")),
            8 => world.shared.tick(Duration::from_secs(random.u64(1..20))),
            9 if !open.is_empty() => drop(open.swap_remove(random.usize(..open.len()))),
            _ if !open.is_empty() => {
                let index = random.usize(..open.len());
                if let Some(reply) = open[index].1.poll(true) {
                    let (action, _) = open.swap_remove(index);
                    refused |= action
                        && matches!(&reply, Err(failure) if failure.error_type() == "Saga.Refused");
                    outputs.extend(reply.ok().filter(|_| action));
                }
            }
            _ => {}
        }
        // As Lambda does: nobody lives beyond the deadline.
        let now = world.shared.now();
        open.retain(|(_, delivery)| delivery.deadline > now);
    }
    // Whatever faults were asked for and have not come yet must not outlive the random part.
    drop(open);
    drain(&world);
    world.shared.tick(Duration::from_mins(1));
    End {
        world,
        outputs,
        refused,
    }
}

/// Uses up the faults that no call has met.
fn drain(world: &World) {
    use saga_runtime::Store;
    use saga_runtime::store::{Key, Operation, Write};
    let key = Key {
        table: "drain".to_owned(),
        partition: ("id".to_owned(), "x".into()),
        sort: None,
    };
    let write = Write {
        key,
        operation: Operation::Delete,
        condition: None,
    };
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    for _ in 0..500 {
        let _ = world.memory.write(&write).as_mut().poll(&mut context);
    }
}

fn deliver(world: &mut World, words: &str) -> Result<Value, String> {
    world
        .deliver(words)
        .finish()
        .map_err(|failure| failure.to_string())
}

#[test]
fn in_mode_t_an_effect_takes_place_once_and_is_undone_once() {
    let (mut effects, mut nulls) = (0, 0);
    for seed in 0..SEEDS {
        let mut random = fastrand::Rng::with_seed(seed);
        let world = World::new(transactional::steps);
        let mut end = play(
            &mut random,
            world,
            "reserve",
            &["ok", "ok", "ok", "no", "later", "panic", "short"],
            true,
        );
        assert_eq!(
            deliver(&mut end.world, "undo reserve ok"),
            Ok(Value::Null),
            "seed {seed}"
        );
        let late = deliver(&mut end.world, "reserve ok").unwrap_err();
        assert!(late.starts_with("Saga.Refused"), "seed {seed}: {late}");

        let accounts = end
            .world
            .memory
            .tables()
            .remove("accounts")
            .unwrap_or_default();
        let count = |name: &str| {
            accounts
                .first()
                .and_then(|account| account.get(name))
                .and_then(Value::as_i64)
                .unwrap_or(0)
        };
        assert!(
            count("done") <= 1,
            "seed {seed}: the effect took place {} times",
            count("done")
        );
        assert_eq!(count("done"), count("undone"), "seed {seed}");
        // An output that was given belongs to an effect, and an effect without any was only not told of.
        assert!(count("done") == 1 || end.outputs.is_empty(), "seed {seed}");
        assert!(
            end.outputs.windows(2).all(|pair| pair[0] == pair[1]),
            "seed {seed}"
        );
        effects += count("done");
        nulls += 1 - count("done");
    }
    assert!(
        effects > 40 && nulls > 40,
        "{effects} effects, {nulls} null compensations"
    );
}

#[test]
fn in_mode_t_without_a_compensation_an_effect_takes_place_once_and_answers_alike() {
    for seed in 0..SEEDS {
        let mut random = fastrand::Rng::with_seed(seed);
        let world = World::new(transactional::steps);
        let mut end = play(
            &mut random,
            world,
            "reserve",
            &["ok", "ok", "ok", "later", "panic"],
            false,
        );
        assert!(!end.refused, "seed {seed}");
        assert!(deliver(&mut end.world, "reserve ok").is_ok(), "seed {seed}");
        assert_eq!(
            end.world.memory.tables()["accounts"][0]["done"],
            1,
            "seed {seed}"
        );
    }
}

#[test]
fn in_mode_x_no_effect_follows_its_compensation_and_what_was_done_is_undone() {
    let (mut effects, mut nulls) = (0, 0);
    for seed in 0..SEEDS {
        let mut random = fastrand::Rng::with_seed(seed);
        let world = World::new(external::steps);
        let behaviours = ["ok", "ok", "large", "later", "panic", "no"];
        let mut end = play(&mut random, world, "charge", &behaviours, true);
        assert_eq!(
            deliver(&mut end.world, "undo charge ok"),
            Ok(Value::Null),
            "seed {seed}"
        );
        let log = end.world.shared.logged();
        let refunds = log.iter().filter(|line| line.starts_with("refund")).count();
        // What ended stays as it ended.
        assert_eq!(
            deliver(&mut end.world, "undo charge ok"),
            Ok(Value::Null),
            "seed {seed}"
        );
        assert!(
            deliver(&mut end.world, "charge ok")
                .unwrap_err()
                .starts_with("Saga.Refused"),
            "seed {seed}"
        );
        assert_eq!(end.world.shared.logged(), log, "seed {seed}");

        let charged = log.iter().any(|line| line.starts_with("charge"));
        let first_refund = log
            .iter()
            .position(|line| line.starts_with("refund"))
            .unwrap_or(log.len());
        assert!(
            log[first_refund..]
                .iter()
                .all(|line| line.starts_with("refund")),
            "seed {seed}: {log:?}"
        );
        // An effect that a definite rejection followed was not made under its key, by the participant's word.
        let rejected = end.world.memory.barrier_records()[0].contains_key("err");
        assert!(refunds > 0 || !charged || rejected, "seed {seed}: {log:?}");
        effects += usize::from(charged);
        nulls += usize::from(!charged);
    }
    assert!(
        effects > 40 && nulls > 40,
        "{effects} effects, {nulls} without"
    );
}

#[test]
fn in_mode_x_without_a_compensation_every_answer_is_the_same() {
    for seed in 0..SEEDS {
        let mut random = fastrand::Rng::with_seed(seed);
        let world = World::new(external::steps);
        let mut end = play(
            &mut random,
            world,
            "charge",
            &["ok", "later", "panic"],
            false,
        );
        assert!(!end.refused, "seed {seed}");
        let answer = deliver(&mut end.world, "charge ok").unwrap();
        assert!(
            end.outputs.iter().all(|output| *output == answer),
            "seed {seed}"
        );
        // Once an answer is recorded, the effect is not repeated.
        let log = end.world.shared.logged();
        assert_eq!(
            deliver(&mut end.world, "charge ok"),
            Ok(answer),
            "seed {seed}"
        );
        assert_eq!(end.world.shared.logged(), log, "seed {seed}");
    }
}

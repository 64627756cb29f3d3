//! A stuck compensation that an operator skips: everything else is undone, and the saga says at its end what was not.

#![allow(dead_code, reason = "stand-ins run in the steps' place")]

use std::collections::BTreeSet;

use expect_test::{Expect, expect};
use saga_local::{DeliveryOutcome, Engine, Fault, FaultPlan, Run, StandIns, Status};
use saga_runtime::prelude::*;
use serde_json::json;

use crate::support::block_on;

/// Moves somebody's things.
#[saga]
mod relocate {
    use saga_runtime::prelude::*;

    #[derive(Clone, Debug, Serialize, Deserialize)]
    pub(super) struct Home {
        pub(super) rooms: Vec<Vec<String>>,
    }

    #[derive(Debug, thiserror::Error)]
    pub(super) enum RoadError {
        #[error("closed")]
        Closed,
    }

    pub(super) trait Movers {
        #[step(compensate = dismiss)]
        async fn hire(&self, tx: &mut Tx) -> Result<(), Retry>;
        #[compensation]
        async fn dismiss(&self, tx: &mut Tx) -> Result<(), Retry>;
        #[step(compensate = unlock)]
        async fn lock(&self, tx: &mut Tx) -> Result<(), Retry>;
        #[compensation]
        async fn unlock(&self, tx: &mut Tx) -> Result<(), Retry>;
        #[step(compensate = unpack)]
        async fn pack(&self, tx: &mut Tx, thing: &str) -> Result<(), Retry>;
        #[compensation]
        async fn unpack(&self, tx: &mut Tx) -> Result<(), Retry>;
        #[step(compensate = unload)]
        async fn load(&self, tx: &mut Tx) -> Result<(), Retry>;
        #[compensation]
        async fn unload(&self, tx: &mut Tx) -> Result<(), Retry>;
        #[step(pivot)]
        async fn drive(&self, tx: &mut Tx) -> Result<(), RoadError>;
    }

    pub(super) async fn relocate(movers: &impl Movers, home: Home) -> Result<(), Rejection> {
        movers.hire().await?;
        for room in &home.rooms {
            movers.lock().await?;
            for thing in room {
                movers.pack(thing).await?;
            }
        }
        join!(
            async {
                movers.load().await?;
                Ok(())
            },
            async {
                movers.hire().await?;
                movers.lock().await?;
                Ok(())
            },
        )?;
        movers.load().await?;
        movers.drive().await?;
        Ok(())
    }
}

fn forever(plan: impl Into<FaultPlan>) -> FaultPlan {
    plan.into().times(u64::MAX)
}

/// Runs until the road is closed. Whatever parks is skipped, and the reason is the number of the skip.
fn skipping(stuck: &[(&str, FaultPlan)]) -> (Engine<relocate::Home, ()>, Run<()>) {
    let closed = Fault::Rejected {
        error: "RoadError.Closed".to_owned(),
        data: json!(null),
    };
    let mut engine = Engine::new(relocate::RELOCATE).fault("movers.drive", closed);
    for handler in StandIns::of(relocate::RELOCATE).handlers() {
        engine = engine.with(handler);
    }
    for (state, plan) in stuck {
        engine = engine.fault(*state, plan.clone());
    }
    let room = |things: &[&str]| things.iter().map(ToString::to_string).collect();
    let home = relocate::Home {
        rooms: vec![room(&["bed"]), room(&["cup", "pot"])],
    };
    let run = block_on(async {
        let mut run = engine.start("home", &home).await.unwrap();
        let mut number = 0;
        while let Some(parked) = engine.parked().pop() {
            number += 1;
            let reason = format!("reason {number}");
            run = engine.skip(parked.token(), &reason).await.unwrap();
        }
        run
    });
    (engine, run)
}

/// The end, and the compensations that did not take place.
fn check(stuck: &[(&str, FaultPlan)], expected: &Expect) {
    let (engine, run) = skipping(stuck);
    assert_eq!(run.status(), Status::Failed);
    let (mut open, mut undone) = (BTreeSet::new(), BTreeSet::new());
    for delivery in engine.deliveries() {
        let key = format!(
            "{}{}",
            delivery.step().unwrap(),
            match &delivery.payload()["item"] {
                serde_json::Value::Null => String::new(),
                item => item.to_string(),
            }
        );
        let is_answered = matches!(delivery.outcome(), DeliveryOutcome::Answered(_));
        match delivery.is_compensation() {
            true if is_answered => undone.insert(key),
            false if is_answered => open.insert(key),
            _ => false,
        };
    }
    assert!(undone.is_subset(&open) && open.len() > undone.len() || stuck.is_empty());
    let left: Vec<String> = open.difference(&undone).cloned().collect();
    expected.assert_eq(&format!(
        "{}: {}\nleft: {}\n",
        run.error().unwrap_or_default(),
        run.cause().unwrap_or_default(),
        left.join(", ")
    ));
}

#[test]
fn the_end_says_what_was_skipped_and_why_the_saga_failed() {
    check(
        &[("compensate movers.hire", forever(Fault::Throttled))],
        &expect![[r#"
            Saga.Skipped: movers.hire is not compensated: reason 1; RoadError.Closed: {"errorMessage":"{\"message\":\"injected by a test\",\"data\":null}","errorType":"RoadError.Closed"}
            left: movers.hire
        "#]],
    );
}

#[test]
fn the_first_to_be_undone_can_be_skipped() {
    check(
        &[("compensate movers.load#2", forever(Fault::Throttled))],
        &expect![[r#"
            Saga.Skipped: movers.load#2 is not compensated: reason 1; RoadError.Closed: {"errorMessage":"{\"message\":\"injected by a test\",\"data\":null}","errorType":"RoadError.Closed"}
            left: movers.load#2
        "#]],
    );
}

#[test]
fn several_can_be_skipped() {
    check(
        &[
            ("compensate movers.load#2", forever(Fault::Panic)),
            ("compensate movers.hire", forever(Fault::Throttled)),
        ],
        &expect![[r#"
            Saga.Skipped: movers.load#2 is not compensated: reason 1; movers.hire is not compensated: reason 2; RoadError.Closed: {"errorMessage":"{\"message\":\"injected by a test\",\"data\":null}","errorType":"RoadError.Closed"}
            left: movers.hire, movers.load#2
        "#]],
    );
}

#[test]
fn an_item_of_a_loop_can_be_skipped_and_the_others_are_undone() {
    check(
        &[(
            "compensate movers.lock",
            forever(Fault::Throttled.item(&[1])),
        )],
        &expect![[r#"
            Saga.Skipped: movers.lock[1] is not compensated: reason 1; RoadError.Closed: {"errorMessage":"{\"message\":\"injected by a test\",\"data\":null}","errorType":"RoadError.Closed"}
            left: movers.lock[1]
        "#]],
    );
    check(
        &[(
            "compensate movers.pack",
            forever(Fault::Throttled.item(&[1, 0])),
        )],
        &expect![[r#"
            Saga.Skipped: movers.pack[1,0] is not compensated: reason 1; RoadError.Closed: {"errorMessage":"{\"message\":\"injected by a test\",\"data\":null}","errorType":"RoadError.Closed"}
            left: movers.pack[1,0]
        "#]],
    );
}

#[test]
fn a_branch_of_a_join_can_be_skipped() {
    check(
        &[("compensate movers.load", forever(Fault::Throttled))],
        &expect![[r#"
            Saga.Skipped: movers.load is not compensated: reason 1; RoadError.Closed: {"errorMessage":"{\"message\":\"injected by a test\",\"data\":null}","errorType":"RoadError.Closed"}
            left: movers.load
        "#]],
    );
    check(
        &[
            ("compensate movers.hire#2", forever(Fault::Throttled)),
            ("compensate movers.lock#2", forever(Fault::Throttled)),
        ],
        &expect![[r#"
            Saga.Skipped: movers.lock#2 is not compensated: reason 1; movers.hire#2 is not compensated: reason 2; RoadError.Closed: {"errorMessage":"{\"message\":\"injected by a test\",\"data\":null}","errorType":"RoadError.Closed"}
            left: movers.hire#2, movers.lock#2
        "#]],
    );
}

#[test]
fn what_was_skipped_in_one_place_is_told_once_with_what_was_in_others() {
    check(
        &[
            ("compensate movers.load#2", forever(Fault::Throttled)),
            ("compensate movers.lock#2", forever(Fault::Throttled)),
            ("compensate movers.pack", forever(Fault::Throttled)),
            ("compensate movers.hire", forever(Fault::Throttled)),
        ],
        &expect![[r#"
            Saga.Skipped: movers.load#2 is not compensated: reason 1; movers.lock#2 is not compensated: reason 2; movers.pack[1,1] is not compensated: reason 3; movers.pack[1,0] is not compensated: reason 4; movers.pack[0,0] is not compensated: reason 5; movers.hire is not compensated: reason 6; RoadError.Closed: {"errorMessage":"{\"message\":\"injected by a test\",\"data\":null}","errorType":"RoadError.Closed"}
            left: movers.hire, movers.load#2, movers.lock#2, movers.pack[0,0], movers.pack[1,0], movers.pack[1,1]
        "#]],
    );
}

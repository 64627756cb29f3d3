//! Reactions that wait for one another in a chain, where what stands at its beginning never comes: run, as the compiler judged it.

#![allow(
    unreachable_pub,
    dead_code,
    reason = "a contract is public, and stand-ins implement this one"
)]

use expect_test::expect;
use saga_local::{Bus, BusFault, EventMatrix, EventStandIns};
use serde_json::Value;

use self::chain_events::{A_BEGIN, CHAIN_EVENTS};
use crate::support::block_on;

/// `third` waits for `second`, which waits for `first`, which only comes if `fill` does not say no.
#[saga_runtime::choreography]
pub mod chain_events {
    use saga_runtime::prelude::*;

    #[event]
    #[derive(Debug, Serialize, Deserialize)]
    pub struct Placed;
    #[event]
    #[derive(Debug, Serialize, Deserialize)]
    pub struct Go;
    #[event]
    #[derive(Debug, thiserror::Error, Serialize, Deserialize)]
    #[error("full")]
    pub struct Full;
    #[event(terminal)]
    #[derive(Debug, Serialize, Deserialize)]
    pub struct Got;

    pub trait A {
        #[command(compensate = undo)]
        async fn begin(&self, tx: &mut Tx, cmd: u8) -> Result<Placed, Retry>;
        #[on(Full)]
        async fn undo(&self, tx: &mut Tx) -> Result<(), Retry>;
        #[on(Go, compensate = forget)]
        async fn first(&self, tx: &mut Tx) -> Result<(), Retry>;
        #[on(Full)]
        async fn forget(&self, tx: &mut Tx) -> Result<(), Retry>;
        #[on(Placed, observer, after = first)]
        async fn second(&self, tx: &mut Tx) -> Result<(), Retry>;
        #[on(Placed, observer, after = second)]
        async fn third(&self, tx: &mut Tx) -> Result<Got, Retry>;
    }
    pub trait B {
        #[on(Placed, pivot)]
        async fn fill(&self, tx: &mut Tx) -> Result<Go, Full>;
    }
}

#[test]
fn a_compensation_ends_the_wait_of_the_whole_chain() {
    let participants = EventStandIns::of(CHAIN_EVENTS);
    let matrix = EventMatrix::new(CHAIN_EVENTS, participants.clone().worlds().unwrap());
    block_on(matrix.send("it", &A_BEGIN, &1).run()).assert_consistent();

    let no = BusFault::Rejected {
        event: "Full".to_owned(),
        data: Value::Null,
    };
    let report = block_on(async {
        let bus = participants
            .consumers()
            .unwrap()
            .into_iter()
            .fold(Bus::new(CHAIN_EVENTS), Bus::with);
        let mut bus = bus.fault("b.fill", no);
        bus.send(&A_BEGIN, "s-1", &1).await.unwrap();
        bus.settle().await;
        assert_eq!(bus.dead_letters(), 0);
        bus.report("s-1")
    });
    let text = report.to_string();
    let lines: Vec<&str> = text.lines().map(str::trim_start).collect();
    expect![[r#"
        0.0s  a.begin               Placed
        0.1s  a.second and a.third  Saga.Busy of a.second, Saga.Busy of a.third
        `a.first` has not taken effect for this saga yet
        `a.second` has not taken effect for this saga yet
        0.1s  b.fill                rejected with Full (rejected, Full)
        0.2s  a.undo and a.forget   compensated, nothing to compensate
        60.1s  a.second and a.third  refused, refused
        `a.first` has no effect for this saga: it is TOMBSTONE
        `a.second` has no effect for this saga: it is REJECTED
        60.1s  failed with Full"#]]
    .assert_eq(&lines.join("\n"));
}

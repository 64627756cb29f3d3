//! The fault matrix with participants made of a contract alone.

#![allow(
    dead_code,
    reason = "of some contracts, all that runs is what the matrix says in their steps' place"
)]

use saga_local::{FaultMatrix, StandIns};
use saga_runtime::prelude::*;
use serde_json::json;

use crate::shop::{sale, sell};
use crate::support::block_on;

/// Sends what a check lets through.
#[saga]
mod forward {
    use saga_runtime::prelude::*;

    #[derive(Clone, Debug, Serialize, Deserialize)]
    pub(super) struct Letter {
        pub(super) pages: Vec<String>,
    }

    #[derive(Clone, Debug, Serialize, Deserialize)]
    pub(super) enum Verdict {
        Clear,
        Unsure { score: u32 },
    }

    pub(super) trait Desk {
        #[step(read_only)]
        async fn check(&self, tx: &mut Tx, letter: &Letter) -> Result<Verdict, Retry>;
        #[step(compensate = forget)]
        async fn note(&self, tx: &mut Tx, score: u32) -> Result<(), Retry>;
        #[compensation]
        async fn forget(&self, tx: &mut Tx) -> Result<(), Retry>;
        #[step(compensate = unprint)]
        async fn print(&self, cx: &Context, page: &str) -> Result<String, Retry>;
        #[compensation]
        async fn unprint(&self, cx: &Context) -> Result<(), Retry>;
    }

    pub(super) async fn forward(desk: &impl Desk, letter: Letter) -> Result<(), Rejection> {
        let verdict = desk.check(&letter).await?;
        match verdict {
            Verdict::Clear => {}
            Verdict::Unsure { score } => {
                desk.note(score).await?;
            }
        }
        for page in &letter.pages {
            desk.print(page).await?;
        }
        Ok(())
    }
}

fn letter(pages: usize) -> forward::Letter {
    forward::Letter {
        pages: (0..pages).map(|page| page.to_string()).collect(),
    }
}

#[test]
fn a_contract_alone_has_a_matrix() {
    let matrix = FaultMatrix::new(sell::SELL, StandIns::of(sell::SELL).worlds().unwrap());
    let report = block_on(matrix.input("sale", &sale("visa")).run());
    assert!(report.cases().len() > 300, "{}", report.cases().len());
    report.assert_complete();
}

#[test]
fn a_sample_is_asked_for_where_the_flow_looks_into_an_output() {
    let Err(error) = StandIns::of(forward::FORWARD).worlds() else {
        panic!("no sample was asked for");
    };
    assert!(error.is_missing_sample());
    assert_eq!(
        error.to_string(),
        "the flow looks into the output of `desk.check`; give the stand-in a sample of it: `.output(\"desk.check\", json!(…))`"
    );
}

#[test]
fn a_report_tells_what_no_input_reached() {
    let matrix = |pages, sample| {
        let participants = StandIns::of(forward::FORWARD).output("desk.check", sample);
        let matrix = FaultMatrix::new(forward::FORWARD, participants.worlds().unwrap());
        let report = block_on(matrix.input("letter", &letter(pages)).run());
        report.assert_consistent();
        report
    };
    let report = matrix(3, json!("Clear"));
    // The loop parks under names of its own.
    let unreached = ["desk.note", "compensate desk.note", "park"];
    assert_eq!(report.unreached(), unreached);
    assert_eq!(report.loops()["for page in letter.pages"], [3]);
    let text = report.to_string();
    for gap in [
        "no input reached `desk.note`",
        "no input gave `for page in letter.pages` no item",
        "no input gave `for page in letter.pages` one item",
    ] {
        assert!(text.lines().any(|line| line == gap), "{gap} in\n{text}");
    }

    let report = matrix(1, json!({ "Unsure": { "score": 3 } }));
    assert_eq!(report.unreached(), [] as [&str; 0]);
}

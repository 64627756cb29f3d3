//! What `cargo saga diff` says of a step is what becomes of it: the old code's records and payloads before the new code.

#![allow(
    unreachable_pub,
    reason = "a contract is public, and this module is not"
)]

use std::fs;
use std::time::Duration;

use saga_runtime::prelude::*;
use saga_runtime::{Clock, Handler, Invocation, MemoryStore};
use serde_json::{Value, json};

use crate::support::{emit, folder, output};

/// The text of one of the two modules below.
fn version(name: &str) -> &'static str {
    let file = include_str!("in_flight.rs");
    let start = file.find(&format!("\npub mod {name} {{")).unwrap();
    let end = file[start..].find("\n}\n").unwrap();
    &file[start..start + end + 2]
}

#[saga]
pub mod before {
    use saga_runtime::prelude::*;
    #[derive(Debug, thiserror::Error)]
    pub enum Error {
        #[transient]
        #[error("busy")]
        Busy,
    }
    pub trait Stock {
        #[step(compensate = undo_same)]
        async fn same(&self, tx: &mut Tx, order: &str) -> Result<u64, Retry>;
        #[compensation]
        async fn undo_same(&self, tx: &mut Tx, order: &str) -> Result<(), Retry>;
        #[step(compensate = undo_more)]
        async fn more(&self, tx: &mut Tx, order: &str) -> Result<(), Retry>;
        #[compensation]
        async fn undo_more(&self, tx: &mut Tx) -> Result<(), Retry>;
        #[step(compensate = undo_optional)]
        async fn optional(&self, tx: &mut Tx, order: &str) -> Result<(), Retry>;
        #[compensation]
        async fn undo_optional(&self, tx: &mut Tx, order: &str) -> Result<(), Retry>;
        #[step(compensate = undo_fewer)]
        async fn fewer(&self, tx: &mut Tx, order: &str) -> Result<(), Retry>;
        #[compensation]
        async fn undo_fewer(&self, tx: &mut Tx, order: &str) -> Result<(), Retry>;
        #[step(compensate = undo_kept)]
        async fn kept(&self, tx: &mut Tx, order: &str) -> Result<(), Retry>;
        #[compensation]
        async fn undo_kept(&self, tx: &mut Tx) -> Result<(), Retry>;
        #[step(compensate = undo_answer)]
        async fn answer(&self, tx: &mut Tx) -> Result<u64, Retry>;
        #[compensation]
        async fn undo_answer(&self, tx: &mut Tx, number: u64) -> Result<(), Retry>;
        #[step(compensate = undo_outside)]
        async fn outside(&self, cx: &Context) -> Result<(), Error>;
        #[compensation]
        async fn undo_outside(&self, cx: &Context) -> Result<(), Retry>;
        #[step(compensate = undo_kind)]
        async fn kind(&self, tx: &mut Tx) -> Result<(), Retry>;
        #[compensation]
        async fn undo_kind(&self, tx: &mut Tx) -> Result<(), Retry>;
        #[step(compensate = undo_gone)]
        async fn gone(&self, tx: &mut Tx) -> Result<(), Retry>;
        #[compensation]
        async fn undo_gone(&self, tx: &mut Tx) -> Result<(), Retry>;
    }
    pub async fn shop(stock: &impl Stock, order: String) -> Result<(), Rejection> {
        stock.same(&order).await?;
        stock.more(&order).await?;
        stock.optional(&order).await?;
        stock.fewer(&order).await?;
        stock.kept(&order).await?;
        stock.answer().await?;
        stock.outside().await?;
        stock.kind().await?;
        stock.gone().await?;
        Ok(())
    }
}

#[saga]
pub mod after {
    use saga_runtime::prelude::*;
    pub trait Stock {
        #[step(compensate = undo_same)]
        async fn same(&self, tx: &mut Tx, order: &str) -> Result<u64, Retry>;
        #[compensation]
        async fn undo_same(&self, tx: &mut Tx, order: &str) -> Result<(), Retry>;
        #[step(compensate = undo_more)]
        async fn more(&self, tx: &mut Tx, order: &str, gift: bool) -> Result<(), Retry>;
        #[compensation]
        async fn undo_more(&self, tx: &mut Tx) -> Result<(), Retry>;
        #[step(compensate = undo_optional)]
        async fn optional(&self, tx: &mut Tx, order: &str, gift: Option<bool>)
        -> Result<(), Retry>;
        #[compensation]
        async fn undo_optional(
            &self, tx: &mut Tx, order: &str, gift: Option<bool>,
        ) -> Result<(), Retry>;
        #[step(compensate = undo_fewer)]
        async fn fewer(&self, tx: &mut Tx) -> Result<(), Retry>;
        #[compensation]
        async fn undo_fewer(&self, tx: &mut Tx) -> Result<(), Retry>;
        #[step(compensate = undo_kept)]
        async fn kept(&self, tx: &mut Tx, order: &str) -> Result<(), Retry>;
        #[compensation]
        async fn undo_kept(&self, tx: &mut Tx, order: &str) -> Result<(), Retry>;
        #[step(compensate = undo_answer)]
        async fn answer(&self, tx: &mut Tx) -> Result<String, Retry>;
        #[compensation]
        async fn undo_answer(&self, tx: &mut Tx, number: String) -> Result<(), Retry>;
        #[step(compensate = undo_outside)]
        async fn outside(&self, tx: &mut Tx) -> Result<(), Retry>;
        #[compensation]
        async fn undo_outside(&self, tx: &mut Tx) -> Result<(), Retry>;
        #[step(read_only)]
        async fn kind(&self, tx: &mut Tx) -> Result<(), Retry>;
    }
    pub async fn shop(stock: &impl Stock, order: String) -> Result<(), Rejection> {
        stock.same(&order).await?;
        stock.more(&order, true).await?;
        stock.optional(&order, None).await?;
        stock.fewer().await?;
        stock.kept(&order).await?;
        stock.answer().await?;
        stock.outside().await?;
        stock.kind().await?;
        Ok(())
    }
}

struct Service;

impl before::Stock for Service {
    async fn same(&self, _: &mut Tx, _: &str) -> Result<u64, Retry> {
        Ok(1)
    }
    async fn undo_same(&self, _: &mut Tx, _: &str) -> Result<(), Retry> {
        Ok(())
    }
    async fn more(&self, _: &mut Tx, _: &str) -> Result<(), Retry> {
        Ok(())
    }
    async fn undo_more(&self, _: &mut Tx) -> Result<(), Retry> {
        Ok(())
    }
    async fn optional(&self, _: &mut Tx, _: &str) -> Result<(), Retry> {
        Ok(())
    }
    async fn undo_optional(&self, _: &mut Tx, _: &str) -> Result<(), Retry> {
        Ok(())
    }
    async fn fewer(&self, _: &mut Tx, _: &str) -> Result<(), Retry> {
        Ok(())
    }
    async fn undo_fewer(&self, _: &mut Tx, _: &str) -> Result<(), Retry> {
        Ok(())
    }
    async fn kept(&self, _: &mut Tx, _: &str) -> Result<(), Retry> {
        Ok(())
    }
    async fn undo_kept(&self, _: &mut Tx) -> Result<(), Retry> {
        Ok(())
    }
    async fn answer(&self, _: &mut Tx) -> Result<u64, Retry> {
        Ok(1)
    }
    async fn undo_answer(&self, _: &mut Tx, _: u64) -> Result<(), Retry> {
        Ok(())
    }
    /// It is cut off, so that the deployment finds a claim.
    async fn outside(&self, _: &Context) -> Result<(), before::Error> {
        Err(before::Error::Busy)
    }
    async fn undo_outside(&self, _: &Context) -> Result<(), Retry> {
        Ok(())
    }
    async fn kind(&self, _: &mut Tx) -> Result<(), Retry> {
        Ok(())
    }
    async fn undo_kind(&self, _: &mut Tx) -> Result<(), Retry> {
        Ok(())
    }
    async fn gone(&self, _: &mut Tx) -> Result<(), Retry> {
        Ok(())
    }
    async fn undo_gone(&self, _: &mut Tx) -> Result<(), Retry> {
        Ok(())
    }
}

impl after::Stock for Service {
    async fn same(&self, _: &mut Tx, _: &str) -> Result<u64, Retry> {
        Ok(1)
    }
    async fn undo_same(&self, _: &mut Tx, _: &str) -> Result<(), Retry> {
        Ok(())
    }
    async fn more(&self, _: &mut Tx, _: &str, _: bool) -> Result<(), Retry> {
        Ok(())
    }
    async fn undo_more(&self, _: &mut Tx) -> Result<(), Retry> {
        Ok(())
    }
    async fn optional(&self, _: &mut Tx, _: &str, _: Option<bool>) -> Result<(), Retry> {
        Ok(())
    }
    async fn undo_optional(&self, _: &mut Tx, _: &str, _: Option<bool>) -> Result<(), Retry> {
        Ok(())
    }
    async fn fewer(&self, _: &mut Tx) -> Result<(), Retry> {
        Ok(())
    }
    async fn undo_fewer(&self, _: &mut Tx) -> Result<(), Retry> {
        Ok(())
    }
    async fn kept(&self, _: &mut Tx, _: &str) -> Result<(), Retry> {
        Ok(())
    }
    async fn undo_kept(&self, _: &mut Tx, _: &str) -> Result<(), Retry> {
        Ok(())
    }
    async fn answer(&self, _: &mut Tx) -> Result<String, Retry> {
        Ok("1".to_owned())
    }
    async fn undo_answer(&self, _: &mut Tx, _: String) -> Result<(), Retry> {
        Ok(())
    }
    async fn outside(&self, _: &mut Tx) -> Result<(), Retry> {
        Ok(())
    }
    async fn undo_outside(&self, _: &mut Tx) -> Result<(), Retry> {
        Ok(())
    }
    async fn kind(&self, _: &mut Tx) -> Result<(), Retry> {
        Ok(())
    }
}

const STEPS: [&str; 9] = [
    "same", "more", "optional", "fewer", "kept", "answer", "outside", "kind", "gone",
];

async fn deliver(to: &Handler, saga: &str, step: &str, phase: &str) -> bool {
    let takes_order = ["same", "more", "optional", "fewer", "kept"].contains(&step);
    let input = if takes_order {
        json!({ "order": "o-1" })
    } else {
        json!({})
    };
    let saga =
        format!("arn:aws:states:eu-west-1:111122223333:execution:shop:{saga}#2026-01-01T00:00:00Z");
    let mut payload = json!({ "saga": saga, "step": format!("stock.{step}") });
    match phase {
        "action" => payload["input"] = input,
        phase => payload["phase"] = json!(phase),
    }
    let clock = Clock::system();
    let delivery = Invocation::new("1", clock.now() + Duration::from_mins(1), clock);
    to.invoke(payload, &delivery).await.is_ok()
}

/// Whether a saga in flight can go on: undo what the old code did, and send what the old definition sends.
async fn survives(step: &str) -> bool {
    let store = MemoryStore::new();
    let old = before::serve_stock(Service, store.clone());
    let new = after::serve_stock(Service, store);
    deliver(&old, "a", step, "action").await;
    let undone = deliver(&new, "a", step, "compensation").await;
    let done = deliver(&new, "b", step, "action").await;
    undone && done
}

/// The worst that is said of the step.
fn verdict(changes: &Value, step: &str) -> String {
    let changes = changes.as_array().unwrap().iter();
    let mut own = changes.filter(|change| change["of"] == format!("stock.{step}"));
    let first = own.next().map(|change| change["verdict"].as_str().unwrap());
    first.unwrap_or("unchanged").to_owned()
}

#[test]
fn what_is_said_to_break_breaks_and_nothing_else() {
    let folder = folder("in_flight");
    fs::create_dir_all(folder.join("old/out")).unwrap();
    emit(&folder.join("old"), version("before"));
    emit(&folder, version("after"));
    let text = output(&folder, &["diff", "old/out", "out", "--format", "json"]);
    let json: Value = serde_json::from_str(text.strip_suffix("exit 1\n").unwrap()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let mut broken = Vec::new();
    for step in STEPS {
        let verdict = verdict(&json[0]["changes"], step);
        let survives = runtime.block_on(survives(step));
        assert_eq!(survives, verdict != "breaks_in_flight", "{step}: {verdict}");
        assert_ne!(verdict, "look", "{step}");
        if !survives {
            broken.push(step);
        }
    }
    assert_eq!(
        broken,
        ["more", "kept", "answer", "outside", "kind", "gone"]
    );
}

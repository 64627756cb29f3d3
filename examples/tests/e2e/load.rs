//! A thousand sagas through Step Functions and real processes, under random faults: nothing lost, nothing twice, nothing left.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use examples::place_order::place_order::{PlaceOrder, Receipt};
use saga_runtime::Rejection;
use saga_runtime::client::Client;
use serde_json::Value;
use tokio::sync::Semaphore;

use crate::alone;
use crate::order::{FUNCTIONS, order, text};
use crate::proxy::{Act, Rule};
use crate::stage::{Stage, seed};

const SAGAS: usize = 1000;

/// Sagas under way at any time. Each has a process or more of its own, and this is what a small machine carries.
const AT_ONCE: usize = 50;

/// Enough for all who want it, and less than that.
const SHELVES: [(&str, u64); 2] = [("load-tea", 100_000), ("load-saffron", 60)];

/// How a saga ended.
type Ended = (PlaceOrder, Result<Receipt, Rejection>);

#[tokio::test]
async fn a_thousand_sagas_under_faults() {
    let Some(stage) = Stage::get() else { return };
    let _alone = alone().await;
    for (sku, on_hand) in SHELVES {
        stage
            .put("Stock", "shelves", ["sku", sku], ("on_hand", on_hand))
            .await;
    }
    stage.proxy.take_faults();
    for (act, of_thousand) in [
        (Act::DropReply, 10),
        (Act::DropRequest, 10),
        (Act::Throttle, 10),
        (Act::Conflict, 10),
        (Act::KillBefore, 5),
        (Act::KillAfter, 5),
    ] {
        let rule = Rule::once("", &["load-"], act).of_thousand(of_thousand);
        stage.proxy.add(rule);
    }
    let begin = Instant::now();
    let operator = tokio::spawn(resume_all(stage));
    // Looking often is what the emulator would then be busy with.
    let sagas = stage.orders();
    let sagas = sagas.poll_every(Duration::from_secs(1), Duration::from_secs(2));
    let ended = run_all(sagas).await;
    let seconds = begin.elapsed().as_secs();
    operator.abort();
    stage.proxy.forget("load-");

    print_figures(&ended, &stage.proxy.take_faults(), seconds);
    let tables = Tables::read(stage).await;
    for (cmd, result) in &ended {
        tables.check(&cmd.order_id, result.is_ok());
    }
    for (sku, on_hand) in SHELVES {
        let sold = ended
            .iter()
            .filter(|(cmd, result)| cmd.lines[0].sku == sku && result.is_ok())
            .count();
        let shelf = tables
            .shelves
            .iter()
            .find(|shelf| text(shelf, "sku") == sku);
        let left = shelf.and_then(|shelf| shelf["on_hand"].as_u64());
        assert_eq!(left, Some(on_hand - 2 * sold as u64), "{sku}");
    }
}

async fn run_all(sagas: Client<PlaceOrder, Receipt>) -> Vec<Ended> {
    let mut random = fastrand::Rng::with_seed(seed());
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let mut running = tokio::task::JoinSet::new();
    for number in 0..SAGAS {
        let card = if random.u8(..10) == 0 {
            "expired"
        } else {
            "visa"
        };
        let sku = SHELVES[usize::from(random.u8(..10) == 0)].0;
        let cmd = order(&format!("load-{number}"), sku, card);
        let (sagas, turns) = (sagas.clone(), Arc::clone(&turns));
        running.spawn(async move {
            let _turn = turns.acquire().await;
            let saga = sagas.start(&cmd.order_id, &cmd).await.unwrap();
            let result = saga.result().await.unwrap();
            (cmd, result)
        });
    }
    running.join_all().await
}

/// An operator who resumes whatever is parked.
async fn resume_all(stage: &Stage) {
    let sfn = stage.sfn();
    loop {
        for parked in stage.take_parked().await {
            println!("resumed {parked}");
            let token = text(&parked, "token");
            let resume = sfn.send_task_success().task_token(token).output("{}");
            resume.send().await.unwrap();
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

fn print_figures(ended: &[Ended], faults: &BTreeMap<&'static str, usize>, seconds: u64) {
    let mut ends = BTreeMap::<&str, usize>::new();
    for (_, result) in ended {
        let end = result.as_ref().err().map_or("committed", Rejection::error);
        *ends.entry(end).or_default() += 1;
    }
    let committed = ends.remove("committed").unwrap_or_default();
    println!(
        "{SAGAS} sagas, {AT_ONCE} at once, seed {}, in {seconds} s:",
        seed()
    );
    println!("  committed: {committed}");
    println!("  compensated: {} {ends:?}", SAGAS - committed);
    println!("  faults: {} {faults:?}", faults.values().sum::<usize>());
}

/// Everything that the services, their partners and the barrier hold.
struct Tables {
    orders: Vec<Value>,
    charges: Vec<Value>,
    parcels: Vec<Value>,
    shelves: Vec<Value>,
    /// The states of an order's records.
    states: BTreeMap<String, Vec<String>>,
}

impl Tables {
    async fn read(stage: &Stage) -> Self {
        let mut states = BTreeMap::<String, Vec<String>>::new();
        for function in FUNCTIONS {
            for record in stage.mentions(function, "saga_barrier", ":load-").await {
                let (saga, _) = text(&record, "pk").split_once('#').unwrap();
                let id = saga.rsplit(':').next().unwrap().to_owned();
                states
                    .entry(id)
                    .or_default()
                    .push(text(&record, "st").to_owned());
            }
        }
        Self {
            orders: stage.table("Orders", "orders").await,
            charges: stage.table("Payments", "bank").await,
            parcels: stage.table("Shipping", "carrier").await,
            shelves: stage.table("Stock", "shelves").await,
            states,
        }
    }

    /// A saga that committed has one of each and nothing open; one that did not has nothing at all.
    fn check(&self, id: &str, committed: bool) {
        let count = |items: &[Value], name: &str, expected: &str| {
            items
                .iter()
                .filter(|item| text(item, name) == expected)
                .count()
        };
        let held = [
            count(&self.orders, "order_id", id),
            count(&self.charges, "entry", &format!("charge-{id}")),
            count(&self.parcels, "entry", &format!("parcel-{id}")),
        ];
        let expected = if committed { [1; 3] } else { [0; 3] };
        assert_eq!(held, expected, "orders, charges and parcels of {id}");
        let states = &self.states[id];
        let ends: &[&str] = if committed {
            &["DONE"]
        } else {
            &["COMPENSATED", "TOMBSTONE", "REJECTED"]
        };
        assert!(
            states.iter().all(|state| ends.contains(&state.as_str())),
            "{id} ended with {states:?}"
        );
    }
}

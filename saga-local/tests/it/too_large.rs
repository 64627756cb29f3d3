//! Data beyond Step Functions' 262,144 bytes, at the point of no return: too large before the effect compensates, too large
//! after it undoes nothing.
#![allow(
    unreachable_pub,
    reason = "a contract is public, and this one has a single user"
)]

use saga_local::{Engine, Status};
use saga_runtime::MemoryStore;
use saga_runtime::prelude::*;

#[saga]
mod buy {
    use saga_runtime::prelude::*;

    #[derive(Clone, Serialize, Deserialize)]
    pub struct Cmd {
        pub size: usize,
    }

    #[derive(Serialize, Deserialize)]
    pub struct Receipt {
        pub first: String,
        pub second: String,
        pub charge: String,
    }

    pub trait Stock {
        #[step(compensate = release)]
        async fn hold(&self, tx: &mut Tx, size: usize) -> Result<String, Retry>;
        #[compensation]
        async fn release(&self, tx: &mut Tx, hold: String) -> Result<(), Retry>;
    }

    pub trait Payments {
        #[step(pivot)]
        async fn charge(&self, tx: &mut Tx, first: &str, second: &str) -> Result<String, Retry>;
        #[step(pivot)]
        async fn charge_blindly(&self, tx: &mut Tx) -> Result<String, Retry>;
    }

    pub enum Full {
        No { why: String },
    }

    pub trait Shelves {
        #[step(compensate = clear)]
        async fn fill(&self, tx: &mut Tx, size: usize) -> Result<(), Full>;
        #[compensation]
        async fn clear(&self, tx: &mut Tx) -> Result<(), Retry>;
    }

    pub async fn with_a_large_rejection(
        stock: &impl Stock, shelves: &impl Shelves, cmd: Cmd,
    ) -> Result<(), Rejection> {
        stock.hold(1).await?;
        join!(
            stock.hold(1),
            stock.hold(1),
            stock.hold(1),
            stock.hold(1),
            stock.hold(1),
            stock.hold(1),
            stock.hold(1),
            stock.hold(1),
            stock.hold(1),
            shelves.fill(cmd.size),
        )?;
        Ok(())
    }

    pub async fn with_large_arguments(
        stock: &impl Stock, payments: &impl Payments, cmd: Cmd,
    ) -> Result<String, Rejection> {
        let first = stock.hold(cmd.size).await?;
        let second = stock.hold(cmd.size).await?;
        Ok(payments.charge(&first, &second).await?)
    }

    pub async fn with_a_large_result(
        stock: &impl Stock, payments: &impl Payments, cmd: Cmd,
    ) -> Result<Receipt, Rejection> {
        let first = stock.hold(cmd.size).await?;
        let second = stock.hold(cmd.size).await?;
        let charge = payments.charge_blindly().await?;
        Ok(Receipt {
            first,
            second,
            charge,
        })
    }
}

#[derive(Serialize, Deserialize)]
struct Count {
    what: String,
}

const COUNTS: Table<Count> = Table::new("counts", "what");

struct Services;

impl buy::Stock for Services {
    async fn hold(&self, tx: &mut Tx, size: usize) -> Result<String, Retry> {
        tx.update(&COUNTS, "held").add("n", 1);
        Ok("x".repeat(size))
    }

    async fn release(&self, tx: &mut Tx, _: String) -> Result<(), Retry> {
        tx.update(&COUNTS, "held").subtract("n", 1);
        Ok(())
    }
}

impl buy::Payments for Services {
    async fn charge(&self, tx: &mut Tx, _: &str, _: &str) -> Result<String, Retry> {
        self.charge_blindly(tx).await
    }

    async fn charge_blindly(&self, tx: &mut Tx) -> Result<String, Retry> {
        tx.update(&COUNTS, "charged").add("n", 1);
        Ok("charge".to_owned())
    }
}

impl std::fmt::Display for buy::Full {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("no shelf is free")
    }
}

impl buy::Shelves for Services {
    async fn fill(&self, _: &mut Tx, size: usize) -> Result<(), buy::Full> {
        Err(buy::Full::No {
            why: "x".repeat(size),
        })
    }

    async fn clear(&self, _: &mut Tx) -> Result<(), Retry> {
        Ok(())
    }
}

/// How the saga ends with outputs of that size, what is held and charged then, and which states were entered last.
async fn run<O>(
    saga: saga_runtime::Saga<buy::Cmd, O>, size: usize,
) -> (Status, i64, i64, Vec<String>) {
    let store = MemoryStore::new();
    let engine = Engine::new(saga)
        .with(buy::serve_stock(Services, store.clone()))
        .with(buy::serve_payments(Services, store.clone()))
        .with(buy::serve_shelves(Services, store.clone()));
    let run = engine
        .start("run", &buy::Cmd { size })
        .await
        .expect("the saga starts");
    let tables = store.tables();
    let count = |what: &str| {
        let row = tables["counts"].iter().find(|row| row["what"] == what);
        row.and_then(|row| row["n"].as_i64()).unwrap_or_default()
    };
    let states = run.states_entered();
    let last = states[states.len() - 2..]
        .iter()
        .map(|&state| state.to_owned());
    (
        run.status(),
        count("held"),
        count("charged"),
        last.collect(),
    )
}

#[tokio::test(flavor = "current_thread")]
async fn arguments_that_are_too_large_compensate() {
    let small = run(buy::WITH_LARGE_ARGUMENTS, 10).await;
    assert_eq!((small.0, small.1, small.2), (Status::Succeeded, 2, 1));
    let (status, held, charged, last) = run(buy::WITH_LARGE_ARGUMENTS, 140_000).await;
    assert_eq!((status, held, charged), (Status::Failed, 0, 0));
    assert_eq!(last, ["compensate stock.hold", "compensated"]);
}

#[tokio::test(flavor = "current_thread")]
async fn a_result_that_is_too_large_undoes_nothing() {
    let small = run(buy::WITH_A_LARGE_RESULT, 10).await;
    assert_eq!((small.0, small.1, small.2), (Status::Succeeded, 2, 1));
    let (status, held, charged, last) = run(buy::WITH_A_LARGE_RESULT, 140_000).await;
    // The charge stands, so the holds stand as well, and an operator is told.
    assert_eq!((status, held, charged), (Status::Running, 2, 1));
    assert_eq!(last, ["compensate payments.charge_blindly", "park"]);
}

/// Ten branches that are undone do not hand the failure on ten times.
#[tokio::test(flavor = "current_thread")]
async fn a_large_rejection_of_a_join_compensates() {
    let (status, held, _, last) = run(buy::WITH_A_LARGE_REJECTION, 30_000).await;
    assert_eq!((status, held), (Status::Failed, 0));
    assert_eq!(last, ["compensate stock.hold", "compensated"]);
}

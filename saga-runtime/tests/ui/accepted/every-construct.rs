//! Correct flows, in every construct of the language, under a user who takes no warnings.
#![deny(warnings, unused, missing_docs, unreachable_pub, missing_debug_implementations, let_underscore_drop)]

use saga_runtime::prelude::*;

/// A contract.
#[saga]
pub mod shop {
    use saga_runtime::prelude::*;

    /// An order.
    #[derive(Clone, Debug, Serialize, Deserialize)]
    pub struct Cmd {
        /// Its name.
        pub id: String,
        /// What is ordered.
        pub lines: Vec<Line>,
        /// How to wrap it.
        pub wrap: Wrap,
        /// For the parcel.
        pub note: Option<String>,
        /// When to begin.
        pub at: Timestamp,
        /// How long to wait.
        pub seconds: u64,
    }

    /// A line.
    #[derive(Clone, Debug, Serialize, Deserialize)]
    pub struct Line {
        /// The article.
        pub sku: String,
        /// How many.
        pub count: u64,
        /// Where from.
        pub shelves: Vec<String>,
    }

    /// How to wrap.
    #[derive(Clone, Debug, Serialize, Deserialize)]
    pub enum Wrap {
        /// Not at all.
        Plain,
        /// As a gift.
        Gift {
            /// For whom.
            to: String,
            /// In how many layers.
            layers: u64,
        },
    }

    /// Says no.
    #[derive(Debug, thiserror::Error)]
    pub enum StockError {
        /// Nothing is left.
        #[error("sold out")]
        OutOfStock {
            /// Of this.
            sku: String,
        },
        /// Nothing will come.
        #[error("gone")]
        Gone,
    }

    /// The stock.
    pub trait Stock {
        /// Holds.
        #[step(compensate = release)]
        async fn reserve(&self, tx: &mut Tx, sku: &str, count: u64) -> Result<String, StockError>;
        /// Lets go.
        #[compensation]
        async fn release(&self, tx: &mut Tx, hold: String) -> Result<(), Retry>;
        /// Looks.
        #[step(read_only)]
        async fn look(&self, tx: &mut Tx, holds: &[String]) -> Result<u64, StockError>;
        /// Sends.
        #[step(retriable)]
        async fn send(&self, tx: &mut Tx, hold: &str, note: &Option<String>) -> Result<(), Retry>;
    }

    /// Orders what is in stock.
    pub async fn order(stock: &impl Stock, cmd: Cmd) -> Result<u64, Rejection> {
        if cmd.lines.is_empty() || cmd.id == "" {
            return Err(Rejection::new("Order.Empty", "there is nothing to order"));
        }
        let mut holds = Vec::new();
        #[parallel(max = 8)]
        for line in &cmd.lines {
            let hold = match stock.reserve(&line.sku, line.count).await {
                Ok(hold) => hold,
                Err(StockError::OutOfStock { .. }) => stock.reserve("substitute", line.count).await?,
                Err(other) => return Err(other.into()),
            };
            holds.push(hold);
        }
        for (index, line) in cmd.lines.iter().enumerate() {
            for shelf in &line.shelves {
                if index > 0 && line.count > 1 {
                    let _ = stock.reserve(shelf, 1).await?;
                }
            }
        }
        let (seen, extra, _) = join!(
            stock.look(&holds),
            async {
                if cmd.note.is_none() {
                    return Ok(0);
                }
                let seen = stock.look(&holds).await?;
                stock.look(&holds).await?;
                Ok(seen)
            },
            async {
                #[parallel(max = 2)]
                for line in &cmd.lines {
                    stock.look(&line.shelves).await?;
                }
                Ok(())
            },
        )?;
        join!(stock.look(&holds), stock.look(&holds))?;
        if let Some(note) = &cmd.note {
            stock.reserve(note, 1).await?;
        }
        match cmd.wrap {
            Wrap::Plain => {}
            Wrap::Gift { to, layers } if layers > 1 => {
                stock.reserve(&to, layers).await?;
            }
            Wrap::Gift { .. } => {
                stock.reserve("paper", 1).await?;
            }
        }
        sleep(Duration::from_secs(90)).await;
        sleep(Duration::from_secs(cmd.seconds)).await;
        sleep_until(&cmd.at).await;
        if seen > extra {
            return Ok(seen);
        }
        #[parallel(max = 100, distributed)]
        for line in &cmd.lines {
            stock.send(&line.sku, &cmd.note).await?;
        }
        Ok(extra + 1)
    }

    /// Takes one.
    #[flow(compensate = give_back)]
    pub async fn take(stock: &impl Stock, sku: &str) -> Result<String, Rejection> {
        let hold = stock.reserve(sku, 1).await?;
        Ok(hold)
    }

    /// Gives one back.
    pub async fn give_back(stock: &impl Stock, hold: String) -> Result<(), Rejection> {
        stock.send(&hold, &None).await?;
        Ok(())
    }

    /// Takes two.
    #[allow(unused_variables)]
    pub async fn take_two(stock: &impl Stock, cmd: Cmd) -> Result<(String, String), Rejection> {
        let unused = cmd.id.clone();
        let first = take(stock, &cmd.id).await?;
        let second = take(stock, "another").await?;
        Ok((first, second))
    }
}

fn main() {
    assert_eq!(shop::ORDER.name(), "order");
    assert_eq!(shop::ORDER.steps().len(), 13);
    assert_eq!(shop::TAKE_TWO.flows(), ["take", "give_back"]);
    drop(shop::StockError::OutOfStock { sku: String::new() });
    drop(shop::StockError::Gone);
}

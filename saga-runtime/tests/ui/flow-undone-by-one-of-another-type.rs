use saga_runtime::prelude::*;

#[saga]
pub mod buy {
    use saga_runtime::prelude::*;

    #[derive(Serialize, Deserialize)]
    pub struct Cmd {
        pub skus: Vec<String>,
        pub at: String,
    }

    #[derive(Debug, thiserror::Error)]
    pub enum StockError {
        #[error("out of stock")]
        OutOfStock,
    }

    pub trait Stock {
        #[step(compensate = release)]
        async fn reserve(&self, tx: &mut Tx, sku: &str) -> Result<u64, StockError>;
        #[compensation]
        async fn release(&self, tx: &mut Tx, hold: u64) -> Result<(), Retry>;
        #[step(read_only)]
        async fn look(&self, tx: &mut Tx, holds: &[String]) -> Result<String, StockError>;
    }

    #[flow(compensate = undo)]
    pub async fn take(stock: &impl Stock, cmd: Cmd) -> Result<u64, Rejection> {
        Ok(stock.reserve(&cmd.at).await?)
    }

    pub async fn undo(stock: &impl Stock, holds: Vec<String>) -> Result<(), Rejection> {
        stock.look(&holds).await?;
        Ok(())
    }

    pub async fn buy(stock: &impl Stock, cmd: Cmd) -> Result<u64, Rejection> {
        Ok(take(stock, cmd).await?)
    }
}

fn main() {
    let _ = buy::BUY;
    let _ = buy::StockError::OutOfStock;
}

use saga_runtime::prelude::*;

#[saga]
pub mod buy {
    #[derive(Serialize, Deserialize)]
    pub struct Cmd {
        pub sku: String,
        pub card: String,
    }

    #[derive(Clone, Serialize, Deserialize)]
    pub struct Hold {
        pub id: String,
    }

    #[derive(Debug, thiserror::Error)]
    pub enum StockError {
        #[error("out of stock")]
        OutOfStock,
    }

    pub trait Stock {
        #[step(compensate = release)]
        async fn reserve(&self, tx: &mut Tx, sku: &str) -> Result<Hold, StockError>;
        #[compensation]
        async fn release(&self, tx: &mut Tx, hold: Hold) -> Result<(), Retry>;
    }

    pub trait Payments {
        #[step(pivot)]
        async fn charge(&self, cx: &Context, card: &str) -> Result<(), Retry>;
    }

    pub async fn buy(stock: &impl Stock, payments: &impl Payments, cmd: Cmd) -> Result<Hold, Rejection> {
        let hold = stock.reserve(&cmd.sku).await?;
        payments.charge(&cmd.card).await?;
        Ok(hold)
    }
}

fn main() {
}

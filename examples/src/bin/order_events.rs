//! Runs `order_events` four times on the embedded bus: committed, declined, sold out, and with what a bus does to messages.

use examples::order_events::{Shop, scenarios};
use examples::report;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let shop = Shop::open().await?;
    let runs = scenarios(&shop).await?;
    report::print_events("order_events", &runs, &shop.stores())?;
    Ok(())
}

//! Runs `fulfil_order` five times on the embedded engine: committed, rejected in a loop and in a join, with an unknown outcome
//! in a loop, and rejected by the flow itself.

use examples::fulfil_order::{Shop, scenarios};
use examples::report;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let services = Shop::open().await?;
    let runs = scenarios(&services).await?;
    report::print("fulfil_order", &runs, &services.stores())?;
    Ok(())
}

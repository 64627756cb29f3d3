//! Runs `place_order` three times on the embedded engine: committed, rejected late, and with an unknown outcome.

use examples::place_order::{Shop, scenarios};
use examples::report;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let services = Shop::open().await?;
    let runs = scenarios(&services).await?;
    report::print("place_order", &runs, &services.stores())?;
    Ok(())
}

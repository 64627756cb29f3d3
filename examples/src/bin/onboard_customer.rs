//! Runs `onboard_customer` four times on the embedded engine: committed, committed on the alternative path, rejected in a
//! nested saga, and rejected after it.

use examples::onboard_customer::{Bank, scenarios};
use examples::report;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let services = Bank::default();
    let runs = scenarios(&services).await?;
    report::print("onboard_customer", &runs, &services.stores())?;
    Ok(())
}

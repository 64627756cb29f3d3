//! Runs `book_trip` three times on the embedded engine: committed, rejected late, and with an unknown outcome.

use examples::book_trip::{Agency, scenarios};
use examples::report;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let services = Agency::open().await?;
    let runs = scenarios(&services).await?;
    report::print("book_trip", &runs, &services.stores())?;
    Ok(())
}

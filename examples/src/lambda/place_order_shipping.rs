//! The participant `shipping` of `place_order` as a Lambda function. The carrier's books are a table, which stands for the carrier.

use examples::partner::Ledger;
use examples::place_order::{ShippingService, place_order};
use mimalloc::MiMalloc;
use saga_runtime::dynamodb::DynamoDbStore;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), saga_runtime::lambda::Error> {
    let store = DynamoDbStore::from_env();
    let carrier = Ledger::new("carrier", store.clone());
    place_order::serve_shipping(ShippingService { carrier }, store).await
}

//! The participant `shipping` of `order_events` as a Lambda function on its queue.

use examples::order_events::{ShippingService, order_events};
use mimalloc::MiMalloc;
use saga_runtime::dynamodb::DynamoDbStore;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), saga_runtime::lambda::Error> {
    order_events::serve_shipping(ShippingService, DynamoDbStore::from_env()).await
}

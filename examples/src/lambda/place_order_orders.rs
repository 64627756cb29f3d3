//! The participant `orders` of `place_order` as a Lambda function.

use examples::place_order::{OrderService, place_order};
use mimalloc::MiMalloc;
use saga_runtime::dynamodb::DynamoDbStore;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), saga_runtime::lambda::Error> {
    place_order::serve_orders(OrderService, DynamoDbStore::from_env()).await
}

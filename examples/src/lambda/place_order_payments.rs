//! The participant `payments` of `place_order` as a Lambda function. The bank's books are a table, which stands for the bank.

use examples::partner::Ledger;
use examples::place_order::{PaymentService, place_order};
use mimalloc::MiMalloc;
use saga_runtime::dynamodb::DynamoDbStore;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), saga_runtime::lambda::Error> {
    let store = DynamoDbStore::from_env();
    let bank = Ledger::new("bank", store.clone());
    place_order::serve_payments(PaymentService { bank }, store).await
}

//! The five participants of `fulfil_order` as one Lambda function.

use examples::fulfil_order::{
    CarrierService, FraudService, MailService, PaymentService, WarehouseService, fulfil_order,
};
use examples::partner::Ledger;
use mimalloc::MiMalloc;
use saga_runtime::Handler;
use saga_runtime::dynamodb::DynamoDbStore;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), saga_runtime::lambda::Error> {
    let store = DynamoDbStore::from_env();
    let [bank, books, outbox] =
        ["bank", "carrier", "outbox"].map(|name| Ledger::new(name, store.clone()));
    Handler::join([
        fulfil_order::serve_warehouse(WarehouseService, store.clone()),
        fulfil_order::serve_fraud(FraudService, store.clone()),
        fulfil_order::serve_payments(PaymentService { bank }, store.clone()),
        fulfil_order::serve_carrier(CarrierService { books }, store.clone()),
        fulfil_order::serve_mail(MailService { outbox }, store),
    ])
    .await
}

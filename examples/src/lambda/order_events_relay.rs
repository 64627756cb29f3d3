//! What carries a participant's events from its database to its topic, as a Lambda function on the DynamoDB stream of its
//! records. It knows no event, so that every participant's is the same program.

use mimalloc::MiMalloc;
use saga_runtime::relay::{SnsTopic, serve_relay};

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), saga_runtime::lambda::Error> {
    serve_relay(SnsTopic::from_env()?).await
}

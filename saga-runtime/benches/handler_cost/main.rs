//! What a handler costs beside its database: CPU and wall time of a step with one write, delivered first and again. Run by `run`.
//!
//! With `SAGA_EMULATOR` set the calls go there; without, a transport in the process answers at once.
#![allow(missing_docs, reason = "a contract of one program")]

mod null;

use std::time::{Duration, Instant};

use mimalloc::MiMalloc;
use saga_runtime::dynamodb::KeyType;
use saga_runtime::dynamodb::aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use saga_runtime::dynamodb::aws_sdk_dynamodb::config::{
    BehaviorVersion, Credentials, Region, StalledStreamProtectionConfig,
};
use saga_runtime::dynamodb::aws_sdk_dynamodb::{Client, Config};
use saga_runtime::prelude::*;
use saga_runtime::{Clock, DynamoDbStore, Handler, Invocation};
use serde_json::{Value, json};

use crate::null::Null;

#[saga]
pub mod buy {
    use saga_runtime::prelude::*;

    #[derive(Serialize, Deserialize)]
    pub struct Buy {
        pub order: String,
        pub sku: String,
        pub count: u32,
    }

    #[derive(Serialize, Deserialize)]
    pub struct Hold {
        pub order: String,
        pub count: u32,
    }

    #[derive(Debug, thiserror::Error)]
    pub enum StockError {
        #[error("out of stock")]
        OutOfStock,
    }

    pub trait Stock {
        #[step(compensate = release)]
        async fn reserve(
            &self, tx: &mut Tx, order: &str, sku: &str, count: u32,
        ) -> Result<Hold, StockError>;
        #[compensation]
        async fn release(&self, tx: &mut Tx, sku: &str, hold: Hold) -> Result<(), Retry>;
    }

    pub async fn buy(stock: &impl Stock, cmd: Buy) -> Result<Hold, Rejection> {
        let hold = stock.reserve(&cmd.order, &cmd.sku, cmd.count).await?;
        Ok(hold)
    }
}

#[derive(Serialize, Deserialize)]
struct Shelf {
    sku: String,
    held: u64,
}
const SHELVES: Table<Shelf> = Table::new("shelves", "sku");

struct Stock;

impl buy::Stock for Stock {
    async fn reserve(
        &self, tx: &mut Tx, order: &str, sku: &str, count: u32,
    ) -> Result<buy::Hold, buy::StockError> {
        tx.update(&SHELVES, sku).add("held", count);
        Ok(buy::Hold {
            order: order.to_owned(),
            count,
        })
    }

    async fn release(&self, tx: &mut Tx, sku: &str, hold: buy::Hold) -> Result<(), Retry> {
        tx.update(&SHELVES, sku).subtract("held", hold.count);
        Ok(())
    }
}

// As the examples' functions have it.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(measure())
}

async fn measure() -> Result<(), Box<dyn std::error::Error>> {
    let emulator = std::env::var("SAGA_EMULATOR").ok();
    let times: u32 = std::env::var("TIMES").map_or(Ok(5000), |times| times.parse())?;
    let null = Null::default();
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        // What `DynamoDbStore::from_env` sets, with more time: the emulator is slow to make its first table.
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(Duration::from_secs(20))
                .operation_attempt_timeout(Duration::from_secs(20))
                .build(),
        )
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    let config = match &emulator {
        Some(endpoint) => config.endpoint_url(endpoint),
        None => config.http_client(null.client()),
    };
    let store = DynamoDbStore::new(Client::from_conf(config.build())).with_prefix("rust-");
    if emulator.is_some() {
        store
            .create_tables(&[SHELVES.layout(KeyType::String)])
            .await?;
    }
    let handler = buy::serve_stock(Stock, store);
    let mut number = 0;
    for name in ["first", "replay"] {
        if name == "replay" {
            deliver(&handler, number).await?;
            null.refuse_as_recorded();
        }
        for warm in [true, false] {
            let (begin, cpu) = (Instant::now(), cpu()?);
            for _ in 0..if warm { times / 5 } else { times } {
                if name == "first" {
                    number += 1;
                }
                deliver(&handler, number).await?;
            }
            if !warm {
                let cpu = self::cpu()?.saturating_sub(cpu);
                println!(
                    "rust {name} {:.1} {:.1}",
                    each(cpu, times),
                    each(begin.elapsed(), times)
                );
            }
        }
    }
    Ok(())
}

async fn deliver(handler: &Handler, number: u32) -> Result<Value, saga_runtime::Failure> {
    let clock = Clock::system();
    let deadline = clock.now() + Duration::from_secs(10);
    let delivery = Invocation::new(format!("delivery-{number}"), deadline, clock);
    let payload = json!({
        "saga": format!("arn:aws:states:us-east-1:123456789012:execution:buy:order-{number}#2026-01-01T00:00:00.000Z"),
        "step": "stock.reserve",
        "input": { "order": format!("order-{number}"), "sku": "tea", "count": 2 },
    });
    handler.invoke(payload, &delivery).await
}

/// Microseconds of each.
fn each(time: Duration, times: u32) -> f64 {
    time.as_secs_f64() * 1e6 / f64::from(times)
}

/// What all threads of the process have computed so far, the kernel's part included.
fn cpu() -> Result<Duration, Box<dyn std::error::Error>> {
    let mut nanos = 0;
    for thread in std::fs::read_dir("/proc/self/task")? {
        let text = std::fs::read_to_string(thread?.path().join("schedstat"))?;
        nanos += text.split(' ').next().unwrap_or_default().parse::<u64>()?;
    }
    Ok(Duration::from_nanos(nanos))
}

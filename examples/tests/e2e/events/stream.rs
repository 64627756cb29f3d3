//! Hands the records of a DynamoDB stream to a function, as Lambda's event source mapping does with `ReportBatchItemFailures`.
//!
//! The emulator (ministack 1.5.33) has mappings of its own, but they take no notice of `batchItemFailures`, where
//! [Lambda](https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html) goes back to the first
//! record that failed. So this stands in their place, and does what Lambda does.

use std::time::Duration;

use serde_json::{Value, json};

use crate::emulator::Emulator;

/// Records in one invocation.
const BATCH: usize = 100;

/// What became of a stream's records.
#[derive(Clone, Copy, Debug, Default)]
pub struct Relayed {
    pub records: usize,
    pub invocations: usize,
    /// Invocations that died, or answered with an error.
    pub failed: usize,
    /// Invocations that named a record to go back to.
    pub rewound: usize,
    /// Batches that were handed over once more, although they had been relayed.
    pub repeated: usize,
}

/// One shard of a stream, as far as it was read.
pub struct Stream {
    emulator: Emulator,
    function: String,
    iterator: Value,
    /// Read, and not yet relayed.
    waiting: Vec<Value>,
    relayed: Relayed,
    random: fastrand::Rng,
}

impl Stream {
    /// From the stream's beginning.
    pub async fn open(emulator: Emulator, arn: &str, function: &str, seed: u64) -> Self {
        let request = json!({ "StreamArn": arn });
        let target = "DynamoDBStreams_20120810.DescribeStream";
        let described = emulator.call(target, &request).await;
        let shards = described["StreamDescription"]["Shards"].as_array();
        let shards = shards.expect("the stream has shards");
        assert_eq!(shards.len(), 1, "the emulator has one shard a stream");
        let request = json!({
            "StreamArn": arn,
            "ShardId": shards[0]["ShardId"],
            "ShardIteratorType": "TRIM_HORIZON",
        });
        let target = "DynamoDBStreams_20120810.GetShardIterator";
        let iterator = emulator.call(target, &request).await["ShardIterator"].take();
        Self {
            emulator,
            function: function.to_owned(),
            iterator,
            waiting: Vec::new(),
            relayed: Relayed::default(),
            random: fastrand::Rng::with_seed(seed),
        }
    }

    /// Relays whatever comes until `is_over` says so and nothing waits.
    pub async fn run(mut self, is_over: tokio::sync::watch::Receiver<bool>) -> Relayed {
        loop {
            self.read().await;
            if !self.waiting.is_empty() {
                self.relay().await;
            } else if *is_over.borrow() {
                return self.relayed;
            } else {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }

    async fn read(&mut self) {
        if self.waiting.len() >= BATCH {
            return;
        }
        let request = json!({ "ShardIterator": self.iterator, "Limit": BATCH });
        let target = "DynamoDBStreams_20120810.GetRecords";
        let mut page = self.emulator.call(target, &request).await;
        self.iterator = page["NextShardIterator"].take();
        let records = page["Records"].as_array().cloned().unwrap_or_default();
        self.relayed.records += records.len();
        self.waiting.extend(records);
    }

    async fn relay(&mut self) {
        let batch = &self.waiting[..self.waiting.len().min(BATCH)];
        let event = json!({ "Records": batch });
        self.relayed.invocations += 1;
        let done = match self.emulator.invoke(&self.function, &event).await {
            Err(_) => {
                self.relayed.failed += 1;
                tokio::time::sleep(Duration::from_millis(200)).await;
                return;
            }
            Ok(answer) => match first_failed(&answer) {
                None => batch.len(),
                Some(failed) => {
                    self.relayed.rewound += 1;
                    let place = batch
                        .iter()
                        .position(|record| record["dynamodb"]["SequenceNumber"] == failed);
                    place.expect("a sequence number of the batch")
                }
            },
        };
        // A mapping delivers at least once: some batches come again, whole.
        if self.random.u8(..20) == 0 {
            self.relayed.repeated += 1;
            return;
        }
        self.waiting.drain(..done);
    }
}

/// The sequence number that the answer names. Of several, Lambda takes the lowest; ours names one.
fn first_failed(answer: &Value) -> Option<Value> {
    let failures = answer["batchItemFailures"].as_array()?;
    assert!(failures.len() <= 1, "{answer}");
    Some(failures.first()?["itemIdentifier"].clone())
}

//! Which step of which execution a delivery is about, and the keys made of it. Reads no payload.

use std::time::SystemTime;

use sha2::{Digest, Sha256};

/// Which step of which execution: what the barrier's record and the idempotency key are about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    /// The execution's ARN, `#`, and when it started: Step Functions lets a
    /// [name](https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html) be used again after
    /// 90 days, when records still tell of the earlier execution.
    pub(crate) saga: String,
    /// The step instance: `stock.reserve`, or `stock.reserve#2`.
    pub(crate) step: String,
    /// The index path inside of loops.
    pub(crate) item: Vec<u64>,
}

impl Identity {
    /// The execution's ARN: what stands before the last `#`, or everything.
    pub(crate) fn arn(&self) -> &str {
        self.saga
            .rsplit_once('#')
            .map_or(self.saga.as_str(), |(arn, _)| arn)
    }

    /// When the execution started, if that can be read.
    pub(crate) fn started(&self) -> Option<SystemTime> {
        let (_, started) = self.saga.rsplit_once('#')?;
        humantime::parse_rfc3339(started).ok()
    }

    /// `ARN#start|stock.reserve`, or `ARN#start|stock.reserve|2,0` inside of loops. The envelope's reader keeps `|` out of the parts.
    pub(crate) fn record_key(&self) -> String {
        let mut key = format!("{}|{}", self.saga, self.step);
        if !self.item.is_empty() {
            let item: Vec<String> = self.item.iter().map(u64::to_string).collect();
            key.push('|');
            key.push_str(&item.join(","));
        }
        key
    }

    /// The same for each delivery of the action and of its compensation: 32 hexadecimal digits.
    pub(crate) fn idempotency_key(&self) -> String {
        let mut key = hex(self.record_key().as_bytes());
        key.truncate(32);
        key
    }
}

/// The SHA-256 of some bytes, in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digest = Sha256::digest(bytes);
    digest
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from(DIGITS[usize::from(digit)]))
        .collect()
}

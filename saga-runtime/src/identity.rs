//! Which step of which execution a delivery is about, and the keys made of it. Reads no payload.

use std::sync::Arc;
use std::time::SystemTime;

use sha2::{Digest, Sha256};

/// Which step of which execution: what the barrier's record and the idempotency key are about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    /// The record's key. The names are parts of it, and are not kept a second time.
    key: Arc<str>,
    /// Where in the key the step begins.
    step: usize,
    /// Where it ends.
    step_end: usize,
    /// The index path inside of loops.
    pub(crate) item: Vec<u64>,
    /// The saga is named by a key of the business's, which may have a `#` in it.
    by_key: bool,
}

impl Identity {
    /// Neither name has a `|` in it.
    pub(crate) fn new(saga: &str, step: &str, item: Vec<u64>) -> Self {
        let mut key = [saga, step].join("|");
        let step_end = key.len();
        for (depth, index) in item.iter().enumerate() {
            key.push(if depth == 0 { '|' } else { ',' });
            key.push_str(&index.to_string());
        }
        Self {
            key: key.into(),
            step: saga.len() + 1,
            step_end,
            item,
            by_key: false,
        }
    }

    /// Of a choreography's reaction to any event that leads to it, or to this one. None of the names has a `|` in it.
    pub(crate) fn of_reaction(saga: &str, reaction: &str, event: Option<&str>) -> Self {
        let mut key = [saga, reaction].join("|");
        let step_end = key.len();
        if let Some(event) = event {
            key.push('|');
            key.push_str(event);
        }
        Self {
            key: key.into(),
            step: saga.len() + 1,
            step_end,
            item: Vec::new(),
            by_key: true,
        }
    }

    /// The execution's ARN, `#`, and when it started: Step Functions lets a
    /// [name](https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html) be used again after
    /// 90 days, when records still tell of the earlier execution.
    pub(crate) fn saga(&self) -> &str {
        &self.key[..self.step - 1]
    }

    /// The step instance: `stock.reserve`, or `stock.reserve#2`.
    pub(crate) fn step(&self) -> &str {
        &self.key[self.step..self.step_end]
    }

    /// The execution's ARN: what stands before the last `#`, or everything. Of a choreography the saga's id.
    pub(crate) fn arn(&self) -> &str {
        let saga = self.saga();
        if self.by_key {
            return saga;
        }
        saga.rsplit_once('#').map_or(saga, |(arn, _)| arn)
    }

    /// When the execution started, if that can be read.
    pub(crate) fn started(&self) -> Option<SystemTime> {
        let (_, started) = self.saga().rsplit_once('#')?;
        humantime::parse_rfc3339(started).ok()
    }

    /// `ARN#start|stock.reserve`, or `ARN#start|stock.reserve|2,0` inside of loops.
    pub(crate) fn record_key(&self) -> &Arc<str> {
        &self.key
    }

    /// The same for each delivery of the action and of its compensation: 32 hexadecimal digits.
    pub(crate) fn idempotency_key(&self) -> String {
        let mut key = hex(&Sha256::digest(self.record_key().as_bytes()).into());
        key.truncate(32);
        key
    }
}

/// A SHA-256 in hexadecimal.
pub(crate) fn hex(digest: &[u8; 32]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [0; 64];
    for (pair, byte) in text.chunks_exact_mut(2).zip(digest) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
    // Digits are text; asking costs less than adding them to one by one.
    String::from_utf8_lossy(&text).into_owned()
}

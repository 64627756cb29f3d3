//! `order_events` as real processes: commands on a queue, DynamoDB streams to the relay, SNS to SQS, and a consumer each.

mod load;
mod stage;
mod stream;

//! What handlers promise: the barrier in both modes, transactions, the stores, and the wire.
#![allow(
    clippy::needless_raw_string_hashes,
    reason = "`UPDATE_EXPECT=1` writes them"
)]
#![allow(
    clippy::format_push_string,
    reason = "a transcript is short, and reads better so"
)]

/// For `hygiene`: the crate under another name.
extern crate saga_runtime as renamed;

mod choreography;
mod choreography_attribute;
#[cfg(feature = "client")]
mod client;
mod conformance;
mod deliveries;
#[cfg(feature = "dynamodb")]
mod dynamodb;
mod envelope;
mod expansion;
mod external;
mod flow;
mod hygiene;
mod interleaving;
#[cfg(feature = "lambda")]
mod lambda;
mod model;
mod read_only;
mod store;
mod transactional;
mod tx;
mod ui;
mod wire;
mod world;

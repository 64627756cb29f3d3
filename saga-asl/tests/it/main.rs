//! What users of the crate see: bytes written, messages of the reader, and agreement with real Step Functions.

#![allow(
    clippy::needless_raw_string_hashes,
    reason = "`UPDATE_EXPECT=1` writes them"
)]
#![allow(
    clippy::needless_pass_by_value,
    reason = "an `expect!` reads best as an argument"
)]

mod corpus;
mod explain;
mod hostile;
mod read;
mod write;

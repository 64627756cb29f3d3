//! The compiler as its callers see it: source in, messages or definitions out.

#![allow(
    clippy::needless_pass_by_value,
    clippy::needless_raw_string_hashes,
    clippy::too_many_lines,
    reason = "tests are lists of data, and `expect-test` writes its literals so"
)]

mod budget;
mod choreography;
mod contract;
mod docs;
mod errors;
mod expand;
mod golden;
mod lowering;
mod many;
mod random;
mod serde_names;
mod source;
mod support;
mod tidy;

//! The engine's tests, as one binary. What each part is tested for stands in its own file.

#![allow(
    clippy::needless_raw_string_hashes,
    reason = "expect-test writes expectations with them"
)]

mod corpus;
mod data;
mod errors;
mod faults;
mod functions;
mod nested;
mod parking;
mod random_sagas;
mod start;
mod support;
mod time;
mod too_large;

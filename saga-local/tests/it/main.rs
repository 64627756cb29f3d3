//! The engine's tests, as one binary. What each part is tested for stands in its own file.

#![allow(
    clippy::needless_raw_string_hashes,
    reason = "expect-test writes expectations with them"
)]

mod budget;
mod corpus;
mod data;
mod distributed;
mod errors;
mod executions;
mod faults;
mod functions;
mod jsonata;
mod limits;
mod nested;
mod parking;
mod random;
mod start;
mod support;
mod time;
mod too_large;

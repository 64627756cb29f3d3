//! The engine's tests, as one binary. What each part is tested for stands in its own file.

#![allow(
    clippy::needless_raw_string_hashes,
    reason = "expect-test writes expectations with them"
)]

mod bites;
mod budget;
mod bus;
mod choreographies;
mod corpus;
mod data;
mod distributed;
mod errors;
mod event_bites;
mod event_chain;
mod event_desk;
mod event_lines;
mod event_module;
mod event_names;
mod event_refusals;
mod event_shop;
mod executions;
mod explained;
mod faults;
mod forget;
mod functions;
mod hostile;
mod jsonata;
mod limits;
mod nested;
mod parking;
mod paths;
mod random;
mod resources;
mod sample;
mod shop;
mod skipped;
mod stand_ins;
mod start;
mod support;
mod time;
mod too_large;

//! Example sagas, one file each: the contract, the participants' services, and the runs that `cargo run` shows.

pub mod book_trip;
pub mod place_order;
pub mod report;

/// The README's code compiles and runs.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

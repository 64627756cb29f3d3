//! Example sagas, one file each: the contract, the participants' services, and the runs that `cargo run` shows.
//! Beside them `partner`, which stands for other companies, and `report`, which prints.

pub mod book_trip;
pub mod fulfil_order;
pub mod matrices;
pub mod onboard_customer;
pub mod order_events;
pub mod partner;
pub mod place_order;
pub mod report;

/// The README's code compiles and runs.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

/// The examples' own README, too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ExamplesReadme;

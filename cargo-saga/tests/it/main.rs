//! Runs the binary as cargo would, on folders of its own.

#![allow(
    clippy::needless_raw_string_hashes,
    reason = "`UPDATE_EXPECT=1` writes them"
)]
#![allow(
    clippy::needless_pass_by_value,
    reason = "an `expect!` reads best as an argument"
)]

mod check;
mod choreography;
mod cloud;
mod committed;
mod completions;
mod cost;
mod deploy;
mod deployed;
mod diff;
mod diff_sources;
mod explain;
mod graph;
mod help;
mod in_flight;
mod list;
mod names;
mod operate;
mod operated;
mod run;
mod support;
mod template;

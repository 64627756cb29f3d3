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
mod committed;
mod completions;
mod explain;
mod graph;
mod help;
mod list;
mod names;
mod run;
mod support;
mod template;

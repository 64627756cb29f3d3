//! Choreographies: what the compiler makes of one, and what it says of those that are not whole.

mod asyncapi;
mod contract;
mod expand;
mod runs;
pub(crate) mod support;

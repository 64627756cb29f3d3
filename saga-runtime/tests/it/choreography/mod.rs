//! What a participant of a choreography promises: each reaction once, in its time, and its events with it or not at all.

mod limits;
mod messages;
mod scripts;
pub(crate) mod shop;

#[cfg(feature = "dynamodb")]
pub(crate) use self::scripts::{delivery, expected, play};

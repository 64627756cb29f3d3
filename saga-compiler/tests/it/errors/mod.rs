//! Every message, at the tokens that the user must change.

mod compensations;
mod flows;
mod module;
mod options;
mod participants;
mod serde;
mod statements;
mod values;

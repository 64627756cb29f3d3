//! Every message, at the tokens that the user must change.

mod choreography;
mod compensations;
mod control;
mod flows;
mod graph;
mod loops;
mod module;
mod nested;
mod options;
mod participants;
mod serde;
mod statements;
mod values;

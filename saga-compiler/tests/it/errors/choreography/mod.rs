//! Messages about choreographies.

mod graph;
mod methods;
mod module;
mod options;
mod runs;
mod waits;

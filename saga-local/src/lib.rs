//! The embedded engine: runs the Step Functions definition that a saga was compiled to, in memory, with virtual time.
//!
//! What runs is the *emitted* definition, state by state, exactly as Step Functions would run it: `Task`, `Choice`, `Wait`,
//! `Pass`, `Parallel`, `Map` (inline and distributed), `Succeed` and `Fail`, with `Retry`, `Catch`, variables, JSONata, nested
//! executions, and the limits on payloads, variables and histories. The handlers
//! are the same that Lambda serves. So a test of a saga needs no AWS account, and an hour of backoff takes no time.
//!
//! - [`Engine`] holds one state machine, its handlers and its executions; [`Run`] shows one execution.
//! - [`Fault`] loses, repeats, delays and breaks deliveries on request; [`Engine::deliveries`] tells what happened to each.
//! - [`FaultMatrix`] runs a saga once for each fault at each of its deliveries, and tells which runs did not end as they should.
//! - [`Bus`] runs a choreography, of topics and queues in memory; [`EventMatrix`] is its fault matrix.
//! - A saga whose compensation is stuck parks: [`Engine::parked`] lists what waits, [`Engine::resume`] tries it again,
//!   [`Engine::skip`] goes on without it.
//!
//! The engine is driven by whoever awaits it, on any executor; it needs no runtime and starts no thread.
//! Its clock stands still while a handler works and jumps when every branch waits for time.
//!
//! Beside Step Functions' limits it has some of its own, so that no definition fills the memory: an expression builds at most
//! 33,554,432 characters and values and runs for 5 seconds, its result nests at most 500 levels, and one start leads to at most
//! 1,000 generations of executions and 100,000 of them in all.

mod bus;
mod check;
mod clock;
mod data;
mod delivery;
mod driver;
mod engine;
mod error;
mod event_matrix;
mod execution;
mod failure;
mod fault;
mod functions;
mod guard;
mod hash;
mod history;
mod host;
mod interpreter;
mod jsonata;
mod lambda;
mod machine;
mod matrix;
mod parking;
mod prepared;
mod race;
mod registry;
mod rehearse;
mod run;
mod services;
mod shape;

pub use bus::{Bus, BusFault, BusFaultPlan, BusReport, Topic};
pub use delivery::{Delivery, DeliveryOutcome};
pub use engine::Engine;
pub use error::Error;
pub use event_matrix::{EventMatrix, EventStandIns, event_matrix};
pub use execution::Status;
pub use fault::{Fault, FaultPlan};
pub use history::Event;
pub use host::{Answer, Call, TaskHost};
pub use matrix::{
    Case, End, FaultMatrix, Injected, MatrixReport, Participant, Problem, StandIns, World,
    fault_matrix,
};
pub use parking::Parked;
pub use run::Run;
pub use saga_runtime::BoxFuture;

pub mod event_matrix_guide {
    #![doc = include_str!("../docs/choreography-matrix.md")]
}

use std::sync::{Mutex, MutexGuard, PoisonError};

pub mod fault_matrix_guide {
    #![doc = include_str!("../docs/fault-matrix.md")]
}

/// A panic elsewhere leaves these values whole: each is changed in one step under its lock.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

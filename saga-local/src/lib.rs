//! The embedded engine: runs the Step Functions definition that a saga was compiled to, in memory, with virtual time.
//!
//! What runs is the *emitted* definition, state by state, exactly as Step Functions would run it: `Task`, `Choice`, `Wait`,
//! `Pass`, `Parallel`, `Map` (inline and distributed), `Succeed` and `Fail`, with `Retry`, `Catch`, variables, JSONata, nested
//! executions, and the limits on payloads, variables and histories. The handlers
//! are the same that Lambda serves. So a test of a saga needs no AWS account, and an hour of backoff takes no time.
//!
//! - [`Engine`] holds one state machine, its handlers and its executions; [`Run`] shows one execution.
//! - [`Fault`] loses, repeats, delays and breaks deliveries on request; [`Engine::deliveries`] tells what happened to each.
//! - A saga whose compensation is stuck parks: [`Engine::parked`] lists what waits, [`Engine::resume`] carries on.
//!
//! The engine is driven by whoever awaits it, on any executor; it needs no runtime and starts no thread.
//! Its clock stands still while a handler works and jumps when every branch waits for time.

mod check;
mod clock;
mod delivery;
mod driver;
mod engine;
mod error;
mod execution;
mod failure;
mod fault;
mod functions;
mod hash;
mod history;
mod host;
mod interpreter;
mod jsonata;
mod lambda;
mod parking;
mod race;
mod registry;
mod run;
mod services;

pub use delivery::{Delivery, DeliveryOutcome};
pub use engine::Engine;
pub use error::Error;
pub use execution::Status;
pub use fault::{Fault, FaultPlan};
pub use history::Event;
pub use host::{Answer, Call, TaskHost};
pub use parking::Parked;
pub use run::Run;
pub use saga_runtime::BoxFuture;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A panic elsewhere leaves these values whole: each is changed in one step under its lock.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

//! What a test makes of one delivery: another answer in the step's place, or a store that is slow or dies. `saga-local` asks
//! for it; a host never does.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::BoxFuture;
use crate::event::Outgoing;
use crate::failure::Failure;
use crate::guard::{self, Ended, Trouble};
use crate::store::Store;
use crate::tx::StepFailure;

/// Puts another store before the participant's own, for one delivery.
pub type StoreWrapper = Arc<dyn Fn(Arc<dyn Store>) -> Arc<dyn Store> + Send + Sync>;

/// What is different about one delivery.
#[derive(Clone, Default)]
pub struct Rehearsal {
    /// What the step's code does.
    pub code: Option<CodeFault>,
    /// What lies between the barrier and the store.
    pub store: Option<StoreWrapper>,
    /// The one reaction that it is about, where an event leads to several.
    pub only: Option<String>,
}

/// What a step's code does instead of what it would do.
#[derive(Clone, Debug)]
pub enum CodeFault {
    /// It is not called, and says this error.
    Says {
        /// The error's name, as in the step's table.
        error: String,
        /// The variant's fields.
        data: Value,
        /// Whether it is worth another try.
        transient: bool,
    },
    /// It is not called, and is rejected with this event, whatever its errors are.
    Rejects {
        /// The event's type.
        event: String,
        /// What it says.
        data: Value,
    },
    /// It does its work, and then panics.
    Panics,
    /// It does its work, and its output has about this many bytes.
    Outgrows(usize),
}

impl Rehearsal {
    /// The store that the delivery meets.
    pub(crate) fn store(&self, store: Arc<dyn Store>) -> Arc<dyn Store> {
        match &self.store {
            Some(wrap) => wrap(store),
            None => store,
        }
    }

    /// Runs a step's code, or what stands in its place.
    pub(crate) async fn run<'a>(
        &self, step: impl FnOnce() -> BoxFuture<'a, Ended>, trouble: &Trouble,
    ) -> Ended {
        match &self.code {
            Some(CodeFault::Says {
                error,
                data,
                transient,
            }) => {
                return Ended::Failed(StepFailure {
                    failure: Failure::rehearsed(error, data.clone()),
                    transient: *transient,
                    event: None,
                });
            }
            Some(CodeFault::Rejects { event, data }) => {
                return Ended::Failed(StepFailure {
                    failure: Failure::rehearsed(event, data.clone()),
                    transient: false,
                    event: Some(Box::new(Outgoing::raw(event, data.clone()))),
                });
            }
            Some(CodeFault::Panics | CodeFault::Outgrows(_)) | None => {}
        }
        match (guard::run(step, trouble).await, &self.code) {
            (Ended::Output(_), Some(CodeFault::Panics)) => {
                Ended::Panicked("injected by a test, after the step's work".to_owned())
            }
            (Ended::Output(_), Some(CodeFault::Outgrows(bytes))) => {
                Ended::Output(Value::String("x".repeat(*bytes)))
            }
            (ended, _) => ended,
        }
    }
}

impl fmt::Debug for Rehearsal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rehearsal")
            .field("code", &self.code)
            .field("store", &self.store.is_some())
            .field("only", &self.only)
            .finish()
    }
}

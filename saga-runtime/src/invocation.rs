//! What the host of a handler knows of one delivery: its id, its deadline and the time. Starts no timers.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use crate::rehearsal::Rehearsal;

/// What the host knows of one delivery.
///
/// # Example
///
/// ```
/// use saga_runtime::{Clock, Invocation};
/// use std::time::Duration;
///
/// let clock = Clock::system();
/// let delivery = Invocation::new("c6af9ac6-7b61", clock.now() + Duration::from_secs(10), clock);
/// assert_eq!(delivery.request_id(), "c6af9ac6-7b61");
/// ```
#[derive(Clone, Debug)]
pub struct Invocation {
    request_id: Arc<str>,
    deadline: SystemTime,
    clock: Clock,
    /// Shared, so that a delivery as it really is has no room for it.
    rehearsal: Option<Arc<Rehearsal>>,
}

impl Invocation {
    /// Describes a delivery.
    ///
    /// `request_id` must differ between any two deliveries, repeated ones included: the barrier takes a claim
    /// that carries it for this delivery's own. `deadline` is when the host stops the handler; the barrier lets
    /// nobody else act before it has passed.
    pub fn new(request_id: impl Into<String>, deadline: SystemTime, clock: Clock) -> Self {
        Self::shared(request_id.into().into(), deadline, clock)
    }

    /// As [`new`](Self::new), with an id that others have as well.
    #[doc(hidden)]
    pub fn shared(request_id: Arc<str>, deadline: SystemTime, clock: Clock) -> Self {
        Self {
            request_id,
            deadline,
            clock,
            rehearsal: None,
        }
    }

    /// Makes the delivery go otherwise than it would, for a test.
    #[doc(hidden)]
    #[must_use]
    pub fn rehearse(self, rehearsal: Rehearsal) -> Self {
        Self {
            rehearsal: Some(Arc::new(rehearsal)),
            ..self
        }
    }

    /// What of it is meant for this reaction.
    pub(crate) fn for_reaction(&self, name: &str) -> Self {
        let only = self.rehearsal().only.as_deref();
        let mut own = self.clone();
        if only.is_some_and(|only| only != name) {
            own.rehearsal = None;
        }
        own
    }

    pub(crate) fn rehearsal(&self) -> &Rehearsal {
        static NONE: Rehearsal = Rehearsal {
            code: None,
            store: None,
            only: None,
        };
        self.rehearsal.as_deref().unwrap_or(&NONE)
    }

    /// The delivery's id: Lambda's request id.
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// When the host stops the handler.
    pub fn deadline(&self) -> SystemTime {
        self.deadline
    }

    /// The host's clock.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    pub(crate) fn now(&self) -> SystemTime {
        self.clock.now()
    }
}

/// A source of time: the system's, or an engine's virtual one.
///
/// # Example
///
/// ```
/// use saga_runtime::Clock;
/// use std::time::SystemTime;
///
/// let frozen = Clock::new(|| SystemTime::UNIX_EPOCH);
/// assert_eq!(frozen.now(), SystemTime::UNIX_EPOCH);
/// ```
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> SystemTime + Send + Sync>);

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self::new(SystemTime::now)
    }

    /// A clock that asks `now`.
    pub fn new(now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The time.
    pub fn now(&self) -> SystemTime {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Clock").finish()
    }
}

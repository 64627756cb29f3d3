//! Virtual time: a clock that moves only when told to, and the timers that wait for it. Who moves it is `driver.rs`'s affair.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use crate::lock;

/// Where every engine's clock begins: 2025-01-01T00:00:00Z. A fixed start keeps histories comparable byte for byte.
const START: Duration = Duration::from_hours(482_136);

/// A time that no execution reaches; what does not fit into a `SystemTime` waits until then.
const END: Duration = Duration::from_secs(253_402_300_799);

/// Identifies one execution among all those of an engine.
pub(crate) type ExecutionId = u64;

/// What a timer means for the question whether an execution still moves by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waits {
    /// For time alone: the clock may jump to it.
    ForTime,
    /// For somebody outside, at most this long: alone it does not make the clock move.
    ForAnswer,
}

#[derive(Debug)]
pub(crate) struct VirtualClock {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    now: SystemTime,
    serial: u64,
    timers: BTreeMap<(SystemTime, u64), (ExecutionId, Waits)>,
    calls: BTreeMap<ExecutionId, usize>,
    /// Which executions wait for others that are no children of theirs.
    links: BTreeMap<u64, (ExecutionId, ExecutionId)>,
}

impl State {
    fn is_idle(&self, execution: ExecutionId) -> bool {
        !self.calls.contains_key(&execution)
            && !self
                .timers
                .values()
                .any(|(owner, waits)| *owner == execution && *waits == Waits::ForTime)
    }
}

impl VirtualClock {
    pub(crate) fn new() -> Arc<Self> {
        let state = State {
            now: SystemTime::UNIX_EPOCH + START,
            serial: 0,
            timers: BTreeMap::new(),
            calls: BTreeMap::new(),
            links: BTreeMap::new(),
        };
        Arc::new(Self {
            state: Mutex::new(state),
        })
    }

    pub(crate) fn now(&self) -> SystemTime {
        lock(&self.state).now
    }

    /// `now + duration`, or the end of time.
    pub(crate) fn after(&self, duration: Duration) -> SystemTime {
        let end = SystemTime::UNIX_EPOCH + END;
        self.now()
            .checked_add(duration)
            .map_or(end, |time| time.min(end))
    }

    /// A timer counts from its creation, not from its first poll.
    pub(crate) fn timer(
        self: &Arc<Self>, execution: ExecutionId, deadline: SystemTime, waits: Waits,
    ) -> Timer {
        let mut state = lock(&self.state);
        state.serial += 1;
        let key = (deadline, state.serial);
        state.timers.insert(key, (execution, waits));
        Timer {
            clock: Arc::clone(self),
            key,
        }
    }

    /// While the guard lives, a handler of that execution works in real time and the virtual clock stands still.
    pub(crate) fn call(self: &Arc<Self>, execution: ExecutionId) -> InFlight {
        *lock(&self.state).calls.entry(execution).or_default() += 1;
        InFlight {
            clock: Arc::clone(self),
            execution,
        }
    }

    pub(crate) fn any_call(&self) -> bool {
        !lock(&self.state).calls.is_empty()
    }

    /// While the guard lives, `execution` waits for `other`, and is not idle while that one is not.
    pub(crate) fn link(self: &Arc<Self>, execution: ExecutionId, other: ExecutionId) -> Link {
        let mut state = lock(&self.state);
        state.serial += 1;
        let key = state.serial;
        state.links.insert(key, (execution, other));
        Link {
            clock: Arc::clone(self),
            key,
        }
    }

    /// Whether nothing but an answer from outside can move the execution.
    pub(crate) fn is_idle(&self, execution: ExecutionId) -> bool {
        let state = lock(&self.state);
        let mut waited_for = vec![execution];
        let mut next = 0;
        while let Some(&execution) = waited_for.get(next) {
            if !state.is_idle(execution) {
                return false;
            }
            for (from, to) in state.links.values() {
                if *from == execution && !waited_for.contains(to) {
                    waited_for.push(*to);
                }
            }
            next += 1;
        }
        true
    }

    /// Moves to the earliest timer that is due by `limit`; says whether there was one.
    pub(crate) fn jump(&self, limit: Option<SystemTime>) -> bool {
        let mut state = lock(&self.state);
        let now = state.now;
        // Timers that are due but not yet dropped belong to futures that the next poll will finish.
        let Some((deadline, _)) = state
            .timers
            .keys()
            .copied()
            .find(|(deadline, _)| *deadline > now)
        else {
            return false;
        };
        if limit.is_some_and(|limit| deadline > limit) {
            return false;
        }
        state.now = deadline;
        true
    }

    /// Moves to `time`, never backwards.
    pub(crate) fn move_to(&self, time: SystemTime) {
        let mut state = lock(&self.state);
        state.now = state.now.max(time);
    }
}

/// Ready once the virtual clock reaches its deadline.
#[derive(Debug)]
pub(crate) struct Timer {
    clock: Arc<VirtualClock>,
    key: (SystemTime, u64),
}

impl Future for Timer {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        // No waker: the driver polls every execution after each move of the clock.
        if self.clock.now() >= self.key.0 {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        lock(&self.clock.state).timers.remove(&self.key);
    }
}

#[derive(Debug)]
pub(crate) struct InFlight {
    clock: Arc<VirtualClock>,
    execution: ExecutionId,
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let mut state = lock(&self.clock.state);
        if let Some(count) = state.calls.get_mut(&self.execution) {
            *count -= 1;
            if *count == 0 {
                state.calls.remove(&self.execution);
            }
        }
    }
}

#[derive(Debug)]
pub(crate) struct Link {
    clock: Arc<VirtualClock>,
    key: u64,
}

impl Drop for Link {
    fn drop(&mut self) {
        lock(&self.clock.state).links.remove(&self.key);
    }
}

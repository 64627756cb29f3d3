//! Polls the executions of one engine and moves its clock when all of them wait for time. A plain future: any executor will do.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, TryLockError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::SystemTime;

use crate::clock::{ExecutionId, VirtualClock};
use crate::lock;
use crate::registry::{Registry, Started};

/// What one caller waits for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Goal {
    /// The execution and those that its Tasks and Maps wait for ended, or only an answer from outside can move them.
    Settled(ExecutionId),
    /// The clock shows this time.
    Time(SystemTime),
}

/// The executions that have not ended.
type Live = BTreeMap<ExecutionId, Started>;

pub(crate) struct Driver {
    clock: Arc<VirtualClock>,
    registry: Arc<Registry>,
    /// Locked by the one caller that polls at the moment.
    live: Mutex<Live>,
    callers: Arc<Callers>,
    /// Set by a caller that found `live` locked: whoever holds it wakes the others when done.
    contended: AtomicBool,
}

/// The callers that wait, by number. As a waker it wakes them all: whichever comes first polls every execution.
#[derive(Default)]
struct Callers {
    serial: AtomicU64,
    waiting: Mutex<BTreeMap<u64, (Waker, Goal)>>,
}

impl Callers {
    fn wake_all_but(&self, caller: u64) {
        let waiting = lock(&self.waiting);
        let others = waiting.iter().filter(|(id, _)| **id != caller);
        let wakers: Vec<Waker> = others.map(|(_, (waker, _))| waker.clone()).collect();
        // A waker may run code that comes back here.
        drop(waiting);
        for waker in wakers {
            waker.wake();
        }
    }
}

impl Wake for Callers {
    fn wake(self: Arc<Self>) {
        // Callers count from 0, so this leaves none out.
        self.wake_all_but(u64::MAX);
    }
}

impl Driver {
    pub(crate) fn new(clock: Arc<VirtualClock>, registry: Arc<Registry>) -> Self {
        Self {
            clock,
            registry,
            live: Mutex::default(),
            callers: Arc::default(),
            contended: AtomicBool::new(false),
        }
    }

    /// Resolves when the goal is reached. Dropping it loses nothing: the next caller carries on.
    pub(crate) fn drive(&self, goal: Goal) -> Drive<'_> {
        Drive {
            driver: self,
            goal,
            caller: self.callers.serial.fetch_add(1, Ordering::Relaxed),
            has_yielded: false,
        }
    }

    /// The executions, unless another caller polls them; then that caller will wake this one.
    fn enter(&self) -> Option<MutexGuard<'_, Live>> {
        let try_enter = || match self.live.try_lock() {
            Ok(live) => Some(live),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        };
        try_enter().or_else(|| {
            self.contended.store(true, Ordering::SeqCst);
            // The other may have left between the two looks; then it would wake nobody.
            try_enter()
        })
    }

    fn is_reached(&self, live: &Live, goal: Goal) -> bool {
        match goal {
            Goal::Settled(root) => {
                !live.values().any(|started| started.root == root) || self.clock.is_idle(root)
            }
            Goal::Time(time) => self.clock.now() >= time,
        }
    }

    /// Polls and moves the clock until the goal is reached or a handler has to be waited for; a caller that
    /// has not yielded yet stops before the clock's first move.
    fn run(&self, live: &mut Live, goal: Goal, has_yielded: bool) -> Turn {
        let waker = Waker::from(Arc::clone(&self.callers));
        let mut cx = Context::from_waker(&waker);
        loop {
            let started = self.registry.take_started();
            live.extend(started.into_iter().map(|started| (started.id, started)));
            live.retain(|_, started| started.work.as_mut().poll(&mut cx).is_pending());
            // A parent is polled before its children: what these did, it sees in the next round.
            if self.registry.is_unsettled() {
                continue;
            }
            // A goal in time counts as reached only once everything due by then has happened.
            if self.is_reached(live, goal)
                && (matches!(goal, Goal::Settled(_)) || !self.clock.any_call())
            {
                return Turn::Done;
            }
            if self.clock.any_call() {
                return Turn::Blocked;
            }
            if !has_yielded {
                return Turn::Yield;
            }
            match goal {
                Goal::Settled(_) if !self.clock.jump(None) => return Turn::Done,
                Goal::Time(time) if !self.clock.jump(Some(time)) => self.clock.move_to(time),
                Goal::Settled(_) | Goal::Time(_) => {}
            }
        }
    }

    /// Wakes the callers whose goal somebody else's poll has reached.
    fn wake_reached(&self, live: &Live, caller: u64) {
        let waiting: Vec<(u64, Waker, Goal)> = lock(&self.callers.waiting)
            .iter()
            .map(|(id, (waker, goal))| (*id, waker.clone(), *goal))
            .collect();
        for (id, waker, goal) in waiting {
            if id != caller && self.is_reached(live, goal) {
                waker.wake();
            }
        }
    }
}

/// How far one poll came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    Done,
    /// A handler is at work; its waker will call.
    Blocked,
    /// Everything waits for time.
    Yield,
}

pub(crate) struct Drive<'a> {
    driver: &'a Driver,
    goal: Goal,
    caller: u64,
    /// Executions that are started together begin at the same time: before its first move of the clock, each caller
    /// lets the others have a turn.
    has_yielded: bool,
}

impl Future for Drive<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let driver = self.driver;
        lock(&driver.callers.waiting).insert(self.caller, (cx.waker().clone(), self.goal));
        let Some(mut live) = driver.enter() else {
            return Poll::Pending;
        };
        let turn = driver.run(&mut live, self.goal, self.has_yielded);
        driver.wake_reached(&live, self.caller);
        drop(live);
        if turn == Turn::Yield {
            self.has_yielded = true;
            cx.waker().wake_by_ref();
        }
        let is_done = turn == Turn::Done;
        if is_done {
            lock(&driver.callers.waiting).remove(&self.caller);
        }
        // Whoever found the door locked must try again; and when this caller leaves, another must take over.
        if driver.contended.swap(false, Ordering::SeqCst) || is_done {
            driver.callers.wake_all_but(self.caller);
        }
        if is_done {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}

impl Drop for Drive<'_> {
    fn drop(&mut self) {
        let waiting = lock(&self.driver.callers.waiting).remove(&self.caller);
        // A handler's wake-up may have gone to this caller alone; another one must poll in its place.
        if waiting.is_some() {
            self.driver.callers.wake_all_but(self.caller);
        }
    }
}

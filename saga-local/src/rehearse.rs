//! Faults that lie within a function: what its code says, and how its store behaves, acted out through the runtime's
//! `Rehearsal`. Faults on the way to a function are `services.rs`'s.

use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::Poll;

use saga_runtime::__private::{CodeFault, Rehearsal};
use saga_runtime::store::{Item, Key, Store, StoreError, Transacted, Write, Written};

use crate::BoxFuture;
use crate::failure::MAX_PAYLOAD;
use crate::fault::Fault;

/// What a fault makes of the function that gets the delivery.
pub(crate) struct Within {
    rehearsal: Rehearsal,
    dead: Arc<AtomicBool>,
}

impl Within {
    pub(crate) fn of(fault: &Fault) -> Self {
        let dead = Arc::<AtomicBool>::default();
        let mut rehearsal = Rehearsal::default();
        match fault {
            Fault::Rejected { error, data } => {
                rehearsal.code = Some(CodeFault::Says {
                    error: error.clone(),
                    data: data.clone(),
                    transient: false,
                });
            }
            Fault::Transient { error } => {
                rehearsal.code = Some(CodeFault::Says {
                    error: error.clone(),
                    data: serde_json::Value::Null,
                    transient: true,
                });
            }
            Fault::Panic => rehearsal.code = Some(CodeFault::Panics),
            Fault::OversizeOutput => {
                rehearsal.code = Some(CodeFault::Outgrows(MAX_PAYLOAD));
            }
            Fault::CrashBeforeCommit => {
                let dead = Arc::clone(&dead);
                rehearsal.store = Some(Arc::new(move |store| {
                    Arc::new(Dying {
                        store,
                        writes: AtomicUsize::new(0),
                        dead: Arc::clone(&dead),
                    })
                }));
            }
            Fault::DuplicateAtOnce => {
                rehearsal.store = Some(Arc::new(|store| Arc::new(Polite { store })));
            }
            _ => {}
        }
        Self { rehearsal, dead }
    }

    /// What is known already; `dead` is set when the function's process ends.
    pub(crate) fn new(rehearsal: Rehearsal, dead: Arc<AtomicBool>) -> Self {
        Self { rehearsal, dead }
    }

    pub(crate) fn rehearsal(&self) -> Rehearsal {
        self.rehearsal.clone()
    }

    /// Runs a function's work until it ends, or until its process does: then there is no answer.
    pub(crate) async fn live<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut work = Box::pin(work);
        poll_fn(|cx| match work.as_mut().poll(cx) {
            Poll::Ready(answer) => Poll::Ready(Some(answer)),
            Poll::Pending if self.dead.load(Ordering::SeqCst) => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        })
        .await
    }
}

/// A store whose caller dies before the write that would make its work count: the first transaction, or the second single
/// write, since in mode X the first one only claims.
struct Dying {
    store: Arc<dyn Store>,
    writes: AtomicUsize,
    dead: Arc<AtomicBool>,
}

impl Dying {
    fn die<'a, T: Send + 'a>(&self) -> BoxFuture<'a, T> {
        self.dead.store(true, Ordering::SeqCst);
        Box::pin(std::future::pending())
    }
}

impl Store for Dying {
    fn get<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Item>, StoreError>> {
        self.store.get(key)
    }

    fn write<'a>(&'a self, write: &'a Write) -> BoxFuture<'a, Result<Written, StoreError>> {
        if self.writes.fetch_add(1, Ordering::SeqCst) == 0 {
            self.store.write(write)
        } else {
            self.die()
        }
    }

    fn transact<'a>(&'a self, _: &'a [Write]) -> BoxFuture<'a, Result<Transacted, StoreError>> {
        self.die()
    }
}

/// A store that lets others go first, once before each call, so that two deliveries at once take turns.
pub(crate) struct Polite {
    pub(crate) store: Arc<dyn Store>,
}

impl Store for Polite {
    fn get<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Item>, StoreError>> {
        Box::pin(async move {
            after_you().await;
            self.store.get(key).await
        })
    }

    fn write<'a>(&'a self, write: &'a Write) -> BoxFuture<'a, Result<Written, StoreError>> {
        Box::pin(async move {
            after_you().await;
            self.store.write(write).await
        })
    }

    fn transact<'a>(
        &'a self, writes: &'a [Write],
    ) -> BoxFuture<'a, Result<Transacted, StoreError>> {
        Box::pin(async move {
            after_you().await;
            self.store.transact(writes).await
        })
    }
}

async fn after_you() {
    let mut waited = false;
    poll_fn(|cx| {
        if waited {
            return Poll::Ready(());
        }
        waited = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Runs two pieces of work by turns, until both have ended.
pub(crate) async fn both<A, B>(
    first: impl Future<Output = A>, second: impl Future<Output = B>,
) -> (A, B) {
    let (mut first, mut second) = (Box::pin(first), Box::pin(second));
    let (mut a, mut b) = (None, None);
    poll_fn(|cx| {
        if a.is_none()
            && let Poll::Ready(answer) = first.as_mut().poll(cx)
        {
            a = Some(answer);
        }
        if b.is_none()
            && let Poll::Ready(answer) = second.as_mut().poll(cx)
        {
            b = Some(answer);
        }
        match (a.take(), b.take()) {
            (Some(a), Some(b)) => Poll::Ready((a, b)),
            (one, other) => {
                (a, b) = (one, other);
                Poll::Pending
            }
        }
    })
    .await
}

//! A store that is in trouble for one delivery: without capacity, without answer, or whose caller dies. Keeps nothing itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use saga_runtime::__private::StoreWrapper;
use saga_runtime::store::{Item, Key, Store, StoreError, Transacted, Write, Written};

use super::fault::BusFault;
use crate::BoxFuture;
use crate::rehearse::Polite;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    Dying,
    Throttled,
    Unavailable,
    LostReply,
}

struct Troubled {
    store: Arc<dyn Store>,
    trouble: Trouble,
    dead: Arc<AtomicBool>,
}

/// What a fault puts before the participant's store. `dead` says when the process has ended.
pub(super) fn wrapper(fault: &BusFault, dead: &Arc<AtomicBool>) -> Option<StoreWrapper> {
    let trouble = match fault {
        BusFault::CrashBeforeCommit => Trouble::Dying,
        BusFault::Throttled => Trouble::Throttled,
        BusFault::Unavailable => Trouble::Unavailable,
        BusFault::LostReply => Trouble::LostReply,
        BusFault::DuplicateAtOnce => {
            return Some(Arc::new(|store| Arc::new(Polite { store })));
        }
        _ => return None,
    };
    let dead = Arc::clone(dead);
    Some(Arc::new(move |store| {
        Arc::new(Troubled {
            store,
            trouble,
            dead: Arc::clone(&dead),
        })
    }))
}

impl Troubled {
    /// What keeps a write from being made at all.
    fn refusal(&self) -> Option<StoreError> {
        match self.trouble {
            Trouble::Throttled => Some(StoreError::throttled("injected by a test")),
            Trouble::Unavailable => Some(StoreError::unavailable("injected by a test")),
            Trouble::Dying | Trouble::LostReply => None,
        }
    }

    fn is_dying(&self) -> bool {
        let dies = self.trouble == Trouble::Dying;
        if dies {
            self.dead.store(true, Ordering::SeqCst);
        }
        dies
    }

    fn reply<T>(&self, answer: Result<T, StoreError>) -> Result<T, StoreError> {
        match (self.trouble, answer) {
            (Trouble::LostReply, Ok(_)) => {
                Err(StoreError::unavailable("the store's reply was lost"))
            }
            (_, answer) => answer,
        }
    }
}

impl Store for Troubled {
    fn get<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Item>, StoreError>> {
        let refused = self.trouble == Trouble::Unavailable;
        Box::pin(async move {
            match self.refusal().filter(|_| refused) {
                Some(error) => Err(error),
                None => self.store.get(key).await,
            }
        })
    }

    fn write<'a>(&'a self, write: &'a Write) -> BoxFuture<'a, Result<Written, StoreError>> {
        Box::pin(async move {
            if self.is_dying() {
                return std::future::pending().await;
            }
            match self.refusal() {
                Some(error) => Err(error),
                None => self.reply(self.store.write(write).await),
            }
        })
    }

    fn transact<'a>(
        &'a self, writes: &'a [Write],
    ) -> BoxFuture<'a, Result<Transacted, StoreError>> {
        Box::pin(async move {
            if self.is_dying() {
                return std::future::pending().await;
            }
            match self.refusal() {
                Some(error) => Err(error),
                None => self.reply(self.store.transact(writes).await),
            }
        })
    }
}

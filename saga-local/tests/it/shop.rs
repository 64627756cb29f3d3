//! A small shop for the fault matrix: a saga of four steps in both modes, whose participants can be broken in one way at a time.

#![allow(
    dead_code,
    reason = "of some contracts, all that runs is what the matrix says in their steps' place"
)]

use std::sync::{Arc, Mutex, PoisonError};

use saga_local::World;
use saga_runtime::MemoryStore;
use saga_runtime::prelude::*;
use serde_json::json;

/// Sells one thing.
#[saga(deadline = "15m")]
pub(crate) mod sell {
    use saga_runtime::prelude::*;

    #[derive(Clone, Debug, Serialize, Deserialize)]
    pub(crate) struct Sale {
        pub(crate) id: String,
        pub(crate) card: String,
    }

    #[derive(Debug, thiserror::Error)]
    pub(crate) enum StockError {
        #[error("sold out")]
        SoldOut,
        #[transient]
        #[error("the warehouse is busy")]
        Busy,
    }

    #[derive(Debug, thiserror::Error)]
    pub(crate) enum BankError {
        #[error("declined")]
        Declined,
    }

    pub(crate) trait Stock {
        #[step(compensate = release)]
        async fn reserve(&self, tx: &mut Tx, id: &str) -> Result<(), StockError>;
        #[compensation]
        async fn release(&self, tx: &mut Tx, id: &str) -> Result<(), Retry>;
    }

    pub(crate) trait Bank {
        #[step(compensate = void)]
        async fn hold(&self, cx: &Context, id: &str, card: &str) -> Result<(), BankError>;
        #[compensation]
        async fn void(&self, cx: &Context, id: &str) -> Result<(), Retry>;
        #[step(pivot)]
        async fn capture(&self, cx: &Context, id: &str) -> Result<(), BankError>;
    }

    pub(crate) trait Mail {
        #[step(retriable)]
        async fn send(&self, cx: &Context, id: &str) -> Result<(), Retry>;
    }

    pub(crate) async fn sell(
        stock: &impl Stock, bank: &impl Bank, mail: &impl Mail, sale: Sale,
    ) -> Result<(), Rejection> {
        stock.reserve(&sale.id).await?;
        bank.hold(&sale.id, &sale.card).await?;
        bank.capture(&sale.id).await?;
        mail.send(&sale.id).await?;
        Ok(())
    }
}

use sell::{BankError, StockError};

/// One thing that a participant does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Break {
    /// None.
    Nothing,
    /// The bank does not look at the key.
    KeyIgnored,
    /// To void what the bank has not heard of is an error.
    VoidNeedsHold,
    /// Voiding does nothing.
    VoidForgotten,
    /// Each voiding pays back, also the second one.
    VoidPaysBack,
    /// More goes back to the shelf than was taken.
    ReleaseTooMuch,
    /// A step with a transaction calls somebody outside.
    EffectBesideTx,
    /// The bank declines, and takes the money all the same.
    DeclinedButTaken,
}

#[derive(Serialize, Deserialize)]
struct Shelf {
    name: String,
    left: i64,
}

const SHELVES: Table<Shelf> = Table::new("shelves", "name");

/// The services, and what they keep.
#[derive(Clone)]
pub(crate) struct Shop {
    broken: Break,
    stores: [MemoryStore; 3],
    /// Key and text of each entry in the bank's books.
    books: Arc<Mutex<Vec<(String, String)>>>,
}

impl Shop {
    pub(crate) async fn open(broken: Break) -> Self {
        let shop = Self {
            broken,
            stores: <[MemoryStore; 3]>::default(),
            books: Arc::default(),
        };
        let shelf = Shelf {
            name: "tea".into(),
            left: 10,
        };
        SHELVES.put(&shop.stores[0], &shelf).await.unwrap();
        shop
    }

    pub(crate) fn world(self) -> World {
        let [stock, bank, mail] = self.stores.clone();
        let books = Arc::clone(&self.books);
        World::new([
            sell::serve_stock(self.clone(), stock),
            sell::serve_bank(self.clone(), bank),
            sell::serve_mail(self, mail),
        ])
        .watch("books", move || {
            let books = books.lock().unwrap_or_else(PoisonError::into_inner);
            let texts = books.iter().map(|(_, text)| json!(text));
            texts.collect()
        })
    }

    fn write(&self, key: &str, text: String) {
        let mut books = self.books.lock().unwrap();
        let is_known = books.iter().any(|(known, _)| known == key);
        if !is_known || self.broken == Break::KeyIgnored {
            books.push((key.to_owned(), text));
        }
    }
}

impl sell::Stock for Shop {
    async fn reserve(&self, tx: &mut Tx, id: &str) -> Result<(), StockError> {
        let enough = field("left").at_least(1);
        tx.update(&SHELVES, "tea")
            .subtract("left", 1)
            .only_if(enough, StockError::SoldOut);
        if self.broken == Break::EffectBesideTx {
            let mut books = self.books.lock().unwrap();
            books.push(("beside".into(), format!("parcel for {id}")));
        }
        Ok(())
    }

    async fn release(&self, tx: &mut Tx, _id: &str) -> Result<(), Retry> {
        let amount = if self.broken == Break::ReleaseTooMuch {
            2
        } else {
            1
        };
        tx.update(&SHELVES, "tea").add("left", amount);
        Ok(())
    }
}

impl sell::Bank for Shop {
    async fn hold(&self, cx: &Context, id: &str, card: &str) -> Result<(), BankError> {
        if self.broken == Break::DeclinedButTaken || card != "expired" {
            self.write(&cx.idempotency_key(), format!("hold {id}"));
        }
        if card == "expired" {
            return Err(BankError::Declined);
        }
        Ok(())
    }

    async fn void(&self, cx: &Context, id: &str) -> Result<(), Retry> {
        let key = cx.idempotency_key();
        let mut books = self.books.lock().unwrap();
        match self.broken {
            Break::VoidForgotten => {}
            Break::VoidPaysBack => books.push(("back".into(), format!("pay back {id}"))),
            Break::VoidNeedsHold if !books.iter().any(|(known, _)| *known == key) => {
                return Err(Retry::new("there is no such hold"));
            }
            _ => books.retain(|(known, _)| *known != key),
        }
        Ok(())
    }

    async fn capture(&self, cx: &Context, id: &str) -> Result<(), BankError> {
        self.write(&cx.idempotency_key(), format!("capture {id}"));
        Ok(())
    }
}

impl sell::Mail for Shop {
    async fn send(&self, cx: &Context, id: &str) -> Result<(), Retry> {
        self.write(&cx.idempotency_key(), format!("mail {id}"));
        Ok(())
    }
}

/// A sale that works.
pub(crate) fn sale(card: &str) -> sell::Sale {
    sell::Sale {
        id: "1".into(),
        card: card.into(),
    }
}

//! A small shop for the matrix of choreographies: five participants without an orchestrator, put together by hand, each of which
//! can be broken in one way at a time.

use std::future::ready;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use saga_local::{BoxFuture, Topic, World};
use saga_runtime::__private::{ConsumerBuilder, Outgoing, React};
use saga_runtime::prelude::*;
use saga_runtime::store::{Item, Key, Operation, StoreError, Transacted, Write, Written};
use saga_runtime::{
    Choreography, Command, Consumer, Early, Event, MemoryStore, ReactionInfo, ReactionKind, Repeat,
    StepError, Store,
};
use serde::de::IgnoredAny;
use serde_json::{Value, json};

/// What is wrong with the shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Break {
    Nothing,
    /// The warehouse tells of a reservation before it is committed, and not by its record.
    PublishedBeside,
    /// The shipping service keeps no record of what it did.
    NoBarrier,
    /// The bank's books are written at once, and not by the transaction.
    WritesBeside,
    /// The warehouse cannot put goods back.
    ReleaseFails,
    /// The warehouse does not put goods back.
    ReleaseForgets,
    /// The bank says no, and takes the money.
    DeclinedButTaken,
    /// The bank takes more each time that it is asked.
    CountsTries,
    /// The order waits for the goods to be back, and the bank says so too soon.
    SaysReleased,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Sale {
    pub(crate) id: String,
    pub(crate) card: String,
    pub(crate) count: u32,
}

macro_rules! events {
    ($($name:ident)*) => {$(
        #[derive(Clone, Debug, Serialize, Deserialize)]
        pub(crate) struct $name(pub(crate) Sale);

        impl Event for $name {
            const TYPE: &'static str = stringify!($name);
        }
    )*};
}

events! { Placed Reserved Charged Sent Completed Cancelled Released }

macro_rules! rejections {
    ($($name:ident)*) => {
        events! { $($name)* }
        $(
            impl StepError for $name {
                const TYPES: &'static [&'static str] = &[stringify!($name)];
                fn error_type(&self) -> &'static str { stringify!($name) }
                fn is_transient(&self) -> bool { false }
                fn message(&self) -> String { "no".to_owned() }
                fn data(&self) -> Result<Value, serde_json::Error> { Ok(Value::Null) }
                fn event(&self) -> Option<Outgoing> { Some(Outgoing::of(self)) }
            }
        )*
    };
}

rejections! { SoldOut Declined }

pub(crate) const fn info(
    name: &'static str, participant: &'static str, on: &'static [&'static str], kind: ReactionKind,
    counterpart: Option<&'static str>, publishes: &'static [&'static str],
    rejects: &'static [&'static str],
) -> ReactionInfo {
    ReactionInfo {
        name,
        participant,
        on,
        kind,
        counterpart,
        publishes,
        optional: &[],
        several: &[],
        rejects,
        repeat: Repeat::Never,
        after: None,
        early: Early::Park,
    }
}

const REACTIONS: [ReactionInfo; 8] = {
    use ReactionKind::{Compensatable, Compensation, Observer, Pivot, Retriable};
    let (place, cancel) = (Some("orders.place"), Some("orders.cancel"));
    let (reserve, release) = (Some("stock.reserve"), Some("stock.release"));
    [
        info(
            "orders.place",
            "Orders",
            &[],
            Compensatable,
            cancel,
            &["Placed"],
            &[],
        ),
        info(
            "orders.cancel",
            "Orders",
            &["SoldOut", "Declined"],
            Compensation,
            place,
            &["Cancelled"],
            &[],
        ),
        info(
            "orders.complete",
            "Orders",
            &["Sent"],
            Retriable,
            None,
            &["Completed"],
            &[],
        ),
        info(
            "stock.reserve",
            "Stock",
            &["Placed"],
            Compensatable,
            release,
            &["Reserved"],
            &["SoldOut"],
        ),
        info(
            "stock.release",
            "Stock",
            &["Declined"],
            Compensation,
            reserve,
            &[],
            &[],
        ),
        info(
            "bank.charge",
            "Bank",
            &["Reserved"],
            Pivot,
            None,
            &["Charged"],
            &["Declined"],
        ),
        info(
            "mail.send",
            "Mail",
            &["Charged"],
            Retriable,
            None,
            &["Sent"],
            &[],
        ),
        info("books.note", "Books", &["Placed"], Observer, None, &[], &[]),
    ]
};

pub(crate) const SALE_EVENTS: Choreography =
    Choreography::new("sale_events", "{}", "{}", &REACTIONS);

/// The order is cancelled once the goods are back.
static IN_ORDER: [ReactionInfo; 8] = {
    let mut reactions = REACTIONS;
    reactions[1].on = &["SoldOut", "Released"];
    reactions[4].publishes = &["Released"];
    reactions
};

impl Break {
    pub(crate) fn choreography(self) -> Choreography {
        match self {
            Self::SaysReleased => Choreography::new("sale_events", "{}", "{}", &IN_ORDER),
            _ => SALE_EVENTS,
        }
    }
}

pub(crate) const PLACE: Command<Sale> = Command::new("orders.place");

pub(crate) fn sale(card: &str) -> Sale {
    Sale {
        id: "s-1".to_owned(),
        card: card.to_owned(),
        count: 2,
    }
}

#[derive(Serialize, Deserialize)]
struct Order {
    id: String,
    state: String,
}

#[derive(Serialize, Deserialize)]
struct Shelf {
    name: String,
    left: u32,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    id: String,
    amount: u32,
}

const ORDERS: Table<Order> = Table::new("orders", "id");
const SHELVES: Table<Shelf> = Table::new("shelves", "name");
const ENTRIES: Table<Entry> = Table::new("entries", "id");

fn order(sale: &Sale, state: &str) -> Order {
    Order {
        id: sale.id.clone(),
        state: state.to_owned(),
    }
}

/// The participants, each with a database of its own, and tea on the shelves.
#[derive(Clone)]
pub(crate) struct Shop {
    broken: Break,
    pub(crate) stock: MemoryStore,
    bank: MemoryStore,
    topic: Topic,
    tries: Arc<AtomicU32>,
}

impl Shop {
    pub(crate) async fn open(broken: Break) -> Self {
        let stock = MemoryStore::new();
        let tea = Shelf {
            name: "tea".to_owned(),
            left: 10,
        };
        SHELVES.put(&stock, &tea).await.unwrap();
        Self {
            broken,
            stock,
            bank: MemoryStore::new(),
            topic: Topic::new("beside"),
            tries: Arc::default(),
        }
    }

    pub(crate) fn world(&self) -> World {
        World::of(self.consumers()).listen(&self.topic)
    }

    fn info(&self, index: usize) -> &'static ReactionInfo {
        &self.broken.choreography().reactions()[index]
    }

    pub(crate) fn consumers(&self) -> [Consumer; 5] {
        let mail = ConsumerBuilder::new("Mail", "mail", MemoryStore::new());
        let mail = match self.broken {
            Break::NoBarrier => {
                ConsumerBuilder::new("Mail", "mail", Forgetful::over(MemoryStore::new()))
            }
            _ => mail,
        };
        [
            self.orders(),
            self.warehouse(),
            self.charges(),
            mail.reaction(
                self.info(6),
                React::event::<Charged, Sent, Retry>(|tx, Charged(sale)| {
                    tx.update(&ENTRIES, sale.id.as_str()).add("amount", 1);
                    Box::pin(ready(Ok(Sent(sale))))
                }),
            )
            .build(),
            ConsumerBuilder::new("Books", "books", MemoryStore::new())
                .reaction(
                    self.info(7),
                    React::event::<Placed, (), Retry>(|tx, Placed(sale)| {
                        tx.update(&ENTRIES, sale.id.as_str())
                            .add("amount", sale.count);
                        Box::pin(ready(Ok(())))
                    }),
                )
                .build(),
        ]
    }

    fn orders(&self) -> Consumer {
        ConsumerBuilder::new("Orders", "orders", MemoryStore::new())
            .reaction(
                self.info(0),
                React::command::<Sale, Placed, Retry>(|tx, sale| {
                    tx.put(&ORDERS, &order(&sale, "placed"));
                    Box::pin(ready(Ok(Placed(sale))))
                }),
            )
            .reaction(
                self.info(1),
                React::compensation::<IgnoredAny, IgnoredAny, Placed, Cancelled>(
                    |tx, _, _, Placed(sale)| {
                        tx.put(&ORDERS, &order(&sale, "cancelled"));
                        Box::pin(ready(Ok(Cancelled(sale))))
                    },
                ),
            )
            .reaction(
                self.info(2),
                React::event::<Sent, Completed, Retry>(|tx, Sent(sale)| {
                    tx.put(&ORDERS, &order(&sale, "completed"));
                    Box::pin(ready(Ok(Completed(sale))))
                }),
            )
            .build()
    }

    fn warehouse(&self) -> Consumer {
        let (broken, topic) = (self.broken, self.topic.clone());
        ConsumerBuilder::new("Stock", "stock", self.stock.clone())
            .reaction(
                self.info(3),
                React::event::<Placed, Option<Reserved>, SoldOut>(move |tx, Placed(sale)| {
                    tx.update(&SHELVES, "tea")
                        .subtract("left", sale.count)
                        .only_if(field("left").at_least(sale.count), SoldOut(sale.clone()));
                    if broken == Break::PublishedBeside {
                        topic.publish("Reserved", tx.saga(), &json!(sale));
                        return Box::pin(ready(Ok(None)));
                    }
                    Box::pin(ready(Ok(Some(Reserved(sale)))))
                }),
            )
            .reaction(
                self.info(4),
                React::compensation::<IgnoredAny, Placed, IgnoredAny, Option<Released>>(
                    move |tx, _, Placed(sale), _| {
                        match broken {
                            Break::ReleaseFails => {
                                return Box::pin(ready(Err(Retry::new("the door is shut"))));
                            }
                            Break::ReleaseForgets => {}
                            _ => {
                                tx.update(&SHELVES, "tea").add("left", sale.count);
                            }
                        }
                        let says = broken == Break::SaysReleased;
                        Box::pin(ready(Ok(says.then_some(Released(sale)))))
                    },
                ),
            )
            .build()
    }

    fn charges(&self) -> Consumer {
        let (broken, bank) = (self.broken, self.bank.clone());
        let (topic, tries) = (self.topic.clone(), Arc::clone(&self.tries));
        ConsumerBuilder::new("Bank", "bank", self.bank.clone())
            .reaction(
                self.info(5),
                React::event::<Reserved, Charged, Declined>(move |tx, Reserved(sale)| {
                    let bank = bank.clone();
                    let is_declined = sale.card == "expired";
                    let tries = tries.fetch_add(1, Ordering::SeqCst);
                    let more = if broken == Break::CountsTries {
                        tries
                    } else {
                        0
                    };
                    if is_declined && broken == Break::SaysReleased {
                        topic.publish("Released", tx.saga(), &json!(sale));
                    }
                    Box::pin(async move {
                        let entry = Entry {
                            id: sale.id.clone(),
                            amount: sale.count + more,
                        };
                        if broken == Break::WritesBeside
                            || is_declined && broken == Break::DeclinedButTaken
                        {
                            take(&bank, entry).await;
                        } else if !is_declined {
                            tx.put(&ENTRIES, &entry);
                        }
                        if is_declined {
                            Err(Declined(sale))
                        } else {
                            Ok(Charged(sale))
                        }
                    })
                }),
            )
            .build()
    }
}

/// Takes money at once, once more if it was taken before.
async fn take(bank: &MemoryStore, entry: Entry) {
    let before = ENTRIES.get(bank, entry.id.as_str()).await.unwrap();
    let amount = entry.amount + before.map_or(0, |before| before.amount);
    ENTRIES.put(bank, &Entry { amount, ..entry }).await.unwrap();
}

/// A store that takes every record for a new one: the same message counts each time.
struct Forgetful {
    store: MemoryStore,
    count: Arc<AtomicU64>,
}

impl Forgetful {
    fn over(store: MemoryStore) -> Self {
        let count = Arc::default();
        Self { store, count }
    }
}

impl Store for Forgetful {
    fn get<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<Item>, StoreError>> {
        self.store.get(key)
    }

    fn write<'a>(&'a self, write: &'a Write) -> BoxFuture<'a, Result<Written, StoreError>> {
        self.store.write(write)
    }

    fn transact<'a>(
        &'a self, writes: &'a [Write],
    ) -> BoxFuture<'a, Result<Transacted, StoreError>> {
        let number = self.count.fetch_add(1, Ordering::SeqCst);
        let mut writes = writes.to_vec();
        let record = &mut writes[0];
        let old = record.key.partition.1.as_str().unwrap_or_default();
        let key = json!(format!("{old}|{number}"));
        if let Operation::Put(item) = &mut record.operation {
            item.insert("pk".to_owned(), key.clone());
        }
        record.key.partition.1 = key;
        Box::pin(async move { self.store.transact(&writes).await })
    }

    fn as_memory(&self) -> Option<&MemoryStore> {
        Some(&self.store)
    }
}

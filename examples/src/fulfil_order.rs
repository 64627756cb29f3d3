//! An order on its way out: every line held, the customer checked, card and carrier arranged at once, then sent for good.

// The contract's module is called as its flow; so is this file.
#![allow(clippy::module_inception)]

use saga_local::{Engine, Fault};
use saga_runtime::prelude::*;
use saga_runtime::store::StoreError;
use saga_runtime::{Handler, MemoryStore};

use crate::partner::{Ledger, entries};
use crate::report::{Scenario, Stores};
use fulfil_order::{
    Authorisation, Carrier, CarrierError, Charge, Dispatch, Fraud, FulfilOrder, Hold, Line, Mail,
    Parcel, PaymentError, Payments, Pickup, ReviewError, StockError, Verdict, Warehouse, Wrap,
    WrapError,
};

/// Fulfils an order: every line of it is sent and paid for, or nothing is.
#[saga(deadline = "15m")]
pub mod fulfil_order {
    use saga_runtime::prelude::*;

    /// An order that the shop has taken.
    #[derive(Clone, Debug, Serialize, Deserialize)]
    pub struct FulfilOrder {
        /// The shop's number for it.
        pub order_id: String,
        /// Who ordered.
        pub customer: String,
        /// Where it goes.
        pub city: String,
        /// What is ordered.
        pub lines: Vec<Line>,
        /// Whether it is a present.
        pub gift: bool,
        /// The card's token.
        pub card: String,
        /// The price in cents.
        pub total: u64,
    }

    /// One line of an order.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct Line {
        /// What.
        pub sku: String,
        /// How many.
        pub quantity: u32,
    }

    /// Goods that are set aside for one line.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct Hold(pub Line);

    /// What the fraud check thinks of a customer.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub enum Verdict {
        /// Nothing is wrong.
        Clear,
        /// Somebody has to look at it later.
        Unsure {
            /// From 0 to 100.
            score: u32,
        },
        /// Nothing goes to this customer.
        Fraud,
    }

    /// Paper that is used up, in sheets.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct Wrap(pub u32);

    /// Money that the bank keeps for us, by the bank's number.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct Authorisation(pub String);

    /// A payment, by the bank's number.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct Charge(pub String);

    /// A van that comes by, by the carrier's number.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct Pickup(pub String);

    /// A parcel on its way, by the carrier's number.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct Parcel(pub String);

    /// What the shop gets.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct Dispatch {
        /// The payment.
        pub charge: Charge,
        /// One for each line.
        pub parcels: Vec<Parcel>,
        /// The paper, if it is a present.
        pub wrap: Option<Wrap>,
    }

    /// Why goods are not set aside.
    #[derive(Debug, thiserror::Error)]
    pub enum StockError {
        /// Not enough on the shelves.
        #[error("{sku} is out of stock")]
        OutOfStock {
            /// What is missing.
            sku: String,
        },
    }

    /// Why nobody looks at a customer.
    #[derive(Debug, thiserror::Error)]
    pub enum ReviewError {
        /// There is one that nobody has looked at.
        #[error("there is an open case of this customer")]
        Pending,
    }

    /// Why nothing is wrapped.
    #[derive(Debug, thiserror::Error)]
    pub enum WrapError {
        /// Until the next delivery.
        #[error("the paper is used up")]
        NoPaper,
    }

    /// Why there is no money.
    #[derive(Debug, thiserror::Error)]
    pub enum PaymentError {
        /// The bank says no.
        #[error("the card was declined")]
        Declined,
        /// Tried again.
        #[transient]
        #[error("the bank does not answer")]
        NoAnswer,
    }

    /// Why no van comes.
    #[derive(Debug, thiserror::Error)]
    pub enum CarrierError {
        /// All of them are on their way.
        #[error("no van is left")]
        NoVan,
        /// Tried again.
        #[transient]
        #[error("the carrier does not answer")]
        NoAnswer,
    }

    /// Keeps the shelves, and makes presents.
    pub trait Warehouse {
        /// Sets the goods of one line aside.
        #[step(compensate = release, timeout = "10s")]
        async fn reserve(
            &self, tx: &mut Tx, order_id: &str, line: &Line,
        ) -> Result<Hold, StockError>;
        /// Puts them back.
        #[compensation]
        async fn release(&self, tx: &mut Tx, hold: Hold) -> Result<(), Retry>;
        /// Puts paper around it.
        #[step(compensate = unwrap)]
        async fn wrap(&self, tx: &mut Tx, order_id: &str, sheets: u32) -> Result<Wrap, WrapError>;
        /// Takes the paper off; it is good for another order.
        #[compensation]
        async fn unwrap(&self, tx: &mut Tx, wrap: Wrap) -> Result<(), Retry>;
    }

    /// Knows the customers.
    pub trait Fraud {
        /// Looks a customer up.
        #[step(read_only)]
        async fn check(&self, tx: &mut Tx, customer: &str) -> Result<Verdict, Retry>;
        /// Asks a person to look at the order when it is gone.
        #[step(compensate = close_case)]
        async fn open_case(
            &self, tx: &mut Tx, customer: &str, order_id: &str, score: u32,
        ) -> Result<(), ReviewError>;
        /// There is nothing to look at any more.
        #[compensation]
        async fn close_case(&self, tx: &mut Tx, customer: &str) -> Result<(), Retry>;
    }

    /// Takes the money.
    pub trait Payments {
        /// Lets the bank keep the money for us.
        #[step(compensate = void, timeout = "30s")]
        async fn authorise(
            &self, cx: &Context, order_id: &str, card: &str, total: u64,
        ) -> Result<Authorisation, PaymentError>;
        /// Lets it go.
        #[compensation]
        async fn void(
            &self, cx: &Context, authorisation: Outcome<Authorisation>,
        ) -> Result<(), Retry>;
        /// Takes it: the point of no return.
        #[step(pivot, timeout = "30s")]
        async fn capture(
            &self, cx: &Context, authorisation: &Authorisation,
        ) -> Result<Charge, PaymentError>;
    }

    /// Brings the parcels.
    pub trait Carrier {
        /// Which depot serves a city.
        #[step(read_only)]
        async fn depot(&self, cx: &Context, city: &str) -> Result<String, Retry>;
        /// Orders a van.
        #[step(compensate = cancel, timeout = "30s")]
        async fn book(
            &self, cx: &Context, order_id: &str, depot: &str,
        ) -> Result<Pickup, CarrierError>;
        /// Sends it away.
        #[compensation]
        async fn cancel(&self, cx: &Context, pickup: Outcome<Pickup>) -> Result<(), Retry>;
        /// Puts the goods of one line into the van.
        #[step(retriable)]
        async fn load(&self, cx: &Context, pickup: &Pickup, hold: &Hold) -> Result<Parcel, Retry>;
    }

    /// Tells the customer.
    pub trait Mail {
        /// Says what is on its way.
        #[step(retriable)]
        async fn dispatched(
            &self, cx: &Context, customer: &str, parcels: &[Parcel],
        ) -> Result<(), Retry>;
    }

    /// Fulfils an order: every line of it is sent and paid for, or nothing is.
    pub async fn fulfil_order(
        warehouse: &impl Warehouse, fraud: &impl Fraud, payments: &impl Payments,
        carrier: &impl Carrier, mail: &impl Mail, cmd: FulfilOrder,
    ) -> Result<Dispatch, Rejection> {
        let mut holds = Vec::new();
        #[parallel(max = 8)]
        for line in &cmd.lines {
            let hold = warehouse.reserve(&cmd.order_id, line).await?;
            holds.push(hold);
        }

        let verdict = fraud.check(&cmd.customer).await?;
        match verdict {
            Verdict::Clear => {}
            Verdict::Unsure { score } => {
                fraud.open_case(&cmd.customer, &cmd.order_id, score).await?;
            }
            Verdict::Fraud => {
                return Err(Rejection::new(
                    "Order.Suspicious",
                    "the fraud check says no",
                ));
            }
        }
        let wrap = if cmd.gift {
            Some(warehouse.wrap(&cmd.order_id, 2).await?)
        } else {
            None
        };

        let (authorisation, pickup) = join!(
            payments.authorise(&cmd.order_id, &cmd.card, cmd.total),
            async {
                let depot = carrier.depot(&cmd.city).await?;
                let pickup = carrier.book(&cmd.order_id, &depot).await?;
                Ok(pickup)
            },
        )?;
        let charge = payments.capture(&authorisation).await?;

        let mut parcels = Vec::new();
        for hold in &holds {
            let parcel = carrier.load(&pickup, hold).await?;
            parcels.push(parcel);
        }
        mail.dispatched(&cmd.customer, &parcels).await?;
        Ok(Dispatch {
            charge,
            parcels,
            wrap,
        })
    }
}

/// What is on one shelf of the warehouse.
#[derive(Serialize, Deserialize)]
struct Shelf {
    sku: String,
    on_hand: u32,
}

/// What is known of a customer.
#[derive(Serialize, Deserialize)]
struct Record {
    customer: String,
    score: u32,
}

/// A customer that a person has to look at.
#[derive(Serialize, Deserialize)]
struct Case {
    customer: String,
    order_id: String,
    score: u32,
}

/// What is left of the paper.
#[derive(Serialize, Deserialize)]
struct Paper {
    kind: String,
    sheets: u32,
}

const SHELVES: Table<Shelf> = Table::new("shelves", "sku");
const RECORDS: Table<Record> = Table::new("records", "customer");
const CASES: Table<Case> = Table::new("cases", "customer");
const PAPER: Table<Paper> = Table::new("paper", "kind");
const GOLD: &str = "gold";

/// The warehouse's service.
pub struct WarehouseService;

impl Warehouse for WarehouseService {
    async fn reserve(&self, tx: &mut Tx, _order_id: &str, line: &Line) -> Result<Hold, StockError> {
        let sku = line.sku.clone();
        tx.update(&SHELVES, line.sku.as_str())
            .subtract("on_hand", line.quantity)
            .only_if(
                field("on_hand").at_least(line.quantity),
                StockError::OutOfStock { sku },
            );
        Ok(Hold(line.clone()))
    }

    async fn release(&self, tx: &mut Tx, Hold(line): Hold) -> Result<(), Retry> {
        tx.update(&SHELVES, line.sku).add("on_hand", line.quantity);
        Ok(())
    }

    async fn wrap(&self, tx: &mut Tx, _order_id: &str, sheets: u32) -> Result<Wrap, WrapError> {
        tx.update(&PAPER, GOLD)
            .subtract("sheets", sheets)
            .only_if(field("sheets").at_least(sheets), WrapError::NoPaper);
        Ok(Wrap(sheets))
    }

    async fn unwrap(&self, tx: &mut Tx, wrap: Wrap) -> Result<(), Retry> {
        tx.update(&PAPER, GOLD).add("sheets", wrap.0);
        Ok(())
    }
}

/// The fraud team's service.
pub struct FraudService;

impl Fraud for FraudService {
    async fn check(&self, tx: &mut Tx, customer: &str) -> Result<Verdict, Retry> {
        let score = tx.get(&RECORDS, customer).await.map(|record| record.score);
        Ok(match score {
            None | Some(..50) => Verdict::Clear,
            Some(score @ 50..90) => Verdict::Unsure { score },
            Some(90..) => Verdict::Fraud,
        })
    }

    async fn open_case(
        &self, tx: &mut Tx, customer: &str, order_id: &str, score: u32,
    ) -> Result<(), ReviewError> {
        let case = Case {
            customer: customer.to_owned(),
            order_id: order_id.to_owned(),
            score,
        };
        tx.insert(&CASES, &case, ReviewError::Pending);
        Ok(())
    }

    async fn close_case(&self, tx: &mut Tx, customer: &str) -> Result<(), Retry> {
        tx.delete(&CASES, customer);
        Ok(())
    }
}

/// The payments service, in front of a bank.
pub struct PaymentService {
    /// The bank's books.
    pub bank: Ledger,
}

impl Payments for PaymentService {
    async fn authorise(
        &self, cx: &Context, order_id: &str, card: &str, _total: u64,
    ) -> Result<Authorisation, PaymentError> {
        if card == "expired" {
            return Err(PaymentError::Declined);
        }
        let id = format!("authorisation-{order_id}");
        let id = self.bank.once(&cx.idempotency_key(), &id).await;
        id.map(Authorisation).map_err(|_| PaymentError::NoAnswer)
    }

    async fn void(
        &self, cx: &Context, _authorisation: Outcome<Authorisation>,
    ) -> Result<(), Retry> {
        // The key names it, whether or not anybody has heard of it.
        Ok(self.bank.void(&cx.idempotency_key()).await?)
    }

    async fn capture(
        &self, cx: &Context, authorisation: &Authorisation,
    ) -> Result<Charge, PaymentError> {
        let id = format!("charge-of-{}", authorisation.0);
        let id = self.bank.once(&cx.idempotency_key(), &id).await;
        id.map(Charge).map_err(|_| PaymentError::NoAnswer)
    }
}

/// The service in front of a carrier.
pub struct CarrierService {
    /// The carrier's books.
    pub books: Ledger,
}

impl Carrier for CarrierService {
    async fn depot(&self, _cx: &Context, city: &str) -> Result<String, Retry> {
        Ok(format!("the depot of {city}"))
    }

    async fn book(
        &self, cx: &Context, order_id: &str, depot: &str,
    ) -> Result<Pickup, CarrierError> {
        if depot == "the depot of Oslo" {
            return Err(CarrierError::NoVan);
        }
        let id = format!("pickup-{order_id}");
        let id = self.books.once(&cx.idempotency_key(), &id).await;
        id.map(Pickup).map_err(|_| CarrierError::NoAnswer)
    }

    async fn cancel(&self, cx: &Context, _pickup: Outcome<Pickup>) -> Result<(), Retry> {
        Ok(self.books.void(&cx.idempotency_key()).await?)
    }

    async fn load(&self, cx: &Context, pickup: &Pickup, hold: &Hold) -> Result<Parcel, Retry> {
        let id = format!("{}-{}", pickup.0, hold.0.sku);
        Ok(Parcel(self.books.once(&cx.idempotency_key(), &id).await?))
    }
}

/// The service in front of a mail provider.
pub struct MailService {
    /// What was sent.
    pub outbox: Ledger,
}

impl Mail for MailService {
    async fn dispatched(
        &self, cx: &Context, customer: &str, parcels: &[Parcel],
    ) -> Result<(), Retry> {
        let text = format!("{customer}: {} parcels are on their way", parcels.len());
        self.outbox.once(&cx.idempotency_key(), &text).await?;
        Ok(())
    }
}

/// The five services with a database or a partner each, as they stand between two sagas.
#[derive(Clone, Default)]
pub struct Shop {
    /// The database of the warehouse.
    pub warehouse: MemoryStore,
    /// The database of the fraud team.
    pub fraud: MemoryStore,
    /// The databases of the payments, the carrier's and the mail's service: the barrier's records alone.
    pub outside: [MemoryStore; 3],
    /// The books of the bank and of the carrier, and what was sent.
    pub partners: MemoryStore,
}

impl Shop {
    /// A shop with tea, cups and two pots, some paper, and two customers that it has heard of.
    ///
    /// # Errors
    ///
    /// The store's.
    pub async fn open() -> Result<Self, StoreError> {
        let shop = Self::default();
        for (sku, on_hand) in [("tea", 10), ("pot", 2), ("cup", 6)] {
            let sku = sku.to_owned();
            let shelf = Shelf { sku, on_hand };
            SHELVES.put(&shop.warehouse, &shelf).await?;
        }
        for (customer, score) in [("bob", 60), ("mallory", 95)] {
            let customer = customer.to_owned();
            let record = Record { customer, score };
            RECORDS.put(&shop.fraud, &record).await?;
        }
        let kind = GOLD.to_owned();
        let paper = Paper { kind, sheets: 9 };
        PAPER.put(&shop.warehouse, &paper).await?;
        Ok(shop)
    }

    /// The services, as they would be on Lambda.
    pub fn handlers(&self) -> [Handler; 5] {
        let [payments, carrier, mail] = self.outside.clone();
        let [bank, books, outbox] =
            ["bank", "carrier", "outbox"].map(|name| Ledger::new(name, self.partners.clone()));
        [
            fulfil_order::serve_warehouse(WarehouseService, self.warehouse.clone()),
            fulfil_order::serve_fraud(FraudService, self.fraud.clone()),
            fulfil_order::serve_payments(PaymentService { bank }, payments),
            fulfil_order::serve_carrier(CarrierService { books }, carrier),
            fulfil_order::serve_mail(MailService { outbox }, mail),
        ]
    }

    /// An engine for the saga, with these services.
    pub fn engine(&self) -> Engine<FulfilOrder, Dispatch> {
        self.handlers()
            .into_iter()
            .fold(Engine::new(fulfil_order::FULFIL_ORDER), Engine::with)
    }

    /// What is in the stores, for the reader.
    pub fn stores(&self) -> Stores {
        let mut stores = Stores::default();
        stores.add("warehouse", &self.warehouse);
        stores.add("fraud", &self.fraud);
        stores.add_outside("bank", "entry", entries(&self.partners, "bank"));
        stores.add_outside("carrier", "entry", entries(&self.partners, "carrier"));
        stores.add_outside("mail", "sent", entries(&self.partners, "outbox"));
        stores
    }
}

/// An order of tea, as many pots, and cups, to Lisbon.
pub fn order(id: &str, customer: &str, pots: u32) -> FulfilOrder {
    let line = |sku: &str, quantity| Line {
        sku: sku.to_owned(),
        quantity,
    };
    FulfilOrder {
        order_id: id.to_owned(),
        customer: customer.to_owned(),
        city: "Lisbon".to_owned(),
        lines: vec![line("tea", 2), line("pot", pots), line("cup", 2)],
        gift: true,
        card: "visa".to_owned(),
        total: 6_990,
    }
}

/// The five runs that `cargo run` shows, one after the other in one shop.
///
/// # Errors
///
/// The engine's, if a run cannot start.
pub async fn scenarios(shop: &Shop) -> Result<Vec<Scenario>, saga_local::Error> {
    // The second line's delivery and its three retries take effect at most once, and nobody hears of it.
    let lost = Fault::TimeoutAfterEffect.item(&[1]).times(4);
    let silent = shop.engine().fault("warehouse.reserve", lost);
    let to_the_north = FulfilOrder {
        city: "Oslo".to_owned(),
        ..order("order-3", "bob", 1)
    };
    let runs = [
        (
            "everything works",
            shop.engine(),
            order("order-1", "ada", 1),
        ),
        (
            "of three lines one is out of stock, so the other two are released",
            shop.engine(),
            order("order-2", "ada", 2),
        ),
        (
            "no van is left while the bank is asked, so money, paper, case and goods go back",
            shop.engine(),
            to_the_north,
        ),
        (
            "the warehouse never answers for one line, so nobody knows whether it is held",
            silent,
            order("order-4", "ada", 1),
        ),
        (
            "the fraud check says no, after everything was held",
            shop.engine(),
            order("order-5", "mallory", 1),
        ),
    ];
    let mut scenarios = Vec::new();
    for (title, engine, order) in runs {
        let run = engine.start(&order.order_id, &order).await?;
        scenarios.push(Scenario::new(title, &run, &engine));
    }
    Ok(scenarios)
}

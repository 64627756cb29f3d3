//! An order across four services: orders and stock write to their own databases, payments and shipping act outside.

// The contract's module is called as its flow; so is this file.
#![allow(clippy::module_inception)]

use saga_local::{Engine, Fault};
use saga_runtime::prelude::*;
use saga_runtime::store::StoreError;
use saga_runtime::{Handler, MemoryStore, Store};

use crate::partner::{Ledger, entries};
use crate::report::{Scenario, Stores};
use place_order::{
    Charge, Hold, Line, OrderId, Orders, Parcel, PaymentError, Payments, PlaceOrder, Receipt,
    Shipping, Stock, StockError,
};

/// Places an order: stock held, card charged, parcel shipped, or nothing at all.
#[saga(deadline = "15m")]
pub mod place_order {
    use saga_runtime::prelude::*;

    /// What the customer sends.
    #[derive(Clone, Debug, Serialize, Deserialize)]
    pub struct PlaceOrder {
        /// The shop's number for the order.
        pub order_id: String,
        /// What is ordered.
        pub lines: Vec<Line>,
        /// The card's token.
        pub card: String,
        /// The price in cents.
        pub total: u64,
    }

    /// One line of an order.
    #[derive(Clone, Debug, Serialize, Deserialize)]
    pub struct Line {
        /// What.
        pub sku: String,
        /// How many.
        pub quantity: u32,
    }

    /// An order that exists.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct OrderId(pub String);

    /// Stock that is set aside.
    #[derive(Clone, Debug, Serialize, Deserialize)]
    pub struct Hold {
        /// What was taken from the shelves.
        pub lines: Vec<Line>,
    }

    /// A payment.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct Charge {
        /// The payment provider's number.
        pub id: String,
        /// In cents.
        pub amount: u64,
    }

    /// A parcel on its way.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct Parcel {
        /// The carrier's number.
        pub tracking: String,
    }

    /// What the customer gets.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct Receipt {
        /// The order.
        pub order: OrderId,
        /// The payment.
        pub charge: Charge,
        /// The parcel.
        pub parcel: Parcel,
    }

    /// Why an order is not taken.
    #[derive(Debug, thiserror::Error)]
    pub enum OrderError {
        /// Under this number there is another order.
        #[error("order {order_id} exists already")]
        Exists {
            /// The number.
            order_id: String,
        },
    }

    /// Why stock is not set aside.
    #[derive(Debug, thiserror::Error)]
    pub enum StockError {
        /// Not enough on the shelves.
        #[error("{sku} is out of stock")]
        OutOfStock {
            /// What is missing.
            sku: String,
        },
        /// Retried by the step's policy; every other variant is a rejection.
        #[transient]
        #[error("the warehouse is busy")]
        Busy,
    }

    /// Why a card is not charged.
    #[derive(Debug, thiserror::Error)]
    pub enum PaymentError {
        /// The bank says no.
        #[error("the card was declined")]
        Declined,
        /// Tried again until the bank says yes or no.
        #[transient]
        #[error("the bank does not answer")]
        NoAnswer,
    }

    /// Keeps the orders.
    pub trait Orders {
        /// Writes the order down.
        #[step(compensate = cancel)]
        async fn create(&self, tx: &mut Tx, cmd: &PlaceOrder) -> Result<OrderId, OrderError>;
        /// Strikes the order out.
        #[compensation]
        async fn cancel(&self, tx: &mut Tx, order: OrderId) -> Result<(), Retry>;
    }

    /// Keeps the shelves.
    pub trait Stock {
        /// Sets the goods aside.
        #[step(compensate = release, retry(max_attempts = 4, interval = "1s", backoff = 2.0), timeout = "10s")]
        async fn reserve(
            &self, tx: &mut Tx, order: &OrderId, lines: &[Line],
        ) -> Result<Hold, StockError>;
        /// Puts the goods back.
        #[compensation]
        async fn release(&self, tx: &mut Tx, hold: Hold) -> Result<(), Retry>;
    }

    /// Takes the money.
    pub trait Payments {
        /// Charges the card: the point of no return.
        #[step(pivot, timeout = "30s")]
        async fn charge(
            &self, cx: &Context, order: &OrderId, card: &str, total: u64,
        ) -> Result<Charge, PaymentError>;
    }

    /// Sends the parcels.
    pub trait Shipping {
        /// Hands the goods to the carrier.
        #[step(retriable)]
        async fn ship(&self, cx: &Context, order: &OrderId, hold: &Hold) -> Result<Parcel, Retry>;
    }

    /// Places an order: stock held, card charged, parcel shipped, or nothing at all.
    pub async fn place_order(
        orders: &impl Orders, stock: &impl Stock, payments: &impl Payments,
        shipping: &impl Shipping, cmd: PlaceOrder,
    ) -> Result<Receipt, Rejection> {
        let order = orders.create(&cmd).await?;
        let hold = stock.reserve(&order, &cmd.lines).await?;
        let charge = payments.charge(&order, &cmd.card, cmd.total).await?;
        let parcel = shipping.ship(&order, &hold).await?;
        Ok(Receipt {
            order,
            charge,
            parcel,
        })
    }
}

/// An order in the database of the orders service.
#[derive(Serialize, Deserialize)]
struct Order {
    order_id: String,
    total: u64,
}

/// A shelf in the database of the stock service.
#[derive(Serialize, Deserialize)]
struct Shelf {
    sku: String,
    on_hand: u32,
}

const ORDERS: Table<Order> = Table::new("orders", "order_id");
const SHELVES: Table<Shelf> = Table::new("shelves", "sku");

/// The orders service: all its effects are writes to its own database.
pub struct OrderService;

impl Orders for OrderService {
    async fn create(
        &self, tx: &mut Tx, cmd: &PlaceOrder,
    ) -> Result<OrderId, place_order::OrderError> {
        let exists = place_order::OrderError::Exists {
            order_id: cmd.order_id.clone(),
        };
        tx.insert(
            &ORDERS,
            &Order {
                order_id: cmd.order_id.clone(),
                total: cmd.total,
            },
            exists,
        );
        Ok(OrderId(cmd.order_id.clone()))
    }

    async fn cancel(&self, tx: &mut Tx, order: OrderId) -> Result<(), Retry> {
        tx.delete(&ORDERS, order.0.as_str());
        Ok(())
    }
}

/// The stock service: what may not fall below zero is a condition of the write.
pub struct StockService;

impl Stock for StockService {
    async fn reserve(
        &self, tx: &mut Tx, _order: &OrderId, lines: &[Line],
    ) -> Result<Hold, StockError> {
        for line in lines {
            tx.update(&SHELVES, line.sku.as_str())
                .subtract("on_hand", line.quantity)
                .only_if(
                    field("on_hand").at_least(line.quantity),
                    StockError::OutOfStock {
                        sku: line.sku.clone(),
                    },
                );
        }
        Ok(Hold {
            lines: lines.to_vec(),
        })
    }

    async fn release(&self, tx: &mut Tx, hold: Hold) -> Result<(), Retry> {
        for line in hold.lines {
            tx.update(&SHELVES, line.sku.as_str())
                .add("on_hand", line.quantity);
        }
        Ok(())
    }
}

/// The payments service, in front of a bank.
pub struct PaymentService {
    /// The bank's books.
    pub bank: Ledger,
}

impl Payments for PaymentService {
    async fn charge(
        &self, cx: &Context, order: &OrderId, card: &str, total: u64,
    ) -> Result<Charge, PaymentError> {
        if card == "expired" {
            return Err(PaymentError::Declined);
        }
        let id = format!("charge-{}", order.0);
        match self.bank.once(&cx.idempotency_key(), &id).await {
            Ok(id) => Ok(Charge { id, amount: total }),
            Err(_) => Err(PaymentError::NoAnswer),
        }
    }
}

/// The shipping service, in front of a carrier.
pub struct ShippingService {
    /// The carrier's books.
    pub carrier: Ledger,
}

impl Shipping for ShippingService {
    async fn ship(&self, cx: &Context, order: &OrderId, _hold: &Hold) -> Result<Parcel, Retry> {
        let tracking = format!("parcel-{}", order.0);
        let tracking = self.carrier.once(&cx.idempotency_key(), &tracking).await?;
        Ok(Parcel { tracking })
    }
}

/// Puts ten packets of tea on the shelves of the stock service's database.
///
/// # Errors
///
/// The store's.
pub async fn fill_shelves(stock: &impl Store) -> Result<(), StoreError> {
    let tea = Shelf {
        sku: "tea".to_owned(),
        on_hand: 10,
    };
    SHELVES.put(stock, &tea).await
}

/// The four services with a database or a partner each, as they stand between two sagas.
#[derive(Clone, Default)]
pub struct Shop {
    /// The database of the orders service.
    pub orders: MemoryStore,
    /// The database of the stock service.
    pub stock: MemoryStore,
    /// The database of the payments service: the barrier's records alone.
    pub payments: MemoryStore,
    /// The database of the shipping service: the barrier's records alone.
    pub shipping: MemoryStore,
    /// The books of the bank and of the carrier.
    pub partners: MemoryStore,
}

impl Shop {
    /// A shop with ten packets of tea.
    ///
    /// # Errors
    ///
    /// The store's.
    pub async fn open() -> Result<Self, StoreError> {
        let shop = Self::default();
        fill_shelves(&shop.stock).await?;
        Ok(shop)
    }

    /// The services, as they would be on Lambda.
    pub fn handlers(&self) -> [Handler; 4] {
        let bank = Ledger::new("bank", self.partners.clone());
        let carrier = Ledger::new("carrier", self.partners.clone());
        [
            place_order::serve_orders(OrderService, self.orders.clone()),
            place_order::serve_stock(StockService, self.stock.clone()),
            place_order::serve_payments(PaymentService { bank }, self.payments.clone()),
            place_order::serve_shipping(ShippingService { carrier }, self.shipping.clone()),
        ]
    }

    /// An engine for the saga, with these services.
    pub fn engine(&self) -> Engine<PlaceOrder, Receipt> {
        self.handlers()
            .into_iter()
            .fold(Engine::new(place_order::PLACE_ORDER), Engine::with)
    }

    /// What is in the stores, for the reader.
    pub fn stores(&self) -> Stores {
        let mut stores = Stores::default();
        stores.add("orders", &self.orders);
        stores.add("stock", &self.stock);
        stores.add_outside("bank", "charge", entries(&self.partners, "bank"));
        stores.add_outside("carrier", "parcel", entries(&self.partners, "carrier"));
        stores
    }
}

/// An order of two packets of tea.
pub fn order(id: &str, card: &str) -> PlaceOrder {
    PlaceOrder {
        order_id: id.to_owned(),
        lines: vec![Line {
            sku: "tea".to_owned(),
            quantity: 2,
        }],
        card: card.to_owned(),
        total: 990,
    }
}

/// The three runs that `cargo run` shows, one after the other in one shop.
///
/// # Errors
///
/// The engine's, if a run cannot start.
pub async fn scenarios(shop: &Shop) -> Result<Vec<Scenario>, saga_local::Error> {
    let committed = shop.engine();
    let run = committed
        .start("order-1", &order("order-1", "visa"))
        .await?;
    let first = Scenario::new("everything works", &run, &committed);

    let declined = shop.engine();
    let run = declined
        .start("order-2", &order("order-2", "expired"))
        .await?;
    let second = Scenario::new(
        "the bank declines the card, after stock was held",
        &run,
        &declined,
    );

    // The action and its three retries take effect at most once, and nobody hears of it.
    let silent = shop
        .engine()
        .fault("stock.reserve", Fault::TimeoutAfterEffect.times(4));
    let run = silent.start("order-3", &order("order-3", "visa")).await?;
    let third = Scenario::new(
        "the warehouse never answers, so nobody knows whether stock is held",
        &run,
        &silent,
    );
    Ok(vec![first, second, third])
}

//! The order of `place_order` without an orchestrator: the same four services, each of which reacts to what the others say.

// The contract's module is called as this file.
#![allow(clippy::module_inception)]

use saga_local::{Bus, BusFault, BusReport};
use saga_runtime::prelude::*;
use saga_runtime::store::StoreError;
use saga_runtime::{Consumer, MemoryStore, Store};

use crate::report::Stores;
use order_events::{
    CardCharged, CardDeclined, Line, OrderCancelled, OrderCompleted, OrderError, OrderPlaced,
    Orders, ParcelSent, Payments, PlaceOrder, Shipping, Stock, StockRefused, StockReleased,
    StockReserved,
};

/// An order across four services, by events: stock held, card charged, parcel sent, or nothing at all.
#[choreography]
pub mod order_events {
    use saga_runtime::prelude::*;

    /// What the customer sends.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct Line {
        /// What.
        pub sku: String,
        /// How many.
        pub quantity: u32,
    }

    /// There is a new order.
    #[event]
    #[derive(Clone, Debug, Serialize, Deserialize)]
    pub struct OrderPlaced {
        /// The order, whole: nobody has to ask for it.
        pub order: PlaceOrder,
    }

    /// The goods are set aside.
    #[event]
    #[derive(Clone, Debug, Serialize, Deserialize)]
    pub struct StockReserved {
        /// For whom.
        pub order: PlaceOrder,
    }

    /// The goods cannot be set aside.
    #[event]
    #[derive(Clone, Debug, thiserror::Error, Serialize, Deserialize)]
    pub enum StockRefused {
        /// Not enough on the shelves.
        #[error("{sku} is out of stock")]
        OutOfStock {
            /// What is missing.
            sku: String,
        },
        /// Tried again with the next delivery; no event.
        #[transient]
        #[error("the warehouse is busy")]
        Busy,
    }

    /// The goods are back on the shelves.
    #[event(terminal)]
    #[derive(Clone, Debug, Serialize, Deserialize)]
    pub struct StockReleased {
        /// What was put back.
        pub lines: Vec<Line>,
    }

    /// The order is paid for.
    #[event]
    #[derive(Clone, Debug, Serialize, Deserialize)]
    pub struct CardCharged {
        /// What was paid for.
        pub order: PlaceOrder,
    }

    /// The bank says no.
    #[event]
    #[derive(Clone, Debug, thiserror::Error, Serialize, Deserialize)]
    #[error("the card was declined")]
    pub struct CardDeclined {
        /// Whose.
        pub order_id: String,
    }

    /// The goods are on their way.
    #[event]
    #[derive(Clone, Debug, Serialize, Deserialize)]
    pub struct ParcelSent {
        /// Whose.
        pub order_id: String,
        /// The carrier's number.
        pub tracking: String,
    }

    /// All is done.
    #[event(terminal)]
    #[derive(Clone, Debug, Serialize, Deserialize)]
    pub struct OrderCompleted {
        /// What.
        pub order_id: String,
    }

    /// The order was not to be.
    #[event(terminal)]
    #[derive(Clone, Debug, Serialize, Deserialize)]
    pub struct OrderCancelled {
        /// Which.
        pub order_id: String,
    }

    /// Why an order is not taken: told to whoever sent it, and to nobody else.
    #[derive(Debug, thiserror::Error)]
    pub enum OrderError {
        /// Under this number there is another order.
        #[error("order {order_id} exists already")]
        Exists {
            /// The number.
            order_id: String,
        },
    }

    /// Keeps the orders.
    pub trait Orders {
        /// Writes the order down.
        #[command(compensate = cancel)]
        async fn place(&self, tx: &mut Tx, cmd: &PlaceOrder) -> Result<OrderPlaced, OrderError>;
        /// Strikes the order out.
        #[on(StockRefused, CardDeclined)]
        async fn cancel(&self, tx: &mut Tx, placed: OrderPlaced) -> Result<OrderCancelled, Retry>;
        /// Notes that it is on its way.
        #[on(ParcelSent, retriable)]
        async fn complete(&self, tx: &mut Tx, sent: &ParcelSent) -> Result<OrderCompleted, Retry>;
    }

    /// Keeps the shelves.
    pub trait Stock {
        /// Sets the goods aside.
        #[on(OrderPlaced, compensate = release)]
        async fn reserve(
            &self, tx: &mut Tx, placed: &OrderPlaced,
        ) -> Result<StockReserved, StockRefused>;
        /// Puts the goods back.
        #[on(CardDeclined)]
        async fn release(&self, tx: &mut Tx, held: StockReserved) -> Result<StockReleased, Retry>;
    }

    /// Takes the money.
    pub trait Payments {
        /// Charges the card: the point of no return.
        #[on(StockReserved, pivot)]
        async fn charge(
            &self, tx: &mut Tx, reserved: &StockReserved,
        ) -> Result<CardCharged, CardDeclined>;
    }

    /// Sends the parcels.
    pub trait Shipping {
        /// Hands the goods to the carrier.
        #[on(CardCharged, retriable)]
        async fn ship(&self, tx: &mut Tx, charged: &CardCharged) -> Result<ParcelSent, Retry>;
    }
}

/// An order in the database of the orders service.
#[derive(Serialize, Deserialize)]
struct Entry {
    order_id: String,
    total: u64,
    state: String,
}

/// A shelf in the database of the stock service.
#[derive(Serialize, Deserialize)]
struct Shelf {
    sku: String,
    on_hand: u32,
}

/// What a customer has paid, in the database of the payments service.
#[derive(Serialize, Deserialize)]
struct Payment {
    order_id: String,
    cents: u64,
}

/// A parcel, in the database of the shipping service.
#[derive(Serialize, Deserialize)]
struct Parcel {
    order_id: String,
    tracking: String,
}

const ORDERS: Table<Entry> = Table::new("orders", "order_id");
const SHELVES: Table<Shelf> = Table::new("shelves", "sku");
const PAYMENTS: Table<Payment> = Table::new("payments", "order_id");
const PARCELS: Table<Parcel> = Table::new("parcels", "order_id");

/// The orders service.
pub struct OrderService;

impl Orders for OrderService {
    async fn place(&self, tx: &mut Tx, cmd: &PlaceOrder) -> Result<OrderPlaced, OrderError> {
        let entry = Entry {
            order_id: cmd.order_id.clone(),
            total: cmd.total,
            state: "placed".to_owned(),
        };
        let exists = OrderError::Exists {
            order_id: cmd.order_id.clone(),
        };
        tx.insert(&ORDERS, &entry, exists);
        Ok(OrderPlaced { order: cmd.clone() })
    }

    async fn cancel(&self, tx: &mut Tx, placed: OrderPlaced) -> Result<OrderCancelled, Retry> {
        let order_id = placed.order.order_id;
        tx.delete(&ORDERS, order_id.as_str());
        Ok(OrderCancelled { order_id })
    }

    async fn complete(&self, tx: &mut Tx, sent: &ParcelSent) -> Result<OrderCompleted, Retry> {
        tx.update(&ORDERS, sent.order_id.as_str())
            .set("state", format!("on its way as {}", sent.tracking));
        Ok(OrderCompleted {
            order_id: sent.order_id.clone(),
        })
    }
}

/// The stock service: what may not fall below zero is a condition of the write.
pub struct StockService;

impl Stock for StockService {
    async fn reserve(
        &self, tx: &mut Tx, placed: &OrderPlaced,
    ) -> Result<StockReserved, StockRefused> {
        for line in &placed.order.lines {
            let out_of_stock = StockRefused::OutOfStock {
                sku: line.sku.clone(),
            };
            tx.update(&SHELVES, line.sku.as_str())
                .subtract("on_hand", line.quantity)
                .only_if(field("on_hand").at_least(line.quantity), out_of_stock);
        }
        Ok(StockReserved {
            order: placed.order.clone(),
        })
    }

    async fn release(&self, tx: &mut Tx, held: StockReserved) -> Result<StockReleased, Retry> {
        for line in &held.order.lines {
            tx.update(&SHELVES, line.sku.as_str())
                .add("on_hand", line.quantity);
        }
        Ok(StockReleased {
            lines: held.order.lines,
        })
    }
}

/// The payments service.
pub struct PaymentService;

impl Payments for PaymentService {
    async fn charge(
        &self, tx: &mut Tx, reserved: &StockReserved,
    ) -> Result<CardCharged, CardDeclined> {
        let order = &reserved.order;
        if order.card == "expired" {
            return Err(CardDeclined {
                order_id: order.order_id.clone(),
            });
        }
        let payment = Payment {
            order_id: order.order_id.clone(),
            cents: order.total,
        };
        tx.put(&PAYMENTS, &payment);
        Ok(CardCharged {
            order: order.clone(),
        })
    }
}

/// The shipping service.
pub struct ShippingService;

impl Shipping for ShippingService {
    async fn ship(&self, tx: &mut Tx, charged: &CardCharged) -> Result<ParcelSent, Retry> {
        let parcel = Parcel {
            order_id: charged.order.order_id.clone(),
            tracking: format!("parcel-{}", charged.order.order_id),
        };
        tx.put(&PARCELS, &parcel);
        Ok(ParcelSent {
            order_id: parcel.order_id,
            tracking: parcel.tracking,
        })
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

/// The four services, each with a database of its own.
#[derive(Clone, Default)]
pub struct Shop {
    /// The database of the orders service.
    pub orders: MemoryStore,
    /// The database of the stock service.
    pub stock: MemoryStore,
    /// The database of the payments service.
    pub payments: MemoryStore,
    /// The database of the shipping service.
    pub shipping: MemoryStore,
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
    pub fn consumers(&self) -> [Consumer; 4] {
        [
            order_events::serve_orders(OrderService, self.orders.clone()),
            order_events::serve_stock(StockService, self.stock.clone()),
            order_events::serve_payments(PaymentService, self.payments.clone()),
            order_events::serve_shipping(ShippingService, self.shipping.clone()),
        ]
    }

    /// A bus between these services.
    pub fn bus(&self) -> Bus {
        self.consumers()
            .into_iter()
            .fold(Bus::new(order_events::ORDER_EVENTS), Bus::with)
    }

    /// What is in the stores, for the reader.
    pub fn stores(&self) -> Stores {
        let mut stores = Stores::default();
        stores.add("orders", &self.orders);
        stores.add("stock", &self.stock);
        stores.add("payments", &self.payments);
        stores.add("shipping", &self.shipping);
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

/// The four runs that `cargo run` shows, one after the other in one shop.
///
/// # Errors
///
/// The bus's, if a command is not taken.
pub async fn scenarios(shop: &Shop) -> Result<Vec<(&'static str, BusReport)>, saga_local::Error> {
    let all_well = shop.bus();
    let declined = shop.bus();
    let sold_out = shop.bus();
    // The relay dies after it published, so that the event comes twice; and the warehouse dies after its commit.
    let crashing = shop
        .bus()
        .fault("OrderPlaced", BusFault::RelayCrashAfter)
        .fault("stock.reserve", BusFault::CrashAfterCommit);
    let mut much = order("order-3", "visa");
    much.lines[0].quantity = 11;
    let runs = [
        ("everything works", all_well, order("order-1", "visa")),
        (
            "the bank declines the card, after stock was held",
            declined,
            order("order-2", "expired"),
        ),
        ("there is not so much tea", sold_out, much),
        (
            "messages come twice, and a process dies",
            crashing,
            order("order-4", "visa"),
        ),
    ];
    let mut reports = Vec::new();
    for (title, mut bus, order) in runs {
        let id = order.order_id.clone();
        bus.send(&order_events::ORDERS_PLACE, &id, &order).await?;
        bus.settle().await;
        reports.push((title, bus.report(&id)));
    }
    Ok(reports)
}

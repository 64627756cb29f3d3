// What the tests compile; the example itself says more in its comments.
/// An order across four services, without an orchestrator.
pub mod order_events {
    use saga_runtime::prelude::*;
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct PlaceOrder { pub order_id: String, pub lines: Vec<Line>, pub card: String, pub total: u64 }
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct Line { pub sku: String, pub quantity: u32 }
    /// Somebody wants something.
    #[event] #[derive(Clone, Debug, Serialize, Deserialize)]
    pub struct OrderPlaced { pub order: PlaceOrder }
    #[event] #[derive(Clone, Debug, Serialize, Deserialize)]
    pub struct StockReserved { pub order: PlaceOrder }
    #[event] #[derive(Clone, Debug, Serialize, Deserialize)]
    pub struct CardCharged { pub order: PlaceOrder, pub charge: String }
    #[event] #[derive(Clone, Debug, Serialize, Deserialize)]
    pub struct ParcelSent { pub order_id: String, pub tracking: String }
    #[event(terminal)] #[derive(Clone, Debug, Serialize, Deserialize)]
    pub struct OrderCompleted { pub order_id: String }
    #[event(terminal)] #[derive(Clone, Debug, Serialize, Deserialize)]
    pub struct StockReleased { pub lines: Vec<Line> }
    #[event(terminal)] #[derive(Clone, Debug, Serialize, Deserialize)]
    pub struct OrderCancelled { pub order_id: String }
    #[event] #[derive(Debug, thiserror::Error, Serialize, Deserialize)]
    pub enum StockRefused {
        #[error("{sku} is out of stock")] OutOfStock { sku: String },
        #[transient] #[error("the warehouse is busy")] Busy,
    }
    #[event] #[derive(Debug, thiserror::Error, Serialize, Deserialize)]
    #[error("the card was declined")] pub struct CardDeclined { pub order_id: String }
    #[derive(Debug, thiserror::Error)] pub enum OrderError { #[error("order {order_id} exists already")] Exists { order_id: String } }

    pub trait Orders {
        #[command(compensate = cancel)]
        async fn place(&self, tx: &mut Tx, cmd: PlaceOrder) -> Result<OrderPlaced, OrderError>;
        #[on(StockRefused, CardDeclined)]
        async fn cancel(&self, tx: &mut Tx, placed: &OrderPlaced) -> Result<OrderCancelled, Retry>;
        #[on(ParcelSent, retriable)]
        async fn complete(&self, tx: &mut Tx, sent: &ParcelSent) -> Result<OrderCompleted, Retry>;
    }
    pub trait Stock {
        /// Takes it off the shelf.
        #[on(OrderPlaced, compensate = release)]
        async fn reserve(&self, tx: &mut Tx, placed: &OrderPlaced) -> Result<StockReserved, StockRefused>;
        #[on(CardDeclined)]
        async fn release(&self, tx: &mut Tx, held: StockReserved) -> Result<StockReleased, Retry>;
    }
    pub trait Payments {
        #[on(StockReserved, pivot)]
        async fn charge(&self, tx: &mut Tx, reserved: &StockReserved) -> Result<CardCharged, CardDeclined>;
    }
    pub trait Shipping {
        #[on(CardCharged, retriable)]
        async fn ship(&self, tx: &mut Tx, charged: &CardCharged) -> Result<ParcelSent, Retry>;
    }
}

use saga_runtime::MemoryStore;
use saga_runtime::prelude::*;

#[choreography]
pub mod orders {
    use saga_runtime::prelude::*;

    #[derive(Serialize, Deserialize)]
    pub struct Order {
        pub id: String,
    }

    #[event]
    #[derive(Serialize, Deserialize)]
    pub struct Placed {
        pub order: Order,
    }

    #[event]
    #[derive(Serialize, Deserialize)]
    pub struct Reserved {
        pub hold: String,
    }

    #[event(terminal)]
    #[derive(Debug)]
    pub struct Charged;

    #[event]
    #[derive(Debug, thiserror::Error, Serialize, Deserialize)]
    #[error("the card was declined")]
    pub struct Declined;

    pub trait Shop {
        #[command(compensate = cancel)]
        async fn place(&self, tx: &mut Tx, order: Order) -> Result<Placed, Retry>;
        #[on(Declined)]
        async fn cancel(&self, tx: &mut Tx, placed: &Placed) -> Result<(), Retry>;
    }

    pub trait Stock {
        #[on(Placed, compensate = release)]
        async fn reserve(&self, tx: &mut Tx, placed: &Placed) -> Result<Reserved, Retry>;
        #[on(Declined)]
        async fn release(&self, tx: &mut Tx, held: Reserved) -> Result<(), Retry>;
    }

    pub trait Payments {
        #[on(Reserved, pivot)]
        async fn charge(&self, tx: &mut Tx, reserved: &Reserved) -> Result<Charged, Declined>;
    }
}

struct Service;

impl orders::Stock for Service {
    async fn reserve(&self, _: &mut Tx, placed: &orders::Placed) -> Result<orders::Reserved, Retry> {
        let hold = placed.order.id.clone();
        Ok(orders::Reserved { hold })
    }

    async fn release(&self, _: &mut Tx, _: orders::Reserved) -> Result<(), Retry> {
        Ok(())
    }
}

fn main() {
    let _ = orders::ORDERS.name();
    let _ = orders::SHOP_PLACE.payload("order-1", &orders::Order { id: String::new() });
    let _ = orders::serve_stock(Service, MemoryStore::new());
    let _ = saga_runtime::StepError::error_type(&orders::Declined);
}

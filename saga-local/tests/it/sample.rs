//! AWS's own saga sample under the fault matrix, beside the same saga by `#[saga]`: what the guide's tables show.
//!
//! The sample is `aws-samples/aws-step-functions-long-lived-transactions`, rendered in JSONata; its functions do here what
//! they do there, without the notifications. What counts is what is open in the end: an order that is pending is as good
//! as none, and money that was given back as money that was never taken.

#![allow(
    dead_code,
    reason = "of some contracts, all that runs is what the matrix says in their steps' place"
)]

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use saga_local::{Case, FaultMatrix, MatrixReport, World};
use saga_runtime::prelude::*;
use saga_runtime::{MemoryStore, Rejection};
use serde_json::{Value, json};

use crate::support::block_on;

const SAMPLE: &str = include_str!("../../docs/order-sample.asl.json");
const GUIDE: &str = include_str!("../../docs/fault-matrix.md");

/// The tables of the sample's functions, with a row for each write.
#[derive(Clone, Default)]
struct Tables(Arc<Mutex<Open>>);

#[derive(Default)]
struct Open {
    is_new: bool,
    debits: i64,
    credits: i64,
    reserved: i64,
    released: i64,
}

impl Tables {
    fn with<T>(&self, change: impl FnOnce(&mut Open) -> T) -> T {
        change(&mut self.0.lock().unwrap())
    }

    fn world(&self) -> World {
        let function = |change: fn(&mut Open) -> Result<(), Rejection>| {
            let tables = self.clone();
            move |order: Value| tables.with(change).map(|()| order)
        };
        let sure = |change: fn(&mut Open)| {
            let tables = self.clone();
            move |order: Value| {
                tables.with(change);
                Ok(order)
            }
        };
        let tables = self.clone();
        World::new([])
            .function("NewOrderFunction", sure(Open::write_order))
            .function("DebitPaymentFunction", sure(Open::debit))
            .function("ReserveInventoryFunction", sure(Open::reserve))
            .function("ReleaseInventoryFunction", function(Open::release))
            .function("CreditPaymentFunction", function(Open::credit))
            .function("UpdateOrderFunction", function(Open::update_order))
            .watch("open", move || tables.with(|open| open.net()))
    }
}

impl Open {
    fn write_order(&mut self) {
        self.is_new = true;
    }

    /// Each payment has a number of its own, so that a second one is another.
    fn debit(&mut self) {
        self.debits += 1;
    }

    fn reserve(&mut self) {
        self.reserved += 1;
    }

    fn release(&mut self) -> Result<(), Rejection> {
        if self.reserved == 0 {
            return Err(nothing_there());
        }
        self.released += 1;
        Ok(())
    }

    fn credit(&mut self) -> Result<(), Rejection> {
        if self.debits == 0 {
            return Err(nothing_there());
        }
        self.credits += 1;
        Ok(())
    }

    /// An order that is not found is written back without its key, which the database refuses.
    fn update_order(&mut self) -> Result<(), Rejection> {
        if !self.is_new {
            return Err(Rejection::new("ErrUpdateOrderStatus", "the key is empty"));
        }
        self.is_new = false;
        Ok(())
    }

    fn net(&self) -> Value {
        json!({
            "new orders": u64::from(self.is_new),
            "money": self.debits - self.credits,
            "goods": self.reserved - self.released,
        })
    }
}

/// As in the sample, a row that was not found is taken out of an empty list.
fn nothing_there() -> Rejection {
    Rejection::new("runtime.boundsError", "index out of range [0]")
}

fn sample() -> MatrixReport {
    let matrix = FaultMatrix::from_asl("sample", SAMPLE, || async { Tables::default().world() })
        .input("order", &json!({ "order_id": "1" }))
        .rejects("write order", "ErrProcessOrder")
        .rejects("take payment", "ErrProcessPayment")
        .rejects("reserve goods", "ErrReserveInventory")
        .undoes("mark order", "write order")
        .undoes("give money back", "take payment")
        .undoes("release goods", "reserve goods")
        .pairs(0);
    block_on(matrix.run())
}

/// Takes an order.
#[saga(deadline = "15m")]
mod order {
    use saga_runtime::prelude::*;

    #[derive(Clone, Debug, Serialize, Deserialize)]
    pub(super) struct Order {
        pub(super) order_id: String,
    }

    #[derive(Debug, thiserror::Error)]
    pub(super) enum OrderError {
        #[error("there is such an order")]
        Exists,
    }

    #[derive(Debug, thiserror::Error)]
    pub(super) enum PaymentError {
        #[error("declined")]
        Declined,
    }

    #[derive(Debug, thiserror::Error)]
    pub(super) enum StockError {
        #[error("sold out")]
        SoldOut,
    }

    pub(super) trait Orders {
        #[step(compensate = mark)]
        async fn write(&self, tx: &mut Tx, id: &str) -> Result<(), OrderError>;
        #[compensation]
        async fn mark(&self, tx: &mut Tx, id: &str) -> Result<(), Retry>;
    }

    pub(super) trait Payments {
        #[step(compensate = give_back)]
        async fn take(&self, cx: &Context, id: &str) -> Result<(), PaymentError>;
        #[compensation]
        async fn give_back(&self, cx: &Context, id: &str) -> Result<(), Retry>;
    }

    pub(super) trait Goods {
        #[step(compensate = release)]
        async fn reserve(&self, tx: &mut Tx, id: &str) -> Result<(), StockError>;
        #[compensation]
        async fn release(&self, tx: &mut Tx, id: &str) -> Result<(), Retry>;
    }

    pub(super) async fn order(
        orders: &impl Orders, payments: &impl Payments, goods: &impl Goods, order: Order,
    ) -> Result<(), Rejection> {
        orders.write(&order.order_id).await?;
        payments.take(&order.order_id).await?;
        goods.reserve(&order.order_id).await?;
        Ok(())
    }
}

#[derive(Serialize, Deserialize)]
struct Row {
    id: String,
}

const ORDERS: Table<Row> = Table::new("orders", "id");
const GOODS: Table<Row> = Table::new("goods", "id");

#[derive(Clone, Default)]
struct Shop {
    /// The payments that stand, by idempotency key.
    bank: Arc<Mutex<Vec<String>>>,
}

impl Shop {
    fn world(self) -> World {
        let bank = Arc::clone(&self.bank);
        World::new([
            order::serve_orders(self.clone(), MemoryStore::new()),
            order::serve_payments(self.clone(), MemoryStore::new()),
            order::serve_goods(self, MemoryStore::new()),
        ])
        .watch("bank", move || json!(*bank.lock().unwrap()))
    }
}

impl order::Orders for Shop {
    async fn write(&self, tx: &mut Tx, id: &str) -> Result<(), order::OrderError> {
        tx.insert(&ORDERS, &Row { id: id.into() }, order::OrderError::Exists);
        Ok(())
    }

    async fn mark(&self, tx: &mut Tx, id: &str) -> Result<(), Retry> {
        tx.delete(&ORDERS, id);
        Ok(())
    }
}

impl order::Payments for Shop {
    async fn take(&self, cx: &Context, _id: &str) -> Result<(), order::PaymentError> {
        let mut bank = self.bank.lock().unwrap();
        let key = cx.idempotency_key();
        if !bank.contains(&key) {
            bank.push(key);
        }
        Ok(())
    }

    async fn give_back(&self, cx: &Context, _id: &str) -> Result<(), Retry> {
        self.bank
            .lock()
            .unwrap()
            .retain(|key| *key != cx.idempotency_key());
        Ok(())
    }
}

impl order::Goods for Shop {
    async fn reserve(&self, tx: &mut Tx, id: &str) -> Result<(), order::StockError> {
        tx.insert(&GOODS, &Row { id: id.into() }, order::StockError::SoldOut);
        Ok(())
    }

    async fn release(&self, tx: &mut Tx, id: &str) -> Result<(), Retry> {
        tx.delete(&GOODS, id);
        Ok(())
    }
}

fn ours() -> MatrixReport {
    let matrix = FaultMatrix::new(order::ORDER, || async { Shop::default().world() }).input(
        "order",
        &order::Order {
            order_id: "1".into(),
        },
    );
    block_on(matrix.run())
}

/// The single faults that both have in common, in the guide's order.
const FAULTS: [&str; 9] = [
    "rejected",
    "throttled",
    "timeout before the effect",
    "timeout after the effect",
    "crash before the effect",
    "crash after the effect",
    "panic",
    "duplicate delivery",
    "late delivery",
];

/// One fault at one action, once.
fn single<'a>(report: &'a MatrixReport, state: &str, fault: &str) -> &'a Case {
    let case = report.cases().iter().find(|case| match case.injected() {
        [one] => one.state() == state && !one.is_every_time() && one.fault().starts_with(fault),
        _ => false,
    });
    case.unwrap_or_else(|| panic!("there is no case of `{fault}` at `{state}`"))
}

fn table(report: &MatrixReport, states: [&str; 3]) -> String {
    let mut text = format!(
        "| fault | {} |\n|---|---|---|---|\n",
        states.map(|state| format!("`{state}`")).join(" | ")
    );
    let mut broken = 0;
    for fault in FAULTS {
        let cells = states.map(|state| {
            let case = single(report, state, fault);
            broken += usize::from(!case.is_consistent());
            let problems: Vec<String> = case.problems().iter().map(ToString::to_string).collect();
            match problems.join("; ") {
                none if none.is_empty() => case.end().to_string(),
                problems => format!("**{problems}**"),
            }
        });
        writeln!(text, "| {fault} | {} |", cells.join(" | ")).unwrap();
    }
    writeln!(text, "\nOf 27 single faults, {broken} end inconsistently.").unwrap();
    text
}

#[track_caller]
fn shown(table: &str) {
    assert!(
        GUIDE.contains(table),
        "the guide does not show this table; paste it:\n\n{table}"
    );
}

#[test]
fn the_guide_shows_where_the_sample_breaks() {
    let report = sample();
    shown(&table(
        &report,
        ["write order", "take payment", "reserve goods"],
    ));
    let broken = report.broken().count();
    assert!(broken > 20, "{broken}");
}

#[test]
fn the_guide_shows_that_the_same_saga_here_does_not() {
    let report = ours();
    shown(&table(
        &report,
        ["orders.write", "payments.take", "goods.reserve"],
    ));
    report.assert_complete();
}

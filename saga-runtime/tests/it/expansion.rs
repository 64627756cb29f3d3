//! A participant written out by hand in the shape that `#[saga]` expands to, so that its closures keep being inferred.

use std::sync::Arc;

use saga_runtime::__private::{Action, Compensation, HandlerBuilder, serde, serde_json};
use saga_runtime::prelude::*;
use saga_runtime::{Handler, Kind, Store};

use crate::transactional::TestError;
use crate::world::{World, show};

#[derive(Serialize, Deserialize)]
#[serde(crate = "serde", transparent)]
struct OrderId(String);

#[derive(Serialize, Deserialize)]
#[serde(crate = "serde")]
struct Hold {
    lines: usize,
}

trait Stock {
    fn reserve(
        &self, tx: &mut Tx, order: &OrderId, lines: &[String],
    ) -> impl Future<Output = Result<Hold, TestError>> + Send;
    fn release(
        &self, tx: &mut Tx, order: &OrderId, hold: Hold,
    ) -> impl Future<Output = Result<(), Retry>> + Send;
    fn charge(
        &self, cx: &Context, order: &OrderId,
    ) -> impl Future<Output = Result<u64, Retry>> + Send;
    fn refund(
        &self, cx: &Context, charge: Outcome<u64>,
    ) -> impl Future<Output = Result<(), Retry>> + Send;
}

struct Service;

#[derive(Serialize, Deserialize)]
struct Row {
    id: String,
    lines: usize,
}

const ROWS: Table<Row> = Table::new("rows", "id");

impl Stock for Service {
    async fn reserve(
        &self, tx: &mut Tx, order: &OrderId, lines: &[String],
    ) -> Result<Hold, TestError> {
        tx.get(&ROWS, &order.0).await;
        tx.put(
            &ROWS,
            &Row {
                id: order.0.clone(),
                lines: lines.len(),
            },
        );
        Ok(Hold { lines: lines.len() })
    }

    async fn release(&self, tx: &mut Tx, order: &OrderId, hold: Hold) -> Result<(), Retry> {
        let lines = i64::try_from(hold.lines)?;
        tx.update(&ROWS, &order.0).subtract("lines", lines);
        Ok(())
    }

    async fn charge(&self, cx: &Context, order: &OrderId) -> Result<u64, Retry> {
        Ok(u64::try_from(order.0.len() + cx.step().len())?)
    }

    async fn refund(&self, _: &Context, charge: Outcome<u64>) -> Result<(), Retry> {
        match charge {
            Outcome::Done(12) => Ok(()),
            other => Err(Retry::new(format!("not the charge: {other:?}"))),
        }
    }
}

fn serve_stock<S: Stock + Send + Sync + 'static>(service: S, store: impl Store) -> Handler {
    #[derive(serde::Deserialize)]
    #[serde(crate = "serde")]
    struct ReserveInput {
        order: OrderId,
        lines: Vec<String>,
    }
    #[derive(serde::Deserialize)]
    #[serde(crate = "serde")]
    struct ReleaseArgs {
        order: OrderId,
    }
    #[derive(serde::Deserialize)]
    #[serde(crate = "serde")]
    struct ChargeInput {
        order: OrderId,
    }
    #[derive(serde::Deserialize)]
    #[serde(crate = "serde")]
    struct RefundArgs {}

    let service = Arc::new(service);
    HandlerBuilder::new("Stock", "stock", "StockFunctionArn", store)
        .start::<serde_json::Value>("place_order", &["/total"])
        .step(
            "reserve",
            Action::tx(Kind::Compensatable, &["order"], {
                let service = Arc::clone(&service);
                move |tx, input: ReserveInput| {
                    let service = Arc::clone(&service);
                    Box::pin(async move { service.reserve(tx, &input.order, &input.lines).await })
                }
            }),
            Some(Compensation::tx({
                let service = Arc::clone(&service);
                move |tx, args: ReleaseArgs, output| {
                    let service = Arc::clone(&service);
                    Box::pin(async move { service.release(tx, &args.order, output).await })
                }
            })),
        )
        .step(
            "charge",
            Action::cx(Kind::Compensatable, &[], {
                let service = Arc::clone(&service);
                move |cx, input: ChargeInput| {
                    let service = Arc::clone(&service);
                    Box::pin(async move { service.charge(cx, &input.order).await })
                }
            }),
            Some(Compensation::cx({
                let service = Arc::clone(&service);
                move |cx, _args: RefundArgs, outcome| {
                    let service = Arc::clone(&service);
                    Box::pin(async move { service.refund(cx, outcome).await })
                }
            })),
        )
        .build()
}

#[test]
fn a_participant_as_it_is_expanded_serves_its_steps() {
    let mut world = World::new(|builder, _| builder);
    world.handler = serve_stock(Service, world.memory.clone());
    let envelope = |step: &str, phase: Option<&str>| {
        let mut payload = serde_json::json!({
            "saga": crate::world::SAGA, "step": step, "input": { "order": "o", "lines": ["tea", "salt"] },
            "start": { "flow": "place_order", "input": { "total": 1 } },
        });
        if let Some(phase) = phase {
            payload["phase"] = phase.into();
        }
        payload
    };
    let mut replies = Vec::new();
    for phase in [None, Some("compensation")] {
        for step in ["stock.reserve", "stock.charge"] {
            replies.push(show(&world.send(envelope(step, phase), "", None).finish()));
        }
    }
    assert_eq!(
        replies,
        [
            r#"{"lines":2}"#,
            "13",
            "null",
            "Saga.Retry: not the charge: Done(13)"
        ]
    );
    assert_eq!(world.memory.tables()["rows"][0]["lines"], 0);
}

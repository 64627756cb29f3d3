//! Many deliveries of one step at once, on a database that loses replies and holds requests back: what must always hold is
//! read from the tables afterwards. The plan of a run is its seed's; how its deliveries meet is not.

use std::sync::Arc;
use std::time::Duration;

use examples::fulfil_order::PaymentService;
use examples::fulfil_order::fulfil_order::{self, Authorisation, Charge, PaymentError, Payments};
use examples::partner::{Ledger, entries};
use examples::place_order::{StockService, place_order};
use saga_runtime::{Context, Failure, Handler, MemoryStore, Outcome, Retry};
use serde_json::{Value, json};

use crate::alone;
use crate::database::{Database, action, compensation, deliver};
use crate::emulator::Emulator;
use crate::order::text;
use crate::proxy::{Act, Gate, Rule};
use crate::stage::seed;

/// Sagas of each kind.
const SAGAS: usize = 40;

/// When every claim of the first deliveries has run out.
const LATER: Duration = Duration::from_mins(1);

/// How a saga is meant to end.
#[derive(Clone, Copy, PartialEq)]
enum End {
    /// Nobody compensates.
    Forward,
    /// A compensation is sent, at the same time as actions or after them.
    Back,
}

/// What is delivered for one saga.
struct Plan {
    saga: String,
    end: End,
    action: Value,
    compensation: Value,
    /// Of the first deliveries, sent at once: which are actions, and after how many milliseconds each dies.
    first: Vec<(bool, u64)>,
}

/// Every answer to an action.
struct Told {
    plan: Plan,
    answers: Vec<Result<Value, Failure>>,
}

fn plan(random: &mut fastrand::Rng, saga: String, step: &str, input: &Value) -> Plan {
    let end = if random.bool() {
        End::Forward
    } else {
        End::Back
    };
    let count = random.usize(2..6);
    let first = (0..count)
        .map(|_| {
            (
                end == End::Forward || random.u8(..3) > 0,
                random.u64(20..1500),
            )
        })
        .collect();
    Plan {
        action: action(&saga, step, input),
        compensation: compensation(&saga, step),
        saga,
        end,
        first,
    }
}

/// First everything at once, some of it dying; then, by a clock on which every claim has run out, whatever it takes to end.
async fn run(handler: Arc<Handler>, plan: Plan) -> Told {
    let mut first = tokio::task::JoinSet::new();
    for (is_action, limit) in plan.first.clone() {
        let payload = if is_action {
            &plan.action
        } else {
            &plan.compensation
        };
        let (handler, payload) = (Arc::clone(&handler), payload.clone());
        first.spawn(async move {
            let limit = Duration::from_millis(limit);
            let answer = deliver(&handler, &payload, Duration::ZERO, limit).await;
            answer.filter(|_| is_action)
        });
    }
    let mut answers: Vec<_> = first.join_all().await.into_iter().flatten().collect();
    let last = match plan.end {
        End::Forward => &plan.action,
        End::Back => &plan.compensation,
    };
    let limit = Duration::from_secs(3);
    loop {
        let answer = deliver(&handler, last, LATER, limit).await;
        let over = answer.as_ref().is_some_and(is_definite);
        answers.extend(answer.filter(|_| plan.end == End::Forward));
        if over {
            break;
        }
    }
    if plan.end == End::Back {
        answers.extend(deliver(&handler, &plan.action, LATER, limit).await);
    }
    Told { plan, answers }
}

/// Whether Step Functions would go on, on either way.
fn is_definite(answer: &Result<Value, Failure>) -> bool {
    answer.as_ref().err().is_none_or(|failure| {
        ![Failure::BUSY, Failure::UNKNOWN, Failure::RETRY].contains(&failure.error_type())
            && !failure.error_type().ends_with(".NoAnswer")
    })
}

/// Plans, faults, deliveries; then what was held back is let through, when everything is over.
async fn race(database: &Database, handler: Handler, step: &str, input: &Value) -> Vec<Told> {
    let mut random = fastrand::Rng::with_seed(seed());
    let gate = Gate::new();
    for (act, of_thousand) in [
        (Act::Hold(gate.clone()), 40),
        (Act::DropReply, 100),
        (Act::DropRequest, 30),
        (Act::Throttle, 30),
        (Act::Conflict, 30),
        (Act::Delay(Duration::from_millis(100)), 50),
    ] {
        let rule = Rule::once("", &[step], act).of_thousand(of_thousand);
        database.proxy.add(rule);
    }
    let handler = Arc::new(handler);
    let mut sagas = tokio::task::JoinSet::new();
    for number in 0..SAGAS {
        let plan = plan(&mut random, format!("{step}-{number}#0"), step, input);
        sagas.spawn(run(Arc::clone(&handler), plan));
    }
    let told = sagas.join_all().await;
    database.proxy.forget(step);
    gate.open();
    gate.passed().await;
    let faults = database.proxy.take_faults();
    println!("{step}: {SAGAS} sagas with seed {}, {faults:?}", seed());
    assert!(faults.len() >= 5, "a kind of fault never happened");
    told
}

/// What the record of a saga says, and what every answer must then have been.
fn check(told: &Told, records: &[Value]) -> String {
    let key = format!("{}|", told.plan.saga);
    let saga = &told.plan.saga;
    let record = records
        .iter()
        .find(|record| text(record, "pk").starts_with(&key));
    let state = record.map_or("", |record| text(record, "st")).to_owned();
    let expected: &[&str] = match told.plan.end {
        End::Forward => &["DONE", "REJECTED"],
        End::Back => &["COMPENSATED", "TOMBSTONE"],
    };
    assert!(expected.contains(&state.as_str()), "{saga} ended {state}");
    let done: Vec<&Value> = told
        .answers
        .iter()
        .filter_map(|answer| answer.as_ref().ok())
        .collect();
    assert!(
        done.windows(2).all(|pair| pair[0] == pair[1]),
        "{saga}: {done:?}"
    );
    let no = told
        .answers
        .iter()
        .filter(|answer| answer.is_err() && is_definite(answer))
        .count();
    match state.as_str() {
        "DONE" => assert_eq!(no, 0, "{saga} took effect, and was refused"),
        "REJECTED" | "TOMBSTONE" => assert!(done.is_empty(), "{saga} had no effect, and an answer"),
        _ => {}
    }
    state
}

#[tokio::test]
async fn writes_take_effect_once_whatever_races() {
    let Some(emulator) = Emulator::from_env() else {
        return;
    };
    let _alone = alone().await;
    let tables = [("shelves", "sku")];
    let database = Database::create(emulator, "races-t-", &tables, seed()).await;
    // Not enough for all who want it.
    let on_hand = u64::try_from(SAGAS / 2).unwrap();
    database.stock("tea", on_hand).await;
    let stock = place_order::serve_stock(StockService, database.store.clone());
    let input = json!({ "order": "o", "lines": [{ "sku": "tea", "quantity": 2 }] });
    let told = race(&database, stock, "stock.reserve", &input).await;

    let records = database.table("saga_barrier").await;
    assert_eq!(records.len(), SAGAS);
    let states: Vec<String> = told.iter().map(|told| check(told, &records)).collect();
    let done = states.iter().filter(|state| *state == "DONE").count();
    let left = database.table("shelves").await[0]["on_hand"]
        .as_u64()
        .unwrap();
    assert_eq!(left + 2 * u64::try_from(done).unwrap(), on_hand);
}

/// Payments by a bank that takes its time, so that others meet a payment that is under way.
struct SlowBank(PaymentService);

impl Payments for SlowBank {
    async fn authorise(
        &self, cx: &Context, order_id: &str, card: &str, total: u64,
    ) -> Result<Authorisation, PaymentError> {
        tokio::time::sleep(Duration::from_millis(100)).await;
        self.0.authorise(cx, order_id, card, total).await
    }

    async fn void(&self, cx: &Context, authorisation: Outcome<Authorisation>) -> Result<(), Retry> {
        self.0.void(cx, authorisation).await
    }

    async fn capture(
        &self, cx: &Context, authorisation: &Authorisation,
    ) -> Result<Charge, PaymentError> {
        self.0.capture(cx, authorisation).await
    }
}

#[tokio::test]
async fn outside_effects_happen_once_whatever_races() {
    let Some(emulator) = Emulator::from_env() else {
        return;
    };
    let _alone = alone().await;
    let database = Database::create(emulator, "races-x-", &[], seed()).await;
    // The bank is not behind the proxy: of a process that is dead, nothing arrives there. That is what leases stand on.
    let books = MemoryStore::new();
    let bank = Ledger::new("bank", books.clone());
    let bank = SlowBank(PaymentService { bank });
    let payments = fulfil_order::serve_payments(bank, database.store.clone());
    let input = json!({ "order_id": "o", "card": "visa", "total": 1 });
    let told = race(&database, payments, "payments.authorise", &input).await;

    let records = database.table("saga_barrier").await;
    let states: Vec<String> = told.iter().map(|told| check(told, &records)).collect();
    let done = states.iter().filter(|state| *state == "DONE").count();
    assert_eq!(entries(&books, "bank").len(), done);
}

//! A thousand choreographed sagas through streams, topics, queues and real processes, under random faults: no event lost, none
//! acted on twice, no effect left behind.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use examples::order_events::order_events;
use serde_json::Value;
use tokio::sync::watch;

use super::stage::{EventStage, SERVICES};
use super::stream::{Relayed, Stream};
use crate::alone;
use crate::emulator::Emulator;
use crate::order::text;
use crate::proxy::{Act, Rule};
use crate::stage::seed;

const SAGAS: usize = 1000;

/// Commands sent in one go, and then a pause of half a second.
const AT_ONCE: usize = 20;

/// A saga that has not ended by then has lost an event.
const PATIENCE: Duration = Duration::from_mins(8);

/// Enough for all who want it, and less than that.
const SHELVES: [(&str, u64); 2] = [("tea", 100_000), ("saffron", 60)];

/// What a saga is about.
struct Sent {
    id: String,
    sku: &'static str,
}

#[tokio::test]
async fn a_thousand_choreographed_sagas_under_faults() {
    let Some(emulator) = Emulator::from_env() else {
        return;
    };
    let _alone = alone().await;
    let stage = EventStage::deploy(emulator).await;
    for (sku, on_hand) in SHELVES {
        stage.stock(sku, on_hand).await;
    }
    inject(&stage);
    let begin = Instant::now();
    let (over, is_over) = watch::channel(false);
    let mut relays = tokio::task::JoinSet::new();
    for (index, (arn, function)) in stage.streams.iter().enumerate() {
        let seed = seed() + index as u64;
        let stream = Stream::open(stage.emulator.clone(), arn, function, seed).await;
        relays.spawn(stream.run(is_over.clone()));
    }
    let sent = send_all(&stage).await;
    let tables = settle(&stage, &sent).await;
    over.send_replace(true);
    let relayed = relays.join_all().await;
    let seconds = begin.elapsed().as_secs();
    stage.proxy.forget("ev-");

    print_figures(&stage, &tables, &sent, &relayed, seconds);
    for saga in &sent {
        tables.check(&saga.id);
    }
    for (sku, on_hand) in SHELVES {
        let is_sold = |saga: &&Sent| saga.sku == sku && tables.committed(&saga.id);
        let sold = sent.iter().filter(is_sold).count() as u64;
        let shelf = tables
            .shelves
            .iter()
            .find(|shelf| text(shelf, "sku") == sku);
        let left = shelf.and_then(|shelf| shelf["on_hand"].as_u64());
        assert_eq!(left, Some(on_hand - 2 * sold), "{sku}");
    }
    assert_eq!(stage.dead_letters().await, 0, "dead letters");
}

/// What goes wrong, of a thousand requests to DynamoDB and SNS each.
fn inject(stage: &EventStage) {
    stage.proxy.take_faults();
    stage.proxy.take_requests();
    for (act, of_thousand) in [
        (Act::DropReply, 10),
        (Act::DropRequest, 10),
        (Act::Fail, 10),
        (Act::KillBefore, 5),
        (Act::KillAfter, 5),
    ] {
        let rule = Rule::once("", &["ev-"], act).of_thousand(of_thousand);
        stage.proxy.add(rule);
    }
    for (act, of_thousand) in [(Act::Throttle, 10), (Act::Conflict, 10)] {
        let rule = Rule::once("TransactWriteItems", &["ev-"], act).of_thousand(of_thousand);
        stage.proxy.add(rule);
    }
}

/// Sends the commands, some of them twice, to the queue of the orders.
async fn send_all(stage: &EventStage) -> Vec<Sent> {
    let mut random = fastrand::Rng::with_seed(seed());
    let mut sent = Vec::new();
    for number in 0..SAGAS {
        let id = format!("ev-{number}");
        let card = if random.u8(..10) == 0 {
            "expired"
        } else {
            "visa"
        };
        let sku = SHELVES[usize::from(random.u8(..10) == 0)].0;
        let mut order = examples::order_events::order(&id, card);
        sku.clone_into(&mut order.lines[0].sku);
        let command = order_events::ORDERS_PLACE.payload(&id, &order).unwrap();
        for _ in 0..=usize::from(random.u8(..20) == 0) {
            stage.send("orders", &command).await;
        }
        sent.push(Sent { id, sku });
        if number % AT_ONCE == AT_ONCE - 1 {
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }
    sent
}

/// Waits until every saga has ended, and nothing is on its way any more.
async fn settle(stage: &EventStage, sent: &[Sent]) -> Tables {
    let begin = Instant::now();
    loop {
        let tables = Tables::read(stage).await;
        let open: Vec<&str> = sent
            .iter()
            .map(|saga| saga.id.as_str())
            .filter(|id| !tables.has_ended(id))
            .collect();
        if open.is_empty() {
            return tables;
        }
        assert!(
            begin.elapsed() < PATIENCE,
            "{} sagas have not ended: {}",
            open.len(),
            open.iter()
                .take(5)
                .map(|id| format!("{id} {:?}", tables.states.get(*id)))
                .collect::<Vec<_>>()
                .join(", ")
        );
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
}

fn print_figures(
    stage: &EventStage, tables: &Tables, sent: &[Sent], relayed: &[Relayed], seconds: u64,
) {
    let committed = sent
        .iter()
        .filter(|saga| tables.committed(&saga.id))
        .count();
    let faults = stage.proxy.take_faults();
    let calls = stage.proxy.take_requests();
    let sum = |of: fn(&Relayed) -> usize| relayed.iter().map(of).sum::<usize>();
    println!(
        "{SAGAS} choreographed sagas, seed {}, in {seconds} s:",
        seed()
    );
    println!("  committed: {committed}");
    println!("  compensated: {}", SAGAS - committed);
    println!("  events: {}", tables.events);
    println!("  calls, repeated ones included: {calls:?}");
    println!(
        "  stream records: {}, relays invoked: {}, failed: {}, rewound: {}, repeated: {}",
        sum(|relayed| relayed.records),
        sum(|relayed| relayed.invocations),
        sum(|relayed| relayed.failed),
        sum(|relayed| relayed.rewound),
        sum(|relayed| relayed.repeated),
    );
    println!("  faults: {} {faults:?}", faults.values().sum::<usize>());
    assert!(faults.len() >= 6, "a kind of fault never happened");
}

/// Everything that the services and the barrier hold.
struct Tables {
    orders: Vec<Value>,
    payments: Vec<Value>,
    parcels: Vec<Value>,
    shelves: Vec<Value>,
    /// The states of a saga's records, by reaction.
    states: BTreeMap<String, BTreeMap<String, String>>,
    /// Events in all outboxes.
    events: usize,
}

impl Tables {
    async fn read(stage: &EventStage) -> Self {
        let mut states = BTreeMap::<String, BTreeMap<String, String>>::new();
        let mut events = 0;
        for service in SERVICES {
            for record in stage.table(service, "saga_barrier").await {
                let (saga, reaction) = text(&record, "pk").split_once('|').unwrap();
                let known = states.entry(saga.to_owned()).or_default();
                known.insert(reaction.to_owned(), text(&record, "st").to_owned());
                for outbox in ["ob", "obc"] {
                    let outbox: Value =
                        serde_json::from_str(text(&record, outbox)).unwrap_or_default();
                    events += outbox["events"].as_array().map_or(0, Vec::len);
                }
            }
        }
        Self {
            orders: stage.table("orders", "orders").await,
            payments: stage.table("payments", "payments").await,
            parcels: stage.table("shipping", "parcels").await,
            shelves: stage.table("stock", "shelves").await,
            states,
            events,
        }
    }

    fn state(&self, id: &str, reaction: &str) -> &str {
        let states = self.states.get(id);
        let state = states.and_then(|states| states.get(reaction));
        state.map_or("", String::as_str)
    }

    fn committed(&self, id: &str) -> bool {
        self.state(id, "orders.complete") == "DONE"
    }

    /// Whether nothing will happen any more: the last reaction is done, or all is taken back.
    fn has_ended(&self, id: &str) -> bool {
        let is_back = ["", "REJECTED", "COMPENSATED", "TOMBSTONE"];
        self.committed(id)
            || (self.state(id, "orders.place") == "COMPENSATED"
                && is_back.contains(&self.state(id, "stock.reserve")))
    }

    /// A saga that committed has one of each; one that did not has nothing at all.
    fn check(&self, id: &str) {
        let count = |items: &[Value]| {
            let mut items = items.iter();
            items
                .by_ref()
                .filter(|item| text(item, "order_id") == id)
                .count()
        };
        let held = [
            count(&self.orders),
            count(&self.payments),
            count(&self.parcels),
        ];
        let states = &self.states[id];
        let states: Vec<(&str, &str)> = states
            .iter()
            .map(|(reaction, state)| (reaction.as_str(), state.as_str()))
            .collect();
        if self.committed(id) {
            assert_eq!(held, [1; 3], "orders, payments and parcels of {id}");
            let done = [
                "orders.complete",
                "orders.place",
                "payments.charge",
                "shipping.ship",
                "stock.reserve",
            ];
            assert_eq!(states, done.map(|reaction| (reaction, "DONE")), "{id}");
        } else {
            assert_eq!(held, [0; 3], "orders, payments and parcels of {id}");
            let is_undone = |state: &str| ["COMPENSATED", "TOMBSTONE", "REJECTED"].contains(&state);
            assert!(
                states.iter().all(|(_, state)| is_undone(state)),
                "{id} {states:?}"
            );
        }
    }
}

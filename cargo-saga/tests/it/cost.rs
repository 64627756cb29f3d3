//! `cargo saga cost`. What it counts is held against runs on the embedded engine.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use expect_test::{expect, expect_file};
use saga_local::{Answer, BoxFuture, Call, Engine, TaskHost};
use serde_json::{Value, json};

use crate::support::{check, check_file, emit, examples, folder, folder_with, many, output};

#[test]
fn a_bill() {
    check_file(
        &examples(),
        &["cost", "place_order", "--rate", "200/s", "--failures", "2%"],
        expect_file!["../golden/cost/place_order.txt"],
    );
}

#[test]
fn branches_are_a_range() {
    check_file(
        &examples(),
        &[
            "cost",
            "fulfil_order",
            "--rate",
            "50000/day",
            "--items",
            "3",
        ],
        expect_file!["../golden/cost/fulfil_order.txt"],
    );
}

#[test]
fn quotas_that_a_rate_is_over() {
    check_file(
        &examples(),
        &[
            "cost",
            "onboard_customer",
            "--rate",
            "24_000/min",
            "--failures",
            "1%",
            "--step",
            "1s",
            "--writes",
            "12",
        ],
        expect_file!["../golden/cost/onboard_customer.txt"],
    );
}

fn report(name: &str, args: &[&str]) -> Value {
    let head = ["cost", name, "--format", "json"];
    let text = output(&examples(), &[&head[..], args].concat());
    let json = text
        .strip_suffix("exit 0\n")
        .unwrap_or_else(|| panic!("{text}"));
    serde_json::from_str(json).unwrap()
}

/// Dollars are counts times prices: ten transitions of a dollar each.
#[test]
fn prices_are_those_of_the_file() {
    let folder = folder_with("cost_prices", &["place_order"]);
    let mut prices = report("place_order", &["--rate", "1/s"])["prices"].clone();
    for (_, price) in prices.as_object_mut().unwrap() {
        if price.is_object() {
            price["dollars"] = json!(0);
        }
    }
    prices["standard_transition"]["dollars"] = json!(1);
    prices["standard_transition"]["per"] = json!(4);
    fs::write(folder.join("prices.json"), prices.to_string()).unwrap();
    let args = [
        "cost",
        "place_order",
        "--rate",
        "1/s",
        "--prices",
        "prices.json",
    ];
    let text = output(&folder, &args);
    assert!(text.contains("a million sagas: $1,000,000\n"), "{text}");
    fs::write(folder.join("prices.json"), "{}").unwrap();
    check(
        &folder,
        &args,
        expect![[r#"
            error: prices.json is no table of prices: missing field `date` at line 1 column 2; begin with what `cargo saga cost … --format json | jq .prices` prints
            exit 2
        "#]],
    );
}

#[test]
fn mistakes_are_told_with_what_to_write() {
    check(
        &examples(),
        &["cost", "place_order", "--rate", "200"],
        expect![[r#"
            error: invalid value '200' for '--rate <NUMBER/TIME>': `200` is no rate; write `200/s`, `500/min`, `3000/h` or `50000/day`

            For more information, try '--help'.
            exit 2
        "#]],
    );
    check(
        &examples(),
        &["cost", "place_order", "--rate", "1/s", "--failures", "0.02"],
        expect![[r#"
            error: invalid value '0.02' for '--failures <PERCENT>': `0.02` is no share; write `2%`, or any from `0%` to `100%`

            For more information, try '--help'.
            exit 2
        "#]],
    );
}

#[test]
fn a_flow_that_starts_itself_is_refused() {
    let folder = folder_with("cost_circle", &["close_account"]);
    let file = folder.join("out/close_account.saga.json");
    let mut contract: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    contract["flows"] =
        json!([{ "name": "close_account", "machine": "CloseAccountStateMachineArn" }]);
    fs::write(&file, contract.to_string()).unwrap();
    check(
        &folder,
        &["cost", "close_account", "--rate", "1/s"],
        expect![[r#"
            error: `close_account` starts itself, so that nobody can tell how often; ask for the cost of one that does not
            exit 2
        "#]],
    );
}

/// A step's share in what fails.
#[derive(Clone, Debug)]
struct Failing {
    state: String,
    /// How many deliveries are lost, before anything is answered.
    lost: u64,
    /// The error that is answered then, if one is.
    rejection: Option<String>,
}

/// Answers for all participants; of a loop's items, the last one's delivery fails.
struct Participants {
    outputs: BTreeMap<&'static str, Value>,
    failing: Option<Failing>,
    last: u64,
    deliveries: Arc<AtomicU64>,
}

impl Participants {
    fn answer(&self, call: &Call) -> Answer {
        self.deliveries.fetch_add(1, Ordering::Relaxed);
        let payload = &call.arguments()["Payload"];
        let output = self
            .outputs
            .get(call.state())
            .cloned()
            .unwrap_or(json!("x"));
        let answer = Answer::Output(json!({ "Payload": output }));
        let Some(failing) = &self.failing else {
            return answer;
        };
        let is_last = payload["item"][0]
            .as_u64()
            .is_none_or(|item| item == self.last);
        if failing.state != call.state() || !is_last {
            return answer;
        }
        match &failing.rejection {
            _ if payload["attempt"].as_u64().unwrap() < failing.lost => Answer::Lost,
            Some(error) => Answer::Error {
                error: error.clone(),
                cause: String::new(),
            },
            None => answer,
        }
    }
}

impl TaskHost for Participants {
    fn answers(&self, service: &str, _: &str) -> bool {
        service == "lambda"
    }

    fn call(&self, call: Call) -> BoxFuture<'static, Answer> {
        Box::pin(std::future::ready(self.answer(&call)))
    }
}

const ITEMS: u64 = 3;

/// What a run of the emitted definition comes to: transitions, deliveries, and whether it succeeded.
fn run(
    name: &str, input: &Value, outputs: &[(&'static str, Value)], failing: Option<Failing>,
) -> (u64, u64, bool) {
    let definition =
        |name: &str| fs::read_to_string(examples().join(format!("out/{name}.asl.json"))).unwrap();
    let deliveries = Arc::new(AtomicU64::new(0));
    let mut engine = Engine::from_asl(name, &definition(name)).with_host(Participants {
        outputs: outputs.iter().cloned().collect(),
        failing,
        last: ITEMS - 1,
        deliveries: Arc::clone(&deliveries),
    });
    let flows = report(name, &["--rate", "1/s"])["committed"]["dearest"]["executions"]
        .as_f64()
        .unwrap();
    if flows > 0.0 {
        for flow in ["open_account", "close_account"] {
            engine = engine.with_flow_asl(flow, &definition(flow));
        }
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let end = runtime.block_on(engine.start("run", input)).unwrap();
    let mut transitions = 0;
    for run in engine.executions() {
        let kinds = || run.history().iter().map(saga_local::Event::kind);
        let count = |kind: &str| kinds().filter(|each| *each == kind).count() as u64;
        let entered = kinds()
            .filter(|kind| kind.ends_with("StateEntered"))
            .count() as u64;
        let retries = count("TaskScheduled") - count("TaskStateEntered");
        transitions += entered + retries;
    }
    (
        transitions,
        deliveries.load(Ordering::Relaxed),
        end.status() == saga_local::Status::Succeeded,
    )
}

#[test]
fn a_saga_of_many_steps() {
    let folder = folder("cost_many");
    emit(&folder, &many("large", 300));
    let text = output(
        &folder,
        &[
            "cost",
            "large",
            "--rate",
            "1/s",
            "--failures",
            "5%",
            "--format",
            "json",
        ],
    );
    let report: Value = serde_json::from_str(text.strip_suffix("exit 0\n").unwrap()).unwrap();
    assert_eq!(report["committed"]["dearest"]["transitions"], json!(300.0));
    // Each rejects or is lost; those after the pivot cannot reject.
    assert_eq!(report["failed"].as_array().unwrap().len(), 201 * 2 + 99);
}

/// As the report has numbers.
fn whole(number: u64) -> f64 {
    u32::try_from(number).unwrap().into()
}

/// A saga's name, inputs on which its dearest and its cheapest arms are taken, and what steps answer then.
type Case = (&'static str, [Value; 2], [Outputs; 2]);
type Outputs = Vec<(&'static str, Value)>;

fn cases() -> Vec<Case> {
    let order = |gift: bool| json!({ "order_id": "o-1", "customer": "c", "city": "X", "card": "v", "total": 1, "gift": gift, "lines": [1, 2, 3] });
    let verdict = |verdict: Value| vec![("fraud.check", verdict)];
    let trip = json!({ "id": "t", "city": "X", "nights": 1, "days": 1 });
    let customer = json!({ "name": "n", "address": "a", "income": 1, "deposit": 1 });
    let account = json!({ "name": "n", "limit": 1 });
    let same = |input: Value| [input.clone(), input];
    let none = || [Vec::new(), Vec::new()];
    let bank = || {
        vec![
            ("credit.check", json!(1)),
            ("deposits.take", json!({ "id": "d", "cents": 1 })),
        ]
    };
    vec![
        ("book_trip", same(trip), none()),
        (
            "close_account",
            same(json!({ "number": "1", "iban": "2" })),
            none(),
        ),
        (
            "fulfil_order",
            [order(true), order(false)],
            [
                verdict(json!({ "Unsure": { "score": 60 } })),
                verdict(json!("Clear")),
            ],
        ),
        ("onboard_customer", same(customer), [bank(), bank()]),
        ("open_account", same(account), none()),
        ("place_order", same(order(false)), none()),
    ]
}

#[test]
fn every_saga_of_the_examples_is_among_the_cases() {
    let names = output(&examples(), &["list", "--format", "json"]);
    let names: Value = serde_json::from_str(names.strip_suffix("exit 0\n").unwrap()).unwrap();
    let names: Vec<&str> = names
        .as_array()
        .unwrap()
        .iter()
        // A choreography has no states, and no cost that is told here.
        .filter(|listed| listed["states"].is_number())
        .map(|saga| saga["name"].as_str().unwrap())
        .collect();
    let cases: Vec<&str> = cases().iter().map(|(name, ..)| *name).collect();
    assert_eq!(names, cases);
}

#[test]
fn a_run_in_which_nothing_fails_takes_what_is_claimed() {
    for (name, inputs, outputs) in cases() {
        let report = report(name, &["--rate", "1/s", "--items", &ITEMS.to_string()]);
        for (index, arms) in ["dearest", "cheapest"].into_iter().enumerate() {
            let claimed = &report["committed"][arms];
            let (transitions, deliveries, committed) =
                run(name, &inputs[index], &outputs[index], None);
            assert!(committed, "{name}");
            assert_eq!(
                claimed["transitions"],
                json!(whole(transitions)),
                "{name}, {arms}"
            );
            assert_eq!(
                claimed["deliveries"],
                json!(whole(deliveries)),
                "{name}, {arms}"
            );
        }
    }
}

#[test]
fn a_run_in_which_a_step_fails_takes_what_is_claimed() {
    let mut compensated = 0;
    for (name, inputs, outputs) in cases() {
        let report = report(name, &["--rate", "1/s", "--items", &ITEMS.to_string()]);
        for failed in report["failed"].as_array().unwrap() {
            let state = failed["state"].as_str().unwrap();
            let committed = failed["end"] == "committed";
            let mut failing = Failing {
                state: state.to_owned(),
                lost: 0,
                rejection: None,
            };
            // The other branches of a join have to be done first: the failing one loses a delivery, which takes time.
            let mut more = 0;
            if state == "open_account" {
                failing.state = "ibans.assign".to_owned();
                failing.rejection = Some(rejection("open_account", "ibans.assign"));
            } else if failed["fault"] == "rejected" {
                failing.rejection = Some(rejection(name, state));
                if name == "fulfil_order"
                    && (state.starts_with("payments.auth") || state == "carrier.book")
                {
                    (failing.lost, more) = (1, 1);
                }
            } else {
                failing.lost = if committed { 1 } else { u64::MAX };
            }
            let (transitions, deliveries, succeeded) =
                run(name, &inputs[0], &outputs[0], Some(failing));
            let of = format!("{name}: {state} {}", failed["fault"]);
            assert_eq!(succeeded, committed, "{of}");
            assert_eq!(
                failed["transitions"],
                json!(whole(transitions - more)),
                "{of}"
            );
            assert_eq!(
                failed["deliveries"],
                json!(whole(deliveries - more)),
                "{of}"
            );
            compensated += u64::from(!committed);
        }
    }
    assert_eq!(compensated, 32);
}

fn rejection(name: &str, state: &str) -> String {
    let contract = fs::read_to_string(examples().join(format!("out/{name}.saga.json"))).unwrap();
    let contract = saga_compiler::Contract::from_json(&contract).unwrap();
    contract.step(state).unwrap().rejections[0].clone()
}

//! Random sequential sagas under random faults: whatever is generated compiles, is accepted by the validator, and ends
//! committed or fully compensated, later steps first.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use saga_local::{DeliveryOutcome, Engine, Fault, FaultPlan, Run, Status};
use saga_runtime::__private::{Action, Compensation, HandlerBuilder};
use saga_runtime::{
    BoxFuture, Context, Handler, Kind, MemoryStore, Outcome, Retry, StepError, Table, Tx,
};
use serde_json::{Value, json};

/// The methods that a random participant may have.
const METHODS: [&str; 6] = ["s0", "s1", "s2", "s3", "s4", "s5"];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Behaviour {
    Works,
    /// Answers with a declared rejection.
    Rejects,
    /// Answers with a transient error this often, then works.
    Busy(u64),
}

#[derive(Clone, Debug)]
struct Step {
    kind: Kind,
    external: bool,
    behaviour: Behaviour,
    action_fault: Option<FaultPlan>,
    compensation_fault: Option<FaultPlan>,
}

#[derive(Clone, Debug)]
struct Case {
    steps: Vec<Step>,
    deadline: Option<&'static str>,
    parks: bool,
    seed: u64,
}

fn behaviour() -> impl Strategy<Value = Behaviour> {
    prop_oneof![
        6 => Just(Behaviour::Works),
        1 => Just(Behaviour::Rejects),
        1 => (1..9u64).prop_map(Behaviour::Busy),
    ]
}

fn fault(most: u64) -> impl Strategy<Value = Option<FaultPlan>> {
    let plan = (0..Fault::ALL.len(), 1..=most, 1..4u64);
    let plan = plan.prop_map(|(index, times, first)| {
        Fault::ALL[index].clone().times(times).from_delivery(first)
    });
    prop_oneof![2 => Just(None), 1 => plan.prop_map(Some)]
}

fn step() -> impl Strategy<Value = Step> {
    let kinds = prop_oneof![
        5 => Just(Kind::Compensatable), 1 => Just(Kind::ReadOnly), 1 => Just(Kind::Pivot), 1 => Just(Kind::Retriable)
    ];
    (kinds, any::<bool>(), behaviour(), fault(6), fault(16)).prop_map(
        |(kind, external, behaviour, action_fault, compensation_fault)| Step {
            kind,
            external,
            behaviour,
            action_fault,
            compensation_fault,
        },
    )
}

fn case() -> impl Strategy<Value = Case> {
    let steps = prop::collection::vec(step(), 1..=METHODS.len());
    let deadline = prop_oneof![Just(None), Just(Some("20s")), Just(Some("15m"))];
    (steps, deadline, prop::bool::weighted(0.8), any::<u64>()).prop_map(
        |(steps, deadline, parks, seed)| Case {
            steps: in_legal_order(steps, parks),
            deadline,
            parks,
            seed,
        },
    )
}

/// Compensatable steps, at most one pivot, retriable ones; what comes after may not be rejected.
fn in_legal_order(mut steps: Vec<Step>, parks: bool) -> Vec<Step> {
    let phase = |step: &Step| match step.kind {
        Kind::Compensatable | Kind::ReadOnly => 0,
        Kind::Pivot => 1,
        Kind::Retriable => 2,
    };
    steps.sort_by_key(phase);
    let mut pivots = 0;
    for step in &mut steps {
        if step.kind == Kind::Pivot {
            pivots += 1;
            if pivots > 1 {
                step.kind = Kind::Retriable;
            }
        }
        if step.kind == Kind::Retriable && step.behaviour == Behaviour::Rejects {
            step.behaviour = Behaviour::Works;
        }
        // A compensation that fails the execution waits for a redrive; here it must come to an end.
        if !parks && let Some(plan) = step.compensation_fault.take() {
            step.compensation_fault = Some(plan.times(3));
        }
    }
    steps
}

/// The saga as its author would write it.
fn source(case: &Case) -> String {
    let (mut methods, mut calls) = (String::new(), String::new());
    for (step, name) in case.steps.iter().zip(METHODS) {
        let (first, output) = if step.external {
            ("cx: &Context", "Outcome<u64>")
        } else {
            ("tx: &mut Tx", "u64")
        };
        let error = if step.kind == Kind::Retriable {
            "Retry"
        } else {
            "Problem"
        };
        let kind = match step.kind {
            Kind::Compensatable => format!("compensate = u{name}"),
            Kind::Pivot => "pivot".to_owned(),
            Kind::Retriable => "retriable".to_owned(),
            Kind::ReadOnly => "read_only".to_owned(),
        };
        let _ = writeln!(
            methods,
            "#[step({kind}, timeout = \"10s\")] async fn {name}(&self, {first}, order: &str, before: u64) -> Result<u64, {error}>;"
        );
        if step.kind == Kind::Compensatable {
            let _ = writeln!(
                methods,
                "#[compensation] async fn u{name}(&self, {first}, order: &str, output: {output}) -> Result<(), Retry>;"
            );
        }
        let _ = writeln!(calls, "let value = part.{name}(&cmd.order, value).await?;");
    }
    // A retriable step fails with `Retry`.
    let problem = if case.steps.iter().any(|step| step.kind != Kind::Retriable) {
        "pub enum Problem { No, #[transient] Busy }"
    } else {
        ""
    };
    format!(
        "pub mod generated {{
            use saga_runtime::prelude::*;
            #[derive(Serialize, Deserialize)] pub struct Cmd {{ pub order: String, pub start: u64 }}
            {problem}
            pub trait Part {{ {methods} }}
            pub async fn generated(part: &impl Part, cmd: Cmd) -> Result<u64, Rejection> {{
                let value = cmd.start;
                {calls}
                Ok(value)
            }}
        }}"
    )
}

fn compile(case: &Case) -> String {
    let on_stuck = if case.parks {
        "on_stuck = park"
    } else {
        "on_stuck = fail"
    };
    let deadline = case
        .deadline
        .map(|deadline| format!(", deadline = \"{deadline}\""))
        .unwrap_or_default();
    let options = format!("{on_stuck}{deadline}")
        .parse()
        .expect("options are tokens");
    let module = source(case).parse().expect("the source is tokens");
    let compiled = saga_compiler::compile(options, module)
        .unwrap_or_else(|failed| panic!("{:?}", failed.errors()));
    compiled.definitions()[0].text().to_owned()
}

#[derive(Debug)]
struct Problem {
    transient: bool,
}

impl StepError for Problem {
    const TYPES: &'static [&'static str] = &["Problem.No", "Problem.Busy"];
    fn error_type(&self) -> &'static str {
        if self.transient {
            "Problem.Busy"
        } else {
            "Problem.No"
        }
    }
    fn is_transient(&self) -> bool {
        self.transient
    }
    fn message(&self) -> String {
        "as the test wants it".to_owned()
    }
    fn data(&self) -> Result<Value, serde_json::Error> {
        Ok(Value::Null)
    }
}

#[derive(serde::Serialize, serde::Deserialize)]
struct Effect {
    step: String,
}

const EFFECTS: Table<Effect> = Table::new("effects", "step");

/// What a partner outside knows of one idempotency key.
#[derive(Clone, Copy, Debug, Default)]
struct Request {
    applied: u64,
    voided: bool,
    /// Reached the partner after it was voided: the barrier should have refused it.
    applied_after_void: bool,
}

/// Everything that the participant's steps change.
#[derive(Clone, Default)]
struct World {
    store: MemoryStore,
    /// By step and key.
    partner: Arc<Mutex<BTreeMap<(String, String), Request>>>,
}

impl World {
    fn request(&self, name: &str, key: String, change: impl FnOnce(&mut Request)) {
        let mut partner = self.partner.lock().unwrap();
        change(partner.entry((name.to_owned(), key)).or_default());
    }

    /// How often the step took effect, and how often it was undone.
    fn effects(&self, step: &Step, name: &str) -> (u64, u64) {
        if step.external {
            let partner = self.partner.lock().unwrap();
            let requests: Vec<Request> = partner
                .iter()
                .filter(|((step, _), _)| step == name)
                .map(|(_, request)| *request)
                .collect();
            assert!(requests.len() <= 1, "`{name}` came under several keys");
            assert!(
                !requests.iter().any(|request| request.applied_after_void),
                "`{name}` acted after it was voided"
            );
            let applied = requests.iter().map(|request| request.applied).sum();
            return (
                applied,
                requests
                    .iter()
                    .filter(|request| request.voided && request.applied > 0)
                    .count() as u64,
            );
        }
        let tables = self.store.tables();
        let item = tables
            .get("effects")
            .and_then(|items| items.iter().find(|item| item["step"] == *name));
        let count = |field: &str| {
            item.and_then(|item| item.get(field))
                .and_then(Value::as_u64)
                .unwrap_or_default()
        };
        (count("applied"), count("undone"))
    }
}

fn handler(case: &Case, world: &World) -> Handler {
    let builder = HandlerBuilder::new("Part", "part", "PartFunctionArn", world.store.clone())
        .start::<Value>("generated", &[]);
    let steps = case.steps.iter().zip(METHODS);
    let builder = steps.fold(builder, |builder, (step, name)| {
        let compensation =
            (step.kind == Kind::Compensatable).then(|| compensation(step, name, world));
        builder.step(name, action(step, name, world), compensation)
    });
    builder.build()
}

fn action(step: &Step, name: &'static str, world: &World) -> Action {
    let (behaviour, kind, calls) = (step.behaviour, step.kind, Arc::new(AtomicU64::new(0)));
    let answer = move |input: &Value| {
        let call = calls.fetch_add(1, Ordering::Relaxed);
        match behaviour {
            Behaviour::Rejects => Err(Problem { transient: false }),
            Behaviour::Busy(times) if call < times => Err(Problem { transient: true }),
            _ => Ok(input["before"].as_u64().unwrap_or_default() + 1),
        }
    };
    let answer = Arc::new(answer);
    let world = world.clone();
    if step.external {
        Action::cx(
            kind,
            &["order"],
            move |cx: &Context, input: Value| -> BoxFuture<'_, Result<Value, Problem>> {
                let (answer, world) = (Arc::clone(&answer), world.clone());
                Box::pin(async move {
                    let output = answer(&input)?;
                    if kind != Kind::ReadOnly {
                        world.request(name, cx.idempotency_key(), |request| {
                            request.applied_after_void |= request.voided;
                            request.applied = 1;
                        });
                    }
                    Ok(json!(output))
                })
            },
        )
    } else {
        Action::tx(
            kind,
            &["order"],
            move |tx: &mut Tx, input: Value| -> BoxFuture<'_, Result<Value, Problem>> {
                let answer = Arc::clone(&answer);
                Box::pin(async move {
                    let output = answer(&input)?;
                    if kind != Kind::ReadOnly {
                        tx.update(&EFFECTS, name).add("applied", 1);
                    }
                    Ok(json!(output))
                })
            },
        )
    }
}

fn compensation(step: &Step, name: &'static str, world: &World) -> Compensation {
    let world = world.clone();
    if step.external {
        Compensation::cx(
            move |cx: &Context, _: Value, _: Outcome<u64>| -> BoxFuture<'_, Result<(), Retry>> {
                let world = world.clone();
                Box::pin(async move {
                    world.request(name, cx.idempotency_key(), |request| request.voided = true);
                    Ok(())
                })
            },
        )
    } else {
        Compensation::tx(
            move |tx: &mut Tx, _: Value, _: u64| -> BoxFuture<'_, Result<(), Retry>> {
                tx.update(&EFFECTS, name).add("undone", 1);
                Box::pin(async { Ok(()) })
            },
        )
    }
}

/// Runs to the end; an operator resumes what is parked.
async fn run(engine: &Engine<Value, Value>) -> Run<Value> {
    let mut run = engine
        .start("case", &json!({ "order": "o", "start": 0 }))
        .await
        .expect("the saga starts");
    for _ in 0..20 {
        let Some(parked) = engine.parked().pop() else {
            break;
        };
        run = engine
            .resume(parked.token(), Value::Null)
            .await
            .expect("the token is known");
    }
    run
}

fn check(case: &Case) {
    let world = World::default();
    let mut engine = Engine::from_asl("generated", &compile(case))
        .with(handler(case, &world))
        .seed(case.seed);
    for (step, name) in case.steps.iter().zip(METHODS) {
        if let Some(plan) = &step.action_fault {
            engine = engine.fault(format!("part.{name}"), plan.clone());
        }
        if let Some(plan) = step
            .compensation_fault
            .as_ref()
            .filter(|_| step.kind == Kind::Compensatable)
        {
            engine = engine.fault(format!("compensate part.{name}"), plan.clone());
        }
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime starts");
    let run = runtime.block_on(run(&engine));
    for (step, name) in case.steps.iter().zip(METHODS) {
        let (applied, undone) = world.effects(step, name);
        match (run.status(), step.kind) {
            (_, Kind::ReadOnly) => assert_eq!((applied, undone), (0, 0), "`{name}` is read-only"),
            (Status::Succeeded, _) => {
                assert_eq!((applied, undone), (1, 0), "committed, but `{name}`");
            }
            (Status::Failed, Kind::Compensatable) => {
                assert!(
                    applied <= 1 && applied == undone,
                    "compensated, but `{name}`: {applied}, {undone}"
                );
            }
            (Status::Failed, _) => {
                assert_eq!((applied, undone), (0, 0), "compensated, but `{name}`");
            }
            (status, _) => panic!("the saga is {status:?}"),
        }
    }
    if run.status() == Status::Succeeded {
        assert_eq!(run.output(), Some(&json!(case.steps.len())));
    }
    assert_later_first(&engine);
}

/// Compensations succeed in the reverse of the steps' order.
fn assert_later_first(engine: &Engine<Value, Value>) {
    let deliveries = engine.deliveries();
    let undone = deliveries
        .iter()
        .filter(|delivery| delivery.is_compensation() && !delivery.is_late());
    let undone =
        undone.filter(|delivery| matches!(delivery.outcome(), DeliveryOutcome::Answered(_)));
    let mut names: Vec<&str> = undone.map(saga_local::Delivery::state).collect();
    names.dedup();
    assert!(
        names.is_sorted_by(|earlier, later| earlier > later),
        "out of order: {names:?}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_sagas_end_committed_or_compensated(case in case()) {
        check(&case);
    }
}

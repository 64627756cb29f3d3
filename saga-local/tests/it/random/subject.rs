//! A flow that is compiled, and one run of it on the engine.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use saga_asl::StateMachine;
use saga_local::{Delivery, DeliveryOutcome, Engine, Run, Status};
use serde::Deserialize;
use serde_json::Value;

use super::contract::{Method, Report, without_nulls};
use super::interpret::{Key, interpret};
use super::judge::{Evidence, Sent, judge};
use super::model::Flow;
use super::render::source;
use super::scenario::{Behaviour, Plan};
use super::world::{World, handler};

/// How often an operator resumes what is parked before a saga counts as stuck.
const RESUMES: usize = 200;

pub(super) struct Subject {
    pub(super) flow: Flow,
    pub(super) definition: String,
    machine: StateMachine,
    methods: Vec<Method>,
    /// The states that call the participant: what faults can aim at.
    pub(super) states: Vec<String>,
}

/// How a run that was right went, for the counts at the end.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ran {
    pub(super) committed: bool,
    /// Effects that were undone.
    pub(super) undone: usize,
    pub(super) parked: bool,
    pub(super) deliveries: usize,
    pub(super) items: bool,
}

/// What a panic said.
fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        format!("panicked: {}", text.unwrap_or_default())
    })
}

impl Subject {
    /// Compiles it, and has the validator look at what was emitted.
    pub(super) fn new(flow: Flow) -> Result<Self, String> {
        let definition = caught(|| compile(&flow))??;
        let machine = saga_asl::parse(&definition)
            .map_err(|problems| format!("the validator refuses it: {problems}\n{definition}"))?;
        let json: Value = serde_json::from_str(&definition).map_err(|error| error.to_string())?;
        let mut states = Vec::new();
        calling_states(&json, &mut states);
        let methods: BTreeSet<Method> = flow.calls().iter().map(|call| call.method).collect();
        Ok(Self {
            flow,
            definition,
            machine,
            methods: methods.into_iter().collect(),
            states,
        })
    }

    /// Runs it once, and says what was wrong.
    pub(super) fn run(&self, plan: &Plan) -> Result<Ran, String> {
        caught(|| self.run_and_judge(plan))?
    }

    fn run_and_judge(&self, plan: &Plan) -> Result<Ran, String> {
        let plan = Arc::new(plan.clone());
        let rejects = |step: &str, ids: &[&str; 3]| match plan.behaviour(step, ids) {
            Behaviour::Rejects(no) => Some(no),
            Behaviour::Works | Behaviour::Busy(_) => None,
        };
        let expected = interpret(&self.flow, &plan.input, &rejects);
        let world = World::default();
        let mut engine = Engine::from_machine("generated", self.machine.clone())
            .with(handler(&self.methods, &plan, &world))
            .seed(plan.seed);
        for (state, fault) in plan.faults(&self.states, self.flow.parks) {
            engine = engine.fault(state, fault);
        }
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .map_err(|error| error.to_string())?;
        let (run, parked) = runtime.block_on(run(&engine, &plan.input()))?;
        let evidence = Evidence {
            status: run.status(),
            output: run.output().map(without_nulls),
            error: run.error().map(str::to_owned),
            sent: engine
                .deliveries()
                .iter()
                .filter(|delivery| !delivery.is_late())
                .map(sent)
                .collect(),
            effects: world.effects(),
        };
        let faultless = self.flow.deadline.is_none() && plan.is_faultless(&self.states);
        judge(&expected, &evidence, faultless).map_err(|wrong| {
            let log: Vec<String> = engine.deliveries().iter().map(print_delivery).collect();
            format!(
                "{wrong}\n\nexpected: {:?}\n\ndeliveries:\n{}\n\nended: {:?} {:?}",
                expected.outcome,
                log.join("\n"),
                run.error(),
                run.cause()
            )
        })?;
        if let Some(output) = run.output() {
            Report::deserialize(output)
                .map_err(|error| format!("{output} is no `Report`: {error}"))?;
        }
        if let Some(complaint) = world.complaints().first() {
            return Err(complaint.clone());
        }
        Ok(Ran {
            committed: run.status() == Status::Succeeded,
            undone: evidence
                .effects
                .values()
                .filter(|effect| effect.undone > 0)
                .count(),
            parked,
            deliveries: evidence.sent.len(),
            items: evidence.sent.iter().any(|sent| !sent.key.item.is_empty()),
        })
    }
}

fn compile(flow: &Flow) -> Result<String, String> {
    let (options, module) = source(flow);
    let tokens = |text: &str| {
        text.parse()
            .map_err(|error| format!("the source is no Rust: {error}"))
    };
    let compiled =
        saga_compiler::compile(tokens(&options)?, tokens(&module)?).map_err(|failed| {
            let messages: Vec<String> = failed
                .errors()
                .clone()
                .into_iter()
                .map(|error| format!("line {}: {error}", error.span().start().line))
                .collect();
            format!("does not compile:\n{}", messages.join("\n"))
        })?;
    let definition = compiled
        .definitions()
        .first()
        .ok_or("there is no definition")?;
    Ok(definition.text().to_owned())
}

/// The Tasks of a graph and of those inside, as they stand in its JSON.
fn calling_states(json: &Value, found: &mut Vec<String>) {
    match json {
        Value::Array(items) => items.iter().for_each(|item| calling_states(item, found)),
        Value::Object(members) => {
            for (name, value) in members {
                if value["Resource"] == "arn:aws:states:::lambda:invoke" {
                    found.push(name.clone());
                } else {
                    calling_states(value, found);
                }
            }
        }
        _ => {}
    }
}

fn sent(delivery: &Delivery) -> Sent {
    let payload = delivery.payload();
    Sent {
        key: Key {
            step: delivery.step().unwrap_or_default().to_owned(),
            item: serde_json::from_value(payload["item"].clone()).unwrap_or_default(),
        },
        is_compensation: delivery.is_compensation(),
        input: without_nulls(&payload["input"]),
    }
}

fn print_delivery(delivery: &Delivery) -> String {
    let fault = delivery
        .fault()
        .map(|fault| format!(" [{fault}]"))
        .unwrap_or_default();
    let late = if delivery.is_late() { " late" } else { "" };
    let outcome = match delivery.outcome() {
        DeliveryOutcome::NotDelivered => "not delivered".to_owned(),
        DeliveryOutcome::Answered(_) => "answered".to_owned(),
        DeliveryOutcome::Failed { error, message } => format!("{error}: {message}"),
    };
    let item = &delivery.payload()["item"];
    format!(
        "  {} {item} #{}{fault}{late}: {outcome}",
        delivery.state(),
        delivery.attempt()
    )
}

/// Runs to the end; an operator resumes what is parked. Says whether anything was.
async fn run(engine: &Engine<Value, Value>, input: &Value) -> Result<(Run<Value>, bool), String> {
    let mut run = engine
        .start("case", input)
        .await
        .map_err(|error| format!("does not start: {error}"))?;
    let mut parked = false;
    for _ in 0..RESUMES {
        let Some(task) = engine.parked().pop() else {
            break;
        };
        parked = true;
        run = engine
            .resume(task.token(), Value::Null)
            .await
            .map_err(|error| format!("cannot be resumed: {error}"))?;
    }
    Ok((run, parked))
}

//! The participant at work: what its steps change, in its database and outside, and what it finds wrong itself.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use saga_runtime::__private::{Action, Compensation, HandlerBuilder};
use saga_runtime::{BoxFuture, Context, Handler, Kind, MemoryStore, Outcome, Retry, Table, Tx};
use serde_json::{Value, json};

use super::contract::{Data, Method, Problem, answer};
use super::scenario::{Behaviour, Plan};

#[derive(serde::Serialize, serde::Deserialize)]
struct Row {
    step: String,
}

const EFFECTS: Table<Row> = Table::new("effects", "step");

/// What a partner outside knows of one idempotency key.
#[derive(Clone, Copy, Debug, Default)]
struct Request {
    applied: bool,
    voided: bool,
}

/// How often a step took effect, and how often it was undone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Effect {
    pub(super) applied: u64,
    pub(super) undone: u64,
}

/// Everything that the participant's steps change, by step and ids of the items around.
#[derive(Clone, Default)]
pub(super) struct World {
    store: MemoryStore,
    outside: Arc<Mutex<Outside>>,
}

#[derive(Default)]
struct Outside {
    /// By idempotency key.
    requests: BTreeMap<String, BTreeMap<String, Request>>,
    /// How often an instance was asked.
    calls: BTreeMap<String, u64>,
    complaints: Vec<String>,
}

/// The ids of the items around a step, as it was given them.
pub(super) fn ids(input: &Value) -> [&str; 3] {
    ["i", "j", "k"].map(|name| input[name].as_str().unwrap_or("?"))
}

/// What tells one effect from another.
pub(super) fn effect_key(step: &str, input: &Value) -> String {
    format!("{step}|{}", ids(input).join("|"))
}

impl World {
    fn outside(&self) -> MutexGuard<'_, Outside> {
        self.outside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn complain(&self, complaint: String) {
        self.outside().complaints.push(complaint);
    }

    fn act_outside(&self, key: &str, idempotency_key: String) {
        let mut outside = self.outside();
        let request = outside
            .requests
            .entry(key.to_owned())
            .or_default()
            .entry(idempotency_key)
            .or_default();
        let is_late = request.voided;
        request.applied = true;
        if is_late {
            outside
                .complaints
                .push(format!("`{key}` acted after it was voided"));
        }
    }

    fn void_outside(&self, key: &str, idempotency_key: String) {
        let mut outside = self.outside();
        outside
            .requests
            .entry(key.to_owned())
            .or_default()
            .entry(idempotency_key)
            .or_default()
            .voided = true;
    }

    /// All effects.
    pub(super) fn effects(&self) -> BTreeMap<String, Effect> {
        let mut effects = BTreeMap::new();
        for row in self.store.tables().remove("effects").unwrap_or_default() {
            let count = |field: &str| row.get(field).and_then(Value::as_u64).unwrap_or_default();
            let effect = Effect {
                applied: count("applied"),
                undone: count("undone"),
            };
            effects.insert(row["step"].as_str().unwrap_or("?").to_owned(), effect);
        }
        for (key, requests) in &self.outside().requests {
            let count = |counts: fn(&Request) -> bool| {
                requests.values().filter(|request| counts(request)).count() as u64
            };
            let effect = Effect {
                applied: count(|request| request.applied),
                // To void what never came is no more than a note.
                undone: count(|request| request.applied && request.voided),
            };
            effects.insert(key.clone(), effect);
        }
        effects
    }

    /// What went wrong where only the participant sees it.
    pub(super) fn complaints(&self) -> Vec<String> {
        let outside = self.outside();
        let several = outside
            .requests
            .iter()
            .filter(|(_, requests)| requests.len() > 1);
        let several =
            several.map(|(key, _)| format!("`{key}` came under several idempotency keys"));
        outside.complaints.iter().cloned().chain(several).collect()
    }

    fn is_known_output(&self, key: &str, output: &Data) {
        let id = key.replace('|', "/");
        if output.id != id {
            self.complain(format!(
                "`{key}` is undone with the output of `{}`",
                output.id
            ));
        }
    }
}

/// Serves these methods.
pub(super) fn handler(methods: &[Method], plan: &Arc<Plan>, world: &World) -> Handler {
    let builder = HandlerBuilder::new("Part", "part", "PartFunctionArn", world.store.clone())
        .start::<Data>("generated", &[]);
    let builder = methods.iter().fold(builder, |builder, method| {
        let compensation =
            (method.kind() == Kind::Compensatable).then(|| compensation(*method, world));
        let action = if method.may_reject() {
            action(*method, plan, world, |problem| problem)
        } else {
            action(*method, plan, world, |_| Retry::new("as the test wants it"))
        };
        builder.step(method.name, action, compensation)
    });
    builder.build()
}

/// What the step answers; counts the question.
fn reply(
    method: Method, plan: &Plan, world: &World, step: &str, input: &Value,
) -> Result<Value, Problem> {
    let key = effect_key(step, input);
    let call = {
        let mut outside = world.outside();
        let calls = outside.calls.entry(key).or_default();
        *calls += 1;
        *calls
    };
    match plan.behaviour(step, &ids(input)) {
        Behaviour::Rejects(no) if method.may_reject() => Err(Problem::Rejected(no)),
        Behaviour::Busy(times) if call <= times => Err(Problem::Busy),
        _ => Ok(json!(answer(step, input))),
    }
}

fn action<E: saga_runtime::StepError + Send + 'static>(
    method: Method, plan: &Arc<Plan>, world: &World, error: fn(Problem) -> E,
) -> Action {
    let (plan, world) = (Arc::clone(plan), world.clone());
    let ids = &["i", "j", "k"];
    if method.is_external() {
        Action::cx(
            method.kind(),
            ids,
            move |cx: &Context, input: Value| -> BoxFuture<'_, Result<Value, E>> {
                let (plan, world) = (Arc::clone(&plan), world.clone());
                Box::pin(async move {
                    let output = reply(method, &plan, &world, cx.step(), &input).map_err(error)?;
                    if method.has_effect() {
                        world.act_outside(&effect_key(cx.step(), &input), cx.idempotency_key());
                    }
                    Ok(output)
                })
            },
        )
    } else {
        Action::tx(
            method.kind(),
            ids,
            move |tx: &mut Tx, input: Value| -> BoxFuture<'_, Result<Value, E>> {
                let (plan, world) = (Arc::clone(&plan), world.clone());
                Box::pin(async move {
                    let output = reply(method, &plan, &world, tx.step(), &input).map_err(error)?;
                    if method.has_effect() {
                        let key = effect_key(tx.step(), &input);
                        tx.update(&EFFECTS, key).add("applied", 1);
                    }
                    Ok(output)
                })
            },
        )
    }
}

fn compensation(method: Method, world: &World) -> Compensation {
    let world = world.clone();
    if method.is_external() {
        Compensation::cx(
            move |cx: &Context,
                  args: Value,
                  output: Outcome<Data>|
                  -> BoxFuture<'_, Result<(), Retry>> {
                let key = effect_key(cx.step(), &args);
                if let Outcome::Done(output) = output {
                    world.is_known_output(&key, &output);
                }
                world.void_outside(&key, cx.idempotency_key());
                Box::pin(async { Ok(()) })
            },
        )
    } else {
        Compensation::tx(
            move |tx: &mut Tx, args: Value, output: Data| -> BoxFuture<'_, Result<(), Retry>> {
                let key = effect_key(tx.step(), &args);
                world.is_known_output(&key, &output);
                tx.update(&EFFECTS, key).add("undone", 1);
                Box::pin(async { Ok(()) })
            },
        )
    }
}

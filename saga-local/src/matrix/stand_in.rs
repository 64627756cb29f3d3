//! Participants made of a contract alone: each action leaves a mark, and its compensation takes it away. They know no
//! business, so that what runs is the flow, its failure paths and the barrier.

use std::collections::{BTreeMap, BTreeSet};
use std::future::{Ready, ready};
use std::sync::{Arc, Mutex};

use saga_runtime::__private::{Action, Compensation, HandlerBuilder};
use saga_runtime::{
    Context, Handler, MemoryStore, Mode, Outcome, Retry, Saga, StepInfo, Table, Tx,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::looks::looked_into;
use super::site::step_name;
use super::world::World;
use crate::error::{Error, Kind};
use crate::lock;

/// Participants made of a contract alone, for a saga that nobody has written services for yet.
///
/// Each action leaves a mark, in the database or outside of it, which its compensation takes away again. It answers with null, or with
/// the sample that [`output`](Self::output) gives: wherever the flow looks into an output, one is needed.
///
/// # Example
///
/// ```
/// # use saga_local::{Error, FaultMatrix, StandIns};
/// # use saga_runtime::Saga;
/// # use serde_json::json;
/// # async fn test(fulfil: Saga<String, ()>) -> Result<(), Error> {
/// let participants = StandIns::of(fulfil).output("fraud.check", json!({ "Unsure": { "score": 60 } }));
/// let report = FaultMatrix::new(fulfil, participants.worlds()?).input("order", &"o-1".into()).run().await;
/// report.assert_consistent();
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct StandIns {
    steps: Vec<(&'static StepInfo, &'static str)>,
    flows: Vec<&'static str>,
    outputs: BTreeMap<String, Value>,
    needed: BTreeSet<String>,
}

impl StandIns {
    /// Stand-ins for every participant of the saga.
    pub fn of<I, O>(saga: Saga<I, O>) -> Self {
        Self::default().and(saga)
    }

    /// As well for those of a flow that the saga calls.
    #[must_use]
    pub fn and<I, O>(mut self, flow: Saga<I, O>) -> Self {
        self.flows.push(flow.name());
        for info in flow.steps() {
            if !self.steps.iter().any(|(known, _)| known.name == info.name) {
                self.steps
                    .push((info, function(flow.definition(), info.participant)));
            }
        }
        self.needed.extend(looked_into(flow.definition()));
        self
    }

    /// What a step answers, always: as its participant would write it in JSON.
    #[must_use]
    pub fn output(mut self, step: &str, sample: Value) -> Self {
        self.outputs.insert(step.to_owned(), sample);
        self
    }

    /// Makes a fresh world for each case, for [`FaultMatrix::new`](crate::FaultMatrix::new).
    ///
    /// # Errors
    ///
    /// The flow looks into the output of a step that no sample was given for.
    pub fn worlds(self) -> Result<impl Fn() -> Ready<World>, Error> {
        if let Some(step) = self.missing().next() {
            let step = step.to_owned();
            return Err(Error::new(Kind::MissingSample { step }));
        }
        Ok(move || ready(self.world()))
    }

    /// The participants by themselves, for an [`Engine`](crate::Engine).
    pub fn handlers(&self) -> Vec<Handler> {
        self.world().handlers
    }

    /// The steps whose outputs the flow looks into, and that no sample was given for: where it looks, it finds null.
    pub fn missing(&self) -> impl Iterator<Item = &str> {
        let needed = self.needed.iter().map(String::as_str);
        needed.filter(|step| !self.outputs.contains_key(*step))
    }

    fn world(&self) -> World {
        let marks = Marks::default();
        let mut handlers: Vec<Handler> = Vec::new();
        let mut named: Vec<&str> = Vec::new();
        for (info, function) in &self.steps {
            if !named.contains(&info.participant) {
                named.push(info.participant);
                handlers.push(self.participant(info, function, &marks));
            }
        }
        World::new(handlers).watch("outside", move || json!(*lock(&marks)))
    }

    fn participant(&self, of: &'static StepInfo, function: &'static str, marks: &Marks) -> Handler {
        let prefix = of
            .name
            .split_once('.')
            .map_or(of.name, |(prefix, _)| prefix);
        let mut builder = HandlerBuilder::new(of.participant, prefix, function, MemoryStore::new());
        for flow in &self.flows {
            builder = builder.start::<Value>(flow, &[]);
        }
        let own = self
            .steps
            .iter()
            .filter(|(info, _)| info.participant == of.participant);
        for (info, _) in own {
            let method = info
                .name
                .split_once('.')
                .map_or(info.name, |(_, method)| method);
            let output = self
                .outputs
                .get(&step_name(info.name))
                .cloned()
                .unwrap_or_default();
            let (action, compensation) = match info.mode {
                Mode::Transactional => transactional(info, output),
                Mode::External => external(info, output, marks),
            };
            builder = builder.step(method, action, compensation);
        }
        builder.build()
    }
}

/// `${StockFunctionArn}` in the definition, without its signs.
fn function(definition: &'static str, participant: &str) -> &'static str {
    let name = format!("{participant}FunctionArn");
    let found = definition
        .find(&format!("${{{name}}}"))
        .map(|place| place + 2);
    found
        .and_then(|place| definition.get(place..place + name.len()))
        .unwrap_or_default()
}

#[derive(Serialize, Deserialize)]
struct Mark {
    step: String,
}

const MARKS: Table<Mark> = Table::new("marks", "step");

/// The idempotency keys of the effects outside of any database.
type Marks = Arc<Mutex<BTreeSet<String>>>;

fn instance(tx: &Tx) -> String {
    format!("{} {} {:?}", tx.saga(), tx.step(), tx.item())
}

fn transactional(info: &StepInfo, output: Value) -> (Action, Option<Compensation>) {
    let writes = info.kind != saga_runtime::Kind::ReadOnly;
    // In their places, or else the closures' lifetimes are not inferred.
    let action = Action::tx(info.kind, &[], move |tx: &mut Tx, _: Value| {
        let output = output.clone();
        if writes {
            let step = instance(tx);
            tx.put(&MARKS, &Mark { step });
        }
        Box::pin(ready(Ok::<_, Retry>(output)))
    });
    let compensation = info.compensation.map(|_| {
        Compensation::tx(|tx: &mut Tx, _: Value, _: Value| {
            let step = instance(tx);
            tx.delete(&MARKS, step);
            Box::pin(ready(Ok(())))
        })
    });
    (action.known_by(info), compensation)
}

fn external(info: &StepInfo, output: Value, marks: &Marks) -> (Action, Option<Compensation>) {
    let writes = info.kind != saga_runtime::Kind::ReadOnly;
    let (made, taken) = (Arc::clone(marks), Arc::clone(marks));
    let action = Action::cx(info.kind, &[], move |cx: &Context, _: Value| {
        if writes {
            lock(&made).insert(cx.idempotency_key());
        }
        Box::pin(ready(Ok::<_, Retry>(output.clone())))
    });
    let compensation = info.compensation.map(|_| {
        Compensation::cx(move |cx: &Context, _: Value, _: Outcome<Value>| {
            lock(&taken).remove(&cx.idempotency_key());
            Box::pin(ready(Ok(())))
        })
    });
    (action.known_by(info), compensation)
}

//! A run set up: the saga, the flows that it starts, stand-ins for all participants, and the faults. Runs nothing.

use std::collections::BTreeSet;

use saga_asl::State;
use saga_compiler::{Contract, Kind, Mode, Step};
use saga_local::{Engine, StandIns};
use saga_runtime::{Saga, StepInfo};
use serde_json::Value;

use super::fault::Request;
use crate::args::Run;
use crate::out::{self, Out, alternatives};

/// What a run needs.
pub(super) struct Stage {
    pub(super) name: String,
    /// The type of the saga's input.
    pub(super) input: Option<String>,
    /// The saga, and then the flows that it starts.
    flows: Vec<Flow>,
}

struct Flow {
    contract: Contract,
    /// For the engine, which knows sagas that live as long as the program.
    saga: Saga<Value, Value>,
    /// The states that call a function.
    tasks: BTreeSet<String>,
}

impl Stage {
    /// Reads a saga and whatever it starts.
    pub(super) fn of(out: &Out, name: &str) -> Result<Self, String> {
        let first = flow(&out.saga(name)?)?;
        let input = first.contract.input.clone();
        let mut flows = vec![first];
        let mut next = 0;
        while let Some(flow_in_turn) = flows.get(next) {
            let started = flow_in_turn.contract.flows.iter();
            let names = started.flat_map(|flow| [Some(&flow.name), flow.compensation.as_ref()]);
            let names: Vec<String> = names.flatten().cloned().collect();
            for name in names {
                if flows.iter().all(|known| known.contract.name != name) {
                    flows.push(flow(&out.saga(&name)?)?);
                }
            }
            next += 1;
        }
        Ok(Self {
            name: name.to_owned(),
            input,
            flows,
        })
    }

    pub(super) fn engine(&self, args: &Run) -> Result<Engine<Value, Value>, String> {
        let stand_ins = self.stand_ins(args)?;
        let mut flows = self.flows.iter();
        let first = flows.next().ok_or("there is no saga")?;
        let mut engine = Engine::new(first.saga).seed(args.seed);
        for flow in flows {
            engine = engine.with_flow(flow.saga);
        }
        for handler in stand_ins.handlers() {
            engine = engine.with(handler);
        }
        for text in &args.faults {
            let request = Request::parse(text)?;
            let step = self.step_of(request.state)?;
            engine = engine.fault(request.state, request.plan(step)?);
        }
        Ok(engine)
    }

    /// The steps whose outputs the flows look into, and that nobody said anything about.
    pub(super) fn missing(&self, args: &Run) -> Vec<String> {
        let stand_ins = self.stand_ins(args).unwrap_or_default();
        stand_ins.missing().map(str::to_owned).collect()
    }

    fn stand_ins(&self, args: &Run) -> Result<StandIns, String> {
        let mut stand_ins = StandIns::default();
        for flow in &self.flows {
            stand_ins = stand_ins.and(flow.saga);
        }
        for text in &args.outputs {
            let (step, json) = text.split_once('=').ok_or_else(|| {
                format!("`--output {text}`: there is no `=`; write `--output STEP=JSON`")
            })?;
            if self.step(step).is_none() {
                return Err(self.unknown_step(step));
            }
            let value = serde_json::from_str(json).map_err(|error| {
                format!(
                    "the output of `{step}` is no JSON: {error}; a text stands in quotes: `--output '{step}=\"text\"'`"
                )
            })?;
            stand_ins = stand_ins.output(step, value);
        }
        Ok(stand_ins)
    }

    fn step(&self, name: &str) -> Option<&Step> {
        let mut steps = self.flows.iter().flat_map(|flow| flow.contract.steps());
        steps
            .find(|(_, step)| step.name == name)
            .map(|(_, step)| step)
    }

    /// The step that a state calls; nothing for a compensation.
    fn step_of(&self, state: &str) -> Result<Option<&Step>, String> {
        if !self.flows.iter().any(|flow| flow.tasks.contains(state)) {
            return Err(self.unknown_step(state));
        }
        let name = state.split_once('#').map_or(state, |(name, _)| name);
        Ok(self.step(name))
    }

    fn unknown_step(&self, name: &str) -> String {
        let tasks = self.flows.iter().flat_map(|flow| &flow.tasks);
        let is_alike =
            |task: &&String| name.starts_with("compensate") == task.starts_with("compensate");
        let tasks = tasks.filter(is_alike).map(String::as_str);
        let known = alternatives(name, tasks);
        format!("there is no step `{name}` in saga `{}`{known}", self.name)
    }
}

fn flow(saga: &out::Saga) -> Result<Flow, String> {
    let contract = saga.contract()?.clone();
    let machine = saga.machine()?;
    let states = machine.graph.all_states().into_iter();
    let tasks = states.filter(
        |(_, state)| matches!(state, State::Task(task) if task.resource.contains("lambda")),
    );
    let tasks = tasks.map(|(name, _)| name.to_owned()).collect();
    Ok(Flow {
        saga: leaked(&contract, &saga.definition),
        contract,
        tasks,
    })
}

/// The constant that the saga's program has. It lives as long as this program, which runs it once.
fn leaked(contract: &Contract, definition: &str) -> Saga<Value, Value> {
    let steps = contract.steps().map(|(participant, step)| StepInfo {
        name: leak(&step.name),
        participant: leak(&participant.name),
        kind: match step.kind {
            Kind::Compensatable => saga_runtime::Kind::Compensatable,
            Kind::Pivot => saga_runtime::Kind::Pivot,
            Kind::Retriable => saga_runtime::Kind::Retriable,
            Kind::ReadOnly => saga_runtime::Kind::ReadOnly,
        },
        mode: match step.mode {
            Mode::Transactional => saga_runtime::Mode::Transactional,
            Mode::External => saga_runtime::Mode::External,
        },
        compensation: step.compensation.as_deref().map(leak),
        rejections: leak_all(&step.rejections),
        transients: leak_all(&step.transients),
    });
    let steps: Vec<StepInfo> = steps.collect();
    let flows = contract.flows.iter();
    let flows: Vec<&'static str> = flows.map(|flow| leak(&flow.name)).collect();
    Saga::new(
        leak(&contract.name),
        leak(definition),
        steps.leak(),
        flows.leak(),
    )
}

fn leak(text: &str) -> &'static str {
    text.to_owned().leak()
}

fn leak_all(texts: &[String]) -> &'static [&'static str] {
    let texts: Vec<&'static str> = texts.iter().map(|text| leak(text)).collect();
    texts.leak()
}

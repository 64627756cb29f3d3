//! The ways of a saga in which nothing fails: states one after the other, each with its work. Knows no failure.

use std::collections::HashMap;

use saga_asl::{Graph, Map, Next, Number, ProcessorMode, State, StateMachine, Task, WaitUntil};
use saga_compiler::{Contract, Step};

use super::work::{Assumed, Delivery, Work};
use crate::template::pascal;

/// Sagas by name, a saga and those that it starts, and what is taken for granted.
pub(super) struct Flows<'a> {
    pub(super) known: HashMap<&'a str, (&'a StateMachine, &'a Contract)>,
    pub(super) assumed: Assumed,
}

/// Which arm of a branch is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arms {
    Dearest,
    Cheapest,
}

/// A state on a way, with all that is in it.
#[derive(Clone, Debug)]
pub(super) struct Stop<'a> {
    pub(super) name: &'a str,
    pub(super) state: &'a State,
    pub(super) work: Work,
}

pub(super) type Way<'a> = Vec<Stop<'a>>;

pub(super) fn sum(way: &[Stop]) -> Work {
    let mut sum = Work::default();
    for stop in way {
        sum.add(&stop.work);
    }
    sum
}

impl<'a> Flows<'a> {
    /// A whole run of a flow.
    pub(super) fn committed(&self, flow: &str, arms: Arms) -> Work {
        let Some((machine, contract)) = self.known.get(flow) else {
            return Work::default();
        };
        sum(&self.way(&machine.graph, &machine.graph.start_at, contract, arms))
    }

    /// The way from a state to the graph's good end.
    pub(super) fn way(
        &self, graph: &'a Graph, from: &str, contract: &'a Contract, arms: Arms,
    ) -> Way<'a> {
        let mut walk = Walk {
            flows: self,
            graph,
            contract,
            arms,
            known: HashMap::new(),
        };
        let Some((first, _)) = graph.states.iter().find(|(name, _)| name == from) else {
            return Vec::new();
        };
        walk.from(first).unwrap_or_default()
    }

    /// What a state asks for when nothing in it fails.
    pub(super) fn work(&self, state: &'a State, contract: &'a Contract, arms: Arms) -> Work {
        let mut work = Work::state();
        match state {
            State::Task(task) => self.task(&mut work, task, contract, arms),
            State::Wait(wait) => {
                // How long a wait is that a run computes, only the run knows.
                if let WaitUntil::Seconds(Number::Literal(seconds)) = wait.until {
                    work.seconds += float(seconds);
                }
            }
            State::Parallel(parallel) => {
                let mut inside = Work::default();
                for branch in &parallel.branches {
                    inside.add_beside(&self.graph(branch, contract, arms));
                }
                work.add(&inside);
            }
            State::Map(map) => {
                let body = self.graph(&map.item_processor.graph, contract, arms);
                work.add(&Self::items(map, body, self.assumed.items));
            }
            _ => {}
        }
        work
    }

    /// So many items of a loop, of which each takes this.
    pub(super) fn items(map: &Map, each: Work, items: f64) -> Work {
        let at_once = match &map.max_concurrency {
            Some(Number::Literal(max)) if *max > 0 => float(*max),
            // As many as there are; or as many as an expression says, which is a list's length with us.
            _ => items.max(1.0),
        };
        let seconds = each.seconds * (items / at_once).ceil();
        let mut all = each * items;
        all.seconds = seconds;
        if matches!(map.item_processor.mode, ProcessorMode::Distributed(_)) {
            all.executions += items;
        }
        all
    }

    pub(super) fn graph(&self, graph: &'a Graph, contract: &'a Contract, arms: Arms) -> Work {
        sum(&self.way(graph, &graph.start_at, contract, arms))
    }

    fn task(&self, work: &mut Work, task: &'a Task, contract: &'a Contract, arms: Arms) {
        match called(task, contract) {
            Called::Step(step, delivery) => work.deliver(step, delivery, &self.assumed),
            Called::Flow(flow) => {
                work.executions += 1.0;
                work.add(&self.committed(&flow, arms));
            }
            Called::Other => {}
        }
    }
}

/// What a Task calls.
pub(super) enum Called<'a> {
    Step(&'a Step, Delivery),
    Flow(String),
    Other,
}

pub(super) fn called<'a>(task: &Task, contract: &'a Contract) -> Called<'a> {
    let arguments = serde_json::to_value(&task.arguments).unwrap_or_default();
    let payload = &arguments["Payload"];
    if let Some(step) = payload["step"]
        .as_str()
        .and_then(|step| contract.step(step))
    {
        let undoes = payload["phase"] == "compensation";
        let delivery = if undoes {
            Delivery::Undone
        } else {
            Delivery::Done
        };
        return Called::Step(step, delivery);
    }
    // The compensation of a started flow is another one, whose placeholder is made of its name in the same way.
    let machine = arguments["StateMachineArn"].as_str().unwrap_or_default();
    let is_called = |name: &String| machine == format!("${{{}StateMachineArn}}", pascal(name));
    let flows = contract.flows.iter();
    let mut names = flows.flat_map(|flow| [Some(&flow.name), flow.compensation.as_ref()]);
    match names.find(|name| name.is_some_and(is_called)).flatten() {
        Some(name) => Called::Flow(name.clone()),
        None => Called::Other,
    }
}

/// Finds the way through one graph.
struct Walk<'f, 'a> {
    flows: &'f Flows<'a>,
    graph: &'a Graph,
    contract: &'a Contract,
    arms: Arms,
    known: HashMap<&'a str, Option<Way<'a>>>,
}

impl<'a> Walk<'_, 'a> {
    /// From a state to the end; nothing where no way leads there, and for what goes round in circles.
    fn from(&mut self, name: &'a str) -> Option<Way<'a>> {
        if let Some(known) = self.known.get(name) {
            return known.clone();
        }
        self.known.insert(name, None);
        let state = self.graph.get(name)?;
        let rest = if ends(state) {
            Some(Vec::new())
        } else {
            let ways = state.targets().into_iter();
            let ways: Vec<Way> = ways.filter_map(|next| self.from(next)).collect();
            self.choose(ways)
        };
        let way = rest.map(|rest| {
            let work = self.flows.work(state, self.contract, self.arms);
            let mut way = vec![Stop { name, state, work }];
            way.extend(rest);
            way
        });
        self.known.insert(name, way.clone());
        way
    }

    fn choose(&self, ways: Vec<Way<'a>>) -> Option<Way<'a>> {
        let cost = |way: &Way| sum(way).transitions;
        let ways = ways.into_iter();
        match self.arms {
            Arms::Dearest => ways.max_by(|one, other| cost(one).total_cmp(&cost(other))),
            Arms::Cheapest => ways.min_by(|one, other| cost(one).total_cmp(&cost(other))),
        }
    }
}

pub(super) fn ends(state: &State) -> bool {
    let next = match state {
        State::Succeed(_) => return true,
        State::Choice(_) | State::Fail(_) => return false,
        State::Task(state) => &state.next,
        State::Wait(state) => &state.next,
        State::Pass(state) => &state.next,
        State::Parallel(state) => &state.next,
        State::Map(state) => &state.next,
    };
    *next == Next::End
}

#[expect(
    clippy::cast_precision_loss,
    reason = "seconds and items, far below 2^53"
)]
fn float(number: u64) -> f64 {
    number as f64
}

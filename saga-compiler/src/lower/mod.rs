//! IR to a state machine. Total: whatever cannot be lowered, an earlier stage has refused.
//!
//! One walk over the blocks. Each node becomes one state, which is told where to go afterwards and what to assign on the way
//! ([`Exit`]); a state in which nothing catches takes only what is safe there. A flow is lowered again until it is known what
//! must be kept in variables ([`Facts`]).

mod assemble;
mod block;
mod branch;
mod exit;
mod expression;
mod facts;
mod join;
mod nested;
mod park;
mod repeat;
mod retry;
mod scope;
mod task;
mod undo;
mod value;
mod wait;
pub(crate) mod walk;

use std::cell::{Cell, RefCell};
use std::collections::HashSet;

use saga_asl as asl;

use crate::called::Called;
use crate::ir::{self, LocalId, LoopId};
use crate::names;
use exit::After;
use facts::{Facts, Names};
use park::Parked;
pub(crate) use retry::{RETRY, error_names};
use scope::{Phase, Scope};
pub(crate) use value::required_input;

/// One flow while it is lowered.
pub(crate) struct Lowering<'a> {
    pub(crate) saga: &'a ir::Saga,
    pub(crate) flow: &'a ir::Flow,
    /// The loops around each local.
    homes: Vec<Vec<LoopId>>,
    /// Calls before which no other was: they check the flow's input.
    first: HashSet<LocalId>,
    /// What each flow of the module means to those that call it.
    called: &'a Called,
    /// What the lowerings before this one found.
    facts: Facts,
    names: Names,
    found: RefCell<Facts>,
    /// States that stand for no node, so far.
    ends: Cell<usize>,
    rejects: Cell<usize>,
}

/// The states of a graph, as they are found: forward ones in source order, and what undoes them.
#[derive(Default)]
struct States {
    forward: Vec<(asl::StateName, asl::State)>,
    /// In source order; the chain runs them backwards.
    undos: Vec<Undo>,
    /// What follows the next state, beside the happy path.
    after: Vec<(asl::StateName, asl::State)>,
    /// What else may be parked, and where an operator's answer leads.
    stuck: Vec<Parked>,
}

/// One state of a compensation chain.
struct Undo {
    state: asl::StateName,
    content: asl::State,
    /// What it is parked as, where it may be stuck.
    action: Option<asl::StateName>,
    /// The branch whose arm it asks for.
    branch: Option<asl::StateName>,
}

/// Where a path of the flow's own graph stands.
#[derive(Clone)]
struct Path {
    /// Where to go when the next node had no effect.
    undo: asl::StateName,
    /// Nothing is undone any more.
    beyond_return: bool,
}

pub(crate) fn lower(saga: &ir::Saga, called: &Called, flow: &ir::Flow) -> asl::StateMachine {
    let homes = walk::homes(flow);
    let first: HashSet<LocalId> = crate::walk::first_calls(flow)
        .into_iter()
        .map(|call| call.output)
        .collect();
    let depth = walk::depth(&flow.body);
    let merges = walk::merges(flow);
    let mut facts = Facts::default();
    loop {
        let lowering = Lowering {
            saga,
            flow,
            homes: homes.clone(),
            first: first.clone(),
            called,
            names: Names::of(flow, &facts, depth),
            found: RefCell::default(),
            facts,
            ends: Cell::new(0),
            rejects: Cell::new(0),
        };
        let machine = lowering.lower_flow();
        let mut found = lowering.found.into_inner();
        found.close(&merges);
        if found == lowering.facts {
            return machine;
        }
        facts = found;
    }
}

impl Lowering<'_> {
    fn lower_flow(&self) -> asl::StateMachine {
        let mut states = States::default();
        let mut path = Path {
            undo: names::COMPENSATED.to_owned(),
            beyond_return: self.called.must_succeed(self.saga, self.flow),
        };
        let after = After::nothing();
        let scope = Scope::top(Phase::Action);
        self.lower_block(&mut states, &scope, &mut path, &self.flow.body, &after);
        let start_at = states.forward.first().map(|(name, _)| name.clone());
        let comment = self.flow.comment.as_deref();
        asl::StateMachine {
            comment: comment.or(self.saga.comment.as_deref()).map(value::comment),
            timeout_seconds: None,
            graph: asl::Graph {
                start_at: start_at.unwrap_or_default(),
                states: self.assemble(states),
            },
        }
    }

    fn step(&self, call: &ir::Call) -> &ir::Step {
        &self.saga.participants[call.participant].steps[call.step]
    }
}

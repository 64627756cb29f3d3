//! IR to a state machine. Total: whatever cannot be lowered, an earlier stage has refused.

mod retry;
mod task;
mod value;

use saga_asl as asl;

use crate::ir::{self, Block, Call, Node, Value};
use crate::names;
pub(crate) use retry::error_names;
use value::Variables;
pub(crate) use value::required_input;

/// One flow while it is lowered.
pub(crate) struct Lowering<'a> {
    pub(crate) saga: &'a ir::Saga,
    pub(crate) flow: &'a ir::Flow,
    variables: Variables,
}

/// The states of a flow, as they are found: forward steps in source order, and what undoes them.
#[derive(Default)]
struct States {
    forward: Vec<(asl::StateName, asl::State)>,
    /// In source order; the chain runs them backwards.
    compensations: Vec<Undo>,
}

/// A compensation, and the state of its action.
struct Undo {
    action: asl::StateName,
    state: asl::StateName,
    task: asl::Task,
}

/// Where a path stands.
struct Path {
    /// Where to go when the next node had no effect.
    undo: asl::StateName,
    /// Nothing is undone any more.
    beyond_return: bool,
}

pub(crate) fn lower(saga: &ir::Saga, flow: &ir::Flow) -> asl::StateMachine {
    let lowering = Lowering {
        saga,
        flow,
        variables: Variables::of(flow),
    };
    let mut states = States::default();
    let mut path = Path {
        undo: names::COMPENSATED.to_owned(),
        beyond_return: false,
    };
    lowering.lower_block(&mut states, &mut path, &flow.body);
    let start_at = states
        .forward
        .first()
        .map(|(name, _)| name.clone())
        .unwrap_or_default();
    asl::StateMachine {
        comment: flow
            .comment
            .as_deref()
            .or(saga.comment.as_deref())
            .map(value::comment),
        timeout_seconds: None,
        graph: asl::Graph {
            start_at,
            states: lowering.assemble(states),
        },
    }
}

impl Lowering<'_> {
    fn lower_block(&self, states: &mut States, path: &mut Path, block: &Block) {
        for (index, node) in block.nodes.iter().enumerate() {
            let after = match block.nodes.get(index + 1) {
                Some(next) => After::Next(entry(next)),
                None => After::End(&block.result),
            };
            match node {
                Node::Call(call) => self.lower_call(states, path, call, &after),
            }
        }
    }

    fn lower_call(&self, states: &mut States, path: &mut Path, call: &Call, after: &After<'_>) {
        let step = self.step(call);
        states.forward.push((
            call.state.clone(),
            asl::State::Task(self.action(call, path, after)),
        ));
        if path.beyond_return {
            return;
        }
        let compensation = match &step.kind {
            ir::Kind::ReadOnly => return,
            ir::Kind::Compensatable(name) => Some(name),
            ir::Kind::Pivot | ir::Kind::Retriable => None,
        };
        let state = names::compensation_state(&call.state);
        states.compensations.push(Undo {
            action: call.state.clone(),
            state: state.clone(),
            task: self.compensation(call, compensation, &path.undo),
        });
        path.undo = state;
        path.beyond_return = compensation.is_none();
    }

    /// The happy path straight down, the compensations in the order in which they run, and the end.
    fn assemble(&self, states: States) -> Vec<(asl::StateName, asl::State)> {
        let parks = !states.compensations.is_empty() && self.saga.on_stuck == ir::OnStuck::Park;
        let resume = parks.then(|| resume(&states.compensations));
        let mut all = states.forward;
        let can_fail = all
            .iter()
            .any(|(_, state)| matches!(state, asl::State::Task(task) if !task.catch.is_empty()));
        let chain = states.compensations.into_iter().rev();
        all.extend(chain.map(|undo| (undo.state, asl::State::Task(undo.task))));
        if let Some(resume) = resume {
            all.push((names::PARK.to_owned(), asl::State::Task(task::park())));
            all.push((names::RESUME.to_owned(), resume));
        }
        if can_fail {
            all.push((names::COMPENSATED.to_owned(), compensated()));
        }
        all
    }

    fn step(&self, call: &Call) -> &ir::Step {
        &self.saga.participants[call.participant].steps[call.step]
    }
}

/// What follows a node.
enum After<'a> {
    Next(asl::StateName),
    End(&'a Value),
}

/// The state in which a node begins.
fn entry(node: &Node) -> asl::StateName {
    match node {
        Node::Call(call) => call.state.clone(),
    }
}

/// Goes back to the compensation that was parked.
fn resume(compensations: &[Undo]) -> asl::State {
    let choices = compensations.iter().rev().map(|undo| asl::ChoiceRule {
        comment: None,
        condition: asl::Condition::Expression(asl::Expression(format!(
            "${} = '{}'",
            names::STUCK,
            undo.action
        ))),
        assign: Vec::new(),
        output: None,
        next: undo.state.clone(),
    });
    asl::State::Choice(asl::Choice {
        comment: None,
        choices: choices.collect(),
        // Cannot be reached; if it ever is, an operator must know.
        default: Some(names::PARK.to_owned()),
        assign: Vec::new(),
        output: None,
    })
}

/// Ends the saga with the failure that began the compensation.
fn compensated() -> asl::State {
    let expression =
        |jsonata: &str| Some(asl::Text::Expression(asl::Expression(jsonata.to_owned())));
    asl::State::Fail(asl::Fail {
        comment: None,
        error: expression("$states.input.Error"),
        // Whether a timeout has a `Cause` is not documented, and this state must not fail to evaluate.
        cause: expression("$states.input.Cause & ''"),
    })
}

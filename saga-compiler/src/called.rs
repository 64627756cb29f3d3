//! What a flow means to those that call it: the same four kinds that a step may be of. Reports nothing.

use crate::ir::{self, End, Nested, Node};
use crate::walk;

/// What a call means for the point of no return.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Compensatable,
    Pivot,
    Retriable,
    ReadOnly,
}

/// A flow, as its callers see it.
#[derive(Clone, Copy)]
pub(crate) struct Verdict {
    pub(crate) kind: Kind,
    /// It may say no.
    pub(crate) rejects: bool,
}

/// What is assumed of a flow while it is judged: one that comes back to itself is reported for that alone.
const HARMLESS: Verdict = Verdict {
    kind: Kind::ReadOnly,
    rejects: false,
};

/// What the flows of a module are to each other.
pub(crate) struct Called {
    /// In the order of [`ir::Saga::flows`].
    pub(crate) verdicts: Vec<Verdict>,
    /// Whether the flow must succeed, because another leans on it, in the same order.
    must_succeed: Vec<bool>,
}

impl Called {
    pub(crate) fn of(saga: &ir::Saga) -> Self {
        let verdicts = verdicts(saga);
        Self {
            must_succeed: must_succeed(saga, &verdicts),
            verdicts,
        }
    }

    pub(crate) fn must_succeed(&self, saga: &ir::Saga, flow: &ir::Flow) -> bool {
        let mut flows = saga.flows.iter().zip(&self.must_succeed);
        flows.any(|(other, must)| other.ident == flow.ident && *must)
    }
}

/// Whether a group, which has no pivot, has a step that is tried until it succeeds: then all of it is beyond the point of no
/// return.
pub(crate) fn finishes(saga: &ir::Saga, verdicts: &[Verdict], block: &ir::Block) -> bool {
    let mut finishes = false;
    walk::visit(block, &mut |node| {
        let kind = match node {
            Node::Call(call) => Some(kind_of(saga, call)),
            Node::Attempt(attempt) => Some(kind_of(saga, &attempt.call)),
            Node::Nested(nested) => position(saga, nested).map(|index| verdicts[index].kind),
            _ => None,
        };
        finishes |= kind == Some(Kind::Retriable);
    });
    finishes
}

/// Every flow of a module, in the order of [`ir::Saga::flows`], each judged once.
pub(crate) fn verdicts(saga: &ir::Saga) -> Vec<Verdict> {
    let mut verdicts = vec![None; saga.flows.len()];
    for index in 0..saga.flows.len() {
        judge(saga, index, &mut verdicts);
    }
    let verdicts = verdicts.into_iter();
    verdicts
        .map(|verdict| verdict.unwrap_or(HARMLESS))
        .collect()
}

pub(crate) fn of_step(step: &ir::Step) -> Kind {
    match step.kind {
        ir::Kind::Compensatable(_) => Kind::Compensatable,
        ir::Kind::Pivot => Kind::Pivot,
        ir::Kind::Retriable => Kind::Retriable,
        ir::Kind::ReadOnly => Kind::ReadOnly,
    }
}

fn kind_of(saga: &ir::Saga, call: &ir::Call) -> Kind {
    of_step(&saga.participants[call.participant].steps[call.step])
}

/// The flow that is called; `None` where there is none, which rustc reports.
pub(crate) fn position(saga: &ir::Saga, nested: &Nested) -> Option<usize> {
    saga.flows.iter().position(|flow| flow.ident == nested.flow)
}

fn judge(saga: &ir::Saga, index: usize, verdicts: &mut [Option<Verdict>]) -> Verdict {
    if let Some(verdict) = verdicts[index] {
        return verdict;
    }
    verdicts[index] = Some(HARMLESS);
    let flow = &saga.flows[index];
    let mut calls = Vec::new();
    for call in walk::calls(flow) {
        let step = &saga.participants[call.participant].steps[call.step];
        calls.push(Verdict {
            kind: of_step(step),
            rejects: may_be_rejected(saga, step),
        });
    }
    for nested in walk::nested(flow) {
        if let Some(called) = position(saga, nested) {
            calls.push(judge(saga, called, verdicts));
        }
    }
    let says_no = says_no(&flow.body);
    let all = |kinds: &[Kind]| calls.iter().all(|call| kinds.contains(&call.kind));
    let any_late_no = calls
        .iter()
        .any(|call| call.rejects && call.kind != Kind::Retriable);
    let kind = if flow.compensation.is_some() {
        Kind::Compensatable
    } else if all(&[Kind::ReadOnly]) {
        Kind::ReadOnly
    } else if !any_late_no && !says_no && all(&[Kind::Retriable, Kind::ReadOnly]) {
        Kind::Retriable
    } else {
        Kind::Pivot
    };
    let verdict = Verdict {
        kind,
        rejects: says_no || calls.iter().any(|call| call.rejects),
    };
    verdicts[index] = Some(verdict);
    verdict
}

fn may_be_rejected(saga: &ir::Saga, step: &ir::Step) -> bool {
    match step.error.kind {
        ir::StepErrorKind::Retry => false,
        ir::StepErrorKind::Enum(index) => {
            let mut variants = saga.errors[index].variants.iter();
            variants.any(|variant| !variant.transient)
        }
    }
}

fn says_no(block: &ir::Block) -> bool {
    let inside = |node: &Node| walk::blocks(node).into_iter().any(says_no);
    matches!(block.end, End::Reject(_)) || block.nodes.iter().any(inside)
}

/// Whether each flow must succeed: what undoes a flow, and what is called where nothing is undone any more. It is begun beyond
/// the point of no return.
fn must_succeed(saga: &ir::Saga, verdicts: &[Verdict]) -> Vec<bool> {
    let mut must: Vec<bool> = saga
        .flows
        .iter()
        .map(|flow| {
            let mut others = saga.flows.iter();
            others.any(|other| other.compensation.as_ref() == Some(&flow.ident))
        })
        .collect();
    loop {
        let before = must.clone();
        for (index, caller) in saga.flows.iter().enumerate() {
            let mut late = Late {
                saga,
                verdicts,
                must: &mut must,
            };
            late.block(&caller.body, before[index]);
        }
        if must == before {
            return must;
        }
    }
}

/// Finds the flows that are called late.
struct Late<'a> {
    saga: &'a ir::Saga,
    verdicts: &'a [Verdict],
    must: &'a mut [bool],
}

impl Late<'_> {
    /// Whether the path is beyond the point of no return behind the block.
    fn block(&mut self, block: &ir::Block, mut beyond: bool) -> bool {
        for node in &block.nodes {
            beyond = self.node(node, beyond);
        }
        beyond
    }

    fn node(&mut self, node: &Node, beyond: bool) -> bool {
        match node {
            Node::Wait(_) => beyond,
            Node::Call(call) => beyond | self.passes(call),
            Node::Nested(nested) => {
                let Some(index) = position(self.saga, nested) else {
                    return beyond;
                };
                let kind = self.verdicts[index].kind;
                self.must[index] |= kind == Kind::Retriable || beyond && kind == Kind::ReadOnly;
                beyond || matches!(kind, Kind::Pivot | Kind::Retriable)
            }
            Node::Attempt(attempt) => {
                let ok = beyond || self.passes(&attempt.call);
                let mut behind = self.block(&attempt.ok, ok);
                for alternative in &attempt.alternatives {
                    behind |= self.block(&alternative.block, beyond);
                }
                behind
            }
            Node::Branch(branch) => {
                let arms = branch.arms.iter();
                arms.fold(false, |behind, arm| behind | self.block(&arm.block, beyond))
            }
            Node::Loop(_) | Node::Join(_) => {
                // One step in it that must be finished, and all of it is beyond the point of no return.
                let inside = walk::blocks(node);
                let finishes = inside
                    .iter()
                    .any(|block| finishes(self.saga, self.verdicts, block));
                for block in inside {
                    self.block(block, beyond || finishes);
                }
                beyond || finishes
            }
        }
    }

    fn passes(&self, call: &ir::Call) -> bool {
        matches!(kind_of(self.saga, call), Kind::Pivot | Kind::Retriable)
    }
}

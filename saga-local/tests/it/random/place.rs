//! What may stand where in a flow: the pivot rule, written once.

use std::collections::BTreeSet;

use saga_runtime::Kind;

use super::contract::Method;
use super::model::{Expr, Name, Ty};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Before,
    Beyond,
}

/// What a loop or a join around makes of its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Group {
    /// There is none.
    Flow,
    /// Nothing in it is final.
    Undoable,
    /// Everything in it succeeds in the end.
    Finishing,
}

/// Where a node is to stand.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) phase: Phase,
    pub(super) group: Group,
    /// The items of the loops around.
    pub(super) items: Vec<Name>,
    /// What `return Ok(..)` takes here, if it may stand here.
    pub(super) returns: Option<Ty>,
    /// In a loop or join, the locals that outlive it, and what can be had of them again: what is undone there goes through
    /// no other list.
    pub(super) kept: BTreeSet<usize>,
}

/// What the pivot rule speaks of.
#[derive(Clone, Copy, Debug)]
pub(super) enum What {
    Step(Method),
    /// A loop or a join of that kind.
    Group(Group),
    /// `return Err(..)`
    Reject,
    /// A loop whose items are executions of their own.
    Distributed,
}

impl Place {
    /// Where a flow begins.
    pub(super) fn flow() -> Self {
        Self {
            phase: Phase::Before,
            group: Group::Flow,
            items: Vec::new(),
            returns: Some(Ty::Report),
            kept: BTreeSet::new(),
        }
    }

    /// The pivot rule: `(compensatable | read_only)*`, at most one pivot, `(retriable | read_only that is never rejected)*`;
    /// no pivot in a loop or join, and with a retriable step there only what cannot be rejected.
    pub(super) fn allows(&self, what: What) -> bool {
        let before = self.group == Group::Undoable
            || (self.group == Group::Flow && self.phase == Phase::Before);
        match what {
            What::Step(method) => match method.kind() {
                Kind::Compensatable => before,
                Kind::ReadOnly => before || !method.may_reject(),
                Kind::Pivot => before && self.group == Group::Flow,
                Kind::Retriable => self.group != Group::Undoable,
            },
            What::Group(Group::Finishing) => self.group != Group::Undoable,
            What::Group(_) | What::Reject => before,
            What::Distributed => self.group == Group::Flow,
        }
    }

    /// The same, in a loop or join.
    pub(super) fn inside(&self, group: Group, scope: &Scope) -> Self {
        let mut place = Self {
            group,
            ..self.clone()
        };
        if self.group == Group::Flow {
            place.kept = scope.0.iter().map(|(name, _)| name.id).collect();
        }
        place
    }

    /// Notes that this is had of what is there already.
    pub(super) fn keep(&mut self, name: &Name, value: &Expr) {
        if value
            .root()
            .is_some_and(|root| self.kept.contains(&root.id))
        {
            self.kept.insert(name.id);
        }
    }

    /// After a node of that kind.
    pub(super) fn passes(&mut self, kind: Kind) {
        if matches!(kind, Kind::Pivot | Kind::Retriable) {
            self.phase = Phase::Beyond;
        }
    }
}

/// The locals that may be named.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope(pub(super) Vec<(Name, Ty)>);

impl Scope {
    pub(super) fn bind(&mut self, name: &Name, ty: Ty) {
        self.0.retain(|(other, _)| other.text != name.text);
        self.0.push((name.clone(), ty));
    }
}

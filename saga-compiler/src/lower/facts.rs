//! What must be kept for later, found by lowering once to see: which outputs are used, what is looked into where nothing
//! catches, what items hand on. And the names of all that.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::ir::{self, LocalId, LoopId, Operator, Root, Segment, Value};
use crate::names;
use crate::walk::places;

use super::Lowering;
use super::scope::{Cx, Own, Phase};

/// Grows from one lowering to the next, until nothing is added.
#[derive(Clone, Default, PartialEq)]
pub(super) struct Facts {
    /// Outputs that a later state reads.
    pub(super) used: BTreeSet<LocalId>,
    /// Outputs that their own state hands out.
    pub(super) returned: BTreeSet<LocalId>,
    /// Values that are computed where their one local is given, because they are read where nothing catches.
    precomputed: Vec<(LocalId, Value)>,
    /// What the items of a loop are handed, on the way there and on the way back.
    captures: BTreeMap<(usize, bool), Vec<Capture>>,
    /// The branches whose taken arm the compensation asks for, by state.
    pub(super) recorded: BTreeSet<String>,
}

/// Something from around a loop that its items are handed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Capture {
    pub(super) root: Root,
    pub(super) path: Vec<Segment>,
}

impl Capture {
    pub(super) fn new(root: Root, path: &[Segment]) -> Self {
        Self {
            root,
            path: path.to_vec(),
        }
    }
}

impl Facts {
    pub(super) fn capture(&mut self, id: LoopId, phase: Phase, capture: Capture) {
        let key = (id.0, phase == Phase::Compensation);
        let captures = self.captures.entry(key).or_default();
        if !captures.contains(&capture) {
            captures.push(capture);
        }
    }

    pub(super) fn captures(&self, id: LoopId, phase: Phase) -> &[Capture] {
        let key = (id.0, phase == Phase::Compensation);
        self.captures.get(&key).map_or(&[], Vec::as_slice)
    }

    /// What is computed where this local is given.
    pub(super) fn precomputed(&self, id: LocalId) -> impl Iterator<Item = &Value> {
        let of_local = self
            .precomputed
            .iter()
            .filter(move |(local, _)| *local == id);
        of_local.map(|(_, value)| value)
    }

    /// A merge that is read reads, in its arms, those before it: found here, each would cost a lowering of its own.
    pub(super) fn close(&mut self, merges: &[(LocalId, LocalId)]) {
        // A merge comes behind those that it takes from.
        for (merge, taken) in merges.iter().rev() {
            if self.used.contains(merge) {
                self.used.insert(*taken);
            }
        }
    }

    fn precompute(&mut self, id: LocalId, value: &Value) {
        if !self.precomputed(id).any(|known| known == value) {
            self.precomputed.push((id, value.clone()));
        }
    }
}

/// The names of variables and of what items hand on.
#[derive(Default)]
pub(super) struct Names {
    locals: HashMap<LocalId, String>,
    precomputed: Vec<(Value, String)>,
    recorded: HashMap<String, String>,
    keys: Vec<(Capture, String)>,
}

/// What an item is handed besides: its index path, and the saga where the item is an execution of its own.
pub(super) const ITEM: &str = "item";
pub(super) const SAGA: &str = "saga";

impl Names {
    /// `depth` is how many graphs stand inside each other in what undoes the flow: each parks under names of its own.
    pub(super) fn of(flow: &ir::Flow, facts: &Facts, depth: usize) -> Self {
        let mut names = Self::default();
        let mut in_use = HashSet::new();
        for depth in 1..=depth {
            in_use.insert(names::at_depth(names::STUCK, depth));
            in_use.insert(names::at_depth(names::FAILURE, depth));
        }
        let mut add = |wish: &str| {
            let name = names::variable(wish, &in_use);
            in_use.insert(name.clone());
            name
        };
        let binding = |id: LocalId| flow.locals[id.0].name.as_deref().unwrap_or("output");
        for id in &facts.used {
            names.locals.insert(*id, add(binding(*id)));
        }
        for (id, value) in &facts.precomputed {
            let name = add(&describe(binding(*id), value));
            names.precomputed.push((value.clone(), name));
        }
        for state in &facts.recorded {
            names.recorded.insert(state.clone(), add("branch"));
        }
        let mut in_use: HashSet<String> = [ITEM, SAGA].map(str::to_owned).into();
        for capture in facts.captures.values().flatten() {
            if names.keys.iter().any(|(known, _)| known == capture) {
                continue;
            }
            let key = names::variable(&key_of(flow, capture), &in_use);
            in_use.insert(key.clone());
            names.keys.push((capture.clone(), key));
        }
        names
    }

    pub(super) fn local(&self, id: LocalId) -> String {
        self.locals.get(&id).cloned().unwrap_or_default()
    }

    pub(super) fn of_precomputed(&self, value: &Value) -> String {
        let mut known = self.precomputed.iter();
        let found = known.find(|(candidate, _)| candidate == value);
        found.map(|(_, name)| name.clone()).unwrap_or_default()
    }

    pub(super) fn recorded(&self, state: &str) -> String {
        self.recorded.get(state).cloned().unwrap_or_default()
    }

    pub(super) fn key(&self, capture: &Capture) -> String {
        let found = self.keys.iter().find(|(known, _)| known == capture);
        found.map(|(_, key)| key.clone()).unwrap_or_default()
    }
}

/// `check`, `check.score < 50` -> `check_score_test`
fn describe(binding: &str, value: &Value) -> String {
    match value {
        Value::Place(_, path) => last_field(path).map_or_else(
            || binding.to_owned(),
            |field| format!("{binding}_{}", word(field)),
        ),
        other => {
            let mut name = binding.to_owned();
            let mut add = |path: &[Segment]| {
                if let Some(field) = last_field(path)
                    && name == binding
                {
                    name = format!("{binding}_{}", word(field));
                }
            };
            places(other, &mut |root, path| {
                if matches!(root, Root::Local(_)) {
                    add(path);
                }
            });
            format!("{name}_test")
        }
    }
}

fn key_of(flow: &ir::Flow, capture: &Capture) -> String {
    if let Some(field) = last_field(&capture.path) {
        return word(field);
    }
    match capture.root {
        Root::Input => "input".to_owned(),
        Root::Local(id) => flow.locals[id.0].name.clone().unwrap_or_default(),
        Root::Item(id) | Root::Index(id) => item_name(&flow.body, id).unwrap_or_default(),
    }
}

fn item_name(block: &ir::Block, id: LoopId) -> Option<String> {
    let mut found = None;
    super::walk::visit_loops(block, &mut |each| {
        if each.id == id {
            found = Some(each.item.clone().unwrap_or_else(|| "value".to_owned()));
        }
    });
    found
}

fn last_field(path: &[Segment]) -> Option<&str> {
    path.iter().rev().find_map(|segment| match segment {
        Segment::Field { json, .. } => Some(json.as_str()),
        Segment::Index(_) => None,
    })
}

/// What of a JSON name may stand in a variable's.
fn word(name: &str) -> String {
    let word = |c: char| if c.is_alphanumeric() { c } else { '_' };
    name.chars().map(word).collect()
}

/// Whether it evaluates whatever its places hold: what compares numbers or computes does not, and stays where a guard
/// before it has looked.
fn is_total(value: &Value) -> bool {
    let is_bare = |value: &Value| {
        matches!(
            value,
            Value::Place(..)
                | Value::Null
                | Value::Bool(_)
                | Value::Integer(_)
                | Value::Float(_)
                | Value::String(_)
        )
    };
    match value {
        Value::Bool(_) | Value::Has(..) => true,
        Value::Count(inner) | Value::IsSome(inner) => is_bare(inner),
        Value::Binary(Operator::Equal, left, right) => is_bare(left) && is_bare(right),
        Value::Binary(Operator::And | Operator::Or, left, right) => {
            is_total(left) && is_total(right)
        }
        Value::Not(inner) => is_total(inner),
        Value::If(parts) => parts.iter().all(is_total),
        _ => false,
    }
}

impl Lowering<'_> {
    /// The variable of a value that is computed where its one local is given; `None` for what is safe as it stands.
    pub(super) fn precomputed(&self, cx: &Cx<'_>, value: &Value) -> Option<String> {
        let id = match value {
            // The variable itself is there.
            Value::Place(Root::Local(_), path) if path.is_empty() => return None,
            Value::Place(Root::Local(id), _) => *id,
            Value::Not(_)
            | Value::Binary(..)
            | Value::Count(_)
            | Value::IsSome(_)
            | Value::Has(..)
            | Value::If(_)
                if is_total(value) =>
            {
                only_local(value)?
            }
            _ => return None,
        };
        if self.is_left_outside(cx, Root::Local(id)) {
            return None;
        }
        self.found.borrow_mut().precompute(id, value);
        Some(self.names.of_precomputed(value))
    }

    /// Variables that are assigned where a local is given.
    pub(super) fn given(&self, id: LocalId) -> Vec<(String, Value)> {
        let mut given = Vec::new();
        if self.facts.used.contains(&id) {
            given.push((
                self.names.local(id),
                Value::Place(Root::Local(id), Vec::new()),
            ));
        }
        for value in self.facts.precomputed(id) {
            given.push((self.names.of_precomputed(value), value.clone()));
        }
        given
    }

    /// The same for all that a state gives.
    pub(super) fn given_by(&self, own: Own<'_>) -> Vec<(String, Value)> {
        match own {
            Own::Nothing => Vec::new(),
            Own::Call(id) | Own::Nested(id) => self.given(id),
            Own::Loop(each) => {
                let locals = each.collect.iter().map(|(id, _)| *id);
                locals.flat_map(|id| self.given(id)).collect()
            }
            Own::Join(join) => {
                let locals = join.branches.iter().map(|branch| branch.output);
                locals.flat_map(|id| self.given(id)).collect()
            }
        }
    }
}

/// The one local that a value looks at, if it looks at nothing else that only some scopes see.
fn only_local(value: &Value) -> Option<LocalId> {
    let mut locals = BTreeSet::new();
    let mut is_bound = false;
    places(value, &mut |root, _| match root {
        Root::Local(id) => {
            locals.insert(id);
        }
        Root::Item(_) | Root::Index(_) => is_bound = true,
        Root::Input => {}
    });
    let mut locals = locals.into_iter();
    match (locals.next(), locals.next()) {
        (Some(id), None) if !is_bound => Some(id),
        _ => None,
    }
}

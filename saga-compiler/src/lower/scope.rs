//! Where a state stands: inside which loops, in the flow or in what undoes it, and what its own result gives.
//! Here a place finds its beginning: a variable, the input, or what an item hands on.

use crate::ir::{self, LocalId, LoopId, Root, Segment};

use super::Lowering;
use super::facts::Capture;
use super::task::SAGA;

pub(super) const INPUT: &str = "$states.context.Execution.Input";

/// The graph that a state is in.
#[derive(Clone)]
pub(super) struct Scope<'a> {
    /// The loops around, outermost first.
    pub(super) loops: Vec<&'a ir::Loop>,
    /// The flow's own graph, where errors are caught.
    pub(super) is_top: bool,
    pub(super) phase: Phase,
    /// Graphs around this one, for what must be named apart.
    pub(super) depth: usize,
    /// Whether anybody reads what the graph returns.
    pub(super) is_read: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Action,
    /// What undoes it, where the variables of items and branches are gone.
    Compensation,
}

impl<'a> Scope<'a> {
    pub(super) fn top(phase: Phase) -> Self {
        Self {
            loops: Vec::new(),
            is_top: true,
            phase,
            depth: 0,
            is_read: true,
        }
    }

    /// The graph of a join's branch.
    pub(super) fn branch(&self) -> Self {
        Self {
            is_top: false,
            is_read: true,
            depth: self.depth + 1,
            ..self.clone()
        }
    }

    /// The graph of a loop's items.
    pub(super) fn item(&self, each: &'a ir::Loop) -> Self {
        let mut scope = self.branch();
        scope.loops.push(each);
        scope
    }

    /// Whether the state's input is what the item was given, and must be handed on.
    pub(super) fn hands_on(&self) -> bool {
        !self.loops.is_empty()
    }

    /// Which saga a step is for: a distributed item is an execution of its own, and was told.
    pub(super) fn saga(&self) -> &'static str {
        if self.is_distributed() {
            "$states.input.saga"
        } else {
            SAGA
        }
    }

    pub(super) fn is_distributed(&self) -> bool {
        self.loops.iter().any(|each| each.distributed)
    }
}

/// What a state's result gives.
#[derive(Clone, Copy)]
pub(super) enum Own<'a> {
    Nothing,
    Call(LocalId),
    Nested(LocalId),
    Loop(&'a ir::Loop),
    Join(&'a ir::Join),
}

/// What an expression may lean on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// What fails here is caught.
    Caught,
    /// The first step's arguments: nobody has checked the input yet, so what is missing is `null`.
    First,
    /// Nothing catches what fails here, so that what a node gave was looked into where the node gave it.
    Safe,
}

/// Where an expression stands.
#[derive(Clone, Copy)]
pub(super) struct Cx<'a> {
    pub(super) scope: &'a Scope<'a>,
    pub(super) own: Own<'a>,
    pub(super) mode: Mode,
}

impl<'a> Cx<'a> {
    pub(super) fn caught(scope: &'a Scope<'a>) -> Self {
        Self {
            scope,
            own: Own::Nothing,
            mode: Mode::Caught,
        }
    }

    pub(super) fn first(scope: &'a Scope<'a>) -> Self {
        Self {
            mode: Mode::First,
            ..Self::caught(scope)
        }
    }

    pub(super) fn safe(scope: &'a Scope<'a>) -> Self {
        Self {
            mode: Mode::Safe,
            ..Self::caught(scope)
        }
    }

    /// After the state's work: its result is at hand, its variables are not.
    pub(super) fn after(scope: &'a Scope<'a>, own: Own<'a>) -> Self {
        Self {
            own,
            ..Self::caught(scope)
        }
    }
}

impl Lowering<'_> {
    /// Where a place begins, and what of its path is left from there.
    pub(super) fn base<'p>(
        &self, cx: &Cx<'_>, root: Root, path: &'p [Segment],
    ) -> (String, &'p [Segment]) {
        if let Root::Local(id) = root
            && let Some(result) = own_result(cx.own, id)
        {
            self.found.borrow_mut().returned.insert(id);
            return (result, path);
        }
        if let Root::Index(id) = root {
            return (format!("$states.input.item[{}]", depth_of(cx, id)), path);
        }
        if let Some(distributed) = self.left_outside(cx, root) {
            // A child execution of its own sees nothing of its surroundings.
            let capture = Capture::new(root, path);
            let key = self.capture(cx, distributed, &capture);
            return (format!("$states.input.{key}"), &[]);
        }
        match (root, cx.scope.phase) {
            (Root::Input, _) => (INPUT.to_owned(), path),
            (Root::Local(id), _) => (format!("${}", self.variable(id)), path),
            (Root::Item(id), Phase::Action) => {
                let key = self.capture(cx, depth_of(cx, id), &Capture::new(root, &[]));
                (format!("$states.input.{key}"), path)
            }
            (Root::Item(id), Phase::Compensation) => {
                let depth = depth_of(cx, id);
                let each = cx.scope.loops[depth];
                if each.distributed {
                    let key = self.capture(cx, depth, &Capture::new(root, path));
                    return (format!("$states.input.{key}"), &[]);
                }
                let list = self.expression(cx, &each.items);
                let list = if list.contains(' ') {
                    format!("({list})")
                } else {
                    list
                };
                (format!("{list}[$states.input.item[{depth}]]"), path)
            }
            (Root::Index(_), _) => (String::new(), path),
        }
    }

    pub(super) fn is_left_outside(&self, cx: &Cx<'_>, root: Root) -> bool {
        self.left_outside(cx, root).is_some()
    }

    /// The innermost distributed loop that the place lies outside of.
    fn left_outside(&self, cx: &Cx<'_>, root: Root) -> Option<usize> {
        let loops = &cx.scope.loops;
        let distributed = loops.iter().rposition(|each| each.distributed)?;
        let is_outside = match root {
            Root::Input => true,
            Root::Local(id) => !self.homes[id.0].contains(&loops[distributed].id),
            Root::Item(id) | Root::Index(id) => depth_of(cx, id) < distributed,
        };
        is_outside.then_some(distributed)
    }

    /// Has the items of this loop, and of those inside it, hand something on; gives its key.
    fn capture(&self, cx: &Cx<'_>, depth: usize, capture: &Capture) -> String {
        let mut found = self.found.borrow_mut();
        for each in &cx.scope.loops[depth..] {
            found.capture(each.id, cx.scope.phase, capture.clone());
        }
        drop(found);
        self.names.key(capture)
    }

    /// The variable of a local that is used.
    pub(super) fn variable(&self, id: LocalId) -> String {
        self.found.borrow_mut().used.insert(id);
        self.names.local(id)
    }
}

fn depth_of(cx: &Cx<'_>, id: LoopId) -> usize {
    let position = cx.scope.loops.iter().position(|each| each.id == id);
    position.unwrap_or_default()
}

/// The part of a state's result that a local is.
fn own_result(own: Own<'_>, id: LocalId) -> Option<String> {
    match own {
        Own::Call(own) if own == id => Some("$states.result.Payload".to_owned()),
        Own::Nested(own) if own == id => Some("$states.result.Output".to_owned()),
        Own::Loop(each) => {
            let slot = each.collect.iter().position(|(local, _)| *local == id)?;
            Some(match each.collect.len() {
                1 => "$states.result".to_owned(),
                _ => format!(
                    "$reduce($states.result, function($all, $one) {{ $append($all, $one.{}) }}, [])",
                    super::repeat::slot(slot)
                ),
            })
        }
        Own::Join(join) => {
            let index = join
                .branches
                .iter()
                .position(|branch| branch.output == id)?;
            Some(format!("$states.result[{index}]"))
        }
        _ => None,
    }
}

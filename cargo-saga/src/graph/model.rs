//! What is in a picture: states as nodes, and the ways between them. Knows neither places nor colours.

use std::collections::BTreeSet;

use saga_asl::{self as asl, State, StateMachine};
use saga_compiler::{Contract, Kind};

use crate::print;

/// A saga to be drawn.
pub(super) struct Drawing {
    pub(super) name: String,
    pub(super) comment: Option<String>,
    /// The types of what goes in and of what comes out.
    pub(super) input: Option<String>,
    pub(super) output: Option<String>,
    /// The way to a good end, in the order of the definition.
    pub(super) forward: Column,
    /// What can only end badly: compensations, later ones first, and Fails.
    pub(super) back: Vec<Node>,
    /// From `forward` to `back`.
    pub(super) failures: Vec<Edge>,
    /// Between those of `back`.
    pub(super) undo: Vec<Edge>,
    /// The states that wait for an operator when they are stuck.
    pub(super) stuck: Vec<String>,
}

/// Nodes one below the other, and the ways between them.
#[derive(Default)]
pub(super) struct Column {
    pub(super) nodes: Vec<Node>,
    pub(super) edges: Vec<Edge>,
    /// The nodes that end the graph well.
    pub(super) ends: Vec<String>,
}

pub(super) struct Node {
    /// The state's name.
    pub(super) name: String,
    pub(super) look: Look,
    /// The second line: what it is.
    pub(super) note: String,
    pub(super) comment: Option<String>,
    /// What a Map does for each item, or the branches of a Parallel.
    pub(super) inner: Vec<Column>,
}

/// What a node looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Look {
    Compensatable,
    Pivot,
    Retriable,
    ReadOnly,
    /// Of a choreography: its effect stands whatever becomes of the saga.
    Observer,
    /// A Task of which nothing is known.
    Plain,
    Saga,
    Choice,
    Wait,
    Compensation,
    Group,
    /// An event that somebody reacts to.
    Event,
    /// Such an event that means failure.
    Failure,
    Good,
    Bad,
}

/// A way from one state to another.
pub(super) struct Edge {
    pub(super) from: String,
    pub(super) to: String,
    pub(super) way: Way,
    pub(super) label: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Way {
    Next,
    /// Caught by its name: a definite no.
    Rejected,
    /// Caught whatever it is.
    Failed,
    /// From one compensation to the next.
    Undo,
}

impl Drawing {
    pub(super) fn of(name: &str, machine: &StateMachine, contract: Option<&Contract>) -> Self {
        let graph = &machine.graph;
        let good = good(graph);
        let park = park(graph);
        let is_aside = |name: &str| is_parking(graph, park, name);
        let is_back = |name: &str| !good.contains(name) && !is_aside(name);
        let nodes = |wanted: &dyn Fn(&str) -> bool, back: bool| -> Vec<Node> {
            let states = graph.states.iter();
            let states = states.filter(|(name, _)| wanted(name));
            states
                .map(|(name, state)| node(name, state, contract, back))
                .collect()
        };
        let mut drawing = Self {
            name: name.to_owned(),
            comment: machine.comment.clone(),
            input: contract.and_then(|contract| contract.input.clone()),
            output: contract.map(|contract| contract.output.clone()),
            forward: Column {
                nodes: nodes(&|name| good.contains(name), false),
                ..Column::default()
            },
            back: nodes(&is_back, true),
            failures: Vec::new(),
            undo: Vec::new(),
            stuck: Vec::new(),
        };
        for (name, state) in &graph.states {
            if good.contains(name.as_str()) && ends(state) {
                drawing.forward.ends.push(name.clone());
            }
            if is_back(name)
                && state
                    .targets()
                    .into_iter()
                    .chain(caught(state))
                    .any(is_aside)
                || is_back(name) && parks_inside(state)
            {
                drawing.stuck.push(name.clone());
            }
            for edge in edges(name, state) {
                match (
                    good.contains(name.as_str()),
                    good.contains(edge.to.as_str()),
                ) {
                    (true, true) => drawing.forward.edges.push(edge),
                    (true, false) if is_back(&edge.to) => drawing.failures.push(edge),
                    (false, false) if is_back(name) && is_back(&edge.to) => {
                        let way = Way::Undo;
                        drawing.undo.push(Edge { way, ..edge });
                    }
                    _ => {}
                }
            }
        }
        drawing
    }
}

/// The states from which some way ends well; where none does, as in what undoes a loop, all of them.
fn good(graph: &asl::Graph) -> BTreeSet<&str> {
    let mut good: BTreeSet<&str> = BTreeSet::new();
    loop {
        let before = good.len();
        for (name, state) in &graph.states {
            let mut nexts = state.targets().into_iter().chain(caught(state));
            if ends(state) || nexts.any(|next| good.contains(next)) {
                good.insert(name);
            }
        }
        if good.len() == before {
            break;
        }
    }
    if good.is_empty() {
        good.extend(graph.states.iter().map(|(name, _)| name.as_str()));
    }
    good
}

fn caught(state: &State) -> impl Iterator<Item = &str> {
    state.catchers().iter().map(|catcher| catcher.next.as_str())
}

/// Whether the graph ends well here.
fn ends(state: &State) -> bool {
    match state {
        State::Succeed(_) => true,
        State::Fail(_) | State::Choice(_) => false,
        other => other.targets().is_empty(),
    }
}

/// The state of a graph that waits for an operator.
fn park(graph: &asl::Graph) -> Option<&str> {
    let mut states = graph.states.iter();
    let park = states.find(|(_, state)| state.waits_for_token());
    park.map(|(name, _)| name.as_str())
}

/// The state that waits for an operator, one that goes back from there or on, or the end of a graph that nothing else leads to.
fn is_parking(graph: &asl::Graph, park: Option<&str>, name: &str) -> bool {
    let Some(park) = park else { return false };
    let leads = |state: &State, name: &str| {
        let mut next = state.targets().into_iter().chain(caught(state));
        next.any(|next| next == name)
    };
    let answers = |name: &str, state: &State| {
        matches!(state, State::Choice(choice) if choice.default.as_deref() == Some(park))
            && graph.get(park).is_some_and(|park| leads(park, name))
    };
    let is_aside = |name: &str, state: &State| name == park || answers(name, state);
    let mut before = graph.states.iter().filter(|(_, state)| leads(state, name));
    match graph.get(name) {
        Some(State::Succeed(_)) => {
            name != graph.start_at && before.all(|(name, state)| is_aside(name, state))
        }
        Some(state) => is_aside(name, state),
        None => false,
    }
}

/// Whether something in a Map or a Parallel waits for an operator.
fn parks_inside(state: &State) -> bool {
    let mut inside = state.graphs().iter().flat_map(asl::Graph::all_states);
    inside.any(|(_, state)| state.waits_for_token())
}

/// The ways out of a state, each target once: the plain one goes before catchers, and the more general of two catchers before the other.
fn edges(name: &str, state: &State) -> Vec<Edge> {
    let mut edges: Vec<Edge> = Vec::new();
    let mut add = |to: &str, way: Way, label: Option<String>| {
        let from = name.to_owned();
        let to = to.to_owned();
        match edges.iter_mut().find(|edge| edge.to == to) {
            Some(edge) if edge.way == Way::Next => {}
            Some(edge) => edge.way = edge.way.max(way),
            None => edges.push(Edge {
                from,
                to,
                way,
                label,
            }),
        }
    };
    if let State::Choice(choice) = state {
        let is_if = name.starts_with("if ") && choice.choices.len() == 1;
        for rule in &choice.choices {
            add(&rule.next, Way::Next, is_if.then(|| "yes".to_owned()));
        }
        if let Some(next) = &choice.default {
            let label = if is_if { "no" } else { "otherwise" };
            add(next, Way::Next, Some(label.to_owned()));
        }
    } else {
        for next in state.targets() {
            add(next, Way::Next, None);
        }
    }
    for catcher in state.catchers() {
        let is_named = |error: &String| !error.starts_with("States.");
        let (way, label) = if catcher.error_equals.iter().all(is_named) {
            (Way::Rejected, Some(catcher.error_equals.join(", ")))
        } else {
            (Way::Failed, None)
        };
        add(&catcher.next, way, label);
    }
    edges
}

fn column(graph: &asl::Graph, contract: Option<&Contract>, back: bool) -> Column {
    let park = park(graph);
    let shown: BTreeSet<&str> = {
        let states = graph.states.iter();
        let states = states.filter(|(name, _)| !is_parking(graph, park, name));
        states.map(|(name, _)| name.as_str()).collect()
    };
    let mut column = Column::default();
    for (name, state) in &graph.states {
        if !shown.contains(name.as_str()) {
            continue;
        }
        column.nodes.push(node(name, state, contract, back));
        let edges = edges(name, state).into_iter();
        column
            .edges
            .extend(edges.filter(|edge| shown.contains(edge.to.as_str())));
    }
    column
}

fn node(name: &str, state: &State, contract: Option<&Contract>, back: bool) -> Node {
    let (look, note) = match state {
        State::Task(task) if back => compensation(name, task, contract),
        State::Task(task) => forward(name, task, contract),
        State::Choice(_) => (Look::Choice, "choice".to_owned()),
        State::Wait(wait) => (Look::Wait, wait_note(wait)),
        State::Succeed(_) => (Look::Good, "ends well".to_owned()),
        State::Fail(_) => (Look::Bad, "the saga fails".to_owned()),
        State::Pass(_) => (Look::Plain, "pass".to_owned()),
        State::Map(map) => (Look::Group, map_note(map)),
        State::Parallel(_) => (Look::Group, "at the same time".to_owned()),
    };
    let inner = state.graphs().iter();
    let inner = inner.map(|graph| column(graph, contract, back)).collect();
    Node {
        name: name.to_owned(),
        look,
        note,
        comment: comment(state).cloned(),
        inner,
    }
}

fn comment(state: &State) -> Option<&String> {
    match state {
        State::Task(task) => task.comment.as_ref(),
        State::Choice(choice) => choice.comment.as_ref(),
        State::Map(map) => map.comment.as_ref(),
        State::Parallel(parallel) => parallel.comment.as_ref(),
        _ => None,
    }
}

fn forward(name: &str, task: &asl::Task, contract: Option<&Contract>) -> (Look, String) {
    if task.resource.contains(":states:startExecution") {
        return (Look::Saga, "a saga of its own".to_owned());
    }
    let step = contract.and_then(|contract| contract.step(name));
    let (look, note) = match step.map(|step| step.kind) {
        Some(Kind::Compensatable) => (Look::Compensatable, "compensatable"),
        Some(Kind::Pivot) => (Look::Pivot, "pivot: the point of no return"),
        Some(Kind::Retriable) => (Look::Retriable, "retriable"),
        Some(Kind::ReadOnly) => (Look::ReadOnly, "read only"),
        None => (Look::Plain, "task"),
    };
    (look, note.to_owned())
}

fn compensation(name: &str, task: &asl::Task, contract: Option<&Contract>) -> (Look, String) {
    let undone = crate::timeline::undoes(name).unwrap_or(name);
    let step = contract.and_then(|contract| contract.step(undone));
    let flow = contract.and_then(|contract| {
        let flow = undone.split('#').next().unwrap_or(undone);
        let mut flows = contract.flows.iter();
        flows.find(|known| known.name == flow)
    });
    let note = match (step.map(|step| (step.kind, &step.compensation)), flow) {
        (Some((Kind::Pivot, _)), _) => "asks what became of it".to_owned(),
        (Some((_, Some(method))), _) => method.clone(),
        (_, Some(flow)) => flow.compensation.clone().unwrap_or_default(),
        _ if task.resource.contains(":states:startExecution") => "a saga of its own".to_owned(),
        _ => "compensation".to_owned(),
    };
    (Look::Compensation, note)
}

fn wait_note(wait: &asl::Wait) -> String {
    match &wait.until {
        asl::WaitUntil::Seconds(asl::Number::Literal(seconds)) => {
            format!(
                "for {}",
                print::time(std::time::Duration::from_secs(*seconds))
            )
        }
        asl::WaitUntil::Seconds(asl::Number::Expression(_)) => "for a time".to_owned(),
        asl::WaitUntil::Timestamp(_) => "until a time".to_owned(),
    }
}

fn map_note(map: &asl::Map) -> String {
    let mut note = match &map.max_concurrency {
        Some(asl::Number::Literal(1)) => "each item, one by one".to_owned(),
        Some(asl::Number::Literal(max)) if *max > 1 => format!("each item, {max} at a time"),
        _ => "each item, at the same time".to_owned(),
    };
    if map.item_processor.mode != asl::ProcessorMode::Inline {
        note.push_str(", distributed");
    }
    note
}

/// What a state of `back` undoes, as forward states may be called: `compensate match credit.check` undoes `match credit.check`,
/// and that is how `credit.check` went on.
pub(super) fn undoes(name: &str) -> Vec<&str> {
    let Some(undone) = crate::timeline::undoes(name) else {
        return Vec::new();
    };
    [Some(undone), undone.strip_prefix("match ")]
        .into_iter()
        .flatten()
        .collect()
}

//! A state machine laid out for the rules: its graphs, its transitions, and every expression parsed once.

use std::collections::HashMap;

use crate::model::{Condition, Graph, Next, ProcessorMode, State, StateMachine, Template};
use crate::problems::Path;

use super::expression::{self, Facts, Literal};
use super::sites::{Site, sites_of};

pub(super) struct Definition<'m> {
    pub(super) machine: &'m StateMachine,
    /// The outermost first, and each before those inside it.
    pub(super) scopes: Vec<Scope<'m>>,
    /// Every expression of the definition, in its order.
    pub(super) sites: Vec<Site<'m>>,
    /// By text: sagas repeat the same few expressions in every state.
    parsed: HashMap<&'m str, Result<Facts, String>>,
}

/// The states of one `States` field, which share their variables.
pub(super) struct Scope<'m> {
    pub(super) graph: &'m Graph,
    pub(super) path: Path<'m>,
    pub(super) parent: Option<Parent>,
    /// Positions in `graph.states` by name; of equal names, the first.
    pub(super) index: HashMap<&'m str, usize>,
}

/// The Parallel or Map that a scope is inside of.
#[derive(Clone, Copy)]
pub(super) struct Parent {
    pub(super) scope: usize,
    pub(super) state: usize,
    /// A distributed Map's children are executions of their own.
    pub(super) distributed: bool,
}

/// A way from one state to another, with the variables assigned on it.
pub(super) struct Transition<'m> {
    pub(super) target: &'m str,
    pub(super) path: Path<'m>,
    pub(super) assign: &'m [(String, Template)],
}

impl<'m> Scope<'m> {
    pub(super) fn state_path(&self, state: usize) -> Path<'m> {
        self.path.key("States").key(&self.graph.states[state].0)
    }
}

impl<'m> Definition<'m> {
    pub(super) fn new(machine: &'m StateMachine) -> Self {
        let mut definition = Self {
            machine,
            scopes: Vec::new(),
            sites: Vec::new(),
            parsed: HashMap::new(),
        };
        definition.add_scope(&machine.graph, Path::default(), None);
        for site in &definition.sites {
            definition
                .parsed
                .entry(site.source)
                .or_insert_with(|| expression::parse(site.source));
        }
        definition
    }

    /// What is in an expression, or why it does not parse.
    pub(super) fn facts(&self, site: &Site<'_>) -> Result<&Facts, &str> {
        match self.parsed.get(site.source) {
            Some(Ok(facts)) => Ok(facts),
            Some(Err(message)) => Err(message),
            None => Err("it was not parsed"),
        }
    }

    /// The variable and the literal of a condition that is `$v = literal` and no more.
    pub(super) fn equality(&self, condition: &Condition) -> Option<&(String, Literal)> {
        let Condition::Expression(expression) = condition else {
            return None;
        };
        let facts = self.parsed.get(expression.0.as_str())?;
        facts.as_ref().ok()?.equality.as_ref()
    }

    /// Every state of every scope, with its place.
    pub(super) fn states(&self) -> impl Iterator<Item = (&'m str, &'m State, Path<'m>)> {
        self.scopes.iter().flat_map(|scope| {
            let states = scope.graph.states.iter().enumerate();
            states.map(|(i, (name, state))| (name.as_str(), state, scope.state_path(i)))
        })
    }

    fn add_scope(&mut self, graph: &'m Graph, path: Path<'m>, parent: Option<Parent>) {
        let mut index = HashMap::new();
        for (position, (name, _)) in graph.states.iter().enumerate() {
            index.entry(name.as_str()).or_insert(position);
        }
        let scope = self.scopes.len();
        self.scopes.push(Scope {
            graph,
            path,
            parent,
            index,
        });
        for (position, (_, state)) in graph.states.iter().enumerate() {
            let path = self.scopes[scope].state_path(position);
            self.sites.extend(sites_of(state, &path, scope, position));
            let parent = |distributed| {
                Some(Parent {
                    scope,
                    state: position,
                    distributed,
                })
            };
            match state {
                State::Parallel(parallel) => {
                    for (i, branch) in parallel.branches.iter().enumerate() {
                        self.add_scope(branch, path.key("Branches").index(i), parent(false));
                    }
                }
                State::Map(map) => {
                    let distributed =
                        matches!(map.item_processor.mode, ProcessorMode::Distributed(_));
                    self.add_scope(
                        &map.item_processor.graph,
                        path.key("ItemProcessor"),
                        parent(distributed),
                    );
                }
                _ => {}
            }
        }
    }
}

/// The ways out of a state, in the order in which they are written.
pub(super) fn transitions<'m>(state: &'m State, path: &Path<'m>) -> Vec<Transition<'m>> {
    let mut transitions = Vec::new();
    let (catch, assign, next) = match state {
        State::Task(task) => (task.catch.as_slice(), &task.assign, &task.next),
        State::Parallel(parallel) => (parallel.catch.as_slice(), &parallel.assign, &parallel.next),
        State::Map(map) => (map.catch.as_slice(), &map.assign, &map.next),
        State::Pass(pass) => (&[][..], &pass.assign, &pass.next),
        State::Wait(wait) => (&[][..], &wait.assign, &wait.next),
        State::Choice(choice) => {
            for (i, rule) in choice.choices.iter().enumerate() {
                let path = path.key("Choices").index(i).key("Next");
                transitions.push(Transition {
                    target: &rule.next,
                    path,
                    assign: &rule.assign,
                });
            }
            if let Some(default) = &choice.default {
                transitions.push(Transition {
                    target: default,
                    path: path.key("Default"),
                    assign: &choice.assign,
                });
            }
            return transitions;
        }
        State::Succeed(_) | State::Fail(_) => return transitions,
    };
    for (i, catcher) in catch.iter().enumerate() {
        let path = path.key("Catch").index(i).key("Next");
        transitions.push(Transition {
            target: &catcher.next,
            path,
            assign: &catcher.assign,
        });
    }
    if let Next::To(target) = next {
        transitions.push(Transition {
            target,
            path: path.key("Next"),
            assign,
        });
    }
    transitions
}

/// Whether the execution, or the branch, may end in this state.
pub(super) fn is_terminal(state: &State) -> bool {
    let next = match state {
        State::Succeed(_) | State::Fail(_) => return true,
        State::Choice(_) => return false,
        State::Task(task) => &task.next,
        State::Parallel(parallel) => &parallel.next,
        State::Map(map) => &map.next,
        State::Pass(pass) => &pass.next,
        State::Wait(wait) => &wait.next,
    };
    *next == Next::End
}

/// Every `Assign` of a state, its rules' and its catchers' included.
pub(super) fn assigns<'m>(
    state: &'m State, path: &Path<'m>,
) -> Vec<(&'m [(String, Template)], Path<'m>)> {
    let mut found = Vec::new();
    let (catch, assign) = match state {
        State::Task(task) => (task.catch.as_slice(), &task.assign),
        State::Parallel(parallel) => (parallel.catch.as_slice(), &parallel.assign),
        State::Map(map) => (map.catch.as_slice(), &map.assign),
        State::Pass(pass) => (&[][..], &pass.assign),
        State::Wait(wait) => (&[][..], &wait.assign),
        State::Choice(choice) => {
            for (i, rule) in choice.choices.iter().enumerate() {
                found.push((
                    rule.assign.as_slice(),
                    path.key("Choices").index(i).key("Assign"),
                ));
            }
            (&[][..], &choice.assign)
        }
        State::Succeed(_) | State::Fail(_) => return found,
    };
    for (i, catcher) in catch.iter().enumerate() {
        found.push((
            catcher.assign.as_slice(),
            path.key("Catch").index(i).key("Assign"),
        ));
    }
    found.push((assign.as_slice(), path.key("Assign")));
    found
}

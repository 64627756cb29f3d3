//! The shape of one graph: which states lead to a good end, on which ways a state is reached, and what is known then.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::model::{Assign, Choice, Condition, Graph, Next, State, Template};

use super::env::{Env, asks_for};
use super::error::policy;
use super::route::Budget;

/// How many ways to one state are told apart.
const WAYS: usize = 16;

pub(super) struct Flow<'m> {
    pub(super) graph: &'m Graph,
    states: HashMap<&'m str, &'m State>,
    /// States on some way from the start to a good end, catchers' ways included.
    on_the_way: HashSet<&'m str>,
    /// Variables that a Choice asks for; others need not be known.
    asked: HashSet<&'m str>,
}

/// A way to a state, or several that differ in nothing that is asked for later.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Way<'m> {
    pub(super) env: Env,
    /// Passed in any case.
    pub(super) always: BTreeSet<&'m str>,
    /// Passed perhaps.
    pub(super) ever: BTreeSet<&'m str>,
}

impl<'m> Flow<'m> {
    /// What the graph around it asks for is kept in this one as well.
    pub(super) fn new(graph: &'m Graph, around: Option<&Self>) -> Self {
        let states: HashMap<&str, &State> = graph
            .states
            .iter()
            .map(|(name, state)| (name.as_str(), state))
            .collect();
        let good = good_ends(graph);
        let mut on_the_way = HashSet::new();
        let mut next = vec![graph.start_at.as_str()];
        while let Some(name) = next.pop() {
            // A machine all of whose ways fail has a way all the same: that from its start.
            let is_on_it = good.contains(name) || !good.contains(graph.start_at.as_str());
            if let Some(state) = states.get(name)
                && is_on_it
                && on_the_way.insert(name)
            {
                next.extend(successors(state));
                let caught = policy(state).1.iter().map(|catcher| catcher.next.as_str());
                next.extend(caught.filter(|name| good.contains(name)));
            }
        }
        let mut asked = around.map_or_else(HashSet::new, |flow| flow.asked.clone());
        for (_, state) in &graph.states {
            if let State::Choice(choice) = state {
                asked.extend(
                    choice
                        .choices
                        .iter()
                        .filter_map(|rule| asks_for(&rule.condition)),
                );
            }
        }
        Self {
            graph,
            states,
            on_the_way,
            asked,
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&'m State> {
        self.states.get(name).copied()
    }

    pub(super) fn is_on_the_way(&self, name: &str) -> bool {
        self.on_the_way.contains(name)
    }

    /// The ways on which each state on the way is reached; if finding them costs too much, one on which nothing is known.
    pub(super) fn ways(
        &self, starts: &[Way<'m>], budget: &Budget,
    ) -> BTreeMap<&'m str, Vec<Way<'m>>> {
        let mut ways: BTreeMap<&str, Vec<Way<'_>>> = BTreeMap::new();
        let start = self.graph.start_at.as_str();
        let mut next: Vec<_> = starts.iter().map(|way| (start, way.clone())).collect();
        while let Some((name, way)) = next.pop() {
            let Some(state) = self.get(name).filter(|_| self.is_on_the_way(name)) else {
                continue;
            };
            if !budget.spend(1 + way.ever.len() + way.env.variables.len()) {
                let unknown = |name: &&'m str| (*name, vec![Way::default()]);
                return self.on_the_way.iter().map(unknown).collect();
            }
            if let Some(way) = merge(ways.entry(name).or_default(), way) {
                next.extend(self.leave(name, state, &way));
            }
        }
        ways
    }

    /// Where the state leads, and what is known there.
    fn leave(&self, name: &'m str, state: &'m State, way: &Way<'m>) -> Vec<(&'m str, Way<'m>)> {
        let mut left = Vec::new();
        let mut passed = way.clone();
        if matches!(state, State::Task(_) | State::Map(_) | State::Parallel(_)) {
            passed.always.insert(name);
            passed.ever.insert(name);
        }
        let mut add = |next: &'m str, way: &Way<'m>, assign| {
            let mut way = way.clone();
            way.env.error = None;
            way.env.assign(assign);
            way.env
                .variables
                .retain(|name, _| self.asked.contains(name.as_str()));
            left.push((next, way));
        };
        if let State::Choice(choice) = state {
            for rule in rules(choice, &way.env) {
                add(rule.next, way, rule.assign);
            }
        } else if let Some((next, assign)) = after(state) {
            add(next, &passed, assign);
        }
        for catcher in policy(state).1 {
            add(&catcher.next, way, &catcher.assign);
        }
        left
    }
}

/// Adds a way, and says what must be looked at again; `None` if nothing is new.
fn merge<'m>(ways: &mut Vec<Way<'m>>, way: Way<'m>) -> Option<Way<'m>> {
    let same = ways.iter().position(|known| known.env == way.env);
    let position = match same {
        Some(position) => position,
        None if ways.len() < WAYS => {
            ways.push(way.clone());
            return Some(way);
        }
        // Too many: the last one stands for all that come.
        None => ways.len() - 1,
    };
    let known = &mut ways[position];
    let merged = Way {
        env: known.env.and(&way.env),
        always: known.always.intersection(&way.always).copied().collect(),
        ever: known.ever.union(&way.ever).copied().collect(),
    };
    if *known == merged {
        return None;
    }
    known.clone_from(&merged);
    Some(merged)
}

/// A rule that may match, or the `Default`.
pub(super) struct Arm<'m> {
    pub(super) next: &'m str,
    pub(super) assign: &'m Assign,
    pub(super) output: Option<&'m Template>,
    /// The condition, where it cannot be told; `None` if this is the arm that is taken.
    pub(super) condition: Option<&'m Condition>,
}

/// The arms that a Choice may take, in their order.
pub(super) fn rules<'m>(choice: &'m Choice, env: &Env) -> Vec<Arm<'m>> {
    let mut arms = Vec::new();
    for rule in &choice.choices {
        let holds = env.holds(&rule.condition);
        if holds == Some(false) {
            continue;
        }
        arms.push(Arm {
            next: &rule.next,
            assign: &rule.assign,
            output: rule.output.as_ref(),
            condition: holds.is_none().then_some(&rule.condition),
        });
        if holds == Some(true) {
            return arms;
        }
    }
    arms.extend(choice.default.as_ref().map(|next| Arm {
        next,
        assign: &choice.assign,
        output: choice.output.as_ref(),
        condition: None,
    }));
    arms
}

/// Where a state leads that is no Choice; `None` if it ends the graph.
fn after(state: &State) -> Option<(&str, &Assign)> {
    let (next, assign) = match state {
        State::Task(task) => (&task.next, &task.assign),
        State::Wait(wait) => (&wait.next, &wait.assign),
        State::Pass(pass) => (&pass.next, &pass.assign),
        State::Parallel(parallel) => (&parallel.next, &parallel.assign),
        State::Map(map) => (&map.next, &map.assign),
        State::Choice(_) | State::Succeed(_) | State::Fail(_) => return None,
    };
    match next {
        Next::To(name) => Some((name, assign)),
        Next::End => None,
    }
}

fn successors(state: &State) -> Vec<&str> {
    match state {
        State::Choice(choice) => {
            let rules = choice.choices.iter().map(|rule| rule.next.as_str());
            rules.chain(choice.default.as_deref()).collect()
        }
        state => after(state).into_iter().map(|(next, _)| next).collect(),
    }
}

fn ends_well(state: &State) -> bool {
    match state {
        State::Succeed(_) => true,
        State::Fail(_) | State::Choice(_) => false,
        state => after(state).is_none(),
    }
}

/// The states from which a good end can be reached without an error.
fn good_ends(graph: &Graph) -> HashSet<&str> {
    let mut before: HashMap<&str, Vec<&str>> = HashMap::new();
    let mut next = Vec::new();
    for (name, state) in &graph.states {
        for successor in successors(state) {
            before.entry(successor).or_default().push(name);
        }
        if ends_well(state) {
            next.push(name.as_str());
        }
    }
    let mut good = HashSet::new();
    while let Some(name) = next.pop() {
        if good.insert(name) {
            next.extend(before.get(name).into_iter().flatten());
        }
    }
    good
}

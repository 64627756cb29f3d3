//! Goes through the states and collects the cases of each; what differs between two ways to a state is said in words.

use std::collections::BTreeSet;

use crate::model::{Choice, Graph, State, StateMachine};

use super::error::{Error, errors_of, is_general};
use super::flow::{Flow, Way, rules};
use super::route::{Budget, Course, Level, Route, Walk, text_of};
use super::{Case, End, Explanation, Failures};

pub(super) fn explain(machine: &StateMachine) -> Explanation {
    let flow = Flow::new(&machine.graph, None);
    let budget = &Budget::new();
    let level = Level {
        flow: &flow,
        outer: None,
        budget,
    };
    let mut explanation = Explanation {
        steps: Vec::new(),
        compensations: Vec::new(),
    };
    steps(&level, &[], &[Way::default()], &mut explanation.steps);
    compensations(&level, &machine.graph, &[], &mut explanation.compensations);
    explanation
}

/// The states on the way to a good end, with those inside of them.
fn steps<'m>(
    level: &Level<'m, '_>, around: &[(&'m str, &'m State)], starts: &[Way<'m>],
    all: &mut Vec<Failures>,
) {
    let reached = level.flow.ways(starts, level.budget);
    for (name, state) in &level.flow.graph.states {
        let Some(ways) = reached.get(name.as_str()) else {
            continue;
        };
        let cases = match state {
            State::Choice(choice) => chosen(level, choice, ways),
            State::Task(_) | State::Map(_) | State::Parallel(_) => {
                failed(level, name, state, around, ways)
            }
            _ => Vec::new(),
        };
        if !cases.is_empty() {
            all.push(failures(name, around, cases));
        }
        let mut around = around.to_vec();
        around.push((name, state));
        go_in(level, name, state, |inner, _| {
            steps(inner, &around, ways, all);
        });
    }
}

/// The states that lead to no good end, with those inside of them.
fn compensations<'m>(
    level: &Level<'m, '_>, graph: &'m Graph, around: &[(&'m str, &'m State)],
    all: &mut Vec<Failures>,
) {
    for (name, state) in &graph.states {
        let is_inner = !around.is_empty();
        if state.waits_for_token() || !is_inner && level.flow.is_on_the_way(name) {
            continue;
        }
        if matches!(state, State::Task(_)) {
            let cases = failed(level, name, state, around, &[Way::default()]);
            all.push(failures(name, around, cases));
        }
        let mut around = around.to_vec();
        around.push((name, state));
        go_in(level, name, state, |inner, graph| {
            compensations(inner, graph, &around, all);
        });
    }
}

fn failures(name: &str, around: &[(&str, &State)], cases: Vec<Case>) -> Failures {
    Failures {
        state: name.to_owned(),
        inside: around.iter().map(|(name, _)| (*name).to_owned()).collect(),
        cases,
    }
}

/// Visits the graphs inside of a state.
fn go_in<'m>(
    level: &Level<'m, '_>, name: &'m str, state: &'m State,
    mut visit: impl FnMut(&Level<'m, '_>, &'m Graph),
) {
    for graph in state.graphs() {
        let flow = Flow::new(graph, Some(level.flow));
        let inner = Level {
            flow: &flow,
            outer: Some((name, state, level)),
            budget: level.budget,
        };
        visit(&inner, graph);
    }
}

/// The cases of a state that fails. Errors that have the same consequences stand together.
fn failed<'m>(
    level: &Level<'m, '_>, name: &'m str, state: &'m State, around: &[(&'m str, &'m State)],
    ways: &[Way<'m>],
) -> Vec<Case> {
    let outer: Vec<&State> = around.iter().rev().map(|(_, state)| *state).collect();
    let mut groups: Vec<(Vec<Error>, Vec<Case>)> = Vec::new();
    for error in errors_of(state, &outer) {
        let follow = |way: &Way<'m>| level.fail(name, state, &error, &way.env, Route::default());
        let cases = cases_of(ways, follow);
        match groups.iter_mut().find(|(_, known)| *known == cases) {
            Some((errors, _)) => errors.push(error),
            None => groups.push((vec![error], cases)),
        }
    }
    // What somebody declared comes first, and what nobody named last.
    groups.sort_by_key(|(errors, _)| {
        let is_declared = |error: &Error| error != &Error::Other && !is_general(error.name());
        (
            errors.contains(&Error::Other),
            !errors.iter().any(is_declared),
        )
    });
    let mut all = Vec::new();
    for (errors, cases) in groups {
        let names: Vec<String> = errors.iter().map(|error| error.name().to_owned()).collect();
        all.extend(cases.into_iter().map(|case| Case {
            errors: names.clone(),
            ..case
        }));
    }
    all
}

/// The cases of a Choice: where it turns to what leads to no good end.
fn chosen<'m>(level: &Level<'m, '_>, choice: &'m Choice, ways: &[Way<'m>]) -> Vec<Case> {
    let follow = |way: &Way<'m>| {
        let mut courses = Vec::new();
        let arms = rules(choice, &way.env);
        for arm in &arms {
            if level.flow.is_on_the_way(arm.next) {
                continue;
            }
            let mut env = way.env.clone();
            env.assign(arm.assign);
            let when = arm.condition.map_or("otherwise".to_owned(), text_of);
            let route = Route {
                given: vec![when],
                ..Route::default()
            };
            courses.extend(level.follow(Walk::new(arm.next, env, route)));
        }
        let may_match_none = arms.last().is_none_or(|arm| arm.condition.is_some());
        if choice.default.is_none() && may_match_none {
            let route = Route {
                given: vec!["no rule matches".to_owned()],
                ..Route::default()
            };
            courses.push((route, End::NotCaught));
        }
        courses
    };
    cases_of(ways, follow)
}

/// One case for each different course. Where not all ways have it, it says on which.
fn cases_of<'m>(ways: &[Way<'m>], follow: impl Fn(&Way<'m>) -> Vec<Course>) -> Vec<Case> {
    let mut courses: Vec<(Course, Vec<&Way<'m>>)> = Vec::new();
    for way in ways {
        for course in follow(way) {
            match courses.iter_mut().find(|(known, _)| *known == course) {
                Some((_, of)) => of.push(way),
                None => courses.push((course, vec![way])),
            }
        }
    }
    let to_case = |((route, end), of): (Course, Vec<&Way<'m>>)| Case {
        errors: Vec::new(),
        way: (of.len() < ways.len()).then(|| difference(&of, ways)),
        given: (!route.given.is_empty()).then(|| route.given.join(", ")),
        retries: route.retries,
        undone: route.undone,
        end,
    };
    courses.into_iter().map(to_case).collect()
}

/// What these ways have in common and the others have not: a state that was passed, or was not; or else a variable.
fn difference(these: &[&Way<'_>], all: &[Way<'_>]) -> String {
    let others: Vec<&Way<'_>> = all.iter().filter(|way| !these.contains(way)).collect();
    let mut names: BTreeSet<&str> = BTreeSet::new();
    names.extend(all.iter().flat_map(|way| &way.ever));
    let after = names.iter().find(|name| {
        these.iter().all(|way| way.always.contains(*name))
            && others.iter().all(|way| !way.ever.contains(*name))
    });
    if let Some(name) = after {
        return format!("after {name}");
    }
    let without = names.iter().find(|name| {
        these.iter().all(|way| !way.ever.contains(*name))
            && others.iter().all(|way| way.always.contains(*name))
    });
    if let Some(name) = without {
        return format!("without {name}");
    }
    let told = |way: &&Way<'_>| {
        let variables = way.env.variables.iter();
        let all: Vec<String> = variables
            .map(|(name, value)| format!("${name} = {value}"))
            .collect();
        all.join(" and ")
    };
    these.iter().map(told).collect::<Vec<_>>().join(" or ")
}

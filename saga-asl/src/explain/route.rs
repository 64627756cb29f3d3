//! Follows one error from the state that fails to the end of the execution, or to where it goes on.

use std::cell::Cell;
use std::collections::HashSet;

use crate::model::{
    Choice, Condition, Fail, Graph, Map, Next, Number, Retrier, State, StateName, Template, Text,
};

use super::env::Env;
use super::error::{Error, policy};
use super::flow::{Arm, Flow, rules};
use super::{End, ItemOrder, Retries, Undone};

/// What `MaxAttempts` is where a state is tried again without end: the most that Step Functions takes.
const ENDLESS: u64 = 99_999_999;

/// How many courses one failure may split into at Choices that cannot be told.
const COURSES: usize = 16;

/// A graph, and the state that it stands in.
pub(super) struct Level<'m, 'a> {
    pub(super) flow: &'a Flow<'m>,
    pub(super) outer: Option<(&'m str, &'m State, &'a Level<'m, 'a>)>,
    pub(super) budget: &'a Budget,
}

/// What one explanation may cost, in states looked at: a hostile definition asks for more than anybody waits for.
pub(super) struct Budget(Cell<usize>);

impl Budget {
    pub(super) fn new() -> Self {
        Self(Cell::new(2_000_000))
    }

    /// Whether there is that much left.
    pub(super) fn spend(&self, states: usize) -> bool {
        let left = self.0.get().checked_sub(states);
        self.0.set(left.unwrap_or_default());
        left.is_some()
    }
}

/// One course of events, as far as it has come.
#[derive(Clone)]
pub(super) struct Walk<'m> {
    at: &'m str,
    env: Env,
    route: Route,
    passed: HashSet<&'m str>,
}

impl<'m> Walk<'m> {
    pub(super) fn new(at: &'m str, env: Env, route: Route) -> Self {
        Self {
            at,
            env,
            route,
            passed: HashSet::new(),
        }
    }

    fn take(&mut self, arm: &Arm<'m>) {
        self.at = arm.next;
        self.env.hand_on(arm.output, true);
        self.env.assign(arm.assign);
    }
}

enum Step<'m> {
    On,
    Ends(Vec<Course>),
    Forks(Vec<Walk<'m>>),
}

impl Step<'_> {
    fn end(route: Route, end: End) -> Self {
        Self::Ends(vec![(route, end)])
    }
}

/// A course of events under way. `given` are the conditions that could not be told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) given: Vec<String>,
    pub(super) retries: Vec<Retries>,
    pub(super) undone: Vec<Undone>,
}

pub(super) type Course = (Route, End);

impl<'m> Level<'m, '_> {
    /// What follows when the state fails with that error: its own retriers and catchers, then those around it.
    pub(super) fn fail(
        &self, name: &'m str, state: &'m State, error: &Error, env: &Env, mut route: Route,
    ) -> Vec<Course> {
        let (retry, catch) = policy(state);
        if let Some(retrier) = retry
            .iter()
            .find(|entry| error.is_among(&entry.error_equals))
        {
            let retries = retries(name, retrier);
            let is_endless = retries.attempts.is_none();
            if retries.attempts != Some(0) {
                route.retries.push(retries);
            }
            if is_endless {
                return vec![(route, End::Retried)];
            }
        }
        if let Some(catcher) = catch
            .iter()
            .find(|entry| error.is_among(&entry.error_equals))
        {
            let mut env = env.clone();
            env.assign(&catcher.assign);
            env.error = catcher.output.is_none().then(|| error.clone());
            return self.follow(Walk::new(&catcher.next, env, route));
        }
        self.leave(error, env, route)
    }

    /// The error leaves the graph.
    fn leave(&self, error: &Error, env: &Env, route: Route) -> Vec<Course> {
        match self.outer {
            Some((name, state, level)) => {
                level.fail(name, state, &error.leaving(state), env, route)
            }
            None => vec![(route, End::NotCaught)],
        }
    }

    /// What is entered on the walk, until each of its courses ends.
    pub(super) fn follow(&self, walk: Walk<'m>) -> Vec<Course> {
        let mut courses = Vec::new();
        let mut walks = vec![walk];
        while let Some(mut walk) = walks.pop() {
            loop {
                if !self.budget.spend(1) {
                    courses.push((walk.route, End::Unknown));
                    break;
                }
                match self.enter(&mut walk) {
                    Step::On => {}
                    Step::Ends(ends) => {
                        courses.extend(ends);
                        break;
                    }
                    Step::Forks(forks) if courses.len() + walks.len() + forks.len() > COURSES => {
                        courses.push((walk.route, End::Unknown));
                        break;
                    }
                    Step::Forks(forks) => {
                        // Each is a copy of the walk so far.
                        self.budget.spend(forks.len() * (10 + walk.passed.len()));
                        walks.extend(forks.into_iter().rev());
                        break;
                    }
                }
            }
        }
        courses
    }

    /// Enters the state that the walk has come to.
    fn enter(&self, walk: &mut Walk<'m>) -> Step<'m> {
        let at = walk.at;
        let route = || walk.route.clone();
        let Some(state) = self.flow.get(at) else {
            return Step::end(route(), End::NotCaught);
        };
        if !walk.passed.insert(at) {
            return Step::end(route(), End::Loops { state: at.into() });
        }
        if state.waits_for_token() {
            let resumes_at = self.resumes_at(state, &walk.env);
            let state = at.into();
            return Step::end(route(), End::Parked { state, resumes_at });
        }
        if self.flow.is_on_the_way(at) {
            return Step::end(route(), End::GoesOn { at: at.into() });
        }
        match state {
            State::Choice(choice) => return choose(choice, walk),
            State::Fail(fail) => return Step::Ends(self.end_in(at, fail, walk)),
            State::Task(_) | State::Map(_) | State::Parallel(_) => {
                walk.route.undone.extend(undone(at, state, self.budget));
            }
            State::Pass(_) | State::Wait(_) | State::Succeed(_) => {}
        }
        match after(state, &mut walk.env) {
            Some(next) => {
                walk.at = next;
                Step::On
            }
            None => Step::end(walk.route.clone(), End::Succeeds { state: at.into() }),
        }
    }

    fn end_in(&self, at: &str, fail: &Fail, walk: &Walk<'m>) -> Vec<Course> {
        let error = match &fail.error {
            Some(Text::Literal(name)) => Some(name.clone()),
            _ => None,
        };
        let route = walk.route.clone();
        if self.outer.is_some() {
            let leaves = match (&error, &walk.env.error) {
                (Some(name), _) => Error::Named(name.clone()),
                (None, Some(error)) => error.clone(),
                (None, None) => Error::Other,
            };
            return self.leave(&leaves, &walk.env, route);
        }
        let state = at.into();
        vec![(route, End::Fails { state, error })]
    }

    /// The first state that works after a Task that waited for its token.
    fn resumes_at(&self, parked: &'m State, env: &Env) -> Option<StateName> {
        let mut env = env.clone();
        let mut next = after(parked, &mut env)?;
        // A Choice may lead back to the Task that waits, and so on for ever.
        for _ in 0..self.flow.graph.states.len() {
            let state = self.flow.get(next)?;
            next = match state {
                State::Choice(choice) => match rules(choice, &env).as_slice() {
                    [arm] => arm.next,
                    _ => return None,
                },
                State::Pass(_) | State::Wait(_) => after(state, &mut env)?,
                _ => return Some(next.to_owned()),
            };
        }
        None
    }
}

fn choose<'m>(choice: &'m Choice, walk: &mut Walk<'m>) -> Step<'m> {
    let arms = rules(choice, &walk.env);
    if let [arm] = arms.as_slice()
        && arm.condition.is_none()
    {
        walk.take(arm);
        return Step::On;
    }
    let mut forks = Vec::new();
    for arm in &arms {
        let mut fork = walk.clone();
        match arm.condition {
            Some(condition) => fork.route.given.push(text_of(condition)),
            None => fork.route.given.push("otherwise".to_owned()),
        }
        fork.take(arm);
        forks.push(fork);
    }
    if arms.last().is_none_or(|arm| arm.condition.is_some()) {
        // Without a rule that matches and without a `Default` there is no next state: the execution fails, and nobody catches it.
        let mut fork = walk.clone();
        fork.at = "";
        fork.route.given.push("no rule matches".to_owned());
        forks.push(fork);
    }
    Step::Forks(forks)
}

pub(super) fn text_of(condition: &Condition) -> String {
    match condition {
        Condition::Expression(expression) => expression.0.trim().to_owned(),
        Condition::Literal(holds) => holds.to_string(),
    }
}

/// The next state, and what is known there; `None` if the graph ends.
fn after<'m>(state: &'m State, env: &mut Env) -> Option<&'m str> {
    let (next, assign, output, passes) = match state {
        State::Task(s) => (&s.next, &s.assign, s.output.as_ref(), false),
        State::Map(s) => (&s.next, &s.assign, s.output.as_ref(), false),
        State::Parallel(s) => (&s.next, &s.assign, s.output.as_ref(), false),
        State::Pass(s) => (&s.next, &s.assign, s.output.as_ref(), true),
        State::Wait(s) => (&s.next, &s.assign, s.output.as_ref(), true),
        State::Choice(_) | State::Succeed(_) | State::Fail(_) => return None,
    };
    env.hand_on(output, passes);
    env.assign(assign);
    match next {
        Next::To(name) => Some(name),
        Next::End => None,
    }
}

fn retries(state: &str, retrier: &Retrier) -> Retries {
    let attempts = retrier.max_attempts.unwrap_or(3);
    let is_endless = attempts >= ENDLESS;
    let mut interval = whole(retrier.interval_seconds.unwrap_or(1));
    let longest = retrier.max_delay_seconds.map_or(f64::MAX, whole);
    let mut seconds = 0.0;
    // Once the interval is at its longest, or the sum past any execution's life, the rest is a product.
    let mut left = if is_endless { 0 } else { attempts };
    while left > 0 && interval < longest && seconds < 1e9 {
        seconds += interval;
        interval *= retrier.backoff_rate.unwrap_or(2.0).max(1.0);
        left -= 1;
        if retrier.backoff_rate == Some(1.0) {
            break;
        }
    }
    seconds += whole(left) * interval.min(longest);
    Retries {
        state: state.to_owned(),
        attempts: (!is_endless).then_some(attempts),
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a cast saturates, and no sum is negative"
        )]
        seconds: seconds.round() as u64,
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "seconds and attempts of a policy, far below 2^53"
)]
fn whole(number: u64) -> f64 {
    number as f64
}

/// The state, and what it holds. A Task that waits for its token undoes nothing.
fn undone(name: &str, state: &State, budget: &Budget) -> Option<Undone> {
    match state {
        State::Task(_) if state.waits_for_token() => None,
        State::Task(_) => Some(Undone::Task(name.to_owned())),
        State::Map(map) => Some(Undone::Items {
            state: name.to_owned(),
            order: order(map),
            each: all_undone(&map.item_processor.graph, budget),
        }),
        State::Parallel(parallel) => Some(Undone::Branches {
            state: name.to_owned(),
            branches: parallel
                .branches
                .iter()
                .map(|branch| all_undone(branch, budget))
                .collect(),
        }),
        _ => None,
    }
}

/// What a graph undoes, in the order in which its states follow each other; of a Choice, all that it may choose.
fn all_undone(graph: &Graph, budget: &Budget) -> Vec<Undone> {
    if !budget.spend(graph.states.len()) {
        return Vec::new();
    }
    let flow = Flow::new(graph, None);
    let mut all = Vec::new();
    let mut seen = HashSet::new();
    let mut next = vec![graph.start_at.as_str()];
    while let Some(name) = next.pop() {
        let Some(state) = flow.get(name).filter(|_| seen.insert(name)) else {
            continue;
        };
        all.extend(undone(name, state, budget));
        match state {
            State::Choice(choice) => {
                let arms = rules(choice, &Env::default());
                next.extend(arms.iter().rev().map(|arm| arm.next));
            }
            state => next.extend(after(state, &mut Env::default())),
        }
    }
    all
}

fn order(map: &Map) -> ItemOrder {
    let is_reversed =
        matches!(&map.items, Some(Template::Expression(e)) if e.0.contains("$reverse("));
    match &map.max_concurrency {
        Some(Number::Literal(1)) if is_reversed => ItemOrder::InReverse,
        Some(Number::Literal(1)) => ItemOrder::OneByOne,
        _ => ItemOrder::AtOnce,
    }
}

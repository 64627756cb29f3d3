//! What a saga does when a step fails: the way up to it, its retries, and the way back. Follows what `saga_asl::explain` says.

use saga_asl::{Case, Catcher, End, Explanation, Graph, Map, OTHER, Parallel, State, Undone};
use saga_compiler::Contract;
use serde::Serialize;

use super::way::{Arms, Called, Flows, Stop, Way, called, sum};
use super::work::{Delivery, Work};
use crate::timeline::undoes;

/// How a step's call may end badly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Fault {
    /// With the first error that it declares; a started flow, with its own compensation.
    Rejected,
    /// It took effect, but its reply is lost, and so are those of its retries.
    Unknown,
}

/// A run in which one step fails.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Failed {
    pub(super) state: String,
    pub(super) fault: Fault,
    pub(super) end: &'static str,
    #[serde(flatten)]
    pub(super) work: Work,
}

/// A step on the way, and all that was done when it begins.
struct Site<'a> {
    stop: Stop<'a>,
    /// The loops and joins around it, the outermost first.
    inside: Vec<&'a str>,
    before: Work,
    /// The states that are passed by then, in whatever graph.
    passed: Vec<&'a str>,
}

/// One saga, gone through.
pub(super) struct Failures<'f, 'a> {
    pub(super) flows: &'f Flows<'a>,
    pub(super) graph: &'a Graph,
    pub(super) contract: &'a Contract,
    pub(super) explanation: &'f Explanation,
}

impl<'a> Failures<'_, 'a> {
    /// Each step of the dearest way, failing in each of its ways.
    pub(super) fn all(&self) -> Vec<Failed> {
        let start = &self.graph.start_at;
        let way = self
            .flows
            .way(self.graph, start, self.contract, Arms::Dearest);
        let mut sites = Vec::new();
        self.sites(&way, &[], &Work::default(), &[], &mut sites);
        let committed = sum(&way);
        let mut all = Vec::new();
        for site in &sites {
            for fault in [Fault::Rejected, Fault::Unknown] {
                all.extend(self.failed(site, fault, &committed));
            }
        }
        all
    }

    fn sites(
        &self, way: &Way<'a>, inside: &[&'a str], before: &Work, passed: &[&'a str],
        all: &mut Vec<Site<'a>>,
    ) {
        for (index, stop) in way.iter().enumerate() {
            let mut before = before.clone();
            before.add(&sum(&way[..index]));
            let mut passed = passed.to_vec();
            passed.extend(way[..=index].iter().map(|stop| stop.name));
            let mut inside = inside.to_vec();
            match stop.state {
                State::Task(_) => all.push(Site {
                    stop: stop.clone(),
                    inside,
                    before,
                    passed,
                }),
                State::Map(map) => {
                    inside.push(stop.name);
                    self.in_items(map, &inside, before, &passed, all);
                }
                State::Parallel(parallel) => {
                    inside.push(stop.name);
                    self.in_branches(parallel, &inside, &before, &passed, all);
                }
                _ => {}
            }
        }
    }

    /// It is the last item that fails, when all others are done.
    fn in_items(
        &self, map: &'a Map, inside: &[&'a str], mut before: Work, passed: &[&'a str],
        all: &mut Vec<Site<'a>>,
    ) {
        let others = self.flows.assumed.items - 1.0;
        if others < 0.0 {
            return;
        }
        let graph = &map.item_processor.graph;
        let way = self
            .flows
            .way(graph, &graph.start_at, self.contract, Arms::Dearest);
        before += Work::state();
        before += Flows::items(map, sum(&way), others);
        self.sites(&way, inside, &before, passed, all);
    }

    /// It is the last branch to end that fails.
    fn in_branches(
        &self, parallel: &'a Parallel, inside: &[&'a str], before: &Work, passed: &[&'a str],
        all: &mut Vec<Site<'a>>,
    ) {
        let way = |graph: &'a Graph| {
            self.flows
                .way(graph, &graph.start_at, self.contract, Arms::Dearest)
        };
        for (index, branch) in parallel.branches.iter().enumerate() {
            let mut before = before.clone();
            before += Work::state();
            let mut passed = passed.to_vec();
            for (other, graph) in parallel.branches.iter().enumerate() {
                if other != index {
                    let way = way(graph);
                    before.add_beside(&sum(&way));
                    passed.extend(way.iter().map(|stop| stop.name));
                }
            }
            self.sites(&way(branch), inside, &before, &passed, all);
        }
    }

    fn failed(&self, site: &Site<'a>, fault: Fault, committed: &Work) -> Option<Failed> {
        let State::Task(task) = site.stop.state else {
            return None;
        };
        let target = called(task, self.contract);
        let error = match (&target, fault) {
            (Called::Step(step, _), Fault::Rejected) => step.rejections.first()?,
            (Called::Step(..), Fault::Unknown) => "States.Timeout",
            // What `startExecution.sync` says of an execution that failed.
            (Called::Flow(_), Fault::Rejected) => "States.TaskFailed",
            _ => return None,
        };
        let case = self.case(site, error)?;
        let assumed = &self.flows.assumed;
        let mut again = Work::state();
        if let Called::Step(step, _) = &target {
            again.deliver(step, Delivery::Repeated, assumed);
        }
        let mut work = site.before.clone();
        match (&target, fault) {
            (Called::Step(step, _), Fault::Rejected) => {
                work += Work::state();
                work.deliver(step, Delivery::Rejected, assumed);
            }
            (Called::Flow(flow), _) => {
                work += Work::state();
                work += self.started(flow)?;
            }
            _ => {
                work.add(&site.stop.work);
                work += again.clone() * retries(case, site.stop.name);
            }
        }
        let end = match &case.end {
            // The next delivery finds out.
            End::Retried => {
                work = committed.clone();
                work += again;
                "committed"
            }
            End::Fails { .. } => {
                work += self.back(site, error, &case.undone)?;
                "compensated"
            }
            End::GoesOn { at } if site.inside.is_empty() => {
                let arms = Arms::Dearest;
                work += sum(&self.flows.way(self.graph, at, self.contract, arms));
                "committed"
            }
            _ => return None,
        };
        let state = site.stop.name.to_owned();
        Some(Failed {
            state,
            fault,
            end,
            work,
        })
    }

    /// A started flow that fails: the dearest of its rejections, or else of its failures.
    fn started(&self, flow: &str) -> Option<Work> {
        let (machine, contract) = self.flows.known.get(flow)?;
        let failures = Failures {
            flows: self.flows,
            graph: &machine.graph,
            contract,
            explanation: &saga_asl::explain(machine),
        };
        let failed = failures.all().into_iter();
        let failed = failed.filter(|failed| failed.end == "compensated");
        let dearest = failed.max_by(|one, other| {
            let key = |failed: &Failed| (failed.fault == Fault::Rejected, failed.work.transitions);
            let ((one, less), (other, more)) = (key(one), key(other));
            one.cmp(&other).then(less.total_cmp(&more))
        });
        let mut work = dearest?.work;
        work.executions += 1.0;
        Some(work)
    }

    /// The course of this error on this way: of those that undo nothing but what was passed, the one that undoes most.
    fn case(&self, site: &Site, error: &str) -> Option<&Case> {
        let mut steps = self.explanation.steps.iter();
        let cases = &steps
            .find(|step| step.state == site.stop.name && step.inside == site.inside)?
            .cases;
        let named = |name: &str| {
            cases
                .iter()
                .any(|case| case.errors.iter().any(|each| each == name))
        };
        let error = if named(error) { error } else { OTHER };
        let fits = |case: &&Case| {
            case.errors.iter().any(|name| name == error)
                && case
                    .undone
                    .iter()
                    .all(|undone| was_passed(undone, &site.passed))
        };
        cases
            .iter()
            .filter(fits)
            .max_by_key(|case| case.undone.len())
    }

    /// From where the error is caught to the end, by the states that are undone on the way.
    fn back(&self, site: &Site<'a>, error: &str, undone: &[Undone]) -> Option<Work> {
        let failing = site.inside.first().copied().unwrap_or(site.stop.name);
        let catchers = self.graph.get(failing)?.catchers();
        let names =
            |catcher: &&Catcher, error: &str| catcher.error_equals.iter().any(|name| name == error);
        let mut own = catchers.iter().filter(|catcher| names(catcher, error));
        let mut all = catchers
            .iter()
            .filter(|catcher| names(catcher, "States.ALL"));
        let catcher = own.next().or_else(|| all.next())?;
        self.undo(self.graph, &catcher.next, undone)
    }

    /// Goes from a state through Choices to what is undone next, and so on.
    fn undo(&self, graph: &'a Graph, from: &str, undone: &[Undone]) -> Option<Work> {
        let state = graph.get(from)?;
        let mut work = Work::state();
        let rest = match state {
            State::Fail(_) => return undone.is_empty().then_some(work),
            State::Choice(_) | State::Pass(_) | State::Wait(_) | State::Succeed(_) => undone,
            State::Task(_) | State::Map(_) | State::Parallel(_) => {
                let (next, rest) = undone.split_first()?;
                work = self.undone(from, state, next)?;
                rest
            }
        };
        if super::way::ends(state) {
            return rest.is_empty().then_some(work);
        }
        let mut ways = state.targets().into_iter();
        let further = ways.find_map(|next| self.undo(graph, next, rest))?;
        work += further;
        Some(work)
    }

    fn undone(&self, name: &str, state: &'a State, undone: &Undone) -> Option<Work> {
        match (state, undone) {
            (State::Task(_), Undone::Task(task)) if task == name => {
                Some(self.flows.work(state, self.contract, Arms::Dearest))
            }
            (State::Map(map), Undone::Items { state, each, .. }) if state == name => {
                let graph = &map.item_processor.graph;
                let each = self.undo(graph, &graph.start_at, each)?;
                let mut work = Work::state();
                work += Flows::items(map, each, self.flows.assumed.items);
                Some(work)
            }
            (State::Parallel(parallel), Undone::Branches { state, branches }) if state == name => {
                let mut inside = Work::default();
                for (graph, undone) in parallel.branches.iter().zip(branches) {
                    inside.add_beside(&self.undo(graph, &graph.start_at, undone)?);
                }
                let mut work = Work::state();
                work += inside;
                Some(work)
            }
            _ => None,
        }
    }
}

/// The state's own retries before the course begins.
fn retries(case: &Case, state: &str) -> f64 {
    let own = case.retries.iter().filter(|retries| retries.state == state);
    let attempts = own.filter_map(|retries| u32::try_from(retries.attempts?).ok());
    f64::from(attempts.sum::<u32>())
}

fn was_passed(undone: &Undone, passed: &[&str]) -> bool {
    let name = match undone {
        Undone::Task(state) | Undone::Items { state, .. } | Undone::Branches { state, .. } => state,
    };
    let undone = undoes(name).unwrap_or(name);
    passed.contains(&undone)
}

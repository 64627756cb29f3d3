//! Goes through the cases of a matrix: from a run without faults to every fault at every delivery that any run made, and on
//! to pairs. Injects nothing by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;

use serde_json::Value;

use crate::delivery::DeliveryOutcome;
use crate::fault::Fault;

use super::evidence::{Evidence, Subject};
use super::frontier::Frontier;
use super::judge::{Law, judge};
use super::operator::{Operator, Stuck};
use super::order::Order;
use super::report::{Case, MatrixReport, Problem};
use super::site::{Injection, Site, Steps, faults, step_name};
use super::witness::{is_compensation, key};
use super::world::World;

/// What a matrix needs beyond its subject.
pub(super) struct Plan<'a> {
    pub(super) subject: &'a Subject,
    pub(super) steps: &'a Steps,
    /// The fields of rejections that the user gave, by error.
    pub(super) data: &'a BTreeMap<String, Value>,
    pub(super) order: &'a Order,
    pub(super) reports_cause: bool,
    pub(super) own_errors: &'a BTreeSet<String>,
    /// The states whose tasks an operator can skip.
    pub(super) skippable: &'a BTreeSet<String>,
}

/// The cases of one input.
pub(super) struct Explorer<'a, F> {
    plan: &'a Plan<'a>,
    world: &'a F,
    name: &'a str,
    input: &'a Value,
    references: BTreeMap<Vec<Rejected>, Evidence>,
    frontier: Frontier<Injection, Site>,
    /// What was stuck, where that was skipped, and whether there was something to undo.
    skipped: BTreeSet<(Vec<Stuck>, bool)>,
    report: &'a mut MatrixReport,
    entered: &'a mut BTreeSet<String>,
}

/// A rejection that a run met: state, item, error.
type Rejected = (String, Vec<u64>, String);

impl<'a, F, Fut, W> Explorer<'a, F>
where
    F: Fn() -> Fut,
    Fut: Future<Output = W>,
    W: Into<World>,
{
    pub(super) fn new(
        plan: &'a Plan<'a>, world: &'a F, (name, input): (&'a str, &'a Value),
        report: &'a mut MatrixReport, entered: &'a mut BTreeSet<String>,
    ) -> Self {
        Self {
            plan,
            world,
            name,
            input,
            references: BTreeMap::new(),
            frontier: Frontier::new(),
            skipped: BTreeSet::new(),
            report,
            entered,
        }
    }

    /// The run without faults, then each fault at each delivery.
    pub(super) async fn single(&mut self) {
        let Some(first) = self.case(Vec::new()).await else {
            return;
        };
        self.frontier.reach(Vec::new(), first);
        while let Some((base, site)) = self.frontier.next() {
            for injection in faults(&site, self.plan.steps, self.plan.data) {
                let mut injections = base.clone();
                injections.push(injection);
                if let Some(sites) = self.case(injections.clone()).await {
                    self.frontier.reach(injections, sites);
                }
            }
        }
    }

    /// Two faults at once, of different deliveries: as many cases as allowed, spread evenly over all that there are.
    pub(super) async fn pairs(&mut self, budget: usize) {
        let (steps, data) = (self.plan.steps, self.plan.data);
        let are_apart = |one: &Injection, site: &Site| one.site.state != site.state;
        let pairs = self
            .frontier
            .pairs(budget, are_apart, |site| faults(site, steps, data));
        for injections in pairs {
            self.case(injections).await;
        }
    }

    /// Runs and judges one case, and where that leaves a compensation stuck, the same with an operator who skips it; gives the
    /// deliveries that the first made.
    async fn case(&mut self, injections: Vec<Injection>) -> Option<Vec<Site>> {
        let (sites, stuck) = self.answered(&injections, Operator::Resumes).await?;
        let can_skip = |stuck: &Stuck| self.plan.skippable.contains(&stuck.state);
        // Of the faults that leave it stuck, the one that certainly has it undo nothing.
        let last = injections.last();
        let last = last.filter(|last| last.fault == Fault::TimeoutBeforeEffect);
        if let Some(last) = last
            && !stuck.is_empty()
            && stuck.iter().all(can_skip)
            && self.skipped.insert((stuck, last.site.undoes))
        {
            self.answered(&injections, Operator::Skips).await;
        }
        Some(sites)
    }

    async fn answered(
        &mut self, injections: &[Injection], operator: Operator,
    ) -> Option<(Vec<Site>, Vec<Stuck>)> {
        let evidence = match self.run(injections, operator).await {
            Ok(evidence) => evidence,
            Err(error) => {
                self.not_run(injections, &error);
                return None;
            }
        };
        let rejected = self.rejected(&evidence);
        if !injections.is_empty() && !self.references.contains_key(&rejected) {
            let causes: Vec<Injection> = self.injections_of(&rejected, &evidence);
            if let Ok(reference) = self.run(&causes, Operator::Resumes).await {
                self.references.insert(rejected.clone(), reference);
            }
        }
        let law = Law {
            reference: self.references.get(&rejected),
            undoes: &self.plan.subject.undoes,
            order: self.plan.order,
            reports_cause: self.plan.reports_cause,
            own_errors: self.plan.own_errors,
            steps: self.plan.steps,
        };
        let problems = judge(&evidence, &law);
        self.note(injections, &evidence, problems);
        let found = (evidence.sites.clone(), evidence.stuck.clone());
        if injections.is_empty() {
            self.references.insert(rejected, evidence);
        }
        Some(found)
    }

    async fn run(
        &self, injections: &[Injection], operator: Operator,
    ) -> Result<Evidence, crate::Error> {
        let world = (self.world)().await.into();
        let subject = self.plan.subject;
        subject.run(world, self.input, injections, operator).await
    }

    fn note(&mut self, injections: &[Injection], evidence: &Evidence, problems: Vec<Problem>) {
        let path = evidence.path();
        self.entered.extend(path.iter().cloned());
        for (name, count) in evidence.loops() {
            let counts = self.report.loops.entry(name).or_default();
            if !counts.contains(&count) {
                counts.push(count);
                counts.sort_unstable();
            }
        }
        self.report.cases.push(Case {
            input: self.name.to_owned(),
            injected: injections.iter().map(Injection::describe).collect(),
            path,
            parked: u32::try_from(evidence.stuck.len()).unwrap_or(u32::MAX),
            skipped: evidence.is_skipped,
            end: evidence.end.clone(),
            problems,
        });
    }

    fn not_run(&mut self, injections: &[Injection], error: &crate::Error) {
        let mut why = error.to_string();
        if let Some(source) = std::error::Error::source(error) {
            why = format!("{why}: {source}");
        }
        self.report.not_run(self.name, why);
        if let Some(case) = self.report.cases.last_mut() {
            case.injected = injections.iter().map(Injection::describe).collect();
        }
    }

    /// The rejections that decided the run's path.
    fn rejected(&self, evidence: &Evidence) -> Vec<Rejected> {
        let undoes = &self.plan.subject.undoes;
        let mut rejected = BTreeSet::new();
        for delivery in &evidence.deliveries {
            let DeliveryOutcome::Failed { error, .. } = delivery.outcome() else {
                continue;
            };
            let step = step_name(&key(delivery, undoes).step);
            let facts = self.plan.steps.get(&step);
            let is_rejection = facts.is_some_and(|facts| facts.rejections.contains(error));
            if is_rejection && !is_compensation(delivery, undoes) && !delivery.is_late() {
                rejected.insert((delivery.state().to_owned(), delivery.item(), error.clone()));
            }
        }
        rejected.into_iter().collect()
    }

    fn injections_of(&self, rejected: &[Rejected], evidence: &Evidence) -> Vec<Injection> {
        let injection = |(state, item, error): &Rejected| {
            let mut sites = evidence.sites.iter();
            let site = sites.find(|site| site.state == *state && site.item == *item)?;
            Some(Injection {
                site: site.clone(),
                fault: Fault::Rejected {
                    error: error.clone(),
                    data: self.plan.data.get(error).cloned().unwrap_or_default(),
                },
                times: 1,
            })
        };
        rejected.iter().filter_map(injection).collect()
    }
}

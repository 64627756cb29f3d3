//! Goes through the cases of a choreography: from a run without faults to every fault at every message that any run made, and
//! on to pairs and to other orders of delivery. Injects nothing by itself.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;

use serde_json::Value;

use super::evidence::{Evidence, Sending, Subject};
use super::judge::{Law, judge};
use super::site::{Injection, Site, faults};
use crate::bus::Graph;
use crate::matrix::{Case, Frontier, Injected, MatrixReport, World};

/// What a matrix needs beyond its subject.
pub(super) struct Plan<'a> {
    pub(super) subject: &'a Subject,
    pub(super) graph: &'a Graph,
    /// What rejections say, by event.
    pub(super) data: &'a BTreeMap<String, Value>,
}

/// The cases of one command and input.
pub(super) struct Explorer<'a, F> {
    plan: &'a Plan<'a>,
    world: &'a F,
    name: &'a str,
    sending: &'a Sending,
    references: BTreeMap<Vec<String>, Evidence>,
    frontier: Frontier<Injection, Site>,
    report: &'a mut MatrixReport,
    reached: &'a mut BTreeSet<String>,
}

impl<'a, F, Fut, W> Explorer<'a, F>
where
    F: Fn() -> Fut,
    Fut: Future<Output = W>,
    W: Into<World>,
{
    pub(super) fn new(
        plan: &'a Plan<'a>, world: &'a F, (name, sending): (&'a str, &'a Sending),
        report: &'a mut MatrixReport, reached: &'a mut BTreeSet<String>,
    ) -> Self {
        Self {
            plan,
            world,
            name,
            sending,
            references: BTreeMap::new(),
            frontier: Frontier::new(),
            report,
            reached,
        }
    }

    /// The run without faults, then each fault at each site that any run reached.
    pub(super) async fn single(&mut self) {
        let Some(first) = self.case(Vec::new(), 0).await else {
            return;
        };
        self.frontier.reach(Vec::new(), first);
        while let Some((base, site)) = self.frontier.next() {
            for injection in faults(&site, self.plan.graph, self.plan.data) {
                let mut injections = base.clone();
                injections.push(injection);
                if let Some(sites) = self.case(injections.clone(), 0).await {
                    self.frontier.reach(injections, sites);
                }
            }
        }
    }

    /// The run without faults, and that of each single rejection, in as many other orders of delivery.
    pub(super) async fn orders(&mut self, count: u64) {
        let bases: Vec<Vec<Injection>> = self
            .frontier
            .injected()
            .filter(|injections| injections.iter().all(Injection::is_rejection))
            .cloned()
            .collect();
        for base in bases {
            for seed in 1..=count {
                self.case(base.clone(), seed).await;
            }
        }
    }

    /// Two faults at once, at different sites: as many cases as allowed, spread evenly over all that there are.
    pub(super) async fn pairs(&mut self, budget: usize) {
        let (graph, data) = (self.plan.graph, self.plan.data);
        let are_apart = |one: &Injection, site: &Site| one.site.place() != site.place();
        let pairs = self
            .frontier
            .pairs(budget, are_apart, |site| faults(site, graph, data));
        for injections in pairs {
            self.case(injections, 0).await;
        }
    }

    /// Runs and judges one case; gives the sites that it reached.
    async fn case(&mut self, injections: Vec<Injection>, seed: u64) -> Option<Vec<Site>> {
        let evidence = match self.run(&injections, seed).await {
            Ok(evidence) => evidence,
            Err(error) => {
                self.not_run(&injections, &error);
                return None;
            }
        };
        let causes: Vec<Injection> = injections
            .iter()
            .filter(|injection| injection.is_rejection() && evidence.was_rejected(injection))
            .cloned()
            .collect();
        let key = described(&causes);
        let is_reference = causes.len() == injections.len() && seed == 0;
        if !is_reference
            && !self.references.contains_key(&key)
            && let Ok(reference) = self.run(&causes, 0).await
        {
            self.references.insert(key.clone(), reference);
        }
        let law = Law {
            graph: self.plan.graph,
            reference: self.references.get(&key),
        };
        let problems = judge(&evidence, &law);
        let path = evidence.path();
        let reactions = evidence
            .log
            .iter()
            .flat_map(|happening| &happening.reactions);
        self.reached
            .extend(reactions.map(|name| (*name).to_owned()));
        let mut injected: Vec<Injected> = injections.iter().map(Injection::describe).collect();
        if seed > 0 {
            injected.push(in_order(seed));
        }
        self.report.cases.push(Case {
            input: self.name.to_owned(),
            injected,
            path,
            parked: u32::try_from(evidence.redriven).unwrap_or(u32::MAX),
            skipped: false,
            end: evidence.end.clone(),
            problems,
        });
        let sites = evidence.sites.clone();
        if is_reference {
            self.references.insert(key, evidence);
        }
        Some(sites)
    }

    async fn run(&self, injections: &[Injection], seed: u64) -> Result<Evidence, crate::Error> {
        let world = (self.world)().await.into();
        let subject = self.plan.subject;
        subject.run(world, self.sending, injections, seed).await
    }

    fn not_run(&mut self, injections: &[Injection], error: &crate::Error) {
        self.report.not_run(self.name, error.to_string());
        if let Some(case) = self.report.cases.last_mut() {
            case.injected = injections.iter().map(Injection::describe).collect();
        }
    }
}

fn described(injections: &[Injection]) -> Vec<String> {
    let injections = injections.iter();
    injections
        .map(|injection| injection.describe().to_string())
        .collect()
}

/// Another order of delivery, as the report names it: the seed that [`Bus::seed`](crate::Bus::seed) takes.
fn in_order(seed: u64) -> Injected {
    Injected {
        state: "deliveries".to_owned(),
        item: Vec::new(),
        fault: format!("in the order of seed {seed}"),
        every_time: false,
        compensation: false,
    }
}

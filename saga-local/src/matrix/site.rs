//! Where faults are injected, and which: the deliveries that a run made, and what can go wrong with each. Runs nothing.

use std::collections::BTreeMap;

use saga_runtime::{Kind, Mode, StepInfo};
use serde_json::Value;

use crate::delivery::Delivery;
use crate::fault::{Fault, FaultPlan};

use super::report::Injected;
use super::witness::{Seen, Undoes, is_compensation};

/// How often a fault strikes that strikes until the retries are used up, where they never are.
const OFTEN: u64 = 8;

/// What is known of the steps, by name.
pub(super) type Steps = BTreeMap<String, StepFacts>;

/// What is known of a step.
#[derive(Clone, Debug)]
pub(super) struct StepFacts {
    /// None, for a function without a barrier.
    kind: Option<Kind>,
    mode: Mode,
    pub(super) rejections: Vec<String>,
    transients: Vec<String>,
}

impl StepFacts {
    pub(super) fn of(info: &StepInfo) -> Self {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Self {
            kind: Some(info.kind),
            mode: info.mode,
            rejections: owned(info.rejections),
            transients: owned(info.transients),
        }
    }

    /// A state that calls a function without a barrier.
    pub(super) fn plain() -> Self {
        Self {
            kind: None,
            mode: Mode::External,
            rejections: Vec::new(),
            transients: Vec::new(),
        }
    }

    /// Whether it is tried again until it succeeds or is rejected.
    fn is_endless(&self) -> bool {
        matches!(self.kind, Some(Kind::Pivot | Kind::Retriable))
    }
}

/// The deliveries of one state and item, of which the first or all meet a fault.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Site {
    pub(super) state: String,
    pub(super) item: Vec<u64>,
    pub(super) is_compensation: bool,
    /// A compensation that has something to undo.
    pub(super) undoes: bool,
    step: String,
    has_deadline: bool,
}

/// A fault at a site.
#[derive(Clone, Debug)]
pub(super) struct Injection {
    pub(super) site: Site,
    pub(super) fault: Fault,
    pub(super) times: u64,
}

impl Injection {
    pub(super) fn plan(&self) -> FaultPlan {
        let plan = FaultPlan::from(self.fault.clone()).times(self.times);
        plan.item(&self.site.item)
    }

    pub(super) fn describe(&self) -> Injected {
        Injected {
            state: self.site.state.clone(),
            item: self.site.item.clone(),
            fault: match &self.fault {
                Fault::Rejected { error, .. } => format!("rejected with {error}"),
                Fault::Transient { error } => format!("transient {error}"),
                Fault::Error { .. } => "arguments too large".to_owned(),
                fault => fault.to_string(),
            },
            every_time: self.times > 1,
            compensation: self.site.is_compensation,
        }
    }
}

/// The sites of a run, each once, in the order in which they were reached.
pub(super) fn sites(deliveries: &[Delivery], seen: &[Seen], undoes: &Undoes) -> Vec<Site> {
    let mut sites: Vec<Site> = Vec::new();
    for delivery in deliveries.iter().filter(|delivery| !delivery.is_late()) {
        let is_compensation = is_compensation(delivery, undoes);
        let key = super::witness::key(delivery, undoes);
        let had_effect = |seen: &Seen| {
            seen.key == key && seen.is_compensation && (seen.was_done || seen.changed)
        };
        let site = Site {
            state: delivery.state().to_owned(),
            item: delivery.item(),
            is_compensation,
            undoes: is_compensation && seen.iter().any(had_effect),
            step: step_name(&key.step),
            has_deadline: delivery
                .payload()
                .get("deadline")
                .is_some_and(Value::is_number),
        };
        if !sites.contains(&site) {
            sites.push(site);
        }
    }
    sites
}

/// `stock.reserve#2` is a call of `stock.reserve`.
pub(super) fn step_name(instance: &str) -> String {
    let name = instance.split_once('#').map_or(instance, |(name, _)| name);
    name.to_owned()
}

/// What can go wrong at a site.
pub(super) fn faults(site: &Site, steps: &Steps, data: &BTreeMap<String, Value>) -> Vec<Injection> {
    let plain = StepFacts::plain();
    let facts = steps.get(&site.step).unwrap_or(&plain);
    let mut list = Vec::new();
    if site.is_compensation {
        compensation_faults(site, facts, &mut list);
    } else {
        action_faults(site, facts, data, &mut list);
    }
    let injection = |(fault, times)| Injection {
        site: site.clone(),
        fault,
        times,
    };
    list.into_iter().map(injection).collect()
}

fn action_faults(
    site: &Site, facts: &StepFacts, data: &BTreeMap<String, Value>, list: &mut Vec<(Fault, u64)>,
) {
    let always = if facts.is_endless() { OFTEN } else { u64::MAX };
    let rejections = facts.rejections.iter().map(|error| Fault::Rejected {
        error: error.clone(),
        data: data.get(error).cloned().unwrap_or_default(),
    });
    list.extend(rejections.map(|fault| (fault, 1)));
    for error in facts.transients.clone() {
        let fault = Fault::Transient { error };
        list.extend([(fault.clone(), 1), (fault, always)]);
    }
    let mut repeated = Fault::ALL.to_vec();
    repeated.retain(|fault| *fault != Fault::Duplicate);
    repeated.push(Fault::Panic);
    list.push((Fault::Duplicate, 1));
    if facts.kind.is_some() {
        list.push((Fault::DuplicateAtOnce, 1));
        repeated.push(Fault::OversizeOutput);
        if facts.kind != Some(Kind::ReadOnly) {
            repeated.push(Fault::CrashBeforeCommit);
        }
        if facts.kind != Some(Kind::Retriable) {
            list.push((too_large(), 1));
        }
    }
    if site.has_deadline {
        list.push((Fault::PastDeadline, 1));
    }
    for fault in repeated {
        list.extend([(fault.clone(), 1), (fault, always)]);
    }
}

/// What Step Functions says of arguments that it does not send.
fn too_large() -> Fault {
    Fault::Error {
        name: "States.DataLimitExceeded".to_owned(),
        cause: "the arguments are too large".to_owned(),
    }
}

fn compensation_faults(site: &Site, facts: &StepFacts, list: &mut Vec<(Fault, u64)>) {
    let once = Fault::ALL.into_iter().chain([Fault::Panic]);
    list.extend(once.map(|fault| (fault, 1)));
    list.push((Fault::TimeoutAfterEffect, u64::MAX));
    list.push((Fault::TimeoutBeforeEffect, u64::MAX));
    if facts.kind.is_none() {
        return;
    }
    list.push((Fault::DuplicateAtOnce, 1));
    list.push((Fault::CrashBeforeCommit, 1));
    let not_now = Fault::Transient {
        error: saga_runtime::Failure::RETRY.to_owned(),
    };
    // What has nothing to undo calls no code that could say so. In mode X it may, to look whether there is something.
    if site.undoes || facts.mode == Mode::External {
        list.extend([(not_now.clone(), 1), (not_now, u64::MAX)]);
    }
}

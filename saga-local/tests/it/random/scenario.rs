//! What a flow is run with: its input, how the participant behaves, and what goes wrong on the way.

use proptest::prelude::*;
use saga_local::{Fault, FaultPlan};
use serde_json::{Value, json};

use super::contract::{Adj, Data, Ext, Int, No, without_nulls};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Behaviour {
    Works,
    /// Answers with a declared rejection.
    Rejects(No),
    /// Answers with a transient error this often, then works.
    Busy(u64),
}

/// As drawn: what it aims at is a number, because it knows no flow.
#[derive(Clone, Debug)]
pub(super) struct Scenario {
    input: Data,
    /// The keys of `Option`s that are `None` are left out.
    has_gaps: bool,
    behaviours: Vec<(usize, Option<u8>, Behaviour)>,
    faults: Vec<(usize, FaultGene)>,
    seed: u64,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct FaultGene {
    fault: usize,
    times: u64,
    first: u64,
}

/// A scenario for one flow.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) input: Data,
    pub(super) has_gaps: bool,
    pub(super) behaviours: Vec<(String, Option<u8>, Behaviour)>,
    pub(super) faults: Vec<(String, FaultGene)>,
    pub(super) seed: u64,
}

pub(super) fn scenario() -> impl Strategy<Value = Scenario> {
    let target = || any::<u16>().prop_map(usize::from);
    let which = prop_oneof![3 => Just(None), 1 => (0..3u8).prop_map(Some)];
    let behaviour = prop_oneof![
        2 => Just(Behaviour::Rejects(No::No)),
        1 => Just(Behaviour::Rejects(No::Full)),
        2 => (1..9u64).prop_map(Behaviour::Busy),
    ];
    let behaviours = prop_oneof![
        1 => Just(Vec::new()),
        1 => prop::collection::vec((target(), which, behaviour), 1..=2),
    ];
    let fault = (
        0..Fault::ALL.len(),
        prop_oneof![1 => 1..=2u64, 2 => 3..=16u64],
        1..4u64,
    )
        .prop_map(|(fault, times, first)| FaultGene {
            fault,
            times,
            first,
        });
    let faults = prop_oneof![
        1 => Just(Vec::new()),
        3 => prop::collection::vec((target(), fault), 1..=3),
    ];
    (data(3), any::<bool>(), behaviours, faults, any::<u64>()).prop_map(
        |(mut input, has_gaps, behaviours, faults, seed)| {
            number(&mut input, "cmd");
            Scenario {
                input,
                has_gaps,
                behaviours,
                faults,
                seed,
            }
        },
    )
}

/// Every item gets an id that tells it from all others, and ends in its index.
fn number(data: &mut Data, id: &str) {
    id.clone_into(&mut data.id);
    for (index, item) in data.items.iter_mut().enumerate() {
        number(item, &format!("{id}.{index}"));
    }
}

fn data(depth: usize) -> BoxedStrategy<Data> {
    let n = -2..6i64;
    let ext = prop_oneof![
        Just(Ext::Bare),
        n.clone().prop_map(Ext::One),
        (n.clone(), any::<bool>()).prop_map(|(n, flag)| Ext::Two(n, flag)),
        (n.clone(), any::<bool>()).prop_map(|(n, flag)| Ext::Named { n, flag }),
    ];
    let int = prop_oneof![
        Just(Int::Bare),
        (n.clone(), any::<bool>()).prop_map(|(n, flag)| Int::Named { n, flag }),
    ];
    let adj = prop_oneof![
        Just(Adj::Bare),
        n.clone().prop_map(Adj::One),
        (n.clone(), any::<bool>()).prop_map(|(n, flag)| Adj::Two(n, flag)),
        (n.clone(), any::<bool>()).prop_map(|(n, flag)| Adj::Named { n, flag }),
    ];
    let word = prop::sample::select(vec!["tea", "ham", "", "$x \"{%'y"]).prop_map(str::to_owned);
    let items = match depth {
        0 => Just(Vec::new()).boxed(),
        // Every expression sees the whole input, which is most of what a run costs.
        depth => prop_oneof![
            1 => Just(Vec::new()),
            1 => prop::collection::vec(data(depth - 1), 1..=depth),
        ]
        .boxed(),
    };
    (
        n.clone(),
        any::<bool>(),
        word,
        prop::option::of(n),
        (ext, int, adj),
        0..4u64,
        items,
    )
        .prop_map(
            |(n, is_on, word, maybe, (ext, int, adj), pause, items)| Data {
                id: String::new(),
                n,
                is_on,
                word,
                maybe,
                ext,
                int,
                adj,
                pause,
                items,
            },
        )
        .boxed()
}

impl Scenario {
    /// Aims it at the states of a flow.
    pub(super) fn plan(&self, states: &[String]) -> Plan {
        let state = |target: usize| states[target % states.len()].clone();
        let step = |target: usize| state(target).trim_start_matches("compensate ").to_owned();
        Plan {
            input: self.input.clone(),
            has_gaps: self.has_gaps,
            behaviours: self
                .behaviours
                .iter()
                .map(|(target, which, behaviour)| (step(*target), *which, *behaviour))
                .collect(),
            faults: self
                .faults
                .iter()
                .map(|(target, fault)| (state(*target), *fault))
                .collect(),
            seed: self.seed,
        }
    }
}

impl FaultGene {
    fn plan(self) -> FaultPlan {
        Fault::ALL[self.fault]
            .clone()
            .times(self.times)
            .from_delivery(self.first)
    }
}

impl Plan {
    /// What the participant does when it is asked for a step, among items of these ids.
    pub(super) fn behaviour(&self, step: &str, ids: &[&str; 3]) -> Behaviour {
        let innermost = ids
            .iter()
            .rev()
            .find(|id| **id != "-")
            .and_then(|id| id.bytes().last());
        let of = |which: &Option<u8>| which.is_none_or(|which| innermost == Some(b'0' + which));
        let mut behaviours = self.behaviours.iter();
        let found = behaviours.find(|(name, which, _)| name == step && of(which));
        found.map_or(Behaviour::Works, |(_, _, behaviour)| *behaviour)
    }

    /// The input as whoever starts the saga writes it.
    pub(super) fn input(&self) -> Value {
        let input = json!(self.input);
        if self.has_gaps {
            without_nulls(&input)
        } else {
            input
        }
    }

    /// The faults that these states know. A compensation that fails the execution waits for a redrive; here
    /// it must come to an end.
    pub(super) fn faults(&self, states: &[String], parks: bool) -> Vec<(&str, FaultPlan)> {
        let mut plans: Vec<(&str, FaultPlan)> = Vec::new();
        for (state, fault) in self
            .faults
            .iter()
            .filter(|(state, _)| states.contains(state))
        {
            let must_end = !parks && state.starts_with("compensate ");
            if must_end && plans.iter().any(|(planned, _)| planned == state) {
                continue;
            }
            let times = if must_end {
                fault.times.min(3)
            } else {
                fault.times
            };
            plans.push((state, FaultGene { times, ..*fault }.plan()));
        }
        plans
    }

    /// Nothing but a rejection can end the saga early.
    pub(super) fn is_faultless(&self, states: &[String]) -> bool {
        self.faults(states, true).is_empty()
            && !self
                .behaviours
                .iter()
                .any(|(_, _, behaviour)| matches!(behaviour, Behaviour::Busy(_)))
    }

    /// The same with less that goes wrong, simplest first.
    pub(super) fn simpler(&self) -> Vec<Self> {
        let mut plans = Vec::new();
        for index in 0..self.faults.len() {
            let mut plan = self.clone();
            plan.faults.remove(index);
            plans.push(plan);
        }
        for index in 0..self.behaviours.len() {
            let mut plan = self.clone();
            plan.behaviours.remove(index);
            plans.push(plan);
        }
        for index in 0..self.faults.len() {
            let FaultGene { times, first, .. } = self.faults[index].1;
            for (times, first) in [
                (1, first),
                (times - 1, first),
                (times, 1),
                (times, first - 1),
            ] {
                if times > 0
                    && first > 0
                    && (times, first) != (self.faults[index].1.times, self.faults[index].1.first)
                {
                    let mut plan = self.clone();
                    plan.faults[index].1 = FaultGene {
                        times,
                        first,
                        ..self.faults[index].1
                    };
                    plans.push(plan);
                }
            }
        }
        plans
    }

    pub(super) fn describe(&self) -> String {
        let mut lines = vec![format!("input: {}", self.input())];
        for (step, which, behaviour) in &self.behaviours {
            let items =
                which.map_or_else(String::new, |which| format!(" in items of index {which}"));
            lines.push(format!("{step}{items}: {behaviour:?}"));
        }
        for (state, gene) in &self.faults {
            lines.push(format!(
                "{state}: {}, from delivery {}, {} times",
                Fault::ALL[gene.fault],
                gene.first,
                gene.times
            ));
        }
        lines.push(format!("engine seed: {}", self.seed));
        lines.join("\n")
    }
}

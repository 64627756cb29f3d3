//! Many flows and many runs of each, on all cores; what fails is shrunk and printed with the way to see it again.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::gene::{Genome, genome};
use super::grow::grow;
use super::model::{Flow, Node};
use super::render::source;
use super::scenario::{Plan, scenario};
use super::subject::{Ran, Subject};

/// How much is tried; `SAGA_SEED`, `SAGA_FLOWS`, `SAGA_RUNS` and `SAGA_FLOW` say otherwise.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    pub(super) seed: u64,
    pub(super) flows: u64,
    /// Of each flow.
    pub(super) runs: u64,
    /// Only the flow of that number.
    pub(super) only: Option<u64>,
}

/// What is tried while a failure is made smaller.
const SHRINKS: usize = 3_000;

impl Settings {
    pub(super) fn from_env() -> Self {
        let number = |name: &str| {
            let text = std::env::var(name).ok()?;
            Some(
                text.parse()
                    .unwrap_or_else(|_| panic!("`{name}` is no number: {text}")),
            )
        };
        Self {
            seed: number("SAGA_SEED").unwrap_or(3),
            flows: number("SAGA_FLOWS").unwrap_or(2_000),
            runs: number("SAGA_RUNS").unwrap_or(5),
            only: number("SAGA_FLOW"),
        }
    }
}

/// What happened in all the runs, so that a test that tests nothing shows.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) runs: u64,
    pub(super) committed: u64,
    /// Runs in which an effect was undone.
    pub(super) undone: u64,
    /// Runs in which several were, so that there was an order.
    pub(super) undone_several: u64,
    pub(super) parked: u64,
    /// Runs with deliveries for an item of a loop.
    pub(super) items: u64,
    pub(super) deliveries: u64,
    pub(super) branches: u64,
    pub(super) loops: u64,
    pub(super) joins: u64,
    pub(super) attempts: u64,
    pub(super) bytes: u64,
}

impl Counts {
    fn add_run(&mut self, ran: Ran) {
        self.runs += 1;
        self.committed += u64::from(ran.committed);
        self.undone += u64::from(ran.undone > 0);
        self.undone_several += u64::from(ran.undone > 1);
        self.parked += u64::from(ran.parked);
        self.items += u64::from(ran.items);
        self.deliveries += ran.deliveries as u64;
    }

    fn add_flow(&mut self, subject: &Subject) {
        self.bytes += subject.definition.len() as u64;
        subject.flow.body.visit(&mut |node| match node {
            Node::Branch { .. } => self.branches += 1,
            Node::Loop(_) => self.loops += 1,
            Node::Join { .. } => self.joins += 1,
            Node::Attempt { .. } => self.attempts += 1,
            Node::Call { .. } | Node::Let(..) | Node::Wait(_) => {}
        });
    }

    fn add(&mut self, other: &Self) {
        let Self {
            runs,
            committed,
            undone,
            undone_several,
            parked,
            items,
            deliveries,
            ..
        } = other;
        self.runs += runs;
        self.committed += committed;
        self.undone += undone;
        self.undone_several += undone_several;
        self.parked += parked;
        self.items += items;
        self.deliveries += deliveries;
        self.branches += other.branches;
        self.loops += other.loops;
        self.joins += other.joins;
        self.attempts += other.attempts;
        self.bytes += other.bytes;
    }
}

/// Where the random numbers of a flow and its runs begin.
fn runner(seed: u64, flow: u64) -> TestRunner {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    bytes[8..16].copy_from_slice(&flow.to_le_bytes());
    TestRunner::new_with_rng(
        Config::default(),
        TestRng::from_seed(RngAlgorithm::ChaCha, &bytes),
    )
}

/// The flow of that number.
pub(super) fn flow(seed: u64, number: u64) -> Flow {
    grow(&draw(&genome(), &mut runner(seed, number)).current())
}

/// How often flows were wrong in one way, and the first of them, made small.
#[derive(Default)]
struct Wrong {
    flows: u64,
    report: String,
}

/// What was wrong so far, by the kind of message.
#[derive(Default)]
struct Failures(Mutex<BTreeMap<String, Wrong>>);

/// After so many kinds of failure nothing more is tried.
const KINDS: usize = 5;

impl Failures {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Wrong>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a failure, and has the first of its kind made small.
    fn add(&self, wrong: &str, report: impl FnOnce() -> String) {
        let kind = kind(wrong);
        let is_first = {
            let mut failures = self.lock();
            let failure = failures.entry(kind.clone()).or_default();
            failure.flows += 1;
            failure.flows == 1
        };
        if is_first {
            let report = report();
            self.lock().entry(kind).or_default().report = report;
        }
    }

    fn print(&self) -> String {
        let failures = self.lock();
        let reports = failures.values().map(|wrong| {
            let rule = "=".repeat(80);
            format!(
                "\n{rule}\n{} flows are wrong in this way.\n{}",
                wrong.flows, wrong.report
            )
        });
        reports.collect()
    }
}

/// Tries everything; what is wrong is reported by a panic.
pub(super) fn drive(settings: Settings) -> Counts {
    let began = Instant::now();
    let (next, failures) = (AtomicU64::new(0), Failures::default());
    let counts = Mutex::new(Counts::default());
    let work = || {
        let mut mine = Counts::default();
        while failures.lock().len() < KINDS {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= settings.flows {
                break;
            }
            if settings.only.is_none_or(|only| only == number) {
                try_flow(settings, number, &mut mine, &failures);
            }
        }
        counts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .add(&mine);
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    let counts = counts.into_inner().unwrap_or_else(PoisonError::into_inner);
    println!(
        "seed {}: {counts:?} in {:?}",
        settings.seed,
        began.elapsed()
    );
    let report = failures.print();
    assert!(report.is_empty(), "{report}");
    counts
}

fn try_flow(settings: Settings, number: u64, counts: &mut Counts, failures: &Failures) {
    let mut runner = runner(settings.seed, number);
    let mut tree = draw(&genome(), &mut runner);
    let subject = match Subject::new(grow(&tree.current())) {
        Ok(subject) => subject,
        Err(wrong) => {
            failures.add(&wrong, || {
                shrink(&mut tree, |genome| {
                    is_like(&wrong, Subject::new(grow(genome)))
                });
                report(settings, number, &tree.current(), None)
            });
            return;
        }
    };
    counts.add_flow(&subject);
    let scenarios = scenario();
    for _ in 0..settings.runs {
        let mut scenario = draw(&scenarios, &mut runner);
        match subject.run(&scenario.current().plan(&subject.states)) {
            Ok(ran) => counts.add_run(ran),
            Err(wrong) => {
                failures.add(&wrong, || {
                    shrink(&mut scenario, |scenario| {
                        is_like(&wrong, subject.run(&scenario.plan(&subject.states)))
                    });
                    // The flow is shrunk with the faults at the states' names, which mean the same in a smaller flow.
                    let plan = scenario.current().plan(&subject.states);
                    shrink(&mut tree, |genome| fails(genome, &plan, &wrong));
                    let plan = simplest(&tree.current(), plan, &wrong);
                    report(settings, number, &tree.current(), Some(&plan))
                });
                return;
            }
        }
    }
}

fn draw<S: Strategy>(strategy: &S, runner: &mut TestRunner) -> S::Tree {
    let tree = strategy.new_tree(runner);
    tree.expect("a strategy that filters nothing always gives a value")
}

fn fails(genome: &Genome, plan: &Plan, wrong: &str) -> bool {
    Subject::new(grow(genome)).is_ok_and(|subject| is_like(wrong, subject.run(plan)))
}

fn simplest(genome: &Genome, mut plan: Plan, wrong: &str) -> Plan {
    while let Some(simpler) = plan
        .simpler()
        .into_iter()
        .find(|plan| fails(genome, plan, wrong))
    {
        plan = simpler;
    }
    plan
}

/// Whether this is wrong in the same way, so that a failure does not turn into another while it is made smaller.
fn is_like<T>(wrong: &str, found: Result<T, String>) -> bool {
    found.is_err_and(|found| kind(&found) == kind(wrong))
}

/// The words of a message's first line, without names and numbers.
fn kind(wrong: &str) -> String {
    let text = wrong.strip_prefix("does not compile:\n").unwrap_or(wrong);
    let line = text.lines().next().unwrap_or_default();
    // Names stand in backticks, and in `['..']` of a path; they may hold any other quote.
    let line = line.replace("['", "`").replace("']", "`");
    let words = line.split('`').step_by(2).flat_map(str::split_whitespace);
    let letters = words.map(|word| word.replace(|c: char| !c.is_alphabetic(), ""));
    letters
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Makes it smaller for as long as it fails.
fn shrink<T: ValueTree>(tree: &mut T, fails: impl Fn(&T::Value) -> bool) {
    let mut tries = 0;
    let mut may_go_on = tree.simplify();
    while may_go_on && tries < SHRINKS {
        tries += 1;
        may_go_on = if fails(&tree.current()) {
            tree.simplify()
        } else {
            tree.complicate()
        };
    }
    // The last try may have been one too far.
    while !fails(&tree.current()) && tree.complicate() {}
}

fn report(settings: Settings, number: u64, genome: &Genome, plan: Option<&Plan>) -> String {
    let flow = grow(genome);
    let (options, module) = source(&flow);
    let wrong = match (Subject::new(flow), plan) {
        (Err(wrong), _) => wrong,
        (Ok(subject), Some(plan)) => {
            let wrong = subject.run(plan).err();
            wrong.unwrap_or_else(|| "no longer fails when it is run again".to_owned())
        }
        (Ok(_), None) => "no longer fails when it is compiled again".to_owned(),
    };
    let plan = plan.map(Plan::describe).unwrap_or_default();
    format!(
        "flow {number} of seed {seed} is wrong, here made as small as it would go.\n\
         See it again with SAGA_SEED={seed} SAGA_FLOW={number} cargo test -p saga-local --test it random::\n\n\
         #[saga({options})]\n{module}\n{plan}\n\n{wrong}",
        seed = settings.seed
    )
}

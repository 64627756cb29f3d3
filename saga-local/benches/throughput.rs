//! How many sagas a second the embedded engine runs on one thread: committed, compensated, and a bare chain of tasks; and how
//! much memory it holds meanwhile.
//!
//! `cargo bench -p saga-local --bench throughput`, or `… -- committed 1000000` for one of the three and a number of sagas.
//! `.ci/throughput` builds it with `--profile throughput --features throughput`: as one program, with an allocator that is faster.
//!
//! The saga has ten steps and no effect of its own: mode T, so each step is a transaction that holds the barrier's record and
//! nothing else. The chain has five tasks behind a host that answers at once: no barrier, as other interpreters run one.
#![allow(
    unreachable_pub,
    reason = "a contract is public, and this one has a single user"
)]

use std::time::{Duration, Instant};

use saga_local::{Answer, BoxFuture, Call, Engine, Status, TaskHost};
use saga_runtime::MemoryStore;
use saga_runtime::prelude::*;
use serde_json::{Value, json};

/// What `.ci/throughput` measures all of its Rust programs with.
#[cfg(feature = "throughput")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Ten steps without effect; the last one may say no.
#[saga(deadline = "15m")]
mod ten_steps {
    use saga_runtime::prelude::*;

    #[derive(Clone, Serialize, Deserialize)]
    pub struct Command {
        pub id: String,
        pub is_welcome: bool,
    }

    #[derive(Debug, thiserror::Error)]
    pub enum StepError {
        #[error("the last step says no")]
        No,
    }

    pub trait Steps {
        #[step(compensate = undo)]
        async fn act(&self, tx: &mut Tx, id: &str) -> Result<(), StepError>;
        #[compensation]
        async fn undo(&self, tx: &mut Tx, id: &str) -> Result<(), Retry>;
        #[step(compensate = undo_last)]
        async fn act_last(&self, tx: &mut Tx, id: &str, is_welcome: bool) -> Result<(), StepError>;
        #[compensation]
        async fn undo_last(&self, tx: &mut Tx, id: &str) -> Result<(), Retry>;
    }

    pub async fn ten_steps(steps: &impl Steps, command: Command) -> Result<(), Rejection> {
        steps.act(&command.id).await?;
        steps.act(&command.id).await?;
        steps.act(&command.id).await?;
        steps.act(&command.id).await?;
        steps.act(&command.id).await?;
        steps.act(&command.id).await?;
        steps.act(&command.id).await?;
        steps.act(&command.id).await?;
        steps.act(&command.id).await?;
        steps.act_last(&command.id, command.is_welcome).await?;
        Ok(())
    }
}

struct NoOp;

impl ten_steps::Steps for NoOp {
    async fn act(&self, _: &mut Tx, _: &str) -> Result<(), ten_steps::StepError> {
        Ok(())
    }

    async fn undo(&self, _: &mut Tx, _: &str) -> Result<(), Retry> {
        Ok(())
    }

    async fn act_last(
        &self, _: &mut Tx, _: &str, is_welcome: bool,
    ) -> Result<(), ten_steps::StepError> {
        if is_welcome {
            Ok(())
        } else {
            Err(ten_steps::StepError::No)
        }
    }

    async fn undo_last(&self, _: &mut Tx, _: &str) -> Result<(), Retry> {
        Ok(())
    }
}

/// Answers every task at once.
struct AtOnce;

impl TaskHost for AtOnce {
    fn answers(&self, _: &str, _: &str) -> bool {
        true
    }

    fn call(&self, _: Call) -> BoxFuture<'static, Answer> {
        Box::pin(std::future::ready(Answer::Output(json!({ "done": true }))))
    }
}

/// How many runs an engine remembers before it is told to forget them, as a long load test would tell it.
const KEPT: u32 = 20;

/// After this long no record of the barrier is needed any more.
const LIFETIME: Duration = Duration::from_hours(401 * 24);

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Subject {
    Committed,
    Compensated,
    Chain,
}

impl Subject {
    const ALL: [Self; 3] = [Self::Committed, Self::Compensated, Self::Chain];

    fn name(self) -> &'static str {
        match self {
            Self::Committed => "committed",
            Self::Compensated => "compensated",
            Self::Chain => "chain",
        }
    }

    /// Runs so many, one after the other.
    async fn run(self, count: u32) -> Measured {
        let mut measured = Measured::begin(count);
        let store = MemoryStore::new();
        let sagas =
            Engine::new(ten_steps::TEN_STEPS).with(ten_steps::serve_steps(NoOp, store.clone()));
        let chain = Engine::from_asl("chain", &chain_of_five()).with_host(AtOnce);
        for number in 0..count {
            let name = format!("run-{number}");
            let states = match self {
                Self::Committed | Self::Compensated => {
                    let is_welcome = self == Self::Committed;
                    let command = ten_steps::Command {
                        id: name.clone(),
                        is_welcome,
                    };
                    let run = sagas.start(&name, &command).await.unwrap();
                    assert_eq!(run.status() == Status::Succeeded, is_welcome);
                    run.states_entered().len()
                }
                Self::Chain => {
                    let run = chain.start(&name, &json!({})).await.unwrap();
                    assert_eq!(run.status(), Status::Succeeded);
                    run.states_entered().len()
                }
            };
            assert_eq!(states, self.states());
            if number % KEPT == KEPT - 1 {
                sagas.forget_finished();
                chain.forget_finished();
                // Nothing runs now, so that no record is needed any more. The clock stays where it is: a million runs would bring it
                // to the end of its time.
                store.expire(sagas.now() + LIFETIME);
            }
            measured.note(number);
        }
        measured
    }

    /// A run enters so many states: ten steps, nine compensations and the end, or five tasks.
    fn states(self) -> usize {
        match self {
            Self::Committed => 10,
            Self::Compensated => 20,
            Self::Chain => 5,
        }
    }
}

fn chain_of_five() -> String {
    let state = |number: u64| {
        let name = format!("task {number}");
        let next = match number {
            5 => json!({ "End": true }),
            _ => json!({ "Next": format!("task {}", number + 1) }),
        };
        let mut state = json!({ "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke" });
        state["Arguments"] = json!({ "FunctionName": "place-holder", "Payload": {} });
        for (key, value) in next.as_object().into_iter().flatten() {
            state[key] = value.clone();
        }
        (name, state)
    };
    let states: serde_json::Map<String, Value> = (1..=5).map(state).collect();
    json!({ "QueryLanguage": "JSONata", "StartAt": "task 1", "States": states }).to_string()
}

/// Time and memory at points of a long run.
struct Measured {
    count: u32,
    wall: Instant,
    cpu: Option<Duration>,
    early: Option<u64>,
}

impl Measured {
    fn begin(count: u32) -> Self {
        Self {
            count,
            wall: Instant::now(),
            cpu: cpu_time(),
            early: None,
        }
    }

    /// Memory counts from a tenth of the way on: until then allocators and tables still grow.
    fn note(&mut self, number: u32) {
        if self.early.is_none() && number >= self.count / 10 {
            self.early = resident();
        }
    }

    fn print(&self, subject: Subject) {
        let wall = self.wall.elapsed();
        let cpu = cpu_time()
            .zip(self.cpu)
            .map(|(now, then)| now.saturating_sub(then));
        let rate = |time: Duration| f64::from(self.count) / time.as_secs_f64();
        print!(
            "{:12} {:8} runs {:8.0} a second",
            subject.name(),
            self.count,
            rate(wall)
        );
        if let Some(cpu) = cpu {
            print!(" {:8.0} a second of processor time", rate(cpu));
        }
        if let (Some(early), Some(late)) = (self.early, resident()) {
            print!(" {early:6} KiB held after a tenth {late:6} KiB at the end");
        }
        println!();
    }
}

/// What this thread has had of a processor; other programs do not count. Linux only.
fn cpu_time() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanos = text.split(' ').next()?.parse().ok()?;
    Some(Duration::from_nanos(nanos))
}

/// The memory that the process has in use, in KiB. Linux only.
fn resident() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

fn main() {
    // Cargo adds `--bench`; with `--test`, or without either, somebody only wants to see that it runs.
    let (flags, words): (Vec<String>, Vec<String>) = std::env::args()
        .skip(1)
        .partition(|word| word.starts_with("--"));
    let has = |flag: &str| flags.iter().any(|given| given == flag);
    let is_bench = has("--bench") && !has("--test");
    let number = words.iter().find_map(|word| word.parse().ok());
    let named = |subject: &Subject| words.iter().any(|word| word == subject.name());
    let is_all = !Subject::ALL.iter().any(named);
    let subjects = Subject::ALL
        .into_iter()
        .filter(|subject| is_all || named(subject));
    let count = number.unwrap_or(if is_bench { 20_000 } else { 20 });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    for subject in subjects {
        runtime.block_on(subject.run(count)).print(subject);
    }
}

//! Does a plan's steps, and watches in between. What an interrupted run leaves is seen by the next one; nothing is noted elsewhere.

use std::io::Write;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use tokio::time::{Instant, sleep, timeout};

use super::options::Options;
use super::plan::Step;
use super::report::Report;
use super::service::{Routing, Service};
use super::state::{Content, There};
use super::watch::{Limits, Seen};

/// Between two looks: a share of the time, within these.
const LOOKS: u32 = 20;
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(15);
/// So many looks in a row may fail; longer nobody should be shifted to what nobody can see.
const BLIND: u32 = 3;
/// Who interrupts does not want to wait.
const LAST_LOOK: Duration = Duration::from_secs(3);

const INTERRUPTED: &str =
    "interrupted; what was done stays as it is, and the same command goes on from there";

pub(super) struct Apply<'a, W> {
    service: &'a Service,
    options: &'a Options,
    report: Report<'a, W>,
    /// What is written, where something is.
    content: Content,
    /// What was written last.
    revision: Option<String>,
    /// What it is about, once it is published.
    version: Option<u32>,
    /// How the alias is routed, if nobody else has a hand in it.
    routed: Vec<(u32, u8)>,
    since: i64,
}

impl<'a, W: Write> Apply<'a, W> {
    pub(super) fn new(
        service: &'a Service, options: &'a Options, report: Report<'a, W>, there: &There,
        definition: String,
    ) -> Self {
        let shares = there.alias.iter().flat_map(|alias| &alias.shares);
        Self {
            service,
            options,
            report,
            content: Content {
                definition,
                role: options.role.clone().unwrap_or_default(),
            },
            revision: there
                .machine
                .as_ref()
                .and_then(|machine| machine.revision.clone()),
            version: None,
            routed: shares
                .map(|share| (share.version.number, share.percent))
                .collect(),
            since: there.alias.as_ref().map_or(0, |alias| alias.since),
        }
    }

    pub(super) async fn run(
        mut self, steps: &[Step], version: Option<u32>,
    ) -> Result<ExitCode, String> {
        self.version = version;
        let mut interrupts = Interrupts::new()?;
        for step in steps {
            let done = tokio::select! {
                done = self.step(step) => done,
                () = interrupts.next() => Err(INTERRUPTED.to_owned()),
            };
            let taken_back = match done {
                Ok(taken_back) => taken_back,
                Err(error) => return Err(self.left(&error).await),
            };
            if taken_back {
                return Ok(ExitCode::FAILURE);
            }
            self.report
                .done(&step.says(&self.options.alias, self.version))?;
        }
        self.report.serves(self.version()?)?;
        Ok(ExitCode::SUCCESS)
    }

    /// Whether it came to nothing.
    async fn step(&mut self, step: &Step) -> Result<bool, String> {
        match *step {
            Step::Create => self.version = Some(self.service.create(&self.content).await?),
            Step::Update => {
                let role = self.options.role.as_deref();
                self.revision = self.service.update(&self.content.definition, role).await?;
            }
            Step::Publish => {
                self.version = Some(self.service.publish(self.revision.as_deref()).await?);
            }
            Step::CreateAlias => self.service.create_alias(self.version()?).await?,
            Step::Shift { from, percent } => {
                let version = self.version()?;
                self.route(vec![(from, 100 - percent), (version, percent)])
                    .await?;
            }
            Step::Watch { from, time, since } => return self.watch(from, time, since).await,
            Step::Finish => self.route(vec![(self.version()?, 100)]).await?,
        }
        Ok(false)
    }

    fn version(&self) -> Result<u32, String> {
        self.version
            .ok_or_else(|| "no version was published".to_owned())
    }

    async fn route(&mut self, shares: Vec<(u32, u8)>) -> Result<(), String> {
        self.untouched().await?;
        self.since = self.service.route(&shares).await?;
        self.routed = shares;
        Ok(())
    }

    /// Step Functions takes any routing at any time, so a look before is the only guard.
    async fn untouched(&self) -> Result<(), String> {
        let found = self.service.routing().await?;
        self.expect(found)
    }

    fn expect(&self, found: Routing) -> Result<(), String> {
        let mut found = found.map(|(_, routed)| routed).unwrap_or_default();
        let mut expected = self.routed.clone();
        found.sort_unstable();
        expected.sort_unstable();
        if found == expected {
            return Ok(());
        }
        let found: Vec<String> = found
            .iter()
            .map(|(version, percent)| format!("{percent} % to version {version}"))
            .collect();
        Err(format!(
            "somebody else routed `{}` meanwhile: {}; see what they do, then run it again",
            self.options.alias,
            found.join(", ")
        ))
    }

    async fn watch(
        &mut self, from: u32, time: Duration, since: Option<i64>,
    ) -> Result<bool, String> {
        let until = Instant::now() + time.saturating_sub(since.map_or(Duration::ZERO, elapsed));
        let pause = (time / LOOKS).clamp(SHORTEST, LONGEST);
        let limits = Limits {
            max_failures: self.options.max_failures,
        };
        let mut blind = 0;
        loop {
            let last = Instant::now() >= until;
            match self.look().await {
                Ok((seen, routed)) => {
                    blind = 0;
                    self.expect(routed)?;
                    self.report.seen(&seen)?;
                    if let Some(why) = limits.verdict(&seen, last) {
                        self.take_back(from, &why).await?;
                        return Ok(true);
                    }
                    if last {
                        return Ok(false);
                    }
                }
                Err(error) => {
                    blind += 1;
                    if blind == BLIND {
                        return Err(error);
                    }
                    self.report.unseen(&error)?;
                }
            }
            let left = until.saturating_duration_since(Instant::now());
            sleep(pause.min(left.max(SHORTEST))).await;
        }
    }

    async fn look(&self) -> Result<(Seen, Routing), String> {
        let executions = match self.options.max_failures {
            Some(_) => Some(self.service.executions(self.version()?, self.since).await?),
            None => None,
        };
        let seen = Seen {
            on: self.service.alarms_on(&self.options.alarms).await?,
            executions,
        };
        Ok((seen, self.service.routing().await?))
    }

    async fn take_back(&mut self, to: u32, why: &str) -> Result<(), String> {
        let from = self.version()?;
        self.route(vec![(to, 100)])
            .await
            .map_err(|error| format!("{why}, and it cannot be taken back: {error}"))?;
        self.report.taken_back(why, from, to)
    }

    /// What an error left behind, and what to do about it. The call that failed may have been heard, so the service is asked.
    async fn left(&self, error: &str) -> String {
        let found = timeout(LAST_LOOK, self.service.routing()).await;
        let mut routed = match found {
            Ok(Ok(Some((_, routed)))) => routed,
            _ => self.routed.clone(),
        };
        routed.sort_unstable();
        match routed.as_slice() {
            [(old, most), (version, percent)] => format!(
                "{error}\n       `{0}` sends {percent} % to version {version} and {most} % to version {old}; to go on, run it again, and to take it back: `cargo saga deploy {1} --rollback{2}`",
                self.options.alias,
                self.options.name,
                self.rest()
            ),
            _ => error.to_owned(),
        }
    }

    /// The arguments that say which alias it is.
    fn rest(&self) -> String {
        let Options { machine, alias, .. } = self.options;
        let name = machine
            .as_ref()
            .map(|name| format!(" --name {name}"))
            .unwrap_or_default();
        if alias == "live" {
            name
        } else {
            format!("{name} --alias {alias}")
        }
    }
}

/// Since then, by this machine's clock, which cannot be far off where AWS takes its signatures.
fn elapsed(since: i64) -> Duration {
    let since = Duration::from_secs(u64::try_from(since).unwrap_or_default());
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    now.unwrap_or_default().saturating_sub(since)
}

/// Ctrl-C, and what a pipeline ends a job with, from when it is made: none is lost, nor ends the program between two steps.
struct Interrupts {
    #[cfg(unix)]
    streams: [tokio::signal::unix::Signal; 2],
}

impl Interrupts {
    #[cfg(unix)]
    fn new() -> Result<Self, String> {
        use tokio::signal::unix::{SignalKind, signal};

        let stream = |kind| signal(kind).map_err(|error| format!("cannot await signals: {error}"));
        Ok(Self {
            streams: [
                stream(SignalKind::interrupt())?,
                stream(SignalKind::terminate())?,
            ],
        })
    }

    #[cfg(unix)]
    async fn next(&mut self) {
        let [interrupt, terminate] = &mut self.streams;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }

    #[cfg(not(unix))]
    #[allow(clippy::unnecessary_wraps, reason = "as on Unix")]
    fn new() -> Result<Self, String> {
        Ok(Self {})
    }

    #[cfg(not(unix))]
    async fn next(&mut self) {
        _ = tokio::signal::ctrl_c().await;
    }
}

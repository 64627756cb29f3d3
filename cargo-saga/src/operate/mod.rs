//! `cargo saga start | status | history | list-parked | resume | skip | redrive`: sagas on Step Functions, watched and helped. What is
//! shared stands here: formats, moments, and calls side by side.

pub(crate) mod args;
mod follow;
mod free;
mod history;
mod list_parked;
mod look;
mod place;
mod progress;
mod redrive;
mod resume;
mod sfn;
mod skip;
mod start;
mod status;
mod summary;

use std::io::{self, IsTerminal as _};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_sdk_sfn::primitives::{DateTime, DateTimeFormat};
use tokio::task::JoinSet;

use crate::args::Format;
use crate::print;
use sfn::Sfn;

pub(crate) use history::run as history;
pub(crate) use list_parked::run as list_parked;
pub(crate) use redrive::run as redrive;
pub(crate) use resume::run as resume;
pub(crate) use skip::run as skip;
pub(crate) use start::run as start;
pub(crate) use status::run as status;

/// How many calls are on their way at once: the whole account shares
/// [a rate](https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html#service-limits-api-action-throttling-general).
const AT_ONCE: usize = 4;

impl args::Shown {
    fn format(&self) -> Format {
        self.format.unwrap_or(if io::stdout().is_terminal() {
            Format::Text
        } else {
            Format::Json
        })
    }
}

/// Some work on each, a few at a time; the results stand in the same order. The first that fails ends it.
async fn each<T, R, F>(
    sfn: &Arc<Sfn>, items: Vec<T>, work: impl Fn(Arc<Sfn>, T) -> F,
) -> Result<Vec<R>, String>
where
    R: Send + 'static,
    F: Future<Output = Result<R, String>> + Send + 'static,
{
    let mut results = Vec::new();
    let mut running = JoinSet::new();
    let mut items = items.into_iter().enumerate();
    loop {
        while running.len() < AT_ONCE
            && let Some((index, item)) = items.next()
        {
            let work = work(Arc::clone(sfn), item);
            running.spawn(async move { (index, work.await) });
        }
        match running.join_next().await {
            None => break,
            Some(Ok((index, result))) => results.push((index, result?)),
            Some(Err(error)) => return Err(format!("cannot go on: {error}")),
        }
    }
    results.sort_by_key(|(index, _)| *index);
    Ok(results.into_iter().map(|(_, result)| result).collect())
}

/// `2026-11-23T01:00:00Z`
fn moment(time: SystemTime) -> String {
    let seconds = DateTime::from(time).secs();
    let text = DateTime::from_secs(seconds).fmt(DateTimeFormat::DateTime);
    text.unwrap_or_default()
}

/// `2026-11-23T01:00:00Z (1 h 5 min ago)`
fn moment_ago(time: SystemTime) -> String {
    let seconds = SystemTime::now().duration_since(time).unwrap_or_default();
    let whole = Duration::from_secs(seconds.as_secs());
    format!("{} ({} ago)", moment(time), print::time(whole))
}

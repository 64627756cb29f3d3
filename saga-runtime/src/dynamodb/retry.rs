//! How often a call is made, and how long it waits in between: one budget for everything that may be tried again. Knows nothing
//! of what it calls.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::store::StoreError;

/// How often a call is made at most.
const TRIES: u32 = 6;
/// The longest pause before the second try. It doubles for each further one: 1.55 s for all, and half of that on average.
const PAUSE: Duration = Duration::from_millis(50);
/// No try begins later than this after the first.
const BUDGET: Duration = Duration::from_secs(2);

/// What a try failed with.
pub(super) struct Trouble {
    pub(super) error: StoreError,
    /// Whether a short pause may help.
    pub(super) passing: bool,
}

impl Trouble {
    pub(super) fn passing(error: StoreError) -> Self {
        Self {
            error,
            passing: true,
        }
    }

    pub(super) fn lasting(error: StoreError) -> Self {
        Self {
            error,
            passing: false,
        }
    }
}

/// Makes a call, again where that may help.
pub(super) async fn retrying<T, F>(call: impl Fn() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, Trouble>>,
{
    let begin = Instant::now();
    let mut unanswered = false;
    let mut tries = 1;
    loop {
        let trouble = match call().await {
            Ok(done) => return Ok(done),
            Err(trouble) => trouble,
        };
        unanswered |= trouble.error.is_unavailable();
        let pause = pause(tries);
        let late = begin.elapsed() + pause > BUDGET;
        if !trouble.passing || tries == TRIES || late {
            return Err(truthful(trouble.error, unanswered));
        }
        sleep(pause).await;
        tries += 1;
    }
}

/// An earlier try may have taken effect, whatever the last one was told.
fn truthful(error: StoreError, unanswered: bool) -> StoreError {
    if !unanswered || error.is_unavailable() {
        return error;
    }
    StoreError::unavailable("an earlier try of the call was not answered").with_source(error)
}

/// With [full jitter](https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/), since those that
/// conflict began at the same time.
fn pause(tries: u32) -> Duration {
    PAUSE
        .saturating_mul(1 << (tries - 1))
        .mul_f64(fastrand::f64())
}

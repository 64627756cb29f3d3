//! What each kind of step retries, and how. First match wins; a rejection is in none.

use saga_asl::{JitterStrategy, Retrier};

use crate::parse::{DEFAULT_TIMEOUT, MAX_DELAY};
use crate::{ir, names};

/// The runtime's own three errors.
pub(crate) const REFUSED: &str = "Saga.Refused";
pub(crate) const BUSY: &str = "Saga.Busy";
pub(crate) const UNKNOWN: &str = "Saga.Unknown";

/// What an operator answers a parked task with to go on without its compensation.
pub(super) const SKIPPED: &str = "Saga.Skipped";

/// What a participant's `Retry` is called.
pub(crate) const RETRY: &str = "Saga.Retry";

/// Lambda's own errors that mean: not run, or not now.
/// <https://docs.aws.amazon.com/step-functions/latest/dg/sfn-best-practices.html#bp-lambda-serviceexception>
const LAMBDA_TRANSIENT: [&str; 5] = [
    "Lambda.TooManyRequestsException",
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.ClientExecutionTimeoutException",
];

/// Errors after which nobody knows whether the action took effect; trying again finds out.
const INDETERMINATE: [&str; 5] = [
    "States.Timeout",
    UNKNOWN,
    "Lambda.Unknown",
    "Sandbox.Timedout",
    "Runtime.ExitError",
];

/// Step Functions' largest number. The limit of 25,000 events in an execution's history comes first: after about two weeks
/// of five-minute caps.
/// <https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html>
const WITHOUT_END: u64 = 99_999_999;

/// What Step Functions takes for `IntervalSeconds` when nothing stands there, as for `BackoffRate` 2. Every state
/// repeats its retriers, so what is Amazon's default is left out.
/// <https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html#error-handling-retrying-after-an-error>
const AMAZONS_INTERVAL: u64 = 1;
const AMAZONS_BACKOFF: f64 = 2.0;

/// How a class of errors is retried unless the step says otherwise.
struct Defaults {
    max_attempts: u64,
    max_delay: u64,
}

const TRANSIENT: Defaults = Defaults {
    max_attempts: 6,
    max_delay: 30,
};
const INDETERMINATE_ATTEMPTS: u64 = 3;
const COMPENSATION: Defaults = Defaults {
    max_attempts: 12,
    max_delay: 300,
};
const ENDLESS: Defaults = Defaults {
    max_attempts: WITHOUT_END,
    max_delay: 300,
};

/// Before the point of no return: transient errors by the step's policy, indeterminate ones a few times.
pub(super) fn until_known_or_exhausted(step: &ir::Step, transients: Vec<String>) -> Vec<Retrier> {
    let mut retriers = Vec::new();
    let mut errors = transients;
    if claims(step) {
        retriers.push(until_lease_ends(step));
    } else {
        errors.push(BUSY.to_owned());
    }
    errors.extend(LAMBDA_TRANSIENT.map(str::to_owned));
    retriers.push(retrier(errors, step.policy.retry.as_ref(), &TRANSIENT));
    let mut errors: Vec<String> = INDETERMINATE.map(str::to_owned).into();
    if step.policy.heartbeat.is_some() {
        errors.push("States.HeartbeatTimeout".to_owned());
    }
    retriers.push(Retrier {
        error_equals: errors,
        interval_seconds: None,
        max_attempts: Some(INDETERMINATE_ATTEMPTS),
        backoff_rate: None,
        max_delay_seconds: None,
        jitter_strategy: Some(JitterStrategy::Full),
    });
    retriers
}

/// Whether a delivery that dies leaves a claim behind, which only time ends.
fn claims(step: &ir::Step) -> bool {
    step.mode == ir::Mode::External && !matches!(step.kind, ir::Kind::ReadOnly)
}

/// How much longer than its function may run a claim can last: the barrier allows for clocks that differ.
const CLOCK_SKEW: u64 = 5;
/// Tries over the life of a claim.
const LOOKS: u64 = 8;

/// A claim that a dead delivery left is `Saga.Busy` until it ends, so this outlasts it.
fn until_lease_ends(step: &ir::Step) -> Retrier {
    let lease = step.policy.timeout.unwrap_or(DEFAULT_TIMEOUT) + CLOCK_SKEW;
    Retrier {
        error_equals: vec![BUSY.to_owned()],
        interval_seconds: Some(lease.div_ceil(LOOKS)),
        max_attempts: Some(LOOKS + 1),
        backoff_rate: Some(1.0),
        max_delay_seconds: None,
        jitter_strategy: None,
    }
}

/// The point of no return: everything but a definite no, without end.
pub(super) fn until_known(step: &ir::Step, definite: Vec<String>) -> Vec<Retrier> {
    let everything = everything(step.policy.retry.as_ref(), &ENDLESS);
    vec![never(definite), everything]
}

/// After the point of no return: everything, without end, whatever a read-only step says of its attempts.
pub(super) fn until_done(step: &ir::Step) -> Vec<Retrier> {
    let everything = everything(step.policy.retry.as_ref(), &ENDLESS);
    vec![Retrier {
        max_attempts: Some(WITHOUT_END),
        ..everything
    }]
}

/// A compensation: everything, until an operator must look. The action's claim may have to end first.
pub(super) fn compensation(step: &ir::Step, policy: &ir::Policy) -> Vec<Retrier> {
    let lease = claims(step).then(|| until_lease_ends(step));
    let everything = everything(policy.retry.as_ref(), &COMPENSATION);
    lease.into_iter().chain([everything]).collect()
}

/// The parked task: a message that cannot be sent is sent again, and one that is not answered in time too.
pub(super) fn park() -> Vec<Retrier> {
    vec![never(vec![SKIPPED.to_owned()]), everything(None, &ENDLESS)]
}

/// A loop or a join beyond the point of no return: what its steps could not do is tried again as a whole, and what is done
/// already the barrier answers.
pub(super) fn of_group(is_beyond_return: bool) -> Vec<Retrier> {
    if is_beyond_return {
        vec![everything(None, &ENDLESS)]
    } else {
        Vec::new()
    }
}

/// What keeps an execution from being started now, or keeps Step Functions from telling.
/// <https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html#API_StartExecution_Errors>
const START_TRANSIENT: [&str; 5] = [
    "StepFunctions.AWSStepFunctionsException",
    "StepFunctions.SdkClientException",
    "StepFunctions.ThrottlingException",
    "StepFunctions.ExecutionLimitExceededException",
    "StepFunctions.KmsThrottlingException",
];

/// A called flow: its name makes trying again safe. `definite` matches every error but a few of Step Functions' own, so
/// what is worth another try comes before it.
pub(super) fn until_started(definite: &str) -> Vec<Retrier> {
    let transient = START_TRANSIENT.map(str::to_owned).into();
    vec![
        retrier(transient, None, &ENDLESS),
        never(vec![definite.to_owned()]),
        everything(None, &ENDLESS),
    ]
}

/// A flow that undoes another: tried until an operator must look.
pub(super) fn undoing_flow() -> Vec<Retrier> {
    vec![everything(None, &COMPENSATION)]
}

/// Errors that a retrier behind this one would match, but is not to.
fn never(errors: Vec<String>) -> Retrier {
    Retrier {
        error_equals: errors,
        interval_seconds: None,
        max_attempts: Some(0),
        backoff_rate: None,
        max_delay_seconds: None,
        jitter_strategy: None,
    }
}

fn everything(policy: Option<&ir::RetryPolicy>, defaults: &Defaults) -> Retrier {
    retrier(vec!["States.ALL".to_owned()], policy, defaults)
}

fn retrier(errors: Vec<String>, policy: Option<&ir::RetryPolicy>, defaults: &Defaults) -> Retrier {
    let interval = policy
        .and_then(|policy| policy.interval)
        .unwrap_or(AMAZONS_INTERVAL);
    let max_delay = policy
        .and_then(|policy| policy.max_delay)
        .unwrap_or(defaults.max_delay);
    let max_attempts = policy.and_then(|policy| policy.max_attempts);
    let max_attempts = max_attempts.map_or(defaults.max_attempts, |(n, _)| n);
    let backoff = policy
        .and_then(|policy| policy.backoff)
        .unwrap_or(AMAZONS_BACKOFF);
    // Step Functions wants the cap above the interval; an interval that long is not to grow any more.
    let cap = max_delay.max(interval + 1);
    let is_reached = grows_beyond(cap, interval, backoff, max_attempts);
    Retrier {
        error_equals: errors,
        interval_seconds: (interval != AMAZONS_INTERVAL).then_some(interval),
        max_attempts: Some(max_attempts),
        backoff_rate: (backoff != AMAZONS_BACKOFF).then_some(backoff),
        max_delay_seconds: (is_reached && cap <= MAX_DELAY).then_some(cap),
        jitter_strategy: Some(JitterStrategy::Full),
    }
}

/// Whether the last of these delays is longer than the cap, which is left out where it changes nothing.
fn grows_beyond(cap: u64, interval: u64, backoff: f64, attempts: u64) -> bool {
    let retries_before = float(attempts.saturating_sub(1));
    float(interval) * backoff.powf(retries_before) > float(cap)
}

/// Step Functions' numbers are far below what a double no longer holds exactly.
#[allow(clippy::cast_precision_loss)]
fn float(number: u64) -> f64 {
    number as f64
}

/// The names of a step's errors: transient ones, and rejections.
pub(crate) fn error_names(saga: &ir::Saga, step: &ir::Step) -> (Vec<String>, Vec<String>) {
    let (mut transients, mut rejections) = (Vec::new(), Vec::new());
    match step.error.kind {
        ir::StepErrorKind::Retry => transients.push(RETRY.to_owned()),
        ir::StepErrorKind::Enum(index) => {
            let error = &saga.errors[index];
            for variant in &error.variants {
                let name = names::error_name(&error.ident, &variant.ident);
                if variant.transient {
                    transients.push(name);
                } else {
                    rejections.push(name);
                }
            }
        }
    }
    (transients, rejections)
}

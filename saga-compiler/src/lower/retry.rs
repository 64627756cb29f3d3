//! What each kind of step retries, and how. First match wins; a rejection is in none.

use saga_asl::{JitterStrategy, Retrier};

use crate::parse::MAX_DELAY;
use crate::{ir, names};

/// The runtime's own three errors.
pub(crate) const REFUSED: &str = "Saga.Refused";
pub(crate) const BUSY: &str = "Saga.Busy";
pub(crate) const UNKNOWN: &str = "Saga.Unknown";

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

/// Step Functions' largest number, so that the retries outlast any execution.
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
    let mut errors = transients;
    errors.push(BUSY.to_owned());
    errors.extend(LAMBDA_TRANSIENT.map(str::to_owned));
    let transient = retrier(errors, step.policy.retry.as_ref(), &TRANSIENT);
    let mut errors: Vec<String> = INDETERMINATE.map(str::to_owned).into();
    if step.policy.heartbeat.is_some() {
        errors.push("States.HeartbeatTimeout".to_owned());
    }
    let indeterminate = Retrier {
        error_equals: errors,
        interval_seconds: None,
        max_attempts: Some(INDETERMINATE_ATTEMPTS),
        backoff_rate: None,
        max_delay_seconds: None,
        jitter_strategy: Some(JitterStrategy::Full),
    };
    vec![transient, indeterminate]
}

/// The point of no return: everything but a definite no, without end.
pub(super) fn until_known(step: &ir::Step, definite: Vec<String>) -> Vec<Retrier> {
    let never = Retrier {
        error_equals: definite,
        interval_seconds: None,
        max_attempts: Some(0),
        backoff_rate: None,
        max_delay_seconds: None,
        jitter_strategy: None,
    };
    vec![never, everything(step.policy.retry.as_ref(), &ENDLESS)]
}

/// After the point of no return: everything, without end, whatever a read-only step says of its attempts.
pub(super) fn until_done(step: &ir::Step) -> Vec<Retrier> {
    let everything = everything(step.policy.retry.as_ref(), &ENDLESS);
    vec![Retrier {
        max_attempts: Some(WITHOUT_END),
        ..everything
    }]
}

pub(super) fn compensation(policy: &ir::Policy) -> Vec<Retrier> {
    vec![everything(policy.retry.as_ref(), &COMPENSATION)]
}

/// The parked task: a message that cannot be sent is sent again, and one that is not answered in time too.
pub(super) fn park() -> Vec<Retrier> {
    vec![everything(None, &ENDLESS)]
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
    // Step Functions wants the cap above the interval; an interval that long is not to grow any more.
    let cap = max_delay.max(interval + 1);
    Retrier {
        error_equals: errors,
        interval_seconds: (interval != AMAZONS_INTERVAL).then_some(interval),
        max_attempts: Some(max_attempts.map_or(defaults.max_attempts, |(n, _)| n)),
        backoff_rate: policy
            .and_then(|policy| policy.backoff)
            .filter(|rate| *rate != AMAZONS_BACKOFF),
        max_delay_seconds: (cap <= MAX_DELAY).then_some(cap),
        jitter_strategy: Some(JitterStrategy::Full),
    }
}

/// The names of a step's errors: transient ones, and rejections.
pub(crate) fn error_names(saga: &ir::Saga, step: &ir::Step) -> (Vec<String>, Vec<String>) {
    let (mut transients, mut rejections) = (Vec::new(), Vec::new());
    if let ir::StepErrorKind::Enum(index) = step.error.kind {
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
    (transients, rejections)
}

//! What an error of a step comes to: another try, or a definite no, in words that the state machine knows. Records nothing.

use super::Attempt;
use crate::error::{Retry, StepError};
use crate::failure::Failure;
use crate::saga::Kind;
use crate::tx::StepFailure;

/// What an action's error comes to.
pub(super) enum Verdict {
    /// Nothing is recorded, and the next delivery begins anew.
    TryAgain(Failure),
    /// The action had no effect and never will, once that is recorded.
    Reject(Failure),
}

impl Verdict {
    /// The answer, where nothing is recorded in either case.
    pub(super) fn into_failure(self) -> Failure {
        match self {
            Self::TryAgain(failure) | Self::Reject(failure) => failure,
        }
    }
}

impl Attempt {
    /// Judges an error of the step's code or of a condition, which may be of another type than the step's.
    pub(super) fn judge(&self, error: StepFailure) -> Verdict {
        // A retriable step is not rejected, whatever it says: a recorded no would keep the saga from ever ending.
        if error.transient || self.kind == Kind::Retriable {
            return Verdict::TryAgain(worded_again(self.types, error));
        }
        if is_known(self.types, &error) {
            return Verdict::Reject(error.failure);
        }
        // Nobody catches it by its name, so that it would count as an unknown outcome, and a pivot be tried without end.
        Verdict::Reject(Failure::refused(error.failure.to_string()))
    }
}

/// A compensation cannot be rejected: whatever it fails with, it is tried again.
pub(super) fn try_again(error: StepFailure) -> Failure {
    worded_again(Retry::TYPES, error)
}

/// "Try again" under a name that is retried: the error's own, if it means that and is in the step's table.
fn worded_again(types: &[&str], error: StepFailure) -> Failure {
    if error.transient && is_known(types, &error) {
        error.failure
    } else {
        Failure::busy(error.failure.to_string())
    }
}

fn is_known(types: &[&str], error: &StepFailure) -> bool {
    types.contains(&error.failure.error_type())
}

//! What an error of a step comes to: another try, or a definite no, in words that the state machine knows. Records nothing.

use super::Attempt;
use crate::error::{Retry, StepError};
use crate::event::Outgoing;
use crate::failure::Failure;
use crate::saga::Kind;
use crate::tx::StepFailure;

/// What an action's error comes to.
pub(super) enum Verdict {
    /// Nothing is recorded, and the next delivery begins anew.
    TryAgain(Failure),
    /// The action had no effect and never will, once that is recorded.
    Reject(Failure, Option<Box<Outgoing>>),
}

impl Verdict {
    /// The answer, where nothing is recorded in either case.
    pub(super) fn into_failure(self) -> Failure {
        match self {
            Self::TryAgain(failure) | Self::Reject(failure, _) => failure,
        }
    }
}

impl Attempt {
    /// Whether it is an event that the reaction declares to be rejected with: its graph knows it, even where its table does not, as of
    /// a stand-in.
    fn is_declared(&self, error: &StepFailure) -> bool {
        let declares = |event: &Outgoing| {
            let reaction = self.reaction.as_ref();
            reaction.is_some_and(|reaction| reaction.info.rejects.contains(&&*event.name))
        };
        error.event.as_deref().is_some_and(declares)
    }

    /// Judges an error of the step's code or of a condition, which may be of another type than the step's.
    pub(super) fn judge(&self, error: StepFailure) -> Verdict {
        // A retriable step is not rejected, whatever it says: a recorded no would keep the saga from ever ending.
        if error.transient || self.kind == Kind::Retriable {
            return Verdict::TryAgain(worded_again(self.types, error));
        }
        if is_known(self.types, &error) || self.is_declared(&error) {
            return Verdict::Reject(error.failure, error.event);
        }
        // Nobody hears of a rejection that is no event of the choreography's, so that its saga would never end.
        if self.reaction.is_some() {
            return Verdict::TryAgain(Failure::unknown(error.failure.to_string()));
        }
        // Nobody catches it by its name, so that it would count as an unknown outcome, and a pivot be tried without end.
        Verdict::Reject(Failure::refused(error.failure.to_string()), None)
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

//! Why a store did not answer. Retries nothing.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// Why a store did not answer.
///
/// # Example
///
/// ```
/// use saga_runtime::store::StoreError;
///
/// let error = StoreError::throttled("the table has no capacity left");
/// assert!(error.is_throttled() && error.is_worth_retrying());
/// ```
#[derive(Clone, Debug)]
pub struct StoreError {
    kind: Kind,
    message: String,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Unavailable,
    Conflict,
    Throttled,
    Invalid,
    Unfit,
}

impl StoreError {
    /// No answer came: the call may or may not have taken effect.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self {
            kind: Kind::Unavailable,
            message: message.into(),
            source: None,
        }
    }

    /// Another write was at the same item; nothing took effect.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self {
            kind: Kind::Conflict,
            message: message.into(),
            source: None,
        }
    }

    /// There was no capacity left; nothing took effect.
    pub fn throttled(message: impl Into<String>) -> Self {
        Self {
            kind: Kind::Throttled,
            message: message.into(),
            source: None,
        }
    }

    /// The call can never succeed, by the database's rules or limits; nothing took effect.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self {
            kind: Kind::Invalid,
            message: message.into(),
            source: None,
        }
    }

    /// As [`invalid`](Self::invalid), by a rule or a limit that the call was checked against before it was made.
    pub(crate) fn unfit(message: impl Into<String>) -> Self {
        Self {
            kind: Kind::Unfit,
            message: message.into(),
            source: None,
        }
    }

    /// Adds the error that caused this one.
    #[must_use]
    pub fn with_source(mut self, source: impl Error + Send + Sync + 'static) -> Self {
        self.source = Some(Arc::new(source));
        self
    }

    /// Whether the call may have taken effect all the same.
    pub fn is_unavailable(&self) -> bool {
        self.kind == Kind::Unavailable
    }

    /// Whether another write was in the way.
    pub fn is_conflict(&self) -> bool {
        self.kind == Kind::Conflict
    }

    /// Whether there was no capacity left.
    pub fn is_throttled(&self) -> bool {
        self.kind == Kind::Throttled
    }

    /// Whether the call can never succeed.
    pub fn is_invalid(&self) -> bool {
        matches!(self.kind, Kind::Invalid | Kind::Unfit)
    }

    /// Whether the call itself was found at fault before it was made, so that another delivery's would be too.
    pub(crate) fn is_unfit(&self) -> bool {
        self.kind == Kind::Unfit
    }

    /// Whether the same call may succeed later: true of all but the invalid.
    pub fn is_worth_retrying(&self) -> bool {
        !self.is_invalid()
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.source {
            Some(source) => Some(source.as_ref()),
            None => None,
        }
    }
}

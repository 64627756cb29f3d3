//! One difference between two versions, what it means for sagas that run on the old one, and what to do. Finds none.

use std::cmp::Reverse;

use serde::Serialize;

/// What a difference means for sagas that run on the old definition while the participants are already the new ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    /// They end as before.
    Safe,
    /// It depends on what neither a definition nor a contract says.
    Look,
    /// Some of them cannot end as they should.
    BreaksInFlight,
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Change {
    pub(crate) verdict: Verdict,
    /// A step, another state, or `saga`.
    pub(crate) of: String,
    /// What is other.
    pub(crate) what: String,
    /// Why it is judged so.
    pub(crate) why: String,
    /// What keeps running sagas whole; nothing where nothing need be done.
    #[serde(rename = "do", skip_serializing_if = "Option::is_none")]
    pub(crate) remedy: Option<String>,
}

impl Change {
    pub(super) fn safe(of: &str, what: impl Into<String>, why: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Safe,
            of: of.to_owned(),
            what: what.into(),
            why: why.into(),
            remedy: None,
        }
    }

    pub(super) fn look(of: &str, what: impl Into<String>, why: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::Look,
            ..Self::safe(of, what, why)
        }
    }

    pub(super) fn breaks(of: &str, what: impl Into<String>, why: impl Into<String>) -> Self {
        Self {
            verdict: Verdict::BreaksInFlight,
            ..Self::safe(of, what, why)
        }
    }

    pub(super) fn instead(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }
}

/// What is other between two versions of a saga.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Changes {
    changes: Vec<Change>,
}

impl Changes {
    /// The worst first, and otherwise as they were found.
    pub(super) fn new(mut changes: Vec<Change>) -> Self {
        changes.sort_by_key(|change| Reverse(change.verdict));
        Self { changes }
    }

    /// Whether some saga that runs on the old definition could not end as it should.
    pub(crate) fn breaks_in_flight(&self) -> bool {
        self.worst() == Some(Verdict::BreaksInFlight)
    }

    /// The worst verdict; nothing where nothing is other.
    pub(crate) fn worst(&self) -> Option<Verdict> {
        self.changes.first().map(|change| change.verdict)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter()
    }
}

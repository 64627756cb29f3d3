//! A bank's front desk, a choreography with a reaction that stands after another and refuses what comes early.

use saga_runtime::{Choreography, Command, Early, ReactionInfo, ReactionKind};
use serde_json::Value;

use crate::event_shop::info;

use ReactionKind::{Compensatable, Compensation, Observer, Pivot, Retriable};

pub(crate) const OPEN: Command<Value> = Command::new("desk.open");

const OPENED: ReactionInfo = info(
    "desk.open",
    "Desk",
    &[],
    Compensatable,
    Some("desk.close"),
    &["Opened"],
    &[],
);
const CLOSED: ReactionInfo = info(
    "desk.close",
    "Desk",
    &["Declined"],
    Compensation,
    Some("desk.open"),
    &[],
    &[],
);
const NOTED: ReactionInfo = info(
    "cards.note",
    "Cards",
    &["Opened"],
    Compensatable,
    Some("cards.forget"),
    &[],
    &[],
);
const FORGOTTEN: ReactionInfo = info(
    "cards.forget",
    "Cards",
    &["Declined"],
    Compensation,
    Some("cards.note"),
    &[],
    &[],
);
const SCORED: ReactionInfo = info(
    "credit.score",
    "Credit",
    &["Opened"],
    Observer,
    None,
    &["Scored"],
    &[],
);

/// The observer `cards.tell` does without what comes before `cards.note`, or after that is undone.
pub(crate) const OBSERVED: Choreography = Choreography::new(
    "observed",
    "{}",
    "{}",
    &[
        OPENED,
        CLOSED,
        NOTED,
        FORGOTTEN,
        SCORED,
        refusing(info(
            "cards.tell",
            "Cards",
            &["Scored"],
            Observer,
            None,
            &[],
            &[],
        )),
        info(
            "bank.ask",
            "Bank",
            &["Opened"],
            Pivot,
            None,
            &[],
            &["Declined"],
        ),
    ],
);

/// The pivot `cards.issue` does without it, and then there is no card and no failure: the compiler would not have it.
pub(crate) const HALF_DONE: Choreography = Choreography::new(
    "half_done",
    "{}",
    "{}",
    &[
        OPENED,
        CLOSED,
        NOTED,
        FORGOTTEN,
        SCORED,
        refusing(info(
            "cards.issue",
            "Cards",
            &["Scored"],
            Pivot,
            None,
            &["Issued"],
            &["Declined"],
        )),
        info(
            "accounts.open",
            "Accounts",
            &["Issued"],
            Retriable,
            None,
            &[],
            &[],
        ),
    ],
);

const fn refusing(info: ReactionInfo) -> ReactionInfo {
    ReactionInfo {
        after: Some("cards.note"),
        early: Early::Refuse,
        ..info
    }
}

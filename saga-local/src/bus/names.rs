//! Names that a test says of a choreography: whether it has them there, and which it has if not. Runs nothing.

use saga_runtime::ReactionInfo;

use super::fault::BusFault;
use super::graph::Graph;
use crate::error::{Error, Kind};

impl Graph {
    pub(super) fn check_fault(&self, place: &str, fault: &BusFault) -> Result<(), Error> {
        let reaction = self.reaction(place);
        let is_known = if fault.is_of_relay() {
            let publishes = |info: &ReactionInfo| {
                info.publishes.contains(&place) || info.rejects.contains(&place)
            };
            self.reactions.iter().any(publishes)
        } else {
            reaction.is_some()
        };
        if !is_known {
            return Err(Error::new(Kind::UnknownPlace {
                place: place.to_owned(),
            }));
        }
        match (fault, reaction) {
            (BusFault::Rejected { event, .. }, Some(info)) => known(
                event,
                info.rejects,
                format!("`{}` is not rejected with `{event}`", info.name),
                "it is rejected with",
            ),
            _ => Ok(()),
        }
    }

    pub(crate) fn check_cut(&self, event: &str, participant: &str) -> Result<(), Error> {
        let mut participants: Vec<&str> = Vec::new();
        let mut events: Vec<&str> = Vec::new();
        for info in self.reactions {
            participants.push(info.participant);
            if info.participant == participant {
                events.extend(info.on);
            }
        }
        known(
            participant,
            &participants,
            format!("`{}` has no participant `{participant}`", self.name),
            "there are",
        )?;
        known(
            event,
            &events,
            format!("`{participant}` does not react to `{event}`, so there is nothing to cut"),
            "it reacts to",
        )
    }

    /// Whether somebody is rejected with the event.
    pub(crate) fn check_rejection(&self, event: &str) -> Result<(), Error> {
        let rejects = self.reactions.iter().flat_map(|info| info.rejects);
        known(
            event,
            &rejects.copied().collect::<Vec<_>>(),
            format!("nothing is rejected with `{event}`"),
            "rejections are",
        )
    }
}

/// Whether somebody publishes the event where it takes effect.
pub(crate) fn check_published(reactions: &[ReactionInfo], event: &str) -> Result<(), Error> {
    let publishes = reactions.iter().flat_map(|info| info.publishes);
    let is_rejection = reactions.iter().any(|info| info.rejects.contains(&event));
    let hint = if is_rejection {
        ", and `EventMatrix::rejection` says what a rejection does"
    } else {
        ""
    };
    known(
        event,
        &publishes.copied().collect::<Vec<_>>(),
        format!("no stand-in publishes `{event}`{hint}"),
        "they publish",
    )
}

/// Whether somebody may do without the event.
pub(crate) fn check_optional(reactions: &[ReactionInfo], event: &str) -> Result<(), Error> {
    check_published(reactions, event)?;
    let optional = reactions.iter().flat_map(|info| info.optional);
    known(
        event,
        &optional.copied().collect::<Vec<_>>(),
        format!("`{event}` is never left out"),
        "may be left out:",
    )
}

/// An error that says what is wrong and which names there are, unless the name is one of them.
fn known(name: &str, names: &[&str], problem: String, there_are: &str) -> Result<(), Error> {
    if names.contains(&name) {
        return Ok(());
    }
    let mut names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.sort();
    names.dedup();
    let names = if names.is_empty() {
        "nothing".to_owned()
    } else {
        names.join(", ")
    };
    let known = format!("{there_are} {names}");
    Err(Error::new(Kind::UnknownName { problem, known }))
}

//! Parked compensations chosen and answered, whichever token is theirs by now. What the answer means is not known here.

use std::time::Duration;

use super::look::Look;
use super::sfn::{Answer, Sfn};
use crate::parked::{Announcement, Parked, Token};
use crate::timeline::{End, place};

/// A token that is over is followed by the next one after a pause of Step Functions' own, mostly of seconds; the definition's
/// `MaxDelaySeconds` is five minutes.
const PAUSES: [u64; 5] = [0, 1, 2, 4, 8];

/// What a parked task is told.
#[derive(Clone, Copy, Debug)]
pub(super) enum Order<'a> {
    /// To try the compensation again.
    Resume,
    /// To go on without it, for this reason.
    Skip(&'a str),
}

/// How it was freed.
#[derive(Debug, PartialEq)]
pub(super) enum Freed {
    Now,
    /// By a token newer than the one that was known.
    ByNewerToken,
    /// By somebody else, before.
    Before,
}

/// The one that is meant, of all that are parked.
pub(super) fn choose<'l>(
    look: &'l Look, step: Option<&str>, item: &[u64],
) -> Result<Vec<&'l Parked>, String> {
    if look.parked.is_empty() {
        return Err(format!("{} is not parked: {}", look.name, stands(look)));
    }
    let fits = |said: &Announcement| {
        step.is_none_or(|step| said.step == step) && (item.is_empty() || said.item == item)
    };
    let chosen: Vec<&Parked> = look
        .parked
        .iter()
        .filter(|parked| fits(&parked.said))
        .collect();
    if chosen.is_empty() {
        return Err(format!(
            "no such compensation of {} is parked; there is {}",
            look.name,
            listed(&look.parked.iter().collect::<Vec<_>>())
        ));
    }
    Ok(chosen)
}

/// `it is running`, `it committed` …
pub(super) fn stands(look: &Look) -> &'static str {
    match look.end() {
        End::Running | End::Parked => "it is running",
        End::Committed => "it has committed",
        End::Compensated => "it has ended, and everything is compensated",
        End::Skipped => "it has ended, and a compensation was skipped",
        End::Failed => "it has failed; `cargo saga redrive` goes on where it ended",
        End::Stopped => "it was stopped; `cargo saga redrive` goes on where it ended",
        End::TimedOut => "it timed out; `cargo saga redrive` goes on where it ended",
    }
}

pub(super) fn listed(parked: &[&Parked]) -> String {
    let places = parked.iter();
    let places = places.map(|parked| format!("`{}`", place(&parked.said.step, &parked.said.item)));
    places.collect::<Vec<String>>().join(", ")
}

/// Answers the task that has parked this compensation.
pub(super) async fn free(
    sfn: &Sfn, arn: &str, parked: &Parked, order: Order<'_>,
) -> Result<Freed, String> {
    let mut token = parked.token.clone();
    let mut tried = None;
    for pause in PAUSES {
        tokio::time::sleep(Duration::from_secs(pause)).await;
        if tried.is_some() || token == Token::Over {
            let look = Look::at(sfn, arn).await?;
            let Some(now) = look.parked.iter().find(|now| is_same(now, parked)) else {
                return Ok(Freed::Before);
            };
            token.clone_from(&now.token);
        }
        let known = match &token {
            Token::Known(token) if tried.as_ref() != Some(token) => token,
            Token::Known(_) | Token::Over => continue,
            Token::Untold => return Err(untold(sfn, parked)),
        };
        let answer = match order {
            Order::Resume => sfn.resume(known).await?,
            Order::Skip(reason) => sfn.skip(known, reason).await?,
        };
        if answer == Answer::Taken {
            let is_first = tried.is_none() && parked.token.known() == Some(known);
            return Ok(if is_first {
                Freed::Now
            } else {
                Freed::ByNewerToken
            });
        }
        tried = Some(known.clone());
    }
    Err(format!(
        "the token of {} is over and the next one is not there yet; Step Functions parks it again within 5 minutes: then run this again",
        listed(&[parked])
    ))
}

fn untold(sfn: &Sfn, parked: &Parked) -> String {
    format!(
        "the history does not have the token of {}, as where execution data is not for you to see, or on an emulator; give that of the message in the parking queue: {}",
        listed(&[parked]),
        sfn.command_by_token()
    )
}

/// The same stay: one that was freed and parked again since needs a decision of its own.
fn is_same(left: &Parked, right: &Parked) -> bool {
    left.said.step == right.said.step
        && left.said.item == right.said.item
        && left.since == right.since
}

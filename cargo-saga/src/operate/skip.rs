//! `cargo saga skip`: goes past a compensation that is parked, with a reason that stays. Undoes nothing in its place.

use std::io::{self, BufRead as _, IsTerminal as _, Write};
use std::process::ExitCode;
use std::sync::Arc;

use serde_json::json;

use super::args::Skip;
use super::free::{Freed, Order, choose, free, listed};
use super::look::Look;
use super::sfn::Sfn;
use crate::args::Format;
use crate::aws;
use crate::parked::{Parked, Token};
use crate::print;
use crate::timeline::{SKIPPED, place};

/// It stands in the saga's `Cause`, which has at most 32,768 characters, beside the first failure:
/// <https://docs.aws.amazon.com/step-functions/latest/apireference/API_ExecutionFailedEventDetails.html>.
const REASON: usize = 1_000;

pub(crate) fn run(args: &Skip, out: &mut impl Write) -> Result<ExitCode, String> {
    let reason = args.reason.trim();
    if reason.is_empty() || reason.chars().count() > REASON {
        return Err(format!(
            "`--reason` has 1 to {REASON} characters: why, and who sees to what is left"
        ));
    }
    aws::block_on(async {
        let sfn = Arc::new(Sfn::connect(&args.aws, args.which.arn()).await?);
        let arn = args.which.execution(&sfn).await?;
        let look = Look::at(&sfn, &arn).await?;
        let chosen = choose(&look, Some(&args.step), &args.item)?;
        let [parked] = chosen[..] else {
            return Err(format!(
                "{} items are parked: {}; name one with `--item`",
                chosen.len(),
                listed(&chosen)
            ));
        };
        knows_skips(&sfn, &arn).await?;
        if !args.yes {
            confirm(&look, parked, reason)?;
        }
        let parked = &Parked {
            token: args
                .token
                .clone()
                .map_or(parked.token.clone(), Token::Known),
            ..parked.clone()
        };
        let freed = free(&sfn, &arn, parked, Order::Skip(reason)).await?;
        if freed == Freed::Before {
            return Err(format!(
                "nothing was skipped: the compensation of {} was freed by somebody else; `{}` says how it goes",
                listed(&[parked]),
                sfn.command("status", &arn)
            ));
        }
        tell(&sfn, &arn, parked, args.shown.format(), reason, out)?;
        Ok(ExitCode::SUCCESS)
    })
}

/// One that does not would tell the queue once more, and wait.
async fn knows_skips(sfn: &Sfn, arn: &str) -> Result<(), String> {
    if sfn.definition(arn).await?.contains(SKIPPED) {
        return Ok(());
    }
    Err(format!(
        "the definition that this execution runs cannot go past a compensation (no `{SKIPPED}` in it): it would only park again; mend what fails, then: {}",
        sfn.command("resume", arn)
    ))
}

fn left(parked: &Parked) -> String {
    format!(
        "what `{}` did stays as it is",
        place(&parked.said.step, &parked.said.item)
    )
}

fn confirm(look: &Look, parked: &Parked, reason: &str) -> Result<(), String> {
    let input = io::stdin();
    if !input.is_terminal() {
        return Err(format!(
            "{}, and somebody else must see to it: give `--yes` if that is meant",
            left(parked)
        ));
    }
    let cannot = |error: io::Error| format!("cannot ask: {error}");
    let mut errors = io::stderr();
    writeln!(
        errors,
        "{}: {}, and somebody else must see to it; the other compensations go on.\nreason: {reason}",
        look.name,
        left(parked)
    )
    .and_then(|()| write!(errors, "skip its compensation? [y/N] "))
    .and_then(|()| errors.flush())
    .map_err(cannot)?;
    let mut answer = String::new();
    input.lock().read_line(&mut answer).map_err(cannot)?;
    match answer.trim() {
        "y" | "Y" | "yes" => Ok(()),
        _ => Err("nothing was skipped".to_owned()),
    }
}

fn tell(
    sfn: &Sfn, arn: &str, parked: &Parked, format: Format, reason: &str, out: &mut impl Write,
) -> Result<(), String> {
    let said = &parked.said;
    match format {
        Format::Json => print::json(
            out,
            &json!({ "execution": arn, "skipped": said.step, "item": said.item, "reason": reason }),
        ),
        Format::Text => print::line(
            out,
            &format!(
                "skipped: {}; the saga goes on and ends with `{SKIPPED}`\n`{}` says how it goes",
                left(parked),
                sfn.command("status", arn)
            ),
        ),
    }
}

//! `cargo saga resume`: has a compensation that is parked try again. What it meets then is not awaited.

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;

use serde_json::{Value, json};

use super::args::Resume;
use super::free::{Freed, Order, choose, free, listed};
use super::look::Look;
use super::sfn::{Answer, Sfn};
use crate::args::Format;
use crate::aws;
use crate::print;
use crate::timeline::place;

pub(crate) fn run(args: &Resume, out: &mut impl Write) -> Result<ExitCode, String> {
    aws::block_on(async {
        let sfn = Arc::new(Sfn::connect(&args.aws, args.which.arn()).await?);
        if let Some(token) = &args.token {
            by_token(&sfn, token, args.shown.format(), out).await?;
        } else {
            let arn = args.which.execution(&sfn).await?;
            by_execution(&sfn, &arn, args, out).await?;
        }
        Ok(ExitCode::SUCCESS)
    })
}

async fn by_token(
    sfn: &Sfn, token: &str, format: Format, out: &mut impl Write,
) -> Result<(), String> {
    if sfn.resume(token).await? == Answer::TooLate {
        return Err(format!(
            "this token is over: the compensation was resumed, or parked again under another token; `cargo saga list-parked{}` says what is parked now",
            sfn.options
        ));
    }
    match format {
        Format::Text => print::line(out, "resumed: the compensation is tried again"),
        Format::Json => print::json(out, &json!({ "resumed": true })),
    }
}

async fn by_execution(
    sfn: &Sfn, arn: &str, args: &Resume, out: &mut impl Write,
) -> Result<(), String> {
    let look = Look::at(sfn, arn).await?;
    let chosen = choose(&look, args.step.as_deref(), &args.item)?;
    if chosen.len() > 1 && !args.all {
        return Err(format!(
            "{} compensations of {} are parked: {}; name one with `--step` and `--item`, or take `--all`",
            chosen.len(),
            look.name,
            listed(&chosen)
        ));
    }
    let mut resumed = Vec::new();
    for parked in chosen {
        let freed = free(sfn, arn, parked, Order::Resume).await?;
        let said = &parked.said;
        if args.shown.format() == Format::Text {
            let what = format!("the compensation of `{}`", place(&said.step, &said.item));
            print::line(out, &format!("{what} {}", freed.told()))?;
        }
        resumed.push(json!({
            "step": said.step,
            "item": said.item,
            "resumed": freed != Freed::Before,
        }));
    }
    let next = sfn.command("status", arn);
    match args.shown.format() {
        Format::Text => print::line(out, &format!("`{next}` says how it goes")),
        Format::Json => print::json(
            out,
            &json!({ "execution": arn, "compensations": Value::from(resumed) }),
        ),
    }
}

impl Freed {
    fn told(&self) -> &'static str {
        match self {
            Self::Now => "is tried again",
            Self::ByNewerToken => {
                "is tried again; its first token was over, so the newer one was used"
            }
            Self::Before => "was freed by somebody else",
        }
    }
}

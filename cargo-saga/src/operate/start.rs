//! `cargo saga start`: starts a saga under a key, once. The rules are those of `saga_runtime::client`.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use saga_runtime::__private::{Fingerprint, check_execution_name, check_integers};
use serde_json::{Value, json};

use super::args::Start;
use super::follow;
use super::look::Look;
use super::place::{self, Machine, names};
use super::sfn::{Execution, Sfn};
use crate::args::Format;
use crate::aws;
use crate::out::{self, Out};
use crate::print::{self, Paint};
use crate::timeline::End;

/// <https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html>
const INPUT_LIMIT: usize = 262_144;

/// The alias that is taken where nothing else is said: `cargo saga template` and `deploy` make it.
const LIVE: &str = "live";

pub(crate) fn run(
    folder: Option<&Path>, args: &Start, out: &mut impl Write,
) -> Result<ExitCode, String> {
    check_execution_name(&args.key)
        .map_err(|why| format!("key `{}` {why}", args.key.escape_debug()))?;
    let input = input(folder, args)?;
    aws::block_on(async {
        let named = args.machine.as_deref().unwrap_or(&args.name);
        let sfn = Arc::new(Sfn::connect(&args.aws, Some(named)).await?);
        let machine = machine(&sfn, args).await?;
        let started = start(&sfn, &machine, &args.key, &input).await?;
        tell(&sfn, &machine, &started, args, out).await?;
        if !args.wait {
            return Ok(ExitCode::SUCCESS);
        }
        let end = follow::to_the_end(&sfn, &started.arn, args.shown.format(), out).await?;
        Ok(if end == End::Committed {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    })
}

fn input(folder: Option<&Path>, args: &Start) -> Result<Value, String> {
    let Some(file) = &args.input else {
        // Whoever operates need not have the source at hand.
        let saga = Out::find(folder).and_then(|out| out.saga(&args.name));
        let ty = saga.ok().and_then(|saga| saga.contract?.input);
        return match ty {
            None => Ok(Value::Null),
            Some(ty) => Err(out::no_input(&args.name, &ty)),
        };
    };
    let input = out::json(file)?;
    check_integers("input", &input).map_err(|why| format!("the input does not fit: {why}"))?;
    let size = input.to_string().len();
    if size > INPUT_LIMIT {
        return Err(format!(
            "the input has {size} bytes, and Step Functions allows {INPUT_LIMIT}; keep large things in a store and pass their keys"
        ));
    }
    Ok(input)
}

/// The state machine, by its alias.
async fn machine(sfn: &Sfn, args: &Start) -> Result<Machine, String> {
    if let Some(arn) = &args.machine {
        return place::machine(sfn, arn).await;
    }
    let machine = place::machine(sfn, &args.name).await?;
    if machine.named != machine.arn {
        return Ok(machine);
    }
    let aliases = sfn.aliases(&machine.arn).await?;
    let live = format!("{}:{LIVE}", machine.arn);
    let named = match &aliases[..] {
        [] => machine.arn.clone(),
        aliases if aliases.contains(&live) => live,
        [alias] => alias.clone(),
        aliases => {
            return Err(format!(
                "`{}` has several aliases and none is `{LIVE}`; name one with `--machine`:\n       {}",
                machine.name,
                aliases.join("\n       ")
            ));
        }
    };
    Ok(Machine { named, ..machine })
}

/// What came of it.
struct Started {
    arn: String,
    /// It was there before.
    existed: bool,
}

async fn start(sfn: &Sfn, machine: &Machine, key: &str, input: &Value) -> Result<Started, String> {
    let arn = machine.execution(key);
    // Step Functions answers a repeated start of a running execution as it does the first.
    let mut there = sfn.describe(&arn).await?;
    if there.is_none() {
        match sfn.start(&machine.named, key, input).await? {
            Some(arn) if place::is_express(&arn) => {
                return Err(format!(
                    "`{}` is an express workflow, whose executions run more than once and cannot be found by name; deploy a standard one",
                    machine.arn
                ));
            }
            Some(arn) => return shown(sfn, arn).await,
            None => there = patiently(sfn, &arn).await?,
        }
    }
    let Some(there) = there else {
        return Err(format!(
            "Step Functions says that `{key}` is taken, and does not show it; try again"
        ));
    };
    if there.input.as_ref().map(Fingerprint::of) != Some(Fingerprint::of(input)) {
        return Err(format!(
            "there is an execution `{key}` of `{}` with another input, {}; choose another key\n       {arn}",
            machine.name,
            there.status.to_lowercase()
        ));
    }
    Ok(Started { arn, existed: true })
}

/// A new execution, once Step Functions shows it.
async fn shown(sfn: &Sfn, arn: String) -> Result<Started, String> {
    patiently(sfn, &arn).await?;
    Ok(Started {
        arn,
        existed: false,
    })
}

/// New executions are shown with a delay.
async fn patiently(sfn: &Sfn, arn: &str) -> Result<Option<Execution>, String> {
    for pause in [0, 200, 400, 800, 1_600, 3_200] {
        tokio::time::sleep(Duration::from_millis(pause)).await;
        let there = sfn.describe(arn).await?;
        if there.is_some() {
            return Ok(there);
        }
    }
    Ok(None)
}

async fn tell(
    sfn: &Sfn, machine: &Machine, started: &Started, args: &Start, out: &mut impl Write,
) -> Result<(), String> {
    let Started { arn, existed } = started;
    let format = args.shown.format();
    let paint = Paint::for_stdout();
    let (name, key) = names(arn);
    let gap = if args.wait { "\n" } else { "" };
    let status = if *existed {
        Some(Look::at(sfn, arn).await?)
    } else {
        None
    };
    match (format, status) {
        (Format::Json, status) => {
            let json = json!({
                "execution": arn,
                "machine": machine.named,
                "started": !existed,
                "status": status.map_or(End::Running, |look| look.end()),
            });
            // With `--wait`, each thing is a line.
            if args.wait {
                print::line(out, &json.to_string())
            } else {
                print::json(out, &json)
            }
        }
        (Format::Text, Some(look)) => print::line(
            out,
            &format!(
                "{} {key} is there already, with the same input: {}\n{arn}{gap}",
                paint.bold(name),
                look.timeline.last_line(paint)
            ),
        ),
        (Format::Text, None) => print::line(
            out,
            &format!(
                "{} {key} started by {}\n{arn}{gap}",
                paint.bold(name),
                machine.named
            ),
        ),
    }
}

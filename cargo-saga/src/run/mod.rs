//! `cargo saga run`: a saga on the embedded engine, with stand-ins made from its contract. `fault` reads what goes wrong,
//! `stage` sets it up, `timeline` tells what happened.

mod fault;
mod stage;
mod timeline;

use std::io::Write;
use std::panic;
use std::path::Path;
use std::process::ExitCode;

use saga_local::Engine;
use serde_json::{Value, json};

use crate::args::{Format, Run};
use crate::out::{self, Out};
use crate::print;
use crate::timeline::{End, Timeline};
use stage::Stage;

/// The execution's name.
const NAME: &str = "run";

pub(crate) fn run(
    folder: Option<&Path>, args: &Run, out: &mut impl Write,
) -> Result<ExitCode, String> {
    let stage = Stage::of(&Out::find(folder)?, &args.name)?;
    let input = input(args, &stage)?;
    let engine = stage.engine(args)?;
    let missing = stage.missing(args);
    let timeline = play(&engine, &input, &stage.name)?;
    match args.format {
        Format::Json => {
            let more = [
                ("seed", args.seed.into()),
                ("outputs_left_null", json!(missing)),
            ];
            print::json(out, &timeline.to_json(&more))?;
        }
        Format::Text => {
            print::text(out, &text(&timeline, args.seed))?;
            if timeline.end != End::Committed && !missing.is_empty() {
                print::line(out, &hint(&missing))?;
            }
        }
    }
    Ok(match timeline.end {
        End::Committed => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}

/// A stand-in's null may be what went wrong.
fn hint(missing: &[String]) -> String {
    let options = missing.iter().map(|step| format!("--output '{step}=JSON'"));
    let options: Vec<String> = options.collect();
    format!(
        "\nnote: the flow looks into outputs that stand-ins leave null; say what they are with {}",
        options.join(" ")
    )
}

fn text(timeline: &Timeline, seed: u64) -> String {
    let paint = print::Paint::for_stdout();
    format!(
        "{}, seed {seed}\n\n{}\n{}\n",
        paint.bold(&timeline.name),
        timeline.lines(paint),
        timeline.last_line(paint)
    )
}

fn input(args: &Run, stage: &Stage) -> Result<Value, String> {
    let Some(file) = &args.input else {
        return match &stage.input {
            None => Ok(Value::Null),
            Some(ty) => Err(out::no_input(&stage.name, ty)),
        };
    };
    out::json(file)
}

fn play(engine: &Engine<Value, Value>, input: &Value, name: &str) -> Result<Timeline, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let runtime = runtime.map_err(|error| format!("cannot run anything: {error}"))?;
    // A fault may be a panic, which the engine catches and the timeline tells.
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let run = runtime.block_on(engine.start(NAME, input));
    panic::set_hook(hook);
    let run = run.map_err(|error| {
        let cause = std::error::Error::source(&error);
        let cause = cause.map(|cause| format!(":\n{cause}"));
        format!("{error}{}", cause.unwrap_or_default())
    })?;
    Ok(timeline::of(engine, &run, name))
}

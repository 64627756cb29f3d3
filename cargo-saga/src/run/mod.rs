//! `cargo saga run`: a saga on the embedded engine, with stand-ins made from its contract. `fault` reads what goes wrong,
//! `stage` sets it up, `timeline` tells what happened.

mod fault;
mod stage;
mod timeline;

use std::io::{Read as _, Write};
use std::panic;
use std::path::Path;
use std::process::ExitCode;

use saga_local::Engine;
use serde_json::Value;

use crate::args::{Format, Run};
use crate::out::{self, Out};
use crate::print;
use stage::Stage;
use timeline::{End, Timeline};

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
        Format::Json => print::json(out, &timeline.to_json(args.seed, &missing))?,
        Format::Text => {
            print::text(
                out,
                &timeline.to_text(args.seed, print::Paint::for_stdout()),
            )?;
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

fn input(args: &Run, stage: &Stage) -> Result<Value, String> {
    let Some(file) = &args.input else {
        return match &stage.input {
            None => Ok(Value::Null),
            Some(ty) => Err(format!(
                "saga `{}` takes a `{ty}`; give its JSON with `--input FILE`, or `--input -` to read it from standard input",
                stage.name
            )),
        };
    };
    let (text, shown) = if file.as_os_str() == "-" {
        let mut text = String::new();
        let read = std::io::stdin().read_to_string(&mut text);
        read.map_err(|error| format!("cannot read standard input: {error}"))?;
        (text, "standard input".to_owned())
    } else {
        (out::read(file)?, file.display().to_string())
    };
    serde_json::from_str(&text).map_err(|error| format!("{shown} is no JSON: {error}"))
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
    Ok(Timeline::of(engine, &run, name))
}

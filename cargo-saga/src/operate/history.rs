//! `cargo saga history`: what happened in an execution, as `run` tells it; or every event as Amazon has it.

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;

use super::args::History;
use super::look::Look;
use super::moment;
use super::sfn::Sfn;
use super::{args, follow};
use crate::args::Format;
use crate::aws;
use crate::print::{self, Paint};

pub(crate) fn run(args: &History, out: &mut impl Write) -> Result<ExitCode, String> {
    aws::block_on(async {
        let sfn = Arc::new(Sfn::connect(&args.aws, args.which.arn()).await?);
        let arn = args.which.execution(&sfn).await?;
        tell(&sfn, &arn, args, out).await
    })
}

async fn tell(
    sfn: &Arc<Sfn>, arn: &str, args: &args::History, out: &mut impl Write,
) -> Result<ExitCode, String> {
    let format = args.shown.format();
    if args.follow {
        follow::to_the_end(sfn, arn, format, out).await?;
    } else if args.raw {
        print::json(out, &sfn.history(arn, 0).await?)?;
    } else {
        let look = Look::at(sfn, arn).await?;
        match format {
            Format::Json => print::json(out, &look.timeline.to_json(&look.about()))?,
            Format::Text => print::text(out, &text(&look, Paint::for_stdout()))?,
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn text(look: &Look, paint: Paint) -> String {
    format!(
        "{}, started {}\n\n{}\n{}\n",
        paint.bold(&look.name),
        moment(look.execution.started),
        look.timeline.lines(paint),
        look.timeline.last_line(paint)
    )
}

//! `cargo saga redrive`: has an execution that ended before it was compensated go on where it ended.

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;

use serde_json::json;

use super::args::Redrive;
use super::look::Look;
use super::sfn::Sfn;
use crate::args::Format;
use crate::aws;
use crate::print;
use crate::timeline::End;

pub(crate) fn run(args: &Redrive, out: &mut impl Write) -> Result<ExitCode, String> {
    aws::block_on(async {
        let sfn = Arc::new(Sfn::connect(&args.aws, args.which.arn()).await?);
        let arn = args.which.execution(&sfn).await?;
        let look = Look::at(&sfn, &arn).await?;
        if let Some(why) = refusal(&sfn, &look) {
            return Err(format!("{} {why}", look.name));
        }
        sfn.redrive(&arn).await?;
        match args.shown.format() {
            Format::Json => print::json(out, &json!({ "execution": arn, "redriven": true }))?,
            Format::Text => print::line(
                out,
                &format!(
                    "redriven: {} goes on where it ended\n`{}` says how it goes",
                    look.name,
                    sfn.command("status", &arn)
                ),
            )?,
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// Why it makes no sense, by how the saga ended, or is not possible, by
/// <https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html>.
fn refusal(sfn: &Sfn, look: &Look) -> Option<String> {
    let why = match look.end() {
        End::Running => "is running; there is nothing to redrive".to_owned(),
        End::Parked => format!(
            "is parked, not ended; when what fails is mended: {}",
            sfn.command("resume", &look.execution.arn)
        ),
        End::Committed => "has committed; there is nothing to redrive".to_owned(),
        End::Compensated => {
            "was compensated: a redrive would only end it once more; to try the saga again, start it under another key"
                .to_owned()
        }
        End::Skipped => {
            "has ended with a compensation skipped: a redrive would only end it once more; what is left must be put right by hand"
                .to_owned()
        }
        End::Failed | End::Stopped | End::TimedOut => {
            let why = look.execution.not_redrivable.as_ref()?;
            format!(
                "cannot be redriven: {why}\n       Step Functions redrives within 14 days of the end, and at most 1,000 times"
            )
        }
    };
    Some(why)
}

//! An execution followed to its end: a line as soon as there is something to say. Changes nothing.

use std::collections::BTreeSet;
use std::io::Write;
use std::time::Duration;

use serde_json::Value;

use super::look::Look;
use super::sfn::Sfn;
use crate::args::Format;
use crate::print::{self, Paint};
use crate::timeline::{Columns, End, What};

/// Pauses between two looks: short while something happens, and then longer, since the whole account shares
/// [a rate](https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html#service-limits-api-action-throttling-general).
const SHORTEST: Duration = Duration::from_millis(300);
const LONGEST: Duration = Duration::from_secs(5);

pub(super) async fn to_the_end(
    sfn: &Sfn, arn: &str, format: Format, out: &mut impl Write,
) -> Result<End, String> {
    let mut teller = Teller {
        format,
        paint: Paint::for_stdout(),
        told: BTreeSet::new(),
        columns: Columns::ROOMY,
        knows_that_it_is_parked: false,
    };
    let mut look = Look::at(sfn, arn).await?;
    let mut pause = SHORTEST;
    loop {
        if teller.tell(sfn, &look, out)? {
            pause = SHORTEST;
        }
        if look.end().is_over() {
            teller.end(&look, out)?;
            return Ok(look.end());
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST);
        look = look.again(sfn).await?;
    }
}

struct Teller {
    format: Format,
    paint: Paint,
    /// Entries, and whether it was told that they are parked.
    told: BTreeSet<(Vec<u64>, bool)>,
    columns: Columns,
    knows_that_it_is_parked: bool,
}

impl Teller {
    /// What is new, and whether there was anything.
    fn tell(&mut self, sfn: &Sfn, look: &Look, out: &mut impl Write) -> Result<bool, String> {
        let entries = &look.timeline.entries;
        let mut any = false;
        for entry in entries.iter().filter(|entry| entry.is_settled()) {
            let parked = entry.what == What::Parked;
            if !self.told.insert((entry.order.clone(), parked)) {
                continue;
            }
            any = true;
            match self.format {
                Format::Json => line(out, &entry.to_json())?,
                Format::Text => {
                    self.columns.widen(entry);
                    print::line(out, &self.columns.line(entry, None, self.paint))?;
                }
            }
        }
        let is_parked = look.end() == End::Parked;
        if is_parked && !self.knows_that_it_is_parked && self.format == Format::Text {
            let command = sfn.command("resume", &look.execution.arn);
            print::line(
                out,
                &format!(
                    "\n{}; when what fails is mended: {command}\n",
                    look.timeline.last_line(self.paint)
                ),
            )?;
        }
        self.knows_that_it_is_parked = is_parked;
        Ok(any)
    }

    fn end(&self, look: &Look, out: &mut impl Write) -> Result<(), String> {
        match self.format {
            Format::Text => print::line(out, &format!("\n{}", look.timeline.last_line(self.paint))),
            Format::Json => line(out, &look.timeline.end_json(&look.about())),
        }
    }
}

fn line(out: &mut impl Write, json: &Value) -> Result<(), String> {
    print::line(out, &json.to_string())
}

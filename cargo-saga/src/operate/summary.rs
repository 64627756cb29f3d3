//! A saga's executions, the newest first: how each stands. Tells of one execution no more than a line.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;

use serde_json::{Value, json};

use super::look::{Look, events};
use super::place::{Machine, names};
use super::progress::{Progress, Visit};
use super::sfn::{Listed, Sfn};
use super::{each, moment};
use crate::args::Format;
use crate::print::{self, Paint};
use crate::timeline::{End, place};

/// One line.
struct Row {
    arn: String,
    end: End,
    started: String,
    ended: Option<String>,
    /// Where it is, or the error that it ended with.
    detail: String,
}

pub(super) async fn tell(
    sfn: &Arc<Sfn>, machine: &Machine, max: usize, format: Format, out: &mut impl Write,
) -> Result<(), String> {
    let (listed, more) = sfn.executions(&machine.named, None, max).await?;
    let rows = each(
        sfn,
        listed,
        |sfn, listed| async move { row(&sfn, listed).await },
    );
    let rows = rows.await?;
    match format {
        Format::Json => print::json(out, &json(machine, &rows, more)),
        Format::Text => print::text(out, &text(machine, &rows, more, Paint::for_stdout())),
    }
}

async fn row(sfn: &Sfn, listed: Listed) -> Result<Row, String> {
    let started = moment(listed.started);
    let ended = listed.ended.map(moment);
    // That one is in no need of a look.
    if listed.status == "SUCCEEDED" {
        return Ok(Row {
            arn: listed.arn,
            end: End::Committed,
            started,
            ended,
            detail: String::new(),
        });
    }
    let Some(execution) = sfn.describe(&listed.arn).await? else {
        return Err(format!("execution {} has just gone", listed.arn));
    };
    let history = events(&sfn.history(&listed.arn, 0).await?);
    let look = Look::of(execution, history);
    let end = look.end();
    let detail = match end {
        End::Parked => {
            let places = look.parked.iter();
            let places = places.map(|parked| place(&parked.said.step, &parked.said.item));
            places.collect::<Vec<String>>().join(", ")
        }
        End::Running => {
            let progress = Progress::of(&look.timeline.entries, &look.history);
            let places: Vec<String> = progress.now.iter().map(Visit::place).collect();
            places.join(", ")
        }
        _ => look.execution.error.clone().unwrap_or_default(),
    };
    Ok(Row {
        arn: listed.arn,
        end,
        started,
        ended,
        detail,
    })
}

impl End {
    /// In a list.
    fn label(self) -> &'static str {
        match self {
            Self::Skipped => "skipped",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
            Self::TimedOut => "timed out",
            other => other.word(),
        }
    }
}

fn text(machine: &Machine, rows: &[Row], more: bool, paint: Paint) -> String {
    if rows.is_empty() {
        return format!("{}: no executions yet\n", machine.name);
    }
    let mut cells = vec![["KEY", "STARTED", "STATUS", ""].map(str::to_owned)];
    for row in rows {
        let (_, key) = names(&row.arn);
        cells.push([
            key.to_owned(),
            row.started.clone(),
            row.end.label().to_owned(),
            row.detail.clone(),
        ]);
    }
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for row in rows {
        *counts.entry(row.end.label()).or_default() += 1;
    }
    let counts: Vec<String> = counts
        .iter()
        .map(|(label, count)| format!("{count} {label}"))
        .collect();
    let more = if more { "; `--max` shows more" } else { "" };
    format!(
        "{}\n\n{}\nthe newest {}: {}{more}\n",
        paint.bold(&machine.name),
        print::table(&cells, [false; 4]),
        rows.len(),
        counts.join(", ")
    )
}

fn json(machine: &Machine, rows: &[Row], more: bool) -> Value {
    let rows = rows.iter().map(|row| {
        json!({
            "execution": row.arn,
            "key": names(&row.arn).1,
            "status": row.end,
            "started": row.started,
            "ended": row.ended,
            "detail": row.detail,
        })
    });
    json!({
        "machine": machine.name,
        "executions": rows.collect::<Vec<Value>>(),
        "more": more,
    })
}

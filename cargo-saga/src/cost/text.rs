//! The report for people.

use std::fmt;

use super::Report;
use super::back::Failed;
use super::price::{gigabyte_months, gigabyte_seconds};
use super::quota::State;
use crate::print;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} at {}, {} % of them with a step that fails; {}, prices of {}",
            self.name,
            self.rate.text,
            number(self.failures * 100.0),
            self.prices.region,
            self.prices.date
        )?;
        writeln!(f)?;
        self.bill(f)?;
        self.runs(f)?;
        self.limits(f)?;
        self.express(f)?;
        self.assumptions(f)
    }
}

impl Report {
    fn bill(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (average, dollars, assumed) = (&self.average, &self.dollars, &self.assumed);
        let month = self.sagas_a_month;
        let row = |name: &str, each: f64, dollars: f64| {
            [
                name.to_owned(),
                number(each),
                number(each * month),
                money(dollars * month),
            ]
        };
        let mut rows = vec![["", "a saga", "a month", "dollars a month"].map(str::to_owned)];
        rows.extend([
            row(
                "Step Functions: transitions",
                average.transitions,
                dollars.transitions,
            ),
            row("Lambda: requests", average.deliveries, dollars.deliveries),
            row(
                "Lambda: GB-seconds",
                gigabyte_seconds(average, assumed),
                dollars.compute,
            ),
            row(
                "DynamoDB: write units",
                average.all_write_units(),
                dollars.write_units,
            ),
            row(
                "DynamoDB: read units",
                average.read_units,
                dollars.read_units,
            ),
            row(
                "DynamoDB: GB-months of records",
                gigabyte_months(average, assumed),
                dollars.storage,
            ),
            row(
                "CloudWatch: GB of logs",
                average.deliveries * assumed.log_bytes / 1_073_741_824.0,
                dollars.logs,
            ),
        ]);
        let total = ["total", "", "", &money(self.dollars_a_month)].map(str::to_owned);
        rows.push(total);
        f.write_str(&print::table(&rows, [false, true, true, true]))?;
        writeln!(f)?;
        write!(f, "a million sagas: {}", money(self.dollars_a_saga * 1e6))?;
        if self.committed.cheapest != self.committed.dearest {
            write!(
                f,
                ", by the dearest arms of its branches; {} by the cheapest, if nothing fails",
                money(self.least_dollars_a_saga * 1e6)
            )?;
        }
        writeln!(f, "\n")
    }

    fn runs(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let heading = ["if", "transitions", "deliveries", "and it is"].map(str::to_owned);
        let mut rows = vec![heading];
        let (dearest, cheapest) = (&self.committed.dearest, &self.committed.cheapest);
        rows.push([
            "nothing fails".to_owned(),
            range(cheapest.transitions, dearest.transitions),
            range(cheapest.deliveries, dearest.deliveries),
            "committed".to_owned(),
        ]);
        rows.extend(self.failed.iter().map(failed));
        f.write_str(&print::table(&rows, [false, true, true, false]))?;
        writeln!(f)
    }

    fn limits(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let heading = ["quota", "used", "of", ""].map(str::to_owned);
        let mut rows = vec![heading];
        rows.extend(self.quotas.iter().map(|quota| {
            let word = match quota.state {
                State::Within => "",
                State::Near => "near",
                State::Over => "OVER",
            };
            [
                quota.name.clone(),
                number(quota.used),
                number(quota.limit),
                word.to_owned(),
            ]
        }));
        f.write_str(&print::table(&rows, [false, true, true, false]))?;
        for quota in self
            .quotas
            .iter()
            .filter(|quota| quota.state != State::Within)
        {
            writeln!(
                f,
                "  {}: {}\n    {}",
                quota.name, quota.remedy, quota.source
            )?;
        }
        writeln!(f)
    }

    fn express(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "As Express, Step Functions would take {} for a million sagas, instead of {}. This saga cannot be Express:",
            money(self.express.dollars_a_saga * 1e6),
            money(self.dollars.transitions * 1e6)
        )?;
        for obstacle in &self.express.obstacles {
            writeln!(f, "  - {obstacle}")?;
        }
        writeln!(f)
    }

    fn assumptions(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let assumed = &self.assumed;
        writeln!(
            f,
            "Assumed: {} ms and {} MB a delivery (--step, --memory); {} beside the record for each step that writes (--writes);",
            number(assumed.step_milliseconds),
            number(assumed.memory_megabytes),
            items(assumed.writes, "of 1 KB"),
        )?;
        writeln!(
            f,
            "records of {} bytes, kept for 400 days, so that their cost builds up over 13 months (--record); {} in each list (--items);",
            number(assumed.record_bytes),
            items(assumed.items, "")
        )?;
        writeln!(
            f,
            "{} bytes of logs a delivery (--log). Failures fall evenly on the steps of the dearest way, half of them rejections where a",
            number(assumed.log_bytes)
        )?;
        writeln!(
            f,
            "step declares one, half lost replies, tried again as often as the definition says. Left out: free tiers and discounts by"
        )?;
        writeln!(
            f,
            "volume, reads of the steps' own, Step Functions' own logs, X-Ray, alarms, and the parking queue, whose cost is negligible."
        )
    }
}

fn failed(failed: &Failed) -> [String; 4] {
    let fault = match failed.fault {
        // A step's name has a dot.
        super::back::Fault::Rejected if !failed.state.contains('.') => "fails",
        super::back::Fault::Rejected => "is rejected",
        super::back::Fault::Unknown => "has an unknown outcome",
    };
    [
        format!("`{}` {fault}", failed.state),
        number(failed.work.transitions),
        number(failed.work.deliveries),
        failed.end.to_owned(),
    ]
}

/// `1 item of 1 KB`
fn items(count: f64, of: &str) -> String {
    let plural = if (count - 1.0).abs() < f64::EPSILON {
        ""
    } else {
        "s"
    };
    format!("{} item{plural} {of}", number(count))
        .trim_end()
        .to_owned()
}

fn range(least: f64, most: f64) -> String {
    if (most - least).abs() < f64::EPSILON {
        number(most)
    } else {
        format!("{} to {}", number(least), number(most))
    }
}

/// Thousands apart, and four figures.
fn number(value: f64) -> String {
    let decimals = match value {
        _ if value >= 1_000.0 || value.fract().abs() < 1e-9 => 0,
        _ if value >= 100.0 => 1,
        _ if value >= 1.0 => 2,
        _ if value >= 0.001 => 4,
        _ => 9,
    };
    let text = format!("{value:.decimals$}");
    let text = if decimals > 0 {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        &text
    };
    group(text)
}

fn money(dollars: f64) -> String {
    let decimals = if dollars >= 1_000.0 { 0 } else { 2 };
    format!("${}", group(&format!("{dollars:.decimals$}")))
}

fn group(text: &str) -> String {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let whole = whole
        .parse()
        .map_or_else(|_| whole.to_owned(), print::grouped);
    if rest.is_empty() {
        whole
    } else {
        format!("{whole}.{rest}")
    }
}

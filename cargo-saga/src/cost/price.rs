//! What AWS takes for a run's work: a table of prices, and the sums. Knows no quota.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::work::{Assumed, Work};

/// The table that is built in.
const BUILT_IN: &str = include_str!("../../prices/us-east-1.json");

const GIGABYTE: f64 = 1_073_741_824.0;
/// Of 730 hours, as AWS's own calculator has them.
pub(super) const MONTH_SECONDS: f64 = 730.0 * 3_600.0;
/// How long `saga-runtime`'s barrier keeps a record, in months.
const RECORD_MONTHS: f64 = 400.0 * 86_400.0 / MONTH_SECONDS;
/// What DynamoDB adds to each item.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html>
const ITEM_OVERHEAD: f64 = 100.0;

/// So many dollars for so many.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Price {
    dollars: f64,
    per: f64,
    /// The page that says so.
    source: String,
}

/// A region's prices. Free tiers and discounts by volume are left out.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Prices {
    /// When they held.
    pub(super) date: String,
    pub(super) region: String,
    standard_transition: Price,
    express_request: Price,
    express_gigabyte_second: Price,
    lambda_request: Price,
    lambda_gigabyte_second_arm: Price,
    dynamodb_write_unit: Price,
    dynamodb_read_unit: Price,
    dynamodb_gigabyte_month: Price,
    logs_gigabyte: Price,
}

impl Price {
    fn of(&self, count: f64) -> f64 {
        count / self.per * self.dollars
    }
}

impl Prices {
    pub(super) fn read(file: Option<&Path>) -> Result<Self, String> {
        let Some(file) = file else {
            return Self::parse(BUILT_IN);
        };
        let text = fs::read_to_string(file)
            .map_err(|error| format!("cannot read {}: {error}", file.display()))?;
        Self::parse(&text).map_err(|error| {
            format!(
                "{} is no table of prices: {error}; begin with what `cargo saga cost … --format json | jq .prices` prints",
                file.display()
            )
        })
    }

    fn parse(json: &str) -> Result<Self, String> {
        let prices: Self = serde_json::from_str(json).map_err(|error| error.to_string())?;
        let all = [
            &prices.standard_transition,
            &prices.express_request,
            &prices.express_gigabyte_second,
            &prices.lambda_request,
            &prices.lambda_gigabyte_second_arm,
            &prices.dynamodb_write_unit,
            &prices.dynamodb_read_unit,
            &prices.dynamodb_gigabyte_month,
            &prices.logs_gigabyte,
        ];
        if all
            .iter()
            .any(|price| price.per <= 0.0 || price.dollars < 0.0)
        {
            return Err("`per` is more than 0, and `dollars` not less".to_owned());
        }
        Ok(prices)
    }
}

/// Dollars of one saga.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Dollars {
    pub(super) transitions: f64,
    pub(super) deliveries: f64,
    pub(super) compute: f64,
    pub(super) write_units: f64,
    pub(super) read_units: f64,
    /// Of its records, until TTL has deleted them.
    pub(super) storage: f64,
    pub(super) logs: f64,
}

impl Dollars {
    pub(super) fn of(work: &Work, assumed: &Assumed, prices: &Prices) -> Self {
        Self {
            transitions: prices.standard_transition.of(work.transitions),
            deliveries: prices.lambda_request.of(work.deliveries),
            compute: prices
                .lambda_gigabyte_second_arm
                .of(gigabyte_seconds(work, assumed)),
            write_units: prices.dynamodb_write_unit.of(work.all_write_units()),
            read_units: prices.dynamodb_read_unit.of(work.read_units),
            storage: prices
                .dynamodb_gigabyte_month
                .of(gigabyte_months(work, assumed)),
            logs: prices
                .logs_gigabyte
                .of(work.deliveries * assumed.log_bytes / GIGABYTE),
        }
    }

    pub(super) fn total(&self) -> f64 {
        self.transitions
            + self.deliveries
            + self.compute
            + self.write_units
            + self.read_units
            + self.storage
            + self.logs
    }
}

pub(super) fn gigabyte_seconds(work: &Work, assumed: &Assumed) -> f64 {
    work.deliveries * assumed.step_milliseconds / 1_000.0 * assumed.memory_megabytes / 1_024.0
}

/// Each record lies there until TTL deletes it, which costs nothing.
pub(super) fn gigabyte_months(work: &Work, assumed: &Assumed) -> f64 {
    work.records * (assumed.record_bytes + ITEM_OVERHEAD) / GIGABYTE * RECORD_MONTHS
}

/// What Step Functions would take for the same run as an Express workflow: its requests, and 64 MB for as long as it runs, in
/// steps of 100 ms. <https://aws.amazon.com/step-functions/pricing/>
pub(super) fn express(work: &Work, prices: &Prices) -> f64 {
    let seconds = (work.seconds * 10.0).ceil() / 10.0;
    prices.express_request.of(1.0 + work.executions)
        + prices.express_gigabyte_second.of(seconds * 64.0 / 1_024.0)
}

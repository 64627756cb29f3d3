//! The command line of `cargo saga cost`: rates, shares, and what is assumed of a delivery. Computes nothing.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use serde::Serialize;

use crate::args::Format;

/// Estimate what a saga costs at a rate, and which quotas the rate would hit
///
/// Counts states, deliveries and DynamoDB units from the definition, with the compensations of those that fail; prices
/// them by a dated table; and holds them against the default quotas. Free tiers and discounts by volume are left out.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  cargo saga cost place_order --rate 200/s --failures 2%
  cargo saga cost fulfil_order --rate 50000/day --items 3
  cargo saga cost place_order --rate 10/min --step 200ms --memory 512 --writes 2
  cargo saga cost place_order --rate 1/s --format json | jq .prices > prices.json
  cargo saga cost place_order --rate 1/s --prices prices.json")]
pub(crate) struct Options {
    /// The saga
    pub(super) name: String,
    /// How many sagas start: 200/s, 500/min, 3000/h, 50000/day
    #[arg(long, value_name = "NUMBER/TIME")]
    pub(super) rate: Rate,
    /// The share of them in which a step fails
    #[arg(long, value_name = "PERCENT", default_value = "0%")]
    pub(super) failures: Share,
    /// How many items each list has
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub(super) items: u32,
    /// How long a delivery takes
    #[arg(long, value_name = "TIME", default_value = "50ms")]
    pub(super) step: Millis,
    /// Memory of the functions, in MB
    #[arg(long, value_name = "MB", default_value_t = 256)]
    pub(super) memory: u32,
    /// Items of 1 KB that a step writes beside its record
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(super) writes: u32,
    /// Bytes of a record: the arguments and the output of a step
    #[arg(long, value_name = "BYTES", default_value_t = 500)]
    pub(super) record: u32,
    /// Bytes that a delivery writes to its log
    #[arg(long, value_name = "BYTES", default_value_t = 700)]
    pub(super) log: u32,
    /// Another table of prices [default: us-east-1]
    #[arg(long, value_name = "FILE")]
    pub(super) prices: Option<PathBuf>,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(super) format: Format,
}

/// Sagas a second.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Rate {
    pub(super) text: String,
    pub(super) a_second: f64,
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("`{text}` is no rate; write `200/s`, `500/min`, `3000/h` or `50000/day`");
        let (number, unit) = text.split_once('/').ok_or_else(wrong)?;
        let seconds = match unit.trim() {
            "s" => 1.0,
            "min" => 60.0,
            "h" => 3_600.0,
            "day" | "d" => 86_400.0,
            _ => return Err(wrong()),
        };
        let number = positive(number).ok_or_else(wrong)?;
        Ok(Self {
            text: text.to_owned(),
            a_second: number / seconds,
        })
    }
}

/// Of one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share(pub(super) f64);

impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no share; write `2%`, or any from `0%` to `100%`");
        let number = text.strip_suffix('%').ok_or_else(wrong)?;
        let share = positive(number).ok_or_else(wrong)? / 100.0;
        (share <= 1.0).then_some(Self(share)).ok_or_else(wrong)
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Millis(pub(super) f64);

impl FromStr for Millis {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no time; write `50ms` or `1.5s`");
        let (number, factor) = match (text.strip_suffix("ms"), text.strip_suffix('s')) {
            (Some(number), _) => (number, 1.0),
            (None, Some(number)) => (number, 1_000.0),
            (None, None) => return Err(wrong()),
        };
        Ok(Self(positive(number).ok_or_else(wrong)? * factor))
    }
}

/// A number that is not below 0, `1_000` included.
fn positive(text: &str) -> Option<f64> {
    let number: f64 = text.trim().replace('_', "").parse().ok()?;
    (number.is_finite() && number >= 0.0).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::{Millis, Rate, Share};

    #[test]
    fn rates_and_shares_and_times() {
        let rate = |text: &str| text.parse::<Rate>().map(|rate| rate.a_second);
        assert_eq!(rate("200/s"), Ok(200.0));
        assert_eq!(rate("90/min"), Ok(1.5));
        assert_eq!(rate("1_800/h"), Ok(0.5));
        assert_eq!(rate("43200/day"), Ok(0.5));
        for wrong in ["200", "-1/s", "1/week", "x/s", "inf/s"] {
            assert!(rate(wrong).is_err(), "{wrong}");
        }
        let share = |text: &str| text.parse::<Share>().map(|share| share.0);
        assert_eq!(share("2%"), Ok(0.02));
        assert!(share("101%").is_err());
        assert!(share("0.02").is_err());
        let millis = |text: &str| text.parse::<Millis>().map(|millis| millis.0);
        assert_eq!(millis("50ms"), Ok(50.0));
        assert_eq!(millis("1.5s"), Ok(1_500.0));
        assert!(millis("50").is_err());
    }
}

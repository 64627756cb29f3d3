//! The arguments of `cargo saga deploy`, and what a word of them means. Reads no file, makes no call.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use clap::Args;

use crate::args::{Aws, Format};
use crate::print;

const EXAMPLES: &str = "\
Examples:
  cargo saga deploy place_order --dry-run --role $ROLE --queue $QUEUE \\
      --function orders=$ORDERS --function stock=$STOCK --function payments=$PAYMENTS --function shipping=$SHIPPING
  cargo saga deploy open_account --function accounts=$ACCOUNTS --function ibans=$IBANS --queue $QUEUE \\
      --canary 10%/5m --alarm open-account-failed --max-failures 5%
  cargo saga deploy open_account --rollback     # take back what goes wrong, or went wrong

Interrupted, it is run again with the same arguments, and goes on.
Exits with 0 when it is deployed, 1 when it was taken back or refused, and 2 when it could not be done.";

/// Deploy a saga's definition: publish a version, shift the alias to it, take it back when it goes wrong
///
/// Creates or updates the state machine alone; its functions, queue and role are there. `template` makes everything.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    /// The saga
    pub(super) name: String,

    /// The function that serves a participant; may be given several times
    #[arg(long = "function", value_name = "PARTICIPANT=ARN", value_parser = function)]
    pub(super) functions: Vec<Named>,

    /// The queue that is told of parked sagas
    #[arg(long, value_name = "URL", value_parser = queue)]
    pub(super) queue: Option<String>,

    /// The state machine of a flow that it calls, with a version or an alias; may be given several times
    #[arg(long = "flow", value_name = "FLOW=ARN", value_parser = machine)]
    pub(super) flows: Vec<Named>,

    /// The role that the state machine runs as; a new one needs it, another one keeps the one that it has
    #[arg(long, value_name = "ARN", value_parser = role)]
    pub(super) role: Option<String>,

    /// The state machine's name [default: the saga's]
    #[arg(long = "name", value_name = "NAME")]
    pub(super) machine: Option<String>,

    /// The alias that sagas are started by
    #[arg(long, value_name = "ALIAS", default_value = "live", value_parser = alias)]
    pub(super) alias: String,

    /// Send only a share of the sagas to the new version at first, for a while
    #[arg(long, value_name = "SHARE/TIME")]
    pub(super) canary: Option<Canary>,

    /// Take the new version back when this alarm is on meanwhile; may be given several times
    #[arg(long = "alarm", value_name = "NAME", requires = "canary")]
    pub(super) alarms: Vec<String>,

    /// Take the new version back when more of its sagas fail meanwhile; compensated ones count
    #[arg(long, value_name = "SHARE", requires = "canary")]
    pub(super) max_failures: Option<Rate>,

    /// Print what would be done, and do nothing
    #[arg(long)]
    pub(super) dry_run: bool,

    /// Take the alias back to the version before
    #[arg(long, conflicts_with_all = ["functions", "queue", "flows", "role", "canary"])]
    pub(super) rollback: bool,

    /// Deploy although sagas on their way would break; with --rollback: take it back once more
    #[arg(long)]
    pub(super) force: bool,

    /// How to print; JSON has a line for each thing that happens
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(super) format: Format,

    #[command(flatten)]
    pub(super) aws: Aws,
}

/// `stock=arn:…`
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) name: String,
    pub(super) value: String,
}

/// `10%/5m`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Canary {
    /// Weights are [integers](https://docs.aws.amazon.com/step-functions/latest/apireference/API_RoutingConfigurationListItem.html).
    pub(super) percent: u8,
    pub(super) time: Duration,
}

/// `5%` or `0.5%`, in hundredths of a percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rate(pub(super) u64);

impl FromStr for Canary {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "write it like `10%/5m`, a whole percentage from 1 to 99".to_owned();
        let (share, time) = text.split_once('/').ok_or_else(wrong)?;
        let percent = share.strip_suffix('%').unwrap_or(share).parse();
        let percent = percent.ok().filter(|percent| (1..100).contains(percent));
        let time = humantime::parse_duration(time).ok();
        Ok(Self {
            percent: percent.ok_or_else(wrong)?,
            time: time.filter(|time| !time.is_zero()).ok_or_else(wrong)?,
        })
    }
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "write it like `5%` or `0.5%`".to_owned();
        let number = text.strip_suffix('%').unwrap_or(text);
        let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
        let digits =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(part) || part.len() > 2 {
            return Err(wrong());
        }
        let hundredths: u64 = format!("{part:0<2}").parse().map_err(|_| wrong())?;
        let whole: u64 = whole.parse().map_err(|_| wrong())?;
        let rate = whole.saturating_mul(100).saturating_add(hundredths);
        if rate > 10_000 {
            Err(wrong())
        } else {
            Ok(Self(rate))
        }
    }
}

impl fmt::Display for Canary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} % for {}", self.percent, print::time(self.time))
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = self.0 / 100;
        match self.0 % 100 {
            0 => write!(f, "{whole} %"),
            part if part % 10 == 0 => write!(f, "{whole}.{} %", part / 10),
            part => write!(f, "{whole}.{part:02} %"),
        }
    }
}

fn function(text: &str) -> Result<Named, String> {
    named(
        text,
        "lambda",
        "stock=arn:aws:lambda:eu-central-1:123456789012:function:stock",
    )
}

fn machine(text: &str) -> Result<Named, String> {
    named(
        text,
        "states",
        "open_account=arn:aws:states:eu-central-1:123456789012:stateMachine:open_account:live",
    )
}

fn named(text: &str, service: &str, example: &str) -> Result<Named, String> {
    let (name, value) = text
        .split_once('=')
        .filter(|(name, _)| !name.is_empty())
        .ok_or_else(|| format!("write it like `{example}`"))?;
    Ok(Named {
        name: name.to_owned(),
        value: arn(value, service, example)?,
    })
}

fn role(text: &str) -> Result<String, String> {
    arn(text, "iam", "arn:aws:iam::123456789012:role/place-order")
}

/// [An ARN](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html) of that service, without what would have to be
/// escaped in JSON.
fn arn(text: &str, service: &str, example: &str) -> Result<String, String> {
    let mut parts = text.split(':');
    let begins = parts.next() == Some("arn") && parts.nth(1) == Some(service);
    if begins && plain(text) {
        return Ok(text.to_owned());
    }
    Err(format!(
        "`{text}` is no ARN of `{service}`; write it like `{example}`"
    ))
}

fn queue(text: &str) -> Result<String, String> {
    let begins = text.starts_with("https://") || text.starts_with("http://");
    if begins && plain(text) {
        return Ok(text.to_owned());
    }
    Err(
        "write the queue's URL, like `https://sqs.eu-central-1.amazonaws.com/123456789012/parking`"
            .to_owned(),
    )
}

fn plain(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\'))
}

/// What [an alias](https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachineAlias.html) may be called;
/// a number is a version.
fn alias(text: &str) -> Result<String, String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let number = text.chars().all(|c| c.is_ascii_digit());
    if number || text.len() > 80 || !text.chars().all(allowed) {
        return Err(
            "write up to 80 letters, digits, `_`, `-` and `.`, and not digits alone".to_owned(),
        );
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{Canary, Rate, alias, function};
    use std::time::Duration;

    #[test]
    fn a_canary_is_a_share_and_a_time() {
        let read = |text: &str| text.parse::<Canary>().ok();
        let five = Duration::from_mins(5);
        assert_eq!(
            read("10%/5m"),
            Some(Canary {
                percent: 10,
                time: five
            })
        );
        assert_eq!(read("10/300s"), read("10%/5m"));
        for wrong in [
            "10%", "0%/5m", "100%/5m", "1.5%/5m", "10%/0s", "10%/soon", "/5m",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_rate_has_two_digits_behind_the_point() {
        let read = |text: &str| text.parse::<Rate>().ok().map(|rate| rate.0);
        assert_eq!(read("5%"), Some(500));
        assert_eq!(read("0.5%"), Some(50));
        assert_eq!(read("12.25"), Some(1_225));
        assert_eq!(read("100%"), Some(10_000));
        for wrong in ["", "%", "5.%", "-1%", "100.01%", "1.234%", "+5%"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
        assert_eq!(Rate(50).to_string(), "0.5 %");
        assert_eq!(Rate(105).to_string(), "1.05 %");
        assert_eq!(Rate(500).to_string(), "5 %");
    }

    #[test]
    fn a_function_is_an_arn_of_lambda() {
        assert!(function("stock=arn:aws-cn:lambda:r:1:function:stock:7").is_ok());
        for wrong in [
            "stock=stock",
            "=arn:aws:lambda:r:1:function:s",
            "stock=arn:aws:states:r:1:s",
            "stock=arn:aws:lambda:\"",
            "stock",
        ] {
            assert!(function(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_alias_is_no_number() {
        assert!(alias("live").is_ok());
        assert!(alias("7").is_err());
        assert!(alias("").is_err());
        assert!(alias("a b").is_err());
    }
}

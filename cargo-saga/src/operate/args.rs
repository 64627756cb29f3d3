//! What the subcommands that operate sagas take, and examples. Does nothing itself.

use std::path::PathBuf;

use clap::Args;

use crate::args::{Aws, Format};

/// One execution, or where none is named, a saga.
#[derive(Debug, Args)]
pub(crate) struct Which {
    /// The execution's ARN; or the saga that `--key` belongs to; or the key alone, where only one saga has it
    #[arg(value_name = "EXECUTION|SAGA")]
    pub(crate) what: Option<String>,
    /// The execution's name: what the saga was started under
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<String>,
    /// The saga's state machine, where its name does not tell [default: `SAGA` or `…-SAGA`]
    #[arg(long, value_name = "ARN")]
    pub(crate) machine: Option<String>,
}

/// How to print.
#[derive(Debug, Args)]
pub(crate) struct Shown {
    /// [default: text on a terminal, json otherwise]
    #[arg(long, value_enum)]
    pub(crate) format: Option<Format>,
}

#[derive(Debug, Args)]
pub(crate) struct Start {
    /// The saga
    pub(crate) name: String,
    /// What it is started under, once: the order's number, the message's id
    #[arg(long, value_name = "KEY")]
    pub(crate) key: String,
    /// The input as JSON, from a file or, for `-`, from standard input; a saga that takes none needs none
    #[arg(long, value_name = "FILE|-")]
    pub(crate) input: Option<PathBuf>,
    /// The state machine, or an alias or version of it [default: `NAME` or `…-NAME`, by its alias `live` if there is one]
    #[arg(long, value_name = "ARN")]
    pub(crate) machine: Option<String>,
    /// Follow it to its end; exits with 0 when it committed, 1 when it ended otherwise
    #[arg(long)]
    pub(crate) wait: bool,
    #[command(flatten)]
    pub(crate) shown: Shown,
    #[command(flatten)]
    pub(crate) aws: Aws,
}

#[derive(Debug, Args)]
pub(crate) struct Status {
    #[command(flatten)]
    pub(crate) which: Which,
    /// Of a saga: how many executions, the newest first
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) max: usize,
    #[command(flatten)]
    pub(crate) shown: Shown,
    #[command(flatten)]
    pub(crate) aws: Aws,
}

#[derive(Debug, Args)]
pub(crate) struct History {
    #[command(flatten)]
    pub(crate) which: Which,
    /// Every event as Step Functions has it, as JSON
    #[arg(long, conflicts_with = "follow")]
    pub(crate) raw: bool,
    /// Go on until the execution ends
    #[arg(long)]
    pub(crate) follow: bool,
    #[command(flatten)]
    pub(crate) shown: Shown,
    #[command(flatten)]
    pub(crate) aws: Aws,
}

#[derive(Debug, Args)]
pub(crate) struct ListParked {
    /// The saga [default: all state machines]
    pub(crate) name: Option<String>,
    /// The saga's state machine, where its name does not tell
    #[arg(long, value_name = "ARN", conflicts_with = "name")]
    pub(crate) machine: Option<String>,
    /// How many running executions to look at
    #[arg(long, value_name = "N", default_value_t = 500)]
    pub(crate) max: usize,
    #[command(flatten)]
    pub(crate) shown: Shown,
    #[command(flatten)]
    pub(crate) aws: Aws,
}

#[derive(Debug, Args)]
pub(crate) struct Resume {
    #[command(flatten)]
    pub(crate) which: Which,
    /// The step whose compensation is parked, where there are several
    #[arg(long, value_name = "STEP")]
    pub(crate) step: Option<String>,
    /// The item of a loop, where there are several: `2`, or `2,0` in a loop within a loop
    #[arg(long, value_name = "INDEX", value_delimiter = ',')]
    pub(crate) item: Vec<u64>,
    /// All that are parked
    #[arg(long)]
    pub(crate) all: bool,
    /// By the token of a message in the parking queue, in place of an execution
    #[arg(long, value_name = "TOKEN", conflicts_with_all = ["what", "key", "machine", "step", "item", "all"])]
    pub(crate) token: Option<String>,
    #[command(flatten)]
    pub(crate) shown: Shown,
    #[command(flatten)]
    pub(crate) aws: Aws,
}

#[derive(Debug, Args)]
pub(crate) struct Skip {
    #[command(flatten)]
    pub(crate) which: Which,
    /// The step whose compensation is skipped
    #[arg(long, value_name = "STEP")]
    pub(crate) step: String,
    /// The item of a loop, where there are several: `2`, or `2,0` in a loop within a loop
    #[arg(long, value_name = "INDEX", value_delimiter = ',')]
    pub(crate) item: Vec<u64>,
    /// Why, and who sees to what is left; it stands in the saga's end
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
    /// The token, of the message in the parking queue, where the history does not have it
    #[arg(long, value_name = "TOKEN")]
    pub(crate) token: Option<String>,
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) shown: Shown,
    #[command(flatten)]
    pub(crate) aws: Aws,
}

#[derive(Debug, Args)]
pub(crate) struct Redrive {
    #[command(flatten)]
    pub(crate) which: Which,
    #[command(flatten)]
    pub(crate) shown: Shown,
    #[command(flatten)]
    pub(crate) aws: Aws,
}

pub(crate) const START: &str = "Examples:
  cargo saga start place_order --key order-17 --input order.json
  cargo saga start place_order --key order-17 --input order.json --wait
  echo '{ \"lines\": [] }' | cargo saga start place_order --key order-18 --input -

The same key and input again start nothing, and say how the saga stands.";

pub(crate) const STATUS: &str = "Examples:
  cargo saga status place_order                  its executions, the newest first
  cargo saga status place_order --key order-17   one of them
  cargo saga status order-17                     the same, where no other saga has that key
  cargo saga status arn:aws:states:eu-central-1:123456789012:execution:place_order:order-17";

pub(crate) const HISTORY: &str = "Examples:
  cargo saga history place_order --key order-17
  cargo saga history place_order --key order-17 --follow
  cargo saga history place_order --key order-17 --raw | jq '.[] | select(.type == \"TaskFailed\")'";

pub(crate) const LIST_PARKED: &str = "Examples:
  cargo saga list-parked
  cargo saga list-parked place_order --format json | jq -r '.parked[].resume'";

pub(crate) const RESUME: &str = "Examples:
  cargo saga resume place_order --key order-17
  cargo saga resume place_order --key order-17 --step warehouse.reserve --item 2
  cargo saga resume place_order --key order-17 --all
  cargo saga resume --token TOKEN                the message in the parking queue has it";

pub(crate) const SKIP: &str = "Examples:
  cargo saga skip place_order --key order-17 --step stock.reserve --reason 'put back by hand'

The saga then ends with `Saga.Skipped`, whose cause has the step, the reason and the first failure.";

pub(crate) const REDRIVE: &str = "Examples:
  cargo saga redrive place_order --key order-17";

//! The command line: subcommands, their arguments, and examples. Does nothing itself.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::operate::args as operate;

/// Lists, checks, explains, draws, runs, deploys and operates sagas
#[derive(Debug, Parser)]
#[command(
    name = "cargo-saga",
    bin_name = "cargo saga",
    version,
    after_help = "Examples:
  cargo saga list                        what is there
  cargo saga check                       are the definitions valid?
  cargo saga explain place_order         what does each failure lead to?
  cargo saga graph place_order -o p.svg  a picture
  cargo saga run place_order --input order.json --fail stock.reserve=timeout-after-effect
  cargo saga cost place_order --rate 200/s --failures 2%
  cargo saga diff                        do sagas in flight survive what has changed?
  cargo saga list-parked                 on Step Functions: what waits for an operator?

Nothing but `check --committed` builds anything."
)]
pub(crate) struct Saga {
    /// The folder with the definitions [default: the nearest `out/`, from here up to the workspace's root]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the sagas and choreographies: steps, participants, pivot, and the definition's size
    #[command(after_help = "Examples:
  cargo saga list
  cargo saga list --format json | jq -r '.[].name'")]
    List(List),
    /// Check definitions against the rules of Step Functions, and that the files of choreographies fit together
    ///
    /// Prints a line for each finding: the file and line, the JSON path, and what to write instead.
    /// Exits with 0 when there is none, 1 when there are some, and 2 when nothing could be checked.
    #[command(after_help = "Examples:
  cargo saga check                       everything in out/
  cargo saga check my.asl.json           a definition from elsewhere
  cargo saga check --committed           in CI: is out/ what the source emits, and committed?
  cargo saga check --committed -- --features extra")]
    Check(Check),
    /// Explain what each failure leads to: retries, compensations in their order, the end
    #[command(after_help = "Examples:
  cargo saga explain place_order
  cargo saga explain place_order --format json")]
    Explain(Explain),
    /// Draw a saga: the way down, the compensations beside it; of a choreography, its participants and the events between them
    #[command(after_help = "Examples:
  cargo saga graph place_order > place_order.svg
  cargo saga graph place_order -o place_order.svg
  cargo saga graph place_order --format mermaid
  cargo saga graph place_order --format dot | dot -Tpdf > place_order.pdf")]
    Graph(Graph),
    /// Run a saga on the embedded engine, with stand-ins for its participants and faults of your choice
    ///
    /// Time is virtual: a wait of a week takes none. A stand-in answers null, unless --output says what.
    /// Exits with 0 when the saga committed, 1 when it ended otherwise, and 2 when it could not be run.
    #[command(after_help = FAULTS)]
    Run(Run),
    Cost(crate::cost::Options),
    Diff(crate::diff::Options),
    /// Write a CloudFormation template or a Terraform module that deploys sagas or a choreography
    Template(crate::template::Options),
    Deploy(crate::deploy::Options),
    /// Start a saga on Step Functions, once for a key
    ///
    /// The same key and input again start nothing, and say how the saga stands; another input is an error.
    #[command(after_help = operate::START)]
    Start(operate::Start),
    /// Tell how an execution stands, or all of a saga's
    #[command(after_help = operate::STATUS)]
    Status(operate::Status),
    /// Tell what happened in an execution, as `run` does
    #[command(after_help = operate::HISTORY)]
    History(operate::History),
    /// List the compensations that wait for an operator, with the command that resumes each
    ///
    /// Read from the histories of what is running, since a message in the parking queue may be gone or with somebody else.
    #[command(after_help = operate::LIST_PARKED)]
    ListParked(operate::ListParked),
    /// Have a parked compensation try again
    #[command(after_help = operate::RESUME)]
    Resume(operate::Resume),
    /// Go past a parked compensation, with a reason; what its step did stays
    #[command(after_help = operate::SKIP)]
    Skip(operate::Skip),
    /// Have an execution that failed, was stopped or timed out uncompensated go on where it ended
    #[command(after_help = operate::REDRIVE)]
    Redrive(operate::Redrive),
    /// Print a completion script for a shell
    #[command(after_help = "Examples:
  source <(cargo saga completions bash)                            # in ~/.bashrc
  cargo saga completions zsh > ~/.zfunc/_cargo-saga                # with ~/.zfunc in $fpath
  cargo saga completions fish > ~/.config/fish/completions/cargo-saga.fish")]
    Completions(Completions),
}

impl Command {
    /// The saga that is named on AWS, where only state machines are known.
    pub(crate) fn on_step_functions(&self) -> Option<&str> {
        match self {
            Self::Start(args) => Some(&args.name),
            Self::ListParked(args) => args.name.as_deref(),
            Self::Status(args) => args.which.what.as_deref(),
            Self::History(args) => args.which.what.as_deref(),
            Self::Resume(args) => args.which.what.as_deref(),
            Self::Skip(args) => args.which.what.as_deref(),
            Self::Redrive(args) => args.which.what.as_deref(),
            _ => None,
        }
    }
}

const FAULTS: &str = "Faults, for --fail STEP=FAULT:
  timeout-before-effect   lost on its way: States.Timeout
  timeout-after-effect    the step's work is done, its reply lost: States.Timeout
  crash-before-effect     the process ends before the step's code runs
  crash-before-commit     the process ends before the database hears of it
  crash-after-effect      the process ends before it replies
  panic                   the step's code panics: Saga.Unknown
  throttled               Lambda turns it away
  duplicate               delivered twice, one after the other
  duplicate-at-once       delivered twice at the same time
  late-delivery           delivered after its compensation, or after the saga's end
  oversize-output         the output is larger than Step Functions takes
  past-deadline           the saga's deadline is over
  rejected, transient     the first such error that the step declares
  StockError.OutOfStock   this error; a declared one is said by the step itself

STEP is a step, a state such as `compensate stock.reserve`, or one item of a loop: `warehouse.reserve[2]`.
FAULT hits the first delivery; `throttled*3` the first three, `throttled*3@2` those from the second on.

Examples:
  cargo saga run place_order --input order.json
  echo '{ \"lines\": [] }' | cargo saga run place_order --input -
  cargo saga run place_order --input order.json --fail payments.charge=rejected
  cargo saga run place_order --input order.json --fail 'stock.reserve=timeout-after-effect*4' --seed 7
  cargo saga run fulfil_order --input order.json --output 'fraud.check={\"verdict\": \"Clear\"}'";

/// How to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// For programs
    Json,
}

/// Where AWS is, for the subcommands that talk to it.
#[derive(Debug, Args)]
#[command(next_help_heading = "AWS")]
pub(crate) struct Aws {
    /// The region [default: `AWS_REGION`, or that of the profile]
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Option<String>,
    /// The profile in `~/.aws/config` [default: `AWS_PROFILE`, or `default`]
    #[arg(long, value_name = "PROFILE")]
    pub(crate) profile: Option<String>,
    /// Another address than Amazon's, such as an emulator's [default: `AWS_ENDPOINT_URL`]
    #[arg(long, value_name = "URL", value_parser = address)]
    pub(crate) endpoint_url: Option<String>,
}

fn address(text: &str) -> Result<String, String> {
    if text.starts_with("http://") || text.starts_with("https://") {
        return Ok(text.trim_end_matches('/').to_owned());
    }
    Err("write it with its scheme: `http://127.0.0.1:4566`".to_owned())
}

#[derive(Debug, Args)]
pub(crate) struct List {
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// Definitions, contracts of choreographies, or folders of them [default: `out/`]
    pub(crate) paths: Vec<PathBuf>,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
    /// Also build, and find what in `out/` differs from what the source emits or is not committed
    #[arg(long, conflicts_with = "paths")]
    pub(crate) committed: bool,
    /// With --committed: arguments for `cargo check`
    #[arg(last = true, requires = "committed", value_name = "CARGO ARGS")]
    pub(crate) cargo: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The saga or choreography
    pub(crate) name: String,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct Graph {
    /// The saga or choreography
    pub(crate) name: String,
    #[arg(long, value_enum, default_value_t = GraphFormat::Svg)]
    pub(crate) format: GraphFormat,
    /// Write to a file instead of printing
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// How to draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum GraphFormat {
    /// A picture, for light and dark pages
    Svg,
    /// For Markdown that draws Mermaid
    Mermaid,
    /// For Graphviz
    Dot,
}

#[derive(Debug, Args)]
pub(crate) struct Run {
    /// The saga
    pub(crate) name: String,
    /// The input as JSON, from a file or, for `-`, from standard input; a saga that takes none needs none
    #[arg(long, value_name = "FILE|-")]
    pub(crate) input: Option<PathBuf>,
    /// What goes wrong; may be given several times
    #[arg(long = "fail", value_name = "STEP=FAULT")]
    pub(crate) faults: Vec<String>,
    /// What a step's stand-in answers; may be given several times
    #[arg(long = "output", value_name = "STEP=JSON")]
    pub(crate) outputs: Vec<String>,
    /// Where random numbers begin: the jitter of retries
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct Completions {
    #[arg(value_enum)]
    pub(crate) shell: Shell,
}

/// The shells that scripts are made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shell {
    Bash,
    Zsh,
    Fish,
}

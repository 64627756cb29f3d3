//! The arguments of `cargo saga template`, and what a word of them means. Reads no file.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};

use super::names::snake;
use super::needs::BARRIER;

/// What each example is for stands in `cargo-saga/docs/deploying.md`.
const EXAMPLES: &str = "\
Examples:
  cargo saga template place_order -o template.yaml
  cargo saga template place_order --table stock=shelves:sku --table orders=orders:order_id
  cargo saga template fulfil_order --function fulfil_order_all=warehouse,fraud,payments,carrier,mail
  cargo saga template order_events --table stock=shelves:sku -o template.yaml
  cargo saga template place_order --format terraform -o main.tf";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    /// The sagas to deploy; the flows that they call come along [default: all in the folder]. Or one choreography
    #[arg(value_name = "NAME")]
    pub(super) names: Vec<String>,

    /// What to write
    #[arg(long, value_enum, default_value_t = Format::Cloudformation)]
    pub(super) format: Format,

    /// Where to write it; paths in it are relative to the file's folder [default: the standard output]
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,

    /// A binary, and the participants that it serves [default: `SAGA_PARTICIPANT` for each participant]
    #[arg(long = "function", value_name = "BINARY=PARTICIPANT,…")]
    pub(super) functions: Vec<Serving>,

    /// A table that a participant reads and writes; with its partition key, a string, the template makes it
    #[arg(long = "table", value_name = "PARTICIPANT=TABLE[:KEY]")]
    pub(super) tables: Vec<TableOf>,

    /// What stands before the names of a participant's tables [default: `STACK-PARTICIPANT-`]
    #[arg(long = "table-prefix", value_name = "PARTICIPANT=PREFIX")]
    pub(super) prefixes: Vec<PrefixOf>,

    /// Of a choreography: topics and queues keep the order of a saga's events, and cost more
    #[arg(long)]
    pub(super) fifo: bool,

    /// Of a choreography: the binary that publishes what the records hold [default: `CHOREOGRAPHY_relay`]
    #[arg(long, value_name = "BINARY", value_parser = binary)]
    pub(super) relay: Option<String>,
}

impl Options {
    /// The binary that serves the participant, if it was said.
    pub(super) fn serving(&self, participant: &str) -> Option<&Serving> {
        let serves = |serving: &&Serving| {
            let mut names = serving.participants.iter();
            names.any(|name| snake(name) == participant)
        };
        self.functions.iter().find(serves)
    }
}

fn binary(text: &str) -> Result<String, String> {
    check_name(text, "a name")?;
    Ok(text.to_owned())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Plain CloudFormation in YAML, for `aws cloudformation package` and `deploy`, or `sam deploy`
    Cloudformation,
    /// Terraform or OpenTofu, in HCL
    Terraform,
}

/// `fulfil_order_all=warehouse,mail`
#[derive(Clone, Debug)]
pub(super) struct Serving {
    pub(super) binary: String,
    pub(super) participants: Vec<String>,
}

impl FromStr for Serving {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (binary, participants) = halves(text, "fulfil_order_all=warehouse,mail")?;
        let participants: Vec<String> = participants.split(',').map(str::to_owned).collect();
        for name in [binary]
            .into_iter()
            .chain(participants.iter().map(String::as_str))
        {
            check_name(name, "a name")?;
        }
        Ok(Self {
            binary: binary.to_owned(),
            participants,
        })
    }
}

/// `stock=shelves:sku`
#[derive(Clone, Debug)]
pub(super) struct TableOf {
    pub(super) participant: String,
    pub(super) table: String,
    pub(super) key: Option<String>,
}

impl FromStr for TableOf {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (participant, table) = halves(text, "stock=shelves:sku")?;
        let (table, key) = match table.split_once(':') {
            None => (table, None),
            Some((table, key)) => (table, Some(key)),
        };
        check_name(table, "a table's name")?;
        if table == BARRIER {
            return Err(format!(
                "`{BARRIER}` is the barrier's own; each function has one without being told"
            ));
        }
        if let Some(key) = key {
            check_name(key, "a key")?;
        }
        Ok(Self {
            participant: participant.to_owned(),
            table: table.to_owned(),
            key: key.map(str::to_owned),
        })
    }
}

/// `stock=prod-`
#[derive(Clone, Debug)]
pub(super) struct PrefixOf {
    pub(super) participant: String,
    pub(super) prefix: String,
}

impl FromStr for PrefixOf {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (participant, prefix) = halves(text, "stock=prod-")?;
        check_name(prefix, "a prefix")?;
        Ok(Self {
            participant: participant.to_owned(),
            prefix: prefix.to_owned(),
        })
    }
}

fn halves<'a>(text: &'a str, example: &str) -> Result<(&'a str, &'a str), String> {
    text.split_once('=')
        .filter(|(left, right)| !left.is_empty() && !right.is_empty())
        .ok_or_else(|| format!("write it like `{example}`"))
}

/// The [characters](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html) of a
/// table's name, which need no escape in YAML or HCL.
fn check_name(name: &str, what: &str) -> Result<(), String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if !name.is_empty() && name.chars().all(allowed) {
        return Ok(());
    }
    Err(format!(
        "`{name}` is not {what}; write letters, digits, `_`, `-` and `.`"
    ))
}

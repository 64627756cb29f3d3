//! Which state machine and which execution is meant, from what was typed. Changes nothing.

use std::sync::Arc;

use super::args::Which;
use super::each;
use super::sfn::Sfn;
use crate::out::alternatives;

/// In how many state machines a key alone is looked for: Step Functions answers some 15 `DescribeExecution` a second,
/// <https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html>.
const SEARCHED: usize = 200;

/// A state machine.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Machine {
    pub(super) name: String,
    /// Without version or alias.
    pub(super) arn: String,
    /// As it was named: with a version or an alias, perhaps.
    pub(super) named: String,
}

/// What was named.
#[derive(Debug)]
pub(super) enum Found {
    Execution(String),
    Machine(Machine),
}

impl Machine {
    /// Of the ARN of a state machine, or of an alias or version of one.
    pub(super) fn of(arn: &str) -> Option<Self> {
        let (prefix, rest) = arn.split_once(":stateMachine:")?;
        if prefix.split(':').count() != 5 || !prefix.starts_with("arn:") {
            return None;
        }
        let name = rest.split(':').next().filter(|name| !name.is_empty())?;
        Some(Self {
            name: name.to_owned(),
            arn: format!("{prefix}:stateMachine:{name}"),
            named: arn.to_owned(),
        })
    }

    /// An execution's ARN tells neither version nor alias:
    /// <https://docs.aws.amazon.com/step-functions/latest/dg/execution-alias-version-associate.html>.
    pub(super) fn execution(&self, key: &str) -> String {
        let machine = self.arn.replacen(":stateMachine:", ":execution:", 1);
        format!("{machine}:{key}")
    }
}

/// `place_order` and `order-17`, of an execution's ARN.
pub(super) fn names(arn: &str) -> (&str, &str) {
    let mut parts = arn.splitn(8, ':').skip(6);
    let machine = parts.next().unwrap_or(arn);
    (machine, parts.next().unwrap_or_default())
}

fn is_execution(arn: &str) -> bool {
    arn.starts_with("arn:") && (arn.contains(":execution:") || is_express(arn))
}

impl Which {
    /// The ARN in it, which says in which region to look.
    pub(super) fn arn(&self) -> Option<&str> {
        let machine = self.machine.as_deref();
        machine.or(self.what.as_deref())
    }

    /// The execution that was named.
    pub(super) async fn execution(&self, sfn: &Arc<Sfn>) -> Result<String, String> {
        match self.find(sfn).await? {
            Found::Execution(arn) => Ok(arn),
            Found::Machine(machine) => Err(format!(
                "`{}` is a state machine; say which of its executions with `--key KEY` (`{}` lists them)",
                machine.name,
                sfn.command("status", &machine.arn)
            )),
        }
    }

    pub(super) async fn find(&self, sfn: &Arc<Sfn>) -> Result<Found, String> {
        let machine = match (&self.machine, &self.what) {
            (Some(arn), _) => Some(machine_of(arn)?),
            (None, Some(what)) if what.contains(":stateMachine:") => Some(machine_of(what)?),
            _ => None,
        };
        match (&self.what, &self.key, machine) {
            (Some(arn), None, None) if is_execution(arn) => standard(arn),
            (Some(arn), _, _) if is_execution(arn) => Err(
                "an execution's ARN says it all; leave out `--key` and `--machine`".to_owned(),
            ),
            (Some(arn), _, None) if arn.starts_with("arn:") => Err(format!(
                "`{arn}` is not the ARN of an execution; write `arn:aws:states:REGION:ACCOUNT:execution:SAGA:KEY`"
            )),
            (_, Some(key), Some(machine)) => Ok(Found::Execution(machine.execution(key))),
            (Some(name), Some(key), None) => {
                let machine = self::machine(sfn, name).await?;
                Ok(Found::Execution(machine.execution(key)))
            }
            (None, Some(key), None) => search(sfn, key, &sfn.machines().await?).await,
            (_, None, Some(machine)) => Ok(Found::Machine(machine)),
            (Some(word), None, None) => saga_or_key(sfn, word).await,
            (None, None, None) => Err(
                "which saga? name an execution by its ARN, or by `SAGA --key KEY`; `SAGA` alone is for `status`"
                    .to_owned(),
            ),
        }
    }
}

/// Of an [express workflow](https://docs.aws.amazon.com/step-functions/latest/dg/choosing-workflow-type.html).
pub(super) fn is_express(arn: &str) -> bool {
    arn.split(':').nth(5) == Some("express")
}

fn standard(arn: &str) -> Result<Found, String> {
    if is_express(arn) {
        return Err(format!(
            "`{arn}` is an express execution, which has no history here; sagas are standard ones"
        ));
    }
    Ok(Found::Execution(arn.to_owned()))
}

fn machine_of(arn: &str) -> Result<Machine, String> {
    Machine::of(arn).ok_or_else(|| {
        format!(
            "`{arn}` is not the ARN of a state machine; write `arn:aws:states:REGION:ACCOUNT:stateMachine:NAME`"
        )
    })
}

/// The saga's state machine: by its name, or as templates call it, behind the stack's.
pub(super) async fn machine(sfn: &Sfn, name: &str) -> Result<Machine, String> {
    if name.starts_with("arn:") {
        return machine_of(name);
    }
    let machines = sfn.machines().await?;
    match &called(name, &machines)[..] {
        [machine] => Ok((*machine).clone()),
        [] => Err(unknown(sfn, name, &machines)),
        several => Err(ambiguous(name, several)),
    }
}

/// A state machine's name goes before a key.
async fn saga_or_key(sfn: &Arc<Sfn>, word: &str) -> Result<Found, String> {
    let machines = sfn.machines().await?;
    match &called(word, &machines)[..] {
        [machine] => Ok(Found::Machine((*machine).clone())),
        [] => search(sfn, word, &machines).await,
        several => Err(ambiguous(word, several)),
    }
}

fn called<'m>(name: &str, machines: &'m [Machine]) -> Vec<&'m Machine> {
    let exact: Vec<&Machine> = machines
        .iter()
        .filter(|machine| machine.name == name)
        .collect();
    if !exact.is_empty() {
        return exact;
    }
    let suffix = format!("-{name}");
    let behind = machines
        .iter()
        .filter(|machine| machine.name.ends_with(&suffix));
    behind.collect()
}

fn unknown(sfn: &Sfn, name: &str, machines: &[Machine]) -> String {
    if machines.is_empty() {
        return format!(
            "there is no state machine in {}; look at `--region` and `--profile`",
            sfn.region()
        );
    }
    let names = machines.iter().map(|machine| machine.name.as_str());
    format!(
        "there is no state machine `{name}` or `…-{name}` in {}; look at `--region` and `--profile`, or name it with `--machine ARN`{}",
        sfn.region(),
        alternatives(name, names)
    )
}

fn ambiguous(name: &str, machines: &[&Machine]) -> String {
    let arns: Vec<&str> = machines
        .iter()
        .map(|machine| machine.arn.as_str())
        .collect();
    format!(
        "several state machines are called `{name}`; name one with `--machine`:\n       {}",
        arns.join("\n       ")
    )
}

/// The one execution of that key, whosever it is.
async fn search(sfn: &Arc<Sfn>, key: &str, machines: &[Machine]) -> Result<Found, String> {
    if machines.len() > SEARCHED {
        return Err(format!(
            "{} state machines are too many to look for `{key}` in; write `SAGA --key {key}`",
            machines.len()
        ));
    }
    let arns = machines.iter().map(|machine| machine.execution(key));
    let looks = each(sfn, arns.collect(), async |sfn: Arc<Sfn>, arn: String| {
        sfn.describe(&arn).await
    });
    let found: Vec<String> = looks
        .await?
        .into_iter()
        .flatten()
        .map(|execution| execution.arn)
        .collect();
    match &found[..] {
        [arn] => Ok(Found::Execution(arn.clone())),
        [] => Err(format!(
            "there is neither a saga nor an execution `{key}` in {}; look at `--region` and `--profile`; ended executions are kept for 90 days",
            sfn.region()
        )),
        several => Err(format!(
            "several executions are called `{key}`; name one by its ARN:\n       {}",
            several.join("\n       ")
        )),
    }
}

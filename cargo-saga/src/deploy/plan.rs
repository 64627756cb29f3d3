//! From what is there and what is wanted to the steps in between. Pure: makes no call, prints nothing.

use std::time::Duration;

use super::changes::Changes;
use super::options::Canary;
use super::state::{Alias, Machine, Share, There, Version};
use crate::print;

/// A state machine's [versions](https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html).
const MOST_VERSIONS: usize = 1_000;

/// What is wanted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    pub(super) definition: &'a str,
    pub(super) role: Option<&'a str>,
    pub(super) alias: &'a str,
    pub(super) canary: Option<Canary>,
    pub(super) force: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Plan {
    /// All is as it is wanted.
    Nothing(String),
    /// Something has to be settled first: what, and what about it.
    Refused(String),
    Go {
        steps: Vec<Step>,
        /// The version that it is about, where it is published already.
        version: Option<u32>,
        notes: Vec<String>,
    },
}

/// Each is the smallest thing that can be done, and that an interrupted run leaves done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The state machine, and its first version.
    Create,
    Update,
    Publish,
    CreateAlias,
    /// A share of the sagas to the version, the others to the one before.
    Shift {
        from: u32,
        percent: u8,
    },
    /// Until so long after the shift; `since` is when an earlier run made it.
    Watch {
        from: u32,
        time: Duration,
        since: Option<i64>,
    },
    /// All sagas to the version.
    Finish,
}

/// Leads from what is there to the wanted definition behind the alias.
pub(super) fn deploy(
    there: &There, wanted: &Wanted<'_>, changes: &Changes,
) -> Result<Plan, String> {
    let Some(machine) = &there.machine else {
        return first(wanted);
    };
    usable(machine)?;
    if let Some([old, new]) = there.alias.as_ref().map(|alias| alias.shares.as_slice()) {
        return Ok(under_way(there, (old, new), wanted));
    }
    let served = there.alias.as_ref().and_then(|alias| alias.shares.first());
    let served = served.map(|share| &share.version);
    if let Some(version) = served
        && version.content.is(wanted.definition, wanted.role)
    {
        return Ok(Plan::Nothing(format!(
            "`{}` serves version {}, which is this definition",
            wanted.alias, version.number
        )));
    }
    if !changes.breaks.is_empty() && !wanted.force {
        return Ok(Plan::Refused("sagas on their way would break; let them end first, or deploy all the same with `--force`".to_owned()));
    }
    let (steps, version) = publish(there, wanted);
    if steps.contains(&Step::Publish) && there.versions.len() >= MOST_VERSIONS {
        return Ok(Plan::Refused(format!(
            "the state machine has {} versions, and Step Functions allows {MOST_VERSIONS}; delete some: `aws stepfunctions delete-state-machine-version`",
            print::grouped(there.versions.len())
        )));
    }
    let mut plan = Plan::Go {
        steps: [steps, shift(served, wanted.canary)].concat(),
        version,
        notes: Vec::new(),
    };
    if served.is_none() && wanted.canary.is_some() {
        plan.add(no_canary(wanted.alias));
    }
    if !changes.breaks.is_empty() {
        plan.add("sagas on their way break; `--force` says so".to_owned());
    }
    Ok(plan)
}

/// From the version that is served to the published one.
fn shift(served: Option<&Version>, canary: Option<Canary>) -> Vec<Step> {
    match (served, canary) {
        (None, _) => vec![Step::CreateAlias],
        (Some(_), None) => vec![Step::Finish],
        (Some(served), Some(Canary { percent, time })) => {
            let (from, since) = (served.number, None);
            vec![
                Step::Shift { from, percent },
                Step::Watch { from, time, since },
                Step::Finish,
            ]
        }
    }
}

fn usable(machine: &Machine) -> Result<(), String> {
    if machine.express {
        return Err("the state machine is an Express one, which ends after five minutes and cannot wait for an operator; choose another name with `--name`".to_owned());
    }
    if machine.deleting {
        return Err("the state machine is being deleted; try again when it is gone, or choose another name with `--name`".to_owned());
    }
    Ok(())
}

fn first(wanted: &Wanted<'_>) -> Result<Plan, String> {
    if wanted.role.is_none() {
        return Err("there is no state machine yet, and a new one needs a role; add `--role ARN`, of a role that may call the functions".to_owned());
    }
    Ok(Plan::Go {
        steps: vec![Step::Create, Step::CreateAlias],
        version: None,
        notes: wanted
            .canary
            .map(|_| no_canary(wanted.alias))
            .into_iter()
            .collect(),
    })
}

fn no_canary(alias: &str) -> String {
    format!("`{alias}` is new and serves nothing to shift from; `--canary` has no effect")
}

/// What an earlier run that was interrupted did is not done again.
fn publish(there: &There, wanted: &Wanted<'_>) -> (Vec<Step>, Option<u32>) {
    let written = there
        .machine
        .as_ref()
        .is_some_and(|machine| machine.content.is(wanted.definition, wanted.role));
    match there.published() {
        Some(version) if written => (Vec::new(), Some(version.number)),
        _ if written => (vec![Step::Publish], None),
        _ => (vec![Step::Update, Step::Publish], None),
    }
}

/// An earlier run shifted the alias half, or somebody else does it just now.
fn under_way(there: &There, (old, new): (&Share, &Share), wanted: &Wanted<'_>) -> Plan {
    let alias = wanted.alias;
    let (from, version) = (old.version.number, new.version.number);
    if !new.version.content.is(wanted.definition, wanted.role) {
        return Plan::Refused(format!(
            "`{alias}` is on its way from version {from} to {version}, which is another definition; end that first: deploy that definition again, or take it back with `--rollback`"
        ));
    }
    let mut steps = Vec::new();
    if let Some(canary) = wanted.canary {
        let since = there.alias.as_ref().map(|alias| alias.since);
        steps.push(Step::Watch {
            from,
            time: canary.time,
            since,
        });
    }
    steps.push(Step::Finish);
    Plan::Go {
        steps,
        version: Some(version),
        notes: vec![format!(
            "`{alias}` sends {} % to version {version} already; this goes on from there",
            new.percent
        )],
    }
}

/// Leads back to the version before.
pub(super) fn take_back(there: &There, alias: &str, force: bool) -> Result<Plan, String> {
    if there.machine.is_none() {
        return Err("there is no such state machine; look at its name (`--name`), and at `--region` and `--profile`".to_owned());
    }
    let Some(routed) = &there.alias else {
        return Err(format!(
            "there is no alias `{alias}`, so there is nothing to take back; name another with `--alias`"
        ));
    };
    if let [old, _] = routed.shares.as_slice() {
        return Ok(back_to(old.version.number));
    }
    let current = current(routed).ok_or_else(|| format!("`{alias}` serves no version"))?;
    let before = there
        .versions
        .iter()
        .copied()
        .find(|version| *version < current);
    let newest = there.versions.first().copied().unwrap_or(current);
    match before {
        None => Err(format!(
            "`{alias}` serves version {current}, and there is none before it"
        )),
        Some(before) if newest > current && !force => Ok(Plan::Nothing(format!(
            "`{alias}` serves version {current} although there is {newest}: that was taken back already; `--force` goes on to version {before}"
        ))),
        Some(before) => Ok(back_to(before)),
    }
}

fn current(alias: &Alias) -> Option<u32> {
    alias.shares.first().map(|share| share.version.number)
}

fn back_to(version: u32) -> Plan {
    Plan::Go {
        steps: vec![Step::Finish],
        version: Some(version),
        notes: vec!["sagas on their way keep the version that they began with".to_owned()],
    }
}

impl Step {
    /// What it does, with the version's number where it is known.
    pub(super) fn says(&self, alias: &str, version: Option<u32>) -> String {
        if let (Self::Publish, Some(version)) = (self, version) {
            return format!("publish version {version}");
        }
        let version = version.map_or_else(
            || "the new version".to_owned(),
            |version| format!("version {version}"),
        );
        match self {
            Self::Create => "create the state machine and its first version".to_owned(),
            Self::Update => "update the definition".to_owned(),
            Self::Publish => "publish a version".to_owned(),
            Self::CreateAlias => format!("create `{alias}`, which serves {version}"),
            Self::Shift { from, percent } => {
                format!(
                    "send {percent} % of what `{alias}` starts to {version}, the rest to version {from}"
                )
            }
            Self::Watch {
                time, since: None, ..
            } => format!("watch it for {}", print::time(*time)),
            Self::Watch { time, .. } => {
                format!("watch it until {} after the shift", print::time(*time))
            }
            Self::Finish => format!("send all that `{alias}` starts to {version}"),
        }
    }
}

impl Plan {
    pub(super) fn add(&mut self, note: String) {
        if let Self::Go { notes, .. } = self {
            notes.push(note);
        }
    }

    /// The version that a share of the sagas is taken from.
    pub(super) fn shifts_from(&self) -> Option<u32> {
        let Self::Go { steps, .. } = self else {
            return None;
        };
        steps.iter().find_map(|step| match step {
            Step::Shift { from, .. } => Some(*from),
            _ => None,
        })
    }

    pub(super) fn has(&self, wanted: impl Fn(&Step) -> bool) -> bool {
        matches!(self, Self::Go { steps, .. } if steps.iter().any(wanted))
    }
}

#[cfg(test)]
mod tests {
    use super::{Plan, Step, Wanted, deploy, take_back};
    use crate::deploy::changes::Changes;
    use crate::deploy::state::{Alias, Content, Machine, Share, There, Version};

    const WANTED: Wanted<'_> = Wanted {
        definition: r#"{"a": 1, "b": 2}"#,
        role: None,
        alias: "live",
        canary: None,
        force: false,
    };

    fn version(number: u32, definition: &str) -> Version {
        Version {
            number,
            content: Content {
                definition: definition.to_owned(),
                role: "role".to_owned(),
            },
            revision: Some(number.to_string()),
        }
    }

    /// Something else is served, in version 3.
    fn there() -> There {
        let newest = version(3, "{}");
        There {
            machine: Some(Machine {
                content: newest.content.clone(),
                revision: newest.revision.clone(),
                ..Machine::default()
            }),
            versions: vec![3, 1],
            alias: Some(Alias {
                shares: vec![Share {
                    version: newest.clone(),
                    percent: 100,
                }],
                since: 0,
            }),
            newest: Some(newest),
        }
    }

    fn steps(there: &There) -> Result<Vec<Step>, String> {
        match deploy(there, &WANTED, &Changes::default())? {
            Plan::Go { steps, .. } => Ok(steps),
            Plan::Nothing(why) | Plan::Refused(why) => Err(why),
        }
    }

    #[test]
    fn another_definition_is_written_and_published() {
        assert_eq!(
            steps(&there()).unwrap(),
            [Step::Update, Step::Publish, Step::Finish]
        );
    }

    #[test]
    fn blanks_and_the_order_of_keys_are_no_difference() {
        let mut there = there();
        there.alias.as_mut().unwrap().shares[0].version = version(3, r#"{ "b": 2, "a": 1 }"#);
        let why = steps(&there).unwrap_err();
        assert_eq!(why, "`live` serves version 3, which is this definition");
    }

    #[test]
    fn what_was_written_after_the_newest_version_is_published() {
        let mut there = there();
        let machine = there.machine.as_mut().unwrap();
        machine.content.definition = WANTED.definition.to_owned();
        machine.revision = Some("4".to_owned());
        assert_eq!(steps(&there).unwrap(), [Step::Publish, Step::Finish]);
    }

    #[test]
    fn a_state_machine_without_the_alias_gets_it() {
        let mut there = there();
        there.alias = None;
        assert_eq!(
            steps(&there).unwrap(),
            [Step::Update, Step::Publish, Step::CreateAlias]
        );
    }

    #[test]
    fn a_thousand_versions_are_too_many_for_another() {
        let mut there = there();
        there.versions = (1..=1_000).rev().collect();
        let why = steps(&there).unwrap_err();
        assert!(
            why.starts_with("the state machine has 1,000 versions"),
            "{why}"
        );
    }

    #[test]
    fn sagas_need_a_standard_state_machine_that_stays() {
        let mut express = there();
        express.machine.as_mut().unwrap().express = true;
        assert!(steps(&express).unwrap_err().contains("Express"));
        let mut deleting = there();
        deleting.machine.as_mut().unwrap().deleting = true;
        assert!(steps(&deleting).unwrap_err().contains("being deleted"));
    }

    /// Version 2 was deleted.
    #[test]
    fn the_version_before_is_the_newest_that_is_older() {
        let Plan::Go { version, .. } = take_back(&there(), "live", false).unwrap() else {
            panic!("it can be taken back");
        };
        assert_eq!(version, Some(1));
    }
}

//! The calls: what is there, and each step. Decides nothing; what a failed call means is said by `aws`.

use aws_sdk_cloudwatch::types::{AlarmType, StateValue};
use aws_sdk_sfn::error::ProvideErrorMetadata as _;
use aws_sdk_sfn::primitives::DateTime;
use aws_sdk_sfn::types::{
    ExecutionStatus, RoutingConfigurationListItem, StateMachineStatus, StateMachineType,
    ValidateStateMachineDefinitionResultCode, ValidateStateMachineDefinitionSeverity,
};

use super::options::Options;
use super::state::{Alias, Content, Machine, Share, There, Version};
use super::watch::Executions;
use crate::aws::Cloud;

/// What a version says of where it came from.
const DESCRIPTION: &str = "cargo saga deploy";
/// The revision of a state machine that was never updated, as
/// [PublishStateMachineVersion](https://docs.aws.amazon.com/step-functions/latest/apireference/API_PublishStateMachineVersion.html)
/// calls it.
const INITIAL: &str = "INITIAL";

pub(super) struct Service {
    cloud: Cloud,
    sfn: aws_sdk_sfn::Client,
    /// The state machine's ARN.
    pub(super) machine: String,
    /// The alias' ARN.
    alias: String,
}

/// Since when an alias is routed, and how: versions with their percentages. Nothing where there is no alias.
pub(super) type Routing = Option<(i64, Vec<(u32, u8)>)>;

/// What the service says of a definition.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) refused: bool,
    pub(super) lines: Vec<String>,
}

impl Service {
    pub(super) async fn connect(options: &Options) -> Result<Self, String> {
        let cloud = Cloud::connect(&options.aws).await?;
        let name = options.machine.as_deref().unwrap_or(&options.name);
        let (partition, account) = account(&cloud).await?;
        let region = cloud.region();
        let machine = format!("arn:{partition}:states:{region}:{account}:stateMachine:{name}");
        Ok(Self {
            sfn: cloud.sfn(),
            alias: format!("{machine}:{}", options.alias),
            machine,
            cloud,
        })
    }

    pub(super) async fn there(&self) -> Result<There, String> {
        let Some(machine) = self.machine().await? else {
            return Ok(There::default());
        };
        let versions = self.versions().await?;
        let newest = match versions.first() {
            Some(number) => Some(self.version(*number).await?),
            None => None,
        };
        let alias = self.alias(newest.as_ref()).await?;
        Ok(There {
            machine: Some(machine),
            versions,
            newest,
            alias,
        })
    }

    async fn machine(&self) -> Result<Option<Machine>, String> {
        let reply = self
            .sfn
            .describe_state_machine()
            .state_machine_arn(&self.machine)
            .send()
            .await;
        let found = match reply {
            Ok(found) => found,
            Err(error) if error.code() == Some("StateMachineDoesNotExist") => {
                return Ok(None);
            }
            Err(error) => {
                return Err(self
                    .cloud
                    .fault("states:DescribeStateMachine", &self.machine, &error));
            }
        };
        Ok(Some(Machine {
            revision: found.revision_id.clone(),
            express: *found.r#type() == StateMachineType::Express,
            deleting: found.status() == Some(&StateMachineStatus::Deleting),
            content: Content {
                definition: found.definition,
                role: found.role_arn,
            },
        }))
    }

    /// The newest first.
    async fn versions(&self) -> Result<Vec<u32>, String> {
        let mut numbers = Vec::new();
        let mut token = None;
        loop {
            let call = self
                .sfn
                .list_state_machine_versions()
                .state_machine_arn(&self.machine);
            let page = call.max_results(1_000).set_next_token(token).send().await;
            let page = page.map_err(|error| {
                self.cloud
                    .fault("states:ListStateMachineVersions", &self.machine, &error)
            })?;
            for version in page.state_machine_versions() {
                numbers.push(number(version.state_machine_version_arn())?);
            }
            token = page.next_token;
            if token.is_none() {
                break;
            }
        }
        numbers.sort_unstable_by(|left, right| right.cmp(left));
        Ok(numbers)
    }

    async fn version(&self, number: u32) -> Result<Version, String> {
        let arn = self.version_arn(number);
        let found = self
            .sfn
            .describe_state_machine()
            .state_machine_arn(&arn)
            .send()
            .await;
        let found = found.map_err(|error| {
            self.cloud
                .fault("states:DescribeStateMachine", &arn, &error)
        })?;
        Ok(Version {
            number,
            revision: found.revision_id,
            content: Content {
                definition: found.definition,
                role: found.role_arn,
            },
        })
    }

    async fn alias(&self, newest: Option<&Version>) -> Result<Option<Alias>, String> {
        let Some((since, mut routed)) = self.routing().await? else {
            return Ok(None);
        };
        routed.sort_unstable();
        let mut shares = Vec::new();
        for (number, percent) in routed {
            let version = match newest {
                Some(newest) if newest.number == number => newest.clone(),
                _ => self.version(number).await?,
            };
            shares.push(Share { version, percent });
        }
        Ok(Some(Alias { shares, since }))
    }

    pub(super) async fn routing(&self) -> Result<Routing, String> {
        let reply = self
            .sfn
            .describe_state_machine_alias()
            .state_machine_alias_arn(&self.alias)
            .send()
            .await;
        let found = match reply {
            Ok(found) => found,
            Err(error) if error.code() == Some("ResourceNotFound") => {
                return Ok(None);
            }
            Err(error) => {
                return Err(self.cloud.fault(
                    "states:DescribeStateMachineAlias",
                    &self.alias,
                    &error,
                ));
            }
        };
        let mut routed = Vec::new();
        for item in found.routing_configuration() {
            // A version that gets nothing is none that is served.
            if let Ok(percent @ 1..) = u8::try_from(item.weight()) {
                routed.push((number(item.state_machine_version_arn())?, percent));
            }
        }
        let since = found.update_date().or(found.creation_date());
        Ok(Some((since.map_or(0, DateTime::secs), routed)))
    }

    pub(super) async fn validate(&self, definition: &str) -> Result<Findings, String> {
        let call = self
            .sfn
            .validate_state_machine_definition()
            .definition(definition);
        let call = call.severity(ValidateStateMachineDefinitionSeverity::Warning);
        let found = call.send().await;
        let found = found.map_err(|error| {
            self.cloud.fault(
                "states:ValidateStateMachineDefinition",
                &self.machine,
                &error,
            )
        })?;
        let mut lines: Vec<String> = Vec::new();
        for finding in found.diagnostics() {
            let place = finding
                .location()
                .map(|place| format!("{place}: "))
                .unwrap_or_default();
            let severity = finding.severity().as_str().to_lowercase();
            lines.push(format!(
                "{severity}: {place}{} ({})",
                finding.message(),
                finding.code()
            ));
        }
        if found.truncated() == Some(true) {
            lines.push("and more, which Step Functions does not list".to_owned());
        }
        Ok(Findings {
            refused: *found.result() == ValidateStateMachineDefinitionResultCode::Fail,
            lines,
        })
    }

    /// The number of the first version.
    pub(super) async fn create(&self, content: &Content) -> Result<u32, String> {
        let name = self.machine.rsplit(':').next().unwrap_or_default();
        let call = self.sfn.create_state_machine().name(name);
        let call = call.definition(&content.definition).role_arn(&content.role);
        let call = call
            .r#type(StateMachineType::Standard)
            .publish(true)
            .version_description(DESCRIPTION);
        let made = call.send().await.map_err(|error| {
            if error.code() == Some("StateMachineAlreadyExists") {
                return format!(
                    "somebody else created {} just now; run it again",
                    self.machine
                );
            }
            self.cloud
                .fault("states:CreateStateMachine", &self.machine, &error)
        })?;
        number(made.state_machine_version_arn().unwrap_or_default())
    }

    /// The revision that was written.
    pub(super) async fn update(
        &self, definition: &str, role: Option<&str>,
    ) -> Result<Option<String>, String> {
        let call = self
            .sfn
            .update_state_machine()
            .state_machine_arn(&self.machine);
        let call = call
            .definition(definition)
            .set_role_arn(role.map(str::to_owned));
        let made = call.send().await;
        let made = made.map_err(|error| {
            self.cloud
                .fault("states:UpdateStateMachine", &self.machine, &error)
        })?;
        match made.revision_id {
            Some(revision) => Ok(Some(revision)),
            // Not every emulator says it.
            None => Ok(self.machine().await?.and_then(|machine| machine.revision)),
        }
    }

    /// The number of the version, unless something else was written since the revision.
    pub(super) async fn publish(&self, revision: Option<&str>) -> Result<u32, String> {
        let call = self
            .sfn
            .publish_state_machine_version()
            .state_machine_arn(&self.machine);
        let call = call
            .revision_id(revision.unwrap_or(INITIAL))
            .description(DESCRIPTION);
        let made = call.send().await.map_err(|error| {
            if error.code() == Some("ConflictException") {
                return format!(
                    "somebody else updated {} meanwhile; nothing was published, and the alias is as it was; see what they do, then run it again",
                    self.machine
                );
            }
            self.cloud.fault("states:PublishStateMachineVersion", &self.machine, &error)
        })?;
        number(made.state_machine_version_arn())
    }

    pub(super) async fn create_alias(&self, version: u32) -> Result<(), String> {
        let name = self.alias.rsplit(':').next().unwrap_or_default();
        let call = self.sfn.create_state_machine_alias().name(name);
        let made = call
            .routing_configuration(self.share(version, 100)?)
            .send()
            .await;
        made.map(|_| ()).map_err(|error| {
            if error.code() == Some("ConflictException") {
                return format!(
                    "somebody else created {} just now; run it again",
                    self.alias
                );
            }
            self.cloud
                .fault("states:CreateStateMachineAlias", &self.alias, &error)
        })
    }

    /// Since when it is routed so.
    pub(super) async fn route(&self, shares: &[(u32, u8)]) -> Result<i64, String> {
        let mut call = self
            .sfn
            .update_state_machine_alias()
            .state_machine_alias_arn(&self.alias);
        for (version, percent) in shares {
            call = call.routing_configuration(self.share(*version, *percent)?);
        }
        let made = call.send().await;
        let made = made.map_err(|error| {
            self.cloud
                .fault("states:UpdateStateMachineAlias", &self.alias, &error)
        })?;
        Ok(made.update_date().secs())
    }

    fn share(&self, version: u32, percent: u8) -> Result<RoutingConfigurationListItem, String> {
        let item = RoutingConfigurationListItem::builder();
        let item = item
            .state_machine_version_arn(self.version_arn(version))
            .weight(i32::from(percent));
        item.build().map_err(|error| error.to_string())
    }

    fn version_arn(&self, number: u32) -> String {
        format!("{}:{number}", self.machine)
    }

    /// The version's executions that began since. The list is
    /// [eventually consistent](https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListExecutions.html), newest first.
    pub(super) async fn executions(&self, version: u32, since: i64) -> Result<Executions, String> {
        let arn = self.version_arn(version);
        let mut found = Executions::default();
        let mut token = None;
        loop {
            let call = self
                .sfn
                .list_executions()
                .state_machine_arn(&arn)
                .max_results(1_000);
            let page = call.set_next_token(token).send().await;
            let page =
                page.map_err(|error| self.cloud.fault("states:ListExecutions", &arn, &error))?;
            for execution in page.executions() {
                if execution.start_date().secs() < since {
                    return Ok(found);
                }
                match execution.status() {
                    ExecutionStatus::Running | ExecutionStatus::PendingRedrive => {
                        found.running += 1;
                    }
                    ExecutionStatus::Succeeded => found.ended += 1,
                    _ => {
                        found.ended += 1;
                        found.failed += 1;
                    }
                }
            }
            token = page.next_token;
            if token.is_none() {
                return Ok(found);
            }
        }
    }

    /// Those that are on, each with its reason. One that is not there is an error: CloudFormation takes it for one that is off.
    pub(super) async fn alarms_on(
        &self, names: &[String],
    ) -> Result<Vec<(String, String)>, String> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let call = self
            .cloud
            .cloudwatch()
            .describe_alarms()
            .set_alarm_names(Some(names.to_vec()))
            .alarm_types(AlarmType::MetricAlarm)
            .alarm_types(AlarmType::CompositeAlarm)
            // As many as may be named.
            .max_records(100);
        let found = call.send().await.map_err(|error| {
            let names = names.join(", ");
            self.cloud
                .fault("cloudwatch:DescribeAlarms", &names, &error)
        })?;
        let metric = found.metric_alarms().iter();
        let metric = metric.map(|it| (it.alarm_name(), it.state_value(), it.state_reason()));
        let composite = found.composite_alarms().iter();
        let composite = composite.map(|it| (it.alarm_name(), it.state_value(), it.state_reason()));
        let all: Vec<_> = metric.chain(composite).collect();
        let missing = names
            .iter()
            .find(|name| all.iter().all(|(found, ..)| *found != Some(name.as_str())));
        if let Some(name) = missing {
            return Err(format!(
                "there is no alarm `{name}` in {}; look at its name, which is no ARN",
                self.cloud.region()
            ));
        }
        let on = all
            .into_iter()
            .filter(|(_, state, _)| *state == Some(&StateValue::Alarm));
        Ok(on
            .map(|(name, _, reason)| {
                (
                    name.unwrap_or_default().to_owned(),
                    reason.unwrap_or("no reason is given").to_owned(),
                )
            })
            .collect())
    }
}

/// The partition and the account that the credentials belong to, [which needs no
/// permission](https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html).
async fn account(cloud: &Cloud) -> Result<(String, String), String> {
    let caller = cloud.sts().get_caller_identity().send().await;
    let caller =
        caller.map_err(|error| cloud.fault("sts:GetCallerIdentity", "the credentials", &error))?;
    let partition = caller
        .arn()
        .and_then(|arn| arn.split(':').nth(1))
        .unwrap_or("aws");
    let account = caller
        .account()
        .ok_or("AWS does not say whose the credentials are")?;
    Ok((partition.to_owned(), account.to_owned()))
}

/// What a version's ARN ends in.
fn number(arn: &str) -> Result<u32, String> {
    let last = arn.rsplit(':').next().unwrap_or_default();
    last.parse()
        .map_err(|_| format!("`{arn}` is no version's ARN, and Step Functions says that it is"))
}

//! The deployment as plain CloudFormation. The texts beside this file are its resources; here they are filled and joined.

mod choreographies;
mod functions;
mod machines;

pub(super) use self::choreographies::render as choreography;
use super::fill::fill;
use super::needs::{Needs, retention};
use super::paths::Paths;
use super::quotas;

const HEAD: &str = include_str!("head.yaml");
const ALARM: &str = include_str!("alarm.yaml");
const PARKING: &str = include_str!("parking.yaml");

pub(super) fn render(needs: &Needs, paths: &Paths) -> Result<String, String> {
    let mut template = fill(
        HEAD,
        &[
            ("file", &paths.template_name()),
            ("description", &description(needs)),
        ],
    );
    if let Some(seconds) = needs.parks {
        template.push_str(&parking(seconds));
    }
    for function in &needs.functions {
        template.push_str(&functions::function(function, paths));
    }
    for saga in &needs.sagas {
        template.push_str(&machines::machine(saga, paths)?);
    }
    template.push_str(&outputs(needs));
    quotas::check(&template, resources(&template), quotas::FEWER_SAGAS)?;
    Ok(template)
}

/// A description may have [1,024 bytes](https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-description-structure.html).
fn description(needs: &Needs) -> String {
    let names: Vec<&str> = needs.sagas.iter().map(|saga| saga.name.as_str()).collect();
    let description = format!("Sagas: {}", names.join(", "));
    if description.len() <= 1024 {
        description
    } else {
        format!("{} sagas", names.len())
    }
}

fn parking(seconds: u64) -> String {
    let queue = fill(
        PARKING,
        &[
            ("retention", &retention(seconds).to_string()),
            ("token", &seconds.to_string()),
        ],
    );
    let parked = Alarm {
        id: "ParkedAlarm",
        description: "A saga waits in the parking queue: a compensation is stuck, and an operator must resume it.",
        of: Metric::queue("ApproximateNumberOfMessagesVisible", "ParkingQueue"),
        periods: 1,
        threshold: 1,
    };
    let long = Alarm {
        id: "ParkedLongAlarm",
        description: "A saga has been parked for four hours.",
        of: Metric::queue("ApproximateAgeOfOldestMessage", "ParkingQueue"),
        periods: 1,
        threshold: 4 * 3600,
    };
    let dead = Alarm {
        id: "ParkingDeadLetterAlarm",
        description: "A message of a parked saga was taken twenty times and never done with.",
        of: Metric::queue(
            "ApproximateNumberOfMessagesVisible",
            "ParkingDeadLetterQueue",
        ),
        periods: 1,
        threshold: 1,
    };
    [queue, parked.render(), long.render(), dead.render()].concat()
}

/// An alarm on one metric, over spans of five minutes.
struct Alarm<'a> {
    id: &'a str,
    description: &'a str,
    of: Metric<'a>,
    /// In how many spans on end.
    periods: u32,
    threshold: u32,
}

struct Metric<'a> {
    namespace: &'a str,
    name: &'a str,
    dimension: &'a str,
    value: String,
    statistic: &'a str,
}

impl<'a> Metric<'a> {
    fn queue(name: &'a str, queue: &str) -> Self {
        Self {
            namespace: "AWS/SQS",
            name,
            dimension: "QueueName",
            value: format!("!GetAtt {queue}.QueueName"),
            statistic: "Maximum",
        }
    }

    fn function(name: &'a str, id: &str) -> Self {
        Self {
            namespace: "AWS/Lambda",
            name,
            dimension: "FunctionName",
            value: format!("!Ref {id}Function"),
            statistic: "Maximum",
        }
    }

    fn machine(name: &'a str, id: &str) -> Self {
        Self {
            namespace: "AWS/States",
            name,
            dimension: "StateMachineArn",
            value: format!("!Ref {id}StateMachine"),
            statistic: "Sum",
        }
    }
}

impl Alarm<'_> {
    fn render(&self) -> String {
        fill(
            ALARM,
            &[
                ("Id", self.id),
                ("description", self.description),
                ("namespace", self.of.namespace),
                ("metric", self.of.name),
                ("dimension", self.of.dimension),
                ("value", &self.of.value),
                ("statistic", self.of.statistic),
                ("periods", &self.periods.to_string()),
                ("threshold", &self.threshold.to_string()),
            ],
        )
    }
}

fn outputs(needs: &Needs) -> String {
    let mut outputs = "\nOutputs:\n".to_owned();
    for saga in &needs.sagas {
        outputs.push_str(&fill(
            "  @Id@Arn:\n    Description: \"What starts `@name@`\"\n    \
             Value: !If [HasVersions, !Ref @Id@StateMachineAlias, !Ref @Id@StateMachine]\n",
            &[("Id", &saga.id), ("name", &saga.name)],
        ));
    }
    if needs.parks.is_some() {
        outputs.push_str("  ParkingQueueUrl:\n    Value: !Ref ParkingQueue\n");
    }
    outputs
}

/// How many resources the template has: each has one type, at its own depth.
fn resources(template: &str) -> usize {
    let types = template
        .lines()
        .filter(|line| line.starts_with("    Type: AWS::"));
    types.count()
}

//! A state machine with its role, log, version, alias and alarms.

use super::{Alarm, Metric};
use crate::template::fill::{escaped, fill, lines};
use crate::template::needs::Saga;
use crate::template::paths::Paths;
use crate::template::quotas::{INLINE_FUNCTIONS, MANAGED_FUNCTIONS};

const MACHINE: &str = include_str!("machine.yaml");

/// The rights of a function more than fit into the role itself.
const MANAGED: &str = "  @Id@StateMachineFunctions@number@:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      Roles: [!Ref @Id@StateMachineRole]
      PolicyDocument:
        Version: \"2012-10-17\"
        Statement:
          - Effect: Allow
            Action: \"lambda:InvokeFunction\"
            Resource:
@functions@
";

pub(super) fn machine(saga: &Saga, paths: &Paths) -> Result<String, String> {
    let functions = saga.functions();
    let (inline, rest) = functions.split_at(functions.len().min(INLINE_FUNCTIONS));
    let alarms = functions
        .iter()
        .map(|id| format!("- !Ref {id}FunctionUnknownAlarm"));
    let mut text = fill(
        MACHINE,
        &[
            ("definition", &escaped(&paths.of(&saga.definition)?)),
            ("substitutions", &lines(8, substitutions(saga))),
            ("statements", &lines(14, statements(saga, inline))),
            ("managed", &managed(rest)),
            ("alarms", &lines(12, alarms)),
            ("Id", &saga.id),
            ("name", &saga.name),
        ],
    );
    for alarm in alarms_of(saga) {
        text.push_str(&alarm);
    }
    Ok(text)
}

fn substitutions(saga: &Saga) -> Vec<String> {
    let mut lines = Vec::new();
    for (participant, function) in &saga.serving {
        lines.push(format!(
            "{participant}FunctionArn: !GetAtt {function}Function.Arn"
        ));
    }
    for called in &saga.calls {
        // The version that was compiled together with this definition, whatever the alias points to meanwhile.
        lines.push(fill(
            "@Id@StateMachineArn: !If [HasVersions, !Ref @Id@StateMachineVersion, !Ref @Id@StateMachine]",
            &[("Id", called)],
        ));
    }
    if saga.parks {
        lines.push("ParkingQueueUrl: !Ref ParkingQueue".to_owned());
    }
    lines
}

fn managed(rest: &[&str]) -> String {
    let mut text = String::new();
    for (number, chunk) in rest.chunks(MANAGED_FUNCTIONS).enumerate() {
        let functions = chunk.iter().map(|id| format!("- !GetAtt {id}Function.Arn"));
        text.push_str(&fill(
            MANAGED,
            &[
                ("number", &(number + 2).to_string()),
                ("functions", &lines(14, functions)),
            ],
        ));
    }
    text
}

/// What the role allows, by what the definition does.
fn statements(saga: &Saga, functions: &[&str]) -> Vec<String> {
    let mut lines = Vec::new();
    if !functions.is_empty() {
        let functions = functions
            .iter()
            .map(|id| format!("!GetAtt {id}Function.Arn"));
        lines.extend(statement("", &["lambda:InvokeFunction"], functions));
    }
    if saga.parks {
        lines.extend(statement(
            "",
            &["sqs:SendMessage"],
            ["!GetAtt ParkingQueue.Arn".to_owned()],
        ));
    }
    if !saga.calls.is_empty() {
        lines.extend(nested(saga));
    }
    if saga.distributed {
        lines.extend(distributed(saga));
    }
    lines
}

/// [Nested executions](https://docs.aws.amazon.com/step-functions/latest/dg/stepfunctions-iam.html) that are waited for.
fn nested(saga: &Saga) -> Vec<String> {
    let calls = saga.calls.iter();
    let machines = calls.clone().flat_map(|id| {
        [
            format!("!Ref {id}StateMachine"),
            format!("!Sub \"${{{id}StateMachine}}:*\""),
        ]
    });
    let executions = calls.map(|id| execution(&format!("${{{id}StateMachine.Name}}:*")));
    let rule = "!Sub \"arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule\"";
    [
        statement(
            " # the sagas that it calls",
            &["states:StartExecution"],
            machines,
        ),
        statement(
            "",
            &["states:DescribeExecution", "states:StopExecution"],
            executions,
        ),
        statement(
            " # how Step Functions learns that they have ended",
            &["events:PutTargets", "events:PutRule", "events:DescribeRule"],
            [rule.to_owned()],
        ),
    ]
    .concat()
}

/// A [distributed loop](https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html) starts executions of
/// its own state machine, which cannot be referred to before its role is there: hence by name.
fn distributed(saga: &Saga) -> Vec<String> {
    let name = format!("${{AWS::StackName}}-{}", saga.name);
    let machine = format!(
        "arn:${{AWS::Partition}}:states:${{AWS::Region}}:${{AWS::AccountId}}:stateMachine:{name}"
    );
    [
        statement(
            " # the items of its distributed loops",
            &["states:StartExecution"],
            [
                format!("!Sub \"{machine}\""),
                format!("!Sub \"{machine}:*\""),
            ],
        ),
        statement(
            "",
            &[
                "states:DescribeExecution",
                "states:StopExecution",
                "states:RedriveExecution",
            ],
            [
                execution(&format!("{name}:*")),
                execution(&format!("{name}/*:*")),
            ],
        ),
    ]
    .concat()
}

fn execution(name: &str) -> String {
    format!(
        "!Sub \"arn:${{AWS::Partition}}:states:${{AWS::Region}}:${{AWS::AccountId}}:execution:{name}\""
    )
}

fn statement(
    comment: &str, actions: &[&str], resources: impl IntoIterator<Item = String>,
) -> Vec<String> {
    let actions: Vec<String> = actions
        .iter()
        .map(|action| format!("\"{action}\""))
        .collect();
    let mut lines = vec![
        format!("- Effect: Allow{comment}"),
        format!("  Action: [{}]", actions.join(", ")),
        "  Resource:".to_owned(),
    ];
    lines.extend(
        resources
            .into_iter()
            .map(|resource| format!("    - {resource}")),
    );
    lines
}

fn alarms_of(saga: &Saga) -> [String; 3] {
    let name = &saga.name;
    let ended = |how: &str| {
        format!(
            "A saga `{name}` was {how}: it is neither done nor compensated, and an operator must redrive it."
        )
    };
    let alarm = |suffix: &str, description: &str, metric: &str, periods: u32| {
        let alarm = Alarm {
            id: &format!("{}StateMachine{suffix}", saga.id),
            description,
            of: Metric::machine(metric, &saga.id),
            periods,
            threshold: 1,
        };
        alarm.render()
    };
    [
        alarm(
            "TimedOutAlarm",
            &ended("ended by a timeout"),
            "ExecutionsTimedOut",
            1,
        ),
        alarm(
            "AbortedAlarm",
            &ended("stopped by hand"),
            "ExecutionsAborted",
            1,
        ),
        alarm(
            "ThrottledAlarm",
            &format!(
                "Sagas `{name}` wait for their next state: the account's quota of transitions is used up."
            ),
            "ExecutionThrottled",
            3,
        ),
    ]
}

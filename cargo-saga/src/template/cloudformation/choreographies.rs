//! A choreography: for each service its function with tables and queue, its subscriptions, and what publishes its events.

use super::functions::{self, Code};
use super::{Alarm, Metric, resources};
use crate::template::fill::fill;
use crate::template::needs::Function;
use crate::template::paths::Paths;
use crate::template::quotas;
use crate::template::services::{Deployment, RELAY_SECONDS, Service, Subscription};

const HEAD: &str = include_str!("choreography.yaml");
const QUEUE: &str = include_str!("queue.yaml");
const SUBSCRIPTIONS: &str = include_str!("subscriptions.yaml");
const SUBSCRIPTION: &str = include_str!("subscription.yaml");
const RELAY: &str = include_str!("relay.yaml");

/// <https://docs.aws.amazon.com/sns/latest/dg/fifo-topics.html> and
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/high-throughput-fifo.html>: names end in `.fifo`,
/// and throughput is by saga, which is the group.
const FIFO_QUEUE: &str = "      QueueName: !Sub \"${AWS::StackName}-@name@.fifo\"
      FifoQueue: true
      DeduplicationScope: messageGroup
      FifoThroughputLimit: perMessageGroupId
";
const FIFO_TOPIC: &str = "      TopicName: !Sub \"${AWS::StackName}-@name@.fifo\"
      FifoTopic: true
      FifoThroughputScope: MessageGroup
";
/// The barrier's records, before and after: what is new in the second is published.
const STREAM: &str = "      StreamSpecification: { StreamViewType: NEW_AND_OLD_IMAGES }\n";

pub(in crate::template) fn render(all: &Deployment, paths: &Paths) -> Result<String, String> {
    let mut template = fill(
        HEAD,
        &[("file", &paths.template_name()), ("name", &all.name)],
    );
    for service in &all.services {
        template.push_str(&consumer(all, service, paths));
        if service.publishes {
            template.push_str(&relay(all, service, paths));
        }
    }
    template.push_str(&outputs(all));
    quotas::check(&template, resources(&template), quotas::FEWER_FUNCTIONS)?;
    Ok(template)
}

fn consumer(all: &Deployment, service: &Service, paths: &Paths) -> String {
    let function = &service.function;
    let id = function.id.as_str();
    let mut statements = functions::tables_statement(function);
    statements.extend([
        "- Effect: Allow".to_owned(),
        "  Action: [\"sqs:ReceiveMessage\", \"sqs:DeleteMessage\", \"sqs:GetQueueAttributes\"]"
            .to_owned(),
        format!("  Resource: !GetAtt {id}Queue.Arn"),
        "- Effect: Allow".to_owned(),
        "  Action: \"sqs:SendMessage\"".to_owned(),
        format!("  Resource: !GetAtt {id}DeadLetterQueue.Arn"),
    ]);
    let prefix = functions::prefix(function);
    let mut text = functions::code(
        &Code {
            id,
            title: &functions::title(function),
            binary: &function.binary,
            timeout: function.timeout(),
            why: "six times as long, a message that failed stays in the queue",
            variables: &format!(
                "{prefix}, SAGA_DEAD_LETTER_URL: !Ref {id}DeadLetterQueue, SAGA_MAX_RECEIVES: \"{}\"",
                service.receives()
            ),
            statements,
            unknown: "a message that failed is no error of the function, so Lambda's own count of errors says little",
        },
        paths,
    );
    let stream = if service.publishes { STREAM } else { "" };
    text.push_str(&functions::barrier(function, stream));
    text.push_str(&functions::own_tables(function));
    text.push_str(&queue(all, service));
    text
}

fn queue(all: &Deployment, service: &Service) -> String {
    let function = &service.function;
    let id = function.id.as_str();
    let dead = format!("{}-dead", function.stem());
    let mut text = fill(
        QUEUE,
        &[
            ("fifo", &fifo(all, FIFO_QUEUE, &function.stem())),
            ("dead_fifo", &fifo(all, FIFO_QUEUE, &dead)),
            ("visibility", &service.visibility().to_string()),
            ("receives", &service.silent_receives().to_string()),
            ("Id", id),
        ],
    );
    let alarm = Alarm {
        id: &format!("{id}DeadLetterAlarm"),
        description: &format!(
            "{} A message was put aside, and a saga waits for it.",
            functions::title(function)
        ),
        of: Metric::queue(
            "ApproximateNumberOfMessagesVisible",
            &format!("{id}DeadLetterQueue"),
        ),
        periods: 1,
        threshold: 1,
    };
    text.push_str(&alarm.render());
    if service.subscriptions.is_empty() {
        return text;
    }
    let topics = service.subscriptions.iter();
    let topics: Vec<String> = topics
        .map(|each| format!("!Ref {}Topic", each.to))
        .collect();
    let topics = topics.join(", ");
    text.push_str(&fill(SUBSCRIPTIONS, &[("topics", &topics), ("Id", id)]));
    for each in &service.subscriptions {
        text.push_str(&subscription(id, each));
    }
    text
}

fn subscription(id: &str, subscription: &Subscription) -> String {
    let types = subscription.types.iter();
    let types: Vec<String> = types.map(|name| format!("\"{name}\"")).collect();
    fill(
        SUBSCRIPTION,
        &[
            ("types", &types.join(", ")),
            ("To", &subscription.to),
            ("Id", id),
        ],
    )
}

/// What makes a queue or a topic keep an order, or nothing.
fn fifo(all: &Deployment, text: &str, name: &str) -> String {
    if all.fifo {
        fill(text, &[("name", name)])
    } else {
        String::new()
    }
}

fn relay(all: &Deployment, service: &Service, paths: &Paths) -> String {
    let function = &service.function;
    let id = function.id.as_str();
    let relay = format!("{id}Relay");
    let title = format!("Publishes the events of `{}`.", function.name);
    let prefix = functions::prefix(function);
    let mut text = functions::code(
        &Code {
            id: &relay,
            title: &title,
            binary: &all.relay,
            timeout: RELAY_SECONDS,
            why: "for a hundred records",
            variables: &format!(
                "{prefix}, SAGA_TOPIC_ARN: !Ref {id}Topic, SAGA_RELAY_FAILURES_URL: !Ref {id}RelayFailuresQueue"
            ),
            statements: relay_statements(function),
            unknown: "a record that failed is no error of the function, so Lambda's own count of errors says little",
        },
        paths,
    );
    text.push_str(&fill(
        RELAY,
        &[
            ("fifo", &fifo(all, FIFO_TOPIC, &function.stem())),
            ("depends", &depends(all, id)),
            ("Id", id),
        ],
    ));
    let failures = Alarm {
        id: &format!("{id}RelayFailuresAlarm"),
        description: &format!("{title} Some could not be, and wait for a redrive."),
        of: Metric::queue(
            "ApproximateNumberOfMessagesVisible",
            &format!("{id}RelayFailuresQueue"),
        ),
        periods: 1,
        threshold: 1,
    };
    let late = Alarm {
        id: &format!("{id}RelayLateAlarm"),
        description: &format!("{title} They have waited for five minutes."),
        of: Metric::function("IteratorAge", &relay),
        periods: 1,
        threshold: 300_000,
    };
    [text, failures.render(), late.render()].concat()
}

fn relay_statements(function: &Function) -> Vec<String> {
    let id = &function.id;
    let barrier = functions::barrier_id(function);
    let statements = [
        "- Effect: Allow".to_owned(),
        "  Action: [\"dynamodb:DescribeStream\", \"dynamodb:GetRecords\", \"dynamodb:GetShardIterator\", \"dynamodb:ListStreams\"]"
            .to_owned(),
        format!("  Resource: !GetAtt {barrier}.StreamArn"),
        "- Effect: Allow # a redrive reads the records".to_owned(),
        "  Action: \"dynamodb:Scan\"".to_owned(),
        format!("  Resource: !GetAtt {barrier}.Arn"),
        "- Effect: Allow # `PublishBatch` too is allowed by this".to_owned(),
        "  Action: \"sns:Publish\"".to_owned(),
        format!("  Resource: !Ref {id}Topic"),
        "- Effect: Allow".to_owned(),
        "  Action: \"sqs:SendMessage\"".to_owned(),
        format!("  Resource: !GetAtt {id}RelayFailuresQueue.Arn"),
    ];
    statements.into()
}

/// The subscriptions to a topic, which stand before anything is published there.
fn depends(all: &Deployment, id: &str) -> String {
    let services = all.services.iter();
    let subscribed = services.filter(|service| {
        let mut subscriptions = service.subscriptions.iter();
        subscriptions.any(|subscription| subscription.to == id)
    });
    let names: Vec<String> = subscribed
        .map(|service| format!("{}From{id}", service.function.id))
        .collect();
    match names.as_slice() {
        [] => String::new(),
        names => format!("    DependsOn: [{}]\n", names.join(", ")),
    }
}

fn outputs(all: &Deployment) -> String {
    let mut outputs = "\nOutputs:\n".to_owned();
    for service in &all.services {
        let id = service.function.id.as_str();
        let name = service.function.name.as_str();
        let mut add = |what: &str, description: &str, value: &str| {
            outputs.push_str(&fill(
                "  @Id@@what@:\n    Description: \"@description@\"\n    Value: @value@\n",
                &[
                    ("what", what),
                    ("description", description),
                    ("value", value),
                    ("Id", id),
                ],
            ));
        };
        if service.has_commands {
            let calls = format!("What takes the commands of `{name}`, and answers them");
            add("FunctionArn", &calls, &format!("!GetAtt {id}Function.Arn"));
            let queued = format!("Where commands to `{name}` may wait");
            add("QueueUrl", &queued, &format!("!Ref {id}Queue"));
        }
        let waits =
            format!("Where messages to `{name}` wait, and where its dead letters go back to");
        add("QueueArn", &waits, &format!("!GetAtt {id}Queue.Arn"));
        let dead = format!("Where messages are that `{name}` gave up");
        let value = format!("!GetAtt {id}DeadLetterQueue.Arn");
        add("DeadLetterQueueArn", &dead, &value);
        if service.publishes {
            let topic = format!("Where `{name}` publishes");
            add("TopicArn", &topic, &format!("!Ref {id}Topic"));
            let relay = format!("What `{name}` publishes by; call it for a redrive");
            let value = format!("!GetAtt {id}RelayFunction.Arn");
            add("RelayFunctionArn", &relay, &value);
        }
    }
    outputs
}

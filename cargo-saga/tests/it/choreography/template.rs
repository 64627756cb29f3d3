//! The template of a choreography: the example's, whole, and of what goes wrong. `.ci/template` lints and deploys it.

use std::fs;
use std::path::Path;

use expect_test::{Expect, expect, expect_file};
use saga_compiler::choreography::{Early, Kind};

use super::{contract, reaction, strings, write};
use crate::support::{check, choreographed, examples, folder, output};

const TABLES: &[&str] = &[
    "--table=orders=orders:order_id",
    "--table=stock=shelves:sku",
    "--table=payments=payments:order_id",
    "--table=shipping=parcels",
    "--table-prefix=shipping=freight-",
];

fn template(folder: &Path, args: &[&str]) -> String {
    let text = output(folder, &[&["template", "order_events"], args].concat());
    let text = text.strip_suffix("exit 0\n");
    text.expect("it succeeds").to_owned()
}

/// The lines that have this in them, without what stands before them.
fn lines(text: &str, wanted: &str, expected: Expect) {
    let found = text.lines().filter(|line| line.contains(wanted));
    let found: Vec<&str> = found.map(str::trim).collect();
    expected.assert_eq(&(found.join("\n") + "\n"));
}

#[test]
fn order_events_in_both_formats() {
    let folder = choreographed("choreography_template");
    let yaml = template(&folder, TABLES);
    expect_file!["../../golden/template/order_events.yaml"].assert_eq(&yaml);
    let terraform = [TABLES, &["--format=terraform"]].concat();
    expect_file!["../../golden/template/order_events.tf"].assert_eq(&template(&folder, &terraform));
    // It is the only one, so it need not be named.
    let unnamed = output(&folder, &[&["template"], TABLES].concat());
    assert_eq!(unnamed, format!("{yaml}exit 0\n"));
}

#[test]
fn fifo_is_for_topics_and_queues_but_not_for_what_lambda_tells() {
    let folder = choreographed("choreography_template_fifo");
    let yaml = template(&folder, &["--fifo"]);
    lines(
        &yaml,
        ".fifo\"",
        expect![[r#"
        QueueName: !Sub "${AWS::StackName}-orders.fifo"
        QueueName: !Sub "${AWS::StackName}-orders-dead.fifo"
        TopicName: !Sub "${AWS::StackName}-orders.fifo"
        QueueName: !Sub "${AWS::StackName}-stock.fifo"
        QueueName: !Sub "${AWS::StackName}-stock-dead.fifo"
        TopicName: !Sub "${AWS::StackName}-stock.fifo"
        QueueName: !Sub "${AWS::StackName}-payments.fifo"
        QueueName: !Sub "${AWS::StackName}-payments-dead.fifo"
        TopicName: !Sub "${AWS::StackName}-payments.fifo"
        QueueName: !Sub "${AWS::StackName}-shipping.fifo"
        QueueName: !Sub "${AWS::StackName}-shipping-dead.fifo"
        TopicName: !Sub "${AWS::StackName}-shipping.fifo"
    "#]],
    );
    assert_eq!(yaml.matches("FifoTopic: true").count(), 4);
    assert_eq!(yaml.matches("FifoQueue: true").count(), 8);
    assert_eq!(yaml.matches("Type: AWS::SQS::Queue\n").count(), 12);
    let terraform = template(&folder, &["--fifo", "--format=terraform"]);
    lines(
        &terraform,
        "local.fifo",
        expect![[r#"
        suffix = local.fifo ? ".fifo" : ""
        fifo_queue                 = local.fifo
        deduplication_scope        = local.fifo ? "messageGroup" : null
        fifo_throughput_limit      = local.fifo ? "perMessageGroupId" : null
        fifo_queue                = local.fifo
        deduplication_scope       = local.fifo ? "messageGroup" : null
        fifo_throughput_limit     = local.fifo ? "perMessageGroupId" : null
        fifo_topic            = local.fifo
        fifo_throughput_scope = local.fifo ? "MessageGroup" : null
    "#]],
    );
    lines(
        &terraform,
        "fifo   =",
        expect![[r#"
        fifo   = true
    "#]],
    );
}

#[test]
fn one_function_may_serve_several_participants() {
    let folder = choreographed("choreography_template_one");
    let all = "--function=all=orders,stock,payments";
    let yaml = template(&folder, &[all, "--relay=publisher"]);
    lines(
        &yaml,
        "Code:",
        expect![[r#"
        Code: "target/lambda/all/bootstrap.zip"
        Code: "target/lambda/publisher/bootstrap.zip"
        Code: "target/lambda/order_events_shipping/bootstrap.zip"
        Code: "target/lambda/publisher/bootstrap.zip"
    "#]],
    );
    // What they tell each other goes by their own topic.
    lines(
        &yaml,
        "FilterPolicy:",
        expect![[r#"
        FilterPolicy: { type: ["OrderPlaced", "StockReserved", "StockRefused", "CardDeclined"] }
        FilterPolicy: { type: ["ParcelSent"] }
        FilterPolicy: { type: ["CardCharged"] }
    "#]],
    );
    lines(
        &yaml,
        "aws:SourceArn",
        expect![[r#"
        Condition: { ArnEquals: { "aws:SourceArn": [!Ref AllTopic, !Ref ShippingTopic] } }
        Condition: { ArnEquals: { "aws:SourceArn": [!Ref AllTopic] } }
    "#]],
    );
}

#[test]
fn who_only_listens_has_no_topic_and_who_only_takes_commands_no_subscription() {
    let folder = folder("choreography_template_ends");
    let mut place = reaction("orders.place", Kind::Retriable);
    place.command = true;
    place.publishes = strings(&["Placed"]);
    let mut note = reaction("log.note", Kind::Observer);
    note.on = strings(&["Placed"]);
    let participants = vec![("Orders", vec![place]), ("Log", vec![note])];
    write(&folder, &contract("order_events", participants));
    let yaml = template(&folder, &[]);
    let types = |text: &str| {
        let all: Vec<&str> = text.lines().collect();
        let pairs = all.windows(2);
        let resources = pairs.filter(|pair| pair[1].starts_with("    Type: AWS::"));
        let names = resources.filter_map(|pair| pair[0].split_once(':'));
        let names = names.map(|(name, _)| name.trim());
        let names = names.filter(|name| !name.contains("Function") && !name.contains("Alarm"));
        names.collect::<Vec<_>>().join("\n") + "\n"
    };
    let (_, resources) = yaml.split_once("Resources:").unwrap();
    let (resources, outputs) = resources.split_once("Outputs:").unwrap();
    expect![[r#"
        OrdersBarrierTable
        OrdersQueue
        OrdersDeadLetterQueue
        OrdersMapping
        OrdersTopic
        OrdersRelayMapping
        OrdersRelayFailuresQueue
        LogBarrierTable
        LogQueue
        LogDeadLetterQueue
        LogMapping
        LogQueuePolicy
        LogFromOrders
    "#]]
    .assert_eq(&types(resources));
    lines(
        outputs,
        "Value:",
        expect![[r#"
            Value: !GetAtt OrdersFunction.Arn
            Value: !Ref OrdersQueue
            Value: !GetAtt OrdersQueue.Arn
            Value: !GetAtt OrdersDeadLetterQueue.Arn
            Value: !Ref OrdersTopic
            Value: !GetAtt OrdersRelayFunction.Arn
            Value: !GetAtt LogQueue.Arn
            Value: !GetAtt LogDeadLetterQueue.Arn
        "#]],
    );
}

/// It comes back until its time, so it must not be put aside meanwhile.
#[test]
fn an_event_that_may_come_early_is_received_more_often() {
    let folder = folder("choreography_template_early");
    let template = |early: Option<Early>, format: &str| {
        let mut place = reaction("orders.place", Kind::Retriable);
        place.command = true;
        place.publishes = strings(&["Placed"]);
        let mut note = reaction("log.note", Kind::Observer);
        note.on = strings(&["Placed"]);
        let mut tell = reaction("log.tell", Kind::Observer);
        tell.on = strings(&["Placed"]);
        tell.after = early.and(Some("log.note".to_owned()));
        tell.early = early;
        let participants = vec![("Orders", vec![place]), ("Log", vec![note, tell])];
        write(&folder, &contract("order_events", participants));
        template(&folder, &[format])
    };
    for early in [None, Some(Early::Refuse)] {
        let yaml = template(early, "--format=cloudformation");
        assert_eq!(yaml.matches("SAGA_MAX_RECEIVES: \"5\" ").count(), 2);
        assert_eq!(yaml.matches("maxReceiveCount: 10 ").count(), 2);
    }
    let yaml = template(Some(Early::Park), "--format=cloudformation");
    assert_eq!(yaml.matches("SAGA_MAX_RECEIVES: \"30\" ").count(), 1);
    assert_eq!(yaml.matches("maxReceiveCount: 35 ").count(), 1);
    let terraform = template(Some(Early::Park), "--format=terraform");
    lines(
        &terraform,
        "receives = [",
        expect![[r#"
        orders = { binary = "order_events_orders", prefix = "${var.name}-orders-", tables = [], publishes = true, receives = [5, 10] }
        log    = { binary = "order_events_log", prefix = "${var.name}-log-", tables = [], publishes = false, receives = [30, 35] }
    "#]],
    );
}

#[test]
fn names_that_do_not_fit_are_refused() {
    let folder = choreographed("choreography_template_refused");
    let refused = |args: &[&str], expected: Expect| {
        check(&folder, &[&["template"], args].concat(), expected);
    };
    refused(
        &["order_evens"],
        expect![[r#"
            error: there is no saga or choreography `order_evens` in out; did you mean `order_events`?
                   there are `order_events`
            exit 2
        "#]],
    );
    refused(
        &["order_events", "--table=stok=shelves"],
        expect![[r#"
        error: there is no participant `stok`; there are `orders`, `stock`, `payments` and `shipping`
        exit 2
    "#]],
    );
    refused(
        &["order_events", "--function=all=stock,mail"],
        expect![[r#"
        error: there is no participant `mail`; there are `orders`, `stock`, `payments` and `shipping`
        exit 2
    "#]],
    );
    refused(
        &["order_events", "--relay=a b"],
        expect![[r#"
        error: invalid value 'a b' for '--relay <BINARY>': `a b` is not a name; write letters, digits, `_`, `-` and `.`

        For more information, try '--help'.
        exit 2
    "#]],
    );
}

#[test]
fn a_choreography_and_a_saga_have_templates_of_their_own() {
    let folder = choreographed("choreography_template_apart");
    let refused = |args: &[&str], expected: Expect| {
        check(&folder, &[&["template"], args].concat(), expected);
    };
    let file = "out/place_order.asl.json";
    fs::copy(examples().join(file), folder.join(file)).unwrap();
    refused(
        &["order_events", "place_order"],
        expect![[r#"
        error: `order_events` is a choreography, which has a template of its own; name it alone
        exit 2
    "#]],
    );
    refused(
        &["place_order", "--fifo"],
        expect![[r#"
        error: `--fifo` is for choreographies; a saga has no topics
        exit 2
    "#]],
    );
    refused(
        &["place_order", "--relay=publisher"],
        expect![[r#"
        error: `--relay` is for choreographies; a saga has no topics
        exit 2
    "#]],
    );
    fs::remove_file(folder.join(file)).unwrap();
    let mut other = contract("other_events", Vec::new());
    other.participants.clear();
    write(&folder, &other);
    refused(
        &[],
        expect![[r#"
        error: a choreography has a template of its own; name one of `order_events` and `other_events`
        exit 2
    "#]],
    );
}

#[test]
fn a_filter_of_more_values_than_sns_allows_is_refused() {
    let folder = folder("choreography_template_filter");
    let size = |events: usize| {
        let names: Vec<String> = (0..events).map(|index| format!("Event{index}")).collect();
        let mut place = reaction("orders.place", Kind::Retriable);
        place.command = true;
        place.publishes.clone_from(&names);
        let mut note = reaction("log.note", Kind::Observer);
        note.on = names;
        let participants = vec![("Orders", vec![place]), ("Log", vec![note])];
        write(&folder, &contract("order_events", participants));
        output(&folder, &["template"])
    };
    assert!(size(150).ends_with("exit 0\n"));
    expect![[r#"
        error: `log` reacts to 151 events of `orders`, and a subscription's filter names 150 at most; serve its participants by several functions
        exit 2
    "#]].assert_eq(&size(151));
}

/// Participants each of which publishes and listens to two others.
#[test]
fn twenty_participants_fit_and_twenty_one_do_not() {
    let folder = folder("choreography_template_quota");
    let template = |count: usize| {
        let mut participants = Vec::new();
        let names: Vec<String> = (0..count).map(|index| format!("Part{index}")).collect();
        for (index, name) in names.iter().enumerate() {
            let mut act = reaction(&format!("part{index}.act"), Kind::Retriable);
            act.command = index < 2;
            act.publishes = vec![format!("Event{index}")];
            let others = [(index + 1) % count, (index + 2) % count];
            act.on = others.map(|other| format!("Event{other}")).to_vec();
            participants.push((name.as_str(), vec![act]));
        }
        write(&folder, &contract("order_events", participants));
        output(&folder, &["template"])
    };
    let largest = template(20);
    assert_eq!(largest.matches("\n    Type: AWS::").count(), 500);
    expect![[r#"
        error: the template would have 525 resources, of 500 that CloudFormation allows; let functions serve several participants: `--function BINARY=PARTICIPANT,…`
        exit 2
    "#]].assert_eq(&template(21));
}

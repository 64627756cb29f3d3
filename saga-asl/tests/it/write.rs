//! The bytes that the writer makes: order of fields, numbers, and strings that look like expressions.

use expect_test::{Expect, expect};
use saga_asl::{
    Catcher, Choice, ChoiceRule, Condition, ExecutionType, Expression, Fail, Graph, ItemProcessor,
    JitterStrategy, Map, Next, Number, Parallel, Pass, ProcessorMode, Retrier, State, StateMachine,
    Succeed, Task, Template, Text, Wait, WaitUntil,
};

fn check(state: State, expected: Expect) {
    let json = saga_asl::to_json(&machine(state));
    let inner: Vec<&str> = json
        .lines()
        .skip(4)
        .map(|line| line.get(4..).unwrap_or(line))
        .collect();
    expected.assert_eq(&inner[..inner.len() - 2].join("\n"));
}

fn machine(state: State) -> StateMachine {
    let graph = Graph {
        start_at: "a".to_owned(),
        states: vec![("a".to_owned(), state)],
    };
    StateMachine {
        comment: None,
        timeout_seconds: None,
        graph,
    }
}

fn expression(text: &str) -> Expression {
    Expression(text.to_owned())
}

fn pass(output: Template) -> State {
    State::Pass(Pass {
        comment: None,
        assign: Vec::new(),
        output: Some(output),
        next: Next::End,
    })
}

fn done() -> Graph {
    let state = State::Succeed(Succeed {
        comment: None,
        output: None,
    });
    Graph {
        start_at: "done".to_owned(),
        states: vec![("done".to_owned(), state)],
    }
}

fn retrier() -> Retrier {
    Retrier {
        error_equals: vec!["Stock.Busy".to_owned()],
        interval_seconds: Some(1),
        max_attempts: Some(6),
        backoff_rate: Some(2.0),
        max_delay_seconds: Some(30),
        jitter_strategy: Some(JitterStrategy::Full),
    }
}

fn catcher() -> Catcher {
    Catcher {
        comment: Some("compensate".to_owned()),
        error_equals: vec!["States.ALL".to_owned()],
        assign: vec![(
            "failure".to_owned(),
            Template::Expression(expression("$states.errorOutput")),
        )],
        output: Some(Template::Null),
        next: "undo".to_owned(),
    }
}

#[test]
fn a_machine_starts_with_its_header() {
    let mut machine = machine(State::Fail(Fail {
        comment: None,
        error: None,
        cause: None,
    }));
    machine.comment = Some("places an order".to_owned());
    machine.timeout_seconds = Some(60);
    expect![[r#"
        {
          "Comment": "places an order",
          "QueryLanguage": "JSONata",
          "TimeoutSeconds": 60,
          "StartAt": "a",
          "States": {
            "a": {
              "Type": "Fail"
            }
          }
        }
    "#]]
    .assert_eq(&saga_asl::to_json(&machine));
    expect![[r#"{"Comment":"places an order","QueryLanguage":"JSONata","TimeoutSeconds":60,"StartAt":"a","States":{"a":{"Type":"Fail"}}}"#]].assert_eq(&saga_asl::to_json_compact(&machine));
}

#[test]
fn a_task_reads_from_what_it_calls_to_where_it_goes() {
    let arguments = vec![
        (
            "FunctionName".to_owned(),
            Template::String("${StockFunctionArn}".to_owned()),
        ),
        (
            "Another".to_owned(),
            Template::Expression(expression("$order")),
        ),
    ];
    let task = Task {
        comment: Some("holds stock".to_owned()),
        resource: "arn:aws:states:::lambda:invoke".to_owned(),
        arguments: Some(Template::Object(arguments)),
        credentials: None,
        timeout_seconds: Some(Number::Literal(10)),
        heartbeat_seconds: Some(Number::Expression(expression("$beat"))),
        retry: vec![retrier()],
        catch: vec![catcher()],
        assign: vec![(
            "hold".to_owned(),
            Template::Expression(expression("$states.result.Payload")),
        )],
        output: Some(Template::Bool(true)),
        next: Next::To("charge".to_owned()),
    };
    check(
        State::Task(task),
        expect![[r#"
            "a": {
              "Type": "Task",
              "Comment": "holds stock",
              "Resource": "arn:aws:states:::lambda:invoke",
              "Arguments": {
                "FunctionName": "${StockFunctionArn}",
                "Another": "{% $order %}"
              },
              "TimeoutSeconds": 10,
              "HeartbeatSeconds": "{% $beat %}",
              "Retry": [
                {
                  "ErrorEquals": [
                    "Stock.Busy"
                  ],
                  "IntervalSeconds": 1,
                  "MaxAttempts": 6,
                  "BackoffRate": 2,
                  "MaxDelaySeconds": 30,
                  "JitterStrategy": "FULL"
                }
              ],
              "Catch": [
                {
                  "Comment": "compensate",
                  "ErrorEquals": [
                    "States.ALL"
                  ],
                  "Assign": {
                    "failure": "{% $states.errorOutput %}"
                  },
                  "Output": null,
                  "Next": "undo"
                }
              ],
              "Assign": {
                "hold": "{% $states.result.Payload %}"
              },
              "Output": true,
              "Next": "charge"
            }"#]],
    );
}

#[test]
fn a_choice_has_its_rules_before_its_default() {
    let rule = ChoiceRule {
        comment: None,
        condition: Condition::Expression(expression("$gift")),
        assign: vec![("wrapped".to_owned(), Template::Bool(true))],
        output: None,
        next: "wrap".to_owned(),
    };
    let literal = ChoiceRule {
        condition: Condition::Literal(true),
        assign: Vec::new(),
        ..rule.clone()
    };
    let choice = Choice {
        comment: None,
        choices: vec![rule, literal],
        default: Some("ship".to_owned()),
        assign: vec![("wrapped".to_owned(), Template::Bool(false))],
        output: None,
    };
    check(
        State::Choice(choice),
        expect![[r#"
            "a": {
              "Type": "Choice",
              "Choices": [
                {
                  "Condition": "{% $gift %}",
                  "Assign": {
                    "wrapped": true
                  },
                  "Next": "wrap"
                },
                {
                  "Condition": true,
                  "Next": "wrap"
                }
              ],
              "Default": "ship",
              "Assign": {
                "wrapped": false
              }
            }"#]],
    );
}

#[test]
fn a_wait_and_a_fail_take_texts_and_numbers() {
    let wait = |until| {
        State::Wait(Wait {
            comment: None,
            until,
            assign: Vec::new(),
            output: None,
            next: Next::End,
        })
    };
    check(
        wait(WaitUntil::Seconds(Number::Literal(3))),
        expect![[r#"
            "a": {
              "Type": "Wait",
              "Seconds": 3,
              "End": true
            }"#]],
    );
    check(
        wait(WaitUntil::Timestamp(Text::Expression(expression("$at")))),
        expect![[r#"
            "a": {
              "Type": "Wait",
              "Timestamp": "{% $at %}",
              "End": true
            }"#]],
    );
    let fail = Fail {
        comment: None,
        error: Some(Text::Literal("Rejected".to_owned())),
        cause: Some(Text::Expression(expression("$failure.Cause"))),
    };
    check(
        State::Fail(fail),
        expect![[r#"
            "a": {
              "Type": "Fail",
              "Error": "Rejected",
              "Cause": "{% $failure.Cause %}"
            }"#]],
    );
}

#[test]
fn branches_stand_before_retry_and_catch() {
    let parallel = Parallel {
        comment: None,
        arguments: Some(Template::Array(Vec::new())),
        branches: vec![done()],
        retry: vec![Retrier {
            backoff_rate: Some(1.5),
            ..retrier()
        }],
        catch: vec![catcher()],
        assign: Vec::new(),
        output: None,
        next: Next::End,
    };
    check(
        State::Parallel(parallel),
        expect![[r#"
            "a": {
              "Type": "Parallel",
              "Arguments": [],
              "Branches": [
                {
                  "StartAt": "done",
                  "States": {
                    "done": {
                      "Type": "Succeed"
                    }
                  }
                }
              ],
              "Retry": [
                {
                  "ErrorEquals": [
                    "Stock.Busy"
                  ],
                  "IntervalSeconds": 1,
                  "MaxAttempts": 6,
                  "BackoffRate": 1.5,
                  "MaxDelaySeconds": 30,
                  "JitterStrategy": "FULL"
                }
              ],
              "Catch": [
                {
                  "Comment": "compensate",
                  "ErrorEquals": [
                    "States.ALL"
                  ],
                  "Assign": {
                    "failure": "{% $states.errorOutput %}"
                  },
                  "Output": null,
                  "Next": "undo"
                }
              ],
              "End": true
            }"#]],
    );
}

#[test]
fn items_stand_before_their_processor() {
    let map = Map {
        comment: None,
        items: Some(Template::Expression(expression("$lines"))),
        item_selector: Some(Template::Object(Vec::new())),
        max_concurrency: Some(Number::Literal(8)),
        item_processor: ItemProcessor {
            mode: ProcessorMode::Distributed(ExecutionType::Express),
            graph: done(),
        },
        tolerated_failure_percentage: Some(Number::Literal(0)),
        tolerated_failure_count: None,
        label: Some("lines".to_owned()),
        retry: Vec::new(),
        catch: Vec::new(),
        assign: Vec::new(),
        output: None,
        next: Next::End,
    };
    check(
        State::Map(map.clone()),
        expect![[r#"
            "a": {
              "Type": "Map",
              "Items": "{% $lines %}",
              "ItemSelector": {},
              "MaxConcurrency": 8,
              "ItemProcessor": {
                "ProcessorConfig": {
                  "Mode": "DISTRIBUTED",
                  "ExecutionType": "EXPRESS"
                },
                "StartAt": "done",
                "States": {
                  "done": {
                    "Type": "Succeed"
                  }
                }
              },
              "ToleratedFailurePercentage": 0,
              "Label": "lines",
              "End": true
            }"#]],
    );
    let inline = ItemProcessor {
        mode: ProcessorMode::Inline,
        graph: done(),
    };
    let json = saga_asl::to_json_compact(&machine(State::Map(Map {
        item_processor: inline,
        ..map
    })));
    assert!(
        json.contains(r#""ItemProcessor":{"ProcessorConfig":{"Mode":"INLINE"},"StartAt":"done","#),
        "{json}"
    );
}

/// Keys stay in source order: a sorted map would put `a` first.
#[test]
fn objects_keep_their_order() {
    let fields = ["z", "a", "m"].map(|key| (key.to_owned(), Template::Null));
    let json = saga_asl::to_json_compact(&machine(pass(Template::Object(fields.to_vec()))));
    assert!(json.contains(r#"{"z":null,"a":null,"m":null}"#), "{json}");
}

#[test]
fn a_string_never_becomes_an_expression() {
    for text in [
        "{% $x %}",
        "{%%}",
        "{% half",
        "half %}",
        "{% \"quoted\" \\ ä\n %}",
    ] {
        let json = saga_asl::to_json(&machine(pass(Template::String(text.to_owned()))));
        let State::Pass(pass) = saga_asl::parse(&json).unwrap().graph.states.remove(0).1 else {
            unreachable!()
        };
        let Some(Template::Expression(expression)) = pass.output else {
            panic!("{json}")
        };
        // A JSONata string literal in double quotes is a JSON string.
        assert_eq!(serde_json::from_str::<String>(&expression.0).unwrap(), text);
    }
}

/// The blanks around an expression are the writer's, so that reading and writing again changes nothing.
#[test]
fn an_expression_is_read_without_its_blanks() {
    for source in ["{%1 + 2%}", "{%\n  1 + 2\t%}", "{% 1 + 2 %}"] {
        let json = format!(
            r#"{{"QueryLanguage": "JSONata", "StartAt": "a", "States": {{
            "a": {{"Type": "Pass", "Output": {}, "End": true}}}}}}"#,
            serde_json::Value::from(source)
        );
        let expected = machine(pass(Template::Expression(expression("1 + 2"))));
        assert_eq!(saga_asl::parse(&json), Ok(expected), "{source}");
    }
}

#[test]
fn numbers_are_written_as_they_are() {
    let number = |text: &str| Template::Number(text.parse().unwrap());
    let json = saga_asl::to_json_compact(&machine(pass(Template::Array(vec![
        number("1"),
        number("0.5"),
        number("-3"),
    ]))));
    assert!(json.contains("[1,0.5,-3]"), "{json}");
}

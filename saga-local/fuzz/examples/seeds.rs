//! Writes what the fuzzers begin with: `seeds CORPUS DEFINITION.. SOURCE..`, one folder a target.
//!
//! A definition is a file of `out/`; a source is Rust or Markdown, of which every annotated module is taken.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

use serde_json::{Value, json};

fn main() -> io::Result<()> {
    let mut arguments = env::args_os().skip(1).map(PathBuf::from);
    let corpus = arguments.next().unwrap_or_else(|| "corpus".into());
    for target in ["validate", "engine", "compile"] {
        fs::create_dir_all(corpus.join(target))?;
    }
    for path in arguments {
        let text = fs::read_to_string(&path)?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            write_definition(&corpus, &name, &text)?;
        } else {
            for (index, module) in modules(&text).iter().enumerate() {
                fs::write(
                    corpus.join("compile").join(format!("{name}-{index}")),
                    module,
                )?;
            }
        }
    }
    for (index, states) in SMALL.iter().enumerate() {
        let states: Value = serde_json::from_str(states)?;
        let definition = json!({ "QueryLanguage": "JSONata", "StartAt": "a", "States": states });
        write_definition(&corpus, &format!("small-{index}"), &definition.to_string())?;
    }
    Ok(())
}

fn write_definition(corpus: &Path, name: &str, text: &str) -> io::Result<()> {
    let definition: Value = serde_json::from_str(text)?;
    fs::write(corpus.join("validate").join(name), definition.to_string())?;
    let item = json!({ "id": "i", "sku": "a", "quantity": 2, "item": [0] });
    let input = json!({
        "id": "1", "order_id": "o-1", "customer": { "name": "Ada" }, "lines": [item, item], "items": [1, 2, 3], "total": 7, "gift": true,
    });
    let happy = json!([{ "output": { "Payload": item } }]);
    let mixed = json!([
        { "output": { "Payload": item } }, { "output": { "Payload": [1, 2] } }, { "error": "Lambda.TooManyRequestsException" },
        { "output": { "Payload": "text" } }, { "lost": true }, { "error": "Odd", "cause": "why" }, {},
    ]);
    for (kind, answers) in [("happy", happy), ("mixed", mixed)] {
        let case = json!({ "definition": definition, "input": input, "answers": answers });
        fs::write(
            corpus.join("engine").join(format!("{name}-{kind}")),
            case.to_string(),
        )?;
    }
    Ok(())
}

/// What stands from `#[saga…]` or `#[choreography…]` to the brace in the first column, or that of a block of code, that closes its
/// module.
fn modules(text: &str) -> Vec<String> {
    let attributes = ["#[saga", "#[choreography"];
    attributes
        .iter()
        .flat_map(|start| modules_of(text, start))
        .collect()
}

fn modules_of(text: &str, attribute: &str) -> Vec<String> {
    let mut modules = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(attribute) {
        rest = &rest[start + attribute.len()..];
        let Some((options, after)) = rest.split_once("]\n") else {
            break;
        };
        let Some(end) = after.find("\n}\n") else {
            continue;
        };
        let options = options.trim_start_matches('(').trim_end_matches(')');
        modules.push(format!("{options}=>\n{}\n}}\n", &after[..end]));
    }
    modules
}

/// One of each kind of state, as the compiler does not emit them.
const SMALL: &[&str] = &[
    r#"{"a": {"Type": "Pass", "Assign": {"x": "{% $states.input.total + 1 %}"}, "Output": {"y": ["{% $states.input %}"]}, "Next": "b"}, "b": {"Type": "Succeed", "Output": "{% $x %}"}}"#,
    r#"{"a": {"Type": "Choice", "Choices": [{"Condition": "{% $states.input.gift = true %}", "Next": "b", "Assign": {"n": 1}}], "Default": "c"}, "b": {"Type": "Wait", "Seconds": "{% $states.input.total %}", "Next": "c"}, "c": {"Type": "Fail", "Error": "E", "Cause": "{% 'no ' & $states.input.id %}"}}"#,
    r#"{"a": {"Type": "Map", "Items": "{% $states.input.items %}", "MaxConcurrency": 2, "ItemSelector": {"v": "{% $states.context.Map.Item.Value %}"}, "ItemProcessor": {"StartAt": "b", "States": {"b": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Arguments": {"FunctionName": "f", "Payload": "{% $states.input %}"}, "Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 2, "BackoffRate": 1.5, "JitterStrategy": "FULL"}], "End": true}}}, "Catch": [{"ErrorEquals": ["States.ALL"], "Assign": {"e": "{% $states.errorOutput %}"}, "Next": "c"}], "End": true}, "c": {"Type": "Succeed"}}"#,
    r#"{"a": {"Type": "Map", "Items": [1, 2, 3], "ToleratedFailurePercentage": 50, "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "b", "States": {"b": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "TimeoutSeconds": 5, "End": true}}}, "End": true}}"#,
    r#"{"a": {"Type": "Parallel", "Branches": [{"StartAt": "b", "States": {"b": {"Type": "Wait", "Seconds": 3, "End": true}}}, {"StartAt": "c", "States": {"c": {"Type": "Fail", "Error": "E"}}}], "Retry": [{"ErrorEquals": ["E"], "MaxAttempts": 1}], "Catch": [{"ErrorEquals": ["E"], "Next": "d"}], "End": true}, "d": {"Type": "Succeed"}}"#,
    r#"{"a": {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "Arguments": {"QueueUrl": "q", "MessageBody": {"t": "{% $states.context.Task.Token %}"}}, "HeartbeatSeconds": 10, "TimeoutSeconds": 60, "End": true}}"#,
    r#"{"a": {"Type": "Choice", "Choices": [{"Condition": "{% $states.input.depth < 3 %}", "Next": "b"}], "Default": "c"}, "b": {"Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync:2", "Arguments": {"StateMachineArn": "${SelfStateMachineArn}", "Input": {"depth": "{% $states.input.depth + 1 %}"}}, "End": true}, "c": {"Type": "Succeed"}}"#,
    r#"{"a": {"Type": "Pass", "Assign": {"n": 0}, "Next": "b"}, "b": {"Type": "Choice", "Choices": [{"Condition": "{% $n < 5 %}", "Assign": {"n": "{% $n + 1 %}"}, "Next": "c"}], "Default": "d"}, "c": {"Type": "Pass", "Next": "b"}, "d": {"Type": "Succeed", "Output": "{% $n %}"}}"#,
    r#"{"a": {"Type": "Wait", "Timestamp": "2025-01-01T01:00:00+01:00", "Next": "b"}, "b": {"Type": "Pass", "Output": "{% $map([1..3], function($v, $i) { $v * $i }) ~> $sum() %}", "End": true}}"#,
];

//! The rule that nothing that must hold something is empty, and that resources and items are of the right kind.

use std::collections::HashSet;

use crate::model::{Map, Retrier, State, Template};
use crate::problems::{Path, Problems, Short};

use super::definition::Definition;

const RULE: &str = "structure";

/// <https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html>
const LABEL: usize = 40;

pub(super) fn check(definition: &Definition<'_>, problems: &mut Problems) {
    for scope in &definition.scopes {
        if scope.graph.states.is_empty() {
            problems.add(
                RULE,
                &scope.path.key("States"),
                "`States` is empty; add a state",
            );
        }
    }
    check_labels_are_unique(definition, problems);
    for (_, state, path) in definition.states() {
        match state {
            State::Task(task) => {
                check_resource(&task.resource, &path.key("Resource"), problems);
                check_retry(&task.retry, &path, problems);
                check_catch(
                    task.catch.iter().map(|catcher| &catcher.error_equals),
                    &path,
                    problems,
                );
            }
            State::Choice(choice) if choice.choices.is_empty() => {
                problems.add(RULE, &path.key("Choices"), "`Choices` is empty; add a rule");
            }
            State::Parallel(parallel) => {
                if parallel.branches.is_empty() {
                    problems.add(
                        RULE,
                        &path.key("Branches"),
                        "`Branches` is empty; add a branch",
                    );
                }
                check_retry(&parallel.retry, &path, problems);
                check_catch(
                    parallel.catch.iter().map(|catcher| &catcher.error_equals),
                    &path,
                    problems,
                );
            }
            State::Map(map) => {
                check_map(map, &path, problems);
                check_retry(&map.retry, &path, problems);
                check_catch(
                    map.catch.iter().map(|catcher| &catcher.error_equals),
                    &path,
                    problems,
                );
            }
            State::Choice(_)
            | State::Wait(_)
            | State::Pass(_)
            | State::Succeed(_)
            | State::Fail(_) => {}
        }
    }
}

fn check_resource(resource: &str, path: &Path<'_>, problems: &mut Problems) {
    // A placeholder is filled in when the definition is deployed.
    if !resource.starts_with("arn:") && !resource.contains("${") {
        let message = format_args!(
            "`{}` is not the ARN of a resource; write one, such as `arn:aws:states:::lambda:invoke`",
            Short(resource)
        );
        problems.add(RULE, path, message);
    }
}

fn check_map(map: &Map, path: &Path<'_>, problems: &mut Problems) {
    match &map.items {
        None | Some(Template::Array(_) | Template::Object(_) | Template::Expression(_)) => {}
        Some(Template::Null | Template::Bool(_) | Template::Number(_) | Template::String(_)) => {
            let message = "`Items` must be an array, an object, or an expression that gives one";
            problems.add(RULE, &path.key("Items"), message);
        }
    }
    if let Some(label) = &map.label {
        check_label(label, &path.key("Label"), problems);
    }
}

fn check_label(label: &str, path: &Path<'_>, problems: &mut Problems) {
    if label.chars().count() > LABEL {
        let message = format_args!(
            "the label is longer than {LABEL} characters; Step Functions allows no more"
        );
        problems.add(RULE, path, message);
    }
    let forbidden =
        |c: char| c.is_whitespace() || c.is_control() || "<>{}[]?*\"#%\\^|~`$&,;:".contains(c);
    if label.is_empty() || label.contains(forbidden) {
        let message = format_args!(
            "the label `{}` cannot be part of an ARN; write letters, digits, `-` and `_`",
            Short(label)
        );
        problems.add(RULE, path, message);
    }
}

/// A label is part of the names of the Map's children, so it belongs to one Map.
fn check_labels_are_unique(definition: &Definition<'_>, problems: &mut Problems) {
    let mut labels = HashSet::new();
    for (_, state, path) in definition.states() {
        if let State::Map(map) = state
            && let Some(label) = &map.label
            && !labels.insert(label)
        {
            let message = format_args!(
                "another Map has the label `{}` already; write a label of its own",
                Short(label)
            );
            problems.add(RULE, &path.key("Label"), message);
        }
    }
}

fn check_retry(retry: &[Retrier], path: &Path<'_>, problems: &mut Problems) {
    for (i, retrier) in retry.iter().enumerate() {
        check_error_equals(&retrier.error_equals, &path.key("Retry").index(i), problems);
    }
}

fn check_catch<'m>(
    catch: impl Iterator<Item = &'m Vec<String>>, path: &Path<'_>, problems: &mut Problems,
) {
    for (i, error_equals) in catch.enumerate() {
        check_error_equals(error_equals, &path.key("Catch").index(i), problems);
    }
}

fn check_error_equals(error_equals: &[String], path: &Path<'_>, problems: &mut Problems) {
    if error_equals.is_empty() {
        let message =
            "`ErrorEquals` is empty, so nothing matches; add an error name, or `States.ALL`";
        problems.add(RULE, &path.key("ErrorEquals"), message);
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::validate::testing::{check, check_task};

    #[test]
    fn nothing_that_must_hold_something_is_empty() {
        check(
            "a",
            "",
            expect!["$.States: `States` is empty; add a state [structure]"],
        );
        check(
            "a",
            r#""a": {"Type": "Choice", "Choices": [], "Default": "b"}, "b": {"Type": "Fail"}"#,
            expect!["$.States.a.Choices: `Choices` is empty; add a rule [structure]"],
        );
        check(
            "a",
            r#""a": {"Type": "Parallel", "Branches": [], "End": true}"#,
            expect!["$.States.a.Branches: `Branches` is empty; add a branch [structure]"],
        );
        check_task(
            r#""Retry": [{"ErrorEquals": []}], "Catch": [{"ErrorEquals": [], "Next": "b"}]"#,
            expect![[r#"
            $.States.a.Retry[0].ErrorEquals: `ErrorEquals` is empty, so nothing matches; add an error name, or `States.ALL` [structure]
            $.States.a.Catch[0].ErrorEquals: `ErrorEquals` is empty, so nothing matches; add an error name, or `States.ALL` [structure]"#]],
        );
    }

    #[test]
    fn resources_are_arns_or_placeholders() {
        for resource in [
            "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
            "${StockFunctionArn}",
        ] {
            let states =
                format!(r#""a": {{"Type": "Task", "Resource": "{resource}", "End": true}}"#);
            check("a", &states, expect!["ok"]);
        }
        check(
            "a",
            r#""a": {"Type": "Task", "Resource": "lambda", "End": true}"#,
            expect![
                "$.States.a.Resource: `lambda` is not the ARN of a resource; write one, such as `arn:aws:states:::lambda:invoke` [structure]"
            ],
        );
    }

    #[test]
    fn items_are_an_array_or_an_object() {
        let map = |items: &str| {
            format!(
                r#""a": {{"Type": "Map", "Items": {items}, "Label": "{}", "ItemProcessor": {{"StartAt": "b", "States": {{
                "b": {{"Type": "Succeed"}}}}}}, "End": true}}"#,
                "x".repeat(40)
            )
        };
        for items in ["[1]", r#"{"a": 1}"#, r#""{% $states.input %}""#] {
            check("a", &map(items), expect!["ok"]);
        }
        check(
            "a",
            &map("1"),
            expect![
                "$.States.a.Items: `Items` must be an array, an object, or an expression that gives one [structure]"
            ],
        );
        check(
            "a",
            &map("[]").replace("xx", "xxx"),
            expect![
                "$.States.a.Label: the label is longer than 40 characters; Step Functions allows no more [structure]"
            ],
        );
    }

    #[test]
    fn a_label_is_part_of_an_arn_and_of_one_map() {
        let map = |first: &str, second: &str| {
            let map = |label: &str, next: &str| {
                format!(
                    r#"{{"Type": "Map", "Label": "{label}", {next}, "ItemProcessor": {{
                        "ProcessorConfig": {{"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}},
                        "StartAt": "{label}", "States": {{"{label}": {{"Type": "Succeed"}}}}}}}}"#
                )
            };
            let second =
                map(second, r#""End": true"#).replace("\"StartAt\": \"", "\"StartAt\": \"i");
            let second = second.replace("States\": {\"", "States\": {\"i");
            format!(r#""a": {}, "b": {second}"#, map(first, r#""Next": "b""#))
        };
        check("a", &map("lines", "items_2"), expect!["ok"]);
        check(
            "a",
            &map("lines", "lines"),
            expect![
                "$.States.b.Label: another Map has the label `lines` already; write a label of its own [structure]"
            ],
        );
        check(
            "a",
            &map("a b", "x:y"),
            expect![[r#"
            $.States.a.Label: the label `a b` cannot be part of an ARN; write letters, digits, `-` and `_` [structure]
            $.States.b.Label: the label `x:y` cannot be part of an ARN; write letters, digits, `-` and `_` [structure]"#]],
        );
        check(
            "a",
            &map("lines", ""),
            expect![
                "$.States.b.Label: the label `` cannot be part of an ARN; write letters, digits, `-` and `_` [structure]"
            ],
        );
    }
}

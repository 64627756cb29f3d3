//! The rule that a Task which starts another state machine says which one, in a way that Step Functions knows.

use crate::model::{State, Task, Template};
use crate::problems::{Path, Problems, Short};

use super::definition::Definition;

const RULE: &str = "nested";

/// <https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html>
const ACTIONS: &[&str] = &[
    "startExecution",
    "startExecution.sync",
    "startExecution.sync:2",
    "startExecution.waitForTaskToken",
];

/// <https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html>
const ARGUMENTS: &[&str] = &["StateMachineArn", "Name", "Input", "TraceHeader"];

pub(super) fn check(definition: &Definition<'_>, problems: &mut Problems) {
    for (_, state, path) in definition.states() {
        if let State::Task(task) = state
            && let Some((_, action)) = task.resource.split_once(":states:::states:")
        {
            check_action(action, &path.key("Resource"), problems);
            check_arguments(task, &path.key("Arguments"), problems);
        }
    }
}

fn check_action(action: &str, path: &Path<'_>, problems: &mut Problems) {
    if !ACTIONS.contains(&action) {
        let message = format_args!(
            "Step Functions has no action `{}` of its own; write `startExecution.sync:2`",
            Short(action)
        );
        problems.add(RULE, path, message);
    }
}

fn check_arguments(task: &Task, path: &Path<'_>, problems: &mut Problems) {
    let arguments = match &task.arguments {
        // What they hold is known only when they are evaluated.
        None | Some(Template::Expression(_)) => return,
        Some(Template::Object(arguments)) => arguments,
        Some(_) => {
            let message = "`Arguments` of a nested execution must be an object; write `StateMachineArn` and `Input` in it";
            problems.add(RULE, path, message);
            return;
        }
    };
    for (name, _) in arguments {
        if !ARGUMENTS.contains(&name.as_str()) {
            let hint = problems.hint("", name, ARGUMENTS.iter().copied());
            let message = format_args!(
                "a nested execution has no argument `{}`; it has `StateMachineArn`, `Name`, `Input` and `TraceHeader`{hint}",
                Short(name)
            );
            problems.add(RULE, &path.key(name), message);
        }
    }
    match arguments.iter().find(|(name, _)| name == "StateMachineArn") {
        Some((_, Template::Expression(_))) => {}
        Some((_, Template::String(arn))) if arn.starts_with("arn:") || arn.contains("${") => {}
        Some(_) => {
            let message = "`StateMachineArn` is no ARN; write one, a placeholder such as `${OpenAccountStateMachineArn}`, or an expression";
            problems.add(RULE, &path.key("StateMachineArn"), message);
        }
        None => {
            let message = "`StateMachineArn` is missing; write which state machine to start";
            problems.add(RULE, path, message);
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::validate::testing::check;

    fn start(action: &str, arguments: &str) -> String {
        format!(
            r#""a": {{"Type": "Task", "Resource": "arn:aws:states:::states:{action}", "Arguments": {arguments}, "End": true}}"#
        )
    }

    #[test]
    fn a_nested_execution_names_its_state_machine() {
        let all = r#"{"StateMachineArn": "${OpenAccountStateMachineArn}", "Name": "{% $states.context.Execution.Name %}",
                      "Input": {"n": 1}, "TraceHeader": "t"}"#;
        for action in [
            "startExecution",
            "startExecution.sync",
            "startExecution.sync:2",
        ] {
            check("a", &start(action, all), expect!["ok"]);
        }
        for arguments in [
            r#"{"StateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:x"}"#,
            r#"{"StateMachineArn": "{% $states.input.arn %}"}"#,
            r#""{% $states.input %}""#,
        ] {
            check(
                "a",
                &start("startExecution.sync:2", arguments),
                expect!["ok"],
            );
        }
    }

    #[test]
    fn mistakes_are_named() {
        let arguments = r#"{"StateMachineArn": "${AStateMachineArn}"}"#;
        check(
            "a",
            &start("startExecution.sync2", arguments),
            expect![
                "$.States.a.Resource: Step Functions has no action `startExecution.sync2` of its own; write `startExecution.sync:2` [nested]"
            ],
        );
        let wrong = |arguments: &str| start("startExecution.sync:2", arguments);
        check(
            "a",
            &wrong(r#"{"Input": {}}"#),
            expect![
                "$.States.a.Arguments: `StateMachineArn` is missing; write which state machine to start [nested]"
            ],
        );
        check(
            "a",
            &wrong(r#"{"StateMachineArn": "open_account"}"#),
            expect![
                "$.States.a.Arguments.StateMachineArn: `StateMachineArn` is no ARN; write one, a placeholder such as `${OpenAccountStateMachineArn}`, or an expression [nested]"
            ],
        );
        check(
            "a",
            &wrong(r#"{"StateMachineARN": "${AStateMachineArn}"}"#),
            expect![[r#"
                $.States.a.Arguments.StateMachineARN: a nested execution has no argument `StateMachineARN`; it has `StateMachineArn`, `Name`, `Input` and `TraceHeader`; did you mean `StateMachineArn`? [nested]
                $.States.a.Arguments: `StateMachineArn` is missing; write which state machine to start [nested]"#]],
        );
        check(
            "a",
            &wrong("[1]"),
            expect![
                "$.States.a.Arguments: `Arguments` of a nested execution must be an object; write `StateMachineArn` and `Input` in it [nested]"
            ],
        );
    }
}

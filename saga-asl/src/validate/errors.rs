//! The rule for error names: those of Amazon's that exist, and `States.ALL` alone and last.

use crate::model::{State, Text};
use crate::problems::{Path, Problems, Short};

use super::definition::Definition;

const RULE: &str = "errors";

/// Names that begin so are Amazon's: <https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html>.
const RESERVED: &str = "States.";

const ALL: &str = "States.ALL";

const KNOWN: &[&str] = &[
    ALL,
    "States.BranchFailed",
    "States.DataLimitExceeded",
    "States.ExceedToleratedFailureThreshold",
    "States.HeartbeatTimeout",
    "States.Http.Socket",
    "States.IntrinsicFailure",
    "States.ItemReaderFailed",
    "States.NoChoiceMatched",
    "States.ParameterPathFailure",
    "States.Permissions",
    "States.QueryEvaluationError",
    "States.ResultPathMatchFailure",
    "States.ResultWriterFailed",
    "States.Runtime",
    "States.TaskFailed",
    "States.Timeout",
];

pub(super) fn check(definition: &Definition<'_>, problems: &mut Problems) {
    for (_, state, path) in definition.states() {
        let (retry, catch) = match state {
            State::Task(task) => (&task.retry, &task.catch),
            State::Parallel(parallel) => (&parallel.retry, &parallel.catch),
            State::Map(map) => (&map.retry, &map.catch),
            State::Fail(fail) => {
                if let Some(Text::Literal(name)) = &fail.error {
                    check_name(name, &path.key("Error"), problems);
                }
                continue;
            }
            State::Choice(_) | State::Pass(_) | State::Wait(_) | State::Succeed(_) => continue,
        };
        let retry: Vec<&[String]> = retry
            .iter()
            .map(|retrier| retrier.error_equals.as_slice())
            .collect();
        check_list(&retry, &path.key("Retry"), problems);
        let catch: Vec<&[String]> = catch
            .iter()
            .map(|catcher| catcher.error_equals.as_slice())
            .collect();
        check_list(&catch, &path.key("Catch"), problems);
    }
}

fn check_list(list: &[&[String]], path: &Path<'_>, problems: &mut Problems) {
    for (i, names) in list.iter().enumerate() {
        let path = path.index(i).key("ErrorEquals");
        for (j, name) in names.iter().enumerate() {
            check_name(name, &path.index(j), problems);
        }
        if !names.iter().any(|name| name == ALL) {
            continue;
        }
        if names.len() > 1 {
            problems.add(
                RULE,
                &path,
                "`States.ALL` must stand alone; remove the other names, or give it its own entry",
            );
        }
        if i + 1 < list.len() {
            problems.add(
                RULE,
                &path,
                "`States.ALL` must come last, since the first match wins; move this entry down",
            );
        }
    }
}

fn check_name(name: &str, path: &Path<'_>, problems: &mut Problems) {
    if name.is_empty() {
        problems.add(RULE, path, "an error needs a name; write one");
    } else if name.starts_with(RESERVED) && !KNOWN.contains(&name) {
        let hint = problems.hint("", name, KNOWN.iter().copied());
        let message = format_args!(
            "`{}` is not an error of Step Functions, and only those begin with `States.`{hint}",
            Short(name)
        );
        problems.add(RULE, path, message);
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::validate::testing::{check, check_task};

    #[test]
    fn states_all_stands_alone_and_last() {
        let lists = |first: &str, second: &str| {
            format!(
                r#""Retry": [{{"ErrorEquals": [{first}]}}, {{"ErrorEquals": [{second}]}}],
                "Catch": [{{"ErrorEquals": [{first}], "Next": "b"}}, {{"ErrorEquals": [{second}], "Next": "b"}}]"#
            )
        };
        check_task(&lists(r#""A""#, r#""States.ALL""#), expect!["ok"]);
        check_task(
            &lists(r#""States.ALL""#, r#""A""#),
            expect![[r#"
            $.States.a.Retry[0].ErrorEquals: `States.ALL` must come last, since the first match wins; move this entry down [errors]
            $.States.a.Catch[0].ErrorEquals: `States.ALL` must come last, since the first match wins; move this entry down [errors]"#]],
        );
        check_task(
            &lists(r#""A""#, r#""B", "States.ALL""#),
            expect![[r#"
            $.States.a.Retry[1].ErrorEquals: `States.ALL` must stand alone; remove the other names, or give it its own entry [errors]
            $.States.a.Catch[1].ErrorEquals: `States.ALL` must stand alone; remove the other names, or give it its own entry [errors]"#]],
        );
    }

    #[test]
    fn reserved_names_are_amazon_s() {
        check_task(
            r#""Retry": [{"ErrorEquals": ["States.Timeout", "StatesX", "Saga.Busy"]}]"#,
            expect!["ok"],
        );
        check_task(
            r#""Retry": [{"ErrorEquals": ["States.Timout", "States.", ""]}]"#,
            expect![[r#"
            $.States.a.Retry[0].ErrorEquals[0]: `States.Timout` is not an error of Step Functions, and only those begin with `States.`; did you mean `States.Timeout`? [errors]
            $.States.a.Retry[0].ErrorEquals[1]: `States.` is not an error of Step Functions, and only those begin with `States.`; did you mean `States.ALL`? [errors]
            $.States.a.Retry[0].ErrorEquals[2]: an error needs a name; write one [errors]"#]],
        );
        check(
            "a",
            r#""a": {"Type": "Fail", "Error": "States.Mine"}"#,
            expect![
                "$.States.a.Error: `States.Mine` is not an error of Step Functions, and only those begin with `States.` [errors]"
            ],
        );
    }
}

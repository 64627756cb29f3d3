//! The rule that expressions read only what `$states` holds where they stand.

use crate::problems::{Problems, Short};

use super::definition::Definition;
use super::sites::Place;

const RULE: &str = "states-variable";

/// <https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html>, "Reserved variable"
const MEMBERS: &[&str] = &["input", "context", "result", "errorOutput"];

pub(super) fn check(definition: &Definition<'_>, problems: &mut Problems) {
    for site in &definition.sites {
        let Ok(facts) = definition.facts(site) else {
            continue;
        };
        for member in &facts.members {
            match (member.as_str(), site.place) {
                ("input" | "context", _)
                | ("result", Place::Result)
                | ("errorOutput", Place::Catch) => {}
                ("result", Place::Catch) => {
                    let message =
                        "there is no `$states.result` in a catcher; read `$states.errorOutput`";
                    problems.add(RULE, &site.path, message);
                }
                ("result", Place::Anywhere) => {
                    let message = "`$states.result` exists only in `Assign` and `Output` of a Task, Parallel or Map";
                    problems.add(RULE, &site.path, message);
                }
                ("errorOutput", Place::Anywhere | Place::Result) => {
                    let message =
                        "`$states.errorOutput` exists only in `Assign` and `Output` of a catcher";
                    problems.add(RULE, &site.path, message);
                }
                (other, _) => {
                    let hint = problems.hint("", other, MEMBERS.iter().copied());
                    let message = format_args!(
                        "`$states` has no `{}`; it has `input`, `context`, `result` and `errorOutput`{hint}",
                        Short(other)
                    );
                    problems.add(RULE, &site.path, message);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::validate::testing::{check_output, check_task};

    #[test]
    fn each_member_has_its_place() {
        let good = r#""Assign": {"x": "{% $states.result.a %}"}, "Output": "{% $states.result %}", "Catch": [{
            "ErrorEquals": ["States.ALL"], "Assign": {"f": "{% $states.errorOutput.Cause %}"}, "Next": "b"}]"#;
        check_task(good, expect!["ok"]);
        let bad = r#""Arguments": "{% $states.result %}", "Output": "{% $states.errorOutput %}", "Catch": [{
            "ErrorEquals": ["States.ALL"], "Output": "{% $states.result %}", "Next": "b"}]"#;
        check_task(
            bad,
            expect![[r#"
            $.States.a.Arguments: `$states.result` exists only in `Assign` and `Output` of a Task, Parallel or Map [states-variable]
            $.States.a.Catch[0].Output: there is no `$states.result` in a catcher; read `$states.errorOutput` [states-variable]
            $.States.a.Output: `$states.errorOutput` exists only in `Assign` and `Output` of a catcher [states-variable]"#]],
        );
        check_output(
            "{% $states.result.a %}",
            expect![
                "$.States.a.Output: `$states.result` exists only in `Assign` and `Output` of a Task, Parallel or Map [states-variable]"
            ],
        );
        check_output(
            "{% $states.context.Execution.Id & $states.imput.a %}",
            expect![
                "$.States.a.Output: `$states` has no `imput`; it has `input`, `context`, `result` and `errorOutput`; did you mean `input`? [states-variable]"
            ],
        );
        check_output("{% $states %}", expect!["ok"]);
    }
}

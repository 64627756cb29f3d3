//! The rule that `StartAt` and every transition name a state of the same graph.

use std::collections::HashMap;

use crate::problems::{Path, Problems, Short};

use super::definition::{Definition, Scope, transitions};

const RULE: &str = "targets";

pub(super) fn check(definition: &Definition<'_>, problems: &mut Problems) {
    let mut everywhere: HashMap<&str, &Scope<'_>> = HashMap::new();
    for scope in &definition.scopes {
        for name in scope.index.keys() {
            everywhere.entry(name).or_insert(scope);
        }
    }
    for scope in &definition.scopes {
        if !scope.graph.states.is_empty() {
            check_target(
                scope,
                &scope.graph.start_at,
                &scope.path.key("StartAt"),
                &everywhere,
                problems,
            );
        }
        for (i, (_, state)) in scope.graph.states.iter().enumerate() {
            for transition in transitions(state, &scope.state_path(i)) {
                check_target(
                    scope,
                    transition.target,
                    &transition.path,
                    &everywhere,
                    problems,
                );
            }
        }
    }
}

fn check_target(
    scope: &Scope<'_>, target: &str, path: &Path<'_>, everywhere: &HashMap<&str, &Scope<'_>>,
    problems: &mut Problems,
) {
    if scope.index.contains_key(target) {
        return;
    }
    let name = Short(target);
    if let Some(other) = everywhere.get(target) {
        let message = format_args!(
            "`{name}` is a state of `{}`, and a transition stays among the states beside it; end here, or copy the \
             state",
            other.path.key("States")
        );
        problems.add(RULE, path, message);
        return;
    }
    let hint = problems.hint(
        "",
        target,
        scope.graph.states.iter().map(|(name, _)| name.as_str()),
    );
    let advice = if hint.is_empty() {
        "; add it, or name another"
    } else {
        hint.as_str()
    };
    problems.add(
        RULE,
        path,
        format_args!("there is no state `{name}`{advice}"),
    );
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::validate::testing::check;

    #[test]
    fn every_target_exists() {
        let states = r#"
            "a": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Next": "charge",
                  "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "nowhere"}]},
            "c": {"Type": "Choice", "Choices": [{"Condition": true, "Next": "x"}], "Default": "y"},
            "chrage": {"Type": "Pass", "Next": "c"}"#;
        check(
            "a",
            states,
            expect![[r#"
            $.States.a.Catch[0].Next: there is no state `nowhere`; add it, or name another [targets]
            $.States.a.Next: there is no state `charge`; did you mean `chrage`? [targets]
            $.States.c.Choices[0].Next: there is no state `x`; add it, or name another [targets]
            $.States.c.Default: there is no state `y`; add it, or name another [targets]"#]],
        );
        check(
            "b",
            r#""a": {"Type": "Succeed"}"#,
            expect!["$.StartAt: there is no state `b`; add it, or name another [targets]"],
        );
    }

    #[test]
    fn a_transition_stays_in_its_graph() {
        let states = r#"
            "a": {"Type": "Parallel", "Branches": [{"StartAt": "b", "States": {"b": {"Type": "Pass", "Next": "c"}}}],
                  "Next": "c"},
            "c": {"Type": "Succeed"}"#;
        check(
            "a",
            states,
            expect![
                "$.States.a.Branches[0].States.b.Next: `c` is a state of `$.States`, and a transition stays among the states beside it; end here, or copy the state [targets]"
            ],
        );
        check(
            "a",
            &states.replace(r#""Pass", "Next": "c""#, r#""Pass", "End": true"#),
            expect!["ok"],
        );
    }
}

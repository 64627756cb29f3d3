//! The rule that every state can be reached, and that an end can.

use crate::problems::{Problems, Short};

use super::definition::{Definition, Scope, is_terminal, transitions};

const RULE: &str = "reachability";

pub(super) fn check(definition: &Definition<'_>, problems: &mut Problems) {
    for scope in &definition.scopes {
        let Some(reached) = reach(scope) else {
            continue;
        };
        for (i, (name, _)) in scope.graph.states.iter().enumerate() {
            if !reached[i] {
                let message = format_args!(
                    "no transition leads to state `{}`; remove it, or name it in a `Next`",
                    Short(name)
                );
                problems.add(RULE, &scope.state_path(i), message);
            }
        }
        let ends = scope
            .graph
            .states
            .iter()
            .enumerate()
            .any(|(i, (_, state))| reached[i] && is_terminal(state));
        if !ends {
            let message =
                "no way from `StartAt` comes to an end; add `\"End\": true`, a Succeed or a Fail";
            problems.add(RULE, &scope.path.key("States"), message);
        }
    }
}

/// Which states can be reached; nothing when a target is missing, which `targets` reports and much follows from.
fn reach(scope: &Scope<'_>) -> Option<Vec<bool>> {
    let transitions: Vec<_> = scope
        .graph
        .states
        .iter()
        .map(|(_, state)| transitions(state, &scope.path))
        .collect();
    if transitions
        .iter()
        .flatten()
        .any(|transition| !scope.index.contains_key(transition.target))
    {
        return None;
    }
    let start = *scope.index.get(scope.graph.start_at.as_str())?;
    let mut reached = vec![false; scope.graph.states.len()];
    reached[start] = true;
    let mut open = vec![start];
    while let Some(i) = open.pop() {
        for transition in &transitions[i] {
            if let Some(&target) = scope.index.get(transition.target)
                && !reached[target]
            {
                reached[target] = true;
                open.push(target);
            }
        }
    }
    Some(reached)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::validate::testing::check;

    #[test]
    fn every_state_is_reached_by_some_transition() {
        let states = r#"
            "a": {"Type": "Choice", "Choices": [{"Condition": true, "Next": "b"}], "Default": "c"},
            "b": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": true,
                  "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "d"}]},
            "c": {"Type": "Pass", "Next": "a"},
            "d": {"Type": "Fail"}"#;
        check("a", states, expect!["ok"]);
        check(
            "a",
            &states.replace(r#""Next": "b""#, r#""Next": "c""#),
            expect![[r#"
            $.States.b: no transition leads to state `b`; remove it, or name it in a `Next` [reachability]
            $.States.d: no transition leads to state `d`; remove it, or name it in a `Next` [reachability]
            $.States: no way from `StartAt` comes to an end; add `"End": true`, a Succeed or a Fail [reachability]"#]],
        );
    }

    #[test]
    fn some_way_ends() {
        check(
            "a",
            r#""a": {"Type": "Pass", "Next": "b"}, "b": {"Type": "Pass", "Next": "a"}"#,
            expect![[
                r#"$.States: no way from `StartAt` comes to an end; add `"End": true`, a Succeed or a Fail [reachability]"#
            ]],
        );
        let inner = r#""a": {"Type": "Map", "End": true, "ItemProcessor": {"StartAt": "b", "States": {
            "b": {"Type": "Pass", "Next": "b"}}}}"#;
        check(
            "a",
            inner,
            expect![[
                r#"$.States.a.ItemProcessor.States: no way from `StartAt` comes to an end; add `"End": true`, a Succeed or a Fail [reachability]"#
            ]],
        );
    }
}

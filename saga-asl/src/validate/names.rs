//! The rule that state names are short, and unique in the whole state machine.

use std::collections::HashMap;

use crate::problems::{Path, Problems, Short};

use super::definition::Definition;

const RULE: &str = "names";

/// <https://docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html>
const CHARACTERS: usize = 80;

pub(super) fn check(definition: &Definition<'_>, problems: &mut Problems) {
    let mut first: HashMap<&str, Path<'_>> = HashMap::new();
    for (name, _, path) in definition.states() {
        let characters = name.chars().count();
        if characters == 0 {
            problems.add(
                RULE,
                &path,
                "a state needs a name; write one of 1 to 80 characters",
            );
        } else if characters > CHARACTERS {
            let message = format_args!(
                "the name of state `{}` has {characters} characters; Step Functions allows {CHARACTERS}",
                Short(name)
            );
            problems.add(RULE, &path, message);
        }
        if let Some(other) = first.get(name) {
            let message = format_args!(
                "`{other}` has the same name; state names must be unique in the whole state machine, so rename one"
            );
            problems.add(RULE, &path, message);
        } else {
            first.insert(name, path);
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::validate::testing::check;

    #[test]
    fn names_have_1_to_80_characters() {
        let state = |name: &str| format!(r#""{name}": {{"Type": "Succeed"}}"#);
        let longest = "ä".repeat(80);
        check(&longest, &state(&longest), expect!["ok"]);
        let longer = "x".repeat(81);
        check(
            &longer,
            &state(&longer),
            expect![
                "$.States.xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…: the name of state `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…` has 81 characters; Step Functions allows 80 [names]"
            ],
        );
        check(
            "",
            &state(""),
            expect!["$.States['']: a state needs a name; write one of 1 to 80 characters [names]"],
        );
    }

    #[test]
    fn names_are_unique_across_branches() {
        let states = r#"
            "a": {"Type": "Parallel", "End": true, "Branches": [
                {"StartAt": "b", "States": {"b": {"Type": "Succeed"}}},
                {"StartAt": "c", "States": {"c": {"Type": "Succeed"}}}]}"#;
        check("a", states, expect!["ok"]);
        check(
            "a",
            &states.replace("\"c\"", "\"b\""),
            expect![
                "$.States.a.Branches[1].States.b: `$.States.a.Branches[0].States.b` has the same name; state names must be unique in the whole state machine, so rename one [names]"
            ],
        );
    }
}

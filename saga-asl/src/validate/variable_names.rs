//! The rule for the names of variables: Unicode identifiers of at most 80 characters, one of which is taken.

use crate::problems::{Problems, Short};

use super::definition::{Definition, assigns};

const RULE: &str = "variable-names";

/// <https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html>, "Variable name syntax"
const CHARACTERS: usize = 80;

pub(super) fn check(definition: &Definition<'_>, problems: &mut Problems) {
    for (_, state, path) in definition.states() {
        for (assign, path) in assigns(state, &path) {
            for (name, _) in assign {
                if let Some(message) = judge(name) {
                    problems.add(RULE, &path.key(name), message);
                }
            }
        }
    }
}

fn judge(name: &str) -> Option<String> {
    let short = Short(name);
    let mut chars = name.chars();
    if name == "states" {
        return Some(
            "`states` is the name of Step Functions' own variable; call this one something else"
                .to_owned(),
        );
    }
    if let Some(rest) = name.strip_prefix('$') {
        return Some(format!(
            "`{short}` is assigned without the `$`; write `{}`",
            Short(rest)
        ));
    }
    if name.chars().count() > CHARACTERS {
        return Some(format!(
            "the variable's name is longer than {CHARACTERS} characters; Step Functions allows no more"
        ));
    }
    // Rust's alphabetic and alphanumeric come as close to ID_Start and ID_Continue as `std` does.
    let starts = chars.next().is_some_and(char::is_alphabetic);
    if starts && chars.all(|c| c.is_alphanumeric() || c == '_') {
        return None;
    }
    Some(format!(
        "`{short}` cannot be the name of a variable; write a letter, then letters, digits and `_`"
    ))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::validate::testing::check;

    #[test]
    fn variables_are_identifiers() {
        let pass = |name: &str| {
            format!(r#""a": {{"Type": "Pass", "Assign": {{"{name}": 1}}, "End": true}}"#)
        };
        for good in ["hold_2", "größe", &"x".repeat(80)] {
            check("a", &pass(good), expect!["ok"]);
        }
        check(
            "a",
            &pass("states"),
            expect![
                "$.States.a.Assign.states: `states` is the name of Step Functions' own variable; call this one something else [variable-names]"
            ],
        );
        check(
            "a",
            &pass("$x"),
            expect![
                "$.States.a.Assign['$x']: `$x` is assigned without the `$`; write `x` [variable-names]"
            ],
        );
        check(
            "a",
            &pass("x.y"),
            expect![
                "$.States.a.Assign['x.y']: `x.y` cannot be the name of a variable; write a letter, then letters, digits and `_` [variable-names]"
            ],
        );
        check(
            "a",
            &pass("2x"),
            expect![
                "$.States.a.Assign.2x: `2x` cannot be the name of a variable; write a letter, then letters, digits and `_` [variable-names]"
            ],
        );
        check(
            "a",
            &pass(""),
            expect![
                "$.States.a.Assign['']: `` cannot be the name of a variable; write a letter, then letters, digits and `_` [variable-names]"
            ],
        );
        check(
            "a",
            &pass(&"x".repeat(81)),
            expect![
                "$.States.a.Assign.xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…: the variable's name is longer than 80 characters; Step Functions allows no more [variable-names]"
            ],
        );
    }
}

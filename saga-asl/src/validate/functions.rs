//! The rule that expressions call functions that Step Functions has.

use crate::problems::{Problems, Short};

use super::definition::Definition;
use super::expression::known_functions;

const RULE: &str = "functions";

pub(super) fn check(definition: &Definition<'_>, problems: &mut Problems) {
    for site in &definition.sites {
        let Ok(facts) = definition.facts(site) else {
            continue;
        };
        for name in &facts.functions {
            if name == "eval" {
                let message =
                    "Step Functions has no `$eval`; write `$parse(…)` to read JSON from a string";
                problems.add(RULE, &site.path, message);
            } else {
                let hint = problems.hint("$", name, known_functions());
                problems.add(
                    RULE,
                    &site.path,
                    format_args!("there is no function `${}`{hint}", Short(name)),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::validate::testing::check_output;

    #[test]
    fn functions_exist() {
        check_output(
            "{% $partition($range(1, 9, 1), 2) & $hash($uuid(), 'MD5') & $random(1) & $parse('1') %}",
            expect!["ok"],
        );
        check_output(
            "{% ($twice := function($n) { $n * 2 }; $map([1, 2], $twice)) %}",
            expect!["ok"],
        );
        check_output(
            "{% $eval('1') %}",
            expect![
                "$.States.a.Output: Step Functions has no `$eval`; write `$parse(…)` to read JSON from a string [functions]"
            ],
        );
        check_output(
            "{% $uppercse('a') %}",
            expect![
                "$.States.a.Output: there is no function `$uppercse`; did you mean `$uppercase`? [functions]"
            ],
        );
    }
}

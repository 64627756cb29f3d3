//! The rule that every expression parses, as the version of JSONata that Step Functions runs.

use crate::problems::{Problems, Short};

use super::definition::Definition;

const RULE: &str = "jsonata";

pub(super) fn check(definition: &Definition<'_>, problems: &mut Problems) {
    for site in &definition.sites {
        match definition.facts(site) {
            Err(message) => {
                problems.add(
                    RULE,
                    &site.path,
                    format_args!("this is not JSONata: {}", Short(message)),
                );
            }
            Ok(facts) => {
                for operator in &facts.operators {
                    let message = format_args!(
                        "`{operator}` is newer than the JSONata 2.0.6 of Step Functions; write `$exists(a) ? a : b`"
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

    use crate::validate::testing::check_output;

    #[test]
    fn expressions_parse() {
        check_output("{% 1 + 2 %}", expect!["ok"]);
        check_output("{%1%}", expect!["ok"]);
        check_output(
            "{% 10 + * 2 %}",
            expect![
                "$.States.a.Output: this is not JSONata: Invalid syntax: S0201: Syntax error: Number(2.0) [jsonata]"
            ],
        );
        check_output(
            "{%  %}",
            expect![
                "$.States.a.Output: this is not JSONata: S0207: Unexpected end of expression [jsonata]"
            ],
        );
        check_output(
            "{% $sum($states.input.items.numbers %}",
            expect![
                "$.States.a.Output: this is not JSONata: S0203: Expected RightParen before end of expression [jsonata]"
            ],
        );
    }

    #[test]
    fn operators_after_2_0_6_are_refused() {
        check_output(
            "{% $states.input.a ?? 1 %}",
            expect![
                "$.States.a.Output: `??` is newer than the JSONata 2.0.6 of Step Functions; write `$exists(a) ? a : b` [jsonata]"
            ],
        );
        check_output(
            "{% $states.input.a ?: 1 %}",
            expect![
                "$.States.a.Output: `?:` is newer than the JSONata 2.0.6 of Step Functions; write `$exists(a) ? a : b` [jsonata]"
            ],
        );
    }

    #[test]
    fn half_a_pair_of_marks_is_refused() {
        check_output(" {% $states.input %} ", expect!["ok"]);
        check_output(
            "{% 10 %",
            expect![
                "$.States.a.Output: an expression that starts with `{%` must end with `%}`, the string's last characters [jsonata]"
            ],
        );
        check_output(
            "10 %}",
            expect![
                "$.States.a.Output: an expression that ends with `%}` must start with `{%`, the string's first characters [jsonata]"
            ],
        );
        check_output(
            "{%}",
            expect![
                "$.States.a.Output: an expression that starts with `{%` must end with `%}`, the string's last characters [jsonata]"
            ],
        );
    }
}

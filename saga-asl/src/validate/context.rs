//! The rule that an expression begins with `$states` or a variable: Step Functions gives it no context item.

use crate::problems::{Problems, Short};

use super::definition::Definition;

const RULE: &str = "context";

pub(super) fn check(definition: &Definition<'_>, problems: &mut Problems) {
    for site in &definition.sites {
        let Ok(facts) = definition.facts(site) else {
            continue;
        };
        for name in &facts.context {
            if name.starts_with('$') {
                let message =
                    format_args!("`{name}` has no value at the top level; write `$states.input`");
                problems.add(RULE, &site.path, message);
            } else {
                let name = Short(name);
                let message = format_args!(
                    "`{name}` has nothing to be looked up in; write `$states.input.{name}`, `${name}` or `'{name}'`"
                );
                problems.add(RULE, &site.path, message);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::validate::testing::check_output;

    #[test]
    fn names_need_something_to_be_looked_up_in() {
        check_output(
            "{% $states.input.lines[price > 1].{'sku': sku, 'line': $} %}",
            expect!["ok"],
        );
        check_output(
            "{% phone %}",
            expect![
                "$.States.a.Output: `phone` has nothing to be looked up in; write `$states.input.phone`, `$phone` or `'phone'` [context]"
            ],
        );
        check_output(
            "{% $.a & $$.b %}",
            expect![[r#"
            $.States.a.Output: `$` has no value at the top level; write `$states.input` [context]
            $.States.a.Output: `$$` has no value at the top level; write `$states.input` [context]"#]],
        );
    }
}

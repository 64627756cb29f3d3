//! The rule that a variable is assigned on every way to its use, and that an inner scope assigns no outer variable.
//!
//! Step Functions accepts a definition that breaks the first half, and fails the execution that takes the wrong way.

mod flow;
mod tags;
mod ways;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::problems::{Path, Problems, Short};

use super::definition::{Definition, Parent, Scope, assigns};

use ways::{Before, Budget, Ways};

const RULE: &str = "variables";

/// <https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html>, "Variable scope"
pub(super) fn check(definition: &Definition<'_>, problems: &mut Problems) {
    let assigned: Vec<HashSet<&str>> = definition.scopes.iter().map(assigned_in).collect();
    check_inner_assigns(definition, &assigned, problems);
    let Uses {
        by_variable,
        mut faults,
    } = resolve_uses(definition, &assigned);
    let mut budget = Budget::default();
    let scopes = definition.scopes.iter();
    let mut ways: Vec<Ways<'_>> = scopes
        .map(|scope| Ways::new(definition, scope, &mut budget))
        .collect();
    for ((scope, name), uses) in by_variable {
        let states = uses.iter().map(|&(_, state)| state).collect();
        let unassigned = ways[scope].unassigned(name, &states, &mut budget);
        for (site, state) in uses {
            if let Some(&before) = unassigned.get(&state) {
                faults.insert((site, name), Fault::Open { scope, before });
            }
        }
    }
    let anywhere: BTreeSet<&str> = assigned.iter().flatten().copied().collect();
    for ((site, name), fault) in faults {
        let message = fault.message(definition, name, &anywhere, problems);
        problems.add(RULE, &definition.sites[site].path, message);
    }
}

fn assigned_in<'m>(scope: &Scope<'m>) -> HashSet<&'m str> {
    let states = scope.graph.states.iter();
    let assigns = states.flat_map(|(_, state)| assigns(state, &Path::default()));
    assigns
        .flat_map(|(assign, _)| assign.iter().map(|(name, _)| name.as_str()))
        .collect()
}

fn check_inner_assigns(
    definition: &Definition<'_>, assigned: &[HashSet<&str>], problems: &mut Problems,
) {
    for scope in &definition.scopes {
        let Some(parent) = scope.parent else { continue };
        for (i, (_, state)) in scope.graph.states.iter().enumerate() {
            for (assign, path) in assigns(state, &scope.state_path(i)) {
                for (name, _) in assign {
                    if outer(definition, parent)
                        .any(|outer| assigned[outer].contains(name.as_str()))
                    {
                        let message = format_args!(
                            "`${name}` is assigned outside as well; Step Functions forbids it, so rename one",
                            name = Short(name)
                        );
                        problems.add(RULE, &path.key(name), message);
                    }
                }
            }
        }
    }
}

/// The scopes around a state, the nearest first.
fn outer<'d>(definition: &'d Definition<'_>, parent: Parent) -> impl Iterator<Item = usize> + 'd {
    std::iter::successors(Some(parent), |parent| {
        definition.scopes[parent.scope].parent
    })
    .map(|parent| parent.scope)
}

/// Uses of variables, by what they refer to. Sites are numbers, so that problems come in the definition's order.
#[derive(Default)]
struct Uses<'d> {
    /// By scope and name: the site, and the state of that scope that it stands in or under.
    by_variable: BTreeMap<(usize, &'d str), Vec<(usize, usize)>>,
    /// Uses that refer to nothing.
    faults: BTreeMap<(usize, &'d str), Fault>,
}

/// What is wrong with one use of a variable.
enum Fault {
    /// No scope assigns it that the use can see.
    Unknown,
    /// A distributed Map stands between the use and the scope that assigns it.
    Distributed,
    /// Some way to the state does not assign it.
    Open { scope: usize, before: Before },
}

impl Fault {
    fn message(
        &self, definition: &Definition<'_>, name: &str, anywhere: &BTreeSet<&str>,
        problems: &Problems,
    ) -> String {
        let short = Short(name);
        match *self {
            Self::Unknown if anywhere.contains(name) => {
                format!(
                    "`${short}` is assigned only inside a Parallel or Map, where it ends; pass it out in `Output`"
                )
            }
            Self::Unknown => {
                let hint = problems.hint("$", name, anywhere.iter().copied().chain(["states"]));
                format!("`${short}` is assigned nowhere{hint}")
            }
            Self::Distributed => format!(
                "`${short}` belongs to the execution around this distributed Map, which its states cannot see; pass it \
                 in `ItemSelector`"
            ),
            Self::Open {
                before: Before::Start,
                ..
            } => {
                format!(
                    "`${short}` is not assigned when the first state is entered; assign it in a state before"
                )
            }
            Self::Open {
                scope,
                before: Before::State(state),
            } => {
                let before = Short(&definition.scopes[scope].graph.states[state].0);
                format!(
                    "`${short}` may be unassigned when this state is entered from `{before}`; assign it on every way"
                )
            }
        }
    }
}

fn resolve_uses<'d>(definition: &'d Definition<'_>, assigned: &[HashSet<&str>]) -> Uses<'d> {
    let mut uses = Uses::default();
    for (number, site) in definition.sites.iter().enumerate() {
        let Ok(facts) = definition.facts(site) else {
            continue;
        };
        for name in &facts.variables {
            match resolve(definition, assigned, site.scope, site.state, name) {
                Ok((scope, state)) => {
                    uses.by_variable
                        .entry((scope, name))
                        .or_default()
                        .push((number, state));
                }
                Err(fault) => _ = uses.faults.insert((number, name), fault),
            }
        }
    }
    uses
}

/// The scope that assigns the variable, and the state of that scope under which the use stands.
fn resolve(
    definition: &Definition<'_>, assigned: &[HashSet<&str>], mut scope: usize, mut state: usize,
    name: &str,
) -> Result<(usize, usize), Fault> {
    let mut distributed = false;
    loop {
        if assigned[scope].contains(name) {
            return if distributed {
                Err(Fault::Distributed)
            } else {
                Ok((scope, state))
            };
        }
        let Some(parent) = definition.scopes[scope].parent else {
            return Err(Fault::Unknown);
        };
        distributed |= parent.distributed;
        (scope, state) = (parent.scope, parent.state);
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::validate::testing::check;

    #[test]
    fn a_variable_is_assigned_before_its_use() {
        let states = r#"
            "a": {"Type": "Pass", "Assign": {"x": 1}, "Next": "b"},
            "b": {"Type": "Succeed", "Output": "{% $x %}"}"#;
        check("a", states, expect!["ok"]);
        check(
            "a",
            &states.replace("{% $x %}", "{% $y %}"),
            expect!["$.States.b.Output: `$y` is assigned nowhere [variables]"],
        );
        check(
            "a",
            r#""a": {"Type": "Pass", "Assign": {"x": "{% $x %}"}, "End": true}"#,
            expect![
                "$.States.a.Assign.x: `$x` is not assigned when the first state is entered; assign it in a state before [variables]"
            ],
        );
        let asked = r#""a": {"Type": "Pass", "Assign": {"x": "{% $exists($x) ? $x + 1 : 0 %}"}, "End": true}"#;
        check("a", asked, expect!["ok"]);
    }

    #[test]
    fn a_catcher_does_not_assign_what_the_state_assigns() {
        let states = r#"
            "a": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Assign": {"x": 1}, "Next": "b",
                  "Catch": [{"ErrorEquals": ["States.ALL"], "Assign": {"failure": 1}, "Next": "c"}]},
            "b": {"Type": "Pass", "Output": "{% $x %}", "Next": "c"},
            "c": {"Type": "Succeed", "Output": "{% $failure %}"}"#;
        check(
            "a",
            states,
            expect![
                "$.States.c.Output: `$failure` may be unassigned when this state is entered from `b`; assign it on every way [variables]"
            ],
        );
        check(
            "a",
            &states.replace("$failure", "$x"),
            expect![
                "$.States.c.Output: `$x` may be unassigned when this state is entered from `a`; assign it on every way [variables]"
            ],
        );
        check(
            "a",
            &states
                .replace(r#""Assign": {"failure": 1}, "#, "")
                .replace("$failure", "1"),
            expect!["ok"],
        );
    }

    #[test]
    fn a_choice_assigns_on_the_way_taken() {
        let states = r#"
            "a": {"Type": "Choice", "Choices": [{"Condition": true, "Assign": {"x": 1}, "Next": "b"}],
                  "Assign": {"x": 2}, "Default": "b"},
            "b": {"Type": "Succeed", "Output": "{% $x %}"}"#;
        check("a", states, expect!["ok"]);
        check(
            "a",
            &states.replace(r#""Assign": {"x": 2},"#, ""),
            expect![
                "$.States.b.Output: `$x` may be unassigned when this state is entered from `a`; assign it on every way [variables]"
            ],
        );
        check(
            "a",
            &states.replace(r#""Assign": {"x": 1},"#, ""),
            expect![
                "$.States.b.Output: `$x` may be unassigned when this state is entered from `a`; assign it on every way [variables]"
            ],
        );
    }

    #[test]
    fn a_loop_assigns_too_late() {
        let states = r#"
            "a": {"Type": "Choice", "Choices": [{"Condition": "{% $done %}", "Next": "c"}], "Default": "b"},
            "b": {"Type": "Pass", "Assign": {"done": true}, "Next": "a"},
            "c": {"Type": "Succeed"}"#;
        check(
            "a",
            states,
            expect![
                "$.States.a.Choices[0].Condition: `$done` is not assigned when the first state is entered; assign it in a state before [variables]"
            ],
        );
        check("b", states, expect!["ok"]);
    }

    #[test]
    fn inner_states_read_outer_variables() {
        let states = r#"
            "a": {"Type": "Pass", "Assign": {"x": 1}, "Next": "m"},
            "m": {"Type": "Map", "ItemProcessor": {"StartAt": "i", "States": {
                  "i": {"Type": "Pass", "Assign": {"y": "{% $x %}"}, "Next": "j"},
                  "j": {"Type": "Succeed", "Output": "{% $x + $y %}"}}}, "End": true}"#;
        check("a", states, expect!["ok"]);
        check(
            "m",
            &states.replace(
                r#""a": {"Type": "Pass", "Assign": {"x": 1}, "Next": "m"},"#,
                "",
            ),
            expect![[r#"
            $.States.m.ItemProcessor.States.i.Assign.y: `$x` is assigned nowhere [variables]
            $.States.m.ItemProcessor.States.j.Output: `$x` is assigned nowhere [variables]"#]],
        );
        let distributed = r#""ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "#;
        check(
            "a",
            &states.replace(r#""ItemProcessor": {"#, distributed),
            expect![[r#"
            $.States.m.ItemProcessor.States.i.Assign.y: `$x` belongs to the execution around this distributed Map, which its states cannot see; pass it in `ItemSelector` [variables]
            $.States.m.ItemProcessor.States.j.Output: `$x` belongs to the execution around this distributed Map, which its states cannot see; pass it in `ItemSelector` [variables]"#]],
        );
    }

    #[test]
    fn inner_variables_end_with_their_scope() {
        let states = r#"
            "p": {"Type": "Parallel", "Branches": [
                  {"StartAt": "i", "States": {"i": {"Type": "Pass", "Assign": {"y": 1}, "End": true}}},
                  {"StartAt": "j", "States": {"j": {"Type": "Pass", "Assign": {"y": 2}, "End": true}}}],
                  "Assign": {"z": 1}, "Next": "b"},
            "b": {"Type": "Succeed", "Output": "{% $z %}"}"#;
        check("p", states, expect!["ok"]);
        check(
            "p",
            &states.replace("$z", "$y"),
            expect![
                "$.States.b.Output: `$y` is assigned only inside a Parallel or Map, where it ends; pass it out in `Output` [variables]"
            ],
        );
        check(
            "p",
            &states.replace("\"z\"", "\"y\"").replace("$z", "$y"),
            expect![[r#"
            $.States.p.Branches[0].States.i.Assign.y: `$y` is assigned outside as well; Step Functions forbids it, so rename one [variables]
            $.States.p.Branches[1].States.j.Assign.y: `$y` is assigned outside as well; Step Functions forbids it, so rename one [variables]"#]],
        );
    }
}

//! Good and bad cases, and a search that tries everything to compare with.

use std::collections::{BTreeSet, HashSet};

use expect_test::{Expect, expect};
use proptest::prelude::*;

use crate::validate::testing::check;

/// `task("t", "account", "u", "undo t")`: a Task that assigns a variable, and goes elsewhere where it fails.
fn task(name: &str, variable: &str, next: &str, undo: &str) -> String {
    format!(
        r#""{name}": {{"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Assign": {{"{variable}": "{{% $states.result %}}"}},
        "Next": "{next}", "Catch": [{{"ErrorEquals": ["States.ALL"], "Next": "{undo}"}}]}},"#
    )
}

/// A Choice that keeps which arm it takes.
fn branch(name: &str, variable: &str, yes: &str, no: &str) -> String {
    format!(
        r#""{name}": {{"Type": "Choice", "Choices": [{{"Condition": "{{% $states.input %}}", "Assign": {{"{variable}": 0}},
        "Next": "{yes}"}}], "Assign": {{"{variable}": 1}}, "Default": "{no}"}},"#
    )
}

/// `ask("undo c", "$branch = 0", "undo t", "failed")`
fn ask(name: &str, condition: &str, yes: &str, no: &str) -> String {
    format!(
        r#""{name}": {{"Type": "Choice", "Choices": [{{"Condition": "{{% {condition} %}}", "Next": "{yes}"}}],
        "Default": "{no}"}},"#
    )
}

/// A compensation that uses a variable.
fn undo(name: &str, variable: &str, next: &str) -> String {
    format!(
        r#""{name}": {{"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Arguments": "{{% ${variable} %}}",
        "Next": "{next}"}},"#
    )
}

/// A compensation that uses a variable, and is parked where it fails.
fn parked(name: &str, variable: &str, next: &str) -> String {
    format!(
        r#""{name}": {{"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Arguments": "{{% ${variable} %}}",
        "Next": "{next}", "Catch": [{{"ErrorEquals": ["States.ALL"], "Assign": {{"stuck": "{name}"}}, "Next": "park"}}]}},"#
    )
}

/// Where the parked ones wait, and go on.
fn park(compensations: &[&str]) -> String {
    let rules: Vec<String> = compensations
        .iter()
        .map(|name| format!(r#"{{"Condition": "{{% $stuck = '{name}' %}}", "Next": "{name}"}}"#))
        .collect();
    undo("park", "stuck", "resume")
        + &format!(
            r#""resume": {{"Type": "Choice", "Choices": [{}], "Default": "park"}},"#,
            rules.join(",")
        )
}

const FAILED: &str = r#""failed": {"Type": "Fail"}"#;

fn check_all(start_at: &str, states: &[String], expected: Expect) {
    check(start_at, &(states.concat() + FAILED), expected);
}

/// Arm 0 has `t`; `u` is after both arms.
fn branched() -> String {
    [
        branch("c", "branch", "t", "u"),
        task("t", "account", "u", "failed"),
        task("u", "receipt", "failed", "undo c"),
        ask("undo c", "$branch = 0", "undo t", "failed"),
        undo("undo t", "account", "failed"),
    ]
    .concat()
}

#[test]
fn an_arm_s_compensation_uses_what_the_arm_assigns() {
    check_all("c", &[branched()], expect!["ok"]);
    // The default's chain, and a comparison in other quotes.
    let texts = branched()
        .replace(r#""branch": 0"#, r#""branch": "yes""#)
        .replace("$branch = 0", r#"$branch=\"yes\""#);
    check_all("c", &[texts], expect!["ok"]);
    let swapped = branched().replace(
        &ask("undo c", "$branch = 0", "undo t", "failed"),
        &ask("undo c", "$branch = 1", "failed", "undo t"),
    );
    check_all("c", &[swapped], expect!["ok"]);
}

#[test]
fn another_arm_s_compensation_does_not() {
    let other = branched().replace("$branch = 0", "$branch = 1");
    check_all(
        "c",
        &[other],
        expect![
            "$.States['undo t'].Arguments: `$account` may be unassigned when this state is entered from `undo c`; assign it on every way [variables]"
        ],
    );
    // It fails, and so does not assign.
    let early = branched().replacen(r#""Next": "failed""#, r#""Next": "undo c""#, 1);
    check_all(
        "c",
        &[early],
        expect![
            "$.States['undo t'].Arguments: `$account` may be unassigned when this state is entered from `undo c`; assign it on every way [variables]"
        ],
    );
}

#[test]
fn a_task_records_whether_it_was_rejected() {
    let states = [
        r#""t": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Assign": {"branch": 0, "account": "{% $states.result %}"},
        "Next": "u", "Catch": [{"ErrorEquals": ["Rejected"], "Assign": {"branch": 1}, "Next": "u"},
                               {"ErrorEquals": ["States.ALL"], "Next": "failed"}]},"#
            .to_owned(),
        task("u", "receipt", "failed", "undo t if ok"),
        ask("undo t if ok", "$branch = 0", "undo t", "failed"),
        undo("undo t", "account", "failed"),
    ]
    .concat();
    check_all("t", std::slice::from_ref(&states), expect!["ok"]);
    check_all(
        "t",
        &[states.replace(r#"{"branch": 1}"#, r#"{"branch": 0}"#)],
        expect![
            "$.States['undo t'].Arguments: `$account` may be unassigned when this state is entered from `undo t if ok`; assign it on every way [variables]"
        ],
    );
    // No arm was recorded.
    check_all(
        "t",
        &[states.replace(
            r#""States.ALL"], "Next": "failed""#,
            r#""States.ALL"], "Next": "undo t if ok""#,
        )],
        expect![
            "$.States['undo t if ok'].Choices[0].Condition: `$branch` may be unassigned when this state is entered from `t`; assign it on every way [variables]"
        ],
    );
}

/// Arm 0 of `c` has `s`, and `d`, whose arm 0 has `t`.
fn nested() -> String {
    [
        branch("c", "branch", "s", "u"),
        task("s", "seat", "d", "failed"),
        branch("d", "branch_2", "t", "u"),
        task("t", "account", "u", "undo s"),
        task("u", "receipt", "failed", "undo c"),
        ask("undo c", "$branch = 0", "undo d", "failed"),
        ask("undo d", "$branch_2 = 0", "undo t", "undo s"),
        undo("undo t", "account", "undo s"),
        undo("undo s", "seat", "failed"),
    ]
    .concat()
}

#[test]
fn an_inner_branch_is_recorded_in_one_arm_only() {
    check_all("c", &[nested()], expect!["ok"]);
    let outer = nested().replace("$branch = 0", "$branch = 1");
    check_all(
        "c",
        &[outer],
        expect![[r#"
            $.States['undo d'].Choices[0].Condition: `$branch_2` may be unassigned when this state is entered from `undo c`; assign it on every way [variables]"#]],
    );
    let inner = nested().replace("$branch_2 = 0", "$branch_2 = 1");
    check_all(
        "c",
        &[inner],
        expect![
            "$.States['undo t'].Arguments: `$account` may be unassigned when this state is entered from `undo d`; assign it on every way [variables]"
        ],
    );
}

#[test]
fn a_parked_compensation_is_resumed_where_it_was_entered_before() {
    let states = [
        task("a", "order", "b", "failed"),
        task("b", "account", "d", "undo a"),
        task("d", "receipt", "failed", "undo b"),
        parked("undo b", "account", "undo a"),
        parked("undo a", "order", "failed"),
        park(&["undo b", "undo a"]),
    ]
    .concat();
    check_all("a", std::slice::from_ref(&states), expect!["ok"]);
    let mistaken = states.replace(r#""stuck": "undo a""#, r#""stuck": "undo b""#);
    check_all(
        "a",
        &[mistaken],
        expect![
            "$.States['undo b'].Arguments: `$account` may be unassigned when this state is entered from `resume`; assign it on every way [variables]"
        ],
    );
    // What deployment fills in may be the other's name.
    let filled_in = states
        .replace(r#""stuck": "undo a""#, r#""stuck": "${Step}""#)
        .replace("'undo a'", "'${Step}'");
    check_all(
        "a",
        &[filled_in],
        expect![
            "$.States['undo b'].Arguments: `$account` may be unassigned when this state is entered from `resume`; assign it on every way [variables]"
        ],
    );
}

#[test]
fn a_compensation_in_an_arm_is_parked() {
    let states = nested()
        .replace(
            &undo("undo t", "account", "undo s"),
            &parked("undo t", "account", "undo s"),
        )
        .replace(
            &undo("undo s", "seat", "failed"),
            &parked("undo s", "seat", "undo first"),
        )
        .replace(
            &ask("undo c", "$branch = 0", "undo d", "failed"),
            &ask("undo c", "$branch = 0", "undo d", "undo first"),
        )
        + &task("first", "order", "c", "failed")
        + &parked("undo first", "order", "failed")
        + &park(&["undo t", "undo s", "undo first"]);
    check_all("first", std::slice::from_ref(&states), expect!["ok"]);
    let mistaken = states.replace(r#""stuck": "undo first""#, r#""stuck": "undo s""#);
    check_all(
        "first",
        &[mistaken],
        expect![
            "$.States['undo s'].Arguments: `$seat` may be unassigned when this state is entered from `resume`; assign it on every way [variables]"
        ],
    );
    let mistaken = states.replace("$branch_2 = 0", "$branch_2 = 1");
    check_all(
        "first",
        &[mistaken],
        expect![
            "$.States['undo t'].Arguments: `$account` may be unassigned when this state is entered from `undo d`; assign it on every way [variables]"
        ],
    );
}

#[test]
fn a_value_that_is_never_assigned_leads_nowhere() {
    let never = branched().replace("$branch = 0", "$branch = 7");
    check_all("c", &[never], expect!["ok"]);
    let never = branched().replace(
        &ask("undo c", "$branch = 0", "undo t", "failed"),
        &ask("undo c", "$branch = 7", "failed", "undo t"),
    );
    check_all(
        "c",
        &[never],
        expect![
            "$.States['undo t'].Arguments: `$account` may be unassigned when this state is entered from `undo c`; assign it on every way [variables]"
        ],
    );
}

#[test]
fn an_expression_may_be_any_value() {
    for assigned in [r#""{% 1 - 1 %}""#, "0.0", "null", "[0]"] {
        let states = branched().replace(
            r#""Assign": {"branch": 1}"#,
            &format!(r#""Assign": {{"branch": {assigned}}}"#),
        );
        check_all(
            "c",
            &[states],
            expect![
                "$.States['undo t'].Arguments: `$account` may be unassigned when this state is entered from `undo c`; assign it on every way [variables]"
            ],
        );
    }
}

#[test]
fn only_a_whole_comparison_is_a_test() {
    let states = branched().replace("$branch = 0", "$branch = 0 or $states.input");
    check_all(
        "c",
        &[states],
        expect![
            "$.States['undo t'].Arguments: `$account` may be unassigned when this state is entered from `undo c`; assign it on every way [variables]"
        ],
    );
}

#[test]
fn rules_are_tried_in_their_order() {
    // The first rule takes what the second asks for, so that `undo t` follows arm 1 only.
    let rules = |first: &str| {
        let choice = format!(
            r#""undo c": {{"Type": "Choice", "Choices": [{{"Condition": "{{% {first} %}}", "Next": "failed"}},
            {{"Condition": "{{% $branch = 1 %}}", "Next": "undo t"}}], "Default": "failed"}},"#
        );
        branched().replace(&ask("undo c", "$branch = 0", "undo t", "failed"), &choice)
    };
    check_all("c", &[rules("$branch = 1")], expect!["ok"]);
    check_all(
        "c",
        &[rules("$states.input")],
        expect![
            "$.States['undo t'].Arguments: `$account` may be unassigned when this state is entered from `undo c`; assign it on every way [variables]"
        ],
    );
}

#[test]
fn a_loop_assigns_a_tag_again() {
    // The arm of the second round says nothing of the first round's.
    let states = branched().replacen(r#""Next": "failed""#, r#""Next": "c""#, 1);
    check_all("c", std::slice::from_ref(&states), expect!["ok"]);
    let reset = states.replace(
        &task("u", "receipt", "failed", "undo c"),
        &(task("u", "receipt", "failed", "again")
            + r#""again": {"Type": "Pass", "Assign": {"branch": 0}, "Next": "undo c"},"#),
    );
    check_all(
        "c",
        &[reset],
        expect![
            "$.States['undo t'].Arguments: `$account` may be unassigned when this state is entered from `undo c`; assign it on every way [variables]"
        ],
    );
}

/// `count` branches one after another, each with a parked compensation in its arm 0.
fn sequence(count: usize) -> String {
    let mut states = String::new();
    let mut names = Vec::new();
    for i in 0..count {
        let (next, previous) = (i + 1, i.checked_sub(1));
        let undo_next = previous.map_or("failed".to_owned(), |i| format!("undo c{i}"));
        states += &branch(
            &format!("c{i}"),
            &format!("branch{i}"),
            &format!("t{i}"),
            &format!("u{i}"),
        );
        states += &task(
            &format!("t{i}"),
            &format!("account{i}"),
            &format!("u{i}"),
            &undo_next,
        );
        states += &task(
            &format!("u{i}"),
            &format!("receipt{i}"),
            &format!("c{next}"),
            &format!("undo c{i}"),
        );
        states += &ask(
            &format!("undo c{i}"),
            &format!("$branch{i} = 0"),
            &format!("undo t{i}"),
            &undo_next,
        );
        states += &parked(&format!("undo t{i}"), &format!("account{i}"), &undo_next);
        names.push(format!("undo t{i}"));
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    states + &undo(&format!("c{count}"), "receipt0", "failed") + &park(&names)
}

#[test]
fn two_hundred_branches_are_told_apart() {
    check_all("c0", &[sequence(200)], expect!["ok"]);
    let mistaken = sequence(200).replace("$branch7 = 0", "$branch7 = 1");
    check_all(
        "c0",
        &[mistaken],
        expect![
            "$.States['undo t7'].Arguments: `$account7` may be unassigned when this state is entered from `undo c7`; assign it on every way [variables]"
        ],
    );
}

/// A state of a random scope.
#[derive(Clone, Debug)]
struct Made {
    rules: Vec<Rule>,
    /// What a Pass does, or a Choice without a rule that holds.
    otherwise: Way,
    uses: Option<usize>,
}

#[derive(Clone, Debug)]
struct Rule {
    /// A variable and the number of a value; none is a condition that may hold or not.
    test: Option<(usize, usize)>,
    way: Way,
}

#[derive(Clone, Debug)]
struct Way {
    assign: Option<(usize, usize)>,
    next: usize,
}

/// A text tag, a number tag, and what is neither, each with its values.
const VARIABLES: [(&str, [&str; 2]); 3] = [
    ("stuck", [r#""a""#, r#""b""#]),
    ("branch", ["0", "1"]),
    ("x", [r#""{% 1 %}""#, "[]"]),
];

fn made(count: usize) -> impl Strategy<Value = Vec<Made>> {
    let pair = || prop::option::of((0..3_usize, 0..2_usize));
    let way = move || (pair(), 0..count).prop_map(|(assign, next)| Way { assign, next });
    let test = prop::option::of((0..2_usize, 0..2_usize));
    let rule = (test, way()).prop_map(|(test, way)| Rule { test, way });
    let state = (
        prop::collection::vec(rule, 0..3),
        way(),
        prop::option::of(0..3_usize),
    );
    let state = state.prop_map(|(rules, otherwise, uses)| Made {
        rules,
        otherwise,
        uses,
    });
    prop::collection::vec(state, count)
}

fn write(states: &[Made]) -> String {
    let assign = |way: &Way| match way.assign {
        Some((name, value)) => {
            let (name, values) = VARIABLES[name];
            format!(r#""Assign": {{"{name}": {}}},"#, values[value])
        }
        None => String::new(),
    };
    let mut text = String::new();
    for (i, state) in states.iter().enumerate() {
        let output = match state.uses {
            Some(name) => format!("${}", VARIABLES[name].0),
            None => "1".to_owned(),
        };
        let otherwise = &state.otherwise;
        let fields = format!(r#"{} "Output": "{{% {output} %}}""#, assign(otherwise));
        let rules = state.rules.iter().map(|rule| {
            let condition = rule
                .test
                .map_or("$states.input".to_owned(), |(name, value)| {
                    format!(
                        "${} = {}",
                        VARIABLES[name].0,
                        VARIABLES[name].1[value].replace('"', "'")
                    )
                });
            format!(
                r#"{{"Condition": "{{% {condition} %}}", {} "Next": "s{}"}}"#,
                assign(&rule.way),
                rule.way.next
            )
        });
        let rules: Vec<String> = rules.collect();
        let written = if rules.is_empty() {
            format!(
                r#""s{i}": {{"Type": "Pass", {fields}, "Next": "s{}"}},"#,
                otherwise.next
            )
        } else {
            format!(
                r#""s{i}": {{"Type": "Choice", "Choices": [{}], {fields}, "Default": "s{}"}},"#,
                rules.join(","),
                otherwise.next
            )
        };
        text.push_str(&written);
    }
    // Never entered: so that each variable is assigned somewhere.
    let all =
        r#""all": {"Type": "Pass", "Assign": {"stuck": "a", "branch": 0, "x": []}, "Next": "s0"}"#;
    format!(r#"{{"QueryLanguage": "JSONata", "StartAt": "s0", "States": {{{text} {all}}}}}"#)
}

/// The uses of unassigned variables, found by trying every way with the values of all variables.
fn tried(states: &[Made]) -> BTreeSet<(usize, usize)> {
    let mut found = BTreeSet::new();
    let mut seen = HashSet::new();
    let mut open = vec![(0, [None; 3])];
    while let Some((state, values)) = open.pop() {
        if !seen.insert((state, values)) {
            continue;
        }
        let made = &states[state];
        let tested = made
            .rules
            .iter()
            .filter_map(|rule| rule.test.map(|test| test.0));
        for name in made.uses.into_iter().chain(tested) {
            if values[name].is_none() {
                found.insert((state, name));
            }
        }
        let mut take = |way: &Way| {
            let mut values = values;
            if let Some((name, value)) = way.assign {
                values[name] = Some(value);
            }
            open.push((way.next, values));
        };
        let mut goes_on = true;
        for rule in &made.rules {
            match rule.test {
                None => take(&rule.way),
                Some((name, value)) => {
                    if values[name] == Some(value) {
                        take(&rule.way);
                    }
                    goes_on = values[name].is_some_and(|known| known != value);
                }
            }
            if !goes_on {
                break;
            }
        }
        if goes_on {
            take(&made.otherwise);
        }
    }
    found
}

proptest! {
    /// With no more tags than are known at a time, the rule is exact.
    #[test]
    fn what_is_reported_is_what_can_happen(states in made(6)) {
        let problems = match crate::parse(&write(&states)) {
            Ok(_) => Vec::new(),
            Err(problems) => problems.iter().map(|problem| (problem.rule(), problem.to_string())).collect(),
        };
        let mut reported = BTreeSet::new();
        for (rule, text) in problems {
            if rule != "variables" {
                continue;
            }
            let state = text["$.States.s".len()..].split('.').next().unwrap().parse::<usize>().unwrap();
            let name = VARIABLES.iter().position(|(name, _)| text.contains(&format!(": `${name}`"))).unwrap();
            reported.insert((state, name));
        }
        prop_assert_eq!(reported, tried(&states));
    }
}

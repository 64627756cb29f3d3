//! Whatever the text, the validator answers: no panic, no exhausted stack, no answer that takes minutes.

use std::time::{Duration, Instant};

use proptest::prelude::*;

fn check(states: &str) {
    let json =
        format!(r#"{{"QueryLanguage": "JSONata", "StartAt": "s0", "States": {{{states}}}}}"#);
    assert!(json.len() <= 1_100_000, "{}", json.len());
    let start = Instant::now();
    let problems = saga_asl::parse(&json).map(|_| ());
    let took = start.elapsed();
    // Generous: these take a second or two without optimisation, and would take hours if they grew by the square.
    assert!(took < Duration::from_mins(1), "{took:?}");
    if let Err(problems) = problems {
        assert!(!problems.to_string().is_empty());
    }
}

/// As a thread of a server would call it.
fn on_a_small_stack(run: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new()
        .stack_size(1 << 20)
        .spawn(run)
        .unwrap();
    thread.join().unwrap();
}

#[test]
fn deep_expressions_are_refused_or_read() {
    on_a_small_stack(|| {
        for depth in [100, 300, 480, 990, 50_000] {
            for (open, middle, close) in [
                ("(", "1", ")"),
                ("[", "1", "]"),
                ("-", "1", ""),
                ("1+", "1", ""),
                ("function($x){", "$x", "}"),
                ("$f(", "1", ")"),
                ("{'a':", "1", "}"),
                ("$x[", "1", "]"),
                ("$x.(", "1", ")"),
                ("true?", "1", ":2"),
                ("$x:=", "1", ""),
                ("$x~>", "$string", ""),
                ("a.", "a", ""),
                ("|$x|", "{}", "|"),
            ] {
                let source = format!("{}{middle}{}", open.repeat(depth), close.repeat(depth));
                let output = serde_json::Value::from(format!("{{% {source} %}}"));
                check(&format!(
                    r#""s0": {{"Type": "Pass", "Output": {output}, "End": true}}"#
                ));
            }
        }
    });
}

#[test]
fn deep_definitions_are_refused_or_read() {
    on_a_small_stack(|| {
        for depth in [10, 40, 200] {
            let mut states = r#""s": {"Type": "Succeed"}"#.to_owned();
            for level in 0..depth {
                let start = if level == 0 {
                    "s".to_owned()
                } else {
                    format!("m{}", level - 1)
                };
                states = format!(
                    r#""m{level}": {{"Type": "Map", "End": true, "ItemProcessor": {{"StartAt": "{start}", "States": {{
                    {states}}}}}}}"#
                );
            }
            check(&states.replace(&format!("\"m{}\"", depth - 1), "\"s0\""));
        }
    });
}

#[test]
fn wide_expressions_are_read_in_time() {
    for (unit, count) in [
        ("$a:=1;", 40_000),
        ("$f:=function(){$f()};", 10_000),
        ("1;", 100_000),
    ] {
        let output = serde_json::Value::from(format!("{{% ({}1) %}}", unit.repeat(count)));
        check(&format!(
            r#""s0": {{"Type": "Pass", "Output": {output}, "End": true}}"#
        ));
    }
    let output = serde_json::Value::from(format!("{{% [{}1] %}}", "$a,".repeat(60_000)));
    check(&format!(
        r#""s0": {{"Type": "Pass", "Output": {output}, "End": true}}"#
    ));
}

#[test]
fn many_variables_on_many_ways_are_checked_in_time() {
    let count = 3_000;
    let states: Vec<String> = (0..count)
        .map(|i| {
            let next = format!("s{}", (i + 1) % count);
            format!(
                r#""s{i}": {{"Type": "Choice", "Choices": [{{"Condition": "{{% $v{} %}}", "Assign": {{"v{i}": 1}},
                "Next": "{next}"}}], "Default": "s{}"}}"#,
                (i * 7) % count,
                count - 1 - i
            )
        })
        .collect();
    check(&states.join(","));
}

#[test]
fn many_choices_that_ask_which_way_was_taken_are_checked_in_time() {
    // All tags numbers, all texts, and one text of many values that is asked for everywhere.
    for kind in 0..3 {
        let count = 2_000;
        let states: Vec<String> = (0..count)
            .map(|i| {
                let (name, asked, value) = match kind {
                    0 => (i, (i * 7) % count, "1".to_owned()),
                    1 => (i, (i * 7) % count, "'1'".to_owned()),
                    _ => (0, 0, format!("'{}'", (i * 7) % count)),
                };
                let assigned = match kind {
                    0 => "1".to_owned(),
                    1 => "\"1\"".to_owned(),
                    _ => format!("\"{i}\""),
                };
                format!(
                    r#""s{i}": {{"Type": "Choice", "Choices": [
                    {{"Condition": "{{% $states.input %}}", "Assign": {{"v{name}": {assigned}}}, "Next": "s{}"}},
                    {{"Condition": "{{% $v{asked} = {value} %}}", "Assign": {{"w{i}": 1}}, "Next": "s{}"}}],
                    "Default": "s{}", "Output": "{{% $w{} %}}"}}"#,
                    (i + 1) % count,
                    (i * 3) % count,
                    count - 1 - i,
                    (i * 11) % count,
                )
            })
            .collect();
        check(&states.join(","));
    }
}

#[test]
fn many_unknown_names_are_reported_in_time() {
    let name = |i: usize| format!("{i:040}");
    let states: Vec<String> = (0..2_000)
        .map(|i| {
            let state = if i == 0 { "s0".to_owned() } else { name(i) };
            format!(
                r#""{state}": {{"Type": "Pass", "Output": "{{% $x{} %}}", "Next": "{}"}}"#,
                name(i + 100_000),
                name(i + 200_000)
            )
        })
        .collect();
    check(&states.join(","));
}

#[test]
fn long_names_do_not_multiply() {
    let long = "x".repeat(400_000);
    let outputs = "\"{% $a + %}\",".repeat(20_000);
    check(&format!(
        r#""s0": {{"Type": "Pass", "Next": "{long}"}}, "{long}": {{"Type": "Pass", "Output": [{outputs} 1], "End": true}}"#
    ));
}

fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<bool>().prop_map(|value| value.to_string()),
        "[ -~]{0,12}".prop_map(|text| serde_json::Value::from(text).to_string()),
        "\\{% [$a-c().\\[\\]{}:;=+*%'|?@#^<>&0-9 ]{0,16} %\\}"
            .prop_map(|text| serde_json::Value::from(text).to_string()),
        Just(r#"["States.ALL"]"#.to_owned()),
        Just(r#""a""#.to_owned()),
    ];
    let keys = prop_oneof![
        Just("Type"),
        Just("Next"),
        Just("End"),
        Just("States"),
        Just("StartAt"),
        Just("Catch"),
        Just("Retry"),
        Just("Assign"),
        Just("Output"),
        Just("Branches"),
        Just("ItemProcessor"),
        Just("Choices"),
        Just("Condition"),
        Just("ErrorEquals"),
        Just("a"),
        Just("b"),
        Just("QueryLanguage"),
        Just("ProcessorConfig"),
        Just("Seconds"),
    ];
    let types = prop_oneof![
        Just("Task"),
        Just("Choice"),
        Just("Wait"),
        Just("Succeed"),
        Just("Fail"),
        Just("Pass"),
        Just("Parallel"),
        Just("Map"),
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        let fields = prop::collection::vec((keys.clone(), inner.clone()), 0..6);
        let object = (types.clone(), fields).prop_map(|(ty, fields)| {
            let fields: Vec<String> = fields
                .into_iter()
                .map(|(key, value)| format!("\"{key}\":{value}"))
                .collect();
            format!(
                "{{\"Type\":\"{ty}\",{}\"StartAt\":\"a\"}}",
                fields.join(",") + if fields.is_empty() { "" } else { "," }
            )
        });
        prop_oneof![
            object,
            prop::collection::vec(inner, 0..4).prop_map(|items| format!("[{}]", items.join(",")))
        ]
    })
}

proptest! {
    #[test]
    fn any_text_gets_an_answer(text in "\\PC{0,64}") {
        _ = saga_asl::parse(&text);
    }

    #[test]
    fn any_json_gets_an_answer(states in prop::collection::vec(json(), 0..4)) {
        let states: Vec<String> =
            states.into_iter().enumerate().map(|(i, state)| format!("\"s{i}\":{state}")).collect();
        let json = format!(r#"{{"QueryLanguage":"JSONata","StartAt":"s0","States":{{{}}}}}"#, states.join(","));
        if let Ok(machine) = saga_asl::parse(&json) {
            prop_assert_eq!(saga_asl::parse(&saga_asl::to_json(&machine)), Ok(machine));
        }
    }

    #[test]
    fn any_expression_gets_an_answer(source in "[$a-c().\\[\\]{}:;=+*%'\"|?@#^<>&0-9/~ ]{0,48}") {
        let output = serde_json::Value::from(format!("{{% {source} %}}"));
        let json = format!(
            r#"{{"QueryLanguage":"JSONata","StartAt":"a","States":{{"a":{{"Type":"Pass","Output":{output},"End":true}}}}}}"#
        );
        _ = saga_asl::parse(&json);
    }
}

//! The reader's messages: what is missing, unknown, of the wrong kind or of the other query language.

use expect_test::{Expect, expect};

fn check(json: &str, expected: Expect) {
    let found = match saga_asl::parse(json) {
        Ok(_) => "ok".to_owned(),
        Err(problems) => problems
            .iter()
            .map(|problem| format!("{problem} [{}]", problem.rule()))
            .collect::<Vec<_>>()
            .join("\n"),
    };
    expected.assert_eq(&found);
}

fn check_state(state: &str, expected: Expect) {
    check(
        &format!(r#"{{"QueryLanguage": "JSONata", "StartAt": "a", "States": {{"a": {state}}}}}"#),
        expected,
    );
}

#[test]
fn a_definition_is_a_json_object() {
    check(
        "",
        expect!["$: this is not JSON: EOF while parsing a value at line 1 column 0 [json]"],
    );
    check(
        "{",
        expect!["$: this is not JSON: EOF while parsing an object at line 1 column 1 [json]"],
    );
    check(
        "[]",
        expect!["$: a state machine must be an object, not an array [schema]"],
    );
    check(
        "{}",
        expect![[r#"
        $: `StartAt` is missing; add the name of the first state [schema]
        $: `States` is missing; add an object of states by name [schema]
        $: `QueryLanguage` is not JSONata; write `"QueryLanguage": "JSONata"`, the only one that this validator reads [query-language]"#]],
    );
    check(
        &"[".repeat(100_000),
        expect!["$: this is not JSON: recursion limit exceeded at line 1 column 128 [json]"],
    );
}

#[test]
fn a_header_is_read_strictly() {
    let header = |fields: &str| {
        format!(r#"{{{fields}, "StartAt": "a", "States": {{"a": {{"Type": "Succeed"}}}}}}"#)
    };
    let good =
        r#""QueryLanguage": "JSONata", "Version": "1.0", "Comment": "c", "TimeoutSeconds": 5"#;
    check(&header(good), expect!["ok"]);
    check(
        &header(
            r#""QueryLanguage": "JSONata", "Version": "2.0", "Coment": 1, "TimeoutSeconds": "{% 1 %}""#,
        ),
        expect![[r#"
            $.TimeoutSeconds: `TimeoutSeconds` must be a whole number, not the string `{% 1 %}` [schema]
            $.Version: the only `Version` of the language is `"1.0"` [schema]
            $.Coment: a state machine has no field `Coment`; did you mean `Comment`? [unknown-field]"#]],
    );
    check(
        &header(r#""QueryLanguage": "JSONPath""#),
        expect![[
            r#"$: `QueryLanguage` is not JSONata; write `"QueryLanguage": "JSONata"`, the only one that this validator reads [query-language]"#
        ]],
    );
    check(
        &header(r#""QueryLanguage": "JSONata", "Comment": 1"#),
        expect!["$.Comment: `Comment` must be a string, not a number [schema]"],
    );
}

#[test]
fn states_may_say_the_language_themselves() {
    let states = r#"{"StartAt": "a", "States": {
        "a": {"Type": "Map", "QueryLanguage": "JSONata", "ItemProcessor": {"StartAt": "b", "States": {
              "b": {"Type": "Pass", "QueryLanguage": "JSONata", "End": true}}}, "Next": "c"},
        "c": {"Type": "Succeed", "QueryLanguage": "JSONata"}}}"#;
    check(states, expect!["ok"]);
    check(
        &states.replacen(r#", "QueryLanguage": "JSONata", "End""#, r#", "End""#, 1),
        expect![[
            r#"$.States.a.ItemProcessor.States.b: state `b` is in JSONPath, which this validator does not read; write `"QueryLanguage": "JSONata"` in the state machine [query-language]"#
        ]],
    );
    check_state(
        r#"{"Type": "Succeed", "QueryLanguage": "JSONPath"}"#,
        expect![
            "$.States.a.QueryLanguage: a state cannot go back to JSONPath in a JSONata state machine; remove this field [query-language]"
        ],
    );
    check_state(
        r#"{"Type": "Succeed", "QueryLanguage": "XPath"}"#,
        expect![
            "$.States.a.QueryLanguage: there is no query language `XPath`; write `JSONata` [query-language]"
        ],
    );
}

#[test]
fn jsonpath_fields_name_their_replacement() {
    let state = r#"{"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "InputPath": "$.a",
        "Parameters": {"a.$": "$.b"}, "ResultSelector": {}, "ResultPath": null, "OutputPath": "$",
        "TimeoutSecondsPath": "$.t", "Output.$": "$", "End": true}"#;
    check_state(
        state,
        expect![[r#"
            $.States.a.InputPath: `InputPath` belongs to JSONPath; read `$states.input` in `Arguments` or `Output` [jsonpath]
            $.States.a.Parameters: `Parameters` belongs to JSONPath; write `Arguments`, in a Map `ItemSelector`, in a Pass `Output` [jsonpath]
            $.States.a.ResultSelector: `ResultSelector` belongs to JSONPath; read `$states.result` in `Output` or `Assign` [jsonpath]
            $.States.a.ResultPath: `ResultPath` belongs to JSONPath; write `Output`, or keep the result in a variable with `Assign` [jsonpath]
            $.States.a.OutputPath: `OutputPath` belongs to JSONPath; write `Output` [jsonpath]
            $.States.a.TimeoutSecondsPath: `TimeoutSecondsPath` belongs to JSONPath; write `"TimeoutSeconds": "{% … %}"` [jsonpath]
            $.States.a['Output.$']: `Output.$` belongs to JSONPath; drop the `.$` and write the value as `{% … %}` [jsonpath]"#]],
    );
    let choice = r#"{"Type": "Choice", "Default": "a", "Choices": [
        {"Variable": "$.a", "NumericLessThanEqualsPath": "$.b", "IsPresent": true, "Next": "a"}]}"#;
    check_state(
        choice,
        expect![[r#"
        $.States.a.Choices[0]: `Condition` is missing; add `"{% … %}"` that gives a boolean [schema]
        $.States.a.Choices[0].Variable: `Variable` belongs to JSONPath; write `Condition` [jsonpath]
        $.States.a.Choices[0].NumericLessThanEqualsPath: `NumericLessThanEqualsPath` belongs to JSONPath; compare in `Condition` [jsonpath]
        $.States.a.Choices[0].IsPresent: `IsPresent` belongs to JSONPath; compare in `Condition` [jsonpath]"#]],
    );
}

#[test]
fn keys_in_data_may_end_in_dollar() {
    check_state(
        r#"{"Type": "Pass", "Output": {"a.$": "$.b"}, "End": true}"#,
        expect!["ok"],
    );
}

#[test]
fn a_key_stands_once() {
    check_state(
        r#"{"Type": "Succeed"}, "a": {"Type": "Fail"}"#,
        expect![
            "$.States.a: `a` stands twice in this object; remove or rename one [duplicate-key]"
        ],
    );
    check_state(
        r#"{"Type": "Pass", "End": true, "Output": {"x": 1, "x": 2}}"#,
        expect![
            "$.States.a.Output.x: `x` stands twice in this object; remove or rename one [duplicate-key]"
        ],
    );
}

#[test]
fn what_is_not_covered_is_said_to_be_so() {
    let map = r#"{"Type": "Map", "ItemBatcher": {}, "End": true,
        "ItemProcessor": {"StartAt": "b", "States": {"b": {"Type": "Succeed"}}}}"#;
    check_state(
        map,
        expect![
            "$.States.a.ItemBatcher: this validator does not cover `ItemBatcher` [unsupported]"
        ],
    );
}

#[test]
fn credentials_are_a_role() {
    let task = |credentials: &str| {
        format!(
            r#"{{"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Credentials": {credentials}, "End": true}}"#
        )
    };
    check_state(
        &task(r#"{"RoleArn": "{% $states.input.role %}"}"#),
        expect!["ok"],
    );
    check_state(
        &task(r#"{"RoleArn": "{% $states. %}"}"#),
        expect![
            "$.States.a.Credentials.RoleArn: this is not JSONata: S0207: Unexpected end of expression [jsonata]"
        ],
    );
    check_state(
        &task(r#"{"InvalidField": "invalid"}"#),
        expect![[r#"
        $.States.a.Credentials: `RoleArn` is missing; add the ARN of the role that the Task takes on [schema]
        $.States.a.Credentials.InvalidField: `Credentials` has no field `InvalidField` [unknown-field]"#]],
    );
    check_state(
        &task("[]"),
        expect!["$.States.a.Credentials: `Credentials` must be an object, not an array [schema]"],
    );
}

#[test]
fn fields_belong_to_types() {
    let retry = r#""Retry": [{"ErrorEquals": ["States.ALL"]}]"#;
    check_state(
        &format!(r#"{{"Type": "Pass", {retry}, "End": true}}"#),
        expect!["$.States.a.Retry: a Pass state has no field `Retry` [unknown-field]"],
    );
    check_state(
        r#"{"Type": "Succeed", "End": true}"#,
        expect!["$.States.a.End: a Succeed state has no field `End` [unknown-field]"],
    );
    check_state(
        r#"{"Type": "Pass", "End": true, "Ouput": 1}"#,
        expect![
            "$.States.a.Ouput: a Pass state has no field `Ouput`; did you mean `Output`? [unknown-field]"
        ],
    );
    check_state(
        r#"{"Type": "Taks"}"#,
        expect![
            "$.States.a.Type: there is no state type `Taks`; the types are `Task`, `Choice`, `Wait`, `Succeed`, `Fail`, `Pass`, `Parallel`, `Map`; did you mean `Task`? [schema]"
        ],
    );
    check_state(
        r#"{"Next": "a"}"#,
        expect![
            "$.States.a: `Type` is missing; write one of `Task`, `Choice`, `Wait`, `Succeed`, `Fail`, `Pass`, `Parallel`, `Map` [schema]"
        ],
    );
    check_state(
        "3",
        expect!["$.States.a: state `a` must be an object, not a number [schema]"],
    );
}

#[test]
fn a_state_goes_to_one_place() {
    check_state(
        r#"{"Type": "Pass"}"#,
        expect![[
            r#"$.States.a: `Next` is missing; add the name of the next state, or `"End": true` [schema]"#
        ]],
    );
    check_state(
        r#"{"Type": "Pass", "Next": "a", "End": true}"#,
        expect!["$.States.a.End: a state has `Next` or `End`, not both; remove one [schema]"],
    );
    check_state(
        r#"{"Type": "Pass", "End": false}"#,
        expect!["$.States.a.End: `End` must be `true`; write `true`, or `Next` instead [schema]"],
    );
    check_state(
        r#"{"Type": "Pass", "Next": 1}"#,
        expect!["$.States.a.Next: `Next` must be a string, not a number [schema]"],
    );
}

#[test]
fn a_task_is_read_strictly() {
    check_state(
        r#"{"Type": "Task", "End": true}"#,
        expect![
            "$.States.a: `Resource` is missing; add the ARN of an integration, function or activity [schema]"
        ],
    );
    let fields = r#""TimeoutSeconds": "ten", "HeartbeatSeconds": 1.5, "Assign": [], "Retry": {}, "Catch": [1]"#;
    check_state(
        &format!(r#"{{"Type": "Task", "Resource": "arn:aws:x", {fields}, "End": true}}"#),
        expect![[r#"
            $.States.a.TimeoutSeconds: `TimeoutSeconds` must be a whole number or a string `{% … %}`, not the string `ten` [schema]
            $.States.a.HeartbeatSeconds: `HeartbeatSeconds` must be a whole number or a string `{% … %}`, not `1.5` [schema]
            $.States.a.Retry: `Retry` must be an array, not an object [schema]
            $.States.a.Catch[0]: a catcher must be an object, not a number [schema]
            $.States.a.Assign: `Assign` must be an object of variables, not an array [schema]"#]],
    );
    let lists = r#""Retry": [{"JitterStrategy": "SOME", "BackoffRate": "2", "IntervalSeconds": 1.5, "Maxattempts": 1}],
        "Catch": [{"ErrorEquals": "A", "Next": "a"}, {"ErrorEquals": [1]}]"#;
    check_state(
        &format!(r#"{{"Type": "Task", "Resource": "arn:aws:x", {lists}, "End": true}}"#),
        expect![[r#"
            $.States.a.Retry[0]: `ErrorEquals` is missing; add an array of error names [schema]
            $.States.a.Retry[0].IntervalSeconds: `IntervalSeconds` must be a whole number, not `1.5` [schema]
            $.States.a.Retry[0].BackoffRate: `BackoffRate` must be a number, not a string [schema]
            $.States.a.Retry[0].JitterStrategy: there is no `JitterStrategy` `SOME`; write `FULL` or `NONE` [schema]
            $.States.a.Retry[0].Maxattempts: a retrier has no field `Maxattempts`; did you mean `MaxAttempts`? [unknown-field]
            $.States.a.Catch[0].ErrorEquals: `ErrorEquals` must be an array, not a string [schema]
            $.States.a.Catch[1].ErrorEquals[0]: an error name must be a string, not a number [schema]
            $.States.a.Catch[1]: `Next` is missing; add the name of the state to go to [schema]"#]],
    );
}

#[test]
fn a_choice_is_read_strictly() {
    check_state(
        r#"{"Type": "Choice"}"#,
        expect!["$.States.a: `Choices` is missing; add an array of rules [schema]"],
    );
    let rules = r#"[{"Condition": "$x", "Next": "a"}, {"Condition": 1, "Next": "a"}, {}, 1]"#;
    check_state(
        &format!(r#"{{"Type": "Choice", "Choices": {rules}, "Default": "a"}}"#),
        expect![[r#"
        $.States.a.Choices[0].Condition: `Condition` must be an expression; write it as `{% … %}` [schema]
        $.States.a.Choices[1].Condition: `Condition` must be a string `{% … %}` or a boolean, not a number [schema]
        $.States.a.Choices[2]: `Condition` is missing; add `"{% … %}"` that gives a boolean [schema]
        $.States.a.Choices[2]: `Next` is missing; add the name of the state to go to [schema]
        $.States.a.Choices[3]: a rule of a Choice must be an object, not a number [schema]"#]],
    );
}

#[test]
fn a_wait_waits_for_one_thing() {
    check_state(
        r#"{"Type": "Wait", "End": true}"#,
        expect!["$.States.a: a Wait needs `Seconds` or `Timestamp`; add one [schema]"],
    );
    check_state(
        r#"{"Type": "Wait", "Seconds": 1, "Timestamp": "2026-03-14T01:59:00Z", "End": true}"#,
        expect!["$.States.a: a Wait has `Seconds` or `Timestamp`, not both; remove one [schema]"],
    );
    check_state(
        r#"{"Type": "Wait", "SecondsPath": "$.s", "End": true}"#,
        expect![[r#"
        $.States.a: a Wait needs `Seconds` or `Timestamp`; add one [schema]
        $.States.a.SecondsPath: `SecondsPath` belongs to JSONPath; write `"Seconds": "{% … %}"` [jsonpath]"#]],
    );
}

#[test]
fn a_map_is_read_strictly() {
    check_state(
        r#"{"Type": "Map", "End": true}"#,
        expect![
            "$.States.a: `ItemProcessor` is missing; add the states that run for each item [schema]"
        ],
    );
    let map = |config: &str| {
        format!(
            r#"{{"Type": "Map", "ItemProcessor": {{"ProcessorConfig": {config}, "StartAt": "b", "States": {{
            "b": {{"Type": "Succeed"}}}}}}, "End": true}}"#
        )
    };
    check_state(
        &map(r#"{"Mode": "DISTRIBUTED"}"#),
        expect![[
            r#"$.States.a.ItemProcessor.ProcessorConfig: a distributed Map needs an `ExecutionType`; write `"STANDARD"` or `"EXPRESS"` [schema]"#
        ]],
    );
    check_state(
        &map(r#"{"Mode": "INLINE", "ExecutionType": "EXPRESS"}"#),
        expect![[
            r#"$.States.a.ItemProcessor.ProcessorConfig: an inline Map has no `ExecutionType`; remove it, or write `"Mode": "DISTRIBUTED"` [schema]"#
        ]],
    );
    check_state(
        &map(r#"{"Mode": "BOTH", "Type": 1}"#),
        expect![[r#"
        $.States.a.ItemProcessor.ProcessorConfig: there is no `Mode` `BOTH`; write `INLINE` or `DISTRIBUTED` [schema]
        $.States.a.ItemProcessor.ProcessorConfig.Type: `ProcessorConfig` has no field `Type` [unknown-field]"#]],
    );
    check_state(
        &map(r#"{"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}"#),
        expect!["ok"],
    );
    let iterator = r#"{"Type": "Map", "Iterator": {}, "ItemsPath": "$.a", "End": true}"#;
    check_state(
        iterator,
        expect![[r#"
        $.States.a: `ItemProcessor` is missing; add the states that run for each item [schema]
        $.States.a.Iterator: this validator does not cover `Iterator` [unsupported]
        $.States.a.ItemsPath: `ItemsPath` belongs to JSONPath; write `"Items": "{% … %}"` [jsonpath]"#]],
    );
}

#[test]
fn a_parallel_is_read_strictly() {
    check_state(
        r#"{"Type": "Parallel", "End": true}"#,
        expect!["$.States.a: `Branches` is missing; add an array of branches [schema]"],
    );
    check_state(
        r#"{"Type": "Parallel", "Branches": [{}, 1], "End": true}"#,
        expect![[r#"
        $.States.a.Branches[0]: `StartAt` is missing; add the name of the first state [schema]
        $.States.a.Branches[0]: `States` is missing; add an object of states by name [schema]
        $.States.a.Branches[1]: a branch must be an object, not a number [schema]"#]],
    );
}

/// What follows only from a state that could not be read is not reported.
#[test]
fn two_mistakes_give_two_messages() {
    let states = r#"{"Type": "Pass", "Output": "{% 1 + %}"}, "b": {"Type": "Pass", "Next": "a"}"#;
    check_state(
        states,
        expect![[r#"
        $.States.a: `Next` is missing; add the name of the next state, or `"End": true` [schema]
        $.States.a.Output: this is not JSONata: S0207: Unexpected end of expression [jsonata]"#]],
    );
}

#[test]
fn paths_and_messages_stay_on_one_short_line() {
    let state = format!(
        r#"{{"Type": "Pass", "End": true, "it's\n{}": 1}}"#,
        "x".repeat(1_000)
    );
    check_state(
        &state,
        expect![[
            r#"$.States.a['it\'s xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…']: a Pass state has no field `it's xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…` [unknown-field]"#
        ]],
    );
}

//! The table of failures: of the emitted definitions, and of definitions that no compiler of ours writes.

use expect_test::{Expect, expect, expect_file};

fn explained(definition: &str) -> String {
    let machine = saga_asl::read(definition).unwrap_or_else(|problems| panic!("{problems}"));
    saga_asl::explain(&machine).to_string()
}

/// States of a machine that begins at `a`; single quotes stand for double ones.
fn check(states: &str, expected: &Expect) {
    let states = states.replace('\'', "\"");
    let definition =
        format!(r#"{{ "QueryLanguage": "JSONata", "StartAt": "a", "States": {{ {states} }} }}"#);
    expected.assert_eq(&explained(&definition));
}

/// A Task with what else it has.
fn task(name: &str, more: &str) -> String {
    format!("'{name}': {{ 'Type': 'Task', 'Resource': 'arn:aws:states:::lambda:invoke', {more} }}")
}

#[test]
fn emitted_definitions() {
    for name in [
        "book_trip",
        "close_account",
        "fulfil_order",
        "onboard_customer",
        "open_account",
        "place_order",
    ] {
        let path = format!("{}/../out/{name}.asl.json", env!("CARGO_MANIFEST_DIR"));
        let definition = std::fs::read_to_string(&path).unwrap();
        let golden = format!("../golden/explain/{name}.txt");
        expect_file![golden].assert_eq(&explained(&definition));
    }
}

#[test]
fn an_error_that_nobody_names_undoes_nothing() {
    let states = [
        task("a", "'Next': 'b'"),
        task(
            "b",
            "'Catch': [{ 'ErrorEquals': ['SoldOut'], 'Next': 'undo a' }], 'End': true",
        ),
        task("undo a", "'Next': 'failed'"),
        "'failed': { 'Type': 'Fail', 'Error': 'NoTrip' }".to_owned(),
    ];
    check(
        &states.join(","),
        &expect![[r#"
        if it fails with   it is tried again  then undone  and the execution
        a
          any error        no                 nothing      fails there: not caught
        b
          SoldOut          no                 undo a       fails with `NoTrip`
          any other error  no                 nothing      fails there: not caught

        if a compensation fails
        undo a
          any error        no                 nothing      fails there: not caught
    "#]],
    );
}

#[test]
fn a_choice_that_cannot_be_told_gives_both_courses() {
    let states = [
        task(
            "a",
            "'Catch': [{ 'ErrorEquals': ['States.ALL'], 'Next': 'which' }], 'End': true",
        ),
        "'which': { 'Type': 'Choice', 'Default': 'failed', 'Choices': [\
            { 'Condition': '{% $states.context.Execution.Input.paid %}', 'Next': 'undo a' }] }"
            .to_owned(),
        task("undo a", "'Next': 'failed'"),
        "'failed': { 'Type': 'Fail' }".to_owned(),
    ];
    check(
        &states.join(","),
        &expect![[r#"
            if it fails with                          it is tried again  then undone  and the execution
            a
              States.DataLimitExceeded                no                 nothing      fails there: not caught
              any other error,                        no                 undo a       fails with that error
                $states.context.Execution.Input.paid
              any other error, otherwise              no                 nothing      fails with that error

            if a compensation fails
            undo a
              any error                               no                 nothing      fails there: not caught
        "#]],
    );
}

#[test]
fn a_choice_without_default_may_fail_itself() {
    let states = [
        "'a': { 'Type': 'Choice', 'Choices': [{ 'Condition': '{% $states.input.go %}', 'Next': 'b' }] }".to_owned(),
        task(
            "b",
            "'Catch': [{ 'ErrorEquals': ['No'], 'Next': 'which' }], 'End': true",
        ),
        "'which': { 'Type': 'Choice', 'Choices': [{ 'Condition': '{% $x %}', 'Next': 'failed' }] }"
            .to_owned(),
        "'failed': { 'Type': 'Fail' }".to_owned(),
    ];
    check(
        &states.join(","),
        &expect![[r#"
        if it fails with       it is tried again  then undone  and the execution
        a
          no rule matches                         nothing      fails there: not caught
        b
          No, $x               no                 nothing      fails with that error
          No, no rule matches  no                 nothing      fails there: not caught
          any other error      no
    "#]],
    );
}

#[test]
fn a_distributed_map_fails_by_its_threshold() {
    let states = [
        format!(
            "'a': {{ 'Type': 'Map', 'End': true, \
             'Catch': [{{ 'ErrorEquals': ['States.ExceedToleratedFailureThreshold'], 'Next': 'failed' }}], \
             'ItemProcessor': {{ 'ProcessorConfig': {{ 'Mode': 'DISTRIBUTED', 'ExecutionType': 'STANDARD' }}, \
             'StartAt': 'b', 'States': {{ {} }} }} }}",
            task("b", "'End': true")
        ),
        "'failed': { 'Type': 'Fail', 'Error': 'TooMany' }".to_owned(),
    ];
    check(
        &states.join(","),
        &expect![[r#"
        if it fails with                          it is tried again  then undone  and the execution
        a
          States.ExceedToleratedFailureThreshold  no                 nothing      fails with `TooMany`
          any other error                         no                 nothing      fails there: not caught
        b, in a
          any error                               no                 nothing      fails with `TooMany`
    "#]],
    );
}

#[test]
fn the_name_of_the_error_decides() {
    let states = [
        task(
            "a",
            "'Catch': [{ 'ErrorEquals': ['Gone', 'Lost'], 'Next': 'which' }], 'End': true",
        ),
        "'which': { 'Type': 'Choice', 'Default': 'failed', 'Choices': [\
            { 'Condition': '{% $states.input.Error = \\'Gone\\' %}', 'Next': 'undo a' }] }"
            .to_owned(),
        task("undo a", "'Next': 'failed'"),
        "'failed': { 'Type': 'Fail' }".to_owned(),
    ];
    check(
        &states.join(",").replace("\\'", "\\u0027"),
        &expect![[r#"
        if it fails with   it is tried again  then undone  and the execution
        a
          Gone             no                 undo a       fails with that error
          Lost             no                 nothing      fails with that error
          any other error  no                 nothing      fails there: not caught

        if a compensation fails
        undo a
          any error        no                 nothing      fails there: not caught
    "#]],
    );
}

#[test]
fn the_way_that_was_taken_decides() {
    let all = "'Catch': [{ 'ErrorEquals': ['States.ALL'], 'Next': 'which' }]";
    let states = [
        "'a': { 'Type': 'Choice', 'Default': 'c', 'Assign': { 'branch': 1 }, 'Choices': [\
            { 'Condition': '{% $states.input.gift %}', 'Assign': { 'branch': 0 }, 'Next': 'b' }] }"
            .to_owned(),
        task("b", "'Next': 'c'"),
        task("c", &format!("{all}, 'End': true")),
        "'which': { 'Type': 'Choice', 'Default': 'failed', 'Choices': [\
            { 'Condition': '{% $branch = 0 %}', 'Next': 'undo b' }] }"
            .to_owned(),
        task("undo b", "'Next': 'failed'"),
        "'failed': { 'Type': 'Fail' }".to_owned(),
    ];
    check(
        &states.join(","),
        &expect![[r#"
            if it fails with            it is tried again  then undone  and the execution
            b
              any error                 no                 nothing      fails there: not caught
            c
              States.DataLimitExceeded  no                 nothing      fails there: not caught
              any other error           no                 [undo b]     fails with that error

            if a compensation fails
            undo b
              any error                 no                 nothing      fails there: not caught

            […]: only where the way there passed what it undoes
        "#]],
    );
}

#[test]
fn an_error_leaves_an_item_and_a_branch() {
    let inner = task(
        "b",
        "'Retry': [{ 'ErrorEquals': ['Busy'], 'MaxAttempts': 2 }], 'End': true",
    );
    let states = [
        format!(
            "'a': {{ 'Type': 'Map', 'Next': 'd', 'MaxConcurrency': 1, \
             'Retry': [{{ 'ErrorEquals': ['Busy'], 'MaxAttempts': 1, 'IntervalSeconds': 60 }}], \
             'Catch': [{{ 'ErrorEquals': ['States.ALL'], 'Next': 'undo a' }}], \
             'ItemProcessor': {{ 'StartAt': 'b', 'States': {{ {inner} }} }} }}"
        ),
        format!(
            "'d': {{ 'Type': 'Parallel', 'End': true, 'Branches': [{{ 'StartAt': 'e', 'States': {{ {} }} }}], \
             'Catch': [{{ 'ErrorEquals': ['Gone'], 'Next': 'undo a' }}] }}",
            "'e': { 'Type': 'Task', 'Resource': 'arn:aws:states:::lambda:invoke', 'End': true, \
             'Catch': [{ 'ErrorEquals': ['Lost'], 'Next': 'gone' }] }, 'gone': { 'Type': 'Fail', 'Error': 'Gone' }"
        ),
        format!(
            "'undo a': {{ 'Type': 'Map', 'Next': 'failed', 'MaxConcurrency': 1, 'Items': '{{% $reverse($states.input) %}}', \
             'ItemProcessor': {{ 'StartAt': 'undo b', 'States': {{ {} }} }} }}",
            task("undo b", "'End': true")
        ),
        "'failed': { 'Type': 'Fail' }".to_owned(),
    ];
    check(
        &states.join(","),
        &expect![[r#"
            if it fails with            it is tried again            then undone                               and the execution
            a
              Busy                      once, after 1 min            undo a (item by item in reverse: undo b)  fails with that error
              States.DataLimitExceeded  no                           nothing                                   fails there: not caught
              any other error           no                           undo a (item by item in reverse: undo b)  fails with that error
            b, in a
              Busy                      2 times within 3 s; once,    undo a (item by item in reverse: undo b)  fails with that error
                                          after 1 min, a as a whole
              States.DataLimitExceeded  no                           nothing                                   fails there: not caught
              any other error           no                           undo a (item by item in reverse: undo b)  fails with that error
            d
              Gone                      no                           undo a (item by item in reverse: undo b)  fails with that error
              any other error           no                           nothing                                   fails there: not caught
            e, in d
              Lost, Gone                no                           undo a (item by item in reverse: undo b)  fails with that error
              any other error           no                           nothing                                   fails there: not caught

            if a compensation fails
            undo b, in undo a
              any error                 no                           nothing                                   fails there: not caught
        "#]],
    );
}

#[test]
fn what_ends_well_or_never_is_said_to_do_so() {
    let states = [
        task(
            "a",
            "'Retry': [{ 'ErrorEquals': ['Late'], 'MaxAttempts': 99999999 }], \
             'Catch': [{ 'ErrorEquals': ['NoCard'], 'Next': 'b' }, { 'ErrorEquals': ['Ask'], 'Next': 'ask' }, \
             { 'ErrorEquals': ['Round'], 'Next': 'x' }], 'End': true",
        ),
        task("b", "'End': true"),
        "'ask': { 'Type': 'Task', 'Resource': 'arn:aws:states:::sqs:sendMessage.waitForTaskToken', 'Next': 'a' }"
            .to_owned(),
        task("x", "'Next': 'y'"),
        task("y", "'Next': 'x'"),
    ];
    check(
        &states.join(","),
        &expect![[r#"
            if it fails with   it is tried again  then undone  and the execution
            a
              NoCard           no                 nothing      goes on at b
              Ask              no                 nothing      waits for an operator, then tries it again
              Round            no                 x, y         comes to x again
              Late             without end        nothing      goes on once it succeeds
              any other error  no                 nothing      fails there: not caught
            b
              any error        no                 nothing      fails there: not caught
            ask
              any error        no                 nothing      fails there: not caught

            if a compensation fails
            x
            y
              any error        no                 nothing      fails there: not caught
        "#]],
    );
}

#[test]
fn a_machine_that_always_fails_is_explained_all_the_same() {
    let states = [
        task("a", "'Next': 'failed'"),
        "'failed': { 'Type': 'Fail' }".to_owned(),
    ];
    check(
        &states.join(","),
        &expect![[r#"
        if it fails with  it is tried again  then undone  and the execution
        a
          any error       no                 nothing      fails there: not caught
    "#]],
    );
}

/// Every branch of a long flow doubles the ways; they must not all be walked.
#[test]
fn many_branches_take_no_time() {
    let mut states = Vec::new();
    for i in 0..60 {
        let next = i + 1;
        states.push(format!(
            "'c{i}': {{ 'Type': 'Choice', 'Default': 'c{next}', 'Assign': {{ 'b{i}': 1 }}, 'Choices': [\
             {{ 'Condition': '{{% $b{i} = 0 %}}', 'Assign': {{ 'b{i}': 0 }}, 'Next': 't{i}' }}] }}"
        ));
        states.push(task(
            &format!("t{i}"),
            &format!(
                "'Next': 'c{next}', 'Catch': [{{ 'ErrorEquals': ['States.ALL'], 'Next': 'u{i}' }}]"
            ),
        ));
        states.push(format!(
            "'u{i}': {{ 'Type': 'Choice', 'Default': 'u{next}', 'Choices': [\
             {{ 'Condition': '{{% $b{i} = 0 %}}', 'Next': 'v{i}' }}] }}"
        ));
        states.push(task(&format!("v{i}"), &format!("'Next': 'u{next}'")));
    }
    states.push("'c60': { 'Type': 'Succeed' }, 'u60': { 'Type': 'Fail' }".to_owned());
    let states = states.join(",").replace('\'', "\"");
    let definition =
        format!(r#"{{ "QueryLanguage": "JSONata", "StartAt": "c0", "States": {{ {states} }} }}"#);
    let machine = saga_asl::read(&definition).unwrap();
    assert_eq!(saga_asl::explain(&machine).steps.len(), 60);
}

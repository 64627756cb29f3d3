//! Definitions and executions recorded from real Step Functions: the validator must agree with what they show.
//!
//! The records lie beside the repository. Where they are absent the tests say so and pass, except in CI.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use expect_test::{Expect, expect};
use serde_json::Value;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/asl-corpus");

/// The records of a file that are in JSONata throughout, by name.
fn records(file: &str) -> Option<Vec<Value>> {
    let path = Path::new(FOLDER).join(file);
    let Ok(text) = fs::read_to_string(&path) else {
        let in_ci = std::env::var_os("CI").is_some_and(|value| value == "true");
        assert!(!in_ci, "{} is absent", path.display());
        println!("skipped: {} is absent", path.display());
        return None;
    };
    let records = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("a record is JSON"));
    Some(
        records
            .filter(|record| is_jsonata(&record["definition"]))
            .collect(),
    )
}

fn is_jsonata(definition: &Value) -> bool {
    definition["QueryLanguage"] == "JSONata"
        || definition["States"].is_object() && states_say_so(definition)
}

fn states_say_so(graph: &Value) -> bool {
    let Some(states) = graph["States"].as_object() else {
        return true;
    };
    states.values().all(|state| {
        let branches = state["Branches"].as_array().into_iter().flatten();
        state["QueryLanguage"] == "JSONata"
            && states_say_so(&state["ItemProcessor"])
            && branches.into_iter().all(states_say_so)
    })
}

/// The rules that refuse a definition; none when it is accepted.
fn refusals(definition: &Value) -> BTreeSet<&'static str> {
    match saga_asl::parse(&definition.to_string()) {
        Ok(_) => BTreeSet::new(),
        Err(problems) => problems.iter().map(saga_asl::Problem::rule).collect(),
    }
}

fn short(record: &Value) -> &str {
    let name = record["name"].as_str().unwrap_or_default();
    name.rsplit("::").next().unwrap_or(name)
}

/// One line a verdict with its counts, then every definition that the two judge differently.
fn summary<'a>(records: impl IntoIterator<Item = (&'a Value, &'a str)>) -> String {
    let mut counts: BTreeMap<&str, [usize; 2]> = BTreeMap::new();
    let mut differences: BTreeMap<String, usize> = BTreeMap::new();
    for (record, verdict) in records {
        let refusals = refusals(&record["definition"]);
        counts.entry(verdict).or_default()[usize::from(!refusals.is_empty())] += 1;
        if verdict.starts_with("valid") != refusals.is_empty() {
            *differences
                .entry(format!("{verdict}: {} {refusals:?}", short(record)))
                .or_default() += 1;
        }
    }
    let mut text = String::new();
    for (verdict, [accepted, refused]) in counts {
        _ = writeln!(text, "{verdict}: {accepted} accepted, {refused} refused");
    }
    for (difference, count) in differences {
        _ = writeln!(text, "{count} x {difference}");
    }
    text
}

fn check(summary: &str, expected: Expect) {
    println!("{summary}");
    expected.assert_eq(summary);
}

/// Step Functions accepts variables and functions that do not exist, and the execution fails when it meets them;
/// this validator refuses them beforehand. `ItemReader` and `ItemBatcher` it does not cover.
#[test]
fn definitions_are_judged_as_by_step_functions() {
    let Some(records) = records("definitions.jsonl") else {
        return;
    };
    let judged = records.iter().filter(|record| by_aws(record));
    check(
        &summary(judged.map(|record| (record, verdict(record)))),
        expect![[r#"
            invalid: 0 accepted, 3 refused
            valid: 40 accepted, 8 refused
            1 x valid: test_map_catch_error[MAP_CATCH_ERROR_OUTPUT_WITH_RETRY] {"variables"}
            1 x valid: test_math_random_seeded#exec_hist_resp_0 {"functions"}
            1 x valid: test_parallel_catch_error[PARALLEL_CATCH_ERROR_VARIABLE_SAMPLING] {"variables"}
            1 x valid: test_undefined_reference[BASE_UNDEFINED_ARGUMENTS] {"variables"}
            1 x valid: test_undefined_reference[BASE_UNDEFINED_ARGUMENTS_FIELD] {"variables"}
            1 x valid: test_undefined_reference[BASE_UNDEFINED_ASSIGN] {"variables"}
            1 x valid: test_undefined_reference[BASE_UNDEFINED_OUTPUT] {"variables"}
            1 x valid: test_undefined_reference[BASE_UNDEFINED_OUTPUT_MULTIPLE_STATES] {"variables"}
        "#]],
    );
}

/// Other validators are no authority; the list shows where this one differs, and why is said in its rules.
#[test]
fn differences_from_other_validators_are_known() {
    let Some(records) = records("definitions.jsonl") else {
        return;
    };
    let judged = records.iter().filter(|record| !by_aws(record));
    check(
        &summary(judged.map(|record| (record, verdict(record)))),
        expect![[r#"
        invalid: 2 accepted, 5 refused
        valid: 6 accepted, 1 refused
        1 x invalid: asl-validator/invalid-json-surround-syntax-extra-spaces.json {}
        1 x invalid: asl-validator/invalid-jsonata-surround-syntax-no-spaces.json {}
        1 x valid: asl-service/ASL context-aware validation / Test validation with JSONata fields / does not show diagnostic error on valid states {"states-variable"}
    "#]],
    );
}

/// Whatever ran was accepted before, however it ended. What is refused all the same failed for that very reason, or
/// is not covered.
#[test]
fn every_execution_s_definition_is_accepted() {
    let Some(records) = records("executions.jsonl") else {
        return;
    };
    let records = records.iter().map(|record| {
        let status = record["expected"]["status"].as_str().unwrap_or_default();
        (
            record,
            if status == "FAILED" {
                "valid, failed"
            } else {
                "valid, did not fail"
            },
        )
    });
    check(
        &summary(records),
        expect![[r#"
            valid, did not fail: 44 accepted, 1 refused
            valid, failed: 16 accepted, 3 refused
            1 x valid, did not fail: test_map_item_batching_base_json_max_per_batch_jsonata {"unsupported"}
            1 x valid, failed: test_map_catch_error[MAP_CATCH_ERROR_OUTPUT_WITH_RETRY] {"variables"}
            1 x valid, failed: test_undefined_reference[BASE_UNDEFINED_OUTPUT] {"variables"}
            1 x valid, failed: test_undefined_reference[BASE_UNDEFINED_OUTPUT_MULTIPLE_STATES] {"variables"}
        "#]],
    );
}

fn by_aws(record: &Value) -> bool {
    record["verdict_by"]
        .as_str()
        .is_some_and(|by| by.starts_with("AWS"))
}

fn verdict(record: &Value) -> &str {
    record["verdict"].as_str().unwrap_or_default()
}

/// What the validator accepts, the writer writes so that it reads the same.
#[test]
fn accepted_definitions_survive_writing_and_reading() {
    let Some(records) = records("executions.jsonl") else {
        return;
    };
    for record in &records {
        if let Ok(machine) = saga_asl::parse(&record["definition"].to_string()) {
            for json in [
                saga_asl::to_json(&machine),
                saga_asl::to_json_compact(&machine),
            ] {
                assert_eq!(
                    saga_asl::parse(&json),
                    Ok(machine.clone()),
                    "{}",
                    short(record)
                );
            }
        }
    }
}

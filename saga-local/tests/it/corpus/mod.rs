//! Runs the executions recorded from Step Functions that the model can say, and compares how they ended and every event.
//!
//! `ASL_CORPUS=FILE` reads another file of the same format. Of a case that is in scope, status and output must agree, or status,
//! error and cause; whether all its events agree is counted beside it.

mod record;
mod scope;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};

use expect_test::expect;
use saga_local::{Engine, Run};
use serde_json::Value;

use crate::support::block_on;
use record::Record;

/// Recorded under one account, run under another.
const RECORDED_ACCOUNT: &str = "111111111111";
const ENGINE_ACCOUNT: &str = "123456789012";

/// The records beside the repository.
const FILE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../shared/asl-corpus/executions.jsonl"
);

/// What of another file's cases in scope must pass, in percent.
const BAR: usize = 98;

#[derive(Default)]
struct Tally {
    in_scope: usize,
    passed: usize,
    with_history: usize,
    same_history: usize,
}

impl Tally {
    fn add(&mut self, other: &Self) {
        self.in_scope += other.in_scope;
        self.passed += other.passed;
        self.with_history += other.with_history;
        self.same_history += other.same_history;
    }
}

#[derive(Default)]
struct Report {
    /// By category, and whether the record uses JSONata.
    tallies: BTreeMap<(String, bool), Tally>,
    /// By reason, and whether the record uses JSONata.
    outside: BTreeMap<(String, bool), Vec<String>>,
    differences: String,
}

/// The run, `None` if the engine panicked; or why the case is out of scope.
fn run(record: &Record) -> Result<Option<Run<Value>>, String> {
    if !record.is_runnable {
        return Err("needs more than its mocks, or a clock".to_owned());
    }
    let machine = scope::machine(&record.definition)?;
    let engine = Engine::from_machine(&record.machine_name, machine).with_host(record.host());
    engine.check().map_err(|error| error.to_string())?;
    let start = || block_on(engine.start(&record.execution_name, &record.input));
    match catch_unwind(AssertUnwindSafe(start)) {
        Ok(run) => run
            .map(Some)
            .map_err(|error| format!("unreadable: {error}")),
        Err(_) => Ok(None),
    }
}

impl Report {
    fn add(&mut self, line: &str) {
        let record = match Record::read(line) {
            Ok(record) => record,
            Err(why) => return self.exclude(format!("unreadable: {why}"), false, line),
        };
        let run = match run(&record) {
            Ok(run) => run,
            Err(why) => return self.exclude(why, record.is_jsonata, &record.name),
        };
        let key = (record.category.clone(), record.is_jsonata);
        let tally = self.tallies.entry(key).or_default();
        tally.in_scope += 1;
        let mut differs = |what: &str, how: &str| {
            writeln!(self.differences, "{}: {what}: {how}", record.name).unwrap();
        };
        let Some(run) = run else {
            return differs("the run", "the engine panicked");
        };
        match record.end_differs(&run) {
            Some(how) => differs("the end", &how),
            None => tally.passed += 1,
        }
        if record.has_history() {
            tally.with_history += 1;
            match record.history_differs(&run) {
                Some(how) => differs("an event", &how),
                None => tally.same_history += 1,
            }
        }
    }

    fn exclude(&mut self, why: String, is_jsonata: bool, name: &str) {
        let name = name.chars().take(200).collect();
        self.outside
            .entry((why, is_jsonata))
            .or_default()
            .push(name);
    }

    fn out_of_scope(&self) -> usize {
        self.outside.values().map(Vec::len).sum()
    }

    fn total(&self) -> Tally {
        let mut total = Tally::default();
        self.tallies.values().for_each(|tally| total.add(tally));
        total
    }

    /// The pass rates by category, JSONata first, and how many cases are out of scope for which reason.
    fn table(&self) -> String {
        let mut table = String::new();
        for language in [true, false] {
            let title = if language {
                "JSONata"
            } else {
                "JSONPath, as JSONata"
            };
            writeln!(table, "{title}").unwrap();
            for ((category, _), tally) in self.tallies.iter().filter(|(key, _)| key.1 == language) {
                let Tally {
                    in_scope,
                    passed,
                    with_history,
                    same_history,
                } = tally;
                writeln!(
                    table,
                    "  {category}: {passed} of {in_scope}, and the history of {same_history} of {with_history}"
                )
                .unwrap();
            }
            for ((reason, _), names) in self.outside.iter().filter(|(key, _)| key.1 == language) {
                writeln!(table, "  out of scope: {} x {reason}", names.len()).unwrap();
            }
        }
        table
    }
}

#[test]
fn recorded_executions_end_as_they_did_on_step_functions() {
    let other = std::env::var("ASL_CORPUS").ok();
    let path = other.as_deref().unwrap_or(FILE);
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => {
            let may_be_absent = other.is_none() && std::env::var_os("CI").is_none();
            assert!(may_be_absent, "the corpus {path} cannot be read: {error}");
            println!("the corpus is not at {path}; nothing was compared");
            return;
        }
    };
    let mut report = Report::default();
    for line in text.replace(RECORDED_ACCOUNT, ENGINE_ACCOUNT).lines() {
        if !line.trim().is_empty() {
            report.add(line);
        }
    }
    let (table, total) = (report.table(), report.total());
    for ((reason, is_jsonata), names) in &report.outside {
        for name in names.iter().filter(|_| *is_jsonata) {
            println!("out of scope: {name}: {reason}");
        }
    }
    println!("{}{table}", report.differences);
    println!(
        "corpus: {} in scope, {} passed, {} out of scope",
        total.in_scope,
        total.passed,
        report.out_of_scope()
    );
    if other.is_some() {
        let Tally {
            in_scope, passed, ..
        } = total;
        assert!(passed * 100 >= in_scope * BAR, "less than {BAR} % passed");
        return;
    }
    expect![[r#"
        JSONata
          arguments: 2 of 2, and the history of 2 of 2
          assign: 3 of 3, and the history of 3 of 3
          credentials: 1 of 1, and the history of 1 of 1
          evaluate_jsonata: 7 of 7, and the history of 7 of 7
          intrinsic_functions: 15 of 15, and the history of 15 of 15
          local_mocking: 1 of 1, and the history of 1 of 1
          outputdecl: 6 of 6, and the history of 6 of 6
          query_language: 3 of 3, and the history of 3 of 3
          scenarios: 24 of 24, and the history of 24 of 24
          states_variables: 5 of 5, and the history of 5 of 5
          out of scope: 1 x a Pass in JSONPath with `OutputPath`
          out of scope: 1 x a Pass in JSONPath with `Parameters`
          out of scope: 1 x a Pass in JSONPath with `ResultPath`
          out of scope: 1 x a Pass in JSONPath with a path
          out of scope: 1 x a Task in JSONPath with a path
          out of scope: 3 x needs more than its mocks, or a clock
        JSONPath, as JSONata
          assign: 2 of 2, and the history of 2 of 2
          base: 3 of 3, and the history of 3 of 3
          comments: 1 of 1, and the history of 1 of 1
          error_handling: 1 of 1, and the history of 1 of 1
          express: 1 of 1, and the history of 0 of 0
          query_language: 1 of 1, and the history of 1 of 1
          scenarios: 4 of 4, and the history of 2 of 2
          services: 3 of 3, and the history of 3 of 3
          out of scope: 264 x a Choice in JSONPath
          out of scope: 3 x a Fail in JSONPath with `ErrorPath`
          out of scope: 20 x a Map in JSONPath
          out of scope: 3 x a Pass in JSONPath with `OutputPath`
          out of scope: 86 x a Pass in JSONPath with `Parameters`
          out of scope: 12 x a Pass in JSONPath with `ResultPath`
          out of scope: 2 x a Pass in JSONPath with `Result`
          out of scope: 6 x a Pass in JSONPath with a path
          out of scope: 1 x a Task in JSONPath with `OutputPath`
          out of scope: 39 x a Task in JSONPath with `Parameters`
          out of scope: 1 x a Task in JSONPath with `ResultPath`
          out of scope: 1 x a Task in JSONPath with `TimeoutSecondsPath`
          out of scope: 3 x a Wait in JSONPath with `SecondsPath`
          out of scope: 3 x a Wait in JSONPath with `TimestampPath`
          out of scope: 2 x a Wait in JSONPath with `Timestamp`
          out of scope: 42 x needs more than its mocks, or a clock
    "#]]
    .assert_eq(&table);
}

//! How long reading and checking a definition takes: the largest of `out/`, and a made one of 400 states.

use std::fs;
use std::path::Path;

fn main() {
    divan::main();
}

/// Two hundred steps, each with a Retry, a Catch, a compensation, and a variable that later steps read.
fn four_hundred_states() -> String {
    let mut states = Vec::new();
    for step in 0..200 {
        let next = if step == 199 {
            "\"End\": true".to_owned()
        } else {
            format!("\"Next\": \"step{}\"", step + 1)
        };
        let previous = if step == 0 {
            "$states.context.Execution.Input".to_owned()
        } else {
            format!("$v{}", step - 1)
        };
        let undo = if step == 0 {
            "\"End\": true".to_owned()
        } else {
            format!("\"Next\": \"undo{}\"", step - 1)
        };
        let retry = r#""Retry": [{"ErrorEquals": ["Lambda.TooManyRequestsException", "Lambda.ServiceException"],
            "IntervalSeconds": 1, "MaxAttempts": 6, "BackoffRate": 2, "JitterStrategy": "FULL"}]"#;
        let task = |phase: &str, input: &str| {
            format!(
                r#""Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Arguments": {{
                "FunctionName": "${{F}}", "Payload": {{"saga": "{{% $states.context.Execution.Id %}}",
                "step": "{phase}{step}", "input": "{{% {input} %}}"}}}}, "TimeoutSeconds": 10, {retry}"#
            )
        };
        states.push(format!(
            r#""step{step}": {{{}, "Catch": [{{"ErrorEquals": ["States.ALL"],
            "Assign": {{"failure": "{{% $states.errorOutput %}}"}}, "Next": "undo{step}"}}],
            "Assign": {{"v{step}": "{{% $states.result.Payload %}}"}}, {next}}}"#,
            task("step", &previous)
        ));
        states.push(format!(
            r#""undo{step}": {{{}, {undo}}}"#,
            task("undo", "$failure.Error")
        ));
    }
    format!(
        r#"{{"QueryLanguage": "JSONata", "StartAt": "step0", "States": {{{}}}}}"#,
        states.join(",")
    )
}

fn largest_of_out() -> Option<String> {
    let files = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../out")).ok()?;
    let paths = files.filter_map(|file| Some(file.ok()?.path()));
    paths
        .filter(|path| path.to_string_lossy().ends_with(".asl.json"))
        .filter_map(|path| fs::read_to_string(path).ok())
        .max_by_key(String::len)
}

#[divan::bench]
fn made_of_400_states(bencher: divan::Bencher<'_, '_>) {
    let json = four_hundred_states();
    assert_eq!(saga_asl::parse(&json).map(|_| ()), Ok(()));
    let bytes = divan::counter::BytesCount::of_str(&json);
    bencher
        .counter(bytes)
        .bench(|| saga_asl::parse(divan::black_box(&json)));
}

#[divan::bench]
fn largest_emitted(bencher: divan::Bencher<'_, '_>) {
    let Some(json) = largest_of_out() else { return };
    let bytes = divan::counter::BytesCount::of_str(&json);
    bencher
        .counter(bytes)
        .bench(|| saga_asl::parse(divan::black_box(&json)));
}

//! The rule that literal numbers are within Step Functions' ranges. Expressions are judged when they run.

use std::ops::RangeInclusive;

use crate::model::{Map, Number, Retrier, State, Task, WaitUntil};
use crate::problems::{Path, Problems};

use super::definition::Definition;

const RULE: &str = "numbers";

/// The longest time in seconds, and the most attempts, that Step Functions takes:
/// <https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html>.
const MOST: u64 = 99_999_999;

/// `MaxDelaySeconds` must stay below 366 days, by the same page.
const LONGEST_DELAY: u64 = 31_622_399;

pub(super) fn check(definition: &Definition<'_>, problems: &mut Problems) {
    let root = Path::default();
    check_range(
        definition.machine.timeout_seconds,
        "TimeoutSeconds",
        1..=MOST,
        &root,
        problems,
    );
    for (_, state, path) in definition.states() {
        match state {
            State::Task(task) => check_task(task, &path, problems),
            State::Parallel(parallel) => check_retry(&parallel.retry, &path, problems),
            State::Map(map) => check_map(map, &path, problems),
            State::Wait(wait) => {
                if let WaitUntil::Seconds(seconds) = &wait.until {
                    check_range(literal(Some(seconds)), "Seconds", 0..=MOST, &path, problems);
                }
            }
            State::Choice(_) | State::Pass(_) | State::Succeed(_) | State::Fail(_) => {}
        }
    }
}

fn check_task(task: &Task, path: &Path<'_>, problems: &mut Problems) {
    let timeout = literal(task.timeout_seconds.as_ref());
    let heartbeat = literal(task.heartbeat_seconds.as_ref());
    check_range(timeout, "TimeoutSeconds", 1..=MOST, path, problems);
    check_range(heartbeat, "HeartbeatSeconds", 1..=MOST, path, problems);
    if let (Some(timeout), Some(heartbeat)) = (timeout, heartbeat)
        && heartbeat >= timeout
        && timeout > 0
    {
        let message = format_args!(
            "`HeartbeatSeconds` {heartbeat} must be less than `TimeoutSeconds` {timeout}"
        );
        problems.add(RULE, &path.key("HeartbeatSeconds"), message);
    }
    check_retry(&task.retry, path, problems);
}

fn check_map(map: &Map, path: &Path<'_>, problems: &mut Problems) {
    let percentage = literal(map.tolerated_failure_percentage.as_ref());
    check_range(
        percentage,
        "ToleratedFailurePercentage",
        0..=100,
        path,
        problems,
    );
    check_retry(&map.retry, path, problems);
}

fn check_retry(retry: &[Retrier], path: &Path<'_>, problems: &mut Problems) {
    for (i, retrier) in retry.iter().enumerate() {
        let path = path.key("Retry").index(i);
        check_range(
            retrier.interval_seconds,
            "IntervalSeconds",
            1..=MOST,
            &path,
            problems,
        );
        check_range(
            retrier.max_attempts,
            "MaxAttempts",
            0..=MOST,
            &path,
            problems,
        );
        check_range(
            retrier.max_delay_seconds,
            "MaxDelaySeconds",
            1..=LONGEST_DELAY,
            &path,
            problems,
        );
        let interval = retrier.interval_seconds.unwrap_or(1);
        if let Some(delay) = retrier.max_delay_seconds
            && delay <= interval
        {
            let message = format_args!(
                "`MaxDelaySeconds` {delay} must be greater than `IntervalSeconds`, {interval}"
            );
            problems.add(RULE, &path.key("MaxDelaySeconds"), message);
        }
        if let Some(rate) = retrier.backoff_rate
            && !(rate.is_finite() && rate >= 1.0)
        {
            problems.add(
                RULE,
                &path.key("BackoffRate"),
                format_args!("`BackoffRate` {rate} must be at least 1"),
            );
        }
    }
}

fn literal(number: Option<&Number>) -> Option<u64> {
    match number {
        Some(Number::Literal(literal)) => Some(*literal),
        Some(Number::Expression(_)) | None => None,
    }
}

fn check_range(
    number: Option<u64>, field: &'static str, range: RangeInclusive<u64>, path: &Path<'_>,
    problems: &mut Problems,
) {
    if let Some(number) = number
        && !range.contains(&number)
    {
        let message = format_args!(
            "`{field}` {number} is out of range; Step Functions allows {} to {}",
            range.start(),
            range.end()
        );
        problems.add(RULE, &path.key(field), message);
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::validate::testing::{check, check_task};

    #[test]
    fn retriers_have_bounds() {
        let retry = |fields: &str| format!(r#""Retry": [{{"ErrorEquals": ["A"], {fields}}}]"#);
        let good = r#""IntervalSeconds": 99999999, "MaxAttempts": 99999999, "BackoffRate": 1"#;
        check_task(&retry(good), expect!["ok"]);
        check_task(
            &retry(r#""MaxAttempts": 0, "MaxDelaySeconds": 31622399"#),
            expect!["ok"],
        );
        let bad = r#""IntervalSeconds": 0, "MaxAttempts": 100000000, "BackoffRate": 0.9, "MaxDelaySeconds": 31622400"#;
        check_task(
            &retry(bad),
            expect![[r#"
            $.States.a.Retry[0].IntervalSeconds: `IntervalSeconds` 0 is out of range; Step Functions allows 1 to 99999999 [numbers]
            $.States.a.Retry[0].MaxAttempts: `MaxAttempts` 100000000 is out of range; Step Functions allows 0 to 99999999 [numbers]
            $.States.a.Retry[0].MaxDelaySeconds: `MaxDelaySeconds` 31622400 is out of range; Step Functions allows 1 to 31622399 [numbers]
            $.States.a.Retry[0].BackoffRate: `BackoffRate` 0.9 must be at least 1 [numbers]"#]],
        );
        check_task(
            &retry(r#""IntervalSeconds": 5, "MaxDelaySeconds": 5"#),
            expect![
                "$.States.a.Retry[0].MaxDelaySeconds: `MaxDelaySeconds` 5 must be greater than `IntervalSeconds`, 5 [numbers]"
            ],
        );
        check_task(
            &retry(r#""MaxAttempts": -1"#),
            expect![
                "$.States.a.Retry[0].MaxAttempts: `MaxAttempts` must be a whole number, not `-1` [schema]"
            ],
        );
    }

    #[test]
    fn times_have_bounds() {
        check_task(
            r#""TimeoutSeconds": 99999999, "HeartbeatSeconds": 99999998"#,
            expect!["ok"],
        );
        check_task(
            r#""TimeoutSeconds": "{% 0 %}", "HeartbeatSeconds": 5"#,
            expect!["ok"],
        );
        check_task(
            r#""TimeoutSeconds": 5, "HeartbeatSeconds": 5"#,
            expect![
                "$.States.a.HeartbeatSeconds: `HeartbeatSeconds` 5 must be less than `TimeoutSeconds` 5 [numbers]"
            ],
        );
        check_task(
            r#""TimeoutSeconds": 0, "HeartbeatSeconds": 100000000"#,
            expect![[r#"
            $.States.a.TimeoutSeconds: `TimeoutSeconds` 0 is out of range; Step Functions allows 1 to 99999999 [numbers]
            $.States.a.HeartbeatSeconds: `HeartbeatSeconds` 100000000 is out of range; Step Functions allows 1 to 99999999 [numbers]"#]],
        );
        check(
            "a",
            r#""a": {"Type": "Wait", "Seconds": 0, "End": true}"#,
            expect!["ok"],
        );
        check(
            "a",
            r#""a": {"Type": "Wait", "Seconds": 100000000, "End": true}"#,
            expect![
                "$.States.a.Seconds: `Seconds` 100000000 is out of range; Step Functions allows 0 to 99999999 [numbers]"
            ],
        );
    }

    #[test]
    fn tolerated_failures_are_a_percentage() {
        let map = r#""a": {"Type": "Map", "End": true, "ToleratedFailurePercentage": 100,
            "ItemProcessor": {"StartAt": "b", "States": {"b": {"Type": "Succeed"}}}}"#;
        check("a", map, expect!["ok"]);
        check(
            "a",
            &map.replace("100", "101"),
            expect![
                "$.States.a.ToleratedFailurePercentage: `ToleratedFailurePercentage` 101 is out of range; Step Functions allows 0 to 100 [numbers]"
            ],
        );
        check(
            "a",
            &map.replace("100", "0.5"),
            expect![
                "$.States.a.ToleratedFailurePercentage: this validator does not cover fractions of a percent in `ToleratedFailurePercentage` [unsupported]"
            ],
        );
    }
}

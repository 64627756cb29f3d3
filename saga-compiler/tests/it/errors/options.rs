//! Messages about the options of `#[step]` and `#[compensation]`.

use expect_test::expect;

use crate::support::{base, check};

#[test]
fn a_step_has_one_kind() {
    check(
        &base("#[step(compensate = release)]", "#[step]"),
        expect![[r#"
            12:11 `step`: step `reserve` does not say what follows when the saga fails; write one of `compensate = <method>`, `pivot`, `retriable` and `read_only`
        "#]],
    );
    check(
        &base("#[step(compensate = release)]", "#[step()]"),
        expect![[r#"
            12:11 `step`: step `reserve` does not say what follows when the saga fails; write one of `compensate = <method>`, `pivot`, `retriable` and `read_only`
        "#]],
    );
    check(
        &base(
            "#[step(compensate = release)]",
            r#"#[step(timeout = "5s")]"#,
        ),
        expect![[r#"
            12:11 `step`: step `reserve` does not say what follows when the saga fails; write one of `compensate = <method>`, `pivot`, `retriable` and `read_only`
        "#]],
    );
    check(
        &base(
            "#[step(compensate = release)]",
            "#[step(compensate = release, pivot)]",
        ),
        expect![[r#"
            12:38 `pivot`: step `reserve` is `compensate` and `pivot`; keep one of `compensate = <method>`, `pivot`, `retriable` and `read_only`
        "#]],
    );
    check(
        &base(
            "#[step(compensate = release)]",
            "#[step(pivot, retriable, read_only)]",
        ),
        expect![[r#"
            12:23 `retriable`: step `reserve` is `pivot` and `retriable`; keep one of `compensate = <method>`, `pivot`, `retriable` and `read_only`
            12:34 `read_only`: step `reserve` is `pivot` and `read_only`; keep one of `compensate = <method>`, `pivot`, `retriable` and `read_only`
        "#]],
    );
    check(
        &base("#[step(compensate = release)]", "#[step(pivot, pivot)]"),
        expect![[r#"
            12:23 `pivot`: `pivot` stands twice in `#[step]`; remove one
        "#]],
    );
}

#[test]
fn a_mistake_in_the_options_is_not_also_a_missing_kind() {
    check(
        &base(
            "#[step(compensate = release)]",
            "#[step(compensat = release)]",
        ),
        expect![[r#"
            12:16 `compensat`: unknown `#[step]` option `compensat`; did you mean `compensate`? the options are `compensate`, `pivot`, `retriable`, `read_only`, `retry`, `timeout` and `heartbeat`
        "#]],
    );
    check(
        &base(
            "#[step(compensate = release)]",
            r#"#[step(compensate = "release")]"#,
        ),
        expect![[r#"
            12:29 `"release"`: write the compensation's name: `compensate = release`
        "#]],
    );
    check(
        &base("#[step(compensate = release)]", "#[step(compensate)]"),
        expect![[r#"
            12:16 `compensate`: write the compensation's name: `compensate = release`
        "#]],
    );
    check(
        &base("#[step(compensate = release)]", "#[step(pivot = true)]"),
        expect![[r#"
            12:22 `=`: `pivot` takes no value; write `pivot` alone
        "#]],
    );
    check(
        &base("#[step(compensate = release)]", "#[step(pivto)]"),
        expect![[r#"
            12:16 `pivto`: unknown `#[step]` option `pivto`; did you mean `pivot`? the options are `compensate`, `pivot`, `retriable`, `read_only`, `retry`, `timeout` and `heartbeat`
        "#]],
    );
    check(
        &base("#[step(compensate = release)]", r#"#[step = "pivot"]"#),
        expect![[r#"
            12:16 `=`: options stand in parentheses; write `(…)`
        "#]],
    );
    check(
        &base("#[step(compensate = release)]", "#[step(pivot retriable)]"),
        expect![[r#"
            12:22 `retriable`: `pivot` takes no value; write `pivot` alone
        "#]],
    );
    check(
        &base("#[step(compensate = release)]", r#"#[step("pivot")]"#),
        expect![[r#"
            12:16 `"pivot"`: `#[step]` takes options by name; write one of `compensate`, `pivot`, `retriable`, `read_only`, `retry`, `timeout` and `heartbeat`
        "#]],
    );
}

#[test]
fn step_options() {
    check(
        &base(
            "#[step(compensate = release)]",
            r#"#[step(compensate = release, timeot = "5s")]"#,
        ),
        expect![[r#"
            12:38 `timeot`: unknown `#[step]` option `timeot`; did you mean `timeout`? the options are `compensate`, `pivot`, `retriable`, `read_only`, `retry`, `timeout` and `heartbeat`
        "#]],
    );
    check(
        &base(
            "#[step(compensate = release)]",
            "#[step(compensate = release, timeout = 5)]",
        ),
        expect![[r#"
            12:48 `5`: write a duration in quotes: `= "30s"`
        "#]],
    );
    check(
        &base(
            "#[step(compensate = release)]",
            r#"#[step(compensate = release, heartbeat = "30s")]"#,
        ),
        expect![[r#"
            12:50 `"30s"`: `heartbeat` of 30 s is not less than the timeout of 30 s, as Step Functions asks; write less, or a larger `timeout`
        "#]],
    );
    check(
        &base(
            "#[step(compensate = release)]",
            r#"#[step(compensate = release, timeout = "5s", heartbeat = "9s")]"#,
        ),
        expect![[r#"
            12:66 `"9s"`: `heartbeat` of 9 s is not less than the timeout of 5 s, as Step Functions asks; write less, or a larger `timeout`
        "#]],
    );
    check(
        &base(
            "#[step(compensate = release)]",
            r#"#[step(compensate = release, timeout = "1158d")]"#,
        ),
        expect![[r#"
            12:48 `"1158d"`: `1158d` is too long; Step Functions allows 99999999 seconds here
        "#]],
    );
    check(
        &base(
            "#[step(compensate = release)]",
            r#"#[step(compensate = release, timeout = "9s", timeout = "8s")]"#,
        ),
        expect![[r#"
            12:54 `timeout`: `timeout` stands twice in `#[step]`; remove one
        "#]],
    );
}

#[test]
fn retry_options() {
    check(
        &base(
            "#[step(compensate = release)]",
            "#[step(compensate = release, retry)]",
        ),
        expect![[r#"
            12:38 `retry`: say what to change of the retry policy; write `retry(max_attempts = 4, interval = "1s")`
        "#]],
    );
    check(
        &base(
            "#[step(compensate = release)]",
            "#[step(compensate = release, retry = 3)]",
        ),
        expect![[r#"
            12:44 `=`: say what to change of the retry policy; write `retry(max_attempts = 4, interval = "1s")`
        "#]],
    );
    check(
        &base(
            "#[step(compensate = release)]",
            r#"#[step(compensate = release, retry(max_attempts = "4"))]"#,
        ),
        expect![[r#"
            12:59 `"4"`: write a number: `max_attempts = 4`
        "#]],
    );
    check(
        &base(
            "#[step(compensate = release)]",
            "#[step(compensate = release, retry(max_attempts = 100000000))]",
        ),
        expect![[r#"
            12:59 `100000000`: `max_attempts` must be between 0 and 99999999, as Step Functions asks
        "#]],
    );
    check(
        &base(
            "#[step(compensate = release)]",
            "#[step(compensate = release, retry(max_attempts = -1))]",
        ),
        expect![[r#"
            12:59 `-1`: `max_attempts` must be between 0 and 99999999, as Step Functions asks
        "#]],
    );
    check(
        &base(
            "#[step(compensate = release)]",
            "#[step(compensate = release, retry(backoff = 0.5))]",
        ),
        expect![[r#"
            12:54 `0.5`: `backoff` must be 1 or more, as Step Functions asks; write `2.0` to double the interval
        "#]],
    );
    check(
        &base(
            "#[step(compensate = release)]",
            r#"#[step(compensate = release, retry(backoff = "2"))]"#,
        ),
        expect![[r#"
            12:54 `"2"`: write a number: `backoff = 2.0`
        "#]],
    );
    check(
        &base(
            "#[step(compensate = release)]",
            "#[step(compensate = release, retry(backoff = 1e999))]",
        ),
        expect![[r#"
            12:54 `1e999`: `backoff` must be 1 or more, as Step Functions asks; write `2.0` to double the interval
        "#]],
    );
    check(
        &base(
            "#[step(compensate = release)]",
            "#[step(compensate = release, retry(interval = 1))]",
        ),
        expect![[r#"
            12:55 `1`: write a duration in quotes: `= "30s"`
        "#]],
    );
    check(
        &base(
            "#[step(compensate = release)]",
            r#"#[step(compensate = release, retry(interval = "5m", max_delay = "5m"))]"#,
        ),
        expect![[r#"
            12:73 `"5m"`: `max_delay` of 300 s is not more than the interval of 300 s, as Step Functions asks; write more
        "#]],
    );
    check(
        &base(
            "#[step(compensate = release)]",
            r#"#[step(compensate = release, retry(max_delay = "1s"))]"#,
        ),
        expect![[r#"
            12:56 `"1s"`: `max_delay` of 1 s is not more than the interval of 1 s, as Step Functions asks; write more
        "#]],
    );
    check(
        &base(
            "#[step(compensate = release)]",
            r#"#[step(compensate = release, retry(max_delay = "366d"))]"#,
        ),
        expect![[r#"
            12:56 `"366d"`: `366d` is too long; Step Functions allows 31622399 seconds here
        "#]],
    );
    check(
        &base(
            "#[step(compensate = release)]",
            "#[step(compensate = release, retry(attempts = 4))]",
        ),
        expect![[r#"
            12:44 `attempts`: unknown `retry` option `attempts`; did you mean `max_attempts`? the options are `max_attempts`, `interval`, `backoff` and `max_delay`
        "#]],
    );
    check(
        &base(
            "#[step(compensate = release)]",
            r#"#[step(compensate = release, retry(interval = "1s", interval = "2s"))]"#,
        ),
        expect![[r#"
            12:61 `interval`: `interval` stands twice in `retry`; remove one
        "#]],
    );
}

#[test]
fn compensation_options() {
    check(
        &base("#[compensation]", "#[compensation(pivot)]"),
        expect![[r#"
            14:24 `pivot`: unknown `#[compensation]` option `pivot`; the options are `retry`, `timeout` and `heartbeat`
        "#]],
    );
    check(
        &base("#[compensation]", r#"#[compensation = "x"]"#),
        expect![[r#"
            14:24 `=`: options stand in parentheses; write `(…)`
        "#]],
    );
    check(
        &base(
            "#[compensation]",
            r#"#[compensation(timeout = "0s", heartbeat = "x")]"#,
        ),
        expect![[r#"
            14:34 `"0s"`: `0s` is too short; write at least `"1s"`
            14:52 `"x"`: `x` is not a duration; write a whole number and a unit: `"30s"`, `"15m"`, `"2h"` or `"1d"`
        "#]],
    );
    check(
        &base("#[compensation]", r#"#[compensation(heartbeat = "1m")]"#),
        expect![[r#"
            14:36 `"1m"`: `heartbeat` of 60 s is not less than the timeout of 30 s, as Step Functions asks; write less, or a larger `timeout`
        "#]],
    );
}

#[test]
fn what_is_retried_without_end_has_no_attempts() {
    check(
        &base("#[step(pivot)]", "#[step(pivot, retry(max_attempts = 3))]"),
        expect![[r#"
            18:44 `3`: a pivot is retried until its outcome is known; remove `max_attempts` from step `charge`
        "#]],
    );
    check(
        &base(
            "#[step(retriable)]",
            r#"#[step(retriable, retry(interval = "2s", max_attempts = 3))]"#,
        ),
        expect![[r#"
            22:65 `3`: a retriable step is retried until it succeeds; remove `max_attempts` from step `send`
        "#]],
    );
}

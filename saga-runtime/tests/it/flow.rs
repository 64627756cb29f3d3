//! What a flow may write beside calls of steps: timestamps, waits and `join!`, as values and types.
#![allow(
    clippy::unused_async,
    reason = "what stands for steps and flows has nothing to wait for"
)]

use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use expect_test::expect;
use saga_runtime::prelude::*;
use saga_runtime::{StepError, TimestampError};
use serde_json::json;

#[test]
fn a_timestamp_is_what_a_wait_state_reads() {
    let texts = [
        "2026-11-22T10:00:00Z",
        "2026-11-22T10:00:00.5Z",
        "2026-11-22T10:00:00.123456789Z",
        "2024-02-29T23:59:59Z",
        "1970-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999999999Z",
        "",
        "tomorrow",
        "2026-11-22",
        "2026-11-22T10:00Z",
        "2026-11-22T10:00:00",
        "2026-11-22 10:00:00Z",
        "2026-11-22t10:00:00z",
        "2026-11-22T10:00:00z",
        "2026-11-22T10:00:00.Z",
        "2026-11-22T10:00:00,5Z",
        "2026-11-22T10:00:00.1234567890Z",
        "2026-11-22T10:00:00+00:00",
        "2026-11-22T10:00:00.5+00:00",
        "2026-11-22T10:00:00+01:00",
        "2026-11-22T10:00:00+00:00Z",
        "2026-11-22T24:00:00Z",
        "2026-11-22T23:60:00Z",
        "2016-12-31T23:59:60Z",
        "2026-02-29T10:00:00Z",
        "2026-11-31T10:00:00Z",
        "2026-13-01T10:00:00Z",
        "2026-00-01T10:00:00Z",
        "1969-12-31T23:59:59Z",
        "+12026-11-22T10:00:00Z",
        " 2026-11-22T10:00:00Z",
        "2026-11-22T10:00:00ZZ",
        "2026-11-22T10:00:0٣Z",
        "2026-11-22T10:00:0\u{1F375}Z",
        "2026-11-22T10:00:00.\u{1F375}Z",
    ];
    let mut text = String::new();
    for written in texts {
        let said = match written.parse::<Timestamp>() {
            Ok(timestamp) => {
                assert_eq!(timestamp.as_str(), written);
                let since = timestamp.time().duration_since(UNIX_EPOCH).unwrap();
                format!("{} {}", since.as_secs(), since.subsec_nanos())
            }
            Err(error) => {
                assert!(!error.is_out_of_range());
                "no".to_owned()
            }
        };
        text.push_str(&format!("{written}: {said}\n"));
    }
    expect![[r#"
        2026-11-22T10:00:00Z: 1795341600 0
        2026-11-22T10:00:00.5Z: 1795341600 500000000
        2026-11-22T10:00:00.123456789Z: 1795341600 123456789
        2024-02-29T23:59:59Z: 1709251199 0
        1970-01-01T00:00:00Z: 0 0
        9999-12-31T23:59:59.999999999Z: 253402300799 999999999
        : no
        tomorrow: no
        2026-11-22: no
        2026-11-22T10:00Z: no
        2026-11-22T10:00:00: no
        2026-11-22 10:00:00Z: no
        2026-11-22t10:00:00z: no
        2026-11-22T10:00:00z: no
        2026-11-22T10:00:00.Z: no
        2026-11-22T10:00:00,5Z: no
        2026-11-22T10:00:00.1234567890Z: no
        2026-11-22T10:00:00+00:00: no
        2026-11-22T10:00:00.5+00:00: no
        2026-11-22T10:00:00+01:00: no
        2026-11-22T10:00:00+00:00Z: no
        2026-11-22T24:00:00Z: no
        2026-11-22T23:60:00Z: no
        2016-12-31T23:59:60Z: no
        2026-02-29T10:00:00Z: no
        2026-11-31T10:00:00Z: no
        2026-13-01T10:00:00Z: no
        2026-00-01T10:00:00Z: no
        1969-12-31T23:59:59Z: no
        +12026-11-22T10:00:00Z: no
         2026-11-22T10:00:00Z: no
        2026-11-22T10:00:00ZZ: no
        2026-11-22T10:00:0٣Z: no
        2026-11-22T10:00:0🍵Z: no
        2026-11-22T10:00:00.🍵Z: no
    "#]]
    .assert_eq(&text);
}

#[test]
fn a_timestamp_keeps_its_text_in_json() {
    let value = json!({ "at": ["2026-11-22T10:00:00.50Z"] });
    let read: std::collections::BTreeMap<String, Vec<Timestamp>> =
        serde_json::from_value(value.clone()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), value);
    let mut text = String::new();
    for wrong in [
        json!("2026-11-22"),
        json!(7),
        json!(null),
        json!("x".repeat(1000)),
    ] {
        let error = serde_json::from_value::<Timestamp>(wrong).unwrap_err();
        text.push_str(&format!("{error}\n"));
    }
    expect![[r#"
        invalid value: string "2026-11-22", expected a time in UTC, such as `2026-11-22T10:00:00Z`
        invalid type: integer `7`, expected a time in UTC, such as `2026-11-22T10:00:00Z`
        invalid type: null, expected a time in UTC, such as `2026-11-22T10:00:00Z`
        invalid value: string "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…", expected a time in UTC, such as `2026-11-22T10:00:00Z`
    "#]].assert_eq(&text);
}

#[test]
fn timestamps_are_compared_by_the_moment() {
    let [early, same, late]: [Timestamp; 3] = [
        "2026-11-22T10:00:00Z",
        "2026-11-22T10:00:00.000Z",
        "2026-11-22T10:00:00.001Z",
    ]
    .map(|text| text.parse().unwrap());
    assert_eq!(early, same);
    assert!(same < late && early.max(same) < late);
    let once: std::collections::HashSet<Timestamp> =
        ["2026-11-22T10:00:00Z", "2026-11-22T10:00:00.0Z"]
            .map(|text| text.parse().unwrap())
            .into();
    assert_eq!(once.len(), 1);
    assert_eq!(
        format!("{late} {late:?} {late:>28}|"),
        r#"2026-11-22T10:00:00.001Z Timestamp("2026-11-22T10:00:00.001Z")     2026-11-22T10:00:00.001Z|"#
    );
}

#[test]
fn a_clocks_time_becomes_a_timestamp_and_comes_back() {
    let end = UNIX_EPOCH + Duration::from_hours(70_389_528);
    let times = [
        UNIX_EPOCH,
        UNIX_EPOCH + Duration::from_millis(1_795_341_600_500),
        end - Duration::from_nanos(1),
    ];
    let mut text = String::new();
    for time in times {
        let timestamp = Timestamp::try_from(time).unwrap();
        assert_eq!(timestamp.as_str().parse::<Timestamp>().unwrap(), timestamp);
        assert_eq!(
            (
                SystemTime::from(&timestamp),
                SystemTime::from(timestamp.clone())
            ),
            (time, time)
        );
        text.push_str(&format!("{timestamp}\n"));
    }
    for time in [UNIX_EPOCH - Duration::from_nanos(1), end] {
        let error: TimestampError = Timestamp::try_from(time).unwrap_err();
        assert!(error.is_out_of_range());
        text.push_str(&format!("{error}\n"));
    }
    expect![[r#"
        1970-01-01T00:00:00Z
        2026-11-22T10:00:00.500000000Z
        9999-12-31T23:59:59.999999999Z
        the time is not of the years 1970 to 9999, which a timestamp can say
        the time is not of the years 1970 to 9999, which a timestamp can say
    "#]]
    .assert_eq(&text);
}

/// What a future that ends at once is worth.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits"),
    }
}

struct No;

impl StepError for No {
    const TYPES: &'static [&'static str] = &["Test.No"];

    fn error_type(&self) -> &'static str {
        "Test.No"
    }

    fn is_transient(&self) -> bool {
        false
    }

    fn message(&self) -> String {
        "no".to_owned()
    }

    fn data(&self) -> Result<serde_json::Value, serde_json::Error> {
        Ok(serde_json::Value::Null)
    }
}

async fn step<T>(output: T) -> Result<T, No> {
    Ok(output)
}

/// Every shape that a flow may give a branch; the types are the test.
async fn every_branch(text: String) -> Result<String, Rejection> {
    let (number, first, unit): (u64, String, ()) = join!(
        step(1),
        async {
            if text.is_empty() {
                return Ok("early".to_owned());
            }
            let first = step(text.clone()).await?;
            step(()).await?;
            Ok(first)
        },
        async {
            step(2).await?;
            Ok(())
        },
    )?;
    let (a, (), retried) = join!(
        async move { Ok(number + step(1).await?) },
        async { Err::<(), _>(Rejection::new("Test.Closed", "closed")) },
        retried()
    )?;
    join!(nested(), nested())?;
    let (_, (b, c)) = join!(step("x"), async { join!(nested(), step(a + retried)) })?;
    let _ = (unit, b, c);
    Ok(first)
}

async fn retried() -> Result<u64, Retry> {
    Ok(1)
}

async fn nested() -> Result<(), Rejection> {
    Ok(())
}

#[test]
#[should_panic(
    expected = "`join!` stands for a state of Step Functions, so it belongs into a flow under `#[saga]`"
)]
fn join_is_for_flows() {
    let _ = now(every_branch("a".to_owned()));
}

#[test]
#[should_panic(expected = "`sleep` stands for a state of Step Functions")]
fn sleep_is_for_flows() {
    now(sleep(Duration::ZERO));
}

#[test]
#[should_panic(expected = "`sleep_until` stands for a state of Step Functions")]
fn sleep_until_is_for_flows() {
    let moment: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
    // By reference and by value.
    drop(sleep_until(&moment));
    now(sleep_until(moment));
}

#[test]
fn a_join_may_have_forty_branches() {
    let branches = || {
        join!(
            step(1),
            step(1),
            step(1),
            step(1),
            step(1),
            step(1),
            step(1),
            step(1),
            step(1),
            step(1),
            step(1),
            step(1),
            step(1),
            step(1),
            step(1),
            step(1),
            step(1),
            step(1),
            step(1),
            step(1),
            step(1),
            step(1),
            step(1),
            step(1),
            step(1),
            step(1),
            step(1),
            step(1),
            step(1),
            step(1),
            step(1),
            step(1),
            step(1),
            step(1),
            step(1),
            step(1),
            step(1),
            step(1),
            step(1),
            step(1),
        )
    };
    // That it compiles is the test: outside of a flow nothing runs it.
    assert!(std::panic::catch_unwind(branches).is_err());
}

/// A flow's module may see no prelude, and the crate may have another name.
#[no_implicit_prelude]
mod bare {
    use ::core::result::Result::{self, Ok};

    pub(super) async fn both() -> Result<(), ::renamed::Rejection> {
        let ((), text) = ::renamed::join!(super::nested(), async {
            super::nested().await?;
            Ok("done")
        })?;
        let _: &str = text;
        ::renamed::sleep(::renamed::prelude::Duration::ZERO).await;
        Ok(())
    }
}

#[test]
fn a_join_leans_on_no_names_of_the_module() {
    // That it compiles is the test.
    drop(bare::both());
}

#[test]
fn a_flows_own_no_comes_back_from_its_execution() {
    assert_eq!(
        Rejection::from_failure("Order.Closed", "the shop is closed"),
        Rejection::new("Order.Closed", "the shop is closed")
    );
}

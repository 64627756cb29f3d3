//! The states that only look at data or at the clock: Pass, Succeed, Fail and Wait.

use std::time::{Duration, SystemTime};

use crate::data::Data;
use crate::failure::Failure;
use saga_asl as asl;

use super::{Frame, Query, Rejected, Step, target};

/// The longest `Seconds` that Step Functions takes.
const MAX_SECONDS: u64 = 99_999_999;

pub(super) fn pass<'a>(
    frame: &mut Frame, pass: &'a asl::Pass, input: &Data,
) -> Result<Step<'a>, Failure> {
    let fields = (&pass.assign, pass.output.as_ref());
    frame.complete(
        "PassStateExited",
        &Query::of_input(input),
        fields,
        input,
        target(&pass.next),
    )
}

pub(super) fn succeed<'a>(
    frame: &mut Frame, succeed: &'a asl::Succeed, input: &Data,
) -> Result<Step<'a>, Failure> {
    let fields = (&asl::Assign::new(), succeed.output.as_ref());
    frame.complete(
        "SucceedStateExited",
        &Query::of_input(input),
        fields,
        input,
        None,
    )
}

/// A Fail state's failure; or, if its `Error` or `Cause` does not evaluate, that.
pub(super) fn fail(frame: &mut Frame, fail: &asl::Fail, input: &Data) -> Failure {
    let query = Query::of_input(input);
    let part = |field, text: &Option<asl::Text>| {
        text.as_ref()
            .map(|text| query.text(frame, field, text))
            .transpose()
    };
    match part("Error", &fail.error).and_then(|error| Ok((error, part("Cause", &fail.cause)?))) {
        Ok((error, cause)) => Failure::from_parts(error, cause),
        Err(rejected) => frame.reject(rejected),
    }
}

pub(super) async fn wait<'a>(
    frame: &mut Frame, wait: &'a asl::Wait, input: &Data,
) -> Result<Step<'a>, Failure> {
    let query = Query::of_input(input);
    match until(frame, &query, &wait.until) {
        Ok(deadline) => frame.execution.sleep_until(deadline).await,
        Err(rejected) => {
            return Err(frame.reject(Rejected {
                after_entry: true,
                ..rejected
            }));
        }
    }
    let fields = (&wait.assign, wait.output.as_ref());
    frame.complete("WaitStateExited", &query, fields, input, target(&wait.next))
}

fn until(frame: &Frame, query: &Query<'_>, until: &asl::WaitUntil) -> Result<SystemTime, Rejected> {
    match until {
        asl::WaitUntil::Seconds(seconds) => {
            let seconds = query.number(frame, "Seconds", seconds, MAX_SECONDS)?;
            Ok(frame.execution.clock.after(Duration::from_secs(seconds)))
        }
        asl::WaitUntil::Timestamp(text) => {
            let text = query.text(frame, "Timestamp", text)?;
            parse_timestamp(&text).ok_or_else(|| {
                let message =
                    format!("The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: {text}");
                Rejected::new("Timestamp", message)
            })
        }
    }
}

/// RFC 3339, with `Z` or an offset such as `+01:00`.
fn parse_timestamp(text: &str) -> Option<SystemTime> {
    if text.ends_with('Z') {
        return humantime::parse_rfc3339(text).ok();
    }
    let (local, offset) = text.split_at_checked(text.len().checked_sub(6)?)?;
    let (hours, minutes) = offset.get(1..)?.split_once(':')?;
    let seconds = hours.parse::<u64>().ok().filter(|hours| *hours <= 18)? * 3600
        + minutes.parse::<u64>().ok().filter(|m| *m < 60)? * 60;
    let time = humantime::parse_rfc3339(&format!("{local}Z")).ok()?;
    match offset.as_bytes().first()? {
        b'+' => time.checked_sub(Duration::from_secs(seconds)),
        b'-' => time.checked_add(Duration::from_secs(seconds)),
        _ => None,
    }
}

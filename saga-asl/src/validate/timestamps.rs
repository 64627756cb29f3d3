//! The rule that a literal `Timestamp` is an RFC 3339 time with its offset.

use crate::model::{State, Text, WaitUntil};
use crate::problems::{Problems, Short};

use super::definition::Definition;

/// <https://docs.aws.amazon.com/step-functions/latest/dg/state-wait.html>
pub(super) fn check(definition: &Definition<'_>, problems: &mut Problems) {
    for (_, state, path) in definition.states() {
        if let State::Wait(wait) = state
            && let WaitUntil::Timestamp(Text::Literal(text)) = &wait.until
            // A placeholder is filled in when the definition is deployed.
            && !text.contains("${")
            && !is_timestamp(text)
        {
            let message = format_args!(
                "`{}` is no RFC 3339 time; write one such as `2026-03-14T01:59:00Z`",
                Short(text)
            );
            problems.add("timestamps", &path.key("Timestamp"), message);
        }
    }
}

/// `YYYY-MM-DDThh:mm:ss[.fraction](Z|±hh:mm)`
fn is_timestamp(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.len() < 20 || !has_shape(&bytes[..19], b"dddd-dd-ddTdd:dd:dd") {
        return false;
    }
    let (month, day) = (two(&bytes[5..7]), two(&bytes[8..10]));
    let (hour, minute, second) = (
        two(&bytes[11..13]),
        two(&bytes[14..16]),
        two(&bytes[17..19]),
    );
    let year = two(&bytes[..2]) * 100 + two(&bytes[2..4]);
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return false,
    };
    (1..=days).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60
        && is_offset(after_fraction(&bytes[19..]))
}

/// What follows `.` and its digits, if they are there.
fn after_fraction(bytes: &[u8]) -> &[u8] {
    match bytes.strip_prefix(b".") {
        Some(rest) => {
            let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            if digits == 0 { bytes } else { &rest[digits..] }
        }
        None => bytes,
    }
}

fn is_offset(bytes: &[u8]) -> bool {
    match bytes {
        b"Z" => true,
        [b'+' | b'-', rest @ ..] => {
            has_shape(rest, b"dd:dd") && two(&rest[..2]) < 24 && two(&rest[3..]) < 60
        }
        _ => false,
    }
}

/// `d` in the shape is a digit; anything else is itself.
fn has_shape(bytes: &[u8], shape: &[u8]) -> bool {
    bytes.len() == shape.len()
        && bytes.iter().zip(shape).all(|(byte, shape)| {
            if *shape == b'd' {
                byte.is_ascii_digit()
            } else {
                byte == shape
            }
        })
}

/// Digits as a number.
fn two(digits: &[u8]) -> u32 {
    digits
        .iter()
        .fold(0, |number, digit| number * 10 + u32::from(digit - b'0'))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::validate::testing::check;

    use super::is_timestamp;

    #[test]
    fn a_timestamp_has_its_time_and_offset() {
        for good in [
            "2016-12-05T21:29:29Z",
            "2024-02-29T00:00:00.123+02:00",
            "2016-12-05T21:29:60-00:00",
        ] {
            assert!(is_timestamp(good), "{good}");
        }
        for bad in [
            "",
            "2016-12-05T21:29:29",
            "2016-12-05T25:29:29Z",
            "2016-12-05 21:29:29Z",
            "2023-02-29T00:00:00Z",
            "2016-13-05T21:29:29Z",
            "2016-12-05T21:29:29.Z",
            "2016-12-05T21:29:29+0200",
            "2016-12-05T21:29:29ZZ",
            "2016-12-05T21:29Z",
            "2016-12-0ä21:29:29Z",
        ] {
            assert!(!is_timestamp(bad), "{bad}");
        }
    }

    #[test]
    fn placeholders_and_expressions_are_left_alone() {
        let wait = |timestamp: &str| {
            format!(r#""a": {{"Type": "Wait", "Timestamp": "{timestamp}", "End": true}}"#)
        };
        check("a", &wait("${Launch}"), expect!["ok"]);
        check("a", &wait("{% $now() %}"), expect!["ok"]);
        check(
            "a",
            &wait("tomorrow"),
            expect![
                "$.States.a.Timestamp: `tomorrow` is no RFC 3339 time; write one such as `2026-03-14T01:59:00Z` [timestamps]"
            ],
        );
    }
}

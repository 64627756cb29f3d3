//! Whether a new version may stay: alarms, and how many of its sagas failed. Pure: looks at nothing itself.

use super::options::Rate;

/// A rate of fewer is chance; until the end of the time nothing is concluded from less.
const ENOUGH: u64 = 10;

/// What the user asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) max_failures: Option<Rate>,
}

/// What was seen of the new version since the shift.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// The alarms that are on, each with what `CloudWatch` says of it.
    pub(super) on: Vec<(String, String)>,
    /// Where they are looked at.
    pub(super) executions: Option<Executions>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Executions {
    pub(super) ended: u64,
    /// Of those: failed, timed out or aborted.
    pub(super) failed: u64,
    pub(super) running: u64,
}

impl Limits {
    /// Why it has to be taken back; `last` when the time is over.
    pub(super) fn verdict(self, seen: &Seen, last: bool) -> Option<String> {
        if let Some((alarm, reason)) = seen.on.first() {
            let more = match seen.on.len() - 1 {
                0 => String::new(),
                more => format!(", and {more} more"),
            };
            return Some(format!("alarm `{alarm}` is on{more}: {reason}"));
        }
        let max = self.max_failures?;
        let Executions { ended, failed, .. } = seen.executions?;
        let judged = ended >= ENOUGH || (last && ended > 0);
        let over = failed.saturating_mul(10_000) > ended.saturating_mul(max.0);
        (judged && over)
            .then(|| format!("{failed} of {ended} sagas failed, which is more than {max}"))
    }
}

#[cfg(test)]
mod tests {
    use super::{Executions, Limits, Seen};
    use crate::deploy::options::Rate;

    fn verdict(failed: u64, ended: u64, last: bool) -> Option<String> {
        let limits = Limits {
            max_failures: Some(Rate(500)),
        };
        let executions = Executions {
            ended,
            failed,
            running: 3,
        };
        limits.verdict(
            &Seen {
                on: Vec::new(),
                executions: Some(executions),
            },
            last,
        )
    }

    #[test]
    fn a_rate_is_judged_from_ten_on() {
        assert_eq!(verdict(9, 9, false), None);
        assert_eq!(verdict(1, 20, false), None);
        assert_eq!(
            verdict(2, 20, false).as_deref(),
            Some("2 of 20 sagas failed, which is more than 5 %")
        );
    }

    #[test]
    fn at_the_end_few_are_enough() {
        assert_eq!(
            verdict(1, 3, true).as_deref(),
            Some("1 of 3 sagas failed, which is more than 5 %")
        );
        assert_eq!(verdict(0, 3, true), None);
        assert_eq!(verdict(0, 0, true), None);
    }

    #[test]
    fn an_alarm_is_enough() {
        let limits = Limits { max_failures: None };
        let on = vec![
            ("slow".to_owned(), "2 > 1".to_owned()),
            ("wrong".to_owned(), String::new()),
        ];
        let seen = Seen {
            on,
            ..Seen::default()
        };
        assert_eq!(
            limits.verdict(&seen, false).as_deref(),
            Some("alarm `slow` is on, and 1 more: 2 > 1")
        );
    }

    #[test]
    fn failures_without_a_limit_are_business_as_usual() {
        let limits = Limits { max_failures: None };
        let executions = Executions {
            ended: 10,
            failed: 10,
            running: 0,
        };
        assert_eq!(
            limits.verdict(
                &Seen {
                    on: Vec::new(),
                    executions: Some(executions),
                },
                true
            ),
            None
        );
    }
}

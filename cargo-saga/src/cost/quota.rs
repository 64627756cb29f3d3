//! AWS's default quotas, and how much of each a rate would use. Prices nothing.

use serde::Serialize;

use super::work::{Assumed, Work};

const STEP_FUNCTIONS: &str =
    "https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html";
const LAMBDA: &str = "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html";
const DYNAMODB: &str =
    "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html";
const ON_DEMAND: &str =
    "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html";
const PARTITIONS: &str =
    "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html";

/// Where Step Functions' quotas are the larger ones.
const LARGE: [&str; 3] = ["us-east-1", "us-west-2", "eu-west-1"];
/// From this share on a quota is worth a word.
const NEAR: f64 = 0.8;

/// One quota, and how much of it is used.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Quota {
    pub(super) name: String,
    pub(super) used: f64,
    pub(super) limit: f64,
    pub(super) state: State,
    /// What to do where the rate is over it.
    pub(super) remedy: &'static str,
    pub(super) source: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    Within,
    Near,
    Over,
}

fn quota(
    name: impl Into<String>, used: f64, limit: f64, remedy: &'static str, source: &'static str,
) -> Quota {
    let state = if used > limit {
        State::Over
    } else if used >= limit * NEAR {
        State::Near
    } else {
        State::Within
    };
    Quota {
        name: name.into(),
        used,
        limit,
        state,
        remedy,
        source,
    }
}

/// `work` is of a saga on average, `events` of the longest history.
pub(super) fn quotas(
    rate: f64, work: &Work, assumed: &Assumed, events: f64, region: &str,
) -> Vec<Quota> {
    let is_large = LARGE.contains(&region);
    let by_region = |large: f64, other: f64| if is_large { large } else { other };
    let mut all = vec![
        quota(
            "executions started a second",
            rate * (1.0 + work.executions),
            by_region(300.0, 150.0),
            "ask Service Quotas for more of Step Functions' `StartExecution` refill rate; a burst may take its bucket of 1,300 (800 in smaller regions) besides",
            STEP_FUNCTIONS,
        ),
        quota(
            "state transitions a second",
            rate * work.transitions,
            by_region(5_000.0, 800.0),
            "ask Service Quotas for more of Step Functions' `StateTransition` refill rate; a new account begins with less than the default",
            STEP_FUNCTIONS,
        ),
        quota(
            "executions open at once",
            rate * work.seconds,
            1_000_000.0,
            "ask Service Quotas for more open executions; what waits for an operator, or for what only a run knows, comes on top",
            STEP_FUNCTIONS,
        ),
        quota(
            "events of one history",
            events,
            25_000.0,
            "let a flow of its own do a part of it, or make its loop `distributed`; this one cannot be raised",
            STEP_FUNCTIONS,
        ),
        quota(
            "functions running at once",
            rate * work.deliveries * assumed.step_milliseconds / 1_000.0,
            1_000.0,
            "ask Service Quotas for more of Lambda's concurrent executions, which all functions of the account share",
            LAMBDA,
        ),
    ];
    all.extend(tables(rate, work));
    if assumed.writes > 0.0 && !work.write_units.is_empty() {
        all.push(quota(
            "write units of one item, if every saga writes it",
            rate * 2.0,
            1_000.0,
            "only if there is such an item, as a counter or one stock of one thing: spread it over several, as no quota raises this",
            PARTITIONS,
        ));
    }
    all
}

/// The participant whose tables take most of it.
fn tables(rate: f64, work: &Work) -> Vec<Quota> {
    let busiest = work.write_units.iter();
    let Some((participant, units)) = busiest.max_by(|one, other| one.1.total_cmp(other.1)) else {
        return Vec::new();
    };
    let used = rate * units;
    let all = [
        quota(
            format!("write units a second of `{participant}`, on new tables"),
            used,
            4_000.0,
            "a new table takes twice its former peak at a time: raise the rate within an hour, or warm the table up (`WarmThroughput`)",
            ON_DEMAND,
        ),
        quota(
            format!("write units a second of `{participant}`"),
            used,
            40_000.0,
            "ask Service Quotas for more of DynamoDB's table-level write throughput",
            DYNAMODB,
        ),
    ];
    all.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::{State, quota};

    #[test]
    fn a_quota_is_near_from_four_fifths_on() {
        let state = |used| quota("q", used, 100.0, "", "").state;
        assert_eq!(state(79.9), State::Within);
        assert_eq!(state(80.0), State::Near);
        assert_eq!(state(100.0), State::Near);
        assert_eq!(state(100.1), State::Over);
    }
}

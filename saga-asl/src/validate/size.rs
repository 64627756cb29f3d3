//! The rule that a definition has at most 1,048,576 bytes.

use crate::json::to_json_compact;
use crate::model::StateMachine;
use crate::problems::{Path, Problems};

/// <https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html>, "Maximum request size".
///
/// The bytes that count are those of the definition as it is sent, in UTF-8, placeholders filled in. This rule counts
/// the compact form, the smallest that a deployment can send: a pretty one may still be too large.
const BYTES: usize = 1_048_576;

/// Whether the other rules may look at the machine.
pub(super) fn is_bounded(machine: &StateMachine, problems: &mut Problems) -> bool {
    let bytes = to_json_compact(machine).len();
    if bytes > BYTES {
        let message = format_args!(
            "the definition has {bytes} bytes without blanks; Step Functions allows {BYTES}, so split it into several \
             state machines"
        );
        problems.add("size", &Path::default(), message);
    }
    bytes <= BYTES
}

#[cfg(test)]
mod tests {
    use crate::model::{Graph, State, StateMachine, Succeed};
    use crate::validate;

    fn check(bytes: usize, expected: Result<(), &str>) {
        let states = vec![(
            "a".to_owned(),
            State::Succeed(Succeed {
                comment: None,
                output: None,
            }),
        )];
        let graph = Graph {
            start_at: "a".to_owned(),
            states,
        };
        let mut machine = StateMachine {
            comment: Some(String::new()),
            timeout_seconds: None,
            graph,
        };
        let rest = crate::to_json_compact(&machine).len();
        machine.comment = Some("x".repeat(bytes - rest));
        assert_eq!(
            validate(&machine).map_err(|problems| problems.to_string()),
            expected.map_err(str::to_owned)
        );
    }

    #[test]
    fn the_limit_is_inclusive() {
        check(1_048_576, Ok(()));
        let message = "$: the definition has 1048577 bytes without blanks; Step Functions allows 1048576, so split it \
                       into several state machines";
        check(1_048_577, Err(message));
    }
}

//! How many bytes a saga costs: Step Functions allows 1 MiB.

use saga_asl::to_json_compact;

use crate::many::{module, nested_module};
use crate::support::definitions;

/// A compensatable step with its whole policy and its compensation.
const STEP: usize = 1_930;

fn compact(steps: usize) -> usize {
    compact_of(&module(steps))
}

fn compact_of(module: &str) -> usize {
    let text = definitions("", module).remove(0);
    let machine = saga_asl::parse(&text).unwrap();
    to_json_compact(&machine).len()
}

/// One more step after a hundred, so that what a definition needs once does not count.
#[test]
fn a_compensatable_step_is_small() {
    let growth = compact(101) - compact(100);
    assert!(growth <= STEP, "{growth} bytes");
}

#[test]
fn bytes_grow_linearly() {
    check_linear(compact(1), compact(100), compact(400));
}

/// Loops, branches, joins and alternative paths inside each other.
#[test]
fn bytes_of_nested_flows_grow_linearly() {
    let nested = |steps| compact_of(&nested_module(steps));
    check_linear(nested(1), nested(96), nested(384));
}

/// `one` of few steps, `hundred` of about a hundred, `four_hundred` of four times that.
fn check_linear(one: usize, hundred: usize, four_hundred: usize) {
    let early = (hundred - one) * 100 / 99;
    let late = (four_hundred - hundred) * 100 / 300;
    assert!(
        late * 10 <= early * 12,
        "{early} and {late} bytes a hundred steps"
    );
}

#[test]
fn five_hundred_steps_fit() {
    let bytes = compact(500);
    assert!(bytes <= 1_048_576, "{bytes} bytes");
}

//! How many bytes a saga costs: Step Functions allows 1 MiB.

use saga_asl::to_json_compact;

use crate::many::module;
use crate::support::definitions;

/// A compensatable step with its whole policy and its compensation.
const STEP: usize = 1_750;

fn compact(steps: usize) -> usize {
    let text = definitions("", &module(steps)).remove(0);
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
    let (one, hundred, four_hundred) = (compact(1), compact(100), compact(400));
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

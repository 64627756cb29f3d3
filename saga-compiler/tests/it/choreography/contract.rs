//! The contract that is written beside the program.

use expect_test::expect_file;
use saga_compiler::choreography::Contract;

use super::support::{ORDER, compiled};

#[test]
fn says_who_publishes_what_and_who_reacts() {
    let compiled = compiled(ORDER);
    let text = compiled.contract().to_json();
    assert_eq!(Contract::from_json(&text).as_ref(), Ok(compiled.contract()));
    expect_file!["../../golden/order_events.choreography.json"].assert_eq(&text);
}

#[test]
fn every_type_that_it_names_and_how_serde_writes_it() {
    let compiled = compiled(ORDER);
    expect_file!["../../golden/order_events.asyncapi.json"].assert_eq(compiled.asyncapi());
}

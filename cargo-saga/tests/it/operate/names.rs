//! The names that an execution and a state machine go by.

use expect_test::expect;
use serde_json::{Value, json};

use super::{check, one, stuck, text};

#[test]
fn an_execution_has_several_names() {
    let amazon = stuck();
    let arn = "arn:aws:states:us-east-1:123456789012:execution:place_order:order-17";
    let machine = "arn:aws:states:us-east-1:123456789012:stateMachine:place_order";
    let by_key = amazon.run(&one(&["status"]));
    assert!(by_key.contains("\"parked\""));
    for names in [
        &[arn][..],
        &["order-17"],
        &["--key", "order-17"],
        &[machine, "--key", "order-17"],
        &["--machine", machine, "--key", "order-17"],
    ] {
        assert_eq!(amazon.run(&[&["status"], names].concat()), by_key);
    }
    check(
        &amazon,
        &["history", "place_order"],
        expect![[r#"
        error: `place_order` is a state machine; say which of its executions with `--key KEY` (`cargo saga status arn:aws:states:us-east-1:123456789012:stateMachine:place_order --endpoint-url URL` lists them)
        exit 2
    "#]],
    );
    check(
        &amazon,
        &["history"],
        expect![[r#"
        error: which saga? name an execution by its ARN, or by `SAGA --key KEY`; `SAGA` alone is for `status`
        exit 2
    "#]],
    );
    check(
        &amazon,
        &["history", arn, "--key", "order-17"],
        expect![[r#"
            error: an execution's ARN says it all; leave out `--key` and `--machine`
            exit 2
        "#]],
    );
    check(
        &amazon,
        &["history", "order-18"],
        expect![[r#"
        error: there is neither a saga nor an execution `order-18` in us-east-1; look at `--region` and `--profile`; ended executions are kept for 90 days
        exit 2
    "#]],
    );
    check(
        &amazon,
        &["history", "place_order", "--key", "order-18"],
        expect![[r#"
            error: there is no execution `order-18` of `place_order` in us-east-1; ended ones are kept for 90 days; look at `--region` and `--profile` too
            exit 2
        "#]],
    );
    // The ARN says in which region to look.
    check(
        &amazon,
        &["history", &arn.replace("us-east-1", "eu-west-1")],
        expect![[r#"
            error: there is no execution `order-17` of `place_order` in eu-west-1; ended ones are kept for 90 days; look at `--region` and `--profile` too
            exit 2
        "#]],
    );
    check(
        &amazon,
        &["history", &arn.replace("execution", "express")],
        expect![[r#"
            error: `arn:aws:states:us-east-1:123456789012:express:place_order:order-17` is an express execution, which has no history here; sagas are standard ones
            exit 2
        "#]],
    );
}

#[test]
fn a_template_calls_state_machines_after_their_stack() {
    let amazon = stuck();
    let listed = |names: &'static [&str]| {
        move |answer: &mut Value| {
            let machines = names.iter().map(|name| {
                let arn = format!("arn:aws:states:us-east-1:123456789012:stateMachine:{name}");
                json!({ "stateMachineArn": arn, "name": name, "type": "STANDARD", "creationDate": 1.0 })
            });
            answer["stateMachines"] = machines.collect();
        }
    };
    amazon.edit("ListStateMachines", listed(&["shop-place_order"]));
    text(
        &amazon,
        &["list-parked", "place_order"],
        expect![[r#"
            place_order order-17
              the compensation of orders.create, parked 2025-01-01T00:09:12Z (AGO): Saga.Unknown: it panicked
              cargo saga resume arn:aws:states:us-east-1:123456789012:execution:place_order:order-17 --endpoint-url URL

            looked at 1 running execution of 1 state machine: 1 compensation parked in 1 execution
            exit 0
        "#]],
    );
    amazon.edit(
        "ListStateMachines",
        listed(&["shop-place_order", "test-place_order"]),
    );
    check(
        &amazon,
        &["list-parked", "place_order"],
        expect![[r#"
        error: several state machines are called `place_order`; name one with `--machine`:
               arn:aws:states:us-east-1:123456789012:stateMachine:shop-place_order
               arn:aws:states:us-east-1:123456789012:stateMachine:test-place_order
        exit 2
    "#]],
    );
}

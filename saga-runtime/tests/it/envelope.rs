//! Payloads that are no envelope, inputs that are not what a type says, and who a delivery is for.

use expect_test::{Expect, expect};
use saga_runtime::__private::{Action, HandlerBuilder};
use saga_runtime::{BoxFuture, Handler, Kind, MemoryStore, Retry, Timestamp, Tx};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::world::{SAGA, Shared, World, show};

#[derive(Deserialize)]
struct Order {
    #[serde(rename = "id")]
    _id: String,
    #[serde(default, rename = "lines")]
    _lines: Vec<Line>,
}

#[derive(Deserialize)]
struct Line {
    #[serde(rename = "count")]
    _count: u64,
}

fn take(_: &mut Tx, _: Order) -> BoxFuture<'_, Result<&'static str, Retry>> {
    Box::pin(async { Ok("taken") })
}

fn steps(builder: HandlerBuilder, _: &Shared) -> HandlerBuilder {
    builder
        .start::<Order>("place_order", &["/id", "/lines"])
        .start::<Order>("count_lines", &["/lines/0/count"])
        .start::<Value>("go_through", &["/orders/*/lines/*/count", "/~2/a~1b~0c"])
        .start::<Value>("go_through_all", &["/*/id"])
        .start::<Timestamp>("wait", &[])
        .start::<String>("shout", &[])
        .step("take", Action::tx(Kind::Compensatable, &["id"], take), None)
        .step("settle", Action::tx(Kind::Pivot, &[], take), None)
        .step("finish", Action::tx(Kind::Retriable, &[], take), None)
        .step("look", Action::tx(Kind::ReadOnly, &[], take), None)
}

fn good() -> Value {
    json!({ "saga": SAGA, "step": "test.take", "input": { "id": "a" } })
}

/// Sends payloads, each in a world of its own that has not seen any other, and lists the answers and the records' states.
fn check(payloads: &[Value], expected: &Expect) {
    let mut text = String::new();
    for payload in payloads {
        let mut world = World::new(steps);
        let reply = world.send(payload.clone(), "", None).finish();
        let records: Vec<String> = world
            .memory
            .barrier_records()
            .iter()
            .map(|record| record["st"].as_str().unwrap().to_owned())
            .collect();
        text.push_str(&format!("{} {records:?}\n", show(&reply)));
    }
    expected.assert_eq(&text);
}

/// The good payload with some fields changed; null removes a field.
fn with(changes: &Value) -> Value {
    let mut payload = good();
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            payload.as_object_mut().unwrap().remove(name);
        } else {
            payload[name] = value.clone();
        }
    }
    payload
}

#[test]
fn a_payload_that_is_no_envelope_is_unknown_because_nothing_can_be_recorded() {
    let mut null_item = good();
    null_item["item"] = Value::Null;
    check(
        &[
            json!("text"),
            with(&json!({ "saga": null })),
            with(&json!({ "saga": 7 })),
            with(&json!({ "saga": "" })),
            with(&json!({ "saga": "a|b" })),
            with(&json!({ "saga": "a".repeat(2048) })),
            with(&json!({ "step": null })),
            with(&json!({ "step": "take" })),
            with(&json!({ "step": "test." })),
            with(&json!({ "step": "test.take#" })),
            with(&json!({ "step": "test.take#x" })),
            with(&json!({ "item": 2 })),
            with(&json!({ "item": [-1] })),
            with(&json!({ "item": [1.5] })),
            with(&json!({ "item": ["1"] })),
            with(&json!({ "item": [[1]] })),
            with(&json!({ "item": "1" })),
            with(&json!({ "item": false, "phase": "compensation" })),
            null_item,
            with(&json!({ "item": vec![1_000_000; 300] })),
            with(&json!({ "phase": "action" })),
            with(&json!({ "start": [] })),
            with(&json!({ "start": {} })),
            with(&json!({ "start": { "flow": 1, "input": {} } })),
            with(&json!({ "start": { "flow": "place_order" } })),
            with(&json!({ "start": { "flow": "place_order", "arg": 1 } })),
            with(&json!({ "start": { "flow": "place_order", "arg": "id", "input": {} } })),
            with(&json!({ "deadline": "soon" })),
            with(&json!({ "deadline": -1 })),
            with(&json!({ "deadline": 900, "saga": "arn:run" })),
            with(&json!({ "deadline": 900, "saga": "arn:run#yesterday" })),
            with(&json!({ "deadline": 900, "saga": format!("{SAGA}#") })),
            with(&json!({ "step": "other.take" })),
        ],
        &expect![[r#"
            Saga.Unknown: the payload is not a JSON object []
            Saga.Unknown: `saga` is missing []
            Saga.Unknown: `saga` is not a name []
            Saga.Unknown: `saga` is not a name []
            Saga.Unknown: `saga` is not a name []
            Saga.Unknown: `saga`, `step` and `item` together have 2058 bytes; a record's key has at most 2048 []
            Saga.Unknown: `step` is missing []
            Saga.Unknown: `step` is `take`; write it as `participant.method`, or `participant.method#2` []
            Saga.Unknown: `step` is `test.`; write it as `participant.method`, or `participant.method#2` []
            Saga.Unknown: `step` is `test.take#`; write it as `participant.method`, or `participant.method#2` []
            Saga.Unknown: `step` is `test.take#x`; write it as `participant.method`, or `participant.method#2` []
            Saga.Unknown: `item` is not an array of indices, such as `[2, 0]` []
            Saga.Unknown: `item` is not an array of indices, such as `[2, 0]` []
            Saga.Unknown: `item` is not an array of indices, such as `[2, 0]` []
            Saga.Unknown: `item` is not an array of indices, such as `[2, 0]` []
            Saga.Unknown: `item` is not an array of indices, such as `[2, 0]` []
            Saga.Unknown: `item` is not an array of indices, such as `[2, 0]` []
            Saga.Unknown: `item` is not an array of indices, such as `[2, 0]` []
            Saga.Unknown: `item` is not an array of indices, such as `[2, 0]` []
            Saga.Unknown: `saga`, `step` and `item` together have 2442 bytes; a record's key has at most 2048 []
            Saga.Unknown: `phase` is "action"; it is "compensation" or absent []
            Saga.Unknown: `start` is not an object of `flow` and either `arg` or `input` []
            Saga.Unknown: `start` is not an object of `flow` and either `arg` or `input` []
            Saga.Unknown: `start` is not an object of `flow` and either `arg` or `input` []
            Saga.Unknown: `start` is not an object of `flow` and either `arg` or `input` []
            Saga.Unknown: `start` is not an object of `flow` and either `arg` or `input` []
            Saga.Unknown: `start` is not an object of `flow` and either `arg` or `input` []
            Saga.Unknown: `deadline` is "soon"; it is the seconds that an execution has for its actions []
            Saga.Unknown: `deadline` is -1; it is the seconds that an execution has for its actions []
            Saga.Unknown: there is a `deadline`, and `saga` does not end in the time at which the execution started, such as `#2026-01-31T12:00:00.000Z` []
            Saga.Unknown: there is a `deadline`, and `saga` does not end in the time at which the execution started, such as `#2026-01-31T12:00:00.000Z` []
            Saga.Unknown: there is a `deadline`, and `saga` does not end in the time at which the execution started, such as `#2026-01-31T12:00:00.000Z` []
            Saga.Unknown: no participant here is called `other`; there are `test` []
        "#]],
    );
}

#[test]
fn an_input_that_is_not_what_the_type_says_is_refused_for_good() {
    check(
        &[
            with(&json!({ "input": {} })),
            with(&json!({ "input": [1] })),
            with(&json!({ "input": null })),
            with(&json!({ "input": { "id": "a", "lines": [{ "count": 1 }, { "count": "2" }] } })),
            with(
                &json!({ "input": { "id": "a", "lines": [{ "count": 1 }, { "count": 9_007_199_254_740_992_u64 }] } }),
            ),
            with(&json!({ "input": { "id": "a", "extra": { "n": -9_007_199_254_740_992_i64 } } })),
            with(
                &json!({ "input": { "id": "a", "lines": [{ "count": 9_007_199_254_740_991_u64 }] } }),
            ),
            with(&json!({ "step": "test.finish", "input": {} })),
        ],
        &expect![[r#"
            Saga.Refused: the input is not what the step's types say: missing field `id` ["REJECTED"]
            Saga.Refused: the input is not what the step's types say: invalid type: integer `1`, expected a string ["REJECTED"]
            Saga.Refused: the input is not what the step's types say: missing field `id` ["REJECTED"]
            Saga.Refused: the input is not what the step's types say: invalid type: string "2", expected u64 ["REJECTED"]
            Saga.Refused: `input.lines[1].count` is 9007199254740992, and Step Functions rounds integers beyond 9007199254740991; send a string ["REJECTED"]
            Saga.Refused: `input.extra.n` is -9007199254740992, and Step Functions rounds integers beyond 9007199254740991; send a string ["REJECTED"]
            "taken" ["DONE"]
            Saga.Unknown: the input is not what the step's types say: missing field `id` []
        "#]],
    );
}

/// A first step's payload, with the flow's input beside the step's arguments.
fn begins(flow: &str, input: &Value) -> Value {
    with(&json!({ "start": { "flow": flow, "input": input } }))
}

#[test]
fn the_input_of_the_flow_is_checked_before_the_first_effect() {
    let line = json!({ "count": 1 });
    check(
        &[
            begins("place_order", &json!({ "id": "a", "lines": [] })),
            begins("place_order", &json!({ "id": 1, "lines": [] })),
            begins(
                "place_order",
                &json!({ "id": "a", "total": 9_007_199_254_740_993_u64 }),
            ),
            begins("cancel_order", &json!({ "id": "a" })),
            begins("shout", &json!("text")),
            // serde is content with these, and no expression would find a field.
            begins("place_order", &json!({ "id": "a" })),
            begins("place_order", &json!(["a", [line]])),
            begins("count_lines", &json!({ "id": "a", "lines": [line] })),
            begins("count_lines", &json!({ "id": "a", "lines": [] })),
        ],
        &expect![[r#"
            "taken" ["DONE"]
            Saga.Refused: the input of `place_order` is not what its type says: invalid type: integer `1`, expected a string ["REJECTED"]
            Saga.Refused: `start.input.total` is 9007199254740993, and Step Functions rounds integers beyond 9007199254740991; send a string ["REJECTED"]
            Saga.Refused: participant `Test` knows no flow `cancel_order` ["REJECTED"]
            "taken" ["DONE"]
            Saga.Refused: the input of `place_order` has no `/lines`, which the flow takes of it ["REJECTED"]
            Saga.Refused: the input of `place_order` has no `/id`, which the flow takes of it ["REJECTED"]
            "taken" ["DONE"]
            Saga.Refused: the input of `count_lines` has no `/lines/0/count`, which the flow takes of it ["REJECTED"]
        "#]],
    );
}

#[test]
fn what_a_loop_takes_is_there_in_every_element() {
    let line = json!({ "count": 1 });
    let orders = |orders: Value| {
        let input = json!({ "orders": orders, "*": { "a/b~c": null } });
        begins("go_through", &input)
    };
    check(
        &[
            orders(json!([])),
            orders(json!([{ "lines": [line, line] }, { "lines": [] }])),
            orders(json!([{ "lines": [line, line] }, { "lines": [line, {}, {}] }])),
            orders(json!([{ "lines": [line] }, {}, {}])),
            orders(json!([{ "lines": [[1]] }])),
            orders(json!([{ "lines": { "count": 1 } }])),
            orders(json!(1)),
            begins("go_through", &json!({})),
            begins("go_through", &json!({ "orders": [], "*": {} })),
            begins("go_through", &json!({ "orders": [], "x": { "a/b~c": 1 } })),
            begins("go_through_all", &json!([{ "id": 1 }, { "id": null }])),
            begins("go_through_all", &json!([{ "id": 1 }, {}])),
            begins("go_through_all", &json!({ "id": 1 })),
        ],
        &expect![[r#"
            "taken" ["DONE"]
            "taken" ["DONE"]
            Saga.Refused: the input of `go_through` has no `/orders/1/lines/1/count`, which the flow takes of it ["REJECTED"]
            Saga.Refused: the input of `go_through` has no `/orders/1/lines/*/count`, which the flow takes of it ["REJECTED"]
            Saga.Refused: the input of `go_through` has no `/orders/0/lines/0/count`, which the flow takes of it ["REJECTED"]
            Saga.Refused: `/orders/0/lines` of the input of `go_through` is no list, and the flow goes through it ["REJECTED"]
            Saga.Refused: `/orders` of the input of `go_through` is no list, and the flow goes through it ["REJECTED"]
            Saga.Refused: the input of `go_through` has no `/orders/*/lines/*/count`, which the flow takes of it ["REJECTED"]
            Saga.Refused: the input of `go_through` has no `/~2/a~1b~0c`, which the flow takes of it ["REJECTED"]
            Saga.Refused: the input of `go_through` has no `/~2/a~1b~0c`, which the flow takes of it ["REJECTED"]
            "taken" ["DONE"]
            Saga.Refused: the input of `go_through_all` has no `/1/id`, which the flow takes of it ["REJECTED"]
            Saga.Refused: the input of `go_through_all` is no list, and the flow goes through it ["REJECTED"]
        "#]],
    );
}

#[test]
fn a_moment_that_no_wait_could_read_is_refused_before_the_first_effect() {
    check(
        &[
            begins("wait", &json!("2026-11-22T10:00:00Z")),
            begins("wait", &json!("2026-11-22")),
            begins("wait", &json!(1_795_341_600)),
        ],
        &expect![[r#"
            "taken" ["DONE"]
            Saga.Refused: the input of `wait` is not what its type says: invalid value: string "2026-11-22", expected a time in UTC, such as `2026-11-22T10:00:00Z` ["REJECTED"]
            Saga.Refused: the input of `wait` is not what its type says: invalid type: integer `1795341600`, expected a time in UTC, such as `2026-11-22T10:00:00Z` ["REJECTED"]
        "#]],
    );
}

#[test]
fn the_input_of_the_flow_may_be_an_argument() {
    let begins = |arg: &str, input: &Value| {
        with(
            &json!({ "start": { "flow": "count_lines", "arg": arg }, "input": { "id": "a", "cmd": input } }),
        )
    };
    check(
        &[
            begins("cmd", &json!({ "id": "a", "lines": [{ "count": 1 }] })),
            begins("cmd", &json!({ "id": "a", "lines": [] })),
            begins("cmd", &json!({ "lines": [{ "count": 1 }] })),
            begins(
                "cmd",
                &json!({ "id": "a", "lines": [{ "count": 9_007_199_254_740_993_u64 }] }),
            ),
            begins("order", &json!({ "id": "a" })),
            with(&json!({ "start": { "flow": "count_lines", "arg": "cmd" }, "input": ["a"] })),
        ],
        &expect![[r#"
            "taken" ["DONE"]
            Saga.Refused: the input of `count_lines` has no `/lines/0/count`, which the flow takes of it ["REJECTED"]
            Saga.Refused: the input of `count_lines` is not what its type says: missing field `id` ["REJECTED"]
            Saga.Refused: `input.cmd.lines[0].count` is 9007199254740993, and Step Functions rounds integers beyond 9007199254740991; send a string ["REJECTED"]
            Saga.Refused: `input.order`, the input of `count_lines`, is missing ["REJECTED"]
            Saga.Refused: `input.cmd`, the input of `count_lines`, is missing ["REJECTED"]
        "#]],
    );
}

#[test]
fn a_wrong_input_of_the_flow_is_refused_by_a_step_of_any_kind() {
    let begins = |step: &str| {
        let start = json!({ "flow": "place_order", "input": { "id": "a" } });
        with(&json!({ "step": step, "start": start }))
    };
    check(
        &[
            begins("test.take"),
            begins("test.settle"),
            begins("test.finish"),
            begins("test.look"),
        ],
        &expect![[r#"
            Saga.Refused: the input of `place_order` has no `/lines`, which the flow takes of it ["REJECTED"]
            Saga.Refused: the input of `place_order` has no `/lines`, which the flow takes of it ["REJECTED"]
            Saga.Refused: the input of `place_order` has no `/lines`, which the flow takes of it ["REJECTED"]
            Saga.Refused: the input of `place_order` has no `/lines`, which the flow takes of it []
        "#]],
    );
}

#[test]
fn what_the_envelope_may_leave_out_or_add() {
    check(
        &[
            with(&json!({ "saga": "arn:run" })),
            with(&json!({ "deadline": 1e12 })),
            with(&json!({ "future": "field", "item": [] })),
            with(&json!({ "attempt": 3.0 })),
            with(&json!({ "attempt": "third" })),
            // JSONata computes in floats.
            with(&json!({ "item": [2.0, 0] })),
            with(&json!({ "phase": "compensation", "input": null })),
        ],
        &expect![[r#"
            "taken" ["DONE"]
            "taken" ["DONE"]
            "taken" ["DONE"]
            "taken" ["DONE"]
            "taken" ["DONE"]
            "taken" ["DONE"]
            null ["TOMBSTONE"]
        "#]],
    );
}

fn handler(
    prefix: &'static str, function: &'static str, method: &'static str, said: &'static str,
) -> Handler {
    let action = Action::tx(Kind::Compensatable, &[], move |_: &mut Tx, _: Value| {
        Box::pin(async move { Ok::<_, Retry>(said) })
    });
    HandlerBuilder::new("Any", prefix, function, MemoryStore::new())
        .step(method, action, None)
        .build()
}

#[test]
fn joined_participants_share_an_entry() {
    let mut world = World::new(steps);
    world.handler = Handler::join([
        world.handler.clone(),
        handler("stock", "StockFunctionArn", "reserve", "reserved"),
        handler("stock", "StockFunctionArn", "count", "counted"),
        handler("twice", "OtherFunctionArn", "act", "left"),
        handler("twice", "OtherFunctionArn", "act", "right"),
    ]);
    assert_eq!(
        world.handler.functions(),
        ["TestFunctionArn", "StockFunctionArn", "OtherFunctionArn"]
    );
    let mut text = String::new();
    for step in [
        "test.take",
        "stock.reserve",
        "stock.count",
        "stock.vanish",
        "twice.act",
        "nobody.acts",
    ] {
        let reply = world
            .send(with(&json!({ "step": step })), "", None)
            .finish();
        text.push_str(&format!("{step} -> {}\n", show(&reply)));
    }
    expect![[r#"
        test.take -> "taken"
        stock.reserve -> "reserved"
        stock.count -> "counted"
        stock.vanish -> Saga.Unknown: participant `Any` has no step `vanish`
        twice.act -> Saga.Unknown: 2 participants here have a step `twice.act`; serve them by functions of their own
        nobody.acts -> Saga.Unknown: no participant here is called `nobody`; there are `test`, `stock`, `twice`
    "#]].assert_eq(&text);
}

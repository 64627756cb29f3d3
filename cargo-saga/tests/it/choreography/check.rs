//! `cargo saga check` of a choreography's files.

use std::fs;
use std::path::Path;

use expect_test::expect;
use serde_json::{Value, json};

use crate::support::{check, choreographed};

const CONTRACT: &str = "out/order_events.choreography.json";
const ASYNCAPI: &str = "out/order_events.asyncapi.json";

/// The contract with a change, and indented as the compiler does.
fn changed(folder: &Path, change: impl FnOnce(&mut Value)) {
    let file = folder.join(CONTRACT);
    let mut contract: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    change(&mut contract);
    fs::write(file, format!("{contract:#}")).unwrap();
}

#[test]
fn one_that_holds_together_has_no_problems() {
    let folder = choreographed("choreography_check");
    check(
        &folder,
        &["check"],
        expect![[r#"
            1 choreography checked, 0 problems
            exit 0
        "#]],
    );
    check(
        &folder,
        &["check", CONTRACT, "--format", "json"],
        expect![[r#"
        {
          "definitions": 0,
          "choreographies": 1,
          "findings": []
        }
        exit 0
    "#]],
    );
}

#[test]
fn what_does_not_fit_is_a_line_each() {
    let folder = choreographed("choreography_check_bad");
    changed(&folder, |contract| {
        contract["name"] = json!("other_events");
        contract["events"][0]["terminal"] = json!(true);
        contract["events"][7]["terminal"] = json!(false);
        contract["events"][3]["name"] = json!("StockFreed");
        let orders = &mut contract["participants"][0]["reactions"];
        orders[0]["on"] = json!(["ParcelSent"]);
        orders[1]["compensates"] = json!("orders.complete");
        orders[2]["after"] = json!("stock.reserve");
        let stock = &mut contract["participants"][1]["reactions"];
        stock[0]["compensation"] = Value::Null;
        stock[1]["name"] = json!("stock.reserve");
        stock[1]["on"] = json!([]);
        contract["participants"][2]["reactions"][0]["optional"] = json!(["CardDeclined"]);
        contract["participants"][3]["reactions"][0]["kind"] = json!("compensation");
    });
    check(
        &folder,
        &["check"],
        expect![[r#"
            out/order_events.choreography.json:3: $.name: the file is called `order_events`; call it `other_events.choreography.json`
            out/order_events.choreography.json:108: $.participants[0].reactions[0].on: `orders.place` is a command, and no event leads to one
            out/order_events.choreography.json:101: $.participants[0].reactions[0].compensation: `orders.cancel` does not say that it compensates `orders.place`
            out/order_events.choreography.json:120: $.participants[0].reactions[1].compensates: `orders.complete` does not say that `orders.cancel` compensates it
            out/order_events.choreography.json:141: $.participants[0].reactions[2].after: `Orders` has no reaction `stock.reserve`
            out/order_events.choreography.json:156: $.participants[1].reactions[0].kind: `stock.reserve` is compensatable, and says not by what
            out/order_events.choreography.json:172: $.participants[1].reactions[1].name: there are two reactions `stock.reserve`
            out/order_events.choreography.json:178: $.participants[1].reactions[1].publishes[0]: there is no event `StockReleased` in `events`
            out/order_events.choreography.json:171: $.participants[1].reactions[1]: no event leads to `stock.reserve`, and it is no command
            out/order_events.choreography.json:176: $.participants[1].reactions[1].compensates: `stock.reserve` does not say that `stock.reserve` compensates it
            out/order_events.choreography.json:208: $.participants[2].reactions[0].optional[0]: `payments.charge` does not publish `CardDeclined`
            out/order_events.choreography.json:224: $.participants[3].reactions[0].kind: `shipping.ship` is a compensation, and says not of what
            out/order_events.choreography.json:7: $.events[0].name: `OrderPlaced` is terminal, and `stock.reserve` reacts to it
            out/order_events.choreography.json:34: $.events[3].name: nobody publishes `StockFreed`
            out/order_events.choreography.json:71: $.events[7].name: nobody reacts to `OrderCompleted`, and it is not terminal
            out/order_events.asyncapi.json:70: $.components.messages: `StockFreed` is not there, and is an event or a command of other_events.choreography.json; `cargo build` writes both anew
            out/order_events.asyncapi.json:70: $.components.messages: `StockReleased` is neither an event nor a command of other_events.choreography.json; `cargo build` writes both anew
            1 choreography checked, 17 problems
            exit 1
        "#]],
    );
}

/// What the compiler would have refused, in words of the contract.
#[test]
fn what_goes_wrong_in_a_run_is_found() {
    let folder = choreographed("choreography_check_runs");
    changed(&folder, |contract| {
        let stock = &mut contract["participants"][1]["reactions"];
        stock[1]["on"] = json!(["CardCharged"]);
        let orders = &mut contract["participants"][0]["reactions"];
        orders[2]["on"] = json!(["ParcelSent", "StockReserved"]);
    });
    check(
        &folder,
        &["check"],
        expect![[r#"
            out/order_events.choreography.json:125: $.participants[0].reactions[2]: `orders.complete` is reached twice in one saga, by `OrderPlaced -> StockReserved` and by `OrderPlaced -> StockReserved -> CardCharged -> ParcelSent`, and has no `repeat`
            out/order_events.choreography.json:168: $.participants[1].reactions[1]: `OrderPlaced -> StockReserved -> CardCharged` leads to `stock.release`, and nothing failed
            out/order_events.choreography.json:125: $.participants[0].reactions[2]: `orders.complete` may take effect although `OrderPlaced -> StockReserved -> CardDeclined` ends in failure
            out/order_events.choreography.json:147: $.participants[1].reactions[0]: `stock.reserve` takes effect and is not compensated after `OrderPlaced -> StockReserved -> CardDeclined`
            1 choreography checked, 4 problems
            exit 1
        "#]],
    );
    changed(&folder, |contract| {
        let stock = &mut contract["participants"][1]["reactions"];
        stock[0]["on"] = json!(["OrderPlaced", "ParcelSent"]);
    });
    check(
        &folder,
        &["check"],
        expect![[r#"
            out/order_events.choreography.json:89: $.participants: `payments.charge`, `shipping.ship`, `stock.reserve` lead to each other
            1 choreography checked, 1 problem
            exit 1
        "#]],
    );
}

/// What the runs do not tell of, because they would be too many or have no right end.
#[test]
fn what_the_compiler_has_no_runs_of_is_found() {
    let folder = choreographed("choreography_check_limits");
    changed(&folder, |contract| {
        contract["participants"][2]["reactions"][0]["repeat"] = json!("each");
        let logged = (0..7).map(|number| format!("Logged{number}"));
        let logged: Vec<String> = logged.collect();
        for name in &logged {
            let event = json!({ "name": name, "terminal": true });
            contract["events"].as_array_mut().unwrap().push(event);
        }
        let ship = &mut contract["participants"][3]["reactions"][0];
        let publishes = ship["publishes"].as_array_mut().unwrap();
        publishes.extend(logged.iter().map(|name| json!(name)));
        ship["optional"] = json!(logged);
    });
    fs::remove_file(folder.join(ASYNCAPI)).unwrap();
    check(
        &folder,
        &["check"],
        expect![[r#"
            out/order_events.choreography.json:233: $.participants[2].reactions[0].repeat: `payments.charge` acts for each event, and may say yes to one and no to another, which has no right end
            out/order_events.choreography.json:269: $.participants[3].reactions[0].optional[6]: `shipping.ship` may publish or leave out more than 6 events, and every choice of them is looked at
            1 choreography checked, 2 problems
            exit 1
        "#]],
    );
}

/// What is right as far as it was looked at is no problem, and is told.
#[test]
fn how_far_it_was_looked_at_is_told() {
    let folder = choreographed("choreography_check_bound");
    changed(&folder, |contract| {
        let mut reactions = Vec::new();
        for number in 0..13 {
            let event = format!("Logged{number}");
            reactions.push(json!({
                "name": format!("logs.log{number}"), "on": ["OrderPlaced"], "kind": "observer",
                "publishes": [event], "optional": [event],
            }));
            let event = json!({ "name": event, "terminal": true });
            contract["events"].as_array_mut().unwrap().push(event);
        }
        let logs = json!({ "name": "Logs", "prefix": "logs", "reactions": reactions });
        contract["participants"].as_array_mut().unwrap().push(logs);
    });
    fs::remove_file(folder.join(ASYNCAPI)).unwrap();
    check(
        &folder,
        &["check"],
        expect![[r#"
            out/order_events.choreography.json: note: there are too many runs to look at all: each with at most 3 outcomes other than plain success was looked at, and not each of the others
            1 choreography checked, 0 problems
            exit 0
        "#]],
    );
    check(
        &folder,
        &["check", "--format", "json"],
        expect![[r#"
            {
              "definitions": 0,
              "choreographies": 1,
              "findings": [],
              "notes": [
                {
                  "file": "out/order_events.choreography.json",
                  "rule": "choreography",
                  "message": "there are too many runs to look at all: each with at most 3 outcomes other than plain success was looked at, and not each of the others"
                }
              ]
            }
            exit 0
        "#]],
    );
    changed(&folder, |contract| {
        contract["participants"][0]["reactions"][0]["several"] =
            json!(["OrderPlaced", "ParcelSent"]);
    });
    check(
        &folder,
        &["check"],
        expect![[r#"
            out/order_events.choreography.json:161: $.participants[0].reactions[0].several[0]: `orders.place` may publish `OrderPlaced` several times, and `stock.reserve` has no `repeat`
            out/order_events.choreography.json:162: $.participants[0].reactions[0].several[1]: `orders.place` does not publish `ParcelSent`
            1 choreography checked, 2 problems
            exit 1
        "#]],
    );
}

#[test]
fn what_is_no_contract_is_a_problem() {
    let folder = choreographed("choreography_check_none");
    fs::write(folder.join(CONTRACT), "[]").unwrap();
    check(
        &folder,
        &["check"],
        expect![[r#"
            out/order_events.choreography.json: invalid length 0, expected struct Head with 1 element at line 1 column 2; `cargo build` writes it anew
            1 choreography checked, 1 problem
            exit 1
        "#]],
    );
}

#[test]
fn the_document_beside_it_tells_of_the_same_events() {
    let folder = choreographed("choreography_check_document");
    let file = folder.join(ASYNCAPI);
    let text = fs::read_to_string(&file).unwrap();
    let mut document: Value = serde_json::from_str(&text).unwrap();
    check(
        &folder,
        &["check"],
        expect![[r#"
            1 choreography checked, 0 problems
            exit 0
        "#]],
    );
    let messages = document["components"]["messages"].as_object_mut().unwrap();
    messages.remove("ParcelSent");
    messages.insert("ParcelLost".to_owned(), json!({}));
    fs::write(&file, format!("{document:#}")).unwrap();
    check(
        &folder,
        &["check"],
        expect![[r#"
            out/order_events.asyncapi.json:70: $.components.messages: `ParcelSent` is not there, and is an event or a command of order_events.choreography.json; `cargo build` writes both anew
            out/order_events.asyncapi.json:70: $.components.messages: `ParcelLost` is neither an event nor a command of order_events.choreography.json; `cargo build` writes both anew
            1 choreography checked, 2 problems
            exit 1
        "#]],
    );
    document["asyncapi"] = json!("2.6.0");
    fs::write(&file, format!("{document:#}")).unwrap();
    check(
        &folder,
        &["check"],
        expect![[r#"
            out/order_events.asyncapi.json:2: $.asyncapi: `asyncapi` is not "3.0.0"; `cargo build` writes it anew
            1 choreography checked, 1 problem
            exit 1
        "#]],
    );
    fs::write(&file, "{").unwrap();
    check(
        &folder,
        &["check"],
        expect![[r#"
            out/order_events.asyncapi.json: it is no JSON: EOF while parsing an object at line 1 column 1
            1 choreography checked, 1 problem
            exit 1
        "#]],
    );
}

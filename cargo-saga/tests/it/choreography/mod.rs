//! Choreographies: which subcommands know them, and what those say.

mod check;
mod explain;
mod graph;
mod template;

use std::fs;
use std::path::Path;

use expect_test::expect;
use saga_compiler::choreography::{Contract, Event, Kind, Participant, Reaction, Repeat};

use crate::support::{check, choreographed, examples, folder, output};

/// A reaction that does nothing yet.
fn reaction(name: &str, kind: Kind) -> Reaction {
    Reaction {
        name: name.to_owned(),
        comment: None,
        command: false,
        on: Vec::new(),
        input: None,
        kind,
        compensation: None,
        compensates: None,
        publishes: Vec::new(),
        optional: Vec::new(),
        several: Vec::new(),
        rejects: Vec::new(),
        rejections: Vec::new(),
        transients: Vec::new(),
        repeat: Repeat::Never,
        after: None,
        early: None,
    }
}

fn strings(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// A contract of these participants, with the events that they name: those that nobody reacts to are terminal, those that somebody
/// is rejected with mean failure.
fn contract(name: &str, participants: Vec<(&str, Vec<Reaction>)>) -> Contract {
    let participants: Vec<Participant> = participants
        .into_iter()
        .map(|(name, reactions)| Participant {
            name: name.to_owned(),
            prefix: name.to_lowercase(),
            comment: None,
            reactions,
        })
        .collect();
    let reactions = participants.iter().flat_map(|each| &each.reactions);
    let mut events: Vec<Event> = Vec::new();
    for reaction in reactions.clone() {
        for event in reaction.publishes.iter().chain(&reaction.rejects) {
            if events.iter().any(|known| known.name == *event) {
                continue;
            }
            let mut others = reactions.clone();
            events.push(Event {
                name: event.clone(),
                comment: None,
                terminal: !others.any(|other| other.on.contains(event)),
                failure: reactions.clone().any(|other| other.rejects.contains(event)),
                fields: Vec::new(),
            });
        }
    }
    Contract {
        format: 1,
        name: name.to_owned(),
        comment: None,
        events,
        participants,
        types: Vec::new(),
    }
}

fn write(folder: &Path, contract: &Contract) {
    let file = format!("out/{}.choreography.json", contract.name);
    fs::write(folder.join(file), contract.to_json()).unwrap();
}

#[test]
fn it_is_listed_beside_sagas() {
    let folder = choreographed("choreography_list");
    check(
        &folder,
        &["list"],
        expect![[r#"
            choreography  reactions  events  participants                       pivot            begins with   ends with
            order_events          7       9  Orders, Stock, Payments, Shipping  payments.charge  orders.place  StockReleased, OrderCompleted, OrderCancelled

            1 choreography
            exit 0
        "#]],
    );
    for file in ["place_order.asl.json", "place_order.saga.json"] {
        fs::copy(
            examples().join("out").join(file),
            folder.join("out").join(file),
        )
        .unwrap();
    }
    check(
        &folder,
        &["list"],
        expect![[r#"
            saga         steps  participants                       pivot             bytes  of the limit
            place_order      4  Orders, Stock, Payments, Shipping  payments.charge  12,063         1.1 %

            1 saga, at most 1,048,576 bytes each

            choreography  reactions  events  participants                       pivot            begins with   ends with
            order_events          7       9  Orders, Stock, Payments, Shipping  payments.charge  orders.place  StockReleased, OrderCompleted, OrderCancelled

            1 choreography
            exit 0
        "#]],
    );
}

#[test]
fn it_is_listed_as_json() {
    check(
        &choreographed("choreography_list_json"),
        &["list", "--format", "json"],
        expect![[r#"
            [
              {
                "name": "order_events",
                "comment": "An order across four services, by events: stock held, card charged, parcel sent, or nothing at all.",
                "commands": [
                  "orders.place"
                ],
                "reactions": 7,
                "events": 9,
                "participants": [
                  "Orders",
                  "Stock",
                  "Payments",
                  "Shipping"
                ],
                "pivots": [
                  "payments.charge"
                ],
                "ends": [
                  "StockReleased",
                  "OrderCompleted",
                  "OrderCancelled"
                ]
              }
            ]
            exit 0
        "#]],
    );
}

const ORCHESTRATED: &str = "error: `order_events` is a choreography, which no state machine runs; \
    `list`, `check`, `explain`, `graph` and `template` are for those too\nexit 2\n";

#[test]
fn what_needs_a_state_machine_says_so() {
    let folder = choreographed("choreography_orchestrated");
    for args in [
        &["run", "order_events"] as &[&str],
        &["cost", "order_events", "--rate=1/s"],
        &["diff", "order_events"],
        &["deploy", "order_events"],
        &["start", "order_events", "--key", "order-1"],
        &["status", "order_events"],
        &["history", "order_events", "--key", "order-1"],
        &["list-parked", "order_events"],
        &["resume", "order_events", "--key", "order-1"],
        &[
            "skip",
            "order_events",
            "--key=order-1",
            "--step=a.b",
            "--reason=none",
        ],
        &["redrive", "order_events", "--key", "order-1"],
    ] {
        let text = output(&folder, args);
        assert_eq!(text, ORCHESTRATED, "{args:?}");
    }
}

#[test]
fn an_unknown_name_is_compared_with_both_kinds() {
    let folder = choreographed("choreography_unknown");
    check(
        &folder,
        &["explain", "order_event"],
        expect![[r#"
        error: there is no saga or choreography `order_event` in out; did you mean `order_events`?
               there are `order_events`
        exit 2
    "#]],
    );
    let file = "out/place_order.asl.json";
    fs::copy(examples().join(file), folder.join(file)).unwrap();
    check(
        &folder,
        &["graph", "place_ordr"],
        expect![[r#"
        error: there is no saga or choreography `place_ordr` in out; did you mean `place_order`?
               there are `place_order`, `order_events`
        exit 2
    "#]],
    );
    check(
        &folder,
        &["run", "place_ordr"],
        expect![[r#"
        error: there is no saga `place_ordr` in out; did you mean `place_order`?
               there are `place_order`
        exit 2
    "#]],
    );
}

#[test]
fn one_name_for_two_is_refused() {
    let folder = choreographed("choreography_both");
    let from = examples().join("out/place_order.asl.json");
    fs::copy(from, folder.join("out/order_events.asl.json")).unwrap();
    check(
        &folder,
        &["explain", "order_events"],
        expect![[r#"
        error: out has both a saga and a choreography `order_events`; rename the module of one
        exit 2
    "#]],
    );
}

#[test]
fn a_contract_of_another_format_is_not_guessed_at() {
    let folder = folder("choreography_format");
    let file = folder.join("out/order_events.choreography.json");
    fs::write(file, "{ \"format\": 2 }").unwrap();
    check(
        &folder,
        &["explain", "order_events"],
        expect![[r#"
        error: out/order_events.choreography.json cannot be used: it has format 2, and this tool reads 1; use the `cargo-saga` of the `saga-runtime` that wrote it; `cargo build` writes it anew
        exit 2
    "#]],
    );
    check(
        &folder,
        &["check"],
        expect![[r#"
            out/order_events.choreography.json: it has format 2, and this tool reads 1; use the `cargo-saga` of the `saga-runtime` that wrote it; `cargo build` writes it anew
            1 choreography checked, 1 problem
            exit 1
        "#]],
    );
}

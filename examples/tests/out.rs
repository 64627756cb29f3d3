//! What is committed in `out/`: it is what the source emits, it is valid, and it keeps the promises of the documentation.

use examples::{book_trip, place_order};
use saga_asl::{Next, State, StateMachine};
use saga_local::Status;
use std::path::PathBuf;

fn out(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../out")
        .join(format!("{name}.asl.json"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn sagas() -> [(&'static str, &'static str); 2] {
    let (trip, order) = (
        book_trip::book_trip::BOOK_TRIP,
        place_order::place_order::PLACE_ORDER,
    );
    [
        (trip.name(), trip.definition()),
        (order.name(), order.definition()),
    ]
}

#[test]
fn files_are_what_the_source_emits() {
    for (name, definition) in sagas() {
        assert_eq!(out(name), definition, "{name}");
    }
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../out");
    let files = std::fs::read_dir(folder)
        .expect("out/ is committed")
        .count();
    assert_eq!(files, sagas().len(), "a file in out/ has no source");
}

#[test]
fn files_are_valid() {
    for (name, definition) in sagas() {
        if let Err(problems) = saga_asl::parse(definition) {
            panic!("{name}:\n{problems}");
        }
    }
}

fn machines() -> impl Iterator<Item = (&'static str, StateMachine)> {
    sagas()
        .into_iter()
        .map(|(name, definition)| (name, saga_asl::parse(definition).expect("valid")))
}

/// Between the first effect and the end, whatever can fail is caught, retried without end, or waits for an operator.
#[test]
fn nothing_fails_where_step_functions_cannot_catch() {
    for (name, machine) in machines() {
        assert_eq!(machine.timeout_seconds, None, "{name}");
        for (state, content) in &machine.graph.states {
            match content {
                State::Task(task) => {
                    assert!(
                        task.timeout_seconds.is_some(),
                        "{name}: {state} has no timeout"
                    );
                    let catches = task
                        .catch
                        .iter()
                        .any(|catcher| catcher.error_equals == ["States.ALL"]);
                    let endless = task.retry.iter().any(|retrier| {
                        retrier.error_equals == ["States.ALL"]
                            && retrier.max_attempts == Some(99_999_999)
                    });
                    assert!(catches || endless, "{name}: {state} lets errors go");
                }
                State::Choice(choice) => {
                    assert!(choice.default.is_some(), "{name}: {state} has no default");
                }
                State::Fail(_) => assert_eq!(state, "compensated", "{name}"),
                other => panic!("{name}: {state} is {other:?}"),
            }
        }
    }
}

#[test]
fn the_happy_path_is_one_state_a_step() {
    for (name, machine) in machines() {
        let mut states = vec![machine.graph.start_at.clone()];
        while let Some(State::Task(task)) = machine.graph.get(&states[states.len() - 1]) {
            let Next::To(next) = &task.next else { break };
            states.push(next.clone());
        }
        let steps = match name {
            "book_trip" => 3,
            _ => 4,
        };
        assert_eq!(states.len(), steps, "{name}: {states:?}");
    }
}

/// Every state is a step, its compensation, or one of the three that a saga has once, and their bytes are the definition's.
#[test]
fn every_state_of_book_trip_is_accounted_for() {
    let (_, machine) = machines().next().expect("book_trip comes first");
    let mut accounted = 0;
    let mut names = Vec::new();
    for (name, state) in &machine.graph.states {
        let state = serde_json::to_string(state).expect("a state is JSON");
        accounted += format!("{name:?}:{state},").len();
        names.push(name.as_str());
    }
    assert_eq!(
        names,
        [
            "hotel.book",
            "flight.book",
            "car.rent",
            "compensate car.rent",
            "compensate flight.book",
            "compensate hotel.book",
            "park",
            "resume",
            "compensated",
        ]
    );
    let whole = saga_asl::to_json_compact(&machine).len();
    let head = r#"{"Comment":"Books a trip: hotel, flight and car, or nothing at all.","QueryLanguage":"JSONata","StartAt":"hotel.book","States":{}}"#;
    // The last state has no comma behind it.
    assert_eq!(accounted - 1 + head.len(), whole);
}

/// Policy and flow of a whole saga, beside its types and the participants' signatures: attributes, and the flow's function.
#[test]
fn book_trip_costs_at_most_fifteen_lines() {
    let source = include_str!("../src/book_trip.rs");
    let policy = source.lines().map(str::trim).filter(|line| {
        ["#[saga", "#[step(", "#[compensation", "#[transient"]
            .iter()
            .any(|attribute| line.starts_with(attribute))
    });
    let flow = source
        .lines()
        .skip_while(|line| !line.contains("pub async fn book_trip("))
        .take_while(|line| *line != "    }");
    let lines = policy.count() + flow.count() + 1;
    assert!(lines <= 15, "{lines} lines");
}

#[tokio::test(flavor = "current_thread")]
async fn runs_leave_nothing_behind() -> Result<(), Box<dyn std::error::Error>> {
    let shop = place_order::Shop::open().await?;
    let scenarios = place_order::scenarios(&shop).await?;
    let ends: Vec<Status> = scenarios
        .iter()
        .map(examples::report::Scenario::status)
        .collect();
    assert_eq!(ends, [Status::Succeeded, Status::Failed, Status::Failed]);
    assert_eq!(shop.orders.tables()["orders"].len(), 1);
    assert_eq!(shop.stock.tables()["shelves"][0]["on_hand"], 8);
    assert_eq!(
        (shop.bank.entries().len(), shop.carrier.entries().len()),
        (1, 1)
    );

    let agency = book_trip::Agency::open().await?;
    let scenarios = book_trip::scenarios(&agency).await?;
    assert_eq!(
        scenarios[0].states(),
        ["hotel.book", "flight.book", "car.rent"]
    );
    for (store, free) in [(&agency.hotel, 2), (&agency.flight, 2), (&agency.car, 0)] {
        assert_eq!(store.tables()["offers"][0]["free"], free);
    }
    Ok(())
}

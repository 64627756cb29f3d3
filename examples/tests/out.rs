//! What is committed in `out/`: it is what the source emits, it is valid, and it keeps the promises of the documentation.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use examples::partner::entries;
use examples::report::Scenario;
use examples::{book_trip, fulfil_order, onboard_customer, order_events, place_order};
use proc_macro2::TokenStream;
use quote::ToTokens as _;
use saga_asl::{Catcher, Graph, Retrier, State, StateMachine};
use saga_compiler::{Compiled, Contract, choreography};
use saga_local::{Engine, Fault, Run, Status};
use saga_runtime::Saga;
use serde::Serialize;
use syn::{Attribute, Item, Meta};

fn out(name: &str) -> String {
    out_file(&format!("{name}.asl.json"))
}

fn out_file(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../out")
        .join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn sagas() -> [(&'static str, &'static str); 6] {
    fn of<I, O>(saga: Saga<I, O>) -> (&'static str, &'static str) {
        (saga.name(), saga.definition())
    }
    [
        of(book_trip::book_trip::BOOK_TRIP),
        of(place_order::place_order::PLACE_ORDER),
        of(fulfil_order::fulfil_order::FULFIL_ORDER),
        of(onboard_customer::onboard_customer::ONBOARD_CUSTOMER),
        of(onboard_customer::onboard_customer::OPEN_ACCOUNT),
        of(onboard_customer::onboard_customer::CLOSE_ACCOUNT),
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
    // Two for each saga, and two for the choreography.
    assert_eq!(
        files,
        (sagas().len() + 1) * 2,
        "a file in out/ has no source"
    );
}

#[test]
fn the_choreography_is_what_the_source_emits() {
    let known = order_events::order_events::ORDER_EVENTS;
    let (options, module) = annotated(include_str!("../src/order_events.rs"), "choreography");
    let compiled = choreography::compile(options, module).expect("it compiles");
    assert_eq!(
        out_file("order_events.choreography.json"),
        compiled.contract().to_json()
    );
    assert_eq!(out_file("order_events.choreography.json"), known.contract());
    assert_eq!(out_file("order_events.asyncapi.json"), compiled.asyncapi());
    assert_eq!(out_file("order_events.asyncapi.json"), known.asyncapi());
    let reactions = compiled.contract().reactions();
    let reactions = reactions.map(|(_, reaction)| reaction.name.as_str());
    assert!(reactions.eq(known.reactions().iter().map(|info| info.name)));
}

/// The contracts beside them are what the compiler makes of the source, and name the steps that the program knows.
#[test]
fn contracts_are_what_the_source_emits() {
    let sources = [
        include_str!("../src/book_trip.rs"),
        include_str!("../src/place_order.rs"),
        include_str!("../src/fulfil_order.rs"),
        include_str!("../src/onboard_customer.rs"),
    ];
    let mut names = Vec::new();
    for source in sources {
        for definition in compiled(source).definitions() {
            let name = definition.name();
            assert_eq!(out(&name), definition.text(), "{name}");
            let contract = out_file(&format!("{name}.saga.json"));
            assert_eq!(contract, definition.contract().to_json(), "{name}");
            names.push(name);
        }
    }
    assert_eq!(names, sagas().map(|(name, _)| name));
    let contract = Contract::from_json(&out_file("place_order.saga.json")).expect("a contract");
    let steps = contract.steps().map(|(_, step)| step.name.as_str());
    let known = place_order::place_order::PLACE_ORDER.steps().iter();
    assert!(steps.eq(known.map(|step| step.name)));
}

/// The file's module with `#[saga]`, compiled.
fn compiled(source: &str) -> Compiled {
    let (options, module) = annotated(source, "saga");
    saga_compiler::compile(options, module).expect("it compiles")
}

/// The file's module with this attribute: the attribute's options, and the module without it.
fn annotated(source: &str, name: &str) -> (TokenStream, TokenStream) {
    let file = syn::parse_file(source).expect("Rust");
    let module = file.items.into_iter().find_map(|item| match item {
        Item::Mod(module) => Some(module),
        _ => None,
    });
    let mut module = module.expect("a module");
    let is_it = |attribute: &Attribute| attribute.path().is_ident(name);
    let found = module.attrs.iter().find(|attribute| is_it(attribute));
    let options = match &found.expect("the attribute").meta {
        Meta::List(list) => list.tokens.clone(),
        _ => TokenStream::new(),
    };
    module.attrs.retain(|attribute| !is_it(attribute));
    (options, module.into_token_stream())
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
        assert_caught(name, &machine.graph, false);
    }
}

/// Whatever fails in a graph is caught in it, or by the Map or the Parallel that it stands in.
fn assert_caught(name: &str, graph: &Graph, outside: bool) {
    for (state, content) in &graph.states {
        let safe = match content {
            State::Task(task) => {
                assert!(
                    task.timeout_seconds.is_some(),
                    "{name}: {state} has no timeout"
                );
                outside || catches(&task.catch) || is_endless(&task.retry)
            }
            State::Choice(choice) => choice.default.is_some(),
            State::Map(map) => {
                let caught = outside || catches(&map.catch);
                assert_caught(name, &map.item_processor.graph, caught);
                caught || is_endless(&map.retry) || undoes(state)
            }
            State::Parallel(parallel) => {
                let caught = outside || catches(&parallel.catch);
                for branch in &parallel.branches {
                    assert_caught(name, branch, caught);
                }
                caught || is_endless(&parallel.retry) || undoes(state)
            }
            State::Fail(_) => outside || state == "compensated",
            State::Wait(_) | State::Succeed(_) => true,
            State::Pass(_) => false,
        };
        assert!(safe, "{name}: {state} lets errors go");
    }
}

fn catches(catch: &[Catcher]) -> bool {
    catch
        .iter()
        .any(|catcher| catcher.error_equals == ["States.ALL"])
}

fn is_endless(retry: &[Retrier]) -> bool {
    retry.iter().any(|retrier| {
        retrier.error_equals == ["States.ALL"] && retrier.max_attempts == Some(99_999_999)
    })
}

/// What undoes a loop or a join goes by a list that the forward one has read, and its compensations park by themselves.
fn undoes(state: &str) -> bool {
    state.starts_with("compensate ")
}

/// Every state is a step, its compensation, or one of the four that a saga has once, and their bytes are the definition's.
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
            "skip",
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

/// What a run entered, by what it is.
#[derive(Default)]
struct Entered {
    steps: usize,
    choices: usize,
    loops: usize,
    joins: usize,
    waits: usize,
    flows: usize,
    others: Vec<String>,
}

impl Entered {
    fn count<O>(run: &Run<O>) -> Self {
        let (_, machine) = machines()
            .find(|(name, _)| *name == run.state_machine())
            .expect("an example");
        let mut kinds = BTreeMap::new();
        collect(&machine.graph, &mut kinds);
        let mut entered = Self::default();
        for state in run.states_entered() {
            match &kinds[state] {
                State::Task(task) if task.resource.contains("startExecution") => entered.flows += 1,
                State::Task(_) => entered.steps += 1,
                State::Choice(_) => entered.choices += 1,
                State::Map(_) => entered.loops += 1,
                State::Parallel(_) => entered.joins += 1,
                State::Wait(_) => entered.waits += 1,
                _ => entered.others.push(state.to_owned()),
            }
        }
        entered
    }
}

fn collect(graph: &Graph, kinds: &mut BTreeMap<String, State>) {
    for (name, state) in &graph.states {
        let is_new = kinds.insert(name.clone(), state.clone()).is_none();
        assert!(is_new, "{name} is there twice");
        match state {
            State::Map(map) => collect(&map.item_processor.graph, kinds),
            State::Parallel(parallel) => {
                for branch in &parallel.branches {
                    collect(branch, kinds);
                }
            }
            _ => {}
        }
    }
}

/// The lines of the table for a committed run and the flows that it started.
async fn lines<I: Serialize, O>(engine: Engine<I, O>, title: &str, input: &I) -> String {
    let run = engine.start("run", input).await.expect("it starts");
    assert_eq!(run.status(), Status::Succeeded, "{title}");
    let mut lines = String::new();
    for run in engine.executions() {
        let entered = Entered::count(&run);
        let deliveries = engine.deliveries();
        let steps = deliveries
            .iter()
            .filter(|delivery| delivery.execution_arn() == run.arn());
        assert_eq!(entered.steps, steps.count(), "each Task entered is a step");
        assert_eq!(entered.others, [""; 0], "nothing else is entered");
        let flow = match run.state_machine() {
            name if title.starts_with(name) => title,
            name => name,
        };
        let Entered {
            steps,
            choices,
            loops,
            joins,
            waits,
            flows,
            ..
        } = entered;
        let states = run.states_entered().len();
        let _ = writeln!(
            lines,
            "| {flow} | {steps} | {choices} | {loops} | {joins} | {waits} | {flows} | {states} |"
        );
    }
    lines
}

/// One state a step, one a Choice, one a loop, a join, a wait or a flow that is called, and nothing else.
#[tokio::test(flavor = "current_thread")]
async fn the_happy_path_is_counted() -> Result<(), Box<dyn std::error::Error>> {
    let mut table =
        "| run | steps | Choices | loops | joins | waits | flows | states |\n".to_owned();
    let agency = book_trip::Agency::open().await?;
    table += &lines(agency.engine(), "book_trip", &book_trip::trip("trip")).await;
    let shop = place_order::Shop::open().await?;
    let order = place_order::order("order", "visa");
    table += &lines(shop.engine(), "place_order", &order).await;
    let shop = fulfil_order::Shop::open().await?;
    let order = fulfil_order::order("order", "ada", 1);
    let title = "fulfil_order, a present of three lines";
    table += &lines(shop.engine(), title, &order).await;
    let bank = onboard_customer::Bank::default();
    let known = onboard_customer::application("ada");
    table += &lines(bank.engine(), "onboard_customer", &known).await;
    let bank = onboard_customer::Bank::default();
    let unknown = onboard_customer::first_job("bob");
    let title = "onboard_customer, with a deposit";
    table += &lines(bank.engine(), title, &unknown).await;
    assert_eq!(
        table,
        "\
| run | steps | Choices | loops | joins | waits | flows | states |
| book_trip | 3 | 0 | 0 | 0 | 0 | 0 | 3 |
| place_order | 4 | 0 | 0 | 0 | 0 | 0 | 4 |
| fulfil_order, a present of three lines | 13 | 2 | 2 | 1 | 0 | 0 | 18 |
| onboard_customer | 4 | 0 | 0 | 0 | 1 | 1 | 6 |
| open_account | 2 | 0 | 0 | 0 | 0 | 0 | 2 |
| onboard_customer, with a deposit | 5 | 0 | 0 | 0 | 1 | 1 | 7 |
| open_account | 2 | 0 | 0 | 0 | 0 | 0 | 2 |
"
    );
    Ok(())
}

/// The mains for Lambda in the README are those that are built, and the placeholders those of the definition.
#[test]
fn the_readme_shows_the_mains_that_are_built() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| std::fs::read_to_string(folder.join(path)).expect(path);
    let readme = read("README.md");
    for name in ["place_order_stock", "place_order_payments"] {
        let source = read(&format!("src/lambda/{name}.rs"));
        let (_, main) = source.split_once("\n\n").expect("a comment, then code");
        let shown = format!("```rust,ignore\n{main}```\n");
        assert!(readme.contains(&shown), "README.md does not show {name}.rs");
    }
    let definition = out("place_order");
    for (at, _) in definition.match_indices("${") {
        let placeholder = definition[at..].split_inclusive('}').next();
        let placeholder = placeholder.expect("it ends");
        assert!(
            readme.contains(placeholder),
            "README.md misses {placeholder}"
        );
    }
}

/// Retries send the payload anew; only how often it was sent before differs, which is for logs.
#[tokio::test(flavor = "current_thread")]
async fn each_delivery_says_how_often_it_was_retried() -> Result<(), Box<dyn std::error::Error>> {
    let shop = place_order::Shop::open().await?;
    let engine = shop
        .engine()
        .fault("stock.reserve", Fault::TimeoutAfterEffect.times(4));
    engine
        .start("order", &place_order::order("order", "visa"))
        .await?;
    let deliveries = engine.deliveries();
    let sent: Vec<(&str, u64)> = deliveries
        .iter()
        .filter_map(|delivery| Some((delivery.state(), delivery.payload()["attempt"].as_u64()?)))
        .collect();
    assert_eq!(
        sent,
        [
            ("orders.create", 0),
            ("stock.reserve", 0),
            ("stock.reserve", 1),
            ("stock.reserve", 2),
            ("stock.reserve", 3),
            ("compensate stock.reserve", 0),
            ("compensate orders.create", 0),
        ]
    );
    Ok(())
}

fn ends(scenarios: &[Scenario]) -> Vec<Status> {
    scenarios.iter().map(Scenario::status).collect()
}

#[tokio::test(flavor = "current_thread")]
async fn runs_of_place_order_leave_nothing_behind() -> Result<(), Box<dyn std::error::Error>> {
    let shop = place_order::Shop::open().await?;
    let scenarios = place_order::scenarios(&shop).await?;
    assert_eq!(
        ends(&scenarios),
        [Status::Succeeded, Status::Failed, Status::Failed]
    );
    assert_eq!(shop.orders.tables()["orders"].len(), 1);
    assert_eq!(shop.stock.tables()["shelves"][0]["on_hand"], 8);
    assert_eq!(entries(&shop.partners, "bank"), ["charge-order-1"]);
    assert_eq!(entries(&shop.partners, "carrier"), ["parcel-order-1"]);
    Ok(())
}

#[tokio::test(flavor = "current_thread")]
async fn runs_of_book_trip_leave_nothing_behind() -> Result<(), Box<dyn std::error::Error>> {
    let agency = book_trip::Agency::open().await?;
    let scenarios = book_trip::scenarios(&agency).await?;
    assert_eq!(
        ends(&scenarios),
        [Status::Succeeded, Status::Failed, Status::Failed]
    );
    assert_eq!(
        scenarios[0].states(),
        ["hotel.book", "flight.book", "car.rent"]
    );
    for (store, free) in [(&agency.hotel, 2), (&agency.flight, 2), (&agency.car, 0)] {
        assert_eq!(store.tables()["offers"][0]["free"], free);
    }
    Ok(())
}

/// One order is gone; of the four others, nothing is left at five services.
#[tokio::test(flavor = "current_thread")]
async fn runs_of_fulfil_order_leave_nothing_behind() -> Result<(), Box<dyn std::error::Error>> {
    let shop = fulfil_order::Shop::open().await?;
    let scenarios = fulfil_order::scenarios(&shop).await?;
    assert_eq!(scenarios[0].status(), Status::Succeeded);
    let failed: Vec<&str> = scenarios[1..].iter().map(Scenario::end).collect();
    assert_eq!(
        failed,
        [
            "compensated: StockError.OutOfStock: pot is out of stock",
            "compensated: CarrierError.NoVan: no van is left",
            "compensated: States.Timeout",
            "compensated: Order.Suspicious: the fraud check says no",
        ]
    );
    let warehouse = shop.warehouse.tables();
    let shelves = warehouse["shelves"].iter();
    let on_hand: Vec<(&str, u64)> = shelves
        .filter_map(|shelf| Some((shelf["sku"].as_str()?, shelf["on_hand"].as_u64()?)))
        .collect();
    assert_eq!(on_hand, [("cup", 4), ("pot", 1), ("tea", 8)]);
    assert_eq!(warehouse["paper"][0]["sheets"], 7);
    assert!(shop.fraud.tables().get("cases").is_none_or(Vec::is_empty));
    assert_eq!(
        entries(&shop.partners, "bank"),
        ["authorisation-order-1", "charge-of-authorisation-order-1"]
    );
    assert_eq!(
        entries(&shop.partners, "carrier"),
        [
            "pickup-order-1",
            "pickup-order-1-cup",
            "pickup-order-1-pot",
            "pickup-order-1-tea",
        ]
    );
    assert_eq!(
        entries(&shop.partners, "outbox"),
        ["ada: 3 parcels are on their way"]
    );
    Ok(())
}

/// Two customers are there; of the two others, nothing is left anywhere.
#[tokio::test(flavor = "current_thread")]
async fn runs_of_onboard_customer_leave_nothing_behind() -> Result<(), Box<dyn std::error::Error>> {
    let bank = onboard_customer::Bank::default();
    let scenarios = onboard_customer::scenarios(&bank).await?;
    assert_eq!(
        ends(&scenarios),
        [
            Status::Succeeded,
            Status::Succeeded,
            Status::Failed,
            Status::Failed
        ]
    );
    let names = |store: &saga_runtime::MemoryStore, table: &str| -> Vec<String> {
        let items = &store.tables()[table];
        let names = items.iter().filter_map(|item| item["name"].as_str());
        names.map(str::to_owned).collect()
    };
    assert_eq!(names(&bank.customers, "customers"), ["ada", "bob"]);
    assert_eq!(names(&bank.accounts, "accounts"), ["ada", "bob"]);
    assert_eq!(names(&bank.calls, "calls"), ["ada", "bob"]);
    assert_eq!(entries(&bank.partners, "deposits"), ["deposit-bob"]);
    assert_eq!(
        entries(&bank.partners, "ibans"),
        ["iban-of-account-ada", "iban-of-account-bob"]
    );
    assert_eq!(
        entries(&bank.partners, "cards"),
        ["card-of-account-ada", "card-of-account-bob"]
    );
    Ok(())
}

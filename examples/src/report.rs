//! Shows runs in a terminal, as plain text or as JSON.

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write as _};
use std::time::{Duration, SystemTime};

use saga_local::{BusReport, Delivery, DeliveryOutcome, Engine, Run, Status};
use saga_runtime::MemoryStore;
use serde_json::{Map, Value, json};

/// One run, ready to be shown.
pub struct Scenario {
    title: &'static str,
    name: String,
    status: Status,
    end: String,
    elapsed: Duration,
    states: Vec<String>,
    deliveries: Vec<Delivery>,
    started: SystemTime,
}

impl Scenario {
    /// Takes what is to be shown from a run and its engine.
    pub fn new<I, O>(title: &'static str, run: &Run<O>, engine: &Engine<I, O>) -> Self {
        let end = match run.status() {
            Status::Succeeded => "committed".to_owned(),
            Status::Running => "waits for an operator".to_owned(),
            _ => {
                let (error, cause) = (
                    run.error().unwrap_or_default(),
                    run.cause().unwrap_or_default(),
                );
                let rejection = saga_runtime::Rejection::from_failure(error, cause);
                format!("compensated: {rejection}")
            }
        };
        Self {
            title,
            name: run.name().to_owned(),
            status: run.status(),
            end,
            elapsed: run.elapsed(),
            states: run
                .states_entered()
                .into_iter()
                .map(str::to_owned)
                .collect(),
            deliveries: engine.deliveries(),
            started: run
                .history()
                .first()
                .map_or(SystemTime::UNIX_EPOCH, saga_local::Event::timestamp),
        }
    }

    /// How the run ended.
    pub fn status(&self) -> Status {
        self.status
    }

    /// How the run ended, in words.
    pub fn end(&self) -> &str {
        &self.end
    }

    /// The states that the run entered, in order.
    pub fn states(&self) -> &[String] {
        &self.states
    }

    fn at(&self, delivery: &Delivery) -> Duration {
        delivery
            .at()
            .duration_since(self.started)
            .unwrap_or_default()
    }

    /// The state, with the item of the loop that it stands in; those of a nested saga are set off.
    fn label(&self, delivery: &Delivery) -> String {
        let margin = if delivery.execution() == self.name {
            ""
        } else {
            "  "
        };
        let item = delivery.payload().get("item");
        let item = item.map_or_else(String::new, |item| format!(" {item}"));
        format!("{margin}{}{item}", delivery.state())
    }

    fn to_json(&self) -> Value {
        let deliveries = self.deliveries.iter().map(|delivery| {
            json!({
                "seconds": self.at(delivery).as_secs_f64(),
                "execution": delivery.execution(),
                "state": delivery.state(),
                "item": delivery.payload().get("item"),
                "delivery": delivery.attempt(),
                "fault": delivery.fault().map(ToString::to_string),
                "outcome": outcome_json(delivery),
            })
        });
        json!({
            "title": self.title,
            "execution": self.name,
            "status": format!("{:?}", self.status),
            "end": self.end,
            "seconds": self.elapsed.as_secs_f64(),
            "states": self.states,
            "deliveries": deliveries.collect::<Vec<Value>>(),
        })
    }
}

/// What the services hold.
#[derive(Default)]
pub struct Stores(Vec<(String, Vec<Value>)>);

impl Stores {
    /// Adds the tables of a database.
    pub fn add(&mut self, service: &str, store: &MemoryStore) {
        for (table, items) in store.tables() {
            self.0.push((
                format!("{service}: {table}"),
                items.into_iter().map(Value::Object).collect(),
            ));
        }
    }

    /// Adds what somebody else keeps, each entry under this label.
    pub fn add_outside(&mut self, name: &str, label: &str, entries: Vec<String>) {
        let entries = entries.into_iter().map(|entry| json!({ label: entry }));
        self.0.push((name.to_owned(), entries.collect()));
    }

    fn to_json(&self) -> Value {
        let stores = self
            .0
            .iter()
            .map(|(name, items)| (name.clone(), Value::Array(items.clone())));
        Value::Object(stores.collect::<Map<String, Value>>())
    }
}

/// Prints runs and stores: for people, or with `--json` for machines.
///
/// # Errors
///
/// An argument that is none of these, or an output that takes no more.
pub fn print(saga: &str, scenarios: &[Scenario], stores: &Stores) -> io::Result<()> {
    let for_machines = || {
        let runs: Vec<Value> = scenarios.iter().map(Scenario::to_json).collect();
        json!({ "saga": saga, "runs": runs, "stores": stores.to_json() })
    };
    print_either(
        saga,
        |paint| text(saga, scenarios, stores, paint.0),
        for_machines,
    )
}

/// Prints what happened on a bus, each run under its title, and stores, as [`print`](print()) does.
///
/// # Errors
///
/// As there.
pub fn print_events(
    choreography: &str, runs: &[(&str, BusReport)], stores: &Stores,
) -> io::Result<()> {
    let for_people = |paint: &Paint| {
        let mut text = String::new();
        for (index, (title, report)) in runs.iter().enumerate() {
            let heading = format!("{}. {choreography}, {}: {title}", index + 1, report.saga());
            let _ = writeln!(text, "{}\n", paint.bold(&heading));
            for line in report.to_string().lines() {
                let _ = writeln!(text, "   {line}");
            }
            text.push('\n');
        }
        hold(&mut text, stores, paint);
        text
    };
    let for_machines = || {
        let runs = runs
            .iter()
            .map(|(title, report)| json!({ "title": title, "run": report }));
        let runs: Vec<Value> = runs.collect();
        json!({ "choreography": choreography, "runs": runs, "stores": stores.to_json() })
    };
    print_either(choreography, for_people, for_machines)
}

fn print_either(
    name: &str, for_people: impl Fn(&Paint) -> String, for_machines: impl Fn() -> Value,
) -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let text = match arguments.as_slice() {
        [] => {
            let colours = io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
            for_people(&Paint(colours))
        }
        ["--json"] => format!("{:#}\n", for_machines()),
        _ => return Err(io::Error::other(format!("usage: {name} [--json]"))),
    };
    match io::stdout().write_all(text.as_bytes()) {
        // Who reads has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// Runs and stores as text.
pub fn text(saga: &str, scenarios: &[Scenario], stores: &Stores, colours: bool) -> String {
    let paint = Paint(colours);
    let mut text = String::new();
    for (index, scenario) in scenarios.iter().enumerate() {
        let heading = format!(
            "{}. {saga}, {}: {}",
            index + 1,
            scenario.name,
            scenario.title
        );
        let _ = writeln!(text, "{}\n", paint.bold(&heading));
        timeline(&mut text, scenario, &paint);
    }
    hold(&mut text, stores, &paint);
    text
}

/// What the services hold.
fn hold(text: &mut String, stores: &Stores, paint: &Paint) {
    let _ = writeln!(text, "{}\n", paint.bold("What the services hold now"));
    for (name, items) in &stores.0 {
        let items: Vec<String> = items.iter().map(ToString::to_string).collect();
        let items = if items.is_empty() {
            "nothing".to_owned()
        } else {
            items.join(" ")
        };
        let _ = writeln!(text, "   {name:<18} {items}");
    }
}

fn timeline(text: &mut String, scenario: &Scenario, paint: &Paint) {
    let width = scenario
        .deliveries
        .iter()
        .map(|delivery| scenario.label(delivery).len())
        .max()
        .unwrap_or_default();
    for delivery in &scenario.deliveries {
        let at = clock(scenario.at(delivery));
        let state = format!("{:width$}", scenario.label(delivery));
        let state = if delivery.is_compensation() {
            paint.yellow(&state)
        } else {
            state
        };
        let _ = writeln!(text, "   {at:>7}  {state}  {}", paint.outcome(delivery));
    }
    let elapsed = clock(scenario.elapsed);
    let end = if scenario.status == Status::Succeeded {
        paint.green(&scenario.end)
    } else {
        paint.yellow(&scenario.end)
    };
    let _ = writeln!(text, "   {elapsed:>7}  {end}\n");
}

/// `44.5s`, `24.0h`
fn clock(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds < 3600.0 {
        format!("{seconds:.1}s")
    } else {
        format!("{:.1}h", seconds / 3600.0)
    }
}

/// What became of a delivery, for machines.
fn outcome_json(delivery: &Delivery) -> Value {
    match delivery.outcome() {
        DeliveryOutcome::NotDelivered => json!({ "kind": "not delivered" }),
        DeliveryOutcome::Answered(output) => json!({ "kind": "done", "output": output }),
        DeliveryOutcome::Failed { error, message } => {
            json!({ "kind": "failed", "error": error, "message": message })
        }
    }
}

/// What became of a delivery, in words.
fn outcome(delivery: &Delivery) -> String {
    let answer = match delivery.outcome() {
        DeliveryOutcome::NotDelivered => "not delivered".to_owned(),
        DeliveryOutcome::Answered(Value::Null) => "done".to_owned(),
        DeliveryOutcome::Answered(output) => format!("done {output}"),
        DeliveryOutcome::Failed { error, .. } => error.clone(),
    };
    match (delivery.fault(), delivery.outcome()) {
        // What the state machine never heard, in a word.
        (Some(fault), DeliveryOutcome::Answered(_)) => format!("{fault} (done)"),
        (Some(fault), _) => format!("{fault} ({answer})"),
        (None, _) => answer,
    }
}

/// Colours, or none.
struct Paint(bool);

impl Paint {
    fn paint(&self, code: &str, text: &str) -> String {
        if self.0 {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }

    fn bold(&self, text: &str) -> String {
        self.paint("1", text)
    }

    fn green(&self, text: &str) -> String {
        self.paint("32", text)
    }

    fn yellow(&self, text: &str) -> String {
        self.paint("33", text)
    }

    fn outcome(&self, delivery: &Delivery) -> String {
        let failed = delivery.fault().is_some()
            || matches!(delivery.outcome(), DeliveryOutcome::Failed { .. });
        let words = outcome(delivery);
        if failed {
            self.paint("31", &words)
        } else {
            words
        }
    }
}

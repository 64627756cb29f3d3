//! `cargo saga cost`: what a saga costs at a rate, which quotas the rate would hit, and whether Express would do. Estimates from
//! the definition; asks AWS nothing.

mod back;
mod options;
mod price;
mod quota;
mod text;
mod way;
mod work;

use std::collections::HashMap;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use saga_asl::StateMachine;
use saga_compiler::{Budget, Contract, OnStuck};
use serde::Serialize;

use self::back::{Failed, Failures};
pub(crate) use self::options::Options;
use self::options::Rate;
use self::price::{Dollars, MONTH_SECONDS, Prices};
use self::quota::{Quota, quotas};
use self::way::{Arms, Flows};
use self::work::{Assumed, Work};
use crate::args::Format;
use crate::out::{Out, Saga};
use crate::print;

/// An Express workflow lasts this many seconds at most.
/// <https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html>
const EXPRESS_SECONDS: f64 = 300.0;

#[derive(Debug, Serialize)]
struct Report {
    name: String,
    rate: Rate,
    /// Of one.
    failures: f64,
    assumed: Assumed,
    /// A run in which nothing fails: the dearest arms, and the cheapest.
    committed: Runs,
    /// The dearest way with each step failing; each is as likely as the others.
    failed: Vec<Failed>,
    /// Of a saga on average.
    average: Work,
    /// Of a saga on average.
    dollars: Dollars,
    dollars_a_saga: f64,
    /// By the cheapest arms.
    least_dollars_a_saga: f64,
    sagas_a_month: f64,
    dollars_a_month: f64,
    quotas: Vec<Quota>,
    express: Express,
    prices: Prices,
}

#[derive(Debug, Serialize)]
struct Runs {
    dearest: Work,
    cheapest: Work,
}

/// The same as an Express workflow.
#[derive(Debug, Serialize)]
struct Express {
    /// What Step Functions would take for a saga; the rest stays as it is.
    dollars_a_saga: f64,
    /// Why the saga cannot be one.
    obstacles: Vec<String>,
}

pub(crate) fn run(
    folder: Option<&Path>, options: &Options, out: &mut impl Write,
) -> Result<ExitCode, String> {
    let prices = Prices::read(options.prices.as_deref())?;
    let folder = Out::find(folder)?;
    let report = report(&folder, options, prices)?;
    match options.format {
        Format::Json => print::json(out, &report)?,
        Format::Text => print::text(out, &report.to_string())?,
    }
    Ok(ExitCode::SUCCESS)
}

fn report(folder: &Out, options: &Options, prices: Prices) -> Result<Report, String> {
    let sagas = with_started(folder, folder.saga(&options.name)?)?;
    let mut known = HashMap::new();
    for (saga, machine) in &sagas {
        known.insert(saga.name.as_str(), (machine, saga.contract()?));
    }
    check_ends(&known, &options.name, &mut Vec::new())?;
    let assumed = assumed(options);
    let flows = Flows { known, assumed };
    let (saga, machine) = &sagas[0];
    let contract = saga.contract()?;
    let explanation = saga_asl::explain(machine);
    let failures = Failures {
        flows: &flows,
        graph: &machine.graph,
        contract,
        explanation: &explanation,
    };
    let failed = failures.all();
    let dearest = flows.committed(&saga.name, Arms::Dearest);
    let cheapest = flows.committed(&saga.name, Arms::Cheapest);
    let average = average(&dearest, &failed, options.failures.0);
    let dollars = Dollars::of(&average, &assumed, &prices);
    let least = Dollars::of(&cheapest, &assumed, &prices).total();
    let rate = options.rate.a_second;
    let budget = Budget::of(machine, saga.definition.len());
    let longest = budget.compensated_events.as_ref().unwrap_or(&budget.events);
    let items = u64::from(options.items);
    let events = longest.at(items).max(budget.events.at(items));
    Ok(Report {
        name: saga.name.clone(),
        failures: options.failures.0,
        dollars_a_saga: dollars.total(),
        least_dollars_a_saga: least,
        sagas_a_month: rate * MONTH_SECONDS,
        dollars_a_month: dollars.total() * rate * MONTH_SECONDS,
        quotas: quotas(rate, &average, &assumed, float(events), &prices.region),
        express: Express {
            dollars_a_saga: price::express(&average, &prices),
            obstacles: obstacles(contract, machine, &dearest),
        },
        rate: options.rate.clone(),
        committed: Runs { dearest, cheapest },
        assumed,
        failed,
        average,
        dollars,
        prices,
    })
}

/// A flow that starts itself has no end that could be counted. `callers` are on the way to this one.
fn check_ends<'a>(
    known: &HashMap<&'a str, (&StateMachine, &'a Contract)>, name: &'a str,
    callers: &mut Vec<&'a str>,
) -> Result<(), String> {
    if callers.contains(&name) {
        return Err(format!(
            "`{name}` starts itself, so that nobody can tell how often; ask for the cost of one that does not"
        ));
    }
    let Some((_, contract)) = known.get(name) else {
        return Ok(());
    };
    callers.push(name);
    for flow in &contract.flows {
        let compensation = flow.compensation.as_deref();
        for name in [Some(flow.name.as_str()), compensation]
            .into_iter()
            .flatten()
        {
            check_ends(known, name, callers)?;
        }
    }
    callers.pop();
    Ok(())
}

fn assumed(options: &Options) -> Assumed {
    Assumed {
        items: f64::from(options.items),
        step_milliseconds: options.step.0,
        memory_megabytes: f64::from(options.memory),
        writes: f64::from(options.writes),
        record_bytes: f64::from(options.record),
        log_bytes: f64::from(options.log),
    }
}

/// The saga, and all that it starts, each once.
fn with_started(folder: &Out, saga: Saga) -> Result<Vec<(Saga, StateMachine)>, String> {
    let machine = saga.machine()?;
    let mut all = vec![(saga, machine)];
    let mut index = 0;
    while let Some((saga, _)) = all.get(index) {
        let flows = saga.contract()?.flows.iter();
        let names = flows.flat_map(|flow| [Some(&flow.name), flow.compensation.as_ref()]);
        let names: Vec<String> = names.flatten().cloned().collect();
        for name in names {
            if !all.iter().any(|(known, _)| known.name == name) {
                let saga = folder.saga(&name)?;
                let machine = saga.machine()?;
                all.push((saga, machine));
            }
        }
        index += 1;
    }
    Ok(all)
}

/// Each step is as likely to fail as the others, and in each of its ways.
fn average(committed: &Work, failed: &[Failed], failures: f64) -> Work {
    let mut states: Vec<&str> = failed.iter().map(|failed| failed.state.as_str()).collect();
    states.dedup();
    if states.is_empty() {
        return committed.clone();
    }
    let mut average = committed.clone() * (1.0 - failures);
    for state in &states {
        let own: Vec<&Failed> = failed
            .iter()
            .filter(|failed| failed.state == *state)
            .collect();
        for failed in &own {
            let share = failures / count(states.len()) / count(own.len());
            average += failed.work.clone() * share;
        }
    }
    average
}

/// What an Express workflow cannot do.
/// <https://docs.aws.amazon.com/step-functions/latest/dg/choosing-workflow-type.html>
fn obstacles(contract: &Contract, machine: &StateMachine, committed: &Work) -> Vec<String> {
    let mut all = Vec::new();
    match contract.on_stuck {
        OnStuck::Park => {
            all.push("a stuck compensation waits for an operator (`.waitForTaskToken`)");
        }
        OnStuck::Fail => {
            all.push("a stuck compensation is gone on with by redrive, which Express has not");
        }
    }
    if !contract.flows.is_empty() {
        all.push("it waits for the flows that it starts (`.sync`)");
    }
    if !Budget::of(machine, 0).children.is_empty() {
        all.push("it has a distributed loop");
    }
    if committed.seconds > EXPRESS_SECONDS {
        all.push(
            "it takes longer than the five minutes after which Express ends it, uncompensated",
        );
    } else {
        all.push("retries may take longer than the five minutes after which Express ends it, uncompensated");
    }
    all.push("Express may run an execution twice, each under an id of its own, so that no barrier sees that it is the same saga");
    all.into_iter().map(str::to_owned).collect()
}

fn count(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::INFINITY, f64::from)
}

fn float(number: u64) -> f64 {
    u32::try_from(number).map_or(f64::INFINITY, f64::from)
}

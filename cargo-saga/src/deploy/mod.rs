//! `cargo saga deploy`: a definition becomes a version of a state machine, and an alias goes over to it. `plan` decides, `service`
//! calls, `apply` does; functions, queues and roles are `template`'s.

mod apply;
mod changes;
mod fill;
mod options;
mod plan;
mod report;
mod service;
mod state;
mod watch;

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use self::apply::Apply;
use self::changes::Changes;
use self::fill::Values;
pub(crate) use self::options::Options;
use self::plan::{Plan, Step, Wanted};
use self::report::{Prospect, Report};
use self::service::{Findings, Service};
use self::state::There;
use crate::aws;
use crate::out::{Out, Saga};

/// What is to be deployed.
struct Order {
    saga: Saga,
    /// With its placeholders filled.
    definition: String,
}

pub(crate) fn run(
    folder: Option<&Path>, options: &Options, out: &mut impl Write,
) -> Result<ExitCode, String> {
    let order = if options.rollback {
        None
    } else {
        Some(Order::read(folder, options)?)
    };
    aws::block_on(work(options, order, out))
}

impl Order {
    fn read(folder: Option<&Path>, options: &Options) -> Result<Self, String> {
        let saga = Out::find(folder)?.saga(&options.name)?;
        saga_asl::parse(&saga.definition).map_err(|_| {
            format!(
                "{} has problems; `cargo saga check {0}` lists them",
                saga.path.display()
            )
        })?;
        let values = Values::read(&saga, options)?;
        Ok(Self {
            definition: values.fill(&saga.definition),
            saga,
        })
    }

    fn plan(&self, there: &There, options: &Options) -> Result<(Plan, Changes), String> {
        let mut changes = Changes::default();
        if let Some(served) = there.served() {
            let contract = self.saga.contract.as_ref();
            changes = Changes::between(&served.definition, &self.definition, contract);
            if options
                .role
                .as_ref()
                .is_some_and(|role| *role != served.role)
            {
                changes
                    .lines
                    .push(format!("the role, which is {} so far", served.role));
            }
        }
        let wanted = Wanted {
            definition: &self.definition,
            role: options.role.as_deref(),
            alias: &options.alias,
            canary: options.canary,
            force: options.force,
        };
        let mut plan = plan::deploy(there, &wanted, &changes)?;
        if plan.has(|step| matches!(step, Step::Watch { .. })) {
            plan.add(watched(options));
        }
        Ok((plan, changes))
    }
}

/// What it is taken back for.
fn watched(options: &Options) -> String {
    let alarms = options
        .alarms
        .iter()
        .map(|alarm| format!("alarm `{alarm}` is on"));
    let failures = options
        .max_failures
        .map(|max| format!("more than {max} of its sagas fail"));
    let reasons: Vec<String> = alarms.chain(failures).collect();
    if reasons.is_empty() {
        return "nothing takes it back; name what does with `--alarm` and `--max-failures`"
            .to_owned();
    }
    format!("it is taken back when {}", reasons.join(", or "))
}

async fn work(
    options: &Options, order: Option<Order>, out: &mut impl Write,
) -> Result<ExitCode, String> {
    let service = Service::connect(options).await?;
    let there = service.there().await?;
    let (plan, changes) = match &order {
        Some(order) => order.plan(&there, options)?,
        None => (
            plan::take_back(&there, &options.alias, options.force)?,
            Changes::default(),
        ),
    };
    let definition = order.map(|order| order.definition).unwrap_or_default();
    let findings = look_ahead(&service, options, &plan, &definition).await?;
    let mut report = Report::new(out, options.format, &service.machine, &options.alias);
    report.plan(&Prospect {
        there: &there,
        plan: &plan,
        changes: &changes,
        findings: &findings,
        dry_run: options.dry_run,
    })?;
    match plan {
        Plan::Nothing(_) => Ok(ExitCode::SUCCESS),
        Plan::Refused(_) => Ok(ExitCode::FAILURE),
        Plan::Go { .. } if findings.refused => Ok(ExitCode::FAILURE),
        Plan::Go { .. } if options.dry_run => Ok(ExitCode::SUCCESS),
        Plan::Go { steps, version, .. } => {
            let apply = Apply::new(&service, options, report, &there, definition);
            apply.run(&steps, version).await
        }
    }
}

/// What would stop it half-way, looked at before anything is done: the definition, the alarms, and whether executions may be listed.
async fn look_ahead(
    service: &Service, options: &Options, plan: &Plan, definition: &str,
) -> Result<Findings, String> {
    if let Some(from) = plan.shifts_from() {
        if options.max_failures.is_some() {
            service.executions(from, i64::MAX).await?;
        }
        let on = service.alarms_on(&options.alarms).await?;
        if let Some((alarm, reason)) = on.first() {
            return Err(format!(
                "alarm `{alarm}` is on before anything is deployed: {reason}; wait until it is off, or leave it out to deploy what mends it"
            ));
        }
    }
    if plan.has(|step| matches!(step, Step::Create | Step::Update | Step::Publish)) {
        return service.validate(definition).await;
    }
    Ok(Findings::default())
}

//! What keeps an engine from starting anything: asked before the first state, so that a test fails for its own mistake. Runs nothing.

use std::sync::Arc;

use saga_asl as asl;

use crate::error::{Error, Kind};
use crate::host::{Resource, tasks};
use crate::machine::Machine;
use crate::registry::{Flow, Registry};
use crate::services::Services;
use crate::{lambda, lock};

pub(crate) fn machine(flow: &Flow) -> Result<&Arc<Machine>, Error> {
    flow.machine.as_ref().map_err(|problems| {
        let kind = Kind::InvalidDefinition {
            machine: flow.name.to_string(),
        };
        Error::with_source(kind, Arc::clone(problems))
    })
}

/// The engine's own flow, those that it may start, and the faults planned for their states.
pub(crate) fn flows(own: &Flow, registry: &Registry, services: &Services) -> Result<(), Error> {
    let others = registry.flows();
    let mut called = Vec::new();
    for (index, flow) in others.iter().enumerate() {
        if others[..index].iter().any(|other| other.name == flow.name) {
            return Err(Error::new(Kind::FlowTwice {
                flow: flow.name.to_string(),
            }));
        }
    }
    for flow in std::iter::once(own).chain(&others) {
        for (state, task) in tasks(&machine(flow)?.graph) {
            check_task(state, task, registry, services)?;
            if calls_function(task) {
                called.push(state);
            }
        }
    }
    let planned = lock(&services.faults);
    match planned.states().find(|state| !called.contains(state)) {
        Some(state) => Err(Error::new(Kind::UnknownState {
            state: state.to_owned(),
        })),
        None => Ok(()),
    }
}

fn check_task(
    state: &str, task: &asl::Task, registry: &Registry, services: &Services,
) -> Result<(), Error> {
    let unsupported = |what: &str| {
        Error::new(Kind::UnsupportedTask {
            state: state.to_owned(),
            what: what.to_owned(),
        })
    };
    let Some(resource) = Resource::parse(&task.resource) else {
        return Err(unsupported(&task.resource));
    };
    if services.host(&resource.service, &resource.action).is_some() {
        return Ok(());
    }
    match (&*resource.service, &*resource.action) {
        ("lambda", "invoke") => match resource
            .function
            .as_deref()
            .or_else(|| literal(task, "FunctionName"))
            .map(lambda::function_name)
        {
            Some(function) if !services.has_function(function) => {
                Err(Error::new(Kind::MissingHandler {
                    state: state.to_owned(),
                    function: function.to_owned(),
                }))
            }
            _ => Ok(()),
        },
        ("states", "startExecution" | "startExecution.sync" | "startExecution.sync:2") => {
            match literal(task, "StateMachineArn") {
                Some(arn) if registry.flow(arn).is_none() => Err(Error::new(Kind::MissingFlow {
                    state: state.to_owned(),
                    arn: arn.to_owned(),
                })),
                _ => Ok(()),
            }
        }
        ("sqs", "sendMessage" | "sendMessage.waitForTaskToken") => Ok(()),
        _ => Err(unsupported(&task.resource)),
    }
}

/// Faults stand between the engine and a function; nothing else is delivered to.
fn calls_function(task: &asl::Task) -> bool {
    Resource::parse(&task.resource).is_some_and(|resource| &*resource.service == "lambda")
}

/// An argument that a Task gives in so many words, not by an expression.
fn literal<'a>(task: &'a asl::Task, name: &str) -> Option<&'a str> {
    let Some(asl::Template::Object(arguments)) = &task.arguments else {
        return None;
    };
    match arguments.iter().find(|(key, _)| key == name) {
        Some((_, asl::Template::String(text))) => Some(text),
        _ => None,
    }
}

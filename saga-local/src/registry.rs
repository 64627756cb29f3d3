//! What the executions of one engine share: the state machines that they may start, and each other. Interprets nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use crate::data::Data;
use saga_asl as asl;

use crate::clock::ExecutionId;
use crate::execution::{self, Execution};
use crate::machine::Machine;
use crate::services::Services;
use crate::{BoxFuture, lock};

/// A state machine and its name, valid or not.
#[derive(Clone)]
pub(crate) struct Flow {
    pub(crate) name: Arc<str>,
    pub(crate) machine: Result<Arc<Machine>, Arc<asl::Problems>>,
}

impl Flow {
    pub(crate) fn read(name: &str, definition: &str) -> Self {
        Self {
            name: name.into(),
            machine: asl::parse(definition)
                .map(|definition| Arc::new(Machine::of(definition)))
                .map_err(Arc::new),
        }
    }

    pub(crate) fn of(name: &str, definition: asl::StateMachine) -> Self {
        Self {
            name: name.into(),
            machine: Ok(Arc::new(Machine::of(definition))),
        }
    }
}

/// `open_account` -> `OpenAccountStateMachineArn`
pub(crate) fn placeholder(flow: &str) -> String {
    let mut placeholder = String::new();
    for word in flow.split('_') {
        let mut chars = word.chars();
        placeholder.extend(chars.next().into_iter().flat_map(char::to_uppercase));
        placeholder.push_str(chars.as_str());
    }
    placeholder + "StateMachineArn"
}

/// What an execution begins with.
pub(crate) struct Birth<'a> {
    pub(crate) name: Arc<str>,
    pub(crate) machine_name: Arc<str>,
    pub(crate) machine: Arc<Machine>,
    pub(crate) input: Data,
    pub(crate) seed: u64,
    pub(crate) origin: Origin<'a>,
}

/// Who started an execution, and what the two have to do with each other.
#[derive(Clone, Copy)]
pub(crate) enum Origin<'a> {
    /// The engine's caller.
    Caller,
    /// A Task that goes on at once.
    Detached(&'a Execution),
    /// A Task that waits for it.
    Task(&'a Execution),
    /// A distributed Map, for one item.
    Item(&'a Execution),
}

/// An execution that nobody has polled yet.
pub(crate) struct Started {
    pub(crate) id: ExecutionId,
    pub(crate) root: ExecutionId,
    pub(crate) work: BoxFuture<'static, ()>,
}

/// Owned by the engine and known to its executions only weakly, so that dropping the engine ends them all.
#[derive(Default)]
pub(crate) struct Registry {
    flows: Mutex<Vec<Flow>>,
    executions: Mutex<Executions>,
    started: Mutex<Vec<Started>>,
    stirred: AtomicBool,
}

#[derive(Default)]
struct Executions {
    /// In the order in which they began.
    all: BTreeMap<ExecutionId, Arc<Execution>>,
    /// By the state machine's name and their own.
    by_name: HashMap<(Arc<str>, Arc<str>), ExecutionId>,
    last: ExecutionId,
}

impl Executions {
    /// The execution that the engine's caller started, of all those that led to this one.
    fn first(&self, id: ExecutionId) -> Option<&Arc<Execution>> {
        let mut execution = self.all.get(&id)?;
        while let Some(parent) = execution.parent {
            execution = self.all.get(&parent)?;
        }
        Some(execution)
    }
}

impl Registry {
    pub(crate) fn add_flow(&self, flow: Flow) {
        lock(&self.flows).push(flow);
    }

    pub(crate) fn flows(&self) -> Vec<Flow> {
        lock(&self.flows).clone()
    }

    /// The flow that `StateMachineArn` names: by its placeholder, or by an ARN, perhaps with a version or an alias.
    pub(crate) fn flow(&self, arn: &str) -> Option<Flow> {
        let flows = lock(&self.flows);
        if let Some(name) = arn
            .strip_prefix("${")
            .and_then(|rest| rest.strip_suffix('}'))
        {
            return flows
                .iter()
                .find(|flow| placeholder(&flow.name) == name)
                .cloned();
        }
        let (_, name) = arn.split_once(":stateMachine:")?;
        let name = name.split_once(':').map_or(name, |(name, _)| name);
        flows.iter().find(|flow| *flow.name == *name).cloned()
    }

    /// A new execution, or else the one that has the name already.
    pub(crate) fn begin(
        self: &Arc<Self>, birth: Birth<'_>, services: &Arc<Services>,
    ) -> Result<Arc<Execution>, Arc<Execution>> {
        let mut executions = lock(&self.executions);
        let key = (Arc::clone(&birth.machine_name), Arc::clone(&birth.name));
        let taken = executions.by_name.get(&key);
        if let Some(execution) = taken.and_then(|id| executions.all.get(id)) {
            return Err(Arc::clone(execution));
        }
        executions.last += 1;
        let id = executions.last;
        let execution = Arc::new(Execution::new(id, birth, services, Arc::downgrade(self)));
        executions.all.insert(id, Arc::clone(&execution));
        executions.by_name.insert(key, id);
        drop(executions);
        lock(&self.started).push(Started {
            id,
            root: execution.root,
            work: Box::pin(execution::run(Arc::clone(&execution))),
        });
        Ok(execution)
    }

    pub(crate) fn find(&self, machine: &Arc<str>, name: &str) -> Option<Arc<Execution>> {
        let executions = lock(&self.executions);
        let key = (Arc::clone(machine), name.into());
        let id = executions.by_name.get(&key)?;
        executions.all.get(id).cloned()
    }

    pub(crate) fn executions(&self) -> Vec<Arc<Execution>> {
        lock(&self.executions).all.values().cloned().collect()
    }

    /// The execution that the engine's caller started, of all those that led to this one.
    pub(crate) fn first(&self, id: ExecutionId) -> Option<Arc<Execution>> {
        lock(&self.executions).first(id).cloned()
    }

    /// Forgets the executions that have ended, together with all that led to them and all that they led to, unless one of
    /// these still runs. Says which are left.
    pub(crate) fn forget_finished(&self) -> Vec<Arc<Execution>> {
        let mut executions = lock(&self.executions);
        let running = executions.all.values().filter(|one| one.is_running());
        let kept: BTreeSet<ExecutionId> = running
            .filter_map(|one| executions.first(one.id))
            .map(|first| first.id)
            .collect();
        let gone: Vec<ExecutionId> = executions
            .all
            .keys()
            .filter(|id| {
                executions
                    .first(**id)
                    .is_none_or(|first| !kept.contains(&first.id))
            })
            .copied()
            .collect();
        for id in gone {
            executions.all.remove(&id);
        }
        let Executions { all, by_name, .. } = &mut *executions;
        by_name.retain(|_, id| all.contains_key(id));
        all.values().cloned().collect()
    }

    pub(crate) fn take_started(&self) -> Vec<Started> {
        std::mem::take(&mut *lock(&self.started))
    }

    /// Something happened that an execution polled before may wait for.
    pub(crate) fn stir(&self) {
        self.stirred.store(true, Ordering::SeqCst);
    }

    /// Whether a round of polling leaves another one to do.
    pub(crate) fn is_unsettled(&self) -> bool {
        self.stirred.swap(false, Ordering::SeqCst) || !lock(&self.started).is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::{Flow, Registry, placeholder};

    #[test]
    fn a_flow_is_found_by_its_placeholder_and_by_its_arn() {
        assert_eq!(placeholder("open_account"), "OpenAccountStateMachineArn");
        assert_eq!(placeholder("pay"), "PayStateMachineArn");
        let registry = Registry::default();
        registry.add_flow(Flow::read("open_account", "{}"));
        let found = |arn| registry.flow(arn).is_some();
        assert!(found("${OpenAccountStateMachineArn}"));
        assert!(found(
            "arn:aws:states:eu-west-1:1:stateMachine:open_account"
        ));
        assert!(found(
            "arn:aws:states:eu-west-1:1:stateMachine:open_account:PROD"
        ));
        assert!(!found("${OpenAccountArn}"));
        assert!(!found("arn:aws:states:eu-west-1:1:stateMachine:open"));
        assert!(!found("open_account"));
    }
}

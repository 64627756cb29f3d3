//! A state machine as an engine runs it: with what its states are made into once, for all executions. Runs nothing.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use saga_asl as asl;

use crate::shape::Shape;

/// A definition, and what is known of its states by name.
#[derive(Debug)]
pub(crate) struct Machine {
    definition: asl::StateMachine,
    /// `None` for a name that two states have, which only a definition that was put together by hand can hold.
    states: HashMap<Arc<str>, Option<Known>>,
}

/// What a state is made into when it is run for the first time.
#[derive(Debug, Default)]
struct Known {
    arguments: OnceLock<Option<Arc<Shape>>>,
}

impl Machine {
    pub(crate) fn of(definition: asl::StateMachine) -> Self {
        let mut states = HashMap::new();
        add(&definition.graph, &mut states);
        Self { definition, states }
    }

    pub(crate) fn definition(&self) -> &asl::StateMachine {
        &self.definition
    }

    /// How many events a history has room for at first: those of each state once, as far as that is not many.
    pub(crate) fn expected_events(&self) -> usize {
        const OF_A_TASK: usize = 5;
        const MANY: usize = 128;
        (self.states.len() * OF_A_TASK + 2).min(MANY)
    }

    /// The state's name, shared.
    pub(crate) fn name(&self, state: &str) -> Arc<str> {
        match self.states.get_key_value(state) {
            Some((name, _)) => Arc::clone(name),
            None => state.into(),
        }
    }

    /// The `Arguments` of the state, if they can be made ready.
    pub(crate) fn arguments(&self, state: &str, template: &asl::Template) -> Option<&Arc<Shape>> {
        let known = self.states.get(state)?.as_ref()?;
        let shape = || Shape::of("Arguments", template).map(Arc::new);
        known.arguments.get_or_init(shape).as_ref()
    }
}

impl Deref for Machine {
    type Target = asl::StateMachine;

    fn deref(&self) -> &asl::StateMachine {
        &self.definition
    }
}

fn add(graph: &asl::Graph, states: &mut HashMap<Arc<str>, Option<Known>>) {
    for (name, _) in graph.all_states() {
        match states.entry(name.into()) {
            Entry::Vacant(entry) => {
                entry.insert(Some(Known::default()));
            }
            Entry::Occupied(mut entry) => {
                entry.insert(None);
            }
        }
    }
}

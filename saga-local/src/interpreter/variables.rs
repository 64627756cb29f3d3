//! How much the variables of an execution hold, all scopes together. What they hold stands in the frames.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html>, "Variable limits"

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::execution::Execution;
use crate::failure::json_size;
use crate::lock;

use super::Rejected;

/// What all variables of an execution may hold, in bytes.
const MAX_TOTAL: usize = 10 * 1024 * 1024;

/// One scope's share, which it gives back when it ends.
pub(super) struct Held {
    execution: Arc<Execution>,
    sizes: BTreeMap<String, usize>,
}

impl Held {
    pub(super) fn new(execution: &Arc<Execution>) -> Self {
        Self {
            execution: Arc::clone(execution),
            sizes: BTreeMap::new(),
        }
    }

    /// Gives the variables back if there is room for them.
    pub(super) fn check(
        &self, assigned: Map<String, Value>,
    ) -> Result<Map<String, Value>, Rejected> {
        if assigned.is_empty() {
            return Ok(assigned);
        }
        let replaced: usize = assigned
            .keys()
            .filter_map(|name| self.sizes.get(name))
            .sum();
        let added: usize = assigned.values().map(json_size).sum();
        let total = *lock(&self.execution.variables) + added - replaced;
        if total > MAX_TOTAL {
            let message = format!(
                "The variables of the execution exceed the limit of {MAX_TOTAL} bytes in total."
            );
            return Err(Rejected::new("Assign", message));
        }
        Ok(assigned)
    }

    pub(super) fn assign(&mut self, assigned: &Map<String, Value>) {
        let mut total = lock(&self.execution.variables);
        for (name, value) in assigned {
            let size = json_size(value);
            let before = self.sizes.insert(name.clone(), size).unwrap_or_default();
            *total = *total + size - before;
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let held: usize = self.sizes.values().sum();
        *lock(&self.execution.variables) -= held;
    }
}

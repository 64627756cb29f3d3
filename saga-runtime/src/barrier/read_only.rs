//! Steps without effect: no record, nothing to repeat and nothing to undo. Each refusal is definite by itself.

use serde_json::Value;

use super::transactional::panicked;
use super::{Attempt, Barrier, Decoded, check_output};
use crate::__private::{CxCall, TxCall};
use crate::context::Context;
use crate::failure::Failure;
use crate::guard::{Ended, Trouble};
use crate::tx::Collected;

impl Barrier {
    pub(super) async fn read_tx(
        &self, attempt: &Attempt, call: Decoded<TxCall>,
    ) -> Result<Value, Failure> {
        let (tx, ended) = self.run_tx(permitted(attempt, call)?).await;
        let output = answered(attempt, ended)?;
        match tx.into_collected() {
            Ok(Collected { writes, events }) if writes.is_empty() && events.is_empty() => {
                Ok(output)
            }
            // Nothing was written and nothing will be, so that there is nothing to compensate.
            Ok(Collected { writes, .. }) => {
                let does = if writes.is_empty() {
                    "publishes"
                } else {
                    "writes"
                };
                Err(Failure::refused(format!(
                    "the step is `read_only` and yet it {does}; make it `compensate = …`, `pivot` or `retriable`"
                )))
            }
            Err(mistake) => Err(Failure::refused(mistake)),
        }
    }

    pub(super) async fn read_cx(
        &self, attempt: &Attempt, call: Decoded<CxCall>,
    ) -> Result<Value, Failure> {
        let call = permitted(attempt, call)?;
        let context = Context::new(self.identity.clone(), self.invocation.clone());
        let (rehearsal, trouble) = (self.invocation.rehearsal(), Trouble::default());
        answered(attempt, rehearsal.run(|| call(&context), &trouble).await)
    }
}

fn permitted<C>(attempt: &Attempt, call: Decoded<C>) -> Result<C, Failure> {
    if attempt.late {
        return Err(Failure::refused("the saga's deadline has passed"));
    }
    call.map_err(Failure::refused)
}

fn answered(attempt: &Attempt, ended: Ended) -> Result<Value, Failure> {
    match ended {
        Ended::Output(output) => match check_output(&output, 0) {
            Ok(_) => Ok(output),
            Err(reason) => Err(Failure::refused(reason)),
        },
        Ended::Failed(error) => Err(attempt.judge(error).into_failure()),
        Ended::NotJson(error) => Err(Failure::refused(format!("the output is no JSON: {error}"))),
        Ended::Panicked(panic) => Err(panicked(&panic)),
        Ended::Stopped(failure) => Err(failure),
    }
}

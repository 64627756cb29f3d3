//! What the expansion of `#[saga]` calls: a participant's handler, put together step by step. What that of `#[choreography]` calls is
//! in `react`. No part of the public API.

mod react;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use self::react::{ConsumerBuilder, React, receive_each};
pub use crate::BoxFuture;
// For the embedded bus, whose queues are to keep what a real one keeps.
pub use crate::consumer::is_settled;
pub use crate::event::Outgoing;
// For the embedded engine.
pub use crate::execution_name::check_execution_name;
pub use crate::flow::{block, call, joined};
#[cfg(feature = "https")]
pub use crate::http::lazy_client as http_client;
pub use crate::json::{Fingerprint, check_integers};
pub use crate::rehearsal::{CodeFault, Rehearsal, StoreWrapper};
pub use {serde, serde_json};

use crate::context::Context;
use crate::envelope::Envelope;
use crate::error::{Retry, StepError};
use crate::failure::Failure;
use crate::guard::Ended;
use crate::handler::{Handler, Participant, Step};
use crate::invocation::Invocation;
use crate::outcome::Outcome;
use crate::required::{Missing, Pointer};
use crate::saga::{Kind, StepInfo};
use crate::store::Store;
use crate::tx::{StepFailure, Tx};

/// What an error says, for people.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is an error that a step or a reaction fails with, and says nothing",
    label = "this needs a message",
    note = "write `#[derive(Debug, thiserror::Error)]` on it, and `#[error(\"..\")]` on it or on each of its variants"
)]
pub trait Message {
    fn text(&self) -> String;
}

#[diagnostic::do_not_recommend]
impl<E: std::fmt::Display> Message for E {
    fn text(&self) -> String {
        self.to_string()
    }
}

/// A call of user code whose arguments are decoded.
pub(crate) type TxCall = Box<dyn for<'a> FnOnce(&'a mut Tx) -> BoxFuture<'a, Ended> + Send>;
/// A call of user code whose arguments are decoded.
pub(crate) type CxCall = Box<dyn for<'a> FnOnce(&'a Context) -> BoxFuture<'a, Ended> + Send>;

/// Reads what a step is called with.
type Decode<Call> = Box<dyn Fn(&Value) -> Result<Call, serde_json::Error> + Send + Sync>;
/// Reads what a compensation is called with, from JSON text: the kept arguments and the action's output.
type DecodeUndoTx = Box<dyn Fn((&str, &str)) -> Result<TxCall, serde_json::Error> + Send + Sync>;
/// Reads what a compensation is called with, from JSON text: the kept arguments and what is known of the action's output.
type DecodeUndoCx =
    Box<dyn Fn((&str, Outcome<&str>)) -> Result<CxCall, serde_json::Error> + Send + Sync>;

/// [`Handler::invoke`] for the embedded engine, which keeps the payload, and perhaps in parts: these are its members. `None` is a
/// payload that is no object.
pub async fn deliver(
    handler: &Handler, payload: Option<&[(&str, Cow<'_, Value>)]>, invocation: &Invocation,
) -> Result<Value, Failure> {
    let members = payload.map(|members| members.iter().map(|(name, value)| (*name, &**value)));
    let envelope = Envelope::of(members).map_err(Failure::unknown)?;
    handler.serve(envelope, invocation).await
}

/// Puts a participant's handler together.
pub struct HandlerBuilder {
    participant: Participant,
}

impl HandlerBuilder {
    /// Begins the handler of a participant.
    pub fn new(
        participant: &'static str, prefix: &'static str, function: &'static str, store: impl Store,
    ) -> Self {
        let participant = Participant {
            name: participant,
            prefix,
            function,
            store: Arc::new(store),
            starts: BTreeMap::new(),
            steps: BTreeMap::new(),
        };
        Self { participant }
    }

    /// Adds the check of a flow's input: against its type, and for what the flow takes of it.
    ///
    /// `required` are JSON pointers ([RFC 6901](https://www.rfc-editor.org/rfc/rfc6901)), in which a segment `*` stands for
    /// every element of a list: `/lines/*/sku`. A key's own asterisk is written `~2`. The type alone is not enough, because
    /// serde also reads a struct from an array, in which no expression of the state machine finds a field.
    #[must_use]
    pub fn start<I: DeserializeOwned>(
        mut self, flow: &'static str, required: &'static [&'static str],
    ) -> Self {
        let required: Vec<Pointer> = required.iter().copied().map(Pointer::read).collect();
        let check = move |input: &Value| {
            I::deserialize(input).map_err(|error| {
                format!("the input of `{flow}` is not what its type says: {error}")
            })?;
            let missing = required
                .iter()
                .find_map(|pointer| pointer.find_missing(input));
            match missing {
                None => Ok(()),
                Some(Missing::Value(place)) => Err(format!(
                    "the input of `{flow}` has no `{place}`, which the flow takes of it"
                )),
                Some(Missing::List(place)) if place.is_empty() => Err(format!(
                    "the input of `{flow}` is no list, and the flow goes through it"
                )),
                Some(Missing::List(place)) => Err(format!(
                    "`{place}` of the input of `{flow}` is no list, and the flow goes through it"
                )),
            }
        };
        self.participant.starts.insert(flow, Box::new(check));
        self
    }

    /// Adds a step.
    #[must_use]
    pub fn step(
        mut self, method: &'static str, action: Action, compensation: Option<Compensation>,
    ) -> Self {
        self.participant.steps.insert(
            method,
            Step {
                action,
                compensation,
            },
        );
        self
    }

    /// Ends the description.
    pub fn build(self) -> Handler {
        Handler::of(self.participant)
    }
}

/// A step's action.
pub struct Action {
    pub(crate) kind: Kind,
    /// The input fields that the compensation takes.
    pub(crate) keep: &'static [&'static str],
    /// The errors that the state machine knows the step by.
    pub(crate) types: &'static [&'static str],
    /// How long the state machine waits for it.
    pub(crate) timeout: Option<Duration>,
    pub(crate) code: ActionCode,
}

pub(crate) enum ActionCode {
    Tx(Decode<TxCall>),
    Cx(Decode<CxCall>),
}

impl Action {
    /// Says for how many seconds the state machine waits for it: its task's `TimeoutSeconds`.
    #[must_use]
    pub fn timeout(mut self, seconds: u64) -> Self {
        self.timeout = Some(Duration::from_secs(seconds));
        self
    }

    /// An action whose effects are writes of its transaction.
    pub fn tx<I, O, E>(
        kind: Kind, keep: &'static [&'static str],
        action: impl for<'a> Fn(&'a mut Tx, I) -> BoxFuture<'a, Result<O, E>> + Send + Sync + 'static,
    ) -> Self
    where
        I: DeserializeOwned + Send + 'static,
        O: Serialize + Send + 'static,
        E: StepError + Send + 'static,
    {
        let action = Arc::new(action);
        let code = ActionCode::Tx(Box::new(move |input: &Value| {
            let input = I::deserialize(input)?;
            let action = Arc::clone(&action);
            Ok(Box::new(move |tx| {
                let running = action(tx, input);
                Box::pin(async move { ended(running.await) })
            }))
        }));
        Self {
            kind,
            keep,
            types: E::TYPES,
            timeout: None,
            code,
        }
    }

    /// An action with an effect outside of the database.
    pub fn cx<I, O, E>(
        kind: Kind, keep: &'static [&'static str],
        action: impl for<'a> Fn(&'a Context, I) -> BoxFuture<'a, Result<O, E>> + Send + Sync + 'static,
    ) -> Self
    where
        I: DeserializeOwned + Send + 'static,
        O: Serialize + Send + 'static,
        E: StepError + Send + 'static,
    {
        let action = Arc::new(action);
        let code = ActionCode::Cx(Box::new(move |input: &Value| {
            let input = I::deserialize(input)?;
            let action = Arc::clone(&action);
            Ok(Box::new(move |cx| {
                let running = action(cx, input);
                Box::pin(async move { ended(running.await) })
            }))
        }));
        Self {
            kind,
            keep,
            types: E::TYPES,
            timeout: None,
            code,
        }
    }

    /// Makes the state machine know the action by the errors of a contract's step, whatever its code says. For stand-ins in a test, which
    /// are few: the table stays in memory.
    #[must_use]
    pub fn known_by(self, info: &StepInfo) -> Self {
        let types = [info.rejections, info.transients].concat();
        Self {
            types: Box::leak(types.into_boxed_slice()),
            ..self
        }
    }
}

/// A step's compensation.
pub struct Compensation {
    /// How long the state machine waits for it.
    pub(crate) timeout: Option<Duration>,
    pub(crate) code: CompensationCode,
}

pub(crate) enum CompensationCode {
    Tx(DecodeUndoTx),
    Cx(DecodeUndoCx),
}

impl Compensation {
    /// Says for how many seconds the state machine waits for it: its task's `TimeoutSeconds`.
    #[must_use]
    pub fn timeout(mut self, seconds: u64) -> Self {
        self.timeout = Some(Duration::from_secs(seconds));
        self
    }

    /// A compensation whose effects are writes of its transaction.
    pub fn tx<A, O>(
        compensation: impl for<'a> Fn(&'a mut Tx, A, O) -> BoxFuture<'a, Result<(), Retry>>
        + Send
        + Sync
        + 'static,
    ) -> Self
    where
        A: DeserializeOwned + Send + 'static,
        O: DeserializeOwned + Send + 'static,
    {
        let compensation = Arc::new(compensation);
        let code = CompensationCode::Tx(Box::new(move |(args, output)| {
            let args: A = serde_json::from_str(args)?;
            let output: O = serde_json::from_str(output)?;
            let compensation = Arc::clone(&compensation);
            Ok(Box::new(move |tx| {
                let running = compensation(tx, args, output);
                Box::pin(async move { ended(running.await) })
            }))
        }));
        Self {
            timeout: None,
            code,
        }
    }

    /// A compensation with an effect outside of the database.
    pub fn cx<A, O>(
        compensation: impl for<'a> Fn(&'a Context, A, Outcome<O>) -> BoxFuture<'a, Result<(), Retry>>
        + Send
        + Sync
        + 'static,
    ) -> Self
    where
        A: DeserializeOwned + Send + 'static,
        O: DeserializeOwned + Send + 'static,
    {
        let compensation = Arc::new(compensation);
        let code = CompensationCode::Cx(Box::new(move |(args, outcome)| {
            let args: A = serde_json::from_str(args)?;
            let outcome: Outcome<O> = match outcome {
                Outcome::Done(output) => Outcome::Done(serde_json::from_str(output)?),
                Outcome::Unknown => Outcome::Unknown,
            };
            let compensation = Arc::clone(&compensation);
            Ok(Box::new(move |cx| {
                let running = compensation(cx, args, outcome);
                Box::pin(async move { ended(running.await) })
            }))
        }));
        Self {
            timeout: None,
            code,
        }
    }
}

/// Brings a method's result into the form that the barrier records.
fn ended<O: Serialize, E: StepError>(result: Result<O, E>) -> Ended {
    match result {
        Ok(output) => match serde_json::to_value(output) {
            Ok(output) => Ended::Output(output),
            Err(error) => Ended::NotJson(error.to_string()),
        },
        Err(error) => Ended::Failed(StepFailure::from(&error)),
    }
}

/// Stands for a body that rustc checks and nobody runs.
pub fn never_run() -> ! {
    unreachable!("stands in a body that is only checked")
}

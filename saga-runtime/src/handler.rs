//! One entry for all steps of one participant, or of several: finds whom a delivery is for. The barrier does the rest.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
#[cfg(feature = "lambda")]
use std::time::Duration;

use serde_json::Value;

use crate::__private::{Action, Compensation};
use crate::barrier;
use crate::envelope::{Envelope, FlowInput, Phase, Request};
use crate::failure::Failure;
use crate::invocation::Invocation;
use crate::store::{MemoryStore, Store};

/// What Lambda serves and the embedded engine calls: the steps of one participant, or of several.
///
/// `#[saga]` writes a function that makes one of a service: `serve_stock(service, store)`.
///
/// # Example
///
/// ```
/// use saga_runtime::Handler;
///
/// fn one_function(stock: Handler, shipping: Handler) -> Handler {
///     Handler::join([stock, shipping])
/// }
/// ```
#[derive(Clone)]
pub struct Handler {
    participants: Vec<Arc<Participant>>,
}

/// A participant's steps, and the store that holds their records.
pub(crate) struct Participant {
    pub(crate) name: &'static str,
    pub(crate) prefix: &'static str,
    pub(crate) function: &'static str,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) starts: BTreeMap<&'static str, StartCheck>,
    pub(crate) steps: BTreeMap<&'static str, Step>,
}

/// Says what a flow's input lacks, or what of it is not as its type says.
pub(crate) type StartCheck = Box<dyn Fn(&Value) -> Result<(), String> + Send + Sync>;

pub(crate) struct Step {
    pub(crate) action: Action,
    pub(crate) compensation: Option<Compensation>,
}

impl Handler {
    pub(crate) fn of(participant: Participant) -> Self {
        Self {
            participants: vec![Arc::new(participant)],
        }
    }

    /// One entry for several participants: a delivery goes to the one whose name its step begins with.
    ///
    /// Participants of the same name may come from different modules, as long as no method is in two of them; a delivery that
    /// two could take is taken by none, and answered with `Saga.Unknown`.
    pub fn join(handlers: impl IntoIterator<Item = Handler>) -> Self {
        Self {
            participants: handlers
                .into_iter()
                .flat_map(|handler| handler.participants)
                .collect(),
        }
    }

    /// The placeholders of the functions that this handler answers for, such as `StockFunctionArn`, each once.
    pub fn functions(&self) -> Vec<&str> {
        let mut functions = Vec::new();
        for participant in &self.participants {
            if !functions.contains(&participant.function) {
                functions.push(participant.function);
            }
        }
        functions
    }

    /// The stores in memory that hold the participants' records, each with the participant's name: `stock`.
    #[doc(hidden)]
    pub fn memory_stores(&self) -> Vec<(&'static str, MemoryStore)> {
        let stores = self.participants.iter().filter_map(|participant| {
            let store = participant.store.as_memory()?.clone();
            Some((participant.prefix, store))
        });
        stores.collect()
    }

    /// Takes one delivery, and answers with the step's output.
    ///
    /// The future needs no particular executor and starts no timers. A host that stops it at the invocation's deadline drops
    /// it; whatever it had not yet recorded is then settled by the next delivery.
    ///
    /// # Errors
    ///
    /// The participant's own errors, [`Saga.Retry`](Failure::RETRY) among them, and the runtime's three:
    /// [`Saga.Refused`](Failure::REFUSED), [`Saga.Busy`](Failure::BUSY) and [`Saga.Unknown`](Failure::UNKNOWN).
    /// A payload that is no envelope is answered with the last, because nothing can be recorded about it: the
    /// state machine then compensates, and finds nothing to undo.
    ///
    /// # Example
    ///
    /// ```
    /// use saga_runtime::{Clock, Handler, Invocation};
    /// use serde_json::json;
    ///
    /// # async fn example() {
    /// let nobody = Handler::join([]);
    /// let clock = Clock::system();
    /// let delivery = Invocation::new("1", clock.now() + std::time::Duration::from_secs(3), clock);
    /// let failure = nobody.invoke(json!({ "saga": "arn:…", "step": "stock.reserve" }), &delivery).await.unwrap_err();
    /// assert_eq!(failure.to_string(), "Saga.Unknown: no participant here is called `stock`; there are none");
    /// # }
    /// ```
    pub async fn invoke(&self, payload: Value, invocation: &Invocation) -> Result<Value, Failure> {
        let envelope = Envelope::read(&payload).map_err(Failure::unknown)?;
        self.serve(envelope, invocation).await
    }

    /// How long the state machine waits for a delivery like this one.
    #[cfg(feature = "lambda")]
    pub(crate) fn timeout(&self, envelope: &Envelope<'_>) -> Option<Duration> {
        let participant = self.participant(envelope).ok()?;
        let step = participant.steps.get(envelope.method)?;
        match envelope.phase {
            Phase::Action(_) => step.action.timeout,
            Phase::Compensation => step.compensation.as_ref()?.timeout,
        }
    }

    /// Takes a delivery whose payload has been read.
    pub(crate) async fn serve(
        &self, envelope: Envelope<'_>, invocation: &Invocation,
    ) -> Result<Value, Failure> {
        let participant = self.participant(&envelope)?;
        let step = participant.steps.get(envelope.method);
        let barrier = barrier::Barrier::new(
            Arc::clone(&participant.store),
            envelope.identity,
            invocation.clone(),
        );
        match (envelope.phase, step) {
            (Phase::Action(request), Some(step)) => {
                let start = participant.check_start(&request);
                barrier.act(&step.action, request, start).await
            }
            // Nothing is recorded: a deployment may bring the step, and a refusal for good would keep even that from
            // completing a saga that is past its point of no return.
            (Phase::Action(_), None) => Err(Failure::unknown(format!(
                "participant `{}` has no step `{}`",
                participant.name, envelope.method
            ))),
            (
                Phase::Compensation,
                Some(Step {
                    compensation: Some(compensation),
                    ..
                }),
            ) => barrier.compensate(compensation).await,
            (Phase::Compensation, _) => {
                let reason = format!(
                    "participant `{}` has nothing to compensate `{}` with",
                    participant.name, envelope.method
                );
                barrier.compensate_nothing(reason).await
            }
        }
    }

    fn participant(&self, envelope: &Envelope<'_>) -> Result<&Participant, Failure> {
        let named = || {
            let participants = self.participants.iter().map(Arc::as_ref);
            participants.filter(|participant| participant.prefix == envelope.prefix)
        };
        let mut able =
            named().filter(|participant| participant.steps.contains_key(envelope.method));
        match (able.next(), able.count()) {
            (Some(one), 0) => Ok(one),
            (Some(_), others) => Err(Failure::unknown(format!(
                "{} participants here have a step `{}.{}`; serve them by functions of their own",
                others + 1,
                envelope.prefix,
                envelope.method
            ))),
            (None, _) => named().next().ok_or_else(|| {
                Failure::unknown(format!(
                    "no participant here is called `{}`; there are {}",
                    envelope.prefix,
                    self.names()
                ))
            }),
        }
    }

    fn names(&self) -> String {
        let mut names: Vec<String> = self
            .participants
            .iter()
            .map(|participant| format!("`{}`", participant.prefix))
            .collect();
        names.dedup();
        if names.is_empty() {
            "none".to_owned()
        } else {
            names.join(", ")
        }
    }
}

impl Participant {
    /// Checks the flow's input, where this is its first step, so that no later state fails to evaluate over it.
    fn check_start(&self, request: &Request<'_>) -> Result<(), String> {
        let Some(start) = &request.start else {
            return Ok(());
        };
        let flow = start.flow;
        let Some(check) = self.starts.get(flow) else {
            return Err(format!(
                "participant `{}` knows no flow `{flow}`",
                self.name
            ));
        };
        let (place, input) = match &start.input {
            FlowInput::Whole(input) => ("start.input".to_owned(), *input),
            FlowInput::Arg(arg) => {
                let place = format!("input.{arg}");
                let input = request
                    .input
                    .get(arg)
                    .ok_or_else(|| format!("`{place}`, the input of `{flow}`, is missing"))?;
                (place, input)
            }
        };
        crate::json::check_integers(&place, input)?;
        crate::guard::guard(|| check(input))
            .map_err(|panic| format!("the type of the input of `{flow}` panicked: {panic}"))?
    }
}

impl fmt::Debug for Handler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.participants.iter().map(|participant| participant.name);
        f.debug_list().entries(names).finish()
    }
}

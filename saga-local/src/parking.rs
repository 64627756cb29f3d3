//! Task tokens that somebody outside must bring back, with the messages that carried them.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::Poll;

use serde_json::Value;

use crate::clock::ExecutionId;
use crate::failure::Failure;
use crate::host::Call;
use crate::lock;

/// A task that waits for its token: what a message in the parking queue says.
#[derive(Clone, Debug, PartialEq)]
pub struct Parked {
    token: String,
    message: Value,
    execution: String,
    execution_arn: String,
    state: String,
}

impl Parked {
    /// What [`Engine::resume`](crate::Engine::resume) and [`Engine::fail_task`](crate::Engine::fail_task) take.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The message's body.
    pub fn message(&self) -> &Value {
        &self.message
    }

    /// The name of the execution that waits; a child's, if it is a child that does.
    pub fn execution(&self) -> &str {
        &self.execution
    }

    /// The ARN of the execution that waits.
    pub fn execution_arn(&self) -> &str {
        &self.execution_arn
    }

    /// The name of the state that waits.
    pub fn state(&self) -> &str {
        &self.state
    }
}

#[derive(Debug, Default)]
pub(crate) struct Tokens(Mutex<BTreeMap<String, Entry>>);

#[derive(Debug)]
struct Entry {
    owner: ExecutionId,
    parked: Parked,
    answer: Option<Result<Value, Failure>>,
    beaten: bool,
}

impl Tokens {
    /// From now on the token is known.
    pub(crate) fn expect(
        self: &Arc<Self>, owner: ExecutionId, call: &Call, token: &str,
    ) -> Waiting {
        let parked = Parked {
            token: token.to_owned(),
            message: body(call.arguments()),
            execution: call.execution.to_string(),
            execution_arn: call.execution_arn.to_string(),
            state: call.state.to_string(),
        };
        lock(&self.0).insert(
            token.to_owned(),
            Entry {
                owner,
                parked,
                answer: None,
                beaten: false,
            },
        );
        Waiting {
            tokens: Arc::clone(self),
            token: token.to_owned(),
        }
    }

    /// The owner of the token, now answered; `None` if no task waits for it any more.
    pub(crate) fn answer(
        &self, token: &str, answer: Result<Value, Failure>,
    ) -> Option<ExecutionId> {
        let mut entries = lock(&self.0);
        let entry = entries
            .get_mut(token)
            .filter(|entry| entry.answer.is_none())?;
        entry.answer = Some(answer);
        Some(entry.owner)
    }

    /// As [`answer`](Self::answer), for a sign of life.
    pub(crate) fn beat(&self, token: &str) -> Option<ExecutionId> {
        let mut entries = lock(&self.0);
        let entry = entries
            .get_mut(token)
            .filter(|entry| entry.answer.is_none())?;
        entry.beaten = true;
        Some(entry.owner)
    }

    pub(crate) fn parked(&self) -> Vec<Parked> {
        lock(&self.0)
            .values()
            .filter(|entry| entry.answer.is_none())
            .map(|entry| entry.parked.clone())
            .collect()
    }
}

/// SQS carries text; a body that is written as JSON is sent as its text, and read back here.
fn body(arguments: &Value) -> Value {
    match arguments.get("MessageBody") {
        Some(Value::String(text)) => {
            serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.clone()))
        }
        Some(body) => body.clone(),
        None => arguments.clone(),
    }
}

/// The task's end of a token; when it goes, the token is no longer known.
#[derive(Debug)]
pub(crate) struct Waiting {
    tokens: Arc<Tokens>,
    token: String,
}

impl Waiting {
    /// The answer, or `None` for a sign of life. Whoever answers makes the engine poll again.
    pub(crate) async fn answer(&self) -> Option<Result<Value, Failure>> {
        poll_fn(|_| match lock(&self.tokens.0).get_mut(&self.token) {
            Some(Entry {
                answer: Some(answer),
                ..
            }) => Poll::Ready(Some(answer.clone())),
            Some(entry) if entry.beaten => {
                entry.beaten = false;
                Poll::Ready(None)
            }
            _ => Poll::Pending,
        })
        .await
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        lock(&self.tokens.0).remove(&self.token);
    }
}

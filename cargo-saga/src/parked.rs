//! Which compensations of an execution wait for an operator, read from its history. Answers none of them.
//!
//! The history, not the parking queue: a message expires, and whoever looks at it takes it from others.

use std::collections::BTreeMap;
use std::time::SystemTime;

use crate::history::{Event, History};
use crate::timeline::{indices, message, undoes};

/// What the state that parks a saga tells the queue.
#[derive(Clone, Debug)]
pub(crate) struct Announcement {
    /// The action whose compensation is stuck.
    pub(crate) step: String,
    pub(crate) item: Vec<u64>,
    pub(crate) error: String,
    pub(crate) message: String,
    token: Option<String>,
}

/// One compensation that is stuck.
#[derive(Clone, Debug)]
pub(crate) struct Parked {
    pub(crate) said: Announcement,
    pub(crate) since: SystemTime,
    pub(crate) token: Token,
    /// How often it has been parked, this time included.
    pub(crate) times: usize,
}

/// What an answer takes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Token {
    Known(String),
    /// It is over, and Step Functions makes the next one within minutes.
    Over,
    /// The history does not have it: whoever asks may not see execution data, or an emulator leaves it out.
    Untold,
}

impl Token {
    pub(crate) fn known(&self) -> Option<&str> {
        match self {
            Self::Known(token) => Some(token),
            Self::Over | Self::Untold => None,
        }
    }
}

/// What this event, which happened in the state that `entered` entered, tells the parking queue, if it does. The compiler's states of
/// that kind are called `park` or `park …`, which no step's state can be.
pub(crate) fn announcement(
    history: &History, entered: &Event, event: &Event,
) -> Option<Announcement> {
    let state = entered.state();
    let parks = state == "park" || state.starts_with("park ");
    if !parks || !event.text("resource")?.ends_with(".waitForTaskToken") {
        return None;
    }
    let body = event.detail("parameters");
    let body = body.and_then(|parameters| parameters.get("MessageBody"));
    let text = |pointer: &str| body.and_then(|body| body.pointer(pointer)?.as_str());
    // The state's input is the error that it tells the queue.
    let error = |part: &str| {
        let input = || entered.detail("input")?.get(part)?.as_str();
        text(&format!("/error/{part}")).or_else(input)
    };
    let item = body.and_then(|body| body.get("item"));
    let step = text("/step").or_else(|| stuck(history, entered))?;
    Some(Announcement {
        step: step.to_owned(),
        item: item.map(indices).unwrap_or_default(),
        error: error("Error").unwrap_or("an error").to_owned(),
        message: error("Cause").map(message).unwrap_or_default(),
        token: text("/token").map(str::to_owned),
    })
}

/// What the state before undoes.
fn stuck<'h>(history: &'h History, entered: &'h Event) -> Option<&'h str> {
    let mut states = history
        .before(entered)
        .skip(1)
        .filter(|event| event.enters_a_state());
    undoes(states.next()?.state())
}

/// What waits now, in the order in which it was parked; nothing of an execution that is over.
pub(crate) fn parked(history: &History) -> Vec<Parked> {
    let mut reader = Reader {
        history,
        waiting: BTreeMap::new(),
        scheduled: BTreeMap::new(),
        freed: Vec::new(),
    };
    for event in history.events() {
        reader.read(event);
    }
    reader.waiting.into_values().collect()
}

struct Reader<'h> {
    history: &'h History,
    /// By the event that entered the state.
    waiting: BTreeMap<u64, Parked>,
    /// The event that entered the state, by the one that sent the message.
    scheduled: BTreeMap<u64, u64>,
    /// What was parked before.
    freed: Vec<Announcement>,
}

impl<'h> Reader<'h> {
    fn read(&mut self, event: &'h Event) {
        match event.kind.as_str() {
            "TaskScheduled" => self.announced(event),
            "TaskSucceeded" => {
                let freed = self.state(event).and_then(|id| self.waiting.remove(&id));
                self.freed.extend(freed.map(|parked| parked.said));
            }
            // It is announced again: the state's Retry has no end.
            "TaskFailed" | "TaskTimedOut" | "TaskStartFailed" | "TaskSubmitFailed" => {
                let parked = self.state(event).and_then(|id| self.waiting.get_mut(&id));
                if let Some(parked) = parked {
                    parked.token = Token::Over;
                }
            }
            "TaskStateAborted" => {
                if let Some(id) = self.state(event) {
                    self.waiting.remove(&id);
                }
            }
            "ExecutionFailed" | "ExecutionAborted" | "ExecutionTimedOut" | "ExecutionSucceeded" => {
                self.waiting.clear();
            }
            _ => {}
        }
    }

    fn announced(&mut self, event: &'h Event) {
        let Some(entered) = self.history.entry(event) else {
            return;
        };
        let Some(said) = announcement(self.history, entered, event) else {
            return;
        };
        self.scheduled.insert(event.id, entered.id);
        let same = |other: &&Announcement| other.step == said.step && other.item == said.item;
        let times = self.freed.iter().filter(same).count() + 1;
        let token = said.token.clone().map_or(Token::Untold, Token::Known);
        let parked = self.waiting.entry(entered.id);
        let parked = parked.or_insert_with(|| Parked {
            said: said.clone(),
            since: event.at,
            token: Token::Over,
            times,
        });
        parked.token = token;
        parked.said = said;
    }

    /// The event that entered the parking state whose message this event is an answer to.
    fn state(&self, event: &'h Event) -> Option<u64> {
        let mut before = self.history.before(event);
        let sent = before.find(|event| event.kind == "TaskScheduled")?;
        self.scheduled.get(&sent.id).copied()
    }
}

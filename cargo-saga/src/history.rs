//! An execution's history, event by event, whether Step Functions or the embedded engine tells it. Judges nothing.

use std::time::{Duration, SystemTime};

use serde_json::{Map, Value};

/// One event, with Amazon's names: <https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html>.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) id: u64,
    pub(crate) previous: u64,
    pub(crate) at: SystemTime,
    pub(crate) kind: String,
    details: Map<String, Value>,
}

impl Event {
    /// As `GetExecutionHistory` has it. A type of event that was unknown when this was written reads like any other.
    pub(crate) fn read(json: &Value) -> Option<Self> {
        let fields = json.as_object()?;
        let details = fields
            .iter()
            .find(|(name, _)| name.ends_with("EventDetails"));
        let details = details.and_then(|(_, details)| details.as_object());
        let seconds = json.get("timestamp")?.as_f64()?;
        let id = json.get("id")?.as_u64()?;
        let previous = json.get("previousEventId").and_then(Value::as_u64);
        let since_epoch = Duration::try_from_secs_f64(seconds).ok()?;
        Some(Self {
            id,
            // Amazon always says; emulators that do not have one thing happen after the other.
            previous: previous.unwrap_or(id.saturating_sub(1)),
            at: SystemTime::UNIX_EPOCH.checked_add(since_epoch)?,
            kind: json.get("type")?.as_str()?.to_owned(),
            details: details.map(unpacked).unwrap_or_default(),
        })
    }

    pub(crate) fn detail(&self, name: &str) -> Option<&Value> {
        self.details.get(name)
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.detail(name)?.as_str()
    }

    /// The name of the state that an event of entering or leaving speaks of.
    pub(crate) fn state(&self) -> &str {
        self.text("name").unwrap_or_default()
    }

    pub(crate) fn enters_a_state(&self) -> bool {
        self.kind.ends_with("StateEntered")
    }
}

impl From<&saga_local::Event> for Event {
    fn from(event: &saga_local::Event) -> Self {
        Self {
            id: event.id(),
            previous: event.previous(),
            at: event.timestamp(),
            kind: event.kind().to_owned(),
            details: event.details().clone(),
        }
    }
}

/// Amazon sends these as text that holds JSON, which data limits may have cut.
fn unpacked(details: &Map<String, Value>) -> Map<String, Value> {
    let unpack = |(name, value): (&String, &Value)| {
        let text = match name.as_str() {
            "input" | "output" | "parameters" => value.as_str(),
            _ => None,
        };
        let json = text.and_then(|text| serde_json::from_str(text).ok());
        (name.clone(), json.unwrap_or_else(|| value.clone()))
    };
    details.iter().map(unpack).collect()
}

/// All events so far, by their numbers.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    events: Vec<Event>,
}

impl History {
    pub(crate) fn of(events: impl IntoIterator<Item = Event>) -> Self {
        let mut history = Self::default();
        history.add(events);
        history
    }

    pub(crate) fn add(&mut self, events: impl IntoIterator<Item = Event>) {
        self.events.extend(events);
        self.events.sort_by_key(|event| event.id);
        self.events.dedup_by_key(|event| event.id);
    }

    pub(crate) fn events(&self) -> &[Event] {
        &self.events
    }

    /// The number of the latest event, 0 if there is none.
    pub(crate) fn last(&self) -> u64 {
        self.events.last().map_or(0, |event| event.id)
    }

    fn event(&self, id: u64) -> Option<&Event> {
        let found = self.events.binary_search_by_key(&id, |event| event.id);
        found.ok().and_then(|index| self.events.get(index))
    }

    /// The events that led to this one, itself first.
    pub(crate) fn before<'h>(
        &'h self, event: &'h Event,
    ) -> impl Iterator<Item = &'h Event> + use<'h> {
        // Only backwards, so that it ends whatever the numbers are.
        let previous =
            |event: &&Event| (event.previous < event.id).then(|| self.event(event.previous))?;
        std::iter::successors(Some(event), previous)
    }

    /// The event that entered the state in which this one happened.
    pub(crate) fn entry<'h>(&'h self, event: &'h Event) -> Option<&'h Event> {
        self.before(event).find(|event| event.enters_a_state())
    }

    /// Whether a Fail state ended it, which stands behind the last compensation.
    pub(crate) fn ended_in_fail(&self) -> bool {
        let mut entered = self
            .events
            .iter()
            .rev()
            .filter(|event| event.enters_a_state());
        entered
            .next()
            .is_some_and(|event| event.kind == "FailStateEntered")
    }
}

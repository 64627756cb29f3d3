//! Log lines: one JSON object each, flat, with the delivery's fields on every one. Decides nothing about a delivery.

use std::env;
use std::fmt;
use std::io::{Write as _, stdout};
use std::time::{Duration, SystemTime};

use serde_json::{Map, Value};
use tracing::field::{Empty, Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Span, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry::{LookupSpan, Registry};

use crate::choreography::{ReactionInfo, ReactionKind};
use crate::envelope::{Envelope, Phase};
use crate::failure::Failure;

/// Sends the process's log lines to stdout, unless `main` has sent them elsewhere.
pub(super) fn init() {
    let level = env::var("AWS_LAMBDA_LOG_LEVEL").unwrap_or_default();
    let lines = JsonLines(print).with_filter(targets(level_of(&level)));
    let subscriber = Registry::default().with(lines);
    let _ = tracing::subscriber::set_global_default(subscriber);
}

/// Writes a line with one call, so that those of deliveries at the same time do not mix.
fn print(line: &str) {
    // There is nobody to tell that a log is lost.
    let _ = stdout().lock().write_all(line.as_bytes());
}

/// Lambda's [levels](https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html).
fn level_of(name: &str) -> LevelFilter {
    match name.to_ascii_uppercase().as_str() {
        "TRACE" => LevelFilter::TRACE,
        "DEBUG" => LevelFilter::DEBUG,
        "WARN" => LevelFilter::WARN,
        "ERROR" | "FATAL" => LevelFilter::ERROR,
        _ => LevelFilter::INFO,
    }
}

fn targets(level: LevelFilter) -> Targets {
    Targets::new()
        .with_default(level)
        // It tells of every failure once more.
        .with_target("lambda_runtime::layers::panic", LevelFilter::OFF)
        // From here on they print payloads.
        .with_target("lambda_runtime", level.min(LevelFilter::INFO))
        .with_target("aws_", level.min(LevelFilter::INFO))
        .with_target("hyper", level.min(LevelFilter::INFO))
}

/// The fields of a delivery, for its own line and for those of the participant.
pub(super) struct Delivery {
    span: Span,
    undoes: bool,
}

impl Delivery {
    /// `envelope` is none where the payload is no envelope.
    pub(super) fn new(envelope: Option<&Envelope<'_>>, request_id: &str) -> Self {
        let undoes = envelope.is_some_and(|envelope| matches!(envelope.phase, Phase::Compensation));
        let item = envelope.map(|envelope| envelope.identity.item.as_slice());
        let item = item.filter(|item| !item.is_empty()).map(index_path);
        // Of the highest level, so that no filter takes the fields from a line that passes.
        let span = tracing::error_span!(
            target: "saga_runtime",
            "delivery",
            saga = envelope.map(|envelope| envelope.identity.arn()),
            step = envelope.map(|envelope| envelope.identity.step()),
            item,
            phase = envelope.map(|_| if undoes { "compensation" } else { "action" }),
            attempt = envelope.and_then(|envelope| envelope.attempt),
            request_id,
            recorded = Empty,
        );
        Self { span, undoes }
    }

    pub(super) fn span(&self) -> &Span {
        &self.span
    }

    /// Logs the delivery's one line.
    pub(super) fn end(&self, answer: &Result<Value, Failure>, took: Duration) {
        line(&self.span, "delivery", self.undoes, answer.as_ref(), took);
    }
}

/// The fields of a reaction, for its own line and for those of the participant.
pub(super) struct Reaction {
    span: Span,
    undoes: bool,
}

impl Reaction {
    /// `reaction` is none where a message leads to none.
    pub(super) fn new(
        reaction: Option<&ReactionInfo>, message: &Message<'_>, request_id: &str,
    ) -> Self {
        let undoes = reaction.is_some_and(|info| info.kind == ReactionKind::Compensation);
        let span = tracing::error_span!(
            target: "saga_runtime",
            "reaction",
            saga = message.saga,
            reaction = reaction.map(|info| info.name),
            event = message.event,
            event_id = message.event_id,
            message_id = message.id,
            receives = message.receives,
            request_id,
            recorded = Empty,
        );
        Self { span, undoes }
    }

    pub(super) fn span(&self) -> &Span {
        &self.span
    }

    /// Logs the reaction's one line.
    pub(super) fn end(&self, answer: Result<&Value, &Failure>, took: Duration) {
        line(&self.span, "reaction", self.undoes, answer, took);
    }
}

/// The one line of a delivery or a reaction.
fn line(span: &Span, what: &str, undoes: bool, answer: Result<&Value, &Failure>, took: Duration) {
    let (level, outcome) = match answer {
        Ok(_) if undoes => (Level::INFO, "compensated"),
        Ok(_) => (Level::INFO, "done"),
        Err(failure) => outcome(failure),
    };
    let failure = answer.err();
    let error_type = failure.map(Failure::error_type);
    let error_message = failure.map(Failure::message);
    let duration_ms = millis(took);
    // The level is part of what a line is compiled to.
    macro_rules! line {
        ($level:ident) => {
            tracing::$level!(
                target: "saga_runtime",
                parent: span,
                outcome,
                error_type,
                error_message,
                duration_ms,
                "{what}"
            )
        };
    }
    match level {
        Level::ERROR => line!(error),
        Level::WARN => line!(warn),
        _ => line!(info),
    }
}

/// What a line says of the message that it is about.
#[derive(Clone, Copy, Default)]
pub(super) struct Message<'a> {
    pub(super) saga: Option<&'a str>,
    pub(super) event: Option<&'a str>,
    pub(super) event_id: Option<&'a str>,
    pub(super) id: Option<&'a str>,
    /// How often the queue has handed it out.
    pub(super) receives: Option<u64>,
}

fn millis(took: Duration) -> f64 {
    (took.as_secs_f64() * 1e6).round() / 1e3
}

/// Notes that the delivery at work is answered by the barrier's record.
pub(crate) fn note_recorded() {
    Span::current().record("recorded", true);
}

/// What a failure comes to for the saga, and how much it matters.
fn outcome(failure: &Failure) -> (Level, &'static str) {
    match failure.error_type() {
        Failure::REFUSED => (Level::INFO, "refused"),
        Failure::BUSY => (Level::WARN, "busy"),
        Failure::UNKNOWN => (Level::ERROR, "unknown"),
        _ if failure.is_transient() => (Level::WARN, "try_again"),
        _ => (Level::INFO, "rejected"),
    }
}

/// `[2,0]`
fn index_path(item: &[u64]) -> String {
    Value::from(item.to_vec()).to_string()
}

/// Writes each event as one line, with the fields of the spans that it stands in.
struct JsonLines<W>(W);

impl<S, W> Layer<S> for JsonLines<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: Fn(&str) + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut line = Fields::default();
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(fields) = span.extensions().get::<Fields>() {
                // From the inside out: the nearer span's field stays.
                for (name, value) in &fields.0 {
                    line.0.entry(name).or_insert_with(|| value.clone());
                }
            }
        }
        event.record(&mut line);
        let metadata = event.metadata();
        let now = humantime::format_rfc3339_millis(SystemTime::now());
        line.put("timestamp", now.to_string());
        line.put("level", metadata.level().as_str());
        line.put("target", metadata.target());
        (self.0)(&format!("{}\n", Value::Object(line.0)));
    }
}

/// The fields of a span or of an event.
#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn put(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.to_owned(), value.into());
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field.name(), value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field.name(), value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field.name(), value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field.name(), value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field.name(), value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field.name(), format!("{value:?}"));
    }
}

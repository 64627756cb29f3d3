//! The payload of a delivery, as the state machine sends it: read and checked for shape. Knows no participant.

use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use serde_json::{Map, Value};

use crate::identity::Identity;
use crate::store::PARTITION_KEY_LIMIT;

/// What a delivery asks for. The payload's own values are looked at where they stand.
#[derive(Debug)]
pub(crate) struct Envelope<'a> {
    pub(crate) identity: Identity,
    /// The participant's part of the step's name: `stock`.
    pub(crate) prefix: &'a str,
    /// The method's part, without the number of a second call: `reserve`.
    pub(crate) method: &'a str,
    pub(crate) phase: Phase<'a>,
    /// How many deliveries of this one the state machine has retried before: 0 for the first. For the log alone.
    #[cfg_attr(not(feature = "lambda"), expect(dead_code, reason = "for a host"))]
    pub(crate) attempt: Option<u64>,
}

#[derive(Debug)]
pub(crate) enum Phase<'a> {
    Action(Request<'a>),
    Compensation,
}

/// What an action is asked with.
#[derive(Debug)]
pub(crate) struct Request<'a> {
    pub(crate) input: &'a Value,
    /// Present in a flow's first step.
    pub(crate) start: Option<Start<'a>>,
    /// From when on the action may not begin.
    pub(crate) deadline: Option<SystemTime>,
}

/// The flow that begins with a step, whose input is to be checked.
#[derive(Debug)]
pub(crate) struct Start<'a> {
    pub(crate) flow: &'a str,
    pub(crate) input: FlowInput<'a>,
}

/// Where a flow's input is.
#[derive(Debug)]
pub(crate) enum FlowInput<'a> {
    /// It is this argument of the step.
    Arg(&'a str),
    /// Here, beside the step's arguments.
    Whole(&'a Value),
}

impl<'a> Envelope<'a> {
    /// Reads a payload.
    ///
    /// # Errors
    ///
    /// The field that is missing or of another shape.
    pub(crate) fn read(payload: &'a Value) -> Result<Self, String> {
        let members = payload.as_object();
        Self::of(members.map(|members| members.iter().map(|(name, value)| (&**name, value))))
    }

    /// As [`read`](Self::read), from a payload's members; `None` for one that is no object.
    pub(crate) fn of(
        members: Option<impl Iterator<Item = (&'a str, &'a Value)>>,
    ) -> Result<Self, String> {
        let Some(members) = members else {
            return Err("the payload is not a JSON object".to_owned());
        };
        let fields = Fields::of(members);
        let identity = read_identity(&fields)?;
        let (prefix, method) = read_step(read_name("step", fields.step)?)?;
        let phase = match fields.phase {
            None => Phase::Action(read_request(&fields, &identity)?),
            Some(phase) if phase == "compensation" => Phase::Compensation,
            Some(phase) => {
                return Err(format!(
                    "`phase` is {phase}; it is \"compensation\" or absent"
                ));
            }
        };
        Ok(Self {
            identity,
            prefix,
            method,
            phase,
            // Nothing but a log line hangs on it.
            attempt: fields.attempt.and_then(read_index),
        })
    }
}

/// The payload's fields, found in one go.
#[derive(Default)]
struct Fields<'a> {
    saga: Option<&'a Value>,
    step: Option<&'a Value>,
    item: Option<&'a Value>,
    attempt: Option<&'a Value>,
    phase: Option<&'a Value>,
    input: Option<&'a Value>,
    start: Option<&'a Value>,
    deadline: Option<&'a Value>,
}

impl<'a> Fields<'a> {
    fn of(payload: impl Iterator<Item = (&'a str, &'a Value)>) -> Self {
        let mut fields = Self::default();
        for (name, value) in payload {
            let field = match name {
                "saga" => &mut fields.saga,
                "step" => &mut fields.step,
                "item" => &mut fields.item,
                "attempt" => &mut fields.attempt,
                "phase" => &mut fields.phase,
                "input" => &mut fields.input,
                "start" => &mut fields.start,
                "deadline" => &mut fields.deadline,
                // Of a later version.
                _ => continue,
            };
            *field = Some(value);
        }
        fields
    }
}

fn read_identity(fields: &Fields<'_>) -> Result<Identity, String> {
    let saga = read_name("saga", fields.saga)?;
    let step = read_name("step", fields.step)?;
    let item = match fields.item {
        None => Vec::new(),
        Some(item) => read_item(item)
            .ok_or_else(|| "`item` is not an array of indices, such as `[2, 0]`".to_owned())?,
    };
    let identity = Identity::new(saga, step, item);
    let size = identity.record_key().len();
    if size > PARTITION_KEY_LIMIT {
        return Err(format!(
            "`saga`, `step` and `item` together have {size} bytes; a record's key has at most {PARTITION_KEY_LIMIT}"
        ));
    }
    Ok(identity)
}

fn read_item(item: &Value) -> Option<Vec<u64>> {
    item.as_array()?.iter().map(read_index).collect()
}

/// JSONata computes a number as a float, and may write it as one.
fn read_index(index: &Value) -> Option<u64> {
    if let Some(float) = index.as_f64().filter(|_| index.is_f64()) {
        let whole = Duration::try_from_secs_f64(float).ok()?;
        return (whole.subsec_nanos() == 0).then_some(whole.as_secs());
    }
    index.as_u64()
}

fn read_name<'a>(name: &str, field: Option<&'a Value>) -> Result<&'a str, String> {
    match field {
        // The bar separates the parts of a record's key. Neither an ARN nor a Rust name has one.
        Some(Value::String(text)) if !text.is_empty() && !text.contains('|') => Ok(text),
        Some(_) => Err(format!("`{name}` is not a name")),
        None => Err(format!("`{name}` is missing")),
    }
}

fn read_step(step: &str) -> Result<(&str, &str), String> {
    let malformed = || {
        format!("`step` is `{step}`; write it as `participant.method`, or `participant.method#2`")
    };
    let (prefix, rest) = step.split_once('.').ok_or_else(malformed)?;
    let method = match rest.split_once('#') {
        None => rest,
        Some((method, call))
            if !call.is_empty() && call.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            method
        }
        Some(_) => return Err(malformed()),
    };
    if prefix.is_empty() || method.is_empty() {
        return Err(malformed());
    }
    Ok((prefix, method))
}

fn read_request<'a>(fields: &Fields<'a>, identity: &Identity) -> Result<Request<'a>, String> {
    static NO_INPUT: LazyLock<Value> = LazyLock::new(|| Value::Object(Map::new()));
    Ok(Request {
        input: fields.input.unwrap_or(&NO_INPUT),
        start: read_start(fields)?,
        deadline: read_deadline(fields, identity)?,
    })
}

fn read_start<'a>(fields: &Fields<'a>) -> Result<Option<Start<'a>>, String> {
    let malformed = || "`start` is not an object of `flow` and either `arg` or `input`".to_owned();
    let start = match fields.start {
        None => return Ok(None),
        Some(Value::Object(start)) => start,
        Some(_) => return Err(malformed()),
    };
    let Some(Value::String(flow)) = start.get("flow") else {
        return Err(malformed());
    };
    let input = match (start.get("arg"), start.get("input")) {
        (Some(Value::String(arg)), None) => FlowInput::Arg(arg),
        (None, Some(input)) => FlowInput::Whole(input),
        _ => return Err(malformed()),
    };
    Ok(Some(Start { flow, input }))
}

fn read_deadline(fields: &Fields<'_>, identity: &Identity) -> Result<Option<SystemTime>, String> {
    let Some(seconds) = fields.deadline else {
        return Ok(None);
    };
    let seconds = seconds
        .as_f64()
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| {
            format!(
                "`deadline` is {seconds}; it is the seconds that an execution has for its actions"
            )
        })?;
    let started = identity.started().ok_or(
        "there is a `deadline`, and `saga` does not end in the time at which the execution started, such as `#2026-01-31T12:00:00.000Z`",
    )?;
    // A deadline beyond the end of time is none.
    Ok(started.checked_add(seconds))
}

//! A value on its way through an execution: shared instead of copied, measured once, and, where a function answered, written out
//! only when somebody looks at it.

use std::fmt;
use std::sync::{Arc, LazyLock, OnceLock};
use std::time::SystemTime;

use serde_json::Value;

use crate::failure::json_size;
use crate::jsonata::is_same;
use crate::lambda;
use crate::shape::{Shape, View};

/// A value that states hand on. Clones share it.
#[derive(Clone)]
pub(crate) struct Data(Arc<Inner>);

struct Inner {
    content: Content,
    size: OnceLock<usize>,
    is_same: OnceLock<bool>,
}

enum Content {
    Json(Value),
    /// What `lambda:invoke` answers. Most of it is the call's metadata, which hardly any definition reads.
    Response {
        payload: Value,
        request_id: Arc<str>,
        at: SystemTime,
        whole: OnceLock<Value>,
    },
    /// What a template was evaluated to. The interpreter looks at parts of it, and at the whole hardly anybody.
    Evaluated {
        shape: Arc<Shape>,
        leaves: Vec<Value>,
        whole: OnceLock<Value>,
    },
}

impl Data {
    /// The response of `lambda:invoke` to a function's reply.
    pub(crate) fn response(payload: Value, request_id: Arc<str>, at: SystemTime) -> Self {
        Self::of(Content::Response {
            payload,
            request_id,
            at,
            whole: OnceLock::new(),
        })
    }

    /// A template with values in its leaves' places.
    pub(crate) fn evaluated(shape: Arc<Shape>, leaves: Vec<Value>) -> Self {
        Self::of(Content::Evaluated {
            shape,
            leaves,
            whole: OnceLock::new(),
        })
    }

    fn of(content: Content) -> Self {
        Self(Arc::new(Inner {
            content,
            size: OnceLock::new(),
            is_same: OnceLock::new(),
        }))
    }

    pub(crate) fn value(&self) -> &Value {
        match &self.0.content {
            Content::Json(value) => value,
            Content::Response {
                payload,
                request_id,
                at,
                whole,
            } => whole.get_or_init(|| lambda::response(payload, request_id, *at)),
            Content::Evaluated {
                shape,
                leaves,
                whole,
            } => match shape.view(leaves) {
                View::Json(value) => value,
                parts @ View::Parts(_) => whole.get_or_init(|| parts.value().into_owned()),
            },
        }
    }

    /// A member of an object, for which a response need not be written out if it is the function's reply.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        match &self.0.content {
            Content::Response { payload, .. } if name == "Payload" => Some(payload),
            Content::Evaluated { shape, leaves, .. } => match shape.view(leaves).member(name)? {
                View::Json(value) => Some(value),
                View::Parts(_) => member(self.value(), name),
            },
            _ => member(self.value(), name),
        }
    }

    /// To look at without putting it together first.
    pub(crate) fn view(&self) -> View<'_> {
        match &self.0.content {
            Content::Evaluated { shape, leaves, .. } => shape.view(leaves),
            Content::Json(_) | Content::Response { .. } => View::Json(self.value()),
        }
    }

    /// Whether JSONata would hand it on as it is. Not asked of what is not written out yet.
    pub(crate) fn is_same_after_jsonata(&self) -> bool {
        match &self.0.content {
            Content::Json(value) => *self.0.is_same.get_or_init(|| is_same(value)),
            Content::Response { .. } | Content::Evaluated { .. } => false,
        }
    }

    /// The length as compact JSON.
    pub(crate) fn size(&self) -> usize {
        *self.0.size.get_or_init(|| match &self.0.content {
            Content::Json(value) => json_size(value),
            Content::Response {
                payload,
                request_id,
                ..
            } => response_size(json_size(payload), request_id),
            Content::Evaluated { shape, leaves, .. } => shape.size(leaves),
        })
    }
}

/// A member of an object. Most objects have a handful, and to look through them is faster than to hash the name.
pub(crate) fn member<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    const HANDFUL: usize = 8;
    match value {
        Value::Object(members) if members.len() <= HANDFUL => members
            .iter()
            .find_map(|(key, value)| (key == name).then_some(value)),
        other => other.get(name),
    }
}

/// The length of a response without writing it: all but the reply, its length and the request's id is always the same.
fn response_size(payload: usize, request_id: &str) -> usize {
    static FRAME: LazyLock<usize> = LazyLock::new(|| {
        let response = lambda::response(&Value::Null, "", SystemTime::UNIX_EPOCH);
        json_size(&response) - "null".len() - 2 * "4".len()
    });
    *FRAME + payload + 2 * json_size(&payload.into()) + 3 * request_id.len()
}

impl From<Value> for Data {
    fn from(value: Value) -> Self {
        Self::of(Content::Json(value))
    }
}

impl PartialEq for Data {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.value() == other.value()
    }
}

impl fmt::Debug for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use serde_json::{Value, json};

    use super::Data;

    #[test]
    fn a_response_is_measured_as_it_is_written() {
        let at = SystemTime::UNIX_EPOCH + Duration::from_hours(482_136);
        for payload in [
            Value::Null,
            json!("short"),
            json!({ "text": "x".repeat(20_000) }),
            json!([1.5, "\u{1f}\"é"]),
        ] {
            let data = Data::response(payload, "00000000-0000-4000-8000-00000000002a".into(), at);
            assert_eq!(data.size(), data.value().to_string().len());
            assert_eq!(data.get("Payload"), data.value().get("Payload"));
        }
    }
}

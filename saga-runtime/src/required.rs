//! What a flow takes of its input, by JSON pointers that may go through lists: looks whether it is there. Knows no types.

use serde_json::Value;

/// A JSON pointer whose segment `*` stands for every element of a list.
#[derive(Debug)]
pub(crate) struct Pointer(Vec<Segment>);

#[derive(Debug)]
enum Segment {
    /// A key of an object, or an index of a list.
    Key(String),
    /// `*`
    Each,
}

impl Pointer {
    /// Reads a pointer. [RFC 6901](https://www.rfc-editor.org/rfc/rfc6901), and beyond it: `*` for every element, and `~2`
    /// for an asterisk that is none of ours, as `~1` is for a slash.
    pub(crate) fn read(text: &str) -> Self {
        let segment = |text: &str| match text {
            "*" => Segment::Each,
            // In this order: `~01` is `~1`.
            key => Segment::Key(key.replace("~2", "*").replace("~1", "/").replace("~0", "~")),
        };
        Self(text.split('/').skip(1).map(segment).collect())
    }

    /// Says what of the pointer is not there, if something is not: the first that is missing, by its indices.
    pub(crate) fn find_missing(&self, value: &Value) -> Option<Missing> {
        find_missing(&self.0, value, "")
    }
}

/// What is not where a pointer leads.
#[derive(Debug, PartialEq)]
pub(crate) enum Missing {
    /// Nothing is here.
    Value(String),
    /// Something else than a list is here.
    List(String),
}

fn find_missing(segments: &[Segment], value: &Value, place: &str) -> Option<Missing> {
    let (segment, rest) = segments.split_first()?;
    match (segment, value) {
        (Segment::Each, Value::Array(elements)) => {
            let mut elements = elements.iter().enumerate();
            elements.find_map(|(index, element)| {
                find_missing(rest, element, &format!("{place}/{index}"))
            })
        }
        (Segment::Each, _) => Some(Missing::List(place.to_owned())),
        (Segment::Key(key), _) => {
            let found = match value {
                Value::Object(fields) => fields.get(key),
                Value::Array(elements) => key.parse::<usize>().ok().and_then(|at| elements.get(at)),
                _ => None,
            };
            match found {
                Some(found) => find_missing(rest, found, &join(place, key)),
                None => Some(Missing::Value(shown(segments, place))),
            }
        }
    }
}

/// What is missing is told whole, from where it begins to be missing on.
fn shown(segments: &[Segment], place: &str) -> String {
    segments
        .iter()
        .fold(place.to_owned(), |place, segment| match segment {
            Segment::Key(key) => join(&place, key),
            Segment::Each => format!("{place}/*"),
        })
}

fn join(place: &str, key: &str) -> String {
    let key = key.replace('~', "~0").replace('/', "~1").replace('*', "~2");
    format!("{place}/{key}")
}

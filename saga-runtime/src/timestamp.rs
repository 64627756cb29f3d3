//! A moment as Step Functions reads one: RFC 3339 text in UTC, checked where it is made. Knows no clock.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use serde::de::{Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// `2026-11-22T10:00:00Z`
const WITHOUT_FRACTION: usize = 20;

/// `2026-11-22T10:00:00.123456789Z`: the clocks that read it count nanoseconds.
const LONGEST: usize = 30;

/// The first second after the year 9999, which four digits cannot write.
const END: u64 = 253_402_300_800;

/// A moment, as an [RFC 3339](https://www.rfc-editor.org/rfc/rfc3339) text in UTC: `2026-11-22T10:00:00Z`.
///
/// It is what [`sleep_until`](crate::sleep_until) waits for, and it is its own text in JSON, unchanged. The text is checked
/// when it is decoded, because a `Wait` state that meets a malformed one
/// [fails where nothing can catch it](https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html):
/// the flow's whole input is decoded before the first effect, and whatever a step returns was a `Timestamp` before.
///
/// What is accepted is what [Step Functions takes](https://docs.aws.amazon.com/step-functions/latest/dg/state-wait.html), in
/// UTC: an upper-case `T` between date and time, an upper-case `Z` at the end, up to nine digits of a fraction, the years 1970
/// to 9999, and no leap second. A `Wait` goes by whole seconds and leaves the fraction out.
///
/// Two timestamps are equal, and ordered, by the moment and not by the text: `10:00:00Z` is `10:00:00.0Z`.
///
/// # Example
///
/// ```
/// use saga_runtime::Timestamp;
/// use std::time::{Duration, SystemTime};
///
/// let opening: Timestamp = "2026-11-22T10:00:00Z".parse()?;
/// let an_hour_later = Timestamp::try_from(opening.time() + Duration::from_hours(1))?;
/// assert_eq!(an_hour_later.as_str(), "2026-11-22T11:00:00Z");
/// assert!(opening < an_hour_later);
/// assert!("2026-11-22 10:00".parse::<Timestamp>().is_err());
/// # Ok::<(), saga_runtime::TimestampError>(())
/// ```
#[derive(Clone)]
pub struct Timestamp {
    text: String,
    time: SystemTime,
}

impl Timestamp {
    /// The text, as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The moment, for a host's clock.
    pub fn time(&self) -> SystemTime {
        self.time
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, TimestampError> {
        match read(text) {
            Some(time) => Ok(Self {
                text: text.to_owned(),
                time,
            }),
            None => Err(TimestampError(Kind::Malformed(shortened(text)))),
        }
    }
}

impl TryFrom<SystemTime> for Timestamp {
    type Error = TimestampError;

    /// The moment's text, with a fraction if it has one.
    ///
    /// # Errors
    ///
    /// It is before 1970 or after 9999.
    fn try_from(time: SystemTime) -> Result<Self, TimestampError> {
        let since = time.duration_since(SystemTime::UNIX_EPOCH);
        if since.is_ok_and(|since| since < Duration::from_secs(END)) {
            let text = humantime::format_rfc3339(time).to_string();
            Ok(Self { text, time })
        } else {
            Err(TimestampError(Kind::OutOfRange))
        }
    }
}

impl From<Timestamp> for SystemTime {
    fn from(timestamp: Timestamp) -> Self {
        timestamp.time
    }
}

impl From<&Timestamp> for SystemTime {
    fn from(timestamp: &Timestamp) -> Self {
        timestamp.time
    }
}

/// What `humantime` reads, less what Step Functions might not: `+00:00` for `Z`, a second 60, a point without digits.
fn read(text: &str) -> Option<SystemTime> {
    let fraction = text.get(WITHOUT_FRACTION - 1..)?.strip_suffix('Z')?;
    let digits = fraction.strip_prefix('.');
    let is_complete = digits.map_or(fraction.is_empty(), |digits| !digits.is_empty());
    let is_leap_second = text.get(17..19) == Some("60");
    if !is_complete || is_leap_second || text.len() > LONGEST {
        return None;
    }
    humantime::parse_rfc3339(text).ok()
}

/// As much of a text as a message can show.
fn shortened(text: &str) -> String {
    const SHOWN: usize = 40;
    if text.chars().count() <= SHOWN {
        return text.to_owned();
    }
    text.chars().take(SHOWN).chain(['…']).collect()
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Timestamp").field(&self.text).finish()
    }
}

impl PartialEq for Timestamp {
    fn eq(&self, other: &Self) -> bool {
        self.time == other.time
    }
}

impl Eq for Timestamp {}

impl Ord for Timestamp {
    fn cmp(&self, other: &Self) -> Ordering {
        self.time.cmp(&other.time)
    }
}

impl PartialOrd for Timestamp {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash for Timestamp {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.time.hash(state);
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Timestamp;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a time in UTC, such as `2026-11-22T10:00:00Z`")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Timestamp, E> {
                text.parse()
                    .map_err(|_| E::invalid_value(Unexpected::Str(&shortened(text)), &self))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

/// A text, or a moment, that is no [`Timestamp`].
///
/// # Example
///
/// ```
/// use saga_runtime::{Timestamp, TimestampError};
///
/// let error: TimestampError = "tomorrow".parse::<Timestamp>().unwrap_err();
/// assert_eq!(error.to_string(), "`tomorrow` is no time in UTC; write one such as `2026-11-22T10:00:00Z`");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimestampError(Kind);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Malformed(String),
    OutOfRange,
}

impl TimestampError {
    /// Whether the moment is before 1970 or after 9999; otherwise a text is malformed.
    pub fn is_out_of_range(&self) -> bool {
        self.0 == Kind::OutOfRange
    }
}

impl fmt::Display for TimestampError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Malformed(text) => write!(
                f,
                "`{text}` is no time in UTC; write one such as `2026-11-22T10:00:00Z`"
            ),
            Kind::OutOfRange => {
                f.write_str("the time is not of the years 1970 to 9999, which a timestamp can say")
            }
        }
    }
}

impl std::error::Error for TimestampError {}

//! What is wrong with a definition: places, messages, rule names. Finds nothing itself.

use std::fmt;
use std::rc::Rc;

/// Longest name that a path or a message quotes whole; Step Functions allows no longer one.
const QUOTED: usize = 80;

/// How many problems may come with a hint, and how many names are compared for one.
const HINTS: usize = 20;
const CANDIDATES: usize = 1_000;

/// Every broken rule of a definition, in the order in which they were found. Never empty in an `Err`.
///
/// # Example
///
/// ```
/// let problems = saga_asl::parse(r#"{"QueryLanguage": "JSONata", "StartAt": "a", "States": {"a": {"Type": "Pas"}}}"#)
///     .unwrap_err();
/// for problem in &problems {
///     assert_eq!(problem.path(), "$.States.a.Type");
///     assert_eq!(problem.rule(), "schema");
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems {
    list: Vec<Problem>,
    /// Some state could not be read whole, so rules about the flow would report what is not so.
    incomplete: bool,
}

/// One broken rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    path: String,
    message: String,
    rule: &'static str,
}

impl Problem {
    /// The JSON path of the place, such as `$.States.charge.Catch[0].Next`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// One line: what is wrong and what to write instead.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The rule's name; the [crate's front page](crate#rules) lists them.
    ///
    /// `unsupported` is no error of the definition's: Step Functions may accept it, but this validator does not
    /// cover it.
    pub fn rule(&self) -> &'static str {
        self.rule
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.message)
    }
}

impl Problems {
    /// The problems in the order in which they were found.
    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.list.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(crate) fn add(&mut self, rule: &'static str, path: &Path<'_>, message: impl fmt::Display) {
        self.list.push(Problem {
            path: path.to_string(),
            message: message.to_string(),
            rule,
        });
    }

    /// As [`Problems::add`], and the model lacks what stands at `path`.
    pub(crate) fn add_incomplete(
        &mut self, rule: &'static str, path: &Path<'_>, message: impl fmt::Display,
    ) {
        self.incomplete = true;
        self.add(rule, path, message);
    }

    /// `; did you mean …?`, or nothing when no candidate is close. `sigil` stands before names, as in `$order`.
    ///
    /// Only the first few problems get a hint, out of a bounded number of candidates: a hint costs time, and a
    /// hostile definition asks for as many as it has names.
    pub(crate) fn hint<'a>(
        &self, sigil: &str, name: &str, candidates: impl IntoIterator<Item = &'a str>,
    ) -> String {
        if self.list.len() >= HINTS || name.chars().count() > QUOTED {
            return String::new();
        }
        candidates
            .into_iter()
            .take(CANDIDATES)
            .filter(|candidate| candidate.chars().count() <= QUOTED && *candidate != name)
            .map(|candidate| (distance(name, candidate), candidate))
            .filter(|(distance, candidate)| *distance <= candidate.chars().count() / 3)
            .min()
            .map_or_else(String::new, |(_, candidate)| {
                format!("; did you mean `{sigil}{candidate}`?")
            })
    }

    pub(crate) fn is_incomplete(&self) -> bool {
        self.incomplete
    }

    pub(crate) fn finish(self) -> Result<(), Self> {
        if self.list.is_empty() {
            Ok(())
        } else {
            Err(self)
        }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.list.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

impl IntoIterator for Problems {
    type Item = Problem;
    type IntoIter = std::vec::IntoIter<Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

impl<'a> IntoIterator for &'a Problems {
    type Item = &'a Problem;
    type IntoIter = std::slice::Iter<'a, Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.iter()
    }
}

/// A place in a definition. Shares its beginning with its neighbours and becomes text only in a problem,
/// so that a hostile definition of long names costs no more than its own length.
#[derive(Clone, Default)]
pub(crate) struct Path<'m>(Option<Rc<Segment<'m>>>);

struct Segment<'m> {
    parent: Path<'m>,
    step: Step<'m>,
}

enum Step<'m> {
    Key(&'m str),
    Index(usize),
}

impl<'m> Path<'m> {
    pub(crate) fn key(&self, key: &'m str) -> Self {
        self.step(Step::Key(key))
    }

    pub(crate) fn index(&self, index: usize) -> Self {
        self.step(Step::Index(index))
    }

    fn step(&self, step: Step<'m>) -> Self {
        Self(Some(Rc::new(Segment {
            parent: self.clone(),
            step,
        })))
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut segments = Vec::new();
        let mut path = self;
        while let Some(segment) = &path.0 {
            segments.push(&segment.step);
            path = &segment.parent;
        }
        f.write_str("$")?;
        for step in segments.into_iter().rev() {
            match step {
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Key(key) if is_plain(key) => write!(f, ".{}", Short(key))?,
                Step::Key(key) => {
                    let key = Short(key)
                        .to_string()
                        .replace('\\', "\\\\")
                        .replace('\'', "\\'");
                    write!(f, "['{key}']")?;
                }
            }
        }
        Ok(())
    }
}

fn is_plain(key: &str) -> bool {
    !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// A name or a piece of text, on one line and cut to what a reader can use.
pub(crate) struct Short<'a>(pub(crate) &'a str);

impl fmt::Display for Short<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut chars = self.0.chars();
        for c in chars.by_ref().take(QUOTED) {
            write!(f, "{}", if c.is_control() { ' ' } else { c })?;
        }
        if chars.next().is_some() {
            f.write_str("…")
        } else {
            Ok(())
        }
    }
}

/// How many characters to change, insert, leave out or swap with their neighbour, whatever their case.
fn distance(left: &str, right: &str) -> usize {
    strsim::osa_distance(&left.to_lowercase(), &right.to_lowercase())
}

//! Lines of JSON paths: where in a text `$.States['stock.reserve'].Next` stands. Reads only as much JSON as that takes.

use std::collections::HashMap;

/// How much of a key a path quotes, as `saga-asl` writes them.
const QUOTED: usize = 80;
/// Deeper than any definition that the validator reads.
const DEEPEST: usize = 200;

/// The line of each value of a text, by its path.
pub(crate) struct Lines(HashMap<String, usize>);

impl Lines {
    pub(crate) fn of(json: &str) -> Self {
        let mut reader = Reader {
            rest: json.char_indices().peekable(),
            line: 1,
            lines: HashMap::new(),
        };
        reader.value("$".to_owned(), 0);
        Self(reader.lines)
    }

    /// The line of the path, or of the nearest value around it that is there.
    pub(crate) fn line(&self, path: &str) -> usize {
        let mut path = path;
        loop {
            if let Some(line) = self.0.get(path) {
                return *line;
            }
            let Some(end) = path.rfind(['.', '[']) else {
                return 1;
            };
            path = &path[..end];
        }
    }
}

struct Reader<'j> {
    rest: std::iter::Peekable<std::str::CharIndices<'j>>,
    line: usize,
    lines: HashMap<String, usize>,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<char> {
        let (_, c) = self.rest.next()?;
        self.line += usize::from(c == '\n');
        Some(c)
    }

    /// The next character that is not blank, without taking it.
    fn peek(&mut self) -> Option<char> {
        while let Some((_, c)) = self.rest.peek().copied() {
            if !c.is_whitespace() {
                return Some(c);
            }
            self.next();
        }
        None
    }

    fn value(&mut self, path: String, depth: usize) {
        let first = self.peek();
        let line = self.line;
        match first {
            Some('{') if depth < DEEPEST => self.members(&path, depth, '}'),
            Some('[') if depth < DEEPEST => self.members(&path, depth, ']'),
            Some('"') => drop(self.string()),
            _ => {
                while self.peek().is_some_and(|c| !matches!(c, ',' | '}' | ']')) {
                    self.next();
                }
            }
        }
        // A key that stands twice is named by its first line.
        self.lines.entry(path).or_insert(line);
    }

    fn members(&mut self, path: &str, depth: usize, close: char) {
        self.next();
        for index in 0.. {
            match self.peek() {
                None => return,
                Some(c) if c == close => {
                    self.next();
                    return;
                }
                Some('"') if close == '}' => {
                    let key = self.string();
                    while self.peek() == Some(':') {
                        self.next();
                    }
                    self.value(format!("{path}{}", step(&key)), depth + 1);
                }
                Some(_) if close == ']' => self.value(format!("{path}[{index}]"), depth + 1),
                Some(_) => drop(self.next()),
            }
            if self.peek() == Some(',') {
                self.next();
            }
        }
    }

    fn string(&mut self) -> String {
        let mut raw = String::from(self.next().unwrap_or('"'));
        let mut escaped = false;
        while let Some(c) = self.next() {
            raw.push(c);
            match c {
                '"' if !escaped => break,
                '\\' => escaped = !escaped,
                _ => escaped = false,
            }
        }
        serde_json::from_str(&raw).unwrap_or(raw)
    }
}

/// A key as paths have it.
fn step(key: &str) -> String {
    let mut short: String = key
        .chars()
        .take(QUOTED)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if key.chars().count() > QUOTED {
        short.push('…');
    }
    if !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || c == '_') {
        format!(".{short}")
    } else {
        let short = short.replace('\\', "\\\\").replace('\'', "\\'");
        format!("['{short}']")
    }
}

#[cfg(test)]
mod tests {
    use super::Lines;

    #[test]
    fn a_path_has_the_line_of_its_value() {
        let lines = Lines::of(
            "{\n  \"States\": {\n    \"stock.reserve\": { \"Retry\": [\n {}, {\n\"MaxAttempts\": -1 } ] },\n  \"it's\": 1\n} }",
        );
        assert_eq!(lines.line("$.States['stock.reserve']"), 3);
        assert_eq!(
            lines.line("$.States['stock.reserve'].Retry[1].MaxAttempts"),
            5
        );
        assert_eq!(lines.line("$.States['it\\'s']"), 6);
    }

    #[test]
    fn what_is_missing_has_the_line_of_what_is_around_it() {
        let lines = Lines::of("{\n\"States\": {\n\"a\": {} } }");
        assert_eq!(lines.line("$.States.a.Next"), 3);
        assert_eq!(lines.line("$.StartAt"), 1);
    }

    #[test]
    fn what_is_no_json_has_lines_all_the_same() {
        for json in ["", "{", "[[[", "{\"a\"", "{]}", "{ a: 1 }", "\"\\", "[,,]"] {
            assert_eq!(Lines::of(json).line("$.a.b"), 1, "{json}");
        }
    }
}

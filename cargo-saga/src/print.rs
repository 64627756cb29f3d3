//! Printing: lines to a pipe that may close, counts, columns, and colours where somebody looks on.

use std::io::{self, IsTerminal as _, Write};
use std::time::Duration;

use serde::Serialize;

/// Writes the text as it is.
pub(crate) fn text(out: &mut impl Write, text: &str) -> Result<(), String> {
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        // Whoever reads the output has seen enough; the exit code still tells the rest.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result.map_err(|error| format!("cannot write: {error}")),
    }
}

pub(crate) fn line(out: &mut impl Write, line: &str) -> Result<(), String> {
    text(out, &format!("{line}\n"))
}

pub(crate) fn json(out: &mut impl Write, value: &impl Serialize) -> Result<(), String> {
    let json = serde_json::to_string_pretty(value);
    line(out, &json.map_err(|error| error.to_string())?)
}

/// `1 problem`, `2 problems`
pub(crate) fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// `1048576` -> `1,048,576`
pub(crate) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `0 s`, `1.5 s`, `2 min 3 s`, `1 day`: the two largest units.
pub(crate) fn time(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds < 60 {
        let tenths = time.subsec_millis() / 100;
        return match tenths {
            0 => format!("{seconds} s"),
            tenths => format!("{seconds}.{tenths} s"),
        };
    }
    let days = seconds / 86_400;
    let parts = [
        (days, if days == 1 { "day" } else { "days" }),
        (seconds / 3_600 % 24, "h"),
        (seconds / 60 % 60, "min"),
        (seconds % 60, "s"),
    ];
    let first = parts.iter().position(|(count, _)| *count > 0);
    let parts = parts.iter().skip(first.unwrap_or_default()).take(2);
    let parts = parts.filter(|(count, _)| *count > 0);
    let parts: Vec<String> = parts
        .map(|(count, unit)| format!("{count} {unit}"))
        .collect();
    parts.join(" ")
}

/// Rows in columns. The first row is the heading; columns of numbers stand to the right.
pub(crate) fn table<const N: usize>(rows: &[[String; N]], right: [bool; N]) -> String {
    let width = |column: usize| {
        let widths = rows.iter().map(|row| row[column].chars().count());
        widths.max().unwrap_or_default()
    };
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            let blanks = " ".repeat(width(column) - cell.chars().count());
            let cell = if right[column] {
                blanks + cell
            } else {
                cell.clone() + &blanks
            };
            line.push_str(&cell);
            line.push_str("  ");
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Colours, or none.
#[derive(Clone, Copy)]
pub(crate) struct Paint(bool);

impl Paint {
    /// On a terminal, unless `NO_COLOR` is set: <https://no-color.org>.
    pub(crate) fn for_stdout() -> Self {
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self(io::stdout().is_terminal() && !unwanted)
    }

    pub(crate) fn red(self, text: &str) -> String {
        self.in_colour("31", text)
    }

    pub(crate) fn green(self, text: &str) -> String {
        self.in_colour("32", text)
    }

    pub(crate) fn yellow(self, text: &str) -> String {
        self.in_colour("33", text)
    }

    pub(crate) fn dim(self, text: &str) -> String {
        self.in_colour("2", text)
    }

    pub(crate) fn bold(self, text: &str) -> String {
        self.in_colour("1", text)
    }

    fn in_colour(self, code: &str, text: &str) -> String {
        if self.0 {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}

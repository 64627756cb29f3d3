//! An explanation as a table: short names, wrapped cells, one line less wherever nothing is lost.

use std::fmt;

use super::error::{OTHER, is_general};
use super::{Case, End, Explanation, Failures, ItemOrder, Retries, Undone};

/// How wide a column of the table may be.
const WIDEST: [usize; 4] = [44, 30, 50, 44];

/// How the compiler names what undoes a step.
const COMPENSATE: &str = "compensate ";

type Row = [String; 4];

enum Line {
    Title(String),
    Cells(Row),
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let heading = [
            "if it fails with",
            "it is tried again",
            "then undone",
            "and the execution",
        ];
        let mut lines = vec![Line::Cells(heading.map(str::to_owned))];
        for failures in &self.steps {
            step(failures, &mut lines);
        }
        if !self.compensations.is_empty() {
            lines.push(Line::Title(String::new()));
            lines.push(Line::Title("if a compensation fails".to_owned()));
            compensations(&self.compensations, &mut lines);
        }
        let has_brackets = |line: &Line| matches!(line, Line::Cells(row) if row[2].contains('['));
        if lines.iter().any(has_brackets) {
            lines.push(Line::Title(String::new()));
            lines.push(Line::Title(
                "[…]: only where the way there passed what it undoes".to_owned(),
            ));
        }
        write(f, &lines)
    }
}

fn title(failures: &Failures) -> String {
    let mut title = failures.state.clone();
    for around in failures.inside.iter().rev() {
        title.push_str(", in ");
        title.push_str(around);
    }
    title
}

fn step(failures: &Failures, lines: &mut Vec<Line>) {
    lines.push(Line::Title(title(failures)));
    lines.extend(rows(failures).into_iter().map(Line::Cells));
}

/// Compensations that have the same cases stand together.
fn compensations(all: &[Failures], lines: &mut Vec<Line>) {
    let mut groups: Vec<(Vec<String>, Vec<Row>)> = Vec::new();
    for failures in all {
        let rows = rows(failures);
        match groups.iter_mut().find(|(_, known)| *known == rows) {
            Some((titles, _)) => titles.push(title(failures)),
            None => groups.push((vec![title(failures)], rows)),
        }
    }
    for (titles, rows) in groups {
        lines.extend(titles.into_iter().map(Line::Title));
        lines.extend(rows.into_iter().map(Line::Cells));
    }
}

/// A row for each case; cases that differ only in what some of the ways to the state have to undo are one.
fn rows(failures: &Failures) -> Vec<Row> {
    let is_all = failures
        .cases
        .iter()
        .all(|case| case.errors == failures.cases[0].errors);
    let mut rows: Vec<Row> = Vec::new();
    let mut rest = failures.cases.as_slice();
    let mut above = None;
    while let Some(case) = rest.first() {
        let is_alike = |other: &&Case| {
            (&other.errors, &other.retries, &other.end, &other.given)
                == (&case.errors, &case.retries, &case.end, &case.given)
        };
        let alike = rest.iter().take_while(is_alike).count();
        let (cases, undone, way) = match merged(&rest[..alike]) {
            Some(undone) if alike > 1 => (alike, undone, None),
            _ => (1, undone(&case.undone), case.way.as_deref()),
        };
        rest = &rest[cases..];
        let mut row = row(case, &failures.state, is_all, way);
        // What is as in the row above is left out.
        if above.as_ref() == Some(&(undone.clone(), row[3].clone())) {
            row[3].clear();
        } else {
            row[2].clone_from(&undone);
            above = Some((undone, row[3].clone()));
        }
        rows.push(row);
    }
    rows
}

/// All that may have to be undone, with brackets around what some ways have not passed; `None` if the orders differ.
fn merged(cases: &[Case]) -> Option<String> {
    let longest = cases
        .iter()
        .map(|case| &case.undone)
        .max_by_key(|undone| undone.len())?;
    let mut is_always = vec![true; longest.len()];
    for case in cases {
        let mut left = case.undone.iter().peekable();
        for (always, one) in is_always.iter_mut().zip(longest) {
            if left.next_if(|next| *next == one).is_none() {
                *always = false;
            }
        }
        if left.next().is_some() {
            return None;
        }
    }
    if longest.is_empty() {
        return Some("nothing".to_owned());
    }
    let one = |(one, always): (&Undone, bool)| {
        let one = one_undone(one);
        if always { one } else { format!("[{one}]") }
    };
    let all: Vec<String> = longest.iter().zip(is_always).map(one).collect();
    Some(all.join(", "))
}

/// The row without what is undone.
fn row(case: &Case, state: &str, is_all: bool, way: Option<&str>) -> Row {
    let errors = errors(&case.errors, is_all);
    let parts = [Some(errors.as_str()), way, case.given.as_deref()];
    let parts: Vec<&str> = parts
        .into_iter()
        .flatten()
        .filter(|part| !part.is_empty())
        .collect();
    let retries = if case.errors.is_empty() {
        String::new()
    } else {
        retries(&case.retries, state)
    };
    [
        format!("  {}", parts.join(", ")),
        retries,
        String::new(),
        end(&case.end, state),
    ]
}

/// What a participant declares, by name; of the others only what tells them apart.
fn errors(names: &[String], is_all: bool) -> String {
    const SHOWN: usize = 2;
    if is_all && !names.is_empty() {
        return "any error".to_owned();
    }
    let has_other = names.iter().any(|name| name == OTHER);
    let (general, declared): (Vec<&str>, Vec<&str>) = names
        .iter()
        .map(String::as_str)
        .filter(|name| *name != OTHER)
        .partition(|name| is_general(name));
    let mut shown = declared;
    if has_other {
        shown.push(OTHER);
    } else if general.len() > SHOWN + 1 {
        shown.extend(&general[..SHOWN]);
        return format!("{} and {} more", shown.join(", "), general.len() - SHOWN);
    } else {
        shown.extend(general);
    }
    shown.join(", ")
}

fn retries(all: &[Retries], state: &str) -> String {
    let one = |retries: &Retries| {
        let mut text = match retries.attempts {
            None => "without end".to_owned(),
            Some(1) => format!("once, after {}", duration(retries.seconds)),
            Some(attempts) => format!("{attempts} times within {}", duration(retries.seconds)),
        };
        if retries.state != state {
            text = format!("{text}, {} as a whole", retries.state);
        }
        text
    };
    match all {
        [] => "no".to_owned(),
        all => all.iter().map(one).collect::<Vec<_>>().join("; "),
    }
}

/// The two largest units.
fn duration(seconds: u64) -> String {
    const UNITS: [(u64, &str); 4] = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let mut left = seconds;
    let mut parts = Vec::new();
    for (length, unit) in UNITS {
        if left >= length && parts.len() < 2 {
            parts.push(format!("{} {unit}", left / length));
            left %= length;
        }
    }
    if parts.is_empty() {
        return "0 s".to_owned();
    }
    parts.join(" ")
}

fn undone(all: &[Undone]) -> String {
    if all.is_empty() {
        return "nothing".to_owned();
    }
    all.iter().map(one_undone).collect::<Vec<_>>().join(", ")
}

fn short(name: &str) -> &str {
    name.strip_prefix(COMPENSATE).unwrap_or(name)
}

fn one_undone(one: &Undone) -> String {
    match one {
        Undone::Task(name) => short(name).to_owned(),
        Undone::Items { state, order, each } => {
            let order = match order {
                ItemOrder::AtOnce => "each item at once",
                ItemOrder::OneByOne => "item by item",
                ItemOrder::InReverse => "item by item in reverse",
            };
            format!("{} ({order}: {})", short(state), undone(each))
        }
        Undone::Branches { state, branches } => {
            let branches: Vec<String> = branches.iter().map(|branch| undone(branch)).collect();
            format!("{} (at once: {})", short(state), branches.join(" | "))
        }
    }
}

fn end(end: &End, state: &str) -> String {
    match end {
        End::Fails { error: None, .. } => "fails with that error".to_owned(),
        End::Fails {
            error: Some(error), ..
        } => format!("fails with `{error}`"),
        End::NotCaught => "fails there: not caught".to_owned(),
        End::Parked {
            resumes_at: Some(at),
            ..
        } if at == state => "waits for an operator, then tries it again".to_owned(),
        End::Parked {
            resumes_at: Some(at),
            ..
        } => {
            format!("waits for an operator, then goes on at {at}")
        }
        End::Parked {
            resumes_at: None, ..
        } => "waits for an operator".to_owned(),
        End::GoesOn { at } => format!("goes on at {at}"),
        End::Succeeds { state } => format!("succeeds in {state}"),
        End::Retried => "goes on once it succeeds".to_owned(),
        End::Unknown => "depends on more than is told apart here".to_owned(),
        End::Loops { state } => format!("comes to {state} again"),
    }
}

fn write(f: &mut fmt::Formatter<'_>, lines: &[Line]) -> fmt::Result {
    let mut widths = [0; 4];
    for line in lines {
        if let Line::Cells(row) = line {
            for (width, (cell, widest)) in widths.iter_mut().zip(row.iter().zip(WIDEST)) {
                let longest = wrap(cell, widest)
                    .iter()
                    .map(|part| part.chars().count())
                    .max();
                *width = longest.unwrap_or_default().max(*width);
            }
        }
    }
    for line in lines {
        match line {
            Line::Title(title) => writeln!(f, "{title}")?,
            Line::Cells(row) => write_row(f, row, widths)?,
        }
    }
    Ok(())
}

fn write_row(f: &mut fmt::Formatter<'_>, row: &Row, widths: [usize; 4]) -> fmt::Result {
    let cells: Vec<Vec<String>> = row
        .iter()
        .zip(WIDEST)
        .map(|(cell, widest)| wrap(cell, widest))
        .collect();
    let height = cells.iter().map(Vec::len).max().unwrap_or_default();
    for index in 0..height {
        let mut line = String::new();
        for (cell, width) in cells.iter().zip(widths) {
            let part = cell.get(index).map_or("", String::as_str);
            line.push_str(part);
            let gap = width.saturating_sub(part.chars().count()) + 2;
            line.extend(std::iter::repeat_n(' ', gap));
        }
        writeln!(f, "{}", line.trim_end())?;
    }
    Ok(())
}

/// Breaks between words; what follows is indented as the beginning is. A longer word stays whole.
fn wrap(cell: &str, widest: usize) -> Vec<String> {
    let indent = cell.len() - cell.trim_start().len();
    let mut lines = vec![" ".repeat(indent)];
    for word in cell.split_whitespace() {
        let line = lines.last().map_or(0, |line| line.chars().count());
        if line > indent && line + 1 + word.chars().count() > widest {
            lines.push(" ".repeat(indent + 2));
        }
        if let Some(line) = lines.last_mut() {
            if line.ends_with(|c: char| c != ' ') {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

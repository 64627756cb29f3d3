//! Puts values into the texts that a template is made of. The only place that knows how a place is marked.

/// Replaces `@name@` by its value, for all names.
pub(super) fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let mut filled = text.to_owned();
    for (name, value) in values {
        filled = filled.replace(&format!("@{name}@"), value);
    }
    filled
}

/// Text between double quotes, in YAML and in HCL.
pub(super) fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

/// Each line after so many blanks, with a line break between two.
pub(super) fn lines(indent: usize, lines: impl IntoIterator<Item = String>) -> String {
    let blanks = " ".repeat(indent);
    let lines = lines.into_iter().map(|line| format!("{blanks}{line}"));
    lines.collect::<Vec<_>>().join("\n")
}

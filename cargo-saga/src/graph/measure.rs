//! How wide texts are, without a font in hand: never narrower than the widest of the usual ones draws them.

/// Names, bold and monospaced. Such fonts advance by at most 0.602 of their size; where there is none, a wider one stands in.
pub(super) const NAME: f64 = 13.0;
/// Notes, labels, the legend.
pub(super) const NOTE: f64 = 11.0;
/// The saga's name above it all.
pub(super) const TITLE: f64 = 17.0;

/// No name is drawn longer than this; the whole of it stands in the tooltip.
pub(super) const LONGEST: usize = 40;

pub(super) fn mono(text: &str, size: f64) -> f64 {
    units(text.chars().count()) * size * 0.67
}

/// By the widths of `DejaVu Sans`, which is wider than Helvetica, Arial, Segoe, Roboto and San Francisco.
pub(super) fn sans(text: &str, size: f64) -> f64 {
    let width = |c: char| match c {
        'i' | 'j' | 'l' | '\'' | ' ' | '.' | ',' | ':' | ';' | '|' | '!' | 'I' => 0.34,
        't' | 'f' | 'r' | '(' | ')' | '-' | '[' | ']' | '/' => 0.42,
        'm' | 'w' | 'M' | 'W' | '%' | '…' | '–' | '→' => 1.0,
        c if c.is_uppercase() => 0.79,
        c if c.is_ascii() => 0.64,
        _ => 1.0,
    };
    text.chars().map(width).sum::<f64>() * size
}

/// The text, or as much of it as there is room for.
pub(super) fn short(text: &str, longest: usize) -> String {
    if text.chars().count() <= longest {
        return text.to_owned();
    }
    let kept: String = text.chars().take(longest - 1).collect();
    format!("{}…", kept.trim_end())
}

/// A count of lines or letters, as a length.
#[allow(
    clippy::cast_precision_loss,
    reason = "a picture has far fewer than 2^52 of anything"
)]
pub(super) fn units(count: usize) -> f64 {
    count as f64
}

/// Lines of words that are no wider than this; a word by itself may be.
pub(super) fn wrap(text: &str, size: f64, width: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if sans(&format!("{line} {word}"), size) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

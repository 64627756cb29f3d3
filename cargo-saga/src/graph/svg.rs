//! A layout as SVG. Boxes have colours of their own and dark letters, lines and captions a middle grey, so that it reads on light
//! and on dark pages alike.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::layout::{self, Label, Lane, Layout, Pill, Place, Stroke, Wire};
use super::measure::{self, LONGEST, NAME, NOTE, TITLE};
use super::model::{Drawing, Look, Node};

const MONO: &str = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace";
const SANS: &str = "system-ui, -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif";
/// Captions: 4.5 : 1 on white, and as much on black.
const GREY: &str = "#737c88";
const INK: &str = "#1d2733";
/// How round the corners of lines are.
const ROUND: f64 = 7.0;
/// How long the heads of arrows are.
const HEAD: f64 = 8.0;

/// Fill, border, the border's width, and its dashes.
fn paint(look: Look) -> (&'static str, &'static str, f64, &'static str) {
    match look {
        Look::Compensatable => ("#e3edfd", "#4478c8", 1.4, ""),
        Look::Pivot => ("#ffe7ad", "#c98500", 3.0, ""),
        Look::Retriable => ("#d8f3e2", "#2c9460", 1.4, ""),
        Look::ReadOnly => ("#eef0f2", "#85909c", 1.4, "4 3"),
        Look::Failure => ("#fde6e4", "#cc5348", 1.2, "4 3"),
        Look::Event => ("#eef0f2", "#85909c", 1.2, ""),
        Look::Plain | Look::Wait | Look::Observer => ("#eef0f2", "#85909c", 1.4, ""),
        Look::Saga => ("#e2f4f7", "#2a8fa3", 1.4, ""),
        Look::Choice => ("#efe8fd", "#8660cf", 1.4, ""),
        Look::Compensation => ("#fde6e4", "#cc5348", 1.4, ""),
        Look::Group => ("#8893a0", "#8893a0", 1.4, ""),
        Look::Good => ("#2c9460", "#2c9460", 1.4, ""),
        Look::Bad => ("#c2453a", "#c2453a", 1.4, ""),
    }
}

/// What the legend calls it.
fn meaning(look: Look) -> Option<&'static str> {
    Some(match look {
        Look::Compensatable => "compensatable",
        Look::Pivot => "pivot",
        Look::Retriable => "retriable",
        Look::ReadOnly => "read only",
        Look::Observer => "observer: its effect stands",
        Look::Saga => "a saga of its own",
        Look::Choice => "choice",
        Look::Wait => "wait",
        Look::Compensation => "compensation",
        Look::Plain | Look::Group | Look::Event | Look::Failure | Look::Good | Look::Bad => {
            return None;
        }
    })
}

fn colour(stroke: Stroke) -> (&'static str, &'static str, &'static str) {
    match stroke {
        Stroke::Next => (GREY, "", "next"),
        Stroke::Rejected => ("#b7791f", "5 3", "rejected: it had no effect"),
        Stroke::Failed => ("#cc5348", "", "failed: it may have had an effect"),
        Stroke::Undo => ("#cc5348", "", "undone next"),
        Stroke::Stuck => (GREY, "1.5 3.5", "stuck"),
        Stroke::Failure => ("#cc5348", "5 3", "an event that means failure"),
    }
}

pub(super) fn write(drawing: &Drawing) -> String {
    let comment = drawing.comment.as_deref();
    picture(&drawing.name, comment, &layout::layout(drawing))
}

pub(super) fn picture(name: &str, comment: Option<&str>, layout: &Layout<'_>) -> String {
    let title_width = measure::mono(name, TITLE);
    let width = layout.width.max(title_width + 40.0).max(360.0);
    let comment = measure::wrap(comment.unwrap_or_default(), NOTE, width - 40.0);
    let head = 34.0 + measure::units(comment.len()) * 16.0;
    let mut body = String::new();
    heading(&mut body, name, &comment);
    let aside = (width - layout.width) / 2.0;
    let _ = writeln!(
        body,
        "<g transform=\"translate({} {})\">",
        n(aside),
        n(head)
    );
    for each in &layout.lanes {
        lane(&mut body, each);
    }
    for wire in &layout.wires {
        line(&mut body, wire);
    }
    for place in &layout.boxes {
        boxed(&mut body, place);
    }
    for end in &layout.pills {
        pill(&mut body, end);
    }
    for label in layout.wires.iter().filter_map(|wire| wire.label.as_ref()) {
        caption(&mut body, label);
    }
    body.push_str("</g>\n");
    let height = legend(&mut body, layout, width, head + layout.height);
    let (width, height) = (n(width), n(height));
    let title = escape(name);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" role=\"img\">\n\
         <title>{title}</title>\n{body}</svg>\n"
    )
}

fn heading(out: &mut String, name: &str, comment: &[String]) {
    let name = escape(name);
    let _ = writeln!(
        out,
        "<text x=\"20\" y=\"30\" font-family=\"{MONO}\" font-size=\"{TITLE}\" font-weight=\"bold\" fill=\"{GREY}\">{name}</text>"
    );
    for (index, line) in comment.iter().enumerate() {
        let y = 49.0 + measure::units(index) * 16.0;
        sans(out, (20.0, y), "start", GREY, line);
    }
}

fn lane(out: &mut String, lane: &Lane) {
    let _ = writeln!(
        out,
        "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"14\" fill=\"{GREY}\" fill-opacity=\"0.1\"/>",
        n(lane.x),
        n(lane.y),
        n(lane.width),
        n(lane.height)
    );
    let _ = writeln!(
        out,
        "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\" font-family=\"{SANS}\" font-size=\"{NAME}\" font-weight=\"bold\" fill=\"{GREY}\">{}</text>",
        n(lane.x + lane.width / 2.0),
        n(lane.y + 20.0),
        escape(&lane.name)
    );
}

/// Lines are drawn from their end, so that the dashes of those that share a track fall together; those of events, which share their
/// beginning, from there. The head is a shape of its own:
/// not everything that draws SVG turns markers.
fn line(out: &mut String, wire: &Wire) {
    let (colour, dashes, _) = colour(wire.stroke);
    let dashes = dashed(dashes);
    let mut points = wire.points.clone();
    if let ([.., before, tip], true) = (&mut points[..], wire.arrow) {
        let end = *tip;
        *tip = toward(end, *before, HEAD - 1.0);
        let (back, side) = (toward(end, *before, HEAD), HEAD * 0.45);
        // Across the line's direction, which is one of the four.
        let (dx, dy) = if (end.1 - before.1).abs() < 0.5 {
            (0.0, side)
        } else {
            (side, 0.0)
        };
        let _ = writeln!(
            out,
            "<path d=\"M{} {} L{} {} L{} {} Z\" fill=\"{colour}\"/>",
            n(end.0),
            n(end.1),
            n(back.0 - dx),
            n(back.1 - dy),
            n(back.0 + dx),
            n(back.1 + dy)
        );
    }
    if wire.stroke == Stroke::Failure {
        points.reverse();
    }
    let _ = writeln!(
        out,
        "<path d=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.5\"{dashes}/>",
        path(&points)
    );
}

fn dashed(dashes: &str) -> String {
    if dashes.is_empty() {
        return String::new();
    }
    format!(" stroke-dasharray=\"{dashes}\"")
}

/// From the last point to the first, with round corners.
fn path(points: &[(f64, f64)]) -> String {
    let points: Vec<(f64, f64)> = points.iter().rev().copied().collect();
    let mut text = String::new();
    for (index, point) in points.iter().enumerate() {
        let (x, y) = *point;
        let corner = index
            .checked_sub(1)
            .and_then(|before| Some((points[before], *points.get(index + 1)?)));
        match corner {
            None => {
                let letter = if index == 0 { 'M' } else { 'L' };
                let _ = write!(text, "{letter}{} {} ", n(x), n(y));
            }
            Some((before, after)) => {
                let (from, to) = (toward(*point, before, ROUND), toward(*point, after, ROUND));
                let _ = write!(
                    text,
                    "L{} {} Q{} {} {} {} ",
                    n(from.0),
                    n(from.1),
                    n(x),
                    n(y),
                    n(to.0),
                    n(to.1)
                );
            }
        }
    }
    text.trim_end().to_owned()
}

/// A point a little way from a corner toward another one.
fn toward(corner: (f64, f64), other: (f64, f64), far: f64) -> (f64, f64) {
    let (x, y) = (other.0 - corner.0, other.1 - corner.1);
    let length = x.hypot(y).max(0.1);
    let part = (far / length).min(0.5);
    (corner.0 + x * part, corner.1 + y * part)
}

fn boxed(out: &mut String, place: &Place<'_>) {
    let node = place.node;
    let (fill, stroke, border, dashes) = paint(node.look);
    let opacity = if node.look == Look::Group {
        " fill-opacity=\"0.14\""
    } else {
        ""
    };
    let dashes = dashed(dashes);
    let _ = write!(out, "<g><title>{}</title>", escape(&tooltip(node)));
    let _ = writeln!(
        out,
        "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"8\" fill=\"{fill}\"{opacity} stroke=\"{stroke}\" stroke-width=\"{border}\"{dashes}/>",
        n(place.x),
        n(place.y),
        n(place.width),
        n(place.height)
    );
    if node.look == Look::Saga {
        let _ = writeln!(
            out,
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"5\" fill=\"none\" stroke=\"{stroke}\"/>",
            n(place.x + 3.5),
            n(place.y + 3.5),
            n(place.width - 7.0),
            n(place.height - 7.0)
        );
    }
    let ink = match node.look {
        Look::Group => GREY,
        Look::Good | Look::Bad => "#ffffff",
        _ => INK,
    };
    let middle = place.middle().0;
    let name = escape(&measure::short(&node.name, LONGEST));
    let _ = writeln!(
        out,
        "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\" font-family=\"{MONO}\" font-size=\"{NAME}\" font-weight=\"bold\" fill=\"{ink}\">{name}</text>",
        n(middle),
        n(place.y + 20.0)
    );
    let below = measure::short(&node.note, LONGEST);
    sans(out, (middle, place.y + 36.0), "middle", ink, &below);
    for wire in &place.wires {
        line(out, wire);
    }
    for inner in &place.inner {
        boxed(out, inner);
    }
    for label in place.wires.iter().filter_map(|wire| wire.label.as_ref()) {
        caption(out, label);
    }
    out.push_str("</g>\n");
}

fn tooltip(node: &Node) -> String {
    match &node.comment {
        Some(comment) => format!("{}: {comment}", node.name),
        None => format!("{}: {}", node.name, node.note),
    }
}

fn pill(out: &mut String, pill: &Pill) {
    let (fill, stroke, _, dashes) = paint(pill.look.unwrap_or(Look::Plain));
    let (fill, stroke, ink) = match pill.look {
        None => ("#5d6875", "#5d6875", "#ffffff"),
        Some(Look::Wait | Look::Event | Look::Failure) => (fill, stroke, INK),
        Some(_) => (fill, stroke, "#ffffff"),
    };
    let _ = writeln!(
        out,
        "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"{}\" fill=\"{fill}\" stroke=\"{stroke}\"{}/>",
        n(pill.x),
        n(pill.y),
        n(pill.width),
        n(pill.height),
        n(pill.height / 2.0),
        dashed(dashes)
    );
    let place = (pill.x + pill.width / 2.0, pill.y + pill.height / 2.0 + 4.0);
    sans(out, place, "middle", ink, &pill.text);
}

fn caption(out: &mut String, label: &Label) {
    let anchor = if label.to_the_left { "end" } else { "start" };
    sans(out, (label.x, label.y), anchor, GREY, &label.text);
}

fn sans(out: &mut String, (x, y): (f64, f64), anchor: &str, ink: &str, text: &str) {
    let (x, y, text) = (n(x), n(y), escape(text));
    let _ = writeln!(
        out,
        "<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\" font-family=\"{SANS}\" font-size=\"{NOTE}\" fill=\"{ink}\">{text}</text>"
    );
}

/// What is in the picture and what it means. Gives the height of the whole.
fn legend(out: &mut String, layout: &Layout<'_>, width: f64, top: f64) -> f64 {
    let mut looks: BTreeSet<Look> = BTreeSet::new();
    let mut strokes: BTreeSet<Stroke> = layout.wires.iter().map(|wire| wire.stroke).collect();
    for place in &layout.boxes {
        collect(place, &mut looks, &mut strokes);
    }
    let (mut x, mut y) = (20.0, top + 6.0);
    let mut next = |text: &str, swatch: f64| {
        let wide = swatch + 8.0 + measure::sans(text, NOTE);
        if x > 20.0 && x + wide > width - 16.0 {
            (x, y) = (20.0, y + 20.0);
        }
        let place = (x, y);
        x += wide + 20.0;
        place
    };
    for look in looks {
        let Some(text) = meaning(look) else { continue };
        let (x, y) = next(text, 16.0);
        let (fill, stroke, border, dashes) = paint(look);
        let _ = writeln!(
            out,
            "<rect x=\"{}\" y=\"{}\" width=\"16\" height=\"12\" rx=\"3\" fill=\"{fill}\" stroke=\"{stroke}\" stroke-width=\"{}\" stroke-dasharray=\"{}\"/>",
            n(x),
            n(y),
            n(border.min(2.0)),
            if dashes.is_empty() { "none" } else { "3 2" }
        );
        sans(out, (x + 24.0, y + 10.0), "start", GREY, text);
    }
    for stroke in strokes {
        let (_, _, text) = colour(stroke);
        if matches!(stroke, Stroke::Next | Stroke::Undo) {
            continue;
        }
        let (x, y) = next(text, 24.0);
        line(
            out,
            &Wire {
                points: vec![(x, y + 6.0), (x + 24.0, y + 6.0)],
                stroke,
                label: None,
                arrow: true,
            },
        );
        sans(out, (x + 32.0, y + 10.0), "start", GREY, text);
    }
    y + 30.0
}

fn collect(place: &Place<'_>, looks: &mut BTreeSet<Look>, strokes: &mut BTreeSet<Stroke>) {
    looks.insert(place.node.look);
    strokes.extend(place.wires.iter().map(|wire| wire.stroke));
    for inner in &place.inner {
        collect(inner, looks, strokes);
    }
}

/// A number with at most one digit behind the point.
fn n(number: f64) -> String {
    let text = format!("{number:.1}");
    let text = text.strip_suffix(".0").unwrap_or(&text);
    if text == "-0" {
        "0".to_owned()
    } else {
        text.to_owned()
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

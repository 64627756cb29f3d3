//! `cargo saga graph`: pictures as they were looked at and found good, and what must hold of every picture.

use std::fs;
use std::path::Path;

use expect_test::{ExpectFile, expect, expect_file};

use crate::support::{check, emit, examples, folder, folder_with, many, output};

pub(crate) fn svg(folder: &Path, name: &str) -> String {
    let text = output(folder, &["graph", name]);
    text.strip_suffix("exit 0\n")
        .expect("it succeeds")
        .to_owned()
}

fn picture(name: &str, expected: ExpectFile) {
    let svg = svg(&examples(), name);
    assert_sound(&svg);
    expected.assert_eq(&svg);
}

#[test]
fn pictures_of_the_examples() {
    picture(
        "place_order",
        expect_file!["../golden/graph/place_order.svg"],
    );
    picture(
        "fulfil_order",
        expect_file!["../golden/graph/fulfil_order.svg"],
    );
    picture(
        "onboard_customer",
        expect_file!["../golden/graph/onboard_customer.svg"],
    );
    for name in ["book_trip", "close_account", "open_account"] {
        assert_sound(&svg(&examples(), name));
    }
}

#[test]
fn a_picture_of_sixty_steps() {
    let folder = folder("graph_sixty");
    emit(&folder, &many("sixty", 60));
    let svg = svg(&folder, "sixty");
    assert_sound(&svg);
    expect_file!["../golden/graph/sixty.svg"].assert_eq(&svg);
}

/// `.ci/run` puts the definitions of random flows into a folder; where there is none, there is nothing to look at.
#[test]
fn pictures_of_a_sample() {
    let Ok(sample) = std::env::var("SAGA_SAMPLE_DIR") else {
        return;
    };
    let list = output(&examples(), &["list", "--format", "json", "--out", &sample]);
    let list = list.strip_suffix("exit 0\n").expect("it succeeds");
    let list: serde_json::Value = serde_json::from_str(list).expect("JSON");
    for saga in list.as_array().expect("a list") {
        let name = saga["name"].as_str().expect("a name");
        let svg = output(&examples(), &["graph", name, "--out", &sample]);
        assert_sound(svg.strip_suffix("exit 0\n").expect("it succeeds"));
    }
}

#[test]
fn text_for_others_to_draw() {
    let text = |format| {
        let text = output(
            &examples(),
            &["graph", "onboard_customer", "--format", format],
        );
        text.strip_suffix("exit 0\n")
            .expect("it succeeds")
            .to_owned()
    };
    expect_file!["../golden/graph/onboard_customer.mmd"].assert_eq(&text("mermaid"));
    expect_file!["../golden/graph/onboard_customer.dot"].assert_eq(&text("dot"));
}

#[test]
fn a_file_is_written() {
    let folder = folder_with("graph_file", &["book_trip"]);
    check(
        &folder,
        &["graph", "book_trip", "-o", "trip.svg"],
        expect![[r#"
            exit 0
        "#]],
    );
    assert!(
        fs::read_to_string(folder.join("trip.svg"))
            .unwrap()
            .starts_with("<svg")
    );
    check(
        &folder,
        &["graph", "book_trip", "-o", "no/trip.svg"],
        expect![[r#"
            error: cannot write no/trip.svg: No such file or directory (os error 2); is its folder there?
            exit 2
        "#]],
    );
}

/// Names that are long, and characters that mean something in SVG, Mermaid and DOT.
#[test]
fn definitions_of_others_are_drawn() {
    let folder = folder("graph_foreign");
    let long = "a state whose name is as long as Step Functions allows, which is 80 characters ok";
    let definition = format!(
        r#"{{ "QueryLanguage": "JSONata", "StartAt": "<a> & \"b\"", "States": {{
            "<a> & \"b\"": {{ "Type": "Choice", "Default": "back", "Choices": [
                {{ "Condition": "{{% $states.input.x %}}", "Next": "{long}" }} ] }},
            "{long}": {{ "Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "End": true,
                "Catch": [ {{ "ErrorEquals": ["States.ALL"], "Next": "back" }} ] }},
            "back": {{ "Type": "Wait", "Seconds": 90000, "Next": "<a> & \"b\"" }} }} }}"#
    );
    fs::write(folder.join("out/foreign.asl.json"), definition).unwrap();
    assert_sound(&svg(&folder, "foreign"));
    check(
        &folder,
        &["graph", "foreign", "--format", "mermaid"],
        expect![[r##"
            ---
            title: "foreign"
            ---
            flowchart TD
              start([start])
              committed([committed])
              s1{"#lt;a#gt; #amp; #quot;b#quot;"}:::Choice
              s2["a state whose name is as long as Step Functions allows, which is 80 characters ok"]:::Plain
              s3["back"]:::Wait
              start --> s1
              s1 --> s2
              s1 -->|"otherwise"| s3
              s2 ==> s3
              s3 --> s1
              s2 --> committed
              classDef Compensatable fill:#e3edfd,stroke:#4478c8,color:#1d2733
              classDef Pivot fill:#ffe7ad,stroke:#c98500,color:#1d2733,stroke-width:3px
              classDef Retriable fill:#d8f3e2,stroke:#2c9460,color:#1d2733
              classDef ReadOnly fill:#eef0f2,stroke:#85909c,color:#1d2733
              classDef Plain fill:#eef0f2,stroke:#85909c,color:#1d2733
              classDef Saga fill:#e2f4f7,stroke:#2a8fa3,color:#1d2733
              classDef Choice fill:#efe8fd,stroke:#8660cf,color:#1d2733
              classDef Wait fill:#eef0f2,stroke:#85909c,color:#1d2733
              classDef Compensation fill:#fde6e4,stroke:#cc5348,color:#1d2733
              classDef Group fill:#eef0f2,stroke:#85909c,color:#1d2733
              classDef Good fill:#bfe8d0,stroke:#2c9460,color:#1d2733
              classDef Bad fill:#f5b8b2,stroke:#c2453a,color:#1d2733
            exit 0
        "##]],
    );
    check(
        &folder,
        &["graph", "foreign", "--format", "dot"],
        expect![[r##"
            digraph "foreign" {
              compound=true; rankdir=TB; bgcolor=transparent;
              node [shape=box, style="rounded,filled", fontname="Helvetica", fontsize=11, margin="0.2,0.08"];
              edge [color="#737c88", fontname="Helvetica", fontsize=9, fontcolor="#737c88"];
              start [shape=oval]; committed [shape=oval];
              s1 [label="<a> & \"b\"\nchoice", fillcolor="#efe8fd", color="#8660cf"];
              s2 [label="a state whose name is as long as Step Functions allows, which is 80 characters ok\ntask", fillcolor="#eef0f2", color="#85909c"];
              s3 [label="back\nfor 1 day 1 h", fillcolor="#eef0f2", color="#85909c"];
              start -> s1 [];
              s1 -> s2 [weight=9];
              s1 -> s3 [weight=9, label="otherwise"];
              s2 -> s3 [color="#cc5348", constraint=false];
              s3 -> s1 [weight=9];
              s2 -> committed [weight=9];
            }
            exit 0
        "##]],
    );
}

/// A number of an element.
pub(crate) fn number(element: &str, key: &str) -> f64 {
    let (_, rest) = element.split_once(&format!(" {key}=\"")).expect(key);
    rest.split('"')
        .next()
        .and_then(|number| number.parse().ok())
        .expect(key)
}

/// Boxes with their corners, by what stands in them.
fn boxes(svg: &str) -> Vec<[f64; 4]> {
    let rects = svg
        .split("<rect ")
        .skip(1)
        .filter(|rect| rect.contains("rx=\"8\""));
    let corners = rects.map(|rect| {
        let rect = format!(" {rect}");
        let [x, y, width, height] = ["x", "y", "width", "height"].map(|key| number(&rect, key));
        [x, y, x + width, y + height]
    });
    corners.collect()
}

/// No two boxes overlap unless one holds the other, and no line runs through a box.
pub(crate) fn assert_sound(svg: &str) {
    let boxes = boxes(svg);
    for (index, a) in boxes.iter().enumerate() {
        for b in &boxes[index + 1..] {
            let apart = a[2] <= b[0] || b[2] <= a[0] || a[3] <= b[1] || b[3] <= a[1];
            let holds = a[0] <= b[0] && a[1] <= b[1] && a[2] >= b[2] && a[3] >= b[3];
            assert!(apart || holds, "{a:?} and {b:?} overlap");
        }
    }
    let holds_another = |index: usize, outer: &[f64; 4]| {
        let mut others = boxes.iter().enumerate();
        others.any(|(other, b)| {
            let inside =
                outer[0] <= b[0] && outer[1] <= b[1] && outer[2] >= b[2] && outer[3] >= b[3];
            other != index && inside
        })
    };
    let leaves = boxes.iter().enumerate();
    let leaves = leaves.filter(|(index, outer)| !holds_another(*index, outer));
    let leaves: Vec<&[f64; 4]> = leaves.map(|(_, leaf)| leaf).collect();
    for path in svg.split("<path d=\"").skip(1) {
        let Some((path, rest)) = path.split_once('"') else {
            continue;
        };
        if !rest.starts_with(" fill=\"none\"") {
            continue;
        }
        let points = points(path);
        for pair in points.windows(2) {
            for leaf in &leaves {
                assert!(
                    !crosses(pair[0], pair[1], leaf),
                    "{pair:?} runs through {leaf:?}"
                );
            }
        }
    }
    assert_texts_fit(svg, &boxes);
}

/// The points of a path, with the corners that are rounded off.
pub(crate) fn points(path: &str) -> Vec<(f64, f64)> {
    let numbers: Vec<f64> = path
        .split(['M', 'L', 'Q', ' '])
        .filter(|part| !part.is_empty())
        .map(|part| part.parse().expect("a number"))
        .collect();
    numbers.chunks(2).map(|pair| (pair[0], pair[1])).collect()
}

/// Whether a level or upright line enters the inside of a box.
pub(crate) fn crosses(from: (f64, f64), to: (f64, f64), leaf: &[f64; 4]) -> bool {
    let inset = 1.5;
    let (left, right) = (from.0.min(to.0), from.0.max(to.0));
    let (top, bottom) = (from.1.min(to.1), from.1.max(to.1));
    left < leaf[2] - inset
        && right > leaf[0] + inset
        && top < leaf[3] - inset
        && bottom > leaf[1] + inset
}

/// No name is wider than the box around it, in a font whose letters are 0.62 of its size.
fn assert_texts_fit(svg: &str, boxes: &[[f64; 4]]) {
    let names = svg
        .split("<text ")
        .skip(1)
        .filter(|text| text.contains("text-anchor=\"middle\" font-family=\"ui-monospace"));
    for text in names {
        let text = format!(" {text}");
        let (x, y) = (number(&text, "x"), number(&text, "y"));
        let (_, name) = text.split_once('>').expect("it ends");
        let (name, _) = name.split_once('<').expect("it ends");
        let name = name
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", "\"")
            .replace("&amp;", "&");
        let half = f64::from(u32::try_from(name.chars().count()).unwrap()) * 13.0 * 0.62 / 2.0;
        let fits = boxes
            .iter()
            .any(|b| b[0] <= x - half && x + half <= b[2] && b[1] <= y - 10.0 && y + 4.0 <= b[3]);
        assert!(fits, "`{name}` is wider than its box");
    }
}

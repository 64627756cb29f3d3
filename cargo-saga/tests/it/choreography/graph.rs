//! Pictures of choreographies: the example's, as it was looked at and found good, and what must hold of every one.

use expect_test::expect_file;
use saga_compiler::choreography::{Contract, Kind, Reaction};

use super::{contract, reaction, strings, write};
use crate::graph::{assert_sound, crosses, number, points, svg};
use crate::support::{choreographed, folder, output};

#[test]
fn a_picture_of_order_events() {
    let svg = svg(&choreographed("choreography_graph"), "order_events");
    assert_clear(&svg);
    expect_file!["../../golden/graph/order_events.svg"].assert_eq(&svg);
}

#[test]
fn text_for_others_to_draw() {
    let folder = choreographed("choreography_graph_text");
    let text = |format| {
        let text = output(&folder, &["graph", "order_events", "--format", format]);
        text.strip_suffix("exit 0\n").unwrap().to_owned()
    };
    expect_file!["../../golden/graph/order_events.mmd"].assert_eq(&text("mermaid"));
    expect_file!["../../golden/graph/order_events.dot"].assert_eq(&text("dot"));
}

#[test]
fn pictures_of_random_choreographies() {
    let folder = folder("choreography_graph_random");
    for seed in 1..=40 {
        let contract = random(&mut Numbers(seed));
        write(&folder, &contract);
        assert_clear(&svg(&folder, &contract.name));
    }
}

/// Numbers that look random and are the same each time: <https://en.wikipedia.org/wiki/Linear_congruential_generator>.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = self.0.wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

/// Up to eight participants and forty reactions, of which each reacts to what came before and publishes up to four events.
fn random(numbers: &mut Numbers) -> Contract {
    const NAMES: [&str; 8] = [
        "Orders", "Stock", "Payments", "Shipping", "Mail", "Fraud", "Ledger", "Cards",
    ];
    let count = 1 + numbers.below(NAMES.len());
    let mut all: Vec<Vec<Reaction>> = vec![Vec::new(); count];
    let mut events: Vec<String> = Vec::new();
    for index in 0..=numbers.below(40) {
        let lane = numbers.below(count);
        let kinds = [Kind::Retriable, Kind::Pivot, Kind::Observer];
        let name = format!("{}.step_{index}", NAMES[lane].to_lowercase());
        let mut each = reaction(&name, kinds[numbers.below(kinds.len())]);
        for _ in 0..=numbers.below(3) {
            if !events.is_empty() && numbers.below(6) > 0 {
                each.on.push(events[numbers.below(events.len())].clone());
            }
        }
        each.on.dedup();
        each.command = each.on.is_empty();
        for event in 0..numbers.below(4) {
            each.publishes.push(format!("Event{index}Number{event}"));
        }
        if numbers.below(3) == 0 {
            each.rejects = strings(&[&format!("Refused{index}")]);
        }
        events.extend(each.publishes.iter().chain(&each.rejects).cloned());
        all[lane].push(each);
    }
    let participants = NAMES.into_iter().zip(all).collect();
    contract("random_events", participants)
}

/// Beside what holds of every picture: no event overlaps anything, and no line runs through one.
fn assert_clear(svg: &str) {
    assert_sound(svg);
    let rects = svg.split("<rect ").skip(1);
    let shapes = rects.filter(|rect| {
        let radius = ["rx=\"8\"", "rx=\"10\"", "rx=\"12\""];
        radius.iter().any(|radius| rect.contains(radius))
    });
    let shapes: Vec<[f64; 4]> = shapes
        .map(|rect| {
            let rect = format!(" {rect}");
            let [x, y, width, height] = ["x", "y", "width", "height"].map(|key| number(&rect, key));
            [x, y, x + width, y + height]
        })
        .collect();
    for (index, a) in shapes.iter().enumerate() {
        for b in &shapes[index + 1..] {
            let apart = a[2] <= b[0] || b[2] <= a[0] || a[3] <= b[1] || b[3] <= a[1];
            assert!(apart, "{a:?} and {b:?} overlap");
        }
    }
    for path in svg.split("<path d=\"").skip(1) {
        let Some((path, rest)) = path.split_once('"') else {
            continue;
        };
        if !rest.starts_with(" fill=\"none\"") {
            continue;
        }
        for pair in points(path).windows(2) {
            for shape in &shapes {
                assert!(
                    !crosses(pair[0], pair[1], shape),
                    "{pair:?} runs through {shape:?}"
                );
            }
        }
    }
}

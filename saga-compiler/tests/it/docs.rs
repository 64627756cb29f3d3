//! The pages that show definitions show what is emitted.

use std::fmt::Write as _;

use proc_macro2::TokenStream;
use quote::ToTokens;
use serde_json::{Map, Value};
use syn::{Item, Meta};

use crate::support::definitions;

/// Stands in a page for whatever is there, as a value; as a key or as an element for all that is left.
const ELIDED: &str = "…";

#[test]
fn the_flow_language_shows_what_is_emitted() {
    check(include_str!("../../../saga-runtime/docs/flow-language.md"));
}

#[test]
fn the_readme_shows_what_is_emitted() {
    check(include_str!("../../../README.md"));
}

/// Each state in a block of JSON is that of its name in what the block of Rust before it becomes.
fn check(page: &str) {
    let (mut emitted, mut differences, mut seen) = (Vec::new(), String::new(), 0);
    for block in blocks(page) {
        match block.language {
            "rust" => emitted = states_of(&block.text),
            "json" => {
                let shown: Map<String, Value> =
                    serde_json::from_str(&format!("{{{}}}", block.text))
                        .unwrap_or_else(|error| panic!("line {}: {error}", block.line));
                for (name, state) in &shown {
                    seen += 1;
                    if let Some(difference) = difference_of(&emitted, name, state) {
                        let line = block.line;
                        writeln!(differences, "line {line}, `{name}`: {difference}\n").unwrap();
                    }
                }
            }
            _ => {}
        }
    }
    assert!(seen > 0, "the page shows no state");
    assert!(differences.is_empty(), "{differences}");
}

struct CodeBlock<'a> {
    language: &'a str,
    line: usize,
    text: String,
}

fn blocks(page: &str) -> Vec<CodeBlock<'_>> {
    let mut blocks = Vec::new();
    let mut open: Option<CodeBlock<'_>> = None;
    for (index, line) in page.lines().enumerate() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(language), None) => {
                open = Some(CodeBlock {
                    language,
                    line: index + 1,
                    text: String::new(),
                });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some(block)) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a code block is not closed");
    blocks
}

/// The states of all flows in a piece of Rust, those inside others included.
fn states_of(rust: &str) -> Vec<(String, Value)> {
    // What rustdoc compiles and does not show.
    let unhide = |line: &str| match line.strip_prefix('#') {
        Some("") => String::new(),
        Some(hidden) if hidden.starts_with(' ') => hidden.to_owned(),
        _ => line.to_owned(),
    };
    let rust: Vec<String> = rust.lines().map(unhide).collect();
    let file = syn::parse_file(&rust.join("\n")).unwrap();
    let mut states = Vec::new();
    for item in file.items {
        let Item::Mod(mut module) = item else {
            continue;
        };
        let is_saga = |attribute: &syn::Attribute| attribute.path().is_ident("saga");
        let Some(position) = module.attrs.iter().position(is_saga) else {
            continue;
        };
        let options = match module.attrs.remove(position).meta {
            Meta::List(list) => list.tokens,
            _ => TokenStream::new(),
        };
        let source = module.to_token_stream().to_string();
        for definition in definitions(&options.to_string(), &source) {
            collect(&serde_json::from_str(&definition).unwrap(), &mut states);
        }
    }
    states
}

/// The states of a graph and of the graphs inside it.
fn collect(value: &Value, states: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::Object(own)) = fields.get("States") {
                states.extend(
                    own.iter()
                        .map(|(name, state)| (name.clone(), state.clone())),
                );
            }
            fields.values().for_each(|field| collect(field, states));
        }
        Value::Array(elements) => elements.iter().for_each(|element| collect(element, states)),
        _ => {}
    }
}

/// Two flows may have a state of one name; the page shows one of them.
fn difference_of(emitted: &[(String, Value)], name: &str, shown: &Value) -> Option<String> {
    let mut first = None;
    for (_, state) in emitted.iter().filter(|(other, _)| other == name) {
        match difference("", shown, state) {
            None => return None,
            Some(place) => {
                let whole = serde_json::to_string_pretty(state).unwrap();
                first.get_or_insert(format!("{place}\nemitted: {whole}"));
            }
        }
    }
    Some(first.unwrap_or_else(|| {
        let names: Vec<&str> = emitted.iter().map(|(name, _)| name.as_str()).collect();
        format!("there is no such state, only {names:?}")
    }))
}

/// Where what is shown differs from what is emitted.
fn difference(place: &str, shown: &Value, emitted: &Value) -> Option<String> {
    match (shown, emitted) {
        (Value::String(text), _) if text == ELIDED => None,
        (Value::Object(shown), Value::Object(emitted)) => {
            let missing = emitted
                .keys()
                .find(|key| !shown.contains_key(*key) && !shown.contains_key(ELIDED));
            if let Some(key) = missing {
                return Some(format!("`{place}.{key}` is emitted and not shown"));
            }
            let mut keys = shown.iter().filter(|(key, _)| *key != ELIDED);
            keys.find_map(|(key, shown)| match emitted.get(key) {
                Some(emitted) => difference(&format!("{place}.{key}"), shown, emitted),
                None => Some(format!("`{place}.{key}` is shown and not emitted")),
            })
        }
        (Value::Array(shown), Value::Array(emitted)) => {
            let is_open = shown.last().is_some_and(|last| last == ELIDED);
            let whole = shown.len() - usize::from(is_open);
            if emitted.len() < whole || emitted.len() > whole && !is_open {
                let (shown, emitted) = (whole, emitted.len());
                return Some(format!(
                    "`{place}` has {emitted} elements, of which {shown} are shown"
                ));
            }
            let mut pairs = shown[..whole].iter().zip(emitted).enumerate();
            pairs.find_map(|(index, (shown, emitted))| {
                difference(&format!("{place}[{index}]"), shown, emitted)
            })
        }
        (shown, emitted) if shown == emitted => None,
        (shown, emitted) => Some(format!(
            "`{place}` is shown as {shown}, emitted is {emitted}"
        )),
    }
}

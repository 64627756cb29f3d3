//! The borders between the stages, and the manners of messages.

use std::path::{Path, PathBuf};

use quote::ToTokens as _;
use syn::visit::Visit;

#[test]
fn stages_keep_to_their_borders() {
    let forbidden = [
        ("lower/", "syn::"),
        ("lower/", "Errors"),
        ("ir.rs", "syn"),
        ("ir.rs", "saga_asl"),
        ("check/", "saga_asl"),
        ("check/", "lower::"),
        ("parse/", "saga_asl"),
        ("parse/", "lower::"),
        ("expand/", "Errors"),
        ("choreography/ir.rs", "syn"),
        ("choreography/runs/", "syn"),
        ("choreography/runs/", "Errors"),
        ("choreography/lower.rs", "syn::"),
        ("choreography/lower.rs", "Errors"),
        ("choreography/asyncapi/", "Errors"),
        ("choreography/expand/mod.rs", "Errors"),
        ("choreography/expand/serve.rs", "Errors"),
        ("choreography/", "saga_asl"),
        ("", "std::fs"),
        ("", "std::env"),
        ("", "std::process"),
        ("", "println!"),
    ];
    for (path, text) in sources() {
        for (place, word) in forbidden {
            let code = text
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"));
            let broken = path.starts_with(place) && code.clone().any(|line| mentions(line, word));
            assert!(!broken, "src/{path} must not mention `{word}`");
        }
        assert!(text.starts_with("//! "), "src/{path} must say what it does");
        assert!(
            text.lines().count() <= 600,
            "src/{path} is longer than 600 lines"
        );
    }
}

#[test]
fn functions_are_short() {
    for (path, text) in sources() {
        let mut finder = LongFunctions {
            path,
            long: Vec::new(),
        };
        finder.visit_file(&syn::parse_file(&text).unwrap());
        assert!(
            finder.long.is_empty(),
            "longer than 60 lines: {}",
            finder.long.join(", ")
        );
    }
}

struct LongFunctions {
    path: String,
    long: Vec<String>,
}

impl LongFunctions {
    fn judge(&mut self, sig: &syn::Signature, block: &syn::Block) {
        let span = block.brace_token.span;
        let lines = span.close().end().line - sig.fn_token.span.start().line + 1;
        if lines > 60 {
            self.long
                .push(format!("`{}` in src/{} ({lines})", sig.ident, self.path));
        }
    }
}

impl Visit<'_> for LongFunctions {
    fn visit_item_fn(&mut self, item: &syn::ItemFn) {
        self.judge(&item.sig, &item.block);
    }

    fn visit_impl_item_fn(&mut self, item: &syn::ImplItemFn) {
        self.judge(&item.sig, &item.block);
    }
}

/// Whether a line has the word, not as the end of a longer one.
fn mentions(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        before.is_none_or(|c| !c.is_alphanumeric() && c != '_')
    })
}

/// Every message is in a test, so that none can change unseen.
#[test]
fn every_message_is_tested() {
    let mut files = Vec::new();
    walk(&root().join("tests/it/errors"), &mut files);
    let beside = all_sources()
        .into_iter()
        .filter(is_test)
        .map(|(_, text)| text);
    let here = files
        .iter()
        .map(|file| std::fs::read_to_string(file).unwrap());
    let tests: String = beside.chain(here).collect();
    let mut untested = Vec::new();
    for (path, text) in sources() {
        let is_spoken = [
            "parse/",
            "check/",
            "choreography/parse/",
            "choreography/check/",
            "choreography/roles.rs",
            "budget/",
            "lib.rs",
        ]
        .iter()
        .any(|place| path.starts_with(place));
        if !is_spoken || path.ends_with("tests.rs") {
            continue;
        }
        for message in messages(&text) {
            let seen = fragments(&message)
                .iter()
                .all(|fragment| tests.contains(fragment.as_str()));
            if !seen {
                untested.push(format!("{path}: {message}"));
            }
        }
    }
    assert!(
        untested.is_empty(),
        "no test sees these messages:\n{}",
        untested.join("\n")
    );
}

/// Literals that read like a message: more than a few words, with the way out behind `;` or a comma.
fn messages(source: &str) -> Vec<String> {
    let tokens: proc_macro2::TokenStream = source.parse().unwrap();
    let mut found = Vec::new();
    collect(tokens, &mut found);
    found.retain(|text| text.contains("; ") || text.split(' ').count() > 5);
    found
}

fn collect(tokens: proc_macro2::TokenStream, found: &mut Vec<String>) {
    let mut is_doc = false;
    for token in tokens {
        match token {
            proc_macro2::TokenTree::Group(group) => {
                if !is_doc {
                    collect(group.stream(), found);
                }
                is_doc = false;
            }
            proc_macro2::TokenTree::Literal(literal) => {
                if let Ok(syn::Lit::Str(text)) = syn::parse2(literal.into_token_stream()) {
                    found.push(text.value());
                }
            }
            proc_macro2::TokenTree::Punct(punct) => {
                is_doc = punct.as_char() == '#' || is_doc && punct.as_char() == '!';
            }
            proc_macro2::TokenTree::Ident(_) => is_doc = false,
        }
    }
}

/// The parts of a format string between its arguments.
fn fragments(message: &str) -> Vec<String> {
    let plain = message.replace("{{", "\u{1}").replace("}}", "\u{2}");
    let mut parts = Vec::new();
    for (index, part) in plain.split('{').enumerate() {
        let text = if index == 0 {
            part
        } else {
            part.split_once('}').map_or("", |(_, rest)| rest)
        };
        parts.push(text.replace('\u{1}', "{").replace('\u{2}', "}"));
    }
    parts.retain(|part| part.chars().count() > 3);
    parts
}

/// Each file of `src` by its path, without the tests.
fn sources() -> Vec<(String, String)> {
    let mut sources = all_sources();
    sources.retain(|source| !is_test(source));
    sources
}

/// Part of the parser is tested beside it, without the stages behind.
fn is_test((path, _): &(String, String)) -> bool {
    path.starts_with("parse/tests/")
}

fn all_sources() -> Vec<(String, String)> {
    let mut files = Vec::new();
    walk(&root().join("src"), &mut files);
    let prefix = root().join("src");
    files.sort();
    let read = |file: &PathBuf| {
        let name = file
            .strip_prefix(&prefix)
            .unwrap()
            .to_string_lossy()
            .replace('\\', "/");
        (name, std::fs::read_to_string(file).unwrap())
    };
    files.iter().map(read).collect()
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, files);
        } else {
            files.push(path);
        }
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

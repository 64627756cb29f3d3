//! Mutations of Rust, token tree by token tree: what comes out is still what a macro may be given.

use fastrand::Rng;
use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};

use crate::repeats;

/// What the languages of sagas and of choreographies give a meaning to.
const PIECES: &[&str] = &[
    "#[step(pivot)]",
    "#[step(retriable)]",
    "#[step(read_only)]",
    "#[step(compensate = undo, timeout = \"10s\", retry(max_attempts = 4, interval = \"1s\", backoff = 2.0))]",
    "#[compensation]",
    "#[transient]",
    "#[event]",
    "#[event(terminal)]",
    "#[event(failure)]",
    "#[command(pivot)]",
    "#[on(A, compensate = undo, publishes(B))]",
    "#[on(A, B, once, retriable)]",
    "#[on(A, each, observer, after = undo, early = refuse)]",
    "#[serde(flatten)]",
    "#[serde(tag = \"t\", content = \"c\")]",
    "#[serde(untagged)]",
    "#[serde(rename_all = \"kebab-case\")]",
    "#[serde(skip)]",
    "#[parallel(max = 8)]",
    "#[cfg(test)]",
    ".await?",
    ".clone()",
    ".len()",
    ".is_some()",
    "if a == b { } else { }",
    "match a { Some(x) => x, None => y }",
    "match a.b(c).await { Ok(v) => v, Err(E::A { .. }) => w }",
    "for x in &xs { all.push(a.b(x).await?); }",
    "join!(a, b)",
    "join!(async { }, async { })",
    "sleep(Duration::from_secs(5)).await;",
    "return Err(Rejection::new(\"no\"));",
    "let mut all = Vec::new();",
    "let Some(x) = y else { return Err(Rejection::new(\"no\")) };",
    "Option<Vec<u64>>",
    "Result<(), Retry>",
    "tx: &mut Tx,",
    "cx: &Context,",
    "r#type",
    "'a",
    "18446744073709551616u128",
    "1e400",
    "\"\\u{7f}\"",
    "&&",
    "..",
    "!",
    "-",
    "x.0.1",
];

/// What a mutation goes down into, and what it copies: more would end in the fuzzer's own stack or memory.
const MAX_LEVELS: usize = 256;
const MAX_TOKENS: usize = 20_000;

/// One to four mutations; `None` where the text is no tokens, or so many or so deep that only its bytes are mutated.
pub fn mutate(text: &str, rng: &mut Rng) -> Option<String> {
    let mut tokens: TokenStream = text.parse().ok()?;
    for _ in 0..rng.usize(1..5) {
        let all = flatten(tokens.clone())?;
        let new = match rng.u8(0..3) {
            0 => PIECES[rng.usize(..PIECES.len())].parse().ok()?,
            _ => pick(&all, rng),
        };
        let mut place = rng.usize(..=all.len());
        tokens = change(tokens, &mut place, rng.u8(0..6), &new, rng);
    }
    proc_macro2::extra::invalidate_current_thread_spans();
    Some(tokens.to_string())
}

/// Tokens of `one` are replaced by some of `other`'s.
pub fn cross(one: &str, other: &str, rng: &mut Rng) -> Option<String> {
    let tokens: TokenStream = one.parse().ok()?;
    let places = flatten(tokens.clone())?;
    let donors = flatten(other.parse().ok()?)?;
    let mut place = rng.usize(..=places.len());
    let crossed = change(tokens, &mut place, 1, &pick(&donors, rng), rng).to_string();
    proc_macro2::extra::invalidate_current_thread_spans();
    Some(crossed)
}

/// One token, or a run of them.
fn pick(all: &[TokenTree], rng: &mut Rng) -> TokenStream {
    if all.is_empty() {
        return TokenStream::new();
    }
    let start = rng.usize(..all.len());
    let length = if rng.bool() { 1 } else { rng.usize(1..12) };
    all.iter().skip(start).take(length).cloned().collect()
}

/// All token trees, outer ones first, the insides of a group right after it.
fn flatten(tokens: TokenStream) -> Option<Vec<TokenTree>> {
    let mut all = Vec::new();
    let mut levels = vec![tokens.into_iter()];
    while let Some(level) = levels.last_mut() {
        let Some(token) = level.next() else {
            levels.pop();
            continue;
        };
        if let TokenTree::Group(group) = &token {
            levels.push(group.stream().into_iter());
        }
        all.push(token);
        if all.len() > MAX_TOKENS || levels.len() > MAX_LEVELS {
            return None;
        }
    }
    Some(all)
}

fn change(
    tokens: TokenStream, place: &mut usize, kind: u8, new: &TokenStream, rng: &mut Rng,
) -> TokenStream {
    let mut changed = TokenStream::new();
    for token in tokens {
        let here = *place == 0;
        *place = place.wrapping_sub(1);
        match token {
            token if here => changed.extend(changed_token(token, kind, new, rng)),
            TokenTree::Group(group) => {
                let inner = change(group.stream(), place, kind, new, rng);
                changed.extend([TokenTree::Group(Group::new(group.delimiter(), inner))]);
            }
            token => changed.extend([token]),
        }
    }
    changed
}

fn changed_token(token: TokenTree, kind: u8, new: &TokenStream, rng: &mut Rng) -> TokenStream {
    let one = TokenStream::from(token.clone());
    match kind {
        0 => TokenStream::new(),
        1 => new.clone(),
        2 => std::iter::repeat_n(one, 1 + repeats(rng)).collect(),
        3 => nested(token, rng),
        4 => [one, new.clone()].into_iter().collect(),
        _ => renamed(token, rng),
    }
}

/// The token inside of groups, or a group's contents without it.
fn nested(token: TokenTree, rng: &mut Rng) -> TokenStream {
    match token {
        TokenTree::Group(group) if rng.bool() => group.stream(),
        token => {
            let delimiter =
                [Delimiter::Parenthesis, Delimiter::Brace, Delimiter::Bracket][rng.usize(..3)];
            let mut tokens = TokenStream::from(token);
            for _ in 0..repeats(rng).min(64) {
                tokens = TokenTree::Group(Group::new(delimiter, tokens)).into();
            }
            tokens
        }
    }
}

fn renamed(token: TokenTree, rng: &mut Rng) -> TokenStream {
    const NAMES: &[&str] = &[
        "cmd", "self", "Self", "crate", "states", "tx", "string", "a", "Option", "Vec", "item",
    ];
    match token {
        TokenTree::Ident(_) => {
            let name = NAMES[rng.usize(..NAMES.len())];
            TokenTree::Ident(Ident::new(name, Span::call_site())).into()
        }
        token => token.into(),
    }
}

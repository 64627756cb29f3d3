//! Mutations of JSONata, token by token, with the pieces that an evaluator may stumble over.

use fastrand::Rng;

use crate::repeats;

/// The expressions of the engine's own tests, each before its expected result.
const KNOWN: &str = include_str!("../../tests/it/jsonata.rs");

/// What grows, recurses, or looks where nothing is.
const PIECES: &[&str] = &[
    "$",
    "$$",
    "%",
    "*",
    "**",
    "~>",
    ":=",
    "..",
    "?",
    ":",
    "@$v",
    "#$i",
    "^(>$)",
    "|$|{'a':1}|",
    "/(a|a)*b/",
    "/^(.*)*$/i",
    "function($x){$x}",
    "λ($x, $y)<n-n:n>{$x + $y}",
    "$f(",
    "($f := function($n){$f($n + 1)}; $f(0))",
    "($f := function($n){$n < 1 ? 0 : $f($n - 1) + $f($n - 1)}; $f(20))",
    "($s := 'ab'; $s := $s & $s; $s := $s & $s; $s)",
    "($a := [1, 2]; $a := [[$a], [$a]]; $a := [[$a], [$a]]; $a)",
    "[1..100]",
    "[1..10000000]",
    "[-1..1e300]",
    "1e308",
    "-0",
    "9007199254740993",
    "'\\ud800'",
    "'é𝄞'",
    "`a b`",
    "null",
    "true",
    "[]",
    "{}",
    "{'a': 1}",
    "{$string($): $}",
    "$states.input",
    "$states.context.Execution.Input",
    "$states.context.State.EnteredTime",
    "$states.result",
    "$states.errorOutput.Error",
];

/// Functions, with a number of arguments that each takes.
const FUNCTIONS: &[(&str, usize)] = &[
    ("abs", 1),
    ("append", 2),
    ("assert", 2),
    ("average", 1),
    ("base64decode", 1),
    ("base64encode", 1),
    ("boolean", 1),
    ("ceil", 1),
    ("contains", 2),
    ("count", 1),
    ("decodeUrl", 1),
    ("decodeUrlComponent", 1),
    ("distinct", 1),
    ("each", 2),
    ("encodeUrl", 1),
    ("encodeUrlComponent", 1),
    ("error", 1),
    ("exists", 1),
    ("filter", 2),
    ("floor", 1),
    ("formatBase", 2),
    ("formatInteger", 2),
    ("formatNumber", 3),
    ("fromMillis", 3),
    ("hash", 2),
    ("join", 2),
    ("keys", 1),
    ("length", 1),
    ("lookup", 2),
    ("lowercase", 1),
    ("map", 2),
    ("match", 3),
    ("max", 1),
    ("merge", 1),
    ("millis", 0),
    ("min", 1),
    ("not", 1),
    ("now", 2),
    ("number", 1),
    ("pad", 3),
    ("parse", 1),
    ("parseInteger", 2),
    ("partition", 2),
    ("power", 2),
    ("random", 1),
    ("range", 3),
    ("reduce", 3),
    ("replace", 4),
    ("reverse", 1),
    ("round", 2),
    ("shuffle", 1),
    ("sift", 2),
    ("single", 2),
    ("sort", 2),
    ("split", 3),
    ("spread", 1),
    ("sqrt", 1),
    ("string", 2),
    ("substring", 3),
    ("substringAfter", 2),
    ("substringBefore", 2),
    ("sum", 1),
    ("toMillis", 2),
    ("trim", 1),
    ("type", 1),
    ("uppercase", 1),
    ("uuid", 0),
    ("zip", 2),
];

/// A new expression: one of the tests', or a call with pieces for arguments.
pub fn grow(rng: &mut Rng) -> String {
    if rng.bool() {
        let known: Vec<&str> = KNOWN
            .lines()
            .filter_map(|line| Some(line.split_once("  =>  ")?.0))
            .collect();
        return known[rng.usize(..known.len())].to_owned();
    }
    let (name, arguments) = FUNCTIONS[rng.usize(..FUNCTIONS.len())];
    let arguments: Vec<String> = (0..arguments).map(|_| piece(rng)).collect();
    format!("${name}({})", arguments.join(", "))
}

fn piece(rng: &mut Rng) -> String {
    match rng.u8(0..4) {
        0 => rng.i32(-2..2_000).to_string(),
        1 => format!(
            "'{}'",
            ["", "a", "#0.00", "[Y0001]-[M01]", "w", "I", "é"][rng.usize(..7)]
        ),
        _ => PIECES[rng.usize(..PIECES.len())].to_owned(),
    }
}

/// Another expression, one to three tokens away.
pub fn mutate(source: &str, rng: &mut Rng) -> String {
    let mut tokens = split(source);
    for _ in 0..rng.usize(1..4) {
        let place = rng.usize(..=tokens.len());
        let new = match rng.u8(0..3) {
            0 => grow(rng),
            1 if !tokens.is_empty() => tokens[rng.usize(..tokens.len())].clone(),
            _ => piece(rng),
        };
        match rng.u8(0..5) {
            0 if place < tokens.len() => drop(tokens.remove(place)),
            1 if place < tokens.len() => tokens[place] = new,
            2 => repeat(&mut tokens, place, rng),
            _ => tokens.insert(place, new),
        }
    }
    tokens.concat()
}

/// A run of tokens, many times over: what nests or chains gets deep.
fn repeat(tokens: &mut Vec<String>, place: usize, rng: &mut Rng) {
    let end = (place + rng.usize(1..5)).min(tokens.len());
    let run = tokens[place..end].concat();
    if run.len() < 64 {
        tokens.insert(place, run.repeat(repeats(rng)));
    }
}

/// Words, blanks, and every other character on its own; what `$` or `'` begins stays in one piece where it can.
fn split(source: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    for c in source.chars() {
        match tokens.last_mut() {
            Some(last)
                if is_word(c) && last.chars().all(|before| is_word(before) || before == '$') =>
            {
                last.push(c);
            }
            _ => tokens.push(c.to_string()),
        }
    }
    tokens
}

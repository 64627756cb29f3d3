//! Tokens as a Rust programmer would write them, in one line.

use proc_macro2::{Delimiter, Group, Ident, Spacing, TokenStream, TokenTree};

/// `cmd . gift && ! (a . b > 1)` -> `cmd.gift && !(a.b > 1)`
pub(super) fn source_text(tokens: TokenStream) -> String {
    let mut writer = Writer {
        text: String::new(),
        last: Last::Open,
        generics: 0,
    };
    writer.write(tokens);
    let words: Vec<&str> = writer.text.split_whitespace().collect();
    words.join(" ")
}

/// `Vec < Line >` -> `Vec<Line>`: the tokens of a type, where `<` is never an operator.
pub(super) fn type_text(tokens: TokenStream) -> String {
    let mut text = String::new();
    for tree in tokens {
        let (written, is_word) = match tree {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                let inner = type_text(group.stream());
                (format!("{open}{inner}{close}"), false)
            }
            TokenTree::Ident(ident) => (ident.to_string(), true),
            TokenTree::Literal(literal) => (literal.to_string(), true),
            TokenTree::Punct(punct) => match punct.as_char() {
                ',' => (", ".to_owned(), false),
                ';' => ("; ".to_owned(), false),
                '+' | '=' => (format!(" {punct} "), false),
                '-' => (" -".to_owned(), false),
                _ => (punct.to_string(), false),
            },
        };
        if is_word && text.ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            text.push(' ');
        }
        text.push_str(&written);
    }
    text.trim_end().trim_end_matches(',').to_owned()
}

/// What the text ends with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    /// An opening bracket, a unary operator, `.`: nothing stands between it and what follows.
    Open,
    /// A name, a literal, a closing bracket.
    Operand,
    /// A binary operator, a comma or a keyword: a space follows, and an operand.
    Operator,
}

struct Writer {
    text: String,
    last: Last,
    /// How many `::<` are open.
    generics: usize,
}

/// Written without spaces around them.
const TIGHT: [&str; 5] = [".", "::", "..", "..=", "'"];
/// Written with a space behind them only.
const CLOSING: [&str; 3] = [",", ";", ":"];
/// Several characters that are one operator.
const LONG: [&str; 12] = [
    "..=", "::", "..", "==", "!=", "<=", ">=", "&&", "||", "=>", "->", "+=",
];
/// Words that an operand follows.
const KEYWORDS: [&str; 12] = [
    "if", "let", "match", "for", "in", "mut", "ref", "return", "else", "as", "move", "async",
];

impl Writer {
    fn write(&mut self, tokens: TokenStream) {
        let mut tokens = tokens.into_iter().peekable();
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Group(group) => self.group(&group),
                TokenTree::Ident(ident) => self.ident(&ident),
                TokenTree::Literal(literal) => self.operand(&literal.to_string()),
                TokenTree::Punct(first) => {
                    let mut operator = first.as_char().to_string();
                    let mut spacing = first.spacing();
                    while let (Spacing::Joint, Some(TokenTree::Punct(next))) =
                        (spacing, tokens.peek())
                    {
                        let longer = format!("{operator}{}", next.as_char());
                        if !LONG.contains(&longer.as_str()) {
                            break;
                        }
                        operator = longer;
                        spacing = next.spacing();
                        tokens.next();
                    }
                    let called = matches!(tokens.peek(), Some(TokenTree::Group(_)));
                    self.operator(&operator, called);
                }
            }
        }
    }

    fn group(&mut self, group: &Group) {
        let (open, close) = match group.delimiter() {
            Delimiter::Parenthesis => ("(", ")"),
            Delimiter::Bracket => ("[", "]"),
            Delimiter::Brace if group.stream().is_empty() => (" {", "}"),
            Delimiter::Brace => (" { ", " }"),
            Delimiter::None => ("", ""),
        };
        if self.last == Last::Operator {
            self.text.push(' ');
        }
        self.text.push_str(open);
        self.last = Last::Open;
        self.write(group.stream());
        self.text.push_str(close);
        self.last = Last::Operand;
    }

    fn ident(&mut self, ident: &Ident) {
        let word = ident.to_string();
        self.operand(&word);
        if KEYWORDS.contains(&word.as_str()) {
            self.last = Last::Operator;
        }
    }

    fn operand(&mut self, text: &str) {
        if self.last != Last::Open {
            self.text.push(' ');
        }
        // A literal may go over several lines.
        let visible = |c: char| if c.is_control() { ' ' } else { c };
        self.text.extend(text.chars().map(visible));
        self.last = Last::Operand;
    }

    fn operator(&mut self, operator: &str, called: bool) {
        let unary = self.last != Last::Operand;
        let opens = operator == "<" && (self.generics > 0 || self.text.ends_with("::"));
        let closes = operator == ">" && self.generics > 0;
        let asks = operator == "?" || (operator == "!" && !unary && called);
        let tight = TIGHT.contains(&operator) || opens || closes || asks;
        if self.last == Last::Operator || !(unary || tight || CLOSING.contains(&operator)) {
            self.text.push(' ');
        }
        self.text.push_str(operator);
        self.generics += usize::from(opens);
        self.generics -= usize::from(closes);
        self.last = if closes || operator == "?" {
            Last::Operand
        } else if CLOSING.contains(&operator) || !(unary || tight) {
            Last::Operator
        } else {
            Last::Open
        };
    }
}

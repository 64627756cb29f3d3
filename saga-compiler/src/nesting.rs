//! How deep tokens nest, asked before anything goes down into them: the stack of whoever compiles has an end. Reads no syntax.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree, token_stream};

/// More levels than people write, and few enough for the smallest stack that a test or a build gives its threads.
const MAX_LEVELS: usize = 128;

/// One stream, and how deep its next token stands.
struct Level {
    tokens: token_stream::IntoIter,
    /// The groups around it, and the signs before them.
    around: usize,
    /// What may each go one level down since the last statement, arm or element ended: operators, and words after words.
    signs: usize,
    /// The `<` among them that no `>` closed: a comma does not end them.
    angles: usize,
    last: Last,
}

/// The token before.
enum Last {
    /// `=` or `-`: a `>` then closes nothing.
    Shaft(char),
    Word,
    /// It ends a statement, unless an operator or an `else` follows.
    Block,
    Other,
}

impl Level {
    fn new(tokens: TokenStream, around: usize) -> Self {
        Self {
            tokens: tokens.into_iter(),
            around,
            signs: 0,
            angles: 0,
            last: Last::Other,
        }
    }

    fn end_statement(&mut self) {
        (self.signs, self.angles) = (0, 0);
    }

    fn add(&mut self, token: &TokenTree) {
        let last = std::mem::replace(&mut self.last, Last::Other);
        match (token, last) {
            (TokenTree::Punct(sign), last) => self.add_sign(sign.as_char(), &last),
            (TokenTree::Ident(word), Last::Block) if word != "else" => {
                self.end_statement();
                self.last = Last::Word;
            }
            // `return return 1` and `if if a { b } else { c } { d }` go down by words alone.
            (TokenTree::Ident(_), Last::Word | Last::Block) => {
                self.signs += 1;
                self.last = Last::Word;
            }
            (TokenTree::Ident(_), _) => self.last = Last::Word,
            (TokenTree::Group(_) | TokenTree::Literal(_), Last::Block) => self.end_statement(),
            (TokenTree::Group(_) | TokenTree::Literal(_), _) => {}
        }
    }

    fn add_sign(&mut self, sign: char, last: &Last) {
        self.signs += 1;
        match (sign, last) {
            // A match arm's body stands no deeper than its pattern.
            (';' | '#', _) | ('>', Last::Shaft('=')) => self.end_statement(),
            (',', _) => self.signs = self.angles,
            ('<', _) => self.angles += 1,
            ('>', Last::Shaft(_)) => {}
            ('>', _) => self.angles = self.angles.saturating_sub(1),
            ('=' | '-', _) => self.last = Last::Shaft(sign),
            _ => {}
        }
    }

    fn depth(&self) -> usize {
        self.around + self.signs
    }
}

/// Where the tokens nest too deep.
pub(crate) fn too_deep(tokens: TokenStream) -> Option<Span> {
    // A list instead of a function that calls itself, which would go down as well.
    let mut levels = vec![Level::new(tokens, 0)];
    while let Some(level) = levels.last_mut() {
        let Some(token) = level.tokens.next() else {
            levels.pop();
            continue;
        };
        level.add(&token);
        if level.depth() > MAX_LEVELS {
            return Some(token.span());
        }
        if let TokenTree::Group(group) = token {
            if group.delimiter() == Delimiter::Brace {
                level.last = Last::Block;
            }
            let inner = Level::new(group.stream(), level.depth() + 1);
            levels.push(inner);
        }
    }
    None
}
